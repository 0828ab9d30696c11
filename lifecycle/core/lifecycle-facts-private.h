/* lifecycle-facts-private.h: what there is to know about an entry
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-entry-private.h"

G_BEGIN_DECLS

/* Comes as zeroes, with `valid` set. */
struct _LifecycleFacts
{
  GType     type;       /* of the instance, or of the object */
  guint     signal_id;
  GQuark    detail;
  gulong    id;         /* of the handler, or of the source */
  gpointer  callback;   /* a function of the user's */
  char     *name;       /* if it has one; owned */
  gboolean  valid;      /* whether what it stands for is still there */
};

G_END_DECLS
