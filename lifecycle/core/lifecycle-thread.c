/* lifecycle-thread.c: threads that create scopes, and whether they have ended
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-home-call-private.h"
#include "lifecycle-thread-private.h"

struct _LifecycleThread
{
  gint          refs;
  gint          ended;
  LifecycleNode calls;          /* see lifecycle-home-call.c */
};

_Thread_local LifecycleThread *lifecycle_thread_current;

static void
thread_ended (gpointer data)
{
  LifecycleThread *self = data;

  lifecycle_home_calls_end_thread (&self->calls, &self->ended);

  /* Other thread-specific data that is destroyed after this may still create scopes: they get
   * another LifecycleThread, which ends in the next round of destructors.
   */
  lifecycle_thread_current = NULL;
  lifecycle_thread_unref (self);
}

static GPrivate current = G_PRIVATE_INIT (thread_ended);

LifecycleThread *
lifecycle_thread_ref (LifecycleThread *self)
{
  g_atomic_int_inc (&self->refs);

  return self;
}

void
lifecycle_thread_unref (LifecycleThread *self)
{
  if (g_atomic_int_dec_and_test (&self->refs))
    g_free (self);
}

/* Returns a reference on the calling thread. */
LifecycleThread *
lifecycle_thread_dup_self (void)
{
  if (G_UNLIKELY (lifecycle_thread_current == NULL))
    {
      LifecycleThread *self = g_new0 (LifecycleThread, 1);

      self->refs = 1;
      lifecycle_node_init (&self->calls);
      g_private_set (&current, self);
      lifecycle_thread_current = self;
    }

  return lifecycle_thread_ref (lifecycle_thread_current);
}

gboolean
lifecycle_thread_has_ended (LifecycleThread *self)
{
  return g_atomic_int_get (&self->ended);
}

/* Returns the list of the calls that wait for the thread to be at home. */
LifecycleNode *
lifecycle_thread_get_calls (LifecycleThread *self)
{
  return &self->calls;
}
