/* plain.c: a program without GLib, which has to run under the audit as if that were not there
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <stdio.h>

int
main (void)
{
  puts ("plain");

  return 3;
}
