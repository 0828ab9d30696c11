/* bench-entries.c: sources, data, cleanups
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "bench-private.h"

#define BATCH 64

static gboolean
idle_cb (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static void
cleanup_cb (LifecycleScope   *scope,
            LifecycleReason   reason,
            gpointer          data,
            GError          **error)
{
}

static void
free_cb (gpointer data)
{
}

static void
idle_ours (gpointer data,
           guint    n)
{
  LifecycleScope *scope = data;

  for (guint i = 0; i < n; i++)
    g_source_destroy (lifecycle_scope_add_idle (scope, idle_cb, NULL, NULL));
}

static void
idle_raw (gpointer data,
          guint    n)
{
  for (guint i = 0; i < n; i++)
    g_source_remove (g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, idle_cb, NULL, NULL));
}

/* Like a scope, it holds the source and not its id. */
static void
idle_source_raw (gpointer data,
                 guint    n)
{
  for (guint i = 0; i < n; i++)
    {
      GSource *source = g_idle_source_new ();

      g_source_set_callback (source, idle_cb, NULL, NULL);
      g_source_attach (source, NULL);
      g_source_destroy (source);
      g_source_unref (source);
    }
}

static void
adopt_ours (gpointer data,
            guint    n)
{
  LifecycleScope *scope = data;

  for (guint i = 0; i < n; i += BATCH)
    {
      for (guint j = 0; j < BATCH; j++)
        lifecycle_scope_adopt (scope, scope, free_cb);
      bench_check (lifecycle_scope_clear (scope) == BATCH);
    }
}

static void
defer_ours (gpointer data,
            guint    n)
{
  LifecycleScope *scope = data;

  for (guint i = 0; i < n; i += BATCH)
    {
      for (guint j = 0; j < BATCH; j++)
        lifecycle_scope_defer (scope, cleanup_cb, scope, NULL);
      bench_check (lifecycle_scope_clear (scope) == BATCH);
    }
}

static void
object_ours (gpointer data,
             guint    n)
{
  LifecycleScope *scope = data;
  GObject *object = g_object_new (G_TYPE_OBJECT, NULL);

  for (guint i = 0; i < n; i += BATCH)
    {
      for (guint j = 0; j < BATCH; j++)
        lifecycle_scope_add_object (scope, object);
      bench_check (lifecycle_scope_clear (scope) == BATCH);
    }

  g_object_unref (object);
}

static void
bench_one (const char      *id,
           const char      *what,
           void           (*run) (gpointer fixture,
                                  guint    n),
           LifecycleScope  *scope)
{
  double ns;

  if (!bench_wants (id))
    return;

  bench_interleave (&(const BenchSide) { run, scope }, 1, bench_options.quick ? 6400 : 64000,
                    &ns);
  bench_report_row (&(const BenchRow) { .id = id, .what = what, .unit = "ns", .ours = ns });
}

void
bench_entries (void)
{
  g_autoptr (LifecycleScope) scope = lifecycle_scope_new ("bench");
  double ns[3];

  if (bench_wants ("source/idle") || bench_wants ("source/idle-source"))
    {
      bench_interleave ((const BenchSide[]) {
                          { idle_ours, scope },
                          { idle_raw, NULL },
                          { idle_source_raw, NULL },
                        }, 3, bench_options.quick ? 5000 : 50000, ns);
      bench_report_row (&(const BenchRow) {
        .id = "source/idle", .what = "add an idle + destroy it", .unit = "ns",
        .baseline_name = "g_idle_add + g_source_remove", .ours = ns[0], .baseline = ns[1] });
      bench_report_row (&(const BenchRow) {
        .id = "source/idle-source", .what = "add an idle + destroy it", .unit = "ns",
        .baseline_name = "g_idle_source_new, attach, destroy, unref",
        .ours = ns[0], .baseline = ns[2] });
    }

  bench_one ("entry/adopt", "adopt data + clear, each of 64", adopt_ours, scope);
  bench_one ("entry/defer", "defer a cleanup + clear, each of 64", defer_ours, scope);
  bench_one ("entry/object", "add an object + clear, each of 64", object_ours, scope);

  bench_check (lifecycle_scope_get_n_entries (scope) == 0);
  lifecycle_scope_close (scope);
}
