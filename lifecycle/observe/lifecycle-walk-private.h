/* lifecycle-walk-private.h: a read-only walk through the tree of scopes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-scope-private.h"
#include "lifecycle-counts-private.h"
#include "lifecycle-statistics.h"

G_BEGIN_DECLS

/* One step of a walk. For steps with nothing above them, `above` is the index of the step itself.
 */
typedef struct
{
  LifecycleLedger *ledger;
  guint            above;
} LifecycleStep;

typedef struct
{
  GArray     *steps;            /* new ones are added at the end */
  guint       n_done;
  GHashTable *seen;             /* set of ledgers, if followers are included */
  gboolean    recursive;
} LifecycleWalk;

void             lifecycle_walk_init     (LifecycleWalk       *self,
                                          LifecycleScope      *scope,
                                          gboolean             recursive);
void             lifecycle_walk_init_all (LifecycleWalk       *self,
                                          LifecycleStatistics *past);
gboolean         lifecycle_walk_init_at  (LifecycleWalk       *self,
                                          gconstpointer        scope);
LifecycleLedger *lifecycle_walk_next     (LifecycleWalk       *self);
void             lifecycle_walk_go_on    (LifecycleWalk       *self);
void             lifecycle_walk_clear    (LifecycleWalk       *self);

/* In lifecycle-statistics.c. */
LifecycleStatistics *lifecycle_statistics_new_at (gconstpointer scope);

G_END_DECLS
