/* lifecycle-audit-misuse.c: ids that are not what their user thinks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <stdio.h>
#include <stdlib.h>

#include "lifecycle-audit-private.h"
#include "lifecycle-audit-write-private.h"

typedef struct _Misuse Misuse;
struct _Misuse
{
  Misuse        *next;
  const char    *function;
  AuditMisuseWhy why;
  gulong         number;        /* the first one */
  GType          type;
  AuditSite     *site;
  AuditStack    *stack;
  guint          count;
};

static Misuse *misuses;

/* Notes a misuse, before GLib gets to see it: the program may be one that dies of criticals. */
void
audit_misuse (const char     *function,
              AuditMisuseWhy  why,
              gulong          number,
              GType           type,
              gconstpointer   caller)
{
  gconstpointer frames[AUDIT_MAX_FRAMES];
  gint first_own;
  AuditScript language;
  guint n_frames = audit_module_backtrace (frames, &first_own, &language);
  AuditStack *stack;
  AuditSite *site = audit_site_enter (AUDIT_HANDLER, caller, 0, &stack);
  Misuse *self = misuses;

  while (self != NULL && (self->site != site || self->function != function || self->why != why))
    self = self->next;
  if (self == NULL)
    {
      self = calloc (1, sizeof *self);
      self->function = function;
      self->why = why;
      self->number = number;
      self->type = type;
      self->site = site;
      if (n_frames > 0)
        self->stack = audit_stack_intern_locked (frames, n_frames, first_own, NULL);
      self->next = misuses;
      misuses = self;
      self->count = 1;
      audit_unlock ();
      audit_control_misused ();
      return;
    }
  self->count++;
  audit_unlock ();
}

typedef struct
{
  gconstpointer instance;
  gulong        number;
  gboolean      found;
} Wanted;

static void
look_for_handler (AuditObject *object,
                  gpointer     data)
{
  Wanted *wanted = data;

  if (object->address == wanted->instance)
    return;
  for (AuditRecord *record = object->as_instance; record != NULL; record = record->next_of_instance)
    if (record->site->kind == AUDIT_HANDLER && record->number == wanted->number)
      wanted->found = TRUE;
}

void
audit_misuse_handler (const char    *function,
                      gpointer       instance,
                      gulong         number,
                      gconstpointer  caller)
{
  const GTypeInstance *typed = instance;
  GType type = typed->g_class != NULL ? typed->g_class->g_type : 0;
  Wanted wanted = { instance, number, FALSE };

  if (number == 0)
    {
      audit_misuse (function, AUDIT_MISUSE_ZERO, number, type, caller);
      return;
    }
  if (audit_real.g_signal_handler_is_connected (instance, number))
    return;

  audit_lock ();
  audit_object_foreach_locked (look_for_handler, &wanted);
  audit_unlock ();
  audit_misuse (function, wanted.found ? AUDIT_MISUSE_WRONG_INSTANCE : AUDIT_MISUSE_GONE,
                number, type, caller);
}

/* Writes the findings; returns how many have been written, with those before. */
guint
audit_misuse_write_locked (AuditWriter *writer,
                           guint        n_before)
{
  static const char *const whys[] = { "zero", "gone", "wrong-instance" };
  guint n = n_before;

  for (Misuse *self = misuses; self != NULL; self = self->next)
    {
      fprintf (writer->file, "%s\n    { \"kind\": \"misuse\", \"function\": \"%s\", \"why\": \"%s\", "
               "\"number\": %lu, \"count\": %u, ",
               n > 0 ? "," : "", self->function, whys[self->why], self->number, self->count);
      if (self->type != 0)
        {
          fprintf (writer->file, "\"type\": ");
          audit_write_string (writer, audit_real.g_type_name (self->type));
          fprintf (writer->file, ", ");
        }
      audit_write_site (writer, self->site, self->stack);
      fprintf (writer->file, " }");
      n++;
    }

  return n;
}
