/* lifecycle-tool-audit-formats.c: reports for people and for machines
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <string.h>

#include "lifecycle-tool-audit-private.h"

/* More than this on the first screen is not read. */
#define MAX_TOLD 10

static const char *const kinds[] = { "dangling", "piling-up", "held", "misuse" };

static const char *const explanations[] = {
  "A handler or source whose data is an object that has been finalized",
  "What is made in every round and does not end",
  "An object that has been disposed of or destroyed, and lives on",
  "An id that is 0, is gone, or belongs to another instance",
};

static void
append_finding (GString            *text,
                guint               number,
                const AuditFinding *finding)
{
  g_string_append_printf (text, "%2u. %s: %s\n", number, finding->kind, finding->summary);
  for (guint i = 0; i < finding->frames->len; i++)
    {
      g_autofree char *place = audit_frame_describe (g_ptr_array_index (finding->frames, i));

      g_string_append_printf (text, "    %s %s\n", i == 0 ? "at" : "by", place);
    }
  for (guint i = 0; i < finding->details->len; i++)
    g_string_append_printf (text, "    %s\n", (char *) g_ptr_array_index (finding->details, i));
  g_string_append_c (text, '\n');
}

static void
append_growth (GString            *text,
               const AuditProcess *process)
{
  guint n = process->rounds != NULL ? json_array_get_length (process->rounds) : 0;
  JsonObject *first, *last;

  if (n < 2)
    return;

  first = json_array_get_object_element (process->rounds, 0);
  last = json_array_get_object_element (process->rounds, n - 1);
  g_string_append_printf (text, "From the first to the last snapshot: handlers %" G_GINT64_FORMAT
                          " → %" G_GINT64_FORMAT ", sources %" G_GINT64_FORMAT " → %"
                          G_GINT64_FORMAT ", objects %" G_GINT64_FORMAT " → %" G_GINT64_FORMAT
                          ", memory %.1f → %.1f MiB\n\n",
                          json_object_get_int_member (first, "handler"),
                          json_object_get_int_member (last, "handler"),
                          json_object_get_int_member (first, "source"),
                          json_object_get_int_member (last, "source"),
                          json_object_get_int_member (first, "object"),
                          json_object_get_int_member (last, "object"),
                          (double) json_object_get_int_member (first, "resident") / 1048576,
                          (double) json_object_get_int_member (last, "resident") / 1048576);
}

static void
append_process (GString            *text,
                const AuditProcess *process,
                gboolean            all)
{
  guint n_own = audit_process_count (process);
  guint n_shown = all ? process->findings->len : n_own;
  guint n_told = all ? n_shown : MIN (n_shown, MAX_TOLD);

  g_string_append_printf (text, "lifecycle audit: %s (process %d), %.1f s, %u snapshot%s: ",
                          process->program, process->pid, process->seconds, process->n_snapshots,
                          process->n_snapshots == 1 ? "" : "s");
  if (n_own == 0)
    g_string_append (text, "nothing found\n");
  else
    g_string_append_printf (text, "%u finding%s\n", n_own, n_own == 1 ? "" : "s");
  if (!process->finished)
    g_string_append (text, "The program has not come to its exit: this is what was found before.\n");
  if (process->finished && n_own == 0 && process->n_snapshots < 3)
    g_string_append (text, "What piles up shows only after three snapshots or more: "
                           "see 'lifecycle audit --help'.\n");
  g_string_append_c (text, '\n');

  append_growth (text, process);
  for (guint i = 0; i < n_told; i++)
    append_finding (text, i + 1, g_ptr_array_index (process->findings, i));
  if (n_told < n_shown)
    g_string_append_printf (text, "%u more with --all or --json.\n\n", n_shown - n_told);
  if (!all && n_own < process->findings->len)
    g_string_append_printf (text, "%u more in code of the platform, with --all.\n\n",
                            process->findings->len - n_own);
}

char *
audit_report_text (GPtrArray *processes,
                   gboolean   all)
{
  GString *text = g_string_new (NULL);

  if (processes->len == 0)
    g_string_append (text, "lifecycle audit: nothing to look at, because no object of GLib was made\n");
  for (guint i = 0; i < processes->len; i++)
    append_process (text, g_ptr_array_index (processes, i), all);

  return g_string_free (text, FALSE);
}

static char *
to_text (JsonBuilder *builder)
{
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  char *text = json_to_string (root, TRUE);
  char *lines = g_strconcat (text, "\n", NULL);

  g_free (text);

  return lines;
}

static void
add_string (JsonBuilder *builder,
            const char  *name,
            const char  *value)
{
  json_builder_set_member_name (builder, name);
  if (value != NULL)
    json_builder_add_string_value (builder, value);
  else
    json_builder_add_null_value (builder);
}

static void
add_int (JsonBuilder *builder,
         const char  *name,
         gint64       value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

static void
add_boolean (JsonBuilder *builder,
             const char  *name,
             gboolean     value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, value);
}

static void
add_frame (JsonBuilder      *builder,
           const AuditFrame *frame)
{
  json_builder_begin_object (builder);
  add_string (builder, "function", frame->function);
  add_string (builder, "file", frame->file);
  if (frame->file != NULL)
    add_int (builder, "line", frame->line);
  add_string (builder, "module", frame->module);
  add_int (builder, "offset", (gint64) frame->offset);
  add_boolean (builder, "own", frame->own);
  json_builder_end_object (builder);
}

/* What the audit wrote, without addresses, which mean nothing outside of the process. */
static void
add_raw_members (JsonBuilder *builder,
                 JsonObject  *raw)
{
  static const char *const left_out[] = { "kind", "site", "holders", "data", "own", NULL };
  g_autoptr (GList) names = json_object_get_members (raw);

  for (GList *name = names; name != NULL; name = name->next)
    if (!g_strv_contains (left_out, name->data))
      {
        json_builder_set_member_name (builder, name->data);
        json_builder_add_value (builder, json_node_copy (json_object_get_member (raw, name->data)));
      }
}

char *
audit_report_json (GPtrArray *processes,
                   gboolean   all)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  guint n = 0;

  for (guint i = 0; i < processes->len; i++)
    n += audit_process_count (g_ptr_array_index (processes, i));

  json_builder_begin_object (builder);
  add_string (builder, "format", "lifecycle-audit-report-1");
  add_int (builder, "n-findings", n);
  json_builder_set_member_name (builder, "processes");
  json_builder_begin_array (builder);
  for (guint i = 0; i < processes->len; i++)
    {
      const AuditProcess *process = g_ptr_array_index (processes, i);

      json_builder_begin_object (builder);
      add_int (builder, "pid", process->pid);
      add_string (builder, "program", process->program);
      json_builder_set_member_name (builder, "seconds");
      json_builder_add_double_value (builder, process->seconds);
      add_int (builder, "snapshots", process->n_snapshots);
      add_boolean (builder, "finished", process->finished);
      if (process->rounds != NULL)
        {
          JsonNode *rounds = json_node_new (JSON_NODE_ARRAY);

          json_node_set_array (rounds, process->rounds);
          json_builder_set_member_name (builder, "rounds");
          json_builder_add_value (builder, rounds);
        }
      json_builder_set_member_name (builder, "findings");
      json_builder_begin_array (builder);
      for (guint j = 0; j < process->findings->len; j++)
        {
          const AuditFinding *finding = g_ptr_array_index (process->findings, j);

          if (!all && !finding->own)
            continue;
          json_builder_begin_object (builder);
          add_string (builder, "kind", finding->kind);
          add_string (builder, "summary", finding->summary);
          add_boolean (builder, "own", finding->own);
          json_builder_set_member_name (builder, "details");
          json_builder_begin_array (builder);
          for (guint k = 0; k < finding->details->len; k++)
            json_builder_add_string_value (builder, g_strstrip (g_ptr_array_index (finding->details, k)));
          json_builder_end_array (builder);
          json_builder_set_member_name (builder, "frames");
          json_builder_begin_array (builder);
          for (guint k = 0; k < finding->frames->len; k++)
            add_frame (builder, g_ptr_array_index (finding->frames, k));
          json_builder_end_array (builder);
          add_raw_members (builder, finding->raw);
          json_builder_end_object (builder);
        }
      json_builder_end_array (builder);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);

  return to_text (builder);
}

static char *
join_details (const AuditFinding *finding)
{
  GString *text = g_string_new (finding->summary);

  for (guint i = 0; i < finding->frames->len; i++)
    {
      g_autofree char *place = audit_frame_describe (g_ptr_array_index (finding->frames, i));

      g_string_append_printf (text, "\n%s %s", i == 0 ? "at" : "by", place);
    }
  for (guint i = 0; i < finding->details->len; i++)
    g_string_append_printf (text, "\n%s", (char *) g_ptr_array_index (finding->details, i));

  return g_string_free (text, FALSE);
}

static void
add_message (JsonBuilder *builder,
             const char  *name,
             const char  *text)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_object (builder);
  add_string (builder, "text", text);
  json_builder_end_object (builder);
}

static void
add_sarif_location (JsonBuilder      *builder,
                    const AuditFrame *frame)
{
  json_builder_begin_object (builder);
  if (frame->file != NULL || frame->module != NULL)
    {
      json_builder_set_member_name (builder, "physicalLocation");
      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "artifactLocation");
      json_builder_begin_object (builder);
      {
        g_autofree char *uri = g_uri_escape_string (frame->file != NULL ? frame->file : frame->module,
                                                    "/:", TRUE);
        add_string (builder, "uri", uri);
      }
      json_builder_end_object (builder);
      if (frame->file != NULL)
        {
          json_builder_set_member_name (builder, "region");
          json_builder_begin_object (builder);
          add_int (builder, "startLine", MAX (frame->line, 1));
          json_builder_end_object (builder);
        }
      json_builder_end_object (builder);
    }
  if (frame->function != NULL)
    {
      json_builder_set_member_name (builder, "logicalLocations");
      json_builder_begin_array (builder);
      json_builder_begin_object (builder);
      add_string (builder, "name", frame->function);
      add_string (builder, "kind", "function");
      json_builder_end_object (builder);
      json_builder_end_array (builder);
    }
  json_builder_end_object (builder);
}

static void
add_sarif_result (JsonBuilder        *builder,
                  const AuditProcess *process,
                  const AuditFinding *finding)
{
  g_autofree char *text = join_details (finding);
  gboolean certain = strcmp (finding->kind, "dangling") == 0 || strcmp (finding->kind, "misuse") == 0;

  json_builder_begin_object (builder);
  add_string (builder, "ruleId", finding->kind);
  add_string (builder, "level", certain ? "error" : "warning");
  add_message (builder, "message", text);
  json_builder_set_member_name (builder, "locations");
  json_builder_begin_array (builder);
  add_sarif_location (builder, g_ptr_array_index (finding->frames, 0));
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "properties");
  json_builder_begin_object (builder);
  add_string (builder, "program", process->program);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
}

/* SARIF 2.1.0, which tools for code review read. */
char *
audit_report_sarif (GPtrArray *processes,
                    gboolean   all)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  add_string (builder, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
  add_string (builder, "version", "2.1.0");
  json_builder_set_member_name (builder, "runs");
  json_builder_begin_array (builder);
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "tool");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "driver");
  json_builder_begin_object (builder);
  add_string (builder, "name", "lifecycle audit");
  add_string (builder, "version", LIFECYCLE_TOOL_VERSION);
  json_builder_set_member_name (builder, "rules");
  json_builder_begin_array (builder);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      json_builder_begin_object (builder);
      add_string (builder, "id", kinds[i]);
      add_message (builder, "shortDescription", explanations[i]);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  json_builder_set_member_name (builder, "results");
  json_builder_begin_array (builder);
  for (guint i = 0; i < processes->len; i++)
    {
      const AuditProcess *process = g_ptr_array_index (processes, i);

      for (guint j = 0; j < process->findings->len; j++)
        {
          const AuditFinding *finding = g_ptr_array_index (process->findings, j);

          if (all || finding->own)
            add_sarif_result (builder, process, finding);
        }
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  json_builder_end_array (builder);
  json_builder_end_object (builder);

  return to_text (builder);
}

/* JUnit, which CI systems read: a suite for each process, with a case for each kind. */
char *
audit_report_junit (GPtrArray *processes,
                    gboolean   all)
{
  GString *text = g_string_new ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");

  for (guint i = 0; i < processes->len; i++)
    {
      const AuditProcess *process = g_ptr_array_index (processes, i);
      g_autoptr (GString) cases = g_string_new (NULL);
      guint n_failed = 0;

      for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
        {
          g_autoptr (GString) failures = g_string_new (NULL);

          for (guint j = 0; j < process->findings->len; j++)
            {
              const AuditFinding *finding = g_ptr_array_index (process->findings, j);
              g_autofree char *details = NULL;
              g_autofree char *escaped = NULL;
              g_autofree char *summary = NULL;

              if ((!all && !finding->own) || strcmp (finding->kind, kinds[k]) != 0)
                continue;
              details = join_details (finding);
              escaped = g_markup_escape_text (details, -1);
              summary = g_markup_escape_text (finding->summary, -1);
              g_string_append_printf (failures, "      <failure message=\"%s\">%s</failure>\n",
                                      summary, escaped);
            }
          n_failed += failures->len > 0;
          g_string_append_printf (cases, "    <testcase classname=\"lifecycle.audit\" name=\"%s\"%s\n",
                                  kinds[k], failures->len > 0 ? ">" : "/>");
          if (failures->len > 0)
            g_string_append_printf (cases, "%s    </testcase>\n", failures->str);
        }

      {
        g_autofree char *name = g_markup_escape_text (process->program, -1);

        g_string_append_printf (text, "  <testsuite name=\"%s\" tests=\"%u\" failures=\"%u\" "
                                "time=\"%.1f\">\n%s  </testsuite>\n", name,
                                (guint) G_N_ELEMENTS (kinds), n_failed, process->seconds, cases->str);
      }
    }
  g_string_append (text, "</testsuites>\n");

  return g_string_free (text, FALSE);
}
