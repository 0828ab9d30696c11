/* lifecycle-gtk-boxes.c: scopes of rows that are created from a model
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gtk-rows.h"
#include "lifecycle-gtk-widget.h"

typedef void (* BindModel) (gpointer                   box,
                            GListModel                *model,
                            GtkListBoxCreateWidgetFunc func,
                            gpointer                   data,
                            GDestroyNotify             destroy);

/* Owned by the scope of all rows, and by the box as long as it is bound to the model. */
typedef struct
{
  gint                       refs;
  LifecycleScope            *rows;      /* a reference */
  GPtrArray                 *scopes;    /* a reference or NULL for each item of the model */
  guint                      next;      /* where the row that is created next belongs */
  const char                *place;
  BindModel                  bind_model;
  gboolean                   bound;

  LifecycleGtkCreateRowFunc  func;
  gpointer                   user_data;
  GDestroyNotify             destroy;
} BoxRows;

static void
scope_unref (gpointer scope)
{
  if (scope != NULL)
    g_object_unref (scope);
}

static void
box_rows_unref (gpointer data)
{
  BoxRows *self = data;

  if (--self->refs > 0)
    return;

  g_ptr_array_unref (self->scopes);
  g_object_unref (self->rows);
  if (self->destroy != NULL)
    self->destroy (self->user_data);
  g_free (self);
}

/* This runs before the box removes and creates rows. */
static void
items_changed_cb (GListModel *model,
                  guint       position,
                  guint       n_removed,
                  guint       n_added,
                  gpointer    data)
{
  BoxRows *self = data;
  g_autoptr (GPtrArray) removed = g_ptr_array_new_with_free_func (scope_unref);

  for (guint i = position; i < position + n_removed; i++)
    g_ptr_array_add (removed, g_steal_pointer (&g_ptr_array_index (self->scopes, i)));
  if (n_removed > 0)
    g_ptr_array_remove_range (self->scopes, position, n_removed);
  for (guint i = 0; i < n_added; i++)
    g_ptr_array_insert (self->scopes, position + i, NULL);
  self->next = position;

  for (guint i = removed->len; i-- > 0;)
    {
      if (g_ptr_array_index (removed, i) != NULL)
        lifecycle_scope_close (g_ptr_array_index (removed, i));
    }
}

static GtkWidget *
create_row (gpointer item,
            gpointer data)
{
  BoxRows *self = data;
  g_autoptr (LifecycleScope) row = lifecycle_scope_new_child_at (self->place, self->rows, "row");

  if (self->next < self->scopes->len && g_ptr_array_index (self->scopes, self->next) == NULL)
    g_ptr_array_index (self->scopes, self->next++) = g_object_ref (row);

  return self->func (row, item, self->user_data);
}

/* The box has been bound to another model, or is being disposed. */
static void
box_unbound (gpointer data)
{
  BoxRows *self = data;

  self->bound = FALSE;
  lifecycle_scope_close (self->rows);
  box_rows_unref (self);
}

static void
unbind_box (LifecycleScope   *scope,
            LifecycleReason   reason,
            gpointer          data,
            GError          **error)
{
  gpointer *pair = data;
  BoxRows *self = pair[0];

  if (self->bound)
    self->bind_model (pair[1], NULL, NULL, NULL, NULL);
}

static gboolean
bind_box (const char                *place,
          LifecycleScope            *scope,
          GtkWidget                 *box,
          BindModel                  bind_model,
          GListModel                *model,
          LifecycleGtkCreateRowFunc  func,
          gpointer                   user_data,
          GDestroyNotify             destroy)
{
  g_autoptr (LifecycleScope) rows = lifecycle_scope_new_child_at (place, scope, "rows");
  BoxRows *self;
  gpointer *pair;

  if (lifecycle_scope_get_state (rows) != LIFECYCLE_STATE_OPEN)
    {
      if (destroy != NULL)
        destroy (user_data);
      return FALSE;
    }

  self = g_new0 (BoxRows, 1);
  self->refs = 2;
  self->rows = g_object_ref (rows);
  self->scopes = g_ptr_array_new_with_free_func (scope_unref);
  self->place = place;
  self->bind_model = bind_model;
  self->bound = TRUE;
  self->func = func;
  self->user_data = user_data;
  self->destroy = destroy;
  g_ptr_array_set_size (self->scopes, (gint) g_list_model_get_n_items (model));

  lifecycle_scope_adopt_at (place, rows, self, box_rows_unref);
  lifecycle_scope_follow (rows, lifecycle_gtk_scope_of_at (place, box));
  lifecycle_scope_connect_signal_at (place, rows, model, "items-changed",
                                     G_CALLBACK (items_changed_cb), self);
  pair = g_new (gpointer, 2);
  pair[0] = self;
  pair[1] = box;
  lifecycle_scope_defer_for_at (place, rows, G_OBJECT (box), unbind_box, pair, g_free);
  bind_model (box, model, create_row, self, box_unbound);

  return TRUE;
}

/**
 * lifecycle_gtk_bind_list_box:
 * @scope: a scope
 * @box: a list box; no reference is held
 * @model: a model
 * @func: (scope notified) (closure user_data) (destroy destroy): the function that creates the widget
 *   for an item
 * @user_data: data to pass to @func
 * @destroy: (nullable): a function to free @user_data
 *
 * Binds a list box to a model, until the scope closes, and gives each row a scope.
 *
 * The scope of a row closes when its item is removed from @model, before the box removes the row. All
 * of them close when @scope does, when the dispose of @box begins or its window is destroyed, and when
 * the box is bound to another model. In the end the box is bound to no model, and empty. It is one
 * entry of @scope. On a closed scope nothing is bound, and @destroy is called.
 *
 * Returns: whether the box is bound
 *
 * Since: 1.0
 */
gboolean
lifecycle_gtk_bind_list_box_at (const char                *place,
                                LifecycleScope            *scope,
                                GtkListBox                *box,
                                GListModel                *model,
                                LifecycleGtkCreateRowFunc  func,
                                gpointer                   user_data,
                                GDestroyNotify             destroy)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (scope), FALSE);
  g_return_val_if_fail (GTK_IS_LIST_BOX (box), FALSE);
  g_return_val_if_fail (G_IS_LIST_MODEL (model), FALSE);
  g_return_val_if_fail (func != NULL, FALSE);

  return bind_box (place, scope, GTK_WIDGET (box), (BindModel) (GCallback) gtk_list_box_bind_model,
                   model, func, user_data, destroy);
}

/**
 * lifecycle_gtk_bind_flow_box:
 * @scope: a scope
 * @box: a flow box; no reference is held
 * @model: a model
 * @func: (scope notified) (closure user_data) (destroy destroy): the function that creates the widget
 *   for an item
 * @user_data: data to pass to @func
 * @destroy: (nullable): a function to free @user_data
 *
 * Binds a flow box to a model, until the scope closes, and gives each child a scope.
 *
 * This is [func@bind_list_box] for flow boxes.
 *
 * Returns: whether the box is bound
 *
 * Since: 1.0
 */
gboolean
lifecycle_gtk_bind_flow_box_at (const char                *place,
                                LifecycleScope            *scope,
                                GtkFlowBox                *box,
                                GListModel                *model,
                                LifecycleGtkCreateRowFunc  func,
                                gpointer                   user_data,
                                GDestroyNotify             destroy)
{
  g_return_val_if_fail (LIFECYCLE_IS_SCOPE (scope), FALSE);
  g_return_val_if_fail (GTK_IS_FLOW_BOX (box), FALSE);
  g_return_val_if_fail (G_IS_LIST_MODEL (model), FALSE);
  g_return_val_if_fail (func != NULL, FALSE);

  return bind_box (place, scope, GTK_WIDGET (box), (BindModel) (GCallback) gtk_flow_box_bind_model,
                   model, func, user_data, destroy);
}
