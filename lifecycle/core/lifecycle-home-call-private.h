/* lifecycle-home-call-private.h: calls that wait for the home of a scope
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "lifecycle-scope-private.h"

G_BEGIN_DECLS

typedef struct _LifecycleHomeCall LifecycleHomeCall;

/* Called at home, with no lock held. */
typedef void (* LifecycleHomeCallFunc) (LifecycleScope *scope,
                                        gpointer        data);

LifecycleHomeCall *lifecycle_home_call_new        (LifecycleScope        *scope,
                                                   LifecycleHomeCallFunc  func,
                                                   gpointer               data,
                                                   GDestroyNotify         destroy);
void               lifecycle_home_call_cancel     (LifecycleHomeCall     *self);
void               lifecycle_scope_call_home      (LifecycleScope        *scope,
                                                   gint                   priority,
                                                   const char            *name,
                                                   LifecycleHomeCallFunc  func,
                                                   gpointer               data,
                                                   GDestroyNotify         destroy);

void               lifecycle_scope_press_home     (LifecycleScope        *scope,
                                                   const char            *name,
                                                   LifecycleHomeCallFunc  func,
                                                   gpointer               data,
                                                   GDestroyNotify         destroy);

void               lifecycle_home_calls_end_thread (LifecycleNode         *calls,
                                                    gint                  *ended);
void               lifecycle_home_calls_retry      (void);

G_END_DECLS
