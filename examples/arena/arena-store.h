/* arena-store.h: players' scores on disk
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-player.h"

G_BEGIN_DECLS

/* Loads the score of the player from disk, and saves it when the player leaves. */
void arena_store_keep (ArenaPlayer *player,
                       const char  *name);

G_END_DECLS
