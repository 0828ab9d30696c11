/* lifecycle-observer.c: who looks on
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-observer-private.h"

#define MAX_OBSERVERS 8

guint lifecycle_watched;

static const LifecycleObserver *observers[MAX_OBSERVERS];
static guint n_observers;

void
lifecycle_add_observer (const LifecycleObserver *observer)
{
  g_assert (n_observers < MAX_OBSERVERS);

  observers[n_observers++] = observer;
  if (observer->scope_opened != NULL || observer->scope_closed != NULL)
    lifecycle_watched |= LIFECYCLE_WATCH_SCOPES;
  if (observer->entry_added != NULL || observer->entry_removed != NULL)
    lifecycle_watched |= LIFECYCLE_WATCH_ENTRIES;
}

void
lifecycle_watch_scope_opened (LifecycleScope *scope)
{
  for (guint i = 0; i < n_observers; i++)
    {
      if (observers[i]->scope_opened != NULL)
        observers[i]->scope_opened (scope);
    }
}

void
lifecycle_watch_scope_closed (LifecycleScope *scope,
                              guint64         duration)
{
  for (guint i = 0; i < n_observers; i++)
    {
      if (observers[i]->scope_closed != NULL)
        observers[i]->scope_closed (scope, duration);
    }
}

void
lifecycle_watch_entry_added (LifecycleLedger *ledger,
                             LifecycleEntry  *entry)
{
  for (guint i = 0; i < n_observers; i++)
    {
      if (observers[i]->entry_added != NULL)
        observers[i]->entry_added (ledger, entry);
    }
}

void
lifecycle_watch_entry_removed (LifecycleLedger *ledger,
                               LifecycleEntry  *entry)
{
  for (guint i = 0; i < n_observers; i++)
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
  for (guint i = 0; i < n_observers; i++)
    {
      if (observers[i]->entry_replaced != NULL)
        observers[i]->entry_replaced (ledger, entry, by);
    }
}
