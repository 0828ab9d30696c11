/* lifecycle-tool-look.c: the commands that show what there is
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-tool-output-private.h"
#include "lifecycle-tool-private.h"
#include "lifecycle-tool-program-private.h"

#include <string.h>

#define PS_TIMEOUT    2000      /* ms */
#define LOOP_TIMEOUT  300       /* ms: a main loop that has not answered by then is busy */

static gboolean opt_json;

#define JSON_OPTION \
  { "json", 0, 0, G_OPTION_ARG_NONE, &opt_json, "Print JSON", NULL }

/* --- ps --- */

/* Asks one program. What does not answer is listed, too. */
static GVariant *
describe_program (guint pid)
{
  g_autoptr (LifecycleProgram) program = lifecycle_program_open_pid (pid, PS_TIMEOUT, NULL);
  g_autoptr (GVariant) result = NULL;
  g_autoptr (GVariant) checked = NULL;
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  const char *loop = "none";

  if (program != NULL)
    result = lifecycle_program_call_full (program, "GetInfo", NULL, PS_TIMEOUT, NULL);
  if (result == NULL)
    {
      g_autofree char *name = lifecycle_program_guess_name (pid);

      g_variant_dict_insert (&dict, "pid", "u", pid);
      g_variant_dict_insert (&dict, "program", "s", name);
      g_variant_dict_insert (&dict, "loop", "s", "no answer");
      return g_variant_ref_sink (g_variant_dict_end (&dict));
    }

  g_variant_dict_clear (&dict);
  {
    g_autoptr (GVariant) info = g_variant_get_child_value (result, 0);

    g_variant_dict_init (&dict, info);
  }
  checked = lifecycle_program_call_full (program, "CheckContexts",
                                         g_variant_new ("(u)", LOOP_TIMEOUT), PS_TIMEOUT, NULL);
  if (checked != NULL)
    {
      g_autoptr (GVariant) contexts = g_variant_get_child_value (checked, 0);

      for (gsize i = 0; i < g_variant_n_children (contexts); i++)
        {
          g_autoptr (GVariant) context = g_variant_get_child_value (contexts, i);

          if (lifecycle_dict_get_boolean (context, "default"))
            loop = lifecycle_dict_get_string (context, "state");
        }
      g_variant_dict_insert (&dict, "loop", "s", loop);
      g_variant_dict_insert_value (&dict, "contexts", contexts);
    }

  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

static void
add_program (LifecycleTable *table,
             GVariant       *dict)
{
  const char *loop = lifecycle_dict_get_string (dict, "loop");
  guint64 n_leaks = lifecycle_dict_get_number (dict, "leaks");
  g_autofree char *pid = lifecycle_format_count (lifecycle_dict_get_number (dict, "pid"));
  g_autofree char *scopes = lifecycle_format_count (lifecycle_dict_get_number (dict, "scopes"));
  g_autofree char *entries = lifecycle_format_count (lifecycle_dict_get_number (dict, "entries"));
  g_autofree char *leaks = lifecycle_format_count (n_leaks);
  g_autofree char *since =
    lifecycle_format_age ((gint64) lifecycle_dict_get_number (dict, "uptime"));
  gboolean answers = strcmp (loop, "no answer") != 0;

  lifecycle_table_add (table,
                       !answers || strcmp (loop, "busy") == 0 ? LIFECYCLE_STYLE_BAD
                       : n_leaks > 0 ? LIFECYCLE_STYLE_WARN
                       : LIFECYCLE_STYLE_PLAIN,
                       pid, lifecycle_dict_get_string (dict, "program"), answers ? scopes : "-",
                       answers ? entries : "-", answers ? leaks : "-", loop,
                       lifecycle_dict_get_boolean (dict, "closable") ? "yes" : "no",
                       answers ? since : "-");
}

static int
run_ps (const LifecycleCommand  *self,
        int                      argc,
        char                   **argv)
{
  const GOptionEntry options[] = { JSON_OPTION, { NULL } };
  g_autoptr (GArray) pids = NULL;
  g_autoptr (LifecycleTable) table = NULL;
  GVariantBuilder list;
  g_autoptr (GVariant) programs = NULL;
  int status;

  if (!lifecycle_command_parse (self, options, 0, 0, &argc, &argv, &status))
    return status;

  table = lifecycle_table_new (">PID", "PROGRAM", ">SCOPES", ">ENTRIES", ">LEAKS", "LOOP", "CLOSABLE",
                               ">SINCE");
  pids = lifecycle_program_list_pids ();
  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < pids->len; i++)
    {
      g_autoptr (GVariant) dict = describe_program (g_array_index (pids, guint, i));

      add_program (table, dict);
      g_variant_builder_add_value (&list, dict);
    }
  programs = g_variant_ref_sink (g_variant_builder_end (&list));

  if (opt_json)
    lifecycle_print_json (programs);
  else if (pids->len > 0)
    lifecycle_table_print (table);
  else
    g_print ("No program can be inspected: start one with LIFECYCLE_DEBUG=inspect.\n");

  return LIFECYCLE_TOOL_CLEAN;
}

const LifecycleCommand lifecycle_command_ps = {
  .name = "ps",
  .summary = "List the programs that can be inspected",
  .help =
    "A program can be inspected if it is started with LIFECYCLE_DEBUG=inspect, or calls\n"
    "lifecycle_inspect_start(). Only your own programs are listed.\n"
    "\n"
    "LOOP tells how the default main loop is: it runs; it is busy, because a callback has not\n"
    "returned yet; or it waits, because nobody runs it at the moment.\n"
    "\n"
    "All other commands take a program by its number or its name.\n",
  .run = run_ps,
};

/* --- tree --- */

static int opt_depth = -1;
static gboolean opt_all;

/* A scope, as far as it is needed to draw it. */
typedef struct
{
  GVariant  *dict;
  GPtrArray *children;          /* of Branch */
} Branch;

static void
branch_free (gpointer data)
{
  Branch *self = data;

  g_variant_unref (self->dict);
  g_ptr_array_unref (self->children);
  g_free (self);
}

/* Siblings with the same name that have no children: there may be thousands. */
static guint
count_alike (GPtrArray *siblings,
             guint      first)
{
  Branch *one = g_ptr_array_index (siblings, first);
  guint n = 1;

  if (opt_all || one->children->len > 0)
    return 1;

  while (first + n < siblings->len)
    {
      Branch *other = g_ptr_array_index (siblings, first + n);

      if (other->children->len > 0 ||
          strcmp (lifecycle_dict_get_string (one->dict, "name"),
                  lifecycle_dict_get_string (other->dict, "name")) != 0)
        break;
      n++;
    }

  return n > 3 ? n : 1;
}

static void
print_scope (GVariant   *dict,
             guint       n_alike,
             const char *indent,
             const char *bend,
             GHashTable *paths)
{
  g_autofree char *name = lifecycle_clean_text (lifecycle_dict_get_string (dict, "name"));
  g_autofree char *place = lifecycle_format_place (lifecycle_dict_get_string (dict, "place"));
  g_autofree char *age = lifecycle_format_age ((gint64) lifecycle_dict_get_number (dict, "age"));
  const char *state = lifecycle_dict_get_string (dict, "state");
  g_autoptr (GVariant) live = g_variant_lookup_value (dict, "live", G_VARIANT_TYPE ("a{su}"));
  g_autofree char *kinds = live != NULL ? lifecycle_format_kinds (live, "scope") : g_strdup ("");
  g_autofree const char **follows = NULL;
  gboolean open = strcmp (state, "open") == 0;

  g_print ("%s%s%s%s%s", indent, bend,
           lifecycle_style_begin (open ? LIFECYCLE_STYLE_STRONG : LIFECYCLE_STYLE_WARN), name,
           lifecycle_style_end (open ? LIFECYCLE_STYLE_STRONG : LIFECYCLE_STYLE_WARN));
  if (n_alike > 1)
    g_print (" × %u, each like:", n_alike);
  if (!open)
    g_print (" (%s, %s)", state, lifecycle_dict_get_string (dict, "reason"));
  if (*kinds != '\0')
    g_print ("  %s", kinds);
  g_print ("%s  %s%s%s%s", lifecycle_style_begin (LIFECYCLE_STYLE_DIM), age,
           *place != '\0' ? ", " : "", place, lifecycle_style_end (LIFECYCLE_STYLE_DIM));

  if (g_variant_lookup (dict, "follows", "^a&s", &follows))
    {
      for (guint i = 0; follows[i] != NULL; i++)
        {
          const char *path = g_hash_table_lookup (paths, follows[i]);

          g_print ("%s%s", i == 0 ? "  follows " : ", ", path != NULL ? path : follows[i]);
        }
    }
  g_print ("\n");
}

static void
print_branches (GPtrArray  *siblings,
                const char *indent,
                int         depth,
                GHashTable *paths)
{
  for (guint i = 0, n_alike; i < siblings->len; i += n_alike)
    {
      Branch *branch = g_ptr_array_index (siblings, i);
      g_autofree char *below = NULL;
      gboolean is_last;

      n_alike = count_alike (siblings, i);
      is_last = i + n_alike == siblings->len;
      print_scope (branch->dict, n_alike, indent, is_last ? "└─ " : "├─ ", paths);
      below = g_strconcat (indent, is_last ? "   " : "│  ", NULL);
      if (opt_depth < 0 || depth < opt_depth)
        print_branches (branch->children, below, depth + 1, paths);
    }
}

static void
print_tree (GVariant *scopes)
{
  g_autoptr (GHashTable) by_id = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) paths = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  g_autoptr (GPtrArray) roots = g_ptr_array_new ();
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (branch_free);

  /* Parents come before their children. */
  for (gsize i = 0; i < g_variant_n_children (scopes); i++)
    {
      Branch *branch = g_new0 (Branch, 1);
      Branch *parent;

      branch->dict = g_variant_get_child_value (scopes, i);
      branch->children = g_ptr_array_new ();
      g_ptr_array_add (all, branch);
      g_hash_table_insert (by_id, (gpointer) lifecycle_dict_get_string (branch->dict, "id"), branch);
      g_hash_table_insert (paths, (gpointer) lifecycle_dict_get_string (branch->dict, "id"),
                           lifecycle_clean_text (lifecycle_dict_get_string (branch->dict, "path")));
      parent = g_hash_table_lookup (by_id, lifecycle_dict_get_string (branch->dict, "parent"));
      g_ptr_array_add (parent != NULL ? parent->children : roots, branch);
    }

  for (guint i = 0, n_alike; i < roots->len; i += n_alike)
    {
      Branch *root = g_ptr_array_index (roots, i);

      n_alike = count_alike (roots, i);
      print_scope (root->dict, n_alike, "", "", paths);
      if (opt_depth != 0)
        print_branches (root->children, "", 1, paths);
    }
}

static int
run_tree (const LifecycleCommand  *self,
          int                      argc,
          char                   **argv)
{
  const GOptionEntry options[] = {
    { "depth", 'd', 0, G_OPTION_ARG_INT, &opt_depth, "How deep to go", "N" },
    { "all", 'a', 0, G_OPTION_ARG_NONE, &opt_all, "List siblings with the same name one by one", NULL },
    JSON_OPTION,
    { NULL }
  };
  g_autoptr (GVariant) scopes = NULL;
  int status;

  if (!lifecycle_command_parse (self, options, 1, 2, &argc, &argv, &status))
    return status;

  scopes = lifecycle_program_ask (argv[0], "ListScopes", g_variant_new ("(s)", argc > 1 ? argv[1] : ""));
  if (scopes == NULL)
    return LIFECYCLE_TOOL_FAILED;

  if (opt_json)
    lifecycle_print_json (scopes);
  else
    print_tree (scopes);

  return LIFECYCLE_TOOL_CLEAN;
}

const LifecycleCommand lifecycle_command_tree = {
  .name = "tree",
  .arguments = "PID [PATH]",
  .summary = "Draw the tree of scopes",
  .help =
    "Each scope has what it owns, how old it is, and where it was made.\n"
    "\n"
    "PATH is the path of a scope, such as app/window, or its id from --json, such as\n"
    "0x55d0c0de1230, if several have the same path.\n",
  .run = run_tree,
};

/* --- records --- */

static char *opt_kind;
static int opt_limit = 1000;
static gboolean opt_only;
static gboolean opt_stacks;

static void
print_records (GVariant *records)
{
  g_autoptr (LifecycleTable) table =
    lifecycle_table_new ("KIND", "SCOPE", "WHAT", ">AGE", "PLACE");

  for (gsize i = 0; i < g_variant_n_children (records); i++)
    {
      g_autoptr (GVariant) dict = g_variant_get_child_value (records, i);
      g_autofree char *what = lifecycle_format_entry (dict);
      g_autofree char *age = lifecycle_format_age ((gint64) lifecycle_dict_get_number (dict, "age"));
      g_autofree char *place = lifecycle_format_place (lifecycle_dict_get_string (dict, "place"));

      lifecycle_table_add (table,
                           lifecycle_dict_get_boolean (dict, "valid") ? LIFECYCLE_STYLE_PLAIN
                                                                      : LIFECYCLE_STYLE_DIM,
                           lifecycle_dict_get_string (dict, "kind"),
                           lifecycle_dict_get_string (dict, "scope"), what, age, place);
    }
  lifecycle_table_print (table);
}

static void
print_stacks (GVariant *records)
{
  for (gsize i = 0; i < g_variant_n_children (records); i++)
    {
      g_autoptr (GVariant) dict = g_variant_get_child_value (records, i);
      g_autofree char *what = lifecycle_format_entry (dict);

      g_print ("%s %s, in %s\n%s\n", lifecycle_dict_get_string (dict, "kind"), what,
               lifecycle_dict_get_string (dict, "scope"), lifecycle_dict_get_string (dict, "stack"));
    }
}

static int
run_records (const LifecycleCommand  *self,
             int                      argc,
             char                   **argv)
{
  const GOptionEntry options[] = {
    { "kind", 'k', 0, G_OPTION_ARG_STRING, &opt_kind, "Only this kind, such as handler or timer", "KIND" },
    { "limit", 'n', 0, G_OPTION_ARG_INT, &opt_limit, "How many to list (1000)", "N" },
    { "only", 'o', 0, G_OPTION_ARG_NONE, &opt_only, "Only those of PATH itself", NULL },
    { "stacks", 's', 0, G_OPTION_ARG_NONE, &opt_stacks, "With stacks (needs LIFECYCLE_DEBUG=stacks)", NULL },
    JSON_OPTION,
    { NULL }
  };
  g_autoptr (LifecycleProgram) program = NULL;
  g_autoptr (GVariant) result = NULL;
  g_autoptr (GVariant) records = NULL;
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  guint32 total;
  int status;

  if (!lifecycle_command_parse (self, options, 1, 2, &argc, &argv, &status))
    return status;

  g_variant_dict_insert (&dict, "recursive", "b", !opt_only);
  g_variant_dict_insert (&dict, "maximum", "u", (guint32) MAX (opt_limit, 0));
  if (opt_kind != NULL)
    g_variant_dict_insert (&dict, "kind", "s", opt_kind);

  program = lifecycle_program_open (argv[0]);
  if (program != NULL)
    result = lifecycle_program_call (program, "ListRecords",
                                     g_variant_new ("(s@a{sv})", argc > 1 ? argv[1] : "",
                                                    g_variant_dict_end (&dict)));
  if (result == NULL)
    return LIFECYCLE_TOOL_FAILED;

  g_variant_get (result, "(@aa{sv}u)", &records, &total);
  if (opt_json)
    lifecycle_print_json (records);
  else if (opt_stacks)
    print_stacks (records);
  else
    print_records (records);

  if (total > g_variant_n_children (records))
    g_printerr ("These are %" G_GSIZE_FORMAT " of %u; see --limit.\n",
                g_variant_n_children (records), total);

  return LIFECYCLE_TOOL_CLEAN;
}

const LifecycleCommand lifecycle_command_records = {
  .name = "records",
  .arguments = "PID [PATH]",
  .summary = "List what scopes own, one by one",
  .help =
    "The oldest come first. WHAT has the signal and the function that is called, or the name.\n"
    "\n"
    "Examples:\n"
    "  lifecycle records player app/window        what the window and all below it own\n"
    "  lifecycle records player -k timer          all timers\n",
  .run = run_records,
};

/* --- statistics --- */

static void
print_statistics (GVariant *statistics)
{
  g_autoptr (LifecycleTable) table = lifecycle_table_new ("KIND", ">LIVE", ">ADDED", ">RELEASED",
                                                          ">RETIRED");
  g_autoptr (GVariant) kinds = g_variant_lookup_value (statistics, "kinds", G_VARIANT_TYPE_VARDICT);
  g_autoptr (GVariant) closed = g_variant_lookup_value (statistics, "closed",
                                                        G_VARIANT_TYPE ("a{st}"));
  GVariantIter iter;
  const char *name;
  GVariant *counts;
  guint64 n, n_closed = 0;
  g_autoptr (GString) reasons = g_string_new (NULL);

  g_variant_iter_init (&iter, kinds);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &counts))
    {
      g_autofree char *live = lifecycle_format_count (lifecycle_dict_get_number (counts, "live"));
      g_autofree char *added = lifecycle_format_count (lifecycle_dict_get_number (counts, "added"));
      g_autofree char *released =
        lifecycle_format_count (lifecycle_dict_get_number (counts, "released"));
      g_autofree char *retired = lifecycle_format_count (lifecycle_dict_get_number (counts, "retired"));

      lifecycle_table_add (table, LIFECYCLE_STYLE_PLAIN, name, live, added, released, retired);
      g_variant_unref (counts);
    }
  lifecycle_table_print (table);

  g_variant_iter_init (&iter, closed);
  while (g_variant_iter_next (&iter, "{&st}", &name, &n))
    {
      n_closed += n;
      g_string_append_printf (reasons, "%s%s %" G_GUINT64_FORMAT, reasons->len > 0 ? ", " : "", name, n);
    }

  g_print ("\nScopes: %" G_GUINT64_FORMAT " open, %" G_GUINT64_FORMAT " closed%s%s%s\n",
           lifecycle_dict_get_number (statistics, "scopes"), n_closed,
           reasons->len > 0 ? " (" : "", reasons->str, reasons->len > 0 ? ")" : "");
  g_print ("Most that one scope has owned: %" G_GUINT64_FORMAT "\n",
           lifecycle_dict_get_number (statistics, "peak"));
  g_print ("Added too late: %" G_GUINT64_FORMAT ", failed cleanups: %" G_GUINT64_FORMAT "\n",
           lifecycle_dict_get_number (statistics, "late"),
           lifecycle_dict_get_number (statistics, "failed"));
  g_print ("Closing took %.3f ms in all, %.3f ms at most\n",
           (double) lifecycle_dict_get_number (statistics, "closing-time") / 1000,
           (double) lifecycle_dict_get_number (statistics, "longest-closing-time") / 1000);
}

static int
run_statistics (const LifecycleCommand  *self,
                int                      argc,
                char                   **argv)
{
  const GOptionEntry options[] = { JSON_OPTION, { NULL } };
  g_autoptr (GVariant) statistics = NULL;
  int status;

  if (!lifecycle_command_parse (self, options, 1, 2, &argc, &argv, &status))
    return status;

  statistics = lifecycle_program_ask (argv[0], "GetStatistics", g_variant_new ("(s)", argc > 1 ? argv[1] : ""));
  if (statistics == NULL)
    return LIFECYCLE_TOOL_FAILED;

  if (opt_json)
    lifecycle_print_json (statistics);
  else
    print_statistics (statistics);

  return LIFECYCLE_TOOL_CLEAN;
}

const LifecycleCommand lifecycle_command_statistics = {
  .name = "statistics",
  .arguments = "PID [PATH]",
  .summary = "Count what scopes own",
  .help =
    "What was added is live, or was released by a close, or has retired: it ended by itself.\n"
    "\n"
    "Without PATH, the numbers are those of the whole program, including scopes that are gone.\n",
  .run = run_statistics,
};
