/* lifecycle-gio-settings.c: settings that are bound to properties
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-private.h"
#include "lifecycle-gio.h"
#include "lifecycle-gio-closure-private.h"
#include "lifecycle-resource-private.h"
#include "lifecycle-handler-private.h"

/* GIO stores at most one binding for each property, as data of the object, and a new binding
 * replaces an old one. g_settings_unbind() takes only the object and the property. So the entry
 * that made the current binding is stored as data of the object, too.
 *
 * GIO aborts the process if the property is unbound while a value is being transferred. That
 * happens easily: a handler for a change of the property closes the scope. Two handlers, one
 * connected before GIO's own and one after it, detect this case, and unbinding is deferred to the
 * second one. Until then GIO ignores all other changes.
 */
enum
{
  SETTING_OBJECT,
  SETTING_SETTINGS
};

typedef struct
{
  LifecycleResource  resource;
  char              *property;
  gboolean           sensitive; /* whether GIO has bound the property `sensitive`, too */
  gulong             handlers[4];
  guint              depth;     /* how many values are being transferred */
  GObject           *object;    /* references on both are held while unbinding is deferred */
  GObject           *settings;
} Setting;

static GQuark
setting_quark (const char *property)
{
  g_autofree char *name = g_strconcat ("lifecycle-setting-", property, NULL);

  return g_quark_from_string (name);
}

/* Makes this entry the owner of the property's binding, and removes the previous owner from its
 * scope.
 */
static void
setting_claim (Setting    *self,
               GObject    *object,
               const char *property)
{
  GQuark quark = setting_quark (property);
  Setting *other = g_object_get_qdata (object, quark);

  if (other != NULL)
    lifecycle_resource_ref (other);
  g_object_set_qdata_full (object, quark, lifecycle_resource_ref (self), lifecycle_resource_unref);
  if (other != NULL)
    {
      if (g_str_equal (other->property, property))
        lifecycle_resource_retire (other);
      lifecycle_resource_unref (other);
    }
}

static void
setting_unbind_property (Setting    *self,
                         GObject    *object,
                         const char *property)
{
  GQuark quark = setting_quark (property);

  if (g_object_get_qdata (object, quark) != self)
    return;

  g_settings_unbind (object, property);
  g_object_set_qdata (object, quark, NULL);
}

static void
setting_disconnect (Setting *self,
                    GObject *object,
                    GObject *settings)
{
  GObject *instances[] = { settings, settings, object, object };

  for (guint i = 0; i < G_N_ELEMENTS (instances); i++)
    {
      if (self->handlers[i] != 0 && instances[i] != NULL &&
          lifecycle_handler_is_connected (instances[i], self->handlers[i], 0))
        g_signal_handler_disconnect (instances[i], self->handlers[i]);
    }
}

static void
setting_unbind (Setting *self,
                GObject *object,
                GObject *settings)
{
  setting_disconnect (self, object, settings);
  if (object == NULL)
    return;

  setting_unbind_property (self, object, self->property);
  if (self->sensitive)
    setting_unbind_property (self, object, "sensitive");
}

static void
setting_enter (LifecycleResource *resource)
{
  Setting *self = (Setting *) resource;

  self->depth++;
}

static void
setting_leave (LifecycleResource *resource)
{
  Setting *self = (Setting *) resource;

  if (self->depth > 0)
    self->depth--;

  if (self->depth == 0 && self->object != NULL)
    {
      g_autoptr (GObject) object = g_steal_pointer (&self->object);
      g_autoptr (GObject) settings = g_steal_pointer (&self->settings);

      setting_unbind (self, object, settings);
    }
}

static void
setting_end (LifecycleResource  *resource,
             GError            **error)
{
  Setting *self = (Setting *) resource;
  GObject *object = lifecycle_resource_peek_watched (self, SETTING_OBJECT);
  GObject *settings = lifecycle_resource_peek_watched (self, SETTING_SETTINGS);

  if (self->depth > 0 && object != NULL && settings != NULL)
    {
      self->object = g_object_ref (object);
      self->settings = g_object_ref (settings);
    }
  else
    {
      setting_unbind (self, object, settings);
    }
}

/* Called when the object has been disposed, and GIO will unbind when it is finalized; or when
 * another setting has been bound to the property.
 */
static void
setting_gone (LifecycleResource *resource)
{
  setting_disconnect ((Setting *) resource,
                      lifecycle_resource_peek_watched (resource, SETTING_OBJECT),
                      lifecycle_resource_peek_watched (resource, SETTING_SETTINGS));
}

static void
setting_clear (LifecycleResource *resource)
{
  Setting *self = (Setting *) resource;

  g_clear_object (&self->object);
  g_clear_object (&self->settings);
  g_free (self->property);
}

static const LifecycleResourceKind setting_kind = {
  .type = LIFECYCLE_ENTRY_BINDING,
  .end = setting_end,
  .gone = setting_gone,
  .clear = setting_clear,
};

/* Connects a handler on the settings and one on the object. `which` is 0 for those that are
 * connected before GIO's own, and 1 for those after it.
 */
static void
setting_connect (Setting               *self,
                 guint                  which,
                 GSettings             *settings,
                 const char            *key,
                 GObject               *object,
                 gboolean               writes,
                 LifecycleResourceFunc  func)
{
  g_autofree char *changed = g_strconcat ("changed::", key, NULL);
  g_autofree char *notify = g_strconcat ("notify::", self->property, NULL);

  self->handlers[which] =
    g_signal_connect_closure (settings, changed,
                              lifecycle_resource_new_closure (self, func), FALSE);

  /* A handler for notify makes all notifications of the object slower, but GIO has connected one in
   * this case anyway.
   */
  if (writes)
    self->handlers[2 + which] =
      g_signal_connect_closure (object, notify,
                                lifecycle_resource_new_closure (self, func), FALSE);
}

/**
 * lifecycle_scope_bind_setting:
 * @self: a scope
 * @settings: settings
 * @key: a key of @settings
 * @object: an object; no reference is held
 * @property: a property of @object
 * @flags: flags that affect the binding
 *
 * Binds a setting to a property until the scope closes, as `g_settings_bind()` does. GIO holds a
 * reference on @settings until then.
 *
 * They are unbound as soon as user code may run again after everything has been muted, or, if the
 * scope is closed during a change of that setting or property, at the end of the change. The
 * binding that GIO makes for a property called `sensitive` is undone as well.
 *
 * The entry leaves the scope when @object is disposed, or when this function binds another setting
 * to the property.
 *
 * On a closed scope nothing is bound. Must be called at home, which must be the thread of @object
 * and @settings.
 *
 * Returns: whether the setting is bound; %FALSE if the scope is closed
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_bind_setting_at (const char         *place,
                                 LifecycleScope     *self,
                                 GSettings          *settings,
                                 const char         *key,
                                 GObject            *object,
                                 const char         *property,
                                 GSettingsBindFlags  flags)
{
  return lifecycle_scope_bind_setting_with_mapping_at (place, self, settings, key, object, property,
                                                       flags, NULL, NULL, NULL, NULL);
}

/**
 * lifecycle_scope_bind_setting_with_mapping: (skip)
 * @self: a scope
 * @settings: settings
 * @key: a key of @settings
 * @object: an object; no reference is held
 * @property: a property of @object
 * @flags: flags that affect the binding
 * @get_mapping: (nullable): a function that converts the setting to a value of the property
 * @set_mapping: (nullable): a function that converts a value of the property to a setting
 * @user_data: data to pass to these functions
 * @destroy: (nullable): a function to free @user_data
 *
 * Binds a setting to a property until the scope closes, and maps their values, as
 * `g_settings_bind_with_mapping()` does.
 *
 * @destroy is called exactly once: when the setting and the property are unbound, whichever code
 * does that; on a closed scope, at once. The mapping functions are called at home.
 * %G_SETTINGS_BIND_INVERT_BOOLEAN is a mapping itself, and must not be combined with other
 * mappings.
 *
 * In all other respects this function is like [method@Scope.bind_setting].
 *
 * Returns: whether the setting is bound; %FALSE if the scope is closed
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_bind_setting_with_mapping_at (const char              *place,
                                              LifecycleScope          *self,
                                              GSettings               *settings,
                                              const char              *key,
                                              GObject                 *object,
                                              const char              *property,
                                              GSettingsBindFlags       flags,
                                              GSettingsBindGetMapping  get_mapping,
                                              GSettingsBindSetMapping  set_mapping,
                                              gpointer                 user_data,
                                              GDestroyNotify           destroy)
{
  const guint both = G_SETTINGS_BIND_GET | G_SETTINGS_BIND_SET;
  const gboolean inverts = (flags & G_SETTINGS_BIND_INVERT_BOOLEAN) != 0;
  GParamSpec *pspec, *sensitive;
  Setting *entry;
  gboolean writes;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), FALSE);
  LIFECYCLE_DEBUG_HOME (self);
  g_return_val_if_fail (G_IS_SETTINGS (settings), FALSE);
  g_return_val_if_fail (key != NULL, FALSE);
  g_return_val_if_fail (G_IS_OBJECT (object), FALSE);
  g_return_val_if_fail (property != NULL, FALSE);
  pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (object), property);
  g_return_val_if_fail (pspec != NULL, FALSE);
  g_return_val_if_fail (!inverts || (get_mapping == NULL && set_mapping == NULL && destroy == NULL),
                        FALSE);

  if (!lifecycle_resource_check_open (self, NULL))
    {
      if (destroy != NULL)
        destroy (user_data);
      return FALSE;
    }

  writes = (flags & both) != G_SETTINGS_BIND_GET;
  sensitive = g_object_class_find_property (G_OBJECT_GET_CLASS (object), "sensitive");

  entry = lifecycle_resource_new (sizeof (Setting), &setting_kind, self, NULL, NULL, NULL);
  entry->property = g_strdup (pspec->name);
  lifecycle_resource_set_label (entry, key);
  entry->sensitive = writes &&
                     (flags & G_SETTINGS_BIND_NO_SENSITIVITY) == 0 &&
                     sensitive != NULL && sensitive != pspec &&
                     sensitive->value_type == G_TYPE_BOOLEAN &&
                     (sensitive->flags & G_PARAM_WRITABLE) != 0;
  lifecycle_resource_watch_object (entry, SETTING_OBJECT, object);
  lifecycle_resource_watch_object (entry, SETTING_SETTINGS, settings);

  setting_connect (entry, 0, settings, key, object, writes, setting_enter);
  if (inverts)
    g_settings_bind (settings, key, object, entry->property, flags);
  else
    g_settings_bind_with_mapping (settings, key, object, entry->property, flags, get_mapping,
                                  set_mapping, user_data, destroy);
  setting_connect (entry, 1, settings, key, object, writes, setting_leave);

  /* The transfer of the initial value may have called the first handler before the second one was
   * connected.
   */
  entry->depth = 0;

  setting_claim (entry, object, entry->property);
  if (entry->sensitive)
    setting_claim (entry, object, "sensitive");

  return lifecycle_resource_add (entry, self, place);
}

typedef struct
{
  GClosure *get_mapping;
  GClosure *set_mapping;
} MappingClosures;

static void
mapping_closures_free (gpointer data)
{
  MappingClosures *self = data;

  g_clear_pointer (&self->get_mapping, g_closure_unref);
  g_clear_pointer (&self->set_mapping, g_closure_unref);
  g_free (self);
}

/* The closure returns the value, because most languages cannot write to an argument. */
static gboolean
mapping_closures_get (GValue   *value,
                      GVariant *variant,
                      gpointer  data)
{
  MappingClosures *self = data;
  GValue argument = G_VALUE_INIT;

  g_value_init (&argument, G_TYPE_VARIANT);
  g_value_set_variant (&argument, variant);
  g_closure_invoke (self->get_mapping, value, 1, &argument, NULL);
  g_value_unset (&argument);

  return TRUE;
}

static GVariant *
mapping_closures_set (const GValue       *value,
                      const GVariantType *expected_type,
                      gpointer            data)
{
  MappingClosures *self = data;
  GValue values[2] = { G_VALUE_INIT, G_VALUE_INIT };
  GValue result = G_VALUE_INIT;
  GVariant *variant;

  g_value_init (&values[0], G_VALUE_TYPE (value));
  g_value_copy (value, &values[0]);
  g_value_init (&values[1], G_TYPE_VARIANT_TYPE);
  g_value_set_boxed (&values[1], expected_type);
  g_value_init (&result, G_TYPE_VARIANT);
  g_closure_invoke (self->set_mapping, &result, G_N_ELEMENTS (values), values, NULL);
  variant = g_value_dup_variant (&result);
  g_value_unset (&result);
  g_value_unset (&values[1]);
  g_value_unset (&values[0]);

  return variant;
}

/**
 * lifecycle_scope_bind_setting_with_mapping_closures: (rename-to lifecycle_scope_bind_setting_with_mapping)
 * @self: a scope
 * @settings: settings
 * @key: a key of @settings
 * @object: an object; no reference is held
 * @property: a property of @object
 * @flags: flags that affect the binding
 * @get_mapping: (nullable): a closure that converts the setting to a value of the property
 * @set_mapping: (nullable): a closure that converts a value of the property to a setting
 *
 * Binds a setting to a property until the scope closes, and maps their values. This is the version
 * of [method@Scope.bind_setting_with_mapping] for language bindings.
 *
 * @get_mapping is passed a [struct@GLib.Variant], and returns a value for the property.
 * @set_mapping is passed a value of the property and the [struct@GLib.VariantType] of the setting,
 * and returns a [struct@GLib.Variant], or %NULL to leave the setting unchanged. The references on
 * the closures are dropped when the setting and the property are unbound; on a closed scope, at
 * once. Must be called at home; the closures are invoked there too.
 *
 * Returns: whether the setting is bound; %FALSE if the scope is closed
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_bind_setting_with_mapping_closures_at (const char         *place,
                                                       LifecycleScope     *self,
                                                       GSettings          *settings,
                                                       const char         *key,
                                                       GObject            *object,
                                                       const char         *property,
                                                       GSettingsBindFlags  flags,
                                                       GClosure           *get_mapping,
                                                       GClosure           *set_mapping)
{
  MappingClosures *closures = g_new0 (MappingClosures, 1);

  closures->get_mapping = lifecycle_closure_own (get_mapping);
  closures->set_mapping = lifecycle_closure_own (set_mapping);

  return lifecycle_scope_bind_setting_with_mapping_at (place, self, settings, key, object, property,
                                                       flags,
                                                       get_mapping != NULL ? mapping_closures_get
                                                                           : NULL,
                                                       set_mapping != NULL ? mapping_closures_set
                                                                           : NULL,
                                                       closures, mapping_closures_free);
}
