/* test-leaks.c: what should be gone, and is not
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <lifecycle.h>

#include "lifecycle-leaks-private.h"
#include "lifecycle-scope-private.h"
#include "test-util.h"

#ifdef G_OS_UNIX
#include "test-fork.h"

#include <stdlib.h>
#endif

/* Far enough not to be reached by any test. */
#define LONG_GRACE_MS (3600u * 1000)

static LifecycleLeak *
get_leak (guint n_leaks,
          guint position)
{
  g_autoptr (GListModel) list = lifecycle_list_leaks ();

  g_assert_true (g_list_model_get_item_type (list) == LIFECYCLE_TYPE_LEAK);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, n_leaks);

  return n_leaks > 0 ? g_list_model_get_item (list, position) : NULL;
}

/* Nothing is left that another test would see. */
static void
assert_clean (void)
{
  lifecycle_clear_leaks ();
  lifecycle_set_leak_grace (0);
  g_assert_cmpuint (lifecycle_get_n_overdue (), ==, 0);
  g_assert_cmpuint (lifecycle_leaks_get_n_expected (), ==, 0);
  get_leak (0, 0);
  lifecycle_set_leak_grace (LONG_GRACE_MS);
}

static guint
count_ties (LifecycleScope *scope)
{
  LifecycleLedger *following = lifecycle_scope_peek_extra (scope)->following;

  return following != NULL ? following->n_entries : 0;
}

/* What goes before the close is forgotten then. */
static void
test_in_time (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleLedger *following;

  for (guint i = 0; i < 3; i++)
    {
      TestEmitter *emitter = test_emitter_new ();

      lifecycle_scope_expect_finalize (scope, G_OBJECT (emitter), "why not");
      g_assert_cmpuint (count_ties (scope), ==, 1);
      g_assert_cmpuint (lifecycle_leaks_get_n_expected (), ==, 1);
      g_assert_finalize_object (emitter);
      g_assert_cmpuint (count_ties (scope), ==, 0);
      g_assert_cmpuint (lifecycle_leaks_get_n_expected (), ==, 0);
    }

  /* Nothing but the scope has the ledger any more. */
  following = lifecycle_scope_peek_extra (scope)->following;
  g_assert_cmpuint (following->refs, ==, 1);

  lifecycle_scope_close (scope);
  lifecycle_set_leak_grace (0);
  get_leak (0, 0);
  g_assert_finalize_object (scope);
  assert_clean ();
}

/* It is no entry. */
static void
test_not_counted (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *scope = lifecycle_scope_new_child (parent, "scope");
  TestEmitter *emitter = test_emitter_new ();
  LifecycleStatistics *statistics;

  lifecycle_scope_set_limit (scope, 1);
  lifecycle_scope_adopt (scope, g_malloc (1), g_free);
  lifecycle_scope_expect_finalize (scope, G_OBJECT (emitter), NULL);
  g_assert_cmpuint (G_OBJECT (emitter)->ref_count, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  statistics = lifecycle_scope_get_statistics (parent, TRUE);
  g_assert_cmpuint (lifecycle_statistics_get_total_live (statistics), ==, 2);
  lifecycle_statistics_free (statistics);

  /* A clear() leaves it alone. */
  g_assert_cmpuint (lifecycle_scope_clear (scope), ==, 1);
  lifecycle_set_leak_grace (0);
  g_assert_cmpuint (lifecycle_get_n_overdue (), ==, 0);

  g_assert_cmpuint (lifecycle_scope_close (parent), ==, 1);
  g_assert_cmpuint (lifecycle_get_n_overdue (), ==, 1);
  g_assert_finalize_object (emitter);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (parent);
  assert_clean ();
}

/* All that there is to know of one that is overdue, and of one that was late. */
static void
test_overdue (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *scope = lifecycle_scope_new_child (parent, "view");
  TestEmitter *emitter = test_emitter_new ();
  LifecycleLeak *leak;
  g_autofree char *address = g_strdup_printf ("%p", (gpointer) emitter);
  g_autofree char *place = NULL;
  g_autofree char *text = NULL;

  place = g_strdup_printf ("%s:%d", __FILE__, __LINE__ + 1);
  lifecycle_scope_expect_finalize (scope, G_OBJECT (emitter), "it was only a view");
  lifecycle_scope_close (scope);
  g_object_ref (emitter);

  /* Not yet. */
  g_assert_cmpuint (lifecycle_get_n_overdue (), ==, 0);
  get_leak (0, 0);

  lifecycle_set_leak_grace (0);
  g_assert_cmpuint (lifecycle_get_n_overdue (), ==, 1);
  lifecycle_set_leak_grace (LONG_GRACE_MS);
  g_assert_cmpuint (lifecycle_get_n_overdue (), ==, 0);
  get_leak (0, 0);
  lifecycle_set_leak_grace (0);
  g_assert_cmpuint (lifecycle_get_leak_grace (), ==, 0);

  leak = get_leak (1, 0);
  g_assert_cmpint (lifecycle_leak_get_kind (leak), ==, LIFECYCLE_LEAK_KIND_CLOSED_BUT_ALIVE);
  g_assert_true (lifecycle_leak_get_object_type (leak) == TEST_TYPE_EMITTER);
  g_assert_cmpstr (lifecycle_leak_get_type_name (leak), ==, "TestEmitter");
  g_assert_cmpstr (lifecycle_leak_get_address (leak), ==, address);
  g_assert_cmpuint (lifecycle_leak_get_n_refs (leak), ==, 2);
  g_assert_cmpstr (lifecycle_leak_get_why (leak), ==, "it was only a view");
  g_assert_cmpstr (lifecycle_leak_get_scope_path (leak), ==, "parent/view");
  g_assert_cmpstr (lifecycle_leak_get_stack (leak), ==, NULL);
  g_assert_cmpuint (lifecycle_leak_get_count (leak), ==, 1);
  g_assert_cmpstr (lifecycle_leak_get_place (leak), ==, place);
  text = lifecycle_leak_to_string (leak);
  g_assert_nonnull (strstr (text, "TestEmitter"));
  g_assert_nonnull (strstr (text, "is still alive, with 2 references"));
  g_assert_nonnull (strstr (text, "after scope parent/view closed: it was only a view"));
  g_assert_nonnull (strstr (text, lifecycle_leak_get_place (leak)));

  /* The leak has no reference, and outlives the object. */
  g_object_unref (emitter);
  g_assert_finalize_object (emitter);
  g_assert_cmpstr (lifecycle_leak_get_address (leak), ==, address);
  g_assert_finalize_object (leak);
  g_assert_cmpuint (lifecycle_get_n_overdue (), ==, 0);

  leak = get_leak (1, 0);
  g_assert_cmpint (lifecycle_leak_get_kind (leak), ==, LIFECYCLE_LEAK_KIND_FINALIZED_LATE);
  g_assert_cmpuint (lifecycle_leak_get_n_refs (leak), ==, 0);
  g_assert_cmpstr (lifecycle_leak_get_scope_path (leak), ==, "parent/view");
  g_assert_finalize_object (leak);
  lifecycle_clear_leaks ();
  get_leak (0, 0);

  lifecycle_scope_close (parent);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (parent);
  assert_clean ();
}

static gpointer
list_thread (gpointer data)
{
  return get_leak (1, 0);
}

/* Its own thread finds out who refers to it, and others are told. What scopes own is known on every system. */
static void
test_referrers (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("view");
  LifecycleScope *holder = lifecycle_scope_new ("holder");
  TestEmitter *emitter = test_emitter_new ();
  LifecycleLeak *leak;

  lifecycle_scope_expect_finalize (scope, G_OBJECT (emitter), NULL);
  lifecycle_scope_add_object (holder, G_OBJECT (emitter));
  g_object_unref (emitter);
  lifecycle_scope_close (scope);
  lifecycle_set_leak_grace (0);

  leak = g_thread_join (g_thread_new ("leaks", list_thread, NULL));
  g_assert_null (lifecycle_leak_get_referrers (leak));
  g_assert_finalize_object (leak);

  leak = get_leak (1, 0);
  g_assert_cmpuint (lifecycle_leak_get_n_refs (leak), ==, 1);
  g_assert_true (g_pattern_match_simple ("a reference, added at *test-leaks.c:*, in scope holder",
                                         lifecycle_leak_get_referrers (leak)));
  g_assert_finalize_object (leak);

  leak = g_thread_join (g_thread_new ("leaks", list_thread, NULL));
  g_assert_nonnull (strstr (lifecycle_leak_get_referrers (leak), "in scope holder"));
  g_assert_finalize_object (leak);

  /* Nothing does any more. */
  lifecycle_scope_close (holder);
  leak = get_leak (1, 0);
  g_assert_cmpint (lifecycle_leak_get_kind (leak), ==, LIFECYCLE_LEAK_KIND_FINALIZED_LATE);
  g_assert_null (lifecycle_leak_get_referrers (leak));
  g_assert_finalize_object (leak);

  g_assert_finalize_object (scope);
  g_assert_finalize_object (holder);
  assert_clean ();
}

/* Only the first of many are looked into, and each of them once. */
static void
test_referrers_of_many (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("view");
  LifecycleScope *holder = lifecycle_scope_new ("holder");
  const guint n = 1000;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (TestEmitter) emitter = test_emitter_new ();

      lifecycle_scope_expect_finalize (scope, G_OBJECT (emitter), NULL);
      lifecycle_scope_add_object (holder, G_OBJECT (emitter));
    }
  lifecycle_scope_close (scope);
  lifecycle_set_leak_grace (0);

  for (guint round = 0; round < 2; round++)
    {
      g_autoptr (GListModel) list = lifecycle_list_leaks ();
      guint n_known = 0;

      g_assert_cmpuint (g_list_model_get_n_items (list), ==, n);
      for (guint i = 0; i < n; i++)
        {
          g_autoptr (LifecycleLeak) leak = g_list_model_get_item (list, i);

          n_known += lifecycle_leak_get_referrers (leak) != NULL;
          g_assert_cmpuint (lifecycle_leak_get_n_refs (leak), ==, 1);
        }
      g_assert_cmpuint (n_known, >, 0);
      g_assert_cmpuint (n_known, <, n);
    }

  lifecycle_scope_close (holder);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (holder);
  assert_clean ();
}

static void
test_properties (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  LifecycleLeak *leak;
  g_autofree char *type_name = NULL;
  g_autofree char *address = NULL;
  g_autofree char *why = NULL;
  g_autofree char *path = NULL;
  g_autofree char *place = NULL;
  g_autofree char *stack = NULL;
  LifecycleLeakKind kind;
  GType type;
  guint n_refs, count;
  guint64 age;

  lifecycle_scope_close (scope);
  lifecycle_scope_expect_finalize (scope, G_OBJECT (emitter), "why");
  lifecycle_set_leak_grace (0);
  leak = get_leak (1, 0);
  g_object_get (leak,
                "kind", &kind,
                "object-type", &type,
                "type-name", &type_name,
                "address", &address,
                "n-refs", &n_refs,
                "age", &age,
                "why", &why,
                "scope-path", &path,
                "place", &place,
                "stack", &stack,
                "count", &count,
                NULL);
  g_assert_cmpint (kind, ==, LIFECYCLE_LEAK_KIND_CLOSED_BUT_ALIVE);
  g_assert_true (type == TEST_TYPE_EMITTER);
  g_assert_cmpstr (type_name, ==, "TestEmitter");
  g_assert_cmpstr (address, ==, lifecycle_leak_get_address (leak));
  g_assert_cmpuint (n_refs, ==, 1);
  g_assert_cmpuint (age, ==, lifecycle_leak_get_age (leak));
  g_assert_cmpstr (why, ==, "why");
  g_assert_cmpstr (path, ==, "scope");
  g_assert_nonnull (strstr (place, "test-leaks.c"));
  g_assert_null (stack);
  g_assert_cmpuint (count, ==, 1);

  g_assert_finalize_object (leak);
  g_assert_finalize_object (emitter);
  g_assert_finalize_object (scope);
  assert_clean ();
}

/* A monitor asks at every sample. */
static void
test_monitor (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleMonitor *monitor = lifecycle_monitor_new ();
  TestEmitter *emitter = test_emitter_new ();
  LifecycleSample *sample;

  lifecycle_scope_close (scope);
  lifecycle_scope_expect_finalize (scope, G_OBJECT (emitter), NULL);
  lifecycle_set_leak_grace (0);
  sample = lifecycle_monitor_take_sample (monitor);
  g_assert_cmpuint (lifecycle_sample_get_n_overdue (sample), ==, 1);

  g_assert_finalize_object (emitter);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (monitor);
  assert_clean ();
}

/* To be disposed is not to be gone. */
static void
test_disposed (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();

  lifecycle_scope_expect_finalize (scope, G_OBJECT (emitter), NULL);
  g_object_run_dispose (G_OBJECT (emitter));
  lifecycle_scope_close (scope);
  g_object_run_dispose (G_OBJECT (emitter));
  lifecycle_set_leak_grace (0);
  g_assert_cmpuint (lifecycle_get_n_overdue (), ==, 1);

  g_assert_finalize_object (emitter);
  g_assert_finalize_object (scope);
  assert_clean ();
}

/* What the scope itself releases is in time, the object of its life as well. */
static void
test_own_object (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();

  lifecycle_set_leak_grace (0);
  lifecycle_scope_expect_finalize (scope, G_OBJECT (emitter), NULL);
  lifecycle_scope_add_object (scope, G_OBJECT (emitter));
  g_object_unref (emitter);
  lifecycle_scope_close (scope);
  get_leak (0, 0);
  g_assert_finalize_object (scope);

  emitter = test_emitter_new ();
  lifecycle_scope_expect_finalize (lifecycle_scope_of (G_OBJECT (emitter)), G_OBJECT (emitter), NULL);
  lifecycle_set_leak_grace (LONG_GRACE_MS);
  g_assert_finalize_object (emitter);
  assert_clean ();
}

/* The grace of one that comes too late begins at once. */
static void
test_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();

  lifecycle_scope_close (scope);
  lifecycle_scope_expect_finalize (scope, G_OBJECT (emitter), NULL);
  g_assert_cmpuint (lifecycle_get_n_overdue (), ==, 0);
  lifecycle_set_leak_grace (0);
  g_assert_cmpuint (lifecycle_get_n_overdue (), ==, 1);
  g_assert_finalize_object (emitter);
  g_assert_finalize_object (scope);
  assert_clean ();
}

/* However many are about an object, it is one object. */
static void
test_several (void)
{
  LifecycleScope *one = lifecycle_scope_new ("one");
  LifecycleScope *other = lifecycle_scope_new ("other");
  TestEmitter *emitter = test_emitter_new ();
  LifecycleLeak *leak;

  lifecycle_scope_expect_finalize (one, G_OBJECT (emitter), "a");
  lifecycle_scope_expect_finalize (one, G_OBJECT (emitter), "b");
  lifecycle_scope_expect_finalize (other, G_OBJECT (emitter), "c");
  lifecycle_set_leak_grace (0);
  g_assert_cmpuint (lifecycle_leaks_get_n_expected (), ==, 1);

  lifecycle_scope_close (other);
  g_assert_cmpuint (lifecycle_get_n_overdue (), ==, 1);
  leak = get_leak (1, 0);
  g_assert_cmpstr (lifecycle_leak_get_why (leak), ==, "c");
  g_assert_finalize_object (leak);
  lifecycle_scope_close (one);
  g_assert_cmpuint (lifecycle_get_n_overdue (), ==, 1);
  g_object_unref (get_leak (1, 0));
  lifecycle_set_leak_grace (LONG_GRACE_MS);
  g_assert_cmpuint (lifecycle_get_n_overdue (), ==, 0);
  lifecycle_set_leak_grace (0);

  g_assert_finalize_object (emitter);
  g_assert_cmpuint (lifecycle_get_n_overdue (), ==, 0);
  g_assert_finalize_object (one);
  g_assert_finalize_object (other);
  assert_clean ();
}

/* An expectation goes along with what the scope owns. */
static void
test_moved (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("setup");
  TestEmitter *kept = test_emitter_new ();
  TestEmitter *gone = test_emitter_new ();
  LifecycleScope *to;
  LifecycleLeak *leak;

  lifecycle_set_leak_grace (0);
  lifecycle_scope_follow_object (scope, G_OBJECT (gone));
  lifecycle_scope_expect_finalize (scope, G_OBJECT (kept), "kept");
  lifecycle_scope_expect_finalize (scope, G_OBJECT (gone), "gone");
  to = lifecycle_scope_move (scope);
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_cmpuint (lifecycle_get_n_overdue (), ==, 0);
  g_assert_cmpuint (count_ties (to), ==, 2);
  g_assert_finalize_object (scope);

  g_assert_finalize_object (gone);
  g_assert_false (lifecycle_scope_is_closed (to));
  g_assert_cmpuint (count_ties (to), ==, 1);

  lifecycle_scope_close (to);
  g_assert_cmpuint (lifecycle_get_n_overdue (), ==, 1);
  leak = get_leak (1, 0);
  g_assert_cmpstr (lifecycle_leak_get_why (leak), ==, "kept");
  g_assert_finalize_object (leak);
  g_assert_finalize_object (kept);
  g_assert_finalize_object (to);
  assert_clean ();
}

static gpointer
unref_thread (gpointer data)
{
  GPtrArray *objects = data;

  for (guint i = 0; i < objects->len; i++)
    g_object_unref (g_ptr_array_index (objects, i));

  return NULL;
}

/* Objects go on another thread while scopes expect it, close and move here. */
static void
test_threads (void)
{
  for (guint round = 0; round < test_amount (4000) / 10; round++)
    {
      g_autoptr (GPtrArray) objects = g_ptr_array_new ();
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      LifecycleScope *moved = NULL;
      GThread *thread;

      lifecycle_set_leak_grace (round % 2 == 0 ? 0 : LONG_GRACE_MS);
      for (guint i = 0; i < 8; i++)
        {
          GObject *object = G_OBJECT (test_emitter_new ());

          g_ptr_array_add (objects, object);
          lifecycle_scope_expect_finalize (scope, object, "why");
          if (i % 2 == 0)
            lifecycle_scope_expect_finalize (scope, object, "why");
        }

      thread = g_thread_new ("unref", unref_thread, objects);
      if (round % 3 == 0)
        moved = lifecycle_scope_move (scope);
      lifecycle_scope_close (scope);
      if (moved != NULL)
        lifecycle_scope_close (moved);
      g_object_unref (lifecycle_list_leaks ());
      lifecycle_get_n_overdue ();
      g_thread_join (thread);

      g_assert_cmpuint (lifecycle_leaks_get_n_expected (), ==, 0);
      g_assert_cmpuint (lifecycle_get_n_overdue (), ==, 0);
      g_assert_finalize_object (scope);
      if (moved != NULL)
        g_assert_finalize_object (moved);
    }

  assert_clean ();
}

static void
drop_scope (gboolean owning)
{
  LifecycleScope *scope = lifecycle_scope_new ("dropped");

  if (owning)
    {
      lifecycle_scope_adopt (scope, g_malloc (1), g_free);
      lifecycle_scope_adopt (scope, g_malloc (1), g_free);
    }
  g_assert_finalize_object (scope);
}

/* A scope that is dropped is noted only while somebody wants to know, and only if it owned
 * something. The same place is noted once.
 */
static void
test_dropped (void)
{
  LifecycleLeak *leak;
  g_autofree char *text = NULL;

  drop_scope (TRUE);
  get_leak (0, 0);

  lifecycle_leaks_set_tracking (TRUE);
  drop_scope (FALSE);
  get_leak (0, 0);
  drop_scope (TRUE);
  drop_scope (TRUE);
  leak = get_leak (1, 0);
  g_assert_cmpint (lifecycle_leak_get_kind (leak), ==, LIFECYCLE_LEAK_KIND_DROPPED_OPEN);
  g_assert_cmpuint (lifecycle_leak_get_count (leak), ==, 2);
  g_assert_true (lifecycle_leak_get_object_type (leak) == LIFECYCLE_TYPE_SCOPE);
  text = lifecycle_leak_to_string (leak);
  g_assert_true (g_str_has_prefix (text, "scope dropped was dropped open, owning 2 entries (made at "));
  g_assert_true (g_str_has_suffix (text, ", 2 times; this was the last"));
  g_assert_finalize_object (leak);
  lifecycle_leaks_set_tracking (FALSE);
  drop_scope (TRUE);
  leak = get_leak (1, 0);
  g_assert_cmpuint (lifecycle_leak_get_count (leak), ==, 2);
  g_assert_finalize_object (leak);

  assert_clean ();
}

/* However much is late, what is remembered is bounded. */
static void
test_bounded (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (GListModel) list = NULL;
  g_autoptr (LifecycleLeak) last = NULL;

  lifecycle_scope_close (scope);
  lifecycle_set_leak_grace (0);
  for (guint i = 0; i < 300; i++)
    {
      g_autofree char *why = g_strdup_printf ("number %u", i);
      TestEmitter *emitter = test_emitter_new ();

      lifecycle_scope_expect_finalize (scope, G_OBJECT (emitter), why);
      g_assert_finalize_object (emitter);
    }
  list = lifecycle_list_leaks ();
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 256);
  last = g_list_model_get_item (list, 255);
  g_assert_cmpstr (lifecycle_leak_get_why (last), ==, "number 299");
  g_assert_finalize_object (scope);
  assert_clean ();
}

static void
test_permanent (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *to;
  gboolean permanent;
  int n_notified = 0;

  g_assert_false (lifecycle_scope_get_permanent (scope));
  g_signal_connect_swapped (scope, "notify::permanent", G_CALLBACK (test_count_notify), &n_notified);
  lifecycle_scope_set_permanent (scope, TRUE);
  lifecycle_scope_set_permanent (scope, TRUE);
  g_assert_cmpint (n_notified, ==, 1);
  g_object_get (scope, "permanent", &permanent, NULL);
  g_assert_true (permanent);

  to = lifecycle_scope_move (scope);
  g_assert_true (lifecycle_scope_get_permanent (to));
  g_object_set (to, "permanent", FALSE, NULL);
  g_assert_false (lifecycle_scope_get_permanent (to));

  lifecycle_scope_close (to);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (to);
}

/* An empty scope takes no more than 304 bytes, in all. */
static void
test_size (void)
{
  g_assert_cmpuint (sizeof (struct _LifecycleScope), <=, 160);
  g_assert_cmpuint (sizeof (LifecycleHoldings), <=, 120);
}

/* In the programs below the report comes after main(). */

static void
test_exit_clean (void)
{
  if (g_test_subprocess ())
    {
      LifecycleScope *scope;
      LifecycleScope *child;

      g_setenv ("LIFECYCLE_DEBUG", "leaks", TRUE);
      scope = lifecycle_scope_new ("permanent");
      lifecycle_scope_set_permanent (scope, TRUE);
      child = lifecycle_scope_get_child (scope, "below");
      lifecycle_scope_adopt (child, g_malloc (1), g_free);
      scope = lifecycle_scope_new ("closed");
      lifecycle_scope_close (scope);
      g_object_unref (scope);
      return;
    }

  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr_unmatched ("*Lifecycle:*");
}

static void
test_exit_leaks (void)
{
  if (g_test_subprocess ())
    {
      TestEmitter *emitter = test_emitter_new ();
      LifecycleScope *scope;

      g_setenv ("LIFECYCLE_DEBUG", "leaks", TRUE);
      for (guint i = 0; i < 3; i++)
        {
          scope = lifecycle_scope_new ("forgotten");
          lifecycle_scope_adopt (scope, g_malloc (1), g_free);
          lifecycle_scope_get_child (scope, "below");
        }
      scope = lifecycle_scope_new ("closed");
      lifecycle_scope_expect_finalize (scope, G_OBJECT (emitter), "a view");
      lifecycle_scope_close (scope);
      g_object_unref (scope);
      drop_scope (TRUE);
      return;
    }

  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("*Lifecycle: at exit, 3 scopes were still open, 1 object *1 scope had been dropped*");
  g_test_trap_assert_stderr ("*3 x scope forgotten*, still open, made at *test-leaks.c:*, owning 6 entries:*");
  g_test_trap_assert_stderr ("*3 x data, added at *test-leaks.c:*, in forgotten*");
  g_test_trap_assert_stderr ("*3 x scope 'below', added at *test-leaks.c:*, in forgotten*");
  g_test_trap_assert_stderr ("*1 x TestEmitter * is still alive, with 1 reference*closed: a view (expected at *test-leaks.c:*");
  g_test_trap_assert_stderr ("*1 x scope dropped was dropped open*");
  /* Only culprits. */
  g_test_trap_assert_stderr_unmatched ("*x scope forgotten/below*");
}

#ifdef G_OS_UNIX

static void
failing_cleanup (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          data,
                 GError          **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "no luck");
}

/* A forked child reports what it has left open itself. */
static void
test_exit_forked (void)
{
  if (g_test_subprocess ())
    {
      LifecycleScope *scope;
      LifecycleScope *failed;
      GPid pid;
      int status;

      g_setenv ("LIFECYCLE_DEBUG", "leaks", TRUE);
      failed = lifecycle_scope_new ("failed");
      lifecycle_scope_defer (failed, failing_cleanup, NULL, NULL);
      lifecycle_scope_close (failed);
      scope = lifecycle_scope_new ("of the parent");
      lifecycle_scope_adopt (scope, g_malloc (1), g_free);
      drop_scope (TRUE);

      for (guint i = 0; i < 2; i++)
        {
          pid = fork ();
          if (pid == 0)
            {
              g_printerr ("child %u begins\n", i);
              if (i == 1)
                lifecycle_scope_new ("of the child");
              exit (0);
            }
          g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
          g_assert_cmpint (status, ==, 0);
          g_printerr ("child %u has ended\n", i);
        }

      lifecycle_scope_close (scope);
      g_object_unref (scope);
      g_assert_nonnull (lifecycle_scope_get_error (failed));
      g_object_unref (failed);
      return;
    }

  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("*child 0 begins\nchild 0 has ended\n*");
  g_test_trap_assert_stderr ("*child 1 begins\nLifecycle: at exit, 1 scope was still open, 0 objects*"
                             "0 scopes had been dropped open\n1 x scope of the child *child 1 has ended\n*");
  g_test_trap_assert_stderr ("*child 1 has ended\nLifecycle: at exit, 0 scopes*1 scope had been dropped*");
}

/* Makes use of all that the report at exit looks at. */
static gpointer
busy_thread (gpointer stop)
{
  GMainContext *context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  while (!g_atomic_int_get ((int *) stop))
    {
      LifecycleScope *scope = lifecycle_scope_new ("busy");
      TestEmitter *emitter = test_emitter_new ();

      lifecycle_scope_expect_finalize (scope, G_OBJECT (emitter), "a view");
      lifecycle_scope_defer (scope, failing_cleanup, NULL, NULL);
      lifecycle_scope_close (scope);
      g_object_unref (emitter);
      lifecycle_scope_get_error (scope);
      g_object_unref (scope);
      drop_scope (TRUE);
    }
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);

  return NULL;
}

/* Whatever other threads were doing at the moment of the fork, the child comes to its end. */
static void
test_exit_forked_while_busy (void)
{
  const guint n_forks = test_amount (200);
  GThread *threads[2];
  int stop = FALSE;

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, 0);
      g_test_trap_assert_passed ();
      return;
    }

  g_setenv ("LIFECYCLE_DEBUG", "leaks", TRUE);
  drop_scope (TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("busy", busy_thread, &stop);
  for (guint i = 0; i < n_forks; i++)
    {
      pid_t pid = fork ();

      g_assert_cmpint (pid, >=, 0);
      if (pid == 0)
        {
          /* As exit() would, without what sanitizers and valgrind do there. */
          lifecycle_report_leaks ();
          test_fork_end (TEST_FORK_PASSED);
        }
      g_assert_cmpint (test_fork_wait (pid), ==, TEST_FORK_PASSED);
    }
  g_atomic_int_set (&stop, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

#endif

static void
test_help (void)
{
  if (g_test_subprocess ())
    {
      g_setenv ("LIFECYCLE_DEBUG", "threads,leeks,ALL,help", TRUE);
      g_object_unref (lifecycle_scope_new ("scope"));
      return;
    }

  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("*LIFECYCLE_DEBUG is*alive *leaks *stacks *threads *trace *help *");
  g_test_trap_assert_stderr_unmatched ("*Supported debug values*");
  g_test_trap_assert_stderr ("*no word 'leeks'*");
  g_test_trap_assert_stderr_unmatched ("*no word*no word*");
}

static void
test_trace (void)
{
  if (g_test_subprocess ())
    {
      TestEmitter *emitter = test_emitter_new ();
      LifecycleScope *parent;
      LifecycleScope *scope;
      int n = 0;

      g_setenv ("LIFECYCLE_DEBUG", "trace", TRUE);
      parent = lifecycle_scope_new ("parent");
      scope = lifecycle_scope_new_child (parent, "scope");
      lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_count_handler_cb), &n,
                                    test_count_closure_notify, 0);
      lifecycle_scope_close (parent);
      g_object_unref (scope);
      g_object_unref (parent);
      g_object_unref (emitter);
      return;
    }

  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("*opened scope parent 0x* at *test-leaks.c:*"
                             "*+ scope 0x*, scope parent 0x*"
                             "*opened scope parent/scope 0x*"
                             "*+ handler 0x* at *test-leaks.c:*, scope parent/scope 0x*"
                             "*~ handler 0x*"
                             "*- handler 0x*"
                             "*- scope 0x*"
                             "*closed scope parent/scope 0x*: parent-closed, 1 entry*"
                             "*closed scope parent 0x*: completed, 2 entries*");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  lifecycle_set_leak_grace (LONG_GRACE_MS);

  g_test_add_func ("/lifecycle/leaks/in-time", test_in_time);
  g_test_add_func ("/lifecycle/leaks/not-counted", test_not_counted);
  g_test_add_func ("/lifecycle/leaks/overdue", test_overdue);
  g_test_add_func ("/lifecycle/leaks/referrers", test_referrers);
  g_test_add_func ("/lifecycle/leaks/referrers/many", test_referrers_of_many);
  g_test_add_func ("/lifecycle/leaks/properties", test_properties);
  g_test_add_func ("/lifecycle/leaks/monitor", test_monitor);
  g_test_add_func ("/lifecycle/leaks/disposed", test_disposed);
  g_test_add_func ("/lifecycle/leaks/own-object", test_own_object);
  g_test_add_func ("/lifecycle/leaks/late", test_late);
  g_test_add_func ("/lifecycle/leaks/several", test_several);
  g_test_add_func ("/lifecycle/leaks/moved", test_moved);
  g_test_add_func ("/lifecycle/leaks/threads", test_threads);
  g_test_add_func ("/lifecycle/leaks/dropped", test_dropped);
  g_test_add_func ("/lifecycle/leaks/bounded", test_bounded);
  g_test_add_func ("/lifecycle/leaks/permanent", test_permanent);
  g_test_add_func ("/lifecycle/leaks/size", test_size);
  g_test_add_func ("/lifecycle/leaks/exit/clean", test_exit_clean);
  g_test_add_func ("/lifecycle/leaks/exit/leaks", test_exit_leaks);
#ifdef G_OS_UNIX
  g_test_add_func ("/lifecycle/leaks/exit/forked", test_exit_forked);
  g_test_add_func ("/lifecycle/leaks/exit/forked-while-busy", test_exit_forked_while_busy);
#endif
  g_test_add_func ("/lifecycle/leaks/debug/help", test_help);
  g_test_add_func ("/lifecycle/leaks/debug/trace", test_trace);

  return g_test_run ();
}
