/* lifecycle-snapshot-private.h: snapshots of the entries of scopes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-facts-private.h"
#include "lifecycle-record.h"
#include "lifecycle-scope-private.h"
#include "lifecycle-stacks-private.h"

G_BEGIN_DECLS

typedef struct _LifecycleSnapshot LifecycleSnapshot;

typedef struct
{
  LifecycleFacts        facts;
  const char           *place;  /* never freed */
  const LifecycleStack *stack;  /* NULL unless stacks are recorded */
  guint                 scope;  /* its index in the snapshot */
  guint32               added;  /* see lifecycle_entry_clock() */
  guint                 look;   /* see lifecycle_modules_get_look() */
  guint8                kind;
} LifecycleSnapshotItem;

LifecycleSnapshot           *lifecycle_snapshot_new          (LifecycleScope    *scope,
                                                              gboolean           recursive);
LifecycleSnapshot           *lifecycle_snapshot_new_all      (void);
LifecycleSnapshot           *lifecycle_snapshot_new_at       (GMainContext      *context,
                                                              guint              kinds);
LifecycleSnapshot           *lifecycle_snapshot_ref          (LifecycleSnapshot *self);
void                         lifecycle_snapshot_unref        (LifecycleSnapshot *self);
guint                        lifecycle_snapshot_get_n_items  (LifecycleSnapshot *self);
const LifecycleSnapshotItem *lifecycle_snapshot_get_item     (LifecycleSnapshot *self,
                                                              guint              index);
gint64                       lifecycle_snapshot_get_age      (LifecycleSnapshot *self,
                                                              guint              index);
char                        *lifecycle_snapshot_dup_path     (LifecycleSnapshot *self,
                                                              guint              scope);

/* In lifecycle-record.c and lifecycle-record-list.c. */
LifecycleRecord             *lifecycle_record_new            (LifecycleSnapshot *snapshot,
                                                             guint              index);
GListModel                  *lifecycle_record_list_new       (LifecycleSnapshot *snapshot);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LifecycleSnapshot, lifecycle_snapshot_unref)

G_END_DECLS
