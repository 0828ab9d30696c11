/* lifecycle-detailed-signal-private.h: a cache of signal names
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib-object.h>
#include <string.h>

G_BEGIN_DECLS

/* The signal that a name such as "notify::title" stands for on instances of a type. */
typedef struct
{
  guint   id;
  GQuark  detail;
  guint16 index;        /* the key for lifecycle_detailed_signal_get(); 0 if all are taken */
} LifecycleDetailedSignal;

/* One that has been looked up, and is kept. */
typedef struct
{
  GType                   type;
  LifecycleDetailedSignal signal;
  char                    name[];
} LifecycleKnownSignal;

#define LIFECYCLE_N_RECENT_SIGNALS 256

/* Recent look-ups, by the address of the name, which is usually a string constant. */
extern LifecycleKnownSignal *lifecycle_recent_signals[LIFECYCLE_N_RECENT_SIGNALS];

gboolean lifecycle_detailed_signal_look_up   (GType                    type,
                                              const char              *name,
                                              LifecycleDetailedSignal *signal);
gboolean lifecycle_detailed_signal_get       (guint16                  index,
                                              LifecycleDetailedSignal *signal);

static inline LifecycleKnownSignal **
lifecycle_recent_signal_slot (GType       type,
                              const char *name)
{
  gsize hash = (gsize) type * 31 ^ (gsize) name * 17;

  return &lifecycle_recent_signals[(hash ^ hash >> 8 ^ hash >> 16) % LIFECYCLE_N_RECENT_SIGNALS];
}

/* The same as lifecycle_detailed_signal_look_up(), without a call or a copy if this has been looked up
 * lately. Returns NULL if the type has no such signal. The result may be `space`.
 */
static inline const LifecycleDetailedSignal *
lifecycle_detailed_signal_find (GType                    type,
                                const char              *name,
                                LifecycleDetailedSignal *space)
{
  LifecycleKnownSignal *known = g_atomic_pointer_get (lifecycle_recent_signal_slot (type, name));

  if (G_LIKELY (known != NULL && known->type == type && strcmp (known->name, name) == 0))
    return &known->signal;

  return lifecycle_detailed_signal_look_up (type, name, space) ? space : NULL;
}

G_END_DECLS
