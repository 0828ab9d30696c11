/* closure-cycle.c: a closure that captures its owner keeps it alive for ever
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The owner holds a button, the button holds a handler, and the handler's closure holds the owner. No
 * reference count ever gets to zero.
 *
 * Reported as: mousam #261, Mixtapes #64, gotk3 #55, node-gtk #455, GtkD #254, planify #1588,
 * granite #990, nwg-dock-hyprland #126
 */

#include "museum.h"

static void
clicked_cb (GListModel *button,
            guint       position,
            guint       removed,
            guint       added,
            gpointer    owner)
{
  museum_owner_use (owner);
}

static void
drop_button (MuseumOwner *self)
{
  GListStore *button = museum_owner_get_data (self);

  museum_owner_set_data (self, NULL);
  g_clear_object (&button);
}

static void
raw (void)
{
  GListStore *button = g_list_store_new (G_TYPE_OBJECT);
  MuseumOwner *window = museum_owner_new_full (drop_button);

  museum_owner_set_data (window, button);
  g_signal_connect_data (button, "items-changed", G_CALLBACK (clicked_cb), g_object_ref (window),
                         (GClosureNotify) (void *) g_object_unref, G_CONNECT_DEFAULT);

  g_object_unref (window);
  if (museum_owner_is_alive (window))
    museum_fault ("nobody but itself holds the window, and it lives on");

  /* By hand, so that the museum itself does not leak. */
  g_object_run_dispose (G_OBJECT (window));
}

static void
scope (void)
{
  GListStore *button = g_list_store_new (G_TYPE_OBJECT);
  MuseumOwner *window = museum_owner_new_full (drop_button);
  g_autoptr (LifecycleScope) own = lifecycle_scope_new ("window");

  museum_owner_set_data (window, button);
  lifecycle_scope_connect_full (own, button, "items-changed", G_CALLBACK (clicked_cb),
                                g_object_ref (window), (GClosureNotify) (void *) g_object_unref,
                                LIFECYCLE_CONNECT_DEFAULT);
  g_object_unref (window);

  /* When the user closes the window. The close drops the closure, although the button lives on. */
  lifecycle_scope_close (own);
  g_assert_false (museum_owner_is_alive (window));
}

int
main (int   argc,
      char *argv[])
{
  return museum_run (argc, argv, "closure-cycle", "*window*lives on", raw, scope);
}
