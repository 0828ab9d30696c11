/* test-promise-08-flat.c: numbers and depths do not matter
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * No time is measured here. A step that recurses would exceed the small stack. Whether any step is
 * linear in the number of entries is for flat-counts.py, which runs these with few and with more, and
 * counts instructions.
 */

#include "test-util.h"

#include <pthread.h>

static void
in_small_stack (void *(*func) (void *))
{
  pthread_attr_t attr;
  pthread_t thread;
  /* Instrumented frames are several times as large; the depth is smaller there, too. */
  gboolean slow = g_getenv ("LIFECYCLE_TEST_SLOW") != NULL || g_getenv ("LIFECYCLE_TEST_AMOUNT") != NULL;
  size_t size = (slow ? 256 : 128) * 1024;

  g_assert_cmpint (pthread_attr_init (&attr), ==, 0);
  g_assert_cmpint (pthread_attr_setstacksize (&attr, size), ==, 0);
  g_assert_cmpint (pthread_create (&thread, &attr, func, NULL), ==, 0);
  g_assert_cmpint (pthread_join (thread, NULL), ==, 0);
  pthread_attr_destroy (&attr);
}

/* Each one the child of the one before; only the root is held. */
static LifecycleScope *
make_deep (guint  depth,
           int   *destroyed)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *parent = root;
  guint i;

  for (i = 1; i < depth; i++)
    {
      LifecycleScope *child = lifecycle_scope_new_child (parent, "deep");

      lifecycle_scope_adopt (child, destroyed, test_count_notify);
      g_object_unref (child);
      parent = child;
    }
  return root;
}

static void *
deep_close (void *data)
{
  GMainContext *context = g_main_context_new ();
  guint depth = test_amount (100000);
  LifecycleScope *root;
  int destroyed = 0;

  g_main_context_push_thread_default (context);
  root = make_deep (depth, &destroyed);
  g_assert_cmpuint (lifecycle_scope_close (root), ==, 2 * (depth - 1));
  g_assert_cmpint (destroyed, ==, (int) depth - 1);
  g_assert_finalize_object (root);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  return NULL;
}

static void
test_deep_close (void)
{
  in_small_stack (deep_close);
}

static void *
deep_drop (void *data)
{
  GMainContext *context = g_main_context_new ();
  guint depth = test_amount (100000);
  LifecycleScope *root;
  int destroyed = 0;

  g_main_context_push_thread_default (context);
  root = make_deep (depth, &destroyed);
  g_assert_finalize_object (root);
  g_assert_cmpint (destroyed, ==, (int) depth - 1);

  root = make_deep (depth, &destroyed);
  g_assert_cmpuint (lifecycle_scope_clear (root), ==, 2 * (depth - 1));
  g_assert_cmpint (destroyed, ==, 2 * ((int) depth - 1));
  g_assert_finalize_object (root);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  return NULL;
}

static void
test_deep_drop_and_clear (void)
{
  in_small_stack (deep_drop);
}

/* Blocking reaches down as far. */
static void *
deep_block (void *data)
{
  GMainContext *context = g_main_context_new ();
  guint depth = test_amount (100000);
  LifecycleScope *root, *scope;
  TestEmitter *emitter = test_emitter_new ();
  int destroyed = 0, n = 0;
  g_autofree char *path = NULL;
  guint i;

  g_main_context_push_thread_default (context);
  root = make_deep (depth, &destroyed);
  scope = root;
  for (i = 1; i < depth; i++)
    scope = lifecycle_scope_get_child (scope, "deep");
  lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (test_count_handler_cb), &n);
  lifecycle_scope_block (root);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 0);
  lifecycle_scope_unblock (root);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 1);
  path = lifecycle_scope_get_path (scope);
  g_assert_cmpuint (strlen (path), ==, strlen ("root") + (depth - 1) * strlen ("/deep"));
  g_assert_finalize_object (root);
  g_assert_finalize_object (emitter);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  return NULL;
}

static void
test_deep_block (void)
{
  in_small_stack (deep_block);
}

static void *
long_follow (void *data)
{
  GMainContext *context = g_main_context_new ();
  guint length = test_amount (100000);
  LifecycleScope **scopes = g_new (LifecycleScope *, length);
  int destroyed = 0;
  guint i;

  g_main_context_push_thread_default (context);
  for (i = 0; i < length; i++)
    {
      scopes[i] = lifecycle_scope_new ("scope");
      lifecycle_scope_adopt (scopes[i], &destroyed, test_count_notify);
      if (i > 0)
        lifecycle_scope_follow (scopes[i], scopes[i - 1]);
    }
  lifecycle_scope_close (scopes[0]);
  g_assert_cmpint (destroyed, ==, (int) length);
  for (i = 0; i < length; i++)
    {
      g_assert_cmpint (lifecycle_scope_get_state (scopes[i]), ==, LIFECYCLE_STATE_CLOSED);
      g_object_unref (scopes[i]);
    }
  g_free (scopes);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  return NULL;
}

/* A chain of scopes each of which follows the one before. */
static void
test_long_follow (void)
{
  in_small_stack (long_follow);
}

/* Scopes that hold, as objects, the scopes of the next level: references only, no tree. */
static void *
long_objects (void *data)
{
  GMainContext *context = g_main_context_new ();
  guint length = test_amount (2000);
  LifecycleScope *scope = NULL;
  int destroyed = 0;
  guint i;

  g_main_context_push_thread_default (context);
  for (i = 0; i < MIN (length, 20); i++)
    {
      LifecycleScope *next = lifecycle_scope_new ("scope");

      lifecycle_scope_adopt (next, &destroyed, test_count_notify);
      if (scope != NULL)
        {
          lifecycle_scope_add_object (next, G_OBJECT (scope));
          g_object_unref (scope);
        }
      scope = next;
    }
  g_assert_finalize_object (scope);
  g_assert_cmpint (destroyed, ==, MIN ((int) length, 20));
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  return NULL;
}

/* This one nests by nature, through g_object_unref(); a handful has to do with a small stack. */
static void
test_nested_objects (void)
{
  in_small_stack (long_objects);
}

static void
test_one_instance (void)
{
  guint amount = test_amount (100000);
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  gulong middle = 0;
  int destroyed = 0;
  guint i;

  for (i = 0; i < amount; i++)
    {
      gulong id = lifecycle_scope_connect_full (scope, emitter, "plain",
                                                G_CALLBACK (test_never_handler_cb), &destroyed,
                                                test_count_closure_notify, 0);

      if (i == amount / 2)
        middle = id;
    }
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, amount);
  g_signal_handler_disconnect (emitter, middle);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, amount - 1);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, amount - 1);
  g_assert_cmpint (destroyed, ==, (int) amount);
  test_emit (emitter, "plain");
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* The instance dies, and all of them retire. */
static void
test_one_instance_dies (void)
{
  guint amount = test_amount (100000);
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int destroyed = 0;
  guint i;

  for (i = 0; i < amount; i++)
    lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                  &destroyed, test_count_closure_notify, 0);
  g_assert_finalize_object (emitter);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_cmpint (destroyed, ==, (int) amount);
  g_assert_finalize_object (scope);
}

static void
test_many_instances (void)
{
  guint amount = test_amount (100000);
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter **emitters = g_new (TestEmitter *, amount);
  int destroyed = 0;
  guint i;

  for (i = 0; i < amount; i++)
    {
      emitters[i] = test_emitter_new ();
      lifecycle_scope_connect_full (scope, emitters[i], "plain",
                                    G_CALLBACK (test_never_handler_cb), &destroyed,
                                    test_count_closure_notify, 0);
    }
  /* Half of them die first, one by one. */
  for (i = 0; i < amount; i += 2)
    g_object_unref (emitters[i]);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, amount - (amount + 1) / 2);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, amount - (amount + 1) / 2);
  g_assert_cmpint (destroyed, ==, (int) amount);
  for (i = 1; i < amount; i += 2)
    g_object_unref (emitters[i]);
  g_free (emitters);
  g_assert_finalize_object (scope);
}

static void
close_in_order (const char *order)
{
  guint amount = test_amount (20000);
  LifecycleScope **scopes = g_new (LifecycleScope *, amount);
  TestEmitter *emitter = test_emitter_new ();
  guint i;

  for (i = 0; i < amount; i++)
    {
      scopes[i] = lifecycle_scope_new (NULL);
      lifecycle_scope_connect_signal (scopes[i], emitter, "plain",
                                      G_CALLBACK (test_never_handler_cb), NULL);
      lifecycle_scope_add_handler (scopes[i], G_OBJECT (emitter),
                                   g_signal_connect (emitter, "late",
                                                     G_CALLBACK (test_never_handler_cb), NULL));
    }
  for (i = 0; i < amount; i++)
    {
      guint which = *order == 'l' ? amount - 1 - i : i;

      g_assert_cmpuint (lifecycle_scope_close (scopes[which]), ==, 2);
      g_object_unref (scopes[which]);
    }
  g_assert_false (test_has_handlers (emitter, "plain"));
  g_assert_false (test_has_handlers (emitter, "late"));
  g_free (scopes);
  g_assert_finalize_object (emitter);
}

/* Many short-lived scopes on one long-lived emitter, in the order that g_signal_connect_object()
 * cannot stand, and in the other one. */
static void
test_last_in_first_out (void)
{
  close_in_order ("last");
}

static void
test_first_in_first_out (void)
{
  close_in_order ("first");
}

/* Many followers of one object, one scope for each window of an application. */
static void
test_followers_of_object (void)
{
  guint amount = test_amount (20000);
  LifecycleScope **scopes = g_new (LifecycleScope *, amount);
  TestEmitter *object = test_emitter_new ();
  int destroyed = 0;
  guint i;

  for (i = 0; i < amount; i++)
    {
      scopes[i] = lifecycle_scope_new (NULL);
      lifecycle_scope_follow_object (scopes[i], G_OBJECT (object));
      lifecycle_scope_adopt (scopes[i], &destroyed, test_count_notify);
    }
  /* Half of them leave before, last in first out. */
  for (i = amount; i-- > amount / 2;)
    g_object_unref (scopes[i]);
  g_assert_cmpint (destroyed, ==, (int) (amount - amount / 2));
  g_assert_finalize_object (object);
  g_assert_cmpint (destroyed, ==, (int) amount);
  for (i = 0; i < amount / 2; i++)
    {
      g_assert_true (lifecycle_scope_is_closed (scopes[i]));
      g_object_unref (scopes[i]);
    }
  g_free (scopes);
}

/* Many named children, and many for objects, under one parent. */
static void
test_wide (void)
{
  guint amount = test_amount (100000);
  LifecycleScope *root = lifecycle_scope_new ("root");
  TestEmitter **objects = g_new (TestEmitter *, amount);
  guint i;

  for (i = 0; i < amount; i++)
    {
      char name[20];

      g_snprintf (name, sizeof name, "child-%u", i);
      g_assert_nonnull (lifecycle_scope_get_child (root, name));
      objects[i] = test_emitter_new ();
      g_assert_nonnull (lifecycle_scope_get_child_for (root, G_OBJECT (objects[i])));
    }
  g_assert_cmpuint (lifecycle_scope_get_n_entries (root), ==, 2 * amount);
  for (i = 0; i < amount; i++)
    {
      char name[20];

      g_snprintf (name, sizeof name, "child-%u", i);
      lifecycle_scope_close (lifecycle_scope_get_child (root, name));
      if (i % 2 == 0)
        g_clear_object (&objects[i]);
    }
  g_assert_cmpuint (lifecycle_scope_get_n_entries (root), ==, amount / 2);
  g_assert_cmpuint (lifecycle_scope_close (root), ==, amount / 2);
  g_assert_finalize_object (root);
  for (i = 1; i < amount; i += 2)
    g_object_unref (objects[i]);
  g_free (objects);
}

/* Objects and data in great numbers, and objects taken out of the middle. */
static void
test_objects_and_data (void)
{
  guint amount = test_amount (100000);
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter **objects = g_new (TestEmitter *, amount);
  int destroyed = 0;
  guint i;

  for (i = 0; i < amount; i++)
    {
      objects[i] = test_emitter_new ();
      lifecycle_scope_add_object (scope, G_OBJECT (objects[i]));
      lifecycle_scope_adopt (scope, &destroyed, test_count_notify);
      lifecycle_scope_defer (scope, test_count_cleanup, &destroyed, NULL);
    }
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 3 * amount);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 3 * amount);
  g_assert_cmpint (destroyed, ==, (int) (2 * amount));
  for (i = 0; i < amount; i++)
    g_assert_finalize_object (objects[i]);
  g_free (objects);
  g_assert_finalize_object (scope);
}

/* A move does not look at the entries. */
static void
test_move (void)
{
  guint amount = test_amount (100000);
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int destroyed = 0;
  guint i;

  for (i = 0; i < amount; i++)
    lifecycle_scope_adopt (scope, &destroyed, test_count_notify);
  for (i = 0; i < amount; i++)
    {
      LifecycleScope *moved = lifecycle_scope_move (scope);

      g_object_unref (scope);
      scope = moved;
    }
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, amount);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, amount);
  g_assert_cmpint (destroyed, ==, (int) amount);
  g_assert_finalize_object (scope);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/promise-8-flat/deep-close", test_deep_close);
  g_test_add_func ("/lifecycle/promise-8-flat/deep-drop-and-clear", test_deep_drop_and_clear);
  g_test_add_func ("/lifecycle/promise-8-flat/deep-block", test_deep_block);
  g_test_add_func ("/lifecycle/promise-8-flat/long-follow", test_long_follow);
  g_test_add_func ("/lifecycle/promise-8-flat/nested-objects", test_nested_objects);
  g_test_add_func ("/lifecycle/promise-8-flat/one-instance", test_one_instance);
  g_test_add_func ("/lifecycle/promise-8-flat/one-instance-dies", test_one_instance_dies);
  g_test_add_func ("/lifecycle/promise-8-flat/many-instances", test_many_instances);
  g_test_add_func ("/lifecycle/promise-8-flat/last-in-first-out", test_last_in_first_out);
  g_test_add_func ("/lifecycle/promise-8-flat/first-in-first-out", test_first_in_first_out);
  g_test_add_func ("/lifecycle/promise-8-flat/followers-of-object", test_followers_of_object);
  g_test_add_func ("/lifecycle/promise-8-flat/wide", test_wide);
  g_test_add_func ("/lifecycle/promise-8-flat/objects-and-data", test_objects_and_data);
  g_test_add_func ("/lifecycle/promise-8-flat/move", test_move);

  return g_test_run ();
}
