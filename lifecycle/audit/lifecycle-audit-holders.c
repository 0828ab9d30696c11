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

/* Objects whose memory is read at once. Reading is left to the kernel, so that a wrong idea of the size
 * of an object does no harm; each time costs more than the copy.
 */
#define BATCH_OBJECTS 64
#define BATCH_WORDS   8192
/* No object is larger, as far as we look. */
#define MAX_WORDS     512

typedef struct
{
  gconstpointer lowest;         /* of the addresses that are looked for */
  gconstpointer highest;
  AuditObject  *objects[BATCH_OBJECTS];
  struct iovec  memory[BATCH_OBJECTS];
  guint         n_objects;
  gsize         n_bytes;
  gpointer      words[BATCH_WORDS];
} Batch;

static void
look_through (const Batch    *self,
              AuditObject    *holder,
              const gpointer *words,
              gsize           n_words)
{
  gssize before = -(gssize) holder->facts->private_size;

  for (gsize i = 0; i < n_words; i++)
    if ((gconstpointer) words[i] >= self->lowest && (gconstpointer) words[i] <= self->highest)
      {
        AuditObject *object = audit_object_look_locked (words[i]);

        if (object != NULL && object->target != NULL && object != holder)
          note_pointer (object, holder, before + (gssize) (i * sizeof words[0]));
      }
}

static void
batch_look_through (Batch *self)
{
  struct iovec local = { self->words, self->n_bytes };
  gsize done = 0;

  if (self->n_objects == 0)
    return;

  if (process_vm_readv (getpid (), &local, 1, self->memory, self->n_objects, 0) ==
      (gssize) self->n_bytes)
    {
      for (guint i = 0; i < self->n_objects; i++)
        {
          look_through (self, self->objects[i], self->words + done / sizeof self->words[0],
                        self->memory[i].iov_len / sizeof self->words[0]);
          done += self->memory[i].iov_len;
        }
    }
  else
    {
      /* One of them cannot be read. */
      for (guint i = 0; i < self->n_objects; i++)
        {
          gssize n;

          local.iov_len = self->memory[i].iov_len;
          n = process_vm_readv (getpid (), &local, 1, &self->memory[i], 1, 0);
          if (n > 0)
            look_through (self, self->objects[i], self->words, (gsize) n / sizeof self->words[0]);
        }
    }
  self->n_objects = 0;
  self->n_bytes = 0;
}

/* Looks through the memory of all objects once, for the addresses of those that have a target. */
void
audit_pointers_find_locked (AuditObject **all,
                            gsize         n_all)
{
  Batch *batch = calloc (1, sizeof *batch);

  batch->lowest = (gconstpointer) G_MAXSIZE;
  for (gsize i = 0; i < n_all; i++)
    if (all[i]->target != NULL)
      {
        batch->lowest = MIN (batch->lowest, (gconstpointer) all[i]->address);
        batch->highest = MAX (batch->highest, (gconstpointer) all[i]->address);
      }

  for (gsize i = 0; i < n_all && batch->highest != NULL; i++)
    {
      AuditObject *holder = all[i];
      gsize before = holder->facts->private_size;
      gsize size = MIN (before + holder->facts->instance_size, MAX_WORDS * sizeof (gpointer));

      size -= size % sizeof (gpointer);
      if (batch->n_objects == BATCH_OBJECTS || batch->n_bytes + size > sizeof batch->words)
        batch_look_through (batch);
      batch->objects[batch->n_objects] = holder;
      batch->memory[batch->n_objects++] = (struct iovec) { (char *) holder->address - before, size };
      batch->n_bytes += size;
    }
  batch_look_through (batch);
  free (batch);
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
