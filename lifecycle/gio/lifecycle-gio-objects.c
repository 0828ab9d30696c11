/* lifecycle-gio-objects.c: objects on a message bus
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gio-bus-private.h"
#include "lifecycle-gio-calls-private.h"
#include "lifecycle-gio-closure-private.h"
#include "lifecycle-home-private.h"

typedef struct
{
  LifecycleResource    resource;
  guint                id;
  GDBusConnection     *left;    /* where calls may await a reply, after unexporting */
  char                *object_path;
  char                *interface_name;
  GDBusInterfaceVTable vtable;  /* a copy of the user's */
} ExportedObject;

static void
exported_object_mute (LifecycleResource *resource)
{
  ExportedObject *self = (ExportedObject *) resource;
  GDBusConnection *connection = lifecycle_resource_peek_watched (self, LIFECYCLE_BUS_CONNECTION);

  if (connection != NULL)
    {
      g_dbus_connection_unregister_object (connection, self->id);
      self->left = g_object_ref (connection);
    }
  lifecycle_bus_entry_forget (self);
}

static gboolean
exported_object_match (const char *object_path,
                       const char *interface_name,
                       gpointer    data)
{
  ExportedObject *self = data;

  return g_str_equal (object_path, self->object_path) &&
         g_str_equal (interface_name, self->interface_name);
}

/* Called after the user's data has been freed, because freeing it may reply to calls. */
static void
exported_object_finished (LifecycleResource *resource)
{
  ExportedObject *self = (ExportedObject *) resource;

  if (self->left != NULL)
    lifecycle_bus_calls_end (self->left, resource->context, exported_object_match, self);
  g_clear_object (&self->left);
}

static void
exported_object_clear (LifecycleResource *resource)
{
  ExportedObject *self = (ExportedObject *) resource;

  g_free (self->object_path);
  g_free (self->interface_name);
}

static const LifecycleResourceKind exported_object_kind = {
  .type = LIFECYCLE_ENTRY_BUS,
  .mute = exported_object_mute,
  .finished = exported_object_finished,
  .clear = exported_object_clear,
};

/* Sets a property. If a vtable has no set_property(), GIO calls method_call() for Properties.Set(),
 * which avoids a bug: GIO calls a queued set_property() even after the object has been
 * unregistered, with a vtable that has been freed.
 */
static void
exported_object_set (ExportedObject        *self,
                     GDBusConnection       *connection,
                     const char            *sender,
                     const char            *object_path,
                     GVariant              *parameters,
                     GDBusMethodInvocation *invocation)
{
  g_autoptr (GVariant) value = NULL;
  GError *error = NULL;
  const char *interface_name;
  const char *property_name;

  g_variant_get (parameters, "(&s&sv)", &interface_name, &property_name, &value);
  if (self->vtable.set_property (connection, sender, object_path, interface_name, property_name,
                                 value, &error, self->resource.data))
    g_dbus_method_invocation_return_value (invocation, NULL);
  else
    g_dbus_method_invocation_take_error (invocation, error);
}

static void
exported_object_call_cb (GDBusConnection       *connection,
                         const char            *sender,
                         const char            *object_path,
                         const char            *interface_name,
                         const char            *method_name,
                         GVariant              *parameters,
                         GDBusMethodInvocation *invocation,
                         gpointer               data)
{
  ExportedObject *self = data;
  gboolean sets = self->vtable.set_property != NULL &&
                  g_str_equal (interface_name, "org.freedesktop.DBus.Properties") &&
                  g_str_equal (method_name, "Set");

  if ((sets || self->vtable.method_call != NULL) && lifecycle_resource_begin_call (self))
    {
      if (sets)
        exported_object_set (self, connection, sender, object_path, parameters, invocation);
      else
        self->vtable.method_call (connection, sender, object_path, interface_name, method_name,
                                  parameters, invocation, self->resource.data);
      lifecycle_resource_end_call (self);
    }
  else
    {
      g_dbus_method_invocation_return_error (invocation, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD,
                                             "No such method “%s” of %s on object at path %s",
                                             method_name, interface_name, object_path);
    }
}

static GVariant *
exported_object_get_cb (GDBusConnection  *connection,
                        const char       *sender,
                        const char       *object_path,
                        const char       *interface_name,
                        const char       *property_name,
                        GError          **error,
                        gpointer          data)
{
  ExportedObject *self = data;
  GVariant *value = NULL;

  if (lifecycle_resource_begin_call (self))
    {
      value = self->vtable.get_property (connection, sender, object_path, interface_name,
                                         property_name, error, self->resource.data);
      lifecycle_resource_end_call (self);
    }
  else
    {
      g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_PROPERTY,
                   "No such property “%s”", property_name);
    }

  return value;
}

/**
 * lifecycle_scope_export_bus_object: (skip)
 * @self: a scope
 * @connection: a connection; no reference is held
 * @object_path: the object path to export at
 * @interface_info: the interface to export
 * @vtable: (nullable): the functions to call; the table is copied
 * @user_data: data to pass to these functions
 * @destroy: (nullable): a function to free @user_data
 *
 * Exports an interface of an object until the scope closes, as
 * `g_dbus_connection_register_object()` does.
 *
 * Once the scope is muted, none of the functions is called any more, not even for a method call
 * that has already arrived. Every caller receives a reply: a call that has had none when the scope
 * has closed is answered with %G_DBUS_ERROR_NO_REPLY. If the scope closes during an iteration of a
 * main loop, that reply is sent in the next iteration, so that a method may close the scope and
 * then reply. Replies after that are dropped; the [class@Gio.DBusMethodInvocation] stays valid.
 *
 * The entry leaves the scope when @connection is closed or disposed.
 *
 * @destroy is called exactly once, but not before a call in progress has returned; if this function
 * fails, as it does on a closed scope, @destroy is called at once. Must be called at home; the
 * functions of @vtable are called there too.
 *
 * Returns: whether the interface was exported; otherwise @error is set to
 *   [error@Gio.IOErrorEnum.exists] if that interface is already exported at @object_path, or to
 *   [error@Gio.IOErrorEnum.closed] if the scope or @connection is closed
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_export_bus_object_at (const char                  *place,
                                      LifecycleScope              *self,
                                      GDBusConnection             *connection,
                                      const char                  *object_path,
                                      GDBusInterfaceInfo          *interface_info,
                                      const GDBusInterfaceVTable  *vtable,
                                      gpointer                     user_data,
                                      GDestroyNotify               destroy,
                                      GError                     **error)
{
  GDBusInterfaceVTable guarded = { NULL };
  ExportedObject *entry;
  gboolean at_home, added = FALSE;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  g_return_val_if_fail (G_IS_DBUS_CONNECTION (connection), FALSE);
  g_return_val_if_fail (object_path != NULL && g_variant_is_object_path (object_path), FALSE);
  g_return_val_if_fail (interface_info != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  at_home = lifecycle_resource_go_home (self);
  g_return_val_if_fail (at_home, FALSE);

  entry = lifecycle_bus_entry_new (sizeof (ExportedObject), &exported_object_kind, self, connection,
                                   NULL, user_data, destroy, error);
  if (entry != NULL)
    {
      lifecycle_resource_set_label (entry, object_path);
      entry->object_path = g_strdup (object_path);
      entry->interface_name = g_strdup (interface_info->name);
      if (vtable != NULL)
        {
          entry->vtable = *vtable;
          guarded.method_call = exported_object_call_cb;
          guarded.get_property = vtable->get_property != NULL ? exported_object_get_cb : NULL;
        }

      lifecycle_bus_calls_begin (connection);
      entry->id = g_dbus_connection_register_object (connection, object_path, interface_info,
                                                     vtable != NULL ? &guarded : NULL,
                                                     lifecycle_resource_ref (entry), NULL,
                                                     error);
      if (entry->id != 0)
        {
          added = lifecycle_bus_entry_add (entry, self, connection, lifecycle_bus_entry_closed,
                                           place, error);
        }
      else
        {
          lifecycle_resource_unref (entry);
          lifecycle_bus_calls_cancel (connection);
          lifecycle_resource_discard (entry);
        }
    }

  lifecycle_resource_leave_home (self);

  return added;
}

typedef struct
{
  GClosure *method_call;
  GClosure *get_property;
  GClosure *set_property;
} ExportClosures;

static void
export_closures_free (gpointer data)
{
  ExportClosures *closures = data;

  g_clear_pointer (&closures->method_call, g_closure_unref);
  g_clear_pointer (&closures->get_property, g_closure_unref);
  g_clear_pointer (&closures->set_property, g_closure_unref);
  g_free (closures);
}

/* Invokes a closure with the five arguments that all of the closures have, and with those of
 * `variant` and `invocation` that are not NULL. Takes over the reference on the invocation. The
 * function that replies takes another one, which language bindings provide.
 */
static void
export_closure_invoke (GClosure        *closure,
                       GValue          *result,
                       GDBusConnection *connection,
                       const char      *sender,
                       const char      *object_path,
                       const char      *interface_name,
                       const char      *member,
                       GVariant        *variant,
                       gpointer         invocation)
{
  const char *strings[] = { sender, object_path, interface_name, member };
  GValue values[7] = { G_VALUE_INIT };
  guint n_values = 0;

  g_value_init (&values[n_values], G_TYPE_DBUS_CONNECTION);
  g_value_set_object (&values[n_values++], connection);
  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    {
      g_value_init (&values[n_values], G_TYPE_STRING);
      g_value_set_string (&values[n_values++], strings[i]);
    }
  if (variant != NULL)
    {
      g_value_init (&values[n_values], G_TYPE_VARIANT);
      g_value_set_variant (&values[n_values++], variant);
    }
  if (invocation != NULL)
    {
      g_value_init (&values[n_values], G_TYPE_DBUS_METHOD_INVOCATION);
      g_value_take_object (&values[n_values++], invocation);
    }

  g_closure_invoke (closure, result, n_values, values, NULL);

  while (n_values > 0)
    g_value_unset (&values[--n_values]);
}

static void
export_closures_call_cb (GDBusConnection       *connection,
                         const char            *sender,
                         const char            *object_path,
                         const char            *interface_name,
                         const char            *method_name,
                         GVariant              *parameters,
                         GDBusMethodInvocation *invocation,
                         gpointer               data)
{
  ExportClosures *closures = data;

  export_closure_invoke (closures->method_call, NULL, connection, sender, object_path,
                         interface_name, method_name, parameters, invocation);
}

static GVariant *
export_closures_get_cb (GDBusConnection  *connection,
                        const char       *sender,
                        const char       *object_path,
                        const char       *interface_name,
                        const char       *property_name,
                        GError          **error,
                        gpointer          data)
{
  ExportClosures *closures = data;
  GValue result = G_VALUE_INIT;
  GVariant *value;

  g_value_init (&result, G_TYPE_VARIANT);
  export_closure_invoke (closures->get_property, &result, connection, sender, object_path,
                         interface_name, property_name, NULL, NULL);
  value = g_value_dup_variant (&result);
  g_value_unset (&result);

  if (value == NULL)
    g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_FAILED,
                 "Unable to retrieve property %s.%s", interface_name, property_name);

  return value;
}

static gboolean
export_closures_set_cb (GDBusConnection  *connection,
                        const char       *sender,
                        const char       *object_path,
                        const char       *interface_name,
                        const char       *property_name,
                        GVariant         *value,
                        GError          **error,
                        gpointer          data)
{
  ExportClosures *closures = data;
  GValue result = G_VALUE_INIT;
  gboolean done;

  g_value_init (&result, G_TYPE_BOOLEAN);
  export_closure_invoke (closures->set_property, &result, connection, sender, object_path,
                         interface_name, property_name, value, NULL);
  done = g_value_get_boolean (&result);
  g_value_unset (&result);

  if (!done)
    g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_FAILED,
                 "Unable to set property %s.%s", interface_name, property_name);

  return done;
}

/**
 * lifecycle_scope_export_bus_object_with_closures: (rename-to lifecycle_scope_export_bus_object)
 * @self: a scope
 * @connection: a connection; no reference is held
 * @object_path: the object path to export at
 * @interface_info: the interface to export
 * @method_call_closure: (nullable): the closure to invoke when a method is called
 * @get_property_closure: (nullable): the closure to invoke when a property is read
 * @set_property_closure: (nullable): the closure to invoke when a property is written
 *
 * Exports an interface of an object until the scope closes, as
 * `g_dbus_connection_register_object_with_closures2()` does. This is the version of
 * [method@Scope.export_bus_object] for language bindings.
 *
 * The closures are passed the same arguments as the functions of a
 * [struct@Gio.DBusInterfaceVTable], but do not own the [class@Gio.DBusMethodInvocation], although
 * the function that replies takes ownership of a reference. The scope drops its references on the
 * closures when it closes, or at once if this function fails. Must be called at home; the closures
 * are invoked there too.
 *
 * Returns: whether the interface was exported; otherwise @error is set to
 *   [error@Gio.IOErrorEnum.exists] if that interface is already exported at @object_path, or to
 *   [error@Gio.IOErrorEnum.closed] if the scope or @connection is closed
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_export_bus_object_with_closures_at (const char          *place,
                                                    LifecycleScope      *self,
                                                    GDBusConnection     *connection,
                                                    const char          *object_path,
                                                    GDBusInterfaceInfo  *interface_info,
                                                    GClosure            *method_call_closure,
                                                    GClosure            *get_property_closure,
                                                    GClosure            *set_property_closure,
                                                    GError             **error)
{
  GDBusInterfaceVTable vtable = { NULL };
  ExportClosures *closures = g_new0 (ExportClosures, 1);

  closures->method_call = lifecycle_closure_own (method_call_closure);
  closures->get_property = lifecycle_closure_own (get_property_closure);
  closures->set_property = lifecycle_closure_own (set_property_closure);
  vtable.method_call = method_call_closure != NULL ? export_closures_call_cb : NULL;
  vtable.get_property = get_property_closure != NULL ? export_closures_get_cb : NULL;
  vtable.set_property = set_property_closure != NULL ? export_closures_set_cb : NULL;

  return lifecycle_scope_export_bus_object_at (place, self, connection, object_path, interface_info,
                                               &vtable, closures, export_closures_free, error);
}
