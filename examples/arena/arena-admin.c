/* arena-admin.c: the service "admin", and its view: a report that awaits the other player's
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-admin.h"

#include "arena-game.h"
#include "arena-player.h"

#define CONFIRMATION_MS 60000

struct _ArenaAdmin
{
  ArenaService parent_instance;

  GHashTable  *by_match;    /* match → its confirmation; holds no reference */
};

struct _ArenaConfirmation
{
  ArenaView   parent_instance;

  ArenaMatch *match;
};

G_DEFINE_FINAL_TYPE (ArenaConfirmation, arena_confirmation, ARENA_TYPE_VIEW)
G_DEFINE_FINAL_TYPE (ArenaAdmin, arena_admin, ARENA_TYPE_SERVICE)

static void
arena_confirmation_ended (ArenaView       *view,
                          LifecycleReason  reason,
                          const char      *detail)
{
  ArenaConfirmation *self = ARENA_CONFIRMATION (view);
  ArenaAdmin *admin = ARENA_ADMIN (arena_view_get_service (view));

  if (g_hash_table_lookup (admin->by_match, self->match) == self)
    g_hash_table_remove (admin->by_match, self->match);

  if (reason == LIFECYCLE_REASON_TIMED_OUT)
    arena_view_end (ARENA_VIEW (self->match), LIFECYCLE_REASON_TIMED_OUT,
                    "only one of you reported");
  g_clear_object (&self->match);

  arena_service_changed (ARENA_SERVICE (admin));
}

static void
arena_confirmation_finalize (GObject *object)
{
  g_clear_object (&ARENA_CONFIRMATION (object)->match);

  G_OBJECT_CLASS (arena_confirmation_parent_class)->finalize (object);
}

static void
arena_confirmation_class_init (ArenaConfirmationClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = arena_confirmation_finalize;
  ARENA_VIEW_CLASS (klass)->ended = arena_confirmation_ended;
}

static void
arena_confirmation_init (ArenaConfirmation *self)
{
}

static void
arena_admin_finalize (GObject *object)
{
  g_hash_table_unref (ARENA_ADMIN (object)->by_match);

  G_OBJECT_CLASS (arena_admin_parent_class)->finalize (object);
}

static void
arena_admin_class_init (ArenaAdminClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = arena_admin_finalize;
}

static void
arena_admin_init (ArenaAdmin *self)
{
  self->by_match = g_hash_table_new (NULL, NULL);
}

/* The other player has reported the result; ask this one to confirm it. */
void
arena_admin_ask (ArenaAdmin  *self,
                 ArenaMatch  *match,
                 ArenaPlayer *player)
{
  g_autoptr (ArenaConfirmation) confirmation = NULL;

  confirmation = arena_view_new (ARENA_TYPE_CONFIRMATION, "confirmation", ARENA_SERVICE (self),
                                 player, NULL);
  confirmation->match = g_object_ref (match);
  arena_view_start (ARENA_VIEW (confirmation), CONFIRMATION_MS);
  arena_view_follow (ARENA_VIEW (confirmation), ARENA_VIEW (match));
  if (arena_view_is_ended (ARENA_VIEW (confirmation)))
    return;

  g_hash_table_insert (self->by_match, match, confirmation);
  arena_player_notice (player, "Match %u is waiting for your !report", arena_match_get_id (match));
  arena_service_changed (ARENA_SERVICE (self));
}

void
arena_admin_settle (ArenaAdmin      *self,
                    ArenaMatch      *match,
                    LifecycleReason  reason)
{
  ArenaView *confirmation = g_hash_table_lookup (self->by_match, match);

  if (confirmation != NULL)
    arena_view_end (confirmation, reason, NULL);
}
