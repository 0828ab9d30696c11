/* lifecycle-teardown-begin.c: how a teardown collects its scopes, and announces it to them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-children-private.h"
#include "lifecycle-close-wait-private.h"
#include "lifecycle-home-private.h"
#include "lifecycle-link-private.h"
#include "lifecycle-roots-private.h"
#include "lifecycle-teardown-begin-private.h"
#include "lifecycle-teardown-private.h"

/* Sets aside a scope of another context, which has just been marked, perhaps by other code. Takes
 * over the reference.
 */
static void
teardown_set_apart (LifecycleTeardown *self,
                    LifecycleScope    *scope,
                    LifecycleReason    reason,
                    gboolean           marked)
{
  /* Do this before the other home can start the teardown: the scope leaves because of its parent,
   * not because it has closed on its own.
   */
  if (reason == LIFECYCLE_REASON_PARENT_CLOSED)
    {
      lifecycle_scope_set_apart (scope);
      lifecycle_roots_add (scope);
      lifecycle_scope_leave (scope);
    }
  if (marked)
    lifecycle_teardown_mark_below (scope);

  /* A thread that runs the other context need not wait for us. If no thread runs it now, one may do
   * so later, so do not keep it.
   */
  if (lifecycle_scope_enter_home (scope))
    lifecycle_scope_leave_home (scope);
  else if (!lifecycle_scope_has_closed (scope))
    lifecycle_teardown_hand_over (scope);

  /* Do not drop the reference yet: if it is the last one, that would run user code too early. */
  if (self->apart == NULL)
    self->apart = g_ptr_array_new ();
  g_ptr_array_add (self->apart, scope);
}

/* Returns the next scope that was set aside and must be taken down by this thread, with its home
 * entered, or NULL. The caller receives the reference.
 */
LifecycleScope *
lifecycle_teardown_next_apart (LifecycleTeardown *self)
{
  while (self->apart != NULL && self->next_apart < self->apart->len)
    {
      LifecycleScope *scope = g_ptr_array_index (self->apart, self->next_apart);
      guint n_released;

      if (!lifecycle_scope_enter_home (scope))
        {
          if (!lifecycle_scope_has_closed (scope))
            lifecycle_teardown_hand_over (scope);
        }
      else if (lifecycle_close_wait_cut_short (scope, &n_released) ||
               scope->in_teardown || lifecycle_scope_has_closed (scope))
        {
          lifecycle_scope_leave_home (scope);
        }
      else
        {
          self->next_apart++;
          return scope;
        }

      self->next_apart++;
      g_object_unref (scope);
    }

  return NULL;
}

/* Admits the scopes that have been appended to the list, from `first` on. */
static void
teardown_admit (LifecycleTeardown *self,
                guint              first,
                LifecycleReason    reason,
                const char        *detail)
{
  LifecycleScopeList *list = self->list;
  LifecycleScope *root = list->items[0];
  guint kept = first;

  for (guint i = first; i < list->n_items; i++)
    {
      LifecycleScope *scope = list->items[i];
      gboolean marked = lifecycle_scope_mark (scope, reason, detail);

      if (scope->context != root->context)
        {
          teardown_set_apart (self, scope, reason, marked);
        }
      else if (scope->visited == root->visited)
        {
          scope->taken_along |= reason == LIFECYCLE_REASON_PARENT_CLOSED;
          g_object_unref (scope);
        }
      else
        {
          scope->taken_along |= reason == LIFECYCLE_REASON_PARENT_CLOSED;
          scope->home_gone |= root->home_gone;
          if (!scope->in_teardown)
            scope->n_released = 0;
          scope->visited = root->visited;
          scope->in_teardown = TRUE;
          list->items[kept++] = scope;
        }
    }

  list->n_items = kept;
}

static void
teardown_list_followers (LifecycleScopeList *list,
                         LifecycleScope     *root,
                         LifecycleScope     *scope)
{
  g_autoptr (GPtrArray) links = lifecycle_holdings_dup_followers (lifecycle_scope_get_holdings (scope));

  for (guint i = 0; links != NULL && i < links->len; i++)
    {
      LifecycleLink *link = g_ptr_array_index (links, i);
      LifecycleScope *follower = lifecycle_ledger_dup_scope (link->own_ledger);

      /* The release visits the remaining links again, and handles scopes of this context only. */
      if (follower == NULL || follower->context != root->context)
        lifecycle_link_cut_other_end (link);
      if (follower != NULL)
        lifecycle_scope_list_take (list, follower);
    }
}

/* Returns a new serial number, unique among all collections and releases of the process. */
guint64
lifecycle_teardown_next_serial (void)
{
#if GLIB_SIZEOF_VOID_P >= 8
  static gsize last;

  return (guint64) g_atomic_pointer_add (&last, 1) + 1;
#else
  /* A program that closes 50,000 scopes a second would use up 32 bits in a day. */
  static GMutex lock;
  static guint64 last;
  guint64 serial;

  g_mutex_lock (&lock);
  serial = ++last;
  g_mutex_unlock (&lock);

  return serial;
#endif
}

/* Reads the clock only if the duration may be needed: with nothing to release, that costs a quarter
 * as much as the rest of the teardown.
 */
static void
teardown_collect (LifecycleTeardown *self,
                  LifecycleScope    *root)
{
  LifecycleScopeList *list = self->list;
  LifecycleEntry *fence = self->fence;

  self->began = 0;
  root->visited = lifecycle_teardown_next_serial ();
  if (fence == NULL && !root->in_teardown)
    {
      /* Do not count what an earlier clear() has released. */
      root->n_released = 0;
      root->in_teardown = TRUE;
    }
  lifecycle_scope_list_take (list, g_object_ref (root));

  for (guint i = 0; i < list->n_items; i++)
    {
      LifecycleScope *scope = list->items[i];
      gboolean stays = fence != NULL && scope == root;
      guint first = list->n_items;

      if ((lifecycle_scope_list_children (list, scope, stays ? fence : NULL) ||
           lifecycle_is_watched (LIFECYCLE_WATCH_SCOPES)) &&
          self->began == 0)
        self->began = g_get_monotonic_time ();
      teardown_admit (self, first, LIFECYCLE_REASON_PARENT_CLOSED, stays ? "cleared" : NULL);

      if (!stays)
        {
          first = list->n_items;
          teardown_list_followers (list, root, scope);
          teardown_admit (self, first, LIFECYCLE_REASON_OWNER_GONE, scope->key.name);
        }
    }
}

/* Announces a scope, after the scopes above it that are being taken down as well: a follower may be
 * in the list before its parent.
 */
static void
teardown_announce_scope (LifecycleScope *root,
                         LifecycleScope *scope)
{
  LifecycleScopeList chain;

  lifecycle_scope_list_init (&chain);
  lifecycle_scope_list_take (&chain, g_object_ref (scope));
  while (scope != NULL)
    {
      LifecycleScope *above = scope != root ? lifecycle_scope_dup_owner (scope) : NULL;

      scope = NULL;
      if (above != NULL &&
          above->context == root->context &&
          above->visited == root->visited &&
          above->in_teardown &&
          !above->announced)
        lifecycle_scope_list_take (&chain, scope = above);
      else
        g_clear_object (&above);
    }

  while (chain.n_items > 0)
    {
      scope = chain.items[chain.n_items - 1];
      if (!scope->announced)
        {
          scope->announced = TRUE;
          lifecycle_scope_emit_closing (scope);
        }
      lifecycle_scope_list_drop (&chain);
    }
  lifecycle_scope_list_clear (&chain);
}

static void
teardown_announce (LifecycleScopeList *list,
                   LifecycleEntry     *fence)
{
  LifecycleScope *root = list->items[0];

  if (fence == NULL && !root->announced)
    {
      root->announced = TRUE;
      lifecycle_scope_emit_closing (root);
    }
  for (guint i = 1; i < list->n_items; i++)
    {
      if (!list->items[i]->announced)
        teardown_announce_scope (root, list->items[i]);
    }
}

/* Called at the home of the root. Unless it `waits`, the release follows. */
void
lifecycle_teardown_begin (LifecycleTeardown *self,
                          LifecycleScope    *root,
                          gboolean           waits)
{
  lifecycle_scope_list_init (self->list);
  teardown_collect (self, root);
  if (self->fence != NULL && !lifecycle_scope_is_open (root) && !root->in_teardown)
    {
      /* The root follows, perhaps indirectly, a scope that is being closed: close it, too. */
      lifecycle_ledger_lift_fence (lifecycle_scope_get_ledger (root), self->fence);
      self->fence = NULL;
      lifecycle_scope_list_clear (self->list);
      lifecycle_scope_list_init (self->list);
      teardown_collect (self, root);
    }

  for (guint i = self->fence != NULL ? 1 : 0; !waits && i < self->list->n_items; i++)
    self->list->items[i]->releasing = TRUE;

  self->n_before = root->n_released;
  teardown_announce (self->list, self->fence);
}
