/* arena-telemetry.c: counts of what is alive in this process
 *
 * Instances are counted where they are created and finalized, in both modes, so that both are
 * measured in the same way. What scopes own, by kind, and how they have closed, by reason, is
 * reported by the library. The library does not know what is wired by hand, so that wiring counts
 * its own handlers and timers: where it creates them, and in the destroy notify that GLib calls
 * when they are really gone.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-telemetry.h"

#include <string.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

static const char * const live_names[ARENA_N_LIVE] = {
  "connections", "players", "matches", "views", "leaked", "handlers", "timers",
  "reads", "writes", "loads", "scopes", "entries", "overdue",
};

static const char * const total_names[ARENA_N_TOTAL] = {
  "searches", "matches-made", "views-made", "commands", "stray",
  "completed", "aborted", "conflicted", "timed-out", "taken-along",
};

#define KIND_PREFIX   "kind-"
#define REASON_PREFIX "closed-"

static gint64 live[ARENA_N_LIVE];
static gint64 total[ARENA_N_TOTAL];

void
arena_live (ArenaLive what,
            int       change)
{
  live[what] += change;
  g_assert (live[what] >= 0);
}

const char *
arena_live_to_string (ArenaLive what)
{
  return live_names[what];
}

gint64
arena_live_count (ArenaLive what)
{
  return live[what];
}

void
arena_total (ArenaTotal what)
{
  total[what]++;
}

void
arena_total_ended (LifecycleReason reason)
{
  switch (reason)
    {
    case LIFECYCLE_REASON_COMPLETED:
      total[ARENA_TOTAL_COMPLETED]++;
      break;
    case LIFECYCLE_REASON_ABORTED:
      total[ARENA_TOTAL_ABORTED]++;
      break;
    case LIFECYCLE_REASON_CONFLICTED:
      total[ARENA_TOTAL_CONFLICTED]++;
      break;
    case LIFECYCLE_REASON_TIMED_OUT:
      total[ARENA_TOTAL_TIMED_OUT]++;
      break;
    case LIFECYCLE_REASON_NONE:
    case LIFECYCLE_REASON_REPLACED:
    case LIFECYCLE_REASON_PARENT_CLOSED:
    case LIFECYCLE_REASON_OWNER_GONE:
    case LIFECYCLE_REASON_SHUTDOWN:
    case LIFECYCLE_REASON_DROPPED:
    default:
      total[ARENA_TOTAL_TAKEN_ALONG]++;
      break;
    }
}

/* One monitor for the resources of the process, shared by all callers. It takes samples on request,
 * and at its interval if the program sets one. */
LifecycleMonitor *
arena_monitor_get (void)
{
  static LifecycleMonitor *monitor;

  if (monitor == NULL)
    monitor = g_object_new (LIFECYCLE_TYPE_MONITOR, "interval", 0, NULL);

  return monitor;
}

/* Of a kind or of a reason, as the library calls it. Transfer none: enumerations stay. */
static const char *
get_nick (GType type,
          int   value)
{
  GEnumClass *klass = g_type_class_peek (type);

  if (klass == NULL)
    klass = g_type_class_ref (type);

  return g_enum_get_value (klass, value)->value_nick;
}

const char *
arena_kind_to_string (LifecycleKind kind)
{
  return get_nick (LIFECYCLE_TYPE_KIND, (int) kind);
}

const char *
arena_closing_to_string (LifecycleReason reason)
{
  return get_nick (LIFECYCLE_TYPE_REASON, (int) reason);
}

/* The operations of the program are reads and writes of sockets, and loads of scores. */
static void
count_operations (ArenaSample *self,
                  GListModel  *records)
{
  guint n_records = g_list_model_get_n_items (records);
  guint i;

  for (i = 0; i < n_records; i++)
    {
      g_autoptr (LifecycleRecord) record = g_list_model_get_item (records, i);
      const char *name = lifecycle_record_get_name (record);

      if (lifecycle_record_get_kind (record) != LIFECYCLE_KIND_OPERATION)
        continue;

      if (g_strcmp0 (name, "read") == 0)
        self->live[ARENA_LIVE_READS]++;
      else if (g_strcmp0 (name, "write") == 0)
        self->live[ARENA_LIVE_WRITES]++;
      else
        self->live[ARENA_LIVE_LOADS]++;
    }
}

void
arena_sample_take (ArenaSample    *self,
                   LifecycleScope *root)
{
  static gint64 start;
  LifecycleSample *used = lifecycle_monitor_take_sample (arena_monitor_get ());
  g_autoptr (LifecycleStatistics) statistics = NULL;
  g_autoptr (GListModel) records = NULL;
  int i;

  if (start == 0)
    start = g_get_monotonic_time ();

  self->time = (g_get_monotonic_time () - start) / (double) G_USEC_PER_SEC;
  self->rss_kib = lifecycle_sample_get_rss (used) / 1024;
  self->heap_kib = lifecycle_sample_get_heap (used) / 1024;
  memcpy (self->live, live, sizeof live);
  memcpy (self->total, total, sizeof total);

  statistics = root != NULL ? lifecycle_scope_get_statistics (root, TRUE)
                            : lifecycle_get_statistics ();
  for (i = 0; i < ARENA_N_KINDS; i++)
    self->kinds[i] = lifecycle_statistics_get_live (statistics, (LifecycleKind) i);
  for (i = 0; i < ARENA_N_REASONS; i++)
    self->closed[i] = lifecycle_statistics_get_n_closed (statistics, (LifecycleReason) i);

  self->live[ARENA_LIVE_HANDLERS] += self->kinds[LIFECYCLE_KIND_HANDLER];
  self->live[ARENA_LIVE_TIMERS] += self->kinds[LIFECYCLE_KIND_TIMER] +
                                   self->kinds[LIFECYCLE_KIND_SOURCE];
  self->live[ARENA_LIVE_OVERDUE] = lifecycle_sample_get_n_overdue (used);
  self->live[ARENA_LIVE_SCOPES] = lifecycle_statistics_get_n_scopes (statistics);
  self->live[ARENA_LIVE_ENTRIES] = lifecycle_statistics_get_total_live (statistics);

  if (self->kinds[LIFECYCLE_KIND_OPERATION] > 0)
    {
      records = root != NULL ? lifecycle_scope_list_records (root, TRUE)
                             : lifecycle_list_records ();
      count_operations (self, records);
    }
}

/* One line, for people and programs: "LABEL mode=managed time=1.234 rss-kib=... ..." */
char *
arena_sample_print (const ArenaSample *self,
                    const char        *label)
{
  GString *line = g_string_new (label);
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];
  int i;

  g_ascii_formatd (buffer, sizeof buffer, "%.3f", self->time);
  g_string_append_printf (line, " mode=%s time=%s",
                          arena_config_get ()->managed ? "managed" : "unmanaged", buffer);
  g_string_append_printf (line, " rss-kib=%" G_GUINT64_FORMAT " heap-kib=%" G_GUINT64_FORMAT,
                          self->rss_kib, self->heap_kib);
  for (i = 0; i < ARENA_N_LIVE; i++)
    g_string_append_printf (line, " %s=%" G_GINT64_FORMAT, live_names[i], self->live[i]);
  for (i = 0; i < ARENA_N_TOTAL; i++)
    g_string_append_printf (line, " %s=%" G_GINT64_FORMAT, total_names[i], self->total[i]);
  for (i = 0; i < ARENA_N_KINDS; i++)
    if (self->kinds[i] != 0)
      g_string_append_printf (line, " " KIND_PREFIX "%s=%u", get_nick (LIFECYCLE_TYPE_KIND, i),
                              self->kinds[i]);
  for (i = LIFECYCLE_REASON_NONE + 1; i < ARENA_N_REASONS; i++)
    if (self->closed[i] != 0)
      g_string_append_printf (line, " " REASON_PREFIX "%s=%" G_GUINT64_FORMAT,
                              get_nick (LIFECYCLE_TYPE_REASON, i), self->closed[i]);

  return g_string_free (line, FALSE);
}

/* The same for a dictionary a{sx}. */
void
arena_sample_build (const ArenaSample *self,
                    GVariantBuilder   *builder)
{
  int i;

  g_variant_builder_add (builder, "{sx}", "rss-kib", (gint64) self->rss_kib);
  g_variant_builder_add (builder, "{sx}", "heap-kib", (gint64) self->heap_kib);
  for (i = 0; i < ARENA_N_LIVE; i++)
    g_variant_builder_add (builder, "{sx}", live_names[i], self->live[i]);
  for (i = 0; i < ARENA_N_TOTAL; i++)
    g_variant_builder_add (builder, "{sx}", total_names[i], self->total[i]);
  for (i = 0; i < ARENA_N_KINDS; i++)
    {
      g_autofree char *name = g_strconcat (KIND_PREFIX, get_nick (LIFECYCLE_TYPE_KIND, i), NULL);

      g_variant_builder_add (builder, "{sx}", name, (gint64) self->kinds[i]);
    }
}

/* Which of an enumeration has that nick, if the name begins with that. */
static int
scan_nick (GType       type,
           const char *prefix,
           const char *name)
{
  g_autoptr (GEnumClass) klass = NULL;
  GEnumValue *value;

  if (!g_str_has_prefix (name, prefix))
    return -1;

  klass = g_type_class_ref (type);
  value = g_enum_get_value_by_nick (klass, name + strlen (prefix));

  return value != NULL ? value->value : -1;
}

static void
scan_field (ArenaSample *self,
            const char  *name,
            const char  *value)
{
  int i;

  if (g_str_equal (name, "time"))
    self->time = g_ascii_strtod (value, NULL);
  else if (g_str_equal (name, "rss-kib"))
    self->rss_kib = g_ascii_strtoull (value, NULL, 10);
  else if (g_str_equal (name, "heap-kib"))
    self->heap_kib = g_ascii_strtoull (value, NULL, 10);

  for (i = 0; i < ARENA_N_LIVE; i++)
    if (g_str_equal (name, live_names[i]))
      self->live[i] = g_ascii_strtoll (value, NULL, 10);
  for (i = 0; i < ARENA_N_TOTAL; i++)
    if (g_str_equal (name, total_names[i]))
      self->total[i] = g_ascii_strtoll (value, NULL, 10);

  i = scan_nick (LIFECYCLE_TYPE_KIND, KIND_PREFIX, name);
  if (i >= 0 && i < ARENA_N_KINDS)
    self->kinds[i] = (guint) g_ascii_strtoull (value, NULL, 10);
  i = scan_nick (LIFECYCLE_TYPE_REASON, REASON_PREFIX, name);
  if (i >= 0 && i < ARENA_N_REASONS)
    self->closed[i] = g_ascii_strtoull (value, NULL, 10);
}

gboolean
arena_sample_scan (ArenaSample *self,
                   const char  *label,
                   const char  *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", -1);
  int i;

  memset (self, 0, sizeof *self);
  if (words[0] == NULL || !g_str_equal (words[0], label))
    return FALSE;

  for (i = 1; words[i] != NULL; i++)
    {
      char *equals = strchr (words[i], '=');

      if (equals == NULL)
        continue;
      *equals = '\0';
      scan_field (self, words[i], equals + 1);
    }

  return TRUE;
}

/* Returns unused memory of the allocator to the system, before memory is compared. */
void
arena_trim (void)
{
#ifdef __GLIBC__
  malloc_trim (0);
#endif
}
