/* arena.c: a game lobby that any IRC client can enter
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-bus.h"
#include "arena-client.h"
#include "arena-leak.h"
#include "arena-server.h"
#include "arena-soak.h"
#include "arena-telemetry.h"
#include "arena-wiring.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define SOAK_RATE  100.0
#define MONITOR_MS 300000

#define DEADLINE_MAX 4000000

const ArenaWiring *arena_wiring = &arena_wiring_managed;

static void
print_telemetry (const char     *label,
                 LifecycleScope *root)
{
  ArenaSample sample;
  g_autofree char *line = NULL;

  arena_sample_take (&sample, root);
  line = arena_sample_print (&sample, label);
  g_print ("%s\n", line);
  fflush (stdout);
}

static gboolean
tell_cb (gpointer user_data)
{
  print_telemetry ("telemetry", user_data);

  return G_SOURCE_CONTINUE;
}

/* A server that runs until it is told to stop. */
typedef struct
{
  LifecycleScope *root;
  GMainLoop      *loop;
  int             status;
} Service;

static void
closed_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  Service *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!lifecycle_scope_close_finish (LIFECYCLE_SCOPE (object), result, &error))
    {
      g_printerr ("arena: %s\n", error->message);
      self->status = 1;
    }
  g_main_loop_quit (self->loop);
}

/* From here on nobody is served. What is under way has been told to come to its end; what does not
 * in time is named, and left behind. */
static gboolean
stop_cb (gpointer user_data)
{
  Service *self = user_data;

  lifecycle_scope_close_async (self->root, LIFECYCLE_REASON_SHUTDOWN, arena_config_get ()->grace,
                               NULL, closed_cb, self);

  return G_SOURCE_REMOVE;
}

static int
serve (void)
{
  g_autoptr (LifecycleScope) root = lifecycle_scope_new ("arena");
  g_autoptr (ArenaGame) game = arena_game_new (root);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;
  ArenaServer *server;
  Service self = {
    .root = root,
    .loop = loop,
  };

  server = arena_server_new (root, game, &error);
  if (server == NULL || (arena_config_get ()->bus && !arena_bus_export (root, game, &error)))
    {
      g_printerr ("arena: %s\n", error->message);
      return 1;
    }

  lifecycle_monitor_set_interval (arena_monitor_get (), MAX (arena_ms (MONITOR_MS) / 1000, 1));
  lifecycle_scope_add_unix_signal (root, SIGUSR1, tell_cb, root, NULL);
  lifecycle_scope_add_unix_signal (root, SIGINT, stop_cb, &self, NULL);
  lifecycle_scope_add_unix_signal (root, SIGTERM, stop_cb, &self, NULL);

  g_print ("listening on 127.0.0.1 port %u\n", arena_server_get_port (server));
  print_telemetry ("begin", root);
  g_main_loop_run (loop);
  print_telemetry ("shutdown", NULL);

  return self.status;
}

static gboolean
check (gboolean    ok,
       const char *message)
{
  if (!ok)
    g_printerr ("arena: %s\n", message);

  return ok;
}

int
main (int    argc,
      char **argv)
{
  ArenaConfig config;
  gboolean unmanaged = FALSE, bus = FALSE, soak = FALSE, demo = FALSE, client = FALSE;
  g_autofree char *report = NULL;
  g_autofree char *data = NULL;
  g_autofree char *leak = NULL;
  g_autoptr (GOptionContext) context = NULL;
  g_autoptr (GError) error = NULL;
  int port, view_kib, grace, matches, searches = -1, legs, players, seed, deadline = 0;
  double rate = 0.0, hours = 0.0;
  const GOptionEntry entries[] = {
    { "port", 'p', 0, G_OPTION_ARG_INT, &port,
      "Listen on this port of 127.0.0.1; 0 takes any free one (6667)", "PORT" },
    { "unmanaged", 0, 0, G_OPTION_ARG_NONE, &unmanaged,
      "Wire the game by hand, with plain GLib calls", NULL },
    { "view-kib", 0, 0, G_OPTION_ARG_INT, &view_kib,
      "The buffer of each view (256)", "KIB" },
    { "rate", 0, 0, G_OPTION_ARG_DOUBLE, &rate,
      "How many times faster all clocks of the game run (1; 100 in the soak)", "FACTOR" },
    { "grace", 0, 0, G_OPTION_ARG_INT, &grace,
      "How long to wait for what is under way when the server stops; 0 waits for all of it (2000)",
      "MS" },
    { "data", 0, 0, G_OPTION_ARG_FILENAME, &data,
      "Keep players' scores in this directory", "DIR" },
    { "bus", 0, 0, G_OPTION_ARG_NONE, &bus,
      "Tell the session bus what is going on, as org.example.Arena", NULL },
    { "soak", 0, 0, G_OPTION_ARG_NONE, &soak,
      "Serve a client process that plays, and tell what is left", NULL },
    { "demo", 0, 0, G_OPTION_ARG_NONE, &demo,
      "The soak both ways, unmanaged and managed", NULL },
    { "report", 0, 0, G_OPTION_ARG_FILENAME, &report,
      "Where to write a page; the demo always writes one (arena-report.html)", "FILE" },
    { "matches", 0, 0, G_OPTION_ARG_INT, &matches,
      "How many matches the soak plays (160)", "N" },
    { "searches", 0, 0, G_OPTION_ARG_INT, &searches,
      "How many searches; two go into each match (twice the matches)", "N" },
    { "legs", 0, 0, G_OPTION_ARG_INT, &legs,
      "How often everybody leaves in between, and memory is measured (1)", "N" },
    { "hours", 0, 0, G_OPTION_ARG_DOUBLE, &hours,
      "Go on for at least so long, in real time", "HOURS" },
    { "players", 0, 0, G_OPTION_ARG_INT, &players,
      "How many players the soak has (24)", "N" },
    { "seed", 0, 0, G_OPTION_ARG_INT, &seed,
      "What decides who does what in the soak", "N" },
    { "leak", 0, 0, G_OPTION_ARG_STRING, &leak,
      "Plant a leak for the soak to find: view, scope or memory", "WHAT" },
    { "deadline", 0, 0, G_OPTION_ARG_INT, &deadline,
      "The soak gives up after so many seconds (120, and more for a longer load)", "SECONDS" },
    { "client", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &client, NULL, NULL },
    { NULL }
  };

  arena_config_init (&config);
  port = config.port;
  view_kib = config.view_kib;
  grace = config.grace;
  matches = config.matches;
  players = config.players;
  legs = config.legs;
  seed = config.seed;

  context = g_option_context_new ("- a game lobby that any IRC client can enter");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("arena: %s\n", error->message);
      return 2;
    }

  if (rate == 0.0)
    rate = soak || demo ? SOAK_RATE : 1.0;
  if (searches < 0)
    searches = 2 * matches;
  if (deadline == 0)
    deadline = (int) MIN (config.deadline + matches / 10.0 + hours * 2 * 3600, DEADLINE_MAX);
  if (!check (argc == 1, "there is nothing to name") ||
      !check (port >= 0 && port <= G_MAXUINT16, "a port is at most 65535") ||
      !check (view_kib >= 1 && view_kib <= 65536, "a view has 1 to 65536 KiB") ||
      !check (rate >= 0.01 && rate <= 10000, "a rate is between 0.01 and 10000") ||
      !check (grace >= 0 && grace <= 3600000, "a grace is at most an hour") ||
      !check (data == NULL || g_file_test (data, G_FILE_TEST_IS_DIR),
              "the scores need a directory that exists") ||
      !check (leak == NULL || arena_leak_is_known (leak),
              "what can be leaked is a view, a scope or memory") ||
      !check (matches >= 1 && matches <= 100000000, "there are 1 to 100000000 matches") ||
      !check (searches >= 2 * matches && searches <= 1000000000,
              "two searches go into each match") ||
      !check (legs >= 1 && legs <= 100000, "there are 1 to 100000 legs") ||
      !check (hours >= 0 && hours <= 500, "a soak goes on for at most 500 hours") ||
      !check (players >= 2 && players <= 300, "there are 2 to 300 players") ||
      !check (deadline >= 1 && deadline <= DEADLINE_MAX, "a deadline is 1 to 4000000 seconds"))
    return 2;

  config.managed = !unmanaged;
  config.port = soak ? 0 : port;
  config.view_kib = view_kib;
  config.rate = rate;
  config.grace = grace;
  config.bus = bus;
  config.data = data;
  config.matches = matches;
  config.searches = searches;
  config.legs = legs;
  config.hours = hours;
  config.leak = leak;
  config.players = players;
  config.seed = seed;
  config.deadline = deadline;
  arena_config_set (&config);
  arena_wiring = unmanaged ? &arena_wiring_by_hand : &arena_wiring_managed;

  if (client)
    return arena_client_run ();
  if (demo)
    return arena_demo_run (report != NULL ? report : "arena-report.html");
  if (soak)
    return arena_soak_run (report);

  return serve ();
}
