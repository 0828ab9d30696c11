/* lifecycle-timer-queue-private.h: one source for all timers of a context
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-ledger-private.h"
#include "lifecycle-timer.h"

G_BEGIN_DECLS

typedef struct _LifecycleTimerQueue LifecycleTimerQueue;

#define LIFECYCLE_TIMER_NOT_ARMED G_MAXUINT

/* Guarded by the lock of the queue. */
typedef enum
{
  LIFECYCLE_TIMER_IN_CALL = 1 << 0, /* its function is running */
  LIFECYCLE_TIMER_STOPPED = 1 << 1, /* not armed again, unless restarted after its end */
  LIFECYCLE_TIMER_ENDED   = 1 << 2, /* ended; destroy is called when a call in progress returns */
  LIFECYCLE_TIMER_PAUSED  = 1 << 3, /* the scope is blocked; the deadline is the remaining time */
  LIFECYCLE_TIMER_RESTART = 1 << 4, /* restarted during a call; the deadline is the time of that */
  LIFECYCLE_TIMER_IDLE    = 1 << 5  /* not to be armed until it is restarted */
} LifecycleTimerFlags;

/* A timer must fit into 104 bytes to stay within its memory budget: with its slots in the heap and
 * the overhead of the allocator it takes 128 bytes.
 */
struct _LifecycleTimer
{
  LifecycleEntry       entry;
  LifecycleLedger     *ledger;
  LifecycleTimerQueue *queue;           /* referenced */
  gint64               deadline;        /* µs of monotonic time */
  GSourceFunc          func;
  gpointer             data;
  GDestroyNotify       destroy;
  guint32              serial;          /* numbered in the order of arming */
  guint                place;           /* index in the heap */
  guint                interval;        /* ms */
  guint                max_calls;
  guint                n_calls;
  gint                 refs;
};

LifecycleTimerQueue *lifecycle_timer_queue_get    (GMainContext        *context);
void                 lifecycle_timer_queue_unref  (LifecycleTimerQueue *queue);
void                 lifecycle_timer_queue_lock   (LifecycleTimerQueue *queue);
void                 lifecycle_timer_queue_unlock (LifecycleTimerQueue *queue);
void                 lifecycle_timer_queue_arm    (LifecycleTimerQueue *queue,
                                                   LifecycleTimer      *timer,
                                                   gint64               deadline,
                                                   gboolean             resume);
void                 lifecycle_timer_queue_stamp  (LifecycleTimerQueue *queue,
                                                   LifecycleTimer      *timer);
void                 lifecycle_timer_queue_disarm (LifecycleTimerQueue *queue,
                                                   LifecycleTimer      *timer);

/* In lifecycle-timer.c. */
LifecycleTimer      *lifecycle_ledger_add_timer (LifecycleLedger    *ledger,
                                                 GMainContext       *context,
                                                 LifecycleEntryType  type,
                                                 guint               interval,
                                                 guint               max_calls,
                                                 GSourceFunc         func,
                                                 gpointer            data,
                                                 GDestroyNotify      destroy,
                                                 gboolean            full,
                                                 const char         *place);

/* In lifecycle-timer.c: called by the queue when a timer is due. */
void                 lifecycle_timer_fire         (LifecycleTimer      *timer,
                                                   gint64               now,
                                                   gboolean             is_debounce);

static inline gint64
lifecycle_timer_get_span (LifecycleTimer *timer)
{
  return (gint64) timer->interval * 1000;
}

static inline guint
lifecycle_timer_get_flags (LifecycleTimer *timer)
{
  return timer->entry.more;
}

static inline void
lifecycle_timer_change_flags (LifecycleTimer *timer,
                              guint           set,
                              guint           unset)
{
  timer->entry.more = (guint16) ((timer->entry.more | set) & ~unset);
}

G_END_DECLS
