/* freed-in-the-wrong-order.c: what a handler uses is freed before the handler is disconnected
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The order of a dispose is written by hand: it empties the model, whose handler uses a label that is
 * gone already.
 *
 * Reported as: nautilus #3047, tilingshell #559
 */

#include "museum.h"

typedef struct
{
  GListStore  *model;
  MuseumOwner *label;
  gulong       id;
} View;

static void
changed_cb (GListModel *model,
            guint       position,
            guint       removed,
            guint       added,
            gpointer    label)
{
  museum_owner_use (label);
}

static void
raw (void)
{
  View view = { g_list_store_new (G_TYPE_OBJECT), museum_owner_new (), 0 };

  g_list_store_append (view.model, view.label);
  g_list_store_append (view.model, view.model);
  g_list_store_remove (view.model, 0);
  view.id = g_signal_connect (view.model, "items-changed", G_CALLBACK (changed_cb), view.label);

  g_object_unref (view.label);
  g_list_store_remove_all (view.model);
  g_signal_handler_disconnect (view.model, view.id);
  g_object_unref (view.model);
}

static void
empty (LifecycleScope   *scope,
       LifecycleReason   reason,
       gpointer          model,
       GError          **error)
{
  g_list_store_remove_all (model);
}

static void
scope (void)
{
  g_autoptr (LifecycleScope) view = lifecycle_scope_new ("view");
  GListStore *model = g_list_store_new (G_TYPE_OBJECT);
  MuseumOwner *label = museum_owner_new ();

  lifecycle_scope_add_object (view, G_OBJECT (model));
  lifecycle_scope_add_object (view, G_OBJECT (label));
  lifecycle_scope_connect_signal (view, model, "items-changed", G_CALLBACK (changed_cb), label);
  lifecycle_scope_defer (view, empty, model, NULL);

  g_list_store_append (model, view);
  g_object_unref (label);
  g_object_unref (model);

  /* All handlers are disconnected first. Then the rest is released, last in, first out. */
  lifecycle_scope_close (view);
}

int
main (int   argc,
      char *argv[])
{
  return museum_run (argc, argv, "freed-in-the-wrong-order", "a finalized object is used", raw, scope);
}
