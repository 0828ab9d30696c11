/* arena-verdict.c: decides whether a run was free of leaks
 *
 * There are three independent checks: the library's monitor, which fits a line through the samples
 * of all quiet moments; its leak detection, which knows the objects that should have been
 * finalized; and the program, which compares the end of the run with the time before any player
 * connected.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-verdict.h"

#include <string.h>

/* Leaks with the same place are alike, so only the first of each is printed; at most this many. */
#define MAX_LEAKS 12

static const struct
{
  LifecycleMetric  metric;
  const char      *name;
  const char      *unit;
  double           divisor;
} metrics[] = {
  { LIFECYCLE_METRIC_RSS, "resident memory", " KiB", 1024.0 },
  { LIFECYCLE_METRIC_HEAP, "heap", " KiB", 1024.0 },
  { LIFECYCLE_METRIC_ENTRIES, "entries of scopes", "", 1.0 },
  { LIFECYCLE_METRIC_SCOPES, "scopes", "", 1.0 },
  { LIFECYCLE_METRIC_OVERDUE, "overdue objects", "", 1.0 },
};

static gboolean
is_memory (LifecycleMetric metric)
{
  return metric == LIFECYCLE_METRIC_RSS || metric == LIFECYCLE_METRIC_HEAP;
}

/* Returns FALSE if any metric grows. */
static gboolean
print_growth (LifecycleMonitor *quiet)
{
  g_autoptr (GEnumClass) verdicts = g_type_class_ref (LIFECYCLE_TYPE_VERDICT);
  gboolean steady = TRUE;
  guint i;

  g_print ("Growth per hour over %u quiet moments, with its %.0f %% confidence interval:\n",
           g_list_model_get_n_items (G_LIST_MODEL (quiet)),
           100 * lifecycle_monitor_get_confidence (quiet));

  for (i = 0; i < G_N_ELEMENTS (metrics); i++)
    {
      LifecycleVerdict verdict = lifecycle_monitor_judge (quiet, metrics[i].metric);
      double per_hour, low, high;

      if (!lifecycle_monitor_get_growth (quiet, metrics[i].metric, &per_hour, &low, &high))
        {
          g_print ("  %-20s cannot be determined\n", metrics[i].name);
          continue;
        }

      g_print ("  %-20s %+10.1f%s, %+.1f to %+.1f: %s\n", metrics[i].name,
               per_hour / metrics[i].divisor, metrics[i].unit, low / metrics[i].divisor,
               high / metrics[i].divisor, g_enum_get_value (verdicts, verdict)->value_nick);
      if (verdict == LIFECYCLE_VERDICT_GROWING &&
          (!is_memory (metrics[i].metric) || arena_memory_is_comparable ()))
        steady = FALSE;
    }

  return steady;
}

/* Returns a key that is the same for all leaks of the same kind, type and place. */
static char *
get_group (LifecycleLeak *leak)
{
  return g_strdup_printf ("%d %s %s", (int) lifecycle_leak_get_kind (leak),
                          lifecycle_leak_get_type_name (leak), lifecycle_leak_get_place (leak));
}

/* Returns FALSE if there are any leaks. Objects that were finalized late do not count. */
static gboolean
print_leaks (void)
{
  g_autoptr (GListModel) leaks = lifecycle_list_leaks ();
  g_autoptr (GHashTable) groups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gboolean clean = lifecycle_get_n_overdue () == 0;
  GHashTableIter iter;
  gpointer key, value;
  guint n_printed = 0;
  guint i;

  for (i = 0; i < g_list_model_get_n_items (leaks); i++)
    {
      g_autoptr (LifecycleLeak) leak = g_list_model_get_item (leaks, i);
      g_autofree char *group = get_group (leak);
      guint n = GPOINTER_TO_UINT (g_hash_table_lookup (groups, group));

      if (lifecycle_leak_get_kind (leak) != LIFECYCLE_LEAK_KIND_FINALIZED_LATE)
        clean = FALSE;
      if (n == 0 && n_printed++ < MAX_LEAKS)
        {
          g_autofree char *text = lifecycle_leak_to_string (leak);

          g_print ("Leak: %s\n", text);
        }
      g_hash_table_replace (groups, g_steal_pointer (&group),
                            GUINT_TO_POINTER (n + lifecycle_leak_get_count (leak)));
    }

  g_hash_table_iter_init (&iter, groups);
  while (g_hash_table_iter_next (&iter, &key, &value))
    g_print ("  leaks like this, %s: %u\n", strchr (key, ' ') + 1, GPOINTER_TO_UINT (value));

  return clean;
}

/* Prints what there is at the end that was not there at the start. */
static void
print_left (const ArenaRun *run)
{
  int i;

  for (i = 0; i < ARENA_N_LIVE; i++)
    if (arena_run_left (run, i) != 0)
      g_print ("Left at the end: %s %+" G_GINT64_FORMAT "\n", arena_live_to_string (i),
               arena_run_left (run, i));
  if (run->end.total[ARENA_TOTAL_STRAY] != 0)
    g_print ("Callbacks received by views that had ended: %" G_GINT64_FORMAT "\n",
             run->end.total[ARENA_TOTAL_STRAY]);
  if (arena_memory_is_comparable () && arena_run_growth (run) > arena_run_noise (run))
    g_print ("Memory grew by %" G_GINT64_FORMAT " KiB; %" G_GINT64_FORMAT " KiB are tolerated\n",
             arena_run_growth (run), arena_run_noise (run));
}

gboolean
arena_verdict_print (ArenaRun         *run,
                     LifecycleMonitor *quiet)
{
  if (!print_growth (quiet))
    run->suspect = TRUE;
  if (!print_leaks ())
    run->suspect = TRUE;
  print_left (run);

  return arena_run_is_clean (run);
}
