/* lifecycle-clear-kind.c: clears the entries of one kind
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-call-private.h"
#include "lifecycle-home-private.h"
#include "lifecycle-mail-private.h"
#include "lifecycle-scope-private.h"

static void
clear_handed_over_cb (LifecycleScope *scope,
                      gpointer        kind)
{
  lifecycle_scope_clear_kind (scope, (LifecycleKind) GPOINTER_TO_UINT (kind), TRUE);
}

/* Lists all open scopes that would end with the root and are at home here, and enters the homes of
 * those with another context. Hands the others over to their homes.
 */
static void
clear_collect (LifecycleScopeList *list,
               LifecycleScope     *root,
               LifecycleKind       kind,
               gboolean            recursive)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  LifecycleScopeList all;

  lifecycle_scope_list_init (&all);
  lifecycle_scope_list_take (&all, g_object_ref (root));
  for (guint i = 0; i < all.n_items; i++)
    {
      LifecycleScope *scope = all.items[i];

      if (!g_hash_table_add (seen, scope) || !lifecycle_scope_is_open (scope))
        continue;

      if (scope->context != root->context && !lifecycle_scope_enter_home (scope))
        {
          lifecycle_scope_call_home (scope, G_PRIORITY_HIGH, "Lifecycle clear",
                                     clear_handed_over_cb, GUINT_TO_POINTER (kind), NULL);
          continue;
        }

      lifecycle_scope_list_take (list, g_object_ref (scope));
      if (recursive)
        {
          lifecycle_scope_list_children (&all, scope, NULL);
          lifecycle_scope_list_followers (&all, scope);
        }
    }
  lifecycle_scope_list_clear (&all);
}

/* Leaves the homes that clear_collect() has entered. */
static void
clear_end (LifecycleScopeList *list,
           LifecycleScope     *root)
{
  for (guint i = 0; i < list->n_items; i++)
    {
      if (list->items[i]->context != root->context)
        lifecycle_scope_leave_home (list->items[i]);
    }
  lifecycle_scope_list_clear (list);
}

/* Closes the children, and with them everything below. */
static guint
clear_children (LifecycleScope *scope)
{
  LifecycleScopeList children;
  guint n_released = 0;

  lifecycle_scope_list_init (&children);
  lifecycle_scope_list_children (&children, scope, NULL);
  for (guint i = 0; i < children.n_items; i++)
    {
      if (lifecycle_scope_is_open (children.items[i]))
        n_released += 1 + lifecycle_scope_close_with_reason (children.items[i],
                                                             LIFECYCLE_REASON_PARENT_CLOSED,
                                                             "cleared");
    }
  lifecycle_scope_list_clear (&children);

  return n_released;
}

/* User code may close the scope: then the close releases the rest. If the scope moves, the ledger
 * moves with it, and the release goes on. Older entries, which an outer clear() has yet to release,
 * are left to that.
 */
static guint
clear_release (LifecycleLedger *ledger,
               LifecycleKind    kind,
               gboolean         foreign)
{
  LifecycleList list = foreign ? LIFECYCLE_LIST_FOREIGN : LIFECYCLE_LIST_MUTED;
  LifecycleEntry *entry;
  guint n_released = 0;
  guint flags;

  while (g_atomic_int_get (&ledger->open) &&
         (foreign || lifecycle_ledger_ends_with (ledger, list, kind)) &&
         (entry = lifecycle_ledger_pop (ledger, list, &flags)) != NULL)
    {
      const LifecycleEntryClass *class = lifecycle_entry_get_class (entry);

      if (!class->silent)
        n_released++;
      class->release (ledger, entry, flags);
    }

  return n_released;
}

/* Called at home. As in a close, everything is muted first. */
static guint
clear_run (LifecycleScopeList *list,
           LifecycleKind       kind)
{
  g_autoptr (GPtrArray) ledgers = NULL;
  guint n_released = 0;

  ledgers = g_ptr_array_new_with_free_func ((GDestroyNotify) lifecycle_ledger_unref);
  for (guint i = list->n_items; i-- > 0;)
    {
      LifecycleLedger *ledger = lifecycle_scope_get_ledger (list->items[i]);

      g_ptr_array_add (ledgers, lifecycle_ledger_ref (ledger));
      n_released += lifecycle_ledger_mute_kind (ledger, kind);
    }

  for (guint i = 0; i < ledgers->len; i++)
    {
      LifecycleLedger *ledger = g_ptr_array_index (ledgers, i);

      if (kind == LIFECYCLE_KIND_HANDLER)
        lifecycle_holdings_drop_mail (lifecycle_ledger_get_holdings (ledger), FALSE);
      n_released += clear_release (ledger, kind, TRUE);
    }

  for (guint i = 0; i < ledgers->len; i++)
    {
      g_autoptr (LifecycleScope) scope = NULL;

      n_released += clear_release (g_ptr_array_index (ledgers, i), kind, FALSE);
      scope = lifecycle_ledger_dup_scope (g_ptr_array_index (ledgers, i));
      if (scope != NULL && lifecycle_scope_is_open (scope))
        lifecycle_scope_settle_error (scope);
    }

  return n_released;
}

/**
 * lifecycle_scope_clear_kind:
 * @self: a scope
 * @kind: the kind of entries to release
 * @recursive: whether to include all scopes that would end with this one
 *
 * Releases the entries of one kind, but keeps the other entries, and leaves the scope open.
 *
 * As in a close, all of them are muted before the first one is released, and they are released in
 * reverse order of addition; scopes come after those below them. Children close as
 * [enum@Reason.parent_closed] with the detail `cleared`; cleanups are called with
 * [enum@Reason.completed].
 *
 * If @recursive is %TRUE, the scopes below, and scopes that follow one of them, are cleared of this
 * kind as well. A scope with another home is handed over to it, and its entries are not counted.
 *
 * If user code that runs meanwhile closes or clears the scope, the remaining entries of the kind
 * are released after the others; if it moves the scope, the release goes on.
 *
 * On a scope that is closing or closed this does nothing. Must be called at home; elsewhere it logs
 * a critical, and does nothing.
 *
 * Returns: the number of entries that were released
 *
 * Since: 1.0
 */
guint
lifecycle_scope_clear_kind (LifecycleScope *self,
                            LifecycleKind   kind,
                            gboolean        recursive)
{
  LifecycleScopeList list;
  guint n_released = 0;
  gboolean at_home;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), 0);
  g_return_val_if_fail ((guint) kind < LIFECYCLE_N_KINDS, 0);
  LIFECYCLE_DEBUG_HOME (self);

  at_home = lifecycle_scope_enter_home (self);
  g_return_val_if_fail (at_home, 0);

  g_object_ref (self);
  if (!lifecycle_scope_is_open (self))
    {
      /* A close has released everything, or is about to. */
    }
  else if (kind == LIFECYCLE_KIND_SCOPE)
    {
      n_released = clear_children (self);
    }
  else
    {
      lifecycle_scope_list_init (&list);
      clear_collect (&list, self, kind, recursive);
      n_released = clear_run (&list, kind);
      clear_end (&list, self);
    }
  lifecycle_scope_leave_home (self);
  g_object_unref (self);

  return n_released;
}
