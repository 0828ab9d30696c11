/* test-wait.h: waiting, and saying what for
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tests wait with these macros for what another thread, process or server does. A test that gives
 * up says in which case it was, where, and for what it waited. So does one that is terminated from
 * outside, as `meson test` does when the time is up: TAP names a case only when it ends.
 */

#pragma once

#include <glib.h>
#include <stdlib.h>

#ifdef G_OS_UNIX
#include <signal.h>
#include <string.h>
#include <unistd.h>
#endif

/* A wait longer than this is a hang. It is never an assertion about speed. Who expects tests to hang
 * sets LIFECYCLE_TEST_PATIENCE to less.
 */
#define TEST_HANG_SECONDS 100

typedef struct
{
  const char *what;             /* a literal, which outlives all threads */
  const char *outer;
  gint64      deadline;
} TestPatience;

/* What was begun last, by any thread. */
static const char *test_patience_what;

G_GNUC_UNUSED static int
test_patience_get_seconds (void)
{
  const char *seconds = g_getenv ("LIFECYCLE_TEST_PATIENCE");

  return seconds != NULL ? atoi (seconds) : TEST_HANG_SECONDS;
}

G_GNUC_UNUSED static void
test_patience_begin (TestPatience *self,
                     const char   *what)
{
  self->what = what;
  self->outer = g_atomic_pointer_get (&test_patience_what);
  self->deadline = g_get_monotonic_time () + test_patience_get_seconds () * G_USEC_PER_SEC;
  g_atomic_pointer_set (&test_patience_what, what);
}

G_GNUC_UNUSED G_GNUC_NORETURN static void
test_patience_give_up (TestPatience *self)
{
  g_error ("%s: waited %d s in vain for %s", g_test_get_path (), test_patience_get_seconds (),
           self->what);
}

G_GNUC_UNUSED static void
test_patience_check (TestPatience *self)
{
  if (g_get_monotonic_time () > self->deadline)
    test_patience_give_up (self);
}

G_GNUC_UNUSED static void
test_patience_end (TestPatience *self)
{
  g_atomic_pointer_set (&test_patience_what, self->outer);
}

/* Waits for another thread until @condition holds, and iterates nothing meanwhile. */
#define test_wait_for(condition) \
  G_STMT_START \
    { \
      TestPatience test_patience; \
\
      test_patience_begin (&test_patience, #condition ", at " G_STRLOC); \
      while (!(condition)) \
        { \
          g_usleep (50); \
          test_patience_check (&test_patience); \
        } \
      test_patience_end (&test_patience); \
    } \
  G_STMT_END

/* The same with a condition variable; @mutex is locked. */
#define test_wait_for_cond(cond, mutex, condition) \
  G_STMT_START \
    { \
      TestPatience test_patience; \
\
      test_patience_begin (&test_patience, #condition ", at " G_STRLOC); \
      while (!(condition)) \
        if (!g_cond_wait_until ((cond), (mutex), test_patience.deadline)) \
          test_patience_give_up (&test_patience); \
      test_patience_end (&test_patience); \
    } \
  G_STMT_END

/* Runs the thread-default context until @condition holds. */
#define test_iterate_until(condition) \
  G_STMT_START \
    { \
      TestPatience test_patience; \
\
      test_patience_begin (&test_patience, #condition ", at " G_STRLOC); \
      while (!(condition)) \
        { \
          if (!g_main_context_iteration (g_main_context_get_thread_default (), FALSE)) \
            g_usleep (100); \
          test_patience_check (&test_patience); \
        } \
      test_patience_end (&test_patience); \
    } \
  G_STMT_END

/* The same with a function. */
#define test_run_until(done, data) test_iterate_until ((done) (data))

#ifdef G_OS_UNIX

G_GNUC_UNUSED static void
test_patience_say (const char *text)
{
  /* Nothing can be done if that does not work. */
  if (write (STDERR_FILENO, text, strlen (text)) < 0)
    return;
}

static void
test_patience_terminated_cb (int signum)
{
  const char *what = g_atomic_pointer_get (&test_patience_what);
  const char *path = g_test_get_path ();

  test_patience_say ("Terminated in ");
  test_patience_say (path != NULL && *path != '\0' ? path : "no test case");
  if (what != NULL)
    {
      test_patience_say (", waiting for ");
      test_patience_say (what);
    }
  test_patience_say ("\n");

  signal (signum, SIG_DFL);
  raise (signum);
}

__attribute__ ((constructor)) static void
test_patience_init (void)
{
  signal (SIGTERM, test_patience_terminated_cb);
}

#endif
