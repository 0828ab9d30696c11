/* test-scope-children.c: scopes that others find
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-scope-util.h"

static void
test_tree (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *a = lifecycle_scope_new_child (root, "a");
  LifecycleScope *b = lifecycle_scope_new_child (a, "b");
  int n = 0;

  g_assert_true (lifecycle_scope_get_parent (a) == root);
  g_assert_true (lifecycle_scope_get_parent (b) == a);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (root), ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (a), ==, 1);
  lifecycle_scope_adopt (b, &n, test_count_notify);

  g_assert_cmpuint (lifecycle_scope_close (a), ==, 2);
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpint (lifecycle_scope_get_reason (a), ==, LIFECYCLE_REASON_COMPLETED);
  g_assert_cmpint (lifecycle_scope_get_reason (b), ==, LIFECYCLE_REASON_PARENT_CLOSED);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (root), ==, 0);
  g_assert_cmpint (lifecycle_scope_get_state (root), ==, LIFECYCLE_STATE_OPEN);
  g_assert_null (lifecycle_scope_get_parent (a));
  g_assert_null (lifecycle_scope_get_parent (b));

  g_assert_finalize_object (b);
  g_assert_finalize_object (a);
  g_assert_finalize_object (root);
}

/* The parent keeps its children; the caller's own reference does not matter. */
static void
test_child_kept (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *child = lifecycle_scope_new_child (root, "child");
  int finalized = 0, n = 0;

  test_count_finalize (child, &finalized);
  lifecycle_scope_adopt (child, &n, test_count_notify);
  g_object_unref (child);
  g_assert_cmpint (finalized, ==, 0);
  g_assert_cmpint (n, ==, 0);

  lifecycle_scope_close (root);
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpint (finalized, ==, 1);
  g_assert_finalize_object (root);
}

/* A child does not keep its parent: the parent ends as usual, and the child with it. */
static void
test_parent_dropped (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *child = lifecycle_scope_new_child (root, "child");
  Seen seen = { 0 };

  lifecycle_scope_defer (child, seen_cleanup, &seen, NULL);
  g_assert_finalize_object (root);
  g_assert_cmpint (seen.n, ==, 1);
  g_assert_cmpint (seen.reason, ==, LIFECYCLE_REASON_PARENT_CLOSED);
  g_assert_null (lifecycle_scope_get_parent (child));
  g_assert_true (lifecycle_scope_is_closed (child));
  g_free (seen.detail);
  g_assert_finalize_object (child);
}

static void
test_get_child (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  g_autofree char *same = g_strdup ("heartbeat");
  LifecycleScope *tag = lifecycle_scope_get_child (root, "heartbeat");
  LifecycleScope *other, *again;

  g_assert_cmpstr (lifecycle_scope_get_name (tag), ==, "heartbeat");
  g_assert_true (lifecycle_scope_get_parent (tag) == root);
  g_assert_true (lifecycle_scope_get_child (root, same) == tag);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (root), ==, 1);
  other = lifecycle_scope_get_child (root, "other");
  g_assert_true (other != tag);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (root), ==, 2);

  g_object_ref (tag);
  lifecycle_scope_close (tag);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (root), ==, 1);
  again = lifecycle_scope_get_child (root, "heartbeat");
  g_assert_true (again != tag);
  g_assert_cmpint (lifecycle_scope_get_state (again), ==, LIFECYCLE_STATE_OPEN);
  g_assert_true (lifecycle_scope_get_child (root, "heartbeat") == again);
  g_assert_finalize_object (tag);

  g_assert_cmpuint (lifecycle_scope_close (root), ==, 2);
  g_assert_finalize_object (root);
}

/* Also a child that was made by other means is found. Of several the one that was there first is,
 * and when it has closed the next: one is made only where there is none. */
static void
test_get_child_finds (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *first = lifecycle_scope_new_child (root, "x");
  LifecycleScope *second = lifecycle_scope_new_child (root, "x");
  LifecycleScope *third, *made;

  g_assert_true (lifecycle_scope_get_child (root, "x") == first);
  third = lifecycle_scope_new_child (root, "x");
  g_assert_true (lifecycle_scope_get_child (root, "x") == first);
  lifecycle_scope_close (first);
  g_assert_true (lifecycle_scope_get_child (root, "x") == second);
  lifecycle_scope_close (third);
  g_assert_true (lifecycle_scope_get_child (root, "x") == second);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (root), ==, 1);
  lifecycle_scope_close (second);
  made = lifecycle_scope_get_child (root, "x");
  g_assert_true (made != first && made != second && made != third);
  g_assert_cmpint (lifecycle_scope_get_state (made), ==, LIFECYCLE_STATE_OPEN);
  g_assert_cmpuint (lifecycle_scope_close (root), ==, 1);

  g_assert_finalize_object (first);
  g_assert_finalize_object (second);
  g_assert_finalize_object (third);
  g_assert_finalize_object (root);
}

static void
get_child_in_closing_cb (LifecycleScope  *scope,
                         LifecycleReason  reason,
                         gpointer         root)
{
  LifecycleScope *found = lifecycle_scope_get_child (root, "x");

  g_assert_true (found != scope);
  g_assert_cmpint (lifecycle_scope_get_state (found), ==, LIFECYCLE_STATE_OPEN);
  test_log ("%s", lifecycle_scope_get_name (found));
}

/* A closing child is as good as gone. */
static void
test_get_child_while_closing (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *child = lifecycle_scope_new_child (root, "x");
  LifecycleScope *next;

  g_signal_connect (child, "closing", G_CALLBACK (get_child_in_closing_cb), root);
  lifecycle_scope_close (child);
  test_assert_log ("x");
  next = lifecycle_scope_get_child (root, "x");
  g_assert_true (next != child);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (root), ==, 1);

  g_assert_finalize_object (child);
  g_assert_finalize_object (root);
}

static void
test_get_child_for (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  TestEmitter *player = test_emitter_new ();
  TestEmitter *other = test_emitter_new ();
  LifecycleScope *scope = lifecycle_scope_get_child_for (root, G_OBJECT (player));
  int n = 0, finalized = 0;

  g_assert_true (lifecycle_scope_get_child_for (root, G_OBJECT (player)) == scope);
  g_assert_true (lifecycle_scope_get_child_for (root, G_OBJECT (other)) != scope);
  g_assert_cmpstr (lifecycle_scope_get_name (scope), ==, "TestEmitter");
  g_assert_true (lifecycle_scope_get_parent (scope) == root);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (root), ==, 2);
  test_count_finalize (scope, &finalized);
  lifecycle_scope_adopt (scope, &n, test_count_notify);

  g_assert_finalize_object (player);
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpint (finalized, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (root), ==, 1);

  g_assert_cmpuint (lifecycle_scope_close (root), ==, 1);
  g_assert_finalize_object (root);
  g_assert_finalize_object (other);
}

static void
test_get_child_for_reasons (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  TestEmitter *player = test_emitter_new ();
  LifecycleScope *scope, *again;

  scope = g_object_ref (lifecycle_scope_get_child_for (root, G_OBJECT (player)));
  lifecycle_scope_close (scope);
  again = g_object_ref (lifecycle_scope_get_child_for (root, G_OBJECT (player)));
  g_assert_true (again != scope);
  g_assert_cmpint (lifecycle_scope_get_state (again), ==, LIFECYCLE_STATE_OPEN);
  g_assert_finalize_object (scope);

  g_object_run_dispose (G_OBJECT (player));
  g_assert_cmpint (lifecycle_scope_get_reason (again), ==, LIFECYCLE_REASON_OWNER_GONE);
  g_assert_finalize_object (again);
  g_assert_finalize_object (player);

  player = test_emitter_new ();
  scope = g_object_ref (lifecycle_scope_get_child_for (root, G_OBJECT (player)));
  lifecycle_scope_close (root);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_PARENT_CLOSED);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (root);
  g_assert_finalize_object (player);
}

/* Two services know the same player; neither is in the other's way. */
static void
test_get_child_for_two_parents (void)
{
  LifecycleScope *a = lifecycle_scope_new ("a");
  LifecycleScope *b = lifecycle_scope_new ("b");
  TestEmitter *player = test_emitter_new ();
  LifecycleScope *in_a = lifecycle_scope_get_child_for (a, G_OBJECT (player));
  LifecycleScope *in_b = lifecycle_scope_get_child_for (b, G_OBJECT (player));

  g_assert_true (in_a != in_b);
  lifecycle_scope_close (in_a);
  g_assert_cmpint (lifecycle_scope_get_state (in_b), ==, LIFECYCLE_STATE_OPEN);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (a), ==, 0);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (b), ==, 1);
  g_assert_finalize_object (player);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (b), ==, 0);
  g_assert_finalize_object (a);
  g_assert_finalize_object (b);
}

/* Closing the scope of the player closes what every service has for it. */
static void
test_get_child_for_scope_of (void)
{
  LifecycleScope *a = lifecycle_scope_new ("a");
  LifecycleScope *b = lifecycle_scope_new ("b");
  TestEmitter *player = test_emitter_new ();

  lifecycle_scope_get_child_for (a, G_OBJECT (player));
  lifecycle_scope_get_child_for (b, G_OBJECT (player));
  lifecycle_scope_close (lifecycle_scope_of (G_OBJECT (player)));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (a), ==, 0);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (b), ==, 0);

  g_assert_cmpint (lifecycle_scope_get_state (lifecycle_scope_get_child_for (a, G_OBJECT (player))),
                   ==, LIFECYCLE_STATE_OPEN);
  g_assert_finalize_object (player);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (a), ==, 0);
  g_assert_finalize_object (a);
  g_assert_finalize_object (b);
}

static void
get_child_for_weak_notify (gpointer  data,
                           GObject  *where)
{
  gpointer *pair = data;

  lifecycle_scope_adopt (lifecycle_scope_get_child_for (pair[0], where), pair[1],
                         test_count_notify);
}

/* Made for an object that is nearly gone, it goes with it: the next object at the same address must
 * not find it. */
static void
test_get_child_for_in_dispose (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  TestEmitter *object = test_emitter_new ();
  int n = 0;
  gpointer pair[] = { root, &n };

  g_object_weak_ref (G_OBJECT (object), get_child_for_weak_notify, pair);
  lifecycle_scope_get_child_for (root, G_OBJECT (object));
  g_assert_finalize_object (object);
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (root), ==, 0);

  /* The same where the library has not known it before. */
  object = test_emitter_new ();
  g_object_weak_ref (G_OBJECT (object), get_child_for_weak_notify, pair);
  g_assert_finalize_object (object);
  g_assert_cmpint (n, ==, 2);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (root), ==, 0);
  g_assert_finalize_object (root);
}

static void
expect_replaced_cb (LifecycleScope  *scope,
                    LifecycleReason  reason,
                    gpointer         root)
{
  LifecycleScope *next = lifecycle_scope_get_child (root, "x");

  g_assert_cmpint (reason, ==, LIFECYCLE_REASON_REPLACED);
  g_assert_true (next != scope);
  g_assert_cmpint (lifecycle_scope_get_state (next), ==, LIFECYCLE_STATE_OPEN);
  test_log ("%p", (gpointer) next);
}

static void
test_renew_child (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *first, *second;
  g_autofree char *expected = NULL;

  /* Nothing to replace. */
  first = lifecycle_scope_renew_child (root, "x");
  g_assert_true (lifecycle_scope_get_child (root, "x") == first);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (root), ==, 1);

  g_object_ref (first);
  g_signal_connect (first, "closing", G_CALLBACK (expect_replaced_cb), root);
  g_signal_connect (first, "closed", G_CALLBACK (expect_replaced_cb), root);
  second = lifecycle_scope_renew_child (root, "x");
  g_assert_true (second != first);
  g_assert_cmpint (lifecycle_scope_get_state (first), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_state (second), ==, LIFECYCLE_STATE_OPEN);
  g_assert_true (lifecycle_scope_get_child (root, "x") == second);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (root), ==, 1);
  expected = g_strdup_printf ("%p %p", (gpointer) second, (gpointer) second);
  test_assert_log (expected);

  g_assert_finalize_object (first);
  g_assert_finalize_object (root);
}

static void
close_successor_cb (LifecycleScope  *scope,
                    LifecycleReason  reason,
                    gpointer         root)
{
  lifecycle_scope_close (lifecycle_scope_get_child (root, "x"));
}

/* The old one takes its successor with it: what is returned can still be looked at. */
static void
test_renew_child_closed_by_old (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *first = g_object_ref (lifecycle_scope_get_child (root, "x"));
  LifecycleScope *second;

  g_signal_connect (first, "closing", G_CALLBACK (close_successor_cb), root);
  second = lifecycle_scope_renew_child (root, "x");
  g_assert_true (LIFECYCLE_IS_SCOPE (second));
  g_assert_true (lifecycle_scope_is_closed (second));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (root), ==, 0);
  g_assert_finalize_object (first);
  g_assert_finalize_object (root);
}

static void
test_scope_of (void)
{
  TestEmitter *object = test_emitter_new ();
  LifecycleScope *scope = lifecycle_scope_of (G_OBJECT (object));
  Seen seen = { 0 };
  int finalized = 0;

  g_assert_true (lifecycle_scope_of (G_OBJECT (object)) == scope);
  g_assert_cmpstr (lifecycle_scope_get_name (scope), ==, "TestEmitter");
  g_assert_null (lifecycle_scope_get_parent (scope));
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  g_assert_cmpuint (G_OBJECT (object)->ref_count, ==, 1);
  lifecycle_scope_defer (scope, seen_cleanup, &seen, NULL);
  test_count_finalize (scope, &finalized);

  g_assert_finalize_object (object);
  g_assert_cmpint (seen.n, ==, 1);
  g_assert_cmpint (seen.reason, ==, LIFECYCLE_REASON_OWNER_GONE);
  g_assert_cmpint (finalized, ==, 1);
  g_free (seen.detail);
}

static void
test_scope_of_outlives (void)
{
  TestEmitter *object = test_emitter_new ();
  LifecycleScope *scope = g_object_ref (lifecycle_scope_of (G_OBJECT (object)));

  g_assert_finalize_object (object);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_OWNER_GONE);
  g_assert_finalize_object (scope);
}

static void
test_scope_of_renewed (void)
{
  TestEmitter *object = test_emitter_new ();
  LifecycleScope *first = g_object_ref (lifecycle_scope_of (G_OBJECT (object)));
  LifecycleScope *second;
  int n = 0;

  lifecycle_scope_close (first);
  second = lifecycle_scope_of (G_OBJECT (object));
  g_assert_true (second != first);
  g_assert_cmpint (lifecycle_scope_get_state (second), ==, LIFECYCLE_STATE_OPEN);
  g_assert_true (lifecycle_scope_of (G_OBJECT (object)) == second);
  g_assert_finalize_object (first);

  lifecycle_scope_adopt (second, &n, test_count_notify);
  g_assert_finalize_object (object);
  g_assert_cmpint (n, ==, 1);
}

static void
test_scope_of_run_dispose (void)
{
  TestEmitter *object = test_emitter_new ();
  LifecycleScope *scope = g_object_ref (lifecycle_scope_of (G_OBJECT (object)));

  g_object_run_dispose (G_OBJECT (object));
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_OWNER_GONE);
  g_object_run_dispose (G_OBJECT (object));
  g_assert_finalize_object (object);
  g_assert_finalize_object (scope);
}

/* The object lives on after being disposed: what is asked for then must not be left behind. */
static void
test_scope_of_after_dispose (void)
{
  TestEmitter *object = test_emitter_new ();
  LifecycleScope *scope;
  int n = 0;

  lifecycle_scope_of (G_OBJECT (object));
  g_object_run_dispose (G_OBJECT (object));
  scope = lifecycle_scope_of (G_OBJECT (object));
  g_assert_true (LIFECYCLE_IS_SCOPE (scope));
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_assert_finalize_object (object);
  g_assert_cmpint (n, ==, 1);
}

static void
scope_of_cleanup (LifecycleScope   *scope,
                  LifecycleReason   reason,
                  gpointer          user_data,
                  GError          **error)
{
  gpointer *pair = user_data;

  lifecycle_scope_adopt (lifecycle_scope_of (pair[0]), pair[1], test_count_notify);
}

/* The same while the object is on its way down. */
static void
test_scope_of_in_dispose (void)
{
  TestEmitter *object = test_emitter_new ();
  int n = 0;
  gpointer pair[] = { object, &n };

  lifecycle_scope_defer (lifecycle_scope_of (G_OBJECT (object)), scope_of_cleanup, pair, NULL);
  g_assert_finalize_object (object);
  g_assert_cmpint (n, ==, 1);
}

static void
test_born_closed (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  TestEmitter *object = test_emitter_new ();
  LifecycleScope *child;
  int finalized = 0;

  lifecycle_scope_close (root);

  child = lifecycle_scope_new_child (root, "child");
  g_assert_cmpint (lifecycle_scope_get_state (child), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_reason (child), ==, LIFECYCLE_REASON_PARENT_CLOSED);
  g_assert_finalize_object (child);

  /* These are not the caller's: they stay valid for as long as the parent is. */
  child = lifecycle_scope_get_child (root, "child");
  g_assert_cmpint (lifecycle_scope_get_state (child), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_reason (child), ==, LIFECYCLE_REASON_PARENT_CLOSED);
  g_assert_cmpstr (lifecycle_scope_get_name (child), ==, "child");
  test_count_finalize (child, &finalized);
  child = lifecycle_scope_get_child (root, "another");
  g_assert_cmpint (lifecycle_scope_get_state (child), ==, LIFECYCLE_STATE_CLOSED);
  test_count_finalize (child, &finalized);
  child = lifecycle_scope_get_child_for (root, G_OBJECT (object));
  g_assert_cmpint (lifecycle_scope_get_state (child), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_reason (child), ==, LIFECYCLE_REASON_PARENT_CLOSED);
  child = lifecycle_scope_renew_child (root, "child");
  g_assert_cmpint (lifecycle_scope_get_state (child), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_reason (child), ==, LIFECYCLE_REASON_PARENT_CLOSED);
  g_assert_cmpint (finalized, ==, 0);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (root), ==, 0);

  g_assert_finalize_object (root);
  g_assert_cmpint (finalized, ==, 2);
  g_assert_finalize_object (object);
}

/* Asking a closed scope for a child a thousand times must not pile up. */
static void
test_born_closed_often (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *child = NULL;
  guint i;

  lifecycle_scope_close (root);
  for (i = 0; i < 1000; i++)
    {
      child = lifecycle_scope_get_child (root, "child");
      g_assert_true (lifecycle_scope_is_closed (child));
    }
  g_assert_cmpuint (lifecycle_scope_get_n_entries (root), ==, 0);
  g_assert_finalize_object (root);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  test_take_limit_warnings ();

  g_test_add_func ("/lifecycle/scope/tree", test_tree);
  g_test_add_func ("/lifecycle/scope/child-kept", test_child_kept);
  g_test_add_func ("/lifecycle/scope/parent-dropped", test_parent_dropped);
  g_test_add_func ("/lifecycle/scope/get-child", test_get_child);
  g_test_add_func ("/lifecycle/scope/get-child-finds", test_get_child_finds);
  g_test_add_func ("/lifecycle/scope/get-child-while-closing", test_get_child_while_closing);
  g_test_add_func ("/lifecycle/scope/get-child-for", test_get_child_for);
  g_test_add_func ("/lifecycle/scope/get-child-for-reasons", test_get_child_for_reasons);
  g_test_add_func ("/lifecycle/scope/get-child-for-two-parents", test_get_child_for_two_parents);
  g_test_add_func ("/lifecycle/scope/get-child-for-scope-of", test_get_child_for_scope_of);
  g_test_add_func ("/lifecycle/scope/get-child-for-in-dispose", test_get_child_for_in_dispose);
  g_test_add_func ("/lifecycle/scope/renew-child", test_renew_child);
  g_test_add_func ("/lifecycle/scope/renew-child-closed-by-old", test_renew_child_closed_by_old);
  g_test_add_func ("/lifecycle/scope/of", test_scope_of);
  g_test_add_func ("/lifecycle/scope/of-outlives", test_scope_of_outlives);
  g_test_add_func ("/lifecycle/scope/of-renewed", test_scope_of_renewed);
  g_test_add_func ("/lifecycle/scope/of-run-dispose", test_scope_of_run_dispose);
  g_test_add_func ("/lifecycle/scope/of-after-dispose", test_scope_of_after_dispose);
  g_test_add_func ("/lifecycle/scope/of-in-dispose", test_scope_of_in_dispose);
  g_test_add_func ("/lifecycle/scope/born-closed", test_born_closed);
  g_test_add_func ("/lifecycle/scope/born-closed-often", test_born_closed_often);

  return g_test_run ();
}
