/* timeouts-after.c: timeouts-before.c, converted to scopes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "migration.h"

#include <lifecycle.h>

#define VIEW_TYPE (view_get_type ())
G_DECLARE_FINAL_TYPE (View, view, SAMPLE, VIEW, GObject)

struct _View
{
  GObject parent_instance;
  guint   poll_id;
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
  return G_SOURCE_REMOVE;
}

static gboolean
save_cb (gpointer user_data)
{
  View *self = user_data;

  sample_called (self);
  return G_SOURCE_REMOVE;
}

static void
view_changed (View *self)
{
  lifecycle_scope_add_timeout (
      lifecycle_scope_renew_child (lifecycle_scope_of (G_OBJECT (self)), "timeouts-after.save_id"),
      2, save_cb, self, NULL);
}

static void
view_set_polling (View     *self,
                  gboolean  polling)
{
  if (polling && self->poll_id == 0)
    {
      self->poll_id = g_timeout_add (1, tick_cb, self);
      lifecycle_scope_add_source (lifecycle_scope_of (G_OBJECT (self)),
                                  g_main_context_find_source_by_id (NULL, self->poll_id));
    }
  else if (!polling && self->poll_id != 0)
    {
      g_source_remove (self->poll_id);
      self->poll_id = 0;
    }
}

static void
view_dispose (GObject *object)
{
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
  lifecycle_scope_add_timeout (lifecycle_scope_of (G_OBJECT (self)), 1, tick_cb, self, NULL);
  lifecycle_scope_add_idle (lifecycle_scope_of (G_OBJECT (self)), once_cb, self, NULL);
  lifecycle_scope_add_timeout (lifecycle_scope_of (G_OBJECT (self)), 1000 * 3600, tick_cb, self,
                               NULL);
  lifecycle_scope_add_timeout (lifecycle_scope_of (G_OBJECT (self)),
                               1000 * (g_random_int_range (3600, 7200)), tick_cb, self, NULL);
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
