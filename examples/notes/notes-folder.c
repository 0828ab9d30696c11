/* notes-folder.c: a folder of notes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "notes-folder.h"

#include <string.h>

/* The folder lists its notes, watches for changes by other programs, and saves.
 *
 * A save belongs to the folder, not to the tab that it is for, and it is shielded: whatever closes
 * in the meantime, it is written, and the application does not end before. Saves of one note are
 * written one after the other, in the order in which they were asked for.
 */

#define ATTRIBUTES \
  G_FILE_ATTRIBUTE_STANDARD_NAME "," \
  G_FILE_ATTRIBUTE_STANDARD_TYPE "," \
  G_FILE_ATTRIBUTE_TIME_MODIFIED

#define SETTLE_MS 150   /* after the last change of the folder */

struct _NotesFolder
{
  GObject         parent_instance;

  GApplication   *application;  /* not a reference */
  GFile          *directory;
  LifecycleScope *scope;
  LifecycleTimer *settle;       /* owned by the scope */

  GListStore     *notes;        /* the latest first */
  GHashTable     *listed;       /* GFile → NotesNote: all that there are, hidden or not */
  GHashTable     *hidden;       /* set of GFile */
  GHashTable     *saves;        /* GFile → Save */
};

typedef struct
{
  NotesFolder    *folder;
  GFile          *file;
  LifecycleScope *scope;        /* of the write that is under way */
  GBytes         *writing;
  GBytes         *next;         /* to be written after that, or NULL */
  gboolean        deleted;      /* the file goes as soon as it is written */
} Save;

enum
{
  SIGNAL_CHANGED,
  SIGNAL_SAVE_FAILED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (NotesFolder, notes_folder, G_TYPE_OBJECT)

static void
save_free (gpointer data)
{
  Save *self = data;

  g_object_unref (self->folder);
  g_object_unref (self->file);
  g_clear_object (&self->scope);
  g_clear_pointer (&self->writing, g_bytes_unref);
  g_clear_pointer (&self->next, g_bytes_unref);
  g_free (self);
}

static int
compare_notes (gconstpointer a,
               gconstpointer b)
{
  NotesNote *first = *(NotesNote *const *) a, *second = *(NotesNote *const *) b;
  gint64 difference = notes_note_get_modified (second) - notes_note_get_modified (first);

  if (difference != 0)
    return difference < 0 ? -1 : 1;

  return g_strcmp0 (notes_note_get_title (first), notes_note_get_title (second));
}

/* Shows the notes that are listed and not hidden, in their order. */
static void
folder_show (NotesFolder *self)
{
  GListModel *model = G_LIST_MODEL (self->notes);
  g_autoptr (GPtrArray) shown = g_ptr_array_new ();
  guint n_shown = g_list_model_get_n_items (model), n_same = 0;
  GHashTableIter iter;
  gpointer file, note;

  g_hash_table_iter_init (&iter, self->listed);
  while (g_hash_table_iter_next (&iter, &file, &note))
    {
      if (!g_hash_table_contains (self->hidden, file))
        g_ptr_array_add (shown, note);
    }
  g_ptr_array_sort (shown, compare_notes);

  while (n_same < MIN (n_shown, shown->len))
    {
      g_autoptr (GObject) item = g_list_model_get_item (model, n_same);

      if (item != g_ptr_array_index (shown, n_same))
        break;
      n_same++;
    }
  if (n_same < MAX (n_shown, shown->len))
    g_list_store_splice (self->notes, n_same, n_shown - n_same, shown->pdata + n_same,
                         shown->len - n_same);
}

static NotesNote *
folder_ensure_note (NotesFolder *self,
                    GFile       *file)
{
  NotesNote *note = g_hash_table_lookup (self->listed, file);

  if (note == NULL)
    {
      note = notes_note_new (file);
      g_hash_table_insert (self->listed, g_object_ref (file), note);
    }

  return note;
}

/* Listing: the names and times of all files, and then the text of those that have changed. */

static void
read_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      data)
{
  NotesFolder *self = data;
  GFile *file = G_FILE (object);
  NotesNote *note = g_hash_table_lookup (self->listed, file);
  g_autofree char *text = NULL;

  if (g_file_load_contents_finish (file, result, &text, NULL, NULL, NULL) && note != NULL &&
      g_utf8_validate (text, -1, NULL))
    notes_note_set_text (note, text);
}

static void
folder_take_infos (NotesFolder *self,
                   GList       *infos,
                   GHashTable  *seen)
{
  LifecycleScope *reading = lifecycle_scope_get_child (self->scope, "reading");

  for (GList *l = infos; l != NULL; l = l->next)
    {
      const char *name = g_file_info_get_name (l->data);
      g_autoptr (GDateTime) time = g_file_info_get_modification_date_time (l->data);
      g_autoptr (GFile) file = g_file_get_child (self->directory, name);
      NotesNote *note;

      if (g_file_info_get_file_type (l->data) != G_FILE_TYPE_REGULAR || name[0] == '.' ||
          !g_str_has_suffix (name, ".txt"))
        continue;

      g_hash_table_add (seen, g_object_ref (file));
      note = folder_ensure_note (self, file);
      if (time != NULL && notes_note_get_modified (note) != g_date_time_to_unix (time))
        {
          LifecycleOperation *op = lifecycle_scope_begin_async (reading, name, read_cb, self, NULL);

          notes_note_set_modified (note, g_date_time_to_unix (time));
          g_file_load_contents_async (file, lifecycle_operation_get_cancellable (op),
                                      lifecycle_operation_ready, op);
        }
    }
}

static gboolean
is_gone (gpointer file,
         gpointer note,
         gpointer seen)
{
  return !g_hash_table_contains (seen, file);
}

static void
enumerated_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      data)
{
  NotesFolder *self = data;
  g_autoptr (GFileEnumerator) enumerator = NULL;
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_file_hash, (GEqualFunc) g_file_equal,
                                                       g_object_unref, NULL);
  GFileInfo *info;
  GHashTableIter iter;
  gpointer file;

  enumerator = g_file_enumerate_children_finish (G_FILE (object), result, NULL);
  if (enumerator == NULL)
    return;

  /* The directory has been read by now. */
  while ((info = g_file_enumerator_next_file (enumerator, NULL, NULL)) != NULL)
    {
      GList one = { info, NULL, NULL };

      folder_take_infos (self, &one, seen);
      g_object_unref (info);
    }

  /* What is still being written for the first time is there, too. */
  g_hash_table_iter_init (&iter, self->saves);
  while (g_hash_table_iter_next (&iter, &file, NULL))
    g_hash_table_add (seen, g_object_ref (file));
  g_hash_table_foreach_remove (self->listed, is_gone, seen);
  folder_show (self);
}

/* A newer listing replaces one that is under way. */
static void
folder_list (gpointer data)
{
  NotesFolder *self = data;
  LifecycleScope *listing = lifecycle_scope_renew_child (self->scope, "listing");
  LifecycleOperation *op = lifecycle_scope_begin_async (listing, "list", enumerated_cb, self, NULL);

  g_file_enumerate_children_async (self->directory, ATTRIBUTES, G_FILE_QUERY_INFO_NONE,
                                   G_PRIORITY_DEFAULT, lifecycle_operation_get_cancellable (op),
                                   lifecycle_operation_ready, op);
}

static void
monitor_cb (GFileMonitor      *monitor,
            GFile             *file,
            GFile             *other_file,
            GFileMonitorEvent  event,
            gpointer           data)
{
  NotesFolder *self = data;

  lifecycle_timer_restart (self->settle);
  if (event == G_FILE_MONITOR_EVENT_CHANGES_DONE_HINT || event == G_FILE_MONITOR_EVENT_RENAMED ||
      event == G_FILE_MONITOR_EVENT_MOVED_IN)
    g_signal_emit (self, signals[SIGNAL_CHANGED], 0, other_file != NULL ? other_file : file);
}

static void
notes_folder_dispose (GObject *object)
{
  NotesFolder *self = NOTES_FOLDER (object);

  lifecycle_scope_clear_for_dispose (&self->scope);
  self->application = NULL;

  G_OBJECT_CLASS (notes_folder_parent_class)->dispose (object);
}

static void
notes_folder_finalize (GObject *object)
{
  NotesFolder *self = NOTES_FOLDER (object);

  g_object_unref (self->directory);
  g_object_unref (self->notes);
  g_hash_table_unref (self->listed);
  g_hash_table_unref (self->hidden);
  g_hash_table_unref (self->saves);

  G_OBJECT_CLASS (notes_folder_parent_class)->finalize (object);
}

static void
notes_folder_class_init (NotesFolderClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = notes_folder_dispose;
  object_class->finalize = notes_folder_finalize;

  /* (file): somebody has written this file */
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", NOTES_TYPE_FOLDER, G_SIGNAL_RUN_LAST, 0,
                                          NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_FILE);
  /* (message): a note could not be saved */
  signals[SIGNAL_SAVE_FAILED] = g_signal_new ("save-failed", NOTES_TYPE_FOLDER, G_SIGNAL_RUN_LAST, 0,
                                              NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
notes_folder_init (NotesFolder *self)
{
  self->notes = g_list_store_new (NOTES_TYPE_NOTE);
  self->listed = g_hash_table_new_full (g_file_hash, (GEqualFunc) g_file_equal,
                                        g_object_unref, g_object_unref);
  self->hidden = g_hash_table_new_full (g_file_hash, (GEqualFunc) g_file_equal,
                                        g_object_unref, NULL);
  self->saves = g_hash_table_new_full (g_file_hash, (GEqualFunc) g_file_equal, NULL, save_free);
}

/* The folder works until `parent` closes. */
NotesFolder *
notes_folder_new (LifecycleScope *parent,
                  GApplication   *application,
                  GFile          *directory)
{
  NotesFolder *self = g_object_new (NOTES_TYPE_FOLDER, NULL);
  g_autoptr (GFileMonitor) monitor = NULL;

  self->application = application;
  self->directory = g_object_ref (directory);
  self->scope = lifecycle_scope_new_child (parent, "folder");
  g_file_make_directory_with_parents (directory, NULL, NULL);

  self->settle = lifecycle_scope_add_debounce (self->scope, SETTLE_MS, folder_list, self, NULL);
  monitor = g_file_monitor_directory (directory, G_FILE_MONITOR_WATCH_MOVES, NULL, NULL);
  if (monitor != NULL)
    {
      lifecycle_scope_connect_signal (self->scope, monitor, "changed", G_CALLBACK (monitor_cb), self);
      lifecycle_scope_add_file_monitor (self->scope, monitor);
    }
  folder_list (self);

  return self;
}

GListModel *
notes_folder_get_notes (NotesFolder *self)
{
  return G_LIST_MODEL (self->notes);
}

NotesNote *
notes_folder_find (NotesFolder *self,
                   GFile       *file)
{
  return g_hash_table_lookup (self->listed, file);
}

/* Returns the file of a new note, which does not exist yet. */
GFile *
notes_folder_create_file (NotesFolder *self)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *stem = g_date_time_format (now, "%Y-%m-%d %H.%M.%S");

  for (guint i = 1;; i++)
    {
      g_autofree char *name = i > 1 ? g_strdup_printf ("%s (%u).txt", stem, i)
                                    : g_strconcat (stem, ".txt", NULL);
      g_autoptr (GFile) file = g_file_get_child (self->directory, name);

      if (!g_hash_table_contains (self->listed, file) && !g_file_query_exists (file, NULL))
        {
          notes_note_set_modified (folder_ensure_note (self, file), g_get_real_time () / G_USEC_PER_SEC);
          folder_show (self);
          return g_steal_pointer (&file);
        }
    }
}

/* Saving */

static void save_write (Save *save);

static void
written_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      data)
{
  Save *save = data;
  g_autoptr (NotesFolder) self = g_object_ref (save->folder);
  g_autoptr (LifecycleScope) scope = g_steal_pointer (&save->scope);
  g_autoptr (GFile) file = g_object_ref (save->file);
  g_autoptr (GError) error = NULL;

  if (!g_file_replace_contents_finish (G_FILE (object), result, NULL, &error))
    g_signal_emit (self, signals[SIGNAL_SAVE_FAILED], 0, error->message);

  g_clear_pointer (&save->writing, g_bytes_unref);
  if (save->next != NULL)
    {
      save->writing = g_steal_pointer (&save->next);
      save_write (save);
    }
  else
    {
      if (save->deleted)
        g_file_delete (file, NULL, NULL);
      g_hash_table_remove (self->saves, file);

      /* Another program may have written the file meanwhile. */
      g_signal_emit (self, signals[SIGNAL_CHANGED], 0, file);
    }
  lifecycle_scope_close (scope);
}

/* Each write has a scope without a parent, which ends with it, and with nothing else. */
static void
save_write (Save *save)
{
  LifecycleOperation *op;

  save->scope = lifecycle_scope_new ("save");
  if (save->folder->application != NULL)
    lifecycle_scope_hold_application (save->scope, save->folder->application);

  op = lifecycle_scope_begin_async (save->scope, "write", written_cb, save, NULL);
  lifecycle_operation_set_shielded (op, 0);
  g_file_replace_contents_bytes_async (save->file, save->writing, NULL, FALSE, G_FILE_CREATE_NONE,
                                       lifecycle_operation_get_cancellable (op),
                                       lifecycle_operation_ready, op);
}

/* Writes a note. Nothing stops this any more. */
void
notes_folder_save (NotesFolder *self,
                   GFile       *file,
                   GBytes      *text)
{
  Save *save = g_hash_table_lookup (self->saves, file);
  NotesNote *note = folder_ensure_note (self, file);

  notes_note_set_text (note, g_bytes_get_data (text, NULL));
  notes_note_set_modified (note, g_get_real_time () / G_USEC_PER_SEC);
  folder_show (self);

  if (save != NULL)
    {
      g_clear_pointer (&save->next, g_bytes_unref);
      save->next = g_bytes_ref (text);
      save->deleted = FALSE;
      return;
    }

  save = g_new0 (Save, 1);
  save->folder = g_object_ref (self);
  save->file = g_object_ref (file);
  save->writing = g_bytes_ref (text);
  g_hash_table_insert (self->saves, save->file, save);
  save_write (save);
}

/* Returns the text that is being saved, which is newer than the file, or NULL. */
GBytes *
notes_folder_peek_text (NotesFolder *self,
                        GFile       *file)
{
  Save *save = g_hash_table_lookup (self->saves, file);

  if (save == NULL)
    return NULL;

  return save->next != NULL ? save->next : save->writing;
}

/* Waits until everything has been written. */
void
notes_folder_flush (NotesFolder *self)
{
  while (g_hash_table_size (self->saves) > 0)
    g_main_context_iteration (NULL, TRUE);
}

/* Deleting: a hidden note is still there, until somebody has had the time to change their mind. */

void
notes_folder_hide (NotesFolder *self,
                   GFile       *file)
{
  g_hash_table_add (self->hidden, g_object_ref (file));
  folder_show (self);
}

void
notes_folder_unhide (NotesFolder *self,
                     GFile       *file)
{
  g_hash_table_remove (self->hidden, file);
  folder_show (self);
}

void
notes_folder_delete (NotesFolder *self,
                     GFile       *file)
{
  Save *save = g_hash_table_lookup (self->saves, file);

  if (save != NULL)
    {
      g_clear_pointer (&save->next, g_bytes_unref);
      save->deleted = TRUE;
    }
  g_hash_table_remove (self->listed, file);
  g_hash_table_remove (self->hidden, file);
  g_file_delete (file, NULL, NULL);
  folder_show (self);
}
