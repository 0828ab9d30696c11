/* lifecycle-gtk-scope-list-private.h: list models of the scopes below a scope
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "lifecycle-gtk-scope-forest-private.h"

G_BEGIN_DECLS

#define LIFECYCLE_GTK_TYPE_SCOPE_NODE (lifecycle_gtk_scope_node_get_type ())
G_DECLARE_FINAL_TYPE (LifecycleGtkScopeNode, lifecycle_gtk_scope_node,
                      LIFECYCLE_GTK, SCOPE_NODE, GObject)

/* A node knows a scope by its index in the latest forest, which is G_MAXUINT if it is gone. */
struct _LifecycleGtkScopeNode
{
  GObject                  parent_instance;

  LifecycleGtkScopeForest *forest;
  guint                    index;
  GListModel              *list;        /* that it is in, or NULL; not a reference */
  guint                    position;    /* in that list */
};

#define LIFECYCLE_GTK_TYPE_SCOPE_LIST (lifecycle_gtk_scope_list_get_type ())
G_DECLARE_FINAL_TYPE (LifecycleGtkScopeList, lifecycle_gtk_scope_list,
                      LIFECYCLE_GTK, SCOPE_LIST, GObject)

LifecycleGtkScopeList *lifecycle_gtk_scope_list_new      (LifecycleGtkScopeForest *forest,
                                                          LifecycleGtkScopeNode   *parent);
void                   lifecycle_gtk_scope_list_update   (LifecycleGtkScopeList   *self,
                                                          LifecycleGtkScopeForest *forest,
                                                          gboolean                 keep_order);
guint                  lifecycle_gtk_scope_list_find     (LifecycleGtkScopeList   *self,
                                                          gsize                    identity);

G_END_DECLS
