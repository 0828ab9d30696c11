/* lifecycle-handler-private.h: signal handlers as entries
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-object-watch-private.h"
#include "lifecycle-signals.h"
#include "lifecycle-threaded-handler-private.h"

G_BEGIN_DECLS

/* Connects a handler with the object that it is called for, so that the handler ends with the
 * object. See lifecycle-receiver.c.
 */
typedef struct
{
  LifecycleEntry   entry;       /* in the ledger of the object's watch */
  LifecycleLedger *watch_ledger;
  GObject         *object;      /* valid while the entry is linked */
  LifecycleLedger *ledger;      /* the handler's ledger */
  GClosure        *handler;     /* guarded by its lock; NULL once the handler ends another way */
  gint             refs;
} LifecycleReceiver;

/* The entry is embedded in the closure, which a connection needs in any case. The closure's
 * finalize notifier reports the end of the handler, whatever the cause; the ledger is the data of
 * the notifier. Together with the notifier that g_signal_connect_closure() adds, this costs 96
 * bytes more than a plain handler, so there is no room for another field.
 */
typedef struct
{
  GCClosure      closure;
  LifecycleEntry entry;
  gpointer       instance;
  gulong         id;
} LifecycleHandler;

/* For handlers that need more fields. They have an entry type of their own. */
typedef struct
{
  LifecycleHandler          handler;
  GClosureNotify            destroy;
  gpointer                  destroy_data;
  LifecycleLedger          *ledger;
  GClosure                 *watched;  /* the caller's closure: if it is invalidated, the handler ends */
  LifecycleThreadedHandler *threaded; /* for a handler that may be called on any thread */
  LifecycleObjectWatch     *watch;    /* for a threaded handler, or one with a receiver */
  GObject                  *held;     /* a reference on the instance, during the disconnect */
  LifecycleReceiver        *receiver; /* for a handler that ends with an object */
} LifecycleFullHandler;

static inline LifecycleHandler *
lifecycle_handler_from_entry (LifecycleEntry *entry)
{
  return LIFECYCLE_ENTRY_CONTAINER (entry, LifecycleHandler, entry);
}

static inline LifecycleFullHandler *
lifecycle_handler_get_full (LifecycleHandler *handler)
{
  return handler->entry.type == LIFECYCLE_ENTRY_FULL_HANDLER
    ? (LifecycleFullHandler *) handler
    : NULL;
}

/* Returns a copy of the bit-fields of a closure, of which nothing else is valid. GLib changes them
 * atomically, all at once, and perhaps on another thread.
 */
static inline GClosure
lifecycle_closure_get_bits (GClosure *closure)
{
  union
  {
    GClosure closure;
    gint     bits;
  } copy = { 0 };

  copy.bits = g_atomic_int_get ((gint *) (gpointer) closure);

  return copy.closure;
}

/* In lifecycle-connect.c. */
gulong lifecycle_ledger_connect_plain       (LifecycleLedger       *ledger,
                                             gpointer               instance,
                                             const char            *detailed_signal,
                                             GCallback              callback,
                                             gpointer               data,
                                             const char            *place);
gulong lifecycle_ledger_connect             (LifecycleLedger       *ledger,
                                             gpointer               instance,
                                             const char            *detailed_signal,
                                             GCallback              callback,
                                             gpointer               data,
                                             GClosureNotify         destroy,
                                             LifecycleConnectFlags  flags,
                                             const char            *place);
gulong lifecycle_ledger_connect_closure     (LifecycleLedger       *ledger,
                                             gpointer               instance,
                                             const char            *detailed_signal,
                                             GClosure              *closure,
                                             LifecycleReceiver     *receiver,
                                             LifecycleConnectFlags  flags,
                                             const char            *place);
gulong lifecycle_ledger_connect_cancellable (LifecycleLedger       *ledger,
                                             GCancellable          *cancellable,
                                             GClosure              *closure,
                                             const char            *place);

/* In lifecycle-receiver.c. */
gulong lifecycle_ledger_connect_object      (LifecycleLedger       *ledger,
                                             gpointer               instance,
                                             const char            *detailed_signal,
                                             GCallback              callback,
                                             GObject               *object,
                                             LifecycleConnectFlags  flags,
                                             const char            *place);

/* In lifecycle-handler.c. */
void            lifecycle_handler_finalized         (gpointer              data,
                                                     GClosure             *closure);
void            lifecycle_handler_forward           (GClosure             *closure,
                                                     GValue               *return_value,
                                                     guint                 n_param_values,
                                                     const GValue         *param_values,
                                                     gpointer              invocation_hint,
                                                     gpointer              marshal_data);
void            lifecycle_handler_watch_closure     (LifecycleFullHandler *full,
                                                     GClosure             *watched);
void            lifecycle_handler_distrust_closures (void);
gboolean        lifecycle_handler_is_connected      (gpointer              instance,
                                                     gulong                id,
                                                     guint                 signal_id);
gboolean        lifecycle_handler_retire            (GClosure             *closure,
                                                     LifecycleLedger      *ledger);
void            lifecycle_handler_lose_receiver     (LifecycleReceiver    *receiver);
void            lifecycle_handler_stolen            (LifecycleEntry       *entry);
LifecycleEntry *lifecycle_ledger_find_handler       (LifecycleLedger      *ledger,
                                                     gpointer              instance,
                                                     gulong                id);

G_END_DECLS
