/* test-move.c: what happens while a scope moves
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

static void
get_cancellable_cb (LifecycleScope  *scope,
                    LifecycleReason  reason,
                    GCancellable   **cancellable)
{
  *cancellable = g_object_ref (lifecycle_scope_get_cancellable (scope));
}

/* Whoever asks in the middle gets the cancellable of what goes on. */
static void
test_asks_for_cancellable (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GCancellable *cancellable = NULL;
  LifecycleScope *moved;

  g_signal_connect (scope, "closing", G_CALLBACK (get_cancellable_cb), &cancellable);
  moved = lifecycle_scope_move (scope);
  g_assert_nonnull (cancellable);
  g_assert_false (g_cancellable_is_cancelled (cancellable));
  g_assert_true (lifecycle_scope_get_cancellable (moved) == cancellable);
  g_assert_true (g_cancellable_is_cancelled (lifecycle_scope_get_cancellable (scope)));
  lifecycle_scope_close (moved);
  g_assert_true (g_cancellable_is_cancelled (cancellable));

  g_assert_finalize_object (scope);
  g_assert_finalize_object (moved);
  g_assert_finalize_object (cancellable);
}

static void
get_cancellable_and_close_cb (LifecycleScope  *scope,
                              LifecycleReason  reason,
                              LifecycleScope  *other)
{
  GCancellable *cancellable = lifecycle_scope_get_cancellable (scope);

  g_assert_false (g_cancellable_is_cancelled (cancellable));
  lifecycle_scope_close (other);
  g_assert_true (g_cancellable_is_cancelled (cancellable));
}

static void
assert_moved_nothing (LifecycleScope  *scope,
                      LifecycleReason  reason)
{
  LifecycleScope *moved = lifecycle_scope_move (scope);

  g_assert_true (lifecycle_scope_is_closed (moved));
  g_assert_cmpint (lifecycle_scope_get_reason (moved), ==, reason);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (moved), ==, 0);
  g_assert_null (lifecycle_scope_adopt (moved, (gpointer) "late", test_log_notify));
  g_assert_finalize_object (moved);
}

static void
test_parent_closes (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *scope = lifecycle_scope_new_child (parent, "scope");

  lifecycle_scope_adopt (scope, (gpointer) "data", test_log_notify);
  g_signal_connect (scope, "closing", G_CALLBACK (get_cancellable_and_close_cb), parent);
  assert_moved_nothing (scope, LIFECYCLE_REASON_PARENT_CLOSED);
  test_assert_log ("~data ~late");
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_finalize_object (scope);
  g_assert_finalize_object (parent);
}

static void
test_followed_closes (void)
{
  LifecycleScope *followed = lifecycle_scope_new ("followed");
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  lifecycle_scope_follow (scope, followed);
  lifecycle_scope_adopt (scope, (gpointer) "data", test_log_notify);
  g_signal_connect (scope, "closing", G_CALLBACK (get_cancellable_and_close_cb), followed);
  assert_moved_nothing (scope, LIFECYCLE_REASON_OWNER_GONE);
  test_assert_log ("~data ~late");
  g_assert_finalize_object (scope);
  g_assert_finalize_object (followed);
}

static void
clear_cb (LifecycleScope  *scope,
          LifecycleReason  reason,
          LifecycleScope  *other)
{
  lifecycle_scope_clear (other);
}

static void
test_parent_is_cleared (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *scope = lifecycle_scope_new_child (parent, "scope");

  lifecycle_scope_adopt (scope, (gpointer) "data", test_log_notify);
  g_signal_connect (scope, "closing", G_CALLBACK (clear_cb), parent);
  assert_moved_nothing (scope, LIFECYCLE_REASON_PARENT_CLOSED);
  test_assert_log ("~data ~late");
  g_assert_finalize_object (scope);
  g_assert_false (lifecycle_scope_is_closed (parent));
  g_assert_finalize_object (parent);
}

static void
close_async_cb (LifecycleScope  *scope,
                LifecycleReason  reason,
                LifecycleScope  *other)
{
  lifecycle_scope_close_async (other, LIFECYCLE_REASON_COMPLETED, 0, NULL, NULL, NULL);
}

/* The parent has muted everything, and waits. What is muted cannot move. */
static void
test_parent_waits (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *scope = lifecycle_scope_new_child (parent, "scope");
  LifecycleOperation *operation = lifecycle_scope_begin (scope, "work");

  lifecycle_scope_adopt (scope, (gpointer) "data", test_log_notify);
  g_signal_connect (scope, "closing", G_CALLBACK (close_async_cb), parent);
  assert_moved_nothing (scope, LIFECYCLE_REASON_PARENT_CLOSED);
  test_assert_log ("~late");
  g_assert_false (lifecycle_scope_is_closed (scope));

  lifecycle_operation_end (operation);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_true (lifecycle_scope_is_closed (parent));
  test_assert_log ("~data");
  g_assert_finalize_object (scope);
  g_assert_finalize_object (parent);
}

static void
emit_then_close_cb (LifecycleScope  *scope,
                    LifecycleReason  reason,
                    LifecycleScope  *parent)
{
  lifecycle_scope_close (parent);
}

static void
run_main_context_cb (GCancellable *cancellable,
                     gpointer      data)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* What a queued handler has been sent is muted with it, also in the middle of a move. */
static void
test_mail_is_muted (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *scope = lifecycle_scope_new_child (parent, "scope");
  TestEmitter *emitter = test_emitter_new ();

  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb), NULL,
                                NULL, LIFECYCLE_CONNECT_QUEUED);
  g_signal_connect (lifecycle_scope_get_cancellable (scope), "cancelled",
                    G_CALLBACK (run_main_context_cb), NULL);
  test_emit (emitter, "plain");
  g_signal_connect (scope, "closing", G_CALLBACK (emit_then_close_cb), parent);
  assert_moved_nothing (scope, LIFECYCLE_REASON_PARENT_CLOSED);
  test_assert_log ("~late");
  run_main_context_cb (NULL, NULL);

  g_assert_finalize_object (scope);
  g_assert_finalize_object (parent);
  g_assert_finalize_object (emitter);
}

static void
failing_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          message,
                 GError          **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, message);
}

static void
move_in_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          moved,
                 GError          **error)
{
  *(LifecycleScope **) moved = lifecycle_scope_move (scope);
}

/* What has failed by the time of the move is an error of the old scope; what fails later is one of
 * the new scope.
 */
static void
test_errors (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *moved = NULL;

  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "cleared", NULL);
  lifecycle_scope_defer (scope, move_in_cleanup, &moved, NULL);
  lifecycle_scope_clear (scope);
  g_assert_nonnull (moved);
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_error (lifecycle_scope_get_error (scope), G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpstr (lifecycle_scope_get_error (scope)->message, ==, "cleared");
  g_assert_null (lifecycle_scope_get_error (moved));

  lifecycle_scope_defer (moved, failing_cleanup, (gpointer) "closed", NULL);
  lifecycle_scope_close (moved);
  g_assert_error (lifecycle_scope_get_error (moved), G_IO_ERROR, G_IO_ERROR_BUSY);
  g_assert_cmpstr (lifecycle_scope_get_error (moved)->message, ==, "closed");
  g_assert_cmpstr (lifecycle_scope_get_error (scope)->message, ==, "cleared");

  g_assert_finalize_object (scope);
  g_assert_finalize_object (moved);
}

typedef struct
{
  LifecycleScope *moved;
  GCancellable   *older;
  GCancellable   *newer;
} Newer;

static void
newer_cleanup (LifecycleScope   *scope,
               LifecycleReason   reason,
               gpointer          data,
               GError          **error)
{
  Newer *self = data;

  g_assert_true (g_cancellable_is_cancelled (self->older));
  self->newer = lifecycle_scope_ref_cancellable (scope);
  g_assert_false (g_cancellable_is_cancelled (self->newer));
  /* This finishes the clear() first. */
  self->moved = lifecycle_scope_move (scope);
}

/* A clear() cancels once. Whoever finishes it has no business with the next cancellable. */
static void
test_newer_cancellable (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  Newer self = { .older = lifecycle_scope_ref_cancellable (scope) };

  lifecycle_scope_adopt (scope, (gpointer) "data", test_log_notify);
  lifecycle_scope_defer (scope, newer_cleanup, &self, NULL);
  lifecycle_scope_clear (scope);
  test_assert_log ("~data");
  g_assert_false (g_cancellable_is_cancelled (self.newer));
  g_assert_true (lifecycle_scope_get_cancellable (self.moved) == self.newer);
  lifecycle_scope_close (self.moved);
  g_assert_true (g_cancellable_is_cancelled (self.newer));

  g_assert_finalize_object (scope);
  g_assert_finalize_object (self.moved);
  g_assert_finalize_object (self.older);
  g_assert_finalize_object (self.newer);
}

/* What follows an object closes with the scope of the object's life, and does not go along with what
 * was set up there.
 */
static void
test_scope_of_object (void)
{
  TestEmitter *object = test_emitter_new ();
  LifecycleScope *follower = lifecycle_scope_new ("follower");
  LifecycleScope *moved;

  lifecycle_scope_follow_object (follower, G_OBJECT (object));
  moved = lifecycle_scope_move (lifecycle_scope_of (G_OBJECT (object)));
  g_assert_cmpint (lifecycle_scope_get_state (moved), ==, LIFECYCLE_STATE_OPEN);
  g_assert_true (lifecycle_scope_is_closed (follower));
  g_assert_cmpint (lifecycle_scope_get_reason (follower), ==, LIFECYCLE_REASON_OWNER_GONE);
  lifecycle_scope_close (moved);

  g_assert_finalize_object (moved);
  g_assert_finalize_object (follower);
  g_assert_finalize_object (object);
}

/* A handler of `closing` closes the scope that moves, which is closing already: nothing happens. */
static void
close_self_cb (LifecycleScope  *scope,
               LifecycleReason  reason,
               gpointer         data)
{
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_false (lifecycle_scope_is_closed (scope));
}

static void
test_closes_itself (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *moved;
  int freed = 0;

  lifecycle_scope_adopt (scope, &freed, test_count_notify);
  g_signal_connect (scope, "closing", G_CALLBACK (close_self_cb), NULL);
  moved = lifecycle_scope_move (scope);

  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_cmpint (lifecycle_scope_get_state (moved), ==, LIFECYCLE_STATE_OPEN);
  g_assert_cmpint (freed, ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (moved), ==, 1);
  g_assert_cmpint (freed, ==, 1);
  g_assert_finalize_object (moved);
  g_assert_finalize_object (scope);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/move/closes-itself", test_closes_itself);
  g_test_add_func ("/lifecycle/move/asks-for-cancellable", test_asks_for_cancellable);
  g_test_add_func ("/lifecycle/move/parent-closes", test_parent_closes);
  g_test_add_func ("/lifecycle/move/followed-closes", test_followed_closes);
  g_test_add_func ("/lifecycle/move/parent-is-cleared", test_parent_is_cleared);
  g_test_add_func ("/lifecycle/move/parent-waits", test_parent_waits);
  g_test_add_func ("/lifecycle/move/mail-is-muted", test_mail_is_muted);
  g_test_add_func ("/lifecycle/move/errors", test_errors);
  g_test_add_func ("/lifecycle/move/newer-cancellable", test_newer_cancellable);
  g_test_add_func ("/lifecycle/move/scope-of-object", test_scope_of_object);

  return g_test_run ();
}
