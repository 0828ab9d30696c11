/* lifecycle-audit-bindings.c: properties that are bound to each other and to settings
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <stdio.h>
#include <stdlib.h>

#include "lifecycle-audit-private.h"

#define real audit_real

/* GLib tells nobody that a binding has ended, except by the destroy notify of its data. So it gets data
 * of ours, and functions that pass the program's own data on.
 */
typedef struct
{
  AuditRecord            record;
  gpointer               data;
  GDestroyNotify         notify;
  GBindingTransformFunc  transform_to;
  GBindingTransformFunc  transform_from;
  GSettingsBindGetMapping get_mapping;
  GSettingsBindSetMapping set_mapping;
} Binding;

static Binding *
binding_new (gpointer        instance,
             gpointer        data,
             GDestroyNotify  notify,
             const char     *what,
             gconstpointer   caller)
{
  Binding *self = calloc (1, sizeof *self);
  const GTypeInstance *typed = instance;
  AuditStack *stack;
  AuditSite *site;

  self->data = data;
  self->notify = notify;
  if (notify == (GDestroyNotify) real.g_object_unref)
    self->record.flags |= AUDIT_RECORD_OWNS_DATA;
  site = audit_site_enter (AUDIT_BINDING, caller, 0, &stack);
  audit_record_start_locked (&self->record, site, stack, instance,
                             typed != NULL && typed->g_class != NULL ? typed->g_class->g_type : 0,
                             data);
  if (site->what == NULL)
    site->what = what;
  audit_unlock ();

  return self;
}

static void
binding_end (Binding *self)
{
  audit_lock ();
  audit_record_end_locked (&self->record);
  audit_unlock ();
  free (self);
}

static void
binding_ended_cb (gpointer data)
{
  Binding *self = data;

  if (self->notify != NULL)
    self->notify (self->data);
  binding_end (self);
}

static gboolean
transform_to_cb (GBinding     *binding,
                 const GValue *from,
                 GValue       *to,
                 gpointer      data)
{
  const Binding *self = data;

  return self->transform_to (binding, from, to, self->data);
}

static gboolean
transform_from_cb (GBinding     *binding,
                   const GValue *from,
                   GValue       *to,
                   gpointer      data)
{
  const Binding *self = data;

  return self->transform_from (binding, from, to, self->data);
}

static gboolean
get_mapping_cb (GValue   *value,
                GVariant *variant,
                gpointer  data)
{
  const Binding *self = data;

  return self->get_mapping (value, variant, self->data);
}

static GVariant *
set_mapping_cb (const GValue       *value,
                const GVariantType *expected_type,
                gpointer            data)
{
  const Binding *self = data;

  return self->set_mapping (value, expected_type, self->data);
}

/* Properties: a GBinding is an object. Its data is looked at only by its functions. */

AUDIT_EXPORT GBinding *
g_object_bind_property (gpointer       source,
                        const char    *source_property,
                        gpointer       target,
                        const char    *target_property,
                        GBindingFlags  flags)
{
  audit_real_need (AUDIT_LIBRARY_GOBJECT);
  return audit_object_made (real.g_object_bind_property (source, source_property, target,
                                                         target_property, flags),
                            AUDIT_CALLER ());
}

AUDIT_EXPORT GBinding *
g_object_bind_property_full (gpointer               source,
                             const char            *source_property,
                             gpointer               target,
                             const char            *target_property,
                             GBindingFlags          flags,
                             GBindingTransformFunc  transform_to,
                             GBindingTransformFunc  transform_from,
                             gpointer               user_data,
                             GDestroyNotify         notify)
{
  gconstpointer caller = AUDIT_CALLER ();
  GBinding *binding;
  Binding *self;

  if (!audit_ready (AUDIT_LIBRARY_GOBJECT) || source == NULL || user_data == NULL ||
      (transform_to == NULL && transform_from == NULL))
    return audit_object_made (real.g_object_bind_property_full (source, source_property, target,
                                                                target_property, flags,
                                                                transform_to, transform_from,
                                                                user_data, notify),
                              caller);

  self = binding_new (source, user_data, notify, "g_object_bind_property_full", caller);
  self->transform_to = transform_to;
  self->transform_from = transform_from;
  binding = real.g_object_bind_property_full (source, source_property, target, target_property,
                                              flags,
                                              transform_to != NULL ? transform_to_cb : NULL,
                                              transform_from != NULL ? transform_from_cb : NULL,
                                              self, binding_ended_cb);
  /* GLib refuses a wrong call, and leaves its data alone. */
  if (binding == NULL)
    binding_end (self);

  return audit_object_made (binding, caller);
}

AUDIT_EXPORT GBinding *
g_object_bind_property_with_closures (gpointer       source,
                                      const char    *source_property,
                                      gpointer       target,
                                      const char    *target_property,
                                      GBindingFlags  flags,
                                      GClosure      *transform_to,
                                      GClosure      *transform_from)
{
  audit_real_need (AUDIT_LIBRARY_GOBJECT);
  return audit_object_made (real.g_object_bind_property_with_closures (source, source_property,
                                                                       target, target_property,
                                                                       flags, transform_to,
                                                                       transform_from),
                            AUDIT_CALLER ());
}

/* Groups keep what is bound until they, or the target, go. */

AUDIT_EXPORT void
g_binding_group_bind_full (GBindingGroup         *self,
                           const char            *source_property,
                           gpointer               target,
                           const char            *target_property,
                           GBindingFlags          flags,
                           GBindingTransformFunc  transform_to,
                           GBindingTransformFunc  transform_from,
                           gpointer               user_data,
                           GDestroyNotify         user_data_destroy)
{
  Binding *binding;

  if (!audit_ready (AUDIT_LIBRARY_GOBJECT) || self == NULL || target == NULL)
    {
      real.g_binding_group_bind_full (self, source_property, target, target_property, flags,
                                      transform_to, transform_from, user_data, user_data_destroy);
      return;
    }

  binding = binding_new (self, user_data, user_data_destroy, "g_binding_group_bind", AUDIT_CALLER ());
  binding->transform_to = transform_to;
  binding->transform_from = transform_from;
  real.g_binding_group_bind_full (self, source_property, target, target_property, flags,
                                  transform_to != NULL ? transform_to_cb : NULL,
                                  transform_from != NULL ? transform_from_cb : NULL,
                                  binding, binding_ended_cb);
}

AUDIT_EXPORT void
g_binding_group_bind (GBindingGroup *self,
                      const char    *source_property,
                      gpointer       target,
                      const char    *target_property,
                      GBindingFlags  flags)
{
  Binding *binding;

  audit_real_need (AUDIT_LIBRARY_GOBJECT);
  if (!audit.enabled || self == NULL || target == NULL)
    {
      real.g_binding_group_bind_full (self, source_property, target, target_property, flags,
                                      NULL, NULL, NULL, NULL);
      return;
    }

  /* This is what GLib does, too. */
  binding = binding_new (self, NULL, NULL, "g_binding_group_bind", AUDIT_CALLER ());
  real.g_binding_group_bind_full (self, source_property, target, target_property, flags, NULL, NULL,
                                  binding, binding_ended_cb);
}

/* Settings: a binding lasts until its object goes, or its property is unbound or bound again. */

/* g_settings_bind_writable() takes no data, and so no notify. Its binding lasts as long as some data of
 * the object, which we do likewise.
 */
static GQuark
quark_of_writable (const char *property)
{
  char name[256];

  snprintf (name, sizeof name, "lifecycle-audit-writable-%s", property);
  return real.g_quark_from_string (name);
}

static void
end_writable (gpointer    object,
              const char *property)
{
  if (object != NULL && property != NULL)
    real.g_object_set_qdata_full (object, quark_of_writable (property), NULL, NULL);
}

AUDIT_EXPORT void
g_settings_bind_with_mapping (GSettings               *settings,
                              const char              *key,
                              gpointer                 object,
                              const char              *property,
                              GSettingsBindFlags       flags,
                              GSettingsBindGetMapping  get_mapping,
                              GSettingsBindSetMapping  set_mapping,
                              gpointer                 user_data,
                              GDestroyNotify           destroy)
{
  Binding *self;

  if (!audit_ready (AUDIT_LIBRARY_GIO) || object == NULL)
    {
      real.g_settings_bind_with_mapping (settings, key, object, property, flags, get_mapping,
                                         set_mapping, user_data, destroy);
      return;
    }

  self = binding_new (object, get_mapping != NULL || set_mapping != NULL ? user_data : NULL, destroy,
                      "g_settings_bind_with_mapping", AUDIT_CALLER ());
  self->data = user_data;
  self->get_mapping = get_mapping;
  self->set_mapping = set_mapping;
  real.g_settings_bind_with_mapping (settings, key, object, property, flags,
                                     get_mapping != NULL ? get_mapping_cb : NULL,
                                     set_mapping != NULL ? set_mapping_cb : NULL,
                                     self, binding_ended_cb);
  end_writable (object, property);
}

AUDIT_EXPORT void
g_settings_bind (GSettings          *settings,
                 const char         *key,
                 gpointer            object,
                 const char         *property,
                 GSettingsBindFlags  flags)
{
  Binding *self = NULL;

  /* This is what GLib does, too. */
  if (audit_ready (AUDIT_LIBRARY_GIO) && object != NULL)
    self = binding_new (object, NULL, NULL, "g_settings_bind", AUDIT_CALLER ());
  real.g_settings_bind_with_mapping (settings, key, object, property, flags, NULL, NULL, self,
                                     self != NULL ? binding_ended_cb : NULL);
  end_writable (object, property);
}

AUDIT_EXPORT void
g_settings_bind_writable (GSettings  *settings,
                          const char *key,
                          gpointer    object,
                          const char *property,
                          gboolean    inverted)
{
  gboolean ready = audit_ready (AUDIT_LIBRARY_GIO);

  real.g_settings_bind_writable (settings, key, object, property, inverted);
  if (ready && object != NULL && property != NULL)
    real.g_object_set_qdata_full (object, quark_of_writable (property),
                                  binding_new (object, NULL, NULL, "g_settings_bind_writable",
                                               AUDIT_CALLER ()),
                                  binding_ended_cb);
}

AUDIT_EXPORT void
g_settings_unbind (gpointer    object,
                   const char *property)
{
  audit_real_need (AUDIT_LIBRARY_GIO);
  real.g_settings_unbind (object, property);

  end_writable (object, property);
}
