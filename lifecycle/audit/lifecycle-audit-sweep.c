/* lifecycle-audit-sweep.c: sources of the default context whose end, or beginning, cannot be seen
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <stdlib.h>

#include "lifecycle-audit-private.h"
#include "lifecycle-audit-write-private.h"

#define real audit_real

/* A source that has no callback set with g_source_set_callback() tells nobody that it has ended. And a
 * language binding, or a plug-in, may look GLib's functions up by itself and so go round us. The ids of
 * a context are numbers that are given out in turn, so all its sources can be found: by asking, at each
 * snapshot, for the ids that are new, and for those that were there the last time.
 */
typedef struct _Swept Swept;
struct _Swept
{
  AuditRecord record;           /* its number is the id of the source */
  Swept      *next;             /* in its bucket */
};

#define N_BUCKETS 1024
static Swept *swept[N_BUCKETS];
static guint n_swept;
/* A program that nobody looks at is swept when it has this many. */
static guint n_enough = 4096;
static guint last_number;

static Swept **
find_locked (guint number)
{
  Swept **link = &swept[number % N_BUCKETS];

  while (*link != NULL && (*link)->record.number != number)
    link = &(*link)->next;

  return link;
}

static void
add_locked (guint          number,
            gconstpointer  source,
            gpointer       data,
            AuditSite     *site,
            AuditStack    *stack,
            const char    *what)
{
  Swept *self = calloc (1, sizeof *self);
  Swept **bucket = &swept[number % N_BUCKETS];

  self->record.number = number;
  self->record.thing = (gpointer) source;
  self->next = *bucket;
  *bucket = self;
  n_swept++;
  if (what != NULL)
    site = audit_site_vary_locked (site, what);
  audit_record_start_locked (&self->record, site, stack, NULL, 0, data);
}

static void
remove_locked (Swept **link)
{
  Swept *self = *link;

  *link = self->next;
  n_swept--;
  audit_record_end_locked (&self->record);
  free (self);
}

/* GLib takes the lock of the context, and nothing that has it takes ours. */
static void
drop_ended_locked (gboolean at_home)
{
  for (guint i = 0; i < N_BUCKETS; i++)
    for (Swept **link = &swept[i]; *link != NULL;)
      {
        const AuditRecord *record = &(*link)->record;
        const GSource *source = real.g_main_context_find_source_by_id (NULL, (guint) record->number);

        /* It may have got a callback since, and a record with it. */
        if (source != record->thing || (at_home && audit_source_is_known (source)))
          remove_locked (link);
        else
          link = &(*link)->next;
      }
}

/* Notes a source that the program has attached to the default context. It may be gone by now. */
void
audit_sweep_attached (const GSource *source,
                      guint          number,
                      gconstpointer  caller)
{
  AuditStack *stack;
  AuditSite *site;

  if (number == 0)
    return;

  site = audit_site_enter (AUDIT_SOURCE, caller, 0, &stack);
  if (*find_locked (number) == NULL)
    add_locked (number, source, NULL, site, stack, NULL);
  if (n_swept > n_enough)
    {
      drop_ended_locked (FALSE);
      n_enough = MAX (n_swept * 2, 4096);
    }
  audit_unlock ();
}

/* The ids that the context gives out next. */
static guint
find_next_number (void)
{
  GSource *probe = real.g_idle_source_new ();
  guint number = real.g_source_attach (probe, NULL);

  real.g_source_destroy (probe);
  real.g_source_unref (probe);

  return number;
}

/* Nobody was seen to make this one. Its place is what it calls; without a callback that is a function
 * of its kind. What is in no module has been generated, for the callback of a script.
 */
static void
note_unseen (GSource *source,
             guint    number)
{
  gconstpointer place = (gconstpointer) source->source_funcs->dispatch;
  GSourceFunc function = NULL;
  gpointer data = NULL;
  gboolean own;

  if (source->callback_funcs != NULL && source->callback_data != NULL)
    source->callback_funcs->get (source->callback_data, source, &function, &data);
  if (function != NULL)
    place = (gconstpointer) function;
  own = audit_module_is_generated (place);
  if (!own)
    audit_module_classify (place, &own);

  audit_lock ();
  add_locked (number, source, data, audit_site_of_callback_locked (AUDIT_SOURCE, place, own), NULL,
              real.g_source_get_name (source));
  audit_unlock ();
}

/* Only the thread of the context may look at sources that it has found. Called without the lock. */
void
audit_sweep (gboolean at_home)
{
  guint next;

  audit_lock ();
  drop_ended_locked (at_home);
  audit_unlock ();
  if (!at_home)
    return;

  next = find_next_number ();
  for (guint number = last_number + 1; number < next; number++)
    {
      GSource *source = real.g_main_context_find_source_by_id (NULL, number);
      gboolean is_known;

      if (source == NULL || audit_source_is_known (source))
        continue;
      audit_lock ();
      is_known = *find_locked (number) != NULL;
      audit_unlock ();
      if (!is_known)
        note_unseen (source, number);
    }
  last_number = next;
}
