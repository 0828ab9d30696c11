/* macros.h: what spatch has to know of GLib's macros to understand a function that uses them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define g_autofree
