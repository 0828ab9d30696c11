/* test-gio-home-end.c: the end of a home that GIO has to do with
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "../test-gio-util.h"
#include "../test-home-util.h"

#define TEST_INTERFACE "org.example.Lifecycle"

/* Its context is the default one. */
static GDBusConnection *connection;

static void
never_signal_cb (GDBusConnection *emitter,
                 const char      *sender_name,
                 const char      *object_path,
                 const char      *interface_name,
                 const char      *signal_name,
                 GVariant        *parameters,
                 gpointer         data)
{
  g_assert_not_reached ();
}

static void
set_up_subscription (Home *home)
{
  g_autoptr (GError) error = NULL;

  lifecycle_scope_subscribe_bus_signal (home->scope, connection, NULL, TEST_INTERFACE, "Pong",
                                        NULL, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
                                        never_signal_cb, home, at_home_notify, &error);
  g_assert_no_error (error);
}

/* A signal that GDBus has queued would keep the context: GLib has no way to take that back. */
static void
test_subscription_dropped (void)
{
  Home home = { 0 };

  connection = connect_to_bus ();
  home_start (&home, set_up_subscription);
  g_object_unref (home.scope);
  home_end (&home);

  g_assert_cmpint (home.notifies, ==, 1);
  home_assert_gone (&home);
  disconnect_from_bus (&connection);
}

static void
test_subscription_inherited (void)
{
  Home home = { 0 };

  connection = connect_to_bus ();
  home_start (&home, set_up_subscription);
  home_end (&home);

  home_inherit (&home);
  g_assert_finalize_object (home.scope);
  g_assert_cmpint (home.notifies, ==, 1);
  home_assert_gone (&home);
  disconnect_from_bus (&connection);
}

/* The connection is closed, and the entry would end at home. */
static void
test_connection_closed (void)
{
  Home home = { 0 };
  guint64 before = n_abandoned ();

  connection = connect_to_bus ();
  home_start (&home, set_up_subscription);
  close_connection (connection);
  g_object_unref (home.scope);
  home_end (&home);

  g_assert_cmpint (home.notifies, ==, 1);
  home_assert_gone (&home);
  g_assert_cmpuint (n_abandoned () - before, >=, 1);
  disconnect_from_bus (&connection);
}

#ifdef G_OS_UNIX

/* A process that has exited, but whose scope has not been told. */
static void
set_up_process (Home *home)
{
  g_autoptr (GSubprocess) subprocess = NULL;
  g_autoptr (GError) error = NULL;

  subprocess = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE, &error, "cat", NULL);
  g_assert_no_error (error);
  g_assert_true (lifecycle_scope_add_subprocess (home->scope, subprocess, 0));
  g_output_stream_close (g_subprocess_get_stdin_pipe (subprocess), NULL, &error);
  g_assert_no_error (error);
}

static void
wait_for_exit (Home *home)
{
  /* A source at home announces it. */
  test_wait_for (g_main_context_pending (home->context));
}

static void
test_process_dropped (void)
{
  Home home = { .before_end = wait_for_exit };
  guint64 before = n_abandoned ();

  home_start (&home, set_up_process);
  /* The exit, or else the teardown, is what is pending. */
  g_object_unref (home.scope);
  home_end (&home);
  home_assert_gone (&home);
  g_assert_cmpuint (n_abandoned () - before, >=, 1);
}

static void
test_process_inherited (void)
{
  Home home = { .before_end = wait_for_exit };
  guint64 before = n_abandoned ();

  home_start (&home, set_up_process);
  home_end (&home);
  g_assert_cmpuint (lifecycle_scope_get_n_live (home.scope, LIFECYCLE_KIND_PROCESS), ==, 1);

  home_inherit (&home);
  g_assert_finalize_object (home.scope);
  home_assert_gone (&home);
  g_assert_cmpuint (n_abandoned () - before, ==, 1);
}

#endif

int
main (int   argc,
      char *argv[])
{
  int result;

  g_test_init (&argc, &argv, NULL);

  if (test_bus_up ())
    {
      g_test_add_func ("/lifecycle/gio-home-end/subscription-dropped", test_subscription_dropped);
      g_test_add_func ("/lifecycle/gio-home-end/subscription-inherited",
                       test_subscription_inherited);
      g_test_add_func ("/lifecycle/gio-home-end/connection-closed", test_connection_closed);
    }
  else
    {
      g_test_message ("There is no dbus-daemon, so nothing is tested on a bus");
    }
#ifdef G_OS_UNIX
  g_test_add_func ("/lifecycle/gio-home-end/process-dropped", test_process_dropped);
  g_test_add_func ("/lifecycle/gio-home-end/process-inherited", test_process_inherited);
#endif

  result = g_test_run ();
  test_bus_down ();

  return result;
}
