/* lifecycle-test.c: tests that must leave nothing behind
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#ifdef HAVE_MALLINFO2
#include <malloc.h>
#endif

#include "lifecycle-describe-private.h"
#include "lifecycle-report-private.h"
#include "lifecycle-enums.h"
#include "lifecycle-inventory-private.h"
#include "lifecycle-roots-private.h"
#include "lifecycle-statistics.h"
#include "lifecycle-test.h"

/* The limit on iterations of the context at a time, so that a source that is always ready does not
 * make the loop endless.
 */
#define MAX_ITERATIONS 1000

#define WARM_UP_ROUNDS 2
#define MAX_ROWS 12

/* The heap is mentioned only if it grows by this much in each of this many rounds. */
#define MIN_HEAP_ROUNDS 4
#define MIN_HEAP_BYTES 16

static struct
{
  gboolean           running;
  LifecycleTestFlags flags;
  LifecycleLeakMark  mark;
} test;

typedef gboolean (*DoneFunc) (gpointer data);

/* Runs the sources that are ready in the thread-default context, within limits. Returns whether
 * there were any.
 */
static gboolean
drain_ready (GMainContext *context,
             gint64        deadline)
{
  guint n = 0;

  if (!g_main_context_acquire (context))
    return FALSE;

  while (n < MAX_ITERATIONS &&
         g_main_context_iteration (context, FALSE) &&
         (++n % 16 != 0 || g_get_monotonic_time () < deadline))
    ;
  g_main_context_release (context);

  return n > 0;
}

/* Does the same until `done` returns TRUE or the grace time has passed. Returns whether it is done.
 */
static gboolean
drain_until (DoneFunc done,
             gpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  gint64 deadline = g_get_monotonic_time () + (gint64) lifecycle_get_leak_grace () * 1000;
  gboolean had_some = drain_ready (context, G_MAXINT64);

  while (!done (data))
    {
      if (g_get_monotonic_time () >= deadline)
        return FALSE;
      /* What is still missing may be waiting for a timer or for another thread. */
      if (!had_some)
        g_usleep (1000);
      had_some = drain_ready (context, deadline);
    }

  return TRUE;
}

/**
 * lifecycle_test_begin:
 *
 * Begins a test. Scopes and objects that exist already do not count against it.
 *
 * See [func@test_end]. Tests cannot be nested, and must begin and end on the same thread.
 *
 * Since: 1.0
 */
void
lifecycle_test_begin (void)
{
  lifecycle_test_begin_full (LIFECYCLE_TEST_DEFAULT);
}

/**
 * lifecycle_test_begin_full:
 * @flags: what the test must not leave behind
 *
 * Begins a test like [func@test_begin], with a choice of what it must not leave behind.
 *
 * Since: 1.0
 */
void
lifecycle_test_begin_full (LifecycleTestFlags flags)
{
  g_return_if_fail (!test.running);

  test.running = TRUE;
  test.flags = flags;
  lifecycle_leaks_set_tracking (TRUE);
  lifecycle_leaks_mark (&test.mark);
  lifecycle_roots_set_mark ();
}

static gboolean
test_is_clean (gpointer data)
{
  LifecycleReport left;

  /* Scopes that were dropped stay dropped, so waiting for them is no use. */
  return !lifecycle_report_count (&left, &test.mark, FALSE);
}

/* Fails the running GLib test, or prints the report if there is none. */
static void
fail_test (const char *what,
           const char *report)
{
  g_auto (GStrv) lines = NULL;

  if (!g_test_initialized ())
    {
      g_printerr ("%s\n%s", what, report);
      return;
    }

  lines = g_strsplit (report, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (lines[i][0] != '\0')
        g_test_message ("%s", lines[i]);
    }
  g_test_fail_printf ("%s", what);
}

static gboolean
test_finish (char **what,
             char **report)
{
  gboolean with_dropped = (test.flags & LIFECYCLE_TEST_DROPPED) != 0;
  LifecycleReport left;
  GString *string;

  drain_until (test_is_clean, NULL);
  test.running = FALSE;
  lifecycle_leaks_set_tracking (FALSE);

  *report = lifecycle_report_describe (&test.mark, with_dropped);
  if (*report == NULL)
    return TRUE;

  lifecycle_report_count (&left, &test.mark, with_dropped);
  string = g_string_new ("the test left behind:");
  g_string_append_printf (string, " %u open %s, %u %s that should be gone",
                          left.n_scopes, left.n_scopes == 1 ? "scope" : "scopes",
                          left.n_objects, left.n_objects == 1 ? "object" : "objects");
  if (with_dropped)
    g_string_append_printf (string, ", %u %s dropped open", left.n_dropped,
                            left.n_dropped == 1 ? "scope" : "scopes");
  *what = g_string_free (string, FALSE);

  return FALSE;
}

/**
 * lifecycle_test_end:
 *
 * Ends a test, and fails it if it has left something behind.
 *
 * Left behind are root scopes that were created since [func@test_begin] and are neither closed nor
 * permanent, and objects passed to [method@Scope.expect_finalize] since then that are still alive
 * although their scope has closed. The entries of such a scope are not leaks of their own, but are
 * listed with it.
 *
 * If something is left, this function first iterates the thread-default main context for up to
 * [func@get_leak_grace] milliseconds, so that timers, idle sources and teardowns on other threads
 * have time to end. If nothing is left, it does not wait.
 *
 * In a program that uses GLib's test framework, the running test fails. In other programs, a report
 * is written to standard error.
 *
 * ```c
 * static void
 * test_player (void)
 * {
 *   lifecycle_test_begin ();
 *   // ...
 *   lifecycle_test_end ();
 * }
 * ```
 *
 * Returns: %TRUE if nothing is left
 *
 * Since: 1.0
 */
gboolean
lifecycle_test_end (void)
{
  g_autofree char *what = NULL;
  g_autofree char *report = NULL;

  g_return_val_if_fail (test.running, FALSE);

  if (test_finish (&what, &report))
    return TRUE;

  fail_test (what, report);
  return FALSE;
}

/**
 * lifecycle_test_end_with_report:
 * @report: (out) (transfer full) (nullable) (optional): a readable report of what is left, or %NULL
 *
 * Ends a test like [func@test_end], but fails no test and writes nothing. For use with test
 * frameworks other than GLib's.
 *
 * Returns: %TRUE if nothing is left
 *
 * Since: 1.0
 */
gboolean
lifecycle_test_end_with_report (char **report)
{
  g_autofree char *what = NULL;
  g_autofree char *text = NULL;

  if (report != NULL)
    *report = NULL;
  g_return_val_if_fail (test.running, FALSE);

  if (test_finish (&what, &text))
    return TRUE;

  if (report != NULL)
    *report = g_strdup_printf ("%s\n%s", what, text);
  return FALSE;
}

/* The indexes of the counts: entries of each kind, except that open scopes take the place of
 * children, and expected objects come last.
 */
enum
{
  COUNT_SCOPES = LIFECYCLE_KIND_SCOPE,
  COUNT_EXPECTED = LIFECYCLE_N_KINDS,
  N_COUNTS
};

typedef struct
{
  guint n[N_COUNTS];
  gsize heap;
} Sample;

typedef struct
{
  Sample  *samples;             /* rounds + 1 samples */
  guint    rounds;
  gboolean grows[N_COUNTS];
} Growth;

static void
sample_take (Sample *self)
{
  LifecycleStatistics *statistics = lifecycle_get_statistics ();

  for (guint kind = 0; kind < LIFECYCLE_N_KINDS; kind++)
    self->n[kind] = lifecycle_statistics_get_live (statistics, (LifecycleKind) kind);
  self->n[COUNT_SCOPES] = lifecycle_statistics_get_n_scopes (statistics);
  self->n[COUNT_EXPECTED] = lifecycle_leaks_get_n_expected ();
  lifecycle_statistics_free (statistics);

#ifdef HAVE_MALLINFO2
  self->heap = mallinfo2 ().uordblks;
#else
  self->heap = 0;
#endif
}

/* Finds the counts that have grown in every round and have not fallen back since. */
static gboolean
growth_find (Growth *self)
{
  Sample *first = &self->samples[0];
  Sample *last = &self->samples[self->rounds];
  gboolean any = FALSE;

  for (guint i = 0; i < N_COUNTS; i++)
    {
      gboolean grows = last->n[i] >= first->n[i] + self->rounds;

      /* The last sample may have been taken again since, so it is not compared with its
       * predecessor.
       */
      for (guint round = 1; round < self->rounds && grows; round++)
        grows = self->samples[round].n[i] > self->samples[round - 1].n[i];
      self->grows[i] = grows;
      any |= grows;
    }

  return any;
}

static gboolean
growth_is_over (gpointer data)
{
  Growth *self = data;

  sample_take (&self->samples[self->rounds]);

  return !growth_find (self);
}

/* Returns by how many bytes the heap grows per round, or 0 if that cannot be told. Anything may
 * change the heap a little now and then, so only growth that occurs in each round, by nearly the
 * same amount, counts.
 */
static gsize
growth_of_heap (Growth *self)
{
  gsize least = G_MAXSIZE;
  gsize most = 0;

  if (self->rounds < MIN_HEAP_ROUNDS)
    return 0;

  for (guint round = 1; round <= self->rounds; round++)
    {
      gsize before = self->samples[round - 1].heap;
      gsize after = self->samples[round].heap;

      if (after < before + MIN_HEAP_BYTES)
        return 0;
      least = MIN (least, after - before);
      most = MAX (most, after - before);
    }

  return most <= 2 * least ? least : 0;
}

static char *
growth_describe (Growth             *self,
                 LifecycleInventory *before,
                 gsize               heap)
{
  g_autoptr (LifecycleSnapshot) snapshot = NULL;
  g_autoptr (LifecycleInventory) after = NULL;
  g_autoptr (LifecycleInventory) more = NULL;
  GString *string = g_string_new (NULL);
  Sample *first = &self->samples[0];
  Sample *last = &self->samples[self->rounds];

  for (guint i = 0; i < N_COUNTS; i++)
    {
      const char *what = i == COUNT_SCOPES ? "open scopes"
                       : i == COUNT_EXPECTED ? "objects expected to be finalized"
                       : lifecycle_enum_get_nick (LIFECYCLE_TYPE_KIND, (int) i);

      if (self->grows[i])
        g_string_append_printf (string, "%s: %u more after %u %s, growing in each\n",
                                what, last->n[i] - first->n[i], self->rounds,
                                self->rounds == 1 ? "round" : "rounds");
    }

  if (string->len > 0)
    {
      snapshot = lifecycle_snapshot_new_all ();
      after = lifecycle_inventory_new ();
      lifecycle_inventory_add (after, snapshot);
      more = lifecycle_inventory_new_difference (before, after, self->rounds);
      lifecycle_inventory_append (more, string, "    ", MAX_ROWS);
    }

  if (heap > 0)
    g_string_append_printf (string, "heap: at least %" G_GSIZE_FORMAT " bytes more in each round\n", heap);

  return g_string_free (string, FALSE);
}

/**
 * lifecycle_test_growth: (skip)
 * @func: (scope call) (closure user_data): a function that should leave nothing behind
 * @user_data: data for @func
 * @rounds: how often to call @func, after two rounds for warming up; at least 2
 *
 * Calls @func repeatedly, and fails the running GLib test, with a report, if the number of entries,
 * scopes or expected objects grows in every round. See lifecycle_test_growth_with_report().
 *
 * Returns: %TRUE if nothing grows
 *
 * Since: 1.0
 */
gboolean
lifecycle_test_growth (LifecycleTestFunc func,
                       gpointer          user_data,
                       guint             rounds)
{
  g_autofree char *report = NULL;
  gboolean clean;

  g_return_val_if_fail (func != NULL, FALSE);
  g_return_val_if_fail (rounds >= 2, FALSE);

  clean = lifecycle_test_growth_with_report (rounds, func, user_data, &report);
  if (!clean)
    fail_test ("something grew in every round:", report);

  return clean;
}

/**
 * lifecycle_test_growth_with_report: (rename-to lifecycle_test_growth)
 * @rounds: how often to call @func, after two rounds for warming up; at least 2
 * @func: (scope call) (closure user_data): a function that should leave nothing behind
 * @user_data: data for @func
 * @report: (out) (transfer full) (nullable) (optional): a readable report of what grows, or %NULL
 *
 * Calls @func repeatedly, and checks whether the number of entries, scopes or expected objects
 * grows in every round.
 *
 * It counts the entries of each kind, the open scopes, and the objects passed to
 * [method@Scope.expect_finalize], in the whole process. The report names the places where whatever
 * grows was added. After each round, the sources that are ready in the thread-default main context
 * are run. Whatever seems to grow is given up to [func@get_leak_grace] milliseconds to end. This
 * also finds leaks that [func@test_end] cannot attribute to a test, because they are attached to
 * something that existed before.
 *
 * With 4 rounds or more, the report also says if the heap grows steadily. That alone is no failure,
 * because other code uses the heap, too.
 *
 * This function fails no test; in C, lifecycle_test_growth() fails the running GLib test. Call it
 * on the thread that runs the thread-default main context.
 *
 * Returns: %TRUE if nothing grows
 *
 * Since: 1.0
 */
gboolean
lifecycle_test_growth_with_report (guint               rounds,
                                   LifecycleTestFunc   func,
                                   gpointer            user_data,
                                   char              **report)
{
  g_autoptr (GMainContext) context = NULL;
  g_autoptr (LifecycleInventory) before = NULL;
  g_autoptr (LifecycleSnapshot) snapshot = NULL;
  g_autofree Sample *samples = NULL;
  g_autofree char *text = NULL;
  Growth growth = { .rounds = rounds };
  gboolean grows;
  gsize heap;

  if (report != NULL)
    *report = NULL;
  g_return_val_if_fail (func != NULL, FALSE);
  g_return_val_if_fail (rounds >= 2, FALSE);

  context = g_main_context_ref_thread_default ();
  samples = g_new0 (Sample, rounds + 1);
  growth.samples = samples;

  for (guint round = 0; round < WARM_UP_ROUNDS; round++)
    {
      func (user_data);
      drain_ready (context, G_MAXINT64);
    }

  snapshot = lifecycle_snapshot_new_all ();
  before = lifecycle_inventory_new ();
  lifecycle_inventory_add (before, snapshot);
  g_clear_pointer (&snapshot, lifecycle_snapshot_unref);

  sample_take (&samples[0]);
  for (guint round = 1; round <= rounds; round++)
    {
      func (user_data);
      drain_ready (context, G_MAXINT64);
      sample_take (&samples[round]);
    }

  heap = growth_of_heap (&growth);
  grows = !drain_until (growth_is_over, &growth);
  text = growth_describe (&growth, before, heap);

  if (report != NULL)
    *report = text[0] != '\0' ? g_steal_pointer (&text) : NULL;

  return !grows;
}
