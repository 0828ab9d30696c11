/* lifecycle-close-async-private.h: calls of close_async() and drain_async()
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-scope-private.h"

G_BEGIN_DECLS

/* The arguments of a call, which are the data of its task. */
typedef struct
{
  LifecycleReason    reason;
  guint              timeout_ms;
  void            (* run) (GTask *task);
} LifecycleCloseCall;

void lifecycle_close_call     (LifecycleScope      *scope,
                               gpointer             tag,
                               LifecycleReason      reason,
                               guint                timeout_ms,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data,
                               void              (* run) (GTask *task));
void lifecycle_close_call_run (GTask               *task);

G_END_DECLS
