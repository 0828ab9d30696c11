/* arena-bot.h: handles commands such as "!queue"
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-config.h"

G_BEGIN_DECLS

void arena_bot_command (ArenaGame   *game,
                        ArenaPlayer *player,
                        const char  *text);

G_END_DECLS
