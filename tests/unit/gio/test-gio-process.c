/* test-gio-process.c: real processes; with `--no-pidfd` as on a system without descriptors for them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-fork.h"
#include "test-util.h"

#ifdef G_OS_UNIX

#include "lifecycle-child-private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Longer than any test. */
#define GRACE_LONG  (TEST_HANG_SECONDS * 1000)
#define GRACE_SHORT 50

static GSubprocess *
spawn_with (const char          *script,
            GSubprocessFlags     flags,
            GSubprocessLauncher *launcher)
{
  g_autoptr (GError) error = NULL;
  GSubprocess *subprocess;

  g_subprocess_launcher_set_flags (launcher, flags);
  subprocess = g_subprocess_launcher_spawn (launcher, &error, "sh", "-c", script, NULL);
  g_assert_no_error (error);

  return subprocess;
}

static GSubprocess *
spawn (const char *script)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (0);

  return spawn_with (script, G_SUBPROCESS_FLAGS_STDOUT_PIPE, launcher);
}

/* The next byte that somebody writes, or -1 when nobody is left who could. */
static int
read_byte (GInputStream *stream)
{
  guchar byte;
  gssize n = g_input_stream_read (stream, &byte, 1, NULL, NULL);

  g_assert_cmpint (n, >=, 0);

  return n > 0 ? byte : -1;
}

/* Once it has said something its traps are in place. */
static GSubprocess *
wait_until_ready (GSubprocess *subprocess)
{
  GInputStream *stream = g_subprocess_get_stdout_pipe (subprocess);
  int byte;

  while ((byte = read_byte (stream)) != '\n')
    g_assert_cmpint (byte, !=, -1);

  return subprocess;
}

static GSubprocess *
spawn_ready (const char *script)
{
  return wait_until_ready (spawn (script));
}

static GSubprocess *
spawn_group (const char *script)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (0);

  lifecycle_process_launch_group (launcher);

  return wait_until_ready (spawn_with (script, G_SUBPROCESS_FLAGS_STDIN_PIPE |
                                               G_SUBPROCESS_FLAGS_STDOUT_PIPE, launcher));
}

/* Whether all that have inherited the other end of a pipe have exited, too. */
static gboolean
is_at_end (int fd)
{
  char bytes[64];
  gssize n;

  while ((n = read (fd, bytes, sizeof bytes)) > 0)
    ;
  g_assert_true (n == 0 || errno == EAGAIN);

  return n == 0;
}

static gboolean
stream_is_at_end (GInputStream *stream)
{
  char bytes[64];
  gssize n;

  while ((n = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (stream), bytes,
                                                        sizeof bytes, NULL, NULL)) > 0)
    ;

  return n == 0;
}

#define assert_all_gone(stream) test_wait_for (stream_is_at_end (stream))

static const char waits[] = "echo ready; exec sleep 1000";
static const char obstinate[] = "trap '' TERM; echo ready; while :; do sleep 1; done";
static const char polite[] = "trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done";

static gboolean
has_exited (gpointer subprocess)
{
  return g_subprocess_get_identifier (subprocess) == NULL;
}

static gboolean
is_gone (GPid pid)
{
  return kill (pid, 0) < 0 && errno == ESRCH;
}

/* Soon nobody holds it any more, neither here nor on other threads. */
static void
drop_last (GSubprocess *subprocess)
{
  int finalized = 0;

  test_count_finalize (subprocess, &finalized);
  g_object_unref (subprocess);
  test_run_until (test_done_counted, &finalized);
}

/* And it is no zombie. */
static void
assert_finalized_soon (GSubprocess *subprocess,
                       GPid         pid)
{
  drop_last (subprocess);
  g_assert_true (is_gone (pid));
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
  int finalized = 0;

  g_assert_true (lifecycle_scope_add_subprocess (scope, subprocess, GRACE_LONG));
  test_count_finalize (subprocess, &finalized);
  g_object_unref (subprocess);
  test_drain ();
  g_assert_cmpint (g_atomic_int_get (&finalized), ==, 0);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  test_run_until (test_done_counted, &finalized);
  g_assert_true (is_gone (pid));
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
  GPid other_pid = get_pid (other);

  g_assert_true (lifecycle_scope_add_subprocess (scope, other, GRACE_LONG));
  lifecycle_scope_add_subprocess (scope, subprocess, GRACE_LONG);

  /* By itself, and by somebody else. */
  g_subprocess_force_exit (other);
  test_run_until (has_no_entries, scope);
  g_assert_true (has_exited (subprocess));
  g_assert_cmpint (g_subprocess_get_exit_status (subprocess), ==, 3);
  assert_finalized_soon (other, other_pid);

  /* That is known now. */
  g_assert_false (lifecycle_scope_add_subprocess (scope, subprocess, GRACE_LONG));
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_finalize_object (scope);
  drop_last (subprocess);
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
  test_wait_for (has_exited (subprocess));
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

/* A home whose thread closes its scope, and ends. Nobody runs a main context after that. */
static void
home_that_ends (gpointer data)
{
  Elsewhere *elsewhere = data;
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  elsewhere_begin (data);
  lifecycle_scope_close (elsewhere->scope);
  g_assert_true (lifecycle_scope_is_closed (elsewhere->scope));
  g_assert_finalize_object (elsewhere->scope);
  g_main_context_pop_thread_default (context);
}

static void
test_home_ends (void)
{
  Elsewhere elsewhere = { .subprocess = spawn_ready (obstinate) };
  GPid pid = get_pid (elsewhere.subprocess);
  int finalized = 0;

  test_in_thread (home_that_ends, &elsewhere);
  test_wait_for (has_exited (elsewhere.subprocess));
  g_assert_cmpint (g_subprocess_get_term_sig (elsewhere.subprocess), ==, SIGKILL);
  test_count_finalize (elsewhere.subprocess, &finalized);
  g_object_unref (elsewhere.subprocess);
  test_wait_for (g_atomic_int_get (&finalized) > 0);
  g_assert_true (is_gone (pid));
}

/* The process exits, and home does not get to hear of it before the scope closes and home ends. */
static void
home_that_does_not_look (gpointer data)
{
  Elsewhere *elsewhere = data;
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  elsewhere_begin (data);
  g_subprocess_force_exit (elsewhere->subprocess);
  test_wait_for (g_main_context_pending (context));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (elsewhere->scope), ==, 1);
  lifecycle_scope_close (elsewhere->scope);
  g_assert_false (g_main_context_pending (context));
  g_assert_finalize_object (elsewhere->scope);
  g_main_context_pop_thread_default (context);
}

static void
test_home_ends_unnoticed (void)
{
  Elsewhere elsewhere = { .subprocess = spawn_ready (waits) };
  int finalized = 0;

  test_in_thread (home_that_does_not_look, &elsewhere);
  test_count_finalize (elsewhere.subprocess, &finalized);
  g_object_unref (elsewhere.subprocess);
  test_wait_for (g_atomic_int_get (&finalized) > 0);
}

static void
add_from_elsewhere (gpointer data)
{
  Elsewhere *elsewhere = data;

  g_assert_true (lifecycle_scope_add_subprocess (elsewhere->scope, elsewhere->subprocess,
                                                 GRACE_LONG));
}

static void
test_added_elsewhere (void)
{
  Elsewhere elsewhere = { lifecycle_scope_new ("scope"), spawn_ready (waits) };
  GPid pid = get_pid (elsewhere.subprocess);

  test_in_thread (add_from_elsewhere, &elsewhere);
  g_assert_cmpuint (lifecycle_scope_close (elsewhere.scope), ==, 1);
  g_assert_finalize_object (elsewhere.scope);
  test_wait_for (has_exited (elsewhere.subprocess));
  g_assert_cmpint (g_subprocess_get_term_sig (elsewhere.subprocess), ==, SIGTERM);
  assert_finalized_soon (elsewhere.subprocess, pid);
}

static void
test_moved (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *moved;
  GSubprocess *subprocess = spawn_ready (waits);
  GPid pid = get_pid (subprocess);

  g_assert_true (lifecycle_scope_add_subprocess (scope, subprocess, GRACE_LONG));
  moved = lifecycle_scope_move (scope);
  g_assert_finalize_object (scope);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (moved), ==, 1);
  g_assert_cmpuint (lifecycle_scope_close (moved), ==, 1);
  g_assert_finalize_object (moved);
  test_wait_for (has_exited (subprocess));
  g_assert_cmpint (g_subprocess_get_term_sig (subprocess), ==, SIGTERM);
  assert_finalized_soon (subprocess, pid);
}

/* close_async() waits. */

typedef struct
{
  LifecycleScope *scope;
  GSubprocess    *subprocess;   /* or NULL */
  GError         *error;
  gboolean        had_exited;
  gboolean        done;
} Closing;

static void
closed_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      data)
{
  Closing *closing = data;

  lifecycle_scope_close_finish (LIFECYCLE_SCOPE (source), result, &closing->error);
  closing->had_exited = closing->subprocess != NULL && has_exited (closing->subprocess);
  closing->done = TRUE;
}

static void
close_and_wait (Closing *closing,
                guint    timeout_ms)
{
  lifecycle_scope_close_async (closing->scope, LIFECYCLE_REASON_COMPLETED, timeout_ms, NULL,
                               closed_cb, closing);
  test_iterate_until (closing->done);
  g_assert_true (lifecycle_scope_is_closed (closing->scope));
}

static void
test_close_async (gconstpointer data)
{
  gboolean is_polite = data == polite;
  GSubprocess *subprocess = spawn_ready (data);
  Closing closing = { lifecycle_scope_new ("scope"), subprocess };
  GPid pid = get_pid (subprocess);

  g_assert_true (lifecycle_scope_add_subprocess (closing.scope, subprocess,
                                                 is_polite ? GRACE_LONG : GRACE_SHORT));
  close_and_wait (&closing, 0);
  g_assert_no_error (closing.error);
  g_assert_true (closing.had_exited);
  g_assert_true (is_gone (pid));
  if (is_polite)
    g_assert_cmpint (g_subprocess_get_exit_status (subprocess), ==, 7);
  else
    g_assert_cmpint (g_subprocess_get_term_sig (subprocess), ==, SIGKILL);
  g_assert_finalize_object (closing.scope);
  assert_finalized_soon (subprocess, pid);
}

/* Also for one that a clear() has told to exit, and for one below. */
static void
test_close_async_let_go (void)
{
  GSubprocess *subprocess = spawn_ready (polite);
  GSubprocess *below = spawn_ready (polite);
  Closing closing = { lifecycle_scope_new ("scope"), subprocess };
  GPid pid = get_pid (subprocess), pid_below = get_pid (below);

  g_assert_true (lifecycle_scope_add_subprocess (lifecycle_scope_get_child (closing.scope, "child"),
                                                 below, GRACE_LONG));
  g_assert_true (lifecycle_scope_add_subprocess (closing.scope, subprocess, GRACE_LONG));
  g_assert_cmpuint (lifecycle_scope_clear_kind (closing.scope, LIFECYCLE_KIND_PROCESS, FALSE),
                    ==, 1);
  close_and_wait (&closing, 0);
  g_assert_no_error (closing.error);
  g_assert_true (closing.had_exited);
  g_assert_true (has_exited (below));
  g_assert_finalize_object (closing.scope);
  assert_finalized_soon (subprocess, pid);
  assert_finalized_soon (below, pid_below);
}

static void
test_close_async_timed_out (void)
{
  GSubprocess *subprocess = spawn_ready (obstinate);
  Closing closing = { lifecycle_scope_new ("scope"), subprocess };
  GPid pid = get_pid (subprocess);
  g_autofree char *words = g_strdup_printf ("scope: process %d, told to exit ", pid);

  g_assert_true (lifecycle_scope_add_subprocess (closing.scope, subprocess, GRACE_LONG));
  close_and_wait (&closing, 10);
  g_assert_error (closing.error, LIFECYCLE_ERROR, LIFECYCLE_ERROR_TIMED_OUT);
  g_assert_nonnull (strstr (closing.error->message, words));
  g_assert_nonnull (strstr (closing.error->message, ", added at "));
  g_assert_false (closing.had_exited);
  g_assert_finalize_object (closing.scope);
  g_error_free (closing.error);
  g_subprocess_force_exit (subprocess);
  assert_finalized_soon (subprocess, pid);
}

/* By its number. */

static GPid
spawn_pid (const char *script,
           gboolean    group,
           int        *output)
{
  g_autoptr (GError) error = NULL;
  const char *argv[] = { "sh", "-c", script, NULL };
  char byte;
  GPid pid;
  int fd;

  g_spawn_async_with_pipes (NULL, (char **) argv, NULL,
                            G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD,
                            group ? lifecycle_process_lead_group : NULL, NULL,
                            &pid, NULL, &fd, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (read (fd, &byte, 1), ==, 1);
  if (output != NULL)
    *output = fd;
  else
    close (fd);

  return pid;
}

typedef struct
{
  GPid pid;
  int  wait_status;
  int  n_called;
  int  n_destroyed;
} Watched;

static void
watched_exited_cb (GPid     pid,
                   gint     wait_status,
                   gpointer data)
{
  Watched *watched = data;

  g_assert_cmpint (pid, ==, watched->pid);
  g_assert_cmpint (watched->n_destroyed, ==, 0);
  watched->wait_status = wait_status;
  watched->n_called++;
}

static void
watched_destroy (gpointer data)
{
  ((Watched *) data)->n_destroyed++;
}

static gboolean
add_watched (LifecycleScope *scope,
             Watched        *watched,
             guint           grace_ms)
{
  return lifecycle_scope_add_process (scope, watched->pid, grace_ms, LIFECYCLE_PROCESS_DEFAULT,
                                      watched_exited_cb, watched, watched_destroy);
}

static void
test_pid_exits (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  Watched watched = { .pid = spawn_pid ("echo; exit 3", FALSE, NULL) };

  g_assert_true (add_watched (scope, &watched, GRACE_LONG));
  test_iterate_until (watched.n_destroyed > 0);
  g_assert_cmpint (watched.n_called, ==, 1);
  g_assert_true (WIFEXITED (watched.wait_status));
  g_assert_cmpint (WEXITSTATUS (watched.wait_status), ==, 3);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_true (is_gone (watched.pid));

  /* That there is no such child is known at once. */
  g_assert_false (add_watched (scope, &watched, GRACE_LONG));
  g_assert_cmpint (watched.n_destroyed, ==, 2);
  g_assert_cmpint (watched.n_called, ==, 1);
  g_assert_finalize_object (scope);
}

/* After the close nobody is told, but it is reaped. */
static void
test_pid_closed (gconstpointer data)
{
  const char *script = data;
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  Watched watched = { .pid = spawn_pid (script, FALSE, NULL) };

  g_assert_true (add_watched (scope, &watched, script == obstinate ? GRACE_SHORT : GRACE_LONG));
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_cmpint (watched.n_destroyed, ==, 1);
  g_assert_finalize_object (scope);
  test_wait_for (is_gone (watched.pid));
  test_drain ();
  g_assert_cmpint (watched.n_called, ==, 0);
  g_assert_cmpint (watched.n_destroyed, ==, 1);
}

static void
test_pid_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  Watched watched = { .pid = spawn_pid (waits, FALSE, NULL) };

  lifecycle_scope_close (scope);
  g_assert_false (add_watched (scope, &watched, GRACE_LONG));
  g_assert_cmpint (watched.n_destroyed, ==, 1);
  g_assert_finalize_object (scope);
  test_wait_for (is_gone (watched.pid));
  g_assert_cmpint (watched.n_called, ==, 0);
}

/* A program does what it must not do. */
static void
test_pid_reaped_elsewhere (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  Watched watched = { .pid = spawn_pid (waits, FALSE, NULL) };
  gboolean was_first;
  int status;

  g_assert_true (add_watched (scope, &watched, GRACE_LONG));
  kill (watched.pid, SIGKILL);
  was_first = waitpid (watched.pid, &status, 0) == watched.pid;
  test_iterate_until (watched.n_called > 0);
  g_assert_cmpint (watched.wait_status, ==, was_first ? -1 : SIGKILL);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
}

/* Children of children. */

static const char stubborn_child[] = "(trap '' TERM; echo ready; exec sleep 1000) & wait";
static const char left_child[] = "(echo ready; exec sleep 1000) & read line; exit 0";
static const char polite_child[] =
  "(trap 'sleep 0.05; echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done) & wait";

static void
test_group_killed (void)
{
  GSubprocess *subprocess = spawn_group (stubborn_child);
  Closing closing = { lifecycle_scope_new ("scope"), subprocess };
  GPid pid = get_pid (subprocess);

  g_assert_true (lifecycle_scope_add_subprocess_full (closing.scope, subprocess, GRACE_SHORT,
                                                      LIFECYCLE_PROCESS_GROUP));
  close_and_wait (&closing, 0);
  g_assert_no_error (closing.error);
  g_assert_true (closing.had_exited);
  assert_all_gone (g_subprocess_get_stdout_pipe (subprocess));
  g_assert_finalize_object (closing.scope);
  assert_finalized_soon (subprocess, pid);
}

static void
test_group_killed_at_once (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSubprocess *subprocess = spawn_group (stubborn_child);
  GPid pid = get_pid (subprocess);

  g_assert_true (lifecycle_scope_add_subprocess_full (scope, subprocess, 0,
                                                      LIFECYCLE_PROCESS_GROUP));
  lifecycle_scope_close (scope);
  assert_all_gone (g_subprocess_get_stdout_pipe (subprocess));
  g_assert_finalize_object (scope);
  assert_finalized_soon (subprocess, pid);
}

/* The one that leads has gone at once; the other one has its time. */
static void
test_group_grace (void)
{
  GSubprocess *subprocess = spawn_group (polite_child);
  Closing closing = { lifecycle_scope_new ("scope"), subprocess };
  GInputStream *output = g_subprocess_get_stdout_pipe (subprocess);
  GPid pid = get_pid (subprocess);

  g_assert_true (lifecycle_scope_add_subprocess_full (closing.scope, subprocess, GRACE_LONG,
                                                      LIFECYCLE_PROCESS_GROUP));
  close_and_wait (&closing, 0);
  g_assert_no_error (closing.error);
  g_assert_cmpint (read_byte (output), ==, 'b');
  assert_all_gone (output);
  g_assert_finalize_object (closing.scope);
  assert_finalized_soon (subprocess, pid);
}

/* What it leaves behind ends, too. */
static void
test_group_left (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSubprocess *subprocess = spawn_group (left_child);
  GPid pid = get_pid (subprocess);

  g_assert_true (lifecycle_scope_add_subprocess_full (scope, subprocess, GRACE_LONG,
                                                      LIFECYCLE_PROCESS_GROUP));
  g_output_stream_close (g_subprocess_get_stdin_pipe (subprocess), NULL, NULL);
  test_run_until (has_no_entries, scope);
  assert_all_gone (g_subprocess_get_stdout_pipe (subprocess));
  g_assert_finalize_object (scope);
  assert_finalized_soon (subprocess, pid);
}

static void
test_group_pid (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int output;
  GPid pid = spawn_pid (stubborn_child, TRUE, &output);

  g_assert_cmpint (fcntl (output, F_SETFL, O_NONBLOCK), ==, 0);
  g_assert_true (lifecycle_scope_add_process (scope, pid, GRACE_SHORT, LIFECYCLE_PROCESS_GROUP,
                                              NULL, NULL, NULL));
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  test_wait_for (is_at_end (output));
  test_wait_for (is_gone (pid));
  close (output);
}

/* This program's own group is not to be killed. */
static void
test_group_of_others (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSubprocess *subprocess = spawn_ready (waits);
  Watched watched = { .pid = get_pid (subprocess) };

  test_expect_critical ("*does not lead a process group*");
  g_assert_false (lifecycle_scope_add_subprocess_full (scope, subprocess, 0,
                                                       LIFECYCLE_PROCESS_GROUP));
  test_expect_critical ("*does not lead a process group*");
  g_assert_false (lifecycle_scope_add_process (scope, watched.pid, 0, LIFECYCLE_PROCESS_GROUP,
                                               watched_exited_cb, &watched, watched_destroy));
  g_test_assert_expected_messages ();
  g_assert_cmpint (watched.n_destroyed, ==, 1);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_finalize_object (scope);
  g_subprocess_force_exit (subprocess);
  assert_finalized_soon (subprocess, watched.pid);
}

/* A forked child has a copy of the scope, but the process is its parent's. */
static void
test_forked (gconstpointer data)
{
  guint grace_ms = GPOINTER_TO_UINT (data);
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (0);
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSubprocess *subprocess = spawn_with ("exec cat", G_SUBPROCESS_FLAGS_STDIN_PIPE |
                                                    G_SUBPROCESS_FLAGS_STDOUT_PIPE, launcher);
  GPid pid = get_pid (subprocess), other = spawn_pid (waits, FALSE, NULL);
  GPid forked;

  g_assert_true (lifecycle_scope_add_subprocess (scope, subprocess, grace_ms));
  g_assert_true (lifecycle_scope_add_process (scope, other, grace_ms, 0, NULL, NULL, NULL));

  forked = fork ();
  if (forked == 0)
    {
      lifecycle_scope_close (scope);
      test_fork_end (lifecycle_scope_is_closed (scope) ? TEST_FORK_PASSED : TEST_FORK_FAILED);
    }
  g_assert_cmpint (test_fork_wait (forked), ==, TEST_FORK_PASSED);

  /* A signal would have come before that. */
  g_assert_cmpint (g_output_stream_write (g_subprocess_get_stdin_pipe (subprocess), "x", 1, NULL,
                                          NULL), ==, 1);
  g_assert_cmpint (read_byte (g_subprocess_get_stdout_pipe (subprocess)), ==, 'x');
  g_assert_cmpint (kill (other, 0), ==, 0);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);

  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  test_wait_for (is_gone (other));
  assert_finalized_soon (subprocess, pid);
}

/* The last act of a program. This is the program; what it spawns inherits its output. */

static const char holds_output[] = "trap '' TERM; echo ready >&2; exec sleep 1000";

static int
exit_main (const char *how)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (0);
  g_autoptr (LifecycleScope) scope = lifecycle_scope_new ("scope");
  guint grace_ms = g_str_has_suffix (how, "0") ? 0 : GRACE_LONG;

  if (g_str_has_prefix (how, "object"))
    {
      GSubprocess *subprocess = spawn_with (holds_output, G_SUBPROCESS_FLAGS_STDERR_PIPE, launcher);

      g_assert_cmpint (read_byte (g_subprocess_get_stderr_pipe (subprocess)), ==, 'r');
      g_assert_true (lifecycle_scope_add_subprocess (scope, subprocess, grace_ms));
      g_object_unref (subprocess);
    }
  else
    {
      const char *argv[] = { "sh", "-c", holds_output, NULL };
      char byte;
      GPid pid;
      int fd;

      g_spawn_async_with_pipes (NULL, (char **) argv, NULL,
                                G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                                &pid, NULL, NULL, &fd, NULL);
      g_assert_cmpint (read (fd, &byte, 1), ==, 1);
      g_assert_true (lifecycle_scope_add_process (scope, pid, grace_ms, 0, NULL, NULL, NULL));
    }

  lifecycle_scope_close (scope);

  return 0;
}

static void
test_exit (gconstpointer how)
{
  for (guint i = 0; i < 5; i++)
    {
      g_autoptr (GError) error = NULL;
      GSubprocess *program;
      GPid pid;

      program = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, g_get_prgname (),
                                  lifecycle_child_avoid_pidfd ? "--no-pidfd" : "--pidfd",
                                  "--exit", how, NULL);
      g_assert_no_error (error);
      pid = get_pid (program);
      assert_all_gone (g_subprocess_get_stdout_pipe (program));
      g_subprocess_wait (program, NULL, &error);
      g_assert_no_error (error);
      g_assert_true (g_subprocess_get_successful (program));
      assert_finalized_soon (program, pid);
    }
}

static guint
count_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;

  return n;
}

static void
test_many (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSubprocess *subprocesses[20];
  guint n_descriptors = count_descriptors ();

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
  test_iterate_until (count_descriptors () <= n_descriptors);
}

int
main (int   argc,
      char *argv[])
{
  if (argc > 1 && g_str_equal (argv[1], "--no-pidfd"))
    lifecycle_child_avoid_pidfd = TRUE;
  if (argc > 3 && g_str_equal (argv[2], "--exit"))
    return exit_main (argv[3]);

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
  g_test_add_func ("/lifecycle/gio-process/home-ends", test_home_ends);
  g_test_add_func ("/lifecycle/gio-process/home-ends-unnoticed", test_home_ends_unnoticed);
  g_test_add_func ("/lifecycle/gio-process/added-elsewhere", test_added_elsewhere);
  g_test_add_func ("/lifecycle/gio-process/moved", test_moved);
  g_test_add_data_func ("/lifecycle/gio-process/close-async", polite, test_close_async);
  g_test_add_data_func ("/lifecycle/gio-process/close-async-killed", obstinate, test_close_async);
  g_test_add_func ("/lifecycle/gio-process/close-async-let-go", test_close_async_let_go);
  g_test_add_func ("/lifecycle/gio-process/close-async-timed-out", test_close_async_timed_out);
  g_test_add_func ("/lifecycle/gio-process/pid-exits", test_pid_exits);
  g_test_add_data_func ("/lifecycle/gio-process/pid-terminated", waits, test_pid_closed);
  g_test_add_data_func ("/lifecycle/gio-process/pid-killed", obstinate, test_pid_closed);
  g_test_add_func ("/lifecycle/gio-process/pid-late", test_pid_late);
  g_test_add_func ("/lifecycle/gio-process/pid-reaped-elsewhere", test_pid_reaped_elsewhere);
  g_test_add_func ("/lifecycle/gio-process/group-killed", test_group_killed);
  g_test_add_func ("/lifecycle/gio-process/group-killed-at-once", test_group_killed_at_once);
  g_test_add_func ("/lifecycle/gio-process/group-grace", test_group_grace);
  g_test_add_func ("/lifecycle/gio-process/group-left", test_group_left);
  g_test_add_func ("/lifecycle/gio-process/group-pid", test_group_pid);
  g_test_add_func ("/lifecycle/gio-process/group-of-others", test_group_of_others);
  g_test_add_data_func ("/lifecycle/gio-process/forked", GUINT_TO_POINTER (GRACE_LONG),
                        test_forked);
  g_test_add_data_func ("/lifecycle/gio-process/forked-kill", GUINT_TO_POINTER (0), test_forked);
  g_test_add_data_func ("/lifecycle/gio-process/exit/object", "object", test_exit);
  g_test_add_data_func ("/lifecycle/gio-process/exit/object-0", "object-0", test_exit);
  g_test_add_data_func ("/lifecycle/gio-process/exit/pid", "pid", test_exit);
  g_test_add_data_func ("/lifecycle/gio-process/exit/pid-0", "pid-0", test_exit);
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
