/* arena-soak.h: measures the server while a client process plays
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-config.h"

G_BEGIN_DECLS

/* The exit status of the process. */
#define ARENA_SOAK_CLEAN  0
#define ARENA_SOAK_LEAKS  1
#define ARENA_SOAK_FAILED 2

/* Writes the report if @report_filename is not NULL. */
int arena_soak_run (const char *report_filename);

/* Runs the soak unmanaged and managed, each with its own server and client processes. */
int arena_demo_run (const char *report_filename);

G_END_DECLS
