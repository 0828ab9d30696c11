/* lifecycle-tool-private.h: what the commands of the tool share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The exit statuses of all commands. */
enum
{
  LIFECYCLE_TOOL_CLEAN    = 0,
  LIFECYCLE_TOOL_FINDINGS = 1,  /* there is something to mend */
  LIFECYCLE_TOOL_FAILED   = 2   /* wrong usage, or the command could not do its work */
};

typedef struct _LifecycleCommand LifecycleCommand;

/* A command of the tool. To add one, define it in a file of its own, and list it in
 * lifecycle-tool-commands.c, which also puts it into the help.
 */
struct _LifecycleCommand
{
  const char *name;
  const char *arguments;        /* such as "PID [PATH]", or NULL */
  const char *summary;          /* one line, without a full stop */
  const char *help;             /* printed after the options by --help; ends with a newline */

  /* Gets all words after the name of the command. Returns an exit status. */
  int (* run) (const LifecycleCommand *self,
               int                     argc,
               char                  **argv);
};

extern const LifecycleCommand *const lifecycle_commands[];      /* NULL comes last */

const LifecycleCommand *lifecycle_command_find  (const char             *name);
gboolean                lifecycle_command_parse (const LifecycleCommand *self,
                                                 const GOptionEntry     *options,
                                                 guint                   min_words,
                                                 guint                   max_words,
                                                 int                    *argc,
                                                 char                 ***argv,
                                                 int                    *status);

/* Prints to stderr, in the name of the tool. Returns LIFECYCLE_TOOL_FAILED. */
int lifecycle_tool_fail (const char *format,
                         ...) G_GNUC_PRINTF (1, 2);

G_END_DECLS
