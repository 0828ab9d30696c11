/* test-helpers.c: what a test leaves behind is found, and nothing else is
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

static const char *program;

static char *
end_with_leaks (void)
{
  char *report = NULL;

  g_assert_false (lifecycle_test_end_with_report (&report));
  g_assert_nonnull (report);

  return report;
}

static void
end_clean (void)
{
  char *report = (char *) "untouched";

  g_assert_true (lifecycle_test_end_with_report (&report));
  g_assert_cmpstr (report, ==, NULL);
}

#define assert_has(report, pattern) \
  G_STMT_START \
    { \
      if (!g_pattern_match_simple ((pattern), (report))) \
        g_error ("%s does not match:\n%s", (pattern), (report)); \
    } \
  G_STMT_END

/* What was there before is not the test's fault, and neither is what is permanent, or below it. */
static void
test_clean (void)
{
  LifecycleScope *before = lifecycle_scope_new ("before");
  LifecycleScope *closed = lifecycle_scope_new ("closed");
  LifecycleScope *permanent;
  LifecycleScope *scope;
  TestEmitter *old = test_emitter_new ();
  TestEmitter *emitter = test_emitter_new ();

  lifecycle_scope_close (closed);
  lifecycle_scope_expect_finalize (closed, G_OBJECT (old), NULL);

  lifecycle_test_begin ();
  end_clean ();

  lifecycle_test_begin ();
  lifecycle_scope_adopt (before, g_malloc (1), g_free);
  permanent = lifecycle_scope_new ("permanent");
  lifecycle_scope_set_permanent (permanent, TRUE);
  lifecycle_scope_get_child (permanent, "below");
  scope = lifecycle_scope_new ("scope");
  lifecycle_scope_get_child (scope, "child");
  lifecycle_scope_expect_finalize (scope, G_OBJECT (emitter), NULL);
  lifecycle_scope_close (scope);
  g_object_unref (scope);
  g_object_unref (emitter);
  end_clean ();

  lifecycle_scope_close (before);
  lifecycle_scope_close (permanent);
  g_assert_finalize_object (before);
  g_assert_finalize_object (permanent);
  g_assert_finalize_object (closed);
  g_assert_finalize_object (old);
}

static gboolean
close_cb (gpointer data)
{
  lifecycle_scope_close (data);
  g_object_unref (data);

  return G_SOURCE_REMOVE;
}

static gboolean
unref_cb (gpointer data)
{
  g_object_unref (data);

  return G_SOURCE_REMOVE;
}

static gboolean
later_cb (gpointer data)
{
  g_timeout_add (20, close_cb, data);

  return G_SOURCE_REMOVE;
}

/* Idles and timers that are about to end something have their chance, also when there is a source
 * that is always ready.
 */
static void
test_about_to_end (void)
{
  LifecycleScope *scope;
  TestEmitter *emitter;
  guint busy;
  int n = 0;

  lifecycle_test_begin ();
  busy = g_idle_add_full (G_PRIORITY_DEFAULT, test_count_source_cb, &n, NULL);
  g_idle_add_full (G_PRIORITY_DEFAULT, later_cb, lifecycle_scope_new ("timer"), NULL);
  g_idle_add_full (G_PRIORITY_DEFAULT, close_cb, lifecycle_scope_new ("idle"), NULL);
  g_timeout_add (30, close_cb, lifecycle_scope_new ("timer"));

  scope = lifecycle_scope_new ("scope");
  emitter = test_emitter_new ();
  lifecycle_scope_expect_finalize (scope, G_OBJECT (emitter), NULL);
  g_timeout_add (10, unref_cb, emitter);
  lifecycle_scope_close (scope);
  g_object_unref (scope);
  end_clean ();
  g_assert_cmpint (n, >, 0);

  g_source_remove (busy);
}

static gboolean
close_elsewhere_cb (gpointer data)
{
  lifecycle_scope_close (data);
  g_object_unref (data);

  return G_SOURCE_REMOVE;
}

static void
make_scope_cb (gpointer data)
{
  LifecycleScope **scope = data;

  *scope = lifecycle_scope_new ("elsewhere");
}

/* A teardown that another thread is about to do is waited for. */
static void
test_handed_over (void)
{
  TestWorker *worker = test_worker_new ();
  LifecycleScope *scope = NULL;

  lifecycle_test_begin ();
  test_worker_call (worker, make_scope_cb, &scope);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_object_unref (scope);
  end_clean ();

  lifecycle_test_begin ();
  test_worker_call (worker, make_scope_cb, &scope);
  g_idle_add (close_elsewhere_cb, scope);
  end_clean ();

  test_worker_free (worker);
}

/* What, how many, made where, owning what. */
static void
test_open (void)
{
  LifecycleScope *scopes[3];
  LifecycleScope *other;
  g_autofree char *report = NULL;
  g_autofree char *pattern = NULL;
  int line = 0;

  lifecycle_set_leak_grace (10);
  lifecycle_test_begin ();
  other = lifecycle_scope_new ("other");
  for (guint i = 0; i < G_N_ELEMENTS (scopes); i++)
    {
      scopes[i] = lifecycle_scope_new ("player");
      line = __LINE__ - 1;
      lifecycle_scope_add_timeout (scopes[i], 60000, test_never_source_cb, NULL, NULL);
      lifecycle_scope_adopt (scopes[i], g_malloc (1), g_free);
      lifecycle_scope_adopt (lifecycle_scope_get_child (scopes[i], "inner"), g_malloc (1), g_free);
    }
  pattern = g_strdup_printf ("*\n3 x scope player 0x*, still open, made at *test-helpers.c:%d, "
                             "owning 9 entries:\n*", line);
  report = end_with_leaks ();
  assert_has (report, "the test left behind: 4 open scopes, 0 objects that should be gone\n*");
  assert_has (report, "*\n1 x scope other 0x*, still open, made at *test-helpers.c:*, owning nothing\n*");
  assert_has (report, pattern);
  assert_has (report, "*\n    3 x timer, added at *test-helpers.c:*, in player\n*");
  assert_has (report, "*\n    3 x data, added at *test-helpers.c:*, in player\n*");
  assert_has (report, "*\n    3 x scope 'inner', added at *test-helpers.c:*, in player\n*");
  /* Only culprits. */
  g_assert_null (strstr (report, "x scope player/inner"));

  for (guint i = 0; i < G_N_ELEMENTS (scopes); i++)
    {
      lifecycle_scope_close (scopes[i]);
      g_assert_finalize_object (scopes[i]);
    }
  lifecycle_scope_close (other);
  g_assert_finalize_object (other);

  /* It is over. */
  lifecycle_test_begin ();
  end_clean ();
}

static void
test_alive (void)
{
  LifecycleScope *scope;
  TestEmitter *emitter;
  g_autofree char *report = NULL;

  lifecycle_set_leak_grace (10);
  lifecycle_test_begin ();
  scope = lifecycle_scope_new ("scope");
  emitter = test_emitter_new ();
  lifecycle_scope_expect_finalize (scope, G_OBJECT (emitter), "a view");
  lifecycle_scope_close (scope);
  report = end_with_leaks ();
  assert_has (report, "the test left behind: 0 open scopes, 1 object that should be gone\n"
              "1 x TestEmitter 0x* is still alive, with 1 reference, *after scope scope closed: "
              "a view (expected at *test-helpers.c:*)\n");

  g_assert_finalize_object (emitter);
  g_assert_finalize_object (scope);
  lifecycle_clear_leaks ();
}

static void
drop_scope (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("dropped");

  lifecycle_scope_adopt (scope, g_malloc (1), g_free);
  g_assert_finalize_object (scope);
}

/* To drop a scope is legal, unless one says that it is not. */
static void
test_dropped (void)
{
  g_autofree char *report = NULL;

  drop_scope ();
  lifecycle_test_begin ();
  drop_scope ();
  end_clean ();

  lifecycle_test_begin_full (LIFECYCLE_TEST_DROPPED);
  end_clean ();

  lifecycle_test_begin_full (LIFECYCLE_TEST_DROPPED);
  drop_scope ();
  drop_scope ();
  report = end_with_leaks ();
  assert_has (report, "*, 2 scopes dropped open\n2 x scope dropped was dropped open, owning 1 entry "
              "(made at *test-helpers.c:*)\n");
  lifecycle_clear_leaks ();
}

/* In a context of its own. */
static void
test_context (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  GSource *source = g_timeout_source_new (5);

  g_main_context_push_thread_default (context);
  lifecycle_test_begin ();
  g_source_set_callback (source, close_cb, lifecycle_scope_new ("timer"), NULL);
  g_source_attach (source, context);
  g_source_unref (source);
  end_clean ();
  g_main_context_pop_thread_default (context);
}

static void
grow_nothing (gpointer data)
{
  LifecycleScope *scope = lifecycle_scope_new_child (data, "round");

  lifecycle_scope_adopt (scope, g_malloc (1), g_free);
  lifecycle_scope_close (scope);
  g_object_unref (scope);
}

static void
grow_for_a_while (gpointer data)
{
  LifecycleScope *scope = lifecycle_scope_new_child (data, "round");

  g_timeout_add (20, close_cb, scope);
}

static guint n_once;

static void
grow_at_first (gpointer data)
{
  if (n_once++ < 4)
    lifecycle_scope_adopt (data, g_malloc (1), g_free);
}

/* Much, but not in every round. */
static void
grow_in_one_go (gpointer data)
{
  if (n_once++ == 3)
    {
      for (guint i = 0; i < 10; i++)
        lifecycle_scope_adopt (data, g_malloc (1), g_free);
    }
}

static void
grow_data (gpointer data)
{
  lifecycle_scope_adopt (data, g_malloc (1), g_free);
}

static void
grow_scopes (gpointer data)
{
  g_object_unref (lifecycle_scope_new_child (data, "round"));
}

static GPtrArray *grown;

static void
grow_objects (gpointer data)
{
  GObject *object = G_OBJECT (test_emitter_new ());

  g_ptr_array_add (grown, object);
  lifecycle_scope_expect_finalize (data, object, "round");
}

/* What a function leaves in a scope that was there before. */
static void
test_growth (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("service");
  char *report = NULL;

  g_assert_true (lifecycle_test_growth_with_report (3, grow_nothing, scope, &report));
  g_assert_cmpstr (report, ==, NULL);
  g_assert_true (lifecycle_test_growth (grow_nothing, scope, 3));
  g_assert_true (lifecycle_test_growth_with_report (3, grow_for_a_while, scope, &report));
  g_assert_cmpstr (report, ==, NULL);
  n_once = 0;
  g_assert_true (lifecycle_test_growth_with_report (3, grow_at_first, scope, &report));
  g_assert_cmpstr (report, ==, NULL);
  n_once = 0;
  g_assert_true (lifecycle_test_growth_with_report (3, grow_in_one_go, scope, &report));
  g_assert_cmpstr (report, ==, NULL);

  lifecycle_set_leak_grace (10);
  g_assert_false (lifecycle_test_growth_with_report (3, grow_data, scope, &report));
  assert_has (report, "data: 3 more after 3 rounds, growing in each\n"
              "    3 x data, added at *test-helpers.c:*, in service\n");
  g_clear_pointer (&report, g_free);

  g_assert_false (lifecycle_test_growth_with_report (3, grow_scopes, scope, &report));
  assert_has (report, "open scopes: 3 more after 3 rounds, growing in each\n"
              "    3 x scope 'round', added at *test-helpers.c:*, in service\n");
  g_clear_pointer (&report, g_free);

  grown = g_ptr_array_new_with_free_func (g_object_unref);
  g_assert_false (lifecycle_test_growth_with_report (3, grow_objects, scope, &report));
  assert_has (report, "objects expected to be finalized: 3 more after 3 rounds*");
  g_clear_pointer (&report, g_free);
  g_ptr_array_unref (grown);

  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
}

static GSList *blocks;

static void
grow_heap (gpointer data)
{
  blocks = g_slist_prepend (blocks, g_malloc (3000));
}

/* The heap is only reported. */
static void
test_heap (void)
{
  g_autofree char *report = NULL;
  gboolean clean = lifecycle_test_growth_with_report (6, grow_heap, NULL, &report);

  g_slist_free_full (g_steal_pointer (&blocks), g_free);
  g_assert_true (clean);
  if (report == NULL)
    g_test_skip ("nothing says how large the heap is");
  else
    assert_has (report, "heap: at least * bytes more in each round\n");
}

/* Programs that leak, run with --tap to see what people see. */

static void
planted_leak (void)
{
  lifecycle_set_leak_grace (10);
  lifecycle_test_begin ();
  lifecycle_scope_adopt (lifecycle_scope_new ("planted"), g_malloc (1), g_free);
  g_assert_false (lifecycle_test_end ());
}

static void
planted_growth (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("service");

  lifecycle_set_leak_grace (10);
  g_assert_false (lifecycle_test_growth (grow_data, scope, 3));
  lifecycle_scope_close (scope);
  g_object_unref (scope);
}

static void
planted_none (void)
{
  lifecycle_test_begin ();
  g_assert_true (lifecycle_test_end ());
}

static char *
run_planted (const char *path,
             gboolean    passes)
{
  const char *argv[] = { program, "--tap", "-p", path, NULL };
  g_auto (GStrv) environment = g_environ_setenv (g_get_environ (), "LIFECYCLE_TEST_PLANTED", "1", TRUE);
  char *output = NULL;
  int status;
  GError *error = NULL;

  g_spawn_sync (NULL, (char **) argv, environment, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &output, NULL,
                &status, &error);
  g_assert_no_error (error);
  g_assert_cmpint (status == 0, ==, passes);

  return output;
}

static void
test_planted (void)
{
  g_autofree char *leak = run_planted ("/planted/leak", FALSE);
  g_autofree char *growth = run_planted ("/planted/growth", FALSE);
  g_autofree char *none = run_planted ("/planted/none", TRUE);

  /* Newer versions of GLib indent what a test program prints when another one has started it. */
  assert_has (leak, "*# 1 x scope planted 0x*, still open, made at *test-helpers.c:*, owning 1 entry:\n*");
  assert_has (leak, "*#     1 x data, added at *test-helpers.c:*, in planted\n*");
  assert_has (leak, "*not ok 1 */planted/leak*the test left behind: 1 open scope, 0 objects*");
  assert_has (growth, "*# data: 3 more after 3 rounds*not ok 1 */planted/growth*something grew*");
  assert_has (none, "*ok 1 */planted/none\n*");
  g_assert_null (strstr (none, "not ok"));
}

static void
test_misuse (void)
{
  test_expect_critical ("*test.running*");
  g_assert_false (lifecycle_test_end ());
  g_test_assert_expected_messages ();

  lifecycle_test_begin ();
  test_expect_critical ("*!test.running*");
  lifecycle_test_begin ();
  g_test_assert_expected_messages ();
  end_clean ();
}

typedef struct
{
  GTestFunc func;
} Case;

/* With a grace time that a clean test never needs, and a leaking one sets for itself. */
static void
run_case (gconstpointer data)
{
  lifecycle_set_leak_grace (TEST_HANG_SECONDS * 1000);
  ((const Case *) data)->func ();
}

int
main (int   argc,
      char *argv[])
{
  static const struct
  {
    const char *path;
    Case        test;
  } cases[] = {
    { "/lifecycle/helpers/clean", { test_clean } },
    { "/lifecycle/helpers/about-to-end", { test_about_to_end } },
    { "/lifecycle/helpers/handed-over", { test_handed_over } },
    { "/lifecycle/helpers/open", { test_open } },
    { "/lifecycle/helpers/alive", { test_alive } },
    { "/lifecycle/helpers/dropped", { test_dropped } },
    { "/lifecycle/helpers/context", { test_context } },
    { "/lifecycle/helpers/growth", { test_growth } },
    { "/lifecycle/helpers/heap", { test_heap } },
    { "/lifecycle/helpers/planted", { test_planted } },
    { "/lifecycle/helpers/misuse", { test_misuse } },
  };

  program = argv[0];
  g_test_init (&argc, &argv, NULL);
  if (g_getenv ("LIFECYCLE_TEST_PLANTED") != NULL)
    {
      g_test_add_func ("/planted/leak", planted_leak);
      g_test_add_func ("/planted/growth", planted_growth);
      g_test_add_func ("/planted/none", planted_none);
      return g_test_run ();
    }

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_test_add_data_func (cases[i].path, &cases[i].test, run_case);

  return g_test_run ();
}
