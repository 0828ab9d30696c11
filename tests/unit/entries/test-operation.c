/* test-operation.c: asynchronous calls and their scopes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-operation-thread.h"

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

/* The callback does all sorts of things. */

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

  return g_test_run ();
}
