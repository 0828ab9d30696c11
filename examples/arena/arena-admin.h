/* arena-admin.h: the service "admin", and its view: a report that awaits the other player's
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-matches.h"

G_BEGIN_DECLS

#define ARENA_TYPE_CONFIRMATION (arena_confirmation_get_type ())
G_DECLARE_FINAL_TYPE (ArenaConfirmation, arena_confirmation, ARENA, CONFIRMATION, ArenaView)

#define ARENA_TYPE_ADMIN (arena_admin_get_type ())
G_DECLARE_FINAL_TYPE (ArenaAdmin, arena_admin, ARENA, ADMIN, ArenaService)

void arena_admin_ask    (ArenaAdmin      *self,
                         ArenaMatch      *match,
                         ArenaPlayer     *player);
void arena_admin_settle (ArenaAdmin      *self,
                         ArenaMatch      *match,
                         LifecycleReason  reason);

G_END_DECLS
