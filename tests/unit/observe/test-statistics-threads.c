/* test-statistics-threads.c: what scopes have counted, while other threads change or read it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-statistics-util.h"

typedef struct
{
  LifecycleScope *parent;
  LifecycleScope *scope;
  int             n_freed;
} Elsewhere;

static void
elsewhere_add_cb (gpointer data)
{
  Elsewhere *elsewhere = data;

  if (elsewhere->parent != NULL)
    elsewhere->scope = lifecycle_scope_new_child (elsewhere->parent, "elsewhere");
  else
    elsewhere->scope = lifecycle_scope_new ("elsewhere");
  for (guint i = 0; i < 5; i++)
    lifecycle_scope_adopt (elsewhere->scope, &elsewhere->n_freed, test_count_notify);
  lifecycle_scope_adopt (lifecycle_scope_get_child (elsewhere->scope, "below"),
                         &elsewhere->n_freed, test_count_notify);
}

static void
elsewhere_close_cb (gpointer data)
{
  lifecycle_scope_close (((Elsewhere *) data)->scope);
}

static void
test_other_threads (void)
{
  TestWorker *worker = test_worker_new ();
  g_autoptr (LifecycleStatistics) before = get_all ();
  g_autoptr (LifecycleStatistics) after = NULL;
  Elsewhere elsewhere = { 0 };

  test_worker_call (worker, elsewhere_add_cb, &elsewhere);
  after = get_all ();
  assert_numbers (after, before, LIFECYCLE_KIND_DATA, 6, 0, 0);
  assert_numbers (after, before, LIFECYCLE_KIND_SCOPE, 1, 0, 0);
  g_assert_cmpuint (lifecycle_statistics_get_n_scopes (after), ==,
                    lifecycle_statistics_get_n_scopes (before) + 2);
  g_clear_pointer (&after, lifecycle_statistics_free);
  g_assert_cmpuint (live (elsewhere.scope, LIFECYCLE_KIND_DATA), ==, 6);

  test_worker_call (worker, elsewhere_close_cb, &elsewhere);
  after = get_all ();
  assert_numbers (after, before, LIFECYCLE_KIND_DATA, 0, 6, 0);
  assert_numbers (after, before, LIFECYCLE_KIND_SCOPE, 0, 1, 0);
  g_assert_cmpuint (lifecycle_statistics_get_n_closed (after, LIFECYCLE_REASON_COMPLETED), ==,
                    lifecycle_statistics_get_n_closed (before, LIFECYCLE_REASON_COMPLETED) + 1);
  g_assert_cmpuint (lifecycle_statistics_get_n_closed (after, LIFECYCLE_REASON_PARENT_CLOSED), ==,
                    lifecycle_statistics_get_n_closed (before, LIFECYCLE_REASON_PARENT_CLOSED)
                    + 1);
  test_worker_free (worker);
  g_assert_finalize_object (elsewhere.scope);
}

/* A child that is at home elsewhere outlives its parent for a while. */
static void
test_handed_over (void)
{
  TestWorker *worker = test_worker_new ();
  g_autoptr (LifecycleStatistics) before = get_all ();
  g_autoptr (LifecycleStatistics) after = NULL;
  LifecycleScope *root = lifecycle_scope_new ("root");
  Elsewhere elsewhere = { .parent = root };

  test_worker_call (worker, elsewhere_add_cb, &elsewhere);
  g_assert_cmpuint (live (root, LIFECYCLE_KIND_DATA), ==, 6);
  g_assert_cmpuint (n_scopes (root, TRUE), ==, 3);
  lifecycle_scope_close (root);
  g_assert_true (lifecycle_scope_is_closed (root));
  assert_scope_only (root, FALSE, LIFECYCLE_KIND_SCOPE, 0, 1, 0);

  test_run_until (test_done_closed, elsewhere.scope);
  test_worker_call (worker, test_nothing, NULL);
  after = get_all ();
  assert_numbers (after, before, LIFECYCLE_KIND_DATA, 0, 6, 0);
  assert_numbers (after, before, LIFECYCLE_KIND_SCOPE, 0, 2, 0);
  g_assert_cmpuint (lifecycle_statistics_get_n_closed (after, 0), ==,
                    lifecycle_statistics_get_n_closed (before, 0) + 3);
  g_assert_cmpuint (lifecycle_statistics_get_n_scopes (after), ==,
                    lifecycle_statistics_get_n_scopes (before));
  /* Its parent may have come to its own end before that, and then only the process counts it. */
  g_assert_cmpuint (n_closed (root, FALSE, LIFECYCLE_REASON_PARENT_CLOSED), <=, 1);
  assert_scope_only (root, FALSE, LIFECYCLE_KIND_SCOPE, 0, 1, 0);
  test_worker_free (worker);
  g_assert_finalize_object (elsewhere.scope);
  g_assert_finalize_object (root);
  g_clear_pointer (&after, lifecycle_statistics_free);
  after = get_all ();
  assert_numbers (after, before, LIFECYCLE_KIND_DATA, 0, 6, 0);
  assert_numbers (after, before, LIFECYCLE_KIND_SCOPE, 0, 2, 0);
}

/* Everything at once: who looks on never sees numbers that do not balance, or that shrink. */

#define N_THREADS 4

typedef struct
{
  int     stop;
  int     n_running;
  guint   n_rounds;
  int     n_freed;
} Crowd;

static gpointer
crowd_thread (gpointer data)
{
  Crowd *crowd = data;
  GMainContext *context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < crowd->n_rounds && !g_atomic_int_get (&crowd->stop); i++)
    {
      LifecycleScope *root = lifecycle_scope_new ("root");
      LifecycleScope *branch = lifecycle_scope_get_child (root, "branch");

      for (guint j = 0; j < 4; j++)
        {
          LifecycleScope *leaf = lifecycle_scope_new_child (branch, "leaf");
          LifecycleTimer *timer;

          lifecycle_scope_adopt (leaf, &crowd->n_freed, test_count_notify);
          timer = lifecycle_scope_add_timeout (leaf, 1000000, test_never_source_cb, NULL, NULL);
          if (j % 2 == 0)
            lifecycle_timer_cancel (timer);
          if (j % 3 == 0)
            lifecycle_scope_close (leaf);
          g_object_unref (leaf);
        }
      lifecycle_scope_close (branch);
      lifecycle_scope_close (root);
      lifecycle_scope_adopt (root, &crowd->n_freed, test_count_notify);
      g_object_unref (root);
    }
  while (g_main_context_iteration (context, FALSE))
    ;
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  g_atomic_int_add (&crowd->n_running, -1);
  return NULL;
}

static void
assert_grew (LifecycleStatistics *now,
             LifecycleStatistics *then)
{
  for (int kind = 0; kind < TEST_N_KINDS; kind++)
    {
      g_assert_cmpuint (lifecycle_statistics_get_added (now, kind), >=,
                        lifecycle_statistics_get_added (then, kind));
      g_assert_cmpuint (lifecycle_statistics_get_released (now, kind), >=,
                        lifecycle_statistics_get_released (then, kind));
      g_assert_cmpuint (lifecycle_statistics_get_retired (now, kind), >=,
                        lifecycle_statistics_get_retired (then, kind));
    }
  for (int reason = 0; reason < N_REASONS; reason++)
    g_assert_cmpuint (lifecycle_statistics_get_n_closed (now, reason), >=,
                      lifecycle_statistics_get_n_closed (then, reason));
  g_assert_cmpuint (lifecycle_statistics_get_n_late (now), >=,
                    lifecycle_statistics_get_n_late (then));
  g_assert_cmpuint (lifecycle_statistics_get_closing_time (now), >=,
                    lifecycle_statistics_get_closing_time (then));
  g_assert_cmpuint (lifecycle_statistics_get_peak (now), >=, lifecycle_statistics_get_peak (then));
}

static void
test_crowd (void)
{
  g_autoptr (LifecycleStatistics) before = get_all ();
  g_autoptr (LifecycleStatistics) last = lifecycle_statistics_copy (before);
  guint n_rounds = test_amount (4000) / (g_getenv ("LIFECYCLE_TEST_SLOW") != NULL ? 20 : 1);
  Crowd crowd = { .n_running = N_THREADS, .n_rounds = n_rounds };
  gint64 deadline = g_get_monotonic_time () + 2 * G_USEC_PER_SEC;
  GThread *threads[N_THREADS];
  guint64 n;
  guint looks = 0;

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("crowd", crowd_thread, &crowd);
  while (g_atomic_int_get (&crowd.n_running) > 0)
    {
      LifecycleStatistics *now = get_all ();

      assert_grew (now, last);
      lifecycle_statistics_free (last);
      last = now;
      looks++;
      if (g_get_monotonic_time () > deadline)
        g_atomic_int_set (&crowd.stop, TRUE);
    }
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_test_message ("%u looks", looks);

  /* Nothing has been lost, and nothing counted twice. */
  lifecycle_statistics_free (last);
  last = get_all ();
  assert_grew (last, before);
  n = lifecycle_statistics_get_n_late (last) - lifecycle_statistics_get_n_late (before);
  g_assert_cmpuint (n, >, 0);
  if (!crowd.stop)
    g_assert_cmpuint (n, ==, N_THREADS * n_rounds);
  assert_numbers (last, before, LIFECYCLE_KIND_DATA, 0, 4 * n, 0);
  assert_numbers (last, before, LIFECYCLE_KIND_TIMER, 0, 2 * n, 2 * n);
  /* In each round two of the leaves and the branch close by themselves. */
  assert_numbers (last, before, LIFECYCLE_KIND_SCOPE, 0, 2 * n, 3 * n);
  g_assert_cmpuint (lifecycle_statistics_get_n_closed (last, LIFECYCLE_REASON_COMPLETED)
                    - lifecycle_statistics_get_n_closed (before, LIFECYCLE_REASON_COMPLETED),
                    ==, 4 * n);
  g_assert_cmpuint (lifecycle_statistics_get_n_closed (last, LIFECYCLE_REASON_PARENT_CLOSED)
                    - lifecycle_statistics_get_n_closed (before, LIFECYCLE_REASON_PARENT_CLOSED),
                    ==, 2 * n);
  g_assert_cmpuint (lifecycle_statistics_get_n_scopes (last), ==,
                    lifecycle_statistics_get_n_scopes (before));
  g_assert_cmpint (crowd.n_freed, ==, 5 * n);
}

static gpointer
look_thread (gpointer stop)
{
  while (!g_atomic_int_get ((int *) stop))
    {
      lifecycle_statistics_free (lifecycle_get_statistics ());
      g_object_unref (lifecycle_list_records ());
    }

  return NULL;
}

/* Whoever looks never has the last reference: a scope that is dropped has closed when that returns. */
static void
test_look_on (void)
{
  guint n = test_amount (20000);
  int stop = FALSE;
  int released = 0;
  GThread *thread = g_thread_new ("look", look_thread, &stop);

  for (guint i = 0; i < n; i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      LifecycleScope *child = lifecycle_scope_new_child (scope, "child");

      lifecycle_scope_adopt (child, &released, test_count_notify);
      g_object_unref (child);
      g_object_unref (scope);
      g_assert_cmpint (released, ==, (int) i + 1);
    }

  g_atomic_int_set (&stop, TRUE);
  g_thread_join (thread);
}

static void
no_cleanup (LifecycleScope   *scope,
            LifecycleReason   reason,
            gpointer          data,
            GError          **error)
{
}

typedef struct
{
  LifecycleScope *scope;
  guint64         added;
  gint            done;
} Muting;

static gpointer
watch_muting (gpointer data)
{
  Muting *self = data;

  while (!g_atomic_int_get (&self->done))
    {
      g_autoptr (LifecycleStatistics) statistics = lifecycle_scope_get_statistics (self->scope, TRUE);

      g_assert_cmpuint (lifecycle_statistics_get_added (statistics, LIFECYCLE_KIND_CLEANUP), ==,
                        self->added);
    }

  return NULL;
}

/* To mute some entries, the scope is unlocked for a moment: its children are counted nevertheless. */
static void
test_while_muting (void)
{
  g_autoptr (GObject) object = g_object_new (G_TYPE_OBJECT, NULL);

  for (guint round = 0; round < 50; round++)
    {
      Muting muting = { .scope = lifecycle_scope_new ("scope"), .added = test_amount (5000) + 1 };
      LifecycleScope *child;
      GThread *thread;

      for (guint64 i = 1; i < muting.added; i++)
        lifecycle_scope_defer_for (muting.scope, object, no_cleanup, NULL, NULL);
      child = lifecycle_scope_get_child (muting.scope, "child");
      lifecycle_scope_defer (child, no_cleanup, NULL, NULL);

      thread = g_thread_new ("watch", watch_muting, &muting);
      lifecycle_scope_close (muting.scope);
      g_atomic_int_set (&muting.done, TRUE);
      g_thread_join (thread);
      g_assert_finalize_object (muting.scope);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  /* By this thread, before there are others: GLib's own locks are not seen by all who watch. */
  g_type_class_unref (g_type_class_ref (LIFECYCLE_TYPE_SCOPE));

  g_test_add_func ("/lifecycle/statistics/other-threads", test_other_threads);
  g_test_add_func ("/lifecycle/statistics/handed-over", test_handed_over);
  g_test_add_func ("/lifecycle/statistics/threads/crowd", test_crowd);
  g_test_add_func ("/lifecycle/statistics/threads/look-on", test_look_on);
  g_test_add_func ("/lifecycle/statistics/threads/while-muting", test_while_muting);

  return g_test_run ();
}
