/* lifecycle-drain.c: an end that lets finish what is under way
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-close-async-private.h"

/* At home. */
static void
drain_call_run (GTask *task)
{
  LifecycleScope *scope = g_task_get_source_object (task);
  LifecycleCloseCall *call = g_task_get_task_data (task);
  LifecycleCloseWait *self;
  gboolean gave_up;

  /* A close has come before: that is what is joined. */
  if (!lifecycle_scope_is_open (scope))
    {
      lifecycle_close_call_run (task);
      return;
    }

  self = lifecycle_close_wait_ref (lifecycle_close_wait_ensure (scope));
  lifecycle_close_wait_add_waiter (self, task);
  lifecycle_close_wait_set_timeout (self, call->timeout_ms);

  if (!self->draining)
    {
      LifecycleScopeList scopes;

      self->draining = TRUE;
      self->reason = call->reason;
      lifecycle_scope_list_init (&scopes);
      lifecycle_scope_list_take (&scopes, g_object_ref (scope));
      for (guint i = 0; i < scopes.n_items; i++)
        {
          lifecycle_close_wait_watch (self, scopes.items[i]);
          lifecycle_scope_list_children (&scopes, scopes.items[i], NULL);
        }
      lifecycle_scope_list_clear (&scopes);
    }

  if (!lifecycle_close_wait_has_pending (self, &gave_up))
    lifecycle_close_wait_start (self, TRUE);
  lifecycle_close_wait_unref (self);
}

/**
 * lifecycle_scope_drain_async:
 * @self: a scope
 * @reason: what to close with in the end; not [enum@Reason.none]
 * @timeout_ms: how long to wait at most, in milliseconds, or 0 for as long as it takes
 * @cancellable: (nullable): ends the wait of this caller, but not the drain
 * @callback: (nullable) (scope async): what to call when the scope is closed
 * @user_data: data for @callback
 *
 * Lets finish what is under way, and closes the scope then.
 *
 * From now on the scope, and those below it, refuse new operations: [method@Scope.begin_async] and
 * [method@Scope.begin] give one that is cancelled already, as on a closed scope, and it is counted as
 * late. Everything else goes on: handlers, timers and sources work, and things can be added. When no
 * operation is under way any more, the scope closes as [method@Scope.close_async] does it.
 *
 * This is what a server does when it is told to end: it stops accepting, finishes, and leaves.
 *
 * At the deadline, the scope closes at once. The error is [error@Error.timed_out] then, and its
 * message names what was still under way.
 *
 * Another call while the scope is being drained joins the wait, and can make it shorter; the reason
 * stays that of the first. [method@Scope.close] and [method@Scope.close_async] cut the drain short.
 * On a scope that is closing or closed, this is the same as [method@Scope.close_async]. Scopes that
 * follow this one are not drained, and end with it.
 *
 * May be called on any thread; the wait is at home.
 *
 * Since: 1.0
 */
void
lifecycle_scope_drain_async (LifecycleScope      *self,
                             LifecycleReason      reason,
                             guint                timeout_ms,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_return_if_fail (LIFECYCLE_IS_SCOPE (self));
  g_return_if_fail (reason > LIFECYCLE_REASON_NONE && reason < LIFECYCLE_REASON_DROPPED);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  lifecycle_close_call (self, lifecycle_scope_drain_async, reason, timeout_ms,
                        cancellable, callback, user_data, drain_call_run);
}

/**
 * lifecycle_scope_drain_finish:
 * @self: a scope
 * @result: what the callback got
 * @error: where to put the error
 *
 * Ends a call of [method@Scope.drain_async].
 *
 * The scope is closed in any case, except when the wait was cancelled.
 *
 * Returns: whether everything finished in time and no cleanup failed
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_drain_finish (LifecycleScope  *self,
                              GAsyncResult    *result,
                              GError         **error)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * lifecycle_scope_is_draining:
 * @self: a scope
 *
 * Says whether the scope is open and refuses new operations, because it, or one above it, is being
 * drained. May be called on any thread.
 *
 * Returns: whether the scope is draining
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_is_draining (LifecycleScope *self)
{
  LifecycleHoldings *holdings;
  gboolean draining;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);

  holdings = lifecycle_scope_lock_holdings (self);
  draining = holdings->draining && holdings->ledger.open;
  lifecycle_ledger_unlock (&holdings->ledger);

  return draining;
}
