/* arena-service.c: a part of the game that lives as long as the server
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-service.h"

#include "arena-player.h"
#include "arena-view.h"

typedef struct
{
  char      *name;
  ArenaGame *game;          /* owns the service */
  ArenaTies *ties;
} ArenaServicePrivate;

enum
{
  SIGNAL_CHANGED,
  SIGNAL_VIEW_ENDED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (ArenaService, arena_service, G_TYPE_OBJECT)

#define PRIVATE(self) \
  ((ArenaServicePrivate *) arena_service_get_instance_private (ARENA_SERVICE (self)))

static void
arena_service_finalize (GObject *object)
{
  g_free (PRIVATE (object)->name);

  G_OBJECT_CLASS (arena_service_parent_class)->finalize (object);
}

static void
arena_service_class_init (ArenaServiceClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = arena_service_finalize;

  /* (): something that a view may want to show anew */
  signals[SIGNAL_CHANGED] =
    g_signal_new ("changed", ARENA_TYPE_SERVICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 0);
  /* (view): one of the service's views has ended */
  signals[SIGNAL_VIEW_ENDED] =
    g_signal_new ("view-ended", ARENA_TYPE_SERVICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, ARENA_TYPE_VIEW);
}

static void
arena_service_init (ArenaService *self)
{
}

gpointer
arena_service_new (GType       type,
                   const char *name,
                   ArenaGame  *game)
{
  ArenaService *self = g_object_new (type, NULL);

  PRIVATE (self)->name = g_strdup (name);
  PRIVATE (self)->game = game;

  return self;
}

void
arena_service_start (ArenaService   *self,
                     LifecycleScope *root)
{
  PRIVATE (self)->ties = arena_wiring->for_service (root, self);

  if (ARENA_SERVICE_GET_CLASS (self)->start != NULL)
    ARENA_SERVICE_GET_CLASS (self)->start (self);
}

void
arena_service_welcome (ArenaService *self,
                       ArenaPlayer  *player)
{
  if (ARENA_SERVICE_GET_CLASS (self)->welcome != NULL)
    ARENA_SERVICE_GET_CLASS (self)->welcome (self, player,
                                             arena_wiring->for_object (self, G_OBJECT (player)));
}

void
arena_service_forget (ArenaService *self,
                      GObject      *object)
{
  if (ARENA_SERVICE_GET_CLASS (self)->forget != NULL)
    ARENA_SERVICE_GET_CLASS (self)->forget (self, object);
}

const char *
arena_service_get_name (ArenaService *self)
{
  return PRIVATE (self)->name;
}

ArenaGame *
arena_service_get_game (ArenaService *self)
{
  return PRIVATE (self)->game;
}

ArenaTies *
arena_service_get_ties (ArenaService *self)
{
  return PRIVATE (self)->ties;
}

void
arena_service_changed (ArenaService *self)
{
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

void
arena_service_view_ended (ArenaService *self,
                          ArenaView    *view)
{
  g_signal_emit (self, signals[SIGNAL_VIEW_ENDED], 0, view);
}
