/* arena-lobby.c: the services "players" and "chat"
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-lobby.h"

#include "arena-bot.h"
#include "arena-game.h"
#include "arena-player.h"

/* players */

struct _ArenaPlayers
{
  ArenaService parent_instance;

  GHashTable  *by_nick;     /* folded nick → player; holds no reference */
};

G_DEFINE_FINAL_TYPE (ArenaPlayers, arena_players, ARENA_TYPE_SERVICE)

static void
arena_players_forget (ArenaService *service,
                      GObject      *object)
{
  ArenaPlayers *self = ARENA_PLAYERS (service);
  g_autofree char *key = g_ascii_strdown (arena_player_get_nick (ARENA_PLAYER (object)), -1);

  if (g_hash_table_lookup (self->by_nick, key) == object)
    g_hash_table_remove (self->by_nick, key);

  arena_service_changed (service);
}

static void
arena_players_finalize (GObject *object)
{
  g_hash_table_unref (ARENA_PLAYERS (object)->by_nick);

  G_OBJECT_CLASS (arena_players_parent_class)->finalize (object);
}

static void
arena_players_class_init (ArenaPlayersClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = arena_players_finalize;
  ARENA_SERVICE_CLASS (klass)->forget = arena_players_forget;
}

static void
arena_players_init (ArenaPlayers *self)
{
  self->by_nick = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

/* Unlike the other services, this one knows a player before it is registered: its nick is taken
 * from the moment it asks for it. */
void
arena_players_admit (ArenaPlayers *self,
                     ArenaPlayer  *player)
{
  arena_wiring->for_object (ARENA_SERVICE (self), G_OBJECT (player));
}

gboolean
arena_players_claim (ArenaPlayers *self,
                     ArenaPlayer  *player,
                     const char   *nick)
{
  g_autofree char *key = g_ascii_strdown (nick, -1);
  g_autofree char *old = g_ascii_strdown (arena_player_get_nick (player), -1);
  ArenaPlayer *holder = g_hash_table_lookup (self->by_nick, key);

  if (g_str_equal (key, ARENA_BOT) || (holder != NULL && holder != player))
    return FALSE;

  if (g_hash_table_lookup (self->by_nick, old) == player)
    g_hash_table_remove (self->by_nick, old);
  g_hash_table_insert (self->by_nick, g_steal_pointer (&key), player);
  arena_player_set_nick (player, nick);

  return TRUE;
}

ArenaPlayer *
arena_players_find (ArenaPlayers *self,
                    const char   *nick)
{
  g_autofree char *key = g_ascii_strdown (nick, -1);
  ArenaPlayer *player = g_hash_table_lookup (self->by_nick, key);

  return player != NULL && arena_player_get_registered (player) ? player : NULL;
}

guint
arena_players_count (ArenaPlayers *self)
{
  return g_hash_table_size (self->by_nick);
}

/* chat */

struct _ArenaChat
{
  ArenaService parent_instance;

  GHashTable  *members;     /* a set; holds no reference */
};

G_DEFINE_FINAL_TYPE (ArenaChat, arena_chat, ARENA_TYPE_SERVICE)

static void
broadcast (ArenaChat   *self,
           ArenaPlayer *except,
           const char  *line)
{
  GHashTableIter iter;
  gpointer member;

  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, &member, NULL))
    {
      if (member != except)
        arena_player_send (member, "%s", line);
    }
}

static void
renamed_cb (ArenaPlayer *player,
            const char  *old_nick,
            ArenaChat   *self)
{
  g_autofree char *line = NULL;

  line = g_strdup_printf (":%s!%s@%s NICK :%s", old_nick, arena_player_get_user (player),
                          ARENA_HOST, arena_player_get_nick (player));
  arena_player_send (player, "%s", line);
  if (arena_chat_is_member (self, player))
    broadcast (self, player, line);
}

static void
arena_chat_welcome (ArenaService *service,
                    ArenaPlayer  *player,
                    ArenaTies    *ties)
{
  arena_wiring->connect (ties, player, "renamed", G_CALLBACK (renamed_cb), service);
}

static void
arena_chat_forget (ArenaService *service,
                   GObject      *object)
{
  ArenaChat *self = ARENA_CHAT (service);
  ArenaPlayer *player = ARENA_PLAYER (object);
  g_autofree char *mask = NULL;
  g_autofree char *line = NULL;

  if (!g_hash_table_remove (self->members, player))
    return;

  mask = arena_player_dup_mask (player);
  line = g_strdup_printf (":%s QUIT :%s", mask, arena_player_get_why (player));
  broadcast (self, NULL, line);
}

static void
arena_chat_finalize (GObject *object)
{
  g_hash_table_unref (ARENA_CHAT (object)->members);

  G_OBJECT_CLASS (arena_chat_parent_class)->finalize (object);
}

static void
arena_chat_class_init (ArenaChatClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = arena_chat_finalize;
  ARENA_SERVICE_CLASS (klass)->welcome = arena_chat_welcome;
  ARENA_SERVICE_CLASS (klass)->forget = arena_chat_forget;
}

static void
arena_chat_init (ArenaChat *self)
{
  self->members = g_hash_table_new (NULL, NULL);
}

gboolean
arena_chat_is_member (ArenaChat   *self,
                      ArenaPlayer *player)
{
  return g_hash_table_contains (self->members, player);
}

void
arena_chat_join (ArenaChat   *self,
                 ArenaPlayer *player)
{
  g_autofree char *mask = arena_player_dup_mask (player);
  g_autofree char *line = g_strdup_printf (":%s JOIN " ARENA_LOBBY, mask);

  if (!g_hash_table_add (self->members, player))
    return;

  broadcast (self, NULL, line);
}

void
arena_chat_part (ArenaChat   *self,
                 ArenaPlayer *player,
                 const char  *why)
{
  g_autofree char *mask = arena_player_dup_mask (player);
  g_autofree char *line = g_strdup_printf (":%s PART " ARENA_LOBBY " :%s", mask, why);

  broadcast (self, NULL, line);
  g_hash_table_remove (self->members, player);
}

void
arena_chat_say (ArenaChat   *self,
                ArenaPlayer *player,
                const char  *verb,
                const char  *text)
{
  g_autofree char *mask = arena_player_dup_mask (player);
  g_autofree char *line = g_strdup_printf (":%s %s " ARENA_LOBBY " :%s", mask, verb, text);

  broadcast (self, player, line);
  arena_player_said (player, text);

  /* Bots must not reply to a NOTICE, so that two of them do not talk for ever. */
  if (text[0] == '!' && g_str_equal (verb, "PRIVMSG"))
    arena_bot_command (arena_service_get_game (ARENA_SERVICE (self)), player, text);
}

void
arena_chat_announce (ArenaChat  *self,
                     const char *format,
                     ...)
{
  g_autofree char *text = NULL;
  g_autofree char *line = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);

  line = g_strdup_printf (":" ARENA_BOT "!bot@" ARENA_HOST " PRIVMSG " ARENA_LOBBY " :%s", text);
  broadcast (self, NULL, line);
}

static int
compare_nicks (gconstpointer a,
               gconstpointer b)
{
  ArenaPlayer *first = *(ArenaPlayer * const *) a;
  ArenaPlayer *second = *(ArenaPlayer * const *) b;

  return g_ascii_strcasecmp (arena_player_get_nick (first), arena_player_get_nick (second));
}

/* Transfer container, sorted. */
GPtrArray *
arena_chat_dup_members (ArenaChat *self)
{
  GPtrArray *members = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer member;

  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, &member, NULL))
    g_ptr_array_add (members, member);
  g_ptr_array_sort (members, compare_nicks);

  return members;
}
