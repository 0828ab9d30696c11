/* lifecycle-gtk-describe-private.h: what widgets are called in reports
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "lifecycle-referrers-private.h"

G_BEGIN_DECLS

/* From the root down to a widget. Paths share what they have in common. */
typedef struct _LifecycleGtkPath LifecycleGtkPath;

LifecycleGtkPath *lifecycle_gtk_path_new        (GtkWidget        *widget);
LifecycleGtkPath *lifecycle_gtk_path_append     (LifecycleGtkPath *above,
                                                 GtkWidget        *widget);
void              lifecycle_gtk_path_unref      (LifecycleGtkPath *self);
char             *lifecycle_gtk_path_to_string  (LifecycleGtkPath *self);

char             *lifecycle_gtk_describe_widget (GtkWidget        *widget);

GPtrArray              *lifecycle_gtk_list_controllers (GtkWidget  *widget);
const LifecycleToolkit *lifecycle_gtk_get_toolkit      (void);
void                    lifecycle_gtk_print_lines      (const char *title,
                                                        const char *text,
                                                        gboolean    numbered);

G_END_DECLS
