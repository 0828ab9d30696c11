/* lifecycle-audit-record.c: what has been made, where, and what it names
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lifecycle-audit-private.h"

/* One lock guards everything. No code of the program and no function of GLib that could call any
 * runs while it is held. The dynamic linker's locks are not taken while it is held either: the
 * linker runs constructors with its lock held, and those register types.
 *
 * An object cannot be finalized while the lock is held and the object is in the table, because its
 * finalization has to take it out of the table first. So the memory of such an object can be read.
 */
Audit audit;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static guint64 last_id;
static guint last_site;

static struct
{
  AuditObject **buckets;
  gsize         n_buckets;      /* a power of 2 */
  gsize         n_objects;
} objects;

#define N_SITE_BUCKETS 8192
static AuditSite *sites[N_SITE_BUCKETS];

void
audit_lock (void)
{
  pthread_mutex_lock (&lock);
}

void
audit_unlock (void)
{
  pthread_mutex_unlock (&lock);
}

/* The child of a fork has the lock that was taken before the fork. */
void
audit_record_after_fork (void)
{
  pthread_mutex_init (&lock, NULL);
}

/* Whether to record anything. Finds the real functions of a library in any case. */
gboolean
audit_ready (AuditLibrary library)
{
  audit_real_need (library);
  return audit.enabled;
}

guint64
audit_next_id (void)
{
  return __atomic_add_fetch (&last_id, 1, __ATOMIC_RELAXED);
}

static inline gsize
hash_pointer (gconstpointer pointer)
{
  guint64 bits = (guint64) (gsize) pointer * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  return (gsize) (bits >> 32);
}

/* Sites */

static AuditSite **
site_bucket (AuditKind     kind,
             gconstpointer caller,
             const char   *script,
             GType         type)
{
  gsize hash = hash_pointer ((const char *) caller + kind) ^ hash_pointer (script) ^
               hash_pointer ((gconstpointer) type);

  return &sites[hash % N_SITE_BUCKETS];
}

static AuditSite *
site_find_locked (AuditKind     kind,
                  gconstpointer caller,
                  const char   *script,
                  GType         type)
{
  AuditSite *self = *site_bucket (kind, caller, script, type);

  while (self != NULL &&
         (self->caller != caller || self->kind != kind || self->script != script ||
          (kind == AUDIT_OBJECT && self->type != type)))
    self = self->next;

  return self;
}

static AuditSite *
site_make_locked (AuditKind     kind,
                  gconstpointer caller,
                  const char   *script,
                  GType         type,
                  AuditScript   language,
                  gboolean      own)
{
  AuditSite **bucket = site_bucket (kind, caller, script, type);
  AuditSite *self = calloc (1, sizeof *self);

  self->kind = kind;
  self->caller = caller;
  self->script = script;
  self->type = type;
  self->language = language;
  self->own = own;
  self->id = ++last_site;
  self->next = *bucket;
  *bucket = self;
  self->next_made = audit.sites;
  audit.sites = self;

  return self;
}

/* Finds the site of something that is being made, takes the lock, and returns with it held.
 * `type` matters for objects only.
 *
 * Where the caller is a language binding, the site is a line of the script. A site that has grown
 * gets a stack for everything that is made there; elsewhere, a stack would be most of the cost.
 */
AuditSite *
audit_site_enter (AuditKind      kind,
                  gconstpointer  caller,
                  GType          type,
                  AuditStack   **stack)
{
  gconstpointer frames[AUDIT_MAX_FRAMES];
  char place[512];
  AuditSite *self;
  AuditScript language = AUDIT_SCRIPT_NONE;
  gboolean own = FALSE;
  gboolean has_place = FALSE;
  gboolean is_called = FALSE;
  guint n_frames = 0;
  gint first_own = -1;

  *stack = NULL;
  if (kind != AUDIT_OBJECT)
    type = 0;

  audit_lock ();
  self = site_find_locked (kind, caller, NULL, type);
  if (self != NULL && self->language == AUDIT_SCRIPT_NONE && !self->deep)
    return self;
  audit_unlock ();

  if (self == NULL)
    {
      language = audit_module_classify (caller, &own);
    }
  else
    {
      language = self->language;
      own = self->own;
    }

  if (language != AUDIT_SCRIPT_NONE)
    /* The line that makes an object may be one of its constructor: its caller says more. */
    has_place = audit_script_place (language, kind == AUDIT_OBJECT ? 2 : 1, place, sizeof place);
  if (self != NULL && self->deep)
    {
      AuditScript caller_language;

      n_frames = audit_module_backtrace (frames, &first_own, &caller_language);
      /* The platform has made it, and a script has called the platform. */
      if (language == AUDIT_SCRIPT_NONE && caller_language != AUDIT_SCRIPT_NONE)
        is_called = audit_script_place (caller_language, 2, place, sizeof place);
    }

  audit_lock ();
  /* Another thread may have made it meanwhile. */
  self = site_find_locked (kind, caller, NULL, type);
  if (self == NULL)
    self = site_make_locked (kind, caller, NULL, type, language, own);
  if (has_place)
    {
      const char *script = audit_intern_locked (place);
      AuditSite *line = site_find_locked (kind, caller, script, type);

      self = line != NULL ? line : site_make_locked (kind, caller, script, type, language, TRUE);
    }
  if (n_frames > 0)
    *stack = audit_stack_intern_locked (frames, n_frames, first_own,
                                        is_called ? audit_intern_locked (place) : NULL);

  return self;
}

/* For something that was there when we looked, and that nobody was seen to make. */
AuditSite *
audit_site_of_callback_locked (AuditKind     kind,
                               gconstpointer callback,
                               gboolean      own)
{
  AuditSite *self = site_find_locked (kind, callback, NULL, 0);

  if (self == NULL)
    {
      self = site_make_locked (kind, callback, NULL, 0, AUDIT_SCRIPT_NONE, own);
      self->unseen = TRUE;
    }

  return self;
}

/* One place may connect several signals: a loop does, and a function that others call. Where the last
 * thing that a function does is to connect a signal, its caller is the place, which may be GLib itself.
 */
AuditSite *
audit_site_vary_locked (AuditSite  *self,
                        const char *what)
{
  AuditSite *place = self;

  if (self->what == NULL)
    self->what = audit_intern_locked (what);
  while (strcmp (self->what, what) != 0)
    {
      if (self->variant == NULL)
        {
          AuditSite *variant = calloc (1, sizeof *variant);

          *variant = *self;
          variant->id = ++last_site;
          variant->type = 0;
          variant->what = audit_intern_locked (what);
          variant->deep = FALSE;
          variant->n_births = 0;
          variant->n_live = 0;
          variant->seen_births = 0;
          variant->baseline = 0;
          variant->n_history = 0;
          variant->streak = variant->n_active = variant->n_grown = variant->n_idle = 0;
          variant->growing = FALSE;
          variant->variant = NULL;
          variant->next = NULL;
          variant->next_made = audit.sites;
          audit.sites = variant;
          self->variant = variant;
        }
      self = self->variant;
    }
  /* Stacks are recorded by place. */
  place->deep = place->deep || self->deep;

  return self;
}

/* Objects */

static inline AuditObject **
object_bucket (gconstpointer address)
{
  return &objects.buckets[hash_pointer (address) & (objects.n_buckets - 1)];
}

static void
object_hash_locked (AuditObject *self)
{
  AuditObject **bucket;

  if (objects.n_objects >= objects.n_buckets)
    {
      AuditObject **old = objects.buckets;
      gsize n_old = objects.n_buckets;

      objects.n_buckets = n_old > 0 ? n_old * 2 : 4096;
      objects.buckets = calloc (objects.n_buckets, sizeof *objects.buckets);
      for (gsize i = 0; i < n_old; i++)
        while (old[i] != NULL)
          {
            AuditObject *moved = old[i];

            old[i] = moved->next;
            bucket = object_bucket (moved->address);
            moved->next = *bucket;
            *bucket = moved;
          }
      free (old);
    }

  bucket = object_bucket (self->address);
  self->next = *bucket;
  *bucket = self;
  self->hashed = TRUE;
  objects.n_objects++;
}

static void
object_unhash_locked (AuditObject *self)
{
  AuditObject **link = object_bucket (self->address);

  while (*link != self)
    link = &(*link)->next;
  *link = self->next;
  self->next = NULL;
  self->hashed = FALSE;
  objects.n_objects--;
}

AuditObject *
audit_object_look_locked (gconstpointer address)
{
  AuditObject *self;

  if (objects.n_buckets == 0)
    return NULL;

  self = *object_bucket (address);
  while (self != NULL && self->address != address)
    self = self->next;

  return self;
}

/* Finds what is known about an address that something names. An address of which nothing is known
 * becomes a ghost: it may be an object that is just being constructed, or anything else.
 */
AuditObject *
audit_object_meet_locked (gpointer address,
                          GType    type)
{
  AuditObject *self = audit_object_look_locked (address);

  if (self == NULL)
    {
      self = calloc (1, sizeof *self);
      self->address = address;
      self->state = AUDIT_STATE_GHOST;
      self->id = audit_next_id ();
      object_hash_locked (self);
    }
  if (self->type == 0)
    self->type = type;

  return self;
}

/* Frees what is no object, or no longer one, once nothing names it. */
void
audit_object_leave_locked (AuditObject *self)
{
  if (self->state == AUDIT_STATE_ALIVE || self->as_data != NULL || self->as_instance != NULL)
    return;

  if (self->hashed)
    {
      object_unhash_locked (self);
    }
  else if (self->link != NULL)
    {
      *self->link = self->next;
      if (self->next != NULL)
        self->next->link = self->link;
    }
  free (self);
}

static void
link_instance (AuditRecord *record,
               AuditObject *instance)
{
  record->instance = instance;
  record->next_of_instance = instance->as_instance;
  record->link_of_instance = &instance->as_instance;
  if (record->next_of_instance != NULL)
    record->next_of_instance->link_of_instance = &record->next_of_instance;
  instance->as_instance = record;
}

static void
link_data (AuditRecord *record,
           AuditObject *data)
{
  record->data = data;
  record->next_of_data = data->as_data;
  record->link_of_data = &data->as_data;
  if (record->next_of_data != NULL)
    record->next_of_data->link_of_data = &record->next_of_data;
  data->as_data = record;
}

static AuditObject *
unlink_instance (AuditRecord *record)
{
  *record->link_of_instance = record->next_of_instance;
  if (record->next_of_instance != NULL)
    record->next_of_instance->link_of_instance = record->link_of_instance;
  record->next_of_instance = NULL;

  return g_steal_pointer (&record->instance);
}

static AuditObject *
unlink_data (AuditRecord *record)
{
  *record->link_of_data = record->next_of_data;
  if (record->next_of_data != NULL)
    record->next_of_data->link_of_data = record->link_of_data;
  record->next_of_data = NULL;

  return g_steal_pointer (&record->data);
}

/* Returns NULL if the object is known already, which happens when a constructor returns an object
 * that it has returned before.
 *
 * What was connected to the object in its own construction named a ghost. Records that are older
 * than that construction name something else that was at the same address before.
 */
AuditObject *
audit_object_born_locked (gpointer    address,
                          GType       type,
                          guint64     id,
                          guint64     builder,
                          AuditSite  *site,
                          AuditStack *stack)
{
  AuditObject *ghost = audit_object_look_locked (address);
  AuditObject *self;

  if (ghost != NULL && ghost->state == AUDIT_STATE_ALIVE)
    return NULL;

  self = calloc (1, sizeof *self);
  self->address = address;
  self->state = AUDIT_STATE_ALIVE;
  self->type = type;
  self->id = id;
  self->builder = builder;
  self->site = site;
  self->stack = stack;
  site->n_births++;
  site->n_live++;
  audit.n_births[AUDIT_OBJECT]++;
  audit.n_live[AUDIT_OBJECT]++;

  if (ghost != NULL)
    {
      object_unhash_locked (ghost);
      for (AuditRecord *record = ghost->as_instance, *next; record != NULL; record = next)
        {
          next = record->next_of_instance;
          if (record->id >= id)
            {
              unlink_instance (record);
              link_instance (record, self);
            }
        }
      for (AuditRecord *record = ghost->as_data, *next; record != NULL; record = next)
        {
          next = record->next_of_data;
          if (record->id >= id)
            {
              unlink_data (record);
              link_data (record, self);
            }
        }
      audit_object_leave_locked (ghost);
    }
  object_hash_locked (self);

  return self;
}

static gint64
now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_MONOTONIC_COARSE, &time);
  return (gint64) time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

void
audit_object_died_locked (AuditObject *self)
{
  object_unhash_locked (self);
  self->state = AUDIT_STATE_DEAD;
  self->site->n_live--;
  audit.n_live[AUDIT_OBJECT]--;

  /* Weak references and what hangs on a connection go with the instance, without any notice. */
  for (AuditRecord *record = self->as_instance, *next; record != NULL; record = next)
    {
      AuditKind kind = record->site->kind;

      next = record->next_of_instance;
      if (kind == AUDIT_WEAK_REF)
        audit_weak_ref_end_locked (record);
      else if (kind == AUDIT_BUS)
        audit_record_end_locked (record);
    }
  audit_weak_places_in_locked (self);

  if (self->as_data == NULL && self->as_instance == NULL)
    {
      free (self);
      return;
    }
  self->died = now ();
  self->died_order = audit_next_id ();
  self->next = audit.dead;
  self->link = &audit.dead;
  if (self->next != NULL)
    self->next->link = &self->next;
  audit.dead = self;
}

void
audit_object_foreach_locked (AuditObjectFunc func,
                             gpointer        data)
{
  for (gsize i = 0; i < objects.n_buckets; i++)
    for (AuditObject *object = objects.buckets[i]; object != NULL; object = object->next)
      func (object, data);
}

/* Records */

void
audit_record_start_locked (AuditRecord *self,
                           AuditSite   *site,
                           AuditStack  *stack,
                           gpointer     instance,
                           GType        instance_type,
                           gpointer     data)
{
  self->site = site;
  self->stack = stack;
  self->id = audit_next_id ();
  site->n_births++;
  site->n_live++;
  audit.n_births[site->kind]++;
  audit.n_live[site->kind]++;
  if (site->type == 0)
    site->type = instance_type;
  if (instance != NULL)
    link_instance (self, audit_object_meet_locked (instance, instance_type));
  if (data != NULL)
    link_data (self, audit_object_meet_locked (data, 0));
}

/* Takes a record out of everything. The caller frees it. */
void
audit_record_end_locked (AuditRecord *self)
{
  AuditSite *site = g_steal_pointer (&self->site);

  site->n_live--;
  audit.n_live[site->kind]--;

  /* The instance that is dying right now walks its own list. */
  if (self->instance != NULL)
    {
      AuditObject *instance = unlink_instance (self);

      if (instance->state != AUDIT_STATE_DEAD || instance->died != 0)
        audit_object_leave_locked (instance);
    }
  if (self->data != NULL)
    {
      AuditObject *data = unlink_data (self);

      if (data->state != AUDIT_STATE_DEAD || data->died != 0)
        audit_object_leave_locked (data);
    }
}

void
audit_record_set_data_locked (AuditRecord *self,
                              AuditObject *data)
{
  if (self->data == NULL)
    link_data (self, data);
}
