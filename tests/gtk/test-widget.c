/* test-widget.c: the scope of a widget
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-gtk-util.h"

/* A window with a box that has two labels. */
typedef struct
{
  GtkWindow *window;
  GtkWidget *box;
  GtkWidget *first;
  GtkWidget *second;
} Fixture;

static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  fixture->window = GTK_WINDOW (gtk_window_new ());
  fixture->box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  fixture->first = gtk_label_new ("first");
  fixture->second = gtk_label_new ("second");
  gtk_box_append (GTK_BOX (fixture->box), fixture->first);
  gtk_box_append (GTK_BOX (fixture->box), fixture->second);
  gtk_window_set_child (fixture->window, fixture->box);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  if (fixture->window != NULL)
    gtk_window_destroy (fixture->window);
}

static void
closing_cb (LifecycleScope  *scope,
            LifecycleReason  reason,
            gpointer         data)
{
  Fixture *fixture = data;

  g_assert_true (gtk_widget_get_parent (fixture->first) == fixture->box);
  g_assert_true (gtk_widget_get_parent (fixture->second) == fixture->box);
  test_log ("%s-closing", lifecycle_scope_get_name (scope));
}

static void
closed_cb (LifecycleScope  *scope,
           LifecycleReason  reason,
           gpointer         data)
{
  g_assert_cmpint (reason, ==, LIFECYCLE_REASON_OWNER_GONE);
  test_log ("%s-closed", lifecycle_scope_get_name (scope));
}

static LifecycleScope *
watch_scope_of (Fixture    *fixture,
                GtkWidget  *widget,
                const char *name)
{
  LifecycleScope *scope = lifecycle_gtk_scope_of (widget);

  g_signal_connect (scope, "closing", G_CALLBACK (closing_cb), fixture);
  g_signal_connect (scope, "closed", G_CALLBACK (closed_cb), NULL);
  lifecycle_scope_defer (scope, test_gtk_log_cb, (gpointer) name, NULL);

  return scope;
}

static void
destroy_cb (GtkWidget *widget,
            gpointer   data)
{
  test_log ("%s-destroyed", G_OBJECT_TYPE_NAME (widget));
}

static void
test_same (Fixture       *fixture,
           gconstpointer  data)
{
  LifecycleScope *scope = lifecycle_gtk_scope_of (fixture->first);

  g_assert_true (scope == lifecycle_gtk_scope_of (fixture->first));
  g_assert_true (scope == lifecycle_scope_of (G_OBJECT (fixture->first)));
  g_assert_false (scope == lifecycle_gtk_scope_of (fixture->second));

  /* After an explicit close there is a new one. */
  lifecycle_scope_close (scope);
  g_assert_false (lifecycle_scope_is_closed (lifecycle_gtk_scope_of (fixture->first)));
}

static void
test_window (Fixture       *fixture,
             gconstpointer  data)
{
  gboolean finalized;

  test_gtk_show (fixture->window);
  test_gtk_watch_finalize (fixture->window, &finalized);
  watch_scope_of (fixture, GTK_WIDGET (fixture->window), "window");
  g_signal_connect (fixture->window, "destroy", G_CALLBACK (destroy_cb), NULL);
  lifecycle_scope_connect_signal (lifecycle_gtk_scope_of (GTK_WIDGET (fixture->window)),
                                  fixture->window, "destroy", G_CALLBACK (destroy_cb), NULL);

  gtk_window_destroy (g_steal_pointer (&fixture->window));
  test_assert_log ("GtkWindow-closing window GtkWindow-closed GtkWindow-destroyed");
  test_gtk_settle ();
  g_assert_true (finalized);
}

static void
test_window_held (Fixture       *fixture,
                  gconstpointer  data)
{
  g_autoptr (GtkWindow) window = g_object_ref (fixture->window);
  GtkWidget *widget = GTK_WIDGET (window);
  LifecycleScope *scope;
  gboolean ran = FALSE;

  test_gtk_show (window);
  scope = watch_scope_of (fixture, widget, "window");
  g_object_ref (scope);
  g_signal_connect (window, "destroy", G_CALLBACK (destroy_cb), NULL);

  gtk_window_destroy (g_steal_pointer (&fixture->window));
  test_assert_log ("GtkWindow-closing window GtkWindow-closed");
  g_assert_true (gtk_widget_get_parent (gtk_window_get_child (window)) == widget);

  /* It stays closed: what comes now comes too late. */
  g_assert_true (lifecycle_gtk_scope_of (widget) == scope);
  g_assert_true (lifecycle_scope_is_closed (scope));
  lifecycle_scope_adopt (lifecycle_gtk_scope_of (gtk_window_get_child (window)), &ran,
                         test_gtk_set_true);
  g_assert_true (ran);

  g_object_unref (scope);
  g_clear_object (&window);
  test_assert_log ("GtkWindow-destroyed");
}

/* All are muted before any is released, and children go before their parents. */
static void
test_whole_window (Fixture       *fixture,
                   gconstpointer  data)
{
  g_autoptr (GtkWindow) window = g_object_ref (fixture->window);

  watch_scope_of (fixture, fixture->first, "first");
  watch_scope_of (fixture, GTK_WIDGET (window), "window");
  watch_scope_of (fixture, fixture->box, "box");
  watch_scope_of (fixture, fixture->second, "second");

  gtk_window_destroy (g_steal_pointer (&fixture->window));
  test_assert_log ("GtkWindow-closing GtkBox-closing GtkLabel-closing GtkLabel-closing "
                   "second GtkLabel-closed first GtkLabel-closed "
                   "box GtkBox-closed window GtkWindow-closed");
}

static void
test_child_of_destroyed (Fixture       *fixture,
                         gconstpointer  data)
{
  g_autoptr (GtkWindow) window G_GNUC_UNUSED = g_object_ref (fixture->window);
  g_autoptr (GtkWidget) first = g_object_ref (fixture->first);
  GtkWindow *other = GTK_WINDOW (gtk_window_new ());
  LifecycleScope *scope;

  watch_scope_of (fixture, first, "first");
  gtk_window_destroy (g_steal_pointer (&fixture->window));
  test_assert_log ("GtkLabel-closing first GtkLabel-closed");
  g_assert_true (lifecycle_scope_is_closed (lifecycle_gtk_scope_of (first)));

  /* In another window, it begins a new life. */
  gtk_box_remove (GTK_BOX (fixture->box), first);
  gtk_window_set_child (other, first);
  scope = lifecycle_gtk_scope_of (first);
  g_assert_false (lifecycle_scope_is_closed (scope));
  lifecycle_scope_defer (scope, test_gtk_log_cb, (gpointer) "again", NULL);
  gtk_window_destroy (other);
  test_assert_log ("again");
}

static void
test_dropped_child (Fixture       *fixture,
                    gconstpointer  data)
{
  gboolean finalized;

  test_gtk_watch_finalize (fixture->box, &finalized);
  watch_scope_of (fixture, fixture->box, "box");
  lifecycle_scope_defer (lifecycle_gtk_scope_of (fixture->first), test_gtk_log_cb,
                         (gpointer) "first", NULL);
  g_signal_connect (fixture->box, "destroy", G_CALLBACK (destroy_cb), NULL);
  g_signal_connect (fixture->second, "destroy", G_CALLBACK (destroy_cb), NULL);

  gtk_window_set_child (fixture->window, NULL);
  g_assert_true (finalized);
  test_assert_log ("GtkBox-closing box GtkBox-closed "
                   "first GtkLabel-destroyed GtkBox-destroyed");
}

static void
test_reparented (Fixture       *fixture,
                 gconstpointer  data)
{
  GtkWindow *other = GTK_WINDOW (gtk_window_new ());
  g_autoptr (GtkWidget) first = g_object_ref (fixture->first);
  LifecycleScope *scope = lifecycle_gtk_scope_of (first);

  test_gtk_show (fixture->window);
  lifecycle_scope_defer (scope, test_gtk_log_cb, (gpointer) "closed", NULL);
  gtk_box_remove (GTK_BOX (fixture->box), first);
  gtk_window_set_child (other, first);
  g_assert_true (lifecycle_gtk_scope_of (first) == scope);

  gtk_window_destroy (g_steal_pointer (&fixture->window));
  g_assert_false (lifecycle_scope_is_closed (scope));
  test_assert_log ("");
  gtk_window_destroy (other);
  test_assert_log ("closed");
}

static void
destroy_other_cb (LifecycleScope  *scope,
                  LifecycleReason  reason,
                  gpointer         other)
{
  gtk_window_destroy (other);
}

/* A window that is destroyed while another one is. */
static void
test_nested (Fixture       *fixture,
             gconstpointer  data)
{
  GtkWindow *other = GTK_WINDOW (gtk_window_new ());

  lifecycle_scope_defer (lifecycle_gtk_scope_of (GTK_WIDGET (other)), test_gtk_log_cb,
                         (gpointer) "other", NULL);
  g_signal_connect (lifecycle_gtk_scope_of (GTK_WIDGET (fixture->window)), "closing",
                    G_CALLBACK (destroy_other_cb), other);
  lifecycle_scope_defer (lifecycle_gtk_scope_of (GTK_WIDGET (fixture->window)), test_gtk_log_cb,
                         (gpointer) "window", NULL);
  gtk_window_destroy (g_steal_pointer (&fixture->window));
  test_assert_log ("other window");
}

/* A garbage collector may dispose widgets, and then nothing can be called. */
static void
test_collected (Fixture       *fixture,
                gconstpointer  data)
{
  LifecycleScope *first = lifecycle_gtk_scope_of (fixture->first);
  LifecycleScope *second = lifecycle_gtk_scope_of (fixture->second);

  g_object_ref (first);
  g_object_ref (second);
  lifecycle_scope_set_collected (first, TRUE);
  lifecycle_scope_set_collected (second, TRUE);
  lifecycle_scope_defer (first, test_gtk_log_cb, (gpointer) "first", NULL);
  lifecycle_scope_defer (second, test_gtk_log_cb, (gpointer) "second", NULL);
  gtk_box_remove (GTK_BOX (fixture->box), fixture->first);
  test_assert_log ("");
  g_assert_cmpint (lifecycle_scope_get_state (first), ==, LIFECYCLE_STATE_CLOSING);
  test_iterate_until (lifecycle_scope_is_closed (first));
  test_assert_log ("first");
  g_assert_cmpint (lifecycle_scope_get_reason (first), ==, LIFECYCLE_REASON_OWNER_GONE);

  /* That is something that the program asks for. */
  gtk_window_destroy (g_steal_pointer (&fixture->window));
  test_assert_log ("second");
  g_assert_true (lifecycle_scope_is_closed (second));
  g_assert_finalize_object (first);
  g_assert_finalize_object (second);
}

/* A class with a template, and one that is derived from it; both have a dispose. */

#define TEST_TYPE_VIEW (test_view_get_type ())
G_DECLARE_DERIVABLE_TYPE (TestView, test_view, TEST, VIEW, GtkWidget)

struct _TestViewClass
{
  GtkWidgetClass parent_class;
};

typedef struct
{
  GtkWidget *label;
} TestViewPrivate;

G_DEFINE_TYPE_WITH_PRIVATE (TestView, test_view, GTK_TYPE_WIDGET)

static void
test_view_dispose (GObject *object)
{
  g_assert_null (gtk_widget_get_first_child (GTK_WIDGET (object)));
  test_log ("view-dispose");
  G_OBJECT_CLASS (test_view_parent_class)->dispose (object);
}

static const char test_view_template[] =
  "<interface>"
  "  <template class='TestView' parent='GtkWidget'>"
  "    <child><object class='GtkLabel' id='label'/></child>"
  "  </template>"
  "</interface>";

static void
test_view_class_init (TestViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  g_autoptr (GBytes) template = g_bytes_new_static (test_view_template,
                                                    strlen (test_view_template));

  G_OBJECT_CLASS (klass)->dispose = test_view_dispose;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template (widget_class, template);
  gtk_widget_class_bind_template_child_private (widget_class, TestView, label);
  lifecycle_gtk_widget_class_dispose_template (widget_class);
}

static void
test_view_init (TestView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

#define TEST_TYPE_SPECIAL_VIEW (test_special_view_get_type ())
G_DECLARE_FINAL_TYPE (TestSpecialView, test_special_view, TEST, SPECIAL_VIEW, TestView)

struct _TestSpecialView
{
  TestView parent_instance;
};

G_DEFINE_FINAL_TYPE (TestSpecialView, test_special_view, TEST_TYPE_VIEW)

static void
test_special_view_dispose (GObject *object)
{
  test_log ("special-dispose");
  G_OBJECT_CLASS (test_special_view_parent_class)->dispose (object);
}

static void
test_special_view_class_init (TestSpecialViewClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = test_special_view_dispose;
}

static void
test_special_view_init (TestSpecialView *self)
{
}

static void
check_label_cb (LifecycleScope  *scope,
                LifecycleReason  reason,
                gpointer         data)
{
  TestViewPrivate *priv = test_view_get_instance_private (data);

  g_assert_true (gtk_widget_get_parent (priv->label) == data);
  test_log ("closing");
}

static void
test_template (void)
{
  GtkWidget *view = g_object_ref_sink (g_object_new (TEST_TYPE_VIEW, NULL));
  GtkWidget *special;

  g_signal_connect (lifecycle_gtk_scope_of (view), "closing", G_CALLBACK (check_label_cb), view);
  g_assert_finalize_object (view);
  test_assert_log ("closing view-dispose");

  /* Without a scope. */
  view = g_object_ref_sink (g_object_new (TEST_TYPE_VIEW, NULL));
  g_assert_finalize_object (view);
  test_assert_log ("view-dispose");

  /* Two levels that lead to the same function. */
  special = g_object_ref_sink (g_object_new (TEST_TYPE_SPECIAL_VIEW, NULL));
  g_signal_connect (lifecycle_gtk_scope_of (special), "closing", G_CALLBACK (check_label_cb),
                    special);
  g_assert_finalize_object (special);
  test_assert_log ("closing special-dispose view-dispose");
}

#define add(path, func) \
  g_test_add ("/lifecycle/gtk/widget/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int    argc,
      char **argv)
{
  gtk_test_init (&argc, &argv, NULL);

  add ("same", test_same);
  add ("window", test_window);
  add ("window-held", test_window_held);
  add ("whole-window", test_whole_window);
  add ("child-of-destroyed", test_child_of_destroyed);
  add ("dropped-child", test_dropped_child);
  add ("reparented", test_reparented);
  add ("nested", test_nested);
  add ("collected", test_collected);
  g_test_add_func ("/lifecycle/gtk/widget/template", test_template);

  return g_test_run ();
}
