/* test-gio-bus-util.h: a service and a client on a private message bus
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "test-gio-util.h"

#define TEST_NAME      "org.example.Lifecycle"
#define TEST_PATH      "/org/example/Lifecycle"
#define TEST_INTERFACE "org.example.Lifecycle"

static const char test_xml[] =
  "<node>"
  "  <interface name='" TEST_INTERFACE "'>"
  "    <method name='Ping'><arg type='s' direction='in'/><arg type='s' direction='out'/></method>"
  "    <property name='Value' type='s' access='readwrite'/>"
  "    <signal name='Pong'><arg type='s'/></signal>"
  "  </interface>"
  "</node>";

static GDBusNodeInfo *test_node;

typedef struct
{
  GDBusConnection *service;
  GDBusConnection *client;
  LifecycleScope  *scope;
} Fixture;

TEST_UNUSED static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  fixture->service = connect_to_bus ();
  fixture->client = connect_to_bus ();
  fixture->scope = lifecycle_scope_new ("bus");
}

TEST_UNUSED static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  lifecycle_scope_close (fixture->scope);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (fixture->scope), ==, 0);
  test_drain ();
  g_assert_finalize_object (g_steal_pointer (&fixture->scope));
  disconnect_from_bus (&fixture->client);
  disconnect_from_bus (&fixture->service);
}

TEST_UNUSED static guint
n_entries (Fixture *fixture)
{
  return lifecycle_scope_get_n_entries (fixture->scope);
}

TEST_UNUSED static gboolean
has_no_entries (gpointer fixture)
{
  return n_entries (fixture) == 0;
}

/* Whatever the bus has sent to the connection before is here when this returns, and waits for the
 * main context. Says whether the name has an owner. */
TEST_UNUSED static gboolean
has_owner (GDBusConnection *connection,
           const char      *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = NULL;
  gboolean result;

  reply = g_dbus_connection_call_sync (connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                       "org.freedesktop.DBus", "NameHasOwner",
                                       g_variant_new ("(s)", name), G_VARIANT_TYPE ("(b)"),
                                       G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
  g_variant_get (reply, "(b)", &result);

  return result;
}

/* Has everything happen that is under way. */
TEST_UNUSED static void
settle (Fixture *fixture)
{
  for (guint i = 0; i < 3; i++)
    {
      if (!g_dbus_connection_is_closed (fixture->service))
        has_owner (fixture->service, TEST_NAME);
      has_owner (fixture->client, TEST_NAME);
      test_drain ();
    }
}

/* Calls as a client, while the service runs. */

typedef struct
{
  GVariant *reply;
  GError   *error;
  gboolean  done;
} Call;

TEST_UNUSED static void
call_done_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      data)
{
  Call *call = data;

  call->reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &call->error);
  call->done = TRUE;
}

TEST_UNUSED static void
call_start (Fixture    *fixture,
            Call       *call,
            const char *interface_name,
            const char *method,
            GVariant   *parameters)
{
  memset (call, 0, sizeof *call);
  g_dbus_connection_call (fixture->client, g_dbus_connection_get_unique_name (fixture->service),
                          TEST_PATH, interface_name, method, parameters, NULL,
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, call_done_cb, call);
}

TEST_UNUSED static gboolean
call_is_done (gpointer call)
{
  return ((Call *) call)->done;
}

TEST_UNUSED static void
call_clear (Call *call)
{
  g_clear_pointer (&call->reply, g_variant_unref);
  g_clear_error (&call->error);
}

TEST_UNUSED static void
never_name_cb (GDBusConnection *connection,
               const char      *name,
               const char      *owner,
               gpointer         data)
{
  g_assert_not_reached ();
}

TEST_UNUSED static void
never_signal_cb (GDBusConnection *connection,
                 const char      *sender,
                 const char      *path,
                 const char      *interface_name,
                 const char      *member,
                 GVariant        *parameters,
                 gpointer         data)
{
  g_assert_not_reached ();
}

TEST_UNUSED static void
log_gone (gpointer data)
{
  test_log ("~");
}

TEST_UNUSED static void
close_scope_cb (GDBusConnection *connection,
                const char      *name,
                const char      *owner,
                gpointer         scope)
{
  test_log ("begin");
  lifecycle_scope_close (scope);
  test_log ("end");
}

/* A case for the fixture above. */
#define BUS_ADD(path, func, data) \
  g_test_add ("/lifecycle/gio-bus/" path, Fixture, GINT_TO_POINTER (data), set_up, func, tear_down)

static void
bus_skip (void)
{
  g_test_skip ("dbus-daemon is not installed");
}

static int
bus_main (int     argc,
          char   *argv[],
          void (* add_cases) (void))
{
  int result;

  g_test_init (&argc, &argv, NULL);

  if (!test_bus_up ())
    {
      g_test_add_func ("/lifecycle/gio-bus", bus_skip);
      return g_test_run ();
    }

  test_node = g_dbus_node_info_new_for_xml (test_xml, NULL);
  add_cases ();
  result = g_test_run ();

  test_bus_down ();
  g_dbus_node_info_unref (test_node);

  return result;
}
