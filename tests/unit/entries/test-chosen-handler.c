/* test-chosen-handler.c: a handler that an emission has chosen when its scope closes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An emission on another thread takes a handler's closure, and calls it a moment later. If the scope
 * closes in between, nothing may be called: that moment is too short to be met by chance, so the
 * closures that the library connects are caught here on their way to GLib.
 */

#define _GNU_SOURCE
#include "test-util.h"

#include <dlfcn.h>

static GClosure *chosen;

gulong
g_signal_connect_closure_by_id (gpointer  instance,
                                guint     signal_id,
                                GQuark    detail,
                                GClosure *closure,
                                gboolean  after)
{
  static gulong (* real) (gpointer, guint, GQuark, GClosure *, gboolean);

  if (real == NULL)
    real = dlsym (RTLD_NEXT, "g_signal_connect_closure_by_id");
  if (chosen == NULL)
    chosen = g_closure_ref (closure);

  return real (instance, signal_id, detail, closure, after);
}

/* What the other thread does in the end. */
static void
invoke_chosen (gpointer instance)
{
  GValue value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_OBJECT);
  g_value_set_object (&value, instance);
  g_closure_invoke (chosen, NULL, 1, &value, NULL);
  g_value_unset (&value);
}

static void
drop_chosen (void)
{
  g_clear_pointer (&chosen, g_closure_unref);
}

static void
heard_cb (gpointer instance,
          int     *n)
{
  (*n)++;
}

static void
test_plain (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int n = 0;

  lifecycle_scope_connect_signal (scope, emitter, "plain", G_CALLBACK (heard_cb), &n);
  invoke_chosen (emitter);
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  invoke_chosen (emitter);
  g_assert_cmpint (n, ==, 1);
  drop_chosen ();
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
test_full (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int n = 0;

  lifecycle_scope_connect_full (scope, emitter, "plain", G_CALLBACK (heard_cb), &n,
                                (GClosureNotify) (GCallback) test_count_notify,
                                LIFECYCLE_CONNECT_DEFAULT);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  g_assert_cmpint (n, ==, 1);
  invoke_chosen (emitter);
  g_assert_cmpint (n, ==, 1);
  drop_chosen ();
  g_assert_cmpint (n, ==, 1);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

static void
test_closure (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  int n = 0;

  lifecycle_scope_connect_closure (scope, G_OBJECT (emitter), "plain",
                                   g_cclosure_new (G_CALLBACK (heard_cb), &n, NULL),
                                   LIFECYCLE_CONNECT_DEFAULT);
  invoke_chosen (emitter);
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 1);
  invoke_chosen (emitter);
  g_assert_cmpint (n, ==, 1);
  drop_chosen ();
  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/chosen-handler/plain", test_plain);
  g_test_add_func ("/lifecycle/chosen-handler/full", test_full);
  g_test_add_func ("/lifecycle/chosen-handler/closure", test_closure);

  return g_test_run ();
}
