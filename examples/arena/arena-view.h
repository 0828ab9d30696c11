/* arena-view.h: a search, a match, a confirmation, a notification while it is on show
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-service.h"

G_BEGIN_DECLS

#define ARENA_TYPE_VIEW (arena_view_get_type ())
G_DECLARE_DERIVABLE_TYPE (ArenaView, arena_view, ARENA, VIEW, GObject)

/**
 * ArenaViewClass:
 * @ended: called once; the players and the service are still there, the buffer is not
 */
struct _ArenaViewClass
{
  GObjectClass parent_class;

  void (*ended) (ArenaView       *self,
                 LifecycleReason  reason,
                 const char      *detail);
};

gpointer         arena_view_new          (GType            type,
                                          const char      *name,
                                          ArenaService    *service,
                                          ArenaPlayer     *first,
                                          ArenaPlayer     *second);

/* Wires it. While the server shuts down, a view has ended when this returns. */
void             arena_view_start        (ArenaView       *self,
                                          guint            timeout_ms);
void             arena_view_set_deadline (ArenaView       *self,
                                          guint            timeout_ms);
void             arena_view_follow       (ArenaView       *self,
                                          ArenaView       *other);
void             arena_view_write        (ArenaView       *self,
                                          const char      *text);

/* The only way out, with one of four reasons: COMPLETED, ABORTED, CONFLICTED, TIMED_OUT. */
void             arena_view_end          (ArenaView       *self,
                                          LifecycleReason  reason,
                                          const char      *detail);

/* Called by the wiring when it is over, whichever way. */
void             arena_view_ended        (ArenaView       *self,
                                          LifecycleReason  reason,
                                          const char      *detail);

gboolean         arena_view_is_ended     (ArenaView       *self);
LifecycleReason  arena_view_get_reason   (ArenaView       *self);
const char      *arena_view_get_name     (ArenaView       *self);
ArenaService    *arena_view_get_service  (ArenaView       *self);
ArenaTies       *arena_view_get_ties     (ArenaView       *self);
ArenaPlayer     *arena_view_get_first    (ArenaView       *self);
ArenaPlayer     *arena_view_get_second   (ArenaView       *self);

const char      *arena_reason_to_string  (LifecycleReason  reason);

G_END_DECLS
