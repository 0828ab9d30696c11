/* lifecycle-sources.h: sources of the main loop
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (LIFECYCLE_INSIDE) && !defined (LIFECYCLE_COMPILATION)
#error "Only <lifecycle.h> can be included directly."
#endif

#include "lifecycle-types.h"

#ifdef G_OS_UNIX
#include <glib-unix.h>
#endif

G_BEGIN_DECLS

LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_add_source      (LifecycleScope    *self,
                                           GSource           *source);
LIFECYCLE_AVAILABLE_IN_1_0
GSource  *lifecycle_scope_add_idle        (LifecycleScope    *self,
                                           GSourceFunc        func,
                                           gpointer           data,
                                           GDestroyNotify     destroy);
LIFECYCLE_AVAILABLE_IN_1_0
GSource  *lifecycle_scope_new_idle        (LifecycleScope    *self,
                                           GSourceFunc        func,
                                           gpointer           data,
                                           GDestroyNotify     destroy);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_steal_source    (LifecycleScope    *self,
                                           GSource           *source);

#ifdef G_OS_UNIX
LIFECYCLE_AVAILABLE_IN_1_0
GSource  *lifecycle_scope_add_fd          (LifecycleScope    *self,
                                           int                fd,
                                           GIOCondition       condition,
                                           GUnixFDSourceFunc  func,
                                           gpointer           data,
                                           GDestroyNotify     destroy);
LIFECYCLE_AVAILABLE_IN_1_0
GSource  *lifecycle_scope_new_fd          (LifecycleScope    *self,
                                           int                fd,
                                           GIOCondition       condition,
                                           GUnixFDSourceFunc  func,
                                           gpointer           data,
                                           GDestroyNotify     destroy);
LIFECYCLE_AVAILABLE_IN_1_0
GSource  *lifecycle_scope_add_unix_signal (LifecycleScope    *self,
                                           int                signum,
                                           GSourceFunc        func,
                                           gpointer           data,
                                           GDestroyNotify     destroy);
LIFECYCLE_AVAILABLE_IN_1_0
GSource  *lifecycle_scope_new_unix_signal (LifecycleScope    *self,
                                           int                signum,
                                           GSourceFunc        func,
                                           gpointer           data,
                                           GDestroyNotify     destroy);
#endif

#ifndef __GI_SCANNER__

/* The same functions with the name of the entry as the first argument: a static string, or NULL. */
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_add_source_at      (const char        *place,
                                              LifecycleScope    *self,
                                              GSource           *source);
LIFECYCLE_AVAILABLE_IN_1_0
GSource  *lifecycle_scope_add_idle_at        (const char        *place,
                                              LifecycleScope    *self,
                                              GSourceFunc        func,
                                              gpointer           data,
                                              GDestroyNotify     destroy);
LIFECYCLE_AVAILABLE_IN_1_0
GSource  *lifecycle_scope_new_idle_at        (const char        *place,
                                              LifecycleScope    *self,
                                              GSourceFunc        func,
                                              gpointer           data,
                                              GDestroyNotify     destroy);

#ifdef G_OS_UNIX
LIFECYCLE_AVAILABLE_IN_1_0
GSource  *lifecycle_scope_add_fd_at          (const char        *place,
                                              LifecycleScope    *self,
                                              int                fd,
                                              GIOCondition       condition,
                                              GUnixFDSourceFunc  func,
                                              gpointer           data,
                                              GDestroyNotify     destroy);
LIFECYCLE_AVAILABLE_IN_1_0
GSource  *lifecycle_scope_new_fd_at          (const char        *place,
                                              LifecycleScope    *self,
                                              int                fd,
                                              GIOCondition       condition,
                                              GUnixFDSourceFunc  func,
                                              gpointer           data,
                                              GDestroyNotify     destroy);
LIFECYCLE_AVAILABLE_IN_1_0
GSource  *lifecycle_scope_add_unix_signal_at (const char        *place,
                                              LifecycleScope    *self,
                                              int                signum,
                                              GSourceFunc        func,
                                              gpointer           data,
                                              GDestroyNotify     destroy);
LIFECYCLE_AVAILABLE_IN_1_0
GSource  *lifecycle_scope_new_unix_signal_at (const char        *place,
                                              LifecycleScope    *self,
                                              int                signum,
                                              GSourceFunc        func,
                                              gpointer           data,
                                              GDestroyNotify     destroy);
#endif

#ifndef LIFECYCLE_DISABLE_SOURCE_NAMES
#define lifecycle_scope_add_source(...) lifecycle_scope_add_source_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_add_idle(...) lifecycle_scope_add_idle_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_new_idle(...) lifecycle_scope_new_idle_at (LIFECYCLE_PLACE, __VA_ARGS__)
#ifdef G_OS_UNIX
#define lifecycle_scope_add_fd(...) lifecycle_scope_add_fd_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_new_fd(...) lifecycle_scope_new_fd_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_add_unix_signal(...) lifecycle_scope_add_unix_signal_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_new_unix_signal(...) lifecycle_scope_new_unix_signal_at (LIFECYCLE_PLACE, __VA_ARGS__)
#endif
#endif

#endif /* __GI_SCANNER__ */

G_END_DECLS
