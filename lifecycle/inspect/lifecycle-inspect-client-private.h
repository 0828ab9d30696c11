/* lifecycle-inspect-client-private.h: one connection of the inspection
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-inspect-private.h"

G_BEGIN_DECLS

typedef struct _LifecycleInspectClient LifecycleInspectClient;

LifecycleInspectClient *lifecycle_inspect_client_new       (LifecycleInspectServer *server,
                                                            GSocket                *socket,
                                                            const char             *guid);
gboolean                lifecycle_inspect_client_has_begun (LifecycleInspectClient *self);
void                    lifecycle_inspect_client_end       (gpointer                self);

GMainContext           *lifecycle_inspect_server_get_context (LifecycleInspectServer *self);
LifecycleInspectFlags   lifecycle_inspect_server_get_flags   (LifecycleInspectServer *self);
void                    lifecycle_inspect_server_remove      (LifecycleInspectServer *self,
                                                              LifecycleInspectClient *client);

G_END_DECLS
