/* test-sources-threads.c: sources and timers that come and go on several threads
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

#ifdef G_OS_UNIX
#include <signal.h>
#include <unistd.h>
#endif

/* A worker adds to a scope, while home runs its main context, or clears or closes the scope. What has
 * to hold, whatever the order of things: every destroy notify runs once, nothing runs after the close
 * has returned at home, and nothing is left. Memory errors are for the sanitizers to see.
 */

typedef enum
{
  HOME_ITERATES,
  HOME_CLEARS,
  HOME_CLOSES
} HomeDoes;

typedef struct Race Race;
typedef void (*AddFunc) (Race *race);

struct Race
{
  LifecycleScope *scope;
  AddFunc         add;
  guint           n;            /* how many to add */
  gint            n_added;
  gint            n_destroyed;
  gint            n_late;       /* calls after the close */
  gint            closed;
  gint            done;
  int             fds[2];
};

static guint
rounds (guint n)
{
  return g_getenv ("LIFECYCLE_TEST_SLOW") != NULL ? n / 10 : n;
}

static gboolean
run_cb (gpointer data)
{
  Race *race = data;

  if (g_atomic_int_get (&race->closed))
    g_atomic_int_inc (&race->n_late);
  return G_SOURCE_REMOVE;
}

static void
destroyed_cb (gpointer data)
{
  g_atomic_int_inc (&((Race *) data)->n_destroyed);
}

static gpointer
worker_thread (gpointer data)
{
  Race *race = data;

  for (guint i = 0; i < race->n; i++)
    {
      g_atomic_int_inc (&race->n_added);
      race->add (race);
    }
  g_atomic_int_set (&race->done, TRUE);
  return NULL;
}

static void
run_race (AddFunc  add,
          HomeDoes home_does,
          guint    n)
{
  Race race = { .add = add, .n = n, .fds = { -1, -1 } };
  gint64 deadline = g_get_monotonic_time () + TEST_HANG_SECONDS * G_USEC_PER_SEC;
  GThread *thread;
  guint n_rounds = 0;

#ifdef G_OS_UNIX
  g_assert_cmpint (pipe (race.fds), ==, 0);
  g_assert_cmpint (write (race.fds[1], "x", 1), ==, 1);
#endif

  race.scope = lifecycle_scope_new ("race");
  thread = g_thread_new ("adds", worker_thread, &race);
  while (!g_atomic_int_get (&race.done))
    {
      g_main_context_iteration (NULL, FALSE);
      if (home_does == HOME_CLEARS)
        lifecycle_scope_clear (race.scope);
      if (home_does == HOME_CLOSES &&
          !race.closed &&
          (guint) g_atomic_int_get (&race.n_added) > n / 2)
        {
          lifecycle_scope_close (race.scope);
          g_atomic_int_set (&race.closed, TRUE);
        }
      if (++n_rounds % 1000 == 0 && g_get_monotonic_time () > deadline)
        g_error ("The worker has added %d of %u, and waits for something",
                 g_atomic_int_get (&race.n_added), n);
    }
  g_thread_join (thread);
  if (home_does == HOME_ITERATES)
    test_drain ();
  else
    lifecycle_scope_close (race.scope);

  g_assert_cmpuint (lifecycle_scope_get_n_entries (race.scope), ==, 0);
  lifecycle_scope_close (race.scope);
  test_drain ();
  g_assert_cmpint (race.n_late, ==, 0);
  g_assert_cmpint (race.n_destroyed, ==, race.n_added);
  g_assert_finalize_object (race.scope);

#ifdef G_OS_UNIX
  close (race.fds[0]);
  close (race.fds[1]);
#endif
}

static void
run_races (AddFunc add,
           guint   n)
{
  run_race (add, HOME_ITERATES, rounds (n));
  run_race (add, HOME_CLEARS, rounds (n));
  for (guint i = 0; i < 10; i++)
    run_race (add, HOME_CLOSES, rounds (n) / 10);
}

static void
add_idle (Race *race)
{
  lifecycle_scope_add_idle (race->scope, run_cb, race, destroyed_cb);
}

static void
test_add_idle (void)
{
  run_races (add_idle, 20000);
}

/* The result may be looked at, and ended, wherever it is. */
static void
new_idle (Race *race)
{
  g_autoptr (GSource) source = lifecycle_scope_new_idle (race->scope, run_cb, race, destroyed_cb);

  if (source != NULL && !g_source_is_destroyed (source) && g_random_boolean ())
    g_source_destroy (source);
}

static void
test_new_idle (void)
{
  run_races (new_idle, 20000);
}

static void
add_timeout (Race *race)
{
  lifecycle_scope_add_timeout (race->scope, 0, run_cb, race, destroyed_cb);
}

static void
test_add_timeout (void)
{
  run_races (add_timeout, 20000);
}

/* The same, with all that may be done to a timer on any thread. */
static void
touch_timer (LifecycleTimer *timer)
{
  if (timer == NULL)
    return;

  switch (g_random_int_range (0, 6))
    {
    case 0:
      lifecycle_timer_cancel (timer);
      break;

    case 1:
      lifecycle_timer_restart (timer);
      break;

    case 2:
      lifecycle_timer_stop (timer);
      lifecycle_timer_restart (timer);
      break;

    case 3:
      lifecycle_timer_unref (lifecycle_timer_ref (timer));
      lifecycle_timer_set_interval (timer, 0);
      break;

    case 4:
      lifecycle_timer_is_active (timer);
      lifecycle_timer_get_remaining (timer);
      lifecycle_timer_get_n_calls (timer);
      break;

    default:
      break;
    }
}

static void
new_timeout (Race *race)
{
  g_autoptr (LifecycleTimer) timer = lifecycle_scope_new_timeout (race->scope, 0, run_cb, race,
                                                                  destroyed_cb);

  touch_timer (timer);
}

static void
test_new_timeout (void)
{
  run_races (new_timeout, 20000);
}

static void
debounce_cb (gpointer data)
{
  run_cb (data);
}

static void
new_debounce (Race *race)
{
  g_autoptr (LifecycleTimer) timer = lifecycle_scope_new_debounce (race->scope, 0, debounce_cb, race,
                                                                   destroyed_cb);

  if (timer != NULL)
    lifecycle_timer_restart (timer);
  touch_timer (timer);
}

/* Debounces stay until their scope goes. */
static void
test_new_debounce (void)
{
  run_race (new_debounce, HOME_CLEARS, rounds (20000));
  for (guint i = 0; i < 10; i++)
    run_race (new_debounce, HOME_CLOSES, rounds (2000));
}

/* A worker cancels timers that are due, and home closes the scope meanwhile. A close that does not
 * find a timer any more relies on its never being called again, nor armed again after a call.
 */

#define N_DUE 50

typedef struct
{
  LifecycleTimer *timers[N_DUE];
  gint            go;
  gint            closed;
  gint            n_late;
} Canceller;

static gboolean
due_cb (gpointer data)
{
  Canceller *canceller = data;

  if (g_atomic_int_get (&canceller->closed))
    g_atomic_int_inc (&canceller->n_late);
  return G_SOURCE_CONTINUE;
}

static gpointer
canceller_thread (gpointer data)
{
  Canceller *canceller = data;

  while (!g_atomic_int_get (&canceller->go))
    g_thread_yield ();
  for (guint i = 0; i < N_DUE; i++)
    lifecycle_timer_cancel (canceller->timers[i]);
  return NULL;
}

static void
test_cancel_and_close (void)
{
  for (guint round = 0; round < rounds (1000); round++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      Canceller canceller = { .go = FALSE };
      GThread *thread;

      for (guint i = 0; i < N_DUE; i++)
        canceller.timers[i] = lifecycle_scope_new_timeout (scope, 0, due_cb, &canceller, NULL);
      thread = g_thread_new ("cancels", canceller_thread, &canceller);
      g_atomic_int_set (&canceller.go, TRUE);
      g_main_context_iteration (NULL, FALSE);
      if (round % 2 == 0)
        lifecycle_scope_close (scope);
      else
        lifecycle_scope_clear (scope);
      g_atomic_int_set (&canceller.closed, TRUE);
      test_drain ();
      g_thread_join (thread);

      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
      g_assert_cmpint (canceller.n_late, ==, 0);
      g_assert_finalize_object (scope);
      for (guint i = 0; i < N_DUE; i++)
        {
          g_assert_false (lifecycle_timer_is_active (canceller.timers[i]));
          g_assert_cmpint (lifecycle_timer_get_remaining (canceller.timers[i]), ==, -1);
          lifecycle_timer_unref (canceller.timers[i]);
        }
    }
}

/* A worker restarts a timer that ends with each call, so that some restarts come just as the call
 * that has ended it returns. The scope must have one reference on it all the same, no more, no less.
 */

typedef struct
{
  LifecycleTimer *timer;
  guint           n;
  gint            done;
} Restarter;

static gpointer
restarter_thread (gpointer data)
{
  Restarter *restarter = data;

  for (guint i = 0; i < restarter->n; i++)
    g_assert_true (lifecycle_timer_restart (restarter->timer));
  g_atomic_int_set (&restarter->done, TRUE);
  return NULL;
}

static gboolean
end_cb (gpointer data)
{
  /* One that its own call cancels ends before that returns. */
  if (g_random_boolean ())
    lifecycle_timer_cancel (((Restarter *) data)->timer);
  return G_SOURCE_REMOVE;
}

static void
test_restart_ended (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  Restarter restarter = { .n = rounds (200000) };
  GThread *thread;

  restarter.timer = lifecycle_scope_new_timeout (scope, 0, end_cb, &restarter, NULL);
  thread = g_thread_new ("restarts", restarter_thread, &restarter);
  while (!g_atomic_int_get (&restarter.done))
    g_main_context_iteration (NULL, FALSE);
  g_thread_join (thread);
  test_drain ();

  g_assert_false (lifecycle_timer_is_active (restarter.timer));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  lifecycle_timer_unref (restarter.timer);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
}

#ifdef G_OS_UNIX

static gboolean
run_fd_cb (int           fd,
           GIOCondition  condition,
           gpointer      data)
{
  return run_cb (data);
}

static void
add_fd (Race *race)
{
  lifecycle_scope_add_fd (race->scope, race->fds[0], G_IO_IN, run_fd_cb, race, destroyed_cb);
}

static void
test_add_fd (void)
{
  run_races (add_fd, 2000);
}

static void
new_fd (Race *race)
{
  g_autoptr (GSource) source = lifecycle_scope_new_fd (race->scope, race->fds[0], G_IO_IN,
                                                       run_fd_cb, race, destroyed_cb);

  if (source != NULL && !g_source_is_destroyed (source) && g_random_boolean ())
    g_source_destroy (source);
}

static void
test_new_fd (void)
{
  run_races (new_fd, 2000);
}

static void
add_unix_signal (Race *race)
{
  lifecycle_scope_add_unix_signal (race->scope, SIGUSR1, run_cb, race, destroyed_cb);
  if (race->n_added % 100 == 0)
    raise (SIGUSR1);
}

static void
new_unix_signal (Race *race)
{
  g_autoptr (GSource) source = lifecycle_scope_new_unix_signal (race->scope, SIGUSR1, run_cb, race,
                                                                destroyed_cb);

  if (source != NULL && !g_source_is_destroyed (source) && g_random_boolean ())
    g_source_destroy (source);
}

static void
test_unix_signal (void)
{
  GSource *source = g_unix_signal_source_new (SIGUSR1);

  /* While there is a source for it, the signal does not end the process. */
  g_source_set_callback (source, test_count_source_cb, &(int) { 0 }, NULL);
  g_source_attach (source, NULL);
  for (guint i = 0; i < 10; i++)
    {
      run_race (add_unix_signal, HOME_CLEARS, rounds (500));
      run_race (add_unix_signal, HOME_CLOSES, rounds (500));
      run_race (new_unix_signal, HOME_CLOSES, rounds (500));
    }
  g_source_destroy (source);
  g_source_unref (source);
}

#endif

/* A thread destroys sources that were handed over, while their scope lets go of them. */

#define N_SOURCES 200

typedef struct
{
  GSource *sources[N_SOURCES];
  gint     go;
} Destroyer;

static gpointer
destroyer_thread (gpointer data)
{
  Destroyer *destroyer = data;

  while (!g_atomic_int_get (&destroyer->go))
    g_thread_yield ();
  for (guint i = 0; i < N_SOURCES; i++)
    g_source_destroy (destroyer->sources[i]);
  return NULL;
}

static void
test_adopted_destroyed (void)
{
  for (guint round = 0; round < rounds (300); round++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      Destroyer destroyer = { .go = FALSE };
      GThread *thread;
      int n_destroyed = 0;

      for (guint i = 0; i < N_SOURCES; i++)
        {
          destroyer.sources[i] = g_timeout_source_new_seconds (1000);
          g_source_set_callback (destroyer.sources[i], test_never_source_cb, &n_destroyed,
                                 test_count_notify);
          g_assert_true (lifecycle_scope_add_source (scope, destroyer.sources[i]));
        }
      thread = g_thread_new ("destroys", destroyer_thread, &destroyer);
      g_atomic_int_set (&destroyer.go, TRUE);
      if (round % 4 == 0)
        lifecycle_scope_close (scope);
      else if (round % 4 == 1)
        lifecycle_scope_clear (scope);
      else if (round % 4 == 2)
        lifecycle_scope_clear_kind (scope, LIFECYCLE_KIND_SOURCE, TRUE);
      else
        for (guint i = N_SOURCES; i-- > 0;)
          lifecycle_scope_steal_source (scope, destroyer.sources[i]);
      g_thread_join (thread);

      g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
      g_assert_cmpint (n_destroyed, ==, N_SOURCES);
      for (guint i = 0; i < N_SOURCES; i++)
        g_source_unref (destroyer.sources[i]);
      g_assert_finalize_object (scope);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/sources/threads/add-idle", test_add_idle);
  g_test_add_func ("/lifecycle/sources/threads/new-idle", test_new_idle);
  g_test_add_func ("/lifecycle/sources/threads/add-timeout", test_add_timeout);
  g_test_add_func ("/lifecycle/sources/threads/new-timeout", test_new_timeout);
  g_test_add_func ("/lifecycle/sources/threads/new-debounce", test_new_debounce);
  g_test_add_func ("/lifecycle/sources/threads/cancel-and-close", test_cancel_and_close);
  g_test_add_func ("/lifecycle/sources/threads/restart-ended", test_restart_ended);
#ifdef G_OS_UNIX
  g_test_add_func ("/lifecycle/sources/threads/add-fd", test_add_fd);
  g_test_add_func ("/lifecycle/sources/threads/new-fd", test_new_fd);
  g_test_add_func ("/lifecycle/sources/threads/unix-signal", test_unix_signal);
#endif
  g_test_add_func ("/lifecycle/sources/threads/adopted-destroyed", test_adopted_destroyed);

  return g_test_run ();
}
