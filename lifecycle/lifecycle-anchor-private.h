/* lifecycle-anchor-private.h: what hangs on the life of an object
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-ledger-private.h"

G_BEGIN_DECLS

typedef struct _LifecycleAnchor LifecycleAnchor;

LifecycleAnchor *lifecycle_anchor_get        (GObject         *object);
LifecycleAnchor *lifecycle_anchor_get_for_dup (GObject        *object);
LifecycleLedger *lifecycle_anchor_get_ledger (LifecycleAnchor *anchor);
GObject         *lifecycle_anchor_dup_object (LifecycleAnchor *anchor);

G_END_DECLS
