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

/* How often to look whether the rest of a process group has exited, which nobody reports. */
#define GROUP_INTERVAL_MS 20

/* A process is watched, and its time of grace is measured, on a thread of the library. The home of
 * its scope will not do: a thread that closes its scopes and then ends is ordinary, and nobody
 * would be left to kill the process.
 *
 * A process id may be reused as soon as the process has been reaped. Where the system has
 * descriptors for processes, signals go through one, which can never mean another process. It also
 * makes it possible to send them from any thread, before the caller returns. Elsewhere the thread
 * that reaps the process is the one that knows: GIO's own thread for a GSubprocess, and for others
 * this file, which reaps and signals under one lock.
 */
struct _LifecycleChild
{
  LifecycleNode               node;       /* in the list of those that are ending */
  gint                        refs;
  GPid                        pid;
  int                         pidfd;      /* or -1 */
  GSubprocess                *subprocess; /* NULL if it is reaped here */
  gboolean                    group;      /* it leads a process group, all of which is to end */
  guint                       grace_ms;
  const LifecycleChildEvents *events;
  gpointer                    data;
  GDestroyNotify              destroy;

  /* Locked. */
  GSource                    *grace;
  gboolean                    ending;     /* it has been told to exit */
  gboolean                    killed;
  gboolean                    exited;     /* and has been reaped */
  gboolean                    group_gone;
  gboolean                    over;
};

static struct
{
  GMutex         lock;          /* the innermost: only signals are sent while it is held */
  GMainContext  *context;       /* made by the first child that is watched, and kept */
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

/* The thread has not been copied, and none of the processes is a child of this one. */
static void
children_after_fork_in_child (void)
{
  children.context = NULL;
  lifecycle_node_init (&children.ending);
  g_mutex_unlock (&children.lock);
}

#endif

/* Locked. */
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

  /* The handlers of the program's signals run on its own threads. */
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

/* A descriptor for the process, or -1. */
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

/* Locked. Says whether there is anybody in the group.
 *
 * Its number cannot be reused before the leader has been reaped and all others have gone. A
 * descriptor is safe even then, on Linux 6.9 and newer. Elsewhere the number might come to mean
 * another group between two looks, GROUP_INTERVAL_MS apart, in which the system would have to go
 * through all its numbers; once the group has been seen to be empty, it is left alone.
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

/* Locked. */
static void
child_signal (LifecycleChild *self,
              int             signum)
{
#ifdef G_OS_UNIX
  if (self->group)
    child_signal_group (self, signum);

  /* One that has left its own group is not spared. */
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

/* Locked. */
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

/* What is in its time of grace when the program ends has to go now. */
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

  /* Those were left to GIO's thread, which must not end before it has done it. */
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

/* NULL if it is known to have exited. */
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

  /* If GIO still calls it alive afterwards, then it was alive when the descriptor was opened, but
   * for the moment between GIO reaping it and saying so.
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

/* NULL if there is no such child of this process, or it has been reaped. */
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

/* Whether its process group is its own, or it is too late to tell. */
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

/* Locked. */
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

/* Tells it to exit; on any thread. Says FALSE when there is nothing left to wait for. */
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

/* Says whether anything in the group is still to be waited for. */
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

/* It has been reaped. What is left of its group ends in the same way. */
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

/* GIO answers in the context of the thread that asks. */
static gboolean
child_wait_cb (gpointer data)
{
  LifecycleChild *self = data;

  g_subprocess_wait_async (self->subprocess, NULL, child_waited_cb, self);

  return G_SOURCE_REMOVE;
}

#ifdef G_OS_UNIX

/* Says FALSE when it is too early. If others have reaped the process, nobody knows the status. */
static gboolean
child_reap (LifecycleChild *self)
{
  int wait_status = -1;
  pid_t result;

  g_mutex_lock (&children.lock);
  do
    result = waitpid (self->pid, &wait_status, WNOHANG);
  while (result < 0 && errno == EINTR);
  /* Before the lock is dropped: its number may be that of another now. */
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

/* For systems without descriptors. It waits and does not reap, so that the number stays taken. */
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

/* Watches the process, once, until it and what belongs to it are gone; `data` is kept that long. */
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
