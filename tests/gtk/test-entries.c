/* test-entries.c: what a scope owns of GTK
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-gtk-util.h"

#include <math.h>

/* A widget in a window, and a scope that has nothing to do with either. */
typedef struct
{
  GtkWindow      *window;
  GtkWidget      *widget;       /* a reference */
  LifecycleScope *scope;
  guint           n_calls;
  gboolean        destroyed;
  gboolean        finalized;
} Fixture;

static void
set_up (Fixture       *fixture,
        gconstpointer  data)
{
  fixture->window = GTK_WINDOW (gtk_window_new ());
  fixture->widget = g_object_ref (gtk_drawing_area_new ());
  gtk_widget_set_focusable (fixture->widget, TRUE);
  gtk_window_set_child (fixture->window, fixture->widget);
  fixture->scope = lifecycle_scope_new ("scope");
}

static void
drop_widget (Fixture *fixture)
{
  gboolean finalized;

  test_gtk_watch_finalize (fixture->widget, &finalized);
  gtk_window_set_child (fixture->window, NULL);
  g_clear_object (&fixture->widget);
  /* Of a window that is shown, GTK holds some widgets until it has drawn again. */
  test_iterate_until (finalized);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  data)
{
  lifecycle_scope_close (fixture->scope);
  g_assert_finalize_object (fixture->scope);
  gtk_window_destroy (fixture->window);
  if (fixture->widget != NULL)
    g_assert_finalize_object (fixture->widget);
}

#define assert_n_entries(n) \
  g_assert_cmpuint (lifecycle_scope_get_n_entries (fixture->scope), ==, n)

/* The data is the fixture. It is to be destroyed once. */
static void
destroyed_cb (gpointer data)
{
  Fixture *fixture = data;

  g_assert_false (fixture->destroyed);
  fixture->destroyed = TRUE;
}

#define assert_destroyed() \
  G_STMT_START \
    { \
      g_assert_true (fixture->destroyed); \
      fixture->destroyed = FALSE; \
    } \
  G_STMT_END

static void
close_scope (Fixture *fixture)
{
  lifecycle_scope_close (fixture->scope);
  assert_n_entries (0);
}

static void
renew_scope (Fixture *fixture)
{
  g_assert_finalize_object (fixture->scope);
  fixture->scope = lifecycle_scope_new ("scope");
}

/* Controllers */

static GtkEventController *
add_controller (Fixture *fixture)
{
  GtkEventController *controller = GTK_EVENT_CONTROLLER (gtk_gesture_click_new ());
  gboolean open = !lifecycle_scope_is_closed (fixture->scope);

  test_gtk_watch_finalize (controller, &fixture->finalized);
  g_assert_true (open == lifecycle_gtk_add_controller (fixture->scope, fixture->widget, controller));

  return controller;
}

static void
test_controller (Fixture       *fixture,
                 gconstpointer  data)
{
  GtkEventController *controller = add_controller (fixture);

  g_assert_true (gtk_event_controller_get_widget (controller) == fixture->widget);
  assert_n_entries (1);

  /* Somebody else removes it. */
  gtk_widget_remove_controller (fixture->widget, controller);
  g_assert_true (fixture->finalized);
  assert_n_entries (0);

  /* It is removed, and held. */
  controller = g_object_ref (add_controller (fixture));
  gtk_widget_remove_controller (fixture->widget, controller);
  gtk_widget_add_controller (GTK_WIDGET (fixture->window), controller);
  close_scope (fixture);
  g_assert_true (gtk_event_controller_get_widget (controller) == GTK_WIDGET (fixture->window));
  renew_scope (fixture);

  /* The scope closes. */
  add_controller (fixture);
  close_scope (fixture);
  g_assert_true (fixture->finalized);

  /* Late. */
  add_controller (fixture);
  g_assert_true (fixture->finalized);
  renew_scope (fixture);

  /* The widget goes. */
  add_controller (fixture);
  drop_widget (fixture);
  g_assert_true (fixture->finalized);
  assert_n_entries (0);
}

/* Shortcuts */

static gboolean
shortcut_cb (GtkWidget *widget,
             GVariant  *args,
             gpointer   data)
{
  ((Fixture *) data)->n_calls++;

  return TRUE;
}

static gboolean
add_shortcut (Fixture    *fixture,
              const char *trigger)
{
  return lifecycle_gtk_add_shortcut (fixture->scope, fixture->widget, GTK_SHORTCUT_SCOPE_GLOBAL,
                                     trigger, shortcut_cb, fixture, destroyed_cb);
}

static GtkShortcutAction *
find_shortcut (GtkWidget *widget)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (widget);

  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GObject) controller = g_list_model_get_item (controllers, i);

      if (GTK_IS_SHORTCUT_CONTROLLER (controller))
        {
          g_autoptr (GtkShortcut) shortcut = g_list_model_get_item (G_LIST_MODEL (controller), 0);

          return g_object_ref (gtk_shortcut_get_action (shortcut));
        }
    }

  return NULL;
}

static void
test_shortcut (Fixture       *fixture,
               gconstpointer  data)
{
  g_autoptr (GtkShortcutAction) action = NULL;

  g_assert_true (add_shortcut (fixture, "<Control>w"));
  assert_n_entries (1);
  action = find_shortcut (fixture->widget);
  gtk_shortcut_action_activate (action, 0, fixture->widget, NULL);
  g_assert_cmpuint (fixture->n_calls, ==, 1);

  /* Whoever holds the action does not reach the function any more. */
  close_scope (fixture);
  assert_destroyed ();
  g_assert_null (find_shortcut (fixture->widget));
  gtk_shortcut_action_activate (action, 0, fixture->widget, NULL);
  g_assert_cmpuint (fixture->n_calls, ==, 1);

  g_assert_false (add_shortcut (fixture, "<Control>w"));
  assert_destroyed ();
  renew_scope (fixture);

  g_test_expect_message ("LifecycleGtk", G_LOG_LEVEL_CRITICAL, "*<Nonsense>*");
  g_assert_false (add_shortcut (fixture, "<Nonsense>"));
  g_test_assert_expected_messages ();
  assert_destroyed ();

  g_assert_true (add_shortcut (fixture, "<Control>w"));
  drop_widget (fixture);
  assert_destroyed ();
  assert_n_entries (0);
}

/* Ticks */

static gboolean
tick_cb (GtkWidget     *widget,
         GdkFrameClock *clock,
         gpointer       data)
{
  return ++((Fixture *) data)->n_calls < 3 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static guint
add_tick (Fixture *fixture)
{
  fixture->n_calls = 0;

  return lifecycle_gtk_add_tick (fixture->scope, fixture->widget, tick_cb, fixture, destroyed_cb);
}

static void
test_tick (Fixture       *fixture,
           gconstpointer  data)
{
  guint id;

  test_gtk_show (fixture->window);

  /* It ends by itself. */
  g_assert_cmpuint (add_tick (fixture), !=, 0);
  assert_n_entries (1);
  test_iterate_until (fixture->n_calls == 3);
  assert_destroyed ();
  assert_n_entries (0);

  /* Somebody removes it. */
  id = add_tick (fixture);
  gtk_widget_remove_tick_callback (fixture->widget, id);
  assert_destroyed ();
  assert_n_entries (0);

  /* The scope closes, and it is late. */
  g_assert_cmpuint (add_tick (fixture), !=, 0);
  close_scope (fixture);
  assert_destroyed ();
  g_assert_cmpuint (add_tick (fixture), ==, 0);
  assert_destroyed ();
  test_gtk_settle ();
  g_assert_cmpuint (fixture->n_calls, ==, 0);
  renew_scope (fixture);

  /* The widget goes. */
  g_assert_cmpuint (add_tick (fixture), !=, 0);
  drop_widget (fixture);
  assert_destroyed ();
  assert_n_entries (0);
}

static gboolean
closing_tick_cb (GtkWidget     *widget,
                 GdkFrameClock *clock,
                 gpointer       data)
{
  Fixture *fixture = data;

  fixture->n_calls++;
  lifecycle_scope_close (fixture->scope);
  g_assert_false (fixture->destroyed);

  return G_SOURCE_CONTINUE;
}

static void
test_tick_closes (Fixture       *fixture,
                  gconstpointer  data)
{
  test_gtk_show (fixture->window);
  lifecycle_gtk_add_tick (fixture->scope, fixture->widget, closing_tick_cb, fixture, destroyed_cb);
  test_iterate_until (fixture->n_calls == 1);
  assert_destroyed ();
  test_gtk_settle ();
  g_assert_cmpuint (fixture->n_calls, ==, 1);
}

static void
frame_cb (GdkFrameClock *clock,
          gpointer       data)
{
  ((Fixture *) data)->n_calls++;
}

static void
test_frame_handler (Fixture       *fixture,
                    gconstpointer  data)
{
  g_assert_true (lifecycle_gtk_add_frame_handler (fixture->scope, fixture->widget, "after-paint",
                                                  frame_cb, fixture, destroyed_cb));
  test_gtk_show (fixture->window);
  gtk_widget_queue_draw (fixture->widget);
  test_iterate_until (fixture->n_calls > 0);

  /* The window gets another frame clock. */
  gtk_widget_set_visible (GTK_WIDGET (fixture->window), FALSE);
  gtk_widget_unrealize (GTK_WIDGET (fixture->window));
  fixture->n_calls = 0;
  test_gtk_show (fixture->window);
  gtk_widget_queue_draw (fixture->widget);
  test_iterate_until (fixture->n_calls > 0);

  close_scope (fixture);
  assert_destroyed ();
  fixture->n_calls = 0;
  gtk_widget_queue_draw (fixture->widget);
  test_gtk_settle ();
  g_assert_cmpuint (fixture->n_calls, ==, 0);
}

static void
animate_cb (GtkWidget *widget,
            double     progress,
            gpointer   data)
{
  Fixture *fixture = data;

  g_assert_cmpfloat (progress, >=, 0);
  g_assert_cmpfloat (progress, <=, 1);
  fixture->n_calls++;
}

static void
test_animate (Fixture       *fixture,
              gconstpointer  data)
{
  test_gtk_show (fixture->window);
  g_assert_true (lifecycle_gtk_animate (fixture->scope, fixture->widget, 50, animate_cb, fixture,
                                        destroyed_cb));
  test_iterate_until (fixture->destroyed);
  g_assert_cmpuint (fixture->n_calls, >, 0);
  assert_destroyed ();
  assert_n_entries (0);

  /* Without animations there is one call. */
  g_object_set (gtk_widget_get_settings (fixture->widget), "gtk-enable-animations", FALSE, NULL);
  fixture->n_calls = 0;
  g_assert_true (lifecycle_gtk_animate (fixture->scope, fixture->widget, 50000, animate_cb, fixture,
                                        destroyed_cb));
  test_iterate_until (fixture->destroyed);
  g_assert_cmpuint (fixture->n_calls, ==, 1);
  assert_destroyed ();
  g_object_set (gtk_widget_get_settings (fixture->widget), "gtk-enable-animations", TRUE, NULL);

  /* The scope closes in the middle. */
  g_assert_true (lifecycle_gtk_animate (fixture->scope, fixture->widget, 50000, animate_cb, fixture,
                                        destroyed_cb));
  close_scope (fixture);
  assert_destroyed ();
}

/* Expressions */

static void
expression_cb (gpointer data)
{
  ((Fixture *) data)->n_calls++;
}

static GtkExpressionWatch *
watch_expression (Fixture *fixture)
{
  g_autoptr (GtkExpression) expression = gtk_property_expression_new (GTK_TYPE_WIDGET, NULL, "name");

  return lifecycle_gtk_watch_expression (fixture->scope, expression, fixture->widget,
                                         expression_cb, fixture, destroyed_cb);
}

static void
test_watch_expression (Fixture       *fixture,
                       gconstpointer  data)
{
  GtkExpressionWatch *watch = watch_expression (fixture);

  assert_n_entries (1);
  gtk_widget_set_name (fixture->widget, "one");
  g_assert_cmpuint (fixture->n_calls, ==, 1);

  /* Somebody ends it. */
  gtk_expression_watch_unwatch (watch);
  assert_destroyed ();
  assert_n_entries (0);

  /* The scope closes, and it is late. */
  g_assert_nonnull (watch_expression (fixture));
  close_scope (fixture);
  assert_destroyed ();
  gtk_widget_set_name (fixture->widget, "two");
  g_assert_cmpuint (fixture->n_calls, ==, 1);
  g_assert_null (watch_expression (fixture));
  assert_destroyed ();
  renew_scope (fixture);

  /* The widget goes. */
  g_assert_nonnull (watch_expression (fixture));
  drop_widget (fixture);
  assert_destroyed ();
  assert_n_entries (0);
}

static void
never_notified (gpointer  data,
                GObject  *where_the_object_was)
{
  g_assert_not_reached ();
}

/* The death of the widget is no change, whoever hears of it first. */
static void
test_watch_expression_order (Fixture       *fixture,
                             gconstpointer  data)
{
  g_object_weak_ref (G_OBJECT (fixture->widget), never_notified, NULL);
  g_assert_nonnull (watch_expression (fixture));
  /* GLib fills the gap with the last one, which is GTK's. */
  g_object_weak_unref (G_OBJECT (fixture->widget), never_notified, NULL);
  gtk_widget_set_name (fixture->widget, "one");
  g_assert_cmpuint (fixture->n_calls, ==, 1);
  drop_widget (fixture);
  g_assert_cmpuint (fixture->n_calls, ==, 1);
  assert_destroyed ();
  assert_n_entries (0);
}

static gboolean
bind_expression (Fixture   *fixture,
                 GtkWidget *label)
{
  return lifecycle_gtk_bind_expression (fixture->scope,
                                        gtk_property_expression_new (GTK_TYPE_WIDGET, NULL, "name"),
                                        G_OBJECT (label), "label", fixture->widget);
}

static void
test_bind_expression (Fixture       *fixture,
                      gconstpointer  data)
{
  GtkWidget *label = g_object_ref_sink (gtk_label_new (NULL));

  gtk_widget_set_name (fixture->widget, "one");
  g_assert_true (bind_expression (fixture, label));
  g_assert_cmpstr (gtk_label_get_label (GTK_LABEL (label)), ==, "one");
  assert_n_entries (1);
  close_scope (fixture);
  gtk_widget_set_name (fixture->widget, "two");
  g_assert_cmpstr (gtk_label_get_label (GTK_LABEL (label)), ==, "one");
  g_assert_false (bind_expression (fixture, label));
  renew_scope (fixture);

  /* The target goes, and then the source. */
  g_assert_true (bind_expression (fixture, label));
  g_assert_finalize_object (label);
  assert_n_entries (0);

  label = g_object_ref_sink (gtk_label_new (NULL));
  g_assert_true (bind_expression (fixture, label));
  drop_widget (fixture);
  assert_n_entries (0);
  g_assert_finalize_object (label);
}

/* Actions */

static void
action_cb (GSimpleAction *action,
           GVariant      *parameter,
           gpointer       data)
{
  Fixture *fixture = data;

  fixture->n_calls += parameter != NULL ? g_variant_get_int32 (parameter) : 1;
}

static void
test_actions (Fixture       *fixture,
              gconstpointer  data)
{
  GSimpleActionGroup *group = g_simple_action_group_new ();
  GActionMap *map = G_ACTION_MAP (group);
  g_autoptr (GSimpleAction) action = NULL;
  g_autoptr (GSimpleAction) plain = g_simple_action_new ("plain", NULL);

  action = lifecycle_gtk_add_simple_action (fixture->scope, map, "count", G_VARIANT_TYPE_INT32,
                                            action_cb, fixture, destroyed_cb);
  g_object_ref (action);
  g_assert_true (lifecycle_gtk_add_action (fixture->scope, map, G_ACTION (plain)));
  assert_n_entries (2);
  g_action_activate (G_ACTION (action), g_variant_new_int32 (5));
  g_assert_cmpuint (fixture->n_calls, ==, 5);

  /* Somebody removes one, and another one is replaced. */
  g_action_map_remove_action (map, "count");
  assert_destroyed ();
  assert_n_entries (1);
  g_action_activate (G_ACTION (action), g_variant_new_int32 (5));
  g_assert_cmpuint (fixture->n_calls, ==, 5);
  g_clear_object (&plain);
  plain = g_simple_action_new ("plain", NULL);
  g_action_map_add_action (map, G_ACTION (plain));
  assert_n_entries (0);

  /* The scope closes, and it is late. */
  g_clear_object (&action);
  action = lifecycle_gtk_add_simple_action (fixture->scope, map, "count", NULL, action_cb, fixture,
                                            destroyed_cb);
  g_object_ref (action);
  close_scope (fixture);
  assert_destroyed ();
  g_assert_null (g_action_map_lookup_action (map, "count"));
  g_assert_nonnull (g_action_map_lookup_action (map, "plain"));
  g_action_activate (G_ACTION (action), NULL);
  g_assert_cmpuint (fixture->n_calls, ==, 5);
  g_assert_null (lifecycle_gtk_add_simple_action (fixture->scope, map, "count", NULL, action_cb,
                                                  fixture, destroyed_cb));
  assert_destroyed ();
  renew_scope (fixture);

  /* The map goes. */
  lifecycle_gtk_add_simple_action (fixture->scope, map, "count", NULL, action_cb, fixture,
                                   destroyed_cb);
  g_assert_finalize_object (group);
  assert_destroyed ();
  assert_n_entries (0);
}

static void
change_state_cb (GSimpleAction *action,
                 GVariant      *value,
                 gpointer       data)
{
  ((Fixture *) data)->n_calls++;
  g_simple_action_set_state (action, value);
}

static void
test_action_entries (Fixture       *fixture,
                     gconstpointer  data)
{
  const GActionEntry entries[] = {
    { .name = "plain", .activate = action_cb },
    { .name = "count", .activate = action_cb, .parameter_type = "i" },
    { .name = "toggle", .state = "false", .change_state = change_state_cb },
    { .name = NULL },
  };
  g_autoptr (GSimpleActionGroup) group = g_simple_action_group_new ();
  g_autoptr (GVariant) state = NULL;

  lifecycle_gtk_add_action_entries (fixture->scope, G_ACTION_MAP (group), entries, -1, fixture);
  assert_n_entries (3);
  g_action_group_activate_action (G_ACTION_GROUP (group), "plain", NULL);
  g_action_group_activate_action (G_ACTION_GROUP (group), "count", g_variant_new_int32 (2));
  g_action_group_activate_action (G_ACTION_GROUP (group), "toggle", NULL);
  g_assert_cmpuint (fixture->n_calls, ==, 4);
  state = g_action_group_get_action_state (G_ACTION_GROUP (group), "toggle");
  g_assert_true (g_variant_get_boolean (state));

  close_scope (fixture);
  g_assert_false (g_action_group_has_action (G_ACTION_GROUP (group), "plain"));
  g_assert_false (g_action_group_has_action (G_ACTION_GROUP (group), "toggle"));
}

static void
test_action_group (Fixture       *fixture,
                   gconstpointer  data)
{
  GSimpleActionGroup *group = g_simple_action_group_new ();
  GSimpleActionGroup *other = g_simple_action_group_new ();
  LifecycleScope *scope = lifecycle_scope_new ("other");

  lifecycle_gtk_add_simple_action (fixture->scope, G_ACTION_MAP (group), "count", NULL, action_cb,
                                   fixture, NULL);
  g_assert_true (lifecycle_gtk_insert_action_group (fixture->scope, fixture->widget, "test",
                                                    G_ACTION_GROUP (group)));
  assert_n_entries (2);
  g_assert_true (gtk_widget_activate_action (fixture->widget, "test.count", NULL));
  g_assert_cmpuint (fixture->n_calls, ==, 1);

  /* What has been inserted since stays. */
  lifecycle_gtk_add_simple_action (scope, G_ACTION_MAP (other), "count", NULL, action_cb, fixture,
                                   NULL);
  lifecycle_gtk_insert_action_group (scope, fixture->widget, "test", G_ACTION_GROUP (other));
  close_scope (fixture);
  g_assert_true (gtk_widget_activate_action (fixture->widget, "test.count", NULL));
  g_assert_cmpuint (fixture->n_calls, ==, 2);
  lifecycle_scope_close (scope);
  g_assert_false (gtk_widget_activate_action (fixture->widget, "test.count", NULL));

  g_assert_finalize_object (scope);
  g_assert_finalize_object (group);
  g_assert_finalize_object (other);
}

static void
assert_accels (GtkApplication *application,
               const char     *expected)
{
  g_auto (GStrv) accels = gtk_application_get_accels_for_action (application, "app.test");
  g_autofree char *joined = g_strjoinv (" ", accels);

  g_assert_cmpstr (joined, ==, expected);
}

static void
activate_cb (GtkApplication *application,
             Fixture        *fixture)
{
  LifecycleScope *other = lifecycle_scope_new ("other");
  const char *const before[] = { "a", NULL };
  const char *const first[] = { "b", "c", NULL };
  const char *const second[] = { "d", NULL };

  gtk_application_set_accels_for_action (application, "app.test", before);
  lifecycle_gtk_set_accels (fixture->scope, application, "app.test", first);
  assert_accels (application, "b c");
  lifecycle_gtk_set_accels (other, application, "app.test", second);
  assert_accels (application, "d");

  /* The first closes first. */
  close_scope (fixture);
  assert_accels (application, "d");
  lifecycle_scope_close (other);
  assert_accels (application, "a");
  renew_scope (fixture);
  g_assert_finalize_object (other);

  /* And last. */
  other = lifecycle_scope_new ("other");
  lifecycle_gtk_set_accels (fixture->scope, application, "app.test", first);
  lifecycle_gtk_set_accels (other, application, "app.test", second);
  lifecycle_scope_close (other);
  assert_accels (application, "b c");
  g_assert_finalize_object (other);
}

static void
test_accels (Fixture       *fixture,
             gconstpointer  data)
{
  GtkApplication *application = gtk_application_new (NULL, G_APPLICATION_NON_UNIQUE);

  g_signal_connect (application, "activate", G_CALLBACK (activate_cb), fixture);
  g_assert_cmpint (g_application_run (G_APPLICATION (application), 0, NULL), ==, 0);
  assert_n_entries (1);
  g_assert_finalize_object (application);
  assert_n_entries (0);
}

/* Popovers, windows, dialogs */

static GtkWidget *
add_popover (Fixture   *fixture,
             GtkWidget *parent)
{
  GtkWidget *popover = gtk_popover_new ();

  gtk_popover_set_autohide (GTK_POPOVER (popover), FALSE);
  gtk_popover_set_child (GTK_POPOVER (popover), gtk_label_new ("popover"));
  test_gtk_watch_finalize (popover, &fixture->finalized);
  lifecycle_gtk_add_popover (fixture->scope, popover, parent);

  return popover;
}

static void
test_popover (Fixture       *fixture,
              gconstpointer  data)
{
  GtkWidget *popover;

  test_gtk_show (fixture->window);

  /* The scope closes while it is up. */
  popover = add_popover (fixture, fixture->widget);
  gtk_popover_popup (GTK_POPOVER (popover));
  test_iterate_until (gtk_widget_get_mapped (popover));
  assert_n_entries (1);
  close_scope (fixture);
  test_iterate_until (fixture->finalized);

  /* Late. */
  add_popover (fixture, fixture->widget);
  g_assert_true (fixture->finalized);
  renew_scope (fixture);

  /* Somebody unparents it. */
  popover = add_popover (fixture, fixture->widget);
  gtk_widget_unparent (popover);
  g_assert_true (fixture->finalized);
  assert_n_entries (0);

  /* The parent goes while it is up, and its class knows nothing of it. */
  popover = add_popover (fixture, fixture->widget);
  gtk_popover_popup (GTK_POPOVER (popover));
  test_iterate_until (gtk_widget_get_mapped (popover));
  drop_widget (fixture);
  assert_n_entries (0);
  test_iterate_until (fixture->finalized);
}

static void
test_popover_of_window (Fixture       *fixture,
                        gconstpointer  data)
{
  GtkWindow *window = g_object_ref (GTK_WINDOW (gtk_window_new ()));
  GtkWidget *popover;

  test_gtk_show (window);
  popover = add_popover (fixture, GTK_WIDGET (window));
  gtk_popover_popup (GTK_POPOVER (popover));
  test_iterate_until (gtk_widget_get_mapped (popover));
  gtk_window_destroy (window);
  assert_n_entries (0);
  test_iterate_until (fixture->finalized);
  g_assert_finalize_object (window);
}

static void
test_add_window (Fixture       *fixture,
                 gconstpointer  data)
{
  GtkWindow *window = GTK_WINDOW (gtk_window_new ());

  test_gtk_watch_finalize (window, &fixture->finalized);
  g_assert_true (lifecycle_gtk_add_window (fixture->scope, window));
  assert_n_entries (1);
  close_scope (fixture);
  g_assert_true (fixture->finalized);
  renew_scope (fixture);

  /* Somebody else destroys it, and somebody holds it. */
  window = g_object_ref (GTK_WINDOW (gtk_window_new ()));
  lifecycle_gtk_add_window (fixture->scope, window);
  gtk_window_destroy (window);
  assert_n_entries (0);
  g_assert_finalize_object (window);

  close_scope (fixture);
  window = GTK_WINDOW (gtk_window_new ());
  test_gtk_watch_finalize (window, &fixture->finalized);
  g_assert_false (lifecycle_gtk_add_window (fixture->scope, window));
  g_assert_true (fixture->finalized);
}

static void
response_cb (GObject  *dialog,
             int       response,
             gpointer  data)
{
  Fixture *fixture = data;

  g_assert_cmpint (response, ==, GTK_RESPONSE_OK);
  g_assert_false (fixture->finalized);
  fixture->n_calls++;
}

static GtkDialog *
run_dialog (Fixture *fixture)
{
  GtkDialog *dialog = g_object_new (GTK_TYPE_DIALOG, NULL);

  test_gtk_watch_finalize (dialog, &fixture->finalized);
  lifecycle_gtk_run_dialog (fixture->scope, G_OBJECT (dialog), response_cb, fixture, destroyed_cb);

  return dialog;
}

static void
test_dialog (Fixture       *fixture,
             gconstpointer  data)
{
  GtkDialog *dialog = run_dialog (fixture);

  assert_n_entries (1);
  gtk_dialog_response (dialog, GTK_RESPONSE_OK);
  g_assert_cmpuint (fixture->n_calls, ==, 1);
  assert_destroyed ();
  assert_n_entries (0);
  test_iterate_until (fixture->finalized);

  /* Somebody destroys it. */
  gtk_window_destroy (GTK_WINDOW (run_dialog (fixture)));
  assert_destroyed ();
  assert_n_entries (0);
  test_iterate_until (fixture->finalized);

  /* The scope closes, and it is late. */
  run_dialog (fixture);
  close_scope (fixture);
  assert_destroyed ();
  test_iterate_until (fixture->finalized);
  run_dialog (fixture);
  assert_destroyed ();
  test_iterate_until (fixture->finalized);
  g_assert_cmpuint (fixture->n_calls, ==, 1);
}

static void
test_native_dialog (Fixture       *fixture,
                    gconstpointer  data)
{
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new ("title", fixture->window,
                                                              GTK_FILE_CHOOSER_ACTION_OPEN, NULL,
                                                              NULL);

  test_gtk_show (fixture->window);
  test_gtk_watch_finalize (dialog, &fixture->finalized);
  g_assert_true (lifecycle_gtk_run_dialog (fixture->scope, G_OBJECT (dialog), response_cb, fixture,
                                           destroyed_cb));
  g_assert_true (gtk_native_dialog_get_visible (GTK_NATIVE_DIALOG (dialog)));
  test_gtk_settle ();
  close_scope (fixture);
  assert_destroyed ();
  g_assert_false (gtk_native_dialog_get_visible (GTK_NATIVE_DIALOG (dialog)));
  g_object_unref (dialog);
  test_iterate_until (fixture->finalized);
  g_assert_cmpuint (fixture->n_calls, ==, 0);
}

/* Drag and drop */

static void
test_drag_icon (Fixture       *fixture,
                gconstpointer  data)
{
  GtkWidget *label = gtk_label_new ("icon");
  GdkContentProvider *content = gdk_content_provider_new_typed (G_TYPE_STRING, "text");
  GdkSurface *surface;
  GdkDevice *pointer;
  GdkDrag *drag;
  GtkWidget *icon;

  test_gtk_show (fixture->window);
  surface = gtk_native_get_surface (GTK_NATIVE (fixture->window));
  pointer = gdk_seat_get_pointer (gdk_display_get_default_seat (gdk_surface_get_display (surface)));
  drag = gdk_drag_begin (surface, pointer, content, GDK_ACTION_COPY, 0, 0);
  g_object_unref (content);
  if (drag == NULL)
    {
      g_test_skip ("the pointer cannot be grabbed");
      g_object_unref (g_object_ref_sink (label));
      return;
    }

  test_gtk_watch_finalize (label, &fixture->finalized);
  g_assert_true (lifecycle_gtk_set_drag_icon (fixture->scope, drag, label));
  assert_n_entries (1);
  icon = gtk_drag_icon_get_for_drag (drag);
  g_assert_true (gtk_drag_icon_get_child (GTK_DRAG_ICON (icon)) == label);
  close_scope (fixture);
  g_assert_null (gtk_drag_icon_get_child (GTK_DRAG_ICON (icon)));
  test_iterate_until (fixture->finalized);

  label = gtk_label_new ("late");
  test_gtk_watch_finalize (label, &fixture->finalized);
  g_assert_false (lifecycle_gtk_set_drag_icon (fixture->scope, drag, label));
  g_assert_true (fixture->finalized);
  gdk_drag_drop_done (drag, FALSE);
  g_object_unref (drag);
}

/* Style */

/* Whether the colour of a widget is the one of the provider. */
static gboolean
has_color (GtkWidget *widget)
{
  GdkRGBA color;

  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &color);

  return fabs (color.green - 0xc0 / 255.0) < 0.01;
}

static void
test_css_provider (Fixture       *fixture,
                   gconstpointer  data)
{
  GtkCssProvider *provider = gtk_css_provider_new ();
  GdkDisplay *display = gtk_widget_get_display (fixture->widget);

  gtk_css_provider_load_from_data (provider, "* { color: #12c056; }", -1);
  g_assert_true (lifecycle_gtk_add_css_provider (fixture->scope, display,
                                                 GTK_STYLE_PROVIDER (provider),
                                                 GTK_STYLE_PROVIDER_PRIORITY_USER + 1));
  assert_n_entries (1);
  test_gtk_show (fixture->window);
  test_iterate_until (has_color (fixture->widget));
  close_scope (fixture);
  test_iterate_until (!has_color (fixture->widget));
  g_assert_false (lifecycle_gtk_add_css_provider (fixture->scope, display,
                                                  GTK_STYLE_PROVIDER (provider),
                                                  GTK_STYLE_PROVIDER_PRIORITY_USER + 1));
  g_assert_finalize_object (provider);
}

/* The clipboard */

static void
text_cb (GdkClipboard *clipboard,
         const char   *text,
         const GError *error,
         gpointer      data)
{
  Fixture *fixture = data;

  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, "text");
  fixture->n_calls++;
}

static void
test_clipboard (Fixture       *fixture,
                gconstpointer  data)
{
  GdkClipboard *clipboard = gtk_widget_get_clipboard (fixture->widget);

  gdk_clipboard_set_text (clipboard, "text");
  lifecycle_gtk_read_text (fixture->scope, clipboard, text_cb, fixture, destroyed_cb);
  assert_n_entries (1);
  test_iterate_until (fixture->n_calls == 1);
  assert_destroyed ();
  assert_n_entries (0);

  lifecycle_gtk_read_text (fixture->scope, clipboard, text_cb, fixture, destroyed_cb);
  close_scope (fixture);
  test_iterate_until (fixture->destroyed);
  assert_destroyed ();
  lifecycle_gtk_read_text (fixture->scope, clipboard, text_cb, fixture, destroyed_cb);
  test_iterate_until (fixture->destroyed);
  g_assert_cmpuint (fixture->n_calls, ==, 1);
}

/* GtkBuilder */

static void
builder_clicked_cb (GtkButton *button,
                    Fixture   *fixture)
{
  fixture->n_calls++;
}

static void
test_builder (Fixture       *fixture,
              gconstpointer  data)
{
  g_autoptr (GtkBuilder) builder = gtk_builder_new ();
  LifecycleGtkBuilderScope *scope = lifecycle_gtk_builder_scope_new (fixture->scope);
  g_autoptr (GError) error = NULL;
  GtkWidget *button;

  lifecycle_gtk_builder_scope_add_callback (scope, "clicked", G_CALLBACK (builder_clicked_cb));
  gtk_builder_set_scope (builder, GTK_BUILDER_SCOPE (scope));
  gtk_builder_expose_object (builder, "window", G_OBJECT (fixture->window));
  g_object_set_data (G_OBJECT (fixture->window), "fixture", fixture);
  gtk_builder_add_from_string (builder,
                               "<interface><object class='GtkButton' id='button'>"
                               "<signal name='clicked' handler='clicked'/>"
                               "<signal name='activate' handler='clicked'/>"
                               "</object></interface>", -1, &error);
  g_assert_no_error (error);
  button = g_object_ref (GTK_WIDGET (gtk_builder_get_object (builder, "button")));
  g_clear_object (&builder);
  g_assert_finalize_object (scope);
  assert_n_entries (2);

  g_assert_true (g_signal_has_handler_pending (button, g_signal_lookup ("clicked", GTK_TYPE_BUTTON),
                                               0, TRUE));
  close_scope (fixture);
  g_assert_false (g_signal_has_handler_pending (button,
                                                g_signal_lookup ("clicked", GTK_TYPE_BUTTON), 0,
                                                TRUE));
  g_assert_finalize_object (button);
}

/* All at once, in their order: last in, first out, and the widgets are there. */
static void
test_order (Fixture       *fixture,
            gconstpointer  data)
{
  LifecycleScope *scope = lifecycle_gtk_scope_of (GTK_WIDGET (fixture->window));
  GtkWidget *popover = gtk_popover_new ();

  test_gtk_show (fixture->window);
  lifecycle_scope_defer (scope, test_gtk_log_cb, (gpointer) "first", NULL);
  lifecycle_gtk_add_controller (scope, fixture->widget, gtk_event_controller_key_new ());
  lifecycle_scope_defer (scope, test_gtk_log_cb, (gpointer) "second", NULL);
  lifecycle_gtk_add_popover (scope, popover, fixture->widget);
  lifecycle_gtk_add_tick (scope, fixture->widget, tick_cb, fixture, NULL);

  gtk_window_destroy (fixture->window);
  test_assert_log ("second first");
  fixture->window = GTK_WINDOW (gtk_window_new ());
}

#define add(path, func) \
  g_test_add ("/lifecycle/gtk/entries/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int    argc,
      char **argv)
{
  gtk_test_init (&argc, &argv, NULL);

  add ("controller", test_controller);
  add ("shortcut", test_shortcut);
  add ("tick", test_tick);
  add ("tick-closes", test_tick_closes);
  add ("frame-handler", test_frame_handler);
  add ("animate", test_animate);
  add ("watch-expression", test_watch_expression);
  add ("watch-expression-order", test_watch_expression_order);
  add ("bind-expression", test_bind_expression);
  add ("actions", test_actions);
  add ("action-entries", test_action_entries);
  add ("action-group", test_action_group);
  add ("accels", test_accels);
  add ("popover", test_popover);
  add ("popover-of-window", test_popover_of_window);
  add ("window", test_add_window);
  add ("dialog", test_dialog);
  add ("native-dialog", test_native_dialog);
  add ("drag-icon", test_drag_icon);
  add ("css-provider", test_css_provider);
  add ("clipboard", test_clipboard);
  add ("builder", test_builder);
  add ("order", test_order);

  return g_test_run ();
}
