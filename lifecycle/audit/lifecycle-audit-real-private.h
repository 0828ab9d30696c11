/* lifecycle-audit-real-private.h: the functions that the audit stands in front of
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>
#include <glib-unix.h>
#include <glib.h>

G_BEGIN_DECLS

G_GNUC_BEGIN_IGNORE_DEPRECATIONS

/* The library is not linked with GLib: it is preloaded into whatever a program starts, and most of
 * that is not a GLib program. GLib's functions are looked up when one of ours is called for the
 * first time, because only a program that has GLib can do that.
 */
#define AUDIT_GLIB_FUNCTIONS(F)              \
  F (g_child_watch_source_new)               \
  F (g_free)                                 \
  F (g_idle_add_full)                        \
  F (g_idle_add_once)                        \
  F (g_idle_source_new)                      \
  F (g_io_create_watch)                      \
  F (g_list_free)                            \
  F (g_main_context_default)                 \
  F (g_main_context_find_source_by_id)       \
  F (g_main_loop_run)                        \
  F (g_quark_from_static_string)             \
  F (g_quark_from_string)                    \
  F (g_source_attach)                        \
  F (g_source_destroy)                       \
  F (g_source_get_name)                      \
  F (g_source_is_destroyed)                  \
  F (g_source_remove)                        \
  F (g_source_set_callback)                  \
  F (g_source_set_callback_indirect)         \
  F (g_source_set_priority)                  \
  F (g_source_unref)                         \
  F (g_timeout_add_once)                     \
  F (g_timeout_source_new)                   \
  F (g_timeout_source_new_seconds)           \
  F (g_unix_fd_source_new)                   \
  F (g_unix_signal_source_new)

#define AUDIT_GMODULE_FUNCTIONS(F)           \
  F (g_module_symbol)

#define AUDIT_GOBJECT_FUNCTIONS(F)           \
  F (g_binding_group_bind_full)              \
  F (g_cclosure_new_object)                  \
  F (g_cclosure_new_object_swap)             \
  F (g_closure_add_finalize_notifier)        \
  F (g_closure_new_simple)                   \
  F (g_closure_ref)                          \
  F (g_closure_unref)                        \
  F (g_object_add_toggle_ref)                \
  F (g_object_add_weak_pointer)              \
  F (g_object_bind_property)                 \
  F (g_object_bind_property_full)            \
  F (g_object_bind_property_with_closures)   \
  F (g_object_connect)                       \
  F (g_object_new_valist)                    \
  F (g_object_new_with_properties)           \
  F (g_object_newv)                          \
  F (g_object_remove_toggle_ref)             \
  F (g_object_remove_weak_pointer)           \
  F (g_object_run_dispose)                   \
  F (g_object_set_qdata_full)                \
  F (g_object_unref)                         \
  F (g_object_weak_ref)                      \
  F (g_object_weak_unref)                    \
  F (g_signal_connect_closure)               \
  F (g_signal_connect_closure_by_id)         \
  F (g_signal_connect_data)                  \
  F (g_signal_group_connect_closure)         \
  F (g_signal_group_connect_data)            \
  F (g_signal_handler_block)                 \
  F (g_signal_handler_disconnect)            \
  F (g_signal_handler_is_connected)          \
  F (g_signal_handler_unblock)               \
  F (g_signal_name)                          \
  F (g_type_add_instance_private)            \
  F (g_type_from_name)                       \
  F (g_type_is_a)                            \
  F (g_type_name)                            \
  F (g_type_parent)                          \
  F (g_type_query)                           \
  F (g_type_register_dynamic)                \
  F (g_type_register_static)                 \
  F (g_type_register_static_simple)          \
  F (g_weak_ref_clear)                       \
  F (g_weak_ref_init)                        \
  F (g_weak_ref_set)

#define AUDIT_GIO_FUNCTIONS(F)               \
  F (g_application_run)                      \
  F (g_bus_own_name)                         \
  F (g_bus_own_name_on_connection)           \
  F (g_bus_own_name_on_connection_with_closures) \
  F (g_bus_own_name_with_closures)           \
  F (g_bus_unown_name)                       \
  F (g_bus_unwatch_name)                     \
  F (g_bus_watch_name)                       \
  F (g_bus_watch_name_on_connection)         \
  F (g_bus_watch_name_on_connection_with_closures) \
  F (g_bus_watch_name_with_closures)         \
  F (g_cancellable_connect)                  \
  F (g_dbus_connection_register_object)      \
  F (g_dbus_connection_register_object_with_closures) \
  F (g_dbus_connection_signal_subscribe)     \
  F (g_dbus_connection_signal_unsubscribe)   \
  F (g_dbus_connection_unregister_object)    \
  F (g_settings_bind_with_mapping)           \
  F (g_settings_bind_writable)               \
  F (g_settings_unbind)

typedef enum
{
  AUDIT_LIBRARY_GLIB,
  AUDIT_LIBRARY_GMODULE,
  AUDIT_LIBRARY_GOBJECT,
  AUDIT_LIBRARY_GIO,
  AUDIT_N_LIBRARIES
} AuditLibrary;

typedef struct
{
  gboolean found[AUDIT_N_LIBRARIES];
#define AUDIT_DECLARE(name) __typeof__ (&name) name;
  AUDIT_GLIB_FUNCTIONS (AUDIT_DECLARE)
  AUDIT_GMODULE_FUNCTIONS (AUDIT_DECLARE)
  AUDIT_GOBJECT_FUNCTIONS (AUDIT_DECLARE)
  AUDIT_GIO_FUNCTIONS (AUDIT_DECLARE)
#undef AUDIT_DECLARE
} AuditReal;

G_GNUC_END_IGNORE_DEPRECATIONS

extern AuditReal audit_real;

void     audit_real_find         (AuditLibrary  library);
gpointer audit_real_find_symbol  (const char   *soname,
                                  const char   *name);
gpointer audit_real_find_by_name (const char   *name);

/* To be called first in every function that stands in front of one of GLib's. */
static inline void
audit_real_need (AuditLibrary library)
{
  if (G_UNLIKELY (!__atomic_load_n (&audit_real.found[library], __ATOMIC_ACQUIRE)))
    audit_real_find (library);
}

G_END_DECLS
