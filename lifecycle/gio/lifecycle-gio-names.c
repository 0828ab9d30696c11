/* lifecycle-gio-names.c: names on a message bus
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gio-bus-private.h"
#include "lifecycle-home-private.h"

#define BUS_NAME      "org.freedesktop.DBus"
#define BUS_PATH      "/org/freedesktop/DBus"
#define BUS_INTERFACE "org.freedesktop.DBus"

/* This does not use g_bus_own_name(), because g_bus_unown_name() waits for a reply from the bus,
 * and warns if there is none or if it is not the expected one. A teardown must not block or warn.
 */
typedef struct
{
  LifecycleResource   resource;
  char               *name;
  GBusNameOwnerFlags  flags;
  guint               subscriptions[2];
  gboolean            answered;
  gboolean            owned;
  gboolean            must_release;     /* we own the name, are in the queue, or may be */
} OwnedName;

typedef struct
{
  LifecycleResource resource;
  guint             id;
} WatchedName;

static void
bus_name_call (LifecycleResource *resource,
               GDBusConnection   *connection,
               const char        *name,
               const char        *owner)
{
  LifecycleBusNameFunc func = (LifecycleBusNameFunc) resource->func;

  if (func != NULL && lifecycle_resource_begin_call (resource))
    {
      func (connection, name, owner, resource->data);
      lifecycle_resource_end_call (resource);
    }
}

static void
owned_name_mute (LifecycleResource *resource)
{
  OwnedName *self = (OwnedName *) resource;
  GDBusConnection *connection = lifecycle_resource_peek_watched (self, LIFECYCLE_BUS_CONNECTION);

  for (guint i = 0; i < G_N_ELEMENTS (self->subscriptions); i++)
    {
      if (connection != NULL)
        g_dbus_connection_signal_unsubscribe (connection, self->subscriptions[i]);
      lifecycle_bus_entry_forget (self);
    }
}

static void
owned_name_end (LifecycleResource  *resource,
                GError            **error)
{
  OwnedName *self = (OwnedName *) resource;
  GDBusConnection *connection = lifecycle_resource_peek_watched (self, LIFECYCLE_BUS_CONNECTION);

  /* There is no need to wait for the reply: messages keep their order, so the bus has released the
   * name before it handles anything that is sent later.
   */
  if (self->must_release && connection != NULL && !g_dbus_connection_is_closed (connection))
    g_dbus_connection_call (connection, BUS_NAME, BUS_PATH, BUS_INTERFACE, "ReleaseName",
                            g_variant_new ("(s)", self->name),
                            NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
}

static void
owned_name_clear (LifecycleResource *resource)
{
  g_free (((OwnedName *) resource)->name);
}

static const LifecycleResourceKind owned_name_kind = {
  .type = LIFECYCLE_ENTRY_BUS,
  .outside = TRUE,
  .mute = owned_name_mute,
  .end = owned_name_end,
  .clear = owned_name_clear,
};

/* Records whether the name is owned now, and calls the user's function if that has changed. `over`
 * means that it will not change any more.
 */
static void
owned_name_update (OwnedName       *self,
                   GDBusConnection *connection,
                   gboolean         owned,
                   gboolean         over)
{
  gboolean changed = !self->answered || self->owned != owned;

  self->answered = TRUE;
  self->owned = owned;
  if (over)
    self->must_release = FALSE;

  lifecycle_resource_ref (self);
  if (changed)
    bus_name_call (&self->resource, connection, self->name,
                   owned && connection != NULL ? g_dbus_connection_get_unique_name (connection)
                                               : NULL);
  if (over)
    lifecycle_resource_undo (self);
  lifecycle_resource_unref (self);
}

static void
owned_name_signal_cb (GDBusConnection *connection,
                      const char      *sender,
                      const char      *path,
                      const char      *interface_name,
                      const char      *member,
                      GVariant        *parameters,
                      gpointer         data)
{
  OwnedName *self = data;
  gboolean owned = g_str_equal (member, "NameAcquired");

  /* A signal that arrives before the reply to RequestName is about an earlier request for the name,
   * or says the same as the reply will.
   */
  if (self->answered)
    owned_name_update (self, connection, owned,
                       !owned && (self->flags & G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE) != 0);
}

static void
owned_name_requested_cb (GObject      *source,
                         GAsyncResult *result,
                         gpointer      data)
{
  GDBusConnection *connection = G_DBUS_CONNECTION (source);
  OwnedName *self = data;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (connection, result, NULL);
  guint32 answer = 0;

  if (reply != NULL)
    g_variant_get (reply, "(u)", &answer);

  /* 1: we own the name. 2: we are in the queue. Otherwise another owner has it, which may be in
   * this process, or the bus is gone.
   */
  if (!lifecycle_resource_is_shut (self))
    owned_name_update (self, g_dbus_connection_is_closed (connection) ? NULL : connection,
                       answer == 1, answer != 1 && answer != 2);

  lifecycle_resource_unref (self);
}

static void
owned_name_over (LifecycleResource *resource)
{
  owned_name_update ((OwnedName *) resource, NULL, FALSE, TRUE);
}

static void
owned_name_closed (LifecycleResource *resource)
{
  lifecycle_resource_run_at_home (resource, owned_name_over);
}

/**
 * lifecycle_scope_own_bus_name:
 * @self: a scope
 * @connection: a connection to a message bus; no reference is held
 * @name: the well-known name to own
 * @flags: flags for the request
 * @func: (nullable) (scope notified) (closure user_data) (destroy destroy): the function to call
 *   with an owner when the name has been acquired, and without one when it has been lost; while the
 *   scope stays open, it is called at least once
 * @user_data: data to pass to @func
 * @destroy: (nullable): a function to free @user_data
 *
 * Owns a name on a message bus until the scope closes.
 *
 * The entry leaves the scope when the name cannot be acquired any more: because it has another
 * owner and [flags@Gio.BusNameOwnerFlags.do_not_queue] was passed, or because @connection has been
 * closed.
 *
 * Closing the scope does not wait for the bus. Messages that are sent on @connection afterwards
 * reach the bus after it has released the name.
 *
 * @destroy is called exactly once, but not before a call of @func in progress has returned; if this
 * function fails, as it does on a closed scope, @destroy is called at once. Must be called at home;
 * @func is called there too.
 *
 * Returns: whether the name was requested; if the scope or @connection is closed, %FALSE is
 *   returned and @error is set to [error@Gio.IOErrorEnum.closed]
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_own_bus_name_at (const char            *place,
                                 LifecycleScope        *self,
                                 GDBusConnection       *connection,
                                 const char            *name,
                                 GBusNameOwnerFlags     flags,
                                 LifecycleBusNameFunc   func,
                                 gpointer               user_data,
                                 GDestroyNotify         destroy,
                                 GError               **error)
{
  static const char *const members[] = { "NameLost", "NameAcquired" };
  OwnedName *entry;
  gboolean at_home, added = FALSE;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  g_return_val_if_fail (G_IS_DBUS_CONNECTION (connection), FALSE);
  g_return_val_if_fail (g_dbus_is_name (name) && !g_dbus_is_unique_name (name), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  at_home = lifecycle_resource_go_home (self);
  g_return_val_if_fail (at_home, FALSE);

  entry = lifecycle_bus_entry_new (sizeof (OwnedName), &owned_name_kind, self, connection,
                                   G_CALLBACK (func), user_data, destroy, error);
  if (entry != NULL)
    {
      lifecycle_resource_set_label (entry, name);
      entry->name = g_strdup (name);
      entry->flags = flags;
      entry->must_release = TRUE;
      for (guint i = 0; i < G_N_ELEMENTS (members); i++)
        entry->subscriptions[i] =
          g_dbus_connection_signal_subscribe (connection, BUS_NAME, BUS_INTERFACE, members[i],
                                              BUS_PATH, name, G_DBUS_SIGNAL_FLAGS_NONE,
                                              owned_name_signal_cb,
                                              lifecycle_resource_ref (entry), NULL);
      g_dbus_connection_call (connection, BUS_NAME, BUS_PATH, BUS_INTERFACE, "RequestName",
                              g_variant_new ("(su)", name, (guint32) flags),
                              G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL,
                              owned_name_requested_cb, lifecycle_resource_ref (entry));
      added = lifecycle_bus_entry_add (entry, self, connection, owned_name_closed, place, error);
    }

  lifecycle_resource_leave_home (self);

  return added;
}

static void
watched_name_mute (LifecycleResource *resource)
{
  g_bus_unwatch_name (((WatchedName *) resource)->id);
}

static const LifecycleResourceKind watched_name_kind = {
  .type = LIFECYCLE_ENTRY_BUS,
  .outside = TRUE,
  .mute = watched_name_mute,
};

static void
watched_name_appeared_cb (GDBusConnection *connection,
                          const char      *name,
                          const char      *owner,
                          gpointer         data)
{
  bus_name_call (data, connection, name, owner);
}

static void
watched_name_vanished_cb (GDBusConnection *connection,
                          const char      *name,
                          gpointer         data)
{
  bus_name_call (data, connection, name, NULL);
}

/**
 * lifecycle_scope_watch_bus_name:
 * @self: a scope
 * @connection: a connection to a message bus
 * @name: the name to watch
 * @flags: flags for the watch
 * @func: (scope notified) (closure user_data) (destroy destroy): the function to call when the name
 *   gains or loses an owner; while the scope stays open, it is called at least once
 * @user_data: data to pass to @func
 * @destroy: (nullable): a function to free @user_data
 *
 * Watches a name on a message bus until the scope closes.
 *
 * The entry leaves the scope when @connection is closed, after @func has been called without an
 * owner. GIO holds a reference on @connection while the name is watched.
 *
 * @destroy is called exactly once, but not before a call of @func in progress has returned; if this
 * function fails, as it does on a closed scope, @destroy is called at once. Must be called at home;
 * @func is called there too.
 *
 * Returns: whether the name is watched; if the scope or @connection is closed, %FALSE is returned
 *   and @error is set to [error@Gio.IOErrorEnum.closed]
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_watch_bus_name_at (const char            *place,
                                   LifecycleScope        *self,
                                   GDBusConnection       *connection,
                                   const char            *name,
                                   GBusNameWatcherFlags   flags,
                                   LifecycleBusNameFunc   func,
                                   gpointer               user_data,
                                   GDestroyNotify         destroy,
                                   GError               **error)
{
  WatchedName *entry;
  gboolean at_home, added = FALSE;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  g_return_val_if_fail (G_IS_DBUS_CONNECTION (connection), FALSE);
  g_return_val_if_fail (g_dbus_is_name (name), FALSE);
  g_return_val_if_fail (func != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  at_home = lifecycle_resource_go_home (self);
  g_return_val_if_fail (at_home, FALSE);

  entry = lifecycle_bus_entry_new (sizeof (WatchedName), &watched_name_kind, self, connection,
                                   G_CALLBACK (func), user_data, destroy, error);
  if (entry != NULL)
    {
      lifecycle_resource_set_label (entry, name);
      entry->id = g_bus_watch_name_on_connection (connection, name, flags,
                                                  watched_name_appeared_cb,
                                                  watched_name_vanished_cb,
                                                  lifecycle_resource_ref (entry),
                                                  lifecycle_resource_unref);
      added = lifecycle_bus_entry_add (entry, self, connection, lifecycle_bus_entry_closed, place,
                                       error);
    }

  lifecycle_resource_leave_home (self);

  return added;
}
