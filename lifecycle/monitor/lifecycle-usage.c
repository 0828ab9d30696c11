/* lifecycle-usage.c: the resource usage of the process
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-usage-private.h"

#ifdef G_OS_UNIX
#include <sys/resource.h>
#include <unistd.h>
#endif
#ifdef __linux__
#include <fcntl.h>
#endif
#if defined (HAVE_MALLINFO2) || defined (HAVE_MALLOC_TRIM)
#include <malloc.h>
#include <time.h>
#endif

/* Returns the resident size in bytes, or 0 if it is not known. */
guint64
lifecycle_usage_get_rss (void)
{
#ifdef __linux__
  char text[128];
  char *end;
  gssize length;
  int fd = open ("/proc/self/statm", O_RDONLY | O_CLOEXEC);

  if (fd < 0)
    return 0;
  length = read (fd, text, sizeof text - 1);
  close (fd);
  if (length <= 0)
    return 0;
  text[length] = '\0';

  /* The first two fields are the size of the address space and the resident size, in pages. */
  g_ascii_strtoull (text, &end, 10);
  return g_ascii_strtoull (end, NULL, 10) * (guint64) sysconf (_SC_PAGESIZE);
#else
  return 0;
#endif
}

#ifdef HAVE_MALLINFO2

/* mallinfo2() walks the free blocks of the heap, and nothing limits their number. A walk that took longer
 * than this is not repeated until so many times as long has passed.
 */
#define CHEAP_WALK_US 100
#define MIN_PAUSE     1000

static struct
{
  GMutex  mutex;
  guint64 size;
  gint64  time;                 /* when the walk began */
  gint64  price;                /* how long it took; 0 if the next reading has to walk */
} heap;

/* A thread that has to wait for a processor does not make the walk longer. */
static gint64
get_thread_time (void)
{
  struct timespec time;

  if (clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time) != 0)
    return 0;

  return time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

#endif

/* All in microseconds. */
gboolean
lifecycle_usage_walk_is_due (gint64 now,
                             gint64 last,
                             gint64 price)
{
#ifdef HAVE_MALLINFO2
  return price <= CHEAP_WALK_US || now - last >= price * MIN_PAUSE;
#else
  return FALSE;
#endif
}

static guint64
read_heap (void)
{
#ifdef HAVE_MALLINFO2
  gint64 now = g_get_monotonic_time ();
  guint64 size;

  g_mutex_lock (&heap.mutex);

  if (lifecycle_usage_walk_is_due (now, heap.time, heap.price))
    {
      gint64 began = get_thread_time ();
      struct mallinfo2 info = mallinfo2 ();

      /* Large blocks are mapped separately, and are not included in uordblks. */
      heap.size = (guint64) info.uordblks + (guint64) info.hblkhd;
      heap.time = now;
      heap.price = get_thread_time () - began;
    }
  size = heap.size;

  g_mutex_unlock (&heap.mutex);

  return size;
#else
  return 0;
#endif
}

static guint64
read_cpu_time (void)
{
#ifdef G_OS_UNIX
  struct rusage usage;

  if (getrusage (RUSAGE_SELF, &usage) != 0)
    return 0;

  return ((guint64) usage.ru_utime.tv_sec + (guint64) usage.ru_stime.tv_sec) * G_USEC_PER_SEC +
         (guint64) usage.ru_utime.tv_usec + (guint64) usage.ru_stime.tv_usec;
#else
  return 0;
#endif
}

void
lifecycle_usage_read (LifecycleUsage *self)
{
  self->rss = lifecycle_usage_get_rss ();
  self->heap = read_heap ();
  self->cpu_time = read_cpu_time ();
}

/* Returns free memory to the system. Returns FALSE if the allocator cannot do that. */
gboolean
lifecycle_usage_trim (void)
{
#ifdef HAVE_MALLOC_TRIM
  malloc_trim (0);
#ifdef HAVE_MALLINFO2
  g_mutex_lock (&heap.mutex);
  heap.price = 0;
  g_mutex_unlock (&heap.mutex);
#endif
  return TRUE;
#else
  return FALSE;
#endif
}
