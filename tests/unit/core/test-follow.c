/* test-follow.c: following
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

#include "lifecycle-link-private.h"
#include "lifecycle-scope-private.h"

static void
assert_gone (LifecycleScope  *scope,
             LifecycleReason  reason)
{
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, reason);
}

static void
test_follow (void)
{
  static const LifecycleReason reasons[] = {
    LIFECYCLE_REASON_COMPLETED, LIFECYCLE_REASON_ABORTED, LIFECYCLE_REASON_SHUTDOWN
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (reasons); i++)
    {
      LifecycleScope *other = lifecycle_scope_new ("other");
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      int n = 0;

      lifecycle_scope_follow (scope, other);
      lifecycle_scope_adopt (scope, &n, test_count_notify);
      /* Following is not an entry of either. */
      g_assert_cmpuint (lifecycle_scope_get_n_entries (other), ==, 0);
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
      g_assert_null (lifecycle_scope_get_parent (scope));

      lifecycle_scope_close_with_reason (other, reasons[i], NULL);
      assert_gone (scope, LIFECYCLE_REASON_OWNER_GONE);
      g_assert_cmpint (n, ==, 1);
      g_assert_finalize_object (scope);
      g_assert_finalize_object (other);
    }
}

/* The follower closes first: nothing happens to what it followed, and nothing is left there. */
static void
test_follower_first (void)
{
  LifecycleScope *other = lifecycle_scope_new ("other");
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  lifecycle_scope_follow (scope, other);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  g_assert_cmpint (lifecycle_scope_get_state (other), ==, LIFECYCLE_STATE_OPEN);
  g_assert_finalize_object (other);
}

/* Neither end holds a reference on the other. */
static void
test_references (void)
{
  LifecycleScope *other = lifecycle_scope_new ("other");
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0;

  lifecycle_scope_follow (scope, other);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_assert_finalize_object (scope);
  g_assert_cmpint (n, ==, 1);

  scope = lifecycle_scope_new ("scope");
  lifecycle_scope_follow (scope, other);
  g_assert_finalize_object (other);
  assert_gone (scope, LIFECYCLE_REASON_OWNER_GONE);
  g_assert_finalize_object (scope);
}

static void
test_closed_already (void)
{
  LifecycleScope *other = lifecycle_scope_new ("other");
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0;

  lifecycle_scope_close (other);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  lifecycle_scope_follow (scope, other);
  assert_gone (scope, LIFECYCLE_REASON_OWNER_GONE);
  g_assert_cmpint (n, ==, 1);

  /* A closed one follows nothing any more. */
  lifecycle_scope_follow (scope, other);
  assert_gone (scope, LIFECYCLE_REASON_OWNER_GONE);
  g_assert_finalize_object (other);

  other = lifecycle_scope_new ("other");
  lifecycle_scope_follow (scope, other);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (other);
}

static void
test_twice (void)
{
  LifecycleScope *other = lifecycle_scope_new ("other");
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0;

  lifecycle_scope_defer (scope, test_count_cleanup, &n, NULL);
  lifecycle_scope_follow (scope, other);
  lifecycle_scope_follow (scope, other);
  lifecycle_scope_close (other);
  assert_gone (scope, LIFECYCLE_REASON_OWNER_GONE);
  g_assert_cmpint (n, ==, 1);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (other);
}

/* Whichever of several ends first. */
static void
test_several (void)
{
  guint which;

  for (which = 0; which < 3; which++)
    {
      LifecycleScope *others[3];
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      guint i;

      for (i = 0; i < 3; i++)
        {
          others[i] = lifecycle_scope_new ("other");
          lifecycle_scope_follow (scope, others[i]);
        }
      lifecycle_scope_close (others[which]);
      assert_gone (scope, LIFECYCLE_REASON_OWNER_GONE);
      for (i = 0; i < 3; i++)
        {
          g_assert_cmpint (lifecycle_scope_is_closed (others[i]), ==, i == which);
          g_assert_finalize_object (others[i]);
        }
      g_assert_finalize_object (scope);
    }
}

static void
test_many_followers (void)
{
  LifecycleScope *other = lifecycle_scope_new ("other");
  LifecycleScope *scopes[200];
  int n = 0;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (scopes); i++)
    {
      scopes[i] = lifecycle_scope_new ("scope");
      lifecycle_scope_follow (scopes[i], other);
      lifecycle_scope_adopt (scopes[i], &n, test_count_notify);
    }
  for (i = 0; i < G_N_ELEMENTS (scopes); i += 2)
    lifecycle_scope_close (scopes[i]);
  g_assert_cmpint (n, ==, 100);
  lifecycle_scope_close (other);
  g_assert_cmpint (n, ==, 200);
  for (i = 0; i < G_N_ELEMENTS (scopes); i++)
    {
      assert_gone (scopes[i], i % 2 == 0 ? LIFECYCLE_REASON_COMPLETED
                                         : LIFECYCLE_REASON_OWNER_GONE);
      g_assert_finalize_object (scopes[i]);
    }
  g_assert_finalize_object (other);
}

static void
test_itself (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  test_expect_critical ("*");
  lifecycle_scope_follow (scope, scope);
  g_test_assert_expected_messages ();
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  g_assert_finalize_object (scope);
}

static void
make_circle (LifecycleScope **scopes,
             guint            length,
             int             *n)
{
  guint i;

  for (i = 0; i < length; i++)
    {
      scopes[i] = lifecycle_scope_new ("scope");
      lifecycle_scope_defer (scopes[i], test_count_cleanup, n, NULL);
    }
  for (i = 0; i < length; i++)
    lifecycle_scope_follow (scopes[i], scopes[(i + 1) % length]);
}

static void
test_circle (void)
{
  static const guint lengths[] = { 2, 3, 10 };
  guint l, i, start;

  for (l = 0; l < G_N_ELEMENTS (lengths); l++)
    for (start = 0; start < lengths[l]; start++)
      {
        LifecycleScope *scopes[10];
        int n = 0;

        make_circle (scopes, lengths[l], &n);
        lifecycle_scope_close_with_reason (scopes[start], LIFECYCLE_REASON_ABORTED, NULL);
        g_assert_cmpint (n, ==, (int) lengths[l]);
        for (i = 0; i < lengths[l]; i++)
          {
            assert_gone (scopes[i], i == start ? LIFECYCLE_REASON_ABORTED
                                               : LIFECYCLE_REASON_OWNER_GONE);
            g_assert_finalize_object (scopes[i]);
          }
      }
}

/* A circle is no cycle of references. */
static void
test_circle_dropped (void)
{
  LifecycleScope *scopes[3];
  int n = 0;

  make_circle (scopes, 3, &n);
  g_assert_finalize_object (scopes[0]);
  g_assert_cmpint (n, ==, 3);
  assert_gone (scopes[1], LIFECYCLE_REASON_OWNER_GONE);
  assert_gone (scopes[2], LIFECYCLE_REASON_OWNER_GONE);
  g_assert_finalize_object (scopes[1]);
  g_assert_finalize_object (scopes[2]);
}

/* A parent that follows its child, and a child that follows its parent. */
static void
test_parent_follows_child (void)
{
  LifecycleScope *parent, *child;
  int n = 0;

  parent = lifecycle_scope_new ("parent");
  child = lifecycle_scope_new_child (parent, "child");
  lifecycle_scope_follow (parent, child);
  lifecycle_scope_defer (parent, test_count_cleanup, &n, NULL);
  lifecycle_scope_defer (child, test_count_cleanup, &n, NULL);
  lifecycle_scope_close (child);
  g_assert_cmpint (n, ==, 2);
  assert_gone (child, LIFECYCLE_REASON_COMPLETED);
  assert_gone (parent, LIFECYCLE_REASON_OWNER_GONE);
  g_assert_finalize_object (child);
  g_assert_finalize_object (parent);

  parent = lifecycle_scope_new ("parent");
  child = lifecycle_scope_new_child (parent, "child");
  lifecycle_scope_follow (parent, child);
  lifecycle_scope_defer (parent, test_count_cleanup, &n, NULL);
  lifecycle_scope_defer (child, test_count_cleanup, &n, NULL);
  lifecycle_scope_close (parent);
  g_assert_cmpint (n, ==, 4);
  assert_gone (parent, LIFECYCLE_REASON_COMPLETED);
  g_assert_true (lifecycle_scope_is_closed (child));
  g_assert_finalize_object (child);
  g_assert_finalize_object (parent);
}

static void
test_child_follows_parent (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *child = lifecycle_scope_new_child (parent, "child");
  LifecycleScope *sibling = lifecycle_scope_new_child (parent, "sibling");
  int n = 0;

  lifecycle_scope_follow (child, parent);
  lifecycle_scope_follow (sibling, child);
  lifecycle_scope_defer (child, test_count_cleanup, &n, NULL);
  lifecycle_scope_defer (sibling, test_count_cleanup, &n, NULL);
  g_assert_cmpuint (lifecycle_scope_close (parent), ==, 4);
  g_assert_cmpint (n, ==, 2);
  g_assert_true (lifecycle_scope_is_closed (child));
  g_assert_true (lifecycle_scope_is_closed (sibling));
  g_assert_finalize_object (child);
  g_assert_finalize_object (sibling);
  g_assert_finalize_object (parent);
}

/* A child of another tree follows: it leaves its own parent. */
static void
test_across_trees (void)
{
  LifecycleScope *service = lifecycle_scope_new ("service");
  LifecycleScope *player = lifecycle_scope_new ("player");
  LifecycleScope *middle = lifecycle_scope_new_child (service, "middle");
  LifecycleScope *below = lifecycle_scope_new_child (middle, "below");
  int n = 0;

  lifecycle_scope_follow (middle, player);
  lifecycle_scope_adopt (below, &n, test_count_notify);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (service), ==, 1);
  lifecycle_scope_close (player);
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (service), ==, 0);
  g_assert_cmpint (lifecycle_scope_get_state (service), ==, LIFECYCLE_STATE_OPEN);
  assert_gone (middle, LIFECYCLE_REASON_OWNER_GONE);
  assert_gone (below, LIFECYCLE_REASON_PARENT_CLOSED);
  g_assert_finalize_object (below);
  g_assert_finalize_object (middle);
  g_assert_finalize_object (player);
  g_assert_finalize_object (service);
}

static void
log_reason_cb (LifecycleScope  *scope,
               LifecycleReason  reason,
               gpointer         word)
{
  test_log ("%s:%d", (const char *) word, reason);
}

/* Followers are torn down before what the scope owns, and told so in time. */
static void
test_order (void)
{
  LifecycleScope *other = lifecycle_scope_new ("other");
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  lifecycle_scope_adopt (other, (gpointer) "first", test_log_notify);
  lifecycle_scope_follow (scope, other);
  lifecycle_scope_adopt (other, (gpointer) "last", test_log_notify);
  lifecycle_scope_adopt (scope, (gpointer) "follower", test_log_notify);
  g_signal_connect (other, "closed", G_CALLBACK (log_reason_cb), (gpointer) "other-closed");
  g_signal_connect (scope, "closed", G_CALLBACK (log_reason_cb), (gpointer) "scope-closed");
  lifecycle_scope_close (other);
  test_assert_log ("~follower scope-closed:7 ~last ~first other-closed:1");
  g_assert_finalize_object (scope);
  g_assert_finalize_object (other);
}

static void
test_object (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new ();
  int n = 0;

  lifecycle_scope_follow_object (scope, G_OBJECT (object));
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_assert_cmpuint (G_OBJECT (object)->ref_count, ==, 1);
  g_assert_finalize_object (object);
  g_assert_cmpint (n, ==, 1);
  assert_gone (scope, LIFECYCLE_REASON_OWNER_GONE);
  g_assert_finalize_object (scope);
}

static void
test_object_run_dispose (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new ();

  lifecycle_scope_follow_object (scope, G_OBJECT (object));
  g_object_run_dispose (G_OBJECT (object));
  assert_gone (scope, LIFECYCLE_REASON_OWNER_GONE);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (object);
}

static void
test_object_survives (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new ();

  lifecycle_scope_follow_object (scope, G_OBJECT (object));
  g_assert_finalize_object (scope);
  g_assert_finalize_object (object);
}

/* It is the scope of the object that is followed. */
static void
test_object_scope_of (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new ();

  lifecycle_scope_follow_object (scope, G_OBJECT (object));
  lifecycle_scope_close (lifecycle_scope_of (G_OBJECT (object)));
  assert_gone (scope, LIFECYCLE_REASON_OWNER_GONE);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (object);
}

/* A scope that follows an object of which it holds the last reference. */
static void
test_object_owned (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new_logged ("object");

  lifecycle_scope_follow_object (scope, G_OBJECT (object));
  lifecycle_scope_add_object (scope, G_OBJECT (object));
  g_object_unref (object);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  test_assert_log ("~object");
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_COMPLETED);
  g_assert_finalize_object (scope);
}

/* A scope that follows a scope, as an object. */
static void
test_object_scope (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *object = lifecycle_scope_new ("object");

  lifecycle_scope_follow_object (scope, G_OBJECT (object));
  lifecycle_scope_close (object);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  g_assert_finalize_object (object);
  assert_gone (scope, LIFECYCLE_REASON_OWNER_GONE);
  g_assert_finalize_object (scope);
}

static void
test_signal (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int n = 0;

  lifecycle_scope_follow_signal (scope, G_OBJECT (emitter), "plain", LIFECYCLE_REASON_CONFLICTED);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_assert_cmpuint (G_OBJECT (emitter)->ref_count, ==, 1);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  test_emit (emitter, "plain");
  assert_gone (scope, LIFECYCLE_REASON_CONFLICTED);
  g_assert_cmpint (n, ==, 1);
  g_assert_false (test_has_handlers (emitter, "plain"));
  test_emit (emitter, "plain");
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
test_signal_params (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();

  lifecycle_scope_follow_signal (scope, G_OBJECT (emitter), "params", LIFECYCLE_REASON_ABORTED);
  g_signal_emit_by_name (emitter, "params", 1, "one", NULL);
  assert_gone (scope, LIFECYCLE_REASON_ABORTED);
  g_assert_finalize_object (scope);

  scope = lifecycle_scope_new ("scope");
  lifecycle_scope_follow_signal (scope, G_OBJECT (emitter), "detailed::red",
                                 LIFECYCLE_REASON_SHUTDOWN);
  test_emit (emitter, "detailed::blue");
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  test_emit (emitter, "detailed::red");
  assert_gone (scope, LIFECYCLE_REASON_SHUTDOWN);
  g_assert_finalize_object (scope);

  scope = lifecycle_scope_new ("scope");
  lifecycle_scope_follow_signal (scope, G_OBJECT (emitter), "notify::value",
                                 LIFECYCLE_REASON_COMPLETED);
  g_object_set (emitter, "value", 9, NULL);
  assert_gone (scope, LIFECYCLE_REASON_COMPLETED);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* If the instance dies, nothing happens. */
static void
test_signal_instance_dies (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();

  lifecycle_scope_follow_signal (scope, G_OBJECT (emitter), "plain", LIFECYCLE_REASON_ABORTED);
  g_assert_finalize_object (emitter);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  g_assert_finalize_object (scope);
}

static void
test_signal_scope_dies (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();

  lifecycle_scope_follow_signal (scope, G_OBJECT (emitter), "plain", LIFECYCLE_REASON_ABORTED);
  lifecycle_scope_follow_signal (scope, G_OBJECT (emitter), "late", LIFECYCLE_REASON_ABORTED);
  g_assert_finalize_object (scope);
  g_assert_false (test_has_handlers (emitter, "plain"));
  g_assert_false (test_has_handlers (emitter, "late"));
  test_emit (emitter, "plain");
  g_assert_finalize_object (emitter);
}

/* A service that ends with its application. */
static void
test_signal_on_scope (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *other = lifecycle_scope_new ("other");

  lifecycle_scope_follow_signal (scope, G_OBJECT (other), "closing", LIFECYCLE_REASON_SHUTDOWN);
  lifecycle_scope_close (other);
  assert_gone (scope, LIFECYCLE_REASON_SHUTDOWN);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (other);
}

static void
test_signal_unknown (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();

  test_expect_critical ("*nonsense*");
  lifecycle_scope_follow_signal (scope, G_OBJECT (emitter), "nonsense", LIFECYCLE_REASON_ABORTED);
  g_test_assert_expected_messages ();
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* Blocking the scope must not make it immortal. */
static void
test_signal_blocked (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();

  lifecycle_scope_follow_signal (scope, G_OBJECT (emitter), "plain", LIFECYCLE_REASON_ABORTED);
  lifecycle_scope_block (scope);
  test_emit (emitter, "plain");
  assert_gone (scope, LIFECYCLE_REASON_ABORTED);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
test_cancellable (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GCancellable *cancellable = g_cancellable_new ();
  int n = 0;

  lifecycle_scope_follow_cancellable (scope, cancellable);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_cancellable_cancel (cancellable);
  assert_gone (scope, LIFECYCLE_REASON_ABORTED);
  g_assert_cmpint (n, ==, 1);
  g_assert_finalize_object (scope);

  /* Cancelled already. */
  scope = lifecycle_scope_new ("scope");
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  lifecycle_scope_follow_cancellable (scope, cancellable);
  assert_gone (scope, LIFECYCLE_REASON_ABORTED);
  g_assert_cmpint (n, ==, 2);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (cancellable);
}

static void
test_cancellable_dies (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GCancellable *cancellable = g_cancellable_new ();

  lifecycle_scope_follow_cancellable (scope, cancellable);
  g_object_unref (cancellable);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  g_assert_finalize_object (scope);
}

static void
test_cancellable_survives (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GCancellable *cancellable = g_cancellable_new ();

  lifecycle_scope_follow_cancellable (scope, cancellable);
  g_assert_finalize_object (scope);
  g_cancellable_cancel (cancellable);
  g_assert_finalize_object (cancellable);
}

/* One scope that follows the cancellable of another, and one that follows its own. */
static void
test_cancellable_of_scope (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *other = lifecycle_scope_new ("other");
  int n = 0;

  lifecycle_scope_follow_cancellable (scope, lifecycle_scope_get_cancellable (other));
  lifecycle_scope_follow_cancellable (other, lifecycle_scope_get_cancellable (other));
  lifecycle_scope_adopt (other, &n, test_count_notify);
  lifecycle_scope_close (other);
  assert_gone (other, LIFECYCLE_REASON_COMPLETED);
  assert_gone (scope, LIFECYCLE_REASON_ABORTED);
  g_assert_cmpint (n, ==, 1);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (other);

  scope = lifecycle_scope_new ("scope");
  lifecycle_scope_follow_cancellable (scope, lifecycle_scope_get_cancellable (scope));
  g_cancellable_cancel (lifecycle_scope_get_cancellable (scope));
  assert_gone (scope, LIFECYCLE_REASON_ABORTED);
  g_assert_finalize_object (scope);
}

static void
follow_in_closing_cb (LifecycleScope  *scope,
                      LifecycleReason  reason,
                      gpointer         follower)
{
  lifecycle_scope_follow (follower, scope);
  test_log ("%d", lifecycle_scope_is_closed (follower));
}

/* Following what is closing closes at once too, at the latest by the end of that close. */
static void
test_follow_closing (void)
{
  LifecycleScope *other = lifecycle_scope_new ("other");
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  g_signal_connect (other, "closing", G_CALLBACK (follow_in_closing_cb), scope);
  lifecycle_scope_close (other);
  test_assert_log ("1");
  assert_gone (scope, LIFECYCLE_REASON_OWNER_GONE);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (other);
}

static void
follow_cleanup (LifecycleScope   *scope,
                LifecycleReason   reason,
                gpointer          follower,
                GError          **error)
{
  lifecycle_scope_follow (follower, scope);
  g_assert_true (lifecycle_scope_is_closed (follower));
}

static void
test_follow_in_cleanup (void)
{
  LifecycleScope *other = lifecycle_scope_new ("other");
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  lifecycle_scope_defer (other, follow_cleanup, scope, NULL);
  lifecycle_scope_close (other);
  assert_gone (scope, LIFECYCLE_REASON_OWNER_GONE);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (other);
}

/* The end of an object reaches, along a chain, whatever hangs on it. */
static void
test_chain (void)
{
  TestEmitter *object = test_emitter_new ();
  LifecycleScope *scopes[50];
  guint i;

  for (i = 0; i < G_N_ELEMENTS (scopes); i++)
    {
      scopes[i] = lifecycle_scope_new ("scope");
      if (i == 0)
        lifecycle_scope_follow_object (scopes[i], G_OBJECT (object));
      else
        lifecycle_scope_follow (scopes[i], scopes[i - 1]);
    }
  g_assert_finalize_object (object);
  for (i = 0; i < G_N_ELEMENTS (scopes); i++)
    {
      assert_gone (scopes[i], LIFECYCLE_REASON_OWNER_GONE);
      g_assert_finalize_object (scopes[i]);
    }
}

/* A child of the closing scope is followed too: its followers go in the same close. */
static void
test_follow_descendant (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *child = lifecycle_scope_new_child (root, "child");
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *below = lifecycle_scope_new_child (scope, "below");

  lifecycle_scope_follow (scope, child);
  lifecycle_scope_close (root);
  assert_gone (scope, LIFECYCLE_REASON_OWNER_GONE);
  assert_gone (below, LIFECYCLE_REASON_PARENT_CLOSED);
  g_assert_finalize_object (below);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (child);
  g_assert_finalize_object (root);
}

/* What is refused by the other party does not stay with its own. */
static void
test_refused (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleLedger *following = lifecycle_scope_ensure_following (scope);
  LifecycleLedger *followers = lifecycle_ledger_new (NULL);
  LifecycleLink *link = g_new0 (LifecycleLink, 1);

  lifecycle_ledger_shut (followers);
  g_assert_false (lifecycle_link_connect (link, following, LIFECYCLE_ENTRY_FOLLOWING,
                                          followers, LIFECYCLE_ENTRY_FOLLOWER, NULL));
  g_assert_cmpuint (following->n_entries, ==, 0);
  g_assert_cmpint (link->refs, ==, 1);
  lifecycle_link_unref (link);
  lifecycle_ledger_unref (followers);
  g_assert_finalize_object (scope);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/follow/follow", test_follow);
  g_test_add_func ("/lifecycle/follow/follower-first", test_follower_first);
  g_test_add_func ("/lifecycle/follow/references", test_references);
  g_test_add_func ("/lifecycle/follow/closed-already", test_closed_already);
  g_test_add_func ("/lifecycle/follow/twice", test_twice);
  g_test_add_func ("/lifecycle/follow/several", test_several);
  g_test_add_func ("/lifecycle/follow/many-followers", test_many_followers);
  g_test_add_func ("/lifecycle/follow/itself", test_itself);
  g_test_add_func ("/lifecycle/follow/circle", test_circle);
  g_test_add_func ("/lifecycle/follow/circle-dropped", test_circle_dropped);
  g_test_add_func ("/lifecycle/follow/parent-follows-child", test_parent_follows_child);
  g_test_add_func ("/lifecycle/follow/child-follows-parent", test_child_follows_parent);
  g_test_add_func ("/lifecycle/follow/across-trees", test_across_trees);
  g_test_add_func ("/lifecycle/follow/order", test_order);
  g_test_add_func ("/lifecycle/follow/object", test_object);
  g_test_add_func ("/lifecycle/follow/object-run-dispose", test_object_run_dispose);
  g_test_add_func ("/lifecycle/follow/object-survives", test_object_survives);
  g_test_add_func ("/lifecycle/follow/object-scope-of", test_object_scope_of);
  g_test_add_func ("/lifecycle/follow/object-owned", test_object_owned);
  g_test_add_func ("/lifecycle/follow/object-scope", test_object_scope);
  g_test_add_func ("/lifecycle/follow/signal", test_signal);
  g_test_add_func ("/lifecycle/follow/signal-params", test_signal_params);
  g_test_add_func ("/lifecycle/follow/signal-instance-dies", test_signal_instance_dies);
  g_test_add_func ("/lifecycle/follow/signal-scope-dies", test_signal_scope_dies);
  g_test_add_func ("/lifecycle/follow/signal-on-scope", test_signal_on_scope);
  g_test_add_func ("/lifecycle/follow/signal-unknown", test_signal_unknown);
  g_test_add_func ("/lifecycle/follow/signal-blocked", test_signal_blocked);
  g_test_add_func ("/lifecycle/follow/cancellable", test_cancellable);
  g_test_add_func ("/lifecycle/follow/cancellable-dies", test_cancellable_dies);
  g_test_add_func ("/lifecycle/follow/cancellable-survives", test_cancellable_survives);
  g_test_add_func ("/lifecycle/follow/cancellable-of-scope", test_cancellable_of_scope);
  g_test_add_func ("/lifecycle/follow/follow-closing", test_follow_closing);
  g_test_add_func ("/lifecycle/follow/follow-in-cleanup", test_follow_in_cleanup);
  g_test_add_func ("/lifecycle/follow/chain", test_chain);
  g_test_add_func ("/lifecycle/follow/follow-descendant", test_follow_descendant);
  g_test_add_func ("/lifecycle/follow/refused", test_refused);

  return g_test_run ();
}
