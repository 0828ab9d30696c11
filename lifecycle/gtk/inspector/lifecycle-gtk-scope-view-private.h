/* lifecycle-gtk-scope-view-private.h: the tree of scopes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "lifecycle-gtk-scope-forest-private.h"

G_BEGIN_DECLS

#define LIFECYCLE_GTK_TYPE_SCOPE_VIEW (lifecycle_gtk_scope_view_get_type ())
G_DECLARE_FINAL_TYPE (LifecycleGtkScopeView, lifecycle_gtk_scope_view,
                      LIFECYCLE_GTK, SCOPE_VIEW, GtkWidget)

GtkWidget               *lifecycle_gtk_scope_view_new          (void);
void                     lifecycle_gtk_scope_view_set_forest   (LifecycleGtkScopeView   *self,
                                                                LifecycleGtkScopeForest *forest,
                                                                gboolean                 filtered,
                                                                gboolean                 rebuild);
LifecycleGtkScopeForest *lifecycle_gtk_scope_view_get_selected (LifecycleGtkScopeView   *self,
                                                                guint                   *index);
gboolean                 lifecycle_gtk_scope_view_select       (LifecycleGtkScopeView   *self,
                                                                gsize                    identity);
LifecycleGtkSort         lifecycle_gtk_scope_view_get_sort     (LifecycleGtkScopeView   *self,
                                                                gboolean                *descending);

G_END_DECLS
