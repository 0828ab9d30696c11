/* notes-folder.h: a folder of notes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <lifecycle.h>

#include "notes-note.h"

G_BEGIN_DECLS

#define NOTES_TYPE_FOLDER (notes_folder_get_type ())
G_DECLARE_FINAL_TYPE (NotesFolder, notes_folder, NOTES, FOLDER, GObject)

NotesFolder *notes_folder_new         (LifecycleScope *parent,
                                       GApplication   *application,
                                       GFile          *directory);
GListModel  *notes_folder_get_notes   (NotesFolder    *self);
NotesNote   *notes_folder_find        (NotesFolder    *self,
                                       GFile          *file);
GFile       *notes_folder_create_file (NotesFolder    *self);

void         notes_folder_save        (NotesFolder    *self,
                                       GFile          *file,
                                       GBytes         *text);
GBytes      *notes_folder_peek_text   (NotesFolder    *self,
                                       GFile          *file);
void         notes_folder_flush       (NotesFolder    *self);

void         notes_folder_hide        (NotesFolder    *self,
                                       GFile          *file);
void         notes_folder_unhide      (NotesFolder    *self,
                                       GFile          *file);
void         notes_folder_delete      (NotesFolder    *self,
                                       GFile          *file);

G_END_DECLS
