/* arena-stats.c: the replies to !stats
 *
 * The scopes know all of these numbers, by player, by service, by kind and by reason, so the
 * program does not have to count anything. If the game is wired by hand, only the network has
 * scopes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-stats.h"

#include "arena-player.h"
#include "arena-telemetry.h"

static void
append_kinds (GString             *text,
              LifecycleStatistics *statistics)
{
  const char *separator = ": ";
  int kind;

  for (kind = 0; kind < ARENA_N_KINDS; kind++)
    {
      guint n = lifecycle_statistics_get_live (statistics, (LifecycleKind) kind);

      if (n == 0)
        continue;
      g_string_append_printf (text, "%s%s %u", separator,
                              arena_kind_to_string ((LifecycleKind) kind), n);
      separator = ", ";
    }
}

/* Tells what a scope and its descendants own. */
static void
tell_entries (ArenaPlayer    *player,
              const char     *title,
              LifecycleScope *scope)
{
  g_autoptr (LifecycleStatistics) statistics = lifecycle_scope_get_statistics (scope, TRUE);
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, "%s: %u entries in %u scopes", title,
                          lifecycle_statistics_get_total_live (statistics),
                          lifecycle_statistics_get_n_scopes (statistics));
  append_kinds (text, statistics);
  arena_player_notice (player, "%s.", text->str);
}

/* A service is a child of the root, and is found by its name. */
static LifecycleStatistics *
get_service_statistics (ArenaGame *game,
                        guint      i,
                        gboolean   recursive)
{
  const char *name = arena_service_get_name (g_ptr_array_index (game->services, i));

  return lifecycle_scope_get_statistics (lifecycle_scope_get_child (game->root, name), recursive);
}

static void
tell_services (ArenaGame   *game,
               ArenaPlayer *player)
{
  g_autoptr (GString) text = g_string_new (NULL);
  guint i;

  for (i = 0; i < game->services->len; i++)
    {
      g_autoptr (LifecycleStatistics) statistics = get_service_statistics (game, i, TRUE);

      g_string_append_printf (text, "%s%s %u", i > 0 ? ", " : "",
                              arena_service_get_name (g_ptr_array_index (game->services, i)),
                              lifecycle_statistics_get_total_live (statistics));
    }
  arena_player_notice (player, "By service: %s.", text->str);
}

/* Tells how views have ended. Other children of the services close for other reasons. */
static void
tell_ends (ArenaGame   *game,
           ArenaPlayer *player)
{
  guint64 ended[ARENA_N_REASONS] = { 0, };
  guint i, reason;

  for (i = 0; i < game->services->len; i++)
    {
      g_autoptr (LifecycleStatistics) statistics = get_service_statistics (game, i, FALSE);

      for (reason = LIFECYCLE_REASON_NONE + 1; reason < ARENA_N_REASONS; reason++)
        ended[reason] += lifecycle_statistics_get_n_closed (statistics, (LifecycleReason) reason);
    }

  arena_player_notice (player, "So far: %" G_GUINT64_FORMAT " completed, %" G_GUINT64_FORMAT
                               " aborted, %" G_GUINT64_FORMAT " conflicted, %" G_GUINT64_FORMAT
                               " timed out.",
                       ended[LIFECYCLE_REASON_COMPLETED], ended[LIFECYCLE_REASON_ABORTED],
                       ended[LIFECYCLE_REASON_CONFLICTED], ended[LIFECYCLE_REASON_TIMED_OUT]);
}

static void
tell_closings (ArenaGame   *game,
               ArenaPlayer *player)
{
  g_autoptr (LifecycleStatistics) statistics = lifecycle_scope_get_statistics (game->root, TRUE);
  g_autoptr (GString) text = g_string_new (NULL);
  int i;

  for (i = LIFECYCLE_REASON_NONE + 1; i < ARENA_N_REASONS; i++)
    {
      guint64 n = lifecycle_statistics_get_n_closed (statistics, (LifecycleReason) i);

      if (n > 0)
        g_string_append_printf (text, "%s%" G_GUINT64_FORMAT " %s", text->len > 0 ? ", " : "", n,
                                arena_closing_to_string ((LifecycleReason) i));
    }
  arena_player_notice (player, "Closed: %s.", text->len > 0 ? text->str : "nothing yet");
}

static void
tell_memory (ArenaPlayer       *player,
             const ArenaSample *sample)
{
  g_autoptr (GEnumClass) verdicts = g_type_class_ref (LIFECYCLE_TYPE_VERDICT);
  LifecycleVerdict verdict = lifecycle_monitor_get_verdict (arena_monitor_get ());

  arena_player_notice (player, "Memory: %.1f MiB, %.1f MiB of it in use; growth: %s; overdue: %"
                               G_GINT64_FORMAT ".",
                       (double) sample->rss_kib / 1024, (double) sample->heap_kib / 1024,
                       g_enum_get_value (verdicts, verdict)->value_nick,
                       sample->live[ARENA_LIVE_OVERDUE]);
}

void
arena_stats_tell (ArenaGame   *game,
                  ArenaPlayer *player)
{
  const ArenaScore *score = arena_player_get_score (player);
  ArenaSample sample;

  arena_sample_take (&sample, game->root);

  arena_player_notice (player, "You: %u won, %u lost, %u coins, %u achievements.",
                       score->wins, score->losses, score->coins,
                       arena_achievements_count (score));
  arena_player_notice (player, "Now: %u players, %u searches, %u matches.",
                       arena_players_count (game->players), arena_queue_count (game->queue),
                       arena_matches_count (game->matches));
  arena_player_notice (player, "In progress: %" G_GINT64_FORMAT " reads, %" G_GINT64_FORMAT
                               " writes, %" G_GINT64_FORMAT " loads of scores.",
                       sample.live[ARENA_LIVE_READS], sample.live[ARENA_LIVE_WRITES],
                       sample.live[ARENA_LIVE_LOADS]);
  if (arena_config_get ()->managed)
    tell_ends (game, player);
  else
    arena_analytics_tell (game->analytics, player);

  tell_entries (player, "Yours", lifecycle_scope_of (G_OBJECT (player)));
  tell_entries (player, "All", game->root);
  if (arena_config_get ()->managed)
    tell_services (game, player);
  tell_closings (game, player);
  tell_memory (player, &sample);
}
