/* test-queued.c: handlers that are queued
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-threads-util.h"

static gpointer
emit_thread (gpointer emitter)
{
  test_emit (emitter, "plain");
  return NULL;
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
/* A value whose copy drops the scope of the handler, as another thread may at that moment. */
static gpointer
dropping_copy (gpointer scope)
{
  g_assert_cmpuint (lifecycle_scope_close (*(LifecycleScope **) scope), ==, 1);
  g_assert_finalize_object (*(LifecycleScope **) scope);

  return scope;
}

static void
dropping_free (gpointer scope)
{
}

/* What comes too late for a scope is dropped, but its home has not been abandoned. */
static void
test_queued_late (void)
{
  GType type = g_boxed_type_register_static ("TestDropping", dropping_copy, dropping_free);
  guint signal_id = g_signal_new ("dropping", TEST_TYPE_EMITTER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, type | G_SIGNAL_TYPE_STATIC_SCOPE);
  TestEmitter *emitter = test_emitter_new ();
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  g_autoptr (LifecycleStatistics) before = lifecycle_get_statistics ();
  g_autoptr (LifecycleStatistics) after = NULL;

  lifecycle_scope_connect_full (scope, emitter, "dropping", G_CALLBACK (test_never_handler_cb), NULL,
                                NULL, LIFECYCLE_CONNECT_QUEUED);
  g_signal_emit (emitter, signal_id, 0, &scope);
  test_drain ();
  after = lifecycle_get_statistics ();
  g_assert_cmpuint (lifecycle_statistics_get_n_abandoned (after), ==,
                    lifecycle_statistics_get_n_abandoned (before));
  g_assert_finalize_object (emitter);
}

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

static void
close_parent_cb (LifecycleScope  *scope,
                 LifecycleReason  reason,
                 gpointer         parent)
{
  lifecycle_scope_close (parent);
}

static void
iterate_when_cancelled_cb (GCancellable *cancellable,
                           gpointer      n_cancelled)
{
  ++*(int *) n_cancelled;
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* A handler of `closing` ends the scope that is about to move: once all has been muted, nothing that
 * is queued is delivered, although the cancellable runs the main loop before the mail is dropped.
 */
static void
test_queued_closed_during_move (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *scope = lifecycle_scope_new_child (parent, "scope");
  LifecycleScope *moved;
  GCancellable *cancellable = g_object_ref (lifecycle_scope_get_cancellable (scope));
  TestEmitter *emitter = test_emitter_new ();
  int n = 0;
  int n_cancelled = 0;

  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_count_handler_cb), &n,
                                NULL, LIFECYCLE_CONNECT_QUEUED);
  g_signal_connect (cancellable, "cancelled", G_CALLBACK (iterate_when_cancelled_cb), &n_cancelled);
  g_signal_connect (scope, "closing", G_CALLBACK (close_parent_cb), parent);
  test_emit (emitter, "plain");
  moved = lifecycle_scope_move (scope);
  g_assert_cmpint (n_cancelled, ==, 1);
  g_assert_cmpint (n, ==, 0);

  g_object_unref (moved);
  g_object_unref (cancellable);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (parent);
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
  g_test_add_func ("/lifecycle/threads/queued/late", test_queued_late);
  g_test_add_func ("/lifecycle/threads/queued/close-inside", test_queued_close_inside);
  g_test_add_func ("/lifecycle/threads/queued/close-elsewhere", test_queued_close_elsewhere);
  g_test_add_func ("/lifecycle/threads/queued/worker", test_queued_worker);

  g_test_add_func ("/lifecycle/threads/queued-during-move", test_queued_during_move);
  g_test_add_func ("/lifecycle/threads/queued-closed-during-move", test_queued_closed_during_move);

  return g_test_run ();
}
