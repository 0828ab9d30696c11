/* source-removed-twice.c: a source that has removed itself is removed again by its id
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The callback returns G_SOURCE_REMOVE, and the id is kept. Removing it later is a critical. If the id
 * has been given to another source by then, it removes that one.
 *
 * Reported as: Buzztrax #122, shutter #768, deadbeef #2678, meld #565
 */

#include "museum.h"

static gboolean
once_cb (gpointer owner)
{
  museum_owner_use (owner);
  return G_SOURCE_REMOVE;
}

static guint id;

static void
remove_source (MuseumOwner *self)
{
  if (id != 0)
    g_source_remove (id);
  id = 0;
}

static void
raw (void)
{
  MuseumOwner *meter = museum_owner_new_full (remove_source);

  id = g_idle_add (once_cb, meter);
  museum_settle ();

  g_object_unref (meter);
}

static void
scope (void)
{
  MuseumOwner *meter = museum_owner_new ();
  g_autoptr (LifecycleTimer) timer = NULL;

  museum_owner_set_scope (meter, lifecycle_scope_new ("meter"));
  timer = lifecycle_timer_ref (lifecycle_scope_add_timeout (museum_owner_get_scope (meter), 0, once_cb,
                                                            meter, NULL));
  test_iterate_until (!lifecycle_timer_is_active (timer));

  /* Nothing happens, however often this is called. */
  lifecycle_timer_cancel (timer);
  g_object_unref (meter);
  lifecycle_timer_cancel (timer);
}

int
main (int   argc,
      char *argv[])
{
  return museum_run (argc, argv, "source-removed-twice", "*was not found when attempting to remove it", raw, scope);
}
