/* test-statistics.c: what scopes have counted
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-statistics-util.h"

#include "lifecycle-scope-private.h"

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
  g_assert_cmpuint (n_late (fixture->scope, FALSE), ==, 0);
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
  g_assert_cmpuint (n_late (fixture->scope, FALSE), ==, 0);
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
      g_assert_cmpuint (n_late (fixture->scope, FALSE), ==, i);
      test_addition_clear (&fixture->addition);
      g_assert_cmpuint (n_late (fixture->scope, FALSE), ==, i);
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

  g_assert_cmpuint (n_late (scope, FALSE), ==, 0);
  fixture->row->add (&fixture->addition, scope);
  g_assert_cmpuint (n_late (scope, FALSE), ==, 1);
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
  g_assert_cmpuint (n_late (fixture->scope, FALSE), ==, 1);
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
  g_assert_cmpuint (n_late (child, TRUE), ==, 2);
  g_assert_cmpuint (n_late (root, TRUE), ==, 2);
  lifecycle_scope_close (child);
  g_assert_cmpuint (n_late (root, FALSE), ==, 0);
  g_assert_cmpuint (n_late (root, TRUE), ==, 2);
  g_assert_finalize_object (leaf);
  g_assert_finalize_object (child);
  g_assert_cmpuint (n_late (root, TRUE), ==, 2);
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
  g_assert_cmpuint (n_late (closed, FALSE), ==, 0);

  lifecycle_scope_follow (follower, closed);
  g_assert_true (lifecycle_scope_is_closed (follower));
  g_assert_cmpint (lifecycle_scope_get_reason (follower), ==, LIFECYCLE_REASON_OWNER_GONE);
  g_assert_cmpuint (n_late (follower, FALSE), ==, 0);
  g_assert_cmpuint (n_late (closed, FALSE), ==, 0);

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

int
main (int   argc,
      char *argv[])
{
  int result;

  g_test_init (&argc, &argv, NULL);

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
  g_test_add_func ("/lifecycle/statistics/while-closing", test_while_closing);
  g_test_add_func ("/lifecycle/statistics/boxed", test_boxed);
  g_test_add_func ("/lifecycle/statistics/to-string", test_to_string);
  g_test_add_func ("/lifecycle/statistics/bad-input", test_bad_input);

  result = g_test_run ();

  test_bus_down ();
  g_clear_pointer (&schema, g_settings_schema_unref);

  return result;
}
