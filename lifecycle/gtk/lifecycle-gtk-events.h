/* lifecycle-gtk-events.h: event controllers, shortcuts, tick callbacks, frame clocks
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
 * LifecycleGtkFrameFunc:
 * @clock: the frame clock of the widget
 * @user_data: (closure): the data that was passed to [func@add_frame_handler]
 *
 * Called when the frame clock of a widget emits a signal.
 *
 * Since: 1.0
 */
typedef void (* LifecycleGtkFrameFunc) (GdkFrameClock *clock,
                                        gpointer       user_data);

/**
 * LifecycleGtkAnimateFunc:
 * @widget: the widget that is animated
 * @progress: how much of the time has passed, from 0 to 1
 * @user_data: (closure): the data that was passed to [func@animate]
 *
 * Draws one frame of an animation.
 *
 * Since: 1.0
 */
typedef void (* LifecycleGtkAnimateFunc) (GtkWidget *widget,
                                          double     progress,
                                          gpointer   user_data);

LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_add_controller (LifecycleScope     *scope,
                                       GtkWidget          *widget,
                                       GtkEventController *controller);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_add_shortcut (LifecycleScope   *scope,
                                     GtkWidget        *widget,
                                     GtkShortcutScope  where,
                                     const char       *trigger,
                                     GtkShortcutFunc   func,
                                     gpointer          user_data,
                                     GDestroyNotify    destroy);
LIFECYCLE_AVAILABLE_IN_1_0
guint lifecycle_gtk_add_tick (LifecycleScope  *scope,
                              GtkWidget       *widget,
                              GtkTickCallback  func,
                              gpointer         user_data,
                              GDestroyNotify   destroy);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_add_frame_handler (LifecycleScope        *scope,
                                          GtkWidget             *widget,
                                          const char            *signal_name,
                                          LifecycleGtkFrameFunc  func,
                                          gpointer               user_data,
                                          GDestroyNotify         destroy);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_animate (LifecycleScope          *scope,
                                GtkWidget               *widget,
                                guint                    duration_ms,
                                LifecycleGtkAnimateFunc  func,
                                gpointer                 user_data,
                                GDestroyNotify           destroy);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_add_animation (LifecycleScope *scope,
                                      GObject        *animation);

#ifndef __GI_SCANNER__

/* The same functions with the name of the entry as the first argument: a static string, or NULL. */
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_add_controller_at (const char         *place,
                                          LifecycleScope     *scope,
                                          GtkWidget          *widget,
                                          GtkEventController *controller);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_add_shortcut_at (const char       *place,
                                        LifecycleScope   *scope,
                                        GtkWidget        *widget,
                                        GtkShortcutScope  where,
                                        const char       *trigger,
                                        GtkShortcutFunc   func,
                                        gpointer          user_data,
                                        GDestroyNotify    destroy);
LIFECYCLE_AVAILABLE_IN_1_0
guint lifecycle_gtk_add_tick_at (const char      *place,
                                 LifecycleScope  *scope,
                                 GtkWidget       *widget,
                                 GtkTickCallback  func,
                                 gpointer         user_data,
                                 GDestroyNotify   destroy);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_add_frame_handler_at (const char            *place,
                                             LifecycleScope        *scope,
                                             GtkWidget             *widget,
                                             const char            *signal_name,
                                             LifecycleGtkFrameFunc  func,
                                             gpointer               user_data,
                                             GDestroyNotify         destroy);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_animate_at (const char              *place,
                                   LifecycleScope          *scope,
                                   GtkWidget               *widget,
                                   guint                    duration_ms,
                                   LifecycleGtkAnimateFunc  func,
                                   gpointer                 user_data,
                                   GDestroyNotify           destroy);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_add_animation_at (const char     *place,
                                         LifecycleScope *scope,
                                         GObject        *animation);

#ifndef LIFECYCLE_DISABLE_SOURCE_NAMES
#define lifecycle_gtk_add_controller(...) lifecycle_gtk_add_controller_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_gtk_add_shortcut(...) lifecycle_gtk_add_shortcut_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_gtk_add_tick(...) lifecycle_gtk_add_tick_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_gtk_add_frame_handler(...) lifecycle_gtk_add_frame_handler_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_gtk_animate(...) lifecycle_gtk_animate_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_gtk_add_animation(...) lifecycle_gtk_add_animation_at (LIFECYCLE_PLACE, __VA_ARGS__)
#endif

#endif /* __GI_SCANNER__ */

G_END_DECLS
