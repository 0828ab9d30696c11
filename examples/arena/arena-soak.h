/* arena-soak.h: a server and a client process that plays, measured
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-config.h"

G_BEGIN_DECLS

/* The exit status of the process: what was found, or that nothing could be measured. */
#define ARENA_SOAK_CLEAN  0
#define ARENA_SOAK_LEAKS  1
#define ARENA_SOAK_FAILED 2

/* The page is written if there is a name for it. */
int arena_soak_run (const char *report_filename);

/* Both ways, each with a server process and a client process of its own. */
int arena_demo_run (const char *report_filename);

G_END_DECLS
