/* lifecycle-alive-private.h: what keeps a main context busy
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-alive.h"

G_BEGIN_DECLS

/* The kinds that can keep a main loop running: sources, and work that other code does. */
#define LIFECYCLE_ALIVE_KINDS (1u << LIFECYCLE_KIND_SOURCE |    \
                               1u << LIFECYCLE_KIND_TIMER |     \
                               1u << LIFECYCLE_KIND_OPERATION | \
                               1u << LIFECYCLE_KIND_PROCESS |   \
                               1u << LIFECYCLE_KIND_SERVICE |   \
                               1u << LIFECYCLE_KIND_HOLD)

extern guint lifecycle_alive_interval;  /* ms */

void lifecycle_alive_start (void);

G_END_DECLS
