/* test-source-names.c: the place in the source as the name of an entry
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Compiled twice: as it is, and with LIFECYCLE_DISABLE_SOURCE_NAMES.
 */

#include "test-util.h"

#ifdef G_OS_UNIX
#include <fcntl.h>
#include <signal.h>
#include <glib/gstdio.h>
#endif

static void
failing_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          message,
                 GError          **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, message);
}

static void
test_names (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  const char *message;

  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "one", NULL);
  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "two", NULL);
  lifecycle_scope_close (scope);
  message = lifecycle_scope_get_error (scope)->message;
  g_test_message ("%s", message);
  g_assert_nonnull (strstr (message, "one"));
  g_assert_nonnull (strstr (message, "two"));
#ifdef LIFECYCLE_DISABLE_SOURCE_NAMES
  g_assert_null (strstr (message, "test-source-names.c"));
#else
  g_assert_nonnull (strstr (message, "test-source-names.c:"));
#endif
  g_assert_finalize_object (scope);
}

#ifdef G_OS_UNIX
static gboolean
never_fd_cb (int          fd,
             GIOCondition condition,
             gpointer     data)
{
  g_assert_not_reached ();
  return G_SOURCE_REMOVE;
}
#endif

/* Every function that has two faces, with arguments that hold commas of their own. */
static void
test_functions (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  GDestroyNotify unref_source = (GDestroyNotify) g_source_unref;
  GClosure *closure;
  int n = 0;
  gulong id;
#ifdef G_OS_UNIX
  int fds[2];
#endif

  g_assert_cmpuint (lifecycle_scope_connect_signal (scope, emitter, "plain",
                                                    G_CALLBACK (test_count_handler_cb), &n), >, 0);
  g_assert_cmpuint (lifecycle_scope_connect_full (scope, emitter, "plain",
                                                  G_CALLBACK (test_count_handler_cb),
                                                  &(struct { int a, b; }) { 1, 2 }, NULL,
                                                  LIFECYCLE_CONNECT_AFTER), >, 0);
  closure = g_cclosure_new (G_CALLBACK (test_count_handler_cb), &n, NULL);
  g_assert_cmpuint (lifecycle_scope_connect_closure (scope, G_OBJECT (emitter), "plain", closure,
                                                     0), >, 0);
  id = g_signal_connect (emitter, "plain", G_CALLBACK (test_count_handler_cb), &n);
  g_assert_true (lifecycle_scope_add_handler (scope, G_OBJECT (emitter), id));
  g_assert_true (lifecycle_scope_add_object (scope, G_OBJECT (emitter)));
  g_assert_nonnull (lifecycle_scope_adopt (scope, &n, test_count_notify));
  lifecycle_scope_defer (scope, test_count_cleanup, &n, test_count_notify);
  g_assert_nonnull (lifecycle_scope_add_idle (scope, test_never_source_cb, NULL, NULL));
  /* One of the macros within another. */
  g_assert_true (lifecycle_scope_add_source (scope,
                                             lifecycle_scope_adopt (scope, g_idle_source_new (),
                                                                    unref_source)));
#ifdef G_OS_UNIX
  g_assert_true (g_unix_open_pipe (fds, FD_CLOEXEC, NULL));
  g_assert_nonnull (lifecycle_scope_add_fd (scope, fds[0], G_IO_IN, never_fd_cb, NULL, NULL));
  g_assert_nonnull (lifecycle_scope_add_unix_signal (scope, SIGUSR1, test_never_source_cb, NULL,
                                                     NULL));
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 12);
  g_close (fds[0], NULL);
  g_close (fds[1], NULL);
#else
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 10);
#endif
  g_assert_cmpint (n, ==, 3);
  g_assert_finalize_object (emitter);
  g_assert_finalize_object (scope);
}

/* The functions proper are there also where the macros hide them. */
static void
test_function_pointers (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  void (*defer) (LifecycleScope *, LifecycleCleanupFunc, gpointer, GDestroyNotify) =
      lifecycle_scope_defer;
  gpointer (*adopt) (LifecycleScope *, gpointer, GDestroyNotify) = lifecycle_scope_adopt;
  int n = 0;

  defer (scope, test_count_cleanup, &n, NULL);
  adopt (scope, &n, test_count_notify);
  (lifecycle_scope_adopt) (scope, &n, test_count_notify);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 3);
  g_assert_cmpint (n, ==, 3);
  g_assert_finalize_object (scope);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/source-names/names", test_names);
  g_test_add_func ("/lifecycle/source-names/functions", test_functions);
  g_test_add_func ("/lifecycle/source-names/function-pointers", test_function_pointers);

  return g_test_run ();
}
