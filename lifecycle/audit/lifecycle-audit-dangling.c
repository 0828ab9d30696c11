/* lifecycle-audit-dangling.c: what will be called with data that is gone
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <stdlib.h>
#include <time.h>

#include "lifecycle-audit-private.h"
#include "lifecycle-audit-write-private.h"

/* An object that has died this short a time ago, on another thread, may still be in its finalization:
 * the last steps of that come after we have heard of it, and may disconnect something.
 */
#define GRACE_MICROSECONDS (50 * 1000)

typedef struct
{
  const AuditRecord *record;
  const AuditObject *dead;
  guint              count;
} Group;

static gboolean
still_happens (const AuditRecord *record)
{
  const AuditObject *emitter = record->instance;

  if (record->flags & AUDIT_RECORD_OWNS_DATA)
    return FALSE;

  switch (record->site->kind)
    {
    case AUDIT_HANDLER:
      if (record->flags & AUDIT_RECORD_IN_GROUP)
        return emitter != NULL && emitter->state != AUDIT_STATE_DEAD &&
               !((const GClosure *) record->thing)->is_invalid;
      if (emitter == NULL || emitter->state == AUDIT_STATE_DEAD || record->number == 0 ||
          ((const GClosure *) record->thing)->is_invalid)
        return FALSE;
      /* Only of an object that is known to live may GLib be asked. */
      return !(record->flags & AUDIT_RECORD_UNSURE) ||
             (emitter->state == AUDIT_STATE_ALIVE &&
              audit_real.g_signal_handler_is_connected (emitter->address, record->number));

    case AUDIT_SOURCE:
      return !audit_real.g_source_is_destroyed (record->thing);

    case AUDIT_WEAK_REF:
      return emitter != NULL && emitter->state == AUDIT_STATE_ALIVE && emitter->disposed == 0;

    case AUDIT_BINDING:
      return emitter == NULL || emitter->state != AUDIT_STATE_DEAD;

    case AUDIT_BUS:
      return TRUE;

    case AUDIT_OBJECT:
    case AUDIT_N_KINDS:
    default:
      return FALSE;
    }
}

static void
write_group (AuditWriter *writer,
             const Group *group,
             gboolean     comma)
{
  const AuditRecord *record = group->record;
  const AuditObject *dead = group->dead;

  fprintf (writer->file, "%s\n    { \"kind\": \"dangling\", \"count\": %u, ", comma ? "," : "",
           group->count);
  if (record->instance != NULL && record->instance->type != 0)
    {
      fputs ("\"emitter\": ", writer->file);
      audit_write_string (writer, audit_real.g_type_name (record->instance->type));
      fputs (", ", writer->file);
    }
  audit_write_site (writer, record->site, record->stack);
  fputs (", \"data\": { \"type\": ", writer->file);
  audit_write_string (writer, audit_real.g_type_name (dead->type));
  fprintf (writer->file, ", \"own\": %s, ",
           audit_type_get_locked (dead->type)->own ? "true" : "false");
  audit_write_site (writer, dead->site, dead->stack);
  fputs (" } }", writer->file);
}

/* Writes the findings; returns how many have been written, with those before. */
guint
audit_dangling_write_locked (AuditWriter *writer,
                             gboolean     at_home,
                             guint        n_before)
{
  struct timespec time;
  guint n_groups = 0;
  gsize n_allocated = 0;
  Group *groups = NULL;
  gint64 now;

  clock_gettime (CLOCK_MONOTONIC_COARSE, &time);
  now = (gint64) time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;

  for (const AuditObject *dead = audit.dead; dead != NULL; dead = dead->next)
    {
      /* What dies after the main loop, or while an application ends, is a part of the program's own
       * end: what would have taken care of the rest does not get its turn any more.
       */
      if ((audit.loop_ended != 0 && dead->died_order > audit.loop_ended) ||
          (audit.end_began != 0 && dead->died > audit.end_began) ||
          (!at_home && now - dead->died < GRACE_MICROSECONDS))
        continue;

      for (const AuditRecord *record = dead->as_data; record != NULL; record = record->next_of_data)
        {
          guint i = 0;

          if (!still_happens (record))
            continue;
          while (i < n_groups && (groups[i].record->site != record->site ||
                                  groups[i].dead->site != dead->site))
            i++;
          if (i == n_groups)
            {
              if (n_groups == n_allocated)
                {
                  Group *more = realloc (groups, (n_allocated * 2 + 16) * sizeof *groups);

                  if (more == NULL)
                    break;
                  groups = more;
                  n_allocated = n_allocated * 2 + 16;
                }
              groups[n_groups++] = (Group) { record, dead, 0 };
            }
          groups[i].count++;
        }
    }

  for (guint i = 0; i < n_groups; i++)
    write_group (writer, &groups[i], n_before + i > 0);
  free (groups);

  return n_before + n_groups;
}
