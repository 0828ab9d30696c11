/* lifecycle-monitor-output.c: the output of a monitor, to the log and as OpenMetrics
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-describe-private.h"
#include "lifecycle-monitor-private.h"

#include "lifecycle-enums.h"
#include "lifecycle-version.h"

#define MIB (1024 * 1024)

/* Logs a record for a sample, unless it would be dropped. */
void
lifecycle_monitor_log (LifecycleMonitor *self,
                       LifecycleSample  *sample)
{
  g_autoptr (GString) message = NULL;
  g_autoptr (GVariant) record = NULL;
  GVariantBuilder fields;

  if (g_log_writer_default_would_drop (G_LOG_LEVEL_INFO, G_LOG_DOMAIN))
    return;

  message = g_string_new (NULL);
  g_string_append_printf (message,
                          "%.1f MiB resident, %.1f MiB of heap, %u %s, %u %s, %u overdue",
                          (double) sample->usage.rss / MIB, (double) sample->usage.heap / MIB,
                          sample->n_scopes, sample->n_scopes == 1 ? "scope" : "scopes",
                          sample->n_entries, sample->n_entries == 1 ? "entry" : "entries",
                          sample->n_overdue);
  for (guint metric = 0; metric < LIFECYCLE_N_METRICS; metric++)
    {
      if (self->verdicts[metric] == LIFECYCLE_VERDICT_GROWING)
        g_string_append_printf (message, "; %s grows by %.0f per hour",
                                lifecycle_enum_get_nick (LIFECYCLE_TYPE_METRIC, (int) metric),
                                self->trends[metric].slope);
    }

  g_variant_builder_init (&fields, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&fields, "{sv}", "MESSAGE", g_variant_new_string (message->str));
  g_variant_builder_add (&fields, "{sv}", "LIFECYCLE_RSS",
                         g_variant_new_uint64 (sample->usage.rss));
  g_variant_builder_add (&fields, "{sv}", "LIFECYCLE_HEAP",
                         g_variant_new_uint64 (sample->usage.heap));
  g_variant_builder_add (&fields, "{sv}", "LIFECYCLE_CPU_USEC",
                         g_variant_new_uint64 (sample->usage.cpu_time));
  g_variant_builder_add (&fields, "{sv}", "LIFECYCLE_ENTRIES",
                         g_variant_new_uint32 (sample->n_entries));
  g_variant_builder_add (&fields, "{sv}", "LIFECYCLE_SCOPES",
                         g_variant_new_uint32 (sample->n_scopes));
  g_variant_builder_add (&fields, "{sv}", "LIFECYCLE_OVERDUE",
                         g_variant_new_uint32 (sample->n_overdue));
  g_variant_builder_add (&fields, "{sv}", "LIFECYCLE_VERDICT",
                         g_variant_new_string (lifecycle_enum_get_nick (LIFECYCLE_TYPE_VERDICT,
                                                                        (int) self->verdict)));
  record = g_variant_ref_sink (g_variant_builder_end (&fields));
  g_log_variant (G_LOG_DOMAIN, G_LOG_LEVEL_INFO, record);
}

static void
add_family (GString    *text,
            const char *name,
            const char *type,
            const char *unit,
            const char *help)
{
  g_string_append_printf (text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
  if (unit != NULL)
    g_string_append_printf (text, "# UNIT %s %s\n", name, unit);
}

/* Appends an escaped label. Both formats require escaping for the same three characters. */
static void
add_label (GString    *text,
           char        before,
           const char *label,
           const char *value)
{
  g_string_append_printf (text, "%c%s=\"", before, label);
  for (; *value != '\0'; value++)
    {
      if (*value == '\n')
        {
          g_string_append (text, "\\n");
          continue;
        }
      if (*value == '"' || *value == '\\')
        g_string_append_c (text, '\\');
      g_string_append_c (text, *value);
    }
  g_string_append_c (text, '"');
}

static void
add_number (GString    *text,
            const char *name,
            guint64     value)
{
  g_string_append_printf (text, "%s %" G_GUINT64_FORMAT "\n", name, value);
}

/* The decimal point must not depend on the locale. */
static void
add_seconds (GString    *text,
             const char *name,
             guint64     us)
{
  g_string_append_printf (text, "%s %" G_GUINT64_FORMAT ".%06u\n",
                          name, us / G_USEC_PER_SEC, (guint) (us % G_USEC_PER_SEC));
}

static void
add_by_kind (GString             *text,
             const char          *name,
             LifecycleStatistics *statistics,
             guint64 (*           get) (LifecycleStatistics *statistics,
                                        LifecycleKind        kind))
{
  for (guint kind = 0; kind < LIFECYCLE_N_KINDS; kind++)
    {
      g_string_append (text, name);
      add_label (text, '{', "kind", lifecycle_enum_get_nick (LIFECYCLE_TYPE_KIND, (int) kind));
      add_number (text, "}", get (statistics, (LifecycleKind) kind));
    }
}

static guint64
get_live (LifecycleStatistics *statistics,
          LifecycleKind        kind)
{
  return lifecycle_statistics_get_live (statistics, kind);
}

static void
add_entries (GString             *text,
             LifecycleStatistics *statistics)
{
  add_family (text, "lifecycle_scopes", "gauge", NULL, "Scopes that are not closed.");
  add_number (text, "lifecycle_scopes", lifecycle_statistics_get_n_scopes (statistics));

  add_family (text, "lifecycle_entries", "gauge", NULL, "Entries that scopes own.");
  add_by_kind (text, "lifecycle_entries", statistics, get_live);
  add_family (text, "lifecycle_entries_added_total", "counter", NULL,
              "Entries that have been added.");
  add_by_kind (text, "lifecycle_entries_added_total", statistics, lifecycle_statistics_get_added);
  add_family (text, "lifecycle_entries_released_total", "counter", NULL,
              "Entries that were released by a close or a clear.");
  add_by_kind (text, "lifecycle_entries_released_total", statistics,
               lifecycle_statistics_get_released);
  add_family (text, "lifecycle_entries_retired_total", "counter", NULL,
              "Entries that ended before a close.");
  add_by_kind (text, "lifecycle_entries_retired_total", statistics,
               lifecycle_statistics_get_retired);

  add_family (text, "lifecycle_entries_late_total", "counter", NULL,
              "Attempts to add an entry to a closing or closed scope.");
  add_number (text, "lifecycle_entries_late_total", lifecycle_statistics_get_n_late (statistics));
  add_family (text, "lifecycle_cleanups_failed_total", "counter", NULL,
              "Cleanups that have failed.");
  add_number (text, "lifecycle_cleanups_failed_total",
              lifecycle_statistics_get_n_failed (statistics));
  add_family (text, "lifecycle_abandoned_total", "counter", NULL,
              "Things that waited for a main context that no thread runs any more.");
  add_number (text, "lifecycle_abandoned_total",
              lifecycle_statistics_get_n_abandoned (statistics));
}

static void
add_closings (GString             *text,
              LifecycleStatistics *statistics)
{
  add_family (text, "lifecycle_scopes_closed_total", "counter", NULL,
              "Scopes that have closed, by reason.");
  for (guint reason = LIFECYCLE_REASON_NONE + 1; reason < LIFECYCLE_N_REASONS; reason++)
    {
      g_string_append (text, "lifecycle_scopes_closed_total");
      add_label (text, '{', "reason",
                 lifecycle_enum_get_nick (LIFECYCLE_TYPE_REASON, (int) reason));
      add_number (text, "}",
                  lifecycle_statistics_get_n_closed (statistics, (LifecycleReason) reason));
    }

  add_family (text, "lifecycle_closing_seconds_total", "counter", NULL,
              "Total time it took to close scopes.");
  add_seconds (text, "lifecycle_closing_seconds_total",
               lifecycle_statistics_get_closing_time (statistics));
  add_family (text, "lifecycle_closing_longest_seconds", "gauge", "seconds",
              "Time that the longest close took.");
  add_seconds (text, "lifecycle_closing_longest_seconds",
               lifecycle_statistics_get_longest_closing_time (statistics));
}

/* Values that are not known on this system are left out. */
static void
add_process (GString         *text,
             LifecycleSample *sample)
{
  add_family (text, "lifecycle_overdue_objects", "gauge", NULL,
              "Objects that should have been finalized but are alive.");
  add_number (text, "lifecycle_overdue_objects", sample->n_overdue);

  if (sample->usage.rss > 0)
    {
      add_family (text, "lifecycle_resident_memory_bytes", "gauge", "bytes",
                  "Resident memory of the process.");
      add_number (text, "lifecycle_resident_memory_bytes", sample->usage.rss);
    }
  if (sample->usage.heap > 0)
    {
      add_family (text, "lifecycle_heap_bytes", "gauge", "bytes",
                  "Memory allocated on the heap.");
      add_number (text, "lifecycle_heap_bytes", sample->usage.heap);
    }
  if (sample->usage.cpu_time > 0)
    {
      add_family (text, "lifecycle_cpu_seconds_total", "counter", NULL,
                  "CPU time used by the process.");
      add_seconds (text, "lifecycle_cpu_seconds_total", sample->usage.cpu_time);
    }
}

static void
add_verdict (GString          *text,
             const char       *metric,
             LifecycleVerdict  verdict)
{
  for (guint i = 0; i <= LIFECYCLE_VERDICT_GROWING; i++)
    {
      g_string_append (text, "lifecycle_verdict");
      add_label (text, '{', "metric", metric);
      add_label (text, ',', "verdict", lifecycle_enum_get_nick (LIFECYCLE_TYPE_VERDICT, (int) i));
      add_number (text, "}", i == verdict);
    }
}

/**
 * lifecycle_monitor_to_openmetrics:
 * @self: a monitor
 *
 * Formats the current numbers, and the verdict on the samples, for Prometheus and compatible
 * systems.
 *
 * Use the text as the response to a GET of `/metrics`. It is valid, as far as possible, in both
 * formats in use: serve it as `text/plain; version=0.0.4; charset=utf-8` or as
 * `application/openmetrics-text; version=1.0.0; charset=utf-8`. The one remaining difference is
 * that counter families are declared with the suffix `_total` in their name, as the older format
 * requires; Prometheus accepts that in either format.
 *
 * This function adds no sample to the monitor, so the verdict does not depend on how often it is
 * called. Values that are not known on a system are left out. The cost is that of a sample.
 *
 * Returns: (transfer full): the text
 *
 * Since: 1.0
 */
char *
lifecycle_monitor_to_openmetrics (LifecycleMonitor *self)
{
  g_autoptr (LifecycleSample) now = NULL;
  g_autoptr (LifecycleStatistics) statistics = NULL;
  g_autofree char *program = NULL;
  g_autofree char *version = NULL;
  GString *text;

  g_return_val_if_fail (LIFECYCLE_IS_MONITOR (self), NULL);

  now = g_object_new (LIFECYCLE_TYPE_SAMPLE, NULL);
  lifecycle_sample_fill (now, &statistics);
  program = g_utf8_make_valid (g_get_prgname () != NULL ? g_get_prgname () : "", -1);
  version = g_strdup_printf ("%d.%d.%d", LIFECYCLE_MAJOR_VERSION, LIFECYCLE_MINOR_VERSION,
                             LIFECYCLE_MICRO_VERSION);
  text = g_string_sized_new (8192);

  add_family (text, "lifecycle_build_info", "gauge", NULL,
              "The version of Lifecycle, and the program that uses it.");
  g_string_append (text, "lifecycle_build_info");
  add_label (text, '{', "version", version);
  add_label (text, ',', "program", program);
  add_number (text, "}", 1);

  add_entries (text, statistics);
  add_closings (text, statistics);
  add_process (text, now);

  add_family (text, "lifecycle_memory_trims_total", "counter", NULL,
              "Times that free memory was returned to the system.");
  add_number (text, "lifecycle_memory_trims_total", self->n_trims);

  add_family (text, "lifecycle_verdict", "gauge", NULL,
              "The verdict on a metric: 1 for the one that applies.");
  add_verdict (text, "all", self->verdict);
  for (guint metric = 0; metric < LIFECYCLE_N_METRICS; metric++)
    add_verdict (text, lifecycle_enum_get_nick (LIFECYCLE_TYPE_METRIC, (int) metric),
                 self->verdicts[metric]);

  g_string_append (text, "# EOF\n");

  return g_string_free (text, FALSE);
}
