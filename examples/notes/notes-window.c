/* notes-window.c: a window with notes in tabs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "notes-window.h"

#include "notes-search.h"

#include <lifecycle-gtk.h>

/* The scope of the window closes when the window is closed, while its widgets still exist, whoever
 * still holds a reference on it. These named children come and go with what they are for:
 *
 *   search   a search; a newer one replaces it
 *   current  what follows the note in front
 *   toast    a deleted note, as long as that can be undone
 */

#define SEARCH_MS 150
#define UNDO_MS   6000

struct _NotesWindow
{
  GtkApplicationWindow  parent_instance;

  NotesFolder          *folder;
  GtkWidget            *search_entry;
  GtkWidget            *list_stack;
  GtkWidget            *list_page;
  GtkWidget            *list_empty;
  GtkListView          *list;
  GtkWidget            *stack;
  GtkWidget            *empty;
  GtkNotebook          *notebook;
  GtkRevealer          *toast;
  GtkLabel             *toast_label;
  GtkWidget            *undo;

  GtkSingleSelection   *selection;
  GListStore           *results;
  LifecycleTimer       *search;         /* owned by the scope */
};

G_DEFINE_FINAL_TYPE (NotesWindow, notes_window, GTK_TYPE_APPLICATION_WINDOW)

static LifecycleScope *
window_get_scope (NotesWindow *self)
{
  return lifecycle_gtk_scope_of (GTK_WIDGET (self));
}

static NotesPage *
window_find_page (NotesWindow *self,
                  GFile       *file)
{
  for (int i = 0; i < gtk_notebook_get_n_pages (self->notebook); i++)
    {
      GtkWidget *page = gtk_notebook_get_nth_page (self->notebook, i);

      if (g_file_equal (notes_page_get_file (NOTES_PAGE (page)), file))
        return NOTES_PAGE (page);
    }

  return NULL;
}

/* Selects the note in front. */
static void
window_select_current (NotesWindow *self)
{
  GListModel *model = gtk_single_selection_get_model (self->selection);
  NotesPage *page = notes_window_get_page (self);
  guint selected = GTK_INVALID_LIST_POSITION;

  for (guint i = 0; page != NULL && i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (NotesNote) note = g_list_model_get_item (model, i);

      if (g_file_equal (notes_note_get_file (note), notes_page_get_file (page)))
        selected = i;
    }

  gtk_single_selection_set_selected (self->selection, selected);
}

/* Says so if there is nothing in the list. */
static void
window_update_list (NotesWindow *self)
{
  GListModel *model = gtk_single_selection_get_model (self->selection);
  gboolean searching = model == G_LIST_MODEL (self->results);

  gtk_label_set_text (GTK_LABEL (self->list_empty), searching ? "Nothing found" : "No notes yet");
  gtk_stack_set_visible_child (GTK_STACK (self->list_stack),
                               g_list_model_get_n_items (model) > 0 ? self->list_page
                                                                    : self->list_empty);
  window_select_current (self);
}

/* What depends on the note in front. */
static void
window_follow_current (NotesWindow *self)
{
  LifecycleScope *current = lifecycle_scope_renew_child (window_get_scope (self), "current");
  NotesPage *page = notes_window_get_page (self);
  GAction *delete = g_action_map_lookup_action (G_ACTION_MAP (self), "delete-note");

  gtk_stack_set_visible_child (GTK_STACK (self->stack),
                               page != NULL ? GTK_WIDGET (self->notebook) : self->empty);
  if (delete != NULL)
    g_simple_action_set_enabled (G_SIMPLE_ACTION (delete), page != NULL);
  if (page != NULL)
    lifecycle_scope_bind (current, G_OBJECT (page), "title", G_OBJECT (self), "title",
                          G_BINDING_SYNC_CREATE);
  else
    gtk_window_set_title (GTK_WINDOW (self), "Notes");
  window_select_current (self);
}

/* Searching */

static void
window_start_search (gpointer data)
{
  NotesWindow *self = data;
  LifecycleScope *scope = lifecycle_scope_renew_child (window_get_scope (self), "search");
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->search_entry));

  if (*text == '\0')
    {
      gtk_single_selection_set_model (self->selection, notes_folder_get_notes (self->folder));
      lifecycle_scope_close (scope);
    }
  else
    {
      gtk_single_selection_set_model (self->selection, G_LIST_MODEL (self->results));
      notes_search_start (scope, self->folder, text, self->results);
    }
  window_update_list (self);
}

static void
search_changed_cb (NotesWindow *self)
{
  lifecycle_timer_restart (self->search);
}

static void
stop_search_cb (NotesWindow *self)
{
  gtk_editable_set_text (GTK_EDITABLE (self->search_entry), "");
}

/* Deleting, with a way back */

typedef struct
{
  NotesWindow *window;          /* alive while the scope of the toast is */
  NotesFolder *folder;
  GFile       *file;
} Deleted;

static void
deleted_free (gpointer data)
{
  Deleted *self = data;

  g_object_unref (self->folder);
  g_object_unref (self->file);
  g_free (self);
}

static void
undo_cb (LifecycleScope *toast)
{
  lifecycle_scope_close_with_reason (toast, LIFECYCLE_REASON_ABORTED, "undone");
}

/* The time is up, or another note is deleted, or the window closes: this is said once in any case,
 * and if it is not an undo, the note goes.
 */
static void
toast_over_cb (LifecycleScope   *scope,
               LifecycleReason   reason,
               gpointer          data,
               GError          **error)
{
  Deleted *deleted = data;

  if (reason == LIFECYCLE_REASON_ABORTED)
    {
      notes_folder_unhide (deleted->folder, deleted->file);
      notes_window_open (deleted->window, deleted->file);
    }
  else
    {
      notes_folder_delete (deleted->folder, deleted->file);
    }

  if (reason != LIFECYCLE_REASON_PARENT_CLOSED)
    gtk_revealer_set_reveal_child (deleted->window->toast, FALSE);
}

static void
window_show_toast (NotesWindow *self,
                   GFile       *file)
{
  LifecycleScope *toast = lifecycle_scope_renew_child (window_get_scope (self), "toast");
  NotesNote *note = notes_folder_find (self->folder, file);
  Deleted *deleted = g_new0 (Deleted, 1);
  g_autofree char *text = g_strdup_printf ("Deleted “%s”",
                                           note != NULL ? notes_note_get_title (note) : "New Note");

  deleted->window = self;
  deleted->folder = g_object_ref (self->folder);
  deleted->file = g_object_ref (file);
  lifecycle_scope_defer (toast, toast_over_cb, deleted, deleted_free);
  lifecycle_scope_connect_full (toast, self->undo, "clicked", G_CALLBACK (undo_cb), toast, NULL,
                                LIFECYCLE_CONNECT_SWAPPED);
  lifecycle_scope_set_deadline (toast, UNDO_MS);

  gtk_label_set_text (self->toast_label, text);
  gtk_revealer_set_reveal_child (self->toast, TRUE);
}

/* Actions */

static void
close_page_cb (GSimpleAction *action,
               GVariant      *parameter,
               gpointer       data)
{
  NotesWindow *self = data;
  NotesPage *page = notes_window_get_page (self);

  if (page != NULL)
    notes_window_close_page (self, page);
  else
    gtk_window_close (GTK_WINDOW (self));
}

static void
delete_note_cb (GSimpleAction *action,
                GVariant      *parameter,
                gpointer       data)
{
  NotesWindow *self = data;
  NotesPage *page = notes_window_get_page (self);

  if (page != NULL)
    notes_window_delete_page (self, page);
}

static void
find_cb (GSimpleAction *action,
         GVariant      *parameter,
         gpointer       data)
{
  gtk_widget_grab_focus (NOTES_WINDOW (data)->search_entry);
}

static void
activate_cb (NotesWindow *self,
             guint        position)
{
  g_autoptr (NotesNote) note = g_list_model_get_item (G_LIST_MODEL (self->selection), position);

  if (note != NULL)
    gtk_widget_grab_focus (GTK_WIDGET (notes_window_open (self, notes_note_get_file (note))));
}

static void
tab_closed_cb (NotesPage *page)
{
  GtkWidget *window = gtk_widget_get_ancestor (GTK_WIDGET (page), NOTES_TYPE_WINDOW);

  notes_window_close_page (NOTES_WINDOW (window), page);
}

/* The tab belongs to the page: its handler and its bindings go with it. */
static GtkWidget *
create_tab (NotesPage *page)
{
  LifecycleScope *scope = lifecycle_gtk_scope_of (GTK_WIDGET (page));
  GtkWidget *tab = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *dot = gtk_label_new ("●");
  GtkWidget *label = gtk_label_new (NULL);
  GtkWidget *close = gtk_button_new_from_icon_name ("window-close-symbolic");

  gtk_widget_add_css_class (dot, "tab-dot");
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_width_chars (GTK_LABEL (label), 10);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 18);
  gtk_button_set_has_frame (GTK_BUTTON (close), FALSE);
  gtk_widget_set_tooltip_text (close, "Close Tab");
  gtk_accessible_update_property (GTK_ACCESSIBLE (close), GTK_ACCESSIBLE_PROPERTY_LABEL, "Close Tab",
                                  -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (dot), GTK_ACCESSIBLE_PROPERTY_LABEL, "Not saved yet",
                                  -1);
  gtk_box_append (GTK_BOX (tab), dot);
  gtk_box_append (GTK_BOX (tab), label);
  gtk_box_append (GTK_BOX (tab), close);

  lifecycle_scope_bind (scope, G_OBJECT (page), "title", G_OBJECT (label), "label",
                        G_BINDING_SYNC_CREATE);
  lifecycle_scope_bind (scope, G_OBJECT (page), "unsaved", G_OBJECT (dot), "visible",
                        G_BINDING_SYNC_CREATE);
  lifecycle_scope_connect_full (scope, close, "clicked", G_CALLBACK (tab_closed_cb), page, NULL,
                                LIFECYCLE_CONNECT_SWAPPED);

  return tab;
}

static void
notes_window_dispose (GObject *object)
{
  NotesWindow *self = NOTES_WINDOW (object);

  g_clear_object (&self->folder);
  g_clear_object (&self->selection);
  g_clear_object (&self->results);

  G_OBJECT_CLASS (notes_window_parent_class)->dispose (object);
}

static void
notes_window_class_init (NotesWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = notes_window_dispose;

  g_type_ensure (NOTES_TYPE_NOTE);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/example/Notes/notes-window.ui");
  gtk_widget_class_bind_template_child (widget_class, NotesWindow, search_entry);
  gtk_widget_class_bind_template_child (widget_class, NotesWindow, list_stack);
  gtk_widget_class_bind_template_child (widget_class, NotesWindow, list_page);
  gtk_widget_class_bind_template_child (widget_class, NotesWindow, list_empty);
  gtk_widget_class_bind_template_child (widget_class, NotesWindow, list);
  gtk_widget_class_bind_template_child (widget_class, NotesWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, NotesWindow, empty);
  gtk_widget_class_bind_template_child (widget_class, NotesWindow, notebook);
  gtk_widget_class_bind_template_child (widget_class, NotesWindow, toast);
  gtk_widget_class_bind_template_child (widget_class, NotesWindow, toast_label);
  gtk_widget_class_bind_template_child (widget_class, NotesWindow, undo);
  lifecycle_gtk_widget_class_dispose_template (widget_class);
}

static void
notes_window_init (NotesWindow *self)
{
  g_autoptr (GtkListItemFactory) factory = NULL;

  gtk_widget_init_template (GTK_WIDGET (self));

  self->results = g_list_store_new (NOTES_TYPE_NOTE);
  self->selection = gtk_single_selection_new (NULL);
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  gtk_list_view_set_model (self->list, GTK_SELECTION_MODEL (self->selection));
  factory = gtk_builder_list_item_factory_new_from_resource (NULL, "/org/example/Notes/notes-row.ui");
  gtk_list_view_set_factory (self->list, factory);
}

static void
window_add_actions (NotesWindow *self)
{
  static const GActionEntry actions[] = {
    { "close-page", close_page_cb },
    { "delete-note", delete_note_cb },
    { "find", find_cb },
  };

  lifecycle_gtk_add_action_entries (window_get_scope (self), G_ACTION_MAP (self), actions,
                                    G_N_ELEMENTS (actions), self);
}

NotesWindow *
notes_window_new (NotesApplication *application)
{
  NotesWindow *self = g_object_new (NOTES_TYPE_WINDOW, "application", application, NULL);
  GSettings *settings = notes_application_get_settings (application);
  LifecycleScope *scope = window_get_scope (self);
  const struct
  {
    gpointer    instance;
    const char *signal;
    GCallback   func;
  } handlers[] = {
    { self->search_entry, "changed", G_CALLBACK (search_changed_cb) },
    { self->search_entry, "stop-search", G_CALLBACK (stop_search_cb) },
    { self->list, "activate", G_CALLBACK (activate_cb) },
    { self->selection, "items-changed", G_CALLBACK (window_update_list) },
    { self->notebook, "notify::page", G_CALLBACK (window_follow_current) },
    { self->notebook, "page-removed", G_CALLBACK (window_follow_current) },
  };

  self->folder = g_object_ref (notes_application_get_folder (application));
  gtk_single_selection_set_model (self->selection, notes_folder_get_notes (self->folder));

  for (guint i = 0; i < G_N_ELEMENTS (handlers); i++)
    lifecycle_scope_connect_full (scope, handlers[i].instance, handlers[i].signal, handlers[i].func,
                                  self, NULL, LIFECYCLE_CONNECT_SWAPPED);
  self->search = lifecycle_scope_add_debounce (scope, SEARCH_MS, window_start_search, self, NULL);
  lifecycle_scope_bind_setting (scope, settings, "width", G_OBJECT (self), "default-width",
                                G_SETTINGS_BIND_DEFAULT);
  lifecycle_scope_bind_setting (scope, settings, "height", G_OBJECT (self), "default-height",
                                G_SETTINGS_BIND_DEFAULT);
  window_add_actions (self);
  window_follow_current (self);
  window_update_list (self);

  return self;
}

/* Shows a note in a tab, and brings that to the front. */
NotesPage *
notes_window_open (NotesWindow *self,
                   GFile       *file)
{
  NotesPage *page = window_find_page (self, file);

  if (page == NULL)
    {
      page = NOTES_PAGE (notes_page_new (self->folder, file));
      /* GTK 4.8 loses a reference on the widget for the tab that comes with the page, or that is made
       * because there is none. None is made while tabs are not shown.
       */
      gtk_notebook_set_show_tabs (self->notebook, FALSE);
      gtk_notebook_append_page (self->notebook, GTK_WIDGET (page), NULL);
      gtk_notebook_set_tab_label (self->notebook, GTK_WIDGET (page), create_tab (page));
      gtk_notebook_set_show_tabs (self->notebook, TRUE);
      gtk_notebook_set_tab_reorderable (self->notebook, GTK_WIDGET (page), TRUE);
    }
  gtk_notebook_set_current_page (self->notebook, gtk_notebook_page_num (self->notebook,
                                                                        GTK_WIDGET (page)));

  return page;
}

/* Returns the page in front, or NULL. */
NotesPage *
notes_window_get_page (NotesWindow *self)
{
  int current = gtk_notebook_get_current_page (self->notebook);

  return current >= 0 ? NOTES_PAGE (gtk_notebook_get_nth_page (self->notebook, current)) : NULL;
}

guint
notes_window_get_n_pages (NotesWindow *self)
{
  return (guint) gtk_notebook_get_n_pages (self->notebook);
}

void
notes_window_close_page (NotesWindow *self,
                         NotesPage   *page)
{
  /* The widget may be held by somebody. */
  lifecycle_scope_close (lifecycle_gtk_scope_of (GTK_WIDGET (page)));
  gtk_notebook_remove_page (self->notebook, gtk_notebook_page_num (self->notebook, GTK_WIDGET (page)));
}

void
notes_window_delete_page (NotesWindow *self,
                          NotesPage   *page)
{
  g_autoptr (GFile) file = g_object_ref (notes_page_get_file (page));

  notes_window_close_page (self, page);
  if (notes_window_get_page (self) != NULL)
    gtk_widget_grab_focus (GTK_WIDGET (notes_window_get_page (self)));
  notes_folder_hide (self->folder, file);
  window_show_toast (self, file);
}

/* Searches as if the text had been typed. */
void
notes_window_search (NotesWindow *self,
                     const char  *text)
{
  gtk_editable_set_text (GTK_EDITABLE (self->search_entry), text);
}

/* Returns what the list shows: notes, or results. */
GListModel *
notes_window_get_listed (NotesWindow *self)
{
  return gtk_single_selection_get_model (self->selection);
}
