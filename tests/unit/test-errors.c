/* test-errors.c: failing cleanups
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

static void
failing_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          message,
                 GError          **error)
{
  test_log ("%s", (const char *) message);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, message);
}

static void
test_none (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0;

  lifecycle_scope_defer (scope, test_count_cleanup, &n, NULL);
  g_assert_null (lifecycle_scope_get_error (scope));
  lifecycle_scope_close (scope);
  g_assert_null (lifecycle_scope_get_error (scope));
  g_assert_cmpint (n, ==, 1);
  g_assert_finalize_object (scope);
}

/* One failure is itself. */
static void
test_one (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0;

  lifecycle_scope_defer (scope, test_count_cleanup, &n, NULL);
  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "busy", NULL);
  lifecycle_scope_defer (scope, test_count_cleanup, &n, NULL);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 3);
  g_assert_error (lifecycle_scope_get_error (scope), G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpstr (lifecycle_scope_get_error (scope)->message, ==, "busy");
  g_assert_cmpint (n, ==, 2);
  test_assert_log ("busy");
  g_assert_finalize_object (scope);
}

/* Several become one that names each. */
static void
test_several (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  const char *message;

  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "out of cheese", NULL);
  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "no more bread", NULL);
  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "wine is gone", NULL);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 3);
  g_assert_error (lifecycle_scope_get_error (scope), LIFECYCLE_ERROR, LIFECYCLE_ERROR_CLEANUP);
  message = lifecycle_scope_get_error (scope)->message;
  g_test_message ("%s", message);
  g_assert_nonnull (strstr (message, "out of cheese"));
  g_assert_nonnull (strstr (message, "no more bread"));
  g_assert_nonnull (strstr (message, "wine is gone"));
  g_assert_nonnull (strstr (message, "scope"));
  g_assert_nonnull (strstr (message, "test-errors.c:"));
  test_assert_log ("wine is gone no more bread out of cheese");
  g_assert_finalize_object (scope);
}

/* Each with the line that it was added in. */
static void
test_places (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree char *first = g_strdup_printf ("test-errors.c:%d", __LINE__ + 4);
  g_autofree char *second = g_strdup_printf ("test-errors.c:%d", __LINE__ + 4);
  const char *message;

  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "a", NULL);
  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "b", NULL);
  lifecycle_scope_defer_at ("my-place:7", scope, failing_cleanup, (gpointer) "c", NULL);
  lifecycle_scope_defer_at (NULL, scope, failing_cleanup, (gpointer) "d", NULL);
  lifecycle_scope_close (scope);
  message = lifecycle_scope_get_error (scope)->message;
  g_assert_nonnull (strstr (message, first));
  g_assert_nonnull (strstr (message, second));
  g_assert_nonnull (strstr (message, "my-place:7"));
  test_assert_log ("d c b a");
  g_assert_finalize_object (scope);
}

/* Failures below are part of the error above, with the path. */
static void
test_children (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *child = lifecycle_scope_new_child (root, "child");
  LifecycleScope *leaf = lifecycle_scope_new_child (child, "leaf");
  const char *message;

  lifecycle_scope_defer (leaf, failing_cleanup, (gpointer) "in leaf", NULL);
  lifecycle_scope_defer (root, failing_cleanup, (gpointer) "in root", NULL);
  lifecycle_scope_close (root);
  g_assert_error (lifecycle_scope_get_error (root), LIFECYCLE_ERROR, LIFECYCLE_ERROR_CLEANUP);
  message = lifecycle_scope_get_error (root)->message;
  g_test_message ("%s", message);
  g_assert_nonnull (strstr (message, "in leaf"));
  g_assert_nonnull (strstr (message, "in root"));
  g_assert_nonnull (strstr (message, "root/child/leaf"));
  g_assert_error (lifecycle_scope_get_error (leaf), G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpstr (lifecycle_scope_get_error (leaf)->message, ==, "in leaf");
  test_assert_log ("in root in leaf");
  g_assert_finalize_object (leaf);
  g_assert_finalize_object (child);
  g_assert_finalize_object (root);
}

/* A single failure far below is itself also at the top. */
static void
test_one_below (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *child = lifecycle_scope_new_child (root, "child");
  LifecycleScope *leaf = lifecycle_scope_new_child (child, "leaf");

  lifecycle_scope_defer (leaf, failing_cleanup, (gpointer) "in leaf", NULL);
  lifecycle_scope_close (root);
  g_assert_error (lifecycle_scope_get_error (root), G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpstr (lifecycle_scope_get_error (root)->message, ==, "in leaf");
  test_assert_log ("in leaf");
  g_assert_finalize_object (leaf);
  g_assert_finalize_object (child);
  g_assert_finalize_object (root);
}

/* A child that was closed on its own does not tell on its parent. */
static void
test_closed_before (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *child = lifecycle_scope_new_child (root, "child");

  lifecycle_scope_defer (child, failing_cleanup, (gpointer) "early", NULL);
  lifecycle_scope_close (child);
  g_assert_error (lifecycle_scope_get_error (child), G_IO_ERROR, G_IO_ERROR_BUSY);
  lifecycle_scope_close (root);
  g_assert_null (lifecycle_scope_get_error (root));
  test_assert_log ("early");
  g_assert_finalize_object (child);
  g_assert_finalize_object (root);
}

static void
check_error_cb (LifecycleScope  *scope,
                LifecycleReason  reason,
                gpointer         data)
{
  g_assert_error (lifecycle_scope_get_error (scope), G_IO_ERROR, G_IO_ERROR_BUSY);
  test_log ("closed");
}

/* It is there when `closed` is emitted. */
static void
test_in_closed (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  g_signal_connect (scope, "closed", G_CALLBACK (check_error_cb), NULL);
  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "busy", NULL);
  lifecycle_scope_close (scope);
  test_assert_log ("busy closed");
  g_assert_finalize_object (scope);
}

/* A late cleanup runs at once; that it fails is nobody's business but must not leak or abort. */
static void
test_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int destroyed = 0;

  lifecycle_scope_close (scope);
  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "late", NULL);
  test_assert_log ("late");
  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "later", NULL);
  test_assert_log ("later");
  lifecycle_scope_defer (scope, test_count_cleanup, &destroyed, test_count_notify);
  g_assert_cmpint (destroyed, ==, 2);
  g_assert_finalize_object (scope);
}

static void
late_failing_cleanup (LifecycleScope   *scope,
                      LifecycleReason   reason,
                      gpointer          message,
                      GError          **error)
{
  lifecycle_scope_defer (scope, failing_cleanup, message, NULL);
  test_log ("between");
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PENDING, "outer");
}

/* While the scope is closing a failure is still collected. */
static void
test_late_while_closing (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  const char *message;

  lifecycle_scope_defer (scope, late_failing_cleanup, (gpointer) "inner", NULL);
  lifecycle_scope_close (scope);
  test_assert_log ("inner between");
  g_assert_error (lifecycle_scope_get_error (scope), LIFECYCLE_ERROR, LIFECYCLE_ERROR_CLEANUP);
  message = lifecycle_scope_get_error (scope)->message;
  g_assert_nonnull (strstr (message, "inner"));
  g_assert_nonnull (strstr (message, "outer"));
  g_assert_finalize_object (scope);
}

/* A failing cleanup of a scope that is cleared must neither stop the rest nor leak. */
static void
test_clear (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0;

  lifecycle_scope_defer (scope, test_count_cleanup, &n, NULL);
  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "cleared", NULL);
  g_assert_cmpuint (lifecycle_scope_clear (scope), ==, 2);
  test_assert_log ("cleared");
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  g_assert_finalize_object (scope);
}

/* The scope goes with its error. */
static void
test_dropped (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "a", NULL);
  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "b", NULL);
  g_assert_finalize_object (scope);
  test_assert_log ("b a");
}

static void
test_many (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  guint i;

  for (i = 0; i < 1000; i++)
    lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "x", NULL);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1000);
  g_assert_error (lifecycle_scope_get_error (scope), LIFECYCLE_ERROR, LIFECYCLE_ERROR_CLEANUP);
  g_string_free (test_log_buffer, TRUE);
  test_log_buffer = NULL;
  g_assert_finalize_object (scope);
}

static void
test_quark (void)
{
  g_assert_cmpstr (g_quark_to_string (LIFECYCLE_ERROR), ==, "lifecycle-error-quark");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/errors/none", test_none);
  g_test_add_func ("/lifecycle/errors/one", test_one);
  g_test_add_func ("/lifecycle/errors/several", test_several);
  g_test_add_func ("/lifecycle/errors/places", test_places);
  g_test_add_func ("/lifecycle/errors/children", test_children);
  g_test_add_func ("/lifecycle/errors/one-below", test_one_below);
  g_test_add_func ("/lifecycle/errors/closed-before", test_closed_before);
  g_test_add_func ("/lifecycle/errors/in-closed", test_in_closed);
  g_test_add_func ("/lifecycle/errors/late", test_late);
  g_test_add_func ("/lifecycle/errors/late-while-closing", test_late_while_closing);
  g_test_add_func ("/lifecycle/errors/clear", test_clear);
  g_test_add_func ("/lifecycle/errors/dropped", test_dropped);
  g_test_add_func ("/lifecycle/errors/many", test_many);
  g_test_add_func ("/lifecycle/errors/quark", test_quark);

  return g_test_run ();
}
