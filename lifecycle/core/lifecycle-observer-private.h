/* lifecycle-observer-private.h: observers of scopes and entries
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-entry-private.h"

G_BEGIN_DECLS

/* Functions that are called once, before the first scope is created, in this order. */
#define LIFECYCLE_STARTERS(X) \
  X (lifecycle_limit_start) \
  X (lifecycle_debug_start)

extern void (*const lifecycle_starters[]) (void);       /* NULL comes last */

/* Observers are told about scopes and entries. The core does not depend on any of them; while there
 * are none, they cost a single branch. They may be added at any time, and are never removed.
 */
typedef enum
{
  LIFECYCLE_WATCH_SCOPES  = 1 << 0,
  LIFECYCLE_WATCH_ENTRIES = 1 << 1
} LifecycleWatch;

typedef struct
{
  /* Called with no lock held. User code may run. */
  void (* scope_opened)  (LifecycleScope  *scope);
  void (* scope_closed)  (LifecycleScope  *scope,
                          guint64          duration); /* µs */
  void (* limit_reached) (LifecycleScope  *scope,
                          guint            limit,
                          guint            n_entries);

  /* Called with the ledger locked: no user code may run. */
  void (* entry_added)   (LifecycleLedger *ledger,
                          LifecycleEntry  *entry);
  void (* entry_removed) (LifecycleLedger *ledger,
                          LifecycleEntry  *entry);

  /* Likewise. From now on `by` stands for whatever `entry` stood for. */
  void (* entry_replaced) (LifecycleLedger *ledger,
                           LifecycleEntry  *entry,
                           LifecycleEntry  *by);
} LifecycleObserver;

extern guint lifecycle_watched;

void lifecycle_add_observer        (const LifecycleObserver *observer);

void lifecycle_watch_scope_opened  (LifecycleScope          *scope);
void lifecycle_watch_scope_closed  (LifecycleScope          *scope,
                                    guint64                  duration);
void lifecycle_watch_limit_reached (LifecycleScope          *scope,
                                    guint                    limit,
                                    guint                    n_entries);
void lifecycle_watch_entry_added   (LifecycleLedger         *ledger,
                                    LifecycleEntry          *entry);
void lifecycle_watch_entry_removed (LifecycleLedger         *ledger,
                                    LifecycleEntry          *entry);
void lifecycle_watch_entry_replaced (LifecycleLedger        *ledger,
                                    LifecycleEntry          *entry,
                                    LifecycleEntry          *by);

static inline gboolean
lifecycle_is_watched (LifecycleWatch what)
{
  /* Atomic, because an observer may be added while other threads run. */
  return G_UNLIKELY ((g_atomic_int_get (&lifecycle_watched) & what) != 0);
}

G_END_DECLS
