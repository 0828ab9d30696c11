/* test-limit.c: what a handler of `limit-reached` does to the entry that is being added
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "test-util.h"

#include "lifecycle-object-watch-private.h"
#include "lifecycle-scope-private.h"

typedef enum
{
  TEST_CLOSES,
  TEST_CLEARS,
  TEST_LIFTS_AND_CLEARS,
  TEST_CLOSES_LATER,
  TEST_MOVES,
  N_DEEDS
} Deed;

typedef struct
{
  LifecycleScope     *scope;
  LifecycleScope     *moved;
  LifecycleOperation *operation;
  TestEmitter        *emitter;
  int                 destroyed;
  Deed                deed;
} Fixture;

static void
limit_reached_cb (LifecycleScope *scope,
                  guint           n_entries,
                  Fixture        *self)
{
  g_signal_handlers_disconnect_by_data (scope, self);
  switch (self->deed)
    {
    case TEST_CLOSES:
      lifecycle_scope_close (scope);
      break;

    case TEST_CLEARS:
      lifecycle_scope_clear (scope);
      break;

    case TEST_LIFTS_AND_CLEARS:
      lifecycle_scope_set_limit (scope, 0);
      lifecycle_scope_clear (scope);
      break;

    case TEST_CLOSES_LATER:
      lifecycle_scope_close_async (scope, LIFECYCLE_REASON_COMPLETED, 0, NULL, NULL, NULL);
      g_assert_false (lifecycle_scope_is_closed (scope));
      break;

    default:
      self->moved = lifecycle_scope_move (scope);
      break;
    }
}

/* The next entry is one too many. */
static void
fixture_init (Fixture *self,
              Deed     deed)
{
  memset (self, 0, sizeof *self);
  self->deed = deed;
  self->scope = lifecycle_scope_new ("scope");
  self->emitter = test_emitter_new ();
  self->operation = lifecycle_scope_begin (self->scope, "work");
  lifecycle_scope_set_limit (self->scope, 1);
  g_signal_connect (self->scope, "limit-reached", G_CALLBACK (limit_reached_cb), self);
}

static guint
count_watches (Fixture *self)
{
  LifecycleObjectWatch *watch = lifecycle_object_watch_get (G_OBJECT (self->emitter));

  return lifecycle_object_watch_get_ledger (watch)->n_entries;
}

/* `success` is what the adding function returned. */
static void
fixture_clear (Fixture  *self,
               gboolean  success,
               int       n_destroyed)
{
  g_assert_cmpint (success != FALSE, ==, self->deed == TEST_MOVES);
  if (self->moved != NULL)
    {
      g_assert_cmpint (self->destroyed, ==, 0);
      lifecycle_scope_close (self->moved);
    }
  if (self->deed != TEST_CLOSES_LATER)
    g_assert_cmpuint (count_watches (self), ==, 0);
  lifecycle_operation_end (self->operation);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  lifecycle_scope_close (self->scope);

  g_assert_cmpint (self->destroyed, ==, n_destroyed);
  g_assert_cmpuint (count_watches (self), ==, 0);
  g_assert_false (test_has_handlers (self->emitter, "plain"));
  g_clear_object (&self->moved);
  g_assert_finalize_object (self->scope);
  g_assert_finalize_object (self->emitter);
}

static void
test_adopt (gconstpointer deed)
{
  Fixture self;

  fixture_init (&self, GPOINTER_TO_INT (deed));
  fixture_clear (&self,
                 lifecycle_scope_adopt (self.scope, &self.destroyed, test_count_notify) != NULL, 1);
}

static void
test_add_object (gconstpointer deed)
{
  TestEmitter *object = test_emitter_new ();
  Fixture self;

  fixture_init (&self, GPOINTER_TO_INT (deed));
  fixture_clear (&self, lifecycle_scope_add_object (self.scope, G_OBJECT (object)), 0);
  g_assert_finalize_object (object);
}

static void
test_connect (gconstpointer deed)
{
  Fixture self;

  fixture_init (&self, GPOINTER_TO_INT (deed));
  fixture_clear (&self,
                 lifecycle_scope_connect_signal (self.scope, self.emitter, "plain",
                                                 G_CALLBACK (test_never_handler_cb), NULL) != 0, 0);
}

static void
test_connect_full (gconstpointer deed)
{
  Fixture self;

  fixture_init (&self, GPOINTER_TO_INT (deed));
  fixture_clear (&self,
                 lifecycle_scope_connect_full (self.scope, self.emitter, "plain",
                                               G_CALLBACK (test_never_handler_cb), &self.destroyed,
                                               test_count_closure_notify, 0) != 0, 1);
}

static void
test_connect_guarded (gconstpointer deed)
{
  Fixture self;

  fixture_init (&self, GPOINTER_TO_INT (deed));
  fixture_clear (&self,
                 lifecycle_scope_connect_full (self.scope, self.emitter, "plain",
                                               G_CALLBACK (test_never_handler_cb), &self.destroyed,
                                               test_count_closure_notify,
                                               LIFECYCLE_CONNECT_GUARDED) != 0, 1);
}

static void
test_connect_closure (gconstpointer deed)
{
  Fixture self;
  GClosure *closure;

  fixture_init (&self, GPOINTER_TO_INT (deed));
  closure = g_cclosure_new (G_CALLBACK (test_never_handler_cb), &self.destroyed,
                            test_count_closure_notify);
  fixture_clear (&self,
                 lifecycle_scope_connect_closure (self.scope, G_OBJECT (self.emitter), "plain",
                                                  closure, 0) != 0, 1);
}

static void
test_add_handler (gconstpointer deed)
{
  Fixture self;
  gulong id;

  fixture_init (&self, GPOINTER_TO_INT (deed));
  id = g_signal_connect (self.emitter, "plain", G_CALLBACK (test_never_handler_cb), NULL);
  fixture_clear (&self,
                 lifecycle_scope_add_handler (self.scope, G_OBJECT (self.emitter), id), 0);
}

static void
test_add_source (gconstpointer deed)
{
  g_autoptr (GSource) source = g_timeout_source_new_seconds (1000);
  Fixture self;

  g_source_set_callback (source, test_never_source_cb, NULL, NULL);
  fixture_init (&self, GPOINTER_TO_INT (deed));
  fixture_clear (&self, lifecycle_scope_add_source (self.scope, source), 0);
  g_assert_true (g_source_is_destroyed (source));
}

static void
test_add_timeout (gconstpointer deed)
{
  Fixture self;

  fixture_init (&self, GPOINTER_TO_INT (deed));
  fixture_clear (&self,
                 lifecycle_scope_add_timeout (self.scope, 1000000, test_never_source_cb,
                                              &self.destroyed, test_count_notify) != NULL, 1);
}

static void
test_add_idle (gconstpointer deed)
{
  Fixture self;

  fixture_init (&self, GPOINTER_TO_INT (deed));
  fixture_clear (&self,
                 lifecycle_scope_add_idle (self.scope, test_never_source_cb, &self.destroyed,
                                           test_count_notify) != NULL, 1);
}

static void
test_new_idle (gconstpointer deed)
{
  g_autoptr (GSource) source = NULL;
  Fixture self;

  fixture_init (&self, GPOINTER_TO_INT (deed));
  source = lifecycle_scope_new_idle (self.scope, test_never_source_cb, &self.destroyed,
                                     test_count_notify);
  fixture_clear (&self, source != NULL, 1);
}

static void
test_new_timeout (gconstpointer deed)
{
  g_autoptr (LifecycleTimer) timer = NULL;
  Fixture self;

  fixture_init (&self, GPOINTER_TO_INT (deed));
  timer = lifecycle_scope_new_timeout (self.scope, 1000000, test_never_source_cb,
                                       &self.destroyed, test_count_notify);
  fixture_clear (&self, timer != NULL, 1);
}

static void
never_cb (gpointer data)
{
  g_assert_not_reached ();
}

static void
test_add_debounce (gconstpointer deed)
{
  Fixture self;

  fixture_init (&self, GPOINTER_TO_INT (deed));
  fixture_clear (&self,
                 lifecycle_scope_add_debounce (self.scope, 1000000, never_cb, &self.destroyed,
                                               test_count_notify) != NULL, 1);
}

/* A timer that comes back is an addition, too. */
static void
test_restart (gconstpointer deed)
{
  g_autoptr (LifecycleTimer) timer = NULL;
  Fixture self;
  gboolean active;

  fixture_init (&self, GPOINTER_TO_INT (deed));
  lifecycle_scope_set_limit (self.scope, 0);
  timer = lifecycle_scope_new_timeout (self.scope, 1000000, test_never_source_cb, NULL, NULL);
  lifecycle_timer_cancel (timer);
  lifecycle_scope_set_limit (self.scope, 1);
  active = lifecycle_timer_restart (timer);
  g_assert_cmpint (lifecycle_timer_is_active (timer), ==, active);
  fixture_clear (&self, active, 0);
}

static void
test_bind (gconstpointer deed)
{
  TestEmitter *target = test_emitter_new ();
  Fixture self;
  gboolean bound;

  fixture_init (&self, GPOINTER_TO_INT (deed));
  bound = lifecycle_scope_bind (self.scope, G_OBJECT (self.emitter), "value",
                                G_OBJECT (target), "value", G_BINDING_DEFAULT) != NULL;
  g_object_set (self.emitter, "value", 7, NULL);
  g_assert_cmpint (target->value, ==, bound ? 7 : 0);
  fixture_clear (&self, bound, 0);
  g_assert_finalize_object (target);
}

static void
never_phase_cb (LifecycleScope *run,
                gpointer        data)
{
  g_assert_not_reached ();
}

static void
test_add_phase (gconstpointer deed)
{
  Fixture self;

  fixture_init (&self, GPOINTER_TO_INT (deed));
  fixture_clear (&self,
                 lifecycle_scope_add_phase (self.scope, G_OBJECT (self.emitter), "plain",
                                            "detailed", FALSE, never_phase_cb, &self.destroyed,
                                            test_count_notify), 1);
}

static void
steal_object_cb (LifecycleScope *scope,
                 guint           n_entries,
                 gpointer        object)
{
  g_signal_handlers_disconnect_by_data (scope, object);
  g_assert_true (lifecycle_scope_steal_object (scope, object));
  /* Another entry may get the same address. */
  lifecycle_scope_add_object (scope, G_OBJECT (scope));
  g_assert_true (lifecycle_scope_steal_object (scope, G_OBJECT (scope)));
}

/* What the handler has taken away is not the scope's. */
static void
test_steal (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *object = test_emitter_new ();
  int n = 0;

  lifecycle_scope_set_limit (scope, 1);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_signal_connect (scope, "limit-reached", G_CALLBACK (steal_object_cb), object);
  g_assert_false (lifecycle_scope_add_object (scope, G_OBJECT (object)));
  g_assert_finalize_object (object);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_finalize_object (scope);
}

static void
cancel_timer_cb (LifecycleScope *scope,
                 guint           n_entries,
                 LifecycleTimer *timer)
{
  g_signal_handlers_disconnect_by_data (scope, timer);
  g_assert_true (lifecycle_timer_is_active (timer));
  lifecycle_timer_cancel (timer);
}

/* Restarts a timer that has been cancelled, as the entry that passes the limit. */
static void
restart_past_limit (GCallback limit_reached,
                    gboolean  restarted)
{
  g_autoptr (LifecycleTimer) timer = NULL;
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0;

  timer = lifecycle_scope_new_timeout (scope, 1000000, test_never_source_cb, NULL, NULL);
  lifecycle_timer_cancel (timer);
  lifecycle_scope_set_limit (scope, 1);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_signal_connect (scope, "limit-reached", limit_reached, timer);
  g_assert_true (lifecycle_timer_restart (timer) == restarted);
  g_assert_true (lifecycle_timer_is_active (timer) == restarted);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, restarted ? 2 : 1);
  g_assert_finalize_object (scope);
}

static void
test_restart_cancelled (void)
{
  restart_past_limit (G_CALLBACK (cancel_timer_cb), FALSE);
}

static gboolean
run_once_cb (gpointer n)
{
  ++*(int *) n;

  return G_SOURCE_REMOVE;
}

static void
iterate_cb (LifecycleScope *scope,
            guint           n_entries,
            int            *n)
{
  g_signal_handlers_disconnect_by_data (scope, n);
  while (*n == 0)
    g_main_context_iteration (NULL, TRUE);
}

/* Something that runs to its end before the function that adds it has returned. */
static void
test_iterates (gconstpointer name)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  gboolean added;
  int n = 0;

  lifecycle_scope_set_limit (scope, 1);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_signal_connect (scope, "limit-reached", G_CALLBACK (iterate_cb), &n);
  if (g_str_equal (name, "add-source"))
    {
      g_autoptr (GSource) source = g_idle_source_new ();

      g_source_set_callback (source, run_once_cb, &n, NULL);
      added = lifecycle_scope_add_source (scope, source);
    }
  else if (g_str_equal (name, "add-idle"))
    {
      added = lifecycle_scope_add_idle (scope, run_once_cb, &n, NULL) != NULL;
    }
  else if (g_str_equal (name, "new-idle"))
    {
      added = lifecycle_scope_new_idle (scope, run_once_cb, &n, NULL) != NULL;
    }
  else
    {
      added = lifecycle_scope_add_timeout (scope, 0, run_once_cb, &n, NULL) != NULL;
    }
  g_assert_cmpint (n, ==, 1);
  g_assert_false (added);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_finalize_object (scope);
}

static void
adopt_too_cb (LifecycleScope *scope,
              guint           n_entries,
              int            *n)
{
  g_signal_handlers_disconnect_by_data (scope, n);
  g_assert_nonnull (lifecycle_scope_adopt (scope, n, test_count_notify));
  if (n_entries == 2)
    g_signal_connect (scope, "limit-reached", G_CALLBACK (adopt_too_cb), n);
  else
    lifecycle_scope_clear (scope);
}

/* One handler inside another: what has been added by each is told so. */
static void
test_nested (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0;

  lifecycle_scope_set_limit (scope, 1);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_signal_connect (scope, "limit-reached", G_CALLBACK (adopt_too_cb), &n);
  g_assert_nonnull (lifecycle_scope_adopt (scope, &n, test_count_notify));
  g_assert_cmpint (n, ==, 0);
  g_assert_null (lifecycle_scope_adopt (scope, &n, test_count_notify));
  g_assert_cmpint (n, ==, 5);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_finalize_object (scope);
}

static void
add_test (const char    *name,
          GTestDataFunc  func)
{
  static const char *const deeds[N_DEEDS] = {
    "closes", "clears", "lifts-and-clears", "closes-later", "moves"
  };

  for (guint i = 0; i < N_DEEDS; i++)
    {
      g_autofree char *path = g_strconcat ("/lifecycle/limit/", name, "/", deeds[i], NULL);

      g_test_add_data_func (path, GINT_TO_POINTER (i), func);
    }
}

/* A child that is made from properties passes the limit, and ends before it has its name. */
static void
close_parent_cb (LifecycleScope *scope,
                 guint           n_entries,
                 gpointer        data)
{
  lifecycle_scope_close (scope);
}

static void
test_ends_before_it_is_named (void)
{
  LifecycleScope *parent = lifecycle_scope_new ("parent");
  LifecycleScope *child;

  lifecycle_scope_get_child (parent, "first");
  lifecycle_scope_set_limit (parent, 1);
  g_signal_connect (parent, "limit-reached", G_CALLBACK (close_parent_cb), NULL);
  child = g_object_new (LIFECYCLE_TYPE_SCOPE, "parent", parent, "name", "child", NULL);

  g_assert_true (lifecycle_scope_is_closed (child));
  g_assert_cmpstr (lifecycle_scope_get_name (child), ==, "child");
  g_assert_finalize_object (child);
  g_assert_finalize_object (parent);
}

static void
cancel_and_restart_cb (LifecycleScope *scope,
                       guint           n_entries,
                       LifecycleTimer *timer)
{
  g_signal_handlers_disconnect_by_data (scope, timer);
  lifecycle_timer_cancel (timer);
  g_assert_true (lifecycle_timer_restart (timer));
}

static void
test_restarted_twice (void)
{
  restart_past_limit (G_CALLBACK (cancel_and_restart_cb), TRUE);
}

static void
drop_scope_cb (LifecycleScope  *scope,
               guint            n_entries,
               LifecycleScope **owner)
{
  g_clear_object (owner);
}

/* A timer does not keep its scope. */
static void
test_restart_drops_scope (void)
{
  g_autoptr (LifecycleTimer) timer = NULL;
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  int n = 0;

  timer = lifecycle_scope_new_timeout (scope, 1000000, test_never_source_cb, NULL, NULL);
  lifecycle_timer_cancel (timer);
  lifecycle_scope_set_limit (scope, 1);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_signal_connect (scope, "limit-reached", G_CALLBACK (drop_scope_cb), &scope);
  g_assert_false (lifecycle_timer_restart (timer));
  g_assert_false (lifecycle_timer_is_active (timer));
  g_assert_null (scope);
  g_assert_cmpint (n, ==, 1);
}

static void
disconnect_cb (LifecycleScope *scope,
               guint           n_entries,
               gpointer        emitter)
{
  g_signal_handlers_disconnect_by_func (emitter, G_CALLBACK (test_never_handler_cb), NULL);
}

static void
dispose_cb (LifecycleScope *scope,
            guint           n_entries,
            gpointer        emitter)
{
  g_object_run_dispose (emitter);
}

static void
steal_handler_cb (LifecycleScope *scope,
                  guint           n_entries,
                  gulong         *id)
{
  GObject *emitter = g_object_get_data (G_OBJECT (scope), "emitter");

  g_assert_true (lifecycle_scope_steal_handler (scope, emitter, *id));
}

/* A handler that is stolen before it has been adopted stays connected. */
static void
test_adopted_is_stolen (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int n = 0;
  gulong id;

  lifecycle_scope_set_limit (scope, 1);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_object_set_data (G_OBJECT (scope), "emitter", emitter);
  g_signal_connect (scope, "limit-reached", G_CALLBACK (steal_handler_cb), &id);
  id = g_signal_connect (emitter, "plain", G_CALLBACK (test_never_handler_cb), NULL);
  g_assert_false (lifecycle_scope_add_handler (scope, G_OBJECT (emitter), id));
  g_assert_true (g_signal_handler_is_connected (emitter, id));
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_true (g_signal_handler_is_connected (emitter, id));
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* An adopted handler that ends before it has been added is not added. */
static void
test_adopted_ends (gconstpointer data)
{
  gboolean disposes = g_str_equal (data, "disposed");
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int n = 0;
  gulong id;

  lifecycle_scope_set_limit (scope, 1);
  lifecycle_scope_adopt (scope, &n, test_count_notify);
  g_signal_connect (scope, "limit-reached",
                    disposes ? G_CALLBACK (dispose_cb) : G_CALLBACK (disconnect_cb), emitter);
  id = g_signal_connect (emitter, "plain", G_CALLBACK (test_never_handler_cb), NULL);
  g_assert_false (lifecycle_scope_add_handler (scope, G_OBJECT (emitter), id));
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 1);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_cmpint (n, ==, 1);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  test_take_limit_warnings ();

  add_test ("adopt", test_adopt);
  add_test ("add-object", test_add_object);
  add_test ("connect", test_connect);
  add_test ("connect-full", test_connect_full);
  add_test ("connect-guarded", test_connect_guarded);
  add_test ("connect-closure", test_connect_closure);
  add_test ("add-handler", test_add_handler);
  add_test ("add-source", test_add_source);
  add_test ("add-timeout", test_add_timeout);
  add_test ("add-idle", test_add_idle);
  add_test ("new-idle", test_new_idle);
  add_test ("new-timeout", test_new_timeout);
  add_test ("add-debounce", test_add_debounce);
  add_test ("restart", test_restart);
  add_test ("bind", test_bind);
  add_test ("add-phase", test_add_phase);
  g_test_add_func ("/lifecycle/limit/steal", test_steal);
  g_test_add_func ("/lifecycle/limit/restart-cancelled", test_restart_cancelled);
  g_test_add_data_func ("/lifecycle/limit/iterates/add-source", "add-source", test_iterates);
  g_test_add_data_func ("/lifecycle/limit/iterates/add-idle", "add-idle", test_iterates);
  g_test_add_data_func ("/lifecycle/limit/iterates/new-idle", "new-idle", test_iterates);
  g_test_add_data_func ("/lifecycle/limit/iterates/add-timeout", "add-timeout", test_iterates);
  g_test_add_func ("/lifecycle/limit/nested", test_nested);
  g_test_add_func ("/lifecycle/limit/restarted-twice", test_restarted_twice);
  g_test_add_func ("/lifecycle/limit/restart-drops-scope", test_restart_drops_scope);
  g_test_add_func ("/lifecycle/limit/adopted-is-stolen", test_adopted_is_stolen);
  g_test_add_data_func ("/lifecycle/limit/adopted-ends/disconnected", "disconnected",
                        test_adopted_ends);
  g_test_add_data_func ("/lifecycle/limit/adopted-ends/disposed", "disposed", test_adopted_ends);
  g_test_add_func ("/lifecycle/limit/ends-before-it-is-named", test_ends_before_it_is_named);

  return g_test_run ();
}
