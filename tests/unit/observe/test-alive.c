/* test-alive.c: what keeps a main context busy
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <lifecycle.h>

#include "lifecycle-alive-private.h"
#include "test-util.h"

#define assert_has(text, pattern) \
  G_STMT_START \
    { \
      if (!g_pattern_match_simple ((pattern), (text))) \
        g_error ("%s does not match:\n%s", (pattern), (text)); \
    } \
  G_STMT_END

static void
assert_nothing (GMainContext *context)
{
  g_autoptr (GListModel) list = lifecycle_list_alive (context);
  g_autofree char *text = lifecycle_explain_alive (context);

  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 0);
  g_assert_cmpstr (text, ==, "No scope keeps the main context busy\n");
}

static void
test_kinds (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_get_child (scope, "child");
  GApplication *application = g_application_new (NULL, 0);
  LifecycleOperation *operation;
  g_autoptr (GListModel) list = NULL;
  g_autofree char *text = NULL;
  g_autofree char *again = NULL;

  /* These keep nothing alive. */
  lifecycle_scope_adopt (scope, g_malloc (1), g_free);
  lifecycle_scope_add_object (child, G_OBJECT (application));
  assert_nothing (NULL);

  for (guint i = 0; i < 3; i++)
    lifecycle_scope_add_timeout (child, 60000, test_never_source_cb, NULL, NULL);
  lifecycle_scope_add_idle (scope, test_never_source_cb, NULL, NULL);
  operation = lifecycle_scope_begin (scope, "fetch");
  lifecycle_scope_hold_application (scope, application);

  list = lifecycle_list_alive (NULL);
  g_assert_true (g_list_model_get_item_type (list) == LIFECYCLE_TYPE_RECORD);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 6);
  text = lifecycle_explain_alive (NULL);
  assert_has (text, "6 things keep the main context busy:\n"
              "    3 x timer, added at *test-alive.c:*, in scope/child\n*");
  assert_has (text, "*\n    1 x source, added at *test-alive.c:*, in scope\n*");
  assert_has (text, "*\n    1 x operation 'fetch', added at *test-alive.c:*, in scope\n*");
  assert_has (text, "*\n    1 x hold*, added at *test-alive.c:*, in scope\n*");
  again = lifecycle_explain_alive (g_main_context_default ());
  g_assert_cmpstr (text, ==, again);

  lifecycle_operation_end (operation);
  lifecycle_scope_close (scope);
  assert_nothing (NULL);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (application);
}

/* Each context has its own. */
static void
test_context (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  LifecycleScope *here = lifecycle_scope_new ("here");
  LifecycleScope *there;
  g_autofree char *text = NULL;

  g_main_context_push_thread_default (context);
  there = lifecycle_scope_new_child (here, "there");
  lifecycle_scope_add_timeout (there, 60000, test_never_source_cb, NULL, NULL);
  g_main_context_pop_thread_default (context);

  assert_nothing (NULL);
  text = lifecycle_explain_alive (context);
  assert_has (text, "1 things keep*\n    1 x timer, added at *, in here/there\n");

  lifecycle_scope_close (there);
  assert_nothing (context);
  lifecycle_scope_close (here);
  g_assert_finalize_object (there);
  g_assert_finalize_object (here);
}

/* The reports come from a timer of 1 ms, which wakes the loop up each time. */
static void
let_report (void)
{
  for (guint i = 0; i < 20; i++)
    g_main_context_iteration (NULL, TRUE);
}

/* The debug option tells what has changed, and nothing else. */
static void
test_debug (void)
{
  if (g_test_subprocess ())
    {
      LifecycleScope *scope;

      g_setenv ("LIFECYCLE_DEBUG", "alive", TRUE);
      lifecycle_alive_interval = 1;
      scope = lifecycle_scope_new ("scope");
      lifecycle_scope_add_timeout (scope, 60000, test_never_source_cb, NULL, NULL);
      let_report ();
      lifecycle_scope_close (scope);
      let_report ();
      g_object_unref (scope);
      return;
    }

  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("*Lifecycle: 1 things keep*1 x timer, added at *test-alive.c:*, in scope\n"
                             "Lifecycle: No scope keeps the main context busy\n*");
  g_test_trap_assert_stderr_unmatched ("*1 things keep*1 things keep*");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/alive/kinds", test_kinds);
  g_test_add_func ("/lifecycle/alive/context", test_context);
  g_test_add_func ("/lifecycle/alive/debug", test_debug);

  return g_test_run ();
}
