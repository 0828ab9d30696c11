/* lifecycle-gtk-cells-private.h: columns of text that can be refreshed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Returns the text of a cell, or NULL. */
typedef char *(*LifecycleGtkCellFunc) (gpointer item);

typedef enum
{
  LIFECYCLE_GTK_CELL_PLAIN    = 0,
  LIFECYCLE_GTK_CELL_NUMERIC  = 1 << 0,
  LIFECYCLE_GTK_CELL_EXPAND   = 1 << 1,
  LIFECYCLE_GTK_CELL_TREE     = 1 << 2, /* with an expander */
  LIFECYCLE_GTK_CELL_PLACE    = 1 << 3  /* dim; the end of it matters most */
} LifecycleGtkCellFlags;

GtkColumnViewColumn *lifecycle_gtk_cells_append_column (GtkColumnView         *view,
                                                        const char            *title,
                                                        guint                  n_chars,
                                                        LifecycleGtkCellFlags  flags,
                                                        LifecycleGtkCellFunc   func);
void                 lifecycle_gtk_cells_refresh       (GtkColumnView         *view);
GtkWidget           *lifecycle_gtk_cells_new_view      (const char            *label);

char                *lifecycle_gtk_format_age          (gint64                 age_ms);
char                *lifecycle_gtk_format_place        (const char            *place);

G_END_DECLS
