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

static gboolean
end_source_cb (gpointer op)
{
  lifecycle_operation_end (op);
  return G_SOURCE_REMOVE;
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
  g_assert_nonnull (strstr (wait.error->message, "scope: 2 more, let go of already"));
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

/* Joining. */

static void
test_join (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  TestWait waits[3] = { 0 };
  int closing = 0;
  guint i;

  g_signal_connect (scope, "closing", G_CALLBACK (test_count_scope_cb), &closing);
  test_wait_full (&waits[0], scope, LIFECYCLE_REASON_CONFLICTED, 0, NULL);
  test_wait_full (&waits[1], scope, LIFECYCLE_REASON_ABORTED, 60000, NULL);
  test_wait_assert_waiting (&waits[0]);
  test_wait_full (&waits[2], scope, LIFECYCLE_REASON_SHUTDOWN, 0, NULL);
  test_wait_assert_waiting (&waits[2]);
  lifecycle_operation_end (op);
  for (i = 0; i < 3; i++)
    test_wait_assert_closed (&waits[i]);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_CONFLICTED);
  g_assert_cmpint (closing, ==, 1);
  g_assert_finalize_object (scope);
}

/* The shorter deadline counts, whichever came first. */
static void
test_join_deadlines (void)
{
  static const guint timeouts[][2] = { { 0, 20 }, { 20, 0 }, { 600000, 20 }, { 20, 600000 } };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (timeouts); i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      LifecycleOperation *op = lifecycle_scope_begin (scope, "never");
      gint64 before = g_get_monotonic_time ();
      TestWait waits[2] = { 0 };
      guint j;

      for (j = 0; j < 2; j++)
        test_wait (&waits[j], scope, timeouts[i][j]);
      for (j = 0; j < 2; j++)
        {
          test_wait_assert_timed_out (&waits[j]);
          g_assert_nonnull (strstr (waits[j].error->message, "'never'"));
          g_clear_error (&waits[j].error);
        }
      g_assert_cmpint (g_get_monotonic_time () - before, >=, 20000);
      lifecycle_operation_end (op);
      g_assert_finalize_object (scope);
    }
}

/* The scope is closed already, or being closed by somebody else. */

static void
test_closed (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  TestWait wait = { 0 };

  lifecycle_scope_close (scope);
  test_wait_full (&wait, scope, LIFECYCLE_REASON_ABORTED, 1, NULL);
  g_assert_cmpint (wait.done, ==, 0);
  test_wait_assert_closed (&wait);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_COMPLETED);

  lifecycle_operation_end (op);
  g_assert_finalize_object (scope);
}

/* close() does not wait: everything is released when it returns, and whoever waited is told. */
static void
test_close_meanwhile (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  TestAsync async = { .word = "call" };
  TestWait waits[2] = { { 0 }, { 0 } };
  guint i;

  lifecycle_scope_adopt (scope, (gpointer) "data", test_log_notify);
  test_async_start (&async, child, "call");
  lifecycle_scope_defer (child, test_log_cleanup, (gpointer) "cleanup", NULL);
  g_signal_connect (scope, "closed", G_CALLBACK (test_log_scope_cb), (gpointer) "closed");
  for (i = 0; i < 2; i++)
    test_wait_full (&waits[i], scope, LIFECYCLE_REASON_ABORTED, i * 60000, NULL);
  test_wait_assert_waiting (&waits[0]);
  test_assert_log ("");

  waits[0].calling = waits[1].calling = TRUE;
  lifecycle_scope_close_with_reason (scope, LIFECYCLE_REASON_SHUTDOWN, "now");
  waits[0].calling = waits[1].calling = FALSE;
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_state (child), ==, LIFECYCLE_STATE_CLOSED);
  test_assert_log ("~data cleanup ~call closed");
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_ABORTED);
  for (i = 0; i < 2; i++)
    {
      test_wait_run (&waits[i]);
      g_assert_cmpint (waits[i].state, ==, LIFECYCLE_STATE_CLOSED);
      g_clear_error (&waits[i].error);
    }
  test_async_succeed (&async);
  lifecycle_operation_end (op);
  test_drain ();
  test_async_assert_ended (&async, 0);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
}

typedef struct
{
  TestWait wait;
  guint    when;
} Nested;

static void
nested_wait (Nested         *nested,
             LifecycleScope *scope)
{
  g_assert_null (nested->wait.scope);
  test_wait (&nested->wait, scope, 0);
}

static void
nested_scope_cb (LifecycleScope  *scope,
                 LifecycleReason  reason,
                 gpointer         nested)
{
  nested_wait (nested, scope);
}

static void
nested_cleanup (LifecycleScope   *scope,
                LifecycleReason   reason,
                gpointer          nested,
                GError          **error)
{
  nested_wait (nested, scope);
}

/* Asked for from within a close, of either sort. */
static void
test_nested (void)
{
  guint i;

  for (i = 0; i < 2; i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      Nested nested[3] = { 0 };
      guint j;

      g_signal_connect (scope, "closing", G_CALLBACK (nested_scope_cb), &nested[0]);
      lifecycle_scope_defer (scope, nested_cleanup, &nested[1], NULL);
      g_signal_connect (scope, "closed", G_CALLBACK (nested_scope_cb), &nested[2]);
      if (i == 0)
        {
          lifecycle_scope_close (scope);
          g_assert_true (lifecycle_scope_is_closed (scope));
        }
      else
        {
          LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
          TestWait wait = { 0 };

          test_wait (&wait, scope, 0);
          test_wait_assert_waiting (&wait);
          g_assert_cmpint (nested[0].wait.done, ==, 0);
          lifecycle_operation_end (op);
          test_wait_assert_closed (&wait);
        }
      for (j = 0; j < 3; j++)
        test_wait_assert_closed (&nested[j].wait);
      g_assert_finalize_object (scope);
    }
}

static void
close_scope_cb (LifecycleScope  *scope,
                LifecycleReason  reason,
                gpointer         data)
{
  lifecycle_scope_close (scope);
}

static void
close_cancelled_cb (GCancellable *cancellable,
                    gpointer      scope)
{
  lifecycle_scope_close (scope);
}

static void
close_cleanup (LifecycleScope   *scope,
               LifecycleReason   reason,
               gpointer          data,
               GError          **error)
{
  lifecycle_scope_close (scope);
}

/* close() from everything that a close_async() calls. */
static void
test_nested_close (void)
{
  guint i;

  for (i = 0; i < 4; i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
      int released = 0;
      TestWait wait = { 0 };

      lifecycle_scope_adopt (scope, &released, test_count_notify);
      if (i == 0)
        g_signal_connect (scope, "closing", G_CALLBACK (close_scope_cb), NULL);
      else if (i == 1)
        g_signal_connect (lifecycle_operation_get_cancellable (op), "cancelled",
                          G_CALLBACK (close_cancelled_cb), scope);
      else if (i == 2)
        lifecycle_scope_defer (scope, close_cleanup, NULL, NULL);
      else
        g_signal_connect (scope, "closed", G_CALLBACK (close_scope_cb), NULL);
      test_wait (&wait, scope, 0);
      if (i >= 2)
        test_wait_assert_waiting (&wait);
      lifecycle_operation_end (op);
      test_wait_run (&wait);
      g_clear_error (&wait.error);
      g_assert_true (lifecycle_scope_is_closed (scope));
      g_assert_cmpint (released, ==, 1);
      g_assert_finalize_object (scope);
    }
}

/* In the callback of an operation. */

static void
act_close_async (TestAsync *async)
{
  if (async->other != NULL)
    lifecycle_scope_close (async->scope);
  test_wait (async->data, async->scope, 0);
}

static void
test_in_callback (void)
{
  guint i;

  for (i = 0; i < 4; i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      TestWait wait = { 0 };
      TestAsync pending = { 0 };
      TestAsync async = { .act = act_close_async, .data = &wait };

      /* With close() before it, or not; with something left to wait for, or not. */
      async.other = (i & 1) != 0 ? &pending : NULL;
      if ((i & 2) != 0)
        test_async_begin (&pending, scope, "pending");
      test_async_begin (&async, scope, "call");
      test_async_ready (&async);
      test_async_assert_ended (&async, 1);
      if (i == 2)
        test_wait_assert_waiting (&wait);
      if ((i & 1) != 0)
        test_wait_assert_closed (&wait);
      if ((i & 2) != 0)
        {
          g_assert_true (test_async_is_cancelled (&pending));
          test_async_ready (&pending);
        }
      test_wait_assert_closed (&wait);
      if ((i & 2) != 0)
        test_async_assert_ended (&pending, 0);
      g_assert_finalize_object (scope);
    }
}

static void
act_wait_inside (TestAsync *async)
{
  TestWait *wait = async->data;

  /* What is called back is not under way any more: waiting for the close in a nested loop ends. */
  test_wait (wait, async->scope, 0);
  test_wait_assert_closed (wait);
}

static void
test_in_callback_loop (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestWait wait = { 0 };
  TestAsync async = { .act = act_wait_inside, .data = &wait };

  test_async_begin (&async, scope, "call");
  test_async_ready (&async);
  test_drain ();
  test_async_assert_ended (&async, 1);
  g_assert_finalize_object (scope);
}

/* The callback of a wait does all sorts of things. */

static void
wait_again (TestWait *wait)
{
  TestWait *other = wait->data;

  g_assert_cmpuint (lifecycle_scope_close (wait->scope), ==, 0);
  g_assert_cmpuint (lifecycle_scope_clear (wait->scope), ==, 0);
  test_wait (other, wait->scope, 0);
  test_wait_run (other);
}

static void
wait_drop (TestWait *wait)
{
  g_object_unref (wait->data);
}

static void
test_callback_nested (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *other = lifecycle_scope_new ("other");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  gpointer weak = scope;
  TestWait inner = { 0 };
  TestWait waits[3] = { { .act = wait_again, .data = &inner },
                        { .act = wait_drop, .data = scope },
                        { .act = wait_drop, .data = other } };
  guint i;

  g_object_add_weak_pointer (G_OBJECT (scope), &weak);
  for (i = 0; i < 3; i++)
    test_wait (&waits[i], scope, 0);
  lifecycle_operation_end (op);
  for (i = 0; i < 3; i++)
    test_wait_assert_closed (&waits[i]);
  test_wait_assert_closed (&inner);
  test_drain ();
  g_assert_null (weak);
}

/* Trees. */

/* A child drains by itself when the whole tree is closed, at once. */
static void
test_child_then_close (void)
{
  guint i;

  for (i = 0; i < 3; i++)
    {
      LifecycleScope *parent = lifecycle_scope_new ("parent");
      LifecycleScope *child = lifecycle_scope_new_child (parent, "child");
      LifecycleOperation *op = lifecycle_scope_begin (child, "work");
      TestAsync async = { 0 };
      TestWait wait = { 0 };

      lifecycle_scope_adopt (parent, (gpointer) "first", test_log_notify);
      lifecycle_scope_adopt (child, (gpointer) "data", test_log_notify);
      test_async_begin (&async, child, "call");
      test_wait_full (&wait, child, LIFECYCLE_REASON_ABORTED, 0, NULL);
      test_wait_assert_waiting (&wait);
      g_assert_cmpint (lifecycle_scope_get_state (parent), ==, LIFECYCLE_STATE_OPEN);
      g_assert_true (lifecycle_scope_get_parent (child) == parent);

      wait.calling = TRUE;
      if (i == 0)
        lifecycle_scope_close (parent);
      else if (i == 1)
        lifecycle_scope_clear (parent);
      else
        g_assert_finalize_object (g_steal_pointer (&parent));
      wait.calling = FALSE;
      g_assert_cmpint (lifecycle_scope_get_state (child), ==, LIFECYCLE_STATE_CLOSED);
      g_assert_cmpint (lifecycle_scope_get_reason (child), ==, LIFECYCLE_REASON_ABORTED);
      if (i == 1)
        g_assert_cmpint (lifecycle_scope_get_state (parent), ==, LIFECYCLE_STATE_OPEN);
      test_assert_log ("~first ~data");
      test_wait_run (&wait);
      g_clear_error (&wait.error);
      lifecycle_operation_end (op);
      test_async_ready (&async);
      test_async_assert_ended (&async, 0);
      g_assert_finalize_object (child);
      if (parent != NULL)
        g_assert_finalize_object (parent);
    }
}

/* The parent's wait includes that of the child. */
static void
test_child_then_close_async (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *child = lifecycle_scope_new_child (parent, "child");
  LifecycleOperation *ops[2];
  TestWait waits[2] = { { .word = "parent" }, { .word = "child" } };

  ops[0] = lifecycle_scope_begin (parent, "work");
  ops[1] = lifecycle_scope_begin (child, "work");
  test_wait (&waits[1], child, 0);
  test_wait (&waits[0], parent, 0);
  test_wait_assert_waiting (&waits[0]);
  test_wait_assert_waiting (&waits[1]);
  lifecycle_operation_end (ops[1]);
  test_drain ();
  g_assert_cmpint (waits[0].done, ==, 0);
  lifecycle_operation_end (ops[0]);
  test_wait_assert_closed (&waits[0]);
  test_wait_assert_closed (&waits[1]);
  g_string_free (g_steal_pointer (&test_log_buffer), TRUE);
  g_assert_finalize_object (child);
  g_assert_finalize_object (parent);
}

/* The other one is through first. */
static void
test_child_last (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *child = lifecycle_scope_new_child (parent, "child");
  LifecycleOperation *op = lifecycle_scope_begin (child, "work");
  TestWait waits[3] = { 0 };
  guint i;

  test_wait (&waits[0], parent, 0);
  /* The child is closing already, as part of its parent: this joins. */
  test_wait (&waits[1], child, 0);
  test_wait (&waits[2], parent, 0);
  for (i = 0; i < 3; i++)
    test_wait_assert_waiting (&waits[i]);
  g_assert_cmpint (lifecycle_scope_get_reason (child), ==, LIFECYCLE_REASON_PARENT_CLOSED);
  lifecycle_operation_end (op);
  for (i = 0; i < 3; i++)
    test_wait_assert_closed (&waits[i]);
  g_assert_finalize_object (child);
  g_assert_finalize_object (parent);
}

/* Either of them with a deadline. */
static void
test_child_deadlines (void)
{
  static const guint timeouts[][2] = { { 0, 10 }, { 10, 0 }, { 10, 60000 }, { 60000, 10 } };
  guint i;

  for (i = 0; i < 2 * G_N_ELEMENTS (timeouts); i++)
    {
      LifecycleScope *parent = lifecycle_scope_new ("parent");
      LifecycleScope *child = lifecycle_scope_new_child (parent, "child");
      LifecycleOperation *op = lifecycle_scope_begin (child, "never");
      const guint *timeout = timeouts[i / 2];
      int released = 0;
      TestWait waits[2] = { 0 };

      lifecycle_scope_adopt (parent, &released, test_count_notify);
      lifecycle_scope_adopt (child, &released, test_count_notify);
      /* In either order. */
      if (i % 2 == 0)
        {
          test_wait (&waits[0], parent, timeout[0]);
          test_wait (&waits[1], child, timeout[1]);
        }
      else
        {
          test_wait (&waits[1], child, timeout[1]);
          test_wait (&waits[0], parent, timeout[0]);
        }
      test_run_until (test_done_closed, child);
      /* The parent has nothing to wait for but its child. */
      test_run_until (test_done_closed, parent);
      test_wait_run (&waits[0]);
      test_wait_run (&waits[1]);
      if (timeout[1] == 10)
        g_assert_error (waits[1].error, LIFECYCLE_ERROR, LIFECYCLE_ERROR_TIMED_OUT);
      if (timeout[0] == 10)
        g_assert_error (waits[0].error, LIFECYCLE_ERROR, LIFECYCLE_ERROR_TIMED_OUT);
      g_assert_cmpint (released, ==, 2);
      g_clear_error (&waits[0].error);
      g_clear_error (&waits[1].error);
      lifecycle_operation_end (op);
      g_assert_finalize_object (child);
      g_assert_finalize_object (parent);
    }
}

/* A follower, a child and a sibling that all drain by themselves when the root joins them. */
static void
test_many_waits (void)
{
  LifecycleScope *scopes[16];
  LifecycleOperation *ops[16];
  TestWait waits[16] = { 0 };
  guint i;

  for (i = 0; i < 16; i++)
    {
      scopes[i] = i == 0 ? lifecycle_scope_new ("root")
                  : i % 5 == 0 ? lifecycle_scope_new ("follower")
                               : lifecycle_scope_new_child (scopes[(i - 1) / 2], "child");
      if (i != 0 && i % 5 == 0)
        lifecycle_scope_follow (scopes[i], scopes[(i - 1) / 2]);
      ops[i] = lifecycle_scope_begin (scopes[i], "work");
    }
  for (i = 16; i-- > 0;)
    test_wait (&waits[i], scopes[i], 0);
  test_wait_assert_waiting (&waits[0]);
  for (i = 0; i < 16; i++)
    {
      test_wait_assert_waiting (&waits[0]);
      lifecycle_operation_end (ops[(i * 7) % 16]);
    }
  for (i = 0; i < 16; i++)
    test_wait_assert_closed (&waits[i]);
  for (i = 16; i-- > 0;)
    g_assert_finalize_object (scopes[i]);
}

/* A parent that is moved takes its draining children along. */
static void
test_child_then_move (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *child = lifecycle_scope_new_child (parent, "child");
  LifecycleScope *moved;
  LifecycleOperation *op = lifecycle_scope_begin (child, "work");
  int released = 0;
  TestWait wait = { 0 };

  lifecycle_scope_adopt (child, &released, test_count_notify);
  test_wait (&wait, child, 0);
  moved = lifecycle_scope_move (parent);
  g_assert_cmpint (lifecycle_scope_get_state (moved), ==, LIFECYCLE_STATE_OPEN);
  test_wait_assert_waiting (&wait);
  g_assert_cmpint (released, ==, 0);
  lifecycle_operation_end (op);
  test_wait_assert_closed (&wait);
  g_assert_cmpint (released, ==, 1);
  g_assert_cmpint (lifecycle_scope_get_state (moved), ==, LIFECYCLE_STATE_OPEN);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (moved), ==, 0);
  g_assert_finalize_object (child);
  g_assert_finalize_object (parent);
  g_assert_finalize_object (moved);
}

/* One branch of a draining tree is closed: that does not wait, and the rest goes on. */
static void
test_parent_then_child_close (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *child = lifecycle_scope_new_child (parent, "child");
  LifecycleScope *sibling = lifecycle_scope_new_child (parent, "sibling");
  LifecycleOperation *ops[2];
  TestWait wait = { 0 };

  lifecycle_scope_adopt (child, (gpointer) "child", test_log_notify);
  lifecycle_scope_adopt (sibling, (gpointer) "sibling", test_log_notify);
  ops[0] = lifecycle_scope_begin (child, "work");
  ops[1] = lifecycle_scope_begin (sibling, "work");
  test_wait (&wait, parent, 0);
  test_wait_assert_waiting (&wait);
  lifecycle_scope_close (child);
  g_assert_cmpint (lifecycle_scope_get_state (child), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_reason (child), ==, LIFECYCLE_REASON_PARENT_CLOSED);
  test_assert_log ("~child");
  test_wait_assert_waiting (&wait);
  lifecycle_operation_end (ops[0]);
  test_wait_assert_waiting (&wait);
  lifecycle_operation_end (ops[1]);
  test_wait_assert_closed (&wait);
  test_assert_log ("~sibling");
  g_assert_finalize_object (child);
  g_assert_finalize_object (sibling);
  g_assert_finalize_object (parent);
}

/* Two that drain have the same follower. */
static void
test_shared_follower (void)
{
  LifecycleScope *scopes[2];
  LifecycleScope *follower = lifecycle_scope_new ("follower");
  LifecycleOperation *op;
  int released = 0;
  TestWait waits[2] = { 0 };
  guint i;

  for (i = 0; i < 2; i++)
    {
      scopes[i] = lifecycle_scope_new ("scope");
      lifecycle_scope_follow (follower, scopes[i]);
    }
  lifecycle_scope_adopt (follower, &released, test_count_notify);
  op = lifecycle_scope_begin (follower, "work");
  for (i = 0; i < 2; i++)
    test_wait (&waits[i], scopes[i], 0);
  test_wait_assert_waiting (&waits[0]);
  g_assert_cmpint (released, ==, 0);
  lifecycle_operation_end (op);
  for (i = 0; i < 2; i++)
    test_wait_assert_closed (&waits[i]);
  g_assert_cmpint (released, ==, 1);
  g_assert_true (lifecycle_scope_is_closed (follower));
  g_assert_finalize_object (follower);
  g_assert_finalize_object (scopes[0]);
  g_assert_finalize_object (scopes[1]);
}

static void
log_closed_cb (LifecycleScope  *scope,
               LifecycleReason  reason,
               gpointer         data)
{
  test_log ("%s", lifecycle_scope_get_name (scope));
}

static void
drop_closing_cb (LifecycleScope  *scope,
                 LifecycleReason  reason,
                 gpointer         data)
{
  g_object_unref (scope);
}

/* A scope follows its own child: the child closes, and the wait for it is over, before all are
 * released that end with the two. Nobody but the close has a reference on one of them.
 */
static void
test_circle (gconstpointer data)
{
  enum { AT_ONCE, WAITS, CLOSED, PART_CLOSED } how = GPOINTER_TO_INT (data);
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *sibling = lifecycle_scope_new_child (parent, "sibling");
  LifecycleScope *follower = lifecycle_scope_new ("follower");
  LifecycleScope *child = lifecycle_scope_new_child (parent, "child");
  LifecycleOperation *op = how != AT_ONCE ? lifecycle_scope_begin (parent, "work") : NULL;
  TestWait wait = { 0 };

  lifecycle_scope_follow (follower, sibling);
  lifecycle_scope_follow (parent, child);
  g_signal_connect (follower, "closing", G_CALLBACK (drop_closing_cb), NULL);
  g_signal_connect (follower, "closed", G_CALLBACK (log_closed_cb), NULL);
  g_signal_connect (child, "closed", G_CALLBACK (log_closed_cb), NULL);

  test_wait (&wait, child, 0);
  if (how == CLOSED)
    lifecycle_scope_close (child);
  else if (how == PART_CLOSED)
    lifecycle_scope_close (parent);
  if (op != NULL)
    lifecycle_operation_end (op);
  test_wait_assert_closed (&wait);

  test_assert_log ("child follower");
  g_assert_finalize_object (sibling);
  g_assert_finalize_object (parent);
  g_assert_finalize_object (child);
}

/* The scope of an object's life drains; the object goes on, with a new one, and dies. */
static void
test_scope_of (void)
{
  guint i;

  for (i = 0; i < 2; i++)
    {
      TestEmitter *object = test_emitter_new ();
      LifecycleScope *scope = g_object_ref (lifecycle_scope_of (G_OBJECT (object)));
      LifecycleScope *next;
      LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
      TestWait wait = { 0 };

      test_wait (&wait, scope, 0);
      next = g_object_ref (lifecycle_scope_of (G_OBJECT (object)));
      g_assert_true (next != scope);
      g_assert_cmpint (lifecycle_scope_get_state (next), ==, LIFECYCLE_STATE_OPEN);
      test_wait_assert_waiting (&wait);
      if (i == 0)
        g_assert_finalize_object (g_steal_pointer (&object));
      test_drain ();
      lifecycle_operation_end (op);
      test_wait_run (&wait);
      g_assert_cmpint (wait.state, ==, LIFECYCLE_STATE_CLOSED);
      g_clear_error (&wait.error);
      if (object != NULL)
        g_assert_finalize_object (object);
      g_assert_true (lifecycle_scope_is_closed (next));
      g_assert_finalize_object (next);
      g_assert_finalize_object (scope);
    }
}

/* Handlers that run on another thread. */

typedef struct
{
  TestEmitter *emitter;
  GMutex       mutex;
  GCond        cond;
  gboolean     hold;
  int          entered;
  int          left;
  int          destroyed;
} Gate;

static void
gate_init (Gate *gate)
{
  memset (gate, 0, sizeof *gate);
  gate->emitter = test_emitter_new ();
  gate->hold = TRUE;
  g_mutex_init (&gate->mutex);
  g_cond_init (&gate->cond);
}

static void
gate_clear (Gate *gate)
{
  g_assert_finalize_object (gate->emitter);
  g_mutex_clear (&gate->mutex);
  g_cond_clear (&gate->cond);
}

static void
gate_open (Gate *gate)
{
  g_mutex_lock (&gate->mutex);
  gate->hold = FALSE;
  g_cond_broadcast (&gate->cond);
  g_mutex_unlock (&gate->mutex);
}

static void
gate_handler_cb (TestEmitter *emitter,
                 gpointer     data)
{
  Gate *gate = data;

  g_assert_cmpint (g_atomic_int_get (&gate->destroyed), ==, 0);
  g_atomic_int_inc (&gate->entered);
  g_mutex_lock (&gate->mutex);
  test_wait_for_cond (&gate->cond, &gate->mutex, !gate->hold);
  g_mutex_unlock (&gate->mutex);
  g_assert_cmpint (g_atomic_int_get (&gate->destroyed), ==, 0);
  g_atomic_int_inc (&gate->left);
}

static void
gate_notify (gpointer  data,
             GClosure *closure)
{
  g_atomic_int_inc (&((Gate *) data)->destroyed);
}

static gpointer
gate_thread (gpointer data)
{
  test_emit (((Gate *) data)->emitter, "plain");
  return NULL;
}

static void
test_guarded (void)
{
  guint i;

  /* Waited for; not waited for; given up on. */
  for (i = 0; i < 3; i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
      LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
      TestWait wait = { 0 };
      GThread *threads[2];
      Gate gate;
      guint j;

      gate_init (&gate);
      lifecycle_scope_connect_full (child, gate.emitter, "plain", G_CALLBACK (gate_handler_cb),
                                    &gate, gate_notify, LIFECYCLE_CONNECT_GUARDED);
      for (j = 0; j < 2; j++)
        threads[j] = g_thread_new ("emitter", gate_thread, &gate);
      test_wait_for (g_atomic_int_get (&gate.entered) == 2);

      test_wait (&wait, scope, i == 2 ? 10 : 0);
      /* None starts any more. */
      test_emit (gate.emitter, "plain");
      g_assert_cmpint (g_atomic_int_get (&gate.entered), ==, 2);
      if (i < 2)
        test_wait_assert_waiting (&wait);
      if (i != 2)
        lifecycle_operation_end (op);
      if (i == 0)
        test_wait_assert_waiting (&wait);
      if (i == 1)
        {
          lifecycle_scope_close (scope);
          g_assert_true (lifecycle_scope_is_closed (scope));
          test_wait_run (&wait);
          g_clear_error (&wait.error);
        }
      if (i == 2)
        {
          test_wait_assert_timed_out (&wait);
          g_assert_nonnull (strstr (wait.error->message, "scope/child"));
          g_clear_error (&wait.error);
          lifecycle_operation_end (op);
        }
      gate_open (&gate);
      if (i == 0)
        {
          test_wait_assert_closed (&wait);
          g_assert_cmpint (g_atomic_int_get (&gate.left), ==, 2);
        }
      for (j = 0; j < 2; j++)
        g_thread_join (threads[j]);
      test_drain ();
      g_assert_cmpint (gate.destroyed, ==, 1);
      gate_clear (&gate);
      g_assert_finalize_object (child);
      g_assert_finalize_object (scope);
    }
}

static void
guarded_wait_cb (TestEmitter *emitter,
                 gpointer     data)
{
  TestWait *wait = data;

  test_wait (wait, wait->scope, 0);
  test_drain ();
  g_assert_cmpint (wait->done, ==, 0);
}

/* A running handler asks for the close itself: it is waited for as well, after it has returned. */
static void
test_guarded_inside (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  TestWait wait = { .scope = scope };

  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (guarded_wait_cb), &wait,
                                NULL, LIFECYCLE_CONNECT_GUARDED);
  test_emit (emitter, "plain");
  test_wait_assert_closed (&wait);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* What was queued before is not delivered any more. */
static void
test_queued_handlers (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  TestEmitter *emitter = test_emitter_new ();
  TestWait wait = { 0 };
  int destroyed = 0;

  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                &destroyed, test_count_closure_notify, LIFECYCLE_CONNECT_QUEUED);
  test_emit (emitter, "plain");
  test_wait (&wait, scope, 0);
  test_emit (emitter, "plain");
  test_wait_assert_waiting (&wait);
  lifecycle_operation_end (op);
  test_wait_assert_closed (&wait);
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_finalize_object (emitter);
  g_assert_finalize_object (scope);
}

/* Threads. */

static void
wait_thread (gpointer data)
{
  TestWait *wait = data;

  test_wait (wait, wait->scope, GPOINTER_TO_UINT (wait->data));
  g_assert_cmpint (lifecycle_scope_get_state (wait->scope), !=, LIFECYCLE_STATE_OPEN);
}

/* Asked for by a thread with a loop of its own: the close is here, the answer comes there. */
static void
test_from_elsewhere (void)
{
  guint i;

  for (i = 0; i < 3; i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
      TestWorker *worker = test_worker_new ();
      TestAsync async = { .word = "call" };
      TestWait waits[2] = { { .scope = scope }, { .scope = scope } };

      if (i == 2)
        waits[0].data = GUINT_TO_POINTER (10);
      lifecycle_scope_defer (scope, test_log_cleanup, (gpointer) "cleanup", NULL);
      test_async_begin (&async, scope, "call");
      test_worker_call (worker, wait_thread, &waits[0]);
      test_assert_log ("");
      if (i == 1)
        test_wait (&waits[1], scope, 0);
      test_drain ();
      g_assert_true (g_cancellable_is_cancelled (lifecycle_operation_get_cancellable (op)));
      if (i < 2)
        {
          lifecycle_operation_end (op);
          g_assert_cmpint (g_atomic_int_get (&waits[0].done), ==, 0);
          test_async_ready (&async);
        }
      test_run_until (test_done_counted, &waits[0].done);
      if (i == 1)
        test_wait_assert_closed (&waits[1]);
      test_worker_free (worker);
      if (i == 2)
        {
          g_assert_error (waits[0].error, LIFECYCLE_ERROR, LIFECYCLE_ERROR_TIMED_OUT);
          g_clear_error (&waits[0].error);
          test_async_ready (&async);
          lifecycle_operation_end (op);
        }
      g_assert_no_error (waits[0].error);
      test_drain ();
      test_async_assert_ended (&async, 0);
      g_string_free (g_steal_pointer (&test_log_buffer), TRUE);
      g_assert_true (lifecycle_scope_is_closed (scope));
      g_assert_finalize_object (scope);
    }
}

/* close() elsewhere while it drains at home; and the other way round. */

static void
close_thread (gpointer scope)
{
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
}

static void
test_close_elsewhere (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  TestWait wait = { 0 };

  test_wait (&wait, scope, 0);
  test_wait_assert_waiting (&wait);
  test_in_thread (close_thread, scope);
  test_run_until (test_done_closed, scope);
  test_wait_run (&wait);
  g_clear_error (&wait.error);
  lifecycle_operation_end (op);
  g_assert_finalize_object (scope);
}

/* It has been decided elsewhere, and is done here by the first who asks. */
static void
test_handed_over (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int released = 0;
  TestWait wait = { 0 };

  lifecycle_scope_adopt (scope, &released, test_count_notify);
  test_in_thread (close_thread, scope);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSING);
  test_wait (&wait, scope, 0);
  test_wait_assert_closed (&wait);
  g_assert_cmpint (released, ==, 1);
  g_assert_finalize_object (scope);
}

/* A child at home elsewhere is handed over, and not waited for. */

typedef struct
{
  LifecycleScope     *parent;
  LifecycleScope     *child;
  LifecycleOperation *op;
  int                 cleaned;
} Elsewhere;

static void
elsewhere_begin (gpointer data)
{
  Elsewhere *elsewhere = data;

  elsewhere->child = lifecycle_scope_new_child (elsewhere->parent, "child");
  elsewhere->op = lifecycle_scope_begin (elsewhere->child, "work");
  lifecycle_scope_defer (elsewhere->child, test_count_cleanup, &elsewhere->cleaned, NULL);
}

static void
test_child_elsewhere (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  Elsewhere elsewhere = { .parent = parent };
  TestWorker *worker = test_worker_new ();
  TestWait wait = { 0 };

  test_worker_call (worker, elsewhere_begin, &elsewhere);
  test_wait (&wait, parent, 0);
  test_run_until (test_done_counted, &wait.done);
  g_assert_no_error (wait.error);
  test_run_until (test_done_closed, elsewhere.child);
  g_assert_true (g_cancellable_is_cancelled (lifecycle_operation_get_cancellable (elsewhere.op)));
  lifecycle_operation_end (elsewhere.op);
  test_worker_free (worker);
  test_drain ();
  g_assert_cmpint (elsewhere.cleaned, ==, 1);
  g_assert_finalize_object (elsewhere.child);
  g_assert_finalize_object (parent);
}

/* Asked for elsewhere, and then closed at home before the loop has had a chance. */
static void
test_elsewhere_then_close (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  int released = 0;
  /* That thread has no loop: what it is told arrives in the default context, which is here. */
  TestWait wait = { .scope = scope, .home = g_thread_self () };

  lifecycle_scope_adopt (scope, &released, test_count_notify);
  test_in_thread (wait_thread, &wait);
  g_assert_cmpint (released, ==, 0);
  lifecycle_scope_close (scope);
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_cmpint (released, ==, 1);
  test_wait_run (&wait);
  g_clear_error (&wait.error);
  lifecycle_operation_end (op);
  test_drain ();
  g_assert_finalize_object (scope);
}

/* The scope is at home on another thread, the wait is here. */

static void
home_new_thread (gpointer data)
{
  Elsewhere *elsewhere = data;

  elsewhere->parent = lifecycle_scope_new ("parent");
  elsewhere_begin (elsewhere);
}

static void
test_home_elsewhere (void)
{
  guint i;

  for (i = 0; i < 2; i++)
    {
      TestWorker *worker = test_worker_new ();
      Elsewhere elsewhere = { 0 };
      TestWait wait = { 0 };
      int finalized = 0;

      test_worker_call (worker, home_new_thread, &elsewhere);
      test_count_finalize (elsewhere.parent, &finalized);
      test_wait (&wait, elsewhere.parent, i == 0 ? 0 : 5);
      g_assert_cmpint (lifecycle_scope_get_state (elsewhere.parent), ==, LIFECYCLE_STATE_CLOSING);
      if (i == 0)
        {
          /* Until it has come to the wait. */
          test_worker_call (worker, test_nothing, NULL);
          test_drain ();
          g_assert_cmpint (wait.done, ==, 0);
          lifecycle_operation_end (elsewhere.op);
          test_wait_assert_closed (&wait);
        }
      else
        {
          test_wait_assert_timed_out (&wait);
          g_clear_error (&wait.error);
          lifecycle_operation_end (elsewhere.op);
        }
      g_assert_cmpint (elsewhere.cleaned, ==, 1);
      g_object_unref (elsewhere.child);
      g_object_unref (elsewhere.parent);
      test_worker_free (worker);
      test_drain ();
      g_assert_cmpint (finalized, ==, 1);
    }
}

/* Operations end on many threads while the close begins, drains, runs out of time, is cut short. */

#define N_THREADS 4
#define N_CALLS   25

static void
test_stress (void)
{
  guint n_rounds = test_amount (40000) / 100;
  guint round;

  for (round = 0; round < n_rounds; round++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
      GCancellable *cancellable = g_cancellable_new ();
      TestWait waits[2] = { 0 };
      TestAsync asyncs[N_THREADS][N_CALLS] = { 0 };
      LifecycleOperation *ops[N_THREADS][N_CALLS];
      TestCompletion completions[N_THREADS];
      GThread *threads[N_THREADS];
      int go = 0;
      guint i;

      for (i = 0; i < N_THREADS; i++)
        {
          guint j;

          for (j = 0; j < N_CALLS; j++)
            {
              test_async_begin (&asyncs[i][j], i % 2 == 0 ? scope : child, "call");
              ops[i][j] = lifecycle_scope_begin (j % 2 == 0 ? scope : child, "work");
            }
          completions[i] = (TestCompletion) {
            .asyncs = asyncs[i],
            .ops = ops[i],
            .n = N_CALLS,
            .go = &go,
          };
          threads[i] = g_thread_new ("stress", test_complete_thread, &completions[i]);
        }
      if (round % 2 == 0)
        test_wait_full (&waits[0], scope, LIFECYCLE_REASON_ABORTED, round % 3, NULL);
      g_atomic_int_set (&go, 1);
      test_wait_full (&waits[1], round % 4 < 2 ? scope : child, LIFECYCLE_REASON_ABORTED, 0,
                      cancellable);
      if (round % 5 == 0)
        g_cancellable_cancel (cancellable);
      if (round % 7 == 0)
        {
          g_main_context_iteration (NULL, FALSE);
          lifecycle_scope_close (scope);
        }
      if (round % 2 == 0)
        test_wait_run (&waits[0]);
      test_wait_run (&waits[1]);
      for (i = 0; i < N_THREADS; i++)
        g_thread_join (threads[i]);
      test_drain ();
      lifecycle_scope_close (scope);
      for (i = 0; i < N_THREADS * N_CALLS; i++)
        {
          TestAsync *async = &asyncs[i / N_CALLS][i % N_CALLS];

          test_async_assert_ended (async, async->called);
          if (round % 2 == 0)
            g_assert_cmpint (async->called, ==, 0);
        }
      g_clear_error (&waits[0].error);
      g_clear_error (&waits[1].error);
      g_assert_finalize_object (child);
      g_assert_finalize_object (scope);
      g_assert_finalize_object (cancellable);
    }
}

/* close_async() from several threads at once. */

typedef struct
{
  LifecycleScope *scope;
  int            *go;
  gboolean        close;
  int             done;
} Racer;

static gpointer
racer_thread (gpointer data)
{
  Racer *racer = data;
  GMainContext *context = g_main_context_new ();
  TestWait wait = { 0 };

  g_main_context_push_thread_default (context);
  while (g_atomic_int_get (racer->go) == 0)
    ;
  test_wait (&wait, racer->scope, 0);
  if (racer->close)
    lifecycle_scope_close (racer->scope);
  test_wait_run (&wait);
  g_clear_error (&wait.error);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  g_object_unref (racer->scope);
  g_atomic_int_inc (&racer->done);
  return NULL;
}

static void
test_race (void)
{
  guint n_rounds = test_amount (20000) / 100;
  guint round;

  for (round = 0; round < n_rounds; round++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
      TestWait wait = { 0 };
      Racer racers[3];
      GThread *threads[3];
      int finalized = 0;
      int released = 0;
      int go = 0;
      guint i;

      test_count_finalize (scope, &finalized);
      lifecycle_scope_adopt (scope, &released, test_count_notify);
      for (i = 0; i < 3; i++)
        {
          racers[i].scope = g_object_ref (scope);
          racers[i].go = &go;
          racers[i].close = i == 0 && round % 3 == 0;
          racers[i].done = 0;
          threads[i] = g_thread_new ("racer", racer_thread, &racers[i]);
        }
      g_atomic_int_set (&go, 1);
      if (round % 2 == 0)
        test_wait (&wait, scope, 0);
      g_main_context_iteration (NULL, FALSE);
      lifecycle_operation_end (op);
      test_run_until (test_done_closed, scope);
      if (round % 2 == 0)
        test_wait_run (&wait);
      g_clear_error (&wait.error);
      for (i = 0; i < 3; i++)
        {
          test_run_until (test_done_counted, &racers[i].done);
          g_thread_join (threads[i]);
        }
      g_object_unref (scope);
      test_drain ();
      g_assert_cmpint (released, ==, 1);
      g_assert_cmpint (finalized, ==, 1);
    }
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

/* While it drains, another thread may use everything, and home is free to go on. */

static void
use_thread (gpointer data)
{
  LifecycleScope *scope = data;
  int destroyed = 0;

  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSING);
  g_assert_null (lifecycle_scope_adopt (scope, &destroyed, test_count_notify));
  g_assert_cmpint (destroyed, ==, 1);
  lifecycle_operation_end (lifecycle_scope_begin (scope, "late"));
}

static void
use_cancelled_cb (GCancellable *cancellable,
                  gpointer      scope)
{
  test_in_thread (use_thread, scope);
}

static void
use_closing_cb (LifecycleScope  *scope,
                LifecycleReason  reason,
                gpointer         data)
{
  test_in_thread (use_thread, scope);
}

static void
use_cleanup (LifecycleScope   *scope,
             LifecycleReason   reason,
             gpointer          data,
             GError          **error)
{
  test_in_thread (use_thread, scope);
}

static void
test_promise_lock_free (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  TestWait wait = { 0 };

  g_signal_connect (scope, "closing", G_CALLBACK (use_closing_cb), NULL);
  lifecycle_scope_defer (scope, use_cleanup, NULL, NULL);
  g_signal_connect (lifecycle_operation_get_cancellable (op), "cancelled",
                    G_CALLBACK (use_cancelled_cb), scope);
  test_wait (&wait, scope, 0);
  test_in_thread (use_thread, scope);
  g_idle_add (end_source_cb, op);
  test_wait_assert_closed (&wait);
  g_assert_finalize_object (scope);
}

static void
count_result_cb (GObject      *source_object,
                 GAsyncResult *result,
                 gpointer      data)
{
  g_assert_true (lifecycle_scope_close_finish (LIFECYCLE_SCOPE (source_object), result, NULL));
  ++*(int *) data;
}

static void
close_other_cb (GCancellable   *cancellable,
                LifecycleScope *other)
{
  lifecycle_scope_close (other);
}

/* While the wait is being prepared, the cancellation closes the parent: there is nothing to wait for
 * any more, and the list of what would have been waited for is not looked at again.
 */
static void
test_parent_closed_meanwhile (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *scope = lifecycle_scope_new_child (parent, "scope");
  LifecycleOperation *operations[12];
  int n_results = 0;

  for (guint i = 0; i < G_N_ELEMENTS (operations); i++)
    {
      LifecycleScope *below = lifecycle_scope_new_child (scope, "below");

      operations[i] = lifecycle_scope_begin (below, "work");
      g_signal_connect (lifecycle_operation_get_cancellable (operations[i]), "cancelled",
                        G_CALLBACK (close_other_cb), parent);
      g_object_unref (below);
    }

  lifecycle_scope_close_async (scope, LIFECYCLE_REASON_COMPLETED, 0, NULL, count_result_cb,
                               &n_results);
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_true (lifecycle_scope_is_closed (parent));
  test_iterate_until (n_results > 0);
  g_assert_cmpint (n_results, ==, 1);

  for (guint i = 0; i < G_N_ELEMENTS (operations); i++)
    lifecycle_operation_end (operations[i]);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (scope);
  g_assert_finalize_object (parent);
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
  g_test_add_func ("/lifecycle/close-async/join", test_join);
  g_test_add_func ("/lifecycle/close-async/join-deadlines", test_join_deadlines);
  g_test_add_func ("/lifecycle/close-async/closed", test_closed);
  g_test_add_func ("/lifecycle/close-async/close-meanwhile", test_close_meanwhile);
  g_test_add_func ("/lifecycle/close-async/nested", test_nested);
  g_test_add_func ("/lifecycle/close-async/nested-close", test_nested_close);
  g_test_add_func ("/lifecycle/close-async/in-callback", test_in_callback);
  g_test_add_func ("/lifecycle/close-async/in-callback-loop", test_in_callback_loop);
  g_test_add_func ("/lifecycle/close-async/callback-nested", test_callback_nested);
  g_test_add_func ("/lifecycle/close-async/child-then-close", test_child_then_close);
  g_test_add_func ("/lifecycle/close-async/child-then-close-async", test_child_then_close_async);
  g_test_add_func ("/lifecycle/close-async/child-last", test_child_last);
  g_test_add_func ("/lifecycle/close-async/child-deadlines", test_child_deadlines);
  g_test_add_func ("/lifecycle/close-async/many-waits", test_many_waits);
  g_test_add_func ("/lifecycle/close-async/scope-of", test_scope_of);
  g_test_add_func ("/lifecycle/close-async/shared-follower", test_shared_follower);
  g_test_add_data_func ("/lifecycle/close-async/circle/at-once",
                        GINT_TO_POINTER (0), test_circle);
  g_test_add_data_func ("/lifecycle/close-async/circle/waits",
                        GINT_TO_POINTER (1), test_circle);
  g_test_add_data_func ("/lifecycle/close-async/circle/closed",
                        GINT_TO_POINTER (2), test_circle);
  g_test_add_data_func ("/lifecycle/close-async/circle/part-closed",
                        GINT_TO_POINTER (3), test_circle);
  g_test_add_func ("/lifecycle/close-async/parent-then-child-close", test_parent_then_child_close);
  g_test_add_func ("/lifecycle/close-async/child-then-move", test_child_then_move);
  g_test_add_func ("/lifecycle/close-async/guarded", test_guarded);
  g_test_add_func ("/lifecycle/close-async/guarded-inside", test_guarded_inside);
  g_test_add_func ("/lifecycle/close-async/queued-handlers", test_queued_handlers);
  g_test_add_func ("/lifecycle/close-async/from-elsewhere", test_from_elsewhere);
  g_test_add_func ("/lifecycle/close-async/close-elsewhere", test_close_elsewhere);
  g_test_add_func ("/lifecycle/close-async/handed-over", test_handed_over);
  g_test_add_func ("/lifecycle/close-async/child-elsewhere", test_child_elsewhere);
  g_test_add_func ("/lifecycle/close-async/home-elsewhere", test_home_elsewhere);
  g_test_add_func ("/lifecycle/close-async/elsewhere-then-close", test_elsewhere_then_close);
  g_test_add_func ("/lifecycle/promise-10-home/operation-draining-stress", test_stress);
  g_test_add_func ("/lifecycle/promise-10-home/operation-draining-race", test_race);
  g_test_add_func ("/lifecycle/close-async/gio", test_gio);
  g_test_add_func ("/lifecycle/close-async/arguments-refused", test_arguments_refused);
  g_test_add_func ("/lifecycle/promise-8-flat/operation-deep", test_promise_flat);
  g_test_add_func ("/lifecycle/promise-8-flat/operation-many-waits", test_promise_flat_many);
  g_test_add_func ("/lifecycle/promise-3-once/operation-close-async", test_promise_once);
  g_test_add_func ("/lifecycle/promise-1-complete/operation-timed-out", test_promise_complete);
  g_test_add_func ("/lifecycle/promise-9-lock-free/operation-draining", test_promise_lock_free);

  g_test_add_func ("/lifecycle/close-async/parent-closed-meanwhile", test_parent_closed_meanwhile);

  return g_test_run ();
}
