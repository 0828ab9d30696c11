/* arena-ambience.c: the services "audio cues" and "obstacles"
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-ambience.h"

#include "arena-game.h"
#include "arena-player.h"
#include "arena-telemetry.h"

/* audio cues */

struct _ArenaAudio
{
  ArenaService parent_instance;

  GHashTable  *called;      /* a set of the players that have heard the cue */
};

G_DEFINE_FINAL_TYPE (ArenaAudio, arena_audio, ARENA_TYPE_SERVICE)

/* "SOUND" is the old CTCP word for it. */
static void
cue_cb (ArenaPlayer *player,
        const char  *sound,
        ArenaAudio  *self)
{
  arena_player_send (player, ":" ARENA_BOT "!bot@" ARENA_HOST " PRIVMSG %s :\001SOUND %s.wav\001",
                     arena_player_get_nick (player), sound);
}

/* Plays a cue, once, to each idle player when another player waits in the queue. */
static void
queue_changed_cb (ArenaQueue  *queue,
                  ArenaPlayer *player)
{
  ArenaGame *game = arena_service_get_game (ARENA_SERVICE (queue));

  if (arena_player_is_gone (player))
    {
      arena_total (ARENA_TOTAL_STRAY);
      return;
    }

  if (arena_queue_count (queue) == 0)
    g_hash_table_remove (game->audio->called, player);
  else if (arena_queue_find (queue, player) == NULL &&
           arena_matches_find (game->matches, player) == NULL &&
           g_hash_table_add (game->audio->called, player))
    arena_player_cue (player, "call");
}

static void
arena_audio_welcome (ArenaService *service,
                     ArenaPlayer  *player,
                     ArenaTies    *ties)
{
  ArenaGame *game = arena_service_get_game (service);

  arena_wiring->connect (ties, player, "cue", G_CALLBACK (cue_cb), service);
  arena_wiring->connect (ties, game->queue, "changed", G_CALLBACK (queue_changed_cb), player);
}

static void
arena_audio_forget (ArenaService *service,
                    GObject      *object)
{
  g_hash_table_remove (ARENA_AUDIO (service)->called, object);
}

static void
arena_audio_finalize (GObject *object)
{
  g_hash_table_unref (ARENA_AUDIO (object)->called);

  G_OBJECT_CLASS (arena_audio_parent_class)->finalize (object);
}

static void
arena_audio_class_init (ArenaAudioClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = arena_audio_finalize;
  ARENA_SERVICE_CLASS (klass)->welcome = arena_audio_welcome;
  ARENA_SERVICE_CLASS (klass)->forget = arena_audio_forget;
}

static void
arena_audio_init (ArenaAudio *self)
{
  self->called = g_hash_table_new (NULL, NULL);
}

/* obstacles */

#define N_OBSTACLES 8
#define TRACK       1000
#define STEP_MS     500

typedef struct
{
  int position[N_OBSTACLES];
  int speed[N_OBSTACLES];
} Course;

struct _ArenaObstacles
{
  ArenaService parent_instance;

  GHashTable  *courses;     /* match → course; holds no reference on the match */
};

G_DEFINE_FINAL_TYPE (ArenaObstacles, arena_obstacles, ARENA_TYPE_SERVICE)

static gboolean
step_cb (gpointer user_data)
{
  ArenaMatch *match = user_data;
  ArenaGame *game = arena_service_get_game (arena_view_get_service (ARENA_VIEW (match)));
  Course *course = g_hash_table_lookup (game->obstacles->courses, match);
  int i;

  if (course == NULL)
    {
      arena_total (ARENA_TOTAL_STRAY);
      return G_SOURCE_CONTINUE;
    }

  for (i = 0; i < N_OBSTACLES; i++)
    {
      course->position[i] += course->speed[i];
      if (course->position[i] < 0 || course->position[i] > TRACK)
        course->speed[i] = -course->speed[i];
    }

  return G_SOURCE_CONTINUE;
}

static void
arena_obstacles_forget (ArenaService *service,
                        GObject      *object)
{
  g_hash_table_remove (ARENA_OBSTACLES (service)->courses, object);
}

static void
arena_obstacles_finalize (GObject *object)
{
  g_hash_table_unref (ARENA_OBSTACLES (object)->courses);

  G_OBJECT_CLASS (arena_obstacles_parent_class)->finalize (object);
}

static void
arena_obstacles_class_init (ArenaObstaclesClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = arena_obstacles_finalize;
  ARENA_SERVICE_CLASS (klass)->forget = arena_obstacles_forget;
}

static void
arena_obstacles_init (ArenaObstacles *self)
{
  self->courses = g_hash_table_new_full (NULL, NULL, NULL, g_free);
}

void
arena_obstacles_lay (ArenaObstacles *self,
                     ArenaMatch     *match)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (arena_match_get_id (match));
  Course *course = g_new0 (Course, 1);
  ArenaTies *ties;
  int i;

  for (i = 0; i < N_OBSTACLES; i++)
    {
      course->position[i] = g_rand_int_range (rand, 0, TRACK);
      course->speed[i] = g_rand_int_range (rand, -20, 20);
    }
  g_hash_table_insert (self->courses, match, course);

  ties = arena_wiring->for_object (ARENA_SERVICE (self), G_OBJECT (match));
  arena_wiring->every (ties, arena_ms (STEP_MS), step_cb, match);
}
