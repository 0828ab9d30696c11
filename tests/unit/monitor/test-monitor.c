/* test-monitor.c: what a process uses, over time
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define LIFECYCLE_COMPILATION
#include "lifecycle-monitor-private.h"
#undef LIFECYCLE_COMPILATION

#include <math.h>

#include "test-util.h"

#define MB (1024 * 1024)

/* Nothing of its own comes in between. */
static LifecycleMonitor *
monitor_new (void)
{
  return g_object_new (LIFECYCLE_TYPE_MONITOR, "interval", 0, NULL);
}

/* As if it had been taken so many minutes after the first. */
static void
inject (LifecycleMonitor *monitor,
        guint             minutes,
        guint             n_entries)
{
  LifecycleSample *sample = g_object_new (LIFECYCLE_TYPE_SAMPLE, NULL);

  sample->monotonic = G_USEC_PER_SEC * 1000 + (gint64) minutes * 60 * G_USEC_PER_SEC;
  sample->time = sample->monotonic;
  sample->usage.rss = 100 * MB;
  sample->usage.heap = 50 * MB;
  sample->n_scopes = 10;
  sample->n_entries = n_entries;
  lifecycle_monitor_add_sample (monitor, sample);
}

static guint
get_n_items (LifecycleMonitor *monitor)
{
  return g_list_model_get_n_items (G_LIST_MODEL (monitor));
}

static void
items_changed_cb (GListModel *model,
                  guint       position,
                  guint       removed,
                  guint       added,
                  gpointer    shadow)
{
  test_log ("%u-%u+%u", position, removed, added);
}

static void
sample_cb (LifecycleMonitor *monitor,
           LifecycleSample  *sample,
           gpointer          data)
{
  g_assert_true (sample == lifecycle_monitor_get_latest (monitor));
  test_log ("sample");
}

static void
notify_cb (GObject    *object,
           GParamSpec *pspec,
           gpointer    data)
{
  test_log ("%s", pspec->name);
}

/* What it is by default, and that it is no part of what it counts. */
static void
test_new (void)
{
  g_autoptr (LifecycleStatistics) before = lifecycle_get_statistics ();
  g_autoptr (LifecycleStatistics) after = NULL;
  LifecycleMonitor *monitor = lifecycle_monitor_new ();
  double per_hour, low, high;

  g_assert_cmpuint (lifecycle_monitor_get_interval (monitor), ==, 300);
  g_assert_cmpuint (lifecycle_monitor_get_history (monitor), ==, 288);
  g_assert_cmpuint (lifecycle_monitor_get_low_water_mark (monitor), ==, 0);
  g_assert_cmpuint (lifecycle_monitor_get_n_trims (monitor), ==, 0);
  g_assert_cmpuint (lifecycle_monitor_get_min_samples (monitor), ==, 12);
  g_assert_cmpfloat (lifecycle_monitor_get_confidence (monitor), ==, 0.99);
  g_assert_cmpfloat (lifecycle_monitor_get_tolerance (monitor), ==, 0.005);
  g_assert_cmpint (lifecycle_monitor_get_verdict (monitor), ==, LIFECYCLE_VERDICT_UNKNOWN);
  g_assert_null (lifecycle_monitor_get_latest (monitor));
  g_assert_cmpuint (get_n_items (monitor), ==, 0);
  g_assert_true (g_list_model_get_item_type (G_LIST_MODEL (monitor)) == LIFECYCLE_TYPE_SAMPLE);

  g_assert_false (lifecycle_monitor_get_growth (monitor, LIFECYCLE_METRIC_RSS,
                                                &per_hour, &low, &high));
  g_assert_cmpfloat (per_hour, ==, 0);
  g_assert_true (isinf (low) && low < 0);
  g_assert_true (isinf (high) && high > 0);
  g_assert_false (lifecycle_monitor_get_growth (monitor, LIFECYCLE_METRIC_RSS, NULL, NULL, NULL));

  after = lifecycle_get_statistics ();
  g_assert_cmpuint (lifecycle_statistics_get_n_scopes (after), ==,
                    lifecycle_statistics_get_n_scopes (before));
  g_assert_cmpuint (lifecycle_statistics_get_total_live (after), ==,
                    lifecycle_statistics_get_total_live (before));
  for (guint kind = 0; kind < LIFECYCLE_N_KINDS; kind++)
    g_assert_cmpuint (lifecycle_statistics_get_added (after, (LifecycleKind) kind), ==,
                      lifecycle_statistics_get_added (before, (LifecycleKind) kind));

  g_assert_finalize_object (monitor);
}

static void
test_sample (void)
{
  LifecycleMonitor *monitor = monitor_new ();
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  g_autoptr (LifecycleSample) first = NULL;
  LifecycleSample *second;
  gint64 before = g_get_monotonic_time (), now;
  gint64 time, monotonic;
  guint64 rss, heap, cpu_time;
  guint n_scopes, n_entries, n_overdue;
  int n_freed = 0;

  lifecycle_scope_adopt (child, &n_freed, test_count_notify);
  lifecycle_scope_adopt (scope, &n_freed, test_count_notify);

  first = g_object_ref (lifecycle_monitor_take_sample (monitor));
  now = g_get_monotonic_time ();
  g_assert_cmpuint (lifecycle_sample_get_n_scopes (first), ==, 2);
  g_assert_cmpuint (lifecycle_sample_get_n_entries (first), ==, 3);
  g_assert_cmpuint (lifecycle_sample_get_live (first, LIFECYCLE_KIND_DATA), ==, 2);
  g_assert_cmpuint (lifecycle_sample_get_live (first, LIFECYCLE_KIND_SCOPE), ==, 1);
  g_assert_cmpuint (lifecycle_sample_get_live (first, LIFECYCLE_KIND_TIMER), ==, 0);
  g_assert_cmpuint (lifecycle_sample_get_n_overdue (first), ==, 0);
  g_assert_cmpint (lifecycle_sample_get_monotonic_time (first), >=, before);
  g_assert_cmpint (lifecycle_sample_get_monotonic_time (first), <=, now);
  g_assert_cmpint (ABS (lifecycle_sample_get_time (first) - g_get_real_time ()), <,
                   TEST_HANG_SECONDS * G_USEC_PER_SEC);
#ifdef __linux__
  g_assert_cmpuint (lifecycle_sample_get_rss (first), >, MB / 2);
  g_assert_cmpuint (lifecycle_sample_get_cpu_time (first), >, 0);
#endif

  g_object_get (first,
                "time", &time,
                "monotonic-time", &monotonic,
                "rss", &rss,
                "heap", &heap,
                "cpu-time", &cpu_time,
                "n-scopes", &n_scopes,
                "n-entries", &n_entries,
                "n-overdue", &n_overdue,
                NULL);
  g_assert_cmpint (time, ==, lifecycle_sample_get_time (first));
  g_assert_cmpint (monotonic, ==, lifecycle_sample_get_monotonic_time (first));
  g_assert_cmpuint (rss, ==, lifecycle_sample_get_rss (first));
  g_assert_cmpuint (heap, ==, lifecycle_sample_get_heap (first));
  g_assert_cmpuint (cpu_time, ==, lifecycle_sample_get_cpu_time (first));
  g_assert_cmpuint (n_scopes, ==, 2);
  g_assert_cmpuint (n_entries, ==, 3);
  g_assert_cmpuint (n_overdue, ==, 0);

  g_assert_cmpfloat (lifecycle_sample_get_value (first, LIFECYCLE_METRIC_RSS), ==, (double) rss);
  g_assert_cmpfloat (lifecycle_sample_get_value (first, LIFECYCLE_METRIC_HEAP), ==, (double) heap);
  g_assert_cmpfloat (lifecycle_sample_get_value (first, LIFECYCLE_METRIC_SCOPES), ==, 2);
  g_assert_cmpfloat (lifecycle_sample_get_value (first, LIFECYCLE_METRIC_ENTRIES), ==, 3);
  g_assert_cmpfloat (lifecycle_sample_get_value (first, LIFECYCLE_METRIC_OVERDUE), ==, 0);

  lifecycle_scope_close (scope);
  second = lifecycle_monitor_take_sample (monitor);
  g_assert_true (second == lifecycle_monitor_get_latest (monitor));
  g_assert_cmpuint (lifecycle_sample_get_n_scopes (second), ==, 0);
  g_assert_cmpuint (lifecycle_sample_get_n_entries (second), ==, 0);
  g_assert_cmpuint (lifecycle_sample_get_cpu_time (second), >=, cpu_time);
  g_assert_cmpuint (get_n_items (monitor), ==, 2);

  g_assert_cmpint (n_freed, ==, 2);
  g_assert_finalize_object (monitor);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (g_steal_pointer (&first));
}

/* What the allocator has given out goes up and down with what is asked for. */
static void
test_heap (void)
{
  LifecycleUsage before, between, after;
  gpointer *blocks = g_new0 (gpointer, 1000);

  /* Giving memory back makes the next reading count anew, however long the one before took. */
  lifecycle_usage_trim ();
  lifecycle_usage_read (&before);
  for (guint i = 0; i < 1000; i++)
    blocks[i] = g_malloc (10000);
  lifecycle_usage_trim ();
  lifecycle_usage_read (&between);
  for (guint i = 0; i < 1000; i++)
    g_free (blocks[i]);
  lifecycle_usage_trim ();
  lifecycle_usage_read (&after);
  g_free (blocks);

  if (between.heap < 10000 * 1000)
    {
      g_test_skip ("the allocator in use keeps no account of its heap");
      return;
    }

  g_assert_cmpuint (between.heap - before.heap, >=, 10000 * 1000);
  g_assert_cmpuint (between.heap - before.heap, <, 11000 * 1000);
  g_assert_cmpuint (between.heap - after.heap, >=, 10000 * 1000);
}

/* The heap is counted each time if that is cheap, and for a thousandth of the time if it is not. */
static void
test_heap_price (void)
{
  if (!lifecycle_usage_walk_is_due (0, 0, 0))
    {
      g_test_skip ("nothing says how large the heap is");
      return;
    }

  g_assert_true (lifecycle_usage_walk_is_due (1000, 999, 100));
  g_assert_false (lifecycle_usage_walk_is_due (1000, 999, 101));
  g_assert_false (lifecycle_usage_walk_is_due (14 * G_USEC_PER_SEC - 1, 0, 14000));
  g_assert_true (lifecycle_usage_walk_is_due (14 * G_USEC_PER_SEC, 0, 14000));
}

/* The oldest falls out before the newest comes in, and everybody is told. */
static void
test_list (void)
{
  LifecycleMonitor *monitor = monitor_new ();
  LifecycleSample *oldest;

  lifecycle_monitor_set_history (monitor, 3);
  g_signal_connect (monitor, "items-changed", G_CALLBACK (items_changed_cb), NULL);
  g_signal_connect (monitor, "sample", G_CALLBACK (sample_cb), NULL);
  g_signal_connect (monitor, "notify::latest", G_CALLBACK (notify_cb), NULL);

  inject (monitor, 0, 100);
  inject (monitor, 1, 101);
  inject (monitor, 2, 102);
  test_assert_log ("0-0+1 latest sample 1-0+1 latest sample 2-0+1 latest sample");
  g_assert_cmpuint (get_n_items (monitor), ==, 3);

  inject (monitor, 3, 103);
  test_assert_log ("0-1+0 2-0+1 latest sample");
  g_assert_cmpuint (get_n_items (monitor), ==, 3);

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (LifecycleSample) sample = g_list_model_get_item (G_LIST_MODEL (monitor), i);

      g_assert_cmpuint (lifecycle_sample_get_n_entries (sample), ==, 101 + i);
    }
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (monitor), 3));

  lifecycle_monitor_set_history (monitor, 3);
  test_assert_log ("");
  lifecycle_monitor_set_history (monitor, 1);
  test_assert_log ("0-2+0");
  g_assert_cmpuint (lifecycle_sample_get_n_entries (lifecycle_monitor_get_latest (monitor)), ==,
                    103);

  /* What has fallen out is let go of. */
  oldest = g_object_ref (lifecycle_monitor_get_latest (monitor));
  inject (monitor, 4, 104);
  test_assert_log ("0-1+0 0-0+1 latest sample");
  g_assert_finalize_object (oldest);
  g_assert_cmpuint (get_n_items (monitor), ==, 1);

  g_assert_finalize_object (monitor);
}

static void
take_another_cb (LifecycleMonitor *monitor,
                 guint             position,
                 guint             removed,
                 guint             added,
                 int              *n_left)
{
  g_assert_cmpuint (get_n_items (monitor), <=, lifecycle_monitor_get_history (monitor));

  if (*n_left > 0)
    {
      (*n_left)--;
      g_assert_nonnull (lifecycle_monitor_take_sample (monitor));
    }
}

/* Handlers take samples, too, and there is never one too many. */
static void
test_reentrant (void)
{
  LifecycleMonitor *monitor = monitor_new ();
  LifecycleSample *sample;
  int n_left = 5;

  lifecycle_monitor_set_history (monitor, 2);
  g_signal_connect (monitor, "items-changed", G_CALLBACK (take_another_cb), &n_left);
  sample = lifecycle_monitor_take_sample (monitor);
  g_assert_cmpint (n_left, ==, 0);
  g_assert_true (sample == lifecycle_monitor_get_latest (monitor));
  g_assert_cmpuint (get_n_items (monitor), ==, 2);

  g_assert_finalize_object (monitor);
}

static void
drop_cb (LifecycleMonitor *monitor,
         LifecycleSample  *sample,
         gpointer          data)
{
  LifecycleMonitor **ours = data;

  g_clear_object (ours);
}

/* A handler lets go of the last reference. */
static void
test_drop_in_handler (void)
{
  LifecycleMonitor *monitor = monitor_new ();
  gpointer weak = monitor;

  g_object_add_weak_pointer (G_OBJECT (monitor), &weak);
  g_signal_connect (monitor, "sample", G_CALLBACK (drop_cb), &monitor);
  inject (monitor, 0, 1);
  g_assert_null (monitor);
  g_assert_null (weak);
}

static gboolean
has_two (gpointer monitor)
{
  return get_n_items (monitor) >= 2;
}

/* It takes samples by itself as long as it lives, and that is no longer than others want it. */
static void
test_timer (void)
{
  LifecycleMonitor *monitor = monitor_new ();

  lifecycle_monitor_set_interval (monitor, 1);
  g_assert_cmpuint (lifecycle_monitor_get_interval (monitor), ==, 1);
  test_run_until (has_two, monitor);

  lifecycle_monitor_set_interval (monitor, 0);
  g_assert_cmpint (g_main_context_pending (NULL), ==, FALSE);
  lifecycle_monitor_set_interval (monitor, 1);
  g_assert_finalize_object (monitor);
}

typedef struct
{
  LifecycleMonitor *monitor;
  GThread          *thread;
} Away;

static void
away_sample_cb (LifecycleMonitor *monitor,
                LifecycleSample  *sample,
                gpointer          thread)
{
  g_atomic_pointer_set ((GThread **) thread, g_thread_self ());
}

static void
away_create (gpointer data)
{
  Away *away = data;

  away->monitor = g_object_new (LIFECYCLE_TYPE_MONITOR, "interval", 1, NULL);
  g_signal_connect (away->monitor, "sample", G_CALLBACK (away_sample_cb), &away->thread);
}

static gboolean
away_has_sampled (gpointer data)
{
  return g_atomic_pointer_get (&((Away *) data)->thread) != NULL;
}

/* The timer is on the thread-default context; the last reference may go elsewhere. */
static void
test_elsewhere (void)
{
  TestWorker *worker = test_worker_new ();
  Away away = { NULL, NULL };

  test_worker_call (worker, away_create, &away);
  test_run_until (away_has_sampled, &away);
  g_assert_true (away.thread == worker->thread);
  g_assert_finalize_object (away.monitor);

  test_worker_free (worker);
}

/* Once for each time that the entries become few, at the mark or below. */
static void
test_low_water_mark (void)
{
  static const guint n_entries[] = { 5, 11, 50, 10, 10, 9, 11, 10, 0, 11 };
  static const guint n_trims[] = { 0, 0, 0, 1, 1, 1, 1, 2, 2, 2 };
  gboolean trims = lifecycle_usage_trim ();
  LifecycleMonitor *monitor = monitor_new ();

  g_signal_connect (monitor, "notify::n-trims", G_CALLBACK (notify_cb), NULL);
  lifecycle_monitor_set_low_water_mark (monitor, 10);
  for (guint i = 0; i < G_N_ELEMENTS (n_entries); i++)
    {
      inject (monitor, i, n_entries[i]);
      g_assert_cmpuint (lifecycle_monitor_get_n_trims (monitor), ==, trims ? n_trims[i] : 0);
    }
  test_assert_log (trims ? "n-trims n-trims" : "");

  lifecycle_monitor_set_low_water_mark (monitor, 0);
  inject (monitor, 20, 0);
  test_assert_log ("");

  g_assert_finalize_object (monitor);
}

static void
test_verdict (void)
{
  LifecycleMonitor *monitor = monitor_new ();
  double per_hour, low, high;

  g_signal_connect (monitor, "notify::verdict", G_CALLBACK (notify_cb), NULL);

  for (guint i = 0; i < 11; i++)
    inject (monitor, 5 * i, 1000);
  g_assert_cmpint (lifecycle_monitor_get_verdict (monitor), ==, LIFECYCLE_VERDICT_UNKNOWN);
  test_assert_log ("");
  inject (monitor, 55, 1000);
  g_assert_cmpint (lifecycle_monitor_get_verdict (monitor), ==, LIFECYCLE_VERDICT_STEADY);
  test_assert_log ("verdict");

  /* A thousand entries, and one more every five minutes. */
  lifecycle_monitor_set_history (monitor, 24);
  for (guint i = 0; i < 24; i++)
    inject (monitor, 60 + 5 * i, 1001 + i);
  g_assert_cmpint (lifecycle_monitor_judge (monitor, LIFECYCLE_METRIC_ENTRIES), ==,
                   LIFECYCLE_VERDICT_GROWING);
  g_assert_cmpint (lifecycle_monitor_judge (monitor, LIFECYCLE_METRIC_RSS), ==,
                   LIFECYCLE_VERDICT_STEADY);
  g_assert_cmpint (lifecycle_monitor_judge (monitor, LIFECYCLE_METRIC_OVERDUE), ==,
                   LIFECYCLE_VERDICT_STEADY);
  g_assert_cmpint (lifecycle_monitor_get_verdict (monitor), ==, LIFECYCLE_VERDICT_GROWING);
  test_assert_log ("verdict verdict");
  g_assert_true (lifecycle_monitor_get_growth (monitor, LIFECYCLE_METRIC_ENTRIES,
                                               &per_hour, &low, &high));
  g_assert_cmpfloat_with_epsilon (per_hour, 12, 1e-6);
  g_assert_cmpfloat_with_epsilon (low, 12, 1e-6);
  g_assert_cmpfloat_with_epsilon (high, 12, 1e-6);

  /* The rules count at once. */
  lifecycle_monitor_set_tolerance (monitor, 0.02);
  g_assert_cmpint (lifecycle_monitor_get_verdict (monitor), ==, LIFECYCLE_VERDICT_STEADY);
  test_assert_log ("verdict");
  g_object_set (monitor, "min-samples", 25, NULL);
  g_assert_cmpint (lifecycle_monitor_get_verdict (monitor), ==, LIFECYCLE_VERDICT_UNKNOWN);
  test_assert_log ("verdict");

  g_assert_finalize_object (monitor);
}

/* The bounds of properties are those of the functions. */
static void
test_bounds (void)
{
  LifecycleMonitor *monitor = monitor_new ();

  g_signal_connect (monitor, "notify", G_CALLBACK (notify_cb), NULL);

  test_expect_critical ("*confidence >= 0.5*");
  lifecycle_monitor_set_confidence (monitor, 0.1);
  test_expect_critical ("*history >= 1*");
  lifecycle_monitor_set_history (monitor, 0);
  test_expect_critical ("*min_samples >= 6*");
  lifecycle_monitor_set_min_samples (monitor, 5);
  test_expect_critical ("*tolerance >= 0*");
  lifecycle_monitor_set_tolerance (monitor, -1);
  test_expect_critical ("*metric < *");
  g_assert_cmpint (lifecycle_monitor_judge (monitor, (LifecycleMetric) 99), ==,
                   LIFECYCLE_VERDICT_UNKNOWN);
  g_test_assert_expected_messages ();
  test_assert_log ("");

  lifecycle_monitor_set_confidence (monitor, 0.95);
  lifecycle_monitor_set_confidence (monitor, 0.95);
  lifecycle_monitor_set_interval (monitor, 7);
  lifecycle_monitor_set_low_water_mark (monitor, 7);
  lifecycle_monitor_set_history (monitor, 7);
  test_assert_log ("confidence interval low-water-mark history");

  g_assert_finalize_object (monitor);
}

/* The log. A program has one writer. */
static const char *program;
static GHashTable *logged;

static GLogWriterOutput
log_writer (GLogLevelFlags   level,
            const GLogField *fields,
            gsize            n_fields,
            gpointer         data)
{
  if (level != G_LOG_LEVEL_INFO || logged == NULL)
    return g_log_writer_default (level, fields, n_fields, data);

  for (gsize i = 0; i < n_fields; i++)
    g_hash_table_insert (logged, g_strdup (fields[i].key),
                         fields[i].length < 0 ? g_strdup (fields[i].value)
                                              : g_strndup (fields[i].value,
                                                           (gsize) fields[i].length));

  return G_LOG_WRITER_HANDLED;
}

/* The history was there before it was filled. */
static void
test_own_weight (void)
{
  LifecycleMonitor *monitor = monitor_new ();
  guint64 first;

  for (guint i = 0; i < 20; i++)
    lifecycle_monitor_take_sample (monitor);
  first = lifecycle_sample_get_heap (lifecycle_monitor_get_latest (monitor));
  for (guint i = 0; i < 200; i++)
    lifecycle_monitor_take_sample (monitor);
  /* The list itself. */
  g_assert_cmpuint (lifecycle_sample_get_heap (lifecycle_monitor_get_latest (monitor)), <=,
                    first + 4096);

  g_assert_finalize_object (monitor);
}

/* What the process does that is started with one argument more. */
static void
log_unseen (void)
{
  LifecycleMonitor *monitor = monitor_new ();

  logged = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  inject (monitor, 0, 42);
  g_assert_cmpuint (g_hash_table_size (logged), ==, 0);
  g_clear_pointer (&logged, g_hash_table_unref);
  g_assert_finalize_object (monitor);
}

static void
log_seen (void)
{
  LifecycleMonitor *monitor = monitor_new ();

  logged = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  inject (monitor, 1, 43);
  g_assert_cmpstr (g_hash_table_lookup (logged, "GLIB_DOMAIN"), ==, "Lifecycle");
  g_assert_cmpstr (g_hash_table_lookup (logged, "LIFECYCLE_RSS"), ==, "104857600");
  g_assert_cmpstr (g_hash_table_lookup (logged, "LIFECYCLE_HEAP"), ==, "52428800");
  g_assert_cmpstr (g_hash_table_lookup (logged, "LIFECYCLE_CPU_USEC"), ==, "0");
  g_assert_cmpstr (g_hash_table_lookup (logged, "LIFECYCLE_ENTRIES"), ==, "43");
  g_assert_cmpstr (g_hash_table_lookup (logged, "LIFECYCLE_SCOPES"), ==, "10");
  g_assert_cmpstr (g_hash_table_lookup (logged, "LIFECYCLE_OVERDUE"), ==, "0");
  g_assert_cmpstr (g_hash_table_lookup (logged, "LIFECYCLE_VERDICT"), ==, "unknown");
  g_assert_cmpstr (g_hash_table_lookup (logged, "MESSAGE"), ==,
                   "100.0 MiB resident, 50.0 MiB of heap, 10 scopes, 43 entries, 0 overdue");

  for (guint i = 2; i < 20; i++)
    inject (monitor, 5 * i, 42 + 10 * i);
  g_assert_cmpstr (g_hash_table_lookup (logged, "LIFECYCLE_VERDICT"), ==, "growing");
  g_assert_nonnull (strstr (g_hash_table_lookup (logged, "MESSAGE"), "; entries grows by 1"));

  g_clear_pointer (&logged, g_hash_table_unref);
  g_assert_finalize_object (monitor);
}

/* GLib may read G_MESSAGES_DEBUG only once, so each value gets a process of its own. */
static void
run_log (const char *argument,
         const char *domains)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autoptr (GSubprocess) subprocess = NULL;
  g_autoptr (GError) error = NULL;

  g_subprocess_launcher_unsetenv (launcher, "G_MESSAGES_DEBUG");
  if (domains != NULL)
    g_subprocess_launcher_setenv (launcher, "G_MESSAGES_DEBUG", domains, TRUE);
  subprocess = g_subprocess_launcher_spawn (launcher, &error, program, argument, NULL);
  g_assert_no_error (error);
  g_subprocess_wait_check (subprocess, NULL, &error);
  g_assert_no_error (error);
}

static void
test_log_record (void)
{
  run_log ("--log-unseen", NULL);
  run_log ("--log-seen", "Lifecycle");
}

/* The value of a series, or NULL. */
static char *
find_series (const char *text,
             const char *series)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  gsize length = strlen (series);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (strncmp (lines[i], series, length) == 0 && lines[i][length] == ' ')
        return g_strdup (lines[i] + length + 1);
    }

  return NULL;
}

static guint64
get_number (const char *text,
            const char *series)
{
  g_autofree char *value = find_series (text, series);

  g_assert_nonnull (value);

  return g_ascii_strtoull (value, NULL, 10);
}

static void
fail_cleanup (LifecycleScope   *scope,
              LifecycleReason   reason,
              gpointer          data,
              GError          **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "failed");
}

static void
test_openmetrics (void)
{
  LifecycleMonitor *monitor = monitor_new ();
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *open = lifecycle_scope_new ("open");
  g_autofree char *before = lifecycle_monitor_to_openmetrics (monitor);
  g_autofree char *after = NULL;
  g_autofree char *longest = NULL;
  int n_freed = 0;

  lifecycle_scope_adopt (open, &n_freed, test_count_notify);
  lifecycle_scope_adopt (scope, &n_freed, test_count_notify);
  lifecycle_scope_adopt (scope, &n_freed, test_count_notify);
  lifecycle_scope_defer (scope, fail_cleanup, NULL, NULL);
  lifecycle_scope_close_with_reason (scope, LIFECYCLE_REASON_TIMED_OUT, NULL);
  g_assert_nonnull (lifecycle_scope_get_error (scope));
  lifecycle_scope_adopt (scope, &n_freed, test_count_notify);

  after = lifecycle_monitor_to_openmetrics (monitor);
  g_assert_cmpuint (get_n_items (monitor), ==, 0);

#define assert_more(series, n) \
  g_assert_cmpuint (get_number (after, series) - get_number (before, series), ==, n)
  assert_more ("lifecycle_entries{kind=\"data\"}", 1);
  assert_more ("lifecycle_entries{kind=\"handler\"}", 0);
  assert_more ("lifecycle_entries_added_total{kind=\"data\"}", 3);
  assert_more ("lifecycle_entries_released_total{kind=\"data\"}", 2);
  assert_more ("lifecycle_entries_released_total{kind=\"cleanup\"}", 1);
  assert_more ("lifecycle_entries_retired_total{kind=\"data\"}", 0);
  assert_more ("lifecycle_entries_late_total", 1);
  assert_more ("lifecycle_cleanups_failed_total", 1);
  assert_more ("lifecycle_scopes_closed_total{reason=\"timed-out\"}", 1);
  assert_more ("lifecycle_scopes_closed_total{reason=\"completed\"}", 0);
  assert_more ("lifecycle_memory_trims_total", 0);
#undef assert_more
  g_assert_cmpuint (get_number (before, "lifecycle_scopes"), ==, 2);
  g_assert_cmpuint (get_number (after, "lifecycle_scopes"), ==, 1);
  g_assert_cmpuint (get_number (after, "lifecycle_overdue_objects"), ==, 0);
#ifdef __linux__
  g_assert_cmpuint (get_number (after, "lifecycle_resident_memory_bytes"), >, MB / 2);
#endif
  get_number (after, "lifecycle_cpu_seconds_total");
  get_number (after, "lifecycle_closing_seconds_total");

  longest = find_series (after, "lifecycle_closing_longest_seconds");
  g_assert_true (g_regex_match_simple ("^[0-9]+\\.[0-9]{6}$", longest, 0, 0));
  g_assert_true (g_str_has_suffix (after, "\n# EOF\n"));

  lifecycle_scope_close (open);
  g_assert_cmpint (n_freed, ==, 4);
  g_assert_finalize_object (open);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (monitor);
}

static void
test_openmetrics_verdict (void)
{
  LifecycleMonitor *monitor = monitor_new ();
  g_autofree char *text = NULL;

  for (guint i = 0; i < 12; i++)
    inject (monitor, 5 * i, 100 + i);
  text = lifecycle_monitor_to_openmetrics (monitor);
  g_assert_cmpuint (get_number (text, "lifecycle_verdict{metric=\"all\",verdict=\"growing\"}"),
                    ==, 1);
  g_assert_cmpuint (get_number (text, "lifecycle_verdict{metric=\"all\",verdict=\"steady\"}"),
                    ==, 0);
  g_assert_cmpuint (get_number (text, "lifecycle_verdict{metric=\"entries\",verdict=\"growing\"}"),
                    ==, 1);
  g_assert_cmpuint (get_number (text, "lifecycle_verdict{metric=\"rss\",verdict=\"steady\"}"),
                    ==, 1);
  g_assert_cmpuint (get_number (text, "lifecycle_verdict{metric=\"rss\",verdict=\"unknown\"}"),
                    ==, 0);

  g_assert_finalize_object (monitor);
}

/* In a process of its own, whose name is one. */
static void
test_openmetrics_escaped (void)
{
  LifecycleMonitor *monitor;
  g_autofree char *text = NULL;

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
      g_test_trap_assert_passed ();
      return;
    }

  monitor = monitor_new ();
  g_set_prgname ("a \"b\" \\ \n \xff");
  text = lifecycle_monitor_to_openmetrics (monitor);
  g_assert_nonnull (strstr (text, ",program=\"a \\\"b\\\" \\\\ \\n \xef\xbf\xbd\"} 1\n"));
  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_finalize_object (monitor);
}

/* Prometheus' own tool has nothing to say against it. */
static void
test_openmetrics_promtool (void)
{
  LifecycleMonitor *monitor;
  g_autofree char *text = NULL;
  g_autofree char *output = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = NULL;

  if (g_getenv ("PROMTOOL") == NULL)
    {
      g_test_skip ("there is no promtool");
      return;
    }

  monitor = monitor_new ();
  text = lifecycle_monitor_to_openmetrics (monitor);
  process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                              G_SUBPROCESS_FLAGS_STDERR_MERGE,
                              &error, g_getenv ("PROMTOOL"), "check", "metrics", NULL);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (process, text, NULL, &output, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (output, ==, "");
  g_assert_true (g_subprocess_get_successful (process));

  g_assert_finalize_object (monitor);
}

int
main (int   argc,
      char *argv[])
{
  g_log_set_writer_func (log_writer, NULL, NULL);
  if (argc == 2 && g_str_equal (argv[1], "--log-unseen"))
    {
      log_unseen ();
      return 0;
    }
  if (argc == 2 && g_str_equal (argv[1], "--log-seen"))
    {
      log_seen ();
      return 0;
    }

  program = argv[0];
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/monitor/new", test_new);
  g_test_add_func ("/lifecycle/monitor/sample", test_sample);
  g_test_add_func ("/lifecycle/monitor/heap", test_heap);
  g_test_add_func ("/lifecycle/monitor/heap-price", test_heap_price);
  g_test_add_func ("/lifecycle/monitor/list", test_list);
  g_test_add_func ("/lifecycle/monitor/own-weight", test_own_weight);
  g_test_add_func ("/lifecycle/monitor/reentrant", test_reentrant);
  g_test_add_func ("/lifecycle/monitor/drop-in-handler", test_drop_in_handler);
  g_test_add_func ("/lifecycle/monitor/timer", test_timer);
  g_test_add_func ("/lifecycle/monitor/elsewhere", test_elsewhere);
  g_test_add_func ("/lifecycle/monitor/low-water-mark", test_low_water_mark);
  g_test_add_func ("/lifecycle/monitor/verdict", test_verdict);
  g_test_add_func ("/lifecycle/monitor/bounds", test_bounds);
  g_test_add_func ("/lifecycle/monitor/log", test_log_record);
  g_test_add_func ("/lifecycle/monitor/openmetrics", test_openmetrics);
  g_test_add_func ("/lifecycle/monitor/openmetrics-verdict", test_openmetrics_verdict);
  g_test_add_func ("/lifecycle/monitor/openmetrics-escaped", test_openmetrics_escaped);
  g_test_add_func ("/lifecycle/monitor/openmetrics-promtool", test_openmetrics_promtool);

  return g_test_run ();
}
