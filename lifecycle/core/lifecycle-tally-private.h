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
typedef struct _LifecycleTallyRows LifecycleTallyRows;

/* The counts of scopes below this one that have closed. */
typedef struct
{
  LifecycleClosings   children; /* of the children */
  LifecycleClosings   deeper;   /* of all scopes below them */
  LifecycleMishaps    mishaps;
  LifecycleTallyRows *counts;   /* of all these scopes; has no past of its own */
} LifecyclePast;

/* Counts of any number of kinds, of which only those that have occurred have a row. */
struct _LifecycleTallyRows
{
  guint8             index[LIFECYCLE_N_KINDS]; /* into row[], plus 1, or 0 for none */
  guint8             n_rows;
  guint8             n_allocated;
  guint              peak;
  LifecyclePast     *past;
  LifecycleTallyRow  row[];
};

typedef enum
{
  LIFECYCLE_TALLY_ADDED,
  LIFECYCLE_TALLY_RELEASED,
  LIFECYCLE_TALLY_RETIRED,
  LIFECYCLE_N_TALLY_COUNTS
} LifecycleTallyCount;

/* The counts of a ledger, guarded by its lock. Most scopes have entries of one kind, which is counted
 * here. What is counted of other kinds, and what these counters are too small for, is in the rows.
 */
struct _LifecycleTally
{
  LifecycleTallyRows *rows;     /* created on demand */
  guint32             n[LIFECYCLE_N_TALLY_COUNTS];
  guint               peak;
  guint8              kind;     /* plus 1, or 0 for none */
};

void lifecycle_tally_count_slowly (LifecycleTally            *self,
                                   guint                      kind,
                                   LifecycleTallyCount        what);
void lifecycle_tally_free_rows    (LifecycleTallyRows        *rows);
void lifecycle_tally_get          (const LifecycleTally      *self,
                                   guint                      kind,
                                   LifecycleTallyRow         *row);
void lifecycle_tally_sum_up       (const LifecycleTally      *self,
                                   gboolean                   with_past,
                                   LifecycleStatistics       *sum);
const LifecyclePast *
     lifecycle_tally_get_past     (const LifecycleTally      *self);
void lifecycle_tally_take_closed  (LifecycleTally            *self,
                                   const LifecycleTally      *closed,
                                   const LifecycleMishaps    *mishaps,
                                   LifecycleReason            reason,
                                   guint64                    closing_time);

static inline void
lifecycle_tally_count (LifecycleTally      *self,
                       guint                kind,
                       LifecycleTallyCount  what)
{
  if (G_LIKELY (self->kind == kind + 1 && self->n[what] != G_MAXUINT32))
    self->n[what]++;
  else
    lifecycle_tally_count_slowly (self, kind, what);
}

static inline void
lifecycle_tally_count_many (LifecycleTally      *self,
                            guint                kind,
                            LifecycleTallyCount  what,
                            guint                n)
{
  if (G_LIKELY (self->kind == kind + 1 && n <= G_MAXUINT32 - self->n[what]))
    {
      self->n[what] += n;
      return;
    }

  while (n-- > 0)
    lifecycle_tally_count_slowly (self, kind, what);
}

static inline void
lifecycle_tally_clear (LifecycleTally *self)
{
  if (self->rows != NULL)
    g_clear_pointer (&self->rows, lifecycle_tally_free_rows);
}

/* Returns whether nothing has ever been counted. */
static inline gboolean
lifecycle_tally_is_empty (const LifecycleTally *self)
{
  return self->kind == 0 && self->rows == NULL;
}

G_END_DECLS
