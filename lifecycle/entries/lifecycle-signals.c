/* lifecycle-signals.c: signal handlers that the scope connects
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-private.h"
#include "lifecycle-handler-private.h"
#include "lifecycle-scope-private.h"

/* Whether a handler is queued or guarded, but not both, and of an object in that case. */
static gboolean
flags_are_sound (LifecycleConnectFlags flags,
                 gpointer              instance)
{
  guint apart = flags & (LIFECYCLE_CONNECT_QUEUED | LIFECYCLE_CONNECT_GUARDED);

  return apart == 0 ||
         (apart != (LIFECYCLE_CONNECT_QUEUED | LIFECYCLE_CONNECT_GUARDED) &&
          G_IS_OBJECT (instance));
}

/**
 * lifecycle_scope_connect_signal: (skip)
 * @self: a scope
 * @instance: (type GObject.Object): what emits the signal; no reference is held
 * @detailed_signal: the signal, with a detail if need be
 * @handler: the function to call
 * @data: the last argument for @handler
 *
 * Connects a handler that the scope disconnects when it closes.
 *
 * It costs what `g_signal_connect()` costs, an emission included. The id works with all of GObject's
 * functions; when others disconnect the handler, or @instance is disposed, the entry leaves the
 * scope.
 *
 * @instance is expected to live, and to emit, on the scope's home thread. See
 * [method@Scope.connect_full] for more.
 *
 * Returns: the id of the handler; 0 if the scope is closed or @instance has no such signal
 *
 * Since: 1.0
 */
gulong
lifecycle_scope_connect_signal_at (const char     *place,
                                   LifecycleScope *self,
                                   gpointer        instance,
                                   const char     *detailed_signal,
                                   GCallback       handler,
                                   gpointer        data)
{
  return lifecycle_scope_connect_full_at (place, self, instance, detailed_signal, handler, data,
                                          NULL, LIFECYCLE_CONNECT_DEFAULT);
}

/**
 * lifecycle_scope_connect_full: (skip)
 * @self: a scope
 * @instance: (type GObject.Object): what emits the signal; no reference is held
 * @detailed_signal: the signal, with a detail if need be
 * @handler: the function to call
 * @data: the last argument for @handler, or the first
 * @destroy: (nullable): how to free @data when the handler is gone
 * @flags: how to connect
 *
 * Connects a handler that the scope disconnects when it closes.
 *
 * @instance is expected to live, to emit, and to die on the scope's home thread: GLib has no way to
 * disconnect a handler while another thread may be disposing of the instance. If it does not, say
 * with @flags what is to happen:
 *
 * - with [flags@ConnectFlags.queued] the arguments of the emission are copied, and @handler runs
 *   later, at home. The order of emissions is kept among the handlers of a scope. If the scope closes
 *   first, @handler does not run; the copies are freed at home. A pointer that is not a boxed type
 *   is copied as it is. Signals that return a value are refused.
 * - with [flags@ConnectFlags.guarded] @handler runs on the emitting thread. When the scope is being
 *   closed, no call starts any more, but one may be under way; [method@Scope.close_async] waits
 *   for it.
 *
 * @destroy is called exactly once, whatever happens: when the scope releases the entry, when somebody
 * else disconnects the handler, or at once if nothing could be connected. Like all destroy notifies
 * of handlers it waits for the end of a call of @handler that is under way. Its second argument, the
 * closure, may be %NULL.
 *
 * May be called on any thread by a holder of a reference on @instance.
 *
 * Returns: the id of the handler; 0 if the scope is closed or @instance has no such signal
 *
 * Since: 1.0
 */
gulong
lifecycle_scope_connect_full_at (const char            *place,
                                 LifecycleScope        *self,
                                 gpointer               instance,
                                 const char            *detailed_signal,
                                 GCallback              handler,
                                 gpointer               data,
                                 GClosureNotify         destroy,
                                 LifecycleConnectFlags  flags)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), 0);
  /* GLib looks at its type. */
  g_return_val_if_fail (instance != NULL, 0);
  g_return_val_if_fail (detailed_signal != NULL, 0);
  g_return_val_if_fail (handler != NULL, 0);
  g_return_val_if_fail (flags_are_sound (flags, instance), 0);

  return lifecycle_ledger_connect (lifecycle_scope_get_ledger (self), self->context, instance,
                                   detailed_signal, handler, data, destroy, flags, place);
}

/**
 * lifecycle_scope_connect_object: (skip)
 * @self: a scope
 * @instance: (type GObject.Object): what emits the signal; no reference is held
 * @detailed_signal: the signal, with a detail if need be
 * @handler: the function to call
 * @object: (transfer none): the last argument for @handler, or the first; no reference is held
 * @flags: how to connect
 *
 * Connects a handler that the scope disconnects when it closes, or before that when @object is disposed.
 *
 * It is [method@Scope.connect_full] for a handler whose data is an object that may go before the scope.
 * As `g_signal_connect_object()` does, it keeps @object alive for the time of each call, even if the
 * handler drops what was the last reference. Between calls nothing is held.
 *
 * When @object is disposed, on any thread, the handler is disconnected and leaves the scope. How many
 * other handlers @instance or @object have makes no difference to the cost. It may happen at the same time as
 * an emission or a close on another thread; no call begins any more from then on. While the handler is being
 * disconnected, that thread holds a reference on @instance.
 *
 * May be called on any thread by a holder of references on @instance and @object.
 *
 * Returns: the id of the handler; 0 if the scope is closed or @instance has no such signal
 *
 * Since: 1.0
 */
gulong
lifecycle_scope_connect_object_at (const char            *place,
                                   LifecycleScope        *self,
                                   gpointer               instance,
                                   const char            *detailed_signal,
                                   GCallback              handler,
                                   GObject               *object,
                                   LifecycleConnectFlags  flags)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), 0);
  g_return_val_if_fail (G_IS_OBJECT (instance), 0);
  g_return_val_if_fail (detailed_signal != NULL, 0);
  g_return_val_if_fail (handler != NULL, 0);
  g_return_val_if_fail (G_IS_OBJECT (object), 0);
  g_return_val_if_fail (flags_are_sound (flags, instance), 0);

  return lifecycle_ledger_connect_object (lifecycle_scope_get_ledger (self), self->context, instance,
                                          detailed_signal, handler, object, flags, place);
}

/**
 * lifecycle_scope_connect_closure: (rename-to lifecycle_scope_connect_signal)
 * @self: a scope
 * @instance: what emits the signal; no reference is held
 * @detailed_signal: the signal, with a detail if need be
 * @closure: the closure to invoke
 * @flags: how to connect; [flags@ConnectFlags.swapped] has no meaning here
 *
 * Connects a closure that the scope disconnects when it closes.
 *
 * The scope drops its reference on @closure when the handler ends, so what a binding's callback has
 * captured is freed although @instance lives on. A closure that is invalidated, at home, is
 * disconnected. See [method@Scope.connect_full] about instances of other threads. May be called on
 * any thread by a holder of a reference on @instance.
 *
 * Returns: the id of the handler; 0 if the scope is closed or @instance has no such signal
 *
 * Since: 1.0
 */
gulong
lifecycle_scope_connect_closure_at (const char            *place,
                                    LifecycleScope        *self,
                                    GObject               *instance,
                                    const char            *detailed_signal,
                                    GClosure              *closure,
                                    LifecycleConnectFlags  flags)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), 0);
  g_return_val_if_fail (G_IS_OBJECT (instance), 0);
  g_return_val_if_fail (detailed_signal != NULL, 0);
  g_return_val_if_fail (closure != NULL, 0);
  g_return_val_if_fail ((flags & LIFECYCLE_CONNECT_SWAPPED) == 0, 0);
  g_return_val_if_fail (flags_are_sound (flags, instance), 0);

  return lifecycle_ledger_connect_closure (lifecycle_scope_get_ledger (self), self->context,
                                           instance, detailed_signal, closure, NULL, flags, place);
}

/**
 * lifecycle_scope_connect_cancellable:
 * @self: a scope
 * @cancellable: (not nullable): a cancellable; no reference is held
 * @func: (scope notified) (closure data) (destroy destroy): what to call when it is cancelled
 * @data: data for @func
 * @destroy: (nullable): how to free @data
 *
 * Calls a function once when @cancellable is cancelled, also if that has happened already.
 *
 * A handler of the signal would miss a cancellation that came before it was connected. Unlike with
 * `g_cancellable_connect()`, @func always runs at home and from the main loop, never before this
 * returns, and whichever thread cancels: it may do anything, closing the scope included. If the scope
 * closes first, @func does not run. As with all handlers, what happens while the scope is blocked
 * is lost.
 *
 * The id works with `g_signal_handler_disconnect()`. Do not give it to `g_cancellable_disconnect()`,
 * which waits for emissions on other threads.
 *
 * @destroy is called exactly once; if the scope is closed, at once. May be called on any thread by a
 * holder of a reference on @cancellable.
 *
 * Returns: the id of the handler, which is gone once @cancellable has been cancelled; 0 if the scope
 *   is closed
 *
 * Since: 1.0
 */
gulong
lifecycle_scope_connect_cancellable_at (const char             *place,
                                        LifecycleScope         *self,
                                        GCancellable           *cancellable,
                                        LifecycleCancelledFunc  func,
                                        gpointer                data,
                                        GDestroyNotify          destroy)
{
  GClosure *closure;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), 0);
  g_return_val_if_fail (G_IS_CANCELLABLE (cancellable), 0);
  g_return_val_if_fail (func != NULL, 0);

  closure = g_cclosure_new (G_CALLBACK (func), data,
                            (GClosureNotify) (void (*) (void)) destroy);

  return lifecycle_ledger_connect_cancellable (lifecycle_scope_get_ledger (self), self->context,
                                               cancellable, closure, place);
}

/**
 * lifecycle_scope_block:
 * @self: a scope
 *
 * Blocks all handlers of the scope and of all scopes below it, also those that are added meanwhile.
 *
 * Blocks are counted: each takes one [method@Scope.unblock]. Timers pause, and go on with the time
 * that remained. What queued handlers would have been sent meanwhile is lost, as it is for all
 * blocked handlers. Sources, and what the functions for GIO add, are not blocked. To be called at
 * home.
 *
 * Since: 1.0
 */
void
lifecycle_scope_block (LifecycleScope *self)
{
  g_return_if_fail (LIFECYCLE_IS_SCOPE (self));
  LIFECYCLE_DEBUG_HOME (self);

  self->own_blocked++;
  lifecycle_scope_shift_blocked (self, 1);
}

/**
 * lifecycle_scope_unblock:
 * @self: a scope
 *
 * Undoes one [method@Scope.block]. To be called at home.
 *
 * Since: 1.0
 */
void
lifecycle_scope_unblock (LifecycleScope *self)
{
  g_return_if_fail (LIFECYCLE_IS_SCOPE (self));
  LIFECYCLE_DEBUG_HOME (self);
  g_return_if_fail (self->own_blocked > 0);

  self->own_blocked--;
  lifecycle_scope_shift_blocked (self, -1);
}
