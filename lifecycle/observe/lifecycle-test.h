/* lifecycle-test.h: whether a test leaves something behind
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (LIFECYCLE_INSIDE) && !defined (LIFECYCLE_COMPILATION)
#error "Only <lifecycle.h> can be included directly."
#endif

#include "lifecycle-types.h"

G_BEGIN_DECLS

/**
 * LifecycleTestFlags:
 * @LIFECYCLE_TEST_DEFAULT: scopes that are still open, and objects that are still alive
 * @LIFECYCLE_TEST_DROPPED: also scopes whose last reference went without a close, while they owned
 *   something
 *
 * What a test must not leave behind.
 *
 * Since: 1.0
 */
typedef enum
{
  LIFECYCLE_TEST_DEFAULT = 0,
  LIFECYCLE_TEST_DROPPED = 1 << 0
} LifecycleTestFlags;

/**
 * LifecycleTestFunc:
 * @user_data: (closure): what was given along
 *
 * Something that should leave nothing behind, however often it is done.
 *
 * Since: 1.0
 */
typedef void (*LifecycleTestFunc) (gpointer user_data);

LIFECYCLE_AVAILABLE_IN_1_0
void     lifecycle_test_begin            (void);
LIFECYCLE_AVAILABLE_IN_1_0
void     lifecycle_test_begin_full       (LifecycleTestFlags   flags);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_test_end              (void);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_test_end_with_report  (char               **report);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_test_growth           (LifecycleTestFunc    func,
                                          gpointer             user_data,
                                          guint                rounds);
LIFECYCLE_AVAILABLE_IN_1_0
gboolean lifecycle_test_growth_with_report (guint              rounds,
                                            LifecycleTestFunc  func,
                                            gpointer           user_data,
                                            char             **report);

G_END_DECLS
