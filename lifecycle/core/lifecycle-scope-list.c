/* lifecycle-scope-list.c: lists of scopes, for those who walk the tree
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-scope-private.h"

void
lifecycle_scope_list_init (LifecycleScopeList *list)
{
  list->items = list->few;
  list->n_items = 0;
  list->n_allocated = G_N_ELEMENTS (list->few);
}

void
lifecycle_scope_list_take (LifecycleScopeList *list,
                           LifecycleScope     *scope)
{
  if (list->n_items == list->n_allocated)
    {
      list->n_allocated *= 2;
      if (list->items == list->few)
        list->items = g_memdup2 (list->few, sizeof list->few);
      list->items = g_renew (LifecycleScope *, list->items, list->n_allocated);
    }

  list->items[list->n_items++] = scope;
}

/* Drops the last. */
void
lifecycle_scope_list_drop (LifecycleScopeList *list)
{
  g_object_unref (list->items[--list->n_items]);
}

void
lifecycle_scope_list_clear (LifecycleScopeList *list)
{
  while (list->n_items > 0)
    lifecycle_scope_list_drop (list);
  if (list->items != list->few)
    g_free (list->items);
}

/* Puts the children of a scope at the end of the list, those behind a fence left out. Says whether
 * the scope owns anything at all.
 */
gboolean
lifecycle_scope_list_children (LifecycleScopeList *list,
                               LifecycleScope     *parent,
                               LifecycleEntry     *fence)
{
  LifecycleLedger *ledger = lifecycle_scope_get_ledger (parent);
  LifecycleNode *lists[] = { &ledger->live, &ledger->muted };
  LifecycleNode *ends[] = { &ledger->live, &ledger->muted };
  gboolean owns;
  guint n_left;

  lifecycle_ledger_lock (ledger);

  /* A fence that is alone has nothing before it. */
  if (fence != NULL)
    ends[0] = lifecycle_node_is_alone (&fence->node) ? ledger->live.next : &fence->node;

  n_left = lifecycle_ledger_get_children (ledger)->n;
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      for (LifecycleNode *node = ends[i]->prev; n_left > 0 && node != lists[i]; node = node->prev)
        {
          LifecycleEntry *entry = (LifecycleEntry *) node;

          if (entry->type == LIFECYCLE_ENTRY_SCOPE)
            {
              n_left--;
              lifecycle_scope_list_take (list, g_object_ref (lifecycle_scope_from_child_entry (entry)));
            }
        }
    }

  owns = ledger->n_entries > 0;
  lifecycle_ledger_unlock (ledger);

  return owns;
}
