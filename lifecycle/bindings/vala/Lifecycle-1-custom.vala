// Declarations for Vala that are written by hand
//
// SPDX-License-Identifier: LGPL-2.1-or-later

namespace Lifecycle {
  [CCode (cheader_filename = "glib-unix.h", cname = "GUnixFDSourceFunc", instance_pos = 2.9)]
  public delegate bool FdSourceFunc (int fd, GLib.IOCondition condition);

  [CCode (cheader_filename = "glib.h", cname = "GSourceOnceFunc")]
  public delegate void OnceFunc ();

  // The arguments of a signal differ, so a lambda that is connected by the name of the signal gets
  // none of them: it is connected swapped, so that its own data comes first.
  [CCode (cname = "GCallback")]
  public delegate void HandlerFunc ();

  [CCode (cheader_filename = "lifecycle.h", cname = "LifecycleConnectFlags", cprefix = "LIFECYCLE_CONNECT_", type_id = "lifecycle_connect_flags_get_type ()")]
  [Flags]
  public enum ConnectFlags {
    [CCode (cname = "LIFECYCLE_CONNECT_SWAPPED")]
    DEFAULT,
    [CCode (cname = "(LIFECYCLE_CONNECT_SWAPPED | LIFECYCLE_CONNECT_AFTER)")]
    AFTER,
    [CCode (cname = "(LIFECYCLE_CONNECT_SWAPPED | LIFECYCLE_CONNECT_ONCE)")]
    ONCE,
    [CCode (cname = "(LIFECYCLE_CONNECT_SWAPPED | LIFECYCLE_CONNECT_QUEUED)")]
    QUEUED,
    [CCode (cname = "(LIFECYCLE_CONNECT_SWAPPED | LIFECYCLE_CONNECT_GUARDED)")]
    GUARDED
  }

  public class Scope : GLib.Object {
    [CCode (cname = "lifecycle_scope_connect_full")]
    public ulong connect_signal (GLib.Object instance, string detailed_signal, [CCode (type = "GCallback", delegate_target_pos = 3.1, destroy_notify_pos = 3.2)] owned HandlerFunc func, ConnectFlags flags = ConnectFlags.DEFAULT);
  }

  [CCode (has_typedef = false)]
  public delegate void UsingFunc (Scope scope) throws GLib.Error;

  // Runs a function with a new scope, and closes that in any case: as aborted if the function throws.
  public void using (string? name, UsingFunc func) throws GLib.Error {
    var scope = new Scope (name);
    try {
      func (scope);
    } catch (GLib.Error error) {
      scope.close_with_reason (Reason.ABORTED, error.message);
      throw error;
    }
    scope.close ();
  }
}
