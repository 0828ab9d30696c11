/* lifecycle-audit-real.c: the functions that the audit stands in front of
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "lifecycle-audit-real-private.h"

AuditReal audit_real;

static const char *const sonames[AUDIT_N_LIBRARIES] = {
  [AUDIT_LIBRARY_GLIB] = "libglib-2.0.so.0",
  [AUDIT_LIBRARY_GMODULE] = "libgmodule-2.0.so.0",
  [AUDIT_LIBRARY_GOBJECT] = "libgobject-2.0.so.0",
  [AUDIT_LIBRARY_GIO] = "libgio-2.0.so.0",
};

/* Finds a symbol of a library that is loaded, or NULL. The library is asked by its handle, because a
 * plug-in may have loaded it with RTLD_LOCAL, as Python does; RTLD_NEXT does not see it then.
 */
gpointer
audit_real_find_symbol (const char *soname,
                        const char *name)
{
  void *handle = dlopen (soname, RTLD_LAZY | RTLD_NOLOAD);
  gpointer symbol;

  if (handle == NULL)
    return dlsym (RTLD_NEXT, name);

  symbol = dlsym (handle, name);
  /* The program keeps it loaded: GLib cannot be unloaded. */
  dlclose (handle);

  return symbol;
}

void
audit_real_find (AuditLibrary library)
{
  const char *soname = sonames[library];

  /* Threads that come here at the same time write the same values. */
#define AUDIT_FIND(function) \
  __atomic_store_n (&audit_real.function, \
                    (__typeof__ (audit_real.function)) audit_real_find_symbol (soname, #function), \
                    __ATOMIC_RELAXED);

  switch (library)
    {
    case AUDIT_LIBRARY_GLIB:
      AUDIT_GLIB_FUNCTIONS (AUDIT_FIND)
      break;
    case AUDIT_LIBRARY_GMODULE:
      AUDIT_GMODULE_FUNCTIONS (AUDIT_FIND)
      break;
    case AUDIT_LIBRARY_GOBJECT:
      audit_real_need (AUDIT_LIBRARY_GLIB);
      AUDIT_GOBJECT_FUNCTIONS (AUDIT_FIND)
      break;
    case AUDIT_LIBRARY_GIO:
      audit_real_need (AUDIT_LIBRARY_GOBJECT);
      AUDIT_GIO_FUNCTIONS (AUDIT_FIND)
      break;
    case AUDIT_N_LIBRARIES:
    default:
      abort ();
    }
#undef AUDIT_FIND

  __atomic_store_n (&audit_real.found[library], TRUE, __ATOMIC_RELEASE);
}

/* Finds the real function of a name, in whichever of GLib's libraries it is. */
gpointer
audit_real_find_by_name (const char *name)
{
  for (guint i = 0; i < AUDIT_N_LIBRARIES; i++)
    {
      void *handle = dlopen (sonames[i], RTLD_LAZY | RTLD_NOLOAD);
      gpointer symbol = handle != NULL ? dlsym (handle, name) : NULL;

      if (handle != NULL)
        dlclose (handle);
      if (symbol != NULL)
        return symbol;
    }

  return NULL;
}
