/* fuzz-operations-async.c: the main loop and the time, and what takes a while
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-clock.h"
#include "fuzz-operations-private.h"

/* Which sources the main loop would dispatch, as bits: 1: not those that are idle; 2: timers; 4: only
 * those of a high priority.
 *
 * Not every version of GLib sees in prepare() that a source's time has come, but check() always
 * does, and marks the source for the prepare() that follows.
 */
static unsigned
get_turn (void)
{
  /* g_main_context_query() does not take NULL for it in GLib 2.74. */
  GMainContext *context = g_main_context_default ();
  gint priority = G_PRIORITY_DEFAULT_IDLE;
  gint timeout;

  if (!g_main_context_acquire (context))
    return 0;
  g_main_context_prepare (context, &priority);
  g_main_context_query (context, priority, &timeout, NULL, 0);
  g_main_context_check (context, priority, NULL, 0);
  if (!g_main_context_prepare (context, &priority))
    priority = G_PRIORITY_DEFAULT_IDLE;
  g_main_context_release (context);

  if (priority < G_PRIORITY_DEFAULT)
    return 1 | 4;
  if (priority < G_PRIORITY_DEFAULT_IDLE)
    return fuzz_clock_is_awake () ? 1 | 2 : 1;

  return 0;
}

void
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

/* Timers, and the time */

static const guint intervals[] = { 0, 1, 2, 5, 5, 10, 20, 50 };

void
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

void
op_add_debounce (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_ADD_TIMER, pick_scope (record[1]), MODEL_NONE);
  guint8 flags = FLAGS (record);
  gboolean with_notify = (flags & 1) == 0;
  guint delay = intervals[record[2] & 7];
  WorldToken *token;
  LifecycleTimer *timer;

  if (op.scope < 0)
    return;

  op.thing = model_add_thing (MODEL_TIMER, with_notify);
  op.time = (gint64) delay * 1000;
  model.things[op.thing].debounce = true;
  token = world_token (op.thing, SCRIPT (record));

  world_trace ("timer %d = add_debounce%s (%d, %u ms)", op.thing,
               with_notify ? " with notify" : "", op.scope, delay);
  begin (&op);
  timer = lifecycle_scope_add_debounce (scope_at (op.scope), delay, world_debounce_cb, token,
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

void
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

void
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

void
op_stop_timer (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_STOP_TIMER, MODEL_NONE, MODEL_NONE);

  op.thing = pick_thing (record[2], MODEL_TIMER);
  if (op.thing < 0)
    return;

  world_trace ("stop (timer %d)", op.thing);
  begin (&op);
  model_answer_boolean (lifecycle_timer_stop (world.tokens[op.thing].address));
  end (&op);
}

void
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

void
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
void
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

void
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
  token->address = token->operation = operation;

  cancellable = lifecycle_operation_get_cancellable (operation);
  model_answer_boolean (!g_cancellable_is_cancelled (cancellable));
  g_signal_connect (cancellable, "cancelled", G_CALLBACK (world_operation_cancelled_cb), token);
  end (&op);
}

/* Memory that the call still writes to. */
void
op_keep_data (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_KEEP_DATA, MODEL_NONE, MODEL_NONE);
  int operation = pick_thing (record[2], MODEL_OPERATION);
  WorldToken *token;

  if (operation < 0)
    return;

  op.thing = model_add_thing (MODEL_KEPT, true);
  model.things[op.thing].operation = operation;
  token = world_token (op.thing, SCRIPT (record));
  world_trace ("kept %d = keep (operation %d)", op.thing, operation);
  begin (&op);
  lifecycle_operation_keep (world.tokens[operation].address, token, world_notify_cb);
  end (&op);
}

void
op_set_shielded (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_SET_SHIELDED, MODEL_NONE, MODEL_NONE);
  guint timeout = intervals[record[1] & 7];

  op.thing = pick_thing (record[2], MODEL_OPERATION);
  if (op.thing < 0)
    return;

  op.time = (gint64) timeout * 1000;
  model.things[op.thing].fails = (FLAGS (record) & 3) == 3;
  world_trace ("set_shielded%s (operation %d, %u ms)", model.things[op.thing].fails ? " failing" : "",
               op.thing, timeout);
  begin (&op);
  lifecycle_operation_set_shielded (world.tokens[op.thing].address, timeout);
  end (&op);
}

/* An object that the call uses. */
void
op_keep_object (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_KEEP_DATA, MODEL_NONE, pick_instance (record[1]));
  int operation = pick_thing (record[2], MODEL_OPERATION);

  if (operation < 0 || op.instance < 0)
    return;

  op.thing = model_add_thing (MODEL_KEPT, false);
  model.things[op.thing].operation = operation;
  world_trace ("kept %d = keep_object (operation %d, instance %d)", op.thing, operation, op.instance);
  begin (&op);
  lifecycle_operation_keep_object (world.tokens[operation].address, instance_at (op.instance));
  end (&op);
}

void
op_set_progress (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_KEEP_DATA, MODEL_NONE, MODEL_NONE);
  int operation = pick_thing (record[2], MODEL_OPERATION);
  WorldToken *token;

  if (operation < 0)
    return;

  op.thing = model_add_thing (MODEL_KEPT, true);
  model.things[op.thing].operation = operation;
  model.things[operation].progress = op.thing;
  token = world_token (op.thing, SCRIPT (record));
  world_trace ("kept %d = set_progress (operation %d)", op.thing, operation);
  begin (&op);
  lifecycle_operation_set_progress (world.tokens[operation].address, world_progress_cb, token,
                                    world_notify_cb);
  end (&op);
}

void
op_progress (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_PROGRESS, MODEL_NONE, MODEL_NONE);
  gpointer operation;

  op.thing = pick_thing (record[2], MODEL_OPERATION);
  if (op.thing < 0)
    return;

  /* It must not end before this function has returned. */
  operation = g_steal_pointer (&world.tokens[op.thing].address);
  world_trace ("progress (operation %d)", op.thing);
  begin (&op);
  lifecycle_operation_progress (1, 2, operation);
  world.tokens[op.thing].address = operation;
  end (&op);
}

/* Its result comes. */
void
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

void
op_ready (const guint8 *record)
{
  int number = pick_thing (record[2], MODEL_OPERATION);

  if (number >= 0)
    end_operation (number);
}

/* Begins a close or a drain that waits. */
static void
begin_wait (const guint8 *record,
            ModelOp       op,
            const char   *name,
            void        (*function) (LifecycleScope *, LifecycleReason, guint, GCancellable *,
                                     GAsyncReadyCallback, gpointer))
{
  guint timeout = (FLAGS (record) & 1) != 0 ? intervals[record[2] & 7] : 0;
  GCancellable *cancellable = NULL;
  WorldToken *token;

  if (op.scope < 0 || !model_can_drain (op.scope) ||
      (model_is_in_drain (op.scope) && !model.scopes[op.scope].drains))
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
  world_trace ("%s %d (%d, %u ms, cancellable %d) ...", name, op.thing, op.scope, timeout,
               op.cancellable);
  begin (&op);
  function (scope_at (op.scope), (LifecycleReason) op.reason, timeout, cancellable, world_closed_cb,
            token);
  end (&op);
}

void
op_close_async (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_CLOSE_ASYNC, pick_scope (record[1]), MODEL_NONE);

  begin_wait (record, op, "close_async", lifecycle_scope_close_async);
}

void
op_drain (const guint8 *record)
{
  ModelOp op = make_op (MODEL_OP_DRAIN, pick_scope (record[1]), MODEL_NONE);

  if (op.scope < 0 || !model_has_phases (op.scope))
    begin_wait (record, op, "drain_async", lifecycle_scope_drain_async);
}

gboolean
is_waiting (void)
{
  for (int i = 0; i < model.n_things; i++)
    if (model.things[i].kind == MODEL_WAITER && model.things[i].n_called == 0)
      return TRUE;

  /* Or somebody has cancelled the wait. */
  for (int i = 0; i < model.n_scopes; i++)
    if (model.scopes[i].state == MODEL_CLOSING || model.scopes[i].drains)
      return TRUE;

  /* Or mail for a handler that goes on without its scope. */
  for (int i = 0; i < model.n_messages; i++)
    if (!model.messages[i].dropped)
      return TRUE;

  return FALSE;
}
