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
  const LifecycleEntry *entry;  /* may be gone */
  const char           *place;  /* never freed */
  const LifecycleStack *stack;  /* NULL unless stacks are recorded */
  guint                 scope;  /* its index in the snapshot */
  guint32               added;  /* see lifecycle_entry_clock() */
  guint                 look;   /* see lifecycle_modules_get_look() */
  guint8                kind;
} LifecycleSnapshotItem;

/* A scope of a snapshot. Its path is built on demand. */
typedef struct
{
  char          *name;          /* or the whole path, if nothing is above it */
  guint          above;         /* its index in the snapshot; its own if there is none */

  LifecycleLedger *ledger;      /* its memory is held; NULL in an element without a scope */
  gpointer       address;       /* NULL in an element without a scope */
  gpointer       object;        /* the address of what it belongs to, see lifecycle_scope_get_child_for() */
  const char    *place;         /* never freed */
  gpointer       context;       /* the address of the home context */
  guint          look;
  guint          n_entries;
  guint32        added;
  guint8         state;
  guint8         reason;
  guint8         thread_ended;  /* the thread that created it */
  guint8         permanent;
} LifecycleSnapshotScope;

LifecycleSnapshot           *lifecycle_snapshot_new          (LifecycleScope    *scope,
                                                              gboolean           recursive);
LifecycleSnapshot           *lifecycle_snapshot_new_all      (void);
LifecycleSnapshot           *lifecycle_snapshot_new_at       (GMainContext      *context,
                                                              guint              kinds);
LifecycleSnapshot           *lifecycle_snapshot_new_with_contexts (GPtrArray     **contexts);
LifecycleSnapshot           *lifecycle_snapshot_ref          (LifecycleSnapshot *self);
void                         lifecycle_snapshot_unref        (LifecycleSnapshot *self);
guint                        lifecycle_snapshot_get_n_items  (LifecycleSnapshot *self);
const LifecycleSnapshotItem *lifecycle_snapshot_get_item     (LifecycleSnapshot *self,
                                                              guint              index);
gint64                       lifecycle_snapshot_get_age      (LifecycleSnapshot *self,
                                                              guint              index);
guint                        lifecycle_snapshot_get_n_scopes (LifecycleSnapshot *self);
const LifecycleSnapshotScope *lifecycle_snapshot_get_scope   (LifecycleSnapshot *self,
                                                              guint              index);
gint64                       lifecycle_snapshot_get_scope_age (LifecycleSnapshot *self,
                                                               guint              index);
char                        *lifecycle_snapshot_dup_path     (LifecycleSnapshot *self,
                                                              guint              scope);
GObject                     *lifecycle_snapshot_ref_object   (LifecycleSnapshot *self,
                                                              guint              index);

/* In lifecycle-record.c and lifecycle-record-list.c. */
LifecycleRecord             *lifecycle_record_new            (LifecycleSnapshot *snapshot,
                                                             guint              index);
GListModel                  *lifecycle_record_list_new       (LifecycleSnapshot *snapshot);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LifecycleSnapshot, lifecycle_snapshot_unref)

G_END_DECLS
