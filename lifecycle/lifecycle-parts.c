/* lifecycle-parts.c: registers the classes of entries and the start functions of all folders, so
 *   that the core does not depend on them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-entry-private.h"
#include "lifecycle-observer-private.h"

const LifecycleEntryClass *const lifecycle_entry_classes[LIFECYCLE_N_ENTRY_TYPES] = {
#define LIFECYCLE_ENTRY_TYPE_ROW(NAME, class, KIND) [LIFECYCLE_ENTRY_##NAME] = &class,
  LIFECYCLE_ENTRY_TYPES (LIFECYCLE_ENTRY_TYPE_ROW)
#undef LIFECYCLE_ENTRY_TYPE_ROW
};

#define LIFECYCLE_STARTER_DECLARATION(function) extern void function (void);
LIFECYCLE_STARTERS (LIFECYCLE_STARTER_DECLARATION)
#undef LIFECYCLE_STARTER_DECLARATION

void (*const lifecycle_starters[]) (void) = {
#define LIFECYCLE_STARTER_ROW(function) function,
  LIFECYCLE_STARTERS (LIFECYCLE_STARTER_ROW)
#undef LIFECYCLE_STARTER_ROW
  NULL
};
