/* test-promise-10-home-util.h: callbacks that have to run at home
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "test-util.h"

static GThread *home;

TEST_UNUSED static void
assert_home_scope_cb (LifecycleScope  *scope,
                      LifecycleReason  reason,
                      gpointer         counter)
{
  g_assert_true (g_thread_self () == home);
  ++*(int *) counter;
}

TEST_UNUSED static void
assert_home_cleanup (LifecycleScope   *scope,
                     LifecycleReason   reason,
                     gpointer          counter,
                     GError          **error)
{
  g_assert_true (g_thread_self () == home);
  ++*(int *) counter;
}

TEST_UNUSED static void
assert_home_notify (gpointer counter)
{
  g_assert_true (g_thread_self () == home);
  ++*(int *) counter;
}

TEST_UNUSED static gboolean
assert_home_source_cb (gpointer data)
{
  g_assert_true (g_thread_self () == home);
  return G_SOURCE_CONTINUE;
}

TEST_UNUSED static void
assert_home_closure_notify (gpointer  counter,
                            GClosure *closure)
{
  assert_home_notify (counter);
}
