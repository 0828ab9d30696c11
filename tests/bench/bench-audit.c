/* bench-audit.c: what it costs a program to be audited, in instructions
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The same program runs alone, and with the library that `lifecycle audit` preloads.
 */

#include "bench-private.h"

#include <glib/gstdio.h>

static const struct
{
  const char *id;
  const char *what;
  const char *run;              /* one of those in bench-instructions.c; NULL for a GTK program */
  double      limit;            /* of the ratio, or 0 */
} rows[] = {
  { "audit/connect-release", "instructions: an audited connect + disconnect", "connect_raw", 2.0 },
  { "audit/object", "instructions: an audited g_object_new + g_object_unref", "object_raw", 0 },
  { "audit/source", "instructions: an audited g_timeout_add + g_source_remove", "timer_raw", 0 },
  { "audit/start", "instructions: the start of an audited GTK program", NULL, 1.1 },
};

#ifdef BENCH_AUDIT_LIBRARY
static gboolean
count (const char  *run,
       char       **envp,
       double      *ir)
{
#ifdef BENCH_GTK_START
  if (run == NULL)
    return bench_callgrind ((const char *[]) { BENCH_GTK_START, NULL }, "callgrind_start", envp, ir);
#endif

  return bench_instructions_count (run, envp, ir);
}
#endif

/* The GTK program needs a display, which this gives to the benchmark as a whole. */
static char *
find_reason_to_skip (const char *run)
{
  g_autofree char *valgrind = g_find_program_in_path ("valgrind");

#ifndef BENCH_AUDIT_LIBRARY
  return g_strdup ("the audit is not built");
#endif
#ifndef BENCH_GTK_START
  if (run == NULL)
    return g_strdup ("GTK is not here");
#endif
  if (valgrind == NULL)
    return g_strdup ("valgrind is not installed");
  if (run == NULL && g_getenv ("DISPLAY") == NULL)
    return g_strdup ("there is no display; try tests/gtk/run.py");

  return NULL;
}

void
bench_audit (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *skipped = NULL;
      BenchRow row = {
        .id = rows[i].id, .what = rows[i].what, .unit = "Ir", .baseline_name = "the same, not audited",
        .budget = rows[i].limit > 0 ? BENCH_BUDGET_RATIO : BENCH_BUDGET_NONE, .limit = rows[i].limit,
      };

      if (!bench_wants (rows[i].id))
        continue;

      skipped = find_reason_to_skip (rows[i].run);
      row.skipped = skipped;
#ifdef BENCH_AUDIT_LIBRARY
      if (skipped == NULL)
        {
          g_autofree char *directory = g_dir_make_tmp ("lifecycle-bench-XXXXXX", NULL);
          g_auto (GStrv) plain = bench_environ ();
          g_auto (GStrv) audited = bench_environ ();

          audited = g_environ_setenv (audited, "LD_PRELOAD", BENCH_AUDIT_LIBRARY, TRUE);
          audited = g_environ_setenv (audited, "LIFECYCLE_AUDIT_DIRECTORY", directory, TRUE);
          if (!count (rows[i].run, plain, &row.baseline) || !count (rows[i].run, audited, &row.ours))
            row.skipped = "callgrind could not run it";
          bench_remove_directory (directory);
        }
#endif
      bench_report_row (&row);
    }
}
