/* lifecycle-inspect-client.c: one connection of the inspection
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-inspect-client-private.h"

#include <string.h>
#include <unistd.h>

/* Speaks D-Bus with one client. GDBusServer and GDBusConnection are not used: they would read as much
 * as a client cares to send, warn about what is malformed, which ends a program that makes warnings
 * fatal, and share a thread with the program's own D-Bus. Here, a client gets no further than its last
 * answer: the next call is not even read before that has been taken.
 */

#define MAX_HELLO     1024              /* bytes before the first message */
#define MAX_REJECTED  4
#define HELLO_TIMEOUT 5                 /* s */
#define MAX_REQUEST   (64 * 1024)

/* How many calls of one client are answered before it is the turn of others. */
#define MAX_AT_ONCE   16

struct _LifecycleInspectClient
{
  LifecycleInspectServer *server;       /* NULL once the connection has ended */
  GSocket                *socket;
  const char             *guid;
  GSource                *reads;        /* or NULL */
  GSource                *writes;       /* or NULL */
  GSource                *again;        /* or NULL; when it is its turn again */
  GSource                *timeout;      /* until it has authenticated */
  GByteArray             *in;
  GByteArray             *out;
  gsize                   n_written;
  guint32                 serial;
  guint                   n_hello;
  guint                   n_rejected;
  gboolean                authenticated;
  gboolean                begun;
  gboolean                waits;        /* a call is being answered */
  gboolean                goes_on;      /* client_go_on() is under way */
  LifecycleTrace         *trace;
};

static void client_go_on (LifecycleInspectClient *self);

static void
client_clear (gpointer data)
{
  LifecycleInspectClient *self = data;

  g_object_unref (self->socket);
  g_byte_array_unref (self->in);
  g_byte_array_unref (self->out);
}

LifecycleInspectClient *
lifecycle_inspect_client_ref (LifecycleInspectClient *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
lifecycle_inspect_client_unref (LifecycleInspectClient *self)
{
  g_atomic_rc_box_release_full (self, client_clear);
}

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    {
      g_source_destroy (*source);
      g_clear_pointer (source, g_source_unref);
    }
}

/* Called when the server lets go of the client. Calls that are being answered keep its memory. */
void
lifecycle_inspect_client_end (gpointer data)
{
  LifecycleInspectClient *self = data;

  self->server = NULL;
  clear_source (&self->reads);
  clear_source (&self->writes);
  clear_source (&self->again);
  clear_source (&self->timeout);
  g_clear_pointer (&self->trace, lifecycle_trace_free);
  g_socket_close (self->socket, NULL);
  lifecycle_inspect_client_unref (self);
}

static void
client_drop (LifecycleInspectClient *self)
{
  if (self->server != NULL)
    lifecycle_inspect_server_remove (self->server, self);
}

static gboolean
client_timeout_cb (gpointer data)
{
  client_drop (data);

  return G_SOURCE_REMOVE;
}

static gboolean
client_ready_cb (GSocket      *socket,
                 GIOCondition  condition,
                 gpointer      data)
{
  client_go_on (data);

  return G_SOURCE_CONTINUE;
}

static gboolean
client_again_cb (gpointer data)
{
  LifecycleInspectClient *self = data;

  g_clear_pointer (&self->again, g_source_unref);
  client_go_on (self);

  return G_SOURCE_REMOVE;
}

/* What has been read already is not seen by watching the socket. */
static void
client_come_back (LifecycleInspectClient *self)
{
  if (self->again != NULL)
    return;

  self->again = g_idle_source_new ();
  g_source_set_priority (self->again, G_PRIORITY_DEFAULT);
  g_source_set_static_name (self->again, "Lifecycle inspect");
  g_source_set_callback (self->again, client_again_cb, self, NULL);
  g_source_attach (self->again, lifecycle_inspect_server_get_context (self->server));
}

/* Watches the socket, or no longer does. */
static void
client_watch (LifecycleInspectClient  *self,
              GSource                **source,
              GIOCondition             condition,
              gboolean                 wanted)
{
  if (!wanted)
    {
      clear_source (source);
    }
  else if (*source == NULL)
    {
      *source = g_socket_create_source (self->socket, condition, NULL);
      g_source_set_static_name (*source, "Lifecycle inspect");
      g_source_set_callback (*source, G_SOURCE_FUNC (client_ready_cb), self, NULL);
      g_source_attach (*source, lifecycle_inspect_server_get_context (self->server));
    }
}

static void
client_say (LifecycleInspectClient *self,
            const char             *text)
{
  g_byte_array_append (self->out, (const guint8 *) text, (guint) strlen (text));
}

/* --- Authentication --- */

static gboolean
is_own_user (const char *hex)
{
  g_autofree char *user = g_strdup_printf ("%u", geteuid ());
  g_autoptr (GString) expected = g_string_new (NULL);

  for (const char *p = user; *p != '\0'; p++)
    g_string_append_printf (expected, "%02x", (guchar) *p);

  return g_ascii_strcasecmp (hex, expected->str) == 0;
}

/* Handles one line. Returns FALSE if the client is to be sent away. */
static gboolean
client_greet (LifecycleInspectClient *self,
              const char             *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 3);
  const char *command = words[0] != NULL ? words[0] : "";
  const char *identity = NULL;

  if (strcmp (command, "BEGIN") == 0)
    {
      self->begun = self->authenticated;
      clear_source (&self->timeout);
      return self->begun;
    }

  if (self->authenticated)
    {
      /* Such as the wish to pass file descriptors. */
      client_say (self, "ERROR\r\n");
      return TRUE;
    }

  if (strcmp (command, "AUTH") == 0 && g_strcmp0 (words[1], "EXTERNAL") == 0)
    {
      if (words[2] == NULL)
        {
          client_say (self, "DATA\r\n");
          return TRUE;
        }
      identity = words[2];
    }
  else if (strcmp (command, "DATA") == 0)
    {
      /* Nothing at all means whoever the kernel says it is. */
      identity = words[1] != NULL ? words[1] : "";
    }

  if (identity != NULL && (*identity == '\0' || is_own_user (identity)))
    {
      g_autofree char *reply = g_strdup_printf ("OK %s\r\n", self->guid);

      self->authenticated = TRUE;
      client_say (self, reply);
      return TRUE;
    }

  client_say (self, "REJECTED EXTERNAL\r\n");

  return ++self->n_rejected < MAX_REJECTED;
}

/* Takes a line from what has been read. Returns FALSE if the client is to be sent away; sets `found`
 * if there was a whole line.
 */
static gboolean
client_take_line (LifecycleInspectClient *self,
                  gboolean               *found)
{
  g_autofree char *line = NULL;
  const guint8 *end;
  guint length;

  *found = FALSE;
  if (self->in->len == 0)
    return TRUE;

  /* The first byte is for credentials, which the kernel has told us already. */
  if (self->n_hello == 0)
    {
      if (self->in->data[0] != '\0')
        return FALSE;
      g_byte_array_remove_index (self->in, 0);
      self->n_hello = 1;
      if (self->in->len == 0)
        return TRUE;
    }

  end = memchr (self->in->data, '\n', self->in->len);
  length = end != NULL ? (guint) (end - self->in->data) + 1 : self->in->len;
  if (self->n_hello + length > MAX_HELLO)
    return FALSE;
  if (end == NULL)
    return TRUE;

  self->n_hello += length;
  line = g_strndup ((const char *) self->in->data, length - 1);
  g_byte_array_remove_range (self->in, 0, length);
  if (length < 2 || strlen (line) != length - 1 || line[length - 2] != '\r' ||
      !g_str_is_ascii (line))
    return FALSE;

  line[length - 2] = '\0';
  *found = TRUE;

  return client_greet (self, line);
}

/* --- Messages --- */

static void
client_send (LifecycleInspectClient *self,
             GDBusMessage           *message)
{
  g_autofree guchar *blob = NULL;
  gsize size;

  if (self->server == NULL)
    return;

  g_dbus_message_set_serial (message, ++self->serial);
  blob = g_dbus_message_to_blob (message, &size, G_DBUS_CAPABILITY_FLAGS_NONE, NULL);
  if (blob == NULL)
    {
      client_drop (self);
      return;
    }

  g_byte_array_append (self->out, blob, (guint) size);
}

/* Sends the answer to the call that the client waits for, and goes on with the next. */
void
lifecycle_inspect_client_answer (LifecycleInspectClient *self,
                                 GDBusMessage           *answer)
{
  self->waits = FALSE;
  client_send (self, answer);
  client_go_on (self);
}

/* Nothing is of use without an answer, and nothing asks the client. */
static void
client_handle (LifecycleInspectClient *self,
               GDBusMessage           *message)
{
  if (g_dbus_message_get_message_type (message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL ||
      (g_dbus_message_get_flags (message) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED) != 0)
    return;

  self->waits = TRUE;
  lifecycle_inspect_call_new (self, message);
}

/* Like client_take_line(), for a whole message. */
static gboolean
client_take_message (LifecycleInspectClient *self,
                     gboolean               *found)
{
  g_autoptr (GDBusMessage) message = NULL;
  gssize size;

  *found = FALSE;
  if (self->in->len < 16)
    return TRUE;

  size = g_dbus_message_bytes_needed (self->in->data, self->in->len, NULL);
  if (size < 0 || size > MAX_REQUEST)
    return FALSE;
  if ((gsize) size > self->in->len)
    return TRUE;

  message = g_dbus_message_new_from_blob (self->in->data, (gsize) size, G_DBUS_CAPABILITY_FLAGS_NONE,
                                          NULL);
  g_byte_array_remove_range (self->in, 0, (guint) size);
  if (message == NULL)
    return FALSE;

  *found = TRUE;
  client_handle (self, message);

  return TRUE;
}

/* Reads what is there. Returns FALSE at the end. */
static gboolean
client_read (LifecycleInspectClient *self)
{
  guint8 buffer[4096];
  g_autoptr (GError) error = NULL;
  gssize n = g_socket_receive (self->socket, (char *) buffer, sizeof buffer, NULL, &error);

  if (n > 0)
    g_byte_array_append (self->in, buffer, (guint) n);

  return n > 0 || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

static gboolean
client_write (LifecycleInspectClient *self)
{
  while (self->n_written < self->out->len)
    {
      g_autoptr (GError) error = NULL;
      gssize n = g_socket_send (self->socket, (const char *) self->out->data + self->n_written,
                                self->out->len - self->n_written, NULL, &error);

      if (n < 0)
        return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
      self->n_written += (gsize) n;
    }

  /* A large answer is not kept until the next one. */
  g_byte_array_unref (self->out);
  self->out = g_byte_array_new ();
  self->n_written = 0;

  return TRUE;
}

/* Does what can be done without waiting. A call that is answered at once comes back to here, and then
 * the loop below goes on: a client that sends many calls in one go must not use up the stack.
 */
static void
client_go_on (LifecycleInspectClient *self)
{
  gboolean ok, found = TRUE;
  guint n_left = MAX_AT_ONCE;

  if (self->goes_on)
    return;

  self->goes_on = TRUE;
  lifecycle_inspect_client_ref (self);

  ok = self->server != NULL && client_write (self);
  while (ok && found && self->server != NULL && !self->waits && self->out->len == 0 && n_left-- > 0)
    {
      ok = self->begun ? client_take_message (self, &found) : client_take_line (self, &found);
      if (ok && !found)
        {
          guint before = self->in->len;

          ok = client_read (self);
          found = self->in->len > before;
        }
      if (ok && self->server != NULL && self->out->len > 0)
        ok = client_write (self);
    }

  if (!ok)
    client_drop (self);
  if (self->server != NULL)
    {
      client_watch (self, &self->writes, G_IO_OUT, self->out->len > 0);
      client_watch (self, &self->reads, G_IO_IN, !self->waits && self->out->len == 0);
      if (found && !self->waits && self->out->len == 0)
        client_come_back (self);
    }

  self->goes_on = FALSE;
  lifecycle_inspect_client_unref (self);
}

/* Returns NULL once the connection has ended. */
LifecycleInspectServer *
lifecycle_inspect_client_get_server (LifecycleInspectClient *self)
{
  return self->server;
}

/* Returns the trace of the connection, or NULL. */
LifecycleTrace *
lifecycle_inspect_client_get_trace (LifecycleInspectClient *self)
{
  return self->trace;
}

/* Takes ownership of the trace, which may be NULL. */
void
lifecycle_inspect_client_set_trace (LifecycleInspectClient *self,
                                    LifecycleTrace         *trace)
{
  g_clear_pointer (&self->trace, lifecycle_trace_free);
  self->trace = trace;
}

gboolean
lifecycle_inspect_client_has_begun (LifecycleInspectClient *self)
{
  return self->begun;
}

/* The server keeps the guid as long as the client. */
LifecycleInspectClient *
lifecycle_inspect_client_new (LifecycleInspectServer *server,
                              GSocket                *socket,
                              const char             *guid)
{
  LifecycleInspectClient *self = g_atomic_rc_box_new0 (LifecycleInspectClient);

  self->server = server;
  self->socket = g_object_ref (socket);
  self->guid = guid;
  self->in = g_byte_array_new ();
  self->out = g_byte_array_new ();
  g_socket_set_blocking (socket, FALSE);

  self->timeout = g_timeout_source_new_seconds (HELLO_TIMEOUT);
  g_source_set_static_name (self->timeout, "Lifecycle inspect");
  g_source_set_callback (self->timeout, client_timeout_cb, self, NULL);
  g_source_attach (self->timeout, lifecycle_inspect_server_get_context (server));
  client_watch (self, &self->reads, G_IO_IN, TRUE);

  return self;
}
