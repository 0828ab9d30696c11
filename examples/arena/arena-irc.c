/* arena-irc.c: bytes to lines, lines to messages
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-irc.h"

#include <string.h>

/* Takes bytes from the front of @data until a line is complete. A line ends with CR, LF or both;
 * empty lines are none; zero bytes are dropped. */
ArenaIrcResult
arena_irc_split (ArenaIrcSplitter  *self,
                 const guint8     **data,
                 gsize             *length,
                 char             **line)
{
  while (*length > 0)
    {
      guint8 byte = **data;

      (*data)++;
      (*length)--;

      if (byte == '\r' || byte == '\n')
        {
          gsize n = self->length;

          self->length = 0;
          if (self->skipping)
            {
              self->skipping = FALSE;
              return ARENA_IRC_TOO_LONG;
            }
          if (n == 0)
            continue;

          *line = g_utf8_make_valid (self->text, n);
          return ARENA_IRC_LINE;
        }

      if (byte == '\0' || self->skipping)
        continue;

      if (self->length == ARENA_IRC_LINE_MAX - 2)
        self->skipping = TRUE;
      else
        self->text[self->length++] = (char) byte;
    }

  return ARENA_IRC_MORE;
}

static char *
skip_word (char *p)
{
  while (*p != '\0' && *p != ' ')
    p++;

  return p;
}

static char *
end_word (char *p)
{
  if (*p == '\0')
    return p;

  *p++ = '\0';
  while (*p == ' ')
    p++;

  return p;
}

static gboolean
is_command (const char *word)
{
  const char *p;

  if (g_ascii_isdigit (word[0]))
    return g_ascii_isdigit (word[1]) && g_ascii_isdigit (word[2]) && word[3] == '\0';

  for (p = word; *p != '\0'; p++)
    if (!g_ascii_isalpha (*p))
      return FALSE;

  return p != word;
}

/* FALSE if it is no message; there is nothing to clear then. */
gboolean
arena_irc_parse (ArenaIrcMessage *self,
                 const char      *line)
{
  char *p;

  memset (self, 0, sizeof *self);
  self->buffer = g_strdup (line);

  p = self->buffer;
  while (*p == ' ')
    p++;

  /* tags of IRC version 3: nothing that we want */
  if (*p == '@')
    p = end_word (skip_word (p));

  if (*p == ':')
    {
      self->prefix = p + 1;
      p = end_word (skip_word (p));
    }

  self->command = p;
  p = end_word (skip_word (p));
  if (!is_command (self->command))
    {
      arena_irc_message_clear (self);
      return FALSE;
    }

  while (*p != '\0' && self->n_params < ARENA_IRC_N_PARAMS)
    {
      if (*p == ':' || self->n_params == ARENA_IRC_N_PARAMS - 1)
        {
          self->params[self->n_params++] = *p == ':' ? p + 1 : p;
          break;
        }
      self->params[self->n_params++] = p;
      p = end_word (skip_word (p));
    }

  return TRUE;
}

void
arena_irc_message_clear (ArenaIrcMessage *self)
{
  g_free (self->buffer);
  memset (self, 0, sizeof *self);
}

gboolean
arena_irc_is_nick (const char *nick)
{
  const char *p;

  for (p = nick; *p != '\0'; p++)
    {
      gboolean first = g_ascii_isalpha (*p) || strchr ("[]\\`_^{|}", *p) != NULL;

      if (!first && (p == nick || !(g_ascii_isdigit (*p) || *p == '-')))
        return FALSE;
    }

  return p != nick && p - nick <= ARENA_IRC_NICK_MAX;
}

/* Cut where it gets too long, but never inside of a character. */
void
arena_irc_append_line (GByteArray *output,
                       const char *line)
{
  gsize length = strlen (line);

  if (length > ARENA_IRC_LINE_MAX - 2)
    {
      length = ARENA_IRC_LINE_MAX - 2;
      while (length > 0 && ((guchar) line[length] & 0xc0) == 0x80)
        length--;
    }

  g_byte_array_append (output, (const guint8 *) line, length);
  g_byte_array_append (output, (const guint8 *) "\r\n", 2);
}
