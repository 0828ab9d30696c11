/* lifecycle-tool-program-private.h: programs that can be inspected
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* How long a program gets to answer, besides what a method waits for by itself, in ms. */
#define LIFECYCLE_PROGRAM_TIMEOUT 10000

/* A connection to a program. */
typedef struct
{
  guint            pid;
  char            *name;        /* what it calls itself */
  GDBusConnection *connection;
} LifecycleProgram;

GArray           *lifecycle_program_list_pids (void);
LifecycleProgram *lifecycle_program_open_pid  (guint              pid,
                                               guint              timeout,
                                               GError           **error);
LifecycleProgram *lifecycle_program_open      (const char        *who);
GVariant         *lifecycle_program_call_full (LifecycleProgram  *self,
                                               const char        *method,
                                               GVariant          *parameters,
                                               guint              timeout,
                                               GError           **error);
GVariant         *lifecycle_program_call      (LifecycleProgram  *self,
                                               const char        *method,
                                               GVariant          *parameters);
GVariant         *lifecycle_program_ask       (const char        *who,
                                               const char        *method,
                                               GVariant          *parameters);
void              lifecycle_program_free      (LifecycleProgram  *self);
char             *lifecycle_program_guess_name (guint             pid);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LifecycleProgram, lifecycle_program_free)

G_END_DECLS
