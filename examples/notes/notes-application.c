/* notes-application.c: the application
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "notes-window.h"

#include <lifecycle-gtk.h>

/* The root of all scopes is that of the application. Actions, accelerators, styles and settings
 * belong to it. Other programs reach the actions over D-Bus, as GApplication exports them:
 *
 *   gdbus call --session --dest org.example.Notes --object-path /org/example/Notes \
 *     --method org.gtk.Actions.Activate add-note '[<"Buy milk">]' '{}'
 */

#ifndef SCHEMA_DIR
#define SCHEMA_DIR "."
#endif

struct _NotesApplication
{
  GtkApplication  parent_instance;

  char           *directory;
  LifecycleScope *scope;
  GSettings      *settings;
  NotesFolder    *folder;
  GtkCssProvider *text_style;
};

G_DEFINE_FINAL_TYPE (NotesApplication, notes_application, GTK_TYPE_APPLICATION)

static NotesWindow *
application_ensure_window (NotesApplication *self)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (self));

  return NOTES_IS_WINDOW (window) ? NOTES_WINDOW (window) : notes_window_new (self);
}

static void
new_note_cb (GSimpleAction *action,
             GVariant      *parameter,
             gpointer       data)
{
  NotesApplication *self = data;
  g_autoptr (GFile) file = notes_folder_create_file (self->folder);
  NotesWindow *window = application_ensure_window (self);

  gtk_widget_grab_focus (GTK_WIDGET (notes_window_open (window, file)));
  gtk_window_present (GTK_WINDOW (window));
}

/* A note from another program is saved at once, without a window. */
static void
add_note_cb (GSimpleAction *action,
             GVariant      *parameter,
             gpointer       data)
{
  NotesApplication *self = data;
  g_autoptr (GFile) file = notes_folder_create_file (self->folder);
  g_autoptr (GBytes) text = g_bytes_new_take (g_variant_dup_string (parameter, NULL),
                                              g_variant_get_size (parameter) - 1);

  notes_folder_save (self->folder, file, text);
}

static void
new_window_cb (GSimpleAction *action,
               GVariant      *parameter,
               gpointer       data)
{
  NotesApplication *self = data;
  gtk_window_present (GTK_WINDOW (notes_window_new (self)));
}

static void
text_size_cb (GSimpleAction *action,
              GVariant      *parameter,
              gpointer       data)
{
  NotesApplication *self = data;
  int size = g_settings_get_int (self->settings, "text-size") + g_variant_get_int32 (parameter);

  g_settings_set_int (self->settings, "text-size", CLAMP (size, 8, 32));
}

/* Closed windows hand over what is unsaved; the application ends when that has been written. */
static void
quit_cb (GSimpleAction *action,
         GVariant      *parameter,
         gpointer       data)
{
  NotesApplication *self = data;
  GList *windows;

  while ((windows = gtk_application_get_windows (GTK_APPLICATION (self))) != NULL)
    gtk_window_destroy (windows->data);
}

static void
text_size_changed_cb (NotesApplication *self)
{
  g_autofree char *css = g_strdup_printf (".note { font-size: %dpt; }",
                                          g_settings_get_int (self->settings, "text-size"));

  gtk_css_provider_load_from_data (self->text_style, css, -1);
}

static void
application_add_actions (NotesApplication *self)
{
  static const GActionEntry actions[] = {
    { "new-note", new_note_cb },
    { "add-note", add_note_cb, "s" },
    { "new-window", new_window_cb },
    { "text-size", text_size_cb, "i" },
    { "quit", quit_cb },
  };
  static const struct
  {
    const char *action;
    const char *accels[3];
  } accels[] = {
    { "app.new-note", { "<Control>n" } },
    { "app.new-window", { "<Control><Shift>n" } },
    { "app.text-size(1)", { "<Control>plus", "<Control>equal" } },
    { "app.text-size(-1)", { "<Control>minus" } },
    { "app.quit", { "<Control>q" } },
    { "win.close-page", { "<Control>w" } },
    { "win.delete-note", { "<Control>Delete" } },
    { "win.find", { "<Control>f" } },
  };

  lifecycle_gtk_add_action_entries (self->scope, G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions),
                                    self);
  for (guint i = 0; i < G_N_ELEMENTS (accels); i++)
    lifecycle_gtk_set_accels (self->scope, GTK_APPLICATION (self), accels[i].action,
                              accels[i].accels);
}

static void
application_add_styles (NotesApplication *self)
{
  GdkDisplay *display = gdk_display_get_default ();
  g_autoptr (GtkCssProvider) style = gtk_css_provider_new ();
  g_autoptr (GAction) dark = g_settings_create_action (self->settings, "dark");

  gtk_css_provider_load_from_resource (style, "/org/example/Notes/notes.css");
  lifecycle_gtk_add_css_provider (self->scope, display, GTK_STYLE_PROVIDER (style),
                                  GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
  self->text_style = gtk_css_provider_new ();
  lifecycle_gtk_add_css_provider (self->scope, display, GTK_STYLE_PROVIDER (self->text_style),
                                  GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);

  lifecycle_scope_connect_full (self->scope, self->settings, "changed::text-size",
                                G_CALLBACK (text_size_changed_cb), self, NULL,
                                LIFECYCLE_CONNECT_SWAPPED);
  text_size_changed_cb (self);

  lifecycle_gtk_add_action (self->scope, G_ACTION_MAP (self), dark);
  lifecycle_scope_bind_setting (self->scope, self->settings, "dark",
                                G_OBJECT (gtk_settings_get_for_display (display)),
                                "gtk-application-prefer-dark-theme", G_SETTINGS_BIND_GET);
}

static void
save_failed_cb (NotesApplication *self,
                const char       *message)
{
  g_warning ("A note could not be saved: %s", message);
}

static void
notes_application_startup (GApplication *application)
{
  NotesApplication *self = NOTES_APPLICATION (application);
  g_autoptr (GSettingsSchemaSource) source = NULL;
  g_autoptr (GSettingsSchema) schema = NULL;
  g_autoptr (GFile) directory = NULL;

  G_APPLICATION_CLASS (notes_application_parent_class)->startup (application);

  self->scope = lifecycle_gtk_scope_of_application (GTK_APPLICATION (self));

  source = g_settings_schema_source_new_from_directory (SCHEMA_DIR,
                                                        g_settings_schema_source_get_default (),
                                                        TRUE, NULL);
  schema = g_settings_schema_source_lookup (source, "org.example.Notes", TRUE);
  self->settings = g_settings_new_full (schema, NULL, NULL);

  directory = self->directory != NULL ? g_file_new_for_path (self->directory)
                                      : g_file_new_build_filename (g_get_home_dir (), "Notes", NULL);
  self->folder = notes_folder_new (self->scope, application, directory);
  lifecycle_scope_connect_full (self->scope, self->folder, "save-failed", G_CALLBACK (save_failed_cb),
                                self, NULL, LIFECYCLE_CONNECT_SWAPPED);
  application_add_actions (self);
  application_add_styles (self);
}

static void
notes_application_activate (GApplication *application)
{
  gtk_window_present (GTK_WINDOW (application_ensure_window (NOTES_APPLICATION (application))));
}

/* The main loop has ended, however that came about. */
static void
notes_application_shutdown (GApplication *application)
{
  NotesApplication *self = NOTES_APPLICATION (application);

  quit_cb (NULL, NULL, self);
  notes_folder_flush (self->folder);

  G_APPLICATION_CLASS (notes_application_parent_class)->shutdown (application);

  g_clear_object (&self->folder);
  g_clear_object (&self->settings);
  g_clear_object (&self->text_style);
}

static void
notes_application_finalize (GObject *object)
{
  g_free (NOTES_APPLICATION (object)->directory);

  G_OBJECT_CLASS (notes_application_parent_class)->finalize (object);
}

static void
notes_application_class_init (NotesApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = notes_application_finalize;
  application_class->startup = notes_application_startup;
  application_class->activate = notes_application_activate;
  application_class->shutdown = notes_application_shutdown;
}

static void
notes_application_init (NotesApplication *self)
{
  lifecycle_gtk_add_inspector_page ();
}

/* `directory` is where the notes are, or NULL for the folder "Notes". */
NotesApplication *
notes_application_new (GApplicationFlags  flags,
                       const char        *directory)
{
  NotesApplication *self = g_object_new (NOTES_TYPE_APPLICATION,
                                         "application-id", "org.example.Notes",
                                         "flags", flags,
                                         NULL);

  self->directory = g_strdup (directory);

  return self;
}

NotesFolder *
notes_application_get_folder (NotesApplication *self)
{
  return self->folder;
}

GSettings *
notes_application_get_settings (NotesApplication *self)
{
  return self->settings;
}
