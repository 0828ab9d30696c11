/* test-inspect.c: looking into a running program from outside
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <string.h>

#include "test-inspect-util.h"

static void
changed_cb (TestEmitter *emitter,
            gpointer     data)
{
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
  LifecycleScope *old = lifecycle_scope_new_child (app, "old");
  LifecycleScope *child;
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GVariant) result = NULL, events = NULL, none = NULL, lost_events = NULL;
  g_autoptr (GVariant) opened = NULL, added = NULL, removed = NULL, closed = NULL;
  g_autoptr (GVariant) of_old = NULL, old_events = NULL;
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
  g_assert_cmpstr (get_string (added, "scope"), ==, "app/child");
  removed = find (events, "event", "removed");
  g_assert_cmpstr (get_string (removed, "scope"), ==, "app/child");
  closed = find (events, "event", "closed");
  g_assert_cmpstr (get_string (closed, "reason"), ==, "completed");

  /* A scope that was there before has its path, too. */
  lifecycle_scope_add_timeout (old, 3600000, test_never_source_cb, NULL, NULL);
  g_clear_pointer (&result, g_variant_unref);
  result = call_full (connection, "ReadTrace", g_variant_new ("(u)", 10000), &error);
  g_assert_no_error (error);
  g_variant_get (result, "(@aa{sv}t)", &old_events, &lost);
  of_old = find (old_events, "event", "added");
  g_assert_cmpstr (get_string (of_old, "scope"), ==, "app/old");
  lifecycle_scope_close (old);
  g_object_unref (old);
  g_clear_pointer (&result, g_variant_unref);
  result = call_full (connection, "ReadTrace", g_variant_new ("(u)", 10000), &error);
  g_assert_no_error (error);

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

int
main (int   argc,
      char *argv[])
{
  init_directory ();
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/inspect/scopes", test_scopes);
  g_test_add_func ("/lifecycle/inspect/contexts", test_contexts);
  g_test_add_func ("/lifecycle/inspect/stuck", test_stuck);
  g_test_add_func ("/lifecycle/inspect/explain", test_explain);
  g_test_add_func ("/lifecycle/inspect/history", test_history);
  g_test_add_func ("/lifecycle/inspect/trace", test_trace);
  g_test_add_func ("/lifecycle/inspect/close", test_close);
  g_test_add_func ("/lifecycle/inspect/concurrent", test_concurrent);
  g_test_add_func ("/lifecycle/inspect/wrong-calls", test_wrong_calls);

  return run_and_remove_directory ();
}
