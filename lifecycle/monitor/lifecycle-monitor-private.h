/* lifecycle-monitor-private.h: private parts of LifecycleMonitor
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-monitor.h"
#include "lifecycle-sample-private.h"
#include "lifecycle-trend-private.h"

G_BEGIN_DECLS

/* The limit on spare samples; a longer history is too rare to be worth more. */
#define LIFECYCLE_MONITOR_MAX_SPARES 4096

struct _LifecycleMonitor
{
  GObject          parent_instance;

  GMainContext    *context;
  GSource         *source;      /* the timer, unless the interval is 0 */
  GPtrArray       *samples;
  GPtrArray       *spares;      /* preallocated samples for the rest of the history */
  LifecycleTrend   trends[LIFECYCLE_N_METRICS]; /* per hour */
  LifecycleVerdict verdicts[LIFECYCLE_N_METRICS];
  LifecycleVerdict verdict;
  guint            interval;
  guint            history;
  guint            low_water_mark;
  guint            n_trims;
  guint            min_samples;
  double           confidence;
  double           tolerance;
};

void lifecycle_monitor_add_sample (LifecycleMonitor *self,
                                   LifecycleSample  *sample);
void lifecycle_monitor_review     (LifecycleMonitor *self);
void lifecycle_monitor_log        (LifecycleMonitor *self,
                                   LifecycleSample  *sample);

G_END_DECLS
