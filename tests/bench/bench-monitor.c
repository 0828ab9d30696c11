/* bench-monitor.c: what it costs to look at a large program once a second
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "bench-private.h"

/* Whatever the heap looks like. */
#define BUDGET_NS (0.0005 * 1e9)

typedef struct
{
  LifecycleMonitor  *monitor;
  BenchEmitter      *emitter;
  LifecycleScope   **scopes;
  guint              n_scopes;
} World;

static void
world_init (World *self,
            guint  n_scopes,
            guint  n_entries)
{
  self->monitor = g_object_new (LIFECYCLE_TYPE_MONITOR, "interval", 0, NULL);
  self->emitter = bench_emitter_new ();
  self->scopes = g_new (LifecycleScope *, n_scopes);
  self->n_scopes = n_scopes;
  for (guint i = 0; i < n_scopes; i++)
    {
      self->scopes[i] = lifecycle_scope_new (NULL);
      for (guint j = 0; j < n_entries; j++)
        lifecycle_scope_connect_signal (self->scopes[i], self->emitter, "tick",
                                        G_CALLBACK (bench_tick_cb), NULL);
    }

  lifecycle_monitor_take_sample (self->monitor);
  bench_check (lifecycle_sample_get_n_entries (lifecycle_monitor_get_latest (self->monitor)) ==
               n_scopes * n_entries);
}

/* Every second one, so that there are holes everywhere. */
static void
world_thin_out (World *self)
{
  for (guint i = 0; i < self->n_scopes; i += 2)
    lifecycle_scope_clear (self->scopes[i]);
}

static void
world_clear (World *self)
{
  for (guint i = 0; i < self->n_scopes; i++)
    {
      lifecycle_scope_close (self->scopes[i]);
      g_object_unref (self->scopes[i]);
    }
  g_clear_pointer (&self->scopes, g_free);
  g_clear_object (&self->emitter);
  g_clear_object (&self->monitor);
}

static void
sample_ours (gpointer world,
             guint    n)
{
  for (guint i = 0; i < n; i++)
    lifecycle_monitor_take_sample (((World *) world)->monitor);
}

static void
openmetrics_ours (gpointer world,
                  guint    n)
{
  for (guint i = 0; i < n; i++)
    g_free (lifecycle_monitor_to_openmetrics (((World *) world)->monitor));
}

void
bench_monitor (void)
{
  guint n_entries = bench_options.quick ? 10 : 1000;
  guint n_scopes = bench_options.quick ? 1000 : 100 * 1000;
  guint n = bench_options.quick ? 3 : 20;
  World world;
  double ns[2];

  if (bench_wants ("monitor/sample") || bench_wants ("monitor/openmetrics") ||
      bench_wants ("monitor/sample-thinned-out"))
    {
      world_init (&world, 1000, n_entries);
      bench_interleave ((const BenchSide[]) {
                          { sample_ours, &world },
                          { openmetrics_ours, &world },
                        }, 2, n, ns);
      bench_report_row (&(const BenchRow) {
        .id = "monitor/sample", .what = "a sample, 1 M handlers in 1 k scopes", .unit = "ns",
        .ours = ns[0], .budget = BENCH_BUDGET_OURS, .limit = BUDGET_NS,
        .note = "the size of the heap is counted for a thousandth of the time" });
      bench_report_row (&(const BenchRow) {
        .id = "monitor/openmetrics", .what = "the text for Prometheus of the same", .unit = "ns",
        .ours = ns[1] });

      if (bench_wants ("monitor/sample-thinned-out"))
        {
          world_thin_out (&world);
          bench_interleave (&(const BenchSide) { sample_ours, &world }, 1, n, ns);
          bench_report_row (&(const BenchRow) {
            .id = "monitor/sample-thinned-out", .what = "a sample, half of them gone", .unit = "ns",
            .ours = ns[0], .note = "the size of the heap is counted for a thousandth of the time" });
        }
      world_clear (&world);
    }

  if (bench_wants ("monitor/sample-scopes"))
    {
      world_init (&world, n_scopes, 1);
      bench_interleave (&(const BenchSide) { sample_ours, &world }, 1, n / 4 + 1, ns);
      bench_report_row (&(const BenchRow) {
        .id = "monitor/sample-scopes", .what = "a sample, 100 k scopes with a handler each",
        .unit = "ns", .ours = ns[0] });
      world_clear (&world);
    }
}
