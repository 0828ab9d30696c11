/* monitor-outlives-owner.c: a file monitor goes on emitting after its owner has let go of it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Unreferencing a monitor does not cancel it: GLib's own thread, or a queued event, can hold it. A change
 * then calls a handler of an owner that is gone. The last reference may even go on that thread, which
 * older versions of GLib answered with a deadlock; cancelling first avoids that.
 *
 * Reported as: cinnamon-desktop #276, libdnf #1582, libxmlb #83, cockpit #13160, fwupd #2350
 */

#include "museum.h"

static void
changed_cb (GFileMonitor      *monitor,
            GFile             *file,
            GFile             *other,
            GFileMonitorEvent  event,
            gpointer           owner)
{
  museum_owner_use (owner);
}

/* What GLib does when the file system tells it something. */
static void
happen (GFileMonitor *monitor,
        GFile        *file)
{
  if (!g_file_monitor_is_cancelled (monitor))
    g_file_monitor_emit_event (monitor, file, NULL, G_FILE_MONITOR_EVENT_CREATED);
}

static void
raw (void)
{
  g_autoptr (GFile) file = g_file_new_for_path (g_get_tmp_dir ());
  GFileMonitor *monitor = g_file_monitor_directory (file, G_FILE_MONITOR_NONE, NULL, NULL);
  MuseumOwner *clock = museum_owner_new ();
  g_autoptr (GFileMonitor) queued = g_object_ref (monitor);

  g_signal_connect (monitor, "changed", G_CALLBACK (changed_cb), clock);
  g_object_unref (monitor);
  g_object_unref (clock);

  happen (queued, file);
  g_file_monitor_cancel (queued);
}

static void
scope (void)
{
  g_autoptr (GFile) file = g_file_new_for_path (g_get_tmp_dir ());
  GFileMonitor *monitor = g_file_monitor_directory (file, G_FILE_MONITOR_NONE, NULL, NULL);
  MuseumOwner *clock = museum_owner_new ();
  LifecycleScope *own = lifecycle_scope_of (G_OBJECT (clock));
  g_autoptr (GFileMonitor) queued = g_object_ref (monitor);

  lifecycle_scope_add_file_monitor (own, monitor);
  lifecycle_scope_connect_signal (own, monitor, "changed", G_CALLBACK (changed_cb), clock);
  g_object_unref (monitor);
  g_object_unref (clock);

  g_assert_true (g_file_monitor_is_cancelled (queued));
  happen (queued, file);
}

int
main (int   argc,
      char *argv[])
{
  return museum_run (argc, argv, "monitor-outlives-owner", "a finalized object is used", raw, scope);
}
