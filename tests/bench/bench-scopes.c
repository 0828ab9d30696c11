/* bench-scopes.c: what scopes themselves cost
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "bench-private.h"

#define PLAIN_OBJECT "g_object_new (G_TYPE_OBJECT) + g_object_unref"

static void
child_ours (gpointer data,
            guint    n)
{
  LifecycleScope *parent = data;

  for (guint i = 0; i < n; i++)
    {
      LifecycleScope *child = lifecycle_scope_new_child (parent, NULL);

      lifecycle_scope_close (child);
      g_object_unref (child);
    }
}

static void
named_child_ours (gpointer data,
                  guint    n)
{
  LifecycleScope *parent = data;

  for (guint i = 0; i < n; i++)
    {
      LifecycleScope *child = lifecycle_scope_new_child (parent, "child");

      lifecycle_scope_close (child);
      g_object_unref (child);
    }
}

static void
scope_ours (gpointer data,
            guint    n)
{
  for (guint i = 0; i < n; i++)
    {
      LifecycleScope *scope = lifecycle_scope_new (NULL);

      lifecycle_scope_close (scope);
      g_object_unref (scope);
    }
}

static void
object_raw (gpointer data,
            guint    n)
{
  for (guint i = 0; i < n; i++)
    g_object_unref (g_object_new (G_TYPE_OBJECT, NULL));
}

static void
get_child_ours (gpointer data,
                guint    n)
{
  LifecycleScope *parent = data;

  for (guint i = 0; i < n; i++)
    lifecycle_scope_get_child (parent, "found");
}

static void
bench_children (void)
{
  g_autoptr (LifecycleScope) parent = lifecycle_scope_new ("bench");
  guint n = bench_options.quick ? 5000 : 50000;
  double ns[3];

  if (bench_wants ("scope/child") || bench_wants ("scope/child-named"))
    {
      bench_interleave ((const BenchSide[]) {
                          { child_ours, parent },
                          { object_raw, NULL },
                          { named_child_ours, parent },
                        }, 3, n, ns);
      bench_report_row (&(const BenchRow) {
        .id = "scope/child", .what = "create + close an empty child scope", .unit = "ns",
        .baseline_name = PLAIN_OBJECT, .ours = ns[0], .baseline = ns[1],
        .budget = BENCH_BUDGET_RATIO, .limit = 3 });
      bench_report_row (&(const BenchRow) {
        .id = "scope/child-named", .what = "create + close an empty named child scope",
        .unit = "ns", .baseline_name = PLAIN_OBJECT, .ours = ns[2], .baseline = ns[1] });
    }

  if (bench_wants ("scope/root"))
    {
      bench_interleave ((const BenchSide[]) {
                          { scope_ours, NULL },
                          { object_raw, NULL },
                        }, 2, n, ns);
      bench_report_row (&(const BenchRow) {
        .id = "scope/root", .what = "create + close an empty scope without a parent",
        .unit = "ns", .baseline_name = PLAIN_OBJECT, .ours = ns[0], .baseline = ns[1] });
    }

  if (bench_wants ("scope/get-child"))
    {
      lifecycle_scope_get_child (parent, "found");
      bench_interleave (&(const BenchSide) { get_child_ours, parent }, 1, n, ns);
      bench_report_row (&(const BenchRow) {
        .id = "scope/get-child", .what = "find a child by its name", .unit = "ns",
        .ours = ns[0] });
    }

  lifecycle_scope_close (parent);
}

/* @n scopes with a handler each on one emitter, closed last first. The times are ns in all. */
static void
run_scopes (guint   n,
            double *whole,
            double *closing)
{
  g_autoptr (BenchEmitter) emitter = bench_emitter_new ();
  g_autofree LifecycleScope **scopes = g_new (LifecycleScope *, n);
  gint64 start, filled, end;

  start = bench_now ();
  for (guint i = 0; i < n; i++)
    {
      scopes[i] = lifecycle_scope_new (NULL);
      lifecycle_scope_connect_signal (scopes[i], emitter, "tick", G_CALLBACK (bench_tick_cb),
                                      NULL);
    }
  filled = bench_now ();
  for (guint i = n; i > 0; i--)
    {
      bench_check (lifecycle_scope_close (scopes[i - 1]) == 1);
      g_object_unref (scopes[i - 1]);
    }
  end = bench_now ();

  *whole = end - start;
  *closing = end - filled;
}

static double
run_connect_object (guint n)
{
  g_autoptr (BenchEmitter) emitter = bench_emitter_new ();
  g_autofree GObject **targets = g_new (GObject *, n);
  gint64 start;

  start = bench_now ();
  for (guint i = 0; i < n; i++)
    {
      targets[i] = g_object_new (G_TYPE_OBJECT, NULL);
      g_signal_connect_object (emitter, "tick", G_CALLBACK (bench_tick_cb), targets[i], 0);
    }
  for (guint i = n; i > 0; i--)
    g_object_unref (targets[i - 1]);

  return bench_now () - start;
}

/* The time of the quadratic a n + b n^2 through what was measured at @n and at 2 @n. */
static double
extrapolate (guint  n,
             double at_n,
             double at_2n,
             guint  wanted)
{
  double quadratic = (at_2n - 2 * at_n) / (2.0 * n * n);
  double linear = at_n / n - quadratic * n;

  return linear * wanted + quadratic * (double) wanted * wanted;
}

static void
bench_many (void)
{
  const guint n = 50000;
  guint small = bench_options.quick ? 2000 : 5000;
  guint rounds = MAX (3, bench_options.rounds / 3);
  g_autofree double *whole = NULL;
  g_autofree double *closing = NULL;
  g_autofree double *fifth = NULL;
  g_autofree double *at_small = NULL;
  g_autofree double *at_double = NULL;
  g_autofree char *note = NULL;
  double baseline, unused;

  if (!bench_wants ("many/life") && !bench_wants ("many/close") && !bench_wants ("many/growth"))
    return;

  whole = g_new (double, rounds);
  closing = g_new (double, rounds);
  fifth = g_new (double, rounds);
  at_small = g_new (double, rounds);
  at_double = g_new (double, rounds);
  run_scopes (n, &unused, &unused);

  for (guint i = 0; i < rounds; i++)
    {
      run_scopes (n, &whole[i], &closing[i]);
      run_scopes (n / 5, &fifth[i], &unused);
      if (!bench_options.full)
        {
          at_small[i] = run_connect_object (small);
          at_double[i] = run_connect_object (2 * small);
        }
    }

  if (bench_options.full)
    {
      baseline = run_connect_object (n);
      note = g_strdup_printf ("%.1f s for all of them", baseline / 1e9);
    }
  else
    {
      baseline = extrapolate (small, bench_median (at_small, rounds),
                              bench_median (at_double, rounds), n);
      note = g_strdup_printf ("%.1f s for all of them, extrapolated quadratically from %u (%.2f s) "
                              "and %u (%.2f s), which caches make too little; --full runs it",
                              baseline / 1e9,
                              small, bench_median (at_small, rounds) / 1e9,
                              2 * small, bench_median (at_double, rounds) / 1e9);
    }

  bench_report_row (&(const BenchRow) {
    .id = "many/close", .what = "50k scopes on one emitter, closed last first: close each",
    .unit = "ns", .ours = bench_median (closing, rounds) / n,
    .budget = BENCH_BUDGET_OURS, .limit = 2000 });
  bench_report_row (&(const BenchRow) {
    .id = "many/life", .what = "the same from creation to unref, each",
    .unit = "ns", .ours = bench_median (whole, rounds) / n,
    .baseline_name = "g_signal_connect_object", .baseline = baseline / n, .note = note,
    .budget = BENCH_BUDGET_OURS, .limit = 1500 });
  bench_report_row (&(const BenchRow) {
    .id = "many/growth", .what = "the same: each of 50k, and each of 10k",
    .unit = "ns", .ours = bench_median (whole, rounds) / n,
    .baseline_name = "itself with 10k", .baseline = bench_median (fifth, rounds) / (n / 5),
    .note = "linear is 1, caches aside; quadratic would be 5" });
}

void
bench_scopes (void)
{
  bench_many ();
  bench_children ();
}
