/* test-trend.c: what grows, and what only looks like it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define LIFECYCLE_COMPILATION
#include "lifecycle-trend-private.h"

#include <math.h>

/* A day of samples, one every five minutes, as of a process of 100 MB that is measured in MB. */
#define N 288
#define HOURS 24.0
#define SIZE 100.0

/* How many different noises each series is tried with. */
#define N_SEEDS 200

typedef struct
{
  double times[N];
  double values[N];
  GRand *rand;
  double noise;                 /* the last value of it */
} Series;

static void
series_init (Series  *self,
             guint32  seed)
{
  self->rand = g_rand_new_with_seed (seed);
  self->noise = 0;
  for (guint i = 0; i < N; i++)
    {
      self->times[i] = i * HOURS / N;
      self->values[i] = SIZE;
    }
}

/* Very nearly normal, with a mean of 0 and a deviation of 1. */
static double
series_next (Series *self)
{
  double sum = -6;

  for (guint i = 0; i < 12; i++)
    sum += g_rand_double (self->rand);

  return sum;
}

/* `likeness` is how much of each value is in the next one. */
static void
series_add_noise (Series *self,
                  double  deviation,
                  double  likeness)
{
  for (guint i = 0; i < N; i++)
    {
      self->noise = likeness * self->noise + sqrt (1 - likeness * likeness) * series_next (self);
      self->values[i] += deviation * self->noise;
    }
}

static const LifecycleTrendRules rules = {
  .min_samples = 12,
  .confidence = 0.99,
  .tolerance = 0.005,
  .least_size = 1,
};

typedef void (*Shape) (Series *self);

/* How many of a hundred noises lead to a verdict. */
static void
count_verdicts (Shape  shape,
                double percent[3])
{
  guint n[3] = { 0, 0, 0 };

  for (guint32 seed = 1; seed <= N_SEEDS; seed++)
    {
      Series series;
      LifecycleTrend trend;

      series_init (&series, seed);
      shape (&series);
      n[lifecycle_trend_judge (&trend, series.times, series.values, N, &rules)]++;
      g_rand_free (series.rand);
    }

  for (guint i = 0; i < 3; i++)
    percent[i] = 100.0 * n[i] / N_SEEDS;
  g_test_message ("unknown %.1f %%, steady %.1f %%, growing %.1f %%",
                  percent[LIFECYCLE_VERDICT_UNKNOWN], percent[LIFECYCLE_VERDICT_STEADY],
                  percent[LIFECYCLE_VERDICT_GROWING]);
}

/* Tables have these; the last is for any number beyond. */
static void
test_quantile (void)
{
  static const struct
  {
    guint  freedom;
    double confidence;
    double expected;
  } table[] = {
    { 1, 0.9, 6.3138 },   { 1, 0.99, 63.657 },  { 2, 0.9, 2.9200 },    { 2, 0.99, 9.9248 },
    { 3, 0.95, 3.1824 },  { 4, 0.95, 2.7764 },  { 5, 0.99, 4.0321 },   { 10, 0.95, 2.2281 },
    { 30, 0.99, 2.7500 }, { 31, 0.95, 2.0395 }, { 120, 0.99, 2.6174 }, { 1000, 0.95, 1.9623 },
    { 5000000, 0.99, 2.5808 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    g_assert_cmpfloat_with_epsilon (lifecycle_trend_quantile (table[i].freedom,
                                                              table[i].confidence),
                                    table[i].expected, table[i].expected * 1e-4);
}

/* The text book's example, and its interval: no residual resembles its neighbour. */
static void
test_fit (void)
{
  const double times[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
  const double values[] = { 3, 4, 7, 8, 11, 12, 15, 16, 19, 20 };
  LifecycleTrend trend;

  lifecycle_trend_fit (&trend, times, values, 10, 0.95);
  g_assert_cmpfloat_with_epsilon (trend.mean, 11.5, 1e-9);
  g_assert_cmpfloat_with_epsilon (trend.slope, 162.5 / 82.5, 1e-9);
  g_assert_true (trend.bounded);
  /* 8 degrees of freedom; what is left of a sum of squares of 322.5. */
  g_assert_cmpfloat_with_epsilon (trend.high - trend.slope, 2.3060 * sqrt (2.424242 / 8 / 82.5),
                                  1e-4);
  g_assert_cmpfloat_with_epsilon (trend.slope - trend.low, trend.high - trend.slope, 1e-9);
}

/* The fewer tell anything, the wider is the interval, until there is none. */
static void
test_fit_alike (void)
{
  double margins[3];
  const double likenesses[] = { 0, 0.5, 0.8 };
  Series series;
  LifecycleTrend trend;

  for (guint i = 0; i < 3; i++)
    {
      series_init (&series, 1);
      series_add_noise (&series, 1, likenesses[i]);
      lifecycle_trend_fit (&trend, series.times, series.values, N, 0.99);
      g_assert_true (trend.bounded);
      margins[i] = trend.high - trend.slope;
      g_rand_free (series.rand);
    }
  g_assert_cmpfloat (margins[1], >, 1.3 * margins[0]);
  g_assert_cmpfloat (margins[2], >, 1.3 * margins[1]);

  series_init (&series, 1);
  for (guint i = 0; i < N; i++)
    series.values[i] = i < N / 2 ? SIZE : 2 * SIZE;
  lifecycle_trend_fit (&trend, series.times, series.values, 12, 0.99);
  g_assert_true (trend.bounded);
  lifecycle_trend_fit (&trend, series.times + N / 2 - 20, series.values + N / 2 - 20, 40, 0.99);
  g_assert_false (trend.bounded);
  g_rand_free (series.rand);
}

static void
test_few (void)
{
  const double times[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };
  const double values[] = { 0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110 };
  const double same[] = { 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7 };
  LifecycleTrend trend;

  for (guint n = 0; n < 12; n++)
    g_assert_cmpint (lifecycle_trend_judge (&trend, times, values, n, &rules), ==,
                     LIFECYCLE_VERDICT_UNKNOWN);
  g_assert_cmpint (lifecycle_trend_judge (&trend, times, values, 12, &rules), ==,
                   LIFECYCLE_VERDICT_GROWING);
  g_assert_cmpfloat_with_epsilon (trend.low, 10, 1e-9);
  g_assert_cmpfloat_with_epsilon (trend.high, 10, 1e-9);

  /* All at the same time: there is no slope. */
  g_assert_cmpint (lifecycle_trend_judge (&trend, same, values, 12, &rules), ==,
                   LIFECYCLE_VERDICT_UNKNOWN);
}

/* Also where it is 0, and nothing would be tolerated. */
static void
test_constant (void)
{
  LifecycleTrendRules strict = rules;
  Series series;
  LifecycleTrend trend;

  series_init (&series, 1);
  g_assert_cmpint (lifecycle_trend_judge (&trend, series.times, series.values, N, &rules), ==,
                   LIFECYCLE_VERDICT_STEADY);
  strict.tolerance = 0;
  g_assert_cmpint (lifecycle_trend_judge (&trend, series.times, series.values, N, &strict), ==,
                   LIFECYCLE_VERDICT_STEADY);
  g_assert_cmpfloat (trend.slope, ==, 0);
  g_rand_free (series.rand);
}

static void
noisy (Series *self)
{
  series_add_noise (self, 2, 0);
}

static void
noisy_and_alike (Series *self)
{
  series_add_noise (self, 2, 0.7);
}

static void
very_noisy_and_alike (Series *self)
{
  series_add_noise (self, 20, 0.9);
}

static void
test_noise (void)
{
  double percent[3];

  count_verdicts (noisy, percent);
  g_assert_cmpfloat (percent[LIFECYCLE_VERDICT_STEADY], >=, 99);
  g_assert_cmpfloat (percent[LIFECYCLE_VERDICT_GROWING], ==, 0);

  count_verdicts (noisy_and_alike, percent);
  g_assert_cmpfloat (percent[LIFECYCLE_VERDICT_STEADY], >=, 90);
  g_assert_cmpfloat (percent[LIFECYCLE_VERDICT_GROWING], ==, 0);

  /* Nothing can be said about this, and nothing is. */
  count_verdicts (very_noisy_and_alike, percent);
  g_assert_cmpfloat (percent[LIFECYCLE_VERDICT_UNKNOWN], >=, 80);
  g_assert_cmpfloat (percent[LIFECYCLE_VERDICT_GROWING], <=, 1);
}

/* Three teeth and a half of 20 MB. */
static void
saw (Series *self)
{
  for (guint i = 0; i < N; i++)
    self->values[i] += 20 * fmod (i * 3.5 / N, 1);
  series_add_noise (self, 1, 0);
}

/* Many small ones, as of a garbage collector. */
static void
fine_saw (Series *self)
{
  for (guint i = 0; i < N; i++)
    self->values[i] += 5 * fmod (i * 40.3 / N, 1);
  series_add_noise (self, 0.5, 0);
}

static void
test_saw (void)
{
  double percent[3];

  count_verdicts (saw, percent);
  g_assert_cmpfloat (percent[LIFECYCLE_VERDICT_GROWING], ==, 0);

  count_verdicts (fine_saw, percent);
  g_assert_cmpfloat (percent[LIFECYCLE_VERDICT_STEADY], >=, 95);
  g_assert_cmpfloat (percent[LIFECYCLE_VERDICT_GROWING], ==, 0);
}

static double step_at;
static double step_height;

static void
step (Series *self)
{
  for (guint i = 0; i < N; i++)
    self->values[i] += i < step_at * N ? 0 : step_height;
  series_add_noise (self, 2, 0.3);
}

/* Wherever it is, and however high: it does not go on. */
static void
test_step (void)
{
  const double places[] = { 0.02, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 0.98 };
  const double heights[] = { 2, 5, 8, 20, 100, 1000 };
  double percent[3];

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      for (guint j = 0; j < G_N_ELEMENTS (heights); j++)
        {
          step_at = places[i];
          step_height = heights[j];
          g_test_message ("a step of %g at %g", step_height, step_at);
          count_verdicts (step, percent);
          g_assert_cmpfloat (percent[LIFECYCLE_VERDICT_GROWING], <=, 1);
        }
    }

  /* What happened in the first minutes of a day is over. */
  step_at = 1.0 / N;
  step_height = 40;
  count_verdicts (step, percent);
  g_assert_cmpfloat (percent[LIFECYCLE_VERDICT_STEADY], >=, 95);
}

static void
warm_up (Series *self)
{
  for (guint i = 0; i < N; i++)
    self->values[i] += 50 * (1 - exp (-8.0 * i / N));
  series_add_noise (self, 1, 0.3);
}

static void
test_warm_up (void)
{
  double percent[3];

  count_verdicts (warm_up, percent);
  g_assert_cmpfloat (percent[LIFECYCLE_VERDICT_GROWING], <=, 1);
}

static double leak_rate;

static void
leak (Series *self)
{
  for (guint i = 0; i < N; i++)
    self->values[i] += leak_rate * self->times[i];
  series_add_noise (self, 2, 0.3);
}

static void
stairs (Series *self)
{
  for (guint i = 0; i < N; i++)
    self->values[i] += floor (i * 12.0 / N) * 2;
}

static void
test_leak (void)
{
  double percent[3];

  /* 1 MB an hour, half of what the noise is. */
  leak_rate = 1;
  count_verdicts (leak, percent);
  g_assert_cmpfloat (percent[LIFECYCLE_VERDICT_GROWING], >=, 99);

  /* Just what is tolerated, so nothing can be said. */
  leak_rate = 0.5;
  count_verdicts (leak, percent);
  g_assert_cmpfloat (percent[LIFECYCLE_VERDICT_UNKNOWN], >=, 70);

  /* A fifth of that. */
  leak_rate = 0.1;
  count_verdicts (leak, percent);
  g_assert_cmpfloat (percent[LIFECYCLE_VERDICT_STEADY], >=, 95);

  leak_rate = -3;
  count_verdicts (leak, percent);
  g_assert_cmpfloat (percent[LIFECYCLE_VERDICT_STEADY], ==, 100);

  /* As the allocator asks for it: block by block. */
  count_verdicts (stairs, percent);
  g_assert_cmpfloat (percent[LIFECYCLE_VERDICT_GROWING], ==, 100);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/trend/quantile", test_quantile);
  g_test_add_func ("/lifecycle/trend/fit", test_fit);
  g_test_add_func ("/lifecycle/trend/fit-alike", test_fit_alike);
  g_test_add_func ("/lifecycle/trend/few", test_few);
  g_test_add_func ("/lifecycle/trend/constant", test_constant);
  g_test_add_func ("/lifecycle/trend/noise", test_noise);
  g_test_add_func ("/lifecycle/trend/saw", test_saw);
  g_test_add_func ("/lifecycle/trend/step", test_step);
  g_test_add_func ("/lifecycle/trend/warm-up", test_warm_up);
  g_test_add_func ("/lifecycle/trend/leak", test_leak);

  return g_test_run ();
}
