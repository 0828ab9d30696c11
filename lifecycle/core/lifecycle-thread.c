/* lifecycle-thread.c: a thread, and whether it has ended
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-thread-private.h"

struct _LifecycleThread
{
  gint refs;
  gint ended;
};

_Thread_local LifecycleThread *lifecycle_thread_current;

static void
thread_ended (gpointer data)
{
  LifecycleThread *self = data;

  /* What ends after this, such as other data of the thread, may still make scopes: then it gets
   * another one, which ends in the next round.
   */
  lifecycle_thread_current = NULL;
  g_atomic_int_set (&self->ended, TRUE);
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

/* The calling thread, referenced. */
LifecycleThread *
lifecycle_thread_dup_self (void)
{
  if (G_UNLIKELY (lifecycle_thread_current == NULL))
    {
      LifecycleThread *self = g_new0 (LifecycleThread, 1);

      self->refs = 1;
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
