/* lifecycle-tally-private.h: what a ledger counts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-entry-private.h"
#include "lifecycle-counts-private.h"

G_BEGIN_DECLS

/* Numbers of one kind. What is live is what was added, less the rest. */
typedef struct
{
  guint64 added;
  guint64 released;     /* by a teardown */
  guint64 retired;      /* before one came */
} LifecycleTallyRow;

typedef struct _LifecycleTally LifecycleTally;

/* What the scopes below that have closed had counted. */
typedef struct
{
  LifecycleClosings  children;  /* how the children have closed */
  LifecycleClosings  below;     /* the same, with all that were below them */
  guint64            n_late;
  guint64            n_failed;
  LifecycleTally    *counts;    /* of all of them; it has no past of its own */
} LifecyclePast;

/* The counts of a ledger, made when there is something to count, and guarded by its lock. Most scopes
 * have one or two kinds of entries, so there are rows only for those that there have been.
 */
struct _LifecycleTally
{
  guint8             rows[LIFECYCLE_N_KINDS]; /* 1 and up; 0 for none */
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
