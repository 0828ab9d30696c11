// consumer.vala: what consumer.c does, in Vala
//
// SPDX-License-Identifier: LGPL-2.1-or-later

// A shielded call outlasts the close, and what it keeps lives as long. A drain lets a call finish, and
// refuses others.
async bool finish_operations () throws Error {
  var file = File.new_for_path ("/dev/null");
  var kept = new Cancellable ();
  var n_results = 0;

  var document = new Lifecycle.Scope ("document");
  unowned var save = document.begin_async ("save", (source, result) => { n_results++; });
  save.keep_object (kept);
  save.set_shielded (0);
  file.query_info_async.begin ("standard::size", 0, 0, save.get_cancellable (), save.complete);
  yield document.close_async (COMPLETED, 10000);
  if (n_results != 1 || kept.ref_count != 1)
    return false;

  var server = new Lifecycle.Scope ("server");
  unowned var answer = server.begin_async ("answer", (source, result) => { n_results++; });
  file.query_info_async.begin ("standard::size", 0, 0, answer.get_cancellable (), answer.complete);
  var drained = false;
  server.drain_async.begin (SHUTDOWN, 10000, null, (source, result) => {
    try {
      drained = server.drain_async.end (result);
    } catch (Error error) {
      drained = false;
    }
    finish_operations.callback ();
  });
  unowned var late = server.begin ("late");
  var refused = server.is_draining () && late.get_cancellable ().is_cancelled ();
  late.end ();
  yield;

  return refused && drained && n_results == 2;
}

int main () {
  var scope = new Lifecycle.Scope ("consumer");
  var emitter = new Cancellable ();
  Cancellable? gone = new Cancellable ();
  var n_heard = 0;
  var n_called = 0;

  scope.add_handler (emitter, emitter.cancelled.connect (() => { n_heard++; }));
  scope.defer ((closing, reason) => { print ("goodbye %s\n", closing.get_name ()); });
  scope.defer_for (gone, (closing, reason) => { assert_not_reached (); });
  gone = null;

  emitter.cancel ();
  print ("%u released\n", scope.close ());

  emitter.reset ();
  emitter.cancel ();
  print ("%d heard\n", n_heard);

  var timed = new Lifecycle.Scope ("timed");
  timed.connect_signal (emitter, "cancelled", () => { n_called++; });
  emitter.reset ();
  emitter.cancel ();
  var idle = timed.add_idle (() => { return Source.REMOVE; });
  var save = timed.add_debounce (1000, () => { n_heard++; });
  save.restart ();
  timed.close ();

  var loop = new MainLoop ();
  var finished = false;
  finish_operations.begin ((source, result) => {
    try {
      finished = finish_operations.end (result);
    } catch (Error error) {
      printerr ("%s\n", error.message);
    }
    loop.quit ();
  });
  loop.run ();

  return finished && n_called == 1 && idle.is_destroyed () && !save.is_active () && scope.is_closed () ? 0 : 1;
}
