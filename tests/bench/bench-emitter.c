/* bench-emitter.c: an object with signals, for both sides of every comparison
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "bench-private.h"

struct _BenchEmitter
{
  GObject parent_instance;
};

enum
{
  TICK,
  CHANGED,
  N_SIGNALS
};

static guint   signals[N_SIGNALS];
static guint64 n_calls;

G_DEFINE_FINAL_TYPE (BenchEmitter, bench_emitter, G_TYPE_OBJECT)

/* No marshaller is named, so GLib picks its own with the va fast path, as for most signals. */
static void
bench_emitter_class_init (BenchEmitterClass *klass)
{
  signals[TICK] =
    g_signal_new ("tick", BENCH_TYPE_EMITTER, G_SIGNAL_RUN_LAST, 0,
                  NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[CHANGED] =
    g_signal_new ("changed", BENCH_TYPE_EMITTER, G_SIGNAL_RUN_LAST, 0,
                  NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
bench_emitter_init (BenchEmitter *self)
{
}

BenchEmitter *
bench_emitter_new (void)
{
  return g_object_new (BENCH_TYPE_EMITTER, NULL);
}

void
bench_emitter_tick (BenchEmitter *self)
{
  g_signal_emit (self, signals[TICK], 0);
}

void
bench_emitter_change (BenchEmitter *self,
                      guint         value)
{
  g_signal_emit (self, signals[CHANGED], 0, value);
}

void
bench_tick_cb (BenchEmitter *emitter,
               gpointer      data)
{
  n_calls++;
}

void
bench_changed_cb (BenchEmitter *emitter,
                  guint         value,
                  gpointer      data)
{
  n_calls += value;
}

guint64
bench_emitter_n_calls (void)
{
  return n_calls;
}
