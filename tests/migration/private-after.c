/* private-after.c: private-before.c, converted to scopes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "migration.h"

#include <lifecycle.h>

#define GAUGE_TYPE (gauge_get_type ())
G_DECLARE_DERIVABLE_TYPE (Gauge, gauge, SAMPLE, GAUGE, GObject)

struct _GaugeClass
{
  GObjectClass parent_class;
};

G_DEFINE_TYPE (Gauge, gauge, G_TYPE_OBJECT)

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

  sample_called (self);
  g_list_store_append (sample_settings (), sample_settings ());
  return G_SOURCE_REMOVE;
}

static void
gauge_hold (Gauge *self)
{
  lifecycle_scope_clear (
      lifecycle_scope_get_child (lifecycle_scope_of (G_OBJECT (self)), "private-after.slow_id"));
}

static void
gauge_dispose (GObject *object)
{
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
  lifecycle_scope_connect_signal (lifecycle_scope_of (G_OBJECT (self)), sample_settings (),
                                  "items-changed", G_CALLBACK (changed_cb), self);
  lifecycle_scope_add_idle (lifecycle_scope_of (G_OBJECT (self)), idle_cb, self, NULL);
  lifecycle_scope_add_timeout (lifecycle_scope_of (G_OBJECT (self)), 1, poll_cb, self, NULL);
  lifecycle_scope_add_timeout (
      lifecycle_scope_renew_child (lifecycle_scope_of (G_OBJECT (self)), "private-after.slow_id"),
      1, poll_cb, self, NULL);
  gauge_hold (self);
}

int
main (void)
{
  return sample_run (GAUGE_TYPE, 10);
}
