/* lifecycle-tree.c: the public functions for children and parents
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-children-private.h"
#include "lifecycle-home-private.h"
#include "lifecycle-names-private.h"
#include "lifecycle-object-watch-private.h"

/**
 * lifecycle_scope_new_child:
 * @parent: the scope to end with
 * @name: (nullable): a name for the scope; siblings may share a name
 *
 * Creates a scope that closes when @parent does, as [enum@Reason.parent_closed].
 *
 * Its home is the thread-default main context of the calling thread, which is usually the home of
 * its parent. If it is another, the close of the parent hands the child's teardown over to it, and
 * does not wait.
 *
 * On a closed parent the child is born closed. May be called on any thread.
 *
 * Returns: (transfer full): a scope; the parent holds another reference until the child closes
 *
 * Since: 1.0
 */
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

/* Turns a reference on a child into a borrowed pointer: the child lives as long as its owner holds
 * it. The parent keeps a child that was born closed, or has closed since, for the rest of its own
 * life.
 */
static LifecycleScope *
tree_return_child (LifecycleScope *parent,
                   LifecycleScope *child)
{
  if (parent != NULL && !lifecycle_scope_is_open (child))
    {
      LifecycleLedger *ledger = child->owner;
      LifecycleExtra *extra = lifecycle_scope_ensure_extra (parent);

      lifecycle_ledger_lock (ledger);
      if (extra->stillborn == NULL)
        extra->stillborn = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
      if (!g_hash_table_contains (extra->stillborn, child))
        {
          g_hash_table_add (extra->stillborn, g_object_ref (child));
          /* Index it, so that the next call finds it. If the ledger has moved to another scope, the
           * child may be in the index already.
           */
          if (!ledger->open &&
              lifecycle_ledger_is_owned (ledger) &&
              lifecycle_ledger_get_index (ledger) != NULL &&
              (child->as_child.flags & LIFECYCLE_ENTRY_INDEXED) == 0)
            lifecycle_ledger_index_child (ledger, child, TRUE);
        }
      lifecycle_ledger_unlock (ledger);
    }

  /* cppcheck-suppress deallocret ; the owner holds a reference, see above */
  g_object_unref (child);

  /* cppcheck-suppress deallocret */
  return child;
}

/* Returns a reference on the child with that key. If there is none, creates it, and sets `made` to
 * whether it is open.
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

  /* The only closed children in the index are those that were born closed. */
  lifecycle_ledger_lock (ledger);
  found = lifecycle_ledger_look_up_child (ledger, &key);
  if (found != NULL)
    g_object_ref (found);
  lifecycle_ledger_unlock (ledger);
  if (found != NULL)
    return found;

  child = object != NULL ? lifecycle_scope_create_for (object, place)
                         : lifecycle_scope_create (name, place);
  found = lifecycle_scope_join_ledger (child, ledger, parent, TRUE, FALSE);
  if (found == child)
    {
      *made = lifecycle_scope_is_open (child);
    }
  else
    {
      /* Another thread was faster. Nobody has seen this scope, so it has not closed for anybody. */
      lifecycle_scope_be_born_closed (child, LIFECYCLE_REASON_DROPPED);
      g_object_unref (child);
    }

  return found;
}

/* The common parts of the functions that find children. Each returns a reference. */

static LifecycleScope *
tree_ref_child (LifecycleScope *self,
                const char     *name,
                const char     *place)
{
  g_autofree char *valid = NULL;
  gboolean made;

  return tree_ensure_child (lifecycle_scope_get_ledger (self), self,
                            lifecycle_name_ensure (name, &valid), NULL, place, &made);
}

static LifecycleScope *
tree_ref_child_for (LifecycleScope *self,
                    GObject        *object,
                    const char     *place)
{
  LifecycleScope *child;
  gboolean made;

  child = tree_ensure_child (lifecycle_scope_get_ledger (self), self,
                             G_OBJECT_TYPE_NAME (object), object, place, &made);
  if (made)
    lifecycle_scope_follow_object (child, object);

  return child;
}

static LifecycleScope *
tree_renew_child (LifecycleScope *self,
                  const char     *name,
                  GObject        *object,
                  const char     *place)
{
  LifecycleLedger *ledger = lifecycle_scope_get_ledger (self);
  LifecycleKey key = { name, object };
  LifecycleScope *old;
  LifecycleScope *child;
  gboolean made;

  if (!lifecycle_scope_is_open (self))
    return tree_ensure_child (ledger, self, name, object, place, &made);

  lifecycle_ledger_lock (ledger);
  old = lifecycle_ledger_look_up_child (ledger, &key);
  if (old != NULL)
    g_object_ref (old);
  lifecycle_ledger_unlock (ledger);

  child = object != NULL ? lifecycle_scope_create_for (object, place)
                         : lifecycle_scope_create (name, place);
  lifecycle_scope_join_ledger (child, ledger, self, FALSE, TRUE);
  if (object != NULL && lifecycle_scope_is_open (child))
    lifecycle_scope_follow_object (child, object);

  if (old != NULL)
    {
      /* If the parent has closed, there is no replacement. */
      if (lifecycle_scope_is_open (child))
        lifecycle_scope_close_with_reason (old, LIFECYCLE_REASON_REPLACED, NULL);
      g_object_unref (old);
    }

  return child;
}

/**
 * lifecycle_scope_get_child: (skip)
 * @self: a scope
 * @name: a name among the children
 *
 * Finds the open child with that name, or creates one.
 *
 * This also finds children created with [method@Scope.new_child]; if several have the same name,
 * the oldest of them. The cost does not depend on the number of children.
 *
 * On a closed scope the child is born closed. The result is borrowed. May be called on any thread,
 * but away from home the child may close, and be freed, before the caller can use it: use
 * [method@Scope.ref_child] there.
 *
 * Returns: (transfer none): the child, which is valid until it closes; a child that was born closed
 *   is valid as long as @self
 *
 * Since: 1.0
 */
LifecycleScope *
lifecycle_scope_get_child_at (const char     *place,
                              LifecycleScope *self,
                              const char     *name)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return tree_return_child (self, tree_ref_child (self, name, place));
}

/**
 * lifecycle_scope_ref_child: (rename-to lifecycle_scope_get_child)
 * @self: a scope
 * @name: a name among the children
 *
 * Finds the open child with that name, or creates one, and returns a reference.
 *
 * This also finds children created with [method@Scope.new_child]; if several have the same name,
 * the oldest of them. The cost does not depend on the number of children.
 *
 * On a closed scope the child is born closed. May be called on any thread.
 *
 * Returns: (transfer full): the child; away from its home, it may already have closed
 *
 * Since: 1.0
 */
LifecycleScope *
lifecycle_scope_ref_child_at (const char     *place,
                              LifecycleScope *self,
                              const char     *name)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return tree_ref_child (self, name, place);
}

/**
 * lifecycle_scope_get_child_for: (skip)
 * @self: a scope
 * @object: an object; no reference is held
 *
 * Finds the open child for @object, or creates one that follows it.
 *
 * Use this for whatever belongs to two owners, such as a service and a player, or a window and a
 * document. The child closes with @self as [enum@Reason.parent_closed], or with the scope that
 * [func@Scope.of] returns for @object as [enum@Reason.owner_gone]. It is named after the type of
 * @object.
 *
 * On a closed scope the child is born closed. The result is borrowed. May be called on any thread,
 * provided that the caller holds a reference on @object, but away from home the child may close,
 * and be freed, before the caller can use it: use [method@Scope.ref_child_for] there.
 *
 * Returns: (transfer none): the child, which is valid until it closes; a child that was born closed
 *   is valid as long as @self
 *
 * Since: 1.0
 */
LifecycleScope *
lifecycle_scope_get_child_for_at (const char     *place,
                                  LifecycleScope *self,
                                  GObject        *object)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);
  g_return_val_if_fail (G_IS_OBJECT (object), NULL);

  return tree_return_child (self, tree_ref_child_for (self, object, place));
}

/**
 * lifecycle_scope_ref_child_for: (rename-to lifecycle_scope_get_child_for)
 * @self: a scope
 * @object: an object; no reference is held
 *
 * Finds the open child for @object, or creates one that follows it, and returns a reference.
 *
 * Use this for whatever belongs to two owners, such as a service and a player, or a window and a
 * document. The child closes with @self as [enum@Reason.parent_closed], or with the scope that
 * [func@Scope.of] returns for @object as [enum@Reason.owner_gone]. It is named after the type of
 * @object.
 *
 * On a closed scope the child is born closed. May be called on any thread, provided that the caller
 * holds a reference on @object.
 *
 * Returns: (transfer full): the child; away from its home, it may already have closed
 *
 * Since: 1.0
 */
LifecycleScope *
lifecycle_scope_ref_child_for_at (const char     *place,
                                  LifecycleScope *self,
                                  GObject        *object)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);
  g_return_val_if_fail (G_IS_OBJECT (object), NULL);

  return tree_ref_child_for (self, object, place);
}

/**
 * lifecycle_scope_renew_child: (skip)
 * @self: a scope
 * @name: a name among the children
 *
 * Creates a new child with that name, and then closes the one that [method@Scope.get_child] would
 * have found, as [enum@Reason.replaced].
 *
 * The new child is already in place while the old one is taken down.
 *
 * On a closed scope the child is born closed. The result is borrowed; see
 * [method@Scope.ref_renewed_child]. Must be called at home.
 *
 * Returns: (transfer none): the new child, which is valid until it closes; a child that was born
 *   closed is valid as long as @self
 *
 * Since: 1.0
 */
LifecycleScope *
lifecycle_scope_renew_child_at (const char     *place,
                                LifecycleScope *self,
                                const char     *name)
{
  LifecycleScope *child;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  child = lifecycle_scope_ref_renewed_child_at (place, self, name);

  return tree_return_child (self, child);
}

/**
 * lifecycle_scope_ref_renewed_child: (rename-to lifecycle_scope_renew_child)
 * @self: a scope
 * @name: a name among the children
 *
 * Creates a new child with that name, and then closes the one that [method@Scope.ref_child] would
 * have found, as [enum@Reason.replaced]. Returns a reference on the new child.
 *
 * The new child is already in place while the old one is taken down.
 *
 * On a closed scope the child is born closed. Must be called at home.
 *
 * Returns: (transfer full): the new child
 *
 * Since: 1.0
 */
LifecycleScope *
lifecycle_scope_ref_renewed_child_at (const char     *place,
                                      LifecycleScope *self,
                                      const char     *name)
{
  g_autofree char *valid = NULL;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);
  LIFECYCLE_DEBUG_HOME (self);
  g_return_val_if_fail (name != NULL, NULL);

  return tree_renew_child (self, lifecycle_name_ensure (name, &valid), NULL, place);
}

/**
 * lifecycle_scope_renew_child_for: (skip)
 * @self: a scope
 * @object: an object; no reference is held
 *
 * Creates a new child for @object, and then closes the one that [method@Scope.get_child_for] would
 * have found, as [enum@Reason.replaced].
 *
 * Use this for whatever is set up for an object repeatedly, such as the rows of a list: if a row is
 * never unbound, its old scope closes the next time it is bound, and nothing piles up.
 *
 * On a closed scope the child is born closed. The result is borrowed; see
 * [method@Scope.ref_renewed_child_for]. Must be called at home.
 *
 * Returns: (transfer none): the new child, which is valid until it closes; a child that was born
 *   closed is valid as long as @self
 *
 * Since: 1.0
 */
LifecycleScope *
lifecycle_scope_renew_child_for_at (const char     *place,
                                    LifecycleScope *self,
                                    GObject        *object)
{
  LifecycleScope *child;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);
  g_return_val_if_fail (G_IS_OBJECT (object), NULL);

  child = lifecycle_scope_ref_renewed_child_for_at (place, self, object);

  return tree_return_child (self, child);
}

/**
 * lifecycle_scope_ref_renewed_child_for: (rename-to lifecycle_scope_renew_child_for)
 * @self: a scope
 * @object: an object; no reference is held
 *
 * Creates a new child for @object, and then closes the one that [method@Scope.ref_child_for] would
 * have found, as [enum@Reason.replaced]. Returns a reference on the new child.
 *
 * Use this for whatever is set up for an object repeatedly, such as the rows of a list: if a row is
 * never unbound, its old scope closes the next time it is bound, and nothing piles up.
 *
 * On a closed scope the child is born closed. Must be called at home.
 *
 * Returns: (transfer full): the new child
 *
 * Since: 1.0
 */
LifecycleScope *
lifecycle_scope_ref_renewed_child_for_at (const char     *place,
                                          LifecycleScope *self,
                                          GObject        *object)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);
  LIFECYCLE_DEBUG_HOME (self);
  g_return_val_if_fail (G_IS_OBJECT (object), NULL);

  return tree_renew_child (self, G_OBJECT_TYPE_NAME (object), object, place);
}

/**
 * lifecycle_scope_of:
 * @object: an object; no reference is held
 *
 * Gets the scope that lives as long as an object, or creates it.
 *
 * It closes as [enum@Reason.owner_gone] when @object is disposed. To end something with the object,
 * add it to this scope, or follow the scope. Closing it ends everything that belongs to the object,
 * but not the object; the next call then creates a new scope.
 *
 * The scope closes at the end of a dispose: in GObject's own `dispose`, which runs when the class
 * of the object chains up after taking its parts apart. Until then handlers may still be called. To
 * mute them earlier, a class owns a scope, and begins its `dispose` with
 * lifecycle_scope_clear_for_dispose().
 *
 * The scope has no parent and is named after the type of @object. Its home is the thread-default
 * main context of the call that created it. Must be called at home, by a holder of a reference on
 * the object: elsewhere, the scope may close, and be freed, before the caller can use it; use
 * [func@Scope.ref_of] there.
 *
 * Returns: (transfer none): the open scope of @object, which is valid until it closes
 *
 * Since: 1.0
 */
LifecycleScope *
lifecycle_scope_of_at (const char *place,
                       GObject    *object)
{
  LifecycleLedger *ledger;
  gboolean made;

  g_return_val_if_fail (G_IS_OBJECT (object), NULL);

  ledger = lifecycle_object_watch_get_ledger (lifecycle_object_watch_get (object));

  return tree_return_child (NULL,
                            tree_ensure_child (ledger, NULL, G_OBJECT_TYPE_NAME (object), object,
                                               place, &made));
}

/**
 * lifecycle_scope_ref_of: (rename-to lifecycle_scope_of)
 * @object: an object; no reference is held
 *
 * Gets a reference on the scope that lives as long as an object, or creates it.
 *
 * It closes as [enum@Reason.owner_gone] when @object is disposed. To end something with the object,
 * add it to this scope, or follow the scope. Closing it ends everything that belongs to the object,
 * but not the object; the next call then creates a new scope.
 *
 * The scope has no parent and is named after the type of @object. Its home is the thread-default
 * main context of the call that created it. May be called on any thread, provided that the caller
 * holds a reference on @object.
 *
 * Returns: (transfer full): the scope of @object; away from its home, it may already have closed
 *
 * Since: 1.0
 */
LifecycleScope *
lifecycle_scope_ref_of_at (const char *place,
                           GObject    *object)
{
  LifecycleLedger *ledger;
  gboolean made;

  g_return_val_if_fail (G_IS_OBJECT (object), NULL);

  ledger = lifecycle_object_watch_get_ledger (lifecycle_object_watch_get (object));

  return tree_ensure_child (ledger, NULL, G_OBJECT_TYPE_NAME (object), object, place, &made);
}

/**
 * lifecycle_scope_get_parent: (attributes org.gtk.Method.get_property=parent)
 * @self: a scope
 *
 * Gets the parent of the scope. Must be called at home.
 *
 * Returns: (transfer none) (nullable): the parent; %NULL if there is none, or if the scope has
 *   closed and left it
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

/* Returns the name of a scope as it stands in paths. */
char *
lifecycle_scope_dup_quoted_name (LifecycleScope *self)
{
  return lifecycle_name_quote (self->key.name != NULL ? self->key.name : "unnamed",
                               LIFECYCLE_QUOTE_PATH);
}

/* Joins the quoted names of a scope and of those above it, from the scope up to the root. */
char *
lifecycle_path_join (GPtrArray *names)
{
  GString *path = g_string_new (NULL);

  for (guint i = names->len; i-- > 0;)
    g_string_append_printf (path, "%s%s", (const char *) g_ptr_array_index (names, i),
                            i > 0 ? "/" : "");

  return g_string_free (path, FALSE);
}

/* Returns the path of a scope, by its quoted name, which is taken over, and the ledger of what is above
 * it. Without a name, returns the path of the scope of that ledger; without a ledger, the name. The
 * caller keeps the memory of the ledger alive.
 */
char *
lifecycle_ledger_dup_path (LifecycleLedger *ledger,
                           char            *name)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  if (name != NULL)
    g_ptr_array_add (names, name);

  if (ledger != NULL)
    lifecycle_ledger_hold_memory (ledger);
  while (ledger != NULL)
    {
      LifecycleLedger *above = NULL;
      LifecycleScope *scope;

      lifecycle_ledger_lock (ledger);
      scope = ledger->scope;
      if (scope != NULL)
        {
          g_ptr_array_add (names, lifecycle_scope_dup_quoted_name (scope));
          if (scope->owner != NULL)
            above = lifecycle_ledger_hold_memory (scope->owner);
        }
      lifecycle_ledger_unlock (ledger);

      lifecycle_ledger_release_memory (ledger);
      ledger = above;
    }

  return lifecycle_path_join (names);
}

/**
 * lifecycle_scope_get_path:
 * @self: a scope
 *
 * Gets the names from the root down to the scope, joined by slashes, for reports.
 *
 * A scope without a name appears as `unnamed`. Names are quoted, so that a slash always separates
 * names, and a path is always a single line; see [property@Scope:name]. The path of a closed scope
 * stays the same as long as its parents are alive. May be called on any thread.
 *
 * Returns: (transfer full): the path
 *
 * Since: 1.0
 */
char *
lifecycle_scope_get_path (LifecycleScope *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (self), NULL);

  return lifecycle_ledger_dup_path (self->owner, lifecycle_scope_dup_quoted_name (self));
}
