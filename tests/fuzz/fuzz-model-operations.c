/* fuzz-model-operations.c: what each operation does, and which answer is right
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-model-private.h"

#include <stddef.h>

/* Operations */

static void
be_born_closed (int made,
                int from)
{
  model.scopes[made].state = MODEL_CLOSED;
  model.scopes[made].reasons = model.scopes[from].reasons;
  model.scopes[made].announced = model.scopes[made].told_closed = true;
}

/* While `closing` was emitted, somebody closed what the scope that was to move ends with. Nothing is
 * left to be handed on.
 */
static bool
is_overtaken_move (const ModelOp *op)
{
  return op->was_open &&
         !op->either &&
         op->teardown >= 0 &&
         model.teardowns[op->teardown].moving &&
         model.scopes[op->scope].teardown != op->teardown;
}

/* The two parts of what get_child() and get_child_for() do. */
int
model_make_child (const ModelOp *op)
{
  int child = model_add_scope (op->name, op->scope);

  model.scopes[child].key = op->instance;

  return child;
}

static void
follow_key (int child)
{
  int key = model.scopes[child].key;

  if (key >= 0 && model.scopes[child].state == MODEL_OPEN)
    model_link (MODEL_LINK_SCOPE, child, model_ensure_anchor (key), 0, MODEL_REASON_OWNER_GONE);
}

/* A handler that is called in the middle of an addition may end what was added. Then the addition has
 * failed.
 */
static void
check_limit (const ModelOp *op,
             bool           answer)
{
  const ModelThing *thing = &model.things[op->thing];
  const ModelScope *scope;
  int least;
  int most;

  if (op->limit_reached && answer && !thing->live)
    model_fail ("limit-answer", "thing %d is said to have been added, and it has ended", op->thing);
  /* Neither of these has to add anything. */
  if (op->code == MODEL_OP_RESTART_TIMER || op->code == MODEL_OP_STOP_TIMER)
    return;
  if (!answer || op->limit_reached || thing->owner < 0)
    return;

  scope = &model.scopes[thing->owner];
  if (scope->limit > 0 && !scope->limit_told &&
      model_counts_entries (thing->owner, &least, &most) && least > scope->limit)
    model_fail ("limit-missing", "scope %d has %d entries, its limit is %d, and nobody was told",
                thing->owner, least, scope->limit);
}

static void
begin_connect (ModelOp *op)
{
  ModelThing *thing = &model.things[op->thing];

  thing->instance = op->instance;
  thing->signal = op->signal;
  thing->receiver = op->receiver;
  thing->flags = op->flags;
  thing->home = op->scope;
  thing->serial = model.serial++;
  thing->live = op->was_open;
  if ((op->flags & MODEL_CONNECT_GATED) != 0 && op->code == MODEL_OP_CONNECT)
    model.instances[op->instance].lost = false;
  if (op->was_open)
    model_append (op->scope, op->thing);
  else
    thing->due = model.n_frames - 1;
}

static void
begin_add_foreign (ModelOp *op)
{
  ModelThing *thing = &model.things[op->thing];

  if (!thing->live)
    return;

  if (op->was_open)
    {
      if (thing->kind == MODEL_SOURCE && !thing->attached)
        {
          thing->attached = true;
          thing->serial = model.serial++;
        }
      thing->foreign = true;
      model_append (op->scope, op->thing);
    }
  else
    {
      model_kill (op->thing);
    }
}

/* What is being cleared still belongs to the scope. */
static int
owner_of (int number)
{
  int owner = model.things[number].owner;

  while (owner >= 0 && model.scopes[owner].ghost)
    owner = model.scopes[owner].parent;

  return owner;
}

static void
begin_steal (ModelOp *op)
{
  ModelThing *thing = &model.things[op->thing];
  ModelPhase phase;
  bool is_closing;
  bool mine = owner_of (op->thing) == op->scope;

  phase = model_get_phase (thing->owner, &is_closing);

  op->was_live = mine && thing->live;
  if (mine && thing->receiver >= 0 && model.instances[thing->receiver].disposing)
    op->either = true;
  else if (mine &&
           (thing->stale || thing->ending || (thing->foreign && phase == MODEL_CANCELLING)))
    op->either = true;
  else if (mine && !thing->live)
    op->either = thing->foreign;
  else if (op->was_live)
    {
      thing->stolen = true;
      model_unlink (op->thing);
    }
}

/* The last one of that object goes. */
static void
begin_steal_object (ModelOp *op)
{
  bool is_closing;

  op->thing = MODEL_NONE;
  for (int i = 0; i < model.n_things; i++)
    {
      ModelThing *thing = &model.things[i];

      if (thing->kind == MODEL_OBJECT &&
          thing->live &&
          thing->instance == op->instance &&
          owner_of (i) == op->scope &&
          (op->thing < 0 ||
           !model.scopes[thing->owner].ghost ||
           model.scopes[model.things[op->thing].owner].ghost))
        op->thing = i;
    }

  op->was_live = op->thing >= 0;
  if (!op->was_live)
    return;

  if (model_get_phase (model.things[op->thing].owner, &is_closing) > MODEL_ANNOUNCING)
    {
      op->either = true;
    }
  else
    {
      model.things[op->thing].live = false;
      model.instances[op->instance].n_refs--;
      model_unlink (op->thing);
    }
}

/* The user's reference was not the last one if the library or an emission has another. */
static void
set_released_due (int number)
{
  ModelThing *thing = &model.things[number];
  int frame;

  thing->due = model.n_frames - 1;
  if (thing->owner >= 0 && model.scopes[thing->owner].teardown >= 0)
    thing->due = model.teardowns[model.scopes[thing->owner].teardown].due;
  if (model_notify_can_wait (number, &frame) && frame < thing->due)
    thing->due = frame;
  if (model_has_mail (number))
    thing->due = MODEL_NONE;
}

static void
begin_iteration (ModelFrame *frame)
{
  for (int i = 0; i < model.n_frames - 1; i++)
    if (model_is_op (&model.frames[i], MODEL_OP_ITERATE))
      model.frames[i].cut_short = true;

  frame->awake = (frame->op.flags & 2) != 0;
  frame->first = (frame->op.flags & 4) != 0;
  frame->began = ++model.tick;
  frame->now = model.now;
  frame->arm_horizon = model.arm_serial;

  model_give_up_shielded (frame);
  model_begin_iteration_of_drains (frame);
  model_wake_drains (frame);

  /* Idle sources have to wait for others. */
  if (frame->op.flags != 0)
    return;

  for (int i = 0; i < model.n_things; i++)
    {
      ModelThing *thing = &model.things[i];
      int at;

      if (thing->kind != MODEL_SOURCE || !thing->live || !thing->attached || thing->n_running > 0)
        continue;

      /* In the order of attaching. */
      for (at = frame->n_ready; at > 0; at--)
        {
          if (model.things[frame->ready[at - 1]].serial < thing->serial)
            break;
          frame->ready[at] = frame->ready[at - 1];
        }
      frame->ready[at] = i;
      frame->n_ready++;
    }
}

void
model_begin (ModelOp *given)
{
  ModelFrame *frame = model_push_frame (MODEL_FRAME_OP);
  ModelOp *op = &frame->op;
  ModelScope *scope = NULL;
  int here = model.n_frames - 1;
  int other;

  frame->op = *given;
  op->made = MODEL_NONE;
  op->teardown = MODEL_NONE;
  op->was_open = op->was_live = op->either = false;

  /* Who calls a function has a reference on what it is about. */
  if (op->scope >= 0)
    {
      scope = &model.scopes[op->scope];
      scope->n_refs++;
      op->was_open = scope->state == MODEL_OPEN;
    }
  if (op->other >= 0)
    model.scopes[op->other].n_refs++;
  if (op->instance >= 0)
    model.instances[op->instance].n_refs++;
  if (op->receiver >= 0)
    model.instances[op->receiver].n_refs++;

  /* Whoever watches the instance makes it possible to get a reference on it again. */
  if (op->code == MODEL_OP_ADD_HANDLER)
    model.instances[model.things[op->thing].instance].maybe_found =
      model.instances[model.things[op->thing].instance].adopted = true;
  else if (op->instance >= 0)
    model.instances[op->instance].maybe_found = true;

  switch (op->code)
    {
    case MODEL_OP_NEW:
      op->made = model_add_scope (op->name, MODEL_NONE);
      break;

    case MODEL_OP_NEW_CHILD:
      op->made = model_add_scope (op->name, op->scope);
      break;

    case MODEL_OP_RENEW_CHILD:
      other = op->was_open ? model_find_named (op->scope, op->name, op->instance, false) : MODEL_NONE;
      op->made = model_make_child (op);
      follow_key (op->made);
      if (other >= 0)
        op->teardown = model_start_close (other, MODEL_REASON_REPLACED, NULL, here);
      break;

    case MODEL_OP_CLOSE:
      if (op->was_open || model_is_draining (op->scope))
        op->teardown = model_start_close (op->scope, op->reason, op->detail, here);
      else
        op->either = scope->state == MODEL_CLOSING && scope->drain >= 0;
      break;

    case MODEL_OP_CLEAR:
      for (int i = 0; i < model.n_things && op->was_open; i++)
        if (model.things[i].kind == MODEL_HANDLER && model.things[i].home == op->scope)
          model.things[i].outdated = true;
      if (op->was_open)
        op->teardown = model_start_clear (op->scope, here);
      break;

    case MODEL_OP_CLEAR_KIND:
      for (int i = 0; i < model.n_things && op->was_open && op->kind == MODEL_HANDLER; i++)
        if (model.things[i].kind == MODEL_HANDLER && model.things[i].home == op->scope)
          model.things[i].outdated = true;
      if (op->was_open)
        {
          /* Nothing is announced, so it mutes before it calls anybody, and be it to finish what an
           * outer one has begun with.
           */
          op->teardown = model_start_clear_kind (op->scope, op->kind, here);
          model_advance (op->teardown, MODEL_CANCELLING);
        }
      break;

    case MODEL_OP_MOVE:
      op->made = model_add_scope (scope->name, MODEL_NONE);
      if (op->was_open && model_in_clear (op->scope))
        {
          /* What a clear() further up has begun with is finished first. */
          other = model_find_ghost (op->scope);
          if (other >= 0)
            op->teardown = model_start_close (other, MODEL_REASON_COMPLETED, NULL, here);
          op->either = true;
        }
      else if (op->was_open)
        {
          op->teardown = model_start_move (op->scope, here);
        }
      else
        {
          be_born_closed (op->made, op->scope);
        }
      break;

    case MODEL_OP_FOLLOW:
      if (!op->was_open)
        break;
      if (model.scopes[op->other].state == MODEL_OPEN)
        model_link (MODEL_LINK_SCOPE, op->scope, op->other, 0, MODEL_REASON_OWNER_GONE);
      else
        op->teardown = model_start_close (op->scope, MODEL_REASON_OWNER_GONE, NULL, here);
      break;

    case MODEL_OP_FOLLOW_OBJECT:
      other = model_ensure_anchor (op->instance);
      if (op->was_open && other != op->scope)
        model_link (MODEL_LINK_SCOPE, op->scope, other, 0, MODEL_REASON_OWNER_GONE);
      break;

    case MODEL_OP_FOLLOW_SIGNAL:
      if (op->was_open)
        {
          model_link (MODEL_LINK_SIGNAL, op->scope, op->instance, op->signal, op->reason);
          model.links[model.n_links - 1].unsure = model.instances[op->instance].disposing;
        }
      break;

    case MODEL_OP_FOLLOW_CANCELLABLE:
      if (!op->was_open)
        break;
      if (model.cancellables[op->cancellable].cancelled)
        op->teardown = model_start_close (op->scope, MODEL_REASON_ABORTED, NULL, here);
      else
        model_link (MODEL_LINK_CANCELLABLE, op->scope, op->cancellable, 0, MODEL_REASON_ABORTED);
      break;

    case MODEL_OP_CANCEL:
      op->was_live = !model.cancellables[op->cancellable].cancelled;
      model.cancellables[op->cancellable].cancelled = true;
      break;

    case MODEL_OP_CONNECT:
      begin_connect (op);
      break;

    case MODEL_OP_FOREIGN_CONNECT:
      begin_connect (op);
      model.things[op->thing].live = true;
      model.things[op->thing].due = MODEL_NONE;
      break;

    case MODEL_OP_ADD_HANDLER:
    case MODEL_OP_ADD_SOURCE:
      op->was_live = model.things[op->thing].live;
      begin_add_foreign (op);
      break;

    case MODEL_OP_STEAL_HANDLER:
    case MODEL_OP_STEAL_SOURCE:
      if (model_is_blocked (op->thing))
        model.unblocked_at = ++model.tick;
      begin_steal (op);
      break;

    case MODEL_OP_DISCONNECT:
    case MODEL_OP_DESTROY_SOURCE:
      model_kill (op->thing);
      break;

    case MODEL_OP_EMIT:
      frame->horizon = model.serial;
      frame->tick = model.tick;
      break;

    case MODEL_OP_BLOCK:
      scope->n_blocked++;
      model_pause_timers ();
      break;

    case MODEL_OP_UNBLOCK:
      scope->n_blocked--;
      model.unblocked_at = ++model.tick;
      model_pause_timers ();
      break;

    case MODEL_OP_ADD_IDLE:
      model.things[op->thing].attached = true;
      begin_connect (op);
      break;

    case MODEL_OP_FOREIGN_SOURCE:
      model.things[op->thing].live = true;
      model.things[op->thing].serial = model.serial++;
      break;

    case MODEL_OP_ITERATE:
      begin_iteration (frame);
      break;

    case MODEL_OP_ADD_OBJECT:
      if (op->was_open)
        {
          model.things[op->thing].instance = op->instance;
          model.things[op->thing].live = true;
          model.instances[op->instance].n_refs++;
          model_append (op->scope, op->thing);
        }
      break;

    case MODEL_OP_STEAL_OBJECT:
      begin_steal_object (op);
      break;

    case MODEL_OP_UNDEFER:
      model_begin_undefer (op);
      break;

    case MODEL_OP_ADOPT:
    case MODEL_OP_DEFER:
      model.things[op->thing].receiver = op->instance;
      model.things[op->thing].live = op->was_open;
      model.things[op->thing].late = !op->was_open;
      if (op->was_open)
        model_append (op->scope, op->thing);
      else
        model.things[op->thing].due = here;
      break;

    case MODEL_OP_DROP:
      model_let_go_of_scope (op->scope);
      break;

    case MODEL_OP_UNREF_INSTANCE:
      model.instances[op->instance].n_refs--;
      break;

    case MODEL_OP_KEEP:
      if (op->scope >= 0)
        model.scopes[op->scope].n_refs++;
      if (op->instance >= 0)
        model.instances[op->instance].n_refs++;
      break;

    case MODEL_OP_RELEASE:
      model.things[op->thing].notify_held = false;
      if (!model.things[op->thing].live)
        set_released_due (op->thing);
      break;

    case MODEL_OP_ADD_TIMER:
      model.things[op->thing].interval = op->time;
      model.things[op->thing].home = op->scope;
      if (op->was_open)
        model_join_timer (op->thing, op->scope, !model.things[op->thing].debounce);
      else
        model.things[op->thing].due = here;
      break;

    case MODEL_OP_CANCEL_TIMER:
      if (model.things[op->thing].live)
        model_end_timer (op->thing);
      break;

    case MODEL_OP_RESTART_TIMER:
      op->either = model_may_be_revived (op->thing);
      op->was_live = model_restart_timer (op->thing);
      break;

    case MODEL_OP_STOP_TIMER:
      op->was_live = model_stop_timer (op->thing);
      break;

    case MODEL_OP_SET_INTERVAL:
      model_set_interval (op->thing, op->time);
      break;

    case MODEL_OP_SET_DEADLINE:
      model_set_deadline (op->thing, op->scope, op->time);
      break;

    case MODEL_OP_SET_LIMIT:
      if (scope->limit != op->limit)
        scope->limit_told = false;
      scope->limit = op->limit;
      break;

    case MODEL_OP_ADVANCE:
      model.now += op->time;
      break;

    case MODEL_OP_BEGIN:
      op->was_open &= !scope->draining;
      model_begin_operation (op->thing, op->scope, op->was_open);
      break;

    case MODEL_OP_KEEP_DATA:
      if (op->instance >= 0)
        {
          model.things[op->thing].instance = op->instance;
          model.things[op->thing].live = true;
          model.instances[op->instance].n_refs++;
        }
      break;

    case MODEL_OP_PROGRESS:
      op->was_live = model_tells_progress (op->thing);
      break;

    case MODEL_OP_SET_SHIELDED:
      model_set_shielded (op->thing, op->time);
      break;

    case MODEL_OP_CLOSE_ASYNC:
      model_close_async (op);
      break;

    case MODEL_OP_DRAIN:
      model_drain (op);
      break;

    case MODEL_OP_ADD_PHASE:
      model_begin_phase (op);
      break;

    case MODEL_OP_BIND:
    case MODEL_OP_ADD_MONITOR:
    case MODEL_OP_ADD_FILE:
      model_begin_resource (op);
      break;

    case MODEL_OP_UNBIND:
      model_end_resource (op->thing);
      break;

    case MODEL_OP_REMOVE_FILE:
      model.things[op->thing].removed = true;
      break;

    case MODEL_OP_CANCEL_MONITOR:
      break;

    case MODEL_OP_READY:
      model_finish_operation (op->thing);
      break;

    case MODEL_OP_GET_CHILD:
    case MODEL_OP_GET_CHILD_FOR:
    case MODEL_OP_SCOPE_OF:
    case MODEL_OP_GET_CANCELLABLE:
    case MODEL_OP_NEW_CANCELLABLE:
    case MODEL_OP_NEW_INSTANCE:
    case MODEL_OP_RUN_DISPOSE:
    case MODEL_N_OPS:
      break;
    }
}

void
model_answer_boolean (bool answer)
{
  ModelOp *op = &model_top_frame ()->op;
  ModelThing *thing = op->thing >= 0 ? &model.things[op->thing] : NULL;
  bool expected = false;

  switch (op->code)
    {
    case MODEL_OP_CONNECT:
    case MODEL_OP_ADD_IDLE:
    case MODEL_OP_ADD_OBJECT:
    case MODEL_OP_ADOPT:
    case MODEL_OP_ADD_TIMER:
    case MODEL_OP_BEGIN:
    case MODEL_OP_BIND:
    case MODEL_OP_ADD_MONITOR:
    case MODEL_OP_ADD_FILE:
    case MODEL_OP_ADD_PHASE:
      expected = op->was_open;
      op->either = op->code == MODEL_OP_ADD_PHASE && op->was_open && !thing->live;
      break;

    case MODEL_OP_RESTART_TIMER:
      expected = op->either ? answer : op->was_live;
      if (op->either && answer)
        {
          model_unlink (op->thing);
          model_join_timer (op->thing, thing->home, true);
        }
      break;

    case MODEL_OP_STOP_TIMER:
      expected = op->was_live;
      break;

    case MODEL_OP_ADD_HANDLER:
    case MODEL_OP_ADD_SOURCE:
      expected = op->was_open && op->was_live;
      break;

    case MODEL_OP_STEAL_HANDLER:
    case MODEL_OP_STEAL_SOURCE:
      if (op->either)
        {
          /* It was about to go, or has gone: being told so is as good as getting it. */
          expected = answer;
          if (answer)
            {
              if (model.scopes[thing->owner].teardown >= 0)
                model.teardowns[model.scopes[thing->owner].teardown].n_removed++;
              thing->stolen = true;
              model_unlink (op->thing);
            }
        }
      else
        {
          expected = op->was_live;
        }
      break;

    case MODEL_OP_STEAL_OBJECT:
      expected = op->either ? answer : op->was_live;
      if (op->either && answer)
        {
          thing->live = false;
          model.teardowns[model.scopes[thing->owner].teardown].n_removed++;
          model.instances[op->instance].n_refs--;
          model_unlink (op->thing);
        }
      break;

    case MODEL_OP_UNDEFER:
      model_answer_undefer (op, answer);
      return;

    default:
      return;
    }

  /* What waits to be released has not been added either. */
  if (op->limit_reached &&
      (!thing->live || thing->owner < 0 || model.scopes[thing->owner].state != MODEL_OPEN))
    expected = answer;
  if (op->code != MODEL_OP_ADD_PHASE && op->thing >= 0)
    check_limit (op, answer);

  if (answer != expected && !(op->code == MODEL_OP_ADD_PHASE && op->either))
    model_fail ("answer", "%s returned, %s expected", answer ? "TRUE" : "FALSE",
                expected ? "TRUE" : "FALSE");
}

void
model_answer_count (int count)
{
  ModelOp *op = &model_top_frame ()->op;
  ModelTeardown *teardown;

  /* What it came to may have ended unseen. */
  if (op->either && (count > 0 || model_hooks.is_closed (op->scope)))
    model_close_part (op);

  if (op->teardown < 0)
    {
      if (count != 0)
        model_fail ("count-closed", "%d returned, and the scope was closed already", count);
      return;
    }

  model_finish_teardown (op->teardown);
  teardown = &model.teardowns[op->teardown];
  if (!teardown->overlapped &&
      (count < teardown->n_least - teardown->n_removed || (count > teardown->n_most && !teardown->resumed)))
    model_fail ("count", "%d returned, %d to %d expected", count,
                teardown->n_least - teardown->n_removed, teardown->n_most);
}

/* `known` is the scope that was returned, or MODEL_NONE when it was not seen before. Says which one
 * it is.
 */
int
model_answer_scope (int known)
{
  ModelOp *op = &model_top_frame ()->op;
  int name = op->code == MODEL_OP_GET_CHILD ? op->name : MODEL_NONE;
  int key = op->code == MODEL_OP_GET_CHILD_FOR ? op->instance : MODEL_NONE;
  int expected;

  switch (op->code)
    {
    case MODEL_OP_GET_CHILD:
    case MODEL_OP_GET_CHILD_FOR:
      if (!op->was_open)
        {
          if (known >= 0 &&
              model_is_moving (op->scope) &&
              model_is_named (known, op->scope, name, key))
            break;
          if (known >= 0 && model.scopes[known].state != MODEL_CLOSED)
            model_fail ("child-late", "scope %d was returned, which is not closed", known);
          if (known < 0)
            known = model_add_scope (op->name, op->scope);
          break;
        }
      if (op->made >= 0 && (known < 0 || known == op->made))
        {
          known = op->made;
          follow_key (known);
          break;
        }
      if (known >= 0)
        {
          if (!model_is_named (known, op->scope, name, key))
            model_fail ("child-wrong", "scope %d was returned", known);
          break;
        }
      if (model_find_named (op->scope, name, key, false) >= 0 &&
          model_find_named (op->scope, name, key, true) < 0)
        model_fail ("child-twice", "a new child was made beside scope %d",
                    model_find_named (op->scope, name, key, false));
      known = model_find_named (op->scope, name, key, true);
      if (known < 0)
        {
          known = model_make_child (op);
          follow_key (known);
        }
      break;

    case MODEL_OP_SCOPE_OF:
      expected = model_find_anchor (op->instance);
      if (known >= 0 && known != expected)
        model_fail ("of-wrong", "scope %d was returned, %d expected", known, expected);
      if (known < 0 && expected >= 0 && model.scopes[expected].bound)
        model_fail ("of-twice", "a new scope was made beside scope %d", expected);
      known = model_ensure_anchor (op->instance);
      break;

    default:
      /* On a scope that is not open, one that was born closed serves for all. */
      if (op->code == MODEL_OP_RENEW_CHILD && !op->was_open && known >= 0 &&
          model.scopes[known].state == MODEL_CLOSED)
        break;
      if (known >= 0 && known != op->made)
        model_fail ("scope-wrong", "scope %d was returned, %d expected", known, op->made);
      known = op->made;
      if (op->code == MODEL_OP_MOVE && op->either)
        {
          if (model.scopes[op->scope].state == MODEL_OPEN)
            model_fail ("move-missing", "scope %d has not been moved", op->scope);
          be_born_closed (op->made, op->scope);
        }
      else if (op->code == MODEL_OP_MOVE && is_overtaken_move (op))
        {
          be_born_closed (op->made, op->scope);
          model.scopes[op->made].reasons =
            1u << MODEL_REASON_PARENT_CLOSED | 1u << MODEL_REASON_OWNER_GONE;
        }
      break;
    }

  model.scopes[known].bound = true;

  return known;
}

int
model_answer_cancellable (int  known,
                          bool cancelled)
{
  ModelOp *op = &model_top_frame ()->op;
  ModelScope *scope = &model.scopes[op->scope];
  bool is_fresh = known < 0;

  if (scope->state == MODEL_CLOSED && !cancelled)
    model_fail ("cancellable-late", "the cancellable of the closed scope %d is not cancelled",
                op->scope);

  if (is_fresh)
    known = model_add_cancellable (op->scope, cancelled);

  if (scope->state == MODEL_OPEN && !model_in_clear (op->scope))
    {
      if (scope->cancellable >= 0 &&
          known != scope->cancellable &&
          !model.cancellables[scope->cancellable].cancelled)
        model_fail ("cancellable-twice", "scope %d has another cancellable now", op->scope);
      if (is_fresh && cancelled)
        model_fail ("cancellable-early", "the new cancellable of scope %d is cancelled",
                    op->scope);
      if (scope->cancellable < 0 && !is_fresh)
        model_fail ("cancellable-wrong", "the new cancellable of scope %d is an old one",
                    op->scope);
    }
  if (is_fresh && scope->state != MODEL_CLOSED)
    {
      int ghost = model_find_ghost (op->scope);

      /* Until a clear() has muted, what is asked for is what it cancels. */
      if (ghost >= 0 &&
          model.scopes[ghost].cancellable < 0 &&
          !model.scopes[ghost].muted &&
          model.teardowns[model.scopes[ghost].teardown].phase == MODEL_ANNOUNCING)
        model.scopes[ghost].cancellable = known;
      else
        scope->cancellable = known;
    }

  return known;
}

/* Whoever gave back the last reference on an instance has returned. */
static void
check_instances (int here)
{
  for (int i = 0; i < model.n_instances; i++)
    {
      ModelInstance *instance = &model.instances[i];

      if (instance->n_refs == 0 &&
          !instance->finalized &&
          model_count_maybe_held (i) == 0 &&
          !model_instance_is_busy (i) &&
          !(instance->disposing && instance->dispose_frame < here))
        model_fail ("instance-leak", "the last reference on instance %d went, and it lives", i);
    }
}

/* The end of a frame that has just been taken off the stack. */
void
model_end_frame (int here)
{
  for (int i = 0; i < model.n_teardowns; i++)
    if (model.teardowns[i].due >= here && !model.teardowns[i].done)
      model_finish_teardown (i);

  for (int i = 0; i < model.n_things; i++)
    {
      ModelThing *thing = &model.things[i];

      if (thing->ending && thing->ending_frame >= here &&
          !thing->live && thing->owner >= 0 && model_is_draining (thing->owner))
        {
          /* It stays until the release, although its instance has gone. */
          thing->ending = false;
          thing->loose = true;
          thing->due = MODEL_NONE;
        }
      else if (thing->ending && thing->ending_frame >= here)
        {
          thing->ending = false;
          if (thing->kind == MODEL_HANDLER && thing->live)
            model_kill (i);
          if (!thing->ending)
            {
              /* Whatever had to be told of it has been. */
              if (thing->due >= 0 && thing->due == here - 1)
                thing->due = here;
              model_unlink (i);
            }
        }

      if (thing->due >= here)
        {
          if (thing->has_notify && !thing->notify_held && thing->n_notified == 0)
            model_fail ("notify-missing", "the destroy notify of thing %d must have run by now", i);
          if (thing->late && thing->kind == MODEL_CLEANUP && thing->n_called == 0)
            model_fail ("cleanup-missing", "cleanup %d must have been called by now", i);
          thing->due = MODEL_NONE;
        }
    }
}

void
model_let_go (void)
{
  ModelOp *op = &model_top_frame ()->op;

  if (op->code == MODEL_OP_CLOSE_ASYNC || op->code == MODEL_OP_DRAIN)
    model_begin_to_wait (op);
  if (op->teardown >= 0)
    model_finish_teardown (op->teardown);

  if (op->code == MODEL_OP_ADD_PHASE)
    model_check_phases ();

  if (op->other >= 0)
    model_let_go_of_scope (op->other);
}

void
model_let_go_of_instance (void)
{
  ModelOp *op = &model_top_frame ()->op;

  if (op->instance >= 0)
    model.instances[op->instance].n_refs--;
}

void
model_let_go_of_receiver (void)
{
  ModelOp *op = &model_top_frame ()->op;

  if (op->receiver >= 0)
    model.instances[op->receiver].n_refs--;
}

void
model_let_go_of_rest (void)
{
  ModelOp *op = &model_top_frame ()->op;

  if (op->scope >= 0)
    model_let_go_of_scope (op->scope);
}

void
model_end (void)
{
  ModelFrame *frame = model_top_frame ();
  ModelOp *op = &frame->op;

  if (op->code == MODEL_OP_EMIT)
    model_check_skipped (frame, true, frame->horizon);
  if (op->code == MODEL_OP_ITERATE && !frame->cut_short)
    for (int i = frame->next_ready; i < frame->n_ready; i++)
      if (model_is_destroyed (frame->ready[i]) == 0)
        model_fail ("source-skipped", "source %d was ready and was not dispatched",
                    frame->ready[i]);

  if (op->code == MODEL_OP_READY &&
      model.things[op->thing].expects_call &&
      model.things[op->thing].n_called == 0)
    model_fail ("callback-missing", "the callback of operation %d was not called", op->thing);

  if (op->code == MODEL_OP_READY)
    model_free_kept_objects (op->thing, MODEL_NONE);
  if (op->code == MODEL_OP_PROGRESS && op->was_live && !op->either)
    model_fail ("progress-missing", "nobody is told of the progress of operation %d", op->thing);

  if ((op->code == MODEL_OP_CANCEL_MONITOR ||
       (op->code == MODEL_OP_ADD_MONITOR && model.things[op->thing].late)) &&
      model.things[op->thing].n_called == 0)
    model_fail ("monitor-missing", "monitor %d was not cancelled", op->thing);

  if (op->code == MODEL_OP_ITERATE)
    model_check_drains (frame);
  if (op->code == MODEL_OP_ITERATE && !frame->told)
    model_check_timers (frame);
  if (op->code == MODEL_OP_ITERATE)
    model_check_delivered (frame);
  if (op->code == MODEL_OP_ITERATE && !frame->first && !frame->cut_short && model.n_frames == 1)
    model_check_waiters ();
  if (op->code == MODEL_OP_ITERATE)
    model_shields_are_sure (frame);
  if (op->code == MODEL_OP_ITERATE)
    model_go_on_waiting (model.n_frames - 1, frame->cut_short);

  if (op->code == MODEL_OP_CANCEL && op->was_live)
    {
      if (model.cancellables[op->cancellable].watched && !model.cancellables[op->cancellable].told)
        model_fail ("cancelled-missing", "cancellable %d was cancelled silently", op->cancellable);
      for (int i = 0; i < model.n_links; i++)
        if (model.links[i].kind == MODEL_LINK_CANCELLABLE &&
            model.links[i].live &&
            model.links[i].other == op->cancellable &&
            model.scopes[model.links[i].self].state == MODEL_OPEN)
          model_fail ("follow-missing", "scope %d follows cancellable %d and did not close",
                      model.links[i].self, op->cancellable);
    }

  model.n_frames--;
  model_end_frame (model.n_frames);
  check_instances (model.n_frames);
  for (int i = 0; i < model.n_scopes && model.n_frames == 0; i++)
    if (model_is_dropped (i))
      model_fail ("dropped-open", "the last reference on scope %d went, and it is open", i);
}
