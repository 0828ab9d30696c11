/* test-home-util.h: a thread that ends while something waits for it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "test-util.h"

/* A thread with a context of its own that it never runs. It sets something up, waits, and ends. */
typedef struct _Home Home;

typedef void (*HomeFunc) (Home *home);

struct _Home
{
  HomeFunc        set_up;
  HomeFunc        before_end;   /* or NULL; the context is still the thread's default */
  HomeFunc        after_pop;    /* or NULL; the thread does not own the context any more */
  GThread        *thread;
  GMainContext   *context;      /* borrowed */
  LifecycleScope *scope;        /* the test's, not the thread's */
  TestEmitter    *emitter;
  int             ready;
  int             may_end;
  int             context_gone; /* finalized on the home thread */
  int             cleanups;     /* that ran on it */
  int             notifies;
  int             freed;        /* copies of what was emitted */
};

/* Unlike g_thread_self(), it stays the same until the thread is gone. */
static _Thread_local Home *home_here;

TEST_UNUSED static void
home_context_gone (gpointer data)
{
  Home *home = data;

  g_assert_true (home_here == home);
  g_atomic_int_inc (&home->context_gone);
}

TEST_UNUSED static gpointer
home_thread (gpointer data)
{
  Home *home = data;
  GMainContext *context = g_main_context_new ();
  GSource *witness = g_timeout_source_new (G_MAXINT);

  home_here = home;
  home->context = context;
  g_source_set_callback (witness, test_never_source_cb, home, home_context_gone);
  g_source_attach (witness, context);
  g_source_unref (witness);

  g_main_context_push_thread_default (context);
  home->scope = lifecycle_scope_new ("home");
  home->set_up (home);
  g_atomic_int_set (&home->ready, TRUE);
  test_wait_for (g_atomic_int_get (&home->may_end));
  if (home->before_end != NULL)
    home->before_end (home);
  g_main_context_pop_thread_default (context);
  if (home->after_pop != NULL)
    home->after_pop (home);
  g_main_context_unref (context);

  return NULL;
}

TEST_UNUSED static void
home_start (Home     *home,
            HomeFunc  set_up)
{
  home_here = NULL;
  home->set_up = set_up;
  home->thread = g_thread_new ("home", home_thread, home);
  test_wait_for (g_atomic_int_get (&home->ready));
}

TEST_UNUSED static void
home_end (Home *home)
{
  g_atomic_int_set (&home->may_end, TRUE);
  g_thread_join (g_steal_pointer (&home->thread));
}

/* Nothing of it is left: the context has gone where it should. */
#define home_assert_gone(home) g_assert_cmpint ((home)->context_gone, ==, 1)

/* From here on this thread takes the place of the one that has ended. */
TEST_UNUSED static void
home_inherit (Home *home)
{
  g_assert_null (home->thread);
  g_assert_cmpint (home->context_gone, ==, 0);
  home_here = home;
}

TEST_UNUSED static guint64
n_abandoned (void)
{
  g_autoptr (LifecycleStatistics) statistics = lifecycle_get_statistics ();

  return lifecycle_statistics_get_n_abandoned (statistics);
}

TEST_UNUSED static void
at_home_notify (gpointer data)
{
  Home *home = data;

  g_assert_true (home_here == home);
  home->notifies++;
}
