/* lifecycle-tool-audit-snapshot.c: snapshots of programs that run under the audit
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <gio/gunixsocketaddress.h>
#include <string.h>

#include "lifecycle-tool-audit-private.h"

/* Returns the directory of the audit that a process runs under, or NULL. */
static char *
find_directory (const char *pid)
{
  g_autofree char *path = g_build_filename ("/proc", pid, "environ", NULL);
  g_autofree char *text = NULL;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, NULL))
    return NULL;

  for (const char *variable = text; variable < text + length; variable += strlen (variable) + 1)
    if (g_str_has_prefix (variable, "LIFECYCLE_AUDIT_DIRECTORY="))
      return g_strdup (strchr (variable, '=') + 1);

  return NULL;
}

static gboolean
has_socket (const char *pid,
            char      **directory)
{
  g_autofree char *found = find_directory (pid);
  g_autofree char *name = g_strconcat (pid, ".socket", NULL);
  g_autofree char *path = found != NULL ? g_build_filename (found, name, NULL) : NULL;

  if (path == NULL || !g_file_test (path, G_FILE_TEST_EXISTS))
    return FALSE;
  *directory = g_steal_pointer (&found);

  return TRUE;
}

/* Finds the process of an id or of a name. */
static char *
find_process (const char *who,
              char      **directory)
{
  g_autoptr (GDir) processes = NULL;
  const char *pid;

  if (g_ascii_isdigit (*who))
    return has_socket (who, directory) ? g_strdup (who) : NULL;

  processes = g_dir_open ("/proc", 0, NULL);
  while (processes != NULL && (pid = g_dir_read_name (processes)) != NULL)
    {
      g_autofree char *link = g_build_filename ("/proc", pid, "exe", NULL);
      g_autofree char *program = g_ascii_isdigit (*pid) ? g_file_read_link (link, NULL) : NULL;
      g_autofree char *name = program != NULL ? g_path_get_basename (program) : NULL;

      if (g_strcmp0 (name, who) == 0 && has_socket (pid, directory))
        return g_strdup (pid);
    }

  return NULL;
}

/* Connecting to the socket asks for a snapshot, and it is there when the answer comes. */
static gboolean
take (const char  *directory,
      const char  *pid,
      GError     **error)
{
  g_autofree char *name = g_strconcat (pid, ".socket", NULL);
  g_autofree char *path = g_build_filename (directory, name, NULL);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GSocketConnection) connection = NULL;
  GInputStream *stream;
  char answer[5];

  g_socket_client_set_timeout (client, 60);
  connection = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), NULL, error);
  if (connection == NULL)
    return FALSE;
  stream = g_io_stream_get_input_stream (G_IO_STREAM (connection));

  return g_input_stream_read_all (stream, answer, sizeof answer, NULL, NULL, error);
}

/* Takes a snapshot of a program, given by process id or name, in the format of `lifecycle snapshot`.
 * Returns NULL if the program does not run under the audit, or with an error.
 */
JsonNode *
lifecycle_audit_snapshot (const char  *who,
                          GError     **error)
{
  g_autofree char *directory = NULL;
  g_autofree char *pid = find_process (who, &directory);
  g_autoptr (AuditSymbols) symbols = NULL;
  g_autofree char *name = NULL;
  g_autofree char *path = NULL;

  if (pid == NULL || !take (directory, pid, error))
    return NULL;

  symbols = audit_symbols_new ();
  name = g_strconcat (pid, ".json", NULL);
  path = g_build_filename (directory, name, NULL);

  return audit_sites_load (path, symbols, error);
}
