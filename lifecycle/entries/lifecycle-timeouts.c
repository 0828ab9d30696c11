/* lifecycle-timeouts.c: how a scope gets its timers: timeouts and debounces
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-scope-private.h"
#include "lifecycle-timer-queue-private.h"

static G_ALWAYS_INLINE inline LifecycleTimer *
scope_add_timer (LifecycleScope     *self,
                 LifecycleEntryType  type,
                 guint               interval_ms,
                 guint               max_calls,
                 GSourceFunc         func,
                 gpointer            data,
                 GDestroyNotify      destroy,
                 gboolean            full,
                 const char         *place)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);
  g_return_val_if_fail (func != NULL, NULL);

  return lifecycle_ledger_add_timer (lifecycle_scope_get_ledger (self), self->context, type,
                                     interval_ms, max_calls, func, data, destroy, full, place);
}

/**
 * lifecycle_scope_add_timeout: (skip)
 * @self: a scope
 * @interval_ms: the time between calls, in milliseconds
 * @func: (scope notified) (closure data) (destroy destroy): the function to call
 * @data: data to pass to @func
 * @destroy: (nullable): a function to free @data
 *
 * Calls a function at home each time the interval has passed, until it returns %G_SOURCE_REMOVE or
 * the scope closes.
 *
 * @destroy is called exactly once, but not before a call of @func in progress has returned; on a
 * closed scope it is called at once. While the scope is blocked, the timer pauses.
 *
 * May be called on any thread. If the calling thread is not at home, the timer may have ended and
 * been freed by the time this function returns: ignore the result, or call
 * [method@Scope.new_timeout] instead.
 *
 * Returns: (transfer none) (nullable): the timer, valid at home until it ends; %NULL if the scope
 *   is closed
 *
 * Since: 1.0
 */
LifecycleTimer *
lifecycle_scope_add_timeout_at (const char     *place,
                                LifecycleScope *self,
                                guint           interval_ms,
                                GSourceFunc     func,
                                gpointer        data,
                                GDestroyNotify  destroy)
{
  return scope_add_timer (self, LIFECYCLE_ENTRY_TIMER, interval_ms, 0, func, data, destroy, FALSE,
                          place);
}

/**
 * lifecycle_scope_new_timeout: (rename-to lifecycle_scope_add_timeout)
 * @self: a scope
 * @interval_ms: the time between calls, in milliseconds
 * @func: (scope notified) (closure data) (destroy destroy): the function to call
 * @data: data to pass to @func
 * @destroy: (nullable): a function to free @data
 *
 * Calls a function at home each time the interval has passed, until it returns %G_SOURCE_REMOVE or
 * the scope closes.
 *
 * @destroy is called exactly once, but not before a call of @func in progress has returned; on a
 * closed scope it is called at once. While the scope is blocked, the timer pauses. Dropping the
 * returned reference does not end the timer.
 *
 * May be called on any thread. If the calling thread is not at home, the timer may have ended by
 * the time this function returns.
 *
 * Returns: (transfer full) (nullable): the timer; %NULL if the scope is closed
 *
 * Since: 1.0
 */
LifecycleTimer *
lifecycle_scope_new_timeout_at (const char     *place,
                                LifecycleScope *self,
                                guint           interval_ms,
                                GSourceFunc     func,
                                gpointer        data,
                                GDestroyNotify  destroy)
{
  return scope_add_timer (self, LIFECYCLE_ENTRY_TIMER, interval_ms, 0, func, data, destroy, TRUE,
                          place);
}

/**
 * lifecycle_scope_add_timeout_full: (skip)
 * @self: a scope
 * @interval_ms: the time between calls, in milliseconds
 * @max_calls: the maximum number of calls, or 0 for no limit
 * @func: (scope notified) (closure data) (destroy destroy): the function to call
 * @data: data to pass to @func
 * @destroy: (nullable): a function to free @data
 *
 * Adds a timer that makes a limited number of calls, but otherwise works like one from
 * [method@Scope.add_timeout]. May be called on any thread.
 *
 * Returns: (transfer none) (nullable): the timer, valid at home until it ends; %NULL if the scope
 *   is closed
 *
 * Since: 1.0
 */
LifecycleTimer *
lifecycle_scope_add_timeout_full_at (const char     *place,
                                     LifecycleScope *self,
                                     guint           interval_ms,
                                     guint           max_calls,
                                     GSourceFunc     func,
                                     gpointer        data,
                                     GDestroyNotify  destroy)
{
  return scope_add_timer (self, LIFECYCLE_ENTRY_TIMER, interval_ms, max_calls, func, data, destroy,
                          FALSE, place);
}

/**
 * lifecycle_scope_new_timeout_full: (rename-to lifecycle_scope_add_timeout_full)
 * @self: a scope
 * @interval_ms: the time between calls, in milliseconds
 * @max_calls: the maximum number of calls, or 0 for no limit
 * @func: (scope notified) (closure data) (destroy destroy): the function to call
 * @data: data to pass to @func
 * @destroy: (nullable): a function to free @data
 *
 * Adds a timer that makes a limited number of calls, but otherwise works like one from
 * [method@Scope.new_timeout]. May be called on any thread.
 *
 * Returns: (transfer full) (nullable): the timer; %NULL if the scope is closed
 *
 * Since: 1.0
 */
LifecycleTimer *
lifecycle_scope_new_timeout_full_at (const char     *place,
                                     LifecycleScope *self,
                                     guint           interval_ms,
                                     guint           max_calls,
                                     GSourceFunc     func,
                                     gpointer        data,
                                     GDestroyNotify  destroy)
{
  return scope_add_timer (self, LIFECYCLE_ENTRY_TIMER, interval_ms, max_calls, func, data, destroy,
                          TRUE, place);
}

/**
 * lifecycle_scope_add_debounce: (skip)
 * @self: a scope
 * @delay_ms: how long to wait after the last restart, in milliseconds
 * @func: (scope notified) (closure data) (destroy destroy): the function to call
 * @data: data to pass to @func
 * @destroy: (nullable): a function to free @data
 *
 * Adds a timer that calls a function at home once it has not been restarted for a while.
 *
 * Nothing happens before the first [method@Timer.restart]. Each restart postpones the call; after
 * the call the timer waits for the next restart. [method@Timer.stop] calls it off.
 *
 * ```c
 * self->save = lifecycle_scope_add_debounce (self->scope, 500, save_cb, self, NULL);
 *
 * // each time something has changed:
 * lifecycle_timer_restart (self->save);
 * ```
 *
 * The timer stays in the scope until it is cancelled or the scope releases it, and the result is
 * valid for that long. Code that may outlive the scope must hold a reference; see
 * [method@Scope.new_debounce]. A call that is pending when the scope closes is not made.
 *
 * @destroy is called exactly once, when the timer ends, but not before a call of @func in progress
 * has returned; on a closed scope it is called at once. While the scope is blocked, the timer
 * pauses. May be called on any thread.
 *
 * Returns: (transfer none) (nullable): the timer; %NULL if the scope is closed
 *
 * Since: 1.0
 */
LifecycleTimer *
lifecycle_scope_add_debounce_at (const char      *place,
                                 LifecycleScope  *self,
                                 guint            delay_ms,
                                 GSourceOnceFunc  func,
                                 gpointer         data,
                                 GDestroyNotify   destroy)
{
  return scope_add_timer (self, LIFECYCLE_ENTRY_DEBOUNCE, delay_ms, 0, G_SOURCE_FUNC (func), data,
                          destroy, FALSE, place);
}

/**
 * lifecycle_scope_new_debounce: (rename-to lifecycle_scope_add_debounce)
 * @self: a scope
 * @delay_ms: how long to wait after the last restart, in milliseconds
 * @func: (scope notified) (closure data) (destroy destroy): the function to call
 * @data: data to pass to @func
 * @destroy: (nullable): a function to free @data
 *
 * Adds a timer that calls a function at home once it has not been restarted for a while.
 *
 * Nothing happens before the first [method@Timer.restart]. Each restart postpones the call; after
 * the call the timer waits for the next restart. [method@Timer.stop] calls it off. A call that is
 * pending when the scope closes is not made; a restart after that does nothing.
 *
 * @destroy is called exactly once, when the timer ends, but not before a call of @func in progress
 * has returned; on a closed scope it is called at once. While the scope is blocked, the timer
 * pauses. Dropping the returned reference does not end the timer. May be called on any thread.
 *
 * Returns: (transfer full) (nullable): the timer; %NULL if the scope is closed
 *
 * Since: 1.0
 */
LifecycleTimer *
lifecycle_scope_new_debounce_at (const char      *place,
                                 LifecycleScope  *self,
                                 guint            delay_ms,
                                 GSourceOnceFunc  func,
                                 gpointer         data,
                                 GDestroyNotify   destroy)
{
  return scope_add_timer (self, LIFECYCLE_ENTRY_DEBOUNCE, delay_ms, 0, G_SOURCE_FUNC (func), data,
                          destroy, TRUE, place);
}
