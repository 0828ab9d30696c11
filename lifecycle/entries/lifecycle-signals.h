/* lifecycle-signals.h: signal handlers
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
 * LifecycleConnectFlags:
 * @LIFECYCLE_CONNECT_DEFAULT: like `g_signal_connect()`
 * @LIFECYCLE_CONNECT_AFTER: the handler runs after the default handler of the signal
 * @LIFECYCLE_CONNECT_SWAPPED: the handler gets its data as the first argument and the instance as
 *   the last; C only
 * @LIFECYCLE_CONNECT_ONCE: the handler is disconnected just before it runs for the first time
 * @LIFECYCLE_CONNECT_QUEUED: the signal may be emitted on any thread; the arguments are copied, and
 *   the handler runs later, at home, or not at all if the scope closes first
 * @LIFECYCLE_CONNECT_GUARDED: the handler runs on the emitting thread, whichever that is; once the
 *   scope is closing, no new call starts
 *
 * Flags for connecting a handler.
 *
 * Since: 1.0
 */
typedef enum /*< flags >*/
{
  LIFECYCLE_CONNECT_DEFAULT = 0,
  LIFECYCLE_CONNECT_AFTER   = 1 << 0,
  LIFECYCLE_CONNECT_SWAPPED = 1 << 1,
  LIFECYCLE_CONNECT_ONCE    = 1 << 2,
  LIFECYCLE_CONNECT_QUEUED  = 1 << 3,
  LIFECYCLE_CONNECT_GUARDED = 1 << 4
} LifecycleConnectFlags;

/**
 * LifecycleCancelledFunc:
 * @cancellable: the cancellable that was cancelled
 * @user_data: the data that was passed along with the function
 *
 * Called at home by [method@Scope.connect_cancellable] when a cancellable is cancelled.
 *
 * Since: 1.0
 */
typedef void (* LifecycleCancelledFunc) (GCancellable *cancellable,
                                         gpointer      user_data);

LIFECYCLE_AVAILABLE_IN_1_0
gulong   lifecycle_scope_connect_signal  (LifecycleScope        *self,
                                          gpointer               instance,
                                          const char            *detailed_signal,
                                          GCallback              handler,
                                          gpointer               data);
LIFECYCLE_AVAILABLE_IN_1_0
gulong   lifecycle_scope_connect_full    (LifecycleScope        *self,
                                          gpointer               instance,
                                          const char            *detailed_signal,
                                          GCallback              handler,
                                          gpointer               data,
                                          GClosureNotify         destroy,
                                          LifecycleConnectFlags  flags);
LIFECYCLE_AVAILABLE_IN_1_0
gulong   lifecycle_scope_connect_object  (LifecycleScope        *self,
                                          gpointer               instance,
                                          const char            *detailed_signal,
                                          GCallback              handler,
                                          GObject               *object,
                                          LifecycleConnectFlags  flags);
LIFECYCLE_AVAILABLE_IN_1_0
gulong   lifecycle_scope_connect_closure (LifecycleScope        *self,
                                          GObject               *instance,
                                          const char            *detailed_signal,
                                          GClosure              *closure,
                                          LifecycleConnectFlags  flags);
LIFECYCLE_AVAILABLE_IN_1_0
gulong   lifecycle_scope_connect_cancellable (LifecycleScope         *self,
                                              GCancellable           *cancellable,
                                              LifecycleCancelledFunc  func,
                                              gpointer                data,
                                              GDestroyNotify          destroy);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_scope_add_handler     (LifecycleScope        *self,
                                          GObject               *instance,
                                          gulong                 handler_id);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_scope_add_handler_from (LifecycleScope        *self,
                                          GObject               *instance,
                                          gulong                 handler_id,
                                          guint                  place);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_scope_steal_handler   (LifecycleScope        *self,
                                          GObject               *instance,
                                          gulong                 handler_id);
LIFECYCLE_AVAILABLE_IN_1_0
void     lifecycle_scope_block           (LifecycleScope        *self);
LIFECYCLE_AVAILABLE_IN_1_0
void     lifecycle_scope_unblock         (LifecycleScope        *self);

#ifndef __GI_SCANNER__

/* The same functions with the name of the entry as the first argument: a static string, or NULL. */
LIFECYCLE_AVAILABLE_IN_1_0
gulong   lifecycle_scope_connect_full_at    (const char            *place,
                                             LifecycleScope        *self,
                                             gpointer               instance,
                                             const char            *detailed_signal,
                                             GCallback              handler,
                                             gpointer               data,
                                             GClosureNotify         destroy,
                                             LifecycleConnectFlags  flags);
LIFECYCLE_AVAILABLE_IN_1_0
gulong   lifecycle_scope_connect_object_at  (const char            *place,
                                             LifecycleScope        *self,
                                             gpointer               instance,
                                             const char            *detailed_signal,
                                             GCallback              handler,
                                             GObject               *object,
                                             LifecycleConnectFlags  flags);
LIFECYCLE_AVAILABLE_IN_1_0
gulong   lifecycle_scope_connect_signal_at  (const char            *place,
                                             LifecycleScope        *self,
                                             gpointer               instance,
                                             const char            *detailed_signal,
                                             GCallback              handler,
                                             gpointer               data);
LIFECYCLE_AVAILABLE_IN_1_0
gulong   lifecycle_scope_connect_closure_at (const char            *place,
                                             LifecycleScope        *self,
                                             GObject               *instance,
                                             const char            *detailed_signal,
                                             GClosure              *closure,
                                             LifecycleConnectFlags  flags);
LIFECYCLE_AVAILABLE_IN_1_0
gulong   lifecycle_scope_connect_cancellable_at (const char             *place,
                                                 LifecycleScope         *self,
                                                 GCancellable           *cancellable,
                                                 LifecycleCancelledFunc  func,
                                                 gpointer                data,
                                                 GDestroyNotify          destroy);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_scope_add_handler_at     (const char            *place,
                                             LifecycleScope        *self,
                                             GObject               *instance,
                                             gulong                 handler_id);

#ifndef LIFECYCLE_DISABLE_SOURCE_NAMES
#define lifecycle_scope_connect_signal(...) lifecycle_scope_connect_signal_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_connect_full(...) lifecycle_scope_connect_full_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_connect_object(...) lifecycle_scope_connect_object_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_connect_closure(...) lifecycle_scope_connect_closure_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_connect_cancellable(...) lifecycle_scope_connect_cancellable_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_add_handler(...) lifecycle_scope_add_handler_at (LIFECYCLE_PLACE, __VA_ARGS__)
#endif

#endif /* __GI_SCANNER__ */

G_END_DECLS
