/* lifecycle-monitor.h: the resource usage of the process over time
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (LIFECYCLE_INSIDE) && !defined (LIFECYCLE_COMPILATION)
#error "Only <lifecycle.h> can be included directly."
#endif

#include "lifecycle-sample.h"

G_BEGIN_DECLS

/**
 * LifecycleVerdict:
 * @LIFECYCLE_VERDICT_UNKNOWN: this cannot be told, or not yet
 * @LIFECYCLE_VERDICT_STEADY: the metric does not grow, or by less than is tolerated
 * @LIFECYCLE_VERDICT_GROWING: the metric grows
 *
 * Whether a metric grows, as far as a [class@Monitor] can tell.
 *
 * Since: 1.0
 */
typedef enum
{
  LIFECYCLE_VERDICT_UNKNOWN,
  LIFECYCLE_VERDICT_STEADY,
  LIFECYCLE_VERDICT_GROWING
} LifecycleVerdict;

#define LIFECYCLE_TYPE_MONITOR (lifecycle_monitor_get_type ())

LIFECYCLE_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (LifecycleMonitor, lifecycle_monitor, LIFECYCLE, MONITOR, GObject)

LIFECYCLE_AVAILABLE_IN_1_0
LifecycleMonitor *lifecycle_monitor_new                (void);

LIFECYCLE_AVAILABLE_IN_1_0
LifecycleSample  *lifecycle_monitor_take_sample        (LifecycleMonitor *self);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleSample  *lifecycle_monitor_get_latest         (LifecycleMonitor *self);

LIFECYCLE_AVAILABLE_IN_1_0
guint             lifecycle_monitor_get_interval       (LifecycleMonitor *self);
LIFECYCLE_AVAILABLE_IN_1_0
void              lifecycle_monitor_set_interval       (LifecycleMonitor *self,
                                                        guint             interval);
LIFECYCLE_AVAILABLE_IN_1_0
guint             lifecycle_monitor_get_history        (LifecycleMonitor *self);
LIFECYCLE_AVAILABLE_IN_1_0
void              lifecycle_monitor_set_history        (LifecycleMonitor *self,
                                                        guint             history);
LIFECYCLE_AVAILABLE_IN_1_0
guint             lifecycle_monitor_get_low_water_mark (LifecycleMonitor *self);
LIFECYCLE_AVAILABLE_IN_1_0
void              lifecycle_monitor_set_low_water_mark (LifecycleMonitor *self,
                                                        guint             low_water_mark);
LIFECYCLE_AVAILABLE_IN_1_0
guint             lifecycle_monitor_get_n_trims        (LifecycleMonitor *self);

LIFECYCLE_AVAILABLE_IN_1_0
guint             lifecycle_monitor_get_min_samples    (LifecycleMonitor *self);
LIFECYCLE_AVAILABLE_IN_1_0
void              lifecycle_monitor_set_min_samples    (LifecycleMonitor *self,
                                                        guint             min_samples);
LIFECYCLE_AVAILABLE_IN_1_0
double            lifecycle_monitor_get_confidence     (LifecycleMonitor *self);
LIFECYCLE_AVAILABLE_IN_1_0
void              lifecycle_monitor_set_confidence     (LifecycleMonitor *self,
                                                        double            confidence);
LIFECYCLE_AVAILABLE_IN_1_0
double            lifecycle_monitor_get_tolerance      (LifecycleMonitor *self);
LIFECYCLE_AVAILABLE_IN_1_0
void              lifecycle_monitor_set_tolerance      (LifecycleMonitor *self,
                                                        double            tolerance);

LIFECYCLE_AVAILABLE_IN_1_0
LifecycleVerdict  lifecycle_monitor_get_verdict        (LifecycleMonitor *self);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleVerdict  lifecycle_monitor_judge              (LifecycleMonitor *self,
                                                        LifecycleMetric   metric);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean          lifecycle_monitor_get_growth         (LifecycleMonitor *self,
                                                        LifecycleMetric   metric,
                                                        double           *per_hour,
                                                        double           *low,
                                                        double           *high);

LIFECYCLE_AVAILABLE_IN_1_0
char             *lifecycle_monitor_to_openmetrics     (LifecycleMonitor *self);

G_END_DECLS
