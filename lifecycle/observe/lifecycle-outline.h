/* lifecycle-outline.h: the tree of all scopes at one moment
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (LIFECYCLE_INSIDE) && !defined (LIFECYCLE_COMPILATION)
#error "Only <lifecycle.h> can be included directly."
#endif

#include "lifecycle-types.h"

G_BEGIN_DECLS

#define LIFECYCLE_TYPE_OUTLINE (lifecycle_outline_get_type ())

typedef struct _LifecycleOutline LifecycleOutline;

LIFECYCLE_AVAILABLE_IN_1_0
GType             lifecycle_outline_get_type        (void) G_GNUC_CONST;

LIFECYCLE_AVAILABLE_IN_1_0
LifecycleOutline *lifecycle_outline_new             (void);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleOutline *lifecycle_outline_ref             (LifecycleOutline *self);
LIFECYCLE_AVAILABLE_IN_1_0
void              lifecycle_outline_unref           (LifecycleOutline *self);

LIFECYCLE_AVAILABLE_IN_1_0
guint             lifecycle_outline_get_n_scopes    (LifecycleOutline *self);
LIFECYCLE_AVAILABLE_IN_1_0
guint             lifecycle_outline_get_parent      (LifecycleOutline *self,
                                                     guint             index);
LIFECYCLE_AVAILABLE_IN_1_0
guint             lifecycle_outline_get_first_child (LifecycleOutline *self,
                                                     guint             index);
LIFECYCLE_AVAILABLE_IN_1_0
guint             lifecycle_outline_get_next        (LifecycleOutline *self,
                                                     guint             index);
LIFECYCLE_AVAILABLE_IN_1_0
guint             lifecycle_outline_get_n_children  (LifecycleOutline *self,
                                                     guint             index);

LIFECYCLE_AVAILABLE_IN_1_0
gsize             lifecycle_outline_get_identity    (LifecycleOutline *self,
                                                     guint             index);
LIFECYCLE_AVAILABLE_IN_1_0
const char       *lifecycle_outline_get_name        (LifecycleOutline *self,
                                                     guint             index);
LIFECYCLE_AVAILABLE_IN_1_0
const char       *lifecycle_outline_get_place       (LifecycleOutline *self,
                                                     guint             index);
LIFECYCLE_AVAILABLE_IN_1_0
GType             lifecycle_outline_get_object_type (LifecycleOutline *self,
                                                     guint             index);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleState    lifecycle_outline_get_state       (LifecycleOutline *self,
                                                     guint             index);
LIFECYCLE_AVAILABLE_IN_1_0
gint64            lifecycle_outline_get_age         (LifecycleOutline *self,
                                                     guint             index);
LIFECYCLE_AVAILABLE_IN_1_0
guint             lifecycle_outline_get_live        (LifecycleOutline *self,
                                                     guint             index,
                                                     LifecycleKind     kind);
LIFECYCLE_AVAILABLE_IN_1_0
guint             lifecycle_outline_get_n_entries   (LifecycleOutline *self,
                                                     guint             index,
                                                     gboolean          recursive);

LIFECYCLE_AVAILABLE_IN_1_0
LifecycleScope   *lifecycle_outline_ref_scope       (LifecycleOutline *self,
                                                     guint             index) G_GNUC_WARN_UNUSED_RESULT;
LIFECYCLE_AVAILABLE_IN_1_0
GObject          *lifecycle_outline_ref_object      (LifecycleOutline *self,
                                                     guint             index) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LifecycleOutline, lifecycle_outline_unref)

G_END_DECLS
