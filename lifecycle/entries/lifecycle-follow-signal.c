/* lifecycle-follow-signal.c: scopes that close when a signal is emitted
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-handler-private.h"
#include "lifecycle-scope-private.h"
#include "lifecycle-teardown-private.h"

/* A closure that closes a scope. It ignores its arguments and does not set a return value. */
typedef struct
{
  GClosure         closure;
  LifecycleLedger *following;
  LifecycleReason  reason;
  char            *detail;
} FollowClosure;

static void
follow_closure_marshal (GClosure     *closure,
                        GValue       *return_value,
                        guint         n_param_values,
                        const GValue *param_values,
                        gpointer      invocation_hint,
                        gpointer      marshal_data)
{
  FollowClosure *follow = (FollowClosure *) closure;
  LifecycleScope *scope = lifecycle_ledger_dup_scope (follow->following);

  if (scope != NULL)
    {
      lifecycle_teardown_close (scope, follow->reason, follow->detail);
      g_object_unref (scope);
    }
}

static void
follow_closure_finalized (gpointer  data,
                          GClosure *closure)
{
  FollowClosure *follow = (FollowClosure *) closure;

  lifecycle_ledger_unref (follow->following);
  g_free (follow->detail);
}

static gboolean
follow_connect (LifecycleScope  *self,
                GObject         *instance,
                const char      *detailed_signal,
                LifecycleReason  reason)
{
  LifecycleLedger *following = lifecycle_scope_ensure_following (self);
  GClosure *closure;
  FollowClosure *follow;

  if (following == NULL)
    return FALSE;

  closure = g_closure_new_simple (sizeof (FollowClosure), NULL);
  follow = (FollowClosure *) closure;
  follow->following = lifecycle_ledger_ref (following);
  follow->reason = reason;
  follow->detail = g_strdup (detailed_signal);
  g_closure_set_marshal (closure, follow_closure_marshal);
  g_closure_add_finalize_notifier (closure, NULL, follow_closure_finalized);

  /* Guarded, because the instance may emit the signal, and be disposed, on any thread. */
  return lifecycle_ledger_connect_closure (following, instance, detailed_signal, closure,
                                           NULL, LIFECYCLE_CONNECT_GUARDED, NULL) != 0;
}

/**
 * lifecycle_scope_follow_signal:
 * @self: a scope
 * @instance: an object; no reference is held
 * @detailed_signal: the name of the signal, with an optional detail
 * @reason: the reason for the close; neither [enum@Reason.none] nor [enum@Reason.dropped]
 *
 * Closes @self when @instance emits a signal. The name of the signal becomes the detail of the
 * reason.
 *
 * If the signal has a return value, the handler returns 0, %FALSE or %NULL. Disposing @instance
 * does not close @self; use [method@Scope.follow_object] for that. On a closed scope this does
 * nothing. May be called on any thread by a caller that holds a reference on @instance, and the
 * signal may be emitted on any thread.
 *
 * Since: 1.0
 */
void
lifecycle_scope_follow_signal (LifecycleScope  *self,
                               GObject         *instance,
                               const char      *detailed_signal,
                               LifecycleReason  reason)
{
  g_return_if_fail (LIFECYCLE_IS_SCOPE (self));
  g_return_if_fail (G_IS_OBJECT (instance));
  g_return_if_fail (detailed_signal != NULL);
  g_return_if_fail (reason > LIFECYCLE_REASON_NONE && reason < LIFECYCLE_REASON_DROPPED);

  follow_connect (self, instance, detailed_signal, reason);
}

/**
 * lifecycle_scope_follow_cancellable:
 * @self: a scope
 * @cancellable: (not nullable): a cancellable; no reference is held
 *
 * Closes @self with the reason [enum@Reason.aborted] when @cancellable is cancelled, or at once if
 * it already is.
 *
 * On a closed scope this does nothing. May be called on any thread by a caller that holds a
 * reference on @cancellable, which may be cancelled on any thread.
 *
 * Since: 1.0
 */
void
lifecycle_scope_follow_cancellable (LifecycleScope *self,
                                    GCancellable   *cancellable)
{
  g_return_if_fail (LIFECYCLE_IS_SCOPE (self));
  g_return_if_fail (G_IS_CANCELLABLE (cancellable));

  /* This does not use g_cancellable_connect(), because a handler that it connects must not be
   * disconnected from within a call of the handler. The state is checked after connecting, so that
   * a cancellation between the two steps is not missed.
   */
  if (follow_connect (self, G_OBJECT (cancellable), "cancelled", LIFECYCLE_REASON_ABORTED) &&
      g_cancellable_is_cancelled (cancellable))
    lifecycle_teardown_close (self, LIFECYCLE_REASON_ABORTED, "cancelled");
}
