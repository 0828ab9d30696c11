/* fuzz-world.c: the real scopes, instances and sources, beside the model
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-clock.h"
#include "fuzz-world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

World world;
gboolean world_tracing;
guint64 world_n_operations;
void (* world_script) (int script);

#define FUZZ_ERROR (g_quark_from_static_string ("fuzz-error-quark"))

void
world_trace (const char *format,
             ...)
{
  va_list args;

  if (!world_tracing)
    return;

  printf ("%*s", 2 * model.n_frames, "");
  va_start (args, format);
  vprintf (format, args);
  va_end (args);
  printf ("\n");
  fflush (stdout);
}

static void
world_fail (const char *rule,
            const char *message)
{
  fflush (stdout);
  fprintf (stderr, "FAILED %s: %s\n", rule, message);
  fflush (stderr);
  abort ();
}

/* How many cleanups have failed, and how many of those failures nobody has collected. */
static guint n_failures;
static guint n_failures_told;

/* Nothing that the fuzzer does is a programmer's mistake, so nothing may be complained about but
 * failures that nobody has asked for, each of them once.
 */
static GLogWriterOutput
log_writer_cb (GLogLevelFlags   level,
               const GLogField *fields,
               gsize            n_fields,
               gpointer         data)
{
  if ((level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING)) != 0)
    {
      const char *message = "";
      gboolean is_limit = FALSE;

      for (gsize i = 0; i < n_fields; i++)
        {
          if (g_str_equal (fields[i].key, "MESSAGE"))
            message = fields[i].value;
          is_limit |= g_str_equal (fields[i].key, "LIFECYCLE_LIMIT");
        }

      /* That is what a limit is for. */
      if (is_limit && level == G_LOG_LEVEL_WARNING)
        return G_LOG_WRITER_HANDLED;

      if (g_str_has_prefix (message, "A cleanup of scope ") ||
          g_str_has_prefix (message, "The operation '"))
        {
          n_failures_told++;
          if (n_failures_told > n_failures)
            world_fail ("told", message);
        }
      else
        {
          world_fail ("log", message);
        }
    }

  return G_LOG_WRITER_HANDLED;
}

/* The argument of the signals: who copies it queues the emission. */

GType fuzz_argument_get_type (void);

static WorldArgument *
fuzz_argument_copy (WorldArgument *argument)
{
  WorldArgument *copy = g_new0 (WorldArgument, 1);

  *copy = *argument;
  copy->message = model_send (argument->instance, argument->signal);
  world_trace ("message %d is sent to handler %d", copy->message,
               model.messages[copy->message].thing);

  return copy;
}

static void
fuzz_argument_free (WorldArgument *argument)
{
  world_trace ("message %d is freed", argument->message);
  model_message_freed (argument->message);
  g_free (argument);
}

G_DEFINE_BOXED_TYPE (WorldArgument, fuzz_argument, fuzz_argument_copy, fuzz_argument_free)

/* Instances */

typedef struct
{
  GObject parent_instance;
  int     number;
  int     value;
} FuzzObject;

typedef struct
{
  GObjectClass parent_class;
} FuzzObjectClass;

static guint instance_signals[MODEL_N_SIGNALS];
static const char *const signal_names[MODEL_N_SIGNALS] = { "alpha", "beta" };

GType fuzz_object_get_type (void);

G_DEFINE_TYPE (FuzzObject, fuzz_object, G_TYPE_OBJECT)

static void
fuzz_object_dispose (GObject *object)
{
  FuzzObject *self = (FuzzObject *) object;
  int outer = world.disposing;

  model_call_dispose (self->number);
  world_trace ("dispose of instance %d", self->number);
  world_compare ();
  world.disposing = self->number;
  world_script (world.instances[self->number].on_dispose);
  world.disposing = outer;
  model_dispose_chains_up (self->number);

  G_OBJECT_CLASS (fuzz_object_parent_class)->dispose (object);

  model_dispose_returned (self->number);
}

static void
fuzz_object_finalize (GObject *object)
{
  FuzzObject *self = (FuzzObject *) object;
  int number = self->number;

  world_trace ("finalize of instance %d", number);
  G_OBJECT_CLASS (fuzz_object_parent_class)->finalize (object);

  world.instances[number].object = NULL;
  model_finalized (number);
}

static void
fuzz_object_get_property (GObject    *object,
                          guint       id,
                          GValue     *value,
                          GParamSpec *pspec)
{
  g_value_set_int (value, ((FuzzObject *) object)->value);
}

static void
fuzz_object_set_property (GObject      *object,
                          guint         id,
                          const GValue *value,
                          GParamSpec   *pspec)
{
  ((FuzzObject *) object)->value = g_value_get_int (value);
}

static void
fuzz_object_class_init (FuzzObjectClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = fuzz_object_dispose;
  G_OBJECT_CLASS (klass)->finalize = fuzz_object_finalize;
  G_OBJECT_CLASS (klass)->get_property = fuzz_object_get_property;
  G_OBJECT_CLASS (klass)->set_property = fuzz_object_set_property;

  g_object_class_install_property (G_OBJECT_CLASS (klass), 1,
                                   g_param_spec_int (WORLD_PROPERTY, NULL, NULL, 0, G_MAXINT, 0,
                                                     G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS));

  for (int i = 0; i < MODEL_N_SIGNALS; i++)
    instance_signals[i] = g_signal_new (signal_names[i], G_TYPE_FROM_CLASS (klass),
                                        i == 0 ? G_SIGNAL_RUN_LAST : G_SIGNAL_RUN_FIRST,
                                        0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                        fuzz_argument_get_type () | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
fuzz_object_init (FuzzObject *self)
{
}

GObject *
world_instance_new (int number)
{
  FuzzObject *self = g_object_new (fuzz_object_get_type (), NULL);

  self->number = number;

  return G_OBJECT (self);
}

guint
world_get_signal (int signal)
{
  return instance_signals[signal];
}

const char *
world_get_signal_name (int signal)
{
  return signal_names[signal];
}

/* Results. A task would need the main loop. */

typedef struct
{
  GObject     parent_instance;
  WorldToken *token;
} FuzzResult;

typedef struct
{
  GObjectClass parent_class;
} FuzzResultClass;

GType fuzz_result_get_type (void);

static void
fuzz_result_iface_init (GAsyncResultIface *iface)
{
}

G_DEFINE_TYPE_WITH_CODE (FuzzResult, fuzz_result, G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (G_TYPE_ASYNC_RESULT, fuzz_result_iface_init))

static void
fuzz_result_class_init (FuzzResultClass *klass)
{
}

static void
fuzz_result_init (FuzzResult *self)
{
}

GAsyncResult *
world_result_new (WorldToken *token)
{
  FuzzResult *self = g_object_new (fuzz_result_get_type (), NULL);

  self->token = token;

  return G_ASYNC_RESULT (self);
}

/* Callbacks */

static void
check_running (WorldToken *token)
{
  if (token < world.tokens || token >= world.tokens + model.n_things)
    world_fail ("data", "a callback was given wrong data");
}

WorldToken *
world_token (int thing,
             int script)
{
  WorldToken *token = &world.tokens[thing];

  *token = (WorldToken) { .number = thing, .script = script };

  return token;
}

void
world_handler_cb (gpointer       instance,
                  WorldArgument *argument,
                  gpointer       data)
{
  WorldToken *token = data;

  check_running (token);
  if (instance != world.instances[model.things[token->number].instance].object)
    world_fail ("data", "a handler was given another instance");

  if (argument->message >= 0)
    model_call_message (argument->message, token->number);
  else
    model_call_handler (token->number);
  world_trace ("handler %d", token->number);
  world_compare ();
  world_script (token->script);
  model_returned (false);
}

/* A function for each handler whose data is an object. */

static int object_handlers[WORLD_MAX_OBJECT_HANDLERS];

static void
call_object_handler (int            which,
                     gpointer       instance,
                     WorldArgument *argument,
                     GObject       *object)
{
  WorldToken *token = &world.tokens[object_handlers[which]];

  if (world.instances[model.things[token->number].receiver].object != object)
    world_fail ("data", "a handler was given another object");
  world_handler_cb (instance, argument, token);
}

#define OBJECT_HANDLER(n)                             \
  static void                                         \
  object_handler_ ## n (gpointer       instance,      \
                        WorldArgument *argument,      \
                        GObject       *object)        \
  {                                                   \
    call_object_handler (n, instance, argument, object); \
  }

OBJECT_HANDLER (0) OBJECT_HANDLER (1) OBJECT_HANDLER (2) OBJECT_HANDLER (3)
OBJECT_HANDLER (4) OBJECT_HANDLER (5) OBJECT_HANDLER (6) OBJECT_HANDLER (7)
OBJECT_HANDLER (8) OBJECT_HANDLER (9) OBJECT_HANDLER (10) OBJECT_HANDLER (11)
OBJECT_HANDLER (12) OBJECT_HANDLER (13) OBJECT_HANDLER (14) OBJECT_HANDLER (15)

/* Which one to connect for the thing. */
GCallback
world_object_handler (int thing)
{
  static const GCallback functions[WORLD_MAX_OBJECT_HANDLERS] = {
    G_CALLBACK (object_handler_0), G_CALLBACK (object_handler_1),
    G_CALLBACK (object_handler_2), G_CALLBACK (object_handler_3),
    G_CALLBACK (object_handler_4), G_CALLBACK (object_handler_5),
    G_CALLBACK (object_handler_6), G_CALLBACK (object_handler_7),
    G_CALLBACK (object_handler_8), G_CALLBACK (object_handler_9),
    G_CALLBACK (object_handler_10), G_CALLBACK (object_handler_11),
    G_CALLBACK (object_handler_12), G_CALLBACK (object_handler_13),
    G_CALLBACK (object_handler_14), G_CALLBACK (object_handler_15),
  };

  object_handlers[world.n_object_handlers] = thing;

  return functions[world.n_object_handlers++];
}

void
world_swapped_cb (gpointer       data,
                  WorldArgument *argument,
                  gpointer       instance)
{
  world_handler_cb (instance, argument, data);
}

gboolean
world_source_cb (gpointer data)
{
  WorldToken *token = data;
  gboolean goes_on;

  check_running (token);
  model_call_source (token->number);
  world_trace ("source %d", token->number);
  world_compare ();
  world_script (token->script);

  goes_on = token->budget-- > 0;
  world_trace ("source %d returns %s", token->number, goes_on ? "CONTINUE" : "REMOVE");
  model_returned (goes_on);

  return goes_on ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

gboolean
world_timer_cb (gpointer data)
{
  WorldToken *token = data;
  gboolean goes_on;

  check_running (token);
  model_call_timer (token->number);
  world_trace ("timer %d", token->number);
  world_compare ();
  world_script (token->script);

  goes_on = token->budget-- > 0;
  world_trace ("timer %d returns %s", token->number, goes_on ? "CONTINUE" : "REMOVE");
  model_returned (goes_on);

  return goes_on ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

void
world_debounce_cb (gpointer data)
{
  WorldToken *token = data;

  check_running (token);
  model_call_timer (token->number);
  world_trace ("debounce %d", token->number);
  world_compare ();
  world_script (token->script);

  world_trace ("debounce %d returns", token->number);
  model_returned (true);
}

void
world_progress_cb (goffset  current,
                   goffset  total,
                   gpointer data)
{
  WorldToken *token = data;

  check_running (token);
  if (current != 1 || total != 2)
    world_fail ("data", "progress was told with other numbers");
  model_call_progress (token->number);
  world_trace ("progress of operation %d", model.things[token->number].operation);
  world_compare ();
  world_script (token->script);
  model_returned (false);
}

void
world_ready_cb (GObject      *source_object,
                GAsyncResult *result,
                gpointer      data)
{
  WorldToken *token = data;

  check_running (token);
  if (source_object != NULL || ((FuzzResult *) result)->token != token)
    world_fail ("data", "the callback of an operation was given another result");

  model_call_operation (token->number);
  world_trace ("callback of operation %d", token->number);
  world_compare ();
  world_script (token->script);
  if (model.things[token->number].fails)
    {
      world_trace ("fail (operation %d)", token->number);
      model_operation_failed (token->number);
      n_failures++;
      lifecycle_operation_fail (token->operation,
                                g_error_new (FUZZ_ERROR, token->number, "operation %d", token->number));
    }
  model_returned (false);
}

/* Whether the message tells of the operation as one that was under way, and not of its failure. */
static gboolean
names_straggler (const char *message,
                 int         number)
{
  g_autofree char *name = world_operation_name (number);
  g_autofree char *what = g_strdup_printf ("operation '%s', ", name);

  return strstr (message, what) != NULL;
}

/* Those that are not waited for are named. */
static void
compare_outcome (int           number,
                 const GError *error)
{
  const ModelThing *thing = &model.things[number];
  gboolean timed_out = g_error_matches (error, LIFECYCLE_ERROR, LIFECYCLE_ERROR_TIMED_OUT);
  int overdue = model_is_overdue (number);

  if (overdue >= 0 && overdue != timed_out)
    world_fail ("overdue", error != NULL ? error->message : "it was not waited for to the end");
  if (overdue == 0 &&
      !model.scopes[thing->home].error_unsure &&
      (error == NULL) != (model.scopes[thing->home].n_failed == 0))
    world_fail ("overdue", error != NULL ? error->message : "an error is missing");

  for (int i = 0; i < model.n_things && timed_out; i++)
    if (model.things[i].kind == MODEL_OPERATION)
      {
        int expected = model_is_straggler (i, number);

        if (expected >= 0 && expected != names_straggler (error->message, i))
          world_fail ("stragglers", error->message);
      }
}

/* Quoted, so that none is the beginning of another. */
char *
world_operation_name (int number)
{
  return g_strdup_printf ("'%d'", number);
}

void
world_closed_cb (GObject      *source_object,
                 GAsyncResult *result,
                 gpointer      data)
{
  WorldToken *token = data;
  LifecycleScope *scope = LIFECYCLE_SCOPE (source_object);
  g_autoptr (GError) error = NULL;
  gboolean is_drain = g_async_result_is_tagged (result, lifecycle_scope_drain_async);
  gboolean fine = (is_drain ? lifecycle_scope_drain_finish
                            : lifecycle_scope_close_finish) (scope, result, &error);
  gboolean cancelled = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  check_running (token);
  if (world_find_scope (scope) != model.things[token->number].home)
    world_fail ("data", "close_async() tells of another scope");

  model_call_waiter (token->number, cancelled);
  world_trace ("close_async %d: %s", token->number, fine ? "TRUE" : error->message);
  if (!cancelled)
    compare_outcome (token->number, error);
  world_compare ();
  world_script (token->script);
  model_returned (false);
}

void
world_operation_cancelled_cb (GCancellable *cancellable,
                              gpointer      data)
{
  WorldToken *token = data;

  check_running (token);
  model_call_operation_cancelled (token->number);
  world_trace ("cancelled of operation %d", token->number);
  world_compare ();
  world_script (token->script);
  model_returned (false);
}

void
world_phase_cb (LifecycleScope *run,
                gpointer        data)
{
  WorldToken *token = data;
  int number;

  check_running (token);
  if (world_find_scope (run) >= 0)
    world_fail ("data", "a phase was given an old scope");

  number = model_call_phase (token->number);
  world_trace ("phase %d, run is scope %d", token->number, number);
  world_watch_scope (number, run, (guint8) (token->budget & 0x3f));
  world_compare ();
  world_script (token->script);
  model_returned (false);
}

void
world_notify_cb (gpointer data)
{
  WorldToken *token = data;

  check_running (token);
  model_call_notify (token->number);
  world_trace ("notify of %d", token->number);
  world_compare ();
  world_script (token->script);
  model_returned (false);
}

void
world_closure_notify_cb (gpointer  data,
                         GClosure *closure)
{
  world_notify_cb (data);
}

void
world_cleanup_cb (LifecycleScope   *scope,
                  LifecycleReason   reason,
                  gpointer          data,
                  GError          **error)
{
  WorldToken *token = data;
  int number = world_find_scope (scope);

  check_running (token);
  if (number < 0)
    world_fail ("data", "a cleanup was given an unknown scope");

  model_call_cleanup (token->number, number, (ModelReason) reason);
  world_trace ("cleanup %d of scope %d", token->number, number);
  world_compare ();
  world_script (token->script);

  if (model.things[token->number].fails)
    {
      model_cleanup_failed (token->number, number);
      n_failures++;
      g_set_error (error, FUZZ_ERROR, token->number, "cleanup %d", token->number);
    }
  model_returned (false);
}

static void
closing_cb (LifecycleScope  *scope,
            LifecycleReason  reason,
            gpointer         data)
{
  WorldScope *self = data;
  int number = (int) (self - world.scopes);
  int outer = world.closing;

  model_call_closing (number, (ModelReason) reason);
  world_trace ("closing of scope %d, reason %d", number, (int) reason);
  world_compare ();
  world.closing = number;
  world_script (self->on_closing);
  world.closing = outer;
  model_returned (false);
}

static void
closed_cb (LifecycleScope  *scope,
           LifecycleReason  reason,
           gpointer         data)
{
  WorldScope *self = data;
  int number = (int) (self - world.scopes);

  model_call_closed (number, (ModelReason) reason);
  world_trace ("closed of scope %d, reason %d", number, (int) reason);
  world_compare ();
  world_script (self->on_closed);
  model_returned (false);
}

static void
limit_reached_cb (LifecycleScope *scope,
                  guint           n_entries,
                  gpointer        data)
{
  WorldScope *self = data;
  int number = (int) (self - world.scopes);

  model_call_limit (number, (int) n_entries);
  world_trace ("limit-reached of scope %d, %u entries", number, n_entries);
  world_compare ();
  world_script (self->on_limit);
  model_returned (false);
}

static void
cancelled_cb (GCancellable *cancellable,
              gpointer      data)
{
  WorldCancellable *self = data;
  int number = (int) (self - world.cancellables);

  model_call_cancelled (number);
  world_trace ("cancelled of cancellable %d", number);
  world_compare ();
  world_script (self->on_cancelled);
  model_returned (false);
}

/* What was met */

int
world_find_scope (LifecycleScope *scope)
{
  for (int i = 0; i < model.n_scopes; i++)
    if (world.scopes[i].scope == scope)
      return i;

  return MODEL_NONE;
}

static void
scope_finalized_cb (gpointer data)
{
  WorldScope *self = data;

  world_trace ("finalize of scope %d", (int) (self - world.scopes));
  self->scope = NULL;
}

void
world_watch_scope (int             number,
                   LifecycleScope *scope,
                   guint8          scripts)
{
  WorldScope *self = &world.scopes[number];

  if (self->scope == NULL)
    {
      self->scope = scope;
      self->on_closing = scripts & 7;
      self->on_closed = (scripts >> 3) & 7;
      g_object_set_data_full (G_OBJECT (scope), "fuzz", self, scope_finalized_cb);

      if (model.scopes[number].state == MODEL_OPEN)
        {
          model.scopes[number].watched = true;
          g_signal_connect (scope, "closing", G_CALLBACK (closing_cb), self);
          g_signal_connect (scope, "closed", G_CALLBACK (closed_cb), self);
          g_signal_connect (scope, "limit-reached", G_CALLBACK (limit_reached_cb), self);
        }
    }

  if (!self->visible)
    {
      self->visible = TRUE;
      model.scopes[number].n_refs++;
      g_object_ref (scope);
    }
}

int
world_find_cancellable (GCancellable *cancellable)
{
  for (int i = 0; i < model.n_cancellables; i++)
    if (world.cancellables[i].cancellable == cancellable)
      return i;

  return MODEL_NONE;
}

void
world_watch_cancellable (int           number,
                         GCancellable *cancellable,
                         int           script)
{
  WorldCancellable *self = &world.cancellables[number];

  self->cancellable = g_object_ref (cancellable);
  self->on_cancelled = script;
  if (!g_cancellable_is_cancelled (cancellable))
    {
      model.cancellables[number].watched = true;
      g_signal_connect (cancellable, "cancelled", G_CALLBACK (cancelled_cb), self);
    }
}

/* Comparing */

void
world_differ (const char *rule,
              const char *format,
              ...)
{
  char message[256];
  va_list args;

  va_start (args, format);
  vsnprintf (message, sizeof message, format, args);
  va_end (args);
  world_fail (rule, message);
}

static void
compare_scope (int number)
{
  const ModelScope *expected = &model.scopes[number];
  LifecycleScope *scope = world.scopes[number].scope;
  int state = (int) lifecycle_scope_get_state (scope);
  int reason = (int) lifecycle_scope_get_reason (scope);
  int n = (int) lifecycle_scope_get_n_entries (scope);
  int least;
  int most;

  /* It closed before anybody could listen, in a circle, where no order is promised. */
  if (!expected->watched && expected->state == MODEL_CLOSING && state == LIFECYCLE_STATE_CLOSED)
    return;
  if (state != (int) expected->state)
    world_differ ("state", "scope %d has the state %d, %d expected", number, state, expected->state);
  if (lifecycle_scope_is_closed (scope) != (state == LIFECYCLE_STATE_CLOSED))
    world_differ ("state", "scope %d: state %d, and is_closed says otherwise", number, state);
  if ((expected->reasons & (1u << reason)) == 0)
    world_differ ("reason", "scope %d has the reason %d, one of 0x%x expected", number, reason,
                  expected->reasons);
  if (lifecycle_scope_is_draining (scope) != (state == LIFECYCLE_STATE_OPEN && expected->draining))
    world_differ ("draining", "scope %d is %sbeing drained", number,
                  expected->draining ? "not " : "");
  if (model.n_frames == 0 && model_get_scope_remaining (number) != -2 &&
      lifecycle_scope_get_remaining (scope) != model_get_scope_remaining (number))
    world_differ ("remaining", "scope %d: %d ms remain, %d expected", number,
                  (int) lifecycle_scope_get_remaining (scope),
                  (int) model_get_scope_remaining (number));
  if (model_counts_entries (number, &least, &most) && (n < least || n > most))
    world_differ ("n-entries", "scope %d has %d entries, %d to %d expected", number, n, least, most);
  if (expected->detail != NULL &&
      g_strcmp0 (lifecycle_scope_get_reason_detail (scope), expected->detail) != 0)
    world_differ ("detail", "scope %d has the detail \"%s\", \"%s\" expected", number,
                  lifecycle_scope_get_reason_detail (scope), expected->detail);

  if (state == LIFECYCLE_STATE_CLOSED && !expected->error_unsure)
    {
      const GError *error = lifecycle_scope_get_error (scope);
      GQuark domain = expected->n_failed == 0 ? 0 :
                      expected->n_failed == 1 ? FUZZ_ERROR : LIFECYCLE_ERROR;

      if ((error != NULL ? error->domain : 0) != domain)
        world_differ ("error", "scope %d, %d failures: \"%s\"", number, expected->n_failed,
                      error != NULL ? error->message : "(none)");
    }

  if (state == LIFECYCLE_STATE_OPEN)
    {
      int parent = expected->as_child >= 0 ? expected->parent : MODEL_NONE;

      while (parent >= 0 && model.scopes[parent].ghost)
        parent = model.scopes[parent].parent;
      if (lifecycle_scope_get_parent (scope) !=
          (parent >= 0 ? world.scopes[parent].scope : NULL) &&
          (parent < 0 || model.scopes[parent].bound))
        world_differ ("parent", "scope %d has another parent than scope %d", number, parent);
    }
}

static void
compare_handler (int         number,
                 WorldToken *token)
{
  int instance = model.things[number].instance;
  GObject *object = instance >= 0 ? world.instances[instance].object : NULL;
  int expected;

  if (token->id == 0 || object == NULL)
    return;

  expected = model_is_connected (number);
  if (expected >= 0 && g_signal_handler_is_connected (object, token->id) != expected)
    world_differ ("connected", "handler %d on instance %d is %s", number, instance,
                  expected ? "not connected" : "still connected");
}

static void
compare_operation (int         number,
                   WorldToken *token)
{
  const ModelThing *thing = &model.things[number];
  GCancellable *cancellable;

  if (token->address == NULL || thing->ended)
    return;

  cancellable = lifecycle_operation_get_cancellable (token->address);
  if (thing->cancelled && !g_cancellable_is_cancelled (cancellable))
    world_differ ("cancelled", "operation %d is not cancelled", number);
  if ((thing->live || thing->shielded) && g_cancellable_is_cancelled (cancellable))
    world_differ ("cancelled", "operation %d is cancelled", number);
  if (lifecycle_operation_get_shielded (token->address) != thing->shielded)
    world_differ ("shielded", "operation %d is %s", number,
                  thing->shielded ? "not shielded" : "shielded");
  if (lifecycle_operation_get_age (token->address) != (model.now - thing->began_at) / 1000)
    world_differ ("age", "operation %d is %d ms old", number,
                  (int) lifecycle_operation_get_age (token->address));
}

static void
compare_timer (int         number,
               WorldToken *token)
{
  const ModelThing *thing = &model.things[number];
  LifecycleTimer *timer = token->address;

  if (!token->held)
    return;

  if (lifecycle_timer_is_active (timer) != thing->live)
    world_differ ("active", "timer %d is %s", number, thing->live ? "not active" : "active");
  if (lifecycle_timer_get_remaining (timer) != model_get_remaining (number))
    world_differ ("remaining", "timer %d: %d ms remain, %d expected", number,
                  (int) lifecycle_timer_get_remaining (timer), (int) model_get_remaining (number));
  if (lifecycle_timer_get_n_calls (timer) != thing->n_timed)
    world_differ ("n-calls", "timer %d was called %u times, %u expected", number,
                  lifecycle_timer_get_n_calls (timer), thing->n_timed);
  if ((gint64) lifecycle_timer_get_interval (timer) * 1000 != thing->interval)
    world_differ ("interval", "timer %d has the interval %u", number,
                  lifecycle_timer_get_interval (timer));
}

static void
compare_source (int         number,
                WorldToken *token)
{
  int expected;

  if (!token->held)
    return;

  expected = model_is_destroyed (number);
  if (expected >= 0 && g_source_is_destroyed (token->address) != expected)
    world_differ ("destroyed", "source %d is %s", number,
                  expected ? "not destroyed" : "destroyed");
}

static void
compare_thing (int number)
{
  WorldToken *token = &world.tokens[number];

  switch (model.things[number].kind)
    {
    case MODEL_HANDLER:
      compare_handler (number, token);
      break;

    case MODEL_SOURCE:
      compare_source (number, token);
      break;

    case MODEL_TIMER:
      compare_timer (number, token);
      break;

    case MODEL_OPERATION:
      compare_operation (number, token);
      break;

    case MODEL_BINDING:
    case MODEL_MONITOR:
    case MODEL_FILE:
      world_compare_resource (number);
      break;

    case MODEL_OBJECT:
    case MODEL_DATA:
    case MODEL_CLEANUP:
    case MODEL_CHILD:
    case MODEL_DEADLINE:
    case MODEL_WAITER:
    case MODEL_PHASE:
    case MODEL_KEPT:
      break;
    }
}

/* Called at each event. */
void
world_compare (void)
{
  for (int i = 0; i < model.n_scopes; i++)
    if (world.scopes[i].visible)
      compare_scope (i);

  for (int i = 0; i < model.n_things; i++)
    compare_thing (i);

  for (int i = 0; i < model.n_cancellables; i++)
    if (model.cancellables[i].cancelled &&
        !g_cancellable_is_cancelled (world.cancellables[i].cancellable))
      world_differ ("cancelled", "cancellable %d is not cancelled", i);

  if (model.n_frames > 0)
    return;

  for (int i = 0; i < model.n_instances; i++)
    if (world.instances[i].object != NULL &&
        ((int) world.instances[i].object->ref_count < model.instances[i].n_refs ||
         (int) world.instances[i].object->ref_count >
         model.instances[i].n_refs + model_count_maybe_held (i)))
      world_differ ("references", "instance %d has %u references, %d expected", i,
                    world.instances[i].object->ref_count, model.instances[i].n_refs);
}

static bool
is_connected (int number)
{
  GObject *instance = world.instances[model.things[number].instance].object;

  return instance != NULL && g_signal_handler_is_connected (instance, world.tokens[number].id);
}

static bool
is_cancelled (int number)
{
  return g_cancellable_is_cancelled (world.cancellables[number].cancellable);
}

static bool
is_closed (int number)
{
  LifecycleScope *scope = world.scopes[number].scope;

  return scope == NULL || lifecycle_scope_is_closed (scope);
}

static bool
is_there (int number)
{
  return world_is_there (number);
}

/* Runs */

void
world_init (void)
{
  static gboolean done;
  g_autoptr (LifecycleScope) scope = NULL;

  if (done)
    return;

  done = TRUE;
  fuzz_clock_init ();
  world_init_operations ();
  scope = lifecycle_scope_new ("first");
  model_hooks = (ModelHooks) { world_fail, is_connected, is_cancelled, is_closed, is_there };
  g_log_set_writer_func (log_writer_cb, NULL, NULL);
  world_tracing = g_getenv ("FUZZ_TRACE") != NULL;
  g_type_class_ref (fuzz_object_get_type ());

  /* The source of the timers comes before all others. */
  lifecycle_scope_add_timeout (scope, 0, world_timer_cb, NULL, NULL);
  lifecycle_scope_close (scope);
}

void
world_begin_run (void)
{
  for (int i = 0; i < model.n_scopes; i++)
    world.scopes[i] = (WorldScope) { 0 };
  for (int i = 0; i < model.n_instances; i++)
    world.instances[i] = (WorldInstance) { 0 };
  for (int i = 0; i < model.n_things; i++)
    world.tokens[i] = (WorldToken) { 0 };
  for (int i = 0; i < model.n_cancellables; i++)
    world.cancellables[i] = (WorldCancellable) { 0 };

  world.began = fuzz_clock_now ();
  world.depth = world.n_object_handlers = 0;
  world.closing = world.disposing = MODEL_NONE;
  model_reset ();
}

/* Everything has been given back: nothing may be left. */
void
world_end_run (void)
{
  world_compare ();

  for (int i = 0; i < model.n_things; i++)
    {
      ModelThing *thing = &model.things[i];

      if (thing->kind == MODEL_WAITER && thing->n_called != 1)
        world_differ ("waiter-missing", "the callback %d of close_async() was not called", i);
      if (thing->owner >= 0)
        world_differ ("left", "thing %d is still owned by scope %d", i, thing->owner);
      if (thing->has_notify && thing->n_notified != 1)
        world_differ ("notify-count", "the destroy notify of thing %d ran %d times", i,
                      thing->n_notified);
    }

  world_end_resources ();

  /* That would be a leak of the fuzzer, and nobody could tell it from one of the library. */
  for (int i = 0; i < model.n_things; i++)
    if (world.tokens[i].held ||
        (model.things[i].kind == MODEL_HANDLER && world.tokens[i].address != NULL))
      world_differ ("kept", "the fuzzer still has a reference on thing %d", i);

  for (int i = 0; i < model.n_cancellables; i++)
    {
      g_signal_handlers_disconnect_by_func (world.cancellables[i].cancellable, cancelled_cb,
                                            &world.cancellables[i]);
      if (G_OBJECT (world.cancellables[i].cancellable)->ref_count != 1)
        world_differ ("left", "cancellable %d has %u references", i,
                      G_OBJECT (world.cancellables[i].cancellable)->ref_count);
      g_object_unref (world.cancellables[i].cancellable);
    }

  for (int i = 0; i < model.n_scopes; i++)
    if (world.scopes[i].scope != NULL)
      world_differ ("left", "scope %d has not been finalized", i);

  for (int i = 0; i < model.n_instances; i++)
    if (world.instances[i].object != NULL)
      world_differ ("left", "instance %d has not been finalized", i);

  /* The main loop may wake up for a timer that is gone. */
  while (fuzz_clock_get_next () != -1)
    {
      if (fuzz_clock_get_next () > fuzz_clock_now ())
        fuzz_clock_advance (fuzz_clock_get_next () - fuzz_clock_now ());
      fuzz_clock_begin_iteration ();
      g_main_context_iteration (NULL, FALSE);
    }

  /* Or for a close_async() that is over, or for mail that nobody gets. */
  for (int i = 0; i < 3 && g_main_context_pending (NULL); i++)
    g_main_context_iteration (NULL, FALSE);

  if (g_main_context_pending (NULL))
    world_differ ("left", "a source is ready");
}
