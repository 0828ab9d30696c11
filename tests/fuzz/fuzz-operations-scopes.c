/* fuzz-operations-scopes.c: scopes, what they follow, and cancellables
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-operations-private.h"

static const char *const names[MODEL_N_NAMES + 1] = { "a", "b", "c", NULL };

/* Scopes */

void
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

void
op_new_child (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_NEW_CHILD, pick_scope (record[1]), MODEL_NONE);
  LifecycleScope *scope;
  int number;

  if (op.scope < 0 || !have_place_for_scope ())
    return;

  op.name = record[2] % (MODEL_N_NAMES + 1);
  begin (&op);
  /* In the other order it joins its parent without a name, and a handler of `limit-reached` sees that. */
  if ((record[2] & 0x40) != 0)
    scope = g_object_new (LIFECYCLE_TYPE_SCOPE,
                          "name", names[op.name],
                          "parent", scope_at (op.scope),
                          NULL);
  else
    scope = lifecycle_scope_new_child (scope_at (op.scope), names[op.name]);
  number = model_answer_scope (world_find_scope (scope));
  world_trace ("scope %d = new_child (%d, %s)", number, op.scope, names[op.name]);
  world_watch_scope (number, scope, record[3]);
  g_object_unref (scope);
  end (&op);
}

void
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

void
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

void
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

void
op_renew_child (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_RENEW_CHILD, pick_scope (record[1]), MODEL_NONE);
  LifecycleScope *scope;
  int number;

  op.name = record[2] % MODEL_N_NAMES;
  /* Nobody is to end the new one before the old one has ended, so there is no limit. */
  if (op.scope < 0 || !have_place_for_scope () || model.scopes[op.scope].limit > 0 ||
      model_count_named (op.scope, op.name, MODEL_NONE) > 1)
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

void
op_renew_child_for (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_RENEW_CHILD, pick_scope (record[1]), pick_instance (record[2]));
  LifecycleScope *scope;
  int number;

  if (op.scope < 0 || op.instance < 0 || !have_place_for_scope () ||
      model.scopes[op.scope].limit > 0 || model.instances[op.instance].disposing ||
      model_count_named (op.scope, MODEL_NONE, op.instance) > 1 || model_is_moving (op.scope))
    return;

  world_trace ("renew_child_for (%d, instance %d) ...", op.scope, op.instance);
  begin (&op);
  scope = lifecycle_scope_renew_child_for (scope_at (op.scope), instance_at (op.instance));
  number = model_answer_scope (world_find_scope (scope));
  world_trace ("... is scope %d", number);
  world_watch_scope (number, scope, record[3]);
  end (&op);
}

void
op_close (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_CLOSE, pick_scope (record[1]), MODEL_NONE);
  guint n;

  if (op.scope < 0)
    return;

  op.reason = MODEL_REASON_COMPLETED;
  if ((record[2] & 1) != 0)
    {
      op.reason = 1 + record[3] % (MODEL_REASON_DROPPED - 1);
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

void
op_clear (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_CLEAR, pick_scope (record[1]), MODEL_NONE);
  guint n;

  if (op.scope < 0 || model_is_in_drain (op.scope))
    return;

  world_trace ("clear (%d) ...", op.scope);
  begin (&op);
  n = lifecycle_scope_clear (scope_at (op.scope));
  world_trace ("... of %d is %u", op.scope, n);
  model_answer_count ((int) n);
  end (&op);
}

/* Of children it is a close() for each. Where it would go on with others, it does not. */
void
op_clear_kind (const guint8 *record)
{
  static const struct
  {
    ModelKind     kind;
    LifecycleKind lifecycle_kind;
  } kinds[] = {
    { MODEL_HANDLER, LIFECYCLE_KIND_HANDLER },
    { MODEL_SOURCE, LIFECYCLE_KIND_SOURCE },
    { MODEL_OBJECT, LIFECYCLE_KIND_OBJECT },
    { MODEL_DATA, LIFECYCLE_KIND_DATA },
    { MODEL_CLEANUP, LIFECYCLE_KIND_CLEANUP },
    { MODEL_TIMER, LIFECYCLE_KIND_TIMER },
    { MODEL_OPERATION, LIFECYCLE_KIND_OPERATION },
    { MODEL_PHASE, LIFECYCLE_KIND_PHASE },
    { MODEL_BINDING, LIFECYCLE_KIND_BINDING },
    { MODEL_MONITOR, LIFECYCLE_KIND_MONITOR },
    { MODEL_FILE, LIFECYCLE_KIND_FILE },
  };
  ModelOp op = make_op (MODEL_OP_CLEAR_KIND, pick_scope (record[1]), MODEL_NONE);
  guint which = record[2] % G_N_ELEMENTS (kinds);
  gboolean recursive;
  guint n;

  /* A clear() that is under way has taken away what is there. */
  if (op.scope < 0 || model_in_clear (op.scope) || model_is_in_drain (op.scope))
    return;

  op.kind = kinds[which].kind;
  recursive = !model_reaches_others (op.scope) && (record[2] & 0x80) != 0;
  world_trace ("clear_kind (%d, %d%s) ...", op.scope, op.kind, recursive ? ", recursive" : "");
  begin (&op);
  n = lifecycle_scope_clear_kind (scope_at (op.scope), kinds[which].lifecycle_kind, recursive);
  world_trace ("... of %d is %u", op.scope, n);
  model_answer_count ((int) n);
  end (&op);
}

void
op_move (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_MOVE, pick_scope (record[1]), MODEL_NONE);
  LifecycleScope *scope;
  int number;

  if (op.scope < 0 || !have_place_for_scope () || model_is_in_drain (op.scope))
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

/* Runs of phases are children that come in the middle of something else, where nobody is to close what
 * they are to belong to.
 */
void
op_set_limit (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_SET_LIMIT, pick_scope (record[1]), MODEL_NONE);

  if (op.scope < 0 || model_has_phases (op.scope))
    return;

  op.limit = record[2] & 7;
  world.scopes[op.scope].on_limit = SCRIPT (record);
  world_trace ("set_limit (%d, %d)", op.scope, op.limit);
  begin (&op);
  lifecycle_scope_set_limit (scope_at (op.scope), (guint) op.limit);
  end (&op);
}

void
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

void
op_follow (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_FOLLOW, pick_scope (record[1]), MODEL_NONE);

  op.other = pick_scope (record[2]);
  if (op.scope < 0 || op.scope == op.other || model_is_in_drain (op.other))
    return;

  world_trace ("follow (%d, %d)", op.scope, op.other);
  begin (&op);
  lifecycle_scope_follow (scope_at (op.scope), scope_at (op.other));
  end (&op);
}

void
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

void
op_follow_signal (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_FOLLOW_SIGNAL, pick_scope (record[1]), pick_instance (record[2]));

  if (op.scope < 0 || op.instance < 0 || !model_can_connect (op.instance))
    return;

  op.signal = (record[2] >> 6) % MODEL_N_SIGNALS;
  op.reason = 1 + record[3] % (MODEL_REASON_DROPPED - 1);
  world_trace ("follow_signal (%d, instance %d, %s, reason %d)", op.scope, op.instance,
               world_get_signal_name (op.signal), op.reason);
  begin (&op);
  lifecycle_scope_follow_signal (scope_at (op.scope), instance_at (op.instance),
                                 world_get_signal_name (op.signal), (LifecycleReason) op.reason);
  end (&op);
}

void
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

void
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

void
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

void
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
