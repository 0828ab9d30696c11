/* lifecycle-gio.h: D-Bus, file monitors, bindings and other facilities of GIO
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (LIFECYCLE_INSIDE) && !defined (LIFECYCLE_COMPILATION)
#error "Only <lifecycle.h> can be included directly."
#endif

#include "lifecycle-types.h"

G_BEGIN_DECLS

/**
 * LifecycleBusNameFunc:
 * @connection: (nullable): the connection; %NULL if it has been closed
 * @name: the name
 * @owner: (nullable): the unique name of the new owner; %NULL if there is none
 * @user_data: (closure): the data that was passed along with the function
 *
 * Called when the owner of a name on a message bus changes.
 *
 * With [method@Scope.watch_bus_name] the owner can be any connection, with
 * [method@Scope.own_bus_name] only @connection itself. Called at home, that is, in the home context
 * of the scope.
 *
 * Since: 1.0
 */
typedef void (*LifecycleBusNameFunc) (GDBusConnection *connection,
                                      const char      *name,
                                      const char      *owner,
                                      gpointer         user_data);

LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_own_bus_name         (LifecycleScope              *self,
                                                GDBusConnection             *connection,
                                                const char                  *name,
                                                GBusNameOwnerFlags           flags,
                                                LifecycleBusNameFunc         func,
                                                gpointer                     user_data,
                                                GDestroyNotify               destroy,
                                                GError                     **error);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_watch_bus_name       (LifecycleScope              *self,
                                                GDBusConnection             *connection,
                                                const char                  *name,
                                                GBusNameWatcherFlags         flags,
                                                LifecycleBusNameFunc         func,
                                                gpointer                     user_data,
                                                GDestroyNotify               destroy,
                                                GError                     **error);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_subscribe_bus_signal (LifecycleScope              *self,
                                                GDBusConnection             *connection,
                                                const char                  *sender,
                                                const char                  *interface_name,
                                                const char                  *member,
                                                const char                  *object_path,
                                                const char                  *arg0,
                                                GDBusSignalFlags             flags,
                                                GDBusSignalCallback          callback,
                                                gpointer                     user_data,
                                                GDestroyNotify               destroy,
                                                GError                     **error);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_export_bus_object    (LifecycleScope              *self,
                                                GDBusConnection             *connection,
                                                const char                  *object_path,
                                                GDBusInterfaceInfo          *interface_info,
                                                const GDBusInterfaceVTable  *vtable,
                                                gpointer                     user_data,
                                                GDestroyNotify               destroy,
                                                GError                     **error);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_export_bus_object_with_closures
                                               (LifecycleScope              *self,
                                                GDBusConnection             *connection,
                                                const char                  *object_path,
                                                GDBusInterfaceInfo          *interface_info,
                                                GClosure                    *method_call_closure,
                                                GClosure                    *get_property_closure,
                                                GClosure                    *set_property_closure,
                                                GError                     **error);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_export_bus_skeleton  (LifecycleScope              *self,
                                                GDBusConnection             *connection,
                                                const char                  *object_path,
                                                GDBusInterfaceSkeleton      *skeleton,
                                                GError                     **error);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_export_bus_object_manager
                                               (LifecycleScope              *self,
                                                GDBusConnection             *connection,
                                                GDBusObjectManagerServer    *manager,
                                                GError                     **error);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_export_action_group  (LifecycleScope              *self,
                                                GDBusConnection             *connection,
                                                const char                  *object_path,
                                                GActionGroup                *action_group,
                                                GError                     **error);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_export_menu_model    (LifecycleScope              *self,
                                                GDBusConnection             *connection,
                                                const char                  *object_path,
                                                GMenuModel                  *menu,
                                                GError                     **error);

LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_add_file_monitor     (LifecycleScope              *self,
                                                GFileMonitor                *monitor);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_add_socket_service   (LifecycleScope              *self,
                                                GSocketService              *service);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_hold_application     (LifecycleScope              *self,
                                                GApplication                *application);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_add_binding          (LifecycleScope              *self,
                                                GBinding                    *binding);
LIFECYCLE_AVAILABLE_IN_1_0
GBinding *lifecycle_scope_bind                 (LifecycleScope              *self,
                                                GObject                     *source,
                                                const char                  *source_property,
                                                GObject                     *target,
                                                const char                  *target_property,
                                                GBindingFlags                flags);
LIFECYCLE_AVAILABLE_IN_1_0
GBinding *lifecycle_scope_bind_full            (LifecycleScope              *self,
                                                GObject                     *source,
                                                const char                  *source_property,
                                                GObject                     *target,
                                                const char                  *target_property,
                                                GBindingFlags                flags,
                                                GBindingTransformFunc        transform_to,
                                                GBindingTransformFunc        transform_from,
                                                gpointer                     user_data,
                                                GDestroyNotify               destroy);
LIFECYCLE_AVAILABLE_IN_1_0
GBinding *lifecycle_scope_bind_with_closures   (LifecycleScope              *self,
                                                GObject                     *source,
                                                const char                  *source_property,
                                                GObject                     *target,
                                                const char                  *target_property,
                                                GBindingFlags                flags,
                                                GClosure                    *transform_to,
                                                GClosure                    *transform_from);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_bind_setting         (LifecycleScope              *self,
                                                GSettings                   *settings,
                                                const char                  *key,
                                                GObject                     *object,
                                                const char                  *property,
                                                GSettingsBindFlags           flags);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_bind_setting_with_mapping
                                               (LifecycleScope              *self,
                                                GSettings                   *settings,
                                                const char                  *key,
                                                GObject                     *object,
                                                const char                  *property,
                                                GSettingsBindFlags           flags,
                                                GSettingsBindGetMapping      get_mapping,
                                                GSettingsBindSetMapping      set_mapping,
                                                gpointer                     user_data,
                                                GDestroyNotify               destroy);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_bind_setting_with_mapping_closures
                                               (LifecycleScope              *self,
                                                GSettings                   *settings,
                                                const char                  *key,
                                                GObject                     *object,
                                                const char                  *property,
                                                GSettingsBindFlags           flags,
                                                GClosure                    *get_mapping,
                                                GClosure                    *set_mapping);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_add_temporary_file   (LifecycleScope              *self,
                                                GFile                       *file);

#ifndef __GI_SCANNER__

/* The same functions with the name of the entry as the first argument: a static string, or NULL. */
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_own_bus_name_at         (const char                  *place,
                                                   LifecycleScope              *self,
                                                   GDBusConnection             *connection,
                                                   const char                  *name,
                                                   GBusNameOwnerFlags           flags,
                                                   LifecycleBusNameFunc         func,
                                                   gpointer                     user_data,
                                                   GDestroyNotify               destroy,
                                                   GError                     **error);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_watch_bus_name_at       (const char                  *place,
                                                   LifecycleScope              *self,
                                                   GDBusConnection             *connection,
                                                   const char                  *name,
                                                   GBusNameWatcherFlags         flags,
                                                   LifecycleBusNameFunc         func,
                                                   gpointer                     user_data,
                                                   GDestroyNotify               destroy,
                                                   GError                     **error);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_subscribe_bus_signal_at (const char                  *place,
                                                   LifecycleScope              *self,
                                                   GDBusConnection             *connection,
                                                   const char                  *sender,
                                                   const char                  *interface_name,
                                                   const char                  *member,
                                                   const char                  *object_path,
                                                   const char                  *arg0,
                                                   GDBusSignalFlags             flags,
                                                   GDBusSignalCallback          callback,
                                                   gpointer                     user_data,
                                                   GDestroyNotify               destroy,
                                                   GError                     **error);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_export_bus_object_at    (const char                  *place,
                                                   LifecycleScope              *self,
                                                   GDBusConnection             *connection,
                                                   const char                  *object_path,
                                                   GDBusInterfaceInfo          *interface_info,
                                                   const GDBusInterfaceVTable  *vtable,
                                                   gpointer                     user_data,
                                                   GDestroyNotify               destroy,
                                                   GError                     **error);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_export_bus_object_with_closures_at
                                                  (const char                  *place,
                                                   LifecycleScope              *self,
                                                   GDBusConnection             *connection,
                                                   const char                  *object_path,
                                                   GDBusInterfaceInfo          *interface_info,
                                                   GClosure                    *method_call_closure,
                                                   GClosure                    *get_property_closure,
                                                   GClosure                    *set_property_closure,
                                                   GError                     **error);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_export_bus_skeleton_at  (const char                  *place,
                                                   LifecycleScope              *self,
                                                   GDBusConnection             *connection,
                                                   const char                  *object_path,
                                                   GDBusInterfaceSkeleton      *skeleton,
                                                   GError                     **error);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_export_bus_object_manager_at
                                                  (const char                  *place,
                                                   LifecycleScope              *self,
                                                   GDBusConnection             *connection,
                                                   GDBusObjectManagerServer    *manager,
                                                   GError                     **error);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_export_action_group_at  (const char                  *place,
                                                   LifecycleScope              *self,
                                                   GDBusConnection             *connection,
                                                   const char                  *object_path,
                                                   GActionGroup                *action_group,
                                                   GError                     **error);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_export_menu_model_at    (const char                  *place,
                                                   LifecycleScope              *self,
                                                   GDBusConnection             *connection,
                                                   const char                  *object_path,
                                                   GMenuModel                  *menu,
                                                   GError                     **error);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_add_file_monitor_at     (const char                  *place,
                                                   LifecycleScope              *self,
                                                   GFileMonitor                *monitor);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_add_socket_service_at   (const char                  *place,
                                                   LifecycleScope              *self,
                                                   GSocketService              *service);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_hold_application_at     (const char                  *place,
                                                   LifecycleScope              *self,
                                                   GApplication                *application);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_add_binding_at          (const char                  *place,
                                                   LifecycleScope              *self,
                                                   GBinding                    *binding);
LIFECYCLE_AVAILABLE_IN_1_0
GBinding *lifecycle_scope_bind_at                 (const char                  *place,
                                                   LifecycleScope              *self,
                                                   GObject                     *source,
                                                   const char                  *source_property,
                                                   GObject                     *target,
                                                   const char                  *target_property,
                                                   GBindingFlags                flags);
LIFECYCLE_AVAILABLE_IN_1_0
GBinding *lifecycle_scope_bind_full_at            (const char                  *place,
                                                   LifecycleScope              *self,
                                                   GObject                     *source,
                                                   const char                  *source_property,
                                                   GObject                     *target,
                                                   const char                  *target_property,
                                                   GBindingFlags                flags,
                                                   GBindingTransformFunc        transform_to,
                                                   GBindingTransformFunc        transform_from,
                                                   gpointer                     user_data,
                                                   GDestroyNotify               destroy);
LIFECYCLE_AVAILABLE_IN_1_0
GBinding *lifecycle_scope_bind_with_closures_at   (const char                  *place,
                                                   LifecycleScope              *self,
                                                   GObject                     *source,
                                                   const char                  *source_property,
                                                   GObject                     *target,
                                                   const char                  *target_property,
                                                   GBindingFlags                flags,
                                                   GClosure                    *transform_to,
                                                   GClosure                    *transform_from);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_bind_setting_at         (const char                  *place,
                                                   LifecycleScope              *self,
                                                   GSettings                   *settings,
                                                   const char                  *key,
                                                   GObject                     *object,
                                                   const char                  *property,
                                                   GSettingsBindFlags           flags);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_bind_setting_with_mapping_at
                                                  (const char                  *place,
                                                   LifecycleScope              *self,
                                                   GSettings                   *settings,
                                                   const char                  *key,
                                                   GObject                     *object,
                                                   const char                  *property,
                                                   GSettingsBindFlags           flags,
                                                   GSettingsBindGetMapping      get_mapping,
                                                   GSettingsBindSetMapping      set_mapping,
                                                   gpointer                     user_data,
                                                   GDestroyNotify               destroy);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_bind_setting_with_mapping_closures_at
                                                  (const char                  *place,
                                                   LifecycleScope              *self,
                                                   GSettings                   *settings,
                                                   const char                  *key,
                                                   GObject                     *object,
                                                   const char                  *property,
                                                   GSettingsBindFlags           flags,
                                                   GClosure                    *get_mapping,
                                                   GClosure                    *set_mapping);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_add_temporary_file_at   (const char                  *place,
                                                   LifecycleScope              *self,
                                                   GFile                       *file);

#ifndef LIFECYCLE_DISABLE_SOURCE_NAMES
#define lifecycle_scope_own_bus_name(...) lifecycle_scope_own_bus_name_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_watch_bus_name(...) lifecycle_scope_watch_bus_name_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_subscribe_bus_signal(...) lifecycle_scope_subscribe_bus_signal_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_export_bus_object(...) lifecycle_scope_export_bus_object_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_export_bus_object_with_closures(...) lifecycle_scope_export_bus_object_with_closures_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_export_bus_skeleton(...) lifecycle_scope_export_bus_skeleton_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_export_bus_object_manager(...) lifecycle_scope_export_bus_object_manager_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_export_action_group(...) lifecycle_scope_export_action_group_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_export_menu_model(...) lifecycle_scope_export_menu_model_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_add_file_monitor(...) lifecycle_scope_add_file_monitor_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_add_socket_service(...) lifecycle_scope_add_socket_service_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_hold_application(...) lifecycle_scope_hold_application_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_add_binding(...) lifecycle_scope_add_binding_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_bind(...) lifecycle_scope_bind_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_bind_full(...) lifecycle_scope_bind_full_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_bind_with_closures(...) lifecycle_scope_bind_with_closures_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_bind_setting(...) lifecycle_scope_bind_setting_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_bind_setting_with_mapping(...) lifecycle_scope_bind_setting_with_mapping_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_bind_setting_with_mapping_closures(...) lifecycle_scope_bind_setting_with_mapping_closures_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_add_temporary_file(...) lifecycle_scope_add_temporary_file_at (LIFECYCLE_PLACE, __VA_ARGS__)
#endif

#endif /* __GI_SCANNER__ */

G_END_DECLS
