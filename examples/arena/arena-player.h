/* arena-player.h: a player
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-config.h"

G_BEGIN_DECLS

#define ARENA_TYPE_PLAYER (arena_player_get_type ())
G_DECLARE_FINAL_TYPE (ArenaPlayer, arena_player, ARENA, PLAYER, GObject)

typedef struct
{
  guint wins;
  guint losses;
  guint streak;
  guint coins;
  guint badges;             /* a bit for each achievement */
} ArenaScore;

ArenaPlayer *arena_player_new            (void);

const char  *arena_player_get_nick       (ArenaPlayer *self);
void         arena_player_set_nick       (ArenaPlayer *self,
                                          const char  *nick);
const char  *arena_player_get_user       (ArenaPlayer *self);
void         arena_player_set_user       (ArenaPlayer *self,
                                          const char  *user,
                                          const char  *real_name);
const char  *arena_player_get_real_name  (ArenaPlayer *self);
char        *arena_player_dup_mask       (ArenaPlayer *self);
gboolean     arena_player_get_registered (ArenaPlayer *self);
void         arena_player_set_registered (ArenaPlayer *self);
ArenaScore  *arena_player_get_score      (ArenaPlayer *self);

/* What the player's own client is to see: a whole line without its end. */
void         arena_player_send           (ArenaPlayer *self,
                                          const char  *format,
                                          ...) G_GNUC_PRINTF (2, 3);
void         arena_player_notice         (ArenaPlayer *self,
                                          const char  *format,
                                          ...) G_GNUC_PRINTF (2, 3);

/* What happened to the player. */
void         arena_player_said           (ArenaPlayer *self,
                                          const char  *text);
void         arena_player_finished       (ArenaPlayer *self,
                                          gboolean     won);
void         arena_player_cue            (ArenaPlayer *self,
                                          const char  *sound);
void         arena_player_leave          (ArenaPlayer *self,
                                          const char  *why);
gboolean     arena_player_is_gone        (ArenaPlayer *self);
const char  *arena_player_get_why        (ArenaPlayer *self);

G_END_DECLS
