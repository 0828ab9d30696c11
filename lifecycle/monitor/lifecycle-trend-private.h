/* lifecycle-trend-private.h: whether a series of numbers grows
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-monitor.h"

G_BEGIN_DECLS

/* A straight line through a series, and how sure that is. */
typedef struct
{
  double   mean;
  double   slope;               /* for each unit of time */
  double   low;                 /* the bounds of its confidence interval, if it is `bounded` */
  double   high;
  gboolean bounded;
} LifecycleTrend;

/* When to say something. */
typedef struct
{
  guint  min_samples;
  double confidence;            /* of the interval, below 1 */
  double tolerance;             /* how much of its size a steady series may grow in a unit of time */
  double least_size;            /* a smaller size counts as this */
} LifecycleTrendRules;

double           lifecycle_trend_quantile (guint                      freedom,
                                           double                     confidence);
void             lifecycle_trend_fit      (LifecycleTrend            *self,
                                           const double              *times,
                                           const double              *values,
                                           guint                      n,
                                           double                     confidence);
LifecycleVerdict lifecycle_trend_judge    (LifecycleTrend            *self,
                                           const double              *times,
                                           const double              *values,
                                           guint                      n,
                                           const LifecycleTrendRules *rules);

G_END_DECLS
