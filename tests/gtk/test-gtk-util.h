/* test-gtk-util.h: what the tests for GTK share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "../unit/test-util.h"

#include <lifecycle-gtk.h>

/* Runs what is pending, and a little more, so that GTK has drawn, and dropped what it drops later. */
TEST_UNUSED static void
test_gtk_settle (void)
{
  gint64 end = g_get_monotonic_time () + 50 * 1000;

  while (g_get_monotonic_time () < end)
    {
      if (!g_main_context_iteration (NULL, FALSE))
        g_usleep (1000);
    }
}

TEST_UNUSED static void
test_gtk_show (GtkWindow *window)
{
  gtk_window_present (window);
  test_iterate_until (gtk_widget_get_mapped (GTK_WIDGET (window)));
  test_gtk_settle ();
}

TEST_UNUSED static void
test_gtk_log_cb (LifecycleScope   *scope,
                 LifecycleReason   reason,
                 gpointer          data,
                 GError          **error)
{
  test_log ("%s", (const char *) data);
}

TEST_UNUSED static void
test_gtk_set_true (gpointer data)
{
  *(gboolean *) data = TRUE;
}

/* Whether an object has been finalized is written to a variable. */
TEST_UNUSED static void
test_gtk_watch_finalize (gpointer  object,
                         gboolean *finalized)
{
  *finalized = FALSE;
  g_object_set_data_full (object, "test-finalized", finalized, test_gtk_set_true);
}
