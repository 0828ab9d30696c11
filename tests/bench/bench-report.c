/* bench-report.c: a table for people, an array of objects for machines
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "bench-private.h"

#include <math.h>

#define LINE "%-56s %11s %11s %7s %-15s %s\n"

static GString   *json;
static GPtrArray *notes;
static guint      n_ok;
static guint      n_over;

static char *
format_amount (double      value,
               const char *unit)
{
  if (!g_str_equal (unit, "ns"))
    return g_strdup_printf ("%.0f %s", value, unit);
  if (fabs (value) < 1e3)
    return g_strdup_printf ("%.1f ns", value);
  if (fabs (value) < 1e6)
    return g_strdup_printf ("%.2f us", value / 1e3);
  if (fabs (value) < 1e9)
    return g_strdup_printf ("%.2f ms", value / 1e6);
  return g_strdup_printf ("%.2f s", value / 1e9);
}

static char *
format_budget (const BenchRow *row)
{
  g_autofree char *amount = NULL;

  switch (row->budget)
    {
    case BENCH_BUDGET_RATIO:
      return g_strdup_printf ("<= %.2f x", row->limit);

    case BENCH_BUDGET_OURS:
      amount = format_amount (row->limit, row->unit);
      return g_strdup_printf ("<= %s", amount);

    case BENCH_BUDGET_EXTRA:
      amount = format_amount (row->limit, row->unit);
      return g_strdup_printf ("<= +%s", amount);

    case BENCH_BUDGET_NONE:
    default:
      return g_strdup ("-");
    }
}

static const char *
verdict (const BenchRow *row)
{
  double value = 0;

  if (row->skipped != NULL)
    return "skipped";

  switch (row->budget)
    {
    case BENCH_BUDGET_RATIO:
      value = row->ours / row->baseline;
      break;

    case BENCH_BUDGET_OURS:
      value = row->ours;
      break;

    case BENCH_BUDGET_EXTRA:
      value = row->ours - row->baseline;
      break;

    case BENCH_BUDGET_NONE:
    default:
      return "-";
    }

  return value <= row->limit ? "ok" : "over";
}

static void
json_add_string (const char *key,
                 const char *value)
{
  g_string_append_printf (json, ", \"%s\": ", key);
  if (value == NULL)
    {
      g_string_append (json, "null");
      return;
    }

  g_string_append_c (json, '"');
  for (; *value != '\0'; value++)
    {
      if (*value == '"' || *value == '\\')
        g_string_append_c (json, '\\');
      if ((guchar) *value >= 0x20)
        g_string_append_c (json, *value);
    }
  g_string_append_c (json, '"');
}

/* Never with the comma of the user's locale. */
static void
json_add_number (const char *key,
                 gboolean    present,
                 double      value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  if (present && isfinite (value))
    g_ascii_formatd (buffer, sizeof buffer, "%.4f", value);
  else
    g_strlcpy (buffer, "null", sizeof buffer);
  g_string_append_printf (json, ", \"%s\": %s", key, buffer);
}

static void
report_json (const BenchRow *row)
{
  static const char *budgets[] = { "none", "ratio", "ours", "extra" };
  gboolean measured = row->skipped == NULL;
  gboolean compared = measured && row->baseline_name != NULL;

  if (json == NULL)
    json = g_string_new ("[\n");
  else
    g_string_append (json, ",\n");

  g_string_append_printf (json, "  {\"id\": \"%s\"", row->id);
  json_add_string ("what", row->what);
  json_add_string ("unit", row->unit);
  json_add_string ("baseline_name", row->baseline_name);
  json_add_number ("ours", measured, row->ours);
  json_add_number ("baseline", compared, row->baseline);
  json_add_number ("ratio", compared, row->ours / row->baseline);
  json_add_number ("extra", compared, row->ours - row->baseline);
  json_add_string ("budget", budgets[row->budget]);
  json_add_number ("limit", row->budget != BENCH_BUDGET_NONE, row->limit);
  json_add_string ("verdict", verdict (row));
  json_add_string ("note", row->note);
  json_add_string ("skipped", row->skipped);
  g_string_append_c (json, '}');
}

void
bench_report_row (const BenchRow *row)
{
  g_autofree char *ours = NULL;
  g_autofree char *baseline = NULL;
  g_autofree char *ratio = NULL;
  g_autofree char *budget = NULL;
  g_autofree char *what = NULL;
  g_autofree char *note = NULL;

  if (!bench_wants (row->id))
    return;

  if (bench_options.json)
    {
      report_json (row);
      return;
    }

  if (notes == NULL)
    {
      notes = g_ptr_array_new_with_free_func (g_free);
      g_print (LINE, "what", "ours", "baseline", "ratio", "budget", "");
    }

  if (row->skipped != NULL)
    note = g_strdup_printf ("skipped: %s", row->skipped);
  else if (row->baseline_name != NULL && row->note != NULL)
    note = g_strdup_printf ("against %s; %s", row->baseline_name, row->note);
  else if (row->baseline_name != NULL)
    note = g_strdup_printf ("against %s", row->baseline_name);
  else
    note = g_strdup (row->note);

  what = g_strdup (row->what);
  if (note != NULL)
    {
      guint i;

      if (!g_ptr_array_find_with_equal_func (notes, note, g_str_equal, &i))
        {
          i = notes->len;
          g_ptr_array_add (notes, g_steal_pointer (&note));
        }
      g_free (what);
      what = g_strdup_printf ("%s [%u]", row->what, i + 1);
    }

  if (row->skipped == NULL)
    {
      ours = format_amount (row->ours, row->unit);
      if (row->baseline_name != NULL)
        {
          baseline = format_amount (row->baseline, row->unit);
          ratio = g_strdup_printf ("%.2f", row->ours / row->baseline);
        }
    }
  budget = format_budget (row);

  g_print (LINE, what,
           ours != NULL ? ours : "-",
           baseline != NULL ? baseline : "-",
           ratio != NULL ? ratio : "-",
           budget, verdict (row));

  n_ok += g_str_equal (verdict (row), "ok");
  n_over += g_str_equal (verdict (row), "over");
}

void
bench_report_end (void)
{
  if (bench_options.json)
    {
      g_print ("%s\n]\n", json != NULL ? json->str : "[");
      if (json != NULL)
        g_string_free (g_steal_pointer (&json), TRUE);
      return;
    }

  if (notes == NULL)
    {
      g_print ("No row is called that.\n");
      return;
    }

  g_print ("\n");
  for (guint i = 0; i < notes->len; i++)
    g_print ("[%u] %s\n", i + 1, (const char *) g_ptr_array_index (notes, i));
  g_print ("\n%u within budget, %u over. GLib %u.%u.%u, medians of %u interleaved rounds, "
           "CPU time of the thread.\n",
           n_ok, n_over, glib_major_version, glib_minor_version, glib_micro_version,
           bench_options.rounds);
  g_clear_pointer (&notes, g_ptr_array_unref);
}
