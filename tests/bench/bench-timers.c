/* bench-timers.c: timers beside those of GLib and of other event loops
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each library has a loop of its own here, so that none of them walks over what another has armed,
 * and each takes its turn in every round. Which libraries there are is known when this is built.
 */

#include "bench-private.h"

#ifdef HAVE_LIBUV
#include <uv.h>
#endif

#ifdef HAVE_LIBEVENT
#include <event2/event.h>
#include <unistd.h>
#endif

#ifdef HAVE_SD_EVENT
#include <systemd/sd-event.h>
#endif

/* What is armed in the background is due in one to two hours, in no order. What is armed and
 * cancelled beside it is due before all that, or in the middle of it.
 */
#define FAR_MS(i) (3600u * 1000 + (i) * 2654435761u % (3600u * 1000))
#define FIRST_MS (30u * 1000)
#define AMONG_MS (5400u * 1000)
#define SECOND_MS 1000

static guint near_ms;

typedef struct _Loop Loop;

typedef struct
{
  const char  *name;
  const char  *what;         /* to name it as a baseline */
  const char  *built;        /* NULL: it is there; or why it is not */
  void       (*open)       (Loop  *self);
  void       (*arm)        (Loop  *self,
                            guint  i,
                            guint  ms);
  void       (*iterate)    (Loop  *self,
                            guint  n);
  void       (*arm_cancel) (Loop  *self,
                            guint  n);
  void       (*wait)       (Loop  *self);  /* for something to be due, and lets it happen */
  void       (*close)      (Loop  *self);
  const char  *note;
} LoopClass;

struct _Loop
{
  const LoopClass *klass;
  GMainContext    *context;
  LifecycleScope  *scope;
  gpointer         base;
  gpointer         own;      /* a handle that keeps it alive, or is armed and cancelled */
  gpointer        *timers;
  guint            n_timers;
  int              fds[2];
};

static guint n_fired;
static guint n_to_fire;

/* Ours. */

static gboolean
fired_cb (gpointer data)
{
  n_fired++;
  return G_SOURCE_REMOVE;
}

static void
ours_open (Loop *self)
{
  self->context = g_main_context_new ();
  g_main_context_push_thread_default (self->context);
  self->scope = lifecycle_scope_new ("bench");
  g_main_context_pop_thread_default (self->context);
}

static void
ours_arm (Loop  *self,
          guint  i,
          guint  ms)
{
  lifecycle_scope_add_timeout (self->scope, ms, fired_cb, NULL, NULL);
}

static void
context_iterate (Loop  *self,
                 guint  n)
{
  for (guint i = 0; i < n; i++)
    g_main_context_iteration (self->context, FALSE);
}

static void
context_wait (Loop *self)
{
  g_main_context_iteration (self->context, TRUE);
}

static void
ours_arm_cancel (Loop  *self,
                 guint  n)
{
  for (guint i = 0; i < n; i++)
    lifecycle_timer_cancel (lifecycle_scope_add_timeout (self->scope, near_ms, fired_cb, NULL,
                                                         NULL));
}

static void
ours_close (Loop *self)
{
  lifecycle_scope_close (self->scope);
  g_object_unref (self->scope);
  g_main_context_unref (self->context);
}

/* A loop with nothing in it. */

static void
empty_open (Loop *self)
{
  self->context = g_main_context_new ();
}

static void
empty_arm (Loop  *self,
           guint  i,
           guint  ms)
{
}

static void
empty_close (Loop *self)
{
  g_main_context_unref (self->context);
}

/* GLib. g_timeout_add() knows only the default context, which nobody else uses here. */

static void
glib_open (Loop *self)
{
}

static void
glib_arm (Loop  *self,
          guint  i,
          guint  ms)
{
  self->timers[i] = GUINT_TO_POINTER (g_timeout_add (ms, fired_cb, NULL));
}

static void
glib_arm_cancel (Loop  *self,
                 guint  n)
{
  for (guint i = 0; i < n; i++)
    g_source_remove (g_timeout_add (near_ms, fired_cb, NULL));
}

static void
glib_close (Loop *self)
{
  if (n_fired == 0)
    {
      for (guint i = 0; i < self->n_timers; i++)
        g_source_remove (GPOINTER_TO_UINT (self->timers[i]));
    }
}

/* libuv. A handle has to be closed before its memory goes, in an iteration: programs keep it. */
#ifdef HAVE_LIBUV

static void
uv_fired_cb (uv_timer_t *timer)
{
  /* It would wait for what comes after the last one. */
  if (++n_fired == n_to_fire)
    uv_stop (timer->loop);
}

static void
uv_wake_cb (uv_async_t *async)
{
}

static void
uv_open (Loop *self)
{
  self->base = g_new (uv_loop_t, 1);
  bench_check (uv_loop_init (self->base) == 0);
  /* Without a handle that is active it would not do anything. */
  self->own = g_new (uv_async_t, 1);
  bench_check (uv_async_init (self->base, self->own, uv_wake_cb) == 0);
}

static void
uv_arm (Loop  *self,
        guint  i,
        guint  ms)
{
  self->timers[i] = g_new (uv_timer_t, 1);
  uv_timer_init (self->base, self->timers[i]);
  uv_timer_start (self->timers[i], uv_fired_cb, ms, 0);
}

static void
uv_iterate (Loop  *self,
            guint  n)
{
  for (guint i = 0; i < n; i++)
    uv_run (self->base, UV_RUN_NOWAIT);
}

static void
uv_wait (Loop *self)
{
  uv_run (self->base, UV_RUN_ONCE);
}

static void
uv_arm_cancel (Loop  *self,
               guint  n)
{
  uv_timer_t timer;

  uv_timer_init (self->base, &timer);
  for (guint i = 0; i < n; i++)
    {
      uv_timer_start (&timer, uv_fired_cb, near_ms, 0);
      uv_timer_stop (&timer);
    }
  uv_close ((uv_handle_t *) &timer, NULL);
  uv_run (self->base, UV_RUN_NOWAIT);
}

static void
uv_finish (Loop *self)
{
  for (guint i = 0; i < self->n_timers; i++)
    uv_close (self->timers[i], NULL);
  uv_close (self->own, NULL);
  uv_run (self->base, UV_RUN_NOWAIT);
  for (guint i = 0; i < self->n_timers; i++)
    g_free (self->timers[i]);
  bench_check (uv_loop_close (self->base) == 0);
  g_free (self->own);
  g_free (self->base);
}

#endif

/* libevent. */
#ifdef HAVE_LIBEVENT

static void
event_fired_cb (evutil_socket_t fd,
                short           what,
                void           *data)
{
  n_fired++;
}

static void
event_add_ms (struct event *event,
              guint         ms)
{
  struct timeval time = { (time_t) (ms / 1000), (suseconds_t) (ms % 1000 * 1000) };

  event_add (event, &time);
}

static void
event_open (Loop *self)
{
  self->base = event_base_new ();
  bench_check (self->base != NULL);
  bench_check (pipe (self->fds) == 0);
  self->own = event_new (self->base, self->fds[0], EV_READ | EV_PERSIST, event_fired_cb, NULL);
  event_add (self->own, NULL);
}

static void
event_arm (Loop  *self,
           guint  i,
           guint  ms)
{
  self->timers[i] = event_new (self->base, -1, 0, event_fired_cb, NULL);
  event_add_ms (self->timers[i], ms);
}

static void
event_iterate (Loop  *self,
               guint  n)
{
  for (guint i = 0; i < n; i++)
    event_base_loop (self->base, EVLOOP_NONBLOCK);
}

static void
event_wait (Loop *self)
{
  event_base_loop (self->base, EVLOOP_ONCE);
}

static void
event_arm_cancel (Loop  *self,
                  guint  n)
{
  for (guint i = 0; i < n; i++)
    {
      struct event *event = event_new (self->base, -1, 0, event_fired_cb, NULL);

      event_add_ms (event, near_ms);
      event_free (event);
    }
}

static void
event_close (Loop *self)
{
  for (guint i = 0; i < self->n_timers; i++)
    event_free (self->timers[i]);
  event_free (self->own);
  event_base_free (self->base);
  close (self->fds[0]);
  close (self->fds[1]);
}

#endif

/* sd-event. One millisecond of accuracy, which is what the others have. */
#ifdef HAVE_SD_EVENT

static int
sd_fired_cb (sd_event_source *source,
             uint64_t         usec,
             void            *data)
{
  n_fired++;
  return 0;
}

static void
sd_open (Loop *self)
{
  sd_event *event = NULL;

  bench_check (sd_event_new (&event) >= 0);
  self->base = event;
}

static void
sd_arm (Loop  *self,
        guint  i,
        guint  ms)
{
  sd_event_source *source = NULL;

  bench_check (sd_event_add_time_relative (self->base, &source, CLOCK_MONOTONIC,
                                           (guint64) ms * 1000, 1000, sd_fired_cb, NULL) >= 0);
  self->timers[i] = source;
}

static void
sd_iterate (Loop  *self,
            guint  n)
{
  for (guint i = 0; i < n; i++)
    sd_event_run (self->base, 0);
}

static void
sd_wait (Loop *self)
{
  sd_event_run (self->base, G_MAXUINT64);
}

static void
sd_arm_cancel (Loop  *self,
               guint  n)
{
  for (guint i = 0; i < n; i++)
    {
      sd_event_source *source = NULL;

      sd_event_add_time_relative (self->base, &source, CLOCK_MONOTONIC,
                                  (guint64) near_ms * 1000, 1000, sd_fired_cb, NULL);
      sd_event_source_disable_unref (source);
    }
}

static void
sd_close (Loop *self)
{
  for (guint i = 0; i < self->n_timers; i++)
    sd_event_source_disable_unref (self->timers[i]);
  sd_event_unref (self->base);
}

#endif

#define NOT_BUILT "was not there when this was built"

/* The first two are always measured. */
static const LoopClass loop_classes[] = {
  { "ours", NULL, NULL, ours_open, ours_arm, context_iterate, ours_arm_cancel, context_wait,
    ours_close, NULL },
  { "empty", "the empty loop", NULL, empty_open, empty_arm, context_iterate, NULL, NULL,
    empty_close, NULL },
  { "glib", "g_timeout_add", NULL, glib_open, glib_arm, context_iterate, glib_arm_cancel,
    context_wait, glib_close, NULL },
#ifdef HAVE_LIBUV
  { "libuv", "libuv", NULL, uv_open, uv_arm, uv_iterate, uv_arm_cancel, uv_wait, uv_finish,
    "a handle that is there already" },
#else
  { "libuv", "libuv", "libuv " NOT_BUILT },
#endif
#ifdef HAVE_LIBEVENT
  { "libevent", "libevent", NULL, event_open, event_arm, event_iterate, event_arm_cancel,
    event_wait, event_close, NULL },
#else
  { "libevent", "libevent", "libevent " NOT_BUILT },
#endif
#ifdef HAVE_SD_EVENT
  { "sd-event", "sd-event", NULL, sd_open, sd_arm, sd_iterate, sd_arm_cancel, sd_wait, sd_close,
    NULL },
#else
  { "sd-event", "sd-event", "sd-event " NOT_BUILT },
#endif
};

#define OURS 0
#define EMPTY 1
#define GLIB 2
#define N_LOOPS G_N_ELEMENTS (loop_classes)

static void
loop_open (Loop            *self,
           const LoopClass *klass,
           gpointer        *timers,
           guint            n_timers)
{
  *self = (Loop) { .klass = klass, .timers = timers, .n_timers = n_timers };
  klass->open (self);
}

static void
loop_arm_far (Loop *self)
{
  for (guint i = 0; i < self->n_timers; i++)
    self->klass->arm (self, i, FAR_MS (i));
}

/* For bench-memory.c, which brings the array. Where the library is missing, nothing happens. */

static Loop memory_loop;

void
bench_timers_arm (const char *name,
                  gpointer   *timers,
                  guint       n)
{
  memory_loop.klass = NULL;
  for (guint i = 0; i < N_LOOPS; i++)
    {
      if (g_str_equal (loop_classes[i].name, name) && loop_classes[i].built == NULL)
        {
          loop_open (&memory_loop, &loop_classes[i], timers, n);
          loop_arm_far (&memory_loop);
        }
    }
}

void
bench_timers_cancel (void)
{
  if (memory_loop.klass != NULL)
    memory_loop.klass->close (&memory_loop);
}

static char *
row_id (const char *group,
        const char *size,
        guint       loop)
{
  if (loop == EMPTY)
    return g_strdup_printf ("timers/%s/%s", group, size);
  return g_strdup_printf ("timers/%s/%s/%s", group, size, loop_classes[loop].name);
}

/* What is wanted of the rows, and of the loops to measure for them. */
static gboolean
choose (const char *group,
        const char *size,
        gboolean    with_empty,
        gboolean   *wanted)
{
  gboolean any = FALSE;

  for (guint i = EMPTY; i < N_LOOPS; i++)
    {
      g_autofree char *id = row_id (group, size, i);

      wanted[i] = (i != EMPTY || with_empty) && bench_wants (id);
      any |= wanted[i];
    }
  wanted[OURS] = any;

  return any;
}

static void
report (const char     *group,
        const char     *size,
        const char     *what,
        const gboolean *wanted,
        const double   *ns,
        guint           budget_loop,
        double          limit,
        gboolean        with_note)
{
  for (guint i = EMPTY; i < N_LOOPS; i++)
    {
      g_autofree char *id = row_id (group, size, i);

      if (!wanted[i])
        continue;
      bench_report_row (&(const BenchRow) {
        .id = id, .what = what, .unit = "ns", .baseline_name = loop_classes[i].what,
        .ours = ns[OURS], .baseline = ns[i], .skipped = loop_classes[i].built,
        .budget = i == budget_loop ? BENCH_BUDGET_RATIO : BENCH_BUDGET_NONE,
        .limit = i == budget_loop ? limit : 0,
        .note = with_note ? loop_classes[i].note : NULL });
    }
}

/* Each loop does so many in a row that a round takes about as long for all of them. */
static void
measure (Loop           *loops,
         const gboolean *wanted,
         gboolean        arm_cancel,
         double         *ns)
{
  guint rounds = bench_options.rounds;
  g_autofree double *times = g_new (double, N_LOOPS * rounds);
  guint n[N_LOOPS];

  for (guint i = 0; i < N_LOOPS; i++)
    {
      const LoopClass *klass = &loop_classes[i];
      void (*run) (Loop *self, guint count) = arm_cancel ? klass->arm_cancel : klass->iterate;
      double once;
      gint64 start;

      if (!wanted[i] || klass->built != NULL)
        continue;

      run (&loops[i], 2);
      start = bench_now ();
      run (&loops[i], 4);
      once = MAX ((bench_now () - start) / 4.0, 20);
      n[i] = (guint) CLAMP ((bench_options.quick ? 0.5e6 : 5e6) / once, 1, 50000);
      run (&loops[i], n[i]);
    }

  for (guint round = 0; round < rounds; round++)
    {
      for (guint j = 0; j < N_LOOPS; j++)
        {
          guint i = (j + round) % N_LOOPS;
          const LoopClass *klass = &loop_classes[i];
          gint64 start;

          if (!wanted[i] || klass->built != NULL)
            continue;

          start = bench_now ();
          if (arm_cancel)
            klass->arm_cancel (&loops[i], n[i]);
          else
            klass->iterate (&loops[i], n[i]);
          times[i * rounds + round] = (double) (bench_now () - start) / n[i];
        }
    }

  for (guint i = 0; i < N_LOOPS; i++)
    ns[i] = wanted[i] && loop_classes[i].built == NULL
            ? bench_median (times + i * rounds, rounds) : 0;
}

static void
bench_armed (const char *group,
             const char *size,
             const char *what,
             guint       n_armed,
             gboolean    arm_cancel,
             guint       budget_loop,
             double      limit)
{
  Loop loops[N_LOOPS];
  gboolean wanted[N_LOOPS];
  double ns[N_LOOPS];

  if (!choose (group, size, !arm_cancel, wanted))
    return;

  n_fired = 0;
  for (guint i = 0; i < N_LOOPS; i++)
    {
      if (wanted[i] && loop_classes[i].built == NULL)
        {
          loop_open (&loops[i], &loop_classes[i], g_new (gpointer, n_armed), n_armed);
          loop_arm_far (&loops[i]);
        }
    }

  measure (loops, wanted, arm_cancel, ns);
  bench_check (n_fired == 0);

  for (guint i = 0; i < N_LOOPS; i++)
    {
      if (wanted[i] && loop_classes[i].built == NULL)
        {
          loop_classes[i].close (&loops[i]);
          g_free (loops[i].timers);
        }
    }

  report (group, size, what, wanted, ns, budget_loop, limit, arm_cancel);
}

/* The CPU time of all that happens in a second in which @n timers are due. */
static double
fire (const LoopClass *klass,
      guint            n)
{
  g_autofree gpointer *timers = g_new (gpointer, n);
  Loop loop;
  gint64 start;
  double ns;

  loop_open (&loop, klass, timers, n);
  n_fired = 0;
  n_to_fire = n;
  for (guint i = 0; i < n; i++)
    klass->arm (&loop, i, 100 + i % SECOND_MS);
  start = bench_now ();
  while (n_fired < n)
    klass->wait (&loop);
  ns = (double) (bench_now () - start) / n;
  bench_check (n_fired == n);
  klass->close (&loop);
  n_fired = 0;

  return ns;
}

static void
bench_fire (void)
{
  guint n = bench_options.quick ? 10000 : 100000;
  guint rounds = bench_options.quick ? 1 : 3;
  const char *size = bench_options.quick ? "10k" : "100k";
  gboolean wanted[N_LOOPS];
  double ns[N_LOOPS] = { 0 };

  if (!choose ("fire", size, FALSE, wanted))
    return;

  for (guint i = 0; i < N_LOOPS; i++)
    {
      double times[3];

      if (!wanted[i] || loop_classes[i].built != NULL)
        continue;
      for (guint round = 0; round < rounds; round++)
        times[round] = fire (&loop_classes[i], n);
      ns[i] = bench_median (times, rounds);
    }
  report ("fire", size, "call a timer, of many due in a second", wanted, ns, 0, 0, FALSE);
}

void
bench_timers (void)
{
  bench_armed ("iteration", "0", "loop iteration", 0, FALSE, 0, 0);
  bench_armed ("iteration", "1k", "loop iteration, 1,000 timers", 1000, FALSE, 0, 0);
  bench_armed ("iteration", "10k", "loop iteration, 10,000 timers", 10000, FALSE, 0, 0);
  bench_armed ("iteration", "100k", "loop iteration, 100,000 timers", 100000, FALSE, EMPTY, 2);
  if (!bench_options.quick)
    bench_armed ("iteration", "1M", "loop iteration, 1,000,000 timers", 1000000, FALSE, 0, 0);

  near_ms = FIRST_MS;
  bench_armed ("arm-cancel", "1", "arm + cancel a timer, beside 1", 1, TRUE, GLIB, 1);
  bench_armed ("arm-cancel", "100k-first", "arm + cancel a timer, before 100,000", 100000, TRUE,
               GLIB, 1);
  near_ms = AMONG_MS;
  bench_armed ("arm-cancel", "100k", "arm + cancel a timer, among 100,000", 100000, TRUE, GLIB, 1);

  bench_fire ();
}
