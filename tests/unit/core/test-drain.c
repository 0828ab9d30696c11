/* test-drain.c: an end that lets finish what is under way
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-operation-util.h"

typedef struct
{
  LifecycleScope *scope;
  const char     *word;
  int             done;
  GError         *error;
} Drain;

static void
drain_cb (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  Drain *self = data;
  gboolean ended;

  g_assert_true (source_object == G_OBJECT (self->scope));
  ended = lifecycle_scope_drain_finish (self->scope, result, &self->error);
  g_assert_true (ended == (self->error == NULL));
  if (self->word != NULL)
    test_log ("%s", self->word);
  g_atomic_int_inc (&self->done);
}

static void
drain (Drain          *self,
       LifecycleScope *scope,
       guint           timeout_ms)
{
  self->scope = scope;
  lifecycle_scope_drain_async (scope, LIFECYCLE_REASON_SHUTDOWN, timeout_ms, NULL, drain_cb, self);
}

static void
drain_run (Drain *self)
{
  test_run_until (test_done_counted, &self->done);
  test_drain ();
  g_assert_cmpint (self->done, ==, 1);
  g_assert_true (lifecycle_scope_is_closed (self->scope));
}

/* Nothing is under way. */
static void
test_empty (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  Drain self = { 0 };

  lifecycle_scope_adopt (scope, (gpointer) "data", test_log_notify);
  drain (&self, scope, 0);
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_cmpint (self.done, ==, 0);
  drain_run (&self);
  g_assert_no_error (self.error);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_SHUTDOWN);
  test_assert_log ("~data");
  g_assert_finalize_object (scope);
}

/* What is under way finishes, its callback included; everything else works until then. */
static void
test_finishes (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  TestEmitter *emitter = test_emitter_new ();
  TestAsync one = { .word = "one" };
  TestAsync two = { .word = "two" };
  LifecycleOperation *late;
  Drain self = { .word = "drained" };
  int counted = 0;

  lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (test_count_handler_cb),
                                  &counted);
  test_async_start (&one, scope, "one");
  test_async_start (&two, child, "two");
  g_assert_false (lifecycle_scope_is_draining (scope));
  drain (&self, scope, 0);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  g_assert_true (lifecycle_scope_is_draining (scope));
  g_assert_true (lifecycle_scope_is_draining (child));
  g_assert_false (test_async_is_cancelled (&one));

  test_emit (emitter, "plain");
  g_assert_cmpint (counted, ==, 1);
  lifecycle_scope_add_idle (scope, test_count_source_once_cb, &counted, NULL);
  test_drain ();
  g_assert_cmpint (counted, ==, 2);

  /* New operations are late, also below, and below what is new. */
  late = lifecycle_scope_begin (scope, "late");
  g_assert_true (g_cancellable_is_cancelled (lifecycle_operation_get_cancellable (late)));
  lifecycle_operation_end (late);
  late = lifecycle_scope_begin (lifecycle_scope_get_child (child, "new"), "late");
  g_assert_true (g_cancellable_is_cancelled (lifecycle_operation_get_cancellable (late)));
  lifecycle_operation_end (late);

  test_async_succeed (&one);
  test_drain ();
  test_assert_log ("one ~one");
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  test_async_succeed (&two);
  drain_run (&self);
  g_assert_no_error (self.error);
  test_assert_log ("two ~two drained");
  test_async_assert_ended (&one, 1);
  test_async_assert_ended (&two, 1);
  g_assert_false (lifecycle_scope_is_draining (scope));
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
test_late_is_counted (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync one = { 0 };
  TestAsync late = { 0 };
  g_autoptr (LifecycleStatistics) statistics = NULL;
  Drain self = { 0 };

  test_async_start (&one, scope, "one");
  drain (&self, scope, 0);
  test_async_start (&late, scope, "late");
  g_assert_cmpint (late.destroyed, ==, 1);
  g_assert_true (test_async_is_cancelled (&late));
  statistics = lifecycle_scope_get_statistics (scope, FALSE);
  g_assert_cmpuint (lifecycle_statistics_get_n_late (statistics), ==, 1);
  test_async_succeed (&late);
  test_async_succeed (&one);
  drain_run (&self);
  test_async_assert_ended (&late, 0);
  test_async_assert_ended (&one, 1);
  g_assert_finalize_object (scope);
}

/* At the deadline it closes, and names what goes on. */
static void
test_deadline (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("server");
  LifecycleScope *scope = lifecycle_scope_new_child (parent, "web");
  TestAsync one = { .word = "one" };
  Drain self = { .word = "drained" };

  test_async_start (&one, scope, "fetch");
  drain (&self, parent, 20);
  drain_run (&self);
  g_assert_error (self.error, LIFECYCLE_ERROR, LIFECYCLE_ERROR_TIMED_OUT);
  g_assert_nonnull (strstr (self.error->message, "server/web: operation 'fetch'"));
  g_assert_nonnull (strstr (self.error->message, "test-drain.c"));
  g_clear_error (&self.error);
  g_assert_true (test_async_is_cancelled (&one));
  test_assert_log ("~one drained");
  test_async_succeed (&one);
  test_run_until (test_done_counted, &one.finalized);
  test_async_assert_ended (&one, 0);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (parent);
}

/* Twice is once, with the shorter of the two deadlines, and the first reason. */
static void
test_twice (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync one = { 0 };
  Drain first = { .word = "first" };
  Drain second = { .word = "second", .scope = scope };

  test_async_start (&one, scope, "one");
  drain (&first, scope, 0);
  lifecycle_scope_drain_async (scope, LIFECYCLE_REASON_ABORTED, 20, NULL, drain_cb, &second);
  drain_run (&first);
  drain_run (&second);
  g_assert_error (first.error, LIFECYCLE_ERROR, LIFECYCLE_ERROR_TIMED_OUT);
  g_assert_error (second.error, LIFECYCLE_ERROR, LIFECYCLE_ERROR_TIMED_OUT);
  g_clear_error (&first.error);
  g_clear_error (&second.error);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_SHUTDOWN);
  test_assert_log ("first second");
  test_async_succeed (&one);
  test_run_until (test_done_counted, &one.finalized);
  g_assert_finalize_object (scope);
}

/* A close comes in between. */
static void
test_cut_short (gconstpointer data)
{
  const char *way = data;
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *scope = lifecycle_scope_new_child (parent, "scope");
  LifecycleScope *moved = NULL;
  TestAsync one = { .word = "one" };
  TestWait wait = { .word = "closed" };
  Drain self = { .word = "drained" };
  gboolean waits = FALSE;

  test_async_start (&one, scope, "one");
  drain (&self, scope, 0);
  if (g_str_equal (way, "close"))
    lifecycle_scope_close (scope);
  else if (g_str_equal (way, "parent"))
    lifecycle_scope_close (parent);
  else if (g_str_equal (way, "move"))
    moved = lifecycle_scope_move (scope);
  else
    {
      waits = TRUE;
      test_wait (&wait, scope, 0);
      g_assert_true (test_async_is_cancelled (&one));
      test_wait_assert_waiting (&wait);
    }
  if (!waits)
    drain_run (&self);

  if (moved != NULL)
    {
      /* What has moved is drained no longer. */
      g_assert_false (lifecycle_scope_is_draining (moved));
      g_assert_false (test_async_is_cancelled (&one));
      lifecycle_operation_end (lifecycle_scope_begin (moved, "more"));
    }
  test_async_succeed (&one);
  test_run_until (test_done_counted, &one.finalized);
  drain_run (&self);
  g_assert_no_error (self.error);
  test_async_assert_ended (&one, moved != NULL ? 1 : 0);
  if (moved != NULL)
    {
      lifecycle_scope_close (moved);
      g_assert_finalize_object (moved);
    }
  lifecycle_scope_close (parent);
  test_drain ();
  g_assert_finalize_object (scope);
  g_assert_finalize_object (parent);
  test_assert_log (moved != NULL ? "drained one ~one"
                   : g_str_equal (way, "close-async") ? "~one drained closed" : "~one drained");
}

/* A child that moves on is no longer waited for. */
static void
test_child_moves (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *child = lifecycle_scope_new_child (parent, "child");
  LifecycleScope *moved;
  TestAsync one = { .word = "one" };
  Drain self = { .word = "drained" };

  test_async_start (&one, child, "one");
  drain (&self, parent, 0);
  moved = lifecycle_scope_move (child);
  drain_run (&self);
  g_assert_no_error (self.error);
  g_assert_true (lifecycle_scope_is_closed (parent));
  g_assert_false (lifecycle_scope_is_draining (moved));
  test_async_succeed (&one);
  test_run_until (test_done_counted, &one.finalized);
  test_assert_log ("drained one ~one");
  test_async_assert_ended (&one, 1);
  lifecycle_scope_close (moved);
  g_assert_finalize_object (moved);
  g_assert_finalize_object (child);
  g_assert_finalize_object (parent);
}

/* A child that closes is no longer waited for either. */
/* What is below a scope that moves away is not drained any more, and not waited for. */
static void
test_grandchild_moves (gconstpointer data)
{
  gboolean moves_root = g_str_equal (data, "root");
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *child = lifecycle_scope_new_child (parent, "child");
  LifecycleScope *grandchild = lifecycle_scope_new_child (child, "grandchild");
  LifecycleScope *apart = lifecycle_scope_new_child (child, "apart");
  TestAsync one = { .word = "one" };
  TestAsync two = { .word = "two" };
  Drain self = { .word = "drained" };
  Drain own = { .word = "own" };
  LifecycleScope *moved;

  test_async_start (&one, grandchild, "one");
  test_async_start (&two, apart, "two");
  drain (&own, apart, 0);
  drain (&self, parent, 0);
  g_assert_true (lifecycle_scope_is_draining (grandchild));
  moved = lifecycle_scope_move (moves_root ? parent : child);
  drain_run (&self);
  g_assert_no_error (self.error);
  g_assert_false (lifecycle_scope_is_draining (moved));
  g_assert_false (lifecycle_scope_is_draining (grandchild));
  g_assert_true (lifecycle_scope_is_draining (apart));
  g_assert_false (test_async_is_cancelled (&one));
  lifecycle_operation_end (lifecycle_scope_begin (grandchild, "more"));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (grandchild), ==, 1);

  test_async_succeed (&two);
  drain_run (&own);
  g_assert_no_error (own.error);
  test_async_succeed (&one);
  test_run_until (test_done_counted, &one.finalized);
  test_async_assert_ended (&one, 1);
  test_async_assert_ended (&two, 1);
  test_assert_log ("drained two ~two own one ~one");
  lifecycle_scope_close (moved);
  g_assert_finalize_object (moved);
  g_assert_finalize_object (apart);
  g_assert_finalize_object (grandchild);
  g_assert_finalize_object (child);
  g_assert_finalize_object (parent);
}

static void
expire_cb (LifecycleScope  *scope,
           LifecycleReason  reason,
           gpointer         data)
{
  g_usleep (20000);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* Time is up in a handler of `closing`, which another close has emitted. */
static void
test_expires_in_closing (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync one = { .word = "one" };
  TestWait wait = { .word = "closed" };
  Drain self = { .word = "drained" };

  test_async_start (&one, scope, "one");
  drain (&self, scope, 1);
  g_signal_connect (scope, "closing", G_CALLBACK (expire_cb), NULL);
  test_wait (&wait, scope, 0);
  drain_run (&self);
  g_assert_error (self.error, LIFECYCLE_ERROR, LIFECYCLE_ERROR_TIMED_OUT);
  g_clear_error (&self.error);
  test_drain ();
  test_assert_log ("~one drained closed");
  test_async_succeed (&one);
  test_run_until (test_done_counted, &one.finalized);
  test_async_assert_ended (&one, 0);
  g_clear_error (&wait.error);
  g_assert_finalize_object (scope);
}

/* A scope above waits with it, and has more time. */
static void
test_expires_below (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *scope = lifecycle_scope_new_child (parent, "scope");
  TestAsync one = { .word = "one" };
  TestAsync two = { .word = "two" };
  TestWait wait = { .word = "closed" };
  Drain self = { .word = "drained" };

  test_async_start (&one, parent, "one");
  test_async_start (&two, scope, "two");
  drain (&self, scope, 20);
  test_wait (&wait, parent, 0);
  drain_run (&self);
  g_assert_error (self.error, LIFECYCLE_ERROR, LIFECYCLE_ERROR_TIMED_OUT);
  g_assert_nonnull (strstr (self.error->message, "operation 'two'"));
  g_clear_error (&self.error);
  test_wait_assert_waiting (&wait);
  test_assert_log ("~two drained");
  test_async_succeed (&one);
  test_async_succeed (&two);
  test_run_until (test_done_counted, &one.finalized);
  test_run_until (test_done_counted, &two.finalized);
  test_drain ();
  test_assert_log ("~one closed");
  test_async_assert_ended (&one, 0);
  test_async_assert_ended (&two, 0);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (parent);
}

static void
failing_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          data,
                 GError          **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "failed");
}

/* What the drain has told of a cleanup is not told again. */
static void
test_collects_failure (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  Drain self = { .word = "drained" };

  lifecycle_scope_defer (scope, failing_cleanup, NULL, NULL);
  drain (&self, scope, 0);
  drain_run (&self);
  g_assert_nonnull (self.error);
  g_clear_error (&self.error);
  test_assert_log ("drained");
  /* A warning would be fatal. */
  g_assert_finalize_object (scope);
}

static void
test_child_closes (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *child = lifecycle_scope_new_child (parent, "child");
  TestAsync one = { .word = "one" };
  Drain self = { .word = "drained" };

  test_async_start (&one, child, "one");
  drain (&self, parent, 0);
  lifecycle_scope_close (child);
  drain_run (&self);
  g_assert_no_error (self.error);
  test_async_succeed (&one);
  test_run_until (test_done_counted, &one.finalized);
  test_assert_log ("~one drained");
  g_assert_finalize_object (child);
  g_assert_finalize_object (parent);
}

/* The scope is closing already. */
static void
test_closing (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync one = { 0 };
  TestWait wait = { .word = "closed" };
  Drain self = { .word = "drained" };
  Drain after = { .word = "after" };

  test_async_start (&one, scope, "one");
  test_wait (&wait, scope, 0);
  drain (&self, scope, 0);
  g_assert_false (lifecycle_scope_is_draining (scope));
  test_drain ();
  g_assert_cmpint (self.done, ==, 0);
  test_async_succeed (&one);
  test_wait_run (&wait);
  drain_run (&self);
  drain (&after, scope, 0);
  drain_run (&after);
  test_assert_log ("closed drained after");
  g_assert_finalize_object (scope);
}

/* The caller's cancellable ends its wait, and not the drain. */
static void
test_cancelled (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  TestAsync one = { 0 };
  Drain self = { .scope = scope };

  test_async_start (&one, scope, "one");
  lifecycle_scope_drain_async (scope, LIFECYCLE_REASON_COMPLETED, 0, cancellable, drain_cb, &self);
  g_cancellable_cancel (cancellable);
  test_run_until (test_done_counted, &self.done);
  g_assert_error (self.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&self.error);
  g_assert_true (lifecycle_scope_is_draining (scope));
  test_async_succeed (&one);
  test_run_until (test_done_closed, scope);
  test_async_assert_ended (&one, 1);
  test_drain ();
  g_assert_finalize_object (scope);
}

static void
drain_thread (gpointer data)
{
  lifecycle_scope_drain_async (data, LIFECYCLE_REASON_SHUTDOWN, 0, NULL, NULL, NULL);
}

static void
test_thread (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync one = { 0 };

  test_async_start (&one, scope, "one");
  test_in_thread (drain_thread, scope);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  test_drain ();
  g_assert_true (lifecycle_scope_is_draining (scope));
  test_async_succeed (&one);
  test_run_until (test_done_closed, scope);
  test_async_assert_ended (&one, 1);
  test_drain ();
  g_assert_finalize_object (scope);
}

/* Operations in brackets that a thread ends, one after the other. */
static void
end_thread (gpointer data)
{
  LifecycleOperation **ops = data;

  for (guint i = 0; ops[i] != NULL; i++)
    lifecycle_operation_end (ops[i]);
}

static void
test_thread_ends (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *ops[101] = { NULL };
  Drain self = { 0 };

  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i % 10);

      ops[i] = lifecycle_scope_begin (lifecycle_scope_get_child (scope, name), "work");
    }
  drain (&self, scope, 0);
  test_in_thread (end_thread, ops);
  drain_run (&self);
  g_assert_no_error (self.error);
  g_assert_finalize_object (scope);
}

/* The callback of what is under way wants to begin more: it gets an operation that is cancelled. */
static void
act_begin (TestAsync *async)
{
  LifecycleOperation *op = lifecycle_scope_begin (async->scope, "next");

  g_assert_true (g_cancellable_is_cancelled (lifecycle_operation_get_cancellable (op)));
  lifecycle_operation_end (op);
}

static void
test_callback_begins (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync one = { .act = act_begin };
  Drain self = { 0 };

  test_async_start (&one, scope, "one");
  drain (&self, scope, 0);
  test_async_succeed (&one);
  drain_run (&self);
  test_async_assert_ended (&one, 1);
  g_assert_finalize_object (scope);
}

static void
remaining_thread (gpointer data)
{
  g_assert_cmpint (lifecycle_scope_get_remaining (data), >, 0);
}

/* The nearest of all deadlines upwards, whatever set it. */
static void
test_remaining (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *child = lifecycle_scope_new_child (root, "child");
  LifecycleScope *grandchild = lifecycle_scope_new_child (child, "grandchild");
  TestAsync one = { 0 };
  Drain self = { 0 };

  g_assert_cmpint (lifecycle_scope_get_remaining (grandchild), ==, -1);
  lifecycle_scope_set_deadline (root, 3000000);
  g_assert_cmpint (lifecycle_scope_get_remaining (grandchild), >, 2000000);
  g_assert_cmpint (lifecycle_scope_get_remaining (grandchild), <=, 3000000);
  lifecycle_scope_set_deadline (grandchild, 5000000);
  g_assert_cmpint (lifecycle_scope_get_remaining (grandchild), <=, 3000000);
  lifecycle_scope_set_deadline (child, 2000000);
  g_assert_cmpint (lifecycle_scope_get_remaining (grandchild), <=, 2000000);
  g_assert_cmpint (lifecycle_scope_get_remaining (root), >, 2000000);
  test_in_thread (remaining_thread, grandchild);

  test_async_start (&one, grandchild, "one");
  drain (&self, child, 1000000);
  g_assert_cmpint (lifecycle_scope_get_remaining (grandchild), <=, 1000000);
  lifecycle_scope_set_deadline (root, 0);
  lifecycle_scope_set_deadline (child, 0);
  g_assert_cmpint (lifecycle_scope_get_remaining (root), ==, -1);
  g_assert_cmpint (lifecycle_scope_get_remaining (grandchild), >, 0);
  test_async_succeed (&one);
  drain_run (&self);
  g_assert_cmpint (lifecycle_scope_get_remaining (child), ==, -1);

  lifecycle_scope_close (root);
  g_assert_finalize_object (grandchild);
  g_assert_finalize_object (child);
  g_assert_finalize_object (root);
}

/* A shielded operation outlasts the deadline of the drain. */
static void
test_shielded (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync save = { .word = "saved" };
  Drain self = { .word = "drained" };

  test_async_start (&save, scope, "save");
  lifecycle_operation_set_shielded (save.op, 0);
  drain (&self, scope, 20);
  drain_run (&self);
  g_assert_error (self.error, LIFECYCLE_ERROR, LIFECYCLE_ERROR_TIMED_OUT);
  g_clear_error (&self.error);
  g_assert_false (test_async_is_cancelled (&save));
  test_async_succeed (&save);
  test_run_until (test_done_counted, &save.finalized);
  test_assert_log ("drained saved ~saved");
  test_async_assert_ended (&save, 1);
  g_assert_finalize_object (scope);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/drain/empty", test_empty);
  g_test_add_func ("/lifecycle/drain/finishes", test_finishes);
  g_test_add_func ("/lifecycle/promise-6-late-is-safe/drain", test_late_is_counted);
  g_test_add_func ("/lifecycle/drain/deadline", test_deadline);
  g_test_add_func ("/lifecycle/drain/twice", test_twice);
  g_test_add_data_func ("/lifecycle/drain/cut-short-close", "close", test_cut_short);
  g_test_add_data_func ("/lifecycle/drain/cut-short-close-async", "close-async", test_cut_short);
  g_test_add_data_func ("/lifecycle/drain/cut-short-parent", "parent", test_cut_short);
  g_test_add_data_func ("/lifecycle/drain/cut-short-move", "move", test_cut_short);
  g_test_add_func ("/lifecycle/drain/child-moves", test_child_moves);
  g_test_add_data_func ("/lifecycle/drain/grandchild-moves/root", "root", test_grandchild_moves);
  g_test_add_data_func ("/lifecycle/drain/grandchild-moves/child", "child", test_grandchild_moves);
  g_test_add_func ("/lifecycle/drain/expires-in-closing", test_expires_in_closing);
  g_test_add_func ("/lifecycle/drain/expires-below", test_expires_below);
  g_test_add_func ("/lifecycle/drain/collects-failure", test_collects_failure);
  g_test_add_func ("/lifecycle/drain/child-closes", test_child_closes);
  g_test_add_func ("/lifecycle/drain/closing", test_closing);
  g_test_add_func ("/lifecycle/drain/cancelled", test_cancelled);
  g_test_add_func ("/lifecycle/drain/thread", test_thread);
  g_test_add_func ("/lifecycle/drain/thread-ends", test_thread_ends);
  g_test_add_func ("/lifecycle/drain/callback-begins", test_callback_begins);
  g_test_add_func ("/lifecycle/drain/remaining", test_remaining);
  g_test_add_func ("/lifecycle/promise-15-finished/drain", test_shielded);

  return g_test_run ();
}
