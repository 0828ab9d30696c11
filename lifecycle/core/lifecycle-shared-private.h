/* lifecycle-shared-private.h: private functions for the other libraries of this project
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-visibility.h"

/* Exported for the libraries that are built from the same source, such as the one for GTK. Users must
 * not call such a function: there is no public header with it, and it may change at any time.
 */
#define LIFECYCLE_SHARED _LIFECYCLE_EXTERN
