/* fuzz-model-calls.c: which call of user code is right, and when
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-model-private.h"

#include <stddef.h>

/* Emissions */

bool
model_may_be_called (int number)
{
  bool is_closing;

  return model.things[number].live &&
         !model_is_blocked (number) &&
         !(model.things[number].foreign &&
           model_get_phase (model.things[number].owner, &is_closing) > MODEL_ANNOUNCING);
}

static bool
can_be_called (int number)
{
  const ModelThing *thing = &model.things[number];

  return model_may_be_called (number) &&
         !model.instances[thing->instance].disposing &&
         !(thing->receiver >= 0 && model.instances[thing->receiver].disposing);
}

bool
model_is_between (const ModelFrame *frame,
            bool              after,
            unsigned          serial,
            bool              to_after,
            unsigned          to_serial)
{
  if (serial >= frame->horizon)
    return false;
  if (after != frame->in_after ? !after : serial <= frame->position)
    return false;

  return after != to_after ? !after : serial < to_serial;
}

/* Nothing between the last call and this point may have been passed over. */
void
model_check_skipped (ModelFrame *frame,
                     bool        to_after,
                     unsigned    to_serial)
{
  model_pass_phases (frame, to_after, to_serial);

  if (model.unblocked_at > frame->tick)
    return;

  for (int i = 0; i < model.n_things; i++)
    {
      const ModelThing *thing = &model.things[i];

      if (thing->kind == MODEL_HANDLER &&
          thing->instance == frame->op.instance &&
          thing->signal == frame->op.signal &&
          model_is_between (frame, (thing->flags & MODEL_CONNECT_AFTER) != 0, thing->serial,
                      to_after, to_serial) &&
          can_be_called (i))
        model_fail ("handler-skipped", "handler %d on instance %d was passed over", i,
                    thing->instance);
    }

  for (int i = 0; i < model.n_links; i++)
    {
      const ModelLink *link = &model.links[i];

      if (link->kind == MODEL_LINK_SIGNAL &&
          link->live &&
          !link->unsure &&
          link->other == frame->op.instance &&
          link->signal == frame->op.signal &&
          model.scopes[link->self].state == MODEL_OPEN &&
          model_is_between (frame, false, link->serial, to_after, to_serial))
        model_fail ("follow-skipped", "scope %d follows a signal of instance %d and did not close",
                    link->self, link->other);
    }
}

/* Closes that nobody called */

static bool
is_due_here (ModelTeardown *teardown)
{
  return teardown->used && !teardown->done && !teardown->moving &&
         teardown->due == model.n_frames - 1;
}

/* Whether the weak references of the instance may be being told right now: by its dispose, or after
 * that by the last unref.
 */
bool
model_is_disposed_here (int instance)
{
  int here = model.n_frames - 1;

  return model.instances[instance].disposing &&
         (model.frames[here].kind == MODEL_FRAME_DISPOSE
          ? model.frames[here].instance == instance
          : model.instances[instance].dispose_frame == here);
}

/* The scope of an object that nobody has seen closes silently; and if all that it takes along has
 * been announced by an outer teardown, so do they.
 */
void
model_wake (int scope)
{
  int here = model.n_frames - 1;

  model_end_part_of_drain (scope);
  if (model.scopes[scope].state != MODEL_CLOSING ||
      model.scopes[scope].teardown < 0 ||
      model.teardowns[model.scopes[scope].teardown].due == here)
    return;

  if (model_is_op (model_top_frame (), MODEL_OP_CLOSE) &&
      model_top_frame ()->op.either &&
      (model_reach (model_top_frame ()->op.scope) & MODEL_BIT (scope)) != 0)
    {
      model_close_part (&model_top_frame ()->op);
      return;
    }

  if (model.scopes[scope].drain >= 0)
    model_end_wait_early (model.scopes[scope].drain);
  if (model.scopes[scope].drain >= 0 &&
      model.teardowns[model.scopes[scope].drain].due == here)
    {
      model_resume_drain (model.scopes[scope].drain);
      return;
    }

  for (int i = 0; i < model.n_instances; i++)
    {
      int anchor = model_is_disposed_here (i) ? model_find_anchor (i) : MODEL_NONE;

      if (anchor >= 0 &&
          !model.scopes[anchor].watched &&
          (model_reach (anchor) & MODEL_BIT (scope)) != 0)
        model_start_close (anchor, MODEL_REASON_OWNER_GONE, NULL, here);
    }
}

bool
model_is_dropped (int number)
{
  const ModelScope *scope = &model.scopes[number];

  return scope->bound &&
         !scope->drains &&
         scope->n_refs == 0 &&
         scope->state == MODEL_OPEN &&
         scope->as_child < 0 &&
         scope->anchor < 0;
}

/* Whether the scope would close with that reason if the other one closed with that. */
bool
model_would_close (int         root,
                   ModelReason root_reason,
                   int         scope,
                   ModelReason reason)
{
  if (root == scope)
    return reason == root_reason;

  return (reason == MODEL_REASON_PARENT_CLOSED || reason == MODEL_REASON_OWNER_GONE) &&
         (model_reach (root) & MODEL_BIT (scope)) != 0;
}

static bool
dispose_closes (int         instance,
                int         scope,
                ModelReason reason)
{
  int anchor = model_is_disposed_here (instance) ? model_find_anchor (instance) : MODEL_NONE;

  if (anchor < 0 || !model_would_close (anchor, MODEL_REASON_OWNER_GONE, scope, reason))
    return false;

  model_start_close (anchor, MODEL_REASON_OWNER_GONE, NULL, model.n_frames - 1);

  return true;
}

/* The scope is open, and says that it is closing: which rule can have closed it? */
static void
find_trigger (int         scope,
              ModelReason reason)
{
  ModelFrame *frame = model_top_frame ();
  int due = model.n_frames - 1;
  const ModelLink *next = NULL;

  if (reason == MODEL_REASON_DROPPED && model_is_dropped (scope))
    {
      model_start_close (scope, reason, NULL, due);
      return;
    }

  if (model_is_op (frame, MODEL_OP_MOVE) &&
      frame->op.scope == scope &&
      frame->op.either &&
      reason == MODEL_REASON_REPLACED)
    {
      if (frame->op.teardown >= 0)
        model_finish_teardown (frame->op.teardown);
      frame->op.teardown = model_start_move (scope, due);
      frame->op.either = false;
      return;
    }

  for (int i = 0; i < model.n_links; i++)
    {
      const ModelLink *link = &model.links[i];
      ModelCancellable *cancellable;

      if (link->kind != MODEL_LINK_CANCELLABLE ||
          !link->live ||
          model.scopes[link->self].state != MODEL_OPEN ||
          !model_would_close (link->self, link->reason, scope, reason))
        continue;

      if (model_is_op (frame, MODEL_OP_CANCEL) && frame->op.cancellable == link->other)
        {
          model_start_close (link->self, link->reason, NULL, due);
          return;
        }

      /* A scope's own, while it is torn down. */
      cancellable = &model.cancellables[link->other];
      for (int j = 0; j < model.n_scopes && !cancellable->cancelled; j++)
        if (model_hooks.is_cancelled (link->other) &&
            model.scopes[j].cancellable == link->other &&
            model.scopes[j].state == MODEL_CLOSING &&
            model.scopes[j].teardown >= 0 &&
            is_due_here (&model.teardowns[model.scopes[j].teardown]))
          {
            model_advance (model.scopes[j].teardown, MODEL_CANCELLING);
            cancellable->cancelled = true;
            cancellable->canceller = model.scopes[j].teardown;
          }
      if (cancellable->canceller >= 0 && is_due_here (&model.teardowns[cancellable->canceller]))
        {
          model_start_close (link->self, link->reason, NULL, due);
          return;
        }
    }

  if (model_phase_ends (scope, reason))
    return;

  for (int i = 0; i < model.n_instances; i++)
    if (dispose_closes (i, scope, reason))
      return;

  if (model_phase_is_released (scope, reason))
    return;

  if (model_drain_closes (scope, reason) || model_deadline_closes (scope, reason) || model_phase_closes (scope, reason))
    return;

  /* An emission goes on only when everything else is through. */
  if (model_is_op (frame, MODEL_OP_EMIT))
    {
      for (int i = 0; i < model.n_links; i++)
        {
          const ModelLink *link = &model.links[i];

          if (link->kind == MODEL_LINK_SIGNAL &&
              link->live &&
              link->other == frame->op.instance &&
              link->signal == frame->op.signal &&
              model.scopes[link->self].state == MODEL_OPEN &&
              model_is_between (frame, false, link->serial, true, 0) &&
              (next == NULL || link->serial < next->serial) &&
              (!link->unsure || model_would_close (link->self, link->reason, scope, reason)))
            next = link;
        }

      if (next != NULL && model_would_close (next->self, next->reason, scope, reason))
        {
          model_check_skipped (frame, false, next->serial);
          frame->in_after = false;
          frame->position = next->serial;
          frame->tick = model.tick;
          model_start_close (next->self, next->reason, NULL, due);
          return;
        }
    }

  for (int i = 0; i < model.n_scopes; i++)
    if (model_is_dropped (i) && model_would_close (i, MODEL_REASON_DROPPED, scope, reason))
      {
        model_start_close (i, MODEL_REASON_DROPPED, NULL, due);
        return;
      }

  model_fail ("closing-why", "scope %d is open and emits closing, and nothing ended it", scope);
}

/* The user gave back what may be the last reference on the scope. */
void
model_let_go_of_scope (int number)
{
  ModelScope *scope = &model.scopes[number];

  if (--scope->n_refs > 0 || !model_is_dropped (number))
    return;

  /* From inside a callback it need not be the last one: the library may have some for a while. */
  if (model.n_frames == 1)
    model_start_close (number, MODEL_REASON_DROPPED, NULL, 0);
}

/* Calls of user code */

ModelFrame *
model_push_call (void)
{
  int owed = model_top_frame ()->owed;

  if (owed >= 0 && model.things[owed].n_notified == 0)
    model_fail ("notify-late", "something is called before the destroy notify of timer %d", owed);

  model_settle_phases ();
  model.tick++;

  return model_push_frame (MODEL_FRAME_CALL);
}

void
model_push_thing_call (int number)
{
  ModelThing *thing = &model.things[number];
  ModelFrame *frame = model_push_call ();

  /* Whom it is called for is kept meanwhile. */
  frame->thing = number;
  frame->held = thing->receiver;
  thing->n_called++;
  if (thing->n_running++ == 0)
    thing->run_frame = model.n_frames - 1;
}

/* A handler that runs once. */
void
model_end_once (int number)
{
  bool was_foreign = model.things[number].foreign;

  model_kill (number);
  if (!was_foreign)
    model_unlink (number);
}

void
model_call_handler (int number)
{
  ModelThing *thing = &model.things[number];
  ModelFrame *frame = model_top_frame ();
  bool after = (thing->flags & MODEL_CONNECT_AFTER) != 0;
  bool is_closing;

  if (!model_is_op (frame, MODEL_OP_EMIT) ||
      frame->op.instance != thing->instance ||
      frame->op.signal != thing->signal)
    model_fail ("call-where", "handler %d is called outside of an emission", number);
  if (!thing->live)
    model_fail ("call-muted", "handler %d is called after its end", number);
  if (thing->foreign && model_get_phase (thing->owner, &is_closing) > MODEL_ANNOUNCING)
    model_fail ("call-muted", "the adopted handler %d is called in a teardown", number);
  if (model_is_blocked (number) && model_find_addition (number) < 0)
    model_fail ("call-blocked", "handler %d is called while it is blocked", number);
  if (!model_is_between (frame, after, thing->serial, after, thing->serial + 1))
    model_fail ("call-order", "handler %d is called out of turn", number);

  model_check_skipped (frame, after, thing->serial);
  frame->in_after = after;
  frame->position = thing->serial;

  if ((thing->flags & MODEL_CONNECT_QUEUED) != 0)
    model_fail ("call-queued", "handler %d is called in the emission, and it is queued", number);
  if ((thing->flags & MODEL_CONNECT_ONCE) != 0)
    model_end_once (number);

  model_push_thing_call (number);
  thing->waited |= (thing->flags & MODEL_CONNECT_GUARDED) != 0 && !thing->live;
  frame->tick = model.tick;
}

void
model_call_source (int number)
{
  ModelThing *thing = &model.things[number];
  ModelFrame *frame = model_top_frame ();
  int at;

  if (!model_is_op (frame, MODEL_OP_ITERATE))
    model_fail ("call-where", "source %d is dispatched outside of an iteration", number);
  if (!thing->live)
    model_fail ("call-muted", "source %d is dispatched after its end", number);

  model_settle_drains ();
  for (at = frame->next_ready; at < frame->n_ready && frame->ready[at] != number; at++)
    if (model_is_destroyed (frame->ready[at]) == 0)
      model_fail ("source-skipped", "source %d was ready and was not dispatched",
                  frame->ready[at]);
  if (at == frame->n_ready)
    model_fail ("call-order", "source %d is dispatched out of turn", number);
  frame->next_ready = at + 1;

  model_push_thing_call (number);
}

/* A teardown that is to be complete in this frame, and not the dispose of the instance. */
static bool
is_released_by_teardown (int number)
{
  ModelThing *thing = &model.things[number];
  bool is_closing;

  if (thing->owner >= 0 && !model_phase_is_next (number))
    model_wake (thing->owner);
  model_get_phase (thing->owner, &is_closing);
  if (!is_closing ||
      model.teardowns[model.scopes[thing->owner].teardown].due != model.n_frames - 1)
    return false;

  thing->live = false;

  return true;
}

void
model_call_notify (int number)
{
  ModelThing *thing = &model.things[number];
  ModelFrame *frame;
  bool is_closing;

  if (!thing->has_notify || thing->n_notified > 0)
    model_fail ("notify-twice", "the destroy notify of thing %d runs again", number);

  /* It has gone, and was waiting for what had been sent to it. */
  for (int i = 0; i < model.n_messages; i++)
    if (model.messages[i].thing == number && !model.messages[i].dropped)
      {
        model_drop_message (i);
        thing->live = thing->ending = false;
        model_unlink (number);
      }
  if (thing->notify_held)
    model_fail ("notify-held", "the destroy notify of thing %d runs, and it is referenced", number);
  if (thing->n_running > 0)
    model_fail ("notify-running", "the destroy notify of thing %d runs while it is called", number);

  switch (thing->kind)
    {
    case MODEL_HANDLER:
    case MODEL_SOURCE:
    case MODEL_TIMER:
    case MODEL_OPERATION:
    case MODEL_PHASE:
      if (thing->kind == MODEL_PHASE && !is_released_by_teardown (number))
        {
          if (thing->retiring)
            model_unlink (number);
          else if (thing->live && model_is_disposed_here (thing->instance))
            model_end_phase (number);
        }
      if (thing->shielded)
        {
          model_free_shielded (number);
          break;
        }
      if (thing->expects_call && thing->n_called == 0)
        model_fail ("callback-missing", "the destroy notify of operation %d runs before the callback",
                    number);
      if (thing->live &&
          (thing->ending ||
           (thing->kind == MODEL_HANDLER && model.instances[thing->instance].disposing)))
        {
          /* Unless it is the dispose of another instance that is behind it. */
          if (thing->owner >= 0 && model_top_frame ()->instance != thing->instance)
            model_wake (thing->owner);
          model_get_phase (thing->owner, &is_closing);
          if (is_closing &&
              model.teardowns[model.scopes[thing->owner].teardown].due == model.n_frames - 1)
            {
              /* A teardown was faster than the dispose. */
              if (thing->foreign)
                model_advance (model.scopes[thing->owner].teardown, MODEL_CANCELLING);
              else
                model_release (number);
              thing->live = false;
            }
          else
            {
              model_kill (number);
            }

          /* An adopted one leaves when the instance's weak references are told. */
          if (!thing->foreign)
            {
              thing->ending = false;
              model_unlink (number);
            }
        }
      else if (thing->foreign)
        {
          if (thing->live)
            model_wake (thing->owner);
          model_get_phase (thing->owner, &is_closing);
          if (is_closing && thing->live)
            {
              int teardown = model.scopes[thing->owner].teardown;

              model_advance (teardown, MODEL_CANCELLING);
              if (model.teardowns[teardown].phase != MODEL_CANCELLING)
                model_fail ("foreign-late", "the adopted thing %d ends after others were released",
                            number);
              thing->live = false;
              thing->due = model.n_frames - 1;
              model_unlink (number);
            }
          else if (thing->live)
            {
              model_fail ("notify-alive", "the destroy notify of thing %d runs, and it is alive",
                          number);
            }
        }
      else
        {
          if (thing->owner >= 0 && !thing->ending)
            model_wake (thing->owner);
          model_get_phase (thing->owner, &is_closing);
          if (is_closing &&
              !(thing->loose && model_is_draining (thing->owner) &&
                model.teardowns[model.scopes[thing->owner].teardown].due != model.n_frames - 1) &&
              (!thing->ending ||
               model.teardowns[model.scopes[thing->owner].teardown].due == model.n_frames - 1))
            model_release (number);
          if (thing->live)
            model_fail ("notify-alive", "the destroy notify of thing %d runs, and it is alive",
                        number);
          model_unlink (number);
        }
      break;

    case MODEL_DATA:
      model_release (number);
      model_check_older_files (number);
      model_unlink (number);
      thing->live = false;
      break;

    case MODEL_CLEANUP:
      if (thing->n_called == 0 && model_cleanup_may_go (number))
        break;
      if (thing->n_called == 0 && !model_cleanup_is_excused (number))
        model_fail ("cleanup-missing", "the destroy notify of cleanup %d runs before the cleanup",
                    number);
      if (thing->owner >= 0)
        model_release (number);
      model_unlink (number);
      thing->live = false;
      break;

    case MODEL_OBJECT:
    case MODEL_CHILD:
    case MODEL_DEADLINE:
    case MODEL_KEPT:
      model_free_kept (number);
      break;

    case MODEL_WAITER:
    case MODEL_BINDING:
    case MODEL_MONITOR:
    case MODEL_FILE:
      break;
    }

  /* A phase lets go of its instance first. */
  model_check_run (number);
  if (thing->kind == MODEL_PHASE)
    model_let_go_of_emitter (number);

  /* Who disconnects a handler may hold on to the instance meanwhile. */
  thing->n_notified = 1;
  frame = model_push_call ();
  frame->notified = number;
  frame->held = thing->kind == MODEL_HANDLER ? thing->instance : MODEL_NONE;
}

void
model_call_cleanup (int         number,
                    int         scope,
                    ModelReason reason)
{
  ModelFrame *frame = model_top_frame ();
  ModelThing *thing = &model.things[number];
  unsigned reasons;

  if (thing->n_called > 0)
    model_fail ("cleanup-twice", "cleanup %d is called again", number);
  if (thing->lost)
    model_fail ("cleanup-lost", "cleanup %d is called, and instance %d has been disposed", number,
                thing->receiver);

  if (thing->late)
    {
      if (!model_is_op (frame, MODEL_OP_DEFER) ||
          frame->op.thing != number ||
          frame->op.scope != scope)
        model_fail ("cleanup-where", "cleanup %d is called with scope %d", number, scope);
      reasons = model.scopes[scope].reasons;
    }
  else
    {
      int owner = thing->owner;
      bool of_ghost = owner >= 0 && model.scopes[owner].ghost;

      if (owner < 0)
        model_fail ("cleanup-where", "cleanup %d is called, and nobody owns it", number);
      model_release (number);
      model_check_older_files (number);

      while (model.scopes[owner].ghost)
        owner = model.scopes[owner].parent;
      if (owner != scope)
        model_fail ("cleanup-where", "cleanup %d is called with scope %d, %d expected", number,
                    scope, owner);

      reasons = model.scopes[owner].reasons;
      if (of_ghost)
        reasons = model.scopes[owner].state == MODEL_OPEN
          ? 1u << MODEL_REASON_COMPLETED
          : reasons | 1u << MODEL_REASON_COMPLETED;
    }

  if ((reasons & (1u << reason)) == 0)
    model_fail ("cleanup-reason", "cleanup %d: reason %d, one of 0x%x expected", number, reason,
                reasons);

  model_push_thing_call (number);
}

/* A scope's error tells of the failures of all that was torn down with it. Where a clear() or a
 * late cleanup fails, it is not said whose error that is.
 */
void
model_cleanup_failed (int number,
                      int scope)
{
  ModelThing *thing = &model.things[number];
  bool unsure = thing->late || thing->owner < 0;
  int first = unsure ? scope : thing->owner;
  int teardown = model.scopes[first].teardown;

  for (int i = first; i >= 0; i = model.scopes[i].parent)
    {
      ModelScope *self = &model.scopes[i];

      if (self->ghost || self->teardown != teardown ||
          (teardown >= 0 && model.teardowns[teardown].overlapped))
        unsure = true;
      if (unsure)
        self->error_unsure = true;
      else if (self->state != MODEL_CLOSED)
        self->n_failed++;
    }

  /* It may have moved meanwhile, more than once. */
  model.scopes[scope].error_unsure |= unsure;
  for (int i = 0; i < model.n_scopes && unsure && model.scopes[scope].state == MODEL_CLOSED; i++)
    model.scopes[i].error_unsure |= thing->receiver >= 0;
}

void
model_call_closing (int         scope,
                    ModelReason reason)
{
  if (model.scopes[scope].state == MODEL_OPEN)
    find_trigger (scope, reason);
  else
    model_wake (scope);
  model_note_closing (scope, reason);
  model_push_call ()->scope = scope;
}

void
model_call_closed (int         scope,
                   ModelReason reason)
{
  model_note_closed (scope, reason);
  model_phase_note_closed (scope);
  model_push_call ()->closed = scope;
}

/* The number of entries has passed the limit of the scope. This is in the middle of the addition: it has
 * taken place, and its function has not returned.
 */
void
model_call_limit (int number,
                  int n_entries)
{
  ModelFrame *frame = model_top_frame ();
  ModelScope *scope = &model.scopes[number];
  int least;
  int most;

  if (frame->kind != MODEL_FRAME_OP ||
      (frame->op.scope != number &&
       (frame->op.code != MODEL_OP_RESTART_TIMER || model.things[frame->op.thing].home != number)))
    model_fail ("limit-where", "scope %d tells of its limit, and nothing is being added", number);
  if (scope->state != MODEL_OPEN)
    model_fail ("limit-late", "scope %d tells of its limit, and it is not open", number);

  /* This one is known when it is returned, but it is there already. */
  if ((frame->op.code == MODEL_OP_GET_CHILD || frame->op.code == MODEL_OP_GET_CHILD_FOR) &&
      frame->op.made < 0)
    frame->op.made = model_make_child (&frame->op);

  model_counts_entries (number, &least, &most);
  if (n_entries < least || n_entries > most)
    model_fail ("limit-count", "scope %d tells of %d entries, and has %d to %d", number, n_entries,
                least, most);
  if (scope->limit == 0 || n_entries <= scope->limit)
    model_fail ("limit-early", "scope %d tells of %d entries, and its limit is %d", number, n_entries,
                scope->limit);

  scope->limit_told = true;
  frame->op.limit_reached = true;
  model_push_call ();
}

void
model_call_cancelled (int number)
{
  ModelFrame *frame = model_top_frame ();
  ModelCancellable *cancellable = &model.cancellables[number];

  if (cancellable->told)
    model_fail ("cancelled-twice", "cancellable %d is cancelled again", number);

  if (!model_is_op (frame, MODEL_OP_CANCEL) || frame->op.cancellable != number)
    {
      bool found = cancellable->cancelled;

      for (int i = 0; i < model.n_scopes && !found; i++)
        if (model.scopes[i].cancellable == number &&
            model.scopes[i].state == MODEL_CLOSING &&
            model.scopes[i].teardown >= 0)
          {
            model_wake (i);
            model_advance (model.scopes[i].teardown, MODEL_CANCELLING);
            if (model.teardowns[model.scopes[i].teardown].phase != MODEL_CANCELLING)
              model_fail ("cancel-late", "cancellable %d is cancelled after others were released",
                          number);
            cancellable->canceller = model.scopes[i].teardown;
            found = true;
          }

      /* An outer clear() of the same scope takes what was made after an inner one. */
      if (!found &&
          (model_is_op (frame, MODEL_OP_CLEAR) || model_is_op (frame, MODEL_OP_MOVE)) &&
          cancellable->owner >= 0 &&
          frame->op.scope == cancellable->owner &&
          model_in_clear (cancellable->owner) &&
          model.scopes[cancellable->owner].cancellable == number)
        {
          model.scopes[cancellable->owner].cancellable = MODEL_NONE;
          cancellable->canceller = frame->op.teardown;
          found = true;
        }

      if (!found)
        model_fail ("cancelled-why", "cancellable %d is cancelled by nobody", number);
    }

  cancellable->cancelled = cancellable->told = true;
  model_push_call ();
}

/* Whether it is a teardown that gives up the reference on the instance right now, and not somebody
 * else who had the last one after the teardown had been overtaken by another.
 */
static bool
is_released_here (int number)
{
  const ModelThing *thing = &model.things[number];

  return !thing->overtaken ||
         thing->owner < 0 ||
         model.teardowns[model.scopes[thing->owner].teardown].due == model.n_frames - 1;
}

void
model_call_dispose (int number)
{
  ModelInstance *instance = &model.instances[number];
  ModelFrame *frame = model_top_frame ();

  if (model_is_op (frame, MODEL_OP_RUN_DISPOSE) &&
      frame->op.instance == number &&
      !frame->op.was_live)
    {
      /* A second one means that the last reference went as well. */
      frame->op.was_live = true;
    }
  else if (model_is_receiving (number))
    {
      model_fail ("dispose-held", "instance %d is disposed, and a handler or cleanup is called for it",
                  number);
    }
  else if (instance->n_refs > 0)
    {
      int list[MODEL_MAX_THINGS];
      int n = 0;

      model_shut_gates_of (number);

      /* Some scopes let go of it, and it can be seen only now that they did. */
      for (int i = 0; i < model.n_things; i++)
        {
          ModelThing *thing = &model.things[i];
          bool is_closing = false;

          if (thing->instance == number &&
              ((thing->kind == MODEL_OBJECT && thing->live) || thing->holding))
            {
              if (thing->owner >= 0)
                model_wake (thing->owner);
              model_get_phase (thing->owner, &is_closing);
              is_closing |= thing->owner < 0 && thing->ends_in >= 0;
            }
          if (thing->kind == MODEL_KEPT && thing->live && thing->instance == number &&
              model_is_op (frame, MODEL_OP_READY) && frame->op.thing == thing->operation)
            {
              model_free_kept_objects (thing->operation, i);
              is_closing = true;
            }
          if (is_closing)
            list[n++] = i;
        }
      /* So did messages. */
      model_drop_messages_of (number);
      if (n < instance->n_refs)
        model_fail ("dispose-early", "instance %d is disposed, and there are %d references on it",
                    number, instance->n_refs - n);

      for (int i = 0; i < n; i++)
        model.things[list[i]].live = model.things[list[i]].holding = false;
      instance->n_refs = 0;
      for (int i = 0; i < n; i++)
        {
          const ModelThing *thing = &model.things[list[i]];

          if (!is_released_here (list[i]))
            continue;
          if (thing->kind == MODEL_KEPT)
            continue;
          if (thing->kind != MODEL_BINDING)
            model_release (list[i]);
          else if (thing->owner >= 0)
            model_advance (model.scopes[thing->owner].teardown, MODEL_CANCELLING);
        }
      for (int i = 0; i < n; i++)
        model_unlink (list[i]);
    }

  instance->lost |= instance->n_refs == 0;
  frame = model_push_call ();
  frame->instance = number;
}

void
model_dispose_chains_up (int number)
{
  ModelFrame *frame = model_top_frame ();

  frame->kind = MODEL_FRAME_DISPOSE;
  model.instances[number].disposing = true;
  model.instances[number].dispose_frame = model.n_frames - 2;
  model.instances[number].disposed = true;
  model.instances[number].wrecked = model_is_emitting (number);
  model.instances[number].had_handlers = false;

  for (int i = 0; i < model.n_things; i++)
    {
      ModelThing *thing = &model.things[i];

      if (thing->kind == MODEL_HANDLER &&
          thing->instance == number &&
          (thing->live || thing->stale))
        {
          model.instances[number].had_handlers = true;
          thing->ending = true;
          thing->ending_frame = model.n_frames - 1;
        }
    }

  for (int i = 0; i < model.n_things; i++)
    if ((model.things[i].kind == MODEL_PHASE || model.things[i].kind == MODEL_BINDING) &&
        model.things[i].instance == number)
      model.instances[number].had_handlers |= model.things[i].live;

  for (int i = 0; i < model.n_links; i++)
    if (model.links[i].kind == MODEL_LINK_SIGNAL && model.links[i].other == number)
      {
        model.instances[number].had_handlers |= model.links[i].live;
        model.links[i].live = false;
      }
}

/* The scope of an object's life ends with it, even if nobody could see that. */
static void
end_anchor (int instance)
{
  int anchor = model_find_anchor (instance);

  if (anchor < 0)
    return;

  if (model.scopes[anchor].watched)
    model_fail ("of-open", "instance %d is disposed, and its scope %d is open", instance, anchor);

  model_finish_teardown (model_start_close (anchor, MODEL_REASON_OWNER_GONE, NULL,
                                            model.n_frames - 1));
}

void
model_dispose_returned (int number)
{
  ModelInstance *instance = &model.instances[number];
  int anchor = model_find_anchor (number);

  if (anchor >= 0 && !model.scopes[anchor].anchor_unsure)
    end_anchor (number);
  else if (anchor >= 0 && instance->n_refs > 0)
    model.scopes[anchor].anchor_unsure = false;

  model_end_phases (number);
  model_end_bindings (number);
  model_end_receivers (number);
  instance->lost = true;
  if (instance->n_refs > 0)
    instance->disposing = false;

  model.n_frames--;
  model_end_frame (model.n_frames);

  /* What was connected in the middle of it may have gone, or not. */
  for (int i = 0; i < model.n_things && instance->n_refs > 0; i++)
    {
      ModelThing *thing = &model.things[i];

      if (thing->kind == MODEL_HANDLER &&
          thing->instance == number &&
          thing->live &&
          !model_hooks.is_connected (i))
        {
          model_kill (i);
          model_unlink (i);
        }
    }
}

/* After the finalizers of GLib have run. */
void
model_finalized (int number)
{
  ModelInstance *instance = &model.instances[number];

  if (instance->n_refs > 0 || instance->finalized)
    model_fail ("finalize-early", "instance %d is finalized, and there are %d references on it",
                number, instance->n_refs);

  model_end_phases (number);
  model_end_bindings (number);
  instance->finalized = true;
  instance->disposing = false;
  end_anchor (number);

  for (int i = 0; i < model.n_things; i++)
    if (model.things[i].kind == MODEL_HANDLER &&
        model.things[i].instance == number &&
        model.things[i].live)
      {
        model_kill (i);
        model_unlink (i);
      }
}

/* The user code that was called last has returned. */
void
model_returned (bool goes_on)
{
  ModelFrame frame = {
    .thing = model_top_frame ()->thing,
    .scope = model_top_frame ()->scope,
    .message = model_top_frame ()->message,
    .notified = model_top_frame ()->notified,
  };
  ModelThing *thing;

  model.n_frames--;

  if (frame.scope >= 0)
    model_note_announced (frame.scope);
  if (frame.notified >= 0)
    model_let_go_of_emitter (frame.notified);
  if (frame.notified >= 0 && model.things[frame.notified].finishing)
    model_shielded_is_over (frame.notified);

  if (frame.thing >= 0)
    {
      thing = &model.things[frame.thing];
      thing->n_running--;
      thing->was_waited = thing->waited && thing->n_running == 0;
      thing->waited &= thing->n_running > 0;
      if (frame.message >= 0)
        model_delivered (frame.message);

      if (thing->finishing && !thing->has_notify)
        model_shielded_is_over (frame.thing);
      if (thing->kind == MODEL_SOURCE && thing->live && !goes_on)
        model_kill (frame.thing);
      if (thing->kind == MODEL_TIMER)
        model_timer_returned (frame.thing, goes_on);
      if (thing->kind == MODEL_CLEANUP)
        {
          thing->live = false;
          /* The object may be disposed before its destroy notify runs. */
          if (!thing->has_notify || thing->receiver >= 0)
            model_unlink (frame.thing);
          if (thing->owner < 0)
            thing->due = model.n_frames - 1;
        }
    }

  model_end_frame (model.n_frames);
}
