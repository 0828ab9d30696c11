/* handlers-pile-up.c: each time a plug-in is enabled, another handler stays connected
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * disable() does not disconnect what enable() has connected, or has lost the ids.
 *
 * Reported as: forge #523, blur-my-shell #45, SmartAutoMoveNG #81
 */

#include "museum.h"

static guint n_calls;

static void
changed_cb (GListModel *model,
            guint       position,
            guint       removed,
            guint       added,
            gpointer    unused)
{
  n_calls++;
}

static void
raw (void)
{
  g_autoptr (GListStore) display = g_list_store_new (G_TYPE_OBJECT);

  for (int i = 0; i < 3; i++)
    g_signal_connect (display, "items-changed", G_CALLBACK (changed_cb), NULL);

  n_calls = 0;
  g_list_store_append (display, display);
  if (n_calls != 1)
    museum_fault ("%u handlers run where 1 is enabled", n_calls);

  g_list_store_remove_all (display);
}

static void
scope (void)
{
  g_autoptr (GListStore) display = g_list_store_new (G_TYPE_OBJECT);
  g_autoptr (LifecycleScope) plugin = lifecycle_scope_new ("plug-in");

  for (int i = 0; i < 3; i++)
    lifecycle_scope_connect_signal (lifecycle_scope_renew_child (plugin, "enabled"), display,
                                    "items-changed", G_CALLBACK (changed_cb), NULL);

  n_calls = 0;
  g_list_store_append (display, display);
  g_assert_cmpuint (n_calls, ==, 1);

  lifecycle_scope_close (plugin);
  g_list_store_remove_all (display);
  g_assert_cmpuint (n_calls, ==, 1);
}

int
main (int   argc,
      char *argv[])
{
  return museum_run (argc, argv, "handlers-pile-up", "3 handlers run *", raw, scope);
}
