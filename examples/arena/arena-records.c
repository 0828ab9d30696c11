/* arena-records.c: the services "analytics" and "data"
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-records.h"

#include "arena-game.h"
#include "arena-player.h"
#include "arena-store.h"
#include "arena-telemetry.h"

#define AUTOSAVE_MS 10000
#define N_RECORDS   1024

/* analytics */

#define N_REASONS (LIFECYCLE_REASON_DROPPED + 1)

struct _ArenaAnalytics
{
  ArenaService parent_instance;

  guint        ended[N_REASONS];
  guint        n_changes;
};

G_DEFINE_FINAL_TYPE (ArenaAnalytics, arena_analytics, ARENA_TYPE_SERVICE)

static void
changed_cb (ArenaService   *service,
            ArenaAnalytics *self)
{
  self->n_changes++;
}

static void
view_ended_cb (ArenaService   *service,
               ArenaView      *view,
               ArenaAnalytics *self)
{
  self->ended[arena_view_get_reason (view)]++;
}

static void
arena_analytics_start (ArenaService *service)
{
  ArenaGame *game = arena_service_get_game (service);
  ArenaTies *ties = arena_service_get_ties (service);
  guint i;

  for (i = 0; i < game->services->len; i++)
    {
      ArenaService *other = g_ptr_array_index (game->services, i);

      if (other == service)
        continue;
      arena_wiring->connect (ties, other, "changed", G_CALLBACK (changed_cb), service);
      arena_wiring->connect (ties, other, "view-ended", G_CALLBACK (view_ended_cb), service);
    }
}

static void
arena_analytics_class_init (ArenaAnalyticsClass *klass)
{
  ARENA_SERVICE_CLASS (klass)->start = arena_analytics_start;
}

static void
arena_analytics_init (ArenaAnalytics *self)
{
}

void
arena_analytics_tell (ArenaAnalytics *self,
                      ArenaPlayer    *player)
{
  arena_player_notice (player, "So far: %u completed, %u aborted, %u conflicted, %u timed out.",
                       self->ended[LIFECYCLE_REASON_COMPLETED],
                       self->ended[LIFECYCLE_REASON_ABORTED],
                       self->ended[LIFECYCLE_REASON_CONFLICTED],
                       self->ended[LIFECYCLE_REASON_TIMED_OUT]);
}

/* A record is what is kept of a player: the score, by nick. */

#define ARENA_TYPE_RECORD (arena_record_get_type ())
G_DECLARE_FINAL_TYPE (ArenaRecord, arena_record, ARENA, RECORD, GObject)

struct _ArenaRecord
{
  GObject      parent_instance;

  ArenaPlayer *player;      /* who plays under this nick now; holds no reference */
  ArenaScore   score;
};

G_DEFINE_FINAL_TYPE (ArenaRecord, arena_record, G_TYPE_OBJECT)

static void
arena_record_class_init (ArenaRecordClass *klass)
{
}

static void
arena_record_init (ArenaRecord *self)
{
}

static gboolean
autosave_cb (gpointer user_data)
{
  ArenaRecord *record = user_data;

  if (record->player != NULL)
    record->score = *arena_player_get_score (record->player);
  else
    arena_total (ARENA_TOTAL_STRAY);

  return G_SOURCE_CONTINUE;
}

/* data */

struct _ArenaData
{
  ArenaService parent_instance;

  GHashTable  *records;     /* folded nick → record */
  GHashTable  *by_player;   /* player → record, while the player is there; holds no reference */
};

G_DEFINE_FINAL_TYPE (ArenaData, arena_data, ARENA_TYPE_SERVICE)

static gboolean
is_idle (gpointer key,
         gpointer value,
         gpointer user_data)
{
  return ARENA_RECORD (value)->player == NULL;
}

static void
arena_data_welcome (ArenaService *service,
                    ArenaPlayer  *player,
                    ArenaTies    *ties)
{
  ArenaData *self = ARENA_DATA (service);
  g_autofree char *key = g_ascii_strdown (arena_player_get_nick (player), -1);
  ArenaRecord *record = g_hash_table_lookup (self->records, key);

  /* Another player may have taken a nick whose record is still in use under another name. */
  if (record != NULL && record->player != NULL)
    return;

  if (record == NULL)
    {
      if (g_hash_table_size (self->records) >= N_RECORDS)
        g_hash_table_foreach_remove (self->records, is_idle, NULL);
      record = g_object_new (ARENA_TYPE_RECORD, NULL);
      g_hash_table_insert (self->records, g_strdup (key), record);
    }

  record->player = player;
  if (arena_config_get ()->data != NULL)
    arena_store_keep (player, key);
  else
    *arena_player_get_score (player) = record->score;
  g_hash_table_insert (self->by_player, player, record);
  arena_wiring->every (ties, arena_ms (AUTOSAVE_MS), autosave_cb, record);
}

static void
arena_data_forget (ArenaService *service,
                   GObject      *object)
{
  ArenaData *self = ARENA_DATA (service);
  ArenaRecord *record = g_hash_table_lookup (self->by_player, object);

  if (record == NULL)
    return;

  record->score = *arena_player_get_score (record->player);
  record->player = NULL;
  g_hash_table_remove (self->by_player, object);
  arena_service_changed (service);
}

static void
arena_data_finalize (GObject *object)
{
  ArenaData *self = ARENA_DATA (object);

  g_hash_table_unref (self->by_player);
  g_hash_table_unref (self->records);

  G_OBJECT_CLASS (arena_data_parent_class)->finalize (object);
}

static void
arena_data_class_init (ArenaDataClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = arena_data_finalize;
  ARENA_SERVICE_CLASS (klass)->welcome = arena_data_welcome;
  ARENA_SERVICE_CLASS (klass)->forget = arena_data_forget;
}

static void
arena_data_init (ArenaData *self)
{
  self->records = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->by_player = g_hash_table_new (NULL, NULL);
}
