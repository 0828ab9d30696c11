/* lifecycle-threaded-handler-private.h: handlers whose signals may be emitted on any thread
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-ledger-private.h"
#include "lifecycle-signals.h"

G_BEGIN_DECLS

typedef struct _LifecycleThreadedHandler LifecycleThreadedHandler;

LifecycleThreadedHandler *lifecycle_threaded_handler_new         (LifecycleLedger          *ledger,
                                                                  GClosure                 *target,
                                                                  LifecycleConnectFlags     flags);
LifecycleThreadedHandler *lifecycle_threaded_handler_ref         (LifecycleThreadedHandler *threaded);
void                      lifecycle_threaded_handler_unref       (gpointer                  threaded);
GClosure                 *lifecycle_threaded_handler_get_target  (LifecycleThreadedHandler *threaded);
void                      lifecycle_threaded_handler_join        (LifecycleThreadedHandler *threaded);
void                      lifecycle_threaded_handler_set_blocked (LifecycleThreadedHandler *threaded,
                                                                  gboolean                  blocked);
void                      lifecycle_threaded_handler_set_stolen  (LifecycleThreadedHandler *threaded);
void                      lifecycle_threaded_handler_retire      (LifecycleThreadedHandler *threaded);
void                      lifecycle_threaded_handler_close       (LifecycleThreadedHandler *threaded);
void                      lifecycle_threaded_handler_disown      (gpointer                  threaded,
                                                                  GClosure                 *closure);
char                     *lifecycle_threaded_handler_describe    (LifecycleThreadedHandler *threaded);
void                      lifecycle_threaded_handler_marshal     (GClosure                 *closure,
                                                                  GValue                   *return_value,
                                                                  guint                     n_param_values,
                                                                  const GValue             *param_values,
                                                                  gpointer                  invocation_hint,
                                                                  gpointer                  marshal_data);

G_END_DECLS
