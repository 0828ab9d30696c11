/* lifecycle-thread-private.h: threads that create scopes, and whether they have ended
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-entry-private.h"

G_BEGIN_DECLS

/* Knows whether a thread has ended, which GThread cannot tell. Each thread that has created a scope
 * has one, which lives as long as the thread and all scopes that it has created.
 */
typedef struct _LifecycleThread LifecycleThread;

/* NULL until the thread first needs it, and after the thread has ended. */
extern _Thread_local LifecycleThread *lifecycle_thread_current;

LifecycleThread *lifecycle_thread_ref       (LifecycleThread *self);
void             lifecycle_thread_unref     (LifecycleThread *self);
LifecycleThread *lifecycle_thread_dup_self  (void);
gboolean         lifecycle_thread_has_ended (LifecycleThread *self);
LifecycleNode   *lifecycle_thread_get_calls (LifecycleThread *self);

static inline gboolean
lifecycle_thread_is_self (LifecycleThread *self)
{
  return self == lifecycle_thread_current;
}

G_END_DECLS
