/* test-phase.c: scopes that open again and again
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

/* The emitter's "plain" enters and "detailed" leaves. */

typedef struct
{
  TestEmitter    *emitter;
  LifecycleScope *scope;
  LifecycleScope *run;          /* the last one; a reference */
  guint           n_runs;
  const char     *inside;       /* what func is to do, a letter each */
} Fixture;

static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  fixture->emitter = test_emitter_new ();
  fixture->scope = lifecycle_scope_new ("scope");
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  lifecycle_scope_close (fixture->scope);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (fixture->scope), ==, 0);
  if (fixture->run != NULL)
    g_assert_finalize_object (g_steal_pointer (&fixture->run));
  if (fixture->emitter != NULL)
    g_assert_finalize_object (fixture->emitter);
  g_assert_finalize_object (fixture->scope);
}

static void
clear_log (void)
{
  if (test_log_buffer != NULL)
    g_string_free (g_steal_pointer (&test_log_buffer), TRUE);
}

static void
log_closed_cb (LifecycleScope  *run,
               LifecycleReason  reason,
               gpointer         number)
{
  const char letters[] = "-CAXTRPOSD";

  test_log ("%u%c", GPOINTER_TO_UINT (number), letters[reason]);
}

static void
enter (Fixture *fixture)
{
  test_emit (fixture->emitter, "plain");
}

static void
leave (Fixture *fixture)
{
  test_emit (fixture->emitter, "detailed");
}

static void
run_cb (LifecycleScope *run,
        gpointer        data)
{
  Fixture *fixture = data;
  const char *inside = fixture->inside != NULL ? fixture->inside : "";
  guint n = ++fixture->n_runs;

  g_assert_cmpint (lifecycle_scope_get_state (run), ==, LIFECYCLE_STATE_OPEN);
  g_assert_true (lifecycle_scope_get_parent (run) == fixture->scope);
  g_assert_cmpstr (lifecycle_scope_get_name (run), ==, "plain");
  g_set_object (&fixture->run, run);

  test_log ("(%u", n);
  g_signal_connect (run, "closed", G_CALLBACK (log_closed_cb), GUINT_TO_POINTER (n));
  fixture->inside = NULL;
  for (; *inside != '\0'; inside++)
    {
      switch (*inside)
        {
        case 'e':
          enter (fixture);
          break;

        case 'l':
          leave (fixture);
          break;

        case 'c':
          lifecycle_scope_close (fixture->scope);
          break;

        case 'C':
          lifecycle_scope_clear (fixture->scope);
          break;

        case 'r':
          lifecycle_scope_close (run);
          break;

        case 'd':
          g_object_run_dispose (G_OBJECT (fixture->emitter));
          break;

        default:
          g_assert_not_reached ();
        }
    }
  test_log ("%u)", n);
}

static void
gone (gpointer data)
{
  test_log ("~");
}

static void
add_phase (Fixture  *fixture,
           gboolean  active_now)
{
  g_assert_true (lifecycle_scope_add_phase (fixture->scope, G_OBJECT (fixture->emitter), "plain",
                                            "detailed", active_now, run_cb, fixture, gone));
}

static guint
n_entries (Fixture *fixture)
{
  return lifecycle_scope_get_n_entries (fixture->scope);
}

static void
test_runs (Fixture       *fixture,
           gconstpointer  data)
{
  add_phase (fixture, FALSE);
  g_assert_cmpuint (n_entries (fixture), ==, 1);
  test_assert_log ("");
  leave (fixture);
  enter (fixture);
  g_assert_cmpuint (n_entries (fixture), ==, 2);
  leave (fixture);
  test_assert_log ("(1 1) 1C");
  g_assert_cmpstr (lifecycle_scope_get_reason_detail (fixture->run), ==, "detailed");
  g_assert_cmpuint (n_entries (fixture), ==, 1);
  enter (fixture);
  g_assert_cmpuint (lifecycle_scope_close (fixture->scope), ==, 2);
  test_assert_log ("(2 2) 2P ~");
  enter (fixture);
  leave (fixture);
  test_assert_log ("");
  g_assert_false (test_has_handlers (fixture->emitter, "plain"));
  g_assert_false (test_has_handlers (fixture->emitter, "detailed"));
}

static void
test_active_now (Fixture       *fixture,
                 gconstpointer  data)
{
  add_phase (fixture, TRUE);
  test_assert_log ("(1 1)");
  g_assert_cmpuint (n_entries (fixture), ==, 2);
  leave (fixture);
  test_assert_log ("1C");
  lifecycle_scope_close (fixture->scope);
  test_assert_log ("~");
}

static void
test_doubled (Fixture       *fixture,
              gconstpointer  data)
{
  add_phase (fixture, FALSE);
  leave (fixture);
  leave (fixture);
  enter (fixture);
  test_assert_log ("(1 1)");
  enter (fixture);
  test_assert_log ("1R (2 2)");
  enter (fixture);
  test_assert_log ("2R (3 3)");
  g_assert_cmpuint (n_entries (fixture), ==, 2);
  leave (fixture);
  test_assert_log ("3C");
  leave (fixture);
  leave (fixture);
  test_assert_log ("");
  g_assert_cmpuint (n_entries (fixture), ==, 1);
  lifecycle_scope_close (fixture->scope);
  test_assert_log ("~");
}

/* What func causes is dealt with when it has returned, and the last counts. */
static void
test_inside (Fixture       *fixture,
             gconstpointer  data)
{
  const struct
  {
    const char *inside;
    const char *log;
    guint       n_entries;
  } cases[] = {
    { "l", "(1 1) 1C", 1 },
    { "ll", "(1 1) 1C", 1 },
    { "e", "(1 1) 1R (2 2)", 2 },
    { "eee", "(1 1) 1R (2 2)", 2 },
    { "le", "(1 1) 1R (2 2)", 2 },
    { "el", "(1 1) 1C", 1 },
    { "r", "(1 1C 1)", 1 },
    { "re", "(1 1C 1) (2 2)", 2 },
    { "rl", "(1 1C 1)", 1 },
    { "c", "(1 1P 1) ~", 0 },
    { "ec", "(1 1P 1) ~", 0 },
    { "ce", "(1 1P 1) ~", 0 },
    { "cl", "(1 1P 1) ~", 0 },
    { "C", "(1 1P 1) ~", 0 },
    { "Ce", "(1 1P 1) ~", 0 },
    { "d", "(1 1O 1) ~", 0 },
    { "ed", "(1 1O 1) ~", 0 },
    { "dc", "(1 1O 1) ~", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases) * 2; i++)
    {
      gboolean active_now = i % 2;
      guint n = i / 2;

      g_test_message ("%s", cases[n].inside);
      fixture->n_runs = 0;
      fixture->inside = cases[n].inside;
      add_phase (fixture, active_now);
      if (!active_now)
        enter (fixture);
      g_assert_cmpuint (n_entries (fixture), ==, cases[n].n_entries);
      test_assert_log (cases[n].log);

      /* It goes on as if nothing had been. */
      if (cases[n].n_entries > 0)
        {
          leave (fixture);
          enter (fixture);
          leave (fixture);
          g_assert_cmpuint (n_entries (fixture), ==, 1);
        }
      lifecycle_scope_close (fixture->scope);
      clear_log ();
      g_clear_object (&fixture->run);
      g_assert_finalize_object (fixture->scope);
      fixture->scope = lifecycle_scope_new ("scope");
    }
}

/* What a run's own cleanups cause. */

static void
entering_cleanup (LifecycleScope   *scope,
                  LifecycleReason   reason,
                  gpointer          data,
                  GError          **error)
{
  test_log ("cleanup");
  enter (data);
}

static void
leaving_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          data,
                 GError          **error)
{
  test_log ("cleanup");
  leave (data);
}

static void
test_cleanup_enters (Fixture       *fixture,
                     gconstpointer  data)
{
  add_phase (fixture, TRUE);
  lifecycle_scope_defer (fixture->run, entering_cleanup, fixture, NULL);
  leave (fixture);
  test_assert_log ("(1 1) cleanup 1C (2 2)");

  /* Of the two that come together, the later one counts. */
  lifecycle_scope_defer (fixture->run, entering_cleanup, fixture, NULL);
  enter (fixture);
  test_assert_log ("cleanup 2R (3 3)");
  lifecycle_scope_defer (fixture->run, leaving_cleanup, fixture, NULL);
  enter (fixture);
  test_assert_log ("cleanup 3R");
  g_assert_cmpuint (n_entries (fixture), ==, 1);

  /* Too late. */
  enter (fixture);
  lifecycle_scope_defer (fixture->run, entering_cleanup, fixture, NULL);
  lifecycle_scope_close (fixture->scope);
  test_assert_log ("(4 4) cleanup 4P ~");
}

static void
closing_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          data,
                 GError          **error)
{
  lifecycle_scope_close (data);
}

static void
test_cleanup_closes (Fixture       *fixture,
                     gconstpointer  data)
{
  add_phase (fixture, TRUE);
  lifecycle_scope_defer (fixture->run, closing_cleanup, fixture->scope, NULL);
  enter (fixture);
  test_assert_log ("(1 1) 1R ~");
  g_assert_true (lifecycle_scope_is_closed (fixture->scope));
}

static void
entering_cb (LifecycleScope  *scope,
             LifecycleReason  reason,
             gpointer         fixture)
{
  enter (fixture);
}

/* While `closing` is emitted everything still works, but nothing begins. */
static void
test_closing (Fixture       *fixture,
              gconstpointer  data)
{
  add_phase (fixture, FALSE);
  g_signal_connect (fixture->scope, "closing", G_CALLBACK (entering_cb), fixture);
  lifecycle_scope_close (fixture->scope);
  test_assert_log ("~");
}

static void
test_run_closed (Fixture       *fixture,
                 gconstpointer  data)
{
  add_phase (fixture, TRUE);
  lifecycle_scope_close (fixture->run);
  test_assert_log ("(1 1) 1C");
  g_assert_cmpuint (n_entries (fixture), ==, 1);

  /* Nobody holds it. */
  g_assert_finalize_object (g_steal_pointer (&fixture->run));
  leave (fixture);
  enter (fixture);
  test_assert_log ("(2 2)");
  lifecycle_scope_close (fixture->scope);
  test_assert_log ("2P ~");
}

static void
test_order (Fixture       *fixture,
            gconstpointer  data)
{
  lifecycle_scope_defer (fixture->scope, test_log_cleanup, (gpointer) "first", NULL);
  add_phase (fixture, FALSE);
  lifecycle_scope_defer (fixture->scope, test_log_cleanup, (gpointer) "second", NULL);
  enter (fixture);
  lifecycle_scope_defer (fixture->run, test_log_cleanup, (gpointer) "run", NULL);
  lifecycle_scope_defer (fixture->scope, test_log_cleanup, (gpointer) "third", NULL);
  lifecycle_scope_close (fixture->scope);
  test_assert_log ("(1 1) third run 1P second ~ first");
}

static void
test_instance_dies (Fixture       *fixture,
                    gconstpointer  data)
{
  add_phase (fixture, TRUE);
  add_phase (fixture, FALSE);
  test_assert_log ("(1 1)");
  g_assert_cmpuint (n_entries (fixture), ==, 3);
  g_assert_finalize_object (g_steal_pointer (&fixture->emitter));
  test_assert_log ("~ 1O ~");
  g_assert_cmpuint (n_entries (fixture), ==, 0);
  g_assert_false (lifecycle_scope_is_closed (fixture->scope));
}

static void
close_hook (gpointer scope)
{
  lifecycle_scope_close (scope);
}

/* The most usual place to close a scope. */
static void
test_instance_disposes (Fixture       *fixture,
                        gconstpointer  data)
{
  add_phase (fixture, TRUE);
  fixture->emitter->on_dispose = close_hook;
  fixture->emitter->hook_data = fixture->scope;
  g_assert_finalize_object (g_steal_pointer (&fixture->emitter));
  test_assert_log ("(1 1) 1P ~");
}

static void
test_late (Fixture       *fixture,
           gconstpointer  data)
{
  lifecycle_scope_close (fixture->scope);
  g_assert_false (lifecycle_scope_add_phase (fixture->scope, G_OBJECT (fixture->emitter), "plain",
                                             "detailed", TRUE, run_cb, fixture, gone));
  test_assert_log ("~");
  g_assert_false (test_has_handlers (fixture->emitter, "plain"));
}

static void
test_unknown (Fixture       *fixture,
              gconstpointer  data)
{
  test_expect_critical ("*'nope' is invalid*");
  g_assert_false (lifecycle_scope_add_phase (fixture->scope, G_OBJECT (fixture->emitter), "plain",
                                             "nope", TRUE, run_cb, fixture, gone));
  g_test_assert_expected_messages ();
  test_assert_log ("~");
  g_assert_cmpuint (n_entries (fixture), ==, 0);
  g_assert_false (test_has_handlers (fixture->emitter, "plain"));
}

/* A signal with an argument and a return value. */
static void
test_signals (Fixture       *fixture,
              gconstpointer  data)
{
  int answer = 1;

  add_phase (fixture, FALSE);
  g_assert_true (lifecycle_scope_add_phase (fixture->scope, G_OBJECT (fixture->emitter), "plain",
                                            "answer", FALSE, run_cb, fixture, NULL));
  enter (fixture);
  g_signal_emit_by_name (fixture->emitter, "answer", 5, &answer);
  g_assert_cmpint (answer, ==, 0);
  test_assert_log ("(1 1) (2 2) 2C");
  lifecycle_scope_close (fixture->scope);
  test_assert_log ("1P ~");
}

static void
test_move (Fixture       *fixture,
           gconstpointer  data)
{
  LifecycleScope *moved;

  add_phase (fixture, TRUE);
  moved = lifecycle_scope_move (fixture->scope);
  g_object_unref (fixture->scope);
  fixture->scope = moved;
  g_assert_cmpuint (n_entries (fixture), ==, 2);
  enter (fixture);
  test_assert_log ("(1 1) 1R (2 2)");
  lifecycle_scope_close (fixture->scope);
  test_assert_log ("2P ~");
}

static void
count_run_cb (LifecycleScope *run,
              gpointer        counter)
{
  lifecycle_scope_adopt (run, counter, test_count_notify);
}

static void
test_nothing_left (Fixture       *fixture,
                   gconstpointer  data)
{
  int n = 0;

  g_assert_true (lifecycle_scope_add_phase (fixture->scope, G_OBJECT (fixture->emitter), "plain",
                                            "detailed", FALSE, count_run_cb, &n, NULL));
  for (guint i = 0; i < 1000; i++)
    {
      enter (fixture);
      if (i % 3 == 0)
        leave (fixture);
    }
  g_assert_cmpint (n, ==, 1000);
  g_assert_cmpuint (n_entries (fixture), ==, 1);
}

/* Signals that come from elsewhere are dealt with at home. */

static void
thread_enter (gpointer data)
{
  enter (data);
}

static void
thread_leave (gpointer data)
{
  leave (data);
}

static void
test_thread (Fixture       *fixture,
             gconstpointer  data)
{
  add_phase (fixture, FALSE);
  test_in_thread (thread_enter, fixture);
  test_assert_log ("");
  test_drain ();
  test_assert_log ("(1 1)");
  test_in_thread (thread_leave, fixture);
  test_in_thread (thread_enter, fixture);
  test_in_thread (thread_leave, fixture);
  test_drain ();
  test_assert_log ("1C");
  test_in_thread (thread_enter, fixture);
  lifecycle_scope_close (fixture->scope);
  test_drain ();
  test_assert_log ("~");
}

static void
push_context_enter (Fixture *fixture)
{
  GMainContext *context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  enter (fixture);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
}

/* A run that begins while its phase is being released is not left behind. */
static void
test_cleared (Fixture       *fixture,
              gconstpointer  data)
{
  g_autoptr (LifecycleScope) child = lifecycle_scope_new_child (fixture->scope, "child");

  add_phase (fixture, FALSE);
  g_signal_connect (child, "closing", G_CALLBACK (entering_cb), fixture);
  g_assert_cmpuint (lifecycle_scope_clear (fixture->scope), ==, 2);
  test_assert_log ("(1 1) 1P ~");
  g_assert_cmpstr (lifecycle_scope_get_reason_detail (fixture->run), ==, "cleared");
  g_assert_cmpuint (n_entries (fixture), ==, 0);

  /* The runs are of another kind. */
  add_phase (fixture, TRUE);
  g_assert_cmpuint (n_entries (fixture), ==, 2);
  g_assert_cmpuint (lifecycle_scope_clear_kind (fixture->scope, LIFECYCLE_KIND_PHASE, FALSE),
                    ==, 1);
  test_assert_log ("(2 2) 2P ~");
  g_assert_cmpuint (n_entries (fixture), ==, 0);
}

/* Whatever the thread-default context is, a run is at home where its parent is. */
static void
test_home (Fixture       *fixture,
           gconstpointer  data)
{
  int n = 0;

  add_phase (fixture, FALSE);
  push_context_enter (fixture);
  g_assert_nonnull (lifecycle_scope_add_idle (fixture->run, test_count_source_once_cb, &n, NULL));
  test_drain ();
  g_assert_cmpint (n, ==, 1);
  lifecycle_scope_close (fixture->scope);
  test_assert_log ("(1 1) 1P ~");
}

static void
test_blocked (Fixture       *fixture,
              gconstpointer  data)
{
  int n = 0;

  add_phase (fixture, FALSE);
  lifecycle_scope_block (fixture->scope);
  enter (fixture);
  lifecycle_scope_connect_signal (fixture->run, fixture->emitter, "late",
                                  G_CALLBACK (test_count_handler_cb), &n);
  test_emit (fixture->emitter, "late");
  g_assert_cmpint (n, ==, 0);
  lifecycle_scope_unblock (fixture->scope);
  test_emit (fixture->emitter, "late");
  g_assert_cmpint (n, ==, 1);
  leave (fixture);
  lifecycle_scope_close (fixture->scope);
  test_assert_log ("(1 1) class class 1C ~");
}

static void
log_property_run_cb (LifecycleScope *run,
                     gpointer        data)
{
  test_log ("(%s", lifecycle_scope_get_name (run));
  lifecycle_scope_defer (run, test_log_cleanup, (gpointer) ")", NULL);
}

/* GSimpleAction has a boolean property that is notified when it changes. */
static void
test_property (Fixture       *fixture,
               gconstpointer  data)
{
  GSimpleAction *action = g_simple_action_new ("action", NULL);
  int n_destroyed = 0;

  g_assert_true (lifecycle_scope_add_property_phase (fixture->scope, G_OBJECT (action), "enabled",
                                                     log_property_run_cb, &n_destroyed,
                                                     test_count_notify));
  test_assert_log ("(enabled");
  g_object_notify (G_OBJECT (action), "enabled");
  test_assert_log ("");
  g_simple_action_set_enabled (action, FALSE);
  test_assert_log (")");
  g_object_notify (G_OBJECT (action), "enabled");
  test_assert_log ("");
  g_simple_action_set_enabled (action, TRUE);
  test_assert_log ("(enabled");

  /* Both kinds of ends. */
  lifecycle_scope_clear (fixture->scope);
  test_assert_log (")");
  g_assert_cmpint (n_destroyed, ==, 1);
  g_simple_action_set_enabled (action, FALSE);
  lifecycle_scope_add_property_phase (fixture->scope, G_OBJECT (action), "enabled",
                                      log_property_run_cb, &n_destroyed, test_count_notify);
  test_assert_log ("");
  g_simple_action_set_enabled (action, TRUE);
  test_assert_log ("(enabled");
  g_assert_finalize_object (action);
  test_assert_log (")");
  g_assert_cmpint (n_destroyed, ==, 2);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (fixture->scope), ==, 0);
}

static void
test_property_unknown (Fixture       *fixture,
                       gconstpointer  data)
{
  GSimpleAction *action = g_simple_action_new ("action", NULL);
  int n_destroyed = 0;

  test_expect_critical ("*no readable boolean property 'name'*");
  g_assert_false (lifecycle_scope_add_property_phase (fixture->scope, G_OBJECT (action), "name",
                                                      log_property_run_cb, &n_destroyed,
                                                      test_count_notify));
  g_test_assert_expected_messages ();
  g_assert_cmpint (n_destroyed, ==, 1);

  lifecycle_scope_close (fixture->scope);
  g_assert_false (lifecycle_scope_add_property_phase (fixture->scope, G_OBJECT (action), "enabled",
                                                      log_property_run_cb, &n_destroyed,
                                                      test_count_notify));
  g_assert_cmpint (n_destroyed, ==, 2);
  g_assert_finalize_object (action);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) \
  g_test_add ("/lifecycle/phase/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("runs", test_runs);
  ADD ("active-now", test_active_now);
  ADD ("doubled", test_doubled);
  ADD ("inside", test_inside);
  ADD ("cleanup-enters", test_cleanup_enters);
  ADD ("cleanup-closes", test_cleanup_closes);
  ADD ("closing", test_closing);
  ADD ("run-closed", test_run_closed);
  ADD ("order", test_order);
  ADD ("instance-dies", test_instance_dies);
  ADD ("instance-disposes", test_instance_disposes);
  ADD ("late", test_late);
  ADD ("unknown", test_unknown);
  ADD ("signals", test_signals);
  ADD ("move", test_move);
  ADD ("cleared", test_cleared);
  ADD ("nothing-left", test_nothing_left);
  ADD ("thread", test_thread);
  ADD ("home", test_home);
  ADD ("blocked", test_blocked);
  ADD ("property", test_property);
  ADD ("property-unknown", test_property_unknown);
#undef ADD

  return g_test_run ();
}
