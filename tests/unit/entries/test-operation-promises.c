/* test-operation-promises.c: what users rely on when they use operations
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-operation-thread.h"

/* Too late. */

static void
late_scope_cb (LifecycleScope  *scope,
               LifecycleReason  reason,
               gpointer         word)
{
  late_begin (scope, word);
}

static void
late_cleanup (LifecycleScope   *scope,
              LifecycleReason   reason,
              gpointer          word,
              GError          **error)
{
  late_begin (scope, word);
}

static void
late_destroy (TestAsync *async)
{
  late_begin (async->scope, "destroy");
}

static void
test_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync async = { .on_destroy = late_destroy };
  TestAsync pending = { 0 };

  g_signal_connect (scope, "closing", G_CALLBACK (late_scope_cb), (gpointer) "closing");
  g_signal_connect (scope, "closed", G_CALLBACK (late_scope_cb), (gpointer) "closed");
  lifecycle_scope_defer (scope, late_cleanup, (gpointer) "cleanup", NULL);
  test_async_begin (&async, scope, "call");
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  late_begin (scope, "after");
  test_assert_log ("~closing ~destroy ~cleanup ~closed ~after");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);

  /* It outlives a scope that it never belonged to. */
  test_async_start (&pending, scope, "pending");
  g_assert_finalize_object (scope);
  test_async_succeed (&pending);
  test_drain ();
  test_async_assert_ended (&pending, 0);
  test_async_ready (&async);
  test_async_assert_ended (&async, 0);
}

static void
end_thread (gpointer op)
{
  lifecycle_operation_end (op);
}

/* Promises. */

/* After the close nothing is referenced, even while the call goes on. */
static void
test_promise_complete (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  TestEmitter *objects[4];
  GTask *tasks[4];
  guint i;

  for (i = 0; i < 4; i++)
    {
      LifecycleOperation *op;

      objects[i] = test_emitter_new ();
      op = lifecycle_scope_begin_async (i < 2 ? scope : child, "call", never_async_cb,
                                        g_object_ref (objects[i]), g_object_unref);
      tasks[i] = g_task_new (NULL, lifecycle_operation_get_cancellable (op),
                             lifecycle_operation_ready, op);
    }
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 5);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
  for (i = 0; i < 4; i++)
    g_assert_finalize_object (objects[i]);
  for (i = 0; i < 4; i++)
    {
      GCancellable *cancellable = g_object_ref (g_task_get_cancellable (tasks[i]));

      g_assert_true (g_task_return_error_if_cancelled (tasks[i]));
      g_object_unref (tasks[i]);
      test_drain ();
      g_assert_finalize_object (cancellable);
    }
}

/* The callback's data is let go of by the close, though it captured the owner of the scope. */
static void
test_promise_no_cycles (void)
{
  TestOwner *owner = g_object_new (TEST_TYPE_OWNER, NULL);
  LifecycleOperation *op;
  int finalized = 0;
  TestResult *result = g_object_new (TEST_TYPE_RESULT, NULL);

  op = lifecycle_scope_begin_async (owner->scope, "call", never_async_cb,
                                    g_object_ref (owner), g_object_unref);
  lifecycle_scope_close (owner->scope);
  g_assert_finalize_object (owner);
  result->finalized = &finalized;
  lifecycle_operation_ready (NULL, G_ASYNC_RESULT (result), op);
  g_assert_finalize_object (result);
}

static void
quiet_closing_cb (LifecycleScope  *scope,
                  LifecycleReason  reason,
                  gpointer         data)
{
  TestAsync *async = data;

  /* Everything still works. */
  g_assert_false (test_async_is_cancelled (async));
  g_assert_cmpint (async->destroyed, ==, 0);
  test_log ("closing");
}

static void
quiet_cancelled_cb (GCancellable *cancellable,
                    gpointer      emitter)
{
  g_assert_false (test_has_handlers (emitter, "plain"));
  test_log ("cancelled");
}

static void
test_promise_quiet (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  TestEmitter *emitter = test_emitter_new ();
  TestAsync async = { .word = "call" };

  lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                  NULL);
  lifecycle_scope_adopt (scope, (gpointer) "data", test_log_notify);
  test_async_begin (&async, child, "call");
  g_signal_connect (lifecycle_operation_get_cancellable (async.op), "cancelled",
                    G_CALLBACK (quiet_cancelled_cb), emitter);
  lifecycle_scope_defer (child, test_log_cleanup, (gpointer) "cleanup", NULL);
  lifecycle_scope_connect_signal (child, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                  NULL);
  g_signal_connect (scope, "closing", G_CALLBACK (quiet_closing_cb), &async);
  g_signal_connect (scope, "closed", G_CALLBACK (test_log_scope_cb), (gpointer) "closed");
  lifecycle_scope_close (scope);
  test_assert_log ("closing cancelled ~data cleanup ~call closed");
  test_async_ready (&async);
  test_async_assert_ended (&async, 0);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* However it comes to its end: the callback at most once, the destroy notify once. */
static void
test_promise_once (void)
{
  guint step;

  for (step = 0; step < 32; step++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      TestAsync async = { 0 };

      async.act = (step & 1) != 0 ? act_close : NULL;
      async.on_destroy = (step & 2) != 0 ? destroy_closes : NULL;
      test_async_begin (&async, scope, "call");
      if ((step & 4) != 0)
        lifecycle_scope_clear (scope);
      if ((step & 8) != 0)
        lifecycle_scope_close (scope);
      if ((step & 16) != 0)
        test_in_thread (ready_thread, &async);
      else
        test_async_ready (&async);
      test_drain ();
      lifecycle_scope_close (scope);
      test_drain ();
      test_async_assert_ended (&async, (step & 12) == 0 ? 1 : 0);
      g_assert_finalize_object (scope);
      if (test_log_buffer != NULL)
        g_string_free (g_steal_pointer (&test_log_buffer), TRUE);
    }
}

static void
truthful_act (TestAsync *async)
{
  g_assert_cmpuint (lifecycle_scope_get_n_entries (async->scope), ==, 1);
}

/* It is counted until it ends, and not a moment longer. */
static void
test_promise_truthful (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync async = { .act = truthful_act };
  LifecycleOperation *op = lifecycle_scope_begin (scope, "bracket");

  test_async_begin (&async, scope, "call");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
  /* In the callback only the other one is left. */
  test_async_ready (&async);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  test_in_thread (end_thread, op);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  test_async_assert_ended (&async, 1);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_finalize_object (scope);
}

/* The cancellable is reset or cancelled by others; the object of the call dies; nobody minds. */
static void
test_promise_tolerant (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync asyncs[3] = { 0 };
  guint i;

  for (i = 0; i < 3; i++)
    test_async_start (&asyncs[i], scope, "call");
  g_cancellable_cancel (lifecycle_operation_get_cancellable (asyncs[0].op));
  g_cancellable_cancel (lifecycle_operation_get_cancellable (asyncs[1].op));
  g_cancellable_reset (lifecycle_operation_get_cancellable (asyncs[1].op));
  g_cancellable_push_current (lifecycle_operation_get_cancellable (asyncs[2].op));
  lifecycle_scope_close (scope);
  g_cancellable_pop_current (lifecycle_operation_get_cancellable (asyncs[2].op));
  for (i = 0; i < 3; i++)
    {
      g_assert_true (test_async_is_cancelled (&asyncs[i]));
      test_async_succeed (&asyncs[i]);
    }
  test_drain ();
  for (i = 0; i < 3; i++)
    test_async_assert_ended (&asyncs[i], 0);
  g_assert_finalize_object (scope);
}

/* Any number of them, ended in any order. */
static void
test_promise_flat (void)
{
  guint n = test_amount (100000);
  guint *order = g_new (guint, n);
  guint round;

  for (round = 0; round < 4; round++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      TestAsync *asyncs = g_new0 (TestAsync, n);
      guint i;

      for (i = 0; i < n; i++)
        {
          order[i] = round == 1 ? n - 1 - i : i;
          test_async_begin (&asyncs[i], scope, "call");
        }
      if (round >= 2)
        for (i = n - 1; i > 0; i--)
          {
            guint j = g_test_rand_int_range (0, i + 1);
            guint swap = order[i];

            order[i] = order[j];
            order[j] = swap;
          }
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, n);
      if (round == 3)
        g_assert_cmpuint (lifecycle_scope_close (scope), ==, n);
      for (i = 0; i < n; i++)
        test_async_ready (&asyncs[order[i]]);
      for (i = 0; i < n; i++)
        test_async_assert_ended (&asyncs[i], round == 3 ? 0 : 1);
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
      g_free (asyncs);
      g_assert_finalize_object (scope);
    }
  g_free (order);
}

/* Failures of cleanups between operations. */

static void
failing_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          word,
                 GError          **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, word);
}

static void
test_promise_all_of_it (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync asyncs[3] = { 0 };
  guint i;

  for (i = 0; i < 3; i++)
    {
      lifecycle_scope_defer (scope, failing_cleanup, (gpointer) (i == 1 ? "first" : "second"),
                             NULL);
      test_async_start (&asyncs[i], scope, "call");
    }
  test_async_fail (&asyncs[1]);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 6);
  g_assert_error (lifecycle_scope_get_error (scope), LIFECYCLE_ERROR, LIFECYCLE_ERROR_CLEANUP);
  test_async_succeed (&asyncs[0]);
  test_async_fail (&asyncs[2]);
  test_drain ();
  for (i = 0; i < 3; i++)
    test_async_assert_ended (&asyncs[i], 0);
  g_assert_finalize_object (scope);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  test_take_limit_warnings ();

  g_test_add_func ("/lifecycle/promise-6-late-is-safe/operation-late", test_late);
  g_test_add_func ("/lifecycle/promise-1-complete/operation-close", test_promise_complete);
  g_test_add_func ("/lifecycle/promise-12-no-cycles/operation-captured-owner",
                   test_promise_no_cycles);
  g_test_add_func ("/lifecycle/promise-2-quiet/operation-order", test_promise_quiet);
  g_test_add_func ("/lifecycle/promise-3-once/operation-every-end", test_promise_once);
  g_test_add_func ("/lifecycle/promise-4-truthful/operation-counts", test_promise_truthful);
  g_test_add_func ("/lifecycle/promise-5-tolerant/operation-cancellable", test_promise_tolerant);
  g_test_add_func ("/lifecycle/promise-8-flat/operation-many", test_promise_flat);
  g_test_add_func ("/lifecycle/promise-7-all-of-it/operation-failures", test_promise_all_of_it);

  return g_test_run ();
}
