/* test-signals-block.c: signal handlers that are blocked, and what they do to their scope
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-signals-util.h"

static void
test_block (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  TestEmitter *emitter = test_emitter_new ();
  gulong adopted;

  lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (test_log_handler_cb),
                                  (gpointer) "scope");
  lifecycle_scope_connect_signal (child, emitter, "plain", G_CALLBACK (test_log_handler_cb),
                                  (gpointer) "child");
  adopted = g_signal_connect (emitter, "plain", G_CALLBACK (test_log_handler_cb),
                              (gpointer) "adopted");
  lifecycle_scope_add_handler (scope, G_OBJECT (emitter), adopted);
  lifecycle_scope_connect_closure (scope, G_OBJECT (emitter), "plain",
                                   g_cclosure_new (G_CALLBACK (test_log_handler_cb),
                                                   (gpointer) "closure", NULL), 0);
  g_signal_connect (emitter, "plain", G_CALLBACK (test_log_handler_cb), (gpointer) "plain");

  lifecycle_scope_block (scope);
  test_emit (emitter, "plain");
  test_assert_log ("plain");
  lifecycle_scope_block (scope);
  lifecycle_scope_unblock (scope);
  test_emit (emitter, "plain");
  test_assert_log ("plain");
  lifecycle_scope_unblock (scope);
  test_emit (emitter, "plain");
  test_assert_log ("scope child adopted closure plain");

  lifecycle_scope_block (child);
  test_emit (emitter, "plain");
  test_assert_log ("scope adopted closure plain");
  lifecycle_scope_block (scope);
  lifecycle_scope_unblock (child);
  test_emit (emitter, "plain");
  test_assert_log ("plain");
  lifecycle_scope_unblock (scope);
  test_emit (emitter, "plain");
  test_assert_log ("scope child adopted closure plain");

  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 5);
  test_emit (emitter, "plain");
  test_assert_log ("plain");
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* What is added meanwhile is blocked too, as often as the scope is. */
static void
test_block_added (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *before = lifecycle_scope_new_child (scope, "before");
  LifecycleScope *meanwhile;
  TestEmitter *emitter = test_emitter_new ();

  lifecycle_scope_block (scope);
  lifecycle_scope_block (scope);
  meanwhile = lifecycle_scope_new_child (scope, "meanwhile");
  lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (test_log_handler_cb),
                                  (gpointer) "scope");
  lifecycle_scope_add_handler (scope, G_OBJECT (emitter),
                               g_signal_connect (emitter, "plain", G_CALLBACK (test_log_handler_cb),
                                                 (gpointer) "adopted"));
  lifecycle_scope_connect_closure (scope, G_OBJECT (emitter), "plain",
                                   g_cclosure_new (G_CALLBACK (test_log_handler_cb),
                                                   (gpointer) "closure", NULL), 0);
  lifecycle_scope_connect_signal (before, emitter, "plain", G_CALLBACK (test_log_handler_cb),
                                  (gpointer) "before");
  lifecycle_scope_connect_signal (meanwhile, emitter, "plain", G_CALLBACK (test_log_handler_cb),
                                  (gpointer) "meanwhile");
  test_emit (emitter, "plain");
  test_assert_log ("");
  lifecycle_scope_unblock (scope);
  test_emit (emitter, "plain");
  test_assert_log ("");
  lifecycle_scope_unblock (scope);
  test_emit (emitter, "plain");
  test_assert_log ("scope adopted closure before meanwhile");
  g_assert_finalize_object (scope);
  g_assert_finalize_object (before);
  g_assert_finalize_object (meanwhile);
  g_assert_finalize_object (emitter);
}

/* The user's own blocks are counted apart. */
static void
test_block_own (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int n = 0;
  gulong id;

  id = lifecycle_scope_connect_signal (scope, emitter, "plain",
                                       G_CALLBACK (test_count_handler_cb), &n);
  g_signal_handler_block (emitter, id);
  lifecycle_scope_block (scope);
  lifecycle_scope_unblock (scope);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 0);
  g_signal_handler_unblock (emitter, id);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 1);

  /* Closed while both blocks stand. */
  g_signal_handler_block (emitter, id);
  lifecycle_scope_block (scope);
  lifecycle_scope_close (scope);
  g_assert_false (test_is_connected (emitter, id));
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
test_block_steal (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  TestEmitter *emitter = test_emitter_new ();
  GObject *object = G_OBJECT (emitter);
  gulong made, adopted, in_child;

  made = lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (test_log_handler_cb),
                                         (gpointer) "made");
  adopted = g_signal_connect (emitter, "plain", G_CALLBACK (test_log_handler_cb),
                              (gpointer) "adopted");
  lifecycle_scope_add_handler (scope, object, adopted);
  in_child = lifecycle_scope_connect_signal (child, emitter, "plain",
                                             G_CALLBACK (test_log_handler_cb), (gpointer) "child");
  lifecycle_scope_block (scope);
  lifecycle_scope_block (scope);
  lifecycle_scope_block (child);

  g_assert_true (lifecycle_scope_steal_handler (scope, object, made));
  g_assert_true (lifecycle_scope_steal_handler (scope, object, adopted));
  g_assert_true (lifecycle_scope_steal_handler (child, object, in_child));
  test_emit (emitter, "plain");
  test_assert_log ("made adopted child");
  g_assert_finalize_object (scope);
  g_assert_finalize_object (child);
  g_assert_finalize_object (emitter);
}

static void
test_block_move (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *moved;
  TestEmitter *emitter = test_emitter_new ();
  int n = 0;

  lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (test_count_handler_cb), &n);
  lifecycle_scope_block (scope);
  moved = lifecycle_scope_move (scope);
  g_assert_finalize_object (scope);
  lifecycle_scope_connect_signal (moved, emitter, "plain", G_CALLBACK (test_count_handler_cb), &n);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 0);
  lifecycle_scope_unblock (moved);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 2);
  g_assert_finalize_object (moved);
  g_assert_finalize_object (emitter);
}

/* A child that is moved out of a blocked tree leaves the block behind: nobody could lift it there.
 * Its own it takes along. */
static void
test_block_move_child (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *child = lifecycle_scope_new_child (parent, "child");
  LifecycleScope *leaf = lifecycle_scope_new_child (child, "leaf");
  LifecycleScope *moved;
  TestEmitter *emitter = test_emitter_new ();
  int n = 0;

  lifecycle_scope_connect_signal (child, emitter, "plain", G_CALLBACK (test_count_handler_cb), &n);
  lifecycle_scope_connect_signal (leaf, emitter, "plain", G_CALLBACK (test_count_handler_cb), &n);
  lifecycle_scope_block (parent);
  lifecycle_scope_block (child);
  moved = lifecycle_scope_move (child);
  g_assert_finalize_object (child);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 0);
  lifecycle_scope_unblock (moved);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 2);

  /* Neither does the end of that block count for it any more. */
  lifecycle_scope_unblock (parent);
  lifecycle_scope_block (moved);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 2);
  g_assert_finalize_object (moved);
  g_assert_finalize_object (leaf);
  g_assert_finalize_object (parent);
  g_assert_finalize_object (emitter);
}

static void
test_block_clear (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int n = 0;

  lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (test_count_handler_cb), &n);
  lifecycle_scope_block (scope);
  g_assert_cmpuint (lifecycle_scope_clear (scope), ==, 1);
  lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (test_count_handler_cb), &n);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 0);
  lifecycle_scope_unblock (scope);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 1);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* Sources are not affected. */
static void
test_block_sources (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0;

  lifecycle_scope_block (scope);
  lifecycle_scope_add_idle (scope, test_count_source_once_cb, &n, NULL);
  test_drain ();
  g_assert_cmpint (n, ==, 1);
  lifecycle_scope_unblock (scope);
  g_assert_finalize_object (scope);
}

static void
test_unblock_unblocked (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int n = 0;

  lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (test_count_handler_cb), &n);
  test_expect_critical ("*");
  lifecycle_scope_unblock (scope);
  g_test_assert_expected_messages ();
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 1);
  lifecycle_scope_block (scope);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 1);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* A handler blocks the scope, or unblocks it, during the emission. */
static void
block_cb (TestEmitter *emitter,
          gpointer     scope)
{
  test_log ("block");
  lifecycle_scope_block (scope);
}

static void
test_block_in_handler (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();

  lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (block_cb), scope);
  lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (test_log_handler_cb),
                                  (gpointer) "later");
  test_emit (emitter, "plain");
  test_assert_log ("block");
  lifecycle_scope_unblock (scope);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
disconnect_self_cb (TestEmitter *emitter,
                    Fixture     *f)
{
  f->n++;
  g_signal_handler_disconnect (emitter, f->id);
  g_assert_cmpint (f->destroyed, ==, 0);
}

static void
test_disconnects_itself (void)
{
  Fixture f = { .scope = lifecycle_scope_new ("scope"), .emitter = test_emitter_new () };

  f.id = lifecycle_scope_connect_full (f.scope, f.emitter, "plain", G_CALLBACK (disconnect_self_cb),
                                       &f, fixture_closure_notify, 0);
  test_emit (f.emitter, "plain");
  test_emit (f.emitter, "plain");
  g_assert_cmpint (f.n, ==, 1);
  g_assert_cmpint (f.destroyed, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (f.scope), ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (f.scope), ==, 0);
  g_assert_finalize_object (f.scope);
  g_assert_finalize_object (f.emitter);
}

static void
disconnect_other_cb (TestEmitter *emitter,
                     Fixture     *f)
{
  if (f->other_id != 0)
    g_clear_signal_handler (&f->other_id, emitter);
}

static void
test_disconnects_neighbour (void)
{
  guint later;

  for (later = 0; later < 2; later++)
    {
      Fixture f = { .scope = lifecycle_scope_new ("scope"), .emitter = test_emitter_new () };

      if (later == 0)
        f.other_id = lifecycle_scope_connect_full (f.scope, f.emitter, "plain",
                                                   G_CALLBACK (test_count_handler_cb), &f.n,
                                                   NULL, 0);
      lifecycle_scope_connect_full (f.scope, f.emitter, "plain", G_CALLBACK (disconnect_other_cb),
                                    &f, NULL, 0);
      if (later == 1)
        f.other_id = lifecycle_scope_connect_full (f.scope, f.emitter, "plain",
                                                   G_CALLBACK (test_count_handler_cb), &f.n,
                                                   NULL, 0);
      g_assert_cmpuint (lifecycle_scope_get_n_entries (f.scope), ==, 2);
      test_emit (f.emitter, "plain");
      g_assert_cmpint (f.n, ==, later == 0 ? 1 : 0);
      g_assert_cmpuint (lifecycle_scope_get_n_entries (f.scope), ==, 1);
      g_assert_cmpuint (lifecycle_scope_close (f.scope), ==, 1);
      g_assert_finalize_object (f.scope);
      g_assert_finalize_object (f.emitter);
    }
}

static void
close_scope_cb (TestEmitter *emitter,
                Fixture     *f)
{
  f->n++;
  g_assert_cmpuint (lifecycle_scope_close (f->scope), ==, 3);
  g_assert_true (lifecycle_scope_is_closed (f->scope));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (f->scope), ==, 0);
  g_assert_false (test_has_handlers (emitter, "plain"));
  /* The data of a callback is not destroyed under it. */
  g_assert_cmpint (f->destroyed, ==, 0);
}

static void
test_closes_scope (void)
{
  Fixture f = { .scope = lifecycle_scope_new ("scope"), .emitter = test_emitter_new () };
  int before = 0;

  lifecycle_scope_connect_signal (f.scope, f.emitter, "plain", G_CALLBACK (test_count_handler_cb),
                                  &before);
  lifecycle_scope_connect_full (f.scope, f.emitter, "plain", G_CALLBACK (close_scope_cb), &f,
                                fixture_closure_notify, 0);
  lifecycle_scope_connect_signal (f.scope, f.emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                  NULL);
  test_emit (f.emitter, "plain");
  g_assert_cmpint (before, ==, 1);
  g_assert_cmpint (f.n, ==, 1);
  g_assert_cmpint (f.destroyed, ==, 1);
  g_assert_finalize_object (f.scope);
  g_assert_finalize_object (f.emitter);
}

static void
close_parent_cb (TestEmitter *emitter,
                 Fixture     *f)
{
  LifecycleScope *parent = lifecycle_scope_get_parent (f->scope);

  f->n++;
  g_assert_cmpuint (lifecycle_scope_close (parent), ==, 2);
  g_assert_true (lifecycle_scope_is_closed (f->scope));
  g_assert_cmpint (f->destroyed, ==, 0);
}

static void
test_closes_parent (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  Fixture f = { .scope = lifecycle_scope_new_child (parent, "scope"),
                .emitter = test_emitter_new () };

  lifecycle_scope_connect_full (f.scope, f.emitter, "plain", G_CALLBACK (close_parent_cb), &f,
                                fixture_closure_notify, 0);
  test_emit (f.emitter, "plain");
  test_emit (f.emitter, "plain");
  g_assert_cmpint (f.n, ==, 1);
  g_assert_cmpint (f.destroyed, ==, 1);
  g_assert_finalize_object (f.scope);
  g_assert_finalize_object (parent);
  g_assert_finalize_object (f.emitter);
}

static void
drop_scope_cb (TestEmitter *emitter,
               Fixture     *f)
{
  f->n++;
  g_clear_object (&f->scope);
  g_assert_false (test_is_connected (emitter, f->id));
}

static void
test_drops_scope (void)
{
  Fixture f = { .scope = lifecycle_scope_new ("scope"), .emitter = test_emitter_new () };
  int finalized = 0;

  test_count_finalize (f.scope, &finalized);
  f.id = lifecycle_scope_connect_full (f.scope, f.emitter, "plain", G_CALLBACK (drop_scope_cb), &f,
                                       fixture_closure_notify, 0);
  lifecycle_scope_connect_signal (f.scope, f.emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                  NULL);
  test_emit (f.emitter, "plain");
  test_emit (f.emitter, "plain");
  g_assert_cmpint (f.n, ==, 1);
  g_assert_cmpint (f.destroyed, ==, 1);
  g_assert_cmpint (finalized, ==, 1);
  g_assert_finalize_object (f.emitter);
}

static void
drop_emitter_cb (TestEmitter *emitter,
                 Fixture     *f)
{
  f->n++;
  g_clear_object (&f->emitter);
}

static void
test_drops_emitter (void)
{
  Fixture f = { .scope = lifecycle_scope_new ("scope"), .emitter = test_emitter_new () };
  int finalized = 0;

  test_count_finalize (f.emitter, &finalized);
  lifecycle_scope_connect_full (f.scope, f.emitter, "plain", G_CALLBACK (drop_emitter_cb), &f,
                                fixture_closure_notify, 0);
  test_emit (f.emitter, "plain");
  g_assert_cmpint (f.n, ==, 1);
  g_assert_cmpint (f.destroyed, ==, 1);
  g_assert_cmpint (finalized, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (f.scope), ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (f.scope), ==, 0);
  g_assert_finalize_object (f.scope);
}

static void
drop_both_cb (TestEmitter *emitter,
              Fixture     *f)
{
  f->n++;
  if (f->depth == 0)
    {
      g_clear_object (&f->emitter);
      g_clear_object (&f->scope);
    }
  else
    {
      g_clear_object (&f->scope);
      g_clear_object (&f->emitter);
    }
}

/* Both die in the same emission, in either order. */
static void
test_drops_both (void)
{
  int order;

  for (order = 0; order < 2; order++)
    {
      Fixture f = { .scope = lifecycle_scope_new ("scope"), .emitter = test_emitter_new () };
      int finalized = 0;

      f.depth = order;
      test_count_finalize (f.emitter, &finalized);
      test_count_finalize (f.scope, &finalized);
      lifecycle_scope_connect_full (f.scope, f.emitter, "plain", G_CALLBACK (drop_both_cb), &f,
                                    fixture_closure_notify, 0);
      lifecycle_scope_connect_signal (f.scope, f.emitter, "plain",
                                      G_CALLBACK (test_never_handler_cb), NULL);
      test_emit (f.emitter, "plain");
      g_assert_cmpint (f.n, ==, 1);
      g_assert_cmpint (f.destroyed, ==, 1);
      g_assert_cmpint (finalized, ==, 2);
    }
}

static void
dispose_emitter_cb (TestEmitter *emitter,
                    Fixture     *f)
{
  f->n++;
  g_object_run_dispose (G_OBJECT (emitter));
  g_assert_false (test_is_connected (emitter, f->id));
}

/* The emitter is disposed, but not finalized, by its own handler. */
static void
test_disposes_emitter (void)
{
  Fixture f = { .scope = lifecycle_scope_new ("scope"), .emitter = test_emitter_new () };

  f.id = lifecycle_scope_connect_full (f.scope, f.emitter, "plain", G_CALLBACK (dispose_emitter_cb),
                                       &f, fixture_closure_notify, 0);
  lifecycle_scope_connect_signal (f.scope, f.emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                  NULL);
  test_emit (f.emitter, "plain");
  g_assert_cmpint (f.n, ==, 1);
  g_assert_cmpint (f.destroyed, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (f.scope), ==, 0);
  g_assert_finalize_object (f.scope);
  g_assert_finalize_object (f.emitter);
}

static void
connect_more_cb (TestEmitter *emitter,
                 Fixture     *f)
{
  f->depth++;
  lifecycle_scope_connect_signal (f->scope, emitter, "plain", G_CALLBACK (test_count_handler_cb),
                                  &f->n);
}

/* What a handler connects to the signal that is being emitted runs from the next emission on. */
static void
test_connects_more (void)
{
  Fixture f = { .scope = lifecycle_scope_new ("scope"), .emitter = test_emitter_new () };

  lifecycle_scope_connect_signal (f.scope, f.emitter, "plain", G_CALLBACK (connect_more_cb), &f);
  test_emit (f.emitter, "plain");
  g_assert_cmpint (f.n, ==, 0);
  test_emit (f.emitter, "plain");
  g_assert_cmpint (f.n, ==, 1);
  g_assert_cmpuint (lifecycle_scope_close (f.scope), ==, 3);
  g_assert_finalize_object (f.scope);
  g_assert_finalize_object (f.emitter);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/signals/block", test_block);
  g_test_add_func ("/lifecycle/signals/block-added", test_block_added);
  g_test_add_func ("/lifecycle/signals/block-own", test_block_own);
  g_test_add_func ("/lifecycle/signals/block-steal", test_block_steal);
  g_test_add_func ("/lifecycle/signals/block-move", test_block_move);
  g_test_add_func ("/lifecycle/signals/block-move-child", test_block_move_child);
  g_test_add_func ("/lifecycle/signals/block-clear", test_block_clear);
  g_test_add_func ("/lifecycle/signals/block-sources", test_block_sources);
  g_test_add_func ("/lifecycle/signals/block-in-handler", test_block_in_handler);
  g_test_add_func ("/lifecycle/signals/unblock-unblocked", test_unblock_unblocked);
  g_test_add_func ("/lifecycle/signals/disconnects-itself", test_disconnects_itself);
  g_test_add_func ("/lifecycle/signals/disconnects-neighbour", test_disconnects_neighbour);
  g_test_add_func ("/lifecycle/signals/closes-scope", test_closes_scope);
  g_test_add_func ("/lifecycle/signals/closes-parent", test_closes_parent);
  g_test_add_func ("/lifecycle/signals/drops-scope", test_drops_scope);
  g_test_add_func ("/lifecycle/signals/drops-emitter", test_drops_emitter);
  g_test_add_func ("/lifecycle/signals/drops-both", test_drops_both);
  g_test_add_func ("/lifecycle/signals/disposes-emitter", test_disposes_emitter);
  g_test_add_func ("/lifecycle/signals/connects-more", test_connects_more);

  return g_test_run ();
}
