/* lifecycle-suspect-private.h: who refers to an object that may be a leak
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-referrers-private.h"

G_BEGIN_DECLS

typedef struct _LifecycleSuspect LifecycleSuspect;

LifecycleSuspect *lifecycle_suspect_new           (GObject                *object);
LifecycleSuspect *lifecycle_suspect_ref           (LifecycleSuspect       *self);
void              lifecycle_suspect_unref         (gpointer                data);
gboolean          lifecycle_suspect_claim         (LifecycleSuspect       *self);
char             *lifecycle_suspect_get_handlers  (LifecycleSuspect       *self);
char             *lifecycle_suspect_get_referrers (LifecycleSuspect       *self);
void              lifecycle_suspects_search       (GPtrArray              *suspects,
                                                   const LifecycleToolkit *toolkit);

G_END_DECLS
