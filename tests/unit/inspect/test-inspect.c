/* test-inspect.c: looking into a running program from outside
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <lifecycle.h>

#include <gio/gunixconnection.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test-fork.h"
#include "test-util.h"

static char *directory;         /* of the sockets */

static void
changed_cb (TestEmitter *emitter,
            gpointer     data)
{
}

static void
start (LifecycleInspectFlags flags)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (lifecycle_inspect_start (flags, &error));
  g_assert_no_error (error);
}

static GDBusConnection *
connect_to (const char  *socket,
            GError     **error)
{
  g_autofree char *address = g_strdup_printf ("unix:path=%s", socket);

  return g_dbus_connection_new_for_address_sync (address,
                                                 G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT,
                                                 NULL, NULL, error);
}

static GDBusConnection *
connect_to_self (void)
{
  g_autofree char *socket = lifecycle_inspect_get_socket ();
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection = connect_to (socket, &error);

  g_assert_no_error (error);

  return connection;
}

static GVariant *
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
static GVariant *
call (GDBusConnection *connection,
      const char      *method,
      GVariant        *parameters)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) result = call_full (connection, method, parameters, &error);

  g_assert_no_error (error);

  return g_variant_get_child_value (result, 0);
}

static void
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

static const char *
get_string (GVariant   *dict,
            const char *key)
{
  const char *value = NULL;

  g_variant_lookup (dict, key, "&s", &value);

  return value;
}

/* Finds the dictionary in an array where `key` is `value`. */
static GVariant *
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

static void
test_scopes (void)
{
  LifecycleScope *app = lifecycle_scope_new ("app");
  LifecycleScope *service = lifecycle_scope_get_child (app, "service");
  LifecycleScope *other = lifecycle_scope_get_child (app, "other");
  LifecycleScope *namesake = lifecycle_scope_new_child (app, "service");
  TestEmitter *emitter = g_object_new (TEST_TYPE_EMITTER, NULL);
  g_autofree char *id = g_strdup_printf ("%p", service);
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GVariant) info = NULL, all = NULL, below = NULL, dict = NULL, records = NULL;
  g_autoptr (GVariant) live = NULL, statistics = NULL, sites = NULL, site = NULL, follows = NULL;
  const char *followed;
  guint32 n;

  lifecycle_scope_follow (other, service);
  lifecycle_scope_connect_signal (service, emitter, "plain", G_CALLBACK (changed_cb), NULL);
  for (guint i = 0; i < 3; i++)
    lifecycle_scope_add_timeout (service, 3600000, test_never_source_cb, NULL, NULL);

  start (LIFECYCLE_INSPECT_DEFAULT);
  connection = connect_to_self ();

  info = call (connection, "GetInfo", NULL);
  g_assert_true (g_variant_lookup (info, "scopes", "u", &n));
  g_assert_cmpuint (n, ==, 4);
  g_assert_true (g_variant_lookup (info, "entries", "u", &n));
  g_assert_cmpuint (n, ==, 7);

  all = call (connection, "ListScopes", g_variant_new ("(s)", ""));
  g_assert_cmpuint (g_variant_n_children (all), ==, 4);
  dict = find (all, "id", id);
  g_assert_cmpstr (get_string (dict, "path"), ==, "app/service");
  g_assert_cmpstr (get_string (dict, "state"), ==, "open");
  g_assert_true (g_str_has_suffix (get_string (dict, "place"), G_STRINGIFY (__LINE__)) == FALSE);
  live = g_variant_lookup_value (dict, "live", G_VARIANT_TYPE ("a{su}"));
  g_assert_true (g_variant_lookup (live, "timer", "u", &n));
  g_assert_cmpuint (n, ==, 3);
  g_clear_pointer (&dict, g_variant_unref);

  dict = find (all, "path", "app/other");
  follows = g_variant_lookup_value (dict, "follows", G_VARIANT_TYPE ("as"));
  g_variant_get_child (follows, 0, "&s", &followed);
  g_assert_cmpstr (followed, ==, id);

  below = call (connection, "ListScopes", g_variant_new ("(s)", id));
  g_assert_cmpuint (g_variant_n_children (below), ==, 1);
  assert_refused (connection, "ListScopes", g_variant_new ("(s)", "app/service"), "*more than one*");
  assert_refused (connection, "ListScopes", g_variant_new ("(s)", "app/none"), "*no scope app/none");

  records = call (connection, "ListRecords", g_variant_new_parsed ("(%s, {'kind': <'handler'>})", id));
  g_assert_cmpuint (g_variant_n_children (records), ==, 1);
  g_clear_pointer (&dict, g_variant_unref);
  dict = g_variant_get_child_value (records, 0);
  g_assert_cmpstr (get_string (dict, "signal"), ==, "plain");
  g_assert_cmpstr (get_string (dict, "type"), ==, "TestEmitter");
  g_assert_cmpstr (get_string (dict, "scope-id"), ==, id);
  g_assert_true (g_str_has_suffix (get_string (dict, "callback"), "changed_cb"));
  assert_refused (connection, "ListRecords", g_variant_new_parsed ("('', {'kind': <'cat'>})"),
                  "*no kind 'cat'*");

  sites = call (connection, "ListSites", g_variant_new ("(s)", id));
  site = g_variant_get_child_value (sites, 0);
  g_assert_cmpstr (get_string (site, "kind"), ==, "timer");
  g_assert_true (g_variant_lookup (site, "count", "u", &n));
  g_assert_cmpuint (n, ==, 3);

  statistics = call (connection, "GetStatistics", g_variant_new ("(s)", id));
  g_assert_true (g_variant_lookup (statistics, "entries", "u", &n));
  g_assert_cmpuint (n, ==, 4);

  /* Looking has left nothing behind. */
  g_assert_cmpuint (G_OBJECT (app)->ref_count, ==, 1);
  g_assert_cmpuint (G_OBJECT (service)->ref_count, ==, 1);

  lifecycle_inspect_stop ();
  g_object_unref (namesake);
  lifecycle_scope_close (app);
  g_assert_finalize_object (app);
  g_assert_finalize_object (emitter);
}

/* The main loop of this test does not run: only the thread of the inspection answers. */
static void
test_contexts (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GVariant) contexts = NULL, busy = NULL, dict = NULL, other = NULL;

  start (LIFECYCLE_INSPECT_DEFAULT);
  connection = connect_to_self ();

  contexts = call (connection, "CheckContexts", g_variant_new ("(u)", 20));
  g_assert_cmpuint (g_variant_n_children (contexts), ==, 1);
  dict = g_variant_get_child_value (contexts, 0);
  g_assert_cmpstr (get_string (dict, "state"), ==, "waits");

  /* Somebody runs it, and does not come back. */
  g_assert_true (g_main_context_acquire (NULL));
  busy = call (connection, "CheckContexts", g_variant_new ("(u)", 20));
  other = g_variant_get_child_value (busy, 0);
  g_assert_cmpstr (get_string (other, "state"), ==, "busy");
  g_main_context_release (NULL);

  /* The source that asked has been removed. */
  g_assert_null (g_main_context_find_source_by_user_data (NULL, NULL));

  lifecycle_inspect_stop ();
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
}

static void
answered_cb (GObject      *source,
             GAsyncResult *result,
             gpointer      data)
{
  GVariant **answer = data;
  g_autoptr (GError) error = NULL;

  *answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  g_assert_no_error (error);
}

static GVariant *
call_while_running (GDBusConnection *connection,
                    const char      *method,
                    GVariant        *parameters)
{
  g_autoptr (GVariant) answer = NULL;

  g_dbus_connection_call (connection, NULL, "/org/lifecycle/Inspect", "org.lifecycle.Inspect1",
                          method, parameters, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL,
                          answered_cb, &answer);
  test_iterate_until (answer != NULL);

  return g_variant_get_child_value (answer, 0);
}

static gpointer
abandon_thread (gpointer data)
{
  GMainContext *context = g_main_context_new ();
  LifecycleScope *scope;

  g_main_context_push_thread_default (context);
  scope = lifecycle_scope_new ("abandoned");
  lifecycle_scope_add_timeout (scope, 10, test_never_source_cb, NULL, NULL);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);

  return scope;
}

static void
test_stuck (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *abandoned = g_thread_join (g_thread_new ("abandon", abandon_thread, NULL));
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GVariant) stuck = NULL, dict = NULL;
  gboolean certain;

  /* Idle, but not stuck: the default context runs. */
  lifecycle_scope_add_timeout (scope, 3600000, test_never_source_cb, NULL, NULL);

  start (LIFECYCLE_INSPECT_DEFAULT);
  connection = connect_to_self ();
  stuck = call_while_running (connection, "ListStuck", g_variant_new ("(u)", 2000));
  g_assert_cmpuint (g_variant_n_children (stuck), ==, 1);
  dict = g_variant_get_child_value (stuck, 0);
  g_assert_cmpstr (get_string (dict, "cause"), ==, "abandoned-context");
  g_assert_cmpstr (get_string (dict, "scope"), ==, "abandoned");
  g_assert_true (g_variant_lookup (dict, "certain", "b", &certain));
  g_assert_true (certain);

  lifecycle_inspect_stop ();
  lifecycle_scope_close (abandoned);
  g_object_unref (abandoned);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
}

static void
test_explain (void)
{
  LifecycleScope *app = lifecycle_scope_new ("app");
  LifecycleScope *window = lifecycle_scope_get_child (app, "window");
  LifecycleScope *cache = lifecycle_scope_get_child (app, "cache");
  TestEmitter *object = g_object_new (TEST_TYPE_EMITTER, NULL);
  TestEmitter *emitter = g_object_new (TEST_TYPE_EMITTER, NULL);
  g_autofree char *address = g_strdup_printf ("%p", object);
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GVariant) chains = NULL, by_type = NULL, of_scope = NULL;
  gboolean has_leak = FALSE, has_hold = FALSE, has_closure = FALSE;

  lifecycle_set_leak_grace (0);
  lifecycle_scope_expect_finalize (window, G_OBJECT (object), "the window is closed");
  lifecycle_scope_add_object (cache, G_OBJECT (object));
  lifecycle_scope_connect_signal (cache, emitter, "plain", G_CALLBACK (changed_cb), object);
  lifecycle_scope_close (window);
  g_usleep (2000);

  start (LIFECYCLE_INSPECT_DEFAULT);
  connection = connect_to_self ();
  chains = call (connection, "Explain", g_variant_new ("(s)", address));
  for (gsize i = 0; i < g_variant_n_children (chains); i++)
    {
      g_autoptr (GVariant) chain = g_variant_get_child_value (chains, i);
      g_autoptr (GVariant) first = g_variant_get_child_value (chain, 0);
      g_autoptr (GVariant) second = g_variant_get_child_value (chain, 1);
      const char *link = get_string (second, "link");

      g_assert_cmpstr (get_string (first, "link"), ==, "object");
      g_assert_cmpstr (get_string (first, "address"), ==, address);
      if (g_strcmp0 (link, "leak") == 0)
        {
          has_leak = TRUE;
        }
      else if (g_strcmp0 (link, "closure") == 0)
        {
          /* The object <- the closure <- the emitter <- the scope <- its parent. */
          g_autoptr (GVariant) third = g_variant_get_child_value (chain, 2);
          g_autoptr (GVariant) fourth = g_variant_get_child_value (chain, 3);
          g_autoptr (GVariant) fifth = g_variant_get_child_value (chain, 4);

          has_closure = TRUE;
          g_assert_cmpstr (get_string (third, "link"), ==, "emitter");
          g_assert_cmpstr (get_string (third, "text"), ==, "TestEmitter::plain");
          g_assert_cmpstr (get_string (fourth, "path"), ==, "app/cache");
          g_assert_cmpstr (get_string (fifth, "path"), ==, "app");
        }
      else if (g_strcmp0 (get_string (second, "text"), "held by a scope") == 0)
        {
          has_hold = TRUE;
        }
    }
  g_assert_true (has_leak);
  g_assert_true (has_hold);
  g_assert_true (has_closure);

  by_type = call (connection, "Explain", g_variant_new ("(s)", "TestEmitter"));
  g_assert_cmpuint (g_variant_n_children (by_type), >, g_variant_n_children (chains));
  of_scope = call (connection, "Explain", g_variant_new ("(s)", "app/cache"));
  g_assert_cmpuint (g_variant_n_children (of_scope), ==, 1);
  assert_refused (connection, "Explain", g_variant_new ("(s)", "0x1"), "*has to do with 0x1");
  assert_refused (connection, "Explain", g_variant_new ("(s)", ""), "*nothing");
  assert_refused (connection, "Explain", g_variant_new ("(s)", "cat"), "*no scope cat*");

  lifecycle_inspect_stop ();
  g_object_unref (object);
  lifecycle_scope_close (app);
  g_assert_finalize_object (app);
  g_assert_finalize_object (emitter);
  lifecycle_clear_leaks ();
  lifecycle_set_leak_grace (2000);
}

static void
test_history (void)
{
  LifecycleScope *app = lifecycle_scope_new ("app");
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GVariant) history = NULL, closed = NULL, last = NULL, snapshot = NULL, records = NULL;
  gint64 opened, ended;

  start (LIFECYCLE_INSPECT_DEFAULT);
  for (guint i = 0; i < 2100; i++)
    {
      LifecycleScope *child = lifecycle_scope_new_child (app, "child");

      lifecycle_scope_close_with_reason (child, LIFECYCLE_REASON_ABORTED, i == 2099 ? "why" : NULL);
      g_object_unref (child);
    }

  connection = connect_to_self ();
  history = call (connection, "GetHistory", NULL);
  closed = g_variant_lookup_value (history, "closed", G_VARIANT_TYPE ("aa{sv}"));
  g_assert_cmpuint (g_variant_n_children (closed), ==, 2000);
  last = g_variant_get_child_value (closed, 1999);
  g_assert_cmpstr (get_string (last, "path"), ==, "app/child");
  g_assert_cmpstr (get_string (last, "reason"), ==, "aborted");
  g_assert_cmpstr (get_string (last, "detail"), ==, "why");
  g_assert_true (g_variant_lookup (last, "opened", "x", &opened));
  g_assert_true (g_variant_lookup (last, "closed", "x", &ended));
  g_assert_cmpint (opened, <=, ended);

  snapshot = call_while_running (connection, "TakeSnapshot",
                                 g_variant_new_parsed ("({'records': <uint32 10>},)"));
  records = g_variant_lookup_value (snapshot, "records", G_VARIANT_TYPE ("aa{sv}"));
  g_assert_nonnull (records);

  lifecycle_inspect_stop ();
  lifecycle_scope_close (app);
  g_assert_finalize_object (app);
}

static void
test_trace (void)
{
  LifecycleScope *app = lifecycle_scope_new ("app");
  LifecycleScope *child;
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GVariant) result = NULL, events = NULL, none = NULL, lost_events = NULL;
  g_autoptr (GVariant) opened = NULL, added = NULL, closed = NULL;
  g_autoptr (GError) error = NULL;
  guint64 lost;

  start (LIFECYCLE_INSPECT_DEFAULT);
  connection = connect_to_self ();
  assert_refused (connection, "ReadTrace", g_variant_new ("(u)", 0), "*StartTrace*");
  assert_refused (connection, "StartTrace", g_variant_new_parsed ("({'kinds': <['cat']>},)"),
                  "*no kind cat*");

  g_variant_unref (call_full (connection, "StartTrace",
                              g_variant_new_parsed ("({'kinds': <['timer']>},)"), NULL));
  none = call (connection, "ReadTrace", g_variant_new ("(u)", 10));
  g_assert_cmpuint (g_variant_n_children (none), ==, 0);

  child = lifecycle_scope_new_child (app, "child");
  lifecycle_scope_add_timeout (child, 3600000, test_never_source_cb, NULL, NULL);
  lifecycle_scope_adopt (child, g_malloc (1), g_free);
  lifecycle_scope_close (child);
  g_object_unref (child);

  result = call_full (connection, "ReadTrace", g_variant_new ("(u)", 10000), &error);
  g_assert_no_error (error);
  g_variant_get (result, "(@aa{sv}t)", &events, &lost);
  g_assert_cmpuint (lost, ==, 0);
  g_assert_cmpuint (g_variant_n_children (events), ==, 4);
  opened = find (events, "event", "opened");
  g_assert_cmpstr (get_string (opened, "scope"), ==, "app/child");
  added = find (events, "event", "added");
  g_assert_cmpstr (get_string (added, "kind"), ==, "timer");
  closed = find (events, "event", "closed");
  g_assert_cmpstr (get_string (closed, "reason"), ==, "completed");

  /* A client that does not read costs a bounded amount, and is told so. */
  for (guint i = 0; i < 9000; i++)
    lifecycle_timer_cancel (lifecycle_scope_add_timeout (app, 3600000, test_never_source_cb, NULL,
                                                         NULL));
  g_clear_pointer (&result, g_variant_unref);
  result = call_full (connection, "ReadTrace", g_variant_new ("(u)", 0), &error);
  g_assert_no_error (error);
  g_variant_get (result, "(@aa{sv}t)", &lost_events, &lost);
  g_assert_cmpuint (lost, ==, 2 * 9000 - 8192);

  g_variant_unref (call_full (connection, "StopTrace", NULL, NULL));
  assert_refused (connection, "ReadTrace", g_variant_new ("(u)", 0), "*StartTrace*");

  lifecycle_inspect_stop ();
  lifecycle_scope_close (app);
  g_assert_finalize_object (app);
}

static void
test_close (void)
{
  LifecycleScope *app = lifecycle_scope_new ("app");
  LifecycleScope *child = lifecycle_scope_new_child (app, "child");
  LifecycleScope *hung = lifecycle_scope_new_child (app, "hung");
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GVariant) closed = NULL, not_yet = NULL;

  start (LIFECYCLE_INSPECT_DEFAULT);
  connection = connect_to_self ();
  assert_refused (connection, "Close", g_variant_new ("(sssu)", "app/child", "", "", 0),
                  "*does not allow it*");
  g_assert_cmpint (lifecycle_scope_get_state (child), ==, LIFECYCLE_STATE_OPEN);

  start (LIFECYCLE_INSPECT_ALLOW_CLOSE);
  assert_refused (connection, "Close", g_variant_new ("(sssu)", "app/child", "cat", "", 0),
                  "*no reason 'cat'*");
  assert_refused (connection, "Close", g_variant_new ("(sssu)", "app/child", "none", "", 0),
                  "*not a reason*");
  assert_refused (connection, "Close", g_variant_new ("(sssu)", "", "", "", 0), "*Name a scope*");

  closed = call_while_running (connection, "Close",
                               g_variant_new ("(sssu)", "app/child", "aborted", "by hand", 10000));
  g_assert_true (g_variant_get_boolean (closed));
  g_assert_true (lifecycle_scope_is_closed (child));
  g_assert_cmpint (lifecycle_scope_get_reason (child), ==, LIFECYCLE_REASON_ABORTED);
  g_assert_cmpstr (lifecycle_scope_get_reason_detail (child), ==, "by hand");

  /* The main loop hangs: the answer says so, and the scope closes when the loop comes back. */
  not_yet = call (connection, "Close", g_variant_new ("(sssu)", "app/hung", "", "", 20));
  g_assert_false (g_variant_get_boolean (not_yet));
  g_assert_cmpint (lifecycle_scope_get_state (hung), ==, LIFECYCLE_STATE_CLOSING);
  test_iterate_until (lifecycle_scope_is_closed (hung));

  lifecycle_inspect_stop ();
  g_assert_finalize_object (child);
  g_assert_finalize_object (hung);
  lifecycle_scope_close (app);
  g_assert_finalize_object (app);
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

/* The GetInfo() of somebody who means no harm. */
static void
assert_answers (void)
{
  g_autoptr (GDBusConnection) connection = NULL;
  g_autofree char *socket = lifecycle_inspect_get_socket ();

  /* There may be as many clients as are allowed at the moment. */
  test_wait_for ((connection = connect_to (socket, NULL)) != NULL);
  g_variant_unref (call (connection, "GetInfo", NULL));
  g_dbus_connection_close_sync (connection, NULL, NULL);
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
  const guint n_calls = 20000;
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

static gint working;            /* atomic */

/* Opens and closes scopes of all shapes, in a context of its own. */
static gpointer
work_thread (gpointer data)
{
  GMainContext *context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  while (g_atomic_int_get (&working))
    {
      LifecycleScope *root = lifecycle_scope_new ("busy");
      TestEmitter *emitter = g_object_new (TEST_TYPE_EMITTER, NULL);
      LifecycleScope *child = lifecycle_scope_get_child (root, "child");
      LifecycleScope *follower = lifecycle_scope_new ("follower");
      LifecycleOperation *operation = lifecycle_scope_begin (child, "work");

      lifecycle_scope_follow (follower, child);
      lifecycle_scope_add_object (child, G_OBJECT (emitter));
      for (guint i = 0; i < 20; i++)
        {
          lifecycle_scope_connect_signal (child, emitter, "plain", G_CALLBACK (changed_cb), emitter);
          lifecycle_scope_add_timeout (root, 3600000, test_never_source_cb, emitter, NULL);
          lifecycle_scope_add_idle (follower, test_never_source_cb, NULL, NULL);
          g_object_unref (lifecycle_scope_new_child (child, "grandchild"));
        }
      g_object_unref (emitter);
      lifecycle_scope_close (lifecycle_scope_of (G_OBJECT (emitter)));
      lifecycle_operation_end (operation);
      g_object_unref (lifecycle_scope_move (child));
      lifecycle_scope_close (root);
      g_object_unref (root);
      g_object_unref (follower);
      while (g_main_context_iteration (context, FALSE))
        ;
    }
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);

  return NULL;
}

/* Everything is looked at while other threads open and close scopes. */
static void
test_concurrent (void)
{
  GThread *threads[2];
  g_autoptr (GDBusConnection) connection = NULL;
  guint n_rounds = g_getenv ("LIFECYCLE_TEST_SLOW") != NULL ? 3 : 10;

  start (LIFECYCLE_INSPECT_DEFAULT);
  connection = connect_to_self ();
  g_atomic_int_set (&working, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("work", work_thread, NULL);

  g_variant_unref (call_full (connection, "StartTrace", g_variant_new_parsed ("(@a{sv} {},)"), NULL));
  for (guint i = 0; i < n_rounds; i++)
    {
      g_autoptr (GVariant) explained = NULL;

      g_variant_unref (call (connection, "ListScopes", g_variant_new ("(s)", "")));
      g_variant_unref (call (connection, "ListRecords", g_variant_new_parsed ("('', @a{sv} {})")));
      g_variant_unref (call (connection, "ListStuck", g_variant_new ("(u)", 1)));
      g_variant_unref (call (connection, "TakeSnapshot", g_variant_new_parsed ("(@a{sv} {},)")));
      g_variant_unref (call (connection, "ReadTrace", g_variant_new ("(u)", 0)));
      /* There need not be one at this moment. */
      explained = call_full (connection, "Explain", g_variant_new ("(s)", "TestEmitter"), NULL);
      g_clear_pointer (&explained, g_variant_unref);
      explained = call_full (connection, "GetStatistics", g_variant_new ("(s)", "busy/child"), NULL);
    }

  g_atomic_int_set (&working, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  lifecycle_inspect_stop ();
}

static void
test_wrong_calls (void)
{
  g_autoptr (GDBusConnection) connection = NULL;

  start (LIFECYCLE_INSPECT_DEFAULT);
  connection = connect_to_self ();
  assert_refused (connection, "Nonsense", NULL, "*Nonsense*");
  assert_refused (connection, "ListScopes", g_variant_new ("(u)", 1), "*");
  assert_refused (connection, "GetStatistics", g_variant_new ("(s)", "none"), "*no scope none*");
  assert_refused (connection, "ListAlive", g_variant_new ("(s)", "cat"), "*not the id*");
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
  g_autofree char *runtime = NULL;
  int status;

  /* Not the directory of who runs the tests. GLib reads the variable once. */
  if (g_getenv ("LIFECYCLE_TEST_RUNTIME") != NULL)
    {
      runtime = g_strdup (g_getenv ("LIFECYCLE_TEST_RUNTIME"));
    }
  else
    {
      runtime = g_dir_make_tmp ("lifecycle-XXXXXX", NULL);
      g_setenv ("LIFECYCLE_TEST_RUNTIME", runtime, TRUE);
    }
  g_setenv ("XDG_RUNTIME_DIR", runtime, TRUE);
  directory = g_build_filename (runtime, "lifecycle", NULL);

  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/inspect/directory", test_directory);
  g_test_add_func ("/lifecycle/inspect/stale", test_stale);
  g_test_add_func ("/lifecycle/inspect/start-and-stop", test_start_and_stop);
  g_test_add_func ("/lifecycle/inspect/scopes", test_scopes);
  g_test_add_func ("/lifecycle/inspect/contexts", test_contexts);
  g_test_add_func ("/lifecycle/inspect/stuck", test_stuck);
  g_test_add_func ("/lifecycle/inspect/explain", test_explain);
  g_test_add_func ("/lifecycle/inspect/history", test_history);
  g_test_add_func ("/lifecycle/inspect/trace", test_trace);
  g_test_add_func ("/lifecycle/inspect/close", test_close);
  g_test_add_func ("/lifecycle/inspect/malformed", test_malformed);
  g_test_add_func ("/lifecycle/inspect/silent", test_silent);
  g_test_add_func ("/lifecycle/inspect/flood", test_flood);
  g_test_add_func ("/lifecycle/inspect/pipeline", test_pipeline);
  g_test_add_func ("/lifecycle/inspect/deaf", test_deaf);
  g_test_add_func ("/lifecycle/inspect/concurrent", test_concurrent);
  g_test_add_func ("/lifecycle/inspect/wrong-calls", test_wrong_calls);
  g_test_add_func ("/lifecycle/inspect/fork", test_fork);
  g_test_add_func ("/lifecycle/inspect/exit", test_exit);

  status = g_test_run ();

  if (!g_test_subprocess ())
    {
      g_rmdir (directory);
      g_rmdir (runtime);
    }
  g_free (directory);

  return status;
}
