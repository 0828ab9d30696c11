/* test-between-locks.c: what another thread does while something is being added
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An entry that depends on an object is put into two ledgers, each with a lock of its own. Between the
 * two, another thread may close the scope or dispose the object. That moment is too short to be met by
 * chance, so g_mutex_lock() is defined here: it does what the other thread would do, just before
 * the second lock is taken. The same goes for a look-up and what follows if it finds nothing.
 */

#define _GNU_SOURCE
#include "test-util.h"

#include "lifecycle-object-watch-private.h"
#include "lifecycle-scope-private.h"

#include <dlfcn.h>

typedef struct
{
  LifecycleLedger *first;       /* has the entry already */
  LifecycleLedger *second;      /* is about to be locked */
  LifecycleScope  *closes;
  GObject         *disposes;
} Between;

/* The same for a scope that looks for a child, and finds none. */
typedef struct
{
  LifecycleScope *scope;
  guint           n_locks;
  LifecycleScope *child;        /* that another thread has made meanwhile */
} Late;

static Between *between;
static Late    *late;

void
g_mutex_lock (GMutex *mutex)
{
  static void (* real) (GMutex *);

  if (real == NULL)
    real = dlsym (RTLD_NEXT, "g_mutex_lock");

  if (between != NULL && mutex == &between->second->lock && between->first->n_entries == 1)
    {
      Between *now = g_steal_pointer (&between);

      if (now->closes != NULL)
        lifecycle_scope_close (now->closes);
      if (now->disposes != NULL)
        g_object_run_dispose (now->disposes);
    }

  if (late != NULL && mutex == &lifecycle_scope_get_ledger (late->scope)->lock &&
      ++late->n_locks == 2)
    {
      Late *now = g_steal_pointer (&late);

      now->child = lifecycle_scope_ref_child (now->scope, "child");
    }

  real (mutex);
}

static LifecycleLedger *
get_watches (TestEmitter *emitter)
{
  return lifecycle_object_watch_get_ledger (lifecycle_object_watch_get (G_OBJECT (emitter)));
}

/* The scope closes when it has the handler, and the object does not know of it yet. */
static void
test_scope_closes (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *emitter = test_emitter_new ();
  Between self = {
    .first = lifecycle_scope_get_ledger (scope),
    .second = get_watches (emitter),
    .closes = scope,
  };
  gulong id;

  id = g_signal_connect (emitter, "plain", G_CALLBACK (test_never_handler_cb), NULL);
  between = &self;
  g_assert_false (lifecycle_scope_add_handler (scope, G_OBJECT (emitter), id));
  g_assert_null (between);
  g_assert_true (lifecycle_scope_is_closed (scope));
  g_assert_cmpuint (get_watches (emitter)->n_entries, ==, 0);
  g_assert_false (test_has_handlers (emitter, "plain"));

  g_assert_finalize_object (scope);
  g_assert_finalize_object (emitter);
}

/* The object is disposed when it is watched, and the scope does not have the entry yet. */
static void
test_object_is_disposed (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  TestEmitter *source = test_emitter_new ();
  TestEmitter *target = test_emitter_new ();
  Between self = {
    .first = get_watches (source),
    .second = lifecycle_scope_get_ledger (scope),
    .disposes = G_OBJECT (source),
  };

  between = &self;
  g_assert_null (lifecycle_scope_bind (scope, G_OBJECT (source), "value", G_OBJECT (target),
                                       "value", G_BINDING_DEFAULT));
  g_assert_null (between);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (scope), ==, 0);
  g_assert_cmpuint (get_watches (source)->n_entries, ==, 0);
  g_object_set (source, "value", 7, NULL);
  g_assert_cmpint (target->value, ==, 0);

  g_assert_cmpuint (lifecycle_scope_close (scope), ==, 0);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (source);
  g_assert_finalize_object (target);
}

/* A scope that is made in vain has never been there: it has not closed, either. */
static void
test_child_is_made (void)
{
  LifecycleScope *scope = lifecycle_scope_new ("scope");
  Late self = { .scope = scope };
  LifecycleStatistics *before, *after;
  LifecycleScope *child;

  before = lifecycle_get_statistics ();
  late = &self;
  child = lifecycle_scope_ref_child (scope, "child");
  g_assert_null (late);
  g_assert_true (child == self.child);

  after = lifecycle_scope_get_statistics (scope, TRUE);
  g_assert_cmpuint (lifecycle_statistics_get_n_closed (after, LIFECYCLE_REASON_NONE), ==, 0);
  g_assert_cmpuint (lifecycle_statistics_get_added (after, LIFECYCLE_KIND_SCOPE), ==, 1);
  g_assert_cmpuint (lifecycle_statistics_get_n_late (after), ==, 0);
  lifecycle_statistics_free (after);
  after = lifecycle_get_statistics ();
  g_assert_cmpuint (lifecycle_statistics_get_n_closed (after, LIFECYCLE_REASON_NONE), ==,
                    lifecycle_statistics_get_n_closed (before, LIFECYCLE_REASON_NONE));
  g_assert_cmpuint (lifecycle_statistics_get_n_scopes (after), ==,
                    lifecycle_statistics_get_n_scopes (before) + 1);
  lifecycle_statistics_free (after);
  lifecycle_statistics_free (before);

  g_object_unref (child);
  lifecycle_scope_close (scope);
  g_assert_finalize_object (child);
  g_assert_finalize_object (scope);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/between-locks/scope-closes", test_scope_closes);
  g_test_add_func ("/lifecycle/between-locks/object-is-disposed", test_object_is_disposed);
  g_test_add_func ("/lifecycle/between-locks/child-is-made", test_child_is_made);

  return g_test_run ();
}
