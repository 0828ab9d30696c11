/* test-sources.c: sources of the main loop
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

#ifdef G_OS_UNIX
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#endif

static void
test_idle (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0, destroyed[1] = { 0 };
  GSource *source;

  source = lifecycle_scope_add_idle (scope, test_count_source_cb, &n, NULL);
  g_assert_nonnull (source);
  g_assert_false (g_source_is_destroyed (source));
  g_assert_true (g_source_get_context (source) == g_main_context_default ());
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  lifecycle_scope_add_idle (scope, test_never_source_cb, destroyed, test_count_notify);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  g_assert_cmpint (destroyed[0], ==, 1);
  test_drain ();
  g_assert_cmpint (n, ==, 0);
  g_assert_finalize_object (scope);
}

/* The form that returns a reference. Dropping it changes nothing. */
static void
test_new_idle (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0, destroyed = 0;
  GSource *source;

  source = lifecycle_scope_new_idle (scope, test_count_source_once_cb, &n, test_count_notify);
  g_assert_nonnull (source);
  g_source_unref (lifecycle_scope_new_idle (scope, test_count_source_cb, &n, NULL));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpint (n, ==, 3);
  g_assert_true (g_source_is_destroyed (source));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_source_unref (source);

  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_null (lifecycle_scope_new_idle (scope, test_never_source_cb, &destroyed,
                                           test_count_notify));
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_finalize_object (scope);
}

static void
test_idle_runs (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0;
  GSource *source;

  source = g_source_ref (lifecycle_scope_add_idle (scope, test_count_source_cb, &n, NULL));
  g_main_context_iteration (NULL, FALSE);
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpint (n, ==, 2);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_true (g_source_is_destroyed (source));
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpint (n, ==, 2);
  g_source_unref (source);
  g_assert_finalize_object (scope);
}

static void
test_idle_removed (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0, destroyed = 0;

  lifecycle_scope_add_idle (scope, test_count_source_once_cb, &n, NULL);
  lifecycle_scope_add_idle (scope, test_count_source_once_cb, &destroyed, test_count_notify);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
  test_drain ();
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpint (destroyed, ==, 2);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_finalize_object (scope);
}

static void
test_idle_destroyed (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSource *source;
  int destroyed = 0;

  source = lifecycle_scope_add_idle (scope, test_never_source_cb, &destroyed, test_count_notify);
  g_source_destroy (source);
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);

  source = lifecycle_scope_add_idle (scope, test_never_source_cb, &destroyed, test_count_notify);
  g_assert_true (g_source_remove (g_source_get_id (source)));
  g_assert_cmpint (destroyed, ==, 2);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_finalize_object (scope);
}

/* Somebody puts another callback into a source that the scope made. The source stays in the scope
 * for as long as it is attached. */
static void
test_idle_other_callback (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int old_destroyed = 0, n = 0, new_destroyed = 0;
  GSource *source;

  source = lifecycle_scope_add_idle (scope, test_never_source_cb, &old_destroyed,
                                     test_count_notify);
  g_source_ref (source);
  g_source_set_callback (source, test_count_source_cb, &n, NULL);
  g_assert_cmpint (old_destroyed, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpint (n, ==, 1);

  g_source_set_callback (source, test_never_source_cb, &new_destroyed, test_count_notify);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_true (g_source_is_destroyed (source));
  g_assert_cmpint (old_destroyed, ==, 1);
  g_source_unref (source);
  g_assert_cmpint (new_destroyed, ==, 1);
  test_drain ();
  g_assert_finalize_object (scope);
}

/* The same, and then it ends by itself. */
static void
test_idle_other_callback_ends (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int old_destroyed = 0, n = 0;
  GSource *source;

  source = lifecycle_scope_add_idle (scope, test_never_source_cb, &old_destroyed,
                                     test_count_notify);
  g_source_set_callback (source, test_count_source_once_cb, &n, NULL);
  test_drain ();
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpint (old_destroyed, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);

  source = lifecycle_scope_add_idle (scope, test_never_source_cb, &old_destroyed,
                                     test_count_notify);
  g_source_set_callback (source, test_count_source_once_cb, &n, NULL);
  g_source_destroy (source);
  g_assert_cmpint (old_destroyed, ==, 2);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
}

/* On a context that is not the default one. */
static void
test_home (void)
{
  GMainContext *context = g_main_context_new ();
  LifecycleScope *scope;
  GSource *source;
  int n = 0;

  g_main_context_push_thread_default (context);
  scope = lifecycle_scope_new ("scope");
  g_main_context_pop_thread_default (context);

  source = lifecycle_scope_add_idle (scope, test_count_source_once_cb, &n, NULL);
  g_assert_true (g_source_get_context (source) == context);
  test_drain ();
  g_assert_cmpint (n, ==, 0);
  g_main_context_iteration (context, FALSE);
  g_assert_cmpint (n, ==, 1);
  g_assert_finalize_object (scope);
  g_main_context_unref (context);
}

/* The context may go before the scope, if nobody but the scope and the caller knows it. */
static void
test_home_unreferenced (void)
{
  GMainContext *context = g_main_context_new ();
  LifecycleScope *scope;
  int destroyed = 0;

  g_main_context_push_thread_default (context);
  scope = lifecycle_scope_new ("scope");
  lifecycle_scope_add_idle (scope, test_never_source_cb, &destroyed, test_count_notify);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  lifecycle_scope_close (scope);
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_finalize_object (scope);
}

static void
test_adopt (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSource *source = g_idle_source_new ();
  int n = 0, destroyed = 0;

  /* Not attached: it is attached to the home context. */
  g_source_set_callback (source, test_count_source_cb, &n, NULL);
  g_assert_true (lifecycle_scope_add_source (scope, source));
  g_assert_true (g_source_get_context (source) == g_main_context_default ());
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_true (g_source_is_destroyed (source));
  g_source_unref (source);
  g_assert_finalize_object (scope);

  /* The scope's reference is enough, and it is given back at the close. */
  scope = lifecycle_scope_new ("scope");
  source = g_idle_source_new ();
  g_source_set_callback (source, test_never_source_cb, &destroyed, test_count_notify);
  lifecycle_scope_add_source (scope, source);
  g_source_unref (source);
  g_assert_cmpint (destroyed, ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_finalize_object (scope);
}

static void
test_adopt_attached (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GMainContext *context = g_main_context_new ();
  GSource *source = g_idle_source_new ();

  g_source_set_callback (source, test_never_source_cb, NULL, NULL);
  g_source_attach (source, context);
  g_assert_true (lifecycle_scope_add_source (scope, source));
  g_assert_true (g_source_get_context (source) == context);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_true (g_source_is_destroyed (source));
  while (g_main_context_iteration (context, FALSE))
    ;
  g_source_unref (source);
  g_main_context_unref (context);
  g_assert_finalize_object (scope);
}

static void
test_adopt_retires (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSource *removed = g_idle_source_new ();
  GSource *destroyed = g_idle_source_new ();
  int n = 0;

  g_source_set_callback (removed, test_count_source_once_cb, &n, NULL);
  g_source_set_callback (destroyed, test_never_source_cb, NULL, NULL);
  lifecycle_scope_add_source (scope, removed);
  lifecycle_scope_add_source (scope, destroyed);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
  g_source_destroy (destroyed);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_source_unref (removed);
  g_source_unref (destroyed);
  g_assert_finalize_object (scope);
}

/* A source that was made outside keeps its place, whoever gives it another callback. */
static void
test_adopt_other_callback (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSource *source = g_idle_source_new ();
  int old_destroyed = 0, new_destroyed = 0;

  g_source_set_callback (source, test_never_source_cb, &old_destroyed, test_count_notify);
  lifecycle_scope_add_source (scope, source);
  g_source_set_callback (source, test_never_source_cb, &new_destroyed, test_count_notify);
  g_assert_cmpint (old_destroyed, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_true (g_source_is_destroyed (source));
  g_source_unref (source);
  g_assert_cmpint (new_destroyed, ==, 1);
  g_assert_finalize_object (scope);
}

static void
test_adopt_context_dies (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GMainContext *context = g_main_context_new ();
  GSource *source = g_idle_source_new ();
  int destroyed = 0;

  g_source_set_callback (source, test_never_source_cb, &destroyed, test_count_notify);
  g_source_attach (source, context);
  lifecycle_scope_add_source (scope, source);
  g_source_unref (source);
  g_main_context_unref (context);
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
}

static void
test_adopt_dead (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSource *source = g_idle_source_new ();
  GSource *unattached = g_idle_source_new ();

  g_source_set_callback (source, test_never_source_cb, NULL, NULL);
  g_source_attach (source, NULL);
  g_source_destroy (source);
  g_assert_false (lifecycle_scope_add_source (scope, source));
  g_source_destroy (unattached);
  g_assert_false (lifecycle_scope_add_source (scope, unattached));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_source_unref (source);
  g_source_unref (unattached);
  g_assert_finalize_object (scope);
}

/* A source of a kind that has children, and a finalizer of its own. */

typedef struct
{
  GSource  source;
  int     *finalized;
} OwnSource;

static gboolean
own_dispatch (GSource     *source,
              GSourceFunc  callback,
              gpointer     user_data)
{
  return callback != NULL ? callback (user_data) : G_SOURCE_REMOVE;
}

static void
own_finalize (GSource *source)
{
  g_atomic_int_inc (((OwnSource *) source)->finalized);
}

static GSourceFuncs own_funcs = { .dispatch = own_dispatch, .finalize = own_finalize };

static void
test_adopt_own_type (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSource *source = g_source_new (&own_funcs, sizeof (OwnSource));
  GSource *child = g_timeout_source_new (0);
  int finalized = 0, n = 0;

  ((OwnSource *) source)->finalized = &finalized;
  g_source_set_callback (source, test_count_source_cb, &n, NULL);
  g_source_set_dummy_callback (child);
  g_source_add_child_source (source, child);
  g_source_unref (child);
  lifecycle_scope_add_source (scope, source);
  g_source_unref (source);
  test_run_until (test_done_counted, &n);
  g_assert_cmpint (finalized, ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_cmpint (finalized, ==, 1);
  g_assert_finalize_object (scope);
}

static void
test_steal (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *other = lifecycle_scope_new ("other");
  GSource *made, *adopted, *foreign;
  int n = 0, made_destroyed = 0, adopted_destroyed = 0;

  made = lifecycle_scope_add_idle (scope, test_count_source_cb, &n, NULL);
  lifecycle_scope_add_idle (scope, test_never_source_cb, &made_destroyed, test_count_notify);
  adopted = g_timeout_source_new_seconds (1000);
  g_source_set_callback (adopted, test_never_source_cb, &adopted_destroyed, test_count_notify);
  lifecycle_scope_add_source (scope, adopted);
  foreign = g_idle_source_new ();

  g_assert_false (lifecycle_scope_steal_source (other, made));
  g_assert_false (lifecycle_scope_steal_source (other, adopted));
  g_assert_false (lifecycle_scope_steal_source (scope, foreign));
  g_assert_true (lifecycle_scope_steal_source (scope, made));
  g_assert_false (lifecycle_scope_steal_source (scope, made));
  g_assert_true (lifecycle_scope_steal_source (scope, adopted));
  g_assert_false (lifecycle_scope_steal_source (scope, adopted));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_cmpint (made_destroyed, ==, 1);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (other);

  /* Both are attached still and belong to nobody. */
  g_assert_false (g_source_is_destroyed (made));
  g_assert_false (g_source_is_destroyed (adopted));
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpint (n, ==, 1);
  g_source_destroy (made);
  g_source_destroy (adopted);
  g_assert_cmpint (adopted_destroyed, ==, 1);
  g_source_unref (adopted);
  g_source_unref (foreign);
}

/* What a source was watched with goes when it is stolen. */
static void
test_steal_unwatched (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSource *source = g_timeout_source_new_seconds (1000);
  GSource *watch;
  guint id;

  g_source_set_callback (source, test_never_source_cb, NULL, NULL);
  g_source_attach (source, NULL);
  g_assert_true (lifecycle_scope_add_source (scope, source));

  /* Ids are given out one by one, unless one is taken. */
  id = g_source_get_id (source) + 1;
  watch = g_main_context_find_source_by_id (NULL, id);
  g_assert_nonnull (watch);
  g_assert_cmpstr (g_source_get_name (watch), ==, "Lifecycle watch");
  g_assert_true (lifecycle_scope_steal_source (scope, source));
  g_assert_null (g_main_context_find_source_by_id (NULL, id));

  g_assert_finalize_object (scope);
  g_source_destroy (source);
  g_source_unref (source);
}

/* A stolen source that had a notify: it runs when the source goes, exactly once. */
static void
test_steal_notify (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSource *made;
  int destroyed = 0;

  made = lifecycle_scope_add_idle (scope, test_never_source_cb, &destroyed, test_count_notify);
  g_assert_true (lifecycle_scope_steal_source (scope, made));
  g_assert_finalize_object (scope);
  g_assert_cmpint (destroyed, ==, 0);
  g_source_destroy (made);
  g_assert_cmpint (destroyed, ==, 1);
}

static gboolean
close_scope_cb (gpointer scope)
{
  test_log ("close");
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  g_assert_true (lifecycle_scope_is_closed (scope));
  test_log ("closed");
  return G_SOURCE_CONTINUE;
}

static void
log_idle_notify (gpointer scope)
{
  test_log ("~idle");
}

/* A callback closes its own scope: its notify runs when it has returned. */
static void
test_closes_scope (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  lifecycle_scope_adopt (scope, (gpointer) "data", test_log_notify);
  lifecycle_scope_add_idle (scope, close_scope_cb, scope, log_idle_notify);
  test_drain ();
  test_assert_log ("close ~data closed ~idle");
  g_assert_finalize_object (scope);
}

static gboolean
drop_scope_cb (gpointer data)
{
  g_clear_object ((LifecycleScope **) data);
  return G_SOURCE_REMOVE;
}

static void
test_drops_scope (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int finalized = 0;

  test_count_finalize (scope, &finalized);
  lifecycle_scope_add_idle (scope, drop_scope_cb, &scope, NULL);
  lifecycle_scope_add_idle (scope, test_never_source_cb, NULL, NULL);
  test_drain ();
  g_assert_null (scope);
  g_assert_cmpint (finalized, ==, 1);
}

static gboolean
destroy_neighbour_cb (gpointer data)
{
  GSource **neighbour = data;

  if (*neighbour != NULL)
    g_source_destroy (*neighbour);
  *neighbour = NULL;
  return G_SOURCE_REMOVE;
}

static void
test_destroys_neighbour (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSource *neighbour = NULL;
  int destroyed = 0;

  lifecycle_scope_add_idle (scope, destroy_neighbour_cb, &neighbour, NULL);
  neighbour = lifecycle_scope_add_idle (scope, test_never_source_cb, &destroyed, test_count_notify);
  test_drain ();
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
}

static gboolean
destroy_itself_cb (gpointer data)
{
  g_source_destroy (g_main_current_source ());
  return G_SOURCE_CONTINUE;
}

static void
test_destroys_itself (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int destroyed = 0;

  lifecycle_scope_add_idle (scope, destroy_itself_cb, &destroyed, test_count_notify);
  test_drain ();
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
}

static gboolean
nested_cb (gpointer data)
{
  int *state = data;

  state[0]++;
  if (state[0] == 1)
    g_main_context_iteration (NULL, FALSE);
  return G_SOURCE_REMOVE;
}

/* A callback that iterates its own context. */
static void
test_nested (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int state[1] = { 0 };
  int n = 0;

  lifecycle_scope_add_idle (scope, nested_cb, state, NULL);
  lifecycle_scope_add_idle (scope, test_count_source_once_cb, &n, NULL);
  test_drain ();
  g_assert_cmpint (state[0], ==, 1);
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
}

/* What GLib lets one change about a source goes on working. */
static void
test_priority (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSource *second, *first;

  second = lifecycle_scope_add_idle (scope, test_log_source_cb, (gpointer) "second", NULL);
  first = lifecycle_scope_add_idle (scope, test_log_source_cb, (gpointer) "first", NULL);
  g_assert_cmpint (g_source_get_priority (second), ==, G_PRIORITY_DEFAULT_IDLE);
  g_source_set_priority (first, G_PRIORITY_DEFAULT);
  g_main_context_iteration (NULL, FALSE);
  test_assert_log ("first");
  g_source_destroy (first);
  g_main_context_iteration (NULL, FALSE);
  test_assert_log ("second");
  g_assert_finalize_object (scope);
}

#ifdef G_OS_UNIX

static gboolean
fd_cb (int          fd,
       GIOCondition condition,
       gpointer     counter)
{
  char byte;

  g_assert_cmpint (read (fd, &byte, 1), ==, 1);
  g_assert_cmpint (condition & G_IO_IN, ==, G_IO_IN);
  g_atomic_int_inc ((int *) counter);
  return G_SOURCE_CONTINUE;
}

static void
test_fd (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int fds[2];
  int n = 0, destroyed = 0;
  GSource *source;

  g_assert_true (g_unix_open_pipe (fds, FD_CLOEXEC, NULL));
  source = g_source_ref (lifecycle_scope_add_fd (scope, fds[0], G_IO_IN, fd_cb, &n, NULL));
  lifecycle_scope_add_fd (scope, fds[1], G_IO_ERR, fd_cb, &destroyed, test_count_notify);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
  g_assert_cmpint (write (fds[1], "x", 1), ==, 1);
  test_run_until (test_done_counted, &n);
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_true (g_source_is_destroyed (source));
  g_source_unref (source);
  g_assert_cmpint (write (fds[1], "x", 1), ==, 1);
  test_drain ();
  g_assert_cmpint (n, ==, 1);
  close (fds[0]);
  close (fds[1]);
  g_assert_finalize_object (scope);
}

static void
test_unix_signal (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0, destroyed = 0;
  GSource *source;

  source = g_source_ref (lifecycle_scope_add_unix_signal (scope, SIGUSR1, test_count_source_cb, &n,
                                                          NULL));
  lifecycle_scope_add_unix_signal (scope, SIGUSR2, test_never_source_cb, &destroyed,
                                   test_count_notify);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
  raise (SIGUSR1);
  test_run_until (test_done_counted, &n);
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_true (g_source_is_destroyed (source));
  g_source_unref (source);
  g_assert_finalize_object (scope);
}

#endif

static void
test_many (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  GSource *sources[500];
  int destroyed = 0;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (sources); i++)
    sources[i] = g_source_ref (lifecycle_scope_add_idle (scope, test_never_source_cb, &destroyed,
                                                         test_count_notify));
  for (i = 0; i < G_N_ELEMENTS (sources); i += 3)
    g_source_destroy (sources[(i * 7) % G_N_ELEMENTS (sources)]);
  g_assert_cmpint (destroyed, ==, 167);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 333);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 333);
  g_assert_cmpint (destroyed, ==, 500);
  for (i = 0; i < G_N_ELEMENTS (sources); i++)
    {
      g_assert_true (g_source_is_destroyed (sources[i]));
      g_source_unref (sources[i]);
    }
  g_assert_finalize_object (scope);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/sources/idle", test_idle);
  g_test_add_func ("/lifecycle/sources/new-idle", test_new_idle);
  g_test_add_func ("/lifecycle/sources/idle-runs", test_idle_runs);
  g_test_add_func ("/lifecycle/sources/idle-removed", test_idle_removed);
  g_test_add_func ("/lifecycle/sources/idle-destroyed", test_idle_destroyed);
  g_test_add_func ("/lifecycle/sources/idle-other-callback", test_idle_other_callback);
  g_test_add_func ("/lifecycle/sources/idle-other-callback-ends", test_idle_other_callback_ends);
  g_test_add_func ("/lifecycle/sources/home", test_home);
  g_test_add_func ("/lifecycle/sources/home-unreferenced", test_home_unreferenced);
  g_test_add_func ("/lifecycle/sources/adopt", test_adopt);
  g_test_add_func ("/lifecycle/sources/adopt-attached", test_adopt_attached);
  g_test_add_func ("/lifecycle/sources/adopt-retires", test_adopt_retires);
  g_test_add_func ("/lifecycle/sources/adopt-other-callback", test_adopt_other_callback);
  g_test_add_func ("/lifecycle/sources/adopt-context-dies", test_adopt_context_dies);
  g_test_add_func ("/lifecycle/sources/adopt-dead", test_adopt_dead);
  g_test_add_func ("/lifecycle/sources/adopt-own-type", test_adopt_own_type);
  g_test_add_func ("/lifecycle/sources/steal", test_steal);
  g_test_add_func ("/lifecycle/sources/steal-unwatched", test_steal_unwatched);
  g_test_add_func ("/lifecycle/sources/steal-notify", test_steal_notify);
  g_test_add_func ("/lifecycle/sources/closes-scope", test_closes_scope);
  g_test_add_func ("/lifecycle/sources/drops-scope", test_drops_scope);
  g_test_add_func ("/lifecycle/sources/destroys-neighbour", test_destroys_neighbour);
  g_test_add_func ("/lifecycle/sources/destroys-itself", test_destroys_itself);
  g_test_add_func ("/lifecycle/sources/nested", test_nested);
  g_test_add_func ("/lifecycle/sources/priority", test_priority);
#ifdef G_OS_UNIX
  g_test_add_func ("/lifecycle/sources/fd", test_fd);
  g_test_add_func ("/lifecycle/sources/unix-signal", test_unix_signal);
#endif
  g_test_add_func ("/lifecycle/sources/many", test_many);

  return g_test_run ();
}
