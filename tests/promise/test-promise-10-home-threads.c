/* test-promise-10-home-threads.c: a scope in use on several threads at once
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-promise-10-home-util.h"

/* ---- entries that retire on another thread while the scope is closed at home ----
 *
 * By the last unref of the emitter, and by the end of a source. A g_object_run_dispose() there, or
 * a disconnection by id, would be a race in plain GLib too: nothing tells whether an id is still
 * good at the time of its use.
 */

#define STRESS_N 200

typedef struct
{
  LifecycleScope *scope;
  TestEmitter    *emitters[STRESS_N];
  gulong          ids[STRESS_N];
  GSource        *sources[STRESS_N];
  int             destroyed[4][STRESS_N];
  int             go;
  int             how;
} Stress;

static gpointer
stress_thread (gpointer data)
{
  Stress *stress = data;
  guint i;

  while (!g_atomic_int_get (&stress->go))
    ;
  for (i = 0; i < STRESS_N; i++)
    {
      /* Every second round from the other end: the two meet in the middle. */
      guint which = stress->how % 2 == 0 ? i : STRESS_N - 1 - i;

      switch (stress->how / 2)
        {
        case 0:
          g_object_unref (stress->emitters[which]);
          break;
        default:
          g_source_destroy (stress->sources[which]);
        }
    }
  return NULL;
}

/* An emitter that may die elsewhere at the very moment of the close takes a guarded or a queued
 * handler: for others GLib has no way to disconnect without a race, so theirs are over before.
 */
static void
retire_stress (int      how,
               gboolean adopt)
{
  LifecycleConnectFlags guarded = how == 0 && !adopt ? LIFECYCLE_CONNECT_GUARDED : 0;
  LifecycleConnectFlags queued = how == 0 && !adopt ? LIFECYCLE_CONNECT_QUEUED : 0;
  guint round, i, j;

  for (round = 0; round < test_amount (300) / (g_getenv ("LIFECYCLE_TEST_SLOW") ? 10 : 1); round++)
    {
      Stress *stress = g_new0 (Stress, 1);
      GThread *thread;

      stress->how = how * 2 + round % 2;
      stress->scope = lifecycle_scope_new ("scope");
      for (i = 0; i < STRESS_N; i++)
        {
          stress->emitters[i] = test_emitter_new ();
          stress->ids[i] = lifecycle_scope_connect_full (stress->scope, stress->emitters[i],
                                                         "plain",
                                                         G_CALLBACK (test_never_handler_cb),
                                                         &stress->destroyed[0][i],
                                                         test_count_closure_notify, guarded);
          lifecycle_scope_connect_closure (stress->scope, G_OBJECT (stress->emitters[i]), "late",
                                           g_cclosure_new (G_CALLBACK (test_never_handler_cb),
                                                           &stress->destroyed[1][i],
                                                           test_count_closure_notify), queued);
          if (adopt)
            lifecycle_scope_add_handler (stress->scope, G_OBJECT (stress->emitters[i]),
                                         g_signal_connect_data (stress->emitters[i], "plain",
                                                                G_CALLBACK (test_never_handler_cb),
                                                                &stress->destroyed[2][i],
                                                                test_count_closure_notify, 0));
          else
            stress->destroyed[2][i] = 1;
          stress->sources[i] = lifecycle_scope_add_idle (stress->scope, test_never_source_cb,
                                                         &stress->destroyed[3][i],
                                                         test_count_notify);
          g_source_ref (stress->sources[i]);
        }
      thread = g_thread_new ("retire", stress_thread, stress);
      g_atomic_int_set (&stress->go, 1);
      if (adopt)
        g_thread_join (thread);
      if (round % 3 == 2)
        lifecycle_scope_clear (stress->scope);
      lifecycle_scope_close (stress->scope);
      g_assert_cmpint (lifecycle_scope_get_state (stress->scope), ==, LIFECYCLE_STATE_CLOSED);
      if (!adopt)
        g_thread_join (thread);

      g_assert_cmpuint (lifecycle_scope_get_n_entries (stress->scope), ==, 0);
      for (i = 0; i < STRESS_N; i++)
        {
          for (j = 0; j < 4; j++)
            g_assert_cmpint (g_atomic_int_get (&stress->destroyed[j][i]), ==, 1);
          g_source_unref (stress->sources[i]);
          if (stress->how / 2 == 1)
            g_assert_finalize_object (stress->emitters[i]);
        }
      g_assert_finalize_object (stress->scope);
      g_free (stress);
    }
}

static void
test_retire_stress (gconstpointer how)
{
  retire_stress (GPOINTER_TO_INT (how), FALSE);
}

static void
test_retire_stress_adopted (gconstpointer how)
{
  retire_stress (GPOINTER_TO_INT (how), TRUE);
}

/* Entries retire on another thread while the scope goes on: the count is exact afterwards. */
static void
unref_all_thread (gpointer data)
{
  Stress *stress = data;
  guint i;

  for (i = 0; i < STRESS_N; i += 2)
    {
      if (i % 4 == 0)
        g_object_run_dispose (G_OBJECT (stress->emitters[i]));
      g_object_unref (stress->emitters[i]);
    }
}

static void
test_retire_elsewhere (void)
{
  Stress *stress = g_new0 (Stress, 1);
  guint i;

  stress->scope = lifecycle_scope_new ("scope");
  for (i = 0; i < STRESS_N; i++)
    {
      stress->emitters[i] = test_emitter_new ();
      lifecycle_scope_connect_full (stress->scope, stress->emitters[i], "plain",
                                    G_CALLBACK (test_never_handler_cb), &stress->destroyed[0][i],
                                    test_count_closure_notify, 0);
    }
  test_in_thread (unref_all_thread, stress);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (stress->scope), ==, STRESS_N / 2);
  g_assert_cmpuint (lifecycle_scope_close (stress->scope), ==, STRESS_N / 2);
  for (i = 0; i < STRESS_N; i++)
    {
      g_assert_cmpint (stress->destroyed[0][i], ==, 1);
      if (i % 2 == 1)
        g_assert_finalize_object (stress->emitters[i]);
    }
  g_assert_finalize_object (stress->scope);
  g_free (stress);
}

/* ---- additions from several threads ---- */

#define ADD_THREADS 4
#define ADD_EACH 500

typedef struct
{
  LifecycleScope *scope;
  TestEmitter    *emitter;      /* private to its thread */
  int             destroyed[ADD_EACH][3];
  int             handled;
  int            *go;
} Adder;

static gpointer
add_thread (gpointer data)
{
  Adder *adder = data;
  guint i;

  while (!g_atomic_int_get (adder->go))
    ;
  for (i = 0; i < ADD_EACH; i++)
    {
      lifecycle_scope_connect_full (adder->scope, adder->emitter, "plain",
                                    G_CALLBACK (test_never_handler_cb), &adder->destroyed[i][0],
                                    test_count_closure_notify, 0);
      lifecycle_scope_adopt (adder->scope, &adder->destroyed[i][1], test_count_notify);
      lifecycle_scope_defer (adder->scope, test_count_cleanup, &adder->destroyed[i][2], NULL);
    }
  return NULL;
}

static void
add_from_threads (gboolean close_meanwhile)
{
  Adder *adders = g_new0 (Adder, ADD_THREADS);
  GThread *threads[ADD_THREADS];
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int go = 0;
  guint i, j, k;

  for (i = 0; i < ADD_THREADS; i++)
    {
      adders[i].scope = scope;
      adders[i].emitter = test_emitter_new ();
      adders[i].go = &go;
      threads[i] = g_thread_new ("adder", add_thread, &adders[i]);
    }
  g_atomic_int_set (&go, 1);
  if (close_meanwhile)
    {
      while (lifecycle_scope_get_n_entries (scope) < ADD_EACH)
        g_thread_yield ();
      lifecycle_scope_close (scope);
    }
  for (i = 0; i < ADD_THREADS; i++)
    g_thread_join (threads[i]);
  if (!close_meanwhile)
    {
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, ADD_THREADS * ADD_EACH * 3);
      g_assert_cmpuint (lifecycle_scope_close (scope), ==, ADD_THREADS * ADD_EACH * 3);
    }
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  for (i = 0; i < ADD_THREADS; i++)
    {
      for (j = 0; j < ADD_EACH; j++)
        for (k = 0; k < 3; k++)
          g_assert_cmpint (adders[i].destroyed[j][k], ==, 1);
      g_assert_false (test_has_handlers (adders[i].emitter, "plain"));
      g_assert_finalize_object (adders[i].emitter);
    }
  g_free (adders);
  g_assert_finalize_object (scope);
}

static void
test_add_from_threads (void)
{
  add_from_threads (FALSE);
}

static void
test_add_while_closing (void)
{
  guint i;

  for (i = 0; i < (g_getenv ("LIFECYCLE_TEST_SLOW") ? 3 : 30); i++)
    add_from_threads (TRUE);
}

static void
add_source_thread (gpointer data)
{
  gpointer *args = data;

  lifecycle_scope_add_idle (args[0], test_count_source_once_cb, args[1], assert_home_notify);
}

/* An idle that another thread adds runs at home. */
static void
test_add_idle_elsewhere (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0;
  gpointer args[] = { scope, &n };

  home = g_thread_self ();
  test_in_thread (add_source_thread, args);
  g_assert_cmpint (n, ==, 0);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  test_drain ();
  g_assert_cmpint (n, ==, 2);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
}

/* ---- objects that are disposed elsewhere ---- */

static void
unref_object_thread (gpointer data)
{
  g_object_unref (data);
}

static void
test_scope_of_elsewhere (void)
{
  TestEmitter *object = test_emitter_new ();
  LifecycleScope *scope = g_object_ref (lifecycle_scope_of (G_OBJECT (object)));
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *child = g_object_ref (lifecycle_scope_get_child_for (parent, G_OBJECT (object)));
  int n = 0;

  home = g_thread_self ();
  lifecycle_scope_defer (scope, assert_home_cleanup, &n, assert_home_notify);
  lifecycle_scope_defer (child, assert_home_cleanup, &n, assert_home_notify);
  test_in_thread (unref_object_thread, object);
  g_assert_cmpint (n, ==, 0);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSING);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_OWNER_GONE);
  test_run_until (test_done_closed, scope);
  test_run_until (test_done_closed, child);
  test_drain ();
  g_assert_cmpint (n, ==, 4);
  g_assert_cmpint (lifecycle_scope_get_reason (child), ==, LIFECYCLE_REASON_OWNER_GONE);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (parent), ==, 0);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (child);
  g_assert_finalize_object (parent);
}

/* The scope of an object is asked for, and the object dies, on several threads at once. */

static gpointer
ask_thread (gpointer data)
{
  TestEmitter *object = data;

  g_assert_true (LIFECYCLE_IS_SCOPE (lifecycle_scope_of (G_OBJECT (object))));
  g_object_unref (object);
  return NULL;
}

static void
test_scope_of_race (void)
{
  guint i, j;

  for (i = 0; i < test_amount (200) / (g_getenv ("LIFECYCLE_TEST_SLOW") ? 4 : 1); i++)
    {
      TestEmitter *object = test_emitter_new ();
      GThread *threads[3];
      int finalized = 0;

      test_count_finalize (object, &finalized);
      lifecycle_scope_of (G_OBJECT (object));
      for (j = 0; j < 3; j++)
        threads[j] = g_thread_new ("asker", ask_thread, g_object_ref (object));
      g_object_unref (object);
      for (j = 0; j < 3; j++)
        g_thread_join (threads[j]);
      g_assert_cmpint (finalized, ==, 1);
      test_drain ();
    }
}

/* The scope of an object is closed at home, again and again, while another thread asks for it. */
typedef struct
{
  GObject        *object;
  LifecycleScope *parent;
  int             done;
} AskRace;

static gpointer
ask_race_thread (gpointer data)
{
  AskRace *race = data;
  guint i;

  for (i = 0; i < test_amount (20000); i++)
    {
      g_autoptr (LifecycleScope) scope = lifecycle_scope_ref_of (race->object);
      g_autoptr (LifecycleScope) child = lifecycle_scope_new_child (race->parent, NULL);

      g_assert_cmpstr (lifecycle_scope_get_name (scope), ==, "TestEmitter");
      lifecycle_scope_follow_object (child, race->object);
      lifecycle_scope_close (child);
    }
  g_atomic_int_set (&race->done, 1);

  return NULL;
}

static void
test_ref_of_race (void)
{
  AskRace race = { G_OBJECT (test_emitter_new ()), lifecycle_scope_new ("parent"), 0 };
  GThread *thread = g_thread_new ("asker", ask_race_thread, &race);

  while (!g_atomic_int_get (&race.done))
    {
      g_autoptr (LifecycleScope) scope = lifecycle_scope_ref_of (race.object);

      lifecycle_scope_close (scope);
      test_drain ();
    }
  g_thread_join (thread);
  test_drain ();
  g_assert_finalize_object (race.parent);
  g_assert_finalize_object (race.object);
}

/* All ends at once: three threads close, drop and add, home iterates. */

typedef struct
{
  LifecycleScope *scope;
  int             destroyed;
  int             added;
  int             go;
  int             how;
} Melee;

static gpointer
melee_close_thread (gpointer data)
{
  Melee *melee = data;

  while (!g_atomic_int_get (&melee->go))
    ;
  lifecycle_scope_close (melee->scope);
  g_object_unref (melee->scope);
  return NULL;
}

static gpointer
melee_add_thread (gpointer data)
{
  Melee *melee = data;
  guint i;

  while (!g_atomic_int_get (&melee->go))
    ;
  for (i = 0; i < 20; i++)
    {
      g_atomic_int_inc (&melee->added);
      lifecycle_scope_adopt (melee->scope, &melee->destroyed, test_count_notify);
    }
  g_object_unref (melee->scope);
  return NULL;
}

static gpointer
melee_drop_thread (gpointer data)
{
  Melee *melee = data;

  while (!g_atomic_int_get (&melee->go))
    ;
  g_object_unref (melee->scope);
  return NULL;
}

static void
test_melee (void)
{
  guint i;

  for (i = 0; i < test_amount (1000) / (g_getenv ("LIFECYCLE_TEST_SLOW") ? 10 : 1); i++)
    {
      Melee melee = { .scope = lifecycle_scope_new ("scope") };
      GThread *threads[3];
      int finalized = 0;

      test_count_finalize (melee.scope, &finalized);
      threads[0] = g_thread_new ("a", i % 2 == 0 ? melee_close_thread : melee_drop_thread,
                                 &melee);
      g_object_ref (melee.scope);
      threads[1] = g_thread_new ("b", melee_add_thread, &melee);
      g_object_ref (melee.scope);
      threads[2] = g_thread_new ("c", melee_drop_thread, &melee);
      /* The references are for the threads, which do not begin before they are all there. */
      g_atomic_int_set (&melee.go, 1);
      test_run_until (test_done_counted, &finalized);
      g_thread_join (threads[0]);
      g_thread_join (threads[1]);
      g_thread_join (threads[2]);
      test_drain ();
      g_assert_cmpint (melee.added, ==, 20);
      g_assert_cmpint (g_atomic_int_get (&melee.destroyed), ==, 20);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_data_func ("/lifecycle/promise-10-home/retire-stress-unref", GINT_TO_POINTER (0),
                        test_retire_stress);
  g_test_add_data_func ("/lifecycle/promise-10-home/retire-stress-source", GINT_TO_POINTER (1),
                        test_retire_stress);
  g_test_add_data_func ("/lifecycle/promise-10-home/retire-stress-adopted-unref",
                        GINT_TO_POINTER (0), test_retire_stress_adopted);
  g_test_add_func ("/lifecycle/promise-10-home/retire-elsewhere", test_retire_elsewhere);
  g_test_add_func ("/lifecycle/promise-10-home/add-from-threads", test_add_from_threads);
  g_test_add_func ("/lifecycle/promise-10-home/add-while-closing", test_add_while_closing);
  g_test_add_func ("/lifecycle/promise-10-home/add-idle-elsewhere", test_add_idle_elsewhere);
  g_test_add_func ("/lifecycle/promise-10-home/scope-of-elsewhere", test_scope_of_elsewhere);
  g_test_add_func ("/lifecycle/promise-10-home/scope-of-race", test_scope_of_race);
  g_test_add_func ("/lifecycle/promise-10-home/ref-of-race", test_ref_of_race);
  g_test_add_func ("/lifecycle/promise-10-home/melee", test_melee);

  return g_test_run ();
}
