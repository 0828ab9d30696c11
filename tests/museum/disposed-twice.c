/* disposed-twice.c: a dispose that runs twice disconnects twice
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * g_object_run_dispose() and toolkits call dispose more than once. The second time, the id is no longer
 * valid.
 *
 * Reported as: xapp #212
 */

#include "museum.h"

static GListStore *settings;
static gulong id;

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
disconnect (MuseumOwner *self)
{
  g_signal_handler_disconnect (settings, id);
}

static void
raw (void)
{
  MuseumOwner *icon = museum_owner_new_full (disconnect);

  settings = g_list_store_new (G_TYPE_OBJECT);
  id = g_signal_connect (settings, "items-changed", G_CALLBACK (changed_cb), icon);

  g_object_run_dispose (G_OBJECT (icon));
  g_object_unref (icon);
  g_clear_object (&settings);
}

static void
scope (void)
{
  MuseumOwner *icon = museum_owner_new ();

  settings = g_list_store_new (G_TYPE_OBJECT);
  museum_owner_set_scope (icon, lifecycle_scope_new ("icon"));
  lifecycle_scope_connect_signal (museum_owner_get_scope (icon), settings, "items-changed",
                                  G_CALLBACK (changed_cb), icon);

  g_object_run_dispose (G_OBJECT (icon));
  g_object_unref (icon);
  g_clear_object (&settings);
}

int
main (int   argc,
      char *argv[])
{
  return museum_run (argc, argv, "disposed-twice", "*has no handler with id*", raw, scope);
}
