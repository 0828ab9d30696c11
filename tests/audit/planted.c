/* planted.c: a program with one fault of each kind that the audit finds, and a twin without it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Usage: planted CASE [clean]. It knows nothing of Lifecycle, except where to ask for a snapshot.
 */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_ROUNDS 6

#define PLANTED_TYPE_PLAYER (planted_player_get_type ())
G_DECLARE_FINAL_TYPE (PlantedPlayer, planted_player, PLANTED, PLAYER, GObject)

struct _PlantedPlayer
{
  GObject  parent_instance;
  GObject *part;
  GObject *back;                /* for a cycle */
  gpointer weak_pointer;
  GWeakRef weak_ref;
};

G_DEFINE_TYPE (PlantedPlayer, planted_player, G_TYPE_OBJECT)

static gboolean clean;
static GSimpleAction *emitter;  /* lives as long as the program */

static void
planted_player_finalize (GObject *object)
{
  g_clear_object (&PLANTED_PLAYER (object)->part);
  G_OBJECT_CLASS (planted_player_parent_class)->finalize (object);
}

static void
planted_player_class_init (PlantedPlayerClass *class)
{
  G_OBJECT_CLASS (class)->finalize = planted_player_finalize;
}

static void
planted_player_init (PlantedPlayer *self)
{
  self->part = g_object_new (G_TYPE_OBJECT, NULL);
}

static PlantedPlayer *
player_new (void)
{
  return g_object_new (PLANTED_TYPE_PLAYER, NULL);
}

static void
activate_cb (GSimpleAction *action,
             GVariant      *parameter,
             gpointer       data)
{
}

static gboolean
never_cb (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static void
gone_cb (gpointer  data,
         GObject  *where_the_object_was)
{
}

/* Not without the audit. */
static void
take_snapshot (void)
{
  void (* snapshot) (void) = (void (*) (void)) dlsym (RTLD_DEFAULT, "lifecycle_audit_snapshot");

  if (snapshot != NULL)
    snapshot ();
}

static void
dangling_handler (void)
{
  PlantedPlayer *player = player_new ();
  gulong id = g_signal_connect (emitter, "activate", G_CALLBACK (activate_cb), player);

  if (clean)
    g_signal_handler_disconnect (emitter, id);
  g_object_unref (player);
}

static void
dangling_source (void)
{
  PlantedPlayer *player = player_new ();
  guint id = g_timeout_add_seconds (1000, never_cb, player);

  if (clean)
    g_source_remove (id);
  g_object_unref (player);
}

static void
dangling_weak_ref (void)
{
  PlantedPlayer *player = player_new ();

  g_object_weak_ref (G_OBJECT (emitter), gone_cb, player);
  if (clean)
    g_object_weak_unref (G_OBJECT (emitter), gone_cb, player);
  g_object_unref (player);
}

/* Handlers that end with their data, in three ways, and one that has no object as its data. */
static void
dangling_not (void)
{
  PlantedPlayer *player = player_new ();
  static int number;

  g_signal_connect_object (emitter, "activate", G_CALLBACK (activate_cb), player, 0);
  g_signal_connect_data (emitter, "activate", G_CALLBACK (activate_cb), player_new (),
                         (GClosureNotify) (void (*) (void)) g_object_unref, 0);
  g_signal_connect (player->part, "notify", G_CALLBACK (activate_cb), player);
  g_signal_connect (emitter, "activate", G_CALLBACK (activate_cb), &number);
  g_object_unref (player);
}

static void
piling_up_objects (void)
{
  static GPtrArray *kept;

  if (kept == NULL)
    kept = g_ptr_array_new ();
  for (guint i = 0; i < N_ROUNDS; i++)
    {
      PlantedPlayer *player = player_new ();

      if (clean)
        g_object_unref (player);
      else
        g_ptr_array_add (kept, player);
      take_snapshot ();
    }
}

/* The players of a team are replaced, and some of their parts live on: so not the players grow. */
static void
piling_up_parts (void)
{
  static PlantedPlayer *team[5];

  take_snapshot ();
  for (guint i = 0; i < N_ROUNDS; i++)
    {
      for (guint j = 0; j < G_N_ELEMENTS (team); j++)
        {
          g_clear_object (&team[j]);
          team[j] = player_new ();
          if (!clean)
            g_object_ref (team[j]->part);
        }
      take_snapshot ();
    }
}

static void
piling_up_handlers (void)
{
  for (guint i = 0; i < N_ROUNDS; i++)
    {
      gulong id = g_signal_connect (emitter, "activate", G_CALLBACK (activate_cb), NULL);

      if (clean)
        g_signal_handler_disconnect (emitter, id);
      take_snapshot ();
    }
}

static void
piling_up_sources (void)
{
  for (guint i = 0; i < N_ROUNDS; i++)
    {
      guint id = g_timeout_add_seconds (1000, never_cb, NULL);

      if (clean)
        g_source_remove (id);
      take_snapshot ();
    }
}

static gboolean
transform_cb (GBinding     *binding,
              const GValue *from,
              GValue       *to,
              gpointer      data)
{
  g_value_copy (from, to);

  return TRUE;
}

static gboolean
get_mapping_cb (GValue   *value,
                GVariant *variant,
                gpointer  data)
{
  g_value_set_boolean (value, g_variant_get_boolean (variant));

  return TRUE;
}

static void
dangling_connect (void)
{
  PlantedPlayer *player = player_new ();

  g_object_connect (emitter,
                    "object-signal::activate", activate_cb, player,
                    "swapped-signal::activate", activate_cb, player,
                    NULL);
  if (clean)
    g_signal_handlers_disconnect_by_data (emitter, player);
  g_object_unref (player);
}

static void
dangling_cancellable (void)
{
  static GCancellable *cancellable;
  PlantedPlayer *player = player_new ();
  gulong id;

  cancellable = g_cancellable_new ();
  id = g_cancellable_connect (cancellable, G_CALLBACK (activate_cb), player, NULL);
  if (clean)
    g_cancellable_disconnect (cancellable, id);
  g_object_unref (player);
}

/* The group lives as long as the program; one that goes takes its handlers along. */
static void
dangling_group (void)
{
  static GSignalGroup *group;
  GSignalGroup *other = g_signal_group_new (G_TYPE_SIMPLE_ACTION);
  PlantedPlayer *player = player_new ();
  PlantedPlayer *guest = player_new ();

  group = g_signal_group_new (G_TYPE_SIMPLE_ACTION);
  g_signal_group_set_target (group, emitter);
  g_signal_group_connect (clean ? other : group, "activate", G_CALLBACK (activate_cb), player);
  g_signal_group_connect_object (group, "activate", G_CALLBACK (activate_cb), guest, 0);
  g_signal_group_connect_data (group, "activate", G_CALLBACK (activate_cb), player_new (),
                               (GClosureNotify) (void (*) (void)) g_object_unref, 0);
  g_object_unref (other);
  g_object_unref (player);
  g_object_unref (guest);
}

static void
dangling_binding (void)
{
  static GSimpleAction *target;
  PlantedPlayer *player = player_new ();
  GBinding *binding;

  target = g_simple_action_new ("target", NULL);
  binding = g_object_bind_property_full (emitter, "enabled", target, "enabled", G_BINDING_DEFAULT,
                                         transform_cb, NULL, player, NULL);
  if (clean)
    g_binding_unbind (binding);
  g_object_unref (player);
}

static void
dangling_binding_group (void)
{
  static GBindingGroup *group;
  static GSimpleAction *target;
  PlantedPlayer *player = player_new ();

  group = g_binding_group_new ();
  target = g_simple_action_new ("target", NULL);
  g_binding_group_set_source (group, emitter);
  g_binding_group_bind (group, "enabled", target, "enabled", G_BINDING_DEFAULT);
  g_binding_group_bind_full (group, "enabled", target, "enabled", G_BINDING_DEFAULT,
                             transform_cb, NULL, player, NULL);
  if (clean)
    g_clear_object (&group);
  g_object_unref (player);
}

/* With the schema that the test has made. */
static void
dangling_settings (void)
{
  g_autoptr (GSettings) settings = g_settings_new ("org.example.planted");
  PlantedPlayer *player = player_new ();
  GSimpleAction *mortal = g_simple_action_new ("mortal", NULL);

  g_settings_bind_with_mapping (settings, "enabled", mortal, "enabled", G_SETTINGS_BIND_GET,
                                get_mapping_cb, NULL, player, NULL);
  g_settings_bind_with_mapping (settings, "enabled", emitter, "enabled", G_SETTINGS_BIND_GET,
                                get_mapping_cb, NULL, player, NULL);
  g_assert_false (g_action_get_enabled (G_ACTION (emitter)));
  if (clean)
    g_settings_unbind (emitter, "enabled");
  g_object_unref (mortal);
  g_object_unref (player);
}

/* What is bound again is not bound twice. */
static void
piling_up_settings (void)
{
  g_autoptr (GSettings) settings = g_settings_new ("org.example.planted");

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      GSimpleAction *action = clean ? g_object_ref (emitter) : g_simple_action_new ("more", NULL);

      g_settings_bind (settings, "enabled", action, "enabled", G_SETTINGS_BIND_GET);
      g_settings_bind_writable (settings, "enabled", action, "enabled", i % 2 == 0);
      if (clean)
        g_object_unref (action);
      take_snapshot ();
    }
}

/* A field that GLib clears when its object goes, in memory that has been freed. */
static void
dangling_weak_pointer (void)
{
  PlantedPlayer *player = player_new ();

  g_set_weak_pointer (&player->weak_pointer, G_OBJECT (emitter));
  if (clean)
    g_clear_weak_pointer (&player->weak_pointer);
  g_object_unref (player);
}

static void
dangling_weak_place (void)
{
  PlantedPlayer *player = player_new ();
  PlantedPlayer *friend = player_new ();

  g_weak_ref_init (&friend->weak_ref, player);
  g_weak_ref_set (&friend->weak_ref, NULL);
  g_weak_ref_init (&player->weak_ref, emitter);
  g_weak_ref_set (&player->weak_ref, emitter);
  if (clean)
    g_weak_ref_clear (&player->weak_ref);
  g_object_unref (friend);
  g_object_unref (player);
}

static gboolean
dispatch_cb (GSource     *source,
             GSourceFunc  callback,
             gpointer     data)
{
  return G_SOURCE_CONTINUE;
}

/* Sources without a callback. */
static void
piling_up_attached (void)
{
  static GSourceFuncs funcs = { NULL, NULL, dispatch_cb, NULL, NULL, NULL };

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      g_autoptr (GSource) source = g_source_new (&funcs, sizeof (GSource));

      g_source_attach (source, NULL);
      if (clean)
        g_source_destroy (source);
      take_snapshot ();
    }
}

/* Looks functions of GLib up by itself, as a language binding does. */
static gpointer
find (const char *name)
{
  gpointer library = dlopen ("libglib-2.0.so.0", RTLD_LAZY);

  return dlsym (library, name);
}

static void
piling_up_unseen (void)
{
  guint (* add) (guint, GSourceFunc, gpointer) =
    (guint (*) (guint, GSourceFunc, gpointer)) find ("g_timeout_add_seconds");

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      guint id = add (1000, never_cb, NULL);

      if (clean)
        g_source_remove (id);
      take_snapshot ();
    }
}

static void
dangling_unseen (void)
{
  guint (* add) (guint, GSourceFunc, gpointer) =
    (guint (*) (guint, GSourceFunc, gpointer)) find ("g_timeout_add_seconds");
  PlantedPlayer *player = player_new ();
  guint id = add (1000, never_cb, player);

  take_snapshot ();
  if (clean)
    g_source_remove (id);
  g_object_unref (player);
}

static void
piling_up_bindings (void)
{
  static GSimpleAction *target;

  target = g_simple_action_new ("target", NULL);
  for (guint i = 0; i < N_ROUNDS; i++)
    {
      GBinding *binding = g_object_bind_property (emitter, "enabled", target, "enabled",
                                                  G_BINDING_DEFAULT);

      if (clean)
        g_binding_unbind (binding);
      take_snapshot ();
    }
}

/* Nobody cancels them, or gives them back. */
static void
piling_up_monitors (void)
{
  g_autoptr (GFile) file = g_file_new_for_path (g_get_tmp_dir ());

  for (guint i = 0; i < N_ROUNDS * 2; i++)
    {
      GFileMonitor *monitor = g_file_monitor_directory (file, G_FILE_MONITOR_NONE, NULL, NULL);

      g_assert_nonnull (monitor);
      if (clean)
        g_object_unref (monitor);
      take_snapshot ();
    }
}

/* A cache that grows at first is no fault. */
static void
piling_up_not (void)
{
  PlantedPlayer *cache[2] = { NULL };

  for (guint i = 0; i < N_ROUNDS * 2; i++)
    {
      if (cache[i % 2] == NULL)
        cache[i % 2] = player_new ();
      g_object_unref (player_new ());
      take_snapshot ();
    }
  g_object_unref (cache[0]);
  g_object_unref (cache[1]);
}

/* The handler owns a reference on the player, which it never gives back. */
static void
held (void)
{
  PlantedPlayer *player = player_new ();
  gulong id = g_signal_connect_data (emitter, "activate", G_CALLBACK (activate_cb),
                                     g_object_ref (player),
                                     (GClosureNotify) (void (*) (void)) g_object_unref, 0);

  g_object_run_dispose (G_OBJECT (player));
  if (clean)
    g_signal_handler_disconnect (emitter, id);
  g_object_unref (player);
  /* What has just been disposed of may be freed in a moment. */
  g_usleep (G_USEC_PER_SEC * 3 / 4);
}

/* A cycle: a player and its friend hold each other. */
static void
held_cycle (void)
{
  PlantedPlayer *player = player_new ();
  PlantedPlayer *friend = player_new ();

  player->back = G_OBJECT (g_object_ref (friend));
  friend->back = G_OBJECT (g_object_ref (player));
  g_object_run_dispose (G_OBJECT (player));
  if (clean)
    {
      g_object_unref (player->back);
      g_object_unref (friend->back);
    }
  g_object_unref (player);
  g_object_unref (friend);
  g_usleep (G_USEC_PER_SEC * 3 / 4);
}

static void
misuse_gone (void)
{
  gulong id = g_signal_connect (emitter, "activate", G_CALLBACK (activate_cb), NULL);

  g_signal_handler_disconnect (emitter, id);
  if (!clean)
    g_signal_handler_disconnect (emitter, id);
}

static void
misuse_wrong_instance (void)
{
  GSimpleAction *other = g_simple_action_new ("other", NULL);
  gulong id = g_signal_connect (other, "activate", G_CALLBACK (activate_cb), NULL);

  g_signal_handler_disconnect (clean ? other : emitter, id);
  g_object_unref (other);
}

static void
misuse_zero (void)
{
  gulong id = clean ? g_signal_connect (emitter, "activate", G_CALLBACK (activate_cb), NULL) : 0;

  g_signal_handler_block (emitter, id);
}

static void
misuse_source (void)
{
  guint id = g_idle_add (never_cb, NULL);

  g_source_remove (id);
  if (!clean)
    g_source_remove (id);
}

static void
misuse_name (void)
{
  guint id = g_bus_watch_name (G_BUS_TYPE_SESSION, "org.example.Planted", 0, NULL, NULL, NULL, NULL);

  g_bus_unwatch_name (id);
  if (!clean)
    g_bus_unwatch_name (id);
}

/* Threads make and end things all the time, while snapshots are taken. */
static gpointer
thread_cb (gpointer data)
{
  for (guint i = 0; i < 2000; i++)
    {
      PlantedPlayer *player = player_new ();
      gulong id = g_signal_connect (player, "notify", G_CALLBACK (activate_cb), player);
      g_autoptr (GMainContext) context = g_main_context_new ();
      g_autoptr (GSource) source = g_idle_source_new ();

      g_source_set_callback (source, never_cb, player, NULL);
      g_source_attach (source, context);
      g_signal_handler_disconnect (player, id);
      g_source_destroy (source);
      g_object_unref (player);
    }

  return NULL;
}

static void
threads (void)
{
  GThread *all[4];

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    all[i] = g_thread_new ("planted", thread_cb, NULL);
  for (guint i = 0; i < 20; i++)
    {
      take_snapshot ();
      g_usleep (1000);
    }
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    g_thread_join (all[i]);
  if (!clean)
    dangling_handler ();
}

/* A child that goes on without executing anything, and one that executes this program again. */
static void
fork_and_exec (void)
{
  const char *const words[] = { "/proc/self/exe", clean ? "dangling-not" : "dangling-handler", NULL };
  pid_t pid;
  int status;

  for (guint i = 0; i < 2; i++)
    {
      pid = fork ();
      if (pid == 0)
        {
          if (i == 0)
            {
              dangling_handler ();
              exit (0);
            }
          execv (words[0], (char *const *) words);
          _exit (127);
        }
      waitpid (pid, &status, 0);
      if (!WIFEXITED (status) || WEXITSTATUS (status) != 0)
        exit (1);
    }
}

static gboolean
quit_cb (gpointer data)
{
  g_main_loop_quit (data);

  return G_SOURCE_REMOVE;
}

/* What is left when the main loop has ended does no harm. */
static void
after_loop (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  PlantedPlayer *player = player_new ();
  PlantedPlayer *later = player_new ();

  g_signal_connect (emitter, "activate", G_CALLBACK (activate_cb), later);
  if (!clean)
    {
      g_signal_connect (emitter, "activate", G_CALLBACK (activate_cb), player);
      g_object_unref (player);
    }
  g_idle_add (quit_cb, loop);
  g_main_loop_run (loop);
  g_object_unref (later);
}

/* The emitter is released at the end, and the handler goes with it. */
static void
emitter_released (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  PlantedPlayer *player = player_new ();
  GSimpleAction *own = g_simple_action_new ("planted", NULL);
  gulong id = g_signal_connect (own, "activate", G_CALLBACK (activate_cb), player);

  if (clean)
    g_signal_handler_disconnect (own, id);
  g_object_unref (player);
  g_idle_add (quit_cb, loop);
  g_main_loop_run (loop);
  g_object_unref (own);
}

/* The fault is in the second of two short main loops, and there is much to look at when the first one
 * ends.
 */
static void
second_loop (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GPtrArray) players = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < 5000; i++)
    g_ptr_array_add (players, player_new ());
  g_idle_add (quit_cb, loop);
  g_main_loop_run (loop);

  emitter_released ();
}

/* Waits for signals to be handled by the audit, in a main loop. */
static void
wait_in_loop (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  if (!clean)
    dangling_handler ();
  g_print ("ready\n");
  g_timeout_add_seconds (60, quit_cb, loop);
  g_main_loop_run (loop);
}

static gboolean
quit_if_there_is_a_report_cb (gpointer data)
{
  g_autofree char *name = g_strdup_printf ("%d.json", (int) getpid ());
  g_autofree char *path = g_build_filename (g_getenv ("LIFECYCLE_AUDIT_DIRECTORY"), name, NULL);

  if (g_file_test (path, G_FILE_TEST_EXISTS))
    g_main_loop_quit (data);

  return G_SOURCE_CONTINUE;
}

/* Waits for a snapshot that nobody asks for. */
static void
wait_for_snapshot (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  if (!clean)
    dangling_handler ();
  g_timeout_add (50, quit_if_there_is_a_report_cb, loop);
  g_timeout_add_seconds (60, quit_cb, loop);
  g_main_loop_run (loop);
}

static const struct
{
  const char *name;
  void     (* run) (void);
} cases[] = {
  { "dangling-handler", dangling_handler },
  { "dangling-source", dangling_source },
  { "dangling-weak-ref", dangling_weak_ref },
  { "dangling-connect", dangling_connect },
  { "dangling-cancellable", dangling_cancellable },
  { "dangling-group", dangling_group },
  { "dangling-binding", dangling_binding },
  { "dangling-binding-group", dangling_binding_group },
  { "dangling-settings", dangling_settings },
  { "dangling-weak-pointer", dangling_weak_pointer },
  { "dangling-weak-place", dangling_weak_place },
  { "dangling-unseen", dangling_unseen },
  { "dangling-not", dangling_not },
  { "piling-up-objects", piling_up_objects },
  { "piling-up-parts", piling_up_parts },
  { "piling-up-handlers", piling_up_handlers },
  { "piling-up-sources", piling_up_sources },
  { "piling-up-attached", piling_up_attached },
  { "piling-up-unseen", piling_up_unseen },
  { "piling-up-bindings", piling_up_bindings },
  { "piling-up-settings", piling_up_settings },
  { "piling-up-monitors", piling_up_monitors },
  { "piling-up-not", piling_up_not },
  { "held", held },
  { "held-cycle", held_cycle },
  { "misuse-gone", misuse_gone },
  { "misuse-wrong-instance", misuse_wrong_instance },
  { "misuse-zero", misuse_zero },
  { "misuse-source", misuse_source },
  { "misuse-name", misuse_name },
  { "threads", threads },
  { "fork-and-exec", fork_and_exec },
  { "after-loop", after_loop },
  { "emitter-released", emitter_released },
  { "second-loop", second_loop },
  { "wait-in-loop", wait_in_loop },
  { "wait-for-snapshot", wait_for_snapshot },
};

int
main (int    argc,
      char **argv)
{
  if (argc < 2)
    return 2;

  clean = argc > 2 && strcmp (argv[2], "clean") == 0;
  emitter = g_simple_action_new ("planted", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    if (strcmp (argv[1], cases[i].name) == 0)
      {
        cases[i].run ();
        return 0;
      }

  return 2;
}
