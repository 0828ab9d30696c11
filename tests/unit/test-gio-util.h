/* test-gio-util.h: a message bus and a schema of one's own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "test-util.h"

#include <glib/gstdio.h>

/* The bus that a program has for itself. */

static GTestDBus *test_bus;

/* For main(), before the tests run. Says whether there is one. */
TEST_UNUSED static gboolean
test_bus_up (void)
{
  g_autofree char *daemon = g_find_program_in_path ("dbus-daemon");

  if (daemon == NULL)
    return FALSE;

  test_bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (test_bus);

  return TRUE;
}

TEST_UNUSED static void
test_bus_down (void)
{
  if (test_bus == NULL)
    return;

  g_test_dbus_down (test_bus);
  g_clear_object (&test_bus);
}

TEST_UNUSED static GDBusConnection *
connect_to_bus (void)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection;

  connection =
    g_dbus_connection_new_for_address_sync (g_test_dbus_get_bus_address (test_bus),
                                            G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                            G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                            NULL, NULL, &error);
  g_assert_no_error (error);

  return connection;
}

TEST_UNUSED static gboolean
is_null (gpointer pointer)
{
  return g_atomic_pointer_get ((gpointer *) pointer) == NULL;
}

/* The thread that does the work for GIO may have a reference for a moment longer. */
TEST_UNUSED static void
assert_finalized_soon (gpointer object)
{
  g_object_add_weak_pointer (G_OBJECT (object), &object);
  g_object_unref (object);
  test_run_until (is_null, &object);
}

TEST_UNUSED static void
note_closed_cb (GDBusConnection *connection,
                gboolean         remote_peer_vanished,
                GError          *error,
                gpointer         closed)
{
  *(gboolean *) closed = TRUE;
}

TEST_UNUSED static gboolean
is_true (gpointer flag)
{
  return *(gboolean *) flag;
}

/* Closes a connection and returns once everybody knows. g_dbus_connection_close_sync() does not wait
 * for the thread that works for GIO to notice, and only then `closed` is emitted, on the context
 * where the connection was made.
 */
TEST_UNUSED static void
close_connection (GDBusConnection *connection)
{
  gboolean closed = FALSE;
  gulong id = g_signal_connect (connection, "closed", G_CALLBACK (note_closed_cb), &closed);

  g_dbus_connection_close_sync (connection, NULL, NULL);
  test_run_until (is_true, &closed);
  g_signal_handler_disconnect (connection, id);
  g_assert_true (g_dbus_connection_is_closed (connection));
}

TEST_UNUSED static void
disconnect_from_bus (GDBusConnection **connection)
{
  GDBusConnection *held = g_steal_pointer (connection);

  if (!g_dbus_connection_is_closed (held))
    close_connection (held);
  assert_finalized_soon (held);
}

/* Settings that are kept in memory only. */

static const char test_schema[] =
  "<schemalist>"
  "  <schema id='org.example.lifecycle' path='/org/example/lifecycle/'>"
  "    <key name='number' type='i'><default>1</default></key>"
  "    <key name='other' type='i'><default>2</default></key>"
  "  </schema>"
  "</schemalist>";

/* The schema, or NULL where there is nothing to compile it with. */
TEST_UNUSED static GSettingsSchema *
test_schema_load (void)
{
  g_autofree char *directory = NULL;
  g_autofree char *xml = NULL;
  g_autofree char *compiled = NULL;
  g_autofree char *compiler = g_find_program_in_path ("glib-compile-schemas");
  g_autoptr (GSettingsSchemaSource) source = NULL;
  g_autoptr (GError) error = NULL;
  GSettingsSchema *schema;

  if (compiler == NULL)
    return NULL;

  directory = g_dir_make_tmp ("lifecycle-XXXXXX", &error);
  g_assert_no_error (error);
  xml = g_build_filename (directory, "lifecycle.gschema.xml", NULL);
  compiled = g_build_filename (directory, "gschemas.compiled", NULL);
  g_file_set_contents (xml, test_schema, -1, &error);
  g_assert_no_error (error);
  g_spawn_sync (NULL, (char *[]) { compiler, (char *) "--strict", directory, NULL }, NULL,
                G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  source = g_settings_schema_source_new_from_directory (directory, NULL, TRUE, &error);
  g_assert_no_error (error);
  schema = g_settings_schema_source_lookup (source, "org.example.lifecycle", FALSE);
  g_assert_nonnull (schema);
  g_remove (xml);
  g_remove (compiled);
  g_rmdir (directory);

  return schema;
}
