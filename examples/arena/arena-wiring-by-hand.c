/* arena-wiring-by-hand.c: the game wired with plain GLib calls
 *
 * No call here is wrong by itself, and the game plays in the same way. The data of callbacks holds
 * a reference, so that no callback ever uses freed memory; players that leave and views that end
 * are removed from all tables; the deadline of a completed view is removed. What is missing is what
 * the documentation leaves to the caller:
 *
 *   - the handlers of a view on its players, on its service and on the heartbeat are never
 *     disconnected (their IDs are not stored);
 *   - its refresh timer is never removed, and its deadline only if it was completed;
 *   - what a service set up for a player, on other services and on the main loop, is never removed.
 *
 * Each of these holds a reference on the view or on the player, so the buffer of each view leaks,
 * too.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-wiring.h"

#include "arena-player.h"
#include "arena-service.h"
#include "arena-telemetry.h"
#include "arena-view.h"

struct _ArenaTies
{
  ArenaView *view;
  guint      deadline_id;
  gboolean   ended;
};

/* Handlers and timers are counted here for the comparison, because GLib does not report them. */
static void
data_unref_closure (gpointer  data,
                    GClosure *closure)
{
  arena_live (ARENA_LIVE_HANDLERS, -1);
  g_object_unref (data);
}

static void
data_unref (gpointer data)
{
  arena_live (ARENA_LIVE_TIMERS, -1);
  g_object_unref (data);
}

static void
by_hand_connect (ArenaTies  *ties,
                 gpointer    instance,
                 const char *signal,
                 GCallback   handler,
                 gpointer    data)
{
  arena_live (ARENA_LIVE_HANDLERS, +1);
  g_signal_connect_data (instance, signal, handler, g_object_ref (data), data_unref_closure,
                         G_CONNECT_DEFAULT);
}

static void
by_hand_every (ArenaTies   *ties,
               guint        interval_ms,
               GSourceFunc  func,
               gpointer     data)
{
  arena_live (ARENA_LIVE_TIMERS, +1);
  g_timeout_add_full (G_PRIORITY_DEFAULT, interval_ms, func, g_object_ref (data), data_unref);
}

static ArenaTies *
by_hand_for_service (LifecycleScope *root,
                     ArenaService   *service)
{
  return NULL;
}

static void
forget_cb (GObject      *object,
           gpointer      unused,
           ArenaService *service)
{
  arena_service_forget (service, object);
}

static ArenaTies *
by_hand_for_object (ArenaService *service,
                    GObject      *object)
{
  by_hand_connect (NULL, object, ARENA_IS_VIEW (object) ? "ended" : "left",
                   G_CALLBACK (forget_cb), service);

  return NULL;
}

static ArenaTies *
by_hand_for_view (ArenaService *service,
                  ArenaView    *view)
{
  ArenaTies *ties = g_new0 (ArenaTies, 1);

  ties->view = g_object_ref (view);

  return ties;
}

static void
by_hand_release (ArenaTies *ties)
{
  g_free (ties);
}

static void
by_hand_buffer (ArenaTies *ties,
                gpointer   memory)
{
  g_object_set_data_full (G_OBJECT (ties->view), "arena-buffer", memory, g_free);
}

static void
by_hand_end (ArenaTies       *ties,
             LifecycleReason  reason,
             const char      *detail)
{
  if (ties->ended)
    return;
  ties->ended = TRUE;

  arena_view_ended (ties->view, reason, detail);

  if (reason == LIFECYCLE_REASON_COMPLETED)
    g_source_remove (ties->deadline_id);

  g_object_unref (ties->view);
}

static gboolean
deadline_cb (gpointer user_data)
{
  ArenaTies *ties = arena_view_get_ties (user_data);

  if (ties->ended)
    arena_total (ARENA_TOTAL_STRAY);
  else
    by_hand_end (ties, LIFECYCLE_REASON_TIMED_OUT, NULL);

  return G_SOURCE_REMOVE;
}

static void
by_hand_deadline (ArenaTies *ties,
                  guint      timeout_ms)
{
  if (ties->deadline_id != 0)
    g_source_remove (ties->deadline_id);

  arena_live (ARENA_LIVE_TIMERS, +1);
  ties->deadline_id = g_timeout_add_full (G_PRIORITY_DEFAULT, timeout_ms, deadline_cb,
                                          g_object_ref (ties->view), data_unref);
}

static void
followed_gone_cb (GObject   *object,
                  gpointer   unused,
                  ArenaView *view)
{
  by_hand_end (arena_view_get_ties (view), LIFECYCLE_REASON_OWNER_GONE, NULL);
}

static void
by_hand_follow (ArenaTies *ties,
                GObject   *object)
{
  by_hand_connect (ties, object, ARENA_IS_VIEW (object) ? "ended" : "left",
                   G_CALLBACK (followed_gone_cb), ties->view);
}

const ArenaWiring arena_wiring_by_hand = {
  .for_service = by_hand_for_service,
  .for_object  = by_hand_for_object,
  .for_view    = by_hand_for_view,
  .release     = by_hand_release,
  .connect     = by_hand_connect,
  .every       = by_hand_every,
  .deadline    = by_hand_deadline,
  .buffer      = by_hand_buffer,
  .follow      = by_hand_follow,
  .end         = by_hand_end,
};
