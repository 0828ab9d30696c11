/* lifecycle-gtk-roots-private.h: widgets that come into a window and leave it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef struct
{
  void (* created) (GtkWidget *widget); /* NULL: need not be told */
  void (* rooted)  (GtkWidget *widget);

  /* Called before anything changes, first for the widget that is taken out, then for those in it. */
  void (* leaving) (GtkWidget *widget);
} LifecycleGtkRootsObserver;

void lifecycle_gtk_watch_roots (const LifecycleGtkRootsObserver *observer);

G_END_DECLS
