/* lifecycle-gtk-widget-private.h: the scope of a widget
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-gtk-widget.h"

G_BEGIN_DECLS

LifecycleScope *lifecycle_gtk_peek_scope_of (GtkWidget *widget);
void            lifecycle_gtk_hook_widget   (GtkWidget *widget);

G_END_DECLS
