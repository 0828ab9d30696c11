/* test-timer.c: timers on the clock of the system
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * When they are called is in test-timer-clock.c. Here no time is asserted, except that nothing
 * comes early.
 */

#include "test-timer-util.h"

static gboolean
done_ended (gpointer timer)
{
  return !lifecycle_timer_is_active (timer);
}

/* Everything at once, as a program uses it. */
static void
test_basic (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleTimer *timer;
  TestProbe a = { "a", .stop_at = 3 };

  test_probe_add (&a, scope, 1);
  timer = a.timer;
  g_assert_true (lifecycle_timer_is_active (timer));
  g_assert_cmpuint (lifecycle_timer_get_interval (timer), ==, 1);
  g_assert_cmpuint (lifecycle_timer_get_n_calls (timer), ==, 0);
  g_assert_cmpint (lifecycle_timer_get_remaining (timer), >=, 0);
  g_assert_cmpint (lifecycle_timer_get_remaining (timer), <=, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  test_run_until (done_ended, timer);
  test_assert_log ("a a a ~a");
  g_assert_cmpuint (lifecycle_timer_get_n_calls (timer), ==, 3);
  test_probe_assert_ended (&a);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_finalize_object (scope);

  /* It outlives its scope for those who hold a reference. */
  lifecycle_timer_cancel (timer);
  g_assert_false (lifecycle_timer_restart (timer));
  lifecycle_timer_set_interval (timer, 7);
  g_assert_cmpuint (lifecycle_timer_get_interval (timer), ==, 7);
  g_assert_cmpuint (lifecycle_timer_get_n_calls (timer), ==, 3);
  test_probe_assert_ended (&a);
  test_probe_drop (&a);
}

static void
test_boxed (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GValue value = G_VALUE_INIT;
  LifecycleTimer *timer, *copy;
  int destroyed = 0;

  g_assert_true (G_TYPE_IS_BOXED (LIFECYCLE_TYPE_TIMER));
  timer = lifecycle_scope_add_timeout (scope, 1000, test_never_source_cb, &destroyed,
                                       test_count_notify);
  copy = g_boxed_copy (LIFECYCLE_TYPE_TIMER, timer);
  g_assert_true (copy == timer);
  g_value_init (&value, LIFECYCLE_TYPE_TIMER);
  g_value_set_boxed (&value, timer);
  g_boxed_free (LIFECYCLE_TYPE_TIMER, copy);
  g_assert_true (lifecycle_timer_is_active (timer));
  lifecycle_scope_close (scope);
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_false (lifecycle_timer_is_active (g_value_get_boxed (&value)));
  g_assert_finalize_object (scope);
  g_assert_false (lifecycle_timer_is_active (g_value_get_boxed (&value)));
  g_value_unset (&value);
}

static void
test_preconditions (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  test_expect_critical ("*");
  g_assert_null (lifecycle_scope_add_timeout (NULL, 1, test_never_source_cb, NULL, NULL));
  test_expect_critical ("*func*");
  g_assert_null (lifecycle_scope_add_timeout (scope, 1, NULL, NULL, NULL));
  test_expect_critical ("*");
  lifecycle_scope_set_deadline (NULL, 1);
  test_expect_critical ("*");
  lifecycle_timer_cancel (NULL);
  test_expect_critical ("*");
  g_assert_false (lifecycle_timer_restart (NULL));
  test_expect_critical ("*");
  lifecycle_timer_set_interval (NULL, 1);
  test_expect_critical ("*");
  g_assert_false (lifecycle_timer_is_active (NULL));
  g_test_assert_expected_messages ();
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
}

/* Never early: the k-th call not before k intervals have passed. */

typedef struct
{
  gint64 armed;
  guint  interval;
  guint  n_calls;
} Early;

static gboolean
early_cb (gpointer data)
{
  Early *early = data;

  early->n_calls++;
  g_assert_cmpint (g_get_monotonic_time (), >=,
                   early->armed + (gint64) early->n_calls * early->interval * 1000);
  return G_SOURCE_CONTINUE;
}

static void
test_never_early (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *last = lifecycle_scope_new ("last");
  Early early[40] = { 0 };
  gint64 deadline_set;

  for (guint i = 0; i < G_N_ELEMENTS (early); i++)
    {
      early[i].interval = i % 20 + 1;
      early[i].armed = g_get_monotonic_time ();
      lifecycle_scope_add_timeout (scope, early[i].interval, early_cb, &early[i], NULL);
    }
  /* A deadline is a timer, and this one waits in poll(). */
  deadline_set = g_get_monotonic_time ();
  lifecycle_scope_set_deadline (last, 100);
  while (!lifecycle_scope_is_closed (last))
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (g_get_monotonic_time (), >=, deadline_set + 100 * 1000);
  for (guint i = 0; i < G_N_ELEMENTS (early); i++)
    g_assert_cmpuint (early[i].n_calls, >, 0);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (last);
}

/* The same script with timeouts of GLib and with timers: what it logs is the same. */

typedef struct _Player Player;

typedef struct
{
  const char *word;
  guint       stop_at;
  void      (*act) (Player *player);
  Player     *other;
} Part;

struct _Player
{
  Part            part;
  LifecycleScope *scope;    /* NULL: GLib */
  LifecycleTimer *timer;
  GSource        *source;
  guint           n_calls;
};

static gboolean
player_cb (gpointer data)
{
  Player *player = data;

  player->n_calls++;
  test_log ("%s", player->part.word);
  if (player->part.act != NULL)
    player->part.act (player);
  test_log (".");
  return player->n_calls == player->part.stop_at ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static void
player_notify (gpointer data)
{
  test_log ("~%s", ((Player *) data)->part.word);
}

static void
player_start (Player *player)
{
  if (player->scope != NULL)
    {
      player->timer = lifecycle_timer_ref (lifecycle_scope_add_timeout (player->scope, 0, player_cb,
                                                                        player, player_notify));
    }
  else
    {
      player->source = g_timeout_source_new (0);
      g_source_set_callback (player->source, player_cb, player, player_notify);
      g_source_attach (player->source, NULL);
    }
}

static void
player_cancel (Player *player)
{
  if (player->timer != NULL)
    lifecycle_timer_cancel (player->timer);
  if (player->source != NULL)
    g_source_destroy (player->source);
}

static void
player_cancel_other (Player *player)
{
  player_cancel (player->part.other);
}

static void
player_start_other (Player *player)
{
  if (player->n_calls == 1)
    player_start (player->part.other);
}

static void
player_cancel_both (Player *player)
{
  player_cancel (player->part.other);
  player_cancel (player);
}

static void
player_cancel_twice (Player *player)
{
  player_cancel (player);
  player_cancel (player);
}

static gboolean
player_idle_cb (gpointer word)
{
  test_log ("%s", (const char *) word);
  return G_SOURCE_CONTINUE;
}

static void
play_counts (Player *players)
{
  players[0].part.stop_at = 1;
  players[1].part.stop_at = 2;
  players[2].part.stop_at = 4;
  for (guint i = 0; i < 3; i++)
    player_start (&players[i]);
  test_iterate (6);
}

static void
play_cancel_itself (Player *players)
{
  players[0].part.act = player_cancel;
  players[1].part.act = player_cancel_twice;
  players[2].part.act = player_cancel;
  players[2].part.stop_at = 1;
  for (guint i = 0; i < 3; i++)
    player_start (&players[i]);
  test_iterate (3);
}

static void
play_cancel_next (Player *players)
{
  players[1].part.act = player_cancel_other;
  players[1].part.other = &players[2];
  for (guint i = 0; i < 4; i++)
    player_start (&players[i]);
  test_iterate (3);
}

static void
play_cancel_previous (Player *players)
{
  players[2].part.act = player_cancel_both;
  players[2].part.other = &players[1];
  for (guint i = 0; i < 4; i++)
    player_start (&players[i]);
  test_iterate (3);
}

static void
play_add (Player *players)
{
  players[0].part.act = player_start_other;
  players[0].part.other = &players[1];
  players[0].part.stop_at = 1;
  player_start (&players[0]);
  test_iterate (3);
}

/* An idle of the same priority, before and after: both have a turn in each iteration. */
static void
play_idle (Player *players)
{
  GSource *idle = g_idle_source_new ();

  g_source_set_priority (idle, G_PRIORITY_DEFAULT);
  g_source_set_callback (idle, player_idle_cb, (gpointer) "idle", NULL);
  player_start (&players[0]);
  g_source_attach (idle, NULL);
  test_iterate (5);
  g_source_destroy (idle);
  g_source_unref (idle);
}

static void
play_low_idle (Player *players)
{
  GSource *idle = g_idle_source_new ();

  g_source_set_callback (idle, player_idle_cb, (gpointer) "idle", NULL);
  g_source_attach (idle, NULL);
  players[0].part.stop_at = 3;
  player_start (&players[0]);
  test_iterate (5);
  g_source_destroy (idle);
  g_source_unref (idle);
}

static void
play_high_idle (Player *players)
{
  GSource *idle = g_idle_source_new ();

  player_start (&players[0]);
  g_source_set_priority (idle, G_PRIORITY_HIGH);
  g_source_set_callback (idle, player_idle_cb, (gpointer) "idle", NULL);
  g_source_attach (idle, NULL);
  test_iterate (5);
  g_source_destroy (idle);
  g_source_unref (idle);
  test_iterate (2);
}

static const struct
{
  const char *name;
  void      (*play) (Player *players);
} plays[] = {
  { "counts", play_counts },
  { "cancel-itself", play_cancel_itself },
  { "cancel-next", play_cancel_next },
  { "cancel-previous", play_cancel_previous },
  { "add", play_add },
  { "idle", play_idle },
  { "low-idle", play_low_idle },
  { "high-idle", play_high_idle },
};

static char *
play_with (void           (*play) (Player *players),
           LifecycleScope  *scope)
{
  Player players[4] = { { { "a" } }, { { "b" } }, { { "c" } }, { { "d" } } };

  for (guint i = 0; i < G_N_ELEMENTS (players); i++)
    players[i].scope = scope;
  play (players);
  for (guint i = 0; i < G_N_ELEMENTS (players); i++)
    {
      player_cancel (&players[i]);
      g_clear_pointer (&players[i].timer, lifecycle_timer_unref);
      g_clear_pointer (&players[i].source, g_source_unref);
    }
  g_assert_nonnull (test_log_buffer);
  return g_string_free (g_steal_pointer (&test_log_buffer), FALSE);
}

static void
test_like_glib (gconstpointer data)
{
  void (*play) (Player *players) = plays[GPOINTER_TO_UINT (data)].play;
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree char *theirs = play_with (play, NULL);
  g_autofree char *ours = play_with (play, scope);

  g_assert_cmpstr (ours, ==, theirs);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_finalize_object (scope);
}

/* The ways to end. */

static void
test_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int destroyed = 0;

  lifecycle_scope_close (scope);
  g_assert_null (lifecycle_scope_add_timeout (scope, 0, test_never_source_cb, &destroyed,
                                              test_count_notify));
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_null (lifecycle_scope_add_timeout_full (scope, 0, 1, test_never_source_cb, &destroyed,
                                                   test_count_notify));
  g_assert_cmpint (destroyed, ==, 2);
  g_assert_null (lifecycle_scope_add_timeout (scope, 0, test_never_source_cb, NULL, NULL));
  lifecycle_scope_set_deadline (scope, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_COMPLETED);
  test_iterate (5);
  g_assert_finalize_object (scope);
}

static void
late_closing_cb (LifecycleScope  *scope,
                 LifecycleReason  reason,
                 gpointer         destroyed)
{
  g_assert_null (lifecycle_scope_add_timeout (scope, 0, test_never_source_cb, destroyed,
                                              test_count_notify));
}

static void
late_cleanup (LifecycleScope   *scope,
              LifecycleReason   reason,
              gpointer          destroyed,
              GError          **error)
{
  late_closing_cb (scope, reason, destroyed);
  test_iterate (3);
}

static void
late_notify (gpointer data)
{
  gpointer *pair = data;

  late_closing_cb (pair[0], LIFECYCLE_REASON_NONE, pair[1]);
}

static void
test_late_while_closing (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int destroyed = 0;
  gpointer pair[] = { scope, &destroyed };

  g_signal_connect (scope, "closing", G_CALLBACK (late_closing_cb), &destroyed);
  g_signal_connect (scope, "closed", G_CALLBACK (late_closing_cb), &destroyed);
  lifecycle_scope_defer (scope, late_cleanup, &destroyed, NULL);
  lifecycle_scope_add_timeout (scope, 0, test_never_source_cb, pair, late_notify);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  g_assert_cmpint (destroyed, ==, 4);
  g_assert_finalize_object (scope);
}

/* Exact counts, and the order of the notifies. */
static void
test_counts (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  TestProbe probes[] = { { "0" }, { "1" }, { "2" }, { "3" }, { "4" } };

  test_probe_add (&probes[0], child, 1000);
  test_probe_add (&probes[1], scope, 0);
  test_probe_add (&probes[2], child, 0);
  lifecycle_scope_adopt (scope, (gpointer) "data", test_log_notify);
  test_probe_add (&probes[3], scope, 10);
  test_probe_add (&probes[4], scope, G_MAXUINT);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 5);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (child), ==, 2);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 7);
  test_assert_log ("~4 ~3 ~data ~1 ~2 ~0");
  for (guint i = 0; i < G_N_ELEMENTS (probes); i++)
    {
      g_assert_cmpint (probes[i].destroyed, ==, 1);
      test_probe_assert_ended (&probes[i]);
      test_probe_drop (&probes[i]);
    }
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  test_iterate (3);
  test_assert_log ("");
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
}

static void
close_counted (TestProbe *probe)
{
  g_assert_cmpuint (lifecycle_scope_close (probe->scope), ==, 3);
  g_assert_true (lifecycle_scope_is_closed (probe->scope));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (probe->scope), ==, 0);
}

static void
test_close_in_callback (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestProbe a = { "a" }, b = { "b", close_counted }, c = { "c" };

  test_probe_add (&a, scope, 0);
  test_probe_add (&b, scope, 0);
  test_probe_add (&c, scope, 0);
  test_iterate (4);
  test_assert_log ("a b ~c ~a ~b");
  test_probe_assert_ended (&b);
  test_probe_drop (&a);
  test_probe_drop (&b);
  test_probe_drop (&c);
  g_assert_finalize_object (scope);
}

static void
drop_scope (TestProbe *probe)
{
  g_clear_object (&probe->scope);
  test_probe_drop (probe);
}

/* The call drops the last references on the scope and on its own timer. */
static void
test_drop_in_callback (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestProbe a = { "a", drop_scope };

  test_probe_add (&a, scope, 0);
  g_object_add_weak_pointer (G_OBJECT (scope), (gpointer *) &scope);
  test_iterate (3);
  test_assert_log ("a ~a");
  g_assert_null (scope);
}

static void
drop_timer (TestProbe *probe)
{
  lifecycle_timer_cancel (probe->timer);
  test_probe_drop (probe);
}

static void
test_drop_timer_in_callback (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestProbe a = { "a", drop_timer }, b = { "b", drop_timer, .stop_at = 1 };

  test_probe_add (&a, scope, 0);
  test_probe_add (&b, scope, 0);
  test_iterate (3);
  test_assert_log ("a ~a b ~b");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
}

/* What a destroy notify may do: everything. */

static void
notify_uses_timer (TestProbe *probe)
{
  g_assert_false (lifecycle_timer_is_active (probe->timer));
  g_assert_cmpint (lifecycle_timer_get_remaining (probe->timer), ==, -1);
  lifecycle_timer_cancel (probe->timer);
  g_assert_false (lifecycle_timer_restart (probe->timer));
  lifecycle_timer_set_interval (probe->timer, 5);
  test_probe_drop (probe);
}

static void
notify_closes (TestProbe *probe)
{
  lifecycle_scope_close (probe->scope);
  notify_uses_timer (probe);
}

static void
notify_adds (TestProbe *probe)
{
  notify_uses_timer (probe);
  if (probe->destroyed == 1)
    test_probe_add (probe, probe->scope, 0);
}

static void
notify_iterates (TestProbe *probe)
{
  test_iterate (3);
  notify_uses_timer (probe);
}

static void
test_notify_reenters (void)
{
  const TestProbeFunc funcs[] = { notify_uses_timer, notify_closes, notify_iterates };

  for (guint i = 0; i < G_N_ELEMENTS (funcs); i++)
    for (guint way = 0; way < 6; way++)
      {
        LifecycleScope *scope = lifecycle_scope_new ("scope");
        TestProbe a = { .on_destroy = funcs[i] }, b = { NULL };

        test_probe_add (&b, scope, 1000);
        if (way == 0)
          a.stop_at = 1;
        else if (way == 1)
          a.act = test_probe_cancel;
        else if (way == 2)
          a.act = test_probe_close;
        if (way == 3)
          test_probe_add_calls (&a, scope, 0, 1);
        else
          test_probe_add (&a, scope, 0);
        if (way == 4)
          lifecycle_timer_cancel (a.timer);
        else if (way == 5)
          lifecycle_scope_close (scope);
        test_iterate (3);
        g_assert_cmpint (a.destroyed, ==, 1);
        lifecycle_scope_close (scope);
        g_assert_cmpint (b.destroyed, ==, 1);
        test_probe_drop (&b);
        g_assert_finalize_object (scope);
      }
}

static void
test_notify_adds (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestProbe a = { "a", .stop_at = 1, .on_destroy = notify_adds };
  LifecycleTimer *timer;

  test_probe_add (&a, scope, 0);
  test_iterate (1);
  test_assert_log ("a ~a");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  timer = a.timer;
  g_assert_true (lifecycle_timer_is_active (timer));
  lifecycle_timer_cancel (timer);
  test_assert_log ("~a");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_null (a.timer);
  g_assert_finalize_object (scope);
}

/* Two timers each of which owns the other. */
static void
test_cancel_each_other (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestProbe a = { "a" }, b = { "b" };

  a.other = &b;
  b.other = &a;
  a.on_destroy = test_probe_cancel_other;
  b.on_destroy = test_probe_cancel_other;
  test_probe_add (&a, scope, 0);
  test_probe_add (&b, scope, 0);
  lifecycle_timer_cancel (a.timer);
  g_assert_cmpint (a.destroyed, ==, 1);
  g_assert_cmpint (b.destroyed, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  test_assert_log ("~a ~b");
  test_probe_drop (&a);
  test_probe_drop (&b);
  g_assert_finalize_object (scope);
}

static void
limit_reached_cb (LifecycleScope *scope,
                  guint           n,
                  guint          *reached)
{
  *reached = n;
}

static void
test_limit (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  guint reached = 0;

  lifecycle_scope_set_limit (scope, 2);
  g_signal_connect (scope, "limit-reached", G_CALLBACK (limit_reached_cb), &reached);
  lifecycle_scope_add_timeout (scope, 1000, test_never_source_cb, NULL, NULL);
  lifecycle_scope_add_timeout (scope, 1000, test_never_source_cb, NULL, NULL);
  g_assert_cmpuint (reached, ==, 0);
  g_assert_nonnull (lifecycle_scope_add_timeout (scope, 1000, test_never_source_cb, NULL, NULL));
  g_assert_cmpuint (reached, ==, 3);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 3);
  g_assert_finalize_object (scope);
}

/* A GMainLoop in a call. */

typedef struct
{
  GMainLoop *loop;
  guint      n_calls;
  guint      n_others;
  gboolean   running;
} Loop;

static gboolean
loop_other_cb (gpointer data)
{
  Loop *loop = data;

  g_assert_true (loop->running);
  if (++loop->n_others == 5)
    g_main_loop_quit (loop->loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
loop_cb (gpointer data)
{
  Loop *loop = data;

  g_assert_false (loop->running);
  loop->running = TRUE;
  loop->n_calls++;
  g_main_loop_run (loop->loop);
  return G_SOURCE_REMOVE;
}

static void
test_nested_loop (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  Loop loop = { g_main_loop_new (NULL, FALSE), 0, 0, FALSE };

  lifecycle_scope_add_timeout (scope, 1, loop_cb, &loop, NULL);
  lifecycle_scope_add_timeout (scope, 2, loop_other_cb, &loop, NULL);
  while (loop.n_calls == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (loop.n_calls, ==, 1);
  g_assert_cmpuint (loop.n_others, ==, 5);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_main_loop_unref (loop.loop);
  g_assert_finalize_object (scope);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  test_take_limit_warnings ();

  g_test_add_func ("/lifecycle/timer/basic", test_basic);
  g_test_add_func ("/lifecycle/timer/boxed", test_boxed);
  g_test_add_func ("/lifecycle/timer/preconditions", test_preconditions);
  g_test_add_func ("/lifecycle/timer/never-early", test_never_early);
  for (guint i = 0; i < G_N_ELEMENTS (plays); i++)
    {
      g_autofree char *path = g_strdup_printf ("/lifecycle/timer/like-glib/%s", plays[i].name);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_like_glib);
    }
  g_test_add_func ("/lifecycle/timer/late", test_late);
  g_test_add_func ("/lifecycle/timer/late-while-closing", test_late_while_closing);
  g_test_add_func ("/lifecycle/timer/counts", test_counts);
  g_test_add_func ("/lifecycle/timer/close-in-callback", test_close_in_callback);
  g_test_add_func ("/lifecycle/timer/drop-in-callback", test_drop_in_callback);
  g_test_add_func ("/lifecycle/timer/drop-timer-in-callback", test_drop_timer_in_callback);
  g_test_add_func ("/lifecycle/timer/notify-reenters", test_notify_reenters);
  g_test_add_func ("/lifecycle/timer/notify-adds", test_notify_adds);
  g_test_add_func ("/lifecycle/timer/cancel-each-other", test_cancel_each_other);
  g_test_add_func ("/lifecycle/timer/limit", test_limit);
  g_test_add_func ("/lifecycle/timer/nested-loop", test_nested_loop);

  return g_test_run ();
}
