/* plugin.h: what the plug-ins of test-modules.c export
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <lifecycle.h>

/* Adds a handler on the emitter, and a child that owns a timer, a source, a cleanup and an operation
 * that does not end. The cleanup is a function of the program.
 */
LifecycleOperation *plugin_add             (LifecycleScope       *scope,
                                            GObject              *emitter,
                                            LifecycleCleanupFunc  cleanup);

LifecycleScope     *plugin_new_scope       (void);

void                plugin_expect_finalize (LifecycleScope       *scope,
                                            GObject              *object);
