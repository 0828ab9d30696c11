/* lifecycle-leak.h: a scope or an object that did not end as it should have
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (LIFECYCLE_INSIDE) && !defined (LIFECYCLE_COMPILATION)
#error "Only <lifecycle.h> can be included directly."
#endif

#include "lifecycle-types.h"

G_BEGIN_DECLS

/**
 * LifecycleLeakKind:
 * @LIFECYCLE_LEAK_KIND_DROPPED_OPEN: the last reference to an open scope was dropped while the
 *   scope owned something
 * @LIFECYCLE_LEAK_KIND_CLOSED_BUT_ALIVE: an object that should have been finalized soon after a
 *   scope closed is still alive
 * @LIFECYCLE_LEAK_KIND_FINALIZED_LATE: such an object was finalized, but late
 * @LIFECYCLE_LEAK_KIND_REMOVED_BUT_ALIVE: an object was taken out of what it belongs to, such as a
 *   widget out of its window, or a window was destroyed, and the object is still alive
 *
 * The kinds of leaks.
 *
 * Since: 1.0
 */
typedef enum
{
  LIFECYCLE_LEAK_KIND_DROPPED_OPEN,
  LIFECYCLE_LEAK_KIND_CLOSED_BUT_ALIVE,
  LIFECYCLE_LEAK_KIND_FINALIZED_LATE,
  LIFECYCLE_LEAK_KIND_REMOVED_BUT_ALIVE
} LifecycleLeakKind;

#define LIFECYCLE_TYPE_LEAK (lifecycle_leak_get_type ())

LIFECYCLE_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (LifecycleLeak, lifecycle_leak, LIFECYCLE, LEAK, GObject)

LIFECYCLE_AVAILABLE_IN_1_0
LifecycleLeakKind  lifecycle_leak_get_kind        (LifecycleLeak *self);
LIFECYCLE_AVAILABLE_IN_1_0
GType              lifecycle_leak_get_object_type (LifecycleLeak *self);
LIFECYCLE_AVAILABLE_IN_1_0
const char        *lifecycle_leak_get_type_name   (LifecycleLeak *self);
LIFECYCLE_AVAILABLE_IN_1_0
const char        *lifecycle_leak_get_address     (LifecycleLeak *self);
LIFECYCLE_AVAILABLE_IN_1_0
guint              lifecycle_leak_get_n_refs      (LifecycleLeak *self);
LIFECYCLE_AVAILABLE_IN_1_0
guint64            lifecycle_leak_get_age         (LifecycleLeak *self);
LIFECYCLE_AVAILABLE_IN_1_0
const char        *lifecycle_leak_get_why         (LifecycleLeak *self);
LIFECYCLE_AVAILABLE_IN_1_0
const char        *lifecycle_leak_get_scope_path  (LifecycleLeak *self);
LIFECYCLE_AVAILABLE_IN_1_0
const char        *lifecycle_leak_get_place       (LifecycleLeak *self);
LIFECYCLE_AVAILABLE_IN_1_0
const char        *lifecycle_leak_get_stack       (LifecycleLeak *self);
LIFECYCLE_AVAILABLE_IN_1_0
const char        *lifecycle_leak_get_details     (LifecycleLeak *self);
LIFECYCLE_AVAILABLE_IN_1_0
const char        *lifecycle_leak_get_handlers    (LifecycleLeak *self);
LIFECYCLE_AVAILABLE_IN_1_0
const char        *lifecycle_leak_get_referrers   (LifecycleLeak *self);
LIFECYCLE_AVAILABLE_IN_1_0
guint              lifecycle_leak_get_count       (LifecycleLeak *self);
LIFECYCLE_AVAILABLE_IN_1_0
char              *lifecycle_leak_to_string       (LifecycleLeak *self);

G_END_DECLS
