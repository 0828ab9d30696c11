/* home-thread-ends.c: a worker thread ends before the result that it waits for arrives
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A worker thread starts a call with its own main context, and ends before the result is there. The
 * callback is never called, and what it should have freed leaks.
 *
 * Found while this library was tried on programs with worker threads.
 */

#include "museum.h"

static GCancellable *subject;

static void
ready_cb (GObject      *source,
          GAsyncResult *result,
          gpointer      owner)
{
  museum_owner_use (owner);
  g_object_unref (owner);
}

/* A call that takes until the subject is cancelled. */
static void
work (GTask        *task,
      gpointer      source,
      gpointer      unused,
      GCancellable *cancellable)
{
  test_wait_for (g_cancellable_is_cancelled (subject));
  g_task_return_boolean (task, TRUE);
}

static void
start_async (GAsyncReadyCallback callback,
             gpointer            user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);

  g_task_run_in_thread (task, work);
  g_object_unref (task);
}

static gpointer
raw_thread (gpointer owner)
{
  GMainContext *context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  start_async (ready_cb, g_object_ref (owner));
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);

  return NULL;
}

static void
raw (void)
{
  MuseumOwner *owner = museum_owner_new ();

  subject = g_cancellable_new ();
  g_thread_join (g_thread_new ("worker", raw_thread, owner));
  g_cancellable_cancel (subject);
  g_usleep (50000);
  museum_settle ();

  if (G_OBJECT (owner)->ref_count > 1)
    {
      museum_fault ("the callback's reference on its owner is never dropped");
      g_object_unref (owner);
    }
  g_object_unref (owner);
  g_clear_object (&subject);
}

static gpointer
scope_thread (gpointer owner)
{
  GMainContext *context = g_main_context_new ();
  LifecycleScope *own;
  LifecycleOperation *op;

  g_main_context_push_thread_default (context);
  own = lifecycle_scope_new ("worker");
  op = lifecycle_scope_begin_async (own, "work", ready_cb, g_object_ref (owner), g_object_unref);
  start_async (lifecycle_operation_ready, op);
  lifecycle_scope_close (own);
  g_object_unref (own);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);

  return NULL;
}

static void
scope (void)
{
  MuseumOwner *owner = museum_owner_new ();

  subject = g_cancellable_new ();
  g_thread_join (g_thread_new ("worker", scope_thread, owner));
  g_assert_cmpuint (G_OBJECT (owner)->ref_count, ==, 1);
  g_object_unref (owner);

  g_cancellable_cancel (subject);
  test_iterate_until (lifecycle_statistics_get_live (lifecycle_get_statistics (),
                                                     LIFECYCLE_KIND_OPERATION) == 0);
  g_clear_object (&subject);
}

int
main (int   argc,
      char *argv[])
{
  return museum_run (argc, argv, "home-thread-ends", "*never dropped", raw, scope);
}
