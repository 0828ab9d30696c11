/* lifecycle-audit-judge.c: what lives on, folded to what is to blame
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lifecycle-audit-private.h"
#include "lifecycle-audit-write-private.h"

/* One window that is not freed keeps thousands of objects, and a list of those helps nobody. Most
 * objects are a part of another one: a widget of its parent, and anything of the object in whose
 * construction it was made. What grows is folded to the topmost object that grows itself or is held.
 */
#define MAX_CULPRITS 100
#define MAX_DRAGGED  8
#define NEAR_FRAMES  6
/* What has been destroyed for less than this may be freed in a moment. */
#define HELD_MICROSECONDS (500 * 1000)
/* What a script has made is freed by its garbage collector, at any time: it has to be seen this many
 * times, or for this long.
 */
#define SCRIPT_SNAPSHOTS    3
#define SCRIPT_MICROSECONDS (60 * (gint64) G_USEC_PER_SEC)

typedef struct
{
  GType type;
  guint count;
} Dragged;

typedef struct
{
  AuditSite   *site;
  AuditObject *sample;
  gboolean     own;
  gboolean     is_window;
  guint        n;               /* objects made at the site that nothing above explains */
  guint        n_held;
  guint        n_objects;       /* with all that is below them */
  guint        n_records[AUDIT_N_KINDS];
  guint64      n_bytes;
  Dragged      dragged[MAX_DRAGGED];
  guint        n_dragged;
  Dragged      followers[MAX_DRAGGED];  /* what grows in step with it */
  guint        n_followers;
  gboolean     is_folded;       /* into another one that it grows in step with */
} Culprit;

typedef struct
{
  AuditObject **all;
  gsize         n_all;
  gsize         n_allocated;
  Culprit      *culprits;
  guint         n_culprits;
  AuditTarget  *targets;
  gsize         n_targets;
  gint64        now;
} Judge;

static void
collect (AuditObject *object,
         gpointer     data)
{
  Judge *judge = data;

  if (object->state != AUDIT_STATE_ALIVE)
    return;

  if (judge->n_all == judge->n_allocated)
    {
      judge->n_allocated = judge->n_allocated * 2 + 1024;
      judge->all = realloc (judge->all, judge->n_allocated * sizeof *judge->all);
    }
  judge->all[judge->n_all++] = object;
}

static int
compare_ids (const void *a,
             const void *b)
{
  const AuditObject *first = *(AuditObject *const *) a;
  const AuditObject *second = *(AuditObject *const *) b;

  return first->id < second->id ? -1 : first->id > second->id;
}

static AuditObject *
find_id (const Judge *judge,
         guint64      id)
{
  gsize first = 0;
  gsize last = judge->n_all;

  while (first < last)
    {
      gsize middle = (first + last) / 2;

      if (judge->all[middle]->id == id)
        return judge->all[middle];
      if (judge->all[middle]->id < id)
        first = middle + 1;
      else
        last = middle;
    }

  return NULL;
}

static AuditObject *
find_owner (const Judge *judge,
            AuditObject *object)
{
  gpointer parent = audit_toolkit_get_parent (object->address, object->facts);
  AuditObject *owner = parent != NULL ? audit_object_look_locked (parent) : NULL;

  if (owner != NULL && owner->state == AUDIT_STATE_ALIVE)
    return owner;
  /* A window that another object makes is a window in its own right. */
  if (object->facts->is_window || object->builder == 0)
    return NULL;

  return find_id (judge, object->builder);
}

/* Whether something may be waiting for the garbage collector of a script. */
static gboolean
is_garbage (const Judge       *judge,
            const AuditObject *object)
{
  if (object->n_toggles > 0 && ((const GObject *) object->address)->ref_count <= 1)
    return TRUE;

  return object->site->language != AUDIT_SCRIPT_NONE && object->n_seen < SCRIPT_SNAPSHOTS &&
         judge->now - object->disposed < SCRIPT_MICROSECONDS;
}

/* What there was at the first snapshot belongs to the program, and a window that the user can see is
 * there because the program wants it.
 */
static gboolean
is_suspicious (const AuditObject *object)
{
  return object->id > audit.first_snapshot &&
         !audit_toolkit_is_open (object->address, object->facts);
}

static void
look_at (Judge       *judge,
         AuditObject *object)
{
  if (object->disposed == 0 && audit_toolkit_is_destroyed (object->address, object->facts))
    object->disposed = judge->now;
  if (object->disposed != 0 && object->n_seen < 15)
    object->n_seen++;

  object->is_held = object->disposed != 0 && (object->facts->own || object->facts->is_window) &&
                    judge->now - object->disposed >= HELD_MICROSECONDS && !is_garbage (judge, object);
  object->is_candidate = object->is_held || (object->site->growing && is_suspicious (object));
}

/* Whether there is more of a site than a few rounds ago, if not after each of them. */
static gboolean
has_grown (const AuditSite *site)
{
  return site->n_history > AUDIT_MIN_ROUNDS &&
         site->history[site->n_history - 1] > site->history[site->n_history - 1 - AUDIT_MIN_ROUNDS];
}

/* What is made in the construction of an object is one of its parts most often, and lives on with it. So
 * if parts of a kind grow, the objects that they are parts of do; unless there are no more of those than
 * before, as with the rows of a list, which are used again with other parts.
 */
static void
suspect_builders (const Judge *judge)
{
  for (gsize i = 0; i < judge->n_all; i++)
    {
      AuditObject *object = judge->all[i];

      for (guint j = 0; object != NULL && object->is_candidate && j < AUDIT_MAX_DEPTH; j++)
        {
          object = object->builder != 0 ? find_id (judge, object->builder) : NULL;
          if (object == NULL || object->is_candidate || !is_suspicious (object) ||
              !has_grown (object->site))
            break;
          object->is_candidate = TRUE;
        }
    }
}

/* Finds the topmost candidate that an object is a part of. */
static AuditObject *
find_top (AuditObject *object)
{
  AuditObject *top = NULL;

  for (guint i = 0; object != NULL && i < AUDIT_MAX_DEPTH; i++, object = object->owner)
    if (object->is_candidate)
      top = object;

  return top;
}

/* What nothing owns as far as we know may be pointed at by a part of something else that lives on, and
 * then it belongs there. A pointer from an object that is well says nothing: that may be the very
 * pointer that holds it.
 */
static gboolean
adopt (AuditObject *object)
{
  AuditObject *best = NULL;

  for (guint i = 0; i < object->target->n_pointers; i++)
    {
      AuditObject *holder = object->target->pointers[i].holder;
      AuditObject *top = find_top (holder);

      if (top == NULL || audit_object_is_part_of (holder, object))
        continue;
      if (best == NULL || top->is_held > find_top (best)->is_held)
        best = holder;
    }
  if (best == NULL)
    return FALSE;
  object->owner = best;

  return TRUE;
}

static gboolean
is_orphan (AuditObject *object)
{
  return object->is_candidate && !object->is_held && !object->facts->is_window &&
         object->owner == NULL;
}

static void
find_pointers (Judge *judge)
{
  gboolean changed = TRUE;
  gsize n = 0;

  for (gsize i = 0; i < judge->n_all; i++)
    n += judge->all[i]->is_candidate && find_top (judge->all[i]) == judge->all[i];
  judge->targets = calloc (n + 1, sizeof *judge->targets);
  for (gsize i = 0; i < judge->n_all; i++)
    {
      AuditObject *object = judge->all[i];

      object->target = NULL;
      if (object->is_candidate && find_top (object) == object)
        object->target = &judge->targets[judge->n_targets++];
    }
  audit_pointers_find_locked (judge->all, judge->n_all);

  for (guint round = 0; round < 4 && changed; round++)
    {
      changed = FALSE;
      for (gsize i = 0; i < judge->n_all; i++)
        if (judge->all[i]->target != NULL && is_orphan (judge->all[i]))
          changed = adopt (judge->all[i]) || changed;
    }
}

static Culprit *
get_culprit (Judge       *judge,
             AuditObject *top)
{
  Culprit *self = top->site->culprit;

  if (self == NULL)
    {
      /* The array has room for all sites, so that the pointers stay good. */
      self = &judge->culprits[judge->n_culprits++];
      memset (self, 0, sizeof *self);
      self->site = top->site;
      self->own = top->site->own;
      self->is_window = top->facts->is_window;
      top->site->culprit = self;
    }

  return self;
}

static void
count_type (Dragged *counts,
            guint   *n_counts,
            GType    type,
            guint    n)
{
  guint i = 0;

  while (i < *n_counts && counts[i].type != type)
    i++;
  if (i == *n_counts)
    {
      if (i == MAX_DRAGGED)
        return;
      counts[(*n_counts)++] = (Dragged) { type, 0 };
    }
  counts[i].count += n;
}

/* Whether the program itself asked for what the platform has made. Everything that the platform does is
 * asked for by somebody, so only a call that is near counts; but widgets come from files that describe
 * them, through many calls.
 */
static gboolean
is_asked_for (const AuditStack *stack,
              const AuditType  *type)
{
  return stack != NULL && stack->first_own >= 0 &&
         (stack->first_own < NEAR_FRAMES || (type != NULL && type->is_widget));
}

static void
weigh_object (Judge       *judge,
              AuditObject *object)
{
  Culprit *self;

  if (object->top == NULL)
    return;

  self = get_culprit (judge, object->top);
  self->n_objects++;
  self->n_bytes += object->facts->instance_size + object->facts->private_size;
  if (object->site->own || object->facts->own || object->facts->is_window ||
      is_asked_for (object->stack, object->facts))
    {
      self->own = TRUE;
      if (object != object->top)
        count_type (self->dragged, &self->n_dragged, object->type, 1);
    }
  if (object == object->top)
    {
      self->n++;
      self->n_held += object->is_held;
      /* One that is held and of which we know how it was made says the most. */
      if (self->sample == NULL || object->is_held > self->sample->is_held ||
          (object->is_held == self->sample->is_held &&
           (object->stack != NULL) > (self->sample->stack != NULL)))
        self->sample = object;
    }
}

static void
weigh_record (AuditRecord *record)
{
  AuditObject *top = NULL;
  Culprit *self;

  if (record->instance != NULL && record->instance->state == AUDIT_STATE_ALIVE)
    top = record->instance->top;
  if (top == NULL && record->data != NULL && record->data->state == AUDIT_STATE_ALIVE)
    top = record->data->top;

  if (top == NULL)
    {
      record->site->sample = record;
      return;
    }
  record->site->n_explained++;
  self = top->site->culprit;
  self->n_records[record->site->kind]++;
}

/* Each record is looked at once: from its instance, or from its data if it has no instance. */
static void
weigh_records (AuditObject *object,
               gpointer     data)
{
  for (AuditRecord *record = object->as_instance; record != NULL; record = record->next_of_instance)
    weigh_record (record);
  for (AuditRecord *record = object->as_data; record != NULL; record = record->next_of_data)
    if (record->instance == NULL)
      weigh_record (record);
}

static guint
weight (const Culprit *self)
{
  return self->n_objects + self->n_records[AUDIT_HANDLER] + self->n_records[AUDIT_SOURCE];
}

/* Windows first, then what weighs most. */
static int
compare_culprits (const void *a,
                  const void *b)
{
  const Culprit *first = a;
  const Culprit *second = b;

  if (first->own != second->own)
    return first->own ? -1 : 1;
  if (first->is_window != second->is_window)
    return first->is_window ? -1 : 1;

  return weight (first) > weight (second) ? -1 : weight (first) < weight (second);
}

/* Whether a site grew in the same proportion to another one in each of the last rounds: by a multiple, or
 * by a multiple of a half, because what is leaked each second time is a half.
 */
static gboolean
is_in_step (const AuditSite *site,
            const AuditSite *with)
{
  guint n = MIN (MIN (site->n_history, with->n_history), 5);
  guint factor = 0;

  if (n < AUDIT_MIN_ROUNDS + 1)
    return FALSE;
  for (guint i = 1; i < n; i++)
    {
      gint by = (gint) (site->history[site->n_history - i] - site->history[site->n_history - i - 1]);
      gint step = (gint) (with->history[with->n_history - i] - with->history[with->n_history - i - 1]);

      if (by <= 0 || step <= 0 || by * 2 % step != 0 ||
          (factor != 0 && (guint) (by * 2 / step) != factor))
        return FALSE;
      factor = (guint) (by * 2 / step);
    }

  return TRUE;
}

/* What grows in step with a heavier culprit belongs to it most likely, although it hangs on it by a
 * list or a table that we cannot look into.
 */
static Culprit *
find_leader (const Judge     *judge,
             const AuditSite *site,
             guint            n_before)
{
  for (guint i = 0; i < n_before; i++)
    {
      Culprit *leader = &judge->culprits[i];

      if (leader->own && !leader->is_folded && leader->site != site &&
          is_in_step (site, leader->site))
        return leader;
    }

  return NULL;
}

/* The culprits are in their order. */
static void
fold (Judge *judge)
{
  for (guint i = 0; i < judge->n_culprits; i++)
    {
      Culprit *self = &judge->culprits[i];
      Culprit *leader = self->n_held == 0 ? find_leader (judge, self->site, i) : NULL;

      if (leader == NULL)
        continue;
      self->is_folded = TRUE;
      leader->n_objects += self->n_objects;
      leader->n_bytes += self->n_bytes;
      for (guint kind = 0; kind < AUDIT_N_KINDS; kind++)
        leader->n_records[kind] += self->n_records[kind];
      count_type (leader->followers, &leader->n_followers, self->site->type, self->n);
    }
}

/* What is left of a site when most of its objects are a part of something else is not what grows. */
static gboolean
is_worth_telling (const Culprit *self)
{
  return !self->is_folded &&
         (self->n_held > 0 ||
          (self->n >= AUDIT_MIN_ROUNDS &&
           self->n * 2 + self->site->baseline >= self->site->n_live));
}

static void
write_history (AuditWriter     *writer,
               const AuditSite *site)
{
  fprintf (writer->file, "\"grew\": %u, \"history\": [", site->growing ? site->streak : 0);
  for (guint i = 0; i < site->n_history; i++)
    fprintf (writer->file, "%s %u", i > 0 ? "," : "", site->history[i]);
  fputs (" ], ", writer->file);
}

static void
write_counts (AuditWriter   *writer,
              const char    *name,
              const Dragged *counts,
              guint          n_counts)
{
  fprintf (writer->file, "\"%s\": [", name);
  for (guint i = 0; i < n_counts; i++)
    {
      fprintf (writer->file, "%s { \"count\": %u, \"type\": ", i > 0 ? "," : "", counts[i].count);
      audit_write_string (writer, audit_real.g_type_name (counts[i].type));
      fputs (" }", writer->file);
    }
  fputs (" ], ", writer->file);
}

static void
write_culprit (AuditWriter   *writer,
               const Culprit *self)
{
  const AuditObject *sample = self->sample;

  fprintf (writer->file, ",\n    { \"kind\": \"%s\", \"what\": \"object\", \"type\": ",
           self->n_held > 0 ? "held" : "piling-up");
  audit_write_string (writer, sample->facts->name);
  fprintf (writer->file, ", \"own\": %s, \"window\": %s, \"count\": %u, \"held\": %u, "
           "\"references\": %u, \"objects\": %u, \"handlers\": %u, \"sources\": %u, "
           "\"bytes\": %" G_GUINT64_FORMAT ", ",
           self->own ? "true" : "false", self->is_window ? "true" : "false", self->n, self->n_held,
           ((const GObject *) sample->address)->ref_count, self->n_objects,
           self->n_records[AUDIT_HANDLER], self->n_records[AUDIT_SOURCE], self->n_bytes);
  write_history (writer, self->site);
  audit_write_site (writer, self->site, sample->stack);
  fputs (", ", writer->file);
  write_counts (writer, "drags", self->dragged, self->n_dragged);
  write_counts (writer, "in-step", self->followers, self->n_followers);
  audit_holders_write_locked (writer, self->sample);
  fputs (" }", writer->file);
}

/* Handlers, sources and the like that grow without being a part of anything that does. */
static void
write_site (AuditWriter     *writer,
            const AuditSite *site)
{
  static const char *const whats[AUDIT_N_KINDS] = {
    [AUDIT_HANDLER] = "handler", [AUDIT_SOURCE] = "source", [AUDIT_BUS] = "bus",
    [AUDIT_WEAK_REF] = "weak-reference", [AUDIT_BINDING] = "binding",
  };
  const AuditRecord *sample = site->sample;
  gboolean own = site->own ||
                 (sample != NULL && is_asked_for (sample->stack, NULL));

  fprintf (writer->file, ",\n    { \"kind\": \"piling-up\", \"what\": \"%s\", \"own\": %s, "
           "\"count\": %u, ", whats[site->kind], own ? "true" : "false",
           site->n_live - site->n_explained);
  if (site->type != 0)
    {
      fputs ("\"emitter\": ", writer->file);
      audit_write_string (writer, audit_real.g_type_name (site->type));
      fputs (", ", writer->file);
    }
  if (sample != NULL && sample->data != NULL && sample->data->type != 0)
    {
      fputs ("\"data-type\": ", writer->file);
      audit_write_string (writer, audit_real.g_type_name (sample->data->type));
      fputs (", ", writer->file);
    }
  write_history (writer, site);
  audit_write_site (writer, site, sample != NULL ? sample->stack : NULL);
  fputs (" }", writer->file);
}

/* Writes what is held and what is piling up, each with a comma in front. */
void
audit_judge_write_locked (AuditWriter *writer)
{
  Judge judge = { 0 };
  struct timespec time;
  guint n_sites = 0;

  clock_gettime (CLOCK_MONOTONIC, &time);
  judge.now = (gint64) time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;

  for (AuditSite *site = audit.sites; site != NULL; site = site->next_made)
    {
      site->n_explained = 0;
      site->sample = NULL;
      site->culprit = NULL;
      n_sites++;
    }
  judge.culprits = calloc (n_sites + 1, sizeof *judge.culprits);

  audit_object_foreach_locked (collect, &judge);
  if (judge.n_all > 0)
    qsort (judge.all, judge.n_all, sizeof *judge.all, compare_ids);
  for (gsize i = 0; i < judge.n_all; i++)
    judge.all[i]->facts = audit_type_get_locked (judge.all[i]->type);
  for (gsize i = 0; i < judge.n_all; i++)
    {
      judge.all[i]->owner = find_owner (&judge, judge.all[i]);
      look_at (&judge, judge.all[i]);
    }
  suspect_builders (&judge);
  find_pointers (&judge);
  for (gsize i = 0; i < judge.n_all; i++)
    judge.all[i]->top = find_top (judge.all[i]);
  for (gsize i = 0; i < judge.n_all; i++)
    weigh_object (&judge, judge.all[i]);
  audit_object_foreach_locked (weigh_records, NULL);

  /* The sites point into the array, which is sorted now. */
  qsort (judge.culprits, judge.n_culprits, sizeof *judge.culprits, compare_culprits);
  fold (&judge);
  for (guint i = 0; i < MIN (judge.n_culprits, MAX_CULPRITS); i++)
    if (is_worth_telling (&judge.culprits[i]))
      write_culprit (writer, &judge.culprits[i]);
  for (AuditSite *site = audit.sites; site != NULL; site = site->next_made)
    if (site->kind != AUDIT_OBJECT && site->growing &&
        site->n_live - MIN (site->n_explained, site->n_live) >= AUDIT_MIN_ROUNDS &&
        (site->n_live - site->n_explained) * 2 >= site->n_live &&
        find_leader (&judge, site, judge.n_culprits) == NULL)
      write_site (writer, site);

  free (judge.targets);
  free (judge.all);
  free (judge.culprits);
}
