/* fuzz-model-phases.c: scopes that open again and again
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-model-private.h"

#include <stddef.h>

/* A phase is two handlers that nobody sees, and one loop that deals with the last of the signals
 * that have come. What can be seen of it is that a run closes, and that the function is called. Here,
 * too, the model lags behind until then, or until the emission goes on with something else.
 */

typedef enum
{
  NEXT_NOTHING,
  NEXT_CLOSE,
  NEXT_CALL
} Next;

static int
get_scope (const ModelThing *thing)
{
  int scope = thing->owner;

  while (scope >= 0 && model.scopes[scope].ghost)
    scope = model.scopes[scope].parent;

  return scope;
}

/* Goes on to what can be seen next, in the loop of the frame on top. */
static Next
go_on (int          number,
       ModelReason *reason)
{
  ModelThing *thing = &model.things[number];

  while (true)
    {
      int scope = get_scope (thing);

      if (thing->run_ends != MODEL_REASON_NONE)
        {
          *reason = thing->run_ends;
          if (thing->run >= 0 && model.scopes[thing->run].state == MODEL_OPEN)
            return NEXT_CLOSE;
          thing->run = MODEL_NONE;
          thing->run_ends = MODEL_REASON_NONE;
          continue;
        }

      if (thing->owes_call)
        {
          if (thing->event == MODEL_PHASE_NOTHING &&
              thing->live && scope >= 0 && model.scopes[scope].state == MODEL_OPEN)
            return NEXT_CALL;
          thing->owes_call = false;
        }

      if (!thing->live || thing->event == MODEL_PHASE_NOTHING)
        {
          thing->busy_frame = MODEL_NONE;
          return NEXT_NOTHING;
        }

      thing->owes_call = thing->event == MODEL_PHASE_ENTER;
      thing->run_ends = thing->owes_call ? MODEL_REASON_REPLACED : MODEL_REASON_COMPLETED;
      thing->event = MODEL_PHASE_NOTHING;
    }
}

/* Whether the teardown that a loop has begun may have more to do. */
static bool
is_closing (const ModelThing *thing)
{
  const ModelTeardown *teardown;

  if (thing->closing_tick == model.tick)
    return true;
  if (thing->closing < 0)
    return false;

  teardown = &model.teardowns[thing->closing];
  if (teardown->done)
    return false;

  /* Another one may have been faster while it was in the middle of something. */
  if (teardown->overlapped)
    return true;

  for (int i = 0; i < model.n_scopes; i++)
    if ((teardown->awaited & MODEL_BIT (i)) != 0 && model.scopes[i].state != MODEL_CLOSED)
      return true;

  return false;
}

/* User code is about to be called. Where neither the function of a phase calls it, nor what it
 * closes, its loop has ended.
 */
void
model_settle_phases (void)
{
  ModelReason reason;

  for (int i = 0; i < model.n_things; i++)
    {
      const ModelThing *thing = &model.things[i];

      if (thing->kind == MODEL_PHASE &&
          thing->busy_frame == model.n_frames - 1 &&
          !is_closing (thing) &&
          go_on (i, &reason) != NEXT_NOTHING)
        model_fail ("phase-missing", "phase %d had more to do", i);
    }
}

/* The next call is of a `closed` handler, or of somebody who waits for that. */
void
model_phase_note_closed (int scope)
{
  for (int i = 0; i < model.n_things; i++)
    {
      ModelThing *thing = &model.things[i];

      if (thing->kind == MODEL_PHASE &&
          thing->closing >= 0 &&
          (model.teardowns[thing->closing].awaited & MODEL_BIT (scope)) != 0)
        thing->closing_tick = model.tick;
    }
}

/* One of its signals has come. Says whether that begins the loop. */
static bool
take_event (int        number,
            ModelPhaseEvent event)
{
  ModelThing *thing = &model.things[number];

  thing->event = event;
  if (thing->busy_frame >= 0)
    return false;

  thing->busy_frame = model.n_frames - 1;

  return true;
}

static void
close_run (int         number,
           ModelReason reason)
{
  ModelThing *thing = &model.things[number];
  int run = thing->run;

  thing->run = MODEL_NONE;
  thing->run_ends = MODEL_REASON_NONE;
  thing->closing = model_start_close (run, reason, NULL, model.n_frames - 1);
}

/* What it has closed in this frame is complete. */
static void
finish_closes (void)
{
  for (int i = 0; i < model.n_teardowns; i++)
    if (model.teardowns[i].used && !model.teardowns[i].done && !model.teardowns[i].moving &&
        model.teardowns[i].due == model.n_frames - 1)
      model_finish_teardown (i);
}

/* The frame goes on with something else, or ends: the loop is through. */
void
model_check_phases (void)
{
  ModelReason reason;

  for (int i = 0; i < model.n_things; i++)
    if (model.things[i].kind == MODEL_PHASE && model.things[i].busy_frame == model.n_frames - 1)
      {
        finish_closes ();
        if (go_on (i, &reason) != NEXT_NOTHING)
          model_fail ("phase-missing", "phase %d has more to do", i);
      }
}

/* The next signal of a phase that the emission comes to, before the given handler. */
static int
find_next (const ModelFrame *frame,
           bool              to_after,
           unsigned          to_serial,
           unsigned         *serial)
{
  int found = MODEL_NONE;

  for (int i = 0; i < model.n_things; i++)
    {
      const ModelThing *thing = &model.things[i];
      unsigned at = thing->serial + (unsigned) frame->op.signal;

      if (thing->kind == MODEL_PHASE &&
          thing->live &&
          thing->instance == frame->op.instance &&
          !model.instances[thing->instance].disposing &&
          at > frame->phase_position &&
          model_is_between (frame, false, at, to_after, to_serial) &&
          (found < 0 || at < *serial))
        {
          found = i;
          *serial = at;
        }
    }

  return found;
}

/* The emission has come this far: what phases have done on the way could not be seen. */
void
model_pass_phases (ModelFrame *frame,
                   bool        to_after,
                   unsigned    to_serial)
{
  ModelReason reason;
  unsigned serial;
  int number;

  model_check_phases ();
  while ((number = find_next (frame, to_after, to_serial, &serial)) >= 0)
    {
      frame->phase_position = serial;
      if (take_event (number, frame->op.signal == 0 ? MODEL_PHASE_ENTER : MODEL_PHASE_LEAVE) &&
          go_on (number, &reason) != NEXT_NOTHING)
        model_fail ("phase-skipped", "phase %d has not done anything", number);
    }
}

/* Whether the emission closes a scope before it comes to the phase. */
static bool
is_link_next (const ModelFrame *frame,
              unsigned          serial)
{
  for (int i = 0; i < model.n_links; i++)
    {
      const ModelLink *link = &model.links[i];

      if (link->kind == MODEL_LINK_SIGNAL &&
          link->live &&
          !link->unsure &&
          link->other == frame->op.instance &&
          link->signal == frame->op.signal &&
          model.scopes[link->self].state == MODEL_OPEN &&
          model_is_between (frame, false, link->serial, false, serial))
        return true;
    }

  return false;
}

/* How the signal ends a run. */
static ModelReason
get_end (const ModelFrame *frame)
{
  return frame->op.signal == 0 ? MODEL_REASON_REPLACED : MODEL_REASON_COMPLETED;
}

/* The emission comes to a phase that does something. Says whether it is that one. */
static bool
come_to (ModelFrame *frame,
         int         number)
{
  unsigned serial;
  ModelReason reason;
  int found;

  while ((found = find_next (frame, true, 0, &serial)) >= 0)
    {
      ModelThing *thing = &model.things[found];
      ModelThing before = *thing;

      if (is_link_next (frame, serial))
        return false;

      if (found == number)
        {
          model_check_skipped (frame, false, serial);
          frame->in_after = false;
          frame->position = frame->phase_position = serial;
          frame->tick = model.tick;
          take_event (number, frame->op.signal == 0 ? MODEL_PHASE_ENTER : MODEL_PHASE_LEAVE);
          return true;
        }

      if (take_event (found, frame->op.signal == 0 ? MODEL_PHASE_ENTER : MODEL_PHASE_LEAVE) &&
          go_on (found, &reason) != NEXT_NOTHING)
        {
          *thing = before;
          return false;
        }
      frame->phase_position = serial;
    }

  return false;
}

/* Who watches an object is told of its dispose in the order of watching, the last one first. */
bool
model_phase_is_next (int number)
{
  const ModelThing *thing = &model.things[number];
  int anchor = model_find_anchor (thing->instance);

  return model_is_disposed_here (thing->instance) &&
         (anchor < 0 || model.scopes[anchor].serial < thing->serial);
}

/* Whether this is a run that closes because the instance of its phase has been disposed. */
bool
model_phase_ends (int         scope,
                  ModelReason reason)
{
  for (int i = 0; i < model.n_things; i++)
    {
      ModelThing *thing = &model.things[i];

      if (thing->kind == MODEL_PHASE &&
          thing->live &&
          thing->run == scope &&
          reason == MODEL_REASON_OWNER_GONE &&
          model_is_disposed_here (thing->instance))
        {
          int anchor = model_find_anchor (thing->instance);
          int frame;

          /* The scope of the instance may come first, and take it along. */
          if (anchor >= 0 && !model_phase_is_next (i) &&
              (model_reach (anchor) & MODEL_BIT (scope)) != 0)
            return false;

          close_run (i, MODEL_REASON_OWNER_GONE);
          thing->live = false;
          thing->retiring = true;
          thing->due = model_notify_can_wait (i, &frame) ? frame : model.n_frames - 1;
          return true;
        }
    }

  return false;
}

/* Whether this is a run that closes because its phase is released. It began while a clear()
 * announced itself, or the clear is not of runs.
 */
bool
model_phase_is_released (int         scope,
                         ModelReason reason)
{
  for (int i = 0; i < model.n_things; i++)
    {
      ModelThing *thing = &model.things[i];
      const ModelTeardown *teardown;

      if (thing->kind != MODEL_PHASE ||
          thing->run != scope ||
          thing->owner < 0 ||
          model.scopes[thing->owner].state != MODEL_CLOSING ||
          model.scopes[thing->owner].teardown < 0 ||
          reason != MODEL_REASON_PARENT_CLOSED)
        continue;

      /* One clear_kind() may finish what another one further up has begun. */
      teardown = &model.teardowns[model.scopes[thing->owner].teardown];
      if (!teardown->moving &&
          (teardown->due == model.n_frames - 1 ||
           (model.scopes[thing->owner].of_kind &&
            model_is_op (model_top_frame (), MODEL_OP_CLEAR_KIND))))
        {
          model_release (i);
          thing->live = false;
          thing->ends_in = model.n_frames - 1;
          close_run (i, reason);
          model.scopes[scope].detail = "cleared";
          return true;
        }
    }

  return false;
}

/* The phase has been released. */
void
model_check_run (int number)
{
  const ModelThing *thing = &model.things[number];

  if (thing->kind == MODEL_PHASE && thing->run >= 0 && model.scopes[thing->run].state == MODEL_OPEN)
    model_fail ("phase-run", "phase %d is released, and its run, scope %d, is open", number,
                thing->run);
}

/* Whether it is a phase that closes, directly or not, this scope. */
bool
model_phase_closes (int         scope,
                    ModelReason given)
{
  ModelFrame *frame = model_top_frame ();
  int here = model.n_frames - 1;
  ModelReason reason;

  for (int i = 0; i < model.n_things; i++)
    {
      ModelThing *thing = &model.things[i];

      if (thing->kind != MODEL_PHASE || thing->run < 0 ||
          model.scopes[thing->run].state != MODEL_OPEN ||
          (model_reach (thing->run) & MODEL_BIT (scope)) == 0)
        continue;

      if (thing->busy_frame < 0 &&
          (!model_is_op (frame, MODEL_OP_EMIT) ||
           !model_would_close (thing->run, get_end (frame), scope, given) ||
           !come_to (frame, i)))
        continue;
      if (thing->busy_frame != here)
        continue;

      if (go_on (i, &reason) == NEXT_CLOSE &&
          model_would_close (thing->run, reason, scope, given))
        {
          close_run (i, reason);
          return true;
        }
    }

  return false;
}

/* The function is called with a new run. */
int
model_call_phase (int number)
{
  ModelThing *thing = &model.things[number];
  ModelFrame *frame = model_top_frame ();
  ModelReason reason;
  int scope;

  if (thing->busy_frame != model.n_frames - 1 &&
      !(thing->busy_frame < 0 && model_is_op (frame, MODEL_OP_EMIT) && come_to (frame, number)))
    model_fail ("phase-why", "phase %d begins a run for nothing", number);

  finish_closes ();
  if (go_on (number, &reason) != NEXT_CALL)
    model_fail ("phase-call", "phase %d begins a run at the wrong time", number);

  thing->owes_call = false;
  thing->closing_tick = model.tick;
  scope = get_scope (thing);
  thing->run = model_add_scope (MODEL_NONE, scope);
  model.scopes[thing->run].is_run = true;
  model_push_thing_call (number);

  return thing->run;
}

void
model_begin_phase (ModelOp *op)
{
  ModelThing *thing = &model.things[op->thing];

  thing->instance = op->instance;
  thing->live = op->was_open;
  thing->run = thing->busy_frame = thing->closing = thing->ends_in = MODEL_NONE;
  if (!op->was_open)
    {
      thing->due = model.n_frames - 1;
      return;
    }

  /* The handlers of the two signals. */
  thing->serial = model.serial;
  model.serial += MODEL_N_SIGNALS;
  model_append (op->scope, op->thing);
  if (op->flags != 0)
    take_event (op->thing, MODEL_PHASE_ENTER);
}

/* The instance has been disposed. */
void
model_end_phase (int number)
{
  ModelThing *thing = &model.things[number];
  int frame;

  if (thing->run >= 0 && model.scopes[thing->run].state == MODEL_OPEN)
    model_fail ("phase-open", "instance %d is disposed, and a run of phase %d is open",
                thing->instance, number);
  thing->live = false;
  thing->due = model_notify_can_wait (number, &frame) ? frame : model.n_frames - 1;
  model_unlink (number);
}

/* All have been told of that. */
void
model_end_phases (int instance)
{
  for (int i = 0; i < model.n_things; i++)
    {
      const ModelThing *thing = &model.things[i];

      if (thing->kind != MODEL_PHASE || thing->instance != instance)
        continue;

      if (thing->retiring)
        model_unlink (i);
      else if (thing->live)
        model_end_phase (i);
    }
}

/* The library tells of a dispose in an order of its own where a handler has been adopted. */
bool
model_can_add_phase (int instance)
{
  return !model.instances[instance].adopted &&
         model_can_connect (instance) &&
         !model.instances[instance].disposing &&
         model_count_phases () < MODEL_MAX_PHASES;
}

bool
model_can_adopt (int instance)
{
  for (int i = 0; i < model.n_things; i++)
    if (model.things[i].kind == MODEL_PHASE &&
        model.things[i].live &&
        model.things[i].instance == instance)
      return false;

  return !model.instances[instance].disposing;
}

/* The destroy notify of a handler runs in an emission, maybe after the emission has come to others:
 * who is to say whether it has come to the phases?
 */
bool
model_phase_is_unsure (int instance)
{
  bool found = false;

  for (int i = 0; i < model.n_things; i++)
    found |= model.things[i].kind == MODEL_PHASE &&
             model.things[i].live &&
             model.things[i].instance == instance;

  for (int i = 1; i < model.n_frames && found; i++)
    if (model.frames[i].notified >= 0 &&
        model_is_op (&model.frames[i - 1], MODEL_OP_EMIT) &&
        model.frames[i - 1].op.instance == instance)
      return true;

  return false;
}
