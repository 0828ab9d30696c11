/* lifecycle-tool-output.c: tables, colours, and JSON
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-tool-output-private.h"

#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

struct _LifecycleTable
{
  GPtrArray *titles;            /* of char * */
  GPtrArray *rows;              /* of GPtrArray of char * */
  GArray    *styles;            /* of LifecycleStyle, one for each row */
};

static gboolean
has_colours (void)
{
  static int known = -1;

  if (known < 0)
    known = isatty (STDOUT_FILENO) && g_getenv ("NO_COLOR") == NULL &&
            g_strcmp0 (g_getenv ("TERM"), "dumb") != 0;

  return known;
}

const char *
lifecycle_style_begin (LifecycleStyle style)
{
  static const char *const codes[] = { "", "\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[33m" };

  return has_colours () ? codes[style] : "";
}

const char *
lifecycle_style_end (LifecycleStyle style)
{
  return has_colours () && style != LIFECYCLE_STYLE_PLAIN ? "\033[0m" : "";
}

char *
lifecycle_clean_text (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *clean = g_string_new (NULL);

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (g_unichar_iscntrl (c) || g_unichar_type (c) == G_UNICODE_FORMAT)
        g_string_append_printf (clean, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
      else
        g_string_append_unichar (clean, c);
    }

  return g_string_free (clean, FALSE);
}

/* A compiler is told the path from where it runs: "../../src/main.c" says no more than "src/main.c".
 */
char *
lifecycle_format_place (const char *place)
{
  while (g_str_has_prefix (place, "../"))
    place += 3;

  return lifecycle_clean_text (place);
}

char *
lifecycle_format_age (gint64 ms)
{
  double s = (double) ms / 1000;

  if (s < 100)
    return g_strdup_printf ("%.1f s", s);
  if (s < 100 * 60)
    return g_strdup_printf ("%.0f min", s / 60);
  if (s < 48 * 3600)
    return g_strdup_printf ("%.1f h", s / 3600);

  return g_strdup_printf ("%.1f d", s / 86400);
}

char *
lifecycle_format_count (guint64 n)
{
  return g_strdup_printf ("%" G_GUINT64_FORMAT, n);
}

const char *
lifecycle_dict_get_string (GVariant   *dict,
                           const char *key)
{
  const char *value = "";

  g_variant_lookup (dict, key, "&s", &value);

  return value;
}

guint64
lifecycle_dict_get_number (GVariant   *dict,
                           const char *key)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (dict, key, NULL);

  if (value == NULL)
    return 0;

  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_UINT32:
      return g_variant_get_uint32 (value);
    case G_VARIANT_CLASS_UINT64:
      return g_variant_get_uint64 (value);
    case G_VARIANT_CLASS_INT64:
      return (guint64) MAX (g_variant_get_int64 (value), 0);
    default:
      return 0;
    }
}

gboolean
lifecycle_dict_get_boolean (GVariant   *dict,
                            const char *key)
{
  gboolean value = FALSE;

  g_variant_lookup (dict, key, "b", &value);

  return value;
}

char *
lifecycle_format_kinds (GVariant   *kinds,
                        const char *without)
{
  GString *text = g_string_new (NULL);
  GVariantIter iter;
  const char *kind;
  guint32 n;

  g_variant_iter_init (&iter, kinds);
  while (g_variant_iter_next (&iter, "{&su}", &kind, &n))
    {
      if (g_strcmp0 (kind, without) != 0)
        g_string_append_printf (text, "%s%s %u", text->len > 0 ? ", " : "", kind, n);
    }

  return g_string_free (text, FALSE);
}

char *
lifecycle_format_entry (GVariant *dict)
{
  const char *name = lifecycle_dict_get_string (dict, "name");
  const char *type = lifecycle_dict_get_string (dict, "type");
  const char *signal = lifecycle_dict_get_string (dict, "signal");
  const char *callback = lifecycle_dict_get_string (dict, "callback");
  g_autoptr (GString) text = g_string_new (NULL);

  if (*signal != '\0')
    g_string_append_printf (text, "%s::%s", *type != '\0' ? type : "object", signal);
  else if (*name != '\0')
    g_string_append_printf (text, "'%s'", name);
  else if (*type != '\0')
    g_string_append (text, type);
  if (*callback != '\0')
    g_string_append_printf (text, "%s%s()", text->len > 0 ? " → " : "", callback);

  return lifecycle_clean_text (text->str);
}

/* How many columns of a terminal a text takes. */
static guint
get_width (const char *text)
{
  guint width = 0;

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (!g_unichar_iszerowidth (c))
        width += g_unichar_iswide (c) ? 2 : 1;
    }

  return width;
}

LifecycleTable *
lifecycle_table_new_array (const char *const *titles)
{
  LifecycleTable *self = g_new0 (LifecycleTable, 1);

  self->titles = g_ptr_array_new_with_free_func (g_free);
  self->rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  self->styles = g_array_new (FALSE, FALSE, sizeof (LifecycleStyle));
  for (guint i = 0; titles[i] != NULL; i++)
    g_ptr_array_add (self->titles, g_strdup (titles[i]));

  return self;
}

void
lifecycle_table_free (LifecycleTable *self)
{
  g_ptr_array_unref (self->titles);
  g_ptr_array_unref (self->rows);
  g_array_unref (self->styles);
  g_free (self);
}

void
lifecycle_table_add_array (LifecycleTable    *self,
                           LifecycleStyle     style,
                           const char *const *cells)
{
  GPtrArray *row = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; cells[i] != NULL; i++)
    g_ptr_array_add (row, lifecycle_clean_text (cells[i]));

  g_assert (row->len == self->titles->len);
  g_ptr_array_add (self->rows, row);
  g_array_append_val (self->styles, style);
}

guint
lifecycle_table_get_n_rows (LifecycleTable *self)
{
  return self->rows->len;
}

static void
print_row (LifecycleTable *self,
           GPtrArray      *row,
           const guint    *widths,
           LifecycleStyle  style)
{
  g_autoptr (GString) line = g_string_new (NULL);

  for (guint i = 0; i < row->len; i++)
    {
      const char *title = g_ptr_array_index (self->titles, i);
      const char *cell = g_ptr_array_index (row, i);
      gboolean right = *title == '>';
      int padding = (int) (widths[i] - get_width (cell));

      if (row == self->titles && right)
        {
          cell++;
          padding++;
        }
      g_string_append_printf (line, "%s%*s%s%*s", i > 0 ? "  " : "", right ? padding : 0, "", cell,
                              right ? 0 : padding, "");
    }

  /* No spaces at the end. */
  while (line->len > 0 && line->str[line->len - 1] == ' ')
    g_string_truncate (line, line->len - 1);
  g_print ("%s%s%s\n", lifecycle_style_begin (style), line->str, lifecycle_style_end (style));
}

void
lifecycle_table_print (LifecycleTable *self)
{
  g_autofree guint *widths = g_new0 (guint, self->titles->len);

  for (guint i = 0; i < self->titles->len; i++)
    {
      const char *title = g_ptr_array_index (self->titles, i);

      widths[i] = get_width (*title == '>' ? title + 1 : title);
      for (guint j = 0; j < self->rows->len; j++)
        widths[i] = MAX (widths[i], get_width (g_ptr_array_index ((GPtrArray *) self->rows->pdata[j], i)));
    }

  print_row (self, self->titles, widths, LIFECYCLE_STYLE_STRONG);
  for (guint j = 0; j < self->rows->len; j++)
    print_row (self, g_ptr_array_index (self->rows, j), widths,
               g_array_index (self->styles, LifecycleStyle, j));
}

static void
print_json (GVariant *value,
            gboolean  pretty)
{
  JsonNode *node = json_gvariant_serialize (value);
  g_autofree char *text = json_to_string (node, pretty);

  g_print ("%s\n", text);
  json_node_unref (node);
}

void
lifecycle_print_json (GVariant *value)
{
  print_json (value, TRUE);
}

void
lifecycle_print_json_line (GVariant *value)
{
  print_json (value, FALSE);
}
