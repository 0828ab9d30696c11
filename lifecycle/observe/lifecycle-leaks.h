/* lifecycle-leaks.h: objects that should be gone but are not
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (LIFECYCLE_INSIDE) && !defined (LIFECYCLE_COMPILATION)
#error "Only <lifecycle.h> can be included directly."
#endif

#include "lifecycle-leak.h"

G_BEGIN_DECLS

LIFECYCLE_AVAILABLE_IN_1_0
void        lifecycle_scope_expect_finalize (LifecycleScope *self,
                                             GObject        *object,
                                             const char     *why);

LIFECYCLE_AVAILABLE_IN_1_0
guint       lifecycle_get_leak_grace        (void);
LIFECYCLE_AVAILABLE_IN_1_0
void        lifecycle_set_leak_grace        (guint           grace_ms);
LIFECYCLE_AVAILABLE_IN_1_0
GListModel *lifecycle_list_leaks            (void);
LIFECYCLE_AVAILABLE_IN_1_0
guint       lifecycle_get_n_overdue         (void);
LIFECYCLE_AVAILABLE_IN_1_0
void        lifecycle_clear_leaks           (void);
LIFECYCLE_AVAILABLE_IN_1_0
void        lifecycle_report_leaks          (void);

#ifndef __GI_SCANNER__

/* The same function with the place of the call as its first argument: a string that is never freed,
 * or NULL.
 */
LIFECYCLE_AVAILABLE_IN_1_0
void        lifecycle_scope_expect_finalize_at (const char     *place,
                                                LifecycleScope *self,
                                                GObject        *object,
                                                const char     *why);

#ifndef LIFECYCLE_DISABLE_SOURCE_NAMES
#define lifecycle_scope_expect_finalize(...) lifecycle_scope_expect_finalize_at (LIFECYCLE_PLACE, __VA_ARGS__)
#endif

#endif /* __GI_SCANNER__ */

G_END_DECLS
