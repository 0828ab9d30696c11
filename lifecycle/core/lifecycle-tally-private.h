/* lifecycle-tally-private.h: the counts of a ledger
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-entry-private.h"
#include "lifecycle-counts-private.h"

G_BEGIN_DECLS

/* Counts of one kind. The number of live entries is `added` minus the others. */
typedef struct
{
  guint64 added;
  guint64 released;     /* ended by a teardown */
  guint64 retired;      /* ended before a teardown */
} LifecycleTallyRow;

typedef struct _LifecycleTally LifecycleTally;

/* The counts of scopes below this one that have closed. */
typedef struct
{
  LifecycleClosings  children;  /* of the children */
  LifecycleClosings  below;     /* of the children and all scopes below them */
  guint64            n_late;
  guint64            n_failed;
  LifecycleTally    *counts;    /* of all these scopes; has no past of its own */
} LifecyclePast;

/* The counts of a ledger, created when there is something to count, and guarded by its lock. Most
 * scopes have one or two kinds of entries, so only kinds that have occurred have a row.
 */
struct _LifecycleTally
{
  guint8             rows[LIFECYCLE_N_KINDS]; /* index into row[] plus 1, or 0 for none */
  guint8             n_rows;
  guint8             n_allocated;
  guint              peak;
  LifecyclePast     *past;
  LifecycleTallyRow  row[];
};

LifecycleTallyRow *lifecycle_tally_make_row    (LifecycleTally      **tally,
                                                guint                 kind);
void               lifecycle_tally_free        (LifecycleTally       *self);
void               lifecycle_tally_sum_up      (LifecycleTally       *self,
                                                gboolean              with_past,
                                                LifecycleStatistics  *sum);
void               lifecycle_tally_take_closed (LifecycleTally      **tally,
                                                LifecycleTally       *closed,
                                                guint                 n_late,
                                                guint                 n_failed,
                                                LifecycleReason       reason,
                                                guint64               closing_time);

static inline LifecycleTallyRow *
lifecycle_tally_get_row (LifecycleTally **tally,
                         guint            kind)
{
  LifecycleTally *self = *tally;

  if (G_LIKELY (self != NULL && self->rows[kind] != 0))
    return &self->row[self->rows[kind] - 1];

  return lifecycle_tally_make_row (tally, kind);
}

G_END_DECLS
