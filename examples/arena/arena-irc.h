/* arena-irc.h: bytes to lines, lines to messages
 *
 * Pure: no sockets, no players, no main loop.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define ARENA_IRC_LINE_MAX 512  /* with its CR and LF, as RFC 1459 has it */
#define ARENA_IRC_N_PARAMS 15
#define ARENA_IRC_NICK_MAX 24

typedef enum
{
  ARENA_IRC_MORE,           /* the bytes are used up, no line is complete */
  ARENA_IRC_LINE,
  ARENA_IRC_TOO_LONG        /* a line was too long and has been skipped */
} ArenaIrcResult;

typedef struct
{
  char     text[ARENA_IRC_LINE_MAX];
  gsize    length;
  gboolean skipping;
} ArenaIrcSplitter;

typedef struct
{
  char       *buffer;
  const char *prefix;       /* NULL if there is none */
  const char *command;
  const char *params[ARENA_IRC_N_PARAMS];
  guint       n_params;
} ArenaIrcMessage;

ArenaIrcResult arena_irc_split         (ArenaIrcSplitter  *self,
                                        const guint8     **data,
                                        gsize             *length,
                                        char             **line);

gboolean       arena_irc_parse         (ArenaIrcMessage   *self,
                                        const char        *line);
void           arena_irc_message_clear (ArenaIrcMessage   *self);

gboolean       arena_irc_is_nick       (const char        *nick);
void           arena_irc_append_line   (GByteArray        *output,
                                        const char        *line);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ArenaIrcMessage, arena_irc_message_clear)

G_END_DECLS
