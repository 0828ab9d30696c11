/* lifecycle-alive.c: what keeps a main context busy
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <stdio.h>

#include "lifecycle-alive-private.h"
#include "lifecycle-inventory-private.h"

#define MAX_ROWS 20

/* In milliseconds. A variable, so that tests need not wait that long. */
guint lifecycle_alive_interval = 5000;

static LifecycleSnapshot *
alive_take_snapshot (GMainContext *context)
{
  return lifecycle_snapshot_new_at (context != NULL ? context : g_main_context_default (),
                                    LIFECYCLE_ALIVE_KINDS);
}

/**
 * lifecycle_list_alive:
 * @context: (nullable): a main context, or %NULL for the default one
 *
 * Lists the entries that keep @context busy.
 *
 * These are the sources, timers, operations, subprocesses, socket services and application holds of
 * the scopes at home in @context: whatever a main loop may be waiting for, or an application is
 * kept running by. Anything that no scope owns is missing from the list. So is an entry that has
 * ended while its callback is still to come, such as an operation that was cancelled when its scope
 * closed.
 *
 * This function may be called on any thread.
 *
 * Returns: (transfer full): a list of [class@Record], which never changes
 *
 * Since: 1.0
 */
GListModel *
lifecycle_list_alive (GMainContext *context)
{
  return lifecycle_record_list_new (alive_take_snapshot (context));
}

/**
 * lifecycle_explain_alive:
 * @context: (nullable): a main context, or %NULL for the default one
 *
 * Describes what keeps @context busy, for a log or a terminal.
 *
 * The text has the contents of [func@list_alive], grouped by kind and by the place where the
 * entries were added, with the largest groups first. It is not meant to be parsed.
 *
 * The text stays the same as long as no entry is added or removed. This function may be called on
 * any thread.
 *
 * Returns: (transfer full): the description, as one or more lines
 *
 * Since: 1.0
 */
char *
lifecycle_explain_alive (GMainContext *context)
{
  g_autoptr (LifecycleSnapshot) snapshot = alive_take_snapshot (context);
  g_autoptr (LifecycleInventory) inventory = lifecycle_inventory_new ();
  GString *string = g_string_new (NULL);
  guint n = lifecycle_snapshot_get_n_items (snapshot);

  if (n == 0)
    {
      g_string_append (string, "No scope keeps the main context busy\n");
    }
  else
    {
      g_string_append_printf (string, "%u things keep the main context busy:\n", n);
      lifecycle_inventory_add (inventory, snapshot);
      lifecycle_inventory_append (inventory, string, "    ", MAX_ROWS);
    }

  return g_string_free (string, FALSE);
}

static gboolean
alive_look_cb (gpointer data)
{
  static char *last;
  char *text = lifecycle_explain_alive (NULL);

  if (g_strcmp0 (text, last) != 0)
    {
      fprintf (stderr, "Lifecycle: %s", text);
      g_free (last);
      last = text;
    }
  else
    {
      g_free (text);
    }

  return G_SOURCE_CONTINUE;
}

/* Implements LIFECYCLE_DEBUG=alive. A main loop runs until it is told to quit, no matter how many
 * sources are attached, so this source does not keep the program running.
 */
void
lifecycle_alive_start (void)
{
  GSource *source = g_timeout_source_new (lifecycle_alive_interval);

  g_source_set_static_name (source, "Lifecycle alive");
  g_source_set_callback (source, alive_look_cb, NULL, NULL);
  g_source_attach (source, NULL);
  g_source_unref (source);
}
