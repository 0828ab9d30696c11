/* test-task-thread.c: a close, and a task whose thread goes on after it has been cancelled
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-operation-util.h"

typedef struct
{
  LifecycleOperation *work;     /* or NULL */
  GMutex              lock;
  GCond               cond;
  gboolean            inside;
  gboolean            may_leave;
} Job;

static void
job_set (Job      *self,
         gboolean *what)
{
  g_mutex_lock (&self->lock);
  *what = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

static void
job_wait_for (Job      *self,
              gboolean *what)
{
  gint64 limit = g_get_monotonic_time () + TEST_HANG_SECONDS * G_TIME_SPAN_SECOND;

  g_mutex_lock (&self->lock);
  while (!*what)
    {
      if (!g_cond_wait_until (&self->cond, &self->lock, limit))
        g_error ("%s: waited in vain", what == &self->inside ? "inside" : "may leave");
    }
  g_mutex_unlock (&self->lock);
}

/* It works in a call that nothing interrupts. */
static void
job_thread (GTask        *task,
            gpointer      source,
            gpointer      data,
            GCancellable *cancellable)
{
  Job *self = data;

  if (g_task_set_return_on_cancel (task, TRUE))
    {
      job_set (self, &self->inside);
      job_wait_for (self, &self->may_leave);
      if (g_task_set_return_on_cancel (task, FALSE))
        g_task_return_boolean (task, TRUE);
    }
  if (self->work != NULL)
    lifecycle_operation_end (self->work);
  else
    job_set (self, &self->inside);
}

static void
never_ready (GObject      *source,
             GAsyncResult *result,
             gpointer      data)
{
  g_assert_not_reached ();
}

static void
closed_cb (GObject      *scope,
           GAsyncResult *result,
           gpointer      closed)
{
  g_autoptr (GError) error = NULL;

  lifecycle_scope_close_finish (LIFECYCLE_SCOPE (scope), result, &error);
  g_assert_no_error (error);
  *(gboolean *) closed = TRUE;
}

static gboolean
is_set (gpointer flag)
{
  return *(gboolean *) flag;
}

/* For the operation the call ends when the task says so. The thread is waited for if it has an operation
 * of its own.
 */
static void
test_return_on_cancel (gconstpointer has_work)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *call;
  Job job = { NULL, };
  g_autoptr (GTask) task = NULL;
  gboolean closed = FALSE;

  g_mutex_init (&job.lock);
  g_cond_init (&job.cond);
  if (has_work != NULL)
    job.work = lifecycle_scope_begin (scope, "thread");
  call = lifecycle_scope_begin_async (scope, "call", never_ready, NULL, NULL);
  task = g_task_new (NULL, lifecycle_operation_get_cancellable (call), lifecycle_operation_ready,
                     call);
  g_task_set_task_data (task, &job, NULL);
  g_task_run_in_thread (task, job_thread);
  job_wait_for (&job, &job.inside);

  lifecycle_scope_close_async (scope, LIFECYCLE_REASON_COMPLETED, 0, NULL, closed_cb, &closed);
  if (has_work == NULL)
    {
      test_run_until (is_set, &closed);
      g_assert_false (job.may_leave);
      job.inside = FALSE;
    }
  else
    {
      for (guint i = 0; i < 20; i++)
        {
          test_drain ();
          g_usleep (1000);
        }
      g_assert_false (closed);
    }

  job_set (&job, &job.may_leave);
  if (has_work == NULL)
    job_wait_for (&job, &job.inside);
  test_run_until (is_set, &closed);
  g_assert_finalize_object (scope);

  /* GLib's thread lets go of the task a little later. */
  while (G_OBJECT (task)->ref_count > 1)
    g_usleep (100);
  g_mutex_clear (&job.lock);
  g_cond_clear (&job.cond);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_data_func ("/lifecycle/task-thread/return-on-cancel", NULL, test_return_on_cancel);
  g_test_add_data_func ("/lifecycle/task-thread/return-on-cancel-with-work", GINT_TO_POINTER (TRUE),
                        test_return_on_cancel);

  return g_test_run ();
}
