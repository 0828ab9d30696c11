/* lifecycle-close-async-private.h: a close that waits for what is under way
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-scope-private.h"

G_BEGIN_DECLS

gboolean lifecycle_close_wait_cut_short (LifecycleScope *scope,
                                         guint          *n_released);

G_END_DECLS
