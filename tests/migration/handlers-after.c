/* handlers-after.c: handlers-before.c, converted to scopes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "migration.h"

#include <lifecycle.h>

#define WINDOW_TYPE (window_get_type ())
G_DECLARE_FINAL_TYPE (Window, window, SAMPLE, WINDOW, GObject)

struct _Window
{
  GObject parent_instance;

  GListStore *settings;
  gulong      blocked_id;
};

G_DEFINE_FINAL_TYPE (Window, window, G_TYPE_OBJECT)

static void
changed_cb (GListModel *settings,
            guint       position,
            guint       removed,
            guint       added,
            gpointer    user_data)
{
  sample_called (user_data);
}

static void
swapped_cb (Window *self)
{
  sample_called (self);
}

static void
window_block (Window *self)
{
  g_signal_handler_block (self->settings, self->blocked_id);
}

static void
window_dispose (GObject *object)
{
  Window *self = SAMPLE_WINDOW (object);

  g_clear_object (&self->settings);

  G_OBJECT_CLASS (window_parent_class)->dispose (object);
}

static void
window_finalize (GObject *object)
{
  G_OBJECT_CLASS (window_parent_class)->finalize (object);
}

static void
window_class_init (WindowClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = window_dispose;
  G_OBJECT_CLASS (klass)->finalize = window_finalize;
}

static void
window_init (Window *self)
{
  self->settings = g_object_ref (sample_settings ());

  lifecycle_scope_connect_signal (lifecycle_scope_of (G_OBJECT (self)), self->settings,
                                  "items-changed", G_CALLBACK (changed_cb), self);
  lifecycle_scope_connect_full (lifecycle_scope_of (G_OBJECT (self)), self->settings,
                                "items-changed", G_CALLBACK (swapped_cb), self, NULL,
                                LIFECYCLE_CONNECT_SWAPPED);
  self->blocked_id = lifecycle_scope_connect_full (
      lifecycle_scope_of (G_OBJECT (self)), self->settings, "items-changed",
      G_CALLBACK (changed_cb), self, NULL, LIFECYCLE_CONNECT_AFTER);
  lifecycle_scope_connect_signal (lifecycle_scope_of (G_OBJECT (self)), sample_settings (),
                                  "items-changed", G_CALLBACK (changed_cb), self);
  window_block (self);
}

int
main (void)
{
  return sample_run (WINDOW_TYPE, 3);
}
