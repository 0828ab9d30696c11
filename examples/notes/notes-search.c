/* notes-search.c: a search through all notes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "notes-search.h"

#include <string.h>

/* Reads a few notes at a time. All of it belongs to a scope: closing that is how a search stops, and
 * none of it has to be asked whether it is still wanted.
 */

#define AT_ONCE 4

typedef struct
{
  LifecycleScope *scope;        /* which owns this */
  NotesFolder    *folder;
  GListStore     *results;
  GPtrArray      *files;        /* that are still to be read, the next one last */
  char           *needle;
} Search;

static void
search_free (gpointer data)
{
  Search *self = data;

  g_object_unref (self->folder);
  g_object_unref (self->results);
  g_ptr_array_unref (self->files);
  g_free (self->needle);
  g_free (self);
}

/* Shows where the text was found. */
static void
search_check (Search     *self,
              GFile      *file,
              const char *text)
{
  g_autofree char *folded = g_utf8_casefold (text, -1);
  const char *found = strstr (folded, self->needle);
  const char *start, *end;
  g_autoptr (NotesNote) note = NULL;
  g_autofree char *line = NULL;

  if (found == NULL)
    return;

  /* Folding may have changed lengths, so the line is taken by its number. */
  start = text;
  for (const char *c = folded; c < found; c++)
    {
      if (*c == '\n')
        start = strchr (start, '\n') + 1;
    }
  end = start + strcspn (start, "\n");
  line = g_strstrip (g_strndup (start, (gsize) (end - start)));

  note = notes_note_new (file);
  notes_note_set_text (note, text);
  notes_note_set_preview (note, line);
  g_list_store_append (self->results, note);
}

static void search_read_next (Search *self);

static void
read_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      data)
{
  Search *self = data;
  g_autofree char *text = NULL;

  if (g_file_load_contents_finish (G_FILE (object), result, &text, NULL, NULL, NULL) &&
      g_utf8_validate (text, -1, NULL))
    search_check (self, G_FILE (object), text);
  search_read_next (self);
}

static void
search_read_next (Search *self)
{
  LifecycleOperation *op;
  g_autoptr (GFile) file = NULL;

  if (self->files->len == 0)
    return;

  file = g_ptr_array_steal_index (self->files, self->files->len - 1);
  op = lifecycle_scope_begin_async (self->scope, "read", read_cb, self, NULL);
  g_file_load_contents_async (file, lifecycle_operation_get_cancellable (op),
                              lifecycle_operation_ready, op);
}

void
notes_search_start (LifecycleScope *scope,
                    NotesFolder    *folder,
                    const char     *text,
                    GListStore     *results)
{
  GListModel *notes = notes_folder_get_notes (folder);
  Search *self = g_new0 (Search, 1);

  g_list_store_remove_all (results);
  self->scope = scope;
  self->folder = g_object_ref (folder);
  self->results = g_object_ref (results);
  self->needle = g_utf8_casefold (text, -1);
  self->files = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = g_list_model_get_n_items (notes); i-- > 0;)
    {
      g_autoptr (NotesNote) note = g_list_model_get_item (notes, i);

      g_ptr_array_add (self->files, g_object_ref (notes_note_get_file (note)));
    }

  if (lifecycle_scope_adopt (scope, self, search_free) == NULL)
    return;
  for (guint i = 0; i < AT_ONCE; i++)
    search_read_next (self);
}
