/* fuzz-model-shields.c: operations that a close does not cancel
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-model-private.h"

#include <stddef.h>

/* It comes too late for an operation that has been muted. */
void
model_set_shielded (int     number,
                    int64_t timeout)
{
  ModelThing *thing = &model.things[number];

  if (!thing->live)
    return;

  thing->shielded = true;
  thing->shield = timeout;
}

/* It goes on, but nobody waits for it any longer than it has asked for. */
void
model_mute_shielded (int number)
{
  ModelThing *thing = &model.things[number];

  thing->live = false;
  if (thing->shield > 0 && !thing->ended)
    thing->shield_until = model.now + thing->shield;
}

/* Its result has come after it was muted. Whoever waits for it also waits for its callback. */
void
model_finish_shielded (int number)
{
  ModelThing *thing = &model.things[number];

  thing->expects_call = thing->has_callback;
  thing->finishing = true;
  thing->due = model.n_frames - 1;
  if (!thing->has_callback)
    model_shielded_is_over (number);
}

void
model_shielded_is_over (int number)
{
  ModelThing *thing = &model.things[number];

  thing->finishing = false;
  thing->shield_until = 0;
  thing->ended_at = model.tick++;
}

/* The data of its callback is freed. */
void
model_free_shielded (int number)
{
  const ModelThing *thing = &model.things[number];
  const ModelFrame *frame = model_top_frame ();

  if (!model_is_op (frame, MODEL_OP_READY) || frame->op.thing != number)
    model_fail ("shield-early", "the data of operation %d is freed, and its call is not over",
                number);
  if (thing->expects_call && thing->n_called == 0)
    model_fail ("callback-missing", "the data of operation %d is freed before its callback is called",
                number);
}

/* An iteration begins: those that have taken too long are given up in it. */
void
model_give_up_shielded (ModelFrame *frame)
{
  if (frame->first)
    return;

  for (int i = 0; i < model.n_things; i++)
    {
      ModelThing *thing = &model.things[i];

      if (thing->kind == MODEL_OPERATION &&
          thing->shield_until > 0 && thing->shield_until <= model.now &&
          (!thing->given_up || thing->give_up_unsure))
        thing->given_up = thing->give_up_unsure = true;
    }
}

/* It is over, and no other one has cut it short. Where nobody waits, the operation may have been released
 * unseen before.
 */
void
model_shields_are_sure (const ModelFrame *frame)
{
  for (int i = 0; i < model.n_things && !frame->first && !frame->cut_short; i++)
    {
      ModelThing *thing = &model.things[i];

      if (thing->owner >= 0 && model_is_draining (thing->owner) && thing->shield_until <= frame->now)
        thing->give_up_unsure = false;
    }
}

/* Whether somebody has to wait for the operation. */
bool
model_is_pending (int number)
{
  const ModelThing *thing = &model.things[number];

  return thing->kind == MODEL_OPERATION &&
         !thing->late && !thing->given_up &&
         (!thing->ended || thing->finishing);
}

/* Its callback reports a failure. If the scope is being closed, that is one of this close. */
void
model_operation_failed (int number)
{
  const ModelThing *thing = &model.things[number];

  if (model.scopes[thing->home].state == MODEL_CLOSING && thing->owner >= 0)
    {
      model_cleanup_failed (number, thing->home);
      return;
    }

  for (int i = thing->home; i >= 0; i = model.scopes[i].parent)
    model.scopes[i].error_unsure = true;
}
