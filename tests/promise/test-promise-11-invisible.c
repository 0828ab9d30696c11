/* test-promise-11-invisible.c: a handler of a scope is a handler like others
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What it costs is measured by the benchmarks. Here is what can be seen of it without a clock: the
 * traps of GLib that make emissions slow are not stepped into.
 */

#include "test-util.h"

/* A meta-marshal, which would be a detour in every emission, also spoils matching by function. */
static void
test_no_detour (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int data = 0;
  gulong id;

  id = lifecycle_scope_connect_signal (scope, emitter, "plain",
                                       G_CALLBACK (test_count_handler_cb), &data);
  g_assert_cmpuint (g_signal_handler_find (emitter, G_SIGNAL_MATCH_FUNC | G_SIGNAL_MATCH_DATA, 0,
                                           0, NULL, test_count_handler_cb, &data), ==, id);
  id = lifecycle_scope_connect_full (scope, emitter, "late", G_CALLBACK (test_count_handler_cb),
                                     &data, test_count_closure_notify,
                                     LIFECYCLE_CONNECT_AFTER | LIFECYCLE_CONNECT_SWAPPED);
  g_assert_cmpuint (g_signal_handler_find (emitter,
                                           G_SIGNAL_MATCH_FUNC | G_SIGNAL_MATCH_DATA
                                           | G_SIGNAL_MATCH_ID,
                                           g_signal_lookup ("late", TEST_TYPE_EMITTER), 0, NULL,
                                           test_count_handler_cb, &data), ==, id);
  lifecycle_scope_close (scope);
  g_assert_cmpint (data, ==, 1);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* Any handler on `notify` makes every g_object_notify() on that object slow for good. */
static void
test_no_sentinel_on_notify (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  GObject *object = G_OBJECT (emitter);

  lifecycle_scope_connect_signal (scope, emitter, "plain",
                                  G_CALLBACK (test_count_handler_cb), NULL);
  lifecycle_scope_add_handler (scope, object,
                               g_signal_connect (emitter, "plain",
                                                 G_CALLBACK (test_never_handler_cb), NULL));
  lifecycle_scope_add_object (scope, object);
  lifecycle_scope_follow_object (scope, object);
  lifecycle_scope_follow_signal (scope, object, "late", LIFECYCLE_REASON_ABORTED);
  lifecycle_scope_get_child_for (scope, object);
  lifecycle_scope_of (object);
  g_assert_false (test_has_handlers (emitter, "notify"));
  g_assert_false (test_has_handlers (scope, "notify"));
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* Nor does the library listen to anything that it was not asked to listen to. */
static void
test_no_other_handlers (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  LifecycleScope *other = lifecycle_scope_new ("other");
  TestEmitter *emitter = test_emitter_new ();
  static const char *signals[] = { "plain", "detailed", "params", "answer", "late", "beep" };
  guint i;

  lifecycle_scope_follow (other, scope);
  lifecycle_scope_follow_object (scope, G_OBJECT (emitter));
  lifecycle_scope_get_child_for (scope, G_OBJECT (emitter));
  lifecycle_scope_connect_signal (scope, emitter, "late", G_CALLBACK (test_never_handler_cb), NULL);
  for (i = 0; i < G_N_ELEMENTS (signals); i++)
    g_assert_cmpint (test_has_handlers (emitter, signals[i]), ==, strcmp (signals[i], "late") == 0);
  g_assert_false (test_has_handlers (scope, "closing"));
  g_assert_false (test_has_handlers (scope, "closed"));
  g_assert_false (test_has_handlers (child, "closed"));
  lifecycle_scope_close (scope);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (other);
  g_assert_finalize_object (emitter);
}

/* One weak reference for an instance, however many entries there are on it: removing one of theirs
 * is linear in their number for everybody else as well. Counted by the toll it takes: with one for
 * each entry this would be quadratic, and never end. */
static void
test_weak_references (void)
{
  guint amount = test_amount (100000);
  LifecycleScope **scopes = g_new (LifecycleScope *, amount);
  TestEmitter *emitter = test_emitter_new ();
  guint i;

  for (i = 0; i < amount; i++)
    {
      scopes[i] = lifecycle_scope_new (NULL);
      lifecycle_scope_add_handler (scopes[i], G_OBJECT (emitter),
                                   g_signal_connect (emitter, "plain",
                                                     G_CALLBACK (test_never_handler_cb), NULL));
      lifecycle_scope_follow_object (scopes[i], G_OBJECT (emitter));
      lifecycle_scope_get_child_for (scopes[i], G_OBJECT (emitter));
    }
  for (i = 0; i < amount; i++)
    g_object_unref (scopes[i]);
  g_free (scopes);
  g_assert_finalize_object (emitter);
}

/* A context in which nothing is to be done has no source of the library in it. */

static gboolean
done_cb (gpointer data)
{
  ++*(int *) data;
  return G_SOURCE_REMOVE;
}

static void
test_no_idle_sources (void)
{
  GMainContext *context = g_main_context_new ();
  LifecycleScope *scope, *child;
  int n = 0;

  g_main_context_push_thread_default (context);
  scope = lifecycle_scope_new ("scope");
  child = lifecycle_scope_get_child (scope, "child");
  lifecycle_scope_add_idle (child, done_cb, &n, NULL);
  g_assert_true (g_main_context_iteration (context, FALSE));
  g_assert_cmpint (n, ==, 1);
  /* Ids count up from one in a new context: the next is the second. */
  g_assert_false (g_main_context_pending (context));
  {
    GSource *source = g_idle_source_new ();
    guint id = g_source_attach (source, context);

    g_assert_cmpuint (id, ==, 2);
    g_source_destroy (source);
    g_source_unref (source);
  }
  g_assert_finalize_object (scope);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/promise-11-invisible/no-detour", test_no_detour);
  g_test_add_func ("/lifecycle/promise-11-invisible/no-sentinel-on-notify",
                   test_no_sentinel_on_notify);
  g_test_add_func ("/lifecycle/promise-11-invisible/no-other-handlers", test_no_other_handlers);
  g_test_add_func ("/lifecycle/promise-11-invisible/weak-references", test_weak_references);
  g_test_add_func ("/lifecycle/promise-11-invisible/no-idle-sources", test_no_idle_sources);

  return g_test_run ();
}
