/* lifecycle-gtk-expression.h: watches and binds of expressions
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

LIFECYCLE_AVAILABLE_IN_1_0
GtkExpressionWatch *lifecycle_gtk_watch_expression (LifecycleScope      *scope,
                                                    GtkExpression       *expression,
                                                    gpointer             this_,
                                                    GtkExpressionNotify  func,
                                                    gpointer             user_data,
                                                    GDestroyNotify       destroy);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_bind_expression (LifecycleScope *scope,
                                        GtkExpression  *expression,
                                        GObject        *target,
                                        const char     *property_name,
                                        gpointer        this_);

#ifndef __GI_SCANNER__

/* The same functions with the name of the entry as the first argument: a static string, or NULL. */
LIFECYCLE_AVAILABLE_IN_1_0
GtkExpressionWatch *lifecycle_gtk_watch_expression_at (const char          *place,
                                                       LifecycleScope      *scope,
                                                       GtkExpression       *expression,
                                                       gpointer             this_,
                                                       GtkExpressionNotify  func,
                                                       gpointer             user_data,
                                                       GDestroyNotify       destroy);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_gtk_bind_expression_at (const char     *place,
                                           LifecycleScope *scope,
                                           GtkExpression  *expression,
                                           GObject        *target,
                                           const char     *property_name,
                                           gpointer        this_);

#ifndef LIFECYCLE_DISABLE_SOURCE_NAMES
#define lifecycle_gtk_watch_expression(...) lifecycle_gtk_watch_expression_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_gtk_bind_expression(...) lifecycle_gtk_bind_expression_at (LIFECYCLE_PLACE, __VA_ARGS__)
#endif

#endif /* __GI_SCANNER__ */

G_END_DECLS
