/* lifecycle-gio-skeletons.c: interface skeletons and object managers on a message bus
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gio-bus-private.h"
#include "lifecycle-gio-calls-private.h"

/* The index of the skeleton or the manager among the objects that an entry watches. */
#define EXPORTED_ITSELF 1

typedef struct
{
  LifecycleResource       resource;
  GDBusInterfaceSkeleton *skeleton; /* a reference is held while it is exported */
  GDBusConnection        *left;     /* where calls may await a reply, after unexporting */
  char                   *object_path;
  char                   *interface_name;
} ExportedSkeleton;

static void
exported_skeleton_mute (LifecycleResource *resource)
{
  ExportedSkeleton *self = (ExportedSkeleton *) resource;
  GDBusConnection *connection = lifecycle_resource_peek_watched (self, LIFECYCLE_BUS_CONNECTION);

  if (connection == NULL)
    return;

  /* Other code may have unexported it already. */
  if (g_dbus_interface_skeleton_has_connection (self->skeleton, connection))
    g_dbus_interface_skeleton_unexport_from_connection (self->skeleton, connection);
  self->left = g_object_ref (connection);
}

static void
exported_skeleton_end (LifecycleResource  *resource,
                       GError            **error)
{
  g_clear_object (&((ExportedSkeleton *) resource)->skeleton);
}

static void
exported_skeleton_gone (LifecycleResource *resource)
{
  exported_skeleton_end (resource, NULL);
}

static gboolean
exported_skeleton_match (const char *object_path,
                         const char *interface_name,
                         gpointer    data)
{
  ExportedSkeleton *self = data;

  return g_str_equal (object_path, self->object_path) &&
         g_str_equal (interface_name, self->interface_name);
}

static void
exported_skeleton_finished (LifecycleResource *resource)
{
  ExportedSkeleton *self = (ExportedSkeleton *) resource;

  if (self->left != NULL)
    lifecycle_bus_calls_end (self->left, resource->context, exported_skeleton_match, self);
  g_clear_object (&self->left);
}

static void
exported_skeleton_clear (LifecycleResource *resource)
{
  ExportedSkeleton *self = (ExportedSkeleton *) resource;

  g_free (self->object_path);
  g_free (self->interface_name);
}

static const LifecycleResourceKind exported_skeleton_kind = {
  .type = LIFECYCLE_ENTRY_BUS,
  .mute = exported_skeleton_mute,
  .end = exported_skeleton_end,
  .gone = exported_skeleton_gone,
  .finished = exported_skeleton_finished,
  .clear = exported_skeleton_clear,
};

/**
 * lifecycle_scope_export_bus_skeleton:
 * @self: a scope
 * @connection: a connection
 * @object_path: the object path to export at
 * @skeleton: (transfer none): the skeleton to export; the scope holds a reference until it is
 *   unexported
 *
 * Exports an interface skeleton, such as `gdbus-codegen` generates, until the scope closes, as
 * `g_dbus_interface_skeleton_export()` does.
 *
 * When the scope closes, @skeleton is unexported from @connection, but not from other connections.
 * Calls that GIO has already handed to a thread, because of
 * %G_DBUS_INTERFACE_SKELETON_FLAGS_HANDLE_METHOD_INVOCATIONS_IN_THREAD or because of a handler for
 * [signal@Gio.DBusInterfaceSkeleton::g-authorize-method], are not interrupted. A call that has had
 * no reply is answered with %G_DBUS_ERROR_NO_REPLY, as described for
 * [method@Scope.export_bus_object].
 *
 * The entry leaves the scope when @connection is closed. GIO holds a reference on @connection while
 * @skeleton is exported. On a closed scope nothing is exported. Must be called at home; methods are
 * called there too.
 *
 * Returns: whether the skeleton was exported; otherwise @error is set to
 *   [error@Gio.IOErrorEnum.exists] if that interface is already exported at @object_path, or to
 *   [error@Gio.IOErrorEnum.closed] if the scope or @connection is closed
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_export_bus_skeleton_at (const char              *place,
                                        LifecycleScope          *self,
                                        GDBusConnection         *connection,
                                        const char              *object_path,
                                        GDBusInterfaceSkeleton  *skeleton,
                                        GError                 **error)
{
  ExportedSkeleton *entry;
  gboolean at_home, added = FALSE;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  g_return_val_if_fail (G_IS_DBUS_CONNECTION (connection), FALSE);
  g_return_val_if_fail (object_path != NULL && g_variant_is_object_path (object_path), FALSE);
  g_return_val_if_fail (G_IS_DBUS_INTERFACE_SKELETON (skeleton), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  at_home = lifecycle_resource_go_home (self);
  g_return_val_if_fail (at_home, FALSE);

  entry = lifecycle_bus_entry_new (sizeof (ExportedSkeleton), &exported_skeleton_kind, self,
                                   connection, NULL, NULL, NULL, error);
  if (entry != NULL)
    {
      lifecycle_resource_set_label (entry, object_path);
      entry->object_path = g_strdup (object_path);
      entry->interface_name = g_strdup (g_dbus_interface_skeleton_get_info (skeleton)->name);
      lifecycle_bus_calls_begin (connection);
      if (g_dbus_interface_skeleton_export (skeleton, connection, object_path, error))
        {
          entry->skeleton = g_object_ref (skeleton);
          lifecycle_resource_watch_object (entry, EXPORTED_ITSELF, skeleton);
          added = lifecycle_bus_entry_add (entry, self, connection, lifecycle_bus_entry_closed,
                                           place, error);
        }
      else
        {
          lifecycle_bus_calls_cancel (connection);
          lifecycle_resource_discard (entry);
        }
    }

  lifecycle_resource_leave_home (self);

  return added;
}

typedef struct
{
  LifecycleResource         resource;
  GDBusObjectManagerServer *manager;    /* a reference is held while it is exported */
  GDBusConnection          *left;       /* where calls may await a reply, after unexporting */
  GHashTable               *interfaces; /* a set of keys, see exported_manager_key() */
  gboolean                  frozen;     /* whether its property notifications are frozen */
} ExportedManager;

static char *
exported_manager_key (const char *object_path,
                      const char *interface_name)
{
  return g_strconcat (object_path, " ", interface_name, NULL);
}

typedef gboolean (* ExportedFunc) (const char         *object_path,
                                   GDBusInterfaceInfo *info,
                                   gpointer            data);

/* Calls a function for each interface of each object, until it returns FALSE. */
static gboolean
exported_manager_foreach (GDBusObjectManagerServer *manager,
                          ExportedFunc              func,
                          gpointer                  data)
{
  GList *objects = g_dbus_object_manager_get_objects (G_DBUS_OBJECT_MANAGER (manager));
  gboolean goes_on = TRUE;

  for (GList *l = objects; l != NULL && goes_on; l = l->next)
    {
      GList *interfaces = g_dbus_object_get_interfaces (l->data);

      for (GList *i = interfaces; i != NULL && goes_on; i = i->next)
        goes_on = func (g_dbus_object_get_object_path (l->data), g_dbus_interface_get_info (i->data),
                        data);
      g_list_free_full (interfaces, g_object_unref);
    }
  g_list_free_full (objects, g_object_unref);

  return goes_on;
}

static gboolean
exported_manager_note (const char         *object_path,
                       GDBusInterfaceInfo *info,
                       gpointer            data)
{
  g_hash_table_add (data, exported_manager_key (object_path, info->name));

  return TRUE;
}

static void
exported_manager_mute (LifecycleResource *resource)
{
  ExportedManager *self = (ExportedManager *) resource;
  GDBusConnection *connection = lifecycle_resource_peek_watched (self, LIFECYCLE_BUS_CONNECTION);
  g_autoptr (GDBusConnection) current = NULL;

  if (connection == NULL)
    return;

  self->left = g_object_ref (connection);
  current = g_dbus_object_manager_server_get_connection (self->manager);
  if (current != connection)
    return;

  exported_manager_foreach (self->manager, exported_manager_note, self->interfaces);

  /* Clearing the connection would call handlers for `notify::connection`, which are user code. */
  g_object_freeze_notify (G_OBJECT (self->manager));
  self->frozen = TRUE;
  g_dbus_object_manager_server_set_connection (self->manager, NULL);
}

static void
exported_manager_end (LifecycleResource  *resource,
                      GError            **error)
{
  ExportedManager *self = (ExportedManager *) resource;

  if (self->frozen)
    g_object_thaw_notify (G_OBJECT (self->manager));
  self->frozen = FALSE;
  g_clear_object (&self->manager);
}

static void
exported_manager_gone (LifecycleResource *resource)
{
  exported_manager_end (resource, NULL);
}

static gboolean
exported_manager_match (const char *object_path,
                        const char *interface_name,
                        gpointer    data)
{
  ExportedManager *self = data;
  g_autofree char *key = exported_manager_key (object_path, interface_name);

  return g_hash_table_contains (self->interfaces, key);
}

static void
exported_manager_finished (LifecycleResource *resource)
{
  ExportedManager *self = (ExportedManager *) resource;

  if (self->left != NULL)
    lifecycle_bus_calls_end (self->left, resource->context, exported_manager_match, self);
  g_clear_object (&self->left);
}

static void
exported_manager_clear (LifecycleResource *resource)
{
  g_hash_table_unref (((ExportedManager *) resource)->interfaces);
}

static const LifecycleResourceKind exported_manager_kind = {
  .type = LIFECYCLE_ENTRY_BUS,
  .mute = exported_manager_mute,
  .end = exported_manager_end,
  .gone = exported_manager_gone,
  .finished = exported_manager_finished,
  .clear = exported_manager_clear,
};

typedef struct
{
  GDBusConnection  *connection;
  GError          **error;
} FreePlaces;

/* Checks that nothing is exported at the path yet. If something is, GIO only warns when the manager
 * is exported, and again when it is unexported.
 */
static gboolean
exported_manager_try (const char         *object_path,
                      GDBusInterfaceInfo *info,
                      gpointer            data)
{
  FreePlaces *places = data;
  guint id = g_dbus_connection_register_object (places->connection, object_path, info, NULL, NULL,
                                                NULL, places->error);

  return id != 0 && g_dbus_connection_unregister_object (places->connection, id);
}

static gboolean
exported_manager_check (GDBusObjectManagerServer  *manager,
                        GDBusConnection           *connection,
                        GError                   **error)
{
  static GDBusInterfaceInfo info = {
    .ref_count = -1,
    .name = (char *) "org.freedesktop.DBus.ObjectManager",
  };
  g_autoptr (GDBusConnection) current = g_dbus_object_manager_server_get_connection (manager);
  const char *object_path =
    g_dbus_object_manager_get_object_path (G_DBUS_OBJECT_MANAGER (manager));
  FreePlaces places = { connection, error };

  if (current != NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                   "The object manager at %s is already exported", object_path);
      return FALSE;
    }

  return exported_manager_try (object_path, &info, &places) &&
         exported_manager_foreach (manager, exported_manager_try, &places);
}

/**
 * lifecycle_scope_export_bus_object_manager:
 * @self: a scope
 * @connection: a connection
 * @manager: (transfer none): the object manager to export; the scope holds a reference until it is
 *   unexported
 *
 * Exports an object manager and all its objects until the scope closes, as
 * `g_dbus_object_manager_server_set_connection()` does.
 *
 * Objects that are added to @manager later are exported as well. When the scope closes, all of them
 * are unexported, but stay in @manager. A call that has had no reply is answered with
 * %G_DBUS_ERROR_NO_REPLY, as described for [method@Scope.export_bus_object]; for calls that are
 * handled in a thread, see [method@Scope.export_bus_skeleton].
 *
 * The entry leaves the scope when @connection is closed. GIO holds a reference on @connection while
 * @manager is exported. On a closed scope nothing is exported. Must be called at home; methods of
 * the objects that are in @manager at that time are called there too.
 *
 * Returns: whether the manager was exported; otherwise @error is set to
 *   [error@Gio.IOErrorEnum.exists] if @manager is already exported, or if one of its interfaces or
 *   those of its objects is already exported by other code, or to [error@Gio.IOErrorEnum.closed] if
 *   the scope or @connection is closed
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_export_bus_object_manager_at (const char                *place,
                                              LifecycleScope            *self,
                                              GDBusConnection           *connection,
                                              GDBusObjectManagerServer  *manager,
                                              GError                   **error)
{
  ExportedManager *entry;
  gboolean at_home, added = FALSE;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  g_return_val_if_fail (G_IS_DBUS_CONNECTION (connection), FALSE);
  g_return_val_if_fail (G_IS_DBUS_OBJECT_MANAGER_SERVER (manager), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  at_home = lifecycle_resource_go_home (self);
  g_return_val_if_fail (at_home, FALSE);

  entry = lifecycle_bus_entry_new (sizeof (ExportedManager), &exported_manager_kind, self,
                                   connection, NULL, NULL, NULL, error);
  if (entry != NULL)
    {
      lifecycle_resource_set_label (entry,
                                    g_dbus_object_manager_get_object_path (G_DBUS_OBJECT_MANAGER (manager)));
      entry->interfaces = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      if (exported_manager_check (manager, connection, error))
        {
          lifecycle_bus_calls_begin (connection);
          entry->manager = g_object_ref (manager);
          lifecycle_resource_watch_object (entry, EXPORTED_ITSELF, manager);
          g_dbus_object_manager_server_set_connection (manager, connection);
          added = lifecycle_bus_entry_add (entry, self, connection, lifecycle_bus_entry_closed,
                                           place, error);
        }
      else
        {
          lifecycle_resource_discard (entry);
        }
    }

  lifecycle_resource_leave_home (self);

  return added;
}
