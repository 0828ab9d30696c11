/* arena-connection.h: a client: its socket, its scope, its player
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-game.h"

G_BEGIN_DECLS

#define ARENA_TYPE_CONNECTION (arena_connection_get_type ())
G_DECLARE_FINAL_TYPE (ArenaConnection, arena_connection, ARENA, CONNECTION, GObject)

/* Everything of it belongs to a child of @parent, the object itself included. */
void         arena_connection_open       (LifecycleScope    *parent,
                                          GSocketConnection *stream,
                                          ArenaGame         *game);

ArenaGame   *arena_connection_get_game   (ArenaConnection   *self);
ArenaPlayer *arena_connection_get_player (ArenaConnection   *self);
void         arena_connection_send       (ArenaConnection   *self,
                                          const char        *line);
void         arena_connection_close      (ArenaConnection   *self,
                                          LifecycleReason    reason,
                                          const char        *why);

G_END_DECLS
