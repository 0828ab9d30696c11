/* arena-service.h: a part of the game that lives as long as the server
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-wiring.h"

G_BEGIN_DECLS

#define ARENA_TYPE_SERVICE (arena_service_get_type ())
G_DECLARE_DERIVABLE_TYPE (ArenaService, arena_service, ARENA, SERVICE, GObject)

/**
 * ArenaServiceClass:
 * @start: all services exist; connect to them
 * @welcome: a player registered; the ties are this service's share of that player
 * @forget: that player, or that view, is going: take it out of all tables
 */
struct _ArenaServiceClass
{
  GObjectClass parent_class;

  void (*start)   (ArenaService *self);
  void (*welcome) (ArenaService *self,
                   ArenaPlayer  *player,
                   ArenaTies    *ties);
  void (*forget)  (ArenaService *self,
                   GObject      *object);
};

gpointer    arena_service_new         (GType         type,
                                       const char   *name,
                                       ArenaGame    *game);
void        arena_service_start       (ArenaService *self,
                                       LifecycleScope *root);
void        arena_service_welcome     (ArenaService *self,
                                       ArenaPlayer  *player);
void        arena_service_forget      (ArenaService *self,
                                       GObject      *object);

const char *arena_service_get_name    (ArenaService *self);
ArenaGame  *arena_service_get_game    (ArenaService *self);
ArenaTies  *arena_service_get_ties    (ArenaService *self);

/* Emits "changed". */
void        arena_service_changed     (ArenaService *self);

/* Emits "view-ended". */
void        arena_service_view_ended  (ArenaService *self,
                                       ArenaView    *view);

G_END_DECLS
