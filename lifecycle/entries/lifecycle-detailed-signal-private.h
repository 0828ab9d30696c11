/* lifecycle-detailed-signal-private.h: a cache of signal names
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* The signal that a name such as "notify::title" stands for on instances of a type. */
typedef struct
{
  guint   id;
  GQuark  detail;
  guint16 index;        /* the key for lifecycle_detailed_signal_get(); 0 if all are taken */
} LifecycleDetailedSignal;

gboolean lifecycle_detailed_signal_look_up   (GType                    type,
                                              const char              *name,
                                              LifecycleDetailedSignal *signal);
gboolean lifecycle_detailed_signal_get       (guint16                  index,
                                              LifecycleDetailedSignal *signal);

G_END_DECLS
