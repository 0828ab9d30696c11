/* lifecycle-close-async-private.h: a close that waits for what is under way
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-scope-private.h"

G_BEGIN_DECLS

/* One for each scope that close_async() or drain_async() has been called on, from that call to the end
 * of the close. All of it happens at home; what ends elsewhere sends a wake-up.
 *
 * A drain waits first, while the scope is open, until nothing is pending. Then, and without a drain at
 * once, comes the first part of the teardown, a wait until none of the ledgers concerned has anything
 * pending, or until the deadline, and the second part.
 */
typedef struct
{
  LifecycleWait    base;
  gint             refs;
  gint             woken;       /* a wake-up is on its way */
  gboolean         draining;    /* the scope is still open */
  LifecycleReason  reason;      /* what a drain closes with */
  LifecycleScope  *root;        /* not referenced: the wait ends before it does */
  GMainContext    *context;
  gint64           began;       /* µs of monotonic time */
  GPtrArray       *scopes;      /* referenced; empty once the root has closed */
  GPtrArray       *waiters;     /* of Waiter */
  GSource         *timeout;
  GError          *overdue;     /* what was not waited for to the end */
} LifecycleCloseWait;

/* What a call is about; the data of its task. */
typedef struct
{
  LifecycleReason    reason;
  guint              timeout_ms;
  void            (* run) (GTask *task);
} LifecycleCloseCall;

LifecycleCloseWait *lifecycle_close_wait_ensure      (LifecycleScope      *scope);
LifecycleCloseWait *lifecycle_close_wait_ref         (LifecycleCloseWait  *self);
void                lifecycle_close_wait_unref       (gpointer             data);
void                lifecycle_close_wait_add_waiter  (LifecycleCloseWait  *self,
                                                      GTask               *task);
void                lifecycle_close_wait_set_timeout (LifecycleCloseWait  *self,
                                                      guint                timeout_ms);
void                lifecycle_close_wait_watch       (LifecycleCloseWait  *self,
                                                      LifecycleScope      *scope);
gboolean            lifecycle_close_wait_has_pending (LifecycleCloseWait  *self,
                                                      gboolean            *gave_up);
void                lifecycle_close_wait_start       (LifecycleCloseWait  *self,
                                                      gboolean             waits);
gboolean            lifecycle_close_wait_cut_short   (LifecycleScope      *scope,
                                                      guint               *n_released);

void                lifecycle_close_call             (LifecycleScope      *scope,
                                                      gpointer             tag,
                                                      LifecycleReason      reason,
                                                      guint                timeout_ms,
                                                      GCancellable        *cancellable,
                                                      GAsyncReadyCallback  callback,
                                                      gpointer             user_data,
                                                      void              (* run) (GTask *task));
void                lifecycle_close_call_run         (GTask               *task);

G_END_DECLS
