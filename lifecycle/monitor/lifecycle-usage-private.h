/* lifecycle-usage-private.h: what the system says about the process
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What cannot be told is 0. */
typedef struct
{
  guint64 rss;                  /* bytes */
  guint64 heap;                 /* bytes in use */
  guint64 cpu_time;             /* µs */
} LifecycleUsage;

void     lifecycle_usage_read (LifecycleUsage *self);
gboolean lifecycle_usage_trim (void);

G_END_DECLS
