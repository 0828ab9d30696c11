/* lifecycle-audit-growth.c: which sites grow in every round
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-audit-private.h"
#include "lifecycle-audit-write-private.h"

/* A round is what happens between two snapshots. A site grows if more of it is live after each round
 * in which it made something. A round in which it made nothing says nothing: the user did something
 * else. But what has made nothing for longer than it grew is a cache that is full.
 */
static void
note_site (AuditSite *self,
           gboolean   is_first)
{
  guint64 n_made = self->n_births - self->seen_births;
  guint before = self->n_history > 0 ? self->history[self->n_history - 1] : 0;

  self->seen_births = self->n_births;
  if (self->n_history == AUDIT_HISTORY)
    {
      for (guint i = 1; i < AUDIT_HISTORY; i++)
        self->history[i - 1] = self->history[i];
      self->n_history--;
    }
  self->history[self->n_history++] = self->n_live;

  /* What there is at the first snapshot is what the program starts with. */
  if (is_first)
    {
      self->baseline = self->n_live;
      return;
    }

  if (self->n_live > before)
    {
      self->n_active++;
      self->n_grown++;
      self->streak++;
      self->n_idle = 0;
    }
  else if (self->n_live < before)
    {
      self->n_active++;
      self->streak = 0;
    }
  else if (n_made > 0)
    {
      self->n_active++;
      self->streak = 0;
    }
  else
    {
      self->n_idle++;
    }

  self->growing = self->streak >= AUDIT_MIN_ROUNDS && self->n_idle <= self->streak &&
                  self->n_grown * 10 >= self->n_active * 8;
  if (self->streak >= 2)
    self->deep = TRUE;
}

void
audit_growth_note_locked (void)
{
  gboolean is_first = audit.first_snapshot == 0;

  for (AuditSite *site = audit.sites; site != NULL; site = site->next_made)
    note_site (site, is_first);
  if (is_first)
    audit.first_snapshot = audit_next_id ();
}
