/* lifecycle-inventory-private.h: how much there is of what, by place
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-snapshot-private.h"

G_BEGIN_DECLS

/* Rows of an inventory belong to it. */
typedef struct
{
  LifecycleKind  kind;
  const char    *place;         /* or NULL */
  char          *name;          /* of one of them, or NULL */
  char          *path;          /* of a scope that owns one of them */
  guint          scope;         /* which one of the snapshot */
  guint          n;
} LifecycleInventoryRow;

/* A set of rows. */
typedef GHashTable LifecycleInventory;

LifecycleInventory *lifecycle_inventory_new    (void);
void                lifecycle_inventory_add    (LifecycleInventory *self,
                                                LifecycleSnapshot  *snapshot);
LifecycleInventory *lifecycle_inventory_new_difference (LifecycleInventory *before,
                                                        LifecycleInventory *after,
                                                        guint               at_least);
void                lifecycle_inventory_append (LifecycleInventory *self,
                                                GString            *string,
                                                const char         *indent,
                                                guint               max_rows);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LifecycleInventory, g_hash_table_unref)

G_END_DECLS
