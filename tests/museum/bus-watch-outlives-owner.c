/* bus-watch-outlives-owner.c: a watch on a name of the bus outlives its owner
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * g_bus_watch_name() returns an id that nobody keeps. The name appears or vanishes later, and the
 * callback is called with an owner that is gone.
 *
 * Reported as: Waybar #2265
 */

#include "museum-bus.h"

static void
appeared_cb (GDBusConnection *bus,
             const char      *name,
             const char      *name_owner,
             gpointer         owner)
{
  museum_owner_use (owner);
}

static void
own_name (GDBusConnection *bus)
{
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GError) error = NULL;

  reply = g_dbus_connection_call_sync (bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                       "org.freedesktop.DBus", "RequestName",
                                       g_variant_new ("(su)", "org.example.Museum", 0), NULL,
                                       G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
  museum_bus_sync (bus);
}

static void
raw_on_bus (GDBusConnection *bus)
{
  MuseumOwner *owner = museum_owner_new ();
  guint id = g_bus_watch_name_on_connection (bus, "org.example.Museum", G_BUS_NAME_WATCHER_FLAGS_NONE,
                                             appeared_cb, NULL, owner, NULL);

  g_object_unref (owner);
  own_name (bus);
  g_bus_unwatch_name (id);
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

  g_assert_true (lifecycle_scope_watch_bus_name (lifecycle_scope_of (G_OBJECT (owner)), bus,
                                                 "org.example.Museum", G_BUS_NAME_WATCHER_FLAGS_NONE,
                                                 appeared_cb, owner, NULL, NULL));
  g_object_unref (owner);
  own_name (bus);
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
  return museum_run (argc, argv, "bus-watch-outlives-owner", "a finalized object is used", raw, scope);
}
