/* lifecycle-tally.c: the counts of a ledger
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-tally-private.h"

#include <string.h>

static gsize
rows_get_size (guint n_rows)
{
  return G_STRUCT_OFFSET (LifecycleTallyRows, row) + n_rows * sizeof (LifecycleTallyRow);
}

static LifecycleTallyRows *
rows_new (guint n_rows)
{
  LifecycleTallyRows *self = g_slice_alloc (rows_get_size (n_rows));

  memset (self, 0, sizeof *self);
  self->n_allocated = (guint8) n_rows;

  return self;
}

static LifecycleTallyRows *
rows_grow (LifecycleTallyRows *self,
           guint               n_rows)
{
  LifecycleTallyRows *grown = rows_new (n_rows);

  memcpy (grown, self, rows_get_size (self->n_rows));
  grown->n_allocated = (guint8) n_rows;
  g_slice_free1 (rows_get_size (self->n_allocated), self);

  return grown;
}

static LifecycleTallyRow *
rows_ensure (LifecycleTallyRows **rows,
             guint                kind)
{
  LifecycleTallyRows *self = *rows;
  LifecycleTallyRow *row;

  if (self != NULL && self->index[kind] != 0)
    return &self->row[self->index[kind] - 1];

  if (self == NULL)
    *rows = self = rows_new (1);
  else if (self->n_rows == self->n_allocated)
    *rows = self = rows_grow (self, MIN (MAX (2, 2u * self->n_allocated), LIFECYCLE_N_KINDS));

  row = &self->row[self->n_rows++];
  memset (row, 0, sizeof *row);
  self->index[kind] = self->n_rows;

  return row;
}

static void
row_add (LifecycleTallyRow       *self,
         const LifecycleTallyRow *other)
{
  self->added += other->added;
  self->released += other->released;
  self->retired += other->retired;
}

void
lifecycle_tally_free_rows (LifecycleTallyRows *self)
{
  if (self->past != NULL)
    {
      g_clear_pointer (&self->past->counts, lifecycle_tally_free_rows);
      g_free (self->past);
    }
  g_slice_free1 (rows_get_size (self->n_allocated), self);
}

static LifecycleTallyRow
tally_get_small (const LifecycleTally *self)
{
  return (LifecycleTallyRow) {
    .added = self->n[LIFECYCLE_TALLY_ADDED],
    .released = self->n[LIFECYCLE_TALLY_RELEASED],
    .retired = self->n[LIFECYCLE_TALLY_RETIRED],
  };
}

/* Called for the first entry of a kind, for kinds that are in the rows, and if a counter is full. */
void
lifecycle_tally_count_slowly (LifecycleTally      *self,
                              guint                kind,
                              LifecycleTallyCount  what)
{
  LifecycleTallyRow small, one = { 0 };

  if (self->kind == 0 && (self->rows == NULL || self->rows->index[kind] == 0))
    self->kind = (guint8) (kind + 1);

  if (self->kind == kind + 1)
    {
      if (self->n[what] == G_MAXUINT32)
        {
          small = tally_get_small (self);
          row_add (rows_ensure (&self->rows, kind), &small);
          memset (self->n, 0, sizeof self->n);
        }
      self->n[what]++;
      return;
    }

  one.added = what == LIFECYCLE_TALLY_ADDED;
  one.released = what == LIFECYCLE_TALLY_RELEASED;
  one.retired = what == LIFECYCLE_TALLY_RETIRED;
  row_add (rows_ensure (&self->rows, kind), &one);
}

/* Gets the counts of one kind. */
void
lifecycle_tally_get (const LifecycleTally *self,
                     guint                 kind,
                     LifecycleTallyRow    *row)
{
  *row = self->kind == kind + 1 ? tally_get_small (self) : (LifecycleTallyRow) { 0 };
  if (self->rows != NULL && self->rows->index[kind] != 0)
    row_add (row, &self->rows->row[self->rows->index[kind] - 1]);
}

/* Returns the counts of scopes below that have closed, or NULL if there are none. */
const LifecyclePast *
lifecycle_tally_get_past (const LifecycleTally *self)
{
  return self->rows != NULL ? self->rows->past : NULL;
}

void
lifecycle_closings_note (LifecycleClosings *self,
                         LifecycleReason    reason,
                         guint64            time)
{
  self->n[reason]++;
  self->time += time;
  self->longest = MAX (self->longest, time);
}

void
lifecycle_closings_add (LifecycleClosings       *self,
                        const LifecycleClosings *other)
{
  for (guint i = 0; i < LIFECYCLE_N_REASONS; i++)
    self->n[i] += other->n[i];
  self->time += other->time;
  self->longest = MAX (self->longest, other->longest);
}

void
lifecycle_mishaps_add (LifecycleMishaps       *self,
                       const LifecycleMishaps *other)
{
  self->late += other->late;
  self->failed += other->failed;
  self->abandoned += other->abandoned;
}

static void
sum_add_row (LifecycleStatistics     *sum,
             guint                    kind,
             const LifecycleTallyRow *row)
{
  sum->added[kind] += row->added;
  sum->released[kind] += row->released;
  sum->retired[kind] += row->retired;
}

static void
sum_add_rows (LifecycleStatistics      *sum,
              const LifecycleTallyRows *rows)
{
  for (guint kind = 0; kind < LIFECYCLE_N_KINDS; kind++)
    {
      if (rows->index[kind] != 0)
        sum_add_row (sum, kind, &rows->row[rows->index[kind] - 1]);
    }
  sum->peak = MAX (sum->peak, rows->peak);
}

/* Adds the counts to `sum`; if `with_past`, also those of the scopes below that have closed. */
void
lifecycle_tally_sum_up (const LifecycleTally *self,
                        gboolean              with_past,
                        LifecycleStatistics  *sum)
{
  const LifecyclePast *past = lifecycle_tally_get_past (self);

  if (self->kind != 0)
    {
      const LifecycleTallyRow small = tally_get_small (self);

      sum_add_row (sum, self->kind - 1, &small);
    }
  if (self->rows != NULL)
    sum_add_rows (sum, self->rows);
  sum->peak = MAX (sum->peak, self->peak);

  if (with_past && past != NULL)
    {
      if (past->counts != NULL)
        sum_add_rows (sum, past->counts);
      lifecycle_closings_add (&sum->closings, &past->children);
      lifecycle_closings_add (&sum->closings, &past->deeper);
      lifecycle_mishaps_add (&sum->mishaps, &past->mishaps);
    }
}

static void
rows_add (LifecycleTallyRows       **rows,
          const LifecycleTallyRows  *other)
{
  for (guint kind = 0; kind < LIFECYCLE_N_KINDS; kind++)
    {
      if (other->index[kind] != 0)
        {
          row_add (rows_ensure (rows, kind), &other->row[other->index[kind] - 1]);
          (*rows)->peak = MAX ((*rows)->peak, other->peak);
        }
    }
}

static LifecyclePast *
tally_ensure_past (LifecycleTally *self)
{
  if (self->rows == NULL)
    self->rows = rows_new (0);
  if (self->rows->past == NULL)
    self->rows->past = g_new0 (LifecyclePast, 1);

  return self->rows->past;
}

/* Takes over the counts of a closed child, and of the scopes that were below it. */
void
lifecycle_tally_take_closed (LifecycleTally         *self,
                             const LifecycleTally   *closed,
                             const LifecycleMishaps *mishaps,
                             LifecycleReason         reason,
                             guint64                 closing_time)
{
  LifecyclePast *past = tally_ensure_past (self);
  const LifecyclePast *below = lifecycle_tally_get_past (closed);

  lifecycle_closings_note (&past->children, reason, closing_time);
  lifecycle_mishaps_add (&past->mishaps, mishaps);

  if (closed->kind != 0)
    {
      const LifecycleTallyRow small = tally_get_small (closed);

      row_add (rows_ensure (&past->counts, closed->kind - 1u), &small);
    }
  if (closed->rows != NULL)
    rows_add (&past->counts, closed->rows);
  if (past->counts != NULL)
    past->counts->peak = MAX (past->counts->peak, closed->peak);
  if (below != NULL)
    {
      if (below->counts != NULL)
        rows_add (&past->counts, below->counts);
      lifecycle_closings_add (&past->deeper, &below->children);
      lifecycle_closings_add (&past->deeper, &below->deeper);
      lifecycle_mishaps_add (&past->mishaps, &below->mishaps);
    }
}
