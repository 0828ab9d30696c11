/* test-inspect-server.c: the socket of the inspection, and clients that mean no good
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <gio/gunixconnection.h>
#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test-fork.h"
#include "test-inspect-util.h"

static void
test_start_and_stop (void)
{
  g_autofree char *socket = NULL;
  GStatBuf info;

  g_assert_null (lifecycle_inspect_get_socket ());
  lifecycle_inspect_stop ();

  for (guint i = 0; i < 3; i++)
    {
      g_clear_pointer (&socket, g_free);
      start (LIFECYCLE_INSPECT_DEFAULT);
      start (LIFECYCLE_INSPECT_DEFAULT);
      socket = lifecycle_inspect_get_socket ();
      g_assert_true (g_file_test (socket, G_FILE_TEST_EXISTS));
      g_assert_cmpint (g_stat (directory, &info), ==, 0);
      g_assert_cmpint (info.st_mode & 0777, ==, 0700);

      lifecycle_inspect_stop ();
      g_assert_false (g_file_test (socket, G_FILE_TEST_EXISTS));
      g_assert_null (lifecycle_inspect_get_socket ());
    }
}

/* Sockets of programs that have crashed are removed; what else is there is not. */
static void
test_stale (void)
{
  g_autofree char *stale = g_build_filename (directory, "999999999", NULL);
  g_autofree char *other = g_build_filename (directory, "notes", NULL);
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (stale);
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, 0, NULL);

  g_mkdir_with_parents (directory, 0777);
  g_assert_cmpint (g_chmod (directory, 0777), ==, 0);
  g_assert_true (g_file_set_contents (other, "", 0, NULL));
  g_assert_true (g_socket_bind (socket, address, FALSE, NULL));
  g_socket_close (socket, NULL);
  g_assert_true (g_file_test (stale, G_FILE_TEST_EXISTS));

  start (LIFECYCLE_INSPECT_DEFAULT);
  g_assert_false (g_file_test (stale, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (other, G_FILE_TEST_EXISTS));
  lifecycle_inspect_stop ();
  g_unlink (other);
}

static void
test_directory (void)
{
  g_autoptr (GError) error = NULL;

  g_rmdir (directory);
  g_assert_true (g_file_set_contents (directory, "", 0, NULL));
  g_assert_false (lifecycle_inspect_start (LIFECYCLE_INSPECT_DEFAULT, &error));
  g_assert_nonnull (error);
  g_assert_null (lifecycle_inspect_get_socket ());
  g_unlink (directory);
}

static GSocket *
connect_raw (void)
{
  g_autofree char *path = lifecycle_inspect_get_socket ();
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GError) error = NULL;
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, 0, NULL);

  g_socket_set_timeout (socket, TEST_HANG_SECONDS);
  g_socket_connect (socket, address, NULL, &error);
  g_assert_no_error (error);

  return socket;
}

/* Waits until the other side has closed a connection. Returns what it has said before. */
static char *
read_to_end (GSocket *socket)
{
  g_autoptr (GString) text = g_string_new (NULL);
  char buffer[4096];
  gssize n;

  while ((n = g_socket_receive (socket, buffer, sizeof buffer, NULL, NULL)) > 0)
    g_string_append_len (text, buffer, n);

  return g_strndup (text->str, text->len);
}

static void
assert_closed (GSocket *socket)
{
  g_free (read_to_end (socket));
}

/* What a client of this user says first. */
static GString *
dup_hello (void)
{
  g_autofree char *user = g_strdup_printf ("%u", geteuid ());
  GString *hello = g_string_new_len ("\0AUTH EXTERNAL ", 15);

  for (const char *p = user; *p != '\0'; p++)
    g_string_append_printf (hello, "%02x", *p);
  g_string_append (hello, "\r\nBEGIN\r\n");

  return hello;
}

static void
test_malformed (void)
{
  static const char nonsense[] = "l\1\0\1\xff\xff\xff\xff this is not a message, is it?";
  static const struct
  {
    const char *text;
    gsize       length;
  } rubbish[] = {
    { "rubbish\r\n", 9 },
    { "\0rubbish\r\nmore\r\n", 16 },
    { "\0AUTH ANONYMOUS\r\nBEGIN\r\n", 24 },
    /* Another user than the kernel says. */
    { "\0AUTH EXTERNAL 39393939\r\nBEGIN\r\n", 32 },
    { "\0\xff\xfe\r\n", 5 },
    { "", 0 },
  };
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GDBusMessage) message = NULL;
  g_autoptr (GString) hello = dup_hello ();
  g_autofree guchar *blob = NULL;
  g_autofree char *heard = NULL;
  gsize size;

  start (LIFECYCLE_INSPECT_DEFAULT);

  for (guint i = 0; i < G_N_ELEMENTS (rubbish); i++)
    {
      g_autoptr (GSocket) client = connect_raw ();
      g_autofree char *answer = NULL;

      g_socket_send (client, rubbish[i].text, rubbish[i].length, NULL, NULL);
      g_socket_shutdown (client, FALSE, TRUE, NULL);
      answer = read_to_end (client);
      g_assert_null (strstr (answer, "OK "));
    }
  assert_answers ();

  /* A client that does not say who it is gets no answer to its call. */
  socket = connect_raw ();
  message = g_dbus_message_new_method_call (NULL, "/", "org.freedesktop.DBus.Peer", "Ping");
  g_dbus_message_set_serial (message, 1);
  blob = g_dbus_message_to_blob (message, &size, G_DBUS_CAPABILITY_FLAGS_NONE, NULL);
  g_socket_send (socket, "\0BEGIN\r\n", 8, NULL, NULL);
  g_socket_send (socket, (const char *) blob, size, NULL, NULL);
  g_socket_shutdown (socket, FALSE, TRUE, NULL);
  heard = read_to_end (socket);
  g_assert_cmpstr (heard, ==, "");
  g_clear_object (&socket);

  /* A client that authenticates, and then talks nonsense. */
  socket = connect_raw ();
  g_socket_send (socket, hello->str, hello->len, NULL, NULL);
  g_socket_send (socket, nonsense, sizeof nonsense, NULL, NULL);
  assert_closed (socket);
  g_clear_object (&socket);

  /* One that announces a message of 64 MiB: nobody waits for that. */
  socket = connect_raw ();
  g_socket_send (socket, hello->str, hello->len, NULL, NULL);
  g_socket_send (socket, "l\1\0\1\0\0\0\4\1\0\0\0\0\0\0\0", 16, NULL, NULL);
  assert_closed (socket);
  assert_answers ();

  lifecycle_inspect_stop ();
}

static gboolean
is_open (GSocket *socket)
{
  g_autoptr (GError) error = NULL;
  char c;

  return g_socket_receive_with_blocking (socket, &c, 1, FALSE, NULL, &error) < 0 &&
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

/* Clients that connect, and then say nothing, lock nobody out for longer than a few seconds. */
static void
test_silent (void)
{
  GSocket *silent[12];

  start (LIFECYCLE_INSPECT_DEFAULT);
  for (guint i = 0; i < G_N_ELEMENTS (silent); i++)
    silent[i] = connect_raw ();

  /* Whoever exceeds the limit is sent away while the first are still there. */
  assert_closed (silent[G_N_ELEMENTS (silent) - 1]);
  g_assert_true (is_open (silent[0]));

  assert_answers ();

  for (guint i = 0; i < G_N_ELEMENTS (silent); i++)
    {
      assert_closed (silent[i]);
      g_object_unref (silent[i]);
    }
  lifecycle_inspect_stop ();
}

static void
flood_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      data)
{
  guint *n_answered = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result,
                                                               &error);

  g_assert_no_error (error);
  g_assert_nonnull (answer);
  (*n_answered)++;
}

/* A client is served no faster than it takes its answers, and keeps nobody else from being served. */
static void
test_flood (void)
{
  LifecycleScope *app = lifecycle_scope_new ("app");
  g_autoptr (GDBusConnection) flooder = NULL;
  g_autoptr (GDBusConnection) good = NULL;
  guint n_calls = g_getenv ("LIFECYCLE_TEST_SLOW") != NULL ? 200 : 2000, n_answered = 0;

  start (LIFECYCLE_INSPECT_DEFAULT);
  good = connect_to_self ();
  flooder = connect_to_self ();

  for (guint i = 0; i < n_calls; i++)
    g_dbus_connection_call (flooder, NULL, "/org/lifecycle/Inspect", "org.lifecycle.Inspect1",
                            "ListScopes", g_variant_new ("(s)", ""), NULL,
                            G_DBUS_CALL_FLAGS_NONE, -1, NULL, flood_cb, &n_answered);
  for (guint i = 0; i < 20; i++)
    g_variant_unref (call (good, "ListScopes", g_variant_new ("(s)", "")));
  assert_answers ();
  test_iterate_until (n_answered == n_calls);

  lifecycle_inspect_stop ();
  lifecycle_scope_close (app);
  g_assert_finalize_object (app);
}

/* Sends what can be sent, and counts what has come back. Returns the number of bytes that have. */
static gsize
exchange (GSocket    *socket,
          GByteArray *calls,
          gsize      *n_sent,
          gsize      *n_received)
{
  char buffer[65536];
  gssize n;

  if (*n_sent < calls->len)
    {
      n = g_socket_send (socket, (const char *) calls->data + *n_sent, calls->len - *n_sent, NULL, NULL);
      *n_sent += (gsize) MAX (n, 0);
    }

  n = g_socket_receive (socket, buffer, sizeof buffer, NULL, NULL);
  g_assert_cmpint (n, !=, 0);
  *n_received += (gsize) MAX (n, 0);

  return *n_received;
}

/* A client that sends many calls in one go, and takes the answers as they come. */
static void
test_pipeline (void)
{
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GDBusMessage) message = NULL;
  g_autoptr (GString) hello = dup_hello ();
  g_autoptr (GDBusMessage) answer = NULL;
  g_autoptr (GByteArray) calls = g_byte_array_new ();
  g_autofree guchar *blob = NULL;
  g_autofree guchar *answer_blob = NULL;
  const guint n_calls = test_amount (20000);
  gsize size, n_sent = 0, n_received = 0, answer_size = 0;

  start (LIFECYCLE_INSPECT_DEFAULT);
  socket = connect_raw ();
  g_socket_send (socket, hello->str, hello->len, NULL, NULL);

  message = g_dbus_message_new_method_call (NULL, "/", "org.freedesktop.DBus.Peer", "Ping");
  g_dbus_message_set_serial (message, 1);
  blob = g_dbus_message_to_blob (message, &size, G_DBUS_CAPABILITY_FLAGS_NONE, NULL);
  for (guint i = 0; i < n_calls; i++)
    g_byte_array_append (calls, blob, (guint) size);

  answer = g_dbus_message_new_method_reply (message);
  g_dbus_message_set_serial (answer, 1);
  answer_blob = g_dbus_message_to_blob (answer, &answer_size, G_DBUS_CAPABILITY_FLAGS_NONE, NULL);

  g_socket_set_blocking (socket, FALSE);
  test_wait_for (exchange (socket, calls, &n_sent, &n_received) >= n_calls * answer_size);

  lifecycle_inspect_stop ();
}

/* A client that only sends: what it sends is not even read. */
static void
test_deaf (void)
{
  g_autoptr (GSocket) deaf = NULL;
  g_autoptr (GDBusMessage) message = NULL;
  g_autoptr (GString) hello = dup_hello ();
  g_autofree guchar *blob = NULL;
  gsize size, n_sent = 0;
  gint64 blocked_since = 0;

  start (LIFECYCLE_INSPECT_DEFAULT);
  deaf = connect_raw ();
  g_socket_send (deaf, hello->str, hello->len, NULL, NULL);

  message = g_dbus_message_new_method_call (NULL, "/org/lifecycle/Inspect", "org.lifecycle.Inspect1",
                                            "GetInfo");
  g_dbus_message_set_serial (message, 1);
  blob = g_dbus_message_to_blob (message, &size, G_DBUS_CAPABILITY_FLAGS_NONE, NULL);

  g_socket_set_blocking (deaf, FALSE);
  while (blocked_since == 0 || g_get_monotonic_time () - blocked_since < 200000)
    {
      if (g_socket_send (deaf, (char *) blob, size, NULL, NULL) == (gssize) size)
        {
          n_sent += size;
          blocked_since = 0;
          g_assert_cmpuint (n_sent, <, 100 * 1000 * 1000);
        }
      else if (blocked_since == 0)
        {
          blocked_since = g_get_monotonic_time ();
        }
      else
        {
          g_usleep (1000);
        }
    }
  assert_answers ();

  lifecycle_inspect_stop ();
}

/* What the child of a fork can check: the thread of GLib's own D-Bus is missing there. */
static gboolean
answers_hello (void)
{
  g_autoptr (GSocket) socket = connect_raw ();
  g_autoptr (GString) hello = dup_hello ();
  char answer[64] = { 0, };

  g_socket_send (socket, hello->str, hello->len, NULL, NULL);
  g_socket_receive (socket, answer, sizeof answer - 1, NULL, NULL);

  return g_str_has_prefix (answer, "OK ");
}

/* The child of a fork has a socket of its own, if it wants one, and leaves that of its parent alone. */
static void
test_fork (void)
{
  g_autofree char *socket = NULL;
  pid_t pid;

  start (LIFECYCLE_INSPECT_DEFAULT);
  socket = lifecycle_inspect_get_socket ();

  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      g_autofree char *inherited = lifecycle_inspect_get_socket ();
      g_autofree char *own = NULL;
      gboolean ok = inherited == NULL && lifecycle_inspect_start (LIFECYCLE_INSPECT_DEFAULT, NULL);

      own = lifecycle_inspect_get_socket ();
      ok = ok && own != NULL && strcmp (own, socket) != 0;
      ok = ok && answers_hello ();
      lifecycle_inspect_stop ();
      test_fork_end (ok && !g_file_test (own, G_FILE_TEST_EXISTS) ? TEST_FORK_PASSED
                                                                  : TEST_FORK_FAILED);
    }
  g_assert_cmpint (test_fork_wait (pid), ==, TEST_FORK_PASSED);

  g_assert_true (g_file_test (socket, G_FILE_TEST_EXISTS));
  assert_answers ();
  lifecycle_inspect_stop ();
}

static gpointer
ask_thread (gpointer stop)
{
  g_autofree char *socket = lifecycle_inspect_get_socket ();
  g_autoptr (GDBusConnection) connection = NULL;

  test_wait_for ((connection = connect_to (socket, NULL)) != NULL);
  while (!g_atomic_int_get ((int *) stop))
    {
      g_variant_unref (call (connection, "GetInfo", NULL));
      g_variant_unref (call (connection, "ListLeaks", NULL));
    }
  g_dbus_connection_close_sync (connection, NULL, NULL);

  return NULL;
}

/* A fork waits for the inspection to pause, and for the locks of the report at exit; the inspection may
 * need these before it pauses. It is started before anything else here.
 */
static void
test_fork_while_asked (void)
{
  const guint n_forks = g_getenv ("LIFECYCLE_TEST_SLOW") != NULL ? 20 : 200;
  LifecycleScope *scope;
  GThread *thread;
  int stop = FALSE;

  if (!g_test_subprocess ())
    {
      g_setenv ("LIFECYCLE_DEBUG", "leaks", TRUE);
      g_test_trap_subprocess (NULL, TEST_HANG_SECONDS * G_USEC_PER_SEC, G_TEST_SUBPROCESS_DEFAULT);
      g_unsetenv ("LIFECYCLE_DEBUG");
      g_test_trap_assert_passed ();
      return;
    }

  start (LIFECYCLE_INSPECT_DEFAULT);
  scope = lifecycle_scope_new ("scope");
  thread = g_thread_new ("ask", ask_thread, &stop);
  for (guint i = 0; i < n_forks; i++)
    {
      pid_t pid = fork ();

      g_assert_cmpint (pid, >=, 0);
      if (pid == 0)
        test_fork_end (TEST_FORK_PASSED);
      g_assert_cmpint (test_fork_wait (pid), ==, TEST_FORK_PASSED);
    }
  g_atomic_int_set (&stop, TRUE);
  g_thread_join (thread);
  lifecycle_inspect_stop ();
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
}

/* The rest of a program that ends with the inspection running. */
static void
test_exit (void)
{
  g_autoptr (GDir) dir = NULL;

  if (g_test_subprocess ())
    {
      g_autofree char *socket = NULL;
      LifecycleScope *scope = lifecycle_scope_new ("scope");

      socket = lifecycle_inspect_get_socket ();
      g_assert_nonnull (socket);
      assert_answers ();
      lifecycle_scope_close (scope);
      g_object_unref (scope);
      return;
    }

  g_setenv ("LIFECYCLE_DEBUG", "inspect", TRUE);
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_unsetenv ("LIFECYCLE_DEBUG");
  g_test_trap_assert_passed ();

  dir = g_dir_open (directory, 0, NULL);
  if (dir != NULL)
    g_assert_null (g_dir_read_name (dir));
}

int
main (int   argc,
      char *argv[])
{
  init_directory ();
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/inspect-server/directory", test_directory);
  g_test_add_func ("/lifecycle/inspect-server/stale", test_stale);
  g_test_add_func ("/lifecycle/inspect-server/start-and-stop", test_start_and_stop);
  g_test_add_func ("/lifecycle/inspect-server/malformed", test_malformed);
  g_test_add_func ("/lifecycle/inspect-server/silent", test_silent);
  g_test_add_func ("/lifecycle/inspect-server/flood", test_flood);
  g_test_add_func ("/lifecycle/inspect-server/pipeline", test_pipeline);
  g_test_add_func ("/lifecycle/inspect-server/deaf", test_deaf);
  g_test_add_func ("/lifecycle/inspect-server/fork", test_fork);
  g_test_add_func ("/lifecycle/inspect-server/fork-while-asked", test_fork_while_asked);
  g_test_add_func ("/lifecycle/inspect-server/exit", test_exit);

  return run_and_remove_directory ();
}
