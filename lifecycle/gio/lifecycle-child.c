/* lifecycle-child.c: child processes that are told to exit, and killed if they do not
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-child-private.h"
#include "lifecycle-home-private.h"

#include <stdlib.h>

#ifdef G_OS_UNIX
#include <errno.h>
#include <glib-unix.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#ifdef __linux__
#include <sys/syscall.h>
#endif

#ifndef PIDFD_SIGNAL_PROCESS_GROUP
#define PIDFD_SIGNAL_PROCESS_GROUP (1 << 2)
#endif

/* How often to check whether the rest of a process group has exited: no event reports that. */
#define GROUP_INTERVAL_MS 20

/* A thread of the library watches the processes and measures their grace periods. The home thread
 * of the scope cannot do that: threads commonly close their scopes and then exit, and nothing would
 * be left to kill the process.
 *
 * A process ID may be reused as soon as the process has been reaped. Where the system has process
 * file descriptors, signals are sent through one, which can never refer to another process. That
 * also allows sending them from any thread, before the caller returns. On other systems only the
 * thread that reaps the process knows whether the ID is still valid: GIO's own thread for a
 * GSubprocess; for other processes, the code in this file, which reaps and signals under one lock.
 */
struct _LifecycleChild
{
  LifecycleNode               node;       /* in children.ending */
  gint                        refs;
  GPid                        pid;
  int                         pidfd;      /* or -1 */
  GSubprocess                *subprocess; /* NULL if this file reaps the process */
  gboolean                    group;      /* whether to terminate the process group that it leads */
  guint                       grace_ms;
  const LifecycleChildEvents *events;
  gpointer                    data;
  GDestroyNotify              destroy;

  /* Protected by children.lock. */
  GSource                    *grace;
  gboolean                    ending;     /* has been told to exit */
  gboolean                    killed;
  gboolean                    exited;     /* has exited and been reaped */
  gboolean                    group_gone;
  gboolean                    over;
};

static struct
{
  GMutex         lock;          /* the innermost lock: only signals are sent while it is held */
  GMainContext  *context;       /* created for the first child that is watched, and never freed */
  LifecycleNode  ending;
} children = {
  .ending = { &children.ending, &children.ending },
};

gboolean lifecycle_child_avoid_pidfd;

static void child_kill_all_at_exit (void);

static gpointer
children_thread (gpointer data)
{
  GMainContext *context = data;

  g_main_context_push_thread_default (context);
  while (TRUE)
    g_main_context_iteration (context, TRUE);

  return NULL;
}

#ifdef G_OS_UNIX

static void
children_before_fork (void)
{
  g_mutex_lock (&children.lock);
}

static void
children_after_fork_in_parent (void)
{
  g_mutex_unlock (&children.lock);
}

/* fork() does not copy the library's thread, and none of the watched processes is a child of the
 * new process.
 */
static void
children_after_fork_in_child (void)
{
  children.context = NULL;
  lifecycle_node_init (&children.ending);
  g_mutex_unlock (&children.lock);
}

#endif

/* Called with the lock held. */
static void
children_start (void)
{
  static gboolean registered;
#ifdef G_OS_UNIX
  sigset_t all, old;
#endif

  if (children.context != NULL)
    return;

  if (!registered)
    {
      registered = TRUE;
      atexit (child_kill_all_at_exit);
#ifdef G_OS_UNIX
      pthread_atfork (children_before_fork, children_after_fork_in_parent,
                      children_after_fork_in_child);
#endif
    }

  children.context = g_main_context_new ();

  /* Block all signals, so that the program's signal handlers run on its own threads only. */
#ifdef G_OS_UNIX
  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &old);
#endif
  g_thread_unref (g_thread_new ("lifecycle-child", children_thread,
                                g_main_context_ref (children.context)));
#ifdef G_OS_UNIX
  pthread_sigmask (SIG_SETMASK, &old, NULL);
#endif
}

/* Opens a file descriptor for a process. Returns -1 where that is not possible. */
static int
child_open_pidfd (GPid pid)
{
#if defined (__linux__) && defined (SYS_pidfd_open) && defined (SYS_pidfd_send_signal)
  if (!lifecycle_child_avoid_pidfd)
    return (int) syscall (SYS_pidfd_open, pid, 0);
#endif

  return -1;
}

#ifdef G_OS_UNIX

static int
child_signal_pidfd (LifecycleChild *self,
                    int             signum,
                    guint           flags)
{
#if defined (__linux__) && defined (SYS_pidfd_open) && defined (SYS_pidfd_send_signal)
  return (int) syscall (SYS_pidfd_send_signal, self->pidfd, signum, NULL, flags);
#else
  g_assert_not_reached ();
#endif
}

/* Called with the lock held. Returns whether the group still has any processes.
 *
 * The group ID cannot be reused before the leader has been reaped and all other members have
 * exited. On Linux 6.9 and newer, the file descriptor is safe even after that. Elsewhere the ID
 * might refer to another group if the system went through all its process IDs between two checks,
 * which are GROUP_INTERVAL_MS apart. Once the group has been found empty, no more signals are sent.
 */
static gboolean
child_signal_group (LifecycleChild *self,
                    int             signum)
{
  int result = -1;

  if (self->group_gone)
    return FALSE;

  errno = EINVAL;
  if (self->pidfd >= 0)
    result = child_signal_pidfd (self, signum, PIDFD_SIGNAL_PROCESS_GROUP);
  if (result < 0 && errno == EINVAL)
    result = kill (-self->pid, signum);
  if (result < 0 && errno == ESRCH)
    self->group_gone = TRUE;

  return !self->group_gone;
}

#endif

/* Called with the lock held. */
static void
child_signal (LifecycleChild *self,
              int             signum)
{
#ifdef G_OS_UNIX
  if (self->group)
    child_signal_group (self, signum);

  /* Kill the process itself as well, in case it has moved to another group. */
  if (self->exited || (self->group && signum != SIGKILL))
    return;

  if (self->pidfd >= 0)
    child_signal_pidfd (self, signum, 0);
  else if (self->subprocess != NULL)
    g_subprocess_send_signal (self->subprocess, signum);
  else
    kill (self->pid, signum);
#else
  if (!self->exited)
    g_subprocess_force_exit (self->subprocess);
#endif
}

/* Called with the lock held. */
static void
child_kill (LifecycleChild *self)
{
  self->killed = TRUE;
#ifdef G_OS_UNIX
  child_signal (self, SIGKILL);
#else
  child_signal (self, 0);
#endif
}

/* Kills the processes whose grace period has not ended when the program exits. */
static void
child_kill_all_at_exit (void)
{
  g_autoptr (GPtrArray) asked = g_ptr_array_new_with_free_func (g_object_unref);

  g_mutex_lock (&children.lock);
  for (LifecycleNode *node = children.ending.next; node != &children.ending; node = node->next)
    {
      LifecycleChild *self = LIFECYCLE_ENTRY_CONTAINER (node, LifecycleChild, node);

      if (!self->killed)
        child_kill (self);
      if (self->pidfd < 0 && self->subprocess != NULL)
        g_ptr_array_add (asked, g_object_ref (self->subprocess));
    }
  g_mutex_unlock (&children.lock);

  /* GIO's thread kills these. Wait for it, because it ends when the program exits. */
  for (guint i = 0; i < asked->len; i++)
    {
      for (guint n = 0; n < 1000 && g_subprocess_get_identifier (asked->pdata[i]) != NULL; n++)
        g_usleep (1000);
    }
}

static LifecycleChild *
child_new (GPid         pid,
           int          pidfd,
           GSubprocess *subprocess,
           gboolean     group)
{
  LifecycleChild *self = g_new0 (LifecycleChild, 1);

  self->refs = 1;
  self->pid = pid;
  self->pidfd = pidfd;
  self->subprocess = subprocess != NULL ? g_object_ref (subprocess) : NULL;
  self->group = group;

  return self;
}

/* Returns NULL if the process is known to have exited. */
LifecycleChild *
lifecycle_child_new_for_subprocess (GSubprocess *subprocess,
                                    gboolean     group)
{
  const char *identifier = g_subprocess_get_identifier (subprocess);
#ifdef G_OS_UNIX
  GPid pid;
  int pidfd;

  if (identifier == NULL)
    return NULL;

  /* If GIO still reports the process as running afterwards, the descriptor refers to it. There is a
   * short window between GIO reaping a process and reporting it.
   */
  pid = (GPid) g_ascii_strtoll (identifier, NULL, 10);
  pidfd = child_open_pidfd (pid);
  if (g_subprocess_get_identifier (subprocess) == NULL)
    {
      if (pidfd >= 0)
        close (pidfd);
      return NULL;
    }

  return child_new (pid, pidfd, subprocess, group);
#else
  return identifier != NULL ? child_new (NULL, -1, subprocess, FALSE) : NULL;
#endif
}

#ifdef G_OS_UNIX

/* Returns NULL if this process has no such child, or if the child has been reaped. */
LifecycleChild *
lifecycle_child_new_for_pid (GPid     pid,
                             gboolean group)
{
  siginfo_t info = { 0 };
  int result;

  do
    result = waitid (P_PID, (id_t) pid, &info, WEXITED | WNOHANG | WNOWAIT);
  while (result < 0 && errno == EINTR);
  if (result < 0)
    return NULL;

  return child_new (pid, child_open_pidfd (pid), NULL, group);
}

#endif

LifecycleChild *
lifecycle_child_ref (LifecycleChild *self)
{
  g_atomic_int_inc (&self->refs);

  return self;
}

void
lifecycle_child_unref (LifecycleChild *self)
{
  if (!g_atomic_int_dec_and_test (&self->refs))
    return;

#ifdef G_OS_UNIX
  if (self->pidfd >= 0)
    close (self->pidfd);
#endif
  g_clear_object (&self->subprocess);
  g_free (self);
}

GPid
lifecycle_child_get_pid (LifecycleChild *self)
{
  return self->pid;
}

/* Returns TRUE if the process leads its process group, or if it is too late to tell. */
gboolean
lifecycle_child_leads_group (LifecycleChild *self)
{
#ifdef G_OS_UNIX
  pid_t group = getpgid (self->pid);

  return group < 0 || group == self->pid;
#else
  return TRUE;
#endif
}

static gboolean
child_grace_over_cb (gpointer data)
{
  LifecycleChild *self = data;

  g_mutex_lock (&children.lock);
  if (!self->over)
    child_kill (self);
  g_mutex_unlock (&children.lock);

  return G_SOURCE_REMOVE;
}

/* Called with the lock held. */
static void
child_begin_to_end (LifecycleChild *self)
{
  if (self->ending)
    return;

  self->ending = TRUE;
  lifecycle_node_insert_after (&self->node, children.ending.prev);

#ifdef G_OS_UNIX
  if (self->grace_ms > 0)
    {
      child_signal (self, SIGTERM);
      self->grace = g_timeout_source_new (self->grace_ms);
      g_source_set_static_name (self->grace, "Lifecycle subprocess");
      g_source_set_callback (self->grace, child_grace_over_cb, lifecycle_child_ref (self),
                             (GDestroyNotify) lifecycle_child_unref);
      g_source_attach (self->grace, children.context);
      return;
    }
#endif

  child_kill (self);
}

/* Tells the process to exit. May be called on any thread. Returns FALSE if there is nothing left to
 * wait for.
 */
gboolean
lifecycle_child_end (LifecycleChild *self)
{
  gboolean over;

  g_mutex_lock (&children.lock);
  over = self->over;
  if (!over)
    child_begin_to_end (self);
  g_mutex_unlock (&children.lock);

  return !over;
}

static void
child_finish (LifecycleChild *self)
{
  GSource *grace;

  g_mutex_lock (&children.lock);
  self->over = TRUE;
  if (self->ending)
    lifecycle_node_remove (&self->node);
  grace = g_steal_pointer (&self->grace);
  g_mutex_unlock (&children.lock);

  if (grace != NULL)
    {
      g_source_destroy (grace);
      g_source_unref (grace);
    }

  self->events->over (self->data);
  self->destroy (self->data);
  lifecycle_child_unref (self);
}

#ifdef G_OS_UNIX

/* Returns whether to go on waiting for the process group. */
static gboolean
child_group_goes_on (LifecycleChild *self)
{
  gboolean goes_on;

  g_mutex_lock (&children.lock);
  goes_on = !self->killed && child_signal_group (self, 0);
  if (goes_on)
    child_begin_to_end (self);
  g_mutex_unlock (&children.lock);

  return goes_on;
}

static gboolean
child_group_cb (gpointer data)
{
  if (child_group_goes_on (data))
    return G_SOURCE_CONTINUE;

  child_finish (data);

  return G_SOURCE_REMOVE;
}

#endif

/* Called when the process has been reaped. The rest of its group is terminated in the same way. */
static void
child_exited (LifecycleChild *self,
              int             wait_status)
{
  g_mutex_lock (&children.lock);
  self->exited = TRUE;
  g_mutex_unlock (&children.lock);

  self->events->exited (self->data, wait_status);

#ifdef G_OS_UNIX
  if (self->group && child_group_goes_on (self))
    {
      GSource *source = g_timeout_source_new (GROUP_INTERVAL_MS);

      g_source_set_static_name (source, "Lifecycle process group");
      g_source_set_callback (source, child_group_cb, self, NULL);
      g_source_attach (source, g_main_context_get_thread_default ());
      g_source_unref (source);
      return;
    }
#endif

  child_finish (self);
}

static void
child_waited_cb (GObject      *source,
                 GAsyncResult *result,
                 gpointer      data)
{
  GSubprocess *subprocess = G_SUBPROCESS (source);

  g_subprocess_wait_finish (subprocess, result, NULL);
  child_exited (data, g_subprocess_get_status (subprocess));
}

/* Runs on the library's thread, so that GIO calls child_waited_cb() on that thread, too. */
static gboolean
child_wait_cb (gpointer data)
{
  LifecycleChild *self = data;

  g_subprocess_wait_async (self->subprocess, NULL, child_waited_cb, self);

  return G_SOURCE_REMOVE;
}

#ifdef G_OS_UNIX

/* Returns FALSE if the process has not exited yet. If other code has reaped it, its status is
 * unknown and reported as -1.
 */
static gboolean
child_reap (LifecycleChild *self)
{
  int wait_status = -1;
  pid_t result;

  g_mutex_lock (&children.lock);
  do
    result = waitpid (self->pid, &wait_status, WNOHANG);
  while (result < 0 && errno == EINTR);
  /* Set this before dropping the lock: the process ID may be reused from now on. */
  self->exited = result != 0;
  g_mutex_unlock (&children.lock);

  if (result == 0)
    return FALSE;

  child_exited (self, result > 0 ? wait_status : -1);

  return TRUE;
}

static gboolean
child_readable_cb (int          fd,
                   GIOCondition condition,
                   gpointer     data)
{
  return child_reap (data) ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static gboolean
child_reap_cb (gpointer data)
{
  return child_reap (data) ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

/* For systems without process file descriptors. Waits without reaping, so that the process ID is
 * not reused.
 */
static gpointer
child_wait_thread (gpointer data)
{
  LifecycleChild *self = data;
  siginfo_t info = { 0 };
  int result;

  do
    result = waitid (P_PID, (id_t) self->pid, &info, WEXITED | WNOWAIT);
  while (result < 0 && errno == EINTR);

  lifecycle_post (children.context, G_PRIORITY_DEFAULT, "Lifecycle subprocess",
                  child_reap_cb, self, NULL);

  return NULL;
}

#endif

/* Watches the process until it and, if requested, its whole group have exited. `destroy` is called
 * with `data` after that. Must be called only once.
 */
void
lifecycle_child_watch (LifecycleChild             *self,
                       guint                       grace_ms,
                       const LifecycleChildEvents *events,
                       gpointer                    data,
                       GDestroyNotify              destroy)
{
  GMainContext *context;

  self->grace_ms = grace_ms;
  self->events = events;
  self->data = data;
  self->destroy = destroy;
  lifecycle_child_ref (self);

  g_mutex_lock (&children.lock);
  children_start ();
  context = children.context;
  g_mutex_unlock (&children.lock);

  if (self->subprocess != NULL)
    {
      lifecycle_post (context, G_PRIORITY_DEFAULT, "Lifecycle subprocess",
                      child_wait_cb, self, NULL);
      return;
    }

#ifdef G_OS_UNIX
  if (self->pidfd >= 0)
    {
      GSource *source = g_unix_fd_source_new (self->pidfd, G_IO_IN);

      g_source_set_static_name (source, "Lifecycle subprocess");
      g_source_set_callback (source, G_SOURCE_FUNC (child_readable_cb), self, NULL);
      g_source_attach (source, context);
      g_source_unref (source);
    }
  else
    {
      g_thread_unref (g_thread_new ("lifecycle-wait", child_wait_thread, self));
    }
#endif
}
