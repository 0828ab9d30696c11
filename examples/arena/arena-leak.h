/* arena-leak.h: planted leaks, to check that the soak finds them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-config.h"

G_BEGIN_DECLS

gboolean arena_leak_is_known (const char *what);

/* Called when a view starts. Leaks what --leak says, which is nothing by default. */
void     arena_leak          (ArenaView  *view);

G_END_DECLS
