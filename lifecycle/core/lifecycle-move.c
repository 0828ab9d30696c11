/* lifecycle-move.c: moves everything that a scope owns to another one
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-private.h"
#include "lifecycle-scope-private.h"
#include "lifecycle-teardown-private.h"

/* Gives a new scope, which no other thread can know yet, the home of another one. */
static void
scope_settle_at (LifecycleScope *self,
                 LifecycleScope *other)
{
  lifecycle_home_unref (self->context);
  self->context = lifecycle_home_ref (other->context);
  lifecycle_thread_unref (self->thread);
  self->thread = lifecycle_thread_ref (other->thread);
}

/* Only some of what a scope follows moves with it. */
static void
scope_move_following (LifecycleScope *scope,
                      LifecycleScope *to)
{
  LifecycleLedger *following = lifecycle_scope_peek_extra (scope)->following;
  g_autoptr (GPtrArray) moving = NULL;

  if (following == NULL)
    return;

  moving = g_ptr_array_new ();
  lifecycle_ledger_lock (following);
  for (LifecycleNode *node = following->live.next, *next; node != &following->live; node = next)
    {
      LifecycleEntry *entry = (LifecycleEntry *) node;

      next = node->next;
      if (lifecycle_entry_get_class (entry)->move_on != NULL)
        {
          lifecycle_ledger_remove (following, entry);
          g_ptr_array_add (moving, entry);
        }
    }
  lifecycle_ledger_unlock (following);

  for (guint i = 0; i < moving->len; i++)
    {
      LifecycleEntry *entry = g_ptr_array_index (moving, i);

      lifecycle_entry_get_class (entry)->move_on (following, entry, to);
    }
}

/* Called at the home of both. Everything that the scope owns, and its followers, move with the
 * ledger; the scope gets an empty one. No other thread can know the new scope yet, so its original
 * ledger can be dropped.
 */
static void
scope_move_to (LifecycleScope *scope,
               LifecycleScope *to)
{
  LifecycleHoldings *holdings = lifecycle_scope_get_holdings (scope);
  LifecycleLedger *ledger = &holdings->ledger;
  LifecycleHoldings *left;
  LifecycleLedger *followers;
  guint64 visited;
  guint own_blocked, blocked;
  gboolean draining;

  /* Finish every clear() in progress: entries that it has begun to release cannot be moved. */
  for (LifecycleClear *clear = lifecycle_scope_peek_extra (scope)->clear; clear != NULL; clear = clear->outer)
    lifecycle_teardown_run (scope, &clear->fence);

  if (!lifecycle_scope_mark (scope, LIFECYCLE_REASON_REPLACED, "moved"))
    {
      lifecycle_scope_be_born_closed (to, scope->reason);
      return;
    }

  g_object_ref (scope);
  scope->in_teardown = TRUE;
  scope->announced = TRUE;
  visited = scope->visited;
  lifecycle_ledger_lock (ledger);
  holdings->moving = TRUE;
  holdings->generation--;
  lifecycle_ledger_unlock (ledger);
  lifecycle_teardown_enter (LIFECYCLE_FRAME);
  lifecycle_scope_emit_closing (scope);
  lifecycle_teardown_leave (LIFECYCLE_FRAME);
  lifecycle_ledger_lock (ledger);
  holdings->moving = FALSE;
  lifecycle_ledger_unlock (ledger);

  /* A handler may have closed the parent, or something that this scope follows, and this scope has
   * been taken down with it. Nothing is left to move, or the release is waiting for pending work.
   */
  if (lifecycle_scope_is_closed (scope) || scope->visited != visited)
    {
      lifecycle_scope_be_born_closed (to, scope->taken_along ? LIFECYCLE_REASON_PARENT_CLOSED
                                                             : LIFECYCLE_REASON_OWNER_GONE);
      g_object_unref (scope);
      return;
    }

  draining = holdings->draining;
  lifecycle_holdings_forget_waits (holdings);
  left = lifecycle_holdings_new (scope);
  lifecycle_ledger_shut (&left->ledger);
  /* Followers of the scope of an object follow the object, and do not move with the holdings. */
  if (scope->key.object != NULL && !lifecycle_ledger_is_owned (scope->owner))
    {
      lifecycle_ledger_lock (ledger);
      if (holdings->extra != NULL)
        lifecycle_holdings_ensure_extra (left)->followers = g_steal_pointer (&holdings->extra->followers);
      lifecycle_ledger_unlock (ledger);
    }
  lifecycle_ledger_ref (ledger);
  lifecycle_scope_ensure_extra (scope)->moved = holdings;

  lifecycle_ledger_unref (&to->holdings->ledger);
  g_atomic_pointer_set (&to->holdings, holdings);

  /* Other threads may add entries as soon as the ledger is open: everything that they read must be
   * in place by then. While the ledger is shut, its `followers` do not change.
   */
  lifecycle_ledger_lock (ledger);
  own_blocked = lifecycle_scope_peek_extra (scope)->own_blocked;
  blocked = lifecycle_scope_peek_extra (scope)->blocked;
  followers = lifecycle_holdings_peek_extra (holdings)->followers;
  g_atomic_pointer_set (&scope->holdings, left);
  lifecycle_ledger_unlock (ledger);
  if (followers != NULL)
    {
      lifecycle_ledger_lock (followers);
      g_atomic_int_set (&followers->open, TRUE);
      lifecycle_ledger_unlock (followers);
    }

  lifecycle_ledger_lock (ledger);
  if (own_blocked > 0)
    lifecycle_scope_ensure_extra (to)->own_blocked = own_blocked;
  if (blocked > 0)
    lifecycle_scope_ensure_extra (to)->blocked = blocked;
  ledger->scope = to;
  g_atomic_int_set (&ledger->open, TRUE);
  lifecycle_ledger_unlock (ledger);

  /* A block count includes those of the scopes above, and the new scope has none above it. */
  if (blocked != own_blocked)
    lifecycle_scope_shift_blocked (to, (gint) (own_blocked - blocked));
  scope_move_following (scope, to);
  lifecycle_scope_become_root (to);
  if (draining)
    lifecycle_drain_end_below (to);

  lifecycle_teardown_run (scope, NULL);
  g_object_unref (scope);
}

/**
 * lifecycle_scope_move:
 * @self: a scope
 *
 * Moves everything that the scope owns to a new scope, and closes this one as
 * [enum@Reason.replaced], with the detail `moved`.
 *
 * The new scope has the same name, limit, permanence and home, but no parent, and it follows
 * nothing. It takes over all entries, the cancellable, the followers of the old scope, and the
 * expectations of what is gone after its end. The cost does not depend on the number of entries.
 *
 * Use this to set things up step by step: add them to a scope that is local to a function, close
 * that scope on every path that fails, and keep the result of move() on the path that succeeds.
 *
 * If the scope is closing or closed, the new one is born closed, with the same reason. If a handler
 * of [signal@Scope::closing] closes the parent, or something that the scope follows, everything
 * ends with that, and the new scope is born closed as [enum@Reason.parent_closed] or
 * [enum@Reason.owner_gone]: check its state if there may be such a handler. Must be called at home.
 *
 * Returns: (transfer full): the new scope; away from home, logs a critical and returns %NULL
 *
 * Since: 1.0
 */
LifecycleScope *
lifecycle_scope_move (LifecycleScope *self)
{
  const guint kept = LIFECYCLE_SCOPE_PERMANENT | LIFECYCLE_SCOPE_COLLECTED;
  LifecycleScope *to;
  gboolean at_home;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);
  LIFECYCLE_DEBUG_HOME (self);

  at_home = lifecycle_scope_enter_home (self);
  g_return_val_if_fail (at_home, NULL);

  to = lifecycle_scope_create (self->key.name, self->as_child.name);
  to->as_child.added = self->as_child.added;
  scope_settle_at (to, self);
  g_atomic_int_or (&to->marks, g_atomic_int_get (&self->marks) & kept);
  if (lifecycle_scope_is_open (self))
    scope_move_to (self, to);
  else
    lifecycle_scope_be_born_closed (to, self->reason);
  lifecycle_scope_leave_home (to);

  return to;
}
