/* object-stays-exported.c: an object stays on the bus after it is disposed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A registration is never taken back. Calls from other processes go on reaching an object that is gone.
 *
 * Reported as: NetworkManager #96, GPaste 505c5401
 */

#include "museum-bus.h"

static const char museum_xml[] =
  "<node><interface name='org.example.Museum'><method name='Ping'/></interface></node>";

static void
method_cb (GDBusConnection       *bus,
           const char            *sender,
           const char            *path,
           const char            *interface,
           const char            *method,
           GVariant              *parameters,
           GDBusMethodInvocation *invocation,
           gpointer               owner)
{
  museum_owner_use (owner);
  g_dbus_method_invocation_return_value (invocation, NULL);
}

static const GDBusInterfaceVTable vtable = { method_cb, NULL, NULL, { NULL } };

static GDBusNodeInfo *
node (void)
{
  return g_dbus_node_info_new_for_xml (museum_xml, NULL);
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

static void
call (GDBusConnection *bus)
{
  gboolean answered = FALSE;

  g_dbus_connection_call (bus, g_dbus_connection_get_unique_name (bus), "/org/example/Museum",
                          "org.example.Museum", "Ping", NULL, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL,
                          answered_cb, &answered);
  test_iterate_until (answered);
}

static void
raw_on_bus (GDBusConnection *bus)
{
  g_autoptr (GDBusNodeInfo) info = node ();
  MuseumOwner *device = museum_owner_new ();

  g_dbus_connection_register_object (bus, "/org/example/Museum", info->interfaces[0], &vtable, device,
                                     NULL, NULL);
  g_object_unref (device);
  call (bus);
}

static void
raw (void)
{
  museum_with_bus (raw_on_bus);
}

static void
scope_on_bus (GDBusConnection *bus)
{
  g_autoptr (GDBusNodeInfo) info = node ();
  MuseumOwner *device = museum_owner_new ();

  g_assert_true (lifecycle_scope_export_bus_object (lifecycle_scope_of (G_OBJECT (device)), bus,
                                                    "/org/example/Museum", info->interfaces[0], &vtable,
                                                    device, NULL, NULL));
  g_object_unref (device);
  call (bus);
}

static void
scope (void)
{
  museum_with_bus (scope_on_bus);
}

int
main (int   argc,
      char *argv[])
{
  return museum_run (argc, argv, "object-stays-exported", "a finalized object is used", raw, scope);
}
