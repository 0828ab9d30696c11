/* lifecycle-gtk-application.h: the scope of an application
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
LifecycleScope *lifecycle_gtk_scope_of_application (GtkApplication       *application);
LIFECYCLE_AVAILABLE_IN_1_0
void            lifecycle_gtk_close_windows_async  (GtkApplication       *application,
                                                    guint                 timeout_ms,
                                                    GCancellable         *cancellable,
                                                    GAsyncReadyCallback   callback,
                                                    gpointer              user_data);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean        lifecycle_gtk_close_windows_finish (GtkApplication       *application,
                                                    GAsyncResult         *result,
                                                    GError              **error);

#ifndef __GI_SCANNER__

/* The same functions with the name of the entry as the first argument: a static string, or NULL. */
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope *lifecycle_gtk_scope_of_application_at (const char     *place,
                                                       GtkApplication *application);

#ifndef LIFECYCLE_DISABLE_SOURCE_NAMES
#define lifecycle_gtk_scope_of_application(...) \
  lifecycle_gtk_scope_of_application_at (LIFECYCLE_PLACE, __VA_ARGS__)
#endif

#endif /* __GI_SCANNER__ */

G_END_DECLS
