/* arena-soak.c: measures the server while a client process plays
 *
 * The server runs in this process, whose memory is measured, and the players run in another one.
 * They play in legs. At the end of each leg all players leave, and there is a quiet moment:
 * anything that exists then and did not exist at the start has been left behind. The first leg is
 * the warm-up.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-soak.h"

#include "arena-report.h"
#include "arena-server.h"
#include "arena-verdict.h"

#include <stdio.h>
#include <string.h>

#define TELEMETRY_MS 250    /* at first; in real time, like all durations in this file */
#define QUIET_MS     20
#define N_QUIET      20     /* how many checks in a row must find the server quiet */
#define WARM_UP      12     /* at least this many matches, so that each plan comes up once */

/* At the rate of a soak, an hour is days of real use: growth by this part of the size per hour
 * counts as noise. Only the last quiet moments are kept, because the measurement itself must not
 * grow. */
#define TOLERANCE    0.05
#define MAX_QUIET    48

/* Ended objects must be finalized within this time, which is shorter than a quiet moment takes. */
#define GRACE_MS     (QUIET_MS * N_QUIET / 2)

typedef struct
{
  LifecycleScope   *root;       /* of the server */
  LifecycleScope   *scope;      /* of the soak itself */
  GMainLoop        *loop;
  GSubprocess      *client;
  gint64            begin;      /* µs */
  guint             n_legs;     /* completed legs, including the warm-up */
  guint             n_quiet;
  LifecycleTimer   *telemetry;
  LifecycleMonitor *monitor;    /* samples of the quiet moments only */
  ArenaRun          run;
  int               status;
} Soak;

static void
print_sample (const ArenaSample *sample,
              const char        *label)
{
  g_autofree char *line = arena_sample_print (sample, label);

  g_print ("%s\n", line);
  fflush (stdout);
}

static void
fail (Soak       *self,
      const char *message)
{
  g_printerr ("arena: %s\n", message);
  self->status = ARENA_SOAK_FAILED;
  g_main_loop_quit (self->loop);
}

/* Takes a sample for the curve. When the curve becomes full, samples are taken half as often. */
static gboolean
telemetry_cb (gpointer user_data)
{
  Soak *self = user_data;
  ArenaSample sample;

  arena_sample_take (&sample, self->root);
  print_sample (&sample, "telemetry");
  if (arena_run_add_sample (&self->run, &sample))
    lifecycle_timer_set_interval (self->telemetry,
                                  2 * lifecycle_timer_get_interval (self->telemetry));

  return G_SOURCE_CONTINUE;
}

static gboolean
deadline_cb (gpointer user_data)
{
  fail (user_data, "the soak did not finish before its deadline");

  return G_SOURCE_REMOVE;
}

static guint
get_warm_up (void)
{
  guint matches = arena_config_get ()->matches;

  return MIN (matches, MAX (WARM_UP, matches / 10));
}

/* Returns the share of one leg in a total. */
static guint
get_share (guint number,
           guint leg)
{
  guint legs = arena_config_get ()->legs;

  return number / legs + (leg <= number % legs ? 1 : 0);
}

static gboolean
is_enough (Soak *self)
{
  const ArenaConfig *config = arena_config_get ();
  double hours = (double) (g_get_monotonic_time () - self->begin) / G_USEC_PER_SEC / 3600;

  return self->n_legs > config->legs && hours >= config->hours;
}

static void
tell_client (Soak       *self,
             const char *line)
{
  if (!g_output_stream_write_all (g_subprocess_get_stdin_pipe (self->client), line, strlen (line),
                                  NULL, NULL, NULL))
    fail (self, "cannot write to the client process");
}

static void
start_leg (Soak *self)
{
  const ArenaConfig *config = arena_config_get ();
  guint matches = get_warm_up ();
  guint solos = 0;
  g_autofree char *line = NULL;

  if (self->n_legs > 0)
    {
      matches = get_share (config->matches - matches, self->n_legs);
      solos = get_share (config->searches - 2 * config->matches, self->n_legs);
    }
  line = g_strdup_printf ("play %u %u\n", matches, solos);
  tell_client (self, line);
}

static void
leg_over (Soak *self)
{
  ArenaSample sample;


  arena_trim ();
  lifecycle_monitor_take_sample (self->monitor);
  arena_sample_take (&sample, self->root);
  self->n_legs++;
  arena_run_add_quiet (&self->run, &sample);
  print_sample (&sample, self->n_legs == 1 ? "warm" : "quiet");

  if (!is_enough (self))
    {
      start_leg (self);
      return;
    }

  print_sample (&sample, "end");
  tell_client (self, "end\n");
  g_main_loop_quit (self->loop);
}

/* All players have left, but the server may still be handling the last of their connections. */
static gboolean
quiet_cb (gpointer user_data)
{
  Soak *self = user_data;

  self->n_quiet = arena_live_count (ARENA_LIVE_CONNECTIONS) == 0 ? self->n_quiet + 1 : 0;
  if (self->n_quiet < N_QUIET)
    return G_SOURCE_CONTINUE;

  leg_over (self);

  return G_SOURCE_REMOVE;
}

static void read_client_line (Soak             *self,
                              GDataInputStream *lines);

static void
client_line_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  Soak *self = user_data;
  g_autofree char *line = NULL;

  line = g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (object), result, NULL, NULL);
  if (line == NULL)
    {
      fail (self, "the client process exited too early");
      return;
    }

  g_print ("client %s\n", line);
  if (g_str_has_prefix (line, "quiet "))
    {
      self->n_quiet = 0;
      lifecycle_scope_add_timeout (self->scope, QUIET_MS, quiet_cb, self, NULL);
    }

  read_client_line (self, G_DATA_INPUT_STREAM (object));
}

static void
read_client_line (Soak             *self,
                  GDataInputStream *lines)
{
  LifecycleOperation *read;

  read = lifecycle_scope_begin_async (self->scope, "read", client_line_cb, self, NULL);
  g_data_input_stream_read_line_async (lines, G_PRIORITY_DEFAULT,
                                       lifecycle_operation_get_cancellable (read),
                                       lifecycle_operation_ready, read);
}

static void
kill_client_cb (LifecycleScope   *scope,
                LifecycleReason   reason,
                gpointer          user_data,
                GError          **error)
{
  g_subprocess_force_exit (user_data);
  g_subprocess_wait (user_data, NULL, NULL);
}

static gboolean
start_client (Soak    *self,
              guint    port,
              GError **error)
{
  const ArenaConfig *config = arena_config_get ();
  g_autofree char *port_arg = g_strdup_printf ("--port=%u", port);
  g_autofree char *players_arg = g_strdup_printf ("--players=%u", config->players);
  g_autofree char *seed_arg = g_strdup_printf ("--seed=%u", config->seed);
  g_autofree char *deadline_arg = g_strdup_printf ("--deadline=%u", config->deadline);
  g_autoptr (GDataInputStream) lines = NULL;

  self->client = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                                   error, "/proc/self/exe", "--client", port_arg, players_arg,
                                   seed_arg, deadline_arg, NULL);
  if (self->client == NULL)
    return FALSE;

  lifecycle_scope_adopt (self->scope, self->client, g_object_unref);
  lifecycle_scope_defer (self->scope, kill_client_cb, self->client, NULL);

  lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->client));
  read_client_line (self, lines);

  return TRUE;
}

/* When the root scope has closed, nothing of the program may be left, not even what was there at
 * the start. */
static void
check_shutdown (Soak *self)
{
  ArenaSample sample;
  int i;

  arena_sample_take (&sample, NULL);
  print_sample (&sample, "shutdown");

  for (i = 0; arena_config_get ()->managed && i < ARENA_N_LIVE; i++)
    if (sample.live[i] != 0)
      {
        g_print ("Left after the shutdown: %s %" G_GINT64_FORMAT "\n", arena_live_to_string (i),
                 sample.live[i]);
        self->run.suspect = TRUE;
      }
}

int
arena_soak_run (const char *report_filename)
{
  const ArenaConfig *config = arena_config_get ();
  g_autoptr (LifecycleScope) root = lifecycle_scope_new ("arena");
  g_autoptr (LifecycleScope) scope = lifecycle_scope_new ("soak");
  g_autoptr (ArenaGame) game = arena_game_new (root);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (LifecycleMonitor) monitor = NULL;
  g_autoptr (GError) error = NULL;
  ArenaServer *server;
  Soak self = {
    .root = root,
    .scope = scope,
    .loop = loop,
    .begin = g_get_monotonic_time (),
    .status = ARENA_SOAK_CLEAN,
  };

  server = arena_server_new (root, game, &error);
  if (server == NULL)
    {
      g_printerr ("arena: %s\n", error->message);
      return ARENA_SOAK_FAILED;
    }

  lifecycle_set_leak_grace (GRACE_MS);
  self.monitor = monitor = g_object_new (LIFECYCLE_TYPE_MONITOR,
                                         "interval", 0, "history", MAX_QUIET,
                                         "tolerance", TOLERANCE, NULL);
  lifecycle_monitor_set_history (arena_monitor_get (), 2);
  arena_run_init (&self.run, config->managed);
  arena_sample_take (&self.run.begin, root);
  print_sample (&self.run.begin, "begin");

  self.telemetry = lifecycle_scope_add_timeout (scope, TELEMETRY_MS, telemetry_cb, &self, NULL);
  lifecycle_scope_add_timeout (scope, config->deadline * 1000, deadline_cb, &self, NULL);
  if (start_client (&self, arena_server_get_port (server), &error))
    {
      start_leg (&self);
      g_main_loop_run (loop);
    }
  else
    fail (&self, error->message);

  lifecycle_scope_close (scope);
  lifecycle_scope_close_with_reason (root, LIFECYCLE_REASON_SHUTDOWN, NULL);
  while (g_main_context_iteration (NULL, FALSE))
    ;

  if (self.status != ARENA_SOAK_FAILED)
    {
      g_autofree char *table = NULL;

      check_shutdown (&self);
      g_print ("\n");
      if (!arena_verdict_print (&self.run, monitor))
        self.status = ARENA_SOAK_LEAKS;
      table = arena_report_table (&self.run, 1);
      g_print ("\n%s", table);
      if (report_filename != NULL && !arena_report_write (report_filename, &self.run, 1, &error))
        {
          g_printerr ("arena: %s\n", error->message);
          self.status = ARENA_SOAK_FAILED;
        }
    }
  arena_run_clear (&self.run);

  return self.status;
}
