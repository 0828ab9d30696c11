/* test-signals.c: signal handlers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-signals-util.h"

static void
test_connect (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int n = 0;
  gulong id;

  id = lifecycle_scope_connect_signal (scope, emitter, "plain",
                                       G_CALLBACK (test_count_handler_cb), &n);
  g_assert_cmpuint (id, >, 0);
  g_assert_true (test_is_connected (emitter, id));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  test_emit (emitter, "plain");
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 2);

  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_false (test_is_connected (emitter, id));
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 2);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* The scope holds no reference on the emitter, nor the other way round. */
static void
test_references (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int n = 0;

  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_count_handler_cb),
                                &n, test_count_closure_notify, 0);
  g_assert_cmpuint (G_OBJECT (emitter)->ref_count, ==, 1);
  g_assert_cmpuint (G_OBJECT (scope)->ref_count, ==, 1);
  g_assert_finalize_object (emitter);
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
}

static void
params_cb (TestEmitter *emitter,
           int          number,
           const char  *text,
           GObject     *object,
           gpointer     word)
{
  test_log ("%s:%d:%s:%s", (const char *) word, number, text,
            object == (GObject *) emitter ? "self" : "other");
}

static void
params_swapped_cb (gpointer     word,
                   int          number,
                   const char  *text,
                   GObject     *object,
                   TestEmitter *emitter)
{
  params_cb (emitter, number, text, object, word);
}

static int
answer_cb (TestEmitter *emitter,
           int          number,
           gpointer     add)
{
  return number + GPOINTER_TO_INT (add);
}

static void
test_params (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int answer = 0;

  lifecycle_scope_connect_signal (scope, emitter, "params", G_CALLBACK (params_cb), (gpointer) "a");
  lifecycle_scope_connect_full (scope, emitter, "params", G_CALLBACK (params_swapped_cb),
                                (gpointer) "b", NULL, LIFECYCLE_CONNECT_SWAPPED);
  lifecycle_scope_connect_full (scope, emitter, "params", G_CALLBACK (params_cb),
                                (gpointer) "c", NULL, LIFECYCLE_CONNECT_ONCE);
  lifecycle_scope_connect_full (scope, emitter, "params", G_CALLBACK (params_swapped_cb),
                                (gpointer) "d", NULL,
                                LIFECYCLE_CONNECT_ONCE | LIFECYCLE_CONNECT_SWAPPED);
  lifecycle_scope_connect_signal (scope, emitter, "answer", G_CALLBACK (answer_cb),
                                  GINT_TO_POINTER (2));

  g_signal_emit_by_name (emitter, "params", 5, "five", emitter);
  test_assert_log ("a:5:five:self b:5:five:self c:5:five:self d:5:five:self");
  g_signal_emit_by_name (emitter, "params", 6, "six", scope);
  test_assert_log ("a:6:six:other b:6:six:other");
  g_signal_emit_by_name (emitter, "answer", 40, &answer);
  g_assert_cmpint (answer, ==, 42);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 3);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* A handler that runs once returns its value all the same. */
static void
test_once_answer (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int answer = 0;

  lifecycle_scope_connect_full (scope, emitter, "answer", G_CALLBACK (answer_cb),
                                GINT_TO_POINTER (1), NULL, LIFECYCLE_CONNECT_ONCE);
  g_signal_emit_by_name (emitter, "answer", 7, &answer);
  g_assert_cmpint (answer, ==, 8);
  answer = -1;
  g_signal_emit_by_name (emitter, "answer", 7, &answer);
  g_assert_cmpint (answer, !=, 8);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
test_detail (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();

  lifecycle_scope_connect_signal (scope, emitter, "detailed::red",
                                  G_CALLBACK (test_log_handler_cb), (gpointer) "red");
  lifecycle_scope_connect_signal (scope, emitter, "detailed",
                                  G_CALLBACK (test_log_handler_cb), (gpointer) "any");
  test_emit (emitter, "detailed::red");
  test_assert_log ("red any");
  test_emit (emitter, "detailed::blue");
  test_assert_log ("any");
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  test_emit (emitter, "detailed::red");
  test_assert_log ("");
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
notify_value_cb (TestEmitter *emitter,
                 GParamSpec  *pspec,
                 gpointer     data)
{
  test_log ("%s=%d", pspec->name, emitter->value);
}

static void
test_notify (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();

  lifecycle_scope_connect_signal (scope, emitter, "notify::value",
                                  G_CALLBACK (notify_value_cb), NULL);
  g_object_set (emitter, "value", 5, NULL);
  test_assert_log ("value=5");
  lifecycle_scope_close (scope);
  g_object_set (emitter, "value", 6, NULL);
  test_assert_log ("");
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
test_after (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();

  lifecycle_scope_connect_full (scope, emitter, "late", G_CALLBACK (test_log_handler_cb),
                                (gpointer) "after", NULL, LIFECYCLE_CONNECT_AFTER);
  lifecycle_scope_connect_full (scope, emitter, "late", G_CALLBACK (test_log_handler_cb),
                                (gpointer) "before", NULL, LIFECYCLE_CONNECT_DEFAULT);
  lifecycle_scope_connect_full (scope, emitter, "late", G_CALLBACK (test_log_handler_cb),
                                (gpointer) "once", NULL,
                                LIFECYCLE_CONNECT_AFTER | LIFECYCLE_CONNECT_ONCE);
  test_emit (emitter, "late");
  test_assert_log ("before class after once");
  test_emit (emitter, "late");
  test_assert_log ("before class after");
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  test_emit (emitter, "late");
  test_assert_log ("class");
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
swapped_cb (gpointer     word,
            TestEmitter *emitter)
{
  g_assert_true (TEST_IS_EMITTER (emitter));
  test_log ("%s", (const char *) word);
}

static void
test_swapped (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();

  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (swapped_cb), (gpointer) "w",
                                test_log_closure_notify, LIFECYCLE_CONNECT_SWAPPED);
  test_emit (emitter, "plain");
  test_assert_log ("w");
  lifecycle_scope_close (scope);
  test_assert_log ("~w");
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
once_recursive_cb (TestEmitter *emitter,
                   Fixture     *f)
{
  g_assert_false (test_is_connected (emitter, f->id));
  f->n++;
  if (f->depth++ < 3)
    test_emit (emitter, "plain");
}

static void
test_once (void)
{
  Fixture f = { .scope = lifecycle_scope_new ("scope"), .emitter = test_emitter_new () };

  f.id = lifecycle_scope_connect_full (f.scope, f.emitter, "plain", G_CALLBACK (once_recursive_cb),
                                       &f, NULL, LIFECYCLE_CONNECT_ONCE);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (f.scope), ==, 1);
  test_emit (f.emitter, "plain");
  g_assert_cmpint (f.n, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (f.scope), ==, 0);
  test_emit (f.emitter, "plain");
  g_assert_cmpint (f.n, ==, 1);
  g_assert_cmpuint (lifecycle_scope_close (f.scope), ==, 0);
  g_assert_finalize_object (f.scope);
  g_assert_finalize_object (f.emitter);
}

static void
once_count_cb (TestEmitter *emitter,
               int         *n)
{
  g_assert_cmpint (n[1], ==, 0);
  n[0]++;
}

static void
second_notify (gpointer  data,
               GClosure *closure)
{
  ((int *) data)[1]++;
}

/* The notify runs once, and not before the handler has returned. */
static void
test_once_destroy (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int ran[2] = { 0, 0 }, unused[2] = { 0, 0 }, orphan[2] = { 0, 0 };

  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (once_count_cb), ran,
                                second_notify, LIFECYCLE_CONNECT_ONCE);
  test_emit (emitter, "plain");
  g_assert_cmpint (ran[0], ==, 1);
  g_assert_cmpint (ran[1], ==, 1);

  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (once_count_cb), unused,
                                second_notify, LIFECYCLE_CONNECT_ONCE);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_cmpint (unused[0], ==, 0);
  g_assert_cmpint (unused[1], ==, 1);
  g_assert_finalize_object (scope);

  scope = lifecycle_scope_new ("scope");
  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (once_count_cb), orphan,
                                second_notify, LIFECYCLE_CONNECT_ONCE);
  g_assert_finalize_object (emitter);
  g_assert_cmpint (orphan[0], ==, 0);
  g_assert_cmpint (orphan[1], ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
}

static void
once_close_cb (TestEmitter *emitter,
               Fixture     *f)
{
  f->n++;
  lifecycle_scope_close (f->scope);
  g_assert_true (lifecycle_scope_is_closed (f->scope));
}

static void
test_once_closes (void)
{
  Fixture f = { .scope = lifecycle_scope_new ("scope"), .emitter = test_emitter_new () };

  lifecycle_scope_connect_full (f.scope, f.emitter, "plain", G_CALLBACK (once_close_cb), &f,
                                fixture_closure_notify, LIFECYCLE_CONNECT_ONCE);
  test_emit (f.emitter, "plain");
  test_emit (f.emitter, "plain");
  g_assert_cmpint (f.n, ==, 1);
  g_assert_cmpint (f.destroyed, ==, 1);
  g_assert_finalize_object (f.scope);
  g_assert_finalize_object (f.emitter);
}

static void
close_around_cb (TestEmitter *emitter,
                 Fixture     *f)
{
  f->n++;
  /* This handler, one that has run, and one that has not. */
  g_assert_cmpuint (lifecycle_scope_close (f->scope), ==, 3);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (f->scope), ==, 0);
}

/* The close ends plain handlers in a row, and finds one that is running in the middle of it. */
static void
test_running_closes (void)
{
  Fixture f = { .scope = lifecycle_scope_new ("scope"), .emitter = test_emitter_new () };
  int n = 0;

  lifecycle_scope_connect_signal (f.scope, f.emitter, "plain", G_CALLBACK (test_count_handler_cb),
                                  &n);
  lifecycle_scope_connect_signal (f.scope, f.emitter, "plain", G_CALLBACK (close_around_cb), &f);
  lifecycle_scope_connect_signal (f.scope, f.emitter, "plain", G_CALLBACK (test_count_handler_cb),
                                  &n);
  test_emit (f.emitter, "plain");
  test_emit (f.emitter, "plain");
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpint (f.n, ==, 1);
  g_assert_false (test_has_handlers (f.emitter, "plain"));
  g_assert_finalize_object (f.scope);
  g_assert_finalize_object (f.emitter);
}

/* A handler that is blocked has not had its turn. */
static void
test_once_blocked (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int n = 0;

  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_count_handler_cb), &n,
                                NULL, LIFECYCLE_CONNECT_ONCE);
  lifecycle_scope_block (scope);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 0);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  lifecycle_scope_unblock (scope);
  test_emit (emitter, "plain");
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
test_unknown_signal (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  GClosure *closure;
  int destroyed = 0;

  test_expect_critical ("*nonsense*");
  g_assert_cmpuint (lifecycle_scope_connect_full (scope, emitter, "nonsense",
                                                  G_CALLBACK (test_never_handler_cb), &destroyed,
                                                  test_count_closure_notify, 0), ==, 0);
  g_test_assert_expected_messages ();
  g_assert_cmpint (destroyed, ==, 1);

  test_expect_critical ("*nonsense*");
  g_assert_cmpuint (lifecycle_scope_connect_signal (scope, emitter, "nonsense",
                                                    G_CALLBACK (test_never_handler_cb), NULL),
                    ==, 0);
  g_test_assert_expected_messages ();

  /* A detail on a signal that takes none is as unknown to GLib. */
  test_expect_critical ("*");
  g_assert_cmpuint (lifecycle_scope_connect_full (scope, emitter, "plain::detail",
                                                  G_CALLBACK (test_never_handler_cb), &destroyed,
                                                  test_count_closure_notify, 0), ==, 0);
  g_test_assert_expected_messages ();
  g_assert_cmpint (destroyed, ==, 2);

  closure = g_cclosure_new (G_CALLBACK (test_never_handler_cb), &destroyed,
                            test_count_closure_notify);
  test_expect_critical ("*nonsense*");
  g_assert_cmpuint (lifecycle_scope_connect_closure (scope, G_OBJECT (emitter), "nonsense",
                                                     closure, 0), ==, 0);
  g_test_assert_expected_messages ();
  g_assert_cmpint (destroyed, ==, 3);

  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
items_changed_cb (GListModel *model,
                  guint       position,
                  guint       removed,
                  guint       added,
                  gpointer    word)
{
  test_log ("%s:%u:%u:%u", (const char *) word, position, removed, added);
}

static void
action_added_cb (GActionGroup *group,
                 const char   *name,
                 gpointer      word)
{
  test_log ("%s:%s", (const char *) word, name);
}

static void
test_interface (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  GListStore *store = g_list_store_new (TEST_TYPE_EMITTER);
  GSimpleActionGroup *group = g_simple_action_group_new ();
  g_autoptr (GSimpleAction) red = g_simple_action_new ("red", NULL);
  g_autoptr (GSimpleAction) blue = g_simple_action_new ("blue", NULL);
  gulong id;

  lifecycle_scope_connect_signal (scope, emitter, "beep", G_CALLBACK (test_log_handler_cb),
                                  (gpointer) "beep");
  lifecycle_scope_connect_signal (scope, store, "items-changed", G_CALLBACK (items_changed_cb),
                                  (gpointer) "items");
  id = lifecycle_scope_connect_signal (scope, group, "action-added::red",
                                       G_CALLBACK (action_added_cb), (gpointer) "added");
  g_assert_cmpuint (id, >, 0);

  test_emit (emitter, "beep");
  g_list_store_append (store, emitter);
  g_action_map_add_action (G_ACTION_MAP (group), G_ACTION (blue));
  g_action_map_add_action (G_ACTION_MAP (group), G_ACTION (red));
  test_assert_log ("beep items:0:0:1 added:red");

  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 3);
  test_emit (emitter, "beep");
  g_list_store_remove_all (store);
  test_assert_log ("");
  g_assert_finalize_object (scope);
  g_assert_finalize_object (store);
  g_assert_finalize_object (group);
  g_assert_finalize_object (emitter);
}

/* Handlers on a scope are handlers like others. */
static void
test_on_scope (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *other = lifecycle_scope_new ("other");

  lifecycle_scope_connect_signal (scope, other, "closed", G_CALLBACK (test_log_scope_cb),
                                  (gpointer) "closed");
  lifecycle_scope_connect_signal (scope, scope, "closing", G_CALLBACK (test_log_scope_cb),
                                  (gpointer) "self-closing");
  lifecycle_scope_connect_signal (scope, scope, "closed", G_CALLBACK (test_log_scope_cb),
                                  (gpointer) "self-closed");
  lifecycle_scope_close (other);
  test_assert_log ("closed");
  /* Its own handlers are mute when `closed` comes. */
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 3);
  test_assert_log ("self-closing");
  g_assert_finalize_object (other);
  g_assert_finalize_object (scope);
}

static void
test_closure (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  GClosure *closure;
  gulong id;
  int n = 0, destroyed = 0;

  /* A floating one is taken over. */
  closure = g_cclosure_new (G_CALLBACK (test_count_handler_cb), &n, NULL);
  g_closure_add_finalize_notifier (closure, &destroyed, test_count_closure_notify);
  id = lifecycle_scope_connect_closure (scope, G_OBJECT (emitter), "plain", closure, 0);
  g_assert_cmpuint (id, >, 0);
  g_assert_true (test_is_connected (emitter, id));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpint (destroyed, ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_false (test_is_connected (emitter, id));
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 1);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
test_closure_params (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  GObject *object = G_OBJECT (emitter);
  int answer = 0;

  lifecycle_scope_connect_closure (scope, object, "params",
                                   g_cclosure_new (G_CALLBACK (params_cb), (gpointer) "a", NULL),
                                   0);
  lifecycle_scope_connect_closure (scope, object, "params",
                                   g_cclosure_new_swap (G_CALLBACK (params_swapped_cb),
                                                        (gpointer) "b", NULL), 0);
  lifecycle_scope_connect_closure (scope, object, "params",
                                   g_cclosure_new (G_CALLBACK (params_cb), (gpointer) "c", NULL),
                                   LIFECYCLE_CONNECT_ONCE);
  lifecycle_scope_connect_closure (scope, object, "answer",
                                   g_cclosure_new (G_CALLBACK (answer_cb), GINT_TO_POINTER (2),
                                                   NULL), 0);
  g_signal_emit_by_name (emitter, "params", 5, "five", emitter);
  test_assert_log ("a:5:five:self b:5:five:self c:5:five:self");
  g_signal_emit_by_name (emitter, "params", 6, "six", scope);
  test_assert_log ("a:6:six:other b:6:six:other");
  g_signal_emit_by_name (emitter, "answer", 40, &answer);
  g_assert_cmpint (answer, ==, 42);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 3);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
test_closure_after (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();

  lifecycle_scope_connect_closure (scope, G_OBJECT (emitter), "late",
                                   g_cclosure_new (G_CALLBACK (test_log_handler_cb),
                                                   (gpointer) "after", NULL),
                                   LIFECYCLE_CONNECT_AFTER);
  lifecycle_scope_connect_closure (scope, G_OBJECT (emitter), "late",
                                   g_cclosure_new (G_CALLBACK (test_log_handler_cb),
                                                   (gpointer) "before", NULL), 0);
  test_emit (emitter, "late");
  test_assert_log ("before class after");
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* The caller keeps a closure of his own: it is disconnected, and otherwise left as it was. */
static void
test_closure_other_references (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  GClosure *closure;
  gulong id, own;
  int n = 0, destroyed = 0;

  closure = g_cclosure_new (G_CALLBACK (test_count_handler_cb), &n, NULL);
  g_closure_add_finalize_notifier (closure, &destroyed, test_count_closure_notify);
  g_closure_ref (closure);
  g_closure_sink (closure);
  g_closure_set_marshal (closure, g_cclosure_marshal_generic);

  id = lifecycle_scope_connect_closure (scope, G_OBJECT (emitter), "plain", closure, 0);
  own = g_signal_connect_closure (emitter, "plain", closure, FALSE);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 2);

  /* Disconnecting the one retires the entry, though the closure lives on. */
  g_signal_handler_disconnect (emitter, id);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_true (test_is_connected (emitter, own));

  id = lifecycle_scope_connect_closure (scope, G_OBJECT (emitter), "plain", closure, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_false (test_is_connected (emitter, id));
  g_assert_true (test_is_connected (emitter, own));
  g_assert_false (closure->is_invalid);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 3);
  g_signal_handler_disconnect (emitter, own);
  g_assert_cmpint (destroyed, ==, 0);
  g_closure_unref (closure);
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* One closure, connected more often than a closure can have finalize notifiers. */
static void
test_closure_often (void)
{
  LifecycleScope *a = lifecycle_scope_new ("a");
  LifecycleScope *b = lifecycle_scope_new ("b");
  TestEmitter *emitter = test_emitter_new ();
  GClosure *closure;
  gulong ids[1000];
  int n = 0, destroyed = 0;
  guint i;

  closure = g_cclosure_new (G_CALLBACK (test_count_handler_cb), &n, NULL);
  g_closure_add_finalize_notifier (closure, &destroyed, test_count_closure_notify);
  g_closure_ref (closure);
  g_closure_sink (closure);
  for (i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      ids[i] = lifecycle_scope_connect_closure (i % 2 == 0 ? a : b, G_OBJECT (emitter), "plain",
                                                closure, 0);
      g_assert_cmpuint (ids[i], >, 0);
    }
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 1000);

  for (i = 0; i < 100; i++)
    g_signal_handler_disconnect (emitter, ids[i]);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (a), ==, 450);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (b), ==, 450);
  g_assert_cmpuint (lifecycle_scope_close (a), ==, 450);
  n = 0;
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 450);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (b), ==, 450);
  g_assert_finalize_object (emitter);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (b), ==, 0);

  g_assert_cmpint (destroyed, ==, 0);
  g_closure_unref (closure);
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_finalize_object (a);
  g_assert_finalize_object (b);
}

static void
test_closure_invalidated (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  GClosure *closure;
  gulong id;
  int n = 0;

  closure = g_cclosure_new (G_CALLBACK (test_count_handler_cb), &n, NULL);
  g_closure_ref (closure);
  g_closure_sink (closure);
  id = lifecycle_scope_connect_closure (scope, G_OBJECT (emitter), "plain", closure, 0);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 1);

  g_closure_invalidate (closure);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_false (test_is_connected (emitter, id));
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 1);
  g_closure_unref (closure);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* A closure that watches an object is invalidated when that object goes. */
static void
test_closure_object (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  TestEmitter *target = test_emitter_new ();
  gulong id;

  id = lifecycle_scope_connect_closure (scope, G_OBJECT (emitter), "plain",
                                        g_cclosure_new_object (G_CALLBACK (test_never_handler_cb),
                                                               G_OBJECT (target)), 0);
  g_assert_cmpuint (id, >, 0);
  g_assert_finalize_object (target);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_false (test_is_connected (emitter, id));
  test_emit (emitter, "plain");
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* The other order, with the watched object outliving the scope, or the emitter. */
static void
test_closure_object_survives (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  TestEmitter *target = test_emitter_new ();

  lifecycle_scope_connect_closure (scope, G_OBJECT (emitter), "plain",
                                   g_cclosure_new_object (G_CALLBACK (test_never_handler_cb),
                                                          G_OBJECT (target)), 0);
  lifecycle_scope_connect_closure (scope, G_OBJECT (target), "plain",
                                   g_cclosure_new_object (G_CALLBACK (test_never_handler_cb),
                                                          G_OBJECT (target)), 0);
  g_assert_finalize_object (emitter);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (target);
}

/* A closure that was invalid from the start. */
static void
test_closure_born_invalid (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  GClosure *closure = g_cclosure_new (G_CALLBACK (test_never_handler_cb), NULL, NULL);

  g_closure_ref (closure);
  g_closure_sink (closure);
  g_closure_invalidate (closure);
  lifecycle_scope_connect_closure (scope, G_OBJECT (emitter), "plain", closure, 0);
  test_emit (emitter, "plain");
  lifecycle_scope_close (scope);
  g_closure_unref (closure);
  g_assert_false (test_has_handlers (emitter, "plain"));
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
test_adopt_handler (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int n = 0, destroyed = 0;
  gulong id, own;

  id = g_signal_connect_data (emitter, "plain", G_CALLBACK (test_count_handler_cb), &n, NULL, 0);
  g_assert_true (lifecycle_scope_add_handler (scope, G_OBJECT (emitter), id));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_assert_cmpuint (G_OBJECT (emitter)->ref_count, ==, 1);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 1);

  own = g_signal_connect_data (emitter, "plain", G_CALLBACK (test_count_handler_cb), &destroyed,
                               test_count_closure_notify, 0);
  g_assert_true (lifecycle_scope_add_handler (scope, G_OBJECT (emitter), own));
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 2);
  g_assert_false (test_is_connected (emitter, id));
  g_assert_cmpint (destroyed, ==, 1);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 1);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
test_adopt_handler_instance_dies (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  guint i;

  for (i = 0; i < 10; i++)
    lifecycle_scope_add_handler (scope, G_OBJECT (emitter),
                                 g_signal_connect (emitter, "plain",
                                                   G_CALLBACK (test_never_handler_cb), NULL));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 10);
  g_assert_finalize_object (emitter);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_finalize_object (scope);
}

static void
test_adopt_handler_run_dispose (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int n = 0;

  lifecycle_scope_add_handler (scope, G_OBJECT (emitter),
                               g_signal_connect (emitter, "plain",
                                                 G_CALLBACK (test_never_handler_cb), NULL));
  g_object_run_dispose (G_OBJECT (emitter));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);

  /* It is still an instance, and can be connected to anew. */
  g_assert_true (lifecycle_scope_add_handler (scope, G_OBJECT (emitter),
                                              g_signal_connect (emitter, "plain",
                                                                G_CALLBACK (test_count_handler_cb),
                                                                &n)));
  lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (test_count_handler_cb), &n);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 2);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 2);
  g_assert_finalize_object (emitter);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
}

static void
test_adopt_handler_dead (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  TestEmitter *other = test_emitter_new ();
  gulong id;

  id = g_signal_connect (emitter, "plain", G_CALLBACK (test_never_handler_cb), NULL);
  /* Alive, but on another instance. */
  g_assert_false (lifecycle_scope_add_handler (scope, G_OBJECT (other), id));
  g_assert_true (test_is_connected (emitter, id));
  g_signal_handler_disconnect (emitter, id);
  g_assert_false (lifecycle_scope_add_handler (scope, G_OBJECT (emitter), id));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);

  /* Dies after it was adopted. */
  id = g_signal_connect (emitter, "plain", G_CALLBACK (test_never_handler_cb), NULL);
  g_assert_true (lifecycle_scope_add_handler (scope, G_OBJECT (emitter), id));
  g_signal_handler_disconnect (emitter, id);
  lifecycle_scope_close (scope);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
  g_assert_finalize_object (other);
}

/* Foreign ids that died are swept: the list does not grow with them for ever. */
static void
test_adopt_handler_swept (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  guint i;

  for (i = 0; i < 100000; i++)
    {
      gulong id = g_signal_connect (emitter, "plain", G_CALLBACK (test_never_handler_cb), NULL);

      lifecycle_scope_add_handler (scope, G_OBJECT (emitter), id);
      g_signal_handler_disconnect (emitter, id);
    }
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), <, 50000);
  lifecycle_scope_close (scope);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
test_steal_handler (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  LifecycleScope *other = lifecycle_scope_new ("other");
  TestEmitter *emitter = test_emitter_new ();
  GObject *object = G_OBJECT (emitter);
  int n = 0, destroyed = 0;
  gulong made, adopted, foreign, closure;

  made = lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_count_handler_cb),
                                       &n, NULL, 0);
  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_count_handler_cb),
                                &n, NULL, 0);
  adopted = g_signal_connect (emitter, "plain", G_CALLBACK (test_count_handler_cb), &n);
  lifecycle_scope_add_handler (scope, object, adopted);
  closure = lifecycle_scope_connect_closure (scope, object, "plain",
                                             g_cclosure_new (G_CALLBACK (test_count_handler_cb),
                                                             &n, NULL), 0);
  foreign = g_signal_connect (emitter, "plain", G_CALLBACK (test_count_handler_cb), &n);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 4);

  g_assert_false (lifecycle_scope_steal_handler (other, object, made));
  g_assert_false (lifecycle_scope_steal_handler (scope, object, foreign));
  g_assert_false (lifecycle_scope_steal_handler (scope, object, foreign + 1000));
  g_assert_true (lifecycle_scope_steal_handler (scope, object, made));
  g_assert_false (lifecycle_scope_steal_handler (scope, object, made));
  g_assert_true (lifecycle_scope_steal_handler (scope, object, adopted));
  g_assert_false (lifecycle_scope_steal_handler (scope, object, adopted));
  g_assert_true (lifecycle_scope_steal_handler (scope, object, closure));
  g_assert_false (lifecycle_scope_steal_handler (scope, object, closure));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);

  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_true (test_is_connected (emitter, made));
  g_assert_true (test_is_connected (emitter, adopted));
  g_assert_true (test_is_connected (emitter, closure));
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 4);
  g_assert_finalize_object (scope);

  /* They go on without any scope. */
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 8);
  g_signal_handler_disconnect (emitter, made);

  /* The notify of a stolen handler runs when it goes, exactly once. */
  made = lifecycle_scope_connect_full (other, emitter, "plain", G_CALLBACK (test_count_handler_cb),
                                       &destroyed, test_count_closure_notify, 0);
  g_assert_true (lifecycle_scope_steal_handler (other, object, made));
  g_assert_finalize_object (other);
  g_assert_cmpint (destroyed, ==, 0);
  g_signal_handler_disconnect (emitter, made);
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_finalize_object (emitter);
}

/* A stolen handler may be given to another scope. */
static void
test_steal_handler_and_add (void)
{
  LifecycleScope *a = lifecycle_scope_new ("a");
  LifecycleScope *b = lifecycle_scope_new ("b");
  TestEmitter *emitter = test_emitter_new ();
  int n = 0;
  gulong id;

  id = lifecycle_scope_connect_signal (a, emitter, "plain", G_CALLBACK (test_count_handler_cb), &n);
  g_assert_true (lifecycle_scope_steal_handler (a, G_OBJECT (emitter), id));
  g_assert_true (lifecycle_scope_add_handler (b, G_OBJECT (emitter), id));
  g_assert_finalize_object (a);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpuint (lifecycle_scope_close (b), ==, 1);
  g_assert_false (test_is_connected (emitter, id));
  g_assert_finalize_object (b);
  g_assert_finalize_object (emitter);
}

/* One that runs once goes on doing so. */
static void
test_steal_once (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int n = 0;
  gulong id;

  id = lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (test_count_handler_cb),
                                     &n, NULL, LIFECYCLE_CONNECT_ONCE);
  g_assert_true (lifecycle_scope_steal_handler (scope, G_OBJECT (emitter), id));
  g_assert_finalize_object (scope);
  test_emit (emitter, "plain");
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 1);
  g_assert_false (test_is_connected (emitter, id));
  g_assert_finalize_object (emitter);
}

/* GLib's own functions work on the handlers of a scope. */
static void
test_matching (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int n = 0;
  gulong id;

  id = lifecycle_scope_connect_signal (scope, emitter, "plain",
                                       G_CALLBACK (test_count_handler_cb), &n);
  g_assert_cmpuint (g_signal_handler_find (emitter, G_SIGNAL_MATCH_FUNC | G_SIGNAL_MATCH_DATA,
                                           0, 0, NULL, test_count_handler_cb, &n), ==, id);
  g_assert_cmpuint (g_signal_handlers_block_by_func (emitter, test_count_handler_cb, &n), ==, 1);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 0);
  g_assert_cmpuint (g_signal_handlers_unblock_by_func (emitter, test_count_handler_cb, &n), ==, 1);
  test_emit (emitter, "plain");
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpuint (g_signal_handlers_disconnect_by_func (emitter, test_count_handler_cb, &n),
                    ==, 1);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
test_stop_emission_cb (TestEmitter *emitter,
                       gpointer     word)
{
  test_log ("%s", (const char *) word);
  g_signal_stop_emission_by_name (emitter, "plain");
}

static void
test_stop_emission (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();

  lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (test_stop_emission_cb),
                                  (gpointer) "first");
  lifecycle_scope_connect_signal (scope, emitter, "plain",
                                  G_CALLBACK (test_never_handler_cb), NULL);
  test_emit (emitter, "plain");
  test_assert_log ("first");
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* Handlers of many scopes on one emitter, and of one scope on many, in mixed order. */
static void
test_many (void)
{
  LifecycleScope *scopes[20];
  TestEmitter *emitters[20];
  int n = 0, destroyed = 0;
  guint i, j;

  for (i = 0; i < 20; i++)
    {
      scopes[i] = lifecycle_scope_new ("scope");
      emitters[i] = test_emitter_new ();
    }
  for (i = 0; i < 20; i++)
    for (j = 0; j < 20; j++)
      {
        lifecycle_scope_connect_full (scopes[i], emitters[j], "plain",
                                      G_CALLBACK (test_count_handler_cb), &n, NULL, 0);
        lifecycle_scope_connect_full (scopes[j], emitters[i], "detailed",
                                      G_CALLBACK (test_never_handler_cb), &destroyed,
                                      test_count_closure_notify, 0);
      }
  for (i = 0; i < 20; i += 2)
    g_assert_finalize_object (emitters[(i * 7) % 20]);
  for (i = 0; i < 20; i++)
    g_assert_cmpuint (lifecycle_scope_get_n_entries (scopes[i]), ==, 20);
  for (i = 0; i < 20; i += 2)
    g_assert_cmpuint (lifecycle_scope_close (scopes[(i * 3) % 20]), ==, 20);
  for (i = 1; i < 20; i += 2)
    {
      n = 0;
      test_emit (emitters[i], "plain");
      g_assert_cmpint (n, ==, 10);
    }
  for (i = 1; i < 20; i += 2)
    g_assert_finalize_object (emitters[i]);
  for (i = 0; i < 20; i++)
    {
      g_assert_cmpuint (lifecycle_scope_get_n_entries (scopes[i]), ==, 0);
      g_assert_finalize_object (scopes[i]);
    }
  g_assert_cmpint (destroyed, ==, 400);
}

static void
test_null_data (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();

  g_assert_cmpuint (lifecycle_scope_connect_full (scope, emitter, "detailed",
                                                  G_CALLBACK (test_never_handler_cb), NULL, NULL,
                                                  0), >, 0);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/signals/connect", test_connect);
  g_test_add_func ("/lifecycle/signals/references", test_references);
  g_test_add_func ("/lifecycle/signals/params", test_params);
  g_test_add_func ("/lifecycle/signals/detail", test_detail);
  g_test_add_func ("/lifecycle/signals/notify", test_notify);
  g_test_add_func ("/lifecycle/signals/after", test_after);
  g_test_add_func ("/lifecycle/signals/swapped", test_swapped);
  g_test_add_func ("/lifecycle/signals/once", test_once);
  g_test_add_func ("/lifecycle/signals/once-answer", test_once_answer);
  g_test_add_func ("/lifecycle/signals/once-destroy", test_once_destroy);
  g_test_add_func ("/lifecycle/signals/once-closes", test_once_closes);
  g_test_add_func ("/lifecycle/signals/running-closes", test_running_closes);
  g_test_add_func ("/lifecycle/signals/once-blocked", test_once_blocked);
  g_test_add_func ("/lifecycle/signals/unknown-signal", test_unknown_signal);
  g_test_add_func ("/lifecycle/signals/interface", test_interface);
  g_test_add_func ("/lifecycle/signals/on-scope", test_on_scope);
  g_test_add_func ("/lifecycle/signals/closure", test_closure);
  g_test_add_func ("/lifecycle/signals/closure-params", test_closure_params);
  g_test_add_func ("/lifecycle/signals/closure-after", test_closure_after);
  g_test_add_func ("/lifecycle/signals/closure-other-references", test_closure_other_references);
  g_test_add_func ("/lifecycle/signals/closure-often", test_closure_often);
  g_test_add_func ("/lifecycle/signals/closure-invalidated", test_closure_invalidated);
  g_test_add_func ("/lifecycle/signals/closure-object", test_closure_object);
  g_test_add_func ("/lifecycle/signals/closure-object-survives", test_closure_object_survives);
  g_test_add_func ("/lifecycle/signals/closure-born-invalid", test_closure_born_invalid);
  g_test_add_func ("/lifecycle/signals/adopt-handler", test_adopt_handler);
  g_test_add_func ("/lifecycle/signals/adopt-handler-instance-dies",
                   test_adopt_handler_instance_dies);
  g_test_add_func ("/lifecycle/signals/adopt-handler-run-dispose", test_adopt_handler_run_dispose);
  g_test_add_func ("/lifecycle/signals/adopt-handler-dead", test_adopt_handler_dead);
  g_test_add_func ("/lifecycle/signals/adopt-handler-swept", test_adopt_handler_swept);
  g_test_add_func ("/lifecycle/signals/steal-handler", test_steal_handler);
  g_test_add_func ("/lifecycle/signals/steal-handler-and-add", test_steal_handler_and_add);
  g_test_add_func ("/lifecycle/signals/steal-once", test_steal_once);
  g_test_add_func ("/lifecycle/signals/matching", test_matching);
  g_test_add_func ("/lifecycle/signals/stop-emission", test_stop_emission);
  g_test_add_func ("/lifecycle/signals/many", test_many);
  g_test_add_func ("/lifecycle/signals/null-data", test_null_data);

  return g_test_run ();
}
