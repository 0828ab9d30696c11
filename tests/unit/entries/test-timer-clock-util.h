/* test-timer-clock-util.h: what tests of timers with such a clock share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "test-clock.h"
#include "test-timer-util.h"

static gint64 started G_GNUC_UNUSED;

static inline int
get_ms (void)
{
  return (int) ((g_get_monotonic_time () - started) / TEST_MS);
}

/* Each test begins at 0 ms. */
static inline LifecycleScope *
begin (void)
{
  started = g_get_monotonic_time ();
  return lifecycle_scope_new ("scope");
}

static inline void
end (LifecycleScope *scope)
{
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  test_assert_log ("");
}

static guint  order_next G_GNUC_UNUSED;

static guint *order_expected G_GNUC_UNUSED;

static inline gboolean
order_cb (gpointer index)
{
  g_assert_cmpuint (GPOINTER_TO_UINT (index), ==, order_expected[order_next]);
  order_next++;
  return G_SOURCE_CONTINUE;
}
