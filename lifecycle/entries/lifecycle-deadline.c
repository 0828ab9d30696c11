/* lifecycle-deadline.c: the time after which a scope closes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-private.h"
#include "lifecycle-teardown-private.h"
#include "lifecycle-timer-queue-private.h"

static gboolean
deadline_passed_cb (gpointer data)
{
  lifecycle_teardown_close (data, LIFECYCLE_REASON_TIMED_OUT, "deadline");

  return G_SOURCE_REMOVE;
}

/* Gets a reference on the timer of the deadline, or NULL. `following` may be NULL. */
static LifecycleTimer *
following_dup_deadline (LifecycleLedger *following)
{
  LifecycleTimer *deadline = NULL;
  LifecycleEntry *first;

  if (following == NULL)
    return NULL;

  lifecycle_ledger_lock (following);
  first = lifecycle_list_peek_first (&following->live);
  if (first != NULL && first->type == LIFECYCLE_ENTRY_DEADLINE)
    deadline = lifecycle_timer_ref (LIFECYCLE_ENTRY_CONTAINER (first, LifecycleTimer, entry));
  lifecycle_ledger_unlock (following);

  return deadline;
}

/* Gets the milliseconds until the deadline, or -1. */
static gint64
following_get_remaining (LifecycleLedger *following)
{
  LifecycleTimer *deadline = following_dup_deadline (following);
  gint64 remaining = -1;

  if (deadline != NULL)
    {
      remaining = lifecycle_timer_get_remaining (deadline);
      lifecycle_timer_unref (deadline);
    }

  return remaining;
}

/* Gets the earlier of two times; -1 stands for none. */
static gint64
earlier (gint64 one,
         gint64 other)
{
  return one < 0 || (other >= 0 && other < one) ? other : one;
}

/**
 * lifecycle_scope_set_deadline:
 * @self: a scope
 * @timeout_ms: a time from now, in milliseconds, or 0 to remove the deadline
 *
 * Closes the scope with the reason [enum@Reason.timed_out] once @timeout_ms has passed. Replaces
 * any deadline that was set before.
 *
 * The deadline is not an entry, and is not stopped by [method@Scope.block]. On a closed scope this
 * does nothing. Must be called at home.
 *
 * Since: 1.0
 */
void
lifecycle_scope_set_deadline (LifecycleScope *self,
                              guint           timeout_ms)
{
  LifecycleTimer *old;
  LifecycleLedger *following;

  g_return_if_fail (LIFECYCLE_IS_SCOPE (self));
  LIFECYCLE_DEBUG_HOME (self);

  old = following_dup_deadline (lifecycle_scope_peek_following (self));
  if (old != NULL)
    {
      lifecycle_timer_cancel (old);
      lifecycle_timer_unref (old);
    }

  following = timeout_ms > 0 ? lifecycle_scope_ensure_following (self) : NULL;
  if (following != NULL)
    lifecycle_ledger_add_timer (following, self->context, LIFECYCLE_ENTRY_DEADLINE, timeout_ms, 1,
                                deadline_passed_cb, self, NULL, FALSE, NULL);
}

/**
 * lifecycle_scope_get_remaining:
 * @self: a scope
 *
 * Gets the time until the nearest deadline of the scope, or of any scope above it.
 *
 * That is the deadline of [method@Scope.set_deadline], and the time-out of [method@Scope.drain_async]
 * or [method@Scope.close_async] while one of them waits. An operation can use it as its own time-out.
 * The deadlines of scopes that this one merely follows do not count.
 *
 * May be called on any thread.
 *
 * Returns: milliseconds, 0 if the deadline has passed, or -1 if there is none
 *
 * Since: 1.0
 */
gint64
lifecycle_scope_get_remaining (LifecycleScope *self)
{
  LifecycleLedger *ledger;
  gint64 remaining = -1;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), -1);

  /* Only the memory of what is above is held: a reference on a scope could come to be the last. */
  ledger = lifecycle_ledger_hold_memory (lifecycle_scope_get_ledger (self));
  while (ledger != NULL)
    {
      LifecycleLedger *above = NULL;
      LifecycleLedger *following = NULL;
      LifecycleScope *scope;
      gint64 waits_until = 0;

      lifecycle_ledger_lock (ledger);
      scope = ledger->scope;
      if (scope != NULL && !lifecycle_scope_is_closed (scope))
        {
          waits_until = lifecycle_scope_peek_extra (scope)->waits_until;
          following = lifecycle_scope_peek_extra (scope)->following;
          if (following != NULL)
            lifecycle_ledger_hold_memory (following);
          if (scope->owner != NULL)
            above = lifecycle_ledger_hold_memory (scope->owner);
        }
      lifecycle_ledger_unlock (ledger);

      if (waits_until > 0)
        remaining = earlier (remaining,
                             MAX (waits_until - g_get_monotonic_time () + 999, 0) / 1000);
      if (following != NULL)
        {
          remaining = earlier (remaining, following_get_remaining (following));
          lifecycle_ledger_release_memory (following);
        }
      lifecycle_ledger_release_memory (ledger);
      ledger = above;
    }

  return remaining;
}
