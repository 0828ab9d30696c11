/* connections.c: every kind of connection, in one small service
 *
 * A service of a game server watches its players. It connects to signals, runs timers, reads from a
 * pipe, uses a message bus, loads a file, and so on: each of these takes one call, on the scope
 * that it belongs to. No IDs are stored to disconnect anything later, and at the end one call takes
 * everything down.
 *
 * Read this file from top to bottom, and run it to see what the scopes own, by kind, by player and
 * by tag.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <lifecycle.h>

/* For settings that are stored in memory only. */
#define G_SETTINGS_ENABLE_BACKEND
#include <gio/gsettingsbackend.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef SCHEMA_DIR
#define SCHEMA_DIR "."
#endif

#define BUS_NAME "org.example.Connections"
#define BUS_PATH "/org/example/Connections"

/* A player, which the service watches. It does not use scopes. */

#define PLAYER_TYPE (player_get_type ())
G_DECLARE_FINAL_TYPE (Player, player, PLAYER, OBJECT, GObject)

struct _Player
{
  GObject parent_instance;

  char   *name;
  int     volume;
};

enum
{
  PROP_0,
  PROP_NAME,
  PROP_VOLUME,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (Player, player, G_TYPE_OBJECT)

static void
player_finalize (GObject *object)
{
  g_free (PLAYER_OBJECT (object)->name);
  G_OBJECT_CLASS (player_parent_class)->finalize (object);
}

static void
player_get_property (GObject    *object,
                     guint       prop_id,
                     GValue     *value,
                     GParamSpec *pspec)
{
  if (prop_id == PROP_NAME)
    g_value_set_string (value, PLAYER_OBJECT (object)->name);
  else
    g_value_set_int (value, PLAYER_OBJECT (object)->volume);
}

static void
player_set_property (GObject      *object,
                     guint         prop_id,
                     const GValue *value,
                     GParamSpec   *pspec)
{
  Player *self = PLAYER_OBJECT (object);

  if (prop_id == PROP_NAME)
    {
      g_free (self->name);
      self->name = g_value_dup_string (value);
    }
  else
    self->volume = g_value_get_int (value);
}

static void
player_class_init (PlayerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = player_finalize;
  object_class->get_property = player_get_property;
  object_class->set_property = player_set_property;

  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL,
                                               G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  properties[PROP_VOLUME] = g_param_spec_int ("volume", NULL, NULL, 0, 11, 5,
                                              G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  /* (x): the player has moved to x */
  g_signal_new ("moved", PLAYER_TYPE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                1, G_TYPE_INT);
  /* (): a round of the game begins or ends; there can be any number of rounds */
  g_signal_new ("round-begins", PLAYER_TYPE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                0);
  g_signal_new ("round-ends", PLAYER_TYPE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /* (): the player has left the game, although its object may still exist */
  g_signal_new ("left", PLAYER_TYPE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
player_init (Player *self)
{
}

static Player *
player_new (const char *name)
{
  return g_object_new (PLAYER_TYPE, "name", name, NULL);
}

/* The service. Its scope is all that it needs to keep of what it has set up. */
typedef struct
{
  LifecycleScope *scope;
  guint           n_events;     /* how often callbacks have been called */
} Service;

static void
moved_cb (Player  *player,
          int      x,
          Service *self)
{
  self->n_events++;
}

static void
renamed_cb (Player     *player,
            GParamSpec *pspec,
            Service    *self)
{
  self->n_events++;
}

static gboolean
again_cb (gpointer data)
{
  Service *self = data;

  self->n_events++;

  return G_SOURCE_CONTINUE;
}

static gboolean
once_cb (gpointer data)
{
  again_cb (data);

  return G_SOURCE_REMOVE;
}

/* Signals of any object. A handler is disconnected when the scope closes, when the object is
 * disposed, or when other code disconnects it, whichever comes first. */
static void
connect_to_signals (Service *self,
                    Player  *player)
{
  /* A plain handler. */
  lifecycle_scope_connect_signal (self->scope, player, "notify::name", G_CALLBACK (renamed_cb),
                                  self);

  /* Called after other handlers and after the default handler. */
  lifecycle_scope_connect_full (self->scope, player, "moved", G_CALLBACK (moved_cb), self, NULL,
                                LIFECYCLE_CONNECT_AFTER);

  /* Called for the next emission only. Then it leaves the scope by itself. */
  lifecycle_scope_connect_full (self->scope, player, "moved", G_CALLBACK (moved_cb), self, NULL,
                                LIFECYCLE_CONNECT_ONCE);

  /* Called later, from the main loop of the scope and not on the emitter's thread, or not at all if
   * the scope has closed by then. */
  lifecycle_scope_connect_full (self->scope, player, "moved", G_CALLBACK (moved_cb), self, NULL,
                                LIFECYCLE_CONNECT_QUEUED);

  /* Called on the emitter's thread, but never again once the scope is being closed. */
  lifecycle_scope_connect_full (self->scope, player, "moved", G_CALLBACK (moved_cb), self, NULL,
                                LIFECYCLE_CONNECT_GUARDED);

  /* A handler that was connected with plain GLib calls. */
  lifecycle_scope_add_handler (self->scope, G_OBJECT (player),
                               g_signal_connect (player, "moved", G_CALLBACK (moved_cb), self));
}

/* Timers. The main loop needs only one source for any number of them. */
static void
start_timers (Service *self)
{
  LifecycleTimer *timer;

  /* The heartbeat: called repeatedly, until it returns G_SOURCE_REMOVE. */
  lifecycle_scope_add_timeout (self->scope, 10, again_cb, self, NULL);

  /* Called three times at most. */
  lifecycle_scope_add_timeout_full (self->scope, 1, 3, again_cb, self, NULL);

  /* A debouncer: each event postpones the call. */
  timer = lifecycle_scope_add_timeout_full (self->scope, 60000, 1, again_cb, self, NULL);
  lifecycle_timer_restart (timer);
}

/* Sources of the main loop. */
static void
watch_sources (Service *self)
{
  g_autoptr (GSource) source = g_timeout_source_new_seconds (60);
  int fds[2];

  /* Called once, when the main loop is idle. */
  lifecycle_scope_add_idle (self->scope, once_cb, self, NULL);

  /* A file descriptor. */
  if (g_unix_open_pipe (fds, FD_CLOEXEC, NULL))
    {
      /* Data that is not an object is added with a function that frees it. Entries are released
       * last in, first out, so the pipe is closed after the watch has been removed. */
      lifecycle_scope_adopt (self->scope, GINT_TO_POINTER (fds[0]), (GDestroyNotify) close);
      lifecycle_scope_adopt (self->scope, GINT_TO_POINTER (fds[1]), (GDestroyNotify) close);
      lifecycle_scope_add_fd (self->scope, fds[0], G_IO_IN, (GUnixFDSourceFunc) again_cb, self,
                              NULL);
    }

  /* A signal of the operating system. */
  lifecycle_scope_add_unix_signal (self->scope, SIGUSR1, again_cb, self, NULL);

  /* Any other source. */
  g_source_set_callback (source, again_cb, self, NULL);
  lifecycle_scope_add_source (self->scope, source);
}

static void
bus_signal_cb (GDBusConnection *connection,
               const char      *sender,
               const char      *path,
               const char      *interface_name,
               const char      *signal,
               GVariant        *parameters,
               gpointer         data)
{
  again_cb (data);
}

static void
bus_name_cb (GDBusConnection *connection,
             const char      *name,
             const char      *owner,
             gpointer         data)
{
  again_cb (data);
}

/* A message bus, if there is one. */
static void
talk_to_the_bus (Service *self)
{
  g_autoptr (GDBusConnection) bus = NULL;
  g_autoptr (GSimpleActionGroup) actions = g_simple_action_group_new ();

  if (g_getenv ("DBUS_SESSION_BUS_ADDRESS") != NULL)
    bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  if (bus == NULL)
    return;

  lifecycle_scope_own_bus_name (self->scope, bus, BUS_NAME, G_BUS_NAME_OWNER_FLAGS_NONE,
                                bus_name_cb, self, NULL, NULL);
  lifecycle_scope_watch_bus_name (self->scope, bus, "org.example.Other",
                                  G_BUS_NAME_WATCHER_FLAGS_NONE, bus_name_cb, self, NULL, NULL);
  lifecycle_scope_subscribe_bus_signal (self->scope, bus, NULL, BUS_NAME, "Started", NULL, NULL,
                                        G_DBUS_SIGNAL_FLAGS_NONE, bus_signal_cb, self, NULL, NULL);
  lifecycle_scope_export_action_group (self->scope, bus, BUS_PATH, G_ACTION_GROUP (actions), NULL);
}

static void
file_changed_cb (GFileMonitor     *monitor,
                 GFile            *file,
                 GFile            *other,
                 GFileMonitorEvent event,
                 Service          *self)
{
  self->n_events++;
}

static void
file_loaded_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      data)
{
  g_autofree char *contents = NULL;

  /* This is called only while the scope is open, so only failure needs to be checked. */
  if (g_file_load_contents_finish (G_FILE (object), result, &contents, NULL, NULL, NULL))
    again_cb (data);
}

/* Files and asynchronous calls. */
static void
work_with_files (Service *self)
{
  g_autoptr (GFileIOStream) stream = NULL;
  g_autoptr (GFile) file = g_file_new_tmp ("connections-XXXXXX", &stream, NULL);
  g_autoptr (GFileMonitor) monitor = NULL;
  LifecycleOperation *load;

  if (file == NULL)
    return;

  /* Removed from the disk when the scope closes. */
  lifecycle_scope_add_temporary_file (self->scope, file);

  /* Watched until then. */
  monitor = g_file_monitor_file (file, G_FILE_MONITOR_NONE, NULL, NULL);
  if (monitor != NULL)
    {
      lifecycle_scope_add_file_monitor (self->scope, monitor);
      lifecycle_scope_connect_signal (self->scope, monitor, "changed",
                                      G_CALLBACK (file_changed_cb), self);
    }

  /* Any asynchronous call of GIO. If the scope closes first, it is cancelled, and the callback is
   * not called. */
  load = lifecycle_scope_begin_async (self->scope, "load", file_loaded_cb, self, NULL);
  g_file_load_contents_async (file, lifecycle_operation_get_cancellable (load),
                              lifecycle_operation_ready, load);
}

/* Processes and sockets. */
static void
start_helpers (Service *self)
{
  g_autoptr (GSubprocess) helper = NULL;
  g_autoptr (GSocketService) listener = g_socket_service_new ();

  /* Terminated when the scope closes, and killed if it has not exited within two seconds. */
  helper = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_SILENCE,
                             NULL, "cat", NULL);
  if (helper != NULL)
    lifecycle_scope_add_subprocess (self->scope, helper, 2000);

  /* Stopped when the scope closes; its sockets are closed, too. */
  if (g_socket_listener_add_any_inet_port (G_SOCKET_LISTENER (listener), NULL, NULL) != 0)
    lifecycle_scope_add_socket_service (self->scope, listener);
}

/* Bindings of properties and settings. */
static void
bind_properties (Service *self,
                 Player  *player,
                 Player  *other)
{
  g_autoptr (GSettingsSchemaSource) source = NULL;
  g_autoptr (GSettingsSchema) schema = NULL;

  lifecycle_scope_bind (self->scope, G_OBJECT (player), "volume", G_OBJECT (other), "volume",
                        G_BINDING_SYNC_CREATE);

  source = g_settings_schema_source_new_from_directory (SCHEMA_DIR, NULL, TRUE, NULL);
  if (source != NULL)
    schema = g_settings_schema_source_lookup (source, BUS_NAME, FALSE);
  if (schema != NULL)
    {
      g_autoptr (GSettingsBackend) backend = g_memory_settings_backend_new ();
      g_autoptr (GSettings) settings = g_settings_new_full (schema, backend, NULL);

      lifecycle_scope_bind_setting (self->scope, settings, "volume", G_OBJECT (player), "volume",
                                    G_SETTINGS_BIND_DEFAULT);

      /* Connecting to an object does not make the scope hold a reference on it. This does. */
      lifecycle_scope_add_object (self->scope, G_OBJECT (settings));
    }
}

static void
round_cb (LifecycleScope *run,
          gpointer        data)
{
  /* Everything that is added to this scope ends with the round. */
  lifecycle_scope_add_timeout (run, 60000, again_cb, data, NULL);
}

static void
goodbye_cb (LifecycleScope   *scope,
            LifecycleReason   reason,
            gpointer          data,
            GError          **error)
{
  g_autoptr (GEnumClass) reasons = g_type_class_ref (LIFECYCLE_TYPE_REASON);

  g_print ("  the scope of %s has closed: %s\n", (const char *) data,
           g_enum_get_value (reasons, reason)->value_nick);
}

/* What the service keeps for one player: a scope that closes with the service or with the player,
 * whichever goes first. */
static void
welcome (Service *self,
         Player  *player)
{
  LifecycleScope *mine = lifecycle_scope_get_child_for (self->scope, G_OBJECT (player));
  LifecycleScope *trial;

  lifecycle_scope_connect_signal (mine, player, "moved", G_CALLBACK (moved_cb), self);
  lifecycle_scope_add_timeout (mine, 60000, again_cb, self, NULL);

  /* Close when the player emits "left", although its object may still exist. */
  lifecycle_scope_follow_signal (mine, G_OBJECT (player), "left", LIFECYCLE_REASON_OWNER_GONE);

  /* A cleanup is told the reason. */
  lifecycle_scope_defer (mine, goodbye_cb, g_strdup (player->name), g_free);

  /* A scope that exists only during a round: one signal opens it, the other closes it. */
  lifecycle_scope_add_phase (mine, G_OBJECT (player), "round-begins", "round-ends", FALSE,
                             round_cb, self, NULL);

  /* A child with a deadline. */
  trial = lifecycle_scope_get_child (mine, "trial");
  lifecycle_scope_defer (trial, goodbye_cb, g_strdup ("the trial"), g_free);
  lifecycle_scope_set_deadline (trial, player->name[0] == 'a' ? 20 : 60000);
}

/* A tag is a named child: it groups entries that can be released together, without the others. */
static void
play_sounds (Service *self,
             Player  *player)
{
  LifecycleScope *sounds = lifecycle_scope_get_child (self->scope, "sounds");

  lifecycle_scope_connect_signal (sounds, player, "moved", G_CALLBACK (moved_cb), self);
  lifecycle_scope_add_timeout (sounds, 60000, again_cb, self, NULL);
}

static void
print_statistics (const char     *title,
                  LifecycleScope *scope)
{
  g_autoptr (LifecycleStatistics) statistics = lifecycle_scope_get_statistics (scope, TRUE);
  g_autofree char *text = lifecycle_statistics_to_string (statistics);

  g_print ("%-10s %s\n", title, text);
}

static void
print_records (LifecycleScope *scope)
{
  g_autoptr (GListModel) records = lifecycle_scope_list_records (scope, FALSE);
  guint i;

  for (i = 0; i < g_list_model_get_n_items (records); i++)
    {
      g_autoptr (LifecycleRecord) record = g_list_model_get_item (records, i);
      g_autofree char *line = lifecycle_record_to_string (record);

      g_print ("  %s\n", line);
    }
}

static void
crowded_cb (LifecycleScope *scope,
            guint           n_entries)
{
  g_print ("the service has %u entries\n", n_entries);
}

static void
run_for (guint ms)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  g_timeout_add_once (ms, (GSourceOnceFunc) g_main_loop_quit, loop);
  g_main_loop_run (loop);
}

int
main (void)
{
  g_autoptr (LifecycleScope) root = lifecycle_scope_new ("server");
  g_autoptr (Player) alice = player_new ("alice");
  g_autoptr (Player) bob = player_new ("bob");
  Service service = { NULL, };
  LifecycleScope *tag;
  guint n_left;

  /* A service is a named child of the root, and can be looked up by that name. */
  service.scope = lifecycle_scope_get_child (root, "PlayerService");

  /* More entries than this suggest that something is added again and again, and never released. The
   * limit only causes a warning. */
  lifecycle_scope_set_limit (service.scope, 25);
  lifecycle_scope_connect_signal (root, service.scope, "limit-reached", G_CALLBACK (crowded_cb),
                                  NULL);

  connect_to_signals (&service, alice);
  start_timers (&service);
  watch_sources (&service);
  talk_to_the_bus (&service);
  work_with_files (&service);
  start_helpers (&service);
  bind_properties (&service, alice, bob);
  welcome (&service, alice);
  welcome (&service, bob);
  play_sounds (&service, alice);
  g_print ("\n");
  print_statistics ("all", root);

  /* Let something happen. Each of the handlers is called. Then the handler for one emission is
   * gone, and so are the idle source, the load and the timer with three calls. The trial of alice
   * reaches its deadline. */
  g_signal_emit_by_name (alice, "moved", 42);
  g_signal_emit_by_name (alice, "round-begins");
  g_object_set (alice, "name", "alicia", NULL);
  raise (SIGUSR1);
  run_for (100);
  g_print ("%u callbacks\n", service.n_events);
  print_statistics ("all", root);

  /* What there is by player, in all services; by tag; and by kind, in any of these. */
  print_statistics ("alice", lifecycle_scope_of (G_OBJECT (alice)));
  print_statistics ("bob", lifecycle_scope_of (G_OBJECT (bob)));
  tag = lifecycle_scope_get_child (service.scope, "sounds");
  print_statistics ("sounds", tag);
  print_records (tag);
  g_print ("timers of the service, without its children: %u\n",
           lifecycle_scope_get_n_live (service.scope, LIFECYCLE_KIND_TIMER));

  /* Release by player: one leaves, and the object of the other is finalized. */
  g_print ("\nalice leaves\n");
  g_signal_emit_by_name (alice, "left");
  g_print ("bob is finalized\n");
  g_clear_object (&bob);
  print_statistics ("all", root);

  /* Release by tag, by kind, by service, and finally everything. Each call returns how many entries
   * it has released. */
  g_print ("\nreleased with the tag: %u\n", lifecycle_scope_close (tag));
  g_print ("released timers: %u\n",
           lifecycle_scope_clear_kind (service.scope, LIFECYCLE_KIND_TIMER, TRUE));
  g_print ("released with the service: %u\n", lifecycle_scope_close (service.scope));
  g_print ("released with the root: %u\n",
           lifecycle_scope_close_with_reason (root, LIFECYCLE_REASON_SHUTDOWN, NULL));

  print_statistics ("all", root);
  n_left = lifecycle_scope_get_n_entries (root);
  if (n_left == 0 && g_signal_handler_find (alice, G_SIGNAL_MATCH_DATA, 0, 0, NULL, NULL,
                                            &service) == 0)
    g_print ("nothing is left\n");
  else
    g_print ("something has been left behind\n");

  return n_left == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
