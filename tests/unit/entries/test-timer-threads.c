/* test-timer-threads.c: timers and the threads and contexts they are used from
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-timer-util.h"

#include "lifecycle-timer-queue-private.h"

typedef struct
{
  GThread        *thread;
  GMainContext   *context;
  LifecycleScope *scope;
  LifecycleTimer *timer;
  int             n_calls;
  int             n_destroyed;
} Abroad;

static gboolean
abroad_cb (gpointer data)
{
  Abroad *abroad = data;

  g_assert_true (g_thread_self () == abroad->thread);
  g_assert_true (g_main_context_get_thread_default () == abroad->context);
  g_assert_true (g_source_get_context (g_main_current_source ()) == abroad->context);
  g_atomic_int_inc (&abroad->n_calls);
  return G_SOURCE_CONTINUE;
}

static void
abroad_notify (gpointer data)
{
  Abroad *abroad = data;

  g_atomic_int_inc (&abroad->n_destroyed);
}

static void
abroad_open (gpointer data)
{
  Abroad *abroad = data;

  abroad->thread = g_thread_self ();
  abroad->context = g_main_context_get_thread_default ();
  abroad->scope = lifecycle_scope_new ("abroad");
}

static void
abroad_open_with_timer (gpointer data)
{
  Abroad *abroad = data;

  abroad_open (abroad);
  lifecycle_scope_add_timeout (abroad->scope, 1, abroad_cb, abroad, abroad_notify);
}

static void
abroad_close (gpointer data)
{
  Abroad *abroad = data;

  lifecycle_scope_close (abroad->scope);
  g_assert_finalize_object (g_steal_pointer (&abroad->scope));
}

static gboolean
done_called (gpointer data)
{
  return g_atomic_int_get (&((Abroad *) data)->n_calls) > 0;
}

static gboolean
done_destroyed (gpointer data)
{
  return g_atomic_int_get (&((Abroad *) data)->n_destroyed) > 0;
}

/* A context has timers of its own, and its thread calls them. */
static void
test_thread (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestWorker *workers[] = { test_worker_new (), test_worker_new () };
  Abroad abroad[2] = { { 0 } };
  int n = 0;

  lifecycle_scope_add_timeout (scope, 1, test_count_source_cb, &n, NULL);
  for (guint i = 0; i < 2; i++)
    test_worker_call (workers[i], abroad_open_with_timer, &abroad[i]);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_true (abroad[i].context == workers[i]->context);
      test_run_until (done_called, &abroad[i]);
    }
  test_run_until (test_done_counted, &n);
  for (guint i = 0; i < 2; i++)
    {
      test_worker_call (workers[i], abroad_close, &abroad[i]);
      g_assert_cmpint (abroad[i].n_destroyed, ==, 1);
      test_worker_free (workers[i]);
    }
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
}

/* A loop that sleeps, for ever or until a later deadline, is woken up. */
static void
test_wake_up (void)
{
  TestWorker *worker = test_worker_new ();
  Abroad abroad = { 0 };
  LifecycleTimer *timer;

  test_worker_call (worker, abroad_open, &abroad);
  g_usleep (2000);
  timer = lifecycle_scope_add_timeout (abroad.scope, 1, abroad_cb, &abroad, NULL);
  lifecycle_timer_ref (timer);
  test_run_until (done_called, &abroad);
  lifecycle_timer_cancel (timer);

  for (guint i = 0; i < 3; i++)
    {
      lifecycle_timer_unref (timer);
      timer = lifecycle_timer_ref (lifecycle_scope_add_timeout (abroad.scope, 1000 * 1000,
                                                                abroad_cb, &abroad, NULL));
      g_usleep (2000);
      g_atomic_int_set (&abroad.n_calls, 0);
      if (i == 0)
        {
          lifecycle_scope_add_timeout_full (abroad.scope, 1, 1, abroad_cb, &abroad, NULL);
        }
      else if (i == 1)
        {
          lifecycle_timer_set_interval (timer, 1);
        }
      else
        {
          lifecycle_timer_cancel (timer);
          lifecycle_timer_set_interval (timer, 0);
          g_assert_true (lifecycle_timer_restart (timer));
        }
      test_run_until (done_called, &abroad);
      lifecycle_timer_cancel (timer);
    }
  lifecycle_timer_unref (timer);
  test_worker_call (worker, abroad_close, &abroad);
  test_worker_free (worker);
}

/* From anywhere, and called at home. */

typedef struct
{
  LifecycleScope *scope;
  guint           n;
  int            *called;
  int            *destroyed;
} Adder;

static gboolean
added_cb (gpointer data)
{
  g_assert_true (g_main_context_is_owner (g_main_context_default ()));
  ++*(int *) data;
  return G_SOURCE_REMOVE;
}

static void
added_notify (gpointer data)
{
  ++((int *) data)[1];
}

static gpointer
add_thread (gpointer data)
{
  Adder *adder = data;
  int (*counters)[2] = (gpointer) adder->called;

  for (guint i = 0; i < adder->n; i++)
    lifecycle_scope_add_timeout (adder->scope, i % 3, added_cb, counters[i], added_notify);
  return NULL;
}

static gboolean
done_empty (gpointer scope)
{
  return lifecycle_scope_get_n_entries (scope) == 0;
}

static void
test_add_from_threads (void)
{
  const guint n = test_amount (5000);
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GThread *threads[4];
  Adder adders[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      adders[i] = (Adder) { scope, n, (int *) g_new0 (int, 2 * n), NULL };
      threads[i] = g_thread_new ("add", add_thread, &adders[i]);
    }
  for (guint i = 0; i < 100; i++)
    test_iterate (1);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  test_run_until (done_empty, scope);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      for (guint j = 0; j < 2 * n; j++)
        g_assert_cmpint (adders[i].called[j], ==, 1);
      g_free (adders[i].called);
    }
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_finalize_object (scope);
}

/* Other threads do everything to timers that run all the time. Each destroy notify runs once, and
 * nothing is called after it.
 */

typedef struct
{
  LifecycleTimer *timer;
  int             destroyed;
  int             has_notify;
} Victim;

typedef struct
{
  Victim  *victims;
  guint    n;
  guint32  seed;
  int     *go;
} Bully;

static gboolean
victim_cb (gpointer data)
{
  Victim *victim = data;

  g_assert_cmpint (g_atomic_int_get (&victim->destroyed), ==, 0);
  return G_SOURCE_CONTINUE;
}

static void
victim_notify (gpointer data)
{
  Victim *victim = data;

  g_atomic_int_inc (&victim->destroyed);
}

static gpointer
bully_thread (gpointer data)
{
  Bully *bully = data;
  g_autoptr (GRand) rand = g_rand_new_with_seed (bully->seed);

  while (!g_atomic_int_get (bully->go))
    g_thread_yield ();
  for (guint i = 0; i < bully->n * 10; i++)
    {
      LifecycleTimer *timer = bully->victims[g_rand_int_range (rand, 0, (gint32) bully->n)].timer;

      switch (g_rand_int_range (rand, 0, 10))
        {
        case 0:
          lifecycle_timer_cancel (timer);
          break;
        case 1:
        case 2:
        case 3:
          lifecycle_timer_restart (timer);
          break;
        case 4:
        case 5:
          lifecycle_timer_set_interval (timer, (guint) g_rand_int_range (rand, 0, 3));
          break;
        case 6:
          g_assert_cmpint (lifecycle_timer_get_remaining (timer), >=, -1);
          break;
        case 7:
          lifecycle_timer_unref (lifecycle_timer_ref (timer));
          break;
        default:
          lifecycle_timer_is_active (timer);
          break;
        }
    }
  return NULL;
}

static void
test_bullies (void)
{
  const guint n = test_amount (2000);
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree Victim *victims = g_new0 (Victim, n);
  GThread *threads[3];
  Bully bullies[3];
  int go = 0;
  guint n_active = 0;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      bullies[i] = (Bully) { victims, n, g_test_rand_int (), &go };
      threads[i] = g_thread_new ("bully", bully_thread, &bullies[i]);
    }
  for (guint i = 0; i < n; i++)
    {
      victims[i].has_notify = i % 2;
      victims[i].timer = lifecycle_scope_add_timeout (scope, i % 3, victim_cb, &victims[i],
                                                      i % 2 ? victim_notify : NULL);
      lifecycle_timer_ref (victims[i].timer);
    }
  g_atomic_int_set (&go, 1);
  for (guint i = 0; i < 200; i++)
    test_iterate (1);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  test_iterate (10);

  for (guint i = 0; i < n; i++)
    {
      gboolean active = lifecycle_timer_is_active (victims[i].timer);

      n_active += active;
      g_assert_cmpint (victims[i].destroyed, ==, !active && victims[i].has_notify);
    }
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, n_active);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, n_active);
  for (guint i = 0; i < n; i++)
    {
      g_assert_cmpint (victims[i].destroyed, ==, victims[i].has_notify);
      g_assert_false (lifecycle_timer_is_active (victims[i].timer));
      lifecycle_timer_unref (victims[i].timer);
    }
  g_assert_finalize_object (scope);
}

/* Cancelled abroad while its call is under way: the notify waits, and nobody else does. */

typedef struct
{
  Abroad abroad;
  int    entered;
  int    leave;
} Busy;

static gboolean
busy_cb (gpointer data)
{
  Busy *busy = data;

  g_atomic_int_set (&busy->entered, 1);
  test_wait_for (g_atomic_int_get (&busy->leave));
  g_assert_cmpint (g_atomic_int_get (&busy->abroad.n_destroyed), ==, 0);
  return G_SOURCE_CONTINUE;
}

static void
busy_open (gpointer data)
{
  Busy *busy = data;

  abroad_open (&busy->abroad);
  busy->abroad.timer = lifecycle_scope_add_timeout (busy->abroad.scope, 0, busy_cb, busy,
                                                    abroad_notify);
  lifecycle_timer_ref (busy->abroad.timer);
}

static void
test_cancel_while_running (void)
{
  TestWorker *worker = test_worker_new ();
  Busy busy = { { 0 } };

  test_worker_call (worker, busy_open, &busy);
  test_run_until (test_done_counted, &busy.entered);
  lifecycle_timer_cancel (busy.abroad.timer);
  lifecycle_timer_cancel (busy.abroad.timer);
  g_assert_cmpint (g_atomic_int_get (&busy.abroad.n_destroyed), ==, 0);
  g_atomic_int_set (&busy.leave, 1);
  test_run_until (done_destroyed, &busy.abroad);
  g_assert_cmpint (lifecycle_timer_get_remaining (busy.abroad.timer), ==, -1);
  test_worker_call (worker, abroad_close, &busy.abroad);
  g_assert_cmpint (busy.abroad.n_destroyed, ==, 1);
  g_assert_false (lifecycle_timer_is_active (busy.abroad.timer));
  lifecycle_timer_unref (busy.abroad.timer);
  test_worker_free (worker);
}

static void
test_close_from_thread (void)
{
  TestWorker *worker = test_worker_new ();
  Abroad abroad = { 0 };

  test_worker_call (worker, abroad_open_with_timer, &abroad);
  test_run_until (done_called, &abroad);
  g_assert_cmpuint (lifecycle_scope_close (abroad.scope), ==, 0);
  test_run_until (test_done_closed, abroad.scope);
  test_worker_call (worker, abroad_close, &abroad);
  g_assert_cmpint (abroad.n_destroyed, ==, 1);

  /* The last reference. */
  abroad.n_destroyed = 0;
  test_worker_call (worker, abroad_open_with_timer, &abroad);
  g_object_unref (abroad.scope);
  test_run_until (done_destroyed, &abroad);
  test_worker_free (worker);
  g_assert_cmpint (abroad.n_destroyed, ==, 1);
}

static gpointer
brief_thread (gpointer data)
{
  Abroad *abroad = data;
  GMainContext *context = abroad->context;

  g_main_context_push_thread_default (context);
  abroad_open_with_timer (abroad);
  g_main_context_pop_thread_default (context);
  return NULL;
}

/* The thread is gone, and somebody else runs its context. */
static void
test_thread_ends (void)
{
  GMainContext *context = g_main_context_new ();
  Abroad abroad = { .context = context };

  g_thread_join (g_thread_new ("brief", brief_thread, &abroad));
  abroad.thread = g_thread_self ();
  g_main_context_push_thread_default (context);
  test_run_until (done_called, &abroad);
  abroad_close (&abroad);
  g_assert_cmpint (abroad.n_destroyed, ==, 1);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
}

/* When a context is finalized, it destroys its sources. */
static void
watch_context (GMainContext *context,
               int          *counter)
{
  GSource *source = g_timeout_source_new (1000 * 1000);

  g_source_set_callback (source, test_never_source_cb, counter, test_count_notify);
  g_source_attach (source, context);
  g_source_unref (source);
}

/* A context ends when its owner and the scopes that are at home there are gone, whatever timers
 * they had and whoever holds one: time and again, so that another one comes to be at the same
 * address.
 */
static void
test_context_ends (void)
{
  LifecycleTimer *timers[40];

  for (guint i = 0; i < G_N_ELEMENTS (timers); i++)
    {
      GMainContext *context = g_main_context_new ();
      int ended = 0, destroyed = 0, n = 0;
      LifecycleScope *scope;

      watch_context (context, &ended);
      g_main_context_push_thread_default (context);
      scope = lifecycle_scope_new ("scope");
      timers[i] = lifecycle_scope_add_timeout (scope, 0, test_count_source_cb, &n, NULL);
      lifecycle_timer_ref (timers[i]);
      lifecycle_scope_add_timeout (scope, 100 * 1000, test_never_source_cb, &destroyed,
                                   test_count_notify);
      if (i % 2)
        lifecycle_scope_set_deadline (scope, 100 * 1000);
      test_iterate (3);
      g_assert_cmpint (n, ==, 3);
      g_main_context_pop_thread_default (context);
      g_main_context_unref (context);

      if (i % 4 < 2)
        g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
      g_object_unref (scope);
      g_assert_cmpint (destroyed, ==, 1);
      g_assert_false (lifecycle_timer_is_active (timers[i]));
      g_assert_false (lifecycle_timer_restart (timers[i]));
      lifecycle_timer_cancel (timers[i]);
      g_assert_cmpint (ended, ==, 1);
      if (i >= 20)
        lifecycle_timer_unref (timers[i]);
    }
  for (guint i = 0; i < 20; i++)
    {
      g_assert_false (lifecycle_timer_restart (timers[i]));
      lifecycle_timer_unref (timers[i]);
    }
}

/* In another context of one thread. */
static void
test_two_contexts (void)
{
  GMainContext *context = g_main_context_new ();
  LifecycleScope *here = lifecycle_scope_new ("here");
  LifecycleScope *there;
  TestProbe a = { "here" }, b = { "there" };

  g_main_context_push_thread_default (context);
  there = lifecycle_scope_new ("there");
  test_probe_add (&b, there, 0);
  test_probe_add (&a, here, 0);
  g_main_context_iteration (context, FALSE);
  test_assert_log ("there");
  g_main_context_iteration (NULL, FALSE);
  test_assert_log ("here");
  g_main_context_pop_thread_default (context);
  lifecycle_scope_close (there);
  test_assert_log ("~there");
  g_main_context_iteration (context, FALSE);
  g_main_context_iteration (NULL, FALSE);
  test_assert_log ("here");
  lifecycle_scope_close (here);
  test_assert_log ("~here");
  test_probe_drop (&a);
  test_probe_drop (&b);
  g_assert_finalize_object (there);
  g_assert_finalize_object (here);
  g_main_context_unref (context);
}

typedef struct
{
  GMainContext        *context;
  LifecycleTimerQueue *queue;
} QueueCall;

static void
get_queue (gpointer data)
{
  QueueCall *call = data;

  call->queue = lifecycle_timer_queue_get (call->context);
}

/* A context may be at the address of one that is gone, whose queue a timer still keeps. The end of
 * that queue leaves the new one alone: all threads go on finding it.
 */
static void
test_queue_replaced (void)
{
  GMainContext *context = g_main_context_new ();
  GMainContext *other = g_main_context_new ();
  LifecycleTimerQueue *old = lifecycle_timer_queue_get (context);
  LifecycleTimerQueue *new;
  QueueCall call = { .context = context };

  /* As when its context ends. */
  g_source_destroy (g_main_context_find_source_by_user_data (context, old));
  new = lifecycle_timer_queue_get (context);
  g_assert_true (new != old);
  lifecycle_timer_queue_unref (old);

  /* The thread has looked up the new one last, so it has let go of the old one; another has not. */
  test_in_thread (get_queue, &call);
  g_assert_true (call.queue == new);
  lifecycle_timer_queue_unref (call.queue);
  lifecycle_timer_queue_unref (new);

  /* The thread keeps what it has looked up last. */
  lifecycle_timer_queue_unref (lifecycle_timer_queue_get (other));
  g_main_context_unref (context);
  g_main_context_unref (other);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/timer/thread", test_thread);
  g_test_add_func ("/lifecycle/timer/wake-up", test_wake_up);
  g_test_add_func ("/lifecycle/timer/add-from-threads", test_add_from_threads);
  g_test_add_func ("/lifecycle/timer/bullies", test_bullies);
  g_test_add_func ("/lifecycle/timer/cancel-while-running", test_cancel_while_running);
  g_test_add_func ("/lifecycle/timer/close-from-thread", test_close_from_thread);
  g_test_add_func ("/lifecycle/timer/thread-ends", test_thread_ends);
  g_test_add_func ("/lifecycle/timer/context-ends", test_context_ends);
  g_test_add_func ("/lifecycle/timer/two-contexts", test_two_contexts);
  g_test_add_func ("/lifecycle/timer/queue-replaced", test_queue_replaced);

  return g_test_run ();
}
