/* lifecycle-tool-program.c: programs that can be inspected
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-tool-program-private.h"
#include "lifecycle-tool-output-private.h"
#include "lifecycle-tool-private.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>

#define HOW_TO_START "start the program with LIFECYCLE_DEBUG=inspect, or call lifecycle_inspect_start()"

static char *
dup_directory (void)
{
  return g_build_filename (g_get_user_runtime_dir (), "lifecycle", NULL);
}

static char *
dup_socket (guint pid)
{
  g_autofree char *directory = dup_directory ();
  g_autofree char *name = g_strdup_printf ("%u", pid);

  return g_build_filename (directory, name, NULL);
}

/* Returns whether nobody listens at a socket any more. */
static gboolean
is_stale (const char *path)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM,
                                             G_SOCKET_PROTOCOL_DEFAULT, NULL);
  g_autoptr (GError) error = NULL;

  if (socket == NULL)
    return FALSE;
  g_socket_set_blocking (socket, FALSE);

  return !g_socket_connect (socket, address, NULL, &error) &&
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
}

static int
compare_pids (gconstpointer a,
              gconstpointer b)
{
  guint one = *(const guint *) a, other = *(const guint *) b;

  return one < other ? -1 : one > other;
}

/* Lists the programs that can be inspected, and removes the sockets of those that have crashed. */
GArray *
lifecycle_program_list_pids (void)
{
  g_autofree char *directory = dup_directory ();
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  GArray *pids = g_array_new (FALSE, FALSE, sizeof (guint));
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (directory, name, NULL);
      guint64 number;
      guint pid;

      if (!g_ascii_string_to_unsigned (name, 10, 1, G_MAXINT, &number, NULL))
        continue;

      pid = (guint) number;
      if (is_stale (path))
        g_unlink (path);
      else
        g_array_append_val (pids, pid);
    }
  g_array_sort (pids, compare_pids);

  return pids;
}

/* What the system knows about a program that does not answer. */
char *
lifecycle_program_guess_name (guint pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%u/comm", pid);
  char *name = NULL;

  if (!g_file_get_contents (path, &name, NULL, NULL))
    return g_strdup ("?");

  return g_strchomp (name);
}

void
lifecycle_program_free (LifecycleProgram *self)
{
  g_clear_object (&self->connection);
  g_free (self->name);
  g_free (self);
}

GVariant *
lifecycle_program_call_full (LifecycleProgram  *self,
                             const char        *method,
                             GVariant          *parameters,
                             guint              timeout,
                             GError           **error)
{
  GVariant *result = g_dbus_connection_call_sync (self->connection, NULL, "/org/lifecycle/Inspect",
                                                  "org.lifecycle.Inspect1", method, parameters, NULL,
                                                  G_DBUS_CALL_FLAGS_NO_AUTO_START, (gint) timeout,
                                                  NULL, error);

  if (result == NULL && error != NULL)
    g_dbus_error_strip_remote_error (*error);

  return result;
}

/* Returns the tuple that a method returns; or NULL, after having said why. */
GVariant *
lifecycle_program_call (LifecycleProgram *self,
                        const char       *method,
                        GVariant         *parameters)
{
  g_autoptr (GError) error = NULL;
  GVariant *result = lifecycle_program_call_full (self, method, parameters,
                                                  LIFECYCLE_PROGRAM_TIMEOUT, &error);

  if (result != NULL)
    return result;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    lifecycle_tool_fail ("%s (%u) does not answer", self->name, self->pid);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    lifecycle_tool_fail ("%s (%u) has ended", self->name, self->pid);
  else
    lifecycle_tool_fail ("%s (%u): %s", self->name, self->pid, error->message);

  return NULL;
}

typedef struct
{
  GCancellable *cancellable;
  GMutex        lock;
  GCond         cond;
  gint64        until;
  gboolean      done;
} Guard;

/* A program that is stopped accepts connections, because the kernel does, but says nothing. */
static gpointer
guard_thread (gpointer data)
{
  Guard *self = data;

  g_mutex_lock (&self->lock);
  while (!self->done && g_cond_wait_until (&self->cond, &self->lock, self->until))
    ;
  if (!self->done)
    g_cancellable_cancel (self->cancellable);
  g_mutex_unlock (&self->lock);

  return NULL;
}

static GDBusConnection *
connect_within (const char  *address,
                guint        timeout,
                GError     **error)
{
  Guard guard = { g_cancellable_new (), .until = g_get_monotonic_time () + timeout * 1000 };
  GDBusConnection *connection;
  GThread *thread;

  g_mutex_init (&guard.lock);
  g_cond_init (&guard.cond);
  thread = g_thread_new ("guard", guard_thread, &guard);
  connection = g_dbus_connection_new_for_address_sync (address,
                                                       G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT,
                                                       NULL, guard.cancellable, error);
  g_mutex_lock (&guard.lock);
  guard.done = TRUE;
  g_cond_signal (&guard.cond);
  g_mutex_unlock (&guard.lock);
  g_thread_join (thread);
  g_mutex_clear (&guard.lock);
  g_cond_clear (&guard.cond);
  g_object_unref (guard.cancellable);

  /* cppcheck-suppress memleak; the thread has been joined */
  return connection;
}

LifecycleProgram *
lifecycle_program_open_pid (guint    pid,
                            guint    timeout,
                            GError **error)
{
  g_autoptr (LifecycleProgram) self = g_new0 (LifecycleProgram, 1);
  g_autofree char *socket = dup_socket (pid);
  g_autofree char *escaped = g_dbus_address_escape_value (socket);
  g_autofree char *address = g_strconcat ("unix:path=", escaped, NULL);
  g_autoptr (GVariant) result = NULL;
  g_autoptr (GVariant) info = NULL;

  self->pid = pid;
  self->connection = connect_within (address, timeout, error);
  if (self->connection == NULL)
    return NULL;

  result = lifecycle_program_call_full (self, "GetInfo", NULL, timeout, error);
  if (result == NULL)
    return NULL;

  info = g_variant_get_child_value (result, 0);
  self->name = lifecycle_clean_text (lifecycle_dict_get_string (info, "program"));
  if (*self->name == '\0')
    {
      g_free (self->name);
      self->name = lifecycle_program_guess_name (pid);
    }

  return g_steal_pointer (&self);
}

static LifecycleProgram *
open_by_name (const char *name)
{
  g_autoptr (GArray) pids = lifecycle_program_list_pids ();
  g_autoptr (GString) which = g_string_new (NULL);
  g_autoptr (LifecycleProgram) found = NULL;
  guint n_found = 0;

  for (guint i = 0; i < pids->len; i++)
    {
      guint pid = g_array_index (pids, guint, i);
      g_autoptr (LifecycleProgram) program = lifecycle_program_open_pid (pid, 2000, NULL);
      g_autofree char *guess = lifecycle_program_guess_name (pid);

      if (program == NULL || (strcmp (program->name, name) != 0 && strcmp (guess, name) != 0))
        continue;

      n_found++;
      g_string_append_printf (which, "%s%u", which->len > 0 ? ", " : "", pid);
      if (found == NULL)
        found = g_steal_pointer (&program);
    }

  if (n_found == 1)
    return g_steal_pointer (&found);

  if (n_found == 0)
    lifecycle_tool_fail ("no program '%s' can be inspected: %s", name, HOW_TO_START);
  else
    lifecycle_tool_fail ("there are %u programs '%s': choose one of %s", n_found, name, which->str);

  return NULL;
}

/* Opens a program by its number or its name. Returns NULL after having said what is wrong. */
LifecycleProgram *
lifecycle_program_open (const char *who)
{
  LifecycleProgram *program;
  g_autoptr (GError) error = NULL;
  g_autofree char *socket = NULL;
  guint64 pid;

  if (!g_ascii_string_to_unsigned (who, 10, 1, G_MAXINT, &pid, NULL))
    return open_by_name (who);

  socket = dup_socket ((guint) pid);
  if (!g_file_test (socket, G_FILE_TEST_EXISTS))
    {
      lifecycle_tool_fail ("process %s cannot be inspected: %s", who, HOW_TO_START);
      return NULL;
    }

  program = lifecycle_program_open_pid ((guint) pid, LIFECYCLE_PROGRAM_TIMEOUT, &error);
  if (program == NULL)
    {
      if (is_stale (socket))
        {
          g_unlink (socket);
          lifecycle_tool_fail ("process %s has ended", who);
        }
      else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
               g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
        {
          lifecycle_tool_fail ("process %s does not answer: perhaps it is stopped", who);
        }
      else
        {
          lifecycle_tool_fail ("process %s cannot be inspected: %s", who, error->message);
        }
    }

  return program;
}

/* Opens a program, calls a method, and returns its first result; or NULL after having said what is
 * wrong.
 */
GVariant *
lifecycle_program_ask (const char *who,
                       const char *method,
                       GVariant   *parameters)
{
  g_autoptr (GVariant) sunk = parameters != NULL ? g_variant_ref_sink (parameters) : NULL;
  g_autoptr (LifecycleProgram) program = lifecycle_program_open (who);
  g_autoptr (GVariant) result = NULL;

  if (program != NULL)
    result = lifecycle_program_call (program, method, sunk);

  return result != NULL ? g_variant_get_child_value (result, 0) : NULL;
}
