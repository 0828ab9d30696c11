/* test-gio.c: file monitors, socket services, applications, bindings, temporary files
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-fork.h"
#include "test-util.h"

#include <glib/gstdio.h>

#ifdef G_OS_UNIX
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

/* With whatever detail. */
static gboolean
has_any_handler (gpointer    instance,
                 const char *signal)
{
  return g_signal_handler_find (instance, G_SIGNAL_MATCH_ID,
                                g_signal_lookup (signal, G_OBJECT_TYPE (instance)), 0, NULL, NULL,
                                NULL) != 0;
}

static char *
make_directory (void)
{
  g_autoptr (GError) error = NULL;
  char *path = g_dir_make_tmp ("lifecycle-XXXXXX", &error);

  g_assert_no_error (error);

  return path;
}

static void
write_file (const char *path)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, "contents", -1, &error);
  g_assert_no_error (error);
}

#ifdef G_OS_UNIX

/* Closes the copy that a forked child has. */
static void
close_in_forked_child (LifecycleScope *scope)
{
  GPid pid = fork ();

  if (pid == 0)
    {
      lifecycle_scope_close (scope);
      test_fork_end (lifecycle_scope_is_closed (scope) && lifecycle_scope_get_error (scope) == NULL
                       ? TEST_FORK_PASSED : TEST_FORK_FAILED);
    }
  g_assert_cmpint (test_fork_wait (pid), ==, TEST_FORK_PASSED);
}

#endif

/* File monitors. */

static GFileMonitor *
monitor_directory (const char *path)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GError) error = NULL;
  GFileMonitor *monitor = g_file_monitor_directory (file, G_FILE_MONITOR_NONE, NULL, &error);

  g_assert_no_error (error);
  g_file_monitor_set_rate_limit (monitor, 0);

  return monitor;
}

static void
log_changed_cb (GFileMonitor      *monitor,
                GFile             *file,
                GFile             *other,
                GFileMonitorEvent  event,
                gpointer           counter)
{
  g_atomic_int_inc ((int *) counter);
}

static void
iterating_cleanup (LifecycleScope   *scope,
                   LifecycleReason   reason,
                   gpointer          path,
                   GError          **error)
{
  write_file (path);
  for (guint i = 0; i < 20; i++)
    {
      g_usleep (1000);
      test_drain ();
    }
}

static void
test_file_monitor (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree char *directory = make_directory ();
  g_autofree char *path = g_build_filename (directory, "file", NULL);
  g_autofree char *other = g_build_filename (directory, "other", NULL);
  GFileMonitor *monitor = monitor_directory (directory);
  int n = 0;

  g_signal_connect (monitor, "changed", G_CALLBACK (log_changed_cb), &n);
  g_assert_true (lifecycle_scope_add_file_monitor (scope, monitor));
  lifecycle_scope_defer (scope, iterating_cleanup, other, NULL);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
  write_file (path);
  test_run_until (test_done_counted, &n);

  /* Others have connected to it, and are not called any more, whatever the cleanup does. */
  write_file (path);
  n = 0;
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  g_assert_cmpint (n, ==, 0);
  g_assert_true (g_file_monitor_is_cancelled (monitor));
  test_drain ();
  g_assert_cmpint (n, ==, 0);
  g_assert_finalize_object (monitor);
  g_assert_finalize_object (scope);

  g_remove (path);
  g_remove (other);
  g_rmdir (directory);
}

static void
test_file_monitor_cancelled (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree char *directory = make_directory ();
  GFileMonitor *monitors[3];

  for (guint i = 0; i < G_N_ELEMENTS (monitors); i++)
    {
      monitors[i] = monitor_directory (directory);
      g_assert_true (lifecycle_scope_add_file_monitor (scope, monitors[i]));
    }

  g_file_monitor_cancel (monitors[1]);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
  g_assert_false (lifecycle_scope_add_file_monitor (scope, monitors[1]));
  g_assert_finalize_object (monitors[1]);
  g_object_run_dispose (G_OBJECT (monitors[2]));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_assert_finalize_object (monitors[2]);

  lifecycle_scope_close (scope);
  g_assert_false (lifecycle_scope_add_file_monitor (scope, monitors[0]));
  g_assert_finalize_object (monitors[0]);

  /* Too late. */
  monitors[0] = monitor_directory (directory);
  g_assert_false (lifecycle_scope_add_file_monitor (scope, monitors[0]));
  g_assert_true (g_file_monitor_is_cancelled (monitors[0]));
  g_assert_finalize_object (monitors[0]);
  g_assert_finalize_object (scope);
  g_rmdir (directory);
}

static void
close_scope_handler_cb (gpointer instance,
                        gpointer pspec,
                        gpointer scope)
{
  lifecycle_scope_close (scope);
}

/* The cancelling closes the scope, which cancels. */
static void
test_file_monitor_closes (void)
{
  g_autofree char *directory = make_directory ();

  for (guint first = 0; first < 2; first++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      GFileMonitor *monitor = monitor_directory (directory);

      if (first)
        g_signal_connect (monitor, "notify::cancelled", G_CALLBACK (close_scope_handler_cb), scope);
      lifecycle_scope_add_file_monitor (scope, monitor);
      if (!first)
        g_signal_connect (monitor, "notify::cancelled", G_CALLBACK (close_scope_handler_cb), scope);
      g_file_monitor_cancel (monitor);
      g_assert_true (lifecycle_scope_is_closed (scope));
      g_assert_finalize_object (monitor);
      g_assert_finalize_object (scope);
    }

  g_rmdir (directory);
}

/* Socket services. */

static gboolean
count_incoming_cb (GSocketService    *service,
                   GSocketConnection *connection,
                   GObject           *source,
                   gpointer           counter)
{
  g_atomic_int_inc ((int *) counter);
  return FALSE;
}

static void
connected_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      data)
{
  int *outcome = data;
  g_autoptr (GSocketConnection) connection =
    g_socket_client_connect_to_host_finish (G_SOCKET_CLIENT (source), result, NULL);

  *outcome = connection != NULL ? 1 : 2;
}

static int
connect_to (guint16 port)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  int outcome = 0;

  g_socket_client_set_enable_proxy (client, FALSE);
  g_socket_client_connect_to_host_async (client, "127.0.0.1", port, NULL, connected_cb, &outcome);
  test_run_until (test_done_counted, &outcome);

  return outcome;
}

static GSocketService *
serve (guint16 *port)
{
  GSocketService *service = g_socket_service_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) effective = NULL;

  g_socket_listener_add_address (G_SOCKET_LISTENER (service), address, G_SOCKET_TYPE_STREAM,
                                 G_SOCKET_PROTOCOL_TCP, NULL, &effective, &error);
  g_assert_no_error (error);
  *port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (effective));
  g_socket_service_start (service);

  return service;
}

static void
test_socket_service (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  guint16 port;
  GSocketService *service = serve (&port);
  int n = 0;

  g_assert_true (lifecycle_scope_add_socket_service (scope, service));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  lifecycle_scope_connect_signal (scope, service, "incoming", G_CALLBACK (count_incoming_cb), &n);
  g_assert_cmpint (connect_to (port), ==, 1);
  test_run_until (test_done_counted, &n);
  g_assert_cmpint (n, ==, 1);

  g_assert_cmpint (connect_to (port), ==, 1);
  n = 0;
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  g_assert_false (g_socket_service_is_active (service));
  g_assert_cmpint (connect_to (port), ==, 2);
  test_drain ();
  g_assert_cmpint (n, ==, 0);
  g_assert_finalize_object (service);
  g_assert_finalize_object (scope);
}

/* Somebody else has been there before, or comes afterwards. */
static void
test_socket_service_stopped (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  guint16 port;
  GSocketService *service = serve (&port);

  g_assert_true (lifecycle_scope_add_socket_service (scope, service));
  g_socket_service_stop (service);
  g_socket_listener_close (G_SOCKET_LISTENER (service));
  lifecycle_scope_close (scope);
  g_socket_service_stop (service);
  test_drain ();
  g_assert_finalize_object (service);

  /* Too late. */
  service = serve (&port);
  g_assert_false (lifecycle_scope_add_socket_service (scope, service));
  g_assert_false (g_socket_service_is_active (service));
  g_assert_cmpint (connect_to (port), ==, 2);
  test_drain ();
  g_assert_finalize_object (service);
  g_assert_finalize_object (scope);
}

/* Applications. */

static void
activate_cb (GApplication   *application,
             LifecycleScope *scope)
{
  g_assert_true (lifecycle_scope_hold_application (scope, application));
  g_assert_true (lifecycle_scope_hold_application (scope, application));
  test_log ("activate");
}

static gboolean
close_scope_source_cb (gpointer scope)
{
  test_log ("close");
  lifecycle_scope_close (scope);
  return G_SOURCE_REMOVE;
}

static void
test_application (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GApplication *application = g_application_new ("org.example.Lifecycle",
                                                 G_APPLICATION_NON_UNIQUE);
  GSource *source = g_timeout_source_new (20);

  /* It runs for as long as it is held, and then it ends. */
  g_signal_connect (application, "activate", G_CALLBACK (activate_cb), scope);
  g_source_set_callback (source, close_scope_source_cb, scope, NULL);
  g_source_attach (source, NULL);
  g_source_unref (source);
  g_assert_cmpint (g_application_run (application, 0, NULL), ==, 0);
  test_assert_log ("activate close");
  g_assert_true (lifecycle_scope_is_closed (scope));

  /* Too late: it is not even held. */
  g_assert_false (lifecycle_scope_hold_application (scope, application));
  g_assert_finalize_object (application);
  g_assert_finalize_object (scope);
}

static void
test_application_dies (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GApplication *application = g_application_new (NULL, 0);

  g_assert_true (lifecycle_scope_hold_application (scope, application));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_assert_finalize_object (application);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_finalize_object (scope);
}

/* Bindings. */

static void
test_bind (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *source = test_emitter_new ();
  TestEmitter *target = test_emitter_new ();
  GBinding *binding;

  binding = lifecycle_scope_bind (scope, G_OBJECT (source), "value", G_OBJECT (target), "value",
                                  G_BINDING_BIDIRECTIONAL);
  g_assert_true (G_IS_BINDING (binding));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_object_set (source, "value", 5, NULL);
  g_assert_cmpint (target->value, ==, 5);
  g_object_set (target, "value", 6, NULL);
  g_assert_cmpint (source->value, ==, 6);

  g_object_add_weak_pointer (G_OBJECT (binding), (gpointer *) &binding);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_null (binding);
  g_object_set (source, "value", 7, NULL);
  g_assert_cmpint (target->value, ==, 6);
  g_assert_false (has_any_handler (source, "notify"));

  g_assert_null (lifecycle_scope_bind (scope, G_OBJECT (source), "value", G_OBJECT (target),
                                       "value", G_BINDING_SYNC_CREATE));
  g_assert_cmpint (target->value, ==, 6);
  g_assert_finalize_object (source);
  g_assert_finalize_object (target);
  g_assert_finalize_object (scope);
}

static gboolean
double_to (GBinding     *binding,
           const GValue *from,
           GValue       *to,
           gpointer      data)
{
  g_value_set_int (to, 2 * g_value_get_int (from));
  return TRUE;
}

static gboolean
double_from (GBinding     *binding,
             const GValue *from,
             GValue       *to,
             gpointer      data)
{
  g_value_set_int (to, g_value_get_int (from) / 2);
  return TRUE;
}

static int
closure_to (GBinding *binding,
            int       value,
            gpointer  data)
{
  g_assert_true (G_IS_BINDING (binding));
  return 2 * value;
}

static int
closure_from (GBinding *binding,
              int       value,
              gpointer  data)
{
  g_assert_true (G_IS_BINDING (binding));
  return value / 2;
}

static GBinding *
bind_doubled (LifecycleScope *scope,
              TestEmitter    *source,
              TestEmitter    *target,
              gboolean        closures)
{
  GBindingFlags flags = G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE;

  if (closures)
    return lifecycle_scope_bind_with_closures (scope, G_OBJECT (source), "value", G_OBJECT (target),
                                               "value", flags,
                                               g_cclosure_new (G_CALLBACK (closure_to),
                                                               (gpointer) "data",
                                                               test_log_closure_notify),
                                               g_cclosure_new (G_CALLBACK (closure_from), NULL,
                                                               NULL));

  return lifecycle_scope_bind_full (scope, G_OBJECT (source), "value", G_OBJECT (target), "value",
                                    flags, double_to, double_from, (gpointer) "data",
                                    test_log_notify);
}

/* Whoever unbinds, and when, the data is freed once. */
static void
test_bind_full (gconstpointer data)
{
  gboolean closures = GPOINTER_TO_INT (data);

  for (guint which = 0; which < 4; which++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      TestEmitter *source = test_emitter_new ();
      TestEmitter *target = test_emitter_new ();
      GBinding *binding;

      g_object_set (source, "value", 3, NULL);
      binding = bind_doubled (scope, source, target, closures);
      g_assert_true (G_IS_BINDING (binding));
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
      g_assert_cmpint (target->value, ==, 6);
      g_object_set (target, "value", 10, NULL);
      g_assert_cmpint (source->value, ==, 5);
      test_assert_log ("");

      switch (which)
        {
        case 0:
          g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
          break;

        case 1:
          g_binding_unbind (binding);
          break;

        case 2:
          g_assert_finalize_object (g_steal_pointer (&source));
          break;

        default:
          g_assert_finalize_object (g_steal_pointer (&target));
          break;
        }
      test_assert_log ("~data");
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
      lifecycle_scope_close (scope);

      if (source != NULL && target != NULL)
        {
          g_assert_null (bind_doubled (scope, source, target, closures));
          test_assert_log ("~data");
          g_assert_cmpint (target->value, ==, 10);
        }
      g_clear_object (&source);
      g_clear_object (&target);
      g_assert_finalize_object (scope);
    }
}

static gboolean
closing_to (GBinding     *binding,
            const GValue *from,
            GValue       *to,
            gpointer      scope)
{
  lifecycle_scope_close (scope);
  test_log ("closed");
  return double_to (binding, from, to, NULL);
}

static void
log_freed (gpointer scope)
{
  test_log ("freed");
}

/* The data outlives the function that closes the scope. */
static void
test_bind_full_closes (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *source = test_emitter_new ();
  TestEmitter *target = test_emitter_new ();

  g_assert_nonnull (lifecycle_scope_bind_full (scope, G_OBJECT (source), "value", G_OBJECT (target),
                                               "value", 0, closing_to, NULL, scope, log_freed));
  g_object_set (source, "value", 5, NULL);
  test_assert_log ("closed freed");
  g_assert_finalize_object (scope);
  g_assert_finalize_object (source);
  g_assert_finalize_object (target);
}

/* Any of the three may go first, and somebody may hold the binding. */
static void
test_binding_ends (gconstpointer data)
{
  gboolean hold = GPOINTER_TO_INT (data);

  for (guint which = 0; which < 4; which++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      TestEmitter *source = test_emitter_new ();
      TestEmitter *target = test_emitter_new ();
      GBinding *binding = g_object_bind_property (source, "value", target, "value", 0);

      g_assert_true (lifecycle_scope_add_binding (scope, binding));
      if (hold)
        g_object_ref (binding);

      switch (which)
        {
        case 0:
          g_assert_finalize_object (g_steal_pointer (&source));
          break;

        case 1:
          g_assert_finalize_object (g_steal_pointer (&target));
          break;

        case 2:
          g_binding_unbind (binding);
          break;

        default:
          g_object_run_dispose (G_OBJECT (source));
          g_object_run_dispose (G_OBJECT (target));
          break;
        }

      /* Nobody is told of an unbinding while the binding itself lives. */
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, hold && which == 2 ? 1 : 0);
      lifecycle_scope_close (scope);
      if (hold)
        {
          g_assert_false (lifecycle_scope_add_binding (scope, binding));
          g_assert_finalize_object (binding);
        }
      if (source != NULL)
        g_assert_finalize_object (source);
      if (target != NULL)
        g_assert_finalize_object (target);
      g_assert_finalize_object (scope);
    }
}

/* The scope closes while a value is on its way, and while an end is being disposed. */
static void
test_binding_closes (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *source = test_emitter_new ();
  TestEmitter *target = test_emitter_new ();

  lifecycle_scope_bind (scope, G_OBJECT (source), "value", G_OBJECT (target), "value", 0);
  g_signal_connect (target, "notify::value", G_CALLBACK (close_scope_handler_cb), scope);
  g_object_set (source, "value", 5, NULL);
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_object_set (source, "value", 6, NULL);
  g_assert_cmpint (target->value, ==, 5);
  g_signal_handlers_disconnect_by_func (target, close_scope_handler_cb, scope);
  g_assert_finalize_object (scope);

  scope = lifecycle_scope_new ("scope");
  lifecycle_scope_bind (scope, G_OBJECT (target), "value", G_OBJECT (source), "value", 0);
  source->on_dispose = (TestHook) (gpointer) lifecycle_scope_close;
  source->hook_data = scope;
  g_assert_finalize_object (source);
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_false (has_any_handler (target, "notify"));
  g_assert_finalize_object (target);
  g_assert_finalize_object (scope);
}

/* The scope is told of the dispose before the binding is: GLib has ended the handlers, but has not
 * come to the binding.
 */
static void
test_binding_disposed (gconstpointer data)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *source = test_emitter_new ();
  TestEmitter *target = test_emitter_new ();
  GBinding *binding;

  lifecycle_scope_close (lifecycle_scope_of (G_OBJECT (data == NULL ? source : target)));
  binding = lifecycle_scope_bind (scope, G_OBJECT (source), "value", G_OBJECT (target), "value",
                                  G_BINDING_BIDIRECTIONAL);
  g_object_add_weak_pointer (G_OBJECT (binding), (gpointer *) &binding);
  lifecycle_scope_follow_object (scope, G_OBJECT (data == NULL ? source : target));

  g_object_run_dispose (G_OBJECT (data == NULL ? source : target));
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_null (binding);
  g_assert_false (has_any_handler (source, "notify"));
  g_assert_false (has_any_handler (target, "notify"));

  g_assert_finalize_object (source);
  g_assert_finalize_object (target);
  g_assert_finalize_object (scope);
}

typedef struct
{
  TestEmitter *source;
  TestEmitter *target;
} BoundPair;

static void
drop_target_cb (GObject    *monitor,
                GParamSpec *pspec,
                BoundPair  *pair)
{
  g_assert_finalize_object (pair->target);
  g_object_run_dispose (G_OBJECT (pair->source));
}

/* While a binding waits for its turn in a teardown, nothing keeps its target: GLib can unbind it as
 * long as the source still has its handlers.
 */
static void
test_binding_target_goes (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  BoundPair pair = { test_emitter_new (), test_emitter_new () };
  g_autoptr (GFile) file = g_file_new_for_path (g_get_tmp_dir ());
  g_autoptr (GFileMonitor) monitor = g_file_monitor (file, G_FILE_MONITOR_NONE, NULL, NULL);

  lifecycle_scope_follow_object (scope, G_OBJECT (pair.source));
  lifecycle_scope_bind (scope, G_OBJECT (pair.source), "value", G_OBJECT (pair.target), "value", 0);
  lifecycle_scope_add_file_monitor (scope, monitor);
  g_signal_connect (monitor, "notify::cancelled", G_CALLBACK (drop_target_cb), &pair);

  lifecycle_scope_clear (scope);
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_false (has_any_handler (pair.source, "notify"));
  g_assert_finalize_object (pair.source);
  g_assert_finalize_object (scope);
}

static void
test_binding_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *source = test_emitter_new ();
  TestEmitter *target = test_emitter_new ();
  GBinding *binding;
  int n_destroyed = 0;

  binding = g_object_bind_property_full (source, "value", target, "value", 0, NULL, NULL,
                                         &n_destroyed, test_count_notify);
  lifecycle_scope_close (scope);
  g_assert_false (lifecycle_scope_add_binding (scope, binding));
  g_assert_cmpint (n_destroyed, ==, 1);
  g_object_set (source, "value", 5, NULL);
  g_assert_cmpint (target->value, ==, 0);
  g_assert_finalize_object (source);
  g_assert_finalize_object (target);
  g_assert_finalize_object (scope);
}

/* Temporary files. */

static gboolean
exists (const char *path)
{
  return g_file_test (path, G_FILE_TEST_IS_SYMLINK) || g_file_test (path, G_FILE_TEST_EXISTS);
}

static gboolean
add_path (LifecycleScope *scope,
          const char     *path)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);

  return lifecycle_scope_add_temporary_file (scope, file);
}

static void
test_temporary_file (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GFile) file = NULL;
  g_autoptr (GFileIOStream) stream = NULL;
  g_autoptr (GError) error = NULL;

  file = g_file_new_tmp ("lifecycle-XXXXXX", &stream, &error);
  g_assert_no_error (error);
  g_assert_true (lifecycle_scope_add_temporary_file (scope, file));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_assert_true (exists (g_file_peek_path (file)));
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_false (exists (g_file_peek_path (file)));
  g_assert_no_error (lifecycle_scope_get_error (scope));

  /* Too late. */
  write_file (g_file_peek_path (file));
  g_assert_false (lifecycle_scope_add_temporary_file (scope, file));
  g_assert_false (exists (g_file_peek_path (file)));
  g_assert_no_error (lifecycle_scope_get_error (scope));
  g_assert_finalize_object (scope);
}

static void
test_temporary_directory (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree char *kept = make_directory ();
  g_autofree char *kept_file = g_build_filename (kept, "kept", NULL);
  g_autofree char *directory = make_directory ();

  write_file (kept_file);
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u/a/b/c", i % 7);
      g_autofree char *below = g_build_filename (directory, name, NULL);
      g_autofree char *number = g_strdup_printf (".%u", i);
      g_autofree char *path = g_build_filename (below, number, NULL);

      g_mkdir_with_parents (below, 0700);
      write_file (path);
    }
#ifdef G_OS_UNIX
  {
    g_autofree char *to_directory = g_build_filename (directory, "0", "to-directory", NULL);
    g_autofree char *to_file = g_build_filename (directory, "0", "to-file", NULL);
    g_autofree char *to_nothing = g_build_filename (directory, "to-nothing", NULL);
    g_autofree char *fifo = g_build_filename (directory, "fifo", NULL);

    g_assert_no_errno (symlink (kept, to_directory));
    g_assert_no_errno (symlink (kept_file, to_file));
    g_assert_no_errno (symlink ("/nonexistent", to_nothing));
    g_assert_no_errno (mkfifo (fifo, 0600));
  }
#endif

  g_assert_true (add_path (scope, directory));
  lifecycle_scope_close (scope);
  g_assert_no_error (lifecycle_scope_get_error (scope));
  g_assert_false (exists (directory));
  g_assert_true (exists (kept_file));
  g_assert_finalize_object (scope);

  g_remove (kept_file);
  g_rmdir (kept);
}

#ifdef G_OS_UNIX

/* What was handed over is a link: it goes, and what it leads to stays. */
static void
test_temporary_link (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree char *directory = make_directory ();
  g_autofree char *file = g_build_filename (directory, "file", NULL);
  g_autofree char *link = g_strconcat (directory, "-link", NULL);

  write_file (file);
  g_assert_no_errno (symlink (directory, link));
  add_path (scope, link);
  lifecycle_scope_close (scope);
  g_assert_no_error (lifecycle_scope_get_error (scope));
  g_assert_false (exists (link));
  g_assert_true (exists (file));
  g_assert_finalize_object (scope);
  g_remove (file);
  g_rmdir (directory);
}

/* The world says no: the error is that of the scope. */
static void
test_temporary_failure (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree char *name = g_strnfill (5000, 'x');
  g_autofree char *directory = make_directory ();
  g_autofree char *path = g_build_filename (directory, name, NULL);

  add_path (scope, directory);
  add_path (scope, path);
  lifecycle_scope_close (scope);
  g_assert_error (lifecycle_scope_get_error (scope), G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG);
  g_assert_false (exists (directory));
  g_assert_finalize_object (scope);

  /* Too late. */
  scope = lifecycle_scope_new ("scope");
  lifecycle_scope_close (scope);
  g_assert_false (add_path (scope, path));
  g_assert_error (lifecycle_scope_get_error (scope), G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG);
  g_assert_finalize_object (scope);
}

/* All is removed that can be. */
static void
test_temporary_locked (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree char *directory = make_directory ();
  g_autofree char *locked = g_build_filename (directory, "locked", NULL);
  g_autofree char *inside = g_build_filename (locked, "inside", NULL);
  g_autofree char *other = g_build_filename (directory, "other", NULL);

  if (geteuid () == 0)
    {
      g_test_skip ("root may remove everything");
      g_rmdir (directory);
      g_assert_finalize_object (scope);
      return;
    }

  g_mkdir (locked, 0700);
  write_file (inside);
  write_file (other);
  g_chmod (locked, 0500);
  add_path (scope, directory);
  lifecycle_scope_close (scope);
  g_assert_error (lifecycle_scope_get_error (scope), G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  g_assert_false (exists (other));
  g_assert_true (exists (inside));
  g_assert_finalize_object (scope);

  g_chmod (locked, 0700);
  scope = lifecycle_scope_new ("scope");
  add_path (scope, directory);
  lifecycle_scope_close (scope);
  g_assert_false (exists (directory));
  g_assert_finalize_object (scope);
}

#endif

#ifdef G_OS_UNIX

/* A chain of directories, deeper than any path can be long, with a file in each. */
static void
make_chain (const char *path,
            guint       depth)
{
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  for (guint i = 0; i < depth; i++)
    {
      int file, below;

      file = openat (fd, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
      g_assert_cmpint (file, >=, 0);
      close (file);
      g_assert_no_errno (mkdirat (fd, "a directory", 0700));
      below = openat (fd, "a directory", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      g_assert_cmpint (below, >=, 0);
      close (fd);
      fd = below;
    }
  close (fd);
}

/* Leaves no more than a number of descriptors to be opened. */
static void
set_free_descriptors (guint          n,
                      struct rlimit *old)
{
  struct rlimit limit;
  int fds[8], last = 0;

  g_assert_cmpuint (n, <=, G_N_ELEMENTS (fds));
  g_assert_no_errno (getrlimit (RLIMIT_NOFILE, old));
  for (guint i = 0; i < n; i++)
    {
      fds[i] = open ("/", O_RDONLY | O_CLOEXEC);
      g_assert_cmpint (fds[i], >=, 0);
      last = MAX (last, fds[i]);
    }
  for (guint i = 0; i < n; i++)
    close (fds[i]);
  limit = *old;
  limit.rlim_cur = (rlim_t) last + 1;
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &limit));
}

/* The number of free descriptors, or 0 for all there are. */
static void
test_temporary_deep (gconstpointer n_descriptors)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree char *directory = make_directory ();
  struct rlimit old;

  /* More than one chain, so that directories are left and entered again. */
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);
      g_autofree char *path = g_build_filename (directory, name, NULL);

      g_assert_no_errno (g_mkdir (path, 0700));
      make_chain (path, i == 1 ? test_amount (3000) : 40);
    }
  add_path (scope, directory);
  if (n_descriptors != NULL)
    set_free_descriptors (GPOINTER_TO_UINT (n_descriptors), &old);
  lifecycle_scope_close (scope);
  if (n_descriptors != NULL)
    g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &old));
  g_assert_no_error (lifecycle_scope_get_error (scope));
  g_assert_false (exists (directory));
  g_assert_finalize_object (scope);
}

/* Directories that cannot be emptied do not keep it from coming to an end, however often the one
 * that has them is read.
 */
static gboolean
remove_with_locked (const char *directory)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  guint n_locked = 0;

  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);
      g_autofree char *path = g_build_filename (directory, name, NULL);
      g_autofree char *inside = g_build_filename (path, "inside", NULL);

      g_assert_no_errno (g_mkdir (path, 0700));
      if (i % 5 == 0)
        {
          make_chain (path, 40);
        }
      else
        {
          write_file (inside);
          g_assert_no_errno (g_chmod (path, 0500));
        }
    }
  add_path (scope, directory);
  lifecycle_scope_close (scope);
  g_assert_error (lifecycle_scope_get_error (scope), G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);
      g_autofree char *path = g_build_filename (directory, name, NULL);

      if (exists (path))
        {
          n_locked++;
          g_assert_no_errno (g_chmod (path, 0700));
        }
    }
  g_assert_finalize_object (scope);

  return n_locked == 16;
}

static void
test_temporary_deep_locked (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree char *directory = make_directory ();
  TestForkVerdict verdict;
  GPid pid;

  if (geteuid () == 0)
    g_assert_no_errno (chown (directory, 65534, 65534));
  pid = fork ();
  if (pid == 0)
    {
      /* Root may remove everything. */
      if (geteuid () == 0 && setuid (65534) < 0)
        test_fork_end (TEST_FORK_SKIPPED);
      test_fork_end (remove_with_locked (directory) ? TEST_FORK_PASSED : TEST_FORK_FAILED);
    }
  verdict = test_fork_wait (pid);
  if (verdict == TEST_FORK_SKIPPED)
    g_test_skip ("root may remove everything, and cannot become another user");
  else
    g_assert_cmpint (verdict, ==, TEST_FORK_PASSED);

  add_path (scope, directory);
  lifecycle_scope_close (scope);
  g_assert_no_error (lifecycle_scope_get_error (scope));
  g_assert_finalize_object (scope);
}

/* Somebody moves a part of the tree to and fro meanwhile. What is not in the tree stays. */

typedef struct
{
  char *here;
  char *there;
  int   stop;
} Mover;

static gpointer
mover_thread (gpointer data)
{
  Mover *mover = data;

  /* With pauses, and not for ever: who removes the tree has to get a turn, under valgrind, too. */
  for (guint i = 0; i < 1000 && !g_atomic_int_get (&mover->stop); i++)
    {
      if (rename (mover->here, mover->there) < 0)
        rename (mover->there, mover->here);
      g_usleep (50);
    }

  return NULL;
}

static void
test_temporary_moved (void)
{
  g_autofree char *other = make_directory ();
  g_autofree char *kept = g_build_filename (other, "kept", NULL);

  write_file (kept);
  for (guint i = 0; i < 20; i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      g_autofree char *directory = make_directory ();
      Mover mover = { g_build_filename (directory, "a directory", "a directory", NULL),
                      g_build_filename (other, "moved", NULL) };
      GThread *thread;

      make_chain (directory, 60);
      add_path (scope, directory);
      thread = g_thread_new ("mover", mover_thread, &mover);
      lifecycle_scope_close (scope);
      g_atomic_int_set (&mover.stop, TRUE);
      g_thread_join (thread);
      g_assert_true (exists (kept));
      /* There may be one or not. */
      lifecycle_scope_get_error (scope);
      g_assert_finalize_object (scope);

      scope = lifecycle_scope_new ("scope");
      add_path (scope, directory);
      add_path (scope, mover.there);
      lifecycle_scope_close (scope);
      g_assert_no_error (lifecycle_scope_get_error (scope));
      g_assert_false (exists (directory));
      g_assert_finalize_object (scope);
      g_free (mover.here);
      g_free (mover.there);
    }

  g_remove (kept);
  g_rmdir (other);
}

/* What a forked child closes is a copy. */
static void
test_temporary_forked (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree char *directory = make_directory ();

  g_assert_true (add_path (scope, directory));
  close_in_forked_child (scope);
  g_assert_true (exists (directory));
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_false (exists (directory));
  g_assert_finalize_object (scope);
}

/* The kernel's end of the monitor is shared with a forked child. */
static void
test_file_monitor_forked (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree char *directory = make_directory ();
  g_autofree char *path = g_build_filename (directory, "file", NULL);
  GFileMonitor *monitor = monitor_directory (directory);
  int n = 0;

  g_signal_connect (monitor, "changed", G_CALLBACK (log_changed_cb), &n);
  g_assert_true (lifecycle_scope_add_file_monitor (scope, monitor));
  g_object_unref (monitor);
  close_in_forked_child (scope);
  write_file (path);
  test_run_until (test_done_counted, &n);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  g_remove (path);
  g_rmdir (directory);
}

#endif

static void
test_temporary_gone (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree char *directory = make_directory ();

  add_path (scope, directory);
  add_path (scope, directory);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  g_assert_no_error (lifecycle_scope_get_error (scope));
  g_assert_finalize_object (scope);
}

/* The last added goes first, with everything else. */
static void
test_order (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree char *directory = make_directory ();
  g_autofree char *late = g_build_filename (directory, "late", NULL);
  GFileMonitor *monitor = monitor_directory (directory);

  add_path (scope, directory);
  lifecycle_scope_defer (scope, iterating_cleanup, late, NULL);
  lifecycle_scope_add_file_monitor (scope, monitor);
  g_object_unref (monitor);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 3);
  g_assert_false (exists (directory));
  g_assert_finalize_object (scope);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/gio/file-monitor", test_file_monitor);
  g_test_add_func ("/lifecycle/gio/file-monitor-cancelled", test_file_monitor_cancelled);
  g_test_add_func ("/lifecycle/gio/file-monitor-closes", test_file_monitor_closes);
  g_test_add_func ("/lifecycle/gio/socket-service", test_socket_service);
  g_test_add_func ("/lifecycle/gio/socket-service-stopped", test_socket_service_stopped);
  g_test_add_func ("/lifecycle/gio/application", test_application);
  g_test_add_func ("/lifecycle/gio/application-dies", test_application_dies);
  g_test_add_func ("/lifecycle/gio/bind", test_bind);
  g_test_add_data_func ("/lifecycle/gio/bind-full", GINT_TO_POINTER (FALSE), test_bind_full);
  g_test_add_data_func ("/lifecycle/gio/bind-with-closures", GINT_TO_POINTER (TRUE),
                        test_bind_full);
  g_test_add_func ("/lifecycle/gio/bind-full-closes", test_bind_full_closes);
  g_test_add_data_func ("/lifecycle/gio/binding-ends", GINT_TO_POINTER (FALSE), test_binding_ends);
  g_test_add_data_func ("/lifecycle/gio/binding-ends-held", GINT_TO_POINTER (TRUE),
                        test_binding_ends);
  g_test_add_func ("/lifecycle/gio/binding-closes", test_binding_closes);
  g_test_add_data_func ("/lifecycle/gio/binding-source-disposed", NULL, test_binding_disposed);
  g_test_add_data_func ("/lifecycle/gio/binding-target-disposed", "target", test_binding_disposed);
  g_test_add_func ("/lifecycle/gio/binding-target-goes", test_binding_target_goes);
  g_test_add_func ("/lifecycle/gio/binding-late", test_binding_late);
  g_test_add_func ("/lifecycle/gio/temporary-file", test_temporary_file);
  g_test_add_func ("/lifecycle/gio/temporary-directory", test_temporary_directory);
  g_test_add_func ("/lifecycle/gio/temporary-gone", test_temporary_gone);
#ifdef G_OS_UNIX
  g_test_add_func ("/lifecycle/gio/temporary-link", test_temporary_link);
  g_test_add_func ("/lifecycle/gio/temporary-failure", test_temporary_failure);
  g_test_add_func ("/lifecycle/gio/temporary-locked", test_temporary_locked);
  g_test_add_data_func ("/lifecycle/gio/temporary-deep", GUINT_TO_POINTER (0),
                        test_temporary_deep);
  g_test_add_data_func ("/lifecycle/gio/temporary-deep-2", GUINT_TO_POINTER (2),
                        test_temporary_deep);
  g_test_add_data_func ("/lifecycle/gio/temporary-deep-5", GUINT_TO_POINTER (5),
                        test_temporary_deep);
  g_test_add_func ("/lifecycle/gio/temporary-deep-locked", test_temporary_deep_locked);
  g_test_add_func ("/lifecycle/gio/temporary-moved", test_temporary_moved);
  g_test_add_func ("/lifecycle/gio/temporary-forked", test_temporary_forked);
  g_test_add_func ("/lifecycle/gio/file-monitor-forked", test_file_monitor_forked);
#endif
  g_test_add_func ("/lifecycle/gio/order", test_order);

  return g_test_run ();
}
