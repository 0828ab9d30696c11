/* arena-rewards.h: the services "economy" and "achievements"
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-player.h"
#include "arena-service.h"

G_BEGIN_DECLS

#define ARENA_TYPE_ECONOMY (arena_economy_get_type ())
G_DECLARE_FINAL_TYPE (ArenaEconomy, arena_economy, ARENA, ECONOMY, ArenaService)

#define ARENA_TYPE_ACHIEVEMENTS (arena_achievements_get_type ())
G_DECLARE_FINAL_TYPE (ArenaAchievements, arena_achievements, ARENA, ACHIEVEMENTS, ArenaService)

guint arena_achievements_count (const ArenaScore *score);

G_END_DECLS
