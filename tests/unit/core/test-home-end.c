/* test-home-end.c: the end of a home while something waits for it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "../test-home-util.h"
#include "../test-operation-util.h"

static guint64
n_abandoned_of (LifecycleScope *scope)
{
  g_autoptr (LifecycleStatistics) statistics = lifecycle_scope_get_statistics (scope, FALSE);

  return lifecycle_statistics_get_n_abandoned (statistics);
}

static void
at_home_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          data,
                 GError          **error)
{
  Home *home = data;

  g_assert_true (home_here == home);
  home->cleanups++;
}

/* Something of most kinds: each goes on the thread whose home it is. */
static void
fill (Home           *home,
      LifecycleScope *scope)
{
  lifecycle_scope_defer (scope, at_home_cleanup, home, NULL);
  lifecycle_scope_adopt (scope, home, at_home_notify);
  lifecycle_scope_add_timeout (scope, G_MAXINT, test_never_source_cb, home, at_home_notify);
  lifecycle_scope_add_idle (scope, test_never_source_cb, home, at_home_notify);
}

#define N_NOTIFIES 3

static void
set_up_filled (Home *home)
{
  fill (home, home->scope);
}

static void
check_dropped (gboolean closed)
{
  Home home = { 0 };
  guint64 before = n_abandoned ();
  int finalized = 0;

  home_start (&home, set_up_filled);
  test_count_finalize (home.scope, &finalized);
  if (closed)
    g_assert_cmpuint (lifecycle_scope_close (home.scope), ==, 0);
  g_object_unref (home.scope);
  g_assert_cmpint (home.cleanups, ==, 0);

  home_end (&home);
  g_assert_cmpint (home.cleanups, ==, 1);
  g_assert_cmpint (home.notifies, ==, N_NOTIFIES);
  g_assert_cmpint (finalized, ==, 1);
  home_assert_gone (&home);
  g_assert_cmpuint (n_abandoned () - before, ==, 1);
}

/* The last reference goes while the thread still lives, and then it ends without running anything. */
static void
test_dropped (void)
{
  check_dropped (FALSE);
}

/* The same after a close, which has handed it over already. */
static void
test_closed_and_dropped (void)
{
  check_dropped (TRUE);
}

/* Somebody holds on to what was closed. It need not be dropped to be taken down. */
static void
test_closed_and_kept (void)
{
  Home home = { 0 };

  home_start (&home, set_up_filled);
  lifecycle_scope_close_with_reason (home.scope, LIFECYCLE_REASON_REPLACED, NULL);
  home_end (&home);

  g_assert_true (lifecycle_scope_is_closed (home.scope));
  g_assert_cmpint (lifecycle_scope_get_reason (home.scope), ==, LIFECYCLE_REASON_REPLACED);
  g_assert_cmpint (home.cleanups, ==, 1);
  g_assert_cmpuint (n_abandoned_of (home.scope), ==, 1);

  /* The scope is the last to hold the context. */
  home_inherit (&home);
  g_assert_finalize_object (home.scope);
  home_assert_gone (&home);
}

/* If the thread does run its context, nothing is abandoned. */
static void
iterate_before_end (Home *home)
{
  while (g_main_context_iteration (home->context, FALSE))
    ;
}

static void
test_not_abandoned (void)
{
  Home home = { .before_end = iterate_before_end };
  guint64 before = n_abandoned ();

  home_start (&home, set_up_filled);
  lifecycle_scope_close (home.scope);
  g_object_unref (home.scope);
  home_end (&home);

  g_assert_cmpint (home.cleanups, ==, 1);
  home_assert_gone (&home);
  g_assert_cmpuint (n_abandoned () - before, ==, 0);
}

/* What ends with the scope goes in the same go, also a child that somebody holds. */
static LifecycleScope *kept_child;
static LifecycleScope *kept_parent;

static void
set_up_family (Home *home)
{
  g_autoptr (LifecycleScope) follower = lifecycle_scope_new_child (home->scope, "follower");
  LifecycleScope *child = lifecycle_scope_get_child (home->scope, "child");

  kept_child = g_object_ref (child);
  fill (home, child);
  fill (home, follower);
  lifecycle_scope_follow (follower, child);
  fill (home, home->scope);
}

static void
test_family (void)
{
  Home home = { 0 };

  home_start (&home, set_up_family);
  lifecycle_scope_close (home.scope);
  g_object_unref (home.scope);
  home_end (&home);

  g_assert_true (lifecycle_scope_is_closed (kept_child));
  g_assert_cmpint (home.cleanups, ==, 3);
  g_assert_cmpint (home.notifies, ==, 3 * N_NOTIFIES);
  home_inherit (&home);
  g_assert_finalize_object (g_steal_pointer (&kept_child));
  home_assert_gone (&home);
}

/* A child that has another home than its parent: the parent closes, and the child's thread ends. */
static void
test_child_elsewhere (void)
{
  Home home = { 0 };
  g_autoptr (LifecycleScope) parent = lifecycle_scope_new ("parent");
  guint64 before = n_abandoned ();

  home_start (&home, set_up_filled);
  lifecycle_scope_follow (home.scope, parent);
  g_object_unref (home.scope);
  lifecycle_scope_close (parent);
  home_end (&home);

  g_assert_cmpint (home.cleanups, ==, 1);
  home_assert_gone (&home);
  g_assert_cmpuint (n_abandoned () - before, ==, 1);
}

/* The end of a wait, at home or on the main thread. */
typedef struct
{
  Home   *home;
  int     done;
  GError *error;
} Wait;

static void
close_cb (GObject      *scope,
          GAsyncResult *result,
          gpointer      data)
{
  Wait *wait = data;

  g_assert_true (home_here == wait->home);
  lifecycle_scope_close_finish (LIFECYCLE_SCOPE (scope), result, &wait->error);
  wait->done++;
}

static void
drain_cb (GObject      *scope,
          GAsyncResult *result,
          gpointer      data)
{
  Wait *wait = data;

  g_assert_true (home_here == wait->home);
  lifecycle_scope_drain_finish (LIFECYCLE_SCOPE (scope), result, &wait->error);
  wait->done++;
}

static void
wait_assert_gave_up (Wait *wait)
{
  g_assert_cmpint (wait->done, ==, 1);
  g_assert_error (wait->error, LIFECYCLE_ERROR, LIFECYCLE_ERROR_TIMED_OUT);
  g_assert_nonnull (strstr (wait->error->message, "operation 'work'"));
  g_clear_error (&wait->error);
}

/* close_async() from elsewhere: the call itself never arrives. */
static void
test_close_call (void)
{
  Home home = { 0 };
  Wait wait = { 0 };

  home_start (&home, set_up_filled);
  lifecycle_scope_close_async (home.scope, LIFECYCLE_REASON_COMPLETED, 0, NULL, close_cb, &wait);
  home_end (&home);

  test_iterate_until (wait.done > 0);
  g_assert_no_error (wait.error);
  g_assert_cmpint (home.cleanups, ==, 1);
  g_assert_cmpuint (n_abandoned_of (home.scope), ==, 1);
  home_inherit (&home);
  g_assert_finalize_object (home.scope);
  home_assert_gone (&home);
}

/* close_async() that waits at home for an operation that does not end, or has ended just now. */
static Wait home_wait;
static LifecycleOperation *pending;

static void
set_up_waiting (Home *home)
{
  fill (home, home->scope);
  pending = lifecycle_scope_begin (home->scope, "work");
  home_wait = (Wait) { home };
  lifecycle_scope_close_async (home->scope, LIFECYCLE_REASON_COMPLETED, 1000 * 1000, NULL,
                               close_cb, &home_wait);
}

static void
test_close_wait (void)
{
  Home home = { 0 };
  guint64 before = n_abandoned ();

  home_start (&home, set_up_waiting);
  g_object_unref (home.scope);
  home_end (&home);

  /* The callback was called on the thread, which had no other chance. */
  wait_assert_gave_up (&home_wait);
  g_assert_cmpint (home.cleanups, ==, 1);
  g_assert_cmpuint (n_abandoned () - before, ==, 1);

  /* An operation that is still under way holds the context. */
  home_inherit (&home);
  lifecycle_operation_end (pending);
  home_assert_gone (&home);
}

static void
test_close_wait_woken (void)
{
  Home home = { 0 };

  home_start (&home, set_up_waiting);
  g_object_unref (home.scope);
  lifecycle_operation_end (pending);
  home_end (&home);

  g_assert_cmpint (home_wait.done, ==, 1);
  g_assert_no_error (home_wait.error);
  g_assert_cmpint (home.cleanups, ==, 1);
  home_assert_gone (&home);
}

/* A drain that waits at home, and one whose call never arrives. */
static void
set_up_draining (Home *home)
{
  fill (home, home->scope);
  pending = lifecycle_scope_begin (home->scope, "work");
  home_wait = (Wait) { home };
  lifecycle_scope_drain_async (home->scope, LIFECYCLE_REASON_SHUTDOWN, 0, NULL,
                               drain_cb, &home_wait);
}

static void
test_drain_wait (void)
{
  Home home = { 0 };

  home_start (&home, set_up_draining);
  home_end (&home);

  wait_assert_gave_up (&home_wait);
  g_assert_true (lifecycle_scope_is_closed (home.scope));
  g_assert_cmpint (lifecycle_scope_get_reason (home.scope), ==, LIFECYCLE_REASON_SHUTDOWN);
  g_assert_cmpint (home.cleanups, ==, 1);
  g_assert_cmpuint (n_abandoned_of (home.scope), ==, 1);

  home_inherit (&home);
  lifecycle_operation_end (pending);
  g_assert_finalize_object (home.scope);
  home_assert_gone (&home);
}

/* A drain of a scope elsewhere waits for an operation, and its result will never be seen. */
static void
set_up_child (Home *home)
{
  g_autoptr (LifecycleScope) child = lifecycle_scope_new_child (kept_parent, "child");

  pending = lifecycle_scope_begin (child, "work");
  fill (home, child);
}

static void
check_drain_elsewhere (gboolean gone_before)
{
  Home home = { 0 };
  Wait wait = { &home };

  kept_parent = lifecycle_scope_new ("parent");
  home_start (&home, set_up_child);
  g_object_unref (home.scope);
  if (gone_before)
    {
      home_end (&home);
      home_inherit (&home);
    }
  lifecycle_scope_drain_async (kept_parent, LIFECYCLE_REASON_SHUTDOWN, 0, NULL, drain_cb, &wait);
  test_drain ();
  if (!gone_before)
    {
      g_assert_cmpint (lifecycle_scope_get_state (kept_parent), ==, LIFECYCLE_STATE_OPEN);
      home_end (&home);
      home_inherit (&home);
    }

  test_iterate_until (wait.done > 0);
  wait_assert_gave_up (&wait);
  g_assert_cmpint (home.cleanups, ==, 1);
  g_assert_finalize_object (g_steal_pointer (&kept_parent));

  lifecycle_operation_end (pending);
  home_assert_gone (&home);
}

static void
test_drain_elsewhere (void)
{
  check_drain_elsewhere (FALSE);
}

static void
test_drain_elsewhere_gone (void)
{
  check_drain_elsewhere (TRUE);
}

/* Nobody waits for either: no result is left to a context that is not run any more. */
static void
close_unwaited (Home *home)
{
  lifecycle_scope_drain_async (home->scope, LIFECYCLE_REASON_COMPLETED, 0, NULL, NULL, NULL);
  lifecycle_scope_close_async (home->scope, LIFECYCLE_REASON_COMPLETED, 0, NULL, NULL, NULL);
}

static void
test_close_unwaited (void)
{
  Home home = { .before_end = close_unwaited };

  home_start (&home, set_up_filled);
  home_end (&home);
  g_assert_cmpint (home.cleanups, ==, 1);

  home_inherit (&home);
  g_assert_finalize_object (home.scope);
  home_assert_gone (&home);
}

/* It keeps the scope until the close is over. */
static void
test_close_unwaited_keeps (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("unwaited");
  LifecycleOperation *operation = lifecycle_scope_begin (scope, "work");
  int finalized = 0;

  test_count_finalize (scope, &finalized);
  lifecycle_scope_close_async (scope, LIFECYCLE_REASON_COMPLETED, 0, NULL, NULL, NULL);
  g_object_unref (scope);
  test_drain ();
  g_assert_cmpint (finalized, ==, 0);

  lifecycle_operation_end (operation);
  test_drain ();
  g_assert_cmpint (finalized, ==, 1);
}

static void
test_drain_call (void)
{
  Home home = { 0 };
  Wait wait = { 0 };

  home_start (&home, set_up_filled);
  pending = lifecycle_scope_begin (home.scope, "work");
  lifecycle_scope_drain_async (home.scope, LIFECYCLE_REASON_SHUTDOWN, 0, NULL, drain_cb, &wait);
  home_end (&home);

  test_iterate_until (wait.done > 0);
  wait_assert_gave_up (&wait);
  g_assert_cmpint (home.cleanups, ==, 1);
  g_assert_cmpuint (n_abandoned_of (home.scope), >=, 1);

  home_inherit (&home);
  lifecycle_operation_end (pending);
  g_assert_finalize_object (home.scope);
  home_assert_gone (&home);
}

/* Queued handlers: copies of what was emitted. */
static void
set_up_queued (Home *home)
{
  lifecycle_scope_connect_full (home->scope, home->emitter, "params",
                                G_CALLBACK (test_never_handler_cb), home,
                                (GClosureNotify) at_home_notify, LIFECYCLE_CONNECT_QUEUED);
}

static void
emit_params (TestEmitter *emitter,
             int         *finalized)
{
  g_autoptr (GObject) object = g_object_new (G_TYPE_OBJECT, NULL);

  test_count_finalize (object, finalized);
  g_signal_emit_by_name (emitter, "params", 1, "text", object);
}

static void
test_mail (void)
{
  Home home = { .emitter = test_emitter_new () };
  guint64 before = n_abandoned ();
  int finalized = 0;

  home_start (&home, set_up_queued);
  emit_params (home.emitter, &finalized);
  emit_params (home.emitter, &finalized);
  g_object_unref (home.scope);
  g_assert_cmpint (finalized, ==, 0);
  home_end (&home);

  g_assert_cmpint (finalized, ==, 2);
  g_assert_cmpint (home.notifies, ==, 1);
  home_assert_gone (&home);
  g_assert_cmpuint (n_abandoned () - before, ==, 3);
  g_assert_false (test_has_handlers (home.emitter, "params"));
  g_assert_finalize_object (home.emitter);
}

/* The thread has ended before the scope is dropped: this thread is the one to take it down. */
static void
test_mail_inherited (void)
{
  Home home = { .emitter = test_emitter_new () };
  guint64 before = n_abandoned ();
  int finalized = 0;

  home_start (&home, set_up_queued);
  emit_params (home.emitter, &finalized);
  home_end (&home);
  emit_params (home.emitter, &finalized);
  g_assert_cmpint (finalized, ==, 0);

  home_inherit (&home);
  g_assert_finalize_object (home.scope);
  g_assert_cmpint (finalized, ==, 2);
  g_assert_cmpint (home.notifies, ==, 1);
  home_assert_gone (&home);
  g_assert_cmpuint (n_abandoned () - before, ==, 2);
  g_assert_finalize_object (home.emitter);
}

/* A handler that goes on without its scope still has its home. Its mail holds the emitter: when that
 * emits again, nobody is at home any more.
 */
static void
steal_before_end (Home *home)
{
  gulong id = g_signal_handler_find (home->emitter, G_SIGNAL_MATCH_ID,
                                     g_signal_lookup ("params", TEST_TYPE_EMITTER), 0,
                                     NULL, NULL, NULL);

  g_assert_true (lifecycle_scope_steal_handler (home->scope, G_OBJECT (home->emitter), id));
  g_clear_object (&home->scope);
  emit_params (home->emitter, &home->freed);
}

static void
test_mail_stolen (void)
{
  Home home = { .emitter = test_emitter_new (), .before_end = steal_before_end };
  guint64 before = n_abandoned ();

  home_start (&home, set_up_queued);
  home_end (&home);
  g_assert_cmpint (home.freed, ==, 0);

  home_inherit (&home);
  emit_params (home.emitter, &home.freed);
  g_assert_cmpint (home.freed, ==, 2);
  home_assert_gone (&home);
  g_assert_cmpuint (n_abandoned () - before, ==, 2);
  g_assert_cmpint (home.notifies, ==, 0);

  g_assert_finalize_object (home.emitter);
  g_assert_cmpint (home.notifies, ==, 1);
}

/* Results of operations, with what the calls have kept. */
static LifecycleOperation *call;

static void
never_called_cb (GObject      *source_object,
                 GAsyncResult *result,
                 gpointer      data)
{
  g_assert_not_reached ();
}

static void
set_up_operation (Home *home)
{
  call = lifecycle_scope_begin_async (home->scope, "call", never_called_cb, home, at_home_notify);
  lifecycle_operation_keep (call, home, at_home_notify);
}

static void
complete (int *finalized)
{
  TestResult *result = g_object_new (TEST_TYPE_RESULT, NULL);

  result->finalized = finalized;
  lifecycle_operation_ready (NULL, G_ASYNC_RESULT (result), g_steal_pointer (&call));
  g_object_unref (result);
}

static void
test_result (void)
{
  Home home = { 0 };
  guint64 before = n_abandoned ();
  int finalized = 0;

  home_start (&home, set_up_operation);
  complete (&finalized);
  g_object_unref (home.scope);
  g_assert_cmpint (home.notifies, ==, 0);
  home_end (&home);

  g_assert_cmpint (home.notifies, ==, 2);
  g_assert_cmpint (finalized, ==, 1);
  home_assert_gone (&home);
  g_assert_cmpuint (n_abandoned () - before, ==, 2);
}

/* The scope has closed, and the result comes after that, with data that had to live until then. */
static void
close_before_end (Home *home)
{
  lifecycle_scope_close (home->scope);
  g_clear_object (&home->scope);
}

static void
test_kept_data (void)
{
  Home home = { .before_end = close_before_end };
  guint64 before = n_abandoned ();
  int finalized = 0;

  home_start (&home, set_up_operation);
  home_end (&home);
  g_assert_cmpint (home.notifies, ==, 1);

  home_inherit (&home);
  complete (&finalized);
  g_assert_cmpint (home.notifies, ==, 2);
  g_assert_cmpint (finalized, ==, 1);
  home_assert_gone (&home);
  g_assert_cmpuint (n_abandoned () - before, ==, 1);
}

/* A shielded operation: its callback has no home to be called at. */
static void
set_up_shielded (Home *home)
{
  set_up_operation (home);
  lifecycle_operation_set_shielded (call, 1000 * 1000);
}

static void
test_shielded (void)
{
  Home home = { 0 };
  guint64 before = n_abandoned ();
  int finalized = 0;

  home_start (&home, set_up_shielded);
  complete (&finalized);
  g_object_unref (home.scope);
  home_end (&home);

  g_assert_cmpint (home.notifies, ==, 2);
  g_assert_cmpint (finalized, ==, 1);
  home_assert_gone (&home);
  g_assert_cmpuint (n_abandoned () - before, ==, 2);
}

/* What is added from elsewhere: timers and idles wait for a context that nobody runs. */
static void
set_up_nothing (Home *home)
{
}

static void
test_added_elsewhere (void)
{
  Home home = { 0 };
  LifecycleTimer *timer;

  home_start (&home, set_up_nothing);
  fill (&home, home.scope);
  timer = lifecycle_scope_new_timeout (home.scope, 0, test_never_source_cb, &home, at_home_notify);
  g_object_unref (home.scope);
  home_end (&home);

  g_assert_cmpint (home.cleanups, ==, 1);
  g_assert_cmpint (home.notifies, ==, N_NOTIFIES + 1);
  g_assert_false (lifecycle_timer_is_active (timer));
  lifecycle_timer_unref (timer);
  home_assert_gone (&home);
}

/* clear_kind() of a tree in which a scope has its home elsewhere. */
static void
test_clear_kind (void)
{
  Home home = { 0 };
  g_autoptr (LifecycleScope) parent = lifecycle_scope_new ("parent");
  guint64 before = n_abandoned ();

  home_start (&home, set_up_filled);
  lifecycle_scope_follow (home.scope, parent);
  lifecycle_scope_clear_kind (parent, LIFECYCLE_KIND_DATA, TRUE);
  g_assert_cmpint (home.notifies, ==, 0);
  home_end (&home);

  g_assert_cmpint (home.notifies, ==, 1);
  g_assert_cmpint (lifecycle_scope_get_state (home.scope), ==, LIFECYCLE_STATE_OPEN);
  g_assert_cmpuint (n_abandoned () - before, ==, 1);

  home_inherit (&home);
  g_assert_finalize_object (home.scope);
  g_assert_cmpint (home.notifies, ==, N_NOTIFIES);
  home_assert_gone (&home);
}

/* A phase whose signal comes from elsewhere: it would open a run at home. */
static void
never_run_cb (LifecycleScope *run,
              gpointer        data)
{
  g_assert_not_reached ();
}

static void
set_up_phase (Home *home)
{
  lifecycle_scope_add_phase (home->scope, G_OBJECT (home->emitter), "plain", "late", FALSE,
                             never_run_cb, home, at_home_notify);
}

static void
test_phase (void)
{
  Home home = { .emitter = test_emitter_new () };
  guint64 before = n_abandoned ();

  home_start (&home, set_up_phase);
  test_emit (home.emitter, "plain");
  g_object_unref (home.scope);
  home_end (&home);

  g_assert_cmpint (home.notifies, ==, 1);
  home_assert_gone (&home);
  g_assert_cmpuint (n_abandoned () - before, >=, 1);
  g_assert_finalize_object (home.emitter);
}

/* Another thread runs the context when the thread that made the scope ends. When that one stops,
 * too, the next thread that ends takes the scope down.
 */
typedef struct
{
  GThread      *thread;
  GMainContext *context;
  int           runs;
  int           stop;
} Other;

static Other other;

static gpointer
other_thread (gpointer data)
{
  /* It owns the context, as somebody who runs it does, but it dispatches nothing. */
  g_assert_true (g_main_context_acquire (other.context));
  g_atomic_int_set (&other.runs, TRUE);
  test_wait_for (g_atomic_int_get (&other.stop));
  g_main_context_release (other.context);
  g_main_context_unref (other.context);

  return NULL;
}

static void
let_other_run (Home *home)
{
  other = (Other) { .context = g_main_context_ref (home->context) };
  other.thread = g_thread_new ("other", other_thread, NULL);
  test_wait_for (g_atomic_int_get (&other.runs));
}

static void
other_stop (void)
{
  g_atomic_int_set (&other.stop, TRUE);
  g_thread_join (other.thread);
}

static gpointer
next_thread (gpointer data)
{
  home_here = data;
  /* The library knows only threads that have made a scope. */
  g_object_unref (lifecycle_scope_new ("short"));

  return NULL;
}

static void
test_stray (void)
{
  Home home = { .after_pop = let_other_run };
  guint64 before = n_abandoned ();

  home_start (&home, set_up_filled);
  g_object_unref (home.scope);
  home_end (&home);
  g_thread_join (g_thread_new ("next", next_thread, NULL));
  g_assert_cmpint (home.cleanups, ==, 0);

  other_stop ();
  g_assert_cmpint (home.cleanups, ==, 0);

  g_thread_join (g_thread_new ("next", next_thread, &home));
  g_assert_cmpint (home.cleanups, ==, 1);
  g_assert_cmpint (home.notifies, ==, N_NOTIFIES);
  home_assert_gone (&home);
  g_assert_cmpuint (n_abandoned () - before, ==, 1);
}

/* A drain that begins on a home that is gone: nobody could ever end its wait. */
static void
test_stray_drain (void)
{
  Home home = { .after_pop = let_other_run };
  Wait wait = { &home };

  home_start (&home, set_up_filled);
  pending = lifecycle_scope_begin (home.scope, "work");
  home_end (&home);
  lifecycle_scope_drain_async (home.scope, LIFECYCLE_REASON_SHUTDOWN, 0, NULL, drain_cb, &wait);
  other_stop ();
  g_assert_cmpint (home.cleanups, ==, 0);

  g_thread_join (g_thread_new ("next", next_thread, &home));
  g_assert_cmpint (home.cleanups, ==, 1);
  home_inherit (&home);
  test_iterate_until (wait.done > 0);
  wait_assert_gave_up (&wait);

  lifecycle_operation_end (pending);
  g_assert_finalize_object (home.scope);
  home_assert_gone (&home);
}

/* The same, and a parent elsewhere has closed meanwhile. */
static void
test_stray_drain_marked (void)
{
  Home home = { .after_pop = let_other_run };
  LifecycleScope *parent = lifecycle_scope_new ("parent");

  home_start (&home, set_up_draining);
  lifecycle_scope_follow (home.scope, parent);
  home_end (&home);
  lifecycle_scope_close (parent);
  g_object_unref (parent);
  g_assert_cmpint (lifecycle_scope_get_state (home.scope), ==, LIFECYCLE_STATE_CLOSING);
  other_stop ();

  g_thread_join (g_thread_new ("next", next_thread, &home));
  g_assert_cmpint (home.cleanups, ==, 1);
  wait_assert_gave_up (&home_wait);

  home_inherit (&home);
  lifecycle_operation_end (pending);
  g_assert_finalize_object (home.scope);
  home_assert_gone (&home);
}

/* What is taken down as the thread ends may itself leave something behind. */
static LifecycleScope *left_behind;

static void
unref_elsewhere (gpointer scope)
{
  g_object_unref (scope);
}

static void
leave_behind_cleanup (LifecycleScope   *scope,
                      LifecycleReason   reason,
                      gpointer          data,
                      GError          **error)
{
  Home *home = data;

  at_home_cleanup (scope, reason, data, error);
  if (home->cleanups == 3)
    return;

  left_behind = g_object_new (LIFECYCLE_TYPE_SCOPE, "name", "left behind", NULL);
  lifecycle_scope_defer (left_behind, leave_behind_cleanup, home, NULL);
  test_in_thread (unref_elsewhere, left_behind);
}

static void
set_up_leaver (Home *home)
{
  lifecycle_scope_defer (home->scope, leave_behind_cleanup, home, NULL);
}

static void
test_leaves_behind (void)
{
  Home home = { 0 };

  home_start (&home, set_up_leaver);
  g_object_unref (home.scope);
  home_end (&home);

  g_assert_cmpint (home.cleanups, ==, 3);
  home_assert_gone (&home);
}

/* The default context is run again, sooner or later. */
static int default_closed;

static gpointer
default_thread (gpointer data)
{
  LifecycleScope *scope = lifecycle_scope_new ("default");

  lifecycle_scope_defer (scope, test_count_cleanup, &default_closed, NULL);
  g_object_unref (scope);

  return NULL;
}

static void
test_default_context (void)
{
  guint64 before = n_abandoned ();

  /* While it is run here, the other thread is not at home. */
  g_assert_true (g_main_context_acquire (NULL));
  g_thread_join (g_thread_new ("default", default_thread, NULL));
  g_main_context_release (NULL);
  g_assert_cmpint (default_closed, ==, 0);

  test_drain ();
  g_assert_cmpint (default_closed, ==, 1);
  g_assert_cmpuint (n_abandoned () - before, ==, 0);
}

/* Where the count is shown. */
static void
test_shown (void)
{
  Home home = { 0 };
  g_autoptr (LifecycleMonitor) monitor = lifecycle_monitor_new ();
  g_autofree char *metrics = NULL;
  g_autoptr (LifecycleStatistics) statistics = NULL;
  g_autofree char *text = NULL;

  home_start (&home, set_up_nothing);
  lifecycle_scope_close (home.scope);
  home_end (&home);

  statistics = lifecycle_scope_get_statistics (home.scope, TRUE);
  g_assert_cmpuint (lifecycle_statistics_get_n_abandoned (statistics), ==, 1);
  text = lifecycle_statistics_to_string (statistics);
  g_assert_nonnull (strstr (text, "; abandoned 1"));
  metrics = lifecycle_monitor_to_openmetrics (monitor);
  g_assert_nonnull (strstr (metrics, "\nlifecycle_abandoned_total "));
  g_assert_null (strstr (metrics, "\nlifecycle_abandoned_total 0"));

  home_inherit (&home);
  g_assert_finalize_object (home.scope);
  home_assert_gone (&home);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/home-end/dropped", test_dropped);
  g_test_add_func ("/lifecycle/home-end/closed-and-dropped", test_closed_and_dropped);
  g_test_add_func ("/lifecycle/home-end/closed-and-kept", test_closed_and_kept);
  g_test_add_func ("/lifecycle/home-end/not-abandoned", test_not_abandoned);
  g_test_add_func ("/lifecycle/home-end/family", test_family);
  g_test_add_func ("/lifecycle/home-end/child-elsewhere", test_child_elsewhere);
  g_test_add_func ("/lifecycle/home-end/close-call", test_close_call);
  g_test_add_func ("/lifecycle/home-end/close-wait", test_close_wait);
  g_test_add_func ("/lifecycle/home-end/close-wait-woken", test_close_wait_woken);
  g_test_add_func ("/lifecycle/home-end/close-unwaited", test_close_unwaited);
  g_test_add_func ("/lifecycle/home-end/close-unwaited-keeps", test_close_unwaited_keeps);
  g_test_add_func ("/lifecycle/home-end/drain-wait", test_drain_wait);
  g_test_add_func ("/lifecycle/home-end/drain-call", test_drain_call);
  g_test_add_func ("/lifecycle/home-end/drain-elsewhere", test_drain_elsewhere);
  g_test_add_func ("/lifecycle/home-end/drain-elsewhere-gone", test_drain_elsewhere_gone);
  g_test_add_func ("/lifecycle/home-end/mail", test_mail);
  g_test_add_func ("/lifecycle/home-end/mail-inherited", test_mail_inherited);
  g_test_add_func ("/lifecycle/home-end/mail-stolen", test_mail_stolen);
  g_test_add_func ("/lifecycle/home-end/result", test_result);
  g_test_add_func ("/lifecycle/home-end/kept-data", test_kept_data);
  g_test_add_func ("/lifecycle/home-end/shielded", test_shielded);
  g_test_add_func ("/lifecycle/home-end/added-elsewhere", test_added_elsewhere);
  g_test_add_func ("/lifecycle/home-end/clear-kind", test_clear_kind);
  g_test_add_func ("/lifecycle/home-end/phase", test_phase);
  g_test_add_func ("/lifecycle/home-end/stray", test_stray);
  g_test_add_func ("/lifecycle/home-end/stray-drain", test_stray_drain);
  g_test_add_func ("/lifecycle/home-end/stray-drain-marked", test_stray_drain_marked);
  g_test_add_func ("/lifecycle/home-end/leaves-behind", test_leaves_behind);
  g_test_add_func ("/lifecycle/home-end/default-context", test_default_context);
  g_test_add_func ("/lifecycle/home-end/shown", test_shown);

  return g_test_run ();
}
