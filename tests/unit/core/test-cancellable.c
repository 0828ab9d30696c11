/* test-cancellable.c: the cancellable of a scope
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

static void
test_cancellable (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GCancellable) cancellable = g_object_ref (lifecycle_scope_get_cancellable (scope));

  g_assert_true (G_IS_CANCELLABLE (cancellable));
  g_assert_true (lifecycle_scope_get_cancellable (scope) == cancellable);
  g_assert_false (g_cancellable_is_cancelled (cancellable));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_true (g_cancellable_is_cancelled (cancellable));
  g_assert_finalize_object (scope);
}

/* Asked for too late it is a cancelled one, so that whoever starts something with it stops. */
static void
test_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  lifecycle_scope_close (scope);
  g_assert_true (g_cancellable_is_cancelled (lifecycle_scope_get_cancellable (scope)));
  g_assert_true (lifecycle_scope_get_cancellable (scope) ==
                 lifecycle_scope_get_cancellable (scope));
  g_assert_finalize_object (scope);
}

static void
late_cleanup (LifecycleScope   *scope,
              LifecycleReason   reason,
              gpointer          user_data,
              GError          **error)
{
  g_assert_true (g_cancellable_is_cancelled (lifecycle_scope_get_cancellable (scope)));
  test_log ("cleanup");
}

static void
test_late_in_cleanup (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  lifecycle_scope_defer (scope, late_cleanup, NULL, NULL);
  lifecycle_scope_close (scope);
  test_assert_log ("cleanup");
  g_assert_finalize_object (scope);
}

/* The user cancelled it himself: that is not a close. */
static void
test_cancelled_by_user (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  g_cancellable_cancel (lifecycle_scope_get_cancellable (scope));
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
}

static void
test_outlives (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GCancellable *cancellable = g_object_ref (lifecycle_scope_get_cancellable (scope));

  g_assert_finalize_object (scope);
  g_assert_true (g_cancellable_is_cancelled (cancellable));
  g_assert_finalize_object (cancellable);
}

typedef struct
{
  LifecycleScope *scope;
  TestEmitter    *emitter;
  gulong          id;
  GSource        *source;
} Fixture;

static void
cancelled_cb (GCancellable *cancellable,
              gpointer      data)
{
  Fixture *f = data;

  test_log ("cancelled");
  g_assert_cmpint (lifecycle_scope_get_state (f->scope), ==, LIFECYCLE_STATE_CLOSING);
  g_assert_false (test_is_connected (f->emitter, f->id));
  g_assert_true (g_source_is_destroyed (f->source));
  test_emit (f->emitter, "plain");
}

/* It is cancelled in the release step: handlers and sources are mute, nothing is destroyed yet. */
static void
test_order (void)
{
  Fixture f = { .scope = lifecycle_scope_new ("scope"), .emitter = test_emitter_new () };
  GCancellable *cancellable;

  f.id = lifecycle_scope_connect_full (f.scope, f.emitter, "plain",
                                       G_CALLBACK (test_never_handler_cb), (gpointer) "handler",
                                       test_log_closure_notify, 0);
  cancellable = lifecycle_scope_get_cancellable (f.scope);
  g_signal_connect (cancellable, "cancelled", G_CALLBACK (cancelled_cb), &f);
  f.source = g_source_ref (lifecycle_scope_add_idle (f.scope, test_never_source_cb,
                                                     (gpointer) "source", test_log_notify));
  g_signal_connect (f.scope, "closing", G_CALLBACK (test_log_scope_cb), (gpointer) "closing");
  g_assert_cmpuint (lifecycle_scope_close (f.scope), ==, 2);
  test_assert_log ("closing cancelled ~source ~handler");
  g_source_unref (f.source);
  g_assert_finalize_object (f.scope);
  g_assert_finalize_object (f.emitter);
}

static void
closes_cb (GCancellable *cancellable,
           gpointer      scope)
{
  test_log ("cancelled");
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
}

static void
test_closes (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *scope = lifecycle_scope_new_child (root, "scope");
  int n = 0;

  g_signal_connect (lifecycle_scope_get_cancellable (scope), "cancelled",
                    G_CALLBACK (closes_cb), scope);
  g_signal_connect (lifecycle_scope_get_cancellable (root), "cancelled",
                    G_CALLBACK (closes_cb), scope);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_assert_cmpuint (lifecycle_scope_close (root), ==, 2);
  test_assert_log ("cancelled cancelled");
  g_assert_cmpint (n, ==, 1);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (root);
}

static void
unrefs_cb (GCancellable *cancellable,
           gpointer      scope)
{
  test_log ("cancelled");
  g_object_unref (scope);
}

static void
test_unrefs (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0, finalized = 0;

  test_count_finalize (scope, &finalized);
  g_signal_connect (lifecycle_scope_get_cancellable (scope), "cancelled",
                    G_CALLBACK (unrefs_cb), scope);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  lifecycle_scope_close (scope);
  test_assert_log ("cancelled");
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpint (finalized, ==, 1);
}

static void
close_by_cancelled_cb (GCancellable *cancellable,
                       gpointer      scope)
{
  test_log ("%u", lifecycle_scope_close (scope));
}

/* While it is being cancelled by the user, the scope is closed, which would cancel it again. */
static void
test_closed_in_cancelled (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GCancellable *cancellable = lifecycle_scope_get_cancellable (scope);
  int n = 0;

  g_signal_connect (cancellable, "cancelled", G_CALLBACK (close_by_cancelled_cb), scope);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_object_ref (cancellable);
  g_cancellable_cancel (cancellable);
  test_assert_log ("1");
  g_assert_cmpint (n, ==, 1);
  g_object_unref (cancellable);
  g_assert_finalize_object (scope);
}

/* A scope that follows a cancellable is closed within g_cancellable_cancel() and drops its entries
 * there, an own handler on that cancellable among them: g_cancellable_disconnect() would hang. */
static void
test_own_handler (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  lifecycle_scope_connect_signal (scope, cancellable, "cancelled", G_CALLBACK (test_log_handler_cb),
                                  (gpointer) "cancelled");
  lifecycle_scope_follow_cancellable (scope, cancellable);
  g_cancellable_cancel (cancellable);
  test_assert_log ("cancelled");
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_finalize_object (scope);
}

static void
test_clear (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GCancellable) first = g_object_ref (lifecycle_scope_get_cancellable (scope));
  GCancellable *second;

  lifecycle_scope_clear (scope);
  g_assert_true (g_cancellable_is_cancelled (first));
  second = lifecycle_scope_get_cancellable (scope);
  g_assert_true (second != first);
  g_assert_false (g_cancellable_is_cancelled (second));
  g_assert_finalize_object (scope);
}

/* Children have their own, cancelled with the parent's. */
static void
test_children (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *child = lifecycle_scope_new_child (root, "child");
  g_autoptr (GCancellable) above = g_object_ref (lifecycle_scope_get_cancellable (root));
  g_autoptr (GCancellable) below = g_object_ref (lifecycle_scope_get_cancellable (child));

  g_assert_true (above != below);
  lifecycle_scope_close (child);
  g_assert_true (g_cancellable_is_cancelled (below));
  g_assert_false (g_cancellable_is_cancelled (above));
  g_assert_finalize_object (child);

  child = lifecycle_scope_new_child (root, "child");
  g_clear_object (&below);
  below = g_object_ref (lifecycle_scope_get_cancellable (child));
  lifecycle_scope_close (root);
  g_assert_true (g_cancellable_is_cancelled (below));
  g_assert_true (g_cancellable_is_cancelled (above));
  g_assert_finalize_object (child);
  g_assert_finalize_object (root);
}

static void
still_open_cb (LifecycleScope  *scope,
               LifecycleReason  reason,
               gpointer         cancellable)
{
  g_assert_false (g_cancellable_is_cancelled (cancellable));
  test_log ("closing");
}

/* In `closing` everything still works, this too. */
static void
test_closing (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  g_signal_connect (scope, "closing", G_CALLBACK (still_open_cb),
                    lifecycle_scope_get_cancellable (scope));
  lifecycle_scope_close (scope);
  test_assert_log ("closing");
  g_assert_finalize_object (scope);
}

/* What is called when a cancellable is cancelled. */

typedef struct
{
  LifecycleScope *scope;
  GCancellable   *cancellable;
  GThread        *thread;
  int             n_called;
  int             n_destroyed;
} Watched;

static void
watched_cancelled_cb (GCancellable *cancellable,
                      gpointer      data)
{
  Watched *self = data;

  g_assert_true (self->cancellable == cancellable);
  g_assert_true (g_cancellable_is_cancelled (cancellable));
  g_assert_true (self->thread == g_thread_self ());
  g_assert_cmpint (self->n_destroyed, ==, 0);
  self->n_called++;
}

static void
watched_destroy_cb (gpointer data)
{
  g_atomic_int_inc (&((Watched *) data)->n_destroyed);
}

static void
watched_init (Watched *self)
{
  self->scope = lifecycle_scope_new ("scope");
  self->cancellable = g_cancellable_new ();
  self->thread = g_thread_self ();
  self->n_called = 0;
  self->n_destroyed = 0;
}

static gulong
watched_connect (Watched *self)
{
  return lifecycle_scope_connect_cancellable (self->scope, self->cancellable,
                                              watched_cancelled_cb, self, watched_destroy_cb);
}

static void
watched_clear (Watched *self)
{
  lifecycle_scope_close (self->scope);
  g_assert_cmpint (self->n_destroyed, ==, 1);
  g_assert_finalize_object (self->scope);
  g_assert_finalize_object (self->cancellable);
}

static void
test_connect (void)
{
  Watched self;
  gulong id;

  watched_init (&self);
  id = watched_connect (&self);
  g_assert_true (test_is_connected (self.cancellable, id));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (self.scope), ==, 1);
  g_cancellable_cancel (self.cancellable);
  g_assert_false (test_is_connected (self.cancellable, id));
  g_assert_cmpint (self.n_called, ==, 0);
  test_drain ();
  g_assert_cmpint (self.n_called, ==, 1);
  g_assert_cmpint (self.n_destroyed, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (self.scope), ==, 0);

  /* Once is once. */
  g_cancellable_reset (self.cancellable);
  g_cancellable_cancel (self.cancellable);
  test_drain ();
  g_assert_cmpint (self.n_called, ==, 1);
  watched_clear (&self);
}

/* A cancellation that came before is not missed. */
static void
test_connect_cancelled (void)
{
  Watched self;

  watched_init (&self);
  g_cancellable_cancel (self.cancellable);
  g_assert_cmpuint (watched_connect (&self), !=, 0);
  g_assert_cmpint (self.n_called, ==, 0);
  test_drain ();
  g_assert_cmpint (self.n_called, ==, 1);
  g_assert_cmpint (self.n_destroyed, ==, 1);
  watched_clear (&self);
}

static void
test_connect_closed (void)
{
  Watched self;

  watched_init (&self);
  g_cancellable_cancel (self.cancellable);
  lifecycle_scope_close (self.scope);
  g_assert_cmpuint (watched_connect (&self), ==, 0);
  g_assert_cmpint (self.n_destroyed, ==, 1);
  test_drain ();
  g_assert_cmpint (self.n_called, ==, 0);
  watched_clear (&self);
}

/* The scope closes between the cancellation and the call. */
static void
test_connect_closes_first (void)
{
  Watched self;

  watched_init (&self);
  watched_connect (&self);
  g_cancellable_cancel (self.cancellable);
  lifecycle_scope_close (self.scope);
  g_assert_cmpint (self.n_destroyed, ==, 1);
  test_drain ();
  g_assert_cmpint (self.n_called, ==, 0);
  watched_clear (&self);
}

static gpointer
cancel_thread (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return NULL;
}

/* Another thread cancels at the very moment: that is one call, here. */
static void
test_connect_thread (void)
{
  for (guint i = 0; i < 200; i++)
    {
      GThread *thread;
      Watched self;

      watched_init (&self);
      thread = g_thread_new ("cancels", cancel_thread, self.cancellable);
      watched_connect (&self);
      g_thread_join (thread);
      test_drain ();
      g_assert_cmpint (self.n_called, ==, 1);
      watched_clear (&self);
    }
}

typedef struct
{
  LifecycleScope *scope;
  LifecycleScope *moved;
  GCancellable   *newer;
} Finishing;

static void
move_notify (gpointer data)
{
  Finishing *self = data;

  self->newer = g_object_ref (lifecycle_scope_get_cancellable (self->scope));
  self->moved = lifecycle_scope_move (self->scope);
}

/* A move finishes the clear() that it is called in. That has cancelled the cancellable of before, and one
 * that was asked for since is not concerned: it goes with the move.
 */
static void
test_finished_clear (void)
{
  Finishing self = { .scope = lifecycle_scope_new ("scope") };
  g_autoptr (GCancellable) older = g_object_ref (lifecycle_scope_get_cancellable (self.scope));

  lifecycle_scope_adopt (self.scope, &self, move_notify);
  g_assert_cmpuint (lifecycle_scope_clear (self.scope), ==, 1);
  g_assert_true (g_cancellable_is_cancelled (older));
  g_assert_true (self.newer != older);
  g_assert_false (g_cancellable_is_cancelled (self.newer));
  g_assert_true (lifecycle_scope_get_cancellable (self.moved) == self.newer);

  lifecycle_scope_close (self.moved);
  g_assert_true (g_cancellable_is_cancelled (self.newer));
  g_object_unref (self.newer);
  g_assert_finalize_object (self.moved);
  g_assert_finalize_object (self.scope);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/cancellable/cancellable", test_cancellable);
  g_test_add_func ("/lifecycle/cancellable/late", test_late);
  g_test_add_func ("/lifecycle/cancellable/late-in-cleanup", test_late_in_cleanup);
  g_test_add_func ("/lifecycle/cancellable/cancelled-by-user", test_cancelled_by_user);
  g_test_add_func ("/lifecycle/cancellable/outlives", test_outlives);
  g_test_add_func ("/lifecycle/cancellable/order", test_order);
  g_test_add_func ("/lifecycle/cancellable/closes", test_closes);
  g_test_add_func ("/lifecycle/cancellable/unrefs", test_unrefs);
  g_test_add_func ("/lifecycle/cancellable/closed-in-cancelled", test_closed_in_cancelled);
  g_test_add_func ("/lifecycle/cancellable/own-handler", test_own_handler);
  g_test_add_func ("/lifecycle/cancellable/clear", test_clear);
  g_test_add_func ("/lifecycle/cancellable/finished-clear", test_finished_clear);
  g_test_add_func ("/lifecycle/cancellable/children", test_children);
  g_test_add_func ("/lifecycle/cancellable/closing", test_closing);
  g_test_add_func ("/lifecycle/cancellable/connect", test_connect);
  g_test_add_func ("/lifecycle/cancellable/connect-cancelled", test_connect_cancelled);
  g_test_add_func ("/lifecycle/cancellable/connect-closed", test_connect_closed);
  g_test_add_func ("/lifecycle/cancellable/connect-closes-first", test_connect_closes_first);
  g_test_add_func ("/lifecycle/cancellable/connect-thread", test_connect_thread);

  return g_test_run ();
}
