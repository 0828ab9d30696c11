/* lifecycle-bench.c: the library beside plain GLib, in the same process
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One row for each budget of the design, and a few that only inform. It tells and never judges
 * with its exit status: a machine that is busy must not break anybody's build. It fails only when
 * it could not measure.
 */

#include "bench-private.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <time.h>

BenchOptions bench_options = { 0 };

static char *filter;

static const struct
{
  const char  *name;
  void       (*run) (void);
} groups[] = {
  { "handlers", bench_handlers },
  { "scopes", bench_scopes },
  { "emissions", bench_emissions },
  { "entries", bench_entries },
  { "timers", bench_timers },
  { "observing", bench_observing },
  { "memory", bench_memory },
  { "monitor", bench_monitor },
  { "instructions", bench_instructions },
  { "audit", bench_audit },
};

/* A comma-separated list of glob patterns. */
gboolean
bench_wants (const char *id)
{
  g_auto (GStrv) patterns = NULL;

  if (filter == NULL)
    return TRUE;

  patterns = g_strsplit (filter, ",", -1);
  for (guint i = 0; patterns[i] != NULL; i++)
    {
      if (g_pattern_match_simple (patterns[i], id))
        return TRUE;
    }

  return FALSE;
}

/* The CPU time of this thread where there is such a thing: what other processes do shows less. */
gint64
bench_now (void)
{
#ifdef CLOCK_THREAD_CPUTIME_ID
  struct timespec now;

  if (clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now) == 0)
    return (gint64) now.tv_sec * 1000000000 + now.tv_nsec;
#endif

  return g_get_monotonic_time () * 1000;
}

static int
compare_doubles (gconstpointer a,
                 gconstpointer b)
{
  double difference = *(const double *) a - *(const double *) b;

  return (difference > 0) - (difference < 0);
}

/* Sorts @values. */
double
bench_median (double *values,
              guint   n_values)
{
  g_assert (n_values > 0);

  qsort (values, n_values, sizeof *values, compare_doubles);
  if (n_values % 2 == 1)
    return values[n_values / 2];
  return (values[n_values / 2 - 1] + values[n_values / 2]) / 2;
}

/* Every round runs every side once, each round beginning with another one, so that a machine that
 * grows warm or busy weighs on all of them alike.
 */
void
bench_interleave (const BenchSide *sides,
                  guint            n_sides,
                  guint            n,
                  double          *ns_each)
{
  g_autofree double *times = NULL;
  guint rounds = bench_options.rounds;

  g_assert (n_sides > 0 && n_sides <= BENCH_MAX_SIDES);

  times = g_new (double, n_sides * rounds);

  for (guint i = 0; i < n_sides; i++)
    sides[i].run (sides[i].fixture, n / 10 + 1);

  for (guint round = 0; round < rounds; round++)
    {
      for (guint i = 0; i < n_sides; i++)
        {
          guint side = (i + round) % n_sides;
          gint64 start = bench_now ();

          sides[side].run (sides[side].fixture, n);
          times[side * rounds + round] = (double) (bench_now () - start) / n;
        }
    }

  for (guint i = 0; i < n_sides; i++)
    ns_each[i] = bench_median (times + i * rounds, rounds);
}

/* What a child of this process starts from: debugging aids would be measured along. */
char **
bench_environ (void)
{
  char **envp = g_get_environ ();

  envp = g_environ_unsetenv (envp, "G_SLICE");
  envp = g_environ_unsetenv (envp, "G_DEBUG");
  envp = g_environ_unsetenv (envp, "MALLOC_PERTURB_");
  envp = g_environ_unsetenv (envp, "MALLOC_CHECK_");

  return envp;
}

/* NULL where a program cannot tell its own path. */
char *
bench_self (void)
{
  return g_file_read_link ("/proc/self/exe", NULL);
}

/* Removes a directory of files. */
void
bench_remove_directory (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      g_remove (file);
    }
  g_rmdir (path);
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr (GOptionContext) context = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *instructions_child = NULL;
  gboolean debug_child = FALSE;
  gboolean memory_child = FALSE;
  gboolean only_instructions = FALSE;
  int rounds = 0;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &bench_options.json,
      "Print an array of objects", NULL },
    { "quick", 0, 0, G_OPTION_ARG_NONE, &bench_options.quick,
      "Few rounds: to see that it works", NULL },
    { "full", 0, 0, G_OPTION_ARG_NONE, &bench_options.full,
      "Also run what takes long: the quadratic baseline, and 10 million handlers", NULL },
    { "rounds", 0, 0, G_OPTION_ARG_INT, &rounds,
      "How many rounds", "N" },
    { "filter", 0, 0, G_OPTION_ARG_STRING, &filter,
      "Only rows with such an id, e.g. 'handlers/*,memory/*'", "PATTERNS" },
    { "callgrind", 0, 0, G_OPTION_ARG_NONE, &only_instructions,
      "Only count instructions, with valgrind", NULL },
    { "debug-child", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &debug_child, NULL, NULL },
    { "memory-child", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &memory_child, NULL, NULL },
    { "callgrind-child", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING, &instructions_child, NULL,
      NULL },
    { NULL }
  };

  context = g_option_context_new (NULL);
  g_option_context_set_summary (context, "Measures Lifecycle against plain GLib.");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("lifecycle-bench: %s\n", error->message);
      return 1;
    }

  if (debug_child)
    return bench_debug_child ();
  if (memory_child)
    return bench_memory_child ();
  if (instructions_child != NULL)
    return bench_instructions_child (instructions_child);

  bench_options.rounds = rounds > 0 ? (guint) rounds : bench_options.quick ? 3 : 15;

  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    {
      if (!only_instructions || groups[i].run == bench_instructions || groups[i].run == bench_audit)
        groups[i].run ();
    }

  bench_report_end ();
  g_free (filter);

  return 0;
}
