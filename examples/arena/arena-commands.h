/* arena-commands.h: the commands of IRC clients, and the replies to them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-connection.h"
#include "arena-irc.h"

G_BEGIN_DECLS

void arena_commands_handle   (ArenaConnection       *connection,
                              const ArenaIrcMessage *message);
void arena_commands_unknown  (ArenaConnection       *connection,
                              const char            *command);
void arena_commands_too_long (ArenaConnection       *connection);

G_END_DECLS
