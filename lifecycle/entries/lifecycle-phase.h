/* lifecycle-phase.h: scopes that are opened again and again
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (LIFECYCLE_INSIDE) && !defined (LIFECYCLE_COMPILATION)
#error "Only <lifecycle.h> can be included directly."
#endif

#include "lifecycle-types.h"

G_BEGIN_DECLS

/**
 * LifecyclePhaseFunc:
 * @run: the scope of this run, an open child of the scope that owns the phase
 * @user_data: (closure): the data that was passed to [method@Scope.add_phase]
 *
 * Sets up one run of a phase, by adding entries to @run.
 *
 * It may close any scope, and cause the signals of the phase to be emitted.
 *
 * Since: 1.0
 */
typedef void (*LifecyclePhaseFunc) (LifecycleScope *run,
                                    gpointer        user_data);

LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_scope_add_phase    (LifecycleScope     *self,
                                       GObject            *instance,
                                       const char         *enter_signal,
                                       const char         *leave_signal,
                                       gboolean            active_now,
                                       LifecyclePhaseFunc  func,
                                       gpointer            user_data,
                                       GDestroyNotify      destroy);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_scope_add_property_phase    (LifecycleScope     *self,
                                                GObject            *instance,
                                                const char         *property_name,
                                                LifecyclePhaseFunc  func,
                                                gpointer            user_data,
                                                GDestroyNotify      destroy);

#ifndef __GI_SCANNER__

/* The same functions with the name of the entry as the first argument: a static string, or NULL. */
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_scope_add_phase_at (const char         *place,
                                       LifecycleScope     *self,
                                       GObject            *instance,
                                       const char         *enter_signal,
                                       const char         *leave_signal,
                                       gboolean            active_now,
                                       LifecyclePhaseFunc  func,
                                       gpointer            user_data,
                                       GDestroyNotify      destroy);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_scope_add_property_phase_at (const char         *place,
                                                LifecycleScope     *self,
                                                GObject            *instance,
                                                const char         *property_name,
                                                LifecyclePhaseFunc  func,
                                                gpointer            user_data,
                                                GDestroyNotify      destroy);

#ifndef LIFECYCLE_DISABLE_SOURCE_NAMES
#define lifecycle_scope_add_phase(...) lifecycle_scope_add_phase_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_add_property_phase(...) lifecycle_scope_add_property_phase_at (LIFECYCLE_PLACE, __VA_ARGS__)
#endif

#endif /* __GI_SCANNER__ */

G_END_DECLS
