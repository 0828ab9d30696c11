/* fuzz-model.c: the tables, and what can be asked of them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-model-private.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

Model model;
ModelHooks model_hooks;

void
model_fail (const char *rule,
            const char *format,
            ...)
{
  char message[512];
  va_list args;

  va_start (args, format);
  vsnprintf (message, sizeof message, format, args);
  va_end (args);

  model_hooks.fail (rule, message);
}

void
model_reset (void)
{
  model.n_scopes = model.n_things = model.n_instances = model.n_cancellables = 0;
  model.n_links = model.n_teardowns = model.n_frames = model.n_messages = 0;
  model.serial = 1;
  model.tick = 1;
  model.unblocked_at = 0;
  model.now = 0;
  model.arm_serial = 0;
}

int
model_count_phases (void)
{
  int n = 0;

  for (int i = 0; i < model.n_things; i++)
    n += model.things[i].kind == MODEL_PHASE && model.things[i].live;

  return n;
}

/* Whether one more operation is sure to find its places. */
bool
model_has_room (void)
{
  /* An emission may begin a run of each phase, and so may each one that it is called from. */
  int n_runs = model_count_phases () > 0 ? 5 * MODEL_MAX_PHASES : 0;

  return model.n_scopes + n_runs + 4 <= MODEL_MAX_SCOPES &&
         model.n_things + n_runs + 8 <= MODEL_MAX_THINGS &&
         model.n_instances + 1 <= MODEL_MAX_INSTANCES &&
         model.n_cancellables + 2 <= MODEL_MAX_CANCELLABLES &&
         model.n_links + 2 <= MODEL_MAX_LINKS &&
         model.n_teardowns + 2 * n_runs + 16 <= MODEL_MAX_TEARDOWNS &&
         model.n_frames + 8 <= MODEL_MAX_FRAMES &&
         model.n_messages + 128 <= MODEL_MAX_MESSAGES;
}

/* Tables */

int
model_add_thing (ModelKind kind,
                 bool      has_notify)
{
  int number = model.n_things++;

  if (number >= MODEL_MAX_THINGS)
    model_fail ("model", "too many things");

  model.things[number] = (ModelThing) {
    .kind = kind,
    .has_notify = has_notify,
    .owner = MODEL_NONE,
    .prev = MODEL_NONE,
    .next = MODEL_NONE,
    .due = MODEL_NONE,
    .run_frame = MODEL_NONE,
    .instance = MODEL_NONE,
    .receiver = MODEL_NONE,
    .progress = MODEL_NONE,
    .operation = MODEL_NONE,
    .child = MODEL_NONE,
    .home = MODEL_NONE,
    .ending_frame = MODEL_NONE,
    .cancellable = MODEL_NONE,
    .run = MODEL_NONE,
    .busy_frame = MODEL_NONE,
    .closing = MODEL_NONE,
    .ends_in = MODEL_NONE,
  };

  return number;
}

int
model_add_instance (void)
{
  model.instances[model.n_instances] = (ModelInstance) { .used = true, .n_refs = 1 };

  return model.n_instances++;
}

int
model_add_cancellable (int  owner,
                       bool cancelled)
{
  model.cancellables[model.n_cancellables] = (ModelCancellable) {
    .used = true, .owner = owner, .cancelled = cancelled, .canceller = MODEL_NONE
  };

  return model.n_cancellables++;
}

int
model_add_scope (int name,
                 int parent)
{
  int number = model.n_scopes++;
  ModelScope *scope = &model.scopes[number];

  if (number >= MODEL_MAX_SCOPES)
    model_fail ("model", "too many scopes");

  *scope = (ModelScope) {
    .used = true,
    .name = name,
    .key = MODEL_NONE,
    .anchor = MODEL_NONE,
    .parent = parent,
    .as_child = MODEL_NONE,
    .first = MODEL_NONE,
    .last = MODEL_NONE,
    .teardown = MODEL_NONE,
    .drain = MODEL_NONE,
    .cancellable = MODEL_NONE,
    .reasons = 1u << MODEL_REASON_NONE,
  };

  if (parent >= 0)
    scope->draining = model.scopes[parent].draining;
  if (parent >= 0 && model.scopes[parent].state != MODEL_OPEN)
    {
      scope->state = MODEL_CLOSED;
      scope->reasons = 1u << MODEL_REASON_PARENT_CLOSED;
      scope->reason = MODEL_REASON_PARENT_CLOSED;
      scope->announced = scope->told_closed = true;
    }
  else if (parent >= 0)
    {
      scope->as_child = model_add_thing (MODEL_CHILD, false);
      model.things[scope->as_child].child = number;
      model_append (parent, scope->as_child);
    }

  return number;
}

void
model_link (ModelLinkKind kind,
            int           self,
            int           other,
            int           signal,
            ModelReason   reason)
{
  if (model.n_links >= MODEL_MAX_LINKS)
    model_fail ("model", "too many links");

  model.links[model.n_links++] = (ModelLink) {
    .kind = kind,
    .live = true,
    .self = self,
    .other = other,
    .signal = signal,
    .reason = reason,
    .serial = model.serial++,
  };
}

void
model_append (int scope,
              int number)
{
  ModelThing *thing = &model.things[number];
  ModelScope *owner = &model.scopes[scope];

  thing->owner = scope;
  thing->prev = owner->last;
  thing->next = MODEL_NONE;
  if (owner->last >= 0)
    model.things[owner->last].next = number;
  else
    owner->first = number;
  owner->last = number;
}

void
model_unlink (int number)
{
  ModelThing *thing = &model.things[number];
  ModelScope *owner;

  if (thing->owner < 0)
    return;

  owner = &model.scopes[thing->owner];
  if (thing->prev >= 0)
    model.things[thing->prev].next = thing->next;
  else
    owner->first = thing->next;
  if (thing->next >= 0)
    model.things[thing->next].prev = thing->prev;
  else
    owner->last = thing->prev;

  thing->owner = thing->prev = thing->next = MODEL_NONE;
  thing->foreign = thing->stale = false;
}

/* Frames */

ModelFrame *
model_top_frame (void)
{
  return &model.frames[model.n_frames - 1];
}

ModelFrame *
model_push_frame (ModelFrameKind kind)
{
  ModelFrame *frame = &model.frames[model.n_frames++];

  if (model.n_frames > MODEL_MAX_FRAMES)
    model_fail ("model", "too many frames");

  memset (frame, 0, offsetof (ModelFrame, ready));
  frame->kind = kind;
  frame->thing = frame->scope = frame->closed = frame->instance = MODEL_NONE;
  frame->message = frame->notified = frame->held = frame->owed = MODEL_NONE;
  frame->next_ready = 0;

  return frame;
}

bool
model_is_op (const ModelFrame *frame,
             ModelOpCode       code)
{
  return frame->kind == MODEL_FRAME_OP && frame->op.code == code;
}

int
model_find_emission (int instance,
                     int signal)
{
  for (int i = 0; i < model.n_frames; i++)
    if (model_is_op (&model.frames[i], MODEL_OP_EMIT) &&
        model.frames[i].op.instance == instance &&
        model.frames[i].op.signal == signal)
      return i;

  return MODEL_NONE;
}

bool
model_is_emitting (int instance)
{
  for (int signal = 0; signal < MODEL_N_SIGNALS; signal++)
    if (model_find_emission (instance, signal) >= 0)
      return true;

  return false;
}

/* GLib aborts when a handler is connected to an instance that was disposed in the middle of an
 * emission, before that emission has ended. It also does when one is connected by the destroy
 * notify of another, while all of them are taken down, and then a third is disconnected.
 */
bool
model_can_connect (int number)
{
  const ModelInstance *instance = &model.instances[number];

  return !(instance->wrecked && model_is_emitting (number)) &&
         !(instance->disposing && instance->had_handlers);
}

/* A limit handler is called in the middle of the addition, so the user has not been given the thing yet.
 * Says in which frame.
 */
int
model_find_addition (int thing)
{
  for (int i = 0; i < model.n_frames; i++)
    if (model.frames[i].kind == MODEL_FRAME_OP &&
        model.frames[i].op.limit_reached &&
        model.frames[i].op.thing == thing)
      return i;

  return MODEL_NONE;
}

bool
model_instance_is_busy (int instance)
{
  for (int i = 0; i < model.n_frames; i++)
    if (model.frames[i].instance == instance ||
        model.frames[i].held == instance ||
        (model_is_op (&model.frames[i], MODEL_OP_EMIT) && model.frames[i].op.instance == instance))
      return true;

  return false;
}

/* While it is being called, while an emission stands at it, and while GLib takes down all handlers
 * of an instance, nobody can hurry the end of the closure or the callback data. Says at the end of
 * which frame that is over.
 */
bool
model_notify_can_wait (int  number,
                       int *frame)
{
  const ModelThing *thing = &model.things[number];
  const ModelInstance *instance;
  int addition;

  *frame = MODEL_NONE;
  if (thing->kind == MODEL_HANDLER && thing->released)
    {
      *frame = thing->n_running > 0 ? thing->run_frame - 1 : MODEL_NONE;
    }
  else if (thing->kind == MODEL_HANDLER)
    {
      instance = &model.instances[thing->instance];
      *frame = model_find_emission (thing->instance, thing->signal);
      if (instance->disposing && (*frame < 0 || instance->dispose_frame + 1 < *frame))
        *frame = instance->n_refs > 0 ? instance->dispose_frame + 1 : instance->dispose_frame;

      /* A message may be delivered further up than that. */
      if ((thing->flags & MODEL_CONNECT_GATED) != 0 &&
          thing->n_running > 0 && (*frame < 0 || thing->run_frame - 1 < *frame))
        *frame = thing->run_frame - 1;
    }
  else if (thing->n_running > 0)
    {
      *frame = thing->run_frame - 1;
    }

  if (thing->ends_in >= 0 && (*frame < 0 || thing->ends_in < *frame))
    *frame = thing->ends_in;

  /* Who adds it may need it until that is over. */
  addition = model_find_addition (number);
  if (addition >= 0 && (*frame < 0 || addition < *frame))
    *frame = addition;

  return *frame >= 0;
}

bool
model_is_blocked (int number)
{
  for (int i = model.things[number].owner; i >= 0; i = model.scopes[i].parent)
    {
      if (model.scopes[i].n_blocked > 0)
        return true;
      if (model.scopes[i].as_child < 0)
        break;
    }

  return false;
}

/* Somebody else ended it. */
void
model_kill (int number)
{
  ModelThing *thing = &model.things[number];
  int due = model.n_frames - 1;
  int frame;
  bool waits = model_notify_can_wait (number, &frame);

  thing->live = false;
  if (waits && frame < due)
    due = frame;
  thing->due = model_has_mail (number) ? MODEL_NONE : due;

  /* GLib keeps the callback of a source that never was attached until the source is freed. */
  if (thing->kind == MODEL_SOURCE && !thing->attached && thing->has_notify)
    thing->notify_held = true;

  if (thing->owner < 0)
    return;

  if (model.scopes[thing->owner].teardown >= 0)
    model.teardowns[model.scopes[thing->owner].teardown].n_removed++;

  /* GLib says nothing when a foreign handler is disconnected, and it is late to say so of any other
   * in an emission, and of a source that runs. Of a foreign source it says so after the source's
   * own notify.
   */
  if (thing->kind == MODEL_HANDLER && thing->foreign)
    {
      thing->stale = true;
    }
  else if (waits)
    {
      thing->ending = true;
      thing->ending_frame = due;
    }
  else if (thing->kind == MODEL_SOURCE && thing->foreign)
    {
      thing->ending = true;
      thing->ending_frame = model.n_frames - 1;
    }
  else
    {
      model_unlink (number);
    }
}

/* Look-ups */

int
model_find_anchor (int instance)
{
  for (int i = 0; i < model.n_scopes; i++)
    if (model.scopes[i].anchor == instance && model.scopes[i].state == MODEL_OPEN)
      return i;

  return MODEL_NONE;
}

int
model_ensure_anchor (int instance)
{
  int anchor = model_find_anchor (instance);

  if (anchor < 0)
    {
      anchor = model_add_scope (MODEL_NONE, MODEL_NONE);
      model.scopes[anchor].anchor = instance;
      model.scopes[anchor].serial = model.serial++;
      model.scopes[anchor].anchor_unsure = model.instances[instance].disposing;
    }

  return anchor;
}

bool
model_is_named (int number,
                int parent,
                int name,
                int key)
{
  const ModelScope *scope = &model.scopes[number];

  return scope->state == MODEL_OPEN && scope->as_child >= 0 && scope->parent == parent &&
         (key >= 0 ? scope->key == key : scope->key < 0 && name >= 0 && scope->name == name);
}

int
model_count_named (int scope,
                   int name,
                   int key)
{
  int n = 0;

  for (int i = 0; i < model.n_scopes; i++)
    if (model_is_named (i, scope, name, key))
      n++;

  return n;
}

int
model_find_named (int parent,
                  int name,
                  int key,
                  bool unbound)
{
  for (int i = 0; i < model.n_scopes; i++)
    if (model_is_named (i, parent, name, key) && (!unbound || !model.scopes[i].bound))
      return i;

  return MODEL_NONE;
}

/* What an unfinished clear() of the scope has begun with, the outermost of several. */
int
model_find_ghost (int scope)
{
  for (int i = 0; i < model.n_scopes; i++)
    if (model.scopes[i].ghost &&
        !model.scopes[i].of_kind &&
        model.scopes[i].state != MODEL_CLOSED &&
        model.scopes[i].parent == scope)
      return i;

  return MODEL_NONE;
}

/* Whether a clear() of the scope has not returned, or what it has begun with came with a move. */
bool
model_in_clear (int scope)
{
  for (int i = 0; i < model.n_frames; i++)
    if (model_is_op (&model.frames[i], MODEL_OP_CLEAR) && model.frames[i].op.scope == scope)
      return true;

  return model_find_ghost (scope) >= 0;
}

bool
model_has_phases (int scope)
{
  for (int i = 0; i < model.n_things; i++)
    if (model.things[i].kind == MODEL_PHASE && model.things[i].owner >= 0)
      for (int owner = model.things[i].owner; owner >= 0; owner = model.scopes[owner].parent)
        if (owner == scope)
          return true;

  return false;
}

bool
model_is_moving (int scope)
{
  return model.scopes[scope].state == MODEL_CLOSING &&
         model.teardowns[model.scopes[scope].teardown].moving;
}

/* The same, and its `closing` is still being emitted: what it owns goes on, even if it is now being
 * closed by others, too.
 */
bool
model_announces_move (int scope)
{
  for (int i = 0; i < model.n_teardowns; i++)
    {
      ModelTeardown *teardown = &model.teardowns[i];

      if (teardown->used && teardown->moving && teardown->root == scope &&
          teardown->phase == MODEL_ANNOUNCING)
        return true;
    }

  return false;
}

/* What is to be seen from outside */

/* How far the teardown of the scope is. One that has taken over from another may have yet to begin
 * where that one has muted already.
 */
ModelPhase
model_get_phase (int scope,
                 bool *is_closing)
{
  ModelPhase phase;

  *is_closing = scope >= 0 &&
                model.scopes[scope].state == MODEL_CLOSING &&
                model.scopes[scope].teardown >= 0 &&
                !model.teardowns[model.scopes[scope].teardown].moving;

  if (!*is_closing)
    return MODEL_ANNOUNCING;

  phase = model.teardowns[model.scopes[scope].teardown].phase;
  if (phase == MODEL_ANNOUNCING && model.scopes[scope].muted)
    phase = MODEL_CANCELLING;

  return phase;
}

int
model_is_connected (int number)
{
  ModelThing *thing = &model.things[number];
  bool is_closing;

  if (model.instances[thing->instance].finalized)
    return 0;
  if (model.instances[thing->instance].disposing)
    return -1;
  if (thing->receiver >= 0 && thing->live && model.instances[thing->receiver].disposing)
    return -1;
  if (thing->foreign && model_get_phase (thing->owner, &is_closing) == MODEL_CANCELLING)
    return -1;
  /* Nobody could disconnect it safely; its gate is shut, and GLib is about to see to the rest. */
  if (!thing->live && thing->unreached)
    return -1;

  return thing->live;
}

int
model_is_destroyed (int number)
{
  ModelThing *thing = &model.things[number];
  bool is_closing;

  if (thing->foreign && model_get_phase (thing->owner, &is_closing) == MODEL_CANCELLING)
    return -1;

  return !thing->live;
}

/* An adopted handler that ends before it has been added leaves when its function returns. */
static int
count_of_additions (int scope)
{
  int n = 0;

  for (int i = 0; i < model.n_frames; i++)
    n += model_is_op (&model.frames[i], MODEL_OP_ADD_HANDLER) &&
         model.frames[i].op.limit_reached &&
         model.frames[i].op.scope == scope &&
         model.things[model.frames[i].op.thing].owner < 0;

  return n;
}

/* What is left of an unfinished clear() may be counted or not. */
static int
count_of_ghost (int ghost)
{
  int n = 0;

  for (int i = model.scopes[ghost].first; i >= 0; i = model.things[i].next)
    {
      int child = model.things[i].child;

      n += child >= 0 && model.scopes[child].ghost ? count_of_ghost (child) : 1;
    }

  return n;
}

bool
model_counts_entries (int  scope,
                      int *least,
                      int *most)
{
  if (model.scopes[scope].state == MODEL_CLOSING)
    return false;

  *least = 0;
  *most = count_of_additions (scope);
  for (int i = model.scopes[scope].first; i >= 0; i = model.things[i].next)
    {
      ModelThing *thing = &model.things[i];

      if (thing->kind == MODEL_CHILD && model.scopes[thing->child].ghost)
        {
          *most += count_of_ghost (thing->child);
          continue;
        }

      ++*most;
      if (!thing->stale &&
          !thing->ending &&
          (thing->kind != MODEL_CHILD || model.scopes[thing->child].state == MODEL_OPEN) &&
          (thing->receiver < 0 || !model.instances[thing->receiver].disposing) &&
          ((thing->kind != MODEL_HANDLER &&
            thing->kind != MODEL_PHASE &&
            thing->kind != MODEL_BINDING) ||
           !model.instances[thing->instance].disposing))
        ++*least;
    }

  return true;
}
