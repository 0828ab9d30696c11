/* lifecycle-handler.c: handlers as entries
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-object-watch-private.h"
#include "lifecycle-home-private.h"
#include "lifecycle-detailed-signal-private.h"
#include "lifecycle-facts-private.h"
#include "lifecycle-threaded-handler-private.h"
#include "lifecycle-handler-private.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-scope-private.h"

/* The entry is embedded in the closure that is connected anyway. The closure's finalize notifier is
 * the event that says that a handler is gone, whoever did it; its data is the ledger. Together with
 * the notifier that g_signal_connect_closure() adds this costs 96 bytes over a plain handler, so
 * there is no room for another field here.
 */
typedef struct
{
  GCClosure      closure;
  LifecycleEntry entry;
  gpointer       instance;
  gulong         id;
} Handler;

/* For handlers that have something to be told or freed in the end. Their type says that they are. */
typedef struct
{
  Handler          handler;
  GClosureNotify   destroy;
  gpointer         destroy_data;
  LifecycleLedger *ledger;
  GClosure        *watched;     /* a closure of others: its invalidation is the end of the handler */
  LifecycleThreadedHandler   *threaded;        /* of a handler that may be called on any thread, */
  LifecycleObjectWatch *watch;      /* whose instance may die on any thread; */
  GObject         *held;        /* a reference on that one, for the time of disconnecting */
  LifecycleReceiver *receiver;  /* of a handler that goes with an object */
} FullHandler;

/* What is left of a handler with a destroy notify after it has been muted. */
typedef struct
{
  LifecycleEntry entry;
  GClosureNotify destroy;
  gpointer       destroy_data;
  LifecycleThreadedHandler *threaded;
  GObject       *held;
} Notice;

static inline Handler *
handler_from_entry (LifecycleEntry *entry)
{
  return LIFECYCLE_ENTRY_CONTAINER (entry, Handler, entry);
}

static inline FullHandler *
handler_get_full (Handler *handler)
{
  return handler->entry.type == LIFECYCLE_ENTRY_FULL_HANDLER ? (FullHandler *) handler : NULL;
}

static void
notice_release (LifecycleLedger *ledger,
                LifecycleEntry  *entry,
                guint            flags)
{
  Notice *self = LIFECYCLE_ENTRY_CONTAINER (entry, Notice, entry);
  Notice notice = *self;

  g_free (self);
  notice.destroy (notice.destroy_data, NULL);
  g_clear_pointer (&notice.threaded, lifecycle_threaded_handler_unref);
  g_clear_object (&notice.held);
}

static GObject *
notice_let_go (LifecycleEntry *entry)
{
  Notice *self = LIFECYCLE_ENTRY_CONTAINER (entry, Notice, entry);

  return g_steal_pointer (&self->held);
}

static char *
notice_describe_pending (LifecycleEntry *entry)
{
  Notice *self = LIFECYCLE_ENTRY_CONTAINER (entry, Notice, entry);
  const char *place;
  g_autofree char *what = NULL;

  if (self->threaded != NULL)
    what = lifecycle_threaded_handler_describe (self->threaded);
  if (what == NULL)
    return NULL;

  place = lifecycle_entry_get_place (entry);
  if (place == NULL)
    return g_steal_pointer (&what);

  return g_strdup_printf ("%s, connected %s %s",
                          what, lifecycle_place_get_preposition (place), place);
}

const LifecycleEntryClass lifecycle_notice_class = {
  .release = notice_release,
  .let_go = notice_let_go,
  .describe_pending = notice_describe_pending,
};

static void closure_invalidated_cb (gpointer  data,
                                    GClosure *watched);

/* The ledger is locked, if the handler was ever one of its entries. */
static void
handler_stop_watching (FullHandler *full)
{
  GClosure *watched = g_steal_pointer (&full->watched);

  if (watched != NULL)
    g_closure_remove_invalidate_notifier (watched, full, closure_invalidated_cb);
}

/* The ledger is locked. The end of the object does not matter any more. */
static void
handler_leave_receiver (FullHandler *full)
{
  LifecycleReceiver *receiver = g_steal_pointer (&full->receiver);

  if (receiver != NULL)
    receiver->handler = NULL;
}

/* The ledger is locked. Takes a muted handler out, and puts what it has to tell in its place, for the
 * release.
 */
static void
handler_leave (LifecycleLedger *ledger,
               Handler         *handler,
               FullHandler     *full)
{
  Notice *notice;

  if (full == NULL || full->destroy == NULL)
    {
      lifecycle_ledger_remove (ledger, &handler->entry);
      ledger->mute->n_dropped++;
      return;
    }

  /* The release may drop the closure while another thread still has the handler. */
  handler_stop_watching (full);
  handler_leave_receiver (full);

  notice = g_new0 (Notice, 1);
  notice->entry.name = handler->entry.name;
  notice->entry.type = LIFECYCLE_ENTRY_NOTICE;
  notice->entry.added = handler->entry.added;
  notice->entry.flags = LIFECYCLE_ENTRY_LINKED | LIFECYCLE_ENTRY_MUTED;
  notice->destroy = g_steal_pointer (&full->destroy);
  notice->destroy_data = full->destroy_data;
  notice->threaded = full->threaded != NULL ? lifecycle_threaded_handler_ref (full->threaded) : NULL;
  notice->held = g_steal_pointer (&full->held);

  lifecycle_node_insert_after (&notice->entry.node, &handler->entry.node);
  lifecycle_node_remove (&handler->entry.node);
  handler->entry.flags &= ~LIFECYCLE_ENTRY_LINKED;
  if (G_UNLIKELY (ledger->limited))
    lifecycle_holdings_entry_left (lifecycle_ledger_get_holdings (ledger), &handler->entry);

  if (lifecycle_ledger_is_owned (ledger) && lifecycle_is_watched (LIFECYCLE_WATCH_ENTRIES))
    lifecycle_watch_entry_replaced (ledger, &handler->entry, &notice->entry);
}

/* The closure's last reference is gone: the handler has been disconnected and does not run. This
 * may be on any thread, and in the middle of anything.
 */
static void
handler_finalized (gpointer  data,
                   GClosure *closure)
{
  LifecycleLedger *ledger = data;
  Handler *handler = (Handler *) closure;
  FullHandler *full = handler_get_full (handler);
  LifecycleThreadedHandler *threaded = full != NULL ? full->threaded : NULL;
  GClosureNotify destroy;

  if (g_atomic_pointer_get (&ledger->muter) == g_thread_self ())
    {
      /* Inside handler_mute(), which has the lock. User code has to wait for the release. The
       * teardown keeps the ledger.
       */
      handler_leave (ledger, handler, full);
      g_atomic_pointer_set (&ledger->muter, NULL);
      ledger->refs--;
      /* Never the last reference: the notice has one. */
      g_clear_pointer (&threaded, lifecycle_threaded_handler_unref);
      return;
    }

  lifecycle_ledger_lock (ledger);
  if (full != NULL)
    {
      handler_stop_watching (full);
      handler_leave_receiver (full);
    }
  destroy = full != NULL ? full->destroy : NULL;
  if ((handler->entry.flags & LIFECYCLE_ENTRY_LINKED) != 0)
    lifecycle_ledger_remove (ledger, &handler->entry);
  if ((handler->entry.flags & LIFECYCLE_ENTRY_COUNTED) != 0)
    lifecycle_ledger_unref_locked (ledger);
  else
    lifecycle_ledger_unlock (ledger);

  if (destroy != NULL)
    destroy (full->destroy_data, closure);
  g_clear_pointer (&threaded, lifecycle_threaded_handler_unref);
}

/* Where a handler was found by searching: where there is one, there are often more. */
static gint last_signal_id;

static gboolean
signal_has_handler (guint    signal_id,
                    gpointer instance)
{
  return g_signal_handler_find (instance, G_SIGNAL_MATCH_ID, signal_id, 0, NULL, NULL, NULL) != 0;
}

static gboolean
type_has_handlers (GType    type,
                   gpointer instance)
{
  g_autofree guint *ids = NULL;
  guint n_ids;

  if (!G_TYPE_IS_INSTANTIATABLE (type) && !G_TYPE_IS_INTERFACE (type))
    return FALSE;

  ids = g_signal_list_ids (type, &n_ids);
  for (guint i = 0; i < n_ids; i++)
    {
      if (signal_has_handler (ids[i], instance))
        {
          g_atomic_int_set (&last_signal_id, (gint) ids[i]);
          return TRUE;
        }
    }

  return FALSE;
}

/* Whether the instance has lists of handlers. `signal_id` is a signal that should have one, or 0. */
static gboolean
instance_has_handlers (gpointer instance,
                       guint    signal_id)
{
  g_autofree GType *interfaces = NULL;
  GType type = G_TYPE_FROM_INSTANCE (instance);
  guint n_interfaces;

  if (signal_id == 0)
    signal_id = (guint) g_atomic_int_get (&last_signal_id);
  if (signal_id != 0 && signal_has_handler (signal_id, instance))
    return TRUE;

  for (; type != 0; type = g_type_parent (type))
    {
      if (type_has_handlers (type, instance))
        return TRUE;
    }

  interfaces = g_type_interfaces (G_TYPE_FROM_INSTANCE (instance), &n_interfaces);
  for (guint i = 0; i < n_interfaces; i++)
    {
      if (type_has_handlers (interfaces[i], instance))
        return TRUE;
    }

  return FALSE;
}

/* Whether a handler is connected and may be disconnected.
 *
 * There is a trap here. When an object is disposed, GLib takes away its lists of handlers first, and
 * then ends the handlers one by one. What the destroy notify of one of them runs still sees the
 * others as connected, but disconnecting them aborts the process. They end without our help.
 */
gboolean
lifecycle_handler_is_connected (gpointer instance,
                                gulong   id,
                                guint    signal_id)
{
  return g_signal_handler_is_connected (instance, id) &&
         instance_has_handlers (instance, signal_id);
}

static gboolean
handler_is_connected (Handler *handler)
{
  LifecycleDetailedSignal signal = { 0, };

  lifecycle_detailed_signal_get (handler->entry.more, &signal);

  return lifecycle_handler_is_connected (handler->instance, handler->id, signal.id);
}

/* With LIFECYCLE_DEBUG=threads: a handler that is neither queued nor guarded is called at home. */
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
      lifecycle_debug_off_home (scope, "A handler", &((Handler *) closure)->entry);
      g_object_unref (scope);
    }

  closure->marshal (closure, return_value, n_param_values, param_values, invocation_hint, NULL);
}

static void
forward_marshal (GClosure     *closure,
                 GValue       *return_value,
                 guint         n_param_values,
                 const GValue *param_values,
                 gpointer      invocation_hint,
                 gpointer      marshal_data)
{
  GClosure *target = g_atomic_pointer_get (&closure->data);

  if (target != NULL)
    g_closure_invoke (target, return_value, n_param_values, param_values, invocation_hint);
}

static gpointer
do_nothing (void)
{
  return NULL;
}

/* Nobody should be calling the handler any more. If another thread does all the same, because it had
 * chosen the handler before it was disconnected, no harm is done.
 */
static void
handler_defuse (Handler *handler)
{
  if (handler->closure.closure.marshal == forward_marshal)
    g_atomic_pointer_set (&handler->closure.closure.data, NULL);
  else
    g_atomic_pointer_set (&handler->closure.callback, do_nothing);
}

static void
handler_mute (LifecycleLedger *ledger,
              LifecycleEntry  *entry)
{
  Handler *handler = handler_from_entry (entry);
  FullHandler *full = handler_get_full (handler);
  gboolean connected;

  if (full != NULL && full->threaded != NULL)
    {
      lifecycle_threaded_handler_close (full->threaded);

      /* Without a reference it would be too late at any moment. If there is none to be had, GLib
       * disconnects the handler. The reference is dropped in the release.
       */
      full->held = lifecycle_object_watch_dup_object (full->watch);
      if (full->held == NULL)
        {
          handler_leave (ledger, handler, full);
          return;
        }
    }

  /* An instance lives until all of its handlers are gone, and while this one is in the list, and
   * the list is locked, it is not gone.
   */
  if (ledger->mute->sound != handler->instance)
    {
      /* No need to look twice while no user code runs. */
      connected = handler_is_connected (handler);
      ledger->mute->sound = connected ? handler->instance : NULL;
    }
  else
    {
      connected = g_signal_handler_is_connected (handler->instance, handler->id);
    }

  if (connected)
    {
      g_atomic_pointer_set (&ledger->muter, g_thread_self ());
      g_signal_handler_disconnect (handler->instance, handler->id);
      if (g_atomic_pointer_get (&ledger->muter) == NULL)
        return;
      g_atomic_pointer_set (&ledger->muter, NULL);
    }

  /* Something still has the closure, such as an emission that has passed it: GLib lets go of a
   * handler only when it is done with the next one. Unless it is running, its end is now.
   */
  if (full != NULL && full->threaded != NULL)
    {
      handler_leave (ledger, handler, full);
    }
  else if (!handler->closure.closure.in_marshal)
    {
      handler_defuse (handler);
      handler_leave (ledger, handler, full);
    }
}

static void
handler_set_blocked (LifecycleEntry *entry,
                     gboolean        blocked)
{
  Handler *handler = handler_from_entry (entry);
  FullHandler *full = handler_get_full (handler);

  if (full != NULL && full->threaded != NULL)
    {
      lifecycle_threaded_handler_set_blocked (full->threaded, blocked);
      return;
    }

  if (!g_signal_handler_is_connected (handler->instance, handler->id))
    return;

  if (blocked)
    g_signal_handler_block (handler->instance, handler->id);
  else
    g_signal_handler_unblock (handler->instance, handler->id);
}

/* There is no release: what is still here after muting is a handler that is running, and sees to
 * itself.
 */
static void
handler_release (LifecycleLedger *ledger,
                 LifecycleEntry  *entry,
                 guint            flags)
{
}

/* The function that is called in the end, if it is one of C. */
static gpointer
handler_get_callback (Handler *handler)
{
  FullHandler *full = handler_get_full (handler);
  GClosure *target;

  if (full != NULL && full->threaded != NULL)
    target = lifecycle_threaded_handler_get_target (full->threaded);
  else if (handler->closure.closure.marshal == forward_marshal)
    target = handler->closure.closure.data;
  else
    return handler->closure.callback;

  /* This is what closures of C functions get when they are connected. */
  return target != NULL && target->marshal == g_cclosure_marshal_generic
    ? ((GCClosure *) target)->callback
    : NULL;
}

/* The instance cannot be gone: its end waits for the lock, to take this handler out. */
static void
handler_describe (LifecycleEntry *entry,
                  LifecycleFacts *facts)
{
  Handler *handler = handler_from_entry (entry);
  LifecycleDetailedSignal signal = { 0, };

  lifecycle_detailed_signal_get (entry->more, &signal);
  facts->type = G_TYPE_FROM_INSTANCE (handler->instance);
  facts->signal_id = signal.id;
  facts->detail = signal.detail;
  facts->id = handler->id;
  facts->callback = handler_get_callback (handler);
  facts->valid = g_signal_handler_is_connected (handler->instance, handler->id);
}

const LifecycleEntryClass lifecycle_handler_class = {
  .mute = handler_mute,
  .release = handler_release,
  .set_blocked = handler_set_blocked,
  .describe = handler_describe,
};

/* Disconnects a handler from within the library, once, and takes it out of its ledger, if it was not
 * stolen from there. Says FALSE when a teardown is doing it, or it has been done.
 */
gboolean
lifecycle_handler_retire (GClosure        *closure,
                          LifecycleLedger *ledger)
{
  Handler *handler = (Handler *) closure;
  FullHandler *full = handler_get_full (handler);
  gboolean retired;

  lifecycle_ledger_lock (ledger);
  retired = (handler->entry.flags & (LIFECYCLE_ENTRY_MUTED | LIFECYCLE_ENTRY_RETIRED)) == 0;
  if (retired)
    {
      if (full != NULL && full->threaded != NULL)
        lifecycle_threaded_handler_retire (full->threaded);
      handler->entry.flags |= LIFECYCLE_ENTRY_RETIRED;
      if ((handler->entry.flags & LIFECYCLE_ENTRY_LINKED) != 0)
        lifecycle_ledger_remove (ledger, &handler->entry);
    }
  lifecycle_ledger_unlock (ledger);

  if (retired && handler_is_connected (handler))
    g_signal_handler_disconnect (handler->instance, handler->id);

  return retired;
}

/* Runs a handler once. It is disconnected before, so that nothing it does can run it again. */
static void
once_marshal (GClosure     *closure,
              GValue       *return_value,
              guint         n_param_values,
              const GValue *param_values,
              gpointer      invocation_hint,
              gpointer      marshal_data)
{
  LifecycleLedger *ledger = marshal_data;

  /* An outer emission may have chosen it before an inner one ran it. */
  if (lifecycle_handler_retire (closure, ledger))
    closure->marshal (closure, return_value, n_param_values, param_values, invocation_hint, NULL);
}

static void
closure_invalidated_cb (gpointer  data,
                        GClosure *watched)
{
  FullHandler *full = data;

  lifecycle_ledger_lock (full->ledger);
  full->watched = NULL;
  lifecycle_ledger_unlock (full->ledger);

  g_closure_ref (&full->handler.closure.closure);
  lifecycle_handler_retire (&full->handler.closure.closure, full->ledger);
  g_closure_unref (&full->handler.closure.closure);
}

static void
closure_release (gpointer  data,
                 GClosure *closure)
{
  g_closure_unref (data);
}

static Handler *
handler_new (gsize            size,
             LifecycleLedger *ledger,
             gpointer         data)
{
  GClosure *closure = g_closure_new_simple ((guint) size, data);

  /* GLib grows this array with g_renew(), by one for our notifier and by another for its own. To have
   * the room from the start saves moving it, which is a tenth of what the connection costs.
   */
  closure->notifiers = g_new (GClosureNotifyData, 2);
  g_closure_add_finalize_notifier (closure, ledger, handler_finalized);

  return (Handler *) closure;
}

/* Connects the handler, whose floating reference it takes, and makes it an entry. */
static gulong
handler_connect (Handler               *handler,
                 LifecycleLedger       *ledger,
                 gpointer               instance,
                 const char            *detailed_signal,
                 LifecycleConnectFlags  flags,
                 const char            *place)
{
  GClosure *closure = &handler->closure.closure;
  FullHandler *full = handler_get_full (handler);
  LifecycleDetailedSignal signal;
  gulong id = 0;

  if (G_UNLIKELY (!lifecycle_detailed_signal_look_up (G_TYPE_FROM_INSTANCE (instance),
                                                      detailed_signal, &signal)))
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

      /* Connecting runs no user code, so the lock can be kept meanwhile. On another thread the
       * handler may be called, and even be disconnected, before this returns; but its closure has
       * to come past this lock to be finalized.
       */
      lifecycle_ledger_append_counted (ledger, &handler->entry, handler->entry.type, place);
      if (full != NULL && full->threaded != NULL)
        lifecycle_threaded_handler_join (full->threaded);
      handler->entry.more = signal.index;
      handler->instance = instance;
      handler->id = id = g_signal_connect_closure_by_id (instance, signal.id, signal.detail, closure,
                                                         (flags & LIFECYCLE_CONNECT_AFTER) != 0);
      if (G_UNLIKELY (lifecycle_ledger_is_blocked (ledger)))
        {
          handler_set_blocked (&handler->entry, TRUE);
          handler->entry.flags |= LIFECYCLE_ENTRY_BLOCKED;
        }
      if (G_UNLIKELY (!lifecycle_ledger_end_add_of (ledger, &handler->entry)))
        return 0;
    }

  if (G_UNLIKELY (id == 0))
    {
      /* Frees it. */
      g_closure_ref (closure);
      g_closure_sink (closure);
      g_closure_unref (closure);
    }

  return id;
}

gulong
lifecycle_ledger_connect (LifecycleLedger       *ledger,
                          GMainContext          *context,
                          gpointer               instance,
                          const char            *detailed_signal,
                          GCallback              callback,
                          gpointer               data,
                          GClosureNotify         destroy,
                          LifecycleConnectFlags  flags,
                          const char            *place)
{
  Handler *handler;

  if (G_UNLIKELY ((flags & (LIFECYCLE_CONNECT_QUEUED | LIFECYCLE_CONNECT_GUARDED)) != 0))
    {
      GClosure *target = (flags & LIFECYCLE_CONNECT_SWAPPED) != 0
        ? g_cclosure_new_swap (callback, data, destroy)
        : g_cclosure_new (callback, data, destroy);

      return lifecycle_ledger_connect_closure (ledger, context, instance, detailed_signal, target,
                                               NULL, flags, place);
    }

  handler = handler_new (destroy != NULL ? sizeof (FullHandler) : sizeof (Handler), ledger, data);
  handler->closure.callback = (gpointer) callback;
  if ((flags & LIFECYCLE_CONNECT_SWAPPED) != 0)
    handler->closure.closure.derivative_flag = TRUE;

  if (destroy != NULL)
    {
      FullHandler *full = (FullHandler *) handler;

      handler->entry.type = LIFECYCLE_ENTRY_FULL_HANDLER;
      full->destroy = destroy;
      full->destroy_data = data;
    }

  return handler_connect (handler, ledger, instance, detailed_signal, flags, place);
}

/* A queued handler runs too late to return anything. */
static gboolean
flags_suit_signal (LifecycleConnectFlags  flags,
                   gpointer               instance,
                   const char            *detailed_signal)
{
  LifecycleDetailedSignal signal;
  GSignalQuery query;

  if ((flags & LIFECYCLE_CONNECT_QUEUED) == 0 ||
      !lifecycle_detailed_signal_look_up (G_TYPE_FROM_INSTANCE (instance), detailed_signal,
                                          &signal))
    return TRUE;

  g_signal_query (signal.id, &query);
  if ((query.return_type & ~G_SIGNAL_TYPE_STATIC_SCOPE) == G_TYPE_NONE)
    return TRUE;

  g_critical ("Signal '%s' of type '%s' returns a value, so its handlers cannot be queued",
              detailed_signal, G_OBJECT_TYPE_NAME (instance));
  return FALSE;
}

/* The closure stays what it is, a closure of somebody else, who may hold references on it: what is
 * connected is one of ours that forwards to it. This returns that one, not connected yet, or NULL.
 */
static Handler *
handler_new_for_closure (LifecycleLedger       *ledger,
                         GMainContext          *context,
                         gpointer               instance,
                         const char            *detailed_signal,
                         GClosure              *closure,
                         LifecycleReceiver     *receiver,
                         LifecycleConnectFlags  flags)
{
  Handler *handler;
  FullHandler *full;

  g_closure_ref (closure);
  g_closure_sink (closure);

  if (closure->is_invalid || !flags_suit_signal (flags, instance, detailed_signal))
    {
      g_closure_unref (closure);
      return NULL;
    }

  if (G_CLOSURE_NEEDS_MARSHAL (closure))
    g_closure_set_marshal (closure, g_cclosure_marshal_generic);

  handler = handler_new (sizeof (FullHandler), ledger, closure);
  handler->entry.type = LIFECYCLE_ENTRY_FULL_HANDLER;
  full = (FullHandler *) handler;
  full->ledger = ledger;
  if ((flags & (LIFECYCLE_CONNECT_QUEUED | LIFECYCLE_CONNECT_GUARDED)) == 0)
    {
      g_closure_set_marshal (&handler->closure.closure, forward_marshal);
      full->destroy = closure_release;
      full->destroy_data = closure;
    }
  else
    {
      g_closure_set_marshal (&handler->closure.closure, lifecycle_threaded_handler_marshal);
      full->threaded = lifecycle_threaded_handler_new (ledger, context, closure, flags);
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

  /* A closure has room for 255 of these. One that is connected more often than that is not one
   * that a binding invalidates.
   */
  if (receiver == NULL && closure->n_inotifiers < 128)
    {
      full->watched = closure;
      g_closure_add_invalidate_notifier (closure, full, closure_invalidated_cb);
    }

  return handler;
}

gulong
lifecycle_ledger_connect_closure (LifecycleLedger       *ledger,
                                  GMainContext          *context,
                                  gpointer               instance,
                                  const char            *detailed_signal,
                                  GClosure              *closure,
                                  LifecycleReceiver     *receiver,
                                  LifecycleConnectFlags  flags,
                                  const char            *place)
{
  Handler *handler = handler_new_for_closure (ledger, context, instance, detailed_signal, closure,
                                              receiver, flags);

  return handler != NULL
    ? handler_connect (handler, ledger, instance, detailed_signal, flags, place)
    : 0;
}

/* If it has been cancelled already, the handler gets what an emission would have sent it. The look at
 * the state comes after the connection, so that nothing falls between the two; and the handler, which
 * is queued and called once, sees to it that only one of the two counts.
 */
gulong
lifecycle_ledger_connect_cancellable (LifecycleLedger *ledger,
                                      GMainContext    *context,
                                      GCancellable    *cancellable,
                                      GClosure        *closure,
                                      const char      *place)
{
  const LifecycleConnectFlags flags = LIFECYCLE_CONNECT_ONCE | LIFECYCLE_CONNECT_QUEUED;
  Handler *handler = handler_new_for_closure (ledger, context, cancellable, "cancelled", closure,
                                              NULL, flags);
  GClosure *connected;
  gulong id;

  if (handler == NULL)
    return 0;

  connected = g_closure_ref (&handler->closure.closure);
  id = handler_connect (handler, ledger, cancellable, "cancelled", flags, place);
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

/* The object of a handler has been disposed, on whatever thread: disconnects the handler, unless
 * a teardown is doing it, or it has been done.
 */
void
lifecycle_handler_lose_receiver (LifecycleReceiver *receiver)
{
  GObject *instance = NULL;
  Handler *handler;
  guint signal_index = 0;
  gulong id = 0;

  /* While it has not left its receiver, it has not been finalized, and neither has its instance. */
  lifecycle_ledger_lock (receiver->ledger);
  handler = (Handler *) receiver->handler;
  if (handler != NULL &&
      (handler->entry.flags & (LIFECYCLE_ENTRY_MUTED | LIFECYCLE_ENTRY_RETIRED)) == 0)
    {
      FullHandler *full = handler_get_full (handler);

      if (full->threaded != NULL)
        lifecycle_threaded_handler_retire (full->threaded);
      handler->entry.flags |= LIFECYCLE_ENTRY_RETIRED;
      if ((handler->entry.flags & LIFECYCLE_ENTRY_LINKED) != 0)
        lifecycle_ledger_remove (receiver->ledger, &handler->entry);

      /* If its instance is going, too, GLib disconnects it. */
      instance = lifecycle_object_watch_dup_object (full->watch);
      signal_index = handler->entry.more;
      id = handler->id;
    }
  lifecycle_ledger_unlock (receiver->ledger);

  if (instance != NULL)
    {
      LifecycleDetailedSignal signal = { 0, };

      lifecycle_detailed_signal_get (signal_index, &signal);
      if (lifecycle_handler_is_connected (instance, id, signal.id))
        g_signal_handler_disconnect (instance, id);
      g_object_unref (instance);
    }
}

/* The ledger is locked. The handler has been taken out of it, to go on by itself. */
void
lifecycle_handler_stolen (LifecycleEntry *entry)
{
  FullHandler *full = handler_get_full (handler_from_entry (entry));

  if (full != NULL && full->threaded != NULL)
    lifecycle_threaded_handler_set_stolen (full->threaded);
}

/* The live handler of that id, or NULL. The ledger is locked. */
LifecycleEntry *
lifecycle_ledger_find_handler (LifecycleLedger *ledger,
                               gpointer         instance,
                               gulong           id)
{
  LIFECYCLE_LIST_FOREACH_REVERSE (entry, &ledger->live)
    {
      if ((entry->type == LIFECYCLE_ENTRY_HANDLER ||
           entry->type == LIFECYCLE_ENTRY_FULL_HANDLER) &&
          handler_from_entry (entry)->id == id &&
          handler_from_entry (entry)->instance == instance)
        return entry;
    }

  return NULL;
}
