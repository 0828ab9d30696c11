/* test-promise-13-never-refuse.c: limits warn and do no more
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

static void
test_by_default (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int reached = 0, n = 0;
  guint i;

  test_n_limit_warnings = 0;
  g_signal_connect_swapped (scope, "limit-reached", G_CALLBACK (test_count_notify), &reached);
  for (i = 0; i < 5000; i++)
    g_assert_cmpuint (lifecycle_scope_connect_signal (scope, emitter, "plain",
                                                      G_CALLBACK (test_count_handler_cb), &n),
                      >, 0);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 5000);
  g_assert_cmpint (reached, ==, 0);
  g_assert_cmpuint (test_n_limit_warnings, ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 5000);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* Far beyond the limit every kind is taken still. */
static void
test_beyond (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int reached = 0, n = 0, released = 0;
  guint i;

  test_n_limit_warnings = 0;
  lifecycle_scope_set_limit (scope, 1);
  g_signal_connect_swapped (scope, "limit-reached", G_CALLBACK (test_count_notify), &reached);
  for (i = 0; i < 50; i++)
    {
      LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
      GSource *source = g_idle_source_new ();
      gulong id;

      g_assert_cmpint (lifecycle_scope_get_state (child), ==, LIFECYCLE_STATE_OPEN);
      g_object_unref (child);
      g_assert_cmpuint (lifecycle_scope_connect_signal (scope, emitter, "plain",
                                                        G_CALLBACK (test_count_handler_cb), &n),
                        >, 0);
      id = g_signal_connect (emitter, "plain", G_CALLBACK (test_count_handler_cb), &n);
      g_assert_true (lifecycle_scope_add_handler (scope, G_OBJECT (emitter), id));
      g_assert_nonnull (lifecycle_scope_add_idle (scope, test_never_source_cb, NULL, NULL));
      g_source_set_callback (source, test_never_source_cb, NULL, NULL);
      g_assert_true (lifecycle_scope_add_source (scope, source));
      g_source_unref (source);
      g_assert_true (lifecycle_scope_add_object (scope, G_OBJECT (emitter)));
      g_assert_nonnull (lifecycle_scope_adopt (scope, &released, test_count_notify));
      lifecycle_scope_defer (scope, test_count_cleanup, &released, NULL);
    }
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 400);
  g_assert_cmpint (released, ==, 0);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 100);
  g_assert_cmpint (reached, >, 1);
  /* It does not nag: once for each half more, and not once for each entry. */
  g_assert_cmpint (reached, <, 30);
  g_assert_cmpint (test_n_limit_warnings, ==, reached);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 400);
  g_assert_cmpint (released, ==, 100);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* Lowered beneath what is there, and lifted again. */
static void
test_changed (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int reached = 0, n = 0;
  guint i;

  g_signal_connect_swapped (scope, "limit-reached", G_CALLBACK (test_count_notify), &reached);
  for (i = 0; i < 10; i++)
    lifecycle_scope_adopt (scope, &n, test_count_notify);
  lifecycle_scope_set_limit (scope, 5);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_assert_cmpint (reached, ==, 1);
  lifecycle_scope_set_limit (scope, 0);
  for (i = 0; i < 100; i++)
    lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_assert_cmpint (reached, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 111);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 111);
  g_assert_cmpint (n, ==, 111);
  g_assert_finalize_object (scope);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  test_take_limit_warnings ();

  g_test_add_func ("/lifecycle/promise-13-never-refuse/by-default", test_by_default);
  g_test_add_func ("/lifecycle/promise-13-never-refuse/beyond", test_beyond);
  g_test_add_func ("/lifecycle/promise-13-never-refuse/changed", test_changed);

  return g_test_run ();
}
