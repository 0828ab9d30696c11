/* lifecycle-inspect-history.c: scopes that have closed, and numbers over time
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-describe-private.h"
#include "lifecycle-enums.h"
#include "lifecycle-inspect-private.h"
#include "lifecycle-leaks.h"
#include "lifecycle-modules-private.h"
#include "lifecycle-observer-private.h"
#include "lifecycle-statistics.h"
#include "lifecycle-usage-private.h"

/* How many closed scopes are remembered. */
#define MAX_CLOSED 2000

/* When there are this many samples, every second one is dropped, and from then on they are taken half
 * as often: the samples always span the whole time.
 */
#define MAX_SAMPLES 480
#define FIRST_INTERVAL 500      /* ms */

/* To count takes longer if there are many scopes. It must not take more than this part of the time.
 */
#define MAX_LOAD 500            /* one part of this many */

typedef struct
{
  char            *path;
  char            *detail;
  const char      *place;       /* never freed */
  gint64           opened;      /* ms since the Epoch */
  gint64           closed;
  guint64          duration;    /* µs */
  guint            n_released;
  LifecycleReason  reason;
} ClosedScope;

typedef struct
{
  gint64  time;                 /* ms since the Epoch */
  guint   n_scopes;
  guint   n_entries;
  guint   n_handlers;
  guint   n_overdue;
  guint64 rss;
} HistorySample;

static struct
{
  GMutex        lock;           /* taken alone */
  gboolean      on;
  ClosedScope  *closed;         /* a ring */
  guint         first;
  guint         n_closed;
  guint64       n_forgotten;

  /* These are for the thread of the inspection. */
  GArray       *samples;
  GSource      *timer;
  guint         interval;       /* ms */
} history;

static void
closed_scope_clear (ClosedScope *self)
{
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->detail, g_free);
}

static void
history_scope_closed (LifecycleScope *scope,
                      guint64         duration)
{
  gint64 now = g_get_real_time () / 1000;
  guint32 age = lifecycle_entry_clock () - scope->as_child.added;
  ClosedScope closed = {
    .place = lifecycle_entry_get_place (&scope->as_child),
    .opened = now - ((gint32) age > 0 ? (gint64) age * 100 : 0),
    .closed = now,
    .duration = duration,
    .n_released = scope->n_released,
    .reason = scope->reason,
  };

  closed.path = lifecycle_scope_get_path (scope);
  closed.detail = g_strdup (lifecycle_scope_get_reason_detail (scope));

  g_mutex_lock (&history.lock);
  if (history.on)
    {
      ClosedScope *slot = &history.closed[(history.first + history.n_closed) % MAX_CLOSED];
      ClosedScope oldest = { 0, };

      if (history.n_closed == MAX_CLOSED)
        {
          oldest = *slot;
          history.first = (history.first + 1) % MAX_CLOSED;
          history.n_forgotten++;
        }
      else
        {
          history.n_closed++;
        }
      *slot = closed;
      closed = oldest;
    }
  g_mutex_unlock (&history.lock);

  closed_scope_clear (&closed);
}

void
lifecycle_history_observe (void)
{
  static const LifecycleObserver observer = {
    .scope_closed = history_scope_closed,
  };

  lifecycle_add_observer (&observer);
}

static void
thin_out (void)
{
  for (guint i = 0; i < history.samples->len / 2; i++)
    g_array_index (history.samples, HistorySample, i) =
      g_array_index (history.samples, HistorySample, 2 * i + 1);
  g_array_set_size (history.samples, history.samples->len / 2);
  history.interval *= 2;
}

static gboolean history_sample_cb (gpointer data);

static void
arm (GMainContext *context,
     guint         interval)
{
  history.timer = g_timeout_source_new (interval);
  g_source_set_static_name (history.timer, "Lifecycle inspect");
  g_source_set_callback (history.timer, history_sample_cb, context, NULL);
  g_source_attach (history.timer, context);
}

static gboolean
history_sample_cb (gpointer data)
{
  gint64 before = g_get_monotonic_time ();
  g_autoptr (LifecycleStatistics) statistics = lifecycle_get_statistics ();
  HistorySample sample = {
    .time = g_get_real_time () / 1000,
    .n_scopes = lifecycle_statistics_get_n_scopes (statistics),
    .n_entries = lifecycle_statistics_get_total_live (statistics),
    .n_handlers = lifecycle_statistics_get_live (statistics, LIFECYCLE_KIND_HANDLER),
    .n_overdue = lifecycle_get_n_overdue (),
    .rss = lifecycle_usage_get_rss (),
  };

  g_array_append_val (history.samples, sample);
  if (history.samples->len >= MAX_SAMPLES ||
      (g_get_monotonic_time () - before) * MAX_LOAD / 1000 > history.interval)
    thin_out ();

  g_clear_pointer (&history.timer, g_source_unref);
  arm (data, history.interval);

  return G_SOURCE_REMOVE;
}

/* Called before the thread starts. */
void
lifecycle_history_start (GMainContext *context)
{
  g_mutex_lock (&history.lock);
  history.closed = g_new0 (ClosedScope, MAX_CLOSED);
  history.first = history.n_closed = 0;
  history.n_forgotten = 0;
  history.on = TRUE;
  g_mutex_unlock (&history.lock);

  history.samples = g_array_new (FALSE, FALSE, sizeof (HistorySample));
  history.interval = FIRST_INTERVAL;
  arm (context, 0);
}

void
lifecycle_history_stop (void)
{
  g_source_destroy (history.timer);
  g_clear_pointer (&history.timer, g_source_unref);
  g_clear_pointer (&history.samples, g_array_unref);

  g_mutex_lock (&history.lock);
  history.on = FALSE;
  for (guint i = 0; i < MAX_CLOSED; i++)
    closed_scope_clear (&history.closed[i]);
  g_clear_pointer (&history.closed, g_free);
  g_mutex_unlock (&history.lock);
}

static GVariant *
list_closed (void)
{
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < history.n_closed; i++)
    {
      ClosedScope *scope = &history.closed[(history.first + i) % MAX_CLOSED];
      GVariantBuilder dict;

      g_variant_builder_init (&dict, G_VARIANT_TYPE_VARDICT);
      lifecycle_dict_add_string (&dict, "path", scope->path);
      lifecycle_dict_add_string (&dict, "place", scope->place);
      g_variant_builder_add (&dict, "{sv}", "opened", g_variant_new_int64 (scope->opened));
      g_variant_builder_add (&dict, "{sv}", "closed", g_variant_new_int64 (scope->closed));
      lifecycle_dict_add_string (&dict, "reason",
                                 lifecycle_enum_get_nick (LIFECYCLE_TYPE_REASON, (int) scope->reason));
      lifecycle_dict_add_string (&dict, "detail", scope->detail);
      g_variant_builder_add (&dict, "{sv}", "released", g_variant_new_uint32 (scope->n_released));
      g_variant_builder_add (&dict, "{sv}", "duration", g_variant_new_uint64 (scope->duration));
      g_variant_builder_add_value (&list, g_variant_builder_end (&dict));
    }

  return g_variant_builder_end (&list);
}

/* Returns a dictionary. */
GVariant *
lifecycle_history_get (void)
{
  GVariantBuilder dict, samples;

  g_variant_builder_init (&dict, G_VARIANT_TYPE_VARDICT);

  g_mutex_lock (&history.lock);
  g_variant_builder_add (&dict, "{sv}", "closed", list_closed ());
  g_variant_builder_add (&dict, "{sv}", "dropped", g_variant_new_uint64 (history.n_forgotten));
  g_mutex_unlock (&history.lock);

  g_variant_builder_init (&samples, G_VARIANT_TYPE ("a(xuuuut)"));
  for (guint i = 0; i < history.samples->len; i++)
    {
      HistorySample *sample = &g_array_index (history.samples, HistorySample, i);

      g_variant_builder_add (&samples, "(xuuuut)", sample->time, sample->n_scopes, sample->n_entries,
                             sample->n_handlers, sample->n_overdue, sample->rss);
    }
  g_variant_builder_add (&dict, "{sv}", "samples", g_variant_builder_end (&samples));
  g_variant_builder_add (&dict, "{sv}", "interval", g_variant_new_uint32 (history.interval));

  return g_variant_builder_end (&dict);
}
