/* test-outline.c: the tree of all scopes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

static guint
find (LifecycleOutline *outline,
      guint             parent,
      const char       *name)
{
  guint index = lifecycle_outline_get_first_child (outline, parent);

  while (index != G_MAXUINT && g_strcmp0 (lifecycle_outline_get_name (outline, index), name) != 0)
    index = lifecycle_outline_get_next (outline, index);

  return index;
}

static void
handler_cb (void)
{
}

static void
test_tree (void)
{
  g_autoptr (LifecycleScope) root = lifecycle_scope_new ("root");
  g_autoptr (GObject) object = g_object_new (G_TYPE_OBJECT, NULL);
  LifecycleScope *service = lifecycle_scope_get_child (root, "service");
  LifecycleScope *one = lifecycle_scope_get_child (service, "one");
  g_autoptr (LifecycleOutline) outline = NULL;
  g_autoptr (LifecycleScope) found = NULL;
  guint i, j;

  lifecycle_scope_get_child (service, "two");
  lifecycle_scope_get_child_for (service, object);
  lifecycle_scope_connect_signal (one, object, "notify", G_CALLBACK (handler_cb), NULL);
  lifecycle_scope_connect_signal (one, object, "notify", G_CALLBACK (handler_cb), NULL);
  lifecycle_scope_add_timeout (service, 100000, G_SOURCE_FUNC (handler_cb), NULL, NULL);

  outline = lifecycle_outline_new ();
  /* The child for the object follows the scope of the object. */
  g_assert_cmpuint (lifecycle_outline_get_n_scopes (outline), ==, 6);
  g_assert_cmpuint (lifecycle_outline_get_n_children (outline, G_MAXUINT), ==, 2);

  i = find (outline, G_MAXUINT, "root");
  g_assert_cmpuint (i, ==, 0);
  g_assert_cmpuint (lifecycle_outline_get_parent (outline, i), ==, G_MAXUINT);
  g_assert_cmpuint (lifecycle_outline_get_n_entries (outline, i, FALSE), ==, 1);
  g_assert_cmpuint (lifecycle_outline_get_n_entries (outline, i, TRUE), ==, 7);
  g_assert_nonnull (strstr (lifecycle_outline_get_place (outline, i), "test-outline.c:"));
  g_assert_cmpint (lifecycle_outline_get_age (outline, i), >=, 0);
  g_assert_cmpint (lifecycle_outline_get_state (outline, i), ==, LIFECYCLE_STATE_OPEN);

  i = find (outline, i, "service");
  g_assert_cmpuint (lifecycle_outline_get_n_children (outline, i), ==, 3);
  g_assert_cmpuint (lifecycle_outline_get_n_entries (outline, i, FALSE), ==, 4);
  g_assert_cmpuint (lifecycle_outline_get_live (outline, i, LIFECYCLE_KIND_TIMER), ==, 1);
  g_assert_cmpuint (lifecycle_outline_get_live (outline, i, LIFECYCLE_KIND_SCOPE), ==, 3);
  g_assert_cmpuint (lifecycle_outline_get_live (outline, i, LIFECYCLE_KIND_HANDLER), ==, 0);

  /* The children are in the order in which they were created. */
  j = lifecycle_outline_get_first_child (outline, i);
  g_assert_cmpstr (lifecycle_outline_get_name (outline, j), ==, "one");
  g_assert_cmpuint (lifecycle_outline_get_parent (outline, j), ==, i);
  g_assert_cmpuint (lifecycle_outline_get_n_entries (outline, j, TRUE), ==, 2);
  g_assert_true (lifecycle_outline_get_object_type (outline, j) == G_TYPE_INVALID);
  g_assert_null (lifecycle_outline_ref_object (outline, j));
  found = lifecycle_outline_ref_scope (outline, j);
  g_assert_true (found == one);
  j = lifecycle_outline_get_next (outline, j);
  g_assert_cmpstr (lifecycle_outline_get_name (outline, j), ==, "two");
  g_assert_cmpuint (lifecycle_outline_get_first_child (outline, j), ==, G_MAXUINT);
  j = lifecycle_outline_get_next (outline, j);
  g_assert_true (lifecycle_outline_get_object_type (outline, j) == G_TYPE_OBJECT);
  {
    g_autoptr (GObject) same = lifecycle_outline_ref_object (outline, j);

    g_assert_true (same == object);
  }
  g_assert_cmpuint (lifecycle_outline_get_next (outline, j), ==, G_MAXUINT);

  g_clear_object (&found);
  lifecycle_scope_close (root);
}

/* A scope is the same in the next outline, and nothing else is. */
static void
test_identity (void)
{
  g_autoptr (LifecycleScope) root = lifecycle_scope_new ("root");
  LifecycleScope *child = lifecycle_scope_get_child (root, "child");
  g_autoptr (LifecycleOutline) before = lifecycle_outline_new ();
  g_autoptr (LifecycleOutline) after = NULL;
  gsize of_root = lifecycle_outline_get_identity (before, 0);
  gsize of_child = lifecycle_outline_get_identity (before, 1);

  g_assert_cmpuint (of_root, !=, 0);
  g_assert_cmpuint (of_root, !=, of_child);

  lifecycle_scope_close (child);
  for (guint i = 0; i < 20; i++)
    lifecycle_scope_get_child (root, "child");
  lifecycle_scope_renew_child (root, "child");

  after = lifecycle_outline_new ();
  g_assert_cmpuint (lifecycle_outline_get_n_scopes (after), ==, 2);
  g_assert_cmpuint (lifecycle_outline_get_identity (after, 0), ==, of_root);
  g_assert_cmpuint (lifecycle_outline_get_identity (after, 1), !=, of_child);
  g_assert_null (lifecycle_outline_ref_scope (before, 1));

  lifecycle_scope_close (root);
}

/* An outline is no owner. */
static void
test_holds_nothing (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("dropped");
  GObject *object = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr (LifecycleOutline) outline = NULL;
  g_autoptr (GListModel) records = NULL;
  g_autoptr (LifecycleRecord) record = NULL;
  g_autoptr (LifecycleRecord) queued = NULL;
  GObject *same;

  lifecycle_scope_get_child_for (scope, object);
  lifecycle_scope_connect_signal (scope, object, "notify", G_CALLBACK (handler_cb), NULL);
  lifecycle_scope_connect_full (scope, object, "notify", G_CALLBACK (handler_cb), NULL, NULL,
                                LIFECYCLE_CONNECT_QUEUED);
  outline = lifecycle_outline_new ();
  records = lifecycle_scope_list_records (scope, FALSE);
  record = g_list_model_get_item (records, 1);
  queued = g_list_model_get_item (records, 2);

  same = lifecycle_record_ref_object (record);
  g_assert_true (same == object);
  g_object_unref (same);
  g_assert_true (lifecycle_record_get_instance_type (queued) == G_TYPE_OBJECT);
  g_assert_null (lifecycle_record_ref_object (queued));

  g_assert_finalize_object (object);
  g_assert_null (lifecycle_record_ref_object (record));
  for (guint i = 1; i < lifecycle_outline_get_n_scopes (outline); i++)
    {
      g_assert_null (lifecycle_outline_ref_object (outline, i));
      g_assert_null (lifecycle_outline_ref_scope (outline, i));
    }

  g_assert_finalize_object (scope);
  g_assert_null (lifecycle_outline_ref_scope (outline, 0));
  g_assert_cmpstr (lifecycle_outline_get_name (outline, 0), ==, "dropped");
}

static gpointer
off_home (gpointer data)
{
  g_autoptr (LifecycleOutline) outline = lifecycle_outline_new ();
  guint index = lifecycle_outline_get_first_child (outline, 0);

  g_assert_cmpuint (lifecycle_outline_get_n_scopes (outline), ==, 3);
  g_assert_true (lifecycle_outline_get_object_type (outline, index) == G_TYPE_OBJECT);
  g_assert_null (lifecycle_outline_ref_object (outline, index));
  g_assert_null (lifecycle_record_ref_object (data));

  return NULL;
}

/* Elsewhere, nobody gets an object that home may be disposing. */
static void
test_off_home (void)
{
  g_autoptr (LifecycleScope) scope = lifecycle_scope_new ("home");
  g_autoptr (GObject) object = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr (GListModel) records = NULL;
  g_autoptr (LifecycleRecord) record = NULL;
  GObject *same;

  lifecycle_scope_add_object (scope, object);
  lifecycle_scope_get_child_for (scope, object);
  records = lifecycle_scope_list_records (scope, FALSE);
  record = g_list_model_get_item (records, 0);
  same = lifecycle_record_ref_object (record);
  g_assert_true (same == object);
  g_object_unref (same);
  g_thread_join (g_thread_new ("elsewhere", off_home, record));

  lifecycle_scope_close (scope);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/outline/tree", test_tree);
  g_test_add_func ("/lifecycle/outline/identity", test_identity);
  g_test_add_func ("/lifecycle/outline/holds-nothing", test_holds_nothing);
  g_test_add_func ("/lifecycle/outline/off-home", test_off_home);

  return g_test_run ();
}
