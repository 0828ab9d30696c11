/* lifecycle-audit-bus.c: names, watches, subscriptions and objects on a message bus
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <stdlib.h>

#include "lifecycle-audit-private.h"

#define real audit_real

/* Ids of these things are numbers that only their owner can give back, except that a connection
 * takes what hangs on it along. So both ends of their lives can be seen from outside.
 */
typedef enum
{
  BUS_NAME,
  BUS_WATCH,
  BUS_SUBSCRIPTION,
  BUS_OBJECT,
  N_BUS_KINDS
} BusKind;

typedef struct _Entry Entry;
struct _Entry
{
  AuditRecord record;           /* without a site when the connection has gone */
  Entry      *next;
  BusKind     kind;
};

#define N_BUCKETS 512
static Entry *entries[N_BUCKETS];

static Entry **
find_locked (BusKind kind,
             guint   number)
{
  Entry **link = &entries[(number * N_BUS_KINDS + kind) % N_BUCKETS];

  while (*link != NULL && ((*link)->kind != kind || (*link)->record.number != number))
    link = &(*link)->next;

  return link;
}

static guint
made (BusKind         kind,
      guint           number,
      gpointer        connection,
      gpointer        data,
      GDestroyNotify  notify,
      const char     *what,
      gconstpointer   caller)
{
  AuditStack *stack;
  AuditSite *site;
  Entry **link;
  Entry *self;

  if (number == 0 || !audit.enabled)
    return number;

  site = audit_site_enter (AUDIT_BUS, caller, 0, &stack);
  link = find_locked (kind, number);
  if (*link == NULL)
    {
      *link = self = calloc (1, sizeof *self);
      self->kind = kind;
      self->record.number = number;
      if (notify == (GDestroyNotify) real.g_object_unref)
        self->record.flags |= AUDIT_RECORD_OWNS_DATA;
      audit_record_start_locked (&self->record, site, stack, connection, 0, data);
      if (site->what == NULL)
        site->what = what;
    }
  audit_unlock ();

  return number;
}

static void
ended (BusKind        kind,
       guint          number,
       const char    *function,
       gconstpointer  caller)
{
  gboolean found;
  Entry **link;
  Entry *self;

  if (!audit.enabled)
    return;

  audit_lock ();
  link = find_locked (kind, number);
  self = *link;
  found = self != NULL;
  if (found)
    {
      *link = self->next;
      if (self->record.site != NULL)
        audit_record_end_locked (&self->record);
      free (self);
    }
  audit_unlock ();

  if (!found)
    audit_misuse (function, number == 0 ? AUDIT_MISUSE_ZERO : AUDIT_MISUSE_GONE, number, 0, caller);
}

AUDIT_EXPORT guint
g_bus_own_name (GBusType                  bus_type,
                const char               *name,
                GBusNameOwnerFlags        flags,
                GBusAcquiredCallback      bus_acquired_handler,
                GBusNameAcquiredCallback  name_acquired_handler,
                GBusNameLostCallback      name_lost_handler,
                gpointer                  user_data,
                GDestroyNotify            user_data_free_func)
{
  guint number;

  audit_real_need (AUDIT_LIBRARY_GIO);
  number = real.g_bus_own_name (bus_type, name, flags, bus_acquired_handler, name_acquired_handler,
                                name_lost_handler, user_data, user_data_free_func);

  return made (BUS_NAME, number, NULL, user_data, user_data_free_func, "g_bus_own_name",
               AUDIT_CALLER ());
}

AUDIT_EXPORT guint
g_bus_own_name_on_connection (GDBusConnection          *connection,
                              const char               *name,
                              GBusNameOwnerFlags        flags,
                              GBusNameAcquiredCallback  name_acquired_handler,
                              GBusNameLostCallback      name_lost_handler,
                              gpointer                  user_data,
                              GDestroyNotify            user_data_free_func)
{
  guint number;

  audit_real_need (AUDIT_LIBRARY_GIO);
  number = real.g_bus_own_name_on_connection (connection, name, flags, name_acquired_handler,
                                              name_lost_handler, user_data, user_data_free_func);

  return made (BUS_NAME, number, NULL, user_data, user_data_free_func,
               "g_bus_own_name_on_connection", AUDIT_CALLER ());
}

AUDIT_EXPORT guint
g_bus_own_name_with_closures (GBusType            bus_type,
                              const char         *name,
                              GBusNameOwnerFlags  flags,
                              GClosure           *bus_acquired_closure,
                              GClosure           *name_acquired_closure,
                              GClosure           *name_lost_closure)
{
  guint number;

  audit_real_need (AUDIT_LIBRARY_GIO);
  number = real.g_bus_own_name_with_closures (bus_type, name, flags, bus_acquired_closure,
                                              name_acquired_closure, name_lost_closure);

  return made (BUS_NAME, number, NULL, NULL, NULL, "g_bus_own_name_with_closures", AUDIT_CALLER ());
}

AUDIT_EXPORT guint
g_bus_own_name_on_connection_with_closures (GDBusConnection    *connection,
                                            const char         *name,
                                            GBusNameOwnerFlags  flags,
                                            GClosure           *name_acquired_closure,
                                            GClosure           *name_lost_closure)
{
  guint number;

  audit_real_need (AUDIT_LIBRARY_GIO);
  number = real.g_bus_own_name_on_connection_with_closures (connection, name, flags,
                                                            name_acquired_closure,
                                                            name_lost_closure);

  return made (BUS_NAME, number, NULL, NULL, NULL, "g_bus_own_name_on_connection_with_closures",
               AUDIT_CALLER ());
}

AUDIT_EXPORT void
g_bus_unown_name (guint owner_id)
{
  audit_real_need (AUDIT_LIBRARY_GIO);
  ended (BUS_NAME, owner_id, "g_bus_unown_name", AUDIT_CALLER ());

  real.g_bus_unown_name (owner_id);
}

AUDIT_EXPORT guint
g_bus_watch_name (GBusType                  bus_type,
                  const char               *name,
                  GBusNameWatcherFlags      flags,
                  GBusNameAppearedCallback  name_appeared_handler,
                  GBusNameVanishedCallback  name_vanished_handler,
                  gpointer                  user_data,
                  GDestroyNotify            user_data_free_func)
{
  guint number;

  audit_real_need (AUDIT_LIBRARY_GIO);
  number = real.g_bus_watch_name (bus_type, name, flags, name_appeared_handler,
                                  name_vanished_handler, user_data, user_data_free_func);

  return made (BUS_WATCH, number, NULL, user_data, user_data_free_func, "g_bus_watch_name",
               AUDIT_CALLER ());
}

AUDIT_EXPORT guint
g_bus_watch_name_on_connection (GDBusConnection          *connection,
                                const char               *name,
                                GBusNameWatcherFlags      flags,
                                GBusNameAppearedCallback  name_appeared_handler,
                                GBusNameVanishedCallback  name_vanished_handler,
                                gpointer                  user_data,
                                GDestroyNotify            user_data_free_func)
{
  guint number;

  audit_real_need (AUDIT_LIBRARY_GIO);
  number = real.g_bus_watch_name_on_connection (connection, name, flags, name_appeared_handler,
                                                name_vanished_handler, user_data,
                                                user_data_free_func);

  return made (BUS_WATCH, number, NULL, user_data, user_data_free_func,
               "g_bus_watch_name_on_connection", AUDIT_CALLER ());
}

AUDIT_EXPORT guint
g_bus_watch_name_with_closures (GBusType              bus_type,
                                const char           *name,
                                GBusNameWatcherFlags  flags,
                                GClosure             *name_appeared_closure,
                                GClosure             *name_vanished_closure)
{
  guint number;

  audit_real_need (AUDIT_LIBRARY_GIO);
  number = real.g_bus_watch_name_with_closures (bus_type, name, flags, name_appeared_closure,
                                                name_vanished_closure);

  return made (BUS_WATCH, number, NULL, NULL, NULL, "g_bus_watch_name_with_closures",
               AUDIT_CALLER ());
}

AUDIT_EXPORT guint
g_bus_watch_name_on_connection_with_closures (GDBusConnection      *connection,
                                              const char           *name,
                                              GBusNameWatcherFlags  flags,
                                              GClosure             *name_appeared_closure,
                                              GClosure             *name_vanished_closure)
{
  guint number;

  audit_real_need (AUDIT_LIBRARY_GIO);
  number = real.g_bus_watch_name_on_connection_with_closures (connection, name, flags,
                                                              name_appeared_closure,
                                                              name_vanished_closure);

  return made (BUS_WATCH, number, NULL, NULL, NULL, "g_bus_watch_name_on_connection_with_closures",
               AUDIT_CALLER ());
}

AUDIT_EXPORT void
g_bus_unwatch_name (guint watcher_id)
{
  audit_real_need (AUDIT_LIBRARY_GIO);
  ended (BUS_WATCH, watcher_id, "g_bus_unwatch_name", AUDIT_CALLER ());

  real.g_bus_unwatch_name (watcher_id);
}

AUDIT_EXPORT guint
g_dbus_connection_signal_subscribe (GDBusConnection     *connection,
                                    const char          *sender,
                                    const char          *interface_name,
                                    const char          *member,
                                    const char          *object_path,
                                    const char          *arg0,
                                    GDBusSignalFlags     flags,
                                    GDBusSignalCallback  callback,
                                    gpointer             user_data,
                                    GDestroyNotify       user_data_free_func)
{
  guint number;

  audit_real_need (AUDIT_LIBRARY_GIO);
  number = real.g_dbus_connection_signal_subscribe (connection, sender, interface_name, member,
                                                    object_path, arg0, flags, callback, user_data,
                                                    user_data_free_func);

  return made (BUS_SUBSCRIPTION, number, connection, user_data, user_data_free_func,
               "g_dbus_connection_signal_subscribe", AUDIT_CALLER ());
}

AUDIT_EXPORT void
g_dbus_connection_signal_unsubscribe (GDBusConnection *connection,
                                      guint            subscription_id)
{
  audit_real_need (AUDIT_LIBRARY_GIO);
  ended (BUS_SUBSCRIPTION, subscription_id, "g_dbus_connection_signal_unsubscribe", AUDIT_CALLER ());

  real.g_dbus_connection_signal_unsubscribe (connection, subscription_id);
}

AUDIT_EXPORT guint
g_dbus_connection_register_object (GDBusConnection             *connection,
                                   const char                  *object_path,
                                   GDBusInterfaceInfo          *interface_info,
                                   const GDBusInterfaceVTable  *vtable,
                                   gpointer                     user_data,
                                   GDestroyNotify               user_data_free_func,
                                   GError                     **error)
{
  guint number;

  audit_real_need (AUDIT_LIBRARY_GIO);
  number = real.g_dbus_connection_register_object (connection, object_path, interface_info, vtable,
                                                   user_data, user_data_free_func, error);

  return made (BUS_OBJECT, number, connection, user_data, user_data_free_func,
               "g_dbus_connection_register_object", AUDIT_CALLER ());
}

AUDIT_EXPORT guint
g_dbus_connection_register_object_with_closures (GDBusConnection     *connection,
                                                 const char          *object_path,
                                                 GDBusInterfaceInfo  *interface_info,
                                                 GClosure            *method_call_closure,
                                                 GClosure            *get_property_closure,
                                                 GClosure            *set_property_closure,
                                                 GError             **error)
{
  guint number;

  audit_real_need (AUDIT_LIBRARY_GIO);
  number = real.g_dbus_connection_register_object_with_closures (connection, object_path,
                                                                 interface_info,
                                                                 method_call_closure,
                                                                 get_property_closure,
                                                                 set_property_closure, error);

  return made (BUS_OBJECT, number, connection, NULL, NULL,
               "g_dbus_connection_register_object_with_closures", AUDIT_CALLER ());
}

AUDIT_EXPORT gboolean
g_dbus_connection_unregister_object (GDBusConnection *connection,
                                     guint            registration_id)
{
  audit_real_need (AUDIT_LIBRARY_GIO);
  ended (BUS_OBJECT, registration_id, "g_dbus_connection_unregister_object", AUDIT_CALLER ());

  return real.g_dbus_connection_unregister_object (connection, registration_id);
}
