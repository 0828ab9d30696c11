/* lifecycle-report-private.h: readable reports of what was left behind
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-leaks-private.h"

G_BEGIN_DECLS

typedef struct
{
  guint n_scopes;               /* root scopes that are open and not permanent */
  guint n_objects;              /* alive although they should be gone */
  guint n_dropped;              /* scopes that were dropped while open */
} LifecycleReport;

/* `since` limits a report to what is new: the mark of the roots was set at the same time. NULL
 * means everything.
 */
gboolean lifecycle_report_count          (LifecycleReport         *self,
                                          const LifecycleLeakMark *since,
                                          gboolean                 with_dropped);
char    *lifecycle_report_describe       (const LifecycleLeakMark *since,
                                          gboolean                 with_dropped);
void     lifecycle_report_report_at_exit (void);

G_END_DECLS
