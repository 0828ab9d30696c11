/* stops-before.c: a class that stops its timeouts at other times than the end of its objects
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "migration.h"

#define BLINKER_TYPE (blinker_get_type ())
G_DECLARE_FINAL_TYPE (Blinker, blinker, SAMPLE, BLINKER, GObject)

struct _Blinker
{
  GObject parent_instance;

  guint   blink_id;
  guint   hint_id;
  guint   dim_id;
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
  self->hint_id = 0;
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
  self->blink_id = g_timeout_add (1, blink_cb, self);
  g_source_set_name_by_id (self->blink_id, "blink");
}

static void
blinker_stop (Blinker *self)
{
  g_clear_handle_id (&self->blink_id, g_source_remove);
  if (self->hint_id != 0)
    {
      g_source_remove (self->hint_id);
      self->hint_id = 0;
    }
}

static void
blinker_hint (Blinker *self)
{
  g_clear_handle_id (&self->hint_id, g_source_remove);
  self->hint_id = g_idle_add (hint_cb, self);
}

static void
blinker_dim (Blinker  *self,
             gboolean  soon)
{
  g_clear_handle_id (&self->dim_id, g_source_remove);
  if (soon)
    self->dim_id = g_timeout_add_seconds (3600, never_cb, self);
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

  g_clear_handle_id (&self->blink_id, g_source_remove);
  g_clear_handle_id (&self->hint_id, g_source_remove);
  g_clear_handle_id (&self->dim_id, g_source_remove);
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
