/* arena-server.c: listens for clients until its scope closes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-server.h"

#include "arena-connection.h"

/* Many clients may connect at the same time: after a restart, all of them. */
#define BACKLOG 128

struct _ArenaServer
{
  LifecycleScope *connections;
  GSocketService *service;
  ArenaGame      *game;
  guint           port;
};

static void
arena_server_free (gpointer data)
{
  ArenaServer *self = data;

  g_object_unref (self->service);
  g_free (self);
}

static gboolean
incoming_cb (GSocketService    *service,
             GSocketConnection *stream,
             GObject           *source_object,
             ArenaServer       *self)
{
  static const char full[] = "ERROR :Closing Link: (The arena is full)\r\n";

  if (lifecycle_scope_get_n_entries (self->connections) >= arena_config_get ()->max_connections)
    g_socket_send_with_blocking (g_socket_connection_get_socket (stream), full, sizeof full - 1,
                                 FALSE, NULL, NULL);
  else
    arena_connection_open (self->connections, stream, self->game);

  return TRUE;
}

/* From now on nobody can connect. */
static void
stop_listening (ArenaServer *self)
{
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
}

static void
stop_cb (LifecycleScope   *scope,
         LifecycleReason   reason,
         gpointer          user_data,
         GError          **error)
{
  stop_listening (user_data);
}

ArenaServer *
arena_server_new (LifecycleScope  *root,
                  ArenaGame       *game,
                  GError         **error)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocketAddress) effective = NULL;
  g_autoptr (GSocketService) service = g_socket_service_new ();
  ArenaServer *self;

  g_socket_listener_set_backlog (G_SOCKET_LISTENER (service), BACKLOG);
  address = g_inet_socket_address_new (loopback, arena_config_get ()->port);
  if (!g_socket_listener_add_address (G_SOCKET_LISTENER (service), address, G_SOCKET_TYPE_STREAM,
                                      G_SOCKET_PROTOCOL_TCP, NULL, &effective, error))
    return NULL;

  self = g_new0 (ArenaServer, 1);
  self->game = game;
  self->service = g_steal_pointer (&service);
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (effective));
  lifecycle_scope_adopt (root, self, arena_server_free);
  lifecycle_scope_defer (root, stop_cb, self, NULL);

  /* The library only reports that the limit is reached; refusing clients is up to the program. */
  self->connections = lifecycle_scope_get_child (root, "connections");
  lifecycle_scope_set_limit (self->connections, arena_config_get ()->max_connections * 3 / 4);

  lifecycle_scope_connect_signal (root, self->service, "incoming", G_CALLBACK (incoming_cb), self);
  g_socket_service_start (self->service);

  return self;
}

guint
arena_server_get_port (ArenaServer *self)
{
  return self->port;
}

/* Accepts nobody any more, and has all clients leave. The caller waits until they have left, by
 * draining the scope. */
void
arena_server_stop (ArenaServer *self)
{
  stop_listening (self);
  arena_game_stop (self->game);
}
