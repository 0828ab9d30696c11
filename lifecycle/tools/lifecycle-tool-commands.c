/* lifecycle-tool-commands.c: the table of commands
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "lifecycle-tool-private.h"

/* In the order of the help. */
#define LIFECYCLE_COMMANDS(X) \
  X (lifecycle_command_ps)         \
  X (lifecycle_command_tree)       \
  X (lifecycle_command_top)        \
  X (lifecycle_command_records)    \
  X (lifecycle_command_statistics) \
  X (lifecycle_command_leaks)      \
  X (lifecycle_command_alive)      \
  X (lifecycle_command_why)        \
  X (lifecycle_command_trace)      \
  X (lifecycle_command_close)      \
  X (lifecycle_command_snapshot)   \
  X (lifecycle_command_diff)       \
  X (lifecycle_command_report)     \
  X (lifecycle_command_audit)      \
  X (lifecycle_command_help)

#define DECLARE_COMMAND(command) extern const LifecycleCommand command;
LIFECYCLE_COMMANDS (DECLARE_COMMAND)
#undef DECLARE_COMMAND

const LifecycleCommand *const lifecycle_commands[] = {
#define COMMAND_ROW(command) &command,
  LIFECYCLE_COMMANDS (COMMAND_ROW)
#undef COMMAND_ROW
  NULL
};
