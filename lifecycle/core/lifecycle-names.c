/* lifecycle-names.c: making names valid, and quoting them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-names-private.h"

#include <string.h>

/* A name may be a nick from the network, and contain anything. It is converted to valid UTF-8 when
 * it is set, because bindings raise errors for invalid text, and metrics that contain it are
 * rejected. Otherwise it is kept as it is, and quoted wherever it becomes part of a path or of a
 * line: without quoting, a slash would make a path ambiguous, a newline could forge a log line, and
 * an escape sequence could control a terminal.
 */

/* Returns the number of ASCII bytes at the start. Nearly all names consist of nothing else. */
static gsize
name_count_ascii (const char *name)
{
  gsize n = 0;

  while (name[n] != '\0' && (guchar) name[n] < 0x80)
    n++;

  return n;
}

/* Returns a copy that is valid UTF-8, or NULL for NULL. */
char *
lifecycle_name_dup (const char *name)
{
  gsize n;

  if (name == NULL)
    return NULL;

  n = name_count_ascii (name);

  return name[n] == '\0' ? g_memdup2 (name, n + 1) : g_utf8_make_valid (name, -1);
}

/* Like lifecycle_name_dup(), but does not copy a valid name. The caller must free `made`. */
const char *
lifecycle_name_ensure (const char  *name,
                       char       **made)
{
  gsize n = name_count_ascii (name);

  if (name[n] == '\0' || g_utf8_validate (name + n, -1, NULL))
    return name;

  return *made = g_utf8_make_valid (name, -1);
}

/* Letters of all languages and emojis are fine. Characters that change the direction of text are
 * not: they can make one line look like another.
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
      /* Some scripts need the joiners. */
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

/* Returns the quoted name as a new string, or NULL for NULL. */
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
