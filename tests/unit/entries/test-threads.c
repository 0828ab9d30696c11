/* test-threads.c: handlers that are guarded, and emitters that die
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-threads-util.h"

/* Something that stays inside a handler until it is told to leave. */
typedef struct
{
  TestEmitter *emitter;
  GThread     *thread;
  GThread     *destroyed_on;
  int          entered;
  int          go;
  int          left;
  int          destroyed;
} Stay;

static void
stay_cb (gpointer instance,
         gpointer data)
{
  Stay *stay = data;

  g_atomic_int_inc (&stay->entered);
  test_wait_for (g_atomic_int_get (&stay->go) >= 1);
  g_atomic_int_inc (&stay->left);
}

static void
stay_destroy (gpointer  data,
              GClosure *closure)
{
  Stay *stay = data;

  /* Nobody is inside any more. */
  g_assert_cmpint (g_atomic_int_get (&stay->entered), ==, g_atomic_int_get (&stay->left));
  stay->destroyed_on = g_thread_self ();
  g_atomic_int_inc (&stay->destroyed);
}

static gpointer
stay_thread (gpointer data)
{
  Stay *stay = data;

  test_emit (stay->emitter, "plain");
  return NULL;
}

static LifecycleScope *
stay_begin (Stay                  *stay,
            LifecycleConnectFlags  flags)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  memset (stay, 0, sizeof *stay);
  home = g_thread_self ();
  stay->emitter = test_emitter_new ();
  lifecycle_scope_connect_full (scope, stay->emitter, "plain", G_CALLBACK (stay_cb), stay,
                                stay_destroy, LIFECYCLE_CONNECT_GUARDED | flags);
  stay->thread = g_thread_new ("emit", stay_thread, stay);
  test_wait_for (g_atomic_int_get (&stay->entered) >= 1);

  return scope;
}

static void
stay_let_go (Stay *stay)
{
  g_atomic_int_set (&stay->go, 1);
  g_thread_join (stay->thread);
}

static void
stay_end (Stay           *stay,
          LifecycleScope *scope)
{
  g_assert_cmpint (stay->destroyed, ==, 1);
  g_assert_false (test_has_handlers (stay->emitter, "plain"));
  test_drain ();
  g_assert_finalize_object (scope);
  g_assert_finalize_object (stay->emitter);
}

/* The end of a close_async(). */
typedef struct
{
  int     done;
  GError *error;
  int    *after;        /* what has to be through before */
  int     at_least;
} Wait;

static void
wait_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      data)
{
  Wait *wait = data;

  g_assert_true (g_thread_self () == home);
  g_assert_cmpint (wait->done, ==, 0);
  if (wait->after != NULL)
    g_assert_cmpint (g_atomic_int_get (wait->after), >=, wait->at_least);
  lifecycle_scope_close_finish (LIFECYCLE_SCOPE (source), result, &wait->error);
  wait->done++;
}

static void
close_async (LifecycleScope *scope,
             guint           timeout_ms,
             Wait           *wait)
{
  lifecycle_scope_close_async (scope, LIFECYCLE_REASON_SHUTDOWN, timeout_ms, NULL, wait_cb, wait);
}

/* Runs the main loop for long enough that what should not happen would have happened. */
static void
linger (void)
{
  gint64 end = g_get_monotonic_time () + 20 * 1000;

  while (g_get_monotonic_time () < end)
    {
      if (!g_main_context_iteration (NULL, FALSE))
        g_usleep (500);
    }
}

static void
test_blocked (gconstpointer data)
{
  Pair pair = pair_new ();
  int n = 0;
  LifecycleConnectFlags flags = (LifecycleConnectFlags) GPOINTER_TO_UINT (data);

  lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                G_CALLBACK (test_count_handler_cb), &n, NULL, flags);
  lifecycle_scope_block (pair.scope);
  lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                G_CALLBACK (test_count_handler_cb), &n, NULL, flags);
  emit_elsewhere (pair.emitter);
  test_drain ();
  g_assert_cmpint (n, ==, 0);
  lifecycle_scope_unblock (pair.scope);
  test_drain ();
  g_assert_cmpint (n, ==, 0);
  emit_elsewhere (pair.emitter);
  test_drain ();
  g_assert_cmpint (n, ==, 2);
  lifecycle_scope_block (pair.scope);
  g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 2);
  pair_end (&pair);
}

/* A handler that has been stolen has nothing to do with the scope, not even with its end. */
static void
test_stolen (gconstpointer data)
{
  LifecycleConnectFlags flags = (LifecycleConnectFlags) GPOINTER_TO_UINT (data);
  Pair pair = pair_new ();
  int n = 0, destroyed = 0;
  gulong id;

  id = lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                     G_CALLBACK (test_count_handler_cb), &n, NULL, flags);
  g_assert_true (lifecycle_scope_steal_handler (pair.scope, G_OBJECT (pair.emitter), id));
  g_assert_false (lifecycle_scope_steal_handler (pair.scope, G_OBJECT (pair.emitter), id));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (pair.scope), ==, 0);
  emit_elsewhere (pair.emitter);
  test_drain ();
  g_assert_cmpint (n, ==, 1);
  g_signal_handler_disconnect (pair.emitter, id);

  id = lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain", G_CALLBACK (test_nothing),
                                     &destroyed, test_count_closure_notify, flags);
  g_assert_true (lifecycle_scope_steal_handler (pair.scope, G_OBJECT (pair.emitter), id));
  g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 0);
  g_assert_true (test_is_connected (pair.emitter, id));
  g_assert_cmpint (destroyed, ==, 0);
  emit_elsewhere (pair.emitter);
  test_drain ();
  g_assert_finalize_object (pair.emitter);
  test_drain ();
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_finalize_object (pair.scope);
}

/* The same, but is it still called when the scope has gone? */
static void
test_stolen_works (gconstpointer data)
{
  LifecycleConnectFlags flags = (LifecycleConnectFlags) GPOINTER_TO_UINT (data);
  Pair pair = pair_new ();
  int n = 0;
  gulong id;

  id = lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                     G_CALLBACK (test_count_handler_cb), &n, NULL, flags);
  g_assert_true (lifecycle_scope_steal_handler (pair.scope, G_OBJECT (pair.emitter), id));
  g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 0);
  emit_elsewhere (pair.emitter);
  test_drain ();
  g_assert_cmpint (n, ==, 1);
  g_signal_handler_disconnect (pair.emitter, id);
  pair_end (&pair);
}

static void
test_late (gconstpointer data)
{
  LifecycleConnectFlags flags = (LifecycleConnectFlags) GPOINTER_TO_UINT (data);
  Pair pair = pair_new ();
  int destroyed = 0;

  lifecycle_scope_close (pair.scope);
  g_assert_cmpuint (lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                                  G_CALLBACK (test_never_handler_cb), &destroyed,
                                                  test_count_closure_notify, flags), ==, 0);
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_cmpuint (lifecycle_scope_connect_closure (pair.scope, G_OBJECT (pair.emitter), "plain",
                                                     g_cclosure_new (G_CALLBACK (test_nothing),
                                                                     &destroyed,
                                                                     test_count_closure_notify),
                                                     flags), ==, 0);
  g_assert_cmpint (destroyed, ==, 2);
  emit_elsewhere (pair.emitter);
  pair_end (&pair);
}

/* Connected on another thread. */
typedef struct
{
  Pair                  *pair;
  int                   *counter;
  LifecycleConnectFlags  flags;
} Connect;

static void
connect_thread (gpointer data)
{
  Connect *connect = data;

  g_assert_cmpuint (lifecycle_scope_connect_full (connect->pair->scope, connect->pair->emitter,
                                                  "plain", G_CALLBACK (test_count_handler_cb),
                                                  connect->counter, test_count_closure_notify,
                                                  connect->flags), >, 0);
}

static void
test_connect_elsewhere (gconstpointer data)
{
  Pair pair = pair_new ();
  int n = 0;
  Connect connect = { &pair, &n, (LifecycleConnectFlags) GPOINTER_TO_UINT (data) };

  test_in_thread (connect_thread, &connect);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (pair.scope), ==, 1);
  emit_elsewhere (pair.emitter);
  test_drain ();
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 1);
  g_assert_cmpint (n, ==, 2);
  pair_end (&pair);
}

/* ---- guarded ---- */

static int
answer_cb (TestEmitter *emitter,
           int          number,
           gpointer     thread)
{
  g_assert_true (g_thread_self () != home);
  *(GThread **) thread = g_thread_self ();
  return number + 1;
}

static void
emit_answer (gpointer emitter)
{
  GThread *thread = ((TestEmitter *) emitter)->hook_data;
  int answer = 0;

  g_assert_null (*(GThread **) thread);
  g_signal_emit_by_name (emitter, "answer", 41, &answer);
  g_assert_cmpint (answer, ==, 42);
  g_assert_true (*(GThread **) thread == g_thread_self ());
}

/* On the emitting thread, while it waits, with a return value. */
static void
test_guarded_elsewhere (void)
{
  Pair pair = pair_new ();
  GThread *thread = NULL;

  pair.emitter->hook_data = &thread;
  lifecycle_scope_connect_full (pair.scope, pair.emitter, "answer", G_CALLBACK (answer_cb),
                                &thread, NULL, LIFECYCLE_CONNECT_GUARDED);
  test_in_thread (emit_answer, pair.emitter);
  g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 1);
  pair_end (&pair);
}

static void
test_guarded_flags (void)
{
  Pair pair = pair_new ();

  lifecycle_scope_connect_full (pair.scope, pair.emitter, "params", G_CALLBACK (params_cb),
                                (gpointer) "after", NULL,
                                LIFECYCLE_CONNECT_GUARDED | LIFECYCLE_CONNECT_AFTER);
  lifecycle_scope_connect_full (pair.scope, pair.emitter, "params", G_CALLBACK (swapped_cb),
                                (gpointer) "swapped", NULL,
                                LIFECYCLE_CONNECT_GUARDED | LIFECYCLE_CONNECT_SWAPPED);
  lifecycle_scope_connect_full (pair.scope, pair.emitter, "params", G_CALLBACK (swapped_cb),
                                (gpointer) "all", NULL,
                                LIFECYCLE_CONNECT_GUARDED | LIFECYCLE_CONNECT_SWAPPED |
                                LIFECYCLE_CONNECT_AFTER | LIFECYCLE_CONNECT_ONCE);
  emit_params (pair.emitter);
  emit_params (pair.emitter);
  test_assert_log ("swapped1x after1x all1x swapped1x after1x");
  g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 2);
  pair_end (&pair);
}

/* The emission has begun before the close, has chosen the handler, and comes to it after the close:
 * it does not call it.
 */
static void
test_guarded_chosen (gconstpointer data)
{
  LifecycleConnectFlags flags = (LifecycleConnectFlags) GPOINTER_TO_UINT (data);

  for (int how = 0; how < 3; how++)
    {
      Pair pair = pair_new ();
      Stay stay = { .emitter = pair.emitter };
      int destroyed = 0;

      g_signal_connect (pair.emitter, "plain", G_CALLBACK (stay_cb), &stay);
      lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                    G_CALLBACK (test_never_handler_cb), &destroyed,
                                    test_count_closure_notify, flags);
      lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                    G_CALLBACK (test_never_handler_cb), &destroyed,
                                    test_count_closure_notify, flags | LIFECYCLE_CONNECT_ONCE);
      stay.thread = g_thread_new ("emit", stay_thread, &stay);
      test_wait_for (g_atomic_int_get (&stay.entered) >= 1);
      if (how == 0)
        {
          g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 2);
        }
      else if (how == 1)
        {
          g_assert_cmpuint (lifecycle_scope_clear (pair.scope), ==, 2);
        }
      else
        {
          Wait wait = { 0 };

          /* Nobody is inside, so there is nothing to wait for. */
          close_async (pair.scope, 0, &wait);
          test_run_until (test_done_counted, &wait.done);
          g_assert_no_error (wait.error);
        }
      g_assert_cmpint (destroyed, ==, 2);
      stay_let_go (&stay);
      test_drain ();
      lifecycle_scope_close (pair.scope);
      g_signal_handlers_disconnect_by_data (pair.emitter, &stay);
      g_assert_cmpint (destroyed, ==, 2);
      pair_end (&pair);
    }
}

/* close() waits for nobody; the data is destroyed when the last one is out. */
static void
test_guarded_close_running (void)
{
  Stay stay;
  LifecycleScope *scope = stay_begin (&stay, 0);
  GThread *thread = stay.thread;
  Wait wait = { 0 };

  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_cmpint (g_atomic_int_get (&stay.destroyed), ==, 0);
  emit_elsewhere (stay.emitter);
  g_assert_cmpint (g_atomic_int_get (&stay.entered), ==, 1);

  /* It is closed, and that is all there is to say. */
  close_async (scope, 0, &wait);
  test_run_until (test_done_counted, &wait.done);
  g_assert_no_error (wait.error);

  stay_let_go (&stay);
  g_assert_cmpint (stay.destroyed, ==, 1);
  g_assert_true (stay.destroyed_on == thread);
  stay_end (&stay, scope);
}

/* close_async() does, and then the data is destroyed at home. */
static void
test_guarded_close_async (gconstpointer data)
{
  LifecycleConnectFlags flags = (LifecycleConnectFlags) GPOINTER_TO_UINT (data);
  Stay stay;
  LifecycleScope *scope = stay_begin (&stay, flags);
  Wait wait = { .after = &stay.left, .at_least = 1 };
  int order = 0;

  lifecycle_scope_adopt (scope, &order, test_count_notify);
  close_async (scope, 0, &wait);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSING);
  g_assert_false (test_has_handlers (stay.emitter, "plain"));
  emit_elsewhere (stay.emitter);
  linger ();
  g_assert_cmpint (wait.done, ==, 0);
  g_assert_cmpint (order, ==, 0);
  g_assert_cmpint (g_atomic_int_get (&stay.entered), ==, 1);
  g_assert_cmpint (g_atomic_int_get (&stay.destroyed), ==, 0);

  stay_let_go (&stay);
  test_run_until (test_done_counted, &wait.done);
  g_assert_no_error (wait.error);
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_cmpint (order, ==, 1);
  if (flags == 0)
    g_assert_true (stay.destroyed_on == home);
  stay_end (&stay, scope);
}

/* The same handler on two threads, and another scope below. */
static void
test_guarded_close_async_two (void)
{
  Stay stay, below;
  LifecycleScope *scope = stay_begin (&stay, 0);
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  GThread *second = g_thread_new ("emit", stay_thread, &stay);
  Wait wait = { .after = &stay.left, .at_least = 2 };
  Wait wait_child = { 0 };

  test_wait_for (g_atomic_int_get (&stay.entered) >= 2);
  memset (&below, 0, sizeof below);
  below.emitter = test_emitter_new ();
  lifecycle_scope_connect_full (child, below.emitter, "plain", G_CALLBACK (stay_cb), &below,
                                stay_destroy, LIFECYCLE_CONNECT_GUARDED);
  below.thread = g_thread_new ("emit", stay_thread, &below);
  test_wait_for (g_atomic_int_get (&below.entered) >= 1);

  close_async (child, 0, &wait_child);
  close_async (scope, 0, &wait);
  linger ();
  g_assert_cmpint (wait.done + wait_child.done, ==, 0);
  stay_let_go (&stay);
  g_thread_join (second);
  linger ();
  g_assert_cmpint (wait.done + wait_child.done, ==, 0);
  stay_let_go (&below);
  test_run_until (test_done_counted, &wait.done);
  test_run_until (test_done_counted, &wait_child.done);
  g_assert_no_error (wait.error);
  g_assert_no_error (wait_child.error);
  g_assert_cmpint (below.destroyed, ==, 1);
  g_assert_finalize_object (below.emitter);
  g_assert_finalize_object (child);
  stay_end (&stay, scope);
}

static void
test_guarded_timeout (void)
{
  Stay stay;
  LifecycleScope *scope = stay_begin (&stay, 0);
  Wait wait = { 0 };
  int released = 0;

  lifecycle_scope_adopt (scope, &released, test_count_notify);
  close_async (scope, 20, &wait);
  test_run_until (test_done_counted, &wait.done);
  g_assert_error (wait.error, LIFECYCLE_ERROR, LIFECYCLE_ERROR_TIMED_OUT);
  g_assert_nonnull (strstr (wait.error->message, "scope"));
  g_assert_nonnull (strstr (wait.error->message, "guarded handler"));
  g_assert_nonnull (strstr (wait.error->message, "test-threads.c:"));
  g_clear_error (&wait.error);
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_cmpint (released, ==, 1);
  g_assert_cmpint (g_atomic_int_get (&stay.destroyed), ==, 0);
  stay_let_go (&stay);
  stay_end (&stay, scope);
}

/* close() during the wait ends it. */
static void
test_guarded_close_while_waiting (void)
{
  Stay stay;
  LifecycleScope *scope = stay_begin (&stay, 0);
  Wait wait = { 0 };

  close_async (scope, 0, &wait);
  g_assert_cmpint (wait.done, ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_true (lifecycle_scope_is_closed (scope));
  test_run_until (test_done_counted, &wait.done);
  g_assert_no_error (wait.error);
  stay_let_go (&stay);
  stay_end (&stay, scope);
}

/* A clear() forgets the handler, but not that it is running. */
static void
test_guarded_clear (void)
{
  Stay stay;
  LifecycleScope *scope = stay_begin (&stay, 0);
  Wait wait = { .after = &stay.left, .at_least = 1 };

  g_assert_cmpuint (lifecycle_scope_clear (scope), ==, 1);
  g_assert_cmpint (g_atomic_int_get (&stay.destroyed), ==, 0);
  emit_elsewhere (stay.emitter);
  close_async (scope, 0, &wait);
  linger ();
  g_assert_cmpint (wait.done, ==, 0);
  stay_let_go (&stay);
  test_run_until (test_done_counted, &wait.done);
  stay_end (&stay, scope);
}

/* Moved while it runs: the new scope waits. */
static void
test_guarded_move (void)
{
  Stay stay;
  LifecycleScope *scope = stay_begin (&stay, 0);
  LifecycleScope *moved = lifecycle_scope_move (scope);
  Wait wait = { .after = &stay.left, .at_least = 1 };

  g_assert_finalize_object (scope);
  close_async (moved, 0, &wait);
  linger ();
  g_assert_cmpint (wait.done, ==, 0);
  stay_let_go (&stay);
  test_run_until (test_done_counted, &wait.done);
  stay_end (&stay, moved);
}

/* Somebody else disconnects it, or its emitter is disposed, while it runs. */
static void
test_guarded_disconnected (gconstpointer data)
{
  Stay stay;
  LifecycleScope *scope = stay_begin (&stay, 0);
  Wait wait = { .after = &stay.left, .at_least = 1 };

  if (data == NULL)
    g_signal_handlers_disconnect_matched (stay.emitter, G_SIGNAL_MATCH_ID,
                                          g_signal_lookup ("plain", TEST_TYPE_EMITTER), 0, NULL,
                                          NULL, NULL);
  else
    g_object_run_dispose (G_OBJECT (stay.emitter));
  close_async (scope, 0, &wait);
  linger ();
  g_assert_cmpint (wait.done, ==, 0);
  stay_let_go (&stay);
  test_run_until (test_done_counted, &wait.done);
  g_assert_no_error (wait.error);
  stay_end (&stay, scope);
}

static void
close_async_elsewhere (gpointer data)
{
  gpointer *args = data;

  /* The result comes to where the call was made, which nobody runs: it is not asked for. */
  lifecycle_scope_close_async (args[0], LIFECYCLE_REASON_ABORTED, 0, NULL, NULL, NULL);
  g_assert_cmpint (lifecycle_scope_get_state (args[0]), !=, LIFECYCLE_STATE_OPEN);
}

static void
test_guarded_close_async_elsewhere (void)
{
  Stay stay;
  LifecycleScope *scope = stay_begin (&stay, 0);
  gpointer args[] = { scope };

  test_in_thread (close_async_elsewhere, args);
  linger ();
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSING);
  stay_let_go (&stay);
  test_run_until (test_done_closed, scope);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_ABORTED);
  stay_end (&stay, scope);
}

/* Waiting is cancelled, closing is not. */
static void
test_guarded_cancel_wait (void)
{
  Stay stay;
  LifecycleScope *scope = stay_begin (&stay, 0);
  GCancellable *cancellable = g_cancellable_new ();
  Wait wait = { 0 };

  lifecycle_scope_close_async (scope, LIFECYCLE_REASON_SHUTDOWN, 0, cancellable, wait_cb, &wait);
  g_cancellable_cancel (cancellable);
  test_run_until (test_done_counted, &wait.done);
  g_assert_error (wait.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&wait.error);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSING);
  stay_let_go (&stay);
  test_run_until (test_done_closed, scope);
  g_assert_finalize_object (cancellable);
  stay_end (&stay, scope);
}

/* Closed by the handler itself, at home or elsewhere; with or without waiting for itself. */
typedef struct
{
  LifecycleScope *scope;
  TestEmitter    *emitter;
  Wait            wait;
  gboolean        async;
  int             entered;
  int             left;
  int             destroyed;
} Inside;

static void
inside_cb (TestEmitter *emitter,
           gpointer     data)
{
  Inside *inside = data;

  g_atomic_int_inc (&inside->entered);
  if (inside->async)
    {
      lifecycle_scope_close_async (inside->scope, LIFECYCLE_REASON_COMPLETED, 0, NULL,
                                   g_thread_self () == home ? wait_cb : NULL, &inside->wait);
      g_assert_cmpint (inside->wait.done, ==, 0);
    }
  else
    {
      g_assert_cmpuint (lifecycle_scope_close (inside->scope), ==,
                        g_thread_self () == home ? 1 : 0);
    }
  g_assert_cmpint (lifecycle_scope_get_state (inside->scope), !=, LIFECYCLE_STATE_OPEN);
  g_assert_cmpint (g_atomic_int_get (&inside->destroyed), ==, 0);
  /* Muted or not yet: this thread is inside, and does not wait for itself. */
  if (g_thread_self () == home)
    test_emit (emitter, "plain");
  g_atomic_int_inc (&inside->left);
}

static void
inside_destroy (gpointer  data,
                GClosure *closure)
{
  Inside *inside = data;

  g_assert_cmpint (g_atomic_int_get (&inside->entered), ==, g_atomic_int_get (&inside->left));
  g_atomic_int_inc (&inside->destroyed);
}

static void
test_guarded_close_inside (gconstpointer data)
{
  guint which = GPOINTER_TO_UINT (data);
  Pair pair = pair_new ();
  Inside inside = { .scope = pair.scope, .emitter = pair.emitter, .async = (which & 1) != 0 };

  inside.wait.after = &inside.left;
  inside.wait.at_least = 1;
  lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain", G_CALLBACK (inside_cb), &inside,
                                inside_destroy, LIFECYCLE_CONNECT_GUARDED);
  if ((which & 2) != 0)
    emit_elsewhere (pair.emitter);
  else
    test_emit (pair.emitter, "plain");
  test_run_until (test_done_closed, pair.scope);
  test_drain ();
  if (which == 1)
    g_assert_cmpint (inside.wait.done, ==, 1);
  g_assert_cmpint (inside.entered, ==, 1);
  g_assert_cmpint (inside.destroyed, ==, 1);
  pair_end (&pair);
}

typedef struct
{
  LifecycleScope *scope;
  int             depth;
  int             ran;
} Deep;

static void
deep_cb (TestEmitter *emitter,
         gpointer     data)
{
  Deep *deep = data;

  deep->ran++;
  if (++deep->depth < 50)
    test_emit (emitter, "plain");
  else if (deep->scope != NULL)
    lifecycle_scope_close (deep->scope);
  deep->depth--;
}

/* Deep in its own recursion it closes the scope. */
static void
test_guarded_recursion (void)
{
  Pair pair = pair_new ();
  Deep deep = { pair.scope, 0, 0 };

  lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain", G_CALLBACK (deep_cb), &deep,
                                NULL, LIFECYCLE_CONNECT_GUARDED);
  test_emit (pair.emitter, "plain");
  g_assert_cmpint (deep.ran, ==, 50);
  g_assert_true (lifecycle_scope_is_closed (pair.scope));
  test_emit (pair.emitter, "plain");
  g_assert_cmpint (deep.ran, ==, 50);
  pair_end (&pair);
}

static void
unref_thread (gpointer object)
{
  g_object_unref (object);
}

/* The emitter dies on its own thread while the scope is open. */
static void
test_emitter_dies (gconstpointer data)
{
  LifecycleConnectFlags flags = (LifecycleConnectFlags) GPOINTER_TO_UINT (data);
  Pair pair = pair_new ();
  int n = 0;

  for (guint i = 0; i < 3; i++)
    lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                  G_CALLBACK (test_never_handler_cb), &n,
                                  test_count_closure_notify, flags);
  test_in_thread (unref_thread, g_steal_pointer (&pair.emitter));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (pair.scope), ==, 0);
  g_assert_cmpint (g_atomic_int_get (&n), ==, 3);
  g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 0);
  g_assert_finalize_object (pair.scope);
}

typedef struct
{
  LifecycleScope *scope;
  int             destroyed;
} Dying;

static void
dying_dispose (gpointer data)
{
  Dying *dying = data;

  /* Its handlers have not ended yet. */
  if (dying->scope != NULL)
    lifecycle_scope_close (g_steal_pointer (&dying->scope));
}

/* The emitter's dispose, on its own thread, closes the scope that listens to it. */
static void
test_emitter_closes (gconstpointer data)
{
  LifecycleConnectFlags flags = (LifecycleConnectFlags) GPOINTER_TO_UINT (data);
  Pair pair = pair_new ();
  Dying dying = { .scope = pair.scope };

  pair.emitter->on_dispose = dying_dispose;
  pair.emitter->hook_data = &dying;
  lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                G_CALLBACK (test_never_handler_cb), &dying.destroyed,
                                test_count_closure_notify, flags);
  test_in_thread (unref_thread, g_steal_pointer (&pair.emitter));
  g_assert_cmpint (lifecycle_scope_get_state (pair.scope), ==, LIFECYCLE_STATE_CLOSING);
  g_assert_cmpint (g_atomic_int_get (&dying.destroyed), ==, 1);
  test_drain ();
  g_assert_true (lifecycle_scope_is_closed (pair.scope));
  g_assert_finalize_object (pair.scope);

  /* And at home. */
  pair = pair_new ();
  dying = (Dying) { .scope = pair.scope };
  pair.emitter->on_dispose = dying_dispose;
  pair.emitter->hook_data = &dying;
  lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                G_CALLBACK (test_never_handler_cb), &dying.destroyed,
                                test_count_closure_notify, flags);
  g_assert_finalize_object (pair.emitter);
  g_assert_true (lifecycle_scope_is_closed (pair.scope));
  g_assert_cmpint (dying.destroyed, ==, 1);
  g_assert_finalize_object (pair.scope);
}

/* ---- emitters that die while the scope closes ---- */

#define RACE_N 100

typedef struct
{
  LifecycleScope *scope;
  TestEmitter    *emitters[RACE_N];
  int             destroyed[RACE_N][2];
  int             go;
  gboolean        backwards;
} Race;

static gpointer
race_thread (gpointer data)
{
  Race *race = data;

  while (!g_atomic_int_get (&race->go))
    g_thread_yield ();
  for (guint i = 0; i < RACE_N; i++)
    {
      TestEmitter *emitter = race->emitters[race->backwards ? RACE_N - 1 - i : i];

      test_emit (emitter, "plain");
      g_object_unref (emitter);
    }
  return NULL;
}

static void
test_emitter_race (gconstpointer data)
{
  LifecycleConnectFlags flags = (LifecycleConnectFlags) GPOINTER_TO_UINT (data);

  for (guint round = 0; round < test_amount (2000) / 20; round++)
    {
      Race *race = g_new0 (Race, 1);
      GThread *thread;

      home = g_thread_self ();
      race->scope = lifecycle_scope_new ("scope");
      race->backwards = round % 2 != 0;
      for (guint i = 0; i < RACE_N; i++)
        {
          race->emitters[i] = test_emitter_new ();
          for (guint j = 0; j < 2; j++)
            lifecycle_scope_connect_full (race->scope, race->emitters[i], "plain",
                                          G_CALLBACK (test_nothing), &race->destroyed[i][j],
                                          test_count_closure_notify, flags);
        }
      thread = g_thread_new ("race", race_thread, race);
      g_atomic_int_set (&race->go, 1);
      if (round % 3 == 2)
        lifecycle_scope_clear (race->scope);
      lifecycle_scope_close (race->scope);
      g_thread_join (thread);
      test_drain ();
      for (guint i = 0; i < RACE_N; i++)
        {
          g_assert_cmpint (g_atomic_int_get (&race->destroyed[i][0]), ==, 1);
          g_assert_cmpint (g_atomic_int_get (&race->destroyed[i][1]), ==, 1);
        }
      g_assert_finalize_object (race->scope);
      g_free (race);
    }
}

/* Everybody closes. */
typedef struct
{
  LifecycleScope *scope;
  int            *go;
} Closers;

static gpointer
closers_thread (gpointer data)
{
  Closers *closers = data;

  while (!g_atomic_int_get (closers->go))
    g_thread_yield ();
  lifecycle_scope_close_with_reason (closers->scope, LIFECYCLE_REASON_ABORTED, "elsewhere");
  g_object_unref (closers->scope);
  return NULL;
}

static void
test_closers (void)
{
  for (guint round = 0; round < test_amount (400); round++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      int go = 0, closing = 0, closed = 0, released = 0, finalized = 0;
      Closers closers = { scope, &go };
      GThread *threads[2];

      home = g_thread_self ();
      test_count_finalize (scope, &finalized);
      g_signal_connect (scope, "closing", G_CALLBACK (test_count_scope_cb), &closing);
      g_signal_connect (scope, "closed", G_CALLBACK (test_count_scope_cb), &closed);
      lifecycle_scope_adopt (scope, &released, test_count_notify);
      for (guint i = 0; i < 2; i++)
        {
          g_object_ref (scope);
          threads[i] = g_thread_new ("closer", closers_thread, &closers);
        }
      g_atomic_int_set (&go, 1);
      if (round % 2 == 0)
        {
          lifecycle_scope_close (scope);
          g_assert_true (lifecycle_scope_is_closed (scope));
        }
      g_object_unref (scope);
      for (guint i = 0; i < 2; i++)
        g_thread_join (threads[i]);
      test_drain ();
      g_assert_cmpint (closing, ==, 1);
      g_assert_cmpint (closed, ==, 1);
      g_assert_cmpint (released, ==, 1);
      g_assert_cmpint (g_atomic_int_get (&finalized), ==, 1);
    }
}

/* ---- what aborts with g_signal_connect_object() ----
 *
 * There, the target is released on one thread while the handler is disconnected on another, and the
 * process dies of `invalid_closure_notify: assertion failed`. Here the target has a scope. Whoever
 * disconnects by id without knowing whether the id still lives gets GLib's warning for it, and that
 * is all that may happen.
 */

typedef struct
{
  TestEmitter    *emitter;
  LifecycleScope *scope;
  gulong          ids[8];
  int             go;
  int             destroyed;
} Target;

static gboolean
not_fatal (const char     *domain,
           GLogLevelFlags  level,
           const char     *message,
           gpointer        data)
{
  return strstr (message, "has no handler with id") == NULL;
}

static void
be_silent (const char     *domain,
           GLogLevelFlags  level,
           const char     *message,
           gpointer        data)
{
  if (not_fatal (domain, level, message, data))
    g_log_default_handler (domain, level, message, data);
}

static gpointer
target_release_thread (gpointer data)
{
  Target *target = data;

  while (!g_atomic_int_get (&target->go))
    g_thread_yield ();
  g_object_unref (target->scope);
  return NULL;
}

static gpointer
target_disconnect_thread (gpointer data)
{
  Target *target = data;

  while (!g_atomic_int_get (&target->go))
    g_thread_yield ();
  for (guint i = 0; i < G_N_ELEMENTS (target->ids); i++)
    g_signal_handler_disconnect (target->emitter, target->ids[i]);
  return NULL;
}

static void
test_target_released (void)
{
  static const LifecycleConnectFlags flags[] = {
    LIFECYCLE_CONNECT_DEFAULT,
    LIFECYCLE_CONNECT_QUEUED,
    LIFECYCLE_CONNECT_GUARDED,
  };
  guint handler = g_log_set_handler ("GLib-GObject", G_LOG_LEVEL_MASK | G_LOG_FLAG_FATAL,
                                     be_silent, NULL);

  g_test_log_set_fatal_handler (not_fatal, NULL);
  for (guint round = 0; round < test_amount (3000); round++)
    {
      Target target = { .emitter = test_emitter_new (), .scope = lifecycle_scope_new ("target") };
      GThread *threads[2];

      for (guint i = 0; i < G_N_ELEMENTS (target.ids); i++)
        target.ids[i] = lifecycle_scope_connect_full (target.scope, target.emitter, "plain",
                                                      G_CALLBACK (test_nothing), &target.destroyed,
                                                      test_count_closure_notify,
                                                      flags[round % G_N_ELEMENTS (flags)]);
      threads[0] = g_thread_new ("release", target_release_thread, &target);
      threads[1] = g_thread_new ("disconnect", target_disconnect_thread, &target);
      g_atomic_int_set (&target.go, 1);
      while (g_atomic_int_get (&target.destroyed) < (int) G_N_ELEMENTS (target.ids))
        {
          if (!g_main_context_iteration (NULL, FALSE))
            g_thread_yield ();
        }
      g_thread_join (threads[0]);
      g_thread_join (threads[1]);
      test_drain ();
      g_assert_cmpint (target.destroyed, ==, (int) G_N_ELEMENTS (target.ids));
      g_assert_false (test_has_handlers (target.emitter, "plain"));
      g_assert_finalize_object (target.emitter);
    }
  g_test_log_set_fatal_handler (NULL, NULL);
  g_log_remove_handler ("GLib-GObject", handler);
}

static void
watch_again_cb (LifecycleScope  *scope,
                LifecycleReason  reason,
                gpointer         emitter)
{
  lifecycle_scope_of (emitter);
}

/* The emitter is disposed, and lives on, watched anew from the middle of that. */
static void
test_after_run_dispose (gconstpointer flags)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int n = 0;
  gulong id;

  g_signal_connect (lifecycle_scope_of (G_OBJECT (emitter)), "closing",
                    G_CALLBACK (watch_again_cb), emitter);
  g_object_run_dispose (G_OBJECT (emitter));

  id = lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_count_handler_cb),
                                     &n, NULL, GPOINTER_TO_UINT (flags));
  g_assert_true (test_is_connected (emitter, id));
  lifecycle_scope_close (scope);
  g_assert_false (test_is_connected (emitter, id));
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
add_for_both (const char    *path,
              GTestDataFunc  func)
{
  g_autofree char *queued = g_strdup_printf ("/lifecycle/threads/queued/%s", path);
  g_autofree char *guarded = g_strdup_printf ("/lifecycle/threads/guarded/%s", path);

  g_test_add_data_func (queued, GUINT_TO_POINTER (LIFECYCLE_CONNECT_QUEUED), func);
  g_test_add_data_func (guarded, GUINT_TO_POINTER (LIFECYCLE_CONNECT_GUARDED), func);
}

/* Another thread adds while a blocked scope moves: what it adds is blocked, whichever scope it gets
 * to.
 */
#define MOVE_EMITTERS 8

typedef struct
{
  LifecycleScope *scope;
  TestEmitter    *emitters[MOVE_EMITTERS];
  int             go;
  int             n;
} MoveRace;

static gpointer
move_race_thread (gpointer data)
{
  MoveRace *race = data;

  while (!g_atomic_int_get (&race->go))
    g_thread_yield ();
  for (guint i = 0; i < MOVE_EMITTERS; i++)
    lifecycle_scope_connect_full (race->scope, race->emitters[i], "plain",
                                  G_CALLBACK (test_count_handler_cb), &race->n, NULL, 0);

  return NULL;
}

static void
test_added_during_move (void)
{
  for (guint i = 0; i < test_amount (300) / (g_getenv ("LIFECYCLE_TEST_SLOW") ? 10 : 1); i++)
    {
      MoveRace race = { .scope = lifecycle_scope_new ("scope") };
      LifecycleScope *moved;
      GThread *thread;

      for (guint j = 0; j < MOVE_EMITTERS; j++)
        race.emitters[j] = test_emitter_new ();
      lifecycle_scope_block (race.scope);
      thread = g_thread_new ("adder", move_race_thread, &race);
      g_atomic_int_set (&race.go, 1);
      moved = lifecycle_scope_move (race.scope);
      g_thread_join (thread);

      for (guint j = 0; j < MOVE_EMITTERS; j++)
        test_emit (race.emitters[j], "plain");
      g_assert_cmpint (race.n, ==, 0);

      lifecycle_scope_close (moved);
      g_assert_finalize_object (moved);
      g_assert_finalize_object (race.scope);
      for (guint j = 0; j < MOVE_EMITTERS; j++)
        g_assert_finalize_object (race.emitters[j]);
    }
}

/* The last reference on what is followed goes on another thread while the followers close at home.
 * Nothing is said of handlers that are not there any more.
 */
#define FOLLOWERS 8

typedef struct
{
  GObject *followed;
  int      ready;
  int      go;
} FollowRace;

static gpointer
follow_race_thread (gpointer data)
{
  FollowRace *race = data;

  g_atomic_int_set (&race->ready, 1);
  while (!g_atomic_int_get (&race->go))
    g_thread_yield ();
  g_object_unref (race->followed);

  return NULL;
}

static void
test_followed_dies_elsewhere (void)
{
  for (guint i = 0; i < test_amount (1000) / (g_getenv ("LIFECYCLE_TEST_SLOW") ? 10 : 1); i++)
    {
      gboolean cancellable = i % 2 == 0;
      FollowRace race = { NULL, 0, 0 };
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      LifecycleScope *followers[FOLLOWERS];
      GThread *thread;

      race.followed = cancellable ? G_OBJECT (g_cancellable_new ()) : G_OBJECT (test_emitter_new ());
      for (guint j = 0; j < FOLLOWERS; j++)
        {
          followers[j] = lifecycle_scope_new_child (scope, "follower");
          if (cancellable)
            lifecycle_scope_follow_cancellable (followers[j], G_CANCELLABLE (race.followed));
          else
            lifecycle_scope_follow_signal (followers[j], race.followed, "plain",
                                           LIFECYCLE_REASON_ABORTED);
        }
      thread = g_thread_new ("dropper", follow_race_thread, &race);
      while (!g_atomic_int_get (&race.ready))
        g_thread_yield ();
      g_atomic_int_set (&race.go, 1);
      /* So that the two meet at different places. */
      for (guint j = 0; j < i % 200; j++)
        g_atomic_int_get (&race.go);
      g_assert_cmpuint (lifecycle_scope_close (scope), ==, FOLLOWERS);
      g_thread_join (thread);

      for (guint j = 0; j < FOLLOWERS; j++)
        {
          g_assert_cmpint (lifecycle_scope_get_reason (followers[j]), ==,
                           LIFECYCLE_REASON_PARENT_CLOSED);
          g_assert_finalize_object (followers[j]);
        }
      g_assert_finalize_object (scope);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_type_ensure (TEST_TYPE_EMITTER);
  g_type_class_unref (g_type_class_ref (TEST_TYPE_EMITTER));
  {
    GType types[] = {
#define ALL_TYPE(name, type, ctype) type,
      ALL_TYPES (ALL_TYPE)
#undef ALL_TYPE
    };

    all_signal = g_signal_newv ("all", TEST_TYPE_EMITTER, G_SIGNAL_RUN_LAST, NULL, NULL, NULL, NULL,
                                G_TYPE_NONE, G_N_ELEMENTS (types), types);
  }

  add_for_both ("blocked", test_blocked);
  add_for_both ("after-run-dispose", test_after_run_dispose);
  add_for_both ("stolen", test_stolen);
  add_for_both ("stolen-works", test_stolen_works);
  add_for_both ("late", test_late);
  add_for_both ("connect-elsewhere", test_connect_elsewhere);
  add_for_both ("chosen", test_guarded_chosen);
  add_for_both ("emitter-dies", test_emitter_dies);
  add_for_both ("emitter-closes", test_emitter_closes);
  add_for_both ("emitter-race", test_emitter_race);

  g_test_add_func ("/lifecycle/threads/guarded/elsewhere", test_guarded_elsewhere);
  g_test_add_func ("/lifecycle/threads/guarded/flags", test_guarded_flags);
  g_test_add_func ("/lifecycle/threads/guarded/close-running", test_guarded_close_running);
  g_test_add_data_func ("/lifecycle/threads/guarded/close-async", NULL, test_guarded_close_async);
  g_test_add_data_func ("/lifecycle/threads/guarded/close-async-once",
                        GUINT_TO_POINTER (LIFECYCLE_CONNECT_ONCE), test_guarded_close_async);
  g_test_add_func ("/lifecycle/threads/guarded/close-async-two", test_guarded_close_async_two);
  g_test_add_func ("/lifecycle/threads/guarded/timeout", test_guarded_timeout);
  g_test_add_func ("/lifecycle/threads/guarded/close-while-waiting",
                   test_guarded_close_while_waiting);
  g_test_add_func ("/lifecycle/threads/guarded/clear", test_guarded_clear);
  g_test_add_func ("/lifecycle/threads/guarded/move", test_guarded_move);
  g_test_add_data_func ("/lifecycle/threads/guarded/disconnected", NULL,
                        test_guarded_disconnected);
  g_test_add_data_func ("/lifecycle/threads/guarded/disposed", GUINT_TO_POINTER (1),
                        test_guarded_disconnected);
  g_test_add_func ("/lifecycle/threads/guarded/close-async-elsewhere",
                   test_guarded_close_async_elsewhere);
  g_test_add_func ("/lifecycle/threads/guarded/cancel-wait", test_guarded_cancel_wait);
  g_test_add_data_func ("/lifecycle/threads/guarded/close-inside-home", GUINT_TO_POINTER (0),
                        test_guarded_close_inside);
  g_test_add_data_func ("/lifecycle/threads/guarded/close-async-inside-home", GUINT_TO_POINTER (1),
                        test_guarded_close_inside);
  g_test_add_data_func ("/lifecycle/threads/guarded/close-inside-elsewhere", GUINT_TO_POINTER (2),
                        test_guarded_close_inside);
  g_test_add_data_func ("/lifecycle/threads/guarded/close-async-inside-elsewhere",
                        GUINT_TO_POINTER (3), test_guarded_close_inside);
  g_test_add_func ("/lifecycle/threads/guarded/recursion", test_guarded_recursion);

  g_test_add_func ("/lifecycle/threads/closers", test_closers);
  g_test_add_func ("/lifecycle/threads/added-during-move", test_added_during_move);
  g_test_add_func ("/lifecycle/threads/followed-dies-elsewhere", test_followed_dies_elsewhere);
  g_test_add_func ("/lifecycle/threads/target-released", test_target_released);

  return g_test_run ();
}
