/* lifecycle-walk.c: a read-only walk through the tree of scopes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-link-private.h"
#include "lifecycle-roots-private.h"
#include "lifecycle-walk-private.h"

/* Observers must not change what happens, but a reference to a scope could. Its owner may drop what
 * it knows to be the last reference and expect the scope to be closed. If an observer on another
 * thread held one more, the scope would be closed later, on that thread, or through a main loop
 * that may never run. So a walk goes from ledger to ledger. A scope is only touched while its
 * ledger is locked, because it must take that lock to detach itself before it is finalized.
 *
 * A scope is read and its children are listed under one hold of the lock; when a scope closes, it
 * leaves its parent and adds its counts there under one hold of the lock, too. So everything is
 * counted exactly once.
 */

static void
step_clear (gpointer data)
{
  lifecycle_ledger_release_memory (((LifecycleStep *) data)->ledger);
}

/* Takes ownership of the hold on the ledger's memory. */
static void
walk_add (LifecycleWalk   *self,
          LifecycleLedger *ledger,
          gboolean         below)
{
  LifecycleStep step = { ledger, below ? self->n_done : self->steps->len };

  g_array_append_val (self->steps, step);
}

static void
walk_init_empty (LifecycleWalk *self,
                 gboolean       recursive)
{
  self->steps = g_array_new (FALSE, FALSE, sizeof (LifecycleStep));
  g_array_set_clear_func (self->steps, step_clear);
  self->n_done = 0;
  self->seen = NULL;
  self->recursive = recursive;
}

/* Starts a walk over a scope or, if `recursive`, over everything that would end with it. The caller
 * holds a reference to the scope.
 */
void
lifecycle_walk_init (LifecycleWalk  *self,
                     LifecycleScope *scope,
                     gboolean        recursive)
{
  LifecycleLedger *ledger = lifecycle_scope_lock_ledger (scope);

  walk_init_empty (self, recursive);
  if (recursive)
    self->seen = g_hash_table_new (NULL, NULL);
  walk_add (self, lifecycle_ledger_hold_memory (ledger), FALSE);
  lifecycle_ledger_unlock (ledger);
}

/* Starts a walk over all scopes in the process. Unless `past` is NULL, the counts of scopes that no
 * longer exist are stored in it.
 */
void
lifecycle_walk_init_all (LifecycleWalk       *self,
                         LifecycleStatistics *past)
{
  g_autoptr (GPtrArray) roots = lifecycle_roots_look_at_roots (past);

  walk_init_empty (self, TRUE);
  for (guint i = 0; i < roots->len; i++)
    walk_add (self, g_ptr_array_index (roots, i), FALSE);
}

/* Starts a walk over everything that would end with a scope. The caller does not know whether the scope
 * still exists; returns FALSE if it does not.
 */
gboolean
lifecycle_walk_init_at (LifecycleWalk *self,
                        gconstpointer  scope)
{
  LifecycleLedger *ledger, *found = NULL;
  LifecycleWalk walk;

  lifecycle_walk_init_all (&walk, NULL);
  while (found == NULL && (ledger = lifecycle_walk_next (&walk)) != NULL)
    {
      if (ledger->scope == scope)
        found = lifecycle_ledger_hold_memory (ledger);
      lifecycle_walk_go_on (&walk);
    }
  lifecycle_walk_clear (&walk);

  if (found == NULL)
    return FALSE;

  walk_init_empty (self, TRUE);
  self->seen = g_hash_table_new (NULL, NULL);
  walk_add (self, found, FALSE);

  return TRUE;
}

/* The ledger is locked, which also protects its scope. */
static void
walk_add_children (LifecycleWalk   *self,
                   LifecycleLedger *ledger)
{
  LifecycleChildIter iter;
  LifecycleScope *child;

  lifecycle_child_iter_init (&iter, ledger, NULL);
  while ((child = lifecycle_child_iter_next (&iter)) != NULL)
    walk_add (self, lifecycle_ledger_hold_memory (lifecycle_scope_get_ledger (child)), TRUE);
}

static void
walk_add_followers (LifecycleWalk     *self,
                    LifecycleHoldings *holdings)
{
  g_autoptr (GPtrArray) links = lifecycle_holdings_dup_followers (holdings);

  for (guint i = 0; links != NULL && i < links->len; i++)
    {
      LifecycleLedger *following = ((LifecycleLink *) g_ptr_array_index (links, i))->own_ledger;
      LifecycleLedger *ledger = NULL;

      lifecycle_ledger_lock (following);
      if (following->scope != NULL)
        ledger = lifecycle_ledger_hold_memory (lifecycle_scope_get_ledger (following->scope));
      lifecycle_ledger_unlock (following);

      if (ledger != NULL)
        walk_add (self, ledger, FALSE);
    }
}

/* Returns the next ledger, locked until lifecycle_walk_go_on() is called, or NULL at the end.
 * `n_done` is the index of the step. The scope of the ledger may be gone by now, but its counts
 * remain.
 */
LifecycleLedger *
lifecycle_walk_next (LifecycleWalk *self)
{
  for (; self->n_done < self->steps->len; self->n_done++)
    {
      LifecycleLedger *ledger = g_array_index (self->steps, LifecycleStep, self->n_done).ledger;

      if (self->seen != NULL && !g_hash_table_add (self->seen, ledger))
        continue;

      lifecycle_ledger_lock (ledger);
      if (self->recursive)
        walk_add_children (self, ledger);
      return ledger;
    }

  return NULL;
}

void
lifecycle_walk_go_on (LifecycleWalk *self)
{
  LifecycleLedger *ledger = g_array_index (self->steps, LifecycleStep, self->n_done).ledger;

  lifecycle_ledger_unlock (ledger);
  if (self->seen != NULL)
    walk_add_followers (self, lifecycle_ledger_get_holdings (ledger));
  self->n_done++;
}

void
lifecycle_walk_clear (LifecycleWalk *self)
{
  g_clear_pointer (&self->steps, g_array_unref);
  g_clear_pointer (&self->seen, g_hash_table_unref);
}
