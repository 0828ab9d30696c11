/* test-scope.c: scopes by themselves
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-scope-util.h"

static void
test_new (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("service");

  g_assert_true (LIFECYCLE_IS_SCOPE (scope));
  g_assert_cmpstr (lifecycle_scope_get_name (scope), ==, "service");
  g_assert_null (lifecycle_scope_get_parent (scope));
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  g_assert_false (lifecycle_scope_is_closed (scope));
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_NONE);
  g_assert_null (lifecycle_scope_get_reason_detail (scope));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_null (lifecycle_scope_get_error (scope));
  g_assert_cmpuint (lifecycle_scope_get_limit (scope), ==, 0);
  g_assert_finalize_object (scope);
}

static void
test_new_unnamed (void)
{
  LifecycleScope *scope = lifecycle_scope_new (NULL);
  g_autofree char *path = lifecycle_scope_get_path (scope);

  g_assert_null (lifecycle_scope_get_name (scope));
  g_assert_cmpstr (path, ==, "unnamed");
  g_assert_finalize_object (scope);
}

/* The name is copied. */
static void
test_name_copied (void)
{
  char name[] = "first";
  LifecycleScope *scope = lifecycle_scope_new (name);
  LifecycleScope *child = lifecycle_scope_new_child (scope, name);

  name[0] = 'F';
  g_assert_cmpstr (lifecycle_scope_get_name (scope), ==, "first");
  g_assert_cmpstr (lifecycle_scope_get_name (child), ==, "first");
  g_assert_true (lifecycle_scope_get_child (scope, "first") == child);

  lifecycle_scope_close (scope);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
}

static void
test_path (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *service = lifecycle_scope_new_child (root, "PlayerService");
  LifecycleScope *unnamed = lifecycle_scope_new_child (service, NULL);
  LifecycleScope *leaf = lifecycle_scope_new_child (unnamed, "42");
  char *path;

  path = lifecycle_scope_get_path (root);
  g_assert_cmpstr (path, ==, "root");
  g_free (path);
  path = lifecycle_scope_get_path (leaf);
  g_assert_cmpstr (path, ==, "root/PlayerService/unnamed/42");
  g_free (path);

  lifecycle_scope_close (leaf);
  path = lifecycle_scope_get_path (leaf);
  g_assert_nonnull (path);
  g_assert_true (g_str_has_suffix (path, "42"));
  g_free (path);
  lifecycle_scope_close (root);

  g_assert_finalize_object (leaf);
  g_assert_finalize_object (unnamed);
  g_assert_finalize_object (service);
  g_assert_finalize_object (root);
}

static void
test_object_new (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *child = g_object_new (LIFECYCLE_TYPE_SCOPE,
                                        "parent", parent,
                                        "name", "child",
                                        "limit", 7,
                                        NULL);

  g_assert_true (lifecycle_scope_get_parent (child) == parent);
  g_assert_cmpstr (lifecycle_scope_get_name (child), ==, "child");
  g_assert_cmpuint (lifecycle_scope_get_limit (child), ==, 7);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (parent), ==, 1);
  g_assert_true (lifecycle_scope_get_child (parent, "child") == child);

  /* The parent holds a reference of its own. */
  g_object_unref (child);
  g_assert_cmpint (lifecycle_scope_get_state (child), ==, LIFECYCLE_STATE_OPEN);
  g_object_ref (child);

  g_assert_cmpuint (lifecycle_scope_close (parent), ==, 1);
  g_assert_cmpint (lifecycle_scope_get_reason (child), ==, LIFECYCLE_REASON_PARENT_CLOSED);
  g_assert_finalize_object (child);
  g_assert_finalize_object (parent);
}

static void
test_object_new_plain (void)
{
  LifecycleScope *scope = g_object_new (LIFECYCLE_TYPE_SCOPE, NULL);
  int n = 0;

  g_assert_null (lifecycle_scope_get_name (scope));
  g_assert_null (lifecycle_scope_get_parent (scope));
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_cmpint (n, ==, 1);
  g_assert_finalize_object (scope);
}

static void
test_object_new_born_closed (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *child;

  lifecycle_scope_close (parent);
  child = g_object_new (LIFECYCLE_TYPE_SCOPE, "parent", parent, "name", "late", NULL);
  g_assert_true (lifecycle_scope_is_closed (child));
  g_assert_cmpint (lifecycle_scope_get_state (child), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_reason (child), ==, LIFECYCLE_REASON_PARENT_CLOSED);
  g_assert_cmpstr (lifecycle_scope_get_name (child), ==, "late");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (parent), ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (child), ==, 0);
  g_assert_finalize_object (child);
  g_assert_finalize_object (parent);
}

/* The name may come before or after the parent, and the parent may already have looked for it. */
static void
test_object_new_order (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *first, *second;

  g_assert_cmpstr (lifecycle_scope_get_name (lifecycle_scope_get_child (parent, "other")), ==, "other");
  first = g_object_new (LIFECYCLE_TYPE_SCOPE, "parent", parent, "name", "first", NULL);
  second = g_object_new (LIFECYCLE_TYPE_SCOPE, "name", "second", "parent", parent, NULL);
  g_assert_true (lifecycle_scope_get_child (parent, "first") == first);
  g_assert_true (lifecycle_scope_get_child (parent, "second") == second);

  g_assert_cmpuint (lifecycle_scope_close (parent), ==, 3);
  g_assert_finalize_object (first);
  g_assert_finalize_object (second);
  g_assert_finalize_object (parent);
}

static void
refuse_parent (LifecycleScope *scope,
               LifecycleScope *parent)
{
  g_test_expect_message ("Lifecycle", G_LOG_LEVEL_CRITICAL, "*scope_is_unused*failed*");
  g_object_set (scope, "parent", parent, NULL);
  g_test_assert_expected_messages ();
}

/* A parent is for the constructor. */
static void
test_set_too_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *parent = lifecycle_scope_new (NULL);
  LifecycleScope *child = lifecycle_scope_new_child (parent, "child");

  refuse_parent (scope, scope);
  refuse_parent (child, scope);
  refuse_parent (parent, scope);
  lifecycle_scope_close (scope);
  refuse_parent (scope, parent);

  g_assert_null (lifecycle_scope_get_parent (parent));
  g_assert_true (lifecycle_scope_get_parent (child) == parent);

  g_object_unref (child);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (parent);
}

static void
test_properties (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *scope = lifecycle_scope_new_child (parent, "scope");
  LifecycleScope *got_parent = NULL;
  char *name = NULL;
  LifecycleState state;
  LifecycleReason reason;
  guint n_entries, limit;
  int n = 0;

  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_object_set (scope, "limit", 50, NULL);
  g_assert_cmpuint (lifecycle_scope_get_limit (scope), ==, 50);
  lifecycle_scope_set_limit (scope, 60);

  g_object_get (scope, "parent", &got_parent, "name", &name, "state", &state, "reason", &reason,
                "n-entries", &n_entries, "limit", &limit, NULL);
  g_assert_true (got_parent == parent);
  g_assert_cmpstr (name, ==, "scope");
  g_assert_cmpint (state, ==, LIFECYCLE_STATE_OPEN);
  g_assert_cmpint (reason, ==, LIFECYCLE_REASON_NONE);
  g_assert_cmpuint (n_entries, ==, 1);
  g_assert_cmpuint (limit, ==, 60);
  g_clear_object (&got_parent);
  g_free (name);

  lifecycle_scope_close_with_reason (scope, LIFECYCLE_REASON_CONFLICTED, NULL);
  g_object_get (scope, "parent", &got_parent, "state", &state, "reason", &reason,
                "n-entries", &n_entries, NULL);
  g_assert_null (got_parent);
  g_assert_cmpint (state, ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (reason, ==, LIFECYCLE_REASON_CONFLICTED);
  g_assert_cmpuint (n_entries, ==, 0);
  g_assert_cmpint (n, ==, 1);

  g_assert_finalize_object (scope);
  g_assert_finalize_object (parent);
}

static void
property_flags (const char  *name,
                GParamFlags  expected)
{
  g_autoptr (GTypeClass) klass = g_type_class_ref (LIFECYCLE_TYPE_SCOPE);
  GParamSpec *pspec = g_object_class_find_property (G_OBJECT_CLASS (klass), name);
  GParamFlags mask = G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_CONSTRUCT_ONLY;

  g_assert_nonnull (pspec);
  g_assert_cmpint (pspec->flags & mask, ==, expected);
}

static void
test_property_flags (void)
{
  property_flags ("name", G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY);
  property_flags ("parent", G_PARAM_READWRITE);
  property_flags ("state", G_PARAM_READABLE);
  property_flags ("reason", G_PARAM_READABLE);
  property_flags ("n-entries", G_PARAM_READABLE);
  property_flags ("limit", G_PARAM_READWRITE);
}

static void
log_state_cb (LifecycleScope *scope,
              GParamSpec     *pspec,
              gpointer        data)
{
  test_log ("state=%d", lifecycle_scope_get_state (scope));
}

static void
log_reason_cb (LifecycleScope *scope,
               GParamSpec     *pspec,
               gpointer        data)
{
  test_log ("reason=%d", lifecycle_scope_get_reason (scope));
}

static void
test_notify (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0;

  g_signal_connect (scope, "notify::state", G_CALLBACK (log_state_cb), NULL);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  test_assert_log ("");
  lifecycle_scope_close (scope);
  test_assert_log ("state=1 state=2");
  g_assert_finalize_object (scope);

  scope = lifecycle_scope_new ("scope");
  g_signal_connect (scope, "notify::reason", G_CALLBACK (log_reason_cb), NULL);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  lifecycle_scope_close_with_reason (scope, LIFECYCLE_REASON_SHUTDOWN, NULL);
  test_assert_log ("reason=8");
  lifecycle_scope_close (scope);
  test_assert_log ("");
  g_assert_finalize_object (scope);
  g_assert_cmpint (n, ==, 2);
}

static void
listen_cb (gpointer data)
{
  LifecycleScope *scope = data;

  g_signal_connect (scope, "closed", G_CALLBACK (log_state_cb), NULL);
  g_signal_connect (scope, "notify::state", G_CALLBACK (log_state_cb), NULL);
}

/* Nobody listens when the scope begins to close, but a destroy notify does in the middle of it. */
static void
test_listen_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");

  lifecycle_scope_adopt (child, child, listen_cb);
  lifecycle_scope_close (child);
  test_assert_log ("state=2 state=2");

  lifecycle_scope_adopt (scope, scope, listen_cb);
  g_object_unref (lifecycle_scope_new_child (scope, NULL));
  lifecycle_scope_close (scope);
  test_assert_log ("state=2 state=2");

  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
}

static void
test_notify_limit (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0;

  g_signal_connect_swapped (scope, "notify::limit", G_CALLBACK (test_count_notify), &n);
  lifecycle_scope_set_limit (scope, 5);
  g_assert_cmpint (n, ==, 1);
  lifecycle_scope_set_limit (scope, 0);
  g_assert_cmpint (n, ==, 2);
  g_assert_finalize_object (scope);
}

static void
test_reason (void)
{
  static const LifecycleReason reasons[] = {
    LIFECYCLE_REASON_COMPLETED, LIFECYCLE_REASON_ABORTED, LIFECYCLE_REASON_CONFLICTED,
    LIFECYCLE_REASON_TIMED_OUT, LIFECYCLE_REASON_REPLACED, LIFECYCLE_REASON_OWNER_GONE,
    LIFECYCLE_REASON_SHUTDOWN
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (reasons); i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      char detail[] = "because";

      g_assert_cmpuint (lifecycle_scope_close_with_reason (scope, reasons[i], detail), ==, 0);
      detail[0] = 'B';
      g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, reasons[i]);
      g_assert_cmpstr (lifecycle_scope_get_reason_detail (scope), ==, "because");
      g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSED);

      /* The first reason stays. */
      g_assert_cmpuint (lifecycle_scope_close_with_reason (scope, LIFECYCLE_REASON_ABORTED, "no"),
                        ==, 0);
      g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, reasons[i]);
      g_assert_cmpstr (lifecycle_scope_get_reason_detail (scope), ==, "because");
      g_assert_finalize_object (scope);
    }
}

static void
test_close_default_reason (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  lifecycle_scope_close (scope);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_COMPLETED);
  g_assert_null (lifecycle_scope_get_reason_detail (scope));
  g_assert_finalize_object (scope);
}

static void
seen_cb (LifecycleScope  *scope,
         LifecycleReason  reason,
         gpointer         user_data)
{
  seen_cleanup (scope, reason, user_data, NULL);
}

static void
test_signals (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  Seen closing = { 0 }, closed = { 0 }, cleanup = { 0 };

  g_signal_connect (scope, "closing", G_CALLBACK (seen_cb), &closing);
  g_signal_connect (scope, "closed", G_CALLBACK (seen_cb), &closed);
  lifecycle_scope_defer (scope, seen_cleanup, &cleanup, NULL);
  lifecycle_scope_close_with_reason (scope, LIFECYCLE_REASON_ABORTED, "user");

  g_assert_cmpint (closing.n, ==, 1);
  g_assert_cmpint (closing.reason, ==, LIFECYCLE_REASON_ABORTED);
  g_assert_cmpint (closing.state, ==, LIFECYCLE_STATE_CLOSING);
  g_assert_cmpstr (closing.detail, ==, "user");
  g_assert_cmpint (cleanup.n, ==, 1);
  g_assert_cmpint (cleanup.reason, ==, LIFECYCLE_REASON_ABORTED);
  g_assert_cmpint (cleanup.state, ==, LIFECYCLE_STATE_CLOSING);
  g_assert_cmpstr (cleanup.detail, ==, "user");
  g_assert_cmpint (closed.n, ==, 1);
  g_assert_cmpint (closed.reason, ==, LIFECYCLE_REASON_ABORTED);
  g_assert_cmpint (closed.state, ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpstr (closed.detail, ==, "user");

  g_free (closing.detail);
  g_free (cleanup.detail);
  g_free (closed.detail);
  g_assert_finalize_object (scope);
}

static void
test_is_closed (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  g_assert_false (lifecycle_scope_is_closed (scope));
  lifecycle_scope_close (scope);
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_finalize_object (scope);
}

static void
test_count (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  TestEmitter *emitter = test_emitter_new ();
  int n = 0;
  guint i;

  for (i = 0; i < 3; i++)
    lifecycle_scope_connect_signal (scope, emitter, "plain",
                                    G_CALLBACK (test_count_handler_cb), &n);
  for (i = 0; i < 2; i++)
    lifecycle_scope_connect_signal (child, emitter, "plain",
                                    G_CALLBACK (test_count_handler_cb), &n);

  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 4);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (child), ==, 2);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 6);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (child), ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);

  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 0);
  g_assert_finalize_object (emitter);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
}

static void
test_dropped (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  Seen cleanup = { 0 }, closing = { 0 }, closed = { 0 };
  TestEmitter *emitter = test_emitter_new ();
  int n = 0;

  g_signal_connect (scope, "closing", G_CALLBACK (seen_cb), &closing);
  g_signal_connect (scope, "closed", G_CALLBACK (seen_cb), &closed);
  lifecycle_scope_defer (scope, seen_cleanup, &cleanup, NULL);
  lifecycle_scope_connect_signal (scope, emitter, "plain",
                                  G_CALLBACK (test_never_handler_cb), NULL);
  lifecycle_scope_adopt (scope, &n, test_count_notify);

  g_assert_finalize_object (scope);
  g_assert_cmpint (cleanup.n, ==, 1);
  g_assert_cmpint (cleanup.reason, ==, LIFECYCLE_REASON_DROPPED);
  g_assert_cmpint (closing.n, ==, 1);
  g_assert_cmpint (closing.reason, ==, LIFECYCLE_REASON_DROPPED);
  g_assert_cmpint (closed.n, ==, 1);
  g_assert_cmpint (n, ==, 1);
  test_emit (emitter, "plain");
  g_free (cleanup.detail);
  g_free (closing.detail);
  g_free (closed.detail);
  g_assert_finalize_object (emitter);
}

static void
ref_cleanup (LifecycleScope   *scope,
             LifecycleReason   reason,
             gpointer          user_data,
             GError          **error)
{
  *(LifecycleScope **) user_data = g_object_ref (scope);
}

/* A cleanup keeps the scope that is being dropped. */
static void
test_dropped_and_kept (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *kept = NULL;
  int n = 0, finalized = 0;

  test_count_finalize (scope, &finalized);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  lifecycle_scope_defer (scope, ref_cleanup, &kept, NULL);
  g_object_unref (scope);

  g_assert_true (kept == scope);
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpint (finalized, ==, 0);
  g_assert_cmpint (lifecycle_scope_get_state (kept), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_reason (kept), ==, LIFECYCLE_REASON_DROPPED);
  g_assert_cmpuint (lifecycle_scope_close (kept), ==, 0);
  g_object_unref (kept);
  g_assert_cmpint (finalized, ==, 1);
}

static void
test_run_dispose (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *scope = lifecycle_scope_new_child (root, "scope");
  TestEmitter *emitter = test_emitter_new ();
  int n = 0, destroyed = 0;

  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                &destroyed, test_count_closure_notify, 0);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_object_run_dispose (G_OBJECT (scope));
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (root), ==, 0);
  g_object_run_dispose (G_OBJECT (scope));
  g_assert_cmpint (n, ==, 1);
  test_emit (emitter, "plain");

  g_assert_finalize_object (scope);
  g_assert_finalize_object (root);
  g_assert_finalize_object (emitter);
}

static void
test_owner_finalizes (void)
{
  gboolean in_finalize;

  for (in_finalize = FALSE; in_finalize <= TRUE; in_finalize++)
    {
      TestOwner *owner = g_object_new (TEST_TYPE_OWNER, NULL);
      TestEmitter *emitter = test_emitter_new ();
      Seen seen = { 0 };
      int finalized = 0;

      owner->close_in_finalize = in_finalize;
      test_count_finalize (owner->scope, &finalized);
      lifecycle_scope_defer (owner->scope, seen_cleanup, &seen, NULL);
      lifecycle_scope_connect_signal (owner->scope, emitter, "plain",
                                      G_CALLBACK (test_never_handler_cb), owner);
      g_assert_finalize_object (owner);
      g_assert_cmpint (seen.n, ==, 1);
      g_assert_cmpint (seen.reason, ==, LIFECYCLE_REASON_OWNER_GONE);
      g_assert_cmpint (finalized, ==, 1);
      test_emit (emitter, "plain");
      g_free (seen.detail);
      g_assert_finalize_object (emitter);
    }
}

/* The scope owns, through one of its entries, the object that closes it in its finalizer. */
static void
test_owner_owned_by_scope (void)
{
  TestOwner *owner = g_object_new (TEST_TYPE_OWNER, NULL);
  LifecycleScope *scope = g_object_ref (owner->scope);
  int n = 0;

  lifecycle_scope_adopt (scope, &n, test_count_notify);
  lifecycle_scope_add_object (scope, G_OBJECT (owner));
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_object_unref (owner);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 3);
  g_assert_cmpint (n, ==, 2);
  g_assert_finalize_object (scope);
}

static void
test_clear (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  TestEmitter *emitter = test_emitter_new ();
  Seen seen = { 0 }, child_seen = { 0 };
  int n = 0, signals = 0;

  g_signal_connect (scope, "closing", G_CALLBACK (test_count_scope_cb), &signals);
  g_signal_connect (scope, "closed", G_CALLBACK (test_count_scope_cb), &signals);
  g_signal_connect (scope, "notify::state", G_CALLBACK (test_count_scope_cb), &signals);
  g_signal_connect (child, "closed", G_CALLBACK (seen_cb), &child_seen);
  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                &n, test_count_closure_notify, 0);
  lifecycle_scope_add_idle (scope, test_never_source_cb, &n, test_count_notify);
  lifecycle_scope_defer (scope, seen_cleanup, &seen, NULL);
  lifecycle_scope_adopt (child, &n, test_count_notify);

  g_assert_cmpuint (lifecycle_scope_clear (scope), ==, 5);
  g_assert_cmpint (n, ==, 3);
  g_assert_cmpint (signals, ==, 0);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_NONE);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_cmpint (seen.n, ==, 1);
  g_assert_cmpint (seen.reason, ==, LIFECYCLE_REASON_COMPLETED);
  g_assert_cmpint (seen.state, ==, LIFECYCLE_STATE_OPEN);
  g_assert_cmpint (child_seen.n, ==, 1);
  g_assert_cmpint (child_seen.reason, ==, LIFECYCLE_REASON_PARENT_CLOSED);
  g_assert_cmpstr (child_seen.detail, ==, "cleared");
  test_emit (emitter, "plain");
  test_drain ();

  /* It goes on. */
  g_assert_cmpuint (lifecycle_scope_clear (scope), ==, 0);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_cmpint (n, ==, 4);
  g_assert_cmpint (signals, ==, 4);
  g_assert_cmpuint (lifecycle_scope_clear (scope), ==, 0);

  g_free (seen.detail);
  g_free (child_seen.detail);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

typedef struct
{
  TestEmitter *emitter;
  int          handled;
  int          destroyed;
} AddMore;

static void
add_more_cleanup (LifecycleScope   *scope,
                  LifecycleReason   reason,
                  gpointer          user_data,
                  GError          **error)
{
  AddMore *more = user_data;
  gulong id;

  id = lifecycle_scope_connect_full (scope, more->emitter, "plain",
                                     G_CALLBACK (test_count_handler_cb), &more->handled,
                                     NULL, 0);
  g_assert_cmpuint (id, >, 0);
  g_assert_true (lifecycle_scope_adopt (scope, &more->destroyed, test_count_notify)
                 == &more->destroyed);
  lifecycle_scope_new_child (scope, "more");
}

/* What a cleanup adds during a clear stays. */
static void
test_clear_cleanup_adds (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  AddMore more = { .emitter = test_emitter_new () };
  LifecycleScope *child;
  int n = 0;

  lifecycle_scope_adopt (scope, &n, test_count_notify);
  lifecycle_scope_defer (scope, add_more_cleanup, &more, NULL);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_assert_cmpuint (lifecycle_scope_clear (scope), ==, 3);
  g_assert_cmpint (n, ==, 2);
  g_assert_cmpint (more.destroyed, ==, 0);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 3);
  test_emit (more.emitter, "plain");
  g_assert_cmpint (more.handled, ==, 1);
  child = lifecycle_scope_get_child (scope, "more");
  g_assert_cmpint (lifecycle_scope_get_state (child), ==, LIFECYCLE_STATE_OPEN);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 3);
  g_object_unref (child);

  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 3);
  g_assert_cmpint (more.destroyed, ==, 1);
  test_emit (more.emitter, "plain");
  g_assert_cmpint (more.handled, ==, 1);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (more.emitter);
}

static void
clear_cleanup (LifecycleScope   *scope,
               LifecycleReason   reason,
               gpointer          user_data,
               GError          **error)
{
  lifecycle_scope_clear (scope);
}

static void
close_cleanup (LifecycleScope   *scope,
               LifecycleReason   reason,
               gpointer          user_data,
               GError          **error)
{
  lifecycle_scope_close (scope);
}

/* A cleanup clears, or closes, the scope that is being cleared. */
static void
test_clear_nested (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0;

  lifecycle_scope_adopt (scope, &n, test_count_notify);
  lifecycle_scope_defer (scope, clear_cleanup, NULL, NULL);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  lifecycle_scope_clear (scope);
  g_assert_cmpint (n, ==, 2);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_OPEN);

  lifecycle_scope_adopt (scope, &n, test_count_notify);
  lifecycle_scope_defer (scope, close_cleanup, NULL, NULL);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  lifecycle_scope_clear (scope);
  g_assert_cmpint (n, ==, 4);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_finalize_object (scope);
}

/* The last reference goes while the scope is being cleared. */
static void
unref_cleanup (LifecycleScope   *scope,
               LifecycleReason   reason,
               gpointer          user_data,
               GError          **error)
{
  g_object_unref (scope);
}

static void
test_clear_unref (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0, finalized = 0;

  test_count_finalize (scope, &finalized);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  lifecycle_scope_defer (scope, unref_cleanup, NULL, NULL);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  lifecycle_scope_clear (scope);
  g_assert_cmpint (n, ==, 2);
  g_assert_cmpint (finalized, ==, 1);
}

static void
test_clear_keeps_parent (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *scope = lifecycle_scope_get_child (root, "scope");
  int n = 0;

  lifecycle_scope_set_limit (scope, 9);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  lifecycle_scope_clear (scope);
  g_assert_true (lifecycle_scope_get_parent (scope) == root);
  g_assert_true (lifecycle_scope_get_child (root, "scope") == scope);
  g_assert_cmpuint (lifecycle_scope_get_limit (scope), ==, 9);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (root), ==, 1);
  g_assert_finalize_object (root);
}

static void
test_move (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *scope = lifecycle_scope_new_child (root, "scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  LifecycleScope *named = lifecycle_scope_get_child (scope, "named");
  TestEmitter *emitter = test_emitter_new ();
  LifecycleScope *moved;
  Seen closing = { 0 }, closed = { 0 }, cleanup = { 0 };
  int handled = 0, destroyed = 0;
  gulong id;

  g_signal_connect (scope, "closing", G_CALLBACK (seen_cb), &closing);
  g_signal_connect (scope, "closed", G_CALLBACK (seen_cb), &closed);
  id = lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_count_handler_cb),
                                     &handled, NULL, 0);
  lifecycle_scope_adopt (scope, &destroyed, test_count_notify);
  lifecycle_scope_defer (scope, seen_cleanup, &cleanup, NULL);
  lifecycle_scope_set_limit (scope, 11);

  moved = lifecycle_scope_move (scope);
  g_assert_true (moved != scope);
  g_assert_cmpstr (lifecycle_scope_get_name (moved), ==, "scope");
  g_assert_cmpint (lifecycle_scope_get_state (moved), ==, LIFECYCLE_STATE_OPEN);
  g_assert_cmpint (lifecycle_scope_get_reason (moved), ==, LIFECYCLE_REASON_NONE);
  g_assert_null (lifecycle_scope_get_parent (moved));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (moved), ==, 5);
  g_assert_cmpuint (lifecycle_scope_get_limit (moved), ==, 11);
  g_assert_true (lifecycle_scope_get_parent (child) == moved);
  g_assert_cmpint (lifecycle_scope_get_state (child), ==, LIFECYCLE_STATE_OPEN);
  g_assert_true (lifecycle_scope_get_child (moved, "named") == named);

  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_REPLACED);
  g_assert_cmpstr (lifecycle_scope_get_reason_detail (scope), ==, "moved");
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_null (lifecycle_scope_get_parent (scope));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (root), ==, 0);
  g_assert_cmpint (closing.n, ==, 1);
  g_assert_cmpint (closing.reason, ==, LIFECYCLE_REASON_REPLACED);
  g_assert_cmpint (closed.n, ==, 1);
  g_assert_cmpint (closed.state, ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (cleanup.n, ==, 0);
  g_assert_cmpint (destroyed, ==, 0);

  g_assert_true (test_is_connected (emitter, id));
  test_emit (emitter, "plain");
  g_assert_cmpint (handled, ==, 1);
  g_assert_finalize_object (scope);
  lifecycle_scope_close (root);
  g_assert_finalize_object (root);
  g_assert_true (test_is_connected (emitter, id));

  /* An entry retires from where it is now. */
  g_signal_handler_disconnect (emitter, id);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (moved), ==, 4);
  lifecycle_scope_close (child);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (moved), ==, 3);
  g_assert_finalize_object (child);

  g_assert_cmpuint (lifecycle_scope_close (moved), ==, 3);
  g_assert_cmpint (cleanup.n, ==, 1);
  g_assert_cmpint (cleanup.reason, ==, LIFECYCLE_REASON_COMPLETED);
  g_assert_cmpint (destroyed, ==, 1);
  g_free (closing.detail);
  g_free (closed.detail);
  g_free (cleanup.detail);
  g_assert_finalize_object (moved);
  g_assert_finalize_object (emitter);
}

static void
same_scope_cleanup (LifecycleScope   *scope,
                    LifecycleReason   reason,
                    gpointer          user_data,
                    GError          **error)
{
  test_log (scope == *(LifecycleScope **) user_data ? "moved" : "other");
}

/* A cleanup is told of the scope that it belongs to when it runs. */
static void
test_move_cleanup_scope (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *moved = NULL;

  lifecycle_scope_defer (scope, same_scope_cleanup, &moved, NULL);
  moved = lifecycle_scope_move (scope);
  g_object_unref (scope);
  lifecycle_scope_close (moved);
  test_assert_log ("moved");
  g_assert_finalize_object (moved);
}

static void
test_move_closed (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *moved;

  lifecycle_scope_close_with_reason (scope, LIFECYCLE_REASON_CONFLICTED, "why");
  moved = lifecycle_scope_move (scope);
  g_assert_true (moved != scope);
  g_assert_cmpint (lifecycle_scope_get_state (moved), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_reason (moved), ==, LIFECYCLE_REASON_CONFLICTED);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_CONFLICTED);
  g_assert_finalize_object (moved);
  g_assert_finalize_object (scope);
}

/* Followers go with the entries. */
static void
test_move_followers (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *follower = lifecycle_scope_new ("follower");
  LifecycleScope *moved;

  lifecycle_scope_follow (follower, scope);
  moved = lifecycle_scope_move (scope);
  g_assert_cmpint (lifecycle_scope_get_state (follower), ==, LIFECYCLE_STATE_OPEN);
  g_assert_finalize_object (scope);
  g_assert_cmpint (lifecycle_scope_get_state (follower), ==, LIFECYCLE_STATE_OPEN);
  lifecycle_scope_close (moved);
  g_assert_cmpint (lifecycle_scope_get_state (follower), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_reason (follower), ==, LIFECYCLE_REASON_OWNER_GONE);
  g_assert_finalize_object (follower);
  g_assert_finalize_object (moved);
}

/* What the scope itself followed is forgotten. */
static void
test_move_forgets_followed (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *followed = lifecycle_scope_new ("followed");
  TestEmitter *object = test_emitter_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  LifecycleScope *moved;

  lifecycle_scope_follow (scope, followed);
  lifecycle_scope_follow_object (scope, G_OBJECT (object));
  lifecycle_scope_follow_signal (scope, G_OBJECT (object), "plain", LIFECYCLE_REASON_ABORTED);
  lifecycle_scope_follow_cancellable (scope, cancellable);
  moved = lifecycle_scope_move (scope);
  g_object_unref (scope);

  test_emit (object, "plain");
  g_cancellable_cancel (cancellable);
  lifecycle_scope_close (followed);
  g_assert_finalize_object (object);
  g_assert_finalize_object (followed);
  g_assert_cmpint (lifecycle_scope_get_state (moved), ==, LIFECYCLE_STATE_OPEN);
  g_assert_finalize_object (moved);
}

static void
test_move_cancellable (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GCancellable) cancellable = g_object_ref (lifecycle_scope_get_cancellable (scope));
  LifecycleScope *moved = lifecycle_scope_move (scope);

  g_assert_false (g_cancellable_is_cancelled (cancellable));
  g_assert_true (lifecycle_scope_get_cancellable (moved) == cancellable);
  g_assert_finalize_object (scope);
  g_assert_false (g_cancellable_is_cancelled (cancellable));
  lifecycle_scope_close (moved);
  g_assert_true (g_cancellable_is_cancelled (cancellable));
  g_assert_finalize_object (moved);
}

/* The scope of an object that was moved away is not that object's any more. */
static void
test_move_scope_of (void)
{
  TestEmitter *object = test_emitter_new ();
  LifecycleScope *scope = lifecycle_scope_of (G_OBJECT (object));
  LifecycleScope *moved, *next;
  int n = 0;

  lifecycle_scope_adopt (scope, &n, test_count_notify);
  moved = lifecycle_scope_move (scope);
  next = lifecycle_scope_of (G_OBJECT (object));
  g_assert_true (next != moved);
  g_assert_cmpint (lifecycle_scope_get_state (next), ==, LIFECYCLE_STATE_OPEN);
  g_assert_finalize_object (object);
  g_assert_cmpint (n, ==, 0);
  g_assert_cmpint (lifecycle_scope_get_state (moved), ==, LIFECYCLE_STATE_OPEN);
  g_assert_finalize_object (moved);
  g_assert_cmpint (n, ==, 1);
}

/* A child that follows an object goes on following when its parent is moved. */
static void
test_move_child_for (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new ();
  LifecycleScope *child = lifecycle_scope_get_child_for (scope, G_OBJECT (object));
  LifecycleScope *moved = lifecycle_scope_move (scope);

  g_assert_finalize_object (scope);
  g_assert_true (lifecycle_scope_get_child_for (moved, G_OBJECT (object)) == child);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (moved), ==, 1);
  g_assert_finalize_object (object);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (moved), ==, 0);
  g_assert_finalize_object (moved);
}

/* The order of the entries stays what it was, whoever is added afterwards. */
static void
test_move_order (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *moved;

  lifecycle_scope_adopt (scope, (gpointer) "a", test_log_notify);
  lifecycle_scope_adopt (scope, (gpointer) "b", test_log_notify);
  moved = lifecycle_scope_move (scope);
  lifecycle_scope_adopt (moved, (gpointer) "c", test_log_notify);
  g_assert_finalize_object (scope);
  test_assert_log ("");
  g_assert_cmpuint (lifecycle_scope_close (moved), ==, 3);
  test_assert_log ("~c ~b ~a");
  g_assert_finalize_object (moved);
}

/* Moved on and on, as a baton is. */
static void
test_move_chain (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int n = 0, destroyed = 0;
  guint i;

  for (i = 0; i < 10; i++)
    lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_count_handler_cb), &n,
                                  NULL, 0);
  lifecycle_scope_adopt (scope, &destroyed, test_count_notify);
  for (i = 0; i < 100; i++)
    {
      LifecycleScope *moved = lifecycle_scope_move (scope);

      g_assert_finalize_object (scope);
      scope = moved;
    }
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 11);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 10);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 11);
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
move_in_closing_cb (LifecycleScope  *scope,
                    LifecycleReason  reason,
                    gpointer         data)
{
  LifecycleScope *moved = lifecycle_scope_move (scope);

  g_assert_cmpint (lifecycle_scope_get_state (moved), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_reason (moved), ==, reason);
  g_assert_finalize_object (moved);
  test_log ("moved");
}

/* A close is not to be evaded by a move. */
static void
test_move_while_closing (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0;

  g_signal_connect (scope, "closing", G_CALLBACK (move_in_closing_cb), NULL);
  g_signal_connect (scope, "closed", G_CALLBACK (move_in_closing_cb), NULL);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_assert_cmpuint (lifecycle_scope_close_with_reason (scope, LIFECYCLE_REASON_ABORTED, NULL),
                    ==, 1);
  test_assert_log ("moved moved");
  g_assert_cmpint (n, ==, 1);
  g_assert_finalize_object (scope);
}

static void
limit_reached_cb (LifecycleScope *scope,
                  guint           n,
                  gpointer        data)
{
  g_array_append_val ((GArray *) data, n);
}

static void
test_limit (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GArray) reached = g_array_new (FALSE, FALSE, sizeof (guint));
  TestEmitter *emitter = test_emitter_new ();
  gulong ids[300];
  guint i;

  test_n_limit_warnings = 0;
  g_signal_connect (scope, "limit-reached", G_CALLBACK (limit_reached_cb), reached);
  lifecycle_scope_set_limit (scope, 100);
  for (i = 0; i < 100; i++)
    ids[i] = lifecycle_scope_connect_signal (scope, emitter, "plain",
                                             G_CALLBACK (test_never_handler_cb), NULL);
  g_assert_cmpuint (reached->len, ==, 0);
  for (; i < 300; i++)
    {
      ids[i] = lifecycle_scope_connect_signal (scope, emitter, "plain",
                                               G_CALLBACK (test_never_handler_cb), NULL);
      g_assert_cmpuint (ids[i], >, 0);
      if (i == 100)
        g_assert_cmpuint (reached->len, ==, 1);
    }

  /* The first at once, then at each half more: between 150 and 153, according to whether it counts
   * from the limit or from what it said last. */
  g_assert_cmpuint (reached->len, >=, 3);
  g_assert_cmpuint (reached->len, <=, 5);
  g_assert_cmpuint (g_array_index (reached, guint, 0), ==, 101);
  g_assert_cmpuint (g_array_index (reached, guint, 1), >=, 150);
  g_assert_cmpuint (g_array_index (reached, guint, 1), <=, 153);
  g_assert_cmpuint (test_n_limit_warnings, ==, reached->len);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 300);

  /* Not re-armed before three quarters of the limit. */
  g_array_set_size (reached, 0);
  for (i = 299; i >= 76; i--)
    g_signal_handler_disconnect (emitter, ids[i]);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 76);
  for (i = 76; i < 110; i++)
    ids[i] = lifecycle_scope_connect_signal (scope, emitter, "plain",
                                             G_CALLBACK (test_never_handler_cb), NULL);
  g_assert_cmpuint (reached->len, ==, 0);

  for (i = 109; i >= 75; i--)
    g_signal_handler_disconnect (emitter, ids[i]);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 75);
  for (i = 75; i < 101; i++)
    lifecycle_scope_connect_signal (scope, emitter, "plain",
                                    G_CALLBACK (test_never_handler_cb), NULL);
  g_assert_cmpuint (reached->len, ==, 1);
  g_assert_cmpuint (g_array_index (reached, guint, 0), ==, 101);

  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 101);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* Every kind of entry counts. */
static void
test_limit_kinds (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  g_autoptr (GArray) reached = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (GSource) source = g_idle_source_new ();
  int n = 0;

  g_signal_connect (scope, "limit-reached", G_CALLBACK (limit_reached_cb), reached);
  lifecycle_scope_set_limit (scope, 7);
  lifecycle_scope_connect_signal (scope, emitter, "plain",
                                  G_CALLBACK (test_never_handler_cb), NULL);
  lifecycle_scope_add_handler (scope, G_OBJECT (emitter),
                               g_signal_connect (emitter, "plain",
                                                 G_CALLBACK (test_never_handler_cb), NULL));
  lifecycle_scope_add_idle (scope, test_never_source_cb, NULL, NULL);
  lifecycle_scope_add_source (scope, source);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  lifecycle_scope_defer (scope, test_count_cleanup, &n, NULL);
  lifecycle_scope_add_object (scope, G_OBJECT (emitter));
  g_assert_cmpuint (reached->len, ==, 0);
  lifecycle_scope_get_child (scope, "child");
  g_assert_cmpuint (reached->len, ==, 1);
  g_assert_cmpuint (g_array_index (reached, guint, 0), ==, 8);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 8);
  g_assert_cmpint (n, ==, 2);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* Where most come from, the most first, and no more than what is of use. */
static void
test_limit_names_places (void)
{
  static const guint amounts[] = { 1, 4, 2, 8, 3, 6, 5 };
  static const char *const places[] = {
    "place-0.c:100", "place-1.c:101", "place-2.c:102", "place-3.c:103", "place-4.c:104",
    "place-5.c:105", "place-6.c:106"
  };
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *scope = lifecycle_scope_new_child (root, "crowded");
  g_auto (GStrv) named = NULL;
  int reached = 0, n = 0;

  g_signal_connect_swapped (scope, "limit-reached", G_CALLBACK (test_count_notify), &reached);
  test_n_limit_warnings = 0;
  lifecycle_scope_set_limit (scope, 28);

  /* One at a time, so that the most recent ones are not those of which there are most. */
  for (guint round = 0; round < 8; round++)
    for (guint i = 0; i < G_N_ELEMENTS (amounts); i++)
      if (round < amounts[i])
        {
          g_assert_nonnull (lifecycle_scope_adopt_at (places[i], scope, &n, test_count_notify));
          g_assert_cmpuint (test_n_limit_warnings, ==,
                            lifecycle_scope_get_n_entries (scope) > 28 ? 1 : 0);
        }
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 29);
  g_assert_cmpint (reached, ==, 1);

  g_test_message ("%s", test_limit_warning);
  g_assert_nonnull (strstr (test_limit_warning, "root/crowded"));
  g_assert_nonnull (strstr (test_limit_warning, "29"));
  g_assert_nonnull (strstr (test_limit_warning, "28"));
  g_assert_nonnull (strstr (test_limit_warning, test_limit_places));
  named = g_strsplit (test_limit_places, ", ", -1);
  g_assert_cmpuint (g_strv_length (named), ==, 5);
  g_assert_cmpstr (named[0], ==, "place-3.c:103 8");
  g_assert_cmpstr (named[1], ==, "place-5.c:105 6");
  g_assert_cmpstr (named[2], ==, "place-6.c:106 5");
  g_assert_cmpstr (named[3], ==, "place-1.c:101 4");
  g_assert_cmpstr (named[4], ==, "place-4.c:104 3");

  /* Each time by half more, and what is said is of that moment. */
  for (guint i = 1; i <= 73; i++)
    {
      g_autofree char *words = g_strdup_printf ("unknown %u", i);
      int before = reached;

      g_assert_nonnull (lifecycle_scope_adopt_at (NULL, scope, &n, test_count_notify));
      g_assert_cmpuint (test_n_limit_warnings, ==, reached);
      if (reached > before)
        g_assert_nonnull (strstr (test_limit_places, words));
    }
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 102);
  /* At 29, about 44, about 66, about 100. */
  g_assert_cmpint (reached, ==, 4);
  g_assert_true (g_str_has_prefix (test_limit_places, "unknown "));

  /* All of it anew, when it has become less. */
  g_assert_cmpuint (lifecycle_scope_clear (scope), ==, 102);
  for (guint i = 0; i < 28; i++)
    g_assert_nonnull (lifecycle_scope_adopt (scope, &n, test_count_notify));
  g_assert_cmpint (reached, ==, 4);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_assert_cmpint (reached, ==, 5);
  g_assert_nonnull (strstr (test_limit_places, "test-scope.c:"));
  g_assert_true (g_str_has_suffix (test_limit_places, " 28")
                 || strstr (test_limit_places, " 28, ") != NULL);

  g_assert_cmpuint (lifecycle_scope_close (root), ==, 30);
  g_assert_cmpint (n, ==, 131);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (root);
}

static void
close_at_limit_cb (LifecycleScope *scope,
                   guint           n,
                   gpointer        data)
{
  lifecycle_scope_close (scope);
}

/* Whoever closes the scope at its limit takes the newcomer with it. */
static void
test_limit_closes (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int destroyed = 0;

  g_signal_connect (scope, "limit-reached", G_CALLBACK (close_at_limit_cb), NULL);
  lifecycle_scope_set_limit (scope, 1);
  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                &destroyed, test_count_closure_notify, 0);
  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                &destroyed, test_count_closure_notify, 0);
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_cmpint (destroyed, ==, 2);
  g_assert_false (test_has_handlers (emitter, "plain"));
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  test_take_limit_warnings ();

  g_test_add_func ("/lifecycle/scope/new", test_new);
  g_test_add_func ("/lifecycle/scope/new-unnamed", test_new_unnamed);
  g_test_add_func ("/lifecycle/scope/name-copied", test_name_copied);
  g_test_add_func ("/lifecycle/scope/path", test_path);
  g_test_add_func ("/lifecycle/scope/object-new", test_object_new);
  g_test_add_func ("/lifecycle/scope/object-new/order", test_object_new_order);
  g_test_add_func ("/lifecycle/scope/set-too-late", test_set_too_late);
  g_test_add_func ("/lifecycle/scope/object-new-plain", test_object_new_plain);
  g_test_add_func ("/lifecycle/scope/object-new-born-closed", test_object_new_born_closed);
  g_test_add_func ("/lifecycle/scope/properties", test_properties);
  g_test_add_func ("/lifecycle/scope/property-flags", test_property_flags);
  g_test_add_func ("/lifecycle/scope/notify", test_notify);
  g_test_add_func ("/lifecycle/scope/listen-late", test_listen_late);
  g_test_add_func ("/lifecycle/scope/notify-limit", test_notify_limit);
  g_test_add_func ("/lifecycle/scope/reason", test_reason);
  g_test_add_func ("/lifecycle/scope/close-default-reason", test_close_default_reason);
  g_test_add_func ("/lifecycle/scope/signals", test_signals);
  g_test_add_func ("/lifecycle/scope/is-closed", test_is_closed);
  g_test_add_func ("/lifecycle/scope/count", test_count);
  g_test_add_func ("/lifecycle/scope/dropped", test_dropped);
  g_test_add_func ("/lifecycle/scope/dropped-and-kept", test_dropped_and_kept);
  g_test_add_func ("/lifecycle/scope/run-dispose", test_run_dispose);
  g_test_add_func ("/lifecycle/scope/owner-finalizes", test_owner_finalizes);
  g_test_add_func ("/lifecycle/scope/owner-owned-by-scope", test_owner_owned_by_scope);
  g_test_add_func ("/lifecycle/scope/clear", test_clear);
  g_test_add_func ("/lifecycle/scope/clear-cleanup-adds", test_clear_cleanup_adds);
  g_test_add_func ("/lifecycle/scope/clear-nested", test_clear_nested);
  g_test_add_func ("/lifecycle/scope/clear-unref", test_clear_unref);
  g_test_add_func ("/lifecycle/scope/clear-keeps-parent", test_clear_keeps_parent);
  g_test_add_func ("/lifecycle/scope/move", test_move);
  g_test_add_func ("/lifecycle/scope/move-cleanup-scope", test_move_cleanup_scope);
  g_test_add_func ("/lifecycle/scope/move-closed", test_move_closed);
  g_test_add_func ("/lifecycle/scope/move-followers", test_move_followers);
  g_test_add_func ("/lifecycle/scope/move-forgets-followed", test_move_forgets_followed);
  g_test_add_func ("/lifecycle/scope/move-cancellable", test_move_cancellable);
  g_test_add_func ("/lifecycle/scope/move-scope-of", test_move_scope_of);
  g_test_add_func ("/lifecycle/scope/move-child-for", test_move_child_for);
  g_test_add_func ("/lifecycle/scope/move-order", test_move_order);
  g_test_add_func ("/lifecycle/scope/move-chain", test_move_chain);
  g_test_add_func ("/lifecycle/scope/move-while-closing", test_move_while_closing);
  g_test_add_func ("/lifecycle/scope/limit", test_limit);
  g_test_add_func ("/lifecycle/scope/limit-kinds", test_limit_kinds);
  g_test_add_func ("/lifecycle/scope/limit-places", test_limit_names_places);
  g_test_add_func ("/lifecycle/scope/limit-closes", test_limit_closes);

  return g_test_run ();
}
