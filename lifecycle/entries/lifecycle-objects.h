/* lifecycle-objects.h: objects, adopted data and cleanups
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
 * LifecycleCleanupFunc:
 * @scope: the scope that ends: closing, closed, or still open if it is only being cleared
 * @reason: the reason for the end
 * @user_data: (closure): the data that was passed to [method@Scope.defer] or
 *   [method@Scope.defer_for]
 * @error: return location for an error
 *
 * Does one step of a teardown.
 *
 * It may do anything, including closing any scope and adding to it. An error does not stop the
 * teardown: all other cleanups still run. See [method@Scope.get_error].
 *
 * Since: 1.0
 */
typedef void (*LifecycleCleanupFunc) (LifecycleScope   *scope,
                                      LifecycleReason   reason,
                                      gpointer          user_data,
                                      GError          **error);

LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_add_object   (LifecycleScope       *self,
                                        GObject              *object);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_steal_object (LifecycleScope       *self,
                                        GObject              *object);
LIFECYCLE_AVAILABLE_IN_1_0
gpointer  lifecycle_scope_adopt        (LifecycleScope       *self,
                                        gpointer              data,
                                        GDestroyNotify        free_func);
LIFECYCLE_AVAILABLE_IN_1_0
void      lifecycle_scope_defer        (LifecycleScope       *self,
                                        LifecycleCleanupFunc  func,
                                        gpointer              user_data,
                                        GDestroyNotify        destroy);
LIFECYCLE_AVAILABLE_IN_1_0
void      lifecycle_scope_defer_for    (LifecycleScope       *self,
                                        GObject              *object,
                                        LifecycleCleanupFunc  func,
                                        gpointer              user_data,
                                        GDestroyNotify        destroy);
LIFECYCLE_AVAILABLE_IN_1_0
void      lifecycle_scope_defer_closure (LifecycleScope      *self,
                                        GClosure             *closure);
LIFECYCLE_AVAILABLE_IN_1_0
void      lifecycle_scope_defer_for_closure (LifecycleScope  *self,
                                        GObject              *object,
                                        GClosure             *closure);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_undefer      (LifecycleScope       *self,
                                        LifecycleCleanupFunc  func,
                                        gpointer              user_data);

#ifndef __GI_SCANNER__

/* The same functions with the name of the entry as the first argument: a static string, or NULL. */
LIFECYCLE_AVAILABLE_IN_1_0
gboolean  lifecycle_scope_add_object_at (const char           *place,
                                         LifecycleScope       *self,
                                         GObject              *object);
LIFECYCLE_AVAILABLE_IN_1_0
gpointer  lifecycle_scope_adopt_at      (const char           *place,
                                         LifecycleScope       *self,
                                         gpointer              data,
                                         GDestroyNotify        free_func);
LIFECYCLE_AVAILABLE_IN_1_0
void      lifecycle_scope_defer_at      (const char           *place,
                                         LifecycleScope       *self,
                                         LifecycleCleanupFunc  func,
                                         gpointer              user_data,
                                         GDestroyNotify        destroy);
LIFECYCLE_AVAILABLE_IN_1_0
void      lifecycle_scope_defer_for_at  (const char           *place,
                                         LifecycleScope       *self,
                                         GObject              *object,
                                         LifecycleCleanupFunc  func,
                                         gpointer              user_data,
                                         GDestroyNotify        destroy);
LIFECYCLE_AVAILABLE_IN_1_0
void      lifecycle_scope_defer_closure_at (const char       *place,
                                         LifecycleScope       *self,
                                         GClosure             *closure);
LIFECYCLE_AVAILABLE_IN_1_0
void      lifecycle_scope_defer_for_closure_at (const char   *place,
                                         LifecycleScope       *self,
                                         GObject              *object,
                                         GClosure             *closure);

#ifndef LIFECYCLE_DISABLE_SOURCE_NAMES
#define lifecycle_scope_defer_for_closure(...) lifecycle_scope_defer_for_closure_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_defer_closure(...) lifecycle_scope_defer_closure_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_add_object(...) lifecycle_scope_add_object_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_adopt(...) lifecycle_scope_adopt_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_defer(...) lifecycle_scope_defer_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_defer_for(...) lifecycle_scope_defer_for_at (LIFECYCLE_PLACE, __VA_ARGS__)
#endif

#endif /* __GI_SCANNER__ */

G_END_DECLS
