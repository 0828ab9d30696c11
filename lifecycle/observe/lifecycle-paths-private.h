/* lifecycle-paths-private.h: the paths of scopes, for those who may take no lock
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-ledger-private.h"

G_BEGIN_DECLS

void  lifecycle_paths_start (void);
void  lifecycle_paths_stop  (void);
char *lifecycle_paths_dup   (const LifecycleLedger *ledger);

G_END_DECLS
