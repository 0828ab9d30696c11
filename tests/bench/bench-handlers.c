/* bench-handlers.c: connecting, releasing and running handlers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "bench-private.h"

#define RAW "g_signal_connect_data + g_signal_handler_disconnect"
#define RAW_NOTIFY RAW ", with a destroy notify"
#define OBJECT "g_signal_connect_object + g_signal_handler_disconnect"

/* Each side has an emitter of its own, with the same number of handlers on it already. */
typedef struct
{
  LifecycleScope *scope; /* owns what was there before */
  LifecycleScope *batch; /* is filled and cleared */
  BenchEmitter   *emitter;
  GObject        *target;
  gulong         *ids;
  guint           n_ids;
} Fixture;

static void
fixture_clear (Fixture *self)
{
  g_clear_object (&self->scope);
  g_clear_object (&self->batch);
  g_clear_object (&self->target);
  g_clear_object (&self->emitter);
  g_clear_pointer (&self->ids, g_free);
}

static void
notify_cb (gpointer  data,
           GClosure *closure)
{
}

static void
pair_ours (gpointer data,
           guint    n)
{
  Fixture *self = data;

  for (guint i = 0; i < n; i++)
    {
      gulong id = lifecycle_scope_connect_signal (self->scope, self->emitter, "tick",
                                                  G_CALLBACK (bench_tick_cb), self);

      g_signal_handler_disconnect (self->emitter, id);
    }
}

static void
pair_raw (gpointer data,
          guint    n)
{
  Fixture *self = data;

  for (guint i = 0; i < n; i++)
    {
      gulong id = g_signal_connect_data (self->emitter, "tick", G_CALLBACK (bench_tick_cb), self,
                                         NULL, 0);

      g_signal_handler_disconnect (self->emitter, id);
    }
}

/* A target that nothing else is connected to: where g_signal_connect_object() is at its best. */
static void
pair_object (gpointer data,
             guint    n)
{
  Fixture *self = data;

  for (guint i = 0; i < n; i++)
    {
      gulong id = g_signal_connect_object (self->emitter, "tick", G_CALLBACK (bench_tick_cb),
                                           self->target, 0);

      g_signal_handler_disconnect (self->emitter, id);
    }
}

static void
notify_ours (gpointer data,
             guint    n)
{
  Fixture *self = data;

  for (guint i = 0; i < n; i++)
    {
      gulong id = lifecycle_scope_connect_full (self->scope, self->emitter, "tick",
                                                G_CALLBACK (bench_tick_cb), self, notify_cb, 0);

      g_signal_handler_disconnect (self->emitter, id);
    }
}

static void
notify_raw (gpointer data,
            guint    n)
{
  Fixture *self = data;

  for (guint i = 0; i < n; i++)
    {
      gulong id = g_signal_connect_data (self->emitter, "tick", G_CALLBACK (bench_tick_cb), self,
                                         notify_cb, 0);

      g_signal_handler_disconnect (self->emitter, id);
    }
}

#define BATCH 64

static void
batch_ours (gpointer data,
            guint    n)
{
  Fixture *self = data;

  for (guint i = 0; i < n; i += BATCH)
    {
      for (guint j = 0; j < BATCH; j++)
        lifecycle_scope_connect_signal (self->batch, self->emitter, "tick",
                                        G_CALLBACK (bench_tick_cb), self);
      bench_check (lifecycle_scope_clear (self->batch) == BATCH);
    }
}

static void
batch_raw (gpointer data,
           guint    n)
{
  Fixture *self = data;
  gulong ids[BATCH];

  for (guint i = 0; i < n; i += BATCH)
    {
      for (guint j = 0; j < BATCH; j++)
        ids[j] = g_signal_connect_data (self->emitter, "tick", G_CALLBACK (bench_tick_cb), self,
                                        NULL, 0);
      for (guint j = BATCH; j > 0; j--)
        g_signal_handler_disconnect (self->emitter, ids[j - 1]);
    }
}

static void
bench_pairs (guint       n_present,
             const char *size)
{
  Fixture ours = { 0 };
  Fixture raw = { 0 };
  double ns[3];
  g_autofree char *pair_id = g_strdup_printf ("handlers/connect-release/%s", size);
  g_autofree char *object_id = g_strdup_printf ("handlers/connect-release-object/%s", size);
  g_autofree char *batch_id = g_strdup_printf ("handlers/connect-clear/%s", size);
  g_autofree char *notify_id = g_strdup_printf ("handlers/connect-release-notify/%s", size);
  g_autofree char *pair_what = g_strdup_printf ("connect + release a handler, %s present", size);
  g_autofree char *batch_what = g_strdup_printf ("connect + clear, each of %u, %s present", BATCH,
                                                 size);
  g_autofree char *notify_what = g_strdup_printf ("the same with a destroy notify, %s present",
                                                  size);
  guint n = bench_options.quick ? 5000 : 50000;

  if (!bench_wants (pair_id) && !bench_wants (object_id) && !bench_wants (batch_id) &&
      !bench_wants (notify_id))
    return;

  ours.scope = lifecycle_scope_new ("bench");
  ours.batch = lifecycle_scope_new ("batch");
  ours.emitter = bench_emitter_new ();
  raw.emitter = bench_emitter_new ();
  raw.target = g_object_new (G_TYPE_OBJECT, NULL);

  for (guint i = 0; i < n_present; i++)
    {
      lifecycle_scope_connect_signal (ours.scope, ours.emitter, "tick",
                                      G_CALLBACK (bench_tick_cb), NULL);
      g_signal_connect_data (raw.emitter, "tick", G_CALLBACK (bench_tick_cb), NULL, NULL, 0);
    }

  if (bench_wants (pair_id) || bench_wants (object_id))
    {
      bench_interleave ((const BenchSide[]) {
                          { pair_ours, &ours },
                          { pair_raw, &raw },
                          { pair_object, &raw },
                        }, 3, n, ns);
      bench_report_row (&(const BenchRow) {
        .id = pair_id, .what = pair_what, .unit = "ns", .baseline_name = RAW,
        .ours = ns[0], .baseline = ns[1],
        .budget = BENCH_BUDGET_RATIO, .limit = 1.4 });
      bench_report_row (&(const BenchRow) {
        .id = object_id, .what = pair_what, .unit = "ns", .baseline_name = OBJECT,
        .ours = ns[0], .baseline = ns[2],
        .budget = BENCH_BUDGET_RATIO, .limit = 1.0,
        .note = "the target has no other handler, where this is fastest" });
    }

  if (bench_wants (batch_id))
    {
      bench_interleave ((const BenchSide[]) {
                          { batch_ours, &ours },
                          { batch_raw, &raw },
                        }, 2, n, ns);
      bench_report_row (&(const BenchRow) {
        .id = batch_id, .what = batch_what, .unit = "ns", .baseline_name = RAW,
        .ours = ns[0], .baseline = ns[1],
        .budget = BENCH_BUDGET_RATIO, .limit = 1.45 });
    }

  if (bench_wants (notify_id))
    {
      bench_interleave ((const BenchSide[]) {
                          { notify_ours, &ours },
                          { notify_raw, &raw },
                        }, 2, n, ns);
      bench_report_row (&(const BenchRow) {
        .id = notify_id, .what = notify_what, .unit = "ns", .baseline_name = RAW_NOTIFY,
        .ours = ns[0], .baseline = ns[1],
        .budget = BENCH_BUDGET_RATIO, .limit = 1.5 });
    }

  /* Nothing that was connected in a loop may have stayed behind. */
  bench_check (lifecycle_scope_get_n_entries (ours.scope) == n_present);
  bench_check (lifecycle_scope_close (ours.scope) == n_present);
  bench_check (!g_signal_has_handler_pending (ours.emitter,
                                              g_signal_lookup ("tick", BENCH_TYPE_EMITTER), 0,
                                              TRUE));
  fixture_clear (&ours);
  fixture_clear (&raw);
}

/* Fills a scope with handlers on one emitter, and closes it. The first round, in which the heap grows,
 * does not count.
 */
static void
bench_close_many (guint       n,
                  const char *size,
                  guint       rounds,
                  double      limit)
{
  g_autofree char *close_id = g_strdup_printf ("handlers/close/%s", size);
  g_autofree char *fill_id = g_strdup_printf ("handlers/fill/%s", size);
  g_autofree char *close_what = g_strdup_printf ("close a scope of %s handlers, each", size);
  g_autofree char *fill_what = g_strdup_printf ("connect %s handlers to one emitter, each", size);
  g_autofree char *both_id = g_strdup_printf ("handlers/fill-close/%s", size);
  g_autofree char *both_what = g_strdup_printf ("connect + close %s handlers, each", size);
  g_autofree char *close_raw = g_strdup_printf ("%s g_signal_handler_disconnect, last first", size);
  g_autofree char *fill_raw = g_strdup_printf ("%s g_signal_connect_data", size);
  g_autofree double *ours_ns = NULL;
  g_autofree double *raw_ns = NULL;
  g_autofree double *ours_fill_ns = NULL;
  g_autofree double *raw_fill_ns = NULL;
  Fixture ours = { 0 };
  Fixture raw = { 0 };

  double ours_close, raw_close, ours_fill, raw_fill;

  if (!bench_wants (close_id) && !bench_wants (fill_id) && !bench_wants (both_id))
    return;

  ours_ns = g_new (double, rounds);
  raw_ns = g_new (double, rounds);
  ours_fill_ns = g_new (double, rounds);
  raw_fill_ns = g_new (double, rounds);
  ours.emitter = bench_emitter_new ();
  raw.emitter = bench_emitter_new ();
  raw.ids = g_new (gulong, n);

  for (guint turn = 0; turn <= rounds; turn++)
    {
      guint round = turn > 0 ? turn - 1 : 0;
      gint64 start;

      ours.scope = lifecycle_scope_new (NULL);
      start = bench_now ();
      for (guint i = 0; i < n; i++)
        lifecycle_scope_connect_signal (ours.scope, ours.emitter, "tick",
                                        G_CALLBACK (bench_tick_cb), NULL);
      ours_fill_ns[round] = (double) (bench_now () - start) / n;
      start = bench_now ();
      bench_check (lifecycle_scope_close (ours.scope) == n);
      ours_ns[round] = (double) (bench_now () - start) / n;
      g_clear_object (&ours.scope);

      start = bench_now ();
      for (guint i = 0; i < n; i++)
        raw.ids[i] = g_signal_connect_data (raw.emitter, "tick", G_CALLBACK (bench_tick_cb), NULL,
                                            NULL, 0);
      raw_fill_ns[round] = (double) (bench_now () - start) / n;
      start = bench_now ();
      for (guint i = n; i > 0; i--)
        g_signal_handler_disconnect (raw.emitter, raw.ids[i - 1]);
      raw_ns[round] = (double) (bench_now () - start) / n;
    }

  ours_close = bench_median (ours_ns, rounds);
  raw_close = bench_median (raw_ns, rounds);
  ours_fill = bench_median (ours_fill_ns, rounds);
  raw_fill = bench_median (raw_fill_ns, rounds);
  bench_report_row (&(const BenchRow) {
    .id = fill_id, .what = fill_what, .unit = "ns", .baseline_name = fill_raw,
    .ours = ours_fill, .baseline = raw_fill });
  bench_report_row (&(const BenchRow) {
    .id = close_id, .what = close_what, .unit = "ns", .baseline_name = close_raw,
    .ours = ours_close, .baseline = raw_close });
  bench_report_row (&(const BenchRow) {
    .id = both_id, .what = both_what, .unit = "ns", .baseline_name = RAW,
    .ours = ours_fill + ours_close, .baseline = raw_fill + raw_close,
    .budget = limit > 0 ? BENCH_BUDGET_RATIO : BENCH_BUDGET_NONE, .limit = limit });

  fixture_clear (&ours);
  fixture_clear (&raw);
}

void
bench_handlers (void)
{
  bench_pairs (1, "1");
  bench_pairs (1000, "1k");
  bench_pairs (100000, "100k");
  bench_pairs (1000000, "1M");
  bench_close_many (100000, "100k", MAX (3, bench_options.rounds / 3), 0);
  /* This takes half a minute, and 4 GB of memory. */
  if (bench_options.full)
    bench_close_many (10 * 1000 * 1000, "10M", 1, 1.6);
}

static void
emit_tick (gpointer data,
           guint    n)
{
  Fixture *self = data;

  for (guint i = 0; i < n; i++)
    bench_emitter_tick (self->emitter);
}

/* A queued handler runs in the main loop, which is part of the price. */
static void
emit_tick_and_iterate (gpointer data,
                       guint    n)
{
  emit_tick (data, n);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
emit_changed (gpointer data,
              guint    n)
{
  Fixture *self = data;

  for (guint i = 0; i < n; i++)
    bench_emitter_change (self->emitter, i);
}

static void
bench_emission (const char             *id,
                const char             *what,
                const char             *signal_name,
                GCallback               handler,
                guint                   n_handlers,
                LifecycleConnectFlags   flags,
                void                  (*run) (gpointer fixture,
                                              guint    n))
{
  Fixture ours = { 0 };
  Fixture raw = { 0 };
  double ns[2];
  guint64 before;

  if (!bench_wants (id))
    return;

  ours.scope = lifecycle_scope_new ("bench");
  ours.emitter = bench_emitter_new ();
  raw.emitter = bench_emitter_new ();
  for (guint i = 0; i < n_handlers; i++)
    {
      lifecycle_scope_connect_full (ours.scope, ours.emitter, signal_name, handler, NULL, NULL, flags);
      g_signal_connect_data (raw.emitter, signal_name, handler, NULL, NULL, 0);
    }

  before = bench_emitter_n_calls ();
  bench_interleave ((const BenchSide[]) {
                      { run, &ours },
                      { run, &raw },
                    }, 2, (bench_options.quick ? 20000 : 200000) / n_handlers, ns);
  bench_check (bench_emitter_n_calls () > before);

  bench_report_row (&(const BenchRow) {
    .id = id, .what = what, .unit = "ns", .baseline_name = "handlers connected plainly",
    .ours = ns[0], .baseline = ns[1],
    .budget = flags == LIFECYCLE_CONNECT_DEFAULT ? BENCH_BUDGET_RATIO : BENCH_BUDGET_NONE,
    .limit = 1.05 });

  lifecycle_scope_close (ours.scope);
  before = bench_emitter_n_calls ();
  run (&ours, 2);
  bench_check (bench_emitter_n_calls () == before);

  fixture_clear (&ours);
  fixture_clear (&raw);
}

void
bench_emissions (void)
{
  bench_emission ("emission/1", "emission, one handler", "tick", G_CALLBACK (bench_tick_cb), 1,
                  LIFECYCLE_CONNECT_DEFAULT, emit_tick);
  bench_emission ("emission/argument", "emission with an argument, one handler", "changed",
                  G_CALLBACK (bench_changed_cb), 1, LIFECYCLE_CONNECT_DEFAULT, emit_changed);
  bench_emission ("emission/10", "emission, ten handlers", "tick", G_CALLBACK (bench_tick_cb), 10,
                  LIFECYCLE_CONNECT_DEFAULT, emit_tick);
  bench_emission ("emission/guarded", "emission, one guarded handler", "tick",
                  G_CALLBACK (bench_tick_cb), 1, LIFECYCLE_CONNECT_GUARDED, emit_tick);
  bench_emission ("emission/queued", "emission, one queued handler, delivered", "tick",
                  G_CALLBACK (bench_tick_cb), 1, LIFECYCLE_CONNECT_QUEUED, emit_tick_and_iterate);
}
