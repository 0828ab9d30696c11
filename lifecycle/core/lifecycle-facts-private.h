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
  guint     signal_id;
  GQuark    detail;
  gulong    id;         /* of the handler, or of the source */
  gpointer  callback;   /* a function of the user */
  char     *name;       /* owned; NULL if it has none */
  gboolean  valid;      /* whether what the entry stands for still exists */
};

G_END_DECLS
