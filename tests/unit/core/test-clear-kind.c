/* test-clear-kind.c: the end of all entries of one kind
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

static void
log_cleanup_cb (LifecycleScope   *scope,
                LifecycleReason   reason,
                gpointer          word,
                GError          **error)
{
  g_assert_cmpint (reason, ==, LIFECYCLE_REASON_COMPLETED);
  test_log ("%s", (const char *) word);
}

static void
test_each_kind (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  gulong id;

  id = lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                     (gpointer) "h1", test_log_closure_notify, 0);
  lifecycle_scope_add_idle (scope, test_log_source_cb, (gpointer) "i1", test_log_notify);
  lifecycle_scope_defer (scope, log_cleanup_cb, (gpointer) "c1", test_log_notify);
  lifecycle_scope_add_timeout (scope, 0, test_log_source_cb, (gpointer) "t1", test_log_notify);
  lifecycle_scope_add_handler (scope, G_OBJECT (emitter),
                               g_signal_connect (emitter, "plain",
                                                 G_CALLBACK (test_never_handler_cb), NULL));
  lifecycle_scope_defer (scope, log_cleanup_cb, (gpointer) "c2", test_log_notify);
  lifecycle_scope_adopt (scope, (gpointer) "d1", test_log_notify);
  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                (gpointer) "h2", test_log_closure_notify, LIFECYCLE_CONNECT_ONCE);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 8);

  g_assert_cmpuint (lifecycle_scope_clear_kind (scope, LIFECYCLE_KIND_CLEANUP, FALSE), ==, 2);
  test_assert_log ("c2 ~c2 c1 ~c1");
  g_assert_cmpuint (lifecycle_scope_clear_kind (scope, LIFECYCLE_KIND_CLEANUP, FALSE), ==, 0);
  g_assert_true (g_signal_handler_is_connected (emitter, id));
  g_assert_cmpuint (lifecycle_scope_clear_kind (scope, LIFECYCLE_KIND_HANDLER, FALSE), ==, 3);
  test_assert_log ("~h2 ~h1");
  test_emit (emitter, "plain");
  g_assert_cmpuint (lifecycle_scope_clear_kind (scope, LIFECYCLE_KIND_TIMER, FALSE), ==, 1);
  test_assert_log ("~t1");
  g_assert_cmpuint (lifecycle_scope_clear_kind (scope, LIFECYCLE_KIND_SOURCE, FALSE), ==, 1);
  test_assert_log ("~i1");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  test_assert_log ("~d1");
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* What is still connected when the first destroy notify runs would be called by it. */
static void
emit_on_release (gpointer  emitter,
                 GClosure *closure)
{
  test_emit (emitter, "plain");
}

/* All are muted before the first is released, in the whole subtree, and among those who follow. */
static void
test_recursive (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *service = lifecycle_scope_get_child (root, "service");
  LifecycleScope *other = lifecycle_scope_new ("other");
  TestEmitter *player = test_emitter_new ();
  LifecycleScope *both = lifecycle_scope_get_child_for (other, G_OBJECT (player));
  LifecycleScope *scopes[] = { root, service, both, lifecycle_scope_of (G_OBJECT (player)) };

  lifecycle_scope_follow_object (service, G_OBJECT (player));
  for (guint i = 0; i < G_N_ELEMENTS (scopes); i++)
    {
      if (scopes[i] != root)
        lifecycle_scope_connect_full (scopes[i], player, "plain",
                                      G_CALLBACK (test_never_handler_cb),
                                      player, emit_on_release, 0);
      lifecycle_scope_adopt (scopes[i], (gpointer) "data", test_log_notify);
    }

  /* By player: its own scope, and the two that follow it, one of them in two ways. */
  g_assert_cmpuint (lifecycle_scope_clear_kind (lifecycle_scope_of (G_OBJECT (player)),
                                                LIFECYCLE_KIND_HANDLER, TRUE), ==, 3);
  for (guint i = 0; i < G_N_ELEMENTS (scopes); i++)
    lifecycle_scope_connect_full (scopes[i], player, "plain", G_CALLBACK (test_never_handler_cb),
                                  NULL, NULL, 0);
  g_assert_cmpuint (lifecycle_scope_clear_kind (root, LIFECYCLE_KIND_HANDLER, TRUE), ==, 2);
  g_assert_cmpuint (lifecycle_scope_get_n_live (both, LIFECYCLE_KIND_HANDLER), ==, 1);
  g_assert_cmpuint (lifecycle_scope_clear_kind (root, LIFECYCLE_KIND_DATA, FALSE), ==, 1);
  test_assert_log ("~data");
  for (guint i = 0; i < G_N_ELEMENTS (scopes); i++)
    g_assert_cmpint (lifecycle_scope_get_state (scopes[i]), ==, LIFECYCLE_STATE_OPEN);

  lifecycle_scope_close (root);
  lifecycle_scope_close (other);
  test_assert_log ("~data ~data");
  g_assert_finalize_object (root);
  g_assert_finalize_object (other);
  g_assert_finalize_object (player);
  test_assert_log ("~data");
}

static void
test_children (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *one = lifecycle_scope_new_child (root, "one");
  LifecycleScope *two = lifecycle_scope_new_child (one, "two");

  lifecycle_scope_adopt (root, (gpointer) "root", test_log_notify);
  lifecycle_scope_adopt (one, (gpointer) "one", test_log_notify);
  lifecycle_scope_adopt (two, (gpointer) "two", test_log_notify);

  g_assert_cmpuint (lifecycle_scope_clear_kind (root, LIFECYCLE_KIND_SCOPE, TRUE), ==, 4);
  test_assert_log ("~one ~two");
  g_assert_cmpint (lifecycle_scope_get_reason (one), ==, LIFECYCLE_REASON_PARENT_CLOSED);
  g_assert_cmpstr (lifecycle_scope_get_reason_detail (one), ==, "cleared");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (root), ==, 1);

  lifecycle_scope_close (root);
  test_assert_log ("~root");
  g_assert_finalize_object (root);
  g_assert_finalize_object (one);
  g_assert_finalize_object (two);
}

/* What a handler has been sent is gone with it. */
static void
test_queued (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();

  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_log_handler_cb),
                                (gpointer) "first", NULL, LIFECYCLE_CONNECT_QUEUED);
  test_emit (emitter, "plain");
  g_assert_cmpuint (lifecycle_scope_clear_kind (scope, LIFECYCLE_KIND_HANDLER, FALSE), ==, 1);
  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_log_handler_cb),
                                (gpointer) "second", NULL, LIFECYCLE_CONNECT_QUEUED);
  test_emit (emitter, "plain");
  while (g_main_context_iteration (NULL, FALSE))
    ;
  test_assert_log ("second");

  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
fail_cb (LifecycleScope   *scope,
         LifecycleReason   reason,
         gpointer          data,
         GError          **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "planned");
}

static void
close_cb (LifecycleScope   *scope,
          LifecycleReason   reason,
          gpointer          data,
          GError          **error)
{
  test_log ("close");
  lifecycle_scope_close_with_reason (scope, LIFECYCLE_REASON_ABORTED, NULL);
}

static void
clear_cb (LifecycleScope   *scope,
          LifecycleReason   reason,
          gpointer          data,
          GError          **error)
{
  test_log ("clear");
  lifecycle_scope_clear (scope);
}

/* Whoever closes, or clears, from inside does the rest, once. */
static void
test_from_inside (gconstpointer func)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  lifecycle_scope_adopt (scope, (gpointer) "data", test_log_notify);
  lifecycle_scope_defer (scope, fail_cb, (gpointer) "last", test_log_notify);
  lifecycle_scope_defer (scope, (LifecycleCleanupFunc) func, NULL, NULL);
  lifecycle_scope_defer (scope, fail_cb, (gpointer) "first", test_log_notify);

  lifecycle_scope_clear_kind (scope, LIFECYCLE_KIND_CLEANUP, FALSE);
  test_assert_log (func == (gconstpointer) close_cb ? "~first close ~data ~last"
                                                    : "~first clear ~data ~last");
  g_assert_error (lifecycle_scope_get_error (scope), LIFECYCLE_ERROR, LIFECYCLE_ERROR_CLEANUP);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_cmpuint (lifecycle_scope_clear_kind (scope, LIFECYCLE_KIND_CLEANUP, FALSE), ==, 0);

  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
}

/* An operation is cancelled, and its callback is not called. */
static void
test_operations (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *operation = lifecycle_scope_begin (scope, "work");
  GCancellable *cancellable = g_object_ref (lifecycle_operation_get_cancellable (operation));

  g_assert_cmpuint (lifecycle_scope_clear_kind (scope, LIFECYCLE_KIND_OPERATION, FALSE), ==, 1);
  g_assert_true (g_cancellable_is_cancelled (cancellable));
  g_assert_false (g_cancellable_is_cancelled (lifecycle_scope_get_cancellable (scope)));
  lifecycle_operation_end (operation);

  g_object_unref (cancellable);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
}

static gpointer
make_child_thread (gpointer parent)
{
  GMainContext *context = g_main_context_new ();
  LifecycleScope *child;

  g_main_context_push_thread_default (context);
  child = lifecycle_scope_new_child (parent, "elsewhere");
  lifecycle_scope_adopt (child, (gpointer) "elsewhere", test_log_notify);
  g_main_context_pop_thread_default (context);
  g_object_set_data_full (G_OBJECT (child), "context", context,
                          (GDestroyNotify) g_main_context_unref);

  return child;
}

static void
kind_cleanup (LifecycleScope   *scope,
              LifecycleReason   reason,
              gpointer          data,
              GError          **error)
{
  test_log ("cleanup");
  g_assert_cmpuint (lifecycle_scope_clear_kind (scope, LIFECYCLE_KIND_DATA, FALSE), ==, 0);
}

/* In the middle of a clear(), the rest of which is its own. */
static void
test_in_clear (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");

  lifecycle_scope_adopt (child, (gpointer) "child", test_log_notify);
  lifecycle_scope_defer (scope, kind_cleanup, NULL, NULL);
  g_assert_cmpuint (lifecycle_scope_clear (scope), ==, 3);
  test_assert_log ("cleanup ~child");
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
}

static void
moving_cleanup (LifecycleScope   *scope,
                LifecycleReason   reason,
                gpointer          data,
                GError          **error)
{
  LifecycleScope **moved = data;

  test_log ("cleanup");
  *moved = lifecycle_scope_move (scope);
}

/* What is left goes along, and on. */
static void
test_move_from_inside (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *moved = NULL;

  lifecycle_scope_defer (scope, kind_cleanup, NULL, NULL);
  lifecycle_scope_defer (scope, moving_cleanup, &moved, NULL);
  g_assert_cmpuint (lifecycle_scope_clear_kind (scope, LIFECYCLE_KIND_CLEANUP, FALSE), ==, 2);
  test_assert_log ("cleanup cleanup");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (moved), ==, 0);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (moved);
}

/* It waits for its home. */
static void
test_elsewhere (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *child = g_thread_join (g_thread_new ("home", make_child_thread, root));
  GMainContext *context = g_object_get_data (G_OBJECT (child), "context");

  lifecycle_scope_adopt (root, (gpointer) "here", test_log_notify);
  g_assert_cmpuint (lifecycle_scope_clear_kind (root, LIFECYCLE_KIND_DATA, TRUE), ==, 1);
  test_assert_log ("~here");
  while (g_main_context_iteration (context, FALSE))
    ;
  test_assert_log ("~elsewhere");

  lifecycle_scope_close (root);
  while (g_main_context_iteration (context, FALSE))
    ;
  g_assert_finalize_object (root);
  g_assert_finalize_object (child);
}

static void
failing_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          message,
                 GError          **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, message);
}

/* What has failed is known as soon as the call returns, although the scope stays open. */
static void
test_errors (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");

  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "own", NULL);
  lifecycle_scope_defer (child, failing_cleanup, (gpointer) "child's", NULL);
  g_assert_cmpuint (lifecycle_scope_clear_kind (scope, LIFECYCLE_KIND_CLEANUP, TRUE), ==, 2);
  g_assert_error (lifecycle_scope_get_error (scope), G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpstr (lifecycle_scope_get_error (scope)->message, ==, "own");
  g_assert_error (lifecycle_scope_get_error (child), G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpstr (lifecycle_scope_get_error (child)->message, ==, "child's");
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/clear-kind/each-kind", test_each_kind);
  g_test_add_func ("/lifecycle/clear-kind/recursive", test_recursive);
  g_test_add_func ("/lifecycle/clear-kind/children", test_children);
  g_test_add_func ("/lifecycle/clear-kind/queued", test_queued);
  g_test_add_data_func ("/lifecycle/clear-kind/close-from-inside", close_cb, test_from_inside);
  g_test_add_data_func ("/lifecycle/clear-kind/clear-from-inside", clear_cb, test_from_inside);
  g_test_add_func ("/lifecycle/clear-kind/in-clear", test_in_clear);
  g_test_add_func ("/lifecycle/clear-kind/move-from-inside", test_move_from_inside);
  g_test_add_func ("/lifecycle/clear-kind/operations", test_operations);
  g_test_add_func ("/lifecycle/clear-kind/elsewhere", test_elsewhere);
  g_test_add_func ("/lifecycle/clear-kind/errors", test_errors);

  return g_test_run ();
}
