/* arena-ambience.h: the services "audio cues" and "obstacles"
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-matches.h"

G_BEGIN_DECLS

#define ARENA_TYPE_AUDIO (arena_audio_get_type ())
G_DECLARE_FINAL_TYPE (ArenaAudio, arena_audio, ARENA, AUDIO, ArenaService)

#define ARENA_TYPE_OBSTACLES (arena_obstacles_get_type ())
G_DECLARE_FINAL_TYPE (ArenaObstacles, arena_obstacles, ARENA, OBSTACLES, ArenaService)

/* They stay as long as the match. */
void arena_obstacles_lay (ArenaObstacles *self,
                          ArenaMatch     *match);

G_END_DECLS
