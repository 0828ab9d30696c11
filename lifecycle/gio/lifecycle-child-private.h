/* lifecycle-child-private.h: child processes that are told to exit, and killed if they do not
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _LifecycleChild LifecycleChild;

/* Both functions are called on the library's own thread, with no lock held. */
typedef struct
{
  /* Called when the process has exited. */
  void (* exited) (gpointer data,
                   int      wait_status);

  /* Called when nothing is left to terminate. For a process group that can be after exited(). */
  void (* over)   (gpointer data);
} LifecycleChildEvents;

LifecycleChild *lifecycle_child_new_for_subprocess (GSubprocess                *subprocess,
                                                    gboolean                    group);
#ifdef G_OS_UNIX
LifecycleChild *lifecycle_child_new_for_pid        (GPid                        pid,
                                                    gboolean                    group);
#endif
LifecycleChild *lifecycle_child_ref                (LifecycleChild             *self);
void            lifecycle_child_unref              (LifecycleChild             *self);
GPid            lifecycle_child_get_pid            (LifecycleChild             *self);
gboolean        lifecycle_child_leads_group        (LifecycleChild             *self);
void            lifecycle_child_watch              (LifecycleChild             *self,
                                                    guint                       grace_ms,
                                                    const LifecycleChildEvents *events,
                                                    gpointer                    data,
                                                    GDestroyNotify              destroy);
gboolean        lifecycle_child_end                (LifecycleChild             *self);

/* For tests: whether to behave as on a system without process file descriptors. */
extern gboolean lifecycle_child_avoid_pidfd;

G_END_DECLS
