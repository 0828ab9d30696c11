/* lifecycle-link-private.h: an entry with two ends
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-ledger-private.h"

G_BEGIN_DECLS

typedef struct _LifecycleLink LifecycleLink;

/* What concerns two parties, either of which may end first, on any thread: a follower and what it
 * follows, an adopted handler and its instance. Each end is an entry of its party's ledger and
 * holds a reference; whoever takes an end out of its ledger owns that end's reference.
 */
struct _LifecycleLink
{
  LifecycleEntry   near;        /* in the ledger of the scope */
  LifecycleEntry   far;         /* in the ledger of the other party */
  LifecycleLedger *near_ledger;
  LifecycleLedger *far_ledger;
  gint             refs;
};

gboolean       lifecycle_link_connect  (LifecycleLink      *link,
                                        LifecycleLedger    *near_ledger,
                                        LifecycleEntryType  near_type,
                                        LifecycleLedger    *far_ledger,
                                        LifecycleEntryType  far_type,
                                        const char         *name);
LifecycleLink *lifecycle_link_ref      (LifecycleLink      *link);
void           lifecycle_link_unref    (LifecycleLink      *link);
gboolean       lifecycle_link_cut_near (LifecycleLink      *link);
gboolean       lifecycle_link_cut_far  (LifecycleLink      *link);
GPtrArray     *lifecycle_ledger_dup_links (LifecycleLedger *ledger);

static inline LifecycleLink *
lifecycle_link_from_near (LifecycleEntry *entry)
{
  return LIFECYCLE_ENTRY_CONTAINER (entry, LifecycleLink, near);
}

static inline LifecycleLink *
lifecycle_link_from_far (LifecycleEntry *entry)
{
  return LIFECYCLE_ENTRY_CONTAINER (entry, LifecycleLink, far);
}

G_END_DECLS
