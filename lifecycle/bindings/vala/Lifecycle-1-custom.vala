// Declarations for Vala that are written by hand
//
// SPDX-License-Identifier: LGPL-2.1-or-later

namespace Lifecycle {
  [CCode (cheader_filename = "glib-unix.h", cname = "GUnixFDSourceFunc", instance_pos = 2.9)]
  public delegate bool FdSourceFunc (int fd, GLib.IOCondition condition);

  [CCode (cheader_filename = "glib.h", cname = "GSourceOnceFunc")]
  public delegate void OnceFunc ();
}
