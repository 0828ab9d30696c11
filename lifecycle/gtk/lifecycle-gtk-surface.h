/* lifecycle-gtk-surface.h: popovers, windows, dialogs, drag icons, style, the clipboard
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
 * LifecycleGtkResponseFunc:
 * @dialog: the dialog, which is destroyed afterwards
 * @response: the response, such as %GTK_RESPONSE_ACCEPT
 * @user_data: (closure): the data that was passed to [func@run_dialog]
 *
 * Called when the user has answered a dialog.
 *
 * Since: 1.0
 */
typedef void (* LifecycleGtkResponseFunc) (GObject  *dialog,
                                           int       response,
                                           gpointer  user_data);

/**
 * LifecycleGtkTextFunc:
 * @clipboard: the clipboard
 * @text: (nullable): the text, or %NULL if there is none
 * @error: (nullable): why the clipboard could not be read
 * @user_data: (closure): the data that was passed to [func@read_text]
 *
 * Called when the text of a clipboard has been read.
 *
 * Since: 1.0
 */
typedef void (* LifecycleGtkTextFunc) (GdkClipboard *clipboard,
                                       const char   *text,
                                       const GError *error,
                                       gpointer      user_data);

LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_add_popover (LifecycleScope *scope,
                                    GtkWidget      *popover,
                                    GtkWidget      *parent);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_add_window (LifecycleScope *scope,
                                   GtkWindow      *window);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_run_dialog (LifecycleScope           *scope,
                                   GObject                  *dialog,
                                   LifecycleGtkResponseFunc  func,
                                   gpointer                  user_data,
                                   GDestroyNotify            destroy);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_set_drag_icon (LifecycleScope *scope,
                                      GdkDrag        *drag,
                                      GtkWidget      *child);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_add_css_provider (LifecycleScope   *scope,
                                         GdkDisplay       *display,
                                         GtkStyleProvider *provider,
                                         guint             priority);
LIFECYCLE_AVAILABLE_IN_1_0
void lifecycle_gtk_read_text (LifecycleScope       *scope,
                              GdkClipboard         *clipboard,
                              LifecycleGtkTextFunc  func,
                              gpointer              user_data,
                              GDestroyNotify        destroy);

#ifndef __GI_SCANNER__

/* The same functions with the name of the entry as the first argument: a static string, or NULL. */
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_add_popover_at (const char     *place,
                                       LifecycleScope *scope,
                                       GtkWidget      *popover,
                                       GtkWidget      *parent);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_add_window_at (const char     *place,
                                      LifecycleScope *scope,
                                      GtkWindow      *window);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_run_dialog_at (const char               *place,
                                      LifecycleScope           *scope,
                                      GObject                  *dialog,
                                      LifecycleGtkResponseFunc  func,
                                      gpointer                  user_data,
                                      GDestroyNotify            destroy);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_set_drag_icon_at (const char     *place,
                                         LifecycleScope *scope,
                                         GdkDrag        *drag,
                                         GtkWidget      *child);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_add_css_provider_at (const char       *place,
                                            LifecycleScope   *scope,
                                            GdkDisplay       *display,
                                            GtkStyleProvider *provider,
                                            guint             priority);
LIFECYCLE_AVAILABLE_IN_1_0
void lifecycle_gtk_read_text_at (const char           *place,
                                 LifecycleScope       *scope,
                                 GdkClipboard         *clipboard,
                                 LifecycleGtkTextFunc  func,
                                 gpointer              user_data,
                                 GDestroyNotify        destroy);

#ifndef LIFECYCLE_DISABLE_SOURCE_NAMES
#define lifecycle_gtk_add_popover(...) lifecycle_gtk_add_popover_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_gtk_add_window(...) lifecycle_gtk_add_window_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_gtk_run_dialog(...) lifecycle_gtk_run_dialog_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_gtk_set_drag_icon(...) lifecycle_gtk_set_drag_icon_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_gtk_add_css_provider(...) lifecycle_gtk_add_css_provider_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_gtk_read_text(...) lifecycle_gtk_read_text_at (LIFECYCLE_PLACE, __VA_ARGS__)
#endif

#endif /* __GI_SCANNER__ */

G_END_DECLS
