/* arena-client.c: the client process of the soak, which plays
 *
 * There are several players in one process, each with its own connection. A fixed seed decides who
 * plays with whom and how each match ends; every kind of ending occurs in each round of twelve
 * matches. Some players reset their connections, some in the middle of a match, and some send
 * invalid data.
 *
 * It is connected to the server by the network, and to the process that started it by its standard
 * streams. "play 12 3" starts a leg of twelve matches, and three searches without a match. At the
 * end of the leg all players leave, and the process prints "quiet". "end" makes it exit.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-client.h"

#include "arena-client-private.h"

#include <gio/gunixinputstream.h>
#include <stdio.h>
#include <string.h>

static const Plan round_of_plans[] = {
  PLAN_PLAY, PLAN_PLAY, PLAN_PLAY, PLAN_DISPUTE, PLAN_ABORT, PLAN_STALL, PLAN_ONE_REPORT,
  PLAN_REFUSE, PLAN_IGNORE, PLAN_VANISH_OFFER, PLAN_VANISH, PLAN_QUIT,
};

G_STATIC_ASSERT (G_N_ELEMENTS (round_of_plans) == ROUND);

gboolean
arena_client_chance (Client *self,
                     int     one_in)
{
  return g_rand_int_range (self->rand, 0, one_in) == 0;
}

static void
shuffle_plans (Client *self)
{
  guint i;

  memcpy (self->plans, round_of_plans, sizeof self->plans);
  for (i = ROUND - 1; i > 0; i--)
    {
      guint other = g_rand_int_range (self->rand, 0, i + 1);
      Plan plan = self->plans[i];

      self->plans[i] = self->plans[other];
      self->plans[other] = plan;
    }
}

/* Nobody else is in the queue until this one is out of it and back. */
static void
start_solo (Client *self,
            Bot    *bot)
{
  self->n_solos--;
  self->solo = bot;
  arena_client_queue (bot);
}

static void
start_match (Client *self,
             Bot    *first,
             Bot    *second)
{
  Plan plan;

  if (self->n_started % ROUND == 0)
    shuffle_plans (self);
  plan = self->plans[self->n_started % ROUND];
  self->n_started++;

  self->pair[0] = first;
  self->pair[1] = second;
  first->plan = second->plan = plan;
  arena_client_queue (first);
  arena_client_queue (second);
}

static void
leg_over (Client *self)
{
  g_print ("quiet searches=%u matches=%u\n", self->n_searches, self->n_started);
  fflush (stdout);
}

static Bot *
pick (Client    *self,
      GPtrArray *bots)
{
  return g_ptr_array_steal_index (bots, g_rand_int_range (self->rand, 0, bots->len));
}

static gboolean
direct_cb (gpointer user_data)
{
  Client *self = user_data;
  g_autoptr (GPtrArray) idlers = g_ptr_array_new ();
  guint n_offline = 0;
  guint i;

  for (i = 0; i < self->n_bots; i++)
    {
      if (self->bots[i].state == BOT_IDLE)
        g_ptr_array_add (idlers, &self->bots[i]);
      else if (self->bots[i].state == BOT_OFFLINE)
        n_offline++;
    }

  if (self->leaving)
    {
      if (n_offline == self->n_bots)
        leg_over (self);
      return G_SOURCE_REMOVE;
    }

  /* Only one pair is in the queue at a time, so that it is the one that is matched. Whoever lost
   * the other one has to leave the queue first. */
  for (i = 0; i < G_N_ELEMENTS (self->pair); i++)
    {
      Bot *other = self->pair[1 - i];

      if (self->pair[i] == NULL || self->pair[i]->state == BOT_QUEUED)
        continue;
      self->pair[i] = NULL;
      if (other != NULL && other->state == BOT_QUEUED)
        arena_client_say (other, "!leave");
    }
  if (self->solo != NULL && self->solo->state == BOT_IDLE)
    self->solo = NULL;
  if (self->pair[0] != NULL || self->pair[1] != NULL || self->solo != NULL)
    return G_SOURCE_REMOVE;

  if (self->n_started < self->target)
    {
      if (idlers->len >= 2)
        {
          Bot *first = pick (self, idlers);
          Bot *second = pick (self, idlers);

          start_match (self, first, second);
        }
    }
  else if (self->n_solos > 0)
    {
      if (idlers->len > 0)
        start_solo (self, g_ptr_array_index (idlers, 0));
    }
  else if (idlers->len == self->n_bots)
    {
      self->leaving = TRUE;
      for (i = 0; i < self->n_bots; i++)
        arena_client_leave (&self->bots[i]);
    }

  return G_SOURCE_REMOVE;
}

void
arena_client_direct (Client *self)
{
  lifecycle_scope_add_idle (lifecycle_scope_renew_child (self->root, "director"),
                            direct_cb, self, NULL);
}

static void
start_leg (Client *self,
           guint   matches,
           guint   solos)
{
  guint i;

  self->target += matches;
  self->n_solos = solos;
  self->leaving = FALSE;
  for (i = 0; i < self->n_bots; i++)
    arena_client_connect (&self->bots[i]);
}

static void wait_for_word (Client           *self,
                           GDataInputStream *told);

static void
told_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  Client *self = user_data;
  g_autofree char *line = NULL;
  guint matches, solos;

  line = g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (object), result, NULL, NULL);
  if (line == NULL || g_str_equal (line, "end"))
    {
      /* At the end of the input, the process that started this one is gone. */
      self->status = line != NULL ? 0 : 2;
      g_main_loop_quit (self->loop);
      return;
    }

  if (sscanf (line, "play %u %u", &matches, &solos) == 2)
    start_leg (self, matches, solos);
  wait_for_word (self, G_DATA_INPUT_STREAM (object));
}

static void
wait_for_word (Client           *self,
               GDataInputStream *told)
{
  LifecycleOperation *wait = lifecycle_scope_begin_async (self->root, "wait", told_cb, self, NULL);

  g_data_input_stream_read_line_async (told, G_PRIORITY_DEFAULT,
                                       lifecycle_operation_get_cancellable (wait),
                                       lifecycle_operation_ready, wait);
}

static gboolean
deadline_cb (gpointer user_data)
{
  Client *self = user_data;

  g_printerr ("arena: the client did not finish before its deadline\n");
  self->status = 2;
  g_main_loop_quit (self->loop);

  return G_SOURCE_REMOVE;
}

int
arena_client_run (void)
{
  const ArenaConfig *config = arena_config_get ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (LifecycleScope) root = lifecycle_scope_new ("client");
  g_autoptr (GRand) rand = g_rand_new_with_seed (config->seed);
  g_autoptr (GInputStream) standard = g_unix_input_stream_new (0, FALSE);
  g_autoptr (GDataInputStream) told = g_data_input_stream_new (standard);
  g_autofree Bot *bots = g_new0 (Bot, config->players);
  Client self = {
    .root = root,
    .loop = loop,
    .rand = rand,
    .bots = bots,
    .n_bots = config->players,
  };
  guint i;

  for (i = 0; i < config->players; i++)
    {
      bots[i].client = &self;
      g_snprintf (bots[i].nick, sizeof bots[i].nick, "player%u", i + 1);
    }

  lifecycle_scope_add_timeout (root, config->deadline * 1000, deadline_cb, &self, NULL);
  wait_for_word (&self, told);
  g_main_loop_run (loop);

  lifecycle_scope_close_with_reason (root, LIFECYCLE_REASON_SHUTDOWN, NULL);
  while (g_main_context_iteration (NULL, FALSE))
    ;

  return self.status;
}
