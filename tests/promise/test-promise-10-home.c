/* test-promise-10-home.c: a scope belongs to one context, and may be ended from anywhere
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-promise-10-home-util.h"

/* A tree with something of each kind, every notify of which has to run at home. */
typedef struct
{
  LifecycleScope *scope;
  LifecycleScope *child;
  LifecycleScope *follower;
  TestEmitter    *emitter;
  gulong          ids[2];
  GSource        *source;
  int             ran;
  int             finalized;
} Tree;

#define TREE_N_CALLS (3 * 7)

static void
fill (Tree           *tree,
      LifecycleScope *scope)
{
  g_signal_connect (scope, "closing", G_CALLBACK (assert_home_scope_cb), &tree->ran);
  g_signal_connect (scope, "closed", G_CALLBACK (assert_home_scope_cb), &tree->ran);
  lifecycle_scope_connect_full (scope, tree->emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                &tree->ran, assert_home_closure_notify, 0);
  lifecycle_scope_add_idle (scope, assert_home_source_cb, &tree->ran, assert_home_notify);
  lifecycle_scope_adopt (scope, &tree->ran, assert_home_notify);
  lifecycle_scope_defer (scope, assert_home_cleanup, &tree->ran, assert_home_notify);
  lifecycle_scope_get_cancellable (scope);
}

static void
tree_init (Tree *tree)
{
  memset (tree, 0, sizeof *tree);
  home = g_thread_self ();
  tree->emitter = test_emitter_new ();
  tree->scope = lifecycle_scope_new ("scope");
  tree->child = lifecycle_scope_new_child (tree->scope, "child");
  tree->follower = lifecycle_scope_new ("follower");
  lifecycle_scope_follow (tree->follower, tree->scope);
  fill (tree, tree->scope);
  fill (tree, tree->child);
  fill (tree, tree->follower);
  test_count_finalize (tree->scope, &tree->finalized);
}

static void
tree_assert_closed (Tree           *tree,
                    LifecycleReason reason)
{
  g_assert_cmpint (lifecycle_scope_get_state (tree->scope), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_reason (tree->scope), ==, reason);
  g_assert_cmpint (lifecycle_scope_get_state (tree->child), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_reason (tree->child), ==, LIFECYCLE_REASON_PARENT_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_state (tree->follower), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_reason (tree->follower), ==, LIFECYCLE_REASON_OWNER_GONE);
}

static void
tree_clear (Tree *tree)
{
  g_assert_cmpint (tree->ran, ==, TREE_N_CALLS);
  g_assert_false (test_has_handlers (tree->emitter, "plain"));
  test_drain ();
  if (tree->scope != NULL)
    g_assert_finalize_object (tree->scope);
  g_assert_cmpint (tree->finalized, ==, 1);
  g_assert_finalize_object (tree->child);
  g_assert_finalize_object (tree->follower);
  g_assert_finalize_object (tree->emitter);
}

static void
close_scope_thread (gpointer scope)
{
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
}

static void
close_thread (gpointer data)
{
  Tree *tree = data;

  g_assert_cmpuint (lifecycle_scope_close_with_reason (tree->scope, LIFECYCLE_REASON_ABORTED,
                                                       "elsewhere"), ==, 0);
  /* Decided, at once; and not by this thread's hands. */
  g_assert_cmpint (lifecycle_scope_get_state (tree->scope), !=, LIFECYCLE_STATE_OPEN);
  g_assert_cmpint (lifecycle_scope_get_reason (tree->scope), ==, LIFECYCLE_REASON_ABORTED);
  g_assert_cmpuint (lifecycle_scope_close (tree->scope), ==, 0);
}

/* All that ends with the scope is closing at once, not only the scope. */
static void
test_close_marks_all (void)
{
  LifecycleScope *scopes[5];
  int late = 0;
  guint i;

  scopes[0] = lifecycle_scope_new ("scope");
  scopes[1] = lifecycle_scope_new_child (scopes[0], "child");
  scopes[2] = lifecycle_scope_new_child (scopes[1], "grandchild");
  scopes[3] = lifecycle_scope_new ("follower");
  lifecycle_scope_follow (scopes[3], scopes[2]);
  lifecycle_scope_follow (scopes[0], scopes[3]);
  scopes[4] = lifecycle_scope_new_child (scopes[3], "child");
  test_in_thread (close_scope_thread, scopes[0]);

  for (i = 0; i < G_N_ELEMENTS (scopes); i++)
    {
      LifecycleReason reasons[] = { LIFECYCLE_REASON_COMPLETED, LIFECYCLE_REASON_PARENT_CLOSED,
                                    LIFECYCLE_REASON_PARENT_CLOSED, LIFECYCLE_REASON_OWNER_GONE,
                                    LIFECYCLE_REASON_PARENT_CLOSED };

      g_assert_cmpint (lifecycle_scope_get_state (scopes[i]), ==, LIFECYCLE_STATE_CLOSING);
      g_assert_cmpint (lifecycle_scope_get_reason (scopes[i]), ==, reasons[i]);
      g_assert_null (lifecycle_scope_adopt (scopes[i], &late, test_count_notify));
    }
  g_assert_cmpint (late, ==, G_N_ELEMENTS (scopes));
  g_assert_cmpstr (lifecycle_scope_get_reason_detail (scopes[3]), ==, "grandchild");

  test_run_until (test_done_closed, scopes[0]);
  for (i = 0; i < G_N_ELEMENTS (scopes); i++)
    {
      g_assert_true (lifecycle_scope_is_closed (scopes[i]));
      g_assert_finalize_object (scopes[i]);
    }
}

/* The home loop is not running: it is iterated later. */
static void
test_close_stopped (void)
{
  Tree tree;
  int late = 0;

  tree_init (&tree);
  test_in_thread (close_thread, &tree);
  g_assert_cmpint (tree.ran, ==, 0);
  g_assert_cmpint (lifecycle_scope_get_state (tree.scope), ==, LIFECYCLE_STATE_CLOSING);
  g_assert_cmpstr (lifecycle_scope_get_reason_detail (tree.scope), ==, "elsewhere");

  /* What is added now is late. */
  g_assert_null (lifecycle_scope_adopt (tree.scope, &late, test_count_notify));
  g_assert_cmpint (late, ==, 1);
  g_assert_null (lifecycle_scope_add_idle (tree.scope, test_never_source_cb, NULL, NULL));
  g_assert_cmpuint (lifecycle_scope_connect_signal (tree.scope, tree.emitter, "late",
                                                    G_CALLBACK (test_never_handler_cb), NULL),
                    ==, 0);

  test_run_until (test_done_closed, tree.scope);
  tree_assert_closed (&tree, LIFECYCLE_REASON_ABORTED);
  tree_clear (&tree);
}

static gpointer
close_while_running_thread (gpointer data)
{
  close_thread (data);
  return NULL;
}

/* The home loop is running meanwhile. */
static void
test_close_running (void)
{
  guint i;

  for (i = 0; i < test_amount (200) / 2; i++)
    {
      Tree tree;
      GThread *thread;

      tree_init (&tree);
      thread = g_thread_new ("closer", close_while_running_thread, &tree);
      test_run_until (test_done_closed, tree.scope);
      g_thread_join (thread);
      tree_assert_closed (&tree, LIFECYCLE_REASON_ABORTED);
          tree_clear (&tree);
    }
}

/* The home loop never runs: the home thread closes. */
static void
test_close_never_run (void)
{
  Tree tree;

  tree_init (&tree);
  test_in_thread (close_thread, &tree);
  g_assert_cmpint (tree.ran, ==, 0);
  lifecycle_scope_close (tree.scope);
  tree_assert_closed (&tree, LIFECYCLE_REASON_ABORTED);
  g_assert_cmpstr (lifecycle_scope_get_reason_detail (tree.scope), ==, "elsewhere");
  tree_clear (&tree);
}

/* Or the home thread drops it, without ever having run anything. */
static void
test_close_then_drop (void)
{
  Tree tree;

  tree_init (&tree);
  test_in_thread (close_thread, &tree);
  g_object_unref (g_steal_pointer (&tree.scope));
  if (tree.finalized == 0)
    test_run_until (test_done_counted, &tree.finalized);
  tree_clear (&tree);
}

static void
unref_thread (gpointer data)
{
  Tree *tree = data;

  g_object_unref (g_steal_pointer (&tree->scope));
}

/* The last reference goes elsewhere, and the home loop runs later. */
static void
test_unref_stopped (void)
{
  Tree tree;

  tree_init (&tree);
  test_in_thread (unref_thread, &tree);
  g_assert_cmpint (tree.ran, ==, 0);
  g_assert_cmpint (tree.finalized, ==, 0);
  test_run_until (test_done_counted, &tree.finalized);
  g_assert_cmpint (lifecycle_scope_get_state (tree.child), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_state (tree.follower), ==, LIFECYCLE_STATE_CLOSED);
  tree_clear (&tree);
}

static gpointer
unref_while_running_thread (gpointer data)
{
  unref_thread (data);
  return NULL;
}

static void
test_unref_running (void)
{
  guint i;

  for (i = 0; i < test_amount (200) / 2; i++)
    {
      Tree tree;
      GThread *thread;

      tree_init (&tree);
      thread = g_thread_new ("dropper", unref_while_running_thread, &tree);
      test_run_until (test_done_counted, &tree.finalized);
      g_thread_join (thread);
      g_assert_cmpint (lifecycle_scope_get_state (tree.child), ==, LIFECYCLE_STATE_CLOSED);
          tree_clear (&tree);
    }
}

static void
reason_cleanup (LifecycleScope   *scope,
                LifecycleReason   reason,
                gpointer          seen,
                GError          **error)
{
  g_assert_true (LIFECYCLE_IS_SCOPE (scope));
  *(int *) seen = reason;
}

/* Dropped elsewhere, the reason is what it is at home. */
static void
test_unref_reason (void)
{
  Tree tree = { .scope = lifecycle_scope_new ("scope") };
  int seen = -1;

  test_count_finalize (tree.scope, &tree.finalized);
  lifecycle_scope_defer (tree.scope, reason_cleanup, &seen, NULL);
  test_in_thread (unref_thread, &tree);
  test_run_until (test_done_counted, &tree.finalized);
  g_assert_cmpint (seen, ==, LIFECYCLE_REASON_DROPPED);
}

/* A scope that owns nothing, or is closed, may go anywhere without further ado. */
static void
test_unref_closed (void)
{
  Tree tree = { .scope = lifecycle_scope_new ("scope") };

  test_count_finalize (tree.scope, &tree.finalized);
  lifecycle_scope_close (tree.scope);
  test_in_thread (unref_thread, &tree);
  if (tree.finalized == 0)
    test_run_until (test_done_counted, &tree.finalized);
  g_assert_cmpint (tree.finalized, ==, 1);
}

/* ---- a child with a home of its own ---- */

typedef struct
{
  TestWorker     *worker;
  LifecycleScope *parent;
  LifecycleScope *child;
  TestEmitter    *emitter;
  int             ran;
  GThread        *thread;
} Apart;

static void
apart_cleanup (LifecycleScope   *scope,
               LifecycleReason   reason,
               gpointer          data,
               GError          **error)
{
  Apart *apart = data;

  g_assert_true (g_thread_self () == apart->thread);
  g_assert_cmpint (reason, ==, LIFECYCLE_REASON_PARENT_CLOSED);
  g_atomic_int_inc (&apart->ran);
}

static void
apart_scope_cb (LifecycleScope  *scope,
                LifecycleReason  reason,
                gpointer         data)
{
  apart_cleanup (scope, reason, data, NULL);
}

static void
apart_make (gpointer data)
{
  Apart *apart = data;

  apart->thread = g_thread_self ();
  apart->emitter = test_emitter_new ();
  apart->child = lifecycle_scope_new_child (apart->parent, "child");
  g_signal_connect (apart->child, "closing", G_CALLBACK (apart_scope_cb), apart);
  g_signal_connect (apart->child, "closed", G_CALLBACK (apart_scope_cb), apart);
  lifecycle_scope_defer (apart->child, apart_cleanup, apart, NULL);
  lifecycle_scope_connect_signal (apart->child, apart->emitter, "plain",
                                  G_CALLBACK (test_count_handler_cb), &apart->ran);
}

static void
apart_emit (gpointer data)
{
  test_emit (((Apart *) data)->emitter, "plain");
}

static void
apart_finish (gpointer data)
{
  Apart *apart = data;

  g_assert_false (test_has_handlers (apart->emitter, "plain"));
  g_assert_finalize_object (apart->emitter);
  g_assert_finalize_object (apart->child);
}

static void
test_child_apart (void)
{
  Apart apart = { .worker = test_worker_new (), .parent = lifecycle_scope_new ("parent") };

  test_worker_call (apart.worker, apart_make, &apart);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (apart.parent), ==, 1);
  test_worker_call (apart.worker, apart_emit, &apart);
  g_assert_cmpint (apart.ran, ==, 1);

  lifecycle_scope_close (apart.parent);
  g_assert_cmpint (lifecycle_scope_get_state (apart.child), !=, LIFECYCLE_STATE_OPEN);
  g_assert_cmpint (lifecycle_scope_get_reason (apart.child), ==, LIFECYCLE_REASON_PARENT_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_state (apart.parent), ==, LIFECYCLE_STATE_CLOSED);
  test_worker_call (apart.worker, test_worker_drain_cb, apart.worker->context);
  test_run_until (test_done_closed, apart.child);
  test_worker_call (apart.worker, test_nothing, NULL);
  g_assert_cmpint (apart.ran, ==, 4);
  test_worker_call (apart.worker, apart_emit, &apart);
  g_assert_cmpint (apart.ran, ==, 4);
  test_worker_call (apart.worker, apart_finish, &apart);
  test_worker_free (apart.worker);
  g_assert_finalize_object (apart.parent);
}

static void
apart_close_parent (gpointer data)
{
  Apart *apart = data;

  g_assert_cmpuint (lifecycle_scope_close (apart->parent), ==, 0);
}

/* Closed in the worker, the parent comes down at home and the child where it lives. */
static void
test_child_apart_closes_parent (void)
{
  Apart apart = { .worker = test_worker_new (), .parent = lifecycle_scope_new ("parent") };
  int n = 0;

  test_worker_call (apart.worker, apart_make, &apart);
  home = g_thread_self ();
  lifecycle_scope_adopt (apart.parent, &n, assert_home_notify);
  test_worker_call (apart.worker, apart_close_parent, &apart);
  test_run_until (test_done_closed, apart.parent);
  g_assert_cmpint (n, ==, 1);
  test_run_until (test_done_closed, apart.child);
  test_worker_call (apart.worker, test_nothing, NULL);
  g_assert_cmpint (apart.ran, ==, 3);
  test_worker_call (apart.worker, apart_finish, &apart);
  test_worker_free (apart.worker);
  g_assert_finalize_object (apart.parent);
}

static void
apart_close_child (gpointer data)
{
  Apart *apart = data;

  g_signal_handlers_disconnect_by_data (apart->child, apart);
  lifecycle_scope_close (apart->child);
  g_assert_true (lifecycle_scope_is_closed (apart->child));
}

static void
nothing_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          data,
                 GError          **error)
{
}

static void
apart_make_plain (gpointer data)
{
  Apart *apart = data;

  apart->emitter = test_emitter_new ();
  apart->child = lifecycle_scope_new_child (apart->parent, "child");
  lifecycle_scope_defer (apart->child, nothing_cleanup, NULL, NULL);
}

/* The child closes by itself at its home: it leaves a parent that is at home elsewhere. */
static void
test_child_apart_first (void)
{
  Apart apart = { .worker = test_worker_new (), .parent = lifecycle_scope_new ("parent") };

  test_worker_call (apart.worker, apart_make_plain, &apart);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (apart.parent), ==, 1);
  test_worker_call (apart.worker, apart_close_child, &apart);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (apart.parent), ==, 0);
  test_worker_call (apart.worker, apart_finish, &apart);
  test_worker_free (apart.worker);
  g_assert_cmpuint (lifecycle_scope_close (apart.parent), ==, 0);
  g_assert_finalize_object (apart.parent);
}

/* A clear hands it over as well, and a move takes it along. */
static void
test_child_apart_clear (void)
{
  Apart apart = { .worker = test_worker_new (), .parent = lifecycle_scope_new ("parent") };
  LifecycleScope *moved;

  test_worker_call (apart.worker, apart_make, &apart);
  moved = lifecycle_scope_move (apart.parent);
  g_assert_cmpint (lifecycle_scope_get_state (apart.child), ==, LIFECYCLE_STATE_OPEN);
  g_assert_true (lifecycle_scope_get_parent (apart.child) == moved);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (moved), ==, 1);

  lifecycle_scope_clear (moved);
  g_assert_cmpint (lifecycle_scope_get_state (moved), ==, LIFECYCLE_STATE_OPEN);
  g_assert_cmpint (lifecycle_scope_get_reason (apart.child), ==, LIFECYCLE_REASON_PARENT_CLOSED);
  g_assert_cmpstr (lifecycle_scope_get_reason_detail (apart.child), ==, "cleared");
  test_run_until (test_done_closed, apart.child);
  test_worker_call (apart.worker, test_nothing, NULL);
  g_assert_cmpint (apart.ran, ==, 3);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (moved), ==, 0);
  test_worker_call (apart.worker, apart_finish, &apart);
  test_worker_free (apart.worker);
  g_assert_finalize_object (moved);
  g_assert_finalize_object (apart.parent);
}

/* Two threads close parent and child against each other, again and again. */
typedef struct
{
  TestWorker     *worker;
  LifecycleScope *parent;
  LifecycleScope *child;
  int             destroyed;
  int             go;
} Race;

static void
race_make (gpointer data)
{
  Race *race = data;

  race->child = lifecycle_scope_new_child (race->parent, "child");
  lifecycle_scope_adopt (race->child, &race->destroyed, test_count_notify);
  lifecycle_scope_defer (race->child, test_count_cleanup, &race->destroyed, NULL);
}

static gboolean
race_close_cb (gpointer data)
{
  Race *race = data;

  while (!g_atomic_int_get (&race->go))
    ;
  lifecycle_scope_close (race->child);
  return G_SOURCE_REMOVE;
}

static void
race_finish (gpointer data)
{
  Race *race = data;

  g_assert_finalize_object (race->child);
}

static void
test_child_apart_race (void)
{
  TestWorker *worker = test_worker_new ();
  guint i;

  for (i = 0; i < test_amount (1000); i++)
    {
      Race race = { .worker = worker, .parent = lifecycle_scope_new ("parent") };
      GSource *source = g_idle_source_new ();

      test_worker_call (worker, race_make, &race);
      lifecycle_scope_adopt (race.parent, &race.destroyed, test_count_notify);
      g_source_set_callback (source, race_close_cb, &race, NULL);
      g_source_attach (source, worker->context);
      g_source_unref (source);
      g_atomic_int_set (&race.go, 1);
      lifecycle_scope_close (race.parent);
      test_run_until (test_done_closed, race.child);
      test_worker_call (worker, test_worker_drain_cb, worker->context);
      g_assert_cmpint (g_atomic_int_get (&race.destroyed), ==, 3);
      test_worker_call (worker, race_finish, &race);
      g_assert_finalize_object (race.parent);
    }
  test_worker_free (worker);
}

/* ---- following across homes ---- */

static void
cancel_thread (gpointer data)
{
  g_cancellable_cancel (data);
}

static void
emit_thread (gpointer data)
{
  test_emit (data, "plain");
}

/* What a scope follows comes to its end on another thread: decided there, carried out at home. */
static void
test_follow_elsewhere (void)
{
  guint which;

  for (which = 0; which < 2; which++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      GCancellable *cancellable = g_cancellable_new ();
      TestEmitter *emitter = test_emitter_new ();
      int n = 0;

      home = g_thread_self ();
      lifecycle_scope_follow_cancellable (scope, cancellable);
      lifecycle_scope_follow_signal (scope, G_OBJECT (emitter), "plain",
                                     LIFECYCLE_REASON_CONFLICTED);
      g_signal_connect (scope, "closing", G_CALLBACK (assert_home_scope_cb), &n);
      g_signal_connect (scope, "closed", G_CALLBACK (assert_home_scope_cb), &n);
      lifecycle_scope_defer (scope, assert_home_cleanup, &n, assert_home_notify);
      if (which == 0)
        test_in_thread (cancel_thread, cancellable);
      else
        test_in_thread (emit_thread, emitter);
      g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSING);
      g_assert_cmpint (lifecycle_scope_get_reason (scope), ==,
                       which == 0 ? LIFECYCLE_REASON_ABORTED : LIFECYCLE_REASON_CONFLICTED);
      g_assert_cmpint (n, ==, 0);
      test_run_until (test_done_closed, scope);
      test_drain ();
      g_assert_cmpint (n, ==, 4);
      g_assert_finalize_object (scope);
      g_assert_finalize_object (cancellable);
      g_assert_finalize_object (emitter);
    }
}

typedef struct
{
  LifecycleScope *scope;
  int             ran;
} There;

static void
there_make (gpointer data)
{
  ((There *) data)->scope = lifecycle_scope_new ("there");
}

static void
there_close (gpointer data)
{
  lifecycle_scope_close (((There *) data)->scope);
  g_assert_true (lifecycle_scope_is_closed (((There *) data)->scope));
}

static void
there_finish (gpointer data)
{
  g_assert_finalize_object (((There *) data)->scope);
}

static void
test_follow_scope_apart (void)
{
  TestWorker *worker = test_worker_new ();
  There there = { 0 };
  LifecycleScope *scope = lifecycle_scope_new ("here");
  int n = 0;

  /* The one here follows the one there. */
  home = g_thread_self ();
  test_worker_call (worker, there_make, &there);
  lifecycle_scope_follow (scope, there.scope);
  lifecycle_scope_defer (scope, assert_home_cleanup, &n, assert_home_notify);
  test_worker_call (worker, there_close, &there);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSING);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_OWNER_GONE);
  test_run_until (test_done_closed, scope);
  g_assert_cmpint (n, ==, 2);
  test_drain ();
  g_assert_finalize_object (scope);
  test_worker_call (worker, there_finish, &there);

  /* And the other way round. */
  scope = lifecycle_scope_new ("here");
  test_worker_call (worker, there_make, &there);
  lifecycle_scope_follow (there.scope, scope);
  lifecycle_scope_close (scope);
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_cmpint (lifecycle_scope_get_state (there.scope), !=, LIFECYCLE_STATE_OPEN);
  g_assert_cmpint (lifecycle_scope_get_reason (there.scope), ==, LIFECYCLE_REASON_OWNER_GONE);
  test_run_until (test_done_closed, there.scope);
  test_worker_call (worker, there_finish, &there);
  g_assert_finalize_object (scope);
  test_worker_free (worker);
}

/* ---- whose context it is ---- */

typedef struct
{
  GMainContext   *context;
  LifecycleScope *scope;
  int             ran;
} Orphan;

static void
orphan_thread (gpointer data)
{
  Orphan *orphan = data;

  g_main_context_push_thread_default (orphan->context);
  orphan->scope = lifecycle_scope_new ("orphan");
  lifecycle_scope_adopt (orphan->scope, &orphan->ran, test_count_notify);
  g_main_context_pop_thread_default (orphan->context);
}

/* The thread of creation is gone; whoever iterates the context is at home. */
static void
test_other_owner (void)
{
  Orphan orphan = { .context = g_main_context_new () };

  test_in_thread (orphan_thread, &orphan);
  g_assert_cmpuint (lifecycle_scope_close (orphan.scope), ==, 0);
  g_assert_cmpint (lifecycle_scope_get_state (orphan.scope), ==, LIFECYCLE_STATE_CLOSING);
  g_assert_cmpint (orphan.ran, ==, 0);
  while (g_main_context_iteration (orphan.context, FALSE))
    ;
  g_assert_cmpint (lifecycle_scope_get_state (orphan.scope), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (orphan.ran, ==, 1);
  g_assert_finalize_object (orphan.scope);
  g_main_context_unref (orphan.context);
}

/* Nobody is left who could run the context, nor anybody who could still want the scope: when the last
 * reference goes, everything goes, the context included.
 */
static void
test_nobody_runs (void)
{
  guint how;

  for (how = 0; how < 3; how++)
    {
      Orphan orphan = { .context = g_main_context_new () };
      GSource *source = g_idle_source_new ();
      int finalized = 0;
      int context_ended = 0;

      g_source_set_callback (source, test_never_source_cb, &context_ended, test_count_notify);
      g_source_attach (source, orphan.context);
      g_source_unref (source);
      test_in_thread (orphan_thread, &orphan);
      g_main_context_unref (orphan.context);
      lifecycle_scope_add_timeout (orphan.scope, 1000, test_never_source_cb, &orphan.ran,
                                   test_count_notify);
      test_count_finalize (orphan.scope, &finalized);

      if (how == 0)
        g_assert_cmpuint (lifecycle_scope_close (orphan.scope), ==, 0);
      else if (how == 1)
        g_assert_true (lifecycle_scope_get_cancellable (orphan.scope) != NULL);
      else
        test_in_thread (close_scope_thread, orphan.scope);
      g_assert_cmpint (orphan.ran, ==, 0);
      g_object_unref (orphan.scope);
      g_assert_cmpint (orphan.ran, ==, 2);
      g_assert_cmpint (finalized, ==, 1);
      g_assert_cmpint (context_ended, ==, 1);
    }
}

static void
orphan_closed_cb (GObject      *object,
                  GAsyncResult *result,
                  gpointer      n_closed)
{
  g_assert_true (lifecycle_scope_close_finish (LIFECYCLE_SCOPE (object), result, NULL));
  ++*(int *) n_closed;
}

/* Nothing can be waited for there: it closes at once, and the callback is called. */
static void
test_nobody_runs_async (void)
{
  Orphan orphan = { .context = g_main_context_new () };
  LifecycleOperation *op;
  int n_closed = 0;

  test_in_thread (orphan_thread, &orphan);
  op = lifecycle_scope_begin (orphan.scope, "work");
  lifecycle_scope_close_async (orphan.scope, LIFECYCLE_REASON_SHUTDOWN, 0, NULL, orphan_closed_cb,
                               &n_closed);
  g_assert_true (lifecycle_scope_is_closed (orphan.scope));
  g_assert_cmpint (lifecycle_scope_get_reason (orphan.scope), ==, LIFECYCLE_REASON_SHUTDOWN);
  g_assert_cmpint (orphan.ran, ==, 1);
  test_drain ();
  g_assert_cmpint (n_closed, ==, 1);
  lifecycle_operation_end (op);
  g_assert_finalize_object (orphan.scope);
  g_main_context_unref (orphan.context);
}

/* Somebody runs the context when the last reference goes: it is for them. */
typedef struct
{
  GMainContext *context;
  int           acquired;
  int           quit;
} Runner;

static gpointer
runner_thread (gpointer data)
{
  Runner *runner = data;

  home = g_thread_self ();
  g_assert_true (g_main_context_acquire (runner->context));
  g_atomic_int_set (&runner->acquired, 1);
  while (!g_atomic_int_get (&runner->quit))
    g_main_context_iteration (runner->context, FALSE);
  while (g_main_context_iteration (runner->context, FALSE))
    ;
  g_main_context_release (runner->context);
  return NULL;
}

static void
runner_wait (Runner *runner)
{
  while (!g_atomic_int_get (&runner->acquired))
    g_usleep (100);
}

static void
test_dropped_while_run (void)
{
  Orphan orphan = { .context = g_main_context_new () };
  Runner runner = { .context = orphan.context };
  GThread *thread;
  int finalized = 0;
  int n = 0;

  test_in_thread (orphan_thread, &orphan);
  test_count_finalize (orphan.scope, &finalized);
  lifecycle_scope_defer (orphan.scope, assert_home_cleanup, &n, assert_home_notify);
  thread = g_thread_new ("runner", runner_thread, &runner);
  runner_wait (&runner);
  lifecycle_scope_close (orphan.scope);
  g_object_unref (orphan.scope);
  g_atomic_int_set (&runner.quit, 1);
  g_thread_join (thread);
  g_assert_cmpint (n, ==, 2);
  g_assert_cmpint (orphan.ran, ==, 1);
  g_assert_cmpint (finalized, ==, 1);
  g_main_context_unref (orphan.context);
}

/* A handler of `closing` starts a thread that runs the context of a child. From then on the child is
 * that thread's.
 */
typedef struct
{
  Runner          runner;
  GThread        *thread;
  LifecycleScope *child;
  gboolean        closes;
} Starting;

static gpointer
starting_thread (gpointer data)
{
  Starting *starting = data;

  if (starting->closes)
    {
      home = g_thread_self ();
      g_assert_true (g_main_context_acquire (starting->runner.context));
      lifecycle_scope_close (starting->child);
      g_assert_true (lifecycle_scope_is_closed (starting->child));
      g_main_context_release (starting->runner.context);
    }

  return runner_thread (&starting->runner);
}

static void
starting_cb (LifecycleScope  *scope,
             LifecycleReason  reason,
             gpointer         data)
{
  Starting *starting = data;

  starting->thread = g_thread_new ("starting", starting_thread, starting);
  runner_wait (&starting->runner);
}

static void
test_context_starts (void)
{
  guint i;

  for (i = 0; i < 2; i++)
    {
      LifecycleScope *parent = lifecycle_scope_new ("parent");
      Starting starting = { .runner.context = g_main_context_new (), .closes = i == 1 };
      int n = 0;

      g_main_context_push_thread_default (starting.runner.context);
      starting.child = lifecycle_scope_new_child (parent, "child");
      lifecycle_scope_defer (starting.child, assert_home_cleanup, &n, assert_home_notify);
      g_signal_connect (starting.child, "closed", G_CALLBACK (assert_home_scope_cb), &n);
      g_main_context_pop_thread_default (starting.runner.context);
      g_signal_connect (parent, "closing", G_CALLBACK (starting_cb), &starting);

      lifecycle_scope_close (parent);
      g_assert_true (lifecycle_scope_is_closed (parent));
      g_atomic_int_set (&starting.runner.quit, 1);
      g_thread_join (starting.thread);
      g_assert_cmpint (n, ==, 3);
      g_assert_true (lifecycle_scope_is_closed (starting.child));
      g_assert_cmpint (lifecycle_scope_get_reason (starting.child), ==,
                       LIFECYCLE_REASON_PARENT_CLOSED);
      g_assert_finalize_object (starting.child);
      g_assert_finalize_object (parent);
      g_main_context_unref (starting.runner.context);
    }
}

/* What is at home in another context of this thread is closed when close() returns, however often the
 * contexts take turns.
 */
static void
test_other_contexts_here (void)
{
  GMainContext *contexts[] = { g_main_context_new (), g_main_context_new () };
  guint depth = test_amount (20000);
  LifecycleScope **scopes = g_new (LifecycleScope *, depth);
  int n = 0;
  guint i;

  for (i = 0; i < depth; i++)
    {
      g_main_context_push_thread_default (contexts[i % 2]);
      scopes[i] = i == 0 ? lifecycle_scope_new ("root") : lifecycle_scope_new_child (scopes[i - 1], NULL);
      lifecycle_scope_defer (scopes[i], test_count_cleanup, &n, NULL);
      g_main_context_pop_thread_default (contexts[i % 2]);
    }
  lifecycle_scope_close (scopes[0]);
  g_assert_cmpint (n, ==, (int) depth);
  for (i = 0; i < depth; i++)
    {
      g_assert_true (lifecycle_scope_is_closed (scopes[i]));
      g_object_unref (scopes[i]);
    }
  g_free (scopes);
  g_main_context_unref (contexts[0]);
  g_main_context_unref (contexts[1]);
}

/* Who has acquired the context closes before the call returns. */
static void
test_acquired (void)
{
  Orphan orphan = { .context = g_main_context_new () };

  test_in_thread (orphan_thread, &orphan);
  g_assert_true (g_main_context_acquire (orphan.context));
  g_assert_cmpuint (lifecycle_scope_close (orphan.scope), ==, 1);
  g_assert_cmpint (orphan.ran, ==, 1);
  g_assert_cmpint (lifecycle_scope_get_state (orphan.scope), ==, LIFECYCLE_STATE_CLOSED);
  g_main_context_release (orphan.context);
  g_assert_finalize_object (orphan.scope);
  g_main_context_unref (orphan.context);
}

static void
clear_thread (gpointer data)
{
  lifecycle_scope_clear (data);
}

/* A clear is for home alone: elsewhere it is refused, with a critical. */
static void
test_clear_elsewhere (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0;

  lifecycle_scope_adopt (scope, &n, test_count_notify);
  test_expect_critical ("*");
  test_in_thread (clear_thread, scope);
  g_test_assert_expected_messages ();
  g_assert_cmpint (n, ==, 0);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_assert_finalize_object (scope);
  g_assert_cmpint (n, ==, 1);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/promise-10-home/close-stopped", test_close_stopped);
  g_test_add_func ("/lifecycle/promise-10-home/close-marks-all", test_close_marks_all);
  g_test_add_func ("/lifecycle/promise-10-home/close-running", test_close_running);
  g_test_add_func ("/lifecycle/promise-10-home/close-never-run", test_close_never_run);
  g_test_add_func ("/lifecycle/promise-10-home/close-then-drop", test_close_then_drop);
  g_test_add_func ("/lifecycle/promise-10-home/unref-stopped", test_unref_stopped);
  g_test_add_func ("/lifecycle/promise-10-home/unref-running", test_unref_running);
  g_test_add_func ("/lifecycle/promise-10-home/unref-reason", test_unref_reason);
  g_test_add_func ("/lifecycle/promise-10-home/unref-closed", test_unref_closed);
  g_test_add_func ("/lifecycle/promise-10-home/child-apart", test_child_apart);
  g_test_add_func ("/lifecycle/promise-10-home/child-apart-closes-parent",
                   test_child_apart_closes_parent);
  g_test_add_func ("/lifecycle/promise-10-home/child-apart-first", test_child_apart_first);
  g_test_add_func ("/lifecycle/promise-10-home/child-apart-clear", test_child_apart_clear);
  g_test_add_func ("/lifecycle/promise-10-home/child-apart-race", test_child_apart_race);
  g_test_add_func ("/lifecycle/promise-10-home/follow-elsewhere", test_follow_elsewhere);
  g_test_add_func ("/lifecycle/promise-10-home/follow-scope-apart", test_follow_scope_apart);
  g_test_add_func ("/lifecycle/promise-10-home/other-owner", test_other_owner);
  g_test_add_func ("/lifecycle/promise-10-home/nobody-runs", test_nobody_runs);
  g_test_add_func ("/lifecycle/promise-10-home/nobody-runs-async", test_nobody_runs_async);
  g_test_add_func ("/lifecycle/promise-10-home/dropped-while-run", test_dropped_while_run);
  g_test_add_func ("/lifecycle/promise-10-home/context-starts", test_context_starts);
  g_test_add_func ("/lifecycle/promise-10-home/other-contexts-here", test_other_contexts_here);
  g_test_add_func ("/lifecycle/promise-10-home/acquired", test_acquired);
  g_test_add_func ("/lifecycle/promise-10-home/clear-elsewhere", test_clear_elsewhere);

  return g_test_run ();
}
