/* museum-bus.h: a message bus for an exhibit
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "museum.h"

G_BEGIN_DECLS

/* Calls @half with a connection to a bus of its own, or skips it where there is no dbus-daemon. */
void museum_with_bus (void (* half) (GDBusConnection *bus));

/* Waits until all that was sent to the bus before has arrived. */
void museum_bus_sync (GDBusConnection *bus);

G_END_DECLS
