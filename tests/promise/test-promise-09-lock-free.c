/* test-promise-09-lock-free.c: no lock is held while user code runs, and nobody waits for it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From every place where user code runs, another thread is sent to use the same scopes and the same
 * emitter, and is waited for: with a lock held anywhere this would never end.
 */

#include "test-util.h"

typedef struct
{
  LifecycleScope *root;
  LifecycleScope *scope;
  LifecycleScope *child;
  LifecycleScope *other;      /* open throughout */
  TestEmitter    *emitter;
  gboolean        close_too;  /* the other thread closes the scopes as well */
  int             visits;
  int             late;
} Shared;

static Shared *shared;

static void
touch (LifecycleScope *scope)
{
  TestEmitter *own = test_emitter_new ();
  g_autofree char *path = NULL;
  GSource *source;

  lifecycle_scope_get_state (scope);
  lifecycle_scope_get_reason (scope);
  lifecycle_scope_get_n_entries (scope);
  lifecycle_scope_is_closed (scope);
  lifecycle_scope_get_limit (scope);
  path = lifecycle_scope_get_path (scope);
  g_assert_nonnull (path);
  lifecycle_scope_adopt (scope, &shared->late, test_count_notify);
  lifecycle_scope_defer (scope, test_count_cleanup, &shared->late, test_count_notify);
  lifecycle_scope_add_object (scope, G_OBJECT (own));
  lifecycle_scope_connect_full (scope, own, "plain", G_CALLBACK (test_never_handler_cb),
                                &shared->late, test_count_closure_notify, 0);
  source = g_idle_source_new ();
  g_source_set_callback (source, test_count_source_once_cb, &shared->late, NULL);
  lifecycle_scope_add_source (scope, source);
  g_source_unref (source);
  g_object_unref (g_object_ref (scope));
  g_object_unref (own);
}

static void
visit_thread (gpointer data)
{
  /* The default context may belong to the other thread at the moment. */
  GMainContext *context = g_main_context_new ();
  LifecycleScope *mine;
  gulong id;

  g_main_context_push_thread_default (context);
  mine = lifecycle_scope_new ("mine");
  touch (shared->root);
  touch (shared->scope);
  touch (shared->child);
  touch (shared->other);

  /* The emitter too: GLib's own lock is not held either. */
  id = g_signal_connect (shared->emitter, "late", G_CALLBACK (test_never_handler_cb), NULL);
  g_signal_handler_disconnect (shared->emitter, id);
  lifecycle_scope_connect_signal (mine, shared->emitter, "late",
                                  G_CALLBACK (test_never_handler_cb), NULL);
  g_assert_cmpuint (lifecycle_scope_close (mine), ==, 1);
  g_assert_finalize_object (mine);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);

  if (shared->close_too)
    {
      lifecycle_scope_close_with_reason (shared->child, LIFECYCLE_REASON_ABORTED, "thread");
      lifecycle_scope_close_with_reason (shared->scope, LIFECYCLE_REASON_ABORTED, "thread");
      lifecycle_scope_close_with_reason (shared->root, LIFECYCLE_REASON_ABORTED, "thread");
    }
}

static void
visit (void)
{
  shared->visits++;
  test_in_thread (visit_thread, NULL);
}

static void
visit_notify (gpointer data)
{
  visit ();
}

static void
visit_closure_notify (gpointer  data,
                      GClosure *closure)
{
  visit ();
}

static void
visit_cleanup (LifecycleScope   *scope,
               LifecycleReason   reason,
               gpointer          data,
               GError          **error)
{
  visit ();
}

static void
visit_cb (gpointer instance)
{
  visit ();
}

static gboolean
visit_source_cb (gpointer data)
{
  visit ();
  return G_SOURCE_REMOVE;
}

static void
shared_init (Shared   *self,
             gboolean  close_too)
{
  memset (self, 0, sizeof *self);
  shared = self;
  self->close_too = close_too;
  self->root = lifecycle_scope_new ("root");
  self->scope = lifecycle_scope_new_child (self->root, "scope");
  self->child = lifecycle_scope_new_child (self->scope, "child");
  self->other = lifecycle_scope_new ("other");
  self->emitter = test_emitter_new ();
}

static void
shared_clear (Shared *self,
              int     visits)
{
  g_assert_cmpint (self->visits, ==, visits);
  lifecycle_scope_close (self->root);
  lifecycle_scope_close (self->other);
  test_drain ();
  g_assert_cmpint (lifecycle_scope_get_state (self->root), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_state (self->scope), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_state (self->child), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_finalize_object (self->child);
  g_assert_finalize_object (self->scope);
  g_assert_finalize_object (self->root);
  g_assert_finalize_object (self->other);
  g_assert_finalize_object (self->emitter);
  shared = NULL;
}

static void
test_teardown (gconstpointer data)
{
  Shared self;
  GSource *source = g_idle_source_new ();
  TestEmitter *object = test_emitter_new ();

  shared_init (&self, GPOINTER_TO_INT (data));
  g_signal_connect (self.scope, "closing", G_CALLBACK (visit_cb), NULL);
  g_signal_connect (self.scope, "closed", G_CALLBACK (visit_cb), NULL);
  g_signal_connect (self.scope, "notify::state", G_CALLBACK (visit_cb), NULL);
  g_signal_connect (lifecycle_scope_get_cancellable (self.scope), "cancelled",
                    G_CALLBACK (visit_cb), NULL);
  lifecycle_scope_connect_full (self.scope, self.emitter, "plain",
                                G_CALLBACK (test_never_handler_cb), NULL, visit_closure_notify, 0);
  lifecycle_scope_connect_closure (self.scope, G_OBJECT (self.emitter), "plain",
                                   g_cclosure_new (G_CALLBACK (test_never_handler_cb), NULL,
                                                   visit_closure_notify), 0);
  lifecycle_scope_add_handler (self.scope, G_OBJECT (self.emitter),
                               g_signal_connect_data (self.emitter, "plain",
                                                      G_CALLBACK (test_never_handler_cb), NULL,
                                                      visit_closure_notify, 0));
  lifecycle_scope_add_idle (self.scope, test_never_source_cb, NULL, visit_notify);
  g_source_set_callback (source, test_never_source_cb, NULL, visit_notify);
  lifecycle_scope_add_source (self.scope, source);
  g_source_unref (source);
  object->on_dispose = visit_notify;
  lifecycle_scope_add_object (self.scope, G_OBJECT (object));
  g_object_unref (object);
  lifecycle_scope_adopt (self.scope, &self, visit_notify);
  lifecycle_scope_defer (self.scope, visit_cleanup, NULL, visit_notify);
  lifecycle_scope_defer (self.child, visit_cleanup, NULL, NULL);

  lifecycle_scope_close (self.root);
  /* One each; the state changes twice, a cleanup has two callbacks. */
  shared_clear (&self, 15);
}

static void
test_callbacks (gconstpointer data)
{
  Shared self;
  gboolean close_too = GPOINTER_TO_INT (data);

  shared_init (&self, FALSE);
  lifecycle_scope_connect_signal (self.scope, self.emitter, "plain", G_CALLBACK (visit_cb), NULL);
  lifecycle_scope_connect_closure (self.scope, G_OBJECT (self.emitter), "plain",
                                   g_cclosure_new (G_CALLBACK (visit_cb), NULL, NULL), 0);
  lifecycle_scope_connect_full (self.scope, self.emitter, "plain", G_CALLBACK (visit_cb), NULL,
                                NULL, LIFECYCLE_CONNECT_ONCE);
  test_emit (self.emitter, "plain");
  g_assert_cmpint (self.visits, ==, 3);

  /* Closed from another thread while a callback of it runs: the close does not wait for it. */
  self.close_too = close_too;
  lifecycle_scope_add_idle (self.scope, visit_source_cb, NULL, NULL);
  test_drain ();
  shared_clear (&self, 4);
}

/* Handlers that retire, by whatever means, tell it without a lock. */
static void
test_retire (void)
{
  Shared self;
  gulong id;
  GSource *source;
  TestEmitter *mortal = test_emitter_new ();
  GClosure *closure;

  shared_init (&self, FALSE);
  id = lifecycle_scope_connect_full (self.scope, self.emitter, "plain",
                                     G_CALLBACK (test_never_handler_cb), NULL,
                                     visit_closure_notify, 0);
  g_signal_handler_disconnect (self.emitter, id);
  source = lifecycle_scope_add_idle (self.scope, test_never_source_cb, NULL, visit_notify);
  g_source_destroy (source);
  lifecycle_scope_connect_full (self.scope, mortal, "plain", G_CALLBACK (test_never_handler_cb),
                                NULL, visit_closure_notify, 0);
  g_assert_finalize_object (mortal);
  closure = g_cclosure_new (G_CALLBACK (test_never_handler_cb), NULL, NULL);
  g_closure_add_invalidate_notifier (closure, NULL, visit_closure_notify);
  lifecycle_scope_connect_closure (self.scope, G_OBJECT (self.emitter), "plain", closure, 0);
  g_closure_invalidate (closure);
  shared_clear (&self, 4);
}

static void
test_late (void)
{
  Shared self;
  GSource *source = g_idle_source_new ();
  gulong id;

  shared_init (&self, FALSE);
  lifecycle_scope_close (self.root);
  lifecycle_scope_adopt (self.scope, &self, visit_notify);
  lifecycle_scope_defer (self.scope, visit_cleanup, NULL, visit_notify);
  lifecycle_scope_connect_full (self.scope, self.emitter, "plain",
                                G_CALLBACK (test_never_handler_cb), NULL, visit_closure_notify, 0);
  lifecycle_scope_add_idle (self.scope, test_never_source_cb, NULL, visit_notify);
  g_source_set_callback (source, test_never_source_cb, NULL, visit_notify);
  lifecycle_scope_add_source (self.scope, source);
  g_source_unref (source);
  id = g_signal_connect_data (self.emitter, "plain", G_CALLBACK (test_never_handler_cb), NULL,
                              visit_closure_notify, 0);
  lifecycle_scope_add_handler (self.scope, G_OBJECT (self.emitter), id);
  shared_clear (&self, 7);
}

static void
test_clear_move_limit (void)
{
  Shared self;
  LifecycleScope *moved;

  shared_init (&self, FALSE);
  lifecycle_scope_defer (self.scope, visit_cleanup, NULL, visit_notify);
  lifecycle_scope_clear (self.scope);
  g_assert_cmpint (self.visits, ==, 2);

  g_signal_connect (self.scope, "limit-reached", G_CALLBACK (visit_cb), NULL);
  lifecycle_scope_set_limit (self.scope, 1000000);
  g_signal_connect (self.scope, "closing", G_CALLBACK (visit_cb), NULL);
  g_signal_connect (self.scope, "closed", G_CALLBACK (visit_cb), NULL);
  moved = lifecycle_scope_move (self.scope);
  g_assert_cmpint (self.visits, ==, 4);
  lifecycle_scope_close (moved);
  g_assert_finalize_object (moved);
  shared_clear (&self, 4);
}

/* The object whose scope it is is disposed while other threads ask for it. */
static void
test_dispose (void)
{
  Shared self;

  shared_init (&self, FALSE);
  lifecycle_scope_defer (lifecycle_scope_of (G_OBJECT (self.emitter)), visit_cleanup, NULL, NULL);
  lifecycle_scope_defer (lifecycle_scope_get_child_for (self.other, G_OBJECT (self.emitter)),
                         visit_cleanup, NULL, NULL);
  g_object_run_dispose (G_OBJECT (self.emitter));
  shared_clear (&self, 2);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_data_func ("/lifecycle/promise-9-lock-free/teardown", GINT_TO_POINTER (FALSE),
                        test_teardown);
  g_test_add_data_func ("/lifecycle/promise-9-lock-free/teardown-close-too",
                        GINT_TO_POINTER (TRUE), test_teardown);
  g_test_add_data_func ("/lifecycle/promise-9-lock-free/callbacks", GINT_TO_POINTER (FALSE),
                        test_callbacks);
  g_test_add_data_func ("/lifecycle/promise-9-lock-free/callbacks-close-too",
                        GINT_TO_POINTER (TRUE), test_callbacks);
  g_test_add_func ("/lifecycle/promise-9-lock-free/retire", test_retire);
  g_test_add_func ("/lifecycle/promise-9-lock-free/late", test_late);
  g_test_add_func ("/lifecycle/promise-9-lock-free/clear-move-limit", test_clear_move_limit);
  g_test_add_func ("/lifecycle/promise-9-lock-free/dispose", test_dispose);

  return g_test_run ();
}
