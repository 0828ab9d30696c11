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

/* Returns a new reference to the timer of the deadline, or NULL. */
static LifecycleTimer *
scope_dup_deadline (LifecycleScope *self)
{
  LifecycleLedger *following = lifecycle_scope_peek_following (self);
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

  old = scope_dup_deadline (self);
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
