/* test-statistics-util.h: statistics that balance, and what they say
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "test-kinds.h"

#define N_REASONS (LIFECYCLE_REASON_DROPPED + 1)

/* What holds of all statistics. */
TEST_UNUSED static void
assert_balanced (LifecycleStatistics *statistics)
{
  guint64 total = 0;
  guint64 closed = 0;

  for (int kind = 0; kind < TEST_N_KINDS; kind++)
    {
      guint64 live = lifecycle_statistics_get_live (statistics, kind);
      guint64 added = lifecycle_statistics_get_added (statistics, kind);

      g_assert_cmpuint (live, <=, added);
      g_assert_cmpuint (added, ==, live + lifecycle_statistics_get_released (statistics, kind)
                                   + lifecycle_statistics_get_retired (statistics, kind));
      total += live;
    }
  g_assert_cmpuint (lifecycle_statistics_get_total_live (statistics), ==, total);

  for (int reason = LIFECYCLE_REASON_NONE + 1; reason < N_REASONS; reason++)
    closed += lifecycle_statistics_get_n_closed (statistics, reason);
  g_assert_cmpuint (lifecycle_statistics_get_n_closed (statistics, LIFECYCLE_REASON_NONE), ==,
                    closed);

  g_assert_cmpuint (lifecycle_statistics_get_longest_closing_time (statistics), <=,
                    lifecycle_statistics_get_closing_time (statistics));
  if (closed == 0)
    g_assert_cmpuint (lifecycle_statistics_get_closing_time (statistics), ==, 0);
}

TEST_UNUSED static LifecycleStatistics *
get (LifecycleScope *scope,
     gboolean        recursive)
{
  LifecycleStatistics *statistics = lifecycle_scope_get_statistics (scope, recursive);

  g_assert_nonnull (statistics);
  assert_balanced (statistics);
  if (!recursive)
    {
      g_assert_cmpuint (lifecycle_statistics_get_total_live (statistics), ==,
                        lifecycle_scope_get_n_entries (scope));
      for (int kind = 0; kind < TEST_N_KINDS; kind++)
        g_assert_cmpuint (lifecycle_statistics_get_live (statistics, kind), ==,
                          lifecycle_scope_get_n_live (scope, kind));
      g_assert_cmpuint (lifecycle_statistics_get_peak (statistics), >=,
                        lifecycle_statistics_get_total_live (statistics));
    }
  return statistics;
}

TEST_UNUSED static LifecycleStatistics *
get_all (void)
{
  LifecycleStatistics *statistics = lifecycle_get_statistics ();

  g_assert_nonnull (statistics);
  assert_balanced (statistics);
  return statistics;
}

/* The numbers of one kind, since `before` if that is given. */
#define assert_numbers(statistics, before, kind, live, released, retired) \
  G_STMT_START \
    { \
      LifecycleStatistics *then = (before); \
      g_assert_cmpint ((gint64) lifecycle_statistics_get_live (statistics, kind) \
                       - (then == NULL ? 0 : (gint64) lifecycle_statistics_get_live (then, kind)), \
                       ==, (gint64) (live)); \
      g_assert_cmpuint (lifecycle_statistics_get_released (statistics, kind) \
                        - (then == NULL ? 0 : lifecycle_statistics_get_released (then, kind)), \
                        ==, (guint64) (released)); \
      g_assert_cmpuint (lifecycle_statistics_get_retired (statistics, kind) \
                        - (then == NULL ? 0 : lifecycle_statistics_get_retired (then, kind)), \
                        ==, (guint64) (retired)); \
      g_assert_cmpuint (lifecycle_statistics_get_added (statistics, kind) \
                        - (then == NULL ? 0 : lifecycle_statistics_get_added (then, kind)), \
                        ==, (guint64) ((live) + (released) + (retired))); \
    } \
  G_STMT_END

/* One kind has these numbers, and no other kind has any. */
#define assert_only(statistics, before, only, live, released, retired) \
  G_STMT_START \
    { \
      for (int any = 0; any < TEST_N_KINDS; any++) \
        if (any == (int) (only)) \
          assert_numbers (statistics, before, any, live, released, retired); \
        else \
          assert_numbers (statistics, before, any, 0, 0, 0); \
    } \
  G_STMT_END

#define assert_scope_only(scope, recursive, only, live, released, retired) \
  G_STMT_START \
    { \
      g_autoptr (LifecycleStatistics) numbers = get (scope, recursive); \
      assert_only (numbers, NULL, only, live, released, retired); \
    } \
  G_STMT_END

#define assert_process_only(before, only, live, released, retired) \
  G_STMT_START \
    { \
      g_autoptr (LifecycleStatistics) numbers = get_all (); \
      assert_only (numbers, before, only, live, released, retired); \
    } \
  G_STMT_END

/* Defines a function that returns one number of a scope, or of a scope and all below it. */
#define DEFINE_NUMBER(Type, name) \
  TEST_UNUSED static Type \
  name (LifecycleScope *scope, \
        gboolean        recursive) \
  { \
    g_autoptr (LifecycleStatistics) numbers = get (scope, recursive); \
\
    return lifecycle_statistics_get_##name (numbers); \
  }

DEFINE_NUMBER (guint64, n_late)
DEFINE_NUMBER (guint64, n_failed)
DEFINE_NUMBER (guint, n_scopes)
DEFINE_NUMBER (guint, peak)

#undef DEFINE_NUMBER

TEST_UNUSED static guint64
n_closed (LifecycleScope  *scope,
          gboolean         recursive,
          LifecycleReason  reason)
{
  g_autoptr (LifecycleStatistics) numbers = get (scope, recursive);

  return lifecycle_statistics_get_n_closed (numbers, reason);
}

TEST_UNUSED static guint
live (LifecycleScope *scope,
      LifecycleKind   kind)
{
  g_autoptr (LifecycleStatistics) numbers = get (scope, TRUE);

  return lifecycle_statistics_get_live (numbers, kind);
}

TEST_UNUSED static void
failing_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          data,
                 GError          **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "it failed");
}
