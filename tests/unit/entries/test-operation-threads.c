/* test-operation-threads.c: operations on other threads and in other contexts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-operation-thread.h"

/* Other threads, other contexts. */

static void
test_thread_ready (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync async = { .word = "call" };

  test_async_begin (&async, scope, "call");
  test_in_thread (ready_thread, &async);
  g_assert_cmpint (async.called, ==, 0);
  test_run_until (test_done_counted, &async.called);
  test_drain ();
  test_assert_log ("call ~call");
  test_async_assert_ended (&async, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
}

/* The result is on its way home when the scope closes. */
static void
test_thread_ready_close (void)
{
  guint i;

  for (i = 0; i < 3; i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      TestAsync async = { 0 };

      test_async_begin (&async, scope, "call");
      test_in_thread (ready_thread, &async);
      if (i == 0)
        lifecycle_scope_close (scope);
      else if (i == 1)
        lifecycle_scope_clear (scope);
      else
        g_assert_finalize_object (g_steal_pointer (&scope));
      g_assert_cmpint (async.destroyed, ==, 1);
      test_drain ();
      test_async_assert_ended (&async, 0);
      if (scope != NULL)
        g_assert_finalize_object (scope);
    }
}

static void
test_thread_ready_after (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync closed = { 0 };
  TestAsync finalized = { 0 };

  test_async_begin (&closed, scope, "call");
  test_async_begin (&finalized, scope, "call");
  lifecycle_scope_close (scope);
  test_in_thread (ready_thread, &closed);
  test_drain ();
  test_async_assert_ended (&closed, 0);
  g_assert_finalize_object (scope);
  test_in_thread (ready_thread, &finalized);
  test_drain ();
  test_async_assert_ended (&finalized, 0);
}

static void
home_notify (gpointer data)
{
  TestAsync *async = data;

  g_assert_true (g_thread_self () == async->home);
  async->destroyed++;
}

/* Nobody to call, but something to free, which belongs home. */
static void
test_thread_no_callback (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync async = { .home = g_thread_self () };

  async.op = lifecycle_scope_begin_async (scope, "call", NULL, &async, home_notify);
  test_in_thread (ready_thread, &async);
  test_run_until (test_done_counted, &async.destroyed);
  test_drain ();
  test_async_assert_ended (&async, 0);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
}

/* The last reference goes elsewhere, with a call under way and a result on its way. */
static void
test_thread_drop (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int finalized = 0;
  TestAsync pending = { 0 };
  TestAsync queued = { 0 };

  test_count_finalize (scope, &finalized);
  test_async_start (&pending, scope, "pending");
  test_async_start (&queued, scope, "queued");
  test_async_succeed (&queued);
  test_in_thread (g_object_unref, scope);
  g_assert_cmpint (pending.destroyed, ==, 0);
  test_run_until (test_done_counted, &finalized);
  test_drain ();
  g_assert_true (test_async_is_cancelled (&pending));
  test_async_succeed (&pending);
  test_drain ();
  test_async_assert_ended (&pending, 0);
  test_async_assert_ended (&queued, 0);
}

static void
start_thread (gpointer data)
{
  TestAsync *async = data;

  test_async_start (async, async->scope, "elsewhere");
}

static void
succeed_thread (gpointer data)
{
  test_async_succeed (data);
}

/* The call is made, and completes, on a thread with a main loop; the operation is at home here. */
static void
test_worker (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestWorker *worker = test_worker_new ();
  TestAsync open = { .scope = scope, .home = g_thread_self () };
  TestAsync closed = { .scope = scope, .home = g_thread_self () };

  test_worker_call (worker, start_thread, &open);
  test_worker_call (worker, start_thread, &closed);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
  test_worker_call (worker, succeed_thread, &open);
  test_run_until (test_done_counted, &open.called);

  lifecycle_scope_close (scope);
  g_assert_cmpint (closed.destroyed, ==, 1);
  test_worker_call (worker, succeed_thread, &closed);
  test_worker_free (worker);
  test_drain ();
  test_async_assert_ended (&open, 1);
  test_async_assert_ended (&closed, 0);
  g_assert_finalize_object (scope);
}

static void
begin_late_thread (gpointer data)
{
  TestAsync *async = data;

  test_async_begin (async, async->scope, "late");
  g_assert_cmpint (async->destroyed, ==, 1);
  g_assert_true (test_async_is_cancelled (async));
  test_async_ready (async);
}

static void
test_thread_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync async = { .scope = scope };

  lifecycle_scope_close (scope);
  test_in_thread (begin_late_thread, &async);
  test_async_assert_ended (&async, 0);
  g_assert_finalize_object (scope);
}

/* The context that the call completes in is another one of the same thread. */
static void
test_other_context (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GMainContext *context = g_main_context_new ();
  TestAsync open = { 0 };
  TestAsync closed = { 0 };

  g_main_context_push_thread_default (context);
  test_async_start (&open, scope, "open");
  test_async_start (&closed, scope, "closed");
  test_async_succeed (&open);
  test_drain ();
  g_main_context_pop_thread_default (context);
  test_run_until (test_done_counted, &open.called);

  lifecycle_scope_close (scope);
  g_main_context_push_thread_default (context);
  test_async_succeed (&closed);
  test_drain ();
  g_main_context_pop_thread_default (context);
  test_drain ();
  test_async_assert_ended (&open, 1);
  test_async_assert_ended (&closed, 0);
  g_main_context_unref (context);
  g_assert_finalize_object (scope);
}

/* A scope whose home is gone: its context dies with a result on the way. */
static void
test_context_dies (void)
{
  GMainContext *context = g_main_context_new ();
  LifecycleScope *scope;
  TestAsync async = { 0 };
  int operation_freed = 0;

  g_main_context_push_thread_default (context);
  scope = lifecycle_scope_new ("scope");
  g_main_context_pop_thread_default (context);
  test_async_begin (&async, scope, "call");
  test_count_finalize (lifecycle_operation_get_cancellable (async.op), &operation_freed);
  test_in_thread (ready_thread, &async);
  g_main_context_unref (context);
  lifecycle_scope_close (scope);
  g_assert_cmpint (operation_freed, ==, 0);
  g_assert_finalize_object (scope);
  g_assert_cmpint (operation_freed, ==, 1);
  g_assert_cmpint (async.called, ==, 0);
  g_assert_cmpint (async.destroyed, ==, 1);
  g_assert_cmpint (async.finalized, ==, 1);
}

/* No lock is held around user code: another thread, which the caller waits for, gets through. */

static void
use_thread (gpointer data)
{
  TestAsync *async = data;
  TestAsync own = { 0 };
  LifecycleOperation *op = lifecycle_scope_begin (async->scope, "bracket");

  g_assert_cmpstr (lifecycle_operation_get_name (op), ==, "bracket");
  lifecycle_scope_get_n_entries (async->scope);
  lifecycle_operation_end (op);
  if (lifecycle_scope_get_state (async->scope) != LIFECYCLE_STATE_OPEN)
    {
      test_async_begin (&own, async->scope, "late");
      test_async_ready (&own);
      test_async_assert_ended (&own, 0);
    }
  if (async->other->op != NULL)
    {
      lifecycle_operation_get_age (async->other->op);
      g_cancellable_is_cancelled (lifecycle_operation_get_cancellable (async->other->op));
    }
}

static void
act_use_thread (TestAsync *async)
{
  test_in_thread (use_thread, async);
}

static void
cancelled_use_thread_cb (GCancellable *cancellable,
                         TestAsync    *async)
{
  test_in_thread (use_thread, async);
}

static void
test_promise_lock_free (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync asyncs[3] = { 0 };
  guint i;

  for (i = 0; i < 3; i++)
    {
      asyncs[i].act = act_use_thread;
      asyncs[i].on_destroy = act_use_thread;
      asyncs[i].other = &asyncs[2];
      test_async_begin (&asyncs[i], scope, "call");
      g_signal_connect (lifecycle_operation_get_cancellable (asyncs[i].op), "cancelled",
                        G_CALLBACK (cancelled_use_thread_cb), &asyncs[i]);
    }
  test_async_ready (&asyncs[0]);
  g_cancellable_cancel (lifecycle_operation_get_cancellable (asyncs[1].op));
  lifecycle_scope_close (scope);
  test_async_ready (&asyncs[1]);
  test_async_ready (&asyncs[2]);
  for (i = 0; i < 3; i++)
    test_async_assert_ended (&asyncs[i], i == 0 ? 1 : 0);
  g_assert_finalize_object (scope);
}

/* Closed from elsewhere: decided at once, done at home. */

static void
close_thread (gpointer data)
{
  TestAsync *async = data;

  g_assert_cmpuint (lifecycle_scope_close (async->scope), ==, 0);
  g_assert_cmpint (async->destroyed, ==, 0);
}

static void
test_promise_home (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync pending = { 0 };
  TestAsync queued = { 0 };
  TestAsync after = { 0 };

  test_async_start (&pending, scope, "pending");
  test_async_start (&queued, scope, "queued");
  test_async_begin (&after, scope, "after");
  test_async_succeed (&queued);
  test_in_thread (close_thread, &pending);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSING);
  /* The teardown has not been done yet, but it is decided: nothing is called back. */
  test_async_ready (&after);
  g_assert_cmpint (after.called, ==, 0);
  test_run_until (test_done_closed, scope);
  g_assert_true (test_async_is_cancelled (&pending));
  test_async_succeed (&pending);
  test_drain ();
  test_async_assert_ended (&pending, 0);
  test_async_assert_ended (&queued, 0);
  test_async_assert_ended (&after, 0);
  g_assert_finalize_object (scope);
}

static void
begin_thread (gpointer data)
{
  TestAsync *async = data;

  test_async_begin (async, async->scope, "from elsewhere");
  g_assert_false (test_async_is_cancelled (async));
}

/* Begun on any thread, called back at home. */
static void
test_promise_home_begin (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync called = { .scope = scope, .home = g_thread_self () };
  TestAsync closed = { .scope = scope, .home = g_thread_self () };

  test_in_thread (begin_thread, &called);
  test_in_thread (begin_thread, &closed);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
  test_in_thread (ready_thread, &called);
  test_run_until (test_done_counted, &called.called);
  lifecycle_scope_close (scope);
  test_in_thread (ready_thread, &closed);
  test_drain ();
  test_async_assert_ended (&called, 1);
  test_async_assert_ended (&closed, 0);
  g_assert_finalize_object (scope);
}

/* Threads complete calls while the scope at home is closed, cleared, moved or left alone. */

#define N_STRESS_THREADS 4

#define N_STRESS_CALLS   50

static void
test_promise_home_stress (void)
{
  guint n_rounds = test_amount (20000) / 100;
  guint round;

  for (round = 0; round < n_rounds; round++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      LifecycleScope *moved = NULL;
      TestAsync asyncs[N_STRESS_THREADS * N_STRESS_CALLS] = { 0 };
      LifecycleOperation *ops[N_STRESS_THREADS * N_STRESS_CALLS];
      TestCompletion completions[N_STRESS_THREADS];
      GThread *threads[N_STRESS_THREADS];
      int go = 0;
      guint i;

      for (i = 0; i < G_N_ELEMENTS (asyncs); i++)
        {
          test_async_begin (&asyncs[i], scope, "call");
          ops[i] = lifecycle_scope_begin (scope, "bracket");
        }
      for (i = 0; i < N_STRESS_THREADS; i++)
        {
          completions[i] = (TestCompletion) {
            .asyncs = &asyncs[i * N_STRESS_CALLS],
            .ops = &ops[i * N_STRESS_CALLS],
            .n = N_STRESS_CALLS,
            .go = &go,
          };
          threads[i] = g_thread_new ("stress", test_complete_thread, &completions[i]);
        }
      g_atomic_int_set (&go, 1);
      switch (round % 4)
        {
        case 0:
          while (lifecycle_scope_get_n_entries (scope) > 50)
            g_main_context_iteration (NULL, FALSE);
          lifecycle_scope_close (scope);
          break;
        case 1:
          g_main_context_iteration (NULL, FALSE);
          lifecycle_scope_clear (scope);
          break;
        case 2:
          moved = lifecycle_scope_move (scope);
          g_main_context_iteration (NULL, FALSE);
          lifecycle_scope_close (moved);
          break;
        default:
          break;
        }
      for (i = 0; i < N_STRESS_THREADS; i++)
        g_thread_join (threads[i]);
      test_drain ();
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
      for (i = 0; i < G_N_ELEMENTS (asyncs); i++)
        test_async_assert_ended (&asyncs[i], round % 4 == 3 ? 1 : asyncs[i].called);
      g_assert_finalize_object (scope);
      if (moved != NULL)
        g_assert_finalize_object (moved);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  test_take_limit_warnings ();

  g_test_add_func ("/lifecycle/operation/thread-ready", test_thread_ready);
  g_test_add_func ("/lifecycle/operation/thread-ready-close", test_thread_ready_close);
  g_test_add_func ("/lifecycle/operation/thread-ready-after", test_thread_ready_after);
  g_test_add_func ("/lifecycle/operation/thread-no-callback", test_thread_no_callback);
  g_test_add_func ("/lifecycle/operation/thread-drop", test_thread_drop);
  g_test_add_func ("/lifecycle/operation/worker", test_worker);
  g_test_add_func ("/lifecycle/operation/thread-late", test_thread_late);
  g_test_add_func ("/lifecycle/operation/other-context", test_other_context);
  g_test_add_func ("/lifecycle/operation/context-dies", test_context_dies);
  g_test_add_func ("/lifecycle/promise-9-lock-free/operation-threads", test_promise_lock_free);
  g_test_add_func ("/lifecycle/promise-10-home/operation-closed-elsewhere", test_promise_home);
  g_test_add_func ("/lifecycle/promise-10-home/operation-begun-elsewhere", test_promise_home_begin);
  g_test_add_func ("/lifecycle/promise-10-home/operation-stress", test_promise_home_stress);

  return g_test_run ();
}
