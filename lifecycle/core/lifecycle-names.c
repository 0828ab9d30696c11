/* lifecycle-names.c: names that come in, and how they are shown
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-names-private.h"

#include <string.h>

/* A name may be a nick from the network: anything can be in it. It is made valid UTF-8 when it comes
 * in, because bindings raise errors for what is not, and metrics are refused. It is kept as it is
 * apart from that, and quoted wherever it becomes part of a path or of a line: otherwise a slash
 * makes a path ambiguous, a newline forges a line of a log, and an escape sequence does what it likes
 * with a terminal.
 */

/* How many bytes at the start are plain ASCII. Nearly all names are, from end to end. */
static gsize
name_count_ascii (const char *name)
{
  gsize n = 0;

  while (name[n] != '\0' && (guchar) name[n] < 0x80)
    n++;

  return n;
}

/* A copy that is valid UTF-8, or NULL for NULL. */
char *
lifecycle_name_dup (const char *name)
{
  gsize n;

  if (name == NULL)
    return NULL;

  n = name_count_ascii (name);

  return name[n] == '\0' ? g_memdup2 (name, n + 1) : g_utf8_make_valid (name, -1);
}

/* The same without a copy for a name that is valid. `made` is to be freed. */
const char *
lifecycle_name_ensure (const char  *name,
                       char       **made)
{
  gsize n = name_count_ascii (name);

  if (name[n] == '\0' || g_utf8_validate (name + n, -1, NULL))
    return name;

  return *made = g_utf8_make_valid (name, -1);
}

/* Letters of other languages and emojis are fine. What changes the direction of the text is not: it
 * makes a line look like another one.
 */
static gboolean
character_is_harmless (gunichar c)
{
  switch (g_unichar_type (c))
    {
    case G_UNICODE_CONTROL:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
      return FALSE;

    case G_UNICODE_FORMAT:
      /* The joiners, which writing needs. */
      return c == 0x200c || c == 0x200d;

    default:
      return TRUE;
    }
}

/* Appends a name that is valid UTF-8. */
void
lifecycle_name_append (GString        *string,
                       const char     *name,
                       LifecycleQuote  where)
{
  for (const char *p = name; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c == '\\')
        g_string_append (string, "\\\\");
      else if (c == '\n')
        g_string_append (string, "\\n");
      else if (c == '\r')
        g_string_append (string, "\\r");
      else if (c == '\t')
        g_string_append (string, "\\t");
      else if (c == '/' && where == LIFECYCLE_QUOTE_PATH)
        g_string_append (string, "\\x2f");
      else if (character_is_harmless (c))
        g_string_append_len (string, p, g_utf8_next_char (p) - p);
      else if (c < 0x80)
        g_string_append_printf (string, "\\x%02x", c);
      else if (c < 0x10000)
        g_string_append_printf (string, "\\u%04x", c);
      else
        g_string_append_printf (string, "\\U%08x", c);
    }
}

/* The same as a string of its own, or NULL for NULL. */
char *
lifecycle_name_quote (const char     *name,
                      LifecycleQuote  where)
{
  GString *string;

  if (name == NULL)
    return NULL;

  string = g_string_new (NULL);
  lifecycle_name_append (string, name, where);

  return g_string_free (string, FALSE);
}
