/* lifecycle-teardown-private.h: the two-phase close of a whole subtree
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-scope-private.h"

G_BEGIN_DECLS

/* Where the function that asks is on the stack. */
#define LIFECYCLE_FRAME __builtin_frame_address (0)

/* A clear() in progress. It is on the heap: code of another language may unwind the stack. */
struct _LifecycleClear
{
  LifecycleEntry  fence;        /* after the entries to clear, until these are muted */
  LifecycleClear *outer;
};

guint    lifecycle_teardown_close    (LifecycleScope  *scope,
                                      LifecycleReason  reason,
                                      const char      *detail);
void     lifecycle_teardown_close_owned (LifecycleScope  *scope,
                                         LifecycleReason  reason,
                                         const char      *detail);
gboolean lifecycle_teardown_is_abandoned (LifecycleScope *scope);
void     lifecycle_teardown_hand_over (LifecycleScope *scope);
void     lifecycle_teardown_mark_below (LifecycleScope *scope);
void     lifecycle_teardown_enter    (gconstpointer    frame);
void     lifecycle_teardown_leave    (gconstpointer    frame);
gboolean lifecycle_teardown_run_unheld (LifecycleScope *root,
                                        guint          *n_released);
guint    lifecycle_teardown_run      (LifecycleScope  *root,
                                      LifecycleEntry  *fence);
void     lifecycle_teardown_start    (LifecycleScopeList *list,
                                      LifecycleScope     *scope);
guint    lifecycle_teardown_finish   (LifecycleScope  *scope,
                                      gint64           began);
guint    lifecycle_teardown_clear    (LifecycleScope  *scope);
gboolean lifecycle_teardown_dispose  (LifecycleScope  *scope);
void     lifecycle_drain_end_below   (LifecycleScope  *moved);

G_END_DECLS
