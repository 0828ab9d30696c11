/* lifecycle-close-async-private.h: waiting for what is under way
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-scope-private.h"

G_BEGIN_DECLS

/* A count of what a teardown may have to wait for is kept in the ledger, which is locked. */
void lifecycle_ledger_add_pending  (LifecycleLedger *ledger);
void lifecycle_ledger_drop_pending (LifecycleLedger *ledger);

/* At home. */
gboolean lifecycle_close_wait_cut_short (LifecycleScope *scope,
                                         guint          *n_released);

/* At home, when the scope has closed. */
void lifecycle_close_wait_scope_closed (LifecycleScope *scope);

G_END_DECLS
