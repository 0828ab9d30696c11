/* lifecycle-connect.c: how handlers are made and connected
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-detailed-signal-private.h"
#include "lifecycle-handler-private.h"
#include "lifecycle-home-private.h"

/* With LIFECYCLE_DEBUG=threads: checks that a handler that is neither queued nor guarded is called
 * at home.
 */
static void
checked_marshal (GClosure     *closure,
                 GValue       *return_value,
                 guint         n_param_values,
                 const GValue *param_values,
                 gpointer      invocation_hint,
                 gpointer      marshal_data)
{
  LifecycleScope *scope = lifecycle_ledger_dup_scope (marshal_data);

  if (scope != NULL)
    {
      lifecycle_debug_off_home (scope, "A handler", &((LifecycleHandler *) closure)->entry);
      g_object_unref (scope);
    }

  closure->marshal (closure, return_value, n_param_values, param_values, invocation_hint, NULL);
}

/* Runs a handler once. The handler is disconnected first, so that nothing it does can
 * run it again.
 */
static void
once_marshal (GClosure     *closure,
              GValue       *return_value,
              guint         n_param_values,
              const GValue *param_values,
              gpointer      invocation_hint,
              gpointer      marshal_data)
{
  LifecycleLedger *ledger = marshal_data;

  /* An outer emission may have picked the handler before an inner one ran it. */
  if (lifecycle_handler_retire (closure, ledger))
    closure->marshal (closure, return_value, n_param_values, param_values, invocation_hint, NULL);
}

static void
closure_release (gpointer  data,
                 GClosure *closure)
{
  g_closure_unref (data);
}

static LifecycleHandler *
handler_new (gsize            size,
             LifecycleLedger *ledger,
             gpointer         data)
{
  GClosure *closure = g_closure_new_simple ((guint) size, data);

  /* This is g_closure_add_finalize_notifier(), with room for the notifier that GLib is going to add:
   * it grows the array with g_renew(), and each reallocation is a tenth of the cost of a connection.
   */
  closure->notifiers = g_new (GClosureNotifyData, 2);
  closure->notifiers[0].data = ledger;
  closure->notifiers[0].notify = lifecycle_handler_finalized;
  closure->n_fnotifiers = 1;

  return (LifecycleHandler *) closure;
}

/* Connects the handler and makes it an entry. Takes over the floating reference of the closure. `full`
 * is the same handler, or NULL. Inlined, because the plain handlers of most scopes take a short way
 * through this, and should not have to ask for it.
 */
static inline gulong
handler_connect (LifecycleHandler      *handler,
                 LifecycleFullHandler  *full,
                 LifecycleLedger       *ledger,
                 gpointer               instance,
                 const char            *detailed_signal,
                 LifecycleConnectFlags  flags,
                 const char            *place)
{
  GClosure *closure = &handler->closure.closure;
  const LifecycleDetailedSignal *signal;
  LifecycleDetailedSignal space;
  gulong id = 0;

  signal = lifecycle_detailed_signal_find (G_TYPE_FROM_INSTANCE (instance), detailed_signal, &space);
  if (G_UNLIKELY (signal == NULL))
    {
      g_critical ("Signal '%s' is invalid for instance %p of type '%s'",
                  detailed_signal, instance, G_OBJECT_TYPE_NAME (instance));
    }
  else if (lifecycle_ledger_begin_add (ledger))
    {
      if ((flags & (LIFECYCLE_CONNECT_ONCE | LIFECYCLE_CONNECT_QUEUED |
                    LIFECYCLE_CONNECT_GUARDED)) == LIFECYCLE_CONNECT_ONCE)
        g_closure_set_meta_marshal (closure, ledger, once_marshal);
      else if (lifecycle_debug_has (LIFECYCLE_DEBUG_THREADS) &&
               lifecycle_ledger_is_owned (ledger) &&
               (full == NULL || full->threaded == NULL))
        g_closure_set_meta_marshal (closure, ledger, checked_marshal);

      /* Connecting runs no user code, so the lock can be held meanwhile. The handler may be called,
       * and even be disconnected, on another thread before this function returns; but finalizing
       * its closure needs the lock.
       */
      lifecycle_ledger_append_counted (ledger, &handler->entry,
                                       full != NULL ? LIFECYCLE_ENTRY_FULL_HANDLER
                                                    : LIFECYCLE_ENTRY_HANDLER,
                                       place);
      if (full != NULL && full->threaded != NULL)
        lifecycle_threaded_handler_join (full->threaded);
      handler->entry.more = signal->index;
      handler->instance = instance;
      handler->id = id = g_signal_connect_closure_by_id (instance, signal->id, signal->detail, closure,
                                                         (flags & LIFECYCLE_CONNECT_AFTER) != 0);
      if (G_UNLIKELY (lifecycle_closure_get_bits (closure).n_inotifiers != 1))
        lifecycle_handler_distrust_closures ();
      if (G_UNLIKELY (lifecycle_ledger_is_blocked (ledger)))
        {
          lifecycle_handler_class.set_blocked (&handler->entry, TRUE);
          handler->entry.flags |= LIFECYCLE_ENTRY_BLOCKED;
        }
      if (G_UNLIKELY (!lifecycle_ledger_end_add_of (ledger, &handler->entry)))
        return 0;
    }

  if (G_UNLIKELY (id == 0))
    {
      /* Frees the closure. */
      g_closure_ref (closure);
      g_closure_sink (closure);
      g_closure_unref (closure);
    }

  return id;
}

/* Connects a handler that has no flags, and needs nothing at its end. */
gulong
lifecycle_ledger_connect_plain (LifecycleLedger *ledger,
                                gpointer         instance,
                                const char      *detailed_signal,
                                GCallback        callback,
                                gpointer         data,
                                const char      *place)
{
  LifecycleHandler *handler = handler_new (sizeof (LifecycleHandler), ledger, data);

  handler->closure.callback = (gpointer) callback;

  return handler_connect (handler, NULL, ledger, instance, detailed_signal,
                          LIFECYCLE_CONNECT_DEFAULT, place);
}

gulong
lifecycle_ledger_connect (LifecycleLedger       *ledger,
                          gpointer               instance,
                          const char            *detailed_signal,
                          GCallback              callback,
                          gpointer               data,
                          GClosureNotify         destroy,
                          LifecycleConnectFlags  flags,
                          const char            *place)
{
  LifecycleFullHandler *full = NULL;
  LifecycleHandler *handler;

  if (G_UNLIKELY ((flags & (LIFECYCLE_CONNECT_QUEUED | LIFECYCLE_CONNECT_GUARDED)) != 0))
    {
      GClosure *target = (flags & LIFECYCLE_CONNECT_SWAPPED) != 0
        ? g_cclosure_new_swap (callback, data, destroy)
        : g_cclosure_new (callback, data, destroy);

      return lifecycle_ledger_connect_closure (ledger, instance, detailed_signal, target,
                                               NULL, flags, place);
    }

  handler = handler_new (destroy != NULL
                           ? sizeof (LifecycleFullHandler)
                           : sizeof (LifecycleHandler),
                         ledger, data);
  handler->closure.callback = (gpointer) callback;
  if ((flags & LIFECYCLE_CONNECT_SWAPPED) != 0)
    handler->closure.closure.derivative_flag = TRUE;

  if (destroy != NULL)
    {
      full = (LifecycleFullHandler *) handler;
      handler->entry.type = LIFECYCLE_ENTRY_FULL_HANDLER;
      full->destroy = destroy;
      full->destroy_data = data;
    }

  return handler_connect (handler, full, ledger, instance, detailed_signal, flags, place);
}

/* A queued handler runs too late to return a value. */
static gboolean
flags_suit_signal (LifecycleConnectFlags  flags,
                   gpointer               instance,
                   const char            *detailed_signal)
{
  const LifecycleDetailedSignal *signal;
  LifecycleDetailedSignal space;
  GSignalQuery query;

  if ((flags & LIFECYCLE_CONNECT_QUEUED) == 0 ||
      (signal = lifecycle_detailed_signal_find (G_TYPE_FROM_INSTANCE (instance), detailed_signal,
                                                &space)) == NULL)
    return TRUE;

  g_signal_query (signal->id, &query);
  if ((query.return_type & ~G_SIGNAL_TYPE_STATIC_SCOPE) == G_TYPE_NONE)
    return TRUE;

  g_critical ("Signal '%s' of type '%s' returns a value, so its handlers cannot be queued",
              detailed_signal, G_OBJECT_TYPE_NAME (instance));
  return FALSE;
}

/* The closure belongs to the caller, and others may hold references on it. So a closure of our own
 * is connected, which forwards to it. Returns that handler, not yet connected, or NULL.
 */
static LifecycleHandler *
handler_new_for_closure (LifecycleLedger       *ledger,
                         gpointer               instance,
                         const char            *detailed_signal,
                         GClosure              *closure,
                         LifecycleReceiver     *receiver,
                         LifecycleConnectFlags  flags)
{
  LifecycleHandler *handler;
  LifecycleFullHandler *full;

  g_closure_ref (closure);
  g_closure_sink (closure);

  if (closure->is_invalid || !flags_suit_signal (flags, instance, detailed_signal))
    {
      g_closure_unref (closure);
      return NULL;
    }

  if (G_CLOSURE_NEEDS_MARSHAL (closure))
    g_closure_set_marshal (closure, g_cclosure_marshal_generic);

  handler = handler_new (sizeof (LifecycleFullHandler), ledger, closure);
  handler->entry.type = LIFECYCLE_ENTRY_FULL_HANDLER;
  full = (LifecycleFullHandler *) handler;
  full->ledger = ledger;
  if ((flags & (LIFECYCLE_CONNECT_QUEUED | LIFECYCLE_CONNECT_GUARDED)) == 0)
    {
      g_closure_set_marshal (&handler->closure.closure, lifecycle_handler_forward);
      full->destroy = closure_release;
      full->destroy_data = closure;
    }
  else
    {
      g_closure_set_marshal (&handler->closure.closure, lifecycle_threaded_handler_marshal);
      full->threaded = lifecycle_threaded_handler_new (ledger, closure, flags);
      full->destroy = lifecycle_threaded_handler_disown;
      full->destroy_data = lifecycle_threaded_handler_ref (full->threaded);
      handler->closure.closure.data = full->threaded;
    }

  if (full->threaded != NULL || receiver != NULL)
    full->watch = lifecycle_object_watch_get_for_dup (instance);
  if (receiver != NULL)
    {
      full->receiver = receiver;
      receiver->handler = &handler->closure.closure;
    }

  /* A closure has room for 255 invalidate notifiers. A closure that is connected more often than
   * that is not one that a language binding invalidates.
   */
  if (receiver == NULL && closure->n_inotifiers < 128)
    lifecycle_handler_watch_closure (full, closure);

  return handler;
}

gulong
lifecycle_ledger_connect_closure (LifecycleLedger       *ledger,
                                  gpointer               instance,
                                  const char            *detailed_signal,
                                  GClosure              *closure,
                                  LifecycleReceiver     *receiver,
                                  LifecycleConnectFlags  flags,
                                  const char            *place)
{
  LifecycleHandler *handler = handler_new_for_closure (ledger, instance, detailed_signal, closure,
                                              receiver, flags);

  return handler != NULL
    ? handler_connect (handler, (LifecycleFullHandler *) handler, ledger, instance,
                       detailed_signal, flags, place)
    : 0;
}

/* If the cancellable is already cancelled, the handler is invoked with the arguments of an
 * emission. The state is checked after connecting, so that a cancellation between the two steps is
 * not missed. If both the emission and the check invoke the handler, only the first counts, because
 * the handler is queued and called once.
 */
gulong
lifecycle_ledger_connect_cancellable (LifecycleLedger *ledger,
                                      GCancellable    *cancellable,
                                      GClosure        *closure,
                                      const char      *place)
{
  const LifecycleConnectFlags flags = LIFECYCLE_CONNECT_ONCE | LIFECYCLE_CONNECT_QUEUED;
  LifecycleHandler *handler = handler_new_for_closure (ledger, cancellable, "cancelled", closure,
                                              NULL, flags);
  GClosure *connected;
  gulong id;

  if (handler == NULL)
    return 0;

  connected = g_closure_ref (&handler->closure.closure);
  id = handler_connect (handler, (LifecycleFullHandler *) handler, ledger, cancellable, "cancelled",
                        flags, place);
  if (id != 0 && g_cancellable_is_cancelled (cancellable))
    {
      GValue value = G_VALUE_INIT;

      g_value_init (&value, G_TYPE_CANCELLABLE);
      g_value_set_object (&value, cancellable);
      g_closure_invoke (connected, NULL, 1, &value, NULL);
      g_value_unset (&value);
    }
  g_closure_unref (connected);

  return id;
}
