/* lifecycle-tool-audit.c: the command that runs a program under the audit
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "lifecycle-tool-audit-private.h"
#include "lifecycle-tool-private.h"

typedef struct
{
  GMainLoop    *loop;
  GSubprocess  *child;
  AuditSymbols *symbols;
  char         *directory;
  char         *output;
  AuditFormat   format;
  gboolean      all;
  guint         n_asked;        /* times that somebody has asked for a report */
  gboolean      failed;         /* a report could not be written */
} Run;

/* The library that is preloaded: in the build tree, or where it is installed. */
static char *
find_library (void)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = self != NULL ? g_path_get_dirname (self) : NULL;
  const char *wanted = g_getenv ("LIFECYCLE_AUDIT_LIBRARY");

  if (wanted != NULL)
    return g_strdup (wanted);

  if (folder != NULL)
    {
      g_autofree char *built = g_build_filename (folder, "..", "audit", "liblifecycle-audit.so", NULL);

      if (g_file_test (built, G_FILE_TEST_EXISTS))
        return g_canonicalize_filename (built, NULL);
    }

  return g_strdup (LIFECYCLE_AUDIT_LIBRARY);
}

/* The dynamic linker preloads nothing into a program that gets other rights than its user's. Such a
 * program would run without any audit, and a report that says "nothing found" would be wrong.
 */
static gboolean
has_privileges (const char *program)
{
  struct stat info;

  return stat (program, &info) == 0 &&
         ((info.st_mode & (S_ISUID | S_ISGID)) != 0 ||
          getxattr (program, "security.capability", NULL, 0) > 0);
}

static GPtrArray *
load_reports (Run *run)
{
  GPtrArray *processes = g_ptr_array_new_with_free_func ((GDestroyNotify) audit_process_free);
  g_autoptr (GDir) folder = g_dir_open (run->directory, 0, NULL);
  const char *name;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    if (g_str_has_suffix (name, ".json"))
      {
        g_autofree char *path = g_build_filename (run->directory, name, NULL);
        g_autoptr (GError) error = NULL;
        AuditProcess *process = audit_process_load (path, run->symbols, &error);

        if (process != NULL)
          {
            g_ptr_array_add (processes, process);
          }
        else
          {
            lifecycle_tool_fail ("%s", error->message);
            run->failed = TRUE;
          }
      }

  return processes;
}

static int
compare_processes (gconstpointer a,
                   gconstpointer b)
{
  const AuditProcess *first = *(AuditProcess *const *) a;
  const AuditProcess *second = *(AuditProcess *const *) b;

  return first->pid < second->pid ? -1 : first->pid > second->pid;
}

/* Writes what there is. Returns how many findings there are. */
static guint
write_report (Run *run)
{
  g_autoptr (GPtrArray) processes = load_reports (run);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  guint n = 0;

  g_ptr_array_sort (processes, compare_processes);
  /* What a program starts on its way is of interest only if there is something to say about it. */
  for (guint i = processes->len; i > 0; i--)
    {
      const AuditProcess *process = g_ptr_array_index (processes, i - 1);
      const char *child = g_subprocess_get_identifier (run->child);
      gboolean is_child = child != NULL && g_ascii_strtoll (child, NULL, 10) == process->pid;

      n += audit_process_count (process);
      if (processes->len > 1 && !is_child && process->findings->len == 0)
        g_ptr_array_remove_index (processes, i - 1);
    }

  switch (run->format)
    {
    case AUDIT_FORMAT_JSON:
      text = audit_report_json (processes, run->all);
      break;
    case AUDIT_FORMAT_SARIF:
      text = audit_report_sarif (processes, run->all);
      break;
    case AUDIT_FORMAT_JUNIT:
      text = audit_report_junit (processes, run->all);
      break;
    case AUDIT_FORMAT_TEXT:
    default:
      text = audit_report_text (processes, run->all);
      break;
    }

  if (run->output != NULL)
    {
      if (!g_file_set_contents (run->output, text, -1, &error))
        {
          lifecycle_tool_fail ("%s", error->message);
          run->failed = TRUE;
        }
    }
  else if (run->format == AUDIT_FORMAT_TEXT)
    {
      /* The program has standard output for itself. */
      g_printerr ("%s", text);
    }
  else
    {
      g_print ("%s", text);
    }

  return n;
}

static void
remove_folder (const char *path)
{
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  const char *name;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      g_unlink (file);
    }
  g_rmdir (path);
}

/* Signals */

static gboolean
forward_term_cb (gpointer data)
{
  Run *run = data;

  g_subprocess_send_signal (run->child, SIGTERM);

  return G_SOURCE_CONTINUE;
}

/* An interrupt from the terminal goes to the program as well, and we wait for its end. */
static gboolean
ignore_cb (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static gboolean
ask_cb (gpointer data)
{
  Run *run = data;

  g_subprocess_send_signal (run->child, SIGUSR1);

  return G_SOURCE_CONTINUE;
}

/* A report that somebody has asked for is shown at once. */
static void
folder_changed_cb (GFileMonitor      *monitor,
                   GFile             *file,
                   GFile             *other,
                   GFileMonitorEvent  event,
                   gpointer           data)
{
  g_autofree char *name = g_file_get_basename (other != NULL ? other : file);
  g_autofree char *path = g_file_get_path (other != NULL ? other : file);
  g_autofree char *text = NULL;
  Run *run = data;

  if ((event != G_FILE_MONITOR_EVENT_RENAMED && event != G_FILE_MONITOR_EVENT_MOVED_IN) ||
      !g_str_has_suffix (name, ".json") || run->format != AUDIT_FORMAT_TEXT)
    return;
  if (g_file_get_contents (path, &text, NULL, NULL) && strstr (text, "\"why\": \"signal\"") != NULL)
    write_report (run);
}

static void
child_ended_cb (GObject      *source,
                GAsyncResult *result,
                gpointer      data)
{
  Run *run = data;

  g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL);
  g_main_loop_quit (run->loop);
}

static GSubprocess *
start_program (const Run         *run,
               const char        *library,
               const char *const *words,
               int                every,
               const char        *own,
               GError           **error)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDIN_INHERIT);
  const char *preloaded = g_getenv ("LD_PRELOAD");
  g_autofree char *preload = preloaded != NULL && *preloaded != '\0'
                             ? g_strdup_printf ("%s:%s", library, preloaded) : g_strdup (library);
  g_autofree char *seconds = g_strdup_printf ("%d", every);

  g_subprocess_launcher_setenv (launcher, "LD_PRELOAD", preload, TRUE);
  g_subprocess_launcher_setenv (launcher, "LIFECYCLE_AUDIT_DIRECTORY", run->directory, TRUE);
  g_subprocess_launcher_setenv (launcher, "LIFECYCLE_AUDIT_EVERY", seconds, TRUE);
  if (own != NULL)
    g_subprocess_launcher_setenv (launcher, "LIFECYCLE_AUDIT_OWN", own, TRUE);

  return g_subprocess_launcher_spawnv (launcher, words, error);
}

static int
finish (Run        *run,
        const char *program)
{
  guint n = write_report (run);

  if (run->failed)
    return LIFECYCLE_TOOL_FAILED;
  if (g_subprocess_get_if_signaled (run->child))
    lifecycle_tool_fail ("'%s' was ended by signal %d", program, g_subprocess_get_term_sig (run->child));
  else if (g_subprocess_get_exit_status (run->child) != 0)
    lifecycle_tool_fail ("'%s' ended with status %d", program,
                         g_subprocess_get_exit_status (run->child));
  if (n > 0)
    return LIFECYCLE_TOOL_FINDINGS;

  return g_subprocess_get_successful (run->child) ? LIFECYCLE_TOOL_CLEAN : LIFECYCLE_TOOL_FAILED;
}

static int
run_audit (const LifecycleCommand  *self,
           int                      argc,
           char                   **argv)
{
  Run run = { NULL };
  gboolean json = FALSE;
  int every = 0;
  g_autofree char *format = NULL;
  g_autofree char *output = NULL;
  g_auto (GStrv) own = NULL;
  GOptionEntry options[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, "Report as JSON", NULL },
    { "format", 'f', 0, G_OPTION_ARG_STRING, &format, "Report as text, json, sarif or junit", "FORMAT" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Write the report to FILE", "FILE" },
    { "snapshot-every", 's', 0, G_OPTION_ARG_INT, &every, "Take a snapshot every SECONDS", "SECONDS" },
    { "own", 0, 0, G_OPTION_ARG_STRING_ARRAY, &own,
      "Take modules that match PATTERN for the program's own code", "PATTERN" },
    { "all", 'a', 0, G_OPTION_ARG_NONE, &run.all, "Show findings in the platform, too", NULL },
    { NULL }
  };
  g_autofree char *library = find_library ();
  g_autofree char *patterns = NULL;
  g_autofree char *program = NULL;
  g_autofree char *template = NULL;
  g_autoptr (GFile) folder = NULL;
  g_autoptr (GFileMonitor) monitor = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  if (!lifecycle_command_parse (self, options, 1, G_MAXUINT, &argc, &argv, &status))
    return status;

  if (json || g_strcmp0 (format, "json") == 0)
    run.format = AUDIT_FORMAT_JSON;
  else if (g_strcmp0 (format, "sarif") == 0)
    run.format = AUDIT_FORMAT_SARIF;
  else if (g_strcmp0 (format, "junit") == 0)
    run.format = AUDIT_FORMAT_JUNIT;
  else if (format != NULL && strcmp (format, "text") != 0)
    return lifecycle_tool_fail ("there is no format '%s'; there are text, json, sarif and junit", format);
  if (every < 0)
    return lifecycle_tool_fail ("'%d' is no number of seconds", every);
  if (!g_file_test (library, G_FILE_TEST_EXISTS))
    return lifecycle_tool_fail ("the library that does the audit is missing: '%s'", library);

  program = g_find_program_in_path (argv[0]);
  if (program == NULL)
    return lifecycle_tool_fail ("there is no program '%s'", argv[0]);
  if (has_privileges (program))
    return lifecycle_tool_fail ("'%s' runs with the rights of another user, so nothing can be "
                                "preloaded into it", program);

  template = g_build_filename (g_get_user_runtime_dir (), "lifecycle-audit-XXXXXX", NULL);
  if (g_mkdtemp (template) == NULL)
    {
      g_free (template);
      template = g_build_filename (g_get_tmp_dir (), "lifecycle-audit-XXXXXX", NULL);
      if (g_mkdtemp (template) == NULL)
        return lifecycle_tool_fail ("cannot create '%s': %s", template, g_strerror (errno));
    }

  run.directory = template;
  run.output = output;
  run.symbols = audit_symbols_new ();
  run.loop = g_main_loop_new (NULL, FALSE);
  patterns = own != NULL ? g_strjoinv (":", own) : NULL;

  folder = g_file_new_for_path (run.directory);
  monitor = g_file_monitor_directory (folder, G_FILE_MONITOR_WATCH_MOVES, NULL, NULL);
  if (monitor != NULL)
    g_signal_connect (monitor, "changed", G_CALLBACK (folder_changed_cb), &run);

  run.child = start_program (&run, library, (const char *const *) argv, every, patterns, &error);
  if (run.child == NULL)
    {
      status = lifecycle_tool_fail ("%s", error->message);
    }
  else
    {
      guint term = g_unix_signal_add (SIGTERM, forward_term_cb, &run);
      guint interrupt = g_unix_signal_add (SIGINT, ignore_cb, &run);
      guint ask = g_unix_signal_add (SIGUSR1, ask_cb, &run);

      g_subprocess_wait_async (run.child, NULL, child_ended_cb, &run);
      g_main_loop_run (run.loop);
      status = finish (&run, argv[0]);
      g_source_remove (term);
      g_source_remove (interrupt);
      g_source_remove (ask);
    }

  if (monitor != NULL)
    {
      g_signal_handlers_disconnect_by_data (monitor, &run);
      g_file_monitor_cancel (monitor);
    }
  remove_folder (run.directory);
  audit_symbols_free (run.symbols);
  g_main_loop_unref (run.loop);
  g_clear_object (&run.child);

  return status;
}

const LifecycleCommand lifecycle_command_audit = {
  .name = "audit",
  .arguments = "-- PROGRAM [ARGUMENT…]",
  .summary = "Run any GLib program, and report what it leaves behind",
  .help =
    "The program need not know of Lifecycle, and is not rebuilt. It is slower by a few percent.\n"
    "Four kinds of things are found:\n"
    "\n"
    "  dangling   a handler or source whose data is an object that has been finalized\n"
    "  piling-up  what is more after each round, with all that it drags along\n"
    "  held       objects that were destroyed or disposed of, and live on\n"
    "  misuse     ids that are 0, are gone, or belong to another instance\n"
    "\n"
    "The report is written when the program ends. A round is what the program does between two\n"
    "snapshots: repeat something, such as opening and closing a dialog, and take a snapshot after\n"
    "each time. What grew in three rounds or more is piling up. There is a snapshot for each SIGUSR1\n"
    "that this command or the program gets, for each call of 'lifecycle snapshot PID', and with\n"
    "--snapshot-every.\n"
    "\n"
    "Example:\n"
    "  lifecycle audit --snapshot-every 10 -- gnome-calculator\n",
  .run = run_audit,
};
