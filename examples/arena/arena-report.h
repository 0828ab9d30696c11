/* arena-report.h: what the soak found, for people: a table, and a page
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-telemetry.h"

G_BEGIN_DECLS

typedef struct
{
  gboolean     managed;
  gboolean     suspect;     /* somebody knows more than what is in here, and speaks against it */
  GArray      *samples;     /* of ArenaSample: the curve */
  GArray      *quiet;       /* the same, of the moments when everybody has left */
  ArenaSample  begin;       /* the server is up, nobody has come yet */
  ArenaSample  warm;        /* after the first matches everybody has left */
  ArenaSample  end;         /* everybody has left for good */
} ArenaRun;

void     arena_run_init             (ArenaRun           *self,
                                     gboolean            managed);
void     arena_run_clear            (ArenaRun           *self);

/* A curve has room for so many. When it is full every other one goes, and it returns TRUE. */
gboolean arena_run_add_sample       (ArenaRun           *self,
                                     const ArenaSample  *sample);
void     arena_run_add_quiet        (ArenaRun           *self,
                                     const ArenaSample  *sample);

gint64   arena_run_left             (const ArenaRun     *self,
                                     ArenaLive           what);
gint64   arena_run_growth           (const ArenaRun     *self);
gint64   arena_run_noise            (const ArenaRun     *self);
gboolean arena_run_is_clean         (const ArenaRun     *self);

/* AddressSanitizer keeps what is freed, to see who uses it. */
gboolean arena_memory_is_comparable (void);

char    *arena_report_table         (const ArenaRun     *runs,
                                     guint               n_runs);
gboolean arena_report_write         (const char         *filename,
                                     const ArenaRun     *runs,
                                     guint               n_runs,
                                     GError            **error);

G_END_DECLS
