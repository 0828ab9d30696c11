/* test-debug.c: LIFECYCLE_DEBUG=threads tells who comes from the wrong thread
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <lifecycle.h>
#include <string.h>

#include "test-util.h"

static int n_calls;

static void
count_cb (void)
{
  g_atomic_int_inc (&n_calls);
}

static gpointer
block_thread (gpointer data)
{
  lifecycle_scope_block (data);
  lifecycle_scope_unblock (data);

  return NULL;
}

/* The function and the path of the scope are named. At home nobody complains. */
static void
test_function (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("service");
  LifecycleScope *scope = lifecycle_scope_new_child (parent, "player");

  g_test_expect_message ("Lifecycle", G_LOG_LEVEL_WARNING,
                         "lifecycle_scope_block is called on*thread*service/player is not at home");
  g_test_expect_message ("Lifecycle", G_LOG_LEVEL_WARNING,
                         "lifecycle_scope_unblock is called on*thread*service/player*");
  g_thread_join (g_thread_new ("elsewhere", block_thread, scope));
  g_test_assert_expected_messages ();

  block_thread (scope);

  lifecycle_scope_close (parent);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (parent);
}

static gpointer
emit_thread (gpointer data)
{
  test_emit (data, "plain");

  return NULL;
}

/* A handler that is neither queued nor guarded is named by the place where it was connected. */
static void
test_handler (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  g_autofree char *expected = NULL;

  n_calls = 0;
  expected = g_strdup_printf ("A handler is called on*scope is not at home; connected at *%s:%d",
                              "test-debug.c", __LINE__ + 1);
  lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (count_cb), NULL);
  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (count_cb), NULL, NULL,
                                LIFECYCLE_CONNECT_GUARDED);
  g_test_expect_message ("Lifecycle", G_LOG_LEVEL_WARNING, expected);
  g_thread_join (g_thread_new ("elsewhere", emit_thread, emitter));
  g_test_assert_expected_messages ();
  g_assert_cmpint (n_calls, ==, 2);

  test_emit (emitter, "plain");
  g_assert_cmpint (n_calls, ==, 4);

  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static gpointer
message_thread (gpointer scope)
{
  return lifecycle_scope_get_error_message (scope);
}

/* The message of an error, unlike the error, may be asked for anywhere. */
static void
test_error_message (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  g_assert_null (g_thread_join (g_thread_new ("elsewhere", message_thread, scope)));
  g_assert_finalize_object (scope);
}

static gpointer
root_thread (gpointer context)
{
  LifecycleScope *scope;

  if (context != NULL)
    g_main_context_push_thread_default (context);
  scope = lifecycle_scope_new ("misplaced");
  if (context != NULL)
    g_main_context_pop_thread_default (context);

  return scope;
}

/* A worker that has pushed no context makes scopes for whoever runs the default one. */
static void
test_no_context (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  LifecycleScope *scope;

  g_assert_true (g_main_context_acquire (NULL));
  g_test_expect_message ("Lifecycle", G_LOG_LEVEL_WARNING,
                         "Scope misplaced is at home in*another thread*; created at *test-debug.c:*");
  scope = g_thread_join (g_thread_new ("worker", root_thread, NULL));
  g_test_assert_expected_messages ();
  g_assert_finalize_object (scope);

  scope = g_thread_join (g_thread_new ("worker", root_thread, context));
  g_assert_finalize_object (scope);
  g_main_context_release (NULL);

  scope = root_thread (NULL);
  g_assert_finalize_object (scope);
}

/* A signal that a scope follows may be emitted anywhere. */
static void
test_follow (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();

  lifecycle_scope_follow_signal (scope, G_OBJECT (emitter), "plain", LIFECYCLE_REASON_ABORTED);
  g_thread_join (g_thread_new ("elsewhere", emit_thread, emitter));
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSING);
  test_iterate_until (lifecycle_scope_is_closed (scope));
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_ABORTED);

  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

int
main (int   argc,
      char *argv[])
{
  g_setenv ("LIFECYCLE_DEBUG", "threads", TRUE);
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/debug/function", test_function);
  g_test_add_func ("/lifecycle/debug/handler", test_handler);
  g_test_add_func ("/lifecycle/debug/error-message", test_error_message);
  g_test_add_func ("/lifecycle/debug/no-context", test_no_context);
  g_test_add_func ("/lifecycle/debug/follow", test_follow);

  return g_test_run ();
}
