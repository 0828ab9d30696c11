/* lifecycle-scope-state.c: the state of a scope, for any thread
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-names-private.h"
#include "lifecycle-scope-private.h"

/* Locks the current ledger, which a move may replace before the lock is taken. */
LifecycleLedger *
lifecycle_scope_lock_ledger (LifecycleScope *self)
{
  for (;;)
    {
      LifecycleLedger *ledger = lifecycle_scope_get_ledger (self);

      lifecycle_ledger_lock (ledger);
      if (G_LIKELY (ledger == lifecycle_scope_get_ledger (self)))
        return ledger;
      lifecycle_ledger_unlock (ledger);
    }
}

/* Called on any thread. Changes the state from open to closing, so that nothing can be added any
 * more. Returns whether this call has done it.
 */
gboolean
lifecycle_scope_mark (LifecycleScope  *self,
                      LifecycleReason  reason,
                      const char      *detail)
{
  LifecycleHoldings *holdings = lifecycle_scope_lock_holdings (self);
  LifecycleLedger *ledger = &holdings->ledger;
  LifecycleLedger *followers = lifecycle_holdings_peek_extra (holdings)->followers;
  LifecycleLedger *following = lifecycle_scope_peek_extra (self)->following;

  if (!lifecycle_scope_is_open (self))
    {
      lifecycle_ledger_unlock (ledger);
      return FALSE;
    }

  self->reason = (guint8) reason;
  if (detail != NULL && detail == self->key.name)
    {
      g_atomic_int_or (&self->marks, LIFECYCLE_SCOPE_NAME_IS_DETAIL);
    }
  else if (detail != NULL)
    {
      LifecycleExtra *extra = lifecycle_scope_ensure_extra (self);

      g_free (extra->detail);
      extra->detail = lifecycle_name_dup (detail);
    }
  g_atomic_int_set (&ledger->open, FALSE);
  holdings->generation++;
  g_atomic_int_set (&self->state, LIFECYCLE_STATE_CLOSING);
  lifecycle_ledger_unlock (ledger);

  if (followers != NULL)
    lifecycle_ledger_shut (followers);
  if (following != NULL)
    lifecycle_ledger_shut (following);

  return TRUE;
}

void
lifecycle_scope_set_closed (LifecycleScope *self)
{
  g_atomic_int_set (&self->state, LIFECYCLE_STATE_CLOSED);
}

LifecycleExtra lifecycle_scope_no_extra;

LifecycleExtra *
lifecycle_scope_ensure_extra (LifecycleScope *self)
{
  LifecycleExtra *extra = g_atomic_pointer_get (&self->extra);

  if (extra == NULL)
    {
      extra = g_new0 (LifecycleExtra, 1);
      if (!g_atomic_pointer_compare_and_exchange (&self->extra, NULL, extra))
        {
          /* Another thread was faster. */
          g_free (extra);
          extra = g_atomic_pointer_get (&self->extra);
        }
    }

  return extra;
}

/**
 * lifecycle_scope_get_state: (attributes org.gtk.Method.get_property=state)
 * @self: a scope
 *
 * Gets the state of the scope: open, closing or closed. May be called on any thread.
 *
 * Returns: the state
 *
 * Since: 1.0
 */
LifecycleState
lifecycle_scope_get_state (LifecycleScope *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), LIFECYCLE_STATE_CLOSED);

  return (LifecycleState) g_atomic_int_get (&self->state);
}

/**
 * lifecycle_scope_is_closed:
 * @self: a scope
 *
 * Checks whether the scope is closed. A scope that is still closing is not. May be called on any
 * thread.
 *
 * Returns: %TRUE if the state is [enum@State.closed]
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_is_closed (LifecycleScope *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), TRUE);

  return g_atomic_int_get (&self->state) == LIFECYCLE_STATE_CLOSED;
}

/**
 * lifecycle_scope_get_reason: (attributes org.gtk.Method.get_property=reason)
 * @self: a scope
 *
 * Gets the reason why the scope closed or is closing. May be called on any thread.
 *
 * Returns: the reason; [enum@Reason.none] while the scope is open
 *
 * Since: 1.0
 */
LifecycleReason
lifecycle_scope_get_reason (LifecycleScope *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), LIFECYCLE_REASON_NONE);

  return lifecycle_scope_is_open (self) ? LIFECYCLE_REASON_NONE : self->reason;
}

/**
 * lifecycle_scope_get_reason_detail:
 * @self: a scope
 *
 * Gets the detail string passed to the closing call. May be called on any thread.
 *
 * Returns: (transfer none) (nullable): the detail; %NULL if there is none, or while the scope is
 *   open
 *
 * Since: 1.0
 */
const char *
lifecycle_scope_get_reason_detail (LifecycleScope *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);

  if (lifecycle_scope_is_open (self))
    return NULL;

  return lifecycle_scope_has_mark (self, LIFECYCLE_SCOPE_NAME_IS_DETAIL)
    ? self->key.name
    : lifecycle_scope_peek_extra (self)->detail;
}

/**
 * lifecycle_scope_set_reason_detail:
 * @self: a scope
 * @detail: (nullable): the detail, or %NULL for none
 *
 * Sets what [method@Scope.get_reason_detail] returns once the scope has been closed by a function
 * that takes no detail, such as [method@Scope.close_async].
 *
 * Only the calls before the close count: on a scope that is not open, this has no effect. May be
 * called on any thread.
 *
 * Since: 1.0
 */
void
lifecycle_scope_set_reason_detail (LifecycleScope *self,
                                   const char     *detail)
{
  g_autofree char *old = NULL;
  LifecycleExtra *extra;
  LifecycleLedger *ledger;

  g_return_if_fail (LIFECYCLE_IS_SCOPE (self));

  extra = lifecycle_scope_ensure_extra (self);
  ledger = lifecycle_scope_lock_ledger (self);
  if (lifecycle_scope_is_open (self))
    {
      old = extra->detail;
      extra->detail = lifecycle_name_dup (detail);
    }
  lifecycle_ledger_unlock (ledger);
}
