/* lifecycle-receiver.c: handlers that end with the object that they are called for
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-handler-private.h"
#include "lifecycle-object-watch-private.h"

/* Such a handler forwards to a closure that holds a reference on the object during each call. The
 * receiver is an entry of the object's watch, so it is notified of the dispose in constant time,
 * however many other entries there are; and it knows the handler, in order to disconnect it.
 *
 * References: one for the closure, and one for the entry while it is linked.
 */

static void
receiver_unref (LifecycleReceiver *self)
{
  if (g_atomic_int_dec_and_test (&self->refs))
    {
      lifecycle_ledger_unref (self->watch_ledger);
      lifecycle_ledger_unref (self->ledger);
      g_free (self);
    }
}

static void
receiver_link (LifecycleReceiver *self)
{
  if (!lifecycle_ledger_begin_add (self->watch_ledger))
    return;

  g_atomic_int_inc (&self->refs);
  lifecycle_ledger_append (self->watch_ledger, &self->entry, LIFECYCLE_ENTRY_RECEIVER, NULL);
  lifecycle_ledger_end_add (self->watch_ledger);
}

/* The closure's last reference is gone, and so is the handler. Called on any thread. */
static void
receiver_closure_finalized (gpointer  data,
                            GClosure *closure)
{
  LifecycleReceiver *self = data;

  if (lifecycle_ledger_take_live (self->watch_ledger, &self->entry))
    receiver_unref (self);
  receiver_unref (self);
}

/* Called on any thread when the object is disposed. */
static void
receiver_release (LifecycleLedger *ledger,
                  LifecycleEntry  *entry,
                  guint            flags)
{
  LifecycleReceiver *self = LIFECYCLE_ENTRY_CONTAINER (entry, LifecycleReceiver, entry);

  lifecycle_handler_lose_receiver (self);
  receiver_unref (self);
}

const LifecycleEntryClass lifecycle_receiver_class = {
  .release = receiver_release,
};

/* Takes a reference on the object, or returns NULL if it has been disposed. The object may be in
 * its dispose already: while the entry is in the locked list, the object either has not reported
 * its dispose or is waiting for the lock to do so.
 */
static GObject *
receiver_dup_object (LifecycleReceiver *self)
{
  GObject *object = NULL;

  lifecycle_ledger_lock (self->watch_ledger);
  if ((self->entry.flags & LIFECYCLE_ENTRY_LINKED) != 0)
    object = g_object_ref (self->object);
  lifecycle_ledger_unlock (self->watch_ledger);

  return object;
}

static void
receiver_marshal (GClosure     *closure,
                  GValue       *return_value,
                  guint         n_param_values,
                  const GValue *param_values,
                  gpointer      invocation_hint,
                  gpointer      marshal_data)
{
  GObject *object = receiver_dup_object (marshal_data);

  /* The emission picked the handler before the object was disposed. */
  if (object == NULL)
    return;

  closure->marshal (closure, return_value, n_param_values, param_values, invocation_hint, NULL);
  g_object_unref (object);
}

/* The caller holds references on the instance and on the object. */
gulong
lifecycle_ledger_connect_object (LifecycleLedger       *ledger,
                                 gpointer               instance,
                                 const char            *detailed_signal,
                                 GCallback              callback,
                                 GObject               *object,
                                 LifecycleConnectFlags  flags,
                                 const char            *place)
{
  LifecycleReceiver *self = g_new0 (LifecycleReceiver, 1);
  GClosure *closure;
  gulong id;

  self->watch_ledger =
    lifecycle_ledger_ref (lifecycle_object_watch_get_ledger (lifecycle_object_watch_get (object)));
  self->object = object;
  self->ledger = lifecycle_ledger_ref (ledger);
  self->refs = 1;

  closure = (flags & LIFECYCLE_CONNECT_SWAPPED) != 0
    ? g_cclosure_new_swap (callback, object, NULL)
    : g_cclosure_new (callback, object, NULL);
  g_closure_ref (closure);
  g_closure_sink (closure);
  g_closure_set_marshal (closure, g_cclosure_marshal_generic);
  g_closure_set_meta_marshal (closure, self, receiver_marshal);
  g_closure_add_finalize_notifier (closure, self, receiver_closure_finalized);

  /* The receiver is linked before there is a handler that its release could disconnect. */
  receiver_link (self);
  id = lifecycle_ledger_connect_closure (ledger, instance, detailed_signal, closure, self,
                                         flags, place);
  g_closure_unref (closure);

  return id;
}
