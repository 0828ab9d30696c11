/* lifecycle-gtk-inspector-page.c: a page of GTK Inspector that shows scopes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gtk-inspector-page-private.h"

#include "lifecycle-gtk-record-view-private.h"
#include "lifecycle-gtk-scope-view-private.h"
#include "lifecycle-gtk-sparkline-private.h"

/* Everything that is shown is looked at once a second while the page is on the screen, and never
 * otherwise. Outlines are taken on a worker thread, and the page uses no scopes itself, so that it
 * shows the program and not what shows it.
 */

#define INTERVAL 1000   /* ms */

/* With more entries than this, they are listed again only if their number has changed. */
#define MANY_ENTRIES 2000

struct _LifecycleGtkInspectorPage
{
  GtkWidget                parent_instance;

  GtkWidget               *box;
  GtkWidget               *entries;     /* sparklines */
  GtkWidget               *memory;
  GtkWidget               *filter;
  GtkWidget               *scopes;
  GtkWidget               *tabs;
  GtkWidget               *records;
  GtkWidget               *leaks;
  GtkStackPage            *leaks_page;
  GtkWidget               *path;
  GtkWidget               *below;
  GtkWidget               *show;
  GtkWidget               *close;
  GtkWidget               *question;

  GObject                 *object;      /* a weak pointer: what the inspector shows */
  gboolean                 find_object; /* its scope shall be selected */

  guint                    timeout;     /* 0 unless the page is mapped */
  gboolean                 looking;     /* a worker takes an outline */
  gboolean                 look_again;
  gboolean                 rebuild;
  gsize                    listed;      /* the scope whose records are shown */
  guint                    n_listed;
};

enum
{
  PROP_0,
  PROP_TITLE,
  PROP_OBJECT,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (LifecycleGtkInspectorPage, lifecycle_gtk_inspector_page, GTK_TYPE_WIDGET)

/* What a worker has to know. */
typedef struct
{
  char             *filter;
  LifecycleGtkSort  sort;
  gboolean          descending;
} Look;

static void
look_free (gpointer data)
{
  g_free (((Look *) data)->filter);
  g_free (data);
}

static void
look_thread (GTask        *task,
             gpointer      source,
             gpointer      data,
             GCancellable *cancellable)
{
  Look *look = data;

  g_task_return_pointer (task,
                         lifecycle_gtk_scope_forest_new (look->filter, look->sort, look->descending),
                         (GDestroyNotify) lifecycle_gtk_scope_forest_unref);
}

static LifecycleScope *
page_ref_selected (LifecycleGtkInspectorPage *self)
{
  LifecycleGtkScopeForest *forest;
  guint index;

  forest = lifecycle_gtk_scope_view_get_selected (LIFECYCLE_GTK_SCOPE_VIEW (self->scopes), &index);

  return forest != NULL ? lifecycle_outline_ref_scope (forest->outline, index) : NULL;
}

/* The object of the selected entry or, if there is none, of the selected scope. */
static GObject *
page_ref_object (LifecycleGtkInspectorPage *self)
{
  LifecycleRecord *record = lifecycle_gtk_record_view_get_selected (LIFECYCLE_GTK_RECORD_VIEW (self->records));
  GObject *object = record != NULL ? lifecycle_record_ref_object (record) : NULL;
  LifecycleGtkScopeForest *forest;
  guint index;

  if (object != NULL)
    return object;

  forest = lifecycle_gtk_scope_view_get_selected (LIFECYCLE_GTK_SCOPE_VIEW (self->scopes), &index);

  return forest != NULL ? lifecycle_outline_ref_object (forest->outline, index) : NULL;
}

static void
page_list_leaks (LifecycleGtkInspectorPage *self)
{
  g_autoptr (GListModel) leaks = lifecycle_list_leaks ();
  guint n = g_list_model_get_n_items (leaks);
  g_autofree char *title = n > 0 ? g_strdup_printf ("Leaks (%u)", n) : g_strdup ("Leaks");

  lifecycle_gtk_record_view_set (LIFECYCLE_GTK_RECORD_VIEW (self->leaks), leaks,
                                 "No leaks are known. Objects that should be gone are listed here\n"
                                 "after lifecycle_scope_expect_finalize(), and widgets with "
                                 "LIFECYCLE_DEBUG=widgets.");
  if (g_strcmp0 (gtk_stack_page_get_title (self->leaks_page), title) != 0)
    gtk_stack_page_set_title (self->leaks_page, title);
}

static void
page_update_show (LifecycleGtkInspectorPage *self)
{
  g_autoptr (GObject) object = page_ref_object (self);

  gtk_widget_set_sensitive (self->show, object != NULL);
}

/* Lists the entries of the selected scope, unless they are many and seem to be the same. */
static void
page_list_records (LifecycleGtkInspectorPage *self,
                   gboolean                   force)
{
  LifecycleGtkRecordView *view = LIFECYCLE_GTK_RECORD_VIEW (self->records);
  gboolean recursive = gtk_check_button_get_active (GTK_CHECK_BUTTON (self->below));
  LifecycleGtkScopeForest *forest;
  g_autoptr (LifecycleScope) scope = page_ref_selected (self);
  g_autoptr (GListModel) records = NULL;
  g_autofree char *path = NULL;
  guint index, n;
  gsize identity;

  gtk_widget_set_sensitive (self->close, scope != NULL);
  if (scope == NULL)
    {
      self->listed = 0;
      gtk_label_set_text (GTK_LABEL (self->path), NULL);
      gtk_widget_set_sensitive (self->show, FALSE);
      lifecycle_gtk_record_view_set (view, NULL, "Select a scope to see what it owns.");
      return;
    }

  forest = lifecycle_gtk_scope_view_get_selected (LIFECYCLE_GTK_SCOPE_VIEW (self->scopes), &index);
  page_update_show (self);
  n = lifecycle_outline_get_n_entries (forest->outline, index, recursive);
  identity = lifecycle_outline_get_identity (forest->outline, index);
  if (!force && n > MANY_ENTRIES && self->listed == identity && self->n_listed == n)
    return;

  path = lifecycle_scope_get_path (scope);
  gtk_label_set_text (GTK_LABEL (self->path), path);
  gtk_widget_set_tooltip_text (self->path, path);
  records = lifecycle_scope_list_records (scope, recursive);
  if (self->listed != identity)
    lifecycle_gtk_record_view_set (view, NULL, NULL);
  self->listed = identity;
  self->n_listed = g_list_model_get_n_items (records);
  lifecycle_gtk_record_view_set (view, records, "This scope owns nothing.");
}

/* The scope of an object has no parent. */
static void
page_find_object (LifecycleGtkInspectorPage *self,
                  LifecycleGtkScopeForest   *forest)
{
  LifecycleOutline *outline = forest->outline;
  guint index = lifecycle_outline_get_first_child (outline, G_MAXUINT);

  self->find_object = FALSE;
  for (; self->object != NULL && index != G_MAXUINT; index = lifecycle_outline_get_next (outline, index))
    {
      g_autoptr (GObject) object = NULL;

      if (lifecycle_outline_get_object_type (outline, index) == G_OBJECT_TYPE (self->object))
        object = lifecycle_outline_ref_object (outline, index);
      if (object != NULL && object == self->object)
        {
          lifecycle_gtk_scope_view_select (LIFECYCLE_GTK_SCOPE_VIEW (self->scopes),
                                           lifecycle_outline_get_identity (outline, index));
          break;
        }
    }
}

static void page_look (LifecycleGtkInspectorPage *self);

static void
looked_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      data)
{
  LifecycleGtkInspectorPage *self = LIFECYCLE_GTK_INSPECTOR_PAGE (object);
  g_autoptr (LifecycleGtkScopeForest) forest = g_task_propagate_pointer (G_TASK (result), NULL);
  Look *look = g_task_get_task_data (G_TASK (result));
  g_autofree char *entries = NULL;
  g_autofree char *memory = NULL;
  gboolean rebuild = GPOINTER_TO_INT (data);

  self->looking = FALSE;
  if (self->timeout == 0 || self->box == NULL)
    return;

  entries = g_strdup_printf ("%" G_GUINT64_FORMAT, forest->n_entries);
  memory = g_format_size (forest->memory);
  lifecycle_gtk_sparkline_add (LIFECYCLE_GTK_SPARKLINE (self->entries), (double) forest->n_entries,
                               entries);
  lifecycle_gtk_sparkline_add (LIFECYCLE_GTK_SPARKLINE (self->memory), (double) forest->memory, memory);
  gtk_widget_set_visible (self->memory, forest->memory > 0);

  lifecycle_gtk_scope_view_set_forest (LIFECYCLE_GTK_SCOPE_VIEW (self->scopes), forest,
                                       look->filter[0] != '\0', rebuild);
  if (self->find_object)
    page_find_object (self, forest);
  page_list_records (self, FALSE);
  page_list_leaks (self);

  if (self->look_again)
    page_look (self);
}

/* Takes an outline, or another one after the one that is being taken. */
static void
page_look (LifecycleGtkInspectorPage *self)
{
  g_autoptr (GTask) task = NULL;
  Look *look;

  self->look_again = self->looking;
  if (self->looking)
    return;

  self->looking = TRUE;
  look = g_new0 (Look, 1);
  look->filter = g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->filter)));
  look->sort = lifecycle_gtk_scope_view_get_sort (LIFECYCLE_GTK_SCOPE_VIEW (self->scopes),
                                                  &look->descending);
  task = g_task_new (self, NULL, looked_cb, GINT_TO_POINTER (self->rebuild));
  self->rebuild = FALSE;
  g_task_set_task_data (task, look, look_free);
  g_task_set_source_tag (task, page_look);
  g_task_run_in_thread (task, look_thread);
}

static gboolean
timeout_cb (gpointer data)
{
  LifecycleGtkInspectorPage *self = data;

  if (!self->looking)
    page_look (self);

  return G_SOURCE_CONTINUE;
}

static void
rebuild_cb (LifecycleGtkInspectorPage *self)
{
  self->rebuild = TRUE;
  if (self->timeout != 0)
    page_look (self);
}

static void
selected_cb (LifecycleGtkInspectorPage *self)
{
  page_list_records (self, TRUE);
}

/* The inspector offers no function for this, but its list of objects has a signal. */
static GtkWidget *
find_widget (GtkWidget  *widget,
             const char *type_name)
{
  GtkWidget *found = NULL;

  if (g_strcmp0 (G_OBJECT_TYPE_NAME (widget), type_name) == 0)
    return widget;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL && found == NULL;
       child = gtk_widget_get_next_sibling (child))
    found = find_widget (child, type_name);

  return found;
}

static void
show_cb (LifecycleGtkInspectorPage *self)
{
  g_autoptr (GObject) object = page_ref_object (self);
  GtkWidget *window = GTK_WIDGET (gtk_widget_get_root (GTK_WIDGET (self)));
  GtkWidget *tree = window != NULL ? find_widget (window, "GtkInspectorObjectTree") : NULL;
  GtkWidget *stack = gtk_widget_get_ancestor (GTK_WIDGET (self), GTK_TYPE_STACK);

  if (object == NULL || tree == NULL ||
      g_signal_lookup ("object-activated", G_OBJECT_TYPE (tree)) == 0)
    {
      gtk_widget_error_bell (GTK_WIDGET (self));
      return;
    }

  g_signal_emit_by_name (tree, "object-activated", object);
  if (stack != NULL && gtk_stack_get_child_by_name (GTK_STACK (stack), "objects") != NULL)
    gtk_stack_set_visible_child_name (GTK_STACK (stack), "objects");
}

static void
close_cb (LifecycleGtkInspectorPage *self)
{
  g_autoptr (LifecycleScope) scope = page_ref_selected (self);

  gtk_menu_button_popdown (GTK_MENU_BUTTON (self->close));
  if (scope != NULL)
    lifecycle_scope_close_with_reason (scope, LIFECYCLE_REASON_ABORTED, "closed in GTK Inspector");
  page_look (self);
}

static void
ask_cb (GtkMenuButton *button,
        gpointer       data)
{
  LifecycleGtkInspectorPage *self = data;
  g_autoptr (LifecycleScope) scope = page_ref_selected (self);
  g_autoptr (LifecycleStatistics) statistics = NULL;
  g_autofree char *text = NULL;
  const char *name;
  guint n;

  if (scope == NULL)
    return;

  name = lifecycle_scope_get_name (scope);
  statistics = lifecycle_scope_get_statistics (scope, TRUE);
  n = lifecycle_statistics_get_total_live (statistics);
  text = g_strdup_printf ("Close “%s” and end everything it owns, %u %s?",
                          name != NULL ? name : "unnamed", n, n == 1 ? "entry" : "entries");
  gtk_label_set_text (GTK_LABEL (self->question), text);
}

static gboolean
delete_cb (GtkWidget *widget,
           GVariant  *arguments,
           gpointer   data)
{
  LifecycleGtkInspectorPage *self = data;

  if (!gtk_widget_get_sensitive (self->close))
    return FALSE;

  gtk_menu_button_popup (GTK_MENU_BUTTON (self->close));

  return TRUE;
}

static gboolean
find_cb (GtkWidget *widget,
         GVariant  *arguments,
         gpointer   data)
{
  return gtk_widget_grab_focus (LIFECYCLE_GTK_INSPECTOR_PAGE (data)->filter);
}

static void
page_add_shortcut (GtkWidget       *widget,
                   const char      *trigger,
                   GtkShortcutFunc  func,
                   gpointer         data)
{
  GtkEventController *controller = gtk_shortcut_controller_new ();

  gtk_shortcut_controller_add_shortcut (
    GTK_SHORTCUT_CONTROLLER (controller),
    gtk_shortcut_new (gtk_shortcut_trigger_parse_string (trigger),
                      gtk_callback_action_new (func, data, NULL)));
  gtk_widget_add_controller (widget, controller);
}

static void
lifecycle_gtk_inspector_page_map (GtkWidget *widget)
{
  LifecycleGtkInspectorPage *self = LIFECYCLE_GTK_INSPECTOR_PAGE (widget);

  GTK_WIDGET_CLASS (lifecycle_gtk_inspector_page_parent_class)->map (widget);

  if (self->timeout == 0)
    {
      self->timeout = g_timeout_add (INTERVAL, timeout_cb, self);
      g_source_set_name_by_id (self->timeout, "[Lifecycle] inspector page");
    }
  page_look (self);
}

static void
lifecycle_gtk_inspector_page_unmap (GtkWidget *widget)
{
  LifecycleGtkInspectorPage *self = LIFECYCLE_GTK_INSPECTOR_PAGE (widget);

  g_clear_handle_id (&self->timeout, g_source_remove);

  GTK_WIDGET_CLASS (lifecycle_gtk_inspector_page_parent_class)->unmap (widget);
}

static void
lifecycle_gtk_inspector_page_dispose (GObject *object)
{
  LifecycleGtkInspectorPage *self = LIFECYCLE_GTK_INSPECTOR_PAGE (object);

  g_clear_handle_id (&self->timeout, g_source_remove);
  g_clear_weak_pointer (&self->object);
  g_clear_pointer (&self->box, gtk_widget_unparent);

  G_OBJECT_CLASS (lifecycle_gtk_inspector_page_parent_class)->dispose (object);
}

static void
lifecycle_gtk_inspector_page_get_property (GObject    *object,
                                           guint       prop_id,
                                           GValue     *value,
                                           GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_TITLE:
      g_value_set_static_string (value, "Scopes");
      break;

    case PROP_OBJECT:
      g_value_set_object (value, LIFECYCLE_GTK_INSPECTOR_PAGE (object)->object);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
lifecycle_gtk_inspector_page_set_property (GObject      *object,
                                           guint         prop_id,
                                           const GValue *value,
                                           GParamSpec   *pspec)
{
  LifecycleGtkInspectorPage *self = LIFECYCLE_GTK_INSPECTOR_PAGE (object);

  switch (prop_id)
    {
    case PROP_OBJECT:
      self->find_object = g_set_weak_pointer (&self->object, g_value_get_object (value));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
lifecycle_gtk_inspector_page_class_init (LifecycleGtkInspectorPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = lifecycle_gtk_inspector_page_dispose;
  object_class->get_property = lifecycle_gtk_inspector_page_get_property;
  object_class->set_property = lifecycle_gtk_inspector_page_set_property;
  widget_class->map = lifecycle_gtk_inspector_page_map;
  widget_class->unmap = lifecycle_gtk_inspector_page_unmap;

  /* The inspector reads the first one, and sets the other. */
  properties[PROP_TITLE] =
    g_param_spec_string ("title", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_OBJECT] =
    g_param_spec_object ("object", NULL, NULL, G_TYPE_OBJECT,
                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
}

static GtkWidget *
page_create_question (LifecycleGtkInspectorPage *self)
{
  GtkWidget *popover = gtk_popover_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);
  GtkWidget *button = gtk_button_new_with_label ("Close Scope");

  self->question = gtk_label_new (NULL);
  gtk_label_set_wrap (GTK_LABEL (self->question), TRUE);
  gtk_label_set_max_width_chars (GTK_LABEL (self->question), 34);
  gtk_widget_add_css_class (button, "destructive-action");
  gtk_widget_set_halign (button, GTK_ALIGN_END);
  gtk_box_append (GTK_BOX (box), self->question);
  gtk_box_append (GTK_BOX (box), button);
  gtk_widget_set_margin_top (box, 6);
  gtk_widget_set_margin_bottom (box, 6);
  gtk_widget_set_margin_start (box, 6);
  gtk_widget_set_margin_end (box, 6);
  gtk_popover_set_child (GTK_POPOVER (popover), box);
  g_signal_connect_swapped (button, "clicked", G_CALLBACK (close_cb), self);

  return popover;
}

static GtkWidget *
page_create_top (LifecycleGtkInspectorPage *self)
{
  GtkWidget *top = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 18);

  self->entries = lifecycle_gtk_sparkline_new ("Live entries");
  self->memory = lifecycle_gtk_sparkline_new ("Memory");
  self->filter = gtk_search_entry_new ();
  g_object_set (self->filter, "placeholder-text", "Filter scopes", NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->filter), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  "Filter scopes by name, type of object, or place", -1);
  gtk_widget_set_hexpand (self->filter, TRUE);
  gtk_widget_set_halign (self->filter, GTK_ALIGN_END);
  gtk_widget_set_valign (self->filter, GTK_ALIGN_CENTER);
  gtk_widget_set_size_request (self->filter, 220, -1);

  gtk_box_append (GTK_BOX (top), self->entries);
  gtk_box_append (GTK_BOX (top), self->memory);
  gtk_box_append (GTK_BOX (top), self->filter);
  gtk_widget_set_margin_start (top, 12);
  gtk_widget_set_margin_end (top, 12);
  gtk_widget_set_margin_top (top, 6);
  gtk_widget_set_margin_bottom (top, 6);

  return top;
}

static GtkWidget *
page_create_bar (LifecycleGtkInspectorPage *self)
{
  GtkWidget *bar = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *switcher = gtk_stack_switcher_new ();

  gtk_stack_switcher_set_stack (GTK_STACK_SWITCHER (switcher), GTK_STACK (self->tabs));
  self->path = gtk_label_new (NULL);
  gtk_label_set_ellipsize (GTK_LABEL (self->path), PANGO_ELLIPSIZE_START);
  gtk_label_set_xalign (GTK_LABEL (self->path), 0);
  gtk_label_set_selectable (GTK_LABEL (self->path), TRUE);
  gtk_widget_set_hexpand (self->path, TRUE);
  gtk_widget_add_css_class (self->path, "dim-label");

  self->below = gtk_check_button_new_with_label ("With scopes below");
  self->show = gtk_button_new_with_label ("Show Object");
  gtk_widget_set_tooltip_text (self->show,
                               "Show the object of the selected entry, or that the scope was made for");
  self->close = gtk_menu_button_new ();
  gtk_menu_button_set_label (GTK_MENU_BUTTON (self->close), "Close Scope");
  gtk_menu_button_set_direction (GTK_MENU_BUTTON (self->close), GTK_ARROW_UP);
  gtk_menu_button_set_popover (GTK_MENU_BUTTON (self->close), page_create_question (self));
  gtk_menu_button_set_create_popup_func (GTK_MENU_BUTTON (self->close), ask_cb, self, NULL);

  gtk_box_append (GTK_BOX (bar), switcher);
  gtk_box_append (GTK_BOX (bar), self->path);
  gtk_box_append (GTK_BOX (bar), self->below);
  gtk_box_append (GTK_BOX (bar), self->show);
  gtk_box_append (GTK_BOX (bar), self->close);
  gtk_widget_set_margin_start (bar, 12);
  gtk_widget_set_margin_end (bar, 12);
  gtk_widget_set_margin_top (bar, 6);
  gtk_widget_set_margin_bottom (bar, 6);

  return bar;
}

static void
lifecycle_gtk_inspector_page_init (LifecycleGtkInspectorPage *self)
{
  GtkWidget *paned = gtk_paned_new (GTK_ORIENTATION_VERTICAL);
  GtkWidget *bottom = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);

  self->scopes = lifecycle_gtk_scope_view_new ();
  self->tabs = gtk_stack_new ();
  self->records = lifecycle_gtk_record_view_new_for_records ();
  self->leaks = lifecycle_gtk_record_view_new_for_leaks ();
  gtk_stack_add_titled (GTK_STACK (self->tabs), self->records, "entries", "Entries");
  self->leaks_page = gtk_stack_add_titled (GTK_STACK (self->tabs), self->leaks, "leaks", "Leaks");
  gtk_widget_set_vexpand (self->tabs, TRUE);

  self->box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  gtk_box_append (GTK_BOX (self->box), page_create_top (self));
  gtk_box_append (GTK_BOX (self->box), gtk_separator_new (GTK_ORIENTATION_HORIZONTAL));
  gtk_box_append (GTK_BOX (bottom), page_create_bar (self));
  gtk_box_append (GTK_BOX (bottom), gtk_separator_new (GTK_ORIENTATION_HORIZONTAL));
  gtk_box_append (GTK_BOX (bottom), self->tabs);
  gtk_paned_set_start_child (GTK_PANED (paned), self->scopes);
  gtk_paned_set_end_child (GTK_PANED (paned), bottom);
  gtk_paned_set_shrink_start_child (GTK_PANED (paned), FALSE);
  gtk_paned_set_shrink_end_child (GTK_PANED (paned), FALSE);
  gtk_paned_set_position (GTK_PANED (paned), 220);
  gtk_widget_set_vexpand (paned, TRUE);
  gtk_box_append (GTK_BOX (self->box), paned);
  gtk_widget_set_parent (self->box, GTK_WIDGET (self));

  g_signal_connect_swapped (self->scopes, "selected", G_CALLBACK (selected_cb), self);
  g_signal_connect_swapped (self->scopes, "sorted", G_CALLBACK (rebuild_cb), self);
  g_signal_connect_swapped (self->filter, "search-changed", G_CALLBACK (rebuild_cb), self);
  g_signal_connect_swapped (self->below, "toggled", G_CALLBACK (selected_cb), self);
  g_signal_connect_swapped (self->show, "clicked", G_CALLBACK (show_cb), self);
  g_signal_connect_swapped (self->records, "selected", G_CALLBACK (page_update_show), self);
  g_signal_connect_swapped (self->records, "activated", G_CALLBACK (show_cb), self);
  page_add_shortcut (GTK_WIDGET (self), "<Control>f", find_cb, self);
  page_add_shortcut (self->scopes, "Delete", delete_cb, self);

  page_list_records (self, TRUE);
  page_list_leaks (self);
}
