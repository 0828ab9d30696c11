/* lifecycle-handler-private.h: signal handlers as entries
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-ledger-private.h"
#include "lifecycle-signals.h"

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

gulong lifecycle_ledger_connect         (LifecycleLedger       *ledger,
                                         gpointer               instance,
                                         const char            *detailed_signal,
                                         GCallback              callback,
                                         gpointer               data,
                                         GClosureNotify         destroy,
                                         LifecycleConnectFlags  flags,
                                         const char            *place);
gulong lifecycle_ledger_connect_closure (LifecycleLedger       *ledger,
                                         gpointer               instance,
                                         const char            *detailed_signal,
                                         GClosure              *closure,
                                         LifecycleReceiver     *receiver,
                                         LifecycleConnectFlags  flags,
                                         const char            *place);
gulong lifecycle_ledger_connect_object  (LifecycleLedger       *ledger,
                                         gpointer               instance,
                                         const char            *detailed_signal,
                                         GCallback              callback,
                                         GObject               *object,
                                         LifecycleConnectFlags  flags,
                                         const char            *place);
void   lifecycle_handler_lose_receiver  (LifecycleReceiver     *receiver);

gulong lifecycle_ledger_connect_cancellable (LifecycleLedger *ledger,
                                             GCancellable    *cancellable,
                                             GClosure        *closure,
                                             const char      *place);

gboolean lifecycle_handler_is_connected  (gpointer               instance,
                                          gulong                 id,
                                          guint                  signal_id);

gboolean lifecycle_handler_retire        (GClosure              *closure,
                                          LifecycleLedger       *ledger);

void     lifecycle_handler_stolen        (LifecycleEntry        *entry);

LifecycleEntry *lifecycle_ledger_find_handler (LifecycleLedger *ledger,
                                               gpointer         instance,
                                               gulong           id);

G_END_DECLS
