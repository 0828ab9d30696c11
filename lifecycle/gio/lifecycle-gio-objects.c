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
  gboolean             let_go;  /* GIO holds no reference any more */
  GDBusConnection     *left;    /* where calls may be unanswered */
  char                *object_path;
  char                *interface_name;
  GDBusInterfaceVTable vtable;  /* of the user */
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

/* The user's data comes first: freeing it may answer calls. */
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

/* GIO's reference. When an export fails, GLib 2.81 and newer drop it, and older versions do not: the
 * caller finds out which.
 */
static void
exported_object_let_go (gpointer data)
{
  ExportedObject *self = data;

  self->let_go = TRUE;
  lifecycle_resource_unref (self);
}

/* GIO calls this for a property if there is no function for it in its table. It has one trap less:
 * what is queued for set_property() is called although the object has been unregistered, and with a
 * table that has been freed.
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
 * @object_path: where to export
 * @interface_info: what to export
 * @vtable: (nullable): the functions to call, which are copied
 * @user_data: data for these functions
 * @destroy: (nullable): how to free @user_data
 *
 * Exports an interface of an object, as `g_dbus_connection_register_object()` does, until the scope
 * closes.
 *
 * From then on none of the functions is called any more, not even for a call that has arrived
 * already. Every caller gets an answer: a call that nobody has answered when the scope has closed
 * is answered with %G_DBUS_ERROR_NO_REPLY. If the scope closes in the middle of a main loop
 * iteration, that happens in the next one, so that a method may close the scope and then answer.
 * What is answered later than that is dropped; the [class@Gio.DBusMethodInvocation] stays valid.
 *
 * The entry leaves the scope when @connection is closed or disposed.
 *
 * @destroy is called exactly once, but not before a call that is under way has returned; if the
 * function fails, it is called at once. Must be called at home, and the functions are called there.
 *
 * Returns: whether the object is exported; if not, @error says that something else is exported
 *   there ([error@Gio.IOErrorEnum.exists]), or that the scope or @connection is closed
 *   ([error@Gio.IOErrorEnum.closed])
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_export_bus_object (LifecycleScope              *self,
                                   GDBusConnection             *connection,
                                   const char                  *object_path,
                                   GDBusInterfaceInfo          *interface_info,
                                   const GDBusInterfaceVTable  *vtable,
                                   gpointer                     user_data,
                                   GDestroyNotify               destroy,
                                   GError                     **error)
{
  return lifecycle_scope_export_bus_object_at (NULL, self, connection, object_path, interface_info,
                                               vtable, user_data, destroy, error);
}

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
  GDBusInterfaceVTable gate = { NULL };
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
          gate.method_call = exported_object_call_cb;
          gate.get_property = vtable->get_property != NULL ? exported_object_get_cb : NULL;
        }

      lifecycle_bus_calls_begin (connection);
      entry->id = g_dbus_connection_register_object (connection, object_path, interface_info,
                                                     vtable != NULL ? &gate : NULL,
                                                     lifecycle_resource_ref (entry),
                                                     exported_object_let_go,
                                                     error);
      if (entry->id != 0)
        {
          added = lifecycle_bus_entry_add (entry, self, connection, lifecycle_bus_entry_closed,
                                           place, error);
        }
      else
        {
          if (!entry->let_go)
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

/* Invokes a closure with the five arguments that all of them have, and perhaps one or two more. The
 * reference on the invocation ends here, and the answer takes another: bindings see to that.
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
 * @object_path: where to export
 * @interface_info: what to export
 * @method_call_closure: (nullable): what to invoke when a method is called
 * @get_property_closure: (nullable): what to invoke when a property is read
 * @set_property_closure: (nullable): what to invoke when a property is written
 *
 * Exports an interface of an object, as `g_dbus_connection_register_object_with_closures2()` does,
 * until the scope closes. This is for bindings; see [method@Scope.export_bus_object].
 *
 * The closures get what the functions of a [struct@Gio.DBusInterfaceVTable] get, but no reference
 * on the [class@Gio.DBusMethodInvocation]: the function that answers wants one. The scope drops its
 * references on the closures when it closes. Must be called at home, and the closures are invoked
 * there.
 *
 * Returns: whether the object is exported; if not, @error says that something else is exported
 *   there ([error@Gio.IOErrorEnum.exists]), or that the scope or @connection is closed
 *   ([error@Gio.IOErrorEnum.closed])
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_export_bus_object_with_closures (LifecycleScope      *self,
                                                 GDBusConnection     *connection,
                                                 const char          *object_path,
                                                 GDBusInterfaceInfo  *interface_info,
                                                 GClosure            *method_call_closure,
                                                 GClosure            *get_property_closure,
                                                 GClosure            *set_property_closure,
                                                 GError             **error)
{
  return lifecycle_scope_export_bus_object_with_closures_at (NULL, self, connection, object_path,
                                                             interface_info, method_call_closure,
                                                             get_property_closure,
                                                             set_property_closure, error);
}

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
