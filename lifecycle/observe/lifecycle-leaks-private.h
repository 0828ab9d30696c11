/* lifecycle-leaks-private.h: objects that should be gone but are not
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-leak-private.h"
#include "lifecycle-leaks.h"
#include "lifecycle-referrers-private.h"

G_BEGIN_DECLS

/* A point in time; the functions below can list what has happened since then. */
typedef struct
{
  guint64 serial;               /* of the last expectation before the mark */
  guint   epoch;                /* of the leaks that were noted before the mark */
  gint64  time;                 /* µs */
} LifecycleLeakMark;

/* Another library, which finds leaks by itself. */
typedef struct
{
  /* Appends the facts, to be freed, of what was removed after `since` (µs). Called with no lock held,
   * on any thread.
   */
  void (* find) (GPtrArray *list,
                 gint64     since,
                 gboolean   overdue_only);

  /* Returns how many are overdue. Called with no lock held, on any thread. */
  guint (* count) (void);

  /* What it knows of those who refer to an object, of any type. */
  const LifecycleToolkit *toolkit;
} LifecycleLeakFinder;

LIFECYCLE_SHARED
void       lifecycle_leaks_set_finder       (const LifecycleLeakFinder *finder);
void       lifecycle_leaks_mark             (LifecycleLeakMark       *mark);
void       lifecycle_leaks_search           (const LifecycleLeakMark *since,
                                             gboolean                 overdue_only);
GPtrArray *lifecycle_leaks_list_alive       (const LifecycleLeakMark *since,
                                             gboolean                 overdue_only);
guint      lifecycle_leaks_get_n_expected   (void);
void       lifecycle_leaks_before_fork      (void);
void       lifecycle_leaks_after_fork       (void);

/* In lifecycle-noted-leaks.c. */
void       lifecycle_leaks_set_tracking      (gboolean                  tracking);
void       lifecycle_leaks_note              (const LifecycleLeakFacts *facts);
GPtrArray *lifecycle_leaks_list_noted        (const LifecycleLeakMark  *since);
guint      lifecycle_leaks_begin_epoch       (void);
void       lifecycle_noted_leaks_before_fork (void);
void       lifecycle_noted_leaks_after_fork  (void);

G_END_DECLS
