/* arena-commands.c: the commands of IRC clients, and the replies to them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-commands.h"

#include "arena-bot.h"
#include "arena-player.h"

#define TOPIC "Say !queue to play, !stats to see"

typedef struct
{
  ArenaConnection       *connection;
  ArenaGame             *game;
  ArenaPlayer           *player;
  const ArenaIrcMessage *message;
} Call;

static void reply (ArenaConnection *connection,
                   int              numeric,
                   const char      *format,
                   ...) G_GNUC_PRINTF (3, 4);

static void
reply (ArenaConnection *connection,
       int              numeric,
       const char      *format,
       ...)
{
  ArenaPlayer *player = arena_connection_get_player (connection);
  g_autofree char *text = NULL;
  g_autofree char *line = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);

  line = g_strdup_printf (":" ARENA_HOST " %03d %s %s", numeric,
                          arena_player_get_nick (player), text);
  arena_connection_send (connection, line);
}

static const char *
param (Call  *call,
       guint  i)
{
  return i < call->message->n_params ? call->message->params[i] : "";
}

static gboolean
is_lobby (const char *name)
{
  return g_ascii_strcasecmp (name, ARENA_LOBBY) == 0;
}

/* Registration */

static void
send_motd (Call *call)
{
  reply (call->connection, 375, ":- " ARENA_HOST " -");
  reply (call->connection, 372, ":- This is the arena. /join " ARENA_LOBBY ", and: " TOPIC);
  reply (call->connection, 376, ":End of /MOTD command.");
}

static void
register_if_complete (Call *call)
{
  if (arena_player_get_registered (call->player) ||
      g_str_equal (arena_player_get_nick (call->player), "*") ||
      arena_player_get_real_name (call->player) == NULL)
    return;

  arena_player_set_registered (call->player);
  reply (call->connection, 1, ":Welcome to the arena, %s", arena_player_get_nick (call->player));
  reply (call->connection, 2, ":Your host is " ARENA_HOST ", running " ARENA_VERSION);
  reply (call->connection, 3, ":This server was made to be left without a trace");
  reply (call->connection, 4, ARENA_HOST " " ARENA_VERSION " o o");
  reply (call->connection, 5, "CASEMAPPING=ascii CHANTYPES=# NICKLEN=%d NETWORK=Arena "
         ":are supported by this server", ARENA_IRC_NICK_MAX);
  send_motd (call);

  arena_game_welcome (call->game, call->player);
}

static void
command_nick (Call *call)
{
  const char *nick = param (call, 0);

  if (nick[0] == '\0')
    reply (call->connection, 431, ":No nickname given");
  else if (!arena_irc_is_nick (nick))
    reply (call->connection, 432, "%.*s :Erroneous nickname", 2 * ARENA_IRC_NICK_MAX, nick);
  else if (g_str_equal (nick, arena_player_get_nick (call->player)))
    return;
  else if (!arena_players_claim (call->game->players, call->player, nick))
    reply (call->connection, 433, "%s :Nickname is already in use", nick);
  else
    register_if_complete (call);
}

/* The user name becomes a part of what all others see: letters and digits of it. */
static void
command_user (Call *call)
{
  g_autofree char *user = g_strndup (param (call, 0), 10);

  if (arena_player_get_real_name (call->player) != NULL)
    {
      reply (call->connection, 462, ":You may not reregister");
      return;
    }

  g_strcanon (user, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.", '_');
  arena_player_set_user (call->player, user[0] != '\0' ? user : "nobody", param (call, 3));
  register_if_complete (call);
}

static void
command_cap (Call *call)
{
  if (g_ascii_strcasecmp (param (call, 0), "LS") == 0 ||
      g_ascii_strcasecmp (param (call, 0), "LIST") == 0)
    {
      g_autofree char *verb = g_ascii_strup (param (call, 0), -1);
      g_autofree char *line = NULL;

      line = g_strdup_printf (":" ARENA_HOST " CAP %s %s :",
                              arena_player_get_nick (call->player), verb);
      arena_connection_send (call->connection, line);
    }
}

static void
command_nothing (Call *call)
{
}

static void
command_ping (Call *call)
{
  g_autofree char *line = g_strdup_printf (":" ARENA_HOST " PONG " ARENA_HOST " :%s",
                                           param (call, 0));

  arena_connection_send (call->connection, line);
}

static void
command_quit (Call *call)
{
  g_autofree char *why = g_strdup_printf ("Quit: %s", param (call, 0));

  arena_connection_close (call->connection, LIFECYCLE_REASON_COMPLETED, why);
}

/* The lobby */

static void
send_names (Call *call)
{
  g_autoptr (GPtrArray) members = arena_chat_dup_members (call->game->chat);
  g_autoptr (GString) names = g_string_new ("@" ARENA_BOT);
  guint i;

  for (i = 0; i < members->len; i++)
    {
      if (names->len > 350)
        {
          reply (call->connection, 353, "= " ARENA_LOBBY " :%s", names->str);
          g_string_truncate (names, 0);
        }
      if (names->len > 0)
        g_string_append_c (names, ' ');
      g_string_append (names, arena_player_get_nick (g_ptr_array_index (members, i)));
    }
  reply (call->connection, 353, "= " ARENA_LOBBY " :%s", names->str);
  reply (call->connection, 366, ARENA_LOBBY " :End of /NAMES list.");
}

static gboolean
check_lobby (Call       *call,
             const char *name)
{
  if (is_lobby (name))
    return TRUE;

  reply (call->connection, 403, "%.64s :No such channel", name);
  return FALSE;
}

static gboolean
check_member (Call *call)
{
  if (arena_chat_is_member (call->game->chat, call->player))
    return TRUE;

  reply (call->connection, 442, ARENA_LOBBY " :You're not on that channel");
  return FALSE;
}

static void
command_join (Call *call)
{
  g_auto (GStrv) names = g_strsplit (param (call, 0), ",", 8);
  guint i;

  for (i = 0; names[i] != NULL; i++)
    {
      if (!check_lobby (call, names[i]) ||
          arena_chat_is_member (call->game->chat, call->player))
        continue;

      arena_chat_join (call->game->chat, call->player);
      reply (call->connection, 332, ARENA_LOBBY " :" TOPIC);
      send_names (call);
    }
}

static void
command_part (Call *call)
{
  if (check_lobby (call, param (call, 0)) && check_member (call))
    arena_chat_part (call->game->chat, call->player, param (call, 1));
}

static void
command_names (Call *call)
{
  if (call->message->n_params == 0 || is_lobby (param (call, 0)))
    send_names (call);
  else
    reply (call->connection, 366, "%.64s :End of /NAMES list.", param (call, 0));
}

static void
command_topic (Call *call)
{
  if (!check_lobby (call, param (call, 0)))
    return;

  if (call->message->n_params > 1)
    reply (call->connection, 482, ARENA_LOBBY " :You're not channel operator");
  else
    reply (call->connection, 332, ARENA_LOBBY " :" TOPIC);
}

static void
command_list (Call *call)
{
  g_autoptr (GPtrArray) members = arena_chat_dup_members (call->game->chat);

  reply (call->connection, 322, ARENA_LOBBY " %u :" TOPIC, members->len);
  reply (call->connection, 323, ":End of /LIST");
}

static void
command_who (Call *call)
{
  const char *mask = call->message->n_params > 0 ? param (call, 0) : "*";

  if (is_lobby (mask))
    {
      g_autoptr (GPtrArray) members = arena_chat_dup_members (call->game->chat);
      guint i;

      for (i = 0; i < members->len; i++)
        {
          ArenaPlayer *member = g_ptr_array_index (members, i);

          reply (call->connection, 352, ARENA_LOBBY " %s " ARENA_HOST " " ARENA_HOST " %s H :0 %s",
                 arena_player_get_user (member), arena_player_get_nick (member),
                 arena_player_get_real_name (member));
        }
    }
  reply (call->connection, 315, "%.64s :End of /WHO list.", mask);
}

static void
command_whois (Call *call)
{
  const char *nick = param (call, call->message->n_params > 1 ? 1 : 0);
  ArenaPlayer *other = arena_players_find (call->game->players, nick);

  if (other == NULL)
    reply (call->connection, 401, "%.64s :No such nick/channel", nick);
  else
    {
      nick = arena_player_get_nick (other);
      reply (call->connection, 311, "%s %s " ARENA_HOST " * :%s", nick,
             arena_player_get_user (other), arena_player_get_real_name (other));
      reply (call->connection, 312, "%s " ARENA_HOST " :The arena", nick);
    }
  reply (call->connection, 318, "%.64s :End of /WHOIS list.", nick);
}

static void
command_mode (Call *call)
{
  if (call->message->n_params > 1 && is_lobby (param (call, 0)))
    reply (call->connection, 482, ARENA_LOBBY " :You're not channel operator");
  else if (is_lobby (param (call, 0)))
    reply (call->connection, 324, ARENA_LOBBY " +nt");
  else if (g_ascii_strcasecmp (param (call, 0), arena_player_get_nick (call->player)) == 0)
    reply (call->connection, 221, "+");
  else
    reply (call->connection, 502, ":Can't change mode for other users");
}

static void
command_motd (Call *call)
{
  send_motd (call);
}

static void
say (Call       *call,
     const char *verb)
{
  const char *target = param (call, 0);
  const char *text = param (call, 1);
  gboolean answers = g_str_equal (verb, "PRIVMSG");

  if (is_lobby (target))
    {
      if (arena_chat_is_member (call->game->chat, call->player))
        arena_chat_say (call->game->chat, call->player, verb, text);
      else if (answers)
        reply (call->connection, 404, ARENA_LOBBY " :Cannot send to channel");
    }
  else if (g_ascii_strcasecmp (target, ARENA_BOT) == 0)
    {
      if (answers)
        arena_bot_command (call->game, call->player, text);
    }
  else
    {
      ArenaPlayer *other = arena_players_find (call->game->players, target);
      g_autofree char *mask = arena_player_dup_mask (call->player);

      if (other != NULL)
        arena_player_send (other, ":%s %s %s :%s", mask, verb, arena_player_get_nick (other), text);
      else if (answers)
        reply (call->connection, 401, "%.64s :No such nick/channel", target);
    }
}

static void
command_privmsg (Call *call)
{
  if (call->message->n_params == 0)
    reply (call->connection, 411, ":No recipient given (PRIVMSG)");
  else if (param (call, 1)[0] == '\0')
    reply (call->connection, 412, ":No text to send");
  else
    say (call, "PRIVMSG");
}

/* IRC forbids automatic replies to a NOTICE. */
static void
command_notice (Call *call)
{
  if (param (call, 1)[0] != '\0')
    say (call, "NOTICE");
}

static const struct
{
  const char *name;
  guint       n_params;     /* at least */
  gboolean    registered;   /* only then */
  void      (*func) (Call *call);
} commands[] = {
  { "CAP", 1, FALSE, command_cap },
  { "JOIN", 1, TRUE, command_join },
  { "LIST", 0, TRUE, command_list },
  { "MODE", 1, TRUE, command_mode },
  { "MOTD", 0, TRUE, command_motd },
  { "NAMES", 0, TRUE, command_names },
  { "NICK", 0, FALSE, command_nick },
  { "NOTICE", 0, TRUE, command_notice },
  { "PART", 1, TRUE, command_part },
  { "PASS", 1, FALSE, command_nothing },
  { "PING", 1, FALSE, command_ping },
  { "PONG", 0, FALSE, command_nothing },
  { "PRIVMSG", 0, TRUE, command_privmsg },
  { "QUIT", 0, FALSE, command_quit },
  { "TOPIC", 1, TRUE, command_topic },
  { "USER", 4, FALSE, command_user },
  { "WHO", 0, TRUE, command_who },
  { "WHOIS", 1, TRUE, command_whois },
};

void
arena_commands_handle (ArenaConnection       *connection,
                       const ArenaIrcMessage *message)
{
  Call call = {
    .connection = connection,
    .game = arena_connection_get_game (connection),
    .player = arena_connection_get_player (connection),
    .message = message,
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      if (g_ascii_strcasecmp (message->command, commands[i].name) != 0)
        continue;

      if (commands[i].registered && !arena_player_get_registered (call.player))
        reply (connection, 451, ":You have not registered");
      else if (message->n_params < commands[i].n_params)
        reply (connection, 461, "%s :Not enough parameters", commands[i].name);
      else
        commands[i].func (&call);
      return;
    }

  /* The answers of a client to what it was never asked. */
  if (!g_ascii_isdigit (message->command[0]))
    arena_commands_unknown (connection, message->command);
}

void
arena_commands_unknown (ArenaConnection *connection,
                        const char      *command)
{
  if (!arena_player_get_registered (arena_connection_get_player (connection)))
    reply (connection, 451, ":You have not registered");
  else
    reply (connection, 421, "%.64s :Unknown command", command);
}

void
arena_commands_too_long (ArenaConnection *connection)
{
  reply (connection, 417, ":Input line was too long");
}
