/* lifecycle-audit-symbols.c: what is looked up by name
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <string.h>

#include "lifecycle-audit-private.h"

G_GNUC_BEGIN_IGNORE_DEPRECATIONS

/* Language bindings call functions of a library that they have looked up in that library itself, so
 * they would go past us. Sorted by name.
 */
#define AUDIT_SYMBOLS(F)                                    \
  F (g_application_run)                                     \
  F (g_binding_group_bind)                                  \
  F (g_binding_group_bind_full)                             \
  F (g_bus_own_name)                                        \
  F (g_bus_own_name_on_connection)                          \
  F (g_bus_own_name_on_connection_with_closures)            \
  F (g_bus_own_name_with_closures)                          \
  F (g_bus_unown_name)                                      \
  F (g_bus_unwatch_name)                                    \
  F (g_bus_watch_name)                                      \
  F (g_bus_watch_name_on_connection)                        \
  F (g_bus_watch_name_on_connection_with_closures)          \
  F (g_bus_watch_name_with_closures)                        \
  F (g_cancellable_connect)                                 \
  F (g_child_watch_add)                                     \
  F (g_child_watch_add_full)                                \
  F (g_dbus_connection_register_object)                     \
  F (g_dbus_connection_register_object_with_closures)       \
  F (g_dbus_connection_signal_subscribe)                    \
  F (g_dbus_connection_signal_unsubscribe)                  \
  F (g_dbus_connection_unregister_object)                   \
  F (g_idle_add)                                            \
  F (g_idle_add_full)                                       \
  F (g_idle_add_once)                                       \
  F (g_io_add_watch)                                        \
  F (g_io_add_watch_full)                                   \
  F (g_main_loop_run)                                       \
  F (g_object_add_toggle_ref)                               \
  F (g_object_add_weak_pointer)                             \
  F (g_object_bind_property)                                \
  F (g_object_bind_property_full)                           \
  F (g_object_bind_property_with_closures)                  \
  F (g_object_connect)                                      \
  F (g_object_new)                                          \
  F (g_object_new_valist)                                   \
  F (g_object_new_with_properties)                          \
  F (g_object_newv)                                         \
  F (g_object_remove_toggle_ref)                            \
  F (g_object_remove_weak_pointer)                          \
  F (g_object_run_dispose)                                  \
  F (g_object_weak_ref)                                     \
  F (g_object_weak_unref)                                   \
  F (g_settings_bind)                                       \
  F (g_settings_bind_with_mapping)                          \
  F (g_settings_bind_writable)                              \
  F (g_settings_unbind)                                     \
  F (g_signal_connect_closure)                              \
  F (g_signal_connect_closure_by_id)                        \
  F (g_signal_connect_data)                                 \
  F (g_signal_connect_object)                               \
  F (g_signal_group_connect)                                \
  F (g_signal_group_connect_after)                          \
  F (g_signal_group_connect_closure)                        \
  F (g_signal_group_connect_data)                           \
  F (g_signal_group_connect_swapped)                        \
  F (g_signal_handler_block)                                \
  F (g_signal_handler_disconnect)                           \
  F (g_signal_handler_unblock)                              \
  F (g_source_attach)                                       \
  F (g_source_remove)                                       \
  F (g_source_set_callback)                                 \
  F (g_timeout_add)                                         \
  F (g_timeout_add_full)                                    \
  F (g_timeout_add_once)                                    \
  F (g_timeout_add_seconds)                                 \
  F (g_timeout_add_seconds_full)                            \
  F (g_type_add_instance_private)                           \
  F (g_type_register_dynamic)                               \
  F (g_type_register_static)                                \
  F (g_type_register_static_simple)                         \
  F (g_unix_fd_add)                                         \
  F (g_unix_fd_add_full)                                    \
  F (g_unix_signal_add)                                     \
  F (g_unix_signal_add_full)                                \
  F (g_weak_ref_clear)                                      \
  F (g_weak_ref_init)                                       \
  F (g_weak_ref_set)

static const struct
{
  const char *name;
  gpointer    function;
} symbols[] = {
#define ENTRY(function) { #function, (gpointer) function },
  AUDIT_SYMBOLS (ENTRY)
#undef ENTRY
};

G_GNUC_END_IGNORE_DEPRECATIONS

static gpointer
find_symbol (const char *name)
{
  gsize first = 0;
  gsize last = G_N_ELEMENTS (symbols);

  while (first < last)
    {
      gsize middle = (first + last) / 2;
      int order = strcmp (name, symbols[middle].name);

      if (order == 0)
        return symbols[middle].function;
      if (order < 0)
        last = middle;
      else
        first = middle + 1;
    }

  return NULL;
}

AUDIT_EXPORT gboolean
g_module_symbol (GModule    *module,
                 const char *symbol_name,
                 gpointer   *symbol)
{
  gboolean found;

  audit_real_need (AUDIT_LIBRARY_GMODULE);
  found = audit_real.g_module_symbol (module, symbol_name, symbol);
  /* Another library may have a function of the same name that is not GLib's. */
  if (found && audit.enabled && symbol_name[0] == 'g' && symbol_name[1] == '_')
    {
      gpointer ours = find_symbol (symbol_name);

      if (ours != NULL && ours != *symbol && audit_real_find_by_name (symbol_name) == *symbol)
        *symbol = ours;
    }

  return found;
}
