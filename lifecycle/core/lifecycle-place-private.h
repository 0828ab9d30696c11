/* lifecycle-place-private.h: the places that modules for other languages pass
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-binding.h"
#include "lifecycle-shared-private.h"

G_BEGIN_DECLS

LIFECYCLE_SHARED
const char *lifecycle_take_place (void);

G_END_DECLS
