/* notes-page.c: the editor of one note, in a tab
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "notes-page.h"

#include <lifecycle-gtk.h>
#include <string.h>

/* Everything here belongs to the scope of the widget, which closes when the tab or its window does:
 * a load is cancelled, and what has not been saved yet is handed to the folder, which saves it.
 */

#define AUTOSAVE_MS 800 /* after the last change */

struct _NotesPage
{
  GtkWidget       parent_instance;

  NotesFolder    *folder;
  GFile          *file;

  GtkWidget      *scroller;
  GtkWidget      *view;
  GtkTextBuffer  *buffer;
  LifecycleTimer *autosave;     /* owned by the scope */
  char           *title;
  gboolean        loaded;
  gboolean        unsaved;
};

enum
{
  PROP_0,
  PROP_TITLE,
  PROP_UNSAVED,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (NotesPage, notes_page, GTK_TYPE_WIDGET)

static void
page_set_title (NotesPage  *self,
                const char *text)
{
  g_free (self->title);
  self->title = notes_dup_title (text);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TITLE]);
}

static void
page_set_unsaved (NotesPage *self,
                  gboolean   unsaved)
{
  if (self->unsaved == unsaved)
    return;

  self->unsaved = unsaved;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_UNSAVED]);
}

static void
page_save (gpointer data)
{
  NotesPage *self = data;
  char *text;
  g_autoptr (GBytes) bytes = NULL;

  if (!self->unsaved)
    return;

  text = notes_page_dup_text (self);
  bytes = g_bytes_new_take (text, strlen (text));
  page_set_unsaved (self, FALSE);
  notes_folder_save (self->folder, self->file, bytes);
}

static void
changed_cb (GtkTextBuffer *buffer,
            NotesPage     *self)
{
  g_autofree char *text = notes_page_dup_text (self);

  page_set_title (self, text);
  page_set_unsaved (self, TRUE);
  lifecycle_timer_restart (self->autosave);
}

/* The tab or the window closes. Everything still works, but the timer would come too late. */
static void
closing_cb (LifecycleScope  *scope,
            LifecycleReason  reason,
            NotesPage       *self)
{
  page_save (self);
}

/* Shows what is in the file, as a change that need not be saved. */
static void
page_show_text (NotesPage  *self,
                const char *text)
{
  GtkTextIter start;

  g_signal_handlers_block_by_func (self->buffer, changed_cb, self);
  gtk_text_buffer_begin_irreversible_action (self->buffer);
  gtk_text_buffer_set_text (self->buffer, text, -1);
  gtk_text_buffer_end_irreversible_action (self->buffer);
  gtk_text_buffer_get_start_iter (self->buffer, &start);
  gtk_text_buffer_place_cursor (self->buffer, &start);
  g_signal_handlers_unblock_by_func (self->buffer, changed_cb, self);

  page_set_title (self, text);
  gtk_text_view_set_editable (GTK_TEXT_VIEW (self->view), TRUE);
  self->loaded = TRUE;
}

static void
loaded_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      data)
{
  NotesPage *self = data;
  g_autofree char *text = NULL;
  g_autofree char *shown = NULL;
  g_autoptr (GError) error = NULL;

  if (!g_file_load_contents_finish (G_FILE (object), result, &text, NULL, NULL, &error))
    {
      /* A new note has no file yet. */
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
        page_show_text (self, "");
      else
        gtk_widget_error_bell (GTK_WIDGET (self));
      return;
    }
  if (!g_utf8_validate (text, -1, NULL))
    {
      gtk_widget_error_bell (GTK_WIDGET (self));
      return;
    }

  /* Somebody may have typed meanwhile, or the file is what this page has written itself. */
  shown = notes_page_dup_text (self);
  if (!self->unsaved && (!self->loaded || strcmp (shown, text) != 0))
    page_show_text (self, text);
}

static void
page_load (NotesPage *self)
{
  LifecycleScope *scope = lifecycle_gtk_scope_of (GTK_WIDGET (self));
  GBytes *text = notes_folder_peek_text (self->folder, self->file);
  LifecycleOperation *op;

  if (text != NULL)
    {
      page_show_text (self, g_bytes_get_data (text, NULL));
      return;
    }

  op = lifecycle_scope_begin_async (lifecycle_scope_renew_child (scope, "load"), "load", loaded_cb,
                                    self, NULL);
  g_file_load_contents_async (self->file, lifecycle_operation_get_cancellable (op),
                              lifecycle_operation_ready, op);
}

static void
file_changed_cb (NotesFolder *folder,
                 GFile       *file,
                 NotesPage   *self)
{
  if (g_file_equal (file, self->file) && !self->unsaved &&
      notes_folder_peek_text (self->folder, self->file) == NULL)
    page_load (self);
}

static gboolean
notes_page_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (NOTES_PAGE (widget)->view);
}

static void
notes_page_dispose (GObject *object)
{
  NotesPage *self = NOTES_PAGE (object);

  g_clear_pointer (&self->scroller, gtk_widget_unparent);

  G_OBJECT_CLASS (notes_page_parent_class)->dispose (object);
}

static void
notes_page_finalize (GObject *object)
{
  NotesPage *self = NOTES_PAGE (object);

  g_object_unref (self->folder);
  g_object_unref (self->file);
  g_object_unref (self->buffer);
  g_free (self->title);

  G_OBJECT_CLASS (notes_page_parent_class)->finalize (object);
}

static void
notes_page_get_property (GObject    *object,
                         guint       prop_id,
                         GValue     *value,
                         GParamSpec *pspec)
{
  NotesPage *self = NOTES_PAGE (object);

  switch (prop_id)
    {
    case PROP_TITLE:
      g_value_set_string (value, self->title);
      break;

    case PROP_UNSAVED:
      g_value_set_boolean (value, self->unsaved);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
notes_page_class_init (NotesPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->dispose = notes_page_dispose;
  object_class->finalize = notes_page_finalize;
  object_class->get_property = notes_page_get_property;
  widget_class->grab_focus = notes_page_grab_focus;

  properties[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);
  properties[PROP_UNSAVED] = g_param_spec_boolean ("unsaved", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
}

static void
notes_page_init (NotesPage *self)
{
  self->title = notes_dup_title ("");
  self->buffer = gtk_text_buffer_new (NULL);
  self->view = gtk_text_view_new_with_buffer (self->buffer);
  gtk_text_view_set_wrap_mode (GTK_TEXT_VIEW (self->view), GTK_WRAP_WORD_CHAR);
  gtk_text_view_set_editable (GTK_TEXT_VIEW (self->view), FALSE);
  gtk_text_view_set_left_margin (GTK_TEXT_VIEW (self->view), 24);
  gtk_text_view_set_right_margin (GTK_TEXT_VIEW (self->view), 24);
  gtk_text_view_set_top_margin (GTK_TEXT_VIEW (self->view), 18);
  gtk_text_view_set_bottom_margin (GTK_TEXT_VIEW (self->view), 18);
  gtk_widget_add_css_class (self->view, "note");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->view), GTK_ACCESSIBLE_PROPERTY_LABEL, "Note",
                                  -1);

  self->scroller = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (self->scroller), self->view);
  gtk_widget_set_hexpand (self->scroller, TRUE);
  gtk_widget_set_vexpand (self->scroller, TRUE);
  gtk_widget_set_parent (self->scroller, GTK_WIDGET (self));
}

GtkWidget *
notes_page_new (NotesFolder *folder,
                GFile       *file)
{
  NotesPage *self = g_object_new (NOTES_TYPE_PAGE, NULL);
  LifecycleScope *scope = lifecycle_gtk_scope_of (GTK_WIDGET (self));

  self->folder = g_object_ref (folder);
  self->file = g_object_ref (file);
  self->autosave = lifecycle_scope_add_debounce (scope, AUTOSAVE_MS, page_save, self, NULL);
  lifecycle_scope_connect_signal (scope, self->buffer, "changed", G_CALLBACK (changed_cb), self);
  lifecycle_scope_connect_signal (scope, folder, "changed", G_CALLBACK (file_changed_cb), self);
  lifecycle_scope_connect_signal (scope, scope, "closing", G_CALLBACK (closing_cb), self);
  page_load (self);

  return GTK_WIDGET (self);
}

GFile *
notes_page_get_file (NotesPage *self)
{
  return self->file;
}

gboolean
notes_page_is_loaded (NotesPage *self)
{
  return self->loaded;
}

char *
notes_page_dup_text (NotesPage *self)
{
  GtkTextIter start, end;

  gtk_text_buffer_get_bounds (self->buffer, &start, &end);

  return gtk_text_buffer_get_text (self->buffer, &start, &end, FALSE);
}

/* Changes the text, as if it had been typed. */
void
notes_page_set_text (NotesPage  *self,
                     const char *text)
{
  gtk_text_view_set_editable (GTK_TEXT_VIEW (self->view), TRUE);
  self->loaded = TRUE;
  gtk_text_buffer_set_text (self->buffer, text, -1);
}
