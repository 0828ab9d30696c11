/* lifecycle-drain.c: a close that first lets operations finish
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-close-async-private.h"
#include "lifecycle-close-wait-private.h"
#include "lifecycle-teardown-private.h"

/* Called at home. */
static void
drain_call_run (LifecycleCloseCall *call)
{
  LifecycleScope *scope = call->scope;
  LifecycleCloseWait *self;

  /* The scope is already being closed: join that close. */
  if (!lifecycle_scope_is_open (scope))
    {
      lifecycle_close_call_run (call);
      return;
    }

  self = lifecycle_close_wait_ref (lifecycle_close_wait_ensure (scope));
  lifecycle_close_wait_add_waiter (self, call->task);
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

  /* The home of a scope below may be gone. */
  if (self->away != NULL)
    lifecycle_home_calls_retry ();

  lifecycle_close_wait_end_drain (self);
  if (scope->home_gone)
    lifecycle_close_wait_give_up (self);
  lifecycle_close_wait_unref (self);
}

static gboolean
scope_is_below (LifecycleScope *scope,
                LifecycleScope *other)
{
  while (scope != NULL && scope != other)
    scope = lifecycle_scope_get_parent (scope);

  return scope != NULL;
}

/* Returns the close waits of a scope that are at home here, too, with a reference on each. */
static GSList *
drain_dup_waits_at_home (LifecycleScope *scope)
{
  LifecycleHoldings *holdings = lifecycle_scope_get_holdings (scope);
  GSList *waits = NULL;

  lifecycle_ledger_lock (&holdings->ledger);
  for (GSList *link = lifecycle_holdings_peek_extra (holdings)->close_waits; link != NULL; link = link->next)
    {
      LifecycleCloseWait *wait = link->data;

      if (wait->home == scope->context)
        waits = g_slist_prepend (waits, lifecycle_close_wait_ref (wait));
    }
  lifecycle_ledger_unlock (&holdings->ledger);

  return waits;
}

/* Takes an open scope out of the drains of scopes that are no longer above it. All scopes between the
 * one that has moved and this one have the same home, so a wait elsewhere is that of one above.
 */
static void
drain_let_go (LifecycleScope *scope,
              LifecycleScope *moved)
{
  LifecycleHoldings *holdings = lifecycle_scope_get_holdings (scope);
  LifecycleScope *parent = lifecycle_scope_get_parent (scope);
  gboolean draining = parent != moved && lifecycle_scope_is_draining (parent);
  GSList *stays = NULL;
  GSList *dropped = NULL;
  GSList *at_home = drain_dup_waits_at_home (scope);
  GSList *next;

  for (GSList *link = at_home; link != NULL; link = link->next)
    {
      LifecycleCloseWait *wait = link->data;

      if (scope_is_below (wait->root, moved))
        {
          stays = g_slist_prepend (stays, wait);
          draining |= wait->draining;
        }
    }

  lifecycle_ledger_lock (&holdings->ledger);
  for (GSList *link = lifecycle_holdings_peek_extra (holdings)->close_waits; link != NULL; link = next)
    {
      next = link->next;
      if (g_slist_find (stays, link->data) == NULL)
        {
          lifecycle_close_wait_forget_later (link->data, scope);
          holdings->extra->close_waits = g_slist_remove_link (holdings->extra->close_waits, link);
          dropped = g_slist_concat (link, dropped);
        }
    }
  holdings->draining = draining;
  lifecycle_ledger_unlock (&holdings->ledger);

  g_slist_free_full (dropped, lifecycle_close_wait_unref);
  g_slist_free (stays);
  g_slist_free_full (at_home, lifecycle_close_wait_unref);
}

/* Called at home, after everything that a scope owns has moved to a new one, which is not drained. What
 * is below it is drained no longer, either, unless the drain is of something below it, too.
 */
void
lifecycle_drain_end_below (LifecycleScope *moved)
{
  LifecycleScopeList scopes;

  lifecycle_scope_list_init (&scopes);
  lifecycle_scope_list_children (&scopes, moved, NULL);
  for (guint i = 0; i < scopes.n_items; i++)
    {
      LifecycleScope *scope = scopes.items[i];

      if (!lifecycle_scope_is_open (scope) || scope->context != moved->context)
        continue;

      drain_let_go (scope, moved);
      lifecycle_scope_list_children (&scopes, scope, NULL);
    }
  lifecycle_scope_list_clear (&scopes);
}

/**
 * lifecycle_scope_drain_async:
 * @self: a scope
 * @reason: the reason with which to close the scope; neither [enum@Reason.none] nor
 *   [enum@Reason.dropped]
 * @timeout_ms: the maximum time to wait, in milliseconds, or 0 for no limit
 * @cancellable: (nullable): a cancellable that ends the wait of this caller, but not the drain
 * @callback: (nullable) (scope async): a function to call when the scope is closed; without one,
 *   @cancellable is not used
 * @user_data: data to pass to @callback
 *
 * Waits until all operations have finished, and then closes the scope.
 *
 * From now on the scope and the scopes below it refuse new operations: [method@Scope.begin_async]
 * and [method@Scope.begin] return one that is already cancelled, as on a closed scope, and it is
 * counted as late. Everything else goes on: handlers, timers and sources work, and entries can be
 * added. When no operation is pending, the scope closes in the same way as with
 * [method@Scope.close_async].
 *
 * This is how a server shuts down gracefully: it accepts no new requests, finishes those that it
 * has, and exits.
 *
 * At the deadline, the scope closes at once. The error is then [error@Error.timed_out], and its
 * message names what was still pending.
 *
 * A second call while the scope is being drained joins the wait, and can shorten it; the reason of
 * the first call is kept. [method@Scope.close] and [method@Scope.close_async] cut the drain short.
 * On a scope that is closing or closed, this is the same as [method@Scope.close_async]. Scopes that
 * follow this one are not drained, but end with it.
 *
 * May be called on any thread. The wait takes place at home; @callback is called in the
 * thread-default main context of the caller.
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
 * @result: the result passed to the callback
 * @error: return location for an error; failures of cleanups that it reports count as collected,
 *   see [method@Scope.get_error]
 *
 * Finishes a call of [method@Scope.drain_async].
 *
 * The scope is closed in any case, unless the wait was cancelled. May be called on any thread.
 *
 * Returns: %TRUE if everything finished in time and no cleanup failed
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

  if (error != NULL)
    lifecycle_scope_collect_error (self);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * lifecycle_scope_is_draining:
 * @self: a scope
 *
 * Checks whether the scope is open but refuses new operations, because it, or a scope above it, is
 * being drained. May be called on any thread.
 *
 * Returns: %TRUE if the scope is draining
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
