/* arena-soak.c: a server and a client process that plays, measured
 *
 * The server is this process, so that its memory is what is measured; who plays is another one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-soak.h"

#include "arena-report.h"
#include "arena-server.h"

#include <stdio.h>

#define TELEMETRY_MS 250    /* real time, like all durations here */
#define QUIET_MS     20
#define N_QUIET      20     /* so often in a row, before it is believed */

typedef struct
{
  LifecycleScope *root;     /* of the server */
  LifecycleScope *scope;    /* of the one who measures */
  GMainLoop      *loop;
  GSubprocess    *client;
  ArenaSample    *sample;   /* to be filled in when it is quiet */
  gboolean        last;
  guint           n_quiet;
  ArenaRun        run;
  int             status;
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

static gboolean
telemetry_cb (gpointer user_data)
{
  Soak *self = user_data;
  ArenaSample sample;

  arena_sample_take (&sample);
  g_array_append_val (self->run.samples, sample);
  print_sample (&sample, "telemetry");

  return G_SOURCE_CONTINUE;
}

static gboolean
deadline_cb (gpointer user_data)
{
  fail (user_data, "the soak did not come to its end");

  return G_SOURCE_REMOVE;
}

static void
quiet (Soak *self)
{
  arena_trim ();
  arena_sample_take (self->sample);
  print_sample (self->sample, self->last ? "end" : "warm");

  if (self->last)
    g_main_loop_quit (self->loop);
  else if (!g_output_stream_write_all (g_subprocess_get_stdin_pipe (self->client), "go\n", 3,
                                       NULL, NULL, NULL))
    fail (self, "the client is gone");
}

/* Everybody has said goodbye; the server may still be busy with the last of them. */
static gboolean
quiet_cb (gpointer user_data)
{
  Soak *self = user_data;
  ArenaSample sample;

  arena_sample_take (&sample);
  self->n_quiet = sample.live[ARENA_LIVE_CONNECTIONS] == 0 ? self->n_quiet + 1 : 0;
  if (self->n_quiet < N_QUIET)
    return G_SOURCE_CONTINUE;

  quiet (self);

  return G_SOURCE_REMOVE;
}

static void
wait_quiet (Soak        *self,
            ArenaSample *sample,
            gboolean     last)
{
  self->sample = sample;
  self->last = last;
  self->n_quiet = 0;
  lifecycle_scope_add_timeout (self->scope, QUIET_MS, quiet_cb, self, NULL);
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
      if (!self->last)
        fail (self, "the client has ended too early");
      return;
    }

  g_print ("client %s\n", line);
  if (g_str_has_prefix (line, "warm "))
    wait_quiet (self, &self->run.warm, FALSE);
  else if (g_str_has_prefix (line, "done "))
    wait_quiet (self, &self->run.end, TRUE);

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
  g_autofree char *matches_arg = g_strdup_printf ("--matches=%u", config->matches);
  g_autofree char *searches_arg = g_strdup_printf ("--searches=%u", config->searches);
  g_autofree char *players_arg = g_strdup_printf ("--players=%u", config->players);
  g_autofree char *seed_arg = g_strdup_printf ("--seed=%u", config->seed);
  g_autofree char *deadline_arg = g_strdup_printf ("--deadline=%u", config->deadline);
  g_autoptr (GDataInputStream) lines = NULL;

  self->client = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                                   error, "/proc/self/exe", "--client", port_arg, matches_arg,
                                   searches_arg, players_arg, seed_arg, deadline_arg, NULL);
  if (self->client == NULL)
    return FALSE;

  lifecycle_scope_adopt (self->scope, self->client, g_object_unref);
  lifecycle_scope_defer (self->scope, kill_client_cb, self->client, NULL);

  lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->client));
  read_client_line (self, lines);

  return TRUE;
}

/* When the root has closed nothing at all may be left of the program, not even what was there at
 * the start. */
static void
check_shutdown (Soak *self)
{
  ArenaSample sample;
  int i;

  arena_sample_take (&sample);
  print_sample (&sample, "shutdown");

  for (i = 0; arena_config_get ()->managed && i < ARENA_N_LIVE; i++)
    if (sample.live[i] != 0)
      self->status = ARENA_SOAK_LEAKS;
}

int
arena_soak_run (void)
{
  const ArenaConfig *config = arena_config_get ();
  g_autoptr (LifecycleScope) root = lifecycle_scope_new ("arena");
  g_autoptr (LifecycleScope) scope = lifecycle_scope_new ("soak");
  g_autoptr (ArenaGame) game = arena_game_new (root);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;
  ArenaServer *server;
  Soak self = {
    .root = root,
    .scope = scope,
    .loop = loop,
    .status = ARENA_SOAK_CLEAN,
  };

  server = arena_server_new (root, game, &error);
  if (server == NULL)
    {
      g_printerr ("arena: %s\n", error->message);
      return ARENA_SOAK_FAILED;
    }

  arena_run_init (&self.run, config->managed);
  arena_sample_take (&self.run.begin);
  print_sample (&self.run.begin, "begin");

  lifecycle_scope_add_timeout (scope, TELEMETRY_MS, telemetry_cb, &self, NULL);
  lifecycle_scope_add_timeout (scope, config->deadline * 1000, deadline_cb, &self, NULL);
  if (start_client (&self, arena_server_get_port (server), &error))
    g_main_loop_run (loop);
  else
    fail (&self, error->message);

  lifecycle_scope_close (scope);
  lifecycle_scope_close_with_reason (root, LIFECYCLE_REASON_SHUTDOWN, NULL);
  while (g_main_context_iteration (NULL, FALSE))
    ;

  if (self.status != ARENA_SOAK_FAILED)
    {
      g_autofree char *table = arena_report_table (&self.run, 1);

      if (!arena_run_is_clean (&self.run))
        self.status = ARENA_SOAK_LEAKS;
      check_shutdown (&self);
      g_print ("\n%s", table);
    }
  arena_run_clear (&self.run);

  return self.status;
}

/* The demo */

static gboolean
run_one (ArenaRun  *run,
         GError   **error)
{
  const ArenaConfig *config = arena_config_get ();
  char rate[G_ASCII_DTOSTR_BUF_SIZE];
  g_autofree char *matches_arg = g_strdup_printf ("--matches=%u", config->matches);
  g_autofree char *searches_arg = g_strdup_printf ("--searches=%u", config->searches);
  g_autofree char *players_arg = g_strdup_printf ("--players=%u", config->players);
  g_autofree char *seed_arg = g_strdup_printf ("--seed=%u", config->seed);
  g_autofree char *deadline_arg = g_strdup_printf ("--deadline=%u", config->deadline);
  g_autofree char *kib_arg = g_strdup_printf ("--view-kib=%u", config->view_kib);
  g_autofree char *rate_arg = NULL;
  g_autoptr (GSubprocessLauncher) launcher = NULL;
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GDataInputStream) lines = NULL;
  gboolean has_end = FALSE;
  char *line;

  g_ascii_dtostr (rate, sizeof rate, config->rate);
  rate_arg = g_strconcat ("--rate=", rate, NULL);

  launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  /* That this one leaks is no news: a sanitizer need not list it. */
  if (!run->managed)
    {
      const char *options = g_getenv ("ASAN_OPTIONS");
      g_autofree char *quiet_options = NULL;

      quiet_options = g_strconcat (options != NULL ? options : "", ":detect_leaks=0", NULL);
      g_subprocess_launcher_setenv (launcher, "ASAN_OPTIONS", quiet_options, TRUE);
    }

  process = g_subprocess_launcher_spawn (launcher, error, "/proc/self/exe", "--soak", matches_arg,
                                         searches_arg, players_arg, seed_arg, deadline_arg,
                                         kib_arg, rate_arg,
                                         run->managed ? NULL : "--unmanaged", NULL);
  if (process == NULL)
    return FALSE;

  lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (process));
  while ((line = g_data_input_stream_read_line (lines, NULL, NULL, NULL)) != NULL)
    {
      ArenaSample sample;

      if (arena_sample_scan (&sample, "telemetry", line))
        {
          g_array_append_val (run->samples, sample);
          g_print ("%s\n", line);
        }
      else if (arena_sample_scan (&sample, "begin", line))
        run->begin = sample;
      else if (arena_sample_scan (&sample, "warm", line))
        run->warm = sample;
      else if (arena_sample_scan (&sample, "end", line))
        {
          run->end = sample;
          has_end = TRUE;
        }
      g_free (line);
    }

  if (!g_subprocess_wait (process, NULL, error))
    return FALSE;

  if (!has_end || !g_subprocess_get_if_exited (process) ||
      g_subprocess_get_exit_status (process) > ARENA_SOAK_LEAKS)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "the %s run failed",
                   run->managed ? "managed" : "unmanaged");
      return FALSE;
    }

  /* It has judged itself, and looked closer: also at what is left after its shutdown. */
  if (run->managed && g_subprocess_get_exit_status (process) != ARENA_SOAK_CLEAN &&
      arena_run_is_clean (run))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                   "something was left after the shutdown of the managed run");
      return FALSE;
    }

  return TRUE;
}

int
arena_demo_run (const char *report_filename)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *table = NULL;
  ArenaRun runs[2];
  int status = ARENA_SOAK_FAILED;

  arena_run_init (&runs[0], FALSE);
  arena_run_init (&runs[1], TRUE);

  if (run_one (&runs[0], &error) && run_one (&runs[1], &error) &&
      arena_report_write (report_filename, runs, G_N_ELEMENTS (runs), &error))
    {
      table = arena_report_table (runs, G_N_ELEMENTS (runs));
      g_print ("\n%s\nThe two memory curves are in %s\n", table, report_filename);
      status = arena_run_is_clean (&runs[1]) ? ARENA_SOAK_CLEAN : ARENA_SOAK_LEAKS;
    }
  else
    g_printerr ("arena: %s\n", error->message);

  arena_run_clear (&runs[0]);
  arena_run_clear (&runs[1]);

  return status;
}
