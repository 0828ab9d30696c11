/* test-objects.c: objects, adopted data, cleanups
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

static void
test_object (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new ();

  g_assert_true (lifecycle_scope_add_object (scope, G_OBJECT (object)));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_assert_cmpuint (G_OBJECT (object)->ref_count, ==, 2);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_finalize_object (object);
  g_assert_finalize_object (scope);
}

static void
test_object_last_reference (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new_logged ("object");

  lifecycle_scope_add_object (scope, G_OBJECT (object));
  g_object_unref (object);
  test_assert_log ("");
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  test_assert_log ("~object");
  g_assert_finalize_object (scope);
}

/* Being disposed is not yet the end of an object that somebody holds. */
static void
test_object_run_dispose (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new_logged ("object");

  lifecycle_scope_add_object (scope, G_OBJECT (object));
  g_object_unref (object);
  g_object_run_dispose (G_OBJECT (object));
  test_assert_log ("");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  lifecycle_scope_close (scope);
  test_assert_log ("~object");
  g_assert_finalize_object (scope);
}

/* Added twice, it is held twice. */
static void
test_object_twice (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new ();

  g_assert_true (lifecycle_scope_add_object (scope, G_OBJECT (object)));
  g_assert_true (lifecycle_scope_add_object (scope, G_OBJECT (object)));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
  g_assert_cmpuint (G_OBJECT (object)->ref_count, ==, 3);
  g_assert_true (lifecycle_scope_steal_object (scope, G_OBJECT (object)));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_assert_cmpuint (G_OBJECT (object)->ref_count, ==, 2);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_finalize_object (object);
  g_assert_finalize_object (scope);
}

/* A floating object is taken over, as containers do. */
static void
test_object_initially_unowned (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GObject *object = g_object_new (G_TYPE_INITIALLY_UNOWNED, NULL);
  int finalized = 0;

  test_count_finalize (object, &finalized);
  lifecycle_scope_add_object (scope, object);
  if (g_object_is_floating (object))
    g_object_unref (g_object_ref_sink (object));
  lifecycle_scope_close (scope);
  g_assert_cmpint (finalized, ==, 1);
  g_assert_finalize_object (scope);
}

static void
test_object_steal (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *other = lifecycle_scope_new ("other");
  TestEmitter *object = test_emitter_new ();
  TestEmitter *foreign = test_emitter_new ();

  lifecycle_scope_add_object (scope, G_OBJECT (object));
  g_assert_false (lifecycle_scope_steal_object (other, G_OBJECT (object)));
  g_assert_false (lifecycle_scope_steal_object (scope, G_OBJECT (foreign)));
  g_assert_true (lifecycle_scope_steal_object (scope, G_OBJECT (object)));
  g_assert_false (lifecycle_scope_steal_object (scope, G_OBJECT (object)));
  g_assert_cmpuint (G_OBJECT (object)->ref_count, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_finalize_object (object);
  g_assert_finalize_object (foreign);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (other);
}

/* Stealing from the middle of many is exact, and the rest stays in order. */
static void
test_object_steal_many (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  static const char *words[] = { "a", "b", "c", "d", "e" };
  TestEmitter *objects[5];
  guint i;

  for (i = 0; i < 5; i++)
    {
      objects[i] = test_emitter_new_logged (words[i]);
      lifecycle_scope_add_object (scope, G_OBJECT (objects[i]));
    }
  g_assert_true (lifecycle_scope_steal_object (scope, G_OBJECT (objects[2])));
  for (i = 0; i < 5; i++)
    if (i != 2)
      g_object_unref (objects[i]);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 4);
  test_assert_log ("~e ~d ~b ~a");
  g_assert_finalize_object (objects[2]);
  test_assert_log ("~c");
  g_assert_finalize_object (scope);
}

/* The last reference of a stolen object is the scope's own. */
static void
test_object_steal_last (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new_logged ("object");

  lifecycle_scope_add_object (scope, G_OBJECT (object));
  g_object_unref (object);
  g_assert_true (lifecycle_scope_steal_object (scope, G_OBJECT (object)));
  test_assert_log ("~object");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
}

/* The object is itself the emitter of handlers of the same scope. */
static void
test_object_and_emitter (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new ();
  int n = 0, finalized = 0;

  test_count_finalize (object, &finalized);
  lifecycle_scope_connect_full (scope, object, "plain", G_CALLBACK (test_never_handler_cb),
                                &n, test_count_closure_notify, 0);
  lifecycle_scope_add_object (scope, G_OBJECT (object));
  lifecycle_scope_connect_full (scope, object, "plain", G_CALLBACK (test_never_handler_cb),
                                &n, test_count_closure_notify, 0);
  g_object_unref (object);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 3);
  g_assert_cmpint (n, ==, 2);
  g_assert_cmpint (finalized, ==, 1);
  g_assert_finalize_object (scope);
}

static void
test_adopt (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int a = 0, b = 0;

  g_assert_true (lifecycle_scope_adopt (scope, &a, test_count_notify) == &a);
  g_assert_true (lifecycle_scope_adopt (scope, &b, test_count_notify) == &b);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  g_assert_cmpint (a, ==, 1);
  g_assert_cmpint (b, ==, 1);
  g_assert_finalize_object (scope);
}

static void
test_adopt_g_free (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  char *text = lifecycle_scope_adopt (scope, g_strdup ("text"), g_free);

  g_assert_cmpstr (text, ==, "text");
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_finalize_object (scope);
}

static void
expect_cleanup (LifecycleScope   *scope,
                LifecycleReason   reason,
                gpointer          user_data,
                GError          **error)
{
  gpointer *pair = user_data;

  g_assert_true (scope == pair[0]);
  g_assert_cmpint (reason, ==, LIFECYCLE_REASON_TIMED_OUT);
  g_assert_nonnull (error);
  g_assert_null (*error);
  test_log ("cleanup");
}

static void
log_pair_notify (gpointer data)
{
  test_log ("~cleanup");
}

static void
test_defer (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  gpointer pair[] = { scope, NULL };

  lifecycle_scope_defer (scope, expect_cleanup, pair, log_pair_notify);
  lifecycle_scope_defer (scope, test_log_cleanup, (gpointer) "bare", NULL);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
  g_assert_cmpuint (lifecycle_scope_close_with_reason (scope, LIFECYCLE_REASON_TIMED_OUT, NULL),
                    ==, 2);
  test_assert_log ("bare cleanup ~cleanup");
  g_assert_finalize_object (scope);
}

/* A cleanup still finds the tree in place above it. */
static void
path_cleanup (LifecycleScope   *scope,
              LifecycleReason   reason,
              gpointer          user_data,
              GError          **error)
{
  g_autofree char *path = lifecycle_scope_get_path (scope);

  test_log ("%s", path);
}

static void
test_defer_path (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *child = lifecycle_scope_new_child (root, "child");

  lifecycle_scope_defer (child, path_cleanup, NULL, NULL);
  lifecycle_scope_close (child);
  test_assert_log ("root/child");
  g_assert_finalize_object (child);

  child = lifecycle_scope_new_child (root, "child");
  lifecycle_scope_defer (child, path_cleanup, NULL, NULL);
  lifecycle_scope_close (root);
  test_assert_log ("root/child");
  g_assert_finalize_object (child);
  g_assert_finalize_object (root);
}

/* One cleanup takes the next one's object away, one that is still to be released. */
static void
steal_cleanup (LifecycleScope   *scope,
               LifecycleReason   reason,
               gpointer          user_data,
               GError          **error)
{
  lifecycle_scope_steal_object (scope, user_data);
}

static void
test_steal_in_cleanup (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new ();

  lifecycle_scope_add_object (scope, G_OBJECT (object));
  lifecycle_scope_defer (scope, steal_cleanup, object, NULL);
  lifecycle_scope_close (scope);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (object);
  g_assert_finalize_object (scope);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/objects/object", test_object);
  g_test_add_func ("/lifecycle/objects/last-reference", test_object_last_reference);
  g_test_add_func ("/lifecycle/objects/run-dispose", test_object_run_dispose);
  g_test_add_func ("/lifecycle/objects/twice", test_object_twice);
  g_test_add_func ("/lifecycle/objects/initially-unowned", test_object_initially_unowned);
  g_test_add_func ("/lifecycle/objects/steal", test_object_steal);
  g_test_add_func ("/lifecycle/objects/steal-many", test_object_steal_many);
  g_test_add_func ("/lifecycle/objects/steal-last", test_object_steal_last);
  g_test_add_func ("/lifecycle/objects/and-emitter", test_object_and_emitter);
  g_test_add_func ("/lifecycle/objects/adopt", test_adopt);
  g_test_add_func ("/lifecycle/objects/adopt-g-free", test_adopt_g_free);
  g_test_add_func ("/lifecycle/objects/defer", test_defer);
  g_test_add_func ("/lifecycle/objects/defer-path", test_defer_path);
  g_test_add_func ("/lifecycle/objects/steal-in-cleanup", test_steal_in_cleanup);

  return g_test_run ();
}
