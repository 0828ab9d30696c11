/* arena-config.h: the settings from the command line
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <lifecycle.h>

G_BEGIN_DECLS

typedef struct _ArenaGame    ArenaGame;
typedef struct _ArenaPlayer  ArenaPlayer;
typedef struct _ArenaService ArenaService;
typedef struct _ArenaView    ArenaView;

#define ARENA_LOBBY   "#lobby"
#define ARENA_BOT     "arena"
#define ARENA_HOST    "arena.local"
#define ARENA_VERSION "arena-1.0"

typedef struct
{
  gboolean managed;
  guint    port;            /* 0: any free one */
  guint    view_kib;        /* the buffer of each view */
  double   rate;            /* how much faster than real time the game runs */
  guint    grace;           /* how long the server waits when it stops; real time (ms) */
  char    *data;            /* where players' scores are kept, or NULL */
  gboolean bus;             /* whether to offer statistics on the session bus */
  guint    max_connections;

  /* the soak only */
  guint    matches;         /* at least */
  guint    searches;
  guint    legs;            /* after the warm-up, each with a quiet moment at its end; at least */
  double   hours;           /* of real time; at least */
  char    *leak;            /* what to leak, or NULL */
  guint    players;
  guint    seed;
  guint    deadline;        /* seconds of real time */
} ArenaConfig;

void               arena_config_init (ArenaConfig       *self);
void               arena_config_set  (const ArenaConfig *config);
const ArenaConfig *arena_config_get  (void);

/* All durations of the program are written in the time of a person who plays (ms), and go through
 * this one. */
guint              arena_ms          (guint              ms);

G_END_DECLS
