/* lifecycle-gtk-snapshot-list-private.h: a list model of the latest snapshot
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define LIFECYCLE_GTK_TYPE_SNAPSHOT_ITEM (lifecycle_gtk_snapshot_item_get_type ())
G_DECLARE_FINAL_TYPE (LifecycleGtkSnapshotItem, lifecycle_gtk_snapshot_item,
                      LIFECYCLE_GTK, SNAPSHOT_ITEM, GObject)

#define LIFECYCLE_GTK_TYPE_SNAPSHOT_LIST (lifecycle_gtk_snapshot_list_get_type ())
G_DECLARE_FINAL_TYPE (LifecycleGtkSnapshotList, lifecycle_gtk_snapshot_list,
                      LIFECYCLE_GTK, SNAPSHOT_LIST, GObject)

/* Items of two snapshots with the same fingerprint are the same row. */
typedef guint (*LifecycleGtkFingerprintFunc) (gpointer item);

LifecycleGtkSnapshotList *lifecycle_gtk_snapshot_list_new      (LifecycleGtkFingerprintFunc func);
void                      lifecycle_gtk_snapshot_list_set      (LifecycleGtkSnapshotList   *self,
                                                                GListModel                 *snapshot);
gpointer                  lifecycle_gtk_snapshot_item_get      (LifecycleGtkSnapshotItem   *self);

G_END_DECLS
