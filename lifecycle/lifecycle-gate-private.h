/* lifecycle-gate-private.h: what stands between an emission on any thread and a handler
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-ledger-private.h"
#include "lifecycle-signals.h"

G_BEGIN_DECLS

typedef struct _LifecycleGate LifecycleGate;

LifecycleGate *lifecycle_gate_new         (LifecycleLedger       *ledger,
                                           GMainContext          *context,
                                           GClosure              *target,
                                           LifecycleConnectFlags  flags);
LifecycleGate *lifecycle_gate_ref         (LifecycleGate         *gate);
void           lifecycle_gate_unref       (gpointer               gate);
GClosure      *lifecycle_gate_get_target  (LifecycleGate         *gate);
void           lifecycle_gate_join        (LifecycleGate         *gate);
void           lifecycle_gate_set_blocked (LifecycleGate         *gate,
                                           gboolean               blocked);
void           lifecycle_gate_set_stolen  (LifecycleGate         *gate);
void           lifecycle_gate_retire      (LifecycleGate         *gate);
void           lifecycle_gate_close       (LifecycleGate         *gate);
void           lifecycle_gate_disown      (gpointer               gate,
                                           GClosure              *closure);
char          *lifecycle_gate_describe    (LifecycleGate         *gate);
void           lifecycle_gate_marshal     (GClosure              *closure,
                                           GValue                *return_value,
                                           guint                  n_param_values,
                                           const GValue          *param_values,
                                           gpointer               invocation_hint,
                                           gpointer               marshal_data);

void           lifecycle_ledger_drop_mail (LifecycleLedger       *ledger,
                                           gboolean               all);

G_END_DECLS
