/* lifecycle-operation-private.h: the internals of an operation
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-operation.h"
#include "lifecycle-scope-private.h"

G_BEGIN_DECLS

/* Memory that the call may access until it is over. */
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
  LifecycleEntry         cancellation;  /* cancels the call before the release */
  LifecycleLedger       *ledger;
  GMainContext          *context;       /* home; NULL once the result is on its way there */
  LifecycleThread       *home_thread;   /* at home while no thread runs the context */
  GCancellable          *cancellable;
  char                  *name;
  gint64                 began;         /* µs of monotonic time */
  GAsyncReadyCallback    callback;
  gpointer               user_data;
  GDestroyNotify         destroy;
  LifecycleKept         *kept;          /* newest first; guarded by the ledger's lock */
  GFileProgressCallback  progress;      /* its data is kept; guarded likewise */
  gpointer               progress_data;
  GSource               *bound;         /* limits the wait for a shielded operation; at home */
  guint                  shield_ms;     /* 0 for no limit of its own */
  gint                   refs;
  gint                   has_ended;
  gboolean               pending;       /* counted by the ledger; guarded by its lock */
  gboolean               shielded;      /* guarded by the ledger's lock */
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
