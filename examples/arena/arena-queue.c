/* arena-queue.c: the service "queue", and its view, a search for a match
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-queue.h"

#include "arena-game.h"
#include "arena-player.h"
#include "arena-telemetry.h"

#define SEARCH_MS 120000

struct _ArenaQueue
{
  ArenaService parent_instance;

  GQueue       waiting;     /* of ArenaSearch, the oldest first; holds no reference */
  GHashTable  *by_player;   /* player → its search, waiting or on offer; holds no reference */
};

struct _ArenaSearch
{
  ArenaView parent_instance;
};

G_DEFINE_FINAL_TYPE (ArenaSearch, arena_search, ARENA_TYPE_VIEW)
G_DEFINE_FINAL_TYPE (ArenaQueue, arena_queue, ARENA_TYPE_SERVICE)

static void
arena_search_ended (ArenaView       *view,
                    LifecycleReason  reason,
                    const char      *detail)
{
  ArenaQueue *queue = ARENA_QUEUE (arena_view_get_service (view));
  ArenaPlayer *player = arena_view_get_first (view);

  g_queue_remove (&queue->waiting, view);
  if (g_hash_table_lookup (queue->by_player, player) == view)
    g_hash_table_remove (queue->by_player, player);

  arena_player_notice (player, "Search is over: %s.", arena_reason_to_string (reason));
  arena_service_changed (ARENA_SERVICE (queue));
}

static void
arena_search_class_init (ArenaSearchClass *klass)
{
  ARENA_VIEW_CLASS (klass)->ended = arena_search_ended;
}

static void
arena_search_init (ArenaSearch *self)
{
  arena_total (ARENA_TOTAL_SEARCHES);
}

static void
arena_queue_finalize (GObject *object)
{
  ArenaQueue *self = ARENA_QUEUE (object);

  g_queue_clear (&self->waiting);
  g_hash_table_unref (self->by_player);

  G_OBJECT_CLASS (arena_queue_parent_class)->finalize (object);
}

static void
arena_queue_class_init (ArenaQueueClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = arena_queue_finalize;
}

static void
arena_queue_init (ArenaQueue *self)
{
  g_queue_init (&self->waiting);
  self->by_player = g_hash_table_new (NULL, NULL);
}

static void
pair_off (ArenaQueue *self)
{
  ArenaGame *game = arena_service_get_game (ARENA_SERVICE (self));

  while (self->waiting.length >= 2)
    {
      ArenaView *first = g_queue_pop_head (&self->waiting);
      ArenaView *second = g_queue_pop_head (&self->waiting);

      arena_matches_offer (game->matches, arena_view_get_first (first),
                           arena_view_get_first (second));
    }
}

void
arena_queue_join (ArenaQueue  *self,
                  ArenaPlayer *player)
{
  g_autoptr (ArenaView) search = NULL;

  search = arena_view_new (ARENA_TYPE_SEARCH, "search", ARENA_SERVICE (self), player, NULL);
  arena_view_start (search, SEARCH_MS);
  if (arena_view_is_ended (search))
    return;

  g_hash_table_insert (self->by_player, player, search);
  g_queue_push_tail (&self->waiting, search);
  arena_player_notice (player, "Search begins: %u waiting.", self->waiting.length);

  arena_service_changed (ARENA_SERVICE (self));
  pair_off (self);
}

void
arena_queue_leave (ArenaQueue  *self,
                   ArenaPlayer *player)
{
  arena_queue_settle (self, player, LIFECYCLE_REASON_ABORTED);
}

void
arena_queue_settle (ArenaQueue      *self,
                    ArenaPlayer     *player,
                    LifecycleReason  reason)
{
  ArenaSearch *search = arena_queue_find (self, player);

  if (search != NULL)
    arena_view_end (ARENA_VIEW (search), reason, NULL);
}

ArenaSearch *
arena_queue_find (ArenaQueue  *self,
                  ArenaPlayer *player)
{
  return g_hash_table_lookup (self->by_player, player);
}

guint
arena_queue_count (ArenaQueue *self)
{
  return g_hash_table_size (self->by_player);
}
