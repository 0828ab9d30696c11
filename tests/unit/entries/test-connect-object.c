/* test-connect-object.c: handlers that go with the object that they are called for
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

static const LifecycleConnectFlags all_flags[] = {
  LIFECYCLE_CONNECT_DEFAULT,
  LIFECYCLE_CONNECT_AFTER,
  LIFECYCLE_CONNECT_SWAPPED,
  LIFECYCLE_CONNECT_ONCE,
  LIFECYCLE_CONNECT_QUEUED,
  LIFECYCLE_CONNECT_GUARDED,
};

/* Of the object, with the instance as the other argument. */
static void
count_cb (gpointer instance,
          gpointer object)
{
  TEST_EMITTER (object)->value++;
}

static void
count_swapped_cb (gpointer object,
                  gpointer instance)
{
  TEST_EMITTER (object)->value++;
}

static gulong
connect_object (LifecycleScope        *scope,
                TestEmitter           *instance,
                TestEmitter           *object,
                LifecycleConnectFlags  flags)
{
  return lifecycle_scope_connect_object (scope, instance, "plain",
                                         (flags & LIFECYCLE_CONNECT_SWAPPED) != 0
                                           ? G_CALLBACK (count_swapped_cb)
                                           : G_CALLBACK (count_cb),
                                         G_OBJECT (object), flags);
}

static void
test_called (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (all_flags); i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      TestEmitter *instance = test_emitter_new ();
      TestEmitter *object = test_emitter_new ();

      g_assert_cmpuint (connect_object (scope, instance, object, all_flags[i]), !=, 0);
      g_assert_cmpuint (G_OBJECT (object)->ref_count, ==, 1);
      g_assert_cmpuint (G_OBJECT (instance)->ref_count, ==, 1);
      test_emit (instance, "plain");
      test_drain ();
      g_assert_cmpint (object->value, ==, 1);
      test_emit (instance, "plain");
      test_drain ();
      g_assert_cmpint (object->value, ==, all_flags[i] == LIFECYCLE_CONNECT_ONCE ? 1 : 2);
      g_assert_cmpuint (G_OBJECT (object)->ref_count, ==, 1);

      lifecycle_scope_close (scope);
      test_emit (instance, "plain");
      test_drain ();
      g_assert_cmpint (object->value, ==, all_flags[i] == LIFECYCLE_CONNECT_ONCE ? 1 : 2);
      g_assert_finalize_object (scope);
      g_assert_finalize_object (object);
      g_assert_finalize_object (instance);
    }
}

/* The object is disposed first. */
static void
test_object_first (void)
{
  for (guint i = 0; i < 2 * G_N_ELEMENTS (all_flags); i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      TestEmitter *instance = test_emitter_new ();
      TestEmitter *object = test_emitter_new ();
      gulong id = connect_object (scope, instance, object, all_flags[i / 2]);

      if (i % 2 == 0)
        g_object_run_dispose (G_OBJECT (object));
      else
        g_assert_finalize_object (g_steal_pointer (&object));
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
      g_assert_false (g_signal_handler_is_connected (instance, id));
      test_emit (instance, "plain");
      test_drain ();
      if (object != NULL)
        {
          g_assert_cmpint (object->value, ==, 0);
          g_assert_finalize_object (object);
        }
      lifecycle_scope_close (scope);
      g_assert_finalize_object (scope);
      g_assert_finalize_object (instance);
    }
}

/* Or the instance, or somebody disconnects, or the same object is both. */
static void
test_other_ends (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (all_flags); i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      TestEmitter *instance = test_emitter_new ();
      TestEmitter *object = test_emitter_new ();

      g_signal_handler_disconnect (instance, connect_object (scope, instance, object, all_flags[i]));
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
      connect_object (scope, instance, object, all_flags[i]);
      g_assert_finalize_object (instance);
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
      connect_object (scope, object, object, all_flags[i]);
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
      g_assert_finalize_object (object);
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
      lifecycle_scope_close (scope);
      g_assert_finalize_object (scope);
    }
}

/* A handler that was stolen goes on, and still goes with its object. */
static void
test_stolen (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *instance = test_emitter_new ();
  TestEmitter *object = test_emitter_new ();
  gulong id = connect_object (scope, instance, object, LIFECYCLE_CONNECT_DEFAULT);

  g_assert_true (lifecycle_scope_steal_handler (scope, G_OBJECT (instance), id));
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  test_emit (instance, "plain");
  g_assert_cmpint (object->value, ==, 1);
  g_assert_finalize_object (object);
  g_assert_false (g_signal_handler_is_connected (instance, id));
  g_assert_finalize_object (instance);
}

static void
drop_object_cb (gpointer instance,
                gpointer object)
{
  g_object_unref (object);
  TEST_EMITTER (object)->value = 1;
  test_log ("called");
}

static void
drop_object_swapped_cb (gpointer object,
                        gpointer instance)
{
  drop_object_cb (instance, object);
}

/* The last reference goes in the handler: the object lives until that returns. */
static void
test_last_reference (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (all_flags); i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      TestEmitter *instance = test_emitter_new ();
      TestEmitter *object = test_emitter_new_logged ("object");

      lifecycle_scope_connect_object (scope, instance, "plain",
                                      all_flags[i] == LIFECYCLE_CONNECT_SWAPPED
                                        ? G_CALLBACK (drop_object_swapped_cb)
                                        : G_CALLBACK (drop_object_cb),
                                      G_OBJECT (object), all_flags[i]);
      test_emit (instance, "plain");
      test_drain ();
      test_assert_log ("called ~object");
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
      test_emit (instance, "plain");
      test_drain ();
      test_assert_log ("");
      lifecycle_scope_close (scope);
      g_assert_finalize_object (scope);
      g_assert_finalize_object (instance);
    }
}

static void
close_scope_cb (gpointer instance,
                gpointer object)
{
  LifecycleScope *scope = g_object_get_data (object, "scope");

  lifecycle_scope_close (scope);
  g_object_unref (object);
  test_log ("closed %d", TEST_EMITTER (object)->value);
}

static void
close_scope_swapped_cb (gpointer object,
                        gpointer instance)
{
  close_scope_cb (instance, object);
}

/* The handler closes its scope, and then drops the object. */
static void
test_closes (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (all_flags); i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      TestEmitter *instance = test_emitter_new ();
      TestEmitter *object = test_emitter_new_logged ("object");

      g_object_set_data (G_OBJECT (object), "scope", scope);
      lifecycle_scope_connect_object (scope, instance, "plain",
                                      all_flags[i] == LIFECYCLE_CONNECT_SWAPPED
                                        ? G_CALLBACK (close_scope_swapped_cb)
                                        : G_CALLBACK (close_scope_cb),
                                      G_OBJECT (object), all_flags[i]);
      test_emit (instance, "plain");
      test_drain ();
      test_assert_log ("closed 0 ~object");
      lifecycle_scope_close (scope);
      g_assert_finalize_object (scope);
      g_assert_finalize_object (instance);
    }
}

static void
dispose_other_cb (gpointer instance,
                  gpointer object)
{
  TestEmitter *other = g_object_steal_data (object, "other");

  test_log ("first");
  if (other != NULL)
    g_assert_finalize_object (other);
}

static void
never_cb (gpointer instance,
          gpointer object)
{
  g_assert_not_reached ();
}

/* An earlier handler of the same emission disposes the object. */
static void
test_in_emission (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *instance = test_emitter_new ();
  TestEmitter *object = test_emitter_new ();
  TestEmitter *other = test_emitter_new ();

  g_object_set_data (G_OBJECT (object), "other", other);
  lifecycle_scope_connect_object (scope, instance, "plain", G_CALLBACK (dispose_other_cb),
                                  G_OBJECT (object), 0);
  lifecycle_scope_connect_object (scope, instance, "plain", G_CALLBACK (never_cb), G_OBJECT (other),
                                  0);
  test_emit (instance, "plain");
  test_assert_log ("first");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (object);
  g_assert_finalize_object (instance);
}

/* Queued, and the object goes before the message is delivered. */
static void
test_queued (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *instance = test_emitter_new ();
  TestEmitter *object = test_emitter_new ();

  lifecycle_scope_connect_object (scope, instance, "plain", G_CALLBACK (never_cb), G_OBJECT (object),
                                  LIFECYCLE_CONNECT_QUEUED);
  test_emit (instance, "plain");
  g_assert_finalize_object (object);
  test_drain ();
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (instance);
}

static void
test_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *instance = test_emitter_new ();
  TestEmitter *object = test_emitter_new ();

  lifecycle_scope_close (scope);
  g_assert_cmpuint (connect_object (scope, instance, object, 0), ==, 0);
  test_emit (instance, "plain");
  g_assert_cmpint (object->value, ==, 0);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (object);
  g_assert_finalize_object (instance);
}

static void
test_moved (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *moved;
  TestEmitter *instance = test_emitter_new ();
  TestEmitter *object = test_emitter_new ();

  connect_object (scope, instance, object, 0);
  moved = lifecycle_scope_move (scope);
  test_emit (instance, "plain");
  g_assert_cmpint (object->value, ==, 1);
  g_assert_finalize_object (object);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (moved), ==, 0);
  lifecycle_scope_close (moved);
  g_assert_finalize_object (moved);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (instance);
}

/* One long-lived instance, and objects that go last-in-first-out: with g_signal_connect_object() this takes
 * time that grows with the square.
 */
static void
test_many (void)
{
  guint n = test_amount (50000);
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *instance = test_emitter_new ();
  TestEmitter **objects = g_new (TestEmitter *, n);

  for (guint i = 0; i < n; i++)
    {
      objects[i] = test_emitter_new ();
      connect_object (scope, instance, objects[i], 0);
    }
  test_emit (instance, "plain");
  for (guint i = n; i-- > 0;)
    {
      g_assert_cmpint (objects[i]->value, ==, 1);
      g_object_unref (objects[i]);
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, i);
    }
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (instance);
  g_free (objects);
}

/* An object dies on one thread, while home emits and closes. */

typedef struct
{
  TestEmitter *object;
  TestEmitter *instance;
} Race;

static gpointer
race_thread (gpointer data)
{
  Race *race = data;

  if (race->object != NULL)
    g_object_unref (race->object);
  if (race->instance != NULL)
    g_object_unref (race->instance);

  return NULL;
}

static void
test_race (gconstpointer data)
{
  LifecycleConnectFlags flags = GPOINTER_TO_UINT (data);
  guint n_rounds = g_getenv ("LIFECYCLE_TEST_SLOW") != NULL ? 100 : 2000;

  for (guint i = 0; i < n_rounds; i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      Race race = { test_emitter_new (), test_emitter_new () };
      TestEmitter *instance = g_object_ref (race.instance);
      GThread *thread;

      for (guint j = 0; j < 3; j++)
        connect_object (scope, instance, race.object, flags);
      /* Only of those that may be elsewhere does the library promise that their instance may die there. */
      if (flags == LIFECYCLE_CONNECT_DEFAULT || i % 2 == 0)
        g_clear_object (&race.instance);
      thread = g_thread_new ("race", race_thread, &race);
      if (i % 3 != 0)
        test_emit (instance, "plain");
      if (race.instance != NULL)
        g_object_unref (instance);
      if (i % 4 != 0)
        lifecycle_scope_close (scope);
      g_thread_join (thread);
      test_drain ();
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
      lifecycle_scope_close (scope);
      g_assert_finalize_object (scope);
      if (race.instance == NULL)
        g_assert_finalize_object (instance);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/connect-object/called", test_called);
  g_test_add_func ("/lifecycle/connect-object/object-first", test_object_first);
  g_test_add_func ("/lifecycle/connect-object/other-ends", test_other_ends);
  g_test_add_func ("/lifecycle/connect-object/stolen", test_stolen);
  g_test_add_func ("/lifecycle/connect-object/last-reference", test_last_reference);
  g_test_add_func ("/lifecycle/connect-object/closes", test_closes);
  g_test_add_func ("/lifecycle/connect-object/in-emission", test_in_emission);
  g_test_add_func ("/lifecycle/connect-object/queued", test_queued);
  g_test_add_func ("/lifecycle/connect-object/late", test_late);
  g_test_add_func ("/lifecycle/connect-object/moved", test_moved);
  g_test_add_func ("/lifecycle/connect-object/many", test_many);
  g_test_add_data_func ("/lifecycle/connect-object/race", GUINT_TO_POINTER (LIFECYCLE_CONNECT_DEFAULT),
                        test_race);
  g_test_add_data_func ("/lifecycle/connect-object/race-queued",
                        GUINT_TO_POINTER (LIFECYCLE_CONNECT_QUEUED), test_race);
  g_test_add_data_func ("/lifecycle/connect-object/race-guarded",
                        GUINT_TO_POINTER (LIFECYCLE_CONNECT_GUARDED), test_race);

  return g_test_run ();
}
