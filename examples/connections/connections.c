/* connections.c: every kind of connection, in one small service
 *
 * A service of a game server watches its players. It connects to signals, keeps timers, reads from
 * a pipe, listens to a message bus, loads a file, and so on: each of these is one call here, on the
 * scope that it is to end with. Nothing is kept to disconnect it later, and at the end one call
 * takes all of it down.
 *
 * Read it from top to bottom; run it to see what it has, by kind, by player and by tag.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <lifecycle.h>

/* For settings that live in memory only. */
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

/* A player: what the service watches. It knows nothing of scopes. */

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

  /* (x): it went there */
  g_signal_new ("moved", PLAYER_TYPE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                1, G_TYPE_INT);
  /* (): a round of the game begins, and ends, again and again */
  g_signal_new ("round-begins", PLAYER_TYPE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                0);
  g_signal_new ("round-ends", PLAYER_TYPE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /* (): it is no longer in the game, though its object may live on */
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

/* The service. The scope is all it needs to know of what it has set up. */
typedef struct
{
  LifecycleScope *scope;
  guint           n_events;     /* how often any callback was called */
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

/* Signals of any object. The handler ends with the scope, or with the object, or when somebody
 * disconnects it: whatever comes first. */
static void
connect_to_signals (Service *self,
                    Player  *player)
{
  /* The plain one. */
  lifecycle_scope_connect_signal (self->scope, player, "notify::name", G_CALLBACK (renamed_cb),
                                  self);

  /* After the handlers of the others and the default handler. */
  lifecycle_scope_connect_full (self->scope, player, "moved", G_CALLBACK (moved_cb), self, NULL,
                                LIFECYCLE_CONNECT_AFTER);

  /* The next time only: then it leaves the scope by itself. */
  lifecycle_scope_connect_full (self->scope, player, "moved", G_CALLBACK (moved_cb), self, NULL,
                                LIFECYCLE_CONNECT_ONCE);

  /* Not now, and not on the emitter's thread: from the main loop, or not at all if the scope has
   * closed by then. */
  lifecycle_scope_connect_full (self->scope, player, "moved", G_CALLBACK (moved_cb), self, NULL,
                                LIFECYCLE_CONNECT_QUEUED);

  /* On the emitter's thread, but never again once the scope is being closed. */
  lifecycle_scope_connect_full (self->scope, player, "moved", G_CALLBACK (moved_cb), self, NULL,
                                LIFECYCLE_CONNECT_GUARDED);

  /* One that was connected in the old way. */
  lifecycle_scope_add_handler (self->scope, G_OBJECT (player),
                               g_signal_connect (player, "moved", G_CALLBACK (moved_cb), self));
}

/* Timers. Any number of them costs the main loop one source. */
static void
start_timers (Service *self)
{
  LifecycleTimer *timer;

  /* The heartbeat: again and again, until it returns G_SOURCE_REMOVE. */
  lifecycle_scope_add_timeout (self->scope, 10, again_cb, self, NULL);

  /* Three times at most. */
  lifecycle_scope_add_timeout_full (self->scope, 1, 3, again_cb, self, NULL);

  /* One that is put off whenever there is something to wait for: a debouncer. */
  timer = lifecycle_scope_add_timeout_full (self->scope, 60000, 1, again_cb, self, NULL);
  lifecycle_timer_restart (timer);
}

/* What the main loop watches. */
static void
watch_sources (Service *self)
{
  g_autoptr (GSource) source = g_timeout_source_new_seconds (60);
  int fds[2];

  /* When there is nothing else to do, once. */
  lifecycle_scope_add_idle (self->scope, once_cb, self, NULL);

  /* A file descriptor. */
  if (g_unix_open_pipe (fds, FD_CLOEXEC, NULL))
    {
      /* What is not an object goes with a function that ends it; the last in is the first out, so
       * the pipe is closed after the watch is gone. */
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

/* A message bus, where there is one. */
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

  /* It is called only while the scope is open, so there is nothing to ask but whether it worked. */
  if (g_file_load_contents_finish (G_FILE (object), result, &contents, NULL, NULL, NULL))
    again_cb (data);
}

/* Files, and what takes its time. */
static void
work_with_files (Service *self)
{
  g_autoptr (GFileIOStream) stream = NULL;
  g_autoptr (GFile) file = g_file_new_tmp ("connections-XXXXXX", &stream, NULL);
  g_autoptr (GFileMonitor) monitor = NULL;
  LifecycleOperation *load;

  if (file == NULL)
    return;

  /* Removed from the disk at the end. */
  lifecycle_scope_add_temporary_file (self->scope, file);

  /* Watched until then. */
  monitor = g_file_monitor_file (file, G_FILE_MONITOR_NONE, NULL, NULL);
  if (monitor != NULL)
    {
      lifecycle_scope_add_file_monitor (self->scope, monitor);
      lifecycle_scope_connect_signal (self->scope, monitor, "changed",
                                      G_CALLBACK (file_changed_cb), self);
    }

  /* Any asynchronous call of GIO: cancelled if the scope closes first, and then the callback is not
   * called. */
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

  /* Told to end, and killed if it does not within two seconds. */
  helper = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_SILENCE,
                             NULL, "cat", NULL);
  if (helper != NULL)
    lifecycle_scope_add_subprocess (self->scope, helper, 2000);

  /* Stopped, and its sockets closed. */
  if (g_socket_listener_add_any_inet_port (G_SOCKET_LISTENER (listener), NULL, NULL) != 0)
    lifecycle_scope_add_socket_service (self->scope, listener);
}

/* Properties that follow each other, and settings. */
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

      /* The scope holds no reference on what it is connected to, except where it is told to. */
      lifecycle_scope_add_object (self->scope, G_OBJECT (settings));
    }
}

static void
round_cb (LifecycleScope *run,
          gpointer        data)
{
  /* All of this ends with the round. */
  lifecycle_scope_add_timeout (run, 60000, again_cb, data, NULL);
}

static void
goodbye_cb (LifecycleScope   *scope,
            LifecycleReason   reason,
            gpointer          data,
            GError          **error)
{
  g_autoptr (GEnumClass) reasons = g_type_class_ref (LIFECYCLE_TYPE_REASON);

  g_print ("  %s is over: %s\n", (const char *) data,
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

  /* When the player says that it leaves, although its object may live on. */
  lifecycle_scope_follow_signal (mine, G_OBJECT (player), "left", LIFECYCLE_REASON_OWNER_GONE);

  /* A cleanup knows why. */
  lifecycle_scope_defer (mine, goodbye_cb, g_strdup (player->name), g_free);

  /* Only while a round is under way: opened anew by one signal, closed by the other. */
  lifecycle_scope_add_phase (mine, G_OBJECT (player), "round-begins", "round-ends", FALSE,
                             round_cb, self, NULL);

  /* A part with a deadline. */
  trial = lifecycle_scope_get_child (mine, "trial");
  lifecycle_scope_defer (trial, goodbye_cb, g_strdup ("the trial"), g_free);
  lifecycle_scope_set_deadline (trial, player->name[0] == 'a' ? 20 : 60000);
}

/* A tag is a named child: what belongs together and may have to go alone. */
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

  /* A service is a named child of the root, and can be found again by that name. */
  service.scope = lifecycle_scope_get_child (root, "PlayerService");

  /* When there is more than that, somebody adds and never ends. It is only told. */
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

  /* Something happens: each of the handlers is called, the one that was for once is gone, so are
   * the idle, the load and the timer that had three calls, and the trial of alice is over. */
  g_signal_emit_by_name (alice, "moved", 42);
  g_signal_emit_by_name (alice, "round-begins");
  g_object_set (alice, "name", "alicia", NULL);
  raise (SIGUSR1);
  run_for (100);
  g_print ("%u callbacks\n", service.n_events);
  print_statistics ("all", root);

  /* By player, in all services; by tag; by kind, in any of these. */
  print_statistics ("alice", lifecycle_scope_of (G_OBJECT (alice)));
  print_statistics ("bob", lifecycle_scope_of (G_OBJECT (bob)));
  tag = lifecycle_scope_get_child (service.scope, "sounds");
  print_statistics ("sounds", tag);
  print_records (tag);
  g_print ("timers of the service itself: %u\n",
           lifecycle_scope_get_n_live (service.scope, LIFECYCLE_KIND_TIMER));

  /* By player: one leaves; the object of the other goes. */
  g_print ("\nalice leaves\n");
  g_signal_emit_by_name (alice, "left");
  g_print ("bob is gone\n");
  g_clear_object (&bob);
  print_statistics ("all", root);

  /* By tag, by kind, by service, everything. Each says how many entries it released. */
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
    g_print ("something is left\n");

  return n_left == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
