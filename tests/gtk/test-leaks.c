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
  g_assert_cmpstr (lifecycle_leak_get_handlers (leak), ==, "notify::title: test_never_handler_cb");

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
  g_assert_cmpstr (lifecycle_leak_get_handlers (leak), ==,
                   "key-pressed of GtkEventControllerKey: test_never_handler_cb");

  /* It comes back. */
  gtk_box_append (GTK_BOX (box), button);
  g_assert_null (wait_for_leaks (0));
  g_object_unref (button);
  gtk_window_destroy (window);
  let_grace_pass ();
  g_assert_null (wait_for_leaks (0));
}

/* What GTK keeps to show it again is no leak, until it is taken away. */
static void
test_kept (void)
{
  GtkWindow *window = new_window ();
  GtkWidget *expander = gtk_expander_new ("more");
  GtkWidget *label = g_object_ref (gtk_label_new ("inside"));

  gtk_expander_set_child (GTK_EXPANDER (expander), label);
  gtk_box_append (GTK_BOX (gtk_window_get_child (window)), expander);
  gtk_expander_set_expanded (GTK_EXPANDER (expander), TRUE);
  test_iterate_until (gtk_widget_get_mapped (label));
  gtk_expander_set_expanded (GTK_EXPANDER (expander), FALSE);
  test_iterate_until (gtk_widget_get_root (label) == NULL);
  let_grace_pass ();
  g_assert_null (wait_for_leaks (0));

  gtk_expander_set_child (GTK_EXPANDER (expander), NULL);
  assert_leak (label, "after it was taken out of its window", "> GtkExpander > ");

  g_object_unref (label);
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

/* The usual kinds of leaks, and what the report says of each. */

/* An object of the program that holds a widget. */
#define TEST_TYPE_KEEPER (test_keeper_get_type ())
G_DECLARE_FINAL_TYPE (TestKeeper, test_keeper, TEST, KEEPER, GObject)

struct _TestKeeper
{
  GObject    parent_instance;
  char       before[400];
  GtkWindow *window;
};

G_DEFINE_FINAL_TYPE (TestKeeper, test_keeper, G_TYPE_OBJECT)

static void
test_keeper_dispose (GObject *object)
{
  g_clear_object (&TEST_KEEPER (object)->window);

  G_OBJECT_CLASS (test_keeper_parent_class)->dispose (object);
}

static void
test_keeper_class_init (TestKeeperClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = test_keeper_dispose;
}

static void
test_keeper_init (TestKeeper *self)
{
}

static GtkWindow *remembered_window;

static gboolean
never_cb (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static void
never_notify_cb (gpointer data)
{
}

static void
never_closure_cb (void)
{
}

/* Destroys the window, of which somebody holds a reference, and expects a line of the report. */
static void
assert_referrer (GtkWindow  *window,
                 const char *pattern)
{
  g_autoptr (LifecycleLeak) leak = NULL;
  g_auto (GStrv) lines = NULL;
  gboolean found = FALSE;

  gtk_window_destroy (window);
  assert_leak (GTK_WIDGET (window), "destroyed", "GtkWindow");
  leak = wait_for_leaks (1);
  lines = g_strsplit (lifecycle_leak_get_referrers (leak) != NULL ? lifecycle_leak_get_referrers (leak)
                                                                  : "", "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    found |= g_pattern_match_simple (pattern, lines[i]);
  if (!found)
    g_error ("no line like '%s' in:\n%s", pattern, lifecycle_leak_get_referrers (leak));
}

static void
test_held_by_handler (void)
{
  GtkWindow *window = new_window ();
  GtkAdjustment *model = g_object_ref_sink (gtk_adjustment_new (0, 0, 1, 1, 1, 1));

  g_signal_connect_data (model, "value-changed", G_CALLBACK (test_never_handler_cb),
                         g_object_ref (window), (GClosureNotify) (GCallback) g_object_unref, 0);
  assert_referrer (window,
                   "data of test_never_handler_cb, connected to value-changed of GtkAdjustment 0x*");
  g_object_unref (model);
  g_assert_null (wait_for_leaks (0));
}

static void
test_held_by_controller (void)
{
  GtkWindow *window = new_window ();
  GtkEventController *controller = gtk_event_controller_key_new ();
  gulong handler = g_signal_connect_data (controller, "key-pressed", G_CALLBACK (test_never_handler_cb),
                                          g_object_ref (window),
                                          (GClosureNotify) (GCallback) g_object_unref, 0);

  gtk_widget_add_controller (GTK_WIDGET (window), controller);
  assert_referrer (window, "data of test_never_handler_cb, connected to key-pressed of "
                           "GtkEventControllerKey 0x*");
  g_signal_handler_disconnect (controller, handler);
  g_assert_null (wait_for_leaks (0));
}

static void
test_held_by_source (void)
{
  GtkWindow *window = new_window ();
  GSource *source;
  guint id = g_timeout_add_full (G_PRIORITY_DEFAULT, 100000, never_cb, g_object_ref (window),
                                 g_object_unref);

  assert_referrer (window, "data of never_cb, called by the source 'timeout'");
  g_source_remove (id);
  g_assert_null (wait_for_leaks (0));

  window = new_window ();
  source = g_timeout_source_new (100000);
  g_source_set_static_name (source, "save soon");
  g_source_set_closure (source, g_cclosure_new_object (G_CALLBACK (never_cb), G_OBJECT (window)));
  g_source_attach (source, NULL);
  g_object_ref (window);
  assert_referrer (window, "data of a closure, called by the source 'save soon'");
  g_object_unref (window);
  g_assert_null (wait_for_leaks (0));
  g_source_destroy (source);
  g_source_unref (source);
}

static void
test_held_by_expression (void)
{
  GtkWindow *window = new_window ();
  GtkExpression *expression = gtk_constant_expression_new (GTK_TYPE_WINDOW, window);
  GtkExpressionWatch *watch;
  GtkAdjustment *model;

  assert_referrer (window, "in GtkConstantExpression 0x*");
  gtk_expression_unref (expression);
  g_assert_null (wait_for_leaks (0));

  window = new_window ();
  expression = gtk_cclosure_expression_new (G_TYPE_STRING, NULL, 0, NULL, never_closure_cb,
                                            g_object_ref (window),
                                            (GClosureNotify) (GCallback) g_object_unref);
  assert_referrer (window, "data of a closure in GtkCClosureExpression 0x*");
  gtk_expression_unref (expression);
  g_assert_null (wait_for_leaks (0));

  /* GTK keeps the data of a watch in memory that is no object. */
  window = new_window ();
  model = g_object_ref_sink (gtk_adjustment_new (0, 0, 1, 1, 1, 1));
  expression = gtk_property_expression_new (GTK_TYPE_ADJUSTMENT, NULL, "value");
  watch = gtk_expression_watch (expression, model, never_notify_cb, g_object_ref (window),
                                g_object_unref);
  gtk_window_destroy (window);
  assert_leak (GTK_WIDGET (window), "destroyed", "GtkWindow");
  gtk_expression_watch_unwatch (watch);
  gtk_expression_unref (expression);
  g_object_unref (model);
  g_assert_null (wait_for_leaks (0));
}

static void
test_held_by_object (void)
{
  TestKeeper *keeper = g_object_new (TEST_TYPE_KEEPER, NULL);

  keeper->window = g_object_ref (new_window ());
  assert_referrer (keeper->window, "in TestKeeper 0x*");
  g_object_unref (keeper);
  g_assert_null (wait_for_leaks (0));
}

static void
test_held_by_variable (void)
{
  remembered_window = g_object_ref (new_window ());
  assert_referrer (remembered_window, "the variable remembered_window");
  g_clear_object (&remembered_window);
  g_assert_null (wait_for_leaks (0));
}

/* What scopes own has a place. */
static void
test_held_by_scope (void)
{
  g_autoptr (LifecycleScope) scope = lifecycle_scope_new ("shelf");
  GtkAdjustment *model = g_object_ref_sink (gtk_adjustment_new (0, 0, 1, 1, 1, 1));
  GtkWindow *window = new_window ();

  lifecycle_scope_add_object (scope, G_OBJECT (window));
  assert_referrer (window, "a reference, added at *test-leaks.c:*, in scope shelf");
  lifecycle_scope_clear (scope);
  g_assert_null (wait_for_leaks (0));

  window = new_window ();
  lifecycle_scope_add_timeout (scope, 100000, never_cb, g_object_ref (window), g_object_unref);
  assert_referrer (window, "data of never_cb, timer, added at *test-leaks.c:*, in scope shelf");
  lifecycle_scope_clear (scope);
  g_assert_null (wait_for_leaks (0));

  window = new_window ();
  lifecycle_scope_connect_full (scope, model, "value-changed", G_CALLBACK (test_never_handler_cb),
                                g_object_ref (window), (GClosureNotify) (GCallback) g_object_unref,
                                LIFECYCLE_CONNECT_DEFAULT);
  assert_referrer (window, "data of test_never_handler_cb, connected to value-changed of "
                           "GtkAdjustment 0x*, added at *test-leaks.c:*, in scope shelf");
  lifecycle_scope_close (scope);
  g_object_unref (model);
  g_assert_null (wait_for_leaks (0));
}

/* What has been is not mentioned: handlers, sources and objects that are gone, whose memory may still
 * look as it did.
 */
static void
test_held_no_more (void)
{
  GtkWindow *window = g_object_ref (new_window ());
  TestKeeper *keeper = g_object_new (TEST_TYPE_KEEPER, NULL);
  GtkAdjustment *model = g_object_ref_sink (gtk_adjustment_new (0, 0, 1, 1, 1, 1));
  GtkExpression *expression = gtk_constant_expression_new (GTK_TYPE_WINDOW, window);
  guint timeout = g_timeout_add (100000, never_cb, window);
  gulong handler = g_signal_connect (model, "value-changed", G_CALLBACK (test_never_handler_cb), window);
  g_autoptr (LifecycleLeak) leak = NULL;
  const char *referrers;

  keeper->window = g_object_ref (window);
  gtk_expression_unref (expression);
  g_source_remove (timeout);
  g_signal_handler_disconnect (model, handler);
  g_object_unref (model);
  g_object_unref (keeper);

  gtk_window_destroy (window);
  assert_leak (GTK_WIDGET (window), "destroyed", "GtkWindow");
  leak = wait_for_leaks (1);
  referrers = lifecycle_leak_get_referrers (leak);
  if (referrers != NULL)
    {
      g_assert_null (strstr (referrers, "test_never_handler_cb"));
      g_assert_null (strstr (referrers, "never_cb"));
      g_assert_null (strstr (referrers, "TestKeeper"));
      g_assert_null (strstr (referrers, "Expression"));
      g_assert_null (strstr (referrers, "variable"));
    }
  g_object_unref (window);
  g_assert_null (wait_for_leaks (0));
}

static gpointer
count_on_thread (gpointer data)
{
  g_autoptr (GListModel) leaks = lifecycle_list_leaks ();
  g_autoptr (LifecycleLeak) leak = g_list_model_get_item (leaks, 0);

  g_assert_nonnull (leak);
  g_assert_cmpstr (lifecycle_leak_get_handlers (leak), ==, "notify::title: test_never_handler_cb");

  return GUINT_TO_POINTER (lifecycle_get_n_overdue ());
}

/* Widgets count, and other threads get to know of them. */
static void
test_overdue (void)
{
  GtkWindow *window = g_object_ref (new_window ());
  gint64 end;
  guint n;

  g_assert_cmpuint (lifecycle_get_n_overdue (), ==, 0);
  g_signal_connect (window, "notify::title", G_CALLBACK (test_never_handler_cb), NULL);
  gtk_window_destroy (window);
  g_assert_cmpuint (lifecycle_get_n_overdue (), ==, 0);
  test_iterate_until (lifecycle_get_n_overdue () == 1);

  n = GPOINTER_TO_UINT (g_thread_join (g_thread_new ("counter", count_on_thread, NULL)));
  g_assert_cmpuint (n, ==, 1);

  /* A longer time is for it, too. */
  lifecycle_gtk_watch_widgets (100000);
  g_assert_cmpuint (lifecycle_get_n_overdue (), ==, 0);
  lifecycle_gtk_watch_widgets (GRACE);
  g_assert_cmpuint (lifecycle_get_n_overdue (), ==, 1);

  g_object_unref (window);
  g_assert_cmpuint (lifecycle_get_n_overdue (), ==, 0);

  /* Another thread is told although nobody has asked on this one. */
  window = g_object_ref (new_window ());
  g_signal_connect (window, "notify::title", G_CALLBACK (test_never_handler_cb), NULL);
  gtk_window_destroy (window);
  end = g_get_monotonic_time () + 20 * GRACE * 1000;
  test_iterate_until (g_get_monotonic_time () > end);
  n = GPOINTER_TO_UINT (g_thread_join (g_thread_new ("counter", count_on_thread, NULL)));
  g_assert_cmpuint (n, ==, 1);
  g_object_unref (window);
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
  g_test_add_func ("/lifecycle/gtk/leaks/kept", test_kept);
  g_test_add_func ("/lifecycle/gtk/leaks/held-by-handler", test_held_by_handler);
  g_test_add_func ("/lifecycle/gtk/leaks/held-by-controller", test_held_by_controller);
  g_test_add_func ("/lifecycle/gtk/leaks/held-by-source", test_held_by_source);
  g_test_add_func ("/lifecycle/gtk/leaks/held-by-expression", test_held_by_expression);
  g_test_add_func ("/lifecycle/gtk/leaks/held-by-object", test_held_by_object);
  g_test_add_func ("/lifecycle/gtk/leaks/held-by-variable", test_held_by_variable);
  g_test_add_func ("/lifecycle/gtk/leaks/held-by-scope", test_held_by_scope);
  g_test_add_func ("/lifecycle/gtk/leaks/held-no-more", test_held_no_more);
  g_test_add_func ("/lifecycle/gtk/leaks/overdue", test_overdue);
  g_test_add_func ("/lifecycle/gtk/leaks/in-test", test_in_test);

  return g_test_run ();
}
