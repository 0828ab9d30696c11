/* lifecycle-close.c: the verbs that end what a scope owns, or hand it over
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
 * See [method@Scope.close_with_reason].
 *
 * Returns: how many entries of the scope and of all below it were released
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
 * @reason: why, for cleanups, handlers and reports; neither [enum@Reason.none] nor
 *   [enum@Reason.dropped]
 * @detail: (nullable): more about that, for reports
 *
 * Takes down all that the scope owns, and the scopes below it.
 *
 * The first close decides: on a scope that is closing or closed this does nothing. It may be called
 * from anywhere, also from handlers and cleanups of the scope itself.
 *
 * At home, everything has been released when this returns. On another thread it marks the scope, and
 * all that ends with it, as closing, hands the teardown over to the home context, and returns 0. In a
 * context that nobody runs that waits for a close at home, or, if the thread that created the scope
 * has ended, for the end of the last reference.
 *
 * Returns: how many entries of the scope and of all below it were released, a child counting as
 *   one; 0 if there was nothing to do, or if others have to do it
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
 * @scope: (inout) (nullable): where an object keeps the scope that it owns
 *
 * Closes a scope, drops the reference, and sets the pointer to %NULL: the first line of `dispose`.
 *
 * A class that takes its parts apart in `dispose` has to silence what refers to them before that.
 * [func@Scope.of] is too late for it: the scope of an object is closed by GObject's own `dispose`, which
 * a class reaches when it chains up, after its parts have gone.
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
 * The reason is %LIFECYCLE_REASON_OWNER_GONE. While the scope closes, the pointer is still there, so that
 * what runs then may add to it and is told that it is too late. `dispose` may run twice, and inside of
 * itself: the second time there is nothing left to do. Elsewhere than at home the close is handed over,
 * as [method@Scope.close] does it.
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
 * Children close as [enum@Reason.parent_closed] with the detail `cleared`; cleanups get
 * [enum@Reason.completed]. The cancellable is cancelled, and the next call of
 * [method@Scope.get_cancellable] makes another. What the scope follows, and who follows it, stays.
 * What cleanups add to the scope stays as well.
 *
 * On a scope that is not open this does nothing. Must be called at home; elsewhere it does nothing,
 * with a critical.
 *
 * Returns: how many entries of the scope and of all below it were released
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
