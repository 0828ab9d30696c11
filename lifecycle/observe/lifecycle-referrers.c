/* lifecycle-referrers.c: who knows an object that should be gone
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <string.h>

#include "lifecycle-closures-private.h"
#include "lifecycle-describe-private.h"
#include "lifecycle-enums.h"
#include "lifecycle-memory-private.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-referrers-private.h"
#include "lifecycle-snapshot-private.h"

/* What the scopes own is known. GLib tells of no other handlers, closures and sources, so the memory
 * of the process is searched for the address of the object. Words that have this value may mean
 * anything, so what is found counts only if something else confirms it: GLib says that it is the
 * closure of a handler; a source has the functions that all sources with a callback have; an instance
 * has a class that exists. This is done once for all objects of a report, on their own thread.
 */

/* What GLib remembers of a callback of a source. learn_sources() makes sure. */
typedef struct
{
  gint        refs;
  GSourceFunc func;
  gpointer    data;
} SourceCallback;

/* A closure and the callback of a source have their data at the same place, so the first search yields
 * both, and the second one those that refer to them.
 */
#define DATA_OFFSET G_STRUCT_OFFSET (GClosure, data)
G_STATIC_ASSERT (G_STRUCT_OFFSET (SourceCallback, data) == DATA_OFFSET);

#define MAX_INSTANCE_SIZE 2048
#define MAX_REFS (1 << 20)
#define MAX_LINES 20

typedef struct
{
  LifecycleReferrers *result;
  GPtrArray          *handlers;         /* of strings */
  GPtrArray          *referrers;
  GPtrArray          *toolkit;          /* referrers that count if there are no others */
  GHashTable         *connected;        /* ids of the handlers that have been seen, as its own, */
  GHashTable         *known;            /* and with it as their data */
} Target;

typedef struct
{
  const LifecycleToolkit *toolkit;
  gpointer                toolkit_base; /* where it is loaded */
  int                     memory;
  LifecycleSnapshot      *snapshot;
  GHashTable             *handlers;     /* ids of the handlers of scopes → LifecycleSnapshotItem */
  GHashTable             *classes;      /* a set of all classes with instances */
  GHashTable             *targets;      /* objects and their parts → Target */
  GHashTable             *holders;      /* what may be a closure or a callback → Target */
  GSourceCallbackFuncs   *source_funcs; /* NULL if sources are different here */
  GSourceCallbackFuncs   *closure_funcs;
} Search;

/* Adds a line, unless it is there. Takes ownership of it. */
static void
add_line (GPtrArray *lines,
          char      *line)
{
  guint index;

  if (g_ptr_array_find_with_equal_func (lines, line, g_str_equal, &index))
    g_free (line);
  else
    g_ptr_array_add (lines, line);
}

/* Steals the lines. Returns NULL if there are none. */
static char *
join_lines (GPtrArray *lines)
{
  guint n_left_out = lines->len > MAX_LINES ? lines->len - MAX_LINES : 0;
  char *text;

  if (lines->len == 0)
    return NULL;

  g_ptr_array_set_size (lines, (int) (lines->len - n_left_out));
  if (n_left_out > 0)
    g_ptr_array_add (lines, g_strdup_printf ("%u more", n_left_out));
  g_ptr_array_add (lines, NULL);
  text = g_strjoinv ("\n", (char **) lines->pdata);

  return text;
}

/* Where a scope owns something. */
static void
append_item (GString                     *string,
             Search                      *self,
             const LifecycleSnapshotItem *item)
{
  g_autofree char *path = lifecycle_snapshot_dup_path (self->snapshot, item->scope);

  if (item->place != NULL)
    g_string_append_printf (string, ", added %s %s", lifecycle_place_get_preposition (item->place),
                            item->place);
  g_string_append_printf (string, ", in scope %s", path);
}

static char *
describe_item_callback (const LifecycleSnapshotItem *item)
{
  return item->facts.callback != NULL ? lifecycle_describe_address (item->facts.callback, item->look)
                                      : g_strdup ("a closure");
}

/* A handler of the object, or of a part of it, or one that has the object as its data. */
static void
add_handler (Search   *self,
             Target   *target,
             gpointer  instance,
             GClosure *closure,
             gulong    id,
             gboolean  as_data)
{
  const LifecycleSnapshotItem *item = g_hash_table_lookup (self->handlers, GSIZE_TO_POINTER (id));
  g_autofree char *signal = lifecycle_closure_find_signal (instance, closure);
  g_autofree char *callback = item != NULL ? describe_item_callback (item)
                                           : lifecycle_closure_describe (instance, closure);
  gpointer func = item != NULL ? NULL : lifecycle_closure_find_function (instance, closure);
  gboolean of_toolkit = func != NULL && lifecycle_address_find_module (func) == self->toolkit_base;
  GString *string = g_string_new (NULL);

  if (as_data)
    g_string_append_printf (string, "data of %s, connected to %s of %s %p", callback, signal,
                            G_OBJECT_TYPE_NAME (instance), instance);
  else if (instance == (gpointer) target->result->object)
    g_string_append_printf (string, "%s: %s", signal, callback);
  else
    g_string_append_printf (string, "%s of %s: %s", signal, G_OBJECT_TYPE_NAME (instance), callback);
  if (item != NULL)
    append_item (string, self, item);

  if (as_data)
    add_line (of_toolkit ? target->toolkit : target->referrers, g_string_free (string, FALSE));
  else if (!of_toolkit)
    add_line (target->handlers, g_string_free (string, FALSE));
  else
    g_string_free (string, TRUE);
}

/* Memory */

static gboolean
read_word (Search *self,
           gsize   address,
           gsize  *word)
{
  return lifecycle_memory_read (self->memory, address, word, sizeof *word);
}

/* Whether there is an instance at an address: its class exists, and its reference count, which comes
 * next in all that is reference-counted, is a small number. The class of what has been freed is NULL.
 */
static gboolean
is_instance (Search *self,
             gsize   address)
{
  struct { gsize klass; guint refs; } head;

  return address % sizeof (gpointer) == 0 &&
         lifecycle_memory_read (self->memory, address, &head, sizeof head) &&
         g_hash_table_contains (self->classes, GSIZE_TO_POINTER (head.klass)) &&
         head.refs > 0 && head.refs < MAX_REFS;
}

/* Finds the instance that a word is in. Private data, which comes before it, does not count. */
static GTypeInstance *
find_instance (Search *self,
               gsize   address)
{
  gsize words[MAX_INSTANCE_SIZE / sizeof (gsize)];
  gsize size = sizeof words;

  /* At the beginning of a mapping there is less. */
  while (size > 0 && !lifecycle_memory_read (self->memory, address - size, words, size))
    size /= 2;

  for (gsize i = size / sizeof (gsize); i-- > 0;)
    {
      gsize start = address - size + i * sizeof (gsize);
      GTypeQuery query;

      if (!g_hash_table_contains (self->classes, GSIZE_TO_POINTER (words[i])) ||
          !is_instance (self, start))
        continue;

      g_type_query (G_TYPE_FROM_CLASS (GSIZE_TO_POINTER (words[i])), &query);

      return address - start < query.instance_size ? GSIZE_TO_POINTER (start) : NULL;
    }

  return NULL;
}

static void
add_instance (Search        *self,
              Target        *target,
              GTypeInstance *instance,
              const char    *what)
{
  GObject *object = target->result->object;
  LifecycleReferrerRank rank = LIFECYCLE_REFERRER_USER;

  if ((gpointer) instance == (gpointer) object)
    return;

  rank = self->toolkit->rank (object, instance);
  if (rank != LIFECYCLE_REFERRER_PART)
    add_line (rank == LIFECYCLE_REFERRER_USER ? target->referrers : target->toolkit,
              g_strdup_printf ("%s %s %p", what, g_type_name_from_instance (instance),
                               (gpointer) instance));
}

static void
add_variable (Search *self,
              Target *target,
              gsize   address)
{
  gpointer base = lifecycle_address_find_module (GSIZE_TO_POINTER (address));

  /* The library itself remembers nothing in a variable. */
  if (base == NULL || base == lifecycle_address_find_module ((gconstpointer) add_variable))
    return;

  {
    g_autofree char *name = lifecycle_describe_address (GSIZE_TO_POINTER (address),
                                                        lifecycle_modules_look ());

    add_line (base == self->toolkit_base ? target->toolkit : target->referrers,
              g_strconcat ("the variable ", name, NULL));
  }
}

/* A word that has the address of an object or of a part of it. */
static void
look_at_object (Search             *self,
                LifecycleMemoryHit *hit)
{
  Target *target = g_hash_table_lookup (self->targets, GSIZE_TO_POINTER (hit->value));
  gpointer instance = GSIZE_TO_POINTER (hit->value);
  GTypeInstance *inside;

  /* What GLib knows of a handler has the closure and the instance side by side. */
  for (int i = -1; i <= 1; i += 2)
    {
      gsize closure;
      gulong id;

      if (!read_word (self, hit->address + (gsize) (i * (int) sizeof closure), &closure) ||
          closure == 0 ||
          (id = lifecycle_closure_find_handler (instance, GSIZE_TO_POINTER (closure))) == 0)
        continue;

      if (g_hash_table_add (target->connected, GSIZE_TO_POINTER (id)))
        add_handler (self, target, instance, GSIZE_TO_POINTER (closure), id, FALSE);
      return;
    }

  if (instance != (gpointer) target->result->object)
    return;

  g_hash_table_insert (self->holders, GSIZE_TO_POINTER (hit->address - DATA_OFFSET), target);
  inside = find_instance (self, hit->address);
  if (inside != NULL)
    add_instance (self, target, inside, "in");
  else
    add_variable (self, target, hit->address);
}

/* A source whose callback is at `holder`. Sources may belong to other threads, so they are only read.
 */
static gboolean
look_at_source (Search *self,
                Target *target,
                gsize   holder,
                gsize   address)
{
  g_autofree char *callback = NULL;
  SourceCallback copy;
  char name[64];
  GSource source;

  if (!lifecycle_memory_read (self->memory, address, &source, sizeof source) ||
      source.callback_funcs == NULL)
    return FALSE;

  if (source.callback_funcs == self->closure_funcs)
    callback = g_strdup ("a closure");
  else if (source.callback_funcs == self->source_funcs &&
           lifecycle_memory_read (self->memory, holder, &copy, sizeof copy))
    callback = lifecycle_describe_address ((gconstpointer) copy.func, lifecycle_modules_look ());
  else
    return FALSE;

  if (source.name == NULL ||
      !lifecycle_memory_read (self->memory, (gsize) source.name, name, sizeof name) ||
      memchr (name, '\0', sizeof name) == NULL || !g_utf8_validate (name, -1, NULL))
    g_strlcpy (name, source.source_funcs == &g_timeout_funcs ? "timeout"
                     : source.source_funcs == &g_idle_funcs ? "idle" : "source", sizeof name);
  add_line (target->referrers, g_strdup_printf ("data of %s, called by the source '%s'", callback, name));

  return TRUE;
}

/* A word that has the address of what may be a closure or a callback with the object as its data. */
static void
look_at_holder (Search             *self,
                LifecycleMemoryHit *hit)
{
  Target *target = g_hash_table_lookup (self->holders, GSIZE_TO_POINTER (hit->value));
  GClosure closure;
  GTypeInstance *inside;

  if (look_at_source (self, target, hit->value, hit->address))
    return;

  for (int i = -1; i <= 1; i += 2)
    {
      gpointer holder = GSIZE_TO_POINTER (hit->value);
      gsize word;
      gulong id;

      if (!read_word (self, hit->address + (gsize) (i * (int) sizeof word), &word) ||
          !is_instance (self, word) || !G_IS_OBJECT (GSIZE_TO_POINTER (word)) ||
          (id = lifecycle_closure_find_handler (GSIZE_TO_POINTER (word), holder)) == 0)
        continue;

      if (g_hash_table_add (target->known, GSIZE_TO_POINTER (id)))
        add_handler (self, target, GSIZE_TO_POINTER (word), holder, id, TRUE);
      return;
    }

  /* The closure of an expression, for instance. */
  if (lifecycle_memory_read (self->memory, hit->value, &closure, sizeof closure) &&
      lifecycle_address_find_module ((gconstpointer) closure.marshal) != NULL &&
      (inside = find_instance (self, hit->address)) != NULL)
    add_instance (self, target, inside, "data of a closure in");
}

/* What the scopes own. */
static void
look_at_item (Search                      *self,
              Target                      *target,
              const LifecycleSnapshotItem *item)
{
  const LifecycleFacts *facts = &item->facts;
  GString *string;

  /* Handlers are found in memory, where all of them are. */
  if (item->kind == LIFECYCLE_KIND_HANDLER && self->memory >= 0)
    return;

  string = g_string_new (NULL);
  if (facts->data == (gpointer) target->result->object)
    {
      g_autofree char *callback = describe_item_callback (item);

      g_string_append_printf (string, "data of %s, %s", callback,
                              lifecycle_enum_get_nick (LIFECYCLE_TYPE_KIND, item->kind));
      if (facts->signal_id != 0)
        g_string_append_printf (string, " of %s", g_signal_name (facts->signal_id));
      else if (facts->name != NULL)
        g_string_append_printf (string, " '%s'", facts->name);
    }
  else
    {
      g_string_append (string, "a reference");
    }
  append_item (string, self, item);
  add_line (target->referrers, g_string_free (string, FALSE));
}

/* Setting up */

static void
add_classes (GHashTable *classes,
             GType       type)
{
  gpointer klass = g_type_class_peek (type);
  g_autofree GType *children = NULL;
  guint n_children;

  if (klass != NULL)
    g_hash_table_add (classes, klass);

  children = g_type_children (type, &n_children);
  for (guint i = 0; i < n_children; i++)
    add_classes (classes, children[i]);
}

static GHashTable *
list_classes (void)
{
  GHashTable *classes = g_hash_table_new (NULL, NULL);

  for (GType type = G_TYPE_MAKE_FUNDAMENTAL (1); type < g_type_fundamental_next ();
       type += G_TYPE_MAKE_FUNDAMENTAL (1))
    {
      if (G_TYPE_IS_INSTANTIATABLE (type))
        add_classes (classes, type);
    }

  return classes;
}

static gboolean
never_cb (gpointer data)
{
  return G_SOURCE_REMOVE;
}

/* Learns from sources of our own what others look like. */
static void
learn_sources (Search *self)
{
  GSource *source = g_idle_source_new ();
  GSource *other = g_idle_source_new ();

  g_source_set_callback (source, never_cb, self, NULL);
  if (((SourceCallback *) source->callback_data)->func == never_cb &&
      ((SourceCallback *) source->callback_data)->data == self)
    self->source_funcs = source->callback_funcs;
  g_source_set_closure (other, g_cclosure_new (G_CALLBACK (never_cb), NULL, NULL));
  self->closure_funcs = other->callback_funcs;
  g_source_unref (source);
  g_source_unref (other);
}

static Target *
target_new (Search             *self,
            LifecycleReferrers *result)
{
  Target *target = g_new0 (Target, 1);

  target->result = result;
  target->handlers = g_ptr_array_new_with_free_func (g_free);
  target->referrers = g_ptr_array_new_with_free_func (g_free);
  target->toolkit = g_ptr_array_new_with_free_func (g_free);
  target->connected = g_hash_table_new (NULL, NULL);
  target->known = g_hash_table_new (NULL, NULL);
  g_hash_table_insert (self->targets, result->object, target);
  for (guint i = 0; result->parts != NULL && i < result->parts->len; i++)
    g_hash_table_insert (self->targets, g_ptr_array_index (result->parts, i), target);

  return target;
}

static void
target_finish (gpointer data)
{
  Target *self = data;

  if (self->toolkit->len > 0)
    g_ptr_array_insert (self->toolkit, 0, g_strdup ("nothing but the toolkit:"));
  self->result->handlers = join_lines (self->handlers);
  self->result->referrers = join_lines (self->referrers->len > 0 ? self->referrers : self->toolkit);
  g_ptr_array_unref (self->handlers);
  g_ptr_array_unref (self->referrers);
  g_ptr_array_unref (self->toolkit);
  g_hash_table_unref (self->connected);
  g_hash_table_unref (self->known);
  g_free (self);
}

static void
look_at_scopes (Search *self)
{
  for (guint i = 0; i < lifecycle_snapshot_get_n_items (self->snapshot); i++)
    {
      const LifecycleSnapshotItem *item = lifecycle_snapshot_get_item (self->snapshot, i);
      Target *target = g_hash_table_lookup (self->targets, item->facts.data);

      if (item->kind == LIFECYCLE_KIND_HANDLER)
        g_hash_table_insert (self->handlers, GSIZE_TO_POINTER (item->facts.id), (gpointer) item);
      if (target == NULL && item->facts.holds)
        target = g_hash_table_lookup (self->targets, item->facts.object);
      if (target != NULL)
        look_at_item (self, target, item);
    }
}

static void
look_at_memory (Search *self)
{
  g_autoptr (GArray) first = lifecycle_memory_find (self->memory, self->targets);
  g_autoptr (GArray) second = NULL;

  for (guint i = 0; i < first->len; i++)
    look_at_object (self, &g_array_index (first, LifecycleMemoryHit, i));

  second = lifecycle_memory_find (self->memory, self->holders);
  for (guint i = 0; i < second->len; i++)
    look_at_holder (self, &g_array_index (second, LifecycleMemoryHit, i));
}

/* The collector of JavaScript cannot be asked. */
static void
look_at_javascript (Target *self)
{
  GObject *object = self->result->object;
  GQuark quark = g_quark_try_string ("gjs::private");

  if (quark != 0 && g_object_get_qdata (object, quark) != NULL &&
      object->ref_count == 1 + self->result->n_held)
    add_line (self->referrers,
              g_strdup ("JavaScript: a variable or a closure, unless garbage has yet to be collected"));
}

/* Finds the handlers of some objects and those who refer to them, as far as that can be known. */
void
lifecycle_referrers_find (LifecycleReferrers     *referrers,
                          guint                   n_referrers,
                          const LifecycleToolkit *toolkit)
{
  g_autoptr (GPtrArray) targets = g_ptr_array_new_with_free_func (target_finish);
  Search self = { .toolkit = toolkit };

  self.toolkit_base = lifecycle_address_find_module (toolkit->function);
  self.memory = lifecycle_memory_open ();
  self.snapshot = lifecycle_snapshot_new_all ();
  self.handlers = g_hash_table_new (NULL, NULL);
  self.classes = list_classes ();
  self.targets = g_hash_table_new (NULL, NULL);
  self.holders = g_hash_table_new (NULL, NULL);
  learn_sources (&self);
  for (guint i = 0; i < n_referrers; i++)
    g_ptr_array_add (targets, target_new (&self, &referrers[i]));

  look_at_scopes (&self);
  if (self.memory >= 0)
    {
      look_at_memory (&self);
      lifecycle_memory_close (self.memory);
    }
  for (guint i = 0; i < n_referrers; i++)
    {
      Target *target = g_ptr_array_index (targets, i);

      lifecycle_python_referrers (referrers[i].object, target->referrers);
      look_at_javascript (target);
    }

  lifecycle_snapshot_unref (self.snapshot);
  g_hash_table_unref (self.handlers);
  g_hash_table_unref (self.classes);
  g_hash_table_unref (self.targets);
  g_hash_table_unref (self.holders);
}
