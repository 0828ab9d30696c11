/* test-homes-stress.c: homes that come and go, and threads that reach into them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Usage: test-homes-stress [--seconds N] [--tap] ...
 */

#include "test-operation-util.h"

/* Threads with main contexts of their own come, make scopes, run their context for a moment or not at
 * all, and end. Other threads take these scopes, add to them, close and drain them, and drop the last
 * reference; now and then one of them runs the context of a home for a moment. What has to hold:
 *
 * - all data is freed exactly once, and calls are made with data that is alive;
 * - no handler of an operation that has been completed is called twice;
 * - each close_async() and drain_async() with a callback calls it, once;
 * - in the end nothing is left: no data, no scope, and no context.
 *
 * GLib is not instrumented by the sanitizers, and it is there that the memory of a scope is touched too
 * late, if it is; so run this without them, too, and many times.
 */

#define N_HOMES   4
#define N_WORKERS 3
#define N_SLOTS   8

static double seconds = 2;
static int stop;

/* How many there are. */
static int n_data, n_scopes, n_contexts, n_waits;

/* How many there have been. */
static int n_threads, n_made, n_calls, n_results;

/* Each holds a reference on a scope, or NULL. */
static struct
{
  GMutex          lock;
  LifecycleScope *scope;
} slots[N_SLOTS];

/* The contexts of the homes that are running. */
static struct
{
  GMutex        lock;
  GMainContext *context;
} homes[N_HOMES];

#define DATA_ALIVE 0x11fe
#define DATA_DEAD  0xdead

typedef struct
{
  int magic;
  int n_calls;
  int max_calls;        /* or 0 */
} Data;

static Data *
data_new (int max_calls)
{
  Data *data = g_new0 (Data, 1);

  data->magic = DATA_ALIVE;
  data->max_calls = max_calls;
  g_atomic_int_inc (&n_data);

  return data;
}

static void
data_free (gpointer user_data)
{
  Data *data = user_data;

  g_assert_true (g_atomic_int_compare_and_exchange (&data->magic, DATA_ALIVE, DATA_DEAD));
  g_atomic_int_add (&n_data, -1);
  g_free (data);
}

static void
data_use (Data *data)
{
  g_assert_cmpint (g_atomic_int_get (&data->magic), ==, DATA_ALIVE);
  data->n_calls++;
  g_assert_true (data->max_calls == 0 || data->n_calls <= data->max_calls);
  g_atomic_int_inc (&n_calls);
}

static gboolean
source_cb (gpointer user_data)
{
  data_use (user_data);

  return g_random_int () % 2 == 0;
}

static void
cleanup_cb (LifecycleScope   *scope,
            LifecycleReason   reason,
            gpointer          user_data,
            GError          **error)
{
  g_assert_cmpint (reason, !=, LIFECYCLE_REASON_NONE);
  data_use (user_data);
}

static void
operation_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  data_use (user_data);
}

static void
waited_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr (GError) error = NULL;

  /* A scope whose home is gone may have given up on an operation. */
  if (!lifecycle_scope_close_finish (LIFECYCLE_SCOPE (source), result, &error))
    g_assert_error (error, LIFECYCLE_ERROR, LIFECYCLE_ERROR_TIMED_OUT);
  data_use (user_data);
  data_free (user_data);
  g_atomic_int_add (&n_waits, -1);
}

static void
scope_gone (gpointer data)
{
  g_atomic_int_add (&n_scopes, -1);
}

/* Returns the scope, and counts it until it is finalized. */
static LifecycleScope *
watched (LifecycleScope *scope)
{
  g_object_set_data_full (G_OBJECT (scope), "test-watched", &n_scopes, scope_gone);
  g_atomic_int_inc (&n_scopes);
  g_atomic_int_inc (&n_made);

  return scope;
}

static void
context_gone (gpointer data)
{
  g_atomic_int_add (&n_contexts, -1);
}

static LifecycleScope *
slot_ref (guint place)
{
  LifecycleScope *scope;

  g_mutex_lock (&slots[place].lock);
  scope = slots[place].scope;
  if (scope != NULL)
    g_object_ref (scope);
  g_mutex_unlock (&slots[place].lock);

  return scope;
}

/* Exchanges the scope of a slot, and drops the old one on this thread. */
static void
slot_replace (guint           place,
              LifecycleScope *scope)
{
  LifecycleScope *old;

  g_mutex_lock (&slots[place].lock);
  old = slots[place].scope;
  slots[place].scope = scope;
  g_mutex_unlock (&slots[place].lock);

  g_clear_object (&old);
}

static void
add_something (LifecycleScope *scope)
{
  switch (g_random_int () % 5)
    {
    case 0:
      lifecycle_scope_add_idle (scope, source_cb, data_new (0), data_free);
      break;

    case 1:
      lifecycle_scope_add_timeout (scope, g_random_int () % 3, source_cb, data_new (0), data_free);
      break;

    case 2:
      lifecycle_scope_defer (scope, cleanup_cb, data_new (1), data_free);
      break;

    case 3:
      lifecycle_scope_adopt (scope, data_new (1), data_free);
      break;

    default:
      {
        g_autoptr (TestResult) result = g_object_new (TEST_TYPE_RESULT, NULL);
        LifecycleOperation *operation;

        result->finalized = &n_results;
        operation = lifecycle_scope_begin_async (scope, "operation", operation_cb, data_new (1), data_free);
        if (g_random_int () % 4 == 0)
          lifecycle_operation_set_shielded (operation, 2);
        if (g_random_int () % 8 == 0)
          g_thread_yield ();
        lifecycle_operation_complete (operation, NULL, G_ASYNC_RESULT (result));
      }
    }
}

static void
close_somehow (LifecycleScope *scope,
               gboolean        may_call_back)
{
  gboolean drain = g_random_int () % 2 == 0;

  if (g_random_int () % 3 == 0)
    {
      lifecycle_scope_close (scope);
      return;
    }

  if (may_call_back && g_random_int () % 2 == 0)
    {
      Data *data = data_new (1);

      g_atomic_int_inc (&n_waits);
      if (drain)
        lifecycle_scope_drain_async (scope, LIFECYCLE_REASON_COMPLETED, 0, NULL, waited_cb, data);
      else
        lifecycle_scope_close_async (scope, LIFECYCLE_REASON_COMPLETED, 0, NULL, waited_cb, data);
    }
  else if (drain)
    {
      lifecycle_scope_drain_async (scope, LIFECYCLE_REASON_COMPLETED, 1, NULL, NULL, NULL);
    }
  else
    {
      lifecycle_scope_close_async (scope, LIFECYCLE_REASON_COMPLETED, 1, NULL, NULL, NULL);
    }
}

/* Makes a scope that is at home here: a root, or below or following a scope of any home. */
static LifecycleScope *
make_scope (void)
{
  LifecycleScope *other = slot_ref ((guint) g_random_int () % N_SLOTS);
  LifecycleScope *scope;
  guint how = (guint) g_random_int () % 4;

  if (other != NULL && how == 0)
    scope = lifecycle_scope_new_child (other, "child");
  else
    scope = lifecycle_scope_new ("root");
  watched (scope);
  if (other != NULL && how == 1)
    lifecycle_scope_follow (scope, other);
  g_clear_object (&other);

  for (guint i = g_random_int () % 4; i > 0; i--)
    add_something (scope);

  return scope;
}

static void
look (void)
{
  g_autoptr (GListModel) scopes = NULL;

  switch (g_random_int () % 3)
    {
    case 0:
      scopes = lifecycle_list_scopes ();
      break;

    case 1:
      {
        g_autoptr (LifecycleOutline) outline = lifecycle_outline_new ();

        g_assert_nonnull (outline);
      }
      break;

    default:
      {
        g_autoptr (LifecycleStatistics) statistics = lifecycle_get_statistics ();

        g_assert_nonnull (statistics);
      }
    }
}

/* What any thread may do. */
static void
do_something (gboolean may_call_back)
{
  guint place = (guint) g_random_int () % N_SLOTS;
  LifecycleScope *scope = slot_ref (place);

  switch (g_random_int () % 8)
    {
    case 0:
    case 1:
      /* Often the last reference. */
      slot_replace (place, NULL);
      break;

    case 2:
    case 3:
    case 4:
      if (scope != NULL)
        add_something (scope);
      break;

    case 5:
    case 6:
      if (scope != NULL)
        close_somehow (scope, may_call_back);
      break;

    default:
      look ();
    }

  g_clear_object (&scope);
}

/* A home makes some scopes, runs for a moment, and ends. */
static gpointer
home_thread (gpointer user_data)
{
  guint number = GPOINTER_TO_UINT (user_data);
  GMainContext *context = g_main_context_new ();
  GMainContext *published;
  GSource *witness = g_timeout_source_new (G_MAXINT);

  g_atomic_int_inc (&n_threads);
  g_atomic_int_inc (&n_contexts);
  g_source_set_callback (witness, test_never_source_cb, NULL, context_gone);
  g_source_attach (witness, context);
  g_source_unref (witness);

  g_main_context_push_thread_default (context);
  g_mutex_lock (&homes[number].lock);
  homes[number].context = g_main_context_ref (context);
  g_mutex_unlock (&homes[number].lock);

  for (guint i = g_random_int () % 24; i > 0; i--)
    {
      switch (g_random_int () % 4)
        {
        case 0:
          slot_replace ((guint) g_random_int () % N_SLOTS, make_scope ());
          break;

        case 1:
          do_something (FALSE);
          break;

        default:
          g_main_context_iteration (context, FALSE);
        }
      if (g_random_int () % 4 == 0)
        g_usleep (g_random_int () % 200);
    }

  g_mutex_lock (&homes[number].lock);
  published = g_steal_pointer (&homes[number].context);
  g_mutex_unlock (&homes[number].lock);
  g_main_context_unref (published);

  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);

  return NULL;
}

/* Holds the context of a home that may end meanwhile, and then runs it for a moment. */
static void
help_a_home (void)
{
  guint number = (guint) g_random_int () % N_HOMES;
  GMainContext *context;

  g_mutex_lock (&homes[number].lock);
  context = homes[number].context;
  if (context != NULL)
    g_main_context_ref (context);
  g_mutex_unlock (&homes[number].lock);

  if (context == NULL)
    return;

  g_usleep (g_random_int () % 300);
  if (g_main_context_acquire (context))
    {
      if (g_random_int () % 2 == 0)
        g_main_context_iteration (context, FALSE);
      else
        g_usleep (g_random_int () % 100);
      g_main_context_release (context);
    }
  g_main_context_unref (context);
}

static gpointer
worker_thread (gpointer data)
{
  while (!g_atomic_int_get (&stop))
    {
      if (g_random_int () % 8 == 0)
        help_a_home ();
      else
        do_something (TRUE);
    }

  return NULL;
}

static gpointer
keeper_thread (gpointer number)
{
  while (!g_atomic_int_get (&stop))
    g_thread_join (g_thread_new ("home", home_thread, number));

  return NULL;
}

static gpointer
last_thread (gpointer data)
{
  g_object_unref (lifecycle_scope_new ("last"));

  return NULL;
}

static gboolean
is_settled (void)
{
  return g_atomic_int_get (&n_data) == 0 &&
         g_atomic_int_get (&n_scopes) == 0 &&
         g_atomic_int_get (&n_contexts) == 0 &&
         g_atomic_int_get (&n_waits) == 0;
}

static void
say_what_is_left (void)
{
  g_autoptr (GListModel) scopes = lifecycle_list_scopes ();

  g_test_message ("%d data, %d scopes (%u open), %d contexts, %d waits are left",
                  n_data, n_scopes, g_list_model_get_n_items (scopes), n_contexts, n_waits);
}

static void
test_homes (void)
{
  gint64 end = g_get_monotonic_time () + (gint64) (seconds * G_USEC_PER_SEC);
  GThread *threads[N_HOMES + N_WORKERS];

  for (guint i = 0; i < N_HOMES; i++)
    threads[i] = g_thread_new ("keeper", keeper_thread, GUINT_TO_POINTER (i));
  for (guint i = 0; i < N_WORKERS; i++)
    threads[N_HOMES + i] = g_thread_new ("worker", worker_thread, NULL);

  while (g_get_monotonic_time () < end)
    {
      if (!g_main_context_iteration (NULL, FALSE))
        g_usleep (50);
      if (g_random_int () % 16 == 0)
        slot_replace ((guint) g_random_int () % N_SLOTS, make_scope ());
    }

  g_atomic_int_set (&stop, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  for (guint i = 0; i < N_SLOTS; i++)
    slot_replace (i, NULL);

  /* What waits for a context that somebody ran for a moment, while its thread ended, is over when the
   * next thread ends.
   */
  g_thread_join (g_thread_new ("last", last_thread, NULL));
  for (guint i = 0; i < 1000 && !is_settled (); i++)
    {
      if (!g_main_context_iteration (NULL, FALSE))
        g_usleep (500);
    }
  if (!is_settled ())
    say_what_is_left ();
  test_iterate_until (is_settled ());

  g_test_message ("%d homes, %d scopes, %d calls", n_threads, n_made, n_calls);
  g_assert_cmpint (n_calls, >, 0);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  seconds = test_get_seconds (argc, argv, seconds);

  g_test_add_func ("/lifecycle/homes-stress/melee", test_homes);

  return g_test_run ();
}
