/* lifecycle-tool-report.c: a page about a program
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-tool-private.h"
#include "lifecycle-tool-snapshot-private.h"

#include <string.h>

#define TEMPLATE "/org/lifecycle/tool/report.html"

static char *opt_output;
static gboolean opt_json;

/* JSON inside of a script element: what would end that, or begin a comment, is written differently. */
static char *
dup_data (JsonNode *snapshot)
{
  g_autofree char *text = json_to_string (snapshot, FALSE);
  GString *data = g_string_new (NULL);

  for (const char *p = text; *p != '\0'; p++)
    {
      if (*p == '<')
        g_string_append (data, "\\u003c");
      else
        g_string_append_c (data, *p);
    }

  return g_string_free (data, FALSE);
}

static char *
make_page (JsonNode *snapshot)
{
  g_autoptr (GBytes) bytes = g_resources_lookup_data (TEMPLATE, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  g_autofree char *data = dup_data (snapshot);
  g_autofree char *page = NULL;
  const char *mark;

  g_assert (bytes != NULL);
  page = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  mark = strstr (page, "@DATA@");
  g_assert (mark != NULL);

  return g_strdup_printf ("%.*s%s%s", (int) (mark - page), page, data, mark + strlen ("@DATA@"));
}

static int
run_report (const LifecycleCommand  *self,
            int                      argc,
            char                   **argv)
{
  const GOptionEntry options[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &opt_output, "Where to write it (lifecycle-report.html)", "FILE" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &opt_json, "Print what the page is made of as JSON, and make no page", NULL },
    { NULL }
  };
  g_autofree char *page = NULL;
  g_autoptr (GError) error = NULL;
  JsonNode *snapshot;
  gboolean findings;
  int status;

  if (!lifecycle_command_parse (self, options, 1, 1, &argc, &argv, &status))
    return status;

  snapshot = lifecycle_snapshot_load_or_take (argv[0], 0);
  if (snapshot == NULL)
    return LIFECYCLE_TOOL_FAILED;

  findings = lifecycle_snapshot_has_findings (snapshot);
  /* The page shows no single records. */
  page = opt_json ? json_to_string (snapshot, TRUE) : make_page (snapshot);
  json_node_unref (snapshot);

  if (opt_json || g_strcmp0 (opt_output, "-") == 0)
    {
      g_print ("%s\n", page);
    }
  else
    {
      const char *path = opt_output != NULL ? opt_output : "lifecycle-report.html";

      if (!g_file_set_contents (path, page, -1, &error))
        return lifecycle_tool_fail ("'%s' cannot be written: %s", path, error->message);
      g_print ("%s\n", path);
    }

  return findings ? LIFECYCLE_TOOL_FINDINGS : LIFECYCLE_TOOL_CLEAN;
}

const LifecycleCommand lifecycle_command_report = {
  .name = "report",
  .arguments = "PID|FILE",
  .summary = "Make a page about a program, or about a snapshot",
  .help =
    "The page is one file that needs nothing else, and can be sent to somebody. It shows leaks, what\n"
    "can never fire, where everything was added, the lives of scopes with the reasons why they\n"
    "closed, the tree of scopes, and numbers over time.\n"
    "\n"
    "The exit status is 1 if there is a leak, or something that can never fire.\n",
  .run = run_report,
};
