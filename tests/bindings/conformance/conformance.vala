// conformance.vala: runs the table of cases in Vala
//
// SPDX-License-Identifier: LGPL-2.1-or-later

// Vala's own bindings of GLib lack this.
[CCode (cname = "g_object_run_dispose")]
extern void run_dispose (Object object);

class Runner {
  protected MainContext context = MainContext.default ();
  protected HashTable<string, Object> things = new HashTable<string, Object> (str_hash, str_equal);
  private HashTable<string, Lifecycle.Timer> timers;
  protected HashTable<string, Lifecycle.Scope> watches;
  private HashTable<string, Lifecycle.Operation> operations;
  protected HashTable<string, int> counts = new HashTable<string, int> (str_hash, str_equal);
  private weak Object? last_instance;
  private ulong last_id;
  private Lifecycle.Timer? last_timer;
  private bool skipping;
  private bool at_end;

  public Runner () {
    forget ();
  }

  protected virtual void forget () {
    things = new HashTable<string, Object> (str_hash, str_equal);
    timers = new HashTable<string, Lifecycle.Timer> (str_hash, str_equal);
    watches = new HashTable<string, Lifecycle.Scope> (str_hash, str_equal);
    operations = new HashTable<string, Lifecycle.Operation> (str_hash, str_equal);
    counts = new HashTable<string, int> (str_hash, str_equal);
    last_timer = null;
  }

  // Prints a line; what begins with "@" ends the case.
  protected void put (string text) {
    skipping = skipping || text.has_prefix ("@");
    stdout.printf ("%s\n", text);
    stdout.flush ();
  }

  protected Lifecycle.Scope scope (string name) {
    return (Lifecycle.Scope) things[name];
  }

  private string nick (Type type, int value) {
    var enum_class = (EnumClass) type.class_ref ();
    return enum_class.get_value (value).value_nick;
  }

  protected string reason_nick (Lifecycle.Reason reason) {
    return nick (typeof (Lifecycle.Reason), reason);
  }

  private Lifecycle.Reason parse_reason (string name) {
    var enum_class = (EnumClass) typeof (Lifecycle.Reason).class_ref ();
    return (Lifecycle.Reason) enum_class.get_value_by_nick (name).value;
  }

  protected void trace (string text) {
    put ("> " + text);
  }

  protected void count (string label) {
    counts[label] = counts[label] + 1;
  }

  // What a callback does: it traces its label, and then does a step.
  protected void act (string label, string? step, string? more = null) {
    trace (more != null ? @"$label $more" : label);
    count (label);
    if (step != null)
      run_step (step);
  }

  private void act_or_throw (string label, string? step, string? more = null) throws Error {
    if (step != null && step.has_prefix ("throw ")) {
      act (label, null, more);
      throw new IOError.FAILED (step.substring (6));
    }
    act (label, step, more);
  }

  // For what cannot throw: it catches the error, and hands it to the scope.
  protected void act_in (string scope_name, string label, string? step) {
    try {
      act_or_throw (label, step);
    } catch (Error error) {
      scope (scope_name).add_failure (@"$(Log.FILE):$(Log.LINE)", error.message);
    }
  }

  private void call (Lifecycle.Scope scope, string path, string label) {
    var file = File.new_for_path (path);
    unowned var operation = scope.begin_async ("query", (source, result) => {
      try {
        file.query_info_async.end (result);
        act (label, null, "ok");
      } catch (Error error) {
        act (label, null, "failed");
      }
    });
    file.query_info_async.begin ("standard::size", 0, 0, operation.get_cancellable (), operation.complete);
  }

  private async void close (Lifecycle.Scope scope, string label, uint timeout, bool drain) {
    try {
      if (drain)
        yield scope.drain_async (COMPLETED, timeout);
      else
        yield scope.close_async (COMPLETED, timeout);
      act (label, null, "ok");
    } catch (Error error) {
      act (label, null, "failed");
    }
  }

  protected delegate bool IsDone ();

  // Iterates until something is so, or gives up.
  protected bool iterate_until (IsDone is_done, string what) {
    var deadline = get_monotonic_time () + 10 * TimeSpan.SECOND;
    while (!is_done ()) {
      if (get_monotonic_time () > deadline) {
        put (@"@waited 10 seconds for $what");
        return false;
      }
      if (!context.iteration (false))
        Thread.usleep (500);
    }
    return true;
  }

  private void wait_for (string label, int n) {
    if (iterate_until (() => counts[label] >= n, label))
      counts.remove (label);
  }

  protected void settle () {
    while (context.iteration (false)) {
    }
  }

  private bool run_making_step (string verb, string[] a) {
    switch (verb) {
    case "scope":
      things[a[1]] = new Lifecycle.Scope (a[1]);
      break;
    case "child":
      things[a[1]] = scope (a[2]).new_child (a[1]);
      break;
    case "get-child":
      things[a[1]] = scope (a[2]).get_child (a[3]);
      break;
    case "renew-child":
      things[a[1]] = scope (a[2]).renew_child (a[3]);
      break;
    case "scope-of":
      things[a[1]] = Lifecycle.Scope.of (things[a[2]]);
      break;
    case "move":
      things[a[1]] = scope (a[2]).move ();
      break;
    case "emitter":
      things[a[1]] = new SimpleAction (a[1], null);
      break;
    case "cancellable":
      things[a[1]] = new Cancellable ();
      break;
    case "drop":
    case "drop-scope":
      things.remove (a[1]);
      break;
    case "watch":
      watches[a[1]] = Lifecycle.Scope.of (things[a[2]]);
      break;
    default:
      return false;
    }
    return true;
  }

  private bool run_adding_step (string verb, string[] a, string? step) {
    // What a lambda captures must not change under it.
    string? next = step;
    string first = a.length > 1 ? a[1] : "";
    string second = a.length > 2 ? a[2] : "";
    string third = a.length > 3 ? a[3] : "";

    switch (verb) {
    case "connect":
      last_instance = things[second];
      last_id = scope (first).connect_signal (last_instance, "activate", () => act_in (first, third, next));
      break;
    case "connect-once":
      scope (first).connect_signal (things[second], "activate", () => act (third, next), ONCE);
      break;
    case "connect-capturing":
      var label = a[4];
      var captured = things[third];
      scope (first).connect_signal (things[second], "activate", () => {
        act (label, null);
        captured.freeze_notify ();
        captured.thaw_notify ();
      });
      break;
    case "adopt":
      var action = (SimpleAction) things[second];
      last_instance = action;
      last_id = action.activate.connect (() => act (third, next));
      scope (first).add_handler (action, last_id);
      break;
    case "on-closing":
      scope (first).closing.connect ((reason) => act (second, next, reason_nick (reason)));
      break;
    case "on-closed":
      scope (first).closed.connect ((reason) => act (second, next, reason_nick (reason)));
      break;
    case "defer":
      scope (first).defer ((closing, reason) => act_or_throw (second, next, reason_nick (reason)));
      break;
    case "defer-for":
      scope (first).defer_for (things[second], (closing, reason) => act_or_throw (third, next, reason_nick (reason)));
      break;
    case "defer-capturing":
      var captured = things[second];
      scope (first).defer (() => {
        act (third, null);
        captured.freeze_notify ();
        captured.thaw_notify ();
      });
      break;
    case "idle":
      scope (first).add_idle (() => {
        act_in (first, second, next);
        return Source.REMOVE;
      });
      break;
    case "timeout":
      last_timer = scope (first).add_timeout (int.parse (second), () => {
        act_in (first, third, next);
        return Source.REMOVE;
      });
      break;
    case "every":
      int left = int.parse (a[4]);
      scope (first).add_timeout (int.parse (second), () => {
        left--;
        act (third, next);
        return left > 0;
      });
      break;
    case "timeout-capturing":
      var label = a[4];
      var captured = things[third];
      scope (first).add_timeout (int.parse (second), () => {
        act (label, null);
        return captured != null;
      });
      break;
    case "debounce":
      var label = a[4];
      timers[first] = scope (second).add_debounce (int.parse (third), () => act (label, next));
      break;
    case "add-object":
      scope (first).add_object (things[second]);
      break;
    case "begin":
      operations[first] = scope (second).begin (first);
      break;
    case "call":
      call (scope (first), "/", second);
      break;
    case "call-failing":
      call (scope (first), "/nonexistent/file", second);
      break;
    case "follow-object":
      scope (first).follow_object (things[second]);
      break;
    case "follow-cancellable":
      scope (first).follow_cancellable ((Cancellable) things[second]);
      break;
    case "deadline":
      scope (first).set_deadline (int.parse (second));
      break;
    default:
      return false;
    }
    return true;
  }

  private bool run_acting_step (string verb, string[] a, string? step) {
    switch (verb) {
    case "emit":
      ((SimpleAction) things[a[1]]).activate (null);
      break;
    case "disconnect":
      SignalHandler.disconnect (last_instance, last_id);
      break;
    case "sweep":
      scope (a[1]).sweep_handlers ();
      break;
    case "dispose":
      run_dispose (things[a[1]]);
      break;
    case "cancel":
      ((Cancellable) things[a[1]]).cancel ();
      break;
    case "cancel-timer":
      last_timer.cancel ();
      break;
    case "restart":
      timers[a[1]].restart ();
      break;
    case "end":
      operations[a[1]].end ();
      break;
    case "block":
      scope (a[1]).block ();
      break;
    case "unblock":
      scope (a[1]).unblock ();
      break;
    case "close":
      var n = a.length > 2 ? scope (a[1]).close_with_reason (parse_reason (a[2]), a[3])
                           : scope (a[1]).close ();
      trace (@"close $(a[1]) $n");
      break;
    case "clear":
      trace (@"clear $(a[1]) $(scope (a[1]).clear ())");
      break;
    case "close-async":
    case "drain":
      close.begin (scope (a[1]), a[2], int.parse (a[3]), verb == "drain");
      break;
    case "wait":
      wait_for (a[1], a.length > 2 ? int.parse (a[2]) : 1);
      break;
    case "settle":
      settle ();
      break;
    case "sleep":
      Thread.usleep (int.parse (a[1]) * 1000);
      break;
    case "collect":
      break;
    case "on-thread":
      new Thread<void> ("step", () => run_step (step)).join ();
      break;
    case "exit":
      if (a[1] == "0")
        at_end = true;
      else
        Process.exit (int.parse (a[1]));
      break;
    default:
      return false;
    }
    return true;
  }

  private void run_telling_step (string verb, string[] a) {
    switch (verb) {
    case "entries":
      trace (@"entries $(a[1]) $(scope (a[1]).n_entries)");
      break;
    case "state":
      var state = nick (typeof (Lifecycle.State), scope (a[1]).state);
      trace (@"state $(a[1]) $state $(reason_nick (scope (a[1]).reason))");
      break;
    case "detail":
      trace (@"detail $(a[1]) $(scope (a[1]).get_reason_detail ())");
      break;
    case "error":
      unowned var error = scope (a[1]).get_error ();
      var found = error == null ? "none" : a[2] in error.message ? "yes" : error.message;
      trace (@"error $(a[1]) $found");
      break;
    case "late":
      trace (@"late $(a[1]) $(scope (a[1]).get_statistics ().get_n_late ())");
      break;
    case "same":
      trace (@"same $(a[1]) $(a[2]) $(things[a[1]] == things[a[2]] ? "yes" : "no")");
      break;
    case "path":
      var path = scope (a[1]).get_path ();
      trace (@"path $(a[1]) $("\\x2f" in path && path.validate () ? "valid" : path)");
      break;
    case "place":
      var records = scope (a[1]).list_records ();
      var found = records.get_n_items () > 0;
      for (var i = 0; i < records.get_n_items (); i++) {
        unowned var place = ((Lifecycle.Record) records.get_item (i)).get_place ();
        found = found && place != null && "/conformance" in place;
      }
      trace (@"place $(a[1]) $(found ? "yes" : "no")");
      break;
    case "alive":
      trace (@"alive $(a[1]) $(watches[a[1]].is_closed () ? "no" : "yes")");
      break;
    case "bad":
      run_bad_step (a);
      break;
    default:
      put (@"@unknown step $verb");
      break;
    }
  }

  private static int n_criticals;

  private static void count_critical (string? domain, LogLevelFlags level, string message) {
    n_criticals++;
  }

  // The compiler refuses what has a wrong type. What it does not refuse is a critical, as in C.
  private void run_bad_step (string[] a) {
    Lifecycle.HandlerFunc? no_handler = null;
    Lifecycle.CleanupFunc? no_cleanup = null;
    SourceFunc? no_function = null;
    Object? nothing = null;
    var handler = Log.set_handler ("Lifecycle", LEVEL_CRITICAL, count_critical);
    n_criticals = 0;
    switch (a[1]) {
    case "name":
      things[a[2]] = new Lifecycle.Scope ("\xff/\xfe");
      break;
    case "signal":
      scope (a[2]).connect_signal (things[a[3]], "nonsense", () => {});
      break;
    case "handler":
      scope (a[2]).connect_signal (things[a[3]], "activate", (owned) no_handler);
      break;
    case "emitter":
      scope (a[2]).connect_signal (nothing, "activate", () => {});
      break;
    case "cleanup":
      scope (a[2]).defer ((owned) no_cleanup);
      break;
    case "callback":
      scope (a[2]).add_timeout (1, (owned) no_function);
      break;
    case "object":
      scope (a[2]).add_object (nothing);
      break;
    case "reason":
      scope (a[2]).close_with_reason ((Lifecycle.Reason) 999);
      break;
    default:
      put ("@a number is converted");
      break;
    }
    Log.remove_handler ("Lifecycle", handler);
    if (a[1] != "name")
      trace (@"bad $(a[1]) $(n_criticals > 0 ? "raises" : "accepted")");
  }

  // Steps that are elsewhere.
  protected virtual bool run_more_step (string verb, string[] a, string? step) {
    return false;
  }

  protected void run_step (string line) {
    var parts = line.split (" : ", 2);
    var words = parts[0].split (" ");
    string? step = parts.length > 1 ? parts[1] : null;

    if (!run_more_step (words[0], words, step) && !run_making_step (words[0], words) && !run_adding_step (words[0], words, step) &&
        !run_acting_step (words[0], words, step))
      run_telling_step (words[0], words);
  }

  public void run_line (string line) {
    if (line.has_prefix ("case ")) {
      put (@"@case $(line.substring (5))");
      skipping = false;
    } else if (line == "end") {
      put ("@end");
      forget ();
      settle ();
    } else if (!skipping) {
      run_step (line);
    }
  }

  public static int main () {
#if WITH_GTK
    var runner = new GtkRunner ();
#else
    var runner = new Runner ();
#endif
    string? line;
    while ((line = stdin.read_line ()) != null && !runner.at_end)
      runner.run_line (line);
    // What the variables of main() own ends here. The runner itself is known to its callbacks.
    runner.things.remove_all ();
    return 0;
  }
}
