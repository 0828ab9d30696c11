/* lifecycle-close.c: the functions that close or clear a scope
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-private.h"
#include "lifecycle-scope-private.h"
#include "lifecycle-teardown-private.h"

/**
 * lifecycle_scope_close:
 * @self: a scope
 *
 * Closes the scope as [enum@Reason.completed].
 *
 * May be called on any thread, and does nothing on a scope that is closing or closed; see
 * [method@Scope.close_with_reason].
 *
 * Returns: the number of entries that were released, see [method@Scope.close_with_reason]
 *
 * Since: 1.0
 */
guint
lifecycle_scope_close (LifecycleScope *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), 0);

  return lifecycle_teardown_close (self, LIFECYCLE_REASON_COMPLETED, NULL);
}

/**
 * lifecycle_scope_close_with_reason:
 * @self: a scope
 * @reason: the reason for cleanups, handlers and reports; neither [enum@Reason.none] nor
 *   [enum@Reason.dropped]
 * @detail: (nullable): more about the reason, for reports
 *
 * Takes down everything that the scope owns, and the scopes below it.
 *
 * The reason of the first close is kept: on a scope that is closing or closed this does nothing,
 * except that it ends the wait of a [method@Scope.close_async]. It may be called from anywhere,
 * including handlers and cleanups of the scope itself.
 *
 * May be called on any thread. At home, everything has been released when it returns. On another
 * thread it marks the scope, and everything that ends with it, as closing, hands the teardown over
 * to the home context, and returns 0. If no thread runs that context, the teardown waits for a
 * close at home, or until the thread that created the scope ends; if it has ended, until the last
 * reference is dropped.
 *
 * Returns: the number of entries of the scope and of all scopes below it that were released, where
 *   a child counts as one entry; 0 if there was nothing to do, or if others do it
 *
 * Since: 1.0
 */
guint
lifecycle_scope_close_with_reason (LifecycleScope  *self,
                                   LifecycleReason  reason,
                                   const char      *detail)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), 0);
  g_return_val_if_fail (reason > LIFECYCLE_REASON_NONE && reason < LIFECYCLE_REASON_DROPPED, 0);

  return lifecycle_teardown_close (self, reason, detail);
}

/**
 * lifecycle_scope_clear_for_dispose: (skip)
 * @scope: (inout) (nullable): a pointer to the scope that an object owns
 *
 * Closes a scope, drops the reference, and sets the pointer to %NULL: use it as the first line of
 * `dispose`.
 *
 * A class that takes its parts apart in `dispose` must first mute whatever refers to them. The
 * scope that [func@Scope.of] returns is closed too late for that: GObject's own `dispose` closes
 * it, which runs when the class chains up, after its parts are gone.
 *
 * ```c
 * static void
 * my_view_dispose (GObject *object)
 * {
 *   MyView *self = MY_VIEW (object);
 *
 *   lifecycle_scope_clear_for_dispose (&self->scope);
 *   g_clear_object (&self->model);
 *
 *   G_OBJECT_CLASS (my_view_parent_class)->dispose (object);
 * }
 * ```
 *
 * The scope closes as %LIFECYCLE_REASON_OWNER_GONE. The pointer remains valid while it closes, so
 * that user code that runs meanwhile can still use the scope, and finds it closing. `dispose` may
 * run several times, and recursively: the second call finds nothing left to do. May be called on
 * any thread: away from home, the close is handed over, as with [method@Scope.close].
 *
 * Since: 1.0
 */
void
lifecycle_scope_clear_for_dispose (LifecycleScope **scope)
{
  LifecycleScope *self;

  g_return_if_fail (scope != NULL);
  g_return_if_fail (*scope == NULL || LIFECYCLE_IS_SCOPE (*scope));

  if (*scope == NULL)
    return;

  self = g_object_ref (*scope);
  lifecycle_scope_close_with_reason (self, LIFECYCLE_REASON_OWNER_GONE, NULL);
  if (*scope == self)
    g_clear_object (scope);
  g_object_unref (self);
}

/**
 * lifecycle_scope_clear:
 * @self: a scope
 *
 * Releases everything that the scope owns, in the order of a close, but leaves the scope open.
 *
 * Children close as [enum@Reason.parent_closed] with the detail `cleared`; cleanups are called with
 * [enum@Reason.completed]. The cancellable is cancelled, and the next call of
 * [method@Scope.get_cancellable] creates another. The scope still follows what it followed, and
 * keeps its followers. Entries that cleanups add to the scope stay as well.
 *
 * On a scope that is closing or closed this does nothing. Must be called at home; elsewhere it logs
 * a critical, and does nothing.
 *
 * Returns: the number of entries of the scope and of all scopes below it that were released
 *
 * Since: 1.0
 */
guint
lifecycle_scope_clear (LifecycleScope *self)
{
  guint n_released = 0;
  gboolean at_home;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), 0);
  LIFECYCLE_DEBUG_HOME (self);

  at_home = lifecycle_scope_enter_home (self);
  g_return_val_if_fail (at_home, 0);

  g_object_ref (self);
  if (lifecycle_scope_is_open (self))
    n_released = lifecycle_teardown_clear (self);
  lifecycle_scope_leave_home (self);
  g_object_unref (self);

  return n_released;
}
