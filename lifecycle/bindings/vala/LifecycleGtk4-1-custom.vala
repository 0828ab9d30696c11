// Declarations for Vala that are written by hand
//
// SPDX-License-Identifier: LGPL-2.1-or-later

namespace LifecycleGtk {
  [CCode (cheader_filename = "lifecycle-gtk.h", cname = "lifecycle_gtk_close_windows_async")]
  public static void close_windows_async (Gtk.Application application, uint timeout_ms = 0, GLib.Cancellable? cancellable = null, [CCode (scope = "async")] GLib.AsyncReadyCallback? callback = null);

  [CCode (cheader_filename = "lifecycle-gtk.h", cname = "lifecycle_gtk_close_windows_finish")]
  public static bool close_windows_finish (Gtk.Application application, GLib.AsyncResult result) throws GLib.Error;
}
