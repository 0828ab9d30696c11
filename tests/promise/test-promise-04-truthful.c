/* test-promise-04-truthful.c: what has ended is not counted, from the moment on in which it ends
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

#define assert_n(scope, n) g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, (n))

typedef void (*End) (TestEmitter *emitter,
                     gulong       id,
                     gpointer     data);

static void
end_by_id (TestEmitter *emitter,
           gulong       id,
           gpointer     data)
{
  g_signal_handler_disconnect (emitter, id);
}

static void
end_by_clear (TestEmitter *emitter,
              gulong       id,
              gpointer     data)
{
  g_clear_signal_handler (&id, emitter);
}

static void
end_by_func (TestEmitter *emitter,
             gulong       id,
             gpointer     data)
{
  g_assert_cmpuint (g_signal_handlers_disconnect_by_func (emitter, test_count_handler_cb, data),
                    ==, 1);
}

static void
end_by_data (TestEmitter *emitter,
             gulong       id,
             gpointer     data)
{
  g_assert_cmpuint (g_signal_handlers_disconnect_by_data (emitter, data), ==, 1);
}

/* One handler out of three is disconnected by somebody else, in all of GLib's ways. */
static void
test_disconnected (gconstpointer data)
{
  End end = data;
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int n[3] = { 0 }, destroyed = 0;
  gulong ids[3];
  guint i;

  for (i = 0; i < 3; i++)
    ids[i] = lifecycle_scope_connect_full (scope, emitter, "plain",
                                           G_CALLBACK (test_count_handler_cb), &n[i], NULL, 0);
  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_count_handler_cb),
                                &destroyed, test_count_closure_notify, 0);
  assert_n (scope, 4);
  end (emitter, ids[1], &n[1]);
  assert_n (scope, 3);
  test_emit (emitter, "plain");
  g_assert_cmpint (n[0] + n[1] + n[2], ==, 2);
  g_assert_cmpint (destroyed, ==, 1);
  end (emitter, ids[0], &n[0]);
  assert_n (scope, 2);
  end (emitter, ids[2], &n[2]);
  assert_n (scope, 1);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_cmpint (destroyed, ==, 2);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
test_instance (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *a = test_emitter_new ();
  TestEmitter *b = test_emitter_new ();
  int destroyed = 0;
  guint i;

  for (i = 0; i < 3; i++)
    {
      lifecycle_scope_connect_full (scope, a, "plain", G_CALLBACK (test_never_handler_cb),
                                    &destroyed, test_count_closure_notify, 0);
      lifecycle_scope_connect_closure (scope, G_OBJECT (a), "notify::value",
                                       g_cclosure_new (G_CALLBACK (test_never_handler_cb),
                                                       &destroyed, test_count_closure_notify), 0);
      lifecycle_scope_add_handler (scope, G_OBJECT (a),
                                   g_signal_connect_data (a, "plain",
                                                          G_CALLBACK (test_never_handler_cb),
                                                          &destroyed, test_count_closure_notify,
                                                          0));
      lifecycle_scope_connect_full (scope, b, "plain", G_CALLBACK (test_never_handler_cb), NULL,
                                    NULL, 0);
    }
  assert_n (scope, 12);
  g_object_run_dispose (G_OBJECT (a));
  assert_n (scope, 3);
  g_assert_cmpint (destroyed, ==, 9);
  g_assert_finalize_object (a);
  assert_n (scope, 3);
  g_assert_finalize_object (b);
  assert_n (scope, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_finalize_object (scope);
}

/* Seen already in the dispose of the emitter, when its handlers have just gone. */

static LifecycleScope *watched;
static int seen;

static void
weak_notify (gpointer  data,
             GObject  *where)
{
  assert_n (watched, 0);
  seen++;
}

static void
test_within_dispose (void)
{
  TestEmitter *emitter = test_emitter_new ();

  seen = 0;
  watched = lifecycle_scope_new ("scope");
  lifecycle_scope_connect_signal (watched, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                  NULL);
  g_object_weak_ref (G_OBJECT (emitter), weak_notify, NULL);
  g_assert_finalize_object (emitter);
  g_assert_cmpint (seen, ==, 1);
  g_assert_finalize_object (watched);
}

/* And in the destroy notify itself: whoever hears of the end finds it entered in the books. */

static void
count_in_notify (gpointer  expected,
                 GClosure *closure)
{
  assert_n (watched, GPOINTER_TO_UINT (expected));
  seen++;
}

static void
count_in_source_notify (gpointer expected)
{
  count_in_notify (expected, NULL);
}

static void
test_within_notify (void)
{
  TestEmitter *emitter = test_emitter_new ();
  gulong id;
  GSource *source;

  seen = 0;
  watched = lifecycle_scope_new ("scope");
  lifecycle_scope_connect_signal (watched, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                  NULL);
  id = lifecycle_scope_connect_full (watched, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                     GUINT_TO_POINTER (1), count_in_notify, 0);
  g_signal_handler_disconnect (emitter, id);
  source = lifecycle_scope_add_idle (watched, test_never_source_cb, GUINT_TO_POINTER (1),
                                     count_in_source_notify);
  g_source_destroy (source);
  g_assert_cmpint (seen, ==, 2);
  g_assert_finalize_object (watched);
  g_assert_finalize_object (emitter);
}

/* A thousand ends in no particular order, counted at each step. */
static void
test_many (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitters[10];
  gulong ids[1000];
  int destroyed = 0;
  guint i;

  for (i = 0; i < 10; i++)
    emitters[i] = test_emitter_new ();
  for (i = 0; i < 1000; i++)
    ids[i] = lifecycle_scope_connect_full (scope, emitters[i % 10], "plain",
                                           G_CALLBACK (test_never_handler_cb), &destroyed,
                                           test_count_closure_notify, 0);
  for (i = 0; i < 1000; i++)
    {
      /* 7 and 1000 have no common divisor: every handler has its turn. */
      guint which = (i * 7 + 3) % 1000;

      assert_n (scope, 1000 - i);
      g_assert_cmpint (destroyed, ==, (int) i);
      g_signal_handler_disconnect (emitters[which % 10], ids[which]);
    }
  assert_n (scope, 0);
  g_assert_cmpint (destroyed, ==, 1000);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_finalize_object (scope);
  for (i = 0; i < 10; i++)
    g_assert_finalize_object (emitters[i]);
}

static gboolean
count_once_cb (gpointer scope)
{
  return G_SOURCE_REMOVE;
}

static void
test_sources (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSource *made, *foreign, *in_context;
  GMainContext *context = g_main_context_new ();

  made = lifecycle_scope_add_idle (scope, test_never_source_cb, NULL, NULL);
  lifecycle_scope_add_idle (scope, count_once_cb, NULL, NULL);
  foreign = g_idle_source_new ();
  g_source_set_callback (foreign, test_never_source_cb, NULL, NULL);
  lifecycle_scope_add_source (scope, foreign);
  in_context = g_idle_source_new ();
  g_source_set_callback (in_context, test_never_source_cb, NULL, NULL);
  g_source_attach (in_context, context);
  lifecycle_scope_add_source (scope, in_context);
  g_source_unref (in_context);
  assert_n (scope, 4);

  g_source_destroy (made);
  assert_n (scope, 3);
  g_source_destroy (foreign);
  g_source_unref (foreign);
  assert_n (scope, 2);
  test_drain ();
  assert_n (scope, 1);
  g_main_context_unref (context);
  assert_n (scope, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_finalize_object (scope);
}

static void
test_children (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  LifecycleScope *other = lifecycle_scope_new ("other");
  TestEmitter *object = test_emitter_new ();
  int n = 0;

  lifecycle_scope_get_child (scope, "named");
  lifecycle_scope_get_child_for (scope, G_OBJECT (object));
  lifecycle_scope_adopt (child, &n, test_count_notify);
  lifecycle_scope_follow (child, other);
  assert_n (scope, 3);
  lifecycle_scope_close (lifecycle_scope_get_child (scope, "named"));
  assert_n (scope, 2);
  lifecycle_scope_close (other);
  assert_n (scope, 1);
  g_assert_cmpint (n, ==, 1);
  g_assert_finalize_object (object);
  assert_n (scope, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_finalize_object (child);
  g_assert_finalize_object (other);
  g_assert_finalize_object (scope);
}

/* What retires while `closing` is emitted is not among the released. */

static void
disconnect_in_closing_cb (LifecycleScope  *scope,
                          LifecycleReason  reason,
                          gpointer         data)
{
  gpointer *pair = data;

  assert_n (scope, 3);
  g_signal_handler_disconnect (pair[0], GPOINTER_TO_SIZE (pair[1]));
  assert_n (scope, 2);
}

static void
test_retired_in_closing (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  gpointer pair[2];
  gulong id;

  id = lifecycle_scope_connect_signal (scope, emitter, "plain",
                                       G_CALLBACK (test_never_handler_cb), NULL);
  lifecycle_scope_connect_signal (scope, emitter, "plain",
                                  G_CALLBACK (test_never_handler_cb), NULL);
  lifecycle_scope_connect_signal (scope, emitter, "plain",
                                  G_CALLBACK (test_never_handler_cb), NULL);
  pair[0] = emitter;
  pair[1] = GSIZE_TO_POINTER (id);
  g_signal_connect (scope, "closing", G_CALLBACK (disconnect_in_closing_cb), pair);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* While the release goes on the count goes down with it. */

static void
count_notify (gpointer scope)
{
  test_log ("%u", lifecycle_scope_get_n_entries (scope));
}

static void
test_count_in_release (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  lifecycle_scope_adopt (scope, scope, count_notify);
  lifecycle_scope_adopt (scope, scope, count_notify);
  lifecycle_scope_adopt (scope, scope, count_notify);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 3);
  test_assert_log ("2 1 0");
  g_assert_finalize_object (scope);
}

/* Handlers that somebody else connected: GLib says nothing when they go by their id, so those may
 * be counted until they are swept; but not after that, never after a close, and never for a dead instance. */
static void
test_foreign_handlers (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  gulong ids[10];
  guint i;

  for (i = 0; i < 10; i++)
    {
      ids[i] = g_signal_connect (emitter, "plain", G_CALLBACK (test_never_handler_cb), NULL);
      lifecycle_scope_add_handler (scope, G_OBJECT (emitter), ids[i]);
    }
  for (i = 0; i < 5; i++)
    g_signal_handler_disconnect (emitter, ids[i]);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), >=, 5);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), <=, 10);
  lifecycle_scope_sweep_handlers (scope, FALSE);
  assert_n (scope, 5);
  g_assert_finalize_object (emitter);
  assert_n (scope, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_finalize_object (scope);
}

/* A child that is being closed is counted until it is out. */
static void
test_property (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  guint n;

  lifecycle_scope_connect_signal (scope, emitter, "plain",
                                  G_CALLBACK (test_never_handler_cb), NULL);
  g_object_get (scope, "n-entries", &n, NULL);
  g_assert_cmpuint (n, ==, 1);
  g_assert_finalize_object (emitter);
  g_object_get (scope, "n-entries", &n, NULL);
  g_assert_cmpuint (n, ==, 0);
  g_assert_finalize_object (scope);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_data_func ("/lifecycle/promise-4-truthful/disconnected-by-id", end_by_id,
                        test_disconnected);
  g_test_add_data_func ("/lifecycle/promise-4-truthful/disconnected-by-clear", end_by_clear,
                        test_disconnected);
  g_test_add_data_func ("/lifecycle/promise-4-truthful/disconnected-by-func", end_by_func,
                        test_disconnected);
  g_test_add_data_func ("/lifecycle/promise-4-truthful/disconnected-by-data", end_by_data,
                        test_disconnected);
  g_test_add_func ("/lifecycle/promise-4-truthful/instance", test_instance);
  g_test_add_func ("/lifecycle/promise-4-truthful/within-dispose", test_within_dispose);
  g_test_add_func ("/lifecycle/promise-4-truthful/within-notify", test_within_notify);
  g_test_add_func ("/lifecycle/promise-4-truthful/many", test_many);
  g_test_add_func ("/lifecycle/promise-4-truthful/sources", test_sources);
  g_test_add_func ("/lifecycle/promise-4-truthful/children", test_children);
  g_test_add_func ("/lifecycle/promise-4-truthful/retired-in-closing", test_retired_in_closing);
  g_test_add_func ("/lifecycle/promise-4-truthful/count-in-release", test_count_in_release);
  g_test_add_func ("/lifecycle/promise-4-truthful/foreign-handlers", test_foreign_handlers);
  g_test_add_func ("/lifecycle/promise-4-truthful/property", test_property);

  return g_test_run ();
}
