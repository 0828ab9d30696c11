/* test-operation.c: asynchronous calls that belong to a scope
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-operation-util.h"

/* GIO's worker thread may still be letting go of its task. */
static void
assert_finalize_soon (gpointer file)
{
  gpointer object = file;

  g_object_add_weak_pointer (object, &object);
  g_object_unref (file);
  test_wait_for (g_atomic_pointer_get (&object) == NULL);
}

#include <glib/gstdio.h>

/* The life of an operation. */

static void
test_success (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync async = { .word = "call" };

  test_async_start (&async, scope, "load");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_assert_false (test_async_is_cancelled (&async));
  test_drain ();
  g_assert_cmpint (async.called, ==, 0);

  test_async_succeed (&async);
  g_assert_cmpint (async.called, ==, 0);
  test_run_until (test_done_counted, &async.called);
  test_drain ();
  test_assert_log ("call ~call");
  test_async_assert_ended (&async, 1);
  g_assert_cmpint (async.failed, ==, 0);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  test_assert_log ("");
  g_assert_finalize_object (scope);
}

/* An error is a result as any other: the callback gets it. */
static void
test_error (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync async = { 0 };

  test_async_start (&async, scope, "load");
  test_async_fail (&async);
  test_run_until (test_done_counted, &async.called);
  test_drain ();
  test_async_assert_ended (&async, 1);
  g_assert_cmpint (async.failed, ==, 1);
  g_assert_finalize_object (scope);
}

static void
source_object_cb (GObject      *source_object,
                  GAsyncResult *result,
                  gpointer      data)
{
  gpointer *seen = data;

  seen[0] = source_object;
  seen[1] = result;
}

/* The callback gets what the call has given: its object, its result. */
static void
test_arguments (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new ();
  int finalized = 0;
  TestResult *result = g_object_new (TEST_TYPE_RESULT, NULL);
  gpointer seen[2] = { NULL, NULL };
  LifecycleOperation *op;

  result->finalized = &finalized;
  op = lifecycle_scope_begin_async (scope, "call", source_object_cb, seen, NULL);
  lifecycle_operation_ready (G_OBJECT (object), G_ASYNC_RESULT (result), op);
  g_assert_true (seen[0] == object);
  g_assert_true (seen[1] == result);
  g_assert_finalize_object (result);
  g_assert_cmpint (finalized, ==, 1);
  g_assert_finalize_object (object);
  g_assert_finalize_object (scope);
}

/* The object of the call and its result stay for as long as the callback runs. */
static void
drop_and_close_cb (GObject      *source_object,
                   GAsyncResult *result,
                   gpointer      scope)
{
  lifecycle_scope_close (scope);
  g_assert_true (TEST_IS_EMITTER (source_object));
  g_assert_true (TEST_IS_RESULT (result));
}

static void
test_arguments_kept (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new ();
  int finalized = 0;
  TestResult *result = g_object_new (TEST_TYPE_RESULT, NULL);
  LifecycleOperation *op;

  result->finalized = &finalized;
  op = lifecycle_scope_begin_async (scope, "call", drop_and_close_cb, scope, NULL);
  lifecycle_scope_add_object (scope, G_OBJECT (object));
  lifecycle_operation_ready (G_OBJECT (object), G_ASYNC_RESULT (result), op);
  g_assert_finalize_object (result);
  g_assert_finalize_object (object);
  g_assert_finalize_object (scope);
}

static void
test_no_callback (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int destroyed = 0;
  int finalized = 0;
  guint i;

  /* Without a callback, a name, data or a destroy notify; open, closed meanwhile, closed before. */
  for (i = 0; i < 6; i++)
    {
      LifecycleOperation *op =
          lifecycle_scope_begin_async (scope, NULL, NULL, i % 2 == 0 ? &destroyed : NULL,
                                       i % 2 == 0 ? test_count_notify : NULL);
      TestResult *result = g_object_new (TEST_TYPE_RESULT, NULL);

      g_assert_null (lifecycle_operation_get_name (op));
      result->finalized = &finalized;
      if (i == 2 || i == 3)
        lifecycle_scope_clear (scope);
      if (i == 3)
        lifecycle_scope_close (scope);
      lifecycle_operation_ready (NULL, G_ASYNC_RESULT (result), op);
      g_assert_cmpint (destroyed, ==, i / 2 + 1);
      g_assert_finalize_object (result);
    }
  g_assert_cmpint (finalized, ==, 6);
  g_assert_finalize_object (scope);
}

static void
test_name (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  char *name = g_strdup ("the name");
  LifecycleOperation *op = lifecycle_scope_begin (scope, name);
  LifecycleOperation *unnamed = lifecycle_scope_begin (scope, NULL);

  lifecycle_operation_ref (op);
  memset (name, 'x', strlen (name));
  g_free (name);
  g_assert_cmpstr (lifecycle_operation_get_name (op), ==, "the name");
  g_assert_null (lifecycle_operation_get_name (unnamed));
  lifecycle_operation_end (unnamed);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  g_assert_cmpstr (lifecycle_operation_get_name (op), ==, "the name");
  lifecycle_operation_end (op);
  g_assert_cmpstr (lifecycle_operation_get_name (op), ==, "the name");
  lifecycle_operation_unref (op);
}

static void
test_age (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  gint64 before = g_get_monotonic_time ();
  LifecycleOperation *op = lifecycle_scope_begin (scope, "old");
  gint64 began = g_get_monotonic_time ();
  gint64 age;

  g_assert_cmpint (lifecycle_operation_get_age (op), >=, 0);
  while (lifecycle_operation_get_age (op) < 3)
    g_usleep (200);
  g_assert_cmpint (g_get_monotonic_time () - before, >=, 3000);

  age = lifecycle_operation_get_age (op);
  g_assert_cmpint (age, <=, (g_get_monotonic_time () - before) / 1000 + 1);
  while (g_get_monotonic_time () - began < (age + 4) * 1000)
    g_usleep (200);
  g_assert_cmpint (lifecycle_operation_get_age (op), >=, age + 3);

  lifecycle_operation_ref (op);
  lifecycle_scope_close (scope);
  lifecycle_operation_end (op);
  g_assert_cmpint (lifecycle_operation_get_age (op), >=, age);
  lifecycle_operation_unref (op);
  g_assert_finalize_object (scope);
}

/* Boxed, and referenced by bindings for as long as they like. */
static void
test_references (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync async = { 0 };
  LifecycleOperation *kept;
  GCancellable *cancellable;

  g_assert_true (g_type_is_a (LIFECYCLE_TYPE_OPERATION, G_TYPE_BOXED));
  g_assert_cmpstr (g_type_name (LIFECYCLE_TYPE_OPERATION), ==, "LifecycleOperation");

  test_async_begin (&async, scope, "kept");
  kept = g_boxed_copy (LIFECYCLE_TYPE_OPERATION, async.op);
  g_assert_true (kept == async.op);
  g_assert_true (lifecycle_operation_ref (kept) == kept);
  cancellable = g_object_ref (lifecycle_operation_get_cancellable (kept));
  g_assert_true (lifecycle_operation_get_cancellable (kept) == cancellable);

  /* A reference keeps nothing from ending, nor the scope. */
  test_async_ready (&async);
  test_async_assert_ended (&async, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);

  g_assert_true (lifecycle_operation_get_cancellable (kept) == cancellable);
  lifecycle_operation_unref (kept);
  g_assert_true (lifecycle_operation_get_cancellable (kept) == cancellable);
  g_boxed_free (LIFECYCLE_TYPE_OPERATION, kept);
  g_assert_finalize_object (cancellable);
}

static void
test_count (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  TestAsync asyncs[3] = { 0 };
  LifecycleOperation *ops[3];
  guint i;

  for (i = 0; i < 3; i++)
    {
      test_async_begin (&asyncs[i], i == 0 ? child : scope, "async");
      ops[i] = lifecycle_scope_begin (i == 0 ? child : scope, "bracket");
    }
  g_assert_cmpuint (lifecycle_scope_get_n_entries (child), ==, 2);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 5);
  test_async_ready (&asyncs[1]);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 4);
  lifecycle_operation_end (ops[2]);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 3);

  /* The child, and an operation of each sort in both. */
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 5);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  test_async_ready (&asyncs[0]);
  test_async_ready (&asyncs[2]);
  lifecycle_operation_end (ops[0]);
  lifecycle_operation_end (ops[1]);
  for (i = 0; i < 3; i++)
    test_async_assert_ended (&asyncs[i], i == 1 ? 1 : 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
}

static void
test_limit_cb (LifecycleScope *scope,
               guint           n,
               gpointer        counter)
{
  g_assert_cmpuint (n, ==, 3);
  ++*(int *) counter;
}

/* An entry like any other: it counts against the limit. */
static void
test_limit (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync asyncs[3] = { 0 };
  int reached = 0;
  guint i;

  lifecycle_scope_set_limit (scope, 2);
  g_signal_connect (scope, "limit-reached", G_CALLBACK (test_limit_cb), &reached);
  test_n_limit_warnings = 0;
  for (i = 0; i < 3; i++)
    test_async_begin (&asyncs[i], scope, "many");
  g_assert_cmpuint (test_n_limit_warnings, ==, 1);
  g_assert_cmpint (reached, ==, 1);
  for (i = 0; i < 3; i++)
    {
      test_async_ready (&asyncs[i]);
      test_async_assert_ended (&asyncs[i], 1);
    }
  g_assert_finalize_object (scope);
}

static void
test_bracket (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  GCancellable *cancellable = g_object_ref (lifecycle_operation_get_cancellable (op));

  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  lifecycle_operation_end (op);
  g_assert_false (g_cancellable_is_cancelled (cancellable));
  g_assert_finalize_object (cancellable);

  op = lifecycle_scope_begin (scope, "work");
  cancellable = g_object_ref (lifecycle_operation_get_cancellable (op));
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_true (g_cancellable_is_cancelled (cancellable));
  g_assert_finalize_object (scope);
  g_assert_true (lifecycle_operation_get_cancellable (op) == cancellable);
  lifecycle_operation_end (op);
  g_assert_finalize_object (cancellable);
}

/* The user's own cancel: this operation only, and the callback is told. */
static void
test_cancel_own (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GCancellable *cancellable = lifecycle_scope_get_cancellable (scope);
  TestAsync one = { 0 };
  TestAsync two = { 0 };

  test_async_start (&one, scope, "one");
  test_async_start (&two, scope, "two");
  g_assert_true (lifecycle_operation_get_cancellable (one.op)
                 != lifecycle_operation_get_cancellable (two.op));
  g_cancellable_cancel (lifecycle_operation_get_cancellable (one.op));
  g_assert_false (test_async_is_cancelled (&two));
  g_assert_false (g_cancellable_is_cancelled (cancellable));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
  test_async_fail (&one);
  test_run_until (test_done_counted, &one.called);
  test_drain ();
  test_async_assert_ended (&one, 1);
  g_assert_cmpint (one.failed, ==, 1);

  test_async_succeed (&two);
  test_run_until (test_done_counted, &two.called);
  test_drain ();
  test_async_assert_ended (&two, 1);
  g_assert_finalize_object (scope);
}

/* The call completes before the function that was asked to begin it has returned. */
static void
test_synchronous (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync open = { .word = "open" };
  TestAsync closed = { .word = "closed" };

  test_async_begin (&open, scope, "open");
  test_async_ready (&open);
  test_run_until (test_done_counted, &open.called);
  test_assert_log ("open ~open");
  test_async_assert_ended (&open, 1);

  lifecycle_scope_close (scope);
  test_async_begin (&closed, scope, "closed");
  test_async_ready (&closed);
  test_drain ();
  test_assert_log ("~closed");
  test_async_assert_ended (&closed, 0);
  g_assert_finalize_object (scope);
}

/* The scope closes first. */

static void
test_close_first (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync async = { 0 };

  test_async_start (&async, scope, "load");
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_true (test_async_is_cancelled (&async));
  g_assert_cmpint (async.destroyed, ==, 1);
  test_async_succeed (&async);
  test_drain ();
  test_async_assert_ended (&async, 0);
  g_assert_cmpint (async.values, ==, 1);
  g_assert_finalize_object (scope);
}

static void
test_close_first_error (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync async = { 0 };

  test_async_start (&async, scope, "load");
  lifecycle_scope_close (scope);
  test_async_fail (&async);
  test_drain ();
  test_async_assert_ended (&async, 0);
  g_assert_finalize_object (scope);
}

/* The success is on its way already. */
static void
test_close_queued (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync success = { 0 };
  TestAsync failure = { 0 };

  test_async_start (&success, scope, "success");
  test_async_start (&failure, scope, "failure");
  test_async_succeed (&success);
  test_async_fail (&failure);
  g_assert_true (g_main_context_pending (NULL));
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  g_assert_cmpint (success.destroyed, ==, 1);
  g_assert_cmpint (failure.destroyed, ==, 1);
  test_drain ();
  test_async_assert_ended (&success, 0);
  test_async_assert_ended (&failure, 0);
  g_assert_finalize_object (scope);
}

/* Nothing that the caller gave is held by a call that goes on for ever. */
static void
test_close_never (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestOwner *owner = g_object_new (TEST_TYPE_OWNER, NULL);
  LifecycleOperation *op;
  int finalized = 0;
  TestResult *result;

  op = lifecycle_scope_begin_async (scope, "for ever", source_object_cb, owner, g_object_unref);
  g_object_add_weak_pointer (G_OBJECT (owner), (gpointer *) &owner);
  lifecycle_scope_close (scope);
  g_assert_null (owner);
  g_assert_finalize_object (scope);
  test_drain ();

  /* Not so for ever after all: nobody is there any more. */
  result = g_object_new (TEST_TYPE_RESULT, NULL);
  result->finalized = &finalized;
  lifecycle_operation_ready (NULL, G_ASYNC_RESULT (result), op);
  g_assert_finalize_object (result);
  g_assert_cmpint (finalized, ==, 1);
}

typedef enum
{
  END_DROP,
  END_PARENT,
  END_OWNER,
  END_FOLLOWED,
  END_CANCELLABLE,
  END_DEADLINE,
  N_ENDS
} End;

/* Every way to end. */
static void
test_close_ways (void)
{
  End end;

  for (end = END_DROP; end < N_ENDS; end++)
    {
      LifecycleScope *parent = lifecycle_scope_new ("parent");
      LifecycleScope *followed = lifecycle_scope_new ("followed");
      LifecycleScope *scope;
      TestEmitter *owner = test_emitter_new ();
      GCancellable *cancellable = g_cancellable_new ();
      TestAsync async = { 0 };
      TestAsync queued = { 0 };

      scope = end == END_DROP ? lifecycle_scope_new ("scope")
                              : lifecycle_scope_new_child (parent, "scope");
      test_async_start (&async, scope, "call");
      test_async_start (&queued, scope, "call");
      test_async_succeed (&queued);
      lifecycle_scope_follow (scope, followed);
      lifecycle_scope_follow_object (scope, G_OBJECT (owner));
      lifecycle_scope_follow_cancellable (scope, cancellable);
      switch (end)
        {
        case END_DROP: g_assert_finalize_object (g_steal_pointer (&scope)); break;
        case END_PARENT: lifecycle_scope_close (parent); break;
        case END_OWNER: g_object_run_dispose (G_OBJECT (owner)); break;
        case END_FOLLOWED: lifecycle_scope_close (followed); break;
        case END_CANCELLABLE: g_cancellable_cancel (cancellable); break;
        case END_DEADLINE:
          lifecycle_scope_set_deadline (scope, 1);
          /* The result that is queued may come before the deadline. */
          test_run_until (test_done_closed, scope);
          break;
        case N_ENDS: g_assert_not_reached ();
        }
      if (scope != NULL)
        test_run_until (test_done_closed, scope);
      g_assert_true (test_async_is_cancelled (&async));
      g_assert_cmpint (async.destroyed, ==, 1);
      test_async_succeed (&async);
      test_drain ();
      test_async_assert_ended (&async, 0);
      test_async_assert_ended (&queued, end == END_DEADLINE ? queued.called : 0);
      if (scope != NULL)
        g_assert_finalize_object (scope);
      g_assert_finalize_object (parent);
      g_assert_finalize_object (followed);
      g_assert_finalize_object (owner);
      g_assert_finalize_object (cancellable);
    }
}

/* Last in, first out, an operation at its place as everything else. */
static void
test_close_order (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child;
  TestAsync asyncs[3] = { { .word = "0" }, { .word = "1" }, { .word = "2" } };
  LifecycleOperation *op;
  guint i;

  lifecycle_scope_adopt (scope, (gpointer) "a", test_log_notify);
  test_async_begin (&asyncs[0], scope, "0");
  lifecycle_scope_adopt (scope, (gpointer) "b", test_log_notify);
  child = lifecycle_scope_new_child (scope, "child");
  lifecycle_scope_adopt (child, (gpointer) "c", test_log_notify);
  test_async_begin (&asyncs[1], child, "1");
  lifecycle_scope_defer (scope, test_log_cleanup, (gpointer) "d", test_log_notify);
  op = lifecycle_scope_begin (scope, "bracket");
  test_async_begin (&asyncs[2], scope, "2");
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 9);
  test_assert_log ("~2 d ~d ~1 ~c ~b ~0 ~a");
  for (i = 0; i < 3; i++)
    {
      test_async_ready (&asyncs[i]);
      test_async_assert_ended (&asyncs[i], 0);
    }
  test_assert_log ("");
  lifecycle_operation_end (op);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
}

/* The call answers the cancellation at once, on top of the close. */

static void
ready_when_cancelled_cb (GCancellable *cancellable,
                         TestAsync    *async)
{
  /* Muted are all of them before the first is cancelled; nothing has been released. */
  g_assert_false (test_has_handlers (async->data, "plain"));
  test_log ("cancelled");
  test_async_ready (async);
}

static void
end_when_cancelled_cb (GCancellable       *cancellable,
                       LifecycleOperation *op)
{
  test_log ("cancelled");
  lifecycle_operation_end (op);
}

static void
test_ready_when_cancelled (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  TestEmitter *emitter = test_emitter_new ();
  TestAsync asyncs[4] = { 0 };
  guint i;

  for (i = 0; i < 4; i++)
    {
      LifecycleOperation *op;

      asyncs[i].data = emitter;
      test_async_begin (&asyncs[i], i % 2 == 0 ? scope : child, "call");
      g_signal_connect (lifecycle_operation_get_cancellable (asyncs[i].op), "cancelled",
                        G_CALLBACK (ready_when_cancelled_cb), &asyncs[i]);
      op = lifecycle_scope_begin (i % 2 == 0 ? scope : child, "bracket");
      g_signal_connect (lifecycle_operation_get_cancellable (op), "cancelled",
                        G_CALLBACK (end_when_cancelled_cb), op);
      lifecycle_scope_connect_signal (i < 2 ? scope : child, emitter, "plain",
                                      G_CALLBACK (test_never_handler_cb), NULL);
      lifecycle_scope_adopt (i < 2 ? scope : child, (gpointer) "data", test_log_notify);
    }
  lifecycle_scope_close (scope);
  test_assert_log ("cancelled cancelled cancelled cancelled "
                   "cancelled cancelled cancelled cancelled "
                   "~data ~data ~data ~data");
  test_drain ();
  for (i = 0; i < 4; i++)
    test_async_assert_ended (&asyncs[i], 0);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* Whoever is told of the cancellation does all sorts of things. */

static void
bully_when_cancelled_cb (GCancellable *cancellable,
                         TestAsync    *async)
{
  TestAsync late = { 0 };

  g_assert_cmpuint (lifecycle_scope_close (async->scope), ==, 0);
  test_async_begin (&late, async->scope, "late");
  g_assert_cmpint (late.destroyed, ==, 1);
  g_assert_true (test_async_is_cancelled (&late));
  test_async_ready (&late);
  test_async_assert_ended (&late, 0);

  /* Not only this one, but its neighbour too. */
  if (async->op != NULL)
    test_async_ready (async);
  if (async->other->op != NULL)
    test_async_ready (async->other);
  g_cancellable_cancel (cancellable);
}

static void
test_bully_when_cancelled (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync asyncs[10] = { 0 };
  guint i;

  for (i = 0; i < 10; i++)
    {
      asyncs[i].other = &asyncs[(i + 1) % 10];
      test_async_begin (&asyncs[i], scope, "call");
      g_signal_connect (lifecycle_operation_get_cancellable (asyncs[i].op), "cancelled",
                        G_CALLBACK (bully_when_cancelled_cb), &asyncs[i]);
    }
  lifecycle_scope_close (scope);
  test_drain ();
  for (i = 0; i < 10; i++)
    test_async_assert_ended (&asyncs[i], 0);
  g_assert_finalize_object (scope);
}

/* Too late. */

static void
late_begin (LifecycleScope *scope,
            const char     *word)
{
  TestAsync async = { .word = word };
  LifecycleOperation *op;

  test_async_begin (&async, scope, "late");
  g_assert_cmpint (async.destroyed, ==, 1);
  g_assert_true (test_async_is_cancelled (&async));
  g_assert_cmpstr (lifecycle_operation_get_name (async.op), ==, "late");
  g_assert_cmpint (lifecycle_operation_get_age (async.op), >=, 0);
  test_async_ready (&async);
  test_async_assert_ended (&async, 0);

  op = lifecycle_scope_begin (scope, "late");
  g_assert_true (g_cancellable_is_cancelled (lifecycle_operation_get_cancellable (op)));
  lifecycle_operation_end (op);
}

static void
late_scope_cb (LifecycleScope  *scope,
               LifecycleReason  reason,
               gpointer         word)
{
  late_begin (scope, word);
}

static void
late_cleanup (LifecycleScope   *scope,
              LifecycleReason   reason,
              gpointer          word,
              GError          **error)
{
  late_begin (scope, word);
}

static void
late_destroy (TestAsync *async)
{
  late_begin (async->scope, "destroy");
}

static void
test_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync async = { .on_destroy = late_destroy };
  TestAsync pending = { 0 };

  g_signal_connect (scope, "closing", G_CALLBACK (late_scope_cb), (gpointer) "closing");
  g_signal_connect (scope, "closed", G_CALLBACK (late_scope_cb), (gpointer) "closed");
  lifecycle_scope_defer (scope, late_cleanup, (gpointer) "cleanup", NULL);
  test_async_begin (&async, scope, "call");
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  late_begin (scope, "after");
  test_assert_log ("~closing ~destroy ~cleanup ~closed ~after");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);

  /* It outlives a scope that it never belonged to. */
  test_async_start (&pending, scope, "pending");
  g_assert_finalize_object (scope);
  test_async_succeed (&pending);
  test_drain ();
  test_async_assert_ended (&pending, 0);
  test_async_ready (&async);
  test_async_assert_ended (&async, 0);
}

/* Other threads, other contexts. */

static void
ready_thread (gpointer data)
{
  test_async_ready (data);
}

static void
end_thread (gpointer op)
{
  lifecycle_operation_end (op);
}

static void
test_thread_ready (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync async = { .word = "call" };

  test_async_begin (&async, scope, "call");
  test_in_thread (ready_thread, &async);
  g_assert_cmpint (async.called, ==, 0);
  test_run_until (test_done_counted, &async.called);
  test_drain ();
  test_assert_log ("call ~call");
  test_async_assert_ended (&async, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
}

/* The result is on its way home when the scope closes. */
static void
test_thread_ready_close (void)
{
  guint i;

  for (i = 0; i < 3; i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      TestAsync async = { 0 };

      test_async_begin (&async, scope, "call");
      test_in_thread (ready_thread, &async);
      if (i == 0)
        lifecycle_scope_close (scope);
      else if (i == 1)
        lifecycle_scope_clear (scope);
      else
        g_assert_finalize_object (g_steal_pointer (&scope));
      g_assert_cmpint (async.destroyed, ==, 1);
      test_drain ();
      test_async_assert_ended (&async, 0);
      if (scope != NULL)
        g_assert_finalize_object (scope);
    }
}

static void
test_thread_ready_after (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync closed = { 0 };
  TestAsync finalized = { 0 };

  test_async_begin (&closed, scope, "call");
  test_async_begin (&finalized, scope, "call");
  lifecycle_scope_close (scope);
  test_in_thread (ready_thread, &closed);
  test_drain ();
  test_async_assert_ended (&closed, 0);
  g_assert_finalize_object (scope);
  test_in_thread (ready_thread, &finalized);
  test_drain ();
  test_async_assert_ended (&finalized, 0);
}

static void
home_notify (gpointer data)
{
  TestAsync *async = data;

  g_assert_true (g_thread_self () == async->home);
  async->destroyed++;
}

/* Nobody to call, but something to free, which belongs home. */
static void
test_thread_no_callback (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync async = { .home = g_thread_self () };

  async.op = lifecycle_scope_begin_async (scope, "call", NULL, &async, home_notify);
  test_in_thread (ready_thread, &async);
  test_run_until (test_done_counted, &async.destroyed);
  test_drain ();
  test_async_assert_ended (&async, 0);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
}

/* The last reference goes elsewhere, with a call under way and a result on its way. */
static void
test_thread_drop (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int finalized = 0;
  TestAsync pending = { 0 };
  TestAsync queued = { 0 };

  test_count_finalize (scope, &finalized);
  test_async_start (&pending, scope, "pending");
  test_async_start (&queued, scope, "queued");
  test_async_succeed (&queued);
  test_in_thread (g_object_unref, scope);
  g_assert_cmpint (pending.destroyed, ==, 0);
  test_run_until (test_done_counted, &finalized);
  test_drain ();
  g_assert_true (test_async_is_cancelled (&pending));
  test_async_succeed (&pending);
  test_drain ();
  test_async_assert_ended (&pending, 0);
  test_async_assert_ended (&queued, 0);
}

static void
start_thread (gpointer data)
{
  TestAsync *async = data;

  test_async_start (async, async->scope, "elsewhere");
}

static void
succeed_thread (gpointer data)
{
  test_async_succeed (data);
}

/* The call is made, and completes, on a thread with a main loop; the operation is at home here. */
static void
test_worker (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestWorker *worker = test_worker_new ();
  TestAsync open = { .scope = scope, .home = g_thread_self () };
  TestAsync closed = { .scope = scope, .home = g_thread_self () };

  test_worker_call (worker, start_thread, &open);
  test_worker_call (worker, start_thread, &closed);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
  test_worker_call (worker, succeed_thread, &open);
  test_run_until (test_done_counted, &open.called);

  lifecycle_scope_close (scope);
  g_assert_cmpint (closed.destroyed, ==, 1);
  test_worker_call (worker, succeed_thread, &closed);
  test_worker_free (worker);
  test_drain ();
  test_async_assert_ended (&open, 1);
  test_async_assert_ended (&closed, 0);
  g_assert_finalize_object (scope);
}

static void
begin_late_thread (gpointer data)
{
  TestAsync *async = data;

  test_async_begin (async, async->scope, "late");
  g_assert_cmpint (async->destroyed, ==, 1);
  g_assert_true (test_async_is_cancelled (async));
  test_async_ready (async);
}

static void
test_thread_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync async = { .scope = scope };

  lifecycle_scope_close (scope);
  test_in_thread (begin_late_thread, &async);
  test_async_assert_ended (&async, 0);
  g_assert_finalize_object (scope);
}

/* The context that the call completes in is another one of the same thread. */
static void
test_other_context (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GMainContext *context = g_main_context_new ();
  TestAsync open = { 0 };
  TestAsync closed = { 0 };

  g_main_context_push_thread_default (context);
  test_async_start (&open, scope, "open");
  test_async_start (&closed, scope, "closed");
  test_async_succeed (&open);
  test_drain ();
  g_main_context_pop_thread_default (context);
  test_run_until (test_done_counted, &open.called);

  lifecycle_scope_close (scope);
  g_main_context_push_thread_default (context);
  test_async_succeed (&closed);
  test_drain ();
  g_main_context_pop_thread_default (context);
  test_drain ();
  test_async_assert_ended (&open, 1);
  test_async_assert_ended (&closed, 0);
  g_main_context_unref (context);
  g_assert_finalize_object (scope);
}

/* A scope whose home is gone: its context dies with a result on the way. */
static void
test_context_dies (void)
{
  GMainContext *context = g_main_context_new ();
  LifecycleScope *scope;
  TestAsync async = { 0 };

  g_main_context_push_thread_default (context);
  scope = lifecycle_scope_new ("scope");
  g_main_context_pop_thread_default (context);
  test_async_begin (&async, scope, "call");
  test_in_thread (ready_thread, &async);
  g_main_context_unref (context);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  g_assert_cmpint (async.called, ==, 0);
  g_assert_cmpint (async.destroyed, ==, 1);
  g_assert_cmpint (async.finalized, ==, 1);
}

/* The callback does all sorts of things. */

static void
act_close (TestAsync *async)
{
  g_assert_cmpuint (lifecycle_scope_close (async->scope), ==, GPOINTER_TO_UINT (async->data));
  g_assert_true (lifecycle_scope_is_closed (async->scope));
}

/* Neither its own callback nor any other. */
static void
test_callback_closes (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync async = { .word = "call", .act = act_close };
  TestAsync queued = { .word = "queued" };
  TestAsync pending = { .word = "pending" };

  async.data = GUINT_TO_POINTER (3);
  lifecycle_scope_adopt (scope, (gpointer) "data", test_log_notify);
  test_async_start (&async, scope, "call");
  test_async_start (&queued, scope, "queued");
  test_async_start (&pending, scope, "pending");
  test_async_succeed (&async);
  test_async_succeed (&queued);
  test_run_until (test_done_closed, scope);
  test_drain ();
  test_assert_log ("call ~pending ~queued ~data ~call");
  test_async_succeed (&pending);
  test_drain ();
  test_async_assert_ended (&async, 1);
  test_async_assert_ended (&queued, 0);
  test_async_assert_ended (&pending, 0);
  g_assert_finalize_object (scope);
}

static void
act_drop (TestAsync *async)
{
  g_object_unref (async->data);
  g_object_unref (async->scope);
}

static void
test_callback_drops (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  gpointer weak = scope;
  TestAsync pending = { 0 };
  TestAsync async = { .act = act_drop };
  TestEmitter *object = test_emitter_new_logged ("object");

  g_object_add_weak_pointer (weak, &weak);
  async.data = object;
  test_async_begin (&pending, scope, "pending");
  test_async_begin (&async, scope, "call");
  test_async_ready (&async);
  g_assert_null (weak);
  test_assert_log ("~object");
  test_async_ready (&pending);
  test_async_assert_ended (&pending, 0);
  test_async_assert_ended (&async, 1);
}

/* One after the other: each begins the next. */

typedef struct
{
  LifecycleScope *scope;
  TestAsync      *links;
  guint           n_links;
  guint           n_begun;
} Chain;

static void
chain_next (TestAsync *async)
{
  Chain *chain = async->data;
  TestAsync *next = &chain->links[chain->n_begun];

  if (chain->n_begun == chain->n_links)
    return;
  chain->n_begun++;
  g_assert_cmpuint (lifecycle_scope_get_n_entries (chain->scope), ==, 0);
  next->data = chain;
  /* Every other one from the callback, the rest from the destroy notify. */
  if (chain->n_begun % 2 == 0)
    next->act = chain_next;
  else
    next->on_destroy = chain_next;
  test_async_start (next, chain->scope, "link");
  test_async_succeed (next);
}

static void
test_chain (void)
{
  Chain chain = { .scope = lifecycle_scope_new ("scope"), .n_links = test_amount (5000) };
  TestAsync first = { .data = &chain };
  guint i;

  chain.links = g_new0 (TestAsync, chain.n_links);
  chain_next (&first);
  test_run_until (test_done_counted, &chain.links[chain.n_links - 1].called);
  test_drain ();
  for (i = 0; i < chain.n_links; i++)
    test_async_assert_ended (&chain.links[i], 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (chain.scope), ==, 0);
  g_free (chain.links);
  g_assert_finalize_object (chain.scope);
}

static void
act_begin (TestAsync *async)
{
  test_async_start (async->other, async->scope, "next");
}

static void
test_callback_begins (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync next = { .word = "next" };
  TestAsync async = { .word = "call", .act = act_begin, .other = &next };

  test_async_begin (&async, scope, "call");
  test_async_ready (&async);
  test_assert_log ("call ~call");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  test_async_succeed (&next);
  test_run_until (test_done_counted, &next.called);
  test_drain ();
  test_assert_log ("next ~next");
  test_async_assert_ended (&next, 1);
  g_assert_finalize_object (scope);
}

static void
act_ready_other (TestAsync *async)
{
  if (async->other != NULL)
    test_async_ready (async->other);
}

/* Calls that complete from within the callbacks of others. */
static void
test_callback_nested (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync asyncs[100] = { 0 };
  guint i;

  for (i = 0; i < 100; i++)
    {
      asyncs[i].act = i == 99 ? act_close : act_ready_other;
      asyncs[i].other = i == 99 ? NULL : &asyncs[i + 1];
      test_async_begin (&asyncs[i], scope, "call");
    }
  lifecycle_scope_adopt (scope, (gpointer) "data", test_log_notify);
  asyncs[99].data = GUINT_TO_POINTER (1);
  test_async_ready (&asyncs[0]);
  test_drain ();
  test_assert_log ("~data");
  for (i = 0; i < 100; i++)
    test_async_assert_ended (&asyncs[i], 1);
  g_assert_finalize_object (scope);
}

static void
act_iterate (TestAsync *async)
{
  test_drain ();
  g_assert_true (lifecycle_scope_is_closed (async->scope));
}

static gboolean
close_source_cb (gpointer scope)
{
  lifecycle_scope_close (scope);
  return G_SOURCE_REMOVE;
}

/* The scope is closed by a loop that runs inside the callback. */
static void
test_callback_loop (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync async = { .word = "call", .act = act_iterate };
  TestAsync queued = { .word = "queued" };

  lifecycle_scope_adopt (scope, (gpointer) "data", test_log_notify);
  test_async_begin (&async, scope, "call");
  test_async_start (&queued, scope, "queued");
  g_idle_add_full (G_PRIORITY_HIGH, close_source_cb, scope, NULL);
  test_async_succeed (&queued);
  test_async_ready (&async);
  test_drain ();
  test_assert_log ("call ~queued ~data ~call");
  test_async_assert_ended (&async, 1);
  test_async_assert_ended (&queued, 0);
  g_assert_finalize_object (scope);
}

static void
destroy_closes (TestAsync *async)
{
  lifecycle_scope_close (async->scope);
  late_begin (async->scope, "late");
}

/* The destroy notify may do as much: after the callback, and in a close. */
static void
test_destroy_closes (void)
{
  guint i;

  for (i = 0; i < 3; i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      TestAsync async = { .word = "call", .on_destroy = destroy_closes };
      TestAsync other = { .word = "other", .on_destroy = destroy_closes };

      test_async_begin (&other, scope, "other");
      test_async_begin (&async, scope, "call");
      if (i == 0)
        test_async_ready (&async);
      else if (i == 1)
        lifecycle_scope_close (scope);
      else
        lifecycle_scope_clear (scope);
      g_assert_true (lifecycle_scope_is_closed (scope));
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
      g_string_free (g_steal_pointer (&test_log_buffer), TRUE);
      if (i != 0)
        test_async_ready (&async);
      test_async_ready (&other);
      test_async_assert_ended (&async, i == 0 ? 1 : 0);
      test_async_assert_ended (&other, 0);
      g_assert_finalize_object (scope);
    }
}

static void
destroy_completes (TestAsync *async)
{
  if (async->op != NULL)
    test_async_ready (async);
  if (async->other->op != NULL)
    test_async_ready (async->other);
}

/* The destroy notify makes calls complete, its own and one that waits for its release. */
static void
test_destroy_completes (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync asyncs[6] = { 0 };
  guint i;

  for (i = 0; i < 6; i++)
    {
      asyncs[i].on_destroy = destroy_completes;
      asyncs[i].other = &asyncs[(i + 2) % 6];
      test_async_begin (&asyncs[i], scope, "call");
    }
  lifecycle_scope_close (scope);
  test_drain ();
  for (i = 0; i < 6; i++)
    test_async_assert_ended (&asyncs[i], 0);
  g_assert_finalize_object (scope);
}

/* Nor may a callback be called for its neighbour, released a moment later, while the scope goes. */
static void
test_destroy_in_open (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync two = { .word = "two" };
  TestAsync one = { .word = "one", .on_destroy = destroy_completes, .other = &two };

  test_async_begin (&one, scope, "one");
  test_async_begin (&two, scope, "two");
  test_async_ready (&one);
  test_assert_log ("one ~one two ~two");
  test_async_assert_ended (&one, 1);
  test_async_assert_ended (&two, 1);
  g_assert_finalize_object (scope);
}

/* The other verbs. */

static void
test_block (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync before = { 0 };
  TestAsync meanwhile = { 0 };
  TestAsync closed = { 0 };

  test_async_start (&before, scope, "before");
  lifecycle_scope_block (scope);
  test_async_start (&meanwhile, scope, "meanwhile");
  test_async_start (&closed, scope, "closed");
  test_async_succeed (&before);
  test_async_succeed (&meanwhile);
  test_run_until (test_done_counted, &before.called);
  test_run_until (test_done_counted, &meanwhile.called);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  test_async_succeed (&closed);
  test_drain ();
  test_async_assert_ended (&before, 1);
  test_async_assert_ended (&meanwhile, 1);
  test_async_assert_ended (&closed, 0);
  g_assert_finalize_object (scope);
}

static void
test_clear (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "bracket");
  TestAsync pending = { 0 };
  TestAsync queued = { 0 };
  TestAsync below = { 0 };
  TestAsync after = { 0 };

  test_async_start (&pending, scope, "pending");
  test_async_start (&queued, scope, "queued");
  test_async_start (&below, child, "below");
  test_async_succeed (&queued);
  g_assert_cmpuint (lifecycle_scope_clear (scope), ==, 5);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  g_assert_true (test_async_is_cancelled (&pending));
  g_assert_true (test_async_is_cancelled (&below));
  g_assert_true (g_cancellable_is_cancelled (lifecycle_operation_get_cancellable (op)));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);

  /* The scope is as good as new, and what was cleared is not of it any more. */
  test_async_start (&after, scope, "after");
  g_assert_false (test_async_is_cancelled (&after));
  test_async_succeed (&pending);
  test_async_succeed (&below);
  lifecycle_operation_end (op);
  test_drain ();
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  test_async_succeed (&after);
  test_run_until (test_done_counted, &after.called);
  test_drain ();
  test_async_assert_ended (&pending, 0);
  test_async_assert_ended (&queued, 0);
  test_async_assert_ended (&below, 0);
  test_async_assert_ended (&after, 1);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
}

static void
act_clear (TestAsync *async)
{
  g_assert_cmpuint (lifecycle_scope_clear (async->scope), ==, 1);
  test_async_begin (async->other, async->scope, "next");
}

static void
test_callback_clears (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync next = { 0 };
  TestAsync async = { .act = act_clear, .other = &next };
  TestAsync pending = { 0 };

  test_async_begin (&async, scope, "call");
  test_async_begin (&pending, scope, "pending");
  test_async_ready (&async);
  test_async_assert_ended (&async, 1);
  test_async_ready (&pending);
  test_async_assert_ended (&pending, 0);
  test_async_ready (&next);
  test_async_assert_ended (&next, 1);
  g_assert_finalize_object (scope);
}

static void
test_move (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "bracket");
  LifecycleScope *moved;
  TestAsync queued = { 0 };
  TestAsync elsewhere = { 0 };
  TestAsync pending = { 0 };
  TestAsync closed = { 0 };

  test_async_start (&queued, scope, "queued");
  test_async_begin (&elsewhere, scope, "elsewhere");
  test_async_start (&pending, scope, "pending");
  test_async_start (&closed, scope, "closed");
  test_async_succeed (&queued);
  test_in_thread (ready_thread, &elsewhere);
  moved = lifecycle_scope_move (scope);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_finalize_object (scope);
  g_assert_false (test_async_is_cancelled (&pending));
  g_assert_false (g_cancellable_is_cancelled (lifecycle_operation_get_cancellable (op)));

  test_async_succeed (&pending);
  test_run_until (test_done_counted, &pending.called);
  test_run_until (test_done_counted, &queued.called);
  test_run_until (test_done_counted, &elsewhere.called);
  test_drain ();
  g_assert_cmpuint (lifecycle_scope_get_n_entries (moved), ==, 2);
  g_assert_cmpuint (lifecycle_scope_close (moved), ==, 2);
  g_assert_true (test_async_is_cancelled (&closed));
  g_assert_true (g_cancellable_is_cancelled (lifecycle_operation_get_cancellable (op)));
  test_async_succeed (&closed);
  lifecycle_operation_end (op);
  test_drain ();
  test_async_assert_ended (&queued, 1);
  test_async_assert_ended (&elsewhere, 1);
  test_async_assert_ended (&pending, 1);
  test_async_assert_ended (&closed, 0);
  g_assert_finalize_object (moved);
}

static void
act_move (TestAsync *async)
{
  LifecycleScope **moved = async->data;

  *moved = lifecycle_scope_move (async->scope);
}

static void
test_callback_moves (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *moved = NULL;
  TestAsync async = { .act = act_move, .data = &moved };
  TestAsync pending = { 0 };

  test_async_begin (&async, scope, "call");
  test_async_begin (&pending, scope, "pending");
  test_async_ready (&async);
  test_async_assert_ended (&async, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (moved), ==, 1);
  test_async_ready (&pending);
  test_async_assert_ended (&pending, 1);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (moved);
}

static void
ready_while_closing_cb (LifecycleScope  *scope,
                        LifecycleReason  reason,
                        gpointer         async)
{
  g_assert_cmpint (reason, ==, LIFECYCLE_REASON_REPLACED);
  test_async_ready (async);
}

/* The scope is not open while it says so, but what it owns goes on. */
static void
test_ready_during_move (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *moved;
  TestAsync async = { 0 };

  test_async_begin (&async, scope, "call");
  g_signal_connect (scope, "closing", G_CALLBACK (ready_while_closing_cb), &async);
  moved = lifecycle_scope_move (scope);
  test_async_assert_ended (&async, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (moved), ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (moved), ==, 0);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (moved);
}

static void
test_arguments_refused (void)
{
  test_expect_critical ("*LIFECYCLE_IS_SCOPE*");
  g_assert_null (lifecycle_scope_begin (NULL, "name"));
  g_test_assert_expected_messages ();
  test_expect_critical ("*LIFECYCLE_IS_SCOPE*");
  g_assert_null (lifecycle_scope_begin_async (NULL, "name", NULL, NULL, NULL));
  g_test_assert_expected_messages ();
  test_expect_critical ("*!= NULL*");
  g_assert_null (lifecycle_operation_get_cancellable (NULL));
  g_test_assert_expected_messages ();
  test_expect_critical ("*!= NULL*");
  lifecycle_operation_end (NULL);
  g_test_assert_expected_messages ();
}

/* Real calls. A spy stands between a call and its operation, and sees the result come and go. */

typedef struct
{
  LifecycleOperation *op;
  GObject            *out;        /* what the callback got */
  int                 ready;
  int                 finalized;  /* the result */
  int                 called;
  int                 failed;
  int                 destroyed;
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
spy_notify (gpointer data)
{
  ((Spy *) data)->destroyed++;
}

static GCancellable *
spy_begin (Spy                 *spy,
           LifecycleScope      *scope,
           const char          *name,
           GAsyncReadyCallback  callback)
{
  memset (spy, 0, sizeof *spy);
  spy->op = lifecycle_scope_begin_async (scope, name, callback, spy, spy_notify);
  return lifecycle_operation_get_cancellable (spy->op);
}

/* Waits until the call has come to its end, whatever that is. */
static void
spy_run (Spy *spy)
{
  test_run_until (test_done_counted, &spy->ready);
  test_run_until (test_done_counted, &spy->finalized);
  test_drain ();
  g_assert_cmpint (spy->ready, ==, 1);
  g_assert_cmpint (spy->finalized, ==, 1);
  g_assert_cmpint (spy->destroyed, ==, 1);
}

/* How many descriptors are open; always the same where that cannot be told. */
static int
count_fds (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  int n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static gboolean
done_fds (gpointer data)
{
  return count_fds () <= *(int *) data;
}

/* The scope is closed before anything happens; when a result is on its way; not at all. */
typedef enum { CLOSE_AT_ONCE, CLOSE_QUEUED, CLOSE_AFTER, N_CLOSES } Close;

/* Runs each of them, and again to see that no descriptor is left behind. What GIO opens once for
 * the whole process it has opened in the first round. */
static void
each_close (void (*func) (Close close))
{
  int n_fds = 0;
  guint round;

  for (round = 0; round < 4; round++)
    {
      Close close;

      for (close = CLOSE_AT_ONCE; close < N_CLOSES; close++)
        func (close);
      if (round == 1)
        n_fds = count_fds ();
    }
  test_run_until (done_fds, &n_fds);
}

/* Iterates nothing before the close unless the call is to complete. */
static void
close_at (Spy            *spy,
          LifecycleScope *scope,
          Close           close)
{
  if (close == CLOSE_QUEUED)
    test_wait_for (g_main_context_pending (NULL));
  if (close == CLOSE_AFTER)
    spy_run (spy);
  lifecycle_scope_close (scope);
  g_assert_cmpint (spy->destroyed, ==, 1);
  spy_run (spy);
  g_assert_cmpint (spy->called, ==, close == CLOSE_AFTER ? 1 : 0);
  g_assert_finalize_object (scope);
}

static char *
make_file (const char *contents)
{
  g_autoptr (GError) error = NULL;
  char *path = g_build_filename (g_get_tmp_dir (), "lifecycle-operation-XXXXXX", NULL);
  int fd = g_mkstemp (path);

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  g_file_set_contents (path, contents, -1, &error);
  g_assert_no_error (error);
  return path;
}

static void
load_cb (GObject      *source_object,
         GAsyncResult *result,
         gpointer      data)
{
  Spy *spy = data;
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;

  g_file_load_contents_finish (G_FILE (source_object), result, &contents, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (contents, ==, "some contents");
  spy->called++;
}

static void
load_close (Close close)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree char *path = make_file ("some contents");
  GFile *file = g_file_new_for_path (path);
  GCancellable *cancellable;
  Spy spy;

  cancellable = spy_begin (&spy, scope, "load", load_cb);
  g_file_load_contents_async (file, cancellable, spy_ready, &spy);
  close_at (&spy, scope, close);
  assert_finalize_soon (file);
  g_assert_cmpint (g_unlink (path), ==, 0);
}

static void
test_file_load (void)
{
  each_close (load_close);
}

static void
read_cb (GObject      *source_object,
         GAsyncResult *result,
         gpointer      data)
{
  Spy *spy = data;
  g_autoptr (GFileInputStream) stream = NULL;
  g_autoptr (GError) error = NULL;

  stream = g_file_read_finish (G_FILE (source_object), result, &error);
  g_assert_no_error (error);
  g_assert_true (G_IS_FILE_INPUT_STREAM (stream));
  spy->called++;
}

/* The result holds a stream, and the stream a descriptor. */
static void
read_close (Close close)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree char *path = make_file ("some contents");
  GFile *file = g_file_new_for_path (path);
  GCancellable *cancellable;
  Spy spy;

  cancellable = spy_begin (&spy, scope, "read", read_cb);
  g_file_read_async (file, G_PRIORITY_DEFAULT, cancellable, spy_ready, &spy);
  close_at (&spy, scope, close);
  assert_finalize_soon (file);
  g_assert_cmpint (g_unlink (path), ==, 0);
}

static void
test_file_read (void)
{
  each_close (read_close);
}

static void
missing_cb (GObject      *source_object,
            GAsyncResult *result,
            gpointer      data)
{
  Spy *spy = data;
  g_autoptr (GFileInfo) info = NULL;
  g_autoptr (GError) error = NULL;

  info = g_file_query_info_finish (G_FILE (source_object), result, &error);
  g_assert_null (info);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  spy->called++;
}

static void
missing_close (Close close)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GFile *file = g_file_new_for_path ("/nonexistent/lifecycle");
  GCancellable *cancellable;
  Spy spy;

  cancellable = spy_begin (&spy, scope, "query", missing_cb);
  g_file_query_info_async (file, "*", 0, G_PRIORITY_DEFAULT, cancellable, spy_ready, &spy);
  close_at (&spy, scope, close);
  assert_finalize_soon (file);
}

static void
test_file_missing (void)
{
  each_close (missing_close);
}

/* A loopback socket. */

static GSocketListener *
listen_on_loopback (GSocketAddress **address)
{
  GSocketListener *listener = g_socket_listener_new ();
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GError) error = NULL;

  if (!g_socket_listener_add_address (listener, any, G_SOCKET_TYPE_STREAM,
                                      G_SOCKET_PROTOCOL_DEFAULT, NULL, address, &error))
    {
      g_test_skip (error->message);
      g_clear_object (&listener);
    }
  return listener;
}

static void
accept_cb (GObject      *source_object,
           GAsyncResult *result,
           gpointer      data)
{
  Spy *spy = data;
  g_autoptr (GError) error = NULL;

  spy->out = G_OBJECT (g_socket_listener_accept_finish (G_SOCKET_LISTENER (source_object),
                                                        result, NULL, &error));
  g_assert_no_error (error);
  spy->called++;
}

static void
connect_cb (GObject      *source_object,
            GAsyncResult *result,
            gpointer      data)
{
  Spy *spy = data;
  g_autoptr (GError) error = NULL;

  spy->out = G_OBJECT (g_socket_client_connect_finish (G_SOCKET_CLIENT (source_object),
                                                       result, &error));
  g_assert_no_error (error);
  spy->called++;
}

static void
connect_close (Close close)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocketListener) listener = listen_on_loopback (&address);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  GCancellable *cancellable;
  Spy spy;

  if (listener == NULL)
    {
      g_object_unref (scope);
      return;
    }
  cancellable = spy_begin (&spy, scope, "connect", connect_cb);
  g_socket_client_connect_async (client, G_SOCKET_CONNECTABLE (address), cancellable,
                                 spy_ready, &spy);
  if (close == CLOSE_QUEUED)
    {
      /* Several steps: close somewhere between them. */
      g_main_context_iteration (NULL, TRUE);
      close = spy.called == 1 ? CLOSE_AFTER : CLOSE_AT_ONCE;
    }
  close_at (&spy, scope, close);
  g_clear_object (&spy.out);
}

static void
test_socket_connect (void)
{
  each_close (connect_close);
}

/* A call that does not come to an end by itself, and one that has to be freed when it does. */
static void
test_socket (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocketListener) listener = listen_on_loopback (&address);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  GIOStream *streams[2];
  char buffer[16];
  Spy accepted;
  Spy connected;
  Spy read;
  Spy waiting;

  if (listener == NULL)
    {
      g_object_unref (scope);
      return;
    }
  g_socket_listener_accept_async (listener, spy_begin (&accepted, scope, "accept", accept_cb),
                                  spy_ready, &accepted);
  g_socket_client_connect_async (client, G_SOCKET_CONNECTABLE (address),
                                 spy_begin (&connected, scope, "connect", connect_cb),
                                 spy_ready, &connected);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
  spy_run (&accepted);
  spy_run (&connected);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  streams[0] = G_IO_STREAM (accepted.out);
  streams[1] = G_IO_STREAM (connected.out);

  /* Nobody writes, nobody connects. */
  g_input_stream_read_async (g_io_stream_get_input_stream (streams[0]), buffer, sizeof buffer,
                             G_PRIORITY_DEFAULT, spy_begin (&read, scope, "read", read_cb),
                             spy_ready, &read);
  g_socket_listener_accept_async (listener, spy_begin (&waiting, scope, "accept", accept_cb),
                                  spy_ready, &waiting);
  test_drain ();
  g_assert_cmpint (read.ready + waiting.ready, ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  spy_run (&read);
  spy_run (&waiting);
  g_assert_cmpint (read.called + waiting.called, ==, 0);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (streams[0]);
  g_assert_finalize_object (streams[1]);
}

/* Processes. */

static void
communicate_cb (GObject      *source_object,
                GAsyncResult *result,
                gpointer      data)
{
  Spy *spy = data;
  g_autofree char *out = NULL;
  g_autoptr (GError) error = NULL;

  g_subprocess_communicate_utf8_finish (G_SUBPROCESS (source_object), result, &out, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (out, ==, "through the cat");
  spy->called++;
}

static void
never_async_cb (GObject      *source_object,
                GAsyncResult *result,
                gpointer      data)
{
  g_assert_not_reached ();
}

static void
test_subprocess (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree char *cat = g_find_program_in_path ("cat");
  g_autoptr (GError) error = NULL;
  GSubprocess *process;
  Spy spy;

  if (cat == NULL)
    {
      g_test_skip ("There is no cat");
      g_object_unref (scope);
      return;
    }

  process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                              &error, cat, NULL);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8_async (process, "through the cat",
                                       spy_begin (&spy, scope, "communicate", communicate_cb),
                                       spy_ready, &spy);
  spy_run (&spy);
  g_assert_cmpint (spy.called, ==, 1);
  g_object_unref (process);

  /* It reads for ever; the wait for it is given up. */
  process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE, &error, cat, NULL);
  g_assert_no_error (error);
  g_subprocess_wait_async (process, spy_begin (&spy, scope, "wait", never_async_cb),
                           spy_ready, &spy);
  test_drain ();
  g_assert_cmpint (spy.ready, ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  spy_run (&spy);
  g_output_stream_close (g_subprocess_get_stdin_pipe (process), NULL, &error);
  g_assert_no_error (error);
  g_subprocess_wait (process, NULL, &error);
  g_assert_no_error (error);
  g_object_unref (process);
  test_drain ();
  g_assert_finalize_object (scope);
}

/* A private bus. */

typedef struct
{
  GTestDBus       *daemon;
  GDBusConnection *client;
  GDBusConnection *server;
  guint            object;
  int              n_held;
  GPtrArray       *held;  /* invocations that nobody answers */
} Bus;

static GDBusConnection *
bus_connect (Bus *bus)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection;

  connection = g_dbus_connection_new_for_address_sync (
      g_test_dbus_get_bus_address (bus->daemon),
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
          G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, NULL, &error);
  g_assert_no_error (error);
  return connection;
}

static void
bus_method_cb (GDBusConnection       *connection,
               const char            *sender,
               const char            *object_path,
               const char            *interface_name,
               const char            *method_name,
               GVariant              *parameters,
               GDBusMethodInvocation *invocation,
               gpointer               data)
{
  Bus *bus = data;

  if (g_str_equal (method_name, "Hold"))
    {
      g_ptr_array_add (bus->held, invocation);
      bus->n_held++;
    }
  else
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(s)", "an answer"));
}

static gboolean
bus_init (Bus *bus)
{
  static const GDBusInterfaceVTable vtable = { .method_call = bus_method_cb };
  g_autofree char *program = g_find_program_in_path ("dbus-daemon");
  g_autoptr (GDBusNodeInfo) info = NULL;
  g_autoptr (GError) error = NULL;

  memset (bus, 0, sizeof *bus);
  if (program == NULL)
    {
      g_test_skip ("There is no dbus-daemon");
      return FALSE;
    }
  bus->daemon = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (bus->daemon);
  bus->client = bus_connect (bus);
  bus->server = bus_connect (bus);
  bus->held = g_ptr_array_new ();
  info = g_dbus_node_info_new_for_xml ("<node><interface name='org.example.Lifecycle'>"
                                       "<method name='Answer'>"
                                       "<arg type='s' direction='out'/></method>"
                                       "<method name='Hold'>"
                                       "<arg type='s' direction='out'/></method>"
                                       "</interface></node>", &error);
  g_assert_no_error (error);
  bus->object = g_dbus_connection_register_object (bus->server, "/object", info->interfaces[0],
                                                   &vtable, bus, NULL, &error);
  g_assert_no_error (error);
  return TRUE;
}

static void
bus_clear (Bus *bus)
{
  GDBusConnection *connections[2] = { bus->client, bus->server };
  guint i;

  g_assert_true (g_dbus_connection_unregister_object (bus->server, bus->object));
  for (i = 0; i < bus->held->len; i++)
    g_dbus_method_invocation_return_value (g_ptr_array_index (bus->held, i),
                                           g_variant_new ("(s)", "too late"));
  g_ptr_array_unref (bus->held);
  test_drain ();
  for (i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;

      g_dbus_connection_close_sync (connections[i], NULL, &error);
      g_assert_no_error (error);
      g_object_add_weak_pointer (G_OBJECT (connections[i]), (gpointer *) &connections[i]);
      g_object_unref (connections[i]);
      /* The thread of GDBus may hold the last reference for a moment. */
      test_iterate_until (g_atomic_pointer_get (&connections[i]) == NULL);
    }
  g_test_dbus_down (bus->daemon);
  g_object_unref (bus->daemon);
}

static void
bus_call (Bus                 *bus,
          Spy                 *spy,
          LifecycleScope      *scope,
          const char          *method,
          GAsyncReadyCallback  callback)
{
  g_dbus_connection_call (bus->client, g_dbus_connection_get_unique_name (bus->server), "/object",
                          "org.example.Lifecycle", method, NULL, G_VARIANT_TYPE ("(s)"),
                          G_DBUS_CALL_FLAGS_NONE, G_MAXINT,
                          spy_begin (spy, scope, method, callback), spy_ready, spy);
}

static void
answer_cb (GObject      *source_object,
           GAsyncResult *result,
           gpointer      data)
{
  Spy *spy = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = NULL;

  answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source_object), result, &error);
  g_assert_no_error (error);
  spy->called++;
}

static void
proxy_cb (GObject      *source_object,
          GAsyncResult *result,
          gpointer      data)
{
  Spy *spy = data;
  g_autoptr (GError) error = NULL;

  spy->out = G_OBJECT (g_dbus_proxy_new_finish (result, &error));
  g_assert_no_error (error);
  spy->called++;
}

static void
test_dbus_call (void)
{
  LifecycleScope *scope;
  Bus bus;
  Spy answered;
  Spy under_way;
  Spy held;

  if (!bus_init (&bus))
    return;
  scope = lifecycle_scope_new ("scope");

  bus_call (&bus, &answered, scope, "Answer", answer_cb);
  spy_run (&answered);
  g_assert_cmpint (answered.called, ==, 1);

  /* One that nobody answers, and one that is answered too late. */
  bus_call (&bus, &held, scope, "Hold", never_async_cb);
  test_run_until (test_done_counted, &bus.n_held);
  bus_call (&bus, &under_way, scope, "Answer", never_async_cb);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  spy_run (&held);
  spy_run (&under_way);
  g_assert_finalize_object (scope);
  bus_clear (&bus);
}

static void
test_dbus_proxy (void)
{
  Bus bus;
  guint i;

  if (!bus_init (&bus))
    return;
  for (i = 0; i < 3; i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      guint before = G_OBJECT (bus.client)->ref_count;
      Spy spy;

      g_dbus_proxy_new (bus.client, G_DBUS_PROXY_FLAGS_NONE, NULL,
                        g_dbus_connection_get_unique_name (bus.server), "/object",
                        "org.example.Lifecycle",
                        spy_begin (&spy, scope, "proxy", i == 0 ? proxy_cb : never_async_cb),
                        spy_ready, &spy);
      if (i == 0)
        {
          spy_run (&spy);
          g_assert_finalize_object (g_steal_pointer (&spy.out));
        }
      else if (i == 2)
        {
          /* Somewhere between its steps. */
          g_main_context_iteration (NULL, TRUE);
        }
      lifecycle_scope_close (scope);
      spy_run (&spy);
      g_assert_finalize_object (scope);
      /* What the proxy held, it has let go of. */
      while (G_OBJECT (bus.client)->ref_count > before)
        test_drain ();
    }
  bus_clear (&bus);
}

/* Promises. */

/* After the close nothing is referenced, even while the call goes on. */
static void
test_promise_complete (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  TestEmitter *objects[4];
  GTask *tasks[4];
  guint i;

  for (i = 0; i < 4; i++)
    {
      LifecycleOperation *op;

      objects[i] = test_emitter_new ();
      op = lifecycle_scope_begin_async (i < 2 ? scope : child, "call", never_async_cb,
                                        g_object_ref (objects[i]), g_object_unref);
      tasks[i] = g_task_new (NULL, lifecycle_operation_get_cancellable (op),
                             lifecycle_operation_ready, op);
    }
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 5);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
  for (i = 0; i < 4; i++)
    g_assert_finalize_object (objects[i]);
  for (i = 0; i < 4; i++)
    {
      GCancellable *cancellable = g_object_ref (g_task_get_cancellable (tasks[i]));

      g_assert_true (g_task_return_error_if_cancelled (tasks[i]));
      g_object_unref (tasks[i]);
      test_drain ();
      g_assert_finalize_object (cancellable);
    }
}

/* The callback's data is let go of by the close, though it captured the owner of the scope. */
static void
test_promise_no_cycles (void)
{
  TestOwner *owner = g_object_new (TEST_TYPE_OWNER, NULL);
  LifecycleOperation *op;
  int finalized = 0;
  TestResult *result = g_object_new (TEST_TYPE_RESULT, NULL);

  op = lifecycle_scope_begin_async (owner->scope, "call", never_async_cb,
                                    g_object_ref (owner), g_object_unref);
  lifecycle_scope_close (owner->scope);
  g_assert_finalize_object (owner);
  result->finalized = &finalized;
  lifecycle_operation_ready (NULL, G_ASYNC_RESULT (result), op);
  g_assert_finalize_object (result);
}

static void
quiet_closing_cb (LifecycleScope  *scope,
                  LifecycleReason  reason,
                  gpointer         data)
{
  TestAsync *async = data;

  /* Everything still works. */
  g_assert_false (test_async_is_cancelled (async));
  g_assert_cmpint (async->destroyed, ==, 0);
  test_log ("closing");
}

static void
quiet_cancelled_cb (GCancellable *cancellable,
                    gpointer      emitter)
{
  g_assert_false (test_has_handlers (emitter, "plain"));
  test_log ("cancelled");
}

static void
test_promise_quiet (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  TestEmitter *emitter = test_emitter_new ();
  TestAsync async = { .word = "call" };

  lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                  NULL);
  lifecycle_scope_adopt (scope, (gpointer) "data", test_log_notify);
  test_async_begin (&async, child, "call");
  g_signal_connect (lifecycle_operation_get_cancellable (async.op), "cancelled",
                    G_CALLBACK (quiet_cancelled_cb), emitter);
  lifecycle_scope_defer (child, test_log_cleanup, (gpointer) "cleanup", NULL);
  lifecycle_scope_connect_signal (child, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                  NULL);
  g_signal_connect (scope, "closing", G_CALLBACK (quiet_closing_cb), &async);
  g_signal_connect (scope, "closed", G_CALLBACK (test_log_scope_cb), (gpointer) "closed");
  lifecycle_scope_close (scope);
  test_assert_log ("closing cancelled ~data cleanup ~call closed");
  test_async_ready (&async);
  test_async_assert_ended (&async, 0);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* However it comes to its end: the callback at most once, the destroy notify once. */
static void
test_promise_once (void)
{
  guint step;

  for (step = 0; step < 32; step++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      TestAsync async = { 0 };

      async.act = (step & 1) != 0 ? act_close : NULL;
      async.on_destroy = (step & 2) != 0 ? destroy_closes : NULL;
      test_async_begin (&async, scope, "call");
      if ((step & 4) != 0)
        lifecycle_scope_clear (scope);
      if ((step & 8) != 0)
        lifecycle_scope_close (scope);
      if ((step & 16) != 0)
        test_in_thread (ready_thread, &async);
      else
        test_async_ready (&async);
      test_drain ();
      lifecycle_scope_close (scope);
      test_drain ();
      test_async_assert_ended (&async, (step & 12) == 0 ? 1 : 0);
      g_assert_finalize_object (scope);
      if (test_log_buffer != NULL)
        g_string_free (g_steal_pointer (&test_log_buffer), TRUE);
    }
}

static void
truthful_act (TestAsync *async)
{
  g_assert_cmpuint (lifecycle_scope_get_n_entries (async->scope), ==, 1);
}

/* It is counted until it ends, and not a moment longer. */
static void
test_promise_truthful (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync async = { .act = truthful_act };
  LifecycleOperation *op = lifecycle_scope_begin (scope, "bracket");

  test_async_begin (&async, scope, "call");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
  /* In the callback only the other one is left. */
  test_async_ready (&async);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  test_in_thread (end_thread, op);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  test_async_assert_ended (&async, 1);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_finalize_object (scope);
}

/* The cancellable is reset or cancelled by others; the object of the call dies; nobody minds. */
static void
test_promise_tolerant (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync asyncs[3] = { 0 };
  guint i;

  for (i = 0; i < 3; i++)
    test_async_start (&asyncs[i], scope, "call");
  g_cancellable_cancel (lifecycle_operation_get_cancellable (asyncs[0].op));
  g_cancellable_cancel (lifecycle_operation_get_cancellable (asyncs[1].op));
  g_cancellable_reset (lifecycle_operation_get_cancellable (asyncs[1].op));
  g_cancellable_push_current (lifecycle_operation_get_cancellable (asyncs[2].op));
  lifecycle_scope_close (scope);
  g_cancellable_pop_current (lifecycle_operation_get_cancellable (asyncs[2].op));
  for (i = 0; i < 3; i++)
    {
      g_assert_true (test_async_is_cancelled (&asyncs[i]));
      test_async_succeed (&asyncs[i]);
    }
  test_drain ();
  for (i = 0; i < 3; i++)
    test_async_assert_ended (&asyncs[i], 0);
  g_assert_finalize_object (scope);
}

/* Any number of them, ended in any order. */
static void
test_promise_flat (void)
{
  guint n = test_amount (100000);
  guint *order = g_new (guint, n);
  guint round;

  for (round = 0; round < 4; round++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      TestAsync *asyncs = g_new0 (TestAsync, n);
      guint i;

      for (i = 0; i < n; i++)
        {
          order[i] = round == 1 ? n - 1 - i : i;
          test_async_begin (&asyncs[i], scope, "call");
        }
      if (round >= 2)
        for (i = n - 1; i > 0; i--)
          {
            guint j = g_test_rand_int_range (0, i + 1);
            guint swap = order[i];

            order[i] = order[j];
            order[j] = swap;
          }
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, n);
      if (round == 3)
        g_assert_cmpuint (lifecycle_scope_close (scope), ==, n);
      for (i = 0; i < n; i++)
        test_async_ready (&asyncs[order[i]]);
      for (i = 0; i < n; i++)
        test_async_assert_ended (&asyncs[i], round == 3 ? 0 : 1);
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
      g_free (asyncs);
      g_assert_finalize_object (scope);
    }
  g_free (order);
}

/* No lock is held around user code: another thread, which the caller waits for, gets through. */

static void
use_thread (gpointer data)
{
  TestAsync *async = data;
  TestAsync own = { 0 };
  LifecycleOperation *op = lifecycle_scope_begin (async->scope, "bracket");

  g_assert_cmpstr (lifecycle_operation_get_name (op), ==, "bracket");
  lifecycle_scope_get_n_entries (async->scope);
  lifecycle_operation_end (op);
  if (lifecycle_scope_get_state (async->scope) != LIFECYCLE_STATE_OPEN)
    {
      test_async_begin (&own, async->scope, "late");
      test_async_ready (&own);
      test_async_assert_ended (&own, 0);
    }
  if (async->other->op != NULL)
    {
      lifecycle_operation_get_age (async->other->op);
      g_cancellable_is_cancelled (lifecycle_operation_get_cancellable (async->other->op));
    }
}

static void
act_use_thread (TestAsync *async)
{
  test_in_thread (use_thread, async);
}

static void
cancelled_use_thread_cb (GCancellable *cancellable,
                         TestAsync    *async)
{
  test_in_thread (use_thread, async);
}

static void
test_promise_lock_free (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync asyncs[3] = { 0 };
  guint i;

  for (i = 0; i < 3; i++)
    {
      asyncs[i].act = act_use_thread;
      asyncs[i].on_destroy = act_use_thread;
      asyncs[i].other = &asyncs[2];
      test_async_begin (&asyncs[i], scope, "call");
      g_signal_connect (lifecycle_operation_get_cancellable (asyncs[i].op), "cancelled",
                        G_CALLBACK (cancelled_use_thread_cb), &asyncs[i]);
    }
  test_async_ready (&asyncs[0]);
  g_cancellable_cancel (lifecycle_operation_get_cancellable (asyncs[1].op));
  lifecycle_scope_close (scope);
  test_async_ready (&asyncs[1]);
  test_async_ready (&asyncs[2]);
  for (i = 0; i < 3; i++)
    test_async_assert_ended (&asyncs[i], i == 0 ? 1 : 0);
  g_assert_finalize_object (scope);
}

/* Closed from elsewhere: decided at once, done at home. */

static void
close_thread (gpointer data)
{
  TestAsync *async = data;

  g_assert_cmpuint (lifecycle_scope_close (async->scope), ==, 0);
  g_assert_cmpint (async->destroyed, ==, 0);
}

static void
test_promise_home (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync pending = { 0 };
  TestAsync queued = { 0 };
  TestAsync after = { 0 };

  test_async_start (&pending, scope, "pending");
  test_async_start (&queued, scope, "queued");
  test_async_begin (&after, scope, "after");
  test_async_succeed (&queued);
  test_in_thread (close_thread, &pending);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSING);
  /* The teardown has not been done yet, but it is decided: nothing is called back. */
  test_async_ready (&after);
  g_assert_cmpint (after.called, ==, 0);
  test_run_until (test_done_closed, scope);
  g_assert_true (test_async_is_cancelled (&pending));
  test_async_succeed (&pending);
  test_drain ();
  test_async_assert_ended (&pending, 0);
  test_async_assert_ended (&queued, 0);
  test_async_assert_ended (&after, 0);
  g_assert_finalize_object (scope);
}

static void
begin_thread (gpointer data)
{
  TestAsync *async = data;

  test_async_begin (async, async->scope, "from elsewhere");
  g_assert_false (test_async_is_cancelled (async));
}

/* Begun on any thread, called back at home. */
static void
test_promise_home_begin (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync called = { .scope = scope, .home = g_thread_self () };
  TestAsync closed = { .scope = scope, .home = g_thread_self () };

  test_in_thread (begin_thread, &called);
  test_in_thread (begin_thread, &closed);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
  test_in_thread (ready_thread, &called);
  test_run_until (test_done_counted, &called.called);
  lifecycle_scope_close (scope);
  test_in_thread (ready_thread, &closed);
  test_drain ();
  test_async_assert_ended (&called, 1);
  test_async_assert_ended (&closed, 0);
  g_assert_finalize_object (scope);
}

/* Threads complete calls while the scope at home is closed, cleared, moved or left alone. */

#define N_STRESS_THREADS 4
#define N_STRESS_CALLS   50

static void
test_promise_home_stress (void)
{
  guint n_rounds = test_amount (20000) / 100;
  guint round;

  for (round = 0; round < n_rounds; round++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      LifecycleScope *moved = NULL;
      TestAsync asyncs[N_STRESS_THREADS * N_STRESS_CALLS] = { 0 };
      LifecycleOperation *ops[N_STRESS_THREADS * N_STRESS_CALLS];
      TestCompletion completions[N_STRESS_THREADS];
      GThread *threads[N_STRESS_THREADS];
      int go = 0;
      guint i;

      for (i = 0; i < G_N_ELEMENTS (asyncs); i++)
        {
          test_async_begin (&asyncs[i], scope, "call");
          ops[i] = lifecycle_scope_begin (scope, "bracket");
        }
      for (i = 0; i < N_STRESS_THREADS; i++)
        {
          completions[i] = (TestCompletion) {
            .asyncs = &asyncs[i * N_STRESS_CALLS],
            .ops = &ops[i * N_STRESS_CALLS],
            .n = N_STRESS_CALLS,
            .go = &go,
          };
          threads[i] = g_thread_new ("stress", test_complete_thread, &completions[i]);
        }
      g_atomic_int_set (&go, 1);
      switch (round % 4)
        {
        case 0:
          while (lifecycle_scope_get_n_entries (scope) > 50)
            g_main_context_iteration (NULL, FALSE);
          lifecycle_scope_close (scope);
          break;
        case 1:
          g_main_context_iteration (NULL, FALSE);
          lifecycle_scope_clear (scope);
          break;
        case 2:
          moved = lifecycle_scope_move (scope);
          g_main_context_iteration (NULL, FALSE);
          lifecycle_scope_close (moved);
          break;
        default:
          break;
        }
      for (i = 0; i < N_STRESS_THREADS; i++)
        g_thread_join (threads[i]);
      test_drain ();
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
      for (i = 0; i < G_N_ELEMENTS (asyncs); i++)
        test_async_assert_ended (&asyncs[i], round % 4 == 3 ? 1 : asyncs[i].called);
      g_assert_finalize_object (scope);
      if (moved != NULL)
        g_assert_finalize_object (moved);
    }
}

/* Failures of cleanups between operations. */

static void
failing_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          word,
                 GError          **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, word);
}

static void
test_promise_all_of_it (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync asyncs[3] = { 0 };
  guint i;

  for (i = 0; i < 3; i++)
    {
      lifecycle_scope_defer (scope, failing_cleanup, (gpointer) (i == 1 ? "first" : "second"),
                             NULL);
      test_async_start (&asyncs[i], scope, "call");
    }
  test_async_fail (&asyncs[1]);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 6);
  g_assert_error (lifecycle_scope_get_error (scope), LIFECYCLE_ERROR, LIFECYCLE_ERROR_CLEANUP);
  test_async_succeed (&asyncs[0]);
  test_async_fail (&asyncs[2]);
  test_drain ();
  for (i = 0; i < 3; i++)
    test_async_assert_ended (&asyncs[i], 0);
  g_assert_finalize_object (scope);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  test_take_limit_warnings ();

  g_test_add_func ("/lifecycle/operation/success", test_success);
  g_test_add_func ("/lifecycle/operation/error", test_error);
  g_test_add_func ("/lifecycle/operation/arguments", test_arguments);
  g_test_add_func ("/lifecycle/operation/arguments-kept", test_arguments_kept);
  g_test_add_func ("/lifecycle/operation/no-callback", test_no_callback);
  g_test_add_func ("/lifecycle/operation/name", test_name);
  g_test_add_func ("/lifecycle/operation/age", test_age);
  g_test_add_func ("/lifecycle/operation/references", test_references);
  g_test_add_func ("/lifecycle/operation/count", test_count);
  g_test_add_func ("/lifecycle/operation/limit", test_limit);
  g_test_add_func ("/lifecycle/operation/bracket", test_bracket);
  g_test_add_func ("/lifecycle/operation/cancel-own", test_cancel_own);
  g_test_add_func ("/lifecycle/operation/synchronous", test_synchronous);
  g_test_add_func ("/lifecycle/operation/close-first", test_close_first);
  g_test_add_func ("/lifecycle/operation/close-first-error", test_close_first_error);
  g_test_add_func ("/lifecycle/operation/close-queued", test_close_queued);
  g_test_add_func ("/lifecycle/operation/close-never", test_close_never);
  g_test_add_func ("/lifecycle/operation/close-ways", test_close_ways);
  g_test_add_func ("/lifecycle/operation/close-order", test_close_order);
  g_test_add_func ("/lifecycle/operation/ready-when-cancelled", test_ready_when_cancelled);
  g_test_add_func ("/lifecycle/operation/bully-when-cancelled", test_bully_when_cancelled);
  g_test_add_func ("/lifecycle/promise-6-late-is-safe/operation-late", test_late);
  g_test_add_func ("/lifecycle/operation/thread-ready", test_thread_ready);
  g_test_add_func ("/lifecycle/operation/thread-ready-close", test_thread_ready_close);
  g_test_add_func ("/lifecycle/operation/thread-ready-after", test_thread_ready_after);
  g_test_add_func ("/lifecycle/operation/thread-no-callback", test_thread_no_callback);
  g_test_add_func ("/lifecycle/operation/thread-drop", test_thread_drop);
  g_test_add_func ("/lifecycle/operation/worker", test_worker);
  g_test_add_func ("/lifecycle/operation/thread-late", test_thread_late);
  g_test_add_func ("/lifecycle/operation/other-context", test_other_context);
  g_test_add_func ("/lifecycle/operation/context-dies", test_context_dies);
  g_test_add_func ("/lifecycle/operation/callback-closes", test_callback_closes);
  g_test_add_func ("/lifecycle/operation/callback-drops", test_callback_drops);
  g_test_add_func ("/lifecycle/operation/chain", test_chain);
  g_test_add_func ("/lifecycle/operation/callback-begins", test_callback_begins);
  g_test_add_func ("/lifecycle/operation/callback-nested", test_callback_nested);
  g_test_add_func ("/lifecycle/operation/callback-loop", test_callback_loop);
  g_test_add_func ("/lifecycle/operation/destroy-closes", test_destroy_closes);
  g_test_add_func ("/lifecycle/operation/destroy-completes", test_destroy_completes);
  g_test_add_func ("/lifecycle/operation/destroy-in-open", test_destroy_in_open);
  g_test_add_func ("/lifecycle/operation/block", test_block);
  g_test_add_func ("/lifecycle/operation/clear", test_clear);
  g_test_add_func ("/lifecycle/operation/callback-clears", test_callback_clears);
  g_test_add_func ("/lifecycle/operation/move", test_move);
  g_test_add_func ("/lifecycle/operation/callback-moves", test_callback_moves);
  g_test_add_func ("/lifecycle/operation/ready-during-move", test_ready_during_move);
  g_test_add_func ("/lifecycle/operation/arguments-refused", test_arguments_refused);
  g_test_add_func ("/lifecycle/operation/file-load", test_file_load);
  g_test_add_func ("/lifecycle/operation/file-read", test_file_read);
  g_test_add_func ("/lifecycle/operation/file-missing", test_file_missing);
  g_test_add_func ("/lifecycle/operation/socket-connect", test_socket_connect);
  g_test_add_func ("/lifecycle/operation/socket", test_socket);
  g_test_add_func ("/lifecycle/operation/subprocess", test_subprocess);
  g_test_add_func ("/lifecycle/operation/dbus-call", test_dbus_call);
  g_test_add_func ("/lifecycle/operation/dbus-proxy", test_dbus_proxy);
  g_test_add_func ("/lifecycle/promise-1-complete/operation-close", test_promise_complete);
  g_test_add_func ("/lifecycle/promise-12-no-cycles/operation-captured-owner",
                   test_promise_no_cycles);
  g_test_add_func ("/lifecycle/promise-2-quiet/operation-order", test_promise_quiet);
  g_test_add_func ("/lifecycle/promise-3-once/operation-every-end", test_promise_once);
  g_test_add_func ("/lifecycle/promise-4-truthful/operation-counts", test_promise_truthful);
  g_test_add_func ("/lifecycle/promise-5-tolerant/operation-cancellable", test_promise_tolerant);
  g_test_add_func ("/lifecycle/promise-8-flat/operation-many", test_promise_flat);
  g_test_add_func ("/lifecycle/promise-9-lock-free/operation-threads", test_promise_lock_free);
  g_test_add_func ("/lifecycle/promise-10-home/operation-closed-elsewhere", test_promise_home);
  g_test_add_func ("/lifecycle/promise-10-home/operation-begun-elsewhere", test_promise_home_begin);
  g_test_add_func ("/lifecycle/promise-10-home/operation-stress", test_promise_home_stress);
  g_test_add_func ("/lifecycle/promise-7-all-of-it/operation-failures", test_promise_all_of_it);

  return g_test_run ();
}
