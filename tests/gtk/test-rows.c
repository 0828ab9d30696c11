/* test-rows.c: scopes of rows and cells
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#ifdef HAVE_MALLINFO2
#include <malloc.h>
#endif

#include "test-gtk-util.h"

/* How often something has happened. */
typedef struct
{
  guint          n_setup;
  guint          n_torn_down;
  guint          n_bound;
  guint          n_unbound;
  guint          n_destroyed;
  guint          n_fixed[3];    /* live entries of the kinds below without rows */
  GtkWindow     *window;
  LifecycleScope *scope;        /* of the window */
} Fixture;

/* What the busy rows of a test own, once each. */
static const LifecycleKind row_kinds[] = {
  LIFECYCLE_KIND_HANDLER,
  LIFECYCLE_KIND_TIMER,
  LIFECYCLE_KIND_DATA,
};

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

static gsize
get_heap (void)
{
#ifdef HAVE_MALLINFO2
  return mallinfo2 ().uordblks;
#else
  return 0;
#endif
}

/* A million items, each of which exists only while somebody looks at it. */
#define N_MANY 1000000

#define TEST_TYPE_MODEL (test_model_get_type ())
G_DECLARE_FINAL_TYPE (TestModel, test_model, TEST, MODEL, GObject)

struct _TestModel
{
  GObject parent_instance;
};

static GType
test_model_get_item_type (GListModel *model)
{
  return GTK_TYPE_STRING_OBJECT;
}

static guint
test_model_get_n_items (GListModel *model)
{
  return N_MANY;
}

static gpointer
test_model_get_item (GListModel *model,
                     guint       position)
{
  g_autofree char *text = g_strdup_printf ("row %06u", position);

  return position < N_MANY ? gtk_string_object_new (text) : NULL;
}

static void
test_model_init_list (GListModelInterface *iface)
{
  iface->get_item_type = test_model_get_item_type;
  iface->get_n_items = test_model_get_n_items;
  iface->get_item = test_model_get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestModel, test_model, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, test_model_init_list))

static void
test_model_class_init (TestModelClass *klass)
{
}

static void
test_model_init (TestModel *self)
{
}

static gboolean
never_cb (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* What a real row does: it listens to its item, and has a timer and memory of its own. */
static void
bind_busy_row (LifecycleScope *row,
               GtkListItem    *item,
               gpointer        data)
{
  bind_row (row, item, data);
  lifecycle_scope_connect_signal (row, gtk_list_item_get_item (item), "notify::string",
                                  G_CALLBACK (test_never_handler_cb), item);
  lifecycle_scope_add_timeout (row, 100000, never_cb, item, NULL);
  lifecycle_scope_adopt (row, g_strdup ("memory of the row"), g_free);
}

/* From the first row to the last and back, in leaps and by small steps. */
static void
scroll_round (GtkWidget *view)
{
  GtkAdjustment *adjustment = gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (view));

  for (guint i = 0; i <= 10; i++)
    scroll_to (view, i / 10.0);
  for (guint i = 0; i < 10; i++)
    {
      gtk_adjustment_set_value (adjustment, gtk_adjustment_get_value (adjustment) - 20);
      test_gtk_settle ();
    }
  scroll_to (view, 0);
}

/* What the window and the factory own themselves. */
static void
count_fixed (Fixture *fixture)
{
  g_autoptr (LifecycleStatistics) statistics = lifecycle_get_statistics ();

  for (guint i = 0; i < G_N_ELEMENTS (row_kinds); i++)
    fixture->n_fixed[i] = lifecycle_statistics_get_live (statistics, row_kinds[i]);
}

/* What rows own is exactly what the bound ones do. */
static void
assert_entries (Fixture *fixture)
{
  g_autoptr (LifecycleStatistics) statistics = lifecycle_get_statistics ();
  guint n_rows = fixture->n_bound - fixture->n_unbound;

  for (guint i = 0; i < G_N_ELEMENTS (row_kinds); i++)
    g_assert_cmpuint (lifecycle_statistics_get_live (statistics, row_kinds[i]), ==,
                      n_rows + fixture->n_fixed[i]);
}

/* Nothing stays behind when a list is scrolled, however often. Now and then a buffer of GTK grows, so
 * the round in which the heap grows least counts. Memory that is lost at each bind, or at every tenth,
 * is lost in that round, too: the smallest piece takes 24 bytes, and half a byte for each bind is
 * allowed.
 */
static void
test_scroll (Fixture       *fixture,
             gconstpointer  data)
{
  const guint n_warm_up = 2, n_rounds = 5;
  GtkListItemFactory *factory;
  GtkNoSelection *model;
  GtkWidget *view, *scrolled = gtk_scrolled_window_new ();
  double least = G_MAXDOUBLE;

  factory = lifecycle_gtk_new_factory (fixture->scope, setup_row, bind_busy_row, fixture,
                                       count_destroyed);
  count_fixed (fixture);
  model = gtk_no_selection_new (g_object_new (TEST_TYPE_MODEL, NULL));
  view = gtk_list_view_new (GTK_SELECTION_MODEL (model), factory);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), view);
  gtk_window_set_child (fixture->window, scrolled);
  test_gtk_show (fixture->window);
  test_iterate_until (fixture->n_bound > 0);

  for (guint i = 0; i < n_warm_up + n_rounds; i++)
    {
      guint n_bound = fixture->n_bound;
      gssize heap = (gssize) get_heap ();
      double growth;

      scroll_round (view);
      assert_entries (fixture);
      n_bound = fixture->n_bound - n_bound;
      growth = (double) ((gssize) get_heap () - heap) / n_bound;
      g_test_message ("%u rows bound, the heap grew by %.3f bytes for each", n_bound, growth);
      g_assert_cmpuint (n_bound, >, 500);
      if (i >= n_warm_up)
        least = MIN (least, growth);
    }

  g_assert_cmpfloat (least, <, 0.5);
}

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
  add ("scroll", NULL, test_scroll);
  add ("list-box", GINT_TO_POINTER (FALSE), test_box);
  add ("flow-box", GINT_TO_POINTER (TRUE), test_box);

  return g_test_run ();
}
