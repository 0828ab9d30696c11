/* lifecycle-adopted.c: signal handlers that others have connected
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-object-watch-private.h"
#include "lifecycle-home-private.h"
#include "lifecycle-facts-private.h"
#include "lifecycle-link-private.h"
#include "lifecycle-scope-private.h"
#include "lifecycle-handler-private.h"

/* GLib has no event for the end of a handler that is not ours, except the end of its instance. The
 * near end of the link is the entry of the scope, the far end is in the ledger of the instance's
 * anchor.
 */
typedef struct
{
  LifecycleLink    link;
  GObject         *instance;    /* lives while the far end is linked */
  gulong           id;
} AdoptedHandler;

static inline AdoptedHandler *
adopted_from_near (LifecycleEntry *entry)
{
  return (AdoptedHandler *) lifecycle_link_from_own_end (entry);
}

static void
adopted_set_blocked (LifecycleEntry *entry,
                     gboolean        blocked)
{
  AdoptedHandler *self = adopted_from_near (entry);

  if (!g_signal_handler_is_connected (self->instance, self->id))
    return;

  if (blocked)
    g_signal_handler_block (self->instance, self->id);
  else
    g_signal_handler_unblock (self->instance, self->id);
}

/* Disconnecting it drops a closure that is not ours, which is user code: for now it is silenced. */
static void
adopted_mute (LifecycleLedger *ledger,
              LifecycleEntry  *entry)
{
  adopted_set_blocked (entry, TRUE);
}

static void
adopted_claim (LifecycleLedger *ledger,
               LifecycleEntry  *entry)
{
  AdoptedHandler *self = adopted_from_near (entry);

  /* While the entry is in the list, and the list is locked, the instance has not told us of its
   * dispose, or is waiting to do so: a reference can still be taken. It may be in its dispose, and
   * want us to be quick.
   */
  g_object_ref (self->instance);
}

static void
adopted_release (LifecycleLedger *ledger,
                 LifecycleEntry  *entry,
                 guint            flags)
{
  AdoptedHandler *self = adopted_from_near (entry);
  GObject *instance = self->instance;
  gulong id = self->id;

  lifecycle_link_cut_other_end (&self->link);
  lifecycle_link_unref (&self->link);

  if (lifecycle_handler_is_connected (instance, id, 0))
    g_signal_handler_disconnect (instance, id);
  g_object_unref (instance);
}

/* As long as the entry is there, the end of the instance waits for the lock. */
static void
adopted_describe (LifecycleEntry *entry,
                  LifecycleFacts *facts)
{
  AdoptedHandler *self = adopted_from_near (entry);

  facts->type = G_OBJECT_TYPE (self->instance);
  facts->id = self->id;
  facts->valid = g_signal_handler_is_connected (self->instance, self->id);
}

const LifecycleEntryClass lifecycle_adopted_handler_class = {
  .foreign = TRUE,
  .mute = adopted_mute,
  .claim = adopted_claim,
  .release = adopted_release,
  .set_blocked = adopted_set_blocked,
  .describe = adopted_describe,
};

/* The instance has been disposed, on whatever thread. */
static void
handler_watch_release (LifecycleLedger *ledger,
                       LifecycleEntry  *entry,
                       guint            flags)
{
  LifecycleLink *link = lifecycle_link_from_other_end (entry);

  lifecycle_link_cut_own_end (link);
  lifecycle_link_unref (link);
}

const LifecycleEntryClass lifecycle_handler_watch_class = {
  .release = handler_watch_release,
};

/* Looks at the handlers that have been adopted on an instance, some at a time, and lets go of those
 * that somebody has disconnected. Done with each new one, this keeps the dead fewer than the living.
 */
static void
object_watch_sweep (LifecycleLedger *ledger,
                    guint            n)
{
  while (n-- > 0)
    {
      LifecycleNode *first;
      AdoptedHandler *adopted = NULL;

      lifecycle_ledger_lock (ledger);
      first = ledger->live.next;
      if (first != &ledger->live)
        {
          lifecycle_node_remove (first);
          lifecycle_node_insert_after (first, ledger->live.prev);
          if (((LifecycleEntry *) first)->type == LIFECYCLE_ENTRY_HANDLER_WATCH)
            {
              adopted = (AdoptedHandler *) lifecycle_link_from_other_end ((LifecycleEntry *) first);
              lifecycle_link_ref (&adopted->link);
            }
        }
      lifecycle_ledger_unlock (ledger);

      if (adopted == NULL)
        continue;

      if (!g_signal_handler_is_connected (adopted->instance, adopted->id))
        {
          lifecycle_link_cut_own_end (&adopted->link);
          lifecycle_link_cut_other_end (&adopted->link);
        }
      lifecycle_link_unref (&adopted->link);
    }
}

/**
 * lifecycle_scope_add_handler:
 * @self: a scope
 * @instance: what the handler is connected to; no reference is held
 * @handler_id: its id
 *
 * Hands over a handler that somebody else has connected, a language binding for example: the scope
 * disconnects it when it closes.
 *
 * When it closes, such a handler is blocked first, with all the others, and disconnected as soon
 * as user code may run again. On a closed scope it is disconnected at once.
 *
 * GLib tells nobody when the handler is disconnected by others. The scope takes no harm from that,
 * but it may count the handler for a while. @instance is expected to live and to die on the scope's
 * home thread. May be called on any thread by a holder of a reference on @instance.
 *
 * Returns: whether the scope owns it now; %FALSE if the scope is closed, or if there is no such
 *   handler
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_add_handler_at (const char     *place,
                                LifecycleScope *self,
                                GObject        *instance,
                                gulong          handler_id)
{
  LifecycleLedger *ledger;
  LifecycleLedger *tethers;
  AdoptedHandler *adopted;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  g_return_val_if_fail (G_IS_OBJECT (instance), FALSE);

  if (handler_id == 0 || !g_signal_handler_is_connected (instance, handler_id))
    return FALSE;

  ledger = lifecycle_scope_get_ledger (self);
  adopted = g_new0 (AdoptedHandler, 1);
  adopted->instance = instance;
  adopted->id = handler_id;

  tethers = lifecycle_object_watch_get_ledger (lifecycle_object_watch_get (instance));
  object_watch_sweep (tethers, 2);

  if (lifecycle_link_connect (&adopted->link,
                              ledger, LIFECYCLE_ENTRY_ADOPTED_HANDLER,
                              tethers, LIFECYCLE_ENTRY_HANDLER_WATCH,
                              place))
    {
      lifecycle_ledger_lock (ledger);
      if (lifecycle_ledger_is_blocked (ledger) &&
          (adopted->link.own_end.flags & LIFECYCLE_ENTRY_LINKED) != 0 &&
          (adopted->link.own_end.flags & LIFECYCLE_ENTRY_BLOCKED) == 0)
        {
          adopted_set_blocked (&adopted->link.own_end, TRUE);
          adopted->link.own_end.flags |= LIFECYCLE_ENTRY_BLOCKED;
        }
      lifecycle_ledger_unlock (ledger);
      lifecycle_link_unref (&adopted->link);
      return TRUE;
    }

  lifecycle_link_unref (&adopted->link);
  if (lifecycle_handler_is_connected (instance, handler_id, 0))
    g_signal_handler_disconnect (instance, handler_id);

  return FALSE;
}

/**
 * lifecycle_scope_steal_handler:
 * @self: a scope
 * @instance: what the handler is connected to
 * @handler_id: its id
 *
 * Forgets a handler, which stays connected. If the scope blocked it, it is unblocked.
 *
 * A destroy notify that was given to [method@Scope.connect_full] goes on belonging to the handler.
 * The cost grows with the number of entries that were added after it. To be called at home.
 *
 * Returns: whether the handler was an entry of this very scope
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_steal_handler (LifecycleScope *self,
                               GObject        *instance,
                               gulong          handler_id)
{
  LifecycleLedger *ledger;
  LifecycleEntry *found;
  AdoptedHandler *adopted = NULL;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  LIFECYCLE_DEBUG_HOME (self);
  g_return_val_if_fail (G_IS_OBJECT (instance), FALSE);

  ledger = lifecycle_scope_get_ledger (self);
  lifecycle_ledger_lock (ledger);

  found = lifecycle_ledger_find_handler (ledger, instance, handler_id);
  if (found != NULL)
    {
      lifecycle_handler_stolen (found);
    }
  else
    {
      LIFECYCLE_LIST_FOREACH_REVERSE (entry, &ledger->live)
        {
          if (entry->type == LIFECYCLE_ENTRY_ADOPTED_HANDLER &&
              adopted_from_near (entry)->id == handler_id &&
              adopted_from_near (entry)->instance == instance)
            {
              found = entry;
              adopted = adopted_from_near (entry);
              break;
            }
        }
    }

  if (found != NULL)
    {
      if ((found->flags & LIFECYCLE_ENTRY_BLOCKED) != 0)
        {
          lifecycle_entry_get_class (found)->set_blocked (found, FALSE);
          found->flags &= ~LIFECYCLE_ENTRY_BLOCKED;
        }
      lifecycle_ledger_remove (ledger, found);
    }

  lifecycle_ledger_unlock (ledger);

  if (adopted != NULL)
    {
      lifecycle_link_cut_other_end (&adopted->link);
      lifecycle_link_unref (&adopted->link);
    }

  return found != NULL;
}
