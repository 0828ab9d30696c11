/* arena-matches.c: the service "matches", and its view, a match between two players
 *
 * A match is offered to two players, begins when both accept, and is over when they agree on the
 * result, contradict each other, give up, or let it run out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-matches.h"

#include "arena-game.h"
#include "arena-player.h"
#include "arena-telemetry.h"

#define OFFER_MS 45000
#define MATCH_MS 180000

struct _ArenaMatches
{
  ArenaService parent_instance;

  GHashTable  *by_player;   /* player → its match; holds no reference */
  guint        last_id;
};

struct _ArenaMatch
{
  ArenaView    parent_instance;

  guint        id;
  ArenaPlayer *breaker;     /* who gave up, to be compared only */
  guint        playing : 1;
  guint        accepted[2];
  guint        reported[2];
  guint        won[2];
};

G_DEFINE_FINAL_TYPE (ArenaMatch, arena_match, ARENA_TYPE_VIEW)
G_DEFINE_FINAL_TYPE (ArenaMatches, arena_matches, ARENA_TYPE_SERVICE)

static ArenaPlayer *
get_player (ArenaMatch *self,
            int         side)
{
  return side == 0 ? arena_view_get_first (ARENA_VIEW (self))
                   : arena_view_get_second (ARENA_VIEW (self));
}

/* The reason for the end of a player's search when the offer of a match ends. */
static LifecycleReason
search_reason (ArenaMatch      *self,
               ArenaPlayer     *player,
               LifecycleReason  reason)
{
  switch (reason)
    {
    case LIFECYCLE_REASON_TIMED_OUT:
      return LIFECYCLE_REASON_TIMED_OUT;
    case LIFECYCLE_REASON_ABORTED:
      return self->breaker == player ? LIFECYCLE_REASON_ABORTED : LIFECYCLE_REASON_CONFLICTED;
    case LIFECYCLE_REASON_OWNER_GONE:
      return arena_player_is_gone (player) ? LIFECYCLE_REASON_ABORTED
                                           : LIFECYCLE_REASON_CONFLICTED;
    case LIFECYCLE_REASON_NONE:
    case LIFECYCLE_REASON_COMPLETED:
    case LIFECYCLE_REASON_CONFLICTED:
    case LIFECYCLE_REASON_REPLACED:
    case LIFECYCLE_REASON_PARENT_CLOSED:
    case LIFECYCLE_REASON_SHUTDOWN:
    case LIFECYCLE_REASON_DROPPED:
    default:
      return LIFECYCLE_REASON_ABORTED;
    }
}

static void
arena_match_ended (ArenaView       *view,
                   LifecycleReason  reason,
                   const char      *detail)
{
  ArenaMatch *self = ARENA_MATCH (view);
  ArenaMatches *matches = ARENA_MATCHES (arena_view_get_service (view));
  ArenaGame *game = arena_service_get_game (ARENA_SERVICE (matches));
  int side;

  for (side = 0; side < 2; side++)
    {
      ArenaPlayer *player = get_player (self, side);

      if (g_hash_table_lookup (matches->by_player, player) == self)
        g_hash_table_remove (matches->by_player, player);
      if (!self->playing)
        arena_queue_settle (game->queue, player, search_reason (self, player, reason));

      arena_player_notice (player, "Match %u is over: %s%s%s.", self->id,
                           arena_reason_to_string (reason),
                           detail != NULL ? ", " : "", detail != NULL ? detail : "");
    }

  arena_service_changed (ARENA_SERVICE (matches));
}

static void
arena_match_finalize (GObject *object)
{
  arena_live (ARENA_LIVE_MATCHES, -1);

  G_OBJECT_CLASS (arena_match_parent_class)->finalize (object);
}

static void
arena_match_class_init (ArenaMatchClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = arena_match_finalize;
  ARENA_VIEW_CLASS (klass)->ended = arena_match_ended;
}

static void
arena_match_init (ArenaMatch *self)
{
  arena_live (ARENA_LIVE_MATCHES, +1);
  arena_total (ARENA_TOTAL_MATCHES);
}

guint
arena_match_get_id (ArenaMatch *self)
{
  return self->id;
}

static void
arena_matches_finalize (GObject *object)
{
  g_hash_table_unref (ARENA_MATCHES (object)->by_player);

  G_OBJECT_CLASS (arena_matches_parent_class)->finalize (object);
}

static void
arena_matches_class_init (ArenaMatchesClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = arena_matches_finalize;
}

static void
arena_matches_init (ArenaMatches *self)
{
  self->by_player = g_hash_table_new (NULL, NULL);
}

void
arena_matches_offer (ArenaMatches *self,
                     ArenaPlayer  *first,
                     ArenaPlayer  *second)
{
  ArenaGame *game = arena_service_get_game (ARENA_SERVICE (self));
  g_autoptr (ArenaMatch) match = NULL;
  int side;

  match = arena_view_new (ARENA_TYPE_MATCH, "match", ARENA_SERVICE (self), first, second);
  match->id = ++self->last_id;
  arena_view_start (ARENA_VIEW (match), OFFER_MS);
  if (arena_view_is_ended (ARENA_VIEW (match)))
    return;

  g_hash_table_insert (self->by_player, first, match);
  g_hash_table_insert (self->by_player, second, match);

  for (side = 0; side < 2; side++)
    {
      ArenaPlayer *player = get_player (match, side);
      g_autofree char *text = NULL;

      text = g_strdup_printf ("Match %u is on offer: %s against %s. !accept or !abort", match->id,
                              arena_player_get_nick (first), arena_player_get_nick (second));
      arena_notifications_post (game->notifications, player, ARENA_VIEW (match), text);
      arena_player_cue (player, "gong");
    }

  arena_service_changed (ARENA_SERVICE (self));
}

ArenaMatch *
arena_matches_find (ArenaMatches *self,
                    ArenaPlayer  *player)
{
  return g_hash_table_lookup (self->by_player, player);
}

static int
find_side (ArenaMatches  *self,
           ArenaPlayer   *player,
           ArenaMatch   **match)
{
  *match = arena_matches_find (self, player);
  g_assert (*match != NULL);

  return get_player (*match, 0) == player ? 0 : 1;
}

static void
begin (ArenaMatches *self,
       ArenaMatch   *match)
{
  ArenaGame *game = arena_service_get_game (ARENA_SERVICE (self));
  int side;

  match->playing = TRUE;
  arena_view_set_deadline (ARENA_VIEW (match), MATCH_MS);

  for (side = 0; side < 2; side++)
    {
      ArenaPlayer *player = get_player (match, side);

      arena_queue_settle (game->queue, player, LIFECYCLE_REASON_COMPLETED);
      arena_player_notice (player, "Match %u begins: %s against %s. !report win, !report loss "
                           "or !abort", match->id, arena_player_get_nick (get_player (match, 0)),
                           arena_player_get_nick (get_player (match, 1)));
      arena_player_cue (player, "horn");
    }

  arena_obstacles_lay (game->obstacles, match);
  arena_service_changed (ARENA_SERVICE (self));
}

void
arena_matches_accept (ArenaMatches *self,
                      ArenaPlayer  *player)
{
  ArenaGame *game = arena_service_get_game (ARENA_SERVICE (self));
  ArenaMatch *match;
  int side = find_side (self, player, &match);

  if (match->accepted[side])
    {
      arena_player_notice (player, "You have already accepted.");
      return;
    }

  match->accepted[side] = TRUE;
  arena_notifications_dismiss (game->notifications, player);
  if (match->accepted[0] && match->accepted[1])
    begin (self, match);
}

void
arena_matches_abort (ArenaMatches *self,
                     ArenaPlayer  *player)
{
  ArenaMatch *match;
  g_autofree char *detail = g_strdup_printf ("%s gave up", arena_player_get_nick (player));

  find_side (self, player, &match);
  match->breaker = player;
  arena_view_end (ARENA_VIEW (match), LIFECYCLE_REASON_ABORTED, detail);
}

/* Both have reported. */
static void
settle (ArenaMatches *self,
        ArenaMatch   *match)
{
  ArenaGame *game = arena_service_get_game (ARENA_SERVICE (self));
  int side;

  /* Ending the match drops the reference that its scope holds, but it is still needed here. */
  g_object_ref (match);

  if (match->won[0] == match->won[1])
    {
      arena_admin_settle (game->admin, match, LIFECYCLE_REASON_CONFLICTED);
      arena_view_end (ARENA_VIEW (match), LIFECYCLE_REASON_CONFLICTED,
                      "your reports contradict each other");
    }
  else
    {
      arena_admin_settle (game->admin, match, LIFECYCLE_REASON_COMPLETED);
      arena_view_end (ARENA_VIEW (match), LIFECYCLE_REASON_COMPLETED, NULL);
      for (side = 0; side < 2; side++)
        arena_player_finished (get_player (match, side), match->won[side]);
      arena_chat_announce (game->chat, "%s won against %s.",
                           arena_player_get_nick (get_player (match, match->won[0] ? 0 : 1)),
                           arena_player_get_nick (get_player (match, match->won[0] ? 1 : 0)));
    }

  g_object_unref (match);
}

void
arena_matches_report (ArenaMatches *self,
                      ArenaPlayer  *player,
                      gboolean      won)
{
  ArenaGame *game = arena_service_get_game (ARENA_SERVICE (self));
  ArenaMatch *match;
  int side = find_side (self, player, &match);

  if (!match->playing)
    {
      arena_player_notice (player, "The match has not begun yet.");
      return;
    }
  if (match->reported[side])
    {
      arena_player_notice (player, "You have already reported.");
      return;
    }

  match->reported[side] = TRUE;
  match->won[side] = won;

  if (match->reported[1 - side])
    settle (self, match);
  else
    arena_admin_ask (game->admin, match, get_player (match, 1 - side));
}

guint
arena_matches_count (ArenaMatches *self)
{
  return g_hash_table_size (self->by_player) / 2;
}
