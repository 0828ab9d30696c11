/* lifecycle-scope-cancellable.c: the cancellable of a scope
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-scope-private.h"

/**
 * lifecycle_scope_get_cancellable: (skip)
 * @self: a scope
 *
 * Gets the cancellable to pass to operations that are to end with the scope.
 *
 * The first call creates it. It is cancelled when the scope is taken down, after all handlers and
 * sources have been muted; that of a closed scope is already cancelled. May be called on any
 * thread, but the result is borrowed: away from home, use [method@Scope.ref_cancellable].
 *
 * Returns: (transfer none): a cancellable, which is valid as long as the scope, or until
 *   [method@Scope.clear] is called
 *
 * Since: 1.0
 */
GCancellable *
lifecycle_scope_get_cancellable (LifecycleScope *self)
{
  GCancellable *cancellable;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);

  cancellable = lifecycle_scope_ref_cancellable (self);
  /* The scope holds another reference. */
  g_object_unref (cancellable);

  return cancellable;
}

/**
 * lifecycle_scope_ref_cancellable: (rename-to lifecycle_scope_get_cancellable)
 * @self: a scope
 *
 * Gets a reference on the cancellable to pass to operations that are to end with the scope.
 *
 * The first call creates it. It is cancelled when the scope is taken down, after all handlers and
 * sources have been muted; that of a closed scope is already cancelled. May be called on any
 * thread.
 *
 * Returns: (transfer full): a cancellable
 *
 * Since: 1.0
 */
GCancellable *
lifecycle_scope_ref_cancellable (LifecycleScope *self)
{
  LifecycleHoldingsExtra *extra;
  LifecycleHoldings *holdings;
  GCancellable *cancellable;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);

  holdings = lifecycle_scope_lock_holdings (self);
  extra = lifecycle_holdings_ensure_extra (holdings);
  if (extra->cancellable == NULL)
    {
      extra->cancellable = g_cancellable_new ();
      /* No handler is connected yet, so no user code runs with the lock held. During a move, the
       * cancellable will belong to the new scope.
       */
      if (!lifecycle_scope_is_open (self) && !holdings->moving)
        g_cancellable_cancel (extra->cancellable);
    }
  cancellable = g_object_ref (extra->cancellable);
  lifecycle_ledger_unlock (&holdings->ledger);

  return cancellable;
}

/* Called at the end of a scope that has one. Others may keep the ledger alive, but the cancellable must
 * not live on with it.
 */
void
lifecycle_scope_drop_cancellable (LifecycleScope *self)
{
  LifecycleHoldings *holdings = lifecycle_scope_lock_holdings (self);
  GCancellable *cancellable = g_steal_pointer (&holdings->extra->cancellable);

  lifecycle_ledger_unlock (&holdings->ledger);
  g_object_unref (cancellable);
}
