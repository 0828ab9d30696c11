/* arena-player.c: a player
 *
 * A player knows neither the network nor the services: it has a name, a score, and signals that
 * report what happens to it. The connection listens to "send", the services to the rest.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-player.h"

#include "arena-telemetry.h"

struct _ArenaPlayer
{
  GObject    parent_instance;

  char      *nick;
  char      *user;
  char      *real_name;
  char      *why;
  ArenaScore score;
  guint      registered : 1;
  guint      gone : 1;
};

enum
{
  SIGNAL_SEND,
  SIGNAL_SAID,
  SIGNAL_RENAMED,
  SIGNAL_FINISHED,
  SIGNAL_CUE,
  SIGNAL_LEFT,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ArenaPlayer, arena_player, G_TYPE_OBJECT)

static void
arena_player_finalize (GObject *object)
{
  ArenaPlayer *self = ARENA_PLAYER (object);

  if (self->gone)
    arena_live (ARENA_LIVE_LEAKED, -1);
  arena_live (ARENA_LIVE_PLAYERS, -1);

  g_free (self->nick);
  g_free (self->user);
  g_free (self->real_name);
  g_free (self->why);

  G_OBJECT_CLASS (arena_player_parent_class)->finalize (object);
}

static void
arena_player_class_init (ArenaPlayerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = arena_player_finalize;

  /* (line) */
  signals[SIGNAL_SEND] =
    g_signal_new ("send", ARENA_TYPE_PLAYER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE);
  /* (text): something said in the lobby */
  signals[SIGNAL_SAID] =
    g_signal_new ("said", ARENA_TYPE_PLAYER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE);
  /* (old nick) */
  signals[SIGNAL_RENAMED] =
    g_signal_new ("renamed", ARENA_TYPE_PLAYER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE);
  /* (won): a match came to its end */
  signals[SIGNAL_FINISHED] =
    g_signal_new ("finished", ARENA_TYPE_PLAYER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
  /* (sound): something worth a sound */
  signals[SIGNAL_CUE] =
    g_signal_new ("cue", ARENA_TYPE_PLAYER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE);
  /* (why): once, the last one */
  signals[SIGNAL_LEFT] =
    g_signal_new ("left", ARENA_TYPE_PLAYER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
arena_player_init (ArenaPlayer *self)
{
  self->user = g_strdup ("nobody");
  arena_live (ARENA_LIVE_PLAYERS, +1);
}

ArenaPlayer *
arena_player_new (void)
{
  return g_object_new (ARENA_TYPE_PLAYER, NULL);
}

/* "*" is how IRC calls who has no nick yet. */
const char *
arena_player_get_nick (ArenaPlayer *self)
{
  return self->nick != NULL ? self->nick : "*";
}

void
arena_player_set_nick (ArenaPlayer *self,
                       const char  *nick)
{
  g_autofree char *old = self->nick;

  self->nick = g_strdup (nick);
  if (old != NULL)
    g_signal_emit (self, signals[SIGNAL_RENAMED], 0, old);
}

const char *
arena_player_get_user (ArenaPlayer *self)
{
  return self->user;
}

void
arena_player_set_user (ArenaPlayer *self,
                       const char  *user,
                       const char  *real_name)
{
  g_free (self->user);
  g_free (self->real_name);
  self->user = g_strdup (user);
  self->real_name = g_strdup (real_name);
}

const char *
arena_player_get_real_name (ArenaPlayer *self)
{
  return self->real_name;
}

char *
arena_player_dup_mask (ArenaPlayer *self)
{
  return g_strdup_printf ("%s!%s@%s", arena_player_get_nick (self), self->user, ARENA_HOST);
}

gboolean
arena_player_get_registered (ArenaPlayer *self)
{
  return self->registered;
}

void
arena_player_set_registered (ArenaPlayer *self)
{
  self->registered = TRUE;
}

ArenaScore *
arena_player_get_score (ArenaPlayer *self)
{
  return &self->score;
}

void
arena_player_send (ArenaPlayer *self,
                   const char  *format,
                   ...)
{
  g_autofree char *line = NULL;
  va_list args;

  if (self->gone)
    return;

  va_start (args, format);
  line = g_strdup_vprintf (format, args);
  va_end (args);

  g_signal_emit (self, signals[SIGNAL_SEND], 0, line);
}

void
arena_player_notice (ArenaPlayer *self,
                     const char  *format,
                     ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);

  arena_player_send (self, ":" ARENA_BOT "!bot@" ARENA_HOST " NOTICE %s :%s",
                     arena_player_get_nick (self), text);
}

void
arena_player_said (ArenaPlayer *self,
                   const char  *text)
{
  g_signal_emit (self, signals[SIGNAL_SAID], 0, text);
}

void
arena_player_finished (ArenaPlayer *self,
                       gboolean     won)
{
  g_signal_emit (self, signals[SIGNAL_FINISHED], 0, won);
}

void
arena_player_cue (ArenaPlayer *self,
                  const char  *sound)
{
  g_signal_emit (self, signals[SIGNAL_CUE], 0, sound);
}

void
arena_player_leave (ArenaPlayer *self,
                    const char  *why)
{
  if (self->gone)
    return;

  self->gone = TRUE;
  self->why = g_strdup (why);
  arena_live (ARENA_LIVE_LEAKED, +1);
  g_signal_emit (self, signals[SIGNAL_LEFT], 0, why);
}

gboolean
arena_player_is_gone (ArenaPlayer *self)
{
  return self->gone;
}

const char *
arena_player_get_why (ArenaPlayer *self)
{
  return self->why != NULL ? self->why : "";
}
