/* test-promise-02-quiet.c: `closing`, then everything mute, then the release last in first out,
 * then `closed`
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

static void
test_order (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child;
  TestEmitter *emitter = test_emitter_new ();
  TestEmitter *object;

  g_signal_connect (scope, "closing", G_CALLBACK (test_log_scope_cb), (gpointer) "closing");
  g_signal_connect (scope, "closed", G_CALLBACK (test_log_scope_cb), (gpointer) "closed");

  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                (gpointer) "handler-1", test_log_closure_notify, 0);
  lifecycle_scope_add_idle (scope, test_never_source_cb, (gpointer) "idle-1", test_log_notify);
  lifecycle_scope_adopt (scope, (gpointer) "data-1", test_log_notify);
  lifecycle_scope_defer (scope, test_log_cleanup, (gpointer) "cleanup-1", test_log_notify);
  object = test_emitter_new_logged ("object-1");
  lifecycle_scope_add_object (scope, G_OBJECT (object));
  g_object_unref (object);

  child = lifecycle_scope_new_child (scope, "child");
  g_signal_connect (child, "closing", G_CALLBACK (test_log_scope_cb), (gpointer) "child-closing");
  g_signal_connect (child, "closed", G_CALLBACK (test_log_scope_cb), (gpointer) "child-closed");
  lifecycle_scope_connect_full (child, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                (gpointer) "child-handler", test_log_closure_notify, 0);
  lifecycle_scope_defer (child, test_log_cleanup, (gpointer) "child-cleanup", test_log_notify);

  lifecycle_scope_connect_closure (scope, G_OBJECT (emitter), "plain",
                                   g_cclosure_new (G_CALLBACK (test_never_handler_cb),
                                                   (gpointer) "closure-2",
                                                   test_log_closure_notify), 0);
  lifecycle_scope_defer (scope, test_log_cleanup, (gpointer) "cleanup-2", test_log_notify);
  lifecycle_scope_add_idle (scope, test_never_source_cb, (gpointer) "idle-2", test_log_notify);
  lifecycle_scope_adopt (scope, (gpointer) "data-2", test_log_notify);
  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                (gpointer) "once-2", test_log_closure_notify,
                                LIFECYCLE_CONNECT_ONCE);
  /* Added to the child last of all: it is still at the child's place. */
  lifecycle_scope_adopt (child, (gpointer) "child-data", test_log_notify);

  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 14);
  test_assert_log ("closing child-closing "
                   "~once-2 ~data-2 ~idle-2 cleanup-2 ~cleanup-2 ~closure-2 "
                   "~child-data child-cleanup ~child-cleanup ~child-handler child-closed "
                   "~object-1 cleanup-1 ~cleanup-1 ~data-1 ~idle-1 ~handler-1 "
                   "closed");
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* Retirements in between do not disturb the order of the rest. */
static void
test_order_with_gaps (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  TestEmitter *mortal = test_emitter_new ();
  GSource *source;
  gulong id;

  lifecycle_scope_adopt (scope, (gpointer) "a", test_log_notify);
  id = lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                     (gpointer) "gone-1", test_log_closure_notify, 0);
  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                (gpointer) "b", test_log_closure_notify, 0);
  source = lifecycle_scope_add_idle (scope, test_never_source_cb, (gpointer) "gone-2",
                                     test_log_notify);
  lifecycle_scope_connect_full (scope, mortal, "plain", G_CALLBACK (test_never_handler_cb),
                                (gpointer) "gone-3", test_log_closure_notify, 0);
  lifecycle_scope_adopt (scope, (gpointer) "c", test_log_notify);
  g_signal_handler_disconnect (emitter, id);
  g_source_destroy (source);
  g_assert_finalize_object (mortal);
  test_assert_log ("~gone-1 ~gone-2 ~gone-3");
  lifecycle_scope_adopt (scope, (gpointer) "d", test_log_notify);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 4);
  test_assert_log ("~d ~c ~b ~a");
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* Nested children, each at its own place, and the signals of the levels. */
static void
test_nesting (void)
{
  LifecycleScope *a = lifecycle_scope_new ("a");
  LifecycleScope *b, *c, *d;

  lifecycle_scope_adopt (a, (gpointer) "a1", test_log_notify);
  b = lifecycle_scope_new_child (a, "b");
  lifecycle_scope_adopt (a, (gpointer) "a2", test_log_notify);
  lifecycle_scope_adopt (b, (gpointer) "b1", test_log_notify);
  c = lifecycle_scope_new_child (b, "c");
  lifecycle_scope_adopt (b, (gpointer) "b2", test_log_notify);
  lifecycle_scope_adopt (c, (gpointer) "c1", test_log_notify);
  d = lifecycle_scope_new_child (a, "d");
  lifecycle_scope_adopt (d, (gpointer) "d1", test_log_notify);
  g_signal_connect (a, "closing", G_CALLBACK (test_log_scope_cb), (gpointer) "a-closing");
  g_signal_connect (b, "closing", G_CALLBACK (test_log_scope_cb), (gpointer) "b-closing");
  g_signal_connect (c, "closing", G_CALLBACK (test_log_scope_cb), (gpointer) "c-closing");
  g_signal_connect (a, "closed", G_CALLBACK (test_log_scope_cb), (gpointer) "a-closed");
  g_signal_connect (b, "closed", G_CALLBACK (test_log_scope_cb), (gpointer) "b-closed");
  g_signal_connect (c, "closed", G_CALLBACK (test_log_scope_cb), (gpointer) "c-closed");
  g_signal_connect (d, "closed", G_CALLBACK (test_log_scope_cb), (gpointer) "d-closed");
  g_assert_cmpuint (lifecycle_scope_close (a), ==, 9);
  test_assert_log ("a-closing b-closing c-closing "
                   "~d1 d-closed ~a2 ~b2 ~c1 c-closed ~b1 b-closed ~a1 a-closed");
  g_assert_finalize_object (d);
  g_assert_finalize_object (c);
  g_assert_finalize_object (b);
  g_assert_finalize_object (a);
}

/* A parent hears of it before its children also where all of them follow the same thing, and each
 * could have been met on its own. */
static void
test_closing_order (void)
{
  guint i;

  for (i = 0; i < 2; i++)
    {
      TestEmitter *object = test_emitter_new ();
      LifecycleScope *parent = lifecycle_scope_new ("parent");
      LifecycleScope *child, *leaf;

      if (i == 0)
        lifecycle_scope_follow_object (parent, G_OBJECT (object));
      child = lifecycle_scope_get_child_for (parent, G_OBJECT (object));
      leaf = lifecycle_scope_get_child_for (child, G_OBJECT (object));
      if (i == 1)
        lifecycle_scope_follow_object (parent, G_OBJECT (object));
      g_signal_connect (parent, "closing", G_CALLBACK (test_log_scope_cb), (gpointer) "parent");
      g_signal_connect (child, "closing", G_CALLBACK (test_log_scope_cb), (gpointer) "child");
      g_signal_connect (leaf, "closing", G_CALLBACK (test_log_scope_cb), (gpointer) "leaf");
      g_signal_connect (parent, "closed", G_CALLBACK (test_log_scope_cb), (gpointer) "~parent");
      g_signal_connect (child, "closed", G_CALLBACK (test_log_scope_cb), (gpointer) "~child");
      g_signal_connect (leaf, "closed", G_CALLBACK (test_log_scope_cb), (gpointer) "~leaf");
      g_assert_finalize_object (object);
      test_assert_log ("parent child leaf ~leaf ~child ~parent");
      g_assert_finalize_object (parent);
    }
}

/* A tree with handlers on one emitter, sources, foreign things and cancellables everywhere. Each
 * piece of user code that runs in the release step asks whether all of it is mute. */

enum { ROOT, SCOPE, CHILD, SIBLING, FOLLOWER, BELOW_FOLLOWER, FOLLOWER_OF_CHILD, N_SCOPES };

typedef struct
{
  LifecycleScope *scopes[N_SCOPES];
  TestEmitter    *emitter;
  gulong          ids[N_SCOPES][2];
  GSource        *sources[N_SCOPES];
  gulong          adopted[N_SCOPES];
  gboolean        muted;       /* from now on no handler may be reached */
  int             reached;
  int             asked;
  int             asked_foreign;
} World;

static World *world;

static void
reached_cb (TestEmitter *emitter,
            gpointer     data)
{
  g_assert_false (world->muted);
  world->reached++;
}

static void
ask (void)
{
  guint i, j;

  world->asked++;
  world->muted = TRUE;
  for (i = 0; i < N_SCOPES; i++)
    {
      for (j = 0; j < 2; j++)
        g_assert_false (test_is_connected (world->emitter, world->ids[i][j]));
      g_assert_true (g_source_is_destroyed (world->sources[i]));
      g_assert_cmpint (lifecycle_scope_get_state (world->scopes[i]), !=, LIFECYCLE_STATE_OPEN);
    }

  /* This would also reach the foreign ones, which are not disconnected yet. */
  test_emit (world->emitter, "plain");
  test_emit (world->emitter, "detailed::red");
}

static void
ask_notify (gpointer data)
{
  ask ();
}

static void
ask_closure_notify (gpointer  data,
                    GClosure *closure)
{
  ask ();
}

static void
ask_foreign_closure_notify (gpointer  data,
                            GClosure *closure)
{
  world->asked_foreign++;
  ask ();
}

static void
ask_foreign_notify (gpointer data)
{
  world->asked_foreign++;
  ask ();
}

static void
ask_cancelled_cb (GCancellable *cancellable,
                  gpointer      data)
{
  world->asked_foreign++;
  ask ();
}

static void
ask_cleanup (LifecycleScope   *scope,
             LifecycleReason   reason,
             gpointer          data,
             GError          **error)
{
  ask ();
}

static void
ask_scope_cb (LifecycleScope  *scope,
              LifecycleReason  reason,
              gpointer         data)
{
  ask ();
}

static void
world_fill (guint i)
{
  LifecycleScope *scope = world->scopes[i];
  TestEmitter *object = test_emitter_new ();
  GSource *source = g_idle_source_new ();

  world->ids[i][0] = lifecycle_scope_connect_full (scope, world->emitter, "plain",
                                                   G_CALLBACK (reached_cb), NULL,
                                                   ask_closure_notify, 0);
  world->adopted[i] = g_signal_connect_data (world->emitter, "plain", G_CALLBACK (reached_cb), NULL,
                                             ask_foreign_closure_notify, 0);
  lifecycle_scope_add_handler (scope, G_OBJECT (world->emitter), world->adopted[i]);
  world->sources[i] = g_source_ref (lifecycle_scope_add_idle (scope, test_never_source_cb, NULL,
                                                              ask_notify));
  g_source_set_callback (source, test_never_source_cb, NULL, ask_foreign_notify);
  lifecycle_scope_add_source (scope, source);
  g_source_unref (source);
  g_signal_connect (lifecycle_scope_get_cancellable (scope), "cancelled",
                    G_CALLBACK (ask_cancelled_cb), NULL);
  object->on_dispose = ask_notify;
  lifecycle_scope_add_object (scope, G_OBJECT (object));
  g_object_unref (object);
  lifecycle_scope_adopt (scope, world, ask_notify);
  lifecycle_scope_defer (scope, ask_cleanup, NULL, ask_notify);
  world->ids[i][1] = lifecycle_scope_connect_closure (scope, G_OBJECT (world->emitter),
                                                      "detailed::red",
                                                      g_cclosure_new (G_CALLBACK (reached_cb), NULL,
                                                                      ask_closure_notify), 0);
  g_signal_connect (scope, "closed", G_CALLBACK (ask_scope_cb), NULL);
}

#define N_ASKED_FOREIGN 3
#define N_ASKED (N_ASKED_FOREIGN + 8)

static void
world_init (World *self)
{
  guint i;

  memset (self, 0, sizeof *self);
  world = self;
  self->emitter = test_emitter_new ();
  self->scopes[ROOT] = lifecycle_scope_new ("root");
  self->scopes[SCOPE] = lifecycle_scope_new_child (self->scopes[ROOT], "scope");
  self->scopes[CHILD] = lifecycle_scope_new_child (self->scopes[SCOPE], "child");
  self->scopes[SIBLING] = lifecycle_scope_new_child (self->scopes[ROOT], "sibling");
  self->scopes[FOLLOWER] = lifecycle_scope_new ("follower");
  self->scopes[BELOW_FOLLOWER] = lifecycle_scope_new_child (self->scopes[FOLLOWER], "below");
  self->scopes[FOLLOWER_OF_CHILD] = lifecycle_scope_new ("follower-of-child");
  lifecycle_scope_follow (self->scopes[FOLLOWER], self->scopes[ROOT]);
  lifecycle_scope_follow (self->scopes[FOLLOWER_OF_CHILD], self->scopes[CHILD]);
  for (i = 0; i < N_SCOPES; i++)
    world_fill ((i * 3) % N_SCOPES);
}

static void
world_clear (World *self)
{
  guint i;

  g_assert_cmpint (self->asked, ==, N_SCOPES * N_ASKED);
  g_assert_cmpint (self->asked_foreign, ==, N_SCOPES * N_ASKED_FOREIGN);
  g_assert_true (self->muted);
  g_assert_false (test_has_handlers (self->emitter, "plain"));
  for (i = 0; i < N_SCOPES; i++)
    {
      g_assert_true (lifecycle_scope_is_closed (self->scopes[i]));
      g_source_unref (self->sources[i]);
      g_assert_finalize_object (self->scopes[i]);
    }
  test_drain ();
  g_assert_finalize_object (self->emitter);
  world = NULL;
}

static void
test_mute_before_release (void)
{
  World self;

  world_init (&self);
  test_emit (self.emitter, "plain");
  test_emit (self.emitter, "detailed::red");
  g_assert_cmpint (self.reached, ==, 3 * N_SCOPES);
  lifecycle_scope_close (self.scopes[ROOT]);
  g_assert_cmpint (self.reached, ==, 3 * N_SCOPES);
  world_clear (&self);
}

static void
works_cb (LifecycleScope  *scope,
          LifecycleReason  reason,
          gpointer         data)
{
  GCancellable *cancellable;
  guint i;

  /* Decided everywhere, and everything still works everywhere. */
  g_assert_false (world->muted);
  for (i = 0; i < N_SCOPES; i++)
    {
      g_assert_cmpint (lifecycle_scope_get_state (world->scopes[i]), ==, LIFECYCLE_STATE_CLOSING);
      g_assert_cmpint (lifecycle_scope_get_reason (world->scopes[i]), !=, LIFECYCLE_REASON_NONE);
      g_assert_true (test_is_connected (world->emitter, world->ids[i][0]));
      g_assert_true (test_is_connected (world->emitter, world->ids[i][1]));
      g_assert_true (test_is_connected (world->emitter, world->adopted[i]));
      g_assert_false (g_source_is_destroyed (world->sources[i]));
      cancellable = lifecycle_scope_get_cancellable (world->scopes[i]);
      g_assert_false (g_cancellable_is_cancelled (cancellable));
    }
  world->reached = 0;
  test_emit (world->emitter, "plain");
  test_emit (world->emitter, "detailed::red");
  g_assert_cmpint (world->reached, ==, 3 * N_SCOPES);
  (*(int *) data)++;
}

static void
test_closing_while_all_works (void)
{
  World self;
  int n = 0;
  guint i;

  world_init (&self);
  for (i = 0; i < N_SCOPES; i++)
    g_signal_connect (self.scopes[i], "closing", G_CALLBACK (works_cb), &n);
  lifecycle_scope_close (self.scopes[ROOT]);
  g_assert_cmpint (n, ==, N_SCOPES);
  world_clear (&self);
}

/* The descendants know why, and so do the followers. */
static void
test_reasons (void)
{
  World self;

  world_init (&self);
  lifecycle_scope_close_with_reason (self.scopes[ROOT], LIFECYCLE_REASON_TIMED_OUT, NULL);
  g_assert_cmpint (lifecycle_scope_get_reason (self.scopes[ROOT]), ==, LIFECYCLE_REASON_TIMED_OUT);
  g_assert_cmpint (lifecycle_scope_get_reason (self.scopes[SCOPE]), ==,
                   LIFECYCLE_REASON_PARENT_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_reason (self.scopes[CHILD]), ==,
                   LIFECYCLE_REASON_PARENT_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_reason (self.scopes[SIBLING]), ==,
                   LIFECYCLE_REASON_PARENT_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_reason (self.scopes[FOLLOWER]), ==,
                   LIFECYCLE_REASON_OWNER_GONE);
  g_assert_cmpint (lifecycle_scope_get_reason (self.scopes[BELOW_FOLLOWER]), ==,
                   LIFECYCLE_REASON_PARENT_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_reason (self.scopes[FOLLOWER_OF_CHILD]), ==,
                   LIFECYCLE_REASON_OWNER_GONE);
  world_clear (&self);
}

/* Cancellables and foreign things go before the first destroy notify of the scope's own. */
static void
test_foreign_first (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  TestEmitter *emitter = test_emitter_new ();
  GSource *source;
  g_auto (GStrv) words = NULL;
  guint i;

  for (i = 0; i < 2; i++)
    {
      LifecycleScope *each = i == 0 ? scope : child;

      lifecycle_scope_adopt (each, (gpointer) "own", test_log_notify);
      source = g_idle_source_new ();
      g_source_set_callback (source, test_never_source_cb, (gpointer) "foreign", test_log_notify);
      lifecycle_scope_add_source (each, source);
      g_source_unref (source);
      lifecycle_scope_connect_full (each, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                    (gpointer) "own", test_log_closure_notify, 0);
      lifecycle_scope_add_handler (each, G_OBJECT (emitter),
                                   g_signal_connect_data (emitter, "plain",
                                                          G_CALLBACK (test_never_handler_cb),
                                                          (gpointer) "foreign",
                                                          test_log_closure_notify, 0));
      g_signal_connect (lifecycle_scope_get_cancellable (each), "cancelled",
                        G_CALLBACK (test_log_handler_cb), (gpointer) "~foreign");
      lifecycle_scope_adopt (each, (gpointer) "own", test_log_notify);
    }
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 11);
  words = g_strsplit (g_strchomp (test_log_buffer->str), " ", -1);
  g_assert_cmpuint (g_strv_length (words), ==, 12);
  for (i = 0; i < 12; i++)
    g_assert_cmpstr (words[i], ==, i < 6 ? "~foreign" : "~own");
  g_string_free (test_log_buffer, TRUE);
  test_log_buffer = NULL;
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* A clear has the same two phases. */

typedef struct
{
  TestEmitter *emitter;
  gulong       id;
  GSource     *source;
  int          n;
} Probe;

static void
probe_notify (gpointer data)
{
  Probe *probe = data;

  g_assert_false (test_is_connected (probe->emitter, probe->id));
  g_assert_true (g_source_is_destroyed (probe->source));
  test_emit (probe->emitter, "plain");
  probe->n++;
}

static void
test_clear (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  Probe probe = { .emitter = test_emitter_new () };

  probe.id = lifecycle_scope_connect_signal (child, probe.emitter, "plain",
                                             G_CALLBACK (test_never_handler_cb), NULL);
  probe.source = g_source_ref (lifecycle_scope_add_idle (child, test_never_source_cb, NULL, NULL));
  lifecycle_scope_connect_signal (scope, probe.emitter, "plain",
                                  G_CALLBACK (test_never_handler_cb), NULL);
  lifecycle_scope_adopt (scope, &probe, probe_notify);
  g_assert_cmpuint (lifecycle_scope_clear (scope), ==, 5);
  g_assert_cmpint (probe.n, ==, 1);
  g_source_unref (probe.source);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (probe.emitter);
}

/* Blocked or not, a handler that was adopted is mute when the release begins. */
static void
emit_notify (gpointer emitter)
{
  test_emit (emitter, "plain");
  test_log ("emitted");
}

static void
test_adopted_is_mute (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  GSource *source;
  guint i;

  /* Foreign sources before, between and after the handlers: whichever order is taken among the
   * foreign things, an emission from one of these meets a handler that is still connected. */
  for (i = 0; i < 4; i++)
    {
      source = g_idle_source_new ();
      g_source_set_callback (source, test_never_source_cb, emitter, emit_notify);
      lifecycle_scope_add_source (scope, source);
      g_source_unref (source);
      lifecycle_scope_add_handler (scope, G_OBJECT (emitter),
                                   g_signal_connect (emitter, "plain",
                                                     G_CALLBACK (test_never_handler_cb), NULL));
    }
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 8);
  test_assert_log ("emitted emitted emitted emitted");
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* The notify of a callback that is running waits for it, the others do not. */

static void
close_cb (TestEmitter *emitter,
          gpointer     scope)
{
  test_log ("begin");
  lifecycle_scope_close (scope);
  test_log ("end");
}

static void
running_notify (gpointer  data,
                GClosure *closure)
{
  test_log ("~running");
}

static void
test_running (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();

  g_signal_connect (scope, "closed", G_CALLBACK (test_log_scope_cb), (gpointer) "closed");
  lifecycle_scope_connect_full (scope, emitter, "late", G_CALLBACK (test_never_handler_cb),
                                (gpointer) "first", test_log_closure_notify, 0);
  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (close_cb), scope,
                                running_notify, 0);
  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                (gpointer) "last", test_log_closure_notify, 0);
  test_emit (emitter, "plain");
  test_assert_log ("begin ~last ~first closed end ~running");

  /* A handler that came before the running one in the same emission is held by GLib, in some
   * versions, until the running one has returned as well. Its notify comes by then. */
  g_object_unref (scope);
  scope = lifecycle_scope_new ("scope");
  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_log_handler_cb),
                                (gpointer) "before", test_log_closure_notify, 0);
  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (close_cb), scope,
                                running_notify, 0);
  test_emit (emitter, "plain");
  g_assert_true (g_str_has_prefix (test_log_buffer->str, "before begin "));
  g_assert_nonnull (strstr (test_log_buffer->str, "~before "));
  g_assert_true (g_str_has_suffix (test_log_buffer->str, "~running "));
  g_string_free (g_steal_pointer (&test_log_buffer), TRUE);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/promise-2-quiet/order", test_order);
  g_test_add_func ("/lifecycle/promise-2-quiet/order-with-gaps", test_order_with_gaps);
  g_test_add_func ("/lifecycle/promise-2-quiet/nesting", test_nesting);
  g_test_add_func ("/lifecycle/promise-2-quiet/closing-order", test_closing_order);
  g_test_add_func ("/lifecycle/promise-2-quiet/mute-before-release", test_mute_before_release);
  g_test_add_func ("/lifecycle/promise-2-quiet/closing-while-all-works",
                   test_closing_while_all_works);
  g_test_add_func ("/lifecycle/promise-2-quiet/reasons", test_reasons);
  g_test_add_func ("/lifecycle/promise-2-quiet/foreign-first", test_foreign_first);
  g_test_add_func ("/lifecycle/promise-2-quiet/clear", test_clear);
  g_test_add_func ("/lifecycle/promise-2-quiet/adopted-is-mute", test_adopted_is_mute);
  g_test_add_func ("/lifecycle/promise-2-quiet/running", test_running);

  return g_test_run ();
}
