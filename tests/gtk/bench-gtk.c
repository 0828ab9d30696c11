/* bench-gtk.c: rows and windows with scopes beside the same without
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * It tells and never judges. Both sides run in turns, in real windows; CPU time is counted.
 */

#include <lifecycle-gtk.h>

#include <stdlib.h>
#include <time.h>

static guint n_binds = 3000;
static guint n_windows = 60;
static int rounds = 9;
static gboolean full;

static double
cpu_now (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);

  return (double) now.tv_sec * 1e9 + (double) now.tv_nsec;
}

static void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static int
compare_doubles (gconstpointer a,
                 gconstpointer b)
{
  double first = *(const double *) a, second = *(const double *) b;

  return first < second ? -1 : first > second;
}

static double
median (GArray *values)
{
  g_array_sort (values, compare_doubles);

  return g_array_index (values, double, values->len / 2);
}

static void
print_row (const char *what,
           double      ours,
           double      baseline,
           double      ratio,
           double      limit)
{
  g_print ("%-44s %10.0f ns %10.0f ns %6.3f  (budget %.2f)\n", what, ours, baseline, ratio, limit);
}

/* Runs both sides in turns, and prints a row. A machine that is busy slows down one run more than
 * another, so the ratio is the median of those of neighbours.
 */
static void
compare (const char *what,
         double      (* run) (gboolean with_scopes),
         double      limit)
{
  g_autoptr (GArray) ours = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GArray) baseline = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GArray) ratios = g_array_new (FALSE, FALSE, sizeof (double));

  for (int i = 0; i < rounds; i++)
    {
      double value = run (i % 2 == 0);

      g_array_append_val (i % 2 == 0 ? ours : baseline, value);
      value = run (i % 2 != 0);
      g_array_append_val (i % 2 != 0 ? ours : baseline, value);
      value = g_array_index (ours, double, i) / g_array_index (baseline, double, i);
      g_array_append_val (ratios, value);
    }
  print_row (what, median (ours), median (baseline), median (ratios), limit);
}

/* Rows: a label, and a handler on the item. */

static guint n_bound;

static void
changed_cb (GObject    *object,
            GParamSpec *pspec,
            gpointer    data)
{
}

static void
set_label (GtkListItem *item)
{
  n_bound++;
  gtk_label_set_label (GTK_LABEL (gtk_list_item_get_child (item)),
                       gtk_string_object_get_string (gtk_list_item_get_item (item)));
}

static void
setup_cb (GtkListItemFactory *factory,
          GtkListItem        *item,
          gpointer            data)
{
  gtk_list_item_set_child (item, gtk_label_new (NULL));
}

static void
bind_cb (GtkListItemFactory *factory,
         GtkListItem        *item,
         gpointer            data)
{
  set_label (item);
  g_object_set_data (G_OBJECT (item), "handler",
                     GSIZE_TO_POINTER (g_signal_connect (gtk_list_item_get_item (item), "notify",
                                                         G_CALLBACK (changed_cb), item)));
}

static void
unbind_cb (GtkListItemFactory *factory,
           GtkListItem        *item,
           gpointer            data)
{
  g_signal_handler_disconnect (gtk_list_item_get_item (item),
                               GPOINTER_TO_SIZE (g_object_get_data (G_OBJECT (item), "handler")));
}

static void
bind_row (LifecycleScope *row,
          GtkListItem    *item,
          gpointer        data)
{
  set_label (item);
  lifecycle_scope_connect_signal (row, gtk_list_item_get_item (item), "notify",
                                  G_CALLBACK (changed_cb), item);
}

static GtkListItemFactory *
new_factory (LifecycleScope *scope,
             gboolean        with_scopes)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();

  g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), NULL);
  if (with_scopes)
    {
      lifecycle_gtk_bind_rows (scope, GTK_SIGNAL_LIST_ITEM_FACTORY (factory), bind_row, NULL, NULL);
    }
  else
    {
      g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), NULL);
      g_signal_connect (factory, "unbind", G_CALLBACK (unbind_cb), NULL);
    }

  return factory;
}

/* A model of a million items that are made on demand. */
static gpointer
map_item (gpointer item,
          gpointer data)
{
  g_object_unref (item);

  return gtk_string_object_new ("a row of a list");
}

static GListModel *million;

static double
run_rows (gboolean with_scopes)
{
  GtkWindow *window = GTK_WINDOW (gtk_window_new ());
  GtkListItemFactory *factory = new_factory (lifecycle_gtk_scope_of (GTK_WIDGET (window)),
                                             with_scopes);
  GtkWidget *view = gtk_list_view_new (
    GTK_SELECTION_MODEL (gtk_no_selection_new (g_object_ref (million))), factory);
  GtkWidget *scrolled = gtk_scrolled_window_new ();
  GtkAdjustment *adjustment;
  double began;

  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), view);
  gtk_window_set_child (window, scrolled);
  gtk_window_set_default_size (window, 200, 600);
  gtk_window_present (window);
  while (!gtk_widget_get_mapped (view))
    g_main_context_iteration (NULL, TRUE);
  settle ();
  adjustment = gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (view));

  n_bound = 0;
  began = cpu_now ();
  while (n_bound < n_binds)
    {
      guint before = n_bound;

      gtk_adjustment_set_value (adjustment, g_random_double () *
                                gtk_adjustment_get_upper (adjustment));
      /* A place that is near the last one binds nothing. */
      for (guint i = 0; n_bound == before && i < 200; i++)
        {
          if (!g_main_context_iteration (NULL, FALSE))
            g_usleep (500);
        }
    }
  began = (cpu_now () - began) / n_bound;
  gtk_window_destroy (window);
  settle ();

  return began;
}

/* Windows: some buttons, each with a handler, and a handler on something that lives longer. */

static GObject *emitter;

static void
clicked_cb (GtkButton *button,
            gpointer   data)
{
}

static double
run_windows (gboolean with_scopes)
{
  double began = cpu_now ();

  for (guint i = 0; i < n_windows; i++)
    {
      GtkWindow *window = GTK_WINDOW (gtk_window_new ());
      GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
      LifecycleScope *scope = with_scopes ? lifecycle_gtk_scope_of (GTK_WIDGET (window)) : NULL;
      gulong id = 0;

      gtk_window_set_child (window, box);
      for (guint j = 0; j < 5; j++)
        {
          GtkWidget *button = gtk_button_new_with_label ("button");

          gtk_box_append (GTK_BOX (box), button);
          if (with_scopes)
            lifecycle_scope_connect_signal (lifecycle_gtk_scope_of (button), button, "clicked",
                                            G_CALLBACK (clicked_cb), window);
          else
            g_signal_connect (button, "clicked", G_CALLBACK (clicked_cb), window);
        }
      if (with_scopes)
        lifecycle_scope_connect_signal (scope, emitter, "notify", G_CALLBACK (changed_cb), window);
      else
        id = g_signal_connect (emitter, "notify", G_CALLBACK (changed_cb), window);

      gtk_window_present (window);
      while (!gtk_widget_get_mapped (GTK_WIDGET (window)))
        g_main_context_iteration (NULL, TRUE);
      settle ();
      if (id != 0)
        g_signal_handler_disconnect (emitter, id);
      gtk_window_destroy (window);
      settle ();
    }

  return (cpu_now () - began) / n_windows;
}

int
main (int    argc,
      char **argv)
{
  const GOptionEntry options[] = {
    { "full", 0, 0, G_OPTION_ARG_NONE, &full, "A million rows and 1,000 windows", NULL },
    { "rounds", 0, 0, G_OPTION_ARG_INT, &rounds, "How often (9)", "N" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  GtkStringList *list = gtk_string_list_new (NULL);

  g_option_context_add_main_entries (context, options, NULL);
  if (!g_option_context_parse (context, &argc, &argv, NULL) || !gtk_init_check ())
    return 2;

  if (full)
    {
      n_binds = 1000000 / rounds;
      n_windows = 1000 / rounds;
    }
  emitter = G_OBJECT (gtk_adjustment_new (0, 0, 1, 1, 1, 1));
  g_object_ref_sink (emitter);
  for (guint i = 0; i < 1000000; i++)
    gtk_string_list_append (list, "");
  million = G_LIST_MODEL (gtk_map_list_model_new (G_LIST_MODEL (list), map_item, NULL, NULL));

  g_print ("%-44s %13s %13s %6s\n", "", "with scopes", "by hand", "ratio");
  compare ("bind and unbind a row of a list", run_rows, 1.2);
  compare ("open and close a window", run_windows, 1.05);

  return 0;
}
