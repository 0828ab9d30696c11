/* arena-rewards.c: the services "economy" and "achievements"
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-rewards.h"

#include "arena-game.h"
#include "arena-telemetry.h"

#define SALARY_MS  30000
#define COINS_WIN  10
#define COINS_LOSS 2

/* economy */

struct _ArenaEconomy
{
  ArenaService parent_instance;

  guint64      paid;
};

G_DEFINE_FINAL_TYPE (ArenaEconomy, arena_economy, ARENA_TYPE_SERVICE)

static void
finished_pay_cb (ArenaPlayer  *player,
                 gboolean      won,
                 ArenaEconomy *self)
{
  ArenaGame *game = arena_service_get_game (ARENA_SERVICE (self));
  ArenaScore *score = arena_player_get_score (player);
  guint coins = won ? COINS_WIN : COINS_LOSS;
  g_autofree char *text = g_strdup_printf ("You earned %u coins. !dismiss", coins);

  if (won)
    {
      score->wins++;
      score->streak++;
    }
  else
    {
      score->losses++;
      score->streak = 0;
    }
  score->coins += coins;
  self->paid += coins;

  arena_notifications_post (game->notifications, player, NULL, text);
  arena_service_changed (ARENA_SERVICE (self));
}

/* Players that stay connected earn a coin from time to time. */
static gboolean
salary_cb (gpointer user_data)
{
  ArenaPlayer *player = user_data;

  if (arena_player_is_gone (player))
    arena_total (ARENA_TOTAL_STRAY);
  else
    arena_player_get_score (player)->coins++;

  return G_SOURCE_CONTINUE;
}

static void
arena_economy_welcome (ArenaService *service,
                       ArenaPlayer  *player,
                       ArenaTies    *ties)
{
  arena_wiring->connect (ties, player, "finished", G_CALLBACK (finished_pay_cb), service);
  arena_wiring->every (ties, arena_ms (SALARY_MS), salary_cb, player);
}

static void
arena_economy_class_init (ArenaEconomyClass *klass)
{
  ARENA_SERVICE_CLASS (klass)->welcome = arena_economy_welcome;
}

static void
arena_economy_init (ArenaEconomy *self)
{
}

/* achievements */

struct _ArenaAchievements
{
  ArenaService parent_instance;
};

G_DEFINE_FINAL_TYPE (ArenaAchievements, arena_achievements, ARENA_TYPE_SERVICE)

static gboolean
is_first_win (const ArenaScore *score)
{
  return score->wins >= 1;
}

static gboolean
is_streak (const ArenaScore *score)
{
  return score->streak >= 3;
}

static gboolean
is_veteran (const ArenaScore *score)
{
  return score->wins + score->losses >= 10;
}

static const struct
{
  const char *title;
  gboolean  (*test) (const ArenaScore *score);
} achievements[] = {
  { "First blood", is_first_win },
  { "Three in a row", is_streak },
  { "Veteran", is_veteran },
};

static void
finished_check_cb (ArenaPlayer       *player,
                   gboolean           won,
                   ArenaAchievements *self)
{
  ArenaScore *score = arena_player_get_score (player);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (achievements); i++)
    {
      if ((score->badges & (1u << i)) != 0 || !achievements[i].test (score))
        continue;

      score->badges |= 1u << i;
      arena_player_notice (player, "Achievement: %s", achievements[i].title);
      arena_player_cue (player, "fanfare");
      arena_service_changed (ARENA_SERVICE (self));
    }
}

static void
arena_achievements_welcome (ArenaService *service,
                            ArenaPlayer  *player,
                            ArenaTies    *ties)
{
  arena_wiring->connect (ties, player, "finished", G_CALLBACK (finished_check_cb), service);
}

static void
arena_achievements_class_init (ArenaAchievementsClass *klass)
{
  ARENA_SERVICE_CLASS (klass)->welcome = arena_achievements_welcome;
}

static void
arena_achievements_init (ArenaAchievements *self)
{
}

guint
arena_achievements_count (const ArenaScore *score)
{
  guint n = 0;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (achievements); i++)
    n += (score->badges >> i) & 1;

  return n;
}
