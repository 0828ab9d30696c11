/* handler-outlives-owner.c: a handler on an object that lives longer runs after its owner is finalized
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An applet connects to the settings or to the icon theme of the process, and never disconnects. The
 * next change calls a handler whose data has been freed.
 *
 * Reported as: mate-applets #696, cinnamon-desktop #276, mate-panel #1393 and #648, libdnf #1510,
 * cawbird #196, nautilus #2192, gnome-control-center #2854, eog #291
 */

#include "museum.h"

static void
changed_cb (GListModel *model,
            guint       position,
            guint       removed,
            guint       added,
            gpointer    owner)
{
  museum_owner_use (owner);
}

static void
raw (void)
{
  g_autoptr (GListStore) settings = g_list_store_new (G_TYPE_OBJECT);
  MuseumOwner *applet = museum_owner_new ();

  g_signal_connect (settings, "items-changed", G_CALLBACK (changed_cb), applet);
  g_object_unref (applet);

  g_list_store_append (settings, settings);
  g_list_store_remove_all (settings);
}

static void
scope (void)
{
  g_autoptr (GListStore) settings = g_list_store_new (G_TYPE_OBJECT);
  MuseumOwner *applet = museum_owner_new ();

  lifecycle_scope_connect_signal (lifecycle_scope_of (G_OBJECT (applet)),
                                  settings, "items-changed", G_CALLBACK (changed_cb), applet);
  g_object_unref (applet);

  g_list_store_append (settings, settings);
  g_list_store_remove_all (settings);
}

int
main (int   argc,
      char *argv[])
{
  return museum_run (argc, argv, "handler-outlives-owner", "a finalized object is used", raw, scope);
}
