/* arena-telemetry.h: counts of what is alive in this process
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
  ARENA_LIVE_HANDLERS,      /* signal handlers: of scopes, and those that are wired by hand */
  ARENA_LIVE_TIMERS,        /* timers and other sources, likewise */
  ARENA_LIVE_READS,         /* operations: of sockets, */
  ARENA_LIVE_WRITES,
  ARENA_LIVE_LOADS,         /* and of what is kept of players */
  ARENA_LIVE_SCOPES,
  ARENA_LIVE_ENTRIES,       /* of scopes, of all kinds */
  ARENA_LIVE_OVERDUE,       /* objects that should be gone, as the library tells */
  ARENA_N_LIVE
} ArenaLive;

typedef enum
{
  ARENA_TOTAL_SEARCHES,
  ARENA_TOTAL_MATCHES,
  ARENA_TOTAL_VIEWS,
  ARENA_TOTAL_COMMANDS,     /* that have been accepted: read and handled */
  ARENA_TOTAL_STRAY,        /* callbacks that reached a view which had ended */
  ARENA_TOTAL_COMPLETED,    /* how the views ended */
  ARENA_TOTAL_ABORTED,
  ARENA_TOTAL_CONFLICTED,
  ARENA_TOTAL_TIMED_OUT,
  ARENA_TOTAL_TAKEN_ALONG,  /* with a player, a match or the whole server */
  ARENA_N_TOTAL
} ArenaTotal;

#define ARENA_N_KINDS   (LIFECYCLE_KIND_PHASE + 1)
#define ARENA_N_REASONS (LIFECYCLE_REASON_DROPPED + 1)

typedef struct
{
  double  time;             /* seconds since the start of the process */
  guint64 rss_kib;
  guint64 heap_kib;
  gint64  live[ARENA_N_LIVE];
  gint64  total[ARENA_N_TOTAL];
  guint   kinds[ARENA_N_KINDS];         /* live entries of scopes */
  guint64 closed[ARENA_N_REASONS];      /* scopes */
} ArenaSample;

/* Counts what the library does not know: only for the values before READS. */
void              arena_live              (ArenaLive           what,
                                           int                 change);
gint64            arena_live_count        (ArenaLive           what);
void              arena_total             (ArenaTotal          what);
void              arena_total_ended       (LifecycleReason     reason);

/* Takes a sample of @root and its descendants, or, if it is NULL, of the whole process. */
void              arena_sample_take       (ArenaSample        *self,
                                           LifecycleScope     *root);
char             *arena_sample_print      (const ArenaSample  *self,
                                           const char         *label);
void              arena_sample_build      (const ArenaSample  *self,
                                           GVariantBuilder    *builder);
gboolean          arena_sample_scan       (ArenaSample        *self,
                                           const char         *label,
                                           const char         *line);

/* The names that are used in the lines, and by the library. */
const char       *arena_live_to_string    (ArenaLive           what);
const char       *arena_kind_to_string    (LifecycleKind       kind);
const char       *arena_closing_to_string (LifecycleReason     reason);

/* Transfer none. */
LifecycleMonitor *arena_monitor_get       (void);
void              arena_trim              (void);

G_END_DECLS
