/* source-id-overwritten.c: a timeout is armed twice and only the second one is removed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The id of the first timeout is overwritten, so nobody can remove it any more.
 *
 * Reported as: baresip #630 and #1708, nautilus 9ee7c173b
 */

#include "museum.h"

static guint n_ticks;

static gboolean
tick_cb (gpointer owner)
{
  museum_owner_use (owner);
  n_ticks++;
  return G_SOURCE_REMOVE;
}

static void
raw (void)
{
  MuseumOwner *call = museum_owner_new ();
  guint id;

  n_ticks = 0;
  id = g_timeout_add (1, tick_cb, call);
  id = g_timeout_add (1, tick_cb, call);

  g_source_remove (id);
  g_object_unref (call);
  test_iterate_until (n_ticks > 0);
}

static void
scope (void)
{
  MuseumOwner *call = museum_owner_new ();
  LifecycleScope *own = lifecycle_scope_of (G_OBJECT (call));

  n_ticks = 0;
  lifecycle_scope_add_timeout (own, 1, tick_cb, call, NULL);
  lifecycle_scope_add_timeout (own, 1, tick_cb, call, NULL);
  g_assert_cmpuint (lifecycle_scope_get_n_entries (own), ==, 2);

  g_object_unref (call);
  g_usleep (2000);
  museum_settle ();
  g_assert_cmpuint (n_ticks, ==, 0);
}

int
main (int   argc,
      char *argv[])
{
  return museum_run (argc, argv, "source-id-overwritten", "a finalized object is used", raw, scope);
}
