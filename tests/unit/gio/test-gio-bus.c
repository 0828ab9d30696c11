/* test-gio-bus.c: names and signals on a private message bus
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-gio-bus-util.h"

/* Logs the word in the case of an owner, and "-word" in the case of none. */
static void
log_name_cb (GDBusConnection *connection,
             const char      *name,
             const char      *owner,
             gpointer         word)
{
  g_assert_cmpstr (name, ==, TEST_NAME);
  if (owner != NULL)
    g_assert_true (G_IS_DBUS_CONNECTION (connection));
  test_log (owner != NULL ? "%s" : "-%s", (const char *) word);
}

static void
own (LifecycleScope     *scope,
     GDBusConnection    *connection,
     GBusNameOwnerFlags  flags,
     const char         *word)
{
  g_autoptr (GError) error = NULL;
  gboolean owns;

  owns = lifecycle_scope_own_bus_name (scope, connection, TEST_NAME, flags, log_name_cb,
                                       (gpointer) word, test_log_notify, &error);
  g_assert_no_error (error);
  g_assert_true (owns);
}

static void
own_silently (LifecycleScope  *scope,
              GDBusConnection *connection)
{
  g_assert_true (lifecycle_scope_own_bus_name (scope, connection, TEST_NAME, 0, NULL, NULL, NULL,
                                               NULL));
}

static void
watch (LifecycleScope  *scope,
       GDBusConnection *connection,
       const char      *word)
{
  g_autoptr (GError) error = NULL;
  gboolean watches;

  watches = lifecycle_scope_watch_bus_name (scope, connection, TEST_NAME,
                                            G_BUS_NAME_WATCHER_FLAGS_NONE, log_name_cb,
                                            (gpointer) word, test_log_notify, &error);
  g_assert_no_error (error);
  g_assert_true (watches);
}

static void
test_own (Fixture       *fixture,
          gconstpointer  data)
{
  own (fixture->scope, fixture->service, 0, "name");
  g_assert_cmpuint (n_entries (fixture), ==, 1);
  test_assert_log ("");
  settle (fixture);
  test_assert_log ("name");
  g_assert_true (has_owner (fixture->client, TEST_NAME));

  g_assert_cmpuint (lifecycle_scope_close (fixture->scope), ==, 1);
  test_assert_log ("~name");
  g_assert_false (has_owner (fixture->service, TEST_NAME));
  settle (fixture);
  test_assert_log ("");
}

/* The answer of the bus is on its way, or has come and waits. */
static void
test_own_early (Fixture       *fixture,
                gconstpointer  data)
{
  own (fixture->scope, fixture->service, 0, "name");
  if (GPOINTER_TO_INT (data))
    g_assert_true (has_owner (fixture->service, TEST_NAME));
  lifecycle_scope_close (fixture->scope);
  test_assert_log ("~name");
  g_assert_false (has_owner (fixture->service, TEST_NAME));
  settle (fixture);
  test_assert_log ("");
}

static void
test_own_taken (Fixture       *fixture,
                gconstpointer  data)
{
  LifecycleScope *other = lifecycle_scope_new ("other");

  own (fixture->scope, fixture->service, 0, "one");
  settle (fixture);
  test_assert_log ("one");

  /* It is told once, and that was it. */
  own (other, fixture->client, G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE, "other");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (other), ==, 1);
  settle (fixture);
  test_assert_log ("-other ~other");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (other), ==, 0);

  /* The same connection has it already, and keeps it. */
  own (other, fixture->service, G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE, "other");
  settle (fixture);
  test_assert_log ("-other ~other");
  g_assert_true (has_owner (fixture->client, TEST_NAME));

  /* Nobody warns when the name that was not got is given back. */
  own (other, fixture->client, G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE, "other");
  g_assert_cmpuint (lifecycle_scope_close (other), ==, 1);
  settle (fixture);
  test_assert_log ("~other");
  g_assert_true (has_owner (fixture->client, TEST_NAME));
  g_assert_finalize_object (other);
  lifecycle_scope_close (fixture->scope);
  test_assert_log ("~one");
}

static void
test_own_queue (Fixture       *fixture,
                gconstpointer  data)
{
  LifecycleScope *other = lifecycle_scope_new ("other");

  own (fixture->scope, fixture->service, G_BUS_NAME_OWNER_FLAGS_ALLOW_REPLACEMENT, "one");
  settle (fixture);
  own (other, fixture->client, 0, "other");
  settle (fixture);
  test_assert_log ("one -other");
  lifecycle_scope_clear (fixture->scope);
  test_assert_log ("~one");
  settle (fixture);
  test_assert_log ("other");

  /* And the other way round, by force. */
  lifecycle_scope_clear (other);
  own (fixture->scope, fixture->service, G_BUS_NAME_OWNER_FLAGS_ALLOW_REPLACEMENT, "one");
  settle (fixture);
  test_assert_log ("~other one");
  own (other, fixture->client, G_BUS_NAME_OWNER_FLAGS_REPLACE, "other");
  has_owner (fixture->client, TEST_NAME);
  settle (fixture);
  g_assert_cmpuint (n_entries (fixture), ==, 1);
  lifecycle_scope_close (other);
  settle (fixture);
  g_assert_finalize_object (other);
  lifecycle_scope_close (fixture->scope);
  g_string_free (g_steal_pointer (&test_log_buffer), TRUE);
}

/* What the bus says about an earlier claim does not count. */
static void
test_own_again (Fixture       *fixture,
                gconstpointer  data)
{
  own (fixture->scope, fixture->service, 0, "one");
  settle (fixture);
  test_assert_log ("one");
  for (guint i = 0; i < 5; i++)
    {
      lifecycle_scope_clear (fixture->scope);
      own (fixture->scope, fixture->service, 0, "again");
      test_assert_log (i == 0 ? "~one" : "~again");
      settle (fixture);
      test_assert_log ("again");
    }
  lifecycle_scope_close (fixture->scope);
  test_assert_log ("~again");
}

static void
test_own_disconnected (Fixture       *fixture,
                       gconstpointer  data)
{
  own (fixture->scope, fixture->service, 0, "name");
  settle (fixture);
  test_assert_log ("name");
  close_connection (fixture->service);
  settle (fixture);
  test_assert_log ("-name ~name");
  g_assert_cmpuint (n_entries (fixture), ==, 0);

  /* And while nobody knows of it. */
  disconnect_from_bus (&fixture->service);
  fixture->service = connect_to_bus ();
  own (fixture->scope, fixture->service, 0, "name");
  settle (fixture);
  g_dbus_connection_close_sync (fixture->service, NULL, NULL);
  g_assert_cmpuint (lifecycle_scope_close (fixture->scope), ==, 1);
  test_assert_log ("name ~name");
}

static void
test_own_closes (Fixture       *fixture,
                 gconstpointer  data)
{
  g_assert_true (lifecycle_scope_own_bus_name (fixture->scope, fixture->service, TEST_NAME, 0,
                                               close_scope_cb, fixture->scope, log_gone, NULL));
  settle (fixture);
  test_assert_log ("begin end ~");
  g_assert_false (has_owner (fixture->client, TEST_NAME));
}

static void
test_own_silently (Fixture       *fixture,
                   gconstpointer  data)
{
  own_silently (fixture->scope, fixture->service);
  settle (fixture);
  g_assert_true (has_owner (fixture->client, TEST_NAME));
  lifecycle_scope_close (fixture->scope);
  g_assert_false (has_owner (fixture->service, TEST_NAME));
}

static void
test_watch (Fixture       *fixture,
            gconstpointer  data)
{
  LifecycleScope *service = lifecycle_scope_new ("service");

  watch (fixture->scope, fixture->client, "name");
  g_assert_cmpuint (n_entries (fixture), ==, 1);
  settle (fixture);
  test_assert_log ("-name");
  own_silently (service, fixture->service);
  settle (fixture);
  test_assert_log ("name");
  lifecycle_scope_clear (service);
  settle (fixture);
  test_assert_log ("-name");

  /* Known here, but not told yet. */
  own_silently (service, fixture->service);
  g_assert_true (has_owner (fixture->service, TEST_NAME));
  has_owner (fixture->client, TEST_NAME);
  g_assert_cmpuint (lifecycle_scope_close (fixture->scope), ==, 1);
  settle (fixture);
  test_assert_log ("~name");
  lifecycle_scope_close (service);
  g_assert_finalize_object (service);
}

static void
test_watch_disconnected (Fixture       *fixture,
                         gconstpointer  data)
{
  own_silently (fixture->scope, fixture->client);
  settle (fixture);
  watch (fixture->scope, fixture->service, "name");
  settle (fixture);
  test_assert_log ("name");
  close_connection (fixture->service);
  settle (fixture);
  test_assert_log ("-name ~name");
  g_assert_cmpuint (n_entries (fixture), ==, 1);
}

static void
test_watch_closes (Fixture       *fixture,
                   gconstpointer  data)
{
  g_assert_true (lifecycle_scope_watch_bus_name (fixture->scope, fixture->service, TEST_NAME, 0,
                                                 close_scope_cb, fixture->scope, log_gone, NULL));
  settle (fixture);
  test_assert_log ("begin end ~");
}

static void
log_signal_cb (GDBusConnection *connection,
               const char      *sender,
               const char      *path,
               const char      *interface_name,
               const char      *member,
               GVariant        *parameters,
               gpointer         word)
{
  const char *argument;

  g_assert_cmpstr (path, ==, TEST_PATH);
  g_assert_cmpstr (member, ==, "Pong");
  g_variant_get (parameters, "(&s)", &argument);
  test_log ("%s:%s", (const char *) word, argument);
}

static void
emit_pong (GDBusConnection *connection,
           const char      *argument)
{
  g_assert_true (g_dbus_connection_emit_signal (connection, NULL, TEST_PATH, TEST_INTERFACE, "Pong",
                                                g_variant_new ("(s)", argument), NULL));
}

static void
subscribe (LifecycleScope  *scope,
           GDBusConnection *connection,
           const char      *word)
{
  g_autoptr (GError) error = NULL;
  gboolean subscribed;

  subscribed = lifecycle_scope_subscribe_bus_signal (scope, connection, NULL, TEST_INTERFACE,
                                                     "Pong", NULL, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
                                                     log_signal_cb, (gpointer) word,
                                                     test_log_notify, &error);
  g_assert_no_error (error);
  g_assert_true (subscribed);
}

static void
test_subscribe (Fixture       *fixture,
                gconstpointer  data)
{
  subscribe (fixture->scope, fixture->client, "a");
  subscribe (fixture->scope, fixture->client, "b");
  g_assert_cmpuint (n_entries (fixture), ==, 2);
  settle (fixture);
  emit_pong (fixture->service, "1");
  settle (fixture);
  test_assert_log ("a:1 b:1");

  /* A signal that has arrived is not delivered any more. */
  emit_pong (fixture->service, "2");
  has_owner (fixture->service, TEST_NAME);
  has_owner (fixture->client, TEST_NAME);
  g_assert_cmpuint (lifecycle_scope_close (fixture->scope), ==, 2);
  test_assert_log ("~b ~a");
  settle (fixture);
  test_assert_log ("");
}

static void
iterate_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          data,
                 GError          **error)
{
  Fixture *fixture = data;

  emit_pong (fixture->service, "late");
  settle (fixture);
  test_log ("cleanup");
}

/* Whatever a cleanup does, it is quiet. */
static void
test_subscribe_quiet (Fixture       *fixture,
                      gconstpointer  data)
{
  subscribe (fixture->scope, fixture->client, "a");
  watch (fixture->scope, fixture->client, "watch");
  own (fixture->scope, fixture->service, 0, "own");
  lifecycle_scope_defer (fixture->scope, iterate_cleanup, fixture, NULL);
  g_assert_cmpuint (lifecycle_scope_close (fixture->scope), ==, 4);
  test_assert_log ("cleanup ~own ~watch ~a");
}

static void
test_subscribe_disconnected (Fixture       *fixture,
                             gconstpointer  data)
{
  subscribe (fixture->scope, fixture->service, "a");
  g_dbus_connection_close_sync (fixture->service, NULL, NULL);
  g_assert_cmpuint (n_entries (fixture), ==, 1);
  test_run_until (has_no_entries, fixture);
  test_assert_log ("~a");
  g_assert_cmpuint (n_entries (fixture), ==, 0);
}

/* The scope has no reference on the connection. */
static void
test_subscribe_connection_dies (Fixture       *fixture,
                                gconstpointer  data)
{
  GDBusConnection *connection = connect_to_bus ();

  subscribe (fixture->scope, connection, "a");
  subscribe (fixture->scope, fixture->client, "b");
  assert_finalized_soon (connection);
  test_assert_log ("~a");
  g_assert_cmpuint (n_entries (fixture), ==, 1);
  lifecycle_scope_close (fixture->scope);
  test_assert_log ("~b");
}

static void
closing_signal_cb (GDBusConnection *connection,
                   const char      *sender,
                   const char      *path,
                   const char      *interface_name,
                   const char      *member,
                   GVariant        *parameters,
                   gpointer         scope)
{
  close_scope_cb (connection, NULL, NULL, scope);
}

static void
test_subscribe_closes (Fixture       *fixture,
                       gconstpointer  data)
{
  g_assert_true (lifecycle_scope_subscribe_bus_signal (fixture->scope, fixture->client, NULL, NULL,
                                                       NULL, TEST_PATH, NULL, 0, closing_signal_cb,
                                                       fixture->scope, log_gone, NULL));
  settle (fixture);
  emit_pong (fixture->service, "1");
  emit_pong (fixture->service, "2");
  settle (fixture);
  test_assert_log ("begin end ~");
}

/* A scope at home on another thread: callbacks come there, wherever the connection was made. */

typedef struct
{
  Fixture        *fixture;
  LifecycleScope *scope;
  GThread        *thread;
  gint            n_names;
  gint            n_lost;
  gint            n_destroyed;
} Elsewhere;

static void
elsewhere_name_cb (GDBusConnection *connection,
                   const char      *name,
                   const char      *owner,
                   gpointer         data)
{
  Elsewhere *elsewhere = data;

  g_assert_true (g_thread_self () == elsewhere->thread);
  g_atomic_int_inc (owner != NULL ? &elsewhere->n_names : &elsewhere->n_lost);
}

static void
elsewhere_destroy (gpointer data)
{
  Elsewhere *elsewhere = data;

  g_assert_true (g_thread_self () == elsewhere->thread);
  g_atomic_int_inc (&elsewhere->n_destroyed);
}

static void
elsewhere_begin (gpointer data)
{
  Elsewhere *elsewhere = data;

  elsewhere->thread = g_thread_self ();
  elsewhere->scope = lifecycle_scope_new ("elsewhere");
  g_assert_true (lifecycle_scope_own_bus_name (elsewhere->scope, elsewhere->fixture->service,
                                               TEST_NAME, 0, elsewhere_name_cb, elsewhere,
                                               elsewhere_destroy, NULL));
  g_assert_true (lifecycle_scope_watch_bus_name (elsewhere->scope, elsewhere->fixture->service,
                                                 TEST_NAME, 0, elsewhere_name_cb, elsewhere,
                                                 elsewhere_destroy, NULL));
}

static gboolean
elsewhere_has_names (gpointer data)
{
  return g_atomic_int_get (&((Elsewhere *) data)->n_names) == 2;
}

static gboolean
elsewhere_is_destroyed (gpointer data)
{
  return g_atomic_int_get (&((Elsewhere *) data)->n_destroyed) == 2;
}

static void
test_thread (Fixture       *fixture,
             gconstpointer  data)
{
  TestWorker *worker = test_worker_new ();
  Elsewhere elsewhere = { .fixture = fixture };

  test_worker_call (worker, elsewhere_begin, &elsewhere);
  test_run_until (elsewhere_has_names, &elsewhere);
  if (GPOINTER_TO_INT (data))
    {
      /* Announced by this thread, and dealt with by the other one. */
      g_dbus_connection_close_sync (fixture->service, NULL, NULL);
      test_run_until (elsewhere_is_destroyed, &elsewhere);
      g_assert_cmpint (g_atomic_int_get (&elsewhere.n_lost), >=, 2);
      g_assert_cmpuint (lifecycle_scope_get_n_entries (elsewhere.scope), ==, 0);
    }
  lifecycle_scope_close (elsewhere.scope);
  test_run_until (elsewhere_is_destroyed, &elsewhere);
  test_worker_free (worker);
  g_assert_finalize_object (elsewhere.scope);
}

static void
add_cases (void)
{
  BUS_ADD ("own", test_own, 0);
  BUS_ADD ("own-early", test_own_early, FALSE);
  BUS_ADD ("own-early-answered", test_own_early, TRUE);
  BUS_ADD ("own-taken", test_own_taken, 0);
  BUS_ADD ("own-queue", test_own_queue, 0);
  BUS_ADD ("own-again", test_own_again, 0);
  BUS_ADD ("own-disconnected", test_own_disconnected, 0);
  BUS_ADD ("own-closes", test_own_closes, 0);
  BUS_ADD ("own-silently", test_own_silently, 0);
  BUS_ADD ("watch", test_watch, 0);
  BUS_ADD ("watch-disconnected", test_watch_disconnected, 0);
  BUS_ADD ("watch-closes", test_watch_closes, 0);
  BUS_ADD ("subscribe", test_subscribe, 0);
  BUS_ADD ("subscribe-quiet", test_subscribe_quiet, 0);
  BUS_ADD ("subscribe-disconnected", test_subscribe_disconnected, 0);
  BUS_ADD ("subscribe-connection-dies", test_subscribe_connection_dies, 0);
  BUS_ADD ("subscribe-closes", test_subscribe_closes, 0);
  BUS_ADD ("thread", test_thread, FALSE);
  BUS_ADD ("thread-disconnected", test_thread, TRUE);
}

int
main (int   argc,
      char *argv[])
{
  return bus_main (argc, argv, add_cases);
}
