/* arena-config.c: the settings from the command line
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-config.h"

static ArenaConfig the_config;

void
arena_config_init (ArenaConfig *self)
{
  *self = (ArenaConfig) {
    .managed = TRUE,
    .port = 6667,
    .view_kib = 256,
    .rate = 1.0,
    .grace = 2000,
    .max_connections = 512,
    .matches = 160,
    .searches = 320,
    .legs = 1,
    .players = 24,
    .seed = 6667,
    .deadline = 120,
  };
}

void
arena_config_set (const ArenaConfig *config)
{
  the_config = *config;
}

const ArenaConfig *
arena_config_get (void)
{
  return &the_config;
}

guint
arena_ms (guint ms)
{
  double scaled = ms / the_config.rate;

  return scaled < 1.0 ? 1 : (guint) scaled;
}
