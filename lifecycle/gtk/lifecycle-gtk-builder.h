/* lifecycle-gtk-builder.h: closures of a GtkBuilder that belong to a scope
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

#define LIFECYCLE_GTK_TYPE_BUILDER_SCOPE (lifecycle_gtk_builder_scope_get_type ())

LIFECYCLE_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (LifecycleGtkBuilderScope, lifecycle_gtk_builder_scope, LIFECYCLE_GTK, BUILDER_SCOPE, GObject)

LIFECYCLE_AVAILABLE_IN_1_0
LifecycleGtkBuilderScope *lifecycle_gtk_builder_scope_new          (LifecycleScope           *scope);
LIFECYCLE_AVAILABLE_IN_1_0
void                      lifecycle_gtk_builder_scope_add_callback (LifecycleGtkBuilderScope *self,
                                                                    const char               *name,
                                                                    GCallback                 callback);

G_END_DECLS
