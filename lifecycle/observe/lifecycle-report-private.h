/* lifecycle-report-private.h: who is to blame, for people to read
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-leaks-private.h"

G_BEGIN_DECLS

typedef struct
{
  guint n_scopes;               /* without a parent, open, and not permanent */
  guint n_objects;              /* alive although they were expected to go */
  guint n_dropped;              /* scopes that were dropped open */
} LifecycleReport;

/* `since` is where the mark of the registry was set, too, or NULL for all there is. */
gboolean lifecycle_report_count          (LifecycleReport         *self,
                                          const LifecycleLeakMark *since,
                                          gboolean                 with_dropped);
char    *lifecycle_report_describe       (const LifecycleLeakMark *since,
                                          gboolean                 with_dropped);
void     lifecycle_report_report_at_exit (void);

G_END_DECLS
