/* lifecycle-tool-live.c: the commands that watch a program, or change it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-tool-output-private.h"
#include "lifecycle-tool-private.h"
#include "lifecycle-tool-program-private.h"

#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define READ_TIMEOUT 500        /* ms */

static gboolean opt_json;

#define JSON_OPTION(text) \
  { "json", 0, 0, G_OPTION_ARG_NONE, &opt_json, text, NULL }

static volatile sig_atomic_t interrupted;

static void
interrupt (int signum)
{
  interrupted = 1;
}

/* Lets a command end in an orderly way with Ctrl+C. */
static void
catch_interrupts (void)
{
  struct sigaction action = { .sa_handler = interrupt, .sa_flags = (int) SA_RESETHAND };

  sigaction (SIGINT, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
}

/* --- top --- */

static double opt_delay = 2;
static int opt_rounds;
static int opt_rows;

/* What a site is called from one round to the next. */
static char *
dup_site_key (GVariant *site)
{
  return g_strdup_printf ("%s %s %s %s %s", lifecycle_dict_get_string (site, "kind"),
                          lifecycle_dict_get_string (site, "place"),
                          lifecycle_dict_get_string (site, "name"),
                          lifecycle_dict_get_string (site, "type"),
                          lifecycle_dict_get_string (site, "signal"));
}

typedef struct
{
  GVariant *site;
  gint64    count;
  gint64    change;
} TopRow;

static int
compare_rows (gconstpointer a,
              gconstpointer b)
{
  const TopRow *one = a, *other = b;

  if (one->change != other->change)
    return one->change < other->change ? 1 : -1;

  return one->count < other->count ? 1 : one->count > other->count ? -1 : 0;
}

/* As many rows as the terminal has room for, under the head. */
static guint
get_n_rows (void)
{
  struct winsize size;

  if (opt_rows > 0)
    return (guint) opt_rows;
  if (isatty (STDOUT_FILENO) && ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 8)
    return (guint) size.ws_row - 4;

  return 20;
}

static void
print_top (GVariant   *info,
           GVariant   *sites,
           GHashTable *before,
           guint       n_rows)
{
  g_autoptr (LifecycleTable) table = lifecycle_table_new (">LIVE", ">CHANGE", ">OLDEST", "KIND", "WHAT",
                                                          "SCOPE", "PLACE");
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (TopRow));
  g_autofree char *since = lifecycle_format_age ((gint64) lifecycle_dict_get_number (info, "uptime"));
  g_autofree char *program = lifecycle_clean_text (lifecycle_dict_get_string (info, "program"));
  guint64 n_leaks = lifecycle_dict_get_number (info, "leaks");
  guint64 n_scopes = lifecycle_dict_get_number (info, "scopes");
  guint64 n_entries = lifecycle_dict_get_number (info, "entries");

  for (gsize i = 0; i < g_variant_n_children (sites); i++)
    {
      TopRow row = { g_variant_get_child_value (sites, i), };
      g_autofree char *key = dup_site_key (row.site);
      gpointer known;

      row.count = (gint64) lifecycle_dict_get_number (row.site, "count");
      if (g_hash_table_lookup_extended (before, key, NULL, &known))
        row.change = row.count - GPOINTER_TO_SIZE (known);
      else if (g_hash_table_size (before) > 0)
        row.change = row.count;
      g_array_append_val (rows, row);
    }

  g_hash_table_remove_all (before);
  for (guint i = 0; i < rows->len; i++)
    {
      TopRow *row = &g_array_index (rows, TopRow, i);

      g_hash_table_insert (before, dup_site_key (row->site), GSIZE_TO_POINTER (row->count));
    }

  g_array_sort (rows, compare_rows);
  for (guint i = 0; i < rows->len; i++)
    {
      TopRow *row = &g_array_index (rows, TopRow, i);
      g_autofree char *count = lifecycle_format_count ((guint64) row->count);
      g_autofree char *change = row->change != 0 ? g_strdup_printf ("%+" G_GINT64_FORMAT, row->change)
                                                 : g_strdup ("");
      g_autofree char *age =
        lifecycle_format_age ((gint64) lifecycle_dict_get_number (row->site, "oldest"));
      g_autofree char *what = lifecycle_format_entry (row->site);
      g_autofree char *place = lifecycle_format_place (lifecycle_dict_get_string (row->site, "place"));

      if (i < n_rows)
        lifecycle_table_add (table, row->change > 0 ? LIFECYCLE_STYLE_WARN : LIFECYCLE_STYLE_PLAIN,
                             count, change, age, lifecycle_dict_get_string (row->site, "kind"), what,
                             lifecycle_dict_get_string (row->site, "scope"), place);
      g_variant_unref (row->site);
    }

  g_print ("%s (%" G_GUINT64_FORMAT "): %" G_GUINT64_FORMAT " %s, %" G_GUINT64_FORMAT " %s, %"
           G_GUINT64_FORMAT " %s, inspected for %s\n\n",
           program, lifecycle_dict_get_number (info, "pid"),
           n_scopes, n_scopes == 1 ? "scope" : "scopes", n_entries, n_entries == 1 ? "entry" : "entries",
           n_leaks, n_leaks == 1 ? "leak" : "leaks", since);
  lifecycle_table_print (table);
}

static int
run_top (const LifecycleCommand  *self,
         int                      argc,
         char                   **argv)
{
  const GOptionEntry options[] = {
    { "delay", 'd', 0, G_OPTION_ARG_DOUBLE, &opt_delay, "How long to wait between two looks (2)", "SECONDS" },
    { "rounds", 'n', 0, G_OPTION_ARG_INT, &opt_rounds, "How often to look", "N" },
    { "rows", 'r', 0, G_OPTION_ARG_INT, &opt_rows, "How many places to list", "N" },
    JSON_OPTION ("Print a line of JSON for each look"),
    { NULL }
  };
  g_autoptr (LifecycleProgram) program = NULL;
  g_autoptr (GHashTable) before = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gboolean is_terminal = isatty (STDOUT_FILENO);
  int status;

  if (!lifecycle_command_parse (self, options, 1, 1, &argc, &argv, &status))
    return status;

  program = lifecycle_program_open (argv[0]);
  if (program == NULL)
    return LIFECYCLE_TOOL_FAILED;

  /* In a pipe, one look is what is wanted, unless it is said otherwise. */
  if (opt_rounds <= 0)
    opt_rounds = is_terminal ? G_MAXINT : 1;

  catch_interrupts ();
  for (int i = 0; i < opt_rounds && !interrupted; i++)
    {
      g_autoptr (GVariant) info_result = lifecycle_program_call (program, "GetInfo", NULL);
      g_autoptr (GVariant) sites_result = NULL;
      g_autoptr (GVariant) info = NULL, sites = NULL;

      if (info_result != NULL)
        sites_result = lifecycle_program_call (program, "ListSites", g_variant_new ("(s)", ""));
      if (sites_result == NULL)
        return LIFECYCLE_TOOL_FAILED;

      info = g_variant_get_child_value (info_result, 0);
      sites = g_variant_get_child_value (sites_result, 0);
      if (opt_json)
        {
          g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
          g_autoptr (GVariant) both = NULL;

          g_variant_dict_insert_value (&dict, "info", info);
          g_variant_dict_insert_value (&dict, "sites", sites);
          both = g_variant_ref_sink (g_variant_dict_end (&dict));
          lifecycle_print_json_line (both);
        }
      else
        {
          if (is_terminal && opt_rounds > 1)
            g_print ("\033[H\033[J");
          print_top (info, sites, before, get_n_rows ());
        }

      if (i + 1 < opt_rounds && !interrupted)
        g_usleep ((gulong) (CLAMP (opt_delay, 0.05, 3600) * G_USEC_PER_SEC));
    }

  return LIFECYCLE_TOOL_CLEAN;
}

const LifecycleCommand lifecycle_command_top = {
  .name = "top",
  .arguments = "PID",
  .summary = "Watch which places in the source own most, and which grow",
  .help =
    "What has grown since the last look comes first. Ctrl+C ends it. If the output is not a\n"
    "terminal, there is only one look, unless --rounds says otherwise.\n",
  .run = run_top,
};

/* --- trace --- */

static char **opt_kinds;
static char *opt_path;
static char *opt_place;
static gboolean opt_scopes;
static int opt_count;
static double opt_seconds;

static void
print_event (GVariant *event)
{
  const char *what = lifecycle_dict_get_string (event, "event");
  g_autofree char *scope = lifecycle_clean_text (lifecycle_dict_get_string (event, "scope"));
  g_autofree char *place = lifecycle_format_place (lifecycle_dict_get_string (event, "place"));
  g_autoptr (GDateTime) time = NULL;
  g_autofree char *clock = NULL;
  gint64 us = (gint64) lifecycle_dict_get_number (event, "time");
  LifecycleStyle style = strcmp (what, "opened") == 0 ? LIFECYCLE_STYLE_GOOD
                         : strcmp (what, "closed") == 0 ? LIFECYCLE_STYLE_BAD
                         : LIFECYCLE_STYLE_PLAIN;

  time = g_date_time_new_from_unix_local (us / G_USEC_PER_SEC);
  clock = g_date_time_format (time, "%H:%M:%S");
  g_print ("%s.%06d %s%-7s%s ", clock, (int) (us % G_USEC_PER_SEC), lifecycle_style_begin (style), what,
           lifecycle_style_end (style));
  if (strcmp (what, "closed") == 0)
    g_print ("%s: %s, %" G_GUINT64_FORMAT " released in %.3f ms", scope,
             lifecycle_dict_get_string (event, "reason"), lifecycle_dict_get_number (event, "released"),
             (double) lifecycle_dict_get_number (event, "duration") / 1000);
  else if (strcmp (what, "opened") == 0)
    g_print ("%s", scope);
  else
    g_print ("%-9s in %s", lifecycle_dict_get_string (event, "kind"), scope);
  g_print ("%s%s%s%s\n", lifecycle_style_begin (LIFECYCLE_STYLE_DIM), *place != '\0' ? "  " : "", place,
           lifecycle_style_end (LIFECYCLE_STYLE_DIM));
}

static GVariant *
make_filter (void)
{
  g_auto (GVariantDict) filter = G_VARIANT_DICT_INIT (NULL);

  if (opt_kinds != NULL)
    g_variant_dict_insert (&filter, "kinds", "^as", opt_kinds);
  if (opt_path != NULL)
    g_variant_dict_insert (&filter, "path", "s", opt_path);
  if (opt_place != NULL)
    g_variant_dict_insert (&filter, "place", "s", opt_place);
  if (opt_scopes)
    g_variant_dict_insert (&filter, "entries", "b", FALSE);
  /* Who asks for kinds does not want to hear of scopes. */
  g_variant_dict_insert (&filter, "scopes", "b", opt_kinds == NULL || opt_scopes);

  return g_variant_dict_end (&filter);
}

static int
run_trace (const LifecycleCommand  *self,
           int                      argc,
           char                   **argv)
{
  const GOptionEntry options[] = {
    { "kind", 'k', 0, G_OPTION_ARG_STRING_ARRAY, &opt_kinds, "Only entries of this kind; may be repeated", "KIND" },
    { "path", 'p', 0, G_OPTION_ARG_STRING, &opt_path, "Only scopes whose path matches; * and ? stand for anything", "PATTERN" },
    { "place", 'l', 0, G_OPTION_ARG_STRING, &opt_place, "Only what was added at such a place", "PATTERN" },
    { "scopes", 's', 0, G_OPTION_ARG_NONE, &opt_scopes, "Only scopes that open and close", NULL },
    { "count", 'n', 0, G_OPTION_ARG_INT, &opt_count, "Stop after so many events", "N" },
    { "seconds", 't', 0, G_OPTION_ARG_DOUBLE, &opt_seconds, "Stop after that time", "SECONDS" },
    JSON_OPTION ("Print a line of JSON for each event"),
    { NULL }
  };
  g_autoptr (LifecycleProgram) program = NULL;
  g_autoptr (GVariant) started = NULL;
  gint64 until = G_MAXINT64;
  int status, n = 0;

  if (!lifecycle_command_parse (self, options, 1, 1, &argc, &argv, &status))
    return status;

  program = lifecycle_program_open (argv[0]);
  if (program != NULL)
    started = lifecycle_program_call (program, "StartTrace", g_variant_new ("(@a{sv})", make_filter ()));
  if (started == NULL)
    return LIFECYCLE_TOOL_FAILED;

  if (opt_seconds > 0)
    until = g_get_monotonic_time () + (gint64) (opt_seconds * G_USEC_PER_SEC);

  catch_interrupts ();
  while (!interrupted && (opt_count <= 0 || n < opt_count) && g_get_monotonic_time () < until)
    {
      guint timeout = (guint) MIN (READ_TIMEOUT, (until - g_get_monotonic_time ()) / 1000 + 1);
      g_autoptr (GVariant) result = lifecycle_program_call (program, "ReadTrace",
                                                            g_variant_new ("(u)", timeout));
      g_autoptr (GVariant) events = NULL;
      guint64 lost;

      if (result == NULL)
        return LIFECYCLE_TOOL_FAILED;

      g_variant_get (result, "(@aa{sv}t)", &events, &lost);
      for (gsize i = 0; i < g_variant_n_children (events) && (opt_count <= 0 || n < opt_count); i++, n++)
        {
          g_autoptr (GVariant) event = g_variant_get_child_value (events, i);

          if (opt_json)
            lifecycle_print_json_line (event);
          else
            print_event (event);
        }
      if (lost > 0)
        g_printerr ("%" G_GUINT64_FORMAT " events came too fast, and are lost.\n", lost);
    }

  return LIFECYCLE_TOOL_CLEAN;
}

const LifecycleCommand lifecycle_command_trace = {
  .name = "trace",
  .arguments = "PID",
  .summary = "Follow what opens and closes, is added and removed",
  .help =
    "The program is not slowed down by what it has to report: what comes too fast is lost, and\n"
    "you are told how much.\n"
    "\n"
    "Paths are those of scopes that open and close. Entries only have the name of their scope.\n"
    "\n"
    "Examples:\n"
    "  lifecycle trace player -s -p 'app/window*'   windows that come and go\n"
    "  lifecycle trace player -k timer -l '*/ui.c:*'  timers that are added in ui.c\n",
  .run = run_trace,
};

/* --- close --- */

static char *opt_reason;
static char *opt_detail;
static double opt_wait = 2;

static int
run_close (const LifecycleCommand  *self,
           int                      argc,
           char                   **argv)
{
  const GOptionEntry options[] = {
    { "reason", 'r', 0, G_OPTION_ARG_STRING, &opt_reason, "Such as aborted or shutdown (completed)", "REASON" },
    { "detail", 'm', 0, G_OPTION_ARG_STRING, &opt_detail, "What to record with the reason", "TEXT" },
    { "wait", 'w', 0, G_OPTION_ARG_DOUBLE, &opt_wait, "How long to wait until it is closed (2)", "SECONDS" },
    JSON_OPTION ("Print JSON"),
    { NULL }
  };
  g_autoptr (LifecycleProgram) program = NULL;
  g_autoptr (GVariant) result = NULL;
  gboolean closed;
  int status;

  if (!lifecycle_command_parse (self, options, 2, 2, &argc, &argv, &status))
    return status;

  program = lifecycle_program_open (argv[0]);
  if (program != NULL)
    result = lifecycle_program_call (program, "Close",
                                     g_variant_new ("(sssu)", argv[1],
                                                    opt_reason != NULL ? opt_reason : "",
                                                    opt_detail != NULL ? opt_detail : "",
                                                    (guint32) (CLAMP (opt_wait, 0, 9) * 1000)));
  if (result == NULL)
    return LIFECYCLE_TOOL_FAILED;

  g_variant_get (result, "(b)", &closed);
  if (opt_json)
    {
      g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
      g_autoptr (GVariant) answer = NULL;

      g_variant_dict_insert (&dict, "closed", "b", closed);
      answer = g_variant_ref_sink (g_variant_dict_end (&dict));
      lifecycle_print_json (answer);
    }

  if (!closed)
    return lifecycle_tool_fail ("%s is closing, but its main loop has not come back within %.1f s: it "
                                "will be closed when it does", argv[1], opt_wait);
  if (!opt_json)
    g_print ("%s is closed.\n", argv[1]);

  return LIFECYCLE_TOOL_CLEAN;
}

const LifecycleCommand lifecycle_command_close = {
  .name = "close",
  .arguments = "PID PATH",
  .summary = "Close a scope, if the program allows it",
  .help =
    "A program allows it if it was started with LIFECYCLE_DEBUG=inspect-close, or has passed\n"
    "LIFECYCLE_INSPECT_ALLOW_CLOSE to lifecycle_inspect_start().\n"
    "\n"
    "The scope is closed by its own thread, with all that is below it. If that thread hangs, the\n"
    "exit status is 2.\n",
  .run = run_close,
};
