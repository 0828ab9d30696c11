/* test-close-async-trees.c: closes that wait for others of the same tree
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-operation-util.h"

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

  g_test_add_func ("/lifecycle/close-async/parent-closed-meanwhile", test_parent_closed_meanwhile);

  return g_test_run ();
}
