/* lifecycle-home-private.h: the home of a scope, and how to run code there
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-scope-private.h"

G_BEGIN_DECLS

GMainContext *lifecycle_home_ref_current (void);
GMainContext *lifecycle_home_ref      (GMainContext  *context);
void     lifecycle_home_unref         (GMainContext  *context);
gboolean lifecycle_home_enter         (GMainContext   *context,
                                       LifecycleThread *thread);
gboolean lifecycle_home_inherit       (GMainContext   *context,
                                       LifecycleThread *thread);
gboolean lifecycle_scope_enter_home   (LifecycleScope *self);
void     lifecycle_scope_leave_home   (LifecycleScope *self);
gboolean lifecycle_scope_inherit_home (LifecycleScope *self);
void     lifecycle_scope_leave_inherited_home (LifecycleScope *self);
void     lifecycle_post               (GMainContext   *context,
                                       gint            priority,
                                       const char     *name,
                                       GSourceFunc     func,
                                       gpointer        data,
                                       GDestroyNotify  destroy);

/* What LIFECYCLE_DEBUG has turned on. */
typedef enum
{
  LIFECYCLE_DEBUG_ALIVE      = 1 << 0,
  LIFECYCLE_DEBUG_LEAKS      = 1 << 1,
  LIFECYCLE_DEBUG_STACKS     = 1 << 2,
  LIFECYCLE_DEBUG_THREADS    = 1 << 3,
  LIFECYCLE_DEBUG_TRACE      = 1 << 4,
  LIFECYCLE_DEBUG_OPERATIONS = 1 << 5,
  LIFECYCLE_DEBUG_INSPECT    = 1 << 6,
  LIFECYCLE_DEBUG_INSPECT_CLOSE = 1 << 7,
  LIFECYCLE_DEBUG_WIDGETS    = 1 << 8
} LifecycleDebugFlags;

extern guint lifecycle_debug_flags;

void lifecycle_debug_off_home (LifecycleScope *scope,
                               const char     *what,
                               LifecycleEntry *entry);

void lifecycle_debug_new_root (LifecycleScope *scope);

static inline gboolean
lifecycle_debug_has (LifecycleDebugFlags flag)
{
  return G_UNLIKELY ((lifecycle_debug_flags & flag) != 0);
}

/* For functions that must be called at home. */
#define LIFECYCLE_DEBUG_HOME(scope)                         \
  G_STMT_START                                              \
    {                                                       \
      if (lifecycle_debug_has (LIFECYCLE_DEBUG_THREADS))    \
        lifecycle_debug_off_home ((scope), G_STRFUNC, NULL); \
    }                                                       \
  G_STMT_END

G_END_DECLS
