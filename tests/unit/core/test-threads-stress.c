/* test-threads-stress.c: four threads against scopes at home
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Usage: test-threads-stress [--seconds N] [--tap] ...
 */

#include "test-util.h"

#include <stdlib.h>

/* Four threads emit, connect, close, dispose and unref; the main thread, where all scopes are at
 * home, closes, clears, moves and drops them, and makes new ones. What has to hold:
 *
 * - the data of each handler is destroyed exactly once, and after the last call of the handler;
 * - a queued handler runs at home, and never after its scope has closed;
 * - a guarded handler does not run any more when close_async() is through;
 * - `closing` and `closed` are emitted once for each scope, at home;
 * - in the end nothing is left.
 */

#define N_THREADS 4
#define N_SLOTS   6

static double seconds = 2.5;
static GThread *home;
static int stop;

/* How many there have been, and are. */
static int n_records, n_scopes, n_emitters;
static int n_calls, n_messages, n_closes, n_waits;

/* What the handlers know of their scope. It is changed at home, and lives to the end. */
typedef struct
{
  int closing;
  int closed;
  int hurried;          /* somebody may have closed it without waiting */
  int cleared;          /* the same for the scopes below it */
  int waited;           /* close_async() is through */
} Fate;

typedef struct
{
  GMutex          lock;
  TestEmitter    *emitter;
  LifecycleScope *scope;
  Fate           *fate;
} Slot;

static Slot slots[N_SLOTS];
static GPtrArray *fates;

/* GLib has no race-free way to disconnect a handler while g_object_run_dispose() is taking it away:
 * who does that has to know that nobody is at it. The last unref needs no such care.
 */
static GRWLock dispose_lock;

#define RECORD_ALIVE 0x11fe
#define RECORD_DEAD  0xdead

/* The data of a handler. */
typedef struct
{
  Fate                  *fate;
  LifecycleConnectFlags  flags;
  gboolean               below;
  int                    magic;
  int                    n_calls;
} Record;

static Record *
record_new (Fate                  *fate,
            LifecycleConnectFlags  flags,
            gboolean               below)
{
  Record *record = g_new0 (Record, 1);

  record->fate = fate;
  record->flags = flags;
  record->below = below;
  record->magic = RECORD_ALIVE;
  g_atomic_int_inc (&n_records);

  return record;
}

static void
record_free (gpointer  data,
             GClosure *closure)
{
  Record *record = data;

  g_assert_true (g_atomic_int_compare_and_exchange (&record->magic, RECORD_ALIVE, RECORD_DEAD));
  g_atomic_int_add (&n_records, -1);
  g_free (record);
}

static void
record_notify (gpointer data)
{
  record_free (data, NULL);
}

static gboolean
record_is_over (Record *record)
{
  return g_atomic_int_get (&record->fate->waited) &&
         !(record->below && g_atomic_int_get (&record->fate->cleared));
}

static void
record_cb (gpointer instance,
           gpointer data)
{
  Record *record = data;

  g_assert_cmpint (g_atomic_int_get (&record->magic), ==, RECORD_ALIVE);
  g_assert_true (TEST_IS_EMITTER (instance));
  if ((record->flags & LIFECYCLE_CONNECT_ONCE) != 0)
    g_assert_cmpint (g_atomic_int_add (&record->n_calls, 1), ==, 0);

  if ((record->flags & LIFECYCLE_CONNECT_QUEUED) != 0)
    {
      g_assert_true (g_thread_self () == home);
      g_assert_cmpint (record->fate->closed, ==, 0);
      g_assert_cmpint (record->fate->closing, ==, 0);
      n_messages++;
    }
  else
    {
      g_assert_false (record_is_over (record));
      g_atomic_int_inc (&n_calls);
      if (g_random_int () % 64 == 0)
        g_thread_yield ();
      g_assert_false (record_is_over (record));
    }

  g_assert_cmpint (g_atomic_int_get (&record->magic), ==, RECORD_ALIVE);
}

static void
record_params_cb (gpointer    instance,
                  int         number,
                  const char *text,
                  GObject    *object,
                  gpointer    data)
{
  g_assert_cmpstr (text, ==, "text");
  g_assert_true (object == NULL || TEST_IS_EMITTER (object));
  record_cb (instance, data);
}

static void
emitter_gone (gpointer data)
{
  g_atomic_int_add (&n_emitters, -1);
}

static TestEmitter *
emitter_new (void)
{
  TestEmitter *emitter = test_emitter_new ();

  g_atomic_int_inc (&n_emitters);
  emitter->on_finalize = emitter_gone;

  return emitter;
}

static void
scope_gone (gpointer data)
{
  g_atomic_int_add (&n_scopes, -1);
}

static void
scope_closing_cb (LifecycleScope  *scope,
                  LifecycleReason  reason,
                  gpointer         data)
{
  Fate *fate = data;

  g_assert_true (g_thread_self () == home);
  if (reason == LIFECYCLE_REASON_REPLACED)
    return;
  g_assert_cmpint (fate->closing, ==, 0);
  fate->closing++;
}

static void
scope_closed_cb (LifecycleScope  *scope,
                 LifecycleReason  reason,
                 gpointer         data)
{
  Fate *fate = data;

  g_assert_true (g_thread_self () == home);
  /* It has been moved: its entries live on. */
  if (reason == LIFECYCLE_REASON_REPLACED)
    return;
  g_assert_cmpint (fate->closing, ==, 1);
  g_assert_cmpint (fate->closed, ==, 0);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  fate->closed++;
}

static LifecycleScope *
scope_watch (LifecycleScope *scope,
             Fate           *fate)
{
  g_atomic_int_inc (&n_scopes);
  g_object_set_data_full (G_OBJECT (scope), "test-gone", scope, scope_gone);
  g_signal_connect (scope, "closing", G_CALLBACK (scope_closing_cb), fate);
  g_signal_connect (scope, "closed", G_CALLBACK (scope_closed_cb), fate);

  return scope;
}

/* At home. Puts another scope in, and returns the old one. */
static LifecycleScope *
slot_take (Slot            *slot,
           LifecycleScope  *scope,
           Fate           **fate)
{
  LifecycleScope *old;
  Fate *new_fate = g_steal_pointer (fate);

  if (scope == NULL)
    {
      new_fate = g_new0 (Fate, 1);
      g_ptr_array_add (fates, new_fate);
      scope = scope_watch (lifecycle_scope_new ("stress"), new_fate);
    }

  g_mutex_lock (&slot->lock);
  old = slot->scope;
  *fate = slot->fate;
  slot->scope = scope;
  slot->fate = new_fate;
  g_mutex_unlock (&slot->lock);

  return old;
}

/* ---- the four ---- */

typedef struct
{
  GRand          *rand;
  Slot           *slot;
  TestEmitter    *emitter;
  LifecycleScope *scope;
  Fate           *fate;
} Worker;

static void
worker_connect (Worker         *self,
                LifecycleScope *scope,
                TestEmitter    *emitter,
                gulong         *id)
{
  static const LifecycleConnectFlags flags[] = {
    LIFECYCLE_CONNECT_QUEUED,
    LIFECYCLE_CONNECT_GUARDED,
    LIFECYCLE_CONNECT_GUARDED | LIFECYCLE_CONNECT_AFTER,
    LIFECYCLE_CONNECT_QUEUED | LIFECYCLE_CONNECT_ONCE,
    LIFECYCLE_CONNECT_GUARDED | LIFECYCLE_CONNECT_ONCE,
  };
  LifecycleConnectFlags chosen = flags[g_rand_int (self->rand) % G_N_ELEMENTS (flags)];
  gboolean params = g_rand_boolean (self->rand);
  const char *signal = params ? "params" : "plain";
  GCallback callback = params ? G_CALLBACK (record_params_cb) : G_CALLBACK (record_cb);
  Record *record = record_new (self->fate, chosen, scope != self->scope);

  if (g_rand_int (self->rand) % 4 != 0)
    *id = lifecycle_scope_connect_full (scope, emitter, signal, callback, record, record_free,
                                        chosen);
  else
    *id = lifecycle_scope_connect_closure (scope, G_OBJECT (emitter), signal,
                                           g_cclosure_new (callback, record, record_free), chosen);
}

static void
worker_emit (Worker      *self,
             TestEmitter *emitter)
{
  if (g_rand_boolean (self->rand))
    {
      g_signal_emit_by_name (emitter, "plain");
    }
  else
    {
      TestEmitter *object = g_rand_boolean (self->rand) ? emitter_new () : NULL;

      g_signal_emit_by_name (emitter, "params", 1, "text", object);
      g_clear_object (&object);
    }
}

/* An emitter of the thread's own: it lives and dies while the scope does. */
static void
worker_private (Worker *self)
{
  TestEmitter *emitter = emitter_new ();
  gulong ids[3];

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    worker_connect (self, self->scope, emitter, &ids[i]);
  worker_emit (self, emitter);
  switch (g_rand_int (self->rand) % 3)
    {
    case 0:
      g_rw_lock_reader_lock (&dispose_lock);
      g_object_run_dispose (G_OBJECT (emitter));
      g_rw_lock_reader_unlock (&dispose_lock);
      break;

    case 1:
      /* While the main thread may be doing the same. Where it was faster, GLib complains: the ids
       * are of no use any more, and that is for this thread to know.
       */
      for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
        {
          if (ids[i] != 0 && g_signal_handler_is_connected (emitter, ids[i]))
            g_signal_handler_disconnect (emitter, ids[i]);
        }
      break;

    default:
      break;
    }
  g_object_unref (emitter);
}

static void
worker_add_others (Worker *self)
{
  lifecycle_scope_adopt (self->scope, record_new (self->fate, 0, FALSE), record_notify);
  lifecycle_scope_add_timeout (self->scope, 1 + g_rand_int (self->rand) % 20,
                               test_count_source_once_cb, &n_calls, NULL);
  if (g_rand_boolean (self->rand))
    {
      LifecycleScope *child = lifecycle_scope_new_child (self->scope, NULL);
      gulong id;

      worker_connect (self, child, self->emitter, &id);
      g_object_unref (child);
    }
}

static void
worker_step (Worker *self)
{
  TestEmitter *fresh = NULL;
  guint32 dice = g_rand_int (self->rand) % 100;
  gulong id;

  self->slot = &slots[g_rand_int (self->rand) % N_SLOTS];
  if (dice < 6)
    fresh = emitter_new ();

  g_mutex_lock (&self->slot->lock);
  self->scope = g_object_ref (self->slot->scope);
  self->fate = self->slot->fate;
  if (fresh != NULL)
    {
      self->emitter = self->slot->emitter;
      self->slot->emitter = fresh;
    }
  else
    {
      self->emitter = g_object_ref (self->slot->emitter);
    }
  g_mutex_unlock (&self->slot->lock);

  if (dice >= 6 && dice < 46)
    {
      worker_emit (self, self->emitter);
    }
  else if (dice < 66)
    {
      worker_connect (self, self->scope, self->emitter, &id);
    }
  else if (dice < 84)
    {
      worker_private (self);
    }
  else if (dice < 94)
    {
      worker_add_others (self);
    }
  else if (dice < 96)
    {
      g_atomic_int_set (&self->fate->hurried, 1);
      lifecycle_scope_close (self->scope);
    }
  else if (dice < 98)
    {
      g_atomic_int_set (&self->fate->hurried, 1);
      g_object_run_dispose (G_OBJECT (self->scope));
    }
  else
    {
      lifecycle_scope_close_async (self->scope, LIFECYCLE_REASON_ABORTED, 0, NULL, NULL, NULL);
    }

  /* Either may be the last one. */
  g_object_unref (self->emitter);
  g_object_unref (self->scope);
}

static gpointer
worker_thread (gpointer data)
{
  Worker self = { .rand = data };

  while (!g_atomic_int_get (&stop))
    {
      worker_step (&self);
      if (g_rand_int (self.rand) % 256 == 0)
        g_usleep (200);
    }
  g_rand_free (self.rand);

  return NULL;
}

/* ---- home ---- */

static void
waited_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      data)
{
  Fate *fate = data;
  GError *error = NULL;

  g_assert_true (g_thread_self () == home);
  lifecycle_scope_close_finish (LIFECYCLE_SCOPE (source), result, &error);
  g_assert_no_error (error);
  g_assert_cmpint (fate->closed, ==, 1);
  if (!g_atomic_int_get (&fate->hurried))
    g_atomic_int_set (&fate->waited, 1);
  n_waits++;
}

static void
home_step (void)
{
  Slot *slot = &slots[g_random_int () % N_SLOTS];
  LifecycleScope *scope, *moved;
  Fate *fate = NULL;

  switch (g_random_int () % 8)
    {
    case 0:
    case 1:
      scope = slot_take (slot, NULL, &fate);
      g_atomic_int_set (&fate->hurried, 1);
      lifecycle_scope_close (scope);
      g_assert_true (lifecycle_scope_is_closed (scope));
      g_assert_cmpint (fate->closed, ==, 1);
      g_object_unref (scope);
      break;

    case 2:
    case 3:
    case 4:
      scope = slot_take (slot, NULL, &fate);
      lifecycle_scope_close_async (scope, LIFECYCLE_REASON_SHUTDOWN, 0, NULL, waited_cb, fate);
      g_object_unref (scope);
      break;

    case 5:
      g_atomic_int_set (&slot->fate->cleared, 1);
      lifecycle_scope_clear (slot->scope);
      break;

    case 6:
      /* Only home changes what is in a slot. */
      fate = slot->fate;
      moved = scope_watch (lifecycle_scope_move (slot->scope), fate);
      if (lifecycle_scope_is_closed (moved))
        {
          g_signal_handlers_disconnect_by_data (moved, fate);
          g_object_unref (moved);
        }
      else
        {
          g_object_unref (slot_take (slot, moved, &fate));
        }
      break;

    default:
      scope = slot_take (slot, NULL, &fate);
      g_atomic_int_set (&fate->hurried, 1);
      g_object_unref (scope);
      break;
    }
  n_closes++;
}

static void
run (double duration)
{
  GThread *threads[N_THREADS];
  gint64 end = g_get_monotonic_time () + (gint64) (duration * G_USEC_PER_SEC);

  home = g_thread_self ();
  g_atomic_int_set (&stop, 0);
  fates = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < N_SLOTS; i++)
    {
      Fate *fate = NULL;

      g_mutex_init (&slots[i].lock);
      slots[i].emitter = emitter_new ();
      slot_take (&slots[i], NULL, &fate);
    }
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("stress", worker_thread,
                               g_rand_new_with_seed ((guint32) g_test_rand_int ()));

  while (g_get_monotonic_time () < end)
    {
      g_rw_lock_writer_lock (&dispose_lock);
      home_step ();
      for (guint i = 0; i < 20 && g_main_context_iteration (NULL, FALSE); i++)
        ;
      g_rw_lock_writer_unlock (&dispose_lock);
      g_usleep (g_random_int () % 300);
    }

  g_atomic_int_set (&stop, 1);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  for (guint i = 0; i < N_SLOTS; i++)
    {
      lifecycle_scope_close (slots[i].scope);
      g_object_unref (slots[i].scope);
      g_object_unref (slots[i].emitter);
      g_mutex_clear (&slots[i].lock);
    }
  test_drain ();

  g_test_message ("%d direct calls, %d messages, %d closes, %d of them waited for",
                  n_calls, n_messages, n_closes, n_waits);
  g_assert_cmpint (n_records, ==, 0);
  g_assert_cmpint (n_scopes, ==, 0);
  g_assert_cmpint (n_emitters, ==, 0);
  for (guint i = 0; i < fates->len; i++)
    {
      g_assert_cmpint (((Fate *) g_ptr_array_index (fates, i))->closing, ==, 1);
      g_assert_cmpint (((Fate *) g_ptr_array_index (fates, i))->closed, ==, 1);
    }
  g_clear_pointer (&fates, g_ptr_array_unref);
}

static gboolean
not_fatal (const char     *domain,
           GLogLevelFlags  level,
           const char     *message,
           gpointer        data)
{
  return strstr (message, "has no handler with id") == NULL;
}

static void
be_silent (const char     *domain,
           GLogLevelFlags  level,
           const char     *message,
           gpointer        data)
{
  if (not_fatal (domain, level, message, data))
    g_log_default_handler (domain, level, message, data);
}

static void
test_melee (void)
{
  guint handler = g_log_set_handler ("GLib-GObject", G_LOG_LEVEL_MASK | G_LOG_FLAG_FATAL,
                                     be_silent, NULL);

  g_test_log_set_fatal_handler (not_fatal, NULL);
  run (seconds);
  g_test_log_set_fatal_handler (NULL, NULL);
  g_log_remove_handler ("GLib-GObject", handler);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  seconds = test_get_seconds (argc, argv, seconds);

  g_test_add_func ("/lifecycle/threads-stress/melee", test_melee);

  return g_test_run ();
}
