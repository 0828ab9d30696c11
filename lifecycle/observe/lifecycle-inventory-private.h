/* lifecycle-inventory-private.h: counts of entries by kind and place
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-snapshot-private.h"

G_BEGIN_DECLS

/* The entries of one kind that were added at one place. An inventory owns its rows. */
typedef struct
{
  LifecycleKind  kind;
  const char    *place;         /* or NULL */
  char          *name;          /* of one of these entries, or NULL */
  char          *path;          /* of a scope that owns one of these entries */
  guint          scope;         /* its index in the snapshot */
  guint          n;
} LifecycleInventoryRow;

/* A set of LifecycleInventoryRow. */
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
