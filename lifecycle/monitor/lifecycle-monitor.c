/* lifecycle-monitor.c: the resource usage of the process over time
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-monitor-private.h"

#include "lifecycle-enums.h"

/**
 * LifecycleMonitor:
 *
 * Samples the resource usage of the process, and tells whether it grows.
 *
 * Create a monitor when the program starts, and keep a reference to it. It takes a [class@Sample]
 * every [property@Monitor:interval] seconds, and is a [iface@Gio.ListModel] of the latest samples,
 * the oldest first.
 *
 * ```c
 * monitor = lifecycle_monitor_new ();
 * g_signal_connect (monitor, "notify::verdict", G_CALLBACK (verdict_changed_cb), NULL);
 * ```
 *
 * ## The verdict
 *
 * The monitor fits a straight line to the samples. Its slope is the growth,
 * [method@Monitor.get_growth], which comes with an interval that contains the true growth with the
 * probability of [property@Monitor:confidence]. Because real programs grow in steps and fluctuate
 * with their load, samples that resemble their predecessors count as fewer than they are. The
 * verdict on a metric, [method@Monitor.judge], is
 *
 * - [enum@Verdict.steady] if the whole interval is below the tolerated growth, which is
 *   [property@Monitor:tolerance] times the mean of the samples per hour. A metric that shrinks is
 *   steady, too.
 * - [enum@Verdict.growing] if the whole interval is above the tolerated growth, and each half of
 *   the samples grows by itself. So neither a single step nor the growth during warm-up counts.
 * - [enum@Verdict.unknown] otherwise, or with fewer than [property@Monitor:min-samples] samples.
 *   After a process has done something new, its verdict stays unknown until that is in the past.
 *   This is no reason for alarm.
 *
 * When the tolerated growth is computed, smaller sizes are raised to 1 MiB, 100 entries, 100 scopes
 * and 10 overdue objects. By default, memory may therefore grow by half a percent of its size per
 * hour, which would double it in 8 days, and the number of overdue objects by 1 in 20 hours.
 *
 * [property@Monitor:verdict] sums up the verdicts on all metrics.
 *
 * ## The cost
 *
 * A sample costs about as much as [func@get_statistics]: the time grows with the number of scopes,
 * not of entries. The timer is a source of its own. The monitor is neither a scope nor an entry,
 * and does not appear in its own counts.
 *
 * ## The log
 *
 * Each sample is logged in the domain `Lifecycle` at the level %G_LOG_LEVEL_INFO, as a structured
 * record with the fields `LIFECYCLE_RSS`, `LIFECYCLE_HEAP`, `LIFECYCLE_CPU_USEC`,
 * `LIFECYCLE_ENTRIES`, `LIFECYCLE_SCOPES`, `LIFECYCLE_OVERDUE` and `LIFECYCLE_VERDICT`. Logging is
 * off, and costs nothing, until it is enabled, for example with `G_MESSAGES_DEBUG=Lifecycle`; see
 * [func@GLib.log_writer_default_would_drop].
 *
 * ## Threads
 *
 * A monitor belongs to the main context that was the thread-default one when it was created, and
 * must be used only on the thread that runs this context. The last reference may be dropped on any
 * thread. The timer does not keep the monitor alive.
 *
 * Since: 1.0
 */

#define DEFAULT_INTERVAL    300
#define DEFAULT_HISTORY     288 /* one day */
#define DEFAULT_MIN_SAMPLES 12
#define DEFAULT_CONFIDENCE  0.99
#define DEFAULT_TOLERANCE   0.005

enum
{
  PROP_0,
  PROP_INTERVAL,
  PROP_HISTORY,
  PROP_LATEST,
  PROP_LOW_WATER_MARK,
  PROP_N_TRIMS,
  PROP_MIN_SAMPLES,
  PROP_CONFIDENCE,
  PROP_TOLERANCE,
  PROP_VERDICT,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

enum
{
  SIGNAL_SAMPLE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void lifecycle_monitor_iface_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LifecycleMonitor, lifecycle_monitor, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      lifecycle_monitor_iface_init))

static GType
lifecycle_monitor_get_item_type (GListModel *model)
{
  return LIFECYCLE_TYPE_SAMPLE;
}

static guint
lifecycle_monitor_get_n_items (GListModel *model)
{
  return LIFECYCLE_MONITOR (model)->samples->len;
}

static gpointer
lifecycle_monitor_get_item (GListModel *model,
                            guint       position)
{
  GPtrArray *samples = LIFECYCLE_MONITOR (model)->samples;

  return position < samples->len ? g_object_ref (samples->pdata[position]) : NULL;
}

static void
lifecycle_monitor_iface_init (GListModelInterface *iface)
{
  iface->get_item_type = lifecycle_monitor_get_item_type;
  iface->get_n_items = lifecycle_monitor_get_n_items;
  iface->get_item = lifecycle_monitor_get_item;
}

/* Removes the oldest samples until `n` are left. */
static void
monitor_shorten (LifecycleMonitor *self,
                 guint             n)
{
  guint n_removed;

  if (self->samples->len <= n)
    return;

  n_removed = self->samples->len - n;
  g_ptr_array_remove_range (self->samples, 0, n_removed);
  g_list_model_items_changed (G_LIST_MODEL (self), 0, n_removed, 0);
}

/* Allocates all samples in advance. Otherwise the history that fills up would be growth, and the
 * monitor would detect itself.
 */
static void
monitor_stock_up (LifecycleMonitor *self)
{
  guint n_missing = self->history - MIN (self->history, self->samples->len);

  n_missing = MIN (n_missing, LIFECYCLE_MONITOR_MAX_SPARES);
  if (self->spares->len > n_missing)
    g_ptr_array_set_size (self->spares, (int) n_missing);
  while (self->spares->len < n_missing)
    g_ptr_array_add (self->spares, g_object_new (LIFECYCLE_TYPE_SAMPLE, NULL));
}

/* Returns free memory to the system when the number of entries has fallen to the low-water mark:
 * much that was in use shortly before is likely to be free now.
 */
static void
monitor_trim (LifecycleMonitor *self,
              LifecycleSample  *before,
              LifecycleSample  *now)
{
  if (self->low_water_mark > 0 &&
      before != NULL &&
      before->n_entries > self->low_water_mark &&
      now->n_entries <= self->low_water_mark &&
      lifecycle_usage_trim ())
    {
      self->n_trims++;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_TRIMS]);
    }
}

/* Takes ownership of the sample. Signal handlers may do anything, including taking another sample.
 */
void
lifecycle_monitor_add_sample (LifecycleMonitor *self,
                              LifecycleSample  *sample)
{
  g_autoptr (LifecycleSample) before = NULL;
  g_autoptr (LifecycleSample) now = g_object_ref (sample);

  g_object_ref (self);
  g_set_object (&before, lifecycle_monitor_get_latest (self));

  g_object_freeze_notify (G_OBJECT (self));
  while (self->samples->len >= self->history)
    monitor_shorten (self, self->history - 1);
  g_ptr_array_add (self->samples, sample);
  lifecycle_monitor_review (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LATEST]);
  g_list_model_items_changed (G_LIST_MODEL (self), self->samples->len - 1, 0, 1);
  monitor_trim (self, before, now);
  g_object_thaw_notify (G_OBJECT (self));

  lifecycle_monitor_log (self, now);
  g_signal_emit (self, signals[SIGNAL_SAMPLE], 0, now);
  g_object_unref (self);
}

/* The timer holds only a weak reference to the monitor, because the last reference may be dropped
 * on another thread just before the timer fires.
 */
static gboolean
monitor_timer_cb (gpointer data)
{
  g_autoptr (LifecycleMonitor) self = g_weak_ref_get (data);

  if (self == NULL)
    return G_SOURCE_REMOVE;

  lifecycle_monitor_take_sample (self);

  return G_SOURCE_CONTINUE;
}

static void
monitor_ref_free (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

static void
monitor_stop (LifecycleMonitor *self)
{
  if (self->source != NULL)
    {
      g_source_destroy (self->source);
      g_clear_pointer (&self->source, g_source_unref);
    }
}

static void
monitor_start (LifecycleMonitor *self)
{
  GWeakRef *ref;

  monitor_stop (self);
  if (self->interval == 0)
    return;

  ref = g_new0 (GWeakRef, 1);
  g_weak_ref_init (ref, self);
  self->source = g_timeout_source_new_seconds (self->interval);
  g_source_set_static_name (self->source, "[lifecycle] monitor");
  g_source_set_callback (self->source, monitor_timer_cb, ref, monitor_ref_free);
  g_source_attach (self->source, self->context);
}

static void
lifecycle_monitor_constructed (GObject *object)
{
  LifecycleMonitor *self = LIFECYCLE_MONITOR (object);

  G_OBJECT_CLASS (lifecycle_monitor_parent_class)->constructed (object);

  monitor_stock_up (self);
  monitor_start (self);
}

static void
lifecycle_monitor_dispose (GObject *object)
{
  LifecycleMonitor *self = LIFECYCLE_MONITOR (object);

  self->interval = 0;
  monitor_stop (self);

  G_OBJECT_CLASS (lifecycle_monitor_parent_class)->dispose (object);
}

static void
lifecycle_monitor_finalize (GObject *object)
{
  LifecycleMonitor *self = LIFECYCLE_MONITOR (object);

  g_clear_pointer (&self->samples, g_ptr_array_unref);
  g_clear_pointer (&self->spares, g_ptr_array_unref);
  g_clear_pointer (&self->context, g_main_context_unref);

  G_OBJECT_CLASS (lifecycle_monitor_parent_class)->finalize (object);
}

static void
lifecycle_monitor_get_property (GObject    *object,
                                guint       prop_id,
                                GValue     *value,
                                GParamSpec *pspec)
{
  LifecycleMonitor *self = LIFECYCLE_MONITOR (object);

  switch (prop_id)
    {
    case PROP_INTERVAL:
      g_value_set_uint (value, self->interval);
      break;

    case PROP_HISTORY:
      g_value_set_uint (value, self->history);
      break;

    case PROP_LATEST:
      g_value_set_object (value, lifecycle_monitor_get_latest (self));
      break;

    case PROP_LOW_WATER_MARK:
      g_value_set_uint (value, self->low_water_mark);
      break;

    case PROP_N_TRIMS:
      g_value_set_uint (value, self->n_trims);
      break;

    case PROP_MIN_SAMPLES:
      g_value_set_uint (value, self->min_samples);
      break;

    case PROP_CONFIDENCE:
      g_value_set_double (value, self->confidence);
      break;

    case PROP_TOLERANCE:
      g_value_set_double (value, self->tolerance);
      break;

    case PROP_VERDICT:
      g_value_set_enum (value, self->verdict);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
lifecycle_monitor_set_property (GObject      *object,
                                guint         prop_id,
                                const GValue *value,
                                GParamSpec   *pspec)
{
  LifecycleMonitor *self = LIFECYCLE_MONITOR (object);

  switch (prop_id)
    {
    case PROP_INTERVAL:
      lifecycle_monitor_set_interval (self, g_value_get_uint (value));
      break;

    case PROP_HISTORY:
      lifecycle_monitor_set_history (self, g_value_get_uint (value));
      break;

    case PROP_LOW_WATER_MARK:
      lifecycle_monitor_set_low_water_mark (self, g_value_get_uint (value));
      break;

    case PROP_MIN_SAMPLES:
      lifecycle_monitor_set_min_samples (self, g_value_get_uint (value));
      break;

    case PROP_CONFIDENCE:
      lifecycle_monitor_set_confidence (self, g_value_get_double (value));
      break;

    case PROP_TOLERANCE:
      lifecycle_monitor_set_tolerance (self, g_value_get_double (value));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
lifecycle_monitor_class_init (LifecycleMonitorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = lifecycle_monitor_constructed;
  object_class->dispose = lifecycle_monitor_dispose;
  object_class->finalize = lifecycle_monitor_finalize;
  object_class->get_property = lifecycle_monitor_get_property;
  object_class->set_property = lifecycle_monitor_set_property;

  /**
   * LifecycleMonitor:interval: (attributes org.gtk.Property.get=lifecycle_monitor_get_interval org.gtk.Property.set=lifecycle_monitor_set_interval)
   *
   * The time between two samples, in seconds; 0 to take samples only on request.
   *
   * Since: 1.0
   */
  properties[PROP_INTERVAL] =
    g_param_spec_uint ("interval", NULL, NULL,
                       0, G_MAXUINT, DEFAULT_INTERVAL,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleMonitor:history: (attributes org.gtk.Property.get=lifecycle_monitor_get_history org.gtk.Property.set=lifecycle_monitor_set_history)
   *
   * The number of samples that are kept.
   *
   * Since: 1.0
   */
  properties[PROP_HISTORY] =
    g_param_spec_uint ("history", NULL, NULL,
                       1, G_MAXUINT, DEFAULT_HISTORY,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleMonitor:latest: (attributes org.gtk.Property.get=lifecycle_monitor_get_latest)
   *
   * The latest sample.
   *
   * Since: 1.0
   */
  properties[PROP_LATEST] =
    g_param_spec_object ("latest", NULL, NULL,
                         LIFECYCLE_TYPE_SAMPLE,
                         G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleMonitor:low-water-mark: (attributes org.gtk.Property.get=lifecycle_monitor_get_low_water_mark org.gtk.Property.set=lifecycle_monitor_set_low_water_mark)
   *
   * If the number of entries falls from above this value to this value or less, from one sample to
   * the next, the allocator is asked to return memory to the system; 0 for never.
   *
   * This has an effect with the GNU C library only, where `malloc_trim()` is called. That takes
   * some milliseconds for each 100 MB or so, which is why it is not done all the time.
   *
   * Since: 1.0
   */
  properties[PROP_LOW_WATER_MARK] =
    g_param_spec_uint ("low-water-mark", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleMonitor:n-trims: (attributes org.gtk.Property.get=lifecycle_monitor_get_n_trims)
   *
   * How often memory was returned to the system because of [property@Monitor:low-water-mark].
   *
   * Since: 1.0
   */
  properties[PROP_N_TRIMS] =
    g_param_spec_uint ("n-trims", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleMonitor:min-samples: (attributes org.gtk.Property.get=lifecycle_monitor_get_min_samples org.gtk.Property.set=lifecycle_monitor_set_min_samples)
   *
   * How many samples it takes to reach a verdict.
   *
   * Since: 1.0
   */
  properties[PROP_MIN_SAMPLES] =
    g_param_spec_uint ("min-samples", NULL, NULL,
                       6, G_MAXUINT, DEFAULT_MIN_SAMPLES,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleMonitor:confidence: (attributes org.gtk.Property.get=lifecycle_monitor_get_confidence org.gtk.Property.set=lifecycle_monitor_set_confidence)
   *
   * The confidence level of the growth interval that [method@Monitor.get_growth] returns.
   *
   * Since: 1.0
   */
  properties[PROP_CONFIDENCE] =
    g_param_spec_double ("confidence", NULL, NULL,
                         0.5, 0.9999, DEFAULT_CONFIDENCE,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleMonitor:tolerance: (attributes org.gtk.Property.get=lifecycle_monitor_get_tolerance org.gtk.Property.set=lifecycle_monitor_set_tolerance)
   *
   * The hourly growth, as a fraction of the size, that still counts as steady: 0.01 is one percent.
   *
   * Since: 1.0
   */
  properties[PROP_TOLERANCE] =
    g_param_spec_double ("tolerance", NULL, NULL,
                         0, G_MAXDOUBLE, DEFAULT_TOLERANCE,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * LifecycleMonitor:verdict: (attributes org.gtk.Property.get=lifecycle_monitor_get_verdict)
   *
   * The verdict on all metrics together: [enum@Verdict.growing] if at least one metric grows,
   * [enum@Verdict.steady] if all are steady, and [enum@Verdict.unknown] otherwise.
   *
   * Since: 1.0
   */
  properties[PROP_VERDICT] =
    g_param_spec_enum ("verdict", NULL, NULL,
                       LIFECYCLE_TYPE_VERDICT,
                       LIFECYCLE_VERDICT_UNKNOWN,
                       G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * LifecycleMonitor::sample:
   * @self: the monitor
   * @sample: the sample
   *
   * Emitted when a sample has been taken. By then, the sample is in the list, and the verdict is
   * up to date.
   *
   * Since: 1.0
   */
  signals[SIGNAL_SAMPLE] =
    g_signal_new ("sample",
                  LIFECYCLE_TYPE_MONITOR,
                  G_SIGNAL_RUN_LAST,
                  0,
                  NULL, NULL,
                  NULL,
                  G_TYPE_NONE, 1, LIFECYCLE_TYPE_SAMPLE);
}

static void
lifecycle_monitor_init (LifecycleMonitor *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->samples = g_ptr_array_new_with_free_func (g_object_unref);
  self->spares = g_ptr_array_new_with_free_func (g_object_unref);
  self->interval = DEFAULT_INTERVAL;
  self->history = DEFAULT_HISTORY;
  self->min_samples = DEFAULT_MIN_SAMPLES;
  self->confidence = DEFAULT_CONFIDENCE;
  self->tolerance = DEFAULT_TOLERANCE;
}

/**
 * lifecycle_monitor_new:
 *
 * Creates a monitor that takes a sample every five minutes and keeps the samples of the last day.
 *
 * The monitor belongs to the thread-default main context of the calling thread. The first sample is
 * taken when the interval has passed, or when [method@Monitor.take_sample] is called.
 *
 * Returns: (transfer full): a new monitor
 *
 * Since: 1.0
 */
LifecycleMonitor *
lifecycle_monitor_new (void)
{
  return g_object_new (LIFECYCLE_TYPE_MONITOR, NULL);
}

/**
 * lifecycle_monitor_take_sample:
 * @self: a monitor
 *
 * Takes a sample now, in addition to those that the timer takes.
 *
 * Returns: (transfer none): the latest sample
 *
 * Since: 1.0
 */
LifecycleSample *
lifecycle_monitor_take_sample (LifecycleMonitor *self)
{
  LifecycleSample *sample;

  g_return_val_if_fail (LIFECYCLE_IS_MONITOR (self), NULL);

  if (self->spares->len > 0)
    sample = g_ptr_array_steal_index_fast (self->spares, self->spares->len - 1);
  else
    sample = g_object_new (LIFECYCLE_TYPE_SAMPLE, NULL);
  lifecycle_sample_fill (sample, NULL);
  lifecycle_monitor_add_sample (self, sample);

  /* A signal handler may have taken another sample, and this one may have been removed. */
  return lifecycle_monitor_get_latest (self);
}

/**
 * lifecycle_monitor_get_interval: (attributes org.gtk.Method.get_property=interval)
 * @self: a monitor
 *
 * Gets the time between two samples.
 *
 * Returns: the interval, in seconds, or 0 if samples are taken only on request
 *
 * Since: 1.0
 */
guint
lifecycle_monitor_get_interval (LifecycleMonitor *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_MONITOR (self), 0);

  return self->interval;
}

/**
 * lifecycle_monitor_set_interval: (attributes org.gtk.Method.set_property=interval)
 * @self: a monitor
 * @interval: the interval, in seconds, or 0 to take samples only on request
 *
 * Sets the time between two samples.
 *
 * A new interval begins now.
 *
 * Since: 1.0
 */
void
lifecycle_monitor_set_interval (LifecycleMonitor *self,
                                guint             interval)
{
  g_return_if_fail (LIFECYCLE_IS_MONITOR (self));

  if (self->interval == interval)
    return;

  self->interval = interval;
  monitor_start (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_INTERVAL]);
}

/**
 * lifecycle_monitor_get_history: (attributes org.gtk.Method.get_property=history)
 * @self: a monitor
 *
 * Gets the number of samples that are kept.
 *
 * Returns: the number of samples
 *
 * Since: 1.0
 */
guint
lifecycle_monitor_get_history (LifecycleMonitor *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_MONITOR (self), 0);

  return self->history;
}

/**
 * lifecycle_monitor_set_history: (attributes org.gtk.Method.set_property=history)
 * @self: a monitor
 * @history: the number of samples, at least 1
 *
 * Sets the number of samples that are kept.
 *
 * If there are more, the oldest are removed.
 *
 * Since: 1.0
 */
void
lifecycle_monitor_set_history (LifecycleMonitor *self,
                               guint             history)
{
  g_return_if_fail (LIFECYCLE_IS_MONITOR (self));
  g_return_if_fail (history >= 1);

  if (self->history == history)
    return;

  self->history = history;
  g_object_freeze_notify (G_OBJECT (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_HISTORY]);
  monitor_shorten (self, history);
  monitor_stock_up (self);
  lifecycle_monitor_review (self);
  g_object_thaw_notify (G_OBJECT (self));
}

/**
 * lifecycle_monitor_get_latest: (attributes org.gtk.Method.get_property=latest)
 * @self: a monitor
 *
 * Gets the latest sample.
 *
 * Returns: (transfer none) (nullable): the sample, or %NULL if there is none yet
 *
 * Since: 1.0
 */
LifecycleSample *
lifecycle_monitor_get_latest (LifecycleMonitor *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_MONITOR (self), NULL);

  if (self->samples->len == 0)
    return NULL;

  return g_ptr_array_index (self->samples, self->samples->len - 1);
}

/**
 * lifecycle_monitor_get_low_water_mark: (attributes org.gtk.Method.get_property=low-water-mark)
 * @self: a monitor
 *
 * Gets the number of entries at which memory is returned to the system; see
 * [property@Monitor:low-water-mark].
 *
 * Returns: the number of entries, or 0 for never
 *
 * Since: 1.0
 */
guint
lifecycle_monitor_get_low_water_mark (LifecycleMonitor *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_MONITOR (self), 0);

  return self->low_water_mark;
}

/**
 * lifecycle_monitor_set_low_water_mark: (attributes org.gtk.Method.set_property=low-water-mark)
 * @self: a monitor
 * @low_water_mark: the number of entries, or 0 for never
 *
 * Sets the number of entries at which memory is returned to the system; see
 * [property@Monitor:low-water-mark].
 *
 * Since: 1.0
 */
void
lifecycle_monitor_set_low_water_mark (LifecycleMonitor *self,
                                      guint             low_water_mark)
{
  g_return_if_fail (LIFECYCLE_IS_MONITOR (self));

  if (self->low_water_mark == low_water_mark)
    return;

  self->low_water_mark = low_water_mark;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOW_WATER_MARK]);
}

/**
 * lifecycle_monitor_get_n_trims: (attributes org.gtk.Method.get_property=n-trims)
 * @self: a monitor
 *
 * Gets how often memory was returned to the system because of [property@Monitor:low-water-mark].
 *
 * Returns: the number of times
 *
 * Since: 1.0
 */
guint
lifecycle_monitor_get_n_trims (LifecycleMonitor *self)
{
  g_return_val_if_fail (LIFECYCLE_IS_MONITOR (self), 0);

  return self->n_trims;
}
