/* arena-bot.c: handles commands such as "!queue"
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-bot.h"

#include "arena-game.h"
#include "arena-player.h"
#include "arena-stats.h"

static void
command_queue (ArenaGame   *game,
               ArenaPlayer *player,
               const char  *argument)
{
  if (arena_matches_find (game->matches, player) != NULL)
    arena_player_notice (player, "You are in a match.");
  else if (arena_queue_find (game->queue, player) != NULL)
    arena_player_notice (player, "You are in the queue.");
  else
    arena_queue_join (game->queue, player);
}

static void
command_leave (ArenaGame   *game,
               ArenaPlayer *player,
               const char  *argument)
{
  if (arena_matches_find (game->matches, player) != NULL)
    arena_player_notice (player, "You are in a match: !abort ends it.");
  else if (arena_queue_find (game->queue, player) != NULL)
    arena_queue_leave (game->queue, player);
  else
    arena_player_notice (player, "You are not in the queue.");
}

static void
command_accept (ArenaGame   *game,
                ArenaPlayer *player,
                const char  *argument)
{
  if (arena_matches_find (game->matches, player) == NULL)
    arena_player_notice (player, "There is no match to accept.");
  else
    arena_matches_accept (game->matches, player);
}

static void
command_abort (ArenaGame   *game,
               ArenaPlayer *player,
               const char  *argument)
{
  if (arena_matches_find (game->matches, player) == NULL)
    arena_player_notice (player, "You are not in a match.");
  else
    arena_matches_abort (game->matches, player);
}

static void
command_report (ArenaGame   *game,
                ArenaPlayer *player,
                const char  *argument)
{
  gboolean won = g_ascii_strcasecmp (argument, "win") == 0;

  if (!won && g_ascii_strcasecmp (argument, "loss") != 0)
    arena_player_notice (player, "Use !report win or !report loss.");
  else if (arena_matches_find (game->matches, player) == NULL)
    arena_player_notice (player, "You are not in a match.");
  else
    arena_matches_report (game->matches, player, won);
}

static void
command_dismiss (ArenaGame   *game,
                 ArenaPlayer *player,
                 const char  *argument)
{
  arena_player_notice (player, "Dismissed: %u.",
                       arena_notifications_dismiss (game->notifications, player));
}

static void
command_stats (ArenaGame   *game,
               ArenaPlayer *player,
               const char  *argument)
{
  arena_stats_tell (game, player);
}

static const struct
{
  const char *name;
  void      (*func) (ArenaGame   *game,
                     ArenaPlayer *player,
                     const char  *argument);
} commands[] = {
  { "!queue", command_queue },
  { "!leave", command_leave },
  { "!accept", command_accept },
  { "!abort", command_abort },
  { "!report", command_report },
  { "!dismiss", command_dismiss },
  { "!stats", command_stats },
};

void
arena_bot_command (ArenaGame   *game,
                   ArenaPlayer *player,
                   const char  *text)
{
  g_autofree char *copy = g_strstrip (g_strdup (text));
  char *argument = copy;
  guint i;

  while (*argument != '\0' && !g_ascii_isspace (*argument))
    argument++;
  if (*argument != '\0')
    *argument++ = '\0';
  argument = g_strstrip (argument);

  for (i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      if (g_ascii_strcasecmp (copy, commands[i].name) == 0)
        {
          commands[i].func (game, player, argument);
          return;
        }
    }

  arena_player_notice (player, "Commands: !queue, !leave, !accept, !abort, !report win|loss, "
                               "!dismiss, !stats");
}
