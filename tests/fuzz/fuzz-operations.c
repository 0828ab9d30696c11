/* fuzz-operations.c: each operation, on the library and on the model
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-clock.h"
#include "fuzz-world.h"

static const char *const names[MODEL_N_NAMES + 1] = { "a", "b", "c", NULL };

/* A record is four bytes: which operation, which scope, which other thing, and the rest: three bits
 * for the script of what is made, five for flags.
 */
#define SCRIPT(record) ((record)[3] & 7)
#define FLAGS(record)  ((record)[3] >> 3)

/* Picking by number among what there is */

static int
pick_scope (guint8 byte)
{
  int n = 0;

  for (int i = 0; i < model.n_scopes; i++)
    n += world.scopes[i].visible;
  if (n == 0)
    return MODEL_NONE;

  n = byte % n;
  for (int i = 0;; i++)
    if (world.scopes[i].visible && n-- == 0)
      return i;
}

static int
pick_instance (guint8 byte)
{
  int n = 0;

  for (int i = 0; i < model.n_instances; i++)
    n += world.instances[i].visible;
  if (n == 0)
    return MODEL_NONE;

  n = byte % n;
  for (int i = 0;; i++)
    if (world.instances[i].visible && n-- == 0)
      return i;
}

static gboolean
is_within_reach (int       number,
                 ModelKind kind)
{
  const ModelThing *thing = &model.things[number];

  if (thing->kind != kind)
    return FALSE;
  if (kind == MODEL_HANDLER)
    return world.tokens[number].id != 0 && world.instances[thing->instance].visible;

  /* It is there until it has ended. */
  if (kind == MODEL_OPERATION)
    return world.tokens[number].address != NULL && !thing->ended;

  return world.tokens[number].held || (thing->live && world.tokens[number].address != NULL);
}

static int
pick_thing (guint8    byte,
            ModelKind kind)
{
  int n = 0;

  for (int i = 0; i < model.n_things; i++)
    n += is_within_reach (i, kind);
  if (n == 0)
    return MODEL_NONE;

  n = byte % n;
  for (int i = 0;; i++)
    if (is_within_reach (i, kind) && n-- == 0)
      return i;
}

static gboolean
have_place_for_scope (void)
{
  int n = 0;

  for (int i = 0; i < model.n_scopes; i++)
    n += world.scopes[i].visible;

  return n < WORLD_MAX_SCOPES;
}

/* Around each operation */

static const ModelOp no_op = {
  .scope = MODEL_NONE,
  .other = MODEL_NONE,
  .instance = MODEL_NONE,
  .thing = MODEL_NONE,
  .cancellable = MODEL_NONE,
  .name = MODEL_NONE,
};

static ModelOp
make_op (ModelOpCode code,
         int         scope,
         int         instance)
{
  ModelOp op = no_op;

  op.code = code;
  op.scope = scope;
  op.instance = instance;

  return op;
}

/* Who calls has references on what it calls with: whatever happens in between, they are there when
 * the function returns.
 */
static void
begin (ModelOp *op)
{
  if (op->scope >= 0)
    g_object_ref (world.scopes[op->scope].scope);
  if (op->other >= 0)
    g_object_ref (world.scopes[op->other].scope);
  if (op->instance >= 0)
    g_object_ref (world.instances[op->instance].object);

  model_begin (op);
}

static void
end (ModelOp *op)
{
  LifecycleScope *scope = op->scope >= 0 ? world.scopes[op->scope].scope : NULL;
  LifecycleScope *other = op->other >= 0 ? world.scopes[op->other].scope : NULL;
  GObject *instance = op->instance >= 0 ? world.instances[op->instance].object : NULL;

  model_let_go ();
  if (other != NULL)
    g_object_unref (other);
  if (instance != NULL)
    g_object_unref (instance);
  if (scope != NULL)
    g_object_unref (scope);
  model_end ();

  world_compare ();
}

static LifecycleScope *
scope_at (int number)
{
  return world.scopes[number].scope;
}

static GObject *
instance_at (int number)
{
  return world.instances[number].object;
}

/* Scopes */

static void
op_new (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_NEW, MODEL_NONE, MODEL_NONE);
  LifecycleScope *scope;
  int number;

  if (!have_place_for_scope ())
    return;

  op.name = record[1] % (MODEL_N_NAMES + 1);
  begin (&op);
  scope = lifecycle_scope_new (names[op.name]);
  number = model_answer_scope (world_find_scope (scope));
  world_trace ("scope %d = new (%s)", number, names[op.name]);
  world_watch_scope (number, scope, record[3]);
  g_object_unref (scope);
  end (&op);
}

static void
op_new_child (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_NEW_CHILD, pick_scope (record[1]), MODEL_NONE);
  LifecycleScope *scope;
  int number;

  if (op.scope < 0 || !have_place_for_scope ())
    return;

  op.name = record[2] % (MODEL_N_NAMES + 1);
  begin (&op);
  if ((record[2] & 0x40) != 0)
    scope = g_object_new (LIFECYCLE_TYPE_SCOPE,
                          "parent", scope_at (op.scope),
                          "name", names[op.name],
                          NULL);
  else
    scope = lifecycle_scope_new_child (scope_at (op.scope), names[op.name]);
  number = model_answer_scope (world_find_scope (scope));
  world_trace ("scope %d = new_child (%d, %s)", number, op.scope, names[op.name]);
  world_watch_scope (number, scope, record[3]);
  g_object_unref (scope);
  end (&op);
}

static void
op_get_child (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_GET_CHILD, pick_scope (record[1]), MODEL_NONE);
  LifecycleScope *scope;
  int number;

  if (op.scope < 0 || !have_place_for_scope ())
    return;

  op.name = record[2] % MODEL_N_NAMES;
  begin (&op);
  scope = lifecycle_scope_get_child (scope_at (op.scope), names[op.name]);
  number = model_answer_scope (world_find_scope (scope));
  world_trace ("scope %d = get_child (%d, %s)", number, op.scope, names[op.name]);
  world_watch_scope (number, scope, record[3]);
  end (&op);
}

static void
op_get_child_for (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_GET_CHILD_FOR, pick_scope (record[1]), pick_instance (record[2]));
  LifecycleScope *scope;
  int number;

  if (op.scope < 0 || op.instance < 0 || !have_place_for_scope () ||
      model.instances[op.instance].disposing)
    return;

  begin (&op);
  scope = lifecycle_scope_get_child_for (scope_at (op.scope), instance_at (op.instance));
  number = model_answer_scope (world_find_scope (scope));
  world_trace ("scope %d = get_child_for (%d, instance %d)", number, op.scope, op.instance);
  world_watch_scope (number, scope, record[3]);
  end (&op);
}

static void
op_scope_of (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_SCOPE_OF, MODEL_NONE, pick_instance (record[1]));
  LifecycleScope *scope;
  int number;

  if (op.instance < 0 || !have_place_for_scope ())
    return;

  begin (&op);
  scope = lifecycle_scope_of (instance_at (op.instance));
  number = model_answer_scope (world_find_scope (scope));
  world_trace ("scope %d = of (instance %d)", number, op.instance);
  world_watch_scope (number, scope, record[3]);
  end (&op);
}

static void
op_renew_child (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_RENEW_CHILD, pick_scope (record[1]), MODEL_NONE);
  LifecycleScope *scope;
  int number;

  op.name = record[2] % MODEL_N_NAMES;
  if (op.scope < 0 || !have_place_for_scope () || model_count_named (op.scope, op.name) > 1)
    return;
  /* A scope that is being moved has open children, although nothing can be added to it. */
  if (model_is_moving (op.scope))
    return;

  world_trace ("renew_child (%d, %s) ...", op.scope, names[op.name]);
  begin (&op);
  scope = lifecycle_scope_renew_child (scope_at (op.scope), names[op.name]);
  number = model_answer_scope (world_find_scope (scope));
  world_trace ("... is scope %d", number);
  world_watch_scope (number, scope, record[3]);
  end (&op);
}

static void
op_close (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_CLOSE, pick_scope (record[1]), MODEL_NONE);
  guint n;

  if (op.scope < 0)
    return;

  op.reason = MODEL_REASON_COMPLETED;
  if ((record[2] & 1) != 0)
    {
      op.reason = 1 + record[3] % MODEL_REASON_DROPPED;
      op.detail = (record[3] & 0x80) != 0 ? "detail" : NULL;
    }

  world_trace ("close (%d), reason %d ...", op.scope, op.reason);
  begin (&op);
  if ((record[2] & 1) != 0)
    n = lifecycle_scope_close_with_reason (scope_at (op.scope), (LifecycleReason) op.reason,
                                           op.detail);
  else
    n = lifecycle_scope_close (scope_at (op.scope));
  world_trace ("... of %d is %u", op.scope, n);
  model_answer_count ((int) n);
  end (&op);
}

static void
op_clear (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_CLEAR, pick_scope (record[1]), MODEL_NONE);
  guint n;

  if (op.scope < 0)
    return;

  world_trace ("clear (%d) ...", op.scope);
  begin (&op);
  n = lifecycle_scope_clear (scope_at (op.scope));
  world_trace ("... of %d is %u", op.scope, n);
  model_answer_count ((int) n);
  end (&op);
}

static void
op_move (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_MOVE, pick_scope (record[1]), MODEL_NONE);
  LifecycleScope *scope;
  int number;

  if (op.scope < 0 || !have_place_for_scope ())
    return;

  world_trace ("move (%d) ...", op.scope);
  begin (&op);
  scope = lifecycle_scope_move (scope_at (op.scope));
  number = model_answer_scope (world_find_scope (scope));
  world_trace ("... of %d is scope %d", op.scope, number);
  world_watch_scope (number, scope, record[3]);
  g_object_unref (scope);
  end (&op);
}

static void
op_drop (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_DROP, pick_scope (record[1]), MODEL_NONE);

  if (op.scope < 0)
    return;

  world_trace ("unref (scope %d)", op.scope);
  begin (&op);
  world.scopes[op.scope].visible = FALSE;
  g_object_unref (scope_at (op.scope));
  end (&op);
}

static void
op_follow (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_FOLLOW, pick_scope (record[1]), MODEL_NONE);

  op.other = pick_scope (record[2]);
  if (op.scope < 0 || op.scope == op.other)
    return;

  world_trace ("follow (%d, %d)", op.scope, op.other);
  begin (&op);
  lifecycle_scope_follow (scope_at (op.scope), scope_at (op.other));
  end (&op);
}

static void
op_follow_object (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_FOLLOW_OBJECT, pick_scope (record[1]), pick_instance (record[2]));

  if (op.scope < 0 || op.instance < 0 || model.instances[op.instance].disposing)
    return;
  /* The scope of the object would follow itself. */
  if (model.scopes[op.scope].anchor == op.instance && model.scopes[op.scope].state == MODEL_OPEN)
    return;

  world_trace ("follow_object (%d, instance %d)", op.scope, op.instance);
  begin (&op);
  lifecycle_scope_follow_object (scope_at (op.scope), instance_at (op.instance));
  end (&op);
}

static void
op_follow_signal (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_FOLLOW_SIGNAL, pick_scope (record[1]), pick_instance (record[2]));

  if (op.scope < 0 || op.instance < 0 || !model_can_connect (op.instance))
    return;

  op.signal = (record[2] >> 6) % MODEL_N_SIGNALS;
  op.reason = 1 + record[3] % MODEL_REASON_DROPPED;
  world_trace ("follow_signal (%d, instance %d, %s, reason %d)", op.scope, op.instance,
               world_get_signal_name (op.signal), op.reason);
  begin (&op);
  lifecycle_scope_follow_signal (scope_at (op.scope), instance_at (op.instance),
                                 world_get_signal_name (op.signal), (LifecycleReason) op.reason);
  end (&op);
}

static void
op_follow_cancellable (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_FOLLOW_CANCELLABLE, pick_scope (record[1]), MODEL_NONE);

  if (op.scope < 0 || model.n_cancellables == 0)
    return;

  op.cancellable = record[2] % model.n_cancellables;
  world_trace ("follow_cancellable (%d, cancellable %d)", op.scope, op.cancellable);
  begin (&op);
  lifecycle_scope_follow_cancellable (scope_at (op.scope),
                                      world.cancellables[op.cancellable].cancellable);
  end (&op);
}

/* Cancellables */

static void
op_get_cancellable (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_GET_CANCELLABLE, pick_scope (record[1]), MODEL_NONE);
  GCancellable *cancellable;
  int known;
  int number;

  if (op.scope < 0)
    return;

  begin (&op);
  cancellable = lifecycle_scope_get_cancellable (scope_at (op.scope));
  known = world_find_cancellable (cancellable);
  number = model_answer_cancellable (known, g_cancellable_is_cancelled (cancellable));
  world_trace ("cancellable %d = get_cancellable (%d)", number, op.scope);
  if (known < 0)
    world_watch_cancellable (number, cancellable, SCRIPT (record));
  end (&op);
}

static void
op_new_cancellable (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_NEW_CANCELLABLE, MODEL_NONE, MODEL_NONE);
  GCancellable *cancellable;
  int number;

  begin (&op);
  cancellable = g_cancellable_new ();
  number = model_add_cancellable (MODEL_NONE, false);
  world_trace ("cancellable %d = new", number);
  world_watch_cancellable (number, cancellable, SCRIPT (record));
  g_object_unref (cancellable);
  end (&op);
}

static void
op_cancel (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_CANCEL, MODEL_NONE, MODEL_NONE);

  if (model.n_cancellables == 0)
    return;

  op.cancellable = record[2] % model.n_cancellables;
  world_trace ("cancel (cancellable %d)", op.cancellable);
  begin (&op);
  g_cancellable_cancel (world.cancellables[op.cancellable].cancellable);
  end (&op);
}

/* Handlers */

static void
op_connect (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_CONNECT, pick_scope (record[1]), pick_instance (record[2]));
  guint8 flags = FLAGS (record);
  gboolean with_closure = (record[2] & 0x20) != 0;
  gboolean with_notify = with_closure || (flags & 8) != 0;
  WorldToken *token;
  GObject *instance;

  if (op.scope < 0 || op.instance < 0 || !model_can_connect (op.instance))
    return;

  op.thing = model_add_thing (MODEL_HANDLER, with_notify);
  op.signal = (record[2] >> 6) % MODEL_N_SIGNALS;
  op.flags = flags & (MODEL_CONNECT_AFTER | MODEL_CONNECT_SWAPPED | MODEL_CONNECT_ONCE);
  instance = instance_at (op.instance);
  token = world_token (op.thing, SCRIPT (record));

  world_trace ("handler %d = connect%s%s%s%s%s (%d, instance %d, %s)", op.thing,
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

static void
op_foreign_connect (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_FOREIGN_CONNECT, MODEL_NONE, pick_instance (record[2]));
  guint8 flags = FLAGS (record);
  WorldToken *token;

  if (op.instance < 0 || !model_can_connect (op.instance))
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

static void
op_add_handler (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_ADD_HANDLER, pick_scope (record[1]), MODEL_NONE);
  gboolean answer;

  op.thing = pick_foreign (record[2], MODEL_HANDLER);
  if (op.scope < 0 || op.thing < 0 ||
      model.instances[model.things[op.thing].instance].disposing)
    return;

  op.instance = model.things[op.thing].instance;
  world_trace ("add_handler (%d, %d)", op.scope, op.thing);
  begin (&op);
  answer = lifecycle_scope_add_handler (scope_at (op.scope), instance_at (op.instance),
                                        world.tokens[op.thing].id);
  model_answer_boolean (answer);
  end (&op);
}

static void
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

static void
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

static void
op_emit (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_EMIT, MODEL_NONE, pick_instance (record[1]));

  if (op.instance < 0)
    return;

  op.signal = record[2] % MODEL_N_SIGNALS;
  world_trace ("emit (instance %d, %s)", op.instance, world_get_signal_name (op.signal));
  begin (&op);
  g_signal_emit (instance_at (op.instance), world_get_signal (op.signal), 0);
  end (&op);
}

static void
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

static void
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

static void
op_add_idle (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_ADD_IDLE, pick_scope (record[1]), MODEL_NONE);
  guint8 flags = FLAGS (record);
  gboolean with_notify = (flags & 1) == 0;
  WorldToken *token;
  GSource *source;

  if (op.scope < 0)
    return;

  op.thing = model_add_thing (MODEL_SOURCE, with_notify);
  token = world_token (op.thing, SCRIPT (record));
  token->budget = (flags & 2) != 0;

  world_trace ("source %d = add_idle%s%s (%d)", op.thing, with_notify ? " with notify" : "",
               token->budget > 0 ? " twice" : "", op.scope);
  begin (&op);
  source = lifecycle_scope_add_idle (scope_at (op.scope), world_source_cb, token,
                                     with_notify ? world_notify_cb : NULL);
  model_answer_boolean (source != NULL);
  token->address = source;
  if (source != NULL && (flags & 4) != 0)
    {
      token->held = TRUE;
      g_source_ref (source);
    }
  end (&op);
}

static void
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

static void
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

static void
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

static void
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

/* Which sources the main loop would dispatch, as bits: 1: not those that are idle; 2: timers; 4: only
 * those of a high priority.
 */
static unsigned
get_turn (void)
{
  gint priority = G_PRIORITY_DEFAULT_IDLE;

  if (!g_main_context_acquire (NULL))
    return 0;
  if (!g_main_context_prepare (NULL, &priority))
    priority = G_PRIORITY_DEFAULT_IDLE;
  g_main_context_release (NULL);

  if (priority < G_PRIORITY_DEFAULT)
    return 1 | 4;
  if (priority < G_PRIORITY_DEFAULT_IDLE)
    return fuzz_clock_is_awake () ? 1 | 2 : 1;

  return 0;
}

static void
op_iterate (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_ITERATE, MODEL_NONE, MODEL_NONE);

  op.flags = get_turn ();
  world_trace ("iterate%s", (op.flags & 4) != 0 ? ", urgent" : op.flags != 0 ? ", no idle sources" : "");
  begin (&op);
  fuzz_clock_begin_iteration ();
  g_main_context_iteration (NULL, FALSE);
  end (&op);
}

/* Objects, data, cleanups */

static void
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

static void
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

static void
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

static void
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

/* Instances */

static void
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

static void
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

static void
op_run_dispose (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_RUN_DISPOSE, MODEL_NONE, pick_instance (record[1]));

  if (op.instance < 0 || model.instances[op.instance].disposing)
    return;

  world_trace ("g_object_run_dispose (instance %d)", op.instance);
  begin (&op);
  g_object_run_dispose (instance_at (op.instance));
  end (&op);
}

/* Takes a reference on what is about to go, from inside its own last callback. */
static void
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
static void
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

/* Timers, and the time */

static const guint intervals[] = { 0, 1, 2, 5, 5, 10, 20, 50 };

static void
op_add_timer (const guint8 *record)
{
  static const int budgets[] = { 0, 1, 3, 100 };
  ModelOp op = make_op (MODEL_OP_ADD_TIMER, pick_scope (record[1]), MODEL_NONE);
  guint8 flags = FLAGS (record);
  gboolean with_notify = (flags & 1) == 0;
  guint interval = intervals[record[2] & 7];
  guint max_calls = (record[2] >> 3) & 3;
  WorldToken *token;
  LifecycleTimer *timer;

  if (op.scope < 0)
    return;

  op.thing = model_add_thing (MODEL_TIMER, with_notify);
  op.time = (gint64) interval * 1000;
  model.things[op.thing].max_calls = max_calls;
  token = world_token (op.thing, SCRIPT (record));
  token->budget = budgets[(record[2] >> 5) & 3];

  world_trace ("timer %d = add_timeout%s (%d, %u ms, %u calls, CONTINUE %d times)", op.thing,
               with_notify ? " with notify" : "", op.scope, interval, max_calls, token->budget);
  begin (&op);
  if (max_calls == 0)
    timer = lifecycle_scope_add_timeout (scope_at (op.scope), interval, world_timer_cb, token,
                                         with_notify ? world_notify_cb : NULL);
  else
    timer = lifecycle_scope_add_timeout_full (scope_at (op.scope), interval, max_calls,
                                              world_timer_cb, token,
                                              with_notify ? world_notify_cb : NULL);
  model_answer_boolean (timer != NULL);
  token->address = timer;
  if (timer != NULL && (flags & 6) != 0)
    {
      token->held = TRUE;
      lifecycle_timer_ref (timer);
    }
  end (&op);
}

static void
op_cancel_timer (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_CANCEL_TIMER, MODEL_NONE, MODEL_NONE);

  op.thing = pick_thing (record[2], MODEL_TIMER);
  if (op.thing < 0)
    return;

  world_trace ("cancel (timer %d)", op.thing);
  begin (&op);
  lifecycle_timer_cancel (world.tokens[op.thing].address);
  end (&op);
}

static void
op_restart_timer (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_RESTART_TIMER, MODEL_NONE, MODEL_NONE);

  op.thing = pick_thing (record[2], MODEL_TIMER);
  if (op.thing < 0)
    return;

  world_trace ("restart (timer %d)", op.thing);
  begin (&op);
  model_answer_boolean (lifecycle_timer_restart (world.tokens[op.thing].address));
  end (&op);
}

static void
op_set_interval (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_SET_INTERVAL, MODEL_NONE, MODEL_NONE);
  guint interval = intervals[record[1] & 7];

  op.thing = pick_thing (record[2], MODEL_TIMER);
  if (op.thing < 0)
    return;

  op.time = (gint64) interval * 1000;
  world_trace ("set_interval (timer %d, %u ms)", op.thing, interval);
  begin (&op);
  lifecycle_timer_set_interval (world.tokens[op.thing].address, interval);
  end (&op);
}

static void
op_set_deadline (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_SET_DEADLINE, pick_scope (record[1]), MODEL_NONE);
  guint timeout = intervals[record[2] & 7];

  if (op.scope < 0)
    return;

  op.thing = model_add_thing (MODEL_DEADLINE, false);
  world_token (op.thing, 0);
  op.time = (gint64) timeout * 1000;
  world_trace ("set_deadline (%d, %u ms)", op.scope, timeout);
  begin (&op);
  lifecycle_scope_set_deadline (scope_at (op.scope), timeout);
  end (&op);
}

/* Time passes, and unless a flag says otherwise, the main loop runs once. */
static void
op_advance (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_ADVANCE, MODEL_NONE, MODEL_NONE);
  guint time = intervals[record[2] & 7];

  op.time = (gint64) time * 1000 + ((record[2] & 0x40) != 0 ? 500 : 0);
  world_trace ("advance by %d us", (int) op.time);
  begin (&op);
  fuzz_clock_advance (op.time);
  end (&op);

  if ((record[2] & 0x80) == 0 && model_has_room ())
    op_iterate (record);
}

/* Operations */

static void
op_begin (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_BEGIN, pick_scope (record[1]), MODEL_NONE);
  guint8 flags = FLAGS (record);
  gboolean with_callback = (flags & 1) == 0;
  gboolean with_notify = with_callback && (flags & 2) == 0;
  WorldToken *token;
  LifecycleOperation *operation;
  GCancellable *cancellable;
  g_autofree char *name = NULL;

  if (op.scope < 0)
    return;

  op.thing = model_add_thing (MODEL_OPERATION, with_notify);
  model.things[op.thing].has_callback = with_callback;
  token = world_token (op.thing, SCRIPT (record));

  world_trace ("operation %d = begin%s%s (%d)", op.thing, with_callback ? "_async" : "",
               with_notify ? " with notify" : "", op.scope);
  begin (&op);
  name = world_operation_name (op.thing);
  if (with_callback)
    operation = lifecycle_scope_begin_async (scope_at (op.scope), name, world_ready_cb, token,
                                             with_notify ? world_notify_cb : NULL);
  else
    operation = lifecycle_scope_begin (scope_at (op.scope), name);
  token->address = operation;

  cancellable = lifecycle_operation_get_cancellable (operation);
  model_answer_boolean (!g_cancellable_is_cancelled (cancellable));
  g_signal_connect (cancellable, "cancelled", G_CALLBACK (world_operation_cancelled_cb), token);
  end (&op);
}

/* Its result comes. */
static void
end_operation (int number)
{
  ModelOp op = make_op (MODEL_OP_READY, MODEL_NONE, MODEL_NONE);
  WorldToken *token = &world.tokens[number];
  LifecycleOperation *operation = g_steal_pointer (&token->address);

  op.thing = number;
  begin (&op);
  if (model.things[number].has_callback)
    {
      g_autoptr (GAsyncResult) result = world_result_new (token);

      world_trace ("ready (operation %d)", number);
      lifecycle_operation_ready (NULL, result, operation);
    }
  else
    {
      world_trace ("end (operation %d)", number);
      lifecycle_operation_end (operation);
    }
  end (&op);
}

static void
op_ready (const guint8 *record)
{
  int number = pick_thing (record[2], MODEL_OPERATION);

  if (number >= 0)
    end_operation (number);
}

static void
op_close_async (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_CLOSE_ASYNC, pick_scope (record[1]), MODEL_NONE);
  guint timeout = (FLAGS (record) & 1) != 0 ? intervals[record[2] & 7] : 0;
  GCancellable *cancellable = NULL;
  WorldToken *token;

  if (op.scope < 0 || !model_can_drain (op.scope))
    return;

  op.reason = MODEL_REASON_SHUTDOWN;
  op.time = (gint64) timeout * 1000;
  op.thing = model_add_thing (MODEL_WAITER, false);
  token = world_token (op.thing, SCRIPT (record));
  if ((FLAGS (record) & 2) != 0 && model.n_cancellables > 0)
    {
      op.cancellable = (record[2] >> 3) % model.n_cancellables;
      cancellable = world.cancellables[op.cancellable].cancellable;
    }
  world_trace ("close_async %d (%d, %u ms, cancellable %d) ...", op.thing, op.scope, timeout,
               op.cancellable);
  begin (&op);
  lifecycle_scope_close_async (scope_at (op.scope), (LifecycleReason) op.reason, timeout,
                               cancellable, world_closed_cb, token);
  end (&op);
}

static gboolean
is_waiting (void)
{
  for (int i = 0; i < model.n_things; i++)
    if (model.things[i].kind == MODEL_WAITER && model.things[i].n_called == 0)
      return TRUE;

  /* Or somebody has cancelled the wait. */
  for (int i = 0; i < model.n_scopes; i++)
    if (model.scopes[i].state == MODEL_CLOSING)
      return TRUE;

  return FALSE;
}

/* How often each is chosen when the first byte is random, in the older and in the newer table. */
static const struct
{
  void (* perform) (const guint8 *record);
  int     weights[2];
} operations[] = {
  { op_new,                 {  8,  6 } },
  { op_new_child,           { 10,  7 } },
  { op_get_child,           {  6,  4 } },
  { op_get_child_for,       {  6,  3 } },
  { op_scope_of,            {  5,  3 } },
  { op_renew_child,         {  5,  3 } },
  { op_close,               {  8,  8 } },
  { op_clear,               {  5,  4 } },
  { op_move,                {  4,  4 } },
  { op_drop,                {  5,  4 } },
  { op_follow,              {  7,  4 } },
  { op_follow_object,       {  4,  2 } },
  { op_follow_signal,       {  5,  2 } },
  { op_follow_cancellable,  {  4,  3 } },
  { op_get_cancellable,     {  4,  3 } },
  { op_new_cancellable,     {  2,  1 } },
  { op_cancel,              {  3,  2 } },
  { op_connect,             { 20,  9 } },
  { op_foreign_connect,     {  6,  2 } },
  { op_add_handler,         {  8,  2 } },
  { op_steal_handler,       {  4,  1 } },
  { op_disconnect,          {  4,  3 } },
  { op_emit,                { 10, 10 } },
  { op_block,               {  4,  5 } },
  { op_unblock,             {  4,  5 } },
  { op_add_idle,            {  9,  5 } },
  { op_foreign_source,      {  6,  2 } },
  { op_add_source,          {  8,  2 } },
  { op_steal_source,        {  4,  1 } },
  { op_destroy_source,      {  4,  1 } },
  { op_iterate,             {  7,  7 } },
  { op_add_object,          {  7,  4 } },
  { op_steal_object,        {  4,  1 } },
  { op_adopt,               {  9,  4 } },
  { op_defer,               { 10,  6 } },
  { op_new_instance,        {  8,  6 } },
  { op_unref_instance,      {  5,  3 } },
  { op_run_dispose,         {  3,  2 } },
  { op_keep,                {  3,  2 } },
  { op_release,             {  2,  1 } },
  { op_add_timer,           {  0, 20 } },
  { op_cancel_timer,        {  0,  4 } },
  { op_restart_timer,       {  0,  6 } },
  { op_set_interval,        {  0,  5 } },
  { op_set_deadline,        {  0,  5 } },
  { op_advance,             {  0, 18 } },
  { op_begin,               {  0, 10 } },
  { op_ready,               {  0,  8 } },
  { op_close_async,         {  0, 10 } },
};

/* Bytes above the sum of the weights do nothing: that helps in making an input smaller. */
void
world_perform (const guint8 *record,
               gboolean      newer)
{
  int which = record[0];

  if (!model_has_room ())
    return;

  for (gsize i = 0; i < G_N_ELEMENTS (operations); i++)
    {
      if (which < operations[i].weights[newer])
        {
          operations[i].perform (record);
          return;
        }
      which -= operations[i].weights[newer];
    }
}

/* Gives everything back. What the callbacks add meanwhile is not taken: the caller repeats this. */
void
world_give_back (guint8 how)
{
  guint8 record[WORLD_RECORD] = { 0 };

  for (int i = 0; i < model.n_scopes; i++)
    if (world.scopes[i].visible)
      {
        int before = 0;

        for (int j = 0; j < i; j++)
          before += world.scopes[j].visible;
        record[1] = (guint8) before;
        if (((how + i) & 3) != 0)
          op_close (record);
        if (world.scopes[i].visible)
          {
            before = 0;
            for (int j = 0; j < i; j++)
              before += world.scopes[j].visible;
            record[1] = (guint8) before;
            op_drop (record);
          }
      }

  record[1] = 0;
  while (pick_instance (0) >= 0)
    op_unref_instance (record);

  /* The scope of an object may own that object: a circle that only a dispose takes apart. */
  for (int i = 0; i < model.n_instances; i++)
    if (world.instances[i].object != NULL && !model.instances[i].disposing)
      {
        ModelOp op = make_op (MODEL_OP_RUN_DISPOSE, MODEL_NONE, i);

        world_trace ("g_object_run_dispose (instance %d)", i);
        begin (&op);
        g_object_run_dispose (instance_at (i));
        end (&op);
      }

  for (int i = 0; i < model.n_things; i++)
    if (is_within_reach (i, MODEL_OPERATION))
      end_operation (i);

  for (int i = 0; i < model.n_things; i++)
    if (model.things[i].kind == MODEL_SOURCE && model_is_destroyed (i) == 0 &&
        world.tokens[i].address != NULL)
      {
        ModelOp op = make_op (MODEL_OP_DESTROY_SOURCE, MODEL_NONE, MODEL_NONE);

        op.thing = i;
        world_trace ("g_source_destroy (%d)", i);
        begin (&op);
        g_source_destroy (world.tokens[i].address);
        end (&op);
      }

  op_release (record);

  for (int i = 0; i < 20 && is_waiting (); i++)
    op_iterate (record);
}
