/* fuzz-model-resources.c: what GIO has, and needs no outside world
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-model-private.h"

#include <stddef.h>

/* Bindings and file monitors are ended before everything else, like what was adopted; a temporary
 * file has its own place among the rest.
 */
void
model_begin_resource (ModelOp *op)
{
  ModelThing *thing = &model.things[op->thing];

  thing->instance = op->instance;
  thing->live = op->was_open;
  thing->late = !op->was_open;
  if (!op->was_open)
    return;

  model_append (op->scope, op->thing);
  thing->foreign = thing->kind != MODEL_FILE;
}

/* Somebody else has ended it, and it leaves its scope, or later, if that has been muted. */
void
model_end_resource (int number)
{
  ModelThing *thing = &model.things[number];
  bool is_closing;

  thing->live = false;
  if (thing->owner < 0)
    return;

  if (model.scopes[thing->owner].teardown >= 0)
    model.teardowns[model.scopes[thing->owner].teardown].n_removed++;

  if (model_get_phase (thing->owner, &is_closing) == MODEL_ANNOUNCING)
    model_unlink (number);
}

/* The instance has been disposed. */
void
model_end_bindings (int instance)
{
  for (int i = 0; i < model.n_things; i++)
    if (model.things[i].kind == MODEL_BINDING &&
        model.things[i].instance == instance &&
        model.things[i].live)
      model_end_resource (i);
}

int
model_is_bound (int number)
{
  const ModelThing *thing = &model.things[number];
  bool is_closing;

  if (thing->instance < 0 || model.instances[thing->instance].disposing)
    return -1;
  if (thing->owner >= 0 && model_get_phase (thing->owner, &is_closing) == MODEL_CANCELLING)
    return -1;

  return thing->live;
}

/* The monitor says that it has been cancelled. */
void
model_call_monitor (int number)
{
  ModelThing *thing = &model.things[number];
  ModelFrame *frame = model_top_frame ();
  bool is_closing;

  if (thing->n_called > 0)
    model_fail ("monitor-twice", "monitor %d is cancelled again", number);

  if (model_is_op (frame, MODEL_OP_CANCEL_MONITOR) && frame->op.thing == number)
    {
      /* Who has connected later is told later. */
      thing->live = false;
      if (thing->owner >= 0 && model_get_phase (thing->owner, &is_closing) == MODEL_ANNOUNCING)
        {
          thing->ending = true;
          thing->ending_frame = model.n_frames - 1;
        }
      if (thing->owner >= 0 && model.scopes[thing->owner].teardown >= 0)
        model.teardowns[model.scopes[thing->owner].teardown].n_removed++;
    }
  else if (thing->owner >= 0)
    {
      int teardown;

      model_wake (thing->owner);
      model_get_phase (thing->owner, &is_closing);
      if (!is_closing)
        model_fail ("monitor-why", "monitor %d is cancelled by nobody", number);

      teardown = model.scopes[thing->owner].teardown;
      model_advance (teardown, MODEL_CANCELLING);
      if (model.teardowns[teardown].phase != MODEL_CANCELLING)
        model_fail ("foreign-late", "monitor %d is cancelled after others were released", number);
      thing->live = false;
      model_unlink (number);
    }
  else if (!thing->late || !model_is_op (frame, MODEL_OP_ADD_MONITOR) || frame->op.thing != number)
    {
      model_fail ("monitor-why", "monitor %d is cancelled by nobody", number);
    }

  model_push_thing_call (number);
}

/* Whether nobody can have released it. */
bool
model_is_kept (int number)
{
  const ModelThing *thing = &model.things[number];

  return thing->live &&
         !thing->removed &&
         thing->owner >= 0 &&
         model.scopes[thing->owner].state == MODEL_OPEN;
}

/* It has been released. */
void
model_settle_file (int number)
{
  ModelThing *thing = &model.things[number];

  if (model_hooks.is_there (number))
    model_fail ("file-left", "file %d of scope %d must have been removed before", number,
                thing->owner);
  thing->live = false;
}

/* Something is released: what is older is still there. */
void
model_check_older_files (int number)
{
  for (int i = model.things[number].prev; i >= 0; i = model.things[i].prev)
    if (model.things[i].kind == MODEL_FILE &&
        model.things[i].live &&
        !model.things[i].removed &&
        !model_hooks.is_there (i))
      model_fail ("file-early", "file %d is removed, and thing %d is younger", i, number);
}

/* When an instance is disposed and lives on, GLib ends its handlers before it unbinds, and
 * complains of who unbinds in between: so no user code may run then.
 */
bool
model_can_dispose (int instance)
{
  bool is_bound = false;
  bool tells = false;

  for (int i = 0; i < model.n_things; i++)
    {
      const ModelThing *thing = &model.things[i];

      if (thing->instance != instance)
        continue;

      is_bound |= thing->kind == MODEL_BINDING && thing->live;
      tells |= thing->kind == MODEL_HANDLER && thing->has_notify && thing->n_notified == 0;
    }

  return !(is_bound && tells);
}

/* Likewise: the two must not come together once it has begun, be it with the last reference, and
 * somebody takes another one.
 */
bool
model_can_bind (int instance)
{
  for (int i = 0; i < model.n_frames; i++)
    if (model.frames[i].instance == instance ||
        (model_is_op (&model.frames[i], MODEL_OP_RUN_DISPOSE) &&
         model.frames[i].op.instance == instance))
      return false;

  return true;
}

bool
model_can_notify (int instance)
{
  bool is_bound = false;

  for (int i = 0; i < model.n_things; i++)
    is_bound |= model.things[i].kind == MODEL_BINDING &&
                model.things[i].live &&
                model.things[i].instance == instance;

  return !is_bound || model_can_bind (instance);
}
