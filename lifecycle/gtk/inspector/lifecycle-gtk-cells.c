/* lifecycle-gtk-cells.c: columns of text that can be refreshed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gtk-cells-private.h"

/* Ages and counts change all the time. A signal for each of them would cost more than all else, so
 * a view knows the cells that are on the screen, and looks at their items again when it is told to.
 */

typedef struct
{
  GHashTable            *bound; /* of the view: GtkListItem → Column */
  LifecycleGtkCellFunc   func;
  LifecycleGtkCellFlags  flags;
  guint                  n_chars;
} Column;

static void
column_free (gpointer data,
             GClosure *closure)
{
  Column *self = data;

  g_hash_table_unref (self->bound);
  g_free (self);
}

static GHashTable *
get_bound (GtkColumnView *view)
{
  GHashTable *bound = g_object_get_data (G_OBJECT (view), "lifecycle-gtk-bound-cells");

  if (bound == NULL)
    {
      bound = g_hash_table_new (NULL, NULL);
      g_object_set_data_full (G_OBJECT (view), "lifecycle-gtk-bound-cells", bound,
                              (GDestroyNotify) g_hash_table_unref);
    }

  return bound;
}

static gboolean
tooltip_cb (GtkWidget  *text,
            int         x,
            int         y,
            gboolean    keyboard,
            GtkTooltip *tooltip)
{
  const char *string = gtk_inscription_get_text (GTK_INSCRIPTION (text));

  if (string == NULL || *string == '\0')
    return FALSE;

  gtk_tooltip_set_text (tooltip, string);

  return TRUE;
}

static void
setup_cb (GtkSignalListItemFactory *factory,
          GtkListItem              *list_item,
          Column                   *column)
{
  GtkWidget *text = gtk_inscription_new (NULL);

  gtk_inscription_set_text_overflow (GTK_INSCRIPTION (text),
                                     (column->flags & LIFECYCLE_GTK_CELL_PLACE) != 0
                                       ? GTK_INSCRIPTION_OVERFLOW_ELLIPSIZE_START
                                       : GTK_INSCRIPTION_OVERFLOW_ELLIPSIZE_END);
  gtk_inscription_set_min_chars (GTK_INSCRIPTION (text), column->n_chars);
  gtk_inscription_set_nat_chars (GTK_INSCRIPTION (text), column->n_chars);
  gtk_inscription_set_yalign (GTK_INSCRIPTION (text), 0.5);
  gtk_widget_set_has_tooltip (text, TRUE);
  g_signal_connect (text, "query-tooltip", G_CALLBACK (tooltip_cb), NULL);
  if ((column->flags & LIFECYCLE_GTK_CELL_NUMERIC) != 0)
    {
      gtk_inscription_set_xalign (GTK_INSCRIPTION (text), 1);
      gtk_widget_add_css_class (text, "numeric");
    }
  if ((column->flags & LIFECYCLE_GTK_CELL_PLACE) != 0)
    gtk_widget_add_css_class (text, "dim-label");

  if ((column->flags & LIFECYCLE_GTK_CELL_TREE) != 0)
    {
      GtkWidget *expander = gtk_tree_expander_new ();

      gtk_tree_expander_set_child (GTK_TREE_EXPANDER (expander), text);
      gtk_widget_set_hexpand (text, TRUE);
      gtk_list_item_set_child (list_item, expander);
    }
  else
    {
      gtk_list_item_set_child (list_item, text);
    }
}

static void
fill (GtkListItem *list_item,
      Column      *column)
{
  GtkWidget *text = gtk_list_item_get_child (list_item);
  gpointer item = gtk_list_item_get_item (list_item);
  g_autoptr (GObject) inner = NULL;
  g_autofree char *string = NULL;

  if (GTK_IS_TREE_EXPANDER (text))
    text = gtk_tree_expander_get_child (GTK_TREE_EXPANDER (text));
  if (GTK_IS_TREE_LIST_ROW (item))
    item = inner = gtk_tree_list_row_get_item (item);
  if (item != NULL)
    string = column->func (item);
  if (g_strcmp0 (gtk_inscription_get_text (GTK_INSCRIPTION (text)), string) != 0)
    gtk_inscription_set_text (GTK_INSCRIPTION (text), string);
}

static void
bind_cb (GtkSignalListItemFactory *factory,
         GtkListItem              *list_item,
         Column                   *column)
{
  GtkWidget *child = gtk_list_item_get_child (list_item);

  if (GTK_IS_TREE_EXPANDER (child))
    gtk_tree_expander_set_list_row (GTK_TREE_EXPANDER (child), gtk_list_item_get_item (list_item));
  fill (list_item, column);
  g_hash_table_insert (column->bound, list_item, column);
}

static void
unbind_cb (GtkSignalListItemFactory *factory,
           GtkListItem              *list_item,
           Column                   *column)
{
  GtkWidget *child = gtk_list_item_get_child (list_item);

  if (GTK_IS_TREE_EXPANDER (child))
    gtk_tree_expander_set_list_row (GTK_TREE_EXPANDER (child), NULL);
  g_hash_table_remove (column->bound, list_item);
}

/* Appends a column of text. Its texts are at least `n_chars` characters wide. */
GtkColumnViewColumn *
lifecycle_gtk_cells_append_column (GtkColumnView         *view,
                                   const char            *title,
                                   guint                  n_chars,
                                   LifecycleGtkCellFlags  flags,
                                   LifecycleGtkCellFunc   func)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  GtkColumnViewColumn *view_column = gtk_column_view_column_new (title, factory);
  Column *column = g_new0 (Column, 1);

  column->bound = g_hash_table_ref (get_bound (view));
  column->func = func;
  column->flags = flags;
  column->n_chars = n_chars;
  g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), column);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), column);
  g_signal_connect_data (factory, "unbind", G_CALLBACK (unbind_cb), column, column_free, 0);

  gtk_column_view_column_set_resizable (view_column, TRUE);
  gtk_column_view_column_set_expand (view_column, (flags & LIFECYCLE_GTK_CELL_EXPAND) != 0);
  gtk_column_view_append_column (view, view_column);
  g_object_unref (view_column);

  return view_column;
}

/* Looks at what is on the screen again. */
void
lifecycle_gtk_cells_refresh (GtkColumnView *view)
{
  GHashTableIter iter;
  gpointer list_item, column;

  g_hash_table_iter_init (&iter, get_bound (view));
  while (g_hash_table_iter_next (&iter, &list_item, &column))
    fill (list_item, column);
}

GtkWidget *
lifecycle_gtk_cells_new_view (const char *label)
{
  GtkWidget *view = gtk_column_view_new (NULL);

  gtk_widget_add_css_class (view, "data-table");
  gtk_accessible_update_property (GTK_ACCESSIBLE (view), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);

  return view;
}

/* Describes an age as briefly as a column of them needs. */
char *
lifecycle_gtk_format_age (gint64 age_ms)
{
  gint64 seconds = age_ms / 1000;

  if (age_ms < 10000)
    return g_strdup_printf ("%.1f s", (double) age_ms / 1000);
  if (seconds < 60)
    return g_strdup_printf ("%d s", (int) seconds);
  if (seconds < 3600)
    return g_strdup_printf ("%d min %02d s", (int) (seconds / 60), (int) (seconds % 60));
  if (seconds < 86400)
    return g_strdup_printf ("%d h %02d min", (int) (seconds / 3600), (int) (seconds / 60 % 60));

  return g_strdup_printf ("%d d %02d h", (int) (seconds / 86400), (int) (seconds / 3600 % 24));
}

/* Leaves out the way from a build folder to the source. */
char *
lifecycle_gtk_format_place (const char *place)
{
  while (place != NULL && g_str_has_prefix (place, "../"))
    place += 3;

  return g_strdup (place);
}
