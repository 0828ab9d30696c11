/* lifecycle-inspect.h: looking into a running program from outside
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (LIFECYCLE_INSIDE) && !defined (LIFECYCLE_COMPILATION)
#error "Only <lifecycle.h> can be included directly."
#endif

#include "lifecycle-types.h"

#ifdef G_OS_UNIX

G_BEGIN_DECLS

/**
 * LifecycleInspectFlags:
 * @LIFECYCLE_INSPECT_DEFAULT: look, and change nothing
 * @LIFECYCLE_INSPECT_ALLOW_CLOSE: also let `lifecycle close` close scopes
 *
 * Flags for [func@inspect_start].
 *
 * Since: 1.0
 */
typedef enum
{
  LIFECYCLE_INSPECT_DEFAULT     = 0,
  LIFECYCLE_INSPECT_ALLOW_CLOSE = 1 << 0
} LifecycleInspectFlags;

LIFECYCLE_AVAILABLE_IN_1_0
gboolean    lifecycle_inspect_start      (LifecycleInspectFlags   flags,
                                          GError                **error);
LIFECYCLE_AVAILABLE_IN_1_0
void        lifecycle_inspect_stop       (void);
LIFECYCLE_AVAILABLE_IN_1_0
char       *lifecycle_inspect_get_socket (void);

G_END_DECLS

#endif /* G_OS_UNIX */
