/* test-util.h: what the unit tests and the promise tests share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "../test-wait.h"

#include <lifecycle.h>
#include <string.h>

/* Every test is one translation unit and takes from here what it needs, hence the attribute. */
#define TEST_UNUSED G_GNUC_UNUSED

/* How many of something: the full number, or few of them under a sanitizer or an emulator, or as many as
 * somebody who counts instructions asks for.
 */
TEST_UNUSED static guint
test_amount (guint full)
{
  const char *amount = g_getenv ("LIFECYCLE_TEST_AMOUNT");

  if (amount != NULL)
    return MIN (full, (guint) g_ascii_strtoull (amount, NULL, 10));

  return g_getenv ("LIFECYCLE_TEST_SLOW") != NULL ? MIN (full, 2000) : full;
}

/* What the program is told by `--seconds N`, or the default. */
TEST_UNUSED static double
test_get_seconds (int     argc,
                  char  **argv,
                  double  seconds)
{
  for (int i = 1; i + 1 < argc; i++)
    {
      if (strcmp (argv[i], "--seconds") == 0)
        seconds = g_ascii_strtod (argv[i + 1], NULL);
    }

  return seconds;
}

/* The log: words, each followed by a space, in the order in which user code ran. It is for the main
 * thread only. */

static GString *test_log_buffer;

TEST_UNUSED G_GNUC_PRINTF (1, 2) static void
test_log (const char *format,
          ...)
{
  va_list args;

  if (test_log_buffer == NULL)
    test_log_buffer = g_string_new (NULL);

  va_start (args, format);
  g_string_append_vprintf (test_log_buffer, format, args);
  va_end (args);
  g_string_append_c (test_log_buffer, ' ');
}

/* A macro, so that a failure names the line of the test. It empties the log. */
#define test_assert_log(expected) \
  G_STMT_START \
    { \
      g_autofree char *test_log_words = \
          test_log_buffer == NULL ? g_strdup ("") \
                                  : g_strchomp (g_string_free (test_log_buffer, FALSE)); \
      test_log_buffer = NULL; \
      g_assert_cmpstr (test_log_words, ==, (expected)); \
    } \
  G_STMT_END

/* Warnings about limits would end a test. These are counted, and the last one is kept. */

static guint test_n_limit_warnings;
static char *test_limit_warning;
static char *test_limit_places;

TEST_UNUSED static GLogWriterOutput
test_limit_log_writer (GLogLevelFlags   level,
                       const GLogField *fields,
                       gsize            n_fields,
                       gpointer         data)
{
  const char *message = NULL;
  const char *places = NULL;

  for (gsize i = 0; i < n_fields; i++)
    {
      if (g_str_equal (fields[i].key, "LIFECYCLE_TOP_PLACES"))
        places = fields[i].value;
      else if (g_str_equal (fields[i].key, "MESSAGE"))
        message = fields[i].value;
    }

  if (places == NULL)
    return g_log_writer_default (level, fields, n_fields, data);

  g_assert_cmpint (level & G_LOG_LEVEL_MASK, ==, G_LOG_LEVEL_WARNING);
  test_n_limit_warnings++;
  g_free (test_limit_warning);
  test_limit_warning = g_strdup (message);
  g_free (test_limit_places);
  test_limit_places = g_strdup (places);

  return G_LOG_WRITER_HANDLED;
}

/* For main(), once. */
TEST_UNUSED static void
test_take_limit_warnings (void)
{
  g_log_set_writer_func (test_limit_log_writer, NULL, NULL);
}

/* Callbacks whose data is a word: handlers and cleanups log it, destroy notifies log "~word". */

TEST_UNUSED static void
test_log_handler_cb (gpointer instance,
                     gpointer word)
{
  test_log ("%s", (const char *) word);
}

TEST_UNUSED static void
test_log_notify (gpointer word)
{
  test_log ("~%s", (const char *) word);
}

TEST_UNUSED static void
test_log_closure_notify (gpointer  word,
                         GClosure *closure)
{
  test_log ("~%s", (const char *) word);
}

TEST_UNUSED static gboolean
test_log_source_cb (gpointer word)
{
  test_log ("%s", (const char *) word);
  return G_SOURCE_CONTINUE;
}

TEST_UNUSED static void
test_log_cleanup (LifecycleScope   *scope,
                  LifecycleReason   reason,
                  gpointer          word,
                  GError          **error)
{
  test_log ("%s", (const char *) word);
}

TEST_UNUSED static void
test_log_scope_cb (LifecycleScope  *scope,
                   LifecycleReason  reason,
                   gpointer         word)
{
  test_log ("%s", (const char *) word);
}

/* Callbacks whose data is a counter. They may run on any thread. */

TEST_UNUSED static void
test_count_handler_cb (gpointer instance,
                       gpointer counter)
{
  g_atomic_int_inc ((int *) counter);
}

TEST_UNUSED static void
test_count_notify (gpointer counter)
{
  g_atomic_int_inc ((int *) counter);
}

TEST_UNUSED static void
test_count_closure_notify (gpointer  counter,
                           GClosure *closure)
{
  g_atomic_int_inc ((int *) counter);
}

TEST_UNUSED static gboolean
test_count_source_cb (gpointer counter)
{
  g_atomic_int_inc ((int *) counter);
  return G_SOURCE_CONTINUE;
}

TEST_UNUSED static gboolean
test_count_source_once_cb (gpointer counter)
{
  g_atomic_int_inc ((int *) counter);
  return G_SOURCE_REMOVE;
}

TEST_UNUSED static void
test_count_cleanup (LifecycleScope   *scope,
                    LifecycleReason   reason,
                    gpointer          counter,
                    GError          **error)
{
  g_atomic_int_inc ((int *) counter);
}

TEST_UNUSED static void
test_count_scope_cb (LifecycleScope  *scope,
                     LifecycleReason  reason,
                     gpointer         counter)
{
  g_atomic_int_inc ((int *) counter);
}

/* For callbacks that must not run at all. */

TEST_UNUSED static void
test_never_handler_cb (gpointer instance,
                       gpointer data)
{
  g_assert_not_reached ();
}

TEST_UNUSED static gboolean
test_never_source_cb (gpointer data)
{
  g_assert_not_reached ();
  return G_SOURCE_REMOVE;
}

TEST_UNUSED static void
test_never_cleanup (LifecycleScope   *scope,
                    LifecycleReason   reason,
                    gpointer          data,
                    GError          **error)
{
  g_assert_not_reached ();
}

/* Finalization that also holds when the last reference goes on another thread, or is given to it
 * and taken back: the data of an object is destroyed when it is finalized and at no other time,
 * while weak references go at every dispose. */
TEST_UNUSED static void
test_count_finalize (gpointer  object,
                     int      *counter)
{
  /* Few keys, used again and again: each is a quark, and quarks are for ever. */
  static const char *const keys[] = { "test-finalize-1", "test-finalize-2", "test-finalize-3" };
  guint i = 0;

  while (g_object_get_data (G_OBJECT (object), keys[i]) != NULL)
    g_assert_cmpuint (++i, <, G_N_ELEMENTS (keys));
  g_object_set_data_full (G_OBJECT (object), keys[i], counter, test_count_notify);
}

/* An interface with a signal. */

#define TEST_TYPE_BEEPER (test_beeper_get_type ())
G_DECLARE_INTERFACE (TestBeeper, test_beeper, TEST, BEEPER, GObject)

struct _TestBeeperInterface
{
  GTypeInterface parent_iface;
};

G_DEFINE_INTERFACE (TestBeeper, test_beeper, G_TYPE_OBJECT)

static void
test_beeper_default_init (TestBeeperInterface *iface)
{
  g_signal_new ("beep", TEST_TYPE_BEEPER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

/* An emitter:
 *   plain     nothing but the instance
 *   detailed  takes a detail
 *   params    int, string, object
 *   answer    int; returns an int
 *   late      its own handler, which runs last, logs "class"
 * and notify::value, and beep of the interface. */

#define TEST_TYPE_EMITTER (test_emitter_get_type ())
G_DECLARE_FINAL_TYPE (TestEmitter, test_emitter, TEST, EMITTER, GObject)

typedef void (*TestHook) (gpointer data);

struct _TestEmitter
{
  GObject   parent_instance;
  int       value;
  TestHook  on_dispose;   /* runs at the start of every dispose */
  TestHook  on_finalize;  /* runs once */
  gpointer  hook_data;
};

G_DEFINE_FINAL_TYPE_WITH_CODE (TestEmitter, test_emitter, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (TEST_TYPE_BEEPER, NULL))

static void
test_emitter_late (TestEmitter *self)
{
  test_log ("class");
}

static void
test_emitter_get_property (GObject    *object,
                           guint       prop_id,
                           GValue     *value,
                           GParamSpec *pspec)
{
  g_value_set_int (value, TEST_EMITTER (object)->value);
}

static void
test_emitter_set_property (GObject      *object,
                           guint         prop_id,
                           const GValue *value,
                           GParamSpec   *pspec)
{
  TEST_EMITTER (object)->value = g_value_get_int (value);
}

static void
test_emitter_dispose (GObject *object)
{
  TestEmitter *self = TEST_EMITTER (object);

  if (self->on_dispose != NULL)
    self->on_dispose (self->hook_data);
  G_OBJECT_CLASS (test_emitter_parent_class)->dispose (object);
}

static void
test_emitter_finalize (GObject *object)
{
  TestEmitter *self = TEST_EMITTER (object);

  if (self->on_finalize != NULL)
    self->on_finalize (self->hook_data);
  G_OBJECT_CLASS (test_emitter_parent_class)->finalize (object);
}

static void
test_emitter_class_init (TestEmitterClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = test_emitter_get_property;
  object_class->set_property = test_emitter_set_property;
  object_class->dispose = test_emitter_dispose;
  object_class->finalize = test_emitter_finalize;

  g_object_class_install_property (object_class, 1,
                                   g_param_spec_int ("value", NULL, NULL, 0, G_MAXINT, 0,
                                                     G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS));

  g_signal_new ("plain", TEST_TYPE_EMITTER, G_SIGNAL_RUN_LAST,
                0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_signal_new ("detailed", TEST_TYPE_EMITTER, G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED,
                0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_signal_new ("params", TEST_TYPE_EMITTER, G_SIGNAL_RUN_LAST,
                0, NULL, NULL, NULL, G_TYPE_NONE, 3, G_TYPE_INT, G_TYPE_STRING, G_TYPE_OBJECT);
  g_signal_new ("answer", TEST_TYPE_EMITTER, G_SIGNAL_RUN_LAST,
                0, NULL, NULL, NULL, G_TYPE_INT, 1, G_TYPE_INT);
  g_signal_new_class_handler ("late", TEST_TYPE_EMITTER, G_SIGNAL_RUN_LAST,
                              G_CALLBACK (test_emitter_late), NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
test_emitter_init (TestEmitter *self)
{
}

TEST_UNUSED static TestEmitter *
test_emitter_new (void)
{
  return g_object_new (TEST_TYPE_EMITTER, NULL);
}

/* With a word that is logged when it is finalized. */
TEST_UNUSED static TestEmitter *
test_emitter_new_logged (const char *word)
{
  TestEmitter *self = test_emitter_new ();

  self->on_finalize = test_log_notify;
  self->hook_data = (gpointer) word;
  return self;
}

TEST_UNUSED static void
test_emit (gpointer    emitter,
           const char *detailed_signal)
{
  g_signal_emit_by_name (emitter, detailed_signal);
}

TEST_UNUSED static gboolean
test_is_connected (gpointer emitter,
                   gulong   id)
{
  return g_signal_handler_is_connected (emitter, id);
}

/* Whether an emission of the signal would meet any handler, blocked ones included. */
TEST_UNUSED static gboolean
test_has_handlers (gpointer    emitter,
                   const char *signal)
{
  guint signal_id = g_signal_lookup (signal, G_OBJECT_TYPE (emitter));

  /* Not g_signal_has_handler_pending(), which overlooks those that were connected with a detail. */
  return g_signal_handler_find (emitter, G_SIGNAL_MATCH_ID, signal_id, 0, NULL, NULL, NULL) != 0;
}

/* An object that owns a scope and closes it when it dies. */

#define TEST_TYPE_OWNER (test_owner_get_type ())
G_DECLARE_FINAL_TYPE (TestOwner, test_owner, TEST, OWNER, GObject)

struct _TestOwner
{
  GObject         parent_instance;
  LifecycleScope *scope;
  gboolean        close_in_finalize;
};

G_DEFINE_FINAL_TYPE (TestOwner, test_owner, G_TYPE_OBJECT)

static void
test_owner_close (TestOwner *self)
{
  if (self->scope != NULL)
    lifecycle_scope_close_with_reason (self->scope, LIFECYCLE_REASON_OWNER_GONE, "owner");
  g_clear_object (&self->scope);
}

static void
test_owner_dispose (GObject *object)
{
  if (!TEST_OWNER (object)->close_in_finalize)
    test_owner_close (TEST_OWNER (object));
  G_OBJECT_CLASS (test_owner_parent_class)->dispose (object);
}

static void
test_owner_finalize (GObject *object)
{
  test_owner_close (TEST_OWNER (object));
  G_OBJECT_CLASS (test_owner_parent_class)->finalize (object);
}

static void
test_owner_class_init (TestOwnerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = test_owner_dispose;
  G_OBJECT_CLASS (klass)->finalize = test_owner_finalize;
}

static void
test_owner_init (TestOwner *self)
{
  self->scope = lifecycle_scope_new ("owner");
}

/* Main contexts and threads. */

TEST_UNUSED static void
test_drain (void)
{
  GMainContext *context = g_main_context_get_thread_default ();

  while (g_main_context_iteration (context, FALSE))
    ;
}

TEST_UNUSED static gboolean
test_done_closed (gpointer scope)
{
  return lifecycle_scope_is_closed (scope);
}

TEST_UNUSED static gboolean
test_done_counted (gpointer counter)
{
  return g_atomic_int_get ((int *) counter) > 0;
}

typedef void (*TestFunc) (gpointer data);

typedef struct
{
  TestFunc func;
  gpointer data;
  GMutex   mutex;
  GCond    cond;
  gboolean done;
} TestCall;

TEST_UNUSED static void
test_call_run (TestCall *call)
{
  call->func (call->data);
  g_mutex_lock (&call->mutex);
  call->done = TRUE;
  g_cond_signal (&call->cond);
  g_mutex_unlock (&call->mutex);
}

TEST_UNUSED static void
test_call_wait (TestCall *call)
{
  g_mutex_lock (&call->mutex);
  /* If it never comes, the other thread waits for this one: a deadlock. */
  test_wait_for_cond (&call->cond, &call->mutex, call->done);
  g_mutex_unlock (&call->mutex);
}

TEST_UNUSED static gpointer
test_call_thread (gpointer data)
{
  test_call_run (data);
  return NULL;
}

TEST_UNUSED static gboolean
test_call_source_cb (gpointer data)
{
  test_call_run (data);
  return G_SOURCE_REMOVE;
}

/* Runs @func on a thread of its own and waits for it without iterating anything here. */
TEST_UNUSED static void
test_in_thread (TestFunc func,
                gpointer data)
{
  TestCall call = { .func = func, .data = data };
  GThread *thread;

  g_mutex_init (&call.mutex);
  g_cond_init (&call.cond);
  thread = g_thread_new ("test", test_call_thread, &call);
  test_call_wait (&call);
  g_thread_join (thread);
  g_mutex_clear (&call.mutex);
  g_cond_clear (&call.cond);
}

/* A thread that runs a main loop of its own, which is its thread-default context. */
typedef struct
{
  GThread      *thread;
  GMainContext *context;
  GMainLoop    *loop;
} TestWorker;

TEST_UNUSED static gpointer
test_worker_thread (gpointer data)
{
  TestWorker *worker = data;

  g_main_context_push_thread_default (worker->context);
  g_main_loop_run (worker->loop);
  g_main_context_pop_thread_default (worker->context);
  return NULL;
}

/* Runs @func on the worker and waits until it is through. */
TEST_UNUSED static void
test_worker_call (TestWorker *worker,
                  TestFunc    func,
                  gpointer    data)
{
  TestCall call = { .func = func, .data = data };
  GSource *source = g_idle_source_new ();

  g_mutex_init (&call.mutex);
  g_cond_init (&call.cond);
  g_source_set_callback (source, test_call_source_cb, &call, NULL);
  g_source_attach (source, worker->context);
  g_source_unref (source);
  test_call_wait (&call);
  g_mutex_clear (&call.mutex);
  g_cond_clear (&call.cond);
}

TEST_UNUSED static void
test_nothing (gpointer data)
{
}

TEST_UNUSED static TestWorker *
test_worker_new (void)
{
  TestWorker *worker = g_new0 (TestWorker, 1);

  worker->context = g_main_context_new ();
  worker->loop = g_main_loop_new (worker->context, FALSE);
  worker->thread = g_thread_new ("worker", test_worker_thread, worker);
  test_worker_call (worker, test_nothing, NULL);
  return worker;
}

TEST_UNUSED static void
test_worker_drain_cb (gpointer data)
{
  while (g_main_context_iteration (data, FALSE))
    ;
}

TEST_UNUSED static void
test_worker_quit_cb (gpointer data)
{
  g_main_loop_quit (data);
}

/* Everything that was pending there is run first. */
TEST_UNUSED static void
test_worker_free (TestWorker *worker)
{
  test_worker_call (worker, test_worker_drain_cb, worker->context);
  test_worker_call (worker, test_worker_quit_cb, worker->loop);
  g_thread_join (worker->thread);
  g_main_loop_unref (worker->loop);
  g_main_context_unref (worker->context);
  g_free (worker);
}

/* Critical messages of the library that a test provokes. */
#define test_expect_critical(pattern) \
  g_test_expect_message ("Lifecycle", G_LOG_LEVEL_CRITICAL, (pattern))
