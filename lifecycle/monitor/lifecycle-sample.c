/* lifecycle-sample.c: the resource usage of the process at one moment
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-leaks.h"
#include "lifecycle-sample-private.h"

/**
 * LifecycleSample:
 *
 * The resource usage of the process, and the number of its scopes and entries, at one moment.
 *
 * Samples are taken by a [class@Monitor], which is a list of them. A sample never changes, and all
 * its methods may be called on any thread. Its numbers are properties, so that a sample can be an
 * item of a list or column view; they never change, so they emit no notifications.
 *
 * Since: 1.0
 */

enum
{
  PROP_0,
  PROP_TIME,
  PROP_MONOTONIC_TIME,
  PROP_RSS,
  PROP_HEAP,
  PROP_CPU_TIME,
  PROP_N_SCOPES,
  PROP_N_ENTRIES,
  PROP_N_OVERDUE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (LifecycleSample, lifecycle_sample, G_TYPE_OBJECT)

/* Fills in a sample that has not been published yet. Unless `statistics` is NULL, the statistics
 * that were counted are stored in it; the caller frees them.
 */
void
lifecycle_sample_fill (LifecycleSample      *self,
                       LifecycleStatistics **statistics)
{
  LifecycleStatistics *counted;

  /* This comes first, so that it does not include the memory that counting the scopes needs. */
  lifecycle_usage_read (&self->usage);
  self->time = g_get_real_time ();
  self->monotonic = g_get_monotonic_time ();

  counted = lifecycle_get_statistics ();
  self->n_scopes = lifecycle_statistics_get_n_scopes (counted);
  self->n_entries = lifecycle_statistics_get_total_live (counted);
  for (guint kind = 0; kind < LIFECYCLE_N_KINDS; kind++)
    self->live[kind] = lifecycle_statistics_get_live (counted, (LifecycleKind) kind);
  self->n_overdue = lifecycle_get_n_overdue ();

  if (statistics != NULL)
    *statistics = counted;
  else
    lifecycle_statistics_free (counted);
}

static void
lifecycle_sample_get_property (GObject    *object,
                               guint       prop_id,
                               GValue     *value,
                               GParamSpec *pspec)
{
  LifecycleSample *self = LIFECYCLE_SAMPLE (object);

  switch (prop_id)
    {
    case PROP_TIME:
      g_value_set_int64 (value, self->time);
      break;

    case PROP_MONOTONIC_TIME:
      g_value_set_int64 (value, self->monotonic);
      break;

    case PROP_RSS:
      g_value_set_uint64 (value, self->usage.rss);
      break;

    case PROP_HEAP:
      g_value_set_uint64 (value, self->usage.heap);
      break;

    case PROP_CPU_TIME:
      g_value_set_uint64 (value, self->usage.cpu_time);
      break;

    case PROP_N_SCOPES:
      g_value_set_uint (value, self->n_scopes);
      break;

    case PROP_N_ENTRIES:
      g_value_set_uint (value, self->n_entries);
      break;

    case PROP_N_OVERDUE:
      g_value_set_uint (value, self->n_overdue);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
lifecycle_sample_class_init (LifecycleSampleClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = lifecycle_sample_get_property;

  /**
   * LifecycleSample:time: (attributes org.gtk.Property.get=lifecycle_sample_get_time)
   *
   * When the sample was taken, in microseconds since January 1, 1970 UTC.
   *
   * Since: 1.0
   */
  properties[PROP_TIME] =
    g_param_spec_int64 ("time", NULL, NULL,
                        0, G_MAXINT64, 0,
                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleSample:monotonic-time: (attributes org.gtk.Property.get=lifecycle_sample_get_monotonic_time)
   *
   * When the sample was taken, in microseconds of monotonic time, for comparing samples.
   *
   * Since: 1.0
   */
  properties[PROP_MONOTONIC_TIME] =
    g_param_spec_int64 ("monotonic-time", NULL, NULL,
                        0, G_MAXINT64, 0,
                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleSample:rss: (attributes org.gtk.Property.get=lifecycle_sample_get_rss)
   *
   * The resident memory of the process, in bytes; 0 if it is not known.
   *
   * Since: 1.0
   */
  properties[PROP_RSS] =
    g_param_spec_uint64 ("rss", NULL, NULL,
                         0, G_MAXUINT64, 0,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleSample:heap: (attributes org.gtk.Property.get=lifecycle_sample_get_heap)
   *
   * The memory allocated on the heap, in bytes; 0 if it is not known.
   *
   * The allocator has to walk its free blocks to count it. If that took more than 0.1 ms, the figure is
   * kept for a thousand times as long, and samples in between repeat it.
   *
   * Since: 1.0
   */
  properties[PROP_HEAP] =
    g_param_spec_uint64 ("heap", NULL, NULL,
                         0, G_MAXUINT64, 0,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleSample:cpu-time: (attributes org.gtk.Property.get=lifecycle_sample_get_cpu_time)
   *
   * The CPU time that the process had used since it started, in microseconds; 0 if it is not known.
   *
   * Since: 1.0
   */
  properties[PROP_CPU_TIME] =
    g_param_spec_uint64 ("cpu-time", NULL, NULL,
                         0, G_MAXUINT64, 0,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleSample:n-scopes: (attributes org.gtk.Property.get=lifecycle_sample_get_n_scopes)
   *
   * The number of scopes that were open or closing.
   *
   * Since: 1.0
   */
  properties[PROP_N_SCOPES] =
    g_param_spec_uint ("n-scopes", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleSample:n-entries: (attributes org.gtk.Property.get=lifecycle_sample_get_n_entries)
   *
   * The number of entries of all scopes.
   *
   * Since: 1.0
   */
  properties[PROP_N_ENTRIES] =
    g_param_spec_uint ("n-entries", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleSample:n-overdue: (attributes org.gtk.Property.get=lifecycle_sample_get_n_overdue)
   *
   * The number of overdue objects, which should have been finalized but were alive.
   *
   * Since: 1.0
   */
  properties[PROP_N_OVERDUE] =
    g_param_spec_uint ("n-overdue", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
lifecycle_sample_init (LifecycleSample *self)
{
}

/**
 * lifecycle_sample_get_time: (attributes org.gtk.Method.get_property=time)
 * @self: a sample
 *
 * Gets when the sample was taken, in real time.
 *
 * Returns: microseconds since January 1, 1970 UTC
 *
 * Since: 1.0
 */
gint64
lifecycle_sample_get_time (LifecycleSample *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_SAMPLE (self), 0);

  return self->time;
}

/**
 * lifecycle_sample_get_monotonic_time: (attributes org.gtk.Method.get_property=monotonic-time)
 * @self: a sample
 *
 * Gets when the sample was taken, in the monotonic time of `g_get_monotonic_time()`, which is not
 * affected by changes of the clock.
 *
 * Returns: the time, in microseconds
 *
 * Since: 1.0
 */
gint64
lifecycle_sample_get_monotonic_time (LifecycleSample *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_SAMPLE (self), 0);

  return self->monotonic;
}

/**
 * lifecycle_sample_get_rss: (attributes org.gtk.Method.get_property=rss)
 * @self: a sample
 *
 * Gets the resident memory of the process.
 *
 * This is only known on Linux.
 *
 * Returns: the size in bytes, or 0 if it is not known
 *
 * Since: 1.0
 */
guint64
lifecycle_sample_get_rss (LifecycleSample *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_SAMPLE (self), 0);

  return self->usage.rss;
}

/**
 * lifecycle_sample_get_heap: (attributes org.gtk.Method.get_property=heap)
 * @self: a sample
 *
 * Gets the memory that was allocated on the heap.
 *
 * This is only known where the C library has `mallinfo2()`, as the GNU C library does. It may be a
 * little older than the sample: see [property@Sample:heap].
 *
 * Returns: the size in bytes, or 0 if it is not known
 *
 * Since: 1.0
 */
guint64
lifecycle_sample_get_heap (LifecycleSample *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_SAMPLE (self), 0);

  return self->usage.heap;
}

/**
 * lifecycle_sample_get_cpu_time: (attributes org.gtk.Method.get_property=cpu-time)
 * @self: a sample
 *
 * Gets the CPU time that all threads of the process together had used since it started.
 *
 * This is only known on UNIX.
 *
 * Returns: the time in microseconds, or 0 if it is not known
 *
 * Since: 1.0
 */
guint64
lifecycle_sample_get_cpu_time (LifecycleSample *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_SAMPLE (self), 0);

  return self->usage.cpu_time;
}

/**
 * lifecycle_sample_get_n_scopes: (attributes org.gtk.Method.get_property=n-scopes)
 * @self: a sample
 *
 * Gets the number of scopes that were open or closing.
 *
 * Returns: the number of scopes
 *
 * Since: 1.0
 */
guint
lifecycle_sample_get_n_scopes (LifecycleSample *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_SAMPLE (self), 0);

  return self->n_scopes;
}

/**
 * lifecycle_sample_get_n_entries: (attributes org.gtk.Method.get_property=n-entries)
 * @self: a sample
 *
 * Gets the number of entries of all scopes, of all kinds.
 *
 * Returns: the number of entries
 *
 * Since: 1.0
 */
guint
lifecycle_sample_get_n_entries (LifecycleSample *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_SAMPLE (self), 0);

  return self->n_entries;
}

/**
 * lifecycle_sample_get_n_overdue: (attributes org.gtk.Method.get_property=n-overdue)
 * @self: a sample
 *
 * Gets the number of overdue objects, which should have been finalized but were alive; see
 * [method@Scope.expect_finalize].
 *
 * Returns: the number of objects
 *
 * Since: 1.0
 */
guint
lifecycle_sample_get_n_overdue (LifecycleSample *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_SAMPLE (self), 0);

  return self->n_overdue;
}

/**
 * lifecycle_sample_get_live:
 * @self: a sample
 * @kind: a kind
 *
 * Gets the number of entries of a kind, of all scopes.
 *
 * Returns: the number of entries
 *
 * Since: 1.0
 */
guint
lifecycle_sample_get_live (LifecycleSample *self,
                           LifecycleKind    kind)
{
  g_return_val_if_fail (LIFECYCLE_IS_SAMPLE (self), 0);
  g_return_val_if_fail ((guint) kind < LIFECYCLE_N_KINDS, 0);

  return self->live[kind];
}

/**
 * lifecycle_sample_get_value:
 * @self: a sample
 * @metric: a metric
 *
 * Gets one of the numbers, for callers that treat all metrics alike, for example to plot or compare
 * them.
 *
 * Returns: the value of the metric; in bytes, if it is a size
 *
 * Since: 1.0
 */
double
lifecycle_sample_get_value (LifecycleSample *self,
                            LifecycleMetric  metric)
{
  g_return_val_if_fail (LIFECYCLE_IS_SAMPLE (self), 0);
  g_return_val_if_fail ((guint) metric < LIFECYCLE_N_METRICS, 0);

  switch (metric)
    {
    case LIFECYCLE_METRIC_RSS:
      return (double) self->usage.rss;

    case LIFECYCLE_METRIC_HEAP:
      return (double) self->usage.heap;

    case LIFECYCLE_METRIC_ENTRIES:
      return self->n_entries;

    case LIFECYCLE_METRIC_SCOPES:
      return self->n_scopes;

    case LIFECYCLE_METRIC_OVERDUE:
      return self->n_overdue;

    default:
      g_assert_not_reached ();
    }
}
