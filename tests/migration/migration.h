/* migration.h: what the sample programs of the migration share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "../test-wait.h"

#include <lifecycle.h>

G_BEGIN_DECLS

/* A store that lives as long as the process, and emits `items-changed`. */
GListStore         *sample_settings  (void);

/* A connection to this process itself, on which a signal is emitted and a method is called. */
#define SAMPLE_PATH      "/org/example/Sample"
#define SAMPLE_INTERFACE "org.example.Sample"

GDBusConnection    *sample_bus       (void);
GDBusInterfaceInfo *sample_interface (void);

/* A callback of @object was called. */
void                sample_called    (gpointer object);

/* Makes an object of @type, lets things happen until @n_calls callbacks have been called, and disposes
 * it. Fails if any callback is called later, or if something holds the object.
 */
int                 sample_run       (GType    type,
                                      guint    n_calls);

G_END_DECLS
