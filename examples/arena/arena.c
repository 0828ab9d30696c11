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

/* A server that runs until SIGINT or SIGTERM. */
typedef struct
{
  LifecycleScope *root;
  ArenaServer    *server;
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

/* SIGINT: stops at once. Operations in progress are cancelled; those that do not end in time are
 * listed and left behind. */
static gboolean
interrupt_cb (gpointer user_data)
{
  Service *self = user_data;

  lifecycle_scope_close_async (self->root, LIFECYCLE_REASON_SHUTDOWN, arena_config_get ()->grace,
                               NULL, closed_cb, self);

  return G_SOURCE_REMOVE;
}

/* SIGTERM, before a restart: accepts nobody any more, lets everything in progress finish, and then
 * stops. */
static gboolean
stop_cb (gpointer user_data)
{
  Service *self = user_data;

  arena_server_stop (self->server);
  lifecycle_scope_drain_async (self->root, LIFECYCLE_REASON_SHUTDOWN, arena_config_get ()->grace,
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
  Service self = {
    .root = root,
    .loop = loop,
  };

  self.server = arena_server_new (root, game, &error);
  if (self.server == NULL || (arena_config_get ()->bus && !arena_bus_export (root, game, &error)))
    {
      g_printerr ("arena: %s\n", error->message);
      return 1;
    }

  lifecycle_monitor_set_interval (arena_monitor_get (), MAX (arena_ms (MONITOR_MS) / 1000, 1));
  lifecycle_scope_add_unix_signal (root, SIGUSR1, tell_cb, root, NULL);
  lifecycle_scope_add_unix_signal (root, SIGINT, interrupt_cb, &self, NULL);
  lifecycle_scope_add_unix_signal (root, SIGTERM, stop_cb, &self, NULL);

  g_print ("listening on 127.0.0.1 port %u\n", arena_server_get_port (self.server));
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
      "Size of the buffer of each view (256)", "KIB" },
    { "rate", 0, 0, G_OPTION_ARG_DOUBLE, &rate,
      "How much faster than real time the game runs (1; 100 in a soak)", "FACTOR" },
    { "grace", 0, 0, G_OPTION_ARG_INT, &grace,
      "How long to wait for operations in progress at shutdown; 0 to wait without a limit (2000)",
      "MS" },
    { "data", 0, 0, G_OPTION_ARG_FILENAME, &data,
      "Keep the scores of the players in this directory", "DIR" },
    { "bus", 0, 0, G_OPTION_ARG_NONE, &bus,
      "Offer statistics on the session bus, as org.example.Arena", NULL },
    { "soak", 0, 0, G_OPTION_ARG_NONE, &soak,
      "Run the server under the load of a client process, and report leaks", NULL },
    { "demo", 0, 0, G_OPTION_ARG_NONE, &demo,
      "Run the soak twice, unmanaged and managed, and compare the results", NULL },
    { "report", 0, 0, G_OPTION_ARG_FILENAME, &report,
      "Write the report to this file; the demo always writes one (arena-report.html)", "FILE" },
    { "matches", 0, 0, G_OPTION_ARG_INT, &matches,
      "Number of matches in a soak (160)", "N" },
    { "searches", 0, 0, G_OPTION_ARG_INT, &searches,
      "Number of searches in a soak; each match takes two (twice the matches)", "N" },
    { "legs", 0, 0, G_OPTION_ARG_INT, &legs,
      "Number of legs; after each all players leave and memory is measured (1)", "N" },
    { "hours", 0, 0, G_OPTION_ARG_DOUBLE, &hours,
      "Minimum duration of a soak, in real time", "HOURS" },
    { "players", 0, 0, G_OPTION_ARG_INT, &players,
      "Number of players in a soak (24)", "N" },
    { "seed", 0, 0, G_OPTION_ARG_INT, &seed,
      "Seed of the random numbers that decide what the players do", "N" },
    { "leak", 0, 0, G_OPTION_ARG_STRING, &leak,
      "Plant a leak for the soak to find: view, scope or memory", "WHAT" },
    { "deadline", 0, 0, G_OPTION_ARG_INT, &deadline,
      "Maximum duration of a soak (120, and more for a longer load)", "SECONDS" },
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
  if (!check (argc == 1, "unexpected argument; see --help") ||
      !check (port >= 0 && port <= G_MAXUINT16, "--port must be between 0 and 65535") ||
      !check (view_kib >= 1 && view_kib <= 65536, "--view-kib must be between 1 and 65536") ||
      !check (rate >= 0.01 && rate <= 10000, "--rate must be between 0.01 and 10000") ||
      !check (grace >= 0 && grace <= 3600000, "--grace must be between 0 and 3600000") ||
      !check (data == NULL || g_file_test (data, G_FILE_TEST_IS_DIR),
              "--data must be an existing directory") ||
      !check (leak == NULL || arena_leak_is_known (leak),
              "--leak must be view, scope or memory") ||
      !check (matches >= 1 && matches <= 100000000, "--matches must be between 1 and 100000000") ||
      !check (searches >= 2 * matches && searches <= 1000000000,
              "--searches must be at least twice --matches, and at most 1000000000") ||
      !check (legs >= 1 && legs <= 100000, "--legs must be between 1 and 100000") ||
      !check (hours >= 0 && hours <= 500, "--hours must be between 0 and 500") ||
      !check (players >= 2 && players <= 300, "--players must be between 2 and 300") ||
      !check (deadline >= 1 && deadline <= DEADLINE_MAX,
              "--deadline must be between 1 and 4000000"))
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
