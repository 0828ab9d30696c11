/* lifecycle-gio-settings.c: settings that are bound to properties
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-private.h"
#include "lifecycle-gio.h"
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
  const guint both = G_SETTINGS_BIND_GET | G_SETTINGS_BIND_SET;
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

  if (!lifecycle_resource_check_open (self, NULL))
    return FALSE;

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
  g_settings_bind (settings, key, object, entry->property, flags);
  setting_connect (entry, 1, settings, key, object, writes, setting_leave);

  /* The first value may have passed one handler, when the other was not there yet. */
  entry->depth = 0;

  setting_claim (entry, object, entry->property);
  if (entry->sensitive)
    setting_claim (entry, object, "sensitive");

  return lifecycle_resource_add (entry, self, place);
}
