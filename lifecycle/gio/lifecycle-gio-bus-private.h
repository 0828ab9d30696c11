/* lifecycle-gio-bus-private.h: functions shared by all entries on a message bus
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-gio.h"
#include "lifecycle-resource-private.h"

G_BEGIN_DECLS

/* The index of the connection among the objects that an entry on a message bus watches. */
#define LIFECYCLE_BUS_CONNECTION 0

gpointer lifecycle_bus_entry_new    (gsize                         size,
                                     const LifecycleResourceKind  *kind,
                                     LifecycleScope               *scope,
                                     GDBusConnection              *connection,
                                     GCallback                     func,
                                     gpointer                      data,
                                     GDestroyNotify                destroy,
                                     GError                      **error);
gboolean lifecycle_bus_entry_add    (gpointer                      self,
                                     LifecycleScope               *scope,
                                     GDBusConnection              *connection,
                                     LifecycleResourceFunc         closed,
                                     const char                   *place,
                                     GError                      **error);
void     lifecycle_bus_entry_closed (LifecycleResource            *self);
void     lifecycle_bus_entry_forget (gpointer                      self);

G_END_DECLS
