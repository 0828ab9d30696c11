/* lifecycle-link-private.h: an entry with two ends
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-ledger-private.h"

G_BEGIN_DECLS

typedef struct _LifecycleLink LifecycleLink;

/* Connects two parties, either of which may end first, on any thread: a follower and what it
 * follows, or an adopted handler and its instance. Each end is an entry in the ledger of its party,
 * and holds a reference on the link; code that removes an end from its ledger takes over that
 * reference.
 */
struct _LifecycleLink
{
  LifecycleEntry   own_end;     /* in the ledger of the scope */
  LifecycleEntry   other_end;   /* in the ledger of the other party */
  LifecycleLedger *own_ledger;
  LifecycleLedger *other_ledger;
  gint             refs;
};

gboolean       lifecycle_link_connect       (LifecycleLink      *link,
                                             LifecycleLedger    *own_ledger,
                                             LifecycleEntryType  own_type,
                                             LifecycleLedger    *other_ledger,
                                             LifecycleEntryType  other_type,
                                             const char         *name);
LifecycleLink *lifecycle_link_ref           (LifecycleLink      *link);
void           lifecycle_link_unref         (LifecycleLink      *link);
gboolean       lifecycle_link_cut_own_end   (LifecycleLink      *link);
gboolean       lifecycle_link_cut_other_end (LifecycleLink      *link);
GPtrArray     *lifecycle_ledger_dup_links   (LifecycleLedger    *ledger);

static inline LifecycleLink *
lifecycle_link_from_own_end (LifecycleEntry *entry)
{
  return LIFECYCLE_ENTRY_CONTAINER (entry, LifecycleLink, own_end);
}

static inline LifecycleLink *
lifecycle_link_from_other_end (LifecycleEntry *entry)
{
  return LIFECYCLE_ENTRY_CONTAINER (entry, LifecycleLink, other_end);
}

G_END_DECLS
