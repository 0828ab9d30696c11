/* lifecycle-statistics.c: what scopes have counted
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-enums.h"
#include "lifecycle-describe-private.h"
#include "lifecycle-walk-private.h"

/**
 * LifecycleStatistics:
 *
 * What scopes have counted, at one moment.
 *
 * There are statistics of a single scope, [method@Scope.get_statistics], which cost the same however
 * much it owns; of all that ends with it; and of the process, [func@get_statistics]. That makes every
 * question of the form "how many, of what" one call:
 *
 * ```c
 * // By service, which is a scope with a name:
 * stats = lifecycle_scope_get_statistics (lifecycle_scope_get_child (root, "PlayerService"), TRUE);
 *
 * // By player, which is an object, in all services: what follows it is counted, too.
 * stats = lifecycle_scope_get_statistics (lifecycle_scope_of (G_OBJECT (player)), TRUE);
 *
 * // By tag, which is a child of a service:
 * stats = lifecycle_scope_get_statistics (lifecycle_scope_get_child (service, "heartbeat"), TRUE);
 *
 * // By kind, in any of these:
 * n = lifecycle_statistics_get_live (stats, LIFECYCLE_KIND_HANDLER);
 * ```
 *
 * What was *added* is *live*, or was *released* by a teardown, or has *retired* before one came: it
 * ended by itself, others ended it, or it was stolen. So these numbers always balance. Entries that
 * change hands with [method@Scope.move] take their counts along.
 *
 * All functions may be called on any thread, and none of them holds a reference on a scope. While
 * other threads add and close, each scope is counted as it was at one moment, and no closed one is
 * missed or counted twice; but what is just changing hands may be counted for neither.
 *
 * Since: 1.0
 */

G_DEFINE_BOXED_TYPE (LifecycleStatistics, lifecycle_statistics,
                     lifecycle_statistics_copy, lifecycle_statistics_free)

/* The ledger is locked. Counts what is in it, and what those below that have closed had counted, or,
 * where `alone`, how the children closed.
 */
static void
statistics_count (LifecycleStatistics *self,
                  LifecycleLedger     *ledger,
                  gboolean             alone)
{
  LifecycleHoldings *holdings = lifecycle_ledger_get_holdings (ledger);
  LifecycleTally *tally = holdings->tally;

  if (ledger->scope != NULL && !lifecycle_scope_is_closed (ledger->scope))
    self->n_scopes++;
  self->n_late += holdings->n_late;
  self->n_failed += holdings->n_failed;
  lifecycle_tally_sum_up (tally, !alone, self);
  if (alone && tally != NULL && tally->past != NULL)
    lifecycle_closings_add (&self->closings, &tally->past->children);
}

/* Ends the walk. */
static void
statistics_count_walk (LifecycleStatistics *self,
                       LifecycleWalk       *walk)
{
  LifecycleLedger *ledger;

  while ((ledger = lifecycle_walk_next (walk)) != NULL)
    {
      statistics_count (self, ledger, FALSE);
      lifecycle_walk_go_on (walk);
    }
  lifecycle_walk_clear (walk);
}

/**
 * lifecycle_scope_get_statistics:
 * @self: a scope
 * @recursive: whether to count all that would end with it
 *
 * What the scope has counted.
 *
 * Alone, these are its own entries, and how its children have closed, and the cost does not depend
 * on how many there are. With all that would end with it, these are the scope, those below it, those
 * who follow one of them, and what those below that have closed had counted; the cost grows with the
 * number of scopes.
 *
 * It also works when the scope is closed. May be called on any thread.
 *
 * Returns: (transfer full): the statistics
 *
 * Since: 1.0
 */
LifecycleStatistics *
lifecycle_scope_get_statistics (LifecycleScope *self,
                                gboolean        recursive)
{
  LifecycleStatistics *statistics;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);

  statistics = g_new0 (LifecycleStatistics, 1);
  if (recursive)
    {
      LifecycleWalk walk;

      lifecycle_walk_init (&walk, self, TRUE);
      statistics_count_walk (statistics, &walk);
    }
  else
    {
      LifecycleLedger *ledger = lifecycle_scope_lock_ledger (self);

      statistics_count (statistics, ledger, TRUE);
      lifecycle_ledger_unlock (ledger);
    }

  return statistics;
}

/**
 * lifecycle_get_statistics:
 *
 * What all scopes of the process have counted, those that exist no more included.
 *
 * The cost grows with the number of scopes. May be called on any thread.
 *
 * Returns: (transfer full): the statistics
 *
 * Since: 1.0
 */
LifecycleStatistics *
lifecycle_get_statistics (void)
{
  LifecycleStatistics *statistics = g_new (LifecycleStatistics, 1);
  LifecycleWalk walk;

  lifecycle_walk_init_all (&walk, statistics);
  statistics_count_walk (statistics, &walk);

  return statistics;
}

/**
 * lifecycle_scope_get_n_live:
 * @self: a scope
 * @kind: a kind
 *
 * How many entries of a kind the scope owns, not counting what its children own.
 *
 * This allocates nothing, and the cost does not depend on how many there are. May be called on any
 * thread.
 *
 * Returns: the number of entries
 *
 * Since: 1.0
 */
guint
lifecycle_scope_get_n_live (LifecycleScope *self,
                            LifecycleKind   kind)
{
  LifecycleHoldings *holdings;
  guint n_live = 0;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), 0);
  g_return_val_if_fail ((guint) kind < LIFECYCLE_N_KINDS, 0);

  holdings = lifecycle_scope_lock_holdings (self);
  if (holdings->tally != NULL && holdings->tally->rows[kind] != 0)
    {
      LifecycleTallyRow *row = lifecycle_tally_get_row (&holdings->tally, kind);

      n_live = (guint) (row->added - row->released - row->retired);
    }
  lifecycle_ledger_unlock (&holdings->ledger);

  return n_live;
}

/**
 * lifecycle_statistics_copy:
 * @self: statistics
 *
 * Copies statistics.
 *
 * Returns: (transfer full): a copy
 *
 * Since: 1.0
 */
LifecycleStatistics *
lifecycle_statistics_copy (LifecycleStatistics *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return g_memdup2 (self, sizeof *self);
}

/**
 * lifecycle_statistics_free:
 * @self: statistics
 *
 * Frees statistics.
 *
 * Since: 1.0
 */
void
lifecycle_statistics_free (LifecycleStatistics *self)
{
  g_return_if_fail (self != NULL);

  g_free (self);
}

/**
 * lifecycle_statistics_get_live:
 * @self: statistics
 * @kind: a kind
 *
 * How many entries of a kind there were.
 *
 * Returns: the number of entries
 *
 * Since: 1.0
 */
guint
lifecycle_statistics_get_live (LifecycleStatistics *self,
                               LifecycleKind        kind)
{
  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail ((guint) kind < LIFECYCLE_N_KINDS, 0);

  return (guint) (self->added[kind] - self->released[kind] - self->retired[kind]);
}

/**
 * lifecycle_statistics_get_added:
 * @self: statistics
 * @kind: a kind
 *
 * How many entries of a kind have ever been added.
 *
 * Returns: the number of entries
 *
 * Since: 1.0
 */
guint64
lifecycle_statistics_get_added (LifecycleStatistics *self,
                                LifecycleKind        kind)
{
  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail ((guint) kind < LIFECYCLE_N_KINDS, 0);

  return self->added[kind];
}

/**
 * lifecycle_statistics_get_released:
 * @self: statistics
 * @kind: a kind
 *
 * How many entries of a kind have been ended by a close or by [method@Scope.clear].
 *
 * Returns: the number of entries
 *
 * Since: 1.0
 */
guint64
lifecycle_statistics_get_released (LifecycleStatistics *self,
                                   LifecycleKind        kind)
{
  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail ((guint) kind < LIFECYCLE_N_KINDS, 0);

  return self->released[kind];
}

/**
 * lifecycle_statistics_get_retired:
 * @self: statistics
 * @kind: a kind
 *
 * How many entries of a kind have left before a close: they ended by themselves, others ended them,
 * or they were stolen.
 *
 * Returns: the number of entries
 *
 * Since: 1.0
 */
guint64
lifecycle_statistics_get_retired (LifecycleStatistics *self,
                                  LifecycleKind        kind)
{
  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail ((guint) kind < LIFECYCLE_N_KINDS, 0);

  return self->retired[kind];
}

/**
 * lifecycle_statistics_get_total_live:
 * @self: statistics
 *
 * How many entries there were, of all kinds.
 *
 * Returns: the number of entries
 *
 * Since: 1.0
 */
guint
lifecycle_statistics_get_total_live (LifecycleStatistics *self)
{
  guint total = 0;

  g_return_val_if_fail (self != NULL, 0);

  for (guint kind = 0; kind < LIFECYCLE_N_KINDS; kind++)
    total += lifecycle_statistics_get_live (self, (LifecycleKind) kind);

  return total;
}

/**
 * lifecycle_statistics_get_peak:
 * @self: statistics
 *
 * The most entries that a scope has ever had at the same time; where several were counted, any single
 * one of them.
 *
 * Returns: the number of entries
 *
 * Since: 1.0
 */
guint
lifecycle_statistics_get_peak (LifecycleStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->peak;
}

/**
 * lifecycle_statistics_get_n_late:
 * @self: statistics
 *
 * How many entries were to be added when it was too late.
 *
 * Returns: the number of entries
 *
 * Since: 1.0
 */
guint64
lifecycle_statistics_get_n_late (LifecycleStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->n_late;
}

/**
 * lifecycle_statistics_get_n_failed:
 * @self: statistics
 *
 * How many cleanups have failed.
 *
 * Returns: the number of cleanups
 *
 * Since: 1.0
 */
guint64
lifecycle_statistics_get_n_failed (LifecycleStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->n_failed;
}

/**
 * lifecycle_statistics_get_n_scopes:
 * @self: statistics
 *
 * How many scopes were counted that were open or closing.
 *
 * Returns: the number of scopes
 *
 * Since: 1.0
 */
guint
lifecycle_statistics_get_n_scopes (LifecycleStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->n_scopes;
}

/**
 * lifecycle_statistics_get_n_closed:
 * @self: statistics
 * @reason: a reason, or [enum@Reason.none] for all of them
 *
 * How many scopes have closed for a reason.
 *
 * In the statistics of a scope alone these are its children, and else all below it. The scope itself
 * is counted by its parent, or by the process.
 *
 * Returns: the number of scopes
 *
 * Since: 1.0
 */
guint64
lifecycle_statistics_get_n_closed (LifecycleStatistics *self,
                                   LifecycleReason      reason)
{
  guint64 total = 0;

  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail ((guint) reason < LIFECYCLE_N_REASONS, 0);

  if (reason != LIFECYCLE_REASON_NONE)
    return self->closings.n[reason];

  for (guint i = 0; i < LIFECYCLE_N_REASONS; i++)
    total += self->closings.n[i];

  return total;
}

/**
 * lifecycle_statistics_get_closing_time:
 * @self: statistics
 *
 * How long it took to close the scopes that [method@Statistics.get_n_closed] counts, in all.
 *
 * The time of a scope that was closed together with its parent is part of the parent's; that of one
 * that owned nothing is not measured. A [method@Scope.close_async] takes until its end.
 *
 * Returns: microseconds
 *
 * Since: 1.0
 */
guint64
lifecycle_statistics_get_closing_time (LifecycleStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->closings.time;
}

/**
 * lifecycle_statistics_get_longest_closing_time:
 * @self: statistics
 *
 * How long the longest close took; see [method@Statistics.get_closing_time].
 *
 * Returns: microseconds
 *
 * Since: 1.0
 */
guint64
lifecycle_statistics_get_longest_closing_time (LifecycleStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->closings.longest;
}

/**
 * lifecycle_statistics_to_string:
 * @self: statistics
 *
 * The statistics in words, for a log or a terminal: what there is, and how scopes have closed. Not
 * meant to be parsed.
 *
 * Returns: (transfer full): one line
 *
 * Since: 1.0
 */
char *
lifecycle_statistics_to_string (LifecycleStatistics *self)
{
  GString *string;
  guint64 n_closed;

  g_return_val_if_fail (self != NULL, NULL);

  string = g_string_new (NULL);
  g_string_append_printf (string, "scopes %u, entries %u",
                          self->n_scopes, lifecycle_statistics_get_total_live (self));
  for (guint kind = 0; kind < LIFECYCLE_N_KINDS; kind++)
    {
      guint n = lifecycle_statistics_get_live (self, (LifecycleKind) kind);

      if (n > 0)
        g_string_append_printf (string, ", %s %u",
                                lifecycle_enum_get_nick (LIFECYCLE_TYPE_KIND, (int) kind), n);
    }

  n_closed = lifecycle_statistics_get_n_closed (self, LIFECYCLE_REASON_NONE);
  g_string_append_printf (string, "; closed %" G_GUINT64_FORMAT, n_closed);
  for (guint i = 0; i < LIFECYCLE_N_REASONS; i++)
    {
      if (self->closings.n[i] > 0)
        g_string_append_printf (string, ", %s %" G_GUINT64_FORMAT,
                                lifecycle_enum_get_nick (LIFECYCLE_TYPE_REASON, (int) i),
                                self->closings.n[i]);
    }
  if (self->n_late > 0)
    g_string_append_printf (string, "; late %" G_GUINT64_FORMAT, self->n_late);
  if (self->n_failed > 0)
    g_string_append_printf (string, "; failed %" G_GUINT64_FORMAT, self->n_failed);

  return g_string_free (string, FALSE);
}
