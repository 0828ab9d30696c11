/* lifecycle-facts.c: what there is to know about an entry
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#ifdef HAVE_DLADDR
#define _GNU_SOURCE
#include <dlfcn.h>
#endif

#include "lifecycle-facts-private.h"

/* A function by its name, or, where that is not exported, by its place in a program or library, as
 * addr2line takes it.
 */
char *
lifecycle_describe_address (gconstpointer address)
{
#ifdef HAVE_DLADDR
  Dl_info info;

  if (dladdr (address, &info) != 0)
    {
      gsize offset;

      if (info.dli_sname != NULL && info.dli_saddr == address)
        return g_strdup (info.dli_sname);

      if (info.dli_sname != NULL)
        {
          offset = (gsize) ((const guint8 *) address - (const guint8 *) info.dli_saddr);
          return g_strdup_printf ("%s+0x%" G_GSIZE_MODIFIER "x", info.dli_sname, offset);
        }

      if (info.dli_fname != NULL)
        {
          g_autofree char *module = g_path_get_basename (info.dli_fname);

          offset = (gsize) ((const guint8 *) address - (const guint8 *) info.dli_fbase);
          return g_strdup_printf ("%s+0x%" G_GSIZE_MODIFIER "x", module, offset);
        }
    }
#endif

  return g_strdup_printf ("%p", address);
}
