/* conformance.h: what the runner in C offers to steps that are elsewhere
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <lifecycle.h>

/* What a callback does: it traces its label, and then does a step, which may be to fail. */
typedef struct
{
  char    *label;
  char    *then;
  char    *scope;       /* the name of the one that hears of a failure, or NULL */
  guint    left;
  GObject *captured;
} Job;

Job        *job_new             (const char *label,
                                 const char *then);
Job        *job_new_in          (const char *scope,
                                 const char *label,
                                 const char *then);
void        job_free            (gpointer    data);
void        job_closure_free    (gpointer    data,
                                 GClosure   *closure);
void        job_run             (Job        *job);

void        give_up             (const char *format,
                                 ...) G_GNUC_PRINTF (1, 2);
void        trace               (const char *format,
                                 ...) G_GNUC_PRINTF (1, 2);
void        count               (const char *label);
guint       get_count           (const char *label);
void        reset_count         (const char *label);
gboolean    iterate_until       (gboolean  (* done) (gpointer data),
                                 gpointer   data,
                                 const char *what);

gpointer    thing               (const char *name);
void        keep                (const char *name,
                                 gpointer    object);
void        drop                (const char *name);

/* In another file: steps that this runner does not know. */
void        begin_more          (void);
gboolean    run_more_step       (const char  *verb,
                                 char       **a,
                                 const char  *then);
void        forget_more         (void);
