/* fuzz-resources.c: bindings, file monitors and temporary files
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-operations-private.h"

#include <glib/gstdio.h>
#include <stdlib.h>

/* A monitor that watches nothing: what counts is whether it is cancelled. */

typedef struct
{
  GFileMonitor parent_instance;
} FuzzMonitor;

typedef struct
{
  GFileMonitorClass parent_class;
} FuzzMonitorClass;

GType fuzz_monitor_get_type (void);

G_DEFINE_TYPE (FuzzMonitor, fuzz_monitor, G_TYPE_FILE_MONITOR)

static gboolean
fuzz_monitor_cancel (GFileMonitor *monitor)
{
  return TRUE;
}

static void
fuzz_monitor_class_init (FuzzMonitorClass *klass)
{
  G_FILE_MONITOR_CLASS (klass)->cancel = fuzz_monitor_cancel;
}

static void
fuzz_monitor_init (FuzzMonitor *self)
{
}

static void
monitor_cancelled_cb (GFileMonitor *monitor,
                      GParamSpec   *pspec,
                      gpointer      data)
{
  WorldToken *token = data;

  model_call_monitor (token->number);
  world_trace ("monitor %d is cancelled", token->number);
  world_compare ();
  world_script (token->script);
  model_returned (false);
}

/* Files. Those of a run have the numbers of the things. */

static char *folder;

static void
remove_folder (void)
{
  g_rmdir (folder);
}

static char *
get_path (int number)
{
  char name[16];

  if (folder == NULL)
    {
      folder = g_dir_make_tmp ("lifecycle-fuzz-XXXXXX", NULL);
      atexit (remove_folder);
    }
  g_snprintf (name, sizeof name, "%d", number);

  return g_build_filename (folder, name, NULL);
}

gboolean
world_is_there (int number)
{
  g_autofree char *path = get_path (number);

  return g_access (path, F_OK) == 0;
}

/* What can be seen of them. */
void
world_compare_resource (int number)
{
  const ModelThing *thing = &model.things[number];
  WorldToken *token = &world.tokens[number];
  int expected;

  if (thing->kind == MODEL_BINDING && model_find_addition (number) < 0)
    {
      expected = model_is_bound (number);
      if (expected >= 0 && (token->address != NULL) != expected)
        world_differ ("bound", "binding %d is %s", number, expected ? "gone" : "still there");
      if (token->has_data && expected >= 0 && token->n_freed != !expected)
        world_differ ("data", "the data of binding %d was freed %d times", number, token->n_freed);
    }

  /* That it is not gone too early is seen when something else is released. */
  if (thing->kind == MODEL_FILE && model.n_frames == 0 && !thing->live && token->held)
    {
      token->held = FALSE;
      if (world_is_there (number))
        world_differ ("file", "file %d is still there", number);
    }

  if (thing->kind == MODEL_MONITOR && model.n_frames == 0)
    {
      guint n_refs = token->address != NULL ? G_OBJECT (token->address)->ref_count : 0;

      if (n_refs != (guint) token->held + thing->live)
        world_differ ("references", "monitor %d has %u references", number, n_refs);
    }
}

/* Whatever the user still has of them goes. */
void
world_end_resources (void)
{
  for (int i = 0; i < model.n_things; i++)
    {
      WorldToken *token = &world.tokens[i];

      if (model.things[i].kind == MODEL_MONITOR && token->held)
        {
          token->held = FALSE;
          g_object_unref (token->address);
        }
      g_clear_object (&token->target);
      if (token->has_data && token->n_freed != 1)
        world_differ ("data", "the data of binding %d was freed %d times", i, token->n_freed);
      if ((model.things[i].kind == MODEL_MONITOR || model.things[i].kind == MODEL_BINDING) &&
          token->address != NULL)
        world_differ ("left", "thing %d has not been finalized", i);
      if (model.things[i].kind == MODEL_FILE && !model.things[i].late && world_is_there (i))
        world_differ ("left", "file %d is still there", i);
    }
}

/* Operations */

static int
pick_live (guint8    byte,
           ModelKind kind)
{
  int n = 0;

  for (int i = 0; i < model.n_things; i++)
    n += model.things[i].kind == kind && model.things[i].live;
  if (n == 0)
    return MODEL_NONE;

  n = byte % n;
  for (int i = 0;; i++)
    if (model.things[i].kind == kind && model.things[i].live && n-- == 0)
      return i;
}

static gboolean
transform_cb (GBinding     *binding,
              const GValue *from,
              GValue       *to,
              gpointer      data)
{
  const WorldToken *token = data;

  if (token->n_freed != 0)
    world_differ ("data", "binding %d uses data that has been freed", token->number);
  g_value_copy (from, to);

  return TRUE;
}

static void
transform_freed (gpointer data)
{
  ((WorldToken *) data)->n_freed++;
}

/* From an instance to an object that is nobody else's business. */
void
op_bind (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_BIND, pick_scope (record[1]), pick_instance (record[2]));
  WorldToken *token;
  GBinding *binding;

  if (op.scope < 0 || op.instance < 0 ||
      !model_can_connect (op.instance) || model.instances[op.instance].disposing ||
      !model_can_bind (op.instance))
    return;

  op.thing = model_add_thing (MODEL_BINDING, false);
  token = world_token (op.thing, 0);
  token->target = g_object_new (fuzz_monitor_get_type (), NULL);
  world_trace ("binding %d = bind (%d, instance %d)", op.thing, op.scope, op.instance);
  begin (&op);
  if ((record[2] & 0x80) != 0)
    {
      binding = g_object_bind_property (instance_at (op.instance), WORLD_PROPERTY,
                                        token->target, "rate-limit", G_BINDING_SYNC_CREATE);
      g_set_weak_pointer (&token->address, binding);
      model_answer_boolean (lifecycle_scope_add_binding (scope_at (op.scope), binding));
    }
  else
    {
      token->has_data = (FLAGS (record) & 1) != 0;
      if (token->has_data)
        binding = lifecycle_scope_bind_full (scope_at (op.scope), instance_at (op.instance),
                                             WORLD_PROPERTY, token->target, "rate-limit",
                                             G_BINDING_DEFAULT, transform_cb, NULL, token,
                                             transform_freed);
      else
        binding = lifecycle_scope_bind (scope_at (op.scope), instance_at (op.instance),
                                        WORLD_PROPERTY, token->target, "rate-limit",
                                        G_BINDING_DEFAULT);
      g_set_weak_pointer (&token->address, binding);
      model_answer_boolean (binding != NULL);
    }
  end (&op);
}

/* By hand, or because its target goes. */
void
op_unbind (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_UNBIND, MODEL_NONE, MODEL_NONE);
  WorldToken *token;

  /* Who adds it may still have a reference on its target. */
  op.thing = pick_live (record[2], MODEL_BINDING);
  if (op.thing < 0 || world.tokens[op.thing].address == NULL ||
      model_find_addition (op.thing) >= 0 ||
      model.instances[model.things[op.thing].instance].disposing)
    return;

  token = &world.tokens[op.thing];
  world_trace ("unbind%s (binding %d)", (record[2] & 0x80) != 0 ? ", target" : "", op.thing);
  begin (&op);
  if ((record[2] & 0x80) != 0)
    g_clear_object (&token->target);
  else
    g_binding_unbind (token->address);
  end (&op);
}

void
op_add_monitor (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_ADD_MONITOR, pick_scope (record[1]), MODEL_NONE);
  WorldToken *token;
  GFileMonitor *monitor;

  if (op.scope < 0)
    return;

  op.thing = model_add_thing (MODEL_MONITOR, false);
  token = world_token (op.thing, SCRIPT (record));
  monitor = g_object_new (fuzz_monitor_get_type (), NULL);
  g_signal_connect (monitor, "notify::cancelled", G_CALLBACK (monitor_cancelled_cb), token);
  g_set_weak_pointer (&token->address, monitor);
  world_trace ("monitor %d = add_file_monitor (%d)", op.thing, op.scope);
  begin (&op);
  token->held = TRUE;
  model_answer_boolean (lifecycle_scope_add_file_monitor (scope_at (op.scope), monitor));
  if ((FLAGS (record) & 1) != 0)
    {
      token->held = FALSE;
      g_object_unref (monitor);
    }
  end (&op);
}

void
op_cancel_monitor (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_CANCEL_MONITOR, MODEL_NONE, MODEL_NONE);
  GFileMonitor *monitor;

  op.thing = pick_live (record[2], MODEL_MONITOR);
  if (op.thing < 0)
    return;

  monitor = g_object_ref (world.tokens[op.thing].address);
  world_trace ("cancel (monitor %d)", op.thing);
  begin (&op);
  g_file_monitor_cancel (monitor);
  g_object_unref (monitor);
  end (&op);
}

void
op_add_file (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_ADD_FILE, pick_scope (record[1]), MODEL_NONE);
  g_autofree char *path = NULL;
  g_autoptr (GFile) file = NULL;

  if (op.scope < 0)
    return;

  op.thing = model_add_thing (MODEL_FILE, false);
  world_token (op.thing, 0)->held = TRUE;
  path = get_path (op.thing);
  if ((record[2] & 1) != 0)
    g_mkdir (path, 0700);
  else
    g_close (g_creat (path, 0600), NULL);
  file = g_file_new_for_path (path);
  world_trace ("file %d = add_temporary_file (%d)", op.thing, op.scope);
  begin (&op);
  model_answer_boolean (lifecycle_scope_add_temporary_file (scope_at (op.scope), file));
  end (&op);
}

/* By others. */
void
op_remove_file (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_REMOVE_FILE, MODEL_NONE, MODEL_NONE);
  g_autofree char *path = NULL;

  op.thing = pick_live (record[2], MODEL_FILE);
  if (op.thing < 0 || !model_is_kept (op.thing))
    return;

  path = get_path (op.thing);
  world_trace ("remove (file %d)", op.thing);
  begin (&op);
  if (g_remove (path) != 0)
    world_differ ("file", "file %d is gone", op.thing);
  end (&op);
}
