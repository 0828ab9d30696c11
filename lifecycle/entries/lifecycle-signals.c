/* lifecycle-signals.c: signal handlers that a scope connects
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-private.h"
#include "lifecycle-handler-private.h"
#include "lifecycle-scope-private.h"

/* Checks the flags: a handler can be queued or guarded, but not both, and in either case the
 * instance must be a GObject.
 */
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
 * @instance: (type GObject.Object): the object that emits the signal; no reference is held
 * @detailed_signal: the name of the signal, with an optional detail
 * @handler: the function to call
 * @data: the data to pass to @handler as its last argument
 *
 * Connects a handler that the scope disconnects when it closes.
 *
 * Connecting and emitting cost the same as with `g_signal_connect()`. The id works with all
 * functions of GObject. If other code disconnects the handler, or @instance is disposed, the entry
 * leaves the scope.
 *
 * @instance is expected to live, and to emit the signal, on the scope's home thread; see
 * [method@Scope.connect_full] if it does not. May be called on any thread by a caller that holds a
 * reference on @instance.
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
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), 0);
  /* GLib checks the type of the instance. */
  g_return_val_if_fail (instance != NULL, 0);
  g_return_val_if_fail (detailed_signal != NULL, 0);
  g_return_val_if_fail (handler != NULL, 0);

  return lifecycle_ledger_connect_plain (lifecycle_scope_get_ledger (self), instance,
                                         detailed_signal, handler, data, place);
}

/**
 * lifecycle_scope_connect_full: (skip)
 * @self: a scope
 * @instance: (type GObject.Object): the object that emits the signal; no reference is held
 * @detailed_signal: the name of the signal, with an optional detail
 * @handler: the function to call
 * @data: the data to pass to @handler as its last argument, or as its first if swapped
 * @destroy: (nullable): a function to free @data when the handler has ended
 * @flags: flags for the connection
 *
 * Connects a handler that the scope disconnects when it closes.
 *
 * @instance is expected to live, to emit the signal, and to die on the scope's home thread, because
 * GLib cannot safely disconnect a handler while another thread may be disposing the instance. If
 * @instance does not, choose one of these @flags:
 *
 * - With [flags@ConnectFlags.queued] the arguments of the emission are copied, and @handler runs
 *   later, at home. All queued handlers of a scope run in the order of the emissions. If the scope
 *   closes first, @handler does not run; the copies are freed at home. A pointer that is not a
 *   boxed type is copied as it is. Signals that return a value are refused.
 * - With [flags@ConnectFlags.guarded] @handler runs on the emitting thread. Once the scope is
 *   closing, no new call starts, but one may be in progress; [method@Scope.close_async] waits for
 *   it.
 *
 * @destroy is called exactly once, in all cases: when the scope releases the entry, when other code
 * disconnects the handler, or at once if nothing was connected. Like all destroy notifies of
 * handlers, it is not called before a call of @handler in progress has returned. Its second
 * argument, the closure, may be %NULL.
 *
 * May be called on any thread by a caller that holds a reference on @instance.
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
  /* GLib checks the type of the instance. */
  g_return_val_if_fail (instance != NULL, 0);
  g_return_val_if_fail (detailed_signal != NULL, 0);
  g_return_val_if_fail (handler != NULL, 0);
  g_return_val_if_fail (flags_are_sound (flags, instance), 0);

  return lifecycle_ledger_connect (lifecycle_scope_get_ledger (self), instance,
                                   detailed_signal, handler, data, destroy, flags, place);
}

/**
 * lifecycle_scope_connect_object: (skip)
 * @self: a scope
 * @instance: (type GObject.Object): the object that emits the signal; no reference is held
 * @detailed_signal: the name of the signal, with an optional detail
 * @handler: the function to call
 * @object: (transfer none): the object to pass to @handler as its last argument, or as its first if
 *   swapped; no reference is held
 * @flags: flags for the connection
 *
 * Connects a handler that the scope disconnects when it closes, or earlier if @object is disposed.
 *
 * This is [method@Scope.connect_full] for a handler whose data is an object that may be disposed
 * before the scope closes. Like `g_signal_connect_object()`, it keeps @object alive during each
 * call, even if the handler drops what was the last reference. No reference is held between calls.
 *
 * When @object is disposed, on any thread, the handler is disconnected and leaves the scope. The
 * cost does not depend on how many other handlers @instance or @object have. This may happen during
 * an emission or a close on another thread; no call starts after it. While the handler is being
 * disconnected, the thread that disposes @object holds a reference on @instance.
 *
 * May be called on any thread by a caller that holds references on @instance and @object.
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

  return lifecycle_ledger_connect_object (lifecycle_scope_get_ledger (self), instance,
                                          detailed_signal, handler, object, flags, place);
}

/**
 * lifecycle_scope_connect_closure: (rename-to lifecycle_scope_connect_signal)
 * @self: a scope
 * @instance: the object that emits the signal; no reference is held
 * @detailed_signal: the name of the signal, with an optional detail
 * @closure: the closure to invoke
 * @flags: flags for the connection; must not contain [flags@ConnectFlags.swapped]
 *
 * Connects a closure that the scope disconnects when it closes.
 *
 * The scope drops its reference on @closure when the handler ends, so whatever the callback of a
 * language binding has captured is freed even if @instance lives on. If @closure is invalidated, at
 * home, the handler is disconnected. See [method@Scope.connect_full] about instances that belong to
 * other threads. May be called on any thread by a caller that holds a reference on @instance.
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

  return lifecycle_ledger_connect_closure (lifecycle_scope_get_ledger (self),
                                           instance, detailed_signal, closure, NULL, flags, place);
}

/**
 * lifecycle_scope_connect_cancellable:
 * @self: a scope
 * @cancellable: (not nullable): a cancellable; no reference is held
 * @func: (scope notified) (closure data) (destroy destroy): the function to call when @cancellable
 *   is cancelled
 * @data: data to pass to @func
 * @destroy: (nullable): a function to free @data
 *
 * Calls a function once when @cancellable is cancelled, even if it already is.
 *
 * A plain signal handler would miss a cancellation that came before it was connected. Unlike with
 * `g_cancellable_connect()`, @func always runs at home, from the main loop, and never before this
 * function returns, whichever thread cancels. So it may do anything, including closing the scope.
 * If the scope closes first, @func does not run. As with all handlers, a cancellation while the
 * scope is blocked is lost.
 *
 * The id can be passed to `g_signal_handler_disconnect()`. Do not pass it to
 * `g_cancellable_disconnect()`, which waits for emissions on other threads.
 *
 * @destroy is called exactly once; on a closed scope it is called at once. May be called on any
 * thread by a caller that holds a reference on @cancellable.
 *
 * Returns: the id of the handler, which is invalid once @cancellable has been cancelled; 0 if the
 *   scope is closed
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

  return lifecycle_ledger_connect_cancellable (lifecycle_scope_get_ledger (self),
                                               cancellable, closure, place);
}

/**
 * lifecycle_scope_block:
 * @self: a scope
 *
 * Blocks all handlers of the scope and of all scopes below it, including those that are added while
 * it is blocked.
 *
 * Blocks are counted: each call needs a matching call of [method@Scope.unblock]. Timers pause, and
 * continue with the remaining time. Emissions in the meantime are lost to queued handlers, just as
 * to all blocked handlers. Sources, and what the GIO functions add, are not blocked.
 *
 * A closed scope has nothing to block, but the calls are counted all the same. Must be called at
 * home.
 *
 * Since: 1.0
 */
void
lifecycle_scope_block (LifecycleScope *self)
{
  g_return_if_fail (LIFECYCLE_IS_SCOPE (self));
  LIFECYCLE_DEBUG_HOME (self);

  lifecycle_scope_ensure_extra (self)->own_blocked++;
  lifecycle_scope_shift_blocked (self, 1);
}

/**
 * lifecycle_scope_unblock:
 * @self: a scope
 *
 * Undoes one call of [method@Scope.block], which must have been made before. The calls are counted
 * on a closed scope too. Must be called at home.
 *
 * Since: 1.0
 */
void
lifecycle_scope_unblock (LifecycleScope *self)
{
  g_return_if_fail (LIFECYCLE_IS_SCOPE (self));
  LIFECYCLE_DEBUG_HOME (self);
  g_return_if_fail (lifecycle_scope_peek_extra (self)->own_blocked > 0);

  self->extra->own_blocked--;
  lifecycle_scope_shift_blocked (self, -1);
}
