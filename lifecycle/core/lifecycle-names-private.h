/* lifecycle-names-private.h: making names valid, and quoting them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Where a name appears. In a path, slashes separate names. */
typedef enum
{
  LIFECYCLE_QUOTE_TEXT,
  LIFECYCLE_QUOTE_PATH
} LifecycleQuote;

char       *lifecycle_name_dup    (const char      *name);
const char *lifecycle_name_ensure (const char      *name,
                                   char           **made);
char       *lifecycle_name_quote  (const char      *name,
                                   LifecycleQuote   where);
void        lifecycle_name_append (GString         *string,
                                   const char      *name,
                                   LifecycleQuote   where);

G_END_DECLS
