/* lifecycle-inspect-call.c: one call of a client, and its answer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-inspect-client-private.h"
#include "lifecycle-inspect-interface.h"

#include <string.h>

/* How large an answer may be. D-Bus allows twice as much. */
#define MAX_ANSWER    (64 * 1024 * 1024)

struct _LifecycleInspectCall
{
  LifecycleInspectClient *client;
  GDBusMessage           *message;
};

static void
call_free (LifecycleInspectCall *self)
{
  g_object_unref (self->message);
  lifecycle_inspect_client_unref (self->client);
  g_free (self);
}

/* Takes ownership of the call, and of the answer. */
static void
call_answer (LifecycleInspectCall *self,
             GDBusMessage         *answer)
{
  lifecycle_inspect_client_answer (self->client, answer);
  g_object_unref (answer);
  call_free (self);
}

void
lifecycle_inspect_call_fail (LifecycleInspectCall *self,
                             const GError         *error)
{
  g_autofree char *name = g_dbus_error_encode_gerror (error);

  call_answer (self, g_dbus_message_new_method_error_literal (self->message, name, error->message));
}

/* Consumes a floating result, which is a tuple. */
void
lifecycle_inspect_call_return (LifecycleInspectCall *self,
                               GVariant             *result)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (result);
  GDBusMessage *answer;

  if (g_variant_get_size (owned) > MAX_ANSWER)
    {
      g_autoptr (GError) error =
        g_error_new_literal (G_DBUS_ERROR, G_DBUS_ERROR_LIMITS_EXCEEDED,
                             "There is too much: ask for the part below one scope, or for fewer "
                             "records");

      lifecycle_inspect_call_fail (self, error);
      return;
    }

  answer = g_dbus_message_new_method_reply (self->message);
  g_dbus_message_set_body (answer, owned);
  call_answer (self, answer);
}

LifecycleInspectFlags
lifecycle_inspect_call_get_flags (LifecycleInspectCall *self)
{
  LifecycleInspectServer *server = lifecycle_inspect_client_get_server (self->client);

  return server != NULL ? lifecycle_inspect_server_get_flags (server) : LIFECYCLE_INSPECT_DEFAULT;
}

/* Whether somebody still waits for the answer. */
gboolean
lifecycle_inspect_call_is_wanted (LifecycleInspectCall *self)
{
  return lifecycle_inspect_client_get_server (self->client) != NULL;
}

/* The trace of the connection, or NULL. */
LifecycleTrace *
lifecycle_inspect_call_get_trace (LifecycleInspectCall *self)
{
  return lifecycle_inspect_client_get_trace (self->client);
}

/* Takes ownership of the trace, which may be NULL. */
void
lifecycle_inspect_call_set_trace (LifecycleInspectCall *self,
                                  LifecycleTrace       *trace)
{
  lifecycle_inspect_client_set_trace (self->client, trace);
}

/* What an object says about itself: only the object has the interface, but those above it exist. */
static char *
introspect (const char *path)
{
  GString *xml = g_string_new ("<node>\n");
  gsize length = strlen (path);

  if (strcmp (path, LIFECYCLE_INSPECT_PATH) == 0)
    {
      g_dbus_interface_info_generate_xml ((GDBusInterfaceInfo *) &org_lifecycle_inspect1_interface,
                                          2, xml);
    }
  else
    {
      /* The "/" of the root is also what its children begin with. */
      if (length == 1)
        length = 0;
      if (strncmp (LIFECYCLE_INSPECT_PATH, path, length) == 0 && LIFECYCLE_INSPECT_PATH[length] == '/')
        {
          const char *child = &LIFECYCLE_INSPECT_PATH[length + 1];

          g_string_append_printf (xml, "  <node name=\"%.*s\"/>\n", (int) strcspn (child, "/"), child);
        }
    }
  g_string_append (xml, "</node>\n");

  return g_string_free (xml, FALSE);
}

/* Answers what every object on D-Bus is asked, and what gdbus asks the message bus that it thinks is
 * at any address. Returns whether it was something of that kind.
 */
static gboolean
call_is_common (LifecycleInspectCall *self,
                const char           *interface,
                const char           *member)
{
  g_autofree char *name = g_strdup_printf ("%s.%s", interface != NULL ? interface : "", member);

  if (strcmp (name, "org.freedesktop.DBus.Hello") == 0)
    {
      lifecycle_inspect_call_return (self, g_variant_new ("(s)", ":1.0"));
    }
  else if (strcmp (name, "org.freedesktop.DBus.Peer.Ping") == 0 ||
           strcmp (name, "org.freedesktop.DBus.AddMatch") == 0 ||
           strcmp (name, "org.freedesktop.DBus.RemoveMatch") == 0)
    {
      lifecycle_inspect_call_return (self, g_variant_new_tuple (NULL, 0));
    }
  else if (strcmp (name, "org.freedesktop.DBus.Introspectable.Introspect") == 0)
    {
      g_autofree char *xml = introspect (g_dbus_message_get_path (self->message));

      lifecycle_inspect_call_return (self, g_variant_new ("(s)", xml));
    }
  else if (strcmp (name, "org.freedesktop.DBus.Properties.GetAll") == 0)
    {
      lifecycle_inspect_call_return (self, g_variant_new_parsed ("(@a{sv} {},)"));
    }
  else
    {
      return FALSE;
    }

  return TRUE;
}

/* Returns an error if the call is none that a method would understand. */
static GError *
call_check (LifecycleInspectCall *self,
            const char           *interface,
            const char           *member,
            GVariant             *parameters)
{
  GDBusMethodInfo *method;
  g_autoptr (GString) signature = g_string_new ("(");

  if (strcmp (g_dbus_message_get_path (self->message), LIFECYCLE_INSPECT_PATH) != 0)
    return g_error_new (G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT, "The only object is %s",
                        LIFECYCLE_INSPECT_PATH);
  if (interface != NULL && strcmp (interface, org_lifecycle_inspect1_interface.name) != 0)
    return g_error_new (G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_INTERFACE, "There is no interface %s",
                        interface);

  method = g_dbus_interface_info_lookup_method ((GDBusInterfaceInfo *) &org_lifecycle_inspect1_interface,
                                                member);
  if (method == NULL)
    return g_error_new (G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD, "There is no method %s", member);

  for (guint i = 0; method->in_args != NULL && method->in_args[i] != NULL; i++)
    g_string_append (signature, method->in_args[i]->signature);
  g_string_append_c (signature, ')');
  if (strcmp (g_variant_get_type_string (parameters), signature->str) != 0)
    return g_error_new (G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "%s takes arguments of the type %s, "
                        "not %s", member, signature->str, g_variant_get_type_string (parameters));

  return NULL;
}

/* Handles a call that the client waits for: it is answered now or later, and then freed. */
void
lifecycle_inspect_call_new (LifecycleInspectClient *client,
                            GDBusMessage           *message)
{
  const char *interface = g_dbus_message_get_interface (message);
  const char *member = g_dbus_message_get_member (message);
  g_autoptr (GVariant) parameters = NULL;
  g_autoptr (GError) error = NULL;
  LifecycleInspectCall *call;

  parameters = g_dbus_message_get_body (message);
  parameters = parameters != NULL ? g_variant_ref (parameters)
                                  : g_variant_ref_sink (g_variant_new_tuple (NULL, 0));

  call = g_new (LifecycleInspectCall, 1);
  call->client = lifecycle_inspect_client_ref (client);
  call->message = g_object_ref (message);

  if (call_is_common (call, interface, member))
    return;

  error = call_check (call, interface, member, parameters);
  if (error != NULL)
    lifecycle_inspect_call_fail (call, error);
  else
    lifecycle_inspect_call (call, member, parameters);
}
