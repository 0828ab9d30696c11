/* arena-leak.c: planted leaks, to check that the soak finds them
 *
 * A test that cannot fail proves nothing. Each of these leaks is a typical mistake, and each is
 * found by a different part of the verdict:
 *
 *   view     a handler that is never disconnected holds a view: it has ended, and is overdue
 *   scope    a scope that is never closed: it and what it owns still exist in a quiet moment
 *   memory   plain memory without any object: the process grows
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "arena-leak.h"

#include "arena-game.h"
#include "arena-view.h"

#include <string.h>

#define ONE_IN    10        /* views */
#define N_BYTES   32768     /* for each view */

static void
beat_cb (ArenaGame *game,
         ArenaView *view)
{
}

static void
leak_view (ArenaView *view)
{
  ArenaGame *game = arena_service_get_game (arena_view_get_service (view));

  g_signal_connect_data (game, "beat", G_CALLBACK (beat_cb), g_object_ref (view),
                         (GClosureNotify) g_object_unref, G_CONNECT_DEFAULT);
}

static gboolean
never_cb (gpointer unused)
{
  return G_SOURCE_CONTINUE;
}

static void
leak_scope (ArenaView *view)
{
  ArenaGame *game = arena_service_get_game (arena_view_get_service (view));
  g_autoptr (LifecycleScope) scope = lifecycle_scope_new_child (game->root, "forgotten");

  lifecycle_scope_add_timeout (scope, 3600000, never_cb, NULL, NULL);
}

static void
leak_memory (ArenaView *view)
{
  static GSList *forgotten;
  gpointer bytes = g_malloc (N_BYTES);

  memset (bytes, 'x', N_BYTES);
  forgotten = g_slist_prepend (forgotten, bytes);
}

static const struct
{
  const char *name;
  guint       one_in;
  void      (*leak) (ArenaView *view);
} leaks[] = {
  { "view", ONE_IN, leak_view },
  { "scope", ONE_IN, leak_scope },
  { "memory", 1, leak_memory },
};

gboolean
arena_leak_is_known (const char *what)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (leaks); i++)
    if (g_str_equal (what, leaks[i].name))
      return TRUE;

  return FALSE;
}

void
arena_leak (ArenaView *view)
{
  static guint n_views;
  const char *what = arena_config_get ()->leak;
  guint i;

  if (what == NULL)
    return;

  n_views++;
  for (i = 0; i < G_N_ELEMENTS (leaks); i++)
    if (g_str_equal (what, leaks[i].name) && n_views % leaks[i].one_in == 0)
      leaks[i].leak (view);
}
