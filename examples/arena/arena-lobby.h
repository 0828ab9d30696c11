/* arena-lobby.h: the services "players" and "chat"
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-service.h"

G_BEGIN_DECLS

#define ARENA_TYPE_PLAYERS (arena_players_get_type ())
G_DECLARE_FINAL_TYPE (ArenaPlayers, arena_players, ARENA, PLAYERS, ArenaService)

void         arena_players_admit        (ArenaPlayers *self,
                                         ArenaPlayer  *player);
gboolean     arena_players_claim        (ArenaPlayers *self,
                                         ArenaPlayer  *player,
                                         const char   *nick);
ArenaPlayer *arena_players_find         (ArenaPlayers *self,
                                         const char   *nick);
guint        arena_players_count        (ArenaPlayers *self);

#define ARENA_TYPE_CHAT (arena_chat_get_type ())
G_DECLARE_FINAL_TYPE (ArenaChat, arena_chat, ARENA, CHAT, ArenaService)

gboolean     arena_chat_is_member       (ArenaChat    *self,
                                         ArenaPlayer  *player);
void         arena_chat_join            (ArenaChat    *self,
                                         ArenaPlayer  *player);
void         arena_chat_part            (ArenaChat    *self,
                                         ArenaPlayer  *player,
                                         const char   *why);
void         arena_chat_say             (ArenaChat    *self,
                                         ArenaPlayer  *player,
                                         const char   *verb,
                                         const char   *text);
void         arena_chat_announce        (ArenaChat    *self,
                                         const char   *format,
                                         ...) G_GNUC_PRINTF (2, 3);
GPtrArray   *arena_chat_dup_members     (ArenaChat    *self);

G_END_DECLS
