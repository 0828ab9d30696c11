/* lifecycle-gtk-scope-view.c: the tree of scopes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gtk-scope-view-private.h"

#include "lifecycle-gtk-cells-private.h"
#include "lifecycle-gtk-scope-list-private.h"

/* Up to this number, all rows are expanded; more of them if they are what a filter has left. */
#define MAX_EXPANDED          100
#define MAX_EXPANDED_FILTERED 2000

struct _LifecycleGtkScopeView
{
  GtkWidget                parent_instance;

  GtkWidget               *scroller;
  GtkColumnView           *view;
  GtkSingleSelection      *selection;
  GtkTreeListModel        *tree;

  LifecycleGtkScopeForest *forest;
  GPtrArray               *lists;       /* all that there are, not references */
  gsize                    selected;    /* the identity of a scope, or 0 */
  gboolean                 updating;
  guint                    tick;        /* waits to scroll, or 0 */
  guint                    n_frames;    /* since there is something to scroll to */

  /* What the headers of the columns say. */
  LifecycleGtkSort         sort;
  gboolean                 descending;
  LifecycleGtkSort         asked;
};

enum
{
  SIGNAL_SELECTED,
  SIGNAL_SORTED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (LifecycleGtkScopeView, lifecycle_gtk_scope_view, GTK_TYPE_WIDGET)

static inline gboolean
node_is_there (LifecycleGtkScopeNode *node)
{
  return node->index != G_MAXUINT;
}

static char *
get_name (gpointer item)
{
  LifecycleGtkScopeNode *node = item;
  const char *name;

  if (!node_is_there (node))
    return NULL;

  name = lifecycle_outline_get_name (node->forest->outline, node->index);

  return g_strdup (name != NULL && *name != '\0' ? name : "(unnamed)");
}

static char *
get_kind (gpointer item)
{
  LifecycleGtkScopeNode *node = item;

  return node_is_there (node)
    ? g_strdup (lifecycle_gtk_scope_forest_get_kind (node->forest, node->index))
    : NULL;
}

static char *
get_age (gpointer item)
{
  LifecycleGtkScopeNode *node = item;

  return node_is_there (node)
    ? lifecycle_gtk_format_age (lifecycle_outline_get_age (node->forest->outline, node->index))
    : NULL;
}

static char *
get_entries (gpointer item)
{
  LifecycleGtkScopeNode *node = item;

  return node_is_there (node)
    ? g_strdup_printf ("%u", lifecycle_outline_get_n_entries (node->forest->outline, node->index, FALSE))
    : NULL;
}

static char *
get_total (gpointer item)
{
  LifecycleGtkScopeNode *node = item;

  return node_is_there (node)
    ? g_strdup_printf ("%u", lifecycle_outline_get_n_entries (node->forest->outline, node->index, TRUE))
    : NULL;
}

static char *
get_place (gpointer item)
{
  LifecycleGtkScopeNode *node = item;

  return node_is_there (node)
    ? lifecycle_gtk_format_place (lifecycle_outline_get_place (node->forest->outline, node->index))
    : NULL;
}

static void
list_gone_cb (gpointer  data,
              GObject  *list)
{
  g_ptr_array_remove (data, list);
}

static LifecycleGtkScopeList *
view_new_list (LifecycleGtkScopeView *self,
               LifecycleGtkScopeNode *parent)
{
  LifecycleGtkScopeList *list = lifecycle_gtk_scope_list_new (self->forest, parent);

  g_ptr_array_add (self->lists, list);
  g_object_weak_ref (G_OBJECT (list), list_gone_cb, self->lists);

  return list;
}

static GListModel *
create_list_cb (gpointer item,
                gpointer data)
{
  LifecycleGtkScopeView *self = data;
  LifecycleGtkScopeNode *node = item;
  guint n_children;

  if (!node_is_there (node) || node->forest != self->forest)
    return NULL;

  lifecycle_gtk_scope_forest_get_children (self->forest, node->index, &n_children);

  return n_children > 0 ? G_LIST_MODEL (view_new_list (self, node)) : NULL;
}

static void
view_rebuild (LifecycleGtkScopeView *self,
              gboolean               expand)
{
  GListModel *roots = G_LIST_MODEL (view_new_list (self, NULL));

  g_clear_object (&self->tree);
  self->tree = gtk_tree_list_model_new (roots, FALSE, expand, create_list_cb, self, NULL);
  gtk_single_selection_set_model (self->selection, G_LIST_MODEL (self->tree));
}

/* The lists above come first. One that is no longer in the tree may go while others are updated. */
static void
view_update (LifecycleGtkScopeView *self)
{
  g_autoptr (GPtrArray) lists = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < self->lists->len; i++)
    g_ptr_array_add (lists, g_object_ref (g_ptr_array_index (self->lists, i)));
  for (guint i = 0; i < lists->len; i++)
    lifecycle_gtk_scope_list_update (g_ptr_array_index (lists, i), self->forest,
                                     self->sort != LIFECYCLE_GTK_SORT_BIRTH);
}

/* Returns the row of a scope, and expands the rows above it. */
static GtkTreeListRow *
view_dup_row (LifecycleGtkScopeView *self,
              guint                  index)
{
  g_autoptr (GtkTreeListRow) above = NULL;
  g_autoptr (GListModel) list = NULL;
  guint parent = lifecycle_outline_get_parent (self->forest->outline, index);
  guint position;

  if (parent != G_MAXUINT)
    {
      above = view_dup_row (self, parent);
      if (above == NULL)
        return NULL;
      gtk_tree_list_row_set_expanded (above, TRUE);
      list = gtk_tree_list_row_get_children (above);
      if (list != NULL)
        g_object_ref (list);
    }
  else
    {
      list = g_object_ref (gtk_tree_list_model_get_model (self->tree));
    }

  if (list == NULL)
    return NULL;
  position = lifecycle_gtk_scope_list_find (LIFECYCLE_GTK_SCOPE_LIST (list),
                                            lifecycle_outline_get_identity (self->forest->outline,
                                                                            index));
  if (position == G_MAXUINT)
    return NULL;

  return above != NULL ? gtk_tree_list_row_get_child_row (above, position)
                       : gtk_tree_list_model_get_child_row (self->tree, position);
}

/* GTK warns if a row is to be scrolled to that it has not measured yet, so a frame is drawn first. */
static gboolean
scroll_cb (GtkWidget     *widget,
           GdkFrameClock *clock,
           gpointer       data)
{
  LifecycleGtkScopeView *self = LIFECYCLE_GTK_SCOPE_VIEW (widget);
  guint position = gtk_single_selection_get_selected (self->selection);

  if (self->n_frames++ < 2)
    return G_SOURCE_CONTINUE;

  self->tick = 0;
  if (position != GTK_INVALID_LIST_POSITION && gtk_widget_get_mapped (widget))
    gtk_widget_activate_action (GTK_WIDGET (self->view), "list.scroll-to-item", "u", position);

  return G_SOURCE_REMOVE;
}

static gboolean
view_select (LifecycleGtkScopeView *self,
             guint                  index,
             gboolean               scroll)
{
  g_autoptr (GtkTreeListRow) row = view_dup_row (self, index);

  if (row == NULL)
    return FALSE;

  gtk_single_selection_set_selected (self->selection, gtk_tree_list_row_get_position (row));
  self->n_frames = 0;
  if (scroll && self->tick == 0)
    self->tick = gtk_widget_add_tick_callback (GTK_WIDGET (self), scroll_cb, NULL, NULL);

  return TRUE;
}

static void
selected_cb (LifecycleGtkScopeView *self)
{
  LifecycleGtkScopeForest *forest;
  guint index;

  if (self->updating)
    return;

  forest = lifecycle_gtk_scope_view_get_selected (self, &index);
  self->selected = forest != NULL ? lifecycle_outline_get_identity (forest->outline, index) : 0;
  g_signal_emit (self, signals[SIGNAL_SELECTED], 0);
}

static void
activate_cb (LifecycleGtkScopeView *self,
             guint                  position)
{
  g_autoptr (GtkTreeListRow) row = gtk_tree_list_model_get_row (self->tree, position);

  if (row != NULL)
    gtk_tree_list_row_set_expanded (row, !gtk_tree_list_row_get_expanded (row));
}

/* GtkColumnView does not tell by which column it sorts, but it asks the sorter of that one first. */
static int
ask_cb (gconstpointer a,
        gconstpointer b,
        gpointer      data)
{
  LifecycleGtkScopeView *self = g_object_get_data (data, "view");

  self->asked = GPOINTER_TO_UINT (g_object_get_data (data, "sort"));

  return -1;
}

static void
sorted_cb (LifecycleGtkScopeView *self)
{
  GtkSorter *sorter = gtk_column_view_get_sorter (self->view);

  self->asked = LIFECYCLE_GTK_SORT_BIRTH;
  self->descending = gtk_sorter_compare (sorter, self, self->view) == GTK_ORDERING_LARGER;
  self->sort = self->asked;
  g_signal_emit (self, signals[SIGNAL_SORTED], 0);
}

static void
view_append_column (LifecycleGtkScopeView *self,
                    const char            *title,
                    guint                  n_chars,
                    LifecycleGtkCellFlags  flags,
                    LifecycleGtkCellFunc   func,
                    LifecycleGtkSort       sort)
{
  GtkColumnViewColumn *column = lifecycle_gtk_cells_append_column (self->view, title, n_chars, flags,
                                                                   func);
  g_autoptr (GtkSorter) sorter = NULL;

  g_object_set_data (G_OBJECT (column), "view", self);
  g_object_set_data (G_OBJECT (column), "sort", GUINT_TO_POINTER (sort));
  sorter = GTK_SORTER (gtk_custom_sorter_new (ask_cb, column, NULL));
  gtk_column_view_column_set_sorter (column, sorter);
}

static void
lifecycle_gtk_scope_view_dispose (GObject *object)
{
  LifecycleGtkScopeView *self = LIFECYCLE_GTK_SCOPE_VIEW (object);

  /* The sorters of the columns point here. */
  if (self->view != NULL)
    g_signal_handlers_disconnect_by_data (gtk_column_view_get_sorter (self->view), self);
  self->view = NULL;
  g_clear_pointer (&self->scroller, gtk_widget_unparent);
  g_clear_object (&self->tree);
  g_clear_object (&self->selection);

  G_OBJECT_CLASS (lifecycle_gtk_scope_view_parent_class)->dispose (object);
}

static void
lifecycle_gtk_scope_view_finalize (GObject *object)
{
  LifecycleGtkScopeView *self = LIFECYCLE_GTK_SCOPE_VIEW (object);

  for (guint i = 0; i < self->lists->len; i++)
    g_object_weak_unref (g_ptr_array_index (self->lists, i), list_gone_cb, self->lists);
  g_ptr_array_unref (self->lists);
  g_clear_pointer (&self->forest, lifecycle_gtk_scope_forest_unref);

  G_OBJECT_CLASS (lifecycle_gtk_scope_view_parent_class)->finalize (object);
}

static void
lifecycle_gtk_scope_view_class_init (LifecycleGtkScopeViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = lifecycle_gtk_scope_view_dispose;
  object_class->finalize = lifecycle_gtk_scope_view_finalize;

  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);

  /* (): another scope has been selected, or none */
  signals[SIGNAL_SELECTED] = g_signal_new ("selected", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                           0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /* (): another order is wanted */
  signals[SIGNAL_SORTED] = g_signal_new ("sorted", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                         0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
lifecycle_gtk_scope_view_init (LifecycleGtkScopeView *self)
{
  self->lists = g_ptr_array_new ();
  self->view = GTK_COLUMN_VIEW (lifecycle_gtk_cells_new_view ("Scopes"));
  view_append_column (self, "Scope", 18, LIFECYCLE_GTK_CELL_TREE | LIFECYCLE_GTK_CELL_EXPAND, get_name,
                      LIFECYCLE_GTK_SORT_NAME);
  view_append_column (self, "Kind", 9, LIFECYCLE_GTK_CELL_PLAIN, get_kind, LIFECYCLE_GTK_SORT_KIND);
  view_append_column (self, "Age", 10, LIFECYCLE_GTK_CELL_NUMERIC, get_age, LIFECYCLE_GTK_SORT_AGE);
  view_append_column (self, "Entries", 7, LIFECYCLE_GTK_CELL_NUMERIC, get_entries,
                      LIFECYCLE_GTK_SORT_ENTRIES);
  view_append_column (self, "Total", 7, LIFECYCLE_GTK_CELL_NUMERIC, get_total,
                      LIFECYCLE_GTK_SORT_TOTAL);
  view_append_column (self, "Created at", 18, LIFECYCLE_GTK_CELL_PLACE | LIFECYCLE_GTK_CELL_EXPAND,
                      get_place, LIFECYCLE_GTK_SORT_PLACE);

  self->selection = gtk_single_selection_new (NULL);
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  gtk_column_view_set_model (self->view, GTK_SELECTION_MODEL (self->selection));

  self->scroller = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (self->scroller), GTK_WIDGET (self->view));
  gtk_widget_set_parent (self->scroller, GTK_WIDGET (self));

  g_signal_connect_object (self->selection, "notify::selected-item", G_CALLBACK (selected_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->view, "activate", G_CALLBACK (activate_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (gtk_column_view_get_sorter (self->view), "changed",
                           G_CALLBACK (sorted_cb), self, G_CONNECT_SWAPPED);
}

GtkWidget *
lifecycle_gtk_scope_view_new (void)
{
  return g_object_new (LIFECYCLE_GTK_TYPE_SCOPE_VIEW, NULL);
}

/* Shows a newer forest. `rebuild` forgets what is expanded, because the filter or the order is
 * another one; the selection is found again if it is still shown.
 */
void
lifecycle_gtk_scope_view_set_forest (LifecycleGtkScopeView   *self,
                                     LifecycleGtkScopeForest *forest,
                                     gboolean                 filtered,
                                     gboolean                 rebuild)
{
  gboolean expand = forest->n_shown <= (filtered ? MAX_EXPANDED_FILTERED : MAX_EXPANDED);
  gsize selected = self->selected;
  guint index;

  g_clear_pointer (&self->forest, lifecycle_gtk_scope_forest_unref);
  self->forest = lifecycle_gtk_scope_forest_ref (forest);

  self->updating = TRUE;
  if (self->tree == NULL || rebuild)
    {
      view_rebuild (self, expand);
    }
  else
    {
      gtk_tree_list_model_set_autoexpand (self->tree, expand);
      view_update (self);
    }

  if (selected != 0 && lifecycle_gtk_scope_view_get_selected (self, &index) == NULL)
    {
      index = lifecycle_gtk_scope_forest_find (forest, selected);
      if (index != G_MAXUINT)
        view_select (self, index, FALSE);
    }
  self->updating = FALSE;

  lifecycle_gtk_cells_refresh (self->view);
  if (selected != 0 && lifecycle_gtk_scope_view_get_selected (self, &index) == NULL)
    selected_cb (self);
}

/* Returns the latest forest and the index of the selected scope, or NULL if none is selected. */
LifecycleGtkScopeForest *
lifecycle_gtk_scope_view_get_selected (LifecycleGtkScopeView *self,
                                       guint                 *index)
{
  GtkTreeListRow *row = gtk_single_selection_get_selected_item (self->selection);
  g_autoptr (LifecycleGtkScopeNode) node = row != NULL ? gtk_tree_list_row_get_item (row) : NULL;

  if (node == NULL || !node_is_there (node))
    return NULL;

  *index = node->index;

  return node->forest;
}

/* Selects a scope, and scrolls to it. Returns FALSE if it is not shown. */
gboolean
lifecycle_gtk_scope_view_select (LifecycleGtkScopeView *self,
                                 gsize                  identity)
{
  guint index = self->forest != NULL ? lifecycle_gtk_scope_forest_find (self->forest, identity)
                                     : G_MAXUINT;

  return index != G_MAXUINT && view_select (self, index, TRUE);
}

/* Returns by what the headers of the columns say that scopes shall be sorted. */
LifecycleGtkSort
lifecycle_gtk_scope_view_get_sort (LifecycleGtkScopeView *self,
                                   gboolean              *descending)
{
  *descending = self->descending;

  return self->sort;
}
