/* lifecycle-gtk-widget.h: the scope of a widget
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
LifecycleScope *lifecycle_gtk_scope_of                      (GtkWidget      *widget);
LIFECYCLE_AVAILABLE_IN_1_0
void            lifecycle_gtk_widget_class_dispose_template (GtkWidgetClass *klass);

#ifndef __GI_SCANNER__

/* The same functions with the name of the entry as the first argument: a static string, or NULL. */
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope *lifecycle_gtk_scope_of_at                   (const char     *place,
                                                             GtkWidget      *widget);

#ifndef LIFECYCLE_DISABLE_SOURCE_NAMES
#define lifecycle_gtk_scope_of(...) lifecycle_gtk_scope_of_at (LIFECYCLE_PLACE, __VA_ARGS__)
#endif

#endif /* __GI_SCANNER__ */

G_END_DECLS
