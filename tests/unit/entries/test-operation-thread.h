/* test-operation-thread.h: what tests of operations share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "test-operation-util.h"

#include <glib/gstdio.h>

static inline void
late_begin (LifecycleScope *scope,
            const char     *word)
{
  TestAsync async = { .word = word };
  LifecycleOperation *op;

  test_async_begin (&async, scope, "late");
  g_assert_cmpint (async.destroyed, ==, 1);
  g_assert_true (test_async_is_cancelled (&async));
  g_assert_cmpstr (lifecycle_operation_get_name (async.op), ==, "late");
  g_assert_cmpint (lifecycle_operation_get_age (async.op), >=, 0);
  test_async_ready (&async);
  test_async_assert_ended (&async, 0);

  op = lifecycle_scope_begin (scope, "late");
  g_assert_true (g_cancellable_is_cancelled (lifecycle_operation_get_cancellable (op)));
  lifecycle_operation_end (op);
}

static inline void
ready_thread (gpointer data)
{
  test_async_ready (data);
}

static inline void
act_close (TestAsync *async)
{
  g_assert_cmpuint (lifecycle_scope_close (async->scope), ==, GPOINTER_TO_UINT (async->data));
  g_assert_true (lifecycle_scope_is_closed (async->scope));
}

static inline void
destroy_closes (TestAsync *async)
{
  lifecycle_scope_close (async->scope);
  late_begin (async->scope, "late");
}

static inline void
never_async_cb (GObject      *source_object,
                GAsyncResult *result,
                gpointer      data)
{
  g_assert_not_reached ();
}
