/* fuzz-model-gates.c: queued and guarded handlers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-model-private.h"

#include <stddef.h>

/* A queued handler is sent a message in the emission, with a copy of the arguments. The copies tell
 * when they are made and when they are freed, so nothing of that has to be guessed.
 */

bool
model_has_mail (int number)
{
  for (int i = 0; i < model.n_messages; i++)
    if (model.messages[i].thing == number && !model.messages[i].dropped)
      return true;

  return false;
}

/* The library disconnects it, with a reference on the instance that it gives back in the release. From
 * now on only calls that are under way can put its end off.
 */
void
model_shut_gate (int number)
{
  ModelThing *thing = &model.things[number];
  ModelInstance *instance = &model.instances[thing->instance];

  if (thing->foreign)
    return;

  thing->released = true;
  thing->waited |= (thing->flags & MODEL_CONNECT_GUARDED) != 0 && thing->n_running > 0;
  if (instance->lost && thing->kind == MODEL_HANDLER)
    {
      thing->unreached = true;
      thing->maybe_holding = instance->maybe_found;
    }
  else if (instance->disposing || thing->ending)
    {
      /* It may have gone by now. */
      thing->maybe_holding = true;
    }
  else if (!thing->holding && !instance->finalized)
    {
      thing->holding = true;
      instance->n_refs++;
    }
}

/* What a scope follows is disconnected in its teardown, with a reference that is given back before
 * anything is released.
 */
static bool
link_may_hold (const ModelLink *link)
{
  const ModelScope *scope = &model.scopes[link->self];

  return link->kind == MODEL_LINK_SIGNAL &&
         scope->state == MODEL_CLOSING &&
         model.teardowns[scope->teardown].phase < MODEL_RELEASING;
}

/* How many more references there may be on the instance. */
int
model_count_maybe_held (int instance)
{
  int n = 0;

  for (int i = 0; i < model.n_things; i++)
    n += model.things[i].maybe_holding && model.things[i].instance == instance;
  for (int i = 0; i < model.n_links; i++)
    n += model.links[i].other == instance && link_may_hold (&model.links[i]);

  return n;
}

/* A teardown lets go of the instance, so it has muted what there is. */
void
model_shut_gates_of (int number)
{
  for (int i = 0; i < model.n_things; i++)
    {
      const ModelThing *thing = &model.things[i];
      bool is_closing;

      if (thing->instance != number || thing->owner < 0 ||
          !(thing->kind == MODEL_PHASE ||
            (thing->kind == MODEL_HANDLER && (thing->flags & MODEL_CONNECT_GATED) != 0)))
        continue;

      model_wake (thing->owner);
      model_get_phase (thing->owner, &is_closing);
      if (is_closing && model.teardowns[model.scopes[thing->owner].teardown].due == model.n_frames - 1)
        model_advance (model.scopes[thing->owner].teardown, MODEL_CANCELLING);
    }
}

/* Its release is over. */
void
model_let_go_of_emitter (int number)
{
  ModelThing *thing = &model.things[number];
  ModelInstance *instance;

  thing->maybe_holding = false;
  if (!thing->holding)
    return;

  instance = &model.instances[thing->instance];
  thing->holding = false;
  instance->n_refs--;
}

/* It will not be delivered: its scope is being closed, or has been cleared since. */
bool
model_is_stale (const ModelMessage *message)
{
  const ModelThing *thing = &model.things[message->thing];

  return !thing->stolen &&
         (thing->outdated ||
          (model.scopes[message->home].state != MODEL_OPEN &&
           (!model_announces_move (message->home) || model.scopes[message->home].muted)));
}

/* Its scope is about to move, but somebody closes it in earnest before that. */
static bool
is_overtaken (const ModelMessage *message)
{
  return !model.things[message->thing].stolen &&
         model.scopes[message->home].state == MODEL_CLOSING &&
         !model_is_moving (message->home);
}

/* Its references are being given back. */
static void
let_go (int number)
{
  ModelMessage *message = &model.messages[number];
  ModelThing *thing = &model.things[message->thing];

  message->dropped = true;
  model.instances[thing->instance].n_refs--;
}

void
model_drop_message (int number)
{
  ModelMessage *message = &model.messages[number];
  bool is_closing;

  if (!model_is_stale (message) && model_announces_move (message->home))
    model_wake (message->home);
  if (!model_is_stale (message) && !is_overtaken (message))
    model_fail ("mail-lost", "message %d to handler %d is not delivered", number, message->thing);
  if (message->running)
    model_fail ("mail-running", "message %d is freed while it is delivered", number);

  /* Of a clear(), or of a close(). */
  for (int i = 0; i < model.n_scopes; i++)
    if (model.scopes[i].ghost &&
        model.scopes[i].parent == message->home &&
        model.scopes[i].state == MODEL_CLOSING &&
        model.teardowns[model.scopes[i].teardown].due == model.n_frames - 1)
      model_advance (model.scopes[i].teardown, MODEL_CANCELLING);
  model_wake (message->home);
  model_get_phase (message->home, &is_closing);
  /* The main loop drops it when its turn comes, before the teardown has come to that. */
  if (is_closing &&
      (!model_is_op (model_top_frame (), MODEL_OP_ITERATE) ||
       model.teardowns[model.scopes[message->home].teardown].due == model.n_frames - 1))
    model_advance (model.scopes[message->home].teardown, MODEL_CANCELLING);

  let_go (number);
}

/* The instance is about to go, so whatever can be dropped has been. */
void
model_drop_messages_of (int instance)
{
  for (int i = 0; i < model.n_messages; i++)
    {
      const ModelMessage *message = &model.messages[i];

      if (message->dropped || model.things[message->thing].instance != instance)
        continue;

      if (!model_is_stale (message) && model_announces_move (message->home))
        model_wake (message->home);
      if (model_is_stale (message) || is_overtaken (message))
        model_drop_message (i);
    }
}

/* The notify of a handler that has gone waits for what was sent to it. */
static void
set_due_after_mail (int number)
{
  ModelThing *thing = &model.things[number];
  int frame;

  if (thing->live || thing->owner >= 0 || thing->due >= 0 || model_has_mail (number))
    return;

  thing->due = model_notify_can_wait (number, &frame) ? frame : model.n_frames - 1;
}

/* The copy of the arguments is freed, after all else. */
void
model_message_freed (int number)
{
  ModelMessage *message = &model.messages[number];

  if (message->freed)
    model_fail ("mail-freed", "message %d is freed again", number);

  if (!message->dropped)
    model_drop_message (number);
  message->freed = true;
  set_due_after_mail (message->thing);
}

/* The handler has returned. */
void
model_delivered (int number)
{
  model.messages[number].running = false;
  model.messages[number].delivered = true;
  let_go (number);
  set_due_after_mail (model.messages[number].thing);
}

/* The first handler that the emission has not come to yet and that is to get a message. */
static int
find_addressee (const ModelFrame *frame,
                bool             *ambiguous)
{
  int found = MODEL_NONE;
  int n = 0;

  for (int i = 0; i < model.n_things; i++)
    {
      const ModelThing *thing = &model.things[i];
      bool after = (thing->flags & MODEL_CONNECT_AFTER) != 0;
      bool found_after;

      if (thing->kind != MODEL_HANDLER ||
          (thing->flags & MODEL_CONNECT_QUEUED) == 0 ||
          thing->instance != frame->op.instance ||
          thing->signal != frame->op.signal ||
          !model_is_between (frame, after, thing->serial, after, thing->serial + 1) ||
          !model_may_be_called (i))
        continue;

      n++;
      found_after = found >= 0 && (model.things[found].flags & MODEL_CONNECT_AFTER) != 0;
      if (found < 0 ||
          (after != found_after ? found_after : thing->serial < model.things[found].serial))
        found = i;
    }

  *ambiguous = n > 1 && model.unblocked_at > frame->tick;

  return found;
}

/* A message is sent. Says which one it is. */
int
model_send (int instance,
            int signal)
{
  ModelFrame *frame = model_top_frame ();
  bool ambiguous;
  bool after;
  int number;
  ModelThing *thing;
  int found;

  if (!model_is_op (frame, MODEL_OP_EMIT) ||
      frame->op.instance != instance ||
      frame->op.signal != signal)
    model_fail ("send-where", "something is sent outside of an emission");

  found = find_addressee (frame, &ambiguous);
  if (found < 0)
    {
      model_fail ("send-why", "something is sent in an emission of instance %d, and to nobody",
                  instance);
      return MODEL_NONE;
    }

  thing = &model.things[found];
  after = (thing->flags & MODEL_CONNECT_AFTER) != 0;
  model_check_skipped (frame, after, thing->serial);
  frame->in_after = after;
  frame->position = thing->serial;
  if (!ambiguous)
    frame->tick = ++model.tick;

  number = model.n_messages++;
  if (number >= MODEL_MAX_MESSAGES)
    model_fail ("model", "too many messages");
  model.messages[number] = (ModelMessage) {
    .thing = found, .home = thing->home, .tick = model.tick, .unsure = ambiguous
  };
  model.instances[instance].n_refs++;

  if ((thing->flags & MODEL_CONNECT_ONCE) != 0)
    model_end_once (found);

  return number;
}

/* As many are delivered at a time as there were: where something was dropped meanwhile, one that has come
 * later takes its place.
 */
static bool
has_taken_place (const ModelMessage *message,
                 unsigned            since)
{
  for (int i = 0; i < model.n_messages; i++)
    if (model.messages[i].home == message->home &&
        model.messages[i].tick <= since &&
        model.messages[i].dropped &&
        !model.messages[i].delivered)
      return true;

  return false;
}

void
model_call_message (int number,
                    int to)
{
  ModelMessage *message = &model.messages[number];
  ModelFrame *frame = model_top_frame ();

  if (!model_is_op (frame, MODEL_OP_ITERATE) || frame->first)
    model_fail ("call-where", "handler %d is called outside of an iteration, and it is queued", to);
  if (message->thing != to && !message->unsure)
    model_fail ("mail-wrong", "message %d is delivered to handler %d, and it was sent to %d", number,
                to, message->thing);
  if (message->running || message->dropped)
    model_fail ("mail-twice", "message %d is delivered again", number);
  if (model_is_stale (message))
    model_fail ("mail-late", "message %d is delivered, and its scope has let go of it", number);

  for (int i = 0; i < number; i++)
    if (model.messages[i].home == message->home &&
        !model.messages[i].running &&
        !model.messages[i].dropped &&
        !model_is_stale (&model.messages[i]))
      model_fail ("mail-order", "message %d is delivered before message %d", number, i);

  if (frame->delivered[message->home] == 0)
    frame->delivered[message->home] = model.tick;
  else if (message->tick > frame->delivered[message->home] &&
           !has_taken_place (message, frame->delivered[message->home]))
    model_fail ("mail-again", "message %d is delivered in the iteration in which it came", number);

  model_settle_drains ();
  model_timers_had_their_turn (frame);
  message->running = true;
  model_push_thing_call (to);
  model_top_frame ()->message = number;
}

/* Something of its ledger is being delivered or freed further up. */
static bool
mail_is_busy (int home)
{
  for (int i = 0; i < model.n_messages; i++)
    {
      const ModelMessage *message = &model.messages[i];

      if (message->home == home && (message->running || (message->dropped && !message->freed)))
        return true;
    }

  return false;
}

/* All that a teardown makes undeliverable is freed before anything is released. */
void
model_check_dropped (int number)
{
  const ModelTeardown *teardown = &model.teardowns[number];

  if (teardown->overlapped)
    return;

  for (int i = 0; i < model.n_messages; i++)
    {
      const ModelMessage *message = &model.messages[i];
      bool cleared = model.scopes[teardown->root].ghost &&
                     model.scopes[teardown->root].parent == message->home;

      if (!message->dropped && model_is_stale (message) && !mail_is_busy (message->home) &&
          (cleared || (teardown->members & MODEL_BIT (message->home)) != 0))
        model_fail ("mail-missing", "message %d must have been freed", i);
    }
}

/* The iteration is over: whatever was there when it began has had its turn, unless it is in the
 * middle of a delivery that it is called from.
 */
void
model_check_delivered (const ModelFrame *frame)
{
  if (frame->first || frame->cut_short || frame->op.flags == 0)
    return;

  for (int i = 0; i < model.n_messages; i++)
    {
      const ModelMessage *message = &model.messages[i];

      if (!message->dropped &&
          message->tick < frame->began &&
          !model_is_stale (message) &&
          !mail_is_busy (message->home))
        model_fail ("mail-missing", "message %d to handler %d must have been delivered", i,
                    message->thing);
    }
}
