/* plug-in-leaves-things.c: a plug-in is turned off and part of it stays
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a plug-in sets up is spread over its code, and its disable() forgets some of it: a handler, a
 * timeout, an exported object. If the module is unloaded afterwards, they call code that is gone.
 *
 * Reported as: GPaste 505c5401, forge #521, geany #183
 */

#include "museum.h"

static gboolean enabled;
static guint n_late;

static void
changed_cb (GListModel *model,
            guint       position,
            guint       removed,
            guint       added,
            gpointer    unused)
{
  if (!enabled)
    n_late++;
}

static gboolean
poll_cb (gpointer unused)
{
  if (!enabled)
    n_late++;
  return G_SOURCE_CONTINUE;
}

static void
raw (void)
{
  g_autoptr (GListStore) host = g_list_store_new (G_TYPE_OBJECT);
  gulong handler;
  guint source;

  enabled = TRUE;
  n_late = 0;
  handler = g_signal_connect (host, "items-changed", G_CALLBACK (changed_cb), NULL);
  g_signal_connect_after (host, "items-changed", G_CALLBACK (changed_cb), NULL);
  source = g_idle_add (poll_cb, NULL);

  /* Two of three. */
  g_signal_handler_disconnect (host, handler);
  g_source_remove (source);
  enabled = FALSE;

  g_list_store_append (host, host);
  if (n_late > 0)
    museum_fault ("%u callback of a plug-in that is turned off", n_late);
  g_list_store_remove_all (host);
}

static void
scope (void)
{
  g_autoptr (GListStore) host = g_list_store_new (G_TYPE_OBJECT);
  g_autoptr (LifecycleScope) plugin = lifecycle_scope_new ("plug-in");

  enabled = TRUE;
  n_late = 0;
  lifecycle_scope_connect_signal (plugin, host, "items-changed", G_CALLBACK (changed_cb), NULL);
  lifecycle_scope_connect_full (plugin, host, "items-changed", G_CALLBACK (changed_cb), NULL, NULL,
                                LIFECYCLE_CONNECT_AFTER);
  lifecycle_scope_add_idle (plugin, poll_cb, NULL, NULL);

  g_assert_cmpuint (lifecycle_scope_close (plugin), ==, 3);
  enabled = FALSE;

  g_list_store_append (host, host);
  museum_settle ();
  g_assert_cmpuint (n_late, ==, 0);
  g_list_store_remove_all (host);
}

int
main (int   argc,
      char *argv[])
{
  return museum_run (argc, argv, "plug-in-leaves-things", "1 callback *", raw, scope);
}
