/* lifecycle-close-async.c: a close that waits for pending work
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-close-async-private.h"
#include "lifecycle-close-wait-private.h"
#include "lifecycle-error.h"
#include "lifecycle-home-private.h"
#include "lifecycle-teardown-private.h"

/* Called at home. */
void
lifecycle_close_call_run (LifecycleCloseCall *call)
{
  LifecycleScope *scope = call->scope;
  LifecycleCloseWait *self;

  lifecycle_scope_mark (scope, call->reason, NULL);

  if (lifecycle_scope_is_closed (scope))
    {
      if (call->task != NULL)
        lifecycle_close_wait_return (call->task, scope, NULL);
      return;
    }

  self = lifecycle_close_wait_ref (lifecycle_close_wait_ensure (scope));
  lifecycle_close_wait_add_waiter (self, call->task);
  lifecycle_close_wait_start (self, TRUE);
  if (scope->home_gone)
    lifecycle_close_wait_give_up (self);
  else if (lifecycle_close_wait_is_waiting (self))
    lifecycle_close_wait_set_timeout (self, call->timeout_ms);
  lifecycle_close_wait_unref (self);
}

static void
close_call_free (LifecycleCloseCall *call)
{
  g_clear_object (&call->task);
  g_object_unref (call->scope);
  g_free (call);
}

static void
close_call_cb (LifecycleScope *scope,
               gpointer        data)
{
  LifecycleCloseCall *call = data;

  call->run (call);
}

/* Makes a call of close_async() or drain_async() at home. Called on any thread.
 *
 * Without a callback there is no task: that would leave its result to the thread-default context of the
 * caller, and nobody may run it any more.
 */
void
lifecycle_close_call (LifecycleScope      *scope,
                      gpointer             tag,
                      LifecycleReason      reason,
                      guint                timeout_ms,
                      GCancellable        *cancellable,
                      GAsyncReadyCallback  callback,
                      gpointer             user_data,
                      void              (* run) (LifecycleCloseCall *call))
{
  LifecycleCloseCall *call = g_new0 (LifecycleCloseCall, 1);

  call->scope = g_object_ref (scope);
  call->reason = reason;
  call->timeout_ms = timeout_ms;
  call->run = run;
  if (callback != NULL)
    {
      call->task = g_task_new (scope, cancellable, callback, user_data);
      g_task_set_source_tag (call->task, tag);
      g_task_set_name (call->task, "Lifecycle close");
      /* wait_cancelled_cb() returns the error of a cancelled wait; otherwise return the result. */
      g_task_set_check_cancellable (call->task, FALSE);
    }

  if (lifecycle_scope_enter_home (scope))
    {
      run (call);
      lifecycle_scope_leave_home (scope);
      close_call_free (call);
    }
  else if (lifecycle_scope_inherit_home (scope))
    {
      /* No thread runs the context, so nothing could end the wait: close without one. */
      lifecycle_teardown_close (scope, reason, NULL);
      lifecycle_scope_leave_inherited_home (scope);
      if (call->task != NULL)
        lifecycle_close_wait_return (call->task, scope, NULL);
      close_call_free (call);
    }
  else
    {
      if (run == lifecycle_close_call_run && lifecycle_scope_mark (scope, reason, NULL))
        lifecycle_teardown_mark_below (scope);
      lifecycle_scope_press_home (scope, "Lifecycle close",
                                  close_call_cb, call, (GDestroyNotify) close_call_free);
    }
}

/**
 * lifecycle_scope_close_async:
 * @self: a scope
 * @reason: the reason for cleanups, handlers and reports; neither [enum@Reason.none] nor
 *   [enum@Reason.dropped]
 * @timeout_ms: the maximum time to wait, in milliseconds, or 0 for no limit
 * @cancellable: (nullable): a cancellable that ends the wait, but not the close
 * @callback: (nullable) (scope async): a function to call when the scope is closed; without one,
 *   @cancellable is not used
 * @user_data: data to pass to @callback
 *
 * Closes the scope, but waits for pending work before it releases anything.
 *
 * Everything is muted, and operations are cancelled, at once. The wait ends when all operations of
 * the scope and of the scopes below it have ended, threaded handlers that are running have
 * returned, and processes that have been told to exit have done so. At the deadline, everything is
 * released even if work is still pending. The error is then [error@Error.timed_out]; its message
 * names each operation with its age and, in C, where it was begun, each handler with the place
 * where it was connected, and each process.
 *
 * If the scope is already being closed by this function, the call joins that wait, and can shorten
 * it. A call of [method@Scope.close] during the wait releases everything at once. Scopes that end
 * with this one but have another home are handed over to it, and are not waited for. If the scope
 * is already closed, there is no wait.
 *
 * May be called on any thread. The wait takes place at home; @callback is called in the
 * thread-default main context of the caller.
 *
 * Since: 1.0
 */
void
lifecycle_scope_close_async (LifecycleScope      *self,
                             LifecycleReason      reason,
                             guint                timeout_ms,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_return_if_fail (LIFECYCLE_IS_SCOPE (self));
  g_return_if_fail (reason > LIFECYCLE_REASON_NONE && reason < LIFECYCLE_REASON_DROPPED);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  lifecycle_close_call (self, lifecycle_scope_close_async, reason, timeout_ms,
                        cancellable, callback, user_data, lifecycle_close_call_run);
}

/**
 * lifecycle_scope_close_finish:
 * @self: a scope
 * @result: the result passed to the callback
 * @error: return location for an error; failures of cleanups that it reports count as collected,
 *   see [method@Scope.get_error]
 *
 * Finishes a call of [method@Scope.close_async].
 *
 * The scope is closed in any case, unless the wait was cancelled. May be called on any thread.
 *
 * Returns: %TRUE if everything ended in time and no cleanup failed
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_close_finish (LifecycleScope  *self,
                              GAsyncResult    *result,
                              GError         **error)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  if (error != NULL)
    lifecycle_scope_collect_error (self);

  return g_task_propagate_boolean (G_TASK (result), error);
}
