/* lifecycle-tally.c: the counts of a ledger
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-tally-private.h"

#include <string.h>

static gsize
tally_get_size (guint n_rows)
{
  return G_STRUCT_OFFSET (LifecycleTally, row) + n_rows * sizeof (LifecycleTallyRow);
}

static LifecycleTally *
tally_new (guint n_rows)
{
  LifecycleTally *self = g_slice_alloc (tally_get_size (n_rows));

  memset (self, 0, sizeof *self);
  self->n_allocated = (guint8) n_rows;

  return self;
}

static LifecycleTally *
tally_grow (LifecycleTally *self,
            guint           n_rows)
{
  LifecycleTally *grown = tally_new (n_rows);

  memcpy (grown, self, tally_get_size (self->n_rows));
  grown->n_allocated = (guint8) n_rows;
  g_slice_free1 (tally_get_size (self->n_allocated), self);

  return grown;
}

LifecycleTallyRow *
lifecycle_tally_make_row (LifecycleTally **tally,
                          guint            kind)
{
  LifecycleTally *self = *tally;
  LifecycleTallyRow *row;

  if (self == NULL)
    {
      *tally = self = tally_new (1);
    }
  else if (self->n_rows == self->n_allocated)
    {
      *tally = self = tally_grow (self, MIN (MAX (2, 2u * self->n_allocated), LIFECYCLE_N_KINDS));
    }

  row = &self->row[self->n_rows++];
  memset (row, 0, sizeof *row);
  self->rows[kind] = self->n_rows;

  return row;
}

void
lifecycle_tally_free (LifecycleTally *self)
{
  if (self->past != NULL)
    {
      g_clear_pointer (&self->past->counts, lifecycle_tally_free);
      g_free (self->past);
    }
  g_slice_free1 (tally_get_size (self->n_allocated), self);
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

/* Adds the counts to `sum`; if `with_past`, also those of the scopes below that have closed. */
void
lifecycle_tally_sum_up (LifecycleTally      *self,
                        gboolean             with_past,
                        LifecycleStatistics *sum)
{
  if (self == NULL)
    return;

  for (guint kind = 0; kind < LIFECYCLE_N_KINDS; kind++)
    {
      if (self->rows[kind] != 0)
        {
          LifecycleTallyRow *row = &self->row[self->rows[kind] - 1];

          sum->added[kind] += row->added;
          sum->released[kind] += row->released;
          sum->retired[kind] += row->retired;
        }
    }
  sum->peak = MAX (sum->peak, self->peak);

  if (with_past && self->past != NULL)
    {
      lifecycle_tally_sum_up (self->past->counts, FALSE, sum);
      lifecycle_closings_add (&sum->closings, &self->past->below);
      sum->n_late += self->past->n_late;
      sum->n_failed += self->past->n_failed;
    }
}

/* Adds the counts of another tally, without its past. */
static void
tally_add (LifecycleTally **tally,
           LifecycleTally  *other)
{
  for (guint kind = 0; kind < LIFECYCLE_N_KINDS; kind++)
    {
      if (other->rows[kind] != 0)
        {
          LifecycleTallyRow *from = &other->row[other->rows[kind] - 1];
          LifecycleTallyRow *to = lifecycle_tally_get_row (tally, kind);

          to->added += from->added;
          to->released += from->released;
          to->retired += from->retired;
          (*tally)->peak = MAX ((*tally)->peak, other->peak);
        }
    }
}

/* Takes over the counts of a closed child, and of the scopes that were below it. */
void
lifecycle_tally_take_closed (LifecycleTally  **tally,
                             LifecycleTally   *closed,
                             guint             n_late,
                             guint             n_failed,
                             LifecycleReason   reason,
                             guint64           closing_time)
{
  LifecyclePast *past;

  if (*tally == NULL)
    *tally = tally_new (0);
  if ((*tally)->past == NULL)
    (*tally)->past = g_new0 (LifecyclePast, 1);
  past = (*tally)->past;

  lifecycle_closings_note (&past->children, reason, closing_time);
  lifecycle_closings_note (&past->below, reason, closing_time);
  past->n_late += n_late;
  past->n_failed += n_failed;

  if (closed == NULL)
    return;

  tally_add (&past->counts, closed);
  if (closed->past != NULL)
    {
      if (closed->past->counts != NULL)
        tally_add (&past->counts, closed->past->counts);
      lifecycle_closings_add (&past->below, &closed->past->below);
      past->n_late += closed->past->n_late;
      past->n_failed += closed->past->n_failed;
    }
}
