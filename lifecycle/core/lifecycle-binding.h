/* lifecycle-binding.h: what modules for other languages need
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
void      lifecycle_set_place               (const char     *place);
LIFECYCLE_AVAILABLE_IN_1_0
guint     lifecycle_intern_place            (const char     *place);
LIFECYCLE_AVAILABLE_IN_1_0
const char *lifecycle_scope_get_place       (LifecycleScope *self);
LIFECYCLE_AVAILABLE_IN_1_0
void      lifecycle_scope_add_failure       (LifecycleScope *self,
                                             const char     *place,
                                             const char     *message);
LIFECYCLE_AVAILABLE_IN_1_0
char     *lifecycle_scope_get_error_message (LifecycleScope *self);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_get_collected     (LifecycleScope *self);
LIFECYCLE_AVAILABLE_IN_1_0
void      lifecycle_scope_set_collected     (LifecycleScope *self,
                                             gboolean        collected);

G_END_DECLS
