/* test-connections.c: a hundred connections of mixed kinds, and nothing is left
 *
 * The test that a program should have for each of its classes: count, set up, take down, count
 * again, compare. It asks the library, and it asks those that were connected to: GLib knows which
 * handlers an instance has and which sources a context, the kernel which files are open.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <lifecycle.h>

#include <glib-unix.h>
#include <signal.h>

#define N_CONNECTIONS 100

/* Everything that a close has to end tells of its end: what is freed, and what is called. */
typedef struct
{
  LifecycleScope  *scope;
  GObject         *emitter;     /* lives longer than the scope */
  GObject         *target;
  int              fds[2];
  GPtrArray       *sources;     /* that the main loop had to know */
  GPtrArray       *tasks;       /* asynchronous calls that are under way */
  guint            n_destroyed;
  guint            n_cleanups;
  GPtrArray       *files;
} Fixture;

/* What there is before, and has to be the same afterwards. */
typedef struct
{
  guint n_live;
  guint n_scopes;
  guint n_records;
  guint n_listed;
} Count;

static void
count (Count *self)
{
  g_autoptr (LifecycleStatistics) statistics = lifecycle_get_statistics ();
  g_autoptr (GListModel) records = lifecycle_list_records ();
  g_autoptr (GListModel) scopes = lifecycle_list_scopes ();

  self->n_live = lifecycle_statistics_get_total_live (statistics);
  self->n_scopes = lifecycle_statistics_get_n_scopes (statistics);
  self->n_records = g_list_model_get_n_items (records);
  self->n_listed = g_list_model_get_n_items (scopes);
}

static void
assert_same (const Count *before,
             const Count *after)
{
  g_assert_cmpuint (after->n_live, ==, before->n_live);
  g_assert_cmpuint (after->n_scopes, ==, before->n_scopes);
  g_assert_cmpuint (after->n_records, ==, before->n_records);
  g_assert_cmpuint (after->n_listed, ==, before->n_listed);
}

static void
destroyed (gpointer data)
{
  Fixture *self = data;

  self->n_destroyed++;
}

static void
closure_destroyed (gpointer  data,
                   GClosure *closure)
{
  destroyed (data);
}

static void
notify_cb (GObject    *object,
           GParamSpec *pspec,
           gpointer    data)
{
  g_assert_not_reached ();
}

static gboolean
never_cb (gpointer data)
{
  g_assert_not_reached ();
}

static void
ready_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      data)
{
  g_assert_not_reached ();
}

static void
cleanup_cb (LifecycleScope   *scope,
            LifecycleReason   reason,
            gpointer          data,
            GError          **error)
{
  Fixture *self = data;

  self->n_cleanups++;
}

static void
add_handler (Fixture *self)
{
  static const LifecycleConnectFlags flags[] = {
    LIFECYCLE_CONNECT_DEFAULT, LIFECYCLE_CONNECT_AFTER, LIFECYCLE_CONNECT_ONCE,
    LIFECYCLE_CONNECT_QUEUED, LIFECYCLE_CONNECT_GUARDED,
  };
  static guint n;

  g_assert_cmpuint (lifecycle_scope_connect_full (self->scope, self->emitter, "notify::enabled",
                                                  G_CALLBACK (notify_cb), self, closure_destroyed,
                                                  flags[n++ % G_N_ELEMENTS (flags)]),
                    !=, 0);
}

static void
add_timer (Fixture *self)
{
  g_assert_nonnull (lifecycle_scope_add_timeout (self->scope, 60000, never_cb, self, destroyed));
}

static void
add_counted_timer (Fixture *self)
{
  g_assert_nonnull (lifecycle_scope_add_timeout_full (self->scope, 60000, 3, never_cb, self,
                                                      destroyed));
}

static void
remember_source (Fixture *self,
                 GSource *source)
{
  g_assert_nonnull (source);
  g_ptr_array_add (self->sources, g_source_ref (source));
}

static void
add_idle (Fixture *self)
{
  remember_source (self, lifecycle_scope_add_idle (self->scope, never_cb, self, destroyed));
}

static void
add_fd (Fixture *self)
{
  remember_source (self, lifecycle_scope_add_fd (self->scope, self->fds[0], G_IO_IN,
                                                 (GUnixFDSourceFunc) never_cb, self, destroyed));
}

static void
add_unix_signal (Fixture *self)
{
  remember_source (self, lifecycle_scope_add_unix_signal (self->scope, SIGUSR2, never_cb, self,
                                                          destroyed));
}

static void
add_source (Fixture *self)
{
  g_autoptr (GSource) source = g_timeout_source_new_seconds (60);

  g_source_set_callback (source, never_cb, self, destroyed);
  g_assert_true (lifecycle_scope_add_source (self->scope, source));
  remember_source (self, source);
}

static void
add_object (Fixture *self)
{
  g_autoptr (GObject) object = g_object_new (G_TYPE_OBJECT, NULL);

  g_object_weak_ref (object, (GWeakNotify) destroyed, self);
  g_assert_true (lifecycle_scope_add_object (self->scope, object));
}

static void
add_data (Fixture *self)
{
  g_assert_true (lifecycle_scope_adopt (self->scope, self, destroyed) == self);
}

static void
add_cleanup (Fixture *self)
{
  lifecycle_scope_defer (self->scope, cleanup_cb, self, destroyed);
}

static void
add_operation (Fixture *self)
{
  LifecycleOperation *wait;

  wait = lifecycle_scope_begin_async (self->scope, "wait", ready_cb, self, destroyed);
  g_assert_nonnull (wait);
  g_ptr_array_add (self->tasks, g_task_new (NULL, lifecycle_operation_get_cancellable (wait),
                                            lifecycle_operation_ready, wait));
}

static void
add_binding (Fixture *self)
{
  g_assert_nonnull (lifecycle_scope_bind (self->scope, self->emitter, "enabled", self->target,
                                          "enabled", G_BINDING_DEFAULT));
}

static void
add_file (Fixture *self)
{
  g_autoptr (GFileIOStream) stream = NULL;
  g_autoptr (GFileMonitor) monitor = NULL;
  GFile *file = g_file_new_tmp ("connections-XXXXXX", &stream, NULL);

  g_ptr_array_add (self->files, file);
  g_assert_true (lifecycle_scope_add_temporary_file (self->scope, file));

  monitor = g_file_monitor_file (file, G_FILE_MONITOR_NONE, NULL, NULL);
  g_object_weak_ref (G_OBJECT (monitor), (GWeakNotify) destroyed, self);
  g_assert_true (lifecycle_scope_add_file_monitor (self->scope, monitor));
}

/* The child counts, and so does what it owns. */
static void
add_child (Fixture *self)
{
  g_autoptr (LifecycleScope) child = lifecycle_scope_new_child (self->scope, "child");

  g_assert_nonnull (lifecycle_scope_add_timeout (child, 60000, never_cb, self, destroyed));
}

static const struct
{
  void  (*add) (Fixture *self);
  guint   n_entries;
  guint   n_destroyed;      /* how many times it says so */
} kinds[] = {
  { add_handler, 1, 1 },
  { add_timer, 1, 1 },
  { add_counted_timer, 1, 1 },
  { add_idle, 1, 1 },
  { add_fd, 1, 1 },
  { add_unix_signal, 1, 1 },
  { add_source, 1, 1 },
  { add_object, 1, 1 },
  { add_data, 1, 1 },
  { add_cleanup, 1, 1 },
  { add_operation, 1, 1 },
  { add_binding, 1, 0 },
  { add_file, 2, 1 },
  { add_child, 2, 1 },
};

static void
set_up (Fixture       *self,
        gconstpointer  unused)
{
  g_assert_true (g_unix_open_pipe (self->fds, FD_CLOEXEC, NULL));
  self->emitter = G_OBJECT (g_simple_action_new ("emitter", NULL));
  self->target = G_OBJECT (g_simple_action_new ("target", NULL));
  self->sources = g_ptr_array_new_with_free_func ((GDestroyNotify) g_source_unref);
  self->tasks = g_ptr_array_new_with_free_func (g_object_unref);
  self->files = g_ptr_array_new_with_free_func (g_object_unref);
}

static void
tear_down (Fixture       *self,
           gconstpointer  unused)
{
  close (self->fds[0]);
  close (self->fds[1]);
  g_ptr_array_unref (self->sources);
  g_ptr_array_unref (self->tasks);
  g_ptr_array_unref (self->files);
  g_assert_finalize_object (self->target);
  g_assert_finalize_object (self->emitter);
}

/* Adds at least so many, and says how often they will tell that they are gone. */
static guint
connect_all (Fixture *self,
             guint   *n_entries)
{
  guint n_destroyed = 0;
  guint i;

  *n_entries = 0;
  for (i = 0; *n_entries < N_CONNECTIONS; i++)
    {
      kinds[i % G_N_ELEMENTS (kinds)].add (self);
      *n_entries += kinds[i % G_N_ELEMENTS (kinds)].n_entries;
      n_destroyed += kinds[i % G_N_ELEMENTS (kinds)].n_destroyed;
    }
  g_assert_cmpuint (i, >, 2 * G_N_ELEMENTS (kinds));

  return n_destroyed;
}

/* GLib itself, and the disk, have nothing of them any more. */
static void
assert_nothing_is_left (Fixture *self)
{
  guint i;

  g_assert_cmpuint (g_signal_handler_find (self->emitter, G_SIGNAL_MATCH_DATA, 0, 0, NULL, NULL,
                                           self),
                    ==, 0);
  g_assert_false (g_signal_has_handler_pending (self->emitter,
                                                g_signal_lookup ("notify", G_TYPE_OBJECT),
                                                g_quark_from_static_string ("enabled"), TRUE));
  for (i = 0; i < self->sources->len; i++)
    g_assert_true (g_source_is_destroyed (g_ptr_array_index (self->sources, i)));
  for (i = 0; i < self->tasks->len; i++)
    g_assert_true (g_task_return_error_if_cancelled (g_ptr_array_index (self->tasks, i)));
  for (i = 0; i < self->files->len; i++)
    g_assert_false (g_file_query_exists (g_ptr_array_index (self->files, i), NULL));

  /* None of these calls anything. */
  g_simple_action_set_enabled (G_SIMPLE_ACTION (self->emitter), FALSE);
  g_assert_true (g_action_get_enabled (G_ACTION (self->target)));
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
test_close (Fixture       *self,
            gconstpointer  unused)
{
  Count before, during, after;
  guint n_entries, n_destroyed;

  count (&before);

  self->scope = lifecycle_scope_new ("PlayerService");
  n_destroyed = connect_all (self, &n_entries);
  count (&during);
  g_assert_cmpuint (n_entries, >=, N_CONNECTIONS);
  g_assert_cmpuint (during.n_live, ==, before.n_live + n_entries);
  g_assert_cmpuint (during.n_records, ==, before.n_records + n_entries);

  g_assert_cmpuint (lifecycle_scope_close (self->scope), ==, n_entries);
  g_assert_no_error (lifecycle_scope_get_error (self->scope));
  g_assert_cmpuint (self->n_destroyed, ==, n_destroyed);
  g_assert_cmpuint (self->n_cleanups, >, 0);
  assert_nothing_is_left (self);

  count (&after);
  assert_same (&before, &after);
  g_assert_finalize_object (self->scope);
}

/* The same without a close: the last reference goes. */
static void
test_drop (Fixture       *self,
           gconstpointer  unused)
{
  Count before, after;
  guint n_entries, n_destroyed;

  count (&before);
  self->scope = lifecycle_scope_new ("PlayerService");
  n_destroyed = connect_all (self, &n_entries);
  g_assert_finalize_object (self->scope);
  g_assert_cmpuint (self->n_destroyed, ==, n_destroyed);
  assert_nothing_is_left (self);
  count (&after);
  assert_same (&before, &after);
}

/* With the player, which is an object, in all services. */
static void
test_player (Fixture       *self,
             gconstpointer  unused)
{
  g_autoptr (LifecycleScope) root = lifecycle_scope_new ("server");
  static const char * const services[] = { "PlayerService", "MatchService", "EconomyService" };
  GObject *player = g_object_new (G_TYPE_OBJECT, NULL);
  guint n_destroyed = 0;
  Count before, after;
  guint n_entries, i;

  for (i = 0; i < G_N_ELEMENTS (services); i++)
    lifecycle_scope_get_child (root, services[i]);
  count (&before);

  for (i = 0; i < G_N_ELEMENTS (services); i++)
    {
      LifecycleScope *service = lifecycle_scope_get_child (root, services[i]);

      self->scope = lifecycle_scope_get_child_for (service, player);
      n_destroyed += connect_all (self, &n_entries);
    }

  g_assert_finalize_object (player);
  g_assert_cmpuint (self->n_destroyed, ==, n_destroyed);
  assert_nothing_is_left (self);
  count (&after);
  assert_same (&before, &after);
}

/* One kind after the other, until there is none. */
static void
test_kinds (Fixture       *self,
            gconstpointer  unused)
{
  g_autoptr (LifecycleStatistics) statistics = NULL;
  guint n_entries, n_destroyed;
  guint n_released = 0;
  Count before, after;
  guint kind;

  self->scope = lifecycle_scope_new ("PlayerService");
  count (&before);
  n_destroyed = connect_all (self, &n_entries);

  statistics = lifecycle_scope_get_statistics (self->scope, TRUE);
  for (kind = 0; kind <= LIFECYCLE_KIND_PHASE; kind++)
    {
      guint n_live = lifecycle_statistics_get_live (statistics, (LifecycleKind) kind);

      n_released += lifecycle_scope_clear_kind (self->scope, (LifecycleKind) kind, TRUE);
      if (kind != LIFECYCLE_KIND_SCOPE)
        g_assert_cmpuint (n_live, >=, lifecycle_scope_get_n_live (self->scope,
                                                                  (LifecycleKind) kind));
      g_assert_cmpuint (lifecycle_scope_get_n_live (self->scope, (LifecycleKind) kind), ==, 0);
    }
  g_assert_cmpuint (n_released, ==, n_entries);
  g_assert_cmpuint (self->n_destroyed, ==, n_destroyed);
  assert_nothing_is_left (self);
  count (&after);
  assert_same (&before, &after);

  g_assert_cmpuint (lifecycle_scope_close (self->scope), ==, 0);
  g_assert_finalize_object (self->scope);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name) \
  g_test_add ("/connections/" #name, Fixture, NULL, set_up, test_ ## name, tear_down)
  ADD (close);
  ADD (drop);
  ADD (player);
  ADD (kinds);

  return g_test_run ();
}
