/* lifecycle-gtk-toplevels-private.h: windows that are destroyed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef void (* LifecycleGtkWindowFunc) (GtkWindow *window);

void     lifecycle_gtk_watch_toplevels     (LifecycleGtkWindowFunc destroyed);
gboolean lifecycle_gtk_window_is_destroyed (gpointer               window);

G_END_DECLS
