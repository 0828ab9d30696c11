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
  { "dangling-not", dangling_not },
  { "piling-up-objects", piling_up_objects },
  { "piling-up-handlers", piling_up_handlers },
  { "piling-up-sources", piling_up_sources },
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
