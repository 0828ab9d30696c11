/* arena-client-bot.c: one player of the client process
 *
 * It connects, joins the lobby, and reacts to the messages of the arena according to its plan.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-client-private.h"

#include "arena-irc.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define RECONNECT_MS 20

static void
send_bytes (Bot        *bot,
            const char *bytes,
            gsize       length)
{
  if (bot->stream != NULL)
    g_socket_send_with_blocking (g_socket_connection_get_socket (bot->stream), bytes, length,
                                 FALSE, NULL, NULL);
}

static void
send_line (Bot        *bot,
           const char *line)
{
  g_autofree char *bytes = g_strconcat (line, "\r\n", NULL);
  gsize length = strlen (bytes);
  gsize half = arena_client_chance (bot->client, 4) ? length / 2 : length;

  /* Sometimes send a line in two halves. */
  send_bytes (bot, bytes, half);
  send_bytes (bot, bytes + half, length - half);
}

void
arena_client_say (Bot        *bot,
                  const char *text)
{
  g_autofree char *line = g_strconcat ("PRIVMSG " ARENA_LOBBY " :", text, NULL);

  send_line (bot, line);
}

static void
send_rubbish (Bot *bot)
{
  char rubbish[700];
  gsize i;

  for (i = 0; i < sizeof rubbish; i++)
    rubbish[i] = (char) g_rand_int_range (bot->client->rand, 0, 256);
  send_bytes (bot, rubbish, sizeof rubbish);
  send_bytes (bot, "\r\n", 2);
}

static void
reset_connection (Bot *bot)
{
  const struct linger no_goodbye = { .l_onoff = 1, .l_linger = 0 };

  setsockopt (g_socket_get_fd (g_socket_connection_get_socket (bot->stream)),
              SOL_SOCKET, SO_LINGER, &no_goodbye, sizeof no_goodbye);
  lifecycle_scope_close_with_reason (bot->scope, LIFECYCLE_REASON_ABORTED, "reset");
}

static void
half_close (Bot *bot)
{
  g_socket_shutdown (g_socket_connection_get_socket (bot->stream), FALSE, TRUE, NULL);
}

static gboolean
reconnect_cb (gpointer user_data)
{
  arena_client_connect (user_data);

  return G_SOURCE_REMOVE;
}

/* Called however the connection ends. */
static void
offline_cb (LifecycleScope  *scope,
            LifecycleReason  reason,
            Bot             *bot)
{
  Client *self = bot->client;

  bot->state = BOT_OFFLINE;
  g_clear_object (&bot->stream);
  g_clear_object (&bot->scope);

  if (lifecycle_scope_get_state (self->root) != LIFECYCLE_STATE_OPEN)
    return;
  if (!self->leaving)
    lifecycle_scope_add_timeout (self->root, RECONNECT_MS, reconnect_cb, bot, NULL);
  arena_client_direct (self);
}

static void
close_stream_cb (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          user_data,
                 GError          **error)
{
  g_io_stream_close (user_data, NULL, NULL);
}

static void
offered (Bot        *bot,
         const char *first)
{
  Client *self = bot->client;

  bot->state = BOT_OFFERED;
  bot->side = g_str_equal (first, bot->nick) ? 0 : 1;

  switch (bot->plan)
    {
    case PLAN_REFUSE:
      arena_client_say (bot, bot->side == 0 ? "!accept" : "!abort");
      break;
    case PLAN_IGNORE:
      break;
    case PLAN_VANISH_OFFER:
      if (bot->side == 0)
        arena_client_say (bot, "!accept");
      else
        reset_connection (bot);
      break;
    case PLAN_PLAY:
    case PLAN_DISPUTE:
    case PLAN_ABORT:
    case PLAN_STALL:
    case PLAN_ONE_REPORT:
    case PLAN_VANISH:
    case PLAN_QUIT:
    default:
      arena_client_say (bot, "!accept");
      break;
    }

  if (self->pair[0] == bot)
    self->pair[0] = NULL;
  if (self->pair[1] == bot)
    self->pair[1] = NULL;
  arena_client_direct (self);
}

static void
begun (Bot *bot)
{
  bot->state = BOT_PLAYING;
  arena_client_say (bot, "good luck");

  switch (bot->plan)
    {
    case PLAN_PLAY:
      arena_client_say (bot, bot->side == 0 ? "!report win" : "!report loss");
      break;
    case PLAN_DISPUTE:
      arena_client_say (bot, "!report win");
      break;
    case PLAN_ABORT:
      if (bot->side == 0)
        arena_client_say (bot, "!abort");
      break;
    case PLAN_ONE_REPORT:
      if (bot->side == 0)
        arena_client_say (bot, "!report win");
      break;
    case PLAN_VANISH:
      if (bot->side == 1)
        reset_connection (bot);
      break;
    case PLAN_QUIT:
      if (bot->side == 1 && arena_client_chance (bot->client, 2))
        half_close (bot);
      else if (bot->side == 1)
        send_line (bot, "QUIT :have to go");
      break;
    case PLAN_STALL:
    case PLAN_REFUSE:
    case PLAN_IGNORE:
    case PLAN_VANISH_OFFER:
    default:
      break;
    }
}

/* Ends a search without a match: the player leaves, waits for the timeout, or disconnects. */
static void
searching (Bot *bot)
{
  if (bot->client->solo != bot)
    return;

  switch (bot->client->n_solos % 3)
    {
    case 0:
      arena_client_say (bot, "!leave");
      break;
    case 1:
      break;
    default:
      reset_connection (bot);
      break;
    }
}

static void
idle (Bot *bot)
{
  bot->state = BOT_IDLE;
  arena_client_direct (bot->client);
}

static void
handle_notice (Bot        *bot,
               const char *text)
{
  char first[32];
  guint id;

  if (sscanf (text, "Match %u is on offer: %31s", &id, first) == 2)
    offered (bot, first);
  else if (g_str_has_prefix (text, "Match ") && strstr (text, " begins") != NULL)
    begun (bot);
  else if (g_str_has_prefix (text, "Match ") && strstr (text, " is over") != NULL)
    {
      if (arena_client_chance (bot->client, 2))
        arena_client_say (bot, "!dismiss");
      idle (bot);
    }
  else if (g_str_has_prefix (text, "Search begins"))
    searching (bot);
  else if (g_str_has_prefix (text, "Search is over") && bot->state == BOT_QUEUED)
    idle (bot);
}

static void
handle_line (Bot        *bot,
             const char *line)
{
  g_auto (ArenaIrcMessage) message = { NULL, };

  if (!arena_irc_parse (&message, line))
    return;

  if (g_str_equal (message.command, "PING"))
    send_line (bot, "PONG :" ARENA_HOST);
  else if (g_str_equal (message.command, "001"))
    send_line (bot, "JOIN " ARENA_LOBBY);
  else if (g_str_equal (message.command, "366") && bot->state == BOT_CONNECTING)
    idle (bot);
  else if (g_str_equal (message.command, "433"))
    lifecycle_scope_close (bot->scope);
  else if (g_str_equal (message.command, "NOTICE") && message.n_params == 2)
    handle_notice (bot, message.params[1]);
}

static void read_line (Bot              *bot,
                       GDataInputStream *input);

static void
read_line_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  GDataInputStream *input = G_DATA_INPUT_STREAM (object);
  Bot *bot = user_data;
  g_autofree char *line = NULL;

  line = g_data_input_stream_read_line_finish (input, result, NULL, NULL);
  if (line == NULL)
    {
      lifecycle_scope_close (bot->scope);
      return;
    }

  handle_line (bot, line);
  if (bot->scope != NULL)
    read_line (bot, input);
}

static void
read_line (Bot              *bot,
           GDataInputStream *input)
{
  LifecycleOperation *read;

  read = lifecycle_scope_begin_async (bot->scope, "read", read_line_cb, bot, NULL);
  g_data_input_stream_read_line_async (input, G_PRIORITY_DEFAULT,
                                       lifecycle_operation_get_cancellable (read),
                                       lifecycle_operation_ready, read);
}

static void
connected_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  Bot *bot = user_data;
  g_autoptr (GDataInputStream) input = NULL;
  g_autoptr (GSocketConnection) stream = NULL;
  g_autofree char *nick_line = NULL;

  stream = g_socket_client_connect_finish (G_SOCKET_CLIENT (object), result, NULL);
  if (stream == NULL)
    {
      lifecycle_scope_close (bot->scope);
      return;
    }

  /* Send the second half of a line without waiting for the acknowledgement of the first one. */
  g_socket_set_option (g_socket_connection_get_socket (stream), IPPROTO_TCP, TCP_NODELAY, 1, NULL);

  bot->stream = g_object_ref (stream);
  lifecycle_scope_add_object (bot->scope, G_OBJECT (stream));
  lifecycle_scope_defer (bot->scope, close_stream_cb, stream, NULL);

  nick_line = g_strconcat ("NICK ", bot->nick, NULL);
  send_line (bot, nick_line);
  send_line (bot, "USER player 0 * :A player");

  input = g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (stream)));
  g_data_input_stream_set_newline_type (input, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
  g_filter_input_stream_set_close_base_stream (G_FILTER_INPUT_STREAM (input), FALSE);
  if (bot->scope != NULL)
    read_line (bot, input);
}

void
arena_client_connect (Bot *bot)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  LifecycleOperation *connect;

  g_assert (bot->scope == NULL);

  bot->state = BOT_CONNECTING;
  bot->scope = lifecycle_scope_new_child (bot->client->root, bot->nick);
  g_signal_connect (bot->scope, "closed", G_CALLBACK (offline_cb), bot);

  connect = lifecycle_scope_begin_async (bot->scope, "connect", connected_cb, bot, NULL);
  g_socket_client_connect_to_host_async (client, "127.0.0.1", arena_config_get ()->port,
                                         lifecycle_operation_get_cancellable (connect),
                                         lifecycle_operation_ready, connect);
}

void
arena_client_queue (Bot *bot)
{
  if (arena_client_chance (bot->client, 8))
    send_rubbish (bot);
  bot->state = BOT_QUEUED;
  bot->client->n_searches++;
  arena_client_say (bot, "!queue");
}

void
arena_client_leave (Bot *bot)
{
  if (bot->scope == NULL)
    return;

  if (bot->stream != NULL && arena_client_chance (bot->client, 2))
    send_line (bot, "QUIT :that was all");
  else if (bot->stream != NULL)
    reset_connection (bot);
  else
    lifecycle_scope_close (bot->scope);
}
