/* arena-queue.h: the service "queue", and its view, a search for a match
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-view.h"

G_BEGIN_DECLS

#define ARENA_TYPE_SEARCH (arena_search_get_type ())
G_DECLARE_FINAL_TYPE (ArenaSearch, arena_search, ARENA, SEARCH, ArenaView)

#define ARENA_TYPE_QUEUE (arena_queue_get_type ())
G_DECLARE_FINAL_TYPE (ArenaQueue, arena_queue, ARENA, QUEUE, ArenaService)

void         arena_queue_join   (ArenaQueue      *self,
                                 ArenaPlayer     *player);
void         arena_queue_leave  (ArenaQueue      *self,
                                 ArenaPlayer     *player);

/* A search goes on while its match is on offer, and ends with the answer. */
void         arena_queue_settle (ArenaQueue      *self,
                                 ArenaPlayer     *player,
                                 LifecycleReason  reason);
ArenaSearch *arena_queue_find   (ArenaQueue      *self,
                                 ArenaPlayer     *player);
guint        arena_queue_count  (ArenaQueue      *self);

G_END_DECLS
