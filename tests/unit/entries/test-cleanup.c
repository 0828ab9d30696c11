/* test-cleanup.c: cleanups that go with an object, or are taken back; a scope that a class clears
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

/* Cleanups for objects. */

static void
test_for (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new ();

  lifecycle_scope_defer_for (scope, G_OBJECT (object), test_log_cleanup, (gpointer) "first",
                             test_log_notify);
  lifecycle_scope_defer_for (scope, G_OBJECT (object), test_log_cleanup, (gpointer) "bare", NULL);
  lifecycle_scope_defer (scope, test_log_cleanup, (gpointer) "last", NULL);
  g_assert_cmpuint (G_OBJECT (object)->ref_count, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_live (scope, LIFECYCLE_KIND_CLEANUP), ==, 3);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 3);
  test_assert_log ("last bare first ~first");
  g_assert_cmpuint (G_OBJECT (object)->ref_count, ==, 1);
  g_assert_finalize_object (object);
  g_assert_finalize_object (scope);
}

static void
keep_scope_cb (LifecycleScope  *scope,
               LifecycleReason  reason,
               LifecycleScope **kept)
{
  *kept = g_object_ref (scope);
}

/* The last reference goes, and a handler of `closing` takes another one. */
static void
test_for_kept_scope (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new ();
  LifecycleScope *kept = NULL;

  g_signal_connect (scope, "closing", G_CALLBACK (keep_scope_cb), &kept);
  g_object_unref (scope);
  g_assert_true (kept == scope);
  g_assert_true (lifecycle_scope_is_closed (kept));
  lifecycle_scope_defer (kept, test_log_cleanup, (gpointer) "plain", NULL);
  lifecycle_scope_defer_for (kept, G_OBJECT (object), test_log_cleanup, (gpointer) "late",
                             test_log_notify);
  test_assert_log ("plain late ~late");
  g_assert_finalize_object (object);
  g_assert_finalize_object (kept);
}

/* The object goes first: there is nothing to do for it, and its data is freed at once. */
static void
test_for_object_first (gconstpointer lives_on)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new_logged ("object");

  lifecycle_scope_defer (scope, test_log_cleanup, (gpointer) "other", NULL);
  lifecycle_scope_defer_for (scope, G_OBJECT (object), test_never_cleanup, (gpointer) "skipped",
                             test_log_notify);
  lifecycle_scope_defer_for (scope, G_OBJECT (object), test_never_cleanup, NULL, NULL);
  if (lives_on != NULL)
    g_object_run_dispose (G_OBJECT (object));
  else
    g_assert_finalize_object (g_steal_pointer (&object));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  test_assert_log (lives_on != NULL ? "~skipped" : "~skipped ~object");

  lifecycle_scope_close (scope);
  test_assert_log ("other");
  if (object != NULL)
    {
      /* It is as good as new for another scope. */
      g_assert_finalize_object (scope);
      scope = lifecycle_scope_new ("scope");
      lifecycle_scope_defer_for (scope, G_OBJECT (object), test_log_cleanup, (gpointer) "again", NULL);
      lifecycle_scope_close (scope);
      test_assert_log ("again");
      g_assert_finalize_object (object);
      test_assert_log ("~object");
    }
  g_assert_finalize_object (scope);
}

static void
unref_cleanup (LifecycleScope   *scope,
               LifecycleReason   reason,
               gpointer          object,
               GError          **error)
{
  test_log ("unref");
  g_object_unref (object);
}

/* In the middle of a teardown, too. */
static void
test_for_object_in_teardown (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new_logged ("object");

  lifecycle_scope_defer_for (scope, G_OBJECT (object), test_never_cleanup, (gpointer) "skipped",
                             test_log_notify);
  lifecycle_scope_defer (scope, unref_cleanup, object, NULL);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  test_assert_log ("unref ~object ~skipped");
  g_assert_finalize_object (scope);
}

/* While it is under way, the object stays. */
static void
last_reference_cleanup (LifecycleScope   *scope,
                        LifecycleReason   reason,
                        gpointer          object,
                        GError          **error)
{
  g_object_unref (object);
  g_assert_cmpint (TEST_EMITTER (object)->value, ==, 7);
  test_log ("cleanup");
}

static void
test_for_last_reference (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new_logged ("object");

  object->value = 7;
  lifecycle_scope_defer_for (scope, G_OBJECT (object), last_reference_cleanup, object, NULL);
  lifecycle_scope_close (scope);
  test_assert_log ("cleanup ~object");
  g_assert_finalize_object (scope);
}

static void
failing_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          data,
                 GError          **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "busy");
}

static void
test_for_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new ();

  lifecycle_scope_close (scope);
  lifecycle_scope_defer_for (scope, G_OBJECT (object), test_log_cleanup, (gpointer) "late",
                             test_log_notify);
  test_assert_log ("late ~late");
  lifecycle_scope_defer_for (scope, G_OBJECT (object), failing_cleanup, NULL, NULL);
  g_assert_error (lifecycle_scope_get_error (scope), G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_finalize_object (object);
  g_assert_finalize_object (scope);
}

static void
test_for_fails (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new ();

  lifecycle_scope_defer_for (scope, G_OBJECT (object), failing_cleanup, NULL, NULL);
  lifecycle_scope_close (scope);
  g_assert_error (lifecycle_scope_get_error (scope), G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_finalize_object (object);
  g_assert_finalize_object (scope);
}

static void
test_for_moved (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *moved;
  TestEmitter *object = test_emitter_new ();
  TestEmitter *other = test_emitter_new ();

  lifecycle_scope_defer_for (scope, G_OBJECT (object), test_log_cleanup, (gpointer) "object", NULL);
  lifecycle_scope_defer_for (scope, G_OBJECT (other), test_never_cleanup, (gpointer) "other",
                             test_log_notify);
  moved = lifecycle_scope_move (scope);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (moved), ==, 2);
  g_assert_finalize_object (other);
  test_assert_log ("~other");
  lifecycle_scope_clear (moved);
  test_assert_log ("object");
  lifecycle_scope_close (moved);
  g_assert_finalize_object (object);
  g_assert_finalize_object (moved);
  g_assert_finalize_object (scope);
}

/* How many there are on one object makes no difference to the end of one. */
static void
test_for_many (void)
{
  guint n = test_amount (50000);
  TestEmitter *object = test_emitter_new ();
  LifecycleScope **scopes = g_new (LifecycleScope *, n);
  int n_run = 0;

  for (guint i = 0; i < n; i++)
    {
      scopes[i] = lifecycle_scope_new (NULL);
      lifecycle_scope_defer_for (scopes[i], G_OBJECT (object), test_count_cleanup, &n_run, NULL);
    }
  for (guint i = 0; i < n; i += 2)
    lifecycle_scope_close (scopes[i]);
  g_assert_cmpint (n_run, ==, (n + 1) / 2);
  g_assert_finalize_object (object);
  for (guint i = 0; i < n; i++)
    {
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scopes[i]), ==, 0);
      lifecycle_scope_close (scopes[i]);
      g_object_unref (scopes[i]);
    }
  g_assert_cmpint (n_run, ==, (n + 1) / 2);
  g_free (scopes);
}

static gpointer
unref_thread (gpointer object)
{
  g_object_unref (object);

  return NULL;
}

/* The last reference goes on another thread while the scope closes. It is called or skipped, and its
 * data is freed once.
 */
static void
test_for_race (void)
{
  guint n_rounds = g_getenv ("LIFECYCLE_TEST_SLOW") != NULL ? 100 : 1000;

  for (guint i = 0; i < n_rounds; i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      TestEmitter *object = test_emitter_new ();
      int n = 0, n_freed = 0;
      GThread *thread;

      lifecycle_scope_defer_for (scope, G_OBJECT (object), test_count_cleanup, &n, NULL);
      lifecycle_scope_defer_for (scope, G_OBJECT (object), test_count_cleanup, &n_freed,
                                 test_count_notify);
      thread = g_thread_new ("unref", unref_thread, object);
      lifecycle_scope_close (scope);
      g_thread_join (thread);
      g_assert_cmpint (n, >=, 0);
      g_assert_cmpint (n, <=, 1);
      g_assert_cmpint (n_freed, >=, 1);
      g_assert_cmpint (n_freed, <=, 2);
      g_assert_finalize_object (scope);
    }
}

/* Taking back. */

static void
test_undefer (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new ();

  lifecycle_scope_defer (scope, test_log_cleanup, (gpointer) "a", test_log_notify);
  lifecycle_scope_defer (scope, test_log_cleanup, (gpointer) "b", NULL);
  lifecycle_scope_defer_for (scope, G_OBJECT (object), test_log_cleanup, (gpointer) "c",
                             test_log_notify);
  g_assert_false (lifecycle_scope_undefer (scope, test_never_cleanup, (gpointer) "a"));
  g_assert_true (lifecycle_scope_undefer (scope, test_log_cleanup, (gpointer) "a"));
  test_assert_log ("~a");
  g_assert_false (lifecycle_scope_undefer (scope, test_log_cleanup, (gpointer) "a"));
  g_assert_true (lifecycle_scope_undefer (scope, test_log_cleanup, (gpointer) "c"));
  test_assert_log ("~c");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_assert_finalize_object (object);

  lifecycle_scope_close (scope);
  test_assert_log ("b");
  g_assert_false (lifecycle_scope_undefer (scope, test_log_cleanup, (gpointer) "b"));
  g_assert_finalize_object (scope);
}

/* Of two that are the same, the last one. */
static void
test_undefer_last (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  lifecycle_scope_defer (scope, test_log_cleanup, (gpointer) "same", NULL);
  lifecycle_scope_defer (scope, test_log_cleanup, (gpointer) "other", NULL);
  lifecycle_scope_defer (scope, test_log_cleanup, (gpointer) "same", test_log_notify);
  g_assert_true (lifecycle_scope_undefer (scope, test_log_cleanup, (gpointer) "same"));
  test_assert_log ("~same");
  lifecycle_scope_close (scope);
  test_assert_log ("other same");
  g_assert_finalize_object (scope);
}

static void
undefer_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          data,
                 GError          **error)
{
  g_assert_false (lifecycle_scope_undefer (scope, test_log_cleanup, (gpointer) "muted"));
}

/* What a close has silenced has its turn in any case. */
static void
test_undefer_in_teardown (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  lifecycle_scope_defer (scope, test_log_cleanup, (gpointer) "muted", NULL);
  lifecycle_scope_defer (scope, undefer_cleanup, NULL, NULL);
  lifecycle_scope_close (scope);
  test_assert_log ("muted");
  g_assert_finalize_object (scope);
}

/* A class that takes its parts apart. */

#define VIEW_TYPE (view_get_type ())
G_DECLARE_FINAL_TYPE (View, view, TEST, VIEW, GObject)

struct _View
{
  GObject         parent_instance;
  LifecycleScope *scope;
  TestEmitter    *part;
  gboolean        disposes_again;
};

G_DEFINE_FINAL_TYPE (View, view, G_TYPE_OBJECT)

static void
view_dispose (GObject *object)
{
  View *self = TEST_VIEW (object);

  test_log ("dispose");
  lifecycle_scope_clear_for_dispose (&self->scope);
  g_assert_null (self->scope);
  if (self->part != NULL)
    test_emit (self->part, "plain");
  g_clear_object (&self->part);

  G_OBJECT_CLASS (view_parent_class)->dispose (object);
}

static void
view_class_init (ViewClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = view_dispose;
}

static void
view_cleanup (LifecycleScope   *scope,
              LifecycleReason   reason,
              gpointer          data,
              GError          **error)
{
  View *self = data;

  g_assert_true (self->scope == scope);
  g_assert_cmpint (reason, ==, LIFECYCLE_REASON_OWNER_GONE);
  test_log ("cleanup");
  if (self->disposes_again)
    g_object_run_dispose (G_OBJECT (self));
  /* Too late, and safe. */
  lifecycle_scope_defer (scope, test_log_cleanup, (gpointer) "late", NULL);
}

static void
view_init (View *self)
{
  self->scope = lifecycle_scope_new ("view");
  self->part = test_emitter_new ();
  lifecycle_scope_connect_signal (self->scope, self->part, "plain",
                                  G_CALLBACK (test_never_handler_cb), NULL);
  lifecycle_scope_defer (self->scope, view_cleanup, self, NULL);
}

static void
test_clear_for_dispose (void)
{
  View *view = g_object_new (VIEW_TYPE, NULL);

  g_assert_finalize_object (view);
  test_assert_log ("dispose cleanup late");
}

static void
test_clear_for_dispose_twice (void)
{
  View *view = g_object_new (VIEW_TYPE, NULL);
  LifecycleScope *scope = g_object_ref (view->scope);

  g_object_run_dispose (G_OBJECT (view));
  test_assert_log ("dispose cleanup late");
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_finalize_object (scope);
  g_assert_finalize_object (view);
  test_assert_log ("dispose");
}

static void
test_clear_for_dispose_inside (void)
{
  View *view = g_object_new (VIEW_TYPE, NULL);
  LifecycleScope *scope = g_object_ref (view->scope);

  view->disposes_again = TRUE;
  g_object_run_dispose (G_OBJECT (view));
  test_assert_log ("dispose cleanup dispose late");
  g_assert_finalize_object (scope);
  g_assert_finalize_object (view);
  test_assert_log ("dispose");
}

/* The scope of the object itself is later, as the documentation says. */
static void
part_cb (gpointer part,
         gpointer view)
{
  test_log ("heard");
}

static void
test_scope_of_is_late (void)
{
  View *view = g_object_new (VIEW_TYPE, NULL);

  lifecycle_scope_connect_signal (lifecycle_scope_of (G_OBJECT (view)), view->part, "plain",
                                  G_CALLBACK (part_cb), view);
  g_assert_finalize_object (view);
  test_assert_log ("dispose cleanup late heard");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/cleanup/for-kept-scope", test_for_kept_scope);
  g_test_add_func ("/lifecycle/cleanup/for", test_for);
  g_test_add_data_func ("/lifecycle/cleanup/for-object-first", NULL, test_for_object_first);
  g_test_add_data_func ("/lifecycle/cleanup/for-object-first-run-dispose", GINT_TO_POINTER (TRUE),
                        test_for_object_first);
  g_test_add_func ("/lifecycle/cleanup/for-object-in-teardown", test_for_object_in_teardown);
  g_test_add_func ("/lifecycle/cleanup/for-last-reference", test_for_last_reference);
  g_test_add_func ("/lifecycle/cleanup/for-late", test_for_late);
  g_test_add_func ("/lifecycle/cleanup/for-fails", test_for_fails);
  g_test_add_func ("/lifecycle/cleanup/for-moved", test_for_moved);
  g_test_add_func ("/lifecycle/cleanup/for-many", test_for_many);
  g_test_add_func ("/lifecycle/cleanup/for-race", test_for_race);
  g_test_add_func ("/lifecycle/cleanup/undefer", test_undefer);
  g_test_add_func ("/lifecycle/cleanup/undefer-last", test_undefer_last);
  g_test_add_func ("/lifecycle/cleanup/undefer-in-teardown", test_undefer_in_teardown);
  g_test_add_func ("/lifecycle/cleanup/clear-for-dispose", test_clear_for_dispose);
  g_test_add_func ("/lifecycle/cleanup/clear-for-dispose-twice", test_clear_for_dispose_twice);
  g_test_add_func ("/lifecycle/cleanup/clear-for-dispose-inside", test_clear_for_dispose_inside);
  g_test_add_func ("/lifecycle/cleanup/scope-of-is-late", test_scope_of_is_late);

  return g_test_run ();
}
