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

static guint64
n_failed (LifecycleScope *scope)
{
  g_autoptr (LifecycleStatistics) statistics = lifecycle_scope_get_statistics (scope, FALSE);

  return lifecycle_statistics_get_n_failed (statistics);
}

/* A late cleanup runs at once. Each failure is told, when nobody collects it. */
static void
test_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int destroyed = 0;

  g_test_expect_message ("Lifecycle", G_LOG_LEVEL_WARNING, "*of scope scope at *test-errors.c:*: late");
  g_test_expect_message ("Lifecycle", G_LOG_LEVEL_WARNING, "*of scope scope at *test-errors.c:*: later");

  lifecycle_scope_close (scope);
  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "late", NULL);
  test_assert_log ("late");
  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "later", NULL);
  test_assert_log ("later");
  lifecycle_scope_defer (scope, test_count_cleanup, &destroyed, test_count_notify);
  g_assert_cmpint (destroyed, ==, 2);
  g_assert_finalize_object (scope);
  g_test_assert_expected_messages ();
}

/* The first late failure becomes the error of a scope that has none. From then on, whoever has been
 * given that can rely on it.
 */
static void
test_late_collected (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  const GError *error;

  g_test_expect_message ("Lifecycle", G_LOG_LEVEL_WARNING, "*of scope scope at *test-errors.c:*: later");

  lifecycle_scope_close (scope);
  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "late", NULL);
  error = lifecycle_scope_get_error (scope);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "later", NULL);
  g_assert_true (lifecycle_scope_get_error (scope) == error);
  g_assert_cmpstr (error->message, ==, "late");
  test_assert_log ("late later");
  g_assert_finalize_object (scope);
  g_test_assert_expected_messages ();
}

/* A scope that is kept for long after its close, and still used, does not grow with each failure. Those
 * that it does not take are told at once.
 */
static void
test_late_many (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  guint n_kept = 16;
  guint n_more = 5;

  lifecycle_scope_close (scope);
  for (guint i = 0; i < n_kept; i++)
    lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "early", NULL);
  for (guint i = 0; i < n_more; i++)
    {
      g_test_expect_message ("Lifecycle", G_LOG_LEVEL_WARNING,
                             "*of scope scope at *test-errors.c:*: too late");
      lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "too late", NULL);
      g_test_assert_expected_messages ();
    }
  g_assert_cmpuint (n_failed (scope), ==, n_kept + n_more);

  for (guint i = 0; i < n_kept; i++)
    g_test_expect_message ("Lifecycle", G_LOG_LEVEL_WARNING,
                           "*of scope scope at *test-errors.c:*: early");
  g_string_free (test_log_buffer, TRUE);
  test_log_buffer = NULL;
  g_assert_finalize_object (scope);
  g_test_assert_expected_messages ();
}

/* The same for failures that another language reports, which become part of the error. */
static void
test_late_many_reported (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  lifecycle_scope_close (scope);
  for (guint i = 0; i < 20; i++)
    {
      g_test_expect_message ("Lifecycle", G_LOG_LEVEL_WARNING, "*scope failed at f.py:1: it failed");
      lifecycle_scope_add_failure (scope, "f.py:1", "it failed");
      g_test_assert_expected_messages ();
    }
  g_assert_cmpuint (n_failed (scope), ==, 20);
  g_assert_true (g_str_has_prefix (lifecycle_scope_get_error (scope)->message,
                                   "16 cleanups failed: "));
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

/* A failing cleanup of a scope that is cleared stops nothing, and is told in the end. */
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
  g_test_expect_message ("Lifecycle", G_LOG_LEVEL_WARNING, "A cleanup of scope scope *failed*: cleared");
  g_assert_finalize_object (scope);
  g_test_assert_expected_messages ();
}

/* The scope goes with its error, which nobody can ask for any more. */
static void
test_dropped (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "a", NULL);
  lifecycle_scope_defer_at ("my-place:7", scope, failing_cleanup, (gpointer) "b", NULL);
  g_test_expect_message ("Lifecycle", G_LOG_LEVEL_WARNING,
                         "A cleanup of scope scope at my-place:7 failed, and its error was never collected: b");
  g_test_expect_message ("Lifecycle", G_LOG_LEVEL_WARNING,
                         "A cleanup of scope scope at *test-errors.c:* failed*: a");
  g_assert_finalize_object (scope);
  g_test_assert_expected_messages ();
  test_assert_log ("b a");
}

/* A scope above that was closed has the failures of those below it, and tells them once. */
static void
test_told_once (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *child = lifecycle_scope_new_child (root, "child");

  lifecycle_scope_defer (child, failing_cleanup, (gpointer) "below", NULL);
  lifecycle_scope_close (root);
  g_assert_finalize_object (child);
  g_test_expect_message ("Lifecycle", G_LOG_LEVEL_WARNING, "*of scope root/child at *: below");
  g_assert_finalize_object (root);
  g_test_assert_expected_messages ();
  test_assert_log ("below");
}

/* Who has asked before does not know of what comes later. */
static void
test_asked_before (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "first", NULL);
  lifecycle_scope_clear (scope);
  g_assert_nonnull (lifecycle_scope_get_error (scope));
  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "second", NULL);
  lifecycle_scope_close (scope);
  test_assert_log ("first second");
  g_test_expect_message ("Lifecycle", G_LOG_LEVEL_WARNING, "*of scope scope at *: second");
  g_assert_finalize_object (scope);
  g_test_assert_expected_messages ();
}

static void
finish_cb (GObject      *scope,
           GAsyncResult *result,
           gpointer      data)
{
  gboolean *collects = data;
  g_autoptr (GError) error = NULL;

  g_assert_false (lifecycle_scope_close_finish (LIFECYCLE_SCOPE (scope), result,
                                                *collects ? &error : NULL));
  test_log ("finished");
}

/* The end of close_async() collects, unless it does not want to know. */
static void
test_finish (void)
{
  for (gboolean collects = FALSE; collects <= TRUE; collects++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");

      lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "busy", NULL);
      lifecycle_scope_close_async (scope, LIFECYCLE_REASON_COMPLETED, 0, NULL, finish_cb, &collects);
      while (g_main_context_iteration (NULL, FALSE))
        ;
      test_assert_log ("busy finished");
      if (!collects)
        g_test_expect_message ("Lifecycle", G_LOG_LEVEL_WARNING, "*of scope scope at *: busy");
      g_assert_finalize_object (scope);
      g_test_assert_expected_messages ();
    }
}

/* A scope that is still there when the program ends. */
static void
test_at_exit (void)
{
  if (g_test_subprocess ())
    {
      /* Static, so that it is held and not leaked. */
      static LifecycleScope *scope;

      g_setenv ("LIFECYCLE_DEBUG", "leaks", TRUE);
      scope = lifecycle_scope_new ("held");
      lifecycle_scope_defer_at ("my-place:8", scope, failing_cleanup, (gpointer) "busy", NULL);
      lifecycle_scope_close (scope);
      return;
    }

  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("*Lifecycle: A cleanup of scope held at my-place:8 failed*: busy*");
}

/* Errors that can be counted. */

GQuark counted_error_quark (void);

typedef struct
{
  gboolean counted;
} CountedErrorPrivate;

static int n_counted_errors;

static void
counted_error_private_init (CountedErrorPrivate *self)
{
  n_counted_errors++;
  self->counted = TRUE;
}

/* A copy may have been initialized, too. */
static void
counted_error_private_copy (const CountedErrorPrivate *from,
                            CountedErrorPrivate       *to)
{
  if (!to->counted)
    n_counted_errors++;
  to->counted = TRUE;
}

static void
counted_error_private_clear (CountedErrorPrivate *self)
{
  n_counted_errors--;
}

G_DEFINE_EXTENDED_ERROR (CountedError, counted_error)

static void
counted_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          data,
                 GError          **error)
{
  g_set_error_literal (error, counted_error_quark (), 1, "counted");
}

/* The error of an earlier clear() is replaced, and freed. */
static void
test_replaced (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  for (guint i = 0; i < 5; i++)
    {
      lifecycle_scope_defer (scope, counted_cleanup, NULL, NULL);
      lifecycle_scope_clear (scope);
      g_assert_nonnull (lifecycle_scope_get_error (scope));
    }
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  g_assert_cmpint (n_counted_errors, ==, 0);
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
  g_test_add_func ("/lifecycle/errors/late-collected", test_late_collected);
  g_test_add_func ("/lifecycle/errors/late-many", test_late_many);
  g_test_add_func ("/lifecycle/errors/late-many-reported", test_late_many_reported);
  g_test_add_func ("/lifecycle/errors/late-while-closing", test_late_while_closing);
  g_test_add_func ("/lifecycle/errors/clear", test_clear);
  g_test_add_func ("/lifecycle/errors/dropped", test_dropped);
  g_test_add_func ("/lifecycle/errors/told-once", test_told_once);
  g_test_add_func ("/lifecycle/errors/asked-before", test_asked_before);
  g_test_add_func ("/lifecycle/errors/finish", test_finish);
  g_test_add_func ("/lifecycle/errors/at-exit", test_at_exit);
  g_test_add_func ("/lifecycle/errors/replaced", test_replaced);
  g_test_add_func ("/lifecycle/errors/many", test_many);
  g_test_add_func ("/lifecycle/errors/quark", test_quark);

  return g_test_run ();
}
