/* lifecycle-gtk-sparkline-private.h: a small line of recent values
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define LIFECYCLE_GTK_TYPE_SPARKLINE (lifecycle_gtk_sparkline_get_type ())
G_DECLARE_FINAL_TYPE (LifecycleGtkSparkline, lifecycle_gtk_sparkline,
                      LIFECYCLE_GTK, SPARKLINE, GtkWidget)

GtkWidget *lifecycle_gtk_sparkline_new (const char            *title);
void       lifecycle_gtk_sparkline_add (LifecycleGtkSparkline *self,
                                        double                 value,
                                        const char            *text);

G_END_DECLS
