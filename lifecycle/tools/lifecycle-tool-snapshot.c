/* lifecycle-tool-snapshot.c: snapshots of programs, and what is different between two
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-tool-output-private.h"
#include "lifecycle-tool-private.h"
#include "lifecycle-tool-program-private.h"
#include "lifecycle-tool-audit-private.h"
#include "lifecycle-tool-snapshot-private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What a file says it is. */
#define FORMAT "lifecycle-snapshot-1"

static gboolean opt_json;
static gboolean opt_all;
static char *opt_output;
static int opt_records = 5000;

JsonArray *
lifecycle_json_get_array (JsonObject *object,
                          const char *key)
{
  static JsonArray *empty;
  JsonNode *node = json_object_get_member (object, key);

  if (node != NULL && JSON_NODE_HOLDS_ARRAY (node))
    return json_node_get_array (node);

  if (empty == NULL)
    empty = json_array_new ();

  return empty;
}

const char *
lifecycle_json_get_string (JsonObject *object,
                           const char *key)
{
  return json_object_get_string_member_with_default (object, key, "");
}

gint64
lifecycle_json_get_number (JsonObject *object,
                           const char *key)
{
  return json_object_get_int_member_with_default (object, key, 0);
}

/* Takes a snapshot of a program. Returns NULL after having said what is wrong. */
JsonNode *
lifecycle_snapshot_take (const char *who,
                         guint       n_records)
{
  g_autoptr (LifecycleProgram) program = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) result = NULL;
  g_autoptr (GVariant) snapshot = NULL;
  g_auto (GVariantDict) options = G_VARIANT_DICT_INIT (NULL);
  /* A program that runs under the audit need not know of this library. */
  JsonNode *node = lifecycle_audit_snapshot (who, &error);

  if (error != NULL)
    lifecycle_tool_fail ("there is no snapshot of '%s': %s", who, error->message);
  if (node != NULL || error != NULL)
    return node;

  program = lifecycle_program_open (who);
  if (program == NULL)
    return NULL;

  g_variant_dict_insert (&options, "records", "u", n_records);
  result = lifecycle_program_call (program, "TakeSnapshot",
                                   g_variant_new ("(@a{sv})", g_variant_dict_end (&options)));
  if (result == NULL)
    return NULL;

  snapshot = g_variant_get_child_value (result, 0);
  node = json_gvariant_serialize (snapshot);
  json_object_set_string_member (json_node_get_object (node), "format", FORMAT);

  return node;
}

/* A program often has the name of its executable, which is in the current directory. A snapshot is JSON. */
static gboolean
is_program (const char *path)
{
  char start[2] = "";
  FILE *file = fopen (path, "re");

  if (file == NULL)
    return FALSE;

  if (fread (start, 1, sizeof start, file) != sizeof start)
    start[0] = '\0';
  fclose (file);

  return start[0] == '\177' || (start[0] == '#' && start[1] == '!');
}

/* Loads a file or, if no file of that name can be a snapshot, takes one of the program of that name. */
JsonNode *
lifecycle_snapshot_load_or_take (const char *what,
                                 guint       n_records)
{
  g_autoptr (JsonParser) parser = NULL;
  g_autoptr (GError) error = NULL;
  JsonNode *root;

  if (!g_file_test (what, G_FILE_TEST_EXISTS) || g_file_test (what, G_FILE_TEST_IS_DIR) ||
      is_program (what))
    return lifecycle_snapshot_take (what, n_records);

  parser = json_parser_new_immutable ();
  if (!json_parser_load_from_file (parser, what, &error))
    {
      lifecycle_tool_fail ("'%s' cannot be read: %s", what, error->message);
      return NULL;
    }

  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root) ||
      strcmp (lifecycle_json_get_string (json_node_get_object (root), "format"), FORMAT) != 0)
    {
      lifecycle_tool_fail ("'%s' is not a snapshot", what);
      return NULL;
    }

  return json_node_ref (root);
}

/* Whether there is a leak, or something that can never fire. */
gboolean
lifecycle_snapshot_has_findings (JsonNode *snapshot)
{
  JsonObject *object = json_node_get_object (snapshot);
  JsonArray *stuck = lifecycle_json_get_array (object, "stuck");

  if (json_array_get_length (lifecycle_json_get_array (object, "leaks")) > 0)
    return TRUE;

  for (guint i = 0; i < json_array_get_length (stuck); i++)
    {
      if (json_object_get_boolean_member_with_default (json_array_get_object_element (stuck, i),
                                                       "certain", FALSE))
        return TRUE;
    }

  return FALSE;
}

static int
run_snapshot (const LifecycleCommand  *self,
              int                      argc,
              char                   **argv)
{
  const GOptionEntry options[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &opt_output, "Where to write it (to standard output)", "FILE" },
    { "records", 'r', 0, G_OPTION_ARG_INT, &opt_records, "How many entries to list one by one (5000)", "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &opt_json, "A snapshot is JSON in any case", NULL },
    { NULL }
  };
  JsonNode *snapshot;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  if (!lifecycle_command_parse (self, options, 1, 1, &argc, &argv, &status))
    return status;

  snapshot = lifecycle_snapshot_take (argv[0], (guint) MAX (opt_records, 0));
  if (snapshot == NULL)
    return LIFECYCLE_TOOL_FAILED;

  text = json_to_string (snapshot, TRUE);
  json_node_unref (snapshot);
  if (opt_output == NULL || strcmp (opt_output, "-") == 0)
    {
      g_print ("%s\n", text);
      return LIFECYCLE_TOOL_CLEAN;
    }

  if (!g_file_set_contents (opt_output, text, -1, &error))
    return lifecycle_tool_fail ("'%s' cannot be written: %s", opt_output, error->message);

  return LIFECYCLE_TOOL_CLEAN;
}

const LifecycleCommand lifecycle_command_snapshot = {
  .name = "snapshot",
  .arguments = "PID",
  .summary = "Write down everything that can be known of a program",
  .help =
    "Compare two snapshots with 'lifecycle diff', and make a page of one with 'lifecycle report'.\n"
    "\n"
    "What opening and closing a dialog leaves behind:\n"
    "  lifecycle snapshot player -o before\n"
    "  … open and close the dialog, once or better ten times …\n"
    "  lifecycle snapshot player -o after\n"
    "  lifecycle diff before after\n",
  .run = run_snapshot,
};

/* --- diff --- */

typedef struct
{
  char       *key;
  JsonObject *site;             /* the newer one, if there is one */
  gint64      before;
  gint64      after;
} Change;

static void
change_free (gpointer data)
{
  Change *self = data;

  g_free (self->key);
  g_free (self);
}

/* Entries are the same if they are of one kind and were added at one place; if that is not known, if
 * they are called the same.
 */
static char *
dup_site_key (JsonObject *site)
{
  const char *kind = lifecycle_json_get_string (site, "kind");
  const char *place = lifecycle_json_get_string (site, "place");

  if (*place != '\0')
    return g_strdup_printf ("%s %s", kind, place);

  return g_strdup_printf ("%s  %s %s %s", kind, lifecycle_json_get_string (site, "name"),
                          lifecycle_json_get_string (site, "type"),
                          lifecycle_json_get_string (site, "signal"));
}

static void
count_sites (GHashTable *changes,
             JsonNode   *snapshot,
             gboolean    is_after)
{
  JsonArray *sites = lifecycle_json_get_array (json_node_get_object (snapshot), "sites");

  for (guint i = 0; i < json_array_get_length (sites); i++)
    {
      JsonObject *site = json_array_get_object_element (sites, i);
      char *key = dup_site_key (site);
      Change *change = g_hash_table_lookup (changes, key);
      gint64 n = lifecycle_json_get_number (site, "count");

      if (change == NULL)
        {
          change = g_new0 (Change, 1);
          change->key = key;
          g_hash_table_insert (changes, key, change);
        }
      else
        {
          g_free (key);
        }
      change->site = site;
      if (is_after)
        change->after += n;
      else
        change->before += n;
    }
}

static int
compare_changes (gconstpointer a,
                 gconstpointer b)
{
  const Change *one = *(Change *const *) a, *other = *(Change *const *) b;
  gint64 grown = one->after - one->before, other_grown = other->after - other->before;

  if (grown != other_grown)
    return grown < other_grown ? 1 : -1;

  return strcmp (one->key, other->key);
}

static char *
format_site (JsonObject *site)
{
  g_autoptr (GVariant) dict = NULL;
  GVariantBuilder builder;
  static const char *const keys[] = { "name", "type", "signal", "callback" };

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      const char *value = lifecycle_json_get_string (site, keys[i]);

      if (*value != '\0')
        g_variant_builder_add (&builder, "{sv}", keys[i], g_variant_new_string (value));
    }
  dict = g_variant_ref_sink (g_variant_builder_end (&builder));

  return lifecycle_format_entry (dict);
}

static void
print_changes (GPtrArray *changes)
{
  g_autoptr (LifecycleTable) table = lifecycle_table_new (">CHANGE", ">BEFORE", ">AFTER", "KIND", "WHAT",
                                                          "SCOPE", "PLACE");

  for (guint i = 0; i < changes->len; i++)
    {
      Change *change = g_ptr_array_index (changes, i);
      gint64 grown = change->after - change->before;
      g_autofree char *by = g_strdup_printf ("%+" G_GINT64_FORMAT, grown);
      g_autofree char *before = lifecycle_format_count ((guint64) change->before);
      g_autofree char *after = lifecycle_format_count ((guint64) change->after);
      g_autofree char *what = format_site (change->site);
      g_autofree char *place =
        lifecycle_format_place (lifecycle_json_get_string (change->site, "place"));

      lifecycle_table_add (table, grown > 0 ? LIFECYCLE_STYLE_BAD : LIFECYCLE_STYLE_DIM, by, before,
                           after, lifecycle_json_get_string (change->site, "kind"), what,
                           lifecycle_json_get_string (change->site, "scope"), place);
    }
  lifecycle_table_print (table);
}

static void
print_changes_as_json (GPtrArray *changes)
{
  JsonArray *array = json_array_new ();
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);
  g_autofree char *text = NULL;

  for (guint i = 0; i < changes->len; i++)
    {
      Change *change = g_ptr_array_index (changes, i);
      JsonObject *object = json_object_new ();
      static const char *const keys[] = {
        "kind", "place", "name", "type", "signal", "callback", "scope"
      };

      json_object_set_int_member (object, "change", change->after - change->before);
      json_object_set_int_member (object, "before", change->before);
      json_object_set_int_member (object, "after", change->after);
      for (guint j = 0; j < G_N_ELEMENTS (keys); j++)
        {
          const char *value = lifecycle_json_get_string (change->site, keys[j]);

          if (*value != '\0')
            json_object_set_string_member (object, keys[j], value);
        }
      json_array_add_object_element (array, object);
    }

  json_node_take_array (node, array);
  text = json_to_string (node, TRUE);
  g_print ("%s\n", text);
  json_node_unref (node);
}

static int
run_diff (const LifecycleCommand  *self,
          int                      argc,
          char                   **argv)
{
  const GOptionEntry options[] = {
    { "all", 'a', 0, G_OPTION_ARG_NONE, &opt_all, "Also list what has become less", NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &opt_json, "Print JSON", NULL },
    { NULL }
  };
  g_autoptr (GHashTable) by_key = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, change_free);
  g_autoptr (GPtrArray) changes = g_ptr_array_new ();
  JsonNode *before, *after = NULL;
  GHashTableIter iter;
  gpointer data;
  gboolean grown = FALSE;
  int status;

  if (!lifecycle_command_parse (self, options, 2, 2, &argc, &argv, &status))
    return status;

  before = lifecycle_snapshot_load_or_take (argv[0], 0);
  if (before != NULL)
    after = lifecycle_snapshot_load_or_take (argv[1], 0);
  if (after == NULL)
    {
      g_clear_pointer (&before, json_node_unref);
      return LIFECYCLE_TOOL_FAILED;
    }

  count_sites (by_key, before, FALSE);
  count_sites (by_key, after, TRUE);
  g_hash_table_iter_init (&iter, by_key);
  while (g_hash_table_iter_next (&iter, NULL, &data))
    {
      Change *change = data;

      grown |= change->after > change->before;
      if (change->after > change->before || (opt_all && change->after < change->before))
        g_ptr_array_add (changes, change);
    }
  g_ptr_array_sort (changes, compare_changes);

  if (opt_json)
    print_changes_as_json (changes);
  else if (changes->len > 0)
    print_changes (changes);
  else
    g_print ("Nothing has grown.\n");

  json_node_unref (before);
  json_node_unref (after);

  return grown ? LIFECYCLE_TOOL_FINDINGS : LIFECYCLE_TOOL_CLEAN;
}

const LifecycleCommand lifecycle_command_diff = {
  .name = "diff",
  .arguments = "A B",
  .summary = "List what has grown between two snapshots, by where it was added",
  .help =
    "A and B are files of 'lifecycle snapshot', or programs, of which a snapshot is taken now.\n"
    "\n"
    "The exit status is 1 if something has grown.\n",
  .run = run_diff,
};
