/* test-binding.c: what modules for other languages need
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

#include <setjmp.h>

static jmp_buf target;

static void
jumping_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          data,
                 GError          **error)
{
  test_log ("jump");
  longjmp (target, 1);
}

static void
logging_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          word,
                 GError          **error)
{
  test_log ("%s", (const char *) word);
}

/* An interpreter that unwinds through a teardown: the next close does the rest. */
G_NO_INLINE static void
close_and_jump (LifecycleScope *scope,
                gboolean        clear)
{
  if (setjmp (target) == 0)
    {
      if (clear)
        lifecycle_scope_clear (scope);
      else
        lifecycle_scope_close (scope);
      g_assert_not_reached ();
    }
}

static void
test_abandoned (gconstpointer clear)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");

  lifecycle_scope_defer (scope, logging_cleanup, (gpointer) "first", NULL);
  lifecycle_scope_defer (child, logging_cleanup, (gpointer) "child", NULL);
  lifecycle_scope_defer (child, jumping_cleanup, NULL, NULL);
  lifecycle_scope_defer (scope, logging_cleanup, (gpointer) "last", NULL);

  close_and_jump (scope, clear != NULL);
  g_assert_cmpint (lifecycle_scope_get_state (child), ==, LIFECYCLE_STATE_CLOSING);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==,
                   clear != NULL ? LIFECYCLE_STATE_OPEN : LIFECYCLE_STATE_CLOSING);

  lifecycle_scope_close (scope);
  test_assert_log ("last first jump child");
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_true (lifecycle_scope_is_closed (child));
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);

  /* What the teardown had on its stack when it was left still has references. */
  while (G_OBJECT (child)->ref_count > 1)
    g_object_unref (child);
  while (G_OBJECT (scope)->ref_count > 1)
    g_object_unref (scope);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
}

/* A cleanup that closes another scope, and then its own, which is not left: the rest is not done twice,
 * nor in the middle of the cleanup.
 */
static void
closing_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          other,
                 GError          **error)
{
  g_assert_cmpuint (lifecycle_scope_close (other), ==, 1);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  test_log ("closed");
}

static void
test_not_abandoned (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *other = lifecycle_scope_new ("other");

  lifecycle_scope_defer (other, logging_cleanup, (gpointer) "other", NULL);
  lifecycle_scope_defer (scope, logging_cleanup, (gpointer) "first", NULL);
  lifecycle_scope_defer (scope, closing_cleanup, other, NULL);

  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  test_assert_log ("other closed first");
  g_assert_finalize_object (other);
  g_assert_finalize_object (scope);
}

static void
test_place (void)
{
  LifecycleScope *scope;
  g_autoptr (GListModel) records = NULL;
  guint n_placed = 0;
  char place[] = "script.lua:12";

  scope = lifecycle_scope_new ("scope");
  lifecycle_set_place (place);
  place[0] = 'S';
  (lifecycle_scope_defer) (scope, logging_cleanup, (gpointer) "first", NULL);
  (lifecycle_scope_defer) (scope, logging_cleanup, (gpointer) "second", NULL);

  records = lifecycle_scope_list_records (scope, FALSE);
  for (guint i = 0; i < g_list_model_get_n_items (records); i++)
    {
      g_autoptr (LifecycleRecord) record = g_list_model_get_item (records, i);

      if (g_strcmp0 (lifecycle_record_get_place (record), "script.lua:12") == 0)
        n_placed++;
    }
  g_assert_cmpuint (n_placed, ==, 1);

  lifecycle_set_place (NULL);
  lifecycle_scope_close (scope);
  test_assert_log ("second first");
  g_assert_finalize_object (scope);
}

static void
test_place_numbers (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GObject *emitter = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr (GListModel) records = NULL;
  guint number = lifecycle_intern_place ("script.lua:20");
  gulong first, second;

  g_assert_cmpuint (number, !=, 0);
  g_assert_cmpuint (lifecycle_intern_place ("script.lua:20"), ==, number);
  g_assert_cmpuint (lifecycle_intern_place ("script.lua:21"), !=, number);
  g_assert_cmpuint (lifecycle_intern_place (NULL), ==, 0);
  g_assert_cmpuint (lifecycle_intern_place ("\xff.lua:1"),
                    ==, lifecycle_intern_place ("\xef\xbf\xbd.lua:1"));

  /* The place that is set is for somebody else. */
  lifecycle_set_place ("script.lua:22");
  first = g_signal_connect (emitter, "notify", G_CALLBACK (test_place_numbers), NULL);
  second = g_signal_connect (emitter, "notify", G_CALLBACK (test_place_numbers), NULL);
  g_assert_true (lifecycle_scope_add_handler_from (scope, emitter, first, number));
  g_assert_true (lifecycle_scope_add_handler_from (scope, emitter, second, 0));
  g_assert_false (lifecycle_scope_add_handler_from (scope, emitter, 0, number));
  (lifecycle_scope_add_object) (scope, emitter);

  records = lifecycle_scope_list_records (scope, FALSE);
  g_assert_cmpuint (g_list_model_get_n_items (records), ==, 3);
  for (guint i = 0; i < 3; i++)
    {
      static const char *const places[] = { "script.lua:20", NULL, "script.lua:22" };
      g_autoptr (LifecycleRecord) record = g_list_model_get_item (records, i);

      g_assert_cmpstr (lifecycle_record_get_place (record), ==, places[i]);
    }

  lifecycle_scope_close (scope);
  g_assert_false (g_signal_handler_is_connected (emitter, first));
  g_assert_false (g_signal_handler_is_connected (emitter, second));

  first = g_signal_connect (emitter, "notify", G_CALLBACK (test_place_numbers), NULL);
  g_assert_false (lifecycle_scope_add_handler_from (scope, emitter, first, number));
  g_assert_false (g_signal_handler_is_connected (emitter, first));

  g_clear_object (&records);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
test_place_of_scope (void)
{
  LifecycleScope *placed = lifecycle_scope_new ("placed");
  LifecycleScope *child, *other, *third;

  g_assert_nonnull (strstr (lifecycle_scope_get_place (placed), "test-binding.c:"));
  lifecycle_set_place ("script.lua:3");
  child = (lifecycle_scope_new_child) (placed, "child");
  other = g_object_new (LIFECYCLE_TYPE_SCOPE, NULL);
  lifecycle_set_place ("script.lua:4");
  third = g_object_new (LIFECYCLE_TYPE_SCOPE, "parent", placed, NULL);
  g_assert_cmpstr (lifecycle_scope_get_place (child), ==, "script.lua:3");
  g_assert_null (lifecycle_scope_get_place (other));
  g_assert_cmpstr (lifecycle_scope_get_place (third), ==, "script.lua:4");
  lifecycle_scope_close (placed);
  g_assert_cmpstr (lifecycle_scope_get_place (child), ==, "script.lua:3");
  g_assert_finalize_object (child);
  g_assert_finalize_object (other);
  g_assert_finalize_object (third);
  g_assert_finalize_object (placed);
}

static void
test_reason_detail (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *other = lifecycle_scope_new ("other");

  lifecycle_scope_set_reason_detail (scope, "first");
  lifecycle_scope_set_reason_detail (scope, "ZeroDivisionError");
  lifecycle_scope_set_reason_detail (other, "not this one");
  g_assert_null (lifecycle_scope_get_reason_detail (scope));
  lifecycle_scope_close_async (scope, LIFECYCLE_REASON_ABORTED, 0, NULL, NULL, NULL);
  lifecycle_scope_set_reason_detail (scope, "too late");
  g_assert_cmpstr (lifecycle_scope_get_reason_detail (scope), ==, "ZeroDivisionError");
  lifecycle_scope_close_with_reason (other, LIFECYCLE_REASON_ABORTED, "this one");
  g_assert_cmpstr (lifecycle_scope_get_reason_detail (other), ==, "this one");

  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (scope);
  g_assert_finalize_object (other);
}

static void
test_failures (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (LifecycleStatistics) statistics = NULL;
  g_autofree char *message = NULL;

  for (guint i = 0; i < 20; i++)
    {
      g_test_expect_message ("Lifecycle", G_LOG_LEVEL_WARNING,
                             "A callback of scope scope failed at script.lua:12: out of cheese");
      lifecycle_scope_add_failure (scope, "script.lua:12", "out of cheese");
      g_test_assert_expected_messages ();
    }
  g_assert_null (lifecycle_scope_get_error (scope));

  lifecycle_scope_close (scope);
  g_assert_error (lifecycle_scope_get_error (scope), LIFECYCLE_ERROR, LIFECYCLE_ERROR_CLEANUP);
  message = lifecycle_scope_get_error_message (scope);
  g_assert_true (g_str_has_prefix (message, "16 cleanups failed: scope at script.lua:12: out of"));
  statistics = lifecycle_scope_get_statistics (scope, FALSE);
  g_assert_cmpuint (lifecycle_statistics_get_n_failed (statistics), ==, 20);
  g_assert_finalize_object (scope);
}

static void
test_failure_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree char *message = NULL;

  lifecycle_scope_close (scope);
  g_assert_null (lifecycle_scope_get_error_message (scope));
  g_test_expect_message ("Lifecycle", G_LOG_LEVEL_WARNING,
                         "A callback of scope scope failed: too late");
  lifecycle_scope_add_failure (scope, NULL, "too late");
  g_test_assert_expected_messages ();
  message = lifecycle_scope_get_error_message (scope);
  g_assert_cmpstr (message, ==, "too late");
  g_assert_finalize_object (scope);
}

static void
ignore_log (const char     *domain,
            GLogLevelFlags  level,
            const char     *message,
            gpointer        data)
{
}

#define N_FAILURES 200

static gpointer
fail_often (gpointer scope)
{
  for (guint i = 0; i < N_FAILURES; i++)
    {
      lifecycle_scope_add_failure (scope, NULL, "elsewhere");
      g_free (lifecycle_scope_get_error_message (scope));
    }

  return NULL;
}

/* Threads may fail in a scope while it closes, and while its failures are passed on. */
static void
test_failures_elsewhere (void)
{
  guint handler = g_log_set_handler ("Lifecycle", G_LOG_LEVEL_WARNING, ignore_log, NULL);
  GLogLevelFlags fatal = g_log_set_always_fatal (G_LOG_FATAL_MASK);

  for (guint round = 0; round < test_amount (20); round++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
      GThread *threads[2];
      g_autoptr (LifecycleStatistics) statistics = NULL;

      for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
        threads[i] = g_thread_new ("elsewhere", fail_often, child);
      g_usleep (round * 100);
      lifecycle_scope_close (scope);
      for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
        g_thread_join (threads[i]);

      g_assert_nonnull (lifecycle_scope_get_error (child));
      statistics = lifecycle_scope_get_statistics (child, FALSE);
      g_assert_cmpuint (lifecycle_statistics_get_n_failed (statistics), ==,
                        G_N_ELEMENTS (threads) * N_FAILURES);
      g_assert_finalize_object (child);
      g_assert_finalize_object (scope);
    }
  g_log_set_always_fatal (fatal);
  g_log_remove_handler ("Lifecycle", handler);
}

static void
closure_cb (LifecycleScope  *scope,
            LifecycleReason  reason,
            gpointer         word)
{
  test_log ("%s %d", (const char *) word, reason);
}

static void
test_defer_closure (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GClosure *closure = g_cclosure_new (G_CALLBACK (closure_cb), (gpointer) "closure", NULL);

  lifecycle_scope_defer_closure (scope, closure);
  g_closure_ref (closure);
  lifecycle_scope_close_with_reason (scope, LIFECYCLE_REASON_ABORTED, NULL);
  test_assert_log ("closure 2");
  g_assert_cmpuint (closure->ref_count, ==, 1);
  lifecycle_scope_defer_closure (scope, closure);
  test_assert_log ("closure 2");
  g_closure_unref (closure);
  g_assert_finalize_object (scope);
}

static void
test_defer_for_closure (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GObject *stays = g_object_new (G_TYPE_OBJECT, NULL);
  GObject *goes = g_object_new (G_TYPE_OBJECT, NULL);

  lifecycle_scope_defer_for_closure (scope, stays,
                                     g_cclosure_new (G_CALLBACK (closure_cb), (gpointer) "stays",
                                                     NULL));
  lifecycle_scope_defer_for_closure (scope, goes,
                                     g_cclosure_new (G_CALLBACK (closure_cb), (gpointer) "goes",
                                                     NULL));
  g_assert_finalize_object (goes);
  lifecycle_scope_close (scope);
  test_assert_log ("stays 1");
  g_assert_finalize_object (scope);
  g_assert_finalize_object (stays);
}

/* As if the last reference was dropped, or the object disposed, while garbage is being collected. */
static void
test_collected (gconstpointer what)
{
  GObject *object = g_object_new (G_TYPE_OBJECT, NULL);
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *weak = scope;

  g_object_add_weak_pointer (G_OBJECT (scope), (gpointer *) &weak);
  g_assert_false (lifecycle_scope_get_collected (scope));
  lifecycle_scope_set_collected (scope, TRUE);
  g_assert_true (lifecycle_scope_get_collected (scope));
  lifecycle_scope_defer (lifecycle_scope_get_child (scope, "child"), logging_cleanup,
                         (gpointer) "gone", NULL);
  g_assert_true (lifecycle_scope_get_collected (lifecycle_scope_get_child (scope, "child")));
  lifecycle_scope_follow_object (scope, object);

  if (what != NULL)
    {
      g_object_run_dispose (object);
      g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_OWNER_GONE);
    }
  else
    {
      g_object_unref (scope);
    }
  g_assert_cmpint (lifecycle_scope_get_state (weak), ==, LIFECYCLE_STATE_CLOSING);
  test_assert_log ("");

  while (g_main_context_iteration (NULL, FALSE))
    ;
  test_assert_log ("gone");
  if (what != NULL)
    g_object_unref (scope);
  g_assert_null (weak);
  g_object_unref (object);
}

/* The scope that takes over is collected like the one that it replaces. */
static void
test_collected_moved (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *moved;

  lifecycle_scope_set_collected (scope, TRUE);
  lifecycle_scope_defer (scope, logging_cleanup, (gpointer) "gone", NULL);
  moved = lifecycle_scope_move (scope);
  g_assert_true (lifecycle_scope_get_collected (moved));
  g_assert_finalize_object (scope);

  g_object_add_weak_pointer (G_OBJECT (moved), (gpointer *) &moved);
  g_object_unref (moved);
  test_assert_log ("");
  test_iterate_until (moved == NULL);
  test_assert_log ("gone");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_data_func ("/lifecycle/binding/abandoned/close", NULL, test_abandoned);
  g_test_add_data_func ("/lifecycle/binding/abandoned/clear", "clear", test_abandoned);
  g_test_add_func ("/lifecycle/binding/not-abandoned", test_not_abandoned);
  g_test_add_func ("/lifecycle/binding/place", test_place);
  g_test_add_func ("/lifecycle/binding/place-numbers", test_place_numbers);
  g_test_add_func ("/lifecycle/binding/place-of-scope", test_place_of_scope);
  g_test_add_func ("/lifecycle/binding/reason-detail", test_reason_detail);
  g_test_add_func ("/lifecycle/binding/failures", test_failures);
  g_test_add_func ("/lifecycle/binding/failure-late", test_failure_late);
  g_test_add_func ("/lifecycle/binding/failures-elsewhere", test_failures_elsewhere);
  g_test_add_func ("/lifecycle/binding/defer-closure", test_defer_closure);
  g_test_add_func ("/lifecycle/binding/defer-for-closure", test_defer_for_closure);
  g_test_add_data_func ("/lifecycle/binding/collected/dropped", NULL, test_collected);
  g_test_add_data_func ("/lifecycle/binding/collected/followed", "object", test_collected);
  g_test_add_func ("/lifecycle/binding/collected/moved", test_collected_moved);

  return g_test_run ();
}
