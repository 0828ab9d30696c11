/* arena-connection.c: a client: its socket, its scope, its player
 *
 * This half of the program, the network, is wired with Lifecycle in both modes.
 *
 * One scope owns everything that a client needs. Whether the client quits, resets its connection,
 * does not reply to a PING or sends too many lines, or the server stops, this scope closes. The
 * goodbye is sent in a handler for "closing".
 *
 * Before the server restarts, the client leaves: what it has sent and the server has read is answered,
 * then comes the goodbye, and then the server waits for the client to hang up. An operation of the
 * scope stands for all of that, so that draining the scope of the server waits for it.
 *
 * Reads and writes are operations of the scope: when it closes, they are cancelled, and their
 * callbacks are not called any more. Their buffers belong to the calls and not to the connection,
 * because a call may end later than the connection.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-connection.h"

#include "arena-commands.h"
#include "arena-irc.h"
#include "arena-player.h"
#include "arena-telemetry.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define PING_MS         90000
#define INPUT_SIZE      4096

/* The maximum amount of data to buffer, here and in the kernel, for a client that does not read. */
#define OUTPUT_MAX      (256 * 1024)
#define SOCKET_BUFFER   (64 * 1024)

/* How long to wait for a client to hang up after its goodbye. If the server closed a socket that has
 * input, the kernel would reset the connection, and the client could lose the last answers. */
#define LINGER_MS       200

/* Each line costs a token. Without one, the client has to wait, and if it still sends too much, it
 * is disconnected. */
#define TOKENS_MAX      32
#define TOKEN_MS        250
#define THROTTLE_MS     500
#define N_THROTTLED_MAX 20

struct _ArenaConnection
{
  GObject            parent_instance;

  LifecycleScope    *scope;
  GSocketConnection *stream;
  ArenaGame         *game;
  ArenaPlayer       *player;

  GBytes            *input;         /* read, but not handled yet */
  ArenaIrcSplitter   splitter;
  double             tokens;
  gint64             tokens_time;
  guint              n_throttled;

  LifecycleOperation *reading;      /* the read in progress */
  LifecycleOperation *leave;        /* once the server stops, until the client has left */

  GBytes            *writing;       /* the data of the write in progress */
  GByteArray        *output;        /* the data to write after that */
  guint              broken : 1;
  guint              heard : 1;
  guint              pinged : 1;
  guint              stopping : 1;
  guint              goodbye : 1;   /* the last line has been sent */
};

G_DEFINE_FINAL_TYPE (ArenaConnection, arena_connection, G_TYPE_OBJECT)

static void start_reading (ArenaConnection *self);
static void say_goodbye (ArenaConnection *self);

static void
arena_connection_finalize (GObject *object)
{
  ArenaConnection *self = ARENA_CONNECTION (object);

  g_clear_pointer (&self->input, g_bytes_unref);
  g_clear_pointer (&self->writing, g_bytes_unref);
  g_byte_array_unref (self->output);
  g_clear_object (&self->player);
  g_clear_object (&self->stream);
  g_clear_object (&self->scope);
  arena_live (ARENA_LIVE_CONNECTIONS, -1);

  G_OBJECT_CLASS (arena_connection_parent_class)->finalize (object);
}

static void
arena_connection_class_init (ArenaConnectionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = arena_connection_finalize;
}

static void
arena_connection_init (ArenaConnection *self)
{
  self->output = g_byte_array_new ();
  self->tokens = TOKENS_MAX;
  self->tokens_time = g_get_monotonic_time ();
  arena_live (ARENA_LIVE_CONNECTIONS, +1);
}

static gboolean
is_open (ArenaConnection *self)
{
  return lifecycle_scope_get_state (self->scope) == LIFECYCLE_STATE_OPEN;
}

static void
add_timeout (ArenaConnection *self,
             guint            interval_ms,
             GSourceFunc      func)
{
  lifecycle_scope_add_timeout (self->scope, interval_ms, func, self, NULL);
}

/* Writing */

static gboolean
broken_cb (gpointer user_data)
{
  arena_connection_close (user_data, LIFECYCLE_REASON_ABORTED, "Write error");

  return G_SOURCE_REMOVE;
}

/* Close later, because the caller may be iterating over a list of players. */
static void
break_later (ArenaConnection *self)
{
  if (self->broken)
    return;

  self->broken = TRUE;
  g_byte_array_set_size (self->output, 0);
  lifecycle_scope_add_idle (self->scope, broken_cb, self, NULL);
}

static void flush (ArenaConnection *self);
static void hang_up (ArenaConnection *self);

static gboolean
writable_cb (GSocket      *socket,
             GIOCondition  condition,
             gpointer      user_data)
{
  flush (user_data);

  return G_SOURCE_REMOVE;
}

/* A scope that is being drained takes no more operations, but sources work. */
static void
add_socket_source (ArenaConnection   *self,
                   GIOCondition       condition,
                   GSocketSourceFunc  func)
{
  GSocket *socket = g_socket_connection_get_socket (self->stream);
  g_autoptr (GSource) source = g_socket_create_source (socket, condition, NULL);

  g_source_set_callback (source, G_SOURCE_FUNC (func), self, NULL);
  lifecycle_scope_add_source (self->scope, source);
}

static void
write_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  ArenaConnection *self = user_data;
  g_autoptr (GBytes) bytes = g_steal_pointer (&self->writing);
  const guint8 *data;
  gsize length;
  gssize n;

  n = g_output_stream_write_bytes_finish (G_OUTPUT_STREAM (object), result, NULL);
  if (n < 0)
    {
      break_later (self);
      return;
    }

  data = g_bytes_get_data (bytes, &length);
  g_byte_array_prepend (self->output, data + n, length - n);
  flush (self);
}

/* The rest has to wait until the socket takes it. If the scope is closing it never will: the write
 * is cancelled before it begins. */
static void
start_writing (ArenaConnection *self)
{
  LifecycleOperation *write;

  self->writing = g_byte_array_free_to_bytes (self->output);
  self->output = g_byte_array_new ();

  write = lifecycle_scope_begin_async (self->scope, "write", write_cb, self, NULL);
  g_output_stream_write_bytes_async (g_io_stream_get_output_stream (G_IO_STREAM (self->stream)),
                                     self->writing, G_PRIORITY_DEFAULT,
                                     lifecycle_operation_get_cancellable (write),
                                     lifecycle_operation_ready, write);
}

/* What the socket takes at once needs no operation. That is nearly always all of it. */
static void
flush (ArenaConnection *self)
{
  GSocket *socket = g_socket_connection_get_socket (self->stream);

  while (self->output->len > 0)
    {
      g_autoptr (GError) error = NULL;
      gssize n;

      n = g_socket_send_with_blocking (socket, (const char *) self->output->data,
                                       self->output->len, FALSE, NULL, &error);
      if (n < 0)
        {
          if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
            break_later (self);
          else if (self->stopping)
            add_socket_source (self, G_IO_OUT, writable_cb);
          else
            start_writing (self);
          return;
        }
      g_byte_array_remove_range (self->output, 0, n);
    }

  if (self->goodbye)
    hang_up (self);
}

void
arena_connection_send (ArenaConnection *self,
                       const char      *line)
{
  gsize writing = self->writing != NULL ? g_bytes_get_size (self->writing) : 0;

  /* While it is closing there is still a goodbye to say. */
  if (self->broken || self->goodbye || lifecycle_scope_is_closed (self->scope))
    return;

  if (self->output->len + writing > OUTPUT_MAX)
    {
      break_later (self);
      return;
    }

  arena_irc_append_line (self->output, line);
  if (self->writing == NULL)
    flush (self);
}

static void
send_cb (ArenaPlayer     *player,
         const char      *line,
         ArenaConnection *self)
{
  arena_connection_send (self, line);
}

static void
send_goodbye (ArenaConnection *self,
              const char      *why)
{
  g_autofree char *line = NULL;

  line = g_strdup_printf ("ERROR :Closing Link: %s (%s)",
                          arena_player_get_nick (self->player), why);
  arena_connection_send (self, line);
}

/* Reading */

static gboolean
throttle_over_cb (gpointer user_data)
{
  ArenaConnection *self = user_data;

  if (!self->stopping)
    start_reading (self);

  return G_SOURCE_REMOVE;
}

static gboolean
has_token (ArenaConnection *self)
{
  gint64 now = g_get_monotonic_time ();

  /* What has been read is answered. */
  if (self->stopping)
    return TRUE;

  self->tokens += (now - self->tokens_time) / (1000.0 * TOKEN_MS) * arena_config_get ()->rate;
  self->tokens = MIN (self->tokens, TOKENS_MAX);
  self->tokens_time = now;

  return self->tokens >= 1.0;
}

static void
handle_line (ArenaConnection *self,
             const char      *line)
{
  g_auto (ArenaIrcMessage) message = { NULL, };

  arena_total (ARENA_TOTAL_COMMANDS);
  if (arena_irc_parse (&message, line))
    arena_commands_handle (self, &message);
  else
    arena_commands_unknown (self, "*");
}

/* Returns TRUE if all input has been handled and the connection is still open. */
static gboolean
handle_input (ArenaConnection *self)
{
  while (self->input != NULL)
    {
      g_autoptr (GBytes) bytes = NULL;
      g_autofree char *line = NULL;
      const guint8 *data;
      gsize size, length;
      ArenaIrcResult result;

      if (!has_token (self))
        {
          if (++self->n_throttled > N_THROTTLED_MAX)
            arena_connection_close (self, LIFECYCLE_REASON_ABORTED, "Excess Flood");
          else
            add_timeout (self, arena_ms (THROTTLE_MS), throttle_over_cb);
          return FALSE;
        }

      bytes = g_steal_pointer (&self->input);
      data = g_bytes_get_data (bytes, &size);
      length = size;
      result = arena_irc_split (&self->splitter, &data, &length, &line);
      if (length > 0)
        self->input = g_bytes_new_from_bytes (bytes, size - length, length);

      if (result == ARENA_IRC_MORE)
        break;
      self->tokens -= 1.0;
      if (result == ARENA_IRC_TOO_LONG)
        arena_commands_too_long (self);
      else
        handle_line (self, line);

      if (!is_open (self))
        return FALSE;
    }

  return TRUE;
}

static void
read_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  ArenaConnection *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  self->reading = NULL;
  bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (object), result, &error);
  if (self->stopping)
    {
      self->input = g_steal_pointer (&bytes);
      say_goodbye (self);
      return;
    }
  if (bytes == NULL)
    {
      arena_connection_close (self, LIFECYCLE_REASON_ABORTED, error->message);
      return;
    }
  if (g_bytes_get_size (bytes) == 0)
    {
      arena_connection_close (self, LIFECYCLE_REASON_COMPLETED, "Connection closed");
      return;
    }

  self->heard = TRUE;
  self->pinged = FALSE;
  self->input = g_steal_pointer (&bytes);
  if (self->n_throttled > 0 && has_token (self) && self->tokens > TOKENS_MAX / 2)
    self->n_throttled = 0;

  start_reading (self);
}

/* Handles the input that has arrived, then starts the next read. */
static void
start_reading (ArenaConnection *self)
{
  /* A line may be the last one: then the scope lets go of the connection. */
  g_autoptr (ArenaConnection) guard G_GNUC_UNUSED = g_object_ref (self);

  if (!handle_input (self))
    return;

  self->reading = lifecycle_scope_begin_async (self->scope, "read", read_cb, self, NULL);
  g_input_stream_read_bytes_async (g_io_stream_get_input_stream (G_IO_STREAM (self->stream)),
                                   INPUT_SIZE, G_PRIORITY_DEFAULT,
                                   lifecycle_operation_get_cancellable (self->reading),
                                   lifecycle_operation_ready, self->reading);
}

/* A peer that has vanished sends no reset. Send a PING after one silent interval, and disconnect
 * after another one. */
static gboolean
ping_cb (gpointer user_data)
{
  ArenaConnection *self = user_data;
  gboolean heard = self->heard;

  /* Before anything that may close the connection, which may be the end of it. */
  self->heard = FALSE;

  if (!arena_player_get_registered (self->player))
    {
      arena_connection_close (self, LIFECYCLE_REASON_TIMED_OUT, "Registration timed out");
    }
  else if (self->pinged)
    {
      arena_connection_close (self, LIFECYCLE_REASON_TIMED_OUT, "Ping timeout");
    }
  else if (!heard)
    {
      self->pinged = TRUE;
      arena_connection_send (self, "PING :" ARENA_HOST);
    }

  return G_SOURCE_CONTINUE;
}

/* Leaving before a restart */

static void
left (ArenaConnection *self)
{
  LifecycleOperation *leave = g_steal_pointer (&self->leave);

  if (leave != NULL)
    lifecycle_operation_end (leave);
}

static gboolean
linger_over_cb (gpointer user_data)
{
  left (user_data);

  return G_SOURCE_REMOVE;
}

/* Drops what the client still sends. It learns from the goodbye that nobody has accepted that. */
static gboolean
unread_cb (GSocket      *socket,
           GIOCondition  condition,
           gpointer      user_data)
{
  char buffer[INPUT_SIZE];
  g_autoptr (GError) error = NULL;
  gssize n = g_socket_receive_with_blocking (socket, buffer, sizeof buffer, FALSE, NULL, &error);

  if (n > 0 || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;

  left (user_data);

  return G_SOURCE_REMOVE;
}

/* Everything has been sent. */
static void
hang_up (ArenaConnection *self)
{
  g_socket_shutdown (g_socket_connection_get_socket (self->stream), FALSE, TRUE, NULL);
  add_timeout (self, LINGER_MS, linger_over_cb);
  add_socket_source (self, G_IO_IN, unread_cb);
}

/* Called when nothing is being read any more. */
static void
say_goodbye (ArenaConnection *self)
{
  g_autoptr (ArenaConnection) guard G_GNUC_UNUSED = g_object_ref (self);

  if (handle_input (self))
    {
      send_goodbye (self, "The arena closes");
      self->goodbye = TRUE;
      /* Otherwise the rest has to wait until the socket takes it. */
      if (self->writing == NULL && self->output->len == 0)
        hang_up (self);
    }
}

static void
stopping_cb (ArenaGame       *game,
             ArenaConnection *self)
{
  if (self->stopping || !is_open (self))
    return;

  self->stopping = TRUE;
  self->leave = lifecycle_scope_begin (self->scope, "leave");
  if (self->reading != NULL)
    g_cancellable_cancel (lifecycle_operation_get_cancellable (self->reading));
  else
    say_goodbye (self);
}

/* The end */

static void
closing_cb (LifecycleScope  *scope,
            LifecycleReason  reason,
            ArenaConnection *self)
{
  const char *why = lifecycle_scope_get_reason_detail (scope);

  if (why == NULL)
    why = "The arena closes";

  send_goodbye (self, why);
  left (self);
  arena_player_leave (self->player, why);
}

static void
close_stream_cb (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          user_data,
                 GError          **error)
{
  ArenaConnection *self = user_data;

  /* It is no failure if the client has already closed the connection. */
  g_io_stream_close (G_IO_STREAM (self->stream), NULL, NULL);
}

void
arena_connection_open (LifecycleScope    *parent,
                       GSocketConnection *stream,
                       ArenaGame         *game)
{
  g_autoptr (ArenaConnection) self = g_object_new (ARENA_TYPE_CONNECTION, NULL);

  self->scope = lifecycle_scope_new_child (parent, "connection");
  self->stream = g_object_ref (stream);
  self->game = game;
  self->player = arena_player_new ();
  g_socket_set_option (g_socket_connection_get_socket (stream), SOL_SOCKET, SO_SNDBUF,
                       SOCKET_BUFFER, NULL);
  /* Send each line at once, because players are waiting for it. */
  g_socket_set_option (g_socket_connection_get_socket (stream), IPPROTO_TCP, TCP_NODELAY, 1, NULL);

  /* The scope keeps the connection, the connection keeps the scope: until the scope closes. */
  lifecycle_scope_add_object (self->scope, G_OBJECT (self));
  lifecycle_scope_defer (self->scope, close_stream_cb, self, NULL);

  lifecycle_scope_connect_signal (self->scope, self->scope, "closing", G_CALLBACK (closing_cb),
                                  self);
  lifecycle_scope_connect_signal (self->scope, self->player, "send", G_CALLBACK (send_cb), self);
  lifecycle_scope_connect_signal (self->scope, game, "stopping", G_CALLBACK (stopping_cb), self);
  add_timeout (self, arena_ms (PING_MS), ping_cb);

  /* Without a connection there is no player: close its scope, and all that follow it. */
  lifecycle_scope_follow (lifecycle_scope_of (G_OBJECT (self->player)), self->scope);

  lifecycle_scope_expect_finalize (self->scope, G_OBJECT (self), "a connection that has closed");
  lifecycle_scope_expect_finalize (self->scope, G_OBJECT (self->player),
                                   "a player who has left");

  arena_players_admit (game->players, self->player);
  start_reading (self);
}

ArenaGame *
arena_connection_get_game (ArenaConnection *self)
{
  return self->game;
}

ArenaPlayer *
arena_connection_get_player (ArenaConnection *self)
{
  return self->player;
}

void
arena_connection_close (ArenaConnection *self,
                        LifecycleReason  reason,
                        const char      *why)
{
  lifecycle_scope_close_with_reason (self->scope, reason, why);
}
