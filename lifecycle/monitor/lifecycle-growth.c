/* lifecycle-growth.c: the growth of the metrics of a monitor
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-monitor-private.h"

#include <math.h>

#define US_PER_HOUR (3600.0 * G_USEC_PER_SEC)

/* Smaller sizes are raised to these when the tolerated growth is computed. */
static const double least_sizes[LIFECYCLE_N_METRICS] = {
  [LIFECYCLE_METRIC_RSS] = 1024 * 1024,
  [LIFECYCLE_METRIC_HEAP] = 1024 * 1024,
  [LIFECYCLE_METRIC_ENTRIES] = 100,
  [LIFECYCLE_METRIC_SCOPES] = 100,
  [LIFECYCLE_METRIC_OVERDUE] = 10,
};

/* One growing metric is enough for GROWING; STEADY takes all of them. */
static LifecycleVerdict
monitor_sum_up (LifecycleMonitor *self)
{
  LifecycleVerdict verdict = LIFECYCLE_VERDICT_STEADY;

  for (guint i = 0; i < LIFECYCLE_N_METRICS; i++)
    {
      if (self->verdicts[i] == LIFECYCLE_VERDICT_GROWING)
        return LIFECYCLE_VERDICT_GROWING;
      if (self->verdicts[i] == LIFECYCLE_VERDICT_UNKNOWN)
        verdict = LIFECYCLE_VERDICT_UNKNOWN;
    }

  return verdict;
}

/* Computes the trends and verdicts anew after the samples or the rules have changed. */
void
lifecycle_monitor_review (LifecycleMonitor *self)
{
  guint n = self->samples->len;
  guint n_allocated = MAX (n, MIN (self->history, LIFECYCLE_MONITOR_MAX_SPARES));
  g_autofree double *times = NULL;
  g_autofree double *values = NULL;
  LifecycleVerdict verdict;

  /* The arrays always have the same size, or else the allocator would keep memory for each size
   * that they ever had, and the heap would seem to grow.
   */
  times = g_new (double, n_allocated);
  values = g_new (double, n_allocated);

  /* Times are relative to the first sample, so that no precision is lost. */
  for (guint i = 0; i < n; i++)
    {
      LifecycleSample *first = self->samples->pdata[0], *sample = self->samples->pdata[i];

      times[i] = (double) (sample->monotonic - first->monotonic) / US_PER_HOUR;
    }

  for (guint metric = 0; metric < LIFECYCLE_N_METRICS; metric++)
    {
      LifecycleTrendRules rules = {
        .min_samples = self->min_samples,
        .confidence = self->confidence,
        .tolerance = self->tolerance,
        .least_size = least_sizes[metric],
      };

      for (guint i = 0; i < n; i++)
        values[i] = lifecycle_sample_get_value (self->samples->pdata[i], (LifecycleMetric) metric);
      self->verdicts[metric] = lifecycle_trend_judge (&self->trends[metric], times, values, n,
                                                      &rules);
    }

  verdict = monitor_sum_up (self);
  if (verdict != self->verdict)
    {
      self->verdict = verdict;
      g_object_notify (G_OBJECT (self), "verdict");
    }
}

/**
 * lifecycle_monitor_get_min_samples: (attributes org.gtk.Method.get_property=min-samples)
 * @self: a monitor
 *
 * Gets how many samples it takes to reach a verdict.
 *
 * Returns: the number of samples
 *
 * Since: 1.0
 */
guint
lifecycle_monitor_get_min_samples (LifecycleMonitor *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_MONITOR (self), 0);

  return self->min_samples;
}

/**
 * lifecycle_monitor_set_min_samples: (attributes org.gtk.Method.set_property=min-samples)
 * @self: a monitor
 * @min_samples: the number of samples, at least 6
 *
 * Sets how many samples it takes to reach a verdict.
 *
 * Since: 1.0
 */
void
lifecycle_monitor_set_min_samples (LifecycleMonitor *self,
                                   guint             min_samples)
{
  g_return_if_fail (LIFECYCLE_IS_MONITOR (self));
  g_return_if_fail (min_samples >= 6);

  if (self->min_samples == min_samples)
    return;

  self->min_samples = min_samples;
  g_object_freeze_notify (G_OBJECT (self));
  g_object_notify (G_OBJECT (self), "min-samples");
  lifecycle_monitor_review (self);
  g_object_thaw_notify (G_OBJECT (self));
}

/**
 * lifecycle_monitor_get_confidence: (attributes org.gtk.Method.get_property=confidence)
 * @self: a monitor
 *
 * Gets the confidence level of the growth interval that [method@Monitor.get_growth] returns.
 *
 * Returns: the confidence level, from 0.5 to 0.9999
 *
 * Since: 1.0
 */
double
lifecycle_monitor_get_confidence (LifecycleMonitor *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_MONITOR (self), 0);

  return self->confidence;
}

/**
 * lifecycle_monitor_set_confidence: (attributes org.gtk.Method.set_property=confidence)
 * @self: a monitor
 * @confidence: the confidence level, from 0.5 to 0.9999
 *
 * Sets the confidence level of the growth interval that [method@Monitor.get_growth] returns.
 *
 * Since: 1.0
 */
void
lifecycle_monitor_set_confidence (LifecycleMonitor *self,
                                  double            confidence)
{
  g_return_if_fail (LIFECYCLE_IS_MONITOR (self));
  g_return_if_fail (confidence >= 0.5 && confidence <= 0.9999);

  if (self->confidence == confidence)
    return;

  self->confidence = confidence;
  g_object_freeze_notify (G_OBJECT (self));
  g_object_notify (G_OBJECT (self), "confidence");
  lifecycle_monitor_review (self);
  g_object_thaw_notify (G_OBJECT (self));
}

/**
 * lifecycle_monitor_get_tolerance: (attributes org.gtk.Method.get_property=tolerance)
 * @self: a monitor
 *
 * Gets the hourly growth, as a fraction of the size, that still counts as steady.
 *
 * Returns: the fraction; 0.01 is one percent
 *
 * Since: 1.0
 */
double
lifecycle_monitor_get_tolerance (LifecycleMonitor *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_MONITOR (self), 0);

  return self->tolerance;
}

/**
 * lifecycle_monitor_set_tolerance: (attributes org.gtk.Method.set_property=tolerance)
 * @self: a monitor
 * @tolerance: the fraction, at least 0; 0.01 is one percent
 *
 * Sets the hourly growth, as a fraction of the size, that still counts as steady.
 *
 * Since: 1.0
 */
void
lifecycle_monitor_set_tolerance (LifecycleMonitor *self,
                                 double            tolerance)
{
  g_return_if_fail (LIFECYCLE_IS_MONITOR (self));
  g_return_if_fail (tolerance >= 0);

  if (self->tolerance == tolerance)
    return;

  self->tolerance = tolerance;
  g_object_freeze_notify (G_OBJECT (self));
  g_object_notify (G_OBJECT (self), "tolerance");
  lifecycle_monitor_review (self);
  g_object_thaw_notify (G_OBJECT (self));
}

/**
 * lifecycle_monitor_get_verdict: (attributes org.gtk.Method.get_property=verdict)
 * @self: a monitor
 *
 * Gets the verdict on all metrics together; see [property@Monitor:verdict].
 *
 * Returns: the verdict
 *
 * Since: 1.0
 */
LifecycleVerdict
lifecycle_monitor_get_verdict (LifecycleMonitor *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_MONITOR (self), LIFECYCLE_VERDICT_UNKNOWN);

  return self->verdict;
}

/**
 * lifecycle_monitor_judge:
 * @self: a monitor
 * @metric: a metric
 *
 * Gets the verdict on a single metric.
 *
 * Returns: the verdict
 *
 * Since: 1.0
 */
LifecycleVerdict
lifecycle_monitor_judge (LifecycleMonitor *self,
                         LifecycleMetric   metric)
{
  g_return_val_if_fail (LIFECYCLE_IS_MONITOR (self), LIFECYCLE_VERDICT_UNKNOWN);
  g_return_val_if_fail ((guint) metric < LIFECYCLE_N_METRICS, LIFECYCLE_VERDICT_UNKNOWN);

  return self->verdicts[metric];
}

/**
 * lifecycle_monitor_get_growth:
 * @self: a monitor
 * @metric: a metric
 * @per_hour: (out) (optional): the average growth per hour
 * @low: (out) (optional): the lower bound of the growth per hour
 * @high: (out) (optional): the upper bound of the growth per hour
 *
 * Gets how fast a metric grows, per hour, and how certain that is: the true growth is between @low
 * and @high with the probability of [property@Monitor:confidence].
 *
 * The unit is bytes for memory, and a number otherwise. The growth of a metric that shrinks is
 * negative.
 *
 * Returns: %TRUE if the growth is bounded; %FALSE if there are too few samples, or if they resemble
 *   their predecessors too much, to tell. Then @low and @high are infinite.
 *
 * Since: 1.0
 */
gboolean
lifecycle_monitor_get_growth (LifecycleMonitor *self,
                              LifecycleMetric   metric,
                              double           *per_hour,
                              double           *low,
                              double           *high)
{
  const LifecycleTrend *trend;

  g_return_val_if_fail (LIFECYCLE_IS_MONITOR (self), FALSE);
  g_return_val_if_fail ((guint) metric < LIFECYCLE_N_METRICS, FALSE);

  trend = &self->trends[metric];
  if (per_hour != NULL)
    *per_hour = trend->slope;
  if (low != NULL)
    *low = trend->bounded ? trend->low : -INFINITY;
  if (high != NULL)
    *high = trend->bounded ? trend->high : INFINITY;

  return trend->bounded;
}
