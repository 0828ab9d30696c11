/* bench-instructions.c: how many instructions things take, which no busy machine changes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A child of this process runs under callgrind, which counts only while one of the functions
 * callgrind_...() below is on the stack. Their twins warm_...() do the same before, so that
 * nothing that happens once is counted.
 *
 * Where GLib finds that valgrind runs it, it makes each closure 16 bytes larger. The closure of a
 * handler of a scope, which takes 128 bytes with the head of its block, would then just not fit the
 * fast bins of glibc any more, and be counted with a slow way through the allocator that no program
 * takes. So the limit of these bins is 16 bytes higher here.
 */

#include "bench-private.h"

#include <glib/gstdio.h>
#include <string.h>

#define N 1000

#define TUNABLES "glibc.malloc.mxfast=144"

static BenchEmitter   *emitter;
static LifecycleScope *scope;
static GObject        *target;

static void
notify_cb (gpointer  data,
           GClosure *closure)
{
}

static gboolean
idle_cb (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* Exported, so that no compiler gives the function another name, and called through a table, so
 * that none inlines it.
 */
#define MEASURE(name, ...)                                  \
  void callgrind_##name (void);                             \
                                                            \
  static void                                               \
  warm_##name (void)                                        \
  {                                                         \
    for (guint i = 0; i < 10; i++)                          \
      __VA_ARGS__                                           \
  }                                                         \
                                                            \
  G_GNUC_NO_INLINE void                                     \
  callgrind_##name (void)                                   \
  {                                                         \
    for (guint i = 0; i < N; i++)                           \
      __VA_ARGS__                                           \
  }

MEASURE (connect_ours, {
  gulong id = lifecycle_scope_connect_signal (scope, emitter, "tick", G_CALLBACK (bench_tick_cb),
                                              NULL);

  g_signal_handler_disconnect (emitter, id);
})

MEASURE (connect_raw, {
  gulong id = g_signal_connect_data (emitter, "tick", G_CALLBACK (bench_tick_cb), NULL, NULL, 0);

  g_signal_handler_disconnect (emitter, id);
})

MEASURE (connect_object, {
  gulong id = g_signal_connect_object (emitter, "tick", G_CALLBACK (bench_tick_cb), target, 0);

  g_signal_handler_disconnect (emitter, id);
})

MEASURE (notify_ours, {
  gulong id = lifecycle_scope_connect_full (scope, emitter, "tick", G_CALLBACK (bench_tick_cb),
                                            NULL, notify_cb, 0);

  g_signal_handler_disconnect (emitter, id);
})

MEASURE (notify_raw, {
  gulong id = g_signal_connect_data (emitter, "tick", G_CALLBACK (bench_tick_cb), NULL, notify_cb,
                                     0);

  g_signal_handler_disconnect (emitter, id);
})

MEASURE (clear_ours, {
  for (guint j = 0; j < 64; j++)
    lifecycle_scope_connect_signal (scope, emitter, "tick", G_CALLBACK (bench_tick_cb), NULL);
  lifecycle_scope_clear (scope);
  i += 63;
})

MEASURE (clear_raw, {
  gulong ids[64];

  for (guint j = 0; j < 64; j++)
    ids[j] = g_signal_connect_data (emitter, "tick", G_CALLBACK (bench_tick_cb), NULL, NULL, 0);
  for (guint j = 64; j > 0; j--)
    g_signal_handler_disconnect (emitter, ids[j - 1]);
  i += 63;
})

MEASURE (child_ours, {
  LifecycleScope *child = lifecycle_scope_new_child (scope, NULL);

  lifecycle_scope_close (child);
  g_object_unref (child);
})

MEASURE (child_raw, {
  g_object_unref (g_object_new (G_TYPE_OBJECT, NULL));
})

MEASURE (life_ours, {
  LifecycleScope *one = lifecycle_scope_new (NULL);

  lifecycle_scope_connect_signal (one, emitter, "tick", G_CALLBACK (bench_tick_cb), NULL);
  lifecycle_scope_close (one);
  g_object_unref (one);
})

MEASURE (life_object, {
  GObject *one = g_object_new (G_TYPE_OBJECT, NULL);

  g_signal_connect_object (emitter, "tick", G_CALLBACK (bench_tick_cb), one, 0);
  g_object_unref (one);
})

/* The whole life of a child scope that owns @n handlers on an emitter that lives on. */
static void
live_ours (guint n)
{
  LifecycleScope *child = lifecycle_scope_new_child (scope, NULL);

  for (guint i = 0; i < n; i++)
    lifecycle_scope_connect_signal (child, emitter, "tick", G_CALLBACK (bench_tick_cb), NULL);
  lifecycle_scope_close (child);
  g_object_unref (child);
}

static void
live_raw (guint n)
{
  gulong ids[20];

  for (guint i = 0; i < n; i++)
    ids[i] = g_signal_connect_data (emitter, "tick", G_CALLBACK (bench_tick_cb), NULL, NULL, 0);
  while (n-- > 0)
    g_signal_handler_disconnect (emitter, ids[n]);
}

MEASURE (child_1_ours, { live_ours (1); })
MEASURE (child_5_ours, { live_ours (5); })
MEASURE (child_20_ours, { live_ours (20); })
MEASURE (child_1_raw, { live_raw (1); })
MEASURE (child_5_raw, { live_raw (5); })
MEASURE (child_20_raw, { live_raw (20); })

MEASURE (of_ours, {
  GObject *one = g_object_new (G_TYPE_OBJECT, NULL);

  lifecycle_scope_connect_signal (lifecycle_scope_of (one), emitter, "tick",
                                  G_CALLBACK (bench_tick_cb), NULL);
  g_object_unref (one);
})

MEASURE (object_raw, {
  g_object_unref (g_object_new (BENCH_TYPE_EMITTER, NULL));
})

MEASURE (idle_ours, {
  g_source_destroy (lifecycle_scope_add_idle (scope, idle_cb, NULL, NULL));
})

MEASURE (idle_raw, {
  g_source_remove (g_idle_add (idle_cb, NULL));
})

MEASURE (timer_ours, {
  lifecycle_timer_cancel (lifecycle_scope_add_timeout (scope, 1000, idle_cb, NULL, NULL));
})

MEASURE (timer_raw, {
  g_source_remove (g_timeout_add (1000, idle_cb, NULL));
})

MEASURE (emit, {
  bench_emitter_tick (emitter);
})

static void
prepare_emit_ours (void)
{
  lifecycle_scope_connect_signal (scope, emitter, "tick", G_CALLBACK (bench_tick_cb), NULL);
}

static void
prepare_emit_raw (void)
{
  g_signal_connect_data (emitter, "tick", G_CALLBACK (bench_tick_cb), NULL, NULL, 0);
}

static const struct
{
  const char  *name;
  const char  *function;
  void       (*prepare) (void);
  void       (*warm)    (void);
  void       (*count)   (void);
} runs[] = {
#define RUN(name) { #name, "callgrind_" #name, NULL, warm_##name, callgrind_##name }
  RUN (connect_ours),
  RUN (connect_raw),
  RUN (connect_object),
  RUN (notify_ours),
  RUN (notify_raw),
  RUN (clear_ours),
  RUN (clear_raw),
  RUN (child_ours),
  RUN (child_raw),
  RUN (life_ours),
  RUN (life_object),
  RUN (child_1_ours),
  RUN (child_1_raw),
  RUN (child_5_ours),
  RUN (child_5_raw),
  RUN (child_20_ours),
  RUN (child_20_raw),
  RUN (of_ours),
  RUN (object_raw),
  RUN (idle_ours),
  RUN (idle_raw),
  RUN (timer_ours),
  RUN (timer_raw),
#undef RUN
  { "emit_ours", "callgrind_emit", prepare_emit_ours, warm_emit, callgrind_emit },
  { "emit_raw", "callgrind_emit", prepare_emit_raw, warm_emit, callgrind_emit },
};

static const struct
{
  const char *id;
  const char *what;
  const char *ours;
  const char *raw;
  const char *baseline_name;
  double      limit;            /* of ours, or 0; with GLib 2.74, other versions need more or less */
} rows[] = {
  { "instructions/connect-release", "instructions: connect + release a handler",
    "connect_ours", "connect_raw", "g_signal_connect_data + g_signal_handler_disconnect", 0 },
  { "instructions/connect-release-object", "instructions: connect + release a handler",
    "connect_ours", "connect_object", "g_signal_connect_object + g_signal_handler_disconnect", 0 },
  { "instructions/connect-release-notify", "instructions: the same with a destroy notify",
    "notify_ours", "notify_raw", "g_signal_connect_data + g_signal_handler_disconnect", 0 },
  { "instructions/connect-clear", "instructions: connect + clear, each of 64",
    "clear_ours", "clear_raw", "g_signal_connect_data + g_signal_handler_disconnect", 0 },
  { "instructions/emission", "instructions: emission, one handler",
    "emit_ours", "emit_raw", "a handler connected plainly", 0 },
  { "instructions/child", "instructions: whole life of an empty child scope",
    "child_ours", "child_raw", "g_object_new (G_TYPE_OBJECT) + g_object_unref", 4300 },
  { "instructions/child-1", "instructions: the same with 1 handler",
    "child_1_ours", "child_1_raw", "g_signal_connect_data + g_signal_handler_disconnect", 7500 },
  { "instructions/child-5", "instructions: the same with 5 handlers",
    "child_5_ours", "child_5_raw", "5 g_signal_connect_data + g_signal_handler_disconnect", 17900 },
  { "instructions/child-20", "instructions: the same with 20 handlers",
    "child_20_ours", "child_20_raw", "20 g_signal_connect_data + g_signal_handler_disconnect", 69500 },
  { "instructions/life", "instructions: a scope with one handler, whole life",
    "life_ours", "life_object", "an object, g_signal_connect_object, its unref", 0 },
  { "instructions/scope-of", "instructions: an object with a scope with one handler",
    "of_ours", "life_object", "an object, g_signal_connect_object, its unref", 11000 },
  { "instructions/idle", "instructions: add an idle + destroy it",
    "idle_ours", "idle_raw", "g_idle_add + g_source_remove", 0 },
  { "instructions/timer", "instructions: arm + cancel a timer",
    "timer_ours", "timer_raw", "g_timeout_add + g_source_remove", 0 },
};

int
bench_instructions_child (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (runs); i++)
    {
      if (!g_str_equal (runs[i].name, name))
        continue;

      emitter = bench_emitter_new ();
      scope = lifecycle_scope_new ("bench");
      target = g_object_new (G_TYPE_OBJECT, NULL);

      if (runs[i].prepare != NULL)
        runs[i].prepare ();
      runs[i].warm ();
      runs[i].count ();

      lifecycle_scope_close (scope);
      g_object_unref (scope);
      g_object_unref (target);
      g_object_unref (emitter);
      return 0;
    }

  return 1;
}

/* The line "summary: N" of what callgrind wrote. */
static gboolean
read_summary (const char *path,
              double     *ir)
{
  g_autofree char *contents = NULL;
  const char *summary;

  if (!g_file_get_contents (path, &contents, NULL, NULL))
    return FALSE;

  summary = strstr (contents, "\nsummary: ");
  if (summary == NULL)
    summary = strstr (contents, "\ntotals: ");
  if (summary == NULL)
    return FALSE;

  *ir = g_ascii_strtod (strchr (summary, ' ') + 1, NULL);

  return *ir > 0;
}

/* How many times run @i goes round, which for a batch is a multiple of its size. */
static guint
n_rounds (const char *name)
{
  return g_str_has_prefix (name, "clear_") ? (N + 63) / 64 * 64 : N;
}

/* Counts what a command executes while it is in a function of that name, or anywhere in what that calls.
 * `words` comes after valgrind's own options, and is NULL-terminated.
 */
gboolean
bench_callgrind (const char *const  *words,
                 const char         *function,
                 char              **envp,
                 double             *ir)
{
  g_autofree char *valgrind = g_find_program_in_path ("valgrind");
  g_autofree char *path = NULL;
  g_autofree char *errors = NULL;
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);
  gboolean ok;
  int status = 0;
  int fd;

  fd = g_file_open_tmp ("lifecycle-bench-XXXXXX", &path, NULL);
  if (fd == -1 || valgrind == NULL)
    return FALSE;
  g_close (fd, NULL);

  g_ptr_array_add (argv, g_strdup (valgrind));
  g_ptr_array_add (argv, g_strdup ("--tool=callgrind"));
  g_ptr_array_add (argv, g_strdup_printf ("--toggle-collect=%s", function));
  g_ptr_array_add (argv, g_strdup_printf ("--callgrind-out-file=%s", path));
  for (; *words != NULL; words++)
    g_ptr_array_add (argv, g_strdup (*words));
  g_ptr_array_add (argv, NULL);

  ok = g_spawn_sync (NULL, (char **) argv->pdata, envp, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
                     &errors, &status, NULL)
    && g_spawn_check_wait_status (status, NULL)
    && read_summary (path, ir);
  g_remove (path);

  return ok;
}

/* Counts one of the runs, each time it goes round. */
gboolean
bench_instructions_count (const char  *name,
                          char       **envp,
                          double      *ir_each)
{
  g_autofree char *self = bench_self ();
  g_autofree char *child = g_strdup_printf ("--callgrind-child=%s", name);
  const char *function = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (runs); i++)
    {
      if (g_str_equal (runs[i].name, name))
        function = runs[i].function;
    }
  g_assert (function != NULL);

  if (self == NULL ||
      !bench_callgrind ((const char *[]) { self, child, NULL }, function, envp, ir_each))
    return FALSE;
  *ir_each /= n_rounds (name);

  return TRUE;
}

void
bench_instructions (void)
{
  g_autofree char *valgrind = g_find_program_in_path ("valgrind");
  g_autofree char *self = bench_self ();
  g_auto (GStrv) envp = g_environ_setenv (bench_environ (), "GLIBC_TUNABLES", TUNABLES, TRUE);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      BenchRow row = {
        .id = rows[i].id, .what = rows[i].what, .unit = "Ir",
        .baseline_name = rows[i].baseline_name,
        .budget = rows[i].limit > 0 ? BENCH_BUDGET_OURS : BENCH_BUDGET_NONE, .limit = rows[i].limit,
      };

      if (!bench_wants (rows[i].id))
        continue;

      if (valgrind == NULL)
        row.skipped = "valgrind is not installed";
      else if (self == NULL)
        row.skipped = "this system does not tell a program its path";
      else if (!bench_instructions_count (rows[i].ours, envp, &row.ours) ||
               !bench_instructions_count (rows[i].raw, envp, &row.baseline))
        row.skipped = "callgrind could not run this program";

      bench_report_row (&row);
    }
}
