/* lifecycle-counts-private.h: the inside of statistics
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-entry-private.h"

G_BEGIN_DECLS

typedef struct _LifecycleStatistics LifecycleStatistics;

#define LIFECYCLE_N_REASONS (LIFECYCLE_REASON_DROPPED + 1)

/* How scopes have closed. */
typedef struct
{
  guint64 n[LIFECYCLE_N_REASONS];
  guint64 time;                 /* µs, of all */
  guint64 longest;              /* µs */
} LifecycleClosings;

struct _LifecycleStatistics
{
  guint64           added[LIFECYCLE_N_KINDS];
  guint64           released[LIFECYCLE_N_KINDS];
  guint64           retired[LIFECYCLE_N_KINDS];
  guint64           n_late;
  guint64           n_failed;
  guint             peak;
  guint             n_scopes;   /* that were counted, and not closed */
  LifecycleClosings closings;
};

void lifecycle_closings_add  (LifecycleClosings       *self,
                              const LifecycleClosings *other);
void lifecycle_closings_note (LifecycleClosings       *self,
                              LifecycleReason          reason,
                              guint64                  time);

G_END_DECLS
