/* lifecycle-operation.h: asynchronous calls
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (LIFECYCLE_INSIDE) && !defined (LIFECYCLE_COMPILATION)
#error "Only <lifecycle.h> can be included directly."
#endif

#include "lifecycle-types.h"

G_BEGIN_DECLS

#define LIFECYCLE_TYPE_OPERATION (lifecycle_operation_get_type ())

typedef struct _LifecycleOperation LifecycleOperation;

LIFECYCLE_AVAILABLE_IN_1_0
GType               lifecycle_operation_get_type        (void) G_GNUC_CONST;
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleOperation *lifecycle_operation_ref             (LifecycleOperation  *self);
LIFECYCLE_AVAILABLE_IN_1_0
void                lifecycle_operation_unref           (LifecycleOperation  *self);
LIFECYCLE_AVAILABLE_IN_1_0
GCancellable       *lifecycle_operation_get_cancellable (LifecycleOperation  *self);
LIFECYCLE_AVAILABLE_IN_1_0
const char         *lifecycle_operation_get_name        (LifecycleOperation  *self);
LIFECYCLE_AVAILABLE_IN_1_0
gint64              lifecycle_operation_get_age         (LifecycleOperation  *self);
LIFECYCLE_AVAILABLE_IN_1_0
void                lifecycle_operation_ready           (GObject             *source_object,
                                                         GAsyncResult        *result,
                                                         gpointer             operation);
LIFECYCLE_AVAILABLE_IN_1_0
void                lifecycle_operation_complete        (LifecycleOperation  *self,
                                                         GObject             *source_object,
                                                         GAsyncResult        *result);
LIFECYCLE_AVAILABLE_IN_1_0
void                lifecycle_operation_end             (LifecycleOperation  *self);

LIFECYCLE_AVAILABLE_IN_1_0
gpointer            lifecycle_operation_keep            (LifecycleOperation  *self,
                                                         gpointer             data,
                                                         GDestroyNotify       free_func);
LIFECYCLE_AVAILABLE_IN_1_0
void                lifecycle_operation_keep_object     (LifecycleOperation  *self,
                                                         GObject             *object);
LIFECYCLE_AVAILABLE_IN_1_0
void                lifecycle_operation_set_progress    (LifecycleOperation  *self,
                                                         GFileProgressCallback func,
                                                         gpointer             data,
                                                         GDestroyNotify       destroy);
LIFECYCLE_AVAILABLE_IN_1_0
void                lifecycle_operation_progress        (goffset              current_num_bytes,
                                                         goffset              total_num_bytes,
                                                         gpointer             operation);
LIFECYCLE_AVAILABLE_IN_1_0
void                lifecycle_operation_set_shielded    (LifecycleOperation  *self,
                                                         guint                timeout_ms);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean            lifecycle_operation_get_shielded    (LifecycleOperation  *self);
LIFECYCLE_AVAILABLE_IN_1_0
void                lifecycle_operation_fail            (LifecycleOperation  *self,
                                                         GError              *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LifecycleOperation, lifecycle_operation_unref)

LIFECYCLE_AVAILABLE_IN_1_0
LifecycleOperation *lifecycle_scope_begin_async         (LifecycleScope      *self,
                                                         const char          *name,
                                                         GAsyncReadyCallback  callback,
                                                         gpointer             user_data,
                                                         GDestroyNotify       destroy);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleOperation *lifecycle_scope_begin               (LifecycleScope      *self,
                                                         const char          *name);

#ifndef __GI_SCANNER__

/* The same functions with the name of the entry as the first argument: a static string, or NULL. */
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleOperation *lifecycle_scope_begin_async_at      (const char          *place,
                                                         LifecycleScope      *self,
                                                         const char          *name,
                                                         GAsyncReadyCallback  callback,
                                                         gpointer             user_data,
                                                         GDestroyNotify       destroy);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleOperation *lifecycle_scope_begin_at            (const char          *place,
                                                         LifecycleScope      *self,
                                                         const char          *name);

#ifndef LIFECYCLE_DISABLE_SOURCE_NAMES
#define lifecycle_scope_begin_async(...) lifecycle_scope_begin_async_at (LIFECYCLE_PLACE, __VA_ARGS__)
#define lifecycle_scope_begin(...) lifecycle_scope_begin_at (LIFECYCLE_PLACE, __VA_ARGS__)
#endif

#endif /* __GI_SCANNER__ */

G_END_DECLS
