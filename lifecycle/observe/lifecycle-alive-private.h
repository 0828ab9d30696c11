/* lifecycle-alive-private.h: what keeps a main context busy
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-alive.h"

G_BEGIN_DECLS

extern guint lifecycle_alive_interval;  /* ms */

void lifecycle_alive_start (void);

G_END_DECLS
