/* lifecycle-modules-private.h: modules that are loaded or have been unloaded
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-entry-private.h"

G_BEGIN_DECLS

void        lifecycle_modules_start         (gboolean        exact);
guint       lifecycle_modules_look          (void);
guint       lifecycle_modules_get_look      (LifecycleEntry *entry);

const char *lifecycle_modules_get_place     (const char     *place,
                                             guint           look);
const char *lifecycle_entry_get_place       (LifecycleEntry *entry);
const char *lifecycle_place_get_preposition (const char     *place);
char       *lifecycle_modules_dup_name      (const char     *name,
                                             guint           look);
gboolean    lifecycle_modules_has_function  (gconstpointer   function,
                                             guint           look,
                                             char          **gone);

G_END_DECLS
