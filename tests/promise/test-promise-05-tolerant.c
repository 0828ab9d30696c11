/* test-promise-05-tolerant.c: what happens behind the scope's back causes no message and no crash
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GTest makes every warning and every critical fatal: that is what is asserted here, throughout.
 */

#include "test-util.h"

/* Everything is dead before the scope knows. */
static void
test_all_dead (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  GSource *source = g_idle_source_new ();
  gulong id, foreign;
  GSource *made;

  id = lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                       NULL);
  foreign = g_signal_connect (emitter, "plain", G_CALLBACK (test_never_handler_cb), NULL);
  lifecycle_scope_add_handler (scope, G_OBJECT (emitter), foreign);
  made = lifecycle_scope_add_idle (scope, test_never_source_cb, NULL, NULL);
  g_source_set_callback (source, test_never_source_cb, NULL, NULL);
  lifecycle_scope_add_source (scope, source);

  g_signal_handler_disconnect (emitter, id);
  g_signal_handler_disconnect (emitter, foreign);
  g_source_destroy (made);
  g_source_destroy (source);
  g_source_unref (source);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* A foreign id dies, and GLib gives nobody else that number: the next handler is safe. */
static void
test_foreign_id_dead (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  gulong ids[100], safe;
  guint i;

  for (i = 0; i < 100; i++)
    {
      ids[i] = g_signal_connect (emitter, "plain", G_CALLBACK (test_never_handler_cb), NULL);
      lifecycle_scope_add_handler (scope, G_OBJECT (emitter), ids[i]);
    }
  for (i = 0; i < 100; i += 2)
    g_signal_handler_disconnect (emitter, ids[i]);
  safe = g_signal_connect (emitter, "late", G_CALLBACK (test_never_handler_cb), NULL);
  lifecycle_scope_block (scope);
  lifecycle_scope_unblock (scope);
  lifecycle_scope_close (scope);
  for (i = 0; i < 100; i++)
    g_assert_false (test_is_connected (emitter, ids[i]));
  g_assert_true (test_is_connected (emitter, safe));
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* Dead foreign ids while the scope is blocked, in each order of block and death. */
static void
test_foreign_id_dead_blocked (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  gulong a, b, c;

  a = g_signal_connect (emitter, "plain", G_CALLBACK (test_never_handler_cb), NULL);
  b = g_signal_connect (emitter, "plain", G_CALLBACK (test_never_handler_cb), NULL);
  c = g_signal_connect (emitter, "plain", G_CALLBACK (test_never_handler_cb), NULL);
  lifecycle_scope_add_handler (scope, G_OBJECT (emitter), a);
  lifecycle_scope_add_handler (scope, G_OBJECT (emitter), b);
  g_signal_handler_disconnect (emitter, a);
  lifecycle_scope_block (scope);
  g_signal_handler_disconnect (emitter, b);
  lifecycle_scope_add_handler (scope, G_OBJECT (emitter), c);
  g_signal_handler_disconnect (emitter, c);
  g_assert_false (lifecycle_scope_steal_handler (scope, G_OBJECT (emitter), a) &&
                  test_is_connected (emitter, a));
  lifecycle_scope_unblock (scope);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* Each of the five orders in which emitter, scope and handler can end. */
static void
test_orders (void)
{
  guint order;

  for (order = 0; order < 5; order++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      TestEmitter *emitter = test_emitter_new ();
      int n = 0;
      gulong id;

      id = lifecycle_scope_connect_full (scope, emitter, "plain",
                                         G_CALLBACK (test_never_handler_cb), &n,
                                         test_count_closure_notify, 0);
      switch (order)
        {
        case 0:
          g_assert_finalize_object (emitter);
          g_assert_finalize_object (scope);
          break;
        case 1:
          g_assert_finalize_object (scope);
          g_assert_finalize_object (emitter);
          break;
        case 2:
          g_signal_handler_disconnect (emitter, id);
          g_assert_finalize_object (scope);
          g_assert_finalize_object (emitter);
          break;
        case 3:
          g_object_run_dispose (G_OBJECT (emitter));
          g_assert_finalize_object (scope);
          g_assert_finalize_object (emitter);
          break;
        default:
          g_object_run_dispose (G_OBJECT (scope));
          g_assert_finalize_object (emitter);
          g_assert_finalize_object (scope);
        }
      g_assert_cmpint (n, ==, 1);
    }
}

/* The emitter is finalized by the scope's own release, or by what a destroy notify does. */

static void
unref_notify (gpointer  object,
              GClosure *closure)
{
  g_object_unref (object);
}

static void
test_emitter_dies_in_release (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int finalized = 0;
  guint i;

  test_count_finalize (emitter, &finalized);
  for (i = 0; i < 3; i++)
    {
      lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                    NULL, NULL, 0);
      lifecycle_scope_add_handler (scope, G_OBJECT (emitter),
                                   g_signal_connect (emitter, "plain",
                                                     G_CALLBACK (test_never_handler_cb), NULL));
      lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                    g_object_ref (emitter), unref_notify, 0);
      lifecycle_scope_adopt (scope, g_object_ref (emitter), g_object_unref);
      lifecycle_scope_add_object (scope, G_OBJECT (emitter));
    }
  g_object_unref (emitter);
  g_assert_cmpint (finalized, ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 15);
  g_assert_cmpint (finalized, ==, 1);
  g_assert_finalize_object (scope);
}

/* The foreign handlers themselves hold the emitter: disconnecting the last of them ends it. */
static void
test_emitter_dies_in_foreign (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int finalized = 0;
  guint i;

  test_count_finalize (emitter, &finalized);
  for (i = 0; i < 5; i++)
    lifecycle_scope_add_handler (scope, G_OBJECT (emitter),
                                 g_signal_connect_data (emitter, "plain",
                                                        G_CALLBACK (test_never_handler_cb),
                                                        g_object_ref (emitter), unref_notify, 0));
  g_object_unref (emitter);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 5);
  g_assert_cmpint (finalized, ==, 1);
  g_assert_finalize_object (scope);
}

/* The first foreign thing that goes takes the others with it. */

static gulong all_ids[4];
static GSource *all_sources[4];
static int n_attacks;

static void
attack (TestEmitter *emitter)
{
  guint i;

  n_attacks++;
  for (i = 0; i < 4; i++)
    {
      if (all_ids[i] != 0 && test_is_connected (emitter, all_ids[i]))
        g_signal_handler_disconnect (emitter, all_ids[i]);
      g_source_destroy (all_sources[i]);
    }
}

static void
attack_closure_notify (gpointer  emitter,
                       GClosure *closure)
{
  attack (emitter);
}

static void
attack_notify (gpointer emitter)
{
  attack (emitter);
}

static void
test_foreign_attack (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  guint i;

  n_attacks = 0;
  for (i = 0; i < 4; i++)
    {
      all_ids[i] = g_signal_connect_data (emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                          emitter, attack_closure_notify, 0);
      lifecycle_scope_add_handler (scope, G_OBJECT (emitter), all_ids[i]);
      all_sources[i] = g_idle_source_new ();
      g_source_set_callback (all_sources[i], test_never_source_cb, emitter, attack_notify);
      lifecycle_scope_add_source (scope, all_sources[i]);
    }
  lifecycle_scope_close (scope);
  g_assert_cmpint (n_attacks, ==, 8);
  for (i = 0; i < 4; i++)
    g_source_unref (all_sources[i]);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* One thing in two scopes: the first to close ends it, the second finds it dead. */
static void
test_shared (void)
{
  LifecycleScope *a = lifecycle_scope_new ("a");
  LifecycleScope *b = lifecycle_scope_new ("b");
  TestEmitter *emitter = test_emitter_new ();
  GSource *source = g_idle_source_new ();
  int destroyed = 0;
  gulong foreign, made;

  foreign = g_signal_connect_data (emitter, "plain", G_CALLBACK (test_never_handler_cb), &destroyed,
                                   test_count_closure_notify, 0);
  g_assert_true (lifecycle_scope_add_handler (a, G_OBJECT (emitter), foreign));
  lifecycle_scope_add_handler (b, G_OBJECT (emitter), foreign);
  made = lifecycle_scope_connect_full (a, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                       &destroyed, test_count_closure_notify, 0);
  lifecycle_scope_add_handler (b, G_OBJECT (emitter), made);
  g_source_set_callback (source, test_never_source_cb, &destroyed, test_count_notify);
  g_assert_true (lifecycle_scope_add_source (a, source));
  lifecycle_scope_add_source (b, source);
  lifecycle_scope_add_source (b, lifecycle_scope_add_idle (a, test_never_source_cb, &destroyed,
                                                           test_count_notify));

  lifecycle_scope_close (a);
  g_assert_cmpint (destroyed, ==, 4);
  g_assert_false (test_has_handlers (emitter, "plain"));
  g_assert_true (g_source_is_destroyed (source));
  lifecycle_scope_close (b);
  g_assert_cmpint (destroyed, ==, 4);
  g_source_unref (source);
  g_assert_finalize_object (a);
  g_assert_finalize_object (b);
  g_assert_finalize_object (emitter);
}

/* The same the other way round, blocked, and within one tree. */
static void
test_shared_in_tree (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *child = lifecycle_scope_new_child (root, "child");
  TestEmitter *emitter = test_emitter_new ();
  GSource *source = g_idle_source_new ();
  int destroyed = 0;
  gulong made, foreign;

  made = lifecycle_scope_connect_full (child, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                       &destroyed, test_count_closure_notify, 0);
  lifecycle_scope_add_handler (root, G_OBJECT (emitter), made);
  foreign = g_signal_connect_data (emitter, "plain", G_CALLBACK (test_never_handler_cb), &destroyed,
                                   test_count_closure_notify, 0);
  lifecycle_scope_add_handler (child, G_OBJECT (emitter), foreign);
  lifecycle_scope_add_handler (root, G_OBJECT (emitter), foreign);
  lifecycle_scope_add_handler (root, G_OBJECT (emitter), foreign);
  g_source_set_callback (source, test_never_source_cb, &destroyed, test_count_notify);
  lifecycle_scope_add_source (root, source);
  lifecycle_scope_add_source (root, source);
  lifecycle_scope_add_source (child, source);
  g_source_unref (source);
  lifecycle_scope_block (root);
  lifecycle_scope_close (root);
  g_assert_cmpint (destroyed, ==, 3);
  g_assert_false (test_has_handlers (emitter, "plain"));
  g_assert_finalize_object (child);
  g_assert_finalize_object (root);
  g_assert_finalize_object (emitter);
}

/* Followed, owned, emitting, and child-for, all the same object, which dies in all the ways. */
static void
test_one_object_for_all (void)
{
  guint order;

  for (order = 0; order < 4; order++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      TestEmitter *object = test_emitter_new ();
      int n = 0, finalized = 0;

      test_count_finalize (object, &finalized);
      lifecycle_scope_follow_object (scope, G_OBJECT (object));
      lifecycle_scope_follow_signal (scope, G_OBJECT (object), "plain", LIFECYCLE_REASON_ABORTED);
      lifecycle_scope_adopt (lifecycle_scope_of (G_OBJECT (object)), &n, test_count_notify);
      lifecycle_scope_adopt (lifecycle_scope_get_child_for (scope, G_OBJECT (object)), &n,
                             test_count_notify);
      lifecycle_scope_connect_full (scope, object, "plain", G_CALLBACK (test_count_handler_cb), &n,
                                    NULL, 0);
      lifecycle_scope_connect_signal (lifecycle_scope_of (G_OBJECT (object)), object, "late",
                                      G_CALLBACK (test_never_handler_cb), NULL);
      switch (order)
        {
        case 0:
          g_object_unref (object);
          g_assert_cmpint (finalized, ==, 1);
          g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_OWNER_GONE);
          g_assert_cmpint (n, ==, 2);
          break;
        case 1:
          g_object_run_dispose (G_OBJECT (object));
          g_assert_true (lifecycle_scope_is_closed (scope));
          g_assert_cmpint (n, ==, 2);
          g_object_unref (object);
          break;
        case 2:
          lifecycle_scope_add_object (scope, G_OBJECT (object));
          g_object_unref (object);
          g_assert_cmpint (finalized, ==, 0);
          lifecycle_scope_close (scope);
          g_assert_cmpint (n, ==, 2);
          break;
        default:
          test_emit (object, "plain");
          g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_ABORTED);
          g_object_unref (object);
        }
      g_assert_cmpint (finalized, ==, 1);
      g_assert_finalize_object (scope);
    }
}

static void
connect_in_dispose (gpointer data)
{
  gpointer *pair = data;

  lifecycle_scope_connect_signal (pair[0], pair[1], "plain", G_CALLBACK (test_never_handler_cb),
                                  NULL);
  lifecycle_scope_add_handler (pair[0], pair[1],
                               g_signal_connect (pair[1], "plain",
                                                 G_CALLBACK (test_never_handler_cb), NULL));
}

/* Connected while the emitter is on its way down. */
static void
test_connected_in_dispose (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  gpointer pair[] = { scope, emitter };

  emitter->on_dispose = connect_in_dispose;
  emitter->hook_data = pair;
  g_assert_finalize_object (emitter);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
}

static void
connect_weak_notify (gpointer  data,
                     GObject  *where)
{
  lifecycle_scope_connect_signal (data, where, "plain", G_CALLBACK (test_never_handler_cb), NULL);
}

/* The same at a moment when its handlers are gone already. */
static void
test_connected_in_weak_notify (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();

  g_object_weak_ref (G_OBJECT (emitter), connect_weak_notify, scope);
  g_assert_finalize_object (emitter);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
}

static void
resurrect (gpointer data)
{
  gpointer *pair = data;

  if (pair[1] == NULL)
    pair[1] = g_object_ref (pair[0]);
}

/* An emitter that comes back from its dispose, and is used again. */
static void
test_resurrected (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  gpointer pair[] = { emitter, NULL };
  int n = 0;

  emitter->on_dispose = resurrect;
  emitter->hook_data = pair;
  lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (test_count_handler_cb), &n);
  lifecycle_scope_add_handler (scope, G_OBJECT (emitter),
                               g_signal_connect (emitter, "plain",
                                                 G_CALLBACK (test_count_handler_cb), &n));
  lifecycle_scope_adopt (lifecycle_scope_of (G_OBJECT (emitter)), &n, test_count_notify);
  g_object_unref (emitter);
  g_assert_true (pair[1] == emitter);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_cmpint (n, ==, 1);

  lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (test_count_handler_cb), &n);
  lifecycle_scope_add_handler (scope, G_OBJECT (emitter),
                               g_signal_connect (emitter, "plain",
                                                 G_CALLBACK (test_count_handler_cb), &n));
  lifecycle_scope_adopt (lifecycle_scope_of (G_OBJECT (emitter)), &n, test_count_notify);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 3);
  g_assert_finalize_object (emitter);
  g_assert_cmpint (n, ==, 4);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
}

/* The address of a dead emitter is used again by the next one. */
static void
test_address_reused (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  guint i;

  for (i = 0; i < 1000; i++)
    {
      TestEmitter *emitter = test_emitter_new ();
      int n = 0;

      lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (test_count_handler_cb),
                                      &n);
      lifecycle_scope_add_handler (scope, G_OBJECT (emitter),
                                   g_signal_connect (emitter, "plain",
                                                     G_CALLBACK (test_count_handler_cb), &n));
      lifecycle_scope_get_child_for (scope, G_OBJECT (emitter));
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 3);
      test_emit (emitter, "plain");
      g_assert_cmpint (n, ==, 2);
      g_assert_finalize_object (emitter);
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
    }
  g_assert_finalize_object (scope);
}

/* Wrong uses are told so, and do no harm. */
static void
test_programmer_errors (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();

  test_expect_critical ("*LIFECYCLE_IS_SCOPE*");
  g_assert_cmpuint (lifecycle_scope_close (NULL), ==, 0);
  test_expect_critical ("*LIFECYCLE_IS_SCOPE*");
  g_assert_cmpuint (lifecycle_scope_close ((LifecycleScope *) emitter), ==, 0);
  test_expect_critical ("*");
  g_assert_cmpuint (lifecycle_scope_connect_signal (scope, emitter, NULL,
                                                    G_CALLBACK (test_never_handler_cb), NULL),
                    ==, 0);
  test_expect_critical ("*");
  g_assert_cmpuint (lifecycle_scope_connect_signal (scope, emitter, "plain", NULL, NULL), ==, 0);
  test_expect_critical ("*");
  g_assert_false (lifecycle_scope_add_object (scope, NULL));
  test_expect_critical ("*");
  g_assert_false (lifecycle_scope_add_source (scope, NULL));
  test_expect_critical ("*");
  lifecycle_scope_defer (scope, NULL, NULL, NULL);
  test_expect_critical ("*");
  lifecycle_scope_follow (scope, NULL);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/promise-5-tolerant/all-dead", test_all_dead);
  g_test_add_func ("/lifecycle/promise-5-tolerant/foreign-id-dead", test_foreign_id_dead);
  g_test_add_func ("/lifecycle/promise-5-tolerant/foreign-id-dead-blocked",
                   test_foreign_id_dead_blocked);
  g_test_add_func ("/lifecycle/promise-5-tolerant/orders", test_orders);
  g_test_add_func ("/lifecycle/promise-5-tolerant/emitter-dies-in-release",
                   test_emitter_dies_in_release);
  g_test_add_func ("/lifecycle/promise-5-tolerant/emitter-dies-in-foreign",
                   test_emitter_dies_in_foreign);
  g_test_add_func ("/lifecycle/promise-5-tolerant/foreign-attack", test_foreign_attack);
  g_test_add_func ("/lifecycle/promise-5-tolerant/shared", test_shared);
  g_test_add_func ("/lifecycle/promise-5-tolerant/shared-in-tree", test_shared_in_tree);
  g_test_add_func ("/lifecycle/promise-5-tolerant/one-object-for-all", test_one_object_for_all);
  g_test_add_func ("/lifecycle/promise-5-tolerant/connected-in-dispose", test_connected_in_dispose);
  g_test_add_func ("/lifecycle/promise-5-tolerant/connected-in-weak-notify",
                   test_connected_in_weak_notify);
  g_test_add_func ("/lifecycle/promise-5-tolerant/resurrected", test_resurrected);
  g_test_add_func ("/lifecycle/promise-5-tolerant/address-reused", test_address_reused);
  g_test_add_func ("/lifecycle/promise-5-tolerant/programmer-errors", test_programmer_errors);

  return g_test_run ();
}
