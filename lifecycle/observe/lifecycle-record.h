/* lifecycle-record.h: descriptions of entries
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (LIFECYCLE_INSIDE) && !defined (LIFECYCLE_COMPILATION)
#error "Only <lifecycle.h> can be included directly."
#endif

#include "lifecycle-types.h"

G_BEGIN_DECLS

#define LIFECYCLE_TYPE_RECORD (lifecycle_record_get_type ())

LIFECYCLE_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (LifecycleRecord, lifecycle_record, LIFECYCLE, RECORD, GObject)

LIFECYCLE_AVAILABLE_IN_1_0
GListModel    *lifecycle_scope_list_records      (LifecycleScope  *self,
                                                  gboolean         recursive);
LIFECYCLE_AVAILABLE_IN_1_0
GListModel    *lifecycle_list_records            (void);
LIFECYCLE_AVAILABLE_IN_1_0
GListModel    *lifecycle_list_scopes             (void);

LIFECYCLE_AVAILABLE_IN_1_0
LifecycleKind  lifecycle_record_get_kind          (LifecycleRecord *self);
LIFECYCLE_AVAILABLE_IN_1_0
const char    *lifecycle_record_get_name          (LifecycleRecord *self);
LIFECYCLE_AVAILABLE_IN_1_0
const char    *lifecycle_record_get_place         (LifecycleRecord *self);
LIFECYCLE_AVAILABLE_IN_1_0
const char    *lifecycle_record_get_scope_path    (LifecycleRecord *self);
LIFECYCLE_AVAILABLE_IN_1_0
GType          lifecycle_record_get_instance_type (LifecycleRecord *self);
LIFECYCLE_AVAILABLE_IN_1_0
const char    *lifecycle_record_get_signal        (LifecycleRecord *self);
LIFECYCLE_AVAILABLE_IN_1_0
gulong         lifecycle_record_get_id            (LifecycleRecord *self);
LIFECYCLE_AVAILABLE_IN_1_0
gint64         lifecycle_record_get_age           (LifecycleRecord *self);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean       lifecycle_record_is_valid          (LifecycleRecord *self);
LIFECYCLE_AVAILABLE_IN_1_0
const char    *lifecycle_record_get_callback      (LifecycleRecord *self);
LIFECYCLE_AVAILABLE_IN_1_0
const char    *lifecycle_record_get_stack         (LifecycleRecord *self);
LIFECYCLE_AVAILABLE_IN_1_0
GObject       *lifecycle_record_ref_object        (LifecycleRecord *self) G_GNUC_WARN_UNUSED_RESULT;
LIFECYCLE_AVAILABLE_IN_1_0
char          *lifecycle_record_to_string         (LifecycleRecord *self);

G_END_DECLS
