/* arena-report.c: the results of a soak, as a table and as a web page
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-report.h"

#include <string.h>

/* Memory that was allocated and freed leaves the process a little larger: fragments, caches of the
 * allocator, tables that grew. A leak of a single view per match would be ten times this. */
#define NOISE_KIB     4096
#define NOISE_PERCENT 5

#define MAX_SAMPLES   512

#if defined (__SANITIZE_ADDRESS__)
#define MEMORY_IS_COMPARABLE FALSE
#elif defined (__has_feature)
#if __has_feature (address_sanitizer)
#define MEMORY_IS_COMPARABLE FALSE
#endif
#endif
#ifndef MEMORY_IS_COMPARABLE
#define MEMORY_IS_COMPARABLE TRUE
#endif

/* Allocates all memory now, because the array must not grow while memory is being measured. */
static GArray *
new_samples (void)
{
  GArray *samples = g_array_new (FALSE, TRUE, sizeof (ArenaSample));

  g_array_set_size (samples, MAX_SAMPLES);
  g_array_set_size (samples, 0);

  return samples;
}

void
arena_run_init (ArenaRun *self,
                gboolean  managed)
{
  memset (self, 0, sizeof *self);
  self->managed = managed;
  self->samples = new_samples ();
  self->quiet = new_samples ();
}

void
arena_run_clear (ArenaRun *self)
{
  g_clear_pointer (&self->samples, g_array_unref);
  g_clear_pointer (&self->quiet, g_array_unref);
}

static gboolean
add_sample (GArray            *samples,
            const ArenaSample *sample)
{
  guint i;

  g_array_append_val (samples, *sample);
  if (samples->len < MAX_SAMPLES)
    return FALSE;

  for (i = 0; i < samples->len / 2; i++)
    g_array_index (samples, ArenaSample, i) = g_array_index (samples, ArenaSample, 2 * i + 1);
  g_array_set_size (samples, samples->len / 2);

  return TRUE;
}

gboolean
arena_run_add_sample (ArenaRun          *self,
                      const ArenaSample *sample)
{
  return add_sample (self->samples, sample);
}

/* Growth is measured between the first quiet sample and the last one so far. */
void
arena_run_add_quiet (ArenaRun          *self,
                     const ArenaSample *sample)
{
  if (self->quiet->len == 0)
    self->warm = *sample;
  self->end = *sample;
  add_sample (self->quiet, sample);
}

/* How many more there are at the end than there were before any player connected. */
gint64
arena_run_left (const ArenaRun *self,
                ArenaLive       what)
{
  return self->end.live[what] - self->begin.live[what];
}

gint64
arena_run_growth (const ArenaRun *self)
{
  return (gint64) self->end.rss_kib - (gint64) self->warm.rss_kib;
}

gboolean
arena_memory_is_comparable (void)
{
  return MEMORY_IS_COMPARABLE;
}

gint64
arena_run_noise (const ArenaRun *self)
{
  return MAX (NOISE_KIB, (gint64) self->warm.rss_kib * NOISE_PERCENT / 100);
}

gboolean
arena_run_is_clean (const ArenaRun *self)
{
  int i;

  if (self->suspect)
    return FALSE;

  for (i = 0; i < ARENA_N_LIVE; i++)
    if (arena_run_left (self, i) != 0)
      return FALSE;

  if (!MEMORY_IS_COMPARABLE)
    return self->end.total[ARENA_TOTAL_STRAY] == 0;

  return self->end.total[ARENA_TOTAL_STRAY] == 0 &&
         arena_run_growth (self) <= arena_run_noise (self);
}

static guint64
get_peak (const ArenaRun *self)
{
  guint64 peak = MAX (self->warm.rss_kib, self->end.rss_kib);
  guint i;

  for (i = 0; i < self->samples->len; i++)
    peak = MAX (peak, g_array_index (self->samples, ArenaSample, i).rss_kib);

  return peak;
}

typedef enum
{
  ROW_LOAD,
  ROW_HOURS,
  ROW_TIME,
  ROW_GROWTH,
  ROW_PEAK,
  ROW_VIEWS,
  ROW_HANDLERS,
  ROW_TIMERS,
  ROW_LEAKED,
  ROW_OVERDUE,
  ROW_STRAY,
  ROW_WAYS,
  ROW_TAKEN_ALONG,
  ROW_VERDICT,
  N_ROWS
} Row;

static const char * const row_names[N_ROWS] = {
  "Load: searches / matches / views",
  "Hours of real use (at 160 matches in 12 hours)",
  "Hours of simulated game time (run time x --rate)",
  "Memory growth after the warm-up",
  "Peak memory",
  "Views still alive at the end",
  "Signal handlers at the end, minus at the start",
  "Timers and sources at the end, minus at the start",
  "Leaked objects (ended, but still alive)",
  "Overdue objects, as reported by the library",
  "Callbacks received by views that had ended",
  "Views completed/aborted/conflicted/timed out",
  "Views ended along with a player or a match",
  "Verdict",
};

static char *
get_cell (const ArenaRun *self,
          Row             row)
{
  const ArenaSample *end = &self->end;

  switch (row)
    {
    case ROW_LOAD:
      return g_strdup_printf ("%" G_GINT64_FORMAT " / %" G_GINT64_FORMAT " / %" G_GINT64_FORMAT,
                              end->total[ARENA_TOTAL_SEARCHES], end->total[ARENA_TOTAL_MATCHES],
                              end->total[ARENA_TOTAL_VIEWS]);
    case ROW_HOURS:
      return g_strdup_printf ("%.1f", end->total[ARENA_TOTAL_MATCHES] * 12.0 / 160);
    case ROW_TIME:
      return g_strdup_printf ("%.1f", end->time * arena_config_get ()->rate / 3600);
    case ROW_GROWTH:
      return g_strdup_printf ("%+.1f MiB%s", arena_run_growth (self) / 1024.0,
                              MEMORY_IS_COMPARABLE ? "" : " (not judged: sanitizer)");
    case ROW_PEAK:
      return g_strdup_printf ("%.1f MiB", get_peak (self) / 1024.0);
    case ROW_VIEWS:
      return g_strdup_printf ("%" G_GINT64_FORMAT, arena_run_left (self, ARENA_LIVE_VIEWS));
    case ROW_HANDLERS:
      return g_strdup_printf ("%" G_GINT64_FORMAT, arena_run_left (self, ARENA_LIVE_HANDLERS));
    case ROW_TIMERS:
      return g_strdup_printf ("%" G_GINT64_FORMAT, arena_run_left (self, ARENA_LIVE_TIMERS));
    case ROW_LEAKED:
      return g_strdup_printf ("%" G_GINT64_FORMAT, arena_run_left (self, ARENA_LIVE_LEAKED));
    case ROW_OVERDUE:
      return g_strdup_printf ("%" G_GINT64_FORMAT, end->live[ARENA_LIVE_OVERDUE]);
    case ROW_STRAY:
      return g_strdup_printf ("%" G_GINT64_FORMAT, end->total[ARENA_TOTAL_STRAY]);
    case ROW_WAYS:
      return g_strdup_printf ("%" G_GINT64_FORMAT " / %" G_GINT64_FORMAT " / %" G_GINT64_FORMAT
                              " / %" G_GINT64_FORMAT,
                              end->total[ARENA_TOTAL_COMPLETED], end->total[ARENA_TOTAL_ABORTED],
                              end->total[ARENA_TOTAL_CONFLICTED],
                              end->total[ARENA_TOTAL_TIMED_OUT]);
    case ROW_TAKEN_ALONG:
      return g_strdup_printf ("%" G_GINT64_FORMAT, end->total[ARENA_TOTAL_TAKEN_ALONG]);
    case ROW_VERDICT:
      return g_strdup (arena_run_is_clean (self) ? "clean" : "leaks");
    case N_ROWS:
    default:
      g_assert_not_reached ();
    }
}

static const char *
get_title (const ArenaRun *self)
{
  return self->managed ? "managed" : "unmanaged";
}

char *
arena_report_table (const ArenaRun *runs,
                    guint           n_runs)
{
  GString *text = g_string_new (NULL);
  int row;
  guint i;

  g_string_append_printf (text, "%-50s", "");
  for (i = 0; i < n_runs; i++)
    g_string_append_printf (text, "%24s", get_title (&runs[i]));
  g_string_append_c (text, '\n');

  for (row = 0; row < N_ROWS; row++)
    {
      g_string_append_printf (text, "%-50s", row_names[row]);
      for (i = 0; i < n_runs; i++)
        {
          g_autofree char *cell = get_cell (&runs[i], row);

          g_string_append_printf (text, "%24s", cell);
        }
      g_string_append_c (text, '\n');
    }

  return g_string_free (text, FALSE);
}

/* The page */

#define CHART_WIDTH  760
#define CHART_HEIGHT 320
#define CHART_LEFT   64
#define CHART_TOP    16
#define PLOT_WIDTH   (CHART_WIDTH - CHART_LEFT - 120)
#define PLOT_HEIGHT  (CHART_HEIGHT - CHART_TOP - 40)

typedef struct
{
  double time_max;
  double time_step;
  double mib_max;
  double mib_step;
} Scale;

static double
get_x (const Scale *scale,
       double       time)
{
  return CHART_LEFT + time / scale->time_max * PLOT_WIDTH;
}

static double
get_y (const Scale *scale,
       double       mib)
{
  return CHART_TOP + (1.0 - mib / scale->mib_max) * PLOT_HEIGHT;
}

/* Returns a round number, of which at most six fit into `max`. */
static double
get_step (double max)
{
  static const double steps[] = { 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000,
                                  20000, 50000, 100000, 200000, 500000, 1000000 };
  guint i;

  for (i = 0; i + 1 < G_N_ELEMENTS (steps) && max / steps[i] > 6; i++)
    ;

  return steps[i];
}

static void
measure (Scale          *scale,
         const ArenaRun *runs,
         guint           n_runs)
{
  guint i;

  scale->time_max = 1.0;
  scale->mib_max = 1.0;
  for (i = 0; i < n_runs; i++)
    {
      scale->time_max = MAX (scale->time_max, runs[i].end.time);
      scale->mib_max = MAX (scale->mib_max, get_peak (&runs[i]) / 1024.0);
    }

  scale->time_step = get_step (scale->time_max);
  scale->mib_step = get_step (scale->mib_max);
  scale->mib_max = scale->mib_step * ((int) (scale->mib_max / scale->mib_step) + 1);
}

/* Numbers in SVG need a decimal point, whatever the locale. */
static void
append_number (GString *html,
               double   number)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (html, g_ascii_formatd (buffer, sizeof buffer, "%.1f", number));
}

static void
append_text_at (GString    *html,
                const char *klass,
                double      x,
                double      y,
                const char *text)
{
  g_string_append_printf (html, "<text class=\"%s\" x=\"", klass);
  append_number (html, x);
  g_string_append (html, "\" y=\"");
  append_number (html, y);
  g_string_append_printf (html, "\">%s</text>\n", text);
}

static void
append_axes (GString     *html,
             const Scale *scale)
{
  double mib, time;

  for (mib = 0; mib <= scale->mib_max + 0.5; mib += scale->mib_step)
    {
      g_autofree char *label = g_strdup_printf ("%.0f MiB", mib);

      g_string_append_printf (html, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"", CHART_LEFT,
                              CHART_LEFT + PLOT_WIDTH);
      append_number (html, get_y (scale, mib));
      g_string_append (html, "\" y2=\"");
      append_number (html, get_y (scale, mib));
      g_string_append (html, "\"/>\n");
      append_text_at (html, "tick left", CHART_LEFT - 8, get_y (scale, mib) + 4, label);
    }

  for (time = 0; time <= scale->time_max; time += scale->time_step)
    {
      g_autofree char *label = g_strdup_printf ("%.0f s", time);

      append_text_at (html, "tick middle", get_x (scale, time), CHART_TOP + PLOT_HEIGHT + 20,
                      label);
    }
}

static void
append_point (GString           *html,
              const Scale       *scale,
              const ArenaSample *sample)
{
  append_number (html, get_x (scale, sample->time));
  g_string_append_c (html, ',');
  append_number (html, get_y (scale, sample->rss_kib / 1024.0));
  g_string_append_c (html, ' ');
}

static void
append_curve (GString        *html,
              const Scale    *scale,
              const ArenaRun *run)
{
  guint i;

  g_string_append_printf (html, "<polyline class=\"curve %s\" points=\"", get_title (run));
  for (i = 0; i < run->samples->len; i++)
    append_point (html, scale, &g_array_index (run->samples, ArenaSample, i));
  append_point (html, scale, &run->end);
  g_string_append (html, "\"/>\n");

  for (i = 0; i < run->quiet->len; i++)
    {
      const ArenaSample *sample = &g_array_index (run->quiet, ArenaSample, i);

      g_string_append_printf (html, "<circle class=\"dot %s\" r=\"2.5\" cx=\"", get_title (run));
      append_number (html, get_x (scale, sample->time));
      g_string_append (html, "\" cy=\"");
      append_number (html, get_y (scale, sample->rss_kib / 1024.0));
      g_string_append (html, "\"/>\n");
    }

  append_text_at (html, run->managed ? "name managed" : "name unmanaged",
                  get_x (scale, run->end.time) + 8,
                  get_y (scale, run->end.rss_kib / 1024.0) + 4, get_title (run));
}

/* Small charts: one for each kind of entry, and one for each reason. All of them share the time
 * axis of the large chart, and each has its own vertical scale. */

#define SMALL_WIDTH  230
#define SMALL_HEIGHT 64
#define SMALL_TOP    6
#define MAX_COLUMNS  60     /* of a chart of closed scopes */

static void
append_small_begin (GString    *html,
                    const char *name,
                    const char *what)
{
  g_string_append_printf (html, "<figure><figcaption><b>%s</b> %s</figcaption>\n"
                          "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s over time\">\n"
                          "<line class=\"grid\" x1=\"0\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>\n",
                          name, what, SMALL_WIDTH, SMALL_HEIGHT, name, SMALL_WIDTH,
                          SMALL_HEIGHT - 1, SMALL_HEIGHT - 1);
}

static void
append_small_point (GString           *html,
                    const Scale       *scale,
                    const ArenaSample *sample,
                    int                kind,
                    double             max)
{
  append_number (html, sample->time / scale->time_max * SMALL_WIDTH);
  g_string_append_c (html, ',');
  append_number (html, SMALL_TOP + (1.0 - sample->kinds[kind] / max) *
                                   (SMALL_HEIGHT - SMALL_TOP - 1));
  g_string_append_c (html, ' ');
}

static void
append_kinds (GString        *html,
              const Scale    *scale,
              const ArenaRun *run)
{
  int kind;
  guint i;

  g_string_append (html, "<h2>Entries of scopes, by kind</h2>\n<p>Managed run. Each chart has its "
                   "own vertical scale. In each quiet moment, and at the end, the number should be "
                   "back at what it was at the start.</p>\n"
                   "<div class=\"small\">\n");
  for (kind = 0; kind < ARENA_N_KINDS; kind++)
    {
      guint max = MAX (run->begin.kinds[kind], run->end.kinds[kind]);
      g_autofree char *what = NULL;

      for (i = 0; i < run->samples->len; i++)
        max = MAX (max, g_array_index (run->samples, ArenaSample, i).kinds[kind]);
      if (max == 0)
        continue;

      what = g_strdup_printf ("max %u, start %u, end %u", max, run->begin.kinds[kind],
                              run->end.kinds[kind]);
      append_small_begin (html, arena_kind_to_string ((LifecycleKind) kind), what);
      g_string_append (html, "<polyline class=\"curve managed\" points=\"");
      append_small_point (html, scale, &run->begin, kind, max);
      for (i = 0; i < run->samples->len; i++)
        append_small_point (html, scale, &g_array_index (run->samples, ArenaSample, i), kind, max);
      append_small_point (html, scale, &run->end, kind, max);
      g_string_append (html, "\"/>\n</svg></figure>\n");
    }
  g_string_append (html, "</div>\n");
}

/* Counts how many scopes have closed in the time of each column. Returns the highest count. */
static double
count_closings (const Scale    *scale,
                const ArenaRun *run,
                int             reason,
                double         *columns,
                guint           n_columns)
{
  const ArenaSample *last = &run->begin;
  double max = 0;
  guint i;

  memset (columns, 0, n_columns * sizeof *columns);
  for (i = 0; i <= run->samples->len; i++)
    {
      const ArenaSample *sample = i < run->samples->len
                                ? &g_array_index (run->samples, ArenaSample, i) : &run->end;
      guint column = (guint) (sample->time / scale->time_max * n_columns);

      if (sample->closed[reason] < last->closed[reason])
        continue;
      columns[MIN (column, n_columns - 1)] += sample->closed[reason] - last->closed[reason];
      last = sample;
    }
  for (i = 0; i < n_columns; i++)
    max = MAX (max, columns[i]);

  return max;
}

static void
append_closings (GString        *html,
                 const Scale    *scale,
                 const ArenaRun *run)
{
  guint n_columns = CLAMP (run->samples->len, 1, MAX_COLUMNS);
  double step = (double) SMALL_WIDTH / n_columns;
  double columns[MAX_COLUMNS];
  int reason;
  guint i;

  g_string_append (html, "<h2>Closed scopes, by reason</h2>\n<p>Managed run. Each chart has its "
                   "own vertical scale. The scopes of players close with their connections.</p>\n"
                   "<div class=\"small\">\n");
  for (reason = LIFECYCLE_REASON_NONE + 1; reason < ARENA_N_REASONS; reason++)
    {
      double max = count_closings (scale, run, reason, columns, n_columns);
      g_autofree char *what = NULL;

      if (max == 0)
        continue;

      what = g_strdup_printf ("%" G_GUINT64_FORMAT, run->end.closed[reason]);
      append_small_begin (html, arena_closing_to_string ((LifecycleReason) reason), what);
      g_string_append (html, "<path class=\"bars\" d=\"");
      for (i = 0; i < n_columns; i++)
        {
          double height = columns[i] / max * (SMALL_HEIGHT - SMALL_TOP - 1);

          if (height == 0)
            continue;
          g_string_append_c (html, 'M');
          append_number (html, i * step);
          g_string_append_printf (html, ",%dv-", SMALL_HEIGHT - 1);
          append_number (html, height);
          g_string_append_c (html, 'h');
          append_number (html, step * 0.8);
          g_string_append_c (html, 'v');
          append_number (html, height);
          g_string_append_c (html, 'z');
        }
      g_string_append (html, "\"/>\n</svg></figure>\n");
    }
  g_string_append (html, "</div>\n");
}

static const char page_head[] =
  "<!DOCTYPE html>\n"
  "<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
  "<title>Arena: what remains after the load</title>\n"
  "<style>\n"
  ":root { color-scheme: light dark; --ink: #1d1d20; --soft: #5f6066; --paper: #ffffff;\n"
  "  --line: #dcdce0; --bad: #b3261e; --good: #1a6f3c; }\n"
  "@media (prefers-color-scheme: dark) { :root { --ink: #ececf0; --soft: #a5a6ad;\n"
  "  --paper: #1b1b1e; --line: #3a3a40; --bad: #ff8a80; --good: #7bd99a; } }\n"
  "body { margin: 2rem auto; max-width: 50rem; padding: 0 1rem; background: var(--paper);\n"
  "  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }\n"
  "h1 { font-size: 1.4rem; margin-bottom: 0.25rem; }\n"
  "h2 { font-size: 1.1rem; margin: 2rem 0 0; }\n"
  "p { color: var(--soft); }\n"
  "svg { width: 100%; height: auto; }\n"
  ".grid { stroke: var(--line); }\n"
  "text { font-size: 12px; fill: var(--soft); }\n"
  ".left { text-anchor: end; } .middle { text-anchor: middle; }\n"
  ".curve { fill: none; stroke-width: 2.5; stroke-linejoin: round; }\n"
  ".curve.unmanaged { stroke: var(--bad); stroke-dasharray: 7 4; }\n"
  ".curve.managed { stroke: var(--good); }\n"
  ".dot.unmanaged { fill: var(--bad); } .dot.managed { fill: var(--good); }\n"
  ".name { font-size: 13px; font-weight: 600; }\n"
  ".name.unmanaged { fill: var(--bad); } .name.managed { fill: var(--good); }\n"
  ".small { display: grid; gap: 1rem 1.5rem;\n"
  "  grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); }\n"
  ".small .curve { stroke-width: 1.5; }\n"
  ".bars { fill: var(--good); }\n"
  "figure { margin: 0; } figcaption { font-size: 0.8rem; color: var(--soft); }\n"
  "figcaption b { color: var(--ink); }\n"
  ".scroll { overflow-x: auto; }\n"
  "table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }\n"
  "th, td { border-bottom: 1px solid var(--line); padding: 0.35rem 0.5rem; text-align: right; }\n"
  "th:first-child { text-align: left; font-weight: 400; }\n"
  "thead th { font-weight: 600; }\n"
  "tbody tr:last-child { font-weight: 600; }\n"
  "</style>\n</head>\n<body>\n"
  "<h1>Arena: what remains after the load</h1>\n"
  "<p>Resident memory of the server while a client process plays: searches and matches are\n"
  "completed, aborted, disputed or timed out, and players disconnect without warning. The dots\n"
  "are quiet moments, when all players have left.</p>\n";

static const char page_foot[] =
  "<p>Memory growth is measured between two quiet moments: after the warm-up, and at the end of\n"
  "the load. Both times all players have left, and the allocator has returned all memory that it\n"
  "could to the system. In the unmanaged run, handlers, timers and sources are counted by their\n"
  "destroy notifies.</p>\n"
  "</body>\n</html>\n";

static void
append_table (GString        *html,
              const ArenaRun *runs,
              guint           n_runs)
{
  int row;
  guint i;

  g_string_append (html, "<div class=\"scroll\">\n<table>\n<thead><tr><th></th>");
  for (i = 0; i < n_runs; i++)
    g_string_append_printf (html, "<th scope=\"col\">%s</th>", get_title (&runs[i]));
  g_string_append (html, "</tr></thead>\n<tbody>\n");

  for (row = 0; row < N_ROWS; row++)
    {
      g_string_append_printf (html, "<tr><th scope=\"row\">%s</th>", row_names[row]);
      for (i = 0; i < n_runs; i++)
        {
          g_autofree char *cell = get_cell (&runs[i], row);

          g_string_append_printf (html, "<td>%s</td>", cell);
        }
      g_string_append (html, "</tr>\n");
    }
  g_string_append (html, "</tbody>\n</table>\n</div>\n");
}

gboolean
arena_report_write (const char      *filename,
                    const ArenaRun  *runs,
                    guint            n_runs,
                    GError         **error)
{
  g_autoptr (GString) html = g_string_new (page_head);
  Scale scale;
  guint i;

  measure (&scale, runs, n_runs);
  g_string_append_printf (html, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Resident "
                          "memory over time\">\n", CHART_WIDTH, CHART_HEIGHT);
  append_axes (html, &scale);
  for (i = 0; i < n_runs; i++)
    append_curve (html, &scale, &runs[i]);
  g_string_append (html, "</svg>\n");
  append_table (html, runs, n_runs);
  for (i = 0; i < n_runs; i++)
    if (runs[i].managed)
      {
        append_kinds (html, &scale, &runs[i]);
        append_closings (html, &scale, &runs[i]);
      }
  g_string_append (html, page_foot);

  return g_file_set_contents (filename, html->str, html->len, error);
}
