/* fuzz-model-receivers.c: handlers and cleanups that go with an object
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-model-private.h"

#include <stddef.h>

/* The entry leaves when the object is disposed. A cleanup that has been muted by then stays, and is not
 * called when its turn comes. When exactly the object's watchers are told is not said, so until its
 * dispose has returned, either is right.
 */

static bool
is_muted (int number)
{
  const ModelThing *thing = &model.things[number];
  bool is_closing;

  return model_get_phase (thing->owner, &is_closing) > MODEL_ANNOUNCING;
}

static void
leave (int number)
{
  ModelThing *thing = &model.things[number];

  thing->live = false;
  if (thing->owner >= 0 && model.scopes[thing->owner].teardown >= 0)
    model.teardowns[model.scopes[thing->owner].teardown].n_removed++;
  model_unlink (number);
}

/* The dispose of the object has returned. */
void
model_end_receivers (int instance)
{
  for (int i = 0; i < model.n_things; i++)
    {
      ModelThing *thing = &model.things[i];
      bool is_closing;

      if (thing->receiver != instance || !thing->live)
        continue;

      if (thing->kind == MODEL_HANDLER)
        {
          /* GLib ends it with the instance, if that can no longer be reached. */
          thing->unreached = model.instances[thing->instance].lost;
          leave (i);
        }
      else if (thing->kind == MODEL_CLEANUP && thing->n_called == 0 && thing->owner >= 0)
        {
          model_get_phase (thing->owner, &is_closing);
          if (!is_closing && thing->has_notify)
            model_fail ("cleanup-stays", "instance %d is disposed, and cleanup %d stays", instance, i);
          if (is_closing)
            thing->lost = true;
          else
            leave (i);
        }
    }
}

/* Whether something is being called for the object, which is kept meanwhile. */
bool
model_is_receiving (int instance)
{
  for (int i = 0; i < model.n_frames; i++)
    if (model.frames[i].thing >= 0 && model.things[model.frames[i].thing].receiver == instance)
      return true;

  return false;
}

/* Whether the cleanup may be released without being called. */
bool
model_cleanup_is_excused (int number)
{
  const ModelThing *thing = &model.things[number];

  return thing->receiver >= 0 && (thing->lost || model.instances[thing->receiver].disposing);
}

/* Its destroy notify runs, and it has not been called. Says whether it leaves its scope. */
bool
model_cleanup_may_go (int number)
{
  const ModelThing *thing = &model.things[number];

  if ((model_is_op (model_top_frame (), MODEL_OP_UNDEFER) &&
       model_top_frame ()->op.thing == number && thing->owner >= 0) ||
      (thing->receiver >= 0 && !thing->lost && model_is_disposed_here (thing->receiver) &&
       !(thing->owner >= 0 && model.scopes[thing->owner].muted)))
    {
      leave (number);
      return true;
    }

  return false;
}

/* A cleanup that has been muted cannot be taken back. */
void
model_begin_undefer (ModelOp *op)
{
  const ModelThing *thing = &model.things[op->thing];
  int owner = thing->owner;
  bool is_closing;

  while (owner >= 0 && model.scopes[owner].ghost)
    owner = model.scopes[owner].parent;

  model_get_phase (thing->owner, &is_closing);
  op->was_live = owner == op->scope && thing->live && thing->n_called == 0 && !is_muted (op->thing);
  /* The library may be further. */
  op->either = op->was_live && (is_closing || model_cleanup_is_excused (op->thing));
}

void
model_answer_undefer (ModelOp *op,
                      bool     answer)
{
  const ModelThing *thing = &model.things[op->thing];

  if (!op->either && answer != op->was_live)
    model_fail ("undefer", "cleanup %d is %staken back", op->thing, answer ? "" : "not ");
  if (!answer)
    return;

  if (thing->has_notify && thing->n_notified == 0)
    model_fail ("notify-missing", "cleanup %d is taken back, and its data is not freed", op->thing);
  if (thing->owner >= 0)
    leave (op->thing);
}
