/* lifecycle-tool-leaks.c: the commands that show what should not be there
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-tool-output-private.h"
#include "lifecycle-tool-private.h"
#include "lifecycle-tool-program-private.h"

#include <string.h>

static gboolean opt_json;

#define JSON_OPTION \
  { "json", 0, 0, G_OPTION_ARG_NONE, &opt_json, "Print JSON", NULL }

static const char *
explain_cause (const char *cause)
{
  static const struct
  {
    const char *cause;
    const char *text;
  } texts[] = {
    { "abandoned-context", "nobody runs its main context, and its thread has ended" },
    { "waiting-context", "nobody runs its main context at the moment" },
    { "busy-context", "its main loop has not come back" },
    { "lone-emitter", "only scopes hold its emitter" },
    { "lost-operation", "no call refers to its cancellable" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      if (strcmp (texts[i].cause, cause) == 0)
        return texts[i].text;
    }

  return cause;
}

/* The leaks of one kind that were expected to be gone at one place. */
typedef struct
{
  GVariant *first;
  guint64   count;
  guint64   age;                /* the oldest; ms */
} LeakGroup;

static void
leak_group_free (gpointer data)
{
  LeakGroup *self = data;

  g_variant_unref (self->first);
  g_free (self);
}

static GPtrArray *
group_leaks (GVariant *leaks)
{
  GPtrArray *groups = g_ptr_array_new_with_free_func (leak_group_free);
  g_autoptr (GHashTable) by_key = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (gsize i = 0; i < g_variant_n_children (leaks); i++)
    {
      g_autoptr (GVariant) dict = g_variant_get_child_value (leaks, i);
      g_autofree char *key = g_strjoin ("\n", lifecycle_dict_get_string (dict, "kind"),
                                        lifecycle_dict_get_string (dict, "type"),
                                        lifecycle_dict_get_string (dict, "why"),
                                        lifecycle_dict_get_string (dict, "scope"),
                                        lifecycle_dict_get_string (dict, "place"), NULL);
      LeakGroup *group = g_hash_table_lookup (by_key, key);

      if (group == NULL)
        {
          group = g_new0 (LeakGroup, 1);
          group->first = g_variant_ref (dict);
          g_hash_table_insert (by_key, g_steal_pointer (&key), group);
          g_ptr_array_add (groups, group);
        }
      group->count += lifecycle_dict_get_number (dict, "count");
      group->age = MAX (group->age, lifecycle_dict_get_number (dict, "age"));
    }

  return groups;
}

static void
print_lines (const char *title,
             const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (i == 0)
        g_print ("  %s\n", title);
      g_print ("    %s\n", lines[i]);
    }
}

/* What the program has found out about the first of a group. */
static void
print_details (GVariant *dict)
{
  const char *handlers = lifecycle_dict_get_string (dict, "handlers");
  const char *referrers = lifecycle_dict_get_string (dict, "referrers");

  if (*handlers == '\0' && *referrers == '\0')
    return;

  g_print ("\n%s %s\n", lifecycle_dict_get_string (dict, "type"),
           lifecycle_dict_get_string (dict, "address"));
  print_lines ("handlers:", handlers);
  print_lines ("referred to by:", referrers);
}

static void
print_leaks (GVariant *leaks)
{
  g_autoptr (LifecycleTable) table = lifecycle_table_new (">COUNT", "LEAK", "TYPE", "ADDRESS", ">REFS",
                                                          ">AGE", "WHY IT SHOULD BE GONE", "SCOPE",
                                                          "PLACE");
  g_autoptr (GPtrArray) groups = group_leaks (leaks);

  for (guint i = 0; i < groups->len; i++)
    {
      LeakGroup *group = g_ptr_array_index (groups, i);
      GVariant *dict = group->first;
      g_autofree char *count = lifecycle_format_count (group->count);
      g_autofree char *refs = lifecycle_format_count (lifecycle_dict_get_number (dict, "references"));
      g_autofree char *age = lifecycle_format_age ((gint64) group->age);
      g_autofree char *place = lifecycle_format_place (lifecycle_dict_get_string (dict, "place"));

      lifecycle_table_add (table, LIFECYCLE_STYLE_BAD, count, lifecycle_dict_get_string (dict, "kind"),
                           lifecycle_dict_get_string (dict, "type"),
                           lifecycle_dict_get_string (dict, "address"), refs, age,
                           lifecycle_dict_get_string (dict, "why"),
                           lifecycle_dict_get_string (dict, "scope"), place);
    }
  if (lifecycle_table_get_n_rows (table) > 0)
    lifecycle_table_print (table);
  else
    g_print ("Nothing that should be gone is still alive.\n");
  for (guint i = 0; i < groups->len; i++)
    print_details (((LeakGroup *) g_ptr_array_index (groups, i))->first);
}

static void
print_stuck (GVariant *stuck,
             gboolean  certain)
{
  g_autoptr (LifecycleTable) table = lifecycle_table_new (">COUNT", "KIND", "WHAT", "BECAUSE", "SCOPE",
                                                          "PLACE");

  for (gsize i = 0; i < g_variant_n_children (stuck); i++)
    {
      g_autoptr (GVariant) dict = g_variant_get_child_value (stuck, i);
      g_autofree char *count = lifecycle_format_count (lifecycle_dict_get_number (dict, "count"));
      g_autofree char *what = lifecycle_format_entry (dict);
      g_autofree char *place = lifecycle_format_place (lifecycle_dict_get_string (dict, "place"));

      if (lifecycle_dict_get_boolean (dict, "certain") == certain)
        lifecycle_table_add (table, certain ? LIFECYCLE_STYLE_BAD : LIFECYCLE_STYLE_WARN, count,
                             lifecycle_dict_get_string (dict, "kind"), what,
                             explain_cause (lifecycle_dict_get_string (dict, "cause")),
                             lifecycle_dict_get_string (dict, "scope"), place);
    }

  if (lifecycle_table_get_n_rows (table) == 0)
    return;

  g_print ("\n%s\n", certain ? "These can never fire:"
                             : "These seem unable to fire, unless somebody borrows what scopes hold:");
  lifecycle_table_print (table);
}

static gboolean
has_certain (GVariant *stuck)
{
  for (gsize i = 0; i < g_variant_n_children (stuck); i++)
    {
      g_autoptr (GVariant) dict = g_variant_get_child_value (stuck, i);

      if (lifecycle_dict_get_boolean (dict, "certain"))
        return TRUE;
    }

  return FALSE;
}

static int
run_leaks (const LifecycleCommand  *self,
           int                      argc,
           char                   **argv)
{
  const GOptionEntry options[] = { JSON_OPTION, { NULL } };
  g_autoptr (LifecycleProgram) program = NULL;
  g_autoptr (GVariant) leaks_result = NULL, stuck_result = NULL;
  g_autoptr (GVariant) leaks = NULL, stuck = NULL;
  int status;

  if (!lifecycle_command_parse (self, options, 1, 1, &argc, &argv, &status))
    return status;

  program = lifecycle_program_open (argv[0]);
  if (program != NULL)
    leaks_result = lifecycle_program_call (program, "ListLeaks", NULL);
  if (leaks_result != NULL)
    stuck_result = lifecycle_program_call (program, "ListStuck", g_variant_new ("(u)", 1000));
  if (stuck_result == NULL)
    return LIFECYCLE_TOOL_FAILED;

  leaks = g_variant_get_child_value (leaks_result, 0);
  stuck = g_variant_get_child_value (stuck_result, 0);
  if (opt_json)
    {
      g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
      g_autoptr (GVariant) both = NULL;

      g_variant_dict_insert_value (&dict, "leaks", leaks);
      g_variant_dict_insert_value (&dict, "stuck", stuck);
      both = g_variant_ref_sink (g_variant_dict_end (&dict));
      lifecycle_print_json (both);
    }
  else
    {
      print_leaks (leaks);
      print_stuck (stuck, TRUE);
      print_stuck (stuck, FALSE);
    }

  return g_variant_n_children (leaks) > 0 || has_certain (stuck) ? LIFECYCLE_TOOL_FINDINGS
                                                                 : LIFECYCLE_TOOL_CLEAN;
}

const LifecycleCommand lifecycle_command_leaks = {
  .name = "leaks",
  .arguments = "PID",
  .summary = "List what should be gone, and what can never fire",
  .help =
    "An object should be gone soon after a scope has closed if the program has said so, with\n"
    "lifecycle_scope_expect_finalize(). A program with GTK can also watch its widgets. Leaks of one\n"
    "place are one line, with the address and the references of one of them. Its handlers and what\n"
    "refers to it follow, if the program has found them out, for which its main loop has to run.\n"
    "'lifecycle why PID ADDRESS' tells which scopes have to do with it.\n"
    "\n"
    "An entry can never fire if nobody runs its main context any more. It seems unable to fire\n"
    "if nobody but scopes holds its emitter, or if the call of an operation has been lost: look\n"
    "at these, they need not be wrong.\n"
    "\n"
    "The exit status is 1 if there is a leak, or something that certainly can never fire.\n",
  .run = run_leaks,
};

/* --- alive --- */

static char *opt_context;

static int
run_alive (const LifecycleCommand  *self,
           int                      argc,
           char                   **argv)
{
  const GOptionEntry options[] = {
    { "context", 'c', 0, G_OPTION_ARG_STRING, &opt_context,
      "Another main context than the default one, by its id from 'ps --json'", "ID" },
    JSON_OPTION,
    { NULL }
  };
  g_autoptr (GVariant) sites = NULL;
  g_autoptr (LifecycleTable) table = NULL;
  int status;

  if (!lifecycle_command_parse (self, options, 1, 1, &argc, &argv, &status))
    return status;

  sites = lifecycle_program_ask (argv[0], "ListAlive", g_variant_new ("(s)", opt_context != NULL ? opt_context : ""));
  if (sites == NULL)
    return LIFECYCLE_TOOL_FAILED;

  if (opt_json)
    {
      lifecycle_print_json (sites);
      return LIFECYCLE_TOOL_CLEAN;
    }

  table = lifecycle_table_new (">COUNT", "KIND", "WHAT", ">OLDEST", "SCOPE", "PLACE");
  for (gsize i = 0; i < g_variant_n_children (sites); i++)
    {
      g_autoptr (GVariant) dict = g_variant_get_child_value (sites, i);
      g_autofree char *count = lifecycle_format_count (lifecycle_dict_get_number (dict, "count"));
      g_autofree char *what = lifecycle_format_entry (dict);
      g_autofree char *age =
        lifecycle_format_age ((gint64) lifecycle_dict_get_number (dict, "oldest"));
      g_autofree char *place = lifecycle_format_place (lifecycle_dict_get_string (dict, "place"));

      lifecycle_table_add (table, LIFECYCLE_STYLE_PLAIN, count, lifecycle_dict_get_string (dict, "kind"),
                           what, age, lifecycle_dict_get_string (dict, "scope"), place);
    }
  if (lifecycle_table_get_n_rows (table) > 0)
    lifecycle_table_print (table);
  else
    g_print ("No scope keeps the main context busy.\n");

  return LIFECYCLE_TOOL_CLEAN;
}

const LifecycleCommand lifecycle_command_alive = {
  .name = "alive",
  .arguments = "PID",
  .summary = "List what keeps the main loop busy",
  .help =
    "These are the sources, timers, operations, processes, services and application holds that a\n"
    "program waits for: what keeps it from exiting, if it should exit and does not.\n",
  .run = run_alive,
};
