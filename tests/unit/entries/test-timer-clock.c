/* test-timer-clock.c: timers, with a clock that stands still
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-timer-clock-util.h"

static void
be_slow_5 (TestProbe *probe)
{
  test_clock_advance (5 * TEST_MS);
}

static void
be_slow_25 (TestProbe *probe)
{
  test_clock_advance (25 * TEST_MS);
}

static void
test_clock_works (void)
{
  test_clock_check ();
}

/* When it is called. */

static void
test_interval (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a" };

  test_probe_add_plain (&a, scope, 10);
  test_clock_run (10 * TEST_MS - 1);
  test_assert_log ("");
  test_clock_run (1);
  test_assert_log ("a@10");
  test_clock_run (10 * TEST_MS - 1);
  test_assert_log ("");
  test_clock_run (21 * TEST_MS);
  test_assert_log ("a@20 a@30 a@40");
  test_probe_drop (&a);
  end (scope);
}

static void
test_several (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a" }, b = { "b" }, c = { "c" };

  test_probe_add_plain (&a, scope, 30);
  test_probe_add_plain (&b, scope, 20);
  test_probe_add_plain (&c, scope, 7);
  test_clock_run (41 * TEST_MS);
  test_assert_log ("c@7 c@14 b@20 c@21 c@28 a@30 c@35 b@40");
  lifecycle_timer_cancel (c.timer);
  test_clock_run (29 * TEST_MS);
  test_assert_log ("a@60 b@60");
  test_probe_drop (&a);
  test_probe_drop (&b);
  test_probe_drop (&c);
  end (scope);
}

/* The main loop was busy: one call, and the next interval counts from that dispatch. */
static void
test_from_dispatch (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a" };

  test_probe_add_plain (&a, scope, 10);
  test_clock_advance (25 * TEST_MS);
  test_clock_run (9 * TEST_MS);
  test_assert_log ("a@25");
  test_clock_run (TEST_MS);
  test_assert_log ("a@35");
  test_probe_drop (&a);
  end (scope);
}

/* As with g_timeout_add(), the time that a call takes is part of the interval. */
static void
test_slow_callback (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a", be_slow_5 }, b = { "b", be_slow_25 };

  test_probe_add_plain (&a, scope, 10);
  test_clock_run (31 * TEST_MS);
  test_assert_log ("a@10 a@20 a@30");
  lifecycle_timer_cancel (a.timer);
  test_probe_drop (&a);

  started = g_get_monotonic_time ();
  test_probe_add_plain (&b, scope, 10);
  test_clock_advance (10 * TEST_MS);
  for (guint i = 0; i < 4; i++)
    g_assert_true (test_clock_iterate ());
  test_assert_log ("b@10 b@35 b@60 b@85");
  test_probe_drop (&b);
  end (scope);
}

/* What takes longer than its interval is always due, and yet everybody else has a turn. */
static void
test_slow_starves_nobody (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a", be_slow_25 }, b = { "b" }, c = { "c" };
  g_autoptr (GString) expected = g_string_new (NULL);
  GSource *idle = g_idle_source_new ();
  int n_idle = 0;

  test_probe_clock = NULL;
  g_source_set_priority (idle, G_PRIORITY_DEFAULT);
  g_source_set_callback (idle, test_count_source_cb, &n_idle, NULL);
  g_source_attach (idle, NULL);
  test_probe_add_plain (&a, scope, 10);
  test_probe_add_plain (&b, scope, 10);
  test_probe_add_plain (&c, scope, 10);
  test_clock_advance (10 * TEST_MS);
  for (guint i = 0; i < 100; i++)
    {
      test_clock_iterate ();
      g_string_append (expected, i == 0 ? "a b c" : " a b c");
      g_assert_cmpuint (a.n_calls, ==, i + 1);
      g_assert_cmpint (n_idle, ==, i + 1);
    }
  test_assert_log (expected->str);
  g_source_destroy (idle);
  g_source_unref (idle);
  test_probe_clock = get_ms;
  test_probe_drop (&a);
  test_probe_drop (&b);
  test_probe_drop (&c);
  end (scope);
}

/* An interval of 0: once in each iteration, although no time passes. */
static void
test_zero (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a" }, b = { "b" };

  test_probe_add_plain (&a, scope, 0);
  test_probe_add_plain (&b, scope, 0);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 0);
  test_assert_log ("");
  g_assert_true (test_clock_iterate ());
  test_assert_log ("a@0 b@0");
  g_assert_true (test_clock_iterate ());
  test_assert_log ("a@0 b@0");
  test_clock_advance (3 * TEST_MS);
  g_assert_true (test_clock_iterate ());
  test_assert_log ("a@3 b@3");
  lifecycle_timer_cancel (a.timer);
  g_assert_true (test_clock_iterate ());
  test_assert_log ("b@3");
  test_probe_drop (&a);
  test_probe_drop (&b);
  end (scope);
}

static void
add_other_plain (TestProbe *probe)
{
  if (probe->other->timer == NULL)
    test_probe_add_plain (probe->other, probe->scope, 0);
}

/* What a call adds has its first turn in the next iteration, like a source. */
static void
test_added_in_callback (void)
{
  LifecycleScope *scope = begin ();
  TestProbe b = { "b" };
  TestProbe a = { "a", add_other_plain, .other = &b };

  test_probe_add_plain (&a, scope, 10);
  test_clock_advance (10 * TEST_MS);
  test_clock_iterate ();
  test_assert_log ("a@10");
  test_clock_iterate ();
  test_assert_log ("b@10");
  test_clock_iterate ();
  test_assert_log ("b@10");
  lifecycle_timer_cancel (b.timer);
  test_clock_run (10 * TEST_MS);
  test_assert_log ("a@20");
  test_probe_drop (&a);
  test_probe_drop (&b);
  end (scope);
}

static void
test_maxuint (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a" }, b = { "b" };

  test_probe_clock = NULL;
  test_probe_add_plain (&a, scope, G_MAXUINT);
  test_probe_add_plain (&b, scope, G_MAXUINT - 1);
  g_assert_cmpuint (lifecycle_timer_get_interval (a.timer), ==, G_MAXUINT);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, (gint64) G_MAXUINT);
  test_clock_run ((G_MAXUINT - 1) * TEST_MS - 1);
  test_assert_log ("");
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 2);
  test_clock_run (1);
  test_assert_log ("b");
  lifecycle_timer_cancel (b.timer);
  test_clock_run (TEST_MS - 1);
  test_assert_log ("");
  test_clock_run (1);
  test_assert_log ("a");
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, (gint64) G_MAXUINT);
  test_clock_run (G_MAXUINT * TEST_MS);
  test_assert_log ("a");
  test_probe_clock = get_ms;
  test_probe_drop (&a);
  test_probe_drop (&b);
  end (scope);
}

/* The process stood still for an hour. Nothing is caught up with. */
static void
test_slept (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a" }, b = { "b" }, c = { "c" };

  test_probe_add_plain (&a, scope, 1000);
  test_probe_add_plain (&b, scope, 400);
  test_probe_add_plain (&c, scope, 7200 * 1000);
  test_clock_advance (3600 * 1000 * TEST_MS);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 0);
  test_clock_settle ();
  test_assert_log ("b@3600000 a@3600000");
  test_clock_run (1001 * TEST_MS);
  test_assert_log ("b@3600400 b@3600800 a@3601000");
  g_assert_cmpint (lifecycle_timer_get_remaining (c.timer), ==, 3600 * 1000 - 1001);
  test_probe_drop (&a);
  test_probe_drop (&b);
  test_probe_drop (&c);
  end (scope);
}

/* The order of equal deadlines. */

/* Ten thousand that are armed at a hundred times, at random ones of which others are cancelled, and
 * that all are due in one microsecond.
 */
static void
test_equal_deadlines (void)
{
  const guint n = test_amount (10000);
  LifecycleScope *scope = begin ();
  g_autofree LifecycleTimer **timers = g_new0 (LifecycleTimer *, n);
  guint n_left = 0;

  order_expected = g_new0 (guint, n);
  for (guint i = 0; i < n; i++)
    {
      guint step = i / (n / 100);

      timers[i] = lifecycle_scope_add_timeout (scope, 1000 - step, order_cb, GUINT_TO_POINTER (i),
                                               NULL);
      if (i % (n / 100) == n / 100 - 1)
        test_clock_run (TEST_MS);
    }
  for (guint i = 0; i < n; i++)
    if (g_test_rand_int_range (0, 3) == 0)
      lifecycle_timer_cancel (timers[i]);
    else
      order_expected[n_left++] = i;
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, n_left);

  order_next = 0;
  test_clock_run (900 * TEST_MS - 1);
  g_assert_cmpuint (order_next, ==, 0);
  test_clock_run (1);
  g_assert_cmpuint (order_next, ==, n_left);

  lifecycle_scope_close (scope);
  g_clear_pointer (&order_expected, g_free);
  g_assert_finalize_object (scope);
}

/* Round after round with one interval: each round in the order of the one before. A restart puts a
 * timer at the end.
 */
static void
test_equal_rounds (void)
{
  const guint n = test_amount (10000);
  LifecycleScope *scope = begin ();
  LifecycleTimer *third = NULL;

  order_expected = g_new0 (guint, n);
  for (guint i = 0; i < n; i++)
    {
      LifecycleTimer *timer;

      timer = lifecycle_scope_add_timeout (scope, 50, order_cb, GUINT_TO_POINTER (i), NULL);
      if (i == 3)
        third = timer;
      order_expected[i] = i;
    }
  for (guint round = 0; round < 5; round++)
    {
      order_next = 0;
      test_clock_run (50 * TEST_MS);
      g_assert_cmpuint (order_next, ==, n);
      if (round == 2)
        {
          g_assert_true (lifecycle_timer_restart (third));
          memmove (order_expected + 3, order_expected + 4, (n - 4) * sizeof *order_expected);
          order_expected[n - 1] = 3;
        }
    }
  lifecycle_scope_close (scope);
  g_clear_pointer (&order_expected, g_free);
  g_assert_finalize_object (scope);
}

/* Timers of several scopes are one order. */
static void
test_equal_scopes (void)
{
  LifecycleScope *scope = begin ();
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  LifecycleScope *other = lifecycle_scope_new ("other");
  TestProbe probes[] = { { "0" }, { "1" }, { "2" }, { "3" }, { "4" }, { "5" } };
  LifecycleScope *scopes[] = { scope, child, other };

  for (guint i = 0; i < G_N_ELEMENTS (probes); i++)
    test_probe_add_plain (&probes[i], scopes[i % 3], 10);
  test_clock_run (20 * TEST_MS);
  test_assert_log ("0@10 1@10 2@10 3@10 4@10 5@10 0@20 1@20 2@20 3@20 4@20 5@20");
  lifecycle_scope_close (child);
  test_clock_run (10 * TEST_MS);
  test_assert_log ("0@30 2@30 3@30 5@30");
  for (guint i = 0; i < G_N_ELEMENTS (probes); i++)
    test_probe_drop (&probes[i]);
  lifecycle_scope_close (other);
  g_assert_finalize_object (other);
  g_assert_finalize_object (child);
  end (scope);
}

/* restart() */

static void
test_restart (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a" };

  test_probe_add (&a, scope, 10);
  for (guint i = 0; i < 5; i++)
    {
      test_clock_run (9 * TEST_MS);
      g_assert_true (lifecycle_timer_restart (a.timer));
      g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 10);
    }
  test_assert_log ("");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  test_clock_run (20 * TEST_MS);
  test_assert_log ("a@55 a@65");
  g_assert_true (lifecycle_timer_restart (a.timer));
  g_assert_cmpuint (lifecycle_timer_get_n_calls (a.timer), ==, 2);
  test_clock_run (10 * TEST_MS);
  test_assert_log ("a@75");

  /* Also when it is due already. */
  test_clock_advance (10 * TEST_MS);
  g_assert_true (lifecycle_timer_restart (a.timer));
  test_clock_settle ();
  test_assert_log ("");
  test_clock_run (10 * TEST_MS);
  test_assert_log ("a@95");

  lifecycle_timer_cancel (a.timer);
  test_assert_log ("~a");
  g_assert_false (lifecycle_timer_restart (a.timer));
  test_probe_assert_ended (&a);
  test_clock_run (50 * TEST_MS);
  test_probe_drop (&a);
  end (scope);
}

/* An ended timer without a destroy notify comes back. */
static void
test_restart_ended (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a", .stop_at = 2 };

  test_probe_add_plain (&a, scope, 10);
  test_clock_run (50 * TEST_MS);
  test_assert_log ("a@10 a@20");
  test_probe_assert_ended (&a);
  g_assert_cmpuint (lifecycle_timer_get_n_calls (a.timer), ==, 2);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);

  g_assert_true (lifecycle_timer_restart (a.timer));
  g_assert_true (lifecycle_timer_is_active (a.timer));
  g_assert_cmpuint (lifecycle_timer_get_n_calls (a.timer), ==, 0);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 10);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  test_clock_run (15 * TEST_MS);
  test_assert_log ("a@60");
  g_assert_cmpuint (lifecycle_timer_get_n_calls (a.timer), ==, 1);

  lifecycle_timer_cancel (a.timer);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  lifecycle_timer_set_interval (a.timer, 3);
  g_assert_cmpuint (lifecycle_timer_get_interval (a.timer), ==, 3);
  test_clock_run (15 * TEST_MS);
  g_assert_true (lifecycle_timer_restart (a.timer));
  test_clock_run (3 * TEST_MS);
  test_assert_log ("a@83");
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_false (lifecycle_timer_restart (a.timer));
  g_assert_cmpuint (lifecycle_timer_get_n_calls (a.timer), ==, 1);
  test_probe_assert_ended (&a);
  g_assert_finalize_object (scope);
  g_assert_false (lifecycle_timer_restart (a.timer));
  test_probe_assert_ended (&a);
  test_clock_run (15 * TEST_MS);
  test_assert_log ("");
  test_probe_drop (&a);
}

static void
slow_and_restart (TestProbe *probe)
{
  test_clock_advance (5 * TEST_MS);
  test_probe_restart (probe);
}

static void
restart_and_slow (TestProbe *probe)
{
  test_probe_restart (probe);
  test_clock_advance (5 * TEST_MS);
}

/* In its own call: from then on, not from the dispatch. */
static void
test_restart_itself (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a", slow_and_restart };
  TestProbe b = { "b", restart_and_slow, .stop_at = 3 };

  test_probe_add_plain (&a, scope, 10);
  test_clock_run (41 * TEST_MS);
  test_assert_log ("a@10 a@25 a@40");
  lifecycle_timer_cancel (a.timer);
  test_probe_drop (&a);

  /* It outlasts a call that returns G_SOURCE_REMOVE, as a new g_timeout_add() would. */
  started = g_get_monotonic_time ();
  test_probe_add (&b, scope, 10);
  test_clock_run (35 * TEST_MS);
  test_assert_log ("b@10 b@20 b@30");
  g_assert_true (lifecycle_timer_is_active (b.timer));
  g_assert_cmpuint (lifecycle_timer_get_n_calls (b.timer), ==, 0);
  g_assert_cmpint (b.destroyed, ==, 0);

  /* The next one that is not restarted ends it. */
  b.act = NULL;
  b.stop_at = 4;
  test_clock_run (100 * TEST_MS);
  test_assert_log ("b@40 ~b");
  test_probe_assert_ended (&b);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  test_probe_drop (&b);
  end (scope);
}

static void
restart_once (TestProbe *probe)
{
  if (probe->n_calls == 2)
    test_probe_restart (probe);
}

/* It outlasts the last of a limited number of calls, too, and all of them begin anew. */
static void
test_restart_last_call (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a", restart_once };

  test_probe_add_calls (&a, scope, 10, 2);
  test_clock_run (25 * TEST_MS);
  test_assert_log ("a@10 a@20");
  g_assert_cmpuint (lifecycle_timer_get_n_calls (a.timer), ==, 0);
  test_clock_run (100 * TEST_MS);
  test_assert_log ("a@30 a@40 ~a");
  test_probe_assert_ended (&a);
  test_probe_drop (&a);
  end (scope);
}

static void
stop_itself (TestProbe *probe)
{
  lifecycle_timer_stop (probe->timer);
}

/* A timer that is stopped keeps its place in the scope, and waits. */
static void
test_stop (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a" };
  TestProbe b = { "b", stop_itself };
  TestProbe c = { "c", stop_itself, .stop_at = 1 };

  test_probe_add (&a, scope, 10);
  test_clock_run (15 * TEST_MS);
  g_assert_true (lifecycle_timer_stop (a.timer));
  g_assert_false (lifecycle_timer_stop (a.timer));
  g_assert_true (lifecycle_timer_is_active (a.timer));
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, -1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  test_clock_run (100 * TEST_MS);
  test_assert_log ("a@10");
  g_assert_true (lifecycle_timer_restart (a.timer));
  test_clock_run (20 * TEST_MS);
  test_assert_log ("a@125 a@135");
  g_assert_true (lifecycle_timer_stop (a.timer));

  /* Neither a change of the interval nor an unblock arms it. */
  lifecycle_timer_set_interval (a.timer, 5);
  lifecycle_scope_block (scope);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, -1);
  lifecycle_scope_unblock (scope);
  test_clock_run (100 * TEST_MS);
  test_assert_log ("");
  lifecycle_timer_cancel (a.timer);
  test_assert_log ("~a");
  g_assert_false (lifecycle_timer_stop (a.timer));
  test_probe_drop (&a);

  /* In its own call: what that returns counts, but there is no next one. */
  started = g_get_monotonic_time ();
  test_probe_add (&b, scope, 10);
  test_probe_add (&c, scope, 10);
  test_clock_run (100 * TEST_MS);
  test_assert_log ("b@10 c@10 ~c");
  g_assert_true (lifecycle_timer_is_active (b.timer));
  g_assert_false (lifecycle_timer_stop (b.timer));
  test_probe_assert_ended (&c);
  lifecycle_scope_close (scope);
  test_assert_log ("~b");
  g_assert_false (lifecycle_timer_stop (b.timer));
  test_probe_drop (&b);
  test_probe_drop (&c);
  end (scope);
}

/* One that is stopped while the scope is blocked. */
static void
test_stop_blocked (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a" };

  test_probe_add_plain (&a, scope, 10);
  lifecycle_scope_block (scope);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 10);
  g_assert_true (lifecycle_timer_stop (a.timer));
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, -1);
  lifecycle_scope_unblock (scope);
  test_clock_run (50 * TEST_MS);
  test_assert_log ("");

  lifecycle_scope_block (scope);
  g_assert_true (lifecycle_timer_restart (a.timer));
  test_clock_run (50 * TEST_MS);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 10);
  lifecycle_scope_unblock (scope);
  test_clock_run (15 * TEST_MS);
  test_assert_log ("a@110");
  test_probe_drop (&a);
  end (scope);
}

static void
debounce_cb (gpointer data)
{
  test_probe_cb (data);
}

static void
test_probe_add_debounce (TestProbe      *probe,
                         LifecycleScope *scope,
                         guint           delay)
{
  test_probe_keep (probe, scope,
                   lifecycle_scope_add_debounce (scope, delay, debounce_cb, probe,
                                                 test_probe_notify));
}

/* Called once it has been quiet for a while, as often as that happens, until the scope closes. */
static void
test_debounce (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a" };

  test_probe_add_debounce (&a, scope, 10);
  g_assert_true (lifecycle_timer_is_active (a.timer));
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, -1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  test_clock_run (50 * TEST_MS);
  test_assert_log ("");

  for (guint i = 0; i < 10; i++)
    {
      g_assert_true (lifecycle_timer_restart (a.timer));
      test_clock_run (9 * TEST_MS);
    }
  test_assert_log ("");
  test_clock_run (50 * TEST_MS);
  test_assert_log ("a@141");
  g_assert_true (lifecycle_timer_is_active (a.timer));
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, -1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);

  g_assert_true (lifecycle_timer_restart (a.timer));
  test_clock_run (50 * TEST_MS);
  test_assert_log ("a@200");
  g_assert_cmpuint (lifecycle_timer_get_n_calls (a.timer), ==, 2);

  /* Taken back. */
  g_assert_true (lifecycle_timer_restart (a.timer));
  g_assert_true (lifecycle_timer_stop (a.timer));
  g_assert_false (lifecycle_timer_stop (a.timer));
  test_clock_run (50 * TEST_MS);
  test_assert_log ("");

  /* What is pending is not called. */
  g_assert_true (lifecycle_timer_restart (a.timer));
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  test_assert_log ("~a");
  g_assert_false (lifecycle_timer_restart (a.timer));
  test_clock_run (50 * TEST_MS);
  test_probe_assert_ended (&a);
  test_probe_drop (&a);
  end (scope);
}

static void
restart_first (TestProbe *probe)
{
  if (probe->n_calls == 1)
    test_probe_restart (probe);
}

/* Something changes while the function is running: it is called again. */
static void
test_debounce_restart_itself (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a", restart_first };

  test_probe_add_debounce (&a, scope, 10);
  g_assert_true (lifecycle_timer_restart (a.timer));
  test_clock_run (100 * TEST_MS);
  test_assert_log ("a@10 a@20");
  g_assert_true (lifecycle_timer_is_active (a.timer));
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, -1);
  lifecycle_scope_close (scope);
  test_assert_log ("~a");
  test_probe_drop (&a);
  end (scope);
}

/* Its scope closes, or it is cancelled, in its own call. */
static void
test_debounce_ends_itself (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a", test_probe_cancel };
  TestProbe b = { "b", test_probe_close };

  test_probe_add_debounce (&a, scope, 10);
  test_probe_add_debounce (&b, scope, 10);
  g_assert_true (lifecycle_timer_restart (a.timer));
  g_assert_true (lifecycle_timer_restart (b.timer));
  test_clock_run (100 * TEST_MS);
  test_assert_log ("a@10 ~a b@10 ~b");
  test_probe_assert_ended (&a);
  test_probe_assert_ended (&b);
  test_probe_drop (&a);
  test_probe_drop (&b);
  end (scope);
}

/* Blocked: it waits for the rest of its time. One that waits for a restart goes on doing that. */
static void
test_debounce_block (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a" };
  TestProbe b = { "b" };
  TestProbe c = { "c" };

  test_probe_add_debounce (&a, scope, 10);
  test_probe_add_debounce (&b, scope, 10);
  g_assert_true (lifecycle_timer_restart (a.timer));
  test_clock_run (5 * TEST_MS);
  lifecycle_scope_block (scope);
  test_probe_add_debounce (&c, scope, 10);
  test_clock_run (50 * TEST_MS);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 5);
  g_assert_cmpint (lifecycle_timer_get_remaining (b.timer), ==, -1);
  g_assert_cmpint (lifecycle_timer_get_remaining (c.timer), ==, -1);
  lifecycle_scope_unblock (scope);
  test_clock_run (50 * TEST_MS);
  test_assert_log ("a@60");
  lifecycle_scope_close (scope);
  test_assert_log ("~c ~b ~a");
  test_probe_drop (&a);
  test_probe_drop (&b);
  test_probe_drop (&c);
  end (scope);
}

/* It moves along, and can be restarted there. */
static void
test_debounce_move (void)
{
  LifecycleScope *scope = begin ();
  LifecycleScope *moved;
  TestProbe a = { "a" };

  test_probe_add_debounce (&a, scope, 10);
  g_assert_true (lifecycle_timer_restart (a.timer));
  moved = lifecycle_scope_move (scope);
  g_assert_finalize_object (scope);
  test_clock_run (15 * TEST_MS);
  test_assert_log ("a@10");
  g_assert_true (lifecycle_timer_restart (a.timer));
  test_clock_run (15 * TEST_MS);
  test_assert_log ("a@25");
  lifecycle_scope_close (moved);
  test_assert_log ("~a");
  test_probe_drop (&a);
  end (moved);
}

/* A call puts off another that is due in the same iteration. */
static void
test_restart_due (void)
{
  LifecycleScope *scope = begin ();
  TestProbe b = { "b" };
  TestProbe a = { "a", test_probe_restart_other, .other = &b };

  test_probe_add_plain (&a, scope, 10);
  test_probe_add_plain (&b, scope, 12);
  test_clock_advance (15 * TEST_MS);
  test_clock_run (20 * TEST_MS);
  test_assert_log ("a@15 a@25 a@35");
  lifecycle_timer_cancel (a.timer);
  test_clock_run (12 * TEST_MS);
  test_assert_log ("b@47");
  test_probe_drop (&a);
  test_probe_drop (&b);
  end (scope);
}

static void
test_cancel_due (void)
{
  LifecycleScope *scope = begin ();
  TestProbe b = { "b" };
  TestProbe a = { "a", test_probe_cancel_other, .other = &b };

  test_probe_add (&a, scope, 20);
  test_probe_add (&b, scope, 20);
  test_clock_run (40 * TEST_MS);
  test_assert_log ("a@20 ~b a@40");
  test_probe_assert_ended (&b);
  lifecycle_timer_cancel (a.timer);
  test_assert_log ("~a");
  test_probe_drop (&a);
  test_probe_drop (&b);
  end (scope);
}

/* set_interval() */

static void
test_set_interval (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a" };

  test_probe_add_plain (&a, scope, 100);
  g_assert_cmpuint (lifecycle_timer_get_interval (a.timer), ==, 100);
  test_clock_run (30 * TEST_MS);
  lifecycle_timer_set_interval (a.timer, 50);
  g_assert_cmpuint (lifecycle_timer_get_interval (a.timer), ==, 50);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 20);
  test_clock_run (71 * TEST_MS);
  test_assert_log ("a@50 a@100");

  /* Longer. */
  test_clock_run (20 * TEST_MS);
  lifecycle_timer_set_interval (a.timer, 200);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 179);
  test_clock_run (179 * TEST_MS);
  test_assert_log ("a@300");

  /* So short that it is due, and has been. */
  test_clock_run (50 * TEST_MS);
  lifecycle_timer_set_interval (a.timer, 20);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 0);
  test_assert_log ("");
  test_clock_run (20 * TEST_MS);
  test_assert_log ("a@350 a@370");

  /* There and back. */
  test_clock_run (5 * TEST_MS);
  lifecycle_timer_set_interval (a.timer, G_MAXUINT);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, (gint64) G_MAXUINT - 5);
  lifecycle_timer_set_interval (a.timer, 0);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 0);
  lifecycle_timer_set_interval (a.timer, 20);
  test_clock_run (15 * TEST_MS);
  test_assert_log ("a@390");

  /* A restart is where the running interval begins. */
  test_clock_run (5 * TEST_MS);
  lifecycle_timer_restart (a.timer);
  test_clock_run (5 * TEST_MS);
  lifecycle_timer_set_interval (a.timer, 30);
  test_clock_run (25 * TEST_MS);
  test_assert_log ("a@425");
  test_probe_drop (&a);
  end (scope);
}

static void
slow_and_longer (TestProbe *probe)
{
  test_clock_advance (5 * TEST_MS);
  lifecycle_timer_set_interval (probe->timer,
                                lifecycle_timer_get_interval (probe->timer) + 10);
  test_clock_advance (2 * TEST_MS);
}

static void
restart_and_longer (TestProbe *probe)
{
  test_clock_advance (5 * TEST_MS);
  test_probe_restart (probe);
  lifecycle_timer_set_interval (probe->timer,
                                lifecycle_timer_get_interval (probe->timer) + 10);
}

/* In its own call: what begins is the next interval, at the dispatch. */
static void
test_set_interval_itself (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a", slow_and_longer }, b = { "b", restart_and_longer };

  test_probe_add_plain (&a, scope, 10);
  test_clock_run (60 * TEST_MS);
  test_assert_log ("a@10 a@30 a@60");
  lifecycle_timer_cancel (a.timer);
  test_probe_drop (&a);

  started = g_get_monotonic_time ();
  test_probe_add_plain (&b, scope, 10);
  test_clock_run (70 * TEST_MS);
  test_assert_log ("b@10 b@35 b@70");
  test_probe_drop (&b);
  end (scope);
}

/* What can be asked. */

static void
test_remaining (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a" };

  test_probe_add_plain (&a, scope, 100);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 100);
  test_clock_advance (1);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 100);
  test_clock_advance (998);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 100);
  test_clock_advance (1);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 99);
  test_clock_advance (99 * TEST_MS - 1);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 1);
  test_clock_advance (1);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 0);
  test_clock_advance (50 * TEST_MS);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 0);
  test_clock_settle ();
  test_assert_log ("a@150");
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 100);
  lifecycle_timer_cancel (a.timer);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, -1);
  test_probe_drop (&a);
  end (scope);
}

static void
ask (TestProbe *probe)
{
  g_assert_true (lifecycle_timer_is_active (probe->timer));
  g_assert_cmpuint (lifecycle_timer_get_n_calls (probe->timer), ==, probe->n_calls);
  g_assert_cmpint (lifecycle_timer_get_remaining (probe->timer), ==, -1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (probe->scope), ==, 1);
}

static void
test_ask_in_callback (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a", ask, .stop_at = 3 };

  test_probe_add (&a, scope, 10);
  test_clock_run (100 * TEST_MS);
  test_assert_log ("a@10 a@20 a@30 ~a");
  g_assert_cmpuint (lifecycle_timer_get_n_calls (a.timer), ==, 3);
  g_assert_cmpuint (lifecycle_timer_get_interval (a.timer), ==, 10);
  test_probe_assert_ended (&a);
  test_probe_drop (&a);
  end (scope);
}

static void
test_max_calls (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a", ask }, b = { "b" }, c = { "c", .stop_at = 2 }, d = { "d" };

  test_probe_add_calls (&a, scope, 10, 3);
  test_clock_run (30 * TEST_MS);
  test_assert_log ("a@10 a@20 a@30 ~a");
  test_probe_assert_ended (&a);
  g_assert_cmpuint (lifecycle_timer_get_n_calls (a.timer), ==, 3);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_false (lifecycle_timer_restart (a.timer));
  test_probe_drop (&a);

  started = g_get_monotonic_time ();
  test_probe_add_calls (&b, scope, 10, 1);
  test_probe_add_calls (&c, scope, 10, 4);
  test_probe_add_calls (&d, scope, 15, G_MAXUINT);
  test_clock_run (60 * TEST_MS);
  test_assert_log ("b@10 ~b c@10 d@15 c@20 ~c d@30 d@45 d@60");
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  test_assert_log ("~d");
  test_probe_drop (&b);
  test_probe_drop (&c);
  test_probe_drop (&d);
  end (scope);
}

/* One that has ended begins anew with its number of calls. */
static void
test_max_calls_restart (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a" };
  LifecycleTimer *timer;

  timer = lifecycle_scope_add_timeout_full (scope, 10, 2, test_probe_cb, &a, NULL);
  test_probe_keep (&a, scope, timer);
  test_clock_run (50 * TEST_MS);
  test_assert_log ("a@10 a@20");
  test_probe_assert_ended (&a);
  g_assert_true (lifecycle_timer_restart (timer));
  test_clock_run (15 * TEST_MS);
  test_assert_log ("a@60");
  g_assert_true (lifecycle_timer_restart (timer));
  g_assert_cmpuint (lifecycle_timer_get_n_calls (timer), ==, 1);
  test_clock_run (50 * TEST_MS);
  test_assert_log ("a@75");
  test_probe_assert_ended (&a);
  test_probe_drop (&a);
  end (scope);
}

/* clear() and move() */

static void
test_clear (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a" }, b = { "b" }, c = { "c" };

  test_probe_add (&a, scope, 10);
  test_probe_add (&b, scope, 20);
  g_assert_cmpuint (lifecycle_scope_clear (scope), ==, 2);
  test_assert_log ("~b ~a");
  test_probe_assert_ended (&a);
  test_probe_assert_ended (&b);
  test_clock_run (30 * TEST_MS);
  test_assert_log ("");
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  test_probe_add (&c, scope, 10);
  test_clock_run (10 * TEST_MS);
  test_assert_log ("c@40");
  g_assert_cmpuint (lifecycle_scope_clear (scope), ==, 1);
  test_assert_log ("~c");
  test_probe_drop (&a);
  test_probe_drop (&b);
  test_probe_drop (&c);
  end (scope);
}

static void
clear_scope (TestProbe *probe)
{
  g_assert_cmpuint (lifecycle_scope_clear (probe->scope), ==, 2);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (probe->scope), ==, 0);
}

static void
test_clear_itself (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a", clear_scope }, b = { "b" };

  test_probe_add (&a, scope, 10);
  test_probe_add (&b, scope, 10);
  test_clock_run (50 * TEST_MS);
  test_assert_log ("a@10 ~b ~a");
  test_probe_assert_ended (&a);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  test_probe_drop (&a);
  test_probe_drop (&b);
  end (scope);
}

/* Everything stays as it is: deadlines, order, number of calls. */
static void
test_move (void)
{
  LifecycleScope *scope = begin ();
  LifecycleScope *moved;
  TestProbe a = { "a" }, b = { "b" }, c = { "c" };

  test_probe_add (&a, scope, 30);
  test_probe_add (&b, scope, 20);
  test_probe_add_calls (&c, scope, 10, 3);
  test_clock_run (15 * TEST_MS);
  test_assert_log ("c@10");
  moved = lifecycle_scope_move (scope);
  test_assert_log ("");
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_finalize_object (scope);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (moved), ==, 3);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 15);
  test_clock_run (30 * TEST_MS);
  test_assert_log ("b@20 c@20 a@30 c@30 ~c b@40");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (moved), ==, 2);

  /* And it is the new scope that they belong to. */
  lifecycle_timer_cancel (b.timer);
  test_assert_log ("~b");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (moved), ==, 1);
  lifecycle_scope_block (moved);
  test_clock_run (100 * TEST_MS);
  lifecycle_scope_unblock (moved);
  test_clock_run (15 * TEST_MS);
  test_assert_log ("a@160");
  g_assert_cmpuint (lifecycle_scope_close (moved), ==, 1);
  test_assert_log ("~a");
  test_probe_drop (&a);
  test_probe_drop (&b);
  test_probe_drop (&c);
  end (moved);
}

static LifecycleScope *moved_scope;

static void
move_scope (TestProbe *probe)
{
  if (moved_scope == NULL)
    moved_scope = lifecycle_scope_move (probe->scope);
}

/* While a call is under way. */
static void
test_move_itself (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a", move_scope }, b = { "b" };

  test_probe_add (&a, scope, 10);
  test_probe_add (&b, scope, 10);
  test_clock_run (20 * TEST_MS);
  test_assert_log ("a@10 b@10 a@20 b@20");
  g_assert_finalize_object (scope);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (moved_scope), ==, 2);
  lifecycle_timer_cancel (a.timer);
  test_assert_log ("~a");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (moved_scope), ==, 1);
  g_assert_cmpuint (lifecycle_scope_close (moved_scope), ==, 1);
  test_assert_log ("~b");
  test_probe_drop (&a);
  test_probe_drop (&b);
  end (g_steal_pointer (&moved_scope));
}

/* One that has ended comes back in the new scope, or not at all; never in the old one. */
static void
test_move_restart_ended (void)
{
  LifecycleScope *scope = begin ();
  LifecycleScope *moved;
  TestProbe a = { "a" };

  test_probe_add_plain (&a, scope, 10);
  lifecycle_timer_cancel (a.timer);
  moved = lifecycle_scope_move (scope);
  if (lifecycle_timer_restart (a.timer))
    g_assert_cmpuint (lifecycle_scope_get_n_entries (moved), ==, 1);
  else
    g_assert_cmpuint (lifecycle_scope_get_n_entries (moved), ==, 0);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
  lifecycle_scope_close (moved);
  test_probe_assert_ended (&a);
  g_assert_finalize_object (moved);
  g_assert_false (lifecycle_timer_restart (a.timer));
  test_probe_drop (&a);
}

int
main (int   argc,
      char *argv[])
{
  int status;

  test_clock_init ();
  g_test_init (&argc, &argv, NULL);
  test_probe_clock = get_ms;

  g_test_add_func ("/lifecycle/timer/clock/works", test_clock_works);
  g_test_add_func ("/lifecycle/timer/clock/interval", test_interval);
  g_test_add_func ("/lifecycle/timer/clock/several", test_several);
  g_test_add_func ("/lifecycle/timer/clock/from-dispatch", test_from_dispatch);
  g_test_add_func ("/lifecycle/timer/clock/slow-callback", test_slow_callback);
  g_test_add_func ("/lifecycle/timer/clock/slow-starves-nobody", test_slow_starves_nobody);
  g_test_add_func ("/lifecycle/timer/clock/zero", test_zero);
  g_test_add_func ("/lifecycle/timer/clock/added-in-callback", test_added_in_callback);
  g_test_add_func ("/lifecycle/timer/clock/maxuint", test_maxuint);
  g_test_add_func ("/lifecycle/timer/clock/slept", test_slept);
  g_test_add_func ("/lifecycle/timer/clock/equal-deadlines", test_equal_deadlines);
  g_test_add_func ("/lifecycle/timer/clock/equal-rounds", test_equal_rounds);
  g_test_add_func ("/lifecycle/timer/clock/equal-scopes", test_equal_scopes);
  g_test_add_func ("/lifecycle/timer/clock/restart", test_restart);
  g_test_add_func ("/lifecycle/timer/clock/restart-ended", test_restart_ended);
  g_test_add_func ("/lifecycle/timer/clock/restart-itself", test_restart_itself);
  g_test_add_func ("/lifecycle/timer/clock/restart-last-call", test_restart_last_call);
  g_test_add_func ("/lifecycle/timer/clock/stop", test_stop);
  g_test_add_func ("/lifecycle/timer/clock/stop-blocked", test_stop_blocked);
  g_test_add_func ("/lifecycle/timer/clock/debounce", test_debounce);
  g_test_add_func ("/lifecycle/timer/clock/debounce-restart-itself", test_debounce_restart_itself);
  g_test_add_func ("/lifecycle/timer/clock/debounce-ends-itself", test_debounce_ends_itself);
  g_test_add_func ("/lifecycle/timer/clock/debounce-block", test_debounce_block);
  g_test_add_func ("/lifecycle/timer/clock/debounce-move", test_debounce_move);
  g_test_add_func ("/lifecycle/timer/clock/restart-due", test_restart_due);
  g_test_add_func ("/lifecycle/timer/clock/cancel-due", test_cancel_due);
  g_test_add_func ("/lifecycle/timer/clock/set-interval", test_set_interval);
  g_test_add_func ("/lifecycle/timer/clock/set-interval-itself", test_set_interval_itself);
  g_test_add_func ("/lifecycle/timer/clock/remaining", test_remaining);
  g_test_add_func ("/lifecycle/timer/clock/ask-in-callback", test_ask_in_callback);
  g_test_add_func ("/lifecycle/timer/clock/max-calls", test_max_calls);
  g_test_add_func ("/lifecycle/timer/clock/max-calls-restart", test_max_calls_restart);
  g_test_add_func ("/lifecycle/timer/clock/clear", test_clear);
  g_test_add_func ("/lifecycle/timer/clock/clear-itself", test_clear_itself);
  g_test_add_func ("/lifecycle/timer/clock/move", test_move);
  g_test_add_func ("/lifecycle/timer/clock/move-itself", test_move_itself);
  g_test_add_func ("/lifecycle/timer/clock/move-restart-ended", test_move_restart_ended);

  status = g_test_run ();
  return test_clock_finish (status);
}
