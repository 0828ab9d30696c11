/* lifecycle-handler.c: signal handlers as entries
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-detailed-signal-private.h"
#include "lifecycle-facts-private.h"
#include "lifecycle-handler-private.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-scope-private.h"

/* Takes the place of a muted handler that has a destroy notify. */
typedef struct
{
  LifecycleEntry entry;
  GClosureNotify destroy;
  gpointer       destroy_data;
  LifecycleThreadedHandler *threaded;
  GObject       *held;
} Notice;

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

/* The handler ends when the caller's closure is invalidated. */
void
lifecycle_handler_watch_closure (LifecycleFullHandler *full,
                                 GClosure             *watched)
{
  full->watched = watched;
  g_closure_add_invalidate_notifier (watched, full, closure_invalidated_cb);
}

/* The ledger is locked if the handler was ever one of its entries. */
static void
handler_stop_watching (LifecycleFullHandler *full)
{
  GClosure *watched = g_steal_pointer (&full->watched);

  if (watched != NULL)
    g_closure_remove_invalidate_notifier (watched, full, closure_invalidated_cb);
}

/* The ledger is locked. After this, the end of the object does not affect the handler. */
static void
handler_leave_receiver (LifecycleFullHandler *full)
{
  LifecycleReceiver *receiver = g_steal_pointer (&full->receiver);

  if (receiver != NULL)
    receiver->handler = NULL;
}

/* The ledger is locked. Removes a muted handler, and puts a notice in its place if there is a
 * destroy notify to call in the release.
 */
static void
handler_leave (LifecycleLedger      *ledger,
               LifecycleHandler     *handler,
               LifecycleFullHandler *full)
{
  Notice *notice;

  if (full == NULL || full->destroy == NULL)
    {
      lifecycle_ledger_remove (ledger, &handler->entry);
      lifecycle_ledger_get_mute (ledger)->n_dropped++;
      return;
    }

  /* The release may drop the caller's closure while another thread still holds the handler. */
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

/* The handler that this thread is disconnecting in the mute phase, with its ledger locked. */
static _Thread_local LifecycleHandler *muting;

/* The closure's last reference is gone: the handler is disconnected and not running. Called on any
 * thread, possibly in the middle of other work.
 */
void
lifecycle_handler_finalized (gpointer  data,
                             GClosure *closure)
{
  LifecycleLedger *ledger = data;
  LifecycleHandler *handler = (LifecycleHandler *) closure;
  LifecycleFullHandler *full = lifecycle_handler_get_full (handler);
  LifecycleThreadedHandler *threaded = full != NULL ? full->threaded : NULL;
  GClosureNotify destroy;

  if (muting == handler)
    {
      /* Called from handler_mute(), which holds the lock. User code has to wait for the release.
       * The teardown holds a reference on the ledger.
       */
      muting = NULL;
      if (lifecycle_ledger_get_mute (ledger)->in_row)
        return;
      handler_leave (ledger, handler, full);
      ledger->refs--;
      /* Never the last reference: the notice holds one. */
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

/* The signals with which the last searches succeeded, by the type of the instance: other instances
 * of the type are likely to have handlers of the same signal.
 */
static gint last_signal_ids[64];

static inline gint *
get_last_signal_id (gpointer instance)
{
  gsize type = G_TYPE_FROM_INSTANCE (instance);

  /* Types are addresses of structures of a few hundred bytes. */
  return &last_signal_ids[(type >> 7) % G_N_ELEMENTS (last_signal_ids)];
}

/* Returns a handler of the signal, or 0. */
static gulong
find_handler (gpointer instance,
              guint    signal_id)
{
  return g_signal_handler_find (instance, G_SIGNAL_MATCH_ID, signal_id, 0, NULL, NULL, NULL);
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
      if (find_handler (instance, ids[i]) != 0)
        {
          g_atomic_int_set (get_last_signal_id (instance), (gint) ids[i]);
          return TRUE;
        }
    }

  return FALSE;
}

/* Checks whether any signal of the instance has a handler. */
static gboolean
search_handler (gpointer instance)
{
  g_autofree GType *interfaces = NULL;
  GType type = G_TYPE_FROM_INSTANCE (instance);
  guint n_interfaces;

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

/* Checks whether the instance still has its lists of handlers. `signal_id` is a signal that is
 * likely to have one.
 */
static gboolean
instance_has_handlers (gpointer instance,
                       guint    signal_id)
{
  return find_handler (instance, signal_id) != 0 || search_handler (instance);
}

/* Checks whether a handler is connected and may be disconnected. `signal_id` is its signal, or 0 if
 * that is not known.
 *
 * There is a trap here. When an object is disposed, GLib first removes its lists of handlers, and
 * then ends the handlers one by one. In the destroy notify of one of them, the others still appear
 * to be connected, but disconnecting them aborts the process. They will end by themselves.
 */
gboolean
lifecycle_handler_is_connected (gpointer instance,
                                gulong   id,
                                guint    signal_id)
{
  gulong found = 0;

  if (signal_id == 0)
    signal_id = (guint) g_atomic_int_get (get_last_signal_id (instance));
  if (signal_id != 0)
    found = find_handler (instance, signal_id);

  return (found == id && id != 0) ||
         (g_signal_handler_is_connected (instance, id) &&
          (found != 0 || search_handler (instance)));
}

static gboolean
handler_instance_is_sound (LifecycleHandler *handler)
{
  LifecycleDetailedSignal signal = { 0, };

  lifecycle_detailed_signal_get (handler->entry.more, &signal);

  return instance_has_handlers (handler->instance, signal.id);
}

static gboolean
handler_is_connected (LifecycleHandler *handler)
{
  return g_signal_handler_is_connected (handler->instance, handler->id) &&
         handler_instance_is_sound (handler);
}

/* Whether GLib adds an invalidate notifier to the closure of a handler, and removes it when it
 * disconnects the handler.
 */
static gint closures_tell = TRUE;

/* Called when a closure has no such notifier after it was connected. */
void
lifecycle_handler_distrust_closures (void)
{
  g_atomic_int_set (&closures_tell, FALSE);
}

/* Whether a handler is connected, as far as GLib is concerned: its instance may not be sound. Handlers
 * are looked up in a table of the whole process only if there is no other way.
 */
static inline gboolean
handler_is_still_connected (LifecycleHandler *handler)
{
  if (G_LIKELY (g_atomic_int_get (&closures_tell)))
    return lifecycle_closure_get_bits (&handler->closure.closure).n_inotifiers > 0;

  return g_signal_handler_is_connected (handler->instance, handler->id);
}

/* The marshaller of a handler that forwards to the caller's closure. */
void
lifecycle_handler_forward (GClosure     *closure,
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

/* Makes any further call of the handler a no-op. There should be none, but another thread may have
 * picked the handler for an emission before it was disconnected.
 */
static void
handler_defuse (LifecycleHandler *handler)
{
  if (handler->closure.closure.marshal == lifecycle_handler_forward)
    g_atomic_pointer_set (&handler->closure.closure.data, NULL);
  else
    g_atomic_pointer_set (&handler->closure.callback, do_nothing);
}

/* Called in the mute phase, with the ledger locked: the instance lives until all of its handlers are
 * gone, and this one is not gone while it is in the list.
 */
static inline gboolean
handler_can_be_disconnected (LifecycleHandler *handler,
                             LifecycleMute    *mute)
{
  if (!handler_is_still_connected (handler))
    return FALSE;

  /* Once is enough: no user code runs in between. */
  if (mute->sound != handler->instance)
    mute->sound = handler_instance_is_sound (handler) ? handler->instance : NULL;

  return mute->sound != NULL;
}

/* Disconnects a handler in the mute phase. Returns FALSE if something still holds the closure. */
static inline gboolean
handler_end_now (LifecycleHandler *handler)
{
  gboolean ended;

  muting = handler;
  g_signal_handler_disconnect (handler->instance, handler->id);
  ended = muting == NULL;
  muting = NULL;

  return ended;
}

/* Something still holds the closure of a muted handler, for example an emission that has passed the
 * handler: GLib drops its reference on a handler only when it is done with the next one. Unless the
 * handler is running, it ends now.
 */
static void
handler_outlives_mute (LifecycleLedger      *ledger,
                       LifecycleHandler     *handler,
                       LifecycleFullHandler *full)
{
  if (full != NULL && full->threaded != NULL)
    {
      handler_leave (ledger, handler, full);
    }
  else if (!lifecycle_closure_get_bits (&handler->closure.closure).in_marshal)
    {
      handler_defuse (handler);
      handler_leave (ledger, handler, full);
    }
}

static void
handler_mute (LifecycleLedger *ledger,
              LifecycleEntry  *entry)
{
  LifecycleHandler *handler = lifecycle_handler_from_entry (entry);
  LifecycleFullHandler *full = lifecycle_handler_get_full (handler);

  if (full != NULL && full->threaded != NULL)
    {
      lifecycle_threaded_handler_close (full->threaded);

      /* Without a reference the instance could die at any moment. If no reference can be taken, the
       * instance is dying, and GLib disconnects the handler. The reference is dropped in the
       * release.
       */
      full->held = lifecycle_object_watch_dup_object (full->watch);
      if (full->held == NULL)
        {
          handler_leave (ledger, handler, full);
          return;
        }
    }

  if (handler_can_be_disconnected (handler, lifecycle_ledger_get_mute (ledger)) && handler_end_now (handler))
    return;

  handler_outlives_mute (ledger, handler, full);
}

/* Handlers that need nothing at their end take the straight way, and are counted together: most
 * scopes own little else. Those that the row cannot end are left to handler_mute().
 */
static gboolean
handler_mute_row (LifecycleLedger *ledger,
                  LifecycleNode   *end)
{
  LifecycleMute *mute = lifecycle_ledger_get_mute (ledger);
  gboolean any = FALSE;
  guint n_ended = 0;

  /* Observers and limits want to know of each. */
  if (ledger->limited || lifecycle_is_watched (LIFECYCLE_WATCH_ENTRIES))
    return FALSE;

  mute->in_row = TRUE;
  while (end->prev != &ledger->live)
    {
      LifecycleEntry *entry = (LifecycleEntry *) end->prev;
      LifecycleHandler *handler = lifecycle_handler_from_entry (entry);

      if (entry->type != LIFECYCLE_ENTRY_HANDLER || !handler_can_be_disconnected (handler, mute))
        break;

      any = TRUE;
      lifecycle_node_remove (&entry->node);
      entry->flags |= LIFECYCLE_ENTRY_MUTED;
      if (G_LIKELY (handler_end_now (handler)))
        {
          n_ended++;
        }
      else
        {
          lifecycle_node_insert_after (&entry->node, &mute->muted);
          handler_outlives_mute (ledger, handler, NULL);
        }
    }
  mute->in_row = FALSE;

  lifecycle_ledger_forget_ended (ledger, LIFECYCLE_ENTRY_HANDLER, n_ended);

  return any;
}

static void
handler_set_blocked (LifecycleEntry *entry,
                     gboolean        blocked)
{
  LifecycleHandler *handler = lifecycle_handler_from_entry (entry);
  LifecycleFullHandler *full = lifecycle_handler_get_full (handler);

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

/* Nothing to release: a handler that is still linked after muting is running, and removes itself
 * when it returns.
 */
static void
handler_release (LifecycleLedger *ledger,
                 LifecycleEntry  *entry,
                 guint            flags)
{
}

/* Returns the closure that the handler calls in the end. It may be NULL. */
static GClosure *
handler_get_target (LifecycleHandler *handler)
{
  LifecycleFullHandler *full = lifecycle_handler_get_full (handler);

  if (full != NULL && full->threaded != NULL)
    return lifecycle_threaded_handler_get_target (full->threaded);
  if (handler->closure.closure.marshal == lifecycle_handler_forward)
    return handler->closure.closure.data;

  return &handler->closure.closure;
}

/* Gets the function that the handler calls in the end, if that is a C function, and its data. */
static gpointer
handler_get_callback (LifecycleHandler *handler,
                      gpointer         *data)
{
  GClosure *target = handler_get_target (handler);

  *data = target != NULL ? target->data : NULL;

  /* This marshaller is set on closures of C functions when they are connected. */
  if (target == &handler->closure.closure ||
      (target != NULL && target->marshal == g_cclosure_marshal_generic))
    return ((GCClosure *) target)->callback;

  return NULL;
}

/* The instance is valid: before it ends, this handler has to be removed, which needs the lock. */
static void
handler_describe (LifecycleEntry *entry,
                  LifecycleFacts *facts)
{
  LifecycleHandler *handler = lifecycle_handler_from_entry (entry);
  LifecycleFullHandler *full = lifecycle_handler_get_full (handler);
  LifecycleDetailedSignal signal = { 0, };

  lifecycle_detailed_signal_get (entry->more, &signal);
  lifecycle_facts_set_object (facts, handler->instance);
  facts->shared = full != NULL && full->threaded != NULL;
  facts->signal_id = signal.id;
  facts->detail = signal.detail;
  facts->id = handler->id;
  facts->callback = handler_get_callback (handler, &facts->data);
  facts->valid = g_signal_handler_is_connected (handler->instance, handler->id);
}

const LifecycleEntryClass lifecycle_handler_class = {
  .mute = handler_mute,
  .mute_row = handler_mute_row,
  .release = handler_release,
  .set_blocked = handler_set_blocked,
  .describe = handler_describe,
};

/* Disconnects a handler on behalf of the library, at most once, and removes it from its ledger
 * unless it was stolen. Returns FALSE if a teardown disconnects the handler, or if this has been
 * done already.
 */
gboolean
lifecycle_handler_retire (GClosure        *closure,
                          LifecycleLedger *ledger)
{
  LifecycleHandler *handler = (LifecycleHandler *) closure;
  LifecycleFullHandler *full = lifecycle_handler_get_full (handler);
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

static void
closure_invalidated_cb (gpointer  data,
                        GClosure *watched)
{
  LifecycleFullHandler *full = data;

  lifecycle_ledger_lock (full->ledger);
  full->watched = NULL;
  lifecycle_ledger_unlock (full->ledger);

  g_closure_ref (&full->handler.closure.closure);
  lifecycle_handler_retire (&full->handler.closure.closure, full->ledger);
  g_closure_unref (&full->handler.closure.closure);
}

/* Called on any thread when the object of a handler is disposed. Disconnects the handler, unless a
 * teardown disconnects it, or that has been done already.
 */
void
lifecycle_handler_lose_receiver (LifecycleReceiver *receiver)
{
  GObject *instance = NULL;
  LifecycleHandler *handler;
  guint signal_index = 0;
  gulong id = 0;

  /* A handler that has not left its receiver has not been finalized, and neither has
   * its instance.
   */
  lifecycle_ledger_lock (receiver->ledger);
  handler = (LifecycleHandler *) receiver->handler;
  if (handler != NULL &&
      (handler->entry.flags & (LIFECYCLE_ENTRY_MUTED | LIFECYCLE_ENTRY_RETIRED)) == 0)
    {
      LifecycleFullHandler *full = lifecycle_handler_get_full (handler);

      if (full->threaded != NULL)
        lifecycle_threaded_handler_retire (full->threaded);
      handler->entry.flags |= LIFECYCLE_ENTRY_RETIRED;
      if ((handler->entry.flags & LIFECYCLE_ENTRY_LINKED) != 0)
        lifecycle_ledger_remove (receiver->ledger, &handler->entry);

      /* If the instance is being disposed too, GLib disconnects the handler. */
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

/* The ledger is locked. The handler was removed from it, and continues without the scope. */
void
lifecycle_handler_stolen (LifecycleEntry *entry)
{
  LifecycleFullHandler *full = lifecycle_handler_get_full (lifecycle_handler_from_entry (entry));

  if (full != NULL && full->threaded != NULL)
    lifecycle_threaded_handler_set_stolen (full->threaded);
}

/* Finds the live handler with the given id, or returns NULL. The ledger is locked. */
LifecycleEntry *
lifecycle_ledger_find_handler (LifecycleLedger *ledger,
                               gpointer         instance,
                               gulong           id)
{
  LIFECYCLE_LIST_FOREACH_REVERSE (entry, &ledger->live)
    {
      if ((entry->type == LIFECYCLE_ENTRY_HANDLER ||
           entry->type == LIFECYCLE_ENTRY_FULL_HANDLER) &&
          lifecycle_handler_from_entry (entry)->id == id &&
          lifecycle_handler_from_entry (entry)->instance == instance)
        return entry;
    }

  return NULL;
}
