/* bench-observing.c: what it costs to look, and to be looked at
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "bench-private.h"

#include <stdio.h>

#define MANY (bench_options.quick ? 20000 : 1000000)

/* @n_entries handlers, equally distributed among @n_scopes children of the scope. */
static void
fill (LifecycleScope *root,
      BenchEmitter   *emitter,
      guint           n_scopes,
      guint           n_entries)
{
  for (guint i = 0; i < n_scopes; i++)
    {
      g_autoptr (LifecycleScope) child = lifecycle_scope_new_child (root, "child");

      for (guint j = 0; j < n_entries / n_scopes; j++)
        lifecycle_scope_connect_signal (child, emitter, "tick", G_CALLBACK (bench_tick_cb), NULL);
    }
}

static void
read_statistics (gpointer scope,
                 guint    n)
{
  for (guint i = 0; i < n; i++)
    {
      LifecycleStatistics *statistics = lifecycle_scope_get_statistics (scope, FALSE);

      bench_check (lifecycle_statistics_get_live (statistics, LIFECYCLE_KIND_HANDLER) > 0);
      lifecycle_statistics_free (statistics);
    }
}

static void
read_n_live (gpointer scope,
             guint    n)
{
  for (guint i = 0; i < n; i++)
    bench_check (lifecycle_scope_get_n_live (scope, LIFECYCLE_KIND_HANDLER) > 0);
}

static void
read_recursive (gpointer scope,
                guint    n)
{
  for (guint i = 0; i < n; i++)
    {
      LifecycleStatistics *statistics = lifecycle_scope_get_statistics (scope, TRUE);

      bench_check (lifecycle_statistics_get_live (statistics, LIFECYCLE_KIND_HANDLER) > 0);
      lifecycle_statistics_free (statistics);
    }
}

static void
read_process (gpointer data,
              guint    n)
{
  for (guint i = 0; i < n; i++)
    lifecycle_statistics_free (lifecycle_get_statistics ());
}

static void
list_records (gpointer scope,
              guint    n)
{
  for (guint i = 0; i < n; i++)
    g_object_unref (lifecycle_scope_list_records (scope, TRUE));
}

static void
visit_records (gpointer scope,
               guint    n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GListModel) records = lifecycle_scope_list_records (scope, TRUE);
      guint n_records = g_list_model_get_n_items (records);

      for (guint j = 0; j < n_records; j++)
        {
          g_autoptr (LifecycleRecord) record = g_list_model_get_item (records, j);

          bench_check (lifecycle_record_is_valid (record));
        }
    }
}

/* One pair of statistics, of a scope with one entry, and of one with many. */
static void
bench_one_scope (void)
{
  g_autoptr (LifecycleScope) one = lifecycle_scope_new ("one");
  g_autoptr (LifecycleScope) many = lifecycle_scope_new ("many");
  g_autoptr (BenchEmitter) emitter = bench_emitter_new ();
  guint n = bench_options.quick ? 2000 : 100000;
  double ns[2];

  if (!bench_wants ("observing/n-live") && !bench_wants ("observing/statistics"))
    return;

  lifecycle_scope_connect_signal (one, emitter, "tick", G_CALLBACK (bench_tick_cb), NULL);
  for (int i = 0; i < MANY; i++)
    lifecycle_scope_connect_signal (many, emitter, "tick", G_CALLBACK (bench_tick_cb), NULL);

  if (bench_wants ("observing/n-live"))
    {
      bench_interleave ((const BenchSide[]) { { read_n_live, many }, { read_n_live, one } },
                        2, n, ns);
      bench_report_row (&(const BenchRow) {
        .id = "observing/n-live", .what = "count one kind, 1M entries", .unit = "ns",
        .baseline_name = "a scope with one entry", .ours = ns[0], .baseline = ns[1],
        .budget = BENCH_BUDGET_RATIO, .limit = 1.2 });
    }

  if (bench_wants ("observing/statistics"))
    {
      bench_interleave ((const BenchSide[]) { { read_statistics, many }, { read_statistics, one } },
                        2, n, ns);
      bench_report_row (&(const BenchRow) {
        .id = "observing/statistics", .what = "statistics of one scope, 1M entries", .unit = "ns",
        .baseline_name = "a scope with one entry", .ours = ns[0], .baseline = ns[1],
        .budget = BENCH_BUDGET_RATIO, .limit = 1.2 });
    }

  lifecycle_scope_close (many);
  lifecycle_scope_close (one);
}

static void
report_many (const char *id,
             const char *what,
             BenchSide   side,
             double      limit)
{
  double ns;

  if (!bench_wants (id))
    return;

  bench_interleave (&side, 1, 1, &ns);
  bench_report_row (&(const BenchRow) {
    .id = id, .what = what, .unit = "ns", .ours = ns,
    .budget = limit > 0 ? BENCH_BUDGET_OURS : BENCH_BUDGET_NONE, .limit = limit });
}

static void
bench_many (guint n_scopes)
{
  g_autoptr (LifecycleScope) root = lifecycle_scope_new ("bench");
  g_autoptr (BenchEmitter) emitter = bench_emitter_new ();

  /* Not for nothing. */
  if (!bench_wants ("observing/subtree/1k") && !bench_wants ("observing/process/1k") &&
      !bench_wants ("observing/list/1k") && !bench_wants ("observing/visit/1k") &&
      !bench_wants ("observing/process/100k") && !bench_wants ("observing/list/100k"))
    return;

  fill (root, emitter, n_scopes, (guint) MANY);

  if (n_scopes == 1000)
    {
      report_many ("observing/subtree/1k", "statistics of 1M entries in 1,000 scopes, each alone",
                   (BenchSide) { read_recursive, root }, 0);
      report_many ("observing/process/1k", "statistics of the process, the same",
                   (BenchSide) { read_process, NULL }, 0);
      report_many ("observing/list/1k", "list the records of 1M entries",
                   (BenchSide) { list_records, root }, 1e9);
      report_many ("observing/visit/1k", "list them and look at each",
                   (BenchSide) { visit_records, root }, 0);
    }
  else
    {
      report_many ("observing/process/100k", "statistics of the process, 100,000 scopes",
                   (BenchSide) { read_process, NULL }, 0);
      report_many ("observing/list/100k", "list the records of 1M entries in 100,000 scopes",
                   (BenchSide) { list_records, root }, 0);
    }

  lifecycle_scope_close (root);
}

static void
connect_ours (gpointer scope,
              guint    n)
{
  BenchEmitter *emitter = bench_emitter_new ();

  for (guint i = 0; i < n; i++)
    {
      gulong id = lifecycle_scope_connect_signal (scope, emitter, "tick",
                                                  G_CALLBACK (bench_tick_cb), NULL);

      g_signal_handler_disconnect (emitter, id);
    }
  g_object_unref (emitter);
}

/* In a child, because LIFECYCLE_DEBUG is read once: what a connection costs with what that is set to. */
int
bench_debug_child (void)
{
  g_autoptr (LifecycleScope) scope = lifecycle_scope_new ("bench");
  double ns;

  bench_options.rounds = 7;
  bench_interleave (&(const BenchSide) { connect_ours, scope }, 1, 20000, &ns);
  printf ("%.1f\n", ns);
  lifecycle_scope_close (scope);

  return 0;
}

static double
measure_debug_child (const char *self,
                     const char *debug)
{
  g_auto (GStrv) envp = g_environ_setenv (bench_environ (), "LIFECYCLE_DEBUG", debug, TRUE);
  g_autoptr (GError) error = NULL;
  g_autofree char *output = NULL;
  int status;

  bench_check (g_spawn_sync (NULL, (char *[]) { (char *) self, (char *) "--debug-child", NULL },
                             envp, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &output, NULL, &status,
                             &error));
  bench_check (g_spawn_check_wait_status (status, &error));

  return g_ascii_strtod (output, NULL);
}

static void
bench_debug (void)
{
  static const struct
  {
    const char *id;
    const char *debug;
    const char *what;
  } aids[] = {
    { "observing/leaks", "leaks", "connect + release, LIFECYCLE_DEBUG=leaks" },
    { "observing/threads", "threads", "connect + release, LIFECYCLE_DEBUG=threads" },
    { "observing/stacks", "stacks", "connect + release, LIFECYCLE_DEBUG=stacks" },
  };
  g_autofree char *self = bench_self ();

  for (guint i = 0; i < G_N_ELEMENTS (aids); i++)
    {
      BenchRow row = {
        .id = aids[i].id, .what = aids[i].what, .unit = "ns",
        .baseline_name = "the same without it",
      };

      if (!bench_wants (row.id))
        continue;

      if (self != NULL)
        {
          row.baseline = measure_debug_child (self, "");
          row.ours = measure_debug_child (self, aids[i].debug);
        }
      else
        {
          row.skipped = "a program cannot tell its own path here";
        }
      bench_report_row (&row);
    }
}

void
bench_observing (void)
{
  bench_one_scope ();
  bench_many (1000);
  bench_many (bench_options.quick ? 2000 : 100000);
  bench_debug ();
}
