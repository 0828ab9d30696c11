/* notes-window.h: a window with notes in tabs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "notes-application.h"
#include "notes-page.h"

G_BEGIN_DECLS

#define NOTES_TYPE_WINDOW (notes_window_get_type ())
G_DECLARE_FINAL_TYPE (NotesWindow, notes_window, NOTES, WINDOW, GtkApplicationWindow)

NotesWindow *notes_window_new          (NotesApplication *application);
NotesPage   *notes_window_open         (NotesWindow      *self,
                                        GFile            *file);
NotesPage   *notes_window_get_page     (NotesWindow      *self);
guint        notes_window_get_n_pages  (NotesWindow      *self);
void         notes_window_close_page   (NotesWindow      *self,
                                        NotesPage        *page);
void         notes_window_delete_page  (NotesWindow      *self,
                                        NotesPage        *page);
void         notes_window_search       (NotesWindow      *self,
                                        const char       *text);
GListModel  *notes_window_get_listed   (NotesWindow      *self);

G_END_DECLS
