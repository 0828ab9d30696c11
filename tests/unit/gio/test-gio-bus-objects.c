/* test-gio-bus-objects.c: objects, actions and menus on a private message bus
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-gio-bus-util.h"

static char *
call_ping (Fixture *fixture)
{
  Call call;
  char *result = NULL;

  call_start (fixture, &call, TEST_INTERFACE, "Ping", g_variant_new ("(s)", "hello"));
  test_run_until (call_is_done, &call);
  if (call.reply != NULL)
    g_variant_get (call.reply, "(s)", &result);
  else
    g_assert_error (call.error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD);
  call_clear (&call);

  return result;
}

static void
object_call_cb (GDBusConnection       *connection,
                const char            *sender,
                const char            *path,
                const char            *interface_name,
                const char            *method,
                GVariant              *parameters,
                GDBusMethodInvocation *invocation,
                gpointer               word)
{
  g_assert_cmpstr (method, ==, "Ping");
  test_log ("%s", (const char *) word);
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(s)", word));
}

static GVariant *
object_get_cb (GDBusConnection  *connection,
               const char       *sender,
               const char       *path,
               const char       *interface_name,
               const char       *property,
               GError          **error,
               gpointer          word)
{
  return g_variant_new_string (word);
}

static gboolean
object_set_cb (GDBusConnection  *connection,
               const char       *sender,
               const char       *path,
               const char       *interface_name,
               const char       *property,
               GVariant         *value,
               GError          **error,
               gpointer          word)
{
  test_log ("%s=%s", (const char *) word, g_variant_get_string (value, NULL));
  return TRUE;
}

static const GDBusInterfaceVTable object_vtable = { object_call_cb, object_get_cb, object_set_cb, { NULL } };

static void
export_object (Fixture    *fixture,
               const char *word)
{
  g_autoptr (GError) error = NULL;
  gboolean exported;

  exported = lifecycle_scope_export_bus_object (fixture->scope, fixture->service, TEST_PATH,
                                                test_node->interfaces[0], &object_vtable,
                                                (gpointer) word, test_log_notify, &error);
  g_assert_no_error (error);
  g_assert_true (exported);
}

static void
check_property (Fixture    *fixture,
                const char *expected)
{
  g_autoptr (GVariant) value = NULL;
  Call call;

  call_start (fixture, &call, "org.freedesktop.DBus.Properties", "Set",
              g_variant_new ("(ssv)", TEST_INTERFACE, "Value", g_variant_new_string ("new")));
  test_run_until (call_is_done, &call);
  g_assert_no_error (call.error);
  call_clear (&call);

  call_start (fixture, &call, "org.freedesktop.DBus.Properties", "Get",
              g_variant_new ("(ss)", TEST_INTERFACE, "Value"));
  test_run_until (call_is_done, &call);
  g_assert_no_error (call.error);
  g_variant_get (call.reply, "(v)", &value);
  g_assert_cmpstr (g_variant_get_string (value, NULL), ==, expected);
  call_clear (&call);
}

static void
test_export (Fixture       *fixture,
             gconstpointer  data)
{
  g_autofree char *pong = NULL;
  Call calls[3];

  export_object (fixture, "object");
  g_assert_cmpuint (n_entries (fixture), ==, 1);
  pong = call_ping (fixture);
  g_assert_cmpstr (pong, ==, "object");
  check_property (fixture, "object");
  test_assert_log ("object object=new");

  /* Calls that have arrived get an error. */
  call_start (fixture, &calls[0], TEST_INTERFACE, "Ping", g_variant_new ("(s)", ""));
  call_start (fixture, &calls[1], "org.freedesktop.DBus.Properties", "Get",
              g_variant_new ("(ss)", TEST_INTERFACE, "Value"));
  call_start (fixture, &calls[2], "org.freedesktop.DBus.Properties", "Set",
              g_variant_new ("(ssv)", TEST_INTERFACE, "Value", g_variant_new_string ("new")));
  has_owner (fixture->client, TEST_NAME);
  has_owner (fixture->service, TEST_NAME);
  g_assert_cmpuint (lifecycle_scope_close (fixture->scope), ==, 1);
  test_assert_log ("~object");
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      test_run_until (call_is_done, &calls[i]);
      g_assert_nonnull (calls[i].error);
      call_clear (&calls[i]);
    }
  g_assert_null (call_ping (fixture));
  test_assert_log ("");
}

static void
test_export_twice (Fixture       *fixture,
                   gconstpointer  data)
{
  g_autoptr (GError) error = NULL;

  export_object (fixture, "one");
  g_assert_false (lifecycle_scope_export_bus_object (fixture->scope, fixture->service, TEST_PATH,
                                                     test_node->interfaces[0], &object_vtable,
                                                     (gpointer) "two", test_log_notify, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  test_assert_log ("~two");
  g_assert_cmpuint (lifecycle_scope_clear (fixture->scope), ==, 1);
  test_assert_log ("~one");

  /* What is taken back makes room at once. */
  export_object (fixture, "two");
  lifecycle_scope_close (fixture->scope);
  test_assert_log ("~two");
}

static gboolean
failing_set_cb (GDBusConnection  *connection,
                const char       *sender,
                const char       *path,
                const char       *interface_name,
                const char       *property,
                GVariant         *value,
                GError          **error,
                gpointer          word)
{
  g_assert_cmpstr (interface_name, ==, TEST_INTERFACE);
  g_assert_cmpstr (property, ==, "Value");
  g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_LIMITS_EXCEEDED, "no");
  return FALSE;
}

static void
properties_call_cb (GDBusConnection       *connection,
                    const char            *sender,
                    const char            *path,
                    const char            *interface_name,
                    const char            *method,
                    GVariant              *parameters,
                    GDBusMethodInvocation *invocation,
                    gpointer               data)
{
  test_log ("%s", method);
  g_dbus_method_invocation_return_value (invocation, NULL);
}

/* Whichever functions there are, they do what they do in GIO. */
static void
test_export_vtables (Fixture       *fixture,
                     gconstpointer  data)
{
  const GDBusInterfaceVTable only_set = { NULL, NULL, failing_set_cb, { NULL } };
  const GDBusInterfaceVTable only_call = { properties_call_cb, NULL, NULL, { NULL } };
  const GDBusInterfaceVTable nothing = { NULL, NULL, NULL, { NULL } };
  const GDBusInterfaceVTable *vtables[] = { &only_set, &only_call, &nothing, NULL };

  for (guint i = 0; i < G_N_ELEMENTS (vtables); i++)
    {
      Call call;

      g_assert_true (lifecycle_scope_export_bus_object (fixture->scope, fixture->service, TEST_PATH,
                                                        test_node->interfaces[0], vtables[i], NULL,
                                                        NULL, NULL));
      call_start (fixture, &call, "org.freedesktop.DBus.Properties", "Set",
                  g_variant_new ("(ssv)", TEST_INTERFACE, "Value", g_variant_new_string ("new")));
      test_run_until (call_is_done, &call);
      if (i == 1)
        g_assert_no_error (call.error);
      else if (i == 0)
        g_assert_error (call.error, G_DBUS_ERROR, G_DBUS_ERROR_LIMITS_EXCEEDED);
      else
        g_assert_nonnull (call.error);
      call_clear (&call);
      if (i != 1)
        g_assert_null (call_ping (fixture));
      lifecycle_scope_clear (fixture->scope);
    }
  test_assert_log ("Set");
}

static void
closing_call_cb (GDBusConnection       *connection,
                 const char            *sender,
                 const char            *path,
                 const char            *interface_name,
                 const char            *method,
                 GVariant              *parameters,
                 GDBusMethodInvocation *invocation,
                 gpointer               scope)
{
  close_scope_cb (connection, NULL, NULL, scope);
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(s)", "closed"));
}

static void
test_export_closes (Fixture       *fixture,
                    gconstpointer  data)
{
  const GDBusInterfaceVTable vtable = { closing_call_cb, NULL, NULL, { NULL } };
  g_autofree char *pong = NULL;

  g_assert_true (lifecycle_scope_export_bus_object (fixture->scope, fixture->service, TEST_PATH,
                                                    test_node->interfaces[0], &vtable,
                                                    fixture->scope, log_gone, NULL));
  pong = call_ping (fixture);
  g_assert_cmpstr (pong, ==, "closed");
  test_assert_log ("begin end ~");
}

/* Calls that are being worked on when the object goes. */

typedef struct
{
  GPtrArray *invocations;
  gboolean   answers;     /* and keeps it nevertheless */
} Pending;

static void
pending_call_cb (GDBusConnection       *connection,
                 const char            *sender,
                 const char            *path,
                 const char            *interface_name,
                 const char            *method,
                 GVariant              *parameters,
                 GDBusMethodInvocation *invocation,
                 gpointer               data)
{
  Pending *pending = data;

  test_log ("%s", method);
  g_ptr_array_add (pending->invocations, invocation);
  if (pending->answers)
    g_dbus_method_invocation_return_value (g_object_ref (invocation),
                                           g_variant_new ("(s)", "in time"));
}

static void
pending_set_up (Fixture *fixture,
                Pending *pending)
{
  static const GDBusInterfaceVTable vtable = { pending_call_cb, NULL, NULL, { NULL } };

  pending->invocations = g_ptr_array_new ();
  g_assert_true (lifecycle_scope_export_bus_object (fixture->scope, fixture->service, TEST_PATH,
                                                    test_node->interfaces[0], &vtable, pending,
                                                    NULL, NULL));
}

static gboolean
pending_has_one (gpointer data)
{
  return ((Pending *) data)->invocations->len == 1;
}

static void
pending_answer (Pending    *pending,
                const char *answer)
{
  for (guint i = 0; i < pending->invocations->len; i++)
    g_dbus_method_invocation_return_value (g_ptr_array_index (pending->invocations, i),
                                           g_variant_new ("(s)", answer));
  g_clear_pointer (&pending->invocations, g_ptr_array_unref);
}

/* What goes over the wire, in answer to the calls of the client. */
static GDBusMessage *
count_replies_filter (GDBusConnection *connection,
                      GDBusMessage    *message,
                      gboolean         incoming,
                      gpointer         data)
{
  GDBusMessageType type = g_dbus_message_get_message_type (message);

  if (incoming && g_strcmp0 (g_dbus_message_get_sender (message), "org.freedesktop.DBus") != 0 &&
      (type == G_DBUS_MESSAGE_TYPE_METHOD_RETURN || type == G_DBUS_MESSAGE_TYPE_ERROR))
    g_atomic_int_inc ((gint *) data);

  return message;
}

enum
{
  PENDING_NEVER,
  PENDING_ANSWERED,
  PENDING_LATE,
  PENDING_MOVED
};

static void
test_export_pending (Fixture       *fixture,
                     gconstpointer  data)
{
  int how = GPOINTER_TO_INT (data);
  Pending pending = { .answers = how == PENDING_ANSWERED };
  gint n_replies = 0;
  Call call;

  g_dbus_connection_add_filter (fixture->client, count_replies_filter, &n_replies, NULL);
  pending_set_up (fixture, &pending);
  call_start (fixture, &call, TEST_INTERFACE, "Ping", g_variant_new ("(s)", "hello"));
  test_run_until (pending_has_one, &pending);
  if (how == PENDING_MOVED)
    {
      LifecycleScope *moved = lifecycle_scope_move (fixture->scope);

      g_object_unref (fixture->scope);
      fixture->scope = moved;
    }
  g_assert_cmpuint (lifecycle_scope_close (fixture->scope), ==, 1);
  test_assert_log ("Ping");
  if (how == PENDING_LATE)
    pending_answer (&pending, "too late");
  test_run_until (call_is_done, &call);
  if (how == PENDING_ANSWERED)
    g_assert_no_error (call.error);
  else
    g_assert_error (call.error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY);
  call_clear (&call);

  /* The caller has heard of it once. */
  if (how != PENDING_LATE && how != PENDING_ANSWERED)
    pending_answer (&pending, "too late");
  if (how == PENDING_ANSWERED)
    g_ptr_array_set_free_func (pending.invocations, g_object_unref);
  g_clear_pointer (&pending.invocations, g_ptr_array_unref);
  settle (fixture);
  g_assert_cmpint (g_atomic_int_get (&n_replies), ==, 1);
}

static void
pending_destroy (gpointer data)
{
  pending_answer (data, "destroyed");
}

/* The data that is freed has an answer. */
static void
test_export_pending_destroy (Fixture       *fixture,
                             gconstpointer  data)
{
  static const GDBusInterfaceVTable vtable = { pending_call_cb, NULL, NULL, { NULL } };
  Pending pending = { .invocations = g_ptr_array_new () };
  Call call;

  g_assert_true (lifecycle_scope_export_bus_object (fixture->scope, fixture->service, TEST_PATH,
                                                    test_node->interfaces[0], &vtable, &pending,
                                                    pending_destroy, NULL));
  call_start (fixture, &call, TEST_INTERFACE, "Ping", g_variant_new ("(s)", "hello"));
  test_run_until (pending_has_one, &pending);
  lifecycle_scope_close (fixture->scope);
  test_run_until (call_is_done, &call);
  g_assert_no_error (call.error);
  call_clear (&call);
  test_assert_log ("Ping");
}

static gboolean
close_and_answer_cb (gpointer data)
{
  gpointer *pair = data;

  lifecycle_scope_close (pair[0]);
  pending_answer (pair[1], "closed");

  return G_SOURCE_REMOVE;
}

/* A method that takes a while may close the scope, too, and answer. */
static void
test_export_pending_closes (Fixture       *fixture,
                            gconstpointer  data)
{
  Pending pending = { NULL };
  gpointer pair[2] = { fixture->scope, &pending };
  Call call;

  pending_set_up (fixture, &pending);
  call_start (fixture, &call, TEST_INTERFACE, "Ping", g_variant_new ("(s)", "hello"));
  test_run_until (pending_has_one, &pending);
  g_idle_add (close_and_answer_cb, pair);
  test_run_until (call_is_done, &call);
  g_assert_no_error (call.error);
  call_clear (&call);
  test_assert_log ("Ping");
}

static gboolean
close_inside_cb (gpointer scope)
{
  lifecycle_scope_close (scope);

  return G_SOURCE_REMOVE;
}

static gboolean
is_counted (gpointer n)
{
  return g_atomic_int_get ((gint *) n) == 1;
}

/* If the object goes inside of a callback, the answer is sent from its home, whatever other contexts
 * do.
 */
static void
test_export_pending_home (Fixture       *fixture,
                          gconstpointer  data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  LifecycleScope *other = fixture->scope;
  GSource *source = g_idle_source_new ();
  Pending pending = { NULL };
  gint n_replies = 0;
  Call call;

  g_dbus_connection_add_filter (fixture->client, count_replies_filter, &n_replies, NULL);
  g_main_context_push_thread_default (context);
  fixture->scope = lifecycle_scope_new ("home");
  pending_set_up (fixture, &pending);
  g_main_context_pop_thread_default (context);
  call_start (fixture, &call, TEST_INTERFACE, "Ping", g_variant_new ("(s)", "hello"));
  g_main_context_push_thread_default (context);
  test_run_until (pending_has_one, &pending);
  g_source_set_callback (source, close_inside_cb, fixture->scope, NULL);
  g_source_attach (source, context);
  g_source_unref (source);
  test_run_until (is_counted, &n_replies);
  g_main_context_pop_thread_default (context);

  test_run_until (call_is_done, &call);
  g_assert_error (call.error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY);
  call_clear (&call);
  test_assert_log ("Ping");
  pending_answer (&pending, "too late");
  g_assert_finalize_object (fixture->scope);
  fixture->scope = other;
}

/* Without a function for properties, GIO asks the one for methods. */
static void
test_export_pending_property (Fixture       *fixture,
                              gconstpointer  data)
{
  LifecycleScope *other = lifecycle_scope_new ("other");
  Pending pending = { NULL };
  Call call;

  pending_set_up (fixture, &pending);
  call_start (fixture, &call, "org.freedesktop.DBus.Properties", "Get",
              g_variant_new ("(ss)", TEST_INTERFACE, "Value"));
  test_run_until (pending_has_one, &pending);

  /* Another object on the same connection has nothing to do with it. */
  g_assert_true (lifecycle_scope_export_bus_object (other, fixture->service, "/other",
                                                    test_node->interfaces[0], &object_vtable,
                                                    (gpointer) "other", NULL, NULL));
  lifecycle_scope_close (other);
  g_assert_finalize_object (other);
  settle (fixture);
  g_assert_false (call.done);

  lifecycle_scope_close (fixture->scope);
  test_run_until (call_is_done, &call);
  g_assert_error (call.error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY);
  call_clear (&call);
  g_ptr_array_set_free_func (pending.invocations, g_object_unref);
  g_clear_pointer (&pending.invocations, g_ptr_array_unref);
  test_assert_log ("Get");
}

/* There is nobody left to answer. */
static void
test_export_pending_disconnected (Fixture       *fixture,
                                  gconstpointer  data)
{
  Pending pending = { NULL };
  Call call;

  pending_set_up (fixture, &pending);
  call_start (fixture, &call, TEST_INTERFACE, "Ping", g_variant_new ("(s)", "hello"));
  test_run_until (pending_has_one, &pending);
  close_connection (fixture->service);
  test_run_until (has_no_entries, fixture);
  test_run_until (call_is_done, &call);
  g_assert_error (call.error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY);
  call_clear (&call);
  pending_answer (&pending, "too late");
  test_assert_log ("Ping");
}

static void
test_export_disconnected (Fixture       *fixture,
                          gconstpointer  data)
{
  GDBusConnection *connection = connect_to_bus ();

  g_assert_true (lifecycle_scope_export_bus_object (fixture->scope, connection, TEST_PATH,
                                                    test_node->interfaces[0], NULL,
                                                    (gpointer) "a", test_log_notify, NULL));
  export_object (fixture, "b");
  assert_finalized_soon (connection);
  test_assert_log ("~a");
  close_connection (fixture->service);
  test_drain ();
  test_assert_log ("~b");
  g_assert_cmpuint (n_entries (fixture), ==, 0);
}

static void
closure_call (GDBusConnection       *connection,
              const char            *sender,
              const char            *path,
              const char            *interface_name,
              const char            *method,
              GVariant              *parameters,
              GDBusMethodInvocation *invocation,
              gpointer               word)
{
  g_dbus_method_invocation_return_value (g_object_ref (invocation), g_variant_new ("(s)", word));
}

static GVariant *
closure_get (GDBusConnection *connection,
             const char      *sender,
             const char      *path,
             const char      *interface_name,
             const char      *property,
             gpointer         word)
{
  return g_variant_new_string (word);
}

static gboolean
closure_set (GDBusConnection *connection,
             const char      *sender,
             const char      *path,
             const char      *interface_name,
             const char      *property,
             GVariant        *value,
             gpointer         word)
{
  test_log ("%s=%s", (const char *) word, g_variant_get_string (value, NULL));
  return TRUE;
}

static GClosure *
logged_closure (GCallback   callback,
                const char *word)
{
  return g_cclosure_new (callback, (gpointer) word, test_log_closure_notify);
}

static void
test_export_closures (Fixture       *fixture,
                      gconstpointer  data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *pong = NULL;

  g_assert_true (lifecycle_scope_export_bus_object_with_closures (fixture->scope, fixture->service,
                                                                  TEST_PATH,
                                                                  test_node->interfaces[0],
                                                                  logged_closure (G_CALLBACK (closure_call), "call"),
                                                                  logged_closure (G_CALLBACK (closure_get), "get"),
                                                                  logged_closure (G_CALLBACK (closure_set), "set"),
                                                                  &error));
  g_assert_no_error (error);
  pong = call_ping (fixture);
  g_assert_cmpstr (pong, ==, "call");
  check_property (fixture, "get");
  test_assert_log ("set=new");

  g_assert_false (lifecycle_scope_export_bus_object_with_closures (fixture->scope, fixture->service,
                                                                   TEST_PATH,
                                                                   test_node->interfaces[0],
                                                                   logged_closure (G_CALLBACK (closure_call), "again"),
                                                                   NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  test_assert_log ("~again");
  g_assert_cmpuint (lifecycle_scope_close (fixture->scope), ==, 1);
  test_assert_log ("~call ~get ~set");
}

/* Whether a method is there. */
static void
check_exported (Fixture    *fixture,
                const char *interface_name,
                const char *method,
                GVariant   *parameters,
                gboolean    exported)
{
  Call call;

  call_start (fixture, &call, interface_name, method, parameters);
  test_run_until (call_is_done, &call);
  if (exported)
    g_assert_no_error (call.error);
  else
    g_assert_error (call.error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD);
  call_clear (&call);
}

/* Skeletons, and managers of objects. */

static gboolean
skeleton_is_called (gpointer skeleton)
{
  return ((TestSkeleton *) skeleton)->invocations->len > 0;
}

static void
skeleton_call_start (Fixture    *fixture,
                     Call       *call,
                     const char *path)
{
  memset (call, 0, sizeof *call);
  g_dbus_connection_call (fixture->client, g_dbus_connection_get_unique_name (fixture->service),
                          path, TEST_SKELETON_INTERFACE, "Ping", NULL, NULL,
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, call_done_cb, call);
}

/* Calls the method, which answers if the object is there. */
static void
skeleton_check (Fixture      *fixture,
                TestSkeleton *skeleton,
                const char   *path,
                gboolean      exported)
{
  Call call;

  skeleton_call_start (fixture, &call, path);
  if (exported)
    {
      test_run_until (skeleton_is_called, skeleton);
      g_dbus_method_invocation_return_value (g_ptr_array_steal_index (skeleton->invocations, 0),
                                             NULL);
    }
  test_run_until (call_is_done, &call);
  if (exported)
    g_assert_no_error (call.error);
  else
    g_assert_error (call.error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD);
  call_clear (&call);
}

static void
skeleton_export (Fixture      *fixture,
                 TestSkeleton *skeleton)
{
  g_autoptr (GError) error = NULL;
  gboolean exported;

  exported = lifecycle_scope_export_bus_skeleton (fixture->scope, fixture->service, TEST_PATH,
                                                  G_DBUS_INTERFACE_SKELETON (skeleton), &error);
  g_assert_no_error (error);
  g_assert_true (exported);
}

static void
test_export_skeleton (Fixture       *fixture,
                      gconstpointer  data)
{
  TestSkeleton *skeleton = test_skeleton_new ();
  g_autoptr (TestSkeleton) other = test_skeleton_new ();
  g_autoptr (GError) error = NULL;
  Call call;

  skeleton_export (fixture, skeleton);
  g_assert_cmpuint (n_entries (fixture), ==, 1);
  skeleton_check (fixture, skeleton, TEST_PATH, TRUE);

  g_assert_false (lifecycle_scope_export_bus_skeleton (fixture->scope, fixture->service, TEST_PATH,
                                                       G_DBUS_INTERFACE_SKELETON (other),
                                                       &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_assert_cmpuint (n_entries (fixture), ==, 1);

  /* A call that nobody has answered gets an answer. */
  skeleton_call_start (fixture, &call, TEST_PATH);
  test_run_until (skeleton_is_called, skeleton);
  g_assert_cmpuint (lifecycle_scope_clear (fixture->scope), ==, 1);
  test_run_until (call_is_done, &call);
  g_assert_error (call.error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY);
  call_clear (&call);
  g_ptr_array_set_size (skeleton->invocations, 0);
  g_assert_null (g_dbus_interface_skeleton_get_object_path (G_DBUS_INTERFACE_SKELETON (skeleton)));
  skeleton_check (fixture, skeleton, TEST_PATH, FALSE);

  /* Somebody else has taken it back. */
  skeleton_export (fixture, skeleton);
  g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (skeleton));
  g_assert_cmpuint (lifecycle_scope_clear (fixture->scope), ==, 1);

  /* It is disposed while it is exported. */
  skeleton_export (fixture, skeleton);
  g_object_run_dispose (G_OBJECT (skeleton));
  g_assert_cmpuint (n_entries (fixture), ==, 0);
  skeleton_check (fixture, skeleton, TEST_PATH, FALSE);

  /* It stays where else it is exported. */
  g_assert_true (g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (skeleton),
                                                   fixture->client, TEST_PATH, NULL));
  skeleton_export (fixture, skeleton);
  lifecycle_scope_clear (fixture->scope);
  g_assert_true (g_dbus_interface_skeleton_has_connection (G_DBUS_INTERFACE_SKELETON (skeleton),
                                                           fixture->client));
  g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (skeleton));

  skeleton_export (fixture, skeleton);
  close_connection (fixture->service);
  test_run_until (has_no_entries, fixture);
  test_drain ();
  g_assert_finalize_object (skeleton);
}

static gboolean
close_and_return_cb (gpointer data)
{
  gpointer *pair = data;
  TestSkeleton *skeleton = pair[1];

  if (skeleton->invocations->len == 0)
    return G_SOURCE_CONTINUE;

  lifecycle_scope_close (pair[0]);
  g_dbus_method_invocation_return_value (g_ptr_array_steal_index (skeleton->invocations, 0), NULL);

  return G_SOURCE_REMOVE;
}

/* What a method such as Quit does. */
static void
test_export_skeleton_closes (Fixture       *fixture,
                             gconstpointer  data)
{
  TestSkeleton *skeleton = test_skeleton_new ();
  gpointer pair[2] = { fixture->scope, skeleton };
  Call call;

  skeleton_export (fixture, skeleton);
  skeleton_call_start (fixture, &call, TEST_PATH);
  g_idle_add (close_and_return_cb, pair);
  test_run_until (call_is_done, &call);
  g_assert_no_error (call.error);
  call_clear (&call);
  g_assert_finalize_object (skeleton);
}

static void
log_notify_cb (GObject    *object,
               GParamSpec *pspec,
               gpointer    data)
{
  test_log ("%s", pspec->name);
}

static void
test_export_manager (Fixture       *fixture,
                     gconstpointer  data)
{
  const char *path = TEST_PATH "/One";
  TestSkeleton *skeleton;
  GDBusObjectManagerServer *manager = test_manager_new (TEST_PATH, path, &skeleton);
  g_autoptr (GDBusObjectManagerServer) other = test_manager_new (TEST_PATH, path, NULL);
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (TestSkeleton) blocker = test_skeleton_new ();
  g_autoptr (GError) error = NULL;
  Call call;

  /* One of its objects cannot be exported. */
  g_assert_true (lifecycle_scope_export_bus_skeleton (scope, fixture->service, path,
                                                      G_DBUS_INTERFACE_SKELETON (blocker), NULL));
  g_assert_false (lifecycle_scope_export_bus_object_manager (fixture->scope, fixture->service,
                                                             manager, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_clear_error (&error);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);

  g_signal_connect (manager, "notify::connection", G_CALLBACK (log_notify_cb), NULL);
  g_assert_true (lifecycle_scope_export_bus_object_manager (fixture->scope, fixture->service,
                                                            manager, &error));
  g_assert_no_error (error);
  test_assert_log ("connection");
  g_assert_cmpuint (n_entries (fixture), ==, 1);
  skeleton_check (fixture, skeleton, path, TRUE);
  check_exported (fixture, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL, TRUE);

  /* Twice, and another one in the same place. */
  for (guint i = 0; i < 2; i++)
    {
      g_assert_false (lifecycle_scope_export_bus_object_manager (fixture->scope, fixture->service,
                                                                 i == 0 ? manager : other,
                                                                 &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
      g_clear_error (&error);
    }

  skeleton_call_start (fixture, &call, path);
  test_run_until (skeleton_is_called, skeleton);
  g_assert_cmpuint (lifecycle_scope_clear (fixture->scope), ==, 1);
  test_assert_log ("connection");
  test_run_until (call_is_done, &call);
  g_assert_error (call.error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY);
  call_clear (&call);
  g_ptr_array_set_size (skeleton->invocations, 0);
  skeleton_check (fixture, skeleton, path, FALSE);
  check_exported (fixture, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL, FALSE);

  /* Somebody else takes it back, the connection is closed, it is disposed, or the scope closes. */
  for (guint i = 0; i < 4; i++)
    {
      g_assert_true (lifecycle_scope_export_bus_object_manager (fixture->scope, fixture->service,
                                                                manager, NULL));
      switch (i)
        {
        case 0:
          g_dbus_object_manager_server_set_connection (manager, NULL);
          g_assert_cmpuint (lifecycle_scope_clear (fixture->scope), ==, 1);
          break;

        case 1:
          close_connection (fixture->service);
          test_run_until (has_no_entries, fixture);
          disconnect_from_bus (&fixture->service);
          fixture->service = connect_to_bus ();
          break;

        case 2:
          g_object_run_dispose (G_OBJECT (manager));
          g_assert_cmpuint (n_entries (fixture), ==, 0);
          skeleton_check (fixture, skeleton, path, FALSE);
          /* The handler has gone before, and said nothing. */
          test_log ("connection");
          g_signal_connect (manager, "notify::connection", G_CALLBACK (log_notify_cb), NULL);
          break;

        default:
          lifecycle_scope_close (fixture->scope);
          break;
        }
      test_assert_log ("connection connection");
    }
  g_assert_finalize_object (manager);
}

/* Actions and menus. */

static void
test_export_models (Fixture       *fixture,
                    gconstpointer  data)
{
  GSimpleActionGroup *actions = g_simple_action_group_new ();
  GSimpleAction *action = g_simple_action_new ("act", NULL);
  GMenu *menu = g_menu_new ();
  g_autoptr (GError) error = NULL;
  int n_activations = 0;
  Call call;

  g_signal_connect_swapped (action, "activate", G_CALLBACK (test_count_notify), &n_activations);
  g_action_map_add_action (G_ACTION_MAP (actions), G_ACTION (action));
  g_object_unref (action);

  g_assert_true (lifecycle_scope_export_action_group (fixture->scope, fixture->service, TEST_PATH,
                                                      G_ACTION_GROUP (actions), &error));
  g_assert_no_error (error);
  g_assert_true (lifecycle_scope_export_menu_model (fixture->scope, fixture->service, TEST_PATH,
                                                    G_MENU_MODEL (menu), &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_entries (fixture), ==, 2);

  g_assert_false (lifecycle_scope_export_action_group (fixture->scope, fixture->service, TEST_PATH,
                                                       G_ACTION_GROUP (actions), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_clear_error (&error);
  g_assert_false (lifecycle_scope_export_menu_model (fixture->scope, fixture->service, TEST_PATH,
                                                     G_MENU_MODEL (menu), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_assert_cmpuint (n_entries (fixture), ==, 2);

  check_exported (fixture, "org.gtk.Actions", "Activate",
                  g_variant_new_parsed ("('act', @av [], @a{sv} {})"), TRUE);
  g_assert_cmpint (n_activations, ==, 1);
  check_exported (fixture, "org.gtk.Menus", "Start", g_variant_new_parsed ("([uint32 0],)"), TRUE);

  /* An activation that has arrived does not go through. */
  call_start (fixture, &call, "org.gtk.Actions", "Activate",
              g_variant_new_parsed ("('act', @av [], @a{sv} {})"));
  has_owner (fixture->client, TEST_NAME);
  has_owner (fixture->service, TEST_NAME);
  g_assert_cmpuint (lifecycle_scope_close (fixture->scope), ==, 2);
  test_run_until (call_is_done, &call);
  g_assert_nonnull (call.error);
  call_clear (&call);
  check_exported (fixture, "org.gtk.Menus", "Start", g_variant_new_parsed ("([uint32 0],)"), FALSE);
  g_assert_cmpint (n_activations, ==, 1);

  g_assert_finalize_object (actions);
  g_assert_finalize_object (menu);
}

static void
test_export_models_disconnected (Fixture       *fixture,
                                 gconstpointer  data)
{
  GSimpleActionGroup *actions = g_simple_action_group_new ();

  g_assert_true (lifecycle_scope_export_action_group (fixture->scope, fixture->service, TEST_PATH,
                                                      G_ACTION_GROUP (actions), NULL));
  close_connection (fixture->service);
  test_drain ();
  g_assert_cmpuint (n_entries (fixture), ==, 0);
  g_assert_finalize_object (actions);
}

/* Everything, on a scope or a connection that is closed. */
static void
test_late (Fixture       *fixture,
           gconstpointer  data)
{
  g_autoptr (GSimpleActionGroup) actions = g_simple_action_group_new ();
  g_autoptr (GMenu) menu = g_menu_new ();
  g_autoptr (TestSkeleton) skeleton = test_skeleton_new ();
  g_autoptr (GDBusObjectManagerServer) manager = test_manager_new (TEST_PATH, TEST_PATH "/One", NULL);
  LifecycleScope *scopes[] = { fixture->scope, lifecycle_scope_new ("open") };
  int n_destroyed = 0;

  lifecycle_scope_close (fixture->scope);
  for (guint i = 0; i < G_N_ELEMENTS (scopes); i++)
    {
      GError *errors[9] = { NULL };

      if (i == 1)
        {
          close_connection (fixture->service);
          test_drain ();
        }

      n_destroyed = 0;
      g_assert_false (lifecycle_scope_own_bus_name (scopes[i], fixture->service, TEST_NAME, 0,
                                                    never_name_cb, &n_destroyed, test_count_notify,
                                                    &errors[0]));
      g_assert_false (lifecycle_scope_watch_bus_name (scopes[i], fixture->service, TEST_NAME, 0,
                                                      never_name_cb, &n_destroyed,
                                                      test_count_notify, &errors[1]));
      g_assert_false (lifecycle_scope_subscribe_bus_signal (scopes[i], fixture->service, NULL, NULL,
                                                            NULL, NULL, NULL, 0, never_signal_cb,
                                                            &n_destroyed, test_count_notify,
                                                            &errors[2]));
      g_assert_false (lifecycle_scope_export_bus_object (scopes[i], fixture->service, TEST_PATH,
                                                         test_node->interfaces[0], &object_vtable,
                                                         &n_destroyed, test_count_notify,
                                                         &errors[3]));
      g_assert_false (lifecycle_scope_export_bus_object_with_closures (scopes[i], fixture->service,
                                                                       TEST_PATH,
                                                                       test_node->interfaces[0],
                                                                       g_cclosure_new (G_CALLBACK (closure_call),
                                                                                       &n_destroyed,
                                                                                       test_count_closure_notify),
                                                                       NULL, NULL, &errors[4]));
      g_assert_false (lifecycle_scope_export_action_group (scopes[i], fixture->service, TEST_PATH,
                                                           G_ACTION_GROUP (actions), &errors[5]));
      g_assert_false (lifecycle_scope_export_menu_model (scopes[i], fixture->service, TEST_PATH,
                                                         G_MENU_MODEL (menu), &errors[6]));
      g_assert_false (lifecycle_scope_export_bus_skeleton (scopes[i], fixture->service, TEST_PATH,
                                                           G_DBUS_INTERFACE_SKELETON (skeleton),
                                                           &errors[7]));
      g_assert_false (lifecycle_scope_export_bus_object_manager (scopes[i], fixture->service,
                                                                 manager, &errors[8]));
      g_assert_cmpint (n_destroyed, ==, 5);
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scopes[i]), ==, 0);
      for (guint j = 0; j < G_N_ELEMENTS (errors); j++)
        {
          g_assert_error (errors[j], G_IO_ERROR, G_IO_ERROR_CLOSED);
          g_clear_error (&errors[j]);
        }
    }

  g_assert_finalize_object (scopes[1]);
}

static void
add_cases (void)
{
  BUS_ADD ("export", test_export, 0);
  BUS_ADD ("export-twice", test_export_twice, 0);
  BUS_ADD ("export-vtables", test_export_vtables, 0);
  BUS_ADD ("export-closes", test_export_closes, 0);
  BUS_ADD ("export-pending", test_export_pending, PENDING_NEVER);
  BUS_ADD ("export-pending-answered", test_export_pending, PENDING_ANSWERED);
  BUS_ADD ("export-pending-late", test_export_pending, PENDING_LATE);
  BUS_ADD ("export-pending-moved", test_export_pending, PENDING_MOVED);
  BUS_ADD ("export-pending-destroy", test_export_pending_destroy, 0);
  BUS_ADD ("export-pending-closes", test_export_pending_closes, 0);
  BUS_ADD ("export-pending-home", test_export_pending_home, 0);
  BUS_ADD ("export-pending-property", test_export_pending_property, 0);
  BUS_ADD ("export-pending-disconnected", test_export_pending_disconnected, 0);
  BUS_ADD ("export-disconnected", test_export_disconnected, 0);
  BUS_ADD ("export-closures", test_export_closures, 0);
  BUS_ADD ("export-skeleton", test_export_skeleton, 0);
  BUS_ADD ("export-skeleton-closes", test_export_skeleton_closes, 0);
  BUS_ADD ("export-manager", test_export_manager, 0);
  BUS_ADD ("export-models", test_export_models, 0);
  BUS_ADD ("export-models-disconnected", test_export_models_disconnected, 0);
  BUS_ADD ("late", test_late, 0);
}

int
main (int   argc,
      char *argv[])
{
  return bus_main (argc, argv, add_cases);
}
