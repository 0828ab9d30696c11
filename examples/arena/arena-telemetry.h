/* arena-telemetry.h: what is alive in this process, counted by the program itself
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-config.h"

G_BEGIN_DECLS

typedef enum
{
  ARENA_LIVE_CONNECTIONS,
  ARENA_LIVE_PLAYERS,       /* instances of ArenaPlayer */
  ARENA_LIVE_MATCHES,       /* instances of ArenaMatch */
  ARENA_LIVE_VIEWS,         /* instances of ArenaView, the matches among them */
  ARENA_LIVE_LEAKED,        /* views that have ended and players that have left, yet are alive */
  ARENA_LIVE_HANDLERS,      /* signal handlers that the program connected */
  ARENA_LIVE_TIMERS,        /* timers and other sources that the program made */
  ARENA_LIVE_READS,         /* operations: of sockets, */
  ARENA_LIVE_WRITES,
  ARENA_LIVE_LOADS,         /* and of what is kept of players */
  ARENA_N_LIVE
} ArenaLive;

typedef enum
{
  ARENA_TOTAL_SEARCHES,
  ARENA_TOTAL_MATCHES,
  ARENA_TOTAL_VIEWS,
  ARENA_TOTAL_STRAY,        /* callbacks that reached a view which had ended */
  ARENA_TOTAL_COMPLETED,    /* how the views ended */
  ARENA_TOTAL_ABORTED,
  ARENA_TOTAL_CONFLICTED,
  ARENA_TOTAL_TIMED_OUT,
  ARENA_TOTAL_TAKEN_ALONG,  /* with a player, a match or the whole server */
  ARENA_N_TOTAL
} ArenaTotal;

typedef struct
{
  double  time;             /* seconds since the start of the process */
  guint64 rss_kib;
  gint64  live[ARENA_N_LIVE];
  gint64  total[ARENA_N_TOTAL];
} ArenaSample;

void     arena_live         (ArenaLive           what,
                             int                 change);
gint64   arena_live_count   (ArenaLive           what);
void     arena_total        (ArenaTotal          what);
void     arena_total_ended  (LifecycleReason     reason);

/* Destroy notifies for a handler, or a timer or source, that was counted when it was made. */
void     arena_handler_gone (gpointer            data,
                             GClosure           *closure);
void     arena_timer_gone   (gpointer            data);

/* The same for an operation. */
void     arena_read_gone    (gpointer            data);
void     arena_write_gone   (gpointer            data);

void     arena_sample_take  (ArenaSample        *self);
char    *arena_sample_print (const ArenaSample  *self,
                             const char         *label);
void     arena_sample_build (const ArenaSample  *self,
                             GVariantBuilder    *builder);
gboolean arena_sample_scan  (ArenaSample        *self,
                             const char         *label,
                             const char         *line);
void     arena_trim         (void);

G_END_DECLS
