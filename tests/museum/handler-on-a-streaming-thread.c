/* handler-on-a-streaming-thread.c: a handler that runs on another thread outlives its owner
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A streaming thread emits a signal. The main thread disconnects the handler and frees its owner, while
 * the handler is running over there: disconnecting does not wait for it.
 *
 * Reported as: nugu-linux #857, aravis #50
 */

#include "museum.h"

typedef struct
{
  GListStore  *stream;
  MuseumOwner *owner;
  gboolean     entered;
  gboolean     go_on;
} Shared;

static void
frame_cb (GListModel *stream,
          guint       position,
          guint       removed,
          guint       added,
          gpointer    user_data)
{
  Shared *shared = user_data;

  g_atomic_int_set (&shared->entered, TRUE);
  test_wait_for (g_atomic_int_get (&shared->go_on));
  museum_owner_use (shared->owner);
}

static gpointer
stream_thread (gpointer user_data)
{
  Shared *shared = user_data;

  g_list_store_append (shared->stream, shared->stream);
  return NULL;
}

static GThread *
start (Shared *shared)
{
  GThread *thread = g_thread_new ("stream", stream_thread, shared);

  test_wait_for (g_atomic_int_get (&shared->entered));
  return thread;
}

static void
stop (Shared  *shared,
      GThread *thread)
{
  g_thread_join (thread);
  g_list_store_remove_all (shared->stream);
  g_object_unref (shared->stream);
}

static void
raw (void)
{
  Shared shared = { g_list_store_new (G_TYPE_OBJECT), museum_owner_new (), FALSE, FALSE };
  gulong id = g_signal_connect (shared.stream, "items-changed", G_CALLBACK (frame_cb), &shared);
  GThread *thread = start (&shared);

  g_signal_handler_disconnect (shared.stream, id);
  g_object_unref (shared.owner);
  g_atomic_int_set (&shared.go_on, TRUE);

  stop (&shared, thread);
}

static void
closed_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      closed)
{
  g_assert_true (lifecycle_scope_close_finish (LIFECYCLE_SCOPE (source), result, NULL));
  *(gboolean *) closed = TRUE;
}

static void
scope (void)
{
  Shared shared = { g_list_store_new (G_TYPE_OBJECT), museum_owner_new (), FALSE, FALSE };
  LifecycleScope *own = lifecycle_scope_new ("viewer");
  gboolean closed = FALSE;
  GThread *thread;

  lifecycle_scope_add_object (own, G_OBJECT (shared.owner));
  g_object_unref (shared.owner);
  lifecycle_scope_connect_full (own, shared.stream, "items-changed", G_CALLBACK (frame_cb), &shared,
                                NULL, LIFECYCLE_CONNECT_GUARDED);
  thread = start (&shared);

  /* It waits for the handler that is running, and releases the owner after it. */
  lifecycle_scope_close_async (own, LIFECYCLE_REASON_COMPLETED, 0, NULL, closed_cb, &closed);
  museum_settle ();
  g_assert_false (closed);
  g_assert_true (museum_owner_is_alive (shared.owner));
  g_atomic_int_set (&shared.go_on, TRUE);
  test_iterate_until (closed);

  g_object_unref (own);
  stop (&shared, thread);
}

int
main (int   argc,
      char *argv[])
{
  return museum_run (argc, argv, "handler-on-a-streaming-thread", "a finalized object is used", raw, scope);
}
