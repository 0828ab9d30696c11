/* lifecycle-threaded-handler.c: handlers whose signals may be emitted on any thread
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-threaded-handler-private.h"
#include "lifecycle-handler-private.h"
#include "lifecycle-mail-private.h"

/* A guarded handler is called on the emitting thread. The state counts the calls in progress. Once
 * it is closed, no new call starts; only close_async() waits for the calls in progress.
 *
 * A queued handler is called at home. An emission puts a message with a copy of its arguments into
 * the ledger, where messages wait in the order of the emissions. A message counts as a call in
 * progress until it has been delivered.
 *
 * The target, and with it the user's data, is dropped once the handler has disowned this structure
 * and no call is in progress.
 */
struct _LifecycleThreadedHandler
{
  LifecycleMailSender    sender;        /* which refers to the holdings */
  gint                   refs;
  gint                   state;         /* the flags below, and the number of calls in progress */
  LifecycleConnectFlags  flags;
  GClosure              *target;
};

#define GATE_CLOSED (1 << 30)
#define GATE_OWNED  (1 << 29)   /* the handler has not disowned it yet */
#define GATE_WAITED (1 << 28)   /* the ledger counts the calls in progress as pending */
#define GATE_BLOCKED (1 << 27)
#define GATE_INSIDE (GATE_BLOCKED - 1)

typedef struct
{
  LifecycleMail          mail;
  GSignalInvocationHint  hint;
  guint                  n_values;
  GValue                 values[];
} Message;

static void message_deliver (LifecycleMail *mail);
static void message_free    (LifecycleMail *mail);

LifecycleThreadedHandler *
lifecycle_threaded_handler_new (LifecycleLedger       *ledger,
                                GClosure              *target,
                                LifecycleConnectFlags  flags)
{
  LifecycleThreadedHandler *self = g_new0 (LifecycleThreadedHandler, 1);

  self->refs = 1;
  self->state = GATE_OWNED;
  self->flags = flags;
  self->sender.deliver = message_deliver;
  self->sender.free_mail = message_free;
  self->sender.holdings = lifecycle_ledger_get_holdings (lifecycle_ledger_ref (ledger));
  self->target = target;

  return self;
}

LifecycleThreadedHandler *
lifecycle_threaded_handler_ref (LifecycleThreadedHandler *self)
{
  g_atomic_int_inc (&self->refs);

  return self;
}

void
lifecycle_threaded_handler_unref (gpointer data)
{
  LifecycleThreadedHandler *self = data;

  if (g_atomic_int_dec_and_test (&self->refs))
    {
      g_assert (self->target == NULL);
      lifecycle_ledger_unref (&self->sender.holdings->ledger);
      g_free (self);
    }
}

/* A handler that follows a signal is in a plain ledger, which has no holdings: it sends no mail,
 * and no close waits for it.
 */
static inline gboolean
threaded_handler_is_owned (LifecycleThreadedHandler *self)
{
  return lifecycle_ledger_is_owned (&self->sender.holdings->ledger);
}

/* Changes the state, and acts on the result: only the change that ends the last call sees the count
 * reach zero.
 */
static void
threaded_handler_change (LifecycleThreadedHandler *self,
                         gint                      add,
                         gint                      clear)
{
  gint old, new;

  do
    {
      old = g_atomic_int_get (&self->state);
      new = (old + add) & ~clear;
      if ((new & GATE_INSIDE) == 0)
        new &= ~GATE_WAITED;
    }
  while (!g_atomic_int_compare_and_exchange (&self->state, old, new));

  if ((new & (GATE_OWNED | GATE_INSIDE)) == 0)
    g_closure_unref (g_steal_pointer (&self->target));

  if ((old & GATE_WAITED) != 0 && (new & GATE_WAITED) == 0)
    {
      lifecycle_ledger_lock (&self->sender.holdings->ledger);
      lifecycle_holdings_drop_pending (self->sender.holdings);
      lifecycle_ledger_unlock (&self->sender.holdings->ledger);
    }
}

static gboolean
threaded_handler_enter (LifecycleThreadedHandler *self)
{
  gint old;

  do
    {
      old = g_atomic_int_get (&self->state);
      if ((old & (GATE_CLOSED | GATE_BLOCKED)) != 0 || (old & (GATE_OWNED | GATE_INSIDE)) == 0)
        return FALSE;
    }
  while (!g_atomic_int_compare_and_exchange (&self->state, old, old + 1));

  return TRUE;
}

static void
threaded_handler_leave (LifecycleThreadedHandler *self)
{
  threaded_handler_change (self, -1, 0);
}

/* Gets the closure to call, which is valid until the structure is disowned. */
GClosure *
lifecycle_threaded_handler_get_target (LifecycleThreadedHandler *self)
{
  return self->target;
}

/* The ledger is locked, here and in the next four functions. Records that the handler becomes an
 * entry of the ledger.
 */
void
lifecycle_threaded_handler_join (LifecycleThreadedHandler *self)
{
  if (threaded_handler_is_owned (self))
    self->sender.generation = self->sender.holdings->generation;
}

/* The instance may be dying on another thread, so this does not use GLib to block the handler. */
void
lifecycle_threaded_handler_set_blocked (LifecycleThreadedHandler *self,
                                        gboolean                  blocked)
{
  if (blocked)
    g_atomic_int_or ((guint *) &self->state, GATE_BLOCKED);
  else
    g_atomic_int_and ((guint *) &self->state, ~(guint) GATE_BLOCKED);
}

/* The handler continues without the scope. */
void
lifecycle_threaded_handler_set_stolen (LifecycleThreadedHandler *self)
{
  lifecycle_mail_sender_set_stolen (&self->sender);
}

/* The handler leaves the ledger. Queued messages are still delivered, but a close has to wait for
 * guarded calls.
 */
void
lifecycle_threaded_handler_retire (LifecycleThreadedHandler *self)
{
  if ((self->flags & LIFECYCLE_CONNECT_GUARDED) != 0)
    lifecycle_threaded_handler_close (self);
}

/* From now on no new call starts. */
void
lifecycle_threaded_handler_close (LifecycleThreadedHandler *self)
{
  gboolean waited;
  gint old, new;

  do
    {
      old = g_atomic_int_get (&self->state);
      waited = (self->flags & LIFECYCLE_CONNECT_GUARDED) != 0 && (old & GATE_INSIDE) != 0 &&
               threaded_handler_is_owned (self);
      new = old | GATE_CLOSED | (waited ? GATE_WAITED : 0);
    }
  while (!g_atomic_int_compare_and_exchange (&self->state, old, new));

  /* The thread that clears GATE_WAITED needs the lock, which is held here, to call drop_pending(),
   * so that call comes after this one.
   */
  if (waited)
    lifecycle_holdings_add_pending (self->sender.holdings);
}

/* The handler does not need the structure any more. */
void
lifecycle_threaded_handler_disown (gpointer  data,
                                   GClosure *closure)
{
  LifecycleThreadedHandler *self = data;

  lifecycle_mail_sender_end (&self->sender);
  threaded_handler_change (self, 0, GATE_OWNED);
  lifecycle_threaded_handler_unref (self);
}

char *
lifecycle_threaded_handler_describe (LifecycleThreadedHandler *self)
{
  gint n_inside = g_atomic_int_get (&self->state) & GATE_INSIDE;

  if ((self->flags & LIFECYCLE_CONNECT_GUARDED) == 0 || n_inside == 0)
    return NULL;

  return n_inside == 1 ? g_strdup ("guarded handler, running")
                       : g_strdup_printf ("guarded handler, running %d times", n_inside);
}

static inline LifecycleThreadedHandler *
message_get_handler (LifecycleMail *mail)
{
  return LIFECYCLE_ENTRY_CONTAINER (mail->sender, LifecycleThreadedHandler, sender);
}

static void
message_deliver (LifecycleMail *mail)
{
  Message *message = (Message *) mail;

  g_closure_invoke (message_get_handler (mail)->target, NULL, message->n_values, message->values,
                    &message->hint);
}

static void
message_free (LifecycleMail *mail)
{
  LifecycleThreadedHandler *threaded = message_get_handler (mail);
  Message *message = (Message *) mail;

  threaded_handler_leave (threaded);
  lifecycle_threaded_handler_unref (threaded);
  for (guint i = 0; i < message->n_values; i++)
    g_value_unset (&message->values[i]);
  g_free (message);
}

static void
threaded_handler_send (LifecycleThreadedHandler    *self,
                       guint                        n_values,
                       const GValue                *values,
                       const GSignalInvocationHint *hint)
{
  Message *message;

  message = g_malloc0 (sizeof (Message) + n_values * sizeof (GValue));
  message->mail.sender = &lifecycle_threaded_handler_ref (self)->sender;
  if (hint != NULL)
    message->hint = *hint;
  message->n_values = n_values;
  for (guint i = 0; i < n_values; i++)
    {
      g_value_init (&message->values[i], G_VALUE_TYPE (&values[i]));
      g_value_copy (&values[i], &message->values[i]);
    }

  lifecycle_mail_send (&message->mail);
}

/* The marshaller of the connected closures. Called on the emitting thread. */
void
lifecycle_threaded_handler_marshal (GClosure     *closure,
                                    GValue       *return_value,
                                    guint         n_param_values,
                                    const GValue *param_values,
                                    gpointer      invocation_hint,
                                    gpointer      marshal_data)
{
  LifecycleThreadedHandler *self = closure->data;

  if (!threaded_handler_enter (self))
    return;

  if ((self->flags & LIFECYCLE_CONNECT_ONCE) != 0 &&
      !lifecycle_handler_retire (closure, &self->sender.holdings->ledger))
    {
      threaded_handler_leave (self);
    }
  else if ((self->flags & LIFECYCLE_CONNECT_QUEUED) != 0)
    {
      /* The message counts as a call in progress until it is freed. */
      threaded_handler_send (self, n_param_values, param_values, invocation_hint);
    }
  else
    {
      lifecycle_threaded_handler_ref (self);
      g_closure_invoke (self->target, return_value, n_param_values, param_values, invocation_hint);
      threaded_handler_leave (self);
      lifecycle_threaded_handler_unref (self);
    }
}
