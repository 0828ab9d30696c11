/* lifecycle-audit-objects.c: objects, toggle references, types
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include "lifecycle-audit-private.h"

#define real audit_real

/* The construction that is under way on this thread: what is made meanwhile belongs to that object,
 * although its address is not known yet.
 */
static __thread guint64 builder;

typedef struct
{
  guint64     id;
  guint64     above;
  AuditSite  *site;
  AuditStack *stack;
} Construction;

static void
construction_start (Construction  *self,
                    GType          type,
                    gconstpointer  caller)
{
  self->site = audit_site_enter (AUDIT_OBJECT, caller, type, &self->stack);
  self->id = audit_next_id ();
  audit_unlock ();
  self->above = builder;
  builder = self->id;
}

/* Object data is freed when the object is finalized, after the finalize functions of its classes. */
static void
finalized_cb (gpointer data)
{
  audit_lock ();
  audit_object_died_locked (data);
  audit_unlock ();
}

static gpointer
construction_end (Construction *self,
                  gpointer      object)
{
  static GQuark quark;
  AuditObject *born;

  builder = self->above;
  if (object == NULL)
    return NULL;

  if (quark == 0)
    quark = real.g_quark_from_static_string ("lifecycle-audit");
  audit_lock ();
  born = audit_object_born_locked (object, ((GTypeInstance *) object)->g_class->g_type, self->id,
                                   self->above, self->site, self->stack);
  audit_unlock ();
  if (born != NULL)
    real.g_object_set_qdata_full (object, quark, born, finalized_cb);

  return object;
}

static gboolean
object_ready (void)
{
  static gboolean started;

  if (!audit_ready (AUDIT_LIBRARY_GOBJECT))
    return FALSE;

  /* Only a program that makes objects is worth a thread. */
  if (G_UNLIKELY (!__atomic_exchange_n (&started, TRUE, __ATOMIC_RELAXED)))
    audit_control_start ();

  return TRUE;
}

AUDIT_EXPORT gpointer
g_object_new (GType       object_type,
              const char *first_property_name,
              ...)
{
  Construction construction;
  gboolean ready = object_ready ();
  gpointer object;

  if (ready)
    construction_start (&construction, object_type, AUDIT_CALLER ());

  /* This is what GLib does, too. */
  if (first_property_name == NULL)
    {
      object = real.g_object_new_with_properties (object_type, 0, NULL, NULL);
    }
  else
    {
      va_list arguments;

      va_start (arguments, first_property_name);
      object = real.g_object_new_valist (object_type, first_property_name, arguments);
      va_end (arguments);
    }

  return ready ? construction_end (&construction, object) : object;
}

AUDIT_EXPORT GObject *
g_object_new_valist (GType       object_type,
                     const char *first_property_name,
                     va_list     var_args)
{
  Construction construction;

  if (!object_ready ())
    return real.g_object_new_valist (object_type, first_property_name, var_args);

  construction_start (&construction, object_type, AUDIT_CALLER ());
  return construction_end (&construction,
                           real.g_object_new_valist (object_type, first_property_name, var_args));
}

AUDIT_EXPORT GObject *
g_object_new_with_properties (GType         object_type,
                              guint         n_properties,
                              const char   *names[],
                              const GValue  values[])
{
  Construction construction;

  if (!object_ready ())
    return real.g_object_new_with_properties (object_type, n_properties, names, values);

  construction_start (&construction, object_type, AUDIT_CALLER ());
  return construction_end (&construction,
                           real.g_object_new_with_properties (object_type, n_properties, names,
                                                              values));
}

G_GNUC_BEGIN_IGNORE_DEPRECATIONS

AUDIT_EXPORT gpointer
g_object_newv (GType       object_type,
               guint       n_parameters,
               GParameter *parameters)
{
  Construction construction;

  if (!object_ready ())
    return real.g_object_newv (object_type, n_parameters, parameters);

  construction_start (&construction, object_type, AUDIT_CALLER ());
  return construction_end (&construction,
                           real.g_object_newv (object_type, n_parameters, parameters));
}

G_GNUC_END_IGNORE_DEPRECATIONS

/* For what is made inside of GLib. */
gpointer
audit_object_made (gpointer       object,
                   gconstpointer  caller)
{
  Construction construction;

  if (object == NULL || !object_ready ())
    return object;

  construction_start (&construction, ((GTypeInstance *) object)->g_class->g_type, caller);
  return construction_end (&construction, object);
}

static gint64
now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_MONOTONIC, &time);
  return (gint64) time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

/* Disposing of an object drops its weak references. GTK 3 destroys widgets in this way. */
AUDIT_EXPORT void
g_object_run_dispose (GObject *object)
{
  if (!audit_ready (AUDIT_LIBRARY_GOBJECT))
    {
      real.g_object_run_dispose (object);
      return;
    }

  real.g_object_run_dispose (object);

  audit_lock ();
  {
    /* If it is gone, another object may be at its address, but hardly one that was made since. */
    AuditObject *known = audit_object_look_locked (object);

    if (known != NULL && known->state == AUDIT_STATE_ALIVE)
      {
        if (known->disposed == 0)
          known->disposed = now ();
        for (AuditRecord *record = known->as_instance, *next; record != NULL; record = next)
          {
            next = record->next_of_instance;
            if (record->site->kind == AUDIT_WEAK_REF)
              {
                audit_weak_ref_end_locked (record);
              }
          }
      }
  }
  audit_unlock ();
}

static void
count_toggles (gpointer object,
               gint     change)
{
  AuditObject *known;

  audit_lock ();
  known = audit_object_look_locked (object);
  if (known != NULL && known->state == AUDIT_STATE_ALIVE &&
      (change > 0 ? known->n_toggles < 255 : known->n_toggles > 0))
    known->n_toggles = (guint) ((gint) known->n_toggles + change) & 0xff;
  audit_unlock ();
}

/* Bindings of languages with a garbage collector hold objects by toggle references. */
AUDIT_EXPORT void
g_object_add_toggle_ref (GObject       *object,
                         GToggleNotify  notify,
                         gpointer       data)
{
  if (audit_ready (AUDIT_LIBRARY_GOBJECT))
    count_toggles (object, 1);
  real.g_object_add_toggle_ref (object, notify, data);
}

AUDIT_EXPORT void
g_object_remove_toggle_ref (GObject       *object,
                            GToggleNotify  notify,
                            gpointer       data)
{
  if (audit_ready (AUDIT_LIBRARY_GOBJECT))
    count_toggles (object, -1);
  real.g_object_remove_toggle_ref (object, notify, data);
}

/* Types: whose they are, and how much private data their instances have. Only those that are
 * registered by other libraries than GObject can be seen.
 */
static GType
type_registered (GType         type,
                 gconstpointer caller)
{
  gboolean own, library;
  AuditScript language;
  AuditType *known;

  if (type == 0 || !audit_ready (AUDIT_LIBRARY_GOBJECT))
    return type;

  language = audit_module_classify (caller, &own);
  library = !audit_module_is_toolkit (caller);
  audit_lock ();
  known = audit_type_look_locked (type);
  known->own = own || language != AUDIT_SCRIPT_NONE;
  known->registered = TRUE;
  known->library = library;
  audit_unlock ();

  return type;
}

AUDIT_EXPORT GType
g_type_register_static (GType            parent_type,
                        const char      *type_name,
                        const GTypeInfo *info,
                        GTypeFlags       flags)
{
  audit_real_need (AUDIT_LIBRARY_GOBJECT);
  return type_registered (real.g_type_register_static (parent_type, type_name, info, flags),
                          AUDIT_CALLER ());
}

AUDIT_EXPORT GType
g_type_register_static_simple (GType              parent_type,
                               const char        *type_name,
                               guint              class_size,
                               GClassInitFunc     class_init,
                               guint              instance_size,
                               GInstanceInitFunc  instance_init,
                               GTypeFlags         flags)
{
  audit_real_need (AUDIT_LIBRARY_GOBJECT);
  return type_registered (real.g_type_register_static_simple (parent_type, type_name, class_size,
                                                              class_init, instance_size,
                                                              instance_init, flags),
                          AUDIT_CALLER ());
}

AUDIT_EXPORT GType
g_type_register_dynamic (GType        parent_type,
                         const char  *type_name,
                         GTypePlugin *plugin,
                         GTypeFlags   flags)
{
  audit_real_need (AUDIT_LIBRARY_GOBJECT);
  return type_registered (real.g_type_register_dynamic (parent_type, type_name, plugin, flags),
                          AUDIT_CALLER ());
}

AUDIT_EXPORT gint
g_type_add_instance_private (GType class_type,
                             gsize private_size)
{
  if (audit_ready (AUDIT_LIBRARY_GOBJECT))
    {
      audit_lock ();
      audit_type_look_locked (class_type)->own_private_size = (guint) private_size;
      audit_unlock ();
    }

  return real.g_type_add_instance_private (class_type, private_size);
}
