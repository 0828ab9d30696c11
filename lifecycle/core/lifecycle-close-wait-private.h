/* lifecycle-close-wait-private.h: the wait of a scope for pending work
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-home-call-private.h"

G_BEGIN_DECLS

/* Exists for each scope that is closed by close_async() or drain_async(), from that call to the end
 * of the close. It is used at home only; work that ends on other threads sends a wake-up.
 *
 * A drain first waits, with the scope open, until nothing is pending. Then, or at once without a
 * drain, the teardown runs up to the release. The release starts when no watched ledger has
 * anything pending, or at the deadline.
 */
typedef struct
{
  LifecycleWait    base;
  gint             refs;
  gint             woken;       /* atomic; a wake-up has been posted */
  gboolean         draining;    /* the scope is still open, unless other code closes it */
  gboolean         expired;     /* time was up before the release had to wait */
  LifecycleReason  reason;      /* the reason with which a drain closes the scope */
  LifecycleScope  *root;        /* not referenced: the scope outlives the wait */
  GMainContext    *home;        /* not referenced: to be compared with, on any thread */
  GMainContext    *context;     /* NULL once the root has closed */
  gint64           began;       /* µs of monotonic time */
  GPtrArray       *scopes;      /* referenced; empty once the root has closed */
  GPtrArray       *waiters;     /* of Waiter */
  GSource         *timeout;
  LifecycleHomeCall *abandoned; /* ends the wait if the home thread ends */
  GPtrArray       *away;        /* of LifecycleHomeCall: the same for scopes with other homes; or NULL */
  GError          *overdue;     /* lists what was still pending when the wait was given up */
} LifecycleCloseWait;

LifecycleCloseWait *lifecycle_close_wait_ensure      (LifecycleScope      *scope);
LifecycleCloseWait *lifecycle_close_wait_ref         (LifecycleCloseWait  *self);
void                lifecycle_close_wait_unref       (gpointer             data);
void                lifecycle_close_wait_add_waiter  (LifecycleCloseWait  *self,
                                                      GTask               *task);
void                lifecycle_close_wait_set_timeout (LifecycleCloseWait  *self,
                                                      guint                timeout_ms);
void                lifecycle_close_wait_watch       (LifecycleCloseWait  *self,
                                                      LifecycleScope      *scope);
void                lifecycle_close_wait_forget_later (LifecycleCloseWait *self,
                                                      LifecycleScope      *scope);
gboolean            lifecycle_close_wait_has_pending (LifecycleCloseWait  *self,
                                                      gboolean            *gave_up);
void                lifecycle_close_wait_end_drain   (LifecycleCloseWait  *self);
void                lifecycle_close_wait_start       (LifecycleCloseWait  *self,
                                                      gboolean             waits);
gboolean            lifecycle_close_wait_cut_short   (LifecycleScope      *scope,
                                                      guint               *n_released);
gboolean            lifecycle_close_wait_is_waiting  (LifecycleCloseWait  *self);
void                lifecycle_close_wait_give_up     (LifecycleCloseWait  *self);
void                lifecycle_close_wait_return      (GTask               *task,
                                                      LifecycleScope      *scope,
                                                      const GError        *overdue);

G_END_DECLS
