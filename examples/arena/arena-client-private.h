/* arena-client-private.h: declarations shared by the two files of the client process
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "arena-config.h"

G_BEGIN_DECLS

typedef enum
{
  PLAN_PLAY,                /* both accept, the reports agree */
  PLAN_DISPUTE,             /* both accept, the reports contradict */
  PLAN_ABORT,               /* both accept, one gives up */
  PLAN_STALL,               /* both accept, and then nothing */
  PLAN_ONE_REPORT,          /* both accept, only one reports */
  PLAN_REFUSE,              /* one accepts, the other refuses */
  PLAN_IGNORE,              /* nobody accepts */
  PLAN_VANISH_OFFER,        /* one is gone before accepting, without a word */
  PLAN_VANISH,              /* one is gone in the match, without a word */
  PLAN_QUIT                 /* one quits in the match, or closes half of the connection */
} Plan;

/* Each plan comes up once in a round, except that PLAN_PLAY comes up three times. */
#define ROUND 12

typedef enum
{
  BOT_OFFLINE,
  BOT_CONNECTING,
  BOT_IDLE,
  BOT_QUEUED,
  BOT_OFFERED,
  BOT_PLAYING
} BotState;

typedef struct _Client Client;

typedef struct
{
  Client            *client;
  char               nick[16];
  BotState           state;
  LifecycleScope    *scope;      /* of the connection; NULL without one */
  GSocketConnection *stream;
  Plan               plan;
  int                side;
} Bot;

struct _Client
{
  LifecycleScope *root;
  GMainLoop      *loop;
  GRand          *rand;
  Bot            *bots;
  guint           n_bots;
  Bot            *pair[2];       /* who is in the queue just now */

  Plan            plans[ROUND];
  guint           n_started;     /* matches */
  guint           n_solos;       /* searches without a match, to come in this leg */
  Bot            *solo;          /* who is alone in the queue, or on the way back from there */
  guint           n_searches;
  guint           target;        /* the matches of this leg, and of those before */
  gboolean        leaving;
  int             status;
};

/* Returns TRUE once in so many times on average, depending on the seed. */
gboolean arena_client_chance  (Client     *self,
                               int         one_in);

/* Schedules an idle callback that decides what to do next, after something has changed. */
void     arena_client_direct  (Client     *self);

void     arena_client_connect (Bot        *bot);
void     arena_client_say     (Bot        *bot,
                               const char *text);
void     arena_client_queue   (Bot        *bot);
void     arena_client_leave   (Bot        *bot);

G_END_DECLS
