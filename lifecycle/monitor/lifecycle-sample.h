/* lifecycle-sample.h: the resource usage of the process at one moment
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (LIFECYCLE_INSIDE) && !defined (LIFECYCLE_COMPILATION)
#error "Only <lifecycle.h> can be included directly."
#endif

#include "lifecycle-types.h"

G_BEGIN_DECLS

/**
 * LifecycleMetric:
 * @LIFECYCLE_METRIC_RSS: [property@Sample:rss]
 * @LIFECYCLE_METRIC_HEAP: [property@Sample:heap]
 * @LIFECYCLE_METRIC_ENTRIES: [property@Sample:n-entries]
 * @LIFECYCLE_METRIC_SCOPES: [property@Sample:n-scopes]
 * @LIFECYCLE_METRIC_OVERDUE: [property@Sample:n-overdue]
 *
 * The numbers in a [class@Sample] that must not grow for ever.
 *
 * Since: 1.0
 */
typedef enum
{
  LIFECYCLE_METRIC_RSS,
  LIFECYCLE_METRIC_HEAP,
  LIFECYCLE_METRIC_ENTRIES,
  LIFECYCLE_METRIC_SCOPES,
  LIFECYCLE_METRIC_OVERDUE
} LifecycleMetric;

#define LIFECYCLE_TYPE_SAMPLE (lifecycle_sample_get_type ())

LIFECYCLE_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (LifecycleSample, lifecycle_sample, LIFECYCLE, SAMPLE, GObject)

LIFECYCLE_AVAILABLE_IN_1_0
gint64  lifecycle_sample_get_time           (LifecycleSample *self);
LIFECYCLE_AVAILABLE_IN_1_0
gint64  lifecycle_sample_get_monotonic_time (LifecycleSample *self);
LIFECYCLE_AVAILABLE_IN_1_0
guint64 lifecycle_sample_get_rss            (LifecycleSample *self);
LIFECYCLE_AVAILABLE_IN_1_0
guint64 lifecycle_sample_get_heap           (LifecycleSample *self);
LIFECYCLE_AVAILABLE_IN_1_0
guint64 lifecycle_sample_get_cpu_time       (LifecycleSample *self);
LIFECYCLE_AVAILABLE_IN_1_0
guint   lifecycle_sample_get_n_scopes       (LifecycleSample *self);
LIFECYCLE_AVAILABLE_IN_1_0
guint   lifecycle_sample_get_n_entries      (LifecycleSample *self);
LIFECYCLE_AVAILABLE_IN_1_0
guint   lifecycle_sample_get_n_overdue      (LifecycleSample *self);
LIFECYCLE_AVAILABLE_IN_1_0
guint   lifecycle_sample_get_live           (LifecycleSample *self,
                                             LifecycleKind    kind);
LIFECYCLE_AVAILABLE_IN_1_0
double  lifecycle_sample_get_value          (LifecycleSample *self,
                                             LifecycleMetric  metric);

G_END_DECLS
