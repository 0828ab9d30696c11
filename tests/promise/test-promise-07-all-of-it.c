/* test-promise-07-all-of-it.c: a failure stops nothing
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

static void
failing_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          word,
                 GError          **error)
{
  test_log ("%s", (const char *) word);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, word);
}

/* Every cleanup fails, and every other kind of entry in between goes as if nothing had been. */
static void
test_everything_goes (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child;
  LifecycleScope *follower = lifecycle_scope_new ("follower");
  TestEmitter *emitter = test_emitter_new ();
  TestEmitter *object = test_emitter_new_logged ("object");

  lifecycle_scope_follow (follower, scope);
  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "first", test_log_notify);
  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                (gpointer) "handler", test_log_closure_notify, 0);
  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "second", test_log_notify);
  child = lifecycle_scope_new_child (scope, "child");
  lifecycle_scope_adopt (child, (gpointer) "child-data", test_log_notify);
  lifecycle_scope_defer (child, failing_cleanup, (gpointer) "child-cleanup", test_log_notify);
  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "third", test_log_notify);
  lifecycle_scope_add_idle (scope, test_never_source_cb, (gpointer) "idle", test_log_notify);
  lifecycle_scope_add_object (scope, G_OBJECT (object));
  g_object_unref (object);
  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "fourth", test_log_notify);
  lifecycle_scope_defer (follower, failing_cleanup, (gpointer) "follower", test_log_notify);
  g_signal_connect (scope, "closed", G_CALLBACK (test_log_scope_cb), (gpointer) "closed");

  g_assert_cmpuint (lifecycle_scope_close (scope), >=, 10);
  test_assert_log ("follower ~follower fourth ~fourth ~object ~idle third ~third "
                   "child-cleanup ~child-cleanup ~child-data second ~second ~handler "
                   "first ~first closed");
  g_assert_error (lifecycle_scope_get_error (scope), LIFECYCLE_ERROR, LIFECYCLE_ERROR_CLEANUP);
  g_assert_error (lifecycle_scope_get_error (child), G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_error (lifecycle_scope_get_error (follower), G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_finalize_object (child);
  g_assert_finalize_object (follower);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* Each of them is named, wherever below it happened. */
static void
test_named (void)
{
  LifecycleScope *scopes[10];
  char *messages[10];
  const GError *error;
  guint i;

  for (i = 0; i < 10; i++)
    {
      scopes[i] = i == 0 ? lifecycle_scope_new ("top")
                         : lifecycle_scope_new_child (scopes[i / 2], "below");
      messages[i] = g_strdup_printf ("failure<%u>", i);
      lifecycle_scope_defer (scopes[i], failing_cleanup, messages[i], NULL);
    }
  g_assert_cmpuint (lifecycle_scope_close (scopes[0]), ==, 19);
  error = lifecycle_scope_get_error (scopes[0]);
  g_assert_error (error, LIFECYCLE_ERROR, LIFECYCLE_ERROR_CLEANUP);
  for (i = 0; i < 10; i++)
    g_assert_nonnull (strstr (error->message, messages[i]));
  g_assert_nonnull (strstr (error->message, "top/below/below"));
  g_assert_nonnull (strstr (error->message, "test-promise-07"));
  for (i = 10; i-- > 0;)
    {
      g_assert_finalize_object (scopes[i]);
      g_free (messages[i]);
    }
  g_string_free (g_steal_pointer (&test_log_buffer), TRUE);
}

/* One is itself: the caller can ask for its domain and code. */
static void
test_one_is_itself (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  lifecycle_scope_defer (scope, test_log_cleanup, (gpointer) "fine", NULL);
  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "only", NULL);
  lifecycle_scope_close (scope);
  test_assert_log ("only fine");
  g_assert_error (lifecycle_scope_get_error (scope), G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_cmpstr (lifecycle_scope_get_error (scope)->message, ==, "only");
  g_assert_finalize_object (scope);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/promise-7-all-of-it/everything-goes", test_everything_goes);
  g_test_add_func ("/lifecycle/promise-7-all-of-it/named", test_named);
  g_test_add_func ("/lifecycle/promise-7-all-of-it/one-is-itself", test_one_is_itself);

  return g_test_run ();
}
