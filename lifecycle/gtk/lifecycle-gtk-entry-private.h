/* lifecycle-gtk-entry-private.h: what a scope owns of GTK
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gtk/gtk.h>
#include <lifecycle.h>

#include "lifecycle-resource-private.h"

G_BEGIN_DECLS

gpointer lifecycle_gtk_entry_new            (gsize                        size,
                                             const LifecycleResourceKind *kind,
                                             LifecycleScope              *scope,
                                             const char                  *label,
                                             GCallback                    func,
                                             gpointer                     data,
                                             GDestroyNotify               destroy);
void     lifecycle_gtk_entry_end_with       (gpointer                     entry,
                                             guint                        which);
void     lifecycle_gtk_entry_cut            (gpointer                     entry,
                                             guint                        which);
void     lifecycle_gtk_end_entries          (GtkWidget                   *widget);

G_END_DECLS
