/* lifecycle-gtk-action.h: actions, accelerators, action groups
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
 * LifecycleGtkActionFunc:
 * @action: the action
 * @parameter: (nullable): the parameter of the activation
 * @user_data: (closure): the data that was passed to [func@add_simple_action]
 *
 * Called when an action is activated.
 *
 * Since: 1.0
 */
typedef void (* LifecycleGtkActionFunc) (GSimpleAction *action,
                                         GVariant      *parameter,
                                         gpointer       user_data);

LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_add_action (LifecycleScope *scope,
                                   GActionMap     *map,
                                   GAction        *action);
LIFECYCLE_AVAILABLE_IN_1_0
GSimpleAction *lifecycle_gtk_add_simple_action (LifecycleScope         *scope,
                                                GActionMap             *map,
                                                const char             *name,
                                                const GVariantType     *parameter_type,
                                                LifecycleGtkActionFunc  func,
                                                gpointer                user_data,
                                                GDestroyNotify          destroy);
LIFECYCLE_AVAILABLE_IN_1_0
void lifecycle_gtk_add_action_entries (LifecycleScope     *scope,
                                       GActionMap         *map,
                                       const GActionEntry *entries,
                                       int                 n_entries,
                                       gpointer            user_data);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_insert_action_group (LifecycleScope *scope,
                                            GtkWidget      *widget,
                                            const char     *name,
                                            GActionGroup   *group);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_set_accels (LifecycleScope    *scope,
                                   GtkApplication    *application,
                                   const char        *detailed_action,
                                   const char *const *accels);

#ifndef __GI_SCANNER__

/* The same functions with the name of the entry as the first argument: a static string, or NULL. */
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_add_action_at (const char     *place,
                                      LifecycleScope *scope,
                                      GActionMap     *map,
                                      GAction        *action);
LIFECYCLE_AVAILABLE_IN_1_0
GSimpleAction *lifecycle_gtk_add_simple_action_at (const char             *place,
                                                   LifecycleScope         *scope,
                                                   GActionMap             *map,
                                                   const char             *name,
                                                   const GVariantType     *parameter_type,
                                                   LifecycleGtkActionFunc  func,
                                                   gpointer                user_data,
                                                   GDestroyNotify          destroy);
LIFECYCLE_AVAILABLE_IN_1_0
void lifecycle_gtk_add_action_entries_at (const char         *place,
                                          LifecycleScope     *scope,
                                          GActionMap         *map,
                                          const GActionEntry *entries,
                                          int                 n_entries,
                                          gpointer            user_data);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_insert_action_group_at (const char     *place,
                                               LifecycleScope *scope,
                                               GtkWidget      *widget,
                                               const char     *name,
                                               GActionGroup   *group);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_set_accels_at (const char        *place,
                                      LifecycleScope    *scope,
                                      GtkApplication    *application,
                                      const char        *detailed_action,
                                      const char *const *accels);

#ifndef LIFECYCLE_DISABLE_SOURCE_NAMES
#define lifecycle_gtk_add_action(...) lifecycle_gtk_add_action_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_gtk_add_simple_action(...) lifecycle_gtk_add_simple_action_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_gtk_add_action_entries(...) lifecycle_gtk_add_action_entries_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_gtk_insert_action_group(...) lifecycle_gtk_insert_action_group_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_gtk_set_accels(...) lifecycle_gtk_set_accels_at (LIFECYCLE_PLACE, __VA_ARGS__)
#endif

#endif /* __GI_SCANNER__ */

G_END_DECLS
