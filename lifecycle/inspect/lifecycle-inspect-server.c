/* lifecycle-inspect-server.c: the socket of the inspection, and who connects to it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-inspect-private.h"
#include "lifecycle-inspect-client-private.h"

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <unistd.h>

/* How many may be connected, and how many of them need not have authenticated yet. Whoever exceeds
 * that is sent away at once.
 */
#define MAX_CLIENTS   12
#define MAX_NEWCOMERS 6

#define BACKLOG       16

struct _LifecycleInspectServer
{
  gint          flags;          /* atomic */
  GMainContext *context;
  char         *guid;
  char         *path;
  GSocket      *socket;
  GSource      *source;
  GPtrArray    *clients;        /* of LifecycleInspectClient */
};

/* The kernel knows who has connected, before the other side has said anything. */
static gboolean
is_same_user (GSocket *socket)
{
  g_autoptr (GCredentials) credentials = g_socket_get_credentials (socket, NULL);

  return credentials != NULL && g_credentials_get_unix_user (credentials, NULL) == geteuid ();
}

static gboolean
server_has_room (LifecycleInspectServer *self)
{
  guint n_newcomers = 0;

  for (guint i = 0; i < self->clients->len; i++)
    {
      if (!lifecycle_inspect_client_has_begun (g_ptr_array_index (self->clients, i)))
        n_newcomers++;
    }

  return self->clients->len < MAX_CLIENTS && n_newcomers < MAX_NEWCOMERS;
}

static gboolean
server_accept_cb (GSocket      *socket,
                  GIOCondition  condition,
                  gpointer      data)
{
  LifecycleInspectServer *self = data;
  g_autoptr (GSocket) accepted = g_socket_accept (socket, NULL, NULL);

  if (accepted == NULL)
    return G_SOURCE_CONTINUE;

  if (is_same_user (accepted) && server_has_room (self))
    g_ptr_array_add (self->clients, lifecycle_inspect_client_new (self, accepted, self->guid));
  else
    g_socket_close (accepted, NULL);

  return G_SOURCE_CONTINUE;
}

/* Creates a socket that listens. It gets its name when it does, so that nobody takes it for one whose
 * program has gone.
 */
static GSocket *
listen_at (const char  *path,
           GError     **error)
{
  g_autofree char *early = g_strconcat (path, "~", NULL);
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (early);
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM,
                                             G_SOCKET_PROTOCOL_DEFAULT, error);

  if (socket == NULL)
    return NULL;

  g_unlink (early);
  g_socket_set_blocking (socket, FALSE);
  g_socket_set_listen_backlog (socket, BACKLOG);
  if (!g_socket_bind (socket, address, FALSE, error))
    return NULL;

  if (!g_socket_listen (socket, error))
    {
      g_unlink (early);
      return NULL;
    }

  if (g_rename (early, path) != 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                   "Cannot name the socket '%s': %s", path, g_strerror (errno));
      g_unlink (early);
      return NULL;
    }

  return g_steal_pointer (&socket);
}

/* Called on the thread that starts the inspection: `context` is run later, on another one. */
LifecycleInspectServer *
lifecycle_inspect_server_new (const char             *path,
                              LifecycleInspectFlags   flags,
                              GMainContext           *context,
                              GError                **error)
{
  GSocket *socket = listen_at (path, error);
  LifecycleInspectServer *self;

  if (socket == NULL)
    return NULL;

  self = g_new0 (LifecycleInspectServer, 1);
  self->flags = (gint) flags;
  self->context = g_main_context_ref (context);
  self->guid = g_dbus_generate_guid ();
  self->path = g_strdup (path);
  self->socket = socket;
  self->clients = g_ptr_array_new_with_free_func (lifecycle_inspect_client_end);

  self->source = g_socket_create_source (socket, G_IO_IN, NULL);
  g_source_set_static_name (self->source, "Lifecycle inspect");
  g_source_set_callback (self->source, G_SOURCE_FUNC (server_accept_cb), self, NULL);
  g_source_attach (self->source, context);

  return self;
}

/* These two may be called on any thread. */
void
lifecycle_inspect_server_set_flags (LifecycleInspectServer *self,
                                    LifecycleInspectFlags   flags)
{
  g_atomic_int_set (&self->flags, (gint) flags);
}

LifecycleInspectFlags
lifecycle_inspect_server_get_flags (LifecycleInspectServer *self)
{
  return (LifecycleInspectFlags) g_atomic_int_get (&self->flags);
}

GMainContext *
lifecycle_inspect_server_get_context (LifecycleInspectServer *self)
{
  return self->context;
}

int
lifecycle_inspect_server_get_fd (LifecycleInspectServer *self)
{
  return g_socket_get_fd (self->socket);
}

/* Ends a connection. */
void
lifecycle_inspect_server_remove (LifecycleInspectServer *self,
                                 LifecycleInspectClient *client)
{
  g_ptr_array_remove (self->clients, client);
}

void
lifecycle_inspect_server_free (LifecycleInspectServer *self)
{
  g_unlink (self->path);
  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_ptr_array_unref (self->clients);
  g_socket_close (self->socket, NULL);
  g_object_unref (self->socket);
  g_main_context_unref (self->context);
  g_free (self->guid);
  g_free (self->path);
  g_free (self);
}
