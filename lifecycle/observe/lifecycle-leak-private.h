/* lifecycle-leak-private.h: the inside of a leak
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-leak.h"
#include "lifecycle-stacks-private.h"

G_BEGIN_DECLS

/* What is known of a leak, in a form that can be made with a lock held. */
typedef struct
{
  LifecycleLeakKind     kind;
  GType                 type;
  gpointer              address;
  guint                 n_refs;
  guint                 n_entries; /* what a scope that was dropped owned */
  guint                 count;
  guint                 epoch;
  guint64               age;    /* ms */
  char                 *why;
  char                 *scope_path;
  const char           *place;  /* lives for ever */
  const LifecycleStack *stack;
} LifecycleLeakFacts;

LifecycleLeakFacts *lifecycle_leak_facts_copy (const LifecycleLeakFacts *facts);
void                lifecycle_leak_facts_free (LifecycleLeakFacts       *facts);
LifecycleLeak      *lifecycle_leak_new        (const LifecycleLeakFacts *facts);

G_END_DECLS
