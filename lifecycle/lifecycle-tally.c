/* lifecycle-tally.c: what a ledger counts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-tally-private.h"

static gsize
tally_get_size (guint n_rows)
{
  return G_STRUCT_OFFSET (LifecycleTally, row) + n_rows * sizeof (LifecycleTallyRow);
}

/* For what has no row: most numbers stay 0. */
LifecycleTally *
lifecycle_tally_ensure (LifecycleTally **tally)
{
  if (*tally == NULL)
    *tally = g_malloc0 (tally_get_size (0));

  return *tally;
}

LifecyclePast *
lifecycle_tally_ensure_past (LifecycleTally **tally)
{
  LifecycleTally *self = lifecycle_tally_ensure (tally);

  if (self->past == NULL)
    self->past = g_new0 (LifecyclePast, 1);

  return self->past;
}

LifecycleTallyRow *
lifecycle_tally_make_row (LifecycleTally **tally,
                          guint            kind)
{
  LifecycleTally *self = *tally;
  LifecycleTallyRow *row;

  if (self == NULL)
    {
      *tally = self = g_malloc0 (tally_get_size (1));
      self->n_allocated = 1;
    }
  else if (self->n_rows == self->n_allocated)
    {
      self->n_allocated = (guint8) MIN (MAX (2, 2 * self->n_allocated), LIFECYCLE_N_KINDS);
      *tally = self = g_realloc (self, tally_get_size (self->n_allocated));
    }

  row = &self->row[self->n_rows++];
  memset (row, 0, sizeof *row);
  self->rows[kind] = self->n_rows;

  return row;
}

void
lifecycle_tally_free (LifecycleTally *self)
{
  g_free (self->past);
  g_free (self);
}

/* Adds the numbers, but not those of `past` unless that is asked for, and nothing about children. */
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
    lifecycle_statistics_add (sum, &self->past->below);
}
