// wait-for.vala: waits until a file exists
//
// SPDX-License-Identifier: LGPL-2.1-or-later

// wait-for FILE [SECONDS]: the exit status is 0 if the file exists, and 1 if it does not after so many
// seconds, or at SIGINT or SIGTERM.

class Waiter {
  private const int SIGINT = 2;
  private const int SIGTERM = 15;

  private File file;
  private MainLoop loop = new MainLoop ();
  private Lifecycle.Scope scope = new Lifecycle.Scope ("wait-for");

  public Waiter (string path) {
    file = File.new_for_commandline_arg (path);
  }

  private void look () {
    if (file.query_exists ())
      scope.close ();
  }

  public bool run (uint timeout_ms) throws Error {
    var monitor = file.monitor_file (NONE);

    // Everything below ends with the scope, and the scope ends everything: the loop, too.
    scope.closed.connect (() => loop.quit ());
    scope.set_deadline (timeout_ms);
    foreach (var signum in new int[] { SIGINT, SIGTERM }) {
      scope.add_unix_signal (signum, () => {
        scope.close_with_reason (ABORTED, "signal");
        return Source.REMOVE;
      });
    }
    scope.add_file_monitor (monitor);
    scope.add_handler (monitor, monitor.changed.connect (() => look ()));

    look ();
    if (!scope.is_closed ())
      loop.run ();
    return scope.reason == COMPLETED;
  }

  public static int main (string[] args) {
    if (args.length < 2 || args.length > 3) {
      stderr.printf ("Usage: %s FILE [SECONDS]\n", args[0]);
      return 2;
    }

    try {
      var seconds = args.length == 3 ? double.parse (args[2]) : 0;
      return new Waiter (args[1]).run ((uint) (seconds * 1000)) ? 0 : 1;
    } catch (Error error) {
      stderr.printf ("%s\n", error.message);
      return 2;
    }
  }
}
