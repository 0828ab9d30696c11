/* lifecycle-error.h: the error domain
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (LIFECYCLE_INSIDE) && !defined (LIFECYCLE_COMPILATION)
#error "Only <lifecycle.h> can be included directly."
#endif

#include <glib-object.h>

#include "lifecycle-visibility.h"

G_BEGIN_DECLS

/**
 * LifecycleError:
 * @LIFECYCLE_ERROR_CLEANUP: several cleanups failed; the message lists them all
 * @LIFECYCLE_ERROR_TIMED_OUT: a close gave up waiting at its deadline; the message lists what is
 *   pending
 *
 * The errors of this library.
 *
 * Since: 1.0
 */
typedef enum
{
  LIFECYCLE_ERROR_CLEANUP,
  LIFECYCLE_ERROR_TIMED_OUT
} LifecycleError;

#define LIFECYCLE_ERROR (lifecycle_error_quark ())

LIFECYCLE_AVAILABLE_IN_1_0
GQuark lifecycle_error_quark (void);

G_END_DECLS
