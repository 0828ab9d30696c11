/* fuzz-operations-entries.c: handlers, sources, objects, data and cleanups
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-operations-private.h"

/* Handlers */

static void
connect (const guint8 *record,
         unsigned      gate)
{
  ModelOp op = make_op (MODEL_OP_CONNECT, pick_scope (record[1]), pick_instance (record[2]));
  guint8 flags = FLAGS (record);
  gboolean with_closure = (record[2] & 0x20) != 0;
  gboolean with_notify = with_closure || (flags & 8) != 0;
  WorldToken *token;
  GObject *instance;

  if (op.scope < 0 || op.instance < 0 ||
      !model_can_connect (op.instance) || !model_can_notify (op.instance))
    return;

  op.thing = model_add_thing (MODEL_HANDLER, with_notify);
  op.signal = (record[2] >> 6) % MODEL_N_SIGNALS;
  op.flags = flags & (MODEL_CONNECT_AFTER | MODEL_CONNECT_SWAPPED | MODEL_CONNECT_ONCE);
  op.flags |= gate;
  instance = instance_at (op.instance);
  token = world_token (op.thing, SCRIPT (record));

  world_trace ("handler %d = connect%s%s%s%s%s%s (%d, instance %d, %s)", op.thing,
               (gate & MODEL_CONNECT_QUEUED) != 0 ? " queued" :
               (gate & MODEL_CONNECT_GUARDED) != 0 ? " guarded" : "",
               with_closure ? " closure" : with_notify ? " with notify" : "",
               (op.flags & MODEL_CONNECT_AFTER) != 0 ? " after" : "",
               (op.flags & MODEL_CONNECT_SWAPPED) != 0 ? " swapped" : "",
               (op.flags & MODEL_CONNECT_ONCE) != 0 ? " once" : "",
               with_closure && (flags & 16) != 0 ? " held" : "",
               op.scope, op.instance, world_get_signal_name (op.signal));

  if (with_closure)
    {
      GClosure *closure;

      op.flags &= ~MODEL_CONNECT_SWAPPED;
      closure = g_cclosure_new (G_CALLBACK (world_handler_cb), token, world_closure_notify_cb);
      if ((flags & 16) != 0)
        {
          token->address = g_closure_ref (closure);
          g_closure_sink (closure);
          model.things[op.thing].notify_held = true;
        }
      begin (&op);
      token->id = lifecycle_scope_connect_closure (scope_at (op.scope), instance,
                                                   world_get_signal_name (op.signal), closure,
                                                   (LifecycleConnectFlags) op.flags);
    }
  else
    {
      GCallback callback = (op.flags & MODEL_CONNECT_SWAPPED) != 0
        ? G_CALLBACK (world_swapped_cb)
        : G_CALLBACK (world_handler_cb);

      begin (&op);
      if (!with_notify && op.flags == 0)
        token->id = lifecycle_scope_connect_signal (scope_at (op.scope), instance,
                                                    world_get_signal_name (op.signal),
                                                    callback, token);
      else
        token->id = lifecycle_scope_connect_full (scope_at (op.scope), instance,
                                                  world_get_signal_name (op.signal),
                                                  callback, token,
                                                  with_notify ? world_closure_notify_cb : NULL,
                                                  (LifecycleConnectFlags) op.flags);
    }

  model_answer_boolean (token->id != 0);
  end (&op);
}

void
op_connect (const guint8 *record)
{
  connect (record, 0);
}

void
op_connect_queued (const guint8 *record)
{
  connect (record, MODEL_CONNECT_QUEUED);
}

void
op_connect_guarded (const guint8 *record)
{
  connect (record, MODEL_CONNECT_GUARDED);
}

/* Its data is an object, with which it goes. */
void
op_connect_object (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_CONNECT, pick_scope (record[1]), pick_instance (record[2] & 3));
  WorldToken *token;

  op.receiver = pick_instance ((record[2] >> 2) & 3);
  if (op.scope < 0 || op.instance < 0 || op.receiver == op.instance ||
      world.n_object_handlers == WORLD_MAX_OBJECT_HANDLERS ||
      !model_can_connect (op.instance) || model.instances[op.receiver].disposing)
    return;

  op.thing = model_add_thing (MODEL_HANDLER, false);
  op.signal = (record[2] >> 6) % MODEL_N_SIGNALS;
  op.flags = FLAGS (record) & (MODEL_CONNECT_AFTER | MODEL_CONNECT_ONCE);
  token = world_token (op.thing, SCRIPT (record));

  world_trace ("handler %d = connect_object%s%s (%d, instance %d, %s, instance %d)", op.thing,
               (op.flags & MODEL_CONNECT_AFTER) != 0 ? " after" : "",
               (op.flags & MODEL_CONNECT_ONCE) != 0 ? " once" : "",
               op.scope, op.instance, world_get_signal_name (op.signal), op.receiver);
  begin (&op);
  token->id = lifecycle_scope_connect_object (scope_at (op.scope), instance_at (op.instance),
                                              world_get_signal_name (op.signal),
                                              world_object_handler (op.thing),
                                              instance_at (op.receiver),
                                              (LifecycleConnectFlags) op.flags);
  model_answer_boolean (token->id != 0);
  end (&op);
}

void
op_foreign_connect (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_FOREIGN_CONNECT, MODEL_NONE, pick_instance (record[2]));
  guint8 flags = FLAGS (record);
  WorldToken *token;

  if (op.instance < 0 || !model_can_connect (op.instance) || !model_can_notify (op.instance))
    return;

  op.thing = model_add_thing (MODEL_HANDLER, (flags & 8) != 0);
  op.signal = (record[2] >> 6) % MODEL_N_SIGNALS;
  op.flags = flags & MODEL_CONNECT_AFTER;
  token = world_token (op.thing, SCRIPT (record));

  world_trace ("handler %d = g_signal_connect%s%s (instance %d, %s)", op.thing,
               (flags & 8) != 0 ? " with notify" : "",
               op.flags != 0 ? " after" : "",
               op.instance, world_get_signal_name (op.signal));
  begin (&op);
  token->id = g_signal_connect_data (instance_at (op.instance), world_get_signal_name (op.signal),
                                     G_CALLBACK (world_handler_cb), token,
                                     (flags & 8) != 0 ? world_closure_notify_cb : NULL,
                                     op.flags != 0 ? G_CONNECT_AFTER : 0);
  end (&op);
}

/* A handler that has no owner, dead or alive. */
static int
pick_foreign (guint8    byte,
              ModelKind kind)
{
  int thing = pick_thing (byte, kind);

  return thing >= 0 && model.things[thing].owner < 0 ? thing : MODEL_NONE;
}

void
op_add_handler (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_ADD_HANDLER, pick_scope (record[1]), MODEL_NONE);
  gboolean answer;

  /* One that could not be disconnected is connected, and will never be called. */
  op.thing = pick_foreign (record[2], MODEL_HANDLER);
  if (op.scope < 0 || op.thing < 0 ||
      model.things[op.thing].unreached ||
      !model_can_adopt (model.things[op.thing].instance))
    return;

  op.instance = model.things[op.thing].instance;
  world_trace ("add_handler (%d, %d)", op.scope, op.thing);
  begin (&op);
  answer = lifecycle_scope_add_handler (scope_at (op.scope), instance_at (op.instance),
                                        world.tokens[op.thing].id);
  model_answer_boolean (answer);
  end (&op);
}

void
op_steal_handler (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_STEAL_HANDLER, pick_scope (record[1]), MODEL_NONE);
  gboolean answer;

  op.thing = pick_thing (record[2], MODEL_HANDLER);
  if (op.scope < 0 || op.thing < 0 ||
      model.instances[model.things[op.thing].instance].disposing)
    return;

  /* Rather one that it has. */
  for (int i = 0; i < model.n_things && model.things[op.thing].owner != op.scope; i++)
    if (is_within_reach (i, MODEL_HANDLER) && model.things[i].owner == op.scope &&
        (record[2] & 0x80) == 0)
      op.thing = i;

  op.instance = model.things[op.thing].instance;
  world_trace ("steal_handler (%d, %d)", op.scope, op.thing);
  begin (&op);
  answer = lifecycle_scope_steal_handler (scope_at (op.scope), instance_at (op.instance),
                                          world.tokens[op.thing].id);
  model_answer_boolean (answer);
  end (&op);
}

void
op_disconnect (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_DISCONNECT, MODEL_NONE, MODEL_NONE);

  op.thing = pick_thing (record[2], MODEL_HANDLER);
  if (op.thing < 0 || model_is_connected (op.thing) != 1)
    return;

  op.instance = model.things[op.thing].instance;
  world_trace ("g_signal_handler_disconnect (%d)", op.thing);
  begin (&op);
  g_signal_handler_disconnect (instance_at (op.instance), world.tokens[op.thing].id);
  end (&op);
}

void
op_emit (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_EMIT, MODEL_NONE, pick_instance (record[1]));
  WorldArgument argument = { .instance = op.instance, .message = MODEL_NONE };

  if (op.instance < 0 || model_phase_is_unsure (op.instance))
    return;

  op.signal = record[2] % MODEL_N_SIGNALS;
  world_trace ("emit (instance %d, %s)", op.instance, world_get_signal_name (op.signal));
  begin (&op);
  argument.signal = op.signal;
  g_signal_emit (instance_at (op.instance), world_get_signal (op.signal), 0, &argument);
  end (&op);
}

void
op_block (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_BLOCK, pick_scope (record[1]), MODEL_NONE);

  if (op.scope < 0 || model.scopes[op.scope].state != MODEL_OPEN)
    return;

  world_trace ("block (%d)", op.scope);
  begin (&op);
  lifecycle_scope_block (scope_at (op.scope));
  end (&op);
}

void
op_unblock (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_UNBLOCK, pick_scope (record[1]), MODEL_NONE);

  if (op.scope < 0 ||
      model.scopes[op.scope].state != MODEL_OPEN ||
      model.scopes[op.scope].n_blocked == 0)
    return;

  world_trace ("unblock (%d)", op.scope);
  begin (&op);
  lifecycle_scope_unblock (scope_at (op.scope));
  end (&op);
}

/* Sources */

void
op_add_idle (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_ADD_IDLE, pick_scope (record[1]), MODEL_NONE);
  guint8 flags = FLAGS (record);
  gboolean with_notify = (flags & 1) == 0;
  gboolean held = (flags & 4) != 0;
  WorldToken *token;
  GSource *source;

  if (op.scope < 0)
    return;

  op.thing = model_add_thing (MODEL_SOURCE, with_notify);
  token = world_token (op.thing, SCRIPT (record));
  token->budget = (flags & 2) != 0;

  world_trace ("source %d = %s_idle%s%s (%d)", op.thing, held ? "new" : "add",
               with_notify ? " with notify" : "", token->budget > 0 ? " twice" : "", op.scope);
  begin (&op);
  source = (held ? lifecycle_scope_new_idle
                 : lifecycle_scope_add_idle) (scope_at (op.scope), world_source_cb, token,
                                              with_notify ? world_notify_cb : NULL);
  model_answer_boolean (source != NULL);
  token->address = source;
  token->held = held && source != NULL;
  end (&op);
}

void
op_foreign_source (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_FOREIGN_SOURCE, MODEL_NONE, MODEL_NONE);
  guint8 flags = FLAGS (record);
  gboolean with_notify = (flags & 1) == 0;
  WorldToken *token;
  GSource *source;

  op.thing = model_add_thing (MODEL_SOURCE, with_notify);
  token = world_token (op.thing, SCRIPT (record));
  token->budget = (flags & 2) != 0;
  token->held = TRUE;
  token->address = source = g_idle_source_new ();
  model.things[op.thing].attached = (flags & 4) != 0;

  world_trace ("source %d = g_idle_source_new%s%s%s", op.thing, with_notify ? " with notify" : "",
               token->budget > 0 ? " twice" : "", (flags & 4) != 0 ? " attached" : "");
  begin (&op);
  g_source_set_callback (source, world_source_cb, token, with_notify ? world_notify_cb : NULL);
  if ((flags & 4) != 0)
    g_source_attach (source, NULL);
  end (&op);
}

void
op_add_source (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_ADD_SOURCE, pick_scope (record[1]), MODEL_NONE);
  gboolean answer;

  op.thing = pick_foreign (record[2], MODEL_SOURCE);
  if (op.scope < 0 || op.thing < 0)
    return;

  world_trace ("add_source (%d, %d)", op.scope, op.thing);
  begin (&op);
  answer = lifecycle_scope_add_source (scope_at (op.scope), world.tokens[op.thing].address);
  model_answer_boolean (answer);
  end (&op);
}

void
op_steal_source (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_STEAL_SOURCE, pick_scope (record[1]), MODEL_NONE);
  gboolean answer;

  op.thing = pick_thing (record[2], MODEL_SOURCE);
  if (op.scope < 0 || op.thing < 0)
    return;

  for (int i = 0; i < model.n_things && model.things[op.thing].owner != op.scope; i++)
    if (is_within_reach (i, MODEL_SOURCE) && model.things[i].owner == op.scope &&
        (record[2] & 0x80) == 0)
      op.thing = i;

  world_trace ("steal_source (%d, %d)", op.scope, op.thing);
  begin (&op);
  answer = lifecycle_scope_steal_source (scope_at (op.scope), world.tokens[op.thing].address);
  model_answer_boolean (answer);
  end (&op);
}

void
op_destroy_source (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_DESTROY_SOURCE, MODEL_NONE, MODEL_NONE);

  op.thing = pick_thing (record[2], MODEL_SOURCE);
  if (op.thing < 0 || model_is_destroyed (op.thing) != 0)
    return;

  world_trace ("g_source_destroy (%d)", op.thing);
  begin (&op);
  g_source_destroy (world.tokens[op.thing].address);
  end (&op);
}

/* Objects, data, cleanups */

void
op_add_object (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_ADD_OBJECT, pick_scope (record[1]), pick_instance (record[2]));
  gboolean answer;

  if (op.scope < 0 || op.instance < 0)
    return;

  op.thing = model_add_thing (MODEL_OBJECT, false);
  world_trace ("object %d = add_object (%d, instance %d)", op.thing, op.scope, op.instance);
  begin (&op);
  answer = lifecycle_scope_add_object (scope_at (op.scope), instance_at (op.instance));
  model_answer_boolean (answer);
  end (&op);
}

void
op_steal_object (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_STEAL_OBJECT, pick_scope (record[1]), pick_instance (record[2]));
  gboolean answer;

  if (op.scope < 0 || op.instance < 0)
    return;

  world_trace ("steal_object (%d, instance %d)", op.scope, op.instance);
  begin (&op);
  answer = lifecycle_scope_steal_object (scope_at (op.scope), instance_at (op.instance));
  model_answer_boolean (answer);
  end (&op);
}

void
op_adopt (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_ADOPT, pick_scope (record[1]), MODEL_NONE);
  WorldToken *token;
  gpointer answer;

  if (op.scope < 0)
    return;

  op.thing = model_add_thing (MODEL_DATA, true);
  token = world_token (op.thing, SCRIPT (record));
  world_trace ("data %d = adopt (%d)", op.thing, op.scope);
  begin (&op);
  answer = lifecycle_scope_adopt (scope_at (op.scope), token, world_notify_cb);
  model_answer_boolean (answer == token);
  end (&op);
}

void
op_defer (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_DEFER, pick_scope (record[1]), MODEL_NONE);
  guint8 flags = FLAGS (record);
  WorldToken *token;

  if (op.scope < 0)
    return;

  op.thing = model_add_thing (MODEL_CLEANUP, (flags & 1) != 0);
  model.things[op.thing].fails = (flags & 6) == 6;
  token = world_token (op.thing, SCRIPT (record));
  world_trace ("cleanup %d = defer%s%s (%d)", op.thing, (flags & 1) != 0 ? " with notify" : "",
               (flags & 6) == 6 ? " failing" : "", op.scope);
  begin (&op);
  lifecycle_scope_defer (scope_at (op.scope), world_cleanup_cb, token,
                         (flags & 1) != 0 ? world_notify_cb : NULL);
  end (&op);
}

/* It goes with an object. */
void
op_defer_for (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_DEFER, pick_scope (record[1]), pick_instance (record[2]));
  guint8 flags = FLAGS (record);
  WorldToken *token;

  if (op.scope < 0 || op.instance < 0 || model.instances[op.instance].disposing)
    return;

  op.thing = model_add_thing (MODEL_CLEANUP, (flags & 1) != 0);
  model.things[op.thing].fails = (flags & 6) == 6;
  token = world_token (op.thing, SCRIPT (record));
  world_trace ("cleanup %d = defer_for%s%s (%d, instance %d)", op.thing,
               (flags & 1) != 0 ? " with notify" : "", (flags & 6) == 6 ? " failing" : "",
               op.scope, op.instance);
  begin (&op);
  lifecycle_scope_defer_for (scope_at (op.scope), instance_at (op.instance), world_cleanup_cb, token,
                             (flags & 1) != 0 ? world_notify_cb : NULL);
  end (&op);
}

void
op_undefer (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_UNDEFER, pick_scope (record[1]), MODEL_NONE);

  op.thing = pick_thing (record[2], MODEL_CLEANUP);
  if (op.scope < 0 || op.thing < 0)
    return;

  /* Rather one that it has. */
  for (int i = 0; i < model.n_things && model.things[op.thing].owner != op.scope; i++)
    if (model.things[i].kind == MODEL_CLEANUP && model.things[i].owner == op.scope &&
        (record[2] & 0x80) == 0)
      op.thing = i;

  world_trace ("undefer (%d, %d)", op.scope, op.thing);
  begin (&op);
  model_answer_boolean (lifecycle_scope_undefer (scope_at (op.scope), world_cleanup_cb,
                                                 &world.tokens[op.thing]));
  end (&op);
}

/* Phases. One signal enters, the other one leaves. */

void
op_add_phase (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_ADD_PHASE, pick_scope (record[1]), pick_instance (record[2]));
  WorldToken *token;
  gboolean answer;

  if (op.scope < 0 || op.instance < 0 || !model_can_add_phase (op.instance) ||
      model.scopes[op.scope].limit > 0 || model_is_in_drain (op.scope))
    return;

  op.flags = record[2] >> 7;
  op.thing = model_add_thing (MODEL_PHASE, true);
  token = world_token (op.thing, SCRIPT (record));
  /* The scripts of the runs. */
  token->budget = (record[2] >> 1) & 0x3f;
  world_trace ("phase %d = add_phase%s (%d, instance %d) ...", op.thing,
               op.flags != 0 ? " active" : "", op.scope, op.instance);
  begin (&op);
  answer = lifecycle_scope_add_phase (scope_at (op.scope), instance_at (op.instance),
                                      world_get_signal_name (0), world_get_signal_name (1),
                                      op.flags != 0, world_phase_cb, token, world_notify_cb);
  model_answer_boolean (answer);
  end (&op);
}

/* Instances */

void
op_new_instance (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_NEW_INSTANCE, MODEL_NONE, MODEL_NONE);
  int number;
  int n = 0;

  for (int i = 0; i < model.n_instances; i++)
    n += world.instances[i].visible;
  if (n >= WORLD_MAX_INSTANCES)
    return;

  begin (&op);
  number = model_add_instance ();
  world_trace ("instance %d = new", number);
  world.instances[number].object = world_instance_new (number);
  world.instances[number].visible = TRUE;
  world.instances[number].on_dispose = SCRIPT (record);
  end (&op);
}

void
op_unref_instance (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_UNREF_INSTANCE, MODEL_NONE, pick_instance (record[1]));

  if (op.instance < 0)
    return;

  world_trace ("unref (instance %d)", op.instance);
  begin (&op);
  world.instances[op.instance].visible = FALSE;
  g_object_unref (instance_at (op.instance));
  end (&op);
}

void
op_run_dispose (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_RUN_DISPOSE, MODEL_NONE, pick_instance (record[1]));

  if (op.instance < 0 || model.instances[op.instance].disposing || !model_can_dispose (op.instance))
    return;

  world_trace ("g_object_run_dispose (instance %d)", op.instance);
  begin (&op);
  g_object_run_dispose (instance_at (op.instance));
  end (&op);
}

/* Takes a reference on what is about to go, from inside its own last callback. */
void
op_keep (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_KEEP, MODEL_NONE, MODEL_NONE);

  if (world.disposing >= 0 && !world.instances[world.disposing].visible)
    {
      op.instance = world.disposing;
      world_trace ("ref (instance %d)", op.instance);
      begin (&op);
      world.instances[op.instance].visible = TRUE;
      g_object_ref (instance_at (op.instance));
      end (&op);
    }
  else if (world.closing >= 0 && !world.scopes[world.closing].visible && have_place_for_scope ())
    {
      op.scope = world.closing;
      world_trace ("ref (scope %d)", op.scope);
      begin (&op);
      world.scopes[op.scope].visible = TRUE;
      g_object_ref (scope_at (op.scope));
      end (&op);
    }
}

/* Gives up the references on closures, and on sources that are no more. */
void
op_release (const guint8 *record)
{
  int n = model.n_things;

  for (int i = 0; i < n; i++)
    {
      ModelOp op = make_op (MODEL_OP_RELEASE, MODEL_NONE, MODEL_NONE);
      WorldToken *token = &world.tokens[i];
      gboolean is_closure = model.things[i].kind == MODEL_HANDLER && token->address != NULL;
      gboolean is_timer = model.things[i].kind == MODEL_TIMER && token->held &&
                          !model.things[i].live && model.things[i].owner < 0;
      gboolean is_source = model.things[i].kind == MODEL_SOURCE && token->held &&
                           !model.things[i].live && model.things[i].owner < 0;

      if (!is_closure && !is_source && !is_timer)
        continue;

      op.thing = i;
      world_trace ("unref (%s %d)", is_closure ? "closure" : is_timer ? "timer" : "source", i);
      begin (&op);
      token->held = FALSE;
      if (is_closure)
        g_closure_unref (g_steal_pointer (&token->address));
      else if (is_timer)
        lifecycle_timer_unref (g_steal_pointer (&token->address));
      else
        g_source_unref (g_steal_pointer (&token->address));
      end (&op);
    }
}
