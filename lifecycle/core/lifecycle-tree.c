/* lifecycle-tree.c: children, and how they are found
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-object-watch-private.h"
#include "lifecycle-home-private.h"
#include "lifecycle-facts-private.h"
#include "lifecycle-roots-private.h"
#include "lifecycle-scope-private.h"

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

/* For the scope of an object's life, which ends with the object. It leaves before it closes, because
 * the object may live on, with another scope.
 */
static void
child_release (LifecycleLedger *ledger,
               LifecycleEntry  *entry,
               guint            flags)
{
  LifecycleScope *child = lifecycle_scope_from_child_entry (entry);

  lifecycle_scope_leave (child);
  /* It is named after the type of the object, unless the object has gone without being disposed. */
  lifecycle_scope_close_with_reason (child, LIFECYCLE_REASON_OWNER_GONE,
                                     lifecycle_ledger_get_object_ledger (ledger)->dying ? child->key.name
                                                                                        : NULL);
  g_object_unref (child);
}

static void
child_describe (LifecycleEntry *entry,
                LifecycleFacts *facts)
{
  LifecycleScope *child = lifecycle_scope_from_child_entry (entry);

  facts->type = LIFECYCLE_TYPE_SCOPE;
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

/* The ledger is locked, and has an index. The child becomes the last of those with its key, or the
 * first.
 */
static void
ledger_index_child (LifecycleLedger *ledger,
                    LifecycleScope  *child,
                    gboolean         first)
{
  GHashTable *index = lifecycle_ledger_get_children (ledger)->index;
  LifecycleScope *other;

  if (!key_is_set (&child->key))
    return;

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
  GHashTable *index = lifecycle_ledger_get_children (ledger)->index;

  if (index == NULL || child->namesakes.next == NULL)
    return;

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
  child->namesakes.next = NULL;
}

/* At the end of a scope: the closed children that it kept go with it, but the ledger may have moved on
 * to another scope.
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

/* The open child with a key or, if the scope is not open any more, a closed one; not referenced. The
 * ledger is locked. The first look-up makes the index, so that scopes whose children nobody looks up
 * do without one.
 */
static LifecycleScope *
ledger_look_up (LifecycleLedger    *ledger,
                const LifecycleKey *key)
{
  LifecycleChildren *children = lifecycle_ledger_get_children (ledger);
  LifecycleScope *first;
  LifecycleScope *child;

  if (children->index == NULL)
    {
      children->index = g_hash_table_new (key_hash, key_equal);
      for (LifecycleNode *node = ledger->live.next; node != &ledger->live; node = node->next)
        {
          if (((LifecycleEntry *) node)->type == LIFECYCLE_ENTRY_SCOPE)
            ledger_index_child (ledger, lifecycle_scope_from_child_entry ((LifecycleEntry *) node),
                                FALSE);
        }
    }

  /* A child that is not open will not be found again, but it may stay for long: close_async() waits.
   * Taking such children out of the index when they are met makes each of them cost one step, however
   * often somebody looks. Open children of a ledger that is not open stay: it may be moving.
   */
  while ((first = g_hash_table_lookup (children->index, key)) != NULL &&
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

/* Begun, and never opened. */
void
lifecycle_scope_be_born_closed (LifecycleScope  *self,
                                LifecycleReason  reason)
{
  self->reason = reason;
  self->announced = TRUE;
  g_atomic_int_or (&self->marks, LIFECYCLE_SCOPE_FINISHED);
  g_atomic_int_set (&self->state, LIFECYCLE_STATE_CLOSED);
  lifecycle_ledger_shut (&self->holdings->ledger);
  self->holdings->counted = TRUE;
  if (lifecycle_roots_has (self))
    lifecycle_roots_remove (self);
}

/* Makes the scope an entry of the ledger, which gets a reference of its own, unless it is too late.
 * Where `unique`, an open child with the same key is returned instead, referenced; where `first`, the
 * scope is found before those with the same key.
 */
static LifecycleScope *
scope_join (LifecycleScope  *self,
            LifecycleLedger *ledger,
            LifecycleScope  *parent,
            gboolean         unique,
            gboolean         first)
{
  LifecycleChildren *children = lifecycle_ledger_get_children (ledger);
  LifecycleScope *other;

  self->owner = lifecycle_ledger_ref (ledger);

  if (!lifecycle_ledger_begin_add (ledger))
    {
      lifecycle_scope_be_born_closed (self, LIFECYCLE_REASON_PARENT_CLOSED);
      return self;
    }

  if (unique)
    {
      other = ledger_look_up (ledger, &self->key);
      if (other != NULL)
        {
          g_object_ref (other);
          lifecycle_ledger_unlock (ledger);
          return other;
        }
    }

  if (parent != NULL)
    {
      self->blocked = parent->blocked;
      self->holdings->draining = lifecycle_ledger_get_holdings (ledger)->draining;
    }
  lifecycle_ledger_append (ledger, &self->as_child, LIFECYCLE_ENTRY_SCOPE, self->as_child.name);
  children->n++;
  g_object_ref (self);
  if (children->index != NULL)
    ledger_index_child (ledger, self, first);
  lifecycle_ledger_end_add (ledger);

  if (parent == NULL)
    lifecycle_scope_become_root (self);
  else if (lifecycle_is_watched (LIFECYCLE_WATCH_SCOPES))
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
  lifecycle_ledger_get_children (ledger)->n--;
  ledger_unindex_child (ledger, self);

  return TRUE;
}

/* Has the owner let go of the scope, which leaves its ledger and loses its reference: the caller has
 * another. Says whether it was there.
 */
gboolean
lifecycle_scope_leave (LifecycleScope *self)
{
  LifecycleLedger *ledger = self->owner;
  gboolean linked;

  if (ledger == NULL)
    return FALSE;

  lifecycle_ledger_lock (ledger);
  /* It is counted as what a teardown has released. */
  if ((self->as_child.flags & LIFECYCLE_ENTRY_LINKED) != 0)
    self->as_child.flags |= LIFECYCLE_ENTRY_MUTED;
  linked = scope_unlink (self, ledger);
  lifecycle_ledger_unlock (ledger);

  if (linked)
    g_object_unref (self);

  return linked;
}

/* The same for a scope that has closed: it leaves what it has counted to those that remain, in one
 * go, so that others count everything once.
 */
gboolean
lifecycle_scope_leave_closed (LifecycleScope *self,
                              guint64         closing_time)
{
  LifecycleHoldings *own = lifecycle_scope_get_holdings (self);
  LifecycleLedger *ledger = self->owner;
  LifecycleTally *tally;
  gboolean linked = FALSE;
  gboolean taken = FALSE;
  guint n_late, n_failed;

  /* The tally does not change from now on. */
  lifecycle_ledger_lock (&own->ledger);
  own->counted = TRUE;
  tally = own->tally;
  n_late = own->n_late;
  n_failed = own->n_failed;
  lifecycle_ledger_unlock (&own->ledger);

  if (ledger != NULL)
    {
      lifecycle_ledger_lock (ledger);
      linked = scope_unlink (self, ledger);
      taken = lifecycle_ledger_is_owned (ledger) &&
              !lifecycle_ledger_get_holdings (ledger)->counted;
      if (taken)
        lifecycle_tally_take_closed (&lifecycle_ledger_get_holdings (ledger)->tally, tally, n_late, n_failed,
                                     self->reason, closing_time);
      lifecycle_ledger_unlock (ledger);
    }

  if (!taken)
    lifecycle_roots_take_counts (self, tally, n_late, n_failed, closing_time);
  else if (lifecycle_roots_has (self))
    lifecycle_roots_remove (self);

  if (linked)
    g_object_unref (self);

  return linked;
}

/* Makes the scope a child, unless it is too late. */
void
lifecycle_scope_join (LifecycleScope *self,
                      LifecycleScope *parent)
{
  scope_join (self, lifecycle_scope_get_ledger (parent), parent, FALSE, FALSE);
}

/* The parent, also when the scope has left it, referenced. */
LifecycleScope *
lifecycle_scope_dup_owner (LifecycleScope *self)
{
  return self->owner != NULL ? lifecycle_ledger_dup_scope (self->owner) : NULL;
}

/* Adds to the count of blocks of a scope and of all below it, and does what follows from it. */
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
      LifecycleLedger *ledger = lifecycle_scope_get_ledger (scope);
      gboolean was_blocked, is_blocked;

      lifecycle_ledger_lock (ledger);
      was_blocked = scope->blocked > 0;
      scope->blocked += (guint) by;
      is_blocked = scope->blocked > 0;
      lifecycle_ledger_unlock (ledger);

      if (was_blocked != is_blocked)
        lifecycle_ledger_set_blocked (ledger, is_blocked);
      lifecycle_scope_list_children (&list, scope, NULL);
    }

  lifecycle_scope_list_clear (&list);
}

/**
 * lifecycle_scope_new_child:
 * @parent: the scope to end with
 * @name: (nullable): what to call it; siblings may share a name
 *
 * Makes a scope that closes when @parent does, as [enum@Reason.parent_closed].
 *
 * It is at home in the thread-default main context, which is usually that of its parent. Where it
 * is another, the close of the parent hands the child's teardown over to it and does not wait.
 *
 * On a closed parent the child is born closed. May be called on any thread.
 *
 * Returns: (transfer full): a scope; the parent holds another reference until it closes
 *
 * Since: 1.0
 */
LifecycleScope *
lifecycle_scope_new_child (LifecycleScope *parent,
                           const char     *name)
{
  return lifecycle_scope_new_child_at (NULL, parent, name);
}

LifecycleScope *
lifecycle_scope_new_child_at (const char     *place,
                              LifecycleScope *parent,
                              const char     *name)
{
  LifecycleScope *self;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (parent), NULL);

  self = lifecycle_scope_create (name, place);
  lifecycle_scope_join (self, parent);

  return self;
}

/* Turns a reference on a child into the promise that it lives while its owner has it. One that was
 * born closed, or has closed on the way here, is kept for as long as the parent lives.
 */
static LifecycleScope *
tree_return_child (LifecycleLedger *ledger,
                   LifecycleScope  *parent,
                   LifecycleScope  *child)
{
  if (parent != NULL && !lifecycle_scope_is_open (child))
    {
      LifecycleExtra *extra = lifecycle_scope_ensure_extra (parent);

      lifecycle_ledger_lock (ledger);
      if (extra->stillborn == NULL)
        extra->stillborn = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
      if (!g_hash_table_contains (extra->stillborn, child))
        {
          g_hash_table_add (extra->stillborn, g_object_ref (child));
          /* The next call finds it at once. A scope that the ledger has moved on from may have put it
           * there already.
           */
          if (!ledger->open &&
              lifecycle_ledger_get_children (ledger)->index != NULL &&
              child->namesakes.next == NULL)
            ledger_index_child (ledger, child, TRUE);
        }
      lifecycle_ledger_unlock (ledger);
    }

  /* cppcheck-suppress deallocret ; somebody else has a reference, see above */
  g_object_unref (child);

  /* cppcheck-suppress deallocret */
  return child;
}

/* The child that a key finds, made where there is none, and then followed by a TRUE in `made`.
 * Referenced.
 */
static LifecycleScope *
tree_ensure_child (LifecycleLedger *ledger,
                   LifecycleScope  *parent,
                   const char      *name,
                   gpointer         object,
                   const char      *place,
                   gboolean        *made)
{
  LifecycleKey key = { name, object };
  LifecycleScope *child;
  LifecycleScope *found;

  *made = FALSE;

  /* Of the closed ones only those born so are in the index. */
  lifecycle_ledger_lock (ledger);
  found = ledger_look_up (ledger, &key);
  if (found != NULL)
    g_object_ref (found);
  lifecycle_ledger_unlock (ledger);
  if (found != NULL)
    return found;

  child = lifecycle_scope_create (name, place);
  child->key.object = object;
  found = scope_join (child, ledger, parent, TRUE, FALSE);
  if (found == child)
    *made = lifecycle_scope_is_open (child);
  else
    g_object_unref (child);

  return found;
}

/**
 * lifecycle_scope_get_child:
 * @self: a scope
 * @name: a name among the children
 *
 * Finds the open child of that name, or makes one.
 *
 * A child made with [method@Scope.new_child] is found as well; among several of the same name the
 * one that was there first. However many children there are makes no difference to the cost.
 *
 * On a closed scope the child is born closed. May be called on any thread, where somebody makes
 * sure that the child does not close meanwhile.
 *
 * Returns: (transfer none): the child, which lives until it closes; one that was born closed lives
 *   as long as @self
 *
 * Since: 1.0
 */
LifecycleScope *
lifecycle_scope_get_child (LifecycleScope *self,
                           const char     *name)
{
  return lifecycle_scope_get_child_at (NULL, self, name);
}

LifecycleScope *
lifecycle_scope_get_child_at (const char     *place,
                              LifecycleScope *self,
                              const char     *name)
{
  LifecycleLedger *ledger;
  gboolean made;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  ledger = lifecycle_scope_get_ledger (self);

  return tree_return_child (ledger, self,
                            tree_ensure_child (ledger, self, name, NULL, place, &made));
}

/**
 * lifecycle_scope_get_child_for:
 * @self: a scope
 * @object: an object; no reference is held
 *
 * Finds the open child that is for @object, or makes one, which follows it.
 *
 * This is for what belongs to two: a service and a player, a window and a document. It closes with
 * @self as [enum@Reason.parent_closed], or with the scope that [func@Scope.of] gives for @object as
 * [enum@Reason.owner_gone]. It is named after the type of @object.
 *
 * On a closed scope the child is born closed. May be called on any thread, where somebody makes
 * sure that the child does not close meanwhile.
 *
 * Returns: (transfer none): the child, which lives until it closes; one that was born closed lives
 *   as long as @self
 *
 * Since: 1.0
 */
LifecycleScope *
lifecycle_scope_get_child_for (LifecycleScope *self,
                               GObject        *object)
{
  return lifecycle_scope_get_child_for_at (NULL, self, object);
}

LifecycleScope *
lifecycle_scope_get_child_for_at (const char     *place,
                                  LifecycleScope *self,
                                  GObject        *object)
{
  LifecycleLedger *ledger;
  LifecycleScope *child;
  gboolean made;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);
  g_return_val_if_fail (G_IS_OBJECT (object), NULL);

  ledger = lifecycle_scope_get_ledger (self);
  child = tree_ensure_child (ledger, self, G_OBJECT_TYPE_NAME (object), object, place, &made);
  if (made)
    lifecycle_scope_follow_object (child, object);

  return tree_return_child (ledger, self, child);
}

/**
 * lifecycle_scope_renew_child:
 * @self: a scope
 * @name: a name among the children
 *
 * Makes a new child of that name, and then closes the one that [method@Scope.get_child] would have
 * found, as [enum@Reason.replaced].
 *
 * While the old one is taken down, the new one is already in its place.
 *
 * On a closed scope the child is born closed. To be called at home.
 *
 * Returns: (transfer none): the new child, which lives until it closes; one that was born closed
 *   lives as long as @self
 *
 * Since: 1.0
 */
LifecycleScope *
lifecycle_scope_renew_child (LifecycleScope *self,
                             const char     *name)
{
  return lifecycle_scope_renew_child_at (NULL, self, name);
}

LifecycleScope *
lifecycle_scope_renew_child_at (const char     *place,
                                LifecycleScope *self,
                                const char     *name)
{
  LifecycleLedger *ledger;
  LifecycleKey key = { name, NULL };
  LifecycleScope *old;
  LifecycleScope *child;
  gboolean made;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);
  LIFECYCLE_DEBUG_HOME (self);
  g_return_val_if_fail (name != NULL, NULL);

  ledger = lifecycle_scope_get_ledger (self);
  if (!lifecycle_scope_is_open (self))
    return tree_return_child (ledger, self,
                              tree_ensure_child (ledger, self, name, NULL, place, &made));

  lifecycle_ledger_lock (ledger);
  old = ledger_look_up (ledger, &key);
  if (old != NULL)
    g_object_ref (old);
  lifecycle_ledger_unlock (ledger);

  child = lifecycle_scope_create (name, place);
  scope_join (child, ledger, self, FALSE, TRUE);

  if (old != NULL)
    {
      /* Nothing takes its place if the parent has closed. */
      if (lifecycle_scope_is_open (child))
        lifecycle_scope_close_with_reason (old, LIFECYCLE_REASON_REPLACED, NULL);
      g_object_unref (old);
    }

  return tree_return_child (ledger, self, child);
}

/**
 * lifecycle_scope_of:
 * @object: an object; no reference is held
 *
 * The scope of the life of an object, made on demand.
 *
 * It closes as [enum@Reason.owner_gone] when @object is disposed. Whoever wants to end something
 * with the object adds it here, or follows this scope; closing it ends all that belongs to the
 * object while the object itself lives on, and the next call makes a new one.
 *
 * It has no parent, is named after the type of @object, and is at home where it was first asked
 * for. May be called on any thread by a holder of a reference on @object.
 *
 * Returns: (transfer none): the open scope of @object, which lives until it closes
 *
 * Since: 1.0
 */
LifecycleScope *
lifecycle_scope_of (GObject *object)
{
  return lifecycle_scope_of_at (NULL, object);
}

LifecycleScope *
lifecycle_scope_of_at (const char *place,
                       GObject    *object)
{
  LifecycleLedger *ledger;
  gboolean made;

  g_return_val_if_fail (G_IS_OBJECT (object), NULL);

  ledger = lifecycle_object_watch_get_ledger (lifecycle_object_watch_get (object));

  return tree_return_child (ledger, NULL,
                            tree_ensure_child (ledger, NULL, G_OBJECT_TYPE_NAME (object), object,
                                               place, &made));
}

/**
 * lifecycle_scope_get_parent: (attributes org.gtk.Method.get_property=parent)
 * @self: a scope
 *
 * The scope that this one ends with. To be called at home.
 *
 * Returns: (transfer none) (nullable): the parent; %NULL if there is none, or if the scope has left
 *   it because it closed
 *
 * Since: 1.0
 */
LifecycleScope *
lifecycle_scope_get_parent (LifecycleScope *self)
{
  LifecycleScope *parent = NULL;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);
  LIFECYCLE_DEBUG_HOME (self);

  if (self->owner != NULL)
    {
      lifecycle_ledger_lock (self->owner);
      if ((self->as_child.flags & LIFECYCLE_ENTRY_LINKED) != 0)
        parent = self->owner->scope;
      lifecycle_ledger_unlock (self->owner);
    }

  return parent;
}

/* The names from the root down to the scope of a ledger, joined by slashes. The memory of the ledger
 * is kept by the caller.
 */
char *
lifecycle_ledger_dup_path (LifecycleLedger *ledger)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  GString *path = g_string_new (NULL);

  lifecycle_ledger_hold_memory (ledger);
  while (ledger != NULL)
    {
      LifecycleLedger *above = NULL;
      LifecycleScope *scope;

      lifecycle_ledger_lock (ledger);
      scope = ledger->scope;
      if (scope != NULL)
        {
          g_ptr_array_add (names, g_strdup (scope->key.name != NULL ? scope->key.name : "unnamed"));
          if (scope->owner != NULL)
            above = lifecycle_ledger_hold_memory (scope->owner);
        }
      lifecycle_ledger_unlock (ledger);

      lifecycle_ledger_release_memory (ledger);
      ledger = above;
    }

  for (guint i = names->len; i-- > 0;)
    g_string_append_printf (path, "%s%s", (const char *) g_ptr_array_index (names, i),
                            i > 0 ? "/" : "");

  return g_string_free (path, FALSE);
}

/**
 * lifecycle_scope_get_path:
 * @self: a scope
 *
 * The names from the root down to the scope, joined by slashes, for reports. A scope without a name
 * appears as `unnamed`. It stays the same when the scope has closed, as long as its parents live.
 *
 * Returns: (transfer full): the path
 *
 * Since: 1.0
 */
char *
lifecycle_scope_get_path (LifecycleScope *self)
{
  g_autofree char *above = NULL;
  const char *name;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);

  name = self->key.name != NULL ? self->key.name : "unnamed";
  above = self->owner != NULL ? lifecycle_ledger_dup_path (self->owner) : NULL;

  return above != NULL && *above != '\0' ? g_strconcat (above, "/", name, NULL) : g_strdup (name);
}
