/* lifecycle-children.c: children as entries, and how they are found
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-children-private.h"
#include "lifecycle-facts-private.h"
#include "lifecycle-roots-private.h"
#include "lifecycle-teardown-private.h"

static guint
key_hash (gconstpointer data)
{
  const LifecycleKey *key = data;

  return key->object != NULL ? g_direct_hash (key->object) : g_str_hash (key->name);
}

static gboolean
key_equal (gconstpointer a,
           gconstpointer b)
{
  const LifecycleKey *one = a;
  const LifecycleKey *other = b;

  return one->object == other->object &&
         (one->object != NULL || g_str_equal (one->name, other->name));
}

static inline gboolean
key_is_set (const LifecycleKey *key)
{
  return key->object != NULL || key->name != NULL;
}

static void
child_claim (LifecycleLedger *ledger,
             LifecycleEntry  *entry)
{
  g_object_ref (lifecycle_scope_from_child_entry (entry));
}

/* Only used for the scope that ends with an object. It leaves before it closes, because the object
 * may live on and get another scope.
 */
static void
child_release (LifecycleLedger *ledger,
               LifecycleEntry  *entry,
               guint            flags)
{
  LifecycleScope *child = lifecycle_scope_from_child_entry (entry);

  lifecycle_scope_leave (child);
  /* The detail is the type of the object, which is the name of the scope, unless the object was
   * freed without being disposed.
   */
  lifecycle_teardown_close_owned (child, LIFECYCLE_REASON_OWNER_GONE,
                                  lifecycle_ledger_get_object_ledger (ledger)->dying ? child->key.name
                                                                                     : NULL);
  g_object_unref (child);
}

static void
child_describe (LifecycleEntry *entry,
                LifecycleFacts *facts)
{
  LifecycleScope *child = lifecycle_scope_from_child_entry (entry);

  lifecycle_facts_set_object (facts, child);
  facts->name = g_strdup (child->key.name);
  facts->valid = lifecycle_scope_is_open (child);
}

const LifecycleEntryClass lifecycle_child_class = {
  .claim = child_claim,
  .release = child_release,
  .describe = child_describe,
};

static inline LifecycleScope *
scope_from_namesake (LifecycleNode *node)
{
  return (LifecycleScope *) (gpointer) ((guint8 *) node - G_STRUCT_OFFSET (LifecycleScope, namesakes));
}

/* The ledger is locked, and has an index. Inserts the child as the last one with its key, or as the
 * first.
 */
void
lifecycle_ledger_index_child (LifecycleLedger *ledger,
                              LifecycleScope  *child,
                              gboolean         first)
{
  GHashTable *index;
  LifecycleScope *other;

  if (ledger->role == LIFECYCLE_LEDGER_OBJECT)
    {
      lifecycle_ledger_get_object_ledger (ledger)->newest = child;
      return;
    }

  if (!key_is_set (&child->key) || (child->as_child.flags & LIFECYCLE_ENTRY_APART) != 0)
    return;

  child->as_child.flags |= LIFECYCLE_ENTRY_INDEXED;
  index = lifecycle_ledger_get_index (ledger);
  other = g_hash_table_lookup (index, &child->key);
  if (other != NULL)
    lifecycle_node_insert_after (&child->namesakes, other->namesakes.prev);
  else
    lifecycle_node_init (&child->namesakes);
  if (other == NULL || first)
    g_hash_table_replace (index, &child->key, child);
}

static void
ledger_unindex_child (LifecycleLedger *ledger,
                      LifecycleScope  *child)
{
  GHashTable *index;

  if (ledger->role == LIFECYCLE_LEDGER_OBJECT)
    {
      if (lifecycle_ledger_get_object_ledger (ledger)->newest == child)
        lifecycle_ledger_get_object_ledger (ledger)->newest = NULL;
      return;
    }

  if ((child->as_child.flags & LIFECYCLE_ENTRY_INDEXED) == 0)
    return;

  index = lifecycle_ledger_get_index (ledger);
  if (g_hash_table_lookup (index, &child->key) == child)
    {
      if (lifecycle_node_is_alone (&child->namesakes))
        {
          g_hash_table_remove (index, &child->key);
        }
      else
        {
          LifecycleScope *next = scope_from_namesake (child->namesakes.next);

          g_hash_table_replace (index, &next->key, next);
        }
    }
  lifecycle_node_remove (&child->namesakes);
  child->as_child.flags &= ~LIFECYCLE_ENTRY_INDEXED;
}

/* Called for a child that is about to become a root, and then to leave its owner: the list of roots
 * takes the place of that of its namesakes.
 */
void
lifecycle_scope_set_apart (LifecycleScope *self)
{
  LifecycleLedger *ledger = self->owner;

  lifecycle_ledger_lock (ledger);
  ledger_unindex_child (ledger, self);
  self->as_child.flags |= LIFECYCLE_ENTRY_APART;
  lifecycle_ledger_unlock (ledger);
}

/* Called when a scope is finalized, to drop the closed children that it has kept. They must leave
 * the index, because the ledger may have moved to another scope.
 */
void
lifecycle_scope_forget_stillborn (GHashTable *stillborn)
{
  GHashTableIter iter;
  gpointer child;

  g_hash_table_iter_init (&iter, stillborn);
  while (g_hash_table_iter_next (&iter, &child, NULL))
    {
      LifecycleLedger *ledger = ((LifecycleScope *) child)->owner;

      lifecycle_ledger_lock (ledger);
      ledger_unindex_child (ledger, child);
      lifecycle_ledger_unlock (ledger);
    }

  g_hash_table_unref (stillborn);
}

/* The ledger is locked. Returns the open child with that key or, if the scope is no longer open, a
 * closed one; no reference is added. The first look-up creates the index, so that scopes whose
 * children are never looked up need none.
 */
LifecycleScope *
lifecycle_ledger_look_up_child (LifecycleLedger    *ledger,
                                const LifecycleKey *key)
{
  LifecycleHoldingsExtra *extra;
  LifecycleScope *first;
  LifecycleScope *child;

  if (ledger->role == LIFECYCLE_LEDGER_OBJECT)
    {
      first = lifecycle_ledger_get_object_ledger (ledger)->newest;
      return first != NULL && lifecycle_scope_is_open (first) ? first : NULL;
    }

  extra = lifecycle_holdings_ensure_extra (lifecycle_ledger_get_holdings (ledger));
  if (extra->index == NULL)
    {
      extra->index = g_hash_table_new (key_hash, key_equal);
      for (LifecycleNode *node = ledger->live.next; node != &ledger->live; node = node->next)
        {
          if (((LifecycleEntry *) node)->type == LIFECYCLE_ENTRY_SCOPE)
            lifecycle_ledger_index_child (ledger, lifecycle_scope_from_child_entry ((LifecycleEntry *) node),
                                FALSE);
        }
    }

  /* A child that is not open is never found again, but may remain for long, because close_async()
   * waits. Removing such children from the index when a look-up meets them limits the cost of each
   * to one step. If the ledger is not open, its open children stay: it may be moving.
   */
  while ((first = g_hash_table_lookup (extra->index, key)) != NULL &&
         !lifecycle_scope_is_open (first) &&
         (ledger->open || !lifecycle_scope_is_closed (first)))
    ledger_unindex_child (ledger, first);

  if (first == NULL)
    return NULL;

  child = first;
  do
    {
      if (ledger->open ? lifecycle_scope_is_open (child) : lifecycle_scope_is_closed (child))
        return child;
      child = scope_from_namesake (child->namesakes.next);
    }
  while (child != first);

  return NULL;
}

/* Marks a new scope as closed because its parent already is. */
void
lifecycle_scope_be_born_closed (LifecycleScope  *self,
                                LifecycleReason  reason)
{
  self->reason = (guint8) reason;
  self->announced = TRUE;
  g_atomic_int_or (&self->marks, LIFECYCLE_SCOPE_FINISHED);
  g_atomic_int_set (&self->state, LIFECYCLE_STATE_CLOSED);
  lifecycle_ledger_shut (&self->holdings->ledger);
  self->holdings->counted = TRUE;
  if (lifecycle_roots_has (self))
    lifecycle_roots_remove (self);
}

/* Adds the scope to the ledger, which takes a reference of its own; if the ledger is not open,
 * marks the scope as closed instead. If `unique`, returns a reference on an open child with the
 * same key, if there is one. If `first`, look-ups find the scope before others with the same key.
 */
LifecycleScope *
lifecycle_scope_join_ledger (LifecycleScope  *self,
                             LifecycleLedger *ledger,
                             LifecycleScope  *parent,
                             gboolean         unique,
                             gboolean         first)
{
  gboolean opened = self->as_child.added != 0;
  LifecycleScope *other;

  lifecycle_ledger_lock (ledger);
  ledger->refs++;
  self->owner = ledger;
  if (parent != NULL && lifecycle_scope_has_mark (parent, LIFECYCLE_SCOPE_COLLECTED))
    g_atomic_int_or (&self->marks, LIFECYCLE_SCOPE_COLLECTED);

  if (G_UNLIKELY (!ledger->open))
    {
      lifecycle_ledger_refuse (ledger);
      lifecycle_scope_be_born_closed (self, LIFECYCLE_REASON_PARENT_CLOSED);
      return self;
    }

  if (unique)
    {
      other = lifecycle_ledger_look_up_child (ledger, &self->key);
      if (other != NULL)
        {
          g_object_ref (other);
          lifecycle_ledger_unlock (ledger);
          return other;
        }
    }

  if (parent != NULL)
    {
      /* The parent may have just moved: use the block count of the current scope of the ledger. */
      if (lifecycle_ledger_is_blocked (ledger))
        lifecycle_scope_ensure_extra (self)->blocked = ledger->scope->extra->blocked;
      self->holdings->draining = lifecycle_ledger_get_holdings (ledger)->draining;
    }
  lifecycle_ledger_append (ledger, &self->as_child, LIFECYCLE_ENTRY_SCOPE, self->as_child.name);
  ++*lifecycle_ledger_get_n_children (ledger);
  g_object_ref (self);
  if (parent == NULL || lifecycle_ledger_get_index (ledger) != NULL)
    lifecycle_ledger_index_child (ledger, self, first);
  lifecycle_ledger_end_add (ledger);

  if (parent == NULL)
    lifecycle_scope_become_root (self);
  else if (lifecycle_is_watched (LIFECYCLE_WATCH_SCOPES) && !opened)
    lifecycle_watch_scope_opened (self);

  return self;
}

/* The ledger is locked. */
static gboolean
scope_unlink (LifecycleScope  *self,
              LifecycleLedger *ledger)
{
  if ((self->as_child.flags & LIFECYCLE_ENTRY_LINKED) == 0)
    return FALSE;

  lifecycle_ledger_remove (ledger, &self->as_child);
  --*lifecycle_ledger_get_n_children (ledger);
  ledger_unindex_child (ledger, self);

  return TRUE;
}

/* Removes the scope from the ledger of its owner, and drops the reference of that; the caller holds
 * another. Returns whether the scope was there.
 */
gboolean
lifecycle_scope_leave (LifecycleScope *self)
{
  LifecycleLedger *ledger = self->owner;
  gboolean linked;

  if (ledger == NULL)
    return FALSE;

  lifecycle_ledger_lock (ledger);
  /* Count it as released by a teardown. */
  if ((self->as_child.flags & LIFECYCLE_ENTRY_LINKED) != 0)
    self->as_child.flags |= LIFECYCLE_ENTRY_MUTED;
  linked = scope_unlink (self, ledger);
  lifecycle_ledger_unlock (ledger);

  if (linked)
    g_object_unref (self);

  return linked;
}

/* Whether the parent of a scope that has closed is being taken down or cleared with it. Both have the
 * same home.
 */
static gboolean
scope_is_taken_along_by (LifecycleScope *self,
                         LifecycleScope *parent)
{
  return parent->in_teardown ||
         (lifecycle_scope_peek_extra (parent)->clear != NULL && self->taken_along);
}

/* Like lifecycle_scope_leave(), for a scope that has closed, at home: passes its counts on to the
 * owner, or to the roots. It leaves and passes them on atomically, so that observers count everything
 * exactly once. Returns whether the scope was there: then the caller receives the reference of the
 * owner. Sets `parent` to a reference on the parent if the scope was taken down with it.
 */
gboolean
lifecycle_scope_leave_closed (LifecycleScope  *self,
                              guint64          closing_time,
                              LifecycleScope **parent)
{
  LifecycleHoldings *own = lifecycle_scope_get_holdings (self);
  LifecycleLedger *ledger = self->owner;
  LifecycleTally *tally;
  gboolean linked = FALSE;
  gboolean taken = FALSE;
  LifecycleMishaps mishaps = { 0 };

  /* From now on the tally does not change. */
  lifecycle_ledger_lock (&own->ledger);
  own->counted = TRUE;
  tally = &own->tally;
  if (own->extra != NULL)
    lifecycle_holdings_get_mishaps (own, &mishaps);
  lifecycle_ledger_unlock (&own->ledger);

  if (ledger != NULL)
    {
      lifecycle_ledger_lock (ledger);
      linked = scope_unlink (self, ledger);
      taken = lifecycle_ledger_is_owned (ledger) &&
              !lifecycle_ledger_get_holdings (ledger)->counted;
      if (taken)
        lifecycle_tally_take_closed (&lifecycle_ledger_get_holdings (ledger)->tally, tally, &mishaps,
                                     self->reason, closing_time);
      if (linked &&
          ledger->scope != NULL &&
          ledger->scope->context == self->context &&
          scope_is_taken_along_by (self, ledger->scope))
        *parent = g_object_ref (ledger->scope);
      lifecycle_ledger_unlock (ledger);
    }

  if (!taken)
    lifecycle_roots_take_counts (self, tally, &mishaps, closing_time);
  else if (lifecycle_roots_has (self))
    lifecycle_roots_remove (self);

  return linked;
}

/* Makes the scope a child, or marks it as closed if the parent is not open. */
void
lifecycle_scope_join (LifecycleScope *self,
                      LifecycleScope *parent)
{
  lifecycle_scope_join_ledger (self, lifecycle_scope_get_ledger (parent), parent, FALSE, FALSE);
}

/* Returns a reference on the parent, even if the scope has left it. */
LifecycleScope *
lifecycle_scope_dup_owner (LifecycleScope *self)
{
  return self->owner != NULL ? lifecycle_ledger_dup_scope (self->owner) : NULL;
}

/* Changes the block count of a scope and of all scopes below it, and blocks or unblocks their
 * entries accordingly.
 */
void
lifecycle_scope_shift_blocked (LifecycleScope *self,
                               gint            by)
{
  LifecycleScopeList list;

  lifecycle_scope_list_init (&list);
  lifecycle_scope_list_take (&list, g_object_ref (self));

  for (guint i = 0; i < list.n_items; i++)
    {
      LifecycleScope *scope = list.items[i];
      LifecycleExtra *extra = lifecycle_scope_ensure_extra (scope);
      LifecycleLedger *ledger = lifecycle_scope_lock_ledger (scope);
      gboolean was_blocked, is_blocked;

      was_blocked = extra->blocked > 0;
      extra->blocked += (guint) by;
      is_blocked = extra->blocked > 0;
      lifecycle_ledger_unlock (ledger);

      if (was_blocked != is_blocked)
        lifecycle_ledger_set_blocked (ledger, is_blocked);
      lifecycle_scope_list_children (&list, scope, NULL);
    }

  lifecycle_scope_list_clear (&list);
}
