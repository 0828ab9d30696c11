/* lifecycle-trend.c: the trend of a series of numbers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-trend-private.h"

#include <math.h>

/* The resource usage of a process is not a line with independent noise. It grows in steps, it rises
 * and falls with the load, and each sample resembles the one before. An ordinary regression would
 * take all of that for certainty. So:
 *
 * - The more each residual resembles the one before, the fewer samples are counted (Santer et al.,
 *   Journal of Geophysical Research 105, 2000). A sawtooth or a step leaves so few that there is no
 *   interval at all.
 * - A growing series must grow in its first half and in its second. A step is in only one of them,
 *   and so is nearly all of the growth while a program warms up.
 */

/* With more degrees of freedom, the quantile hardly changes. */
#define MAX_FREEDOM 1000

/* Each half has fewer samples, and both have to agree, so a lower confidence is enough. */
#define HALF_CONFIDENCE 0.9

/* The slope of each half must be at least this part of the whole slope. */
#define HALF_SHARE (1.0 / 3.0)

/* Returns the probability that the absolute value of a t statistic is less than sqrt (freedom) tan
 * (angle): Abramowitz and Stegun 26.7.3 and 26.7.4.
 */
static double
t_probability (guint  freedom,
               double angle)
{
  double cosine = cos (angle), square = cosine * cosine;
  double term, sum;

  if (freedom % 2 == 0)
    {
      term = sum = 1;
      for (guint i = 2; i < freedom; i += 2)
        sum += term *= square * (i - 1) / i;
      return sin (angle) * sum;
    }

  term = sum = freedom > 1 ? cosine : 0;
  for (guint i = 3; i < freedom; i += 2)
    sum += term *= square * (i - 1) / i;
  return (angle + sin (angle) * sum) / G_PI_2;
}

/* Returns how many standard errors an interval with the given confidence extends to each side. */
double
lifecycle_trend_quantile (guint  freedom,
                          double confidence)
{
  double low = 0, high = G_PI_2;

  g_assert (freedom >= 1);
  g_assert (confidence > 0 && confidence < 1);

  freedom = MIN (freedom, MAX_FREEDOM);
  for (guint i = 0; i < 60; i++)
    {
      double angle = (low + high) / 2;

      if (t_probability (freedom, angle) < confidence)
        low = angle;
      else
        high = angle;
    }

  return sqrt (freedom) * tan (low);
}

void
lifecycle_trend_fit (LifecycleTrend *self,
                     const double   *times,
                     const double   *values,
                     guint           n,
                     double          confidence)
{
  double mean_time = 0, mean_value = 0;
  double times_squared = 0, values_squared = 0, product = 0;
  double residuals_squared = 0, residuals_product = 0, last = 0;
  double likeness, freedom, margin;

  *self = (LifecycleTrend) { 0 };
  if (n == 0)
    return;

  for (guint i = 0; i < n; i++)
    {
      mean_time += (times[i] - mean_time) / (i + 1);
      mean_value += (values[i] - mean_value) / (i + 1);
    }
  for (guint i = 0; i < n; i++)
    {
      double time = times[i] - mean_time, value = values[i] - mean_value;

      times_squared += time * time;
      values_squared += value * value;
      product += time * value;
    }

  self->mean = mean_value;
  if (n < 3 || times_squared <= 0)
    return;

  self->slope = product / times_squared;
  for (guint i = 0; i < n; i++)
    {
      double residual = values[i] - mean_value - self->slope * (times[i] - mean_time);

      residuals_squared += residual * residual;
      residuals_product += residual * last;
      last = residual;
    }

  /* Counts may lie exactly on the line; the residuals are then only rounding errors. */
  if (residuals_squared <= 1e-18 * values_squared)
    {
      self->low = self->high = self->slope;
      self->bounded = TRUE;
      return;
    }

  /* The autocorrelation of the residuals of a fitted line underestimates that of the noise. The
   * second term corrects for this bias.
   */
  likeness = residuals_product / residuals_squared;
  likeness = CLAMP (likeness + (2 + 4 * likeness) / n, 0, 1);
  freedom = n * (1 - likeness) / (1 + likeness) - 2;
  if (freedom < 1)
    return;

  margin = lifecycle_trend_quantile ((guint) MIN (freedom, MAX_FREEDOM), confidence) *
           sqrt (residuals_squared / freedom / times_squared);
  self->low = self->slope - margin;
  self->high = self->slope + margin;
  self->bounded = TRUE;
}

static gboolean
trend_has_half (const LifecycleTrend *self,
                const double         *times,
                const double         *values,
                guint                 n)
{
  LifecycleTrend half;

  lifecycle_trend_fit (&half, times, values, n, HALF_CONFIDENCE);

  return half.bounded && half.low > 0 && half.slope >= self->slope * HALF_SHARE;
}

/* Judges a series. The times must be in ascending order. */
LifecycleVerdict
lifecycle_trend_judge (LifecycleTrend            *self,
                       const double              *times,
                       const double              *values,
                       guint                      n,
                       const LifecycleTrendRules *rules)
{
  double tolerance;
  guint half = n / 2;

  lifecycle_trend_fit (self, times, values, n, rules->confidence);
  if (n < rules->min_samples || !self->bounded)
    return LIFECYCLE_VERDICT_UNKNOWN;

  tolerance = rules->tolerance * MAX (fabs (self->mean), rules->least_size);
  if (self->high <= tolerance)
    return LIFECYCLE_VERDICT_STEADY;

  if (self->low > tolerance &&
      trend_has_half (self, times, values, half) &&
      trend_has_half (self, times + half, values + half, n - half))
    return LIFECYCLE_VERDICT_GROWING;

  return LIFECYCLE_VERDICT_UNKNOWN;
}
