/* lifecycle-tool-why.c: why an object or a scope is there
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-tool-output-private.h"
#include "lifecycle-tool-private.h"
#include "lifecycle-tool-program-private.h"

#include <string.h>

static gboolean opt_json;

static void
append_link (GString  *string,
             GVariant *link,
             gboolean  is_first)
{
  const char *kind = lifecycle_dict_get_string (link, "link");
  const char *address = lifecycle_dict_get_string (link, "address");
  g_autofree char *path = lifecycle_clean_text (lifecycle_dict_get_string (link, "path"));
  g_autofree char *text = lifecycle_clean_text (lifecycle_dict_get_string (link, "text"));
  g_autofree char *place = lifecycle_format_place (lifecycle_dict_get_string (link, "place"));
  LifecycleStyle style = is_first || strcmp (kind, "scope") == 0 ? LIFECYCLE_STYLE_STRONG
                                                                  : LIFECYCLE_STYLE_PLAIN;

  g_string_append_printf (string, "%s%s%s", is_first ? "" : "  ← ", lifecycle_style_begin (style), kind);
  if (*path != '\0')
    g_string_append_printf (string, " %s", path);
  else if (*address != '\0')
    g_string_append_printf (string, " %s", address);
  g_string_append (string, lifecycle_style_end (style));
  if (*text != '\0')
    g_string_append_printf (string, ": %s", text);
  if (*place != '\0')
    g_string_append_printf (string, "  %s%s%s", lifecycle_style_begin (LIFECYCLE_STYLE_DIM), place,
                            lifecycle_style_end (LIFECYCLE_STYLE_DIM));
  g_string_append_c (string, '\n');
}

static char *
format_chain (GVariant *chain)
{
  GString *string = g_string_new (NULL);

  for (gsize i = 0; i < g_variant_n_children (chain); i++)
    {
      g_autoptr (GVariant) link = g_variant_get_child_value (chain, i);

      append_link (string, link, i == 0);
    }

  return g_string_free (string, FALSE);
}

/* A place in a loop adds many entries that look the same: they are printed once. */
static void
print_chains (GVariant *chains)
{
  gsize n = g_variant_n_children (chains);

  for (gsize i = 0, n_alike; i < n; i += n_alike)
    {
      g_autoptr (GVariant) chain = g_variant_get_child_value (chains, i);
      g_autofree char *text = format_chain (chain);

      for (n_alike = 1; i + n_alike < n; n_alike++)
        {
          g_autoptr (GVariant) next = g_variant_get_child_value (chains, i + n_alike);
          g_autofree char *next_text = format_chain (next);

          if (strcmp (text, next_text) != 0)
            break;
        }

      if (i > 0)
        g_print ("\n");
      if (n_alike > 1)
        g_print ("%" G_GSIZE_FORMAT " × ", n_alike);
      g_print ("%s", text);
    }
}

static int
run_why (const LifecycleCommand  *self,
         int                      argc,
         char                   **argv)
{
  const GOptionEntry options[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &opt_json, "Print JSON", NULL },
    { NULL }
  };
  g_autoptr (LifecycleProgram) program = NULL;
  g_autoptr (GVariant) result = NULL;
  g_autoptr (GVariant) chains = NULL;
  guint32 total;
  int status;

  if (!lifecycle_command_parse (self, options, 2, 2, &argc, &argv, &status))
    return status;

  program = lifecycle_program_open (argv[0]);
  if (program != NULL)
    result = lifecycle_program_call (program, "Explain", g_variant_new ("(s)", argv[1]));
  if (result == NULL)
    return LIFECYCLE_TOOL_FAILED;

  g_variant_get (result, "(@aaa{sv}u)", &chains, &total);
  if (opt_json)
    {
      lifecycle_print_json (chains);
      return LIFECYCLE_TOOL_CLEAN;
    }

  print_chains (chains);
  if (total > g_variant_n_children (chains))
    g_print ("\n… and %" G_GSIZE_FORMAT " more.\n", total - g_variant_n_children (chains));

  return LIFECYCLE_TOOL_CLEAN;
}

const LifecycleCommand lifecycle_command_why = {
  .name = "why",
  .arguments = "PID OBJECT-OR-PATH",
  .summary = "Say what holds an object, or what a scope ends with",
  .help =
    "Each chain begins with what you have asked for. An arrow means: held by,\n"
    "ended by, or owned by.\n"
    "\n"
    "OBJECT-OR-PATH is the path or the id of a scope, the address of an object, such as\n"
    "'leaks' and 'records --json' print it, or the name of a type, for all its objects.\n"
    "\n"
    "Lifecycle knows what scopes own. References that others hold are only counted.\n",
  .run = run_why,
};
