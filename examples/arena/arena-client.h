/* arena-client.h: the process that plays, in the soak
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-config.h"

G_BEGIN_DECLS

/* Returns the exit status of the process. */
int arena_client_run (void);

G_END_DECLS
