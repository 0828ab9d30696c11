/* lifecycle-roots.c: every live scope, for those who look
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-roots-private.h"

/* Those that have no parent are in a list. The others are found from there, so that to be born and to
 * close, as an entry of another, needs no lock that all share. When a scope has closed, what it has
 * counted is added to the counts of its parent, or, if there is none, to those here.
 *
 * Whoever wants to count everything once reads a scope's children and what the closed ones have left
 * in one go, before the children themselves: a scope leaves its parent and its counts there in one
 * go, too.
 */
static struct
{
  GMutex              lock;     /* taken alone */
  LifecycleNode       roots;
  LifecycleNode       mark;     /* one of the roots' nodes, but no scope; NULL when it is not set */
  LifecycleStatistics past;
} registry = {
  .roots = { &registry.roots, &registry.roots },
};

static inline LifecycleScope *
scope_from_root_node (LifecycleNode *node)
{
  return LIFECYCLE_ENTRY_CONTAINER (node, LifecycleScope, as_root);
}

void
lifecycle_roots_add (LifecycleScope *scope)
{
  g_mutex_lock (&registry.lock);
  if (!lifecycle_roots_has (scope))
    {
      lifecycle_node_insert_after (&scope->as_root, registry.roots.prev);
      g_atomic_int_or (&scope->marks, LIFECYCLE_SCOPE_REGISTERED);
    }
  g_mutex_unlock (&registry.lock);

  /* It may be on its way from a parent to here, and come to its end meanwhile, at its home. */
  if (lifecycle_scope_is_closed (scope))
    lifecycle_roots_remove (scope);
}

static void
registry_unlink (LifecycleScope *scope)
{
  if (lifecycle_roots_has (scope))
    {
      lifecycle_node_remove (&scope->as_root);
      g_atomic_int_and (&scope->marks, ~(guint) LIFECYCLE_SCOPE_REGISTERED);
    }
}

void
lifecycle_roots_remove (LifecycleScope *scope)
{
  g_mutex_lock (&registry.lock);
  registry_unlink (scope);
  g_mutex_unlock (&registry.lock);
}

/* The scope has closed and has no parent. Its tally does not change any more. */
void
lifecycle_roots_take_counts (LifecycleScope *scope,
                             LifecycleTally *tally,
                             guint           n_late,
                             guint           n_failed,
                             guint64         closing_time)
{
  g_mutex_lock (&registry.lock);
  registry_unlink (scope);
  lifecycle_closings_note (&registry.past.closings, scope->reason, closing_time);
  lifecycle_tally_sum_up (tally, TRUE, &registry.past);
  registry.past.n_late += n_late;
  registry.past.n_failed += n_failed;
  g_mutex_unlock (&registry.lock);
}

/* Something was added to a scope, or failed, after that. */
void
lifecycle_roots_note (guint n_late,
                      guint n_failed)
{
  g_mutex_lock (&registry.lock);
  registry.past.n_late += n_late;
  registry.past.n_failed += n_failed;
  g_mutex_unlock (&registry.lock);
}

/* Puts all that have no parent at the end of the list, the oldest first. Whoever only looks takes the
 * next one.
 */
void
lifecycle_roots_list_roots (LifecycleScopeList *list)
{
  g_mutex_lock (&registry.lock);
  /* What is in here has not been finalized: a scope takes itself out when it has closed, and it
   * closes before that. A reference taken now keeps it from being.
   */
  for (LifecycleNode *node = registry.roots.next; node != &registry.roots; node = node->next)
    {
      if (node != &registry.mark)
        lifecycle_scope_list_take (list, g_object_ref (scope_from_root_node (node)));
    }
  g_mutex_unlock (&registry.lock);
}

/* The ledgers of all that have no parent, each looked at, the oldest first, and in the same go what
 * those had counted that are no more, unless `past` is NULL.
 */
GPtrArray *
lifecycle_roots_look_at_roots (LifecycleStatistics *past)
{
  GPtrArray *ledgers = g_ptr_array_new ();

  g_mutex_lock (&registry.lock);
  for (LifecycleNode *node = registry.roots.next; node != &registry.roots; node = node->next)
    {
      if (node != &registry.mark)
        g_ptr_array_add (ledgers,
                         lifecycle_ledger_hold_memory (
                           lifecycle_scope_get_ledger (scope_from_root_node (node))));
    }
  if (past != NULL)
    *past = registry.past;
  g_mutex_unlock (&registry.lock);

  return ledgers;
}

/* Sets a mark behind all that are there, for lifecycle_roots_list_open(). */
void
lifecycle_roots_set_mark (void)
{
  g_mutex_lock (&registry.lock);
  if (registry.mark.next != NULL)
    lifecycle_node_remove (&registry.mark);
  lifecycle_node_insert_after (&registry.mark, registry.roots.prev);
  g_mutex_unlock (&registry.lock);
}

/* How many have no parent, have not closed, and are not meant to stay open for ever, of all, or of
 * those that have come since the mark was set. They are put at the end of the list, unless that is
 * NULL.
 */
guint
lifecycle_roots_list_open (LifecycleScopeList *list,
                           gboolean            new_only)
{
  LifecycleNode *node;
  guint n_open = 0;

  g_mutex_lock (&registry.lock);
  node = new_only ? registry.mark.next : registry.roots.next;
  for (; node != NULL && node != &registry.roots; node = node->next)
    {
      LifecycleScope *scope = scope_from_root_node (node);

      if (node == &registry.mark ||
          lifecycle_scope_is_closed (scope) ||
          lifecycle_scope_has_mark (scope, LIFECYCLE_SCOPE_PERMANENT))
        continue;

      n_open++;
      if (list != NULL)
        lifecycle_scope_list_take (list, g_object_ref (scope));
    }
  g_mutex_unlock (&registry.lock);

  return n_open;
}

/* No other thread may be in here while the process forks: the lock would stay locked in the child. */
void
lifecycle_roots_before_fork (void)
{
  g_mutex_lock (&registry.lock);
}

void
lifecycle_roots_after_fork (void)
{
  g_mutex_unlock (&registry.lock);
}
