/* lifecycle-operation-private.h: the inside of an operation
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-operation.h"
#include "lifecycle-scope-private.h"

G_BEGIN_DECLS

/* Something that a call may touch until it is over. */
typedef struct _LifecycleKept LifecycleKept;
struct _LifecycleKept
{
  LifecycleKept  *older;
  gpointer        data;
  GDestroyNotify  free_func;
};

struct _LifecycleOperation
{
  LifecycleEntry         entry;
  LifecycleEntry         cancellation;  /* what is to be done about it before the release */
  LifecycleLedger       *ledger;
  GMainContext          *context;       /* home; NULL once the result is on its way there */
  LifecycleThread       *home_thread;   /* at home while nobody runs the context */
  GCancellable          *cancellable;
  char                  *name;
  gint64                 began;         /* µs of monotonic time */
  GAsyncReadyCallback    callback;
  gpointer               user_data;
  GDestroyNotify         destroy;
  LifecycleKept         *kept;          /* the last one first; guarded by the ledger's lock */
  GFileProgressCallback  progress;      /* whose data is kept; the same */
  gpointer               progress_data;
  GSource               *bound;         /* how long a close waits for a shielded operation; at home */
  guint                  shield_ms;     /* 0 for no bound of its own */
  gint                   refs;
  gint                   has_ended;
  gboolean               pending;       /* counted by the ledger, and under its lock */
  gboolean               shielded;      /* under the lock of the ledger */
};

void lifecycle_operation_free_kept   (LifecycleOperation *self);
void lifecycle_operation_watch       (LifecycleOperation *self,
                                      gboolean            under_way);
void lifecycle_operation_check_freed (gpointer            data,
                                      GDestroyNotify      free_func,
                                      const char         *place);

static inline LifecycleOperation *
lifecycle_operation_from_entry (LifecycleEntry *entry)
{
  return LIFECYCLE_ENTRY_CONTAINER (entry, LifecycleOperation, entry);
}

G_END_DECLS
