/* arena-game.c: the dozen services, and the heartbeat
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-game.h"

#include "arena-player.h"

#define HEARTBEAT_MS 1000

enum
{
  SIGNAL_BEAT,
  SIGNAL_STOPPING,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ArenaGame, arena_game, G_TYPE_OBJECT)

static gboolean
heartbeat_cb (gpointer user_data)
{
  g_signal_emit (user_data, signals[SIGNAL_BEAT], 0);

  return G_SOURCE_CONTINUE;
}

static void
arena_game_finalize (GObject *object)
{
  ArenaGame *self = ARENA_GAME (object);

  g_ptr_array_unref (self->services);

  G_OBJECT_CLASS (arena_game_parent_class)->finalize (object);
}

static void
arena_game_class_init (ArenaGameClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = arena_game_finalize;

  /* () */
  signals[SIGNAL_BEAT] =
    g_signal_new ("beat", ARENA_TYPE_GAME, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 0);

  /* () */
  signals[SIGNAL_STOPPING] =
    g_signal_new ("stopping", ARENA_TYPE_GAME, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 0);
}

static gpointer
add_service (ArenaGame  *self,
             GType       type,
             const char *name)
{
  gpointer service = arena_service_new (type, name, self);

  g_ptr_array_add (self->services, service);

  return service;
}

static void
arena_game_init (ArenaGame *self)
{
  self->services = g_ptr_array_new_with_free_func (g_object_unref);

  self->players = add_service (self, ARENA_TYPE_PLAYERS, "players");
  self->data = add_service (self, ARENA_TYPE_DATA, "data");
  self->chat = add_service (self, ARENA_TYPE_CHAT, "chat");
  self->queue = add_service (self, ARENA_TYPE_QUEUE, "queue");
  self->matches = add_service (self, ARENA_TYPE_MATCHES, "matches");
  self->notifications = add_service (self, ARENA_TYPE_NOTIFICATIONS, "notifications");
  self->admin = add_service (self, ARENA_TYPE_ADMIN, "admin");
  self->economy = add_service (self, ARENA_TYPE_ECONOMY, "economy");
  self->achievements = add_service (self, ARENA_TYPE_ACHIEVEMENTS, "achievements");
  self->audio = add_service (self, ARENA_TYPE_AUDIO, "audio cues");
  self->obstacles = add_service (self, ARENA_TYPE_OBSTACLES, "obstacles");
  self->analytics = add_service (self, ARENA_TYPE_ANALYTICS, "analytics");
}

ArenaGame *
arena_game_new (LifecycleScope *root)
{
  ArenaGame *self = g_object_new (ARENA_TYPE_GAME, NULL);
  guint i;

  self->root = root;

  for (i = 0; i < self->services->len; i++)
    arena_service_start (g_ptr_array_index (self->services, i), root);

  lifecycle_scope_add_timeout (root, arena_ms (HEARTBEAT_MS), heartbeat_cb, self, NULL);

  return self;
}

/* Tells all clients that the server is about to stop. */
void
arena_game_stop (ArenaGame *self)
{
  g_signal_emit (self, signals[SIGNAL_STOPPING], 0);
}

/* Tells all services about a player that has registered, with a nick and a user name. */
void
arena_game_welcome (ArenaGame   *self,
                    ArenaPlayer *player)
{
  guint i;

  for (i = 0; i < self->services->len; i++)
    arena_service_welcome (g_ptr_array_index (self->services, i), player);
}
