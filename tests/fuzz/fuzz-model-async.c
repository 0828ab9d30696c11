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
  thing->cancelled = !is_open;
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
  if (!thing->live)
    return;

  /* What is being cleared still belongs to a scope that is open. */
  while (owner >= 0 && model.scopes[owner].ghost)
    owner = model.scopes[owner].parent;

  if (thing->has_callback && model.scopes[owner].state != MODEL_OPEN)
    return;

  thing->live = false;
  thing->expects_call = thing->has_callback;
  thing->due = model.n_frames - 1;
  model_unlink (number);
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
