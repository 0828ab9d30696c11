/* lifecycle-thread-private.h: a thread, and whether it has ended
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What GThread does not tell: whether the thread has ended. Each thread that has made a scope has one
 * of these, which outlives it for as long as there are scopes that it has made.
 */
typedef struct _LifecycleThread LifecycleThread;

/* NULL before the thread has asked for it, and after it has ended. */
extern _Thread_local LifecycleThread *lifecycle_thread_current;

LifecycleThread *lifecycle_thread_ref       (LifecycleThread *self);
void             lifecycle_thread_unref     (LifecycleThread *self);
LifecycleThread *lifecycle_thread_dup_self  (void);
gboolean         lifecycle_thread_has_ended (LifecycleThread *self);

static inline gboolean
lifecycle_thread_is_self (LifecycleThread *self)
{
  return self == lifecycle_thread_current;
}

G_END_DECLS
