/* lifecycle-gtk-phase.h: what lasts as long as a widget is visible, active or focused
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (LIFECYCLE_GTK_INSIDE) && !defined (LIFECYCLE_COMPILATION)
#error "Only <lifecycle-gtk.h> can be included directly."
#endif

#include <gtk/gtk.h>
#include <lifecycle.h>

G_BEGIN_DECLS

/**
 * LifecycleGtkPhase:
 * @LIFECYCLE_GTK_PHASE_ROOTED: the widget is in a window that has not been destroyed
 * @LIFECYCLE_GTK_PHASE_REALIZED: the widget is realized: it has a surface and a frame clock
 * @LIFECYCLE_GTK_PHASE_MAPPED: the widget is mapped; its window may be minimized
 * @LIFECYCLE_GTK_PHASE_SHOWN: the widget is mapped, and its window is neither minimized nor, where
 *   GTK tells, suspended
 * @LIFECYCLE_GTK_PHASE_ACTIVE: the widget is in the active window
 * @LIFECYCLE_GTK_PHASE_FOCUSED: the keyboard focus of the window is in the widget or below it, whether
 *   or not the window is active
 *
 * A state of a widget, for [func@add_phase].
 *
 * Since: 1.0
 */
typedef enum
{
  LIFECYCLE_GTK_PHASE_ROOTED,
  LIFECYCLE_GTK_PHASE_REALIZED,
  LIFECYCLE_GTK_PHASE_MAPPED,
  LIFECYCLE_GTK_PHASE_SHOWN,
  LIFECYCLE_GTK_PHASE_ACTIVE,
  LIFECYCLE_GTK_PHASE_FOCUSED
} LifecycleGtkPhase;

LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_add_phase    (LifecycleScope     *scope,
                                     GtkWidget          *widget,
                                     LifecycleGtkPhase   phase,
                                     LifecyclePhaseFunc  func,
                                     gpointer            user_data,
                                     GDestroyNotify      destroy);

#ifndef __GI_SCANNER__

/* The same functions with the name of the entry as the first argument: a static string, or NULL. */
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_add_phase_at (const char         *place,
                                     LifecycleScope     *scope,
                                     GtkWidget          *widget,
                                     LifecycleGtkPhase   phase,
                                     LifecyclePhaseFunc  func,
                                     gpointer            user_data,
                                     GDestroyNotify      destroy);

#ifndef LIFECYCLE_DISABLE_SOURCE_NAMES
#define lifecycle_gtk_add_phase(...) lifecycle_gtk_add_phase_at (LIFECYCLE_PLACE, __VA_ARGS__)
#endif

#endif /* __GI_SCANNER__ */

G_END_DECLS
