/* test-names.c: names that come from elsewhere
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

#include "lifecycle-names-private.h"

#define NOT_UTF8 "caf\xe9"
#define MADE_VALID "caf\xef\xbf\xbd"
#define EVIL "x\nScope root has closed\x1b[2J"
#define EVIL_QUOTED "x\\nScope root has closed\\x1b[2J"

static void
assert_quoted (const char *name,
               const char *as_text,
               const char *in_path)
{
  g_autofree char *text = lifecycle_name_quote (name, LIFECYCLE_QUOTE_TEXT);
  g_autofree char *path = lifecycle_name_quote (name, LIFECYCLE_QUOTE_PATH);

  g_assert_cmpstr (text, ==, as_text);
  g_assert_cmpstr (path, ==, in_path);
}

static void
test_quote (void)
{
  assert_quoted (NULL, NULL, NULL);
  assert_quoted ("", "", "");
  assert_quoted ("plain name-1 'x' \"y\"", "plain name-1 'x' \"y\"", "plain name-1 'x' \"y\"");
  assert_quoted ("a/b", "a/b", "a\\x2f" "b");
  assert_quoted ("a\\x2f" "b", "a\\\\x2f" "b", "a\\\\x2f" "b");
  assert_quoted ("\t\r\n\x01\x7f", "\\t\\r\\n\\x01\\x7f", "\\t\\r\\n\\x01\\x7f");
  /* Letters, and an emoji with a joiner. */
  assert_quoted ("caf\u00e9 \u4e2d \U0001f468\u200d\U0001f4bb",
                 "caf\u00e9 \u4e2d \U0001f468\u200d\U0001f4bb",
                 "caf\u00e9 \u4e2d \U0001f468\u200d\U0001f4bb");
  /* A control character of the second row, a line separator, an override of the direction, a tag. */
  assert_quoted ("\xc2\x9b|\u2028|\u202e|\U000e0041", "\\u009b|\\u2028|\\u202e|\\U000e0041",
                 "\\u009b|\\u2028|\\u202e|\\U000e0041");
}

static void
test_made_valid (void)
{
  LifecycleScope *scope = lifecycle_scope_new (NOT_UTF8);
  LifecycleScope *child = lifecycle_scope_get_child (scope, NOT_UTF8);
  LifecycleScope *built = g_object_new (LIFECYCLE_TYPE_SCOPE, "name", NOT_UTF8, NULL);
  LifecycleOperation *operation = lifecycle_scope_begin (scope, NOT_UTF8);

  g_assert_cmpstr (lifecycle_scope_get_name (scope), ==, MADE_VALID);
  g_assert_cmpstr (lifecycle_scope_get_name (child), ==, MADE_VALID);
  g_assert_cmpstr (lifecycle_scope_get_name (built), ==, MADE_VALID);
  g_assert_cmpstr (lifecycle_operation_get_name (operation), ==, MADE_VALID);
  lifecycle_operation_end (operation);

  /* It is found by what was given, and by what it is called. */
  g_assert_true (lifecycle_scope_get_child (scope, NOT_UTF8) == child);
  g_assert_true (lifecycle_scope_get_child (scope, MADE_VALID) == child);
  g_object_ref (child);
  g_assert_true (lifecycle_scope_renew_child (scope, NOT_UTF8) != child);
  g_assert_true (lifecycle_scope_is_closed (child));
  g_assert_finalize_object (child);

  lifecycle_scope_close_with_reason (scope, LIFECYCLE_REASON_ABORTED, NOT_UTF8);
  g_assert_cmpstr (lifecycle_scope_get_reason_detail (scope), ==, MADE_VALID);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (built);
}

static void
test_paths (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("a/b");
  LifecycleScope *child = lifecycle_scope_get_child (scope, EVIL);
  g_autofree char *path = lifecycle_scope_get_path (child);
  g_autoptr (GListModel) records = NULL;

  g_assert_cmpstr (path, ==, "a\\x2f" "b/" EVIL_QUOTED);

  /* The same in records, where the name itself is as it came. */
  lifecycle_scope_get_child (child, EVIL);
  records = lifecycle_scope_list_records (scope, TRUE);
  g_assert_cmpuint (g_list_model_get_n_items (records), ==, 2);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (LifecycleRecord) record = g_list_model_get_item (records, i);
      g_autofree char *text = lifecycle_record_to_string (record);

      g_assert_cmpstr (lifecycle_record_get_name (record), ==, EVIL);
      g_assert_null (strpbrk (text, "\n\x1b"));
      g_assert_nonnull (strstr (text, "'" EVIL_QUOTED "'"));
      g_assert_nonnull (g_str_has_prefix (text, "a\\x2f" "b/" EVIL_QUOTED ":")
                          ? text
                          : strstr (text, "a\\x2f" "b:"));
    }

  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
}

static guint
count_lines (const char *text)
{
  guint n = 0;

  while ((text = strchr (text, '\n')) != NULL)
    {
      n++;
      text++;
    }

  return n;
}

static void
test_reports (void)
{
  LifecycleScope *scope = lifecycle_scope_new (EVIL);
  LifecycleOperation *operation = lifecycle_scope_begin (scope, EVIL);
  GSource *source = g_timeout_source_new_seconds (1000);
  g_autofree char *text = NULL;

  g_source_set_name (source, EVIL);
  lifecycle_scope_add_source (scope, source);
  g_source_unref (source);

  text = lifecycle_explain_alive (NULL);
  g_test_message ("%s", text);
  g_assert_cmpuint (count_lines (text), ==, 3);
  g_assert_null (strchr (text, '\x1b'));
  g_assert_nonnull (strstr (text, "'" EVIL_QUOTED "'"));
  g_assert_nonnull (strstr (text, "in " EVIL_QUOTED "\n"));

  lifecycle_operation_end (operation);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
}

static void
timed_out_cb (GObject      *scope,
              GAsyncResult *result,
              gpointer      error)
{
  g_assert_false (lifecycle_scope_close_finish (LIFECYCLE_SCOPE (scope), result, error));
}

static void
test_timed_out (void)
{
  LifecycleScope *scope = lifecycle_scope_new (EVIL);
  LifecycleOperation *operation = lifecycle_scope_begin (scope, EVIL);
  g_autoptr (GError) error = NULL;

  lifecycle_scope_close_async (scope, LIFECYCLE_REASON_COMPLETED, 1, NULL, timed_out_cb, &error);
  while (error == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_error (error, LIFECYCLE_ERROR, LIFECYCLE_ERROR_TIMED_OUT);
  g_assert_null (strpbrk (error->message, "\n\x1b"));
  g_assert_nonnull (strstr (error->message, EVIL_QUOTED ": operation '" EVIL_QUOTED "'"));
  lifecycle_operation_end (operation);
  g_assert_finalize_object (scope);
}

/* What a program writes that has such names: lines that start as all others do. */
static void
test_output (void)
{
  if (g_test_subprocess ())
    {
      LifecycleScope *scope;

      scope = lifecycle_scope_new (EVIL);
      lifecycle_scope_begin (scope, EVIL);
      lifecycle_scope_close_with_reason (lifecycle_scope_get_child (scope, EVIL),
                                         LIFECYCLE_REASON_ABORTED, EVIL);
      return;
    }

  g_setenv ("LIFECYCLE_DEBUG", "trace,leaks", TRUE);
  g_setenv ("G_MESSAGES_DEBUG", "Lifecycle", TRUE);
  g_test_trap_subprocess (NULL, 0, 0);
  g_unsetenv ("LIFECYCLE_DEBUG");
  g_unsetenv ("G_MESSAGES_DEBUG");
  g_test_trap_assert_passed ();
  g_test_trap_assert_stdout_unmatched ("*\nScope root*");
  g_test_trap_assert_stderr_unmatched ("*\nScope root*");
  g_test_trap_assert_stdout_unmatched ("*\x1b*");
  g_test_trap_assert_stderr_unmatched ("*\x1b*");
  g_test_trap_assert_stderr ("*opened scope x\\nScope root*");
  g_test_trap_assert_stderr ("*Lifecycle: at exit*scope x\\nScope root*");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/names/quote", test_quote);
  g_test_add_func ("/lifecycle/names/made-valid", test_made_valid);
  g_test_add_func ("/lifecycle/names/paths", test_paths);
  g_test_add_func ("/lifecycle/names/reports", test_reports);
  g_test_add_func ("/lifecycle/names/timed-out", test_timed_out);
  g_test_add_func ("/lifecycle/names/output", test_output);

  return g_test_run ();
}
