/* timeouts-before.c: a class that removes its timeouts by hand
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "migration.h"

#define VIEW_TYPE (view_get_type ())
G_DECLARE_FINAL_TYPE (View, view, SAMPLE, VIEW, GObject)

struct _View
{
  GObject parent_instance;

  guint   tick_id;
  guint   idle_id;
  guint   save_id;
  guint   poll_id;
  guint   long_id;
  guint   longer_id;
};

G_DEFINE_FINAL_TYPE (View, view, G_TYPE_OBJECT)

static gboolean
tick_cb (gpointer user_data)
{
  sample_called (user_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
once_cb (gpointer user_data)
{
  View *self = user_data;

  sample_called (self);
  self->idle_id = 0;
  return G_SOURCE_REMOVE;
}

static gboolean
save_cb (gpointer user_data)
{
  View *self = user_data;

  sample_called (self);
  self->save_id = 0;
  return G_SOURCE_REMOVE;
}

static void
view_changed (View *self)
{
  g_clear_handle_id (&self->save_id, g_source_remove);
  self->save_id = g_timeout_add (2, save_cb, self);
}

static void
view_set_polling (View     *self,
                  gboolean  polling)
{
  if (polling && self->poll_id == 0)
    self->poll_id = g_timeout_add (1, tick_cb, self);
  else if (!polling && self->poll_id != 0)
    {
      g_source_remove (self->poll_id);
      self->poll_id = 0;
    }
}

static void
view_dispose (GObject *object)
{
  View *self = SAMPLE_VIEW (object);

  if (self->tick_id > 0)
    g_source_remove (self->tick_id);
  self->tick_id = 0;
  g_clear_handle_id (&self->idle_id, g_source_remove);
  g_clear_handle_id (&self->save_id, g_source_remove);
  g_clear_handle_id (&self->poll_id, g_source_remove);
  g_clear_handle_id (&self->long_id, g_source_remove);
  g_clear_handle_id (&self->longer_id, g_source_remove);

  G_OBJECT_CLASS (view_parent_class)->dispose (object);
}

static void
view_class_init (ViewClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = view_dispose;
}

static void
view_init (View *self)
{
  self->tick_id = g_timeout_add (1, tick_cb, self);
  self->idle_id = g_idle_add (once_cb, self);
  self->long_id = g_timeout_add_seconds (3600, tick_cb, self);
  self->longer_id = g_timeout_add_seconds (g_random_int_range (3600, 7200), tick_cb, self);
  view_changed (self);
  view_changed (self);
  view_set_polling (self, TRUE);
  view_set_polling (self, FALSE);
  view_set_polling (self, TRUE);
}

int
main (void)
{
  return sample_run (VIEW_TYPE, 10);
}
