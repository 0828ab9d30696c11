/* lifecycle-hand-over.c: closing a scope on any thread, and handing it over to its home
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-close-wait-private.h"
#include "lifecycle-home-call-private.h"
#include "lifecycle-home-private.h"
#include "lifecycle-scope-private.h"
#include "lifecycle-teardown-private.h"

/* Away from home, a close marks the scope and everything that ends with it, so that nothing can be
 * added any more, and schedules a call at home that does the rest. If the home thread ends without
 * running the context again, it makes that call as it ends.
 *
 * That call does not keep the scope alive: if another thread runs the context, but stops before the
 * call is made, it would do so forever, and the scope keeps the context. When the last reference is
 * dropped, the scope is taken down at once if its thread has ended and no thread runs its context;
 * otherwise another call keeps it alive until it has been taken down.
 */

/* Marks the scopes that have been appended to the list, from `first` on. Keeps only those that were
 * open: code that marks a scope also marks everything below it.
 */
static void
mark_listed (LifecycleScopeList *list,
             guint               first,
             LifecycleReason     reason,
             const char         *detail)
{
  guint kept = first;

  for (guint i = first; i < list->n_items; i++)
    {
      if (lifecycle_scope_mark (list->items[i], reason, detail))
        list->items[kept++] = list->items[i];
      else
        g_object_unref (list->items[i]);
    }

  list->n_items = kept;
}

/* Called on any thread. Marks everything that ends with a scope, which the caller has marked.
 * Scopes of other contexts are handed over when their parent, or what they follow, is taken down.
 */
void
lifecycle_teardown_mark_below (LifecycleScope *scope)
{
  LifecycleScopeList list;

  lifecycle_scope_list_init (&list);
  lifecycle_scope_list_take (&list, g_object_ref (scope));
  for (guint i = 0; i < list.n_items; i++)
    {
      LifecycleScope *above = list.items[i];
      guint first = list.n_items;

      lifecycle_scope_list_children (&list, above, NULL);
      mark_listed (&list, first, LIFECYCLE_REASON_PARENT_CLOSED, NULL);

      first = list.n_items;
      lifecycle_scope_list_followers (&list, above);
      mark_listed (&list, first, LIFECYCLE_REASON_OWNER_GONE, above->key.name);
    }
  lifecycle_scope_list_clear (&list);
}

static void
handed_over_cb (LifecycleScope *scope,
                gpointer        data)
{
  lifecycle_teardown_close (scope, LIFECYCLE_REASON_DROPPED, NULL);
}

/* Schedules the teardown of a scope, which has been marked, in its home context. */
void
lifecycle_teardown_hand_over (LifecycleScope *scope)
{
  lifecycle_scope_call_home (scope, G_PRIORITY_HIGH, "Lifecycle teardown",
                             handed_over_cb, NULL, NULL);
}

/* The same for a scope that nobody else keeps alive. */
static void
hand_over_kept (LifecycleScope *scope)
{
  lifecycle_scope_press_home (scope, "Lifecycle teardown",
                              handed_over_cb, NULL, NULL);
}

/* The home of the scope has been entered. Leaves it. */
static guint
close_at_home (LifecycleScope *scope)
{
  LifecycleHoldings *holdings = lifecycle_scope_get_holdings (scope);
  gboolean waits = lifecycle_holdings_has_waits (holdings);
  guint n_released = 0;
  gboolean held = waits;

  /* A synchronous close ends any wait, also that of a scope above, as far as this one goes. */
  if (waits)
    g_object_ref (scope);
  if (!waits || !lifecycle_close_wait_cut_short (scope, &n_released))
    {
      if ((!scope->in_teardown || lifecycle_teardown_is_abandoned (scope)) &&
          !lifecycle_scope_has_closed (scope))
        {
          if (waits)
            n_released = lifecycle_teardown_run (scope, NULL);
          else
            held = lifecycle_teardown_run_unheld (scope, &n_released);
        }
    }
  lifecycle_scope_leave_home (scope);
  if (held)
    g_object_unref (scope);

  return n_released;
}

/* Called on any thread. */
guint
lifecycle_teardown_close (LifecycleScope  *scope,
                          LifecycleReason  reason,
                          const char      *detail)
{
  gboolean marked = lifecycle_scope_mark (scope, reason, detail);

  if (lifecycle_scope_enter_home (scope))
    return close_at_home (scope);

  if (marked)
    lifecycle_teardown_mark_below (scope);
  /* Even if the scope is already closing: its release may be waiting for pending work. */
  if (!lifecycle_scope_has_closed (scope))
    lifecycle_teardown_hand_over (scope);

  return 0;
}

/* Called on any thread, with a reference held, when an object that the scope belongs to has ended.
 * Code that may not run now can be avoided: the home context will take the scope down.
 */
void
lifecycle_teardown_close_owned (LifecycleScope  *scope,
                                LifecycleReason  reason,
                                const char      *detail)
{
  if (!lifecycle_scope_has_mark (scope, LIFECYCLE_SCOPE_COLLECTED))
    {
      lifecycle_teardown_close (scope, reason, detail);
      return;
    }

  if (lifecycle_scope_mark (scope, reason, detail))
    {
      lifecycle_teardown_mark_below (scope);
      hand_over_kept (scope);
    }
}

/* Called when the last reference is dropped, or by g_object_run_dispose(). Returns FALSE if the
 * scope has to live on for a while, because its teardown has yet to run at home.
 */
gboolean
lifecycle_teardown_dispose (LifecycleScope *scope)
{
  if (!lifecycle_scope_has_closed (scope))
    {
      gboolean marked = lifecycle_scope_mark (scope, LIFECYCLE_REASON_DROPPED, NULL);
      gboolean may_run = !lifecycle_scope_has_mark (scope, LIFECYCLE_SCOPE_COLLECTED);

      if (may_run && lifecycle_scope_enter_home (scope))
        {
          close_at_home (scope);
        }
      else if (may_run && lifecycle_scope_inherit_home (scope))
        {
          lifecycle_teardown_close (scope, LIFECYCLE_REASON_DROPPED, NULL);
          lifecycle_scope_leave_inherited_home (scope);
        }
      else
        {
          if (marked)
            lifecycle_teardown_mark_below (scope);
          hand_over_kept (scope);
        }
    }

  return lifecycle_scope_has_mark (scope, LIFECYCLE_SCOPE_FINISHED);
}
