/* arena-server.h: listens for clients until its scope closes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-game.h"

G_BEGIN_DECLS

typedef struct _ArenaServer ArenaServer;

/* Transfer none: the scope owns it. */
ArenaServer *arena_server_new      (LifecycleScope  *root,
                                    ArenaGame       *game,
                                    GError         **error);
guint        arena_server_get_port (ArenaServer     *self);
void         arena_server_stop     (ArenaServer     *self);

G_END_DECLS
