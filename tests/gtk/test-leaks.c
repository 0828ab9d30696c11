/* test-leaks.c: widgets that should be gone
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-gtk-util.h"

#define GRACE 20

static GtkWindow *
new_window (void)
{
  GtkWindow *window = GTK_WINDOW (gtk_window_new ());
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *button = gtk_button_new_with_label ("button");

  gtk_widget_set_name (button, "save");
  gtk_widget_add_css_class (button, "suggested-action");
  gtk_box_append (GTK_BOX (box), button);
  gtk_window_set_child (window, box);
  gtk_window_set_title (window, "a title");
  gtk_window_present (window);
  test_iterate_until (gtk_widget_get_mapped (GTK_WIDGET (window)));

  return window;
}

static GtkWidget *
get_button (GtkWindow *window)
{
  return gtk_widget_get_first_child (gtk_window_get_child (window));
}

static guint
count_leaks (void)
{
  g_autoptr (GListModel) leaks = lifecycle_list_leaks ();

  return g_list_model_get_n_items (leaks);
}

/* Waits until there are as many leaks, and returns the last. */
static LifecycleLeak *
wait_for_leaks (guint n)
{
  g_autoptr (GListModel) leaks = NULL;

  test_iterate_until (count_leaks () == n);
  leaks = lifecycle_list_leaks ();

  return n > 0 ? g_list_model_get_item (leaks, n - 1) : NULL;
}

static void
let_grace_pass (void)
{
  gint64 end = g_get_monotonic_time () + 3 * GRACE * 1000;

  test_iterate_until (g_get_monotonic_time () > end);
}

static void
assert_leak (GtkWidget  *widget,
             const char *after,
             const char *path)
{
  g_autoptr (LifecycleLeak) leak = wait_for_leaks (1);
  g_autofree char *address = g_strdup_printf ("%p", widget);
  g_autofree char *text = lifecycle_leak_to_string (leak);

  g_assert_cmpint (lifecycle_leak_get_kind (leak), ==, LIFECYCLE_LEAK_KIND_REMOVED_BUT_ALIVE);
  g_assert_cmpstr (lifecycle_leak_get_address (leak), ==, address);
  g_assert_true (lifecycle_leak_get_object_type (leak) == G_OBJECT_TYPE (widget));
  g_assert_cmpuint (lifecycle_leak_get_n_refs (leak), ==, G_OBJECT (widget)->ref_count);
  g_assert_cmpuint (lifecycle_leak_get_age (leak), >=, GRACE);
  g_assert_nonnull (strstr (text, after));
  g_assert_nonnull (strstr (lifecycle_leak_get_scope_path (leak), path));
}

static void
test_clean (void)
{
  GtkWindow *window = new_window ();

  gtk_box_remove (GTK_BOX (gtk_window_get_child (window)), get_button (window));
  gtk_window_destroy (window);
  let_grace_pass ();
  g_assert_null (wait_for_leaks (0));
}

/* Only the window is at fault, although all that is in it is alive. */
static void
test_window (void)
{
  GtkWindow *window = g_object_ref (new_window ());
  GtkWidget *box = g_object_ref (gtk_window_get_child (window));
  g_autoptr (LifecycleLeak) leak = NULL;

  g_signal_connect (window, "notify::title", G_CALLBACK (test_never_handler_cb), NULL);
  gtk_window_destroy (window);
  assert_leak (GTK_WIDGET (window), "after it was destroyed", "GtkWindow");
  leak = wait_for_leaks (1);
  g_assert_nonnull (strstr (lifecycle_leak_get_details (leak), "title: a title"));
  g_assert_nonnull (strstr (lifecycle_leak_get_details (leak), "1 of notify"));

  /* Then the box is. */
  g_assert_finalize_object (window);
  assert_leak (box, "after it was taken out of its window", "GtkWindow");
  g_assert_finalize_object (box);
  g_assert_null (wait_for_leaks (0));
}

static void
test_child (void)
{
  GtkWindow *window = new_window ();
  GtkWidget *box = gtk_window_get_child (window);
  GtkWidget *button = g_object_ref (get_button (window));
  GtkEventController *controller = gtk_event_controller_key_new ();
  g_autoptr (LifecycleLeak) leak = NULL;

  g_signal_connect (controller, "key-pressed", G_CALLBACK (test_never_handler_cb), NULL);
  gtk_widget_add_controller (button, controller);
  gtk_box_remove (GTK_BOX (box), button);
  assert_leak (button, "after it was taken out of its window",
               "> GtkBox.vertical > GtkButton#save.");
  leak = wait_for_leaks (1);
  g_assert_nonnull (strstr (lifecycle_leak_get_details (leak), "CSS name: button"));
  g_assert_nonnull (strstr (lifecycle_leak_get_details (leak),
                            "GtkEventControllerKey with 1 of key-pressed"));

  /* It comes back. */
  gtk_box_append (GTK_BOX (box), button);
  g_assert_null (wait_for_leaks (0));
  g_object_unref (button);
  gtk_window_destroy (window);
  let_grace_pass ();
  g_assert_null (wait_for_leaks (0));
}

/* The helpers for tests wait for widgets. */
static void
test_in_test (void)
{
  GtkWindow *window;

  lifecycle_test_begin ();
  window = g_object_ref (new_window ());
  gtk_window_destroy (window);
  g_object_unref (window);
  lifecycle_test_end ();
}

/* The usual kinds of leaks. */

static gboolean
never_cb (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static void
test_kinds (void)
{
  GtkWindow *window = g_object_ref (new_window ());
  GtkAdjustment *model = gtk_adjustment_new (0, 0, 1, 1, 1, 1);
  guint id;

  g_object_unref (window);
  g_object_ref_sink (model);

  /* Captured by the closure of a signal. */
  g_signal_connect_data (model, "value-changed", G_CALLBACK (test_never_handler_cb),
                         g_object_ref (window), (GClosureNotify) (GCallback) g_object_unref, 0);
  gtk_window_destroy (window);
  assert_leak (GTK_WIDGET (window), "destroyed", "GtkWindow");
  g_object_unref (model);
  g_assert_null (wait_for_leaks (0));

  /* By a timeout. */
  window = new_window ();
  id = g_timeout_add_full (G_PRIORITY_DEFAULT, 100000, never_cb, g_object_ref (window),
                           g_object_unref);
  gtk_window_destroy (window);
  assert_leak (GTK_WIDGET (window), "destroyed", "GtkWindow");
  g_source_remove (id);
  g_assert_null (wait_for_leaks (0));

  /* By an expression. */
  window = new_window ();
  {
    GtkExpression *expression = gtk_object_expression_new (G_OBJECT (window));
    GtkExpression *constant = gtk_constant_expression_new (GTK_TYPE_WINDOW, window);

    gtk_window_destroy (window);
    assert_leak (GTK_WIDGET (window), "destroyed", "GtkWindow");
    gtk_expression_unref (expression);
    gtk_expression_unref (constant);
  }
  g_assert_null (wait_for_leaks (0));

  /* By a controller of its own. */
  window = new_window ();
  {
    GtkEventController *controller = gtk_event_controller_key_new ();
    gulong handler = g_signal_connect_data (controller, "key-pressed",
                                            G_CALLBACK (test_never_handler_cb),
                                            g_object_ref (window),
                                            (GClosureNotify) (GCallback) g_object_unref, 0);

    gtk_widget_add_controller (GTK_WIDGET (window), controller);
    gtk_window_destroy (window);
    assert_leak (GTK_WIDGET (window), "destroyed", "GtkWindow");
    g_signal_handler_disconnect (controller, handler);
  }
  g_assert_null (wait_for_leaks (0));
}

int
main (int    argc,
      char **argv)
{
  gtk_test_init (&argc, &argv, NULL);
  lifecycle_gtk_watch_widgets (GRACE);

  g_test_add_func ("/lifecycle/gtk/leaks/clean", test_clean);
  g_test_add_func ("/lifecycle/gtk/leaks/window", test_window);
  g_test_add_func ("/lifecycle/gtk/leaks/child", test_child);
  g_test_add_func ("/lifecycle/gtk/leaks/kinds", test_kinds);
  g_test_add_func ("/lifecycle/gtk/leaks/in-test", test_in_test);

  return g_test_run ();
}
