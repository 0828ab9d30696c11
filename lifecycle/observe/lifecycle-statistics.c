/* lifecycle-statistics.c: numbers of entries and scopes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-enums.h"
#include "lifecycle-describe-private.h"
#include "lifecycle-walk-private.h"

/**
 * LifecycleStatistics:
 *
 * The numbers of entries and scopes at one moment.
 *
 * [method@Scope.get_statistics] returns the statistics of a single scope, at a cost that does not
 * depend on how much it owns, or of everything that ends with it. [func@get_statistics] returns
 * those of the whole process. Every question of the form "how many of what" is therefore one call:
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
 * Every entry that was *added* is *live*, or was *released* by a teardown, or has *retired* before
 * that: it ended by itself, other code ended it, or it was stolen. So the numbers always balance.
 * Entries that are moved with [method@Scope.move] take their counts along.
 *
 * All functions may be called on any thread, and statistics hold no references to scopes. While
 * other threads add entries and close scopes, each scope is counted as it was at one moment, and no
 * closed scope is missed or counted twice. However, an entry or scope that is being moved may be
 * counted in neither place.
 *
 * Since: 1.0
 */

G_DEFINE_BOXED_TYPE (LifecycleStatistics, lifecycle_statistics,
                     lifecycle_statistics_copy, lifecycle_statistics_free)

/* Adds the counts of a ledger, which is locked. These include the counts of closed scopes below it
 * or, if `alone`, only how its children closed.
 */
static void
statistics_count (LifecycleStatistics *self,
                  LifecycleLedger     *ledger,
                  gboolean             alone)
{
  LifecycleHoldings *holdings = lifecycle_ledger_get_holdings (ledger);
  const LifecyclePast *past = lifecycle_tally_get_past (&holdings->tally);
  LifecycleMishaps mishaps;

  if (ledger->scope != NULL && !lifecycle_scope_is_closed (ledger->scope))
    self->n_scopes++;
  lifecycle_holdings_get_mishaps (holdings, &mishaps);
  lifecycle_mishaps_add (&self->mishaps, &mishaps);
  lifecycle_tally_sum_up (&holdings->tally, !alone, self);
  if (alone && past != NULL)
    lifecycle_closings_add (&self->closings, &past->children);
}

/* Adds the counts of all scopes in the walk, and clears the walk. */
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
 * @recursive: whether to count everything that would end with the scope
 *
 * Gets the statistics of the scope.
 *
 * If @recursive is %FALSE, they cover the entries of the scope itself and how its children closed.
 * The cost does not depend on how many there are. If @recursive is %TRUE, they cover the scope, the
 * scopes below it, the scopes that follow one of these, and what closed scopes below it had
 * counted. The cost then grows with the number of scopes.
 *
 * This function also works on a closed scope, and may be called on any thread.
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

/* Likewise for everything that would end with a scope that may have gone: then returns NULL. */
LifecycleStatistics *
lifecycle_statistics_new_at (gconstpointer scope)
{
  LifecycleStatistics *statistics;
  LifecycleWalk walk;

  if (!lifecycle_walk_init_at (&walk, scope))
    return NULL;

  statistics = g_new0 (LifecycleStatistics, 1);
  statistics_count_walk (statistics, &walk);

  return statistics;
}

/**
 * lifecycle_get_statistics:
 *
 * Gets the statistics of all scopes in the process, including those that no longer exist.
 *
 * The cost grows with the number of scopes. This function may be called on any thread.
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
 * Gets the number of entries of a kind that the scope owns, without those of its children.
 *
 * This function allocates nothing, and its cost does not depend on the number of entries. It may be
 * called on any thread. A closed scope has no entries.
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
  LifecycleTallyRow row;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), 0);
  g_return_val_if_fail ((guint) kind < LIFECYCLE_N_KINDS, 0);

  holdings = lifecycle_scope_lock_holdings (self);
  lifecycle_tally_get (&holdings->tally, kind, &row);
  lifecycle_ledger_unlock (&holdings->ledger);

  return (guint) (row.added - row.released - row.retired);
}

/**
 * lifecycle_statistics_copy:
 * @self: the statistics
 *
 * Copies the statistics.
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
 * @self: the statistics
 *
 * Frees the statistics.
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
 * @self: the statistics
 * @kind: a kind
 *
 * Gets the number of entries of a kind that existed.
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
 * @self: the statistics
 * @kind: a kind
 *
 * Gets the number of entries of a kind that have ever been added.
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
 * @self: the statistics
 * @kind: a kind
 *
 * Gets the number of entries of a kind that were ended by a close or by [method@Scope.clear].
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
 * @self: the statistics
 * @kind: a kind
 *
 * Gets the number of entries of a kind that left their scope before a close: they ended by
 * themselves, other code ended them, or they were stolen.
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
 * @self: the statistics
 *
 * Gets the number of entries of all kinds that existed.
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
 * @self: the statistics
 *
 * Gets the largest number of entries that a scope has ever had at the same time. If several scopes
 * were counted, this is the largest number that any single one of them had.
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
 * @self: the statistics
 *
 * Gets the number of attempts to add an entry to a scope that was closing or closed.
 *
 * Returns: the number of entries
 *
 * Since: 1.0
 */
guint64
lifecycle_statistics_get_n_late (LifecycleStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->mishaps.late;
}

/**
 * lifecycle_statistics_get_n_failed:
 * @self: the statistics
 *
 * Gets the number of cleanups that have failed.
 *
 * Returns: the number of cleanups
 *
 * Since: 1.0
 */
guint64
lifecycle_statistics_get_n_failed (LifecycleStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->mishaps.failed;
}

/**
 * lifecycle_statistics_get_n_abandoned:
 * @self: the statistics
 *
 * Gets the number of things that waited for the home context of their scope, and were released
 * because no thread runs that context any more.
 *
 * These are the results of operations, emissions for queued handlers, exits of processes, closes
 * and drains that were waiting, and scopes that were closed or dropped on another thread. If a
 * thread closes its scopes before it ends, there are none; see [the page on
 * threads](threads.html#the-end-of-a-home).
 *
 * Returns: the number of things
 *
 * Since: 1.0
 */
guint64
lifecycle_statistics_get_n_abandoned (LifecycleStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->mishaps.abandoned;
}

/**
 * lifecycle_statistics_get_n_scopes:
 * @self: the statistics
 *
 * Gets the number of scopes that were open or closing.
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
 * @self: the statistics
 * @reason: a reason, or [enum@Reason.none] for all reasons
 *
 * Gets the number of scopes that have closed for a reason.
 *
 * The statistics of a single scope count its children, recursive ones count all scopes below it.
 * The scope itself is counted by its parent or, if it has none, by the process.
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
 * @self: the statistics
 *
 * Gets the total time that it took to close the scopes that [method@Statistics.get_n_closed]
 * counts.
 *
 * The time of a scope that was closed together with its parent is part of the parent's time.
 * Closing a scope that owned nothing is not measured. A [method@Scope.close_async] is measured
 * until it has completed.
 *
 * Returns: the time, in microseconds
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
 * @self: the statistics
 *
 * Gets the time that the longest close took; see [method@Statistics.get_closing_time].
 *
 * Returns: the time, in microseconds
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
 * @self: the statistics
 *
 * Describes the statistics in one line, for a log or a terminal: what exists, and how scopes have
 * closed. The text is not meant to be parsed.
 *
 * Returns: (transfer full): the description
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
  if (self->mishaps.late > 0)
    g_string_append_printf (string, "; late %" G_GUINT64_FORMAT, self->mishaps.late);
  if (self->mishaps.failed > 0)
    g_string_append_printf (string, "; failed %" G_GUINT64_FORMAT, self->mishaps.failed);
  if (self->mishaps.abandoned > 0)
    g_string_append_printf (string, "; abandoned %" G_GUINT64_FORMAT, self->mishaps.abandoned);

  return g_string_free (string, FALSE);
}
