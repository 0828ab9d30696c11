/* test-promise-06-late-is-safe.c: adding too late releases at once, and says so
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

#include <fcntl.h>
#include <signal.h>
#include <glib/gstdio.h>

static gboolean
never_fd_cb (int          fd,
             GIOCondition condition,
             gpointer     data)
{
  g_assert_not_reached ();
  return G_SOURCE_REMOVE;
}

typedef struct
{
  TestEmitter     *emitter;
  LifecycleReason  reason;   /* which one late cleanups have to be told */
  int              rounds;
} Late;

static void
late_cleanup (LifecycleScope   *scope,
              LifecycleReason   reason,
              gpointer          user_data,
              GError          **error)
{
  gpointer *pair = user_data;

  g_assert_true (scope == pair[0]);
  g_assert_cmpint (reason, ==, lifecycle_scope_get_reason (scope));
  g_assert_nonnull (error);
  g_assert_null (*error);
  test_log ("cleanup");
}

static void
late_cleanup_notify (gpointer data)
{
  test_log ("~cleanup");
}

static guint64
get_n_late (LifecycleScope *scope)
{
  g_autoptr (LifecycleStatistics) statistics = lifecycle_scope_get_statistics (scope, FALSE);

  return lifecycle_statistics_get_n_late (statistics);
}

/* Every kind of addition, on a scope that takes nothing any more. */
static void
add_late (Late           *late,
          LifecycleScope *scope)
{
  TestEmitter *emitter = late->emitter;
  TestEmitter *object;
  LifecycleScope *child;
  guint n_entries = lifecycle_scope_get_n_entries (scope);
  guint64 n_late = get_n_late (scope);
  int n = 0;
  int fds[2];
  gpointer pair[] = { scope };
  GSource *source;
  GClosure *closure;
  GString *log;
  gulong id;

  late->rounds++;
  g_assert_cmpint (lifecycle_scope_get_state (scope), !=, LIFECYCLE_STATE_OPEN);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, late->reason);
  log = g_steal_pointer (&test_log_buffer);

  g_assert_cmpuint (lifecycle_scope_connect_signal (scope, emitter, "late",
                                                    G_CALLBACK (test_never_handler_cb), NULL),
                    ==, 0);
  g_assert_cmpuint (lifecycle_scope_connect_full (scope, emitter, "late",
                                                  G_CALLBACK (test_never_handler_cb), &n,
                                                  test_count_closure_notify, 0), ==, 0);
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpuint (lifecycle_scope_connect_full (scope, emitter, "late",
                                                  G_CALLBACK (test_never_handler_cb), &n,
                                                  test_count_closure_notify,
                                                  LIFECYCLE_CONNECT_ONCE | LIFECYCLE_CONNECT_AFTER
                                                  | LIFECYCLE_CONNECT_SWAPPED), ==, 0);
  g_assert_cmpint (n, ==, 2);

  /* A floating closure goes, one that the caller holds stays as it is. */
  closure = g_cclosure_new (G_CALLBACK (test_never_handler_cb), &n, test_count_closure_notify);
  g_assert_cmpuint (lifecycle_scope_connect_closure (scope, G_OBJECT (emitter), "late", closure, 0),
                    ==, 0);
  g_assert_cmpint (n, ==, 3);
  closure = g_cclosure_new (G_CALLBACK (test_never_handler_cb), &n, test_count_closure_notify);
  g_closure_ref (closure);
  g_closure_sink (closure);
  g_assert_cmpuint (lifecycle_scope_connect_closure (scope, G_OBJECT (emitter), "late", closure, 0),
                    ==, 0);
  g_assert_cmpint (n, ==, 3);
  g_assert_false (closure->is_invalid);
  g_closure_unref (closure);
  g_assert_cmpint (n, ==, 4);

  id = g_signal_connect_data (emitter, "late", G_CALLBACK (test_never_handler_cb), &n,
                              test_count_closure_notify, 0);
  g_assert_false (lifecycle_scope_add_handler (scope, G_OBJECT (emitter), id));
  g_assert_false (test_is_connected (emitter, id));
  g_assert_cmpint (n, ==, 5);
  g_assert_cmpuint (get_n_late (scope) - n_late, ==, 6);
  g_assert_false (lifecycle_scope_add_handler (scope, G_OBJECT (emitter), id));
  g_assert_false (test_has_handlers (emitter, "late"));

  g_assert_null (lifecycle_scope_add_idle (scope, test_never_source_cb, &n, test_count_notify));
  g_assert_cmpint (n, ==, 6);
  g_assert_null (lifecycle_scope_add_idle (scope, test_never_source_cb, NULL, NULL));
  g_assert_true (g_unix_open_pipe (fds, FD_CLOEXEC, NULL));
  g_assert_null (lifecycle_scope_add_fd (scope, fds[0], G_IO_IN, never_fd_cb, &n,
                                         test_count_notify));
  g_assert_cmpint (n, ==, 7);
  /* The descriptor itself was not handed over. */
  g_assert_true (g_close (fds[0], NULL));
  g_assert_true (g_close (fds[1], NULL));
  g_assert_null (lifecycle_scope_add_unix_signal (scope, SIGUSR1, test_never_source_cb, &n,
                                                  test_count_notify));
  g_assert_cmpint (n, ==, 8);

  source = g_idle_source_new ();
  g_source_set_callback (source, test_never_source_cb, &n, test_count_notify);
  g_assert_false (lifecycle_scope_add_source (scope, source));
  g_assert_true (g_source_is_destroyed (source));
  g_source_unref (source);
  g_assert_cmpint (n, ==, 9);
  source = g_idle_source_new ();
  g_source_set_callback (source, test_never_source_cb, &n, test_count_notify);
  g_source_attach (source, NULL);
  g_assert_false (lifecycle_scope_add_source (scope, source));
  g_assert_true (g_source_is_destroyed (source));
  g_assert_cmpint (n, ==, 10);
  g_assert_cmpuint (get_n_late (scope) - n_late, ==, 12);
  g_assert_false (lifecycle_scope_add_source (scope, source));
  g_source_unref (source);

  object = test_emitter_new ();
  g_assert_false (lifecycle_scope_add_object (scope, G_OBJECT (object)));
  g_assert_finalize_object (object);

  g_assert_null (lifecycle_scope_adopt (scope, &n, test_count_notify));
  g_assert_cmpint (n, ==, 11);
  lifecycle_scope_defer (scope, late_cleanup, pair, late_cleanup_notify);
  test_assert_log ("cleanup ~cleanup");
  lifecycle_scope_defer (scope, late_cleanup, pair, NULL);
  test_assert_log ("cleanup");
  g_assert_cmpuint (get_n_late (scope) - n_late, ==, 16);

  child = lifecycle_scope_new_child (scope, "late");
  g_assert_cmpint (lifecycle_scope_get_state (child), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpint (lifecycle_scope_get_reason (child), ==, LIFECYCLE_REASON_PARENT_CLOSED);
  g_assert_null (lifecycle_scope_adopt (child, &n, test_count_notify));
  g_assert_cmpint (n, ==, 12);
  g_assert_finalize_object (child);
  child = g_object_new (LIFECYCLE_TYPE_SCOPE, "parent", scope, NULL);
  g_assert_cmpint (lifecycle_scope_get_state (child), ==, LIFECYCLE_STATE_CLOSED);
  g_assert_finalize_object (child);
  g_assert_cmpuint (get_n_late (scope) - n_late, ==, 18);
  child = lifecycle_scope_get_child (scope, "late");
  g_assert_cmpint (lifecycle_scope_get_state (child), ==, LIFECYCLE_STATE_CLOSED);
  child = lifecycle_scope_get_child_for (scope, G_OBJECT (emitter));
  g_assert_cmpint (lifecycle_scope_get_state (child), ==, LIFECYCLE_STATE_CLOSED);
  child = lifecycle_scope_renew_child (scope, "late");
  g_assert_cmpint (lifecycle_scope_get_state (child), ==, LIFECYCLE_STATE_CLOSED);

  n_late = get_n_late (scope);
  lifecycle_scope_follow (scope, child);
  lifecycle_scope_follow_object (scope, G_OBJECT (emitter));
  lifecycle_scope_follow_signal (scope, G_OBJECT (emitter), "late", LIFECYCLE_REASON_ABORTED);
  g_assert_false (test_has_handlers (emitter, "late"));
  g_assert_cmpuint (lifecycle_scope_clear (scope), ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);

  /* Who follows adds nothing. */
  g_assert_cmpuint (get_n_late (scope), ==, n_late);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, n_entries);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, late->reason);
  g_assert_cmpint (n, ==, 12);
  g_assert_null (test_log_buffer);
  test_log_buffer = log;
}

static void
late_init (Late            *late,
           LifecycleReason  reason)
{
  memset (late, 0, sizeof *late);
  late->emitter = test_emitter_new ();
  late->reason = reason;
}

static void
late_clear (Late *late,
            int   rounds)
{
  g_assert_cmpint (late->rounds, ==, rounds);
  g_assert_false (test_has_handlers (late->emitter, "late"));
  test_emit (late->emitter, "plain");
  test_drain ();
  g_assert_finalize_object (late->emitter);
}

static void
test_closed (void)
{
  static const LifecycleReason reasons[] = {
    LIFECYCLE_REASON_COMPLETED, LIFECYCLE_REASON_ABORTED, LIFECYCLE_REASON_SHUTDOWN
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (reasons); i++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      Late late;

      late_init (&late, reasons[i]);
      lifecycle_scope_close_with_reason (scope, reasons[i], "detail");
      add_late (&late, scope);
      add_late (&late, scope);
      g_assert_finalize_object (scope);
      late_clear (&late, 2);
    }
}

static void
test_born_closed (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *scope;
  Late late;

  late_init (&late, LIFECYCLE_REASON_PARENT_CLOSED);
  lifecycle_scope_close (parent);
  scope = lifecycle_scope_new_child (parent, "scope");
  add_late (&late, scope);
  add_late (&late, lifecycle_scope_get_child (parent, "named"));
  g_assert_finalize_object (scope);
  g_assert_finalize_object (parent);
  late_clear (&late, 2);
}

static void
add_late_cb (LifecycleScope  *scope,
             LifecycleReason  reason,
             gpointer         late)
{
  add_late (late, scope);
  test_log ("signal");
}

static void
add_late_cleanup (LifecycleScope   *scope,
                  LifecycleReason   reason,
                  gpointer          late,
                  GError          **error)
{
  add_late (late, scope);
  test_log ("cleanup");
}

static LifecycleScope *late_scope;

static void
add_late_notify (gpointer late)
{
  add_late (late, late_scope);
  test_log ("notify");
}

static void
add_late_closure_notify (gpointer  late,
                         GClosure *closure)
{
  add_late_notify (late);
}

static void
add_late_handler_cb (TestEmitter *emitter,
                     gpointer     late)
{
  add_late (late, late_scope);
  test_log ("handler");
}

static void
emit_plain_cb (LifecycleScope  *scope,
               LifecycleReason  reason,
               gpointer         emitter)
{
  test_emit (emitter, "plain");
}

/* From everything that runs in the course of a close. */
static void
test_closing (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSource *source = g_idle_source_new ();
  TestEmitter *object = test_emitter_new ();
  Late late;

  late_init (&late, LIFECYCLE_REASON_TIMED_OUT);
  late_scope = scope;
  g_signal_connect (scope, "closing", G_CALLBACK (add_late_cb), &late);
  g_signal_connect (scope, "closing", G_CALLBACK (emit_plain_cb), late.emitter);
  g_signal_connect (scope, "closed", G_CALLBACK (add_late_cb), &late);
  lifecycle_scope_adopt (scope, &late, add_late_notify);
  lifecycle_scope_defer (scope, add_late_cleanup, &late, add_late_notify);
  lifecycle_scope_connect_full (scope, late.emitter, "plain", G_CALLBACK (add_late_handler_cb),
                                &late, add_late_closure_notify, 0);
  lifecycle_scope_add_idle (scope, test_never_source_cb, &late, add_late_notify);
  g_source_set_callback (source, test_never_source_cb, &late, add_late_notify);
  lifecycle_scope_add_source (scope, source);
  g_source_unref (source);
  g_signal_connect_swapped (lifecycle_scope_get_cancellable (scope), "cancelled",
                            G_CALLBACK (add_late_notify), &late);
  object->on_finalize = add_late_notify;
  object->hook_data = &late;
  lifecycle_scope_add_object (scope, G_OBJECT (object));
  g_object_unref (object);

  /* None of the late ones is among those that the close released. */
  g_assert_cmpuint (lifecycle_scope_close_with_reason (scope, LIFECYCLE_REASON_TIMED_OUT, NULL),
                    ==, 6);
  g_assert_cmpuint (strlen (test_log_buffer->str), >, 0);
  g_string_free (g_steal_pointer (&test_log_buffer), TRUE);
  late_clear (&late, 11);
  g_assert_finalize_object (scope);
}

/* The last reference has gone: dispose is as good a close as any. */
static void
test_dropped (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  Late late;

  late_init (&late, LIFECYCLE_REASON_DROPPED);
  lifecycle_scope_defer (scope, add_late_cleanup, &late, NULL);
  g_assert_finalize_object (scope);
  test_assert_log ("cleanup");
  late_clear (&late, 1);
}

/* In a descendant of what is being closed, before its own turn has come. */

static void
add_late_below_cleanup (LifecycleScope   *scope,
                        LifecycleReason   reason,
                        gpointer          late,
                        GError          **error)
{
  add_late (late, late_scope);
  test_log ("below");
}

static void
test_descendant (void)
{
  LifecycleScope *root = lifecycle_scope_new ("root");
  LifecycleScope *child = lifecycle_scope_new_child (root, "child");
  LifecycleScope *leaf = lifecycle_scope_new_child (child, "leaf");
  Late late;

  late_init (&late, LIFECYCLE_REASON_PARENT_CLOSED);
  late_scope = leaf;
  lifecycle_scope_defer (root, add_late_below_cleanup, &late, NULL);
  g_assert_cmpuint (lifecycle_scope_close (root), ==, 3);
  test_assert_log ("below");
  g_assert_finalize_object (leaf);
  g_assert_finalize_object (child);
  g_assert_finalize_object (root);
  late_clear (&late, 1);
}

/* A late cleanup that adds late, and so on: deep, but finite. */
static void
deeper_cleanup (LifecycleScope   *scope,
                LifecycleReason   reason,
                gpointer          depth,
                GError          **error)
{
  int *left = depth;

  if (--*left > 0)
    lifecycle_scope_defer (scope, deeper_cleanup, depth, NULL);
}

static void
test_nested_late (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int left = 100;

  lifecycle_scope_defer (scope, deeper_cleanup, &left, NULL);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_cmpint (left, ==, 0);
  g_assert_finalize_object (scope);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/promise-6-late-is-safe/closed", test_closed);
  g_test_add_func ("/lifecycle/promise-6-late-is-safe/born-closed", test_born_closed);
  g_test_add_func ("/lifecycle/promise-6-late-is-safe/closing", test_closing);
  g_test_add_func ("/lifecycle/promise-6-late-is-safe/dropped", test_dropped);
  g_test_add_func ("/lifecycle/promise-6-late-is-safe/descendant", test_descendant);
  g_test_add_func ("/lifecycle/promise-6-late-is-safe/nested-late", test_nested_late);

  return g_test_run ();
}
