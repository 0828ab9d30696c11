/* lifecycle-statistics.h: numbers of entries and scopes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (LIFECYCLE_INSIDE) && !defined (LIFECYCLE_COMPILATION)
#error "Only <lifecycle.h> can be included directly."
#endif

#include "lifecycle-types.h"

G_BEGIN_DECLS

#define LIFECYCLE_TYPE_STATISTICS (lifecycle_statistics_get_type ())

typedef struct _LifecycleStatistics LifecycleStatistics;

LIFECYCLE_AVAILABLE_IN_1_0
GType                lifecycle_statistics_get_type   (void) G_GNUC_CONST;

LIFECYCLE_AVAILABLE_IN_1_0
LifecycleStatistics *lifecycle_get_statistics        (void);
LIFECYCLE_AVAILABLE_IN_1_0
LifecycleStatistics *lifecycle_scope_get_statistics  (LifecycleScope      *self,
                                                      gboolean             recursive);
LIFECYCLE_AVAILABLE_IN_1_0
guint                lifecycle_scope_get_n_live      (LifecycleScope      *self,
                                                      LifecycleKind        kind);

LIFECYCLE_AVAILABLE_IN_1_0
guint                lifecycle_scope_sweep_handlers  (LifecycleScope      *self,
                                                      gboolean             recursive);

LIFECYCLE_AVAILABLE_IN_1_0
LifecycleStatistics *lifecycle_statistics_copy       (LifecycleStatistics *self);
LIFECYCLE_AVAILABLE_IN_1_0
void                 lifecycle_statistics_free       (LifecycleStatistics *self);

LIFECYCLE_AVAILABLE_IN_1_0
guint                lifecycle_statistics_get_live       (LifecycleStatistics *self,
                                                          LifecycleKind        kind);
LIFECYCLE_AVAILABLE_IN_1_0
guint64              lifecycle_statistics_get_added      (LifecycleStatistics *self,
                                                          LifecycleKind        kind);
LIFECYCLE_AVAILABLE_IN_1_0
guint64              lifecycle_statistics_get_released   (LifecycleStatistics *self,
                                                          LifecycleKind        kind);
LIFECYCLE_AVAILABLE_IN_1_0
guint64              lifecycle_statistics_get_retired    (LifecycleStatistics *self,
                                                          LifecycleKind        kind);
LIFECYCLE_AVAILABLE_IN_1_0
guint                lifecycle_statistics_get_total_live (LifecycleStatistics *self);
LIFECYCLE_AVAILABLE_IN_1_0
guint                lifecycle_statistics_get_peak       (LifecycleStatistics *self);
LIFECYCLE_AVAILABLE_IN_1_0
guint64              lifecycle_statistics_get_n_late     (LifecycleStatistics *self);
LIFECYCLE_AVAILABLE_IN_1_0
guint64              lifecycle_statistics_get_n_failed   (LifecycleStatistics *self);
LIFECYCLE_AVAILABLE_IN_1_0
guint64              lifecycle_statistics_get_n_abandoned (LifecycleStatistics *self);
LIFECYCLE_AVAILABLE_IN_1_0
guint                lifecycle_statistics_get_n_scopes   (LifecycleStatistics *self);
LIFECYCLE_AVAILABLE_IN_1_0
guint64              lifecycle_statistics_get_n_closed   (LifecycleStatistics *self,
                                                          LifecycleReason      reason);
LIFECYCLE_AVAILABLE_IN_1_0
guint64              lifecycle_statistics_get_closing_time (LifecycleStatistics *self);
LIFECYCLE_AVAILABLE_IN_1_0
guint64              lifecycle_statistics_get_longest_closing_time (LifecycleStatistics *self);
LIFECYCLE_AVAILABLE_IN_1_0
char                *lifecycle_statistics_to_string      (LifecycleStatistics *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LifecycleStatistics, lifecycle_statistics_free)

G_END_DECLS
