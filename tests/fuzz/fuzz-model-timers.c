/* fuzz-model-timers.c: what is called when, by the clock
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-model-private.h"

#include <stddef.h>

/* Which timer or deadline the iteration has to come to next: the one with the earliest deadline, and
 * of several the one that was armed first. What is armed after the iteration has begun waits for the
 * next one, and so does all that comes after it. The deadline of a scope that has closed passes
 * unseen.
 */
static int
find_next (const ModelFrame *frame)
{
  int next = MODEL_NONE;

  if (!frame->awake)
    return MODEL_NONE;

  for (int i = 0; i < model.n_things; i++)
    {
      ModelThing *thing = &model.things[i];

      if (!thing->armed || thing->deadline > frame->now)
        continue;

      if (thing->kind == MODEL_DEADLINE && model.scopes[thing->home].state != MODEL_OPEN)
        {
          thing->live = thing->armed = false;
          continue;
        }

      if (next < 0 ||
          thing->deadline < model.things[next].deadline ||
          (thing->deadline == model.things[next].deadline &&
           thing->armed_serial < model.things[next].armed_serial))
        next = i;
    }

  return next >= 0 && model.things[next].armed_serial <= frame->arm_horizon ? next : MODEL_NONE;
}

/* What a call before this one has begun is complete. */
static void
finish_before (int here)
{
  model_settle_drains ();
  for (int i = 0; i < model.n_teardowns; i++)
    if (model.teardowns[i].due == here && !model.teardowns[i].woken && !model.teardowns[i].done)
      model_finish_teardown (i);
}

void
model_arm (int     number,
           int64_t from)
{
  ModelThing *thing = &model.things[number];

  thing->armed_serial = ++model.arm_serial;
  thing->idle = false;
  thing->armed = !thing->paused;
  thing->deadline = thing->paused ? thing->interval : from + thing->interval;
}

/* An interval begins. */
static void
start (int number)
{
  ModelThing *thing = &model.things[number];

  if (thing->n_running > 0)
    {
      thing->restarted = true;
      thing->restarted_at = model.now;
      thing->idle = false;
    }
  else
    {
      model_arm (number, model.now);
    }
}

/* It becomes the youngest entry of its scope, and is armed or waits to be restarted. */
void
model_join_timer (int  number,
                  int  scope,
                  bool starts)
{
  ModelThing *thing = &model.things[number];

  thing->live = true;
  thing->n_timed = 0;
  thing->restarted = false;
  thing->due = MODEL_NONE;
  thing->home = scope;
  model_append (scope, number);
  thing->paused = model_is_blocked (number);
  thing->idle = !starts;
  if (starts)
    start (number);
}

void
model_end_timer (int number)
{
  ModelThing *thing = &model.things[number];
  int frame;

  thing->live = thing->armed = false;
  thing->due = model_notify_can_wait (number, &frame) ? frame : model.n_frames - 1;
  model_unlink (number);
}

/* What a clear() has yet to release cannot come back, and it may not be seen that it has released it. */
bool
model_may_be_revived (int number)
{
  const ModelThing *thing = &model.things[number];

  return !thing->live &&
         !thing->has_notify &&
         thing->owner >= 0 &&
         model.scopes[thing->home].state == MODEL_OPEN;
}

/* Says whether the timer is active then. */
bool
model_restart_timer (int number)
{
  ModelThing *thing = &model.things[number];

  if (model.scopes[thing->home].state != MODEL_OPEN)
    return thing->live;

  if (thing->live)
    {
      start (number);
      return true;
    }

  if (thing->has_notify || thing->owner >= 0)
    return false;

  model_join_timer (number, thing->home, true);

  return true;
}

/* Says whether there was a call to come. */
bool
model_stop_timer (int number)
{
  ModelThing *thing = &model.things[number];
  bool stopped = thing->live && !thing->idle;

  if (stopped)
    {
      thing->idle = true;
      thing->armed = thing->restarted = false;
    }

  return stopped;
}

void
model_set_interval (int     number,
                    int64_t interval)
{
  ModelThing *thing = &model.things[number];
  int64_t difference = interval - thing->interval;

  thing->interval = interval;
  if (thing->armed)
    {
      thing->deadline += difference;
      thing->armed_serial = ++model.arm_serial;
    }
  else if (thing->paused && !thing->restarted && !thing->idle)
    {
      thing->deadline = thing->deadline + difference > 0 ? thing->deadline + difference : 0;
    }
}

/* The scope has one deadline at most. */
void
model_set_deadline (int     number,
                    int     scope,
                    int64_t timeout)
{
  ModelThing *thing = &model.things[number];

  for (int i = 0; i < model.n_things; i++)
    if (model.things[i].kind == MODEL_DEADLINE && model.things[i].home == scope)
      model.things[i].live = model.things[i].armed = false;

  thing->home = scope;
  thing->interval = timeout;
  thing->live = timeout > 0 && model.scopes[scope].state == MODEL_OPEN;
  if (thing->live)
    model_arm (number, model.now);
}

/* Something has been blocked or unblocked, or was moved away from below what is blocked. */
void
model_pause_timers (void)
{
  for (int i = 0; i < model.n_things; i++)
    {
      ModelThing *thing = &model.things[i];
      bool paused;

      if (thing->kind != MODEL_TIMER || !thing->live)
        continue;

      paused = model_is_blocked (i);
      if (paused == thing->paused)
        continue;

      thing->paused = paused;
      if (paused && thing->armed)
        {
          thing->armed = false;
          thing->deadline = thing->deadline > model.now ? thing->deadline - model.now : 0;
        }
      else if (!paused && thing->n_running == 0 && !thing->idle)
        {
          /* It keeps its place among those of the same deadline. */
          thing->armed = true;
          thing->deadline += model.now;
        }
    }
}

void
model_call_timer (int number)
{
  ModelThing *thing = &model.things[number];
  ModelFrame *frame = model_top_frame ();
  int next;

  if (!model_is_op (frame, MODEL_OP_ITERATE))
    model_fail ("call-where", "timer %d is called outside of an iteration", number);

  finish_before (model.n_frames - 1);
  if (!thing->live)
    model_fail ("call-muted", "timer %d is called after its end", number);
  if (thing->paused)
    model_fail ("call-blocked", "timer %d is called while it is blocked", number);
  if (!thing->armed)
    model_fail ("timer-running", "timer %d is called, and it is not armed", number);
  if (thing->deadline > frame->now)
    model_fail ("timer-early", "timer %d is called %d us early", number,
                (int) (thing->deadline - frame->now));
  if (thing->armed_serial > frame->arm_horizon)
    model_fail ("timer-again", "timer %d is called in the iteration in which it was armed", number);

  if (!frame->awake)
    model_fail ("timer-asleep", "timer %d is called, and nothing was ready", number);

  next = find_next (frame);
  if (next != number)
    model_fail ("timer-order", "timer %d is called, and it would be the turn of thing %d", number,
                next);

  thing->armed = false;
  thing->idle = thing->debounce;
  thing->n_timed++;
  model_push_thing_call (number);
}

/* Its function has returned, and the frame of the iteration is on top. */
void
model_timer_returned (int  number,
                      bool goes_on)
{
  ModelThing *thing = &model.things[number];
  ModelFrame *frame = model_top_frame ();

  if (thing->max_calls > 0 && thing->n_timed >= thing->max_calls)
    goes_on = false;
  if (thing->live && !goes_on)
    {
      /* It begins anew if it was restarted in its call. */
      if (thing->restarted)
        thing->n_timed = 0;
      else
        model_end_timer (number);
    }

  if (thing->live && thing->restarted)
    model_arm (number, thing->restarted_at);
  else if (thing->live && !thing->idle)
    model_arm (number, frame->now);
  else if (!thing->live && thing->owner < 0 && thing->has_notify && thing->n_notified == 0)
    frame->owed = number;
  thing->restarted = false;
}

/* Whether it is a deadline's turn that closes, directly or not, this scope. */
bool
model_deadline_closes (int         scope,
                       ModelReason reason)
{
  ModelFrame *frame = model_top_frame ();
  int next;

  if (!model_is_op (frame, MODEL_OP_ITERATE))
    return false;

  next = find_next (frame);
  if (next < 0 ||
      model.things[next].kind != MODEL_DEADLINE ||
      !model_would_close (model.things[next].home, MODEL_REASON_TIMED_OUT, scope, reason))
    return false;

  finish_before (model.n_frames - 1);
  model.things[next].live = model.things[next].armed = false;
  model_start_close (model.things[next].home, MODEL_REASON_TIMED_OUT, "deadline",
                     model.n_frames - 1);

  return true;
}

/* The source of the timers was attached before all others of its priority, and one of those is being
 * dispatched: what becomes due from now on, as by unblock(), waits for the next iteration.
 */
void
model_timers_had_their_turn (ModelFrame *frame)
{
  model_check_timers (frame);
  frame->awake = false;
}

/* No timer that is due may have been passed over. */
void
model_check_timers (const ModelFrame *frame)
{
  int next = find_next (frame);

  if (next >= 0 && model.things[next].kind == MODEL_TIMER)
    model_fail ("timer-skipped", "timer %d was due and was not called", next);
  if (next >= 0)
    model_fail ("deadline-skipped", "the deadline of scope %d has passed, and it is open",
                model.things[next].home);
}

/* In ms, rounded up; -1 when it is not armed. */
int64_t
model_get_remaining (int number)
{
  const ModelThing *thing = &model.things[number];
  int64_t remaining;

  if (!thing->live || thing->n_running > 0 || thing->idle)
    return -1;

  remaining = thing->armed ? thing->deadline - model.now : thing->deadline;

  return remaining > 0 ? (remaining + 999) / 1000 : 0;
}
