/* fuzz-model-async.c: operations that are under way
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-model-private.h"

#include <stddef.h>

/* An operation that is begun on a scope that is not open is cancelled already, and nobody will hear
 * of its end.
 */
void
model_begin_operation (int  number,
                       int  scope,
                       bool is_open)
{
  ModelThing *thing = &model.things[number];

  thing->home = scope;
  thing->began_at = model.now;
  thing->live = is_open;
  thing->cancelled = thing->late = !is_open;
  if (is_open)
    model_append (scope, number);
  else
    thing->due = model.n_frames - 1;
}

/* Its result has come. From `closing` on, nobody hears of that; what has no callback leaves all the
 * same, until it is muted.
 */
void
model_finish_operation (int number)
{
  ModelThing *thing = &model.things[number];
  int owner = thing->owner;

  thing->ended = true;
  thing->ended_at = model.tick++;
  for (int i = 0; i < model.n_things; i++)
    if (model.things[i].kind == MODEL_KEPT && model.things[i].operation == number &&
        model.things[i].has_notify)
      model.things[i].due = model.n_frames - 1;
  if (!thing->live && thing->shielded)
    model_finish_shielded (number);
  if (!thing->live)
    return;

  /* What is being cleared still belongs to a scope that is open. */
  while (owner >= 0 && model.scopes[owner].ghost)
    owner = model.scopes[owner].parent;

  if (thing->has_callback && !thing->shielded &&
      model.scopes[owner].state != MODEL_OPEN && !model_announces_move (owner))
    return;

  thing->live = false;
  thing->expects_call = thing->has_callback;
  thing->due = model.n_frames - 1;
  model_unlink (number);
}

/* References that are kept go unseen, unless they are the last ones. */
void
model_free_kept_objects (int operation,
                         int newer_than)
{
  for (int i = model.n_things - 1; i > newer_than; i--)
    {
      ModelThing *thing = &model.things[i];
      ModelInstance *instance;

      if (thing->kind != MODEL_KEPT || thing->operation != operation)
        continue;

      if (thing->has_notify && thing->n_notified == 0)
        model_fail ("kept-order", "the reference on an object is dropped before thing %d is freed", i);
      if (thing->has_notify || !thing->live)
        continue;

      instance = &model.instances[thing->instance];
      thing->live = false;
      instance->n_refs--;
      if (instance->n_refs == 0 && !instance->finalized &&
          !model_instance_is_busy (thing->instance) &&
          model_count_maybe_held (thing->instance) == 0)
        model_fail ("kept-order", "the last reference on instance %d must have been dropped before",
                    thing->instance);
    }
}

/* What an operation keeps is freed when its call is over, however long ago its scope has closed: after
 * the callback, the newest first.
 */
void
model_free_kept (int number)
{
  ModelThing *thing = &model.things[number];
  const ModelFrame *frame = model_top_frame ();

  if (!model_is_op (frame, MODEL_OP_READY) || frame->op.thing != thing->operation)
    model_fail ("kept-when", "thing %d is freed, and operation %d is not over", number,
                thing->operation);
  if (model.things[thing->operation].expects_call && model.things[thing->operation].n_called == 0)
    model_fail ("kept-early", "thing %d is freed before the callback of operation %d", number,
                thing->operation);
  model_free_kept_objects (thing->operation, number);
}

/* Whether the progress of the operation is told: as long as its scope is open. */
bool
model_tells_progress (int operation)
{
  const ModelThing *thing = &model.things[operation];
  int owner = thing->owner;

  while (owner >= 0 && model.scopes[owner].ghost)
    owner = model.scopes[owner].parent;

  return thing->live && thing->progress >= 0 &&
         (model.scopes[owner].state == MODEL_OPEN || model_announces_move (owner));
}

void
model_call_progress (int number)
{
  const ModelFrame *frame = model_top_frame ();
  int operation = model.things[number].operation;

  if (!model_is_op (frame, MODEL_OP_PROGRESS) || frame->op.thing != operation)
    model_fail ("progress-where", "progress of operation %d is told by nobody", operation);
  if (!frame->op.was_live || model.things[operation].progress != number)
    model_fail ("progress-muted", "progress of operation %d is told, and nobody is to hear", operation);
  if (frame->op.either)
    model_fail ("progress-twice", "progress of operation %d is told again", operation);

  model_top_frame ()->op.either = true;
  model_push_thing_call (number);
}

void
model_call_operation (int number)
{
  ModelThing *thing = &model.things[number];
  ModelFrame *frame = model_top_frame ();

  if (!model_is_op (frame, MODEL_OP_READY) || frame->op.thing != number)
    model_fail ("call-where", "the callback of operation %d is called by nobody", number);
  if (!thing->expects_call)
    model_fail ("call-muted", "the callback of operation %d is called after its end", number);
  if (thing->n_called > 0)
    model_fail ("call-twice", "the callback of operation %d is called again", number);

  model_push_thing_call (number);
}

/* The cancellable of the operation. */
void
model_call_operation_cancelled (int number)
{
  ModelThing *thing = &model.things[number];
  bool is_closing;
  int teardown;

  if (thing->shielded)
    model_fail ("shield-cancelled", "operation %d is shielded, and is cancelled", number);
  if (thing->cancelled)
    model_fail ("cancelled-twice", "operation %d is cancelled again", number);
  if (thing->owner >= 0)
    model_wake (thing->owner);
  model_get_phase (thing->owner, &is_closing);
  if (!is_closing)
    model_fail ("cancelled-why", "operation %d is cancelled by nobody", number);

  teardown = model.scopes[thing->owner].teardown;
  model_advance (teardown, MODEL_CANCELLING);
  if (model.teardowns[teardown].phase != MODEL_CANCELLING)
    model_fail ("cancel-late", "operation %d is cancelled after others were released", number);

  thing->cancelled = true;
  model_push_call ();
}

/* close_async() */

bool
model_is_draining (int scope)
{
  return model.scopes[scope].state == MODEL_CLOSING &&
         model.scopes[scope].teardown >= 0 &&
         model.teardowns[model.scopes[scope].teardown].draining;
}

bool
model_has_pending (ModelSet scopes)
{
  for (int i = 0; i < model.n_things; i++)
    {
      const ModelThing *thing = &model.things[i];

      if (model_is_pending (i) &&
          (scopes & MODEL_BIT (thing->home)) != 0 &&
          model.scopes[thing->home].state != MODEL_CLOSED)
        return true;
      if (thing->kind == MODEL_HANDLER &&
          thing->waited &&
          (scopes & MODEL_BIT (thing->home)) != 0 &&
          model.scopes[thing->home].state != MODEL_CLOSED)
        return true;
    }

  return false;
}

/* Whether the destroy notify of a guarded handler is running, which may or may not have to be waited for:
 * that depends on who had the last reference on its closure. Likewise, whether a shielded operation may
 * have been given up.
 */
bool
model_may_have_pending (ModelSet scopes)
{
  for (int i = 0; i < model.n_frames; i++)
    {
      int number = model.frames[i].notified;

      if (number >= 0 && model.things[number].was_waited &&
          (scopes & MODEL_BIT (model.things[number].home)) != 0)
        return true;
    }

  for (int i = 0; i < model.n_things; i++)
    if (model.things[i].kind == MODEL_OPERATION &&
        model.things[i].give_up_unsure && !model.things[i].ended &&
        (scopes & MODEL_BIT (model.things[i].home)) != 0)
      return true;

  return false;
}

static bool
has_pending (const ModelTeardown *teardown)
{
  return model_has_pending (teardown->awaited);
}

/* Whether the wait has given somebody up, who has not ended. */
static bool
has_given_up (const ModelTeardown *teardown,
              bool                *unsure)
{
  bool found = false;

  for (int i = 0; i < model.n_things; i++)
    {
      const ModelThing *thing = &model.things[i];

      if (thing->kind == MODEL_OPERATION && thing->given_up && thing->owner >= 0 &&
          (teardown->awaited & MODEL_BIT (thing->home)) != 0)
        {
          *unsure |= thing->give_up_unsure;
          found |= !thing->ended || thing->finishing;
        }
    }

  return found;
}

/* Something is released: that ends the wait, if its time has come. */
bool
model_end_wait (int number)
{
  ModelTeardown *teardown = &model.teardowns[number];
  const ModelFrame *frame = model_top_frame ();

  /* The wait is over before it has begun. */
  if (((model_is_op (frame, MODEL_OP_CLOSE_ASYNC) || model_is_op (frame, MODEL_OP_DRAIN)) &&
       frame->op.teardown == number) ||
      (teardown->starting && teardown->due == model.n_frames - 1))
    {
      model_advance (number, MODEL_RELEASING);
      return model.scopes[teardown->root].drain_expired || !has_pending (teardown);
    }

  if (teardown->draining && teardown->woken && teardown->due == model.n_frames - 1)
    {
      bool unsure = false;

      teardown->draining = false;

      /* No user code has run since it was decided what has taken too long. */
      if (teardown->overdue && !has_pending (teardown) && !has_given_up (teardown, &unsure))
        teardown->unsure = true;
      for (int i = 0; i < model.n_things; i++)
        {
          ModelThing *thing = &model.things[i];

          if (thing->kind == MODEL_OPERATION &&
              thing->owner >= 0 &&
              model.scopes[thing->owner].teardown == number &&
              (!thing->ended || thing->finishing))
            thing->straggler = true;
        }
    }

  return !teardown->draining;
}

/* The main loop may be about to ask, for another reason, whether all has ended: a part of what waits
 * has, or somebody has closed it. Then the wait need not go on for one more iteration.
 */
void
model_end_wait_early (int number)
{
  ModelTeardown *teardown = &model.teardowns[number];

  if (teardown->done ||
      !teardown->draining ||
      teardown->woken ||
      !model_is_op (model_top_frame (), MODEL_OP_ITERATE) ||
      has_pending (teardown))
    return;

  teardown->woken = teardown->unsure = true;
  teardown->woken_by = teardown->due = model.n_frames - 1;
  teardown->overdue = false;
  for (int i = 0; i < model.n_scopes; i++)
    if ((teardown->members & MODEL_BIT (i)) != 0)
      model_set_due_of_muted (i, teardown->due);
}

/* A close that has taken over a part of what a close_async() waits with may not have come to it when
 * the wait ends: then the one that has waited goes on with it.
 */
void
model_resume_drain (int number)
{
  ModelTeardown *teardown = &model.teardowns[number];

  if (!teardown->woken || teardown->done)
    return;

  for (int i = 0; i < model.n_scopes; i++)
    {
      ModelScope *scope = &model.scopes[i];

      if (scope->drain == number && scope->teardown != number && scope->state == MODEL_CLOSING)
        {
          model.teardowns[scope->teardown].members &= ~MODEL_BIT (i);
          model.teardowns[scope->teardown].overlapped = true;
          teardown->members |= MODEL_BIT (i);
          teardown->overlapped = true;
          scope->teardown = number;
          model_set_due_of_muted (i, teardown->due);
        }
    }
}

/* A close() of a part of what waits. If another one has begun with that part, but has not come to it,
 * this one is faster: that can be seen only when something is released.
 */
void
model_close_part (ModelOp *op)
{
  op->either = false;
  op->teardown = model_start_close (op->scope, op->reason, op->detail, model.n_frames - 1);
}

/* Where a close is under way, it is joined. A wait for a part of what another one waits for is left
 * out, also if it is the limit of a drain that would end it, and so are the scope of an object and what a
 * clear() is about to release.
 */
bool
model_can_drain (int scope)
{
  ModelSet reach;

  if (model.scopes[scope].state == MODEL_CLOSING && model.scopes[scope].drain_due > 0 &&
      model.scopes[scope].teardown >= 0 &&
      model.teardowns[model.scopes[scope].teardown].root != scope)
    return false;
  if (model.scopes[scope].state != MODEL_OPEN)
    return model.scopes[scope].state == MODEL_CLOSED ||
           model.scopes[scope].drain < 0 ||
           (model_is_draining (scope) &&
            model.teardowns[model.scopes[scope].teardown].root == scope);

  reach = model_reach (scope);
  for (int i = 0; i < model.n_scopes; i++)
    if ((reach & MODEL_BIT (i)) != 0 &&
        (model.scopes[i].state != MODEL_OPEN ||
         model.scopes[i].anchor >= 0 ||
         model.scopes[i].is_run ||
         model.scopes[i].ghost ||
         model_in_clear (i)))
      return false;

  return true;
}

void
model_close_async (ModelOp *op)
{
  ModelThing *thing = &model.things[op->thing];

  thing->home = op->scope;
  thing->cancellable = op->cancellable;
  thing->live = true;
  if (op->was_open)
    op->teardown = model_start_close (op->scope, op->reason, NULL, model.n_frames - 1);
}

/* The release has to wait. */
void
model_wait_until (int     number,
                  int64_t until)
{
  ModelTeardown *teardown = &model.teardowns[number];

  teardown->draining = true;
  teardown->drain_until = until;
  teardown->due = MODEL_NONE;
  for (int i = 0; i < model.n_scopes; i++)
    if ((teardown->members & MODEL_BIT (i)) != 0)
      {
        model.scopes[i].drain = number;
        model_set_due_of_muted (i, MODEL_NONE);
      }
}

/* The call is about to return: all but the release has been done, and that, too, if there is nothing
 * to wait for.
 */
void
model_begin_to_wait (ModelOp *op)
{
  ModelTeardown *teardown;
  int64_t until = op->time > 0 ? model.now + op->time : INT64_MAX;

  if (op->teardown >= 0 &&
      model.scopes[op->scope].state == MODEL_CLOSING &&
      model.scopes[op->scope].teardown == op->teardown)
    {
      /* A drain may have set a limit before. */
      if (model.scopes[op->scope].drain_due > 0 && model.scopes[op->scope].drain_due < until)
        until = model.scopes[op->scope].drain_due;
      model_advance (op->teardown, MODEL_RELEASING);
      teardown = &model.teardowns[op->teardown];
      if ((has_pending (teardown) &&
           !(model.scopes[op->scope].drain_expired && model_hooks.is_closed (op->scope))) ||
          (model_may_have_pending (teardown->awaited) && !model_hooks.is_closed (op->scope)))
        {
          model_wait_until (op->teardown, until);
          model_find_limit (op->teardown);
          op->teardown = MODEL_NONE;
        }
    }
  else if (model_is_draining (op->scope))
    {
      teardown = &model.teardowns[model.scopes[op->scope].teardown];
      if (teardown->root == op->scope && until < teardown->drain_until)
        teardown->drain_until = until;
    }
}

/* Who closes one of the scopes has yet to tell those who wait of it. */
bool
model_is_being_told (ModelSet scopes)
{
  for (int i = 0; i < model.n_frames; i++)
    if (model.frames[i].closed >= 0 &&
        (scopes & MODEL_BIT (model.frames[i].closed)) != 0)
      return true;

  return false;
}

/* An iteration begins. */
void
model_wake_drains (ModelFrame *frame)
{
  for (int i = 0; i < model.n_teardowns; i++)
    {
      ModelTeardown *teardown = &model.teardowns[i];
      bool timed_out = teardown->draining && teardown->drain_until <= model.now;
      bool unsure = false;

      if (teardown->done || !teardown->draining ||
          model.scopes[teardown->root].state == MODEL_CLOSED)
        continue;

      if (frame->first ? !has_pending (teardown) : timed_out)
        {
          if (frame->first)
            timed_out = has_given_up (teardown, &unsure);
          /* A part of it may be released first, when its own time is up, and then not be named. */
          for (int j = 0; j < model.n_scopes && !frame->first; j++)
            unsure |= j != teardown->root && (teardown->awaited & MODEL_BIT (j)) != 0 &&
                      model.scopes[j].drain_due > 0 && model.scopes[j].drain_due <= model.now;
          for (int j = 0; j < model.n_things && timed_out; j++)
            if (model.things[j].kind == MODEL_WAITER &&
                model.things[j].home == teardown->root &&
                model.things[j].n_called == 0)
              {
                model.things[j].timed_out = true;
                model.things[j].told_at = model.tick;
              }
          /* Or somebody else has come to the root, and will see to the rest. */
          unsure |= model_may_have_pending (teardown->awaited);
          /* Or something above it is closed first, because its own time is up. */
          for (int j = 0; j < model.n_scopes; j++)
            unsure |= (frame->drain_over & MODEL_BIT (j)) != 0 &&
                      (model_reach (j) & MODEL_BIT (teardown->root)) != 0;
          teardown->unsure = unsure ||
                             (frame->first && model_is_being_told (teardown->awaited)) ||
                             model.scopes[teardown->root].teardown != i ||
                             teardown->woken;
          if (!teardown->woken)
            teardown->woken_by = model.n_frames - 1;
          teardown->woken = true;
          teardown->overdue = timed_out;
          teardown->due = model.n_frames - 1;
          for (int j = 0; j < model.n_scopes; j++)
            if ((teardown->members & MODEL_BIT (j)) != 0)
              model_set_due_of_muted (j, teardown->due);
        }
    }
}

/* The iteration is over. If another one has cut it short, what had its turn in it has to wait for one
 * more.
 */
void
model_go_on_waiting (int  frame,
                     bool cut_short)
{
  for (int i = 0; i < model.n_teardowns; i++)
    {
      ModelTeardown *teardown = &model.teardowns[i];

      if (!teardown->draining || !teardown->woken || teardown->due != frame)
        continue;
      if (!cut_short && !(teardown->unsure && !model_hooks.is_closed (teardown->root)))
        continue;

      /* It may also be in the middle of that in an iteration further up. */
      teardown->due = MODEL_NONE;
      for (int j = teardown->woken_by; j < frame; j++)
        if (model_is_op (&model.frames[j], MODEL_OP_ITERATE))
          teardown->due = j;
      teardown->woken = teardown->due >= 0;
      for (int j = 0; j < model.n_scopes; j++)
        if ((teardown->members & MODEL_BIT (j)) != 0)
          model_set_due_of_muted (j, teardown->due);
    }
}

/* Who has cancelled the wait is told so within two iterations that are not cut short: GLib may put the
 * result off by one.
 * While `cancelled` is being emitted, GLib may not have come to it, so this is for the outermost level.
 */
void
model_check_waiters (void)
{
  for (int i = 0; i < model.n_things; i++)
    {
      ModelThing *thing = &model.things[i];

      if (thing->kind == MODEL_WAITER &&
          thing->live &&
          thing->cancellable >= 0 &&
          model.cancellables[thing->cancellable].cancelled &&
          ++thing->n_deaf > 3)
        model_fail ("waiter-deaf", "the wait %d was cancelled, and goes on", i);
    }
}

void
model_call_waiter (int  number,
                   bool cancelled)
{
  ModelThing *thing = &model.things[number];

  if (thing->n_called > 0)
    model_fail ("waiter-twice", "the callback %d of close_async() is called again", number);
  if (cancelled &&
      (thing->cancellable < 0 || !model.cancellables[thing->cancellable].cancelled))
    model_fail ("waiter-cancelled", "the wait %d says that it was cancelled", number);
  if (!cancelled && model.scopes[thing->home].state != MODEL_CLOSED)
    model_fail ("waiter-early", "scope %d is not closed, and close_async() says so", thing->home);

  model_phase_note_closed (thing->home);
  model_top_frame ()->told = true;
  thing->live = false;
  model_push_thing_call (number);
}

/* Whether the waiter is told that it took too long; -1 where both is right: somebody else may have come
 * first in the same iteration.
 */
int
model_is_overdue (int number)
{
  const ModelThing *thing = &model.things[number];
  int teardown = model.scopes[thing->home].teardown;

  if (teardown >= 0 && model.teardowns[teardown].unsure)
    return -1;
  /* It may have waited with one that it follows, or that is above it, whose time is up as well. */
  if (teardown >= 0 && model.teardowns[teardown].root != thing->home &&
      (thing->timed_out ||
       (model.scopes[thing->home].drain_due > 0 && model.scopes[thing->home].drain_due <= model.now)))
    return -1;

  /* One that joins when time is up already may be told so, too. */
  if (!thing->timed_out)
    {
      for (int i = 0; i < model.n_things; i++)
        if (model.things[i].kind == MODEL_WAITER &&
            model.things[i].home == thing->home &&
            model.things[i].timed_out)
          return -1;

      return 0;
    }

  return model.teardowns[teardown].woken || model.teardowns[teardown].cut_off ? model.teardowns[teardown].overdue : -1;
}

/* Whether the operation has to be named to the waiter, who is told that it took too long; -1 where both
 * is right.
 */
int
model_is_straggler (int number,
                    int waiter)
{
  const ModelThing *thing = &model.things[number];
  int drain = model.scopes[model.things[waiter].home].drain;

  if (drain < 0 || model.teardowns[drain].cut_off ||
      model.teardowns[drain].root != model.things[waiter].home)
    return -1;
  if (thing->late || (model.teardowns[drain].awaited & MODEL_BIT (thing->home)) == 0)
    return 0;
  if (thing->ended && !thing->finishing && thing->ended_at < model.things[waiter].told_at)
    return 0;

  return thing->straggler && model_is_overdue (waiter) == 1 ? 1 : -1;
}
