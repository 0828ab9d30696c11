/* lifecycle-gtk-leaks.h: widgets that should be gone
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (LIFECYCLE_GTK_INSIDE) && !defined (LIFECYCLE_COMPILATION)
#error "Only <lifecycle-gtk.h> can be included directly."
#endif

#include <gtk/gtk.h>
#include <lifecycle.h>

G_BEGIN_DECLS

LIFECYCLE_AVAILABLE_IN_1_0
void lifecycle_gtk_watch_widgets (guint grace_ms);

G_END_DECLS
