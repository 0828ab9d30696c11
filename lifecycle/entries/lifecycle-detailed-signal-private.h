/* lifecycle-detailed-signal-private.h: signals that have been looked up by name
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* What a name such as "notify::title" means for a type of instances. */
typedef struct
{
  guint   id;
  GQuark  detail;
  guint16 index;        /* by which it is found again; 0 where there are too many */
} LifecycleDetailedSignal;

gboolean lifecycle_detailed_signal_look_up   (GType                    type,
                                              const char              *name,
                                              LifecycleDetailedSignal *signal);
gboolean lifecycle_detailed_signal_get       (guint16                  index,
                                              LifecycleDetailedSignal *signal);

G_END_DECLS
