/* notes-page.h: the editor of one note, in a tab
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "notes-folder.h"

G_BEGIN_DECLS

#define NOTES_TYPE_PAGE (notes_page_get_type ())
G_DECLARE_FINAL_TYPE (NotesPage, notes_page, NOTES, PAGE, GtkWidget)

GtkWidget *notes_page_new       (NotesFolder *folder,
                                 GFile       *file);
GFile     *notes_page_get_file  (NotesPage   *self);
gboolean   notes_page_is_loaded (NotesPage   *self);
char      *notes_page_dup_text  (NotesPage   *self);
void       notes_page_set_text  (NotesPage   *self,
                                 const char  *text);
