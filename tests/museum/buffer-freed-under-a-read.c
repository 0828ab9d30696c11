/* buffer-freed-under-a-read.c: a buffer is freed while a thread still reads into it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A view reads a file into a buffer of its own, and is closed. Cancelling does not interrupt a read that
 * is under way: the thread of GIO writes into the buffer later, when it has been freed.
 *
 * Found while this library was tried on programs that read from pipes.
 */

#include "museum.h"

#include <string.h>

/* A stream whose read takes until it is told to go on, as that of a pipe does. GInputStream calls it on
 * a thread for g_input_stream_read_async().
 */
typedef GInputStream SlowStream;
typedef GInputStreamClass SlowStreamClass;

static GType slow_stream_get_type (void);
G_DEFINE_TYPE (SlowStream, slow_stream, G_TYPE_INPUT_STREAM)

static gboolean entered;
static gboolean go_on;

static gssize
slow_stream_read (GInputStream  *stream,
                  void          *buffer,
                  gsize          count,
                  GCancellable  *cancellable,
                  GError       **error)
{
  g_atomic_int_set (&entered, TRUE);
  test_wait_for (g_atomic_int_get (&go_on));
  memcpy (buffer, "late", 4);

  return 4;
}

static void
slow_stream_class_init (SlowStreamClass *klass)
{
  klass->read_fn = slow_stream_read;
}

static void
slow_stream_init (SlowStream *self)
{
}

static GInputStream *
slow_stream_new (void)
{
  g_atomic_int_set (&entered, FALSE);
  g_atomic_int_set (&go_on, FALSE);

  return g_object_new (slow_stream_get_type (), NULL);
}

/* A buffer that remembers that it was released, instead of being freed. */
typedef struct
{
  char     bytes[16];
  gboolean released;
} Buffer;

static gboolean over;

static void
read_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      unused)
{
  g_input_stream_read_finish (G_INPUT_STREAM (source), result, NULL);
  over = TRUE;
}

static void
raw (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GInputStream) stream = slow_stream_new ();
  Buffer buffer = { 0 };

  over = FALSE;
  g_input_stream_read_async (stream, buffer.bytes, sizeof buffer.bytes,
                             G_PRIORITY_DEFAULT, cancellable, read_cb, NULL);

  /* The view is closed: it cancels, and frees what it has. */
  test_wait_for (g_atomic_int_get (&entered));
  g_cancellable_cancel (cancellable);
  buffer.released = TRUE;

  g_atomic_int_set (&go_on, TRUE);
  test_iterate_until (over);
  if (buffer.released && buffer.bytes[0] != '\0')
    museum_fault ("the buffer was written to after it was freed");
}

static void
release (gpointer data)
{
  Buffer *buffer = data;

  buffer->released = TRUE;
  over = TRUE;
}

static void
scope (void)
{
  LifecycleScope *view = lifecycle_scope_new ("view");
  LifecycleOperation *op;
  g_autoptr (GInputStream) stream = slow_stream_new ();
  Buffer buffer = { 0 };

  op = lifecycle_scope_begin_async (view, "read", read_cb, NULL, NULL);
  lifecycle_operation_keep (op, &buffer, release);
  over = FALSE;
  g_input_stream_read_async (stream, buffer.bytes, sizeof buffer.bytes,
                             G_PRIORITY_DEFAULT, lifecycle_operation_get_cancellable (op),
                             lifecycle_operation_ready, op);

  test_wait_for (g_atomic_int_get (&entered));
  lifecycle_scope_close (view);
  g_object_unref (view);
  g_assert_false (buffer.released);

  g_atomic_int_set (&go_on, TRUE);
  test_iterate_until (over);
  g_assert_true (buffer.released);
}

int
main (int   argc,
      char *argv[])
{
  return museum_run (argc, argv, "buffer-freed-under-a-read", "the buffer *", raw, scope);
}
