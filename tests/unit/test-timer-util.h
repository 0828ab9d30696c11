/* test-timer-util.h: a timer that tells what happens to it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "test-util.h"

/* Where the time is part of what a test expects: milliseconds, which are logged with each call. */
static int (*test_probe_clock) (void);

typedef struct _TestProbe TestProbe;

typedef void (*TestProbeFunc) (TestProbe *probe);

/* All zero but for the word, and what is wanted. */
struct _TestProbe
{
  const char     *word;       /* logged with each call; "~word" with the destroy notify */
  TestProbeFunc   act;        /* runs in each call */
  TestProbeFunc   on_destroy; /* runs in the destroy notify */
  TestProbe      *other;
  guint           stop_at;    /* the call that returns G_SOURCE_REMOVE; 0 for none */

  LifecycleScope *scope;
  LifecycleTimer *timer;      /* referenced */
  guint           n_calls;
  guint           depth;
  int             destroyed;
};

TEST_UNUSED static gboolean
test_probe_cb (gpointer data)
{
  TestProbe *probe = data;
  gboolean result;

  g_assert_cmpint (probe->destroyed, ==, 0);
  g_assert_cmpuint (probe->depth, ==, 0);

  probe->depth++;
  probe->n_calls++;
  if (probe->word != NULL && test_probe_clock != NULL)
    test_log ("%s@%d", probe->word, test_probe_clock ());
  else if (probe->word != NULL)
    test_log ("%s", probe->word);
  result = probe->n_calls == probe->stop_at ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
  if (probe->act != NULL)
    probe->act (probe);
  /* Whatever the call does, its data stays until it has returned. */
  g_assert_cmpint (probe->destroyed, ==, 0);
  probe->depth--;

  return result;
}

TEST_UNUSED static void
test_probe_notify (gpointer data)
{
  TestProbe *probe = data;

  g_assert_cmpuint (probe->depth, ==, 0);
  probe->destroyed++;
  if (probe->word != NULL)
    test_log ("~%s", probe->word);
  if (probe->on_destroy != NULL)
    probe->on_destroy (probe);
}

static void
test_probe_keep (TestProbe      *probe,
                 LifecycleScope *scope,
                 LifecycleTimer *timer)
{
  g_assert_nonnull (timer);
  g_assert_null (probe->timer);
  probe->scope = scope;
  probe->timer = lifecycle_timer_ref (timer);
}

TEST_UNUSED static void
test_probe_add (TestProbe      *probe,
                LifecycleScope *scope,
                guint           interval)
{
  test_probe_keep (probe, scope,
                   lifecycle_scope_add_timeout (scope, interval, test_probe_cb, probe,
                                                test_probe_notify));
}

/* Without a destroy notify, so that it can be used again. */
TEST_UNUSED static void
test_probe_add_plain (TestProbe      *probe,
                      LifecycleScope *scope,
                      guint           interval)
{
  test_probe_keep (probe, scope,
                   lifecycle_scope_add_timeout (scope, interval, test_probe_cb, probe, NULL));
}

TEST_UNUSED static void
test_probe_add_calls (TestProbe      *probe,
                      LifecycleScope *scope,
                      guint           interval,
                      guint           max_calls)
{
  test_probe_keep (probe, scope,
                   lifecycle_scope_add_timeout_full (scope, interval, max_calls, test_probe_cb,
                                                     probe, test_probe_notify));
}

/* It has ended, and nobody but the probe knows it. */
TEST_UNUSED static void
test_probe_assert_ended (TestProbe *probe)
{
  g_assert_false (lifecycle_timer_is_active (probe->timer));
  g_assert_cmpint (lifecycle_timer_get_remaining (probe->timer), ==, -1);
}

TEST_UNUSED static void
test_probe_drop (TestProbe *probe)
{
  g_clear_pointer (&probe->timer, lifecycle_timer_unref);
}

/* Things to do in a call or in a notify. */

TEST_UNUSED static void
test_probe_cancel (TestProbe *probe)
{
  lifecycle_timer_cancel (probe->timer);
}

TEST_UNUSED static void
test_probe_restart (TestProbe *probe)
{
  g_assert_true (lifecycle_timer_restart (probe->timer));
}

TEST_UNUSED static void
test_probe_close (TestProbe *probe)
{
  lifecycle_scope_close (probe->scope);
}

TEST_UNUSED static void
test_probe_cancel_other (TestProbe *probe)
{
  lifecycle_timer_cancel (probe->other->timer);
}

TEST_UNUSED static void
test_probe_restart_other (TestProbe *probe)
{
  lifecycle_timer_restart (probe->other->timer);
}

TEST_UNUSED static void
test_probe_block (TestProbe *probe)
{
  lifecycle_scope_block (probe->scope);
}

TEST_UNUSED static void
test_iterate (guint n)
{
  for (guint i = 0; i < n; i++)
    g_main_context_iteration (g_main_context_get_thread_default (), FALSE);
}
