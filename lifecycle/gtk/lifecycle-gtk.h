/* lifecycle-gtk.h: the only header to include for GTK
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <lifecycle.h>

#define LIFECYCLE_GTK_INSIDE

#include "lifecycle-gtk-inspector.h"
#include "lifecycle-gtk-phase.h"
#include "lifecycle-gtk-widget.h"

#undef LIFECYCLE_GTK_INSIDE
