/* test-fork.h: forked children that say how they fared
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../test-wait.h"

/* What a forked child has to say. It ends by a signal, because valgrind changes the exit status of a
 * child in which it finds a leak, and everything that only the threads of the parent knew is leaked
 * there.
 */
typedef enum
{
  TEST_FORK_PASSED  = SIGUSR1,
  TEST_FORK_FAILED  = SIGUSR2,
  TEST_FORK_SKIPPED = SIGALRM
} TestForkVerdict;

G_GNUC_UNUSED G_NORETURN static void
test_fork_end (TestForkVerdict verdict)
{
  signal (verdict, SIG_DFL);
  raise (verdict);
  _exit (1);
}

G_GNUC_UNUSED static TestForkVerdict
test_fork_wait (pid_t pid)
{
  int status;

  test_wait_for (waitpid (pid, &status, WNOHANG) == pid);
  g_assert_true (WIFSIGNALED (status));

  return (TestForkVerdict) WTERMSIG (status);
}
