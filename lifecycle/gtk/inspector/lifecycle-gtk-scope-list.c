/* lifecycle-gtk-scope-list.c: list models of the scopes below a scope
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gtk-scope-list-private.h"

/* A list of scopes that follows what happens: when it is given a newer forest, it tells only what
 * has changed, so that views keep their rows, their selection and what is expanded. It holds keys,
 * and creates a node only for what is looked at.
 */

/* With more separate changes than this, one change covers them all. */
#define MAX_CHANGES 64

/* A tree view asks a row only once whether it can be expanded. So a scope that gets its first child
 * or loses its last one has to become another row.
 */
typedef struct
{
  gsize                  key;   /* the identity of the scope, plus 1 if it has children */
  guint                  index;
  LifecycleGtkScopeNode *node;  /* not a reference; NULL until it is asked for */
} Slot;

struct _LifecycleGtkScopeList
{
  GObject                  parent_instance;

  LifecycleGtkScopeForest *forest;
  LifecycleGtkScopeNode   *parent;      /* NULL for the scopes without a parent */
  GArray                  *slots;
};

G_DEFINE_FINAL_TYPE (LifecycleGtkScopeNode, lifecycle_gtk_scope_node, G_TYPE_OBJECT)

static void scope_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LifecycleGtkScopeList, lifecycle_gtk_scope_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, scope_list_model_init))

static inline Slot *
list_get_slot (LifecycleGtkScopeList *self,
               guint                  position)
{
  return &g_array_index (self->slots, Slot, position);
}

static void
lifecycle_gtk_scope_node_finalize (GObject *object)
{
  LifecycleGtkScopeNode *self = LIFECYCLE_GTK_SCOPE_NODE (object);

  if (self->list != NULL)
    list_get_slot (LIFECYCLE_GTK_SCOPE_LIST (self->list), self->position)->node = NULL;
  lifecycle_gtk_scope_forest_unref (self->forest);

  G_OBJECT_CLASS (lifecycle_gtk_scope_node_parent_class)->finalize (object);
}

static void
lifecycle_gtk_scope_node_class_init (LifecycleGtkScopeNodeClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = lifecycle_gtk_scope_node_finalize;
}

static void
lifecycle_gtk_scope_node_init (LifecycleGtkScopeNode *self)
{
}

static void
node_set_forest (LifecycleGtkScopeNode   *self,
                 LifecycleGtkScopeForest *forest,
                 guint                    index)
{
  g_clear_pointer (&self->forest, lifecycle_gtk_scope_forest_unref);
  self->forest = lifecycle_gtk_scope_forest_ref (forest);
  self->index = index;
}

/* The node is no longer in a list, and its scope is gone, or has become another node. */
static void
node_leave (LifecycleGtkScopeNode *self)
{
  self->list = NULL;
  self->index = G_MAXUINT;
}

static GType
scope_list_get_item_type (GListModel *model)
{
  return LIFECYCLE_GTK_TYPE_SCOPE_NODE;
}

static guint
scope_list_get_n_items (GListModel *model)
{
  return LIFECYCLE_GTK_SCOPE_LIST (model)->slots->len;
}

static gpointer
scope_list_get_item (GListModel *model,
                     guint       position)
{
  LifecycleGtkScopeList *self = LIFECYCLE_GTK_SCOPE_LIST (model);
  Slot *slot;

  if (position >= self->slots->len)
    return NULL;

  slot = list_get_slot (self, position);
  if (slot->node != NULL)
    return g_object_ref (slot->node);

  slot->node = g_object_new (LIFECYCLE_GTK_TYPE_SCOPE_NODE, NULL);
  node_set_forest (slot->node, self->forest, slot->index);
  slot->node->list = model;
  slot->node->position = position;

  return slot->node;
}

static void
scope_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = scope_list_get_item_type;
  iface->get_n_items = scope_list_get_n_items;
  iface->get_item = scope_list_get_item;
}

static void
lifecycle_gtk_scope_list_finalize (GObject *object)
{
  LifecycleGtkScopeList *self = LIFECYCLE_GTK_SCOPE_LIST (object);

  for (guint i = 0; i < self->slots->len; i++)
    {
      if (list_get_slot (self, i)->node != NULL)
        node_leave (list_get_slot (self, i)->node);
    }
  g_array_unref (self->slots);
  g_clear_object (&self->parent);
  g_clear_pointer (&self->forest, lifecycle_gtk_scope_forest_unref);

  G_OBJECT_CLASS (lifecycle_gtk_scope_list_parent_class)->finalize (object);
}

static void
lifecycle_gtk_scope_list_class_init (LifecycleGtkScopeListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = lifecycle_gtk_scope_list_finalize;
}

static void
lifecycle_gtk_scope_list_init (LifecycleGtkScopeList *self)
{
  self->slots = g_array_new (FALSE, FALSE, sizeof (Slot));
}

/* Returns the slots that the list should have, in the order of the forest. */
static GArray *
list_get_wanted (LifecycleGtkScopeList   *self,
                 LifecycleGtkScopeForest *forest)
{
  GArray *wanted = g_array_new (FALSE, FALSE, sizeof (Slot));
  const guint *children;
  guint n_children;

  if (self->parent != NULL && self->parent->index == G_MAXUINT)
    return wanted;

  children = lifecycle_gtk_scope_forest_get_children (
    forest, self->parent != NULL ? self->parent->index : G_MAXUINT, &n_children);
  g_array_set_size (wanted, n_children);
  for (guint i = 0; i < n_children; i++)
    {
      Slot *slot = &g_array_index (wanted, Slot, i);
      guint n_below;

      lifecycle_gtk_scope_forest_get_children (forest, children[i], &n_below);
      slot->index = children[i];
      slot->key = lifecycle_outline_get_identity (forest->outline, children[i]) + (n_below > 0);
      slot->node = NULL;
    }

  return wanted;
}

/* Returns a map from the keys of some slots to their positions plus 1. */
static GHashTable *
map_keys (GArray *slots,
          guint   from,
          guint   to)
{
  GHashTable *map = g_hash_table_new (NULL, NULL);

  for (guint i = from; i < to; i++)
    g_hash_table_insert (map, (gpointer) g_array_index (slots, Slot, i).key, GUINT_TO_POINTER (i + 1));

  return map;
}

/* Puts the wanted slots in the order in which the list has them, and new ones at the end. */
static GArray *
keep_order (LifecycleGtkScopeList *self,
            GArray                *wanted)
{
  g_autoptr (GHashTable) map = map_keys (wanted, 0, wanted->len);
  GArray *ordered = g_array_sized_new (FALSE, FALSE, sizeof (Slot), wanted->len);

  for (guint i = 0; i < self->slots->len; i++)
    {
      gpointer key = (gpointer) list_get_slot (self, i)->key;
      guint position = GPOINTER_TO_UINT (g_hash_table_lookup (map, key));

      if (position > 0)
        {
          g_array_append_val (ordered, g_array_index (wanted, Slot, position - 1));
          g_hash_table_remove (map, key);
        }
    }
  for (guint i = 0; i < wanted->len; i++)
    {
      if (g_hash_table_contains (map, (gpointer) g_array_index (wanted, Slot, i).key))
        g_array_append_val (ordered, g_array_index (wanted, Slot, i));
    }
  g_array_unref (wanted);

  return ordered;
}

/* Replaces `n_removed` slots at `position` by `n_added` of the wanted ones, and tells of it. */
static void
list_splice (LifecycleGtkScopeList *self,
             guint                  position,
             guint                  n_removed,
             GArray                *wanted,
             guint                  from,
             guint                  n_added)
{
  if (n_removed == 0 && n_added == 0)
    return;

  for (guint i = 0; i < n_removed; i++)
    {
      if (list_get_slot (self, position + i)->node != NULL)
        node_leave (list_get_slot (self, position + i)->node);
    }
  g_array_remove_range (self->slots, position, n_removed);
  if (n_added > 0)
    g_array_insert_vals (self->slots, position, &g_array_index (wanted, Slot, from), n_added);
  for (guint i = position; i < self->slots->len; i++)
    {
      if (list_get_slot (self, i)->node != NULL)
        list_get_slot (self, i)->node->position = i;
    }

  g_list_model_items_changed (G_LIST_MODEL (self), position, n_removed, n_added);
}

/* The slot is this scope now, or one that is about to be removed, if the index is G_MAXUINT. */
static void
list_set_index (LifecycleGtkScopeList *self,
                guint                  position,
                guint                  index)
{
  Slot *slot = list_get_slot (self, position);

  slot->index = index;
  if (slot->node != NULL)
    node_set_forest (slot->node, self->forest, index);
}

/* Makes the list what is wanted. All nodes are up to date before the first change is told. */
static void
list_change (LifecycleGtkScopeList *self,
             GArray                *wanted)
{
  guint first = 0, old_end = self->slots->len, new_end = wanted->len;
  g_autoptr (GHashTable) old_keys = NULL, new_keys = NULL;
  guint n_changes = 0, i, j;

#define OLD(position) (list_get_slot (self, (position))->key)
#define NEW(position) (g_array_index (wanted, Slot, (position)).key)
#define INDEX(position) (g_array_index (wanted, Slot, (position)).index)
  for (; first < old_end && first < new_end && OLD (first) == NEW (first); first++)
    list_set_index (self, first, INDEX (first));
  for (; old_end > first && new_end > first && OLD (old_end - 1) == NEW (new_end - 1); new_end--)
    {
      old_end--;
      list_set_index (self, old_end, INDEX (new_end - 1));
    }

  old_keys = map_keys (self->slots, first, old_end);
  new_keys = map_keys (wanted, first, new_end);
  for (i = first; i < old_end; i++)
    {
      guint position = GPOINTER_TO_UINT (g_hash_table_lookup (new_keys, (gpointer) OLD (i)));

      list_set_index (self, i, position > 0 ? INDEX (position - 1) : G_MAXUINT);
    }

  for (i = j = first; i < old_end || j < new_end;)
    {
      guint n_removed = 0, n_added = 0;

      if (i < old_end && j < new_end && OLD (i) == NEW (j))
        {
          i++, j++;
          continue;
        }

      while (i + n_removed < old_end &&
             !g_hash_table_contains (new_keys, (gpointer) OLD (i + n_removed)))
        n_removed++;
      while (j + n_added < new_end &&
             !g_hash_table_contains (old_keys, (gpointer) NEW (j + n_added)))
        n_added++;
      /* The rest has another order, or there are too many changes. */
      if ((n_removed == 0 && n_added == 0) || ++n_changes > MAX_CHANGES)
        {
          n_removed = old_end - i;
          n_added = new_end - j;
        }

      list_splice (self, i, n_removed, wanted, j, n_added);
      old_end += n_added - n_removed;
      i += n_added;
      j += n_added;
    }
#undef OLD
#undef NEW
#undef INDEX
}

/* Updates the list, and then tells of the changes. `keep` is for lists that somebody has sorted: an
 * order that follows every count would never hold still.
 */
void
lifecycle_gtk_scope_list_update (LifecycleGtkScopeList   *self,
                                 LifecycleGtkScopeForest *forest,
                                 gboolean                 keep)
{
  g_autoptr (GArray) wanted = list_get_wanted (self, forest);

  if (keep)
    wanted = keep_order (self, g_steal_pointer (&wanted));

  g_clear_pointer (&self->forest, lifecycle_gtk_scope_forest_unref);
  self->forest = lifecycle_gtk_scope_forest_ref (forest);
  list_change (self, wanted);
}

/* Returns the list of the children of `parent`, or of the scopes without a parent. */
LifecycleGtkScopeList *
lifecycle_gtk_scope_list_new (LifecycleGtkScopeForest *forest,
                              LifecycleGtkScopeNode   *parent)
{
  LifecycleGtkScopeList *self = g_object_new (LIFECYCLE_GTK_TYPE_SCOPE_LIST, NULL);

  if (parent != NULL)
    self->parent = g_object_ref (parent);
  lifecycle_gtk_scope_list_update (self, forest, FALSE);

  return self;
}

/* Returns the position of a scope, or G_MAXUINT. */
guint
lifecycle_gtk_scope_list_find (LifecycleGtkScopeList *self,
                               gsize                  identity)
{
  for (guint i = 0; i < self->slots->len; i++)
    {
      if ((list_get_slot (self, i)->key & ~(gsize) 1) == identity)
        return i;
    }

  return G_MAXUINT;
}
