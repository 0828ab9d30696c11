/* lifecycle-gtk-inspector-page-private.h: a page of GTK Inspector that shows scopes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define LIFECYCLE_GTK_TYPE_INSPECTOR_PAGE (lifecycle_gtk_inspector_page_get_type ())
G_DECLARE_FINAL_TYPE (LifecycleGtkInspectorPage, lifecycle_gtk_inspector_page,
                      LIFECYCLE_GTK, INSPECTOR_PAGE, GtkWidget)

G_END_DECLS
