/* lifecycle-gtk-rows.h: scopes of rows and cells
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

/**
 * LifecycleGtkBindFunc:
 * @row: the scope of this row, which is open
 * @item: the list item; it may be a subclass for cells of a `GtkColumnView`
 * @user_data: (closure): the data that was passed along with the function
 *
 * Sets up or binds a row, by adding entries to @row.
 *
 * Since: 1.0
 */
typedef void (* LifecycleGtkBindFunc) (LifecycleScope *row,
                                       GtkListItem    *item,
                                       gpointer        user_data);

/**
 * LifecycleGtkCreateRowFunc:
 * @row: the scope of this row, which is open
 * @item: the item of the model
 * @user_data: (closure): the data that was passed along with the function
 *
 * Creates the widget for an item of a model.
 *
 * Returns: (transfer full): the widget; a floating reference will do
 *
 * Since: 1.0
 */
typedef GtkWidget * (* LifecycleGtkCreateRowFunc) (LifecycleScope *row,
                                                   GObject        *item,
                                                   gpointer        user_data);

LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_bind_rows (LifecycleScope           *scope,
                                  GtkSignalListItemFactory *factory,
                                  LifecycleGtkBindFunc      bind,
                                  gpointer                  user_data,
                                  GDestroyNotify            destroy);
LIFECYCLE_AVAILABLE_IN_1_0
GtkListItemFactory *lifecycle_gtk_new_factory (LifecycleScope       *scope,
                                               LifecycleGtkBindFunc  setup,
                                               LifecycleGtkBindFunc  bind,
                                               gpointer              user_data,
                                               GDestroyNotify        destroy);
LIFECYCLE_AVAILABLE_IN_1_0
GtkListItemFactory *lifecycle_gtk_new_factory_full (LifecycleScope       *scope,
                                                    LifecycleGtkBindFunc  setup,
                                                    gpointer              setup_data,
                                                    GDestroyNotify        setup_destroy,
                                                    LifecycleGtkBindFunc  bind,
                                                    gpointer              bind_data,
                                                    GDestroyNotify        bind_destroy);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_bind_list_box (LifecycleScope            *scope,
                                      GtkListBox                *box,
                                      GListModel                *model,
                                      LifecycleGtkCreateRowFunc  func,
                                      gpointer                   user_data,
                                      GDestroyNotify             destroy);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_bind_flow_box (LifecycleScope            *scope,
                                      GtkFlowBox                *box,
                                      GListModel                *model,
                                      LifecycleGtkCreateRowFunc  func,
                                      gpointer                   user_data,
                                      GDestroyNotify             destroy);

#ifndef __GI_SCANNER__

/* The same functions with the name of the entry as the first argument: a static string, or NULL. */
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_bind_rows_at (const char               *place,
                                     LifecycleScope           *scope,
                                     GtkSignalListItemFactory *factory,
                                     LifecycleGtkBindFunc      bind,
                                     gpointer                  user_data,
                                     GDestroyNotify            destroy);
LIFECYCLE_AVAILABLE_IN_1_0
GtkListItemFactory *lifecycle_gtk_new_factory_at (const char           *place,
                                                  LifecycleScope       *scope,
                                                  LifecycleGtkBindFunc  setup,
                                                  LifecycleGtkBindFunc  bind,
                                                  gpointer              user_data,
                                                  GDestroyNotify        destroy);
LIFECYCLE_AVAILABLE_IN_1_0
GtkListItemFactory *lifecycle_gtk_new_factory_full_at (const char           *place,
                                                       LifecycleScope       *scope,
                                                       LifecycleGtkBindFunc  setup,
                                                       gpointer              setup_data,
                                                       GDestroyNotify        setup_destroy,
                                                       LifecycleGtkBindFunc  bind,
                                                       gpointer              bind_data,
                                                       GDestroyNotify        bind_destroy);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_bind_list_box_at (const char                *place,
                                         LifecycleScope            *scope,
                                         GtkListBox                *box,
                                         GListModel                *model,
                                         LifecycleGtkCreateRowFunc  func,
                                         gpointer                   user_data,
                                         GDestroyNotify             destroy);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_bind_flow_box_at (const char                *place,
                                         LifecycleScope            *scope,
                                         GtkFlowBox                *box,
                                         GListModel                *model,
                                         LifecycleGtkCreateRowFunc  func,
                                         gpointer                   user_data,
                                         GDestroyNotify             destroy);

#ifndef LIFECYCLE_DISABLE_SOURCE_NAMES
#define lifecycle_gtk_bind_rows(...) lifecycle_gtk_bind_rows_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_gtk_new_factory(...) lifecycle_gtk_new_factory_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_gtk_new_factory_full(...) lifecycle_gtk_new_factory_full_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_gtk_bind_list_box(...) lifecycle_gtk_bind_list_box_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_gtk_bind_flow_box(...) lifecycle_gtk_bind_flow_box_at (LIFECYCLE_PLACE, __VA_ARGS__)
#endif

#endif /* __GI_SCANNER__ */

G_END_DECLS
