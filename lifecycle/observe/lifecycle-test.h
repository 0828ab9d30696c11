/* lifecycle-test.h: tests that must leave nothing behind
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
 * @LIFECYCLE_TEST_DROPPED: also scopes whose last reference was dropped while they were open and
 *   owned something
 *
 * Flags that say what a test must not leave behind.
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
 * @user_data: (closure): user data
 *
 * Does something that should leave nothing behind, however often it is done.
 *
 * It is called on the thread that calls [func@test_growth].
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
