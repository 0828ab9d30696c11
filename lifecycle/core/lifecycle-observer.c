/* lifecycle-observer.c: observers of scopes and entries
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-observer-private.h"

#define MAX_OBSERVERS 16

guint lifecycle_watched;

static GMutex observers_lock;   /* serialises additions; readers do not take it */
static const LifecycleObserver *observers[MAX_OBSERVERS];
static guint n_observers;

void
lifecycle_add_observer (const LifecycleObserver *observer)
{
  g_mutex_lock (&observers_lock);
  g_assert (n_observers < MAX_OBSERVERS);

  /* Other threads may be reading: increment the number after the observer is in place. */
  observers[n_observers] = observer;
  g_atomic_int_inc (&n_observers);
  g_mutex_unlock (&observers_lock);

  if (observer->scope_opened != NULL || observer->scope_closed != NULL)
    g_atomic_int_or (&lifecycle_watched, LIFECYCLE_WATCH_SCOPES);
  if (observer->entry_added != NULL || observer->entry_removed != NULL)
    g_atomic_int_or (&lifecycle_watched, LIFECYCLE_WATCH_ENTRIES);
}

static inline guint
get_n_observers (void)
{
  return (guint) g_atomic_int_get (&n_observers);
}

void
lifecycle_watch_scope_opened (LifecycleScope *scope)
{
  for (guint i = 0, n = get_n_observers (); i < n; i++)
    {
      if (observers[i]->scope_opened != NULL)
        observers[i]->scope_opened (scope);
    }
}

void
lifecycle_watch_scope_closed (LifecycleScope *scope,
                              guint64         duration)
{
  /* In reverse order: later observers may need what an earlier one is about to forget. */
  for (guint i = get_n_observers (); i-- > 0;)
    {
      if (observers[i]->scope_closed != NULL)
        observers[i]->scope_closed (scope, duration);
    }
}

void
lifecycle_watch_limit_reached (LifecycleScope *scope,
                               guint           limit,
                               guint           n_entries)
{
  for (guint i = 0, n = get_n_observers (); i < n; i++)
    {
      if (observers[i]->limit_reached != NULL)
        observers[i]->limit_reached (scope, limit, n_entries);
    }
}

void
lifecycle_watch_entry_added (LifecycleLedger *ledger,
                             LifecycleEntry  *entry)
{
  for (guint i = 0, n = get_n_observers (); i < n; i++)
    {
      if (observers[i]->entry_added != NULL)
        observers[i]->entry_added (ledger, entry);
    }
}

void
lifecycle_watch_entry_removed (LifecycleLedger *ledger,
                               LifecycleEntry  *entry)
{
  for (guint i = 0, n = get_n_observers (); i < n; i++)
    {
      if (observers[i]->entry_removed != NULL)
        observers[i]->entry_removed (ledger, entry);
    }
}

void
lifecycle_watch_entry_replaced (LifecycleLedger *ledger,
                                LifecycleEntry  *entry,
                                LifecycleEntry  *by)
{
  for (guint i = 0, n = get_n_observers (); i < n; i++)
    {
      if (observers[i]->entry_replaced != NULL)
        observers[i]->entry_replaced (ledger, entry, by);
    }
}
