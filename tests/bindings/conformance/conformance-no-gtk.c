/* conformance-no-gtk.c: the runner in C knows no other steps
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "conformance.h"

void
begin_more (void)
{
}

gboolean
run_more_step (const char  *verb,
               char       **a,
               const char  *then)
{
  return FALSE;
}

void
forget_more (void)
{
}
