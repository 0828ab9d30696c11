/* lifecycle-audit-holders.c: what keeps an object, as far as that can be seen from outside
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define _GNU_SOURCE

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lifecycle-audit-private.h"
#include "lifecycle-audit-write-private.h"

#define MAX_HOLDERS 12

typedef struct
{
  const AuditRecord *record;
  guint              count;
} RecordGroup;

gboolean
audit_object_is_part_of (AuditObject *part,
                         AuditObject *whole)
{
  for (guint i = 0; part != NULL && i < AUDIT_MAX_DEPTH; i++, part = part->owner)
    if (part == whole)
      return TRUE;

  return FALSE;
}

static void
write_type (AuditWriter *writer,
            const char  *name,
            GType        type)
{
  fprintf (writer->file, ", \"%s\": ", name);
  audit_write_string (writer, type != 0 ? audit_real.g_type_name (type) : NULL);
}

/* Handlers, sources and the like that have the object as their data, by site. */
static guint
write_records (AuditWriter *writer,
               AuditObject *object)
{
  RecordGroup groups[MAX_HOLDERS];
  guint n_groups = 0;

  for (const AuditRecord *record = object->as_data; record != NULL; record = record->next_of_data)
    {
      guint i = 0;

      /* A weak reference holds nothing, and what hangs on a part of the object goes with it. */
      if (record->site->kind == AUDIT_WEAK_REF ||
          (!(record->flags & AUDIT_RECORD_OWNS_DATA) && record->instance != NULL &&
           record->instance->state == AUDIT_STATE_ALIVE &&
           audit_object_is_part_of (record->instance, object)))
        continue;
      while (i < n_groups && (groups[i].record->site != record->site ||
                              groups[i].record->flags != record->flags))
        i++;
      if (i == MAX_HOLDERS)
        break;
      if (i == n_groups)
        groups[n_groups++] = (RecordGroup) { record, 0 };
      groups[i].count++;
    }

  for (guint i = 0; i < n_groups; i++)
    {
      const AuditRecord *record = groups[i].record;

      fprintf (writer->file, "%s\n      { \"how\": \"data\", \"count\": %u, \"owns\": %s",
               i > 0 ? "," : "", groups[i].count,
               record->flags & AUDIT_RECORD_OWNS_DATA ? "true" : "false");
      if (record->instance != NULL)
        write_type (writer, "emitter", record->instance->type);
      fputs (", ", writer->file);
      audit_write_site (writer, record->site, record->stack);
      fputs (" }", writer->file);
    }

  return n_groups;
}

/* Pointers */

static void
note_pointer (AuditObject *object,
              AuditObject *holder,
              gssize       offset)
{
  AuditTarget *target = object->target;
  guint i = 0;

  /* In GTK, the parts of a widget all point at it, without a reference. */
  if (!audit_type_of_field_locked (holder->facts, offset)->library &&
      audit_object_is_part_of (holder, object))
    return;

  while (i < target->n_pointers && (target->pointers[i].holder->type != holder->type ||
                                    target->pointers[i].offset != offset))
    i++;
  if (i == AUDIT_MAX_POINTERS)
    return;
  if (i == target->n_pointers)
    target->pointers[target->n_pointers++] = (AuditPointer) { holder, offset, 0 };
  target->pointers[i].count++;
}

/* Looks through the memory of all objects once, for the addresses of those that have a target. The
 * memory is copied, so that a wrong idea of the size of an object does no harm.
 */
void
audit_pointers_find_locked (AuditObject **all,
                            gsize         n_all)
{
  gpointer words[512];
  gconstpointer lowest = (gconstpointer) G_MAXSIZE;
  gconstpointer highest = NULL;

  for (gsize i = 0; i < n_all; i++)
    if (all[i]->target != NULL)
      {
        lowest = MIN (lowest, (gconstpointer) all[i]->address);
        highest = MAX (highest, (gconstpointer) all[i]->address);
      }

  for (gsize i = 0; i < n_all && highest != NULL; i++)
    {
      AuditObject *holder = all[i];
      gsize before = holder->facts->private_size;
      struct iovec local = { words, MIN (before + holder->facts->instance_size, sizeof words) };
      struct iovec remote = { (char *) holder->address - before, local.iov_len };
      gssize n_bytes = process_vm_readv (getpid (), &local, 1, &remote, 1, 0);

      for (gssize j = 0; j < n_bytes / (gssize) sizeof words[0]; j++)
        if ((gconstpointer) words[j] >= lowest && (gconstpointer) words[j] <= highest)
          {
            AuditObject *object = audit_object_look_locked (words[j]);

            if (object != NULL && object->target != NULL && object != holder)
              note_pointer (object, holder, j * (gssize) sizeof words[0] - (gssize) before);
          }
    }
}

void
audit_holders_write_locked (AuditWriter *writer,
                            AuditObject *object)
{
  const AuditTarget *target = object->target;
  guint n;

  fputs ("\"holders\": [", writer->file);
  n = write_records (writer, object);
  if (object->n_toggles > 0)
    fprintf (writer->file, "%s\n      { \"how\": \"toggle\", \"count\": %u }", n++ > 0 ? "," : "",
             object->n_toggles);

  for (guint i = 0; target != NULL && i < target->n_pointers; i++)
    {
      const AuditPointer *pointer = &target->pointers[i];
      AuditType *type = audit_type_of_field_locked (pointer->holder->facts, pointer->offset);
      gboolean inside = audit_object_is_part_of (pointer->holder, object);

      fprintf (writer->file, "%s\n      { \"how\": \"field\", \"count\": %u, \"own\": %s, "
               "\"inside\": %s, \"offset\": %" G_GSSIZE_FORMAT, n++ > 0 ? "," : "",
               pointer->count, type->own ? "true" : "false", inside ? "true" : "false",
               pointer->offset);
      write_type (writer, "type", pointer->holder->type);
      write_type (writer, "class", type->type);
      fputs (" }", writer->file);
    }
  fputs (" ]", writer->file);
}
