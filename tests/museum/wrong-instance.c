/* wrong-instance.c: a handler is disconnected from an instance that it was not connected to
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A handler id is only valid together with its instance. With another one, GLib warns, and the handler
 * stays.
 *
 * Reported as: flutter #185521
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
  g_autoptr (GListStore) window = g_list_store_new (G_TYPE_OBJECT);
  g_autoptr (GListStore) toplevel = g_list_store_new (G_TYPE_OBJECT);
  MuseumOwner *view = museum_owner_new ();
  gulong id = g_signal_connect (toplevel, "items-changed", G_CALLBACK (changed_cb), view);

  g_signal_handler_disconnect (window, id);
  if (!g_signal_handler_is_connected (toplevel, id))
    museum_fault ("the handler is gone");

  /* By hand, before it is called with a view that is gone. */
  g_signal_handler_disconnect (toplevel, id);
  g_object_unref (view);
}

static void
scope (void)
{
  g_autoptr (GListStore) window = g_list_store_new (G_TYPE_OBJECT);
  g_autoptr (GListStore) toplevel = g_list_store_new (G_TYPE_OBJECT);
  MuseumOwner *view = museum_owner_new ();

  /* The scope knows where it has connected what. */
  lifecycle_scope_connect_signal (lifecycle_scope_of (G_OBJECT (view)), toplevel, "items-changed",
                                  G_CALLBACK (changed_cb), view);
  g_object_unref (view);

  g_list_store_append (toplevel, window);
  g_list_store_remove_all (toplevel);
}

int
main (int   argc,
      char *argv[])
{
  return museum_run (argc, argv, "wrong-instance", "*has no handler with id*", raw, scope);
}
