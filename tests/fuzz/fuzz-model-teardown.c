/* fuzz-model-teardown.c: the rules of a teardown
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-model-private.h"

#include <stddef.h>

/* A teardown is not played through: only what can be seen of it is. It lags behind the library
 * until user code is called. Then all that must have happened before is settled: what could happen
 * unseen is taken as done, and what could not is missing.
 */

static bool
is_in (ModelSet set,
       int      scope)
{
  return scope >= 0 && (set & MODEL_BIT (scope)) != 0;
}

/* Adds who closes when those in the set do. */
static ModelSet
reach_from (ModelSet reach)
{
  ModelSet before;

  do
    {
      before = reach;

      for (int i = 0; i < model.n_scopes; i++)
        if (model.scopes[i].used &&
            model.scopes[i].state != MODEL_CLOSED &&
            model.scopes[i].as_child >= 0 &&
            is_in (reach, model.scopes[i].parent))
          reach |= MODEL_BIT (i);

      for (int i = 0; i < model.n_links; i++)
        {
          ModelLink *link = &model.links[i];

          if (link->kind == MODEL_LINK_SCOPE &&
              link->live &&
              is_in (reach, link->other) &&
              model.scopes[link->self].state != MODEL_CLOSED)
            reach |= MODEL_BIT (link->self);
        }
    }
  while (reach != before);

  return reach;
}

/* Who closes when the scope does. */
ModelSet
model_reach (int scope)
{
  return reach_from (MODEL_BIT (scope));
}

static void
teardown_find_waits (ModelTeardown *teardown)
{
  for (int i = 0; i < model.n_scopes; i++)
    {
      ModelScope *scope = &model.scopes[i];

      if (is_in (teardown->members, i) &&
          scope->as_child >= 0 &&
          is_in (teardown->members, scope->parent))
        teardown->waits[scope->parent] |= MODEL_BIT (i);
    }

  for (int i = 0; i < model.n_links; i++)
    {
      ModelLink *link = &model.links[i];

      if (link->kind == MODEL_LINK_SCOPE &&
          link->live &&
          is_in (teardown->members, link->self) &&
          is_in (teardown->members, link->other))
        {
          teardown->waits[link->other] |= MODEL_BIT (link->self);
          teardown->followers[link->other] |= MODEL_BIT (link->self);
        }
    }

  for (int via = 0; via < model.n_scopes; via++)
    if (is_in (teardown->members, via))
      for (int i = 0; i < model.n_scopes; i++)
        if (is_in (teardown->waits[i], via))
          teardown->waits[i] |= teardown->waits[via];
}

/* Whether the two wait for each other, so that no order can be right for both. */
static bool
is_circle (ModelTeardown *teardown,
           int            one,
           int            two)
{
  return is_in (teardown->waits[one], two) && is_in (teardown->waits[two], one);
}

static bool
is_follower (ModelTeardown *teardown,
             int            scope)
{
  for (int i = 0; i < model.n_scopes; i++)
    if (is_in (teardown->followers[i], scope))
      return true;

  return false;
}

static int
start_teardown (int         root,
                ModelReason reason,
                const char *detail,
                int         due)
{
  int number = model.n_teardowns++;
  ModelTeardown *teardown = &model.teardowns[number];
  bool is_part = model.scopes[root].state == MODEL_CLOSING;

  if (number >= MODEL_MAX_TEARDOWNS)
    model_fail ("model", "too many teardowns");

  *teardown = (ModelTeardown) { .used = true, .root = root, .due = due };
  teardown->members = model_reach (root);
  teardown->awaited = teardown->members;
  teardown_find_waits (teardown);

  for (int i = 0; i < model.n_scopes; i++)
    {
      ModelScope *scope = &model.scopes[i];

      if (!is_in (teardown->members, i))
        continue;

      if (scope->state == MODEL_OPEN)
        {
          scope->state = MODEL_CLOSING;
          scope->drains = false;
          scope->reasons = 0;
          if (i == root)
            {
              scope->reasons = 1u << reason;
              scope->detail = detail;
            }
          else
            {
              if (scope->as_child >= 0 && is_in (teardown->members, scope->parent))
                scope->reasons |= 1u << MODEL_REASON_PARENT_CLOSED;
              if (is_follower (teardown, i))
                scope->reasons |= 1u << MODEL_REASON_OWNER_GONE;
            }
        }
      else if (scope->teardown >= 0)
        {
          /* An outer teardown is not through with it yet; this one has to be, when it returns. */
          ModelTeardown *outer = &model.teardowns[scope->teardown];

          if (outer->phase == MODEL_RELEASING)
            for (int j = scope->first; j >= 0; j = model.things[j].next)
              model.things[j].overtaken = true;
          for (int j = scope->first; j >= 0 && outer->phase == MODEL_CANCELLING;
               j = model.things[j].next)
            model.things[j].overtaken |= model.things[j].kind == MODEL_BINDING;
          outer->members &= ~MODEL_BIT (i);
          if (outer->draining)
            {
              /* Who closes a part of what waits goes on from there; until it has come to the rest, the
               * wait for that may still end.
               */
              if (outer->members == 0 && (outer->root == root || !is_part))
                outer->done = true;
              model_set_due_of_muted (i, due);
              /* What has ended before the wait may be counted or not, if it was further down. */
              teardown->resumed = true;
              if (outer->root != root)
                teardown->overlapped = true;
              /* Handlers may have been done with, and counted, when they were muted. */
              for (int j = scope->first; j >= 0; j = model.things[j].next)
                teardown->n_removed += model.things[j].kind == MODEL_HANDLER;
              scope->teardown = number;
              continue;
            }
          outer->overlapped = true;
          teardown->overlapped = true;
        }

      scope->teardown = number;
    }

  return number;
}

int
model_start_close (int         scope,
                   ModelReason reason,
                   const char *detail,
                   int         due)
{
  return start_teardown (scope, reason, detail, due);
}

/* With what reasons the scope would be one of them, as bits. */
static unsigned
reasons_to_join (int      scope,
                 ModelSet members)
{
  unsigned reasons = 0;

  if (model.scopes[scope].as_child >= 0 && is_in (members, model.scopes[scope].parent))
    reasons |= 1u << MODEL_REASON_PARENT_CLOSED;
  for (int i = 0; i < model.n_links; i++)
    if (model.links[i].kind == MODEL_LINK_SCOPE &&
        model.links[i].live &&
        model.links[i].self == scope &&
        is_in (members, model.links[i].other))
      reasons |= 1u << MODEL_REASON_OWNER_GONE;

  return reasons;
}

/* What the scope owns becomes a scope of its own, the oldest entry of the scope: so a close()
 * within the clear() finds what is left of it in the right place.
 */
int
model_start_clear (int scope,
                   int due)
{
  ModelSet members = 0;
  int ghost;
  int teardown;

  for (int i = 0; i < model.n_scopes; i++)
    if (model.scopes[i].state != MODEL_CLOSED &&
        model.scopes[i].as_child >= 0 &&
        model.scopes[i].parent == scope)
      members |= MODEL_BIT (i);
  members = reach_from (members);

  /* When something that ends with what is cleared has the scope end, the clear() is a close(). */
  if (is_in (members, scope))
    {
      unsigned reasons = reasons_to_join (scope, members);

      teardown = start_teardown (scope, MODEL_REASON_NONE, NULL, due);
      model.scopes[scope].reasons = reasons;

      return teardown;
    }

  ghost = model_add_scope (MODEL_NONE, MODEL_NONE);
  model.scopes[ghost].ghost = true;
  model.scopes[ghost].announced = true;
  model.scopes[ghost].cancellable = model.scopes[scope].cancellable;
  model.scopes[scope].cancellable = MODEL_NONE;

  model.scopes[ghost].first = model.scopes[scope].first;
  model.scopes[ghost].last = model.scopes[scope].last;
  model.scopes[scope].first = model.scopes[scope].last = MODEL_NONE;
  for (int i = model.scopes[ghost].first; i >= 0; i = model.things[i].next)
    {
      model.things[i].owner = ghost;
      if (model.things[i].kind == MODEL_CHILD)
        model.scopes[model.things[i].child].parent = ghost;
    }

  teardown = start_teardown (ghost, MODEL_REASON_COMPLETED, NULL, due);

  model.scopes[ghost].parent = scope;
  model.scopes[ghost].as_child = model_add_thing (MODEL_CHILD, false);
  model.things[model.scopes[ghost].as_child].child = ghost;
  model_append (scope, model.scopes[ghost].as_child);

  return teardown;
}

/* Whether anything else would end with the scope. */
bool
model_reaches_others (int scope)
{
  return model_reach (scope) != MODEL_BIT (scope);
}

/* Likewise, but for what is of another kind. What an unfinished clear() has left is older. */
int
model_start_clear_kind (int       scope,
                        ModelKind kind,
                        int       due)
{
  int ghost = model_add_scope (MODEL_NONE, MODEL_NONE);
  ModelScope *self = &model.scopes[ghost];
  int before = MODEL_NONE;
  bool is_alone = true;
  ModelThing *child;
  int teardown;
  int next;

  self->ghost = self->of_kind = self->announced = true;
  for (int i = model.scopes[scope].first; i >= 0; i = next)
    {
      bool foreign = model.things[i].foreign;
      bool stale = model.things[i].stale;

      next = model.things[i].next;
      if (model.things[i].kind == MODEL_CHILD && model.scopes[model.things[i].child].ghost)
        {
          /* It may finish what that has begun, and count it. */
          before = i;
          is_alone = false;
          if (model.scopes[model.things[i].child].teardown >= 0)
            model.teardowns[model.scopes[model.things[i].child].teardown].overlapped = true;
        }
      if (model.things[i].kind != kind)
        continue;

      model_unlink (i);
      model_append (ghost, i);
      model.things[i].foreign = foreign;
      model.things[i].stale = stale;
    }

  teardown = start_teardown (ghost, MODEL_REASON_COMPLETED, NULL, due);
  model.teardowns[teardown].overlapped = !is_alone;

  self->parent = scope;
  self->as_child = model_add_thing (MODEL_CHILD, false);
  child = &model.things[self->as_child];
  child->child = ghost;
  child->owner = scope;
  child->prev = before;
  child->next = before >= 0 ? model.things[before].next : model.scopes[scope].first;
  if (before >= 0)
    model.things[before].next = self->as_child;
  else
    model.scopes[scope].first = self->as_child;
  if (child->next >= 0)
    model.things[child->next].prev = self->as_child;
  else
    model.scopes[scope].last = self->as_child;

  return teardown;
}

/* Nothing ends in a move; only the scope itself does. */
int
model_start_move (int scope,
                  int due)
{
  int number = model.n_teardowns++;

  if (number >= MODEL_MAX_TEARDOWNS)
    model_fail ("model", "too many teardowns");

  model.teardowns[number] = (ModelTeardown) {
    .used = true, .moving = true, .root = scope, .due = due, .members = MODEL_BIT (scope)
  };
  model.scopes[scope].state = MODEL_CLOSING;
  model.scopes[scope].reasons = 1u << MODEL_REASON_REPLACED;
  model.scopes[scope].detail = "moved";
  model.scopes[scope].teardown = number;

  return number;
}

/* Part two of a move. Who follows the scope of an object follows the object, and stays behind. */
static void
move_entries (int scope,
              int to)
{
  ModelScope *source = &model.scopes[scope];
  ModelScope *target = &model.scopes[to];

  target->first = source->first;
  target->last = source->last;
  source->first = source->last = MODEL_NONE;
  for (int i = target->first; i >= 0; i = model.things[i].next)
    {
      model.things[i].owner = to;
      if (model.things[i].kind == MODEL_CHILD)
        model.scopes[model.things[i].child].parent = to;
    }

  for (int i = 0; i < model.n_links; i++)
    {
      ModelLink *link = &model.links[i];

      if (link->self == scope && link->kind != MODEL_LINK_SCOPE)
        link->live = false;
      else if (link->kind == MODEL_LINK_SCOPE && link->other == scope && source->anchor < 0)
        link->other = to;
    }

  /* What blocked its parents blocks them no more. */
  model.unblocked_at = ++model.tick;

  target->cancellable = source->cancellable;
  source->cancellable = MODEL_NONE;
  target->n_blocked = source->n_blocked;
  target->limit = source->limit;
  target->limit_told = source->limit_told;
  for (int i = 0; i < model.n_things; i++)
    if ((model.things[i].kind == MODEL_TIMER ||
         model.things[i].kind == MODEL_OPERATION ||
         model.things[i].kind == MODEL_HANDLER) &&
        model.things[i].home == scope)
      model.things[i].home = to;
  for (int i = 0; i < model.n_messages; i++)
    if (model.messages[i].home == scope)
      model.messages[i].home = to;
  model_pause_timers ();
  target->n_failed = source->n_failed;
  target->error_unsure = source->error_unsure;
}

static void
count_entries (int  scope,
               int *least,
               int *most)
{
  for (int i = model.scopes[scope].first; i >= 0; i = model.things[i].next)
    {
      ModelThing *thing = &model.things[i];

      if (thing->kind == MODEL_CHILD)
        {
          if (!model.scopes[thing->child].ghost)
            {
              ++*least;
              ++*most;
            }
          count_entries (thing->child, least, most);
        }
      else
        {
          if (!thing->stale && !thing->ending && !thing->retiring && !thing->loose && !thing->lost &&
              !(thing->receiver >= 0 && model.instances[thing->receiver].disposing) &&
              !((thing->kind == MODEL_PHASE || thing->kind == MODEL_BINDING) &&
                model.instances[thing->instance].disposing))
            ++*least;
          ++*most;
        }
    }
}

static void
set_due (int thing,
         int due)
{
  int frame;

  if (model_notify_can_wait (thing, &frame) && frame < due)
    due = frame;

  model.things[thing].due = due;
}

/* What was muted by a close_async() ends only when somebody comes back to it. A phase that is going
 * with its instance does not wait for that.
 */
void
model_set_due_of_muted (int scope,
                        int due)
{
  int frame;
  int next;

  for (int i = model.scopes[scope].first; i >= 0; i = next)
    {
      ModelThing *thing = &model.things[i];

      next = thing->next;
      if (thing->live || thing->retiring || thing->shielded ||
          (thing->kind != MODEL_HANDLER &&
           thing->kind != MODEL_SOURCE &&
           thing->kind != MODEL_TIMER &&
           thing->kind != MODEL_PHASE &&
           thing->kind != MODEL_OPERATION))
        continue;

      if (due >= 0)
        {
          set_due (i, due);
        }
      else if (thing->kind == MODEL_HANDLER && !thing->released && model_notify_can_wait (i, &frame))
        {
          /* Its notify may run when the emission is over, or with the release. */
          thing->due = MODEL_NONE;
          thing->loose = true;
        }
      else
        {
          thing->due = MODEL_NONE;
        }
    }
}

static void
mute_scope (int scope,
            int due)
{
  if (model.scopes[scope].muted)
    return;

  model.scopes[scope].muted = true;

  for (int i = model.scopes[scope].first; i >= 0; i = model.things[i].next)
    {
      ModelThing *thing = &model.things[i];

      if (thing->kind == MODEL_PHASE ||
          (thing->kind == MODEL_HANDLER && (thing->flags & MODEL_CONNECT_GATED) != 0))
        model_shut_gate (i);
      if (thing->kind == MODEL_OPERATION && thing->shielded && thing->live)
        model_mute_shielded (i);
      if ((thing->kind == MODEL_HANDLER ||
           thing->kind == MODEL_PHASE ||
           thing->kind == MODEL_SOURCE ||
           thing->kind == MODEL_TIMER ||
           thing->kind == MODEL_OPERATION) &&
          thing->live &&
          !thing->foreign)
        {
          /* It may have gone with its receiver before that. */
          if (thing->receiver >= 0 && model.instances[thing->receiver].disposing)
            thing->unreached = model.instances[thing->instance].lost;
          thing->live = thing->armed = false;
          set_due (i, due);
        }
    }

  /* Whom it follows may still close in the meantime, and has to wait for it then. */
  for (int i = 0; i < model.n_links; i++)
    if (model.links[i].self == scope && model.links[i].kind != MODEL_LINK_SCOPE)
      model.links[i].live = false;
}

static void
end_foreign (int scope,
             int due)
{
  int cancellable = model.scopes[scope].cancellable;
  int next;

  /* Where somebody else is cancelling it further up, the rest of that is still to come. */
  if (cancellable >= 0 &&
      (!model.cancellables[cancellable].cancelled ||
       model.cancellables[cancellable].canceller == model.scopes[scope].teardown))
    {
      for (int i = 0; i < model.n_links; i++)
        if (model.links[i].kind == MODEL_LINK_CANCELLABLE &&
            model.links[i].live &&
            model.links[i].other == cancellable &&
            model.scopes[model.links[i].self].state == MODEL_OPEN)
          model_fail ("follow-missing", "scope %d follows the cancellable %d of scope %d, which "
                      "must have been cancelled", model.links[i].self, cancellable, scope);

      if (model.cancellables[cancellable].watched && !model.cancellables[cancellable].told)
        model_fail ("cancel-missing", "the cancellable %d of scope %d must have been cancelled",
                    cancellable, scope);
      model.cancellables[cancellable].cancelled = true;
    }

  for (int i = model.scopes[scope].first; i >= 0; i = next)
    {
      ModelThing *thing = &model.things[i];
      int frame;

      next = thing->next;
      if (thing->kind == MODEL_OPERATION && !thing->cancelled && !thing->shielded)
        {
          if (!thing->ended && model_find_addition (i) < 0)
            model_fail ("cancel-missing", "operation %d of scope %d must have been cancelled", i,
                        scope);
          thing->cancelled = true;
        }
      if (!thing->foreign)
        continue;

      if (thing->has_notify &&
          !thing->notify_held &&
          thing->n_notified == 0 &&
          !model_has_mail (i) &&
          !model_notify_can_wait (i, &frame))
        model_fail ("foreign-missing", "the adopted thing %d of scope %d must have been ended",
                    i, scope);
      if (thing->kind == MODEL_MONITOR && thing->n_called == 0)
        model_fail ("foreign-missing", "monitor %d of scope %d must have been cancelled", i, scope);

      thing->live = false;
      model_let_go_of_emitter (i);
      set_due (i, due);
      /* Queued by another scope, which goes on to deliver what was sent. */
      if (model_has_mail (i))
        thing->due = MODEL_NONE;
      model_unlink (i);
    }
}

/* Says that the teardown has come so far at least. */
void
model_advance (int        number,
               ModelPhase phase)
{
  ModelTeardown *teardown = &model.teardowns[number];

  if (teardown->moving)
    model_fail ("move-releases", "something of scope %d ends while it is moved", teardown->root);

  if (teardown->phase == MODEL_ANNOUNCING && phase > MODEL_ANNOUNCING)
    {
      for (int i = 0; i < model.n_scopes; i++)
        if (is_in (teardown->members, i) &&
            model.scopes[i].watched &&
            !model.scopes[i].announced)
          model_fail ("closing-missing", "scope %d has not emitted closing, and things end", i);

      count_entries (teardown->root, &teardown->n_least, &teardown->n_most);
      for (int i = 0; i < model.n_scopes; i++)
        if (is_in (teardown->members, i))
          mute_scope (i, teardown->due);

      teardown->phase = MODEL_CANCELLING;
    }

  if (teardown->phase == MODEL_CANCELLING && phase > MODEL_CANCELLING)
    {
      for (int i = 0; i < model.n_scopes; i++)
        if (is_in (teardown->members, i))
          end_foreign (i, teardown->due);
      model_check_dropped (number);

      teardown->phase = MODEL_RELEASING;
    }
}

/* It must have ended by now. */
static void
settle_thing (int number)
{
  ModelThing *thing = &model.things[number];
  ModelInstance *instance;
  int frame;

  switch (thing->kind)
    {
    case MODEL_HANDLER:
    case MODEL_SOURCE:
    case MODEL_TIMER:
    case MODEL_OPERATION:
    case MODEL_PHASE:
      /* An outer teardown may be in the middle of freeing what was sent to it. */
      if (thing->kind == MODEL_HANDLER && model_has_mail (number))
        thing->due = MODEL_NONE;
      else if (thing->retiring)
        break;
      else if (thing->shielded)
        thing->shield_until = 0;
      else if (thing->has_notify &&
               !thing->notify_held &&
               thing->n_notified == 0 &&
               !model_notify_can_wait (number, &frame))
        model_fail ("order-notify", "thing %d of scope %d must have been released before",
                    number, thing->owner);
      /* One that is closing a run further up has yet to let go. */
      if (thing->ends_in < 0 || thing->n_notified > 0)
        model_let_go_of_emitter (number);
      break;

    case MODEL_OBJECT:
      instance = &model.instances[thing->instance];
      if (thing->live)
        {
          thing->live = false;
          instance->n_refs--;
          if (instance->n_refs == 0 && !instance->finalized &&
              !model_instance_is_busy (thing->instance) &&
              model_count_maybe_held (thing->instance) == 0)
            model_fail ("order-object", "the last reference on instance %d, thing %d of scope %d, "
                        "must have been released before", thing->instance, number, thing->owner);
        }
      break;

    case MODEL_DATA:
      if (thing->n_notified == 0)
        model_fail ("order-data", "data %d of scope %d must have been released before",
                    number, thing->owner);
      break;

    case MODEL_CLEANUP:
      if (thing->n_called == 0 && !model_cleanup_is_excused (number))
        model_fail ("order-cleanup", "cleanup %d of scope %d must have been called before",
                    number, thing->owner);
      if (thing->has_notify && thing->n_notified == 0 && thing->n_running == 0)
        model_fail ("order-cleanup-notify", "the destroy notify of cleanup %d of scope %d must "
                    "have been called before", number, thing->owner);
      break;

    case MODEL_CHILD:
      model_settle_scope (thing->child);
      return;

    case MODEL_FILE:
      model_settle_file (number);
      break;

    case MODEL_DEADLINE:
    case MODEL_WAITER:
    case MODEL_BINDING:
    case MODEL_MONITOR:
    case MODEL_KEPT:
      break;
    }

  model_unlink (number);
}

static void
settle_followers (ModelTeardown *teardown,
                  int            scope)
{
  for (int i = 0; i < model.n_scopes; i++)
    if (is_in (teardown->followers[scope], i) &&
        is_in (teardown->members, i) &&
        !is_circle (teardown, scope, i) &&
        model.scopes[i].state != MODEL_CLOSED)
      model_settle_scope (i);
}

/* Everything that is younger than the thing, among its siblings and further up. */
static void
settle_younger (ModelTeardown *teardown,
                int            number)
{
  int scope = model.things[number].owner;
  int next;

  settle_followers (teardown, scope);

  for (int i = model.scopes[scope].last; i >= 0 && i != number; i = next)
    {
      next = model.things[i].prev;
      settle_thing (i);
    }

  /* A follower is released with whom it follows, wherever its own place is. */
  if (model.scopes[scope].as_child >= 0 &&
      is_in (teardown->members, model.scopes[scope].parent) &&
      !is_circle (teardown, scope, model.scopes[scope].parent) &&
      !is_follower (teardown, scope))
    settle_younger (teardown, model.scopes[scope].as_child);
}

static void
set_closed (int scope)
{
  for (int i = 0; i < model.n_links; i++)
    if (model.links[i].self == scope)
      model.links[i].live = false;

  model.scopes[scope].state = MODEL_CLOSED;
  if (model.scopes[scope].as_child >= 0)
    model_unlink (model.scopes[scope].as_child);
  model.scopes[scope].as_child = MODEL_NONE;
}

/* The scope must have been closed by now, and if that can be seen, it must have been. */
void
model_settle_scope (int scope)
{
  ModelScope *self = &model.scopes[scope];
  int next;

  if (self->state == MODEL_CLOSED)
    return;

  if (self->state == MODEL_OPEN)
    model_fail ("still-open", "scope %d must have been closed", scope);
  if (self->watched)
    model_fail ("closed-missing", "scope %d must have emitted closed before", scope);

  if (self->teardown >= 0)
    {
      model_advance (self->teardown, MODEL_RELEASING);
      settle_followers (&model.teardowns[self->teardown], scope);
    }
  for (int i = self->last; i >= 0; i = next)
    {
      next = model.things[i].prev;
      settle_thing (i);
    }

  set_closed (scope);
}

void
model_finish_teardown (int number)
{
  ModelTeardown *teardown = &model.teardowns[number];

  if (teardown->done)
    return;

  model_resume_drain (number);
  teardown->draining = false;

  if (!teardown->moving)
    {
      model_advance (number, MODEL_RELEASING);
      for (int i = 0; i < model.n_scopes; i++)
        if (is_in (teardown->members, i))
          model_settle_scope (i);
    }
  else if (is_in (teardown->members, teardown->root))
    {
      model_settle_scope (teardown->root);
    }

  teardown->done = true;
}

/* The thing is being released right now: everything younger must have been. */
void
model_release (int number)
{
  ModelThing *thing = &model.things[number];
  ModelScope *scope;

  if (thing->owner < 0)
    return;

  scope = &model.scopes[thing->owner];
  if (scope->state != MODEL_CLOSING || scope->teardown < 0)
    model_fail ("release-open", "thing %d is released, and its scope %d is not closing",
                number, thing->owner);

  model_wake (thing->owner);
  if (!model_end_wait (scope->teardown))
    model_fail ("drain-early", "thing %d of scope %d is released, and something is under way", number,
                thing->owner);
  model_advance (scope->teardown, MODEL_RELEASING);
  if (thing->owner >= 0)
    settle_younger (&model.teardowns[scope->teardown], number);
}

static void
check_reason (int         number,
              ModelReason reason)
{
  ModelScope *scope = &model.scopes[number];

  if ((scope->reasons & (1u << reason)) == 0)
    model_fail ("reason", "scope %d: reason %d, one of 0x%x expected", number, reason,
                scope->reasons);

  scope->reasons = 1u << reason;
  scope->reason = reason;
}

void
model_note_closing (int         number,
                    ModelReason reason)
{
  ModelScope *scope = &model.scopes[number];
  ModelTeardown *teardown;

  if (scope->state != MODEL_CLOSING)
    model_fail ("closing-state", "scope %d emits closing, and it is %s", number,
                scope->state == MODEL_OPEN ? "open" : "closed");
  if (scope->announced)
    model_fail ("closing-twice", "scope %d emits closing again", number);

  teardown = &model.teardowns[scope->teardown];
  if (teardown->phase != MODEL_ANNOUNCING)
    model_fail ("closing-late", "scope %d emits closing, and things have ended already", number);
  if (scope->as_child >= 0 &&
      is_in (teardown->members, scope->parent) &&
      !is_circle (teardown, number, scope->parent) &&
      model.scopes[scope->parent].watched &&
      !model.scopes[scope->parent].announced)
    model_fail ("closing-order", "scope %d emits closing before its parent %d", number,
                scope->parent);

  check_reason (number, reason);
  scope->announced = true;
}

/* The handlers of `closing` have returned. */
void
model_note_announced (int number)
{
  ModelTeardown *teardown = &model.teardowns[model.scopes[number].teardown];

  if (teardown->moving)
    {
      ModelOp *op = &model.frames[teardown->due].op;

      move_entries (number, op->made);
      op->teardown = start_teardown (number, MODEL_REASON_REPLACED, NULL, teardown->due);
    }
}

void
model_note_closed (int         number,
                   ModelReason reason)
{
  ModelScope *scope = &model.scopes[number];
  ModelTeardown *teardown;
  int next;

  if (scope->told_closed)
    model_fail ("closed-twice", "scope %d emits closed again", number);
  if (scope->state != MODEL_CLOSING || !scope->announced)
    model_fail ("closed-state", "scope %d emits closed, and it has not been closing", number);

  model_wake (number);
  teardown = &model.teardowns[scope->teardown];
  if (!model_end_wait (scope->teardown))
    model_fail ("drain-early", "scope %d emits closed, and something is under way", number);
  if (!teardown->moving)
    {
      model_advance (scope->teardown, MODEL_RELEASING);
      settle_followers (teardown, number);
      for (int i = scope->last; i >= 0; i = next)
        {
          next = model.things[i].prev;
          settle_thing (i);
        }
      if (scope->as_child >= 0 &&
          is_in (teardown->members, scope->parent) &&
          !is_circle (teardown, number, scope->parent) &&
          !is_follower (teardown, number))
        settle_younger (teardown, scope->as_child);
    }

  check_reason (number, reason);
  scope->told_closed = true;
  set_closed (number);
}
