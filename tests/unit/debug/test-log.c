/* test-log.c: a record in the log for each scope that has closed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-kinds.h"

#include <stdlib.h>

/* What was logged: a table of fields for each record, the oldest first. */
static GPtrArray *records;

static GLogWriterOutput
writer (GLogLevelFlags   level,
        const GLogField *fields,
        gsize            n_fields,
        gpointer         data)
{
  GHashTable *record;
  gboolean ours = FALSE;

  for (gsize i = 0; i < n_fields; i++)
    ours |= g_str_equal (fields[i].key, "LIFECYCLE_REASON");
  if (!ours)
    return g_log_writer_default (level, fields, n_fields, data);

  g_assert_cmpint (level & G_LOG_LEVEL_MASK, ==, G_LOG_LEVEL_DEBUG);
  record = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (gsize i = 0; i < n_fields; i++)
    {
      g_assert_cmpint (fields[i].length, ==, -1);
      /* No field twice. */
      g_assert_true (g_hash_table_insert (record, g_strdup (fields[i].key),
                                          g_strdup (fields[i].value)));
    }
  g_ptr_array_add (records, record);
  return G_LOG_WRITER_HANDLED;
}

static GHashTable *
take_record (void)
{
  g_assert_cmpuint (records->len, >, 0);
  return g_ptr_array_steal_index (records, 0);
}

static const char *
get_field (GHashTable *record,
           const char *name)
{
  return g_hash_table_lookup (record, name);
}

static guint64
get_number (GHashTable *record,
            const char *name)
{
  const char *value = get_field (record, name);
  guint64 number;

  g_assert_true (g_ascii_string_to_unsigned (value, 10, 0, G_MAXUINT64, &number, NULL));
  return number;
}

/* The only fields about what was released are those with this name. */
static void
assert_released_only (GHashTable *record,
                      const char *name)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, record);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (g_str_has_prefix (key, "LIFECYCLE_RELEASED_"))
      g_assert_cmpstr (key, ==, name);
}

static void
assert_nothing (void)
{
  g_assert_cmpuint (records->len, ==, 0);
}

static void
test_empty (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("lonely");
  g_autoptr (GHashTable) record = NULL;

  assert_nothing ();
  lifecycle_scope_close (scope);
  record = take_record ();
  assert_nothing ();
  g_assert_cmpstr (get_field (record, "LIFECYCLE_SCOPE"), ==, "lonely");
  g_assert_cmpstr (get_field (record, "LIFECYCLE_REASON"), ==, "completed");
  g_assert_false (g_hash_table_contains (record, "LIFECYCLE_DETAIL"));
  g_assert_cmpuint (get_number (record, "LIFECYCLE_FAILED"), ==, 0);
  g_assert_cmpuint (get_number (record, "LIFECYCLE_DURATION_USEC"), <,
                    TEST_HANG_SECONDS * G_USEC_PER_SEC);
  g_assert_cmpstr (get_field (record, "GLIB_DOMAIN"), ==, "Lifecycle");
  assert_released_only (record, NULL);
  g_assert_nonnull (strstr (get_field (record, "MESSAGE"), "lonely"));
  g_assert_nonnull (strstr (get_field (record, "MESSAGE"), "completed"));

  /* Once. */
  lifecycle_scope_close (scope);
  lifecycle_scope_clear (scope);
  g_assert_finalize_object (scope);
  assert_nothing ();
}

static void
failing_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          data,
                 GError          **error)
{
  g_usleep (1000);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "it failed");
}

static void
test_fields (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("match 42");
  TestEmitter *emitter = test_emitter_new ();
  g_autoptr (GHashTable) record = NULL;
  const char *message;
  int n = 0;

  for (guint i = 0; i < 17; i++)
    lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                    NULL);
  lifecycle_scope_connect_signal (scope, emitter, "late", G_CALLBACK (test_never_handler_cb), NULL);
  g_signal_handlers_disconnect_by_func (emitter, G_CALLBACK (test_kinds_exported_cb), NULL);
  for (guint i = 0; i < 3; i++)
    lifecycle_scope_add_timeout (scope, 1000000, test_never_source_cb, NULL, NULL);
  /* What has ended by itself was not released. */
  lifecycle_timer_cancel (lifecycle_scope_add_timeout (scope, 1000, test_never_source_cb, NULL,
                                                       NULL));
  lifecycle_scope_defer (scope, failing_cleanup, NULL, NULL);
  lifecycle_scope_defer (scope, failing_cleanup, NULL, NULL);
  lifecycle_scope_defer (scope, test_count_cleanup, &n, NULL);
  lifecycle_scope_close_with_reason (scope, LIFECYCLE_REASON_TIMED_OUT, "after 90 s");

  record = take_record ();
  assert_nothing ();
  g_assert_cmpstr (get_field (record, "LIFECYCLE_SCOPE"), ==, "match 42");
  g_assert_cmpstr (get_field (record, "LIFECYCLE_REASON"), ==, "timed-out");
  g_assert_cmpstr (get_field (record, "LIFECYCLE_DETAIL"), ==, "after 90 s");
  g_assert_cmpuint (get_number (record, "LIFECYCLE_FAILED"), ==, 2);
  g_assert_cmpuint (get_number (record, "LIFECYCLE_RELEASED_HANDLER"), ==, 18);
  g_assert_cmpuint (get_number (record, "LIFECYCLE_RELEASED_TIMER"), ==, 3);
  g_assert_cmpuint (get_number (record, "LIFECYCLE_RELEASED_CLEANUP"), ==, 3);
  g_assert_null (get_field (record, "LIFECYCLE_RELEASED_DATA"));
  g_assert_cmpuint (get_number (record, "LIFECYCLE_DURATION_USEC"), >=, 2000);

  message = get_field (record, "MESSAGE");
  g_test_message ("%s", message);
  g_assert_nonnull (strstr (message, "match 42"));
  g_assert_nonnull (strstr (message, "timed-out"));
  g_assert_nonnull (strstr (message, "after 90 s"));
  g_assert_nonnull (strstr (message, "handler"));
  g_assert_nonnull (strstr (message, "18"));
  g_assert_nonnull (strstr (message, "; failed 2;"));
  g_assert_null (strchr (message, '\n'));
  g_assert_nonnull (lifecycle_scope_get_error (scope));
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* The text has a number of failures when there are any. */
static void
test_failed (void)
{
  for (guint n_failed = 0; n_failed < 3; n_failed++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      g_autoptr (GHashTable) record = NULL;
      g_autofree char *words = g_strdup_printf ("; failed %u;", n_failed);

      for (guint i = 0; i < n_failed; i++)
        lifecycle_scope_defer (scope, failing_cleanup, NULL, NULL);
      lifecycle_scope_close (scope);

      record = take_record ();
      g_assert_cmpuint (get_number (record, "LIFECYCLE_FAILED"), ==, n_failed);
      if (n_failed > 0)
        g_assert_nonnull (strstr (get_field (record, "MESSAGE"), words));
      else
        g_assert_null (strstr (get_field (record, "MESSAGE"), "failed"));
      g_assert_true ((lifecycle_scope_get_error (scope) != NULL) == (n_failed > 0));
      g_assert_finalize_object (scope);
    }
}

/* One for each, those below first, with whole paths. */
static void
test_children (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *service = lifecycle_scope_get_child (root, "service");
  static const char *const paths[] = {
    "root/service/player", "root/service/unnamed", "root/service", "root"
  };
  int n = 0;

  g_object_unref (lifecycle_scope_new_child (service, NULL));
  lifecycle_scope_adopt (lifecycle_scope_get_child (service, "player"), &n, test_count_notify);
  lifecycle_scope_close_with_reason (root, LIFECYCLE_REASON_SHUTDOWN, "the end");
  g_assert_cmpuint (records->len, ==, G_N_ELEMENTS (paths));
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GHashTable) record = take_record ();
      gboolean top = i == G_N_ELEMENTS (paths) - 1;

      g_assert_cmpstr (get_field (record, "LIFECYCLE_SCOPE"), ==, paths[i]);
      g_assert_cmpstr (get_field (record, "LIFECYCLE_REASON"), ==,
                       top ? "shutdown" : "parent-closed");
      if (top)
        g_assert_cmpstr (get_field (record, "LIFECYCLE_DETAIL"), ==, "the end");
      if (i == 0)
        g_assert_cmpuint (get_number (record, "LIFECYCLE_RELEASED_DATA"), ==, 1);
      if (i >= 2)
        g_assert_cmpuint (get_number (record, "LIFECYCLE_RELEASED_SCOPE"), ==, i == 2 ? 2 : 1);
    }
  g_assert_finalize_object (root);
}

/* Each record has a time of its own, but in the statistics it is part of that of the topmost. */
static void
test_durations (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  g_autoptr (LifecycleStatistics) statistics = NULL;

  lifecycle_scope_defer (lifecycle_scope_get_child (root, "child"), failing_cleanup, NULL, NULL);
  lifecycle_scope_close (root);
  statistics = lifecycle_scope_get_statistics (root, TRUE);
  g_assert_cmpuint (lifecycle_statistics_get_n_closed (statistics, LIFECYCLE_REASON_NONE), ==, 1);
  g_assert_cmpuint (lifecycle_statistics_get_closing_time (statistics), ==, 0);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GHashTable) record = take_record ();

      g_assert_cmpuint (get_number (record, "LIFECYCLE_DURATION_USEC"), >=, 1000);
    }
  assert_nothing ();
  g_assert_nonnull (lifecycle_scope_get_error (root));
  g_assert_finalize_object (root);
}

/* Each reason by its nick. */
static void
test_reasons (void)
{
  g_autoptr (GEnumClass) reasons = g_type_class_ref (LIFECYCLE_TYPE_REASON);

  for (int reason = LIFECYCLE_REASON_COMPLETED; reason <= LIFECYCLE_REASON_DROPPED; reason++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      g_autoptr (GHashTable) record = NULL;

      if (reason != LIFECYCLE_REASON_DROPPED)
        lifecycle_scope_close_with_reason (scope, reason, NULL);
      g_object_unref (scope);
      record = take_record ();
      g_assert_cmpstr (get_field (record, "LIFECYCLE_REASON"), ==,
                       g_enum_get_value (reasons, reason)->value_nick);
      assert_nothing ();
    }
}

/* A clear is no close, but what it released was released by the scope. */
static void
test_clear (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GHashTable) child = NULL;
  g_autoptr (GHashTable) record = NULL;
  int n = 0;

  lifecycle_scope_adopt (scope, &n, test_count_notify);
  lifecycle_scope_get_child (scope, "child");
  lifecycle_scope_clear (scope);
  child = take_record ();
  g_assert_cmpstr (get_field (child, "LIFECYCLE_SCOPE"), ==, "scope/child");
  g_assert_cmpstr (get_field (child, "LIFECYCLE_DETAIL"), ==, "cleared");
  assert_nothing ();
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  lifecycle_scope_close (scope);
  record = take_record ();
  g_assert_cmpuint (get_number (record, "LIFECYCLE_RELEASED_DATA"), ==, 2);
  g_assert_finalize_object (scope);
}

/* A field for what was released, whatever its kind. */
static void
check_kind (const TestAddFunc *row)
{
  TestAddition addition = { 0 };
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GEnumClass) kinds = g_type_class_ref (LIFECYCLE_TYPE_KIND);
  g_autoptr (GHashTable) record = NULL;
  g_autofree char *nick = NULL;
  g_autofree char *name = NULL;

  g_assert_true (row->add (&addition, scope));
  lifecycle_scope_close (scope);
  /* A child is told of before its parent. */
  if (row->kind == LIFECYCLE_KIND_SCOPE)
    g_hash_table_unref (take_record ());
  record = take_record ();
  nick = g_ascii_strup (g_enum_get_value (kinds, (int) row->kind)->value_nick, -1);
  name = g_strconcat ("LIFECYCLE_RELEASED_", nick, NULL);
  g_assert_cmpstr (get_field (record, name), ==, "1");
  assert_released_only (record, name);
  test_addition_clear (&addition);
  g_ptr_array_set_size (records, 0);
  g_assert_finalize_object (scope);
}

/* Each once, as far as it can be had here. The schema is for others to test. */
static gboolean
is_of_use (guint i)
{
  const TestAddFunc *row = &test_add_funcs[i];

  if (i > 0 && test_add_funcs[i - 1].add == row->add)
    return FALSE;

  return row->can == NULL || (row->can == can_bus && test_bus != NULL);
}

static void
test_all_kinds (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (test_add_funcs); i++)
    if (is_of_use (i))
      check_kind (&test_add_funcs[i]);
}

/* As many fields as there can be. */
static void
test_many_kinds (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAddition additions[G_N_ELEMENTS (test_add_funcs)];
  GHashTable *record;
  guint n_fields = 0;
  GHashTableIter iter;
  gpointer key;

  memset (additions, 0, sizeof additions);
  for (guint i = 0; i < G_N_ELEMENTS (test_add_funcs); i++)
    if (is_of_use (i))
      g_assert_true (test_add_funcs[i].add (&additions[i], scope));
  lifecycle_scope_close_with_reason (scope, LIFECYCLE_REASON_ABORTED, "detail");
  record = g_ptr_array_index (records, records->len - 1);
  g_hash_table_iter_init (&iter, record);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    n_fields += g_str_has_prefix (key, "LIFECYCLE_RELEASED_");
  g_assert_cmpuint (n_fields, ==, test_bus != NULL ? TEST_N_KINDS : TEST_N_KINDS - 1);
  g_assert_cmpstr (get_field (record, "LIFECYCLE_DETAIL"), ==, "detail");
  for (guint i = 0; i < G_N_ELEMENTS (test_add_funcs); i++)
    test_addition_clear (&additions[i]);
  g_ptr_array_set_size (records, 0);
  g_assert_finalize_object (scope);
}

static void
close_done_cb (GObject      *source,
               GAsyncResult *result,
               gpointer      counter)
{
  lifecycle_scope_close_finish (LIFECYCLE_SCOPE (source), result, NULL);
  (*(int *) counter)++;
}

static void
test_close_async (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *operation = lifecycle_scope_begin (scope, "work");
  g_autoptr (GHashTable) record = NULL;
  int n = 0;

  lifecycle_scope_close_async (scope, LIFECYCLE_REASON_ABORTED, 0, NULL, close_done_cb, &n);
  assert_nothing ();
  g_usleep (3000);
  lifecycle_operation_end (operation);
  test_run_until (test_done_counted, &n);
  record = take_record ();
  assert_nothing ();
  g_assert_cmpstr (get_field (record, "LIFECYCLE_REASON"), ==, "aborted");
  g_assert_cmpuint (get_number (record, "LIFECYCLE_DURATION_USEC"), >=, 3000);
  g_assert_finalize_object (scope);
}

/* What was never open did not close. */
static void
test_born_closed (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child;

  lifecycle_scope_close (scope);
  g_ptr_array_set_size (records, 0);
  child = lifecycle_scope_new_child (scope, "late");
  g_assert_finalize_object (child);
  lifecycle_scope_get_child (scope, "late");
  assert_nothing ();
  g_assert_finalize_object (scope);
  assert_nothing ();
}

/* Unless it is asked for, nothing is logged at all. That is decided when the first scope is made, so
 * it takes a program of its own. */

static GLogWriterOutput
never_writer (GLogLevelFlags   level,
              const GLogField *fields,
              gsize            n_fields,
              gpointer         data)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_has_prefix (fields[i].key, "LIFECYCLE_")
        || (g_str_equal (fields[i].key, "GLIB_DOMAIN")
            && g_str_equal (fields[i].value, "Lifecycle")))
      {
        g_printerr ("It was logged\n");
        exit (3);
      }
  return G_LOG_WRITER_HANDLED;
}

static int
run_quietly (void)
{
  LifecycleScope *scope;
  int n = 0;

  g_log_set_writer_func (never_writer, NULL, NULL);
  scope = lifecycle_scope_new ("scope");
  lifecycle_scope_adopt (lifecycle_scope_get_child (scope, "child"), &n, test_count_notify);
  lifecycle_scope_defer (scope, failing_cleanup, NULL, NULL);
  lifecycle_scope_close_with_reason (scope, LIFECYCLE_REASON_ABORTED, "detail");
  if (lifecycle_scope_get_error (scope) == NULL)
    return 5;
  g_object_unref (scope);
  return n == 1 ? 0 : 4;
}

static void
test_off (gconstpointer domains)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autoptr (GSubprocess) subprocess = NULL;
  g_autoptr (GError) error = NULL;

  g_subprocess_launcher_unsetenv (launcher, "G_MESSAGES_DEBUG");
  if (domains != NULL)
    g_subprocess_launcher_setenv (launcher, "G_MESSAGES_DEBUG", domains, TRUE);
  subprocess = g_subprocess_launcher_spawn (launcher, &error, g_get_prgname (), "--quietly", NULL);
  g_assert_no_error (error);
  g_subprocess_wait (subprocess, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_if_exited (subprocess));
  /* The same program shows that it would be seen. */
  g_assert_cmpint (g_subprocess_get_exit_status (subprocess), ==,
                   domains != NULL && strstr (domains, "Else") == NULL ? 3 : 0);
}

int
main (int   argc,
      char *argv[])
{
  int result;

  if (argc == 2 && g_str_equal (argv[1], "--quietly"))
    return run_quietly ();

  g_set_prgname (argv[0]);
  g_setenv ("G_MESSAGES_DEBUG", "Lifecycle", TRUE);
  g_test_init (&argc, &argv, NULL);
  records = g_ptr_array_new_with_free_func ((GDestroyNotify) g_hash_table_unref);
  test_bus_up ();
  g_log_set_writer_func (writer, NULL, NULL);

  g_test_add_func ("/lifecycle/log/empty", test_empty);
  g_test_add_func ("/lifecycle/log/fields", test_fields);
  g_test_add_func ("/lifecycle/log/failed", test_failed);
  g_test_add_func ("/lifecycle/log/children", test_children);
  g_test_add_func ("/lifecycle/log/durations", test_durations);
  g_test_add_func ("/lifecycle/log/reasons", test_reasons);
  g_test_add_func ("/lifecycle/log/clear", test_clear);
  g_test_add_func ("/lifecycle/log/close-async", test_close_async);
  g_test_add_func ("/lifecycle/log/born-closed", test_born_closed);
  g_test_add_func ("/lifecycle/log/kinds", test_all_kinds);
  g_test_add_func ("/lifecycle/log/many-kinds", test_many_kinds);
  g_test_add_data_func ("/lifecycle/log/off", NULL, test_off);
  g_test_add_data_func ("/lifecycle/log/off-for-others", "SomethingElse", test_off);
  g_test_add_data_func ("/lifecycle/log/on", "Lifecycle", test_off);
  g_test_add_data_func ("/lifecycle/log/on-for-all", "all", test_off);

  result = g_test_run ();

  test_bus_down ();
  g_ptr_array_unref (records);

  return result;
}
