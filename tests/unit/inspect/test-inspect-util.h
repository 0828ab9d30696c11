/* test-inspect-util.h: the inspection of this process, as its clients see it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <lifecycle.h>

#include "test-util.h"

#include <glib/gstdio.h>

static char *directory;         /* of the sockets */

TEST_UNUSED static void
start (LifecycleInspectFlags flags)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (lifecycle_inspect_start (flags, &error));
  g_assert_no_error (error);
}

TEST_UNUSED static GDBusConnection *
connect_to (const char  *socket,
            GError     **error)
{
  g_autofree char *address = g_strdup_printf ("unix:path=%s", socket);

  return g_dbus_connection_new_for_address_sync (address,
                                                 G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT,
                                                 NULL, NULL, error);
}

TEST_UNUSED static GDBusConnection *
connect_to_self (void)
{
  g_autofree char *socket = lifecycle_inspect_get_socket ();
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection = connect_to (socket, &error);

  g_assert_no_error (error);

  return connection;
}

TEST_UNUSED static GVariant *
call_full (GDBusConnection  *connection,
           const char       *method,
           GVariant         *parameters,
           GError          **error)
{
  return g_dbus_connection_call_sync (connection, NULL, "/org/lifecycle/Inspect",
                                      "org.lifecycle.Inspect1", method, parameters, NULL,
                                      G_DBUS_CALL_FLAGS_NONE, TEST_HANG_SECONDS * 1000, NULL, error);
}

/* Returns the first result of a call. This does not iterate any main context. */
TEST_UNUSED static GVariant *
call (GDBusConnection *connection,
      const char      *method,
      GVariant        *parameters)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) result = call_full (connection, method, parameters, &error);

  g_assert_no_error (error);

  return g_variant_get_child_value (result, 0);
}

TEST_UNUSED static void
assert_refused (GDBusConnection *connection,
                const char      *method,
                GVariant        *parameters,
                const char      *pattern)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) result = call_full (connection, method, parameters, &error);

  g_assert_null (result);
  if (!g_pattern_match_simple (pattern, error->message))
    g_error ("%s does not match %s", error->message, pattern);
}

TEST_UNUSED static const char *
get_string (GVariant   *dict,
            const char *key)
{
  const char *value = NULL;

  g_variant_lookup (dict, key, "&s", &value);

  return value;
}

/* Finds the dictionary in an array where `key` is `value`. */
TEST_UNUSED static GVariant *
find (GVariant   *array,
      const char *key,
      const char *value)
{
  for (gsize i = 0; i < g_variant_n_children (array); i++)
    {
      g_autoptr (GVariant) dict = g_variant_get_child_value (array, i);

      if (g_strcmp0 (get_string (dict, key), value) == 0)
        return g_steal_pointer (&dict);
    }

  return NULL;
}

/* The GetInfo() of somebody who means no harm. */
TEST_UNUSED static void
assert_answers (void)
{
  g_autoptr (GDBusConnection) connection = NULL;
  g_autofree char *socket = lifecycle_inspect_get_socket ();

  /* There may be as many clients as are allowed at the moment. */
  test_wait_for ((connection = connect_to (socket, NULL)) != NULL);
  g_variant_unref (call (connection, "GetInfo", NULL));
  g_dbus_connection_close_sync (connection, NULL, NULL);
}

/* Sockets go to a directory that is not that of who runs the tests. GLib reads the variable once, so this
 * comes first.
 */
TEST_UNUSED static void
init_directory (void)
{
  g_autofree char *runtime = g_strdup (g_getenv ("LIFECYCLE_TEST_RUNTIME"));

  if (runtime == NULL)
    {
      runtime = g_dir_make_tmp ("lifecycle-XXXXXX", NULL);
      g_setenv ("LIFECYCLE_TEST_RUNTIME", runtime, TRUE);
    }
  g_setenv ("XDG_RUNTIME_DIR", runtime, TRUE);
  directory = g_build_filename (runtime, "lifecycle", NULL);
}

TEST_UNUSED static int
run_and_remove_directory (void)
{
  int status = g_test_run ();

  if (!g_test_subprocess ())
    {
      g_rmdir (directory);
      g_rmdir (g_getenv ("LIFECYCLE_TEST_RUNTIME"));
    }
  g_free (directory);

  return status;
}
