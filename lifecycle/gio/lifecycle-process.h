/* lifecycle-process.h: child processes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (LIFECYCLE_INSIDE) && !defined (LIFECYCLE_COMPILATION)
#error "Only <lifecycle.h> can be included directly."
#endif

#include "lifecycle-types.h"

G_BEGIN_DECLS

/**
 * LifecycleProcessFlags:
 * @LIFECYCLE_PROCESS_DEFAULT: terminate only the process itself
 * @LIFECYCLE_PROCESS_GROUP: terminate the process and all others in the process group that it
 *   leads: its children, their children, and so on; see [func@process_launch_group]
 *
 * Flags that specify which processes are terminated when a scope closes.
 *
 * Since: 1.0
 */
typedef enum
{
  LIFECYCLE_PROCESS_DEFAULT = 0,
  LIFECYCLE_PROCESS_GROUP   = 1 << 0
} LifecycleProcessFlags;

LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_add_subprocess         (LifecycleScope         *self,
                                                  GSubprocess            *subprocess,
                                                  guint                   grace_ms);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_add_subprocess_full    (LifecycleScope         *self,
                                                  GSubprocess            *subprocess,
                                                  guint                   grace_ms,
                                                  LifecycleProcessFlags   flags);
#ifdef G_OS_UNIX
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_add_process            (LifecycleScope         *self,
                                                  GPid                    pid,
                                                  guint                   grace_ms,
                                                  LifecycleProcessFlags   flags,
                                                  GChildWatchFunc         func,
                                                  gpointer                user_data,
                                                  GDestroyNotify          destroy);
LIFECYCLE_AVAILABLE_IN_1_0
void      lifecycle_process_lead_group           (gpointer                unused);
LIFECYCLE_AVAILABLE_IN_1_0
void      lifecycle_process_launch_group         (GSubprocessLauncher    *launcher);
#endif

#ifndef __GI_SCANNER__

/* The same functions with the name of the entry as the first argument: a static string, or NULL. */
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_add_subprocess_at      (const char             *place,
                                                  LifecycleScope         *self,
                                                  GSubprocess            *subprocess,
                                                  guint                   grace_ms);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_add_subprocess_full_at (const char             *place,
                                                  LifecycleScope         *self,
                                                  GSubprocess            *subprocess,
                                                  guint                   grace_ms,
                                                  LifecycleProcessFlags   flags);
#ifdef G_OS_UNIX
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_add_process_at         (const char             *place,
                                                  LifecycleScope         *self,
                                                  GPid                    pid,
                                                  guint                   grace_ms,
                                                  LifecycleProcessFlags   flags,
                                                  GChildWatchFunc         func,
                                                  gpointer                user_data,
                                                  GDestroyNotify          destroy);
#endif

#ifndef LIFECYCLE_DISABLE_SOURCE_NAMES
#define lifecycle_scope_add_subprocess(...) lifecycle_scope_add_subprocess_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_add_subprocess_full(...) lifecycle_scope_add_subprocess_full_at (LIFECYCLE_PLACE, __VA_ARGS__)
#ifdef G_OS_UNIX
#define lifecycle_scope_add_process(...) lifecycle_scope_add_process_at (LIFECYCLE_PLACE, __VA_ARGS__)
#endif
#endif

#endif /* __GI_SCANNER__ */

G_END_DECLS
