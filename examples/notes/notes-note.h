/* notes-note.h: a note, as lists show it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define NOTES_TYPE_NOTE (notes_note_get_type ())
G_DECLARE_FINAL_TYPE (NotesNote, notes_note, NOTES, NOTE, GObject)

NotesNote  *notes_note_new          (GFile      *file);
GFile      *notes_note_get_file     (NotesNote  *self);
const char *notes_note_get_title    (NotesNote  *self);
gint64      notes_note_get_modified (NotesNote  *self);
void        notes_note_set_modified (NotesNote  *self,
                                     gint64      modified);
void        notes_note_set_text     (NotesNote  *self,
                                     const char *text);
void        notes_note_set_preview  (NotesNote  *self,
                                     const char *preview);

char       *notes_dup_title         (const char *text);

G_END_DECLS
