/* fuzz-clock.c: a clock that stands still until the program moves it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What a program defines itself wins over what a library exports, so the library, which is linked
 * statically, asks this clock for the time. GLib's own calls stay within GLib and see the real one;
 * that is why a source becomes ready by this clock's doing, not by its ready time.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* for RTLD_NEXT */
#endif

#include "fuzz-clock.h"

#include <dlfcn.h>
#include <string.h>

static struct
{
  gint64      now;              /* µs */
  gint64      dispatched;       /* when the iteration began */
  GHashTable *sources;          /* GSource, referenced → gint64, the ready time */
  void      (*set_ready_time) (GSource *source, gint64 ready_time);
  gint64    (*get_ready_time) (GSource *source);
  GSource * (*timeout_source_new) (guint interval);
} fuzz_clock;

void
fuzz_clock_init (void)
{
  gpointer symbol = dlsym (RTLD_NEXT, "g_source_set_ready_time");

  memcpy (&fuzz_clock.set_ready_time, &symbol, sizeof symbol);
  symbol = dlsym (RTLD_NEXT, "g_source_get_ready_time");
  memcpy (&fuzz_clock.get_ready_time, &symbol, sizeof symbol);
  symbol = dlsym (RTLD_NEXT, "g_timeout_source_new");
  memcpy (&fuzz_clock.timeout_source_new, &symbol, sizeof symbol);
  fuzz_clock.now = fuzz_clock.dispatched = G_USEC_PER_SEC;
  fuzz_clock.sources = g_hash_table_new_full (NULL, NULL, NULL, g_free);
}

/* What the library calls. */

gint64
g_get_monotonic_time (void)
{
  return fuzz_clock.now;
}

gint64
g_source_get_time (GSource *source)
{
  return fuzz_clock.dispatched;
}

gint64
g_source_get_ready_time (GSource *source)
{
  gint64 *ready_time = g_hash_table_lookup (fuzz_clock.sources, source);

  return ready_time != NULL ? *ready_time : fuzz_clock.get_ready_time (source);
}

void
g_source_set_ready_time (GSource *source,
                         gint64   ready_time)
{
  gboolean is_new = !g_hash_table_contains (fuzz_clock.sources, source);

  g_hash_table_insert (fuzz_clock.sources, is_new ? g_source_ref (source) : source,
                       g_memdup2 (&ready_time, sizeof ready_time));
  fuzz_clock.set_ready_time (source, ready_time == -1 || ready_time > fuzz_clock.now ? -1 : 0);
}

GSource *
g_timeout_source_new (guint interval)
{
  GSource *source = fuzz_clock.timeout_source_new (interval);

  g_source_set_ready_time (source, fuzz_clock.now + (gint64) interval * 1000);

  return source;
}

/* What the fuzzer calls. */

/* Lets go of sources that are through with. */
static void
fuzz_clock_sweep (void)
{
  GHashTableIter iter;
  gpointer source;

  g_hash_table_iter_init (&iter, fuzz_clock.sources);
  while (g_hash_table_iter_next (&iter, &source, NULL))
    if (g_source_is_destroyed (source))
      {
        g_hash_table_iter_remove (&iter);
        g_source_unref (source);
      }
}

gint64
fuzz_clock_now (void)
{
  return fuzz_clock.now;
}

/* When the main loop would wake up, or -1. */
gint64
fuzz_clock_get_next (void)
{
  gint64 next = -1;
  GHashTableIter iter;
  gpointer ready_time;

  fuzz_clock_sweep ();
  g_hash_table_iter_init (&iter, fuzz_clock.sources);
  while (g_hash_table_iter_next (&iter, NULL, &ready_time))
    if (*(gint64 *) ready_time != -1 && (next == -1 || *(gint64 *) ready_time < next))
      next = *(gint64 *) ready_time;

  return next;
}

/* Whether a source is ready because of the time. */
gboolean
fuzz_clock_is_awake (void)
{
  gint64 next = fuzz_clock_get_next ();

  return next != -1 && next <= fuzz_clock.now;
}

void
fuzz_clock_advance (gint64 us)
{
  GHashTableIter iter;
  gpointer source, ready_time;

  fuzz_clock_sweep ();
  fuzz_clock.now += us;
  g_hash_table_iter_init (&iter, fuzz_clock.sources);
  while (g_hash_table_iter_next (&iter, &source, &ready_time))
    if (*(gint64 *) ready_time != -1 && *(gint64 *) ready_time <= fuzz_clock.now)
      fuzz_clock.set_ready_time (source, 0);
}

void
fuzz_clock_begin_iteration (void)
{
  fuzz_clock.dispatched = fuzz_clock.now;
}
