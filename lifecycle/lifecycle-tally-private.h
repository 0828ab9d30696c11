/* lifecycle-tally-private.h: what a ledger counts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-entry-private.h"
#include "lifecycle-statistics-private.h"

G_BEGIN_DECLS

/* Numbers of one kind. What is live is what was added, less the rest. */
typedef struct
{
  guint64 added;
  guint64 released;     /* by a teardown */
  guint64 retired;      /* before one came */
} LifecycleTallyRow;

/* What the scopes below that have closed had counted. */
typedef struct
{
  LifecycleClosings   children; /* how the children have closed */
  LifecycleStatistics below;    /* they, and all that were below them */
} LifecyclePast;

/* The counts of a ledger, made when there is something to count, and guarded by its lock. Most scopes
 * have one or two kinds of entries, so there are rows only for those that there have been.
 */
typedef struct
{
  guint8               rows[LIFECYCLE_N_KINDS]; /* 1 and up; 0 for none */
  guint8               n_rows;
  guint8               n_allocated;
  guint                peak;
  LifecyclePast       *past;
  LifecycleTallyRow    row[];
} LifecycleTally;

LifecycleTally    *lifecycle_tally_ensure   (LifecycleTally            **tally);
LifecyclePast     *lifecycle_tally_ensure_past (LifecycleTally         **tally);
LifecycleTallyRow *lifecycle_tally_make_row (LifecycleTally            **tally,
                                             guint                       kind);
void               lifecycle_tally_free     (LifecycleTally             *tally);
void               lifecycle_tally_sum_up   (LifecycleTally             *tally,
                                             gboolean                    with_past,
                                             LifecycleStatistics        *sum);

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
