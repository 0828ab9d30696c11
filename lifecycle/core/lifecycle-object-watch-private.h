/* lifecycle-object-watch-private.h: notification of the end of an object
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-ledger-private.h"

G_BEGIN_DECLS

typedef struct _LifecycleObjectWatch LifecycleObjectWatch;

LifecycleObjectWatch *lifecycle_object_watch_get         (GObject              *object);
LifecycleObjectWatch *lifecycle_object_watch_get_locked  (GObject              *object);
LifecycleObjectWatch *lifecycle_object_watch_get_for_dup (GObject              *object);
LifecycleLedger      *lifecycle_object_watch_get_ledger  (LifecycleObjectWatch *watch);
GObject              *lifecycle_object_watch_dup_object  (LifecycleObjectWatch *watch);

G_END_DECLS
