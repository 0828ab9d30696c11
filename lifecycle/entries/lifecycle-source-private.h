/* lifecycle-source-private.h: what sources have in common, wherever they were created
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-facts-private.h"
#include "lifecycle-ledger-private.h"
#include "lifecycle-sources.h"

G_BEGIN_DECLS

/* In lifecycle-sources.c. */
void     lifecycle_source_describe          (GSource        *source,
                                             LifecycleEntry *entry,
                                             LifecycleFacts *facts);

/* In lifecycle-adopted-source.c. */
GSource *lifecycle_adopted_source_dup_watch (LifecycleEntry *entry,
                                             GSource        *source);

/* Unlocks the ledger, and drops the reference that an added entry holds on it. */
static inline void
lifecycle_source_leave_ledger (LifecycleEntry  *entry,
                               LifecycleLedger *ledger)
{
  if ((entry->flags & LIFECYCLE_ENTRY_COUNTED) != 0)
    lifecycle_ledger_unref_locked (ledger);
  else
    lifecycle_ledger_unlock (ledger);
}

G_END_DECLS
