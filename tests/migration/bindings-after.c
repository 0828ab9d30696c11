/* bindings-after.c: bindings-before.c, converted to scopes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "migration.h"

#include <lifecycle.h>

#define ROW_TYPE (row_get_type ())
G_DECLARE_FINAL_TYPE (Row, row, SAMPLE, ROW, GObject)

struct _Row
{
  GObject parent_instance;

  GSimpleAction *first;
  GSimpleAction *second;
};

G_DEFINE_FINAL_TYPE (Row, row, G_TYPE_OBJECT)

static void
notify_cb (GObject    *object,
           GParamSpec *pspec,
           Row        *self)
{
  sample_called (self);
}

static void
row_dispose (GObject *object)
{
  Row *self = SAMPLE_ROW (object);

  g_clear_object (&self->first);
  g_clear_object (&self->second);

  G_OBJECT_CLASS (row_parent_class)->dispose (object);
}

static void
row_class_init (RowClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = row_dispose;
}

static gboolean
change_cb (gpointer action)
{
  g_simple_action_set_enabled (action, FALSE);
  return G_SOURCE_REMOVE;
}

static void
row_init (Row *self)
{
  self->first = g_simple_action_new ("first", NULL);
  self->second = g_simple_action_new ("second", NULL);
  lifecycle_scope_bind (lifecycle_scope_of (G_OBJECT (self)), G_OBJECT (self->first), "enabled",
                        G_OBJECT (self->second), "enabled", G_BINDING_SYNC_CREATE);
  lifecycle_scope_connect_signal (lifecycle_scope_of (G_OBJECT (self)), self->second,
                                  "notify::enabled", G_CALLBACK (notify_cb), self);

  g_idle_add_full (G_PRIORITY_DEFAULT, change_cb, g_object_ref (self->first), g_object_unref);
}

int
main (void)
{
  return sample_run (ROW_TYPE, 1);
}
