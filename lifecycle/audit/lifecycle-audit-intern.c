/* lifecycle-audit-intern.c: strings, stacks and types, each kept once and never freed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <stdlib.h>
#include <string.h>

#include "lifecycle-audit-private.h"

#define N_BUCKETS 4096

typedef struct _String String;
struct _String
{
  String *next;
  char    text[];
};

static String *strings[N_BUCKETS];
static AuditStack *stacks[N_BUCKETS];
static AuditType *types[N_BUCKETS];
static guint last_stack;

static guint
hash_bytes (gconstpointer bytes,
            gsize         size)
{
  const guchar *p = bytes;
  guint hash = 2166136261u;

  for (gsize i = 0; i < size; i++)
    hash = (hash ^ p[i]) * 16777619u;

  return hash;
}

const char *
audit_intern_locked (const char *string)
{
  gsize size = strlen (string) + 1;
  String **bucket = &strings[hash_bytes (string, size) % N_BUCKETS];
  String *self = *bucket;

  while (self != NULL && strcmp (self->text, string) != 0)
    self = self->next;
  if (self == NULL)
    {
      self = malloc (sizeof *self + size);
      memcpy (self->text, string, size);
      self->next = *bucket;
      *bucket = self;
    }

  return self->text;
}

AuditStack *
audit_stack_intern_locked (gconstpointer *frames,
                           guint          n_frames,
                           gint           first_own,
                           const char    *script)
{
  gsize size = n_frames * sizeof *frames;
  guint hash = hash_bytes (frames, size);
  AuditStack **bucket = &stacks[hash % N_BUCKETS];
  AuditStack *self = *bucket;

  while (self != NULL &&
         (self->hash != hash || self->n_frames != n_frames || self->script != script ||
          memcmp (self->frames, frames, size) != 0))
    self = self->next;
  if (self == NULL)
    {
      self = malloc (sizeof *self + size);
      self->hash = hash;
      self->id = ++last_stack;
      self->n_frames = n_frames;
      self->first_own = first_own;
      self->script = script;
      memcpy (self->frames, frames, size);
      self->next = *bucket;
      *bucket = self;
    }

  return self;
}

/* Finds what has been noted about a type, without asking GLib: for its registration. */
AuditType *
audit_type_look_locked (GType type)
{
  AuditType **bucket = &types[(type >> 4) % N_BUCKETS];
  AuditType *self = *bucket;

  while (self != NULL && self->type != type)
    self = self->next;
  if (self == NULL)
    {
      self = calloc (1, sizeof *self);
      self->type = type;
      self->next = *bucket;
      *bucket = self;
    }

  return self;
}

/* The private data of an instance lies in front of it. */
static guint
round_up (guint size)
{
  return (size + 2 * sizeof (gsize) - 1) & ~(guint) (2 * sizeof (gsize) - 1);
}

/* Finds everything about a type of objects. A type that was registered before the audit could see it
 * is the platform's.
 */
AuditType *
audit_type_get_locked (GType type)
{
  AuditType *self = audit_type_look_locked (type);

  if (!self->complete)
    {
      GType parent = audit_real.g_type_parent (type);
      GTypeQuery query = { 0 };

      self->complete = TRUE;
      audit_real.g_type_query (type, &query);
      self->name = query.type_name != NULL ? query.type_name : "?";
      self->instance_size = query.instance_size;
      self->private_size = round_up (self->own_private_size);
      if (parent != 0)
        {
          AuditType *above = audit_type_get_locked (parent);

          self->private_size += above->private_size;
          if (!self->registered)
            self->own = above->own;
        }
      audit_toolkit_classify (self);
    }

  return self;
}

/* Finds the ancestor that a field of an instance belongs to. What is in front of the instance is
 * private data, that of the topmost ancestor next to it.
 */
AuditType *
audit_type_of_field_locked (AuditType *type,
                            gssize     offset)
{
  for (;;)
    {
      GType above = audit_real.g_type_parent (type->type);
      AuditType *parent;

      if (above == 0)
        return type;
      parent = audit_type_get_locked (above);
      if (offset < 0 ? (gsize) -offset > parent->private_size : (gsize) offset >= parent->instance_size)
        return type;
      type = parent;
    }
}
