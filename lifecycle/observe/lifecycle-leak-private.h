/* lifecycle-leak-private.h: private parts of LifecycleLeak
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-leak.h"
#include "lifecycle-shared-private.h"
#include "lifecycle-stacks-private.h"

G_BEGIN_DECLS

/* The data of a LifecycleLeak. A plain struct, so that it can be filled in while a lock is held. */
typedef struct
{
  LifecycleLeakKind     kind;
  GType                 type;
  gpointer              address;
  guint                 n_refs;
  guint                 n_entries; /* that a dropped scope owned */
  guint                 count;
  guint                 epoch;
  guint64               age;    /* ms */
  char                 *why;
  char                 *scope_path;
  char                 *details;
  char                 *handlers;
  char                 *referrers;
  const char           *place;  /* never freed */
  const LifecycleStack *stack;
} LifecycleLeakFacts;

LIFECYCLE_SHARED
LifecycleLeakFacts *lifecycle_leak_facts_copy (const LifecycleLeakFacts *facts);
LIFECYCLE_SHARED
void                lifecycle_leak_facts_free (LifecycleLeakFacts       *facts);
LIFECYCLE_SHARED
LifecycleLeak      *lifecycle_leak_new        (const LifecycleLeakFacts *facts);

G_END_DECLS
