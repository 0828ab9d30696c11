/* test-statistics.c: what scopes have counted
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-kinds.h"

#include "lifecycle-scope-private.h"

#define N_REASONS (LIFECYCLE_REASON_DROPPED + 1)

/* What holds of all statistics. */
static void
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

static LifecycleStatistics *
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

static LifecycleStatistics *
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

static guint64
n_late (LifecycleScope *scope)
{
  g_autoptr (LifecycleStatistics) numbers = get (scope, FALSE);

  return lifecycle_statistics_get_n_late (numbers);
}

static guint64
n_late_below (LifecycleScope *scope)
{
  g_autoptr (LifecycleStatistics) numbers = get (scope, TRUE);

  return lifecycle_statistics_get_n_late (numbers);
}

static guint64
n_failed (LifecycleScope *scope,
          gboolean        recursive)
{
  g_autoptr (LifecycleStatistics) numbers = get (scope, recursive);

  return lifecycle_statistics_get_n_failed (numbers);
}

static guint64
n_closed (LifecycleScope  *scope,
          gboolean         recursive,
          LifecycleReason  reason)
{
  g_autoptr (LifecycleStatistics) numbers = get (scope, recursive);

  return lifecycle_statistics_get_n_closed (numbers, reason);
}

static guint
n_scopes (LifecycleScope *scope,
          gboolean        recursive)
{
  g_autoptr (LifecycleStatistics) numbers = get (scope, recursive);

  return lifecycle_statistics_get_n_scopes (numbers);
}

static guint
peak (LifecycleScope *scope,
      gboolean        recursive)
{
  g_autoptr (LifecycleStatistics) numbers = get (scope, recursive);

  return lifecycle_statistics_get_peak (numbers);
}

static guint
live (LifecycleScope *scope,
      LifecycleKind   kind)
{
  g_autoptr (LifecycleStatistics) numbers = get (scope, TRUE);

  return lifecycle_statistics_get_live (numbers, kind);
}

/* Every kind, in each of the ways in which an entry can end. */

static GSettingsSchema *schema;

typedef struct
{
  const TestAddFunc   *row;
  TestAddition         addition;
  LifecycleScope      *scope;
  LifecycleStatistics *before;
} Fixture;

static void
set_up (Fixture       *fixture,
        gconstpointer  row)
{
  fixture->row = row;
  fixture->addition.schema = schema;
  fixture->scope = lifecycle_scope_new ("scope");
  fixture->before = get_all ();
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  row)
{
  test_drain ();
  g_assert_finalize_object (fixture->scope);
  lifecycle_statistics_free (fixture->before);
}

static gboolean
can_run (Fixture *fixture)
{
  if (fixture->row->can == NULL || fixture->row->can (&fixture->addition))
    return TRUE;
  g_test_skip ("what it needs is not installed");
  return FALSE;
}

static void
check_one (Fixture *fixture,
           guint    live,
           guint    released,
           guint    retired)
{
  assert_scope_only (fixture->scope, FALSE, fixture->row->kind, live, released, retired);
  assert_scope_only (fixture->scope, TRUE, fixture->row->kind, live, released, retired);
  assert_process_only (fixture->before, fixture->row->kind, live, released, retired);
  g_assert_cmpuint (peak (fixture->scope, FALSE), ==, live + released + retired > 0 ? 1 : 0);
}

static void
check_added (Fixture *fixture)
{
  check_one (fixture, 0, 0, 0);
  g_assert_true (fixture->row->add (&fixture->addition, fixture->scope));
  check_one (fixture, 1, 0, 0);
}

static void
test_kind_closed (Fixture       *fixture,
                  gconstpointer  data)
{
  if (!can_run (fixture))
    return;

  check_added (fixture);
  g_assert_cmpuint (lifecycle_scope_close (fixture->scope), ==, 1);
  check_one (fixture, 0, 1, 0);
  test_addition_clear (&fixture->addition);
  check_one (fixture, 0, 1, 0);
  g_assert_cmpuint (n_late (fixture->scope), ==, 0);
}

static void
test_kind_cleared (Fixture       *fixture,
                   gconstpointer  data)
{
  if (!can_run (fixture))
    return;

  check_added (fixture);
  g_assert_cmpuint (lifecycle_scope_clear (fixture->scope), ==, 1);
  check_one (fixture, 0, 1, 0);
  test_addition_clear (&fixture->addition);
  g_assert_true (fixture->row->add (&fixture->addition, fixture->scope));
  check_one (fixture, 1, 1, 0);
  g_assert_cmpuint (lifecycle_scope_close (fixture->scope), ==, 1);
  test_addition_clear (&fixture->addition);
  check_one (fixture, 0, 2, 0);
}

static void
test_kind_retired (Fixture       *fixture,
                   gconstpointer  data)
{
  if (!can_run (fixture))
    return;

  check_added (fixture);
  fixture->row->retire (&fixture->addition, fixture->scope);
  check_one (fixture, 0, 0, 1);
  test_addition_clear (&fixture->addition);
  g_assert_cmpuint (lifecycle_scope_close (fixture->scope), ==, 0);
  check_one (fixture, 0, 0, 1);
  g_assert_cmpuint (n_late (fixture->scope), ==, 0);
}

static void
test_kind_moved (Fixture       *fixture,
                 gconstpointer  data)
{
  LifecycleScope *moved;

  if (!can_run (fixture))
    return;

  check_added (fixture);
  moved = lifecycle_scope_move (fixture->scope);
  assert_scope_only (moved, FALSE, fixture->row->kind, 1, 0, 0);
  assert_scope_only (fixture->scope, FALSE, fixture->row->kind, 0, 0, 0);
  assert_process_only (fixture->before, fixture->row->kind, 1, 0, 0);

  if (fixture->row->retire != NULL)
    {
      fixture->row->retire (&fixture->addition, moved);
      assert_scope_only (moved, FALSE, fixture->row->kind, 0, 0, 1);
      assert_process_only (fixture->before, fixture->row->kind, 0, 0, 1);
    }
  lifecycle_scope_close (moved);
  test_addition_clear (&fixture->addition);
  if (fixture->row->retire == NULL)
    assert_scope_only (moved, FALSE, fixture->row->kind, 0, 1, 0);
  assert_scope_only (fixture->scope, FALSE, fixture->row->kind, 0, 0, 0);
  test_drain ();
  g_assert_finalize_object (moved);
}

static void
free_nothing (gpointer data)
{
}

/* The counters in a scope have 32 bits, but a server adds more than that. */
static void
test_full_counters (void)
{
  LifecycleScope *parent = lifecycle_scope_new (NULL);
  LifecycleScope *scope = lifecycle_scope_new_child (parent, NULL);
  LifecycleTally *tally = &lifecycle_scope_get_holdings (scope)->tally;
  LifecycleStatistics *statistics;
  guint64 n_before = G_MAXUINT32;

  lifecycle_scope_adopt (scope, scope, free_nothing);
  tally->n[LIFECYCLE_TALLY_ADDED] = G_MAXUINT32;
  tally->n[LIFECYCLE_TALLY_RETIRED] = G_MAXUINT32 - 1;
  lifecycle_scope_adopt (scope, scope, free_nothing);

  statistics = lifecycle_scope_get_statistics (scope, FALSE);
  g_assert_cmpuint (lifecycle_statistics_get_added (statistics, LIFECYCLE_KIND_DATA), ==, n_before + 1);
  g_assert_cmpuint (lifecycle_statistics_get_live (statistics, LIFECYCLE_KIND_DATA), ==, 2);
  g_assert_cmpuint (lifecycle_scope_get_n_live (scope, LIFECYCLE_KIND_DATA), ==, 2);
  lifecycle_statistics_free (statistics);

  lifecycle_scope_close (scope);
  statistics = lifecycle_scope_get_statistics (parent, TRUE);
  g_assert_cmpuint (lifecycle_statistics_get_added (statistics, LIFECYCLE_KIND_DATA), ==, n_before + 1);
  g_assert_cmpuint (lifecycle_statistics_get_released (statistics, LIFECYCLE_KIND_DATA), ==, 2);
  g_assert_cmpuint (lifecycle_statistics_get_retired (statistics, LIFECYCLE_KIND_DATA), ==, n_before - 1);
  g_assert_cmpuint (lifecycle_statistics_get_peak (statistics), ==, 2);
  lifecycle_statistics_free (statistics);

  lifecycle_scope_close (parent);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (parent);
}

/* Too late: one late entry, and nothing else. */
static void
test_kind_late (Fixture       *fixture,
                gconstpointer  data)
{
  if (!can_run (fixture))
    return;

  lifecycle_scope_close (fixture->scope);
  for (guint64 i = 1; i <= 3; i++)
    {
      g_autoptr (LifecycleStatistics) after = NULL;

      g_assert_false (fixture->row->add (&fixture->addition, fixture->scope));
      g_assert_cmpuint (n_late (fixture->scope), ==, i);
      test_addition_clear (&fixture->addition);
      g_assert_cmpuint (n_late (fixture->scope), ==, i);
      check_one (fixture, 0, 0, 0);

      after = get_all ();
      g_assert_cmpuint (lifecycle_statistics_get_n_late (after)
                        - lifecycle_statistics_get_n_late (fixture->before), ==, i);

      /* A child that was born closed is kept, and found again by its name. */
      if (fixture->row->kind == LIFECYCLE_KIND_SCOPE)
        break;
    }
}

/* In the middle of a close, too. */

static void
add_late_cleanup (LifecycleScope   *scope,
                  LifecycleReason   reason,
                  gpointer          data,
                  GError          **error)
{
  Fixture *fixture = data;

  g_assert_cmpuint (n_late (scope), ==, 0);
  fixture->row->add (&fixture->addition, scope);
  g_assert_cmpuint (n_late (scope), ==, 1);
}

static void
test_kind_late_closing (Fixture       *fixture,
                        gconstpointer  data)
{
  if (!can_run (fixture))
    return;

  lifecycle_scope_defer (fixture->scope, add_late_cleanup, fixture, NULL);
  g_assert_cmpuint (lifecycle_scope_close (fixture->scope), ==, 1);
  test_addition_clear (&fixture->addition);
  g_assert_cmpuint (n_late (fixture->scope), ==, 1);
  assert_scope_only (fixture->scope, FALSE, LIFECYCLE_KIND_CLEANUP, 0, 1, 0);
}

static void
add_twice_cleanup (LifecycleScope   *scope,
                   LifecycleReason   reason,
                   gpointer          n,
                   GError          **error)
{
  lifecycle_scope_adopt (scope, n, test_count_notify);
  lifecycle_scope_adopt (scope, n, test_count_notify);
}

/* What a scope has counted moves up when it closes, and once more when its parent does. */
static void
test_late_below (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *child = lifecycle_scope_new_child (root, "child");
  LifecycleScope *leaf = lifecycle_scope_new_child (child, "leaf");
  int n = 0;

  lifecycle_scope_defer (leaf, add_twice_cleanup, &n, NULL);
  lifecycle_scope_close (leaf);
  g_assert_cmpint (n, ==, 2);
  g_assert_cmpuint (n_late_below (child), ==, 2);
  g_assert_cmpuint (n_late_below (root), ==, 2);
  lifecycle_scope_close (child);
  g_assert_cmpuint (n_late (root), ==, 0);
  g_assert_cmpuint (n_late_below (root), ==, 2);
  g_assert_finalize_object (leaf);
  g_assert_finalize_object (child);
  g_assert_cmpuint (n_late_below (root), ==, 2);
  g_assert_finalize_object (root);
}

/* Who follows does not add anything. */
static void
test_follow_is_not_late (void)
{
  g_autoptr (LifecycleStatistics) before = get_all ();
  g_autoptr (LifecycleStatistics) after = NULL;
  LifecycleScope *closed = lifecycle_scope_new ("closed");
  LifecycleScope *other = lifecycle_scope_new ("other");
  LifecycleScope *follower = lifecycle_scope_new ("follower");
  TestEmitter *emitter = test_emitter_new ();
  GCancellable *cancellable = g_cancellable_new ();

  lifecycle_scope_close (closed);
  lifecycle_scope_follow (closed, other);
  lifecycle_scope_follow_object (closed, G_OBJECT (emitter));
  lifecycle_scope_follow_signal (closed, G_OBJECT (emitter), "plain", LIFECYCLE_REASON_ABORTED);
  lifecycle_scope_follow_cancellable (closed, cancellable);
  lifecycle_scope_set_deadline (closed, 1000);
  g_assert_cmpuint (n_late (closed), ==, 0);

  lifecycle_scope_follow (follower, closed);
  g_assert_true (lifecycle_scope_is_closed (follower));
  g_assert_cmpint (lifecycle_scope_get_reason (follower), ==, LIFECYCLE_REASON_OWNER_GONE);
  g_assert_cmpuint (n_late (follower), ==, 0);
  g_assert_cmpuint (n_late (closed), ==, 0);

  after = get_all ();
  g_assert_cmpuint (lifecycle_statistics_get_n_late (after), ==,
                    lifecycle_statistics_get_n_late (before));

  /* Nor is it an entry that is counted, on either side. */
  lifecycle_scope_follow (other, lifecycle_scope_of (G_OBJECT (emitter)));
  lifecycle_scope_follow_signal (other, G_OBJECT (emitter), "plain", LIFECYCLE_REASON_ABORTED);
  lifecycle_scope_follow_cancellable (other, cancellable);
  lifecycle_scope_set_deadline (other, 1000000);
  assert_process_only (before, -1, 0, 0, 0);

  lifecycle_scope_close (other);
  g_assert_finalize_object (follower);
  g_assert_finalize_object (other);
  g_assert_finalize_object (closed);
  g_assert_finalize_object (emitter);
  g_assert_finalize_object (cancellable);
}

/* Closing reasons. */

static void
test_closed_per_reason (void)
{
  g_autoptr (LifecycleStatistics) before = get_all ();
  g_autoptr (LifecycleStatistics) after = NULL;
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *branch = g_object_ref (lifecycle_scope_get_child (root, "branch"));
  guint64 n = 0;

  /* Each another number of times, one level below, so that alone and below differ. */
  for (int reason = LIFECYCLE_REASON_COMPLETED; reason < LIFECYCLE_REASON_DROPPED; reason++)
    for (int i = 0; i < reason; i++, n++)
      {
        LifecycleScope *leaf = lifecycle_scope_new_child (branch, "leaf");

        lifecycle_scope_close_with_reason (leaf, reason, NULL);
        g_object_unref (leaf);
      }
  for (int reason = LIFECYCLE_REASON_COMPLETED; reason < LIFECYCLE_REASON_DROPPED; reason++)
    {
      g_assert_cmpuint (n_closed (branch, FALSE, reason), ==, reason);
      g_assert_cmpuint (n_closed (branch, TRUE, reason), ==, reason);
      g_assert_cmpuint (n_closed (root, FALSE, reason), ==, 0);
      g_assert_cmpuint (n_closed (root, TRUE, reason), ==, reason);
    }
  g_assert_cmpuint (n_closed (branch, FALSE, LIFECYCLE_REASON_NONE), ==, n);

  /* Closed, the branch is one of the children, and what it has counted stays with the root. */
  lifecycle_scope_close_with_reason (branch, LIFECYCLE_REASON_CONFLICTED, NULL);
  g_assert_finalize_object (branch);
  g_assert_cmpuint (n_closed (root, FALSE, LIFECYCLE_REASON_NONE), ==, 1);
  g_assert_cmpuint (n_closed (root, FALSE, LIFECYCLE_REASON_CONFLICTED), ==, 1);
  g_assert_cmpuint (n_closed (root, TRUE, LIFECYCLE_REASON_NONE), ==, n + 1);
  g_assert_cmpuint (n_closed (root, TRUE, LIFECYCLE_REASON_CONFLICTED), ==,
                    LIFECYCLE_REASON_CONFLICTED + 1);
  g_assert_cmpuint (n_closed (root, TRUE, LIFECYCLE_REASON_ABORTED), ==, LIFECYCLE_REASON_ABORTED);

  /* One goes by the loss of its last reference. That is the root, which has no parent. */
  g_assert_finalize_object (root);
  after = get_all ();
  for (int reason = LIFECYCLE_REASON_COMPLETED; reason < N_REASONS; reason++)
    {
      guint64 expected = reason;

      if (reason == LIFECYCLE_REASON_CONFLICTED)
        expected++;
      if (reason == LIFECYCLE_REASON_DROPPED)
        expected = 1;
      g_assert_cmpuint (lifecycle_statistics_get_n_closed (after, reason)
                        - lifecycle_statistics_get_n_closed (before, reason), ==, expected);
    }
  g_assert_cmpuint (lifecycle_statistics_get_n_scopes (after), ==,
                    lifecycle_statistics_get_n_scopes (before));
}

/* Every way in which a child comes to its end is counted once, in its parent. */
static void
test_closed_ways (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *other = lifecycle_scope_new ("other");
  LifecycleScope *child;
  TestEmitter *emitter = test_emitter_new ();
  GCancellable *cancellable = g_cancellable_new ();

  lifecycle_scope_get_child (root, "renewed");
  lifecycle_scope_renew_child (root, "renewed");
  g_assert_cmpuint (n_closed (root, FALSE, LIFECYCLE_REASON_REPLACED), ==, 1);

  lifecycle_scope_get_child_for (root, G_OBJECT (emitter));
  lifecycle_scope_follow (lifecycle_scope_get_child (root, "follower"), other);
  child = lifecycle_scope_get_child (root, "signal");
  lifecycle_scope_follow_signal (child, G_OBJECT (emitter), "plain", LIFECYCLE_REASON_SHUTDOWN);
  child = lifecycle_scope_get_child (root, "cancellable");
  lifecycle_scope_follow_cancellable (child, cancellable);
  child = lifecycle_scope_get_child (root, "deadline");
  lifecycle_scope_set_deadline (child, 1);
  g_object_ref (child);
  g_assert_cmpuint (n_scopes (root, TRUE), ==, 7);
  g_assert_cmpuint (n_scopes (root, FALSE), ==, 1);

  test_emit (emitter, "plain");
  g_assert_cmpuint (n_closed (root, FALSE, LIFECYCLE_REASON_SHUTDOWN), ==, 1);
  g_cancellable_cancel (cancellable);
  g_assert_cmpuint (n_closed (root, FALSE, LIFECYCLE_REASON_ABORTED), ==, 1);
  lifecycle_scope_close (other);
  g_assert_cmpuint (n_closed (root, FALSE, LIFECYCLE_REASON_OWNER_GONE), ==, 1);
  g_assert_finalize_object (emitter);
  g_assert_cmpuint (n_closed (root, FALSE, LIFECYCLE_REASON_OWNER_GONE), ==, 2);
  test_run_until (test_done_closed, child);
  g_assert_finalize_object (child);
  g_assert_cmpuint (n_closed (root, FALSE, LIFECYCLE_REASON_TIMED_OUT), ==, 1);
  g_assert_cmpuint (n_closed (root, FALSE, LIFECYCLE_REASON_NONE), ==, 6);
  g_assert_cmpuint (n_scopes (root, TRUE), ==, 2);

  g_assert_cmpuint (lifecycle_scope_clear (root), ==, 1);
  g_assert_cmpuint (n_closed (root, FALSE, LIFECYCLE_REASON_PARENT_CLOSED), ==, 1);
  child = lifecycle_scope_get_child (root, "last");
  lifecycle_scope_close (root);
  g_assert_cmpuint (n_closed (root, FALSE, LIFECYCLE_REASON_PARENT_CLOSED), ==, 2);
  assert_scope_only (root, FALSE, LIFECYCLE_KIND_SCOPE, 0, 2, 6);
  g_assert_cmpuint (n_scopes (root, TRUE), ==, 0);
  g_assert_finalize_object (root);
  g_assert_finalize_object (other);
  g_assert_finalize_object (cancellable);
}

/* How long it took. */

static void
slow_cleanup (LifecycleScope   *scope,
              LifecycleReason   reason,
              gpointer          data,
              GError          **error)
{
  g_usleep (2000);
}

static void
test_closing_time (void)
{
  g_autoptr (LifecycleStatistics) before = get_all ();
  g_autoptr (LifecycleStatistics) empty = NULL;
  g_autoptr (LifecycleStatistics) slow = NULL;
  g_autoptr (LifecycleStatistics) below = NULL;
  g_autoptr (LifecycleStatistics) after = NULL;
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *child;

  for (guint i = 0; i < 10; i++)
    lifecycle_scope_close (lifecycle_scope_get_child (root, "empty"));
  empty = get (root, FALSE);
  g_assert_cmpuint (lifecycle_statistics_get_n_closed (empty, 0), ==, 10);
  g_assert_cmpuint (lifecycle_statistics_get_closing_time (empty), ==, 0);
  g_assert_cmpuint (lifecycle_statistics_get_longest_closing_time (empty), ==, 0);

  for (guint i = 0; i < 3; i++)
    {
      child = lifecycle_scope_get_child (root, "slow");
      for (guint j = 0; j <= i; j++)
        lifecycle_scope_defer (child, slow_cleanup, NULL, NULL);
      lifecycle_scope_close (child);
    }
  slow = get (root, FALSE);
  g_assert_cmpuint (lifecycle_statistics_get_closing_time (slow), >=, 6 * 2000);
  g_assert_cmpuint (lifecycle_statistics_get_longest_closing_time (slow), >=, 3 * 2000);
  /* Three closes took part of it each. */
  g_assert_cmpuint (lifecycle_statistics_get_longest_closing_time (slow) + 3 * 2000, <=,
                    lifecycle_statistics_get_closing_time (slow));

  /* What is closed together takes the time of the topmost. */
  child = lifecycle_scope_get_child (root, "branch");
  lifecycle_scope_defer (lifecycle_scope_get_child (child, "leaf"), slow_cleanup, NULL, NULL);
  g_object_ref (child);
  lifecycle_scope_close (child);
  below = get (child, FALSE);
  g_assert_cmpuint (lifecycle_statistics_get_n_closed (below, 0), ==, 1);
  g_assert_cmpuint (lifecycle_statistics_get_closing_time (below), ==, 0);
  g_assert_finalize_object (child);
  lifecycle_statistics_free (below);
  below = get (root, FALSE);
  g_assert_cmpuint (lifecycle_statistics_get_closing_time (below), >=,
                    lifecycle_statistics_get_closing_time (slow) + 2000);

  /* The root's own is in the statistics of the process. */
  lifecycle_scope_defer (root, slow_cleanup, NULL, NULL);
  lifecycle_scope_close (root);
  after = get_all ();
  g_assert_cmpuint (lifecycle_statistics_get_closing_time (after), >=,
                    lifecycle_statistics_get_closing_time (before) + 8 * 2000);
  g_assert_finalize_object (root);
}

static void
close_done_cb (GObject      *source,
               GAsyncResult *result,
               gpointer      counter)
{
  g_assert_true (lifecycle_scope_close_finish (LIFECYCLE_SCOPE (source), result, NULL));
  (*(int *) counter)++;
}

/* A close that waits takes until its end, and is one close. */
static void
test_close_async (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *child = lifecycle_scope_new_child (root, "child");
  LifecycleOperation *operation = lifecycle_scope_begin (child, "work");
  g_autoptr (LifecycleStatistics) statistics = NULL;
  int n = 0;

  lifecycle_scope_adopt (child, &n, test_nothing);
  lifecycle_scope_close_async (child, LIFECYCLE_REASON_ABORTED, 0, NULL, close_done_cb, &n);
  g_assert_cmpuint (n_scopes (root, TRUE), ==, 2);
  g_assert_cmpuint (n_closed (root, FALSE, 0), ==, 0);
  g_usleep (2000);
  lifecycle_operation_end (operation);
  test_run_until (test_done_counted, &n);

  g_assert_cmpuint (n_closed (root, FALSE, LIFECYCLE_REASON_ABORTED), ==, 1);
  g_assert_cmpuint (n_scopes (root, TRUE), ==, 1);
  statistics = get (root, FALSE);
  g_assert_cmpuint (lifecycle_statistics_get_closing_time (statistics), >=, 2000);
  assert_numbers (statistics, NULL, LIFECYCLE_KIND_SCOPE, 0, 0, 1);
  g_clear_pointer (&statistics, lifecycle_statistics_free);
  statistics = get (child, FALSE);
  assert_numbers (statistics, NULL, LIFECYCLE_KIND_DATA, 0, 1, 0);
  g_assert_cmpuint (lifecycle_statistics_get_added (statistics, LIFECYCLE_KIND_OPERATION), ==, 1);
  g_assert_cmpuint (lifecycle_statistics_get_total_live (statistics), ==, 0);
  g_assert_finalize_object (child);
  g_assert_finalize_object (root);
}

/* Failures. */

static void
failing_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          data,
                 GError          **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "it failed");
}

static void
test_failed (void)
{
  g_autoptr (LifecycleStatistics) before = get_all ();
  g_autoptr (LifecycleStatistics) after = NULL;
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *child = lifecycle_scope_new_child (root, "child");
  int n = 0;

  lifecycle_scope_defer (child, failing_cleanup, NULL, NULL);
  lifecycle_scope_defer (child, test_count_cleanup, &n, NULL);
  lifecycle_scope_defer (child, failing_cleanup, NULL, NULL);
  lifecycle_scope_defer (root, failing_cleanup, NULL, NULL);
  g_assert_cmpuint (n_failed (root, TRUE), ==, 0);

  lifecycle_scope_clear (child);
  g_assert_cmpuint (n_failed (child, FALSE), ==, 2);
  g_assert_cmpuint (n_failed (root, FALSE), ==, 0);
  g_assert_cmpuint (n_failed (root, TRUE), ==, 2);
  lifecycle_scope_defer (child, failing_cleanup, NULL, NULL);
  lifecycle_scope_close (root);
  g_assert_cmpuint (n_failed (child, FALSE), ==, 3);
  g_assert_cmpuint (n_failed (root, FALSE), ==, 1);
  g_assert_cmpuint (n_failed (root, TRUE), ==, 4);
  assert_scope_only (child, FALSE, LIFECYCLE_KIND_CLEANUP, 0, 4, 0);
  g_assert_finalize_object (child);
  g_assert_cmpuint (n_failed (root, TRUE), ==, 4);
  g_assert_nonnull (lifecycle_scope_get_error (root));
  g_assert_finalize_object (root);

  after = get_all ();
  g_assert_cmpuint (lifecycle_statistics_get_n_failed (after)
                    - lifecycle_statistics_get_n_failed (before), ==, 4);
  g_assert_cmpint (n, ==, 1);
}

static void
test_peak (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *child = lifecycle_scope_new_child (root, "child");
  LifecycleScope *moved;
  TestEmitter *object = test_emitter_new ();

  g_assert_cmpuint (peak (root, FALSE), ==, 1);
  g_assert_cmpuint (peak (child, FALSE), ==, 0);
  for (guint i = 0; i < 7; i++)
    lifecycle_scope_add_object (child, G_OBJECT (object));
  for (guint i = 0; i < 4; i++)
    lifecycle_scope_steal_object (child, G_OBJECT (object));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (child), ==, 3);
  lifecycle_scope_add_object (child, G_OBJECT (object));
  g_assert_cmpuint (peak (child, FALSE), ==, 7);

  /* The most of any single one, and not the sum. */
  lifecycle_scope_add_object (root, G_OBJECT (object));
  g_assert_cmpuint (peak (root, FALSE), ==, 2);
  g_assert_cmpuint (peak (root, TRUE), ==, 7);

  lifecycle_scope_close (child);
  g_assert_cmpuint (peak (child, FALSE), ==, 7);
  g_assert_cmpuint (peak (root, TRUE), ==, 7);
  moved = lifecycle_scope_move (root);
  g_assert_cmpuint (peak (moved, TRUE), ==, 7);
  g_assert_cmpuint (peak (moved, FALSE), ==, 2);
  lifecycle_scope_close (moved);
  g_assert_cmpuint (peak (moved, TRUE), ==, 7);
  g_assert_finalize_object (child);
  g_assert_finalize_object (moved);
  g_assert_finalize_object (root);
  g_assert_finalize_object (object);
}

/* The counts go along, those of what has ended before as well, so that they balance on both sides. */
static void
test_move (void)
{
  g_autoptr (LifecycleStatistics) before = get_all ();
  g_autoptr (LifecycleStatistics) old = NULL;
  g_autoptr (LifecycleStatistics) new = NULL;
  g_autoptr (LifecycleStatistics) after = NULL;
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *scope = lifecycle_scope_new_child (root, "scope");
  LifecycleScope *moved;
  TestEmitter *emitter = test_emitter_new ();

  for (guint i = 0; i < 5; i++)
    lifecycle_scope_add_object (scope, G_OBJECT (emitter));
  lifecycle_scope_steal_object (scope, G_OBJECT (emitter));
  lifecycle_scope_clear (scope);
  for (guint i = 0; i < 3; i++)
    {
      lifecycle_scope_add_object (scope, G_OBJECT (emitter));
      lifecycle_scope_connect_signal (scope, emitter, "plain",
                                      G_CALLBACK (test_never_handler_cb), NULL);
    }
  lifecycle_scope_get_child (scope, "child");

  moved = lifecycle_scope_move (scope);
  old = get (scope, FALSE);
  new = get (moved, FALSE);
  g_assert_cmpuint (lifecycle_statistics_get_total_live (old), ==, 0);
  assert_numbers (new, NULL, LIFECYCLE_KIND_OBJECT, 3, 4, 1);
  assert_numbers (new, NULL, LIFECYCLE_KIND_HANDLER, 3, 0, 0);
  assert_numbers (new, NULL, LIFECYCLE_KIND_SCOPE, 1, 0, 0);
  assert_only (old, NULL, -1, 0, 0, 0);
  g_assert_cmpuint (n_closed (root, FALSE, LIFECYCLE_REASON_REPLACED), ==, 1);
  g_assert_cmpuint (n_scopes (moved, TRUE), ==, 2);

  lifecycle_scope_close (moved);
  assert_scope_only (scope, TRUE, -1, 0, 0, 0);
  after = get_all ();
  assert_numbers (after, before, LIFECYCLE_KIND_OBJECT, 0, 7, 1);
  assert_numbers (after, before, LIFECYCLE_KIND_HANDLER, 0, 3, 0);
  assert_numbers (after, before, LIFECYCLE_KIND_SCOPE, 0, 1, 1);
  lifecycle_scope_close (root);
  g_assert_finalize_object (moved);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (root);
  g_assert_finalize_object (emitter);
}

/* A child that has closed is still part of what its parent has counted. */
static void
test_below_survives (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *branch = lifecycle_scope_new_child (root, "branch");
  g_autoptr (LifecycleStatistics) statistics = NULL;
  TestEmitter *emitter = test_emitter_new ();

  for (guint i = 0; i < 10; i++)
    {
      LifecycleScope *leaf = lifecycle_scope_new_child (branch, "leaf");
      gulong id;

      id = lifecycle_scope_connect_signal (leaf, emitter, "plain",
                                           G_CALLBACK (test_never_handler_cb), NULL);
      lifecycle_scope_connect_signal (leaf, emitter, "plain",
                                      G_CALLBACK (test_never_handler_cb), NULL);
      g_signal_handler_disconnect (emitter, id);
      if (i % 2 == 0)
        lifecycle_scope_close (leaf);
      g_object_unref (leaf);
    }
  statistics = get (root, TRUE);
  assert_numbers (statistics, NULL, LIFECYCLE_KIND_HANDLER, 5, 5, 10);
  assert_numbers (statistics, NULL, LIFECYCLE_KIND_SCOPE, 6, 0, 5);
  g_clear_pointer (&statistics, lifecycle_statistics_free);

  lifecycle_scope_close (branch);
  statistics = get (root, TRUE);
  assert_numbers (statistics, NULL, LIFECYCLE_KIND_HANDLER, 0, 10, 10);
  assert_numbers (statistics, NULL, LIFECYCLE_KIND_SCOPE, 0, 5, 6);
  g_assert_cmpuint (lifecycle_statistics_get_n_scopes (statistics), ==, 1);
  g_clear_pointer (&statistics, lifecycle_statistics_free);
  g_assert_finalize_object (branch);

  statistics = get (root, TRUE);
  assert_numbers (statistics, NULL, LIFECYCLE_KIND_HANDLER, 0, 10, 10);
  g_clear_pointer (&statistics, lifecycle_statistics_free);
  /* Alone it has had one child. */
  assert_scope_only (root, FALSE, LIFECYCLE_KIND_SCOPE, 0, 0, 1);

  /* Also when it is closed itself. */
  lifecycle_scope_close (root);
  statistics = get (root, TRUE);
  assert_numbers (statistics, NULL, LIFECYCLE_KIND_HANDLER, 0, 10, 10);
  g_assert_cmpuint (lifecycle_statistics_get_n_scopes (statistics), ==, 0);
  g_assert_cmpuint (lifecycle_statistics_get_n_closed (statistics, 0), ==, 11);
  g_assert_finalize_object (root);
  g_assert_finalize_object (emitter);
}

/* By service, by player, by tag, by kind. */

#define N_SERVICES 5
#define N_PLAYERS  4

static void
test_by_four (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  TestEmitter *players[N_PLAYERS];
  TestEmitter *bus = test_emitter_new ();
  guint n_handlers = 0, n_timers = 0;

  for (guint p = 0; p < N_PLAYERS; p++)
    {
      players[p] = test_emitter_new ();
      /* Something of the player that belongs to no service. */
      lifecycle_scope_add_object (lifecycle_scope_of (G_OBJECT (players[p])), G_OBJECT (bus));
    }

  for (guint s = 0; s < N_SERVICES; s++)
    {
      g_autofree char *name = g_strdup_printf ("Service%u", s);
      LifecycleScope *service = lifecycle_scope_get_child (root, name);
      LifecycleScope *tag = lifecycle_scope_get_child (service, "heartbeat");

      for (guint t = 0; t <= s; t++, n_timers++)
        lifecycle_scope_add_timeout (tag, 1000000, test_never_source_cb, NULL, NULL);
      for (guint p = 0; p < N_PLAYERS; p++)
        for (guint h = 0; h < s + p; h++, n_handlers++)
          lifecycle_scope_connect_signal (lifecycle_scope_get_child_for (service,
                                                                         G_OBJECT (players[p])),
                                          bus, "plain", G_CALLBACK (test_never_handler_cb), NULL);
    }

  for (guint s = 0; s < N_SERVICES; s++)
    {
      g_autofree char *name = g_strdup_printf ("Service%u", s);
      LifecycleScope *service = lifecycle_scope_get_child (root, name);
      guint expected = 0;

      for (guint p = 0; p < N_PLAYERS; p++)
        expected += s + p;
      g_assert_cmpuint (live (service, LIFECYCLE_KIND_HANDLER), ==, expected);
      g_assert_cmpuint (live (service, LIFECYCLE_KIND_TIMER), ==, s + 1);
      g_assert_cmpuint (live (service, LIFECYCLE_KIND_OBJECT), ==, 0);
      g_assert_cmpuint (live (lifecycle_scope_get_child (service, "heartbeat"),
                              LIFECYCLE_KIND_TIMER), ==, s + 1);
      g_assert_cmpuint (live (lifecycle_scope_get_child (service, "heartbeat"),
                              LIFECYCLE_KIND_HANDLER), ==, 0);
    }
  for (guint p = 0; p < N_PLAYERS; p++)
    {
      LifecycleScope *player = lifecycle_scope_of (G_OBJECT (players[p]));
      guint expected = 0, scopes = 1;

      for (guint s = 0; s < N_SERVICES; s++)
        {
          expected += s + p;
          /* One that was never asked for is not there. */
          scopes += s + p > 0 ? 1 : 0;
        }
      g_assert_cmpuint (live (player, LIFECYCLE_KIND_HANDLER), ==, expected);
      g_assert_cmpuint (live (player, LIFECYCLE_KIND_TIMER), ==, 0);
      g_assert_cmpuint (live (player, LIFECYCLE_KIND_OBJECT), ==, 1);
      g_assert_cmpuint (n_scopes (player, TRUE), ==, scopes);
      /* Alone, it owns one thing. */
      assert_scope_only (player, FALSE, LIFECYCLE_KIND_OBJECT, 1, 0, 0);
    }
  g_assert_cmpuint (live (root, LIFECYCLE_KIND_HANDLER), ==, n_handlers);
  g_assert_cmpuint (live (root, LIFECYCLE_KIND_TIMER), ==, n_timers);

  /* Each of the ends closes what both had. */
  {
    LifecycleScope *gone = lifecycle_scope_of (G_OBJECT (players[3]));
    LifecycleScope *service = lifecycle_scope_get_child (root, "Service1");

    lifecycle_scope_close (gone);
    n_handlers -= 0 + 1 + 2 + 3 + 4 + 5 * 3;
    g_assert_cmpuint (live (root, LIFECYCLE_KIND_HANDLER), ==, n_handlers);
    g_assert_cmpuint (n_closed (service, FALSE, LIFECYCLE_REASON_OWNER_GONE), ==, 1);
    lifecycle_scope_close (service);
    n_handlers -= 1 + 2 + 3;
    n_timers -= 2;
    g_assert_cmpuint (live (root, LIFECYCLE_KIND_HANDLER), ==, n_handlers);
    g_assert_cmpuint (live (root, LIFECYCLE_KIND_TIMER), ==, n_timers);
    g_assert_cmpuint (live (lifecycle_scope_of (G_OBJECT (players[2])), LIFECYCLE_KIND_HANDLER),
                      ==, 2 + 4 + 5 + 6);
    g_assert_finalize_object (players[2]);
    n_handlers -= 2 + 4 + 5 + 6;
    g_assert_cmpuint (live (root, LIFECYCLE_KIND_HANDLER), ==, n_handlers);
    service = lifecycle_scope_get_child (root, "Service4");
    lifecycle_scope_close (lifecycle_scope_get_child (service, "heartbeat"));
    n_timers -= 5;
    g_assert_cmpuint (live (root, LIFECYCLE_KIND_TIMER), ==, n_timers);
    g_assert_cmpuint (live (service, LIFECYCLE_KIND_HANDLER), ==, 4 + 5);
  }

  lifecycle_scope_close (root);
  g_assert_finalize_object (root);
  g_assert_finalize_object (players[0]);
  g_assert_finalize_object (players[1]);
  g_assert_finalize_object (players[3]);
  g_assert_finalize_object (bus);
}

/* What can be reached on several ways is counted once. */
static void
test_diamonds (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *a = lifecycle_scope_get_child (root, "a");
  LifecycleScope *b = lifecycle_scope_get_child (root, "b");
  LifecycleScope *below = lifecycle_scope_get_child (a, "below");
  LifecycleScope *outside = lifecycle_scope_new ("outside");
  LifecycleScope *under = lifecycle_scope_get_child (outside, "under");
  int n = 0;

  lifecycle_scope_adopt (below, &n, test_count_notify);
  lifecycle_scope_adopt (under, &n, test_count_notify);
  lifecycle_scope_adopt (outside, &n, test_count_notify);

  /* Nobody below root follows anything yet. */
  g_assert_cmpuint (live (root, LIFECYCLE_KIND_DATA), ==, 1);
  lifecycle_scope_follow (below, b);
  lifecycle_scope_follow (below, root);
  lifecycle_scope_follow (outside, a);
  lifecycle_scope_follow (outside, b);
  lifecycle_scope_follow (under, root);
  lifecycle_scope_follow (b, a);

  g_assert_cmpuint (live (root, LIFECYCLE_KIND_DATA), ==, 3);
  g_assert_cmpuint (n_scopes (root, TRUE), ==, 6);
  g_assert_cmpuint (live (root, LIFECYCLE_KIND_SCOPE), ==, 4);
  g_assert_cmpuint (live (b, LIFECYCLE_KIND_DATA), ==, 3);
  g_assert_cmpuint (n_scopes (b, TRUE), ==, 4);
  g_assert_cmpuint (n_scopes (a, TRUE), ==, 5);
  g_assert_cmpuint (live (outside, LIFECYCLE_KIND_DATA), ==, 2);

  /* A circle through all of it. */
  lifecycle_scope_follow (root, under);
  lifecycle_scope_follow (a, below);
  g_assert_cmpuint (n_scopes (root, TRUE), ==, 6);
  g_assert_cmpuint (n_scopes (under, TRUE), ==, 6);
  g_assert_cmpuint (n_scopes (below, TRUE), ==, 6);
  g_assert_cmpuint (live (under, LIFECYCLE_KIND_DATA), ==, 3);

  lifecycle_scope_close (a);
  g_assert_cmpint (n, ==, 3);
  g_assert_true (lifecycle_scope_is_closed (root));
  g_assert_finalize_object (outside);
  g_assert_finalize_object (root);
}

static void
quiet_cleanup (LifecycleScope   *scope,
               LifecycleReason   reason,
               gpointer          data,
               GError          **error)
{
}

/* A long scenario of random steps, against a simple count of one's own. */

typedef struct
{
  LifecycleKind kind;
  gpointer      handle;  /* with a reference of ours */
  gulong        id;
} ModelEntry;

typedef struct
{
  LifecycleScope *scope;
  int             parent;   /* -1 for none */
  gboolean        closed;
  LifecycleReason reason;
  GArray         *entries;  /* but children */
  guint64         added[TEST_N_KINDS];
  guint64         released[TEST_N_KINDS];
  guint64         retired[TEST_N_KINDS];
  guint64         n_late;         /* after the close, as all that is late here, */
  guint64         n_failed_late;  /* so that those above have not got it */
  guint64         n_failed;
  guint           peak;
  guint           n_live;
} ModelScope;

typedef struct
{
  GArray              *scopes;
  TestEmitter         *emitter;
  LifecycleStatistics *before;
} Model;

#define MODEL_SCOPE(model, i) (&g_array_index ((model)->scopes, ModelScope, (i)))

static int
model_add_scope (Model          *model,
                 LifecycleScope *scope,
                 int             parent)
{
  ModelScope one = { .scope = scope, .parent = parent };

  one.entries = g_array_new (FALSE, TRUE, sizeof (ModelEntry));
  g_array_append_val (model->scopes, one);
  return (int) model->scopes->len - 1;
}

static void
model_count_added (ModelScope   *self,
                   LifecycleKind kind)
{
  self->added[kind]++;
  self->n_live++;
  self->peak = MAX (self->peak, self->n_live);
}

static void
model_count_ended (ModelScope   *self,
                   LifecycleKind kind,
                   gboolean      released)
{
  if (released)
    self->released[kind]++;
  else
    self->retired[kind]++;
  self->n_live--;
}

static void
model_end_entry (ModelScope *self,
                 guint       index,
                 gboolean    released)
{
  ModelEntry *entry = &g_array_index (self->entries, ModelEntry, index);

  model_count_ended (self, entry->kind, released);
  switch ((int) entry->kind)
    {
    case LIFECYCLE_KIND_SOURCE:
      g_source_unref (entry->handle);
      break;
    case LIFECYCLE_KIND_TIMER:
      lifecycle_timer_unref (entry->handle);
      break;
    case LIFECYCLE_KIND_OPERATION:
      if (released)
        lifecycle_operation_end (entry->handle);
      break;
    case LIFECYCLE_KIND_CLEANUP:
      if (entry->handle != NULL)
        self->n_failed++;
      break;
    default:
      break;
    }
  g_array_remove_index_fast (self->entries, index);
}

/* All below it have closed with it. */
static void
model_close (Model           *model,
             int              index,
             LifecycleReason  reason,
             gboolean         only_clear)
{
  for (int i = index + 1; i < (int) model->scopes->len; i++)
    if (MODEL_SCOPE (model, i)->parent == index && !MODEL_SCOPE (model, i)->closed)
      {
        model_close (model, i, LIFECYCLE_REASON_PARENT_CLOSED, FALSE);
        model_count_ended (MODEL_SCOPE (model, index), LIFECYCLE_KIND_SCOPE, TRUE);
      }
  while (MODEL_SCOPE (model, index)->entries->len > 0)
    model_end_entry (MODEL_SCOPE (model, index), 0, TRUE);
  if (!only_clear)
    {
      MODEL_SCOPE (model, index)->closed = TRUE;
      MODEL_SCOPE (model, index)->reason = reason;
    }
}

static gboolean
model_is_below (Model *model,
                int    index,
                int    top)
{
  while (index >= 0 && index != top)
    index = MODEL_SCOPE (model, index)->parent;
  return index == top;
}

/* `top` is -2 for the process. */
static void
model_check (Model    *model,
             int       top,
             gboolean  recursive)
{
  g_autoptr (LifecycleStatistics) statistics = NULL;
  LifecycleStatistics *before = NULL;
  guint64 released[TEST_N_KINDS] = { 0 }, retired[TEST_N_KINDS] = { 0 };
  guint64 added[TEST_N_KINDS] = { 0 };
  guint64 closed[N_REASONS] = { 0 };
  guint64 late = 0, failed = 0;
  guint most = 0, scopes = 0;

  if (top == -2)
    {
      statistics = get_all ();
      before = model->before;
    }
  else
    {
      statistics = get (MODEL_SCOPE (model, top)->scope, recursive);
    }

  for (int i = 0; i < (int) model->scopes->len; i++)
    {
      ModelScope *one = MODEL_SCOPE (model, i);

      if (one->closed
          && (top == -2 || one->parent == top
              || (recursive && i != top && model_is_below (model, i, top))))
        closed[one->reason]++;
      if (top != -2 && i != top && !(recursive && model_is_below (model, i, top)))
        continue;
      for (int kind = 0; kind < TEST_N_KINDS; kind++)
        {
          added[kind] += one->added[kind];
          released[kind] += one->released[kind];
          retired[kind] += one->retired[kind];
        }
      if (i == top || top == -2)
        {
          late += one->n_late;
          failed += one->n_failed_late;
        }
      failed += one->n_failed;
      most = MAX (most, one->peak);
      scopes += one->closed ? 0 : 1;
    }

  for (int kind = 0; kind < TEST_N_KINDS; kind++)
    assert_numbers (statistics, before, kind, added[kind] - released[kind] - retired[kind],
                    released[kind], retired[kind]);
  for (int reason = 1; reason < N_REASONS; reason++)
    g_assert_cmpuint (lifecycle_statistics_get_n_closed (statistics, reason)
                      - (before == NULL ? 0 : lifecycle_statistics_get_n_closed (before, reason)),
                      ==, closed[reason]);
  g_assert_cmpuint (lifecycle_statistics_get_n_late (statistics)
                    - (before == NULL ? 0 : lifecycle_statistics_get_n_late (before)), ==, late);
  g_assert_cmpuint (lifecycle_statistics_get_n_failed (statistics)
                    - (before == NULL ? 0 : lifecycle_statistics_get_n_failed (before)),
                    ==, failed);
  g_assert_cmpuint (lifecycle_statistics_get_n_scopes (statistics)
                    - (before == NULL ? 0 : lifecycle_statistics_get_n_scopes (before)),
                    ==, scopes);
  if (before == NULL)
    g_assert_cmpuint (lifecycle_statistics_get_peak (statistics), ==, most);
  else
    g_assert_cmpuint (lifecycle_statistics_get_peak (statistics), >=, most);
}

static void
model_add_entry (Model      *model,
                 ModelScope *self)
{
  static const LifecycleKind kinds[] = {
    LIFECYCLE_KIND_HANDLER, LIFECYCLE_KIND_SOURCE, LIFECYCLE_KIND_TIMER, LIFECYCLE_KIND_OBJECT,
    LIFECYCLE_KIND_DATA, LIFECYCLE_KIND_CLEANUP, LIFECYCLE_KIND_OPERATION
  };
  ModelEntry entry = { kinds[g_test_rand_int_range (0, G_N_ELEMENTS (kinds))], NULL, 0 };
  gboolean fails;

  switch ((int) entry.kind)
    {
    case LIFECYCLE_KIND_HANDLER:
      entry.id = lifecycle_scope_connect_signal (self->scope, model->emitter, "plain",
                                                 G_CALLBACK (test_never_handler_cb), NULL);
      break;
    case LIFECYCLE_KIND_SOURCE:
      entry.handle = lifecycle_scope_add_idle (self->scope, test_never_source_cb, NULL, NULL);
      if (entry.handle != NULL)
        g_source_ref (entry.handle);
      break;
    case LIFECYCLE_KIND_TIMER:
      entry.handle = lifecycle_scope_add_timeout (self->scope, 1000000, test_never_source_cb,
                                                  NULL, NULL);
      if (entry.handle != NULL)
        lifecycle_timer_ref (entry.handle);
      break;
    case LIFECYCLE_KIND_OBJECT:
      lifecycle_scope_add_object (self->scope, G_OBJECT (model->emitter));
      break;
    case LIFECYCLE_KIND_DATA:
      lifecycle_scope_adopt (self->scope, model, test_nothing);
      break;
    case LIFECYCLE_KIND_CLEANUP:
      fails = g_test_rand_bit ();
      entry.handle = GINT_TO_POINTER (fails);
      if (fails)
        lifecycle_scope_defer (self->scope, failing_cleanup, NULL, NULL);
      else
        lifecycle_scope_defer (self->scope, quiet_cleanup, NULL, NULL);
      break;
    case LIFECYCLE_KIND_OPERATION:
      entry.handle = lifecycle_scope_begin (self->scope, "work");
      if (self->closed)
        lifecycle_operation_end (entry.handle);
      break;
    default:
      g_assert_not_reached ();
    }

  if (self->closed)
    {
      self->n_late++;
      if (entry.kind == LIFECYCLE_KIND_CLEANUP && entry.handle != NULL)
        self->n_failed_late++;
      return;
    }
  model_count_added (self, entry.kind);
  g_array_append_val (self->entries, entry);
}

static void
model_retire_entry (Model      *model,
                    ModelScope *self)
{
  guint index;
  ModelEntry *entry;

  if (self->entries->len == 0)
    return;
  index = (guint) g_test_rand_int_range (0, (int) self->entries->len);
  entry = &g_array_index (self->entries, ModelEntry, index);

  switch ((int) entry->kind)
    {
    case LIFECYCLE_KIND_HANDLER:
      if (g_test_rand_bit ())
        {
          g_assert_true (lifecycle_scope_steal_handler (self->scope, G_OBJECT (model->emitter),
                                                        entry->id));
          g_signal_handler_disconnect (model->emitter, entry->id);
        }
      else
        {
          g_signal_handler_disconnect (model->emitter, entry->id);
        }
      break;
    case LIFECYCLE_KIND_SOURCE:
      if (g_test_rand_bit ())
        g_assert_true (lifecycle_scope_steal_source (self->scope, entry->handle));
      g_source_destroy (entry->handle);
      break;
    case LIFECYCLE_KIND_TIMER:
      lifecycle_timer_cancel (entry->handle);
      break;
    case LIFECYCLE_KIND_OBJECT:
      g_assert_true (lifecycle_scope_steal_object (self->scope, G_OBJECT (model->emitter)));
      break;
    case LIFECYCLE_KIND_OPERATION:
      lifecycle_operation_end (entry->handle);
      break;
    default:
      return;
    }
  model_end_entry (self, index, FALSE);
}

static void
model_step (Model *model)
{
  int index = g_test_rand_int_range (0, (int) model->scopes->len);
  ModelScope *self = MODEL_SCOPE (model, index);
  int dice = g_test_rand_int_range (0, 100);
  LifecycleScope *child;

  if (dice < 50)
    {
      model_add_entry (model, self);
    }
  else if (dice < 75)
    {
      model_retire_entry (model, self);
    }
  else if (dice < 91)
    {
      if (self->closed)
        return;
      child = lifecycle_scope_new_child (self->scope, "child");
      model_count_added (self, LIFECYCLE_KIND_SCOPE);
      index = model_add_scope (model, child, index);
    }
  else if (dice < 93)
    {
      index = model_add_scope (model, lifecycle_scope_new ("root"), -1);
    }
  else if (dice < 97)
    {
      LifecycleReason reason = g_test_rand_int_range (LIFECYCLE_REASON_COMPLETED,
                                                      LIFECYCLE_REASON_DROPPED);

      if (self->closed)
        return;
      lifecycle_scope_close_with_reason (self->scope, reason, NULL);
      model_close (model, index, reason, FALSE);
      if (self->parent >= 0)
        model_count_ended (MODEL_SCOPE (model, self->parent), LIFECYCLE_KIND_SCOPE, FALSE);
    }
  else
    {
      if (self->closed)
        return;
      lifecycle_scope_clear (self->scope);
      model_close (model, index, LIFECYCLE_REASON_NONE, TRUE);
    }

  model_check (model, index, FALSE);
}

/* Nobody asks for the errors of cleanups here. */
static void
ignore_failures_cb (const char     *domain,
                    GLogLevelFlags  level,
                    const char     *message,
                    gpointer        data)
{
  g_assert_true (g_str_has_prefix (message, "A cleanup of scope "));
}

static gboolean
never_fatal (const char     *domain,
             GLogLevelFlags  level,
             const char     *message,
             gpointer        data)
{
  return FALSE;
}

static void
test_random (void)
{
  guint n_rounds = g_getenv ("LIFECYCLE_TEST_SLOW") != NULL ? 5 : 40;
  guint n_steps = g_getenv ("LIFECYCLE_TEST_SLOW") != NULL ? 150 : 400;

  g_log_set_handler ("Lifecycle", G_LOG_LEVEL_WARNING | G_LOG_FLAG_FATAL, ignore_failures_cb, NULL);
  g_test_log_set_fatal_handler (never_fatal, NULL);
  for (guint round = 0; round < n_rounds; round++)
    {
      Model model = { 0 };

      model.before = get_all ();
      model.emitter = test_emitter_new ();
      model.scopes = g_array_new (FALSE, TRUE, sizeof (ModelScope));
      model_add_scope (&model, lifecycle_scope_new ("root"), -1);

      for (guint step = 0; step < n_steps; step++)
        {
          model_step (&model);
          if (step % 16 == 0)
            model_check (&model, -2, TRUE);
        }

      for (int i = 0; i < (int) model.scopes->len; i++)
        {
          model_check (&model, i, FALSE);
          if (!MODEL_SCOPE (&model, i)->closed)
            model_check (&model, i, TRUE);
        }
      for (int i = 0; i < (int) model.scopes->len; i++)
        if (!MODEL_SCOPE (&model, i)->closed)
          {
            lifecycle_scope_close (MODEL_SCOPE (&model, i)->scope);
            model_close (&model, i, LIFECYCLE_REASON_COMPLETED, FALSE);
            if (MODEL_SCOPE (&model, i)->parent >= 0)
              model_count_ended (MODEL_SCOPE (&model, MODEL_SCOPE (&model, i)->parent),
                                 LIFECYCLE_KIND_SCOPE, FALSE);
          }
      model_check (&model, -2, TRUE);
      for (int i = (int) model.scopes->len; i-- > 0;)
        {
          g_object_unref (MODEL_SCOPE (&model, i)->scope);
          g_array_unref (MODEL_SCOPE (&model, i)->entries);
          MODEL_SCOPE (&model, i)->scope = NULL;
        }
      /* They are gone, and what they counted is not. */
      model_check (&model, -2, TRUE);
      g_array_unref (model.scopes);
      g_assert_finalize_object (model.emitter);
      lifecycle_statistics_free (model.before);
    }
}

/* Threads. */

typedef struct
{
  LifecycleScope *parent;
  LifecycleScope *scope;
  int             n_freed;
} Elsewhere;

static void
elsewhere_add_cb (gpointer data)
{
  Elsewhere *elsewhere = data;

  if (elsewhere->parent != NULL)
    elsewhere->scope = lifecycle_scope_new_child (elsewhere->parent, "elsewhere");
  else
    elsewhere->scope = lifecycle_scope_new ("elsewhere");
  for (guint i = 0; i < 5; i++)
    lifecycle_scope_adopt (elsewhere->scope, &elsewhere->n_freed, test_count_notify);
  lifecycle_scope_adopt (lifecycle_scope_get_child (elsewhere->scope, "below"),
                         &elsewhere->n_freed, test_count_notify);
}

static void
elsewhere_close_cb (gpointer data)
{
  lifecycle_scope_close (((Elsewhere *) data)->scope);
}

static void
test_other_threads (void)
{
  TestWorker *worker = test_worker_new ();
  g_autoptr (LifecycleStatistics) before = get_all ();
  g_autoptr (LifecycleStatistics) after = NULL;
  Elsewhere elsewhere = { 0 };

  test_worker_call (worker, elsewhere_add_cb, &elsewhere);
  after = get_all ();
  assert_numbers (after, before, LIFECYCLE_KIND_DATA, 6, 0, 0);
  assert_numbers (after, before, LIFECYCLE_KIND_SCOPE, 1, 0, 0);
  g_assert_cmpuint (lifecycle_statistics_get_n_scopes (after), ==,
                    lifecycle_statistics_get_n_scopes (before) + 2);
  g_clear_pointer (&after, lifecycle_statistics_free);
  g_assert_cmpuint (live (elsewhere.scope, LIFECYCLE_KIND_DATA), ==, 6);

  test_worker_call (worker, elsewhere_close_cb, &elsewhere);
  after = get_all ();
  assert_numbers (after, before, LIFECYCLE_KIND_DATA, 0, 6, 0);
  assert_numbers (after, before, LIFECYCLE_KIND_SCOPE, 0, 1, 0);
  g_assert_cmpuint (lifecycle_statistics_get_n_closed (after, LIFECYCLE_REASON_COMPLETED), ==,
                    lifecycle_statistics_get_n_closed (before, LIFECYCLE_REASON_COMPLETED) + 1);
  g_assert_cmpuint (lifecycle_statistics_get_n_closed (after, LIFECYCLE_REASON_PARENT_CLOSED), ==,
                    lifecycle_statistics_get_n_closed (before, LIFECYCLE_REASON_PARENT_CLOSED)
                    + 1);
  test_worker_free (worker);
  g_assert_finalize_object (elsewhere.scope);
}

/* A child that is at home elsewhere outlives its parent for a while. */
static void
test_handed_over (void)
{
  TestWorker *worker = test_worker_new ();
  g_autoptr (LifecycleStatistics) before = get_all ();
  g_autoptr (LifecycleStatistics) after = NULL;
  LifecycleScope *root = lifecycle_scope_new ("root");
  Elsewhere elsewhere = { .parent = root };

  test_worker_call (worker, elsewhere_add_cb, &elsewhere);
  g_assert_cmpuint (live (root, LIFECYCLE_KIND_DATA), ==, 6);
  g_assert_cmpuint (n_scopes (root, TRUE), ==, 3);
  lifecycle_scope_close (root);
  g_assert_true (lifecycle_scope_is_closed (root));
  assert_scope_only (root, FALSE, LIFECYCLE_KIND_SCOPE, 0, 1, 0);

  test_run_until (test_done_closed, elsewhere.scope);
  test_worker_call (worker, test_nothing, NULL);
  after = get_all ();
  assert_numbers (after, before, LIFECYCLE_KIND_DATA, 0, 6, 0);
  assert_numbers (after, before, LIFECYCLE_KIND_SCOPE, 0, 2, 0);
  g_assert_cmpuint (lifecycle_statistics_get_n_closed (after, 0), ==,
                    lifecycle_statistics_get_n_closed (before, 0) + 3);
  g_assert_cmpuint (lifecycle_statistics_get_n_scopes (after), ==,
                    lifecycle_statistics_get_n_scopes (before));
  /* Its parent may have come to its own end before that, and then only the process counts it. */
  g_assert_cmpuint (n_closed (root, FALSE, LIFECYCLE_REASON_PARENT_CLOSED), <=, 1);
  assert_scope_only (root, FALSE, LIFECYCLE_KIND_SCOPE, 0, 1, 0);
  test_worker_free (worker);
  g_assert_finalize_object (elsewhere.scope);
  g_assert_finalize_object (root);
  g_clear_pointer (&after, lifecycle_statistics_free);
  after = get_all ();
  assert_numbers (after, before, LIFECYCLE_KIND_DATA, 0, 6, 0);
  assert_numbers (after, before, LIFECYCLE_KIND_SCOPE, 0, 2, 0);
}

/* Everything at once: who looks on never sees numbers that do not balance, or that shrink. */

#define N_THREADS 4

typedef struct
{
  int     stop;
  int     n_running;
  guint   n_rounds;
  int     n_freed;
} Crowd;

static gpointer
crowd_thread (gpointer data)
{
  Crowd *crowd = data;
  GMainContext *context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < crowd->n_rounds && !g_atomic_int_get (&crowd->stop); i++)
    {
      LifecycleScope *root = lifecycle_scope_new ("root");
      LifecycleScope *branch = lifecycle_scope_get_child (root, "branch");

      for (guint j = 0; j < 4; j++)
        {
          LifecycleScope *leaf = lifecycle_scope_new_child (branch, "leaf");
          LifecycleTimer *timer;

          lifecycle_scope_adopt (leaf, &crowd->n_freed, test_count_notify);
          timer = lifecycle_scope_add_timeout (leaf, 1000000, test_never_source_cb, NULL, NULL);
          if (j % 2 == 0)
            lifecycle_timer_cancel (timer);
          if (j % 3 == 0)
            lifecycle_scope_close (leaf);
          g_object_unref (leaf);
        }
      lifecycle_scope_close (branch);
      lifecycle_scope_close (root);
      lifecycle_scope_adopt (root, &crowd->n_freed, test_count_notify);
      g_object_unref (root);
    }
  while (g_main_context_iteration (context, FALSE))
    ;
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  g_atomic_int_add (&crowd->n_running, -1);
  return NULL;
}

static void
assert_grew (LifecycleStatistics *now,
             LifecycleStatistics *then)
{
  for (int kind = 0; kind < TEST_N_KINDS; kind++)
    {
      g_assert_cmpuint (lifecycle_statistics_get_added (now, kind), >=,
                        lifecycle_statistics_get_added (then, kind));
      g_assert_cmpuint (lifecycle_statistics_get_released (now, kind), >=,
                        lifecycle_statistics_get_released (then, kind));
      g_assert_cmpuint (lifecycle_statistics_get_retired (now, kind), >=,
                        lifecycle_statistics_get_retired (then, kind));
    }
  for (int reason = 0; reason < N_REASONS; reason++)
    g_assert_cmpuint (lifecycle_statistics_get_n_closed (now, reason), >=,
                      lifecycle_statistics_get_n_closed (then, reason));
  g_assert_cmpuint (lifecycle_statistics_get_n_late (now), >=,
                    lifecycle_statistics_get_n_late (then));
  g_assert_cmpuint (lifecycle_statistics_get_closing_time (now), >=,
                    lifecycle_statistics_get_closing_time (then));
  g_assert_cmpuint (lifecycle_statistics_get_peak (now), >=, lifecycle_statistics_get_peak (then));
}

static void
test_crowd (void)
{
  g_autoptr (LifecycleStatistics) before = get_all ();
  g_autoptr (LifecycleStatistics) last = lifecycle_statistics_copy (before);
  guint n_rounds = test_amount (4000) / (g_getenv ("LIFECYCLE_TEST_SLOW") != NULL ? 20 : 1);
  Crowd crowd = { .n_running = N_THREADS, .n_rounds = n_rounds };
  gint64 deadline = g_get_monotonic_time () + 2 * G_USEC_PER_SEC;
  GThread *threads[N_THREADS];
  guint64 n;
  guint looks = 0;

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("crowd", crowd_thread, &crowd);
  while (g_atomic_int_get (&crowd.n_running) > 0)
    {
      LifecycleStatistics *now = get_all ();

      assert_grew (now, last);
      lifecycle_statistics_free (last);
      last = now;
      looks++;
      if (g_get_monotonic_time () > deadline)
        g_atomic_int_set (&crowd.stop, TRUE);
    }
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_test_message ("%u looks", looks);

  /* Nothing has been lost, and nothing counted twice. */
  lifecycle_statistics_free (last);
  last = get_all ();
  assert_grew (last, before);
  n = lifecycle_statistics_get_n_late (last) - lifecycle_statistics_get_n_late (before);
  g_assert_cmpuint (n, >, 0);
  if (!crowd.stop)
    g_assert_cmpuint (n, ==, N_THREADS * n_rounds);
  assert_numbers (last, before, LIFECYCLE_KIND_DATA, 0, 4 * n, 0);
  assert_numbers (last, before, LIFECYCLE_KIND_TIMER, 0, 2 * n, 2 * n);
  /* In each round two of the leaves and the branch close by themselves. */
  assert_numbers (last, before, LIFECYCLE_KIND_SCOPE, 0, 2 * n, 3 * n);
  g_assert_cmpuint (lifecycle_statistics_get_n_closed (last, LIFECYCLE_REASON_COMPLETED)
                    - lifecycle_statistics_get_n_closed (before, LIFECYCLE_REASON_COMPLETED),
                    ==, 4 * n);
  g_assert_cmpuint (lifecycle_statistics_get_n_closed (last, LIFECYCLE_REASON_PARENT_CLOSED)
                    - lifecycle_statistics_get_n_closed (before, LIFECYCLE_REASON_PARENT_CLOSED),
                    ==, 2 * n);
  g_assert_cmpuint (lifecycle_statistics_get_n_scopes (last), ==,
                    lifecycle_statistics_get_n_scopes (before));
  g_assert_cmpint (crowd.n_freed, ==, 5 * n);
}

/* In a close, from all that runs in the course of it. */

static void
look_cb (LifecycleScope  *scope,
         LifecycleReason  reason,
         gpointer         data)
{
  LifecycleStatistics *statistics = get (scope, FALSE);

  test_log ("%u/%u/%" G_GUINT64_FORMAT, lifecycle_statistics_get_n_scopes (statistics),
            lifecycle_statistics_get_live (statistics, LIFECYCLE_KIND_CLEANUP),
            lifecycle_statistics_get_released (statistics, LIFECYCLE_KIND_CLEANUP));
  lifecycle_statistics_free (statistics);
  lifecycle_statistics_free (get (scope, TRUE));
  lifecycle_statistics_free (get_all ());
}

static void
look_cleanup (LifecycleScope   *scope,
              LifecycleReason   reason,
              gpointer          data,
              GError          **error)
{
  lifecycle_statistics_free (get (scope, FALSE));
  lifecycle_statistics_free (get (scope, TRUE));
  lifecycle_statistics_free (get_all ());
  g_assert_cmpuint (n_scopes (scope, FALSE), ==, 1);
}

static void
test_while_closing (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *scope = lifecycle_scope_new_child (root, "scope");

  g_signal_connect (scope, "closing", G_CALLBACK (look_cb), NULL);
  g_signal_connect (scope, "closed", G_CALLBACK (look_cb), NULL);
  for (guint i = 0; i < 3; i++)
    lifecycle_scope_defer (scope, look_cleanup, NULL, NULL);
  lifecycle_scope_defer (lifecycle_scope_get_child (scope, "below"), look_cleanup, NULL, NULL);
  lifecycle_scope_close (root);
  test_assert_log ("1/3/0 0/0/3");
  g_assert_cmpuint (n_closed (root, TRUE, LIFECYCLE_REASON_PARENT_CLOSED), ==, 2);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (root);
}

static void
test_boxed (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleStatistics *statistics, *copy;
  g_auto (GValue) value = G_VALUE_INIT;
  g_autofree char *one = NULL;
  g_autofree char *other = NULL;
  int n = 0;

  lifecycle_scope_adopt (scope, &n, test_count_notify);
  statistics = get (scope, FALSE);
  copy = lifecycle_statistics_copy (statistics);
  g_assert_true (copy != statistics);

  /* It is of one moment. */
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  one = lifecycle_statistics_to_string (statistics);
  g_assert_cmpuint (lifecycle_statistics_get_live (statistics, LIFECYCLE_KIND_DATA), ==, 1);
  lifecycle_statistics_free (statistics);
  g_assert_cmpuint (lifecycle_statistics_get_live (copy, LIFECYCLE_KIND_DATA), ==, 1);
  g_assert_cmpuint (lifecycle_statistics_get_n_scopes (copy), ==, 1);
  g_assert_cmpuint (lifecycle_statistics_get_peak (copy), ==, 1);
  other = lifecycle_statistics_to_string (copy);
  g_assert_cmpstr (one, ==, other);

  g_assert_true (G_TYPE_IS_BOXED (LIFECYCLE_TYPE_STATISTICS));
  g_value_init (&value, LIFECYCLE_TYPE_STATISTICS);
  g_value_take_boxed (&value, copy);
  g_assert_cmpuint (lifecycle_statistics_get_total_live (g_value_get_boxed (&value)), ==, 1);
}

/* One line, which says what there is. */
static void
test_to_string (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (LifecycleStatistics) empty = get (scope, TRUE);
  g_autoptr (LifecycleStatistics) full = NULL;
  g_autofree char *nothing = lifecycle_statistics_to_string (empty);
  g_autofree char *something = NULL;
  TestEmitter *emitter = test_emitter_new ();

  for (guint i = 0; i < 37; i++)
    lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                    NULL);
  lifecycle_scope_close_with_reason (lifecycle_scope_get_child (scope, "child"),
                                     LIFECYCLE_REASON_CONFLICTED, NULL);
  full = get (scope, TRUE);
  something = lifecycle_statistics_to_string (full);
  g_test_message ("%s", nothing);
  g_test_message ("%s", something);
  g_assert_cmpstr (nothing, !=, "");
  g_assert_null (strchr (nothing, '\n'));
  g_assert_null (strchr (something, '\n'));
  g_assert_nonnull (strstr (something, "handler"));
  g_assert_nonnull (strstr (something, "37"));
  g_assert_nonnull (strstr (something, "conflicted"));
  g_assert_null (strstr (something, "aborted"));
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* A scope that was there before anybody counted has numbers, too; and one with none. */
static void
test_empty (void)
{
  LifecycleScope *scope = lifecycle_scope_new (NULL);

  assert_scope_only (scope, FALSE, -1, 0, 0, 0);
  assert_scope_only (scope, TRUE, -1, 0, 0, 0);
  g_assert_cmpuint (n_scopes (scope, FALSE), ==, 1);
  g_assert_cmpuint (peak (scope, TRUE), ==, 0);
  lifecycle_scope_close (scope);
  assert_scope_only (scope, FALSE, -1, 0, 0, 0);
  g_assert_cmpuint (n_scopes (scope, FALSE), ==, 0);
  g_assert_finalize_object (scope);
}

static void
test_bad_input (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleStatistics *statistics = get (scope, FALSE);
  static const int bad_kinds[] = { -1, TEST_N_KINDS, 1000, G_MAXINT };
  static const int bad_reasons[] = { -1, N_REASONS, 1000, G_MAXINT };

#define EXPECT(call) \
  G_STMT_START \
    { \
      test_expect_critical ("*assertion*failed*"); \
      call; \
      g_test_assert_expected_messages (); \
    } \
  G_STMT_END
  EXPECT (g_assert_null (lifecycle_scope_get_statistics (NULL, FALSE)));
  EXPECT (g_assert_cmpuint (lifecycle_scope_get_n_live (NULL, 0), ==, 0));
  EXPECT (g_assert_null (lifecycle_statistics_copy (NULL)));
  EXPECT (g_assert_cmpuint (lifecycle_statistics_get_live (NULL, 0), ==, 0));
  EXPECT (g_assert_cmpuint (lifecycle_statistics_get_added (NULL, 0), ==, 0));
  EXPECT (g_assert_cmpuint (lifecycle_statistics_get_released (NULL, 0), ==, 0));
  EXPECT (g_assert_cmpuint (lifecycle_statistics_get_retired (NULL, 0), ==, 0));
  EXPECT (g_assert_cmpuint (lifecycle_statistics_get_total_live (NULL), ==, 0));
  EXPECT (g_assert_cmpuint (lifecycle_statistics_get_peak (NULL), ==, 0));
  EXPECT (g_assert_cmpuint (lifecycle_statistics_get_n_late (NULL), ==, 0));
  EXPECT (g_assert_cmpuint (lifecycle_statistics_get_n_failed (NULL), ==, 0));
  EXPECT (g_assert_cmpuint (lifecycle_statistics_get_n_scopes (NULL), ==, 0));
  EXPECT (g_assert_cmpuint (lifecycle_statistics_get_n_closed (NULL, 0), ==, 0));
  EXPECT (g_assert_cmpuint (lifecycle_statistics_get_closing_time (NULL), ==, 0));
  EXPECT (g_assert_cmpuint (lifecycle_statistics_get_longest_closing_time (NULL), ==, 0));
  EXPECT (g_assert_null (lifecycle_statistics_to_string (NULL)));
  for (guint i = 0; i < G_N_ELEMENTS (bad_kinds); i++)
    {
      LifecycleKind kind = (LifecycleKind) bad_kinds[i];

      EXPECT (g_assert_cmpuint (lifecycle_scope_get_n_live (scope, kind), ==, 0));
      EXPECT (g_assert_cmpuint (lifecycle_statistics_get_live (statistics, kind), ==, 0));
      EXPECT (g_assert_cmpuint (lifecycle_statistics_get_added (statistics, kind), ==, 0));
      EXPECT (g_assert_cmpuint (lifecycle_statistics_get_released (statistics, kind), ==, 0));
      EXPECT (g_assert_cmpuint (lifecycle_statistics_get_retired (statistics, kind), ==, 0));
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad_reasons); i++)
    EXPECT (g_assert_cmpuint (lifecycle_statistics_get_n_closed (statistics,
                                                                 (LifecycleReason) bad_reasons[i]),
                              ==, 0));
#undef EXPECT

  lifecycle_statistics_free (statistics);
  g_assert_finalize_object (scope);
}

static gpointer
look_thread (gpointer stop)
{
  while (!g_atomic_int_get ((int *) stop))
    {
      lifecycle_statistics_free (lifecycle_get_statistics ());
      g_object_unref (lifecycle_list_records ());
    }

  return NULL;
}

/* Whoever looks never has the last reference: a scope that is dropped has closed when that returns. */
static void
test_look_on (void)
{
  guint n = test_amount (20000);
  int stop = FALSE;
  int released = 0;
  GThread *thread = g_thread_new ("look", look_thread, &stop);

  for (guint i = 0; i < n; i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      LifecycleScope *child = lifecycle_scope_new_child (scope, "child");

      lifecycle_scope_adopt (child, &released, test_count_notify);
      g_object_unref (child);
      g_object_unref (scope);
      g_assert_cmpint (released, ==, (int) i + 1);
    }

  g_atomic_int_set (&stop, TRUE);
  g_thread_join (thread);
}

static void
no_cleanup (LifecycleScope   *scope,
            LifecycleReason   reason,
            gpointer          data,
            GError          **error)
{
}

typedef struct
{
  LifecycleScope *scope;
  guint64         added;
  gint            done;
} Muting;

static gpointer
watch_muting (gpointer data)
{
  Muting *self = data;

  while (!g_atomic_int_get (&self->done))
    {
      g_autoptr (LifecycleStatistics) statistics = lifecycle_scope_get_statistics (self->scope, TRUE);

      g_assert_cmpuint (lifecycle_statistics_get_added (statistics, LIFECYCLE_KIND_CLEANUP), ==,
                        self->added);
    }

  return NULL;
}

/* To mute some entries, the scope is unlocked for a moment: its children are counted nevertheless. */
static void
test_while_muting (void)
{
  g_autoptr (GObject) object = g_object_new (G_TYPE_OBJECT, NULL);

  for (guint round = 0; round < 50; round++)
    {
      Muting muting = { .scope = lifecycle_scope_new ("scope"), .added = test_amount (5000) + 1 };
      LifecycleScope *child;
      GThread *thread;

      for (guint64 i = 1; i < muting.added; i++)
        lifecycle_scope_defer_for (muting.scope, object, no_cleanup, NULL, NULL);
      child = lifecycle_scope_get_child (muting.scope, "child");
      lifecycle_scope_defer (child, no_cleanup, NULL, NULL);

      thread = g_thread_new ("watch", watch_muting, &muting);
      lifecycle_scope_close (muting.scope);
      g_atomic_int_set (&muting.done, TRUE);
      g_thread_join (thread);
      g_assert_finalize_object (muting.scope);
    }
}

int
main (int   argc,
      char *argv[])
{
  int result;

  g_test_init (&argc, &argv, NULL);

  /* By this thread, before there are others: GLib's own locks are not seen by all who watch. */
  g_type_class_unref (g_type_class_ref (LIFECYCLE_TYPE_SCOPE));
  test_bus_up ();
  schema = test_schema_load ();

  for (guint i = 0; i < G_N_ELEMENTS (test_add_funcs); i++)
    {
      const TestAddFunc *row = &test_add_funcs[i];
      /* A row that repeats a function does so for another way to end. */
      gboolean again = i > 0 && test_add_funcs[i - 1].add == row->add;
      struct
      {
        const char *path;
        void     (* func) (Fixture *, gconstpointer);
      } ways[] = {
        { "retired", row->retire != NULL ? test_kind_retired : NULL },
        { "moved", test_kind_moved },
        { "closed", again ? NULL : test_kind_closed },
        { "cleared", again ? NULL : test_kind_cleared },
        { "late", again ? NULL : test_kind_late },
        { "late-closing", again ? NULL : test_kind_late_closing },
      };

      for (guint j = 0; j < G_N_ELEMENTS (ways); j++)
        {
          g_autofree char *path = g_strdup_printf ("/lifecycle/statistics/%s/%s", row->path,
                                                   ways[j].path);

          if (ways[j].func != NULL)
            g_test_add (path, Fixture, row, set_up, ways[j].func, tear_down);
        }
    }

  g_test_add_func ("/lifecycle/statistics/empty", test_empty);
  g_test_add_func ("/lifecycle/statistics/late-below", test_late_below);
  g_test_add_func ("/lifecycle/statistics/full-counters", test_full_counters);
  g_test_add_func ("/lifecycle/statistics/follow-is-not-late", test_follow_is_not_late);
  g_test_add_func ("/lifecycle/statistics/closed-per-reason", test_closed_per_reason);
  g_test_add_func ("/lifecycle/statistics/closed-ways", test_closed_ways);
  g_test_add_func ("/lifecycle/statistics/closing-time", test_closing_time);
  g_test_add_func ("/lifecycle/statistics/close-async", test_close_async);
  g_test_add_func ("/lifecycle/statistics/failed", test_failed);
  g_test_add_func ("/lifecycle/statistics/peak", test_peak);
  g_test_add_func ("/lifecycle/statistics/move", test_move);
  g_test_add_func ("/lifecycle/statistics/below-survives", test_below_survives);
  g_test_add_func ("/lifecycle/statistics/by-four", test_by_four);
  g_test_add_func ("/lifecycle/statistics/diamonds", test_diamonds);
  g_test_add_func ("/lifecycle/statistics/random", test_random);
  g_test_add_func ("/lifecycle/statistics/other-threads", test_other_threads);
  g_test_add_func ("/lifecycle/statistics/handed-over", test_handed_over);
  g_test_add_func ("/lifecycle/statistics/threads/crowd", test_crowd);
  g_test_add_func ("/lifecycle/statistics/while-closing", test_while_closing);
  g_test_add_func ("/lifecycle/statistics/boxed", test_boxed);
  g_test_add_func ("/lifecycle/statistics/to-string", test_to_string);
  g_test_add_func ("/lifecycle/statistics/bad-input", test_bad_input);
  g_test_add_func ("/lifecycle/statistics/threads/look-on", test_look_on);
  g_test_add_func ("/lifecycle/statistics/threads/while-muting", test_while_muting);

  result = g_test_run ();

  test_bus_down ();
  g_clear_pointer (&schema, g_settings_schema_unref);

  return result;
}
