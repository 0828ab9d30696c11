/* lifecycle-audit-weak.c: weak references, and places in memory that follow an object
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <stdlib.h>

#include "lifecycle-audit-private.h"

#define real audit_real

/* A weak reference has a function and data. A weak pointer and a GWeakRef are places in memory: when
 * their object goes, GLib writes to that place. If it is a field of another object that has been
 * finalized without saying so to GLib, that is freed memory.
 */
typedef struct _Place Place;
struct _Place
{
  AuditRecord record;
  Place      *next;
  gpointer    where;
};

#define LINE_BITS 6
#define N_BUCKETS 4096
static Place *places[N_BUCKETS];
static guint n_places;

static Place **
line_of (gsize address)
{
  return &places[(address >> LINE_BITS) % N_BUCKETS];
}

static GType
type_of (gconstpointer object)
{
  const GTypeInstance *instance = object;

  return instance->g_class != NULL ? instance->g_class->g_type : 0;
}

/* Ends a weak reference of whichever sort, and frees it. */
void
audit_weak_ref_end_locked (AuditRecord *record)
{
  if (record->flags & AUDIT_RECORD_IS_PLACE)
    {
      Place *self = (Place *) record;
      Place **link = line_of ((gsize) self->where);

      while (*link != self)
        link = &(*link)->next;
      *link = self->next;
      n_places--;
    }
  audit_record_end_locked (record);
  free (record);
}

/* Data of an object is freed after the finalize functions of its classes: what is left in its memory
 * now has been forgotten.
 */
void
audit_weak_places_in_locked (AuditObject *object)
{
  const AuditType *type;
  gsize start, end;

  if (n_places == 0)
    return;

  type = audit_type_get_locked (object->type);
  start = (gsize) object->address - type->private_size;
  end = (gsize) object->address + type->instance_size;
  for (gsize line = start >> LINE_BITS; line <= (end - 1) >> LINE_BITS; line++)
    for (Place *place = *line_of (line << LINE_BITS); place != NULL; place = place->next)
      if ((gsize) place->where >= start && (gsize) place->where < end)
        audit_record_set_data_locked (&place->record, object);
}

AUDIT_EXPORT void
g_object_weak_ref (GObject     *object,
                   GWeakNotify  notify,
                   gpointer     data)
{
  if (audit_ready (AUDIT_LIBRARY_GOBJECT) && object != NULL && data != NULL)
    {
      AuditRecord *record = calloc (1, sizeof *record);
      AuditStack *stack;
      AuditSite *site = audit_site_enter (AUDIT_WEAK_REF, AUDIT_CALLER (), 0, &stack);

      record->thing = (gpointer) notify;
      audit_record_start_locked (record, site, stack, object, type_of (object), data);
      audit_unlock ();
    }

  real.g_object_weak_ref (object, notify, data);
}

static AuditRecord *
find_weak_ref_locked (gpointer object,
                      gpointer notify,
                      gpointer data)
{
  AuditObject *known = audit_object_look_locked (data);
  AuditRecord *record;

  for (record = known != NULL ? known->as_data : NULL; record != NULL; record = record->next_of_data)
    if (record->site->kind == AUDIT_WEAK_REF && record->thing == notify &&
        record->instance != NULL && record->instance->address == object)
      return record;

  /* The data may be an object that has been finalized by now. */
  known = audit_object_look_locked (object);
  for (record = known != NULL ? known->as_instance : NULL; record != NULL;
       record = record->next_of_instance)
    if (record->site->kind == AUDIT_WEAK_REF && record->thing == notify &&
        record->data != NULL && record->data->address == data)
      return record;

  return NULL;
}

AUDIT_EXPORT void
g_object_weak_unref (GObject     *object,
                     GWeakNotify  notify,
                     gpointer     data)
{
  if (audit_ready (AUDIT_LIBRARY_GOBJECT))
    {
      AuditRecord *record;

      audit_lock ();
      record = find_weak_ref_locked (object, (gpointer) notify, data);
      if (record != NULL)
        audit_weak_ref_end_locked (record);
      audit_unlock ();
    }

  real.g_object_weak_unref (object, notify, data);
}

static void
place_start (gpointer       object,
             gpointer       where,
             const char    *what,
             gconstpointer  caller)
{
  Place *self = calloc (1, sizeof *self);
  Place **line = line_of ((gsize) where);
  gconstpointer frames[AUDIT_MAX_FRAMES];
  gint first_own = -1;
  guint n_frames = 0;
  AuditScript language;
  AuditStack *stack;
  AuditSite *site;
  gboolean own;

  /* In a program, the caller may be g_set_weak_pointer(), an inline function of GLib. */
  audit_module_classify (caller, &own);
  if (own)
    n_frames = audit_module_backtrace (frames, &first_own, &language);
  site = audit_site_enter (AUDIT_WEAK_REF, caller, 0, &stack);
  if (n_frames > 0)
    stack = audit_stack_intern_locked (frames, n_frames, first_own, NULL);

  self->where = where;
  self->record.flags = AUDIT_RECORD_IS_PLACE;
  self->next = *line;
  *line = self;
  n_places++;
  audit_record_start_locked (&self->record, site, stack, object, type_of (object), NULL);
  if (site->what == NULL)
    site->what = what;
  audit_unlock ();
}

/* A weak pointer may be one of several objects; a GWeakRef has only one, and `object` is NULL. */
static void
place_end (gconstpointer object,
           gconstpointer where)
{
  Place *self;

  audit_lock ();
  self = *line_of ((gsize) where);
  while (self != NULL &&
         (self->where != where || (object != NULL && self->record.instance->address != object)))
    self = self->next;
  if (self != NULL)
    audit_weak_ref_end_locked (&self->record);
  audit_unlock ();
}

AUDIT_EXPORT void
(g_object_add_weak_pointer) (GObject  *object,
                             gpointer *weak_pointer_location)
{
  if (audit_ready (AUDIT_LIBRARY_GOBJECT) && object != NULL && weak_pointer_location != NULL)
    place_start (object, weak_pointer_location, "weak pointer", AUDIT_CALLER ());

  (real.g_object_add_weak_pointer) (object, weak_pointer_location);
}

AUDIT_EXPORT void
(g_object_remove_weak_pointer) (GObject  *object,
                                gpointer *weak_pointer_location)
{
  if (audit_ready (AUDIT_LIBRARY_GOBJECT) && object != NULL)
    place_end (object, weak_pointer_location);

  (real.g_object_remove_weak_pointer) (object, weak_pointer_location);
}

AUDIT_EXPORT void
g_weak_ref_init (GWeakRef *weak_ref,
                 gpointer  object)
{
  if (audit_ready (AUDIT_LIBRARY_GOBJECT) && object != NULL)
    place_start (object, weak_ref, "GWeakRef", AUDIT_CALLER ());

  real.g_weak_ref_init (weak_ref, object);
}

AUDIT_EXPORT void
g_weak_ref_set (GWeakRef *weak_ref,
                gpointer  object)
{
  if (audit_ready (AUDIT_LIBRARY_GOBJECT))
    {
      place_end (NULL, weak_ref);
      if (object != NULL)
        place_start (object, weak_ref, "GWeakRef", AUDIT_CALLER ());
    }

  real.g_weak_ref_set (weak_ref, object);
}

AUDIT_EXPORT void
g_weak_ref_clear (GWeakRef *weak_ref)
{
  if (audit_ready (AUDIT_LIBRARY_GOBJECT))
    place_end (NULL, weak_ref);

  real.g_weak_ref_clear (weak_ref);
}
