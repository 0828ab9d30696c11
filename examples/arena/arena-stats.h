/* arena-stats.h: the replies to !stats
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-game.h"

G_BEGIN_DECLS

void arena_stats_tell (ArenaGame   *game,
                       ArenaPlayer *player);

G_END_DECLS
