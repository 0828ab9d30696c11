/* lifecycle-gtk.h: the only header to include for GTK
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <lifecycle.h>

#define LIFECYCLE_GTK_INSIDE

#include "lifecycle-gtk-action.h"
#include "lifecycle-gtk-application.h"
#include "lifecycle-gtk-builder.h"
#include "lifecycle-gtk-events.h"
#include "lifecycle-gtk-expression.h"
#include "lifecycle-gtk-inspector.h"
#include "lifecycle-gtk-leaks.h"
#include "lifecycle-gtk-phase.h"
#include "lifecycle-gtk-rows.h"
#include "lifecycle-gtk-surface.h"
#include "lifecycle-gtk-widget.h"

#undef LIFECYCLE_GTK_INSIDE
