#!/usr/bin/env python3
# run-python.py: runs the table of cases in Python
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import gc
import os
import sys
import threading
import time

import gi

gi.require_version("Lifecycle", "1")

from gi.repository import Gio, GLib, Lifecycle  # noqa: E402

Scope = Lifecycle.Scope
Reason = Lifecycle.Reason
CONTEXT = GLib.MainContext.default()


class Runner:
    def __init__(self):
        self.skipping = False
        self.forget()

    def forget(self):
        self.things, self.watches, self.counts, self.last = {}, {}, {}, {}

    def put(self, text):
        """Prints a line; what begins with "@" ends the case."""
        self.skipping = self.skipping or text.startswith("@")
        print(text, flush=True)

    def trace(self, *words):
        self.put("> " + " ".join(map(str, words)))

    def thing(self, name):
        return self.things[name]

    def count(self, label):
        self.counts[label] = self.counts.get(label, 0) + 1

    def act(self, label, step=None, reason=None):
        """What a callback does: it traces its label, and then does a step."""
        self.trace(label, *([] if reason is None else [reason.value_nick]))
        self.count(label.split()[0])
        if step is not None and step.startswith("throw "):
            raise RuntimeError(step[6:])
        if step is not None:
            self.run_step(step)

    # Steps that make something.

    def scope(self, s):
        self.things[s] = Scope(s)

    def child(self, c, s):
        self.things[c] = self.thing(s).new_child(c)

    def get_child(self, c, s, name):
        self.things[c] = self.thing(s).get_child(name)

    def renew_child(self, c, s, name):
        self.things[c] = self.thing(s).renew_child(name)

    def scope_of(self, s, e):
        self.things[s] = Scope.of(self.thing(e))

    def move(self, t, s):
        self.things[t] = self.thing(s).move()

    def emitter(self, e):
        self.things[e] = Gio.SimpleAction.new(e, None)

    def cancellable(self, c):
        self.things[c] = Gio.Cancellable()

    def drop(self, x):
        del self.things[x]

    drop_scope = drop

    def watch(self, w, x):
        self.watches[w] = Scope.of(self.thing(x))

    # Steps that add to a scope.

    def connect(self, s, e, label, step=None):
        self.last["instance"] = self.thing(e)
        self.last["id"] = self.thing(s).connect_signal(
            self.thing(e), "activate", lambda *args: self.act(label, step))

    def connect_once(self, s, e, label):
        self.thing(s).connect_signal(self.thing(e), "activate", lambda *args: self.act(label),
                                     Lifecycle.ConnectFlags.ONCE)

    def connect_capturing(self, s, e, owner, label):
        captured = self.thing(owner)
        self.thing(s).connect_signal(self.thing(e), "activate",
                                     lambda *args: self.act(label) or captured and None)

    def adopt(self, s, e, label):
        self.last["instance"] = self.thing(e)
        self.last["id"] = self.thing(e).connect("activate", lambda *args: self.act(label))
        self.thing(s).add_handler(self.thing(e), self.last["id"])

    def on_closing(self, s, label, step=None):
        self.thing(s).connect("closing", lambda scope, reason: self.act(label, step, reason))

    def on_closed(self, s, label, step=None):
        self.thing(s).connect("closed", lambda scope, reason: self.act(label, step, reason))

    def defer(self, s, label, step=None):
        self.thing(s).defer(lambda scope, reason: self.act(label, step, reason))

    def defer_for(self, s, e, label):
        self.thing(s).defer_for(self.thing(e),
                                lambda scope, reason: self.act(label, None, reason))

    def defer_capturing(self, s, x, label):
        captured = self.thing(x)
        self.thing(s).defer(lambda scope, reason: self.act(label) or captured and None)

    def idle(self, s, label, step=None):
        self.thing(s).add_idle(lambda *args: self.act(label, step) or False)

    def timeout(self, s, ms, label, step=None):
        self.last["timer"] = self.thing(s).add_timeout(
            int(ms), lambda *args: self.act(label, step) or False)

    def every(self, s, ms, label, n):
        left = [int(n)]

        def tick(*args):
            left[0] -= 1
            self.act(label)
            return left[0] > 0

        self.thing(s).add_timeout(int(ms), tick)

    def timeout_capturing(self, s, ms, owner, label):
        captured = self.thing(owner)
        self.thing(s).add_timeout(int(ms), lambda *args: self.act(label) or captured is not None)

    def debounce(self, d, s, ms, label):
        self.things[d] = self.thing(s).add_debounce(int(ms), lambda *args: self.act(label))

    def add_object(self, s, e):
        self.thing(s).add_object(self.thing(e))

    def begin(self, o, s):
        self.things[o] = self.thing(s).begin(o)

    def call(self, s, label, path="/"):
        file = Gio.File.new_for_path(path)

        def done(source, result):
            try:
                file.query_info_finish(result)
            except GLib.Error:
                self.act(f"{label} failed")
            else:
                self.act(f"{label} ok")

        operation = self.thing(s).begin_async("query", done)
        file.query_info_async("standard::size", 0, 0, operation.get_cancellable(),
                              lambda source, result: operation.complete(source, result))

    def call_failing(self, s, label):
        self.call(s, label, "/nonexistent/file")

    def follow_object(self, s, e):
        self.thing(s).follow_object(self.thing(e))

    def follow_cancellable(self, s, c):
        self.thing(s).follow_cancellable(self.thing(c))

    def deadline(self, s, ms):
        self.thing(s).set_deadline(int(ms))

    # Steps that make something happen.

    def emit(self, e):
        self.thing(e).activate(None)

    def disconnect(self, e):
        self.last["instance"].disconnect(self.last["id"])

    def sweep(self, s):
        """The override does it."""

    def dispose(self, e):
        self.thing(e).run_dispose()

    def cancel(self, c):
        self.thing(c).cancel()

    def cancel_timer(self):
        self.last["timer"].cancel()

    def restart(self, d):
        self.thing(d).restart()

    def end(self, o):
        self.thing(o).end()

    def block(self, s):
        self.thing(s).block()

    def unblock(self, s):
        self.thing(s).unblock()

    def close(self, s, reason="completed", detail=None):
        reason = getattr(Reason, reason.upper().replace("-", "_"))
        self.trace("close", s, self.thing(s).close_with_reason(reason, detail))

    def clear(self, s):
        self.trace("clear", s, self.thing(s).clear())

    def finish(self, name, label):
        def finished(scope, result):
            try:
                getattr(scope, name)(result)
            except GLib.Error:
                self.act(f"{label} failed")
            else:
                self.act(f"{label} ok")

        return finished

    def close_async(self, s, label, ms):
        self.thing(s).close_async(Reason.COMPLETED, int(ms), None,
                                  self.finish("close_finish", label))

    def drain(self, s, label, ms):
        self.thing(s).drain_async(Reason.COMPLETED, int(ms), None,
                                  self.finish("drain_finish", label))

    def iterate_until(self, done, what):
        """Iterates until something is so, or gives up."""
        deadline = time.monotonic() + 10
        while not done():
            if time.monotonic() > deadline:
                self.put(f"@waited 10 seconds for {what}")
                return False
            if not CONTEXT.iteration(False):
                time.sleep(0.0005)
        return True

    def wait(self, label, n="1"):
        if self.iterate_until(lambda: self.counts.get(label, 0) >= int(n), label):
            del self.counts[label]

    def settle(self):
        while CONTEXT.iteration(False):
            pass

    def sleep(self, ms):
        time.sleep(int(ms) / 1000)

    def collect(self):
        for _ in range(3):
            gc.collect()

    def on_thread(self, step):
        thread = threading.Thread(target=self.run_step, args=[step])
        thread.start()
        thread.join()

    def exit(self, status):
        sys.exit(int(status))

    # Steps that say what is.

    def entries(self, s):
        self.trace("entries", s, self.thing(s).get_n_entries())

    def state(self, s):
        scope = self.thing(s)
        self.trace("state", s, scope.get_state().value_nick, scope.get_reason().value_nick)

    def detail(self, s):
        self.trace("detail", s, self.thing(s).get_reason_detail())

    def error(self, s, text):
        error = self.thing(s).get_error()
        self.trace("error", s, "none" if error is None else "yes" if text in str(error) else error)

    def late(self, s):
        self.trace("late", s, self.thing(s).get_statistics(False).get_n_late())

    def same(self, a, b):
        self.trace("same", a, b, "yes" if self.thing(a) is self.thing(b) else "no")

    def path(self, s):
        path = self.thing(s).get_path()
        self.trace("path", s, "valid" if "\\x2f" in path else path)

    def place(self, s):
        records = self.thing(s).list_records(False)
        places = [str(record.get_place()) for record in records]
        found = places and all(f"{os.path.basename(sys.argv[0])}:" in place for place in places)
        self.trace("place", s, "yes" if found else places)

    def alive(self, w):
        self.trace("alive", w, "no" if self.watches[w].is_closed() else "yes")

    def bad(self, kind, s, e=None):
        if kind == "name":
            self.things[s] = Scope("\udcff/\udcfe")
            return
        scope, emitter = self.thing(s), self.thing(e) if e else None
        try:
            {
                "signal": lambda: scope.connect_signal(emitter, "nonsense", print),
                "handler": lambda: scope.connect_signal(emitter, "activate", 17),
                "emitter": lambda: scope.connect_signal(None, "activate", print),
                "cleanup": lambda: scope.defer(17),
                "callback": lambda: scope.add_timeout(1, None),
                "negative": lambda: scope.add_timeout(-1, print),
                "huge": lambda: scope.add_timeout(2 ** 40, print),
                "object": lambda: scope.add_object({}),
                "reason": lambda: scope.close_with_reason("nonsense", None),
            }[kind]()
        except (TypeError, ValueError, OverflowError):
            self.trace("bad", kind, "raises")
        else:
            self.trace("bad", kind, "accepted")

    def run_step(self, line):
        step, _, following = line.partition(" : ")
        verb, *words = step.split()
        if following:
            words.append(following)
        getattr(self, verb.replace("-", "_"))(*words)

    def run_line(self, line):
        if line.startswith("case "):
            self.put("@case " + line[5:])
            self.skipping = False
        elif line == "end":
            self.put("@end")
            self.forget()
            self.collect()
            self.settle()
        elif not self.skipping:
            try:
                self.run_step(line)
            except Exception as error:  # pylint: disable=broad-except
                self.put(f"@{type(error).__name__}: {error}")


def main(runner):
    for line in sys.stdin:
        runner.run_line(line.rstrip("\n"))


if __name__ == "__main__":
    main(Runner())
