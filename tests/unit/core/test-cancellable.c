/* test-cancellable.c: the cancellable of a scope
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

static void
test_cancellable (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GCancellable) cancellable = g_object_ref (lifecycle_scope_get_cancellable (scope));

  g_assert_true (G_IS_CANCELLABLE (cancellable));
  g_assert_true (lifecycle_scope_get_cancellable (scope) == cancellable);
  g_assert_false (g_cancellable_is_cancelled (cancellable));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_true (g_cancellable_is_cancelled (cancellable));
  g_assert_finalize_object (scope);
}

/* Asked for too late it is a cancelled one, so that whoever starts something with it stops. */
static void
test_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  lifecycle_scope_close (scope);
  g_assert_true (g_cancellable_is_cancelled (lifecycle_scope_get_cancellable (scope)));
  g_assert_true (lifecycle_scope_get_cancellable (scope) ==
                 lifecycle_scope_get_cancellable (scope));
  g_assert_finalize_object (scope);
}

static void
late_cleanup (LifecycleScope   *scope,
              LifecycleReason   reason,
              gpointer          user_data,
              GError          **error)
{
  g_assert_true (g_cancellable_is_cancelled (lifecycle_scope_get_cancellable (scope)));
  test_log ("cleanup");
}

static void
test_late_in_cleanup (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  lifecycle_scope_defer (scope, late_cleanup, NULL, NULL);
  lifecycle_scope_close (scope);
  test_assert_log ("cleanup");
  g_assert_finalize_object (scope);
}

/* The user cancelled it himself: that is not a close. */
static void
test_cancelled_by_user (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  g_cancellable_cancel (lifecycle_scope_get_cancellable (scope));
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
}

static void
test_outlives (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GCancellable *cancellable = g_object_ref (lifecycle_scope_get_cancellable (scope));

  g_assert_finalize_object (scope);
  g_assert_true (g_cancellable_is_cancelled (cancellable));
  g_assert_finalize_object (cancellable);
}

typedef struct
{
  LifecycleScope *scope;
  TestEmitter    *emitter;
  gulong          id;
  GSource        *source;
} Fixture;

static void
cancelled_cb (GCancellable *cancellable,
              gpointer      data)
{
  Fixture *f = data;

  test_log ("cancelled");
  g_assert_cmpint (lifecycle_scope_get_state (f->scope), ==, LIFECYCLE_STATE_CLOSING);
  g_assert_false (test_is_connected (f->emitter, f->id));
  g_assert_true (g_source_is_destroyed (f->source));
  test_emit (f->emitter, "plain");
}

/* It is cancelled in the release step: handlers and sources are mute, nothing is destroyed yet. */
static void
test_order (void)
{
  Fixture f = { .scope = lifecycle_scope_new ("scope"), .emitter = test_emitter_new () };
  GCancellable *cancellable;

  f.id = lifecycle_scope_connect_full (f.scope, f.emitter, "plain",
                                       G_CALLBACK (test_never_handler_cb), (gpointer) "handler",
                                       test_log_closure_notify, 0);
  cancellable = lifecycle_scope_get_cancellable (f.scope);
  g_signal_connect (cancellable, "cancelled", G_CALLBACK (cancelled_cb), &f);
  f.source = g_source_ref (lifecycle_scope_add_idle (f.scope, test_never_source_cb,
                                                     (gpointer) "source", test_log_notify));
  g_signal_connect (f.scope, "closing", G_CALLBACK (test_log_scope_cb), (gpointer) "closing");
  g_assert_cmpuint (lifecycle_scope_close (f.scope), ==, 2);
  test_assert_log ("closing cancelled ~source ~handler");
  g_source_unref (f.source);
  g_assert_finalize_object (f.scope);
  g_assert_finalize_object (f.emitter);
}

static void
closes_cb (GCancellable *cancellable,
           gpointer      scope)
{
  test_log ("cancelled");
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
}

static void
test_closes (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *scope = lifecycle_scope_new_child (root, "scope");
  int n = 0;

  g_signal_connect (lifecycle_scope_get_cancellable (scope), "cancelled",
                    G_CALLBACK (closes_cb), scope);
  g_signal_connect (lifecycle_scope_get_cancellable (root), "cancelled",
                    G_CALLBACK (closes_cb), scope);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_assert_cmpuint (lifecycle_scope_close (root), ==, 2);
  test_assert_log ("cancelled cancelled");
  g_assert_cmpint (n, ==, 1);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (root);
}

static void
unrefs_cb (GCancellable *cancellable,
           gpointer      scope)
{
  test_log ("cancelled");
  g_object_unref (scope);
}

static void
test_unrefs (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0, finalized = 0;

  test_count_finalize (scope, &finalized);
  g_signal_connect (lifecycle_scope_get_cancellable (scope), "cancelled",
                    G_CALLBACK (unrefs_cb), scope);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  lifecycle_scope_close (scope);
  test_assert_log ("cancelled");
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpint (finalized, ==, 1);
}

static void
close_by_cancelled_cb (GCancellable *cancellable,
                       gpointer      scope)
{
  test_log ("%u", lifecycle_scope_close (scope));
}

/* While it is being cancelled by the user, the scope is closed, which would cancel it again. */
static void
test_closed_in_cancelled (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GCancellable *cancellable = lifecycle_scope_get_cancellable (scope);
  int n = 0;

  g_signal_connect (cancellable, "cancelled", G_CALLBACK (close_by_cancelled_cb), scope);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_object_ref (cancellable);
  g_cancellable_cancel (cancellable);
  test_assert_log ("1");
  g_assert_cmpint (n, ==, 1);
  g_object_unref (cancellable);
  g_assert_finalize_object (scope);
}

/* A scope that follows a cancellable is closed within g_cancellable_cancel() and drops its entries
 * there, an own handler on that cancellable among them: g_cancellable_disconnect() would hang. */
static void
test_own_handler (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  lifecycle_scope_connect_signal (scope, cancellable, "cancelled", G_CALLBACK (test_log_handler_cb),
                                  (gpointer) "cancelled");
  lifecycle_scope_follow_cancellable (scope, cancellable);
  g_cancellable_cancel (cancellable);
  test_assert_log ("cancelled");
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_finalize_object (scope);
}

static void
test_clear (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GCancellable) first = g_object_ref (lifecycle_scope_get_cancellable (scope));
  GCancellable *second;

  lifecycle_scope_clear (scope);
  g_assert_true (g_cancellable_is_cancelled (first));
  second = lifecycle_scope_get_cancellable (scope);
  g_assert_true (second != first);
  g_assert_false (g_cancellable_is_cancelled (second));
  g_assert_finalize_object (scope);
}

/* Children have their own, cancelled with the parent's. */
static void
test_children (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *child = lifecycle_scope_new_child (root, "child");
  g_autoptr (GCancellable) above = g_object_ref (lifecycle_scope_get_cancellable (root));
  g_autoptr (GCancellable) below = g_object_ref (lifecycle_scope_get_cancellable (child));

  g_assert_true (above != below);
  lifecycle_scope_close (child);
  g_assert_true (g_cancellable_is_cancelled (below));
  g_assert_false (g_cancellable_is_cancelled (above));
  g_assert_finalize_object (child);

  child = lifecycle_scope_new_child (root, "child");
  g_clear_object (&below);
  below = g_object_ref (lifecycle_scope_get_cancellable (child));
  lifecycle_scope_close (root);
  g_assert_true (g_cancellable_is_cancelled (below));
  g_assert_true (g_cancellable_is_cancelled (above));
  g_assert_finalize_object (child);
  g_assert_finalize_object (root);
}

static void
still_open_cb (LifecycleScope  *scope,
               LifecycleReason  reason,
               gpointer         cancellable)
{
  g_assert_false (g_cancellable_is_cancelled (cancellable));
  test_log ("closing");
}

/* In `closing` everything still works, this too. */
static void
test_closing (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  g_signal_connect (scope, "closing", G_CALLBACK (still_open_cb),
                    lifecycle_scope_get_cancellable (scope));
  lifecycle_scope_close (scope);
  test_assert_log ("closing");
  g_assert_finalize_object (scope);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/cancellable/cancellable", test_cancellable);
  g_test_add_func ("/lifecycle/cancellable/late", test_late);
  g_test_add_func ("/lifecycle/cancellable/late-in-cleanup", test_late_in_cleanup);
  g_test_add_func ("/lifecycle/cancellable/cancelled-by-user", test_cancelled_by_user);
  g_test_add_func ("/lifecycle/cancellable/outlives", test_outlives);
  g_test_add_func ("/lifecycle/cancellable/order", test_order);
  g_test_add_func ("/lifecycle/cancellable/closes", test_closes);
  g_test_add_func ("/lifecycle/cancellable/unrefs", test_unrefs);
  g_test_add_func ("/lifecycle/cancellable/closed-in-cancelled", test_closed_in_cancelled);
  g_test_add_func ("/lifecycle/cancellable/own-handler", test_own_handler);
  g_test_add_func ("/lifecycle/cancellable/clear", test_clear);
  g_test_add_func ("/lifecycle/cancellable/children", test_children);
  g_test_add_func ("/lifecycle/cancellable/closing", test_closing);

  return g_test_run ();
}
