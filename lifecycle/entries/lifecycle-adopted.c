/* lifecycle-adopted.c: signal handlers that were connected elsewhere
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-object-watch-private.h"
#include "lifecycle-home-private.h"
#include "lifecycle-facts-private.h"
#include "lifecycle-link-private.h"
#include "lifecycle-scope-private.h"
#include "lifecycle-handler-private.h"

#include <string.h>

/* GLib does not report the end of a handler that the library did not connect, except through the
 * end of its instance. The link's own end is an entry of the scope; its other end is in the ledger
 * of the instance's object watch.
 */
typedef struct
{
  LifecycleLink    link;
  GObject         *instance;    /* valid while the other end is linked */
  gulong           id;
  gboolean         stolen;      /* guarded by the lock of the scope's ledger */
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

/* Disconnecting the handler drops a closure that the library did not create, which may run user
 * code. In the muted phase the handler is only blocked.
 */
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

  /* While the entry is in the locked list, the instance either has not reported its dispose or is
   * waiting for the lock to do so, so a reference can still be taken. The instance may be in its
   * dispose already, so hold the lock only briefly.
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

/* The ledger is locked and the entry is linked, so the instance is valid: its dispose would have to
 * wait for the lock.
 */
static gboolean
adopted_has_ended (LifecycleEntry *entry)
{
  AdoptedHandler *self = adopted_from_near (entry);

  return !g_signal_handler_is_connected (self->instance, self->id);
}

/* Likewise. */
static void
adopted_describe (LifecycleEntry *entry,
                  LifecycleFacts *facts)
{
  AdoptedHandler *self = adopted_from_near (entry);

  lifecycle_facts_set_object (facts, self->instance);
  facts->id = self->id;
  facts->valid = !adopted_has_ended (entry);
}

const LifecycleEntryClass lifecycle_adopted_handler_class = {
  .foreign = TRUE,
  .mute = adopted_mute,
  .claim = adopted_claim,
  .release = adopted_release,
  .set_blocked = adopted_set_blocked,
  .has_ended = adopted_has_ended,
  .describe = adopted_describe,
};

/* Called on any thread when the instance is disposed. */
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

/* With fewer entries than this, those that are dead are not worth a search. */
#define SWEEP_FROM 8

/* So many are checked for each new handler: one more than are added, so the dead ones stay fewer than
 * the live ones.
 */
#define SWEEP_N 2

/* Unlocks the ledger of an object's watch. Checks some of the handlers that were adopted on the
 * object, and drops the entries of those that have been disconnected.
 */
static void
object_watch_unlock_and_sweep (LifecycleLedger *ledger)
{
  AdoptedHandler *found[SWEEP_N];
  guint n_found = 0;

  for (guint i = 0; i < SWEEP_N && ledger->n_entries >= SWEEP_FROM; i++)
    {
      LifecycleNode *first = ledger->live.next;

      lifecycle_node_remove (first);
      lifecycle_node_insert_after (first, ledger->live.prev);
      if (((LifecycleEntry *) first)->type == LIFECYCLE_ENTRY_HANDLER_WATCH)
        {
          LifecycleLink *link = lifecycle_link_from_other_end ((LifecycleEntry *) first);

          found[n_found++] = (AdoptedHandler *) lifecycle_link_ref (link);
        }
    }
  lifecycle_ledger_unlock (ledger);

  for (guint i = 0; i < n_found; i++)
    {
      LifecycleLink *link = &found[i]->link;

      if (!g_signal_handler_is_connected (found[i]->instance, found[i]->id))
        {
          lifecycle_link_cut_own_end (link);
          lifecycle_link_cut_other_end (link);
        }
      lifecycle_link_unref (link);
    }
}

/**
 * lifecycle_scope_add_handler:
 * @self: a scope
 * @instance: the object that the handler is connected to; no reference is held
 * @handler_id: the id of the handler
 *
 * Hands over a handler that was connected elsewhere, for example by a language binding: the scope
 * disconnects it when it closes.
 *
 * When the scope closes, such a handler is blocked first, together with all others, and
 * disconnected as soon as user code may run again. On a closed scope it is disconnected at once.
 *
 * GLib does not report when other code disconnects the handler. That does no harm, but the scope
 * may count the handler for a while longer; [method@Scope.sweep_handlers] looks at once. @instance is
 * expected to live and to die on the scope's home thread. May be called on any thread by a caller that
 * holds a reference on @instance.
 *
 * Returns: whether the scope owns the handler now; %FALSE if the scope is closed, or if there is no
 *   such handler
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
  LifecycleLedger *watches;
  AdoptedHandler *adopted;
  gboolean stolen;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  g_return_val_if_fail (G_IS_OBJECT (instance), FALSE);

  if (handler_id == 0 || !g_signal_handler_is_connected (instance, handler_id))
    return FALSE;

  ledger = lifecycle_scope_get_ledger (self);
  /* glibc has a fast path for malloc(), but not for calloc(), which g_new0() calls. */
  adopted = g_new (AdoptedHandler, 1);
  memset (adopted, 0, sizeof *adopted);
  adopted->instance = instance;
  adopted->id = handler_id;

  watches = lifecycle_object_watch_get_ledger (lifecycle_object_watch_get_locked (instance));
  object_watch_unlock_and_sweep (watches);

  if (lifecycle_link_connect (&adopted->link,
                              ledger, LIFECYCLE_ENTRY_ADOPTED_HANDLER,
                              watches, LIFECYCLE_ENTRY_HANDLER_WATCH,
                              place))
    {
      /* A handler of LifecycleScope::limit-reached may have ended it in between. Its instance may even
       * have been disposed before it was watched, and then nothing tells the scope.
       */
      if (!g_signal_handler_is_connected (instance, handler_id))
        {
          lifecycle_link_cut_own_end (&adopted->link);
          lifecycle_link_cut_other_end (&adopted->link);
          lifecycle_link_unref (&adopted->link);
          return FALSE;
        }

      lifecycle_link_unref (&adopted->link);
      return TRUE;
    }

  /* A handler of LifecycleScope::limit-reached may have stolen it. */
  lifecycle_ledger_lock (ledger);
  stolen = adopted->stolen;
  lifecycle_ledger_unlock (ledger);
  lifecycle_link_unref (&adopted->link);
  if (!stolen && lifecycle_handler_is_connected (instance, handler_id, 0))
    g_signal_handler_disconnect (instance, handler_id);

  return FALSE;
}

/**
 * lifecycle_scope_add_handler_from:
 * @self: a scope
 * @instance: the object that the handler is connected to; no reference is held
 * @handler_id: the id of the handler
 * @place: the number of the place in the source code of the caller, from [func@intern_place]; or 0
 *
 * Does what [method@Scope.add_handler] does, and records the place of a caller in another language.
 *
 * This is for modules that make the library available to another language, where a handler that is
 * connected should cost one call into the library and not two.
 *
 * Returns: whether the scope owns the handler now; %FALSE if the scope is closed, or if there is no
 *   such handler
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_add_handler_from (LifecycleScope *self,
                                  GObject        *instance,
                                  gulong          handler_id,
                                  guint           place)
{
  return lifecycle_scope_add_handler_at (g_quark_to_string (place), self, instance, handler_id);
}

/**
 * lifecycle_scope_steal_handler:
 * @self: a scope
 * @instance: the object that the handler is connected to
 * @handler_id: the id of the handler
 *
 * Removes a handler from the scope without disconnecting it. If the scope has blocked the handler,
 * it is unblocked.
 *
 * A destroy notify that was passed to [method@Scope.connect_full] still belongs to the handler. The
 * cost grows with the number of entries that were added after the handler. A closed scope has no
 * handlers, so there this returns %FALSE. Must be called at home.
 *
 * Returns: whether the handler was an entry of this scope
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
              adopted->stolen = TRUE;
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
