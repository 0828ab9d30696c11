/* museum-bus.c: a message bus for an exhibit
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "museum-bus.h"

void
museum_with_bus (void (* half) (GDBusConnection *bus))
{
  g_autofree char *daemon = g_find_program_in_path ("dbus-daemon");
  g_autoptr (GTestDBus) server = NULL;
  g_autoptr (GDBusConnection) bus = NULL;
  g_autoptr (GError) error = NULL;

  if (daemon == NULL)
    {
      museum_skip ("there is no dbus-daemon");
      return;
    }

  server = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (server);
  bus = g_dbus_connection_new_for_address_sync (g_test_dbus_get_bus_address (server),
                                                G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                  G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                                NULL, NULL, &error);
  g_assert_no_error (error);
  g_dbus_connection_set_exit_on_close (bus, FALSE);

  half (bus);

  museum_bus_sync (bus);
  g_dbus_connection_close_sync (bus, NULL, NULL);
  museum_settle ();
  g_clear_object (&bus);
  g_test_dbus_down (server);
}

static void
answered_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      answered)
{
  g_autoptr (GVariant) id = NULL;

  id = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);
  *(gboolean *) answered = TRUE;
}

void
museum_bus_sync (GDBusConnection *bus)
{
  gboolean answered = FALSE;

  g_dbus_connection_call (bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                          "GetId", NULL, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, answered_cb,
                          &answered);
  test_iterate_until (answered);
  museum_settle ();
}
