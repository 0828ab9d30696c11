/* lifecycle-gtk-scope-forest-private.h: an outline, filtered and sorted
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <lifecycle.h>

G_BEGIN_DECLS

typedef enum
{
  LIFECYCLE_GTK_SORT_BIRTH,     /* the oldest first, as scopes are listed by themselves */
  LIFECYCLE_GTK_SORT_NAME,
  LIFECYCLE_GTK_SORT_KIND,
  LIFECYCLE_GTK_SORT_AGE,
  LIFECYCLE_GTK_SORT_ENTRIES,
  LIFECYCLE_GTK_SORT_TOTAL,
  LIFECYCLE_GTK_SORT_PLACE
} LifecycleGtkSort;

/* Never changes once it has been made. Threads can share it. */
typedef struct
{
  gint              refs;       /* atomic */
  LifecycleOutline *outline;
  guint            *children;   /* indices of the scopes that are shown, by parent */
  guint            *starts;     /* where the children of the scope `index` start: [index + 1] */
  guint             n_shown;
  guint64           n_entries;  /* of all scopes, shown or not */
  guint64           memory;     /* bytes in RAM, or 0 if that is not known */
} LifecycleGtkScopeForest;

LifecycleGtkScopeForest *lifecycle_gtk_scope_forest_new          (const char              *filter,
                                                                  LifecycleGtkSort         sort,
                                                                  gboolean                 descending);
LifecycleGtkScopeForest *lifecycle_gtk_scope_forest_ref          (LifecycleGtkScopeForest *self);
void                     lifecycle_gtk_scope_forest_unref        (LifecycleGtkScopeForest *self);
const guint             *lifecycle_gtk_scope_forest_get_children (LifecycleGtkScopeForest *self,
                                                                  guint                    index,
                                                                  guint                   *n_children);
const char              *lifecycle_gtk_scope_forest_get_kind     (LifecycleGtkScopeForest *self,
                                                                  guint                    index);
guint                    lifecycle_gtk_scope_forest_find         (LifecycleGtkScopeForest *self,
                                                                  gsize                    identity);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LifecycleGtkScopeForest, lifecycle_gtk_scope_forest_unref)

G_END_DECLS
