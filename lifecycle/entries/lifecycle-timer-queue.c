/* lifecycle-timer-queue.c: one source for all timers of a context
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-timer-queue-private.h"

/* The main loop visits all of its sources in every iteration. One source stands for any number of
 * timers, which are kept in a heap with four children per node, ordered by deadline and then by the
 * order of arming.
 *
 * Only the context holds a reference on the source, and finalizes it as it goes: in GLib 2.74, another
 * thread that drops one at that moment may look into the context when it is gone.
 *
 * Lock order: the ledger's lock, then the queue's, then the context's.
 */
struct _LifecycleTimerQueue
{
  gint             refs;        /* atomic */
  GMutex           lock;
  GMainContext    *context;     /* not owned: it owns the source */
  GSource         *source;      /* not owned; NULL once it is destroyed, usually with its context; atomic,
                                   set and used under the lock */
  LifecycleTimer **heap;
  guint            n_timers;
  guint            n_allocated;
  guint32          last_serial;
  gint64           ready_time;  /* the ready time of the source, or G_MAXINT64 */
};

typedef struct
{
  GSource              source;
  LifecycleTimerQueue *queue;   /* atomic: other threads read it with no lock that we know of */
} TimerSource;

#define HEAP_ARITY 4
#define HEAP_LEAST 16

static GMutex queues_lock;
static GHashTable *queues;      /* GMainContext → LifecycleTimerQueue, neither referenced */

/* The queue that the thread has looked up last. Holds a reference. */
static GPrivate last_queue = G_PRIVATE_INIT ((GDestroyNotify) lifecycle_timer_queue_unref);

static inline gboolean
timer_is_before (LifecycleTimer *a,
                 LifecycleTimer *b)
{
  if (a->deadline != b->deadline)
    return a->deadline < b->deadline;

  /* The serial may have wrapped around. */
  return (gint32) (a->serial - b->serial) < 0;
}

static inline void
heap_put (LifecycleTimerQueue *queue,
          guint                place,
          LifecycleTimer      *timer)
{
  queue->heap[place] = timer;
  timer->place = place;
}

static void
heap_sift_up (LifecycleTimerQueue *queue,
              guint                place,
              LifecycleTimer      *timer)
{
  while (place > 0)
    {
      guint above = (place - 1) / HEAP_ARITY;

      if (!timer_is_before (timer, queue->heap[above]))
        break;
      heap_put (queue, place, queue->heap[above]);
      place = above;
    }

  heap_put (queue, place, timer);
}

static void
heap_sift_down (LifecycleTimerQueue *queue,
                guint                place,
                LifecycleTimer      *timer)
{
  for (;;)
    {
      gsize first = (gsize) place * HEAP_ARITY + 1;
      gsize end = MIN (first + HEAP_ARITY, queue->n_timers);
      guint least;

      if (first >= queue->n_timers)
        break;

      least = (guint) first;
      for (gsize i = first + 1; i < end; i++)
        {
          if (timer_is_before (queue->heap[i], queue->heap[least]))
            least = (guint) i;
        }

      if (!timer_is_before (queue->heap[least], timer))
        break;
      heap_put (queue, place, queue->heap[least]);
      place = least;
    }

  heap_put (queue, place, timer);
}

static void
heap_resize (LifecycleTimerQueue *queue,
             guint                n_allocated)
{
  queue->n_allocated = n_allocated;
  queue->heap = g_renew (LifecycleTimer *, queue->heap, n_allocated);
}

static void
heap_remove (LifecycleTimerQueue *queue,
             LifecycleTimer      *timer)
{
  guint place = timer->place;
  LifecycleTimer *last = queue->heap[--queue->n_timers];

  timer->place = LIFECYCLE_TIMER_NOT_ARMED;

  if (last != timer)
    {
      if (place > 0 && timer_is_before (last, queue->heap[(place - 1) / HEAP_ARITY]))
        heap_sift_up (queue, place, last);
      else
        heap_sift_down (queue, place, last);
    }

  if (queue->n_allocated > HEAP_LEAST && queue->n_timers < queue->n_allocated / 4)
    heap_resize (queue, queue->n_allocated / 2);
}

static void
queue_set_ready_time (LifecycleTimerQueue *queue,
                      gint64               ready_time)
{
  queue->ready_time = ready_time;
  if (queue->source != NULL)
    g_source_set_ready_time (queue->source, ready_time == G_MAXINT64 ? -1 : ready_time);
}

static gboolean
timer_queue_dispatch (GSource     *source,
                      GSourceFunc  func,
                      gpointer     data)
{
  LifecycleTimerQueue *queue = g_atomic_pointer_get (&((TimerSource *) source)->queue);
  gint64 now = g_source_get_time (source);
  guint32 last;

  g_mutex_lock (&queue->lock);

  /* Each timer runs at most once per dispatch: a timer that is armed from here on waits for the
   * next iteration, so that no timer starves other sources. It also comes after all timers that are
   * already due.
   */
  last = queue->last_serial;
  while (queue->n_timers > 0)
    {
      LifecycleTimer *timer = queue->heap[0];
      gboolean is_debounce = timer->entry.type == LIFECYCLE_ENTRY_DEBOUNCE;

      if (timer->deadline > now || (gint32) (timer->serial - last) > 0)
        break;

      heap_remove (queue, timer);
      timer->n_calls++;
      /* A debounce is armed for one call at a time. */
      lifecycle_timer_change_flags (timer, is_debounce
                                             ? LIFECYCLE_TIMER_IN_CALL | LIFECYCLE_TIMER_IDLE
                                             : LIFECYCLE_TIMER_IN_CALL, 0);
      lifecycle_timer_ref (timer);
      g_mutex_unlock (&queue->lock);

      lifecycle_timer_fire (timer, now, is_debounce);
      lifecycle_timer_unref (timer);

      g_mutex_lock (&queue->lock);
    }

  queue_set_ready_time (queue, queue->n_timers > 0 ? queue->heap[0]->deadline : G_MAXINT64);

  g_mutex_unlock (&queue->lock);

  return G_SOURCE_CONTINUE;
}

static LifecycleTimerQueue *
timer_queue_ref (LifecycleTimerQueue *queue)
{
  g_atomic_int_inc (&queue->refs);

  return queue;
}

void
lifecycle_timer_queue_unref (LifecycleTimerQueue *queue)
{
  if (!g_atomic_int_dec_and_test (&queue->refs))
    return;

  g_assert (queue->n_timers == 0);
  g_free (queue->heap);
  g_mutex_clear (&queue->lock);
  g_free (queue);
}

/* Called when the source is destroyed, by the context. From then on, the address may be that of another
 * context.
 */
static void
timer_queue_destroyed (gpointer data)
{
  LifecycleTimerQueue *queue = data;

  g_mutex_lock (&queue->lock);
  g_atomic_pointer_set (&queue->source, NULL);
  g_mutex_unlock (&queue->lock);

  g_mutex_lock (&queues_lock);
  if (g_hash_table_lookup (queues, queue->context) == queue)
    g_hash_table_remove (queues, queue->context);
  g_mutex_unlock (&queues_lock);

  lifecycle_timer_queue_unref (queue);
}

static gboolean
timer_queue_never_called (gpointer data)
{
  g_assert_not_reached ();
}

static GSourceFuncs timer_queue_funcs = {
  .dispatch = timer_queue_dispatch,
};

static LifecycleTimerQueue *
timer_queue_new (GMainContext *context)
{
  GSource *source = g_source_new (&timer_queue_funcs, sizeof (TimerSource));
  LifecycleTimerQueue *queue = g_new0 (LifecycleTimerQueue, 1);

  g_source_set_static_name (source, "Lifecycle timers");
  /* If a callback runs the main loop, the other timers must go on. */
  g_source_set_can_recurse (source, TRUE);
  g_source_set_callback (source, timer_queue_never_called, queue, timer_queue_destroyed);
  g_mutex_init (&queue->lock);
  queue->refs = 1;
  queue->context = context;
  queue->source = source;
  queue->ready_time = G_MAXINT64;
  heap_resize (queue, HEAP_LEAST);
  g_atomic_pointer_set (&((TimerSource *) source)->queue, queue);
  g_source_attach (source, context);
  g_source_unref (source);

  return queue;
}

/* Checks whether a queue belongs to a context. A new context may have the address of an old one,
 * whose queue is then gone.
 */
static inline gboolean
queue_is_of (LifecycleTimerQueue *queue,
             GMainContext        *context)
{
  return queue != NULL && queue->context == context && g_atomic_pointer_get (&queue->source) != NULL;
}

/* Gets a reference on the queue of a context, which the caller keeps alive. */
LifecycleTimerQueue *
lifecycle_timer_queue_get (GMainContext *context)
{
  LifecycleTimerQueue *queue = g_private_get (&last_queue);

  if (!queue_is_of (queue, context))
    {
      g_mutex_lock (&queues_lock);
      if (queues == NULL)
        queues = g_hash_table_new (NULL, NULL);
      queue = g_hash_table_lookup (queues, context);
      if (!queue_is_of (queue, context))
        {
          queue = timer_queue_new (context);
          g_hash_table_replace (queues, context, queue);
        }
      timer_queue_ref (queue);
      g_mutex_unlock (&queues_lock);

      g_private_replace (&last_queue, queue);
    }

  return timer_queue_ref (queue);
}

void
lifecycle_timer_queue_lock (LifecycleTimerQueue *queue)
{
  g_mutex_lock (&queue->lock);
}

void
lifecycle_timer_queue_unlock (LifecycleTimerQueue *queue)
{
  g_mutex_unlock (&queue->lock);
}

/* The queue is locked, here and in the next two functions. Arms a timer, or changes the deadline of
 * an armed one. A timer that resumes keeps its place among the timers with the same deadline.
 */
void
lifecycle_timer_queue_arm (LifecycleTimerQueue *queue,
                           LifecycleTimer      *timer,
                           gint64               deadline,
                           gboolean             resume)
{
  gint64 old_deadline = timer->deadline;

  timer->deadline = deadline;
  if (!resume)
    timer->serial = ++queue->last_serial;

  if (timer->place == LIFECYCLE_TIMER_NOT_ARMED)
    {
      if (queue->n_timers == queue->n_allocated)
        heap_resize (queue, queue->n_allocated * 2);
      heap_sift_up (queue, queue->n_timers++, timer);
    }
  else if (deadline < old_deadline)
    {
      heap_sift_up (queue, timer->place, timer);
    }
  else
    {
      heap_sift_down (queue, timer->place, timer);
    }

  /* Waking up too early does no harm, so the ready time is not postponed here. */
  if (deadline < queue->ready_time)
    queue_set_ready_time (queue, deadline);
}

/* Puts the timer last among the timers with the same deadline, without arming it. */
void
lifecycle_timer_queue_stamp (LifecycleTimerQueue *queue,
                             LifecycleTimer      *timer)
{
  timer->serial = ++queue->last_serial;
}

void
lifecycle_timer_queue_disarm (LifecycleTimerQueue *queue,
                              LifecycleTimer      *timer)
{
  if (timer->place != LIFECYCLE_TIMER_NOT_ARMED)
    heap_remove (queue, timer);
}
