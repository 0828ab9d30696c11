/* test-tree.c: how children are found
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

#include "lifecycle-roots-private.h"
#include "lifecycle-scope-private.h"

/* How many scopes a look-up of that child's name would have to pass. */
static guint
count_namesakes (LifecycleScope *child)
{
  guint n = 1;

  for (LifecycleNode *node = child->namesakes.next; node != &child->namesakes; node = node->next)
    n++;

  return n;
}

/* Each child waits in close_async() when the next one of its name is asked for. None of those that
 * wait may cost the next call anything.
 */
static void
test_namesakes_that_wait (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  guint n = test_amount (5000);
  GPtrArray *children = g_ptr_array_new_with_free_func (g_object_unref);
  GPtrArray *operations = g_ptr_array_new ();

  lifecycle_scope_get_child (scope, "another");
  for (guint i = 0; i < n; i++)
    {
      LifecycleScope *child = lifecycle_scope_get_child (scope, "connection");

      g_assert_true (lifecycle_scope_get_child (scope, "connection") == child);
      g_assert_cmpuint (count_namesakes (child), ==, 1);
      g_ptr_array_add (children, g_object_ref (child));
      g_ptr_array_add (operations, lifecycle_scope_begin (child, "work"));
      lifecycle_scope_close_async (child, LIFECYCLE_REASON_COMPLETED, 0, NULL, NULL, NULL);
    }
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, n + 1);

  for (guint i = 0; i < n; i++)
    lifecycle_operation_end (g_ptr_array_index (operations, i));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);

  g_ptr_array_unref (operations);
  g_ptr_array_unref (children);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
}

/* The same when an open one of that name was there before and after those that wait. */
static void
test_namesakes_in_between (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *children[5];
  LifecycleOperation *operations[5];

  lifecycle_scope_get_child (scope, "another");
  for (guint i = 0; i < 5; i++)
    {
      children[i] = lifecycle_scope_new_child (scope, "name");
      operations[i] = lifecycle_scope_begin (children[i], "work");
    }
  for (guint i = 0; i < 5; i++)
    {
      g_assert_true (lifecycle_scope_get_child (scope, "name") == children[i]);
      lifecycle_scope_close_async (children[i], LIFECYCLE_REASON_COMPLETED, 0, NULL, NULL, NULL);
    }
  for (guint i = 0; i < 5; i++)
    {
      lifecycle_operation_end (operations[i]);
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_assert_true (lifecycle_scope_is_closed (children[i]));
      g_assert_finalize_object (children[i]);
    }
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
}

static gboolean
is_among_roots (LifecycleScope *scope)
{
  LifecycleScopeList roots;
  gboolean found = FALSE;

  lifecycle_scope_list_init (&roots);
  lifecycle_roots_list_roots (&roots);
  for (guint i = 0; i < roots.n_items; i++)
    found |= roots.items[i] == scope;
  lifecycle_scope_list_clear (&roots);

  return found;
}

static void
count_root_cb (LifecycleScope  *scope,
               LifecycleReason  reason,
               guint           *n_roots)
{
  if (is_among_roots (scope))
    ++*n_roots;
}

/* A child that is at home elsewhere becomes a root when its parent closes, and uses the same memory for
 * that list as for the one of its namesakes.
 */
static void
test_namesakes_elsewhere (void)
{
  g_autoptr (GMainContext) elsewhere = g_main_context_new ();
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *other = lifecycle_scope_new ("other");
  LifecycleScope *children[3];
  guint n_roots = 0;

  for (guint i = 0; i < 3; i++)
    {
      if (i == 1)
        g_main_context_push_thread_default (elsewhere);
      children[i] = lifecycle_scope_new_child (scope, "name");
      if (i == 1)
        g_main_context_pop_thread_default (elsewhere);
      g_signal_connect (children[i], "closing", G_CALLBACK (count_root_cb), &n_roots);
    }
  g_assert_true (lifecycle_scope_get_child (scope, "name") == children[0]);
  g_assert_cmpuint (count_namesakes (children[0]), ==, 3);

  lifecycle_scope_close (scope);
  g_assert_cmpuint (n_roots, ==, 1);
  g_assert_true (is_among_roots (other));
  for (guint i = 0; i < 3; i++)
    {
      g_assert_true (lifecycle_scope_is_closed (children[i]));
      g_assert_false (is_among_roots (children[i]));
      g_assert_finalize_object (children[i]);
    }
  g_assert_finalize_object (scope);
  lifecycle_scope_close (other);
  g_assert_finalize_object (other);
}

/* Each of them is kept for the caller, and is found again. */
static void
test_children_of_a_closed_scope (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  guint n = test_amount (40000);
  g_autoptr (GPtrArray) children = g_ptr_array_new ();

  lifecycle_scope_close (scope);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);

      g_ptr_array_add (children, lifecycle_scope_get_child (scope, name));
    }
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);

      g_assert_true (lifecycle_scope_get_child (scope, name) == g_ptr_array_index (children, i));
    }
  g_assert_finalize_object (scope);
}

static void
get_child_in_cleanup (LifecycleScope   *scope,
                      LifecycleReason   reason,
                      gpointer          n_children,
                      GError          **error)
{
  LifecycleScope *first = lifecycle_scope_get_child (scope, "name");

  g_assert_true (lifecycle_scope_is_closed (first));
  for (guint i = 0; i < GPOINTER_TO_UINT (n_children); i++)
    g_assert_true (lifecycle_scope_get_child (scope, "name") == first);
}

/* Children of that name that have yet to be released are not met again and again. */
static void
test_child_while_closing (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  guint n = test_amount (20000);

  lifecycle_scope_get_child (scope, "name");
  for (guint i = 0; i < n; i++)
    g_object_unref (lifecycle_scope_new_child (scope, "name"));
  lifecycle_scope_defer (scope, get_child_in_cleanup, GUINT_TO_POINTER (n), NULL);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, n + 2);
  g_assert_finalize_object (scope);
}

static void
fail_and_add_too_late (LifecycleScope   *scope,
                       LifecycleReason   reason,
                       gpointer          data,
                       GError          **error)
{
  g_assert_false (lifecycle_scope_add_object (scope, G_OBJECT (scope)));
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "busy");
}

/* What happened in a grandchild is remembered when its parent has closed, too. */
static void
test_counts_of_grandchildren (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_get_child (scope, "child");
  LifecycleScope *grandchild = lifecycle_scope_ref_child (child, "grandchild");
  LifecycleStatistics *statistics;

  lifecycle_scope_defer (grandchild, fail_and_add_too_late, NULL, NULL);
  lifecycle_scope_close (grandchild);
  g_assert_nonnull (lifecycle_scope_get_error (grandchild));
  g_assert_finalize_object (grandchild);
  lifecycle_scope_close (child);

  statistics = lifecycle_scope_get_statistics (scope, TRUE);
  g_assert_cmpuint (lifecycle_statistics_get_n_late (statistics), ==, 1);
  g_assert_cmpuint (lifecycle_statistics_get_n_failed (statistics), ==, 1);
  g_assert_cmpuint (lifecycle_statistics_get_n_closed (statistics, LIFECYCLE_REASON_COMPLETED), ==, 2);
  lifecycle_statistics_free (statistics);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
}

/* References keep a child that is not found any more, and nothing else does. */
static void
test_ref_child (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new ();
  LifecycleScope *child = lifecycle_scope_ref_child (scope, "name");
  LifecycleScope *again = lifecycle_scope_ref_child (scope, "name");
  LifecycleScope *for_object = lifecycle_scope_ref_child_for (scope, G_OBJECT (object));

  g_assert_true (again == child);
  g_object_unref (again);
  g_assert_true (lifecycle_scope_get_child (scope, "name") == child);
  g_assert_true (lifecycle_scope_get_child_for (scope, G_OBJECT (object)) == for_object);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
  g_object_run_dispose (G_OBJECT (object));
  g_assert_true (lifecycle_scope_is_closed (for_object));
  g_assert_finalize_object (for_object);
  lifecycle_scope_close (scope);
  g_assert_true (lifecycle_scope_is_closed (child));
  g_assert_finalize_object (child);

  /* Born closed, and not kept. */
  child = lifecycle_scope_ref_child (scope, "name");
  g_assert_true (lifecycle_scope_is_closed (child));
  g_assert_finalize_object (child);
  child = lifecycle_scope_ref_child_for (scope, G_OBJECT (object));
  g_assert_true (lifecycle_scope_is_closed (child));
  g_assert_finalize_object (child);
  child = lifecycle_scope_ref_renewed_child (scope, "name");
  g_assert_true (lifecycle_scope_is_closed (child));
  g_assert_finalize_object (child);
  child = lifecycle_scope_ref_renewed_child_for (scope, G_OBJECT (object));
  g_assert_true (lifecycle_scope_is_closed (child));
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (object);
}

static void
assert_replaced_cb (LifecycleScope  *old,
                    LifecycleReason  reason,
                    GObject         *object)
{
  LifecycleScope *scope = g_object_get_data (object, "scope");

  g_assert_cmpint (reason, ==, LIFECYCLE_REASON_REPLACED);
  g_assert_true (lifecycle_scope_get_child_for (scope, object) != old);
  test_log ("replaced");
}

/* A row that is bound again and again: the last one is all there is. */
static void
test_renew_child_for (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new ();
  TestEmitter *other = test_emitter_new ();
  LifecycleScope *others = lifecycle_scope_get_child_for (scope, G_OBJECT (other));
  LifecycleScope *child = NULL;

  g_object_set_data (G_OBJECT (object), "scope", scope);
  for (guint i = 0; i < 3; i++)
    {
      LifecycleScope *last = child != NULL ? g_object_ref (child) : NULL;

      child = lifecycle_scope_renew_child_for (scope, G_OBJECT (object));
      test_assert_log (last != NULL ? "replaced" : "");
      g_assert_cmpstr (lifecycle_scope_get_name (child), ==, G_OBJECT_TYPE_NAME (object));
      g_assert_true (lifecycle_scope_get_child_for (scope, G_OBJECT (object)) == child);
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
      g_signal_connect (child, "closing", G_CALLBACK (assert_replaced_cb), object);
      if (last != NULL)
        {
          g_assert_true (lifecycle_scope_is_closed (last));
          g_assert_finalize_object (last);
        }
    }
  g_signal_handlers_disconnect_by_data (child, object);

  /* It follows the object, as any child that is for one does. */
  g_object_ref (child);
  g_assert_finalize_object (object);
  g_assert_cmpint (lifecycle_scope_get_reason (child), ==, LIFECYCLE_REASON_OWNER_GONE);
  g_assert_finalize_object (child);
  g_assert_false (lifecycle_scope_is_closed (others));
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (other);
}

/* A clear() elsewhere gives the scope another cancellable; this one stays with its holder. */
static void
test_ref_cancellable (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GCancellable *cancellable = lifecycle_scope_ref_cancellable (scope);

  g_assert_true (lifecycle_scope_get_cancellable (scope) == cancellable);
  g_assert_false (g_cancellable_is_cancelled (cancellable));
  lifecycle_scope_clear (scope);
  g_assert_true (g_cancellable_is_cancelled (cancellable));
  g_assert_finalize_object (cancellable);
  lifecycle_scope_close (scope);
  cancellable = lifecycle_scope_ref_cancellable (scope);
  g_assert_true (g_cancellable_is_cancelled (cancellable));
  g_assert_finalize_object (scope);
  g_assert_finalize_object (cancellable);
}

/* Home closes the children all the time. What another thread holds a reference on is there. */
static gpointer
ref_children_thread (gpointer scope)
{
  guint n = test_amount (20000);

  for (guint i = 0; i < n; i++)
    {
      LifecycleScope *child = lifecycle_scope_ref_child (scope, "name");

      g_assert_cmpstr (lifecycle_scope_get_name (child), ==, "name");
      g_object_unref (child);
    }
  lifecycle_scope_close (scope);

  return NULL;
}

static void
test_ref_child_on_threads (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GThread *thread = g_thread_new ("ref-children", ref_children_thread, scope);

  while (lifecycle_scope_get_reason (scope) == LIFECYCLE_REASON_NONE)
    {
      lifecycle_scope_clear (scope);
      g_main_context_iteration (NULL, FALSE);
    }
  g_thread_join (thread);
  while (!lifecycle_scope_is_closed (scope) || g_main_context_pending (NULL))
    g_main_context_iteration (NULL, FALSE);
  g_assert_finalize_object (scope);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/tree/namesakes-that-wait", test_namesakes_that_wait);
  g_test_add_func ("/lifecycle/tree/namesakes-in-between", test_namesakes_in_between);
  g_test_add_func ("/lifecycle/tree/namesakes-elsewhere", test_namesakes_elsewhere);
  g_test_add_func ("/lifecycle/tree/children-of-a-closed-scope", test_children_of_a_closed_scope);
  g_test_add_func ("/lifecycle/tree/child-while-closing", test_child_while_closing);
  g_test_add_func ("/lifecycle/tree/counts-of-grandchildren", test_counts_of_grandchildren);
  g_test_add_func ("/lifecycle/tree/ref-child", test_ref_child);
  g_test_add_func ("/lifecycle/tree/renew-child-for", test_renew_child_for);
  g_test_add_func ("/lifecycle/tree/ref-cancellable", test_ref_cancellable);
  g_test_add_func ("/lifecycle/tree/ref-child-on-threads", test_ref_child_on_threads);

  return g_test_run ();
}
