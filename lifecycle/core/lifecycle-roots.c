/* lifecycle-roots.c: the list of scopes without a parent
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-roots-private.h"

/* Scopes without a parent are in a list, through which observers find all others. This way, no
 * global lock is needed to create or close a child. When a scope has closed, its counts are added
 * to those of its parent, or, if it has none, to those here.
 *
 * To count everything exactly once, observers read the children of a scope and the counts of its
 * closed children under one lock, and only then the children themselves: a closed child leaves its
 * parent and adds its counts under that lock, too.
 */
static struct
{
  GMutex              lock;     /* taken alone */
  LifecycleNode       roots;
  LifecycleNode       mark;     /* in the list of roots, but no scope; NULL pointers if not set */
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

  /* A scope that leaves its parent may have closed at its home before it was added here. */
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

/* Called when a scope without a parent has closed. Its tally no longer changes. */
void
lifecycle_roots_take_counts (LifecycleScope         *scope,
                             LifecycleTally         *tally,
                             const LifecycleMishaps *mishaps,
                             guint64                 closing_time)
{
  g_mutex_lock (&registry.lock);
  registry_unlink (scope);
  lifecycle_closings_note (&registry.past.closings, scope->reason, closing_time);
  lifecycle_tally_sum_up (tally, TRUE, &registry.past);
  lifecycle_mishaps_add (&registry.past.mishaps, mishaps);
  g_mutex_unlock (&registry.lock);
}

/* Called for what happens after lifecycle_roots_take_counts(). */
void
lifecycle_roots_note (const LifecycleMishaps *mishaps)
{
  g_mutex_lock (&registry.lock);
  lifecycle_mishaps_add (&registry.past.mishaps, mishaps);
  g_mutex_unlock (&registry.lock);
}

/* Appends references on all scopes without a parent to the list, the oldest first. Observers that
 * only read use lifecycle_roots_look_at_roots() instead.
 */
void
lifecycle_roots_list_roots (LifecycleScopeList *list)
{
  g_mutex_lock (&registry.lock);
  /* A scope removes itself when it has closed, which is before it is finalized. So no scope in the
   * list has been finalized, and a reference taken now keeps it alive.
   */
  for (LifecycleNode *node = registry.roots.next; node != &registry.roots; node = node->next)
    {
      if (node != &registry.mark)
        lifecycle_scope_list_take (list, g_object_ref (scope_from_root_node (node)));
    }
  g_mutex_unlock (&registry.lock);
}

/* Returns the ledgers of all scopes without a parent, the oldest first, with their memory held.
 * Under the same lock, copies the counts of those that have closed to `past`, unless that is NULL.
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

/* Sets a mark after all current roots, for lifecycle_roots_list_open(). */
void
lifecycle_roots_set_mark (void)
{
  g_mutex_lock (&registry.lock);
  if (registry.mark.next != NULL)
    lifecycle_node_remove (&registry.mark);
  lifecycle_node_insert_after (&registry.mark, registry.roots.prev);
  g_mutex_unlock (&registry.lock);
}

/* Counts the scopes without a parent that are neither closed nor permanent, or only those of them
 * that have been added since the mark was set. Appends them to the list, unless that is NULL.
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

/* No other thread may hold the lock while the process forks: it would stay locked in the child. */
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
