/* private-before.c: a class that keeps its ids in private data
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "migration.h"

#define GAUGE_TYPE (gauge_get_type ())
G_DECLARE_DERIVABLE_TYPE (Gauge, gauge, SAMPLE, GAUGE, GObject)

struct _GaugeClass
{
  GObjectClass parent_class;
};

typedef struct _GaugePrivate
{
  gulong changed_id;
  guint  idle_id;
  guint  poll_id;
  guint  slow_id;
} GaugePrivate;

G_DEFINE_TYPE_WITH_PRIVATE (Gauge, gauge, G_TYPE_OBJECT)

static void
changed_cb (GListModel *model,
            guint       position,
            guint       removed,
            guint       added,
            gpointer    user_data)
{
  sample_called (user_data);
}

static gboolean
poll_cb (gpointer user_data)
{
  sample_called (user_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
idle_cb (gpointer user_data)
{
  Gauge *self = user_data;
  GaugePrivate *priv = gauge_get_instance_private (self);

  sample_called (self);
  priv->idle_id = 0;
  g_list_store_append (sample_settings (), sample_settings ());
  return G_SOURCE_REMOVE;
}

static void
gauge_hold (Gauge *self)
{
  GaugePrivate *priv = gauge_get_instance_private (self);

  g_clear_handle_id (&priv->slow_id, g_source_remove);
}

static void
gauge_dispose (GObject *object)
{
  Gauge *self = SAMPLE_GAUGE (object);
  GaugePrivate *priv = gauge_get_instance_private (self);

  g_clear_signal_handler (&priv->changed_id, sample_settings ());
  g_clear_handle_id (&priv->idle_id, g_source_remove);
  g_clear_handle_id (&priv->poll_id, g_source_remove);
  g_clear_handle_id (&priv->slow_id, g_source_remove);

  G_OBJECT_CLASS (gauge_parent_class)->dispose (object);
}

static void
gauge_class_init (GaugeClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = gauge_dispose;
}

static void
gauge_init (Gauge *self)
{
  GaugePrivate *priv = gauge_get_instance_private (self);

  priv->changed_id = g_signal_connect (sample_settings (), "items-changed", G_CALLBACK (changed_cb), self);
  priv->idle_id = g_idle_add (idle_cb, self);
  priv->poll_id = g_timeout_add (1, poll_cb, self);
  priv->slow_id = g_timeout_add (1, poll_cb, self);
  gauge_hold (self);
}

int
main (void)
{
  return sample_run (GAUGE_TYPE, 10);
}
