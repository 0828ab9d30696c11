/* consumer-gtk.c: a program that uses the installed library for GTK; it needs no display
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <lifecycle-gtk.h>

int
main (void)
{
  GtkWidget *widget = NULL;
  LifecycleScope *scope = widget != NULL ? lifecycle_gtk_scope_of (widget) : NULL;

  g_print ("%s\n", scope == NULL ? "no widget, no scope" : lifecycle_scope_get_name (scope));

  return 0;
}
