/* lifecycle-snapshot.c: snapshots of the entries of scopes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-describe-private.h"
#include "lifecycle-home-private.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-snapshot-private.h"
#include "lifecycle-walk-private.h"

/* Never changes once it has been made, so threads can share it. */
struct _LifecycleSnapshot
{
  gint     refs;
  guint32  taken;
  GArray  *items;       /* of LifecycleSnapshotItem */
  GArray  *scopes;      /* of LifecycleSnapshotScope */
};

static void
item_clear (gpointer data)
{
  g_free (((LifecycleSnapshotItem *) data)->facts.name);
}

static void
scope_clear (gpointer data)
{
  LifecycleSnapshotScope *self = data;

  g_clear_pointer (&self->ledger, lifecycle_ledger_release_memory);
  g_free (self->name);
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
        .entry = entry,
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

/* Adds a scope, whose ledger is locked, to the snapshot. */
static void
snapshot_add_scope (LifecycleSnapshot *self,
                    LifecycleWalk     *walk,
                    LifecycleLedger   *ledger)
{
  LifecycleScope *scope = ledger->scope;
  LifecycleSnapshotScope *named;

  /* Steps without a scope leave empty elements, which are never looked up. */
  g_array_set_size (self->scopes, walk->n_done + 1);
  named = &g_array_index (self->scopes, LifecycleSnapshotScope, walk->n_done);
  named->above = g_array_index (walk->steps, LifecycleStep, walk->n_done).above;
  named->name = lifecycle_scope_dup_quoted_name (scope);
  named->ledger = lifecycle_ledger_hold_memory (ledger);
  named->address = scope;
  named->object = scope->key.object;
  named->place = scope->as_child.name;
  named->look = lifecycle_modules_get_look (&scope->as_child);
  named->added = scope->as_child.added;
  named->context = scope->context;
  named->n_entries = lifecycle_scope_get_ledger (scope)->n_entries;
  named->state = (guint8) g_atomic_int_get (&scope->state);
  named->reason = (guint8) scope->reason;
  named->thread_ended = lifecycle_thread_has_ended (scope->thread);
  named->permanent = lifecycle_scope_has_mark (scope, LIFECYCLE_SCOPE_PERMANENT);
}

/* Puts what is above a scope in the tree before its name. `above` is NULL if that is nothing. Takes the
 * locks of other ledgers, and drops the hold on the memory of the first of them.
 */
static void
snapshot_complete_name (LifecycleSnapshot *self,
                        guint              scope,
                        LifecycleLedger   *above)
{
  LifecycleSnapshotScope *named;

  if (above == NULL)
    return;

  named = &g_array_index (self->scopes, LifecycleSnapshotScope, scope);
  named->name = lifecycle_ledger_dup_path (above, g_steal_pointer (&named->name));
  lifecycle_ledger_release_memory (above);
}

static void
snapshot_resolve_places (LifecycleSnapshot *self)
{
  g_autoptr (LifecyclePlaces) places = lifecycle_places_new ();

  for (guint i = 0; i < self->items->len; i++)
    {
      LifecycleSnapshotItem *item = &g_array_index (self->items, LifecycleSnapshotItem, i);

      item->place = lifecycle_places_resolve (places, item->place, item->look);
    }
  for (guint i = 0; i < self->scopes->len; i++)
    {
      LifecycleSnapshotScope *scope = &g_array_index (self->scopes, LifecycleSnapshotScope, i);

      if (scope->address != NULL)
        scope->place = lifecycle_places_resolve (places, scope->place, scope->look);
    }
}

/* Takes the snapshot and clears the walk. If `context` is not NULL, only scopes that are at home in
 * it contribute entries. If `contexts` is not NULL, all home contexts are added to it, with a
 * reference on each.
 */
static LifecycleSnapshot *
snapshot_of_walk (LifecycleWalk *walk,
                  GMainContext  *context,
                  guint          kinds,
                  GHashTable    *contexts)
{
  LifecycleSnapshot *self = g_new0 (LifecycleSnapshot, 1);
  LifecycleLedger *ledger;

  self->refs = 1;
  self->taken = lifecycle_entry_clock ();
  self->items = g_array_new (FALSE, FALSE, sizeof (LifecycleSnapshotItem));
  self->scopes = g_array_new (FALSE, TRUE, sizeof (LifecycleSnapshotScope));
  g_array_set_clear_func (self->scopes, scope_clear);

  while ((ledger = lifecycle_walk_next (walk)) != NULL)
    {
      guint index = walk->n_done;
      LifecycleScope *scope = ledger->scope;
      LifecycleLedger *above = NULL;

      if (scope != NULL)
        {
          snapshot_add_scope (self, walk, ledger);
          if (contexts != NULL && !g_hash_table_contains (contexts, scope->context))
            g_hash_table_add (contexts, g_main_context_ref (scope->context));
          if (scope->owner != NULL && g_array_index (walk->steps, LifecycleStep, index).above == index)
            above = lifecycle_ledger_hold_memory (scope->owner);
          if (context == NULL || scope->context == context)
            snapshot_add_entries (self, ledger, index, kinds);
        }
      lifecycle_walk_go_on (walk);

      snapshot_complete_name (self, index, above);
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

  return snapshot_of_walk (&walk, NULL, G_MAXUINT, NULL);
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

  return snapshot_of_walk (&walk, context, kinds, NULL);
}

/* Takes a snapshot of all scopes in the process, and returns references on their home contexts. Drop
 * them soon: the last reference on a context ends its sources. May be called on any thread.
 */
LifecycleSnapshot *
lifecycle_snapshot_new_with_contexts (GPtrArray **contexts)
{
  g_autoptr (GHashTable) set = g_hash_table_new (NULL, NULL);
  LifecycleSnapshot *self;
  LifecycleWalk walk;
  GHashTableIter iter;
  gpointer context;

  lifecycle_walk_init_all (&walk, NULL);
  self = snapshot_of_walk (&walk, NULL, G_MAXUINT, set);

  *contexts = g_ptr_array_new_with_free_func ((GDestroyNotify) g_main_context_unref);
  g_hash_table_iter_init (&iter, set);
  while (g_hash_table_iter_next (&iter, &context, NULL))
    g_ptr_array_add (*contexts, context);

  return self;
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

static gint64
snapshot_get_age (LifecycleSnapshot *self,
                  guint32            added)
{
  guint32 age = self->taken - added;

  /* The difference is negative if the entry was added while the snapshot was taken. */
  return (gint32) age > 0 ? (gint64) age * 100 : 0;
}

/* Gets the age of an entry in milliseconds. */
gint64
lifecycle_snapshot_get_age (LifecycleSnapshot *self,
                            guint              index)
{
  return snapshot_get_age (self, lifecycle_snapshot_get_item (self, index)->added);
}

/* Gets the number of elements, of which some may be empty. */
guint
lifecycle_snapshot_get_n_scopes (LifecycleSnapshot *self)
{
  return self->scopes->len;
}

const LifecycleSnapshotScope *
lifecycle_snapshot_get_scope (LifecycleSnapshot *self,
                              guint              index)
{
  return &g_array_index (self->scopes, LifecycleSnapshotScope, index);
}

/* Gets the age of a scope in milliseconds. */
gint64
lifecycle_snapshot_get_scope_age (LifecycleSnapshot *self,
                                  guint              index)
{
  return snapshot_get_age (self, lifecycle_snapshot_get_scope (self, index)->added);
}

char *
lifecycle_snapshot_dup_path (LifecycleSnapshot *self,
                             guint              scope)
{
  LifecycleSnapshotScope *named = &g_array_index (self->scopes, LifecycleSnapshotScope, scope);
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  g_ptr_array_add (names, named->name);
  while (named->above != scope)
    {
      scope = named->above;
      named = &g_array_index (self->scopes, LifecycleSnapshotScope, scope);
      g_ptr_array_add (names, named->name);
    }

  return lifecycle_path_join (names);
}

/* Returns a reference on the object that an entry is about, if both still exist and this thread is
 * at the home of the scope: nobody is expected to dispose the object elsewhere.
 */
GObject *
lifecycle_snapshot_ref_object (LifecycleSnapshot *self,
                               guint              index)
{
  const LifecycleSnapshotItem *item = lifecycle_snapshot_get_item (self, index);
  LifecycleLedger *ledger = lifecycle_snapshot_get_scope (self, item->scope)->ledger;
  g_autoptr (LifecycleScope) scope = lifecycle_ledger_dup_scope (ledger);
  LifecycleFacts facts = { .valid = TRUE };
  GObject *object = NULL;

  if (item->facts.object == NULL || scope == NULL || !lifecycle_scope_enter_home (scope))
    return NULL;

  lifecycle_ledger_lock (ledger);
  for (LifecycleNode *node = ledger->live.next; node != &ledger->live; node = node->next)
    {
      LifecycleEntry *entry = (LifecycleEntry *) node;

      /* Something else may have the same address by now, and then describes itself. */
      if (entry == item->entry && lifecycle_entry_get_class (entry)->describe != NULL)
        {
          lifecycle_entry_get_class (entry)->describe (entry, &facts);
          break;
        }
    }
  lifecycle_ledger_unlock (ledger);
  g_free (facts.name);

  /* A new reference may call a toggle notify, so the lock is not held here. */
  if (facts.object == item->facts.object && !facts.shared && G_IS_OBJECT (facts.object))
    object = g_object_ref (facts.object);
  lifecycle_scope_leave_home (scope);

  return object;
}
