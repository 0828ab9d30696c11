/* arena-game.h: the dozen services, and the heartbeat
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-ambience.h"
#include "arena-admin.h"
#include "arena-lobby.h"
#include "arena-matches.h"
#include "arena-notifications.h"
#include "arena-queue.h"
#include "arena-records.h"
#include "arena-rewards.h"

G_BEGIN_DECLS

#define ARENA_TYPE_GAME (arena_game_get_type ())
G_DECLARE_FINAL_TYPE (ArenaGame, arena_game, ARENA, GAME, GObject)

struct _ArenaGame
{
  GObject             parent_instance;

  LifecycleScope     *root;     /* of the server, which it does not outlive; holds no reference */

  /* all there from the beginning to the end */
  ArenaPlayers       *players;
  ArenaChat          *chat;
  ArenaQueue         *queue;
  ArenaMatches       *matches;
  ArenaNotifications *notifications;
  ArenaAdmin         *admin;
  ArenaEconomy       *economy;
  ArenaAchievements  *achievements;
  ArenaAnalytics     *analytics;
  ArenaData          *data;
  ArenaAudio         *audio;
  ArenaObstacles     *obstacles;

  GPtrArray          *services;
};

ArenaGame *arena_game_new     (LifecycleScope *root);
void       arena_game_welcome (ArenaGame      *self,
                               ArenaPlayer    *player);
void       arena_game_stop    (ArenaGame      *self);

G_END_DECLS
