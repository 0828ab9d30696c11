/* test-inspector.c: the page of GTK Inspector
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-gtk-util.h"

#include <time.h>

#include "lifecycle-gtk-inspector-page-private.h"
#include "lifecycle-gtk-record-view-private.h"
#include "lifecycle-gtk-scope-list-private.h"
#include "lifecycle-gtk-scope-view-private.h"

static void
handler_cb (void)
{
}

static gboolean
timer_cb (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* The widgets of a page, found as a user finds them. */

static GtkWidget *
find (GtkWidget  *widget,
      GType       type,
      const char *label)
{
  GtkWidget *found = NULL;

  if (G_TYPE_CHECK_INSTANCE_TYPE (widget, type))
    {
      g_autofree char *text = NULL;

      if (label != NULL)
        g_object_get (widget, "label", &text, NULL);
      if (label == NULL || g_strcmp0 (text, label) == 0)
        return widget;
    }

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL && found == NULL;
       child = gtk_widget_get_next_sibling (child))
    found = find (child, type, label);

  return found;
}

/* Whether a cell that is on the screen has this text. */
static gboolean
shows (GtkWidget  *widget,
       const char *text)
{
  gboolean result = FALSE;

  if (!gtk_widget_get_child_visible (widget))
    return FALSE;
  if (GTK_IS_INSCRIPTION (widget) && gtk_widget_get_mapped (widget))
    return g_strcmp0 (gtk_inscription_get_text (GTK_INSCRIPTION (widget)), text) == 0;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL && !result;
       child = gtk_widget_get_next_sibling (child))
    result = shows (child, text);

  return result;
}

static GtkWidget *
get_scopes (GtkWidget *page)
{
  return find (page, LIFECYCLE_GTK_TYPE_SCOPE_VIEW, NULL);
}

static GtkWidget *
get_records (GtkWidget *page)
{
  return find (page, LIFECYCLE_GTK_TYPE_RECORD_VIEW, NULL);
}

/* Shows a page in a window of its own. */
static GtkWidget *
open_page (GtkWidget **window)
{
  GtkWidget *page = g_object_new (LIFECYCLE_GTK_TYPE_INSPECTOR_PAGE, NULL);

  *window = gtk_window_new ();
  gtk_window_set_default_size (GTK_WINDOW (*window), 900, 600);
  gtk_window_set_child (GTK_WINDOW (*window), page);
  test_gtk_show (GTK_WINDOW (*window));

  return page;
}

static void
close_page (GtkWidget *window)
{
  GtkWidget *page = gtk_window_get_child (GTK_WINDOW (window));
  gboolean page_gone;

  test_gtk_watch_finalize (page, &page_gone);
  g_object_ref (window);
  gtk_window_destroy (GTK_WINDOW (window));
  g_assert_finalize_object (window);
  /* A worker may still hold it. */
  test_iterate_until (page_gone);
}

static void
select_scope (GtkWidget      *page,
              LifecycleScope *scope)
{
  g_autoptr (LifecycleOutline) outline = lifecycle_outline_new ();
  guint n = lifecycle_outline_get_n_scopes (outline);
  gsize identity = 0;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (LifecycleScope) other = lifecycle_outline_ref_scope (outline, i);

      if (other == scope)
        identity = lifecycle_outline_get_identity (outline, i);
    }
  g_assert_cmpuint (identity, !=, 0);
  test_iterate_until (
    lifecycle_gtk_scope_view_select (LIFECYCLE_GTK_SCOPE_VIEW (get_scopes (page)), identity));
}

/* The tree follows what happens, and says who owns how much. */
static void
test_tree (void)
{
  g_autoptr (LifecycleScope) root = lifecycle_scope_new ("the root");
  LifecycleScope *child = lifecycle_scope_get_child (root, "a child");
  GtkWidget *window, *page;

  for (guint i = 0; i < 7; i++)
    lifecycle_scope_add_timeout (child, 100000, timer_cb, NULL, NULL);
  page = open_page (&window);

  test_iterate_until (shows (get_scopes (page), "the root"));
  test_iterate_until (shows (get_scopes (page), "a child"));
  g_assert_true (shows (get_scopes (page), "7"));
  g_assert_true (shows (get_scopes (page), "8"));
  g_assert_true (shows (get_scopes (page), "root"));

  lifecycle_scope_get_child (child, "a grandchild");
  test_iterate_until (shows (get_scopes (page), "a grandchild"));
  lifecycle_scope_close (child);
  test_iterate_until (!shows (get_scopes (page), "a child"));
  g_assert_true (shows (get_scopes (page), "the root"));

  close_page (window);
  lifecycle_scope_close (root);
}

static void
test_records (void)
{
  g_autoptr (LifecycleScope) root = lifecycle_scope_new ("the root");
  LifecycleScope *child = lifecycle_scope_get_child (root, "a child");
  GtkWidget *window, *page = open_page (&window);
  LifecycleGtkRecordView *records = LIFECYCLE_GTK_RECORD_VIEW (get_records (page));
  GtkWidget *label;

  lifecycle_scope_connect_signal (child, window, "notify::title", G_CALLBACK (handler_cb), NULL);
  g_assert_nonnull (find (page, GTK_TYPE_LABEL, "Select a scope to see what it owns."));
  g_assert_false (gtk_widget_get_sensitive (find (page, GTK_TYPE_MENU_BUTTON, NULL)));

  select_scope (page, child);
  test_iterate_until (shows (GTK_WIDGET (records), "GtkWindow::notify::title"));
  g_assert_true (shows (GTK_WIDGET (records), "handler_cb"));
  g_assert_true (shows (GTK_WIDGET (records), "handler"));
  label = find (page, GTK_TYPE_LABEL, "the root/a child");
  g_assert_nonnull (label);

  /* What comes and goes is seen, and the selection stays. */
  lifecycle_scope_add_timeout (child, 100000, timer_cb, NULL, NULL);
  test_iterate_until (shows (GTK_WIDGET (records), "timer"));
  g_assert_cmpuint (lifecycle_gtk_record_view_get_n_items (records), ==, 2);
  lifecycle_scope_clear_kind (child, LIFECYCLE_KIND_HANDLER, FALSE);
  test_iterate_until (lifecycle_gtk_record_view_get_n_items (records) == 1);

  /* With the scopes below. */
  select_scope (page, root);
  test_iterate_until (shows (GTK_WIDGET (records), "a child"));
  g_assert_cmpuint (lifecycle_gtk_record_view_get_n_items (records), ==, 1);
  gtk_check_button_set_active (GTK_CHECK_BUTTON (find (page, GTK_TYPE_CHECK_BUTTON, NULL)), TRUE);
  g_assert_cmpuint (lifecycle_gtk_record_view_get_n_items (records), ==, 2);

  /* The selected scope closes. */
  lifecycle_scope_close (root);
  test_iterate_until (lifecycle_gtk_record_view_get_n_items (records) == 0);
  close_page (window);
}

static void
test_close (void)
{
  g_autoptr (LifecycleScope) root = lifecycle_scope_new ("the root");
  LifecycleScope *child = lifecycle_scope_new_child (root, "a child");
  GtkWidget *window, *page = open_page (&window);
  GtkWidget *button = find (page, GTK_TYPE_MENU_BUTTON, NULL);
  GtkWidget *popover = GTK_WIDGET (gtk_menu_button_get_popover (GTK_MENU_BUTTON (button)));

  lifecycle_scope_add_timeout (child, 100000, timer_cb, NULL, NULL);
  select_scope (page, child);
  g_assert_true (gtk_widget_get_sensitive (button));
  gtk_menu_button_popup (GTK_MENU_BUTTON (button));
  test_iterate_until (gtk_widget_get_mapped (popover));
  g_assert_nonnull (find (popover, GTK_TYPE_LABEL,
                          "Close “a child” and end everything it owns, 1 entry?"));
  g_assert_false (lifecycle_scope_is_closed (child));

  g_signal_emit_by_name (find (popover, GTK_TYPE_BUTTON, NULL), "clicked");
  g_assert_true (lifecycle_scope_is_closed (child));
  g_assert_cmpint (lifecycle_scope_get_reason (child), ==, LIFECYCLE_REASON_ABORTED);
  g_assert_false (lifecycle_scope_is_closed (root));
  test_iterate_until (!gtk_widget_get_sensitive (button));

  g_assert_finalize_object (child);
  close_page (window);
  lifecycle_scope_close (root);
}

static void
test_filter (void)
{
  g_autoptr (LifecycleScope) root = lifecycle_scope_new ("the root");
  GtkWidget *window, *page = open_page (&window);
  GtkWidget *filter = find (page, GTK_TYPE_SEARCH_ENTRY, NULL);

  lifecycle_scope_get_child (lifecycle_scope_get_child (root, "apples"), "Gala");
  lifecycle_scope_get_child (lifecycle_scope_get_child (root, "pears"), "Williams");
  test_iterate_until (shows (get_scopes (page), "Williams"));

  /* What matches is shown with everything above and below it. */
  gtk_editable_set_text (GTK_EDITABLE (filter), "APPLE");
  test_iterate_until (!shows (get_scopes (page), "pears"));
  g_assert_true (shows (get_scopes (page), "the root"));
  g_assert_true (shows (get_scopes (page), "apples"));
  g_assert_true (shows (get_scopes (page), "Gala"));

  gtk_editable_set_text (GTK_EDITABLE (filter), "");
  test_iterate_until (shows (get_scopes (page), "Williams"));

  close_page (window);
  lifecycle_scope_close (root);
}

/* The page is no owner: what is shown goes when its owner drops it. */
static void
test_holds_nothing (void)
{
  LifecycleScope *root = lifecycle_scope_new ("dropped");
  GtkWidget *window, *page = open_page (&window);
  GObject *object = g_object_new (G_TYPE_OBJECT, NULL);

  lifecycle_scope_connect_signal (root, object, "notify", G_CALLBACK (handler_cb), NULL);
  lifecycle_scope_connect_signal (lifecycle_scope_of (object), object, "notify",
                                  G_CALLBACK (handler_cb), NULL);
  select_scope (page, root);
  test_iterate_until (shows (get_records (page), "GObject::notify"));

  g_assert_finalize_object (object);
  g_assert_finalize_object (root);
  test_iterate_until (!shows (get_scopes (page), "dropped"));
  close_page (window);
}

/* A page that nobody sees does nothing. */
static void
test_mapped (void)
{
  GtkWidget *window, *page = open_page (&window);
  g_autoptr (LifecycleScope) root = lifecycle_scope_new ("the root");
  gint64 end;

  test_iterate_until (shows (get_scopes (page), "the root"));
  gtk_widget_set_visible (page, FALSE);
  lifecycle_scope_get_child (root, "a child");

  end = g_get_monotonic_time () + 1500 * 1000;
  while (g_get_monotonic_time () < end)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (1000);
    }
  gtk_widget_set_visible (page, TRUE);
  g_assert_false (shows (get_scopes (page), "a child"));
  test_iterate_until (shows (get_scopes (page), "a child"));

  close_page (window);
  lifecycle_scope_close (root);
}

static void
test_leaks (void)
{
  g_autoptr (LifecycleScope) scope = lifecycle_scope_new ("the root");
  g_autoptr (GObject) object = g_object_new (G_TYPE_OBJECT, NULL);
  guint grace = lifecycle_get_leak_grace ();
  GtkWidget *window, *page = open_page (&window);
  GtkWidget *tabs = gtk_widget_get_parent (get_records (page));

  lifecycle_set_leak_grace (1);
  lifecycle_scope_expect_finalize (scope, object, "it was planted");
  lifecycle_scope_close (scope);
  gtk_stack_set_visible_child_name (GTK_STACK (tabs), "leaks");
  test_iterate_until (shows (tabs, "it was planted — the root"));
  g_assert_nonnull (find (page, GTK_TYPE_LABEL, "Leaks (1)"));

  g_clear_object (&object);
  lifecycle_clear_leaks ();
  lifecycle_set_leak_grace (grace);
  test_iterate_until (find (page, GTK_TYPE_LABEL, "Leaks (1)") == NULL);
  close_page (window);
}

static GtkWindow *kept_window;

static char *
dup_referrers (void)
{
  g_autoptr (GListModel) leaks = lifecycle_list_leaks ();
  g_autoptr (LifecycleLeak) leak = g_list_model_get_item (leaks, 0);

  return leak != NULL ? g_strdup (lifecycle_leak_get_referrers (leak)) : NULL;
}

/* The page says who knows a widget that has leaked. This watches all widgets from now on, so it comes
 * last.
 */
static void
test_leaked_widget (void)
{
  GtkWidget *window, *page = open_page (&window);
  GtkWidget *tabs = gtk_widget_get_parent (get_records (page));
  g_autofree char *referrers = NULL;

  lifecycle_gtk_watch_widgets (1);
  kept_window = g_object_ref (GTK_WINDOW (gtk_window_new ()));
  gtk_window_destroy (kept_window);
  gtk_stack_set_visible_child_name (GTK_STACK (tabs), "leaks");
  test_iterate_until ((referrers = dup_referrers ()) != NULL);
  g_assert_cmpstr (referrers, ==, "the variable kept_window");
  test_iterate_until (shows (tabs, referrers));

  g_clear_object (&kept_window);
  test_iterate_until (!shows (tabs, referrers));
  close_page (window);
}

/* In the inspector itself: its list of objects and our page know of each other. */
static GtkWidget *
find_inspector_page (void)
{
  GListModel *toplevels = gtk_window_get_toplevels ();
  GtkWidget *page = NULL;

  for (guint i = 0; i < g_list_model_get_n_items (toplevels) && page == NULL; i++)
    {
      g_autoptr (GtkWidget) window = g_list_model_get_item (toplevels, i);

      page = find (window, LIFECYCLE_GTK_TYPE_INSPECTOR_PAGE, NULL);
    }

  return page;
}

static void
test_inspector (void)
{
  GtkWidget *window = gtk_window_new ();
  GtkWidget *button = gtk_button_new_with_label ("inspected");
  GtkWidget *page, *stack;
  g_autofree char *shown = NULL;

  gtk_window_set_child (GTK_WINDOW (window), button);
  lifecycle_scope_connect_signal (lifecycle_gtk_scope_of (button), button, "clicked",
                                  G_CALLBACK (handler_cb), NULL);
  test_gtk_show (GTK_WINDOW (window));
  gtk_window_set_interactive_debugging (TRUE);
  test_iterate_until (find_inspector_page () != NULL);
  page = find_inspector_page ();
  stack = gtk_widget_get_ancestor (page, GTK_TYPE_STACK);
  gtk_stack_set_visible_child (GTK_STACK (stack), page);
  test_iterate_until (shows (get_scopes (page), "GtkButton"));

  select_scope (page, lifecycle_gtk_scope_of (button));
  test_iterate_until (shows (get_records (page), "GtkButton::clicked"));
  g_assert_true (gtk_widget_get_sensitive (find (page, GTK_TYPE_BUTTON, "Show Object")));
  g_signal_emit_by_name (find (page, GTK_TYPE_BUTTON, "Show Object"), "clicked");
  test_gtk_settle ();
  g_assert_cmpstr (gtk_stack_get_visible_child_name (GTK_STACK (stack)), ==, "objects");

  /* And back: the inspector has set the object that it shows. */
  {
    g_autoptr (GObject) object = NULL;

    g_object_get (page, "object", &object, NULL);
    g_assert_true (object == G_OBJECT (button));
  }

  gtk_window_set_interactive_debugging (FALSE);
  gtk_window_destroy (GTK_WINDOW (window));
  test_gtk_settle ();
}

/* Real keys and clicks: filter, select, close. */

static void
run_xdotool (const char *arguments)
{
  g_autofree char *command = g_strconcat ("xdotool ", arguments, NULL);
  const char *argv[] = { "sh", "-c", command, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = g_subprocess_newv (argv, G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error);

  g_assert_no_error (error);
  test_iterate_until (g_subprocess_get_identifier (process) == NULL);
  test_gtk_settle ();
}

/* The cell with this text. */
static GtkWidget *
find_cell (GtkWidget  *widget,
           const char *text)
{
  GtkWidget *found = NULL;

  if (GTK_IS_INSCRIPTION (widget) && gtk_widget_get_mapped (widget) &&
      g_strcmp0 (gtk_inscription_get_text (GTK_INSCRIPTION (widget)), text) == 0)
    return widget;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL && found == NULL;
       child = gtk_widget_get_next_sibling (child))
    found = find_cell (child, text);

  return found;
}

/* Clicks at a scope until it is selected: on a busy machine, its row may still have been elsewhere. */
static void
click_scope (GtkWidget  *window,
             GtkWidget  *page,
             const char *name,
             const char *path)
{
  do
    {
      GtkWidget *cell = find_cell (get_scopes (page), name);
      g_autofree char *arguments = NULL;
      double x, y, offset_x, offset_y;

      g_assert_nonnull (cell);
      g_assert_true (gtk_widget_translate_coordinates (cell, window, 5, 5, &x, &y));
      gtk_native_get_surface_transform (GTK_NATIVE (window), &offset_x, &offset_y);
      arguments = g_strdup_printf ("search --name '^%s$' mousemove --window %%1 %d %d click 1",
                                   gtk_window_get_title (GTK_WINDOW (window)),
                                   (int) (x + offset_x), (int) (y + offset_y));
      run_xdotool (arguments);
      test_gtk_settle ();
    }
  while (find (page, GTK_TYPE_LABEL, path) == NULL);
}

static void
test_keys (void)
{
  g_autoptr (LifecycleScope) root = lifecycle_scope_new ("the root");
  LifecycleScope *apples = lifecycle_scope_new_child (root, "apples");
  GtkWidget *window, *page = open_page (&window);

  gtk_window_set_title (GTK_WINDOW (window), "Inspected by keys");
  lifecycle_scope_get_child (root, "pears");
  lifecycle_scope_add_timeout (apples, 100000, timer_cb, NULL, NULL);
  test_iterate_until (shows (get_scopes (page), "pears"));
  run_xdotool ("search --name '^Inspected by keys$' windowactivate --sync");
  test_iterate_until (gtk_window_is_active (GTK_WINDOW (window)));

  click_scope (window, page, "pears", "the root/pears");
  run_xdotool ("key --clearmodifiers ctrl+f type APPLE");
  test_iterate_until (!shows (get_scopes (page), "pears"));

  click_scope (window, page, "apples", "the root/apples");
  test_iterate_until (shows (get_records (page), "timer_cb"));
  run_xdotool ("key --clearmodifiers Delete");
  g_assert_false (lifecycle_scope_is_closed (apples));
  run_xdotool ("key --clearmodifiers Return");
  test_iterate_until (lifecycle_scope_is_closed (apples));
  g_assert_false (lifecycle_scope_is_closed (root));

  g_assert_finalize_object (apples);
  close_page (window);
  lifecycle_scope_close (root);
}

/* Changes of a list are told so that its items are right at each of them. */

static void
check_model_cb (GListModel *model,
                guint       position,
                guint       n_removed,
                guint       n_added,
                GPtrArray  *mirror)
{
  for (guint i = 0; i < n_removed; i++)
    g_ptr_array_remove_index (mirror, position);
  for (guint i = 0; i < n_added; i++)
    g_ptr_array_insert (mirror, (int) (position + i), g_list_model_get_item (model, position + i));

  g_assert_cmpuint (mirror->len, ==, g_list_model_get_n_items (model));
  for (guint i = 0; i < mirror->len; i++)
    {
      g_autoptr (LifecycleGtkScopeNode) node = g_list_model_get_item (model, i);

      g_assert_true (node == g_ptr_array_index (mirror, i));
      g_assert_cmpuint (node->position, ==, i);
    }
}

static void
test_list (void)
{
  g_autoptr (LifecycleScope) root = lifecycle_scope_new ("the root");
  g_autoptr (LifecycleGtkScopeForest) forest = NULL;
  g_autoptr (LifecycleGtkScopeList) roots = NULL;
  g_autoptr (LifecycleGtkScopeNode) node = NULL;
  g_autoptr (LifecycleGtkScopeList) list = NULL;
  g_autoptr (GPtrArray) mirror = g_ptr_array_new_with_free_func (g_object_unref);

  lifecycle_scope_get_child (root, "always there");
  forest = lifecycle_gtk_scope_forest_new (NULL, LIFECYCLE_GTK_SORT_BIRTH, FALSE);
  roots = lifecycle_gtk_scope_list_new (forest, NULL);
  g_assert_cmpuint (lifecycle_gtk_scope_list_find (
                      roots, lifecycle_outline_get_identity (forest->outline, 0)), ==, 0);
  node = g_list_model_get_item (G_LIST_MODEL (roots), 0);
  list = lifecycle_gtk_scope_list_new (forest, node);
  g_ptr_array_add (mirror, g_list_model_get_item (G_LIST_MODEL (list), 0));
  g_signal_connect (list, "items-changed", G_CALLBACK (check_model_cb), mirror);

  for (guint round = 0; round < 300; round++)
    {
      g_autoptr (LifecycleGtkScopeForest) next = NULL;
      guint n_children;
      LifecycleGtkSort sort = round % 5 == 4 ? LIFECYCLE_GTK_SORT_NAME : LIFECYCLE_GTK_SORT_BIRTH;
      const guint *children;

      for (guint i = 0; i < 8; i++)
        {
          g_autofree char *name = g_strdup_printf ("child %d", g_test_rand_int_range (0, 40));
          LifecycleScope *child = lifecycle_scope_get_child (root, name);

          if (g_test_rand_bit ())
            lifecycle_scope_get_child (child, "below");
          if (g_test_rand_int_range (0, 100) < 55)
            lifecycle_scope_close (child);
        }

      next = lifecycle_gtk_scope_forest_new (NULL, sort, round % 2);
      lifecycle_gtk_scope_list_update (roots, next, FALSE);
      lifecycle_gtk_scope_list_update (list, next, round % 7 == 6);

      children = lifecycle_gtk_scope_forest_get_children (next, node->index, &n_children);
      g_assert_cmpuint (n_children, ==, mirror->len);
      for (guint i = 0; i < n_children; i++)
        {
          LifecycleGtkScopeNode *item = g_ptr_array_index (mirror, i);

          g_assert_true (item->forest == next);
          if (round % 7 != 6)
            g_assert_cmpuint (item->index, ==, children[i]);
        }
    }

  lifecycle_scope_close (root);
}

/* How long frames take while the entries of a scope are scrolled. With --bench, 100,000 of them. */
static guint n_many = 5000;

static gboolean
scroll_cb (GtkWidget     *widget,
           GdkFrameClock *clock,
           gpointer       data)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (widget));
  GArray *times = data;
  gint64 now = g_get_monotonic_time ();

  g_array_append_val (times, now);
  gtk_adjustment_set_value (adjustment, gtk_adjustment_get_value (adjustment) + 117);

  return G_SOURCE_CONTINUE;
}

static int
compare_times (gconstpointer a,
               gconstpointer b)
{
  gint64 first = *(const gint64 *) a, second = *(const gint64 *) b;

  return (first > second) - (first < second);
}

static void
test_scroll (void)
{
  g_autoptr (LifecycleScope) root = lifecycle_scope_new ("the root");
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));
  GtkWidget *window, *page = open_page (&window);
  GtkWidget *scroller = find (get_records (page), GTK_TYPE_SCROLLED_WINDOW, NULL);
  guint n_frames = n_many > 10000 ? 600 : 60, id;
  gint64 total;
  clock_t used;

  for (guint i = 0; i < n_many; i++)
    lifecycle_scope_connect_signal (root, window, "notify::title", G_CALLBACK (handler_cb), NULL);
  select_scope (page, root);
  test_iterate_until (lifecycle_gtk_record_view_get_n_items (
                        LIFECYCLE_GTK_RECORD_VIEW (get_records (page))) == n_many);
  test_iterate_until (shows (get_records (page), "GtkWindow::notify::title"));
  test_gtk_settle ();

  used = clock ();
  id = gtk_widget_add_tick_callback (scroller, scroll_cb, times, NULL);
  test_iterate_until (times->len > n_frames);
  used = clock () - used;
  gtk_widget_remove_tick_callback (scroller, id);

  for (guint i = 0; i < n_frames; i++)
    g_array_index (times, gint64, i) = g_array_index (times, gint64, i + 1) -
                                       g_array_index (times, gint64, i);
  total = 0;
  for (guint i = 0; i < n_frames; i++)
    total += g_array_index (times, gint64, i);
  qsort (times->data, n_frames, sizeof (gint64), compare_times);
  g_test_message ("%u entries, %u frames: %.1f a second, median %.1f ms, 99 of 100 below %.1f ms, "
                  "longest %.1f ms; %.1f ms of CPU time each", n_many, n_frames, n_frames * 1e6 / (double) total,
                  (double) g_array_index (times, gint64, n_frames / 2) / 1000,
                  (double) g_array_index (times, gint64, n_frames * 99 / 100) / 1000,
                  (double) g_array_index (times, gint64, n_frames - 1) / 1000,
                  1000.0 * (double) used / CLOCKS_PER_SEC / n_frames);

  close_page (window);
  lifecycle_scope_close (root);
}

int
main (int   argc,
      char *argv[])
{
  char *bench_words[] = { argv[0], (char *) "-p", (char *) "/lifecycle-gtk/inspector/scroll", NULL };

  if (argc == 2 && g_str_equal (argv[1], "--bench"))
    {
      n_many = 100000;
      argc = G_N_ELEMENTS (bench_words) - 1;
      argv = bench_words;
    }
  g_test_init (&argc, &argv, NULL);
  lifecycle_gtk_add_inspector_page ();
  gtk_init ();
  lifecycle_gtk_add_inspector_page ();

  g_test_add_func ("/lifecycle-gtk/inspector/list", test_list);
  g_test_add_func ("/lifecycle-gtk/inspector/tree", test_tree);
  g_test_add_func ("/lifecycle-gtk/inspector/records", test_records);
  g_test_add_func ("/lifecycle-gtk/inspector/close", test_close);
  g_test_add_func ("/lifecycle-gtk/inspector/filter", test_filter);
  g_test_add_func ("/lifecycle-gtk/inspector/holds-nothing", test_holds_nothing);
  g_test_add_func ("/lifecycle-gtk/inspector/mapped", test_mapped);
  g_test_add_func ("/lifecycle-gtk/inspector/leaks", test_leaks);
  g_test_add_func ("/lifecycle-gtk/inspector/inspector", test_inspector);
  g_test_add_func ("/lifecycle-gtk/inspector/keys", test_keys);
  g_test_add_func ("/lifecycle-gtk/inspector/scroll", test_scroll);
  g_test_add_func ("/lifecycle-gtk/inspector/leaked-widget", test_leaked_widget);

  return g_test_run ();
}
