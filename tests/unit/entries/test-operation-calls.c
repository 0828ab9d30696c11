/* test-operation-calls.c: real calls of GIO as operations
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-operation-thread.h"

/* GIO's worker thread may still be letting go of its task. */
static void
assert_finalize_soon (gpointer file)
{
  gpointer object = file;

  g_object_add_weak_pointer (object, &object);
  g_object_unref (file);
  test_wait_for (g_atomic_pointer_get (&object) == NULL);
}

/* Real calls. A spy stands between a call and its operation, and sees the result come and go. */

typedef struct
{
  LifecycleOperation *op;
  GObject            *out;        /* what the callback got */
  int                 ready;
  int                 finalized;  /* the result */
  int                 called;
  int                 failed;
  int                 destroyed;
} Spy;

static void
spy_ready (GObject      *source_object,
           GAsyncResult *result,
           gpointer      data)
{
  Spy *spy = data;

  test_count_finalize (result, &spy->finalized);
  lifecycle_operation_ready (source_object, result, spy->op);
  g_atomic_int_inc (&spy->ready);
}

static void
spy_notify (gpointer data)
{
  ((Spy *) data)->destroyed++;
}

static GCancellable *
spy_begin (Spy                 *spy,
           LifecycleScope      *scope,
           const char          *name,
           GAsyncReadyCallback  callback)
{
  memset (spy, 0, sizeof *spy);
  spy->op = lifecycle_scope_begin_async (scope, name, callback, spy, spy_notify);
  return lifecycle_operation_get_cancellable (spy->op);
}

/* Waits until the call has come to its end, whatever that is. */
static void
spy_run (Spy *spy)
{
  test_run_until (test_done_counted, &spy->ready);
  test_run_until (test_done_counted, &spy->finalized);
  test_drain ();
  g_assert_cmpint (spy->ready, ==, 1);
  g_assert_cmpint (spy->finalized, ==, 1);
  g_assert_cmpint (spy->destroyed, ==, 1);
}

/* How many descriptors are open; always the same where that cannot be told. */
static int
count_fds (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  int n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static gboolean
done_fds (gpointer data)
{
  return count_fds () <= *(int *) data;
}

/* The scope is closed before anything happens; when a result is on its way; not at all. */
typedef enum { CLOSE_AT_ONCE, CLOSE_QUEUED, CLOSE_AFTER, N_CLOSES } Close;

/* Runs each of them, and again to see that no descriptor is left behind. What GIO opens once for
 * the whole process it has opened in the first round. */
static void
each_close (void (*func) (Close close))
{
  int n_fds = 0;
  guint round;

  for (round = 0; round < 4; round++)
    {
      Close close;

      for (close = CLOSE_AT_ONCE; close < N_CLOSES; close++)
        func (close);
      if (round == 1)
        n_fds = count_fds ();
    }
  test_run_until (done_fds, &n_fds);
}

/* Iterates nothing before the close unless the call is to complete. */
static void
close_at (Spy            *spy,
          LifecycleScope *scope,
          Close           close)
{
  if (close == CLOSE_QUEUED)
    test_wait_for (g_main_context_pending (NULL));
  if (close == CLOSE_AFTER)
    spy_run (spy);
  lifecycle_scope_close (scope);
  g_assert_cmpint (spy->destroyed, ==, 1);
  spy_run (spy);
  g_assert_cmpint (spy->called, ==, close == CLOSE_AFTER ? 1 : 0);
  g_assert_finalize_object (scope);
}

static char *
make_file (const char *contents)
{
  g_autoptr (GError) error = NULL;
  char *path = g_build_filename (g_get_tmp_dir (), "lifecycle-operation-XXXXXX", NULL);
  int fd = g_mkstemp (path);

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  g_file_set_contents (path, contents, -1, &error);
  g_assert_no_error (error);
  return path;
}

static void
load_cb (GObject      *source_object,
         GAsyncResult *result,
         gpointer      data)
{
  Spy *spy = data;
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;

  g_file_load_contents_finish (G_FILE (source_object), result, &contents, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (contents, ==, "some contents");
  spy->called++;
}

static void
load_close (Close close)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree char *path = make_file ("some contents");
  GFile *file = g_file_new_for_path (path);
  GCancellable *cancellable;
  Spy spy;

  cancellable = spy_begin (&spy, scope, "load", load_cb);
  g_file_load_contents_async (file, cancellable, spy_ready, &spy);
  close_at (&spy, scope, close);
  assert_finalize_soon (file);
  g_assert_cmpint (g_unlink (path), ==, 0);
}

static void
test_file_load (void)
{
  each_close (load_close);
}

static void
read_cb (GObject      *source_object,
         GAsyncResult *result,
         gpointer      data)
{
  Spy *spy = data;
  g_autoptr (GFileInputStream) stream = NULL;
  g_autoptr (GError) error = NULL;

  stream = g_file_read_finish (G_FILE (source_object), result, &error);
  g_assert_no_error (error);
  g_assert_true (G_IS_FILE_INPUT_STREAM (stream));
  spy->called++;
}

/* The result holds a stream, and the stream a descriptor. */
static void
read_close (Close close)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree char *path = make_file ("some contents");
  GFile *file = g_file_new_for_path (path);
  GCancellable *cancellable;
  Spy spy;

  cancellable = spy_begin (&spy, scope, "read", read_cb);
  g_file_read_async (file, G_PRIORITY_DEFAULT, cancellable, spy_ready, &spy);
  close_at (&spy, scope, close);
  assert_finalize_soon (file);
  g_assert_cmpint (g_unlink (path), ==, 0);
}

static void
test_file_read (void)
{
  each_close (read_close);
}

static void
missing_cb (GObject      *source_object,
            GAsyncResult *result,
            gpointer      data)
{
  Spy *spy = data;
  g_autoptr (GFileInfo) info = NULL;
  g_autoptr (GError) error = NULL;

  info = g_file_query_info_finish (G_FILE (source_object), result, &error);
  g_assert_null (info);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  spy->called++;
}

static void
missing_close (Close close)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GFile *file = g_file_new_for_path ("/nonexistent/lifecycle");
  GCancellable *cancellable;
  Spy spy;

  cancellable = spy_begin (&spy, scope, "query", missing_cb);
  g_file_query_info_async (file, "*", 0, G_PRIORITY_DEFAULT, cancellable, spy_ready, &spy);
  close_at (&spy, scope, close);
  assert_finalize_soon (file);
}

static void
test_file_missing (void)
{
  each_close (missing_close);
}

/* A loopback socket. */

static GSocketListener *
listen_on_loopback (GSocketAddress **address)
{
  GSocketListener *listener = g_socket_listener_new ();
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GError) error = NULL;

  if (!g_socket_listener_add_address (listener, any, G_SOCKET_TYPE_STREAM,
                                      G_SOCKET_PROTOCOL_DEFAULT, NULL, address, &error))
    {
      g_test_skip (error->message);
      g_clear_object (&listener);
    }
  return listener;
}

static void
accept_cb (GObject      *source_object,
           GAsyncResult *result,
           gpointer      data)
{
  Spy *spy = data;
  g_autoptr (GError) error = NULL;

  spy->out = G_OBJECT (g_socket_listener_accept_finish (G_SOCKET_LISTENER (source_object),
                                                        result, NULL, &error));
  g_assert_no_error (error);
  spy->called++;
}

static void
connect_cb (GObject      *source_object,
            GAsyncResult *result,
            gpointer      data)
{
  Spy *spy = data;
  g_autoptr (GError) error = NULL;

  spy->out = G_OBJECT (g_socket_client_connect_finish (G_SOCKET_CLIENT (source_object),
                                                       result, &error));
  g_assert_no_error (error);
  spy->called++;
}

static void
connect_close (Close close)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocketListener) listener = listen_on_loopback (&address);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  GCancellable *cancellable;
  Spy spy;

  if (listener == NULL)
    {
      g_object_unref (scope);
      return;
    }
  cancellable = spy_begin (&spy, scope, "connect", connect_cb);
  g_socket_client_connect_async (client, G_SOCKET_CONNECTABLE (address), cancellable,
                                 spy_ready, &spy);
  if (close == CLOSE_QUEUED)
    {
      /* Several steps: close somewhere between them. */
      g_main_context_iteration (NULL, TRUE);
      close = spy.called == 1 ? CLOSE_AFTER : CLOSE_AT_ONCE;
    }
  close_at (&spy, scope, close);
  g_clear_object (&spy.out);
}

static void
test_socket_connect (void)
{
  each_close (connect_close);
}

/* A call that does not come to an end by itself, and one that has to be freed when it does. */
static void
test_socket (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocketListener) listener = listen_on_loopback (&address);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  GIOStream *streams[2];
  char buffer[16];
  Spy accepted;
  Spy connected;
  Spy read;
  Spy waiting;

  if (listener == NULL)
    {
      g_object_unref (scope);
      return;
    }
  g_socket_listener_accept_async (listener, spy_begin (&accepted, scope, "accept", accept_cb),
                                  spy_ready, &accepted);
  g_socket_client_connect_async (client, G_SOCKET_CONNECTABLE (address),
                                 spy_begin (&connected, scope, "connect", connect_cb),
                                 spy_ready, &connected);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
  spy_run (&accepted);
  spy_run (&connected);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  streams[0] = G_IO_STREAM (accepted.out);
  streams[1] = G_IO_STREAM (connected.out);

  /* Nobody writes, nobody connects. */
  g_input_stream_read_async (g_io_stream_get_input_stream (streams[0]), buffer, sizeof buffer,
                             G_PRIORITY_DEFAULT, spy_begin (&read, scope, "read", read_cb),
                             spy_ready, &read);
  g_socket_listener_accept_async (listener, spy_begin (&waiting, scope, "accept", accept_cb),
                                  spy_ready, &waiting);
  test_drain ();
  g_assert_cmpint (read.ready + waiting.ready, ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  spy_run (&read);
  spy_run (&waiting);
  g_assert_cmpint (read.called + waiting.called, ==, 0);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (streams[0]);
  g_assert_finalize_object (streams[1]);
}

/* Processes. */

static void
communicate_cb (GObject      *source_object,
                GAsyncResult *result,
                gpointer      data)
{
  Spy *spy = data;
  g_autofree char *out = NULL;
  g_autoptr (GError) error = NULL;

  g_subprocess_communicate_utf8_finish (G_SUBPROCESS (source_object), result, &out, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (out, ==, "through the cat");
  spy->called++;
}

static void
test_subprocess (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree char *cat = g_find_program_in_path ("cat");
  g_autoptr (GError) error = NULL;
  GSubprocess *process;
  Spy spy;

  if (cat == NULL)
    {
      g_test_skip ("There is no cat");
      g_object_unref (scope);
      return;
    }

  process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                              &error, cat, NULL);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8_async (process, "through the cat",
                                       spy_begin (&spy, scope, "communicate", communicate_cb),
                                       spy_ready, &spy);
  spy_run (&spy);
  g_assert_cmpint (spy.called, ==, 1);
  g_object_unref (process);

  /* It reads for ever; the wait for it is given up. */
  process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE, &error, cat, NULL);
  g_assert_no_error (error);
  g_subprocess_wait_async (process, spy_begin (&spy, scope, "wait", never_async_cb),
                           spy_ready, &spy);
  test_drain ();
  g_assert_cmpint (spy.ready, ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  spy_run (&spy);
  g_output_stream_close (g_subprocess_get_stdin_pipe (process), NULL, &error);
  g_assert_no_error (error);
  g_subprocess_wait (process, NULL, &error);
  g_assert_no_error (error);
  g_object_unref (process);
  test_drain ();
  g_assert_finalize_object (scope);
}

/* A private bus. */

typedef struct
{
  GTestDBus       *daemon;
  GDBusConnection *client;
  GDBusConnection *server;
  guint            object;
  int              n_held;
  GPtrArray       *held;  /* invocations that nobody answers */
} Bus;

static GDBusConnection *
bus_connect (Bus *bus)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection;

  connection = g_dbus_connection_new_for_address_sync (
      g_test_dbus_get_bus_address (bus->daemon),
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
          G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, NULL, &error);
  g_assert_no_error (error);
  return connection;
}

static void
bus_method_cb (GDBusConnection       *connection,
               const char            *sender,
               const char            *object_path,
               const char            *interface_name,
               const char            *method_name,
               GVariant              *parameters,
               GDBusMethodInvocation *invocation,
               gpointer               data)
{
  Bus *bus = data;

  if (g_str_equal (method_name, "Hold"))
    {
      g_ptr_array_add (bus->held, invocation);
      bus->n_held++;
    }
  else
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(s)", "an answer"));
}

static gboolean
bus_init (Bus *bus)
{
  static const GDBusInterfaceVTable vtable = { .method_call = bus_method_cb };
  g_autofree char *program = g_find_program_in_path ("dbus-daemon");
  g_autoptr (GDBusNodeInfo) info = NULL;
  g_autoptr (GError) error = NULL;

  memset (bus, 0, sizeof *bus);
  if (program == NULL)
    {
      g_test_skip ("There is no dbus-daemon");
      return FALSE;
    }
  bus->daemon = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (bus->daemon);
  bus->client = bus_connect (bus);
  bus->server = bus_connect (bus);
  bus->held = g_ptr_array_new ();
  info = g_dbus_node_info_new_for_xml ("<node><interface name='org.example.Lifecycle'>"
                                       "<method name='Answer'>"
                                       "<arg type='s' direction='out'/></method>"
                                       "<method name='Hold'>"
                                       "<arg type='s' direction='out'/></method>"
                                       "</interface></node>", &error);
  g_assert_no_error (error);
  bus->object = g_dbus_connection_register_object (bus->server, "/object", info->interfaces[0],
                                                   &vtable, bus, NULL, &error);
  g_assert_no_error (error);
  return TRUE;
}

static void
bus_clear (Bus *bus)
{
  GDBusConnection *connections[2] = { bus->client, bus->server };
  guint i;

  g_assert_true (g_dbus_connection_unregister_object (bus->server, bus->object));
  for (i = 0; i < bus->held->len; i++)
    g_dbus_method_invocation_return_value (g_ptr_array_index (bus->held, i),
                                           g_variant_new ("(s)", "too late"));
  g_ptr_array_unref (bus->held);
  test_drain ();
  for (i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;

      g_dbus_connection_close_sync (connections[i], NULL, &error);
      g_assert_no_error (error);
      g_object_add_weak_pointer (G_OBJECT (connections[i]), (gpointer *) &connections[i]);
      g_object_unref (connections[i]);
      /* The thread of GDBus may hold the last reference for a moment. */
      test_iterate_until (g_atomic_pointer_get (&connections[i]) == NULL);
    }
  g_test_dbus_down (bus->daemon);
  g_object_unref (bus->daemon);
}

static void
bus_call (Bus                 *bus,
          Spy                 *spy,
          LifecycleScope      *scope,
          const char          *method,
          GAsyncReadyCallback  callback)
{
  g_dbus_connection_call (bus->client, g_dbus_connection_get_unique_name (bus->server), "/object",
                          "org.example.Lifecycle", method, NULL, G_VARIANT_TYPE ("(s)"),
                          G_DBUS_CALL_FLAGS_NONE, G_MAXINT,
                          spy_begin (spy, scope, method, callback), spy_ready, spy);
}

static void
answer_cb (GObject      *source_object,
           GAsyncResult *result,
           gpointer      data)
{
  Spy *spy = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = NULL;

  answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source_object), result, &error);
  g_assert_no_error (error);
  spy->called++;
}

static void
proxy_cb (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  Spy *spy = data;
  g_autoptr (GError) error = NULL;

  spy->out = G_OBJECT (g_dbus_proxy_new_finish (result, &error));
  g_assert_no_error (error);
  spy->called++;
}

static void
test_dbus_call (void)
{
  LifecycleScope *scope;
  Bus bus;
  Spy answered;
  Spy under_way;
  Spy held;

  if (!bus_init (&bus))
    return;
  scope = lifecycle_scope_new ("scope");

  bus_call (&bus, &answered, scope, "Answer", answer_cb);
  spy_run (&answered);
  g_assert_cmpint (answered.called, ==, 1);

  /* One that nobody answers, and one that is answered too late. */
  bus_call (&bus, &held, scope, "Hold", never_async_cb);
  test_run_until (test_done_counted, &bus.n_held);
  bus_call (&bus, &under_way, scope, "Answer", never_async_cb);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  spy_run (&held);
  spy_run (&under_way);
  g_assert_finalize_object (scope);
  bus_clear (&bus);
}

static void
test_dbus_proxy (void)
{
  Bus bus;
  guint i;

  if (!bus_init (&bus))
    return;
  for (i = 0; i < 3; i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      guint before = G_OBJECT (bus.client)->ref_count;
      Spy spy;

      g_dbus_proxy_new (bus.client, G_DBUS_PROXY_FLAGS_NONE, NULL,
                        g_dbus_connection_get_unique_name (bus.server), "/object",
                        "org.example.Lifecycle",
                        spy_begin (&spy, scope, "proxy", i == 0 ? proxy_cb : never_async_cb),
                        spy_ready, &spy);
      if (i == 0)
        {
          spy_run (&spy);
          g_assert_finalize_object (g_steal_pointer (&spy.out));
        }
      else if (i == 2)
        {
          /* Somewhere between its steps. */
          g_main_context_iteration (NULL, TRUE);
        }
      lifecycle_scope_close (scope);
      spy_run (&spy);
      g_assert_finalize_object (scope);
      /* What the proxy held, it has let go of. */
      while (G_OBJECT (bus.client)->ref_count > before)
        test_drain ();
    }
  bus_clear (&bus);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  test_take_limit_warnings ();

  g_test_add_func ("/lifecycle/operation/file-load", test_file_load);
  g_test_add_func ("/lifecycle/operation/file-read", test_file_read);
  g_test_add_func ("/lifecycle/operation/file-missing", test_file_missing);
  g_test_add_func ("/lifecycle/operation/socket-connect", test_socket_connect);
  g_test_add_func ("/lifecycle/operation/socket", test_socket);
  g_test_add_func ("/lifecycle/operation/subprocess", test_subprocess);
  g_test_add_func ("/lifecycle/operation/dbus-call", test_dbus_call);
  g_test_add_func ("/lifecycle/operation/dbus-proxy", test_dbus_proxy);

  return g_test_run ();
}
