/* lifecycle-gio-bus.c: signals, actions and menus on a message bus
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gio-bus-private.h"
#include "lifecycle-home-private.h"

/* These entries are undone in the muted phase: GIO runs no user code then, drops what is queued but
 * has not been dispatched, and replies to callers with an error.
 */

typedef struct
{
  LifecycleResource resource;
  guint             id;
} Subscription;

/* An action group or a menu model. */
typedef struct
{
  LifecycleResource  resource;
  guint              id;
  void            (* unexport) (GDBusConnection *connection,
                                guint            id);
} ExportedModel;

/* Calls `destroy` and returns NULL if the scope or the connection is closed. Must be called at
 * home.
 */
gpointer
lifecycle_bus_entry_new (gsize                         size,
                         const LifecycleResourceKind  *kind,
                         LifecycleScope               *scope,
                         GDBusConnection              *connection,
                         GCallback                     func,
                         gpointer                      data,
                         GDestroyNotify                destroy,
                         GError                      **error)
{
  gboolean usable = lifecycle_resource_check_open (scope, error);

  /* GIO would log a critical message for this. */
  if (usable && g_dbus_connection_is_closed (connection))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The connection is closed");
      usable = FALSE;
    }

  if (!usable)
    {
      if (destroy != NULL)
        destroy (data);
      return NULL;
    }

  return lifecycle_resource_new (size, kind, scope, func, data, destroy);
}

static void
bus_entry_over (LifecycleResource *resource)
{
  lifecycle_resource_undo (resource);
}

/* A closed connection never opens again, so the entry is undone. GIO emits `closed` in the context
 * in which the connection was created, so this may be called on any thread.
 */
void
lifecycle_bus_entry_closed (LifecycleResource *self)
{
  lifecycle_resource_run_at_home (self, bus_entry_over);
}

/* Takes over the caller's reference. `closed` is called, on any thread, when the connection is
 * closed. It is connected last, so that GIO's own handlers for that signal run first.
 */
gboolean
lifecycle_bus_entry_add (gpointer                self,
                         LifecycleScope         *scope,
                         GDBusConnection        *connection,
                         LifecycleResourceFunc   closed,
                         const char             *place,
                         GError                **error)
{
  lifecycle_resource_watch_object (self, LIFECYCLE_BUS_CONNECTION, connection);
  lifecycle_resource_connect (self, LIFECYCLE_BUS_CONNECTION, "closed", closed);
  if (lifecycle_resource_add (self, scope, place))
    return TRUE;

  lifecycle_resource_set_closed_error (error);

  return FALSE;
}

static gboolean
nothing_cb (gpointer data)
{
  return G_SOURCE_REMOVE;
}

/* Drops a reference on an entry that GDBus had as its user data, once GDBus cannot use it any more.
 * GDBus calls destroy notifies from a source in the home context, and forgets them if the context is
 * destroyed first. So it gets none, and a source that comes after all of its own does the same.
 */
void
lifecycle_bus_entry_forget (gpointer self)
{
  LifecycleResource *resource = self;

  lifecycle_post (resource->context, G_PRIORITY_DEFAULT, "Lifecycle message bus",
                  nothing_cb, resource, lifecycle_resource_unref);
}

static void
subscription_mute (LifecycleResource *resource)
{
  Subscription *self = (Subscription *) resource;
  GDBusConnection *connection = lifecycle_resource_peek_watched (self, LIFECYCLE_BUS_CONNECTION);

  if (connection != NULL)
    g_dbus_connection_signal_unsubscribe (connection, self->id);
  lifecycle_bus_entry_forget (self);
}

static const LifecycleResourceKind subscription_kind = {
  .type = LIFECYCLE_ENTRY_BUS,
  .outside = TRUE,
  .mute = subscription_mute,
};

static void
subscription_cb (GDBusConnection *connection,
                 const char      *sender,
                 const char      *object_path,
                 const char      *interface_name,
                 const char      *member,
                 GVariant        *parameters,
                 gpointer         data)
{
  LifecycleResource *resource = data;

  if (lifecycle_resource_begin_call (resource))
    {
      ((GDBusSignalCallback) resource->func) (connection, sender, object_path, interface_name,
                                              member, parameters, resource->data);
      lifecycle_resource_end_call (resource);
    }
}

/**
 * lifecycle_scope_subscribe_bus_signal:
 * @self: a scope
 * @connection: a connection; no reference is held
 * @sender: (nullable): the sender to match, or %NULL for any
 * @interface_name: (nullable): the interface to match, or %NULL for any
 * @member: (nullable): the name of the signal to match, or %NULL for any
 * @object_path: (nullable): the object path to match, or %NULL for any
 * @arg0: (nullable): the first string argument to match, or %NULL for any
 * @flags: flags that affect how @arg0 is matched
 * @callback: (scope notified) (closure user_data) (destroy destroy): the function to call for each
 *   signal
 * @user_data: data to pass to @callback
 * @destroy: (nullable): a function to free @user_data
 *
 * Subscribes to signals on a message bus until the scope closes, as
 * `g_dbus_connection_signal_subscribe()` does.
 *
 * Once the scope is muted, @callback is not called any more, not even for a signal that has already
 * arrived. The entry leaves the scope when @connection is closed or disposed.
 *
 * @destroy is called exactly once, but not before a call of @callback in progress has returned; if
 * this function fails, as it does on a closed scope, @destroy is called at once. Must be called at
 * home; @callback is called there too.
 *
 * Returns: whether the subscription was added; if the scope or @connection is closed, %FALSE is
 *   returned and @error is set to [error@Gio.IOErrorEnum.closed]
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_subscribe_bus_signal_at (const char           *place,
                                         LifecycleScope       *self,
                                         GDBusConnection      *connection,
                                         const char           *sender,
                                         const char           *interface_name,
                                         const char           *member,
                                         const char           *object_path,
                                         const char           *arg0,
                                         GDBusSignalFlags      flags,
                                         GDBusSignalCallback   callback,
                                         gpointer              user_data,
                                         GDestroyNotify        destroy,
                                         GError              **error)
{
  Subscription *entry;
  gboolean at_home, added = FALSE;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  g_return_val_if_fail (G_IS_DBUS_CONNECTION (connection), FALSE);
  g_return_val_if_fail (callback != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  at_home = lifecycle_resource_go_home (self);
  g_return_val_if_fail (at_home, FALSE);

  entry = lifecycle_bus_entry_new (sizeof (Subscription), &subscription_kind, self, connection,
                                   G_CALLBACK (callback), user_data, destroy, error);
  if (entry != NULL)
    {
      lifecycle_resource_set_label (entry, member != NULL ? member : interface_name);
      entry->id = g_dbus_connection_signal_subscribe (connection, sender, interface_name, member,
                                                      object_path, arg0, flags, subscription_cb,
                                                      lifecycle_resource_ref (entry), NULL);
      added = lifecycle_bus_entry_add (entry, self, connection, lifecycle_bus_entry_closed, place,
                                       error);
    }

  lifecycle_resource_leave_home (self);

  return added;
}

static void
exported_model_mute (LifecycleResource *resource)
{
  ExportedModel *self = (ExportedModel *) resource;
  GDBusConnection *connection = lifecycle_resource_peek_watched (self, LIFECYCLE_BUS_CONNECTION);

  if (connection != NULL)
    self->unexport (connection, self->id);
}

static const LifecycleResourceKind exported_model_kind = {
  .type = LIFECYCLE_ENTRY_BUS,
  .mute = exported_model_mute,
};

typedef guint (* ExportFunc)   (GDBusConnection  *connection,
                                const char       *object_path,
                                gpointer          model,
                                GError          **error);
typedef void  (* UnexportFunc) (GDBusConnection  *connection,
                                guint             id);

static gboolean
scope_export_model (LifecycleScope   *self,
                    GDBusConnection  *connection,
                    const char       *object_path,
                    gpointer          model,
                    ExportFunc        export,
                    UnexportFunc      unexport,
                    const char       *place,
                    GError          **error)
{
  ExportedModel *entry;
  gboolean added = FALSE;

  entry = lifecycle_bus_entry_new (sizeof (ExportedModel), &exported_model_kind, self, connection,
                                   NULL, NULL, NULL, error);
  if (entry != NULL)
    {
      lifecycle_resource_set_label (entry, object_path);
      entry->unexport = unexport;
      entry->id = export (connection, object_path, model, error);
      if (entry->id != 0)
        added = lifecycle_bus_entry_add (entry, self, connection, lifecycle_bus_entry_closed,
                                         place, error);
      else
        lifecycle_resource_discard (entry);
    }

  return added;
}

/**
 * lifecycle_scope_export_action_group:
 * @self: a scope
 * @connection: a connection
 * @object_path: the object path to export at
 * @action_group: the action group to export
 *
 * Exports an action group until the scope closes, as `g_dbus_connection_export_action_group()`
 * does.
 *
 * The entry leaves the scope when @connection is closed. GIO holds references on @connection and
 * @action_group, and drops them in the first iteration of the home context after the export has
 * ended.
 *
 * On a closed scope nothing is exported. Must be called at home; actions are activated there too.
 *
 * Returns: whether the group was exported; otherwise @error is set to
 *   [error@Gio.IOErrorEnum.exists] if an action group is already exported at @object_path, or to
 *   [error@Gio.IOErrorEnum.closed] if the scope or @connection is closed
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_export_action_group_at (const char       *place,
                                        LifecycleScope   *self,
                                        GDBusConnection  *connection,
                                        const char       *object_path,
                                        GActionGroup     *action_group,
                                        GError          **error)
{
  gboolean at_home, added;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  g_return_val_if_fail (G_IS_DBUS_CONNECTION (connection), FALSE);
  g_return_val_if_fail (object_path != NULL && g_variant_is_object_path (object_path), FALSE);
  g_return_val_if_fail (G_IS_ACTION_GROUP (action_group), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  at_home = lifecycle_resource_go_home (self);
  g_return_val_if_fail (at_home, FALSE);

  added = scope_export_model (self, connection, object_path, action_group,
                              (ExportFunc) g_dbus_connection_export_action_group,
                              g_dbus_connection_unexport_action_group,
                              place, error);
  lifecycle_resource_leave_home (self);

  return added;
}

/**
 * lifecycle_scope_export_menu_model:
 * @self: a scope
 * @connection: a connection
 * @object_path: the object path to export at
 * @menu: the menu to export
 *
 * Exports a menu until the scope closes, as `g_dbus_connection_export_menu_model()` does.
 *
 * The entry leaves the scope when @connection is closed. GIO holds references on @connection and
 * @menu, and drops them in the first iteration of the home context after the export has ended.
 *
 * On a closed scope nothing is exported. Must be called at home.
 *
 * Returns: whether the menu was exported; otherwise @error is set to
 *   [error@Gio.IOErrorEnum.exists] if a menu is already exported at @object_path, or to
 *   [error@Gio.IOErrorEnum.closed] if the scope or @connection is closed
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_export_menu_model_at (const char       *place,
                                      LifecycleScope   *self,
                                      GDBusConnection  *connection,
                                      const char       *object_path,
                                      GMenuModel       *menu,
                                      GError          **error)
{
  gboolean at_home, added;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  g_return_val_if_fail (G_IS_DBUS_CONNECTION (connection), FALSE);
  g_return_val_if_fail (object_path != NULL && g_variant_is_object_path (object_path), FALSE);
  g_return_val_if_fail (G_IS_MENU_MODEL (menu), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  at_home = lifecycle_resource_go_home (self);
  g_return_val_if_fail (at_home, FALSE);

  added = scope_export_model (self, connection, object_path, menu,
                              (ExportFunc) g_dbus_connection_export_menu_model,
                              g_dbus_connection_unexport_menu_model,
                              place, error);
  lifecycle_resource_leave_home (self);

  return added;
}
