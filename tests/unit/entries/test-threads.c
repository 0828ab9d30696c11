/* test-threads.c: queued and guarded handlers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

static GThread *home;

/* Something that stays inside a handler until it is told to leave. */
typedef struct
{
  TestEmitter *emitter;
  GThread     *thread;
  GThread     *destroyed_on;
  int          entered;
  int          go;
  int          left;
  int          destroyed;
} Stay;

static void
stay_cb (gpointer instance,
         gpointer data)
{
  Stay *stay = data;

  g_atomic_int_inc (&stay->entered);
  test_wait_for (g_atomic_int_get (&stay->go) >= 1);
  g_atomic_int_inc (&stay->left);
}

static void
stay_destroy (gpointer  data,
              GClosure *closure)
{
  Stay *stay = data;

  /* Nobody is inside any more. */
  g_assert_cmpint (g_atomic_int_get (&stay->entered), ==, g_atomic_int_get (&stay->left));
  stay->destroyed_on = g_thread_self ();
  g_atomic_int_inc (&stay->destroyed);
}

static gpointer
stay_thread (gpointer data)
{
  Stay *stay = data;

  test_emit (stay->emitter, "plain");
  return NULL;
}

static LifecycleScope *
stay_begin (Stay                  *stay,
            LifecycleConnectFlags  flags)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");

  memset (stay, 0, sizeof *stay);
  home = g_thread_self ();
  stay->emitter = test_emitter_new ();
  lifecycle_scope_connect_full (scope, stay->emitter, "plain", G_CALLBACK (stay_cb), stay,
                                stay_destroy, LIFECYCLE_CONNECT_GUARDED | flags);
  stay->thread = g_thread_new ("emit", stay_thread, stay);
  test_wait_for (g_atomic_int_get (&stay->entered) >= 1);

  return scope;
}

static void
stay_let_go (Stay *stay)
{
  g_atomic_int_set (&stay->go, 1);
  g_thread_join (stay->thread);
}

static void
stay_end (Stay           *stay,
          LifecycleScope *scope)
{
  g_assert_cmpint (stay->destroyed, ==, 1);
  g_assert_false (test_has_handlers (stay->emitter, "plain"));
  test_drain ();
  g_assert_finalize_object (scope);
  g_assert_finalize_object (stay->emitter);
}

/* The end of a close_async(). */
typedef struct
{
  int     done;
  GError *error;
  int    *after;        /* what has to be through before */
  int     at_least;
} Wait;

static void
wait_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      data)
{
  Wait *wait = data;

  g_assert_true (g_thread_self () == home);
  g_assert_cmpint (wait->done, ==, 0);
  if (wait->after != NULL)
    g_assert_cmpint (g_atomic_int_get (wait->after), >=, wait->at_least);
  lifecycle_scope_close_finish (LIFECYCLE_SCOPE (source), result, &wait->error);
  wait->done++;
}

static void
close_async (LifecycleScope *scope,
             guint           timeout_ms,
             Wait           *wait)
{
  lifecycle_scope_close_async (scope, LIFECYCLE_REASON_SHUTDOWN, timeout_ms, NULL, wait_cb, wait);
}

/* Runs the main loop for long enough that what should not happen would have happened. */
static void
linger (void)
{
  gint64 end = g_get_monotonic_time () + 20 * 1000;

  while (g_get_monotonic_time () < end)
    {
      if (!g_main_context_iteration (NULL, FALSE))
        g_usleep (500);
    }
}

static void
emit_plain (gpointer emitter)
{
  test_emit (emitter, "plain");
}

static gpointer
emit_thread (gpointer emitter)
{
  test_emit (emitter, "plain");
  return NULL;
}

static void
emit_elsewhere (gpointer emitter)
{
  test_in_thread (emit_plain, emitter);
}

static void
home_count_cb (gpointer instance,
               gpointer counter)
{
  g_assert_true (g_thread_self () == home);
  ++*(int *) counter;
}

static void
home_count_destroy (gpointer  counter,
                    GClosure *closure)
{
  g_assert_true (g_thread_self () == home);
  ++*(int *) counter;
}

/* What most tests begin with, and end with. */
typedef struct
{
  LifecycleScope *scope;
  TestEmitter    *emitter;
} Pair;

static Pair
pair_new (void)
{
  Pair pair = { lifecycle_scope_new ("scope"), test_emitter_new () };

  home = g_thread_self ();
  return pair;
}

static void
pair_end (Pair *pair)
{
  g_assert_cmpuint (lifecycle_scope_get_n_entries (pair->scope), ==, 0);
  test_drain ();
  g_assert_false (test_has_handlers (pair->emitter, "plain"));
  g_assert_finalize_object (pair->scope);
  g_assert_finalize_object (pair->emitter);
}

/* ---- queued ---- */

static void
test_queued_elsewhere (void)
{
  Pair pair = pair_new ();
  int ran = 0, destroyed = 0;
  gulong id;

  id = lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain", G_CALLBACK (home_count_cb),
                                     &ran, NULL, LIFECYCLE_CONNECT_QUEUED);
  lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                G_CALLBACK (test_count_handler_cb), &destroyed, home_count_destroy,
                                LIFECYCLE_CONNECT_QUEUED);
  g_assert_cmpuint (id, >, 0);
  g_assert_true (test_is_connected (pair.emitter, id));
  emit_elsewhere (pair.emitter);
  emit_elsewhere (pair.emitter);
  g_assert_cmpint (ran, ==, 0);
  test_drain ();
  g_assert_cmpint (ran, ==, 2);
  g_assert_cmpint (destroyed, ==, 2);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (pair.scope), ==, 2);

  /* At home too, it runs later. */
  test_emit (pair.emitter, "plain");
  g_assert_cmpint (ran, ==, 2);
  test_drain ();
  g_assert_cmpint (ran, ==, 3);

  g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 2);
  g_assert_cmpint (destroyed, ==, 4);
  g_assert_false (test_is_connected (pair.emitter, id));
  emit_elsewhere (pair.emitter);
  test_drain ();
  g_assert_cmpint (ran, ==, 3);
  pair_end (&pair);
}

/* All that a signal may carry. */
static guint all_signal;

#define ALL_TYPES(X)                                                                     \
  X (char, G_TYPE_CHAR, gchar)              X (uchar, G_TYPE_UCHAR, guchar)              \
  X (boolean, G_TYPE_BOOLEAN, gboolean)     X (int, G_TYPE_INT, gint)                    \
  X (uint, G_TYPE_UINT, guint)              X (long, G_TYPE_LONG, glong)                 \
  X (ulong, G_TYPE_ULONG, gulong)           X (int64, G_TYPE_INT64, gint64)              \
  X (uint64, G_TYPE_UINT64, guint64)        X (float, G_TYPE_FLOAT, gfloat)              \
  X (double, G_TYPE_DOUBLE, gdouble)        X (enum, LIFECYCLE_TYPE_STATE, gint)         \
  X (flags, G_TYPE_BINDING_FLAGS, guint)    X (pointer, G_TYPE_POINTER, gpointer)        \
  X (gtype, G_TYPE_GTYPE, GType)            X (string, G_TYPE_STRING, const char *)      \
  X (fixed, G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE, const char *)                    \
  X (strv, G_TYPE_STRV, char **)            X (bytes, G_TYPE_BYTES, GBytes *)            \
  X (fixed_strv, G_TYPE_STRV | G_SIGNAL_TYPE_STATIC_SCOPE, char **)                      \
  X (variant, G_TYPE_VARIANT, GVariant *)   X (object, G_TYPE_OBJECT, GObject *)         \
  X (interface, TEST_TYPE_BEEPER, GObject *) X (param, G_TYPE_PARAM, GParamSpec *)       \
  X (closure, G_TYPE_CLOSURE, GClosure *)

static void
all_cb (TestEmitter *emitter,
#define ALL_PARAMETER(name, type, ctype) ctype v_##name,
        ALL_TYPES (ALL_PARAMETER)
#undef ALL_PARAMETER
        gpointer counter)
{
  g_assert_true (g_thread_self () == home);
  g_assert_true (TEST_IS_EMITTER (emitter));
  ++*(int *) counter;

  if (v_int == 0)
    {
      g_assert_null (v_string);
      g_assert_null (v_fixed);
      g_assert_null (v_strv);
      g_assert_null (v_fixed_strv);
      g_assert_null (v_bytes);
      g_assert_null (v_variant);
      g_assert_null (v_object);
      g_assert_null (v_interface);
      g_assert_null (v_param);
      g_assert_null (v_closure);
      return;
    }

  g_assert_cmpint (v_char, ==, -7);
  g_assert_cmpint (v_uchar, ==, 200);
  g_assert_cmpint (v_boolean, ==, TRUE);
  g_assert_cmpint (v_int, ==, G_MININT);
  g_assert_cmpuint (v_uint, ==, G_MAXUINT);
  g_assert_true (v_long == G_MINLONG);
  g_assert_true (v_ulong == G_MAXULONG);
  g_assert_true (v_int64 == G_MININT64);
  g_assert_true (v_uint64 == G_MAXUINT64);
  g_assert_true (v_float == 0.5f);
  g_assert_true (v_double == 0.25);
  g_assert_cmpint (v_enum, ==, LIFECYCLE_STATE_CLOSED);
  g_assert_cmpuint (v_flags, ==, G_BINDING_SYNC_CREATE);
  g_assert_true (v_pointer == counter);
  g_assert_true (v_gtype == TEST_TYPE_EMITTER);
  /* What the emitter had in its hands is long overwritten and freed. */
  g_assert_cmpstr (v_string, ==, "text");
  g_assert_cmpstr (v_fixed, ==, "fixed");
  g_assert_cmpstr (v_strv[0], ==, "a");
  g_assert_cmpstr (v_strv[1], ==, "b");
  g_assert_null (v_strv[2]);
  g_assert_cmpstr (v_fixed_strv[0], ==, "c");
  g_assert_cmpuint (g_bytes_get_size (v_bytes), ==, 3);
  g_assert_cmpint (g_variant_get_int32 (v_variant), ==, 42);
  g_assert_true (TEST_IS_EMITTER (v_object));
  g_assert_true (TEST_IS_BEEPER (v_interface));
  g_assert_cmpstr (v_param->name, ==, "parameter");
  g_assert_nonnull (v_closure);
}

static void
all_emit_empty (gpointer emitter)
{
  g_signal_emit (emitter, all_signal, 0, 0, 0, FALSE, 0, 0, 0L, 0UL, (gint64) 0, (guint64) 0, 0.0,
                 0.0, 0, 0, NULL, G_TYPE_INVALID, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                 NULL, NULL);
}

static void
all_emit (gpointer data)
{
  gpointer *args = data;
  char *text = g_strdup ("text");
  char *fixed = g_strdup ("fixed");
  char **strv = g_strsplit ("a b", " ", 0);
  char **fixed_strv = g_strsplit ("c d", " ", 0);
  GBytes *bytes = g_bytes_new ("xyz", 3);
  GObject *object = g_object_new (TEST_TYPE_EMITTER, NULL);
  GObject *beeper = g_object_new (TEST_TYPE_EMITTER, NULL);
  GParamSpec *param = g_param_spec_ref_sink (g_param_spec_int ("parameter", NULL, NULL, 0, 9, 0,
                                                               G_PARAM_READWRITE));
  GClosure *closure = g_cclosure_new (G_CALLBACK (test_nothing), NULL, NULL);

  g_closure_ref (closure);
  g_closure_sink (closure);
  test_count_finalize (object, args[1]);
  test_count_finalize (beeper, args[1]);
  g_signal_emit (args[0], all_signal, 0, -7, 200, TRUE, G_MININT, G_MAXUINT, G_MINLONG, G_MAXULONG,
                 G_MININT64, G_MAXUINT64, 0.5, 0.25, LIFECYCLE_STATE_CLOSED, G_BINDING_SYNC_CREATE,
                 args[2], TEST_TYPE_EMITTER, text, fixed, strv, bytes, fixed_strv,
                 g_variant_new_int32 (42), object, beeper, param, closure);
  memset (text, 'X', strlen (text));
  memset (fixed, 'X', strlen (fixed));
  fixed_strv[0][0] = 'X';
  strv[0][0] = 'X';
  g_free (text);
  g_free (fixed);
  g_strfreev (strv);
  g_strfreev (fixed_strv);
  g_bytes_unref (bytes);
  g_object_unref (object);
  g_object_unref (beeper);
  g_param_spec_unref (param);
  g_closure_unref (closure);
}

static void
test_queued_types (void)
{
  Pair pair = pair_new ();
  int ran = 0, finalized = 0;
  gpointer args[] = { pair.emitter, &finalized, &ran };
  guint round;

  for (round = 0; round < 2; round++)
    {
      lifecycle_scope_connect_full (pair.scope, pair.emitter, "all", G_CALLBACK (all_cb), &ran,
                                    NULL, LIFECYCLE_CONNECT_QUEUED);
      test_in_thread (all_emit, args);
      test_in_thread (all_emit_empty, pair.emitter);
      g_assert_cmpint (finalized, ==, (int) round * 2);
      if (round == 0)
        test_drain ();
      lifecycle_scope_clear (pair.scope);
      g_assert_cmpint (ran, ==, 2);
      g_assert_cmpint (finalized, ==, (int) round * 2 + 2);
    }
  lifecycle_scope_close (pair.scope);
  pair_end (&pair);
}

static void
home_hook (gpointer counter)
{
  g_assert_true (g_thread_self () == home);
  ++*(int *) counter;
}

static void
emit_object (gpointer data)
{
  TestEmitter *emitter = data;
  TestEmitter *object = test_emitter_new ();

  object->on_dispose = object->on_finalize = home_hook;
  object->hook_data = emitter->hook_data;
  g_signal_emit_by_name (emitter, "params", 1, "one", object);
  g_object_unref (object);
}

/* The last reference of an argument goes at home, whether the message is delivered or not. */
static void
test_queued_object_argument (void)
{
  enum { DELIVER, CLOSE, CLEAR, DROP, CHILD, ELSEWHERE, N_WAYS };

  for (guint way = 0; way < N_WAYS; way++)
    {
      Pair pair = pair_new ();
      LifecycleScope *child = lifecycle_scope_new_child (pair.scope, "child");
      int gone = 0;

      pair.emitter->hook_data = &gone;
      lifecycle_scope_connect_full (child, pair.emitter, "params", G_CALLBACK (test_nothing),
                                    NULL, NULL, LIFECYCLE_CONNECT_QUEUED);
      test_in_thread (emit_object, pair.emitter);
      test_in_thread (emit_object, pair.emitter);
      g_assert_cmpint (gone, ==, 0);
      switch (way)
        {
        case DELIVER:
          test_drain ();
          break;
        case CLOSE:
          lifecycle_scope_close (child);
          break;
        case CLEAR:
          lifecycle_scope_clear (child);
          break;
        case DROP:
          lifecycle_scope_close (pair.scope);
          break;
        case CHILD:
          lifecycle_scope_clear (pair.scope);
          break;
        default:
          test_in_thread ((TestFunc) lifecycle_scope_close, child);
          g_assert_cmpint (gone, ==, 0);
          test_drain ();
        }
      g_assert_cmpint (gone, ==, 4);
      lifecycle_scope_close (child);
      lifecycle_scope_close (pair.scope);
      test_drain ();
      g_assert_finalize_object (child);
      pair_end (&pair);
    }
}

static void
emit_and_unref (gpointer emitter)
{
  test_emit (emitter, "plain");
  g_object_unref (emitter);
}

/* The emitter is an argument as well: what is pending keeps it, and lets go of it at home. */
static void
test_queued_emitter_argument (void)
{
  for (guint deliver = 0; deliver < 2; deliver++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      TestEmitter *emitter = test_emitter_new ();
      int gone = 0, ran = 0, destroyed = 0;

      home = g_thread_self ();
      emitter->on_dispose = emitter->on_finalize = home_hook;
      emitter->hook_data = &gone;
      lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (home_count_cb), &ran, NULL,
                                    LIFECYCLE_CONNECT_QUEUED);
      lifecycle_scope_connect_full (scope, emitter, "late", G_CALLBACK (home_count_cb), &destroyed,
                                    home_count_destroy, LIFECYCLE_CONNECT_QUEUED);
      test_in_thread (emit_and_unref, emitter);
      g_assert_cmpint (gone, ==, 0);
      if (deliver)
        {
          test_drain ();
          g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
        }
      g_assert_cmpuint (lifecycle_scope_close (scope), ==, deliver ? 0 : 2);
      g_assert_cmpint (ran, ==, (int) deliver);
      g_assert_cmpint (gone, ==, 2);
      g_assert_cmpint (destroyed, ==, 1);
      test_drain ();
      g_assert_finalize_object (scope);
    }
}

#define MANY 50000

static void
emit_many (gpointer data)
{
  TestEmitter *emitter = data;

  for (int i = 0; i < MANY; i++)
    g_signal_emit_by_name (emitter, "params", i, "many", NULL);
}

static void
many_cb (TestEmitter *emitter,
         int          number,
         const char  *text,
         GObject     *object,
         gpointer     next)
{
  g_assert_cmpint (number, ==, *(int *) next);
  ++*(int *) next;
}

/* More than a GClosure has references for. */
static void
test_queued_many (void)
{
  for (guint deliver = 0; deliver < 2; deliver++)
    {
      Pair pair = pair_new ();
      int next = 0, destroyed = 0;

      lifecycle_scope_connect_full (pair.scope, pair.emitter, "params", G_CALLBACK (many_cb), &next,
                                    NULL, LIFECYCLE_CONNECT_QUEUED);
      lifecycle_scope_connect_closure (pair.scope, G_OBJECT (pair.emitter), "params",
                                       g_cclosure_new (G_CALLBACK (test_nothing), &destroyed,
                                                       test_count_closure_notify),
                                       LIFECYCLE_CONNECT_QUEUED);
      test_in_thread (emit_many, pair.emitter);
      g_assert_cmpuint (G_OBJECT (pair.emitter)->ref_count, ==, 2 * MANY + 1);
      if (deliver)
        test_drain ();
      g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 2);
      g_assert_cmpint (next, ==, deliver ? MANY : 0);
      g_assert_cmpint (destroyed, ==, 1);
      g_assert_cmpuint (G_OBJECT (pair.emitter)->ref_count, ==, 1);
      pair_end (&pair);
    }
}

/* One line for all handlers of a scope, whatever the signal and the emitter. */
typedef struct
{
  TestEmitter *emitters[2];
} Order;

static void
order_emit (gpointer data)
{
  Order *order = data;

  test_emit (order->emitters[0], "plain");
  test_emit (order->emitters[1], "detailed::red");
  g_signal_emit_by_name (order->emitters[0], "params", 5, "five", order->emitters[0]);
  test_emit (order->emitters[1], "plain");
  g_object_set (order->emitters[1], "value", 3, NULL);
  test_emit (order->emitters[0], "beep");
}

static void
order_notify_cb (GObject    *object,
                 GParamSpec *pspec,
                 gpointer    word)
{
  test_log ("%s-%s", (const char *) word, pspec->name);
}

static void
order_params_cb (TestEmitter *emitter,
                 int          number,
                 const char  *text,
                 GObject     *object,
                 gpointer     word)
{
  test_log ("%s%d%s", (const char *) word, number, text);
}

static void
test_queued_order (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  Order order = { { test_emitter_new (), test_emitter_new () } };
  static const char *const plain[] = { "plain0", "plain1" };
  static const char *const beep[] = { "beep0", "beep1" };

  home = g_thread_self ();
  for (guint i = 0; i < 2; i++)
    {
      lifecycle_scope_connect_full (scope, order.emitters[i], "beep",
                                    G_CALLBACK (test_log_handler_cb), (gpointer) beep[i], NULL,
                                    LIFECYCLE_CONNECT_QUEUED);
      lifecycle_scope_connect_full (scope, order.emitters[i], "notify::value",
                                    G_CALLBACK (order_notify_cb), (gpointer) "notify", NULL,
                                    LIFECYCLE_CONNECT_QUEUED);
      lifecycle_scope_connect_full (scope, order.emitters[i], "params",
                                    G_CALLBACK (order_params_cb), (gpointer) "params", NULL,
                                    LIFECYCLE_CONNECT_QUEUED);
      lifecycle_scope_connect_full (scope, order.emitters[i], "detailed::red",
                                    G_CALLBACK (test_log_handler_cb), (gpointer) "red", NULL,
                                    LIFECYCLE_CONNECT_QUEUED);
      lifecycle_scope_connect_full (scope, order.emitters[i], "detailed::blue",
                                    G_CALLBACK (test_never_handler_cb), NULL, NULL,
                                    LIFECYCLE_CONNECT_QUEUED);
      lifecycle_scope_connect_full (scope, order.emitters[i], "plain",
                                    G_CALLBACK (test_log_handler_cb), (gpointer) plain[i], NULL,
                                    LIFECYCLE_CONNECT_QUEUED);
    }
  test_in_thread (order_emit, &order);
  test_assert_log ("");
  test_drain ();
  test_assert_log ("plain0 red params5five plain1 notify-value beep0");
  lifecycle_scope_close (scope);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (order.emitters[0]);
  g_assert_finalize_object (order.emitters[1]);
}

/* Several threads: each one's emissions come in its order. */
#define CROWD 4
#define CROWD_EACH 2000

typedef struct
{
  TestEmitter *emitter;
  int          first;
} CrowdMember;

static gpointer
crowd_thread (gpointer data)
{
  CrowdMember *member = data;

  for (int i = 0; i < CROWD_EACH; i++)
    g_signal_emit_by_name (member->emitter, "params", member->first + i, NULL, NULL);
  return NULL;
}

static void
crowd_cb (TestEmitter *emitter,
          int          number,
          const char  *text,
          GObject     *object,
          gpointer     data)
{
  int *next = data;

  g_assert_true (g_thread_self () == home);
  g_assert_cmpint (number % CROWD_EACH, ==, next[number / CROWD_EACH]);
  next[number / CROWD_EACH]++;
  next[CROWD]++;
}

static gboolean
crowd_done (gpointer data)
{
  return ((int *) data)[CROWD] == CROWD * CROWD_EACH;
}

static void
test_queued_crowd (void)
{
  Pair pair = pair_new ();
  CrowdMember members[CROWD];
  GThread *threads[CROWD];
  int next[CROWD + 1] = { 0 };

  lifecycle_scope_connect_full (pair.scope, pair.emitter, "params", G_CALLBACK (crowd_cb), next,
                                NULL, LIFECYCLE_CONNECT_QUEUED);
  for (int i = 0; i < CROWD; i++)
    {
      members[i] = (CrowdMember) { pair.emitter, i * CROWD_EACH };
      threads[i] = g_thread_new ("crowd", crowd_thread, &members[i]);
    }
  test_run_until (crowd_done, next);
  for (int i = 0; i < CROWD; i++)
    {
      g_thread_join (threads[i]);
      g_assert_cmpint (next[i], ==, CROWD_EACH);
    }
  lifecycle_scope_close (pair.scope);
  pair_end (&pair);
}

static void
test_queued_once (void)
{
  for (guint deliver = 0; deliver < 2; deliver++)
    {
      Pair pair = pair_new ();
      int ran = 0, destroyed = 0;

      lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain", G_CALLBACK (home_count_cb),
                                    &ran, NULL,
                                    LIFECYCLE_CONNECT_QUEUED | LIFECYCLE_CONNECT_ONCE);
      lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain", G_CALLBACK (test_nothing),
                                    &destroyed, home_count_destroy,
                                    LIFECYCLE_CONNECT_QUEUED | LIFECYCLE_CONNECT_ONCE);
      emit_elsewhere (pair.emitter);
      g_assert_false (test_has_handlers (pair.emitter, "plain"));
      g_assert_cmpuint (lifecycle_scope_get_n_entries (pair.scope), ==, 0);
      emit_elsewhere (pair.emitter);
      g_assert_cmpint (destroyed, ==, 0);
      if (deliver)
        test_drain ();
      g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 0);
      g_assert_cmpint (ran, ==, (int) deliver);
      g_assert_cmpint (destroyed, ==, 1);
      pair_end (&pair);
    }
}

/* Whoever emits first, it is one message. */
static void
test_queued_once_crowd (void)
{
  for (guint round = 0; round < test_amount (400) / 4; round++)
    {
      Pair pair = pair_new ();
      GThread *threads[CROWD];
      int ran = 0, destroyed = 0;

      lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain", G_CALLBACK (home_count_cb),
                                    &ran, NULL,
                                    LIFECYCLE_CONNECT_QUEUED | LIFECYCLE_CONNECT_ONCE);
      lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                    G_CALLBACK (test_count_handler_cb), &destroyed,
                                    test_count_closure_notify,
                                    LIFECYCLE_CONNECT_GUARDED | LIFECYCLE_CONNECT_ONCE);
      for (guint i = 0; i < CROWD; i++)
        threads[i] = g_thread_new ("crowd", emit_thread, pair.emitter);
      for (guint i = 0; i < CROWD; i++)
        g_thread_join (threads[i]);
      test_drain ();
      g_assert_cmpint (ran, ==, 1);
      g_assert_cmpint (g_atomic_int_get (&destroyed), ==, 2);
      g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 0);
      pair_end (&pair);
    }
}

static void
swapped_cb (gpointer     word,
            int          number,
            const char  *text,
            GObject     *object,
            TestEmitter *emitter)
{
  g_assert_true (TEST_IS_EMITTER (emitter));
  test_log ("%s%d%s", (const char *) word, number, text);
}

static void
params_cb (TestEmitter *emitter,
           int          number,
           const char  *text,
           GObject     *object,
           gpointer     word)
{
  swapped_cb (word, number, text, object, emitter);
}

static void
emit_params (gpointer emitter)
{
  g_signal_emit_by_name (emitter, "params", 1, "x", emitter);
}

static void
test_queued_flags (void)
{
  Pair pair = pair_new ();

  lifecycle_scope_connect_full (pair.scope, pair.emitter, "params", G_CALLBACK (params_cb),
                                (gpointer) "after", NULL,
                                LIFECYCLE_CONNECT_QUEUED | LIFECYCLE_CONNECT_AFTER);
  lifecycle_scope_connect_full (pair.scope, pair.emitter, "params", G_CALLBACK (swapped_cb),
                                (gpointer) "swapped", NULL,
                                LIFECYCLE_CONNECT_QUEUED | LIFECYCLE_CONNECT_SWAPPED);
  lifecycle_scope_connect_full (pair.scope, pair.emitter, "params", G_CALLBACK (swapped_cb),
                                (gpointer) "all", NULL,
                                LIFECYCLE_CONNECT_QUEUED | LIFECYCLE_CONNECT_SWAPPED |
                                LIFECYCLE_CONNECT_AFTER | LIFECYCLE_CONNECT_ONCE);
  test_in_thread (emit_params, pair.emitter);
  test_in_thread (emit_params, pair.emitter);
  test_drain ();
  test_assert_log ("swapped1x after1x all1x swapped1x after1x");
  g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 2);
  pair_end (&pair);
}

/* A closure of somebody else, who may have references on it, and may invalidate it. */
static void
test_queued_closure (void)
{
  static const LifecycleConnectFlags flags[] = {
    LIFECYCLE_CONNECT_QUEUED,
    LIFECYCLE_CONNECT_GUARDED,
  };

  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    {
      Pair pair = pair_new ();
      int n = 0;
      GClosure *closure = g_cclosure_new (G_CALLBACK (test_count_handler_cb), &n,
                                          test_count_closure_notify);
      GClosure *kept = g_closure_ref (g_cclosure_new (G_CALLBACK (test_nothing), NULL, NULL));
      gulong id;

      lifecycle_scope_connect_closure (pair.scope, G_OBJECT (pair.emitter), "plain", closure,
                                       flags[i]);
      g_closure_sink (kept);
      id = lifecycle_scope_connect_closure (pair.scope, G_OBJECT (pair.emitter), "plain", kept,
                                            flags[i]);
      emit_elsewhere (pair.emitter);
      test_drain ();
      g_assert_cmpint (n, ==, 1);
      g_closure_invalidate (kept);
      g_assert_false (test_is_connected (pair.emitter, id));
      g_assert_cmpuint (lifecycle_scope_get_n_entries (pair.scope), ==, 1);
      emit_elsewhere (pair.emitter);
      g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 1);
      g_assert_cmpint (n, ==, flags[i] == LIFECYCLE_CONNECT_QUEUED ? 2 : 3);
      g_assert_cmpuint (kept->ref_count, ==, 1);
      g_closure_unref (kept);
      pair_end (&pair);
    }
}

static void
test_queued_answer (void)
{
  Pair pair = pair_new ();
  int n = 0;

  test_expect_critical ("*returns a value*");
  g_assert_cmpuint (lifecycle_scope_connect_full (pair.scope, pair.emitter, "answer",
                                                  G_CALLBACK (test_never_handler_cb), &n,
                                                  test_count_closure_notify,
                                                  LIFECYCLE_CONNECT_QUEUED), ==, 0);
  g_test_assert_expected_messages ();
  g_assert_cmpint (n, ==, 1);
  test_expect_critical ("*returns a value*");
  g_assert_cmpuint (lifecycle_scope_connect_closure (pair.scope, G_OBJECT (pair.emitter), "answer",
                                                     g_cclosure_new (G_CALLBACK (test_nothing), &n,
                                                                     test_count_closure_notify),
                                                     LIFECYCLE_CONNECT_QUEUED), ==, 0);
  g_test_assert_expected_messages ();
  g_assert_cmpint (n, ==, 2);
  test_expect_critical ("*invalid*");
  g_assert_cmpuint (lifecycle_scope_connect_full (pair.scope, pair.emitter, "unknown",
                                                  G_CALLBACK (test_never_handler_cb), &n,
                                                  test_count_closure_notify,
                                                  LIFECYCLE_CONNECT_QUEUED), ==, 0);
  g_test_assert_expected_messages ();
  g_assert_cmpint (n, ==, 3);
  test_expect_critical ("*flags_are_sound*");
  g_assert_cmpuint (lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                                  G_CALLBACK (test_never_handler_cb), NULL, NULL,
                                                  LIFECYCLE_CONNECT_QUEUED |
                                                  LIFECYCLE_CONNECT_GUARDED), ==, 0);
  g_test_assert_expected_messages ();
  pair_end (&pair);
}

/* A handler that emits what it handles, and runs the main loop. */
typedef struct
{
  LifecycleScope *scope;
  int             left;
  int             depth;
  int             ran;
  gboolean        iterate;
} Again;

static void
again_cb (TestEmitter *emitter,
          gpointer     data)
{
  Again *again = data;

  g_assert_cmpint (++again->depth, ==, 1);
  again->ran++;
  if (again->left > 0)
    {
      again->left--;
      test_emit (emitter, "plain");
    }
  if (again->iterate)
    g_main_context_iteration (NULL, FALSE);
  again->depth--;
}

/* Nothing overtakes: the next one waits until this one is through, even if it iterates. */
static void
test_queued_recursion (void)
{
  for (guint iterate = 0; iterate < 2; iterate++)
    {
      Pair pair = pair_new ();
      Again again = { pair.scope, 5, 0, 0, iterate };

      lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain", G_CALLBACK (again_cb),
                                    &again, NULL, LIFECYCLE_CONNECT_QUEUED);
      test_emit (pair.emitter, "plain");
      g_assert_cmpint (again.ran, ==, 0);
      test_drain ();
      g_assert_cmpint (again.ran, ==, 6);
      lifecycle_scope_close (pair.scope);
      pair_end (&pair);
    }
}

static gboolean
low_cb (gpointer data)
{
  g_atomic_int_inc ((int *) data);
  return G_SOURCE_REMOVE;
}

/* A handler that never comes to an end leaves others their turn: what is emitted meanwhile waits
 * for the next iteration.
 */
static void
test_queued_starves_nobody (void)
{
  Pair pair = pair_new ();
  Again again = { pair.scope, G_MAXINT, 0, 0, FALSE };
  GSource *source = g_idle_source_new ();
  int turns = 0;

  lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain", G_CALLBACK (again_cb),
                                &again, NULL, LIFECYCLE_CONNECT_QUEUED);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, low_cb, &turns, NULL);
  g_source_attach (source, NULL);
  g_source_unref (source);
  test_emit (pair.emitter, "plain");
  for (guint i = 0; i < 3; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpint (turns, ==, 1);
  g_assert_cmpint (again.ran, >=, 1);
  g_assert_cmpint (again.ran, <=, 3);
  lifecycle_scope_close (pair.scope);
  pair_end (&pair);
}

static void
test_blocked (gconstpointer data)
{
  Pair pair = pair_new ();
  int n = 0;
  LifecycleConnectFlags flags = (LifecycleConnectFlags) GPOINTER_TO_UINT (data);

  lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                G_CALLBACK (test_count_handler_cb), &n, NULL, flags);
  lifecycle_scope_block (pair.scope);
  lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                G_CALLBACK (test_count_handler_cb), &n, NULL, flags);
  emit_elsewhere (pair.emitter);
  test_drain ();
  g_assert_cmpint (n, ==, 0);
  lifecycle_scope_unblock (pair.scope);
  test_drain ();
  g_assert_cmpint (n, ==, 0);
  emit_elsewhere (pair.emitter);
  test_drain ();
  g_assert_cmpint (n, ==, 2);
  lifecycle_scope_block (pair.scope);
  g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 2);
  pair_end (&pair);
}

/* A handler that has been stolen has nothing to do with the scope, not even with its end. */
static void
test_stolen (gconstpointer data)
{
  LifecycleConnectFlags flags = (LifecycleConnectFlags) GPOINTER_TO_UINT (data);
  Pair pair = pair_new ();
  int n = 0, destroyed = 0;
  gulong id;

  id = lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                     G_CALLBACK (test_count_handler_cb), &n, NULL, flags);
  g_assert_true (lifecycle_scope_steal_handler (pair.scope, G_OBJECT (pair.emitter), id));
  g_assert_false (lifecycle_scope_steal_handler (pair.scope, G_OBJECT (pair.emitter), id));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (pair.scope), ==, 0);
  emit_elsewhere (pair.emitter);
  test_drain ();
  g_assert_cmpint (n, ==, 1);
  g_signal_handler_disconnect (pair.emitter, id);

  id = lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain", G_CALLBACK (test_nothing),
                                     &destroyed, test_count_closure_notify, flags);
  g_assert_true (lifecycle_scope_steal_handler (pair.scope, G_OBJECT (pair.emitter), id));
  g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 0);
  g_assert_true (test_is_connected (pair.emitter, id));
  g_assert_cmpint (destroyed, ==, 0);
  emit_elsewhere (pair.emitter);
  test_drain ();
  g_assert_finalize_object (pair.emitter);
  test_drain ();
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_finalize_object (pair.scope);
}

/* The same, but is it still called when the scope has gone? */
static void
test_stolen_works (gconstpointer data)
{
  LifecycleConnectFlags flags = (LifecycleConnectFlags) GPOINTER_TO_UINT (data);
  Pair pair = pair_new ();
  int n = 0;
  gulong id;

  id = lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                     G_CALLBACK (test_count_handler_cb), &n, NULL, flags);
  g_assert_true (lifecycle_scope_steal_handler (pair.scope, G_OBJECT (pair.emitter), id));
  g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 0);
  emit_elsewhere (pair.emitter);
  test_drain ();
  g_assert_cmpint (n, ==, 1);
  g_signal_handler_disconnect (pair.emitter, id);
  pair_end (&pair);
}

/* What was emitted before a clear() belongs to the past; what is connected after it works. */
static void
test_queued_clear (void)
{
  Pair pair = pair_new ();
  int old = 0, new = 0;
  gulong id;

  id = lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain", G_CALLBACK (test_nothing),
                                     &old, home_count_destroy, LIFECYCLE_CONNECT_QUEUED);
  lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                G_CALLBACK (test_never_handler_cb), NULL, NULL,
                                LIFECYCLE_CONNECT_QUEUED);
  emit_elsewhere (pair.emitter);
  g_signal_handler_disconnect (pair.emitter, id);
  g_assert_cmpint (old, ==, 0);
  g_assert_cmpuint (lifecycle_scope_clear (pair.scope), ==, 1);
  g_assert_cmpint (old, ==, 1);
  lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain", G_CALLBACK (home_count_cb),
                                &new, NULL, LIFECYCLE_CONNECT_QUEUED);
  emit_elsewhere (pair.emitter);
  test_drain ();
  g_assert_cmpint (new, ==, 1);
  emit_elsewhere (pair.emitter);
  g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 1);
  test_drain ();
  g_assert_cmpint (new, ==, 1);
  pair_end (&pair);
}

/* What is pending moves along. */
static void
test_queued_move (void)
{
  Pair pair = pair_new ();
  LifecycleScope *moved;
  int n = 0;

  lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain", G_CALLBACK (home_count_cb), &n,
                                home_count_destroy, LIFECYCLE_CONNECT_QUEUED);
  emit_elsewhere (pair.emitter);
  moved = lifecycle_scope_move (pair.scope);
  emit_elsewhere (pair.emitter);
  test_drain ();
  g_assert_cmpint (n, ==, 2);
  g_assert_finalize_object (g_steal_pointer (&pair.scope));
  emit_elsewhere (pair.emitter);
  test_drain ();
  g_assert_cmpint (n, ==, 3);
  emit_elsewhere (pair.emitter);
  g_assert_cmpuint (lifecycle_scope_close (moved), ==, 1);
  g_assert_cmpint (n, ==, 4);
  pair.scope = moved;
  pair_end (&pair);
}

/* Somebody else disconnects the handler while there is something for it. */
static void
test_queued_disconnected (void)
{
  enum { DELIVER, CLOSE, DROP, N_WAYS };

  for (guint way = 0; way < N_WAYS; way++)
    {
      Pair pair = pair_new ();
      int ran = 0, destroyed = 0;
      gulong ids[2];

      ids[0] = lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                             G_CALLBACK (home_count_cb), &ran, NULL,
                                             LIFECYCLE_CONNECT_QUEUED);
      ids[1] = lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                             G_CALLBACK (test_nothing), &destroyed,
                                             home_count_destroy, LIFECYCLE_CONNECT_QUEUED);
      emit_elsewhere (pair.emitter);
      emit_elsewhere (pair.emitter);
      g_signal_handler_disconnect (pair.emitter, ids[0]);
      g_signal_handler_disconnect (pair.emitter, ids[1]);
      g_assert_cmpuint (lifecycle_scope_get_n_entries (pair.scope), ==, 0);
      emit_elsewhere (pair.emitter);
      g_assert_cmpint (destroyed, ==, 0);
      if (way == DELIVER)
        {
          test_drain ();
          g_assert_cmpint (ran, ==, 2);
          g_assert_cmpint (destroyed, ==, 1);
        }
      if (way == DROP)
        g_object_unref (g_steal_pointer (&pair.scope));
      else
        g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 0);
      g_assert_cmpint (ran, ==, way == DELIVER ? 2 : 0);
      g_assert_cmpint (destroyed, ==, 1);
      test_drain ();
      g_clear_object (&pair.scope);
      g_assert_finalize_object (pair.emitter);
    }
}

static void
run_dispose (gpointer object)
{
  g_object_run_dispose (object);
}

/* The emitter is disposed: what it has said before is still heard. */
static void
test_queued_disposed (void)
{
  Pair pair = pair_new ();
  int n = 0;

  lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain", G_CALLBACK (home_count_cb), &n,
                                home_count_destroy, LIFECYCLE_CONNECT_QUEUED);
  emit_elsewhere (pair.emitter);
  test_in_thread (run_dispose, pair.emitter);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (pair.scope), ==, 0);
  g_assert_cmpint (n, ==, 0);
  test_drain ();
  g_assert_cmpint (n, ==, 2);
  g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 0);
  pair_end (&pair);
}

typedef struct
{
  LifecycleScope *scope;
  int             ran;
  int             how;
} Closer;

static void
closer_cb (gpointer instance,
           gpointer data)
{
  Closer *closer = data;

  g_assert_cmpint (closer->ran++, ==, 0);
  if (closer->how == 0)
    lifecycle_scope_close (closer->scope);
  else if (closer->how == 1)
    lifecycle_scope_clear (closer->scope);
  else
    g_clear_object (&closer->scope);
}

/* Closed, cleared or dropped by the first of three messages. */
static void
test_queued_close_inside (void)
{
  for (int how = 0; how < 3; how++)
    {
      Pair pair = pair_new ();
      Closer closer = { pair.scope, 0, how };
      int destroyed = 0;

      lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain", G_CALLBACK (closer_cb),
                                    &closer, NULL, LIFECYCLE_CONNECT_QUEUED);
      lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                    G_CALLBACK (test_never_handler_cb), &destroyed,
                                    home_count_destroy, LIFECYCLE_CONNECT_QUEUED);
      emit_elsewhere (pair.emitter);
      emit_elsewhere (pair.emitter);
      test_drain ();
      g_assert_cmpint (closer.ran, ==, 1);
      g_assert_cmpint (destroyed, ==, 1);
      if (closer.scope != NULL)
        {
          g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 0);
          g_assert_finalize_object (pair.scope);
        }
      g_assert_false (test_has_handlers (pair.emitter, "plain"));
      g_assert_finalize_object (pair.emitter);
    }
}

/* Marked by another thread: from then on nothing is delivered, before the teardown comes too. */
static void
test_queued_close_elsewhere (void)
{
  Pair pair = pair_new ();
  int destroyed = 0;

  lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                G_CALLBACK (test_never_handler_cb), &destroyed, home_count_destroy,
                                LIFECYCLE_CONNECT_QUEUED);
  emit_elsewhere (pair.emitter);
  test_in_thread ((TestFunc) lifecycle_scope_close, pair.scope);
  g_assert_cmpint (destroyed, ==, 0);
  emit_elsewhere (pair.emitter);
  test_drain ();
  g_assert_true (lifecycle_scope_is_closed (pair.scope));
  g_assert_cmpint (destroyed, ==, 1);
  emit_elsewhere (pair.emitter);
  pair_end (&pair);
}

/* A scope that is at home in a worker. */
typedef struct
{
  TestWorker     *worker;
  LifecycleScope *scope;
  TestEmitter    *emitter;
  int             ran;
  int             destroyed;
} There;

static void
there_cb (gpointer instance,
          gpointer data)
{
  There *there = data;

  g_assert_true (g_thread_self () == there->worker->thread);
  g_atomic_int_inc (&there->ran);
}

static void
there_destroy (gpointer  data,
               GClosure *closure)
{
  There *there = data;

  g_assert_true (g_thread_self () == there->worker->thread);
  g_atomic_int_inc (&there->destroyed);
}

static void
there_make (gpointer data)
{
  There *there = data;

  there->scope = lifecycle_scope_new ("there");
}

static void
test_queued_worker (void)
{
  There there = { test_worker_new (), NULL, test_emitter_new (), 0, 0 };

  test_worker_call (there.worker, there_make, &there);
  lifecycle_scope_connect_full (there.scope, there.emitter, "plain", G_CALLBACK (there_cb), &there,
                                there_destroy, LIFECYCLE_CONNECT_QUEUED);
  test_emit (there.emitter, "plain");
  emit_elsewhere (there.emitter);
  test_wait_for (g_atomic_int_get (&there.ran) >= 2);
  lifecycle_scope_close (there.scope);
  test_wait_for (g_atomic_int_get (&there.destroyed) >= 1);
  test_worker_free (there.worker);
  test_emit (there.emitter, "plain");
  g_assert_cmpint (there.ran, ==, 2);
  g_assert_cmpint (there.destroyed, ==, 1);
  g_assert_finalize_object (there.scope);
  g_assert_finalize_object (there.emitter);
}

static void
test_late (gconstpointer data)
{
  LifecycleConnectFlags flags = (LifecycleConnectFlags) GPOINTER_TO_UINT (data);
  Pair pair = pair_new ();
  int destroyed = 0;

  lifecycle_scope_close (pair.scope);
  g_assert_cmpuint (lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                                  G_CALLBACK (test_never_handler_cb), &destroyed,
                                                  test_count_closure_notify, flags), ==, 0);
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_cmpuint (lifecycle_scope_connect_closure (pair.scope, G_OBJECT (pair.emitter), "plain",
                                                     g_cclosure_new (G_CALLBACK (test_nothing),
                                                                     &destroyed,
                                                                     test_count_closure_notify),
                                                     flags), ==, 0);
  g_assert_cmpint (destroyed, ==, 2);
  emit_elsewhere (pair.emitter);
  pair_end (&pair);
}

/* Connected on another thread. */
typedef struct
{
  Pair                  *pair;
  int                   *counter;
  LifecycleConnectFlags  flags;
} Connect;

static void
connect_thread (gpointer data)
{
  Connect *connect = data;

  g_assert_cmpuint (lifecycle_scope_connect_full (connect->pair->scope, connect->pair->emitter,
                                                  "plain", G_CALLBACK (test_count_handler_cb),
                                                  connect->counter, test_count_closure_notify,
                                                  connect->flags), >, 0);
}

static void
test_connect_elsewhere (gconstpointer data)
{
  Pair pair = pair_new ();
  int n = 0;
  Connect connect = { &pair, &n, (LifecycleConnectFlags) GPOINTER_TO_UINT (data) };

  test_in_thread (connect_thread, &connect);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (pair.scope), ==, 1);
  emit_elsewhere (pair.emitter);
  test_drain ();
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 1);
  g_assert_cmpint (n, ==, 2);
  pair_end (&pair);
}

/* ---- guarded ---- */

static int
answer_cb (TestEmitter *emitter,
           int          number,
           gpointer     thread)
{
  g_assert_true (g_thread_self () != home);
  *(GThread **) thread = g_thread_self ();
  return number + 1;
}

static void
emit_answer (gpointer emitter)
{
  GThread *thread = ((TestEmitter *) emitter)->hook_data;
  int answer = 0;

  g_assert_null (*(GThread **) thread);
  g_signal_emit_by_name (emitter, "answer", 41, &answer);
  g_assert_cmpint (answer, ==, 42);
  g_assert_true (*(GThread **) thread == g_thread_self ());
}

/* On the emitting thread, while it waits, with a return value. */
static void
test_guarded_elsewhere (void)
{
  Pair pair = pair_new ();
  GThread *thread = NULL;

  pair.emitter->hook_data = &thread;
  lifecycle_scope_connect_full (pair.scope, pair.emitter, "answer", G_CALLBACK (answer_cb),
                                &thread, NULL, LIFECYCLE_CONNECT_GUARDED);
  test_in_thread (emit_answer, pair.emitter);
  g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 1);
  pair_end (&pair);
}

static void
test_guarded_flags (void)
{
  Pair pair = pair_new ();

  lifecycle_scope_connect_full (pair.scope, pair.emitter, "params", G_CALLBACK (params_cb),
                                (gpointer) "after", NULL,
                                LIFECYCLE_CONNECT_GUARDED | LIFECYCLE_CONNECT_AFTER);
  lifecycle_scope_connect_full (pair.scope, pair.emitter, "params", G_CALLBACK (swapped_cb),
                                (gpointer) "swapped", NULL,
                                LIFECYCLE_CONNECT_GUARDED | LIFECYCLE_CONNECT_SWAPPED);
  lifecycle_scope_connect_full (pair.scope, pair.emitter, "params", G_CALLBACK (swapped_cb),
                                (gpointer) "all", NULL,
                                LIFECYCLE_CONNECT_GUARDED | LIFECYCLE_CONNECT_SWAPPED |
                                LIFECYCLE_CONNECT_AFTER | LIFECYCLE_CONNECT_ONCE);
  emit_params (pair.emitter);
  emit_params (pair.emitter);
  test_assert_log ("swapped1x after1x all1x swapped1x after1x");
  g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 2);
  pair_end (&pair);
}

/* The emission has begun before the close, has chosen the handler, and comes to it after the close:
 * it does not call it.
 */
static void
test_guarded_chosen (gconstpointer data)
{
  LifecycleConnectFlags flags = (LifecycleConnectFlags) GPOINTER_TO_UINT (data);

  for (int how = 0; how < 3; how++)
    {
      Pair pair = pair_new ();
      Stay stay = { .emitter = pair.emitter };
      int destroyed = 0;

      g_signal_connect (pair.emitter, "plain", G_CALLBACK (stay_cb), &stay);
      lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                    G_CALLBACK (test_never_handler_cb), &destroyed,
                                    test_count_closure_notify, flags);
      lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                    G_CALLBACK (test_never_handler_cb), &destroyed,
                                    test_count_closure_notify, flags | LIFECYCLE_CONNECT_ONCE);
      stay.thread = g_thread_new ("emit", stay_thread, &stay);
      test_wait_for (g_atomic_int_get (&stay.entered) >= 1);
      if (how == 0)
        {
          g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 2);
        }
      else if (how == 1)
        {
          g_assert_cmpuint (lifecycle_scope_clear (pair.scope), ==, 2);
        }
      else
        {
          Wait wait = { 0 };

          /* Nobody is inside, so there is nothing to wait for. */
          close_async (pair.scope, 0, &wait);
          test_run_until (test_done_counted, &wait.done);
          g_assert_no_error (wait.error);
        }
      g_assert_cmpint (destroyed, ==, 2);
      stay_let_go (&stay);
      test_drain ();
      lifecycle_scope_close (pair.scope);
      g_signal_handlers_disconnect_by_data (pair.emitter, &stay);
      g_assert_cmpint (destroyed, ==, 2);
      pair_end (&pair);
    }
}

/* close() waits for nobody; the data is destroyed when the last one is out. */
static void
test_guarded_close_running (void)
{
  Stay stay;
  LifecycleScope *scope = stay_begin (&stay, 0);
  GThread *thread = stay.thread;
  Wait wait = { 0 };

  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_cmpint (g_atomic_int_get (&stay.destroyed), ==, 0);
  emit_elsewhere (stay.emitter);
  g_assert_cmpint (g_atomic_int_get (&stay.entered), ==, 1);

  /* It is closed, and that is all there is to say. */
  close_async (scope, 0, &wait);
  test_run_until (test_done_counted, &wait.done);
  g_assert_no_error (wait.error);

  stay_let_go (&stay);
  g_assert_cmpint (stay.destroyed, ==, 1);
  g_assert_true (stay.destroyed_on == thread);
  stay_end (&stay, scope);
}

/* close_async() does, and then the data is destroyed at home. */
static void
test_guarded_close_async (gconstpointer data)
{
  LifecycleConnectFlags flags = (LifecycleConnectFlags) GPOINTER_TO_UINT (data);
  Stay stay;
  LifecycleScope *scope = stay_begin (&stay, flags);
  Wait wait = { .after = &stay.left, .at_least = 1 };
  int order = 0;

  lifecycle_scope_adopt (scope, &order, test_count_notify);
  close_async (scope, 0, &wait);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSING);
  g_assert_false (test_has_handlers (stay.emitter, "plain"));
  emit_elsewhere (stay.emitter);
  linger ();
  g_assert_cmpint (wait.done, ==, 0);
  g_assert_cmpint (order, ==, 0);
  g_assert_cmpint (g_atomic_int_get (&stay.entered), ==, 1);
  g_assert_cmpint (g_atomic_int_get (&stay.destroyed), ==, 0);

  stay_let_go (&stay);
  test_run_until (test_done_counted, &wait.done);
  g_assert_no_error (wait.error);
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_cmpint (order, ==, 1);
  if (flags == 0)
    g_assert_true (stay.destroyed_on == home);
  stay_end (&stay, scope);
}

/* The same handler on two threads, and another scope below. */
static void
test_guarded_close_async_two (void)
{
  Stay stay, below;
  LifecycleScope *scope = stay_begin (&stay, 0);
  LifecycleScope *child = lifecycle_scope_new_child (scope, "child");
  GThread *second = g_thread_new ("emit", stay_thread, &stay);
  Wait wait = { .after = &stay.left, .at_least = 2 };
  Wait wait_child = { 0 };

  test_wait_for (g_atomic_int_get (&stay.entered) >= 2);
  memset (&below, 0, sizeof below);
  below.emitter = test_emitter_new ();
  lifecycle_scope_connect_full (child, below.emitter, "plain", G_CALLBACK (stay_cb), &below,
                                stay_destroy, LIFECYCLE_CONNECT_GUARDED);
  below.thread = g_thread_new ("emit", stay_thread, &below);
  test_wait_for (g_atomic_int_get (&below.entered) >= 1);

  close_async (child, 0, &wait_child);
  close_async (scope, 0, &wait);
  linger ();
  g_assert_cmpint (wait.done + wait_child.done, ==, 0);
  stay_let_go (&stay);
  g_thread_join (second);
  linger ();
  g_assert_cmpint (wait.done + wait_child.done, ==, 0);
  stay_let_go (&below);
  test_run_until (test_done_counted, &wait.done);
  test_run_until (test_done_counted, &wait_child.done);
  g_assert_no_error (wait.error);
  g_assert_no_error (wait_child.error);
  g_assert_cmpint (below.destroyed, ==, 1);
  g_assert_finalize_object (below.emitter);
  g_assert_finalize_object (child);
  stay_end (&stay, scope);
}

static void
test_guarded_timeout (void)
{
  Stay stay;
  LifecycleScope *scope = stay_begin (&stay, 0);
  Wait wait = { 0 };
  int released = 0;

  lifecycle_scope_adopt (scope, &released, test_count_notify);
  close_async (scope, 20, &wait);
  test_run_until (test_done_counted, &wait.done);
  g_assert_error (wait.error, LIFECYCLE_ERROR, LIFECYCLE_ERROR_TIMED_OUT);
  g_assert_nonnull (strstr (wait.error->message, "scope"));
  g_assert_nonnull (strstr (wait.error->message, "guarded handler"));
  g_assert_nonnull (strstr (wait.error->message, "test-threads.c:"));
  g_clear_error (&wait.error);
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_cmpint (released, ==, 1);
  g_assert_cmpint (g_atomic_int_get (&stay.destroyed), ==, 0);
  stay_let_go (&stay);
  stay_end (&stay, scope);
}

/* close() during the wait ends it. */
static void
test_guarded_close_while_waiting (void)
{
  Stay stay;
  LifecycleScope *scope = stay_begin (&stay, 0);
  Wait wait = { 0 };

  close_async (scope, 0, &wait);
  g_assert_cmpint (wait.done, ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_true (lifecycle_scope_is_closed (scope));
  test_run_until (test_done_counted, &wait.done);
  g_assert_no_error (wait.error);
  stay_let_go (&stay);
  stay_end (&stay, scope);
}

/* A clear() forgets the handler, but not that it is running. */
static void
test_guarded_clear (void)
{
  Stay stay;
  LifecycleScope *scope = stay_begin (&stay, 0);
  Wait wait = { .after = &stay.left, .at_least = 1 };

  g_assert_cmpuint (lifecycle_scope_clear (scope), ==, 1);
  g_assert_cmpint (g_atomic_int_get (&stay.destroyed), ==, 0);
  emit_elsewhere (stay.emitter);
  close_async (scope, 0, &wait);
  linger ();
  g_assert_cmpint (wait.done, ==, 0);
  stay_let_go (&stay);
  test_run_until (test_done_counted, &wait.done);
  stay_end (&stay, scope);
}

/* Moved while it runs: the new scope waits. */
static void
test_guarded_move (void)
{
  Stay stay;
  LifecycleScope *scope = stay_begin (&stay, 0);
  LifecycleScope *moved = lifecycle_scope_move (scope);
  Wait wait = { .after = &stay.left, .at_least = 1 };

  g_assert_finalize_object (scope);
  close_async (moved, 0, &wait);
  linger ();
  g_assert_cmpint (wait.done, ==, 0);
  stay_let_go (&stay);
  test_run_until (test_done_counted, &wait.done);
  stay_end (&stay, moved);
}

/* Somebody else disconnects it, or its emitter is disposed, while it runs. */
static void
test_guarded_disconnected (gconstpointer data)
{
  Stay stay;
  LifecycleScope *scope = stay_begin (&stay, 0);
  Wait wait = { .after = &stay.left, .at_least = 1 };

  if (data == NULL)
    g_signal_handlers_disconnect_matched (stay.emitter, G_SIGNAL_MATCH_ID,
                                          g_signal_lookup ("plain", TEST_TYPE_EMITTER), 0, NULL,
                                          NULL, NULL);
  else
    g_object_run_dispose (G_OBJECT (stay.emitter));
  close_async (scope, 0, &wait);
  linger ();
  g_assert_cmpint (wait.done, ==, 0);
  stay_let_go (&stay);
  test_run_until (test_done_counted, &wait.done);
  g_assert_no_error (wait.error);
  stay_end (&stay, scope);
}

static void
close_async_elsewhere (gpointer data)
{
  gpointer *args = data;

  /* The result comes to where the call was made, which nobody runs: it is not asked for. */
  lifecycle_scope_close_async (args[0], LIFECYCLE_REASON_ABORTED, 0, NULL, NULL, NULL);
  g_assert_cmpint (lifecycle_scope_get_state (args[0]), !=, LIFECYCLE_STATE_OPEN);
}

static void
test_guarded_close_async_elsewhere (void)
{
  Stay stay;
  LifecycleScope *scope = stay_begin (&stay, 0);
  gpointer args[] = { scope };

  test_in_thread (close_async_elsewhere, args);
  linger ();
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSING);
  stay_let_go (&stay);
  test_run_until (test_done_closed, scope);
  g_assert_cmpint (lifecycle_scope_get_reason (scope), ==, LIFECYCLE_REASON_ABORTED);
  stay_end (&stay, scope);
}

/* Waiting is cancelled, closing is not. */
static void
test_guarded_cancel_wait (void)
{
  Stay stay;
  LifecycleScope *scope = stay_begin (&stay, 0);
  GCancellable *cancellable = g_cancellable_new ();
  Wait wait = { 0 };

  lifecycle_scope_close_async (scope, LIFECYCLE_REASON_SHUTDOWN, 0, cancellable, wait_cb, &wait);
  g_cancellable_cancel (cancellable);
  test_run_until (test_done_counted, &wait.done);
  g_assert_error (wait.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&wait.error);
  g_assert_cmpint (lifecycle_scope_get_state (scope), ==, LIFECYCLE_STATE_CLOSING);
  stay_let_go (&stay);
  test_run_until (test_done_closed, scope);
  g_assert_finalize_object (cancellable);
  stay_end (&stay, scope);
}

/* Closed by the handler itself, at home or elsewhere; with or without waiting for itself. */
typedef struct
{
  LifecycleScope *scope;
  TestEmitter    *emitter;
  Wait            wait;
  gboolean        async;
  int             entered;
  int             left;
  int             destroyed;
} Inside;

static void
inside_cb (TestEmitter *emitter,
           gpointer     data)
{
  Inside *inside = data;

  g_atomic_int_inc (&inside->entered);
  if (inside->async)
    {
      lifecycle_scope_close_async (inside->scope, LIFECYCLE_REASON_COMPLETED, 0, NULL,
                                   g_thread_self () == home ? wait_cb : NULL, &inside->wait);
      g_assert_cmpint (inside->wait.done, ==, 0);
    }
  else
    {
      g_assert_cmpuint (lifecycle_scope_close (inside->scope), ==,
                        g_thread_self () == home ? 1 : 0);
    }
  g_assert_cmpint (lifecycle_scope_get_state (inside->scope), !=, LIFECYCLE_STATE_OPEN);
  g_assert_cmpint (g_atomic_int_get (&inside->destroyed), ==, 0);
  /* Muted or not yet: this thread is inside, and does not wait for itself. */
  if (g_thread_self () == home)
    test_emit (emitter, "plain");
  g_atomic_int_inc (&inside->left);
}

static void
inside_destroy (gpointer  data,
                GClosure *closure)
{
  Inside *inside = data;

  g_assert_cmpint (g_atomic_int_get (&inside->entered), ==, g_atomic_int_get (&inside->left));
  g_atomic_int_inc (&inside->destroyed);
}

static void
test_guarded_close_inside (gconstpointer data)
{
  guint which = GPOINTER_TO_UINT (data);
  Pair pair = pair_new ();
  Inside inside = { .scope = pair.scope, .emitter = pair.emitter, .async = (which & 1) != 0 };

  inside.wait.after = &inside.left;
  inside.wait.at_least = 1;
  lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain", G_CALLBACK (inside_cb), &inside,
                                inside_destroy, LIFECYCLE_CONNECT_GUARDED);
  if ((which & 2) != 0)
    emit_elsewhere (pair.emitter);
  else
    test_emit (pair.emitter, "plain");
  test_run_until (test_done_closed, pair.scope);
  test_drain ();
  if (which == 1)
    g_assert_cmpint (inside.wait.done, ==, 1);
  g_assert_cmpint (inside.entered, ==, 1);
  g_assert_cmpint (inside.destroyed, ==, 1);
  pair_end (&pair);
}

typedef struct
{
  LifecycleScope *scope;
  int             depth;
  int             ran;
} Deep;

static void
deep_cb (TestEmitter *emitter,
         gpointer     data)
{
  Deep *deep = data;

  deep->ran++;
  if (++deep->depth < 50)
    test_emit (emitter, "plain");
  else if (deep->scope != NULL)
    lifecycle_scope_close (deep->scope);
  deep->depth--;
}

/* Deep in its own recursion it closes the scope. */
static void
test_guarded_recursion (void)
{
  Pair pair = pair_new ();
  Deep deep = { pair.scope, 0, 0 };

  lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain", G_CALLBACK (deep_cb), &deep,
                                NULL, LIFECYCLE_CONNECT_GUARDED);
  test_emit (pair.emitter, "plain");
  g_assert_cmpint (deep.ran, ==, 50);
  g_assert_true (lifecycle_scope_is_closed (pair.scope));
  test_emit (pair.emitter, "plain");
  g_assert_cmpint (deep.ran, ==, 50);
  pair_end (&pair);
}

static void
unref_thread (gpointer object)
{
  g_object_unref (object);
}

/* The emitter dies on its own thread while the scope is open. */
static void
test_emitter_dies (gconstpointer data)
{
  LifecycleConnectFlags flags = (LifecycleConnectFlags) GPOINTER_TO_UINT (data);
  Pair pair = pair_new ();
  int n = 0;

  for (guint i = 0; i < 3; i++)
    lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                  G_CALLBACK (test_never_handler_cb), &n,
                                  test_count_closure_notify, flags);
  test_in_thread (unref_thread, g_steal_pointer (&pair.emitter));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (pair.scope), ==, 0);
  g_assert_cmpint (g_atomic_int_get (&n), ==, 3);
  g_assert_cmpuint (lifecycle_scope_close (pair.scope), ==, 0);
  g_assert_finalize_object (pair.scope);
}

typedef struct
{
  LifecycleScope *scope;
  int             destroyed;
} Dying;

static void
dying_dispose (gpointer data)
{
  Dying *dying = data;

  /* Its handlers have not ended yet. */
  if (dying->scope != NULL)
    lifecycle_scope_close (g_steal_pointer (&dying->scope));
}

/* The emitter's dispose, on its own thread, closes the scope that listens to it. */
static void
test_emitter_closes (gconstpointer data)
{
  LifecycleConnectFlags flags = (LifecycleConnectFlags) GPOINTER_TO_UINT (data);
  Pair pair = pair_new ();
  Dying dying = { .scope = pair.scope };

  pair.emitter->on_dispose = dying_dispose;
  pair.emitter->hook_data = &dying;
  lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                G_CALLBACK (test_never_handler_cb), &dying.destroyed,
                                test_count_closure_notify, flags);
  test_in_thread (unref_thread, g_steal_pointer (&pair.emitter));
  g_assert_cmpint (lifecycle_scope_get_state (pair.scope), ==, LIFECYCLE_STATE_CLOSING);
  g_assert_cmpint (g_atomic_int_get (&dying.destroyed), ==, 1);
  test_drain ();
  g_assert_true (lifecycle_scope_is_closed (pair.scope));
  g_assert_finalize_object (pair.scope);

  /* And at home. */
  pair = pair_new ();
  dying = (Dying) { .scope = pair.scope };
  pair.emitter->on_dispose = dying_dispose;
  pair.emitter->hook_data = &dying;
  lifecycle_scope_connect_full (pair.scope, pair.emitter, "plain",
                                G_CALLBACK (test_never_handler_cb), &dying.destroyed,
                                test_count_closure_notify, flags);
  g_assert_finalize_object (pair.emitter);
  g_assert_true (lifecycle_scope_is_closed (pair.scope));
  g_assert_cmpint (dying.destroyed, ==, 1);
  g_assert_finalize_object (pair.scope);
}

/* ---- emitters that die while the scope closes ---- */

#define RACE_N 100

typedef struct
{
  LifecycleScope *scope;
  TestEmitter    *emitters[RACE_N];
  int             destroyed[RACE_N][2];
  int             go;
  gboolean        backwards;
} Race;

static gpointer
race_thread (gpointer data)
{
  Race *race = data;

  while (!g_atomic_int_get (&race->go))
    g_thread_yield ();
  for (guint i = 0; i < RACE_N; i++)
    {
      TestEmitter *emitter = race->emitters[race->backwards ? RACE_N - 1 - i : i];

      test_emit (emitter, "plain");
      g_object_unref (emitter);
    }
  return NULL;
}

static void
test_emitter_race (gconstpointer data)
{
  LifecycleConnectFlags flags = (LifecycleConnectFlags) GPOINTER_TO_UINT (data);

  for (guint round = 0; round < test_amount (2000) / 20; round++)
    {
      Race *race = g_new0 (Race, 1);
      GThread *thread;

      home = g_thread_self ();
      race->scope = lifecycle_scope_new ("scope");
      race->backwards = round % 2 != 0;
      for (guint i = 0; i < RACE_N; i++)
        {
          race->emitters[i] = test_emitter_new ();
          for (guint j = 0; j < 2; j++)
            lifecycle_scope_connect_full (race->scope, race->emitters[i], "plain",
                                          G_CALLBACK (test_nothing), &race->destroyed[i][j],
                                          test_count_closure_notify, flags);
        }
      thread = g_thread_new ("race", race_thread, race);
      g_atomic_int_set (&race->go, 1);
      if (round % 3 == 2)
        lifecycle_scope_clear (race->scope);
      lifecycle_scope_close (race->scope);
      g_thread_join (thread);
      test_drain ();
      for (guint i = 0; i < RACE_N; i++)
        {
          g_assert_cmpint (g_atomic_int_get (&race->destroyed[i][0]), ==, 1);
          g_assert_cmpint (g_atomic_int_get (&race->destroyed[i][1]), ==, 1);
        }
      g_assert_finalize_object (race->scope);
      g_free (race);
    }
}

/* Everybody closes. */
typedef struct
{
  LifecycleScope *scope;
  int            *go;
} Closers;

static gpointer
closers_thread (gpointer data)
{
  Closers *closers = data;

  while (!g_atomic_int_get (closers->go))
    g_thread_yield ();
  lifecycle_scope_close_with_reason (closers->scope, LIFECYCLE_REASON_ABORTED, "elsewhere");
  g_object_unref (closers->scope);
  return NULL;
}

static void
test_closers (void)
{
  for (guint round = 0; round < test_amount (400); round++)
    {
      LifecycleScope *scope = lifecycle_scope_new ("scope");
      int go = 0, closing = 0, closed = 0, released = 0, finalized = 0;
      Closers closers = { scope, &go };
      GThread *threads[2];

      home = g_thread_self ();
      test_count_finalize (scope, &finalized);
      g_signal_connect (scope, "closing", G_CALLBACK (test_count_scope_cb), &closing);
      g_signal_connect (scope, "closed", G_CALLBACK (test_count_scope_cb), &closed);
      lifecycle_scope_adopt (scope, &released, test_count_notify);
      for (guint i = 0; i < 2; i++)
        {
          g_object_ref (scope);
          threads[i] = g_thread_new ("closer", closers_thread, &closers);
        }
      g_atomic_int_set (&go, 1);
      if (round % 2 == 0)
        {
          lifecycle_scope_close (scope);
          g_assert_true (lifecycle_scope_is_closed (scope));
        }
      g_object_unref (scope);
      for (guint i = 0; i < 2; i++)
        g_thread_join (threads[i]);
      test_drain ();
      g_assert_cmpint (closing, ==, 1);
      g_assert_cmpint (closed, ==, 1);
      g_assert_cmpint (released, ==, 1);
      g_assert_cmpint (g_atomic_int_get (&finalized), ==, 1);
    }
}

/* ---- what aborts with g_signal_connect_object() ----
 *
 * There, the target is released on one thread while the handler is disconnected on another, and the
 * process dies of `invalid_closure_notify: assertion failed`. Here the target has a scope. Whoever
 * disconnects by id without knowing whether the id still lives gets GLib's warning for it, and that
 * is all that may happen.
 */

typedef struct
{
  TestEmitter    *emitter;
  LifecycleScope *scope;
  gulong          ids[8];
  int             go;
  int             destroyed;
} Target;

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

static gpointer
target_release_thread (gpointer data)
{
  Target *target = data;

  while (!g_atomic_int_get (&target->go))
    g_thread_yield ();
  g_object_unref (target->scope);
  return NULL;
}

static gpointer
target_disconnect_thread (gpointer data)
{
  Target *target = data;

  while (!g_atomic_int_get (&target->go))
    g_thread_yield ();
  for (guint i = 0; i < G_N_ELEMENTS (target->ids); i++)
    g_signal_handler_disconnect (target->emitter, target->ids[i]);
  return NULL;
}

static void
test_target_released (void)
{
  static const LifecycleConnectFlags flags[] = {
    LIFECYCLE_CONNECT_DEFAULT,
    LIFECYCLE_CONNECT_QUEUED,
    LIFECYCLE_CONNECT_GUARDED,
  };
  guint handler = g_log_set_handler ("GLib-GObject", G_LOG_LEVEL_MASK | G_LOG_FLAG_FATAL,
                                     be_silent, NULL);

  g_test_log_set_fatal_handler (not_fatal, NULL);
  for (guint round = 0; round < test_amount (3000); round++)
    {
      Target target = { .emitter = test_emitter_new (), .scope = lifecycle_scope_new ("target") };
      GThread *threads[2];

      for (guint i = 0; i < G_N_ELEMENTS (target.ids); i++)
        target.ids[i] = lifecycle_scope_connect_full (target.scope, target.emitter, "plain",
                                                      G_CALLBACK (test_nothing), &target.destroyed,
                                                      test_count_closure_notify,
                                                      flags[round % G_N_ELEMENTS (flags)]);
      threads[0] = g_thread_new ("release", target_release_thread, &target);
      threads[1] = g_thread_new ("disconnect", target_disconnect_thread, &target);
      g_atomic_int_set (&target.go, 1);
      while (g_atomic_int_get (&target.destroyed) < (int) G_N_ELEMENTS (target.ids))
        {
          if (!g_main_context_iteration (NULL, FALSE))
            g_thread_yield ();
        }
      g_thread_join (threads[0]);
      g_thread_join (threads[1]);
      test_drain ();
      g_assert_cmpint (target.destroyed, ==, (int) G_N_ELEMENTS (target.ids));
      g_assert_false (test_has_handlers (target.emitter, "plain"));
      g_assert_finalize_object (target.emitter);
    }
  g_test_log_set_fatal_handler (NULL, NULL);
  g_log_remove_handler ("GLib-GObject", handler);
}

static void
watch_again_cb (LifecycleScope  *scope,
                LifecycleReason  reason,
                gpointer         emitter)
{
  lifecycle_scope_of (emitter);
}

/* The emitter is disposed, and lives on, watched anew from the middle of that. */
static void
test_after_run_dispose (gconstpointer flags)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int n = 0;
  gulong id;

  g_signal_connect (lifecycle_scope_of (G_OBJECT (emitter)), "closing",
                    G_CALLBACK (watch_again_cb), emitter);
  g_object_run_dispose (G_OBJECT (emitter));

  id = lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_count_handler_cb),
                                     &n, NULL, GPOINTER_TO_UINT (flags));
  g_assert_true (test_is_connected (emitter, id));
  lifecycle_scope_close (scope);
  g_assert_false (test_is_connected (emitter, id));
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
add_for_both (const char    *path,
              GTestDataFunc  func)
{
  g_autofree char *queued = g_strdup_printf ("/lifecycle/threads/queued/%s", path);
  g_autofree char *guarded = g_strdup_printf ("/lifecycle/threads/guarded/%s", path);

  g_test_add_data_func (queued, GUINT_TO_POINTER (LIFECYCLE_CONNECT_QUEUED), func);
  g_test_add_data_func (guarded, GUINT_TO_POINTER (LIFECYCLE_CONNECT_GUARDED), func);
}

static void
iterate_while_closing_cb (LifecycleScope  *scope,
                          LifecycleReason  reason,
                          gpointer         data)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* What was on its way when the scope began to move is delivered, while it says so, or later. */
static void
test_queued_during_move (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *moved;
  TestEmitter *emitter = test_emitter_new ();
  int n = 0;

  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_count_handler_cb), &n,
                                NULL, LIFECYCLE_CONNECT_QUEUED);
  g_signal_connect (scope, "closing", G_CALLBACK (iterate_while_closing_cb), NULL);
  test_emit (emitter, "plain");
  moved = lifecycle_scope_move (scope);
  g_assert_cmpint (n, ==, 1);

  test_emit (emitter, "plain");
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpint (n, ==, 2);

  lifecycle_scope_close (moved);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (moved);
  g_assert_finalize_object (emitter);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_type_ensure (TEST_TYPE_EMITTER);
  g_type_class_unref (g_type_class_ref (TEST_TYPE_EMITTER));
  {
    GType types[] = {
#define ALL_TYPE(name, type, ctype) type,
      ALL_TYPES (ALL_TYPE)
#undef ALL_TYPE
    };

    all_signal = g_signal_newv ("all", TEST_TYPE_EMITTER, G_SIGNAL_RUN_LAST, NULL, NULL, NULL, NULL,
                                G_TYPE_NONE, G_N_ELEMENTS (types), types);
  }

  g_test_add_func ("/lifecycle/threads/queued/elsewhere", test_queued_elsewhere);
  g_test_add_func ("/lifecycle/threads/queued/types", test_queued_types);
  g_test_add_func ("/lifecycle/threads/queued/object-argument", test_queued_object_argument);
  g_test_add_func ("/lifecycle/threads/queued/emitter-argument", test_queued_emitter_argument);
  g_test_add_func ("/lifecycle/threads/queued/many", test_queued_many);
  g_test_add_func ("/lifecycle/threads/queued/order", test_queued_order);
  g_test_add_func ("/lifecycle/threads/queued/crowd", test_queued_crowd);
  g_test_add_func ("/lifecycle/threads/queued/once", test_queued_once);
  g_test_add_func ("/lifecycle/threads/queued/once-crowd", test_queued_once_crowd);
  g_test_add_func ("/lifecycle/threads/queued/flags", test_queued_flags);
  g_test_add_func ("/lifecycle/threads/queued/closure", test_queued_closure);
  g_test_add_func ("/lifecycle/threads/queued/answer", test_queued_answer);
  g_test_add_func ("/lifecycle/threads/queued/recursion", test_queued_recursion);
  g_test_add_func ("/lifecycle/threads/queued/starves-nobody", test_queued_starves_nobody);
  g_test_add_func ("/lifecycle/threads/queued/clear", test_queued_clear);
  g_test_add_func ("/lifecycle/threads/queued/move", test_queued_move);
  g_test_add_func ("/lifecycle/threads/queued/disconnected", test_queued_disconnected);
  g_test_add_func ("/lifecycle/threads/queued/disposed", test_queued_disposed);
  g_test_add_func ("/lifecycle/threads/queued/close-inside", test_queued_close_inside);
  g_test_add_func ("/lifecycle/threads/queued/close-elsewhere", test_queued_close_elsewhere);
  g_test_add_func ("/lifecycle/threads/queued/worker", test_queued_worker);

  add_for_both ("blocked", test_blocked);
  add_for_both ("after-run-dispose", test_after_run_dispose);
  add_for_both ("stolen", test_stolen);
  add_for_both ("stolen-works", test_stolen_works);
  add_for_both ("late", test_late);
  add_for_both ("connect-elsewhere", test_connect_elsewhere);
  add_for_both ("chosen", test_guarded_chosen);
  add_for_both ("emitter-dies", test_emitter_dies);
  add_for_both ("emitter-closes", test_emitter_closes);
  add_for_both ("emitter-race", test_emitter_race);

  g_test_add_func ("/lifecycle/threads/guarded/elsewhere", test_guarded_elsewhere);
  g_test_add_func ("/lifecycle/threads/guarded/flags", test_guarded_flags);
  g_test_add_func ("/lifecycle/threads/guarded/close-running", test_guarded_close_running);
  g_test_add_data_func ("/lifecycle/threads/guarded/close-async", NULL, test_guarded_close_async);
  g_test_add_data_func ("/lifecycle/threads/guarded/close-async-once",
                        GUINT_TO_POINTER (LIFECYCLE_CONNECT_ONCE), test_guarded_close_async);
  g_test_add_func ("/lifecycle/threads/guarded/close-async-two", test_guarded_close_async_two);
  g_test_add_func ("/lifecycle/threads/guarded/timeout", test_guarded_timeout);
  g_test_add_func ("/lifecycle/threads/guarded/close-while-waiting",
                   test_guarded_close_while_waiting);
  g_test_add_func ("/lifecycle/threads/guarded/clear", test_guarded_clear);
  g_test_add_func ("/lifecycle/threads/guarded/move", test_guarded_move);
  g_test_add_data_func ("/lifecycle/threads/guarded/disconnected", NULL,
                        test_guarded_disconnected);
  g_test_add_data_func ("/lifecycle/threads/guarded/disposed", GUINT_TO_POINTER (1),
                        test_guarded_disconnected);
  g_test_add_func ("/lifecycle/threads/guarded/close-async-elsewhere",
                   test_guarded_close_async_elsewhere);
  g_test_add_func ("/lifecycle/threads/guarded/cancel-wait", test_guarded_cancel_wait);
  g_test_add_data_func ("/lifecycle/threads/guarded/close-inside-home", GUINT_TO_POINTER (0),
                        test_guarded_close_inside);
  g_test_add_data_func ("/lifecycle/threads/guarded/close-async-inside-home", GUINT_TO_POINTER (1),
                        test_guarded_close_inside);
  g_test_add_data_func ("/lifecycle/threads/guarded/close-inside-elsewhere", GUINT_TO_POINTER (2),
                        test_guarded_close_inside);
  g_test_add_data_func ("/lifecycle/threads/guarded/close-async-inside-elsewhere",
                        GUINT_TO_POINTER (3), test_guarded_close_inside);
  g_test_add_func ("/lifecycle/threads/guarded/recursion", test_guarded_recursion);

  g_test_add_func ("/lifecycle/threads/closers", test_closers);
  g_test_add_func ("/lifecycle/threads/target-released", test_target_released);

  g_test_add_func ("/lifecycle/threads/queued-during-move", test_queued_during_move);

  return g_test_run ();
}
