/* test-gio-process.c: real processes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

#ifdef G_OS_UNIX

#include <errno.h>
#include <signal.h>

/* Longer than any test. */
#define GRACE_LONG  (TEST_HANG_SECONDS * 1000)
#define GRACE_SHORT 50

static GSubprocess *
spawn (const char *script)
{
  g_autoptr (GError) error = NULL;
  GSubprocess *subprocess;

  subprocess = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error,
                                 "sh", "-c", script, NULL);
  g_assert_no_error (error);

  return subprocess;
}

/* Once it has said something its traps are in place. */
static GSubprocess *
spawn_ready (const char *script)
{
  GSubprocess *subprocess = spawn (script);
  char byte;

  g_assert_cmpint (g_input_stream_read (g_subprocess_get_stdout_pipe (subprocess), &byte, 1, NULL,
                                        NULL), ==, 1);

  return subprocess;
}

static const char waits[] = "echo ready; exec sleep 1000";
static const char obstinate[] = "trap '' TERM; echo ready; while :; do sleep 1; done";
static const char polite[] = "trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done";

static gboolean
has_exited (gpointer subprocess)
{
  return g_subprocess_get_identifier (subprocess) == NULL;
}

static gboolean
is_null (gpointer pointer)
{
  return *(gpointer *) pointer == NULL;
}

/* Nobody holds it any more, and it is no zombie. */
static void
assert_finalized_soon (GSubprocess *subprocess,
                       GPid         pid)
{
  g_object_add_weak_pointer (G_OBJECT (subprocess), (gpointer *) &subprocess);
  g_object_unref (subprocess);
  test_run_until (is_null, &subprocess);
  g_assert_cmpint (kill (pid, 0), ==, -1);
  g_assert_cmpint (errno, ==, ESRCH);
}

static GPid
get_pid (GSubprocess *subprocess)
{
  return (GPid) g_ascii_strtoll (g_subprocess_get_identifier (subprocess), NULL, 10);
}

static void
test_terminated (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSubprocess *subprocess = spawn_ready (waits);
  GPid pid = get_pid (subprocess);

  g_assert_true (lifecycle_scope_add_subprocess (scope, subprocess, GRACE_LONG));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_finalize_object (scope);
  test_run_until (has_exited, subprocess);
  g_assert_true (g_subprocess_get_if_signaled (subprocess));
  g_assert_cmpint (g_subprocess_get_term_sig (subprocess), ==, SIGTERM);
  assert_finalized_soon (subprocess, pid);
}

/* Nobody but the scope holds it. */
static void
test_held (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSubprocess *subprocess = spawn_ready (polite);
  GPid pid = get_pid (subprocess);
  gpointer held = subprocess;

  g_assert_true (lifecycle_scope_add_subprocess (scope, subprocess, GRACE_LONG));
  g_object_add_weak_pointer (G_OBJECT (subprocess), &held);
  g_object_unref (subprocess);
  test_drain ();
  g_assert_nonnull (held);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  g_assert_nonnull (held);
  test_run_until (is_null, &held);
  g_assert_cmpint (kill (pid, 0), ==, -1);
}

static void
test_polite (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSubprocess *subprocess = spawn_ready (polite);
  GPid pid = get_pid (subprocess);

  g_assert_true (lifecycle_scope_add_subprocess (scope, subprocess, GRACE_LONG));
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  test_run_until (has_exited, subprocess);
  g_assert_true (g_subprocess_get_if_exited (subprocess));
  g_assert_cmpint (g_subprocess_get_exit_status (subprocess), ==, 7);
  assert_finalized_soon (subprocess, pid);
}

static void
test_killed (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSubprocess *subprocess = spawn_ready (obstinate);
  GPid pid = get_pid (subprocess);
  gint64 began = g_get_monotonic_time ();

  g_assert_true (lifecycle_scope_add_subprocess (scope, subprocess, GRACE_SHORT));
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  test_run_until (has_exited, subprocess);
  g_assert_cmpint (g_get_monotonic_time () - began, >=, GRACE_SHORT * 1000);
  g_assert_cmpint (g_subprocess_get_term_sig (subprocess), ==, SIGKILL);
  assert_finalized_soon (subprocess, pid);
}

static void
test_killed_at_once (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSubprocess *subprocess = spawn_ready (polite);
  GPid pid = get_pid (subprocess);

  g_assert_true (lifecycle_scope_add_subprocess (scope, subprocess, 0));
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  test_run_until (has_exited, subprocess);
  g_assert_cmpint (g_subprocess_get_term_sig (subprocess), ==, SIGKILL);
  assert_finalized_soon (subprocess, pid);
}

static gboolean
has_no_entries (gpointer scope)
{
  return lifecycle_scope_get_n_entries (scope) == 0;
}

static void
test_exits (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSubprocess *subprocess = spawn ("exit 3");
  GSubprocess *other = spawn_ready (waits);
  GPid pid = get_pid (other);

  g_assert_true (lifecycle_scope_add_subprocess (scope, other, GRACE_LONG));
  lifecycle_scope_add_subprocess (scope, subprocess, GRACE_LONG);

  /* By itself, and by somebody else. */
  g_subprocess_force_exit (other);
  test_run_until (has_no_entries, scope);
  g_assert_true (has_exited (subprocess));
  g_assert_cmpint (g_subprocess_get_exit_status (subprocess), ==, 3);
  assert_finalized_soon (other, pid);

  /* That is known now. */
  g_assert_false (lifecycle_scope_add_subprocess (scope, subprocess, GRACE_LONG));
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (subprocess);
}

/* It has exited, and nobody here knows. */
static void
test_exits_unnoticed (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSubprocess *subprocess = spawn_ready (waits);
  GPid pid = get_pid (subprocess);

  g_assert_true (lifecycle_scope_add_subprocess (scope, subprocess, GRACE_LONG));
  g_subprocess_force_exit (subprocess);
  while (!has_exited (subprocess))
    g_usleep (1000);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  assert_finalized_soon (subprocess, pid);
}

static void
test_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSubprocess *subprocess = spawn_ready (waits);
  GPid pid = get_pid (subprocess);

  lifecycle_scope_close (scope);
  g_assert_false (lifecycle_scope_add_subprocess (scope, subprocess, GRACE_LONG));
  g_assert_finalize_object (scope);
  test_run_until (has_exited, subprocess);
  g_assert_cmpint (g_subprocess_get_term_sig (subprocess), ==, SIGTERM);
  assert_finalized_soon (subprocess, pid);
}

/* At home on another thread, and closed from here. */

typedef struct
{
  LifecycleScope *scope;
  GSubprocess    *subprocess;
} Elsewhere;

static void
elsewhere_begin (gpointer data)
{
  Elsewhere *elsewhere = data;

  elsewhere->scope = lifecycle_scope_new ("elsewhere");
  g_assert_true (lifecycle_scope_add_subprocess (elsewhere->scope, elsewhere->subprocess,
                                                 GRACE_SHORT));
}

static void
test_thread (void)
{
  TestWorker *worker = test_worker_new ();
  Elsewhere elsewhere = { .subprocess = spawn_ready (obstinate) };
  GPid pid = get_pid (elsewhere.subprocess);

  test_worker_call (worker, elsewhere_begin, &elsewhere);
  lifecycle_scope_close (elsewhere.scope);
  test_run_until (test_done_closed, elsewhere.scope);
  test_run_until (has_exited, elsewhere.subprocess);
  g_assert_cmpint (g_subprocess_get_term_sig (elsewhere.subprocess), ==, SIGKILL);
  test_worker_free (worker);
  g_assert_finalize_object (elsewhere.scope);
  assert_finalized_soon (elsewhere.subprocess, pid);
}

static void
test_many (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSubprocess *subprocesses[20];

  for (guint i = 0; i < G_N_ELEMENTS (subprocesses); i++)
    {
      subprocesses[i] = i % 2 ? spawn ("exit 0") : spawn_ready (waits);
      lifecycle_scope_add_subprocess (scope, subprocesses[i], GRACE_LONG);
    }
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  for (guint i = 0; i < G_N_ELEMENTS (subprocesses); i++)
    {
      test_run_until (has_exited, subprocesses[i]);
      g_object_unref (subprocesses[i]);
    }
  test_drain ();
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/gio-process/terminated", test_terminated);
  g_test_add_func ("/lifecycle/gio-process/held", test_held);
  g_test_add_func ("/lifecycle/gio-process/polite", test_polite);
  g_test_add_func ("/lifecycle/gio-process/killed", test_killed);
  g_test_add_func ("/lifecycle/gio-process/killed-at-once", test_killed_at_once);
  g_test_add_func ("/lifecycle/gio-process/exits", test_exits);
  g_test_add_func ("/lifecycle/gio-process/exits-unnoticed", test_exits_unnoticed);
  g_test_add_func ("/lifecycle/gio-process/late", test_late);
  g_test_add_func ("/lifecycle/gio-process/thread", test_thread);
  g_test_add_func ("/lifecycle/gio-process/many", test_many);

  return g_test_run ();
}

#else /* !G_OS_UNIX */

static void
skip (void)
{
  g_test_skip ("needs Unix");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lifecycle/gio-process", skip);

  return g_test_run ();
}

#endif
