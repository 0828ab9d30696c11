/* lifecycle-gtk-inspector.c: a page of GTK Inspector
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gtk-inspector.h"

#include "lifecycle-gtk-inspector-page-private.h"

/**
 * lifecycle_gtk_add_inspector_page:
 *
 * Adds a page with all scopes of the program to GTK Inspector.
 *
 * The page shows the tree of scopes with their ages and counts, the entries of the selected scope
 * with the place, signal and callback of each, the known leaks, and how the number of live entries
 * and the memory change. A scope can be closed there, and the object that it was made for shown in
 * the inspector. The page looks at the program once a second while it is on the screen, holds no
 * reference on what it shows, and uses no scopes itself.
 *
 * Call this function at the start of the program, or in a handler of
 * [signal@Gio.Application::startup], but before the inspector is opened for the first time, which is
 * when GTK creates its pages. With `GTK_DEBUG=interactive` that is when GTK is initialized. Further
 * calls do nothing. The function must be called on the main thread; GTK need not be initialized.
 *
 * Since: 1.0
 */
void
lifecycle_gtk_add_inspector_page (void)
{
  /* GTK registers this extension point when it is initialized, which changes nothing for those who
   * come first.
   */
  g_io_extension_point_register ("gtk-inspector-page");
  g_io_extension_point_implement ("gtk-inspector-page", LIFECYCLE_GTK_TYPE_INSPECTOR_PAGE,
                                  "lifecycle", 10);
}
