/* idle-outlives-owner.c: an idle runs after its owner is finalized
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A handler puts off its work to an idle, and the owner goes before the loop gets to it.
 *
 * Reported as: mate-applets #696, RawTherapee #3677, nautilus 4c6d4eea9
 */

#include "museum.h"

static gboolean
update_cb (gpointer owner)
{
  museum_owner_use (owner);
  return G_SOURCE_REMOVE;
}

static void
raw (void)
{
  MuseumOwner *view = museum_owner_new ();

  g_idle_add (update_cb, view);
  g_object_unref (view);

  museum_settle ();
}

static void
scope (void)
{
  MuseumOwner *view = museum_owner_new ();

  lifecycle_scope_add_idle (lifecycle_scope_of (G_OBJECT (view)), update_cb, view, NULL);
  g_object_unref (view);

  museum_settle ();
}

int
main (int   argc,
      char *argv[])
{
  return museum_run (argc, argv, "idle-outlives-owner", "a finalized object is used", raw, scope);
}
