/* test-clock.h: a clock that stands still until a test moves it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a program defines itself wins over what a library exports, so the library, which such a
 * test links statically, asks this clock for the time. GLib's own calls stay within GLib and see
 * the real one; that is why a source becomes ready by this clock's doing, not by its ready time.
 *
 * Deadlines of g_cond_wait_until() may be taken from this clock: it starts with the real time.
 */

#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* for RTLD_NEXT */
#endif

#include "test-util.h"

#include <dlfcn.h>

#define TEST_MS G_GINT64_CONSTANT (1000)

static struct
{
  GMutex      mutex;
  gint64      now;            /* µs */
  gint64      dispatched;     /* what a dispatch takes for now: when the iteration began */
  GHashTable *sources;        /* GSource, referenced → gint64, the ready time */
  void      (*set_ready_time) (GSource *source, gint64 ready_time);
} test_clock;

static gpointer
test_clock_look_up (const char *name)
{
  gpointer symbol = dlsym (RTLD_NEXT, name);

  g_assert_nonnull (symbol);
  return symbol;
}

/* The first thing that main() does. */
TEST_UNUSED static void
test_clock_init (void)
{
  gpointer symbol = test_clock_look_up ("g_get_monotonic_time");
  gint64 (*get_monotonic_time) (void);

  memcpy (&get_monotonic_time, &symbol, sizeof symbol);
  test_clock.now = get_monotonic_time ();
  test_clock.dispatched = test_clock.now;
  symbol = test_clock_look_up ("g_source_set_ready_time");
  memcpy (&test_clock.set_ready_time, &symbol, sizeof symbol);
  test_clock.sources = g_hash_table_new_full (NULL, NULL, NULL, g_free);
}

/* What the library calls. */

gint64
g_get_monotonic_time (void)
{
  gint64 now;

  g_mutex_lock (&test_clock.mutex);
  now = test_clock.now;
  g_mutex_unlock (&test_clock.mutex);
  return now;
}

gint64
g_source_get_time (GSource *source)
{
  gint64 dispatched;

  g_mutex_lock (&test_clock.mutex);
  dispatched = test_clock.dispatched;
  g_mutex_unlock (&test_clock.mutex);
  return dispatched;
}

void
g_source_set_ready_time (GSource *source,
                         gint64   ready_time)
{
  gboolean is_new;

  g_mutex_lock (&test_clock.mutex);
  is_new = !g_hash_table_contains (test_clock.sources, source);
  g_hash_table_insert (test_clock.sources, is_new ? g_source_ref (source) : source,
                       g_memdup2 (&ready_time, sizeof ready_time));
  test_clock.set_ready_time (source,
                             ready_time == -1 || ready_time > test_clock.now ? -1 : 0);
  g_mutex_unlock (&test_clock.mutex);
}

/* What a test calls, on the main thread. */

/* Lets go of sources that are through with. */
static void
test_clock_sweep (gboolean everything)
{
  g_autoptr (GPtrArray) gone = g_ptr_array_new_with_free_func ((GDestroyNotify) g_source_unref);
  GHashTableIter iter;
  gpointer source;

  g_mutex_lock (&test_clock.mutex);
  g_hash_table_iter_init (&iter, test_clock.sources);
  while (g_hash_table_iter_next (&iter, &source, NULL))
    if (everything || g_source_is_destroyed (source))
      {
        g_hash_table_iter_remove (&iter);
        g_ptr_array_add (gone, source);
      }
  g_mutex_unlock (&test_clock.mutex);
}

/* How many sources there are that ask for a time. */
TEST_UNUSED static guint
test_clock_get_n_sources (void)
{
  test_clock_sweep (FALSE);
  return g_hash_table_size (test_clock.sources);
}

/* When the main loop would wake up, or -1. */
TEST_UNUSED static gint64
test_clock_get_next (void)
{
  gint64 next = -1;
  GHashTableIter iter;
  gpointer ready_time;

  test_clock_sweep (FALSE);
  g_mutex_lock (&test_clock.mutex);
  g_hash_table_iter_init (&iter, test_clock.sources);
  while (g_hash_table_iter_next (&iter, NULL, &ready_time))
    if (*(gint64 *) ready_time != -1 && (next == -1 || *(gint64 *) ready_time < next))
      next = *(gint64 *) ready_time;
  g_mutex_unlock (&test_clock.mutex);
  return next;
}

TEST_UNUSED static void
test_clock_set (gint64 now)
{
  GHashTableIter iter;
  gpointer source, ready_time;

  test_clock_sweep (FALSE);
  g_mutex_lock (&test_clock.mutex);
  g_assert_cmpint (now, >=, test_clock.now);
  test_clock.now = now;
  g_hash_table_iter_init (&iter, test_clock.sources);
  while (g_hash_table_iter_next (&iter, &source, &ready_time))
    if (*(gint64 *) ready_time != -1 && *(gint64 *) ready_time <= now)
      test_clock.set_ready_time (source, 0);
  g_mutex_unlock (&test_clock.mutex);
}

/* Time passes, but the main loop does not run: in a callback, that is a slow one. */
TEST_UNUSED static void
test_clock_advance (gint64 us)
{
  test_clock_set (g_get_monotonic_time () + us);
}

TEST_UNUSED static gboolean
test_clock_iterate (void)
{
  g_mutex_lock (&test_clock.mutex);
  test_clock.dispatched = test_clock.now;
  g_mutex_unlock (&test_clock.mutex);
  return g_main_context_iteration (g_main_context_get_thread_default (), FALSE);
}

/* The main loop goes round until nothing is ready. Not for tests with intervals of 0. */
TEST_UNUSED static void
test_clock_settle (void)
{
  guint n = 0;

  while (test_clock_iterate ())
    if (++n > 10 * 1000 * 1000)
      g_error ("The main loop spins");
}

/* The main loop runs for this time. It wakes up when it has to, and not more often. */
TEST_UNUSED static void
test_clock_run (gint64 us)
{
  gint64 end = g_get_monotonic_time () + us;
  gint64 next;

  for (;;)
    {
      test_clock_settle ();
      next = test_clock_get_next ();
      if (next == -1 || next > end)
        break;
      test_clock_set (MAX (next, g_get_monotonic_time ()));
    }
  if (end > g_get_monotonic_time ())
    test_clock_set (end);
}

/* What others have left behind may wake up the main loop once more, and then not again. */
TEST_UNUSED static void
test_clock_quiet (void)
{
  for (guint i = 0; test_clock_get_next () != -1; i++)
    {
      g_assert_cmpuint (i, <, 2);
      test_clock_set (MAX (test_clock_get_next (), g_get_monotonic_time ()));
      test_clock_settle ();
    }
}

/* Has to see the library through this clock, and GLib not. */
TEST_UNUSED static void
test_clock_check (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0;

  lifecycle_scope_add_timeout (scope, 1000 * 1000, test_count_source_cb, &n, NULL);
  test_clock_settle ();
  g_assert_cmpint (n, ==, 0);
  test_clock_advance (1000 * 1000 * TEST_MS);
  test_clock_settle ();
  g_assert_cmpint (n, ==, 1);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
}

TEST_UNUSED static int
test_clock_finish (int status)
{
  test_clock_sweep (TRUE);
  g_clear_pointer (&test_clock.sources, g_hash_table_unref);
  return status;
}
