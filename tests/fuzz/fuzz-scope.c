/* fuzz-scope.c: bytes become operations, and what they do is compared with the model
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "fuzz-world.h"

#include <string.h>

/* README.md tells how the bytes are read. */
#define N_SCRIPTS      7
#define SCRIPT_RECORDS 3
#define MAX_DEPTH      4
#define MAX_NESTED     80
#define MAX_TOP_LEVEL  160

int LLVMFuzzerTestOneInput (const guint8 *data,
                            gsize         size);

static struct
{
  const guint8 *data;
  int           n_scripts;
  int           nested_left;
  int           table;          /* of operations */
} program;

/* Called in a callback. Script 0 does nothing. */
static void
run_script (int script)
{
  const guint8 *records;

  if (script == 0 || script > program.n_scripts || world.quiet || world.depth >= MAX_DEPTH)
    return;

  world.depth++;
  records = program.data + 1 + (script - 1) * SCRIPT_RECORDS * WORLD_RECORD;
  for (int i = 0; i < SCRIPT_RECORDS; i++)
    if (program.nested_left > 0)
      {
        program.nested_left--;
        world_perform (records + i * WORLD_RECORD, program.table);
      }
  world.depth--;
}

/* The highest of the bits from 8 to 128 that is set. */
static int
choose_table (guint8 byte)
{
  int table = WORLD_N_TABLES - 1;

  while (table > 0 && (byte & (8 << (table - 1))) == 0)
    table--;

  return table;
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  gsize header;

  world_init ();
  world_script = run_script;

  if (size < 1)
    return 0;

  program.data = data;
  program.n_scripts = data[0] % (N_SCRIPTS + 1);
  program.table = choose_table (data[0]);
  program.nested_left = MAX_NESTED;
  world.quiet = FALSE;
  header = 1 + (gsize) program.n_scripts * SCRIPT_RECORDS * WORLD_RECORD;
  if (size < header)
    return 0;

  world_begin_run ();

  for (gsize at = header, n = 0; at + WORLD_RECORD <= size && n < MAX_TOP_LEVEL; n++)
    {
      world_perform (data + at, program.table);
      at += WORLD_RECORD;
    }

  /* The first time callbacks go on doing what they do. */
  world_trace ("---");
  world_give_back (data[size - 1]);
  world.quiet = TRUE;
  world_trace ("--- quietly");
  world_give_back (data[size - 1]);
  world_end_run ();

  return 0;
}
