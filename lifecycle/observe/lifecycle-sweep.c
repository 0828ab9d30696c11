/* lifecycle-sweep.c: entries whose end nothing has told the scope of
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-link-private.h"
#include "lifecycle-statistics.h"
#include "lifecycle-walk-private.h"

/* The ledger is locked. The links of what has ended are added to `ended`. */
static void
sweep_collect (LifecycleLedger *ledger,
               GPtrArray       *ended)
{
  LifecycleTallyRow handlers;

  lifecycle_tally_get (&lifecycle_ledger_get_holdings (ledger)->tally, LIFECYCLE_KIND_HANDLER, &handlers);
  if (handlers.added == handlers.released + handlers.retired)
    return;

  LIFECYCLE_LIST_FOREACH_REVERSE (entry, &ledger->live)
    {
      const LifecycleEntryClass *class = lifecycle_entry_get_class (entry);

      if (class->has_ended != NULL && class->has_ended (entry))
        g_ptr_array_add (ended, lifecycle_link_ref (lifecycle_link_from_own_end (entry)));
    }
}

/* Called with no lock held. Returns how many entries have left because of this. */
static guint
sweep_retire (GPtrArray *ended)
{
  guint n_left = 0;

  for (guint i = 0; i < ended->len; i++)
    {
      LifecycleLink *link = g_ptr_array_index (ended, i);

      if (lifecycle_link_cut_own_end (link))
        n_left++;
      lifecycle_link_cut_other_end (link);
    }
  g_ptr_array_set_size (ended, 0);

  return n_left;
}

/**
 * lifecycle_scope_sweep_handlers:
 * @self: a scope
 * @recursive: whether to include everything that would end with the scope
 *
 * Drops the entries of handlers that were handed over with [method@Scope.add_handler], and that other
 * code has disconnected since.
 *
 * GLib does not report that, so the scope still counts such a handler, until it looks by itself or
 * closes. This does no harm: call this function only before you read counts or list records that have to be
 * exact. Entries of any other kind leave at the moment when they end.
 *
 * The modules for other languages call it where a program asks how many entries there are, because
 * some of them hand over each handler.
 *
 * The cost grows with the number of entries, by about as much as for [method@Scope.list_records]; it is
 * constant for a scope without handlers. No code of the user runs. On a closed scope this does
 * nothing. May be called on any thread.
 *
 * Returns: the number of entries that have left their scopes
 *
 * Since: 1.0
 */
guint
lifecycle_scope_sweep_handlers (LifecycleScope *self,
                                gboolean        recursive)
{
  g_autoptr (GPtrArray) ended = NULL;
  LifecycleLedger *ledger;
  LifecycleWalk walk;
  guint n_left = 0;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), 0);

  ended = g_ptr_array_new_with_free_func ((GDestroyNotify) lifecycle_link_unref);
  lifecycle_walk_init (&walk, self, recursive);
  while ((ledger = lifecycle_walk_next (&walk)) != NULL)
    {
      sweep_collect (ledger, ended);
      lifecycle_walk_go_on (&walk);
      n_left += sweep_retire (ended);
    }
  lifecycle_walk_clear (&walk);

  return n_left;
}
