/* lifecycle-gtk-widget-state-private.h: the states of a widget, as properties
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define LIFECYCLE_GTK_TYPE_WIDGET_STATE (lifecycle_gtk_widget_state_get_type ())

G_DECLARE_FINAL_TYPE (LifecycleGtkWidgetState, lifecycle_gtk_widget_state, LIFECYCLE_GTK, WIDGET_STATE, GObject)

LifecycleGtkWidgetState *lifecycle_gtk_widget_state_get (GtkWidget *widget);

G_END_DECLS
