/* lifecycle-gio-closure-private.h: closures in place of GIO callbacks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* Takes a reference on a closure, which may be floating or NULL, and sets a marshaller if it has
 * none.
 */
static inline GClosure *
lifecycle_closure_own (GClosure *closure)
{
  if (closure == NULL)
    return NULL;

  g_closure_ref (closure);
  g_closure_sink (closure);
  if (G_CLOSURE_NEEDS_MARSHAL (closure))
    g_closure_set_marshal (closure, g_cclosure_marshal_generic);

  return closure;
}

G_END_DECLS
