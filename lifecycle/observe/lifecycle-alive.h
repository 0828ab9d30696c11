/* lifecycle-alive.h: what keeps a main context busy
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (LIFECYCLE_INSIDE) && !defined (LIFECYCLE_COMPILATION)
#error "Only <lifecycle.h> can be included directly."
#endif

#include "lifecycle-types.h"

G_BEGIN_DECLS

LIFECYCLE_AVAILABLE_IN_1_0
GListModel *lifecycle_list_alive    (GMainContext *context);
LIFECYCLE_AVAILABLE_IN_1_0
char       *lifecycle_explain_alive (GMainContext *context);

G_END_DECLS
