/* test-close-async-threads.c: closes that wait, and other threads
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-operation-util.h"

static gboolean
end_source_cb (gpointer op)
{
  lifecycle_operation_end (op);
  return G_SOURCE_REMOVE;
}

/* Handlers that run on another thread. */

typedef struct
{
  TestEmitter *emitter;
  GMutex       mutex;
  GCond        cond;
  gboolean     hold;
  int          entered;
  int          left;
  int          destroyed;
} Gate;

static void
gate_init (Gate *gate)
{
  memset (gate, 0, sizeof *gate);
  gate->emitter = test_emitter_new ();
  gate->hold = TRUE;
  g_mutex_init (&gate->mutex);
  g_cond_init (&gate->cond);
}

static void
gate_clear (Gate *gate)
{
  g_assert_finalize_object (gate->emitter);
  g_mutex_clear (&gate->mutex);
  g_cond_clear (&gate->cond);
}

static void
gate_open (Gate *gate)
{
  g_mutex_lock (&gate->mutex);
  gate->hold = FALSE;
  g_cond_broadcast (&gate->cond);
  g_mutex_unlock (&gate->mutex);
}

static void
gate_handler_cb (TestEmitter *emitter,
                 gpointer     data)
{
  Gate *gate = data;

  g_assert_cmpint (g_atomic_int_get (&gate->destroyed), ==, 0);
  g_atomic_int_inc (&gate->entered);
  g_mutex_lock (&gate->mutex);
  test_wait_for_cond (&gate->cond, &gate->mutex, !gate->hold);
  g_mutex_unlock (&gate->mutex);
  g_assert_cmpint (g_atomic_int_get (&gate->destroyed), ==, 0);
  g_atomic_int_inc (&gate->left);
}

static void
gate_notify (gpointer  data,
             GClosure *closure)
{
  g_atomic_int_inc (&((Gate *) data)->destroyed);
}

static gpointer
gate_thread (gpointer data)
{
  test_emit (((Gate *) data)->emitter, "plain");
  return NULL;
}

static void
test_guarded (void)
{
  guint i;

  /* Waited for; not waited for; given up on. */
  for (i = 0; i < 3; i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
      LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
      TestWait wait = { 0 };
      GThread *threads[2];
      Gate gate;
      guint j;

      gate_init (&gate);
      lifecycle_scope_connect_full (child, gate.emitter, "plain", G_CALLBACK (gate_handler_cb),
                                    &gate, gate_notify, LIFECYCLE_CONNECT_GUARDED);
      for (j = 0; j < 2; j++)
        threads[j] = g_thread_new ("emitter", gate_thread, &gate);
      test_wait_for (g_atomic_int_get (&gate.entered) == 2);

      test_wait (&wait, scope, i == 2 ? 10 : 0);
      /* None starts any more. */
      test_emit (gate.emitter, "plain");
      g_assert_cmpint (g_atomic_int_get (&gate.entered), ==, 2);
      if (i < 2)
        test_wait_assert_waiting (&wait);
      if (i != 2)
        lifecycle_operation_end (op);
      if (i == 0)
        test_wait_assert_waiting (&wait);
      if (i == 1)
        {
          lifecycle_scope_close (scope);
          g_assert_true (lifecycle_scope_is_closed (scope));
          test_wait_run (&wait);
          g_clear_error (&wait.error);
        }
      if (i == 2)
        {
          test_wait_assert_timed_out (&wait);
          g_assert_nonnull (strstr (wait.error->message, "scope/child"));
          g_clear_error (&wait.error);
          lifecycle_operation_end (op);
        }
      gate_open (&gate);
      if (i == 0)
        {
          test_wait_assert_closed (&wait);
          g_assert_cmpint (g_atomic_int_get (&gate.left), ==, 2);
        }
      for (j = 0; j < 2; j++)
        g_thread_join (threads[j]);
      test_drain ();
      g_assert_cmpint (gate.destroyed, ==, 1);
      gate_clear (&gate);
      g_assert_finalize_object (child);
      g_assert_finalize_object (scope);
    }
}

static void
guarded_wait_cb (TestEmitter *emitter,
                 gpointer     data)
{
  TestWait *wait = data;

  test_wait (wait, wait->scope, 0);
  test_drain ();
  g_assert_cmpint (wait->done, ==, 0);
}

/* A running handler asks for the close itself: it is waited for as well, after it has returned. */
static void
test_guarded_inside (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  TestWait wait = { .scope = scope };

  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (guarded_wait_cb), &wait,
                                NULL, LIFECYCLE_CONNECT_GUARDED);
  test_emit (emitter, "plain");
  test_wait_assert_closed (&wait);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* What was queued before is not delivered any more. */
static void
test_queued_handlers (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  TestEmitter *emitter = test_emitter_new ();
  TestWait wait = { 0 };
  int destroyed = 0;

  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                &destroyed, test_count_closure_notify, LIFECYCLE_CONNECT_QUEUED);
  test_emit (emitter, "plain");
  test_wait (&wait, scope, 0);
  test_emit (emitter, "plain");
  test_wait_assert_waiting (&wait);
  lifecycle_operation_end (op);
  test_wait_assert_closed (&wait);
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_finalize_object (emitter);
  g_assert_finalize_object (scope);
}

/* Threads. */

static void
wait_thread (gpointer data)
{
  TestWait *wait = data;

  test_wait (wait, wait->scope, GPOINTER_TO_UINT (wait->data));
  g_assert_cmpint (lifecycle_scope_get_state (wait->scope), !=, LIFECYCLE_STATE_OPEN);
}

/* Asked for by a thread with a loop of its own: the close is here, the answer comes there. */
static void
test_from_elsewhere (void)
{
  guint i;

  for (i = 0; i < 3; i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
      TestWorker *worker = test_worker_new ();
      TestAsync async = { .word = "call" };
      TestWait waits[2] = { { .scope = scope }, { .scope = scope } };

      if (i == 2)
        waits[0].data = GUINT_TO_POINTER (10);
      lifecycle_scope_defer (scope, test_log_cleanup, (gpointer) "cleanup", NULL);
      test_async_begin (&async, scope, "call");
      test_worker_call (worker, wait_thread, &waits[0]);
      test_assert_log ("");
      if (i == 1)
        test_wait (&waits[1], scope, 0);
      test_drain ();
      g_assert_true (g_cancellable_is_cancelled (lifecycle_operation_get_cancellable (op)));
      if (i < 2)
        {
          lifecycle_operation_end (op);
          g_assert_cmpint (g_atomic_int_get (&waits[0].done), ==, 0);
          test_async_ready (&async);
        }
      test_run_until (test_done_counted, &waits[0].done);
      if (i == 1)
        test_wait_assert_closed (&waits[1]);
      test_worker_free (worker);
      if (i == 2)
        {
          g_assert_error (waits[0].error, LIFECYCLE_ERROR, LIFECYCLE_ERROR_TIMED_OUT);
          g_clear_error (&waits[0].error);
          test_async_ready (&async);
          lifecycle_operation_end (op);
        }
      g_assert_no_error (waits[0].error);
      test_drain ();
      test_async_assert_ended (&async, 0);
      g_string_free (g_steal_pointer (&test_log_buffer), TRUE);
      g_assert_true (lifecycle_scope_is_closed (scope));
      g_assert_finalize_object (scope);
    }
}

/* close() elsewhere while it drains at home; and the other way round. */

static void
close_thread (gpointer scope)
{
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
}

static void
test_close_elsewhere (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  TestWait wait = { 0 };

  test_wait (&wait, scope, 0);
  test_wait_assert_waiting (&wait);
  test_in_thread (close_thread, scope);
  test_run_until (test_done_closed, scope);
  test_wait_run (&wait);
  g_clear_error (&wait.error);
  lifecycle_operation_end (op);
  g_assert_finalize_object (scope);
}

/* It has been decided elsewhere, and is done here by the first who asks. */
static void
test_handed_over (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int released = 0;
  TestWait wait = { 0 };

  lifecycle_scope_adopt (scope, &released, test_count_notify);
  test_in_thread (close_thread, scope);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSING);
  test_wait (&wait, scope, 0);
  test_wait_assert_closed (&wait);
  g_assert_cmpint (released, ==, 1);
  g_assert_finalize_object (scope);
}

/* A child at home elsewhere is handed over, and not waited for. */

typedef struct
{
  LifecycleScope     *parent;
  LifecycleScope     *child;
  LifecycleOperation *op;
  int                 cleaned;
} Elsewhere;

static void
elsewhere_begin (gpointer data)
{
  Elsewhere *elsewhere = data;

  elsewhere->child = lifecycle_scope_new_child (elsewhere->parent, "child");
  elsewhere->op = lifecycle_scope_begin (elsewhere->child, "work");
  lifecycle_scope_defer (elsewhere->child, test_count_cleanup, &elsewhere->cleaned, NULL);
}

static void
test_child_elsewhere (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  Elsewhere elsewhere = { .parent = parent };
  TestWorker *worker = test_worker_new ();
  TestWait wait = { 0 };

  test_worker_call (worker, elsewhere_begin, &elsewhere);
  test_wait (&wait, parent, 0);
  test_run_until (test_done_counted, &wait.done);
  g_assert_no_error (wait.error);
  test_run_until (test_done_closed, elsewhere.child);
  g_assert_true (g_cancellable_is_cancelled (lifecycle_operation_get_cancellable (elsewhere.op)));
  lifecycle_operation_end (elsewhere.op);
  test_worker_free (worker);
  test_drain ();
  g_assert_cmpint (elsewhere.cleaned, ==, 1);
  g_assert_finalize_object (elsewhere.child);
  g_assert_finalize_object (parent);
}

/* Asked for elsewhere, and then closed at home before the loop has had a chance. */
static void
test_elsewhere_then_close (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  int released = 0;
  /* That thread has no loop: what it is told arrives in the default context, which is here. */
  TestWait wait = { .scope = scope, .home = g_thread_self () };

  lifecycle_scope_adopt (scope, &released, test_count_notify);
  test_in_thread (wait_thread, &wait);
  g_assert_cmpint (released, ==, 0);
  lifecycle_scope_close (scope);
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_cmpint (released, ==, 1);
  test_wait_run (&wait);
  g_clear_error (&wait.error);
  lifecycle_operation_end (op);
  test_drain ();
  g_assert_finalize_object (scope);
}

/* The scope is at home on another thread, the wait is here. */

static void
home_new_thread (gpointer data)
{
  Elsewhere *elsewhere = data;

  elsewhere->parent = lifecycle_scope_new ("parent");
  elsewhere_begin (elsewhere);
}

static void
test_home_elsewhere (void)
{
  guint i;

  for (i = 0; i < 2; i++)
    {
      TestWorker *worker = test_worker_new ();
      Elsewhere elsewhere = { 0 };
      TestWait wait = { 0 };
      int finalized = 0;

      test_worker_call (worker, home_new_thread, &elsewhere);
      test_count_finalize (elsewhere.parent, &finalized);
      test_wait (&wait, elsewhere.parent, i == 0 ? 0 : 5);
      g_assert_cmpint (lifecycle_scope_get_state (elsewhere.parent), ==, LIFECYCLE_STATE_CLOSING);
      if (i == 0)
        {
          /* Until it has come to the wait. */
          test_worker_call (worker, test_nothing, NULL);
          test_drain ();
          g_assert_cmpint (wait.done, ==, 0);
          lifecycle_operation_end (elsewhere.op);
          test_wait_assert_closed (&wait);
        }
      else
        {
          test_wait_assert_timed_out (&wait);
          g_clear_error (&wait.error);
          lifecycle_operation_end (elsewhere.op);
        }
      g_assert_cmpint (elsewhere.cleaned, ==, 1);
      g_object_unref (elsewhere.child);
      g_object_unref (elsewhere.parent);
      test_worker_free (worker);
      test_drain ();
      g_assert_cmpint (finalized, ==, 1);
    }
}

/* Operations end on many threads while the close begins, drains, runs out of time, is cut short. */

#define N_THREADS 4

#define N_CALLS   25

static void
test_stress (void)
{
  guint n_rounds = test_amount (40000) / 100;
  guint round;

  for (round = 0; round < n_rounds; round++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
      GCancellable *cancellable = g_cancellable_new ();
      TestWait waits[2] = { 0 };
      TestAsync asyncs[N_THREADS][N_CALLS] = { 0 };
      LifecycleOperation *ops[N_THREADS][N_CALLS];
      TestCompletion completions[N_THREADS];
      GThread *threads[N_THREADS];
      int go = 0;
      guint i;

      for (i = 0; i < N_THREADS; i++)
        {
          guint j;

          for (j = 0; j < N_CALLS; j++)
            {
              test_async_begin (&asyncs[i][j], i % 2 == 0 ? scope : child, "call");
              ops[i][j] = lifecycle_scope_begin (j % 2 == 0 ? scope : child, "work");
            }
          completions[i] = (TestCompletion) {
            .asyncs = asyncs[i],
            .ops = ops[i],
            .n = N_CALLS,
            .go = &go,
          };
          threads[i] = g_thread_new ("stress", test_complete_thread, &completions[i]);
        }
      if (round % 2 == 0)
        test_wait_full (&waits[0], scope, LIFECYCLE_REASON_ABORTED, round % 3, NULL);
      g_atomic_int_set (&go, 1);
      test_wait_full (&waits[1], round % 4 < 2 ? scope : child, LIFECYCLE_REASON_ABORTED, 0,
                      cancellable);
      if (round % 5 == 0)
        g_cancellable_cancel (cancellable);
      if (round % 7 == 0)
        {
          g_main_context_iteration (NULL, FALSE);
          lifecycle_scope_close (scope);
        }
      if (round % 2 == 0)
        test_wait_run (&waits[0]);
      test_wait_run (&waits[1]);
      for (i = 0; i < N_THREADS; i++)
        g_thread_join (threads[i]);
      test_drain ();
      lifecycle_scope_close (scope);
      for (i = 0; i < N_THREADS * N_CALLS; i++)
        {
          TestAsync *async = &asyncs[i / N_CALLS][i % N_CALLS];

          test_async_assert_ended (async, async->called);
          if (round % 2 == 0)
            g_assert_cmpint (async->called, ==, 0);
        }
      g_clear_error (&waits[0].error);
      g_clear_error (&waits[1].error);
      g_assert_finalize_object (child);
      g_assert_finalize_object (scope);
      g_assert_finalize_object (cancellable);
    }
}

/* close_async() from several threads at once. */

typedef struct
{
  LifecycleScope *scope;
  int            *go;
  gboolean        close;
  int             done;
} Racer;

static gpointer
racer_thread (gpointer data)
{
  Racer *racer = data;
  GMainContext *context = g_main_context_new ();
  TestWait wait = { 0 };

  g_main_context_push_thread_default (context);
  while (g_atomic_int_get (racer->go) == 0)
    ;
  test_wait (&wait, racer->scope, 0);
  if (racer->close)
    lifecycle_scope_close (racer->scope);
  test_wait_run (&wait);
  g_clear_error (&wait.error);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  g_object_unref (racer->scope);
  g_atomic_int_inc (&racer->done);
  return NULL;
}

static void
test_race (void)
{
  guint n_rounds = test_amount (20000) / 100;
  guint round;

  for (round = 0; round < n_rounds; round++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
      TestWait wait = { 0 };
      Racer racers[3];
      GThread *threads[3];
      int finalized = 0;
      int released = 0;
      int go = 0;
      guint i;

      test_count_finalize (scope, &finalized);
      lifecycle_scope_adopt (scope, &released, test_count_notify);
      for (i = 0; i < 3; i++)
        {
          racers[i].scope = g_object_ref (scope);
          racers[i].go = &go;
          racers[i].close = i == 0 && round % 3 == 0;
          racers[i].done = 0;
          threads[i] = g_thread_new ("racer", racer_thread, &racers[i]);
        }
      g_atomic_int_set (&go, 1);
      if (round % 2 == 0)
        test_wait (&wait, scope, 0);
      g_main_context_iteration (NULL, FALSE);
      lifecycle_operation_end (op);
      test_run_until (test_done_closed, scope);
      if (round % 2 == 0)
        test_wait_run (&wait);
      g_clear_error (&wait.error);
      for (i = 0; i < 3; i++)
        {
          test_run_until (test_done_counted, &racers[i].done);
          g_thread_join (threads[i]);
        }
      g_object_unref (scope);
      test_drain ();
      g_assert_cmpint (released, ==, 1);
      g_assert_cmpint (finalized, ==, 1);
    }
}

/* While it drains, another thread may use everything, and home is free to go on. */

static void
use_thread (gpointer data)
{
  LifecycleScope *scope = data;
  int destroyed = 0;

  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSING);
  g_assert_null (lifecycle_scope_adopt (scope, &destroyed, test_count_notify));
  g_assert_cmpint (destroyed, ==, 1);
  lifecycle_operation_end (lifecycle_scope_begin (scope, "late"));
}

static void
use_cancelled_cb (GCancellable *cancellable,
                  gpointer      scope)
{
  test_in_thread (use_thread, scope);
}

static void
use_closing_cb (LifecycleScope  *scope,
                LifecycleReason  reason,
                gpointer         data)
{
  test_in_thread (use_thread, scope);
}

static void
use_cleanup (LifecycleScope   *scope,
             LifecycleReason   reason,
             gpointer          data,
             GError          **error)
{
  test_in_thread (use_thread, scope);
}

static void
test_promise_lock_free (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  TestWait wait = { 0 };

  g_signal_connect (scope, "closing", G_CALLBACK (use_closing_cb), NULL);
  lifecycle_scope_defer (scope, use_cleanup, NULL, NULL);
  g_signal_connect (lifecycle_operation_get_cancellable (op), "cancelled",
                    G_CALLBACK (use_cancelled_cb), scope);
  test_wait (&wait, scope, 0);
  test_in_thread (use_thread, scope);
  g_idle_add (end_source_cb, op);
  test_wait_assert_closed (&wait);
  g_assert_finalize_object (scope);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/close-async/guarded", test_guarded);
  g_test_add_func ("/lifecycle/close-async/guarded-inside", test_guarded_inside);
  g_test_add_func ("/lifecycle/close-async/queued-handlers", test_queued_handlers);
  g_test_add_func ("/lifecycle/close-async/from-elsewhere", test_from_elsewhere);
  g_test_add_func ("/lifecycle/close-async/close-elsewhere", test_close_elsewhere);
  g_test_add_func ("/lifecycle/close-async/handed-over", test_handed_over);
  g_test_add_func ("/lifecycle/close-async/child-elsewhere", test_child_elsewhere);
  g_test_add_func ("/lifecycle/close-async/home-elsewhere", test_home_elsewhere);
  g_test_add_func ("/lifecycle/close-async/elsewhere-then-close", test_elsewhere_then_close);
  g_test_add_func ("/lifecycle/promise-10-home/operation-draining-stress", test_stress);
  g_test_add_func ("/lifecycle/promise-10-home/operation-draining-race", test_race);
  g_test_add_func ("/lifecycle/promise-9-lock-free/operation-draining", test_promise_lock_free);

  return g_test_run ();
}
