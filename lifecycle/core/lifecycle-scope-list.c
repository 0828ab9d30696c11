/* lifecycle-scope-list.c: lists of scopes, for walking the tree
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

/* Drops the last scope. */
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

/* Appends the children of a scope to the list, except for those added after a fence. Returns
 * whether the scope owns anything at all.
 */
gboolean
lifecycle_scope_list_children (LifecycleScopeList *list,
                               LifecycleScope     *parent,
                               LifecycleEntry     *fence)
{
  LifecycleLedger *ledger = lifecycle_scope_get_ledger (parent);
  LifecycleChildIter iter;
  LifecycleScope *child;
  gboolean owns;

  lifecycle_ledger_lock (ledger);
  lifecycle_child_iter_init (&iter, ledger, fence);
  while ((child = lifecycle_child_iter_next (&iter)) != NULL)
    lifecycle_scope_list_take (list, g_object_ref (child));
  owns = ledger->n_entries > 0;
  lifecycle_ledger_unlock (ledger);

  return owns;
}
