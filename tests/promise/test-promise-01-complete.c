/* test-promise-01-complete.c: after the close nothing of it is left anywhere
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

#include <fcntl.h>
#include <signal.h>
#include <glib/gstdio.h>

/* One of everything that a scope can own, and what has to be true of it afterwards. */
typedef struct
{
  LifecycleScope *scope;
  TestEmitter    *emitter;
  gulong          ids[6];
  GSource        *sources[5];
  GCancellable   *cancellable;
  int             fds[2];
  int             destroyed;
  int             object_finalized;
} Set;

#define SET_N_ENTRIES 13
#define SET_N_NOTIFIES 8

static gboolean
never_fd_cb (int          fd,
             GIOCondition condition,
             gpointer     data)
{
  g_assert_not_reached ();
  return G_SOURCE_REMOVE;
}

static void
set_fill (Set            *set,
          LifecycleScope *scope)
{
  GObject *object;
  guint i = 0;

  set->scope = g_object_ref (scope);
  set->emitter = test_emitter_new ();
  object = G_OBJECT (set->emitter);

  set->ids[0] = lifecycle_scope_connect_signal (scope, object, "plain",
                                                G_CALLBACK (test_never_handler_cb), NULL);
  set->ids[1] = lifecycle_scope_connect_full (scope, object, "detailed::red",
                                              G_CALLBACK (test_never_handler_cb), &set->destroyed,
                                              test_count_closure_notify,
                                              LIFECYCLE_CONNECT_AFTER | LIFECYCLE_CONNECT_SWAPPED);
  set->ids[2] = lifecycle_scope_connect_full (scope, object, "notify::value",
                                              G_CALLBACK (test_never_handler_cb), &set->destroyed,
                                              test_count_closure_notify, LIFECYCLE_CONNECT_ONCE);
  set->ids[3] = lifecycle_scope_connect_closure (scope, object, "beep",
                                                 g_cclosure_new (G_CALLBACK (test_never_handler_cb),
                                                                 &set->destroyed,
                                                                 test_count_closure_notify), 0);
  set->ids[4] = g_signal_connect_data (object, "plain", G_CALLBACK (test_never_handler_cb),
                                       &set->destroyed, test_count_closure_notify, 0);
  lifecycle_scope_add_handler (scope, object, set->ids[4]);
  set->ids[5] = g_signal_connect (object, "plain", G_CALLBACK (test_never_handler_cb), NULL);
  lifecycle_scope_add_handler (scope, object, set->ids[5]);

  set->sources[i++] = g_source_ref (lifecycle_scope_add_idle (scope, test_never_source_cb,
                                                              &set->destroyed, test_count_notify));
  g_assert_true (g_unix_open_pipe (set->fds, FD_CLOEXEC, NULL));
  set->sources[i++] = g_source_ref (lifecycle_scope_add_fd (scope, set->fds[0], G_IO_IN,
                                                            never_fd_cb, NULL, NULL));
  set->sources[i++] = g_source_ref (lifecycle_scope_add_unix_signal (scope, SIGUSR1,
                                                                     test_never_source_cb, NULL,
                                                                     NULL));
  set->sources[i] = g_timeout_source_new (0);
  g_source_set_callback (set->sources[i], test_never_source_cb, &set->destroyed, test_count_notify);
  lifecycle_scope_add_source (scope, set->sources[i]);

  object = g_object_new (TEST_TYPE_EMITTER, NULL);
  test_count_finalize (object, &set->object_finalized);
  lifecycle_scope_add_object (scope, object);
  g_object_unref (object);
  lifecycle_scope_adopt (scope, &set->destroyed, test_count_notify);
  lifecycle_scope_defer (scope, test_count_cleanup, &set->destroyed, NULL);
  set->cancellable = g_object_ref (lifecycle_scope_get_cancellable (scope));
}

static void
set_assert_complete (Set *set)
{
  guint i;

  g_assert_cmpint (lifecycle_scope_get_state (set->scope), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (set->scope), ==, 0);
  g_assert_null (lifecycle_scope_get_parent (set->scope));
  for (i = 0; i < G_N_ELEMENTS (set->ids); i++)
    g_assert_false (test_is_connected (set->emitter, set->ids[i]));
  g_assert_false (test_has_handlers (set->emitter, "plain"));
  g_assert_false (test_has_handlers (set->emitter, "beep"));
  for (i = 0; i < 4; i++)
    {
      g_assert_true (g_source_is_destroyed (set->sources[i]));
      /* Nobody but this test holds it: a destroyed source that is held stays in its context. */
      g_assert_cmpint (g_atomic_int_get ((gint *) &set->sources[i]->ref_count), ==, 1);
    }
  g_assert_true (g_cancellable_is_cancelled (set->cancellable));
  g_assert_cmpint (set->destroyed, ==, SET_N_NOTIFIES);
  g_assert_cmpint (set->object_finalized, ==, 1);

  test_emit (set->emitter, "plain");
  test_emit (set->emitter, "detailed::red");
  test_emit (set->emitter, "beep");
  g_object_set (set->emitter, "value", 3, NULL);
  test_drain ();
}

static void
set_clear (Set *set)
{
  guint i;

  for (i = 0; i < 4; i++)
    g_source_unref (set->sources[i]);
  g_close (set->fds[0], NULL);
  g_close (set->fds[1], NULL);
  g_assert_finalize_object (set->scope);
  g_assert_finalize_object (set->cancellable);
  g_assert_finalize_object (set->emitter);
}

static void
test_one (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  Set set = { 0 };

  set_fill (&set, scope);
  g_object_unref (scope);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, SET_N_ENTRIES);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, SET_N_ENTRIES);
  set_assert_complete (&set);
  set_clear (&set);
}

/* A tree of them, with followers at every level, and all the ways in which it can end. */

typedef struct
{
  LifecycleScope *root;
  LifecycleScope *followed;
  TestEmitter    *object;
  TestEmitter    *trigger;
  GCancellable   *cancellable;
  Set             sets[8];
} Tree;

static void
tree_init (Tree *tree)
{
  LifecycleScope *scopes[8];
  guint i;

  memset (tree, 0, sizeof *tree);
  tree->followed = lifecycle_scope_new ("followed");
  tree->object = test_emitter_new ();
  tree->trigger = test_emitter_new ();
  tree->cancellable = g_cancellable_new ();

  scopes[0] = lifecycle_scope_new ("root");
  scopes[1] = lifecycle_scope_new_child (scopes[0], "a");
  scopes[2] = lifecycle_scope_new_child (scopes[1], "b");
  scopes[3] = g_object_ref (lifecycle_scope_get_child (scopes[0], "c"));
  scopes[4] = lifecycle_scope_new ("follower");
  scopes[5] = lifecycle_scope_new_child (scopes[4], "below-follower");
  scopes[6] = lifecycle_scope_new ("follower-of-leaf");
  scopes[7] = lifecycle_scope_new ("follower-of-follower");
  lifecycle_scope_follow (scopes[4], scopes[0]);
  lifecycle_scope_follow (scopes[6], scopes[2]);
  lifecycle_scope_follow (scopes[7], scopes[5]);
  lifecycle_scope_follow (scopes[0], tree->followed);
  lifecycle_scope_follow_object (scopes[0], G_OBJECT (tree->object));
  lifecycle_scope_follow_signal (scopes[0], G_OBJECT (tree->trigger), "plain",
                                 LIFECYCLE_REASON_ABORTED);
  lifecycle_scope_follow_cancellable (scopes[0], tree->cancellable);

  /* Filled in an order that has nothing to do with the tree. */
  for (i = 0; i < 8; i++)
    set_fill (&tree->sets[(i * 3) % 8], scopes[(i * 3) % 8]);
  for (i = 1; i < 8; i++)
    g_object_unref (scopes[i]);
  tree->root = scopes[0];
}

static void
end_close (Tree *tree)
{
  lifecycle_scope_close (tree->root);
}

static void
end_drop (Tree *tree)
{
  /* The sets hold references for the sake of their questions. */
  g_object_unref (tree->sets[0].scope);
  g_clear_object (&tree->root);
  tree->sets[0].scope = NULL;
}

static void
end_followed (Tree *tree)
{
  lifecycle_scope_close (tree->followed);
}

static void
end_object (Tree *tree)
{
  g_assert_finalize_object (tree->object);
  tree->object = NULL;
}

static void
end_run_dispose (Tree *tree)
{
  g_object_run_dispose (G_OBJECT (tree->object));
}

static void
end_signal (Tree *tree)
{
  test_emit (tree->trigger, "plain");
}

static void
end_cancellable (Tree *tree)
{
  g_cancellable_cancel (tree->cancellable);
}

static void
end_scope_run_dispose (Tree *tree)
{
  g_object_run_dispose (G_OBJECT (tree->root));
}

static void
test_tree (gconstpointer data)
{
  void (*end) (Tree *) = data;
  Tree tree;
  guint i;

  tree_init (&tree);
  end (&tree);
  for (i = 0; i < 8; i++)
    if (tree.sets[i].scope != NULL)
      set_assert_complete (&tree.sets[i]);

  if (tree.sets[0].scope == NULL)
    {
      g_assert_cmpint (tree.sets[0].destroyed, ==, SET_N_NOTIFIES);
      g_assert_cmpint (tree.sets[0].object_finalized, ==, 1);
      g_assert_false (test_has_handlers (tree.sets[0].emitter, "plain"));
      tree.sets[0].scope = lifecycle_scope_new (NULL);
    }
  else
    g_clear_object (&tree.root);
  for (i = 0; i < 8; i++)
    set_clear (&tree.sets[i]);

  g_assert_false (test_has_handlers (tree.trigger, "plain"));
  g_assert_finalize_object (tree.followed);
  g_clear_object (&tree.object);
  g_assert_finalize_object (tree.trigger);
  g_assert_finalize_object (tree.cancellable);
}

static void
clear_cb (TestEmitter *emitter,
          gpointer     data)
{
}

/* Everything goes by a clear as well, only that the scope stays. */
static void
test_clear (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  Set set = { 0 }, below = { 0 };
  guint i;

  set_fill (&set, scope);
  set_fill (&below, child);
  g_object_unref (child);
  lifecycle_scope_connect_signal (scope, set.emitter, "plain", G_CALLBACK (clear_cb), NULL);
  g_assert_cmpuint (lifecycle_scope_clear (scope), ==, 2 * SET_N_ENTRIES + 2);
  set_assert_complete (&below);
  set_clear (&below);

  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  for (i = 0; i < G_N_ELEMENTS (set.ids); i++)
    g_assert_false (test_is_connected (set.emitter, set.ids[i]));
  g_assert_cmpint (set.destroyed, ==, SET_N_NOTIFIES);
  g_assert_cmpint (set.object_finalized, ==, 1);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  set_assert_complete (&set);
  g_object_unref (scope);
  set_clear (&set);
}

/* Within an emission the later handlers of that same emission are gone too. */

static void
close_cb (TestEmitter *emitter,
          gpointer     scope)
{
  test_log ("close");
  lifecycle_scope_close (scope);
}

static void
test_same_emission (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  LifecycleScope *follower = lifecycle_scope_new ("follower");
  LifecycleScope *other = lifecycle_scope_new ("other");
  TestEmitter *emitter = test_emitter_new ();

  lifecycle_scope_follow (follower, child);
  lifecycle_scope_connect_signal (scope, emitter, "late", G_CALLBACK (test_log_handler_cb),
                                  (gpointer) "before");
  lifecycle_scope_connect_signal (other, emitter, "late", G_CALLBACK (close_cb), scope);
  lifecycle_scope_connect_signal (scope, emitter, "late", G_CALLBACK (test_never_handler_cb), NULL);
  lifecycle_scope_connect_signal (child, emitter, "late", G_CALLBACK (test_never_handler_cb), NULL);
  lifecycle_scope_connect_signal (follower, emitter, "late", G_CALLBACK (test_never_handler_cb),
                                  NULL);
  lifecycle_scope_connect_full (scope, emitter, "late", G_CALLBACK (test_never_handler_cb), NULL,
                                NULL, LIFECYCLE_CONNECT_AFTER);
  lifecycle_scope_add_handler (scope, G_OBJECT (emitter),
                               g_signal_connect (emitter, "late",
                                                 G_CALLBACK (test_never_handler_cb), NULL));
  lifecycle_scope_connect_signal (other, emitter, "late", G_CALLBACK (test_log_handler_cb),
                                  (gpointer) "other");
  test_emit (emitter, "late");
  test_assert_log ("before close other class");

  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (follower);
  g_assert_finalize_object (other);
  g_assert_finalize_object (emitter);
}

static gboolean
close_source_cb (gpointer scope)
{
  test_log ("close");
  lifecycle_scope_close (scope);
  return G_SOURCE_REMOVE;
}

/* Sources that are ready in the same iteration do not run any more. */
static void
test_same_iteration (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *other = lifecycle_scope_new ("other");
  GSource *source = g_idle_source_new ();

  lifecycle_scope_add_idle (other, close_source_cb, scope, NULL);
  lifecycle_scope_add_idle (scope, test_never_source_cb, NULL, NULL);
  g_source_set_callback (source, test_never_source_cb, NULL, NULL);
  lifecycle_scope_add_source (scope, source);
  g_source_unref (source);
  test_drain ();
  test_assert_log ("close");
  g_assert_finalize_object (scope);
  g_assert_finalize_object (other);
}

/* The most common place of all to close a scope is the dispose of the object whose handlers it has:
 * complete means complete also there, though GLib is about to do a part of it by itself. */

typedef struct
{
  LifecycleScope *scope;
  TestEmitter    *emitter;
  gulong          ids[4];
  int             destroyed;
  int             n;
} Dying;

static void
close_in_dispose (gpointer data)
{
  Dying *dying = data;
  guint i;

  if (dying->n++ > 0)
    return;
  g_assert_cmpuint (lifecycle_scope_close (dying->scope), ==, 4);
  g_assert_cmpint (dying->destroyed, ==, 4);
  for (i = 0; i < 4; i++)
    g_assert_false (test_is_connected (dying->emitter, dying->ids[i]));
  g_assert_false (test_has_handlers (dying->emitter, "plain"));
  test_emit (dying->emitter, "plain");
}

static void
test_in_dispose (gconstpointer by_hand)
{
  Dying dying = { .scope = lifecycle_scope_new ("scope"), .emitter = test_emitter_new () };
  GObject *object = G_OBJECT (dying.emitter);
  guint i;

  for (i = 0; i < 2; i++)
    {
      dying.ids[2 * i] = lifecycle_scope_connect_full (dying.scope, object, "plain",
                                                       G_CALLBACK (test_never_handler_cb),
                                                       &dying.destroyed,
                                                       test_count_closure_notify, 0);
      dying.ids[2 * i + 1] = g_signal_connect_data (object, "plain",
                                                    G_CALLBACK (test_never_handler_cb),
                                                    &dying.destroyed, test_count_closure_notify, 0);
      lifecycle_scope_add_handler (dying.scope, object, dying.ids[2 * i + 1]);
    }
  lifecycle_scope_of (object);
  dying.emitter->on_dispose = close_in_dispose;
  dying.emitter->hook_data = &dying;
  if (GPOINTER_TO_INT (by_hand))
    g_object_run_dispose (object);
  g_assert_finalize_object (dying.emitter);
  g_assert_cmpint (dying.n, ==, GPOINTER_TO_INT (by_hand) ? 2 : 1);
  g_assert_cmpint (dying.destroyed, ==, 4);
  g_assert_finalize_object (dying.scope);
}

/* What cleanups, notifies and handlers of `closing` and `closed` add does not stay either. */

typedef struct
{
  TestEmitter *emitter;
  int          added;
  int          destroyed;
} Adder;

static void
adder_add (Adder          *adder,
           LifecycleScope *scope)
{
  LifecycleScope *child;

  lifecycle_scope_connect_full (scope, adder->emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                &adder->destroyed, test_count_closure_notify, 0);
  lifecycle_scope_add_idle (scope, test_never_source_cb, &adder->destroyed, test_count_notify);
  lifecycle_scope_adopt (scope, &adder->destroyed, test_count_notify);
  lifecycle_scope_defer (scope, test_count_cleanup, &adder->destroyed, NULL);
  child = lifecycle_scope_get_child (scope, "late");
  lifecycle_scope_connect_full (child, adder->emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                &adder->destroyed, test_count_closure_notify, 0);
  adder->added += 5;
}

static void
adder_cleanup (LifecycleScope   *scope,
               LifecycleReason   reason,
               gpointer          adder,
               GError          **error)
{
  adder_add (adder, scope);
}

static void
adder_scope_cb (LifecycleScope  *scope,
                LifecycleReason  reason,
                gpointer         adder)
{
  adder_add (adder, scope);
}

static void
test_added_meanwhile (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  Adder adder = { .emitter = test_emitter_new () };

  lifecycle_scope_defer (scope, adder_cleanup, &adder, NULL);
  lifecycle_scope_defer (child, adder_cleanup, &adder, NULL);
  g_signal_connect (scope, "closing", G_CALLBACK (adder_scope_cb), &adder);
  g_signal_connect (scope, "closed", G_CALLBACK (adder_scope_cb), &adder);
  g_signal_connect (child, "closing", G_CALLBACK (adder_scope_cb), &adder);
  g_signal_connect (child, "closed", G_CALLBACK (adder_scope_cb), &adder);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 3);
  g_assert_cmpint (adder.added, ==, 30);
  g_assert_cmpint (adder.destroyed, ==, 30);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (child), ==, 0);
  test_emit (adder.emitter, "plain");
  test_drain ();
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (adder.emitter);
}

int
main (int   argc,
      char *argv[])
{
  static const struct { const char *path; void (*end) (Tree *); } ends[] = {
    { "/lifecycle/promise-1-complete/tree-close", end_close },
    { "/lifecycle/promise-1-complete/tree-drop", end_drop },
    { "/lifecycle/promise-1-complete/tree-followed", end_followed },
    { "/lifecycle/promise-1-complete/tree-object", end_object },
    { "/lifecycle/promise-1-complete/tree-run-dispose", end_run_dispose },
    { "/lifecycle/promise-1-complete/tree-signal", end_signal },
    { "/lifecycle/promise-1-complete/tree-cancellable", end_cancellable },
    { "/lifecycle/promise-1-complete/tree-scope-run-dispose", end_scope_run_dispose },
  };
  guint i;

  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/promise-1-complete/one", test_one);
  for (i = 0; i < G_N_ELEMENTS (ends); i++)
    g_test_add_data_func (ends[i].path, ends[i].end, test_tree);
  g_test_add_func ("/lifecycle/promise-1-complete/clear", test_clear);
  g_test_add_func ("/lifecycle/promise-1-complete/same-emission", test_same_emission);
  g_test_add_func ("/lifecycle/promise-1-complete/same-iteration", test_same_iteration);
  g_test_add_data_func ("/lifecycle/promise-1-complete/in-dispose", GINT_TO_POINTER (FALSE),
                        test_in_dispose);
  g_test_add_data_func ("/lifecycle/promise-1-complete/in-run-dispose", GINT_TO_POINTER (TRUE),
                        test_in_dispose);
  g_test_add_func ("/lifecycle/promise-1-complete/added-meanwhile", test_added_meanwhile);

  return g_test_run ();
}
