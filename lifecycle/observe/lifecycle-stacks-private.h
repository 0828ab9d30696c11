/* lifecycle-stacks-private.h: stacks of the calls that added entries, for LIFECYCLE_DEBUG=stacks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-entry-private.h"
#include "lifecycle-shared-private.h"

G_BEGIN_DECLS

/* Equal stacks are stored once and never freed. */
typedef struct _LifecycleStack LifecycleStack;

void                  lifecycle_stacks_start    (void);
LIFECYCLE_SHARED
const LifecycleStack *lifecycle_stacks_capture  (void);
const LifecycleStack *lifecycle_stacks_get      (LifecycleEntry       *entry);
char                 *lifecycle_stacks_describe (LifecycleEntry       *entry);

char                 *lifecycle_stack_describe  (const LifecycleStack *stack);

G_END_DECLS
