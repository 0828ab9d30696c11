/* lifecycle-gio-calls.c: method calls on a message bus that wait for a reply
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-gio-calls-private.h"
#include "lifecycle-home-private.h"

/* If an object is unexported while one of its methods is being handled, no reply is sent, and the
 * caller waits until its call times out. GIO does not report which calls have had no reply, so a
 * filter on the connection records incoming calls and outgoing replies. Because it sees all
 * outgoing messages in order, it also drops all replies to a call but the first: a method that
 * replies after this file has done so, or at the same time on another thread, does no harm.
 *
 * A call is recorded for as long as its message is alive, that is, while a reply is still possible.
 * If this file has replied, another reply may still be queued when the message is finalized. In
 * that case a second reply of ours is queued behind it, and when the filter sees that one, it drops
 * it and forgets the call.
 */
typedef struct
{
  gint        refs;       /* one for the connection, and one for each call */
  GMutex      mutex;      /* protects the fields below, and the calls */
  guint       n_exports;  /* calls are recorded while this is not 0 */
  GHashTable *calls;      /* a set of BusCall */
  GWeakRef    connection;
} BusCalls;

typedef struct
{
  gint      refs;         /* one for the table, one for the message, and one for each use */
  BusCalls *all;
  char     *sender;       /* empty on a peer-to-peer connection */
  guint32   serial;
  char     *object_path;
  char     *interface_name;
  gboolean  claimed;      /* this file replies to it, or has done so */
  gboolean  sending;      /* our reply has not been queued yet */
  gboolean  answered;     /* a reply has been sent */
  gboolean  sealed;       /* its message is finalized: no other code can reply any more */
} BusCall;

static G_DEFINE_QUARK (lifecycle-bus-calls, bus_calls)

static G_DEFINE_QUARK (lifecycle-bus-call, bus_call)

/* Marks the reply that is the last one. */
static G_DEFINE_QUARK (lifecycle-bus-call-last, bus_call_last)

static void
bus_calls_unref (gpointer data)
{
  BusCalls *self = data;

  if (!g_atomic_int_dec_and_test (&self->refs))
    return;

  g_assert (g_hash_table_size (self->calls) == 0);
  g_hash_table_unref (self->calls);
  g_weak_ref_clear (&self->connection);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

static BusCall *
bus_call_ref (BusCall *self)
{
  g_atomic_int_inc (&self->refs);

  return self;
}

static void
bus_call_unref (gpointer data)
{
  BusCall *self = data;

  if (!g_atomic_int_dec_and_test (&self->refs))
    return;

  bus_calls_unref (self->all);
  g_free (self->sender);
  g_free (self->object_path);
  g_free (self->interface_name);
  g_free (self);
}

static guint
bus_call_hash (gconstpointer data)
{
  const BusCall *self = data;

  return g_str_hash (self->sender) ^ self->serial;
}

static gboolean
bus_call_equal (gconstpointer a,
                gconstpointer b)
{
  const BusCall *one = a;
  const BusCall *other = b;

  return one->serial == other->serial && g_str_equal (one->sender, other->sender);
}

/* Forgets a call, unless another one has taken its place. Called with the lock held. */
static void
bus_call_forget (BusCall *self)
{
  if (g_hash_table_lookup (self->all->calls, self) == self)
    g_hash_table_remove (self->all->calls, self);
}

/* Queues a reply. Returns whether that was possible. */
static gboolean
bus_call_answer (BusCall  *self,
                 gboolean  last)
{
  g_autoptr (GDBusConnection) connection = g_weak_ref_get (&self->all->connection);
  g_autoptr (GDBusMessage) message = NULL;
  g_autofree char *text = NULL;

  if (connection == NULL)
    return FALSE;

  text = g_strdup_printf ("The object at path %s is gone and has not replied", self->object_path);
  message = g_dbus_message_new ();
  g_dbus_message_set_message_type (message, G_DBUS_MESSAGE_TYPE_ERROR);
  g_dbus_message_set_flags (message, G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED);
  g_dbus_message_set_error_name (message, "org.freedesktop.DBus.Error.NoReply");
  g_dbus_message_set_reply_serial (message, self->serial);
  if (*self->sender != '\0')
    g_dbus_message_set_destination (message, self->sender);
  g_dbus_message_set_body (message, g_variant_new ("(s)", text));
  if (last)
    g_object_set_qdata_full (G_OBJECT (message), bus_call_last_quark (), bus_call_ref (self),
                             bus_call_unref);

  return g_dbus_connection_send_message (connection, message, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL,
                                         NULL);
}

/* Queues a reply behind any others to the same call. */
static void
bus_call_answer_last (BusCall *self)
{
  if (bus_call_answer (self, TRUE))
    return;

  g_mutex_lock (&self->all->mutex);
  bus_call_forget (self);
  g_mutex_unlock (&self->all->mutex);
}

/* Called, on any thread, when the message has been finalized. */
static void
bus_call_message_gone (gpointer data)
{
  BusCall *self = data;
  BusCalls *all = self->all;
  gboolean last;

  g_mutex_lock (&all->mutex);
  self->sealed = TRUE;
  last = self->claimed && !self->sending;
  if (!self->claimed)
    bus_call_forget (self);
  g_mutex_unlock (&all->mutex);

  if (last)
    bus_call_answer_last (self);
  bus_call_unref (self);
}

static void
bus_calls_note (BusCalls     *self,
                GDBusMessage *message)
{
  const char *sender = g_dbus_message_get_sender (message);
  const char *interface_name = g_dbus_message_get_interface (message);
  const char *object_path = g_dbus_message_get_path (message);
  gboolean noted;
  BusCall *call;

  if ((g_dbus_message_get_flags (message) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED) != 0 ||
      interface_name == NULL || object_path == NULL)
    return;

  /* Calls that get or set a property are recorded under the interface of the property. */
  if (g_str_equal (interface_name, "org.freedesktop.DBus.Properties"))
    interface_name = g_dbus_message_get_arg0 (message);
  if (interface_name == NULL)
    return;

  g_mutex_lock (&self->mutex);
  noted = self->n_exports > 0;
  if (noted)
    {
      call = g_new0 (BusCall, 1);
      call->refs = 2;
      call->all = self;
      g_atomic_int_inc (&self->refs);
      call->sender = g_strdup (sender != NULL ? sender : "");
      call->serial = g_dbus_message_get_serial (message);
      call->object_path = g_strdup (object_path);
      call->interface_name = g_strdup (interface_name);
      g_hash_table_replace (self->calls, call, call);
    }
  g_mutex_unlock (&self->mutex);

  if (noted)
    g_object_set_qdata_full (G_OBJECT (message), bus_call_quark (), call, bus_call_message_gone);
}

/* Returns whether to send a reply. */
static gboolean
bus_calls_check (BusCalls     *self,
                 GDBusMessage *message)
{
  const char *destination = g_dbus_message_get_destination (message);
  BusCall key = {
    .sender = (char *) (destination != NULL ? destination : ""),
    .serial = g_dbus_message_get_reply_serial (message),
  };
  gpointer last = g_object_get_qdata (G_OBJECT (message), bus_call_last_quark ());
  gboolean passes = last == NULL;
  BusCall *call;

  g_mutex_lock (&self->mutex);
  call = g_hash_table_lookup (self->calls, &key);
  if (call != NULL && (last == NULL || last == call))
    {
      passes = !call->answered;
      call->answered = TRUE;
      if (last != NULL)
        bus_call_forget (call);
    }
  g_mutex_unlock (&self->mutex);

  return passes;
}

/* Called on GIO's worker thread. */
static GDBusMessage *
bus_calls_filter (GDBusConnection *connection,
                  GDBusMessage    *message,
                  gboolean         incoming,
                  gpointer         data)
{
  switch (g_dbus_message_get_message_type (message))
    {
    case G_DBUS_MESSAGE_TYPE_METHOD_CALL:
      if (incoming)
        bus_calls_note (data, message);
      break;

    case G_DBUS_MESSAGE_TYPE_METHOD_RETURN:
    case G_DBUS_MESSAGE_TYPE_ERROR:
      if (!incoming && !bus_calls_check (data, message))
        g_clear_object (&message);
      break;

    default:
      break;
    }

  return message;
}

/* Called when the connection is finalized. Messages that have not been sent never will be. */
static void
bus_calls_connection_gone (gpointer data)
{
  BusCalls *self = data;

  g_mutex_lock (&self->mutex);
  g_hash_table_remove_all (self->calls);
  g_mutex_unlock (&self->mutex);
  bus_calls_unref (self);
}

static BusCalls *
bus_calls_get (GDBusConnection *connection)
{
  static GMutex mutex;
  BusCalls *self;

  g_mutex_lock (&mutex);
  self = g_object_get_qdata (G_OBJECT (connection), bus_calls_quark ());
  if (self == NULL)
    {
      self = g_new0 (BusCalls, 1);
      self->refs = 1;
      g_mutex_init (&self->mutex);
      g_weak_ref_init (&self->connection, connection);
      self->calls = g_hash_table_new_full (bus_call_hash, bus_call_equal, NULL, bus_call_unref);
      g_object_set_qdata_full (G_OBJECT (connection), bus_calls_quark (), self,
                               bus_calls_connection_gone);
      g_dbus_connection_add_filter (connection, bus_calls_filter, self, NULL);
    }
  g_mutex_unlock (&mutex);

  return self;
}

static gboolean
answer_cb (gpointer data)
{
  return G_SOURCE_REMOVE;
}

/* The destroy notify of the source, because the replies must be sent even if the context is freed
 * before the source is dispatched.
 */
static void
answer_all (gpointer data)
{
  g_autoptr (GPtrArray) calls = data;

  for (guint i = 0; i < calls->len; i++)
    {
      BusCall *call = g_ptr_array_index (calls, i);
      GMutex *mutex = &call->all->mutex;
      gboolean wanted, last, sent;

      g_mutex_lock (mutex);
      wanted = !call->answered;
      last = call->sealed;
      g_mutex_unlock (mutex);

      sent = wanted && bus_call_answer (call, last);

      g_mutex_lock (mutex);
      call->claimed = sent;
      call->sending = FALSE;
      if (!sent && call->sealed)
        bus_call_forget (call);
      last = sent && call->sealed && !last;
      g_mutex_unlock (mutex);

      if (last)
        bus_call_answer_last (call);
    }
}

/* Starts to record the calls on the connection, before an object is exported. Must be followed by
 * end() or cancel(), unless the connection is finalized first.
 */
void
lifecycle_bus_calls_begin (GDBusConnection *connection)
{
  BusCalls *self = bus_calls_get (connection);

  g_mutex_lock (&self->mutex);
  self->n_exports++;
  g_mutex_unlock (&self->mutex);
}

/* Undoes begin(), if the object could not be exported. */
void
lifecycle_bus_calls_cancel (GDBusConnection *connection)
{
  BusCalls *self = bus_calls_get (connection);

  g_mutex_lock (&self->mutex);
  g_assert (self->n_exports > 0);
  self->n_exports--;
  g_mutex_unlock (&self->mutex);
}

/* Replies with an error to all calls that have had no reply, after an object has been unexported.
 *
 * A method may close the scope that exports its object before it replies. So if a source is being
 * dispatched on this thread, which may be running that method, the replies are sent from a later
 * iteration of `context`.
 */
void
lifecycle_bus_calls_end (GDBusConnection        *connection,
                         GMainContext           *context,
                         LifecycleBusCallsMatch  match,
                         gpointer                data)
{
  BusCalls *self = bus_calls_get (connection);
  GPtrArray *calls = NULL;
  GHashTableIter iter;
  gpointer value;

  g_mutex_lock (&self->mutex);
  g_assert (self->n_exports > 0);
  self->n_exports--;
  g_hash_table_iter_init (&iter, self->calls);
  while (g_hash_table_iter_next (&iter, &value, NULL))
    {
      BusCall *call = value;

      if (call->answered || call->claimed || call->sealed ||
          !match (call->object_path, call->interface_name, data))
        continue;

      call->claimed = call->sending = TRUE;
      if (calls == NULL)
        calls = g_ptr_array_new_with_free_func (bus_call_unref);
      g_ptr_array_add (calls, bus_call_ref (call));
    }
  g_mutex_unlock (&self->mutex);

  if (calls == NULL)
    return;

  if (g_main_depth () == 0)
    answer_all (calls);
  else
    lifecycle_post (context, G_PRIORITY_DEFAULT, "Lifecycle unanswered calls", answer_cb, calls,
                    answer_all);
}
