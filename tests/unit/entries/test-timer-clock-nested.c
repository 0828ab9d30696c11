/* test-timer-clock-nested.c: timers that are blocked, or run a main loop; deadlines
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-timer-clock-util.h"

/* block() and unblock() */

static void
test_block (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a" };

  test_probe_add_plain (&a, scope, 100);
  test_clock_run (30 * TEST_MS + 300);
  lifecycle_scope_block (scope);
  g_assert_true (lifecycle_timer_is_active (a.timer));
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 70);
  test_clock_run (970 * TEST_MS - 300);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 70);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  test_assert_log ("");

  lifecycle_scope_unblock (scope);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 70);
  test_clock_run (70 * TEST_MS - 301);
  test_assert_log ("");
  test_clock_run (1);
  test_assert_log ("a@1069");
  test_clock_run (100 * TEST_MS);
  test_assert_log ("a@1169");

  /* One that is due. */
  test_clock_advance (150 * TEST_MS);
  lifecycle_scope_block (scope);
  test_clock_run (30 * TEST_MS);
  test_assert_log ("");
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 0);
  lifecycle_scope_unblock (scope);
  test_clock_settle ();
  test_assert_log ("a@1349");
  test_probe_drop (&a);
  end (scope);
}

static void
test_block_counted (void)
{
  LifecycleScope *scope = begin ();
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  LifecycleScope *grandchild = lifecycle_scope_new_child (child, "grandchild");
  TestProbe a = { "a" }, b = { "b" }, c = { "c" };

  test_probe_add_plain (&a, scope, 100);
  test_probe_add_plain (&b, child, 100);
  test_probe_add_plain (&c, grandchild, 100);

  test_clock_run (10 * TEST_MS);
  lifecycle_scope_block (child);
  test_clock_run (10 * TEST_MS);
  lifecycle_scope_block (scope);
  lifecycle_scope_block (scope);
  test_clock_run (10 * TEST_MS);
  lifecycle_scope_block (grandchild);
  test_clock_run (200 * TEST_MS);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 80);
  g_assert_cmpint (lifecycle_timer_get_remaining (b.timer), ==, 90);
  g_assert_cmpint (lifecycle_timer_get_remaining (c.timer), ==, 90);

  lifecycle_scope_unblock (child);
  test_clock_run (70 * TEST_MS);
  g_assert_cmpint (lifecycle_timer_get_remaining (b.timer), ==, 90);
  lifecycle_scope_unblock (scope);
  test_clock_run (100 * TEST_MS);
  test_assert_log ("");
  lifecycle_scope_unblock (scope);
  test_clock_run (95 * TEST_MS);
  test_assert_log ("a@480 b@490");
  g_assert_cmpint (lifecycle_timer_get_remaining (c.timer), ==, 90);
  lifecycle_scope_unblock (grandchild);
  test_clock_run (90 * TEST_MS);
  test_assert_log ("a@580 c@585");

  test_probe_drop (&a);
  test_probe_drop (&b);
  test_probe_drop (&c);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (grandchild);
  g_assert_finalize_object (child);
  end (scope);
}

/* What is done to a timer while it is paused. */
static void
test_block_changes (void)
{
  LifecycleScope *scope = begin ();
  LifecycleScope *child;
  TestProbe a = { "a" }, b = { "b" }, c = { "c" }, d = { "d" }, e = { "e" }, f = { "f" };

  test_probe_add_plain (&a, scope, 100);
  test_probe_add_plain (&b, scope, 100);
  test_probe_add_plain (&c, scope, 100);
  test_probe_add_plain (&e, scope, 100);
  test_clock_run (30 * TEST_MS);
  lifecycle_scope_block (scope);
  test_clock_run (30 * TEST_MS);

  g_assert_true (lifecycle_timer_restart (a.timer));
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 100);
  lifecycle_timer_set_interval (b.timer, 50);
  g_assert_cmpint (lifecycle_timer_get_remaining (b.timer), ==, 20);
  lifecycle_timer_set_interval (c.timer, 20);
  g_assert_cmpint (lifecycle_timer_get_remaining (c.timer), ==, 0);
  test_probe_add_plain (&d, scope, 40);
  g_assert_cmpint (lifecycle_timer_get_remaining (d.timer), ==, 40);
  lifecycle_timer_cancel (e.timer);
  test_probe_assert_ended (&e);
  child = lifecycle_scope_new_child (scope, "child");
  test_probe_add_plain (&f, child, 90);
  test_clock_run (100 * TEST_MS);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 100);
  g_assert_cmpint (lifecycle_timer_get_remaining (b.timer), ==, 20);
  g_assert_cmpint (lifecycle_timer_get_remaining (d.timer), ==, 40);
  g_assert_cmpint (lifecycle_timer_get_remaining (f.timer), ==, 90);

  /* An ended one that comes back is paused like the others. */
  g_assert_true (lifecycle_timer_restart (e.timer));
  g_assert_cmpint (lifecycle_timer_get_remaining (e.timer), ==, 100);
  test_clock_run (840 * TEST_MS);
  test_assert_log ("");
  g_assert_cmpint (lifecycle_timer_get_remaining (e.timer), ==, 100);

  lifecycle_scope_unblock (scope);
  test_clock_run (101 * TEST_MS);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 6);
  lifecycle_scope_close (scope);
  test_assert_log ("c@1000 b@1020 c@1020 d@1040 c@1040 c@1060 b@1070 d@1080 c@1080 f@1090 "
                   "a@1100 e@1100 c@1100");

  test_probe_drop (&a);
  test_probe_drop (&b);
  test_probe_drop (&c);
  test_probe_drop (&d);
  test_probe_drop (&e);
  test_probe_drop (&f);
  g_assert_finalize_object (child);
  end (scope);
}

/* Equal deadlines are equal after a pause, and keep their order. */
static void
test_block_order (void)
{
  const guint n = 1000;
  LifecycleScope *scope = begin ();

  order_expected = g_new0 (guint, n);
  for (guint i = 0; i < n; i++)
    {
      lifecycle_scope_add_timeout (scope, 50, order_cb, GUINT_TO_POINTER (i), NULL);
      order_expected[i] = i;
    }
  for (guint round = 0; round < 4; round++)
    {
      test_clock_run (20 * TEST_MS);
      lifecycle_scope_block (scope);
      test_clock_run (1000 * TEST_MS);
      lifecycle_scope_unblock (scope);
      order_next = 0;
      test_clock_run (30 * TEST_MS - 1);
      g_assert_cmpuint (order_next, ==, 0);
      test_clock_run (1);
      g_assert_cmpuint (order_next, ==, n);
    }
  lifecycle_scope_close (scope);
  g_clear_pointer (&order_expected, g_free);
  g_assert_finalize_object (scope);
}

static void
block_once (TestProbe *probe)
{
  if (probe->n_calls == 1)
    lifecycle_scope_block (probe->scope);
}

/* A call blocks its own scope: nothing more of it runs, although it is due. */
static void
test_block_in_callback (void)
{
  LifecycleScope *scope = begin ();
  LifecycleScope *other = lifecycle_scope_new ("other");
  TestProbe a = { "a", block_once }, b = { "b" }, c = { "c" };

  test_probe_add_plain (&a, scope, 10);
  test_probe_add_plain (&b, scope, 10);
  test_probe_add_plain (&c, other, 10);
  test_clock_run (45 * TEST_MS);
  test_assert_log ("a@10 c@10 c@20 c@30 c@40");
  lifecycle_timer_cancel (c.timer);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 10);
  g_assert_cmpint (lifecycle_timer_get_remaining (b.timer), ==, 0);
  lifecycle_scope_unblock (scope);
  test_clock_run (10 * TEST_MS);
  test_assert_log ("b@45 a@55 b@55");
  test_probe_drop (&a);
  test_probe_drop (&b);
  test_probe_drop (&c);
  lifecycle_scope_close (other);
  g_assert_finalize_object (other);
  end (scope);
}

static void
block_and_unblock (TestProbe *probe)
{
  lifecycle_scope_block (probe->scope);
  lifecycle_scope_unblock (probe->scope);
}

/* It comes to nothing, wherever it is. */
static void
test_block_and_unblock (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a", block_and_unblock }, b = { "b" };

  test_probe_add_plain (&a, scope, 10);
  test_probe_add_plain (&b, scope, 10);
  test_clock_run (20 * TEST_MS);
  test_assert_log ("a@10 b@10 a@20 b@20");
  test_clock_run (5 * TEST_MS);
  lifecycle_scope_block (scope);
  lifecycle_scope_unblock (scope);
  g_assert_cmpint (lifecycle_timer_get_remaining (a.timer), ==, 5);
  test_clock_run (5 * TEST_MS);
  test_assert_log ("a@30 b@30");
  test_probe_drop (&a);
  test_probe_drop (&b);
  end (scope);
}

static void
test_block_close (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a" }, b = { "b" }, c = { "c" };

  test_probe_add (&a, scope, 10);
  test_probe_add (&b, scope, 10);
  lifecycle_scope_block (scope);
  test_probe_add (&c, scope, 10);
  lifecycle_timer_cancel (b.timer);
  test_assert_log ("~b");
  test_clock_run (20 * TEST_MS);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  test_assert_log ("~c ~a");
  test_probe_assert_ended (&a);
  test_probe_assert_ended (&c);
  test_probe_drop (&a);
  test_probe_drop (&b);
  test_probe_drop (&c);
  end (scope);
}

/* Main loops in a call. */

static void
run_25 (TestProbe *probe)
{
  if (probe->n_calls == 1)
    {
      test_log ("(");
      test_clock_run (25 * TEST_MS);
      test_log (")");
    }
}

/* All others go on, those included that had their turn still to come; what runs does not run again
 * before it has returned.
 */
static void
test_nested (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a" }, b = { "b", run_25 }, c = { "c" };

  test_probe_add_plain (&a, scope, 10);
  test_probe_add_plain (&b, scope, 10);
  test_probe_add_plain (&c, scope, 10);
  test_clock_run (10 * TEST_MS);
  test_assert_log ("a@10 b@10 ( c@10 a@20 c@20 a@30 c@30 ) b@35");
  test_clock_run (15 * TEST_MS);
  test_assert_log ("a@40 c@40 b@45 a@50 c@50");
  test_probe_drop (&a);
  test_probe_drop (&b);
  test_probe_drop (&c);
  end (scope);
}

static void
run_deeper (TestProbe *probe)
{
  if (probe->n_calls == 1)
    {
      test_log ("(");
      test_clock_run (10 * TEST_MS);
      test_log (")");
    }
}

static void
test_nested_deeper (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a", run_deeper }, b = { "b", run_deeper }, c = { "c", run_deeper };

  test_probe_add_plain (&a, scope, 10);
  test_probe_add_plain (&b, scope, 10);
  test_probe_add_plain (&c, scope, 10);
  test_clock_run (10 * TEST_MS);
  /* The innermost ends at 20, and then each that has returned is due. */
  test_assert_log ("a@10 ( b@10 ( c@10 ( ) c@20 ) b@20 ) a@20");
  test_probe_drop (&a);
  test_probe_drop (&b);
  test_probe_drop (&c);
  end (scope);
}

/* What others do in the meantime to the one that runs. */
static void
run_15 (TestProbe *probe)
{
  if (probe->n_calls == 1)
    {
      test_log ("(");
      test_clock_run (15 * TEST_MS);
      g_assert_cmpint (probe->destroyed, ==, 0);
      test_log (")");
    }
}

static void
test_nested_cancel (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a", run_15 };
  TestProbe b = { "b", test_probe_cancel_other, .other = &a, .stop_at = 1 };

  test_probe_add (&a, scope, 10);
  test_probe_add (&b, scope, 15);
  test_clock_run (50 * TEST_MS);
  test_assert_log ("a@10 ( b@15 ~b ) ~a");
  test_probe_assert_ended (&a);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  test_probe_drop (&a);
  test_probe_drop (&b);
  end (scope);
}

static void
test_nested_restart (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a", run_15 };
  TestProbe b = { "b", test_probe_restart_other, .other = &a, .stop_at = 1 };

  test_probe_add_plain (&a, scope, 12);
  test_probe_add_plain (&b, scope, 15);
  test_clock_run (40 * TEST_MS);
  test_assert_log ("a@12 ( b@15 ) a@27 a@39");
  test_probe_drop (&a);
  test_probe_drop (&b);
  end (scope);
}

/* Cancelled and restarted while it runs: it goes on, and still it does not recurse. */
static void
cancel_and_restart_other (TestProbe *probe)
{
  lifecycle_timer_cancel (probe->other->timer);
  g_assert_true (lifecycle_timer_restart (probe->other->timer));
}

static void
test_nested_revive (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a", run_25 };
  TestProbe b = { "b", cancel_and_restart_other, .other = &a, .stop_at = 1 };

  test_probe_add_plain (&a, scope, 10);
  test_probe_add_plain (&b, scope, 15);
  test_clock_run (10 * TEST_MS);
  test_assert_log ("a@10 ( b@15 ) a@35");
  g_assert_true (lifecycle_timer_is_active (a.timer));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  test_clock_run (10 * TEST_MS);
  test_assert_log ("a@45");
  test_probe_drop (&a);
  test_probe_drop (&b);
  end (scope);
}

static void
test_nested_close (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a", run_15 }, b = { "b", test_probe_close }, c = { "c" };

  test_probe_add (&a, scope, 10);
  test_probe_add (&b, scope, 15);
  test_probe_add (&c, scope, 15);
  test_clock_run (50 * TEST_MS);
  test_assert_log ("a@10 ( b@15 ~c ~b ) ~a");
  test_probe_assert_ended (&a);
  test_probe_assert_ended (&b);
  test_probe_drop (&a);
  test_probe_drop (&b);
  test_probe_drop (&c);
  end (scope);
}

static void
block_other_scope (TestProbe *probe)
{
  lifecycle_scope_block (probe->other->scope);
}

/* Paused while it runs, in the middle of what it waits for. */
static void
test_nested_block (void)
{
  LifecycleScope *scope = begin ();
  LifecycleScope *other = lifecycle_scope_new ("other");
  TestProbe a = { "a", run_15 };
  TestProbe b = { "b", block_other_scope, .other = &a, .stop_at = 1 };

  test_probe_add_plain (&a, scope, 10);
  test_probe_add_plain (&b, other, 15);
  test_clock_run (100 * TEST_MS);
  test_assert_log ("a@10 ( b@15 )");
  g_assert_true (lifecycle_timer_is_active (a.timer));
  test_clock_run (100 * TEST_MS);
  lifecycle_scope_unblock (scope);
  test_clock_run (10 * TEST_MS);
  g_assert_cmpuint (a.n_calls, >=, 2);
  lifecycle_scope_close (scope);
  g_string_truncate (test_log_buffer, 0);
  test_probe_drop (&a);
  test_probe_drop (&b);
  lifecycle_scope_close (other);
  g_assert_finalize_object (other);
  end (scope);
}

/* Waking up. */

/* One source for all, which asks for the first deadline; when all are gone, it asks for none. */
static void
test_wake_up (void)
{
  LifecycleScope *scope, *other = lifecycle_scope_new ("other");
  TestProbe a = { "a" }, b = { "b" };

  test_clock_quiet ();
  scope = begin ();
  g_assert_cmpuint (test_clock_get_n_sources (), <=, 1);
  test_probe_add_plain (&a, scope, 100);
  g_assert_cmpuint (test_clock_get_n_sources (), ==, 1);
  g_assert_cmpint (test_clock_get_next (), ==, started + 100 * TEST_MS);
  test_probe_add_plain (&b, other, 50);
  for (guint i = 0; i < 1000; i++)
    lifecycle_scope_add_timeout (i % 2 ? scope : other, 1000, test_never_source_cb, NULL, NULL);
  g_assert_cmpuint (test_clock_get_n_sources (), ==, 1);
  g_assert_cmpint (test_clock_get_next (), ==, started + 50 * TEST_MS);
  test_clock_run (50 * TEST_MS);
  test_assert_log ("b@50");
  g_assert_cmpint (test_clock_get_next (), ==, started + 100 * TEST_MS);
  lifecycle_scope_close (other);
  g_assert_finalize_object (other);

  /* It may wake up once for what has been cancelled, and then not again. */
  lifecycle_timer_cancel (a.timer);
  test_clock_run (50 * TEST_MS);
  g_assert_cmpint (test_clock_get_next (), ==, started + 1000 * TEST_MS);
  lifecycle_scope_clear (scope);
  test_clock_quiet ();
  test_probe_drop (&a);
  test_probe_drop (&b);
  end (scope);
  g_assert_cmpuint (test_clock_get_n_sources (), <=, 1);
}

/* A blocked scope does not wake anybody up. */
static void
test_wake_up_blocked (void)
{
  LifecycleScope *scope;
  TestProbe a = { "a" };

  test_clock_quiet ();
  scope = begin ();
  test_probe_add_plain (&a, scope, 10);
  lifecycle_scope_block (scope);
  test_clock_run (100 * TEST_MS);
  g_assert_cmpint (test_clock_get_next (), ==, -1);
  lifecycle_scope_unblock (scope);
  g_assert_cmpint (test_clock_get_next (), ==, started + 110 * TEST_MS);
  test_clock_run (20 * TEST_MS);
  test_assert_log ("a@110 a@120");
  test_probe_drop (&a);
  end (scope);
}

/* set_deadline() */

static void
connect_closed (LifecycleScope *scope,
                const char     *word)
{
  g_signal_connect (scope, "closed", G_CALLBACK (test_log_scope_cb), (gpointer) word);
}

static void
test_deadline (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a" };

  connect_closed (scope, "closed");
  lifecycle_scope_set_deadline (scope, 50);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  test_probe_add (&a, scope, 20);
  test_clock_run (50 * TEST_MS - 1);
  test_assert_log ("a@20 a@40");
  g_assert_false (lifecycle_scope_is_closed (scope));
  test_clock_run (1);
  test_assert_log ("~a closed");
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_TIMED_OUT);
  lifecycle_scope_set_deadline (scope, 50);
  lifecycle_scope_set_deadline (scope, 0);
  test_clock_run (100 * TEST_MS);
  test_probe_drop (&a);
  end (scope);
}

static void
test_deadline_changed (void)
{
  LifecycleScope *scope = begin ();

  connect_closed (scope, "closed");
  lifecycle_scope_set_deadline (scope, 0);
  lifecycle_scope_set_deadline (scope, 50);
  test_clock_run (40 * TEST_MS);
  lifecycle_scope_set_deadline (scope, 50);
  test_clock_run (40 * TEST_MS);
  g_assert_false (lifecycle_scope_is_closed (scope));
  lifecycle_scope_set_deadline (scope, 0);
  test_clock_run (1000 * TEST_MS);
  g_assert_false (lifecycle_scope_is_closed (scope));
  lifecycle_scope_set_deadline (scope, G_MAXUINT);
  test_clock_run (G_MAXUINT * TEST_MS - 1);
  g_assert_false (lifecycle_scope_is_closed (scope));
  lifecycle_scope_set_deadline (scope, 1);
  g_assert_cmpuint (lifecycle_scope_clear (scope), ==, 0);
  test_clock_run (TEST_MS - 1);
  g_assert_false (lifecycle_scope_is_closed (scope));
  test_clock_run (1);
  test_assert_log ("closed");
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_TIMED_OUT);
  end (scope);
}

/* The deadline goes on while the scope is blocked, and is gone with the scope. */
static void
test_deadline_blocked (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a" };

  test_probe_add_plain (&a, scope, 10);
  lifecycle_scope_set_deadline (scope, 50);
  lifecycle_scope_block (scope);
  test_clock_run (49 * TEST_MS);
  g_assert_false (lifecycle_scope_is_closed (scope));
  test_clock_run (1 * TEST_MS);
  g_assert_true (lifecycle_scope_is_closed (scope));
  test_probe_drop (&a);
  end (scope);
}

static void
test_deadline_never_reached (void)
{
  LifecycleScope *scope = begin ();
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  TestProbe a = { "a" };

  lifecycle_scope_set_deadline (scope, 50);
  lifecycle_scope_set_deadline (child, 20);
  test_clock_run (20 * TEST_MS);
  g_assert_true (lifecycle_scope_is_closed (child));
  g_assert_cmpint (lifecycle_scope_get_reason (child), ==, LIFECYCLE_REASON_TIMED_OUT);
  g_assert_false (lifecycle_scope_is_closed (scope));
  g_assert_finalize_object (child);

  child = lifecycle_scope_new_child (scope, "child");
  lifecycle_scope_set_deadline (child, 1000);
  test_probe_add (&a, child, 1000);
  lifecycle_scope_close (scope);
  test_assert_log ("~a");
  g_assert_cmpint (lifecycle_scope_get_reason (child), ==, LIFECYCLE_REASON_PARENT_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_COMPLETED);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
  test_clock_run (2000 * TEST_MS);

  /* A deadline holds no reference. */
  scope = lifecycle_scope_new ("scope");
  connect_closed (scope, "closed");
  lifecycle_scope_set_deadline (scope, 50);
  g_assert_finalize_object (scope);
  test_assert_log ("closed");
  test_clock_run (100 * TEST_MS);
  test_probe_drop (&a);
  test_assert_log ("");
}

/* A deadline is one more timer in the order of arming. */
static void
test_deadline_order (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a" }, b = { "b" };

  connect_closed (scope, "closed");
  test_probe_add (&a, scope, 50);
  lifecycle_scope_set_deadline (scope, 50);
  test_probe_add (&b, scope, 50);
  test_clock_run (50 * TEST_MS);
  test_assert_log ("a@50 ~b ~a closed");
  test_probe_drop (&a);
  test_probe_drop (&b);
  end (scope);
}

static void
expire (TestProbe *probe)
{
  lifecycle_scope_set_deadline (probe->scope, 5);
}

/* It closes the scope of a call that waits for just that. */
static void
wait_for_close (TestProbe *probe)
{
  while (!lifecycle_scope_is_closed (probe->scope))
    test_clock_run (TEST_MS);
  test_log ("waited");
}

static void
test_deadline_in_callback (void)
{
  LifecycleScope *scope = begin ();
  TestProbe a = { "a", expire, .stop_at = 1 };
  TestProbe b = { "b", wait_for_close };

  connect_closed (scope, "closed");
  test_probe_add (&a, scope, 10);
  test_probe_add (&b, scope, 12);
  test_clock_run (100 * TEST_MS);
  test_assert_log ("a@10 ~a b@12 closed waited ~b");
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_TIMED_OUT);
  test_probe_drop (&a);
  test_probe_drop (&b);
  end (scope);
}

/* The scope that is left behind by a move is closed, and stays that. */
static void
test_deadline_move (void)
{
  LifecycleScope *scope = begin ();
  LifecycleScope *moved;

  lifecycle_scope_set_deadline (scope, 50);
  moved = lifecycle_scope_move (scope);
  test_clock_run (100 * TEST_MS);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_REPLACED);
  g_assert_finalize_object (scope);
  lifecycle_scope_close (moved);
  end (moved);
}

int
main (int   argc,
      char *argv[])
{
  int status;

  test_clock_init ();
  g_test_init (&argc, &argv, NULL);
  test_probe_clock = get_ms;

  g_test_add_func ("/lifecycle/timer/clock/block", test_block);
  g_test_add_func ("/lifecycle/timer/clock/block-counted", test_block_counted);
  g_test_add_func ("/lifecycle/timer/clock/block-changes", test_block_changes);
  g_test_add_func ("/lifecycle/timer/clock/block-order", test_block_order);
  g_test_add_func ("/lifecycle/timer/clock/block-in-callback", test_block_in_callback);
  g_test_add_func ("/lifecycle/timer/clock/block-and-unblock", test_block_and_unblock);
  g_test_add_func ("/lifecycle/timer/clock/block-close", test_block_close);
  g_test_add_func ("/lifecycle/timer/clock/nested", test_nested);
  g_test_add_func ("/lifecycle/timer/clock/nested-deeper", test_nested_deeper);
  g_test_add_func ("/lifecycle/timer/clock/nested-cancel", test_nested_cancel);
  g_test_add_func ("/lifecycle/timer/clock/nested-restart", test_nested_restart);
  g_test_add_func ("/lifecycle/timer/clock/nested-revive", test_nested_revive);
  g_test_add_func ("/lifecycle/timer/clock/nested-close", test_nested_close);
  g_test_add_func ("/lifecycle/timer/clock/nested-block", test_nested_block);
  g_test_add_func ("/lifecycle/timer/clock/wake-up", test_wake_up);
  g_test_add_func ("/lifecycle/timer/clock/wake-up-blocked", test_wake_up_blocked);
  g_test_add_func ("/lifecycle/deadline/reached", test_deadline);
  g_test_add_func ("/lifecycle/deadline/changed", test_deadline_changed);
  g_test_add_func ("/lifecycle/deadline/blocked", test_deadline_blocked);
  g_test_add_func ("/lifecycle/deadline/never-reached", test_deadline_never_reached);
  g_test_add_func ("/lifecycle/deadline/order", test_deadline_order);
  g_test_add_func ("/lifecycle/deadline/in-callback", test_deadline_in_callback);
  g_test_add_func ("/lifecycle/deadline/move", test_deadline_move);

  status = g_test_run ();
  return test_clock_finish (status);
}
