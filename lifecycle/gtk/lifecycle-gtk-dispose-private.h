/* lifecycle-gtk-dispose-private.h: the moment before a widget is disposed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef void (* LifecycleGtkBeforeDispose) (GtkWidget *widget);

void lifecycle_gtk_hook_dispose     (GObjectClass             *klass,
                                     gboolean                  dispose_template,
                                     LifecycleGtkBeforeDispose before);

G_END_DECLS
