/* fuzz-model-drains.c: scopes that let their operations finish before they close
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-model-private.h"

#include <stddef.h>

/* While a drain is under way, the scope is open, and only refuses operations. The end of it is a close,
 * in an iteration of the main loop; the model learns of that when `closing` is emitted. That close may
 * have to wait as close_async() does: for what the drain has not waited for.
 */

static bool
is_below (int scope,
          int root)
{
  while (scope >= 0 && scope != root)
    scope = model.scopes[scope].as_child >= 0 ? model.scopes[scope].parent : MODEL_NONE;

  return scope >= 0;
}

/* Whether the scope would end with one that is being drained. */
bool
model_is_in_drain (int scope)
{
  for (int i = 0; i < model.n_scopes; i++)
    if (model.scopes[i].drains && (model_reach (i) & MODEL_BIT (scope)) != 0)
      return true;

  return false;
}

/* Where a close is under way, or another drain, it is joined. */
void
model_drain (ModelOp *op)
{
  ModelScope *scope = &model.scopes[op->scope];
  ModelThing *thing = &model.things[op->thing];
  int64_t due = model.now + op->time;

  thing->home = op->scope;
  thing->cancellable = op->cancellable;
  thing->live = true;
  if (!op->was_open)
    return;

  if (op->time > 0 && (scope->drain_due == 0 || due < scope->drain_due))
    scope->drain_due = due;
  if (!scope->drains)
    {
      scope->drains = true;
      scope->drain_reason = op->reason;
      scope->drain_watched = 0;
      for (int i = 0; i < model.n_scopes; i++)
        if (model.scopes[i].used && model.scopes[i].state != MODEL_CLOSED && is_below (i, op->scope))
          {
            scope->drain_watched |= MODEL_BIT (i);
            model.scopes[i].draining = true;
          }
    }

  if (!model_has_pending (scope->drain_watched) && !model_may_have_pending (scope->drain_watched))
    op->teardown = model_start_close (op->scope, scope->drain_reason, NULL, model.n_frames - 1);
}

/* What is over when an iteration begins ends in it, unless another one cuts it short. */
void
model_begin_iteration_of_drains (ModelFrame *frame)
{
  for (int i = 0; i < model.n_scopes; i++)
    {
      const ModelScope *scope = &model.scopes[i];
      bool is_over = scope->drain_due > 0 && scope->drain_due <= model.now;

      if (scope->drains && frame->first && !model_has_pending (scope->drain_watched))
        frame->drained |= MODEL_BIT (i);
      if (scope->drains && (model_is_being_told (scope->drain_watched) ||
                            model_may_have_pending (scope->drain_watched)))
        frame->drain_unsure |= MODEL_BIT (i);
      if (scope->drains && !frame->first && is_over)
        frame->drain_over |= MODEL_BIT (i);
      /* Its time is up in the middle of another close, and nobody can say what that is told. */
      if (!scope->drains && !frame->first && is_over &&
          scope->state == MODEL_CLOSING && scope->teardown >= 0)
        {
          if (!model.teardowns[scope->teardown].draining)
            model.scopes[i].drain_expired = model.teardowns[scope->teardown].unsure = true;
          else if (model.teardowns[scope->teardown].root != i && !scope->drain_expired)
            frame->part_over |= MODEL_BIT (i);
        }
    }
}

/* It is over. Says whether something was under way that is named to those who wait. */
static bool
tell_of_drain (int  number,
               bool is_over)
{
  const ModelScope *scope = &model.scopes[number];
  bool found = false;

  for (int i = 0; i < model.n_things && is_over; i++)
    {
      const ModelThing *thing = &model.things[i];

      if (thing->kind == MODEL_OPERATION && thing->owner >= 0 &&
          (scope->drain_watched & MODEL_BIT (thing->home)) != 0 &&
          (!thing->ended || thing->finishing))
        found = true;
    }
  for (int i = 0; i < model.n_things && is_over; i++)
    if (model.things[i].kind == MODEL_WAITER && model.things[i].home == number &&
        model.things[i].n_called == 0)
      {
        model.things[i].timed_out = true;
        model.things[i].told_at = model.tick;
      }

  return found;
}

/* The scope closes. */
static void
end_drain (int  number,
           bool is_over)
{
  ModelScope *scope = &model.scopes[number];
  bool found = tell_of_drain (number, is_over);
  int teardown;

  teardown = model_start_close (number, scope->drain_reason, NULL, model.n_frames - 1);
  model.teardowns[teardown].starting = !is_over;
  model.teardowns[teardown].cut_off = is_over;
  model.teardowns[teardown].overdue = is_over;
  model.teardowns[teardown].unsure |= is_over && !found;
  if (is_over)
    scope->drain = teardown;
}

/* A scope is released that waits with one above it: that may be because its own time is up. */
void
model_end_part_of_drain (int scope)
{
  ModelFrame *frame = model_top_frame ();

  for (int i = 0; i < model.n_scopes && frame->part_over != 0; i++)
    if ((frame->part_over & MODEL_BIT (i)) != 0 && (model_reach (i) & MODEL_BIT (scope)) != 0 &&
        model_is_draining (i))
      {
        int teardown;
        bool found;

        frame->part_over &= ~MODEL_BIT (i);
        model_settle_drains ();
        found = tell_of_drain (i, true);
        teardown = model_start_close (i, MODEL_REASON_NONE, NULL, model.n_frames - 1);
        model.teardowns[teardown].cut_off = model.teardowns[teardown].overdue = true;
        model.teardowns[teardown].unsure |= !found;
        return;
      }
}

/* A close has cut drains short, of its root or of what is below, and waits. In the iteration that this is
 * called from, the main loop may be about to tell that the time of a drain is up.
 */
void
model_find_limit (int number)
{
  ModelTeardown *teardown = &model.teardowns[number];

  for (int i = model.n_frames - 1; i >= 0; i--)
    {
      ModelFrame *frame = &model.frames[i];
      ModelSet parts;

      if (!model_is_op (frame, MODEL_OP_ITERATE))
        continue;

      parts = frame->drain_over & teardown->members & ~MODEL_BIT (teardown->root);
      frame->part_over |= parts;
      frame->drain_unsure |= parts;
      if ((frame->drain_over & MODEL_BIT (teardown->root)) == 0)
        continue;

      teardown->woken = teardown->overdue = teardown->unsure = true;
      teardown->woken_by = teardown->due = i;
      for (int j = 0; j < model.n_scopes; j++)
        if ((teardown->members & MODEL_BIT (j)) != 0)
          model_set_due_of_muted (j, i);
      return;
    }
}

/* Whether it is a drain that closes, directly or not, this scope. */
bool
model_drain_closes (int         scope,
                    ModelReason reason)
{
  ModelFrame *frame = model_top_frame ();
  ModelSet ready;

  if (model_is_op (frame, MODEL_OP_DRAIN) && frame->op.teardown < 0 &&
      model.scopes[frame->op.scope].drains &&
      !model_has_pending (model.scopes[frame->op.scope].drain_watched) &&
      model_would_close (frame->op.scope, model.scopes[frame->op.scope].drain_reason, scope, reason))
    {
      frame->op.teardown = model_start_close (frame->op.scope,
                                              model.scopes[frame->op.scope].drain_reason, NULL,
                                              model.n_frames - 1);
      return true;
    }
  if (!model_is_op (frame, MODEL_OP_ITERATE))
    return false;

  ready = frame->drained | frame->drain_over;
  for (int i = 0; i < model.n_scopes; i++)
    if ((ready & MODEL_BIT (i)) != 0 && model.scopes[i].drains &&
        model_would_close (i, model.scopes[i].drain_reason, scope, reason))
      {
        model_settle_drains ();
        end_drain (i, (frame->drain_over & MODEL_BIT (i)) != 0);
        return true;
      }

  return false;
}

/* The iteration goes on with something else: what a drain has begun in it has been done, or waits. */
void
model_settle_drains (void)
{
  for (int i = 0; i < model.n_teardowns; i++)
    {
      ModelTeardown *teardown = &model.teardowns[i];
      const ModelScope *root = &model.scopes[teardown->root];

      if (!teardown->starting || teardown->due != model.n_frames - 1)
        continue;

      teardown->starting = false;
      if (teardown->done || root->state != MODEL_CLOSING || root->teardown != i)
        continue;

      model_advance (i, MODEL_RELEASING);
      if (model_has_pending (teardown->awaited))
        model_wait_until (i, root->drain_due > 0 ? root->drain_due : INT64_MAX);
      else
        model_finish_teardown (i);
    }
}

/* The iteration is over. */
void
model_check_drains (const ModelFrame *frame)
{
  model_settle_drains ();

  for (int i = 0; i < model.n_scopes && !frame->cut_short; i++)
    if ((frame->part_over & ~frame->drain_unsure & MODEL_BIT (i)) != 0 && model_is_draining (i))
      model_fail ("drain-open", "the drain of scope %d has taken too long, and it is not released", i);
  for (int i = 0; i < model.n_scopes && !frame->cut_short; i++)
    if ((((frame->drained & ~frame->drain_unsure) | frame->drain_over) & MODEL_BIT (i)) != 0 &&
        model.scopes[i].drains)
      model_fail ("drain-open", "the drain of scope %d is over, and it is open", i);
}

/* In ms, rounded up, until the nearest deadline of the scope or of one above it; -1 if there is none, and
 * -2 if that cannot be said.
 */
int64_t
model_get_scope_remaining (int scope)
{
  int64_t until = INT64_MAX;

  for (int i = scope; i >= 0; i = model.scopes[i].as_child >= 0 ? model.scopes[i].parent : MODEL_NONE)
    {
      const ModelScope *self = &model.scopes[i];

      if (self->ghost || self->state != MODEL_OPEN)
        return -2;
      if (self->drains && self->drain_due > 0 && self->drain_due < until)
        until = self->drain_due;
      for (int j = 0; j < model.n_things; j++)
        if (model.things[j].kind == MODEL_DEADLINE && model.things[j].home == i &&
            model.things[j].armed && model.things[j].deadline < until)
          until = model.things[j].deadline;
    }

  if (until == INT64_MAX)
    return -1;

  return until > model.now ? (until - model.now + 999) / 1000 : 0;
}
