/* lifecycle-audit-control.c: when reports are written
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define _GNU_SOURCE

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lifecycle-audit-private.h"
#include "lifecycle-audit-write-private.h"

/* A thread of its own waits for SIGUSR1, for a connection to the socket, and for the next time. It
 * lets the default main context take the snapshot, after everything else that is to be done there:
 * only then has the program freed what it frees in idles, and only there may GTK be asked. A program
 * that does not get round to it gets a snapshot from the thread.
 *
 * A report is a file in the directory that `lifecycle audit` has made, under the process id. It is
 * written anew each time, so that something is left of a program that crashes.
 */
#define PATIENCE_SECONDS 5
#define LOW_PRIORITY     (G_PRIORITY_LOW + 100)

/* What looks at the end of main loops may take: this much in any case, so that nothing is overlooked in
 * a program that is over soon, and after that one part in so many of the time that has passed.
 */
#define FREE_MICROSECONDS G_USEC_PER_SEC
#define MAX_SHARE         20

typedef enum
{
  REQUEST_WAITING,
  REQUEST_RUNNING,
  REQUEST_DONE,
  REQUEST_GIVEN_UP
} RequestState;

static struct
{
  pthread_mutex_t lock;         /* one report at a time; nothing is taken after it but audit_lock() */
  char           *judged;       /* what was held or piling up */
  char           *dangling;     /* what was when the main loop ended, or NULL */
  guint           n_dangling;
  gint64          started;
  gint64          judging;      /* time spent on looks at the end of main loops */
  guint           n_snapshots;

  pthread_mutex_t request_lock;
  pthread_cond_t  request_changed;
  RequestState    request;
  AuditWhy        request_why;

  gint            wake_up;      /* an eventfd */
  gint            listener;
  gint            every;        /* seconds, or 0 */
  pid_t           pid;
} control = {
  .lock = PTHREAD_MUTEX_INITIALIZER,
  .request_lock = PTHREAD_MUTEX_INITIALIZER,
  .request_changed = PTHREAD_COND_INITIALIZER,
  .wake_up = -1,
  .listener = -1,
};

AUDIT_EXPORT void lifecycle_audit_snapshot (void);

static gint64
now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_MONOTONIC, &time);
  return (gint64) time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

gboolean
audit_is_main_thread (void)
{
  static __thread gint known;

  if (known == 0)
    known = syscall (SYS_gettid) == getpid () ? 1 : -1;

  return known > 0;
}

static void
judge_locked (void)
{
  AuditWriter writer = { NULL, 0 };
  gsize size;

  free (g_steal_pointer (&control.judged));
  writer.file = open_memstream (&control.judged, &size);
  if (writer.file == NULL)
    return;
  audit_judge_write_locked (&writer);
  fclose (writer.file);
}

/* A program that takes down its emitters after the main loop ends their handlers, too. */
static void
note_dangling_locked (void)
{
  AuditWriter writer = { NULL, 0 };
  gsize size;

  writer.file = open_memstream (&control.dangling, &size);
  if (writer.file == NULL)
    return;
  control.n_dangling = audit_dangling_write_locked (&writer, TRUE, 0);
  fclose (writer.file);
}

static void
write_findings_locked (AuditWriter *writer,
                       AuditWhy     why,
                       gboolean     at_home)
{
  guint n;

  if (why == AUDIT_WHY_EXIT && audit.loop_ended != 0 && control.dangling != NULL)
    {
      fputs (control.dangling, writer->file);
      n = control.n_dangling;
    }
  else
    {
      n = audit_dangling_write_locked (writer, at_home, 0);
    }

  if (control.judged != NULL && control.judged[0] != '\0')
    {
      fputs (control.judged + (n > 0 ? 0 : 1), writer->file);
      n++;
    }
  audit_misuse_write_locked (writer, n);
}

static void
write_report_locked (AuditWriter *writer,
                     AuditWhy     why,
                     gboolean     at_home)
{
  static const char *const whys[] = { "signal", "command", "call", "time", "exit", "misuse" };

  fprintf (writer->file, "  \"pid\": %d,\n  \"parent\": %d,\n  \"why\": \"%s\",\n"
           "  \"seconds\": %.1f,\n  \"snapshots\": %u,\n  \"complete\": %s,\n",
           (int) getpid (), (int) getppid (), whys[why],
           (double) (now () - control.started) / G_USEC_PER_SEC, control.n_snapshots,
           at_home ? "true" : "false");
  audit_rounds_write_locked (writer);
  fputs ("  \"findings\": [", writer->file);
  write_findings_locked (writer, why, at_home);
  fputs ("\n  ],\n", writer->file);
  audit_sites_write_locked (writer);
}

static void
report (AuditWhy why,
        gboolean at_home)
{
  char path[PATH_MAX];
  char unfinished[PATH_MAX];
  AuditWriter writer = { NULL, 0 };
  gboolean is_round = why <= AUDIT_WHY_TIME;
  gboolean worked;

  pthread_mutex_lock (&control.lock);
  snprintf (path, sizeof path, "%s/%d.json", audit.directory, (int) getpid ());
  if ((gsize) snprintf (unfinished, sizeof unfinished, "%s.part", path) >= sizeof unfinished)
    {
      pthread_mutex_unlock (&control.lock);
      return;
    }
  writer.file = fopen (unfinished, "we");
  if (writer.file == NULL)
    {
      pthread_mutex_unlock (&control.lock);
      return;
    }

  audit_toolkit_start (at_home);
  if (is_round)
    audit_sweep (at_home);
  fputs ("{\n  \"format\": \"lifecycle-audit-1\",\n", writer.file);
  audit_module_write (&writer);

  audit_lock ();
  if (is_round)
    {
      control.n_snapshots++;
      audit_growth_note_locked ();
      audit_rounds_note_locked ((double) (now () - control.started) / G_USEC_PER_SEC);
    }
  /* A program frees a lot on its way out, so what the last snapshot found stands. */
  if (is_round || (why == AUDIT_WHY_EXIT && control.judged == NULL))
    judge_locked ();
  write_report_locked (&writer, why, at_home);
  audit_unlock ();

  audit_toolkit_end ();
  fputs ("}\n", writer.file);
  worked = !ferror (writer.file);
  if (fclose (writer.file) == 0 && worked)
    rename (unfinished, path);
  else
    unlink (unfinished);
  pthread_mutex_unlock (&control.lock);
}

/* Takes a snapshot at once. Programs may call it if they find it with dlsym(), as tests do. */
void
lifecycle_audit_snapshot (void)
{
  if (audit_ready (AUDIT_LIBRARY_GOBJECT))
    report (AUDIT_WHY_CALL, audit_is_main_thread ());
}

void
audit_control_misused (void)
{
  if (audit_ready (AUDIT_LIBRARY_GOBJECT))
    report (AUDIT_WHY_MISUSE, audit_is_main_thread ());
}

/* The end of the main loop is the time for a look, before everything is taken down. What is held was
 * looked for already if there was a snapshot. A program that runs thousands of main loops is not
 * slowed down much for that.
 */
void
audit_control_loop_ended (void)
{
  gint64 start = now ();

  if (!audit.enabled || !audit_ready (AUDIT_LIBRARY_GOBJECT))
    return;

  pthread_mutex_lock (&control.lock);
  free (g_steal_pointer (&control.dangling));
  if (control.judging > FREE_MICROSECONDS && control.judging * MAX_SHARE > start - control.started)
    {
      if (control.n_snapshots == 0)
        free (g_steal_pointer (&control.judged));
      pthread_mutex_unlock (&control.lock);
      return;
    }

  audit_lock ();
  note_dangling_locked ();
  audit_unlock ();

  if (control.n_snapshots == 0)
    {
      audit_toolkit_start (TRUE);
      audit_lock ();
      judge_locked ();
      audit_unlock ();
      audit_toolkit_end ();
    }
  control.judging += now () - start;
  pthread_mutex_unlock (&control.lock);
}

/* Requests of the thread */

static gboolean
request_cb (gpointer data)
{
  gboolean wanted;
  AuditWhy why;

  pthread_mutex_lock (&control.request_lock);
  wanted = control.request == REQUEST_WAITING;
  why = control.request_why;
  if (wanted)
    control.request = REQUEST_RUNNING;
  pthread_mutex_unlock (&control.request_lock);
  if (!wanted)
    return G_SOURCE_REMOVE;

  report (why, TRUE);

  pthread_mutex_lock (&control.request_lock);
  control.request = REQUEST_DONE;
  pthread_cond_signal (&control.request_changed);
  pthread_mutex_unlock (&control.request_lock);

  return G_SOURCE_REMOVE;
}

static void
request (AuditWhy why)
{
  struct timespec deadline;
  gboolean given_up = FALSE;

  pthread_mutex_lock (&control.request_lock);
  control.request = REQUEST_WAITING;
  control.request_why = why;
  pthread_mutex_unlock (&control.request_lock);

  audit_real.g_idle_add_full (LOW_PRIORITY, request_cb, NULL, NULL);

  clock_gettime (CLOCK_REALTIME, &deadline);
  deadline.tv_sec += PATIENCE_SECONDS;
  pthread_mutex_lock (&control.request_lock);
  while (control.request != REQUEST_DONE && !given_up)
    if (pthread_cond_timedwait (&control.request_changed, &control.request_lock, &deadline) != 0 &&
        control.request == REQUEST_WAITING)
      {
        control.request = REQUEST_GIVEN_UP;
        given_up = TRUE;
      }
  pthread_mutex_unlock (&control.request_lock);

  if (given_up)
    report (why, FALSE);
}

static void
answer (void)
{
  int peer = accept4 (control.listener, NULL, NULL, SOCK_CLOEXEC);
  const char done[] = "done\n";

  if (peer < 0)
    return;
  request (AUDIT_WHY_COMMAND);
  (void) !send (peer, done, sizeof done - 1, MSG_NOSIGNAL);
  close (peer);
}

static void *
thread_cb (void *data)
{
  gint64 next = now () + (gint64) control.every * G_USEC_PER_SEC;

  for (;;)
    {
      struct pollfd polled[2] = { { control.wake_up, POLLIN, 0 }, { control.listener, POLLIN, 0 } };
      gint64 left = control.every > 0 ? MAX (next - now (), 0) / 1000 : -1;
      guint64 count;
      gint n = poll (polled, 2, (int) left);

      if (n < 0 && errno != EINTR)
        return NULL;
      if (n == 0)
        {
          request (AUDIT_WHY_TIME);
          next = now () + (gint64) control.every * G_USEC_PER_SEC;
        }
      else if (n > 0 && polled[0].revents != 0)
        {
          if (read (control.wake_up, &count, sizeof count) != sizeof count)
            return NULL;
          request (AUDIT_WHY_SIGNAL);
        }
      else if (n > 0 && polled[1].revents != 0)
        {
          answer ();
        }
    }
}

static void
signal_cb (int number)
{
  guint64 one = 1;
  int saved = errno;

  (void) !write (control.wake_up, &one, sizeof one);
  errno = saved;
}

/* The socket is in a directory that only its owner can enter. */
static void
listen_for_commands (void)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int length = snprintf (address.sun_path, sizeof address.sun_path, "%s/%d.socket", audit.directory,
                         (int) getpid ());

  if (length < 0 || (gsize) length >= sizeof address.sun_path)
    return;

  control.listener = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (control.listener < 0)
    return;
  unlink (address.sun_path);
  if (bind (control.listener, (struct sockaddr *) &address, sizeof address) != 0 ||
      listen (control.listener, 4) != 0)
    {
      close (control.listener);
      control.listener = -1;
    }
}

static void
exit_cb (void)
{
  if (audit.enabled && control.pid == getpid ())
    report (AUDIT_WHY_EXIT, audit_is_main_thread ());
}

static void
before_fork (void)
{
  pthread_mutex_lock (&control.lock);
  audit_lock ();
}

static void
after_fork (void)
{
  audit_unlock ();
  pthread_mutex_unlock (&control.lock);
}

/* The child has all records and no thread. It goes on without an audit until it executes something. */
static void
after_fork_in_child (void)
{
  audit.enabled = FALSE;
  audit_record_after_fork ();
  pthread_mutex_init (&control.lock, NULL);
}

void
audit_control_start (void)
{
  const char *every = getenv ("LIFECYCLE_AUDIT_EVERY");
  struct sigaction action;
  sigset_t all, before;
  pthread_t thread;

  control.every = every != NULL ? atoi (every) : 0;
  atexit (exit_cb);
  pthread_atfork (before_fork, after_fork, after_fork_in_child);

  control.wake_up = eventfd (0, EFD_CLOEXEC);
  listen_for_commands ();

  /* Signals are for the threads of the program. */
  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &before);
  if (pthread_create (&thread, NULL, thread_cb, NULL) == 0)
    {
      pthread_setname_np (thread, "lifecycle-audit");
      pthread_detach (thread);
      /* A program that has a use for the signal keeps it. */
      if (control.wake_up >= 0 && sigaction (SIGUSR1, NULL, &action) == 0 &&
          action.sa_handler == SIG_DFL)
        {
          memset (&action, 0, sizeof action);
          action.sa_handler = signal_cb;
          action.sa_flags = SA_RESTART;
          sigaction (SIGUSR1, &action, NULL);
        }
    }
  pthread_sigmask (SIG_SETMASK, &before, NULL);
}

/* Takes this library out of the environment of what bubblewrap starts: it is not in the sandbox, and
 * the dynamic linker would complain.
 */
static void
leave_sandboxes_alone (void)
{
  const char *name = program_invocation_short_name;

  if (strcmp (name, "bwrap") == 0 || strcmp (name, "flatpak") == 0 ||
      strcmp (name, "flatpak-spawn") == 0 || strcmp (name, "xdg-dbus-proxy") == 0)
    unsetenv ("LD_PRELOAD");
}

__attribute__ ((constructor)) static void
start (void)
{
  audit.directory = getenv ("LIFECYCLE_AUDIT_DIRECTORY");
  if (audit.directory == NULL || getauxval (AT_SECURE) != 0 ||
      access (audit.directory, W_OK) != 0)
    return;

  leave_sandboxes_alone ();
  audit.directory = strdup (audit.directory);
  control.pid = getpid ();
  control.started = now ();
  audit.enabled = TRUE;
}
