/* test-notes.c: the application, used as its users do, and more
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "../notes-window.h"

#include <glib/gstdio.h>
#include <lifecycle-gtk.h>
#include <string.h>

/* Each test runs a whole application in a folder of its own. When that has ended, no scope and no
 * entry may be left in the process.
 */

typedef void (*TestFunc) (NotesApplication *application,
                          NotesWindow      *window);

typedef struct
{
  const char *path;
  TestFunc    func;
  void      (*then) (void);     /* called when the application has ended */
} Case;

static char *folder;
static gboolean slow;

#define iterate_until(condition)                                                  \
  G_STMT_START                                                                    \
    {                                                                             \
      gint64 end_ = g_get_monotonic_time () + 120 * G_USEC_PER_SEC;               \
      while (!(condition))                                                        \
        {                                                                         \
          if (g_get_monotonic_time () > end_)                                     \
            g_error ("%s:%d: waited in vain for %s", __FILE__, __LINE__, #condition); \
          if (!g_main_context_iteration (NULL, FALSE))                            \
            g_usleep (500);                                                       \
        }                                                                         \
    }                                                                             \
  G_STMT_END

static GFile *
get_file (const char *name)
{
  return g_file_new_build_filename (folder, name, NULL);
}

static void
write_note (const char *name,
            const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static gboolean
note_is (const char *name,
         const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *contents = NULL;

  return g_file_get_contents (path, &contents, NULL, NULL) && strcmp (contents, text) == 0;
}

static gboolean
note_exists (const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static gboolean
page_shows (NotesPage  *page,
            const char *text)
{
  g_autofree char *shown = notes_page_dup_text (page);

  return notes_page_is_loaded (page) && strcmp (shown, text) == 0;
}

static NotesPage *
open_note (NotesWindow *window,
           const char  *name)
{
  g_autoptr (GFile) file = get_file (name);

  return notes_window_open (window, file);
}

static guint
get_n_listed (NotesWindow *window)
{
  return g_list_model_get_n_items (notes_window_get_listed (window));
}

static gboolean
run_cb (gpointer data)
{
  NotesApplication *application = NOTES_APPLICATION (g_application_get_default ());
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (application));

  iterate_until (gtk_widget_get_mapped (GTK_WIDGET (window)));
  ((TestFunc) data) (application, NOTES_WINDOW (window));
  g_action_group_activate_action (G_ACTION_GROUP (application), "quit", NULL);

  return G_SOURCE_REMOVE;
}

static void
activate_cb (GApplication *application,
             gpointer      func)
{
  g_idle_add (run_cb, func);
}

static void
empty_folder (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_unlink (path);
    }
}

/* Runs an application, calls the function in it, and checks what is there afterwards. */
static void
run (gconstpointer data)
{
  const Case *test = data;
  NotesApplication *application = notes_application_new (G_APPLICATION_NON_UNIQUE, folder);
  g_autoptr (LifecycleStatistics) statistics = NULL;

  lifecycle_test_begin ();
  g_signal_connect_after (application, "activate", G_CALLBACK (activate_cb), (gpointer) test->func);
  g_assert_cmpint (g_application_run (G_APPLICATION (application), 0, NULL), ==, 0);
  g_assert_finalize_object (application);

  /* Exactly nothing is left. */
  statistics = lifecycle_get_statistics ();
  if (lifecycle_statistics_get_total_live (statistics) > 0 ||
      lifecycle_statistics_get_n_scopes (statistics) > 0)
    {
      g_autoptr (GListModel) records = lifecycle_list_records ();

      for (guint i = 0; i < g_list_model_get_n_items (records); i++)
        {
          g_autoptr (LifecycleRecord) record = g_list_model_get_item (records, i);
          g_autofree char *line = lifecycle_record_to_string (record);

          g_test_message ("left: %s", line);
        }
    }
  g_assert_cmpuint (lifecycle_statistics_get_total_live (statistics), ==, 0);
  g_assert_cmpuint (lifecycle_statistics_get_n_scopes (statistics), ==, 0);
  g_assert_cmpuint (lifecycle_statistics_get_n_failed (statistics), ==, 0);

  /* No widget is, either. */
  lifecycle_test_end ();

  if (test->then != NULL)
    test->then ();
  empty_folder ();
}

/* A note is listed, opened, changed, and saved a moment after the last change. */
static void
test_edit (NotesApplication *application,
           NotesWindow      *window)
{
  NotesPage *page;

  write_note ("a.txt", "A title\nand more");
  iterate_until (get_n_listed (window) == 1);
  page = open_note (window, "a.txt");
  iterate_until (page_shows (page, "A title\nand more"));
  g_assert_cmpstr (gtk_window_get_title (GTK_WINDOW (window)), ==, "A title");
  g_assert_true (open_note (window, "a.txt") == page);
  g_assert_cmpuint (notes_window_get_n_pages (window), ==, 1);

  notes_page_set_text (page, "Another title");
  g_assert_cmpstr (gtk_window_get_title (GTK_WINDOW (window)), ==, "Another title");
  g_assert_true (note_is ("a.txt", "A title\nand more"));
  iterate_until (note_is ("a.txt", "Another title"));

  /* Another program changes it. */
  write_note ("a.txt", "From elsewhere");
  iterate_until (page_shows (page, "From elsewhere"));
}

/* As somebody might do in the inspector. */
static void
close_scopes (const char *name)
{
  g_autoptr (GListModel) scopes = lifecycle_list_scopes ();
  guint n_closed = 0;

  for (guint i = 0; i < g_list_model_get_n_items (scopes); i++)
    {
      g_autoptr (LifecycleScope) scope = g_list_model_get_item (scopes, i);

      if (g_strcmp0 (lifecycle_scope_get_name (scope), name) == 0)
        {
          lifecycle_scope_close (scope);
          n_closed++;
        }
    }
  g_assert_cmpuint (n_closed, >, 0);
}

/* Whatever is closed right after a change, it is saved: the tab, the window, the application. */
static void
test_saves (NotesApplication *application,
            NotesWindow      *window)
{
  NotesPage *page = open_note (window, "tab.txt");
  NotesWindow *other = notes_window_new (application);

  notes_page_set_text (page, "typed and closed");
  notes_window_close_page (window, page);

  /* Opened again at once, it shows what is still being written. */
  page = open_note (window, "tab.txt");
  g_assert_true (page_shows (page, "typed and closed"));
  notes_page_set_text (page, "typed again");
  notes_window_close_page (window, page);
  page = open_note (window, "tab.txt");
  notes_page_set_text (page, "typed for the last time");
  notes_window_close_page (window, page);
  close_scopes ("save");
  iterate_until (note_is ("tab.txt", "typed for the last time"));

  notes_page_set_text (open_note (other, "window.txt"), "the window is closed");
  gtk_window_destroy (GTK_WINDOW (other));
  iterate_until (note_is ("window.txt", "the window is closed"));

  notes_page_set_text (open_note (window, "application.txt"), "the application ends");
}

static void
saves_are_done (void)
{
  g_assert_true (note_is ("application.txt", "the application ends"));
}

/* Somebody who holds a window that has been closed does not keep its handlers. */
static void
test_held (NotesApplication *application,
           NotesWindow      *window)
{
  NotesWindow *other = g_object_ref (notes_window_new (application));
  LifecycleScope *scope = lifecycle_gtk_scope_of (GTK_WIDGET (other));

  gtk_window_present (GTK_WINDOW (other));
  iterate_until (gtk_widget_get_mapped (GTK_WIDGET (other)));
  notes_page_set_text (open_note (other, "held.txt"), "saved nevertheless");
  g_object_ref (scope);
  gtk_window_destroy (GTK_WINDOW (other));
  iterate_until (lifecycle_scope_is_closed (scope));
  iterate_until (note_is ("held.txt", "saved nevertheless"));
  g_object_unref (scope);
  g_assert_finalize_object (other);
}

static guint
get_n_found (NotesWindow *window,
             const char  *preview)
{
  guint n = 0;

  for (guint i = 0; i < get_n_listed (window); i++)
    {
      g_autoptr (NotesNote) note = g_list_model_get_item (notes_window_get_listed (window), i);
      g_autofree char *text = NULL;

      g_object_get (note, "preview", &text, NULL);
      n += g_strcmp0 (text, preview) == 0;
    }

  return n;
}

/* A newer search replaces the one that runs; nothing of that one is found any more. */
static void
test_search (NotesApplication *application,
             NotesWindow      *window)
{
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u.txt", i);
      g_autofree char *text = g_strdup_printf ("Note %u\n%s", i, i % 2 == 0 ? "A lemon" : "An APPLE");

      write_note (name, text);
    }
  iterate_until (get_n_listed (window) == 40);

  notes_window_search (window, "LEMON");
  for (guint i = 0; i < 200 && get_n_listed (window) != 1; i++)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (1000);
    }
  notes_window_search (window, "apple");
  iterate_until (get_n_found (window, "An APPLE") == 20);
  g_assert_cmpuint (get_n_listed (window), ==, 20);

  notes_window_search (window, "plum");
  iterate_until (get_n_listed (window) == 0);
  notes_window_search (window, "");
  iterate_until (get_n_listed (window) == 40);
}

/* A deleted note comes back with an undo, and goes when its time is up, or another one is deleted,
 * or the window is closed.
 */
static void
test_undo (NotesApplication *application,
           NotesWindow      *window)
{
  LifecycleScope *scope = lifecycle_gtk_scope_of (GTK_WIDGET (window));
  NotesWindow *other = notes_window_new (application);

  for (char c = 'a'; c <= 'd'; c++)
    write_note ((char[]) { c, '.', 't', 'x', 't', 0 }, (char[]) { c, 0 });
  iterate_until (get_n_listed (window) == 4);

  notes_window_delete_page (window, open_note (window, "a.txt"));
  g_assert_cmpuint (get_n_listed (window), ==, 3);
  g_assert_true (note_exists ("a.txt"));
  lifecycle_scope_close_with_reason (lifecycle_scope_get_child (scope, "toast"),
                                     LIFECYCLE_REASON_ABORTED, "undone");
  g_assert_cmpuint (get_n_listed (window), ==, 4);
  g_assert_cmpuint (notes_window_get_n_pages (window), ==, 1);

  notes_window_delete_page (window, open_note (window, "a.txt"));
  notes_window_delete_page (window, open_note (window, "b.txt"));
  g_assert_false (note_exists ("a.txt"));
  g_assert_true (note_exists ("b.txt"));
  lifecycle_scope_set_deadline (lifecycle_scope_get_child (scope, "toast"), 1);
  iterate_until (!note_exists ("b.txt"));

  notes_window_delete_page (other, open_note (other, "c.txt"));
  g_assert_true (note_exists ("c.txt"));
  gtk_window_destroy (GTK_WINDOW (other));
  g_assert_false (note_exists ("c.txt"));
  g_assert_true (note_exists ("d.txt"));

  /* It is being saved, and deleted meanwhile. */
  notes_page_set_text (open_note (window, "e.txt"), "e");
  notes_window_delete_page (window, open_note (window, "e.txt"));
  lifecycle_scope_set_deadline (lifecycle_scope_get_child (scope, "toast"), 1);
  iterate_until (get_n_listed (window) == 1 && !note_exists ("e.txt"));
}

/* What other programs can ask for. */
static void
test_actions (NotesApplication *application,
              NotesWindow      *window)
{
  GSettings *settings = notes_application_get_settings (application);
  GtkSettings *gtk_settings = gtk_settings_get_default ();
  gboolean dark;

  g_action_group_activate_action (G_ACTION_GROUP (application), "add-note",
                                  g_variant_new_string ("Buy milk"));
  iterate_until (get_n_listed (window) == 1);
  g_action_group_activate_action (G_ACTION_GROUP (application), "new-note", NULL);
  g_assert_cmpuint (notes_window_get_n_pages (window), ==, 1);

  g_settings_set_boolean (settings, "dark", TRUE);
  g_object_get (gtk_settings, "gtk-application-prefer-dark-theme", &dark, NULL);
  g_assert_true (dark);
  g_settings_reset (settings, "dark");
  g_action_group_activate_action (G_ACTION_GROUP (application), "text-size", g_variant_new_int32 (3));
  g_assert_cmpint (g_settings_get_int (settings, "text-size"), ==, 15);
  g_settings_reset (settings, "text-size");
}

/* Real keys: a note is typed, its tab closed in the same moment, and it is there. */
static void
test_keys (NotesApplication *application,
           NotesWindow      *window)
{
  const char *argv[] = { "sh", "-c",
                         "xdotool key --clearmodifiers ctrl+n type --delay 1 'Typed by hand' && "
                         "xdotool key --clearmodifiers ctrl+w", NULL };
  g_autofree char *xdotool = g_find_program_in_path ("xdotool");
  g_autoptr (GSubprocess) process = NULL;
  g_autofree char *name = NULL;
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;

  if (xdotool == NULL)
    {
      g_test_skip ("xdotool is not installed");
      return;
    }

  iterate_until (gtk_window_is_active (GTK_WINDOW (window)));
  process = g_subprocess_newv (argv, G_SUBPROCESS_FLAGS_NONE, NULL);
  iterate_until (get_n_listed (window) == 1);
  iterate_until (notes_window_get_n_pages (window) == 0 && g_subprocess_get_identifier (process) == NULL);
  {
    g_autoptr (NotesNote) note = g_list_model_get_item (notes_window_get_listed (window), 0);

    path = g_file_get_path (notes_note_get_file (note));
  }
  iterate_until (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "Typed by hand");
}

/* Many tabs and windows, closed while they load, while they save, or when they are done. */
static void
test_many (NotesApplication *application,
           NotesWindow      *window)
{
  guint n_tabs = slow ? 60 : 1000, n_windows = slow ? 10 : 300;

  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u.txt", i);

      write_note (name, "A note\nas it was");
    }
  iterate_until (get_n_listed (window) == 20);

  for (guint i = 0; i < n_tabs; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u.txt", i % 25);
      NotesPage *page = open_note (window, name);

      if (i % 3 == 0)
        iterate_until (notes_page_is_loaded (page));
      if (i % 5 == 0)
        notes_page_set_text (page, "A note\nas it is now");
      if (i % 7 == 0)
        notes_window_delete_page (window, page);
      else if (i % 2 == 0 || notes_window_get_n_pages (window) > 8)
        notes_window_close_page (window, page);
      g_main_context_iteration (NULL, FALSE);
    }

  for (guint i = 0; i < n_windows; i++)
    {
      NotesWindow *other = notes_window_new (application);

      for (guint j = 0; j < 3; j++)
        {
          g_autofree char *name = g_strdup_printf ("%u.txt", (i + j) % 25);
          NotesPage *page = open_note (other, name);

          if ((i + j) % 4 == 0)
            notes_page_set_text (page, "in another window");
        }
      if (i % 2 == 0)
        notes_window_search (other, "note");
      if (i % 10 == 0)
        {
          gtk_window_present (GTK_WINDOW (other));
          iterate_until (gtk_widget_get_mapped (GTK_WIDGET (other)));
        }
      gtk_window_destroy (GTK_WINDOW (other));
      g_main_context_iteration (NULL, FALSE);
    }
}

int
main (int   argc,
      char *argv[])
{
  static const Case cases[] = {
    { "/notes/edit", test_edit },
    { "/notes/saves", test_saves, saves_are_done },
    { "/notes/held", test_held },
    { "/notes/search", test_search },
    { "/notes/undo", test_undo },
    { "/notes/actions", test_actions },
    { "/notes/keys", test_keys },
    { "/notes/many", test_many },
  };
  g_autoptr (GError) error = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  slow = g_getenv ("LIFECYCLE_TEST_SLOW") != NULL;
  folder = g_dir_make_tmp ("notes-XXXXXX", &error);
  g_assert_no_error (error);
  lifecycle_gtk_watch_widgets (0);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_test_add_data_func (cases[i].path, &cases[i], run);
  result = g_test_run ();
  g_rmdir (folder);
  g_free (folder);

  return result;
}
