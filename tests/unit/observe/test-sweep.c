/* test-sweep.c: entries whose end nothing has told the scope of
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

static gulong
adopt (LifecycleScope *scope,
       TestEmitter    *emitter)
{
  gulong id = g_signal_connect (emitter, "plain", G_CALLBACK (test_never_handler_cb), NULL);

  g_assert_true (lifecycle_scope_add_handler (scope, G_OBJECT (emitter), id));

  return id;
}

/* A sweep finds all that have ended, and nothing else, and counts them as ended by themselves. */
static void
test_exact (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  LifecycleStatistics *statistics;
  gulong ids[20], own;

  g_assert_cmpuint (lifecycle_scope_sweep_handlers (scope, FALSE), ==, 0);
  lifecycle_scope_adopt (scope, g_strdup ("data"), g_free);
  g_assert_cmpuint (lifecycle_scope_sweep_handlers (scope, FALSE), ==, 0);

  own = lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (test_never_handler_cb),
                                        NULL);
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    ids[i] = adopt (scope, emitter);
  g_assert_cmpuint (lifecycle_scope_sweep_handlers (scope, TRUE), ==, 0);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 22);

  /* The first, the last, some in a row, and one that is blocked. */
  g_signal_handler_disconnect (emitter, ids[0]);
  g_signal_handler_disconnect (emitter, ids[19]);
  for (guint i = 5; i < 10; i++)
    g_signal_handler_disconnect (emitter, ids[i]);
  lifecycle_scope_block (scope);
  g_signal_handler_disconnect (emitter, ids[15]);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 22);
  g_assert_cmpuint (lifecycle_scope_sweep_handlers (scope, FALSE), ==, 8);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 14);
  g_assert_cmpuint (lifecycle_scope_sweep_handlers (scope, FALSE), ==, 0);
  lifecycle_scope_unblock (scope);
  g_assert_true (test_is_connected (emitter, ids[1]));
  g_assert_true (test_is_connected (emitter, own));

  statistics = lifecycle_scope_get_statistics (scope, FALSE);
  g_assert_cmpuint (lifecycle_statistics_get_live (statistics, LIFECYCLE_KIND_HANDLER), ==, 13);
  g_assert_cmpuint (lifecycle_statistics_get_retired (statistics, LIFECYCLE_KIND_HANDLER), ==, 8);
  g_assert_cmpuint (lifecycle_statistics_get_released (statistics, LIFECYCLE_KIND_HANDLER), ==, 0);
  lifecycle_statistics_free (statistics);

  /* An entry that was swept cannot be stolen, and its id can belong to another scope. */
  g_assert_false (lifecycle_scope_steal_handler (scope, G_OBJECT (emitter), ids[0]));
  g_assert_true (lifecycle_scope_steal_handler (scope, G_OBJECT (emitter), ids[1]));
  g_signal_handler_disconnect (emitter, ids[1]);
  g_assert_cmpuint (lifecycle_scope_sweep_handlers (scope, FALSE), ==, 0);

  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 13);
  g_assert_cmpuint (lifecycle_scope_sweep_handlers (scope, TRUE), ==, 0);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
test_below (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  LifecycleScope *grandchild = lifecycle_scope_new_child (child, "grandchild");
  LifecycleScope *follower = lifecycle_scope_new ("follower");
  LifecycleScope *apart = lifecycle_scope_new ("apart");
  LifecycleScope *scopes[] = { scope, child, grandchild, follower, apart };
  TestEmitter *emitter = test_emitter_new ();

  lifecycle_scope_follow (follower, grandchild);
  for (guint i = 0; i < G_N_ELEMENTS (scopes); i++)
    g_signal_handler_disconnect (emitter, adopt (scopes[i], emitter));

  g_assert_cmpuint (lifecycle_scope_sweep_handlers (child, FALSE), ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (grandchild), ==, 1);
  g_assert_cmpuint (lifecycle_scope_sweep_handlers (scope, TRUE), ==, 3);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (grandchild), ==, 0);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (follower), ==, 0);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (apart), ==, 1);

  lifecycle_scope_close (scope);
  g_assert_finalize_object (grandchild);
  g_assert_finalize_object (child);
  g_assert_finalize_object (follower);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (apart);
  g_assert_finalize_object (emitter);
}

typedef struct
{
  LifecycleScope *scope;
  gint            done;
} SweepThread;

static gpointer
sweep_thread_func (gpointer data)
{
  SweepThread *self = data;

  while (!g_atomic_int_get (&self->done))
    lifecycle_scope_sweep_handlers (self->scope, TRUE);

  return NULL;
}

/* Another thread sweeps, while handlers end by their ids and with their instances, and are adopted. */
static void
test_thread (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *lasting = test_emitter_new ();
  SweepThread data = { scope, FALSE };
  guint n_rounds = test_amount (5000);
  GThread *thread;
  gulong last = 0;

  lifecycle_scope_adopt (scope, g_strdup ("data"), g_free);
  thread = g_thread_new ("sweep", sweep_thread_func, &data);
  for (guint i = 0; i < n_rounds; i++)
    {
      TestEmitter *emitter = test_emitter_new ();

      g_signal_handler_disconnect (emitter, adopt (scope, emitter));
      adopt (scope, emitter);
      if (last != 0)
        g_signal_handler_disconnect (lasting, last);
      last = adopt (scope, lasting);
      g_object_unref (emitter);
    }
  g_atomic_int_set (&data.done, TRUE);
  g_thread_join (thread);

  lifecycle_scope_sweep_handlers (scope, FALSE);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
  g_assert_true (test_is_connected (lasting, last));
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (lasting);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/sweep/exact", test_exact);
  g_test_add_func ("/lifecycle/sweep/below", test_below);
  g_test_add_func ("/lifecycle/sweep/thread", test_thread);

  return g_test_run ();
}
