/* lifecycle-inspect.c: starts and stops the inspection
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-inspect-private.h"

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct
{
  GMutex                  lock;         /* held while the inspection starts or stops */
  GThread                *thread;
  GMainContext           *context;
  LifecycleInspectServer *server;
  char                   *socket;
  gint64                  started;      /* µs of monotonic time */
  pid_t                   pid;
  gint                    stopping;     /* atomic */
  gboolean                prepared;

  /* Held by the thread whenever it does not sleep. The child of a fork has no such thread, so no lock
   * that the thread takes may be locked at that moment.
   */
  GMutex                  working;
  gboolean                begun;        /* the thread has locked it for the first time */
  GCond                   begins;
} inspect;

guint64
lifecycle_inspect_get_uptime (void)
{
  return (guint64) (g_get_monotonic_time () - inspect.started) / 1000;
}

static gint
inspect_poll (GPollFD *fds,
              guint    n_fds,
              gint     timeout)
{
  gint result;

  g_mutex_unlock (&inspect.working);
  result = g_poll (fds, n_fds, timeout);
  g_mutex_lock (&inspect.working);

  return result;
}

static void
before_fork (void)
{
  g_mutex_lock (&inspect.lock);
  g_mutex_lock (&inspect.working);
}

static void
after_fork_in_parent (void)
{
  g_mutex_unlock (&inspect.working);
  g_mutex_unlock (&inspect.lock);
}

/* The socket belongs to the parent. What the thread used is left as it is: there is nobody who could
 * take it down.
 */
static void
after_fork_in_child (void)
{
  if (inspect.thread != NULL)
    close (lifecycle_inspect_server_get_fd (inspect.server));
  inspect.thread = NULL;
  inspect.server = NULL;
  inspect.context = NULL;
  inspect.socket = NULL;
  g_mutex_unlock (&inspect.working);
  g_mutex_unlock (&inspect.lock);
}

/* The thread may still be running, and that is fine: the process ends. */
static void
remove_socket_at_exit (void)
{
  if (inspect.thread != NULL && inspect.pid == getpid ())
    g_unlink (inspect.socket);
}

/* Returns whether no program listens at a socket any more. */
static gboolean
is_stale (const char *path)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM,
                                             G_SOCKET_PROTOCOL_DEFAULT, NULL);

  if (socket == NULL)
    return FALSE;

  g_socket_set_blocking (socket, FALSE);

  return !g_socket_connect (socket, address, NULL, &error) &&
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
}

/* Removes the sockets of programs that have crashed. */
static void
remove_stale_sockets (const char *directory)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (directory, name, NULL);
      guint64 pid;

      if (g_ascii_string_to_unsigned (name, 10, 1, G_MAXINT, &pid, NULL) && is_stale (path))
        g_unlink (path);
    }
}

/* Returns the directory of the sockets, which nobody else can enter, or NULL. */
static char *
ensure_directory (GError **error)
{
  g_autofree char *directory = g_build_filename (g_get_user_runtime_dir (), "lifecycle", NULL);
  GStatBuf info;

  if (g_mkdir_with_parents (directory, 0700) != 0 || g_lstat (directory, &info) != 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                   "Cannot create the directory '%s': %s", directory, g_strerror (errno));
      return NULL;
    }

  if (!S_ISDIR (info.st_mode) || info.st_uid != geteuid ())
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                   "'%s' is not a directory of this user", directory);
      return NULL;
    }

  if ((info.st_mode & 0077) != 0 && g_chmod (directory, 0700) != 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                   "Cannot close the directory '%s' to others: %s", directory, g_strerror (errno));
      return NULL;
    }

  return g_steal_pointer (&directory);
}

static gpointer
inspect_thread (gpointer data)
{
  g_mutex_lock (&inspect.working);
  inspect.begun = TRUE;
  g_cond_signal (&inspect.begins);
  g_main_context_push_thread_default (inspect.context);
  while (!g_atomic_int_get (&inspect.stopping))
    g_main_context_iteration (inspect.context, TRUE);

  lifecycle_history_stop ();
  lifecycle_inspect_server_free (inspect.server);
  g_main_context_pop_thread_default (inspect.context);
  g_mutex_unlock (&inspect.working);

  return NULL;
}

/* Signals are for the threads of the program. This waits until a fork waits for the thread: as it starts,
 * it may hold locks of the allocator, which not all of them take care of.
 */
static GThread *
start_thread (void)
{
  sigset_t all, before;
  GThread *thread;

  inspect.begun = FALSE;
  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &before);
  thread = g_thread_new ("lifecycle-look", inspect_thread, NULL);
  pthread_sigmask (SIG_SETMASK, &before, NULL);

  g_mutex_lock (&inspect.working);
  while (!inspect.begun)
    g_cond_wait (&inspect.begins, &inspect.working);
  g_mutex_unlock (&inspect.working);

  return thread;
}

static void
prepare (void)
{
  if (inspect.prepared)
    return;

  inspect.prepared = TRUE;
  lifecycle_history_observe ();
  pthread_atfork (before_fork, after_fork_in_parent, after_fork_in_child);
  atexit (remove_socket_at_exit);
}

/* The lock is held. */
static gboolean
start (LifecycleInspectFlags   flags,
       GError                **error)
{
  g_autofree char *directory = NULL;
  g_autofree char *path = NULL;
  g_autofree char *name = NULL;

  /* Whoever starts such a program must not look into what it does for somebody else. */
  if (getuid () != geteuid () || getgid () != getegid ())
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                   "A program that runs with the rights of another user cannot be inspected");
      return FALSE;
    }

  directory = ensure_directory (error);
  if (directory == NULL)
    return FALSE;

  remove_stale_sockets (directory);
  name = g_strdup_printf ("%d", (int) getpid ());
  path = g_build_filename (directory, name, NULL);
  /* A container may share the directory, but not the numbers of processes. */
  if (g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS, "'%s' belongs to another program", path);
      return FALSE;
    }

  inspect.context = g_main_context_new ();
  g_main_context_set_poll_func (inspect.context, inspect_poll);
  inspect.server = lifecycle_inspect_server_new (path, flags, inspect.context, error);
  if (inspect.server == NULL)
    {
      g_clear_pointer (&inspect.context, g_main_context_unref);
      return FALSE;
    }

  prepare ();
  g_atomic_int_set (&inspect.stopping, FALSE);
  inspect.started = g_get_monotonic_time ();
  inspect.pid = getpid ();
  inspect.socket = g_steal_pointer (&path);
  lifecycle_history_start (inspect.context);
  inspect.thread = start_thread ();

  return TRUE;
}

/**
 * lifecycle_inspect_start:
 * @flags: what else is allowed
 * @error: return location for an error
 *
 * Lets the command `lifecycle`, and everybody who speaks D-Bus, look into the running program.
 *
 * A thread of its own serves the interface `org.lifecycle.Inspect1` at `/org/lifecycle/Inspect`, on
 * the socket `$XDG_RUNTIME_DIR/lifecycle/PID`. It answers even while the main loop hangs. Only the
 * same user may connect. Before this function is called, the inspection costs nothing; afterwards it
 * remembers the scopes that close, and takes a sample of the process now and then.
 *
 * `LIFECYCLE_DEBUG=inspect` calls this function when the first scope is created;
 * `LIFECYCLE_DEBUG=inspect-close` does with %LIFECYCLE_INSPECT_ALLOW_CLOSE.
 *
 * If the inspection has been started already, this only sets the flags. In a forked child it has to be
 * started anew. May be called on any thread.
 *
 * This function only exists on UNIX.
 *
 * Returns: whether the program can be inspected
 *
 * Since: 1.0
 */
gboolean
lifecycle_inspect_start (LifecycleInspectFlags   flags,
                         GError                **error)
{
  gboolean running = TRUE;

  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  /* This reads LIFECYCLE_DEBUG. What is registered first for forks gets its locks last: a fork has to
   * wait for the thread of the inspection before it takes the locks of the report at exit, which that
   * thread may need before it pauses.
   */
  g_type_class_unref (g_type_class_ref (LIFECYCLE_TYPE_SCOPE));

  g_mutex_lock (&inspect.lock);
  if (inspect.thread != NULL)
    lifecycle_inspect_server_set_flags (inspect.server, flags);
  else
    running = start (flags, error);
  g_mutex_unlock (&inspect.lock);

  return running;
}

/**
 * lifecycle_inspect_stop:
 *
 * Ends the inspection, with all connections, and removes its socket.
 *
 * It need not be called at exit. If the inspection is not running, this does nothing. May be called
 * on any thread.
 *
 * This function only exists on UNIX.
 *
 * Since: 1.0
 */
void
lifecycle_inspect_stop (void)
{
  g_mutex_lock (&inspect.lock);
  if (inspect.thread != NULL)
    {
      g_atomic_int_set (&inspect.stopping, TRUE);
      g_main_context_wakeup (inspect.context);
      g_thread_join (inspect.thread);
      inspect.thread = NULL;
      inspect.server = NULL;
      g_clear_pointer (&inspect.socket, g_free);
      g_clear_pointer (&inspect.context, g_main_context_unref);
    }
  g_mutex_unlock (&inspect.lock);
}

/**
 * lifecycle_inspect_get_socket:
 *
 * Gets the path of the socket on which the program can be inspected.
 *
 * This function only exists on UNIX. It may be called on any thread.
 *
 * Returns: (transfer full) (nullable): the path, or %NULL if the inspection is not running
 *
 * Since: 1.0
 */
char *
lifecycle_inspect_get_socket (void)
{
  char *socket;

  g_mutex_lock (&inspect.lock);
  socket = g_strdup (inspect.socket);
  g_mutex_unlock (&inspect.lock);

  return socket;
}
