/* lifecycle-timer.h: timers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (LIFECYCLE_INSIDE) && !defined (LIFECYCLE_COMPILATION)
#error "Only <lifecycle.h> can be included directly."
#endif

#include "lifecycle-types.h"

G_BEGIN_DECLS

#define LIFECYCLE_TYPE_TIMER (lifecycle_timer_get_type ())

typedef struct _LifecycleTimer LifecycleTimer;

LIFECYCLE_AVAILABLE_IN_1_0
GType           lifecycle_timer_get_type         (void) G_GNUC_CONST;
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleTimer *lifecycle_timer_ref              (LifecycleTimer *self);
LIFECYCLE_AVAILABLE_IN_1_0
void            lifecycle_timer_unref            (LifecycleTimer *self);
LIFECYCLE_AVAILABLE_IN_1_0
void            lifecycle_timer_cancel           (LifecycleTimer *self);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean        lifecycle_timer_restart          (LifecycleTimer *self);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean        lifecycle_timer_stop             (LifecycleTimer *self);
LIFECYCLE_AVAILABLE_IN_1_0
void            lifecycle_timer_set_interval     (LifecycleTimer *self,
                                                  guint           interval_ms);
LIFECYCLE_AVAILABLE_IN_1_0
guint           lifecycle_timer_get_interval     (LifecycleTimer *self);
LIFECYCLE_AVAILABLE_IN_1_0
gint64          lifecycle_timer_get_remaining    (LifecycleTimer *self);
LIFECYCLE_AVAILABLE_IN_1_0
guint           lifecycle_timer_get_n_calls      (LifecycleTimer *self);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean        lifecycle_timer_is_active        (LifecycleTimer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LifecycleTimer, lifecycle_timer_unref)

LIFECYCLE_AVAILABLE_IN_1_0
LifecycleTimer *lifecycle_scope_add_timeout      (LifecycleScope  *self,
                                                  guint            interval_ms,
                                                  GSourceFunc      func,
                                                  gpointer         data,
                                                  GDestroyNotify   destroy);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleTimer *lifecycle_scope_new_timeout      (LifecycleScope  *self,
                                                  guint            interval_ms,
                                                  GSourceFunc      func,
                                                  gpointer         data,
                                                  GDestroyNotify   destroy);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleTimer *lifecycle_scope_add_timeout_full (LifecycleScope  *self,
                                                  guint            interval_ms,
                                                  guint            max_calls,
                                                  GSourceFunc      func,
                                                  gpointer         data,
                                                  GDestroyNotify   destroy);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleTimer *lifecycle_scope_new_timeout_full (LifecycleScope  *self,
                                                  guint            interval_ms,
                                                  guint            max_calls,
                                                  GSourceFunc      func,
                                                  gpointer         data,
                                                  GDestroyNotify   destroy);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleTimer *lifecycle_scope_add_debounce     (LifecycleScope  *self,
                                                  guint            delay_ms,
                                                  GSourceOnceFunc  func,
                                                  gpointer         data,
                                                  GDestroyNotify   destroy);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleTimer *lifecycle_scope_new_debounce     (LifecycleScope  *self,
                                                  guint            delay_ms,
                                                  GSourceOnceFunc  func,
                                                  gpointer         data,
                                                  GDestroyNotify   destroy);
LIFECYCLE_AVAILABLE_IN_1_0
void            lifecycle_scope_set_deadline     (LifecycleScope  *self,
                                                  guint            timeout_ms);
LIFECYCLE_AVAILABLE_IN_1_0
gint64          lifecycle_scope_get_remaining    (LifecycleScope  *self);

#ifndef __GI_SCANNER__

/* The same functions with the name of the entry as the first argument: a static string, or NULL. */
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleTimer *lifecycle_scope_add_timeout_at      (const char      *place,
                                                     LifecycleScope  *self,
                                                     guint            interval_ms,
                                                     GSourceFunc      func,
                                                     gpointer         data,
                                                     GDestroyNotify   destroy);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleTimer *lifecycle_scope_new_timeout_at      (const char      *place,
                                                     LifecycleScope  *self,
                                                     guint            interval_ms,
                                                     GSourceFunc      func,
                                                     gpointer         data,
                                                     GDestroyNotify   destroy);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleTimer *lifecycle_scope_add_timeout_full_at (const char      *place,
                                                     LifecycleScope  *self,
                                                     guint            interval_ms,
                                                     guint            max_calls,
                                                     GSourceFunc      func,
                                                     gpointer         data,
                                                     GDestroyNotify   destroy);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleTimer *lifecycle_scope_new_timeout_full_at (const char      *place,
                                                     LifecycleScope  *self,
                                                     guint            interval_ms,
                                                     guint            max_calls,
                                                     GSourceFunc      func,
                                                     gpointer         data,
                                                     GDestroyNotify   destroy);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleTimer *lifecycle_scope_add_debounce_at     (const char      *place,
                                                     LifecycleScope  *self,
                                                     guint            delay_ms,
                                                     GSourceOnceFunc  func,
                                                     gpointer         data,
                                                     GDestroyNotify   destroy);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleTimer *lifecycle_scope_new_debounce_at     (const char      *place,
                                                     LifecycleScope  *self,
                                                     guint            delay_ms,
                                                     GSourceOnceFunc  func,
                                                     gpointer         data,
                                                     GDestroyNotify   destroy);

#ifndef LIFECYCLE_DISABLE_SOURCE_NAMES
#define lifecycle_scope_add_timeout(...) lifecycle_scope_add_timeout_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_new_timeout(...) lifecycle_scope_new_timeout_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_add_timeout_full(...) lifecycle_scope_add_timeout_full_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_new_timeout_full(...) lifecycle_scope_new_timeout_full_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_add_debounce(...) lifecycle_scope_add_debounce_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_new_debounce(...) lifecycle_scope_new_debounce_at (LIFECYCLE_PLACE, __VA_ARGS__)
#endif

#endif /* __GI_SCANNER__ */

G_END_DECLS
