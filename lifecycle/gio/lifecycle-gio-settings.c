/* lifecycle-gio-settings.c: settings that are bound to properties
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-private.h"
#include "lifecycle-gio.h"
#include "lifecycle-gio-closure-private.h"
#include "lifecycle-resource-private.h"
#include "lifecycle-handler-private.h"

/* GIO keeps what it binds with the object, one for each property, and a later one takes the place
 * of an earlier one. g_settings_unbind() knows only the property. So it is noted there whose it is.
 *
 * While a value is on its way, GIO aborts the process if one unbinds. That is easily done: a
 * property changes, and somebody closes a scope. Two handlers, one before that of GIO and one after
 * it, tell when that is the case, and the unbinding is put off to the second. Meanwhile GIO ignores
 * all other changes.
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
  gboolean           sensitive; /* whether GIO has bound that property, too */
  gulong             handlers[4];
  guint              depth;     /* how many values are on their way */
  GObject           *object;    /* both held, when the unbinding has been put off */
  GObject           *settings;
} Setting;

static GQuark
setting_quark (const char *property)
{
  g_autofree char *name = g_strconcat ("lifecycle-setting-", property, NULL);

  return g_quark_from_string (name);
}

/* Notes whose the property is now, and lets go of the one before. */
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

/* The object has been disposed, and GIO unbinds when it is finalized; or GIO has bound something
 * else to its property.
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

/* The handlers on the settings, and on the object: `which` is 0 for those before GIO's own. */
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

  /* A handler on notify makes all notifications of the object slower, but where it matters GIO has
   * one anyway.
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
 * @flags: how to bind
 *
 * Binds a setting to a property, as `g_settings_bind()` does, until the scope closes. GIO holds a
 * reference on @settings until then.
 *
 * They are unbound as soon as user code may run again after the handlers have been silenced, or,
 * when that is in the middle of a change of the very setting or property, at the end of that
 * change. What GIO does with a property called `sensitive` is undone as well.
 *
 * The entry leaves the scope when @object is disposed, or when another setting is bound to the
 * property by this function.
 *
 * On a closed scope nothing is bound. To be called on the thread of @object and @settings, which
 * has to be the home of the scope.
 *
 * Returns: whether the setting is bound; %FALSE if the scope is closed
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_bind_setting (LifecycleScope     *self,
                              GSettings          *settings,
                              const char         *key,
                              GObject            *object,
                              const char         *property,
                              GSettingsBindFlags  flags)
{
  return lifecycle_scope_bind_setting_at (NULL, self, settings, key, object, property, flags);
}

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
 * @flags: how to bind
 * @get_mapping: (nullable): how to turn a setting into a value of the property
 * @set_mapping: (nullable): how to turn a value of the property into a setting
 * @user_data: data for these functions
 * @destroy: (nullable): how to free @user_data
 *
 * Binds a setting to a property, and maps their values, as `g_settings_bind_with_mapping()` does,
 * until the scope closes.
 *
 * @destroy is called exactly once: when they are unbound, whoever does that; on a closed scope, at
 * once. The functions are called at home. %G_SETTINGS_BIND_INVERT_BOOLEAN is a mapping of its own,
 * and cannot be used with others.
 *
 * See [method@Scope.bind_setting] for the rest.
 *
 * Returns: whether the setting is bound; %FALSE if the scope is closed
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_bind_setting_with_mapping (LifecycleScope          *self,
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
  return lifecycle_scope_bind_setting_with_mapping_at (NULL, self, settings, key, object, property,
                                                       flags, get_mapping, set_mapping, user_data,
                                                       destroy);
}

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

  /* The first value may have passed one handler, when the other was not there yet. */
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

/* The closure returns the value: in most languages it could not write to an argument. */
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
 * @flags: how to bind
 * @get_mapping: (nullable): what turns a setting into a value of the property
 * @set_mapping: (nullable): what turns a value of the property into a setting
 *
 * Binds a setting to a property, and maps their values, until the scope closes. This is for
 * bindings; see [method@Scope.bind_setting_with_mapping].
 *
 * @get_mapping gets a [struct@GLib.Variant], and returns a value for the property. @set_mapping gets
 * a value of the property and the [struct@GLib.VariantType] of the setting, and returns a
 * [struct@GLib.Variant], or %NULL to leave the setting as it is. The references on the closures are
 * dropped when setting and property are unbound.
 *
 * Returns: whether the setting is bound; %FALSE if the scope is closed
 *
 * Since: 1.0
 */
gboolean
lifecycle_scope_bind_setting_with_mapping_closures (LifecycleScope     *self,
                                                    GSettings          *settings,
                                                    const char         *key,
                                                    GObject            *object,
                                                    const char         *property,
                                                    GSettingsBindFlags  flags,
                                                    GClosure           *get_mapping,
                                                    GClosure           *set_mapping)
{
  return lifecycle_scope_bind_setting_with_mapping_closures_at (NULL, self, settings, key, object,
                                                                property, flags, get_mapping,
                                                                set_mapping);
}

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
