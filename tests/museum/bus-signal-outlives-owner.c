/* bus-signal-outlives-owner.c: a subscription to a D-Bus signal outlives its owner
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * g_dbus_connection_signal_subscribe() is never unsubscribed, or too late. The connection is shared by the
 * whole process and lives on.
 *
 * Reported as: ghostty #7083, gnome-remote-desktop #282
 */

#include "museum-bus.h"

static void
signal_cb (GDBusConnection *bus,
           const char      *sender,
           const char      *path,
           const char      *interface,
           const char      *signal,
           GVariant        *parameters,
           gpointer         owner)
{
  museum_owner_use (owner);
}

static void
emit (GDBusConnection *bus)
{
  g_autoptr (GError) error = NULL;

  g_dbus_connection_emit_signal (bus, NULL, "/org/example", "org.example.Museum", "Changed", NULL, &error);
  g_assert_no_error (error);
  museum_bus_sync (bus);
}

static void
raw_on_bus (GDBusConnection *bus)
{
  MuseumOwner *owner = museum_owner_new ();

  g_dbus_connection_signal_subscribe (bus, NULL, "org.example.Museum", "Changed", NULL, NULL,
                                      G_DBUS_SIGNAL_FLAGS_NONE, signal_cb, owner, NULL);
  g_object_unref (owner);
  emit (bus);
}

static void
raw (void)
{
  museum_with_bus (raw_on_bus);
}

static void
scope_on_bus (GDBusConnection *bus)
{
  MuseumOwner *owner = museum_owner_new ();

  g_assert_true (lifecycle_scope_subscribe_bus_signal (lifecycle_scope_of (G_OBJECT (owner)), bus, NULL,
                                                       "org.example.Museum", "Changed", NULL, NULL,
                                                       G_DBUS_SIGNAL_FLAGS_NONE, signal_cb, owner, NULL,
                                                       NULL));
  g_object_unref (owner);
  emit (bus);
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
  return museum_run (argc, argv, "bus-signal-outlives-owner", "a finalized object is used", raw, scope);
}
