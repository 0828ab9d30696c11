/* lifecycle-counts-private.h: the fields of statistics
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-entry-private.h"

G_BEGIN_DECLS

typedef struct _LifecycleStatistics LifecycleStatistics;

#define LIFECYCLE_N_REASONS (LIFECYCLE_REASON_DROPPED + 1)

/* Counts of closed scopes, by reason. */
typedef struct
{
  guint64 n[LIFECYCLE_N_REASONS];
  guint64 time;                 /* total duration of the closes, in µs */
  guint64 longest;              /* the longest of them, in µs */
} LifecycleClosings;

/* Counts of what did not go as planned. */
typedef struct
{
  guint64 late;                 /* additions that came too late */
  guint64 failed;               /* cleanups that failed */
  guint64 abandoned;            /* what waited for a home context that nobody runs any more */
} LifecycleMishaps;

struct _LifecycleStatistics
{
  guint64           added[LIFECYCLE_N_KINDS];
  guint64           released[LIFECYCLE_N_KINDS];
  guint64           retired[LIFECYCLE_N_KINDS];
  LifecycleMishaps  mishaps;
  guint             peak;
  guint             n_scopes;   /* open or closing scopes that were counted */
  LifecycleClosings closings;
};

void lifecycle_closings_add  (LifecycleClosings       *self,
                              const LifecycleClosings *other);
void lifecycle_closings_note (LifecycleClosings       *self,
                              LifecycleReason          reason,
                              guint64                  time);
void lifecycle_mishaps_add   (LifecycleMishaps        *self,
                              const LifecycleMishaps  *other);

G_END_DECLS
