/* arena-telemetry.c: what is alive in this process, counted by the program itself
 *
 * Nothing here asks the library: objects are counted where they are made and finalized, handlers
 * and timers where they are made and by the destroy notify that GLib runs when they are really
 * gone. So both ways of wiring are measured with the same ruler.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-telemetry.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

static const char * const live_names[ARENA_N_LIVE] = {
  "connections", "players", "matches", "views", "leaked", "handlers", "timers",
  "reads", "writes", "loads",
};

static const char * const total_names[ARENA_N_TOTAL] = {
  "searches", "matches-made", "views-made", "stray",
  "completed", "aborted", "conflicted", "timed-out", "taken-along",
};

static gint64 live[ARENA_N_LIVE];
static gint64 total[ARENA_N_TOTAL];

void
arena_live (ArenaLive what,
            int       change)
{
  live[what] += change;
  g_assert (live[what] >= 0);
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

void
arena_handler_gone (gpointer  data,
                    GClosure *closure)
{
  arena_live (ARENA_LIVE_HANDLERS, -1);
}

void
arena_timer_gone (gpointer data)
{
  arena_live (ARENA_LIVE_TIMERS, -1);
}

void
arena_read_gone (gpointer data)
{
  arena_live (ARENA_LIVE_READS, -1);
}

void
arena_write_gone (gpointer data)
{
  arena_live (ARENA_LIVE_WRITES, -1);
}

static guint64
read_rss_kib (void)
{
  unsigned long long size = 0, resident = 0;
  FILE *file;
  int n;

  file = fopen ("/proc/self/statm", "re");
  if (file == NULL)
    return 0;
  n = fscanf (file, "%llu %llu", &size, &resident);
  fclose (file);

  return n == 2 ? resident * (guint64) sysconf (_SC_PAGESIZE) / 1024 : 0;
}

void
arena_sample_take (ArenaSample *self)
{
  static gint64 start;

  if (start == 0)
    start = g_get_monotonic_time ();

  self->time = (g_get_monotonic_time () - start) / (double) G_USEC_PER_SEC;
  self->rss_kib = read_rss_kib ();
  memcpy (self->live, live, sizeof live);
  memcpy (self->total, total, sizeof total);
}

/* One line for people and programs alike: "LABEL mode=managed time=1.234 rss-kib=... ..." */
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
  g_string_append_printf (line, " rss-kib=%" G_GUINT64_FORMAT, self->rss_kib);
  for (i = 0; i < ARENA_N_LIVE; i++)
    g_string_append_printf (line, " %s=%" G_GINT64_FORMAT, live_names[i], self->live[i]);
  for (i = 0; i < ARENA_N_TOTAL; i++)
    g_string_append_printf (line, " %s=%" G_GINT64_FORMAT, total_names[i], self->total[i]);

  return g_string_free (line, FALSE);
}

/* The same for a dictionary a{sx}. */
void
arena_sample_build (const ArenaSample *self,
                    GVariantBuilder   *builder)
{
  int i;

  g_variant_builder_add (builder, "{sx}", "rss-kib", (gint64) self->rss_kib);
  for (i = 0; i < ARENA_N_LIVE; i++)
    g_variant_builder_add (builder, "{sx}", live_names[i], self->live[i]);
  for (i = 0; i < ARENA_N_TOTAL; i++)
    g_variant_builder_add (builder, "{sx}", total_names[i], self->total[i]);
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

  for (i = 0; i < ARENA_N_LIVE; i++)
    if (g_str_equal (name, live_names[i]))
      self->live[i] = g_ascii_strtoll (value, NULL, 10);
  for (i = 0; i < ARENA_N_TOTAL; i++)
    if (g_str_equal (name, total_names[i]))
      self->total[i] = g_ascii_strtoll (value, NULL, 10);
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

/* Before memory is compared the allocator gives back what it keeps for later: in both modes. */
void
arena_trim (void)
{
#ifdef __GLIBC__
  malloc_trim (0);
#endif
}
