/* arena-demo.c: runs the soak unmanaged and managed, and compares the results
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-soak.h"

#include "arena-report.h"

/* Prints a short progress line. The lines of the run itself say much more. */
static void
print_progress (gboolean           managed,
                const ArenaSample *sample)
{
  g_print ("%-9s %6.1f s %8.1f MiB %5" G_GINT64_FORMAT " views %5" G_GINT64_FORMAT " leaked %5"
           G_GINT64_FORMAT " matches\n",
           managed ? "managed" : "unmanaged", sample->time, (double) sample->rss_kib / 1024,
           sample->live[ARENA_LIVE_VIEWS], sample->live[ARENA_LIVE_LEAKED],
           sample->total[ARENA_TOTAL_MATCHES]);
}

static gboolean
run_one (ArenaRun  *run,
         GError   **error)
{
  const ArenaConfig *config = arena_config_get ();
  char rate[G_ASCII_DTOSTR_BUF_SIZE];
  g_autofree char *matches_arg = g_strdup_printf ("--matches=%u", config->matches);
  g_autofree char *searches_arg = g_strdup_printf ("--searches=%u", config->searches);
  g_autofree char *players_arg = g_strdup_printf ("--players=%u", config->players);
  g_autofree char *seed_arg = g_strdup_printf ("--seed=%u", config->seed);
  g_autofree char *deadline_arg = g_strdup_printf ("--deadline=%u", config->deadline);
  g_autofree char *legs_arg = g_strdup_printf ("--legs=%u", config->legs);
  g_autofree char *kib_arg = g_strdup_printf ("--view-kib=%u", config->view_kib);
  g_autofree char *rate_arg = NULL;
  g_autoptr (GSubprocessLauncher) launcher = NULL;
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GDataInputStream) lines = NULL;
  gboolean has_end = FALSE;
  char *line;

  g_ascii_dtostr (rate, sizeof rate, config->rate);
  rate_arg = g_strconcat ("--rate=", rate, NULL);

  launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  /* The unmanaged run is expected to leak, so keep LeakSanitizer from listing the leaks. */
  if (!run->managed)
    {
      const char *options = g_getenv ("ASAN_OPTIONS");
      g_autofree char *quiet_options = NULL;

      quiet_options = g_strconcat (options != NULL ? options : "", ":detect_leaks=0", NULL);
      g_subprocess_launcher_setenv (launcher, "ASAN_OPTIONS", quiet_options, TRUE);
    }

  process = g_subprocess_launcher_spawn (launcher, error, "/proc/self/exe", "--soak", matches_arg,
                                         searches_arg, players_arg, seed_arg, deadline_arg,
                                         legs_arg, kib_arg, rate_arg,
                                         run->managed ? NULL : "--unmanaged", NULL);
  if (process == NULL)
    return FALSE;

  lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (process));
  while ((line = g_data_input_stream_read_line (lines, NULL, NULL, NULL)) != NULL)
    {
      ArenaSample sample;

      if (arena_sample_scan (&sample, "telemetry", line))
        {
          arena_run_add_sample (run, &sample);
          print_progress (run->managed, &sample);
        }
      else if (arena_sample_scan (&sample, "begin", line))
        run->begin = sample;
      else if (arena_sample_scan (&sample, "warm", line) ||
               arena_sample_scan (&sample, "quiet", line))
        arena_run_add_quiet (run, &sample);
      else if (arena_sample_scan (&sample, "end", line))
        has_end = TRUE;
      g_free (line);
    }

  if (!g_subprocess_wait (process, NULL, error))
    return FALSE;

  if (!has_end || !g_subprocess_get_if_exited (process) ||
      g_subprocess_get_exit_status (process) > ARENA_SOAK_LEAKS)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "the %s run failed",
                   run->managed ? "managed" : "unmanaged");
      return FALSE;
    }

  /* The run has checked itself more thoroughly, including what is left after its shutdown. */
  if (g_subprocess_get_exit_status (process) != ARENA_SOAK_CLEAN)
    run->suspect = TRUE;

  return TRUE;
}

int
arena_demo_run (const char *report_filename)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *table = NULL;
  ArenaRun runs[2];
  int status = ARENA_SOAK_FAILED;

  arena_run_init (&runs[0], FALSE);
  arena_run_init (&runs[1], TRUE);

  if (run_one (&runs[0], &error) && run_one (&runs[1], &error) &&
      arena_report_write (report_filename, runs, G_N_ELEMENTS (runs), &error))
    {
      table = arena_report_table (runs, G_N_ELEMENTS (runs));
      g_print ("\n%s\nThe report with the memory curves is in %s\n", table, report_filename);
      status = arena_run_is_clean (&runs[1]) ? ARENA_SOAK_CLEAN : ARENA_SOAK_LEAKS;
    }
  else
    g_printerr ("arena: %s\n", error->message);

  arena_run_clear (&runs[0]);
  arena_run_clear (&runs[1]);

  return status;
}
