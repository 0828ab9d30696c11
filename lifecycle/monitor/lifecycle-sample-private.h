/* lifecycle-sample-private.h: private parts of LifecycleSample
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-sample.h"
#include "lifecycle-counts-private.h"
#include "lifecycle-statistics.h"
#include "lifecycle-usage-private.h"

G_BEGIN_DECLS

#define LIFECYCLE_N_METRICS (LIFECYCLE_METRIC_OVERDUE + 1)

struct _LifecycleSample
{
  GObject         parent_instance;

  gint64          time;         /* µs of real time */
  gint64          monotonic;    /* µs of monotonic time */
  LifecycleUsage usage;
  guint           n_scopes;
  guint           n_entries;
  guint           n_overdue;
  guint           live[LIFECYCLE_N_KINDS];
};

void lifecycle_sample_fill (LifecycleSample      *self,
                            LifecycleStatistics **statistics);

G_END_DECLS
