/* lifecycle-inspect-client-private.h: one connection of the inspection
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-inspect-private.h"

G_BEGIN_DECLS

typedef struct _LifecycleInspectClient LifecycleInspectClient;

LifecycleInspectClient *lifecycle_inspect_client_new         (LifecycleInspectServer *server,
                                                              GSocket                *socket,
                                                              const char             *guid);
LifecycleInspectClient *lifecycle_inspect_client_ref         (LifecycleInspectClient *self);
void                    lifecycle_inspect_client_unref       (LifecycleInspectClient *self);
void                    lifecycle_inspect_client_end         (gpointer                self);
gboolean                lifecycle_inspect_client_has_begun   (LifecycleInspectClient *self);

/* For the calls of the client. */
LifecycleInspectServer *lifecycle_inspect_client_get_server  (LifecycleInspectClient *self);
LifecycleTrace         *lifecycle_inspect_client_get_trace   (LifecycleInspectClient *self);
void                    lifecycle_inspect_client_set_trace   (LifecycleInspectClient *self,
                                                              LifecycleTrace         *trace);
void                    lifecycle_inspect_client_answer      (LifecycleInspectClient *self,
                                                              GDBusMessage           *answer);

/* In lifecycle-inspect-call.c. */
void                    lifecycle_inspect_call_new           (LifecycleInspectClient *client,
                                                              GDBusMessage           *message);

/* In lifecycle-inspect-server.c. */
GMainContext           *lifecycle_inspect_server_get_context (LifecycleInspectServer *self);
LifecycleInspectFlags   lifecycle_inspect_server_get_flags   (LifecycleInspectServer *self);
void                    lifecycle_inspect_server_remove      (LifecycleInspectServer *self,
                                                              LifecycleInspectClient *client);

G_END_DECLS
