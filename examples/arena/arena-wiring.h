/* arena-wiring.h: how the game is wired: the one thing that differs between the two modes
 *
 * Everything that the game connects, attaches or allocates for a service, a player or a view goes
 * through this table of functions. There are two of these tables, and they are meant to be
 * read side by side:
 *
 *   arena-wiring-managed.c   each function is one or two calls of Lifecycle
 *   arena-wiring-by-hand.c   each function is the plain GLib call that is commonly written there,
 *                            with the cleanups that are commonly forgotten
 *
 * All other files are the same in both modes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-config.h"

G_BEGIN_DECLS

/* What ends together. Managed it is a LifecycleScope; by hand a note about a view, or NULL. */
typedef struct _ArenaTies ArenaTies;

typedef struct
{
  /* What lives as long as the server. Transfer none. */
  ArenaTies *(*for_service) (LifecycleScope  *root,
                             ArenaService    *service);

  /* What a service keeps for a player or for a view, and drops with it: the service's forget ()
   * is called then. Transfer none. */
  ArenaTies *(*for_object)  (ArenaService    *service,
                             GObject         *object);

  /* What a view sets up. Keeps the view alive until it ends; arena_view_ended () is called then.
   * To be given back with release () when the view is finalized. */
  ArenaTies *(*for_view)    (ArenaService    *service,
                             ArenaView       *view);
  void       (*release)     (ArenaTies       *ties);

  /* The data is always a GObject. */
  void       (*connect)     (ArenaTies       *ties,
                             gpointer         instance,
                             const char      *signal,
                             GCallback        handler,
                             gpointer         data);
  void       (*every)       (ArenaTies       *ties,
                             guint            interval_ms,
                             GSourceFunc      func,
                             gpointer         data);

  /* When a view ends as TIMED_OUT; setting it again replaces it. */
  void       (*deadline)    (ArenaTies       *ties,
                             guint            timeout_ms);

  /* Takes the memory over. */
  void       (*buffer)      (ArenaTies       *ties,
                             gpointer         memory);

  /* The view ends when that player or that other view does. */
  void       (*follow)      (ArenaTies       *ties,
                             GObject         *object);

  /* The view ends now. */
  void       (*end)         (ArenaTies       *ties,
                             LifecycleReason  reason,
                             const char      *detail);
} ArenaWiring;

extern const ArenaWiring  arena_wiring_managed;
extern const ArenaWiring  arena_wiring_by_hand;

/* The one in use; set once, in main (). */
extern const ArenaWiring *arena_wiring;

G_END_DECLS
