/* notes-search.h: a search through all notes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "notes-folder.h"

G_BEGIN_DECLS

void notes_search_start (LifecycleScope *scope,
                         NotesFolder    *folder,
                         const char     *text,
                         GListStore     *results);

G_END_DECLS
