/* lifecycle-trend-private.h: the trend of a series of numbers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-monitor.h"

G_BEGIN_DECLS

/* A straight line fitted to a series, and its confidence interval. */
typedef struct
{
  double   mean;
  double   slope;               /* per unit of time */
  double   low;                 /* the confidence interval of the slope, if `bounded` */
  double   high;
  gboolean bounded;
} LifecycleTrend;

/* What it takes to reach a verdict. */
typedef struct
{
  guint  min_samples;
  double confidence;            /* of the interval, below 1 */
  double tolerance;             /* growth per unit of time, as part of the size, that is steady */
  double least_size;            /* smaller sizes are raised to this */
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
