/* migration.c: what the sample programs of the migration share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "migration.h"

#include <sys/socket.h>

static const char sample_xml[] =
  "<node><interface name='" SAMPLE_INTERFACE "'><method name='Ping'/></interface></node>";

static GListStore *settings;
static GDBusConnection *near_end;
static GDBusConnection *far_end;
static GDBusNodeInfo *node;
static gpointer sample;
static guint n_calls;

GListStore *
sample_settings (void)
{
  return settings;
}

GDBusInterfaceInfo *
sample_interface (void)
{
  if (node == NULL)
    node = g_dbus_node_info_new_for_xml (sample_xml, NULL);

  return node->interfaces[0];
}

void
sample_called (gpointer object)
{
  g_assert_true (object == sample);
  n_calls++;
}

static void
connect_fd (int                  fd,
            GDBusConnectionFlags flags,
            const char          *guid,
            GAsyncReadyCallback  callback,
            gpointer             user_data)
{
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, NULL);
  g_autoptr (GSocketConnection) stream = g_socket_connection_factory_create_connection (socket);

  g_dbus_connection_new (G_IO_STREAM (stream), guid, flags, NULL, NULL, callback, user_data);
}

static void
connected_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      end)
{
  g_autoptr (GError) error = NULL;

  *(GDBusConnection **) end = g_dbus_connection_new_finish (result, &error);
  g_assert_no_error (error);
}

GDBusConnection *
sample_bus (void)
{
  g_autofree char *guid = NULL;
  int fds[2];

  if (near_end != NULL)
    return near_end;

  guid = g_dbus_generate_guid ();
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  connect_fd (fds[0], G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_SERVER, guid, connected_cb, &near_end);
  connect_fd (fds[1], G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL, connected_cb, &far_end);
  test_iterate_until (near_end != NULL && far_end != NULL);

  return near_end;
}

static gboolean
done_cb (gpointer done)
{
  *(gboolean *) done = TRUE;
  return G_SOURCE_REMOVE;
}

static void
answered_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      answered)
{
  g_autoptr (GVariant) reply = NULL;

  reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);
  *(gboolean *) answered = TRUE;
}

/* What the samples wait for: a signal, a D-Bus signal, a call, and a few milliseconds. */
static void
let_things_happen (void)
{
  gboolean done = FALSE;

  g_list_store_append (settings, settings);
  g_list_store_remove_all (settings);

  if (far_end != NULL)
    {
      g_dbus_connection_emit_signal (far_end, NULL, SAMPLE_PATH, SAMPLE_INTERFACE, "Changed", NULL, NULL);
      g_dbus_connection_call (far_end, NULL, SAMPLE_PATH, SAMPLE_INTERFACE, "Ping", NULL, NULL,
                              G_DBUS_CALL_FLAGS_NONE, -1, NULL, answered_cb, &done);
      test_iterate_until (done);
      done = FALSE;
    }

  g_timeout_add (20, done_cb, &done);
  test_iterate_until (done);
}

int
sample_run (GType type,
            guint expected)
{
  settings = g_list_store_new (G_TYPE_OBJECT);

  for (int disposed_twice = FALSE; disposed_twice <= TRUE; disposed_twice++)
    {
      GObject *object;

      /* While it is made, nothing happens. */
      n_calls = 0;
      sample = object = g_object_new (type, NULL);
      let_things_happen ();
      test_iterate_until (n_calls >= expected);

      sample = NULL;
      if (disposed_twice)
        g_object_run_dispose (object);
      g_assert_finalize_object (object);
      let_things_happen ();
    }

  g_clear_object (&near_end);
  g_clear_object (&far_end);
  g_clear_pointer (&node, g_dbus_node_info_unref);
  g_assert_finalize_object (settings);

  return 0;
}
