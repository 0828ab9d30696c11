/* test-timer-model.c: a hundred thousand timers beside a list that is plainly sorted
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Random things are done to random timers, between calls and during them, and time goes by in
 * random steps. Each call has to be the one that the list has first, no call may be missing, and
 * whatever can be asked about a timer has to be what the model knows. `--seed` repeats a run.
 */

#include "test-clock.h"

#define N_SCOPES 16

typedef struct _Model Model;

typedef struct
{
  LifecycleScope *scope;
  guint           n_active;
  guint           n_blocks;
  GPtrArray      *nodes;      /* those that have ever been here; some have gone elsewhere */
} Place;

/* A timer, and what is known about it. */
typedef struct
{
  Model          *model;
  LifecycleTimer *timer;
  Place          *place;      /* NULL: its scope has closed or moved; it cannot come back */
  GSequenceIter  *iter;       /* in the list, when it is armed */
  gint64          deadline;   /* or what remains, when it is paused */
  guint64         serial;
  guint           interval;
  guint           max_calls;
  guint           n_calls;
  gboolean        has_notify;
  int             destroyed;
  gboolean        active;
  gboolean        running;
  gboolean        restarted;  /* during its call; the deadline is when */
  gboolean        idle;       /* waits to be restarted */
  gboolean        is_debounce;
  gboolean        loose;      /* its place among equal deadlines is not defined */
} Node;

struct _Model
{
  GRand     *rand;
  GPtrArray *nodes;
  GSequence *list;
  Place      places[N_SCOPES];
  guint64    last_serial;
  guint      n_armed_calls;
  guint      n_ended_calls;
  guint      depth;
};

static void do_something (Model *model,
                          Node  *running);

static int
compare_nodes (gconstpointer a,
               gconstpointer b,
               gpointer      data)
{
  const Node *first = a, *second = b;

  if (first->deadline != second->deadline)
    return first->deadline < second->deadline ? -1 : 1;
  return first->serial < second->serial ? -1 : first->serial > second->serial;
}

static guint
pick (Model *model,
      guint  n)
{
  return (guint) g_rand_int_range (model->rand, 0, (gint32) n);
}

static guint
pick_interval (Model *model)
{
  switch (pick (model, 20))
    {
    case 0:
      return 1;
    case 1:
      return G_MAXUINT - pick (model, 2);
    case 2:
      return 1 + pick (model, 1000 * 1000);
    case 3:
    case 4:
      return 10 * (1 + pick (model, 10));
    default:
      return 1 + pick (model, 20 * 1000);
    }
}

/* The model. */

static void
node_unlist (Node *node)
{
  g_clear_pointer (&node->iter, g_sequence_remove);
}

static void
node_list (Node   *node,
           gint64  deadline)
{
  node_unlist (node);
  node->deadline = deadline;
  node->serial = ++node->model->last_serial;
  node->iter = g_sequence_insert_sorted (node->model->list, node, compare_nodes, NULL);
}

static void
node_arm (Node   *node,
          gint64  from)
{
  node->loose = FALSE;
  node->idle = FALSE;
  if (node->place->n_blocks > 0)
    {
      node_unlist (node);
      node->deadline = node->interval * TEST_MS;
      node->loose = TRUE;
    }
  else
    {
      node_list (node, from + node->interval * TEST_MS);
    }
}

static void
node_join (Node *node)
{
  node->active = TRUE;
  node->idle = TRUE;
  node->n_calls = 0;
  node->place->n_active++;
}

static void
node_start (Node *node)
{
  node_join (node);
  node_arm (node, g_get_monotonic_time ());
}

static void
node_end (Node *node)
{
  g_assert_true (node->active);
  node->active = FALSE;
  node->place->n_active--;
  node_unlist (node);
}

static void
node_check (Node *node)
{
  gint64 now = g_get_monotonic_time ();
  gint64 remaining = -1;

  if (node->iter != NULL)
    remaining = (MAX (node->deadline - now, 0) + TEST_MS - 1) / TEST_MS;
  else if (node->active && !node->running && !node->idle)
    remaining = (node->deadline + TEST_MS - 1) / TEST_MS;

  if (!node->running)
    g_assert_cmpint (lifecycle_timer_is_active (node->timer), ==, node->active);
  g_assert_cmpint (lifecycle_timer_get_remaining (node->timer), ==, remaining);
  g_assert_cmpuint (lifecycle_timer_get_n_calls (node->timer), ==, node->n_calls);
  g_assert_cmpuint (lifecycle_timer_get_interval (node->timer), ==, node->interval);
  g_assert_cmpint (node->destroyed, ==, node->has_notify && !node->active && !node->running);
}

static void
place_check (Place *place)
{
  g_assert_cmpuint (lifecycle_scope_get_n_entries (place->scope), ==, place->n_active);
}

/* The call is the first of the list. */
static void
node_check_turn (Node *node)
{
  GSequenceIter *iter = g_sequence_get_begin_iter (node->model->list);

  g_assert_nonnull (node->iter);
  g_assert_cmpint (node->deadline, <=, g_get_monotonic_time ());
  for (; g_sequence_get (iter) != node; iter = g_sequence_iter_next (iter))
    {
      Node *other = g_sequence_get (iter);

      g_assert_cmpint (other->deadline, ==, node->deadline);
      g_assert_true (other->loose || node->loose);
    }
}

static gboolean
node_cb (gpointer data)
{
  Node *node = data;
  Model *model = node->model;
  gboolean result = G_SOURCE_CONTINUE;

  g_assert_true (node->active);
  g_assert_false (node->running);
  g_assert_cmpuint (model->depth, ==, 0);
  node_check_turn (node);
  node_unlist (node);
  node->running = TRUE;
  node->restarted = FALSE;
  node->idle = node->is_debounce;
  node->n_calls++;
  model->depth++;
  model->n_armed_calls++;

  if (pick (model, 50) == 0)
    do_something (model, node);
  if (pick (model, 2000) == 0)
    test_clock_advance (pick (model, 50 * 1000));
  if (pick (model, 20) == 0)
    result = G_SOURCE_REMOVE;

  model->depth--;
  node->running = FALSE;
  if (!node->active)
    {
      /* Somebody has ended it meanwhile. */
      g_assert_cmpint (node->destroyed, ==, 0);
    }
  else if (!node->is_debounce &&
           (result == G_SOURCE_REMOVE ||
            (node->max_calls > 0 && node->n_calls >= node->max_calls)))
    {
      if (node->restarted)
        {
          node->n_calls = 0;
          node_arm (node, node->deadline);
        }
      else
        {
          node_end (node);
          model->n_ended_calls++;
        }
    }
  else if (node->restarted)
    {
      node_arm (node, node->deadline);
    }
  else if (!node->idle)
    {
      node_arm (node, test_clock.dispatched);
    }

  return result;
}

static void
node_debounce_cb (gpointer data)
{
  node_cb (data);
}

static void
node_notify (gpointer data)
{
  Node *node = data;

  g_assert_cmpint (node->destroyed, ==, 0);
  g_assert_false (node->running);
  g_assert_false (node->active);
  node->destroyed = 1;
}

static void
model_add (Model *model)
{
  Node *node = g_new0 (Node, 1);

  node->model = model;
  node->place = &model->places[pick (model, N_SCOPES)];
  node->interval = pick_interval (model);
  node->has_notify = pick (model, 2) == 0;
  node->max_calls = pick (model, 4) == 0 ? 1 + pick (model, 4) : 0;
  node->is_debounce = pick (model, 5) == 0;
  g_ptr_array_add (model->nodes, node);
  g_ptr_array_add (node->place->nodes, node);
  if (node->is_debounce)
    node->timer = lifecycle_scope_new_debounce (node->place->scope, node->interval,
                                                node_debounce_cb, node,
                                                node->has_notify ? node_notify : NULL);
  else
    node->timer = lifecycle_scope_new_timeout_full (node->place->scope, node->interval,
                                                    node->max_calls, node_cb, node,
                                                    node->has_notify ? node_notify : NULL);
  g_assert_nonnull (node->timer);
  if (node->is_debounce)
    node_join (node);
  else
    node_start (node);
}

static void
model_cancel (Model *model,
              Node  *node)
{
  /* The notify may run before the call returns. */
  if (node->active)
    node_end (node);
  lifecycle_timer_cancel (node->timer);
}

static void
model_restart (Model *model,
               Node  *node)
{
  gint64 now = g_get_monotonic_time ();

  if (node->active)
    {
      if (node->running)
        {
          node->restarted = TRUE;
          node->idle = FALSE;
          node->deadline = now;
        }
      else
        {
          node_arm (node, now);
        }
      g_assert_true (lifecycle_timer_restart (node->timer));
    }
  else if (node->place != NULL && !node->has_notify && !node->running)
    {
      node_start (node);
      g_assert_true (lifecycle_timer_restart (node->timer));
    }
  else if (node->has_notify)
    {
      g_assert_false (lifecycle_timer_restart (node->timer));
    }
}

static void
model_stop (Model *model,
            Node  *node)
{
  g_assert_cmpint (lifecycle_timer_stop (node->timer), ==, node->active && !node->idle);
  if (node->active)
    {
      node_unlist (node);
      node->idle = TRUE;
      node->restarted = FALSE;
    }
}

static void
model_set_interval (Model *model,
                    Node  *node)
{
  guint interval = pick_interval (model);
  gint64 difference = ((gint64) interval - (gint64) node->interval) * TEST_MS;

  lifecycle_timer_set_interval (node->timer, interval);
  node->interval = interval;
  if (node->iter != NULL)
    node_list (node, node->deadline + difference);
  else if (node->active && !node->running && !node->idle)
    node->deadline = MAX (node->deadline + difference, 0);
  node->loose = TRUE;
}

static void
model_block (Model *model,
             Place *place)
{
  gint64 now = g_get_monotonic_time ();

  lifecycle_scope_block (place->scope);
  if (place->n_blocks++ > 0)
    return;
  for (guint i = 0; i < place->nodes->len; i++)
    {
      Node *node = place->nodes->pdata[i];

      if (node->iter != NULL)
        {
          node_unlist (node);
          node->deadline = MAX (node->deadline - now, 0);
        }
    }
}

static void
model_unblock (Model *model,
               Place *place)
{
  gint64 now = g_get_monotonic_time ();

  if (place->n_blocks == 0)
    return;
  lifecycle_scope_unblock (place->scope);
  if (--place->n_blocks > 0)
    return;
  for (guint i = 0; i < place->nodes->len; i++)
    {
      Node *node = place->nodes->pdata[i];

      if (node->active && !node->running && !node->idle)
        {
          node_list (node, now + node->deadline);
          node->loose = TRUE;
        }
    }
}

/* All that is there ends: what the notifies find has to be true already. */
static guint
place_end_all (Place *place)
{
  guint n = place->n_active;

  for (guint i = 0; i < place->nodes->len; i++)
    if (((Node *) place->nodes->pdata[i])->active)
      node_end (place->nodes->pdata[i]);
  g_assert_cmpuint (place->n_active, ==, 0);
  return n;
}

static void
place_forget_all (Place    *place,
                  gboolean  keep_active)
{
  for (guint i = place->nodes->len; i > 0; i--)
    {
      Node *node = place->nodes->pdata[i - 1];

      if (!keep_active || !node->active)
        {
          node->place = NULL;
          g_ptr_array_remove_index_fast (place->nodes, i - 1);
        }
    }
}

static void
model_clear (Model *model,
             Place *place)
{
  guint n = place_end_all (place);

  g_assert_cmpuint (lifecycle_scope_clear (place->scope), ==, n);
}

static void
model_close (Model *model,
             Place *place)
{
  guint n = place_end_all (place);

  g_assert_cmpuint (lifecycle_scope_close (place->scope), ==, n);
  g_object_unref (place->scope);
  place_forget_all (place, FALSE);
  place->scope = lifecycle_scope_new ("again");
  place->n_blocks = 0;
}

static void
model_move (Model *model,
            Place *place)
{
  LifecycleScope *moved;

  if (place->n_blocks > 0)
    return;
  moved = lifecycle_scope_move (place->scope);
  g_object_unref (place->scope);
  place->scope = moved;
  place_forget_all (place, TRUE);
}

static void
do_something (Model *model,
              Node  *running)
{
  Node *node = model->nodes->pdata[pick (model, model->nodes->len)];
  Place *place = &model->places[pick (model, N_SCOPES)];

  if (running != NULL && pick (model, 4) == 0)
    {
      node = running;
      place = node->place != NULL ? node->place : place;
    }

  switch (pick (model, 1000))
    {
    case 0:
      model_clear (model, place);
      break;
    case 1:
      model_close (model, place);
      break;
    case 2:
    case 3:
      model_move (model, place);
      break;
    case 4:
    case 5:
    case 6:
      model_block (model, place);
      break;
    case 7:
    case 8:
    case 9:
    case 10:
      model_unblock (model, place);
      break;
    default:
      switch (pick (model, 7))
        {
        case 0:
          model_add (model);
          break;
        case 1:
          model_cancel (model, node);
          break;
        case 2:
        case 3:
          model_restart (model, node);
          break;
        case 4:
          model_set_interval (model, node);
          break;
        case 5:
          model_stop (model, node);
          break;
        default:
          break;
        }
      break;
    }

  if (node != running)
    node_check (node);
  place_check (place);
}

/* Everything that is due has been called, and the main loop wakes up for the next. */
static void
model_settle (Model *model)
{
  GSequenceIter *iter;
  Node *first;

  test_clock_settle ();
  iter = g_sequence_get_begin_iter (model->list);
  if (g_sequence_iter_is_end (iter))
    return;
  first = g_sequence_get (iter);
  g_assert_cmpint (first->deadline, >, g_get_monotonic_time ());
  g_assert_cmpint (test_clock_get_next (), <=, first->deadline);
  g_assert_cmpint (test_clock_get_next (), >, g_get_monotonic_time ());
}

static void
model_run (guint n_timers,
           guint n_steps,
           guint n_things)
{
  Model model = { 0 };

  model.rand = g_rand_new_with_seed (g_test_rand_int ());
  model.nodes = g_ptr_array_new ();
  model.list = g_sequence_new (NULL);
  for (guint i = 0; i < N_SCOPES; i++)
    {
      model.places[i].scope = lifecycle_scope_new ("scope");
      model.places[i].nodes = g_ptr_array_new ();
    }

  for (guint i = 0; i < n_timers; i++)
    {
      model_add (&model);
      if (pick (&model, 10) == 0)
        test_clock_advance (pick (&model, 100));
    }
  for (guint i = 0; i < n_steps; i++)
    {
      for (guint j = pick (&model, n_things); j > 0; j--)
        do_something (&model, NULL);
      model_settle (&model);
      if (pick (&model, 100) == 0)
        test_clock_advance (pick (&model, 1000 * 1000));
      else if (pick (&model, 4) == 0)
        test_clock_run (pick (&model, 10 * 1000));
      else
        test_clock_advance (pick (&model, 5000));
      model_settle (&model);
    }

  for (guint i = 0; i < model.nodes->len; i++)
    node_check (model.nodes->pdata[i]);
  for (guint i = 0; i < N_SCOPES; i++)
    {
      place_check (&model.places[i]);
      model_close (&model, &model.places[i]);
    }
  g_assert_true (g_sequence_is_empty (model.list));
  for (guint i = 0; i < model.nodes->len; i++)
    {
      Node *node = model.nodes->pdata[i];

      node_check (node);
      lifecycle_timer_unref (node->timer);
      g_free (node);
    }
  for (guint i = 0; i < N_SCOPES; i++)
    {
      g_assert_finalize_object (model.places[i].scope);
      g_ptr_array_unref (model.places[i].nodes);
    }
  g_test_message ("%u timers, %u calls, of which %u were the last", model.nodes->len,
                  model.n_armed_calls, model.n_ended_calls);
  g_sequence_free (model.list);
  g_ptr_array_unref (model.nodes);
  g_rand_free (model.rand);
}

static void
test_few (void)
{
  guint n = test_amount (10000) / 100;

  for (guint i = 0; i < n; i++)
    model_run (1 + i % 20, 50, 10);
}

static void
test_many (void)
{
  model_run (test_amount (100 * 1000), test_amount (5000), 100);
}

int
main (int   argc,
      char *argv[])
{
  int status;

  test_clock_init ();
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lifecycle/timer/model/clock", test_clock_check);
  g_test_add_func ("/lifecycle/timer/model/few", test_few);
  g_test_add_func ("/lifecycle/timer/model/many", test_many);

  status = g_test_run ();
  return test_clock_finish (status);
}
