/* test-promise-timers.c: what the promises mean for timers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-clock.h"
#include "test-timer-util.h"

/* Complete. */

static void
unref_notify (gpointer object)
{
  g_object_unref (object);
}

typedef enum
{
  END_CLOSE,
  END_REASON,
  END_PARENT,
  END_FOLLOWED,
  END_OBJECT,
  END_CANCELLABLE,
  END_DEADLINE,
  END_RENEWED,
  END_CLEARED,
  END_DROPPED,
  N_ENDS
} End;

/* Timers in every state, of a scope and of scopes below it, whichever way it ends. */
static void
test_complete (void)
{
  for (End how = 0; how < N_ENDS; how++)
    {
      LifecycleScope *parent = lifecycle_scope_new ("parent");
      LifecycleScope *scope = lifecycle_scope_get_child (parent, "scope");
      LifecycleScope *below = lifecycle_scope_new_child (scope, "below");
      LifecycleScope *other = lifecycle_scope_new ("other");
      TestEmitter *emitter = test_emitter_new ();
      GCancellable *cancellable = g_cancellable_new ();
      TestProbe probes[12] = { { NULL } };
      TestEmitter *owned = test_emitter_new ();
      int finalized = 0;

      g_object_ref (scope);
      lifecycle_scope_follow (scope, other);
      lifecycle_scope_follow_object (scope, G_OBJECT (emitter));
      lifecycle_scope_follow_cancellable (scope, cancellable);
      test_count_finalize (owned, &finalized);
      lifecycle_scope_add_timeout (scope, 10, test_count_source_cb, g_object_ref (owned),
                                   unref_notify);
      lifecycle_scope_add_timeout (below, 10, test_count_source_cb, owned, unref_notify);
      lifecycle_scope_clear (scope);
      g_assert_cmpint (finalized, ==, 1);
      g_assert_finalize_object (below);
      below = lifecycle_scope_new_child (scope, "below");

      for (guint i = 0; i < G_N_ELEMENTS (probes); i++)
        {
          probes[i].stop_at = i % 4 == 0 ? 1 : 0;
          if (i % 4 == 1)
            test_probe_add_calls (&probes[i], i % 2 ? scope : below, i, 100);
          else
            test_probe_add (&probes[i], i % 2 ? scope : below, i * 5);
        }
      for (guint i = 0; i < 30; i++)
        {
          test_clock_advance (TEST_MS);
          test_clock_iterate ();
        }
      lifecycle_scope_block (below);
      /* Now some have ended, some are paused, some are due, and some are not. */
      test_clock_advance (20 * TEST_MS);
      for (guint i = 0; i < G_N_ELEMENTS (probes); i++)
        probes[i].stop_at = probes[i].destroyed ? 0 : G_MAXUINT;

      switch (how)
        {
        case END_CLOSE:
          lifecycle_scope_close (scope);
          break;
        case END_REASON:
          lifecycle_scope_close_with_reason (scope, LIFECYCLE_REASON_SHUTDOWN, "end");
          break;
        case END_PARENT:
          lifecycle_scope_close (parent);
          break;
        case END_FOLLOWED:
          lifecycle_scope_close (other);
          break;
        case END_OBJECT:
          g_object_run_dispose (G_OBJECT (emitter));
          break;
        case END_CANCELLABLE:
          g_cancellable_cancel (cancellable);
          break;
        case END_DEADLINE:
          lifecycle_scope_set_deadline (scope, 1);
          while (!lifecycle_scope_is_closed (scope))
            {
              test_clock_advance (TEST_MS);
              test_clock_iterate ();
            }
          break;
        case END_RENEWED:
          lifecycle_scope_renew_child (parent, "scope");
          break;
        case END_CLEARED:
          lifecycle_scope_clear (scope);
          break;
        case END_DROPPED:
          lifecycle_scope_clear (parent);
          g_clear_object (&scope);
          break;
        case N_ENDS:
        default:
          g_assert_not_reached ();
        }

      if (scope != NULL)
        g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
      g_assert_cmpuint (lifecycle_scope_get_n_entries (below), ==, 0);
      g_assert_true (lifecycle_scope_is_closed (below));
      for (guint i = 0; i < G_N_ELEMENTS (probes); i++)
        {
          g_assert_cmpint (probes[i].destroyed, ==, 1);
          test_probe_assert_ended (&probes[i]);
          test_probe_drop (&probes[i]);
        }
      test_clock_run (1000 * TEST_MS);
      g_assert_cmpint (test_clock_get_next (), ==, -1);

      g_clear_object (&scope);
      g_assert_finalize_object (below);
      g_assert_finalize_object (parent);
      g_assert_finalize_object (other);
      g_assert_finalize_object (emitter);
      g_assert_finalize_object (cancellable);
    }
}

/* Quiet. */

static gboolean
loud_cb (gpointer loud)
{
  g_assert_true (*(gboolean *) loud);
  return G_SOURCE_CONTINUE;
}

static gboolean
log_cb (gpointer word)
{
  test_log ("%s", (const char *) word);
  return G_SOURCE_CONTINUE;
}

static void
wait_cleanup (LifecycleScope   *scope,
              LifecycleReason   reason,
              gpointer          word,
              GError          **error)
{
  test_log ("(%s", (const char *) word);
  test_clock_run (10 * TEST_MS);
  test_log (")");
}

static void
wait_closing_cb (LifecycleScope  *scope,
                 LifecycleReason  reason,
                 gpointer         loud)
{
  test_log ("(closing");
  test_clock_run (10 * TEST_MS);
  test_log (")");
  *(gboolean *) loud = FALSE;
}

/* While closing is emitted, all timers go on. From then on none of the whole subtree is called,
 * although cleanups run the main loop and timers of other scopes are called.
 */
static void
test_quiet (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  LifecycleScope *grandchild = lifecycle_scope_new_child (child, "grandchild");
  LifecycleScope *outside = lifecycle_scope_new ("outside");
  gboolean loud = TRUE;

  g_signal_connect (grandchild, "closing", G_CALLBACK (wait_closing_cb), &loud);
  lifecycle_scope_add_timeout (scope, 4, loud_cb, &loud, NULL);
  lifecycle_scope_add_timeout (child, 5, log_cb, (gpointer) "inside", NULL);
  lifecycle_scope_add_timeout (grandchild, 3, loud_cb, &loud, NULL);
  lifecycle_scope_defer (grandchild, wait_cleanup, (gpointer) "grandchild", NULL);
  lifecycle_scope_add_timeout (grandchild, 3, loud_cb, &loud, NULL);
  lifecycle_scope_defer (child, wait_cleanup, (gpointer) "child", NULL);
  lifecycle_scope_defer (scope, wait_cleanup, (gpointer) "scope", NULL);
  lifecycle_scope_add_timeout (scope, 1, loud_cb, &loud, NULL);
  lifecycle_scope_add_timeout (outside, 10, log_cb, (gpointer) "outside", NULL);
  lifecycle_scope_close (scope);
  test_assert_log ("(closing inside outside inside ) (scope outside ) (child outside ) "
                   "(grandchild outside )");
  lifecycle_scope_close (outside);
  g_assert_finalize_object (outside);
  g_assert_finalize_object (grandchild);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
}

/* The first user code that runs after closing finds every timer of the subtree stopped. */
static TestProbe quiet_probes[20];

static void
quiet_notify (TestProbe *probe)
{
  for (guint i = 0; i < G_N_ELEMENTS (quiet_probes); i++)
    g_assert_cmpint (lifecycle_timer_get_remaining (quiet_probes[i].timer), ==, -1);
}

static void
test_quiet_first (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  for (guint i = 0; i < G_N_ELEMENTS (quiet_probes); i++)
    {
      LifecycleScope *child = lifecycle_scope_new_child (scope, NULL);

      quiet_probes[i].on_destroy = quiet_notify;
      test_probe_add (&quiet_probes[i], child, 10);
      g_object_unref (child);
    }
  lifecycle_scope_close (scope);
  for (guint i = 0; i < G_N_ELEMENTS (quiet_probes); i++)
    {
      g_assert_cmpint (quiet_probes[i].destroyed, ==, 1);
      test_probe_drop (&quiet_probes[i]);
    }
  g_assert_finalize_object (scope);
}

/* Released last in, first out, each at its place among the other entries. A restart is no entry. */
static void
test_quiet_order (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child;
  TestProbe a = { "a" }, b = { "b" }, c = { "c" }, d = { "d" };

  test_probe_add (&a, scope, 10);
  lifecycle_scope_defer (scope, test_log_cleanup, (gpointer) "1", NULL);
  test_probe_add (&b, scope, 1000);
  child = lifecycle_scope_new_child (scope, "child");
  lifecycle_scope_adopt (scope, (gpointer) "2", test_log_notify);
  test_probe_add (&c, child, 10);
  lifecycle_scope_defer (child, test_log_cleanup, (gpointer) "3", NULL);
  test_probe_add (&d, scope, G_MAXUINT);
  g_assert_true (lifecycle_timer_restart (a.timer));
  lifecycle_timer_set_interval (b.timer, 10);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 8);
  test_assert_log ("~d ~2 3 ~c ~b 1 ~a");
  test_probe_drop (&a);
  test_probe_drop (&b);
  test_probe_drop (&c);
  test_probe_drop (&d);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
}

/* Once. */

typedef struct _World World;

typedef void (*WorldFunc) (World *world);

#define N_PROBES 5

struct _World
{
  WorldFunc       action;
  gboolean        acted;
  TestProbe       probes[N_PROBES];
  TestProbe       extra[4];
  guint           n_extra;
  LifecycleScope *parent;
  LifecycleScope *scope;
  LifecycleScope *followed;
  GPtrArray      *moved;
};

static World *world;

static void
act (TestProbe *probe)
{
  if (!world->acted)
    {
      world->acted = TRUE;
      world->action (world);
    }
}

static void
act_scope_cb (LifecycleScope  *scope,
              LifecycleReason  reason,
              gpointer         data)
{
  act (NULL);
}

static void
act_cleanup (LifecycleScope   *scope,
             LifecycleReason   reason,
             gpointer          data,
             GError          **error)
{
  act (NULL);
}

static void
action_cancel (World *self)
{
  for (guint i = 0; i < N_PROBES; i++)
    lifecycle_timer_cancel (self->probes[i].timer);
}

static void
action_restart (World *self)
{
  for (guint i = 0; i < N_PROBES; i++)
    lifecycle_timer_restart (self->probes[i].timer);
}

static void
action_cancel_and_restart (World *self)
{
  for (guint i = 0; i < N_PROBES; i++)
    {
      lifecycle_timer_cancel (self->probes[i].timer);
      lifecycle_timer_restart (self->probes[i].timer);
    }
}

static void
action_set_interval (World *self)
{
  for (guint i = 0; i < N_PROBES; i++)
    lifecycle_timer_set_interval (self->probes[i].timer, 1 + i);
  test_clock_iterate ();
}

static void
action_close (World *self)
{
  lifecycle_scope_close (self->scope);
}

static void
action_close_parent (World *self)
{
  lifecycle_scope_close (self->parent);
}

static void
action_close_followed (World *self)
{
  lifecycle_scope_close (self->followed);
}

static void
action_clear (World *self)
{
  lifecycle_scope_clear (self->scope);
}

static void
action_move (World *self)
{
  LifecycleScope *moved = lifecycle_scope_move (self->scope);

  if (moved != NULL)
    g_ptr_array_add (self->moved, moved);
}

static void
action_drop (World *self)
{
  lifecycle_scope_clear (self->parent);
  g_clear_object (&self->scope);
}

static void
action_block (World *self)
{
  if (lifecycle_scope_get_state (self->parent) == LIFECYCLE_STATE_OPEN)
    lifecycle_scope_block (self->parent);
}

static void
action_iterate (World *self)
{
  test_clock_run (25 * TEST_MS);
}

static void
action_add (World *self)
{
  LifecycleTimer *timer;

  for (guint i = 0; i < G_N_ELEMENTS (self->extra) && self->scope != NULL; i++)
    {
      timer = lifecycle_scope_add_timeout (self->scope, 1 + i * 5, test_probe_cb, &self->extra[i],
                                           test_probe_notify);
      self->n_extra++;
      g_assert_cmpint (self->extra[i].destroyed, ==, timer == NULL);
    }
}

static void
action_deadline (World *self)
{
  if (self->scope != NULL)
    lifecycle_scope_set_deadline (self->scope, 1);
}

static void
action_nothing (World *self)
{
}

static const struct
{
  const char *name;
  WorldFunc   func;
} actions[] = {
  { "nothing", action_nothing },
  { "cancel", action_cancel },
  { "restart", action_restart },
  { "cancel-and-restart", action_cancel_and_restart },
  { "set-interval", action_set_interval },
  { "close", action_close },
  { "close-parent", action_close_parent },
  { "close-followed", action_close_followed },
  { "clear", action_clear },
  { "move", action_move },
  { "drop", action_drop },
  { "block", action_block },
  { "iterate", action_iterate },
  { "add", action_add },
  { "deadline", action_deadline },
};

static void
trigger_close (World *self)
{
  if (self->scope != NULL)
    lifecycle_scope_close (self->scope);
}

static void
trigger_cancel (World *self)
{
  for (guint i = N_PROBES; i > 0; i--)
    lifecycle_timer_cancel (self->probes[i - 1].timer);
}

static void
trigger_stop (World *self)
{
  for (guint i = 0; i < N_PROBES; i++)
    self->probes[i].stop_at = self->probes[i].n_calls + 1;
  test_clock_run (100 * TEST_MS);
}

static void
trigger_deadline (World *self)
{
  if (self->scope != NULL)
    lifecycle_scope_set_deadline (self->scope, 1);
  test_clock_run (2 * TEST_MS);
}

static void
trigger_clear (World *self)
{
  if (self->scope != NULL)
    lifecycle_scope_clear (self->scope);
}

static const struct
{
  const char *name;
  WorldFunc   func;
} triggers[] = {
  { "close", trigger_close },
  { "cancel", trigger_cancel },
  { "stop", trigger_stop },
  { "deadline", trigger_deadline },
  { "clear", trigger_clear },
};

static const char *const world_places[] = {
  "callback", "last-callback", "notify", "other-notify", "cleanup", "closing", "closed",
};

/* In one place one thing is done, while timers are running, and then all comes to an end. */
static void
world_live (guint     place,
            WorldFunc action,
            WorldFunc trigger)
{
  World self = { .action = action };

  world = &self;
  self.moved = g_ptr_array_new_with_free_func (g_object_unref);
  self.parent = lifecycle_scope_new ("parent");
  self.scope = lifecycle_scope_new_child (self.parent, "scope");
  self.followed = lifecycle_scope_new ("followed");
  lifecycle_scope_follow (self.scope, self.followed);

  if (place == 0 || place == 1)
    self.probes[1].act = act;
  if (place == 1 || place == 2)
    self.probes[1].stop_at = 2;
  if (place == 2)
    self.probes[1].on_destroy = act;
  if (place == 3)
    self.probes[4].on_destroy = act;
  if (place == 4)
    lifecycle_scope_defer (self.scope, act_cleanup, NULL, NULL);
  if (place == 5)
    g_signal_connect (self.scope, "closing", G_CALLBACK (act_scope_cb), NULL);
  if (place == 6)
    g_signal_connect (self.scope, "closed", G_CALLBACK (act_scope_cb), NULL);

  test_probe_add (&self.probes[0], self.scope, 10);
  test_probe_add (&self.probes[1], self.scope, 10);
  test_probe_add_plain (&self.probes[2], self.scope, 10);
  test_probe_add (&self.probes[3], self.scope, 10);
  test_probe_add_calls (&self.probes[4], self.scope, 7, 3);

  test_clock_run (25 * TEST_MS);
  trigger (&self);
  test_clock_run (25 * TEST_MS);

  if (self.scope != NULL)
    lifecycle_scope_close (self.scope);
  lifecycle_scope_close (self.parent);
  lifecycle_scope_close (self.followed);
  for (guint i = 0; i < self.moved->len; i++)
    lifecycle_scope_close (self.moved->pdata[i]);
  for (guint i = 0; i < N_PROBES; i++)
    {
      g_assert_cmpint (self.probes[i].destroyed, ==, i != 2);
      test_probe_assert_ended (&self.probes[i]);
      g_assert_false (lifecycle_timer_restart (self.probes[i].timer));
      test_probe_drop (&self.probes[i]);
    }
  for (guint i = 0; i < self.n_extra; i++)
    g_assert_cmpint (self.extra[i].destroyed, ==, 1);
  g_clear_object (&self.scope);
  g_ptr_array_unref (self.moved);
  g_assert_finalize_object (self.parent);
  g_assert_finalize_object (self.followed);
  test_clock_run (50 * TEST_MS);
  g_assert_cmpint (test_clock_get_next (), ==, -1);
  world = NULL;
}

static void
test_once (gconstpointer data)
{
  guint place = GPOINTER_TO_UINT (data);

  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    for (guint j = 0; j < G_N_ELEMENTS (triggers); j++)
      {
        g_test_message ("%s in %s, then %s", actions[i].name, world_places[place],
                        triggers[j].name);
        world_live (place, actions[i].func, triggers[j].func);
      }
}

/* Truthful. */

static LifecycleScope *truthful_scope;
static guint           truthful_expected;

static void
truthful_notify (TestProbe *probe)
{
  g_assert_cmpuint (lifecycle_scope_get_n_entries (truthful_scope), ==, truthful_expected);
  g_assert_false (lifecycle_timer_is_active (probe->timer));
}

static void
truthful_act (TestProbe *probe)
{
  g_assert_cmpuint (lifecycle_scope_get_n_entries (truthful_scope), ==, truthful_expected);
}

static void
truthful_cancel_other (TestProbe *probe)
{
  test_probe_cancel_other (probe);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (truthful_scope), ==, truthful_expected);
}

/* It has left when its own destroy notify runs, when the next timer of the same iteration is
 * called, and when cancel() returns.
 */
static void
test_truthful (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestProbe a = { "a", .on_destroy = truthful_notify, .stop_at = 1 };
  TestProbe b = { "b", truthful_act };
  TestProbe c = { "c", .on_destroy = truthful_notify };
  TestProbe d = { "d", truthful_cancel_other, .other = &b };
  TestProbe e = { "e", .on_destroy = truthful_notify };

  truthful_scope = scope;
  test_probe_add (&a, scope, 10);
  test_probe_add (&b, scope, 10);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
  truthful_expected = 1;
  test_clock_run (10 * TEST_MS);
  test_assert_log ("a ~a b");

  test_probe_add_calls (&c, scope, 9, 1);
  test_clock_run (9 * TEST_MS);
  test_assert_log ("c ~c");

  test_probe_add (&d, scope, 0);
  test_clock_iterate ();
  test_assert_log ("d ~b");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  truthful_expected = 0;
  d.on_destroy = truthful_notify;
  lifecycle_timer_cancel (d.timer);
  test_assert_log ("~d");

  /* Out of a blocked scope as well. */
  test_probe_add (&e, scope, 10);
  lifecycle_scope_block (scope);
  lifecycle_timer_cancel (e.timer);
  test_assert_log ("~e");
  lifecycle_scope_unblock (scope);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  test_probe_drop (&a);
  test_probe_drop (&b);
  test_probe_drop (&c);
  test_probe_drop (&d);
  test_probe_drop (&e);
  g_assert_finalize_object (scope);
}

/* Tolerant. */

static void
use_dead_timer (LifecycleTimer *timer)
{
  lifecycle_timer_cancel (timer);
  lifecycle_timer_set_interval (timer, 3);
  g_assert_cmpuint (lifecycle_timer_get_interval (timer), ==, 3);
  g_assert_cmpint (lifecycle_timer_get_remaining (timer), ==, -1);
  g_assert_false (lifecycle_timer_is_active (timer));
  lifecycle_timer_get_n_calls (timer);
  lifecycle_timer_unref (lifecycle_timer_ref (timer));
}

static void
test_tolerant (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  TestProbe a = { "a" }, b = { "b", .stop_at = 1 }, c = { "c" };

  test_probe_add (&a, scope, 10);
  test_probe_add_plain (&b, child, 10);
  test_probe_add (&c, child, 10);
  lifecycle_timer_cancel (a.timer);
  use_dead_timer (a.timer);
  test_clock_run (10 * TEST_MS);
  use_dead_timer (b.timer);
  test_assert_log ("~a b c");
  lifecycle_scope_close (child);
  use_dead_timer (b.timer);
  use_dead_timer (c.timer);
  g_assert_false (lifecycle_timer_restart (b.timer));
  g_assert_false (lifecycle_timer_restart (c.timer));
  g_assert_finalize_object (child);
  use_dead_timer (b.timer);
  g_assert_finalize_object (scope);
  use_dead_timer (b.timer);
  use_dead_timer (c.timer);
  use_dead_timer (a.timer);
  g_assert_false (lifecycle_timer_restart (b.timer));
  test_clock_run (100 * TEST_MS);
  test_assert_log ("~c");
  test_probe_drop (&a);
  test_probe_drop (&b);
  test_probe_drop (&c);
}

/* Late is safe. */

static void
add_late (LifecycleScope *scope,
          int            *destroyed)
{
  int before = *destroyed;

  g_assert_null (lifecycle_scope_add_timeout (scope, 0, test_never_source_cb, destroyed,
                                              test_count_notify));
  g_assert_cmpint (*destroyed, ==, before + 1);
  g_assert_null (lifecycle_scope_add_timeout_full (scope, G_MAXUINT, 3, test_never_source_cb,
                                                   destroyed, test_count_notify));
  g_assert_cmpint (*destroyed, ==, before + 2);
  g_assert_null (lifecycle_scope_add_timeout (scope, 0, test_never_source_cb, NULL, NULL));
  lifecycle_scope_set_deadline (scope, 1);
}

static void
late_cleanup (LifecycleScope   *scope,
              LifecycleReason   reason,
              gpointer          destroyed,
              GError          **error)
{
  add_late (scope, destroyed);
}

static void
late_scope_cb (LifecycleScope  *scope,
               LifecycleReason  reason,
               gpointer         destroyed)
{
  add_late (scope, destroyed);
}

static LifecycleScope *late_scope;

static void
late_notify (gpointer destroyed)
{
  add_late (late_scope, destroyed);
}

static void
test_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  int destroyed = 0;

  late_scope = scope;
  lifecycle_scope_defer (child, late_cleanup, &destroyed, NULL);
  lifecycle_scope_defer (scope, late_cleanup, &destroyed, NULL);
  g_signal_connect (scope, "closing", G_CALLBACK (late_scope_cb), &destroyed);
  g_signal_connect (scope, "closed", G_CALLBACK (late_scope_cb), &destroyed);
  lifecycle_scope_add_timeout (child, 1, test_never_source_cb, &destroyed, late_notify);
  lifecycle_scope_add_timeout (scope, 1, test_never_source_cb, &destroyed, late_notify);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 5);
  g_assert_cmpint (destroyed, ==, 12);
  add_late (scope, &destroyed);
  g_object_unref (child);
  child = lifecycle_scope_new_child (scope, "born closed");
  add_late (child, &destroyed);
  g_assert_cmpint (destroyed, ==, 16);
  test_clock_run (100 * TEST_MS);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_COMPLETED);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
}

/* Flat. */

/* Ended in the order of arming, against it, and at random; by hand, by themselves, by a close. */
static void
test_flat (void)
{
  const guint n = test_amount (100 * 1000);
  g_autofree LifecycleTimer **timers = g_new (LifecycleTimer *, n);

  for (guint way = 0; way < 6; way++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      int n_called = 0, destroyed = 0;

      for (guint i = 0; i < n; i++)
        timers[i] = lifecycle_scope_add_timeout (scope, way == 3 ? 10 : 1000 + i % 1000,
                                                 test_count_source_once_cb, &n_called, NULL);
      lifecycle_scope_adopt (scope, &destroyed, test_count_notify);
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, n + 1);
      switch (way)
        {
        case 0:
          for (guint i = 0; i < n; i++)
            lifecycle_timer_cancel (timers[i]);
          break;
        case 1:
          for (guint i = n; i > 0; i--)
            lifecycle_timer_cancel (timers[i - 1]);
          break;
        case 2:
          for (guint i = n; i > 0; i--)
            {
              guint other = (guint) g_test_rand_int_range (0, (gint32) i);

              lifecycle_timer_cancel (timers[other]);
              timers[other] = timers[i - 1];
            }
          break;
        case 3:
          test_clock_run (10 * TEST_MS);
          g_assert_cmpint (n_called, ==, n);
          break;
        case 4:
          for (guint i = 0; i < 20; i++)
            {
              lifecycle_scope_block (scope);
              lifecycle_scope_unblock (scope);
            }
          G_GNUC_FALLTHROUGH;
        default:
          g_assert_cmpuint (lifecycle_scope_close (scope), ==, n + 1);
          break;
        }
      if (way < 4)
        g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
      g_assert_cmpint (destroyed, ==, 1);
      g_assert_finalize_object (scope);
    }
}

/* A chain of scopes, each with a timer and a deadline. */
static void
test_flat_chain (void)
{
  const guint n = test_amount (100 * 1000);
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *scope = g_object_ref (root);
  int n_called = 0, destroyed = 0;

  for (guint i = 0; i < n; i++)
    {
      LifecycleScope *child = lifecycle_scope_new_child (scope, NULL);

      lifecycle_scope_add_timeout (child, 10, test_count_source_cb, &n_called, NULL);
      lifecycle_scope_add_timeout (child, 1000, test_count_source_cb, &destroyed,
                                   test_count_notify);
      lifecycle_scope_set_deadline (child, 1000 + i);
      g_object_unref (scope);
      scope = child;
    }
  g_object_unref (scope);
  test_clock_run (10 * TEST_MS);
  g_assert_cmpint (n_called, ==, n);
  lifecycle_scope_block (root);
  test_clock_run (100 * TEST_MS);
  g_assert_cmpint (n_called, ==, n);
  lifecycle_scope_unblock (root);
  test_clock_run (10 * TEST_MS);
  g_assert_cmpint (n_called, ==, 2 * n);
  g_assert_cmpuint (lifecycle_scope_close (root), ==, 3 * n);
  g_assert_cmpint (destroyed, ==, n);
  g_assert_finalize_object (root);
}

/* Lock-free for users. */

typedef struct
{
  LifecycleScope *scope;
  LifecycleTimer *timer;
  int             n_destroyed;
} Visit;

static Visit visit;

static void
visit_thread (gpointer data)
{
  LifecycleTimer *timer;
  LifecycleScope *mine;
  GMainContext *context = g_main_context_new ();

  timer = lifecycle_scope_add_timeout (visit.scope, 1000, test_never_source_cb,
                                       &visit.n_destroyed, test_count_notify);
  if (timer != NULL)
    lifecycle_timer_get_remaining (timer);
  lifecycle_timer_get_remaining (visit.timer);
  lifecycle_timer_is_active (visit.timer);
  lifecycle_timer_set_interval (visit.timer, 500);
  lifecycle_timer_restart (visit.timer);
  lifecycle_timer_cancel (visit.timer);

  g_main_context_push_thread_default (context);
  mine = lifecycle_scope_new ("mine");
  lifecycle_scope_add_timeout (mine, 1, test_never_source_cb, NULL, NULL);
  lifecycle_scope_block (mine);
  lifecycle_scope_unblock (mine);
  lifecycle_scope_close (mine);
  g_assert_finalize_object (mine);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
}

static void
visit_now (TestProbe *probe)
{
  test_in_thread (visit_thread, NULL);
}

static void
visit_closed_cb (LifecycleScope  *scope,
                 LifecycleReason  reason,
                 gpointer         data)
{
  visit_now (NULL);
}

static void
visit_cleanup (LifecycleScope   *scope,
               LifecycleReason   reason,
               gpointer          data,
               GError          **error)
{
  visit_now (NULL);
}

/* Wherever user code runs, another thread does things with timers, and it waits for that. */
static void
test_lock_free (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestProbe a = { "a", visit_now, visit_now, .stop_at = 2 };
  TestProbe b = { "b", .on_destroy = visit_now };
  TestProbe c = { "c", .on_destroy = visit_now };

  visit = (Visit) { .scope = scope };
  visit.timer = lifecycle_scope_add_timeout (scope, 1000, test_never_source_cb, NULL, NULL);
  lifecycle_timer_ref (visit.timer);
  g_signal_connect (scope, "closing", G_CALLBACK (visit_closed_cb), NULL);
  g_signal_connect (scope, "closed", G_CALLBACK (visit_closed_cb), NULL);
  lifecycle_scope_defer (scope, visit_cleanup, NULL, NULL);
  test_probe_add (&a, scope, 10);
  test_probe_add (&b, scope, 100);
  test_probe_add (&c, scope, 100);
  test_clock_run (20 * TEST_MS);
  test_assert_log ("a a ~a");
  lifecycle_timer_cancel (b.timer);
  test_assert_log ("~b");
  lifecycle_scope_close (scope);
  test_assert_log ("~c");
  /* One at each visit: two calls, three notifies, a cleanup, closing, closed. */
  g_assert_cmpint (visit.n_destroyed, ==, 8);
  lifecycle_timer_unref (visit.timer);
  test_probe_drop (&a);
  test_probe_drop (&b);
  test_probe_drop (&c);
  g_assert_finalize_object (scope);
}

/* Home. */

typedef struct
{
  GThread *home;
  int      n_calls;
  int      n_destroyed;
} Home;

static gboolean
home_cb (gpointer data)
{
  Home *home = data;

  g_assert_true (g_thread_self () == home->home);
  home->n_calls++;
  return G_SOURCE_CONTINUE;
}

static void
home_notify (gpointer data)
{
  Home *home = data;

  g_assert_true (g_thread_self () == home->home);
  home->n_destroyed++;
}

static void
home_add_thread (gpointer data)
{
  gpointer *pair = data;

  g_assert_nonnull (lifecycle_scope_add_timeout (pair[0], 10, home_cb, pair[1], home_notify));
}

static void
home_close_thread (gpointer scope)
{
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
}

/* Added abroad and closed abroad, but called and taken down at home. */
static void
test_home (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  Home home = { g_thread_self (), 0, 0 };
  gpointer pair[] = { scope, &home };

  test_in_thread (home_add_thread, pair);
  test_clock_run (20 * TEST_MS);
  g_assert_cmpint (home.n_calls, ==, 2);
  test_in_thread (home_close_thread, scope);
  g_assert_cmpint (home.n_destroyed, ==, 0);
  g_assert_null (lifecycle_scope_add_timeout (scope, 10, home_cb, &home, home_notify));
  g_assert_cmpint (home.n_destroyed, ==, 1);
  test_clock_settle ();
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_cmpint (home.n_destroyed, ==, 2);
  g_assert_finalize_object (scope);
}

/* Invisible. */

/* However many timers there are in however many scopes, the main loop sees one source; and it is
 * not woken up for what is gone.
 */
static void
test_invisible (void)
{
  const guint n = test_amount (100 * 1000);
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *scope = NULL;
  int n_called = 0;

  for (guint i = 0; i < n; i++)
    {
      if (i % 100 == 0)
        {
          g_clear_object (&scope);
          scope = lifecycle_scope_new_child (root, NULL);
        }
      lifecycle_scope_add_timeout (scope, 10 + i % 10, test_count_source_once_cb, &n_called, NULL);
      g_assert_cmpuint (test_clock_get_n_sources (), ==, 1);
    }
  g_clear_object (&scope);
  test_clock_run (19 * TEST_MS);
  g_assert_cmpint (n_called, ==, n);
  g_assert_cmpint (test_clock_get_next (), ==, -1);
  g_assert_finalize_object (root);
}

/* No cycles. */

static gboolean
owner_cb (gpointer owner)
{
  g_assert_true (TEST_IS_OWNER (owner));
  return G_SOURCE_CONTINUE;
}

/* A timer whose data holds the object that holds the scope: the close ends it, also out of the call
 * itself, when the call has returned.
 */
static gboolean
owner_close_cb (gpointer owner)
{
  TestOwner *self = owner;

  lifecycle_scope_close (self->scope);
  g_assert_true (TEST_IS_OWNER (owner));
  return G_SOURCE_CONTINUE;
}

static void
test_no_cycles (void)
{
  for (guint way = 0; way < 3; way++)
    {
      TestOwner *owner = g_object_new (TEST_TYPE_OWNER, NULL);
      LifecycleScope *scope = g_object_ref (owner->scope);
      LifecycleTimer *timer;
      int finalized = 0;

      test_count_finalize (owner, &finalized);
      timer = lifecycle_scope_add_timeout (scope, 10, way == 0 ? owner_close_cb : owner_cb, owner,
                                           unref_notify);
      lifecycle_timer_ref (timer);
      g_assert_cmpint (finalized, ==, 0);
      if (way == 0)
        test_clock_run (10 * TEST_MS);
      else if (way == 1)
        lifecycle_scope_close (scope);
      else
        lifecycle_timer_cancel (timer);
      /* The reference on the timer does not matter. */
      g_assert_cmpint (finalized, ==, 1);
      g_assert_true (lifecycle_scope_is_closed (scope));
      lifecycle_timer_unref (timer);
      g_assert_finalize_object (scope);
    }
}

/* Never refuse. */

static void
test_never_refuse (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int reached = 0;

  lifecycle_scope_set_limit (scope, 10);
  g_signal_connect_swapped (scope, "limit-reached", G_CALLBACK (test_count_notify), &reached);
  for (guint i = 0; i < 1000; i++)
    g_assert_nonnull (lifecycle_scope_add_timeout (scope, 10, test_never_source_cb, NULL, NULL));
  g_assert_cmpint (reached, >, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1000);
  g_assert_finalize_object (scope);
}

int
main (int   argc,
      char *argv[])
{
  int status;

  test_clock_init ();
  g_test_init (&argc, &argv, NULL);
  test_take_limit_warnings ();

  g_test_add_func ("/lifecycle/promise-1-complete/timers", test_complete);
  g_test_add_func ("/lifecycle/promise-2-quiet/timers", test_quiet);
  g_test_add_func ("/lifecycle/promise-2-quiet/timers-first", test_quiet_first);
  g_test_add_func ("/lifecycle/promise-2-quiet/timers-order", test_quiet_order);
  for (guint i = 0; i < G_N_ELEMENTS (world_places); i++)
    {
      g_autofree char *path = g_strdup_printf ("/lifecycle/promise-3-once/timers/%s",
                                               world_places[i]);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_once);
    }
  g_test_add_func ("/lifecycle/promise-4-truthful/timers", test_truthful);
  g_test_add_func ("/lifecycle/promise-5-tolerant/timers", test_tolerant);
  g_test_add_func ("/lifecycle/promise-6-late-is-safe/timers", test_late);
  g_test_add_func ("/lifecycle/promise-8-flat/timers", test_flat);
  g_test_add_func ("/lifecycle/promise-8-flat/timers-chain", test_flat_chain);
  g_test_add_func ("/lifecycle/promise-9-lock-free/timers", test_lock_free);
  g_test_add_func ("/lifecycle/promise-10-home/timers", test_home);
  g_test_add_func ("/lifecycle/promise-11-invisible/timers", test_invisible);
  g_test_add_func ("/lifecycle/promise-12-no-cycles/timers", test_no_cycles);
  g_test_add_func ("/lifecycle/promise-13-never-refuse/timers", test_never_refuse);

  status = g_test_run ();
  return test_clock_finish (status);
}
