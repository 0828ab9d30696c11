/* test-kinds.h: every way to add an entry to a scope, one row for each
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#ifndef G_SETTINGS_ENABLE_BACKEND
#define G_SETTINGS_ENABLE_BACKEND
#endif

#include "test-gio-util.h"

#include <gio/gsettingsbackend.h>

#ifdef G_OS_UNIX
#include <fcntl.h>
#include <signal.h>
#endif

#define TEST_N_KINDS (LIFECYCLE_KIND_PHASE + 1)

/* An exported function, whose name can be known. */
G_MODULE_EXPORT void test_kinds_exported_cb (gpointer instance,
                                             gpointer data);

G_MODULE_EXPORT void
test_kinds_exported_cb (gpointer instance,
                        gpointer data)
{
}

/* What the addition of one entry needs, and what it left behind. */
typedef struct
{
  GSettingsSchema    *schema;     /* given, or NULL */

  gpointer            partner;    /* an object to which the entry belongs, too */
  gpointer            other;
  GSource            *source;
  GBinding           *binding;    /* no reference */
  LifecycleTimer     *timer;
  LifecycleOperation *operation;  /* to be ended */
  LifecycleScope     *child;
  int                 fds[2];
  char               *path;
  int                 n_freed;

  /* What a record of it has to say. */
  const char         *place;
  char               *name;
  const char         *signal;
  gulong              id;
} TestAddition;

typedef struct
{
  const char    *path;
  LifecycleKind  kind;
  gboolean    (* add)    (TestAddition   *self,
                          LifecycleScope *scope);
  void        (* retire) (TestAddition   *self,
                          LifecycleScope *scope);   /* NULL if nothing but a teardown can end it */
  gboolean    (* can)    (TestAddition   *self);    /* NULL if it always can */
} TestAddFunc;

/* The macros put down the line; which one that is of several that a call takes up depends on the
 * compiler, so that both have to be within one macro. */
#define AT(self, call) ((self)->place = LIFECYCLE_PLACE, (call))

/* Handlers. */

static gboolean
add_connect_signal (TestAddition   *self,
                    LifecycleScope *scope)
{
  self->partner = test_emitter_new ();
  self->signal = "plain";
  self->id = AT (self, lifecycle_scope_connect_signal (scope, self->partner, "plain",
                                                       G_CALLBACK (test_kinds_exported_cb), self));
  return self->id != 0;
}

static gboolean
connect_full (TestAddition          *self,
              LifecycleScope        *scope,
              const char            *detailed_signal,
              LifecycleConnectFlags  flags)
{
  self->partner = test_emitter_new ();
  self->signal = detailed_signal;
  self->id = AT (self, lifecycle_scope_connect_full (scope, self->partner, detailed_signal,
                                                     G_CALLBACK (test_kinds_exported_cb),
                                                     &self->n_freed, test_count_closure_notify,
                                                     flags));
  return self->id != 0;
}

static gboolean
add_connect_full (TestAddition   *self,
                  LifecycleScope *scope)
{
  return connect_full (self, scope, "notify::value",
                       LIFECYCLE_CONNECT_AFTER | LIFECYCLE_CONNECT_SWAPPED);
}

static gboolean
add_connect_once (TestAddition   *self,
                  LifecycleScope *scope)
{
  return connect_full (self, scope, "beep", LIFECYCLE_CONNECT_ONCE);
}

static gboolean
add_connect_queued (TestAddition   *self,
                    LifecycleScope *scope)
{
  return connect_full (self, scope, "detailed::some", LIFECYCLE_CONNECT_QUEUED);
}

static gboolean
add_connect_guarded (TestAddition   *self,
                     LifecycleScope *scope)
{
  return connect_full (self, scope, "detailed", LIFECYCLE_CONNECT_GUARDED);
}

static gboolean
add_connect_closure (TestAddition   *self,
                     LifecycleScope *scope)
{
  GClosure *closure = g_cclosure_new (G_CALLBACK (test_kinds_exported_cb), NULL, NULL);

  self->partner = test_emitter_new ();
  self->signal = "late";
  self->id = AT (self, lifecycle_scope_connect_closure (scope, self->partner, "late", closure, 0));
  return self->id != 0;
}

static gboolean
add_connect_object (TestAddition   *self,
                    LifecycleScope *scope)
{
  self->partner = test_emitter_new ();
  self->other = test_emitter_new ();
  self->signal = "plain";
  self->id = AT (self, lifecycle_scope_connect_object (scope, self->partner, "plain",
                                                       G_CALLBACK (test_kinds_exported_cb),
                                                       self->other, 0));
  return self->id != 0;
}

static gboolean
add_add_handler (TestAddition   *self,
                 LifecycleScope *scope)
{
  self->partner = test_emitter_new ();
  self->id = g_signal_connect (self->partner, "plain", G_CALLBACK (test_kinds_exported_cb), NULL);
  return AT (self, lifecycle_scope_add_handler (scope, self->partner, self->id));
}

static void
retire_handler_disconnect (TestAddition   *self,
                           LifecycleScope *scope)
{
  g_signal_handler_disconnect (self->partner, self->id);
}

static void
retire_handler_emit (TestAddition   *self,
                     LifecycleScope *scope)
{
  test_emit (self->partner, "beep");
}

static void
retire_handler_steal (TestAddition   *self,
                      LifecycleScope *scope)
{
  g_assert_true (lifecycle_scope_steal_handler (scope, self->partner, self->id));
}

static void
retire_partner (TestAddition   *self,
                LifecycleScope *scope)
{
  g_assert_finalize_object (G_OBJECT (g_steal_pointer (&self->partner)));
}

static void
retire_other (TestAddition   *self,
              LifecycleScope *scope)
{
  g_assert_finalize_object (G_OBJECT (g_steal_pointer (&self->other)));
}

/* Sources. */

static void
note_source (TestAddition *self,
             GSource      *source)
{
  if (source == NULL)
    return;

  self->source = g_source_ref (source);
  self->id = g_source_get_id (source);
  self->name = g_strdup (g_source_get_name (source));
}

static gboolean
add_add_source (TestAddition   *self,
                LifecycleScope *scope)
{
  GSource *source = g_idle_source_new ();
  gboolean added;

  g_source_set_name (source, "a name");
  g_source_set_callback (source, test_never_source_cb, NULL, NULL);
  added = AT (self, lifecycle_scope_add_source (scope, source));
  if (added)
    note_source (self, source);
  g_source_unref (source);
  return added;
}

static gboolean
add_add_source_attached (TestAddition   *self,
                         LifecycleScope *scope)
{
  GSource *source = g_timeout_source_new (1000000);
  gboolean added;

  g_source_set_name (source, "attached");
  g_source_attach (source, g_main_context_get_thread_default ());
  added = AT (self, lifecycle_scope_add_source (scope, source));
  if (added)
    note_source (self, source);
  g_source_unref (source);
  return added;
}

static gboolean
add_add_idle (TestAddition   *self,
              LifecycleScope *scope)
{
  GSource *source = AT (self, lifecycle_scope_add_idle (scope, test_count_source_once_cb,
                                                        &self->n_freed, NULL));

  note_source (self, source);
  return source != NULL;
}

static void
retire_source_destroy (TestAddition   *self,
                       LifecycleScope *scope)
{
  g_source_destroy (self->source);
}

static void
retire_source_run (TestAddition   *self,
                   LifecycleScope *scope)
{
  test_drain ();
}

static void
retire_source_steal (TestAddition   *self,
                     LifecycleScope *scope)
{
  g_assert_true (lifecycle_scope_steal_source (scope, self->source));
  g_source_destroy (self->source);
}

#ifdef G_OS_UNIX
static gboolean
never_fd_cb (int          fd,
             GIOCondition condition,
             gpointer     data)
{
  g_assert_not_reached ();
  return G_SOURCE_REMOVE;
}

static gboolean
add_add_fd (TestAddition   *self,
            LifecycleScope *scope)
{
  GSource *source;

  g_assert_true (g_unix_open_pipe (self->fds, FD_CLOEXEC, NULL));
  source = AT (self, lifecycle_scope_add_fd (scope, self->fds[0], G_IO_IN, never_fd_cb,
                                             &self->n_freed, test_count_notify));
  note_source (self, source);
  return source != NULL;
}

static gboolean
add_add_unix_signal (TestAddition   *self,
                     LifecycleScope *scope)
{
  GSource *source = AT (self, lifecycle_scope_add_unix_signal (scope, SIGUSR1, test_never_source_cb,
                                                               NULL, NULL));

  note_source (self, source);
  return source != NULL;
}
#endif

/* Timers. */

static gboolean
note_timer (TestAddition   *self,
            LifecycleTimer *timer)
{
  if (timer != NULL)
    self->timer = lifecycle_timer_ref (timer);
  return timer != NULL;
}

static gboolean
add_add_timeout (TestAddition   *self,
                 LifecycleScope *scope)
{
  return note_timer (self, AT (self, lifecycle_scope_add_timeout (scope, 1000000,
                                                                  test_never_source_cb,
                                                                  &self->n_freed,
                                                                  test_count_notify)));
}

static gboolean
add_add_timeout_full (TestAddition   *self,
                      LifecycleScope *scope)
{
  return note_timer (self, AT (self, lifecycle_scope_add_timeout_full (scope, 0, 1,
                                                                       test_count_source_cb,
                                                                       &self->n_freed, NULL)));
}

static void
retire_timer_cancel (TestAddition   *self,
                     LifecycleScope *scope)
{
  lifecycle_timer_cancel (self->timer);
}

static gboolean
timer_is_over (gpointer timer)
{
  return !lifecycle_timer_is_active (timer);
}

static void
retire_timer_run (TestAddition   *self,
                  LifecycleScope *scope)
{
  test_run_until (timer_is_over, self->timer);
}

/* Children. */

static gboolean
note_child (TestAddition   *self,
            LifecycleScope *child)
{
  self->child = child;
  self->name = g_strdup (lifecycle_scope_get_name (child));
  return !lifecycle_scope_is_closed (child);
}

static gboolean
add_new_child (TestAddition   *self,
               LifecycleScope *scope)
{
  return note_child (self, AT (self, lifecycle_scope_new_child (scope, "new")));
}

static gboolean
add_get_child (TestAddition   *self,
               LifecycleScope *scope)
{
  return note_child (self, g_object_ref (AT (self, lifecycle_scope_get_child (scope, "named"))));
}

static gboolean
add_get_child_for (TestAddition   *self,
                   LifecycleScope *scope)
{
  self->partner = test_emitter_new ();
  return note_child (self, g_object_ref (AT (self, lifecycle_scope_get_child_for (scope,
                                                                                  self->partner))));
}

static gboolean
add_renew_child (TestAddition   *self,
                 LifecycleScope *scope)
{
  return note_child (self, g_object_ref (AT (self, lifecycle_scope_renew_child (scope, "again"))));
}

static gboolean
add_object_new (TestAddition   *self,
                LifecycleScope *scope)
{
  return note_child (self, g_object_new (LIFECYCLE_TYPE_SCOPE, "parent", scope, "name", "built",
                                         NULL));
}

static void
retire_child_close (TestAddition   *self,
                    LifecycleScope *scope)
{
  lifecycle_scope_close (self->child);
}

/* Objects, data, cleanups. */

static gboolean
add_add_object (TestAddition   *self,
                LifecycleScope *scope)
{
  self->partner = test_emitter_new ();
  return AT (self, lifecycle_scope_add_object (scope, self->partner));
}

static void
retire_object_steal (TestAddition   *self,
                     LifecycleScope *scope)
{
  g_assert_true (lifecycle_scope_steal_object (scope, self->partner));
}

static gboolean
add_adopt (TestAddition   *self,
           LifecycleScope *scope)
{
  return AT (self, lifecycle_scope_adopt (scope, &self->n_freed, test_count_notify)) != NULL;
}

static void
test_ignore_cleanup (LifecycleScope   *scope,
                     LifecycleReason   reason,
                     gpointer          data,
                     GError          **error)
{
}

static gboolean
add_defer (TestAddition   *self,
           LifecycleScope *scope)
{
  AT (self, lifecycle_scope_defer (scope, test_count_cleanup, &self->n_freed, NULL));
  return !lifecycle_scope_is_closed (scope);
}

static void
retire_undefer (TestAddition   *self,
                LifecycleScope *scope)
{
  g_assert_true (lifecycle_scope_undefer (scope, test_count_cleanup, &self->n_freed));
  self->n_freed++;
}

static gboolean
add_defer_for (TestAddition   *self,
               LifecycleScope *scope)
{
  self->partner = test_emitter_new ();
  AT (self, lifecycle_scope_defer_for (scope, self->partner, test_ignore_cleanup, &self->n_freed,
                                       test_count_notify));
  return !lifecycle_scope_is_closed (scope);
}

/* Operations. */

static void
operation_end (TestAddition *self)
{
  LifecycleOperation *operation = g_steal_pointer (&self->operation);
  GTask *task;

  if (operation == NULL)
    return;

  if (self->other == NULL)
    {
      lifecycle_operation_end (operation);
      return;
    }
  task = self->other;
  self->other = NULL;
  lifecycle_operation_ready (NULL, G_ASYNC_RESULT (task), operation);
  g_object_unref (task);
}

static gboolean
add_begin (TestAddition   *self,
           LifecycleScope *scope)
{
  self->name = g_strdup ("work");
  self->operation = AT (self, lifecycle_scope_begin (scope, "work"));
  return !lifecycle_scope_is_closed (scope);
}

static void
result_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      data)
{
}

static gboolean
add_begin_async (TestAddition   *self,
                 LifecycleScope *scope)
{
  self->name = g_strdup ("call");
  self->operation = AT (self, lifecycle_scope_begin_async (scope, "call", result_cb,
                                                           &self->n_freed, test_count_notify));
  self->other = g_task_new (NULL, NULL, NULL, NULL);
  g_task_return_boolean (self->other, TRUE);
  return !lifecycle_scope_is_closed (scope);
}

static void
retire_operation_end (TestAddition   *self,
                      LifecycleScope *scope)
{
  operation_end (self);
}

/* What GIO has. */

static gboolean
can_bus (TestAddition *self)
{
  return test_bus != NULL;
}

static void
name_cb (GDBusConnection *connection,
         const char      *name,
         const char      *owner,
         gpointer         data)
{
}

static gboolean
add_own_bus_name (TestAddition   *self,
                  LifecycleScope *scope)
{
  self->partner = connect_to_bus ();
  self->name = g_strdup ("org.example.Kinds");
  return AT (self, lifecycle_scope_own_bus_name (scope, self->partner, self->name, 0, name_cb,
                                                 NULL, NULL, NULL));
}

static gboolean
add_watch_bus_name (TestAddition   *self,
                    LifecycleScope *scope)
{
  self->partner = connect_to_bus ();
  self->name = g_strdup ("org.example.Kinds");
  return AT (self, lifecycle_scope_watch_bus_name (scope, self->partner, self->name, 0, name_cb,
                                                   NULL, NULL, NULL));
}

static void
bus_signal_cb (GDBusConnection *connection,
               const char      *sender,
               const char      *path,
               const char      *interface_name,
               const char      *member,
               GVariant        *parameters,
               gpointer         data)
{
}

static gboolean
add_subscribe_bus_signal (TestAddition   *self,
                          LifecycleScope *scope)
{
  self->partner = connect_to_bus ();
  return AT (self, lifecycle_scope_subscribe_bus_signal (scope, self->partner, NULL,
                                                         "org.example.Kinds", "Changed", NULL,
                                                         NULL, 0, bus_signal_cb, NULL, NULL,
                                                         NULL));
}

static GDBusInterfaceInfo *
kinds_interface (void)
{
  static GDBusNodeInfo *node;

  if (node == NULL)
    node = g_dbus_node_info_new_for_xml ("<node><interface name='org.example.Kinds'>"
                                         "<method name='Ping'/></interface></node>", NULL);
  return node->interfaces[0];
}

static gboolean
add_export_bus_object (TestAddition   *self,
                       LifecycleScope *scope)
{
  self->partner = connect_to_bus ();
  self->name = g_strdup ("/org/example/object");
  return AT (self, lifecycle_scope_export_bus_object (scope, self->partner, self->name,
                                                      kinds_interface (), NULL, NULL, NULL, NULL));
}

static gboolean
add_export_bus_object_closures (TestAddition   *self,
                                LifecycleScope *scope)
{
  self->partner = connect_to_bus ();
  self->name = g_strdup ("/org/example/closures");
  return AT (self, lifecycle_scope_export_bus_object_with_closures (scope, self->partner,
                                                                    self->name,
                                                                    kinds_interface (), NULL,
                                                                    NULL, NULL, NULL));
}

static gboolean
add_export_action_group (TestAddition   *self,
                         LifecycleScope *scope)
{
  self->partner = connect_to_bus ();
  self->other = g_simple_action_group_new ();
  self->name = g_strdup ("/org/example/actions");
  return AT (self, lifecycle_scope_export_action_group (scope, self->partner, self->name,
                                                        self->other, NULL));
}

static gboolean
add_export_menu_model (TestAddition   *self,
                       LifecycleScope *scope)
{
  self->partner = connect_to_bus ();
  self->other = g_menu_new ();
  self->name = g_strdup ("/org/example/menu");
  return AT (self, lifecycle_scope_export_menu_model (scope, self->partner, self->name,
                                                      self->other, NULL));
}

static gboolean
add_export_bus_skeleton (TestAddition   *self,
                         LifecycleScope *scope)
{
  self->partner = connect_to_bus ();
  self->other = test_skeleton_new ();
  self->name = g_strdup ("/org/example/skeleton");
  return AT (self, lifecycle_scope_export_bus_skeleton (scope, self->partner, self->name,
                                                        self->other, NULL));
}

static gboolean
add_export_bus_object_manager (TestAddition   *self,
                               LifecycleScope *scope)
{
  self->partner = connect_to_bus ();
  self->name = g_strdup ("/org/example/manager");
  self->other = test_manager_new (self->name, "/org/example/manager/object", NULL);
  return AT (self, lifecycle_scope_export_bus_object_manager (scope, self->partner, self->other,
                                                              NULL));
}

static gboolean
scope_is_empty (gpointer scope)
{
  return lifecycle_scope_get_n_entries (scope) == 0;
}

static void
retire_bus_close (TestAddition   *self,
                  LifecycleScope *scope)
{
  g_dbus_connection_close_sync (self->partner, NULL, NULL);
  test_run_until (scope_is_empty, scope);
}

static gboolean
add_add_file_monitor (TestAddition   *self,
                      LifecycleScope *scope)
{
  g_autoptr (GFile) file = g_file_new_for_path (g_get_tmp_dir ());

  self->partner = g_file_monitor (file, G_FILE_MONITOR_NONE, NULL, NULL);
  g_assert_nonnull (self->partner);
  return AT (self, lifecycle_scope_add_file_monitor (scope, self->partner));
}

static void
retire_monitor_cancel (TestAddition   *self,
                       LifecycleScope *scope)
{
  g_file_monitor_cancel (self->partner);
}

#ifdef G_OS_UNIX
static gboolean
add_add_subprocess (TestAddition   *self,
                    LifecycleScope *scope)
{
  g_autoptr (GError) error = NULL;

  self->partner = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, "sleep", "1000", NULL);
  g_assert_no_error (error);
  return AT (self, lifecycle_scope_add_subprocess (scope, self->partner, 0));
}

static void
retire_subprocess_kill (TestAddition   *self,
                        LifecycleScope *scope)
{
  g_subprocess_force_exit (self->partner);
  test_run_until (scope_is_empty, scope);
}
#endif

static gboolean
add_add_socket_service (TestAddition   *self,
                        LifecycleScope *scope)
{
  self->partner = g_socket_service_new ();
  return AT (self, lifecycle_scope_add_socket_service (scope, self->partner));
}

static gboolean
add_hold_application (TestAddition   *self,
                      LifecycleScope *scope)
{
  self->partner = g_application_new ("org.example.Kinds", G_APPLICATION_NON_UNIQUE);
  return AT (self, lifecycle_scope_hold_application (scope, self->partner));
}

static gboolean
add_add_binding (TestAddition   *self,
                 LifecycleScope *scope)
{
  self->partner = test_emitter_new ();
  self->other = test_emitter_new ();
  self->binding = g_object_bind_property (self->partner, "value", self->other, "value", 0);
  return AT (self, lifecycle_scope_add_binding (scope, self->binding));
}

static gboolean
add_bind (TestAddition   *self,
          LifecycleScope *scope)
{
  self->partner = test_emitter_new ();
  self->other = test_emitter_new ();
  self->binding = AT (self, lifecycle_scope_bind (scope, self->partner, "value", self->other,
                                                  "value", 0));
  return self->binding != NULL;
}

static gboolean
add_bind_full (TestAddition   *self,
               LifecycleScope *scope)
{
  self->partner = test_emitter_new ();
  self->other = test_emitter_new ();
  self->binding = AT (self, lifecycle_scope_bind_full (scope, self->partner, "value", self->other,
                                                       "value", 0, NULL, NULL, &self->n_freed,
                                                       test_count_notify));
  return self->binding != NULL;
}

static gboolean
add_bind_with_closures (TestAddition   *self,
                        LifecycleScope *scope)
{
  self->partner = test_emitter_new ();
  self->other = test_emitter_new ();
  self->binding = AT (self, lifecycle_scope_bind_with_closures (scope, self->partner, "value",
                                                                self->other, "value", 0, NULL,
                                                                NULL));
  return self->binding != NULL;
}

static void
retire_binding_unbind (TestAddition   *self,
                       LifecycleScope *scope)
{
  g_binding_unbind (g_steal_pointer (&self->binding));
}

static gboolean
can_bind_setting (TestAddition *self)
{
  return self->schema != NULL;
}

static gboolean
add_bind_setting (TestAddition   *self,
                  LifecycleScope *scope)
{
  g_autoptr (GSettingsBackend) backend = g_memory_settings_backend_new ();

  self->partner = test_emitter_new ();
  self->other = g_settings_new_full (self->schema, backend, NULL);
  self->name = g_strdup ("number");
  return AT (self, lifecycle_scope_bind_setting (scope, self->other, "number", self->partner,
                                                 "value", G_SETTINGS_BIND_DEFAULT));
}

static gboolean
add_bind_setting_with_mapping (TestAddition   *self,
                               LifecycleScope *scope)
{
  g_autoptr (GSettingsBackend) backend = g_memory_settings_backend_new ();

  self->partner = test_emitter_new ();
  self->other = g_settings_new_full (self->schema, backend, NULL);
  self->name = g_strdup ("number");
  return AT (self, lifecycle_scope_bind_setting_with_mapping (scope, self->other, "number",
                                                              self->partner, "value",
                                                              G_SETTINGS_BIND_DEFAULT, NULL, NULL,
                                                              &self->n_freed,
                                                              test_count_notify));
}

static gboolean
add_bind_setting_with_mapping_closures (TestAddition   *self,
                                        LifecycleScope *scope)
{
  g_autoptr (GSettingsBackend) backend = g_memory_settings_backend_new ();

  self->partner = test_emitter_new ();
  self->other = g_settings_new_full (self->schema, backend, NULL);
  self->name = g_strdup ("number");
  return AT (self, lifecycle_scope_bind_setting_with_mapping_closures (scope, self->other, "number",
                                                                       self->partner, "value",
                                                                       G_SETTINGS_BIND_DEFAULT,
                                                                       NULL, NULL));
}

static gboolean
add_add_temporary_file (TestAddition   *self,
                        LifecycleScope *scope)
{
  g_autoptr (GFile) file = NULL;

  self->path = g_dir_make_tmp ("lifecycle-XXXXXX", NULL);
  file = g_file_new_for_path (self->path);
  return AT (self, lifecycle_scope_add_temporary_file (scope, file));
}

static void
phase_func (LifecycleScope *run,
            gpointer        data)
{
}

static gboolean
add_add_phase (TestAddition   *self,
               LifecycleScope *scope)
{
  self->partner = test_emitter_new ();
  return AT (self, lifecycle_scope_add_phase (scope, self->partner, "plain", "late", FALSE,
                                              phase_func, &self->n_freed, test_count_notify));
}

/* All of them, and each way in which an entry can end before a close. */
static const TestAddFunc test_add_funcs[] = {
  { "connect-signal", LIFECYCLE_KIND_HANDLER, add_connect_signal, retire_handler_disconnect },
  { "connect-signal-dies", LIFECYCLE_KIND_HANDLER, add_connect_signal, retire_partner },
  { "connect-signal-stolen", LIFECYCLE_KIND_HANDLER, add_connect_signal, retire_handler_steal },
  { "connect-full", LIFECYCLE_KIND_HANDLER, add_connect_full, retire_handler_disconnect },
  { "connect-full-dies", LIFECYCLE_KIND_HANDLER, add_connect_full, retire_partner },
  { "connect-once", LIFECYCLE_KIND_HANDLER, add_connect_once, retire_handler_emit },
  { "connect-queued", LIFECYCLE_KIND_HANDLER, add_connect_queued, retire_handler_disconnect },
  { "connect-guarded", LIFECYCLE_KIND_HANDLER, add_connect_guarded, retire_handler_disconnect },
  { "connect-closure", LIFECYCLE_KIND_HANDLER, add_connect_closure, retire_handler_disconnect },
  { "connect-closure-dies", LIFECYCLE_KIND_HANDLER, add_connect_closure, retire_partner },
  { "connect-object", LIFECYCLE_KIND_HANDLER, add_connect_object, retire_handler_disconnect },
  { "connect-object-dies", LIFECYCLE_KIND_HANDLER, add_connect_object, retire_other },
  { "add-handler", LIFECYCLE_KIND_HANDLER, add_add_handler, retire_handler_steal },
  { "add-handler-dies", LIFECYCLE_KIND_HANDLER, add_add_handler, retire_partner },
  { "add-source", LIFECYCLE_KIND_SOURCE, add_add_source, retire_source_destroy },
  { "add-source-stolen", LIFECYCLE_KIND_SOURCE, add_add_source, retire_source_steal },
  { "add-source-attached", LIFECYCLE_KIND_SOURCE, add_add_source_attached, retire_source_destroy },
  { "add-idle", LIFECYCLE_KIND_SOURCE, add_add_idle, retire_source_destroy },
  { "add-idle-run", LIFECYCLE_KIND_SOURCE, add_add_idle, retire_source_run },
  { "add-idle-stolen", LIFECYCLE_KIND_SOURCE, add_add_idle, retire_source_steal },
#ifdef G_OS_UNIX
  { "add-fd", LIFECYCLE_KIND_SOURCE, add_add_fd, retire_source_destroy },
  { "add-unix-signal", LIFECYCLE_KIND_SOURCE, add_add_unix_signal, retire_source_destroy },
#endif
  { "add-timeout", LIFECYCLE_KIND_TIMER, add_add_timeout, retire_timer_cancel },
  { "add-timeout-full", LIFECYCLE_KIND_TIMER, add_add_timeout_full, retire_timer_run },
  { "new-child", LIFECYCLE_KIND_SCOPE, add_new_child, retire_child_close },
  { "get-child", LIFECYCLE_KIND_SCOPE, add_get_child, retire_child_close },
  { "get-child-for", LIFECYCLE_KIND_SCOPE, add_get_child_for, retire_child_close },
  { "get-child-for-dies", LIFECYCLE_KIND_SCOPE, add_get_child_for, retire_partner },
  { "renew-child", LIFECYCLE_KIND_SCOPE, add_renew_child, retire_child_close },
  { "object-new", LIFECYCLE_KIND_SCOPE, add_object_new, retire_child_close },
  { "add-object", LIFECYCLE_KIND_OBJECT, add_add_object, retire_object_steal },
  { "adopt", LIFECYCLE_KIND_DATA, add_adopt, NULL },
  { "defer", LIFECYCLE_KIND_CLEANUP, add_defer, NULL },
  { "defer-taken-back", LIFECYCLE_KIND_CLEANUP, add_defer, retire_undefer },
  { "defer-for", LIFECYCLE_KIND_CLEANUP, add_defer_for, NULL },
  { "defer-for-dies", LIFECYCLE_KIND_CLEANUP, add_defer_for, retire_partner },
  { "begin", LIFECYCLE_KIND_OPERATION, add_begin, retire_operation_end },
  { "begin-async", LIFECYCLE_KIND_OPERATION, add_begin_async, retire_operation_end },
  { "own-bus-name", LIFECYCLE_KIND_BUS, add_own_bus_name, retire_bus_close, can_bus },
  { "watch-bus-name", LIFECYCLE_KIND_BUS, add_watch_bus_name, retire_bus_close, can_bus },
  { "subscribe-bus-signal", LIFECYCLE_KIND_BUS, add_subscribe_bus_signal, retire_bus_close,
    can_bus },
  { "export-bus-object", LIFECYCLE_KIND_BUS, add_export_bus_object, retire_bus_close, can_bus },
  { "export-bus-object-with-closures", LIFECYCLE_KIND_BUS, add_export_bus_object_closures,
    retire_bus_close, can_bus },
  { "export-bus-skeleton", LIFECYCLE_KIND_BUS, add_export_bus_skeleton, retire_bus_close,
    can_bus },
  { "export-bus-object-manager", LIFECYCLE_KIND_BUS, add_export_bus_object_manager,
    retire_bus_close, can_bus },
  { "export-action-group", LIFECYCLE_KIND_BUS, add_export_action_group, retire_bus_close,
    can_bus },
  { "export-menu-model", LIFECYCLE_KIND_BUS, add_export_menu_model, retire_bus_close, can_bus },
  { "add-file-monitor", LIFECYCLE_KIND_MONITOR, add_add_file_monitor, retire_monitor_cancel },
#ifdef G_OS_UNIX
  { "add-subprocess", LIFECYCLE_KIND_PROCESS, add_add_subprocess, retire_subprocess_kill },
#endif
  { "add-socket-service", LIFECYCLE_KIND_SERVICE, add_add_socket_service, NULL },
  { "hold-application", LIFECYCLE_KIND_HOLD, add_hold_application, retire_partner },
  { "add-binding", LIFECYCLE_KIND_BINDING, add_add_binding, retire_binding_unbind },
  { "add-binding-dies", LIFECYCLE_KIND_BINDING, add_add_binding, retire_partner },
  { "bind", LIFECYCLE_KIND_BINDING, add_bind, retire_binding_unbind },
  { "bind-dies", LIFECYCLE_KIND_BINDING, add_bind, retire_partner },
  { "bind-full", LIFECYCLE_KIND_BINDING, add_bind_full, retire_binding_unbind },
  { "bind-full-dies", LIFECYCLE_KIND_BINDING, add_bind_full, retire_partner },
  { "bind-with-closures", LIFECYCLE_KIND_BINDING, add_bind_with_closures, retire_binding_unbind },
  { "bind-setting", LIFECYCLE_KIND_BINDING, add_bind_setting, retire_partner, can_bind_setting },
  { "bind-setting-with-mapping", LIFECYCLE_KIND_BINDING, add_bind_setting_with_mapping,
    retire_partner, can_bind_setting },
  { "bind-setting-with-mapping-closures", LIFECYCLE_KIND_BINDING,
    add_bind_setting_with_mapping_closures, retire_partner, can_bind_setting },
  { "add-temporary-file", LIFECYCLE_KIND_FILE, add_add_temporary_file, NULL },
  { "add-phase", LIFECYCLE_KIND_PHASE, add_add_phase, retire_partner },
};

/* The entry has ended, or was never there. Everything goes that was made for it, and it has to go
 * for good: nobody may hold it any more. */
TEST_UNUSED static void
test_addition_clear (TestAddition *self)
{
  GSettingsSchema *schema = self->schema;

  g_clear_pointer (&self->source, g_source_unref);
  g_clear_pointer (&self->timer, lifecycle_timer_unref);
  operation_end (self);
  if (self->child != NULL)
    g_object_unref (self->child);
  test_drain ();

  if (self->partner != NULL)
    {
#ifdef G_OS_UNIX
      if (G_IS_SUBPROCESS (self->partner))
        g_subprocess_wait (self->partner, NULL, NULL);
#endif
      if (G_IS_DBUS_CONNECTION (self->partner) && !g_dbus_connection_is_closed (self->partner))
        g_dbus_connection_close_sync (self->partner, NULL, NULL);
      assert_finalized_soon (g_steal_pointer (&self->partner));
    }
  if (self->other != NULL)
    assert_finalized_soon (g_steal_pointer (&self->other));
#ifdef G_OS_UNIX
  if (self->fds[0] != self->fds[1])
    {
      g_close (self->fds[0], NULL);
      g_close (self->fds[1], NULL);
    }
#endif
  if (self->path != NULL)
    g_assert_false (g_file_test (self->path, G_FILE_TEST_EXISTS));
  g_free (self->path);
  g_free (self->name);
  memset (self, 0, sizeof *self);
  self->schema = schema;
}
