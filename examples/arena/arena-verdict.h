/* arena-verdict.h: what speaks against a run
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-report.h"

G_BEGIN_DECLS

/* Prints the results of all checks. Returns whether the run is clean. */
gboolean arena_verdict_print (ArenaRun         *run,
                              LifecycleMonitor *quiet);

G_END_DECLS
