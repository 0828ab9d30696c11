/* lifecycle-scope.h: the type: construction, tree, following, close verbs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (LIFECYCLE_INSIDE) && !defined (LIFECYCLE_COMPILATION)
#error "Only <lifecycle.h> can be included directly."
#endif

#include "lifecycle-types.h"

G_BEGIN_DECLS

LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_new                (const char      *name);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_new_child          (LifecycleScope  *parent,
                                                     const char      *name);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_of                 (GObject         *object);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_ref_of             (GObject         *object);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_get_child          (LifecycleScope  *self,
                                                     const char      *name);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_get_child_for      (LifecycleScope  *self,
                                                     GObject         *object);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_renew_child        (LifecycleScope  *self,
                                                     const char      *name);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_renew_child_for    (LifecycleScope  *self,
                                                     GObject         *object);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_ref_child          (LifecycleScope  *self,
                                                     const char      *name) G_GNUC_WARN_UNUSED_RESULT;
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_ref_child_for      (LifecycleScope  *self,
                                                     GObject         *object) G_GNUC_WARN_UNUSED_RESULT;
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_ref_renewed_child  (LifecycleScope  *self,
                                                     const char      *name) G_GNUC_WARN_UNUSED_RESULT;
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_ref_renewed_child_for (LifecycleScope *self,
                                                     GObject         *object) G_GNUC_WARN_UNUSED_RESULT;

LIFECYCLE_AVAILABLE_IN_1_0
void             lifecycle_scope_follow             (LifecycleScope  *self,
                                                     LifecycleScope  *other);
LIFECYCLE_AVAILABLE_IN_1_0
void             lifecycle_scope_follow_object      (LifecycleScope  *self,
                                                     GObject         *object);
LIFECYCLE_AVAILABLE_IN_1_0
void             lifecycle_scope_follow_signal      (LifecycleScope  *self,
                                                     GObject         *instance,
                                                     const char      *detailed_signal,
                                                     LifecycleReason  reason);
LIFECYCLE_AVAILABLE_IN_1_0
void             lifecycle_scope_follow_cancellable (LifecycleScope  *self,
                                                     GCancellable    *cancellable);

LIFECYCLE_AVAILABLE_IN_1_0
guint            lifecycle_scope_close              (LifecycleScope  *self);
LIFECYCLE_AVAILABLE_IN_1_0
guint            lifecycle_scope_close_with_reason  (LifecycleScope  *self,
                                                     LifecycleReason  reason,
                                                     const char      *detail);
LIFECYCLE_AVAILABLE_IN_1_0
void             lifecycle_scope_clear_for_dispose  (LifecycleScope **scope);
LIFECYCLE_AVAILABLE_IN_1_0
void             lifecycle_scope_close_async        (LifecycleScope      *self,
                                                     LifecycleReason      reason,
                                                     guint                timeout_ms,
                                                     GCancellable        *cancellable,
                                                     GAsyncReadyCallback  callback,
                                                     gpointer             user_data);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean         lifecycle_scope_close_finish       (LifecycleScope  *self,
                                                     GAsyncResult    *result,
                                                     GError         **error);
LIFECYCLE_AVAILABLE_IN_1_0
void             lifecycle_scope_drain_async        (LifecycleScope      *self,
                                                     LifecycleReason      reason,
                                                     guint                timeout_ms,
                                                     GCancellable        *cancellable,
                                                     GAsyncReadyCallback  callback,
                                                     gpointer             user_data);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean         lifecycle_scope_drain_finish       (LifecycleScope  *self,
                                                     GAsyncResult    *result,
                                                     GError         **error);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean         lifecycle_scope_is_draining        (LifecycleScope  *self);
LIFECYCLE_AVAILABLE_IN_1_0
guint            lifecycle_scope_clear              (LifecycleScope  *self);
LIFECYCLE_AVAILABLE_IN_1_0
guint            lifecycle_scope_clear_kind         (LifecycleScope  *self,
                                                     LifecycleKind    kind,
                                                     gboolean         recursive);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_move               (LifecycleScope  *self);

LIFECYCLE_AVAILABLE_IN_1_0
GCancellable    *lifecycle_scope_get_cancellable    (LifecycleScope  *self);
LIFECYCLE_AVAILABLE_IN_1_0
GCancellable    *lifecycle_scope_ref_cancellable    (LifecycleScope  *self) G_GNUC_WARN_UNUSED_RESULT;

LIFECYCLE_AVAILABLE_IN_1_0
const char      *lifecycle_scope_get_name           (LifecycleScope  *self);
LIFECYCLE_AVAILABLE_IN_1_0
char            *lifecycle_scope_get_path           (LifecycleScope  *self);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_get_parent         (LifecycleScope  *self);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleState   lifecycle_scope_get_state          (LifecycleScope  *self);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean         lifecycle_scope_is_closed          (LifecycleScope  *self);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleReason  lifecycle_scope_get_reason         (LifecycleScope  *self);
LIFECYCLE_AVAILABLE_IN_1_0
const char      *lifecycle_scope_get_reason_detail  (LifecycleScope  *self);
LIFECYCLE_AVAILABLE_IN_1_0
void             lifecycle_scope_set_reason_detail  (LifecycleScope  *self,
                                                     const char      *detail);
LIFECYCLE_AVAILABLE_IN_1_0
guint            lifecycle_scope_get_n_entries      (LifecycleScope  *self);
LIFECYCLE_AVAILABLE_IN_1_0
const GError    *lifecycle_scope_get_error          (LifecycleScope  *self);
LIFECYCLE_AVAILABLE_IN_1_0
guint            lifecycle_scope_get_limit          (LifecycleScope  *self);
LIFECYCLE_AVAILABLE_IN_1_0
void             lifecycle_scope_set_limit          (LifecycleScope  *self,
                                                     guint            limit);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean         lifecycle_scope_get_permanent      (LifecycleScope  *self);
LIFECYCLE_AVAILABLE_IN_1_0
void             lifecycle_scope_set_permanent      (LifecycleScope  *self,
                                                     gboolean         permanent);

#ifndef __GI_SCANNER__

/* The same functions with the name of the entry as the first argument: a static string, or NULL. */
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_new_at             (const char      *place,
                                                     const char      *name);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_new_child_at       (const char      *place,
                                                     LifecycleScope  *parent,
                                                     const char      *name);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_of_at              (const char      *place,
                                                     GObject         *object);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_ref_of_at          (const char      *place,
                                                     GObject         *object);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_get_child_at       (const char      *place,
                                                     LifecycleScope  *self,
                                                     const char      *name);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_get_child_for_at   (const char      *place,
                                                     LifecycleScope  *self,
                                                     GObject         *object);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_renew_child_at     (const char      *place,
                                                     LifecycleScope  *self,
                                                     const char      *name);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_renew_child_for_at  (const char      *place,
                                                     LifecycleScope  *self,
                                                     GObject         *object);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_ref_child_at        (const char      *place,
                                                     LifecycleScope  *self,
                                                     const char      *name)
                                                     G_GNUC_WARN_UNUSED_RESULT;
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_ref_child_for_at    (const char      *place,
                                                     LifecycleScope  *self,
                                                     GObject         *object)
                                                     G_GNUC_WARN_UNUSED_RESULT;
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_ref_renewed_child_at (const char      *place,
                                                     LifecycleScope  *self,
                                                     const char      *name)
                                                     G_GNUC_WARN_UNUSED_RESULT;
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope  *lifecycle_scope_ref_renewed_child_for_at (const char      *place,
                                                     LifecycleScope  *self,
                                                     GObject         *object)
                                                     G_GNUC_WARN_UNUSED_RESULT;

#ifndef LIFECYCLE_DISABLE_SOURCE_NAMES
#define lifecycle_scope_new(...) lifecycle_scope_new_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_of(...) lifecycle_scope_of_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_ref_of(...) lifecycle_scope_ref_of_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_get_child(...) lifecycle_scope_get_child_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_get_child_for(...) lifecycle_scope_get_child_for_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_renew_child(...) lifecycle_scope_renew_child_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_renew_child_for(...) lifecycle_scope_renew_child_for_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_ref_child(...) lifecycle_scope_ref_child_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_ref_child_for(...) lifecycle_scope_ref_child_for_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_ref_renewed_child(...) lifecycle_scope_ref_renewed_child_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_ref_renewed_child_for(...) lifecycle_scope_ref_renewed_child_for_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_new_child(...) lifecycle_scope_new_child_at (LIFECYCLE_PLACE, __VA_ARGS__)
#endif

#endif /* __GI_SCANNER__ */

G_END_DECLS
