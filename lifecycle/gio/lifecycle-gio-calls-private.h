/* lifecycle-gio-calls-private.h: method calls on a message bus that wait for a reply
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Returns whether a method call is for the object that was unexported. Called with a lock held. */
typedef gboolean (* LifecycleBusCallsMatch) (const char *object_path,
                                             const char *interface_name,
                                             gpointer    data);

void lifecycle_bus_calls_begin  (GDBusConnection        *connection);
void lifecycle_bus_calls_cancel (GDBusConnection        *connection);
void lifecycle_bus_calls_end    (GDBusConnection        *connection,
                                 GMainContext           *context,
                                 LifecycleBusCallsMatch  match,
                                 gpointer                data);

G_END_DECLS
