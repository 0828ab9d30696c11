/* lifecycle-gtk-application-private.h: the scope of an application
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-gtk-application.h"

G_BEGIN_DECLS

void lifecycle_gtk_follow_application (GtkWindow      *window,
                                       LifecycleScope *scope);

G_END_DECLS
