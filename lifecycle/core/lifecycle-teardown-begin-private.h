/* lifecycle-teardown-begin-private.h: a teardown, and how it begins
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-scope-private.h"

G_BEGIN_DECLS

typedef struct _LifecycleTeardown LifecycleTeardown;

struct _LifecycleTeardown
{
  LifecycleTeardown  *outer;    /* the teardown that has begun this one, in another context */
  LifecycleScopeList *list;     /* the scopes to take down; the root is the first */
  LifecycleEntry     *fence;    /* for a clear(), which keeps the root open: after its entries */
  GPtrArray          *apart;    /* of scopes of other contexts, referenced from next_apart on; or NULL */
  guint               next_apart;
  guint               n_before; /* the number of entries of the root that were released before */
  gint64              began;    /* µs of monotonic time, or 0 if the duration is not needed */
};

void            lifecycle_teardown_begin       (LifecycleTeardown *self,
                                                LifecycleScope    *root,
                                                gboolean           waits);
LifecycleScope *lifecycle_teardown_next_apart  (LifecycleTeardown *self);
guint64         lifecycle_teardown_next_serial (void);

G_END_DECLS
