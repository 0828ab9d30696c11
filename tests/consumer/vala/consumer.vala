// consumer.vala: what consumer.c does, in Vala
//
// SPDX-License-Identifier: LGPL-2.1-or-later

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

  return n_called == 1 && idle.is_destroyed () && !save.is_active () && scope.is_closed () ? 0 : 1;
}
