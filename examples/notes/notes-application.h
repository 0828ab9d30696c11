/* notes-application.h: the application
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "notes-folder.h"

G_BEGIN_DECLS

#define NOTES_TYPE_APPLICATION (notes_application_get_type ())
G_DECLARE_FINAL_TYPE (NotesApplication, notes_application, NOTES, APPLICATION, GtkApplication)

NotesApplication *notes_application_new          (GApplicationFlags  flags,
                                                  const char        *directory);
NotesFolder      *notes_application_get_folder   (NotesApplication  *self);
GSettings        *notes_application_get_settings (NotesApplication  *self);

G_END_DECLS
