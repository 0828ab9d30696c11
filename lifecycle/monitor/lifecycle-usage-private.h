/* lifecycle-usage-private.h: the resource usage of the process
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Values that are not known are 0. */
typedef struct
{
  guint64 rss;                  /* bytes */
  guint64 heap;                 /* bytes in use, when they were counted last */
  guint64 cpu_time;             /* µs */
} LifecycleUsage;

void     lifecycle_usage_read (LifecycleUsage *self);
guint64  lifecycle_usage_get_rss (void);
gboolean lifecycle_usage_trim (void);
gboolean lifecycle_usage_walk_is_due (gint64 now,
                                      gint64 last,
                                      gint64 price);

G_END_DECLS
