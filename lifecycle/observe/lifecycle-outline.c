/* lifecycle-outline.c: the tree of all scopes at one moment
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-describe-private.h"
#include "lifecycle-home-private.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-outline.h"
#include "lifecycle-walk-private.h"

/**
 * LifecycleOutline:
 *
 * The tree of all scopes of the process, as it was at one moment.
 *
 * An outline is for tools that show what there is. It holds no references: it keeps no scope open,
 * and it does not change which reference of a scope is the last. Scopes have an index from 0 to
 * [method@Outline.get_n_scopes], and parents come before their children. Where there is no scope,
 * the index is %G_MAXUINT.
 *
 * ```c
 * static void
 * print_scopes (LifecycleOutline *outline,
 *               guint             index,
 *               int               depth)
 * {
 *   for (; index != G_MAXUINT; index = lifecycle_outline_get_next (outline, index))
 *     {
 *       const char *name = lifecycle_outline_get_name (outline, index);
 *
 *       g_print ("%*s%s: %u\n", depth, "", name != NULL ? name : "unnamed",
 *                lifecycle_outline_get_n_entries (outline, index, TRUE));
 *       print_scopes (outline, lifecycle_outline_get_first_child (outline, index), depth + 2);
 *     }
 * }
 *
 * g_autoptr (LifecycleOutline) outline = lifecycle_outline_new ();
 *
 * print_scopes (outline, lifecycle_outline_get_first_child (outline, G_MAXUINT), 0);
 * ```
 *
 * An outline never changes. It may be created and used on any thread, and by several threads at
 * once.
 *
 * Since: 1.0
 */

typedef struct
{
  LifecycleLedger *ledger;      /* its memory is held */
  const char      *name;        /* in the chunk, or NULL */
  const char      *place;       /* never freed, or NULL */
  GType            object_type;
  guint            look;        /* see lifecycle_modules_get_look() */
  guint32          added;       /* see lifecycle_entry_clock() */
  guint            parent;
  guint            first_child;
  guint            next;
  guint            n_children;
  guint            n_entries;
  guint            n_below;     /* entries of the scope and of all scopes below it */
  guint            live[LIFECYCLE_N_KINDS];
  guint8           state;
} OutlineScope;

struct _LifecycleOutline
{
  gint          refs;
  guint32       taken;
  guint         first;          /* the first scope without a parent */
  guint         n_roots;
  GArray       *scopes;         /* of OutlineScope */
  GStringChunk *names;
};

G_DEFINE_BOXED_TYPE (LifecycleOutline, lifecycle_outline,
                     lifecycle_outline_ref, lifecycle_outline_unref)

static void
outline_scope_clear (gpointer data)
{
  lifecycle_ledger_release_memory (((OutlineScope *) data)->ledger);
}

/* The ledger is locked, which protects its scope. An object that a scope follows is valid while the
 * scope is open: before the object is finalized, the scope leaves that state under this lock.
 */
static void
outline_scope_init (OutlineScope     *self,
                    LifecycleOutline *outline,
                    LifecycleLedger  *ledger)
{
  LifecycleScope *scope = ledger->scope;
  LifecycleTally *tally = &lifecycle_ledger_get_holdings (ledger)->tally;

  self->ledger = lifecycle_ledger_hold_memory (ledger);
  self->first_child = self->next = self->parent = G_MAXUINT;
  self->added = scope->as_child.added;
  self->place = scope->as_child.name;
  self->look = lifecycle_modules_get_look (&scope->as_child);
  self->state = (guint8) g_atomic_int_get (&scope->state);
  if (scope->key.name != NULL)
    self->name = g_string_chunk_insert_const (outline->names, scope->key.name);
  if (scope->key.object != NULL && self->state == LIFECYCLE_STATE_OPEN)
    self->object_type = G_OBJECT_TYPE (scope->key.object);

  for (guint kind = 0; kind < LIFECYCLE_N_KINDS; kind++)
    {
      LifecycleTallyRow row;

      lifecycle_tally_get (tally, kind, &row);
      self->live[kind] = (guint) (row.added - row.released - row.retired);
      self->n_entries += self->live[kind];
    }
  self->n_below = self->n_entries;
}

/* Links parents and children. A walk comes to parents before their children, and to the children of
 * a scope from the youngest to the oldest, but to scopes without a parent from the oldest to the
 * youngest.
 */
static void
outline_link (LifecycleOutline *self)
{
  OutlineScope *scopes = (OutlineScope *) (gpointer) self->scopes->data;

  self->first = G_MAXUINT;
  for (guint i = self->scopes->len; i-- > 0;)
    {
      OutlineScope *parent = scopes[i].parent != G_MAXUINT ? &scopes[scopes[i].parent] : NULL;

      if (parent == NULL)
        {
          scopes[i].next = self->first;
          self->first = i;
          self->n_roots++;
        }
      else
        {
          parent->n_below += scopes[i].n_below;
          parent->n_children++;
        }
    }

  for (guint i = 0; i < self->scopes->len; i++)
    {
      OutlineScope *parent = scopes[i].parent != G_MAXUINT ? &scopes[scopes[i].parent] : NULL;

      if (parent != NULL)
        {
          scopes[i].next = parent->first_child;
          parent->first_child = i;
        }
    }
}

/**
 * lifecycle_outline_new:
 *
 * Takes an outline of all scopes that are open or closing.
 *
 * The cost grows with the number of scopes, not with the number of their entries. May be called on
 * any thread: a program with very many scopes can leave it to a worker.
 *
 * Returns: (transfer full): the outline
 *
 * Since: 1.0
 */
LifecycleOutline *
lifecycle_outline_new (void)
{
  LifecycleOutline *self = g_new0 (LifecycleOutline, 1);
  g_autoptr (LifecyclePlaces) places = lifecycle_places_new ();
  g_autoptr (GArray) indices = g_array_new (FALSE, FALSE, sizeof (guint));
  LifecycleWalk walk;
  LifecycleLedger *ledger;

  self->refs = 1;
  self->taken = lifecycle_entry_clock ();
  self->names = g_string_chunk_new (4096);
  self->scopes = g_array_new (FALSE, TRUE, sizeof (OutlineScope));
  g_array_set_clear_func (self->scopes, outline_scope_clear);

  lifecycle_walk_init_all (&walk, NULL);
  while ((ledger = lifecycle_walk_next (&walk)) != NULL)
    {
      guint step = walk.n_done, above = g_array_index (walk.steps, LifecycleStep, step).above;
      guint index = G_MAXUINT;

      /* A scope that has closed meanwhile is left out. Its children have closed, too. */
      if (ledger->scope != NULL && !lifecycle_scope_is_closed (ledger->scope))
        {
          OutlineScope scope = { NULL, };

          outline_scope_init (&scope, self, ledger);
          if (above != step)
            scope.parent = g_array_index (indices, guint, above);
          index = self->scopes->len;
          g_array_append_val (self->scopes, scope);
        }
      g_array_append_val (indices, index);
      lifecycle_walk_go_on (&walk);
    }
  lifecycle_walk_clear (&walk);

  for (guint i = 0; i < self->scopes->len; i++)
    {
      OutlineScope *scope = &g_array_index (self->scopes, OutlineScope, i);

      scope->place = lifecycle_places_resolve (places, scope->place, scope->look);
    }
  outline_link (self);

  return self;
}

/**
 * lifecycle_outline_ref:
 * @self: an outline
 *
 * Takes a reference.
 *
 * Returns: (transfer full): the outline
 *
 * Since: 1.0
 */
LifecycleOutline *
lifecycle_outline_ref (LifecycleOutline *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_int_inc (&self->refs);

  return self;
}

/**
 * lifecycle_outline_unref:
 * @self: (transfer full): an outline
 *
 * Drops a reference.
 *
 * Since: 1.0
 */
void
lifecycle_outline_unref (LifecycleOutline *self)
{
  g_return_if_fail (self != NULL);

  if (g_atomic_int_dec_and_test (&self->refs))
    {
      g_array_unref (self->scopes);
      g_string_chunk_free (self->names);
      g_free (self);
    }
}

/* Returns NULL if there is no such scope, which is a mistake of the caller. */
static inline OutlineScope *
outline_get (LifecycleOutline *self,
             guint             index)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (index < self->scopes->len, NULL);

  return &g_array_index (self->scopes, OutlineScope, index);
}

/**
 * lifecycle_outline_get_n_scopes:
 * @self: an outline
 *
 * Gets the number of scopes.
 *
 * Returns: the number of scopes
 *
 * Since: 1.0
 */
guint
lifecycle_outline_get_n_scopes (LifecycleOutline *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->scopes->len;
}

/**
 * lifecycle_outline_get_parent:
 * @self: an outline
 * @index: the index of a scope
 *
 * Gets the parent of a scope.
 *
 * Returns: the index of the parent, or %G_MAXUINT if the scope has none
 *
 * Since: 1.0
 */
guint
lifecycle_outline_get_parent (LifecycleOutline *self,
                              guint             index)
{
  OutlineScope *scope = outline_get (self, index);

  return scope != NULL ? scope->parent : G_MAXUINT;
}

/**
 * lifecycle_outline_get_first_child:
 * @self: an outline
 * @index: the index of a scope, or %G_MAXUINT
 *
 * Gets the oldest child of a scope or, if @index is %G_MAXUINT, the oldest scope without a parent.
 *
 * Returns: the index of that scope, or %G_MAXUINT if there is none
 *
 * Since: 1.0
 */
guint
lifecycle_outline_get_first_child (LifecycleOutline *self,
                                   guint             index)
{
  OutlineScope *scope;

  g_return_val_if_fail (self != NULL, G_MAXUINT);

  if (index == G_MAXUINT)
    return self->first;

  scope = outline_get (self, index);

  return scope != NULL ? scope->first_child : G_MAXUINT;
}

/**
 * lifecycle_outline_get_next:
 * @self: an outline
 * @index: the index of a scope
 *
 * Gets the next younger scope with the same parent.
 *
 * Returns: the index of that scope, or %G_MAXUINT if there is none
 *
 * Since: 1.0
 */
guint
lifecycle_outline_get_next (LifecycleOutline *self,
                            guint             index)
{
  OutlineScope *scope = outline_get (self, index);

  return scope != NULL ? scope->next : G_MAXUINT;
}

/**
 * lifecycle_outline_get_n_children:
 * @self: an outline
 * @index: the index of a scope, or %G_MAXUINT
 *
 * Gets the number of children of a scope or, if @index is %G_MAXUINT, of scopes without a parent.
 *
 * Returns: the number of children
 *
 * Since: 1.0
 */
guint
lifecycle_outline_get_n_children (LifecycleOutline *self,
                                  guint             index)
{
  OutlineScope *scope;

  g_return_val_if_fail (self != NULL, 0);

  if (index == G_MAXUINT)
    return self->n_roots;

  scope = outline_get (self, index);

  return scope != NULL ? scope->n_children : 0;
}

/**
 * lifecycle_outline_get_identity:
 * @self: an outline
 * @index: the index of a scope
 *
 * Gets a number by which the scope is found in another outline.
 *
 * The number belongs to what the scope owns, and goes along when that is moved to another scope. No
 * other scope has it as long as this outline exists: to compare two outlines, keep the older one
 * until the newer one has been taken.
 *
 * Returns: the number, which is never 0
 *
 * Since: 1.0
 */
gsize
lifecycle_outline_get_identity (LifecycleOutline *self,
                                guint             index)
{
  OutlineScope *scope = outline_get (self, index);

  return scope != NULL ? (gsize) scope->ledger : 0;
}

/**
 * lifecycle_outline_get_name:
 * @self: an outline
 * @index: the index of a scope
 *
 * Gets the name of a scope.
 *
 * Returns: (transfer none) (nullable): the name, or %NULL if it has none
 *
 * Since: 1.0
 */
const char *
lifecycle_outline_get_name (LifecycleOutline *self,
                            guint             index)
{
  OutlineScope *scope = outline_get (self, index);

  return scope != NULL ? scope->name : NULL;
}

/**
 * lifecycle_outline_get_place:
 * @self: an outline
 * @index: the index of a scope
 *
 * Gets where a scope was created, as `file:line`; see [method@Record.get_place].
 *
 * Returns: (transfer none) (nullable): the place, or %NULL if it is not known
 *
 * Since: 1.0
 */
const char *
lifecycle_outline_get_place (LifecycleOutline *self,
                             guint             index)
{
  OutlineScope *scope = outline_get (self, index);

  return scope != NULL ? scope->place : NULL;
}

/**
 * lifecycle_outline_get_object_type:
 * @self: an outline
 * @index: the index of a scope
 *
 * Gets the type of the object that a scope was made for, by [func@Scope.of] or
 * [method@Scope.get_child_for].
 *
 * Returns: the type, or %G_TYPE_INVALID if there is no such object
 *
 * Since: 1.0
 */
GType
lifecycle_outline_get_object_type (LifecycleOutline *self,
                                   guint             index)
{
  OutlineScope *scope = outline_get (self, index);

  return scope != NULL ? scope->object_type : G_TYPE_INVALID;
}

/**
 * lifecycle_outline_get_state:
 * @self: an outline
 * @index: the index of a scope
 *
 * Gets whether a scope was open or closing.
 *
 * Returns: the state
 *
 * Since: 1.0
 */
LifecycleState
lifecycle_outline_get_state (LifecycleOutline *self,
                             guint             index)
{
  OutlineScope *scope = outline_get (self, index);

  return scope != NULL ? (LifecycleState) scope->state : LIFECYCLE_STATE_CLOSED;
}

/**
 * lifecycle_outline_get_age:
 * @self: an outline
 * @index: the index of a scope
 *
 * Gets how long ago a scope had been created when the outline was taken, to a tenth of a second.
 *
 * Returns: the age, in milliseconds
 *
 * Since: 1.0
 */
gint64
lifecycle_outline_get_age (LifecycleOutline *self,
                           guint             index)
{
  OutlineScope *scope = outline_get (self, index);
  gint32 age = scope != NULL ? (gint32) (self->taken - scope->added) : 0;

  /* The difference is negative if the scope was created while the outline was taken. */
  return age > 0 ? (gint64) age * 100 : 0;
}

/**
 * lifecycle_outline_get_live:
 * @self: an outline
 * @index: the index of a scope
 * @kind: a kind
 *
 * Gets the number of entries of a kind that a scope owned, without those of its children.
 *
 * Returns: the number of entries
 *
 * Since: 1.0
 */
guint
lifecycle_outline_get_live (LifecycleOutline *self,
                            guint             index,
                            LifecycleKind     kind)
{
  OutlineScope *scope = outline_get (self, index);

  g_return_val_if_fail ((guint) kind < LIFECYCLE_N_KINDS, 0);

  return scope != NULL ? scope->live[kind] : 0;
}

/**
 * lifecycle_outline_get_n_entries:
 * @self: an outline
 * @index: the index of a scope
 * @recursive: whether to include the entries of the scopes below
 *
 * Gets the number of entries that a scope owned. Children are entries, too.
 *
 * Returns: the number of entries
 *
 * Since: 1.0
 */
guint
lifecycle_outline_get_n_entries (LifecycleOutline *self,
                                 guint             index,
                                 gboolean          recursive)
{
  OutlineScope *scope = outline_get (self, index);

  if (scope == NULL)
    return 0;

  return recursive ? scope->n_below : scope->n_entries;
}

/**
 * lifecycle_outline_ref_scope:
 * @self: an outline
 * @index: the index of a scope
 *
 * Gets a scope, if it still exists.
 *
 * May be called on any thread. Drop the reference soon, and at the home of the scope if possible:
 * while it is held, the scope is not closed by dropping what its owner takes for the last one.
 *
 * Returns: (transfer full) (nullable): the scope, or %NULL if it is gone
 *
 * Since: 1.0
 */
LifecycleScope *
lifecycle_outline_ref_scope (LifecycleOutline *self,
                             guint             index)
{
  OutlineScope *scope = outline_get (self, index);

  return scope != NULL ? lifecycle_ledger_dup_scope (scope->ledger) : NULL;
}

/**
 * lifecycle_outline_ref_object:
 * @self: an outline
 * @index: the index of a scope
 *
 * Gets the object that a scope was made for, if both still exist; see
 * [method@Outline.get_object_type].
 *
 * Call this function at home, which is where the object is expected to be disposed. Elsewhere it
 * returns %NULL.
 *
 * Returns: (transfer full) (nullable): the object, or %NULL if there is none
 *
 * Since: 1.0
 */
GObject *
lifecycle_outline_ref_object (LifecycleOutline *self,
                              guint             index)
{
  g_autoptr (LifecycleScope) scope = lifecycle_outline_ref_scope (self, index);
  GObject *object = NULL;

  if (scope == NULL || !lifecycle_scope_enter_home (scope))
    return NULL;

  /* At home, an open scope cannot lose its object while this runs. */
  if (lifecycle_scope_is_open (scope) && scope->key.object != NULL)
    object = g_object_ref (scope->key.object);
  lifecycle_scope_leave_home (scope);

  return object;
}
