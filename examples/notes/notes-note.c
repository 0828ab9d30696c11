/* notes-note.c: a note, as lists show it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "notes-note.h"

#include <string.h>

struct _NotesNote
{
  GObject  parent_instance;

  GFile   *file;
  char    *title;
  char    *preview;
  gint64   modified;    /* in seconds */
};

enum
{
  PROP_0,
  PROP_TITLE,
  PROP_PREVIEW,
  PROP_DATE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (NotesNote, notes_note, G_TYPE_OBJECT)

static char *
note_dup_date (NotesNote *self)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_local (self->modified);
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();

  if (date == NULL || self->modified == 0)
    return NULL;
  if (g_date_time_get_year (date) == g_date_time_get_year (now) &&
      g_date_time_get_day_of_year (date) == g_date_time_get_day_of_year (now))
    return g_date_time_format (date, "%H:%M");

  return g_date_time_format (date, "%e %b %Y");
}

static void
notes_note_finalize (GObject *object)
{
  NotesNote *self = NOTES_NOTE (object);

  g_object_unref (self->file);
  g_free (self->title);
  g_free (self->preview);

  G_OBJECT_CLASS (notes_note_parent_class)->finalize (object);
}

static void
notes_note_get_property (GObject    *object,
                         guint       prop_id,
                         GValue     *value,
                         GParamSpec *pspec)
{
  NotesNote *self = NOTES_NOTE (object);

  switch (prop_id)
    {
    case PROP_TITLE:
      g_value_set_string (value, self->title);
      break;

    case PROP_PREVIEW:
      g_value_set_string (value, self->preview);
      break;

    case PROP_DATE:
      g_value_take_string (value, note_dup_date (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
notes_note_class_init (NotesNoteClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = notes_note_finalize;
  object_class->get_property = notes_note_get_property;

  properties[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);
  properties[PROP_PREVIEW] = g_param_spec_string ("preview", NULL, NULL, NULL, flags);
  properties[PROP_DATE] = g_param_spec_string ("date", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
notes_note_init (NotesNote *self)
{
  self->title = g_strdup ("New Note");
}

NotesNote *
notes_note_new (GFile *file)
{
  NotesNote *self = g_object_new (NOTES_TYPE_NOTE, NULL);

  self->file = g_object_ref (file);

  return self;
}

GFile *
notes_note_get_file (NotesNote *self)
{
  return self->file;
}

const char *
notes_note_get_title (NotesNote *self)
{
  return self->title;
}

gint64
notes_note_get_modified (NotesNote *self)
{
  return self->modified;
}

void
notes_note_set_modified (NotesNote *self,
                         gint64     modified)
{
  if (self->modified == modified)
    return;

  self->modified = modified;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DATE]);
}

void
notes_note_set_preview (NotesNote  *self,
                        const char *preview)
{
  if (g_strcmp0 (self->preview, preview) == 0)
    return;

  g_free (self->preview);
  self->preview = g_strdup (preview);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PREVIEW]);
}

/* The title is the first line, and the preview is what follows. */
void
notes_note_set_text (NotesNote  *self,
                     const char *text)
{
  g_autofree char *title = notes_dup_title (text);
  g_autofree char *preview = NULL;
  const char *rest;

  while (g_ascii_isspace (*text))
    text++;
  rest = strchr (text, '\n');
  preview = rest != NULL ? g_utf8_substring (rest, 0, MIN (g_utf8_strlen (rest, 400), 120)) : g_strdup ("");
  g_strstrip (g_strdelimit (preview, "\n\t", ' '));

  if (g_strcmp0 (self->title, title) != 0)
    {
      g_free (self->title);
      self->title = g_steal_pointer (&title);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TITLE]);
    }
  notes_note_set_preview (self, preview);
}

/* The first line that is not empty. */
char *
notes_dup_title (const char *text)
{
  g_autofree char *line = NULL;

  while (g_ascii_isspace (*text))
    text++;
  line = g_strndup (text, strcspn (text, "\n"));
  g_strstrip (line);
  if (*line == '\0')
    return g_strdup ("New Note");

  return g_utf8_substring (line, 0, MIN (g_utf8_strlen (line, -1), 60));
}
