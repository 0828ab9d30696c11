/* lifecycle-alive.c: what keeps a main context busy
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <stdio.h>

#include "lifecycle-alive-private.h"
#include "lifecycle-inventory-private.h"

#define MAX_ROWS 20

/* What makes a program wait for something: a source of its own, or somebody else's work. */
#define ALIVE_KINDS (1u << LIFECYCLE_KIND_SOURCE |    \
                     1u << LIFECYCLE_KIND_TIMER |     \
                     1u << LIFECYCLE_KIND_OPERATION | \
                     1u << LIFECYCLE_KIND_PROCESS |   \
                     1u << LIFECYCLE_KIND_SERVICE |   \
                     1u << LIFECYCLE_KIND_HOLD)

/* Milliseconds; tests cannot wait. */
guint lifecycle_alive_interval = 5000;

static LifecycleSnapshot *
alive_take_snapshot (GMainContext *context)
{
  return lifecycle_snapshot_new_at (context != NULL ? context : g_main_context_default (),
                                    ALIVE_KINDS);
}

/**
 * lifecycle_list_alive:
 * @context: (nullable): a main context, or %NULL for the default one
 *
 * Lists what the scopes at home in @context own that keeps it busy.
 *
 * These are sources, timers, operations, subprocesses, socket services and holds on an application:
 * what a main loop may be waiting for, or an application living on for. What is not owned by any
 * scope cannot be seen, and neither can what has ended as an entry but not yet as a callback, such as
 * an operation that was cancelled by the close of its scope.
 *
 * May be called on any thread.
 *
 * Returns: (transfer full): a list of [class@Record], which does not change
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
 * The same as [func@list_alive], in words, for a log or a terminal: how many of what, by the place
 * where they were added, the most first. Not meant to be parsed.
 *
 * As long as nothing comes or goes, the text is the same. May be called on any thread.
 *
 * Returns: (transfer full): lines
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

/* For LIFECYCLE_DEBUG=alive. A main loop does not care how many sources it has, so this one keeps
 * nothing alive.
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
