/* test-operation-data.c: what a call may touch until it is over, progress, and shielded operations
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-operation-util.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE 4096

/* Memory that knows when it is freed, and on which thread. */
typedef struct
{
  char     data[SIZE];
  int     *freed;
  GThread *home;
} Buffer;

static Buffer *
buffer_new (int *freed)
{
  Buffer *buffer = g_new0 (Buffer, 1);

  buffer->freed = freed;
  buffer->home = g_thread_self ();

  return buffer;
}

static void
buffer_free (gpointer data)
{
  Buffer *buffer = data;

  g_assert_true (g_thread_self () == buffer->home);
  g_atomic_int_inc (buffer->freed);
  g_free (buffer);
}

/* On whatever thread. */
static void
buffer_free_anywhere (gpointer data)
{
  Buffer *buffer = data;

  g_atomic_int_inc (buffer->freed);
  g_free (buffer);
}

static void
never_ready_cb (GObject      *source_object,
                GAsyncResult *result,
                gpointer      data)
{
  g_assert_not_reached ();
}

/* Kept data. */

static void
test_keep (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync async = { .word = "call" };
  Buffer *buffer;
  int freed = 0;

  test_async_start (&async, scope, "load");
  buffer = buffer_new (&freed);
  g_assert_true (lifecycle_operation_keep (async.op, buffer, buffer_free) == buffer);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  test_drain ();
  g_assert_cmpint (freed, ==, 0);

  test_async_succeed (&async);
  test_run_until (test_done_counted, &freed);
  test_drain ();
  g_assert_cmpint (freed, ==, 1);
  test_assert_log ("call ~call");
  test_async_assert_ended (&async, 1);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
}

/* The last one first, and after the operation's own data. */
static void
test_keep_order (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync async = { .word = "call" };

  test_async_start (&async, scope, "load");
  lifecycle_operation_keep (async.op, (gpointer) "1", test_log_notify);
  lifecycle_operation_keep (async.op, (gpointer) "2", test_log_notify);
  lifecycle_operation_keep (async.op, (gpointer) "3", test_log_notify);
  test_async_succeed (&async);
  test_run_until (test_done_counted, &async.destroyed);
  test_drain ();
  test_assert_log ("call ~call ~3 ~2 ~1");
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
}

static void
test_keep_object (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync async = { 0 };
  GObject *object = g_object_new (G_TYPE_OBJECT, NULL);
  int finalized = 0;

  test_count_finalize (object, &finalized);
  test_async_start (&async, scope, "load");
  lifecycle_operation_keep_object (async.op, object);
  g_object_unref (object);
  lifecycle_scope_close (scope);
  test_drain ();
  g_assert_cmpint (finalized, ==, 0);
  test_async_succeed (&async);
  test_run_until (test_done_counted, &finalized);
  g_assert_cmpint (finalized, ==, 1);
  test_async_assert_ended (&async, 0);
  g_assert_finalize_object (scope);
}

static void
test_keep_bracket (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleOperation *op = lifecycle_scope_begin (scope, "work");
  int freed = 0;

  lifecycle_operation_keep (op, buffer_new (&freed), buffer_free);
  lifecycle_scope_close (scope);
  g_assert_cmpint (freed, ==, 0);
  lifecycle_operation_end (op);
  g_assert_cmpint (freed, ==, 1);
  g_assert_finalize_object (scope);
}

/* Begun too late: the call is cancelled already, and yet uses what is kept until it says so. */
static void
test_keep_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync async = { 0 };
  int freed = 0;

  lifecycle_scope_close (scope);
  test_async_start (&async, scope, "load");
  lifecycle_operation_keep (async.op, buffer_new (&freed), buffer_free);
  g_assert_true (test_async_is_cancelled (&async));
  test_drain ();
  g_assert_cmpint (freed, ==, 0);
  test_async_succeed (&async);
  test_run_until (test_done_counted, &freed);
  test_async_assert_ended (&async, 0);
  g_assert_finalize_object (scope);
}

static void
ready_thread (gpointer data)
{
  test_async_ready (data);
}

/* Wherever the call completes, and however long the scope has been gone: at home. */
static void
test_keep_thread (gconstpointer data)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  const char *when = data;
  TestAsync async = { 0 };
  int freed = 0;

  test_async_begin (&async, scope, "load");
  lifecycle_operation_keep (async.op, buffer_new (&freed), buffer_free);
  if (!g_str_equal (when, "open"))
    lifecycle_scope_close (scope);
  if (g_str_equal (when, "gone"))
    g_assert_finalize_object (g_steal_pointer (&scope));
  test_in_thread (ready_thread, &async);
  g_assert_cmpint (freed, ==, 0);
  test_run_until (test_done_counted, &freed);
  test_drain ();
  test_async_assert_ended (&async, scope != NULL && !lifecycle_scope_is_closed (scope) ? 1 : 0);
  g_assert_cmpint (freed, ==, 1);
  if (scope != NULL)
    {
      lifecycle_scope_close (scope);
      g_assert_finalize_object (scope);
    }
}

/* Nobody is at home any more: what was kept goes with the context, before or after the result. */
static void
test_keep_context_ends (gconstpointer data)
{
  gboolean before = GPOINTER_TO_INT (data);
  GMainContext *context = g_main_context_new ();
  LifecycleScope *scope;
  TestAsync async = { 0 };
  int freed = 0;

  g_main_context_push_thread_default (context);
  scope = lifecycle_scope_new ("scope");
  g_main_context_pop_thread_default (context);
  test_async_begin (&async, scope, "load");
  lifecycle_operation_keep (async.op, buffer_new (&freed), buffer_free_anywhere);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  if (before)
    g_main_context_unref (context);
  g_assert_cmpint (freed, ==, 0);
  test_in_thread (ready_thread, &async);
  g_assert_cmpint (freed, ==, before ? 1 : 0);
  if (!before)
    g_main_context_unref (context);
  g_assert_cmpint (freed, ==, 1);
  test_async_assert_ended (&async, 0);
}

/* What people use, with the scope closed in the middle. */

typedef struct
{
  char *directory;
  char *path;
  int   fd;     /* both ends */
} Fifo;

static void
fifo_init (Fifo *fifo)
{
  g_autoptr (GError) error = NULL;

  fifo->directory = g_dir_make_tmp ("lifecycle-XXXXXX", &error);
  g_assert_no_error (error);
  fifo->path = g_build_filename (fifo->directory, "fifo", NULL);
  g_assert_no_errno (mkfifo (fifo->path, 0600));
  fifo->fd = g_open (fifo->path, O_RDWR | O_CLOEXEC, 0);
  g_assert_no_errno (fifo->fd);
}

static void
fifo_clear (Fifo *fifo)
{
  close (fifo->fd);
  g_remove (fifo->path);
  g_rmdir (fifo->directory);
  g_free (fifo->path);
  g_free (fifo->directory);
}

static gboolean
fifo_is_empty (gpointer data)
{
  Fifo *fifo = data;
  GPollFD poll_fd = { fifo->fd, G_IO_IN, 0 };

  return g_poll (&poll_fd, 1, 0) == 0;
}

typedef void (*ReadFunc) (GInputStream       *stream,
                          Buffer             *buffer,
                          LifecycleOperation *op);

static void
read_some (GInputStream       *stream,
           Buffer             *buffer,
           LifecycleOperation *op)
{
  g_input_stream_read_async (stream, buffer->data, SIZE, G_PRIORITY_DEFAULT,
                             lifecycle_operation_get_cancellable (op),
                             lifecycle_operation_ready, op);
}

static void
read_all (GInputStream       *stream,
          Buffer             *buffer,
          LifecycleOperation *op)
{
  g_input_stream_read_all_async (stream, buffer->data, SIZE, G_PRIORITY_DEFAULT,
                                 lifecycle_operation_get_cancellable (op),
                                 lifecycle_operation_ready, op);
}

/* A thread is inside read() when the scope closes, and writes into the buffer afterwards. */
static void
test_kept_read (gconstpointer data)
{
  ReadFunc read_func = (ReadFunc) data;
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GFileInputStream) stream = NULL;
  g_autoptr (GFile) file = NULL;
  g_autoptr (GError) error = NULL;
  LifecycleOperation *op;
  Buffer *buffer;
  Fifo fifo;
  int freed = 0;

  fifo_init (&fifo);
  file = g_file_new_for_path (fifo.path);
  stream = g_file_read (file, NULL, &error);
  g_assert_no_error (error);

  op = lifecycle_scope_begin_async (scope, "read", never_ready_cb, NULL, NULL);
  buffer = lifecycle_operation_keep (op, buffer_new (&freed), buffer_free);
  read_func (G_INPUT_STREAM (stream), buffer, op);

  /* Once the thread has taken a byte it is in its work, and for read_all() comes back for more. */
  g_assert_cmpint (write (fifo.fd, "a", 1), ==, 1);
  while (!fifo_is_empty (&fifo))
    g_usleep (100);
  lifecycle_scope_close (scope);
  if (read_func == read_all)
    {
      test_drain ();
      g_assert_cmpint (freed, ==, 0);
      g_assert_cmpint (write (fifo.fd, "late data", 9), ==, 9);
    }
  test_run_until (test_done_counted, &freed);
  test_drain ();
  g_assert_cmpint (freed, ==, 1);
  g_assert_finalize_object (scope);
  fifo_clear (&fifo);
}

/* The same, with the thread held in read() for as long as the test likes. */
static void
test_kept_read_blocked (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GInputStream) stream = NULL;
  g_autoptr (GFile) file = NULL;
  LifecycleOperation *op;
  Buffer *buffer;
  Fifo fifo;
  int freed = 0;

  fifo_init (&fifo);
  file = g_file_new_for_path (fifo.path);
  stream = G_INPUT_STREAM (g_file_read (file, NULL, NULL));
  g_assert_nonnull (stream);

  op = lifecycle_scope_begin_async (scope, "read", never_ready_cb, NULL, NULL);
  buffer = lifecycle_operation_keep (op, buffer_new (&freed), buffer_free);
  read_some (stream, buffer, op);
  lifecycle_scope_close (scope);
  test_drain ();
  /* The thread has seen the cancellable, or is in read() and will write. */
  g_assert_cmpint (write (fifo.fd, "late data", 9), ==, 9);
  test_run_until (test_done_counted, &freed);
  g_assert_cmpint (freed, ==, 1);
  g_assert_finalize_object (scope);
  fifo_clear (&fifo);
}

/* A thread is inside write(), and reads the buffer. */
static void
test_kept_write (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GFileIOStream) stream = NULL;
  g_autoptr (GFile) file = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *scratch = g_malloc0 (SIZE);
  LifecycleOperation *op;
  Buffer *buffer;
  Fifo fifo;
  int freed = 0;

  fifo_init (&fifo);
  file = g_file_new_for_path (fifo.path);
  stream = g_file_open_readwrite (file, NULL, &error);
  g_assert_no_error (error);

  /* Full, so that one more has to wait. */
  g_assert_true (g_unix_set_fd_nonblocking (fifo.fd, TRUE, NULL));
  while (write (fifo.fd, scratch, SIZE) > 0)
    ;

  op = lifecycle_scope_begin_async (scope, "write", never_ready_cb, NULL, NULL);
  buffer = lifecycle_operation_keep (op, buffer_new (&freed), buffer_free);
  g_output_stream_write_all_async (g_io_stream_get_output_stream (G_IO_STREAM (stream)),
                                   buffer->data, SIZE, G_PRIORITY_DEFAULT,
                                   lifecycle_operation_get_cancellable (op),
                                   lifecycle_operation_ready, op);
  lifecycle_scope_close (scope);
  test_drain ();
  while (freed == 0)
    {
      if (read (fifo.fd, scratch, SIZE) < 0)
        g_usleep (100);
      test_drain ();
    }
  g_assert_cmpint (freed, ==, 1);
  g_assert_finalize_object (scope);
  fifo_clear (&fifo);
}

/* A task of one's own that writes into what it was given, and takes no notice of the cancellable. */

typedef struct
{
  Buffer *buffer;
  int     inside;
  int     go;
} Work;

static void
work_thread (GTask        *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  Work *work = task_data;

  g_atomic_int_set (&work->inside, 1);
  while (g_atomic_int_get (&work->go) == 0)
    g_usleep (100);
  memset (work->buffer->data, 'x', SIZE);
  g_task_return_boolean (task, TRUE);
}

static void
test_kept_task (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GTask) task = NULL;
  LifecycleOperation *op;
  Work work = { 0 };
  int freed = 0;

  op = lifecycle_scope_begin_async (scope, "work", never_ready_cb, NULL, NULL);
  work.buffer = lifecycle_operation_keep (op, buffer_new (&freed), buffer_free);
  task = g_task_new (NULL, lifecycle_operation_get_cancellable (op), lifecycle_operation_ready, op);
  g_task_set_task_data (task, &work, NULL);
  g_task_run_in_thread (task, work_thread);
  test_run_until (test_done_counted, &work.inside);
  lifecycle_scope_close (scope);
  test_drain ();
  g_assert_cmpint (freed, ==, 0);
  g_atomic_int_set (&work.go, 1);
  test_run_until (test_done_counted, &freed);
  g_assert_cmpint (freed, ==, 1);
  g_assert_finalize_object (scope);
}

static void
test_kept_socket (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GSocket) receiver = NULL;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  LifecycleOperation *op;
  Buffer *buffer;
  int fds[2];
  int freed = 0;

  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM, 0, fds));
  receiver = g_socket_new_from_fd (fds[0], &error);
  g_assert_no_error (error);
  connection = g_socket_connection_factory_create_connection (receiver);

  op = lifecycle_scope_begin_async (scope, "receive", never_ready_cb, NULL, NULL);
  buffer = lifecycle_operation_keep (op, buffer_new (&freed), buffer_free);
  read_some (g_io_stream_get_input_stream (G_IO_STREAM (connection)), buffer, op);
  test_drain ();
  lifecycle_scope_close (scope);
  test_run_until (test_done_counted, &freed);
  g_assert_cmpint (freed, ==, 1);
  g_assert_finalize_object (scope);
  close (fds[1]);
}

/* The contents to be written stay the caller's until the call is over. */
static void
test_kept_replace_contents (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree char *directory = g_dir_make_tmp ("lifecycle-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "file", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  LifecycleOperation *op;
  Buffer *buffer;
  int freed = 0;

  op = lifecycle_scope_begin_async (scope, "save", never_ready_cb, NULL, NULL);
  buffer = lifecycle_operation_keep (op, buffer_new (&freed), buffer_free);
  g_file_replace_contents_async (file, buffer->data, SIZE, NULL, FALSE, G_FILE_CREATE_NONE,
                                 lifecycle_operation_get_cancellable (op),
                                 lifecycle_operation_ready, op);
  lifecycle_scope_close (scope);
  g_assert_cmpint (freed, ==, 0);
  test_run_until (test_done_counted, &freed);
  g_assert_finalize_object (scope);
  g_remove (path);
  g_rmdir (directory);
}

/* Progress. */

typedef struct
{
  LifecycleOperation *op;
  int                 called;
  int                 destroyed;
  goffset             current;
} Progress;

static void
progress_cb (goffset  current,
             goffset  total,
             gpointer data)
{
  Progress *progress = data;

  g_assert_cmpint (progress->destroyed, ==, 0);
  g_assert_cmpint (total, ==, 100);
  progress->current = current;
  g_atomic_int_inc (&progress->called);
}

static void
progress_notify (gpointer data)
{
  Progress *progress = data;

  progress->destroyed++;
}

static void
progress_thread (gpointer data)
{
  Progress *progress = data;

  lifecycle_operation_progress (50, 100, progress->op);
}

static void
test_progress (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync async = { 0 };
  Progress progress = { 0 };

  test_async_start (&async, scope, "copy");
  progress.op = async.op;
  lifecycle_operation_progress (0, 100, async.op);
  g_assert_cmpint (progress.called, ==, 0);
  lifecycle_operation_set_progress (async.op, progress_cb, &progress, progress_notify);
  lifecycle_operation_progress (10, 100, async.op);
  g_assert_cmpint (progress.called, ==, 1);
  g_assert_cmpint (progress.current, ==, 10);
  test_in_thread (progress_thread, &progress);
  g_assert_cmpint (progress.called, ==, 2);
  g_assert_cmpint (progress.current, ==, 50);

  /* From now on it is silent, but its data stays for as long as the call may report. */
  lifecycle_scope_close (scope);
  lifecycle_operation_progress (60, 100, async.op);
  test_in_thread (progress_thread, &progress);
  g_assert_cmpint (progress.called, ==, 2);
  g_assert_cmpint (progress.destroyed, ==, 0);
  test_async_succeed (&async);
  test_run_until (test_done_counted, &progress.destroyed);
  g_assert_cmpint (progress.destroyed, ==, 1);
  test_async_assert_ended (&async, 0);
  g_assert_finalize_object (scope);
}

static void
progress_closed_cb (goffset  current,
                    goffset  total,
                    gpointer data)
{
  g_assert_not_reached ();
}

static void
progress_closes_cb (LifecycleScope  *scope,
                    LifecycleReason  reason,
                    gpointer         data,
                    GError         **error)
{
  Progress *progress = data;

  lifecycle_operation_progress (1, 100, progress->op);
}

/* Muted is muted: also during the release, when the entry of the operation is still to come. */
static void
test_progress_released (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync async = { 0 };
  Progress progress = { 0 };

  test_async_start (&async, scope, "copy");
  progress.op = async.op;
  lifecycle_operation_set_progress (async.op, progress_closed_cb, &progress, NULL);
  lifecycle_scope_defer (scope, progress_closes_cb, &progress, NULL);
  lifecycle_scope_close (scope);
  test_async_succeed (&async);
  test_run_until (test_done_counted, &async.finalized);
  test_async_assert_ended (&async, 0);
  g_assert_finalize_object (scope);
}

/* With GIO's own copy. */
static void
copied_cb (GObject      *source_object,
           GAsyncResult *result,
           gpointer      data)
{
  int *copied = data;

  g_assert_true (g_file_copy_finish (G_FILE (source_object), result, NULL));
  (*copied)++;
}

static void
copy_progress_cb (goffset  current,
                  goffset  total,
                  gpointer data)
{
  int *called = data;

  (*called)++;
}

static void
test_progress_copy (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autofree char *directory = g_dir_make_tmp ("lifecycle-XXXXXX", NULL);
  g_autofree char *from_path = g_build_filename (directory, "from", NULL);
  g_autofree char *to_path = g_build_filename (directory, "to", NULL);
  g_autoptr (GFile) from = g_file_new_for_path (from_path);
  g_autoptr (GFile) to = g_file_new_for_path (to_path);
  LifecycleOperation *op;
  int copied = 0, called = 0;

  g_assert_true (g_file_set_contents (from_path, "contents", -1, NULL));
  op = lifecycle_scope_begin_async (scope, "copy", copied_cb, &copied, NULL);
  lifecycle_operation_set_progress (op, copy_progress_cb, &called, NULL);
  g_file_copy_async (from, to, G_FILE_COPY_NONE, G_PRIORITY_DEFAULT,
                     lifecycle_operation_get_cancellable (op),
                     lifecycle_operation_progress, op,
                     lifecycle_operation_ready, op);
  test_run_until (test_done_counted, &copied);
  g_assert_cmpint (called, >, 0);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  g_remove (from_path);
  g_remove (to_path);
  g_rmdir (directory);
}

/* Shielded operations. */

static void
act_fail (TestAsync *async)
{
  lifecycle_operation_fail (async->data,
                            g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NO_SPACE, "Disk full"));
}

/* The scope waits for it; the callback runs before anything is released. */
static void
test_shield_close_async (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync save = { .word = "saved" };
  TestAsync load = { .word = "load" };
  TestWait wait = { .word = "closed" };

  lifecycle_scope_adopt (scope, (gpointer) "document", test_log_notify);
  test_async_start (&save, scope, "save");
  test_async_start (&load, scope, "load");
  lifecycle_operation_set_shielded (save.op, 0);
  g_assert_true (lifecycle_operation_get_shielded (save.op));
  g_assert_false (lifecycle_operation_get_shielded (load.op));

  test_wait (&wait, scope, 0);
  g_assert_false (test_async_is_cancelled (&save));
  g_assert_true (test_async_is_cancelled (&load));
  test_async_succeed (&load);
  test_wait_assert_waiting (&wait);
  test_async_succeed (&save);
  test_wait_run (&wait);
  g_assert_no_error (wait.error);
  test_assert_log ("saved ~saved ~load ~document closed");
  test_async_assert_ended (&save, 1);
  test_async_assert_ended (&load, 0);
  g_assert_finalize_object (scope);
}

/* What it reports is one of the failures of the scope. */
static void
test_shield_fails (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync save = { .act = act_fail };
  TestWait wait = { 0 };

  test_async_start (&save, scope, "save");
  lifecycle_operation_set_shielded (save.op, 0);
  save.data = lifecycle_operation_ref (save.op);
  test_wait (&wait, scope, 0);
  test_async_succeed (&save);
  test_wait_run (&wait);
  g_assert_error (wait.error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  g_clear_error (&wait.error);
  test_async_assert_ended (&save, 1);
  lifecycle_operation_unref (save.data);
  g_assert_finalize_object (scope);
}

/* Among other failures it is named as what it is. */
static void
fail_cleanup (LifecycleScope   *scope,
              LifecycleReason   reason,
              gpointer          data,
              GError          **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "Busy");
}

static void
test_shield_fails_among_others (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync save = { .act = act_fail };
  TestWait wait = { 0 };

  lifecycle_scope_defer_at ("my-place:1", scope, fail_cleanup, NULL, NULL);
  test_async_start_at ("my-place:2", &save, scope, "save");
  lifecycle_operation_set_shielded (save.op, 0);
  save.data = lifecycle_operation_ref (save.op);
  test_wait (&wait, scope, 0);
  test_async_succeed (&save);
  test_wait_run (&wait);
  g_assert_error (wait.error, LIFECYCLE_ERROR, LIFECYCLE_ERROR_CLEANUP);
  g_assert_cmpstr (wait.error->message, ==,
                   "2 cleanups and operations failed: operation 'save' of scope at my-place:2: "
                   "Disk full; scope at my-place:1: Busy");
  g_clear_error (&wait.error);
  lifecycle_operation_unref (save.data);
  g_assert_finalize_object (scope);
}

/* Nobody has collected it. */
static void
test_shield_fails_unnoticed (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync save = { .act = act_fail };

  test_async_start_at ("my-place:3", &save, scope, "save");
  lifecycle_operation_set_shielded (save.op, 0);
  save.data = lifecycle_operation_ref (save.op);
  lifecycle_scope_close_async (scope, LIFECYCLE_REASON_COMPLETED, 0, NULL, NULL, NULL);
  test_async_succeed (&save);
  test_run_until (test_done_closed, scope);
  test_drain ();
  lifecycle_operation_unref (save.data);

  g_test_expect_message ("Lifecycle", G_LOG_LEVEL_WARNING,
                         "The operation 'save' of scope scope at my-place:3 failed, and its error "
                         "was never collected: Disk full");
  g_assert_finalize_object (scope);
  g_test_assert_expected_messages ();
}

/* A close that does not wait releases everything else; what the callback needs, the operation has. */
static void
test_shield_close (gconstpointer data)
{
  gboolean drop = GPOINTER_TO_INT (data);
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync save = { .word = "saved" };
  int freed = 0;

  lifecycle_scope_adopt (scope, (gpointer) "document", test_log_notify);
  test_async_start (&save, scope, "save");
  lifecycle_operation_set_shielded (save.op, 5);
  lifecycle_operation_keep (save.op, buffer_new (&freed), buffer_free);
  if (drop)
    g_assert_finalize_object (g_steal_pointer (&scope));
  else
    lifecycle_scope_close (scope);
  test_assert_log ("~document");
  test_drain ();
  g_assert_false (test_async_is_cancelled (&save));
  g_assert_cmpint (freed, ==, 0);

  test_async_succeed (&save);
  test_run_until (test_done_counted, &freed);
  test_drain ();
  test_assert_log ("saved ~saved");
  test_async_assert_ended (&save, 1);
  g_assert_cmpint (freed, ==, 1);
  if (scope != NULL)
    g_assert_finalize_object (scope);
}

/* Nobody is left to be told. */
static void
test_shield_fails_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync save = { .act = act_fail };

  test_async_start (&save, scope, "save");
  lifecycle_operation_set_shielded (save.op, 0);
  save.data = lifecycle_operation_ref (save.op);
  lifecycle_scope_close (scope);
  g_test_expect_message ("Lifecycle", G_LOG_LEVEL_WARNING, "*'save'*Disk full*");
  test_async_succeed (&save);
  test_run_until (test_done_counted, &save.destroyed);
  g_test_assert_expected_messages ();
  test_async_assert_ended (&save, 1);
  lifecycle_operation_unref (save.data);
  g_assert_finalize_object (scope);
}

/* The bound of its own: it is named, and goes on. */
static void
test_shield_bound (gconstpointer data)
{
  gboolean own = GPOINTER_TO_INT (data);
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync save = { .word = "saved" };
  TestWait wait = { .word = "closed" };

  test_async_start (&save, scope, "save");
  lifecycle_operation_set_shielded (save.op, own ? 20 : 0);
  test_wait (&wait, scope, own ? 0 : 20);
  test_wait_run (&wait);
  g_assert_error (wait.error, LIFECYCLE_ERROR, LIFECYCLE_ERROR_TIMED_OUT);
  g_assert_nonnull (strstr (wait.error->message, "'save'"));
  g_assert_nonnull (strstr (wait.error->message, "shielded"));
  g_clear_error (&wait.error);
  g_assert_false (test_async_is_cancelled (&save));
  test_assert_log ("closed");
  g_assert_cmpint (save.destroyed, ==, 0);

  test_async_succeed (&save);
  test_run_until (test_done_counted, &save.destroyed);
  test_drain ();
  test_assert_log ("saved ~saved");
  test_async_assert_ended (&save, 1);
  g_assert_finalize_object (scope);
}

/* The parent's close, a clear(), a move(): it is never cancelled, and called once. */
static void
test_shield_ways (gconstpointer data)
{
  const char *way = data;
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *scope = lifecycle_scope_new_child (parent, "scope");
  LifecycleScope *moved = NULL;
  TestAsync save = { .word = "saved" };

  test_async_start (&save, scope, "save");
  lifecycle_operation_set_shielded (save.op, 0);
  if (g_str_equal (way, "parent"))
    lifecycle_scope_close (parent);
  else if (g_str_equal (way, "clear"))
    lifecycle_scope_clear (scope);
  else if (g_str_equal (way, "clear-kind"))
    lifecycle_scope_clear_kind (scope, LIFECYCLE_KIND_OPERATION, FALSE);
  else
    moved = lifecycle_scope_move (scope);
  test_drain ();
  g_assert_false (test_async_is_cancelled (&save));
  test_assert_log ("");
  if (moved != NULL)
    {
      lifecycle_scope_close (moved);
      g_assert_finalize_object (moved);
      g_assert_false (test_async_is_cancelled (&save));
    }

  test_async_succeed (&save);
  test_run_until (test_done_counted, &save.destroyed);
  test_drain ();
  test_assert_log ("saved ~saved");
  test_async_assert_ended (&save, 1);
  lifecycle_scope_close (parent);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (parent);
}

/* It completes on another thread, before and after the close. */
static void
test_shield_thread (gconstpointer data)
{
  gboolean waits = GPOINTER_TO_INT (data);
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync save = { .word = "saved" };
  TestWait wait = { .word = "closed" };

  test_async_begin (&save, scope, "save");
  lifecycle_operation_set_shielded (save.op, 0);
  if (waits)
    test_wait (&wait, scope, 0);
  else
    lifecycle_scope_close (scope);
  test_in_thread (ready_thread, &save);
  g_assert_cmpint (save.called, ==, 0);
  if (waits)
    test_wait_run (&wait);
  test_run_until (test_done_counted, &save.destroyed);
  test_drain ();
  test_assert_log (waits ? "saved ~saved closed" : "saved ~saved");
  test_async_assert_ended (&save, 1);
  g_assert_finalize_object (scope);
}

/* The wait ends early: close() comes in between. */
static void
test_shield_cut_short (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync save = { .word = "saved" };
  TestWait wait = { .word = "closed" };

  test_async_start (&save, scope, "save");
  lifecycle_operation_set_shielded (save.op, 10000);
  test_wait (&wait, scope, 0);
  lifecycle_scope_close (scope);
  test_wait_run (&wait);
  test_assert_log ("closed");
  test_async_succeed (&save);
  test_run_until (test_done_counted, &save.destroyed);
  test_assert_log ("saved ~saved");
  test_async_assert_ended (&save, 1);
  g_clear_error (&wait.error);
  g_assert_finalize_object (scope);
}

/* On a closed scope there is nothing to shield. */
static void
test_shield_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync save = { 0 };

  lifecycle_scope_close (scope);
  test_async_start (&save, scope, "save");
  lifecycle_operation_set_shielded (save.op, 0);
  g_assert_false (lifecycle_operation_get_shielded (save.op));
  g_assert_true (test_async_is_cancelled (&save));
  test_async_succeed (&save);
  test_run_until (test_done_counted, &save.finalized);
  test_async_assert_ended (&save, 0);
  g_assert_finalize_object (scope);
}

/* Nobody is at home when the call completes: its data is freed, and nobody is called. */
static void
test_shield_context_ends (void)
{
  GMainContext *context = g_main_context_new ();
  LifecycleScope *scope;
  LifecycleOperation *op;
  TestAsync save = { 0 };
  int freed = 0;

  g_main_context_push_thread_default (context);
  scope = lifecycle_scope_new ("scope");
  g_main_context_pop_thread_default (context);
  op = lifecycle_scope_begin_async (scope, "save", never_ready_cb, buffer_new (&freed),
                                    buffer_free_anywhere);
  save.op = op;
  lifecycle_operation_set_shielded (op, 0);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  test_in_thread (ready_thread, &save);
  g_assert_cmpint (freed, ==, 0);
  g_main_context_unref (context);
  g_assert_cmpint (freed, ==, 1);
}

/* It is over, and its result is on the way home, when the close begins: there is nothing to bound, and
 * nothing to give up.
 */
static void
test_shield_on_the_way (void)
{
  GMainContext *context = g_main_context_new ();
  LifecycleScope *scope;
  TestAsync save = { .word = "saved" };
  TestWait wait = { .word = "closed" };

  g_main_context_push_thread_default (context);
  scope = lifecycle_scope_new ("scope");
  test_async_begin (&save, scope, "save");
  lifecycle_operation_set_shielded (save.op, 1);
  test_in_thread (ready_thread, &save);
  test_wait (&wait, scope, 0);

  /* Nothing of this is for the default context, which another thread might run. */
  for (guint i = 0; i < 20; i++)
    {
      g_assert_false (g_main_context_iteration (NULL, FALSE));
      g_usleep (1000);
    }

  while (wait.done == 0)
    g_main_context_iteration (context, TRUE);
  g_assert_no_error (wait.error);
  test_assert_log ("saved ~saved closed");
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  test_async_assert_ended (&save, 1);
  g_assert_finalize_object (scope);
}

/* LIFECYCLE_DEBUG=operations knows the data of a call, and what memory reaches around it. */
static void
test_debug (void)
{
  struct
  {
    int  before;
    char buffer[16];
  } *view;
  LifecycleScope *scope;
  LifecycleOperation *op;
  TestResult *result;
  int finalized = 0;

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, 0);
      g_test_trap_assert_passed ();
      return;
    }

  g_setenv ("LIFECYCLE_DEBUG", "operations", TRUE);
  scope = lifecycle_scope_new ("scope");
  view = g_malloc0 (sizeof *view);
  lifecycle_scope_adopt (scope, view, g_free);
  lifecycle_scope_adopt (scope, g_malloc (16), g_free);
  op = lifecycle_scope_begin_async (scope, "read", never_ready_cb, view->buffer, NULL);
  result = g_object_new (TEST_TYPE_RESULT, NULL);
  result->finalized = &finalized;

  g_test_expect_message ("Lifecycle", G_LOG_LEVEL_WARNING,
                         "Memory adopted at *test-operation-data.c:* is freed before the end of "
                         "operation 'read', begun at *test-operation-data.c:*keep()*");
  lifecycle_scope_close (scope);
  g_test_assert_expected_messages ();
  lifecycle_operation_ready (NULL, G_ASYNC_RESULT (result), op);
  g_object_unref (result);
  g_assert_finalize_object (scope);

  /* Once the call is over, nobody minds. */
  scope = lifecycle_scope_new ("scope");
  view = g_malloc0 (sizeof *view);
  op = lifecycle_scope_begin_async (scope, "read", NULL, view, NULL);
  result = g_object_new (TEST_TYPE_RESULT, NULL);
  result->finalized = &finalized;
  lifecycle_scope_adopt (scope, view, g_free);
  lifecycle_operation_ready (NULL, G_ASYNC_RESULT (result), op);
  g_object_unref (result);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
}

static void
test_complete (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestAsync async = { .word = "call" };
  TestResult *result = g_object_new (TEST_TYPE_RESULT, NULL);

  result->finalized = &async.finalized;
  async.results++;
  test_async_begin (&async, scope, "call");
  lifecycle_operation_complete (g_steal_pointer (&async.op), NULL, G_ASYNC_RESULT (result));
  g_object_unref (result);
  test_assert_log ("call ~call");
  test_async_assert_ended (&async, 1);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/operation-data/keep", test_keep);
  g_test_add_func ("/lifecycle/operation-data/keep-order", test_keep_order);
  g_test_add_func ("/lifecycle/operation-data/keep-object", test_keep_object);
  g_test_add_func ("/lifecycle/operation-data/keep-bracket", test_keep_bracket);
  g_test_add_func ("/lifecycle/operation-data/keep-late", test_keep_late);
  g_test_add_data_func ("/lifecycle/operation-data/keep-thread-open", "open", test_keep_thread);
  g_test_add_data_func ("/lifecycle/operation-data/keep-thread-closed", "closed", test_keep_thread);
  g_test_add_data_func ("/lifecycle/operation-data/keep-thread-gone", "gone", test_keep_thread);
  g_test_add_data_func ("/lifecycle/operation-data/keep-context-ended", GINT_TO_POINTER (TRUE),
                        test_keep_context_ends);
  g_test_add_data_func ("/lifecycle/operation-data/keep-context-ends", GINT_TO_POINTER (FALSE),
                        test_keep_context_ends);
  g_test_add_func ("/lifecycle/operation-data/complete", test_complete);
  g_test_add_func ("/lifecycle/operation-data/debug", test_debug);
  g_test_add_data_func ("/lifecycle/promise-14-kept/read", read_some, test_kept_read);
  g_test_add_data_func ("/lifecycle/promise-14-kept/read-all", read_all, test_kept_read);
  g_test_add_func ("/lifecycle/promise-14-kept/read-blocked", test_kept_read_blocked);
  g_test_add_func ("/lifecycle/promise-14-kept/write", test_kept_write);
  g_test_add_func ("/lifecycle/promise-14-kept/task", test_kept_task);
  g_test_add_func ("/lifecycle/promise-14-kept/socket", test_kept_socket);
  g_test_add_func ("/lifecycle/promise-14-kept/replace-contents", test_kept_replace_contents);
  g_test_add_func ("/lifecycle/promise-14-kept/progress", test_progress);
  g_test_add_func ("/lifecycle/promise-2-quiet/progress-released", test_progress_released);
  g_test_add_func ("/lifecycle/operation-data/progress-copy", test_progress_copy);
  g_test_add_func ("/lifecycle/promise-15-finished/close-async", test_shield_close_async);
  g_test_add_func ("/lifecycle/promise-15-finished/fails", test_shield_fails);
  g_test_add_func ("/lifecycle/promise-15-finished/fails-among-others", test_shield_fails_among_others);
  g_test_add_func ("/lifecycle/promise-15-finished/fails-unnoticed", test_shield_fails_unnoticed);
  g_test_add_data_func ("/lifecycle/promise-15-finished/close", GINT_TO_POINTER (FALSE),
                        test_shield_close);
  g_test_add_data_func ("/lifecycle/promise-15-finished/dropped", GINT_TO_POINTER (TRUE),
                        test_shield_close);
  g_test_add_func ("/lifecycle/promise-15-finished/fails-late", test_shield_fails_late);
  g_test_add_data_func ("/lifecycle/promise-15-finished/bound", GINT_TO_POINTER (TRUE),
                        test_shield_bound);
  g_test_add_data_func ("/lifecycle/promise-15-finished/deadline", GINT_TO_POINTER (FALSE),
                        test_shield_bound);
  g_test_add_data_func ("/lifecycle/promise-15-finished/parent", "parent", test_shield_ways);
  g_test_add_data_func ("/lifecycle/promise-15-finished/clear", "clear", test_shield_ways);
  g_test_add_data_func ("/lifecycle/promise-15-finished/clear-kind", "clear-kind",
                        test_shield_ways);
  g_test_add_data_func ("/lifecycle/promise-15-finished/move", "move", test_shield_ways);
  g_test_add_data_func ("/lifecycle/promise-15-finished/thread", GINT_TO_POINTER (FALSE),
                        test_shield_thread);
  g_test_add_data_func ("/lifecycle/promise-15-finished/thread-waits", GINT_TO_POINTER (TRUE),
                        test_shield_thread);
  g_test_add_func ("/lifecycle/promise-15-finished/cut-short", test_shield_cut_short);
  g_test_add_func ("/lifecycle/promise-15-finished/late", test_shield_late);
  g_test_add_func ("/lifecycle/promise-15-finished/context-ends", test_shield_context_ends);
  g_test_add_func ("/lifecycle/promise-15-finished/on-the-way", test_shield_on_the_way);

  return g_test_run ();
}
