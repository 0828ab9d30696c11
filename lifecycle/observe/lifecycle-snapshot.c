/* lifecycle-snapshot.c: snapshots of the entries of scopes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-private.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-names-private.h"
#include "lifecycle-snapshot-private.h"
#include "lifecycle-walk-private.h"

/* What it takes to build the path of a scope on demand. */
typedef struct
{
  char     *name;       /* or the whole path, if nothing is above it */
  guint     above;      /* index in the snapshot; its own if there is none */
} SnapshotScope;

/* Never changes once it has been made, so threads can share it. */
struct _LifecycleSnapshot
{
  gint     refs;
  guint32  taken;
  GArray  *items;       /* of LifecycleSnapshotItem */
  GArray  *scopes;      /* of SnapshotScope */
};

static void
item_clear (gpointer data)
{
  g_free (((LifecycleSnapshotItem *) data)->facts.name);
}

static void
scope_clear (gpointer data)
{
  g_free (((SnapshotScope *) data)->name);
}

LifecycleSnapshot *
lifecycle_snapshot_ref (LifecycleSnapshot *self)
{
  g_atomic_int_inc (&self->refs);

  return self;
}

void
lifecycle_snapshot_unref (LifecycleSnapshot *self)
{
  if (g_atomic_int_dec_and_test (&self->refs))
    {
      g_array_unref (self->items);
      g_array_unref (self->scopes);
      g_free (self);
    }
}

/* Adds the entries of a ledger whose kinds are in the mask `kinds`. The ledger is locked, so they
 * are described as they were at one moment.
 */
static void
snapshot_add_entries (LifecycleSnapshot *self,
                      LifecycleLedger   *ledger,
                      guint              scope,
                      guint              kinds)
{
  guint first = self->items->len;

  /* Allocates the memory in one go. */
  g_array_set_size (self->items, first + ledger->n_entries);
  g_array_set_size (self->items, first);

  for (LifecycleNode *node = ledger->live.next; node != &ledger->live; node = node->next)
    {
      LifecycleEntry *entry = (LifecycleEntry *) node;
      const LifecycleEntryClass *class = lifecycle_entry_get_class (entry);
      LifecycleSnapshotItem item = {
        .facts.valid = TRUE,
        .place = entry->name,
        .scope = scope,
        .added = entry->added,
        .look = lifecycle_modules_get_look (entry),
        .kind = (guint8) lifecycle_entry_type_get_kind (entry->type),
      };

      if (item.kind == LIFECYCLE_KIND_NONE || (kinds & (1u << item.kind)) == 0)
        continue;

      if (lifecycle_debug_has (LIFECYCLE_DEBUG_STACKS))
        item.stack = lifecycle_stacks_get (entry);
      if (class->describe != NULL)
        class->describe (entry, &item.facts);
      g_array_append_val (self->items, item);
    }
}

/* Adds a scope, whose ledger is locked, to the snapshot. A scope with nothing above it gets its
 * name later, because finding its path takes the locks of other ledgers.
 */
static void
snapshot_add_scope (LifecycleSnapshot *self,
                    LifecycleWalk     *walk,
                    LifecycleScope    *scope)
{
  SnapshotScope *named;

  /* Steps without a scope leave empty elements, which are never looked up. */
  g_array_set_size (self->scopes, walk->n_done + 1);
  named = &g_array_index (self->scopes, SnapshotScope, walk->n_done);
  named->above = g_array_index (walk->steps, LifecycleStep, walk->n_done).above;
  if (named->above != walk->n_done)
    named->name = lifecycle_name_quote (scope->key.name != NULL ? scope->key.name : "unnamed",
                                        LIFECYCLE_QUOTE_PATH);
}

typedef struct
{
  guint       look;
  const char *text;
} KnownPlace;

/* Replaces the places by strings that are never freed, because the modules that contain the
 * originals may be unloaded before they are read.
 */
static void
snapshot_resolve_places (LifecycleSnapshot *self)
{
  g_autoptr (GHashTable) known = g_hash_table_new_full (NULL, NULL, NULL, g_free);

  for (guint i = 0; i < self->items->len; i++)
    {
      LifecycleSnapshotItem *item = &g_array_index (self->items, LifecycleSnapshotItem, i);
      KnownPlace *place = g_hash_table_lookup (known, item->place);

      if (place == NULL)
        {
          place = g_new0 (KnownPlace, 1);
          g_hash_table_insert (known, (gpointer) item->place, place);
        }
      if (place->text == NULL || place->look != item->look)
        {
          place->look = item->look;
          place->text = lifecycle_modules_get_place (item->place, item->look);
        }
      item->place = place->text;
    }
}

/* Takes the snapshot and clears the walk. If `context` is not NULL, only scopes that are at home in
 * it contribute entries.
 */
static LifecycleSnapshot *
snapshot_of_walk (LifecycleWalk *walk,
                  GMainContext  *context,
                  guint          kinds)
{
  LifecycleSnapshot *self = g_new0 (LifecycleSnapshot, 1);
  LifecycleLedger *ledger;

  self->refs = 1;
  self->taken = lifecycle_entry_clock ();
  self->items = g_array_new (FALSE, FALSE, sizeof (LifecycleSnapshotItem));
  self->scopes = g_array_new (FALSE, TRUE, sizeof (SnapshotScope));
  g_array_set_clear_func (self->scopes, scope_clear);

  while ((ledger = lifecycle_walk_next (walk)) != NULL)
    {
      guint index = walk->n_done;
      LifecycleScope *scope = ledger->scope;
      gboolean is_first = FALSE;

      if (scope != NULL)
        {
          snapshot_add_scope (self, walk, scope);
          is_first = g_array_index (walk->steps, LifecycleStep, index).above == index;
          if (context == NULL || scope->context == context)
            snapshot_add_entries (self, ledger, index, kinds);
        }
      lifecycle_walk_go_on (walk);

      if (is_first)
        g_array_index (self->scopes, SnapshotScope, index).name = lifecycle_ledger_dup_path (ledger);
    }
  lifecycle_walk_clear (walk);
  snapshot_resolve_places (self);

  g_array_set_clear_func (self->items, item_clear);

  return self;
}

/* Takes a snapshot of a scope or, if `recursive`, of everything that would end with it. May be
 * called on any thread.
 */
LifecycleSnapshot *
lifecycle_snapshot_new (LifecycleScope *scope,
                        gboolean        recursive)
{
  LifecycleWalk walk;

  lifecycle_walk_init (&walk, scope, recursive);

  return snapshot_of_walk (&walk, NULL, G_MAXUINT);
}

/* Takes a snapshot of all scopes in the process. May be called on any thread. */
LifecycleSnapshot *
lifecycle_snapshot_new_all (void)
{
  return lifecycle_snapshot_new_at (NULL, G_MAXUINT);
}

/* Takes a snapshot of the entries whose kinds are in the mask `kinds`, of all scopes that are at
 * home in `context`, or of all scopes if that is NULL. May be called on any thread.
 */
LifecycleSnapshot *
lifecycle_snapshot_new_at (GMainContext *context,
                           guint         kinds)
{
  LifecycleWalk walk;

  lifecycle_walk_init_all (&walk, NULL);

  return snapshot_of_walk (&walk, context, kinds);
}

guint
lifecycle_snapshot_get_n_items (LifecycleSnapshot *self)
{
  return self->items->len;
}

const LifecycleSnapshotItem *
lifecycle_snapshot_get_item (LifecycleSnapshot *self,
                             guint              index)
{
  return &g_array_index (self->items, LifecycleSnapshotItem, index);
}

/* Gets the age of an entry in milliseconds. */
gint64
lifecycle_snapshot_get_age (LifecycleSnapshot *self,
                            guint              index)
{
  guint32 age = self->taken - lifecycle_snapshot_get_item (self, index)->added;

  /* The difference is negative if the entry was added while the snapshot was taken. */
  return (gint32) age > 0 ? (gint64) age * 100 : 0;
}

char *
lifecycle_snapshot_dup_path (LifecycleSnapshot *self,
                             guint              scope)
{
  SnapshotScope *named = &g_array_index (self->scopes, SnapshotScope, scope);
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  GString *path;

  while (named->above != scope)
    {
      g_ptr_array_add (names, named->name);
      scope = named->above;
      named = &g_array_index (self->scopes, SnapshotScope, scope);
    }

  path = g_string_new (named->name);
  for (guint i = names->len; i-- > 0;)
    g_string_append_printf (path, "/%s", (const char *) g_ptr_array_index (names, i));

  return g_string_free (path, FALSE);
}
