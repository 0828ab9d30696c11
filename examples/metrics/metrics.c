/* metrics.c: a web server with metrics for Prometheus
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GET /work?ms=200 takes that long to answer, as if it did some work; GET /metrics returns the
 * metrics. Each request for work has a scope that owns everything it needs: the timer that ends the
 * work, the source that detects that the client has hung up, and the message that is to be
 * answered.
 */

#include <glib-unix.h>
#include <lifecycle.h>
#include <libsoup/soup.h>

/* The content type of the older of the two exposition formats, which Prometheus accepts. */
#define CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

#define MAX_WORK_MS 60000

typedef struct
{
  SoupServer       *server;
  LifecycleMonitor *monitor;
  LifecycleScope   *scope;
  LifecycleScope   *work;       /* a child of scope; the parent of the scopes of all requests */
  GMainLoop        *loop;
} App;

typedef struct
{
  SoupServerMessage *message;
  LifecycleScope    *scope;
} Work;

static void
answer (SoupServerMessage *message,
        guint              status,
        const char        *text)
{
  soup_server_message_set_status (message, status, NULL);
  soup_server_message_set_response (message, "text/plain; charset=utf-8", SOUP_MEMORY_COPY,
                                    text, strlen (text));
}

/* However the work has ended, the message must be answered. */
static void
work_cleanup (LifecycleScope   *scope,
              LifecycleReason   reason,
              gpointer          data,
              GError          **error)
{
  Work *work = data;

  /* The connection is closed. */
  if (reason == LIFECYCLE_REASON_OWNER_GONE)
    return;

  if (reason == LIFECYCLE_REASON_COMPLETED)
    answer (work->message, SOUP_STATUS_OK, "done\n");
  else
    answer (work->message, SOUP_STATUS_SERVICE_UNAVAILABLE, "service unavailable\n");
  soup_server_message_unpause (work->message);
}

static gboolean
work_done_cb (gpointer data)
{
  Work *work = data;

  lifecycle_scope_close (work->scope);

  return G_SOURCE_REMOVE;
}

/* The server does not watch a connection while its message is paused. If the socket becomes
 * readable, the client has either sent its next request already, or, if there is nothing to read,
 * hung up.
 */
static gboolean
work_readable_cb (GSocket      *socket,
                  GIOCondition  condition,
                  gpointer      data)
{
  Work *work = data;
  char byte;
  GInputVector vector = { &byte, 1 };
  int flags = G_SOCKET_MSG_PEEK;

  if (g_socket_receive_message (socket, NULL, &vector, 1, NULL, NULL, &flags, NULL, NULL) <= 0)
    lifecycle_scope_close_with_reason (work->scope, LIFECYCLE_REASON_ABORTED, "hung up");

  return G_SOURCE_REMOVE;
}

static void
work_begin (App               *app,
            SoupServerMessage *message,
            guint              ms)
{
  g_autoptr (LifecycleScope) scope = lifecycle_scope_new_child (app->work, "request");
  g_autoptr (GSource) source = NULL;
  Work *work = g_new (Work, 1);

  *work = (Work) { message, scope };

  /* Entries are released last in, first out: the cleanup answers before the message is released. */
  lifecycle_scope_adopt (scope, work, g_free);
  lifecycle_scope_add_object (scope, G_OBJECT (message));
  lifecycle_scope_defer (scope, work_cleanup, work, NULL);
  lifecycle_scope_follow_signal (scope, G_OBJECT (message), "disconnected",
                                 LIFECYCLE_REASON_OWNER_GONE);
  lifecycle_scope_add_timeout (scope, ms, work_done_cb, work, NULL);

  source = g_socket_create_source (soup_server_message_get_socket (message), G_IO_IN, NULL);
  g_source_set_callback (source, G_SOURCE_FUNC (work_readable_cb), work, NULL);
  lifecycle_scope_add_source (scope, source);

  soup_server_message_pause (message);
}

static void
work_cb (SoupServer        *server,
         SoupServerMessage *message,
         const char        *path,
         GHashTable        *query,
         gpointer           data)
{
  const char *text = query != NULL ? g_hash_table_lookup (query, "ms") : NULL;
  guint64 ms = 100;

  if (text != NULL && !g_ascii_string_to_unsigned (text, 10, 0, MAX_WORK_MS, &ms, NULL))
    {
      answer (message, SOUP_STATUS_BAD_REQUEST, "ms must be a number between 0 and 60000\n");
      return;
    }

  work_begin (data, message, (guint) ms);
}

static void
metrics_cb (SoupServer        *server,
            SoupServerMessage *message,
            const char        *path,
            GHashTable        *query,
            gpointer           data)
{
  App *app = data;
  char *text = lifecycle_monitor_to_openmetrics (app->monitor);

  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_server_message_set_response (message, CONTENT_TYPE, SOUP_MEMORY_TAKE, text, strlen (text));
}

static gboolean
quit_cb (gpointer data)
{
  App *app = data;

  lifecycle_scope_close_with_reason (app->scope, LIFECYCLE_REASON_SHUTDOWN, NULL);
  g_main_loop_quit (app->loop);

  return G_SOURCE_REMOVE;
}

static gboolean
listen_on (SoupServer  *server,
           int          port,
           GError     **error)
{
  GSList *uris;
  g_autofree char *text = NULL;

  if (!soup_server_listen_local (server, (guint) port, SOUP_SERVER_LISTEN_IPV4_ONLY, error))
    return FALSE;

  /* If the port was 0, the system has chosen one. */
  uris = soup_server_get_uris (server);
  text = g_uri_to_string (uris->data);
  g_print ("Metrics at %smetrics\n", text);
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);

  return TRUE;
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  int port = 0;
  int interval = 15;
  const GOptionEntry entries[] = {
    { "port", 'p', 0, G_OPTION_ARG_INT, &port, "Port to listen on; 0 for any free port", "PORT" },
    { "interval", 'i', 0, G_OPTION_ARG_INT, &interval, "Time between two samples", "SECONDS" },
    { NULL }
  };
  App app = { 0 };

  g_option_context_set_summary (context, "A web server with metrics for Prometheus.");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) ||
      port < 0 || port > G_MAXUINT16 || interval < 0)
    {
      g_printerr ("metrics: %s\n",
                  error != NULL ? error->message : "--port or --interval is out of range");
      return 1;
    }

  app.loop = g_main_loop_new (NULL, FALSE);
  app.server = soup_server_new ("server-header", "lifecycle-metrics ", NULL);
  app.monitor = lifecycle_monitor_new ();
  lifecycle_monitor_set_interval (app.monitor, (guint) interval);

  app.scope = lifecycle_scope_new ("server");
  app.work = lifecycle_scope_get_child (app.scope, "work");
  lifecycle_scope_add_unix_signal (app.scope, SIGTERM, quit_cb, &app, NULL);
  lifecycle_scope_add_unix_signal (app.scope, SIGINT, quit_cb, &app, NULL);
  soup_server_add_handler (app.server, "/work", work_cb, &app, NULL);
  soup_server_add_handler (app.server, "/metrics", metrics_cb, &app, NULL);

  if (!listen_on (app.server, port, &error))
    {
      g_printerr ("metrics: %s\n", error->message);
      return 1;
    }
  g_main_loop_run (app.loop);

  soup_server_disconnect (app.server);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_object_unref (app.server);
  g_object_unref (app.monitor);
  g_object_unref (app.scope);
  g_main_loop_unref (app.loop);

  return 0;
}
