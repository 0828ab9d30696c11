/* lifecycle-walk-private.h: a walk through the tree for those who only look
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-scope-private.h"
#include "lifecycle-counts-private.h"
#include "lifecycle-statistics.h"

G_BEGIN_DECLS

/* One step of a walk. The first steps have nothing above them: `above` is their own number. */
typedef struct
{
  LifecycleLedger *ledger;
  guint            above;
} LifecycleStep;

typedef struct
{
  GArray     *steps;            /* those to come at the end */
  guint       n_done;
  GHashTable *seen;             /* of ledgers, if those who follow are taken in */
  gboolean    recursive;
} LifecycleWalk;

void             lifecycle_walk_init     (LifecycleWalk       *self,
                                          LifecycleScope      *scope,
                                          gboolean             recursive);
void             lifecycle_walk_init_all (LifecycleWalk       *self,
                                          LifecycleStatistics *past);
LifecycleLedger *lifecycle_walk_next     (LifecycleWalk       *self);
void             lifecycle_walk_go_on    (LifecycleWalk       *self);
void             lifecycle_walk_clear    (LifecycleWalk       *self);

G_END_DECLS
