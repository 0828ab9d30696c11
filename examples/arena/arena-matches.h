/* arena-matches.h: the service "matches", and its view, a match between two players
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-view.h"

G_BEGIN_DECLS

#define ARENA_TYPE_MATCH (arena_match_get_type ())
G_DECLARE_FINAL_TYPE (ArenaMatch, arena_match, ARENA, MATCH, ArenaView)

guint        arena_match_get_id      (ArenaMatch   *self);

#define ARENA_TYPE_MATCHES (arena_matches_get_type ())
G_DECLARE_FINAL_TYPE (ArenaMatches, arena_matches, ARENA, MATCHES, ArenaService)

void         arena_matches_offer     (ArenaMatches *self,
                                      ArenaPlayer  *first,
                                      ArenaPlayer  *second);
ArenaMatch  *arena_matches_find      (ArenaMatches *self,
                                      ArenaPlayer  *player);

/* The player is in a match. */
void         arena_matches_accept    (ArenaMatches *self,
                                      ArenaPlayer  *player);
void         arena_matches_abort     (ArenaMatches *self,
                                      ArenaPlayer  *player);
void         arena_matches_report    (ArenaMatches *self,
                                      ArenaPlayer  *player,
                                      gboolean      won);
guint        arena_matches_count     (ArenaMatches *self);

G_END_DECLS
