/* arena-report.h: the results of a soak, as a table and as a web page
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-telemetry.h"

G_BEGIN_DECLS

typedef struct
{
  gboolean     managed;
  gboolean     suspect;     /* a check other than those of this file has failed */
  GArray      *samples;     /* of ArenaSample: the curve */
  GArray      *quiet;       /* of ArenaSample: the moments when all players have left */
  ArenaSample  begin;       /* the server is running, and no player has connected yet */
  ArenaSample  warm;        /* all players have left after the first matches */
  ArenaSample  end;         /* all players have left for good */
} ArenaRun;

void     arena_run_init             (ArenaRun           *self,
                                     gboolean            managed);
void     arena_run_clear            (ArenaRun           *self);

/* Adds a sample to the curve. When the curve is full, drops every other sample and returns TRUE. */
gboolean arena_run_add_sample       (ArenaRun           *self,
                                     const ArenaSample  *sample);
void     arena_run_add_quiet        (ArenaRun           *self,
                                     const ArenaSample  *sample);

gint64   arena_run_left             (const ArenaRun     *self,
                                     ArenaLive           what);
gint64   arena_run_growth           (const ArenaRun     *self);
gint64   arena_run_noise            (const ArenaRun     *self);
gboolean arena_run_is_clean         (const ArenaRun     *self);

/* Returns FALSE with AddressSanitizer, which keeps freed memory to detect its use. */
gboolean arena_memory_is_comparable (void);

char    *arena_report_table         (const ArenaRun     *runs,
                                     guint               n_runs);
gboolean arena_report_write         (const char         *filename,
                                     const ArenaRun     *runs,
                                     guint               n_runs,
                                     GError            **error);

G_END_DECLS
