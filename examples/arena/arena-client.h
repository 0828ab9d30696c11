/* arena-client.h: the client process of the soak, which plays
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-config.h"

G_BEGIN_DECLS

/* Returns the exit status of the process. */
int arena_client_run (void);

G_END_DECLS
