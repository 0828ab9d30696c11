/* test-promise-12-no-cycles.c: the close breaks every cycle, and the scope makes none
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

static void
unref_closure_notify (gpointer  object,
                      GClosure *closure)
{
  g_object_unref (object);
}

/* What a binding makes of a method that mentions its scope: a closure with a reference on it. */
static void
test_captured_scope (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  TestEmitter *emitter = test_emitter_new ();
  GSource *source = g_idle_source_new ();
  int finalized = 0;

  test_count_finalize (scope, &finalized);
  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                g_object_ref (scope), unref_closure_notify, 0);
  lifecycle_scope_connect_full (child, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                g_object_ref (scope), unref_closure_notify,
                                LIFECYCLE_CONNECT_ONCE);
  lifecycle_scope_connect_closure (scope, G_OBJECT (emitter), "plain",
                                   g_cclosure_new (G_CALLBACK (test_never_handler_cb),
                                                   g_object_ref (scope), unref_closure_notify), 0);
  lifecycle_scope_add_handler (scope, G_OBJECT (emitter),
                               g_signal_connect_data (emitter, "plain",
                                                      G_CALLBACK (test_never_handler_cb),
                                                      g_object_ref (scope), unref_closure_notify,
                                                      0));
  lifecycle_scope_add_idle (scope, test_never_source_cb, g_object_ref (scope), g_object_unref);
  g_source_set_callback (source, test_never_source_cb, g_object_ref (scope), g_object_unref);
  lifecycle_scope_add_source (scope, source);
  g_source_unref (source);
  lifecycle_scope_adopt (scope, g_object_ref (scope), g_object_unref);
  lifecycle_scope_add_object (scope, G_OBJECT (scope));
  lifecycle_scope_add_object (child, G_OBJECT (scope));
  lifecycle_scope_add_object (scope, G_OBJECT (child));

  lifecycle_scope_close (scope);
  g_assert_cmpint (finalized, ==, 0);
  g_object_unref (scope);
  g_assert_cmpint (finalized, ==, 1);
  /* The emitter lives on, and knows nothing. */
  g_assert_false (test_has_handlers (emitter, "plain"));
  g_assert_finalize_object (child);
  g_assert_finalize_object (emitter);
}

/* The owner captured by its own callbacks, as in every language with closures. */
static void
test_captured_owner (void)
{
  TestOwner *owner = g_object_new (TEST_TYPE_OWNER, NULL);
  TestEmitter *settings = test_emitter_new ();
  int finalized = 0;

  test_count_finalize (owner, &finalized);
  lifecycle_scope_connect_closure (owner->scope, G_OBJECT (settings), "notify::value",
                                   g_cclosure_new (G_CALLBACK (test_never_handler_cb),
                                                   g_object_ref (owner), unref_closure_notify), 0);
  lifecycle_scope_add_idle (owner->scope, test_never_source_cb, g_object_ref (owner),
                            g_object_unref);
  lifecycle_scope_close (owner->scope);
  g_object_unref (owner);
  g_assert_cmpint (finalized, ==, 1);
  g_assert_finalize_object (settings);
}

/* The close itself, from within such a closure, finalizes the owner right after. */

static void
close_owner_cb (TestEmitter *emitter,
                gpointer     owner)
{
  lifecycle_scope_close (TEST_OWNER (owner)->scope);
  g_object_unref (owner);
}

static void
test_captured_and_closed_inside (void)
{
  TestOwner *owner = g_object_new (TEST_TYPE_OWNER, NULL);
  TestEmitter *emitter = test_emitter_new ();
  int finalized = 0;

  test_count_finalize (owner, &finalized);
  lifecycle_scope_connect_full (owner->scope, emitter, "plain", G_CALLBACK (close_owner_cb),
                                g_object_ref (owner), unref_closure_notify, 0);
  test_emit (emitter, "plain");
  g_assert_cmpint (finalized, ==, 1);
  g_assert_finalize_object (emitter);
}

/* The scope takes no reference on an emitter, whatever it does with it. */
static void
test_no_reference_on_emitter (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  GObject *object = G_OBJECT (emitter);
  gulong id;

#define assert_only_ours() g_assert_cmpuint (object->ref_count, ==, 1)

  id = lifecycle_scope_connect_signal (scope, emitter, "plain",
                                       G_CALLBACK (test_count_handler_cb), &id);
  assert_only_ours ();
  lifecycle_scope_connect_closure (scope, object, "plain",
                                   g_cclosure_new (G_CALLBACK (test_never_handler_cb), NULL, NULL),
                                   0);
  assert_only_ours ();
  lifecycle_scope_add_handler (scope, object,
                               g_signal_connect (emitter, "plain",
                                                 G_CALLBACK (test_never_handler_cb), NULL));
  assert_only_ours ();
  lifecycle_scope_follow_object (scope, object);
  assert_only_ours ();
  lifecycle_scope_follow_signal (scope, object, "late", LIFECYCLE_REASON_ABORTED);
  assert_only_ours ();
  lifecycle_scope_get_child_for (scope, object);
  assert_only_ours ();
  lifecycle_scope_of (object);
  assert_only_ours ();
  lifecycle_scope_block (scope);
  assert_only_ours ();
  lifecycle_scope_unblock (scope);
  assert_only_ours ();
  g_assert_true (lifecycle_scope_steal_handler (scope, object, id));
  assert_only_ours ();
  g_signal_handler_disconnect (emitter, id);
  assert_only_ours ();

#undef assert_only_ours

  /* Its end is not delayed by an open scope, and ends this one. */
  g_assert_finalize_object (emitter);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_OWNER_GONE);
  g_assert_finalize_object (scope);
}

/* Nor do the relations between scopes keep anybody alive, but for parents their children. */
static void
test_relations (void)
{
  LifecycleScope *a = lifecycle_scope_new ("a");
  LifecycleScope *b = lifecycle_scope_new ("b");
  LifecycleScope *child = lifecycle_scope_new_child (a, "child");

  g_assert_cmpuint (G_OBJECT (a)->ref_count, ==, 1);
  g_assert_cmpuint (G_OBJECT (child)->ref_count, ==, 2);
  lifecycle_scope_follow (a, b);
  lifecycle_scope_follow (b, a);
  lifecycle_scope_follow (child, b);
  lifecycle_scope_follow (a, child);
  g_assert_cmpuint (G_OBJECT (a)->ref_count, ==, 1);
  g_assert_cmpuint (G_OBJECT (b)->ref_count, ==, 1);
  g_assert_cmpuint (G_OBJECT (child)->ref_count, ==, 2);
  g_assert_finalize_object (a);
  g_assert_true (lifecycle_scope_is_closed (b));
  g_assert_finalize_object (b);
  g_assert_finalize_object (child);
}

/* A closed scope has let go of all it knew, and can be kept without keeping anything else. */
static void
test_closed_keeps_nothing (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *scope = lifecycle_scope_new_child (parent, "scope");
  LifecycleScope *other = lifecycle_scope_new ("other");
  TestEmitter *emitter = test_emitter_new ();
  GCancellable *cancellable = g_cancellable_new ();

  lifecycle_scope_follow (scope, other);
  lifecycle_scope_follow_object (scope, G_OBJECT (emitter));
  lifecycle_scope_follow_signal (scope, G_OBJECT (emitter), "plain", LIFECYCLE_REASON_ABORTED);
  lifecycle_scope_follow_cancellable (scope, cancellable);
  lifecycle_scope_add_object (scope, G_OBJECT (emitter));
  lifecycle_scope_close (scope);
  g_assert_finalize_object (parent);
  g_assert_finalize_object (other);
  g_assert_finalize_object (emitter);
  g_assert_finalize_object (cancellable);
  g_assert_finalize_object (scope);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/promise-12-no-cycles/captured-scope", test_captured_scope);
  g_test_add_func ("/lifecycle/promise-12-no-cycles/captured-owner", test_captured_owner);
  g_test_add_func ("/lifecycle/promise-12-no-cycles/captured-and-closed-inside",
                   test_captured_and_closed_inside);
  g_test_add_func ("/lifecycle/promise-12-no-cycles/no-reference-on-emitter",
                   test_no_reference_on_emitter);
  g_test_add_func ("/lifecycle/promise-12-no-cycles/relations", test_relations);
  g_test_add_func ("/lifecycle/promise-12-no-cycles/closed-keeps-nothing",
                   test_closed_keeps_nothing);

  return g_test_run ();
}
