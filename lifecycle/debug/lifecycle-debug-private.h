/* lifecycle-debug-private.h: debugging aids, started when the first scope is created
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-home-private.h"

G_BEGIN_DECLS

void lifecycle_debug_start  (void);
void lifecycle_limit_start  (void);
void lifecycle_log_init     (void);
void lifecycle_sysprof_init (void);
void lifecycle_trace_start  (void);

G_END_DECLS
