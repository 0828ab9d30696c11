/* stops-after.c: stops-before.c, converted to scopes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "migration.h"

#include <lifecycle.h>

#define BLINKER_TYPE (blinker_get_type ())
G_DECLARE_FINAL_TYPE (Blinker, blinker, SAMPLE, BLINKER, GObject)

struct _Blinker
{
  GObject parent_instance;
  guint   busy_id;
};

G_DEFINE_FINAL_TYPE (Blinker, blinker, G_TYPE_OBJECT)

/* No object: nothing is known about when it ends. */
typedef struct _Torch
{
  guint blink_id;
} Torch;

static gboolean
blink_cb (gpointer user_data)
{
  sample_called (user_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
hint_cb (gpointer user_data)
{
  Blinker *self = user_data;

  sample_called (self);
  return G_SOURCE_REMOVE;
}

static gboolean
never_cb (gpointer user_data)
{
  g_assert_not_reached ();
  return G_SOURCE_REMOVE;
}

static void
blinker_start (Blinker *self)
{
  lifecycle_scope_add_timeout (
      lifecycle_scope_renew_child (lifecycle_scope_of (G_OBJECT (self)), "stops-after.blink_id"), 1,
      blink_cb, self, NULL);
}

static void
blinker_stop (Blinker *self)
{
  lifecycle_scope_clear (
      lifecycle_scope_get_child (lifecycle_scope_of (G_OBJECT (self)), "stops-after.blink_id"));
  lifecycle_scope_clear (
      lifecycle_scope_get_child (lifecycle_scope_of (G_OBJECT (self)), "stops-after.hint_id"));
}

static void
blinker_hint (Blinker *self)
{
  lifecycle_scope_add_idle (
      lifecycle_scope_renew_child (lifecycle_scope_of (G_OBJECT (self)), "stops-after.hint_id"),
      hint_cb, self, NULL);
}

static void
blinker_dim (Blinker  *self,
             gboolean  soon)
{
  lifecycle_scope_clear (
      lifecycle_scope_get_child (lifecycle_scope_of (G_OBJECT (self)), "stops-after.dim_id"));
  if (soon)
    lifecycle_scope_add_timeout (
        lifecycle_scope_renew_child (lifecycle_scope_of (G_OBJECT (self)), "stops-after.dim_id"),
        1000 * 3600, never_cb, self, NULL);
}

static void
blinker_work (Blinker *self)
{
  if (self->busy_id == 0)
    self->busy_id = g_timeout_add (2, blink_cb, self);
}

static void
blinker_rest (Blinker *self)
{
  g_clear_handle_id (&self->busy_id, g_source_remove);
}

static void
torch_start (Torch *torch)
{
  torch->blink_id = g_timeout_add_seconds (3600, never_cb, torch);
}

static void
torch_stop (Torch *torch)
{
  g_clear_handle_id (&torch->blink_id, g_source_remove);
}

static void
blinker_dispose (GObject *object)
{
  Blinker *self = SAMPLE_BLINKER (object);

  blinker_rest (self);

  G_OBJECT_CLASS (blinker_parent_class)->dispose (object);
}

static void
blinker_class_init (BlinkerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = blinker_dispose;
}

static void
blinker_init (Blinker *self)
{
  Torch torch = { 0 };

  torch_start (&torch);
  torch_stop (&torch);

  blinker_start (self);
  blinker_hint (self);
  blinker_stop (self);
  blinker_dim (self, TRUE);
  blinker_dim (self, FALSE);
  blinker_dim (self, TRUE);
  blinker_work (self);
  blinker_start (self);
  blinker_hint (self);
  blinker_hint (self);
}

int
main (void)
{
  return sample_run (BLINKER_TYPE, 10);
}
