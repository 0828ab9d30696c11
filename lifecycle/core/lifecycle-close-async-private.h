/* lifecycle-close-async-private.h: calls of close_async() and drain_async()
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-scope-private.h"

G_BEGIN_DECLS

typedef struct _LifecycleCloseCall LifecycleCloseCall;

/* A call of close_async() or drain_async(). */
struct _LifecycleCloseCall
{
  LifecycleScope    *scope;
  GTask             *task;      /* NULL if the caller does not wait */
  LifecycleReason    reason;
  guint              timeout_ms;
  void            (* run) (LifecycleCloseCall *call);
};

void lifecycle_close_call     (LifecycleScope      *scope,
                               gpointer             tag,
                               LifecycleReason      reason,
                               guint                timeout_ms,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data,
                               void              (* run) (LifecycleCloseCall *call));
void lifecycle_close_call_run (LifecycleCloseCall  *call);

G_END_DECLS
