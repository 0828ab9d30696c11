#!/usr/bin/env python3
# test-python.py: the library as PyGObject sees it
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import gc
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
import weakref

try:
    import gi
except ImportError:
    print("skipped: this Python has no PyGObject")
    sys.exit(77)

gi.require_version("Lifecycle", "1")

from gi.repository import Gio, GLib, GObject, Lifecycle  # noqa: E402

Flags = Lifecycle.ConnectFlags
Kind = Lifecycle.Kind
Reason = Lifecycle.Reason
State = Lifecycle.State
Scope = Lifecycle.Scope


class Emitter(GObject.Object):
    """Something to connect to, whose default handler leaves a trace."""

    __gsignals__ = {
        "ping": (GObject.SignalFlags.RUN_LAST | GObject.SignalFlags.DETAILED, None, (int, str)),
        "ask": (GObject.SignalFlags.RUN_LAST, int, (int,)),
    }

    label = GObject.Property(type=str, default="")

    def __init__(self):
        super().__init__()
        self.trace = []

    def do_ping(self, number, text):
        self.trace.append("default")


class Thing:
    """A plain Python object that can be watched while it goes."""


def iterate(done):
    """Runs the main context until DONE(), which must happen soon."""
    context = GLib.MainContext.default()
    expired = []
    # So that a test that fails does so instead of hanging.
    guard = GLib.timeout_source_new(20000)
    guard.set_callback(lambda *args: expired.append(True) or GLib.SOURCE_CONTINUE)
    guard.attach(context)
    while not done() and not expired:
        context.iteration(True)
    guard.destroy()
    if expired:
        raise AssertionError("waited 20 s in vain")


def drain():
    """Runs what is ready, and nothing that would have to be waited for."""
    context = GLib.MainContext.default()
    for _ in range(100):
        if not context.iteration(False):
            return


def collect():
    for _ in range(3):
        gc.collect()


class TestScope(unittest.TestCase):
    def test_new(self):
        scope = Scope.new("root")
        self.assertEqual(scope.get_name(), "root")
        self.assertEqual(scope.get_state(), State.OPEN)
        self.assertEqual(scope.get_reason(), Reason.NONE)
        self.assertIsNone(scope.get_reason_detail())
        self.assertIsNone(scope.get_parent())
        self.assertIsNone(scope.get_error())
        self.assertEqual(scope.get_n_entries(), 0)
        self.assertFalse(scope.is_closed())
        self.assertEqual(scope.__grefcount__, 1)
        self.assertEqual(scope.close(), 0)
        self.assertTrue(scope.is_closed())

    def test_new_without_a_name(self):
        scope = Scope.new(None)
        self.assertIsNone(scope.get_name())
        scope.close()

    def test_constructor_properties(self):
        parent = Scope(name="root")
        child = Scope(name="child", parent=parent)
        self.assertEqual(child.get_parent(), parent)
        self.assertEqual(child.get_path(), "root/child")
        self.assertEqual(parent.get_n_entries(), 1)
        self.assertEqual(parent.get_child("child"), child)
        self.assertEqual(parent.close(), 1)
        self.assertEqual(child.get_reason(), Reason.PARENT_CLOSED)

    def test_new_child(self):
        parent = Scope.new("root")
        child = parent.new_child("child")
        # Ours, and the one of the parent until the child closes.
        self.assertEqual(child.__grefcount__, 2)
        self.assertEqual(child.get_path(), "root/child")
        self.assertEqual(parent.props.n_entries, 1)
        self.assertEqual(child.close(), 0)
        self.assertEqual(child.__grefcount__, 1)
        self.assertEqual(parent.props.n_entries, 0)
        self.assertIsNone(child.get_parent())
        parent.close()

    def test_get_child(self):
        parent = Scope.new("root")
        child = parent.get_child("tag")
        self.assertEqual(child.__grefcount__, 2)
        self.assertIs(parent.get_child("tag"), child)
        self.assertIsNot(parent.get_child("other"), child)
        child.close()
        self.assertIsNot(parent.get_child("tag"), child)
        parent.close()

    def test_renew_child(self):
        parent = Scope.new("root")
        old = parent.get_child("tag")
        seen = []
        old.connect("closed", lambda *args: seen.append(parent.get_child("tag")))
        new = parent.renew_child("tag")
        self.assertEqual(old.get_reason(), Reason.REPLACED)
        self.assertEqual(seen, [new])
        parent.close()

    def test_get_child_on_another_thread(self):
        parent = Scope.new("root")
        names = []

        def work():
            for _ in range(20000):
                names.append(parent.get_child("tag").get_name())
            parent.close()

        thread = threading.Thread(target=work)
        thread.start()
        context = GLib.MainContext.default()
        while not parent.is_closed():
            parent.clear()
            context.iteration(False)
        thread.join()
        self.assertEqual(set(names), {"tag"})

    def test_renew_child_for(self):
        parent = Scope.new("root")
        row = Emitter()
        old = parent.get_child_for(row)
        new = parent.renew_child_for(row)
        self.assertEqual(old.get_reason(), Reason.REPLACED)
        self.assertIs(parent.get_child_for(row), new)
        self.assertEqual(parent.get_n_entries(), 1)
        row.run_dispose()
        self.assertEqual(new.get_reason(), Reason.OWNER_GONE)
        parent.close()

    def test_name_from_elsewhere(self):
        parent = Scope.new("a/b")
        child = parent.get_child("x\nroot\x1b[2J")
        self.assertEqual(child.get_name(), "x\nroot\x1b[2J")
        self.assertEqual(child.get_path(), r"a\x2fb/x\nroot\x1b[2J")
        parent.close()

    def test_misuse(self):
        scope = Scope.new("root")
        with self.assertRaises(TypeError):
            scope.follow_cancellable(None)
        for made in (Lifecycle.Leak(), Lifecycle.Record()):
            self.assertIsInstance(made.to_string(), str)
            self.assertIsInstance(made.get_scope_path(), str)
        self.assertEqual(Lifecycle.Sample().get_rss(), 0)
        scope.close()

    def test_get_child_for(self):
        parent = Scope.new("root")
        player = Emitter()
        child = parent.get_child_for(player)
        self.assertIs(parent.get_child_for(player), child)
        self.assertIn("Emitter", child.get_name())
        player.run_dispose()
        self.assertEqual(child.get_reason(), Reason.OWNER_GONE)
        self.assertEqual(parent.get_n_entries(), 0)
        parent.close()

    def test_of(self):
        thing = Emitter()
        scope = Scope.of(thing)
        self.assertIs(Scope.of(thing), scope)
        thing.run_dispose()
        self.assertEqual(scope.get_state(), State.CLOSED)
        self.assertEqual(scope.get_reason(), Reason.OWNER_GONE)

    def test_of_something_collected(self):
        thing = Emitter()
        scope = Scope.of(thing)
        del thing
        collect()
        self.assertEqual(scope.get_reason(), Reason.OWNER_GONE)

    def test_close_with_reason(self):
        scope = Scope.new("root")
        scope.close_with_reason(Reason.ABORTED, "given up")
        self.assertEqual(scope.get_reason(), Reason.ABORTED)
        self.assertEqual(scope.props.reason, Reason.ABORTED)
        self.assertEqual(scope.get_reason_detail(), "given up")
        self.assertEqual(scope.close(), 0)
        self.assertEqual(scope.get_reason(), Reason.ABORTED)

    def test_nest(self):
        emitter = Emitter()
        order = []
        root = Scope.new("root")
        root.defer(lambda *args: order.append("first"))
        child = root.new_child("child")
        root.defer(lambda *args: order.append("last"))
        for _ in range(2):
            child.connect_signal(emitter, "ping", lambda *args: None, Flags.DEFAULT)
        child.defer(lambda *args: order.append("child"))
        # Two cleanups, the child, and its three entries.
        self.assertEqual(root.close(), 6)
        self.assertEqual(order, ["last", "child", "first"])
        self.assertTrue(child.is_closed())

    def test_dropped(self):
        emitter = Emitter()
        calls = []
        scope = Scope.new("dropped")
        scope.connect_signal(emitter, "ping", lambda *args: calls.append(args), Flags.DEFAULT)
        reasons = []
        scope.defer(lambda scope, reason: reasons.append(reason))
        del scope
        collect()
        self.assertEqual(reasons, [Reason.DROPPED])
        emitter.emit("ping", 1, "one")
        self.assertEqual(calls, [])

    def test_clear(self):
        emitter = Emitter()
        calls = []
        scope = Scope.new("root")
        cancellable = scope.get_cancellable()
        scope.connect_signal(emitter, "ping", lambda *args: calls.append(args), Flags.DEFAULT)
        child = scope.new_child("child")
        self.assertEqual(scope.clear(), 2)
        self.assertEqual(scope.get_state(), State.OPEN)
        self.assertEqual(child.get_reason(), Reason.PARENT_CLOSED)
        self.assertEqual(child.get_reason_detail(), "cleared")
        self.assertTrue(cancellable.is_cancelled())
        self.assertFalse(scope.get_cancellable().is_cancelled())
        emitter.emit("ping", 1, "one")
        self.assertEqual(calls, [])
        scope.close()

    def test_move(self):
        emitter = Emitter()
        calls = []
        old = Scope.new("root")
        old.connect_signal(emitter, "ping", lambda *args: calls.append(args), Flags.DEFAULT)
        new = old.move()
        self.assertEqual(new.__grefcount__, 1)
        self.assertEqual(new.get_name(), "root")
        self.assertEqual(new.get_n_entries(), 1)
        self.assertEqual(old.get_reason(), Reason.REPLACED)
        self.assertEqual(old.get_reason_detail(), "moved")
        emitter.emit("ping", 1, "one")
        self.assertEqual(len(calls), 1)
        self.assertEqual(new.close(), 1)
        emitter.emit("ping", 2, "two")
        self.assertEqual(len(calls), 1)

    def test_cancellable(self):
        scope = Scope.new("root")
        cancellable = scope.get_cancellable()
        self.assertIsInstance(cancellable, Gio.Cancellable)
        self.assertIs(scope.get_cancellable(), cancellable)
        scope.close()
        self.assertTrue(cancellable.is_cancelled())

    def test_limit(self):
        scope = Scope(name="root", limit=2)
        self.assertEqual(scope.get_limit(), 2)
        reached = []
        scope.connect("limit-reached", lambda scope, n: reached.append(n))
        for _ in range(3):
            scope.add_object(Emitter())
        self.assertEqual(reached, [3])
        scope.props.limit = 0
        self.assertEqual(scope.get_limit(), 0)
        self.assertEqual(scope.close(), 3)

    def test_close_from_another_thread(self):
        scope = Scope.new("root")
        threads = []
        scope.defer(lambda *args: threads.append(threading.get_ident()))
        # The default context is ours only while we hold it, as a running main loop would.
        context = GLib.MainContext.default()
        self.assertTrue(context.acquire())
        try:
            thread = threading.Thread(target=scope.close)
            thread.start()
            thread.join()
            self.assertEqual(scope.get_state(), State.CLOSING)
            self.assertEqual(threads, [])
            iterate(scope.is_closed)
        finally:
            context.release()
        self.assertEqual(scope.get_state(), State.CLOSED)
        self.assertEqual(threads, [threading.get_ident()])


class TestObject(unittest.TestCase):
    """A scope is still a GObject."""

    def test_no_method_hides_one_of_gobject(self):
        inherited = {name for name in dir(GObject.Object) if not name.startswith("__")}
        own = {name for name in vars(Scope) if not name.startswith("__")}
        # PyGObject looks at these two of each class for its own purposes.
        self.assertEqual(own & inherited - {"props", "parent"}, set())

    def test_no_property_is_called_like_a_method(self):
        properties = {pspec.name.replace("-", "_") for pspec in Scope.list_properties()}
        self.assertEqual(properties & {name for name in dir(Scope)}, set())

    def test_properties(self):
        found = {pspec.name: pspec for pspec in Scope.list_properties()}
        self.assertEqual(set(found),
                         {"name", "parent", "state", "reason", "n-entries", "limit",
                          "permanent"})
        self.assertEqual(found["state"].value_type, State.__gtype__)
        self.assertEqual(found["reason"].value_type, Reason.__gtype__)
        self.assertEqual(found["parent"].value_type, Scope.__gtype__)
        self.assertFalse(found["n-entries"].flags & GObject.ParamFlags.WRITABLE)
        self.assertTrue(found["limit"].flags & GObject.ParamFlags.WRITABLE)

    def test_signals(self):
        self.assertEqual(set(GObject.signal_list_names(Scope)),
                         {"closing", "closed", "limit-reached"})

    def test_connect_and_disconnect(self):
        scope = Scope.new("root")
        calls = []
        handler_id = scope.connect("closed", lambda *args: calls.append(args))
        scope.disconnect(handler_id)
        scope.close()
        self.assertEqual(calls, [])

    def test_emit(self):
        scope = Scope.new("root")
        numbers = []
        scope.connect("limit-reached", lambda scope, n: numbers.append(n))
        scope.emit("limit-reached", 7)
        self.assertEqual(numbers, [7])
        scope.close()

    def test_notify(self):
        scope = Scope.new("root")
        states = []
        scope.connect("notify::state", lambda scope, pspec: states.append(scope.props.state))
        scope.notify("state")
        self.assertEqual(states, [State.OPEN])
        scope.close()
        self.assertEqual(states[-1], State.CLOSED)

    def test_bind_property(self):
        scope = Scope.new("root")
        emitter = Emitter()
        scope.bind_property("name", emitter, "label", GObject.BindingFlags.SYNC_CREATE)
        self.assertEqual(emitter.label, "root")
        scope.close()

    def test_closing_and_closed(self):
        scope = Scope.new("root")
        seen = []
        scope.defer(lambda *args: seen.append("cleanup"))
        scope.connect("closing", lambda scope, reason: seen.append(
            ("closing", reason, scope.get_state(), scope.get_n_entries())))
        scope.connect("closed", lambda scope, reason: seen.append(
            ("closed", reason, scope.get_state(), scope.get_n_entries())))
        scope.close_with_reason(Reason.SHUTDOWN, None)
        self.assertEqual(seen, [("closing", Reason.SHUTDOWN, State.CLOSING, 1),
                                "cleanup",
                                ("closed", Reason.SHUTDOWN, State.CLOSED, 0)])


class TestHandlers(unittest.TestCase):
    def setUp(self):
        self.emitter = Emitter()
        self.scope = Scope.new("test")
        self.calls = []

    def tearDown(self):
        self.scope.close()

    def test_arguments_arrive(self):
        def callback(*args):
            self.calls.append(args)

        handler_id = self.scope.connect_signal(self.emitter, "ping", callback, Flags.DEFAULT)
        self.assertGreater(handler_id, 0)
        self.emitter.emit("ping", 7, "seven")
        self.assertEqual(self.calls, [(self.emitter, 7, "seven")])
        self.assertEqual(self.scope.close(), 1)
        self.emitter.emit("ping", 8, "eight")
        self.assertEqual(len(self.calls), 1)

    def test_return_value(self):
        self.scope.connect_signal(self.emitter, "ask", lambda emitter, n: n * 2, Flags.DEFAULT)
        self.assertEqual(self.emitter.emit("ask", 21), 42)

    def test_detail(self):
        self.scope.connect_signal(self.emitter, "notify::label",
                                  lambda emitter, pspec: self.calls.append(pspec.name),
                                  Flags.DEFAULT)
        self.emitter.label = "new"
        self.assertEqual(self.calls, ["label"])

    def test_after(self):
        self.scope.connect_signal(self.emitter, "ping",
                                  lambda *args: self.emitter.trace.append("after"), Flags.AFTER)
        self.scope.connect_signal(self.emitter, "ping",
                                  lambda *args: self.emitter.trace.append("before"),
                                  Flags.DEFAULT)
        self.emitter.emit("ping", 1, "one")
        self.assertEqual(self.emitter.trace, ["before", "default", "after"])

    def test_once(self):
        self.scope.connect_signal(self.emitter, "ping",
                                  lambda emitter, n, text: self.calls.append(n), Flags.ONCE)
        self.emitter.emit("ping", 1, "one")
        self.emitter.emit("ping", 2, "two")
        self.assertEqual(self.calls, [1])
        self.assertEqual(self.scope.get_n_entries(), 0)

    def test_once_after(self):
        self.scope.connect_signal(self.emitter, "ping",
                                  lambda *args: self.emitter.trace.append("after"),
                                  Flags.ONCE | Flags.AFTER)
        self.emitter.emit("ping", 1, "one")
        self.emitter.emit("ping", 2, "two")
        self.assertEqual(self.emitter.trace, ["default", "after", "default"])

    def test_the_id_is_one_of_glib(self):
        handler_id = self.scope.connect_signal(self.emitter, "ping",
                                               lambda *args: self.calls.append(args),
                                               Flags.DEFAULT)
        with self.emitter.handler_block(handler_id):
            self.emitter.emit("ping", 1, "one")
        self.assertEqual(self.calls, [])
        self.emitter.disconnect(handler_id)
        self.assertEqual(self.scope.get_n_entries(), 0)
        self.emitter.emit("ping", 2, "two")
        self.assertEqual(self.calls, [])

    def test_the_emitter_goes_first(self):
        emitter = Emitter()
        self.scope.connect_signal(emitter, "ping", lambda *args: None, Flags.DEFAULT)
        self.assertEqual(self.scope.get_n_entries(), 1)
        del emitter
        collect()
        self.assertEqual(self.scope.get_n_entries(), 0)

    def test_add_handler(self):
        handler_id = self.emitter.connect("ping", lambda *args: self.calls.append(args))
        self.assertTrue(self.scope.add_handler(self.emitter, handler_id))
        self.assertEqual(self.scope.get_n_entries(), 1)
        self.emitter.emit("ping", 1, "one")
        self.assertEqual(len(self.calls), 1)
        self.scope.close()
        self.assertFalse(self.emitter.handler_is_connected(handler_id))
        self.assertFalse(self.scope.add_handler(self.emitter, handler_id))

    def test_steal_handler(self):
        handler_id = self.scope.connect_signal(self.emitter, "ping",
                                               lambda *args: self.calls.append(args),
                                               Flags.DEFAULT)
        self.assertTrue(self.scope.steal_handler(self.emitter, handler_id))
        self.assertFalse(self.scope.steal_handler(self.emitter, handler_id))
        self.scope.close()
        self.emitter.emit("ping", 1, "one")
        self.assertEqual(len(self.calls), 1)
        self.emitter.disconnect(handler_id)

    def test_block(self):
        child = self.scope.new_child("child")
        child.connect_signal(self.emitter, "ping", lambda *args: self.calls.append("early"),
                             Flags.DEFAULT)
        self.scope.block()
        self.scope.block()
        self.scope.connect_signal(self.emitter, "ping", lambda *args: self.calls.append("late"),
                                  Flags.DEFAULT)
        self.emitter.emit("ping", 1, "one")
        self.scope.unblock()
        self.emitter.emit("ping", 2, "two")
        self.assertEqual(self.calls, [])
        self.scope.unblock()
        self.emitter.emit("ping", 3, "three")
        self.assertEqual(self.calls, ["early", "late"])

    def test_close_from_the_handler(self):
        def callback(*args):
            self.calls.append(self.scope.close())

        self.scope.connect_signal(self.emitter, "ping", callback, Flags.DEFAULT)
        self.scope.connect_signal(self.emitter, "ping", lambda *args: self.calls.append("never"),
                                  Flags.DEFAULT)
        self.emitter.emit("ping", 1, "one")
        self.assertEqual(self.calls, [2])

    def test_connect_cancellable(self):
        scope = Scope.new("test")
        cancellable = Gio.Cancellable()
        calls = []
        scope.connect_cancellable(cancellable, lambda *args: calls.append(args), "data")
        cancellable.cancel()
        # Neither is one missed that has been cancelled already.
        scope.connect_cancellable(cancellable, lambda *args: calls.append(args))
        self.assertEqual(calls, [])
        iterate(lambda: len(calls) == 2)
        self.assertEqual(calls, [(cancellable, "data"), (cancellable,)])
        scope.close()


class TestSources(unittest.TestCase):
    def setUp(self):
        self.scope = Scope.new("test")
        self.calls = []

    def tearDown(self):
        self.scope.close()

    def test_add_idle(self):
        def callback(*args):
            self.calls.append(args)
            return GLib.SOURCE_REMOVE

        source = self.scope.add_idle(callback, "data")
        self.assertFalse(source.is_destroyed())
        self.assertEqual(self.scope.get_n_entries(), 1)
        iterate(lambda: self.calls)
        self.assertEqual(self.calls, [("data",)])
        self.assertTrue(source.is_destroyed())
        self.assertEqual(self.scope.get_n_entries(), 0)

    def test_add_idle_closed_before(self):
        source = self.scope.add_idle(lambda *args: self.calls.append(args))
        self.assertEqual(self.scope.close(), 1)
        self.assertTrue(source.is_destroyed())
        drain()
        self.assertEqual(self.calls, [])

    def test_add_debounce(self):
        save = self.scope.add_debounce(1, lambda *args: self.calls.append(args), "data")
        self.assertTrue(save.is_active())
        self.assertEqual(save.get_remaining(), -1)
        self.assertTrue(save.restart())
        self.assertTrue(save.restart())
        iterate(lambda: self.calls)
        self.assertEqual(self.calls, [("data",)])
        self.assertTrue(save.is_active())
        self.assertTrue(save.restart())
        iterate(lambda: len(self.calls) == 2)
        save.restart()
        self.assertTrue(save.stop())
        self.assertFalse(save.stop())
        self.assertEqual(self.scope.close(), 1)
        self.assertFalse(save.restart())
        self.assertFalse(save.is_active())

    def add_on_a_thread(self, add, closes):
        """Adds from another thread while the main context runs here."""
        total = 2000
        added = []

        def work():
            while closes or len(added) < total:
                result = add(lambda *args: self.calls.append(1))
                if closes and result is None:
                    return
                # What comes back may have ended, but can be looked at.
                if result is not None and isinstance(result, GLib.Source):
                    result.is_destroyed()
                elif result is not None:
                    result.get_remaining()
                added.append(result is not None)

        worker = threading.Thread(target=work)
        worker.start()
        context = GLib.MainContext.default()
        while worker.is_alive():
            context.iteration(False)
            if closes and len(added) > total // 2:
                self.scope.close()
        worker.join()
        if closes:
            n_calls = len(self.calls)
            drain()
            self.assertEqual(len(self.calls), n_calls)
        else:
            iterate(lambda: len(self.calls) == total)
            self.assertTrue(all(added))
        self.assertEqual(self.scope.get_n_entries(), 0)

    def test_idles_from_a_thread(self):
        self.add_on_a_thread(self.scope.add_idle, False)

    def test_idles_from_a_thread_and_closed(self):
        self.add_on_a_thread(self.scope.add_idle, True)

    def test_timeouts_from_a_thread(self):
        self.add_on_a_thread(lambda func: self.scope.add_timeout(0, func), False)

    def test_timeouts_from_a_thread_and_closed(self):
        self.add_on_a_thread(lambda func: self.scope.add_timeout(0, func), True)

    def test_add_fd(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)

        def callback(fd, condition, *data):
            self.calls.append((fd, condition, os.read(fd, 10), data))
            return GLib.SOURCE_CONTINUE

        source = self.scope.add_fd(reader, GLib.IOCondition.IN, callback, "data")
        os.write(writer, b"ping")
        iterate(lambda: self.calls)
        self.assertEqual(self.calls, [(reader, GLib.IOCondition.IN, b"ping", ("data",))])
        self.scope.close()
        self.assertTrue(source.is_destroyed())
        os.write(writer, b"ping")
        drain()
        self.assertEqual(len(self.calls), 1)

    def test_add_unix_signal(self):
        def callback(*args):
            self.calls.append(args)
            return GLib.SOURCE_CONTINUE

        source = self.scope.add_unix_signal(signal.SIGUSR1, callback)
        os.kill(os.getpid(), signal.SIGUSR1)
        iterate(lambda: self.calls)
        self.assertEqual(self.calls, [()])
        self.scope.close()
        self.assertTrue(source.is_destroyed())

    def test_add_source(self):
        source = GLib.timeout_source_new(1)
        source.set_callback(lambda *args: self.calls.append(args) or GLib.SOURCE_CONTINUE)
        # It is attached by the scope.
        self.assertTrue(self.scope.add_source(source))
        iterate(lambda: self.calls)
        self.assertGreater(len(self.calls), 0)
        self.scope.close()
        self.assertTrue(source.is_destroyed())

    def test_add_source_attached_before(self):
        source = GLib.idle_source_new()
        source.set_callback(lambda *args: self.calls.append(args) or GLib.SOURCE_REMOVE)
        source.attach(None)
        self.assertTrue(self.scope.add_source(source))
        iterate(lambda: self.calls)
        self.assertEqual(self.scope.get_n_entries(), 0)
        self.assertFalse(self.scope.add_source(source))

    def test_steal_source(self):
        source = self.scope.add_idle(lambda *args: self.calls.append(args))
        self.assertTrue(self.scope.steal_source(source))
        self.assertFalse(self.scope.steal_source(source))
        self.scope.close()
        self.assertFalse(source.is_destroyed())
        iterate(lambda: self.calls)
        self.assertEqual(self.calls, [()])


class TestObjects(unittest.TestCase):
    def test_add_object(self):
        scope = Scope.new("test")
        emitter = Emitter()
        count = emitter.__grefcount__
        self.assertTrue(scope.add_object(emitter))
        self.assertEqual(emitter.__grefcount__, count + 1)
        self.assertEqual(scope.close(), 1)
        self.assertEqual(emitter.__grefcount__, count)

    def test_steal_object(self):
        scope = Scope.new("test")
        emitter = Emitter()
        count = emitter.__grefcount__
        scope.add_object(emitter)
        self.assertTrue(scope.steal_object(emitter))
        self.assertFalse(scope.steal_object(emitter))
        self.assertEqual(emitter.__grefcount__, count)
        self.assertEqual(scope.close(), 0)

    def test_adopt_is_for_c(self):
        self.assertFalse(hasattr(Scope, "adopt"))

    def test_defer(self):
        scope = Scope.new("test")
        calls = []
        scope.defer(lambda *args: calls.append(args), "data")
        scope.defer(lambda *args: calls.append(args))
        self.assertEqual(scope.get_n_entries(), 2)
        scope.close_with_reason(Reason.TIMED_OUT, None)
        self.assertEqual(calls, [(scope, Reason.TIMED_OUT),
                                 (scope, Reason.TIMED_OUT, "data")])
        self.assertIsNone(scope.get_error())

    def test_defer_for(self):
        scope = Scope.new("test")
        calls = []
        stays = Gio.Cancellable()
        goes = Gio.Cancellable()
        count = stays.__grefcount__
        scope.defer_for(stays, lambda *args: calls.append(args), "data")
        scope.defer_for(goes, lambda *args: calls.append("never"))
        self.assertEqual(stays.__grefcount__, count)
        self.assertEqual(scope.get_n_entries(), 2)
        goes.run_dispose()
        self.assertEqual(scope.get_n_entries(), 1)
        scope.close()
        self.assertEqual(calls, [(scope, Reason.COMPLETED, "data")])
        self.assertEqual(stays.__grefcount__, count)

    def test_what_is_for_c(self):
        for name in ["undefer", "clear_for_dispose"]:
            self.assertFalse(hasattr(Scope, name), name)

    def test_one_cleanup_fails(self):
        def fail(scope, reason):
            raise GLib.Error("no such thing", GLib.quark_to_string(Gio.io_error_quark()),
                             Gio.IOErrorEnum.NOT_FOUND)

        scope = Scope.new("test")
        done = []
        scope.defer(lambda *args: done.append("first"))
        scope.defer(fail)
        scope.defer(lambda *args: done.append("last"))
        self.assertEqual(scope.close(), 3)
        self.assertEqual(done, ["last", "first"])
        error = scope.get_error()
        self.assertIsInstance(error, GLib.Error)
        self.assertTrue(error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_FOUND))
        self.assertEqual(error.message, "no such thing")

    def test_a_cleanup_raises_something_else(self):
        """Only a GLib.Error gets through: PyGObject prints all others, and nobody else knows."""
        def fail(scope, reason):
            raise ValueError("not a GLib.Error")

        printed = []
        self.addCleanup(setattr, sys, "excepthook", sys.excepthook)
        sys.excepthook = lambda kind, value, traceback: printed.append(kind)
        scope = Scope.new("test")
        done = []
        scope.defer(lambda *args: done.append("first"))
        scope.defer(fail)
        self.assertEqual(scope.close(), 2)
        self.assertEqual(done, ["first"])
        self.assertEqual(printed, [ValueError])
        self.assertIsNone(scope.get_error())

    def test_several_cleanups_fail(self):
        def fail(scope, reason, message):
            raise GLib.Error(message, "test-quark", 1)

        scope = Scope.new("test")
        scope.defer(fail, "one")
        scope.new_child("child").defer(fail, "two")
        scope.close()
        error = scope.get_error()
        self.assertTrue(error.matches(Lifecycle.error_quark(), Lifecycle.Error.CLEANUP))
        self.assertIn("one", error.message)
        self.assertIn("two", error.message)
        self.assertIn("test/child", error.message)


class TestBindings(unittest.TestCase):
    def test_bind_full(self):
        scope = Scope.new("root")
        source, target, owner = Emitter(), Emitter(), Thing()
        gone = weakref.ref(owner)

        def transform_to(binding, value, owner=owner):
            self.assertIsInstance(binding, GObject.Binding)
            return value.upper()

        scope.bind_full(source, "label", target, "label", GObject.BindingFlags.BIDIRECTIONAL,
                        transform_to, lambda binding, value: value.lower())
        source.label = "one"
        self.assertEqual(target.label, "ONE")
        target.label = "TWO"
        self.assertEqual(source.label, "two")
        self.assertEqual(scope.close(), 1)
        source.label = "three"
        self.assertEqual(target.label, "TWO")
        del transform_to, owner
        collect()
        self.assertIsNone(gone())
        self.assertIsNone(scope.bind_full(source, "label", target, "label", 0, None, None))

    def test_bind_setting_with_mapping(self):
        compiler = shutil.which("glib-compile-schemas")
        if compiler is None:
            self.skipTest("glib-compile-schemas is not installed")
        with tempfile.TemporaryDirectory() as directory:
            with open(os.path.join(directory, "test.gschema.xml"), "w") as file:
                file.write("<schemalist><schema id='org.example.test' path='/org/example/test/'>"
                           "<key name='number' type='i'><default>1</default></key>"
                           "</schema></schemalist>")
            subprocess.run([compiler, directory], check=True)
            source = Gio.SettingsSchemaSource.new_from_directory(directory, None, True)
        settings = Gio.Settings.new_full(source.lookup("org.example.test", False),
                                         Gio.memory_settings_backend_new(), None)
        scope = Scope.new("root")
        emitter = Emitter()

        def get_mapping(variant):
            return str(variant.get_int32())

        def set_mapping(value, expected):
            return GLib.Variant(expected.dup_string(), int(value)) if value.isdigit() else None

        self.assertTrue(scope.bind_setting_with_mapping(settings, "number", emitter, "label",
                                                        Gio.SettingsBindFlags.DEFAULT,
                                                        get_mapping, set_mapping))
        self.assertEqual(emitter.label, "1")
        settings.set_int("number", 2)
        self.assertEqual(emitter.label, "2")
        emitter.label = "3"
        self.assertEqual(settings.get_int("number"), 3)
        emitter.label = "no number"
        self.assertEqual(settings.get_int("number"), 3)
        self.assertEqual(scope.close(), 1)
        settings.set_int("number", 4)
        self.assertEqual(emitter.label, "no number")


class TestFollow(unittest.TestCase):
    def test_follow(self):
        leader = Scope.new("leader")
        follower = Scope.new("follower")
        follower.follow(leader)
        leader.close()
        self.assertEqual(follower.get_reason(), Reason.OWNER_GONE)

    def test_follow_something_closed(self):
        leader = Scope.new("leader")
        leader.close()
        follower = Scope.new("follower")
        follower.follow(leader)
        self.assertTrue(follower.is_closed())

    def test_follow_object(self):
        emitter = Emitter()
        scope = Scope.new("test")
        scope.follow_object(emitter)
        del emitter
        collect()
        self.assertEqual(scope.get_reason(), Reason.OWNER_GONE)

    def test_follow_signal(self):
        emitter = Emitter()
        scope = Scope.new("test")
        scope.follow_signal(emitter, "ping", Reason.COMPLETED)
        emitter.emit("ping", 1, "one")
        self.assertEqual(scope.get_reason(), Reason.COMPLETED)

    def test_follow_signal_with_a_detail(self):
        emitter = Emitter()
        scope = Scope.new("test")
        scope.follow_signal(emitter, "notify::label", Reason.CONFLICTED)
        emitter.emit("ping", 1, "one")
        self.assertFalse(scope.is_closed())
        emitter.label = "new"
        self.assertEqual(scope.get_reason(), Reason.CONFLICTED)

    def test_follow_cancellable(self):
        cancellable = Gio.Cancellable()
        scope = Scope.new("test")
        scope.follow_cancellable(cancellable)
        cancellable.cancel()
        self.assertEqual(scope.get_reason(), Reason.ABORTED)

    def test_follow_cancellable_cancelled_before(self):
        cancellable = Gio.Cancellable()
        cancellable.cancel()
        scope = Scope.new("test")
        scope.follow_cancellable(cancellable)
        self.assertEqual(scope.get_reason(), Reason.ABORTED)


class TestMonitor(unittest.TestCase):
    def setUp(self):
        self.monitor = Lifecycle.Monitor(interval=0)

    def test_properties(self):
        self.assertEqual(Lifecycle.Monitor.new().props.interval, 300)
        self.assertEqual(self.monitor.props.interval, 0)
        self.monitor.props.low_water_mark = 7
        self.assertEqual(self.monitor.get_low_water_mark(), 7)
        self.assertEqual(self.monitor.props.verdict, Lifecycle.Verdict.UNKNOWN)
        self.assertEqual(self.monitor.judge(Lifecycle.Metric.RSS), Lifecycle.Verdict.UNKNOWN)
        known, per_hour, low, high = self.monitor.get_growth(Lifecycle.Metric.ENTRIES)
        self.assertFalse(known)
        self.assertEqual((per_hour, low, high), (0, -float("inf"), float("inf")))
        self.assertIsNone(self.monitor.props.latest)

    def test_sample(self):
        before = self.monitor.take_sample().props.n_entries
        scope = Scope.new("test")
        scope.defer(lambda *args: None)
        sample = self.monitor.take_sample()
        self.assertEqual(sample, self.monitor.props.latest)
        self.assertEqual(sample.props.n_entries, before + 1)
        self.assertGreaterEqual(sample.get_live(Lifecycle.Kind.CLEANUP), 1)
        self.assertEqual(sample.get_value(Lifecycle.Metric.ENTRIES), before + 1)
        self.assertGreater(sample.props.rss, 1000000)
        self.assertLess(abs(sample.props.time - GLib.get_real_time()), 10 ** 8)
        scope.close()

    def test_list_model(self):
        changes = []
        self.monitor.props.history = 2
        self.monitor.connect("items-changed", lambda model, *change: changes.append(change))
        samples = [self.monitor.take_sample() for _ in range(3)]
        self.assertEqual(changes, [(0, 0, 1), (1, 0, 1), (0, 1, 0), (1, 0, 1)])
        self.assertEqual(self.monitor.get_item_type(), Lifecycle.Sample.__gtype__)
        self.assertEqual(list(self.monitor), samples[1:])

    def test_signal(self):
        samples = []
        self.monitor.connect("sample", lambda monitor, sample: samples.append(sample))
        self.monitor.props.interval = 1
        iterate(lambda: samples)
        self.assertEqual(samples[-1], self.monitor.get_latest())

    def test_dropped(self):
        """The timer does not keep it alive."""
        finalized = []
        self.monitor.props.interval = 1
        self.monitor.weak_ref(finalized.append, True)
        self.monitor = None
        collect()
        self.assertEqual(finalized, [True])

    def test_openmetrics(self):
        text = self.monitor.to_openmetrics()
        self.assertIn("\n# TYPE lifecycle_scopes gauge\n", text)
        self.assertTrue(text.endswith("# EOF\n"))


class TestOperation(unittest.TestCase):
    """Asynchronous calls that belong to a scope."""

    def setUp(self):
        self.scope = Scope.new("test")
        self.results = []
        self.file = Gio.File.new_for_path(__file__)

    def load(self, shielded=False):
        op = self.scope.begin_async("load", lambda source, result: self.results.append(result))
        if shielded:
            op.set_shielded(0)
        self.file.load_contents_async(op.get_cancellable(),
                                      lambda source, result: op.complete(source, result))

    def test_complete(self):
        self.load()
        self.assertEqual(self.scope.get_n_entries(), 1)
        iterate(lambda: self.results)
        ok, contents, etag = self.file.load_contents_finish(self.results[0])
        self.assertTrue(ok)
        self.assertTrue(contents.startswith(b"#!"))
        self.assertEqual(self.scope.get_n_entries(), 0)
        self.assertEqual(self.scope.close(), 0)

    def test_closed_first(self):
        self.load()
        closed = []
        self.scope.close_async(Reason.COMPLETED, 10000, None,
                               lambda scope, result: closed.append(scope.close_finish(result)))
        iterate(lambda: closed)
        self.assertEqual(closed, [True])
        self.assertEqual(self.results, [])

    def test_shielded(self):
        self.load(shielded=True)
        closed = []
        self.scope.close_async(Reason.COMPLETED, 10000, None,
                               lambda scope, result: closed.append(scope.close_finish(result)))
        iterate(lambda: closed)
        self.assertEqual(closed, [True])
        self.assertEqual(len(self.results), 1)

    def test_drain(self):
        self.load()
        drained = []
        self.scope.drain_async(Reason.SHUTDOWN, 10000, None,
                               lambda scope, result: drained.append(scope.drain_finish(result)))
        self.assertTrue(self.scope.is_draining())
        late = self.scope.begin("late")
        self.assertTrue(late.get_cancellable().is_cancelled())
        late.end()
        iterate(lambda: drained)
        self.assertEqual(drained, [True])
        self.assertEqual(len(self.results), 1)
        self.assertEqual(self.scope.get_reason(), Reason.SHUTDOWN)

    def test_fail(self):
        op = self.scope.begin("save")
        op.fail(GLib.Error("it broke"))
        with self.assertRaises(GLib.Error):
            closed = []
            op.complete(None, Gio.Task.new(None, None, None))
            self.scope.close_async(Reason.COMPLETED, 10000, None,
                                   lambda scope, result: closed.append(result))
            iterate(lambda: closed)
            self.scope.close_finish(closed[0])

    def test_progress(self):
        seen = []
        op = self.scope.begin("copy")
        op.set_progress(lambda current, total: seen.append((current, total)))
        op.keep_object(self.file)
        self.scope.close()
        op.complete(None, Gio.Task.new(None, None, None))
        self.assertEqual(seen, [])


class TestLate(unittest.TestCase):
    """Whatever is given to a closed scope is let go of at once."""

    def setUp(self):
        self.scope = Scope.new("late")
        self.scope.close_with_reason(Reason.ABORTED, None)
        self.thing = Thing()
        self.ref = weakref.ref(self.thing)

    def let_go(self):
        del self.thing
        collect()
        self.assertIsNone(self.ref())

    def test_connect_signal(self):
        emitter = Emitter()
        self.assertEqual(self.scope.connect_signal(
            emitter, "ping", lambda *args, thing=self.thing: None, Flags.DEFAULT), 0)
        self.let_go()

    def test_add_handler(self):
        emitter = Emitter()
        handler_id = emitter.connect("ping", lambda *args: None)
        self.assertFalse(self.scope.add_handler(emitter, handler_id))
        self.assertFalse(emitter.handler_is_connected(handler_id))

    def test_add_idle(self):
        self.assertIsNone(self.scope.add_idle(lambda *args, thing=self.thing: None))
        self.let_go()

    def test_add_fd(self):
        self.assertIsNone(self.scope.add_fd(0, GLib.IOCondition.IN,
                                            lambda *args, thing=self.thing: None))
        self.let_go()

    def test_add_source(self):
        source = GLib.idle_source_new()
        self.assertFalse(self.scope.add_source(source))
        self.assertTrue(source.is_destroyed())

    def test_add_object(self):
        emitter = Emitter()
        count = emitter.__grefcount__
        self.assertFalse(self.scope.add_object(emitter))
        self.assertEqual(emitter.__grefcount__, count)

    def test_defer(self):
        reasons = []
        thing = self.thing
        self.scope.defer(lambda scope, reason, thing: reasons.append(reason), thing)
        del thing
        self.assertEqual(reasons, [Reason.ABORTED])
        self.let_go()

    def test_new_child(self):
        child = self.scope.new_child("child")
        self.assertEqual(child.get_state(), State.CLOSED)
        self.assertEqual(child.get_reason(), Reason.PARENT_CLOSED)
        child = Scope(parent=self.scope, name="other")
        self.assertEqual(child.get_reason(), Reason.PARENT_CLOSED)

    def test_get_child(self):
        self.assertTrue(self.scope.get_child("child").is_closed())


class TestObserving(unittest.TestCase):
    def setUp(self):
        self.emitter = Emitter()
        self.scope = Scope.new("root")
        self.addCleanup(self.scope.close)

    def fill(self):
        """A handler, a timer that has ended, and a child with an idle."""
        self.handler = self.scope.connect_signal(
            self.emitter, "notify::label", lambda *args: None, Flags.DEFAULT)
        self.scope.add_timeout(100000, lambda *args: True).cancel()
        self.child = self.scope.get_child("child")
        self.child.add_idle(lambda *args: False)

    def test_statistics(self):
        self.fill()
        alone = self.scope.get_statistics(False)
        self.assertEqual(alone.get_live(Kind.HANDLER), 1)
        self.assertEqual(alone.get_live(Kind.SCOPE), 1)
        self.assertEqual(alone.get_live(Kind.SOURCE), 0)
        self.assertEqual(alone.get_added(Kind.TIMER), 1)
        self.assertEqual(alone.get_retired(Kind.TIMER), 1)
        self.assertEqual(alone.get_total_live(), 2)
        self.assertEqual(alone.get_n_scopes(), 1)
        self.assertEqual(alone.get_peak(), 2)
        self.assertEqual(self.scope.get_n_live(Kind.HANDLER), 1)
        self.assertEqual(self.scope.get_n_live(Kind.TIMER), 0)

        below = self.scope.get_statistics(True)
        self.assertEqual(below.get_live(Kind.SOURCE), 1)
        self.assertEqual(below.get_n_scopes(), 2)

        self.scope.close_with_reason(Reason.ABORTED, "enough")
        closed = self.scope.get_statistics(True)
        self.assertEqual(closed.get_total_live(), 0)
        self.assertEqual(closed.get_released(Kind.HANDLER), 1)
        self.assertEqual(closed.get_released(Kind.SOURCE), 1)
        self.assertEqual(closed.get_n_closed(Reason.PARENT_CLOSED), 1)
        self.assertEqual(closed.get_n_failed(), 0)
        self.assertEqual(closed.get_n_abandoned(), 0)
        self.scope.add_timeout(1, lambda *args: False)
        self.assertEqual(self.scope.get_statistics(False).get_n_late(), 1)
        # What was asked before is of then.
        self.assertEqual(below.get_live(Kind.SOURCE), 1)
        self.assertIn("handler", below.to_string())
        self.assertEqual(below.copy().get_live(Kind.SOURCE), 1)

    def test_statistics_of_the_process(self):
        before = Lifecycle.get_statistics()
        self.fill()
        self.scope.close()
        after = Lifecycle.get_statistics()
        for kind in (Kind.HANDLER, Kind.SOURCE, Kind.SCOPE):
            self.assertEqual(after.get_released(kind) - before.get_released(kind), 1)
            self.assertEqual(after.get_live(kind), before.get_live(kind))
        self.assertEqual(after.get_n_closed(Reason.NONE) - before.get_n_closed(Reason.NONE), 2)

    def test_records(self):
        self.fill()
        records = self.scope.list_records(False)
        self.assertIsInstance(records, Gio.ListModel)
        self.assertEqual(records.get_item_type(), Lifecycle.Record.__gtype__)
        self.assertEqual(records.get_n_items(), 2)
        self.assertIsNone(records.get_item(2))
        self.assertEqual(len(list(records)), 2)
        handler, child = records
        self.assertEqual(handler.get_kind(), Kind.HANDLER)
        self.assertEqual(handler.get_signal(), "notify::label")
        self.assertEqual(handler.get_id(), self.handler)
        self.assertEqual(handler.get_instance_type(), Emitter.__gtype__)
        self.assertEqual(handler.get_scope_path(), "root")
        self.assertTrue(handler.is_valid())
        self.assertIsNone(handler.get_name())
        self.assertEqual(handler.props.signal, "notify::label")
        self.assertEqual(handler.props.scope_path, "root")
        self.assertLess(handler.props.age, 60000)
        self.assertIn("notify::label", handler.to_string())
        self.assertEqual(child.get_kind(), Kind.SCOPE)
        self.assertEqual(child.get_name(), "child")

        below = [record.get_scope_path() for record in self.scope.list_records(True)]
        self.assertEqual(below, ["root", "root", "root/child"])
        self.scope.close()
        self.assertEqual(self.scope.list_records(True).get_n_items(), 0)
        self.assertEqual(child.get_name(), "child")

    def test_a_record_of_nothing(self):
        record = Lifecycle.Record()
        self.assertIsNone(record.get_name())
        self.assertEqual(record.get_scope_path(), "")
        self.assertEqual(record.props.age, 0)

    def test_a_list_keeps_nothing_alive(self):
        thing = Thing()
        gone = weakref.ref(thing)
        self.scope.connect_signal(self.emitter, "ping", lambda *args, thing=thing: thing,
                                  Flags.DEFAULT)
        records = self.scope.list_records(True)
        del thing
        self.scope.close()
        collect()
        self.assertIsNone(gone())
        self.assertEqual(records[0].get_signal(), "ping")

    def test_list_scopes(self):
        self.fill()
        scopes = list(Lifecycle.list_scopes())
        self.assertIn(self.scope, scopes)
        self.assertIn(self.child, scopes)
        self.assertLess(scopes.index(self.scope), scopes.index(self.child))
        self.scope.close()
        self.assertNotIn(self.scope, list(Lifecycle.list_scopes()))
        paths = [record.get_scope_path() for record in Lifecycle.list_records()]
        self.assertNotIn("root/child", paths)


class TestCollection(unittest.TestCase):
    """A callback that captured the scope is freed by the close, although its emitter lives on."""

    def assert_freed(self, fill):
        emitter = Emitter()
        finalized = []
        scope = Scope.new("collected")
        scope.weak_ref(finalized.append, True)
        thing = Thing()
        thing.scope = scope
        ref = weakref.ref(thing)
        # Kept alive by what was filled in alone.
        keep = fill(emitter, thing, scope)
        del thing
        collect()
        self.assertIsNotNone(ref())
        # The close alone lets go of what the callback captured...
        scope.close()
        collect()
        self.assertIsNone(ref())
        # ...and so nothing holds the scope but we.
        self.assertEqual(finalized, [])
        del scope
        collect()
        self.assertEqual(finalized, [True])
        return emitter, keep

    def test_connect_signal(self):
        def fill(emitter, thing, scope):
            scope.connect_signal(emitter, "ping", lambda *args: thing.scope, Flags.DEFAULT)

        self.assert_freed(fill)

    def test_connect_signal_once(self):
        def fill(emitter, thing, scope):
            scope.connect_signal(emitter, "ping", lambda *args: thing.scope, Flags.ONCE)

        self.assert_freed(fill)

    def test_connect_signal_that_ran(self):
        def fill(emitter, thing, scope):
            scope.connect_signal(emitter, "ping", lambda *args: thing.scope, Flags.DEFAULT)
            emitter.emit("ping", 1, "one")

        self.assert_freed(fill)

    def test_add_handler(self):
        def fill(emitter, thing, scope):
            handler_id = emitter.connect("ping", lambda *args: thing.scope)
            scope.add_handler(emitter, handler_id)

        self.assert_freed(fill)

    def test_add_idle(self):
        self.assert_freed(
            lambda emitter, thing, scope: scope.add_idle(lambda *args: thing.scope))

    def test_add_fd(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        self.assert_freed(lambda emitter, thing, scope: scope.add_fd(
            reader, GLib.IOCondition.IN, lambda *args: thing.scope))

    def test_add_source(self):
        def fill(emitter, thing, scope):
            source = GLib.timeout_source_new(100000)
            source.set_callback(lambda *args: thing.scope)
            scope.add_source(source)
            return source

        self.assert_freed(fill)

    def test_defer(self):
        self.assert_freed(lambda emitter, thing, scope: scope.defer(lambda *args: thing.scope))

    def test_two_that_capture_each_other(self):
        first, second = Scope.new("first"), Scope.new("second")
        emitter = Emitter()
        finalized = []
        first.weak_ref(finalized.append, "first")
        second.weak_ref(finalized.append, "second")
        first.connect_signal(emitter, "ping", lambda *args, other=second: other, Flags.DEFAULT)
        second.connect_signal(emitter, "ping", lambda *args, other=first: other, Flags.DEFAULT)
        first.close()
        second.close()
        del first, second
        collect()
        self.assertEqual(sorted(finalized), ["first", "second"])


if __name__ == "__main__":
    unittest.main()
