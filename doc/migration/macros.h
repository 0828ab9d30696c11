/* macros.h: what spatch has to know of GLib's macros to understand a function that uses them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define g_autoptr(type) type *
#define g_autofree
#define g_auto(type) type
#define g_autolist(type) GList *
#define g_autoslist(type) GSList *
#define g_autoqueue(type) GQueue *
