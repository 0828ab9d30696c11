/* test-misuse.c: arguments that are refused, and objects that nobody should make
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

#define expect_critical() \
  g_test_expect_message ("Lifecycle", G_LOG_LEVEL_CRITICAL, "*assertion*failed*")

static void
never_ready_cb (GObject      *scope,
                GAsyncResult *result,
                gpointer      data)
{
  g_assert_not_reached ();
}

/* Only a last reference that goes gives this reason, so reports can rely on it. */
static void
test_dropped (void)
{
  static const LifecycleReason reasons[] = { LIFECYCLE_REASON_NONE, LIFECYCLE_REASON_DROPPED };
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();

  for (guint i = 0; i < G_N_ELEMENTS (reasons); i++)
    {
      expect_critical ();
      g_assert_cmpuint (lifecycle_scope_close_with_reason (scope, reasons[i], NULL), ==, 0);
      expect_critical ();
      lifecycle_scope_close_async (scope, reasons[i], 0, NULL, never_ready_cb, NULL);
      expect_critical ();
      lifecycle_scope_drain_async (scope, reasons[i], 0, NULL, never_ready_cb, NULL);
      expect_critical ();
      lifecycle_scope_follow_signal (scope, G_OBJECT (emitter), "plain", reasons[i]);
      g_test_assert_expected_messages ();
    }
  g_assert_false (test_has_handlers (emitter, "plain"));
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* Numbers that are no value of the enumeration. */
static void
test_enumerations (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleMonitor *monitor = lifecycle_monitor_new ();
  g_autoptr (LifecycleSample) sample = g_object_new (LIFECYCLE_TYPE_SAMPLE, NULL);
  LifecycleStatistics *statistics = lifecycle_get_statistics ();

  expect_critical ();
  g_assert_cmpfloat (lifecycle_sample_get_value (sample, 99), ==, 0);
  expect_critical ();
  g_assert_cmpuint (lifecycle_sample_get_live (sample, 99), ==, 0);
  expect_critical ();
  g_assert_cmpint (lifecycle_monitor_judge (monitor, 99), ==, LIFECYCLE_VERDICT_UNKNOWN);
  expect_critical ();
  g_assert_false (lifecycle_monitor_get_growth (monitor, 99, NULL, NULL, NULL));
  expect_critical ();
  g_assert_cmpuint (lifecycle_statistics_get_live (statistics, 99), ==, 0);
  expect_critical ();
  g_assert_cmpuint (lifecycle_statistics_get_n_closed (statistics, 99), ==, 0);
  expect_critical ();
  g_assert_cmpuint (lifecycle_scope_get_n_live (scope, 99), ==, 0);
  expect_critical ();
  g_assert_cmpuint (lifecycle_scope_clear_kind (scope, 99, TRUE), ==, 0);
  g_test_assert_expected_messages ();

  lifecycle_statistics_free (statistics);
  g_assert_finalize_object (monitor);
  g_assert_finalize_object (scope);
}

static void
read_all_properties (GObject *object)
{
  guint n_properties;
  g_autofree GParamSpec **properties =
    g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n_properties);

  for (guint i = 0; i < n_properties; i++)
    {
      g_auto (GValue) value = G_VALUE_INIT;

      g_object_get_property (object, properties[i]->name, &value);
    }
}

/* A language may make an object of any type. There is nothing in it, and it does no harm. */
static void
test_made_by_hand (void)
{
  g_autoptr (LifecycleLeak) leak = g_object_new (LIFECYCLE_TYPE_LEAK, NULL);
  g_autoptr (LifecycleRecord) record = g_object_new (LIFECYCLE_TYPE_RECORD, NULL);
  g_autoptr (LifecycleSample) sample = g_object_new (LIFECYCLE_TYPE_SAMPLE, NULL);
  g_autofree char *leak_text = lifecycle_leak_to_string (leak);
  g_autofree char *record_text = lifecycle_record_to_string (record);

  read_all_properties (G_OBJECT (leak));
  read_all_properties (G_OBJECT (record));
  read_all_properties (G_OBJECT (sample));
  g_assert_nonnull (leak_text);
  g_assert_nonnull (record_text);
  g_assert_nonnull (lifecycle_leak_get_address (leak));
  g_assert_nonnull (lifecycle_leak_get_scope_path (leak));
  g_assert_nonnull (lifecycle_leak_get_type_name (leak));
  g_assert_nonnull (lifecycle_record_get_scope_path (record));
  g_assert_cmpuint (lifecycle_leak_get_count (leak), ==, 0);
}

/* The list of records has a type of its own, which a language may find by its name. */
static void
test_made_by_name (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GListModel *records = lifecycle_scope_list_records (scope, FALSE);
  g_autoptr (GListModel) made = g_object_new (G_OBJECT_TYPE (records), NULL);

  g_assert_cmpuint (g_list_model_get_n_items (made), ==, 0);
  g_assert_null (g_list_model_get_item (made, 0));
  g_assert_finalize_object (records);
  g_assert_finalize_object (scope);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/misuse/dropped", test_dropped);
  g_test_add_func ("/lifecycle/misuse/enumerations", test_enumerations);
  g_test_add_func ("/lifecycle/misuse/made-by-hand", test_made_by_hand);
  g_test_add_func ("/lifecycle/misuse/made-by-name", test_made_by_name);

  return g_test_run ();
}
