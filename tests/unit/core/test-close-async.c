/* test-close-async.c: a close that waits for what is under way
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-operation-util.h"

/* Work in brackets. */

static void
end_thread (gpointer op)
{
  lifecycle_operation_end (op);
}

static void
ready_thread (gpointer async)
{
  test_async_ready (async);
}

static void
failing_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          word,
                 GError          **error)
{
  test_log ("%s", (const char *) word);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, word);
}

static gboolean
flag_source_cb (gpointer flag)
{
  g_atomic_int_inc ((int *) flag);
  return G_SOURCE_REMOVE;
}

/* Iterates for at least that long, in which anything that is due comes. */
static void
iterate_for (guint interval_ms)
{
  int done = 0;

  g_timeout_add (interval_ms, flag_source_cb, &done);
  test_run_until (test_done_counted, &done);
  test_drain ();
}

/* Nothing to wait for. */

static void
test_empty (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestWait wait = { 0 };

  test_wait_full (&wait, scope, LIFECYCLE_REASON_ABORTED, 0, NULL);
  g_assert_cmpint (lifecycle_scope_get_state (scope), !=, LIFECYCLE_STATE_OPEN);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_ABORTED);
  g_assert_cmpint (wait.done, ==, 0);
  test_wait_assert_closed (&wait);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_ABORTED);
  g_assert_null (lifecycle_scope_get_error (scope));
  g_assert_finalize_object (scope);
}

static void
test_no_callback (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");

  lifecycle_scope_close_async (scope, LIFECYCLE_REASON_COMPLETED, 0, NULL, NULL, NULL);
  lifecycle_scope_close_async (scope, LIFECYCLE_REASON_COMPLETED, 10000, NULL, NULL, NULL);
  test_drain ();
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSING);
  lifecycle_operation_end (op);
  test_run_until (test_done_closed, scope);
  test_drain ();
  g_assert_finalize_object (scope);
}

/* The wait is what keeps the scope: nobody else has to. */
static void
test_unreferenced (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  gpointer weak = scope;
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  TestWait wait = { 0 };

  g_object_add_weak_pointer (G_OBJECT (scope), &weak);
  test_wait (&wait, scope, 0);
  g_object_unref (scope);
  g_assert_nonnull (weak);
  test_wait_assert_waiting (&wait);
  lifecycle_operation_end (op);
  test_wait_assert_closed (&wait);
  g_assert_null (weak);
}

static void
test_order (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  LifecycleOperation *op;
  TestEmitter *emitter = test_emitter_new ();
  TestAsync async = { .word = "call" };
  TestWait wait = { .word = "done" };

  g_signal_connect (scope, "closing", G_CALLBACK (test_log_scope_cb), (gpointer) "closing");
  g_signal_connect (child, "closing", G_CALLBACK (test_log_scope_cb), (gpointer) "child-closing");
  g_signal_connect (scope, "closed", G_CALLBACK (test_log_scope_cb), (gpointer) "closed");
  g_signal_connect (child, "closed", G_CALLBACK (test_log_scope_cb), (gpointer) "child-closed");
  lifecycle_scope_adopt (scope, (gpointer) "data", test_log_notify);
  lifecycle_scope_defer (child, test_log_cleanup, (gpointer) "child-cleanup", test_log_notify);
  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                (gpointer) "handler", test_log_closure_notify, 0);
  lifecycle_scope_add_idle (scope, test_never_source_cb, (gpointer) "idle", test_log_notify);
  lifecycle_scope_add_timeout (child, 0, test_never_source_cb, (gpointer) "timer", test_log_notify);
  lifecycle_scope_defer (scope, test_log_cleanup, (gpointer) "cleanup", test_log_notify);
  test_async_begin (&async, child, "call");
  op = lifecycle_scope_begin (scope, "bracket");

  /* At once: it is announced, mute, and cancelled; nothing that was given is let go of. */
  test_wait (&wait, scope, 0);
  test_assert_log ("closing child-closing");
  g_assert_false (test_has_handlers (emitter, "plain"));
  g_assert_true (test_async_is_cancelled (&async));
  g_assert_true (g_cancellable_is_cancelled (lifecycle_operation_get_cancellable (op)));
  g_assert_true (g_cancellable_is_cancelled (lifecycle_scope_get_cancellable (scope)));
  g_assert_cmpint (lifecycle_scope_get_state (child), ==, LIFECYCLE_STATE_CLOSING);
  g_assert_cmpint (lifecycle_scope_get_reason (child), ==, LIFECYCLE_REASON_PARENT_CLOSED);
  test_emit (emitter, "plain");
  test_wait_assert_waiting (&wait);

  lifecycle_operation_end (op);
  test_wait_assert_waiting (&wait);
  if (async.destroyed == 0)
    test_assert_log ("");
  else
    test_assert_log ("~call");
  test_async_ready (&async);
  test_wait_assert_closed (&wait);
  test_async_assert_ended (&async, 0);
  test_drain ();

  {
    g_autofree char *words = g_strchomp (g_string_free (g_steal_pointer (&test_log_buffer), FALSE));
    const char *expected[] = { "cleanup ~cleanup", "~idle", "~handler", "~data", "~timer",
                               "child-cleanup ~child-cleanup", "child-closed", "closed done" };
    const char *at = words;
    guint i;

    /* Last in, first out, wherever the end of the call comes. */
    for (i = 0; i < G_N_ELEMENTS (expected); i++)
      {
        at = strstr (at, expected[i]);
        if (at == NULL)
          g_error ("\"%s\" is missing or in the wrong place in \"%s\"", expected[i], words);
      }
    g_assert_nonnull (strstr (words, "~call"));
    g_assert_true (g_str_has_suffix (words, "closed done"));
  }
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* Waiting. */

static void
test_drains (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  LifecycleScope *below = lifecycle_scope_new_child (child, "below");
  LifecycleScope *scopes[3] = { scope, child, below };
  LifecycleOperation *ops[3];
  TestAsync asyncs[3] = { 0 };
  TestWait wait = { 0 };
  int cleaned = 0;
  guint i;

  for (i = 0; i < 3; i++)
    {
      ops[i] = lifecycle_scope_begin (scopes[i], "bracket");
      test_async_start (&asyncs[i], scopes[i], "call");
      lifecycle_scope_defer (scopes[i], test_count_cleanup, &cleaned, NULL);
    }
  test_wait (&wait, scope, 0);
  for (i = 0; i < 3; i++)
    {
      test_wait_assert_waiting (&wait);
      g_assert_true (test_async_is_cancelled (&asyncs[i]));
      if (i == 1)
        test_async_fail (&asyncs[i]);
      else
        test_async_succeed (&asyncs[i]);
      test_wait_assert_waiting (&wait);
      g_assert_cmpint (cleaned, ==, 0);
      lifecycle_operation_end (ops[i]);
    }
  test_wait_assert_closed (&wait);
  g_assert_cmpint (cleaned, ==, 3);
  for (i = 0; i < 3; i++)
    {
      test_async_assert_ended (&asyncs[i], 0);
      g_assert_true (lifecycle_scope_is_closed (scopes[i]));
    }
  for (i = 3; i-- > 0;)
    g_assert_finalize_object (scopes[i]);
}

/* What has ended before is not waited for, nor what ends while the close begins. */

static void
end_closing_cb (LifecycleScope  *scope,
                LifecycleReason  reason,
                gpointer         op)
{
  lifecycle_operation_end (op);
}

static void
end_cancelled_cb (GCancellable *cancellable,
                  gpointer      op)
{
  lifecycle_operation_end (op);
}

static void
ready_cancelled_cb (GCancellable *cancellable,
                    gpointer      async)
{
  test_async_ready (async);
}

static void
test_ended_before (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op;
  TestAsync async = { 0 };
  TestWait wait = { 0 };

  lifecycle_operation_end (lifecycle_scope_begin (scope, "before"));
  op = lifecycle_scope_begin (scope, "closing");
  g_signal_connect (scope, "closing", G_CALLBACK (end_closing_cb), op);
  op = lifecycle_scope_begin (scope, "cancelled");
  g_signal_connect (lifecycle_operation_get_cancellable (op), "cancelled",
                    G_CALLBACK (end_cancelled_cb), op);
  test_async_begin (&async, scope, "cancelled");
  g_signal_connect (lifecycle_operation_get_cancellable (async.op), "cancelled",
                    G_CALLBACK (ready_cancelled_cb), &async);
  test_wait (&wait, scope, 0);
  test_wait_assert_closed (&wait);
  test_async_assert_ended (&async, 0);
  g_assert_finalize_object (scope);
}

/* The success was queued already, at home and elsewhere. */
static void
test_queued (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync here = { 0 };
  TestAsync elsewhere = { 0 };
  TestWait wait = { 0 };

  test_async_start (&here, scope, "here");
  test_async_begin (&elsewhere, scope, "elsewhere");
  test_async_succeed (&here);
  test_in_thread (ready_thread, &elsewhere);
  test_wait (&wait, scope, 0);
  test_wait_assert_closed (&wait);
  test_async_assert_ended (&here, 0);
  test_async_assert_ended (&elsewhere, 0);
  g_assert_finalize_object (scope);
}

static void
test_ended_elsewhere (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  LifecycleOperation *op = lifecycle_scope_begin (child, "bracket");
  TestAsync async = { 0 };
  TestWait wait = { 0 };

  test_async_begin (&async, scope, "call");
  test_wait (&wait, scope, 0);
  test_in_thread (ready_thread, &async);
  test_wait_assert_waiting (&wait);
  test_in_thread (end_thread, op);
  test_wait_assert_closed (&wait);
  test_async_assert_ended (&async, 0);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
}

/* Only descendants and followers count. */
static void
test_others_not_waited (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *scope = lifecycle_scope_new_child (parent, "scope");
  LifecycleScope *sibling = lifecycle_scope_new_child (parent, "sibling");
  LifecycleOperation *ops[2];
  TestWait wait = { 0 };

  ops[0] = lifecycle_scope_begin (parent, "parent");
  ops[1] = lifecycle_scope_begin (sibling, "sibling");
  test_wait (&wait, scope, 0);
  test_wait_assert_closed (&wait);
  g_assert_false (g_cancellable_is_cancelled (lifecycle_operation_get_cancellable (ops[0])));
  g_assert_cmpint (lifecycle_scope_get_state (parent), ==, LIFECYCLE_STATE_OPEN);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (parent), ==, 2);
  lifecycle_operation_end (ops[0]);
  lifecycle_operation_end (ops[1]);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (parent);
  g_assert_finalize_object (sibling);
}

static void
test_followers (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  LifecycleScope *follower = lifecycle_scope_new ("follower");
  LifecycleScope *second = lifecycle_scope_new ("second");
  LifecycleOperation *ops[2];
  TestWait wait = { 0 };

  lifecycle_scope_follow (follower, child);
  lifecycle_scope_follow (second, follower);
  /* A circle is fine. */
  lifecycle_scope_follow (scope, second);
  ops[0] = lifecycle_scope_begin (follower, "follower");
  ops[1] = lifecycle_scope_begin (second, "second");
  test_wait (&wait, scope, 0);
  g_assert_cmpint (lifecycle_scope_get_reason (second), ==, LIFECYCLE_REASON_OWNER_GONE);
  g_assert_true (g_cancellable_is_cancelled (lifecycle_operation_get_cancellable (ops[1])));
  test_wait_assert_waiting (&wait);
  lifecycle_operation_end (ops[1]);
  test_wait_assert_waiting (&wait);
  lifecycle_operation_end (ops[0]);
  test_wait_assert_closed (&wait);
  g_assert_true (lifecycle_scope_is_closed (follower));
  g_assert_true (lifecycle_scope_is_closed (second));
  g_assert_finalize_object (child);
  g_assert_finalize_object (follower);
  g_assert_finalize_object (second);
  g_assert_finalize_object (scope);
}

/* Adding while it drains is late. */

static void
test_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  TestEmitter *emitter = test_emitter_new ();
  TestWait wait = { 0 };
  guint i;

  test_wait_full (&wait, scope, LIFECYCLE_REASON_ABORTED, 0, NULL);
  for (i = 0; i < 2; i++)
    {
      LifecycleScope *at = i == 0 ? scope : child;
      LifecycleScope *born;
      LifecycleOperation *late;
      TestAsync async = { 0 };

      g_assert_cmpuint (lifecycle_scope_connect_full (at, emitter, "plain",
                                                      G_CALLBACK (test_never_handler_cb),
                                                      (gpointer) "handler",
                                                      test_log_closure_notify, 0), ==, 0);
      g_assert_null (lifecycle_scope_add_idle (at, test_never_source_cb, (gpointer) "idle",
                                               test_log_notify));
      g_assert_null (lifecycle_scope_adopt (at, (gpointer) "data", test_log_notify));
      lifecycle_scope_defer (at, test_log_cleanup, (gpointer) "cleanup", test_log_notify);
      test_assert_log ("~handler ~idle ~data cleanup ~cleanup");
      born = lifecycle_scope_new_child (at, "born");
      g_assert_true (lifecycle_scope_is_closed (born));
      g_assert_finalize_object (born);

      /* Nobody waits for it. */
      test_async_begin (&async, at, "late");
      g_assert_cmpint (async.destroyed, ==, 1);
      g_assert_true (test_async_is_cancelled (&async));
      late = lifecycle_scope_begin (at, "late");
      g_assert_true (g_cancellable_is_cancelled (lifecycle_operation_get_cancellable (late)));
      if (i == 1)
        {
          lifecycle_operation_end (op);
          test_wait_assert_closed (&wait);
        }
      test_async_ready (&async);
      test_async_assert_ended (&async, 0);
      lifecycle_operation_end (late);
    }
  g_assert_false (test_has_handlers (emitter, "plain"));
  g_assert_finalize_object (emitter);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
}

static void
begin_cleanup (LifecycleScope   *scope,
               LifecycleReason   reason,
               gpointer          op,
               GError          **error)
{
  *(LifecycleOperation **) op = lifecycle_scope_begin (scope, "late");
}

/* Begun by a cleanup, as many do that have to tell a server: it is not waited for. */
static void
test_cleanup_begins (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  LifecycleOperation *late = NULL;
  TestWait wait = { 0 };

  lifecycle_scope_defer (scope, begin_cleanup, &late, NULL);
  test_wait (&wait, scope, 0);
  test_wait_assert_waiting (&wait);
  g_assert_null (late);
  lifecycle_operation_end (op);
  test_wait_assert_closed (&wait);
  g_assert_true (g_cancellable_is_cancelled (lifecycle_operation_get_cancellable (late)));
  g_assert_finalize_object (scope);
  lifecycle_operation_end (late);
}

/* Other verbs while it drains. */

static void
test_verbs (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *scope = lifecycle_scope_get_child (parent, "scope");
  LifecycleScope *moved;
  LifecycleScope *renewed;
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  TestEmitter *emitter = test_emitter_new ();
  TestWait wait = { 0 };

  g_object_ref (scope);
  lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                  NULL);
  test_wait_full (&wait, scope, LIFECYCLE_REASON_CONFLICTED, 0, NULL);

  g_assert_cmpuint (lifecycle_scope_clear (scope), ==, 0);
  test_wait_assert_waiting (&wait);
  lifecycle_scope_block (scope);
  lifecycle_scope_unblock (scope);
  g_assert_false (test_has_handlers (emitter, "plain"));
  test_wait_assert_waiting (&wait);

  moved = lifecycle_scope_move (scope);
  g_assert_true (lifecycle_scope_is_closed (moved));
  g_assert_cmpint (lifecycle_scope_get_reason (moved), ==, LIFECYCLE_REASON_CONFLICTED);
  g_assert_finalize_object (moved);
  test_wait_assert_waiting (&wait);

  /* Its name is free already. */
  renewed = lifecycle_scope_get_child (parent, "scope");
  g_assert_true (renewed != scope);
  g_assert_cmpint (lifecycle_scope_get_state (renewed), ==, LIFECYCLE_STATE_OPEN);
  renewed = lifecycle_scope_renew_child (parent, "scope");
  g_assert_cmpint (lifecycle_scope_get_state (renewed), ==, LIFECYCLE_STATE_OPEN);
  test_wait_assert_waiting (&wait);

  lifecycle_operation_end (op);
  test_wait_assert_closed (&wait);
  g_assert_cmpint (lifecycle_scope_get_state (renewed), ==, LIFECYCLE_STATE_OPEN);
  g_assert_true (lifecycle_scope_get_child (parent, "scope") == renewed);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (parent);
  g_assert_finalize_object (emitter);
}

/* A deadline of the scope's own is as mute as everything else. */
static void
test_own_deadline (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  TestWait wait = { 0 };

  lifecycle_scope_set_deadline (scope, 5);
  test_wait_full (&wait, scope, LIFECYCLE_REASON_ABORTED, 0, NULL);
  iterate_for (20);
  test_wait_assert_waiting (&wait);
  lifecycle_operation_end (op);
  test_wait_assert_closed (&wait);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_ABORTED);
  g_assert_finalize_object (scope);
}

/* What it follows ends while it drains: the outcome is the same. */
static void
test_followed_ends (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *followed = lifecycle_scope_new ("followed");
  TestEmitter *owner = test_emitter_new ();
  GCancellable *cancellable = g_cancellable_new ();
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  TestWait wait = { 0 };

  lifecycle_scope_follow (scope, followed);
  lifecycle_scope_follow_object (scope, G_OBJECT (owner));
  lifecycle_scope_follow_cancellable (scope, cancellable);
  lifecycle_scope_follow_signal (scope, G_OBJECT (owner), "plain", LIFECYCLE_REASON_CONFLICTED);
  test_wait_full (&wait, scope, LIFECYCLE_REASON_ABORTED, 0, NULL);
  test_emit (owner, "plain");
  g_cancellable_cancel (cancellable);
  g_assert_finalize_object (owner);
  lifecycle_scope_close (followed);
  test_drain ();
  lifecycle_operation_end (op);
  test_wait_run (&wait);
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_ABORTED);
  g_clear_error (&wait.error);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (followed);
  g_assert_finalize_object (cancellable);
}

/* Deadlines. */

static void
test_timeout (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  gint64 before = g_get_monotonic_time ();
  TestAsync async = { .word = "call" };
  TestWait wait = { .word = "done" };
  LifecycleOperation *op;

  lifecycle_scope_adopt (scope, (gpointer) "data", test_log_notify);
  test_async_start (&async, scope, "never");
  op = lifecycle_scope_begin (scope, "never");
  lifecycle_scope_defer (scope, test_log_cleanup, (gpointer) "cleanup", NULL);
  g_signal_connect (scope, "closed", G_CALLBACK (test_log_scope_cb), (gpointer) "closed");
  test_wait (&wait, scope, 15);
  test_wait_assert_timed_out (&wait);
  g_assert_cmpint (g_get_monotonic_time () - before, >=, 15000);
  test_assert_log ("cleanup ~call ~data closed done");
  g_clear_error (&wait.error);

  /* They end all the same. */
  test_async_succeed (&async);
  test_drain ();
  test_async_assert_ended (&async, 0);
  g_assert_finalize_object (scope);
  lifecycle_operation_end (op);
}

/* A deadline that is not reached leaves nothing behind, and ends nothing else. */
static void
test_timeout_unreached (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  TestWait wait = { 0 };

  test_wait (&wait, scope, G_MAXUINT);
  test_wait_assert_waiting (&wait);
  lifecycle_operation_end (op);
  test_wait_assert_closed (&wait);
  g_assert_finalize_object (scope);
}

static void
assert_message (const GError *error,
                const char   *path,
                const char   *name,
                guint         line)
{
  g_autofree char *place = g_strdup_printf ("test-close-async.c:%u", line);
  g_autofree char *quoted = g_strdup_printf ("'%s'", name);
  const char *at;

  g_assert_nonnull (strstr (error->message, path));
  if (name != NULL)
    {
      at = strstr (error->message, quoted);
      g_assert_nonnull (at);
      g_assert_nonnull (strstr (at, " s old"));
      at = strstr (at, place);
    }
  else
    at = strstr (error->message, place);
  if (at == NULL)
    g_error ("\"%s\" is missing in \"%s\"", place, error->message);
}

/* Each of them with its scope, its name, its age, and where it was begun. */
static void
test_timeout_message (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *scope = lifecycle_scope_new_child (root, "service");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "player");
  LifecycleScope *unnamed = lifecycle_scope_new_child (scope, NULL);
  LifecycleScope *follower = lifecycle_scope_new ("follower");
  LifecycleOperation *ops[4];
  guint lines[5];
  TestAsync async = { 0 };
  TestAsync ended = { 0 };
  TestWait wait = { 0 };
  guint i;

  lifecycle_scope_follow (follower, scope);
  lines[0] = __LINE__ + 1;
  ops[0] = lifecycle_scope_begin (scope, "saving");
  lines[1] = __LINE__ + 1;
  ops[1] = lifecycle_scope_begin (child, "telling");
  lines[2] = __LINE__ + 1;
  ops[2] = lifecycle_scope_begin (unnamed, NULL);
  lines[3] = __LINE__ + 1;
  ops[3] = lifecycle_scope_begin (follower, "following");
  lines[4] = __LINE__ + 1;
  test_async_begin (&async, child, "asking");
  test_async_begin (&ended, child, "finished");

  test_wait (&wait, scope, 5);
  test_async_ready (&ended);
  test_wait_assert_timed_out (&wait);
  g_test_message ("%s", wait.error->message);
  assert_message (wait.error, "root/service", "saving", lines[0]);
  assert_message (wait.error, "root/service/player", "telling", lines[1]);
  assert_message (wait.error, "root/service/unnamed", NULL, lines[2]);
  assert_message (wait.error, "follower", "following", lines[3]);
  assert_message (wait.error, "root/service/player", "asking", lines[4]);
  g_assert_null (strstr (wait.error->message, "finished"));
  g_assert_true (g_utf8_validate (wait.error->message, -1, NULL));
  g_clear_error (&wait.error);

  for (i = 0; i < 4; i++)
    lifecycle_operation_end (ops[i]);
  test_async_ready (&async);
  test_async_assert_ended (&async, 0);
  test_async_assert_ended (&ended, 0);
  g_assert_finalize_object (follower);
  g_assert_finalize_object (unnamed);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (root);
}

/* What a clear() has let go of is waited for all the same, and so it is counted. */
static void
test_timeout_cleared (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *ops[3];
  TestWait wait = { 0 };

  ops[0] = lifecycle_scope_begin (scope, "first");
  ops[1] = lifecycle_scope_begin (scope, "second");
  lifecycle_scope_clear (scope);
  ops[2] = lifecycle_scope_begin (scope, "third");

  test_wait (&wait, scope, 5);
  test_wait_assert_timed_out (&wait);
  g_assert_nonnull (strstr (wait.error->message, "scope: operation 'third'"));
  g_assert_nonnull (strstr (wait.error->message, "scope: 2 more, already released"));
  g_clear_error (&wait.error);

  for (guint i = 0; i < G_N_ELEMENTS (ops); i++)
    lifecycle_operation_end (ops[i]);
  g_assert_finalize_object (scope);
}

static void
iterate_closed_cb (LifecycleScope  *scope,
                   LifecycleReason  reason,
                   gpointer         data)
{
  g_usleep (10000);
  test_drain ();
}

/* The time is up at the moment when the last thing that was waited for has ended. */
static void
test_timeout_for_nothing (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *child = lifecycle_scope_new_child (parent, "child");
  LifecycleOperation *op = lifecycle_scope_begin (child, "work");
  TestWait wait = { 0 };

  g_signal_connect (child, "closed", G_CALLBACK (iterate_closed_cb), NULL);
  test_wait (&wait, parent, 5);
  lifecycle_scope_close (child);
  test_wait_assert_closed (&wait);

  lifecycle_operation_end (op);
  g_assert_finalize_object (child);
  g_assert_finalize_object (parent);
}

/* The age is that of the operation, not that of the wait. */
static void
test_timeout_age (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "old");
  TestWait wait = { 0 };
  const char *at;
  double age;

  while (lifecycle_operation_get_age (op) < 1100)
    g_usleep (10000);
  test_wait (&wait, scope, 1);
  test_wait_assert_timed_out (&wait);
  at = strstr (wait.error->message, "'old'");
  g_assert_nonnull (at);
  at += strlen ("'old'");
  at += strcspn (at, "0123456789");
  age = g_ascii_strtod (at, NULL);
  g_assert_cmpfloat (age, >=, 1.0);
  g_assert_cmpfloat (age, <=, lifecycle_operation_get_age (op) / 1000.0 + 1.0);
  g_clear_error (&wait.error);
  lifecycle_operation_end (op);
  g_assert_finalize_object (scope);
}

static void
finish_closing_cb (LifecycleScope  *scope,
                   LifecycleReason  reason,
                   gpointer         async)
{
  test_async_ready (async);
}

/* One that has ended is not a straggler, even if it was too late for its callback. */
static void
test_timeout_ended_in_closing (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync ended = { 0 };
  TestAsync stays = { 0 };
  TestWait wait = { 0 };

  test_async_begin (&ended, scope, "ended");
  test_async_begin (&stays, scope, "stays");
  g_signal_connect (scope, "closing", G_CALLBACK (finish_closing_cb), &ended);
  test_wait (&wait, scope, 1);
  test_wait_assert_timed_out (&wait);
  g_assert_null (strstr (wait.error->message, "'ended'"));
  g_assert_nonnull (strstr (wait.error->message, "'stays'"));
  g_clear_error (&wait.error);

  test_async_ready (&stays);
  test_drain ();
  test_async_assert_ended (&ended, 0);
  test_async_assert_ended (&stays, 0);
  g_assert_finalize_object (scope);
}

/* The place may be given, or not at all. */
static void
test_timeout_place (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *named = lifecycle_scope_begin_at ("elsewhere.c:42", scope, "named");
  LifecycleOperation *nowhere = lifecycle_scope_begin_at (NULL, scope, NULL);
  TestWait wait = { 0 };

  test_wait (&wait, scope, 1);
  test_wait_assert_timed_out (&wait);
  g_assert_nonnull (strstr (wait.error->message, "elsewhere.c:42"));
  g_assert_null (strstr (wait.error->message, "(null)"));
  g_clear_error (&wait.error);
  lifecycle_operation_end (named);
  lifecycle_operation_end (nowhere);
  g_assert_finalize_object (scope);
}

/* Failures. */

static void
test_failure (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  TestWait wait = { 0 };
  TestWait again = { 0 };

  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "only", NULL);
  test_wait (&wait, scope, 0);
  test_wait_assert_waiting (&wait);
  lifecycle_operation_end (op);
  test_wait_run (&wait);
  test_assert_log ("only");
  g_assert_error (wait.error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_cmpstr (wait.error->message, ==, "only");
  g_assert_cmpint (wait.state, ==, LIFECYCLE_STATE_CLOSED);
  g_assert_error (lifecycle_scope_get_error (scope), G_IO_ERROR, G_IO_ERROR_FAILED);
  g_clear_error (&wait.error);

  /* Whoever asks afterwards gets the same answer. */
  test_wait (&again, scope, 10);
  test_wait_run (&again);
  g_assert_error (again.error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_cmpstr (again.error->message, ==, "only");
  g_clear_error (&again.error);
  g_assert_finalize_object (scope);
}

static void
test_failures (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  TestWait waits[2] = { 0 };
  guint i;

  lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "first", NULL);
  lifecycle_scope_defer (child, failing_cleanup, (gpointer) "second", NULL);
  test_wait (&waits[0], scope, 0);
  test_wait (&waits[1], scope, 0);
  for (i = 0; i < 2; i++)
    {
      test_wait_run (&waits[i]);
      g_assert_error (waits[i].error, LIFECYCLE_ERROR, LIFECYCLE_ERROR_CLEANUP);
      g_assert_nonnull (strstr (waits[i].error->message, "first"));
      g_assert_nonnull (strstr (waits[i].error->message, "second"));
      g_assert_nonnull (strstr (waits[i].error->message, "scope/child"));
      g_clear_error (&waits[i].error);
    }
  test_assert_log ("first second");
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
}

/* Too late, and something went wrong besides. */
static void
test_failure_and_timeout (void)
{
  guint n_failures;

  for (n_failures = 1; n_failures <= 2; n_failures++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      LifecycleOperation *op = lifecycle_scope_begin (scope, "never");
      TestWait wait = { 0 };

      lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "failure-1", NULL);
      if (n_failures == 2)
        lifecycle_scope_defer (scope, failing_cleanup, (gpointer) "failure-2", NULL);
      test_wait (&wait, scope, 1);
      test_wait_assert_timed_out (&wait);
      g_assert_nonnull (strstr (wait.error->message, "'never'"));
      g_assert_nonnull (strstr (wait.error->message, "failure-1"));
      if (n_failures == 2)
        g_assert_nonnull (strstr (wait.error->message, "failure-2"));
      g_assert_nonnull (lifecycle_scope_get_error (scope));
      g_clear_error (&wait.error);
      lifecycle_operation_end (op);
      g_string_free (g_steal_pointer (&test_log_buffer), TRUE);
      g_assert_finalize_object (scope);
    }
}

/* Giving up the wait. */

static void
test_cancel (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  GCancellable *cancellable = g_cancellable_new ();
  TestWait given_up = { 0 };
  TestWait wait = { 0 };

  test_wait_full (&given_up, scope, LIFECYCLE_REASON_ABORTED, 0, cancellable);
  test_wait (&wait, scope, 0);
  test_wait_assert_waiting (&given_up);
  given_up.calling = TRUE;
  g_cancellable_cancel (cancellable);
  given_up.calling = FALSE;
  test_wait_run (&given_up);
  g_assert_error (given_up.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&given_up.error);

  /* The close goes on, and so does the other wait. */
  test_wait_assert_waiting (&wait);
  lifecycle_operation_end (op);
  test_wait_assert_closed (&wait);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_ABORTED);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (cancellable);
}

static void
cancel_and_iterate (TestWait *wait)
{
  g_cancellable_cancel (wait->data);
  test_drain ();
}

/* When it is over for one of them, it is for the others, too. */
static void
test_cancel_in_callback (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  GCancellable *cancellable = g_cancellable_new ();
  TestWait first = { .act = cancel_and_iterate, .data = cancellable };
  TestWait second = { 0 };

  test_wait (&first, scope, 0);
  test_wait_full (&second, scope, LIFECYCLE_REASON_ABORTED, 0, cancellable);
  lifecycle_operation_end (op);
  test_wait_run (&second);
  g_assert_cmpint (first.done, ==, 1);
  g_assert_cmpint (second.done, ==, 1);
  g_assert_no_error (second.error);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (cancellable);
}

/* Nobody waits any more: it closes nevertheless, and one may wait again. */
static void
test_cancel_all (void)
{
  guint i;

  for (i = 0; i < 3; i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
      GCancellable *cancellable = g_cancellable_new ();
      TestWait given_up = { 0 };
      TestWait wait = { 0 };

      /* Before the call, or after it. */
      if (i == 0)
        g_cancellable_cancel (cancellable);
      test_wait_full (&given_up, scope, LIFECYCLE_REASON_ABORTED, 0, cancellable);
      g_cancellable_cancel (cancellable);
      test_wait_run (&given_up);
      g_assert_error (given_up.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_error (&given_up.error);
      g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSING);
      g_assert_true (g_cancellable_is_cancelled (lifecycle_operation_get_cancellable (op)));

      if (i == 2)
        test_wait (&wait, scope, 0);
      lifecycle_operation_end (op);
      if (i == 2)
        test_wait_assert_closed (&wait);
      test_run_until (test_done_closed, scope);
      test_drain ();
      g_assert_finalize_object (scope);
      g_assert_finalize_object (cancellable);
    }
}

/* The deadline was part of the close, not of the wait. */
static void
test_cancel_deadline (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "never");
  GCancellable *cancellable = g_cancellable_new ();
  TestWait given_up = { 0 };

  test_wait_full (&given_up, scope, LIFECYCLE_REASON_ABORTED, 20, cancellable);
  g_cancellable_cancel (cancellable);
  test_wait_run (&given_up);
  g_clear_error (&given_up.error);
  test_run_until (test_done_closed, scope);
  test_drain ();
  lifecycle_operation_end (op);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (cancellable);
}

/* Cancelling when it is all over. */
static void
test_cancel_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GCancellable *cancellable = g_cancellable_new ();
  TestWait wait = { 0 };

  test_wait_full (&wait, scope, LIFECYCLE_REASON_ABORTED, 0, cancellable);
  test_wait_run (&wait);
  g_clear_error (&wait.error);
  g_cancellable_cancel (cancellable);
  test_drain ();
  g_assert_finalize_object (scope);
  g_assert_finalize_object (cancellable);
}

static void
cancel_thread (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
}

static void
test_cancel_elsewhere (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  GCancellable *cancellable = g_cancellable_new ();
  TestWait wait = { 0 };

  test_wait_full (&wait, scope, LIFECYCLE_REASON_ABORTED, 0, cancellable);
  test_in_thread (cancel_thread, cancellable);
  test_wait_run (&wait);
  g_assert_error (wait.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&wait.error);
  lifecycle_operation_end (op);
  test_run_until (test_done_closed, scope);
  test_drain ();
  g_assert_finalize_object (scope);
  g_assert_finalize_object (cancellable);
}

/* Real calls of every kind, in one tree. */

typedef struct
{
  LifecycleOperation *op;
  int                 ready;
  int                 finalized;
} Spy;

static void
spy_ready (GObject      *source_object,
           GAsyncResult *result,
           gpointer      data)
{
  Spy *spy = data;

  test_count_finalize (result, &spy->finalized);
  lifecycle_operation_ready (source_object, result, spy->op);
  g_atomic_int_inc (&spy->ready);
}

static void
never_async_cb (GObject      *source_object,
                GAsyncResult *result,
                gpointer      data)
{
  g_assert_not_reached ();
}

static GCancellable *
spy_begin (Spy            *spy,
           LifecycleScope *scope,
           const char     *name)
{
  spy->op = lifecycle_scope_begin_async (scope, name, never_async_cb, NULL, NULL);
  return lifecycle_operation_get_cancellable (spy->op);
}

static void
test_gio (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree char *cat = g_find_program_in_path ("cat");
  g_autofree char *daemon = g_find_program_in_path ("dbus-daemon");
  g_autoptr (GFile) file = g_file_new_for_path (g_get_prgname ());
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GError) error = NULL;
  GSubprocess *process = NULL;
  GTestDBus *bus = NULL;
  GDBusConnection *connection = NULL;
  TestWait wait = { 0 };
  Spy spies[4] = { 0 };
  guint i;

  g_file_read_async (file, G_PRIORITY_DEFAULT,
                     spy_begin (&spies[0], lifecycle_scope_get_child (scope, "file"), "read"),
                     spy_ready, &spies[0]);

  if (!g_socket_listener_add_address (listener, address, G_SOCKET_TYPE_STREAM,
                                      G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, &error))
    {
      g_test_message ("No socket: %s", error->message);
      g_clear_error (&error);
    }
  else
    g_socket_listener_accept_async (listener,
                                    spy_begin (&spies[1], lifecycle_scope_get_child (scope, "net"),
                                               "accept"),
                                    spy_ready, &spies[1]);

  /* What watches the daemon inherits what is open now: first the daemon, then the pipe. */
  if (daemon != NULL)
    {
      bus = g_test_dbus_new (G_TEST_DBUS_NONE);
      g_test_dbus_up (bus);
      connection = g_dbus_connection_new_for_address_sync (
          g_test_dbus_get_bus_address (bus),
          G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
              G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
          NULL, NULL, &error);
      g_assert_no_error (error);
      g_dbus_connection_call (connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                              "org.freedesktop.DBus", "ListNames", NULL, NULL,
                              G_DBUS_CALL_FLAGS_NONE, -1, spy_begin (&spies[3], scope, "names"),
                              spy_ready, &spies[3]);
    }
  else
    g_test_skip ("There is no dbus-daemon");

  if (cat != NULL)
    {
      process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE, &error, cat, NULL);
      g_assert_no_error (error);
      g_subprocess_wait_async (process, spy_begin (&spies[2], scope, "wait"),
                               spy_ready, &spies[2]);
    }

  test_wait (&wait, scope, 0);
  test_wait_assert_closed (&wait);
  for (i = 0; i < G_N_ELEMENTS (spies); i++)
    if (spies[i].op != NULL)
      {
        g_assert_cmpint (spies[i].ready, ==, 1);
        test_run_until (test_done_counted, &spies[i].finalized);
      }

  if (process != NULL)
    {
      g_output_stream_close (g_subprocess_get_stdin_pipe (process), NULL, &error);
      g_assert_no_error (error);
      g_subprocess_wait (process, NULL, &error);
      g_assert_no_error (error);
      g_object_unref (process);
    }
  if (connection != NULL)
    {
      g_dbus_connection_close_sync (connection, NULL, &error);
      g_assert_no_error (error);
      g_object_unref (connection);
      g_test_dbus_down (bus);
      g_object_unref (bus);
    }
  test_drain ();
  g_assert_finalize_object (scope);
}

/* A refusal. */
static void
test_arguments_refused (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  test_expect_critical ("*LIFECYCLE_IS_SCOPE*");
  lifecycle_scope_close_async (NULL, LIFECYCLE_REASON_COMPLETED, 0, NULL, NULL, NULL);
  g_test_assert_expected_messages ();
  test_expect_critical ("*LIFECYCLE_REASON_NONE*");
  lifecycle_scope_close_async (scope, LIFECYCLE_REASON_NONE, 0, NULL, NULL, NULL);
  g_test_assert_expected_messages ();
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  g_assert_finalize_object (scope);
}

/* Promises. */

/* A chain as deep as anybody likes, with something to wait for at its end. */
static void
test_promise_flat (void)
{
  guint n = test_amount (100000);
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *scope = root;
  LifecycleOperation *first;
  LifecycleOperation *last;
  TestWait wait = { 0 };
  int cleaned = 0;
  guint i;

  first = lifecycle_scope_begin (root, "first");
  for (i = 0; i < n; i++)
    {
      LifecycleScope *child = lifecycle_scope_new_child (scope, NULL);

      lifecycle_scope_defer (child, test_count_cleanup, &cleaned, NULL);
      /* The parent holds it. */
      g_object_unref (child);
      scope = child;
    }
  last = lifecycle_scope_begin (scope, "last");
  test_wait (&wait, root, 0);
  lifecycle_operation_end (first);
  test_wait_assert_waiting (&wait);
  g_assert_cmpint (cleaned, ==, 0);
  lifecycle_operation_end (last);
  test_wait_assert_closed (&wait);
  g_assert_cmpint (cleaned, ==, (int) n);
  g_assert_finalize_object (root);
}

/* The end of each of many operations, and of each of many waits, costs the same. */
static void
test_promise_flat_many (void)
{
  guint n = test_amount (50000);
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation **ops = g_new (LifecycleOperation *, n);
  TestWait *waits = g_new0 (TestWait, n);
  guint i;

  for (i = 0; i < n; i++)
    ops[i] = lifecycle_scope_begin (scope, "work");
  for (i = 0; i < n; i++)
    test_wait (&waits[i], scope, i % 2 == 0 ? 0 : 600000);
  for (i = 0; i < n; i++)
    lifecycle_operation_end (ops[i]);
  for (i = 0; i < n; i++)
    test_wait_assert_closed (&waits[i]);
  g_free (ops);
  g_free (waits);
  g_assert_finalize_object (scope);
}

/* No matter how many times it is closed meanwhile. */
static void
test_promise_once (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  TestWait waits[10] = { 0 };
  TestAsync async = { 0 };
  int calls[4] = { 0 };
  guint i;

  test_async_begin (&async, scope, "call");
  lifecycle_scope_defer (scope, test_count_cleanup, &calls[0], test_count_notify);
  lifecycle_scope_adopt (scope, &calls[1], test_count_notify);
  g_signal_connect (scope, "closing", G_CALLBACK (test_count_scope_cb), &calls[2]);
  g_signal_connect (scope, "closed", G_CALLBACK (test_count_scope_cb), &calls[3]);
  for (i = 0; i < 10; i++)
    test_wait (&waits[i], scope, i % 2 == 0 ? 0 : 60000);
  test_async_ready (&async);
  lifecycle_operation_end (op);
  for (i = 0; i < 10; i++)
    {
      lifecycle_scope_close (scope);
      test_wait_assert_closed (&waits[i]);
    }
  test_async_assert_ended (&async, 0);
  g_assert_cmpint (calls[0], ==, 2);
  for (i = 1; i < 4; i++)
    g_assert_cmpint (calls[i], ==, 1);
  g_assert_finalize_object (scope);
}

/* Nothing is referenced when it is over, even by what did not end in time. */
static void
test_promise_complete (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new ();
  TestEmitter *data = test_emitter_new ();
  LifecycleOperation *op;
  int finalized = 0;
  TestResult *result = g_object_new (TEST_TYPE_RESULT, NULL);
  TestWait wait = { 0 };

  op = lifecycle_scope_begin_async (scope, "never", never_async_cb, g_object_ref (data),
                                    g_object_unref);
  lifecycle_scope_add_object (scope, G_OBJECT (object));
  lifecycle_scope_connect_signal (scope, object, "plain", G_CALLBACK (test_never_handler_cb),
                                  NULL);
  test_wait (&wait, scope, 5);
  test_wait_assert_timed_out (&wait);
  g_clear_error (&wait.error);
  g_assert_finalize_object (object);
  g_assert_finalize_object (data);
  g_assert_finalize_object (scope);
  result->finalized = &finalized;
  lifecycle_operation_ready (NULL, G_ASYNC_RESULT (result), op);
  g_assert_finalize_object (result);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/close-async/empty", test_empty);
  g_test_add_func ("/lifecycle/close-async/no-callback", test_no_callback);
  g_test_add_func ("/lifecycle/close-async/unreferenced", test_unreferenced);
  g_test_add_func ("/lifecycle/promise-2-quiet/operation-draining", test_order);
  g_test_add_func ("/lifecycle/close-async/drains", test_drains);
  g_test_add_func ("/lifecycle/close-async/ended-before", test_ended_before);
  g_test_add_func ("/lifecycle/close-async/queued", test_queued);
  g_test_add_func ("/lifecycle/close-async/ended-elsewhere", test_ended_elsewhere);
  g_test_add_func ("/lifecycle/close-async/others-not-waited", test_others_not_waited);
  g_test_add_func ("/lifecycle/close-async/followers", test_followers);
  g_test_add_func ("/lifecycle/promise-6-late-is-safe/operation-draining", test_late);
  g_test_add_func ("/lifecycle/close-async/cleanup-begins", test_cleanup_begins);
  g_test_add_func ("/lifecycle/close-async/verbs", test_verbs);
  g_test_add_func ("/lifecycle/close-async/own-deadline", test_own_deadline);
  g_test_add_func ("/lifecycle/close-async/followed-ends", test_followed_ends);
  g_test_add_func ("/lifecycle/close-async/timeout", test_timeout);
  g_test_add_func ("/lifecycle/close-async/timeout-unreached", test_timeout_unreached);
  g_test_add_func ("/lifecycle/close-async/timeout-message", test_timeout_message);
  g_test_add_func ("/lifecycle/close-async/timeout-cleared", test_timeout_cleared);
  g_test_add_func ("/lifecycle/close-async/timeout-for-nothing", test_timeout_for_nothing);
  g_test_add_func ("/lifecycle/close-async/timeout-age", test_timeout_age);
  g_test_add_func ("/lifecycle/close-async/timeout-ended-in-closing",
                   test_timeout_ended_in_closing);
  g_test_add_func ("/lifecycle/close-async/timeout-place", test_timeout_place);
  g_test_add_func ("/lifecycle/close-async/failure", test_failure);
  g_test_add_func ("/lifecycle/promise-7-all-of-it/operation-draining", test_failures);
  g_test_add_func ("/lifecycle/close-async/failure-and-timeout", test_failure_and_timeout);
  g_test_add_func ("/lifecycle/close-async/cancel", test_cancel);
  g_test_add_func ("/lifecycle/close-async/cancel-in-callback", test_cancel_in_callback);
  g_test_add_func ("/lifecycle/close-async/cancel-all", test_cancel_all);
  g_test_add_func ("/lifecycle/close-async/cancel-deadline", test_cancel_deadline);
  g_test_add_func ("/lifecycle/close-async/cancel-late", test_cancel_late);
  g_test_add_func ("/lifecycle/close-async/cancel-elsewhere", test_cancel_elsewhere);
  g_test_add_func ("/lifecycle/close-async/gio", test_gio);
  g_test_add_func ("/lifecycle/close-async/arguments-refused", test_arguments_refused);
  g_test_add_func ("/lifecycle/promise-8-flat/operation-deep", test_promise_flat);
  g_test_add_func ("/lifecycle/promise-8-flat/operation-many-waits", test_promise_flat_many);
  g_test_add_func ("/lifecycle/promise-3-once/operation-close-async", test_promise_once);
  g_test_add_func ("/lifecycle/promise-1-complete/operation-timed-out", test_promise_complete);

  return g_test_run ();
}
