/* arena-records.h: the services "analytics" and "data"
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-service.h"

G_BEGIN_DECLS

#define ARENA_TYPE_ANALYTICS (arena_analytics_get_type ())
G_DECLARE_FINAL_TYPE (ArenaAnalytics, arena_analytics, ARENA, ANALYTICS, ArenaService)

void arena_analytics_tell (ArenaAnalytics *self,
                           ArenaPlayer    *player);

#define ARENA_TYPE_DATA (arena_data_get_type ())
G_DECLARE_FINAL_TYPE (ArenaData, arena_data, ARENA, DATA, ArenaService)

G_END_DECLS
