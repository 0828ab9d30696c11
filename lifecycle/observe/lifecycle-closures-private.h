/* lifecycle-closures-private.h: what the closures of handlers call
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

gulong    lifecycle_closure_find_handler  (gpointer       instance,
                                           gpointer       closure);
char     *lifecycle_closure_find_signal   (gpointer       instance,
                                           gpointer       closure);
gpointer  lifecycle_closure_find_function (gpointer       instance,
                                           gpointer       closure);
char     *lifecycle_closure_describe      (gpointer       instance,
                                           GClosure      *closure);

/* In lifecycle-python.c. */
char     *lifecycle_python_describe       (gpointer       callable);
void      lifecycle_python_referrers      (GObject       *object,
                                           GPtrArray     *lines);

G_END_DECLS
