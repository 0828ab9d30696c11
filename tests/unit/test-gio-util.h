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

/* What gdbus-codegen would make: an interface with one method, which keeps its invocations. */

#define TEST_SKELETON_INTERFACE "org.example.Lifecycle.Skeleton"

#define TEST_TYPE_SKELETON (test_skeleton_get_type ())
G_DECLARE_FINAL_TYPE (TestSkeleton, test_skeleton, TEST, SKELETON, GDBusInterfaceSkeleton)

struct _TestSkeleton
{
  GDBusInterfaceSkeleton  parent_instance;
  GPtrArray              *invocations;
};

G_DEFINE_FINAL_TYPE (TestSkeleton, test_skeleton, G_TYPE_DBUS_INTERFACE_SKELETON)

TEST_UNUSED static TestSkeleton *
test_skeleton_new (void)
{
  return g_object_new (TEST_TYPE_SKELETON, NULL);
}

static void
test_skeleton_call_cb (GDBusConnection       *connection,
                       const char            *sender,
                       const char            *path,
                       const char            *interface_name,
                       const char            *method,
                       GVariant              *parameters,
                       GDBusMethodInvocation *invocation,
                       gpointer               data)
{
  g_ptr_array_add (TEST_SKELETON (data)->invocations, invocation);
}

static GDBusInterfaceInfo *
test_skeleton_get_info (GDBusInterfaceSkeleton *skeleton)
{
  static GDBusMethodInfo method = { -1, (char *) "Ping", NULL, NULL, NULL };
  static GDBusMethodInfo *methods[] = { &method, NULL };
  static GDBusInterfaceInfo info = {
    -1, (char *) TEST_SKELETON_INTERFACE, methods, NULL, NULL, NULL
  };

  return &info;
}

static GDBusInterfaceVTable *
test_skeleton_get_vtable (GDBusInterfaceSkeleton *skeleton)
{
  static GDBusInterfaceVTable vtable = { test_skeleton_call_cb, NULL, NULL, { NULL } };

  return &vtable;
}

static GVariant *
test_skeleton_get_properties (GDBusInterfaceSkeleton *skeleton)
{
  return g_variant_new_parsed ("@a{sv} {}");
}

static void
test_skeleton_flush (GDBusInterfaceSkeleton *skeleton)
{
}

static void
test_skeleton_finalize (GObject *object)
{
  g_ptr_array_unref (TEST_SKELETON (object)->invocations);

  G_OBJECT_CLASS (test_skeleton_parent_class)->finalize (object);
}

static void
test_skeleton_class_init (TestSkeletonClass *klass)
{
  GDBusInterfaceSkeletonClass *skeleton_class = G_DBUS_INTERFACE_SKELETON_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = test_skeleton_finalize;
  skeleton_class->get_info = test_skeleton_get_info;
  skeleton_class->get_vtable = test_skeleton_get_vtable;
  skeleton_class->get_properties = test_skeleton_get_properties;
  skeleton_class->flush = test_skeleton_flush;
}

static void
test_skeleton_init (TestSkeleton *self)
{
  self->invocations = g_ptr_array_new_with_free_func (g_object_unref);
}

/* A manager of one object with such an interface. */
TEST_UNUSED static GDBusObjectManagerServer *
test_manager_new (const char    *path,
                  const char    *object_path,
                  TestSkeleton **skeleton)
{
  GDBusObjectManagerServer *manager = g_dbus_object_manager_server_new (path);
  g_autoptr (GDBusObjectSkeleton) object = g_dbus_object_skeleton_new (object_path);
  g_autoptr (TestSkeleton) interface = test_skeleton_new ();

  g_dbus_object_skeleton_add_interface (object, G_DBUS_INTERFACE_SKELETON (interface));
  g_dbus_object_manager_server_export (manager, object);
  if (skeleton != NULL)
    *skeleton = interface;

  return manager;
}

/* Settings that are kept in memory only. */

static const char test_schema[] =
  "<schemalist>"
  "  <schema id='org.example.lifecycle' path='/org/example/lifecycle/'>"
  "    <key name='number' type='i'><default>1</default></key>"
  "    <key name='other' type='i'><default>2</default></key>"
  "    <key name='enabled' type='b'><default>true</default></key>"
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
