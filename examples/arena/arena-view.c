/* arena-view.c: a search, a match, a confirmation, a notification while it is on show
 *
 * A view connects to its players, to its service and to the heartbeat of the game, redraws itself
 * on a timer, has a deadline, and holds a buffer. It ends once.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-view.h"

#include "arena-game.h"
#include "arena-leak.h"
#include "arena-player.h"
#include "arena-telemetry.h"

#include <string.h>

#define REFRESH_MS 2000

typedef struct
{
  char            *name;
  ArenaService    *service;
  ArenaPlayer     *players[2];
  ArenaTies       *ties;
  LifecycleReason  reason;

  char            *buffer;  /* belongs to the ties */
  gsize            size;
  gsize            position;
  guint            n_beats;
} ArenaViewPrivate;

enum
{
  SIGNAL_ENDED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (ArenaView, arena_view, G_TYPE_OBJECT)

#define PRIVATE(self) ((ArenaViewPrivate *) arena_view_get_instance_private (ARENA_VIEW (self)))

/* A callback that is called for a view which has ended should have been disconnected. */
static gboolean
is_stray (ArenaView *self)
{
  if (PRIVATE (self)->reason == LIFECYCLE_REASON_NONE)
    return FALSE;

  arena_total (ARENA_TOTAL_STRAY);
  return TRUE;
}

void
arena_view_write (ArenaView  *self,
                  const char *text)
{
  ArenaViewPrivate *priv = PRIVATE (self);
  gsize length = strlen (text);
  gsize i;

  if (priv->buffer == NULL)
    return;

  for (i = 0; i < length; i++)
    {
      priv->buffer[priv->position] = text[i];
      priv->position = (priv->position + 1) % priv->size;
    }
}

static void
said_cb (ArenaPlayer *player,
         const char  *text,
         ArenaView   *self)
{
  if (is_stray (self))
    return;

  arena_view_write (self, arena_player_get_nick (player));
  arena_view_write (self, ": ");
  arena_view_write (self, text);
}

static void
renamed_cb (ArenaPlayer *player,
            const char  *old_nick,
            ArenaView   *self)
{
  if (is_stray (self))
    return;

  arena_view_write (self, old_nick);
  arena_view_write (self, " is now ");
  arena_view_write (self, arena_player_get_nick (player));
}

static void
service_changed_cb (ArenaService *service,
                    ArenaView    *self)
{
  if (is_stray (self))
    return;

  arena_view_write (self, arena_service_get_name (service));
}

static void
beat_cb (ArenaGame *game,
         ArenaView *self)
{
  if (is_stray (self))
    return;

  PRIVATE (self)->n_beats++;
}

static gboolean
refresh_cb (gpointer user_data)
{
  ArenaView *self = user_data;
  char line[64];

  if (is_stray (self))
    return G_SOURCE_CONTINUE;

  g_snprintf (line, sizeof line, "%s, beat %u", PRIVATE (self)->name, PRIVATE (self)->n_beats);
  arena_view_write (self, line);

  return G_SOURCE_CONTINUE;
}

static void
arena_view_finalize (GObject *object)
{
  ArenaViewPrivate *priv = PRIVATE (object);

  if (priv->reason != LIFECYCLE_REASON_NONE)
    arena_live (ARENA_LIVE_LEAKED, -1);
  arena_live (ARENA_LIVE_VIEWS, -1);

  g_clear_pointer (&priv->ties, arena_wiring->release);
  g_clear_object (&priv->players[0]);
  g_clear_object (&priv->players[1]);
  g_free (priv->name);

  G_OBJECT_CLASS (arena_view_parent_class)->finalize (object);
}

static void
arena_view_class_init (ArenaViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = arena_view_finalize;

  /* (detail): once, when it is over */
  signals[SIGNAL_ENDED] =
    g_signal_new ("ended", ARENA_TYPE_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
arena_view_init (ArenaView *self)
{
  arena_live (ARENA_LIVE_VIEWS, +1);
  arena_total (ARENA_TOTAL_VIEWS);
}

gpointer
arena_view_new (GType         type,
                const char   *name,
                ArenaService *service,
                ArenaPlayer  *first,
                ArenaPlayer  *second)
{
  ArenaView *self = g_object_new (type, NULL);
  ArenaViewPrivate *priv = PRIVATE (self);

  priv->name = g_strdup (name);
  priv->service = service;
  priv->players[0] = g_object_ref (first);
  g_set_object (&priv->players[1], second);

  return self;
}

void
arena_view_start (ArenaView *self,
                  guint      timeout_ms)
{
  ArenaViewPrivate *priv = PRIVATE (self);
  ArenaGame *game = arena_service_get_game (priv->service);
  guint i;

  g_assert (priv->ties == NULL);

  priv->ties = arena_wiring->for_view (priv->service, self);
  arena_leak (self);

  /* Write to every page, as if the view had drawn into the buffer. */
  priv->size = MAX (arena_config_get ()->view_kib, 1) * 1024;
  priv->buffer = g_malloc (priv->size);
  memset (priv->buffer, 'v', priv->size);
  arena_wiring->buffer (priv->ties, priv->buffer);

  arena_wiring->connect (priv->ties, priv->service, "changed",
                         G_CALLBACK (service_changed_cb), self);
  arena_wiring->connect (priv->ties, game, "beat", G_CALLBACK (beat_cb), self);
  arena_wiring->every (priv->ties, arena_ms (REFRESH_MS), refresh_cb, self);
  arena_view_set_deadline (self, timeout_ms);

  for (i = 0; i < G_N_ELEMENTS (priv->players) && priv->players[i] != NULL; i++)
    {
      arena_wiring->connect (priv->ties, priv->players[i], "said", G_CALLBACK (said_cb), self);
      arena_wiring->connect (priv->ties, priv->players[i], "renamed",
                             G_CALLBACK (renamed_cb), self);
      arena_wiring->follow (priv->ties, G_OBJECT (priv->players[i]));
    }
}

void
arena_view_set_deadline (ArenaView *self,
                         guint      timeout_ms)
{
  arena_wiring->deadline (PRIVATE (self)->ties, arena_ms (timeout_ms));
}

void
arena_view_follow (ArenaView *self,
                   ArenaView *other)
{
  arena_wiring->follow (PRIVATE (self)->ties, G_OBJECT (other));
}

void
arena_view_end (ArenaView       *self,
                LifecycleReason  reason,
                const char      *detail)
{
  arena_wiring->end (PRIVATE (self)->ties, reason, detail);
}

void
arena_view_ended (ArenaView       *self,
                  LifecycleReason  reason,
                  const char      *detail)
{
  ArenaViewPrivate *priv = PRIVATE (self);

  g_assert (priv->reason == LIFECYCLE_REASON_NONE);
  g_assert (reason != LIFECYCLE_REASON_NONE);

  priv->reason = reason;
  priv->buffer = NULL;
  arena_live (ARENA_LIVE_LEAKED, +1);
  arena_total_ended (reason);

  g_object_ref (self);
  ARENA_VIEW_GET_CLASS (self)->ended (self, reason, detail);
  g_signal_emit (self, signals[SIGNAL_ENDED], 0, detail);
  arena_service_view_ended (priv->service, self);
  g_object_unref (self);
}

gboolean
arena_view_is_ended (ArenaView *self)
{
  return PRIVATE (self)->reason != LIFECYCLE_REASON_NONE;
}

LifecycleReason
arena_view_get_reason (ArenaView *self)
{
  return PRIVATE (self)->reason;
}

const char *
arena_view_get_name (ArenaView *self)
{
  return PRIVATE (self)->name;
}

ArenaService *
arena_view_get_service (ArenaView *self)
{
  return PRIVATE (self)->service;
}

ArenaTies *
arena_view_get_ties (ArenaView *self)
{
  return PRIVATE (self)->ties;
}

ArenaPlayer *
arena_view_get_first (ArenaView *self)
{
  return PRIVATE (self)->players[0];
}

ArenaPlayer *
arena_view_get_second (ArenaView *self)
{
  return PRIVATE (self)->players[1];
}

const char *
arena_reason_to_string (LifecycleReason reason)
{
  switch (reason)
    {
    case LIFECYCLE_REASON_COMPLETED:
      return "completed";
    case LIFECYCLE_REASON_ABORTED:
      return "aborted";
    case LIFECYCLE_REASON_CONFLICTED:
      return "conflicted";
    case LIFECYCLE_REASON_TIMED_OUT:
      return "timed out";
    case LIFECYCLE_REASON_OWNER_GONE:
      return "a player left";
    case LIFECYCLE_REASON_SHUTDOWN:
    case LIFECYCLE_REASON_PARENT_CLOSED:
      return "the arena closes";
    case LIFECYCLE_REASON_NONE:
    case LIFECYCLE_REASON_REPLACED:
    case LIFECYCLE_REASON_DROPPED:
    default:
      return "over";
    }
}
