/* arena-bus.h: the server's status on the session bus
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-game.h"

G_BEGIN_DECLS

/* Until @root closes. */
gboolean arena_bus_export (LifecycleScope  *root,
                           ArenaGame       *game,
                           GError         **error);

G_END_DECLS
