/* bench-memory.c: what things weigh
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The heap is read in a child of this process, where slices are off and thread caches are empty,
 * so that every byte that is in use, and none else, shows in mallinfo2().
 */

#include "bench-private.h"

#include <stdio.h>

#ifdef HAVE_MALLINFO2
#include <malloc.h>
#endif

#define N 10000

typedef struct
{
  LifecycleScope *scope;
  BenchEmitter   *emitter;
  gpointer        things[N];
  gulong          ids[N];
} Heap;

static void
cleanup_cb (LifecycleScope   *scope,
            LifecycleReason   reason,
            gpointer          data,
            GError          **error)
{
}

static gboolean
idle_cb (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static void
free_cb (gpointer data)
{
}

static void
handlers_ours (Heap *self)
{
  for (guint i = 0; i < N; i++)
    self->ids[i] = lifecycle_scope_connect_signal (self->scope, self->emitter, "tick",
                                                   G_CALLBACK (bench_tick_cb), NULL);
}

static void
handlers_raw (Heap *self)
{
  for (guint i = 0; i < N; i++)
    self->ids[i] = g_signal_connect_data (self->emitter, "tick", G_CALLBACK (bench_tick_cb), NULL,
                                          NULL, 0);
}

static void
handlers_raw_undo (Heap *self)
{
  for (guint i = 0; i < N; i++)
    g_signal_handler_disconnect (self->emitter, self->ids[i]);
}

static void
emitters_ours (Heap *self)
{
  for (guint i = 0; i < N; i++)
    {
      self->things[i] = bench_emitter_new ();
      lifecycle_scope_connect_signal (self->scope, self->things[i], "tick",
                                      G_CALLBACK (bench_tick_cb), NULL);
    }
}

static void
emitters_raw (Heap *self)
{
  for (guint i = 0; i < N; i++)
    {
      self->things[i] = bench_emitter_new ();
      g_signal_connect_data (self->things[i], "tick", G_CALLBACK (bench_tick_cb), NULL, NULL, 0);
    }
}

static void
things_undo (Heap *self)
{
  for (guint i = 0; i < N; i++)
    g_clear_object (&self->things[i]);
}

static void
scopes_ours (Heap *self)
{
  for (guint i = 0; i < N; i++)
    self->things[i] = lifecycle_scope_new (NULL);
}

static void
children_ours (Heap *self)
{
  for (guint i = 0; i < N; i++)
    self->things[i] = lifecycle_scope_new_child (self->scope, NULL);
}

static void
named_children_ours (Heap *self)
{
  for (guint i = 0; i < N; i++)
    {
      char name[16];

      g_snprintf (name, sizeof name, "child %u", i);
      self->things[i] = lifecycle_scope_new_child (self->scope, name);
    }
}

static void
lone_handlers_ours (Heap *self)
{
  for (guint i = 0; i < N; i++)
    {
      self->things[i] = lifecycle_scope_new (NULL);
      lifecycle_scope_connect_signal (self->things[i], self->emitter, "tick",
                                      G_CALLBACK (bench_tick_cb), NULL);
    }
}

static void
idles_ours (Heap *self)
{
  for (guint i = 0; i < N; i++)
    lifecycle_scope_add_idle (self->scope, idle_cb, NULL, NULL);
}

static void
idles_raw (Heap *self)
{
  for (guint i = 0; i < N; i++)
    self->ids[i] = g_idle_add (idle_cb, NULL);
}

static void
idles_raw_undo (Heap *self)
{
  for (guint i = 0; i < N; i++)
    g_source_remove (self->ids[i]);
}

static void
timers_ours (Heap *self)
{
  for (guint i = 0; i < N; i++)
    lifecycle_scope_add_timeout (self->scope, 3600 * 1000 + i, idle_cb, NULL, NULL);
}

static void
timers_raw (Heap *self)
{
  for (guint i = 0; i < N; i++)
    self->ids[i] = g_timeout_add (3600 * 1000 + i, idle_cb, NULL);
}

/* The loop itself is counted, too, which makes no difference. */
#define TIMERS_OF(function, name)                                  \
  static void                                                      \
  function (Heap *self)                                            \
  {                                                                \
    bench_timers_arm (name, self->things, N);                      \
  }

TIMERS_OF (timers_libuv, "libuv")
TIMERS_OF (timers_libevent, "libevent")
TIMERS_OF (timers_sd_event, "sd-event")

static void
timers_of_undo (Heap *self)
{
  bench_timers_cancel ();
}

static void
data_ours (Heap *self)
{
  for (guint i = 0; i < N; i++)
    lifecycle_scope_adopt (self->scope, self, free_cb);
}

static void
cleanups_ours (Heap *self)
{
  for (guint i = 0; i < N; i++)
    lifecycle_scope_defer (self->scope, cleanup_cb, self, NULL);
}

typedef struct
{
  const char   *id;
  const char   *what;
  const char   *baseline_name;
  BenchBudget   budget;
  double        limit;
  void        (*fill)      (Heap *self);
  void        (*undo)      (Heap *self);
  void        (*raw)       (Heap *self);
  void        (*raw_undo)  (Heap *self);
  const char   *note;
} Weight;

static const Weight weights[] = {
  { "memory/handler", "memory of a handler", "g_signal_connect_data",
    BENCH_BUDGET_EXTRA, 96, handlers_ours, NULL, handlers_raw, handlers_raw_undo, NULL },
  { "memory/handler-on-own-emitter", "memory of the first handler on an object",
    "g_signal_connect_data", BENCH_BUDGET_NONE, 0,
    emitters_ours, things_undo, emitters_raw, things_undo, "the object is counted on both sides" },
  { "memory/scope", "memory of an empty scope", NULL,
    BENCH_BUDGET_OURS, 256, scopes_ours, things_undo, NULL, NULL, NULL },
  { "memory/child", "memory of an empty child scope", NULL,
    BENCH_BUDGET_OURS, 256, children_ours, things_undo, NULL, NULL, NULL },
  { "memory/child-named", "memory of an empty named child scope", NULL,
    BENCH_BUDGET_NONE, 0, named_children_ours, things_undo, NULL, NULL, NULL },
  { "memory/scope-with-handler", "memory of a scope with one handler", NULL,
    BENCH_BUDGET_OURS, 560, lone_handlers_ours, things_undo, NULL, NULL,
    "the handler of GLib is counted" },
  { "memory/idle", "memory of an idle", "g_idle_add",
    BENCH_BUDGET_NONE, 0, idles_ours, NULL, idles_raw, idles_raw_undo, NULL },
  { "memory/timer", "memory of a timer", "g_timeout_add",
    BENCH_BUDGET_OURS, 128, timers_ours, NULL, timers_raw, idles_raw_undo, NULL },
  { "memory/timer-libuv", "memory of a timer", "libuv",
    BENCH_BUDGET_NONE, 0, timers_ours, NULL, timers_libuv, timers_of_undo, NULL },
  { "memory/timer-libevent", "memory of a timer", "libevent",
    BENCH_BUDGET_NONE, 0, timers_ours, NULL, timers_libevent, timers_of_undo, NULL },
  { "memory/timer-sd-event", "memory of a timer", "sd-event",
    BENCH_BUDGET_NONE, 0, timers_ours, NULL, timers_sd_event, timers_of_undo, NULL },
  { "memory/data", "memory of adopted data", NULL,
    BENCH_BUDGET_NONE, 0, data_ours, NULL, NULL, NULL, "the data not counted" },
  { "memory/cleanup", "memory of a cleanup", NULL,
    BENCH_BUDGET_NONE, 0, cleanups_ours, NULL, NULL, NULL, NULL },
};

/* What is in use, mapped blocks included: a hash table may be large enough to be one. */
static double
heap_in_use (void)
{
#ifdef HAVE_MALLINFO2
  struct mallinfo2 info = mallinfo2 ();

  return (double) info.uordblks + (double) info.hblkhd;
#else
  return 0;
#endif
}

/* Twice, so that what only the first time allocates, types and tables, is there already. */
static double
weigh (Heap  *heap,
       void (*fill) (Heap *self),
       void (*undo) (Heap *self))
{
  double bytes = 0;

  for (guint round = 0; round < 2; round++)
    {
      double before;

      heap->scope = lifecycle_scope_new ("bench");
      heap->emitter = bench_emitter_new ();

      before = heap_in_use ();
      fill (heap);
      bytes = heap_in_use () - before;

      lifecycle_scope_close (heap->scope);
      if (undo != NULL)
        undo (heap);
      g_clear_object (&heap->scope);
      g_clear_object (&heap->emitter);
    }

  return bytes / N;
}

int
bench_memory_child (void)
{
  g_autofree Heap *heap = g_new0 (Heap, 1);

  if (heap_in_use () <= 0)
    return 77;

  for (guint i = 0; i < G_N_ELEMENTS (weights); i++)
    {
      double ours = weigh (heap, weights[i].fill, weights[i].undo);
      double raw = weights[i].raw != NULL ? weigh (heap, weights[i].raw, weights[i].raw_undo) : 0;

      printf ("%.1f %.1f\n", ours, raw);
    }

  return 0;
}

void
bench_memory (void)
{
  g_autofree char *self = NULL;
  g_autofree char *output = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) envp = NULL;
  g_auto (GStrv) lines = NULL;
  const char *skipped = NULL;
  gboolean wanted = FALSE;
  int status = 0;

  for (guint i = 0; i < G_N_ELEMENTS (weights); i++)
    wanted |= bench_wants (weights[i].id);
  if (!wanted)
    return;

#ifdef HAVE_MALLINFO2
  self = bench_self ();
#endif

  envp = bench_environ ();
  envp = g_environ_setenv (envp, "G_SLICE", "always-malloc", TRUE);
  envp = g_environ_setenv (envp, "GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", TRUE);

  if (self == NULL)
    skipped = "this system keeps no account of its heap";
  else
    {
      bench_check (g_spawn_sync (NULL, (char *[]) { self, (char *) "--memory-child", NULL }, envp,
                                 G_SPAWN_DEFAULT, NULL, NULL, &output, NULL, &status, &error));
      if (!g_spawn_check_wait_status (status, &error))
        {
          bench_check (g_error_matches (error, G_SPAWN_EXIT_ERROR, 77));
          skipped = "the allocator in use keeps no account of its heap";
        }
    }

  lines = g_strsplit (output != NULL ? output : "", "\n", -1);
  bench_check (skipped != NULL || g_strv_length (lines) == G_N_ELEMENTS (weights) + 1);

  for (guint i = 0; i < G_N_ELEMENTS (weights); i++)
    {
      BenchRow row = {
        .id = weights[i].id, .what = weights[i].what, .unit = "bytes",
        .baseline_name = weights[i].baseline_name, .note = weights[i].note,
        .budget = weights[i].budget, .limit = weights[i].limit, .skipped = skipped,
      };

      if (skipped == NULL)
        {
          char *end = NULL;

          row.ours = g_ascii_strtod (lines[i], &end);
          row.baseline = g_ascii_strtod (end, NULL);
          if (weights[i].raw != NULL && row.baseline <= 0)
            row.skipped = "the library was not there when this was built";
        }
      bench_report_row (&row);
    }
}
