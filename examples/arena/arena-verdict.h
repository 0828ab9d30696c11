/* arena-verdict.h: what speaks against a run
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-report.h"

G_BEGIN_DECLS

/* Tells what the monitor says of the quiet moments, and what is left. Returns whether nothing speaks
 * against the run, and makes it a suspect otherwise. */
gboolean arena_verdict_print (ArenaRun         *run,
                              LifecycleMonitor *quiet);

G_END_DECLS
