/* lifecycle-walk.c: a walk through the tree for those who only look
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-link-private.h"
#include "lifecycle-roots-private.h"
#include "lifecycle-walk-private.h"

/* Whoever looks must not change what happens. A reference on a scope could: its owner drops the last
 * one, expects the scope to be closed, and it is not, because somebody on another thread is just
 * counting it, and will close it there, or have it closed by a main loop that may never run. So a
 * walk goes from ledger to ledger. A scope is only touched while its ledger is locked, because at its
 * end it has to take itself out of there.
 *
 * The children of a scope are listed in the same go in which the scope is looked at, and when a scope
 * closes, it leaves its parent and its counts there in one go: so everything is counted once.
 */

static void
step_clear (gpointer data)
{
  lifecycle_ledger_release_memory (((LifecycleStep *) data)->ledger);
}

/* Takes the ledger. */
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

/* A scope, or all that would end with it. The caller has a reference on it. */
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

/* All scopes of the process. `past` may be NULL: what those had counted that are no more. */
void
lifecycle_walk_init_all (LifecycleWalk       *self,
                         LifecycleStatistics *past)
{
  g_autoptr (GPtrArray) roots = lifecycle_roots_look_at_roots (past);

  walk_init_empty (self, TRUE);
  for (guint i = 0; i < roots->len; i++)
    walk_add (self, g_ptr_array_index (roots, i), FALSE);
}

/* The ledger is locked, and so is the scope there. */
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

/* The next ledger, which is locked until lifecycle_walk_go_on(); NULL at the end. The number of the
 * step is `n_done`. Its scope may be gone by now, but not what it had counted.
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
