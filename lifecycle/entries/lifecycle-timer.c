/* lifecycle-timer.c: timers as entries, and what can be done with one
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-facts-private.h"
#include "lifecycle-scope-private.h"
#include "lifecycle-timer-queue-private.h"

/**
 * LifecycleTimer:
 *
 * A function that a scope calls after a time, once or repeatedly.
 *
 * A timer works like a source from `g_timeout_add()`, at the default priority: the interval starts
 * at the dispatch, and the function is called until it returns %G_SOURCE_REMOVE. The difference is
 * the cost. All timers of a main context share one source, so even a hundred thousand of them do
 * not slow down the main loop. Timers with the same deadline are called in the order in which they
 * were armed.
 *
 * A timer is *active* until its function returns %G_SOURCE_REMOVE, it has been called the maximum
 * number of times, it is cancelled, or its scope closes. Then its destroy notify is called, and the
 * timer leaves the scope, which drops its reference. To use a timer that may have ended, hold a
 * reference of your own; the functions whose names begin with `lifecycle_scope_new_` return one.
 *
 * To call a function once things have been quiet for a while, create a *debounce* with
 * [method@Scope.add_debounce]. It stays active between calls, so it can be restarted at any time
 * while the scope is open.
 *
 * All functions of a timer may be called on any thread by a caller that holds a reference, and at
 * home while the timer is active.
 *
 * Since: 1.0
 */

G_DEFINE_BOXED_TYPE (LifecycleTimer, lifecycle_timer, lifecycle_timer_ref, lifecycle_timer_unref)

static inline LifecycleTimer *
timer_from_entry (LifecycleEntry *entry)
{
  return LIFECYCLE_ENTRY_CONTAINER (entry, LifecycleTimer, entry);
}

/* Called once, when the timer is no longer live. Nothing arms it from here on, unless it is restarted
 * after its end. Returns whether its function is running: then the call finishes the timer.
 */
static gboolean
timer_set_ended (LifecycleTimer *self)
{
  gboolean in_call;

  lifecycle_timer_queue_lock (self->queue);
  lifecycle_timer_queue_disarm (self->queue, self);
  lifecycle_timer_change_flags (self, LIFECYCLE_TIMER_STOPPED | LIFECYCLE_TIMER_ENDED, 0);
  in_call = (lifecycle_timer_get_flags (self) & LIFECYCLE_TIMER_IN_CALL) != 0;
  lifecycle_timer_queue_unlock (self->queue);

  return in_call;
}

/* Nothing is locked. Drops the ledger's reference on a timer that has ended. */
static void
timer_finish (LifecycleTimer *self)
{
  if (self->destroy != NULL)
    self->destroy (self->data);
  lifecycle_timer_unref (self);
}

static void
timer_mute (LifecycleLedger *ledger,
            LifecycleEntry  *entry)
{
  LifecycleTimer *self = timer_from_entry (entry);

  lifecycle_timer_queue_lock (self->queue);
  lifecycle_timer_queue_disarm (self->queue, self);
  lifecycle_timer_change_flags (self, LIFECYCLE_TIMER_STOPPED, 0);
  lifecycle_timer_queue_unlock (self->queue);
}

static void
timer_release (LifecycleLedger *ledger,
               LifecycleEntry  *entry,
               guint            flags)
{
  LifecycleTimer *self = timer_from_entry (entry);

  if (!timer_set_ended (self))
    timer_finish (self);
}

static void
timer_set_blocked (LifecycleEntry *entry,
                   gboolean        blocked)
{
  LifecycleTimer *self = timer_from_entry (entry);
  gint64 now = g_get_monotonic_time ();

  lifecycle_timer_queue_lock (self->queue);
  if (blocked)
    {
      if (self->place != LIFECYCLE_TIMER_NOT_ARMED)
        {
          lifecycle_timer_queue_disarm (self->queue, self);
          self->deadline = MAX (self->deadline - now, 0);
        }
      lifecycle_timer_change_flags (self, LIFECYCLE_TIMER_PAUSED, 0);
    }
  else
    {
      lifecycle_timer_change_flags (self, 0, LIFECYCLE_TIMER_PAUSED);
      if ((lifecycle_timer_get_flags (self) &
           (LIFECYCLE_TIMER_IN_CALL | LIFECYCLE_TIMER_IDLE)) == 0)
        lifecycle_timer_queue_arm (self->queue, self, now + self->deadline, TRUE);
    }
  lifecycle_timer_queue_unlock (self->queue);
}

static void
timer_describe (LifecycleEntry *entry,
                LifecycleFacts *facts)
{
  facts->callback = (gpointer) timer_from_entry (entry)->func;
  facts->data = timer_from_entry (entry)->data;
}

const LifecycleEntryClass lifecycle_timer_class = {
  .mute = timer_mute,
  .release = timer_release,
  .set_blocked = timer_set_blocked,
  .describe = timer_describe,
};

/* The queue is locked. Arms the timer, or makes it wait until it is unblocked. */
static void
timer_arm (LifecycleTimer *self,
           gint64          now)
{
  if ((lifecycle_timer_get_flags (self) & LIFECYCLE_TIMER_PAUSED) != 0)
    {
      self->deadline = lifecycle_timer_get_span (self);
      lifecycle_timer_queue_stamp (self->queue, self);
    }
  else
    {
      lifecycle_timer_queue_arm (self->queue, self, now + lifecycle_timer_get_span (self), FALSE);
    }
}

/* The queue is locked. Starts an interval now. During a call, the timer is armed only when that
 * returns.
 */
static void
timer_start (LifecycleTimer *self,
             gint64          now)
{
  if ((lifecycle_timer_get_flags (self) & LIFECYCLE_TIMER_IN_CALL) != 0)
    {
      self->deadline = now;
      lifecycle_timer_change_flags (self, LIFECYCLE_TIMER_RESTART, LIFECYCLE_TIMER_IDLE);
    }
  else
    {
      lifecycle_timer_change_flags (self, 0, LIFECYCLE_TIMER_IDLE);
      timer_arm (self, now);
    }
}

/* Called when a call has returned. If it was the last one, removes the timer from its ledger, so
 * that it ends. A timer that was restarted meanwhile starts over instead. Both locks are held, so
 * no restart can come in between.
 */
static void
timer_run_out (LifecycleTimer *self,
               gboolean        removed)
{
  lifecycle_ledger_lock (self->ledger);
  lifecycle_timer_queue_lock (self->queue);
  if (lifecycle_entry_is_live (&self->entry) && (removed || self->n_calls >= self->max_calls))
    {
      if ((lifecycle_timer_get_flags (self) & LIFECYCLE_TIMER_RESTART) != 0)
        {
          self->n_calls = 0;
        }
      else
        {
          lifecycle_ledger_remove (self->ledger, &self->entry);
          lifecycle_timer_change_flags (self, LIFECYCLE_TIMER_STOPPED | LIFECYCLE_TIMER_ENDED, 0);
        }
    }
  lifecycle_timer_queue_unlock (self->queue);
  lifecycle_ledger_unlock (self->ledger);
}

void
lifecycle_timer_fire (LifecycleTimer *self,
                      gint64          now,
                      gboolean        is_debounce)
{
  gboolean removed = FALSE;
  gboolean ended;
  guint flags;

  if (is_debounce)
    ((GSourceOnceFunc) (GCallback) self->func) (self->data);
  else
    removed = self->func (self->data) == G_SOURCE_REMOVE;

  if (removed || self->max_calls != 0)
    timer_run_out (self, removed);

  lifecycle_timer_queue_lock (self->queue);
  flags = lifecycle_timer_get_flags (self);
  if ((flags & LIFECYCLE_TIMER_STOPPED) == 0)
    {
      if ((flags & LIFECYCLE_TIMER_RESTART) != 0)
        timer_arm (self, self->deadline);
      else if ((flags & LIFECYCLE_TIMER_IDLE) == 0)
        timer_arm (self, now);
    }
  ended = (flags & LIFECYCLE_TIMER_ENDED) != 0;
  lifecycle_timer_change_flags (self, 0, LIFECYCLE_TIMER_IN_CALL | LIFECYCLE_TIMER_RESTART);
  lifecycle_timer_queue_unlock (self->queue);

  if (ended)
    timer_finish (self);
}

/* The ledger is locked. Makes the timer an entry, which owns a reference, and arms it unless it has
 * to wait for a restart.
 */
static void
timer_join (LifecycleTimer     *self,
            LifecycleEntryType  type,
            const char         *place,
            gboolean            start)
{
  self->entry.flags = 0;
  lifecycle_ledger_append (self->ledger, &self->entry, type, place);

  lifecycle_timer_queue_lock (self->queue);
  self->n_calls = 0;
  lifecycle_timer_change_flags (self, 0, G_MAXUINT16 & ~LIFECYCLE_TIMER_IN_CALL);
  if (G_UNLIKELY (lifecycle_ledger_is_blocked (self->ledger)))
    {
      lifecycle_timer_change_flags (self, LIFECYCLE_TIMER_PAUSED, 0);
      self->entry.flags |= LIFECYCLE_ENTRY_BLOCKED;
    }
  if (start)
    timer_start (self, g_get_monotonic_time ());
  else
    lifecycle_timer_change_flags (self, LIFECYCLE_TIMER_IDLE, 0);
  lifecycle_timer_queue_unlock (self->queue);
}

/* The ledger is locked. If the timer has ended, gets the ledger a reference on it again: the one that
 * a call in progress would have dropped, or a new one. The check and the change are made under one
 * lock of the queue, because the call may return at any moment.
 */
static gboolean
timer_take_back (LifecycleTimer *self)
{
  gboolean ended;
  guint flags;

  lifecycle_timer_queue_lock (self->queue);
  flags = lifecycle_timer_get_flags (self);
  ended = (flags & LIFECYCLE_TIMER_ENDED) != 0;
  if (ended)
    {
      lifecycle_timer_change_flags (self, 0, LIFECYCLE_TIMER_ENDED);
      if ((flags & LIFECYCLE_TIMER_IN_CALL) == 0)
        lifecycle_timer_ref (self);
    }
  lifecycle_timer_queue_unlock (self->queue);

  return ended;
}

/* Adds a timer to the ledger. Returns NULL if the ledger is closed, or if a handler of
 * `limit-reached` ends the timer. The caller gets a reference only if `full` is set.
 */
LifecycleTimer *
lifecycle_ledger_add_timer (LifecycleLedger    *ledger,
                            GMainContext       *context,
                            LifecycleEntryType  type,
                            guint               interval,
                            guint               max_calls,
                            GSourceFunc         func,
                            gpointer            data,
                            GDestroyNotify      destroy,
                            gboolean            full,
                            const char         *place)
{
  LifecycleTimerQueue *queue;
  LifecycleTimer *self;
  gboolean held;

  queue = lifecycle_timer_queue_get (context);
  if (!lifecycle_ledger_begin_add (ledger))
    {
      lifecycle_timer_queue_unref (queue);
      if (destroy != NULL)
        destroy (data);
      return NULL;
    }

  /* A handler of `limit-reached` may close the scope. */
  held = full || ledger->limited;

  self = g_new0 (LifecycleTimer, 1);
  self->refs = held ? 2 : 1;
  self->ledger = ledger;
  ledger->refs++;
  self->queue = queue;
  self->place = LIFECYCLE_TIMER_NOT_ARMED;
  self->interval = interval;
  self->max_calls = max_calls;
  self->func = func;
  self->data = data;
  self->destroy = destroy;
  timer_join (self, type, place, type != LIFECYCLE_ENTRY_DEBOUNCE);
  if (type == LIFECYCLE_ENTRY_DEADLINE)
    {
      /* Put it first, where scope_dup_deadline() finds it at once, however much the
       * scope follows.
       */
      lifecycle_node_remove (&self->entry.node);
      lifecycle_node_insert_after (&self->entry.node, &ledger->live);
    }

  if (!lifecycle_ledger_end_add_of (ledger, &self->entry))
    {
      lifecycle_timer_unref (self);
      return NULL;
    }
  if (held && !full)
    lifecycle_timer_unref (self);

  return self;
}

/**
 * lifecycle_timer_ref:
 * @self: a timer
 *
 * Takes a reference, which does not keep the timer active. May be called on any thread by a caller
 * that holds a reference, or at home while the timer is active.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
LifecycleTimer *
lifecycle_timer_ref (LifecycleTimer *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_int_inc (&self->refs);

  return self;
}

/**
 * lifecycle_timer_unref:
 * @self: (transfer full): a timer
 *
 * Drops a reference. The scope holds one of its own while the timer is active. May be called on any
 * thread.
 *
 * Since: 1.0
 */
void
lifecycle_timer_unref (LifecycleTimer *self)
{
  g_return_if_fail (self != NULL);

  if (g_atomic_int_dec_and_test (&self->refs))
    {
      LifecycleLedger *ledger = self->ledger;

      lifecycle_timer_queue_unref (self->queue);
      g_free (self);
      lifecycle_ledger_unref (ledger);
    }
}

/**
 * lifecycle_timer_cancel:
 * @self: a timer
 *
 * Ends the timer: its function is not called any more, its destroy notify is called, and it leaves
 * its scope.
 *
 * The destroy notify is called on the calling thread, before this function returns. If a call of
 * the timer's function is in progress, the destroy notify is called at home instead, once that call
 * has returned.
 *
 * If the timer is not active, this does nothing. May be called on any thread; if the calling thread
 * is not at home, a call may be in progress, or just be starting. Use [method@Timer.stop] to keep
 * the timer active.
 *
 * Since: 1.0
 */
void
lifecycle_timer_cancel (LifecycleTimer *self)
{
  gboolean finish = FALSE;

  g_return_if_fail (self != NULL);

  lifecycle_ledger_lock (self->ledger);
  if (lifecycle_entry_is_live (&self->entry))
    {
      /* The ledger stays locked until the timer is disarmed: a close that does not find the timer
       * in the ledger relies on its function not being called any more.
       */
      lifecycle_ledger_remove (self->ledger, &self->entry);
      finish = !timer_set_ended (self);
    }
  lifecycle_ledger_unlock (self->ledger);

  if (finish)
    timer_finish (self);
}

/**
 * lifecycle_timer_restart:
 * @self: a timer
 *
 * Starts the interval again from now, which postpones the next call of the function. A debounce
 * that is waiting is armed.
 *
 * During a call of the function, the interval starts now as well. If the function then returns
 * %G_SOURCE_REMOVE, or this is the last of its calls, the timer stays active all the same, and its
 * number of calls is reset to 0.
 *
 * A timer that has ended becomes active again, with its number of calls reset to 0, if its scope is
 * open and it has no destroy notify. Only a caller that holds a reference may do that, because the
 * scope has dropped its own. For a timer that is restarted again and again, a debounce is a better
 * choice, because it does not end; see [method@Scope.add_debounce].
 *
 * On a closed scope this does nothing. May be called on any thread.
 *
 * Returns: whether the timer is active
 *
 * Since: 1.0
 */
gboolean
lifecycle_timer_restart (LifecycleTimer *self)
{
  LifecycleLedger *ledger;
  gboolean active;

  g_return_val_if_fail (self != NULL, FALSE);

  ledger = self->ledger;
  if (!lifecycle_ledger_lock_open (ledger))
    return lifecycle_timer_is_active (self);

  active = (self->entry.flags & LIFECYCLE_ENTRY_LINKED) != 0;
  if (!active && self->destroy == NULL && timer_take_back (self))
    {
      timer_join (self, self->entry.type, self->entry.name, TRUE);
      /* A handler of LifecycleScope::limit-reached may have cancelled and restarted it once more. */
      return lifecycle_ledger_end_add_of (ledger, &self->entry) || lifecycle_timer_is_active (self);
    }

  if (active && (self->entry.flags & LIFECYCLE_ENTRY_MUTED) == 0)
    {
      lifecycle_timer_queue_lock (self->queue);
      timer_start (self, g_get_monotonic_time ());
      lifecycle_timer_queue_unlock (self->queue);
    }
  else
    {
      active = FALSE;
    }
  lifecycle_ledger_unlock (ledger);

  return active;
}

/**
 * lifecycle_timer_stop:
 * @self: a timer
 *
 * Calls off the next call of the function, and all that would follow, until the timer is restarted.
 *
 * Unlike [method@Timer.cancel], this does not end the timer: it stays active, and in its scope. The
 * result makes it easy to do at once what a debounce would have done later:
 *
 * ```c
 * if (lifecycle_timer_stop (self->save))
 *   save (self);
 * ```
 *
 * On a closed scope there is no call to come, so this returns %FALSE. May be called on any thread;
 * if the calling thread is not at home, a call may be in progress.
 *
 * Returns: whether a call was pending
 *
 * Since: 1.0
 */
gboolean
lifecycle_timer_stop (LifecycleTimer *self)
{
  gboolean stopped;

  g_return_val_if_fail (self != NULL, FALSE);

  lifecycle_timer_queue_lock (self->queue);
  stopped = (lifecycle_timer_get_flags (self) &
             (LIFECYCLE_TIMER_STOPPED | LIFECYCLE_TIMER_IDLE)) == 0;
  if (stopped)
    {
      lifecycle_timer_queue_disarm (self->queue, self);
      lifecycle_timer_change_flags (self, LIFECYCLE_TIMER_IDLE, LIFECYCLE_TIMER_RESTART);
    }
  lifecycle_timer_queue_unlock (self->queue);

  return stopped;
}

/**
 * lifecycle_timer_set_interval:
 * @self: a timer
 * @interval_ms: the time between calls, in milliseconds
 *
 * Sets the interval. This also changes the current interval, which is counted from its start, so
 * the next call may become due at once. On a timer that has ended, it sets the interval for a
 * restart. May be called on any thread.
 *
 * Since: 1.0
 */
void
lifecycle_timer_set_interval (LifecycleTimer *self,
                              guint           interval_ms)
{
  gint64 difference;

  g_return_if_fail (self != NULL);

  lifecycle_timer_queue_lock (self->queue);
  difference = ((gint64) interval_ms - (gint64) self->interval) * 1000;
  self->interval = interval_ms;
  if (self->place != LIFECYCLE_TIMER_NOT_ARMED)
    lifecycle_timer_queue_arm (self->queue, self, self->deadline + difference, FALSE);
  else if ((lifecycle_timer_get_flags (self) &
            (LIFECYCLE_TIMER_PAUSED | LIFECYCLE_TIMER_RESTART | LIFECYCLE_TIMER_IDLE)) ==
           LIFECYCLE_TIMER_PAUSED)
    self->deadline = MAX (self->deadline + difference, 0);
  lifecycle_timer_queue_unlock (self->queue);
}

/**
 * lifecycle_timer_get_interval:
 * @self: a timer
 *
 * Gets the time between calls, or the delay of a debounce. May be called on any thread.
 *
 * Returns: the interval, in milliseconds
 *
 * Since: 1.0
 */
guint
lifecycle_timer_get_interval (LifecycleTimer *self)
{
  guint interval;

  g_return_val_if_fail (self != NULL, 0);

  lifecycle_timer_queue_lock (self->queue);
  interval = self->interval;
  lifecycle_timer_queue_unlock (self->queue);

  return interval;
}

/**
 * lifecycle_timer_get_remaining:
 * @self: a timer
 *
 * Gets the time until the next call, rounded up. While the scope is blocked, this is the time that
 * will remain once it is unblocked.
 *
 * May be called on any thread.
 *
 * Returns: the remaining time, in milliseconds; 0 if the call is due; -1 if the timer is not armed,
 *   because it has ended, is waiting for a restart, or its function is running
 *
 * Since: 1.0
 */
gint64
lifecycle_timer_get_remaining (LifecycleTimer *self)
{
  gint64 remaining = -1;

  g_return_val_if_fail (self != NULL, -1);

  lifecycle_timer_queue_lock (self->queue);
  if (self->place != LIFECYCLE_TIMER_NOT_ARMED)
    remaining = MAX (self->deadline - g_get_monotonic_time (), 0);
  else if ((lifecycle_timer_get_flags (self) &
            (LIFECYCLE_TIMER_PAUSED | LIFECYCLE_TIMER_IN_CALL | LIFECYCLE_TIMER_STOPPED |
             LIFECYCLE_TIMER_IDLE)) ==
           LIFECYCLE_TIMER_PAUSED)
    remaining = self->deadline;
  lifecycle_timer_queue_unlock (self->queue);

  return remaining < 0 ? -1 : (remaining + 999) / 1000;
}

/**
 * lifecycle_timer_get_n_calls:
 * @self: a timer
 *
 * Gets how often the function has been called, including a call in progress. May be called on any
 * thread.
 *
 * Returns: the number of calls
 *
 * Since: 1.0
 */
guint
lifecycle_timer_get_n_calls (LifecycleTimer *self)
{
  guint n_calls;

  g_return_val_if_fail (self != NULL, 0);

  lifecycle_timer_queue_lock (self->queue);
  n_calls = self->n_calls;
  lifecycle_timer_queue_unlock (self->queue);

  return n_calls;
}

/**
 * lifecycle_timer_is_active:
 * @self: a timer
 *
 * Checks whether the timer is an entry of its scope and has not ended. May be called on any thread.
 *
 * Returns: whether the timer is active
 *
 * Since: 1.0
 */
gboolean
lifecycle_timer_is_active (LifecycleTimer *self)
{
  gboolean active;

  g_return_val_if_fail (self != NULL, FALSE);

  lifecycle_ledger_lock (self->ledger);
  active = lifecycle_entry_is_live (&self->entry);
  lifecycle_ledger_unlock (self->ledger);

  return active;
}
