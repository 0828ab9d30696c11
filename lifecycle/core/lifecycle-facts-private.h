/* lifecycle-facts-private.h: the facts about an entry
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-entry-private.h"

G_BEGIN_DECLS

/* describe() receives this zero-filled, except that `valid` is set. */
struct _LifecycleFacts
{
  GType     type;       /* of the instance, or of the object */
  gpointer  object;     /* its address; it may be gone once the lock is released */
  guint     n_refs;     /* that all hold on it, or 0 if they are not known */
  gpointer  data;       /* of the callback, or the data itself: an address */
  guint     signal_id;
  GQuark    detail;
  gulong    id;         /* of the handler, or of the source */
  gpointer  callback;   /* a function of the user */
  char     *name;       /* owned; NULL if it has none */
  gboolean  valid;      /* whether what the entry stands for still exists */
  gboolean  shared;     /* whether other threads may drop the object */
  gboolean  holds;      /* whether the entry holds a reference on the object */
  gboolean  unused;     /* an operation whose cancellable nobody else refers to */
};

/* The object cannot be finalized before the lock is released. */
static inline void
lifecycle_facts_set_object (LifecycleFacts *facts,
                            gpointer        object)
{
  facts->type = G_TYPE_FROM_INSTANCE (object);
  facts->object = object;
  if (G_IS_OBJECT (object))
    facts->n_refs = (guint) g_atomic_int_get ((gint *) &((GObject *) object)->ref_count);
}

G_END_DECLS
