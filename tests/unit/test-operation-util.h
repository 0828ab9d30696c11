/* test-operation-util.h: calls that a test completes when it likes, and waits for a close
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "test-util.h"

/* The simplest of results: it counts when it is finalized, on whatever thread. */

#define TEST_TYPE_RESULT (test_result_get_type ())
G_DECLARE_FINAL_TYPE (TestResult, test_result, TEST, RESULT, GObject)

struct _TestResult
{
  GObject  parent_instance;
  int     *finalized;
};

static void
test_result_init_iface (GAsyncResultIface *iface)
{
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestResult, test_result, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_ASYNC_RESULT, test_result_init_iface))

static void
test_result_finalize (GObject *object)
{
  g_atomic_int_inc (TEST_RESULT (object)->finalized);
  G_OBJECT_CLASS (test_result_parent_class)->finalize (object);
}

static void
test_result_class_init (TestResultClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_result_finalize;
}

static void
test_result_init (TestResult *self)
{
}

/* An operation and its call. All zero but for what is wanted. */

typedef struct _TestAsync TestAsync;

typedef void (*TestAsyncFunc) (TestAsync *async);

struct _TestAsync
{
  TestAsyncFunc       act;         /* runs in the callback */
  TestAsyncFunc       on_destroy;  /* runs in the destroy notify */
  const char         *word;        /* logged by the callback; "~word" by the destroy notify */
  gpointer            data;
  TestAsync          *other;

  LifecycleScope     *scope;       /* borrowed */
  LifecycleOperation *op;          /* borrowed, NULL once the call has completed */
  GTask              *task;        /* what runs, if it is a task; NULL once it has returned */
  GThread            *home;        /* where everything runs; that of the beginning by default */
  gboolean            in_callback;

  int                 called;
  int                 failed;      /* called with an error */
  int                 destroyed;
  int                 results;     /* how many were made */
  int                 finalized;   /* of the results */
  int                 values;
  int                 freed;       /* of the values */
};

TEST_UNUSED static void
test_async_cb (GObject      *source_object,
               GAsyncResult *result,
               gpointer      data)
{
  TestAsync *self = data;

  g_assert_true (g_thread_self () == self->home);
  g_assert_cmpint (g_atomic_int_get (&self->destroyed), ==, 0);
  g_assert_cmpint (self->called, ==, 0);

  if (G_IS_TASK (result))
    {
      g_autoptr (GError) error = NULL;
      int *value = g_task_propagate_pointer (G_TASK (result), &error);

      if (value != NULL)
        {
          g_assert_true (value == &self->freed);
          test_count_notify (value);
        }
      else
        {
          g_assert_nonnull (error);
          self->failed++;
        }
    }
  else
    g_assert_true (TEST_IS_RESULT (result));

  if (self->word != NULL)
    test_log ("%s", self->word);
  g_atomic_int_inc (&self->called);
  self->in_callback = TRUE;
  if (self->act != NULL)
    self->act (self);
  /* Whatever the callback does, its data stays until it has returned. */
  g_assert_cmpint (g_atomic_int_get (&self->destroyed), ==, 0);
  self->in_callback = FALSE;
}

TEST_UNUSED static void
test_async_notify (gpointer data)
{
  TestAsync *self = data;

  g_assert_true (g_thread_self () == self->home);
  g_assert_false (self->in_callback);
  g_assert_cmpint (self->destroyed, ==, 0);
  if (self->word != NULL)
    test_log ("~%s", self->word);
  g_atomic_int_inc (&self->destroyed);
  if (self->on_destroy != NULL)
    self->on_destroy (self);
}

TEST_UNUSED static void
test_async_begin_at (const char     *place,
                     TestAsync      *self,
                     LifecycleScope *scope,
                     const char     *name)
{
  if (self->home == NULL)
    self->home = g_thread_self ();
  self->scope = scope;
  self->op = lifecycle_scope_begin_async_at (place, scope, name,
                                             test_async_cb, self, test_async_notify);
  g_assert_nonnull (self->op);
}

#define test_async_begin(self, scope, name) test_async_begin_at (LIFECYCLE_PLACE, self, scope, name)

/* The call completes at once, on this thread, within this very function. */
TEST_UNUSED static void
test_async_ready (TestAsync *self)
{
  TestResult *result = g_object_new (TEST_TYPE_RESULT, NULL);

  result->finalized = &self->finalized;
  self->results++;
  lifecycle_operation_ready (NULL, G_ASYNC_RESULT (result), g_steal_pointer (&self->op));
  g_object_unref (result);
}

/* The call is a task of the thread-default context. It succeeds although it is cancelled. */
TEST_UNUSED static void
test_async_start_at (const char     *place,
                     TestAsync      *self,
                     LifecycleScope *scope,
                     const char     *name)
{
  test_async_begin_at (place, self, scope, name);
  self->task = g_task_new (NULL, lifecycle_operation_get_cancellable (self->op),
                           lifecycle_operation_ready, self->op);
  g_task_set_check_cancellable (self->task, FALSE);
  /* One key for all: test_count_finalize() makes a quark for each counter, and quarks stay. */
  g_object_set_data_full (G_OBJECT (self->task), "test-async", &self->finalized, test_count_notify);
  self->results++;
}

#define test_async_start(self, scope, name) test_async_start_at (LIFECYCLE_PLACE, self, scope, name)

/* From here on the operation may end at any iteration. */
TEST_UNUSED static void
test_async_succeed (TestAsync *self)
{
  GTask *task = g_steal_pointer (&self->task);

  self->op = NULL;
  self->values++;
  g_task_return_pointer (task, &self->freed, test_count_notify);
  g_object_unref (task);
}

TEST_UNUSED static void
test_async_fail (TestAsync *self)
{
  GTask *task = g_steal_pointer (&self->task);

  self->op = NULL;
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, "It broke");
  g_object_unref (task);
}

TEST_UNUSED static gboolean
test_async_is_cancelled (TestAsync *self)
{
  return g_cancellable_is_cancelled (lifecycle_operation_get_cancellable (self->op));
}

/* It has ended, nothing of it is left. A macro, so that a failure names the line of the test. */
#define test_async_assert_ended(async, n_calls) \
  G_STMT_START \
    { \
      g_assert_cmpint ((async)->called, ==, (n_calls)); \
      g_assert_cmpint ((async)->destroyed, ==, 1); \
      g_assert_cmpint ((async)->finalized, ==, (async)->results); \
      g_assert_cmpint ((async)->freed, ==, (async)->values); \
      g_assert_null ((async)->task); \
    } \
  G_STMT_END

/* Calls, and work in brackets, that a thread completes one after the other, once it may go. */

typedef struct
{
  TestAsync           *asyncs;
  LifecycleOperation **ops;
  guint                n;
  int                 *go;
} TestCompletion;

TEST_UNUSED static gpointer
test_complete_thread (gpointer data)
{
  TestCompletion *self = data;

  while (g_atomic_int_get (self->go) == 0)
    ;
  for (guint i = 0; i < self->n; i++)
    {
      test_async_ready (&self->asyncs[i]);
      lifecycle_operation_end (self->ops[i]);
    }

  return NULL;
}

/* Somebody who waits for a close. */

typedef struct _TestWait TestWait;

typedef void (*TestWaitFunc) (TestWait *wait);

struct _TestWait
{
  TestWaitFunc    act;      /* runs in the callback */
  const char     *word;     /* logged by the callback */
  gpointer        data;
  GThread        *home;     /* where the callback runs; that of the call by default */

  LifecycleScope *scope;
  gboolean        calling;  /* close_async() has not returned yet */
  int             done;
  GError         *error;
  LifecycleState  state;    /* at the end of the wait */
};

TEST_UNUSED static void
test_wait_cb (GObject      *source_object,
              GAsyncResult *result,
              gpointer      data)
{
  TestWait *self = data;
  gboolean ended;

  g_assert_true (g_thread_self () == self->home);
  g_assert_true (source_object == G_OBJECT (self->scope));
  g_assert_false (self->calling);
  g_assert_cmpint (self->done, ==, 0);

  ended = lifecycle_scope_close_finish (LIFECYCLE_SCOPE (source_object), result, &self->error);
  g_assert_true (ended == (self->error == NULL));
  self->state = lifecycle_scope_get_state (LIFECYCLE_SCOPE (source_object));
  if (self->word != NULL)
    test_log ("%s", self->word);
  if (self->act != NULL)
    self->act (self);
  g_atomic_int_inc (&self->done);
}

TEST_UNUSED static void
test_wait_full (TestWait        *self,
                LifecycleScope  *scope,
                LifecycleReason  reason,
                guint            timeout_ms,
                GCancellable    *cancellable)
{
  self->scope = scope;
  if (self->home == NULL)
    self->home = g_thread_self ();
  self->calling = TRUE;
  lifecycle_scope_close_async (scope, reason, timeout_ms, cancellable, test_wait_cb, self);
  self->calling = FALSE;
}

TEST_UNUSED static void
test_wait (TestWait       *self,
           LifecycleScope *scope,
           guint           timeout_ms)
{
  test_wait_full (self, scope, LIFECYCLE_REASON_COMPLETED, timeout_ms, NULL);
}

TEST_UNUSED static void
test_wait_run (TestWait *self)
{
  test_run_until (test_done_counted, &self->done);
  /* The rest of the iteration that called back. */
  test_drain ();
  g_assert_cmpint (self->done, ==, 1);
}

/* Iterates, so that whoever could complete would do so, and finds that nobody has. */
#define test_wait_assert_waiting(self) \
  G_STMT_START \
    { \
      test_drain (); \
      g_assert_cmpint ((self)->done, ==, 0); \
      g_assert_cmpint (lifecycle_scope_get_state ((self)->scope), ==, LIFECYCLE_STATE_CLOSING); \
    } \
  G_STMT_END

#define test_wait_assert_closed(self) \
  G_STMT_START \
    { \
      test_wait_run (self); \
      g_assert_no_error ((self)->error); \
      g_assert_cmpint ((self)->state, ==, LIFECYCLE_STATE_CLOSED); \
    } \
  G_STMT_END

#define test_wait_assert_timed_out(self) \
  G_STMT_START \
    { \
      test_wait_run (self); \
      g_assert_error ((self)->error, LIFECYCLE_ERROR, LIFECYCLE_ERROR_TIMED_OUT); \
      g_assert_cmpint ((self)->state, ==, LIFECYCLE_STATE_CLOSED); \
    } \
  G_STMT_END
