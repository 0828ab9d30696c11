/* lifecycle-gtk-record-view-private.h: the entries of a scope, and the leaks, as tables
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gtk/gtk.h>
#include <lifecycle.h>

G_BEGIN_DECLS

#define LIFECYCLE_GTK_TYPE_RECORD_VIEW (lifecycle_gtk_record_view_get_type ())
G_DECLARE_FINAL_TYPE (LifecycleGtkRecordView, lifecycle_gtk_record_view,
                      LIFECYCLE_GTK, RECORD_VIEW, GtkWidget)

GtkWidget       *lifecycle_gtk_record_view_new_for_records (void);
GtkWidget       *lifecycle_gtk_record_view_new_for_leaks   (void);
void             lifecycle_gtk_record_view_set             (LifecycleGtkRecordView *self,
                                                            GListModel             *snapshot,
                                                            const char             *when_empty);
guint            lifecycle_gtk_record_view_get_n_items     (LifecycleGtkRecordView *self);
gpointer         lifecycle_gtk_record_view_get_selected    (LifecycleGtkRecordView *self);

G_END_DECLS
