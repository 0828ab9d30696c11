/* arena-wiring-managed.c: the game wired with Lifecycle
 *
 *     arena ── queue ── for player alice        the service's share of a player; follows alice
 *         │      └──── search                   a view; follows alice
 *         ├─ matches ─ match                    a view; follows alice and bob
 *         ├─ obstacles ── for the match         the service's share of a match; follows it
 *         ├─ notifications ─ notification       a view; follows its player, and a match
 *         └─ ...
 *
 * A player leaves: the scope of the player closes, and with it whatever follows it, in all
 * services. A match ends: its scope closes, and with it whatever follows that one. The server
 * stops: the root closes. Nothing else is needed, and nothing can be forgotten.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-wiring.h"

#include "arena-service.h"
#include "arena-view.h"

#define SCOPE(ties) LIFECYCLE_SCOPE (ties)
#define TIES(scope) ((ArenaTies *) (scope))

typedef struct
{
  ArenaService *service;
  GObject      *object;
} Share;

static ArenaTies *
managed_for_service (LifecycleScope *root,
                     ArenaService   *service)
{
  return TIES (lifecycle_scope_get_child (root, arena_service_get_name (service)));
}

static void
share_cleanup_cb (LifecycleScope   *scope,
                  LifecycleReason   reason,
                  gpointer          user_data,
                  GError          **error)
{
  Share *share = user_data;

  arena_service_forget (share->service, share->object);
}

static ArenaTies *
managed_for_object (ArenaService *service,
                    GObject      *object)
{
  LifecycleScope *scope;
  Share *share;

  /* It follows the object, so it closes when the object is disposed at the latest; a view is over
   * before that. */
  scope = lifecycle_scope_get_child_for (SCOPE (arena_service_get_ties (service)), object);
  if (ARENA_IS_VIEW (object))
    lifecycle_scope_follow (scope, SCOPE (arena_view_get_ties (ARENA_VIEW (object))));

  share = g_new (Share, 1);
  share->service = service;
  share->object = object;
  lifecycle_scope_defer (scope, share_cleanup_cb, share, g_free);

  return TIES (scope);
}

static void
view_cleanup_cb (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          user_data,
                 GError          **error)
{
  arena_view_ended (user_data, reason, lifecycle_scope_get_reason_detail (scope));
}

static ArenaTies *
managed_for_view (ArenaService *service,
                  ArenaView    *view)
{
  LifecycleScope *scope;

  scope = lifecycle_scope_new_child (SCOPE (arena_service_get_ties (service)),
                                     arena_view_get_name (view));
  lifecycle_scope_add_object (scope, G_OBJECT (view));
  lifecycle_scope_defer (scope, view_cleanup_cb, view, NULL);
  lifecycle_scope_expect_finalize (scope, G_OBJECT (view), "a view that has ended");

  return TIES (scope);
}

static void
managed_release (ArenaTies *ties)
{
  g_object_unref (ties);
}

static void
managed_connect (ArenaTies  *ties,
                 gpointer    instance,
                 const char *signal,
                 GCallback   handler,
                 gpointer    data)
{
  lifecycle_scope_connect_signal (SCOPE (ties), instance, signal, handler, data);
}

static void
managed_every (ArenaTies   *ties,
               guint        interval_ms,
               GSourceFunc  func,
               gpointer     data)
{
  lifecycle_scope_add_timeout (SCOPE (ties), interval_ms, func, data, NULL);
}

static void
managed_deadline (ArenaTies *ties,
                  guint      timeout_ms)
{
  lifecycle_scope_set_deadline (SCOPE (ties), timeout_ms);
}

static void
managed_buffer (ArenaTies *ties,
                gpointer   memory)
{
  lifecycle_scope_adopt (SCOPE (ties), memory, g_free);
}

static void
managed_follow (ArenaTies *ties,
                GObject   *object)
{
  if (ARENA_IS_VIEW (object))
    lifecycle_scope_follow (SCOPE (ties), SCOPE (arena_view_get_ties (ARENA_VIEW (object))));
  else
    lifecycle_scope_follow_object (SCOPE (ties), object);
}

static void
managed_end (ArenaTies       *ties,
             LifecycleReason  reason,
             const char      *detail)
{
  lifecycle_scope_close_with_reason (SCOPE (ties), reason, detail);
}

const ArenaWiring arena_wiring_managed = {
  .for_service = managed_for_service,
  .for_object  = managed_for_object,
  .for_view    = managed_for_view,
  .release     = managed_release,
  .connect     = managed_connect,
  .every       = managed_every,
  .deadline    = managed_deadline,
  .buffer      = managed_buffer,
  .follow      = managed_follow,
  .end         = managed_end,
};
