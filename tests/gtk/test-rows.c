/* test-rows.c: scopes of rows and cells
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-gtk-util.h"

/* How often something has happened. */
typedef struct
{
  guint          n_setup;
  guint          n_torn_down;
  guint          n_bound;
  guint          n_unbound;
  guint          n_destroyed;
  GtkWindow     *window;
  LifecycleScope *scope;        /* of the window */
} Fixture;

static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  fixture->window = GTK_WINDOW (gtk_window_new ());
  gtk_window_set_default_size (fixture->window, 300, 300);
  fixture->scope = g_object_ref (lifecycle_gtk_scope_of (GTK_WIDGET (fixture->window)));
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  gboolean finalized;

  if (fixture->window != NULL)
    {
      test_gtk_watch_finalize (fixture->window, &finalized);
      gtk_window_destroy (fixture->window);
      test_iterate_until (finalized);
    }
  g_assert_true (lifecycle_scope_is_closed (fixture->scope));
  g_assert_finalize_object (fixture->scope);
  g_assert_cmpuint (fixture->n_setup, ==, fixture->n_torn_down);
  g_assert_cmpuint (fixture->n_bound, ==, fixture->n_unbound);
}

static void
count_cb (LifecycleScope   *scope,
          LifecycleReason   reason,
          gpointer          counter,
          GError          **error)
{
  /* That would be a row whose unbind was missed. */
  g_assert_cmpint (reason, !=, LIFECYCLE_REASON_REPLACED);
  ++*(guint *) counter;
}

static void
count_destroyed (gpointer data)
{
  ((Fixture *) data)->n_destroyed++;
}

static void
setup_row (LifecycleScope *row,
           GtkListItem    *item,
           gpointer        data)
{
  Fixture *fixture = data;

  gtk_list_item_set_child (item, gtk_label_new (NULL));
  fixture->n_setup++;
  lifecycle_scope_defer (row, count_cb, &fixture->n_torn_down, NULL);
}

static void
bind_row (LifecycleScope *row,
          GtkListItem    *item,
          gpointer        data)
{
  Fixture *fixture = data;
  GtkStringObject *object = gtk_list_item_get_item (item);

  g_assert_true (lifecycle_scope_get_state (row) == LIFECYCLE_STATE_OPEN);
  gtk_label_set_label (GTK_LABEL (gtk_list_item_get_child (item)),
                       gtk_string_object_get_string (object));
  fixture->n_bound++;
  lifecycle_scope_defer (row, count_cb, &fixture->n_unbound, NULL);
}

static GtkStringList *
new_model (guint n_items)
{
  GtkStringList *model = gtk_string_list_new (NULL);

  for (guint i = 0; i < n_items; i++)
    gtk_string_list_append (model, "a row");

  return model;
}

static GtkWidget *
show_list (Fixture            *fixture,
           GtkListItemFactory *factory,
           guint               n_items)
{
  GtkSelectionModel *selection =
    GTK_SELECTION_MODEL (gtk_no_selection_new (G_LIST_MODEL (new_model (n_items))));
  GtkWidget *view = gtk_list_view_new (selection, factory);
  GtkWidget *scrolled = gtk_scrolled_window_new ();

  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), view);
  gtk_window_set_child (fixture->window, scrolled);
  test_gtk_show (fixture->window);
  test_iterate_until (fixture->n_bound > 0);

  return view;
}

static void
scroll_to (GtkWidget *view,
           double     fraction)
{
  GtkAdjustment *adjustment = gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (view));

  gtk_adjustment_set_value (adjustment, fraction * (gtk_adjustment_get_upper (adjustment) -
                                                    gtk_adjustment_get_page_size (adjustment)));
  test_gtk_settle ();
}

static void
test_factory (Fixture       *fixture,
              gconstpointer  data)
{
  GtkListItemFactory *factory = lifecycle_gtk_new_factory (fixture->scope, setup_row, bind_row,
                                                           fixture, count_destroyed);
  GtkWidget *view = show_list (fixture, factory, 100000);
  guint n_bound;

  g_assert_cmpuint (lifecycle_scope_get_n_entries (fixture->scope), ==, 1);
  g_assert_cmpuint (fixture->n_setup, <, 1000);
  for (guint i = 1; i <= 10; i++)
    scroll_to (view, i / 10.0);
  g_assert_cmpuint (fixture->n_bound, >, fixture->n_setup);
  g_assert_cmpuint (fixture->n_unbound, >, 0);

  /* All rows that are bound end with the window, at its beginning. */
  n_bound = fixture->n_bound;
  gtk_window_destroy (g_steal_pointer (&fixture->window));
  g_assert_cmpuint (fixture->n_bound, ==, n_bound);
  g_assert_cmpuint (fixture->n_unbound, ==, n_bound);
  g_assert_cmpuint (fixture->n_torn_down, ==, fixture->n_setup);
  g_assert_cmpuint (fixture->n_destroyed, ==, 1);
}

/* The window is held: its list stays, with its rows. */
static void
test_held (Fixture       *fixture,
           gconstpointer  data)
{
  GtkWindow *window = g_object_ref (fixture->window);

  show_list (fixture,
             lifecycle_gtk_new_factory (fixture->scope, setup_row, bind_row, fixture,
                                        count_destroyed), 1000);
  gtk_window_destroy (g_steal_pointer (&fixture->window));
  g_assert_cmpuint (fixture->n_unbound, ==, fixture->n_bound);
  g_assert_cmpuint (fixture->n_torn_down, ==, fixture->n_setup);
  test_gtk_settle ();
  g_assert_finalize_object (window);
}

static void
setup_cb (GtkSignalListItemFactory *factory,
          GtkListItem              *item,
          gpointer                  data)
{
  gtk_list_item_set_child (item, gtk_label_new (NULL));
}

/* The list goes, and the scope stays. */
static void
test_list_goes (Fixture       *fixture,
                gconstpointer  data)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();

  g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), NULL);
  g_assert_true (lifecycle_gtk_bind_rows (fixture->scope, GTK_SIGNAL_LIST_ITEM_FACTORY (factory),
                                          bind_row, fixture, count_destroyed));
  show_list (fixture, g_object_ref (factory), 1000);
  g_assert_cmpuint (fixture->n_unbound, <, fixture->n_bound);
  gtk_window_set_child (fixture->window, NULL);
  test_iterate_until (fixture->n_unbound == fixture->n_bound);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (fixture->scope), ==, 1);
  test_iterate_until (G_OBJECT (factory)->ref_count == 1);
  g_assert_finalize_object (factory);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (fixture->scope), ==, 0);
  g_assert_cmpuint (fixture->n_destroyed, ==, 1);
}

/* Items that change are bound again. */
static void
test_model_changes (Fixture       *fixture,
                    gconstpointer  data)
{
  GtkListItemFactory *factory = lifecycle_gtk_new_factory (fixture->scope, setup_row, bind_row,
                                                           fixture, count_destroyed);
  GtkWidget *view = show_list (fixture, factory, 10);
  GtkNoSelection *selection = GTK_NO_SELECTION (gtk_list_view_get_model (GTK_LIST_VIEW (view)));
  GtkStringList *model = GTK_STRING_LIST (gtk_no_selection_get_model (selection));

  gtk_string_list_splice (model, 0, 5, NULL);
  test_gtk_settle ();
  g_assert_cmpuint (fixture->n_bound - fixture->n_unbound, ==, 5);
  gtk_string_list_splice (model, 0, 5, NULL);
  test_gtk_settle ();
  g_assert_cmpuint (fixture->n_bound, ==, fixture->n_unbound);
}

static void
test_column_view (Fixture       *fixture,
                  gconstpointer  data)
{
  GtkSelectionModel *selection =
    GTK_SELECTION_MODEL (gtk_no_selection_new (G_LIST_MODEL (new_model (1000))));
  GtkWidget *view = gtk_column_view_new (selection);
  GtkWidget *scrolled = gtk_scrolled_window_new ();

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GtkColumnViewColumn) column =
        gtk_column_view_column_new ("column", lifecycle_gtk_new_factory (fixture->scope, setup_row,
                                                                         bind_row, fixture,
                                                                         count_destroyed));

      gtk_column_view_append_column (GTK_COLUMN_VIEW (view), column);
    }
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), view);
  gtk_window_set_child (fixture->window, scrolled);
  test_gtk_show (fixture->window);
  test_iterate_until (fixture->n_bound > 0);
  g_assert_cmpuint (fixture->n_bound % 2, ==, 0);
  scroll_to (view, 1);
  gtk_window_destroy (g_steal_pointer (&fixture->window));
  g_assert_cmpuint (fixture->n_bound, ==, fixture->n_unbound);
  g_assert_cmpuint (fixture->n_destroyed, ==, 2);
}

static GtkWidget *
create_row (LifecycleScope *row,
            GObject        *item,
            gpointer        data)
{
  Fixture *fixture = data;

  fixture->n_bound++;
  lifecycle_scope_defer (row, count_cb, &fixture->n_unbound, NULL);

  return gtk_label_new (gtk_string_object_get_string (GTK_STRING_OBJECT (item)));
}

static void
test_late (Fixture       *fixture,
           gconstpointer  data)
{
  GtkListItemFactory *factory;
  GtkWidget *box = g_object_ref_sink (gtk_list_box_new ());
  GtkStringList *model = new_model (3);

  gtk_window_destroy (g_steal_pointer (&fixture->window));
  factory = lifecycle_gtk_new_factory (fixture->scope, setup_row, bind_row, fixture,
                                       count_destroyed);
  g_assert_cmpuint (fixture->n_destroyed, ==, 1);
  g_assert_false (lifecycle_gtk_bind_rows (fixture->scope, GTK_SIGNAL_LIST_ITEM_FACTORY (factory),
                                           bind_row, fixture, count_destroyed));
  g_assert_cmpuint (fixture->n_destroyed, ==, 2);
  g_assert_false (lifecycle_gtk_bind_list_box (fixture->scope, GTK_LIST_BOX (box),
                                               G_LIST_MODEL (model), create_row, fixture,
                                               count_destroyed));
  g_assert_cmpuint (fixture->n_destroyed, ==, 3);
  g_assert_finalize_object (factory);
  g_assert_finalize_object (box);
  g_assert_finalize_object (model);
}

/* Boxes */

static void
test_box (Fixture       *fixture,
          gconstpointer  data)
{
  gboolean flow = GPOINTER_TO_INT (data);
  GtkWidget *box = g_object_ref_sink (flow ? gtk_flow_box_new () : gtk_list_box_new ());
  GtkStringList *model = new_model (5);
  const char *const more[] = { "x", "y", "z", NULL };
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  gtk_window_set_child (fixture->window, box);
  if (flow)
    g_assert_true (lifecycle_gtk_bind_flow_box (scope, GTK_FLOW_BOX (box), G_LIST_MODEL (model),
                                                create_row, fixture, count_destroyed));
  else
    g_assert_true (lifecycle_gtk_bind_list_box (scope, GTK_LIST_BOX (box), G_LIST_MODEL (model),
                                                create_row, fixture, count_destroyed));
  g_assert_cmpuint (fixture->n_bound, ==, 5);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);

  gtk_string_list_splice (model, 1, 2, more);
  g_assert_cmpuint (fixture->n_bound, ==, 8);
  g_assert_cmpuint (fixture->n_unbound, ==, 2);
  gtk_string_list_remove (model, 0);
  g_assert_cmpuint (fixture->n_unbound, ==, 3);

  /* The scope closes. */
  lifecycle_scope_close (scope);
  g_assert_cmpuint (fixture->n_unbound, ==, 8);
  g_assert_cmpuint (fixture->n_destroyed, ==, 1);
  g_assert_null (gtk_widget_get_first_child (box));
  gtk_string_list_append (model, "a");
  g_assert_cmpuint (fixture->n_bound, ==, 8);
  g_assert_finalize_object (scope);

  /* The box goes. */
  scope = lifecycle_scope_new ("scope");
  if (flow)
    lifecycle_gtk_bind_flow_box (scope, GTK_FLOW_BOX (box), G_LIST_MODEL (model), create_row,
                                 fixture, count_destroyed);
  else
    lifecycle_gtk_bind_list_box (scope, GTK_LIST_BOX (box), G_LIST_MODEL (model), create_row,
                                 fixture, count_destroyed);
  gtk_window_set_child (fixture->window, NULL);
  g_assert_finalize_object (box);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_cmpuint (fixture->n_unbound, ==, fixture->n_bound);
  g_assert_cmpuint (fixture->n_destroyed, ==, 2);

  /* The box is bound to another model. */
  box = g_object_ref_sink (flow ? gtk_flow_box_new () : gtk_list_box_new ());
  if (flow)
    {
      lifecycle_gtk_bind_flow_box (scope, GTK_FLOW_BOX (box), G_LIST_MODEL (model), create_row,
                                   fixture, count_destroyed);
      gtk_flow_box_bind_model (GTK_FLOW_BOX (box), NULL, NULL, NULL, NULL);
    }
  else
    {
      lifecycle_gtk_bind_list_box (scope, GTK_LIST_BOX (box), G_LIST_MODEL (model), create_row,
                                   fixture, count_destroyed);
      gtk_list_box_bind_model (GTK_LIST_BOX (box), NULL, NULL, NULL, NULL);
    }
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_cmpuint (fixture->n_destroyed, ==, 3);
  g_assert_cmpuint (fixture->n_unbound, ==, fixture->n_bound);

  g_assert_finalize_object (box);
  g_assert_finalize_object (model);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
}

#define add(path, data, func) \
  g_test_add ("/lifecycle/gtk/rows/" path, Fixture, data, set_up, func, tear_down)

int
main (int    argc,
      char **argv)
{
  gtk_test_init (&argc, &argv, NULL);

  add ("factory", NULL, test_factory);
  add ("held", NULL, test_held);
  add ("list-goes", NULL, test_list_goes);
  add ("model-changes", NULL, test_model_changes);
  add ("column-view", NULL, test_column_view);
  add ("late", NULL, test_late);
  add ("list-box", GINT_TO_POINTER (FALSE), test_box);
  add ("flow-box", GINT_TO_POINTER (TRUE), test_box);

  return g_test_run ();
}
