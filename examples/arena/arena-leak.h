/* arena-leak.h: leaks that are planted, to see that the soak finds them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-config.h"

G_BEGIN_DECLS

gboolean arena_leak_is_known (const char *what);

/* A view starts. Leaks what --leak says; usually that is nothing. */
void     arena_leak          (ArenaView  *view);

G_END_DECLS
