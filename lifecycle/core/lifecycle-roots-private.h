/* lifecycle-roots-private.h: the list of scopes without a parent
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-scope-private.h"
#include "lifecycle-counts-private.h"

G_BEGIN_DECLS

void lifecycle_roots_add         (LifecycleScope         *scope);
void lifecycle_roots_remove      (LifecycleScope         *scope);
void lifecycle_roots_take_counts (LifecycleScope         *scope,
                                  LifecycleTally         *tally,
                                  const LifecycleMishaps *mishaps,
                                  guint64                 closing_time);
void lifecycle_roots_note        (const LifecycleMishaps *mishaps);

void       lifecycle_roots_list_roots    (LifecycleScopeList  *list);
GPtrArray *lifecycle_roots_look_at_roots (LifecycleStatistics *past);
void       lifecycle_roots_set_mark      (void);
guint      lifecycle_roots_list_open     (LifecycleScopeList  *list,
                                          gboolean             new_only);
void       lifecycle_roots_before_fork   (void);
void       lifecycle_roots_after_fork    (void);

/* Returns whether the scope is in the list of roots. */
static inline gboolean
lifecycle_roots_has (LifecycleScope *scope)
{
  return lifecycle_scope_has_mark (scope, LIFECYCLE_SCOPE_REGISTERED);
}

G_END_DECLS
