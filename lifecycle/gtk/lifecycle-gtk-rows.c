/* lifecycle-gtk-rows.c: scopes of rows and cells that a factory makes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gtk-rows.h"

/* All rows of a factory are children of one scope, which also owns the handlers and this structure.
 * It closes with the factory, or with the scope of the user. GTK tears down its rows later than
 * that, when the handlers are muted; nothing depends on it, because what belongs to a row ends with
 * the scope of the row.
 */
typedef struct
{
  LifecycleScope       *rows;           /* owns this */
  GHashTable           *items;          /* GtkListItem to Row */
  const char           *place;

  LifecycleGtkBindFunc  setup;
  gpointer              setup_data;
  GDestroyNotify        setup_destroy;
  LifecycleGtkBindFunc  bind;
  gpointer              bind_data;
  GDestroyNotify        bind_destroy;
} Rows;

/* From the first setup or bind of a list item until its teardown. */
typedef struct
{
  Rows           *rows;
  GObject        *item;
  LifecycleScope *life;         /* NULL, or a reference: closes at the teardown */
  LifecycleScope *bound;        /* NULL, or a reference: closes at the unbind */
} Row;

static void row_item_gone (gpointer  data,
                           GObject  *item);

static void
row_free (gpointer data)
{
  Row *self = data;

  g_clear_object (&self->bound);
  g_clear_object (&self->life);
  if (self->item != NULL)
    g_object_weak_unref (self->item, row_item_gone, self);
  g_free (self);
}

static void
close_and_clear (LifecycleScope  **scope,
                 LifecycleReason   reason)
{
  g_autoptr (LifecycleScope) closing = g_steal_pointer (scope);

  if (closing != NULL)
    lifecycle_scope_close_with_reason (closing, reason, NULL);
}

/* Ends a row for good. The close may run code that closes everything, so the row is taken out first. */
static void
row_end (Row             *self,
         LifecycleReason  reason)
{
  g_hash_table_steal (self->rows->items, self->item);
  if (reason == LIFECYCLE_REASON_OWNER_GONE)
    self->item = NULL;
  close_and_clear (&self->bound, reason);
  close_and_clear (&self->life, reason);
  row_free (self);
}

/* A list item that has not been torn down. */
static void
row_item_gone (gpointer  data,
               GObject  *item)
{
  row_end (data, LIFECYCLE_REASON_OWNER_GONE);
}

static Row *
rows_ensure (Rows    *self,
             GObject *item)
{
  Row *row = g_hash_table_lookup (self->items, item);

  if (row == NULL)
    {
      row = g_new0 (Row, 1);
      row->rows = self;
      row->item = item;
      g_object_weak_ref (item, row_item_gone, row);
      g_hash_table_insert (self->items, item, row);
    }

  return row;
}

static void
setup_cb (GtkSignalListItemFactory *factory,
          GObject                  *item,
          gpointer                  data)
{
  Rows *self = data;
  Row *row = rows_ensure (self, item);
  g_autoptr (LifecycleScope) life = lifecycle_scope_new_child_at (self->place, self->rows, "item");

  g_set_object (&row->life, life);
  if (self->setup != NULL)
    self->setup (life, GTK_LIST_ITEM (item), self->setup_data);
}

static void
bind_cb (GtkSignalListItemFactory *factory,
         GObject                  *item,
         gpointer                  data)
{
  Rows *self = data;
  Row *row = rows_ensure (self, item);
  g_autoptr (LifecycleScope) bound = NULL;

  /* Bound without having been unbound. */
  if (row->bound != NULL)
    {
      g_autoptr (LifecycleScope) rows = g_object_ref (self->rows);

      close_and_clear (&row->bound, LIFECYCLE_REASON_REPLACED);
      if (lifecycle_scope_get_state (rows) != LIFECYCLE_STATE_OPEN)
        return;
    }

  bound = lifecycle_scope_new_child_at (self->place, row->life != NULL ? row->life : self->rows,
                                        "row");
  row->bound = g_object_ref (bound);
  if (self->bind != NULL)
    self->bind (bound, GTK_LIST_ITEM (item), self->bind_data);
}

static void
unbind_cb (GtkSignalListItemFactory *factory,
           GObject                  *item,
           gpointer                  data)
{
  Row *row = g_hash_table_lookup (((Rows *) data)->items, item);

  if (row != NULL)
    close_and_clear (&row->bound, LIFECYCLE_REASON_COMPLETED);
}

static void
teardown_cb (GtkSignalListItemFactory *factory,
             GObject                  *item,
             gpointer                  data)
{
  Row *row = g_hash_table_lookup (((Rows *) data)->items, item);

  if (row != NULL)
    row_end (row, LIFECYCLE_REASON_COMPLETED);
}

static void
rows_free (gpointer data)
{
  Rows *self = data;

  g_hash_table_unref (self->items);
  if (self->setup_destroy != NULL)
    self->setup_destroy (self->setup_data);
  if (self->bind_destroy != NULL)
    self->bind_destroy (self->bind_data);
  g_free (self);
}

static gboolean
rows_begin (Rows                     *self,
            LifecycleScope           *scope,
            GtkSignalListItemFactory *factory)
{
  g_autoptr (LifecycleScope) rows = lifecycle_scope_new_child_at (self->place, scope, "rows");

  self->items = g_hash_table_new_full (NULL, NULL, NULL, row_free);
  self->rows = rows;

  /* On a closed scope this frees it at once. */
  if (lifecycle_scope_adopt_at (self->place, rows, self, rows_free) == NULL)
    return FALSE;

  lifecycle_scope_follow_object (rows, G_OBJECT (factory));
  if (self->setup != NULL)
    lifecycle_scope_connect_signal_at (self->place, rows, factory, "setup", G_CALLBACK (setup_cb),
                                       self);
  lifecycle_scope_connect_signal_at (self->place, rows, factory, "bind", G_CALLBACK (bind_cb), self);
  lifecycle_scope_connect_signal_at (self->place, rows, factory, "unbind", G_CALLBACK (unbind_cb),
                                     self);
  lifecycle_scope_connect_signal_at (self->place, rows, factory, "teardown",
                                     G_CALLBACK (teardown_cb), self);

  return TRUE;
}

/**
 * lifecycle_gtk_bind_rows:
 * @scope: a scope
 * @factory: a factory; no reference is held
 * @bind: (scope notified) (closure user_data) (destroy destroy): the function to call when a row is
 *   bound to an item
 * @user_data: data to pass to @bind
 * @destroy: (nullable): a function to free @user_data
 *
 * Gives each row that a factory binds a scope, which closes when the row is unbound.
 *
 * The scope of a row also closes when the row is torn down, when it is bound again without having been
 * unbound, when @factory is disposed, and when @scope closes. After that no row is bound any more.
 * There is nothing to undo in `unbind`, which GTK may emit too late for a window that is closing.
 *
 * This works for all that has a `GtkSignalListItemFactory`: `GtkListView`, `GtkGridView`, the columns
 * of a `GtkColumnView`, and `GtkDropDown`. Children are created in a handler of `setup`, or see
 * [func@new_factory]. It is one entry of @scope.
 *
 * Returns: whether rows will be bound; %FALSE if the scope is closed
 *
 * Since: 1.0
 */
gboolean
lifecycle_gtk_bind_rows_at (const char               *place,
                            LifecycleScope           *scope,
                            GtkSignalListItemFactory *factory,
                            LifecycleGtkBindFunc      bind,
                            gpointer                  user_data,
                            GDestroyNotify            destroy)
{
  Rows *self;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (scope), FALSE);
  g_return_val_if_fail (GTK_IS_SIGNAL_LIST_ITEM_FACTORY (factory), FALSE);
  g_return_val_if_fail (bind != NULL, FALSE);

  self = g_new0 (Rows, 1);
  self->place = place;
  self->bind = bind;
  self->bind_data = user_data;
  self->bind_destroy = destroy;

  return rows_begin (self, scope, factory);
}

/**
 * lifecycle_gtk_new_factory: (skip)
 * @scope: a scope
 * @setup: the function to call when a row is created; it sets the child of the list item
 * @bind: the function to call when a row is bound to an item
 * @user_data: data to pass to both
 * @destroy: (nullable): a function to free @user_data
 *
 * Creates a factory with functions for setup and bind only: what they add to the scopes of the rows
 * ends by itself.
 *
 * The scope that is passed to @setup closes when the row is torn down, and the one that is passed to
 * @bind, its child, when the row is unbound. Otherwise this is [func@bind_rows]. On a closed scope the
 * factory makes empty rows.
 *
 * Returns: (transfer full): a new factory
 *
 * Since: 1.0
 */
GtkListItemFactory *
lifecycle_gtk_new_factory_at (const char           *place,
                              LifecycleScope       *scope,
                              LifecycleGtkBindFunc  setup,
                              LifecycleGtkBindFunc  bind,
                              gpointer              user_data,
                              GDestroyNotify        destroy)
{
  return lifecycle_gtk_new_factory_full_at (place, scope, setup, user_data, NULL, bind, user_data,
                                            destroy);
}

/**
 * lifecycle_gtk_new_factory_full: (rename-to lifecycle_gtk_new_factory)
 * @scope: a scope
 * @setup: (scope notified) (closure setup_data) (destroy setup_destroy): the function to call when a
 *   row is created; it sets the child of the list item
 * @setup_data: data to pass to @setup
 * @setup_destroy: (nullable): a function to free @setup_data
 * @bind: (scope notified) (closure bind_data) (destroy bind_destroy): the function to call when a row
 *   is bound to an item
 * @bind_data: data to pass to @bind
 * @bind_destroy: (nullable): a function to free @bind_data
 *
 * Creates a factory with functions for setup and bind only: what they add to the scopes of the rows
 * ends by itself.
 *
 * The scope that is passed to @setup closes when the row is torn down, and the one that is passed to
 * @bind, its child, when the row is unbound. Otherwise this is [func@bind_rows]. On a closed scope the
 * factory makes empty rows.
 *
 * Returns: (transfer full): a new factory
 *
 * Since: 1.0
 */
GtkListItemFactory *
lifecycle_gtk_new_factory_full_at (const char           *place,
                                   LifecycleScope       *scope,
                                   LifecycleGtkBindFunc  setup,
                                   gpointer              setup_data,
                                   GDestroyNotify        setup_destroy,
                                   LifecycleGtkBindFunc  bind,
                                   gpointer              bind_data,
                                   GDestroyNotify        bind_destroy)
{
  GtkListItemFactory *factory;
  Rows *self;

  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (scope), NULL);
  g_return_val_if_fail (setup != NULL, NULL);
  g_return_val_if_fail (bind != NULL, NULL);

  factory = gtk_signal_list_item_factory_new ();
  self = g_new0 (Rows, 1);
  self->place = place;
  self->setup = setup;
  self->setup_data = setup_data;
  self->setup_destroy = setup_destroy;
  self->bind = bind;
  self->bind_data = bind_data;
  self->bind_destroy = bind_destroy;
  rows_begin (self, scope, GTK_SIGNAL_LIST_ITEM_FACTORY (factory));

  return factory;
}
