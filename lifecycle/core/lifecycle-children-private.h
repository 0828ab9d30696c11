/* lifecycle-children-private.h: children as entries, and how they are found
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-scope-private.h"

G_BEGIN_DECLS

void            lifecycle_scope_set_apart      (LifecycleScope     *self);
void            lifecycle_ledger_index_child   (LifecycleLedger    *ledger,
                                                LifecycleScope     *child,
                                                gboolean            first);
LifecycleScope *lifecycle_ledger_look_up_child (LifecycleLedger    *ledger,
                                                const LifecycleKey *key);
LifecycleScope *lifecycle_scope_join_ledger    (LifecycleScope     *self,
                                                LifecycleLedger    *ledger,
                                                LifecycleScope     *parent,
                                                gboolean            unique,
                                                gboolean            first);

G_END_DECLS
