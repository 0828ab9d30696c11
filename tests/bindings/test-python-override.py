#!/usr/bin/env python3
# test-python-override.py: the library as a Python program sees it, with its override
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import asyncio
import contextlib
import gc
import importlib.util
import os
import subprocess
import sys
import textwrap
import threading
import time
import unittest
import weakref

import gi

gi.require_version("Lifecycle", "1")

from gi.repository import Gio, GLib, GObject, Lifecycle  # noqa: E402

Flags = Lifecycle.ConnectFlags
Kind = Lifecycle.Kind
Reason = Lifecycle.Reason
Scope = Lifecycle.Scope
State = Lifecycle.State


class Emitter(GObject.Object):
    __gsignals__ = {
        "ping": (GObject.SignalFlags.RUN_LAST | GObject.SignalFlags.DETAILED, None, (int,)),
        "ask": (GObject.SignalFlags.RUN_LAST, int, (int,)),
    }

    label = GObject.Property(type=str, default="")


class Thing:
    pass


def here(offset=0):
    return f"{__file__}:{sys._getframe(1).f_lineno + offset}"


def iterate(done):
    context = GLib.MainContext.default()
    deadline = time.monotonic() + 60
    while not done():
        if time.monotonic() > deadline:
            raise AssertionError("waited 60 s in vain")
        if not context.iteration(False):
            time.sleep(0.001)


def collect():
    for _ in range(3):
        gc.collect()


@contextlib.contextmanager
def warnings(*expected):
    """Catches warnings of the library, and compares how they begin."""
    seen = []

    def handler(domain, level, message, *data):
        seen.append(message)

    handler_id = GLib.log_set_handler("Lifecycle", GLib.LogLevelFlags.LEVEL_WARNING, handler, None)
    try:
        yield seen
    finally:
        GLib.log_remove_handler("Lifecycle", handler_id)
    assert len(seen) == len(expected), seen
    for message, start in zip(seen, expected):
        assert message.startswith(start), f"{message!r} does not begin with {start!r}"


class TestScope(unittest.TestCase):
    def test_new(self):
        parent = Scope("root")
        child = Scope("child", parent=parent)
        self.assertEqual(child.get_path(), "root/child")
        self.assertEqual(Scope(name="n").get_name(), "n")
        self.assertEqual(Scope("n", limit=3).get_limit(), 3)
        self.assertIsNone(Scope().get_name())
        self.assertIsNone(Scope.new().get_name())
        self.assertIsNone(parent.new_child().get_name())
        self.assertIsInstance(parent.get_child("x"), Scope)
        self.assertIsInstance(Scope.of(Emitter()), Scope)
        parent.close()

    def test_names(self):
        self.assertEqual(Scope("a\udcffb").get_name(), "a\ufffdb")
        self.assertEqual(Scope("a/b").get_path(), r"a\x2fb")
        self.assertEqual(Scope("").get_name(), "")

    def test_nothing_hides_a_method_of_gobject(self):
        inherited = {name for name in dir(GObject.Object) if not name.startswith("__")}
        for type_ in Scope.__mro__[:2]:
            own = {name for name in vars(type_) if not name.startswith("__")}
            self.assertEqual(own & inherited - {"props", "parent"}, set(), type_)
        for name in ("connect", "disconnect", "emit", "notify", "weak_ref"):
            self.assertIs(getattr(Scope, name), getattr(GObject.Object, name))

    def test_nothing_hides_the_plain_one(self):
        """What the override leaves out still has the name of the typelib."""
        plain = {name for name in vars(Scope.__mro__[1]) if not name.startswith("_")}
        self.assertLess({"follow_object", "set_deadline", "move", "get_path"}, plain)
        for name in plain:
            self.assertTrue(hasattr(Scope, name), name)

    def test_what_was_disconnected_is_not_counted(self):
        """PyGObject connects the handlers, and GLib does not say when it disconnects one."""
        scope, emitter = Scope("root"), Emitter()
        child = scope.new_child("child")
        for owner in (scope, child):
            emitter.disconnect(owner.connect_signal(emitter, "ping", print))
        # As the library counts before anybody has looked.
        self.assertEqual(scope.props.n_entries, 2)
        statistics = scope.get_statistics(recursive=True)
        self.assertEqual(statistics.get_live(Lifecycle.Kind.HANDLER), 0)
        self.assertEqual(statistics.get_retired(Lifecycle.Kind.HANDLER), 2)

        for look in (lambda: len(scope), lambda: len(list(scope)), scope.get_n_entries,
                     lambda: len(scope.list_records()), lambda: scope.sweep_handlers() and 1,
                     lambda: scope.get_statistics().get_total_live()):
            emitter.disconnect(scope.connect_signal(emitter, "ping", print))
            self.assertEqual(scope.props.n_entries, 2)
            self.assertEqual(look(), 1, look)
            self.assertEqual(scope.props.n_entries, 1)

        emitter.disconnect(child.connect_signal(emitter, "ping", print))
        self.assertEqual(len(scope.list_records(recursive=True)), 1)
        emitter.disconnect(child.connect_signal(emitter, "ping", print))
        self.assertEqual(scope.sweep_handlers(), 0)
        self.assertEqual(scope.sweep_handlers(recursive=True), 1)
        self.assertEqual(scope.close(), 1)

    def test_value(self):
        scope = Scope("root")
        self.assertTrue(scope)
        self.assertEqual(len(scope), 0)
        self.assertEqual(list(scope), [])
        scope.add_object(Emitter())
        self.assertEqual(len(scope), 1)
        self.assertEqual([record.get_kind() for record in scope], [Kind.OBJECT])
        scope.close()
        self.assertTrue(scope)

    def test_repr(self):
        scope = Scope("root")
        place = here(-1)
        scope.add_object(Emitter())
        self.assertEqual(repr(scope), f"<Lifecycle.Scope 'root' open, 1 entry, made at {place}>")
        scope.close_with_reason(Reason.ABORTED, "no more")
        self.assertEqual(repr(scope),
                         f"<Lifecycle.Scope 'root' closed: aborted (no more), made at {place}>")

    def test_defaults(self):
        scope = Scope("root")
        self.assertEqual(scope.get_statistics().get_n_scopes(), 1)
        self.assertEqual(len(list(scope.list_records())), 0)
        self.assertEqual(scope.clear_kind(Kind.TIMER), 0)
        scope.close_with_reason(reason=Reason.SHUTDOWN)
        self.assertIsNone(scope.get_reason_detail())

    def test_bad_input(self):
        scope = Scope("root")
        emitter = Emitter()
        for call in (
            lambda: Scope(5),
            lambda: Scope(b"bytes"),
            lambda: Scope("x", parent="root"),
            lambda: Scope("x", nonsense=1),
            lambda: Scope.of(None),
            lambda: Scope.of("text"),
            lambda: scope.get_child(None),
            lambda: scope.follow(None),
            lambda: scope.follow_object(None),
            lambda: scope.connect_signal(None, "ping", print),
            lambda: scope.connect_signal("text", "ping", print),
            lambda: scope.connect_signal(emitter, "nonsense", print),
            lambda: scope.connect_signal(emitter, None, print),
            lambda: scope.connect_signal(emitter, "ping", None),
            lambda: scope.connect_signal(emitter, "nonsense", print, flags=Flags.ONCE),
            lambda: scope.connect_signal(None, "ping", print, flags=Flags.ONCE),
            lambda: scope.defer(None),
            lambda: scope.defer_for(None, print),
            lambda: scope.add_timeout(10, None),
            lambda: scope.add_timeout("10", print),
            lambda: scope.add_idle(3),
            lambda: scope.add_object(None),
            lambda: scope.add_object("text"),
            lambda: scope.begin(7),
            lambda: scope.close_with_reason("aborted"),
        ):
            with self.assertRaises(TypeError):
                call()
        for reason in (Reason.NONE, Reason.DROPPED, 0, 99, -1):
            with self.assertRaises(ValueError):
                scope.close_with_reason(reason)
            with self.assertRaises(ValueError):
                scope.close_async(reason)
        for number in (-1, 2**32, 2**70):
            with self.assertRaises((OverflowError, ValueError)):
                scope.add_timeout(number, print)
            with self.assertRaises((OverflowError, ValueError)):
                scope.set_deadline(number)
        self.assertEqual(len(scope), 0)
        scope.close()


class TestBlocks(unittest.TestCase):
    def test_completed(self):
        with Scope("block") as scope:
            scope.add_object(Emitter())
        self.assertEqual(scope.get_reason(), Reason.COMPLETED)
        self.assertEqual(scope.get_statistics().get_released(Kind.OBJECT), 1)

    def test_aborted(self):
        with self.assertRaises(ValueError):
            with Scope("block") as scope:
                raise ValueError("no good")
        self.assertEqual(scope.get_reason(), Reason.ABORTED)
        self.assertEqual(scope.get_reason_detail(), "ValueError: no good")

    def test_closed_inside(self):
        with Scope("block") as scope:
            scope.close_with_reason(Reason.REPLACED)
        self.assertEqual(scope.get_reason(), Reason.REPLACED)

    def test_operation(self):
        with Scope("block") as scope:
            with scope.begin("work") as operation:
                self.assertIn("'work'", repr(operation))
                self.assertEqual(len(scope), 1)
            self.assertEqual(len(scope), 0)


class TestHandlers(unittest.TestCase):
    def setUp(self):
        self.emitter = Emitter()
        self.scope = Scope("test")
        self.calls = []
        self.addCleanup(self.scope.close)

    def test_connect(self):
        handler_id = self.scope.connect_signal(self.emitter, "ping",
                                               lambda *args: self.calls.append(args), "data", 7)
        self.emitter.emit("ping", 1)
        self.assertEqual(self.calls, [(self.emitter, 1, "data", 7)])
        self.assertTrue(self.emitter.handler_is_connected(handler_id))
        self.assertEqual(len(self.scope), 1)
        self.scope.close()
        self.assertFalse(self.emitter.handler_is_connected(handler_id))
        self.emitter.emit("ping", 2)
        self.assertEqual(len(self.calls), 1)

    def test_no_arguments(self):
        self.scope.connect_signal(self.emitter, "ping", lambda *args: self.calls.append(args))
        self.emitter.emit("ping", 1)
        self.assertEqual(self.calls, [(self.emitter, 1)])

    def test_flags(self):
        for flags in (Flags.ONCE, Flags.ONCE | Flags.AFTER):
            self.scope.connect_signal(self.emitter, "ping",
                                      lambda *args: self.calls.append(args), "data", flags=flags)
            self.emitter.emit("ping", 1)
            self.emitter.emit("ping", 2)
            self.assertEqual(self.calls, [(self.emitter, 1, "data")])
            self.assertEqual(len(self.scope), 0)
            self.calls.clear()
        # As with the plain typelib.
        self.scope.connect_signal(self.emitter, "ping", lambda *args: self.calls.append(args),
                                  Flags.ONCE, "data")
        self.emitter.emit("ping", 1)
        self.emitter.emit("ping", 2)
        self.assertEqual(self.calls, [(self.emitter, 1, "data")])
        self.calls.clear()
        self.scope.connect_signal(self.emitter, "ping", lambda *args: self.calls.append("after"),
                                  Flags.AFTER)
        self.scope.connect_signal(self.emitter, "ping", lambda *args: self.calls.append("before"),
                                  Flags.DEFAULT)
        self.emitter.emit("ping", 3)
        self.assertEqual(self.calls, ["before", "after"])

    def test_queued(self):
        self.scope.connect_signal(self.emitter, "ping", lambda *args: self.calls.append(args),
                                  flags=Flags.QUEUED)
        thread = threading.Thread(target=self.emitter.emit, args=("ping", 4))
        thread.start()
        thread.join()
        self.assertEqual(self.calls, [])
        iterate(lambda: self.calls)
        self.assertEqual(self.calls, [(self.emitter, 4)])

    def test_return_value(self):
        self.scope.connect_signal(self.emitter, "ask", lambda emitter, n: n * 2)
        self.assertEqual(self.emitter.emit("ask", 21), 42)

    def test_on(self):
        @self.scope.on(self.emitter, "notify::label")
        def label_changed(emitter, pspec):
            self.calls.append(pspec.name)

        self.emitter.label = "new"
        self.assertEqual(self.calls, ["label"])
        label_changed(self.emitter, Emitter.find_property("label"))
        self.assertEqual(len(self.calls), 2)

    def test_a_method_that_hides_connect(self):
        client = Gio.SocketClient()
        handler_id = self.scope.connect_signal(client, "notify::timeout",
                                               lambda *args: self.calls.append(1))
        client.props.timeout = 5
        self.assertEqual(self.calls, [1])
        self.scope.close()
        self.assertFalse(client.handler_is_connected(handler_id))

    def test_exception(self):
        def fail(emitter, number):
            raise ZeroDivisionError(f"number {number}")

        self.scope.connect_signal(self.emitter, "ping", fail)
        place = here(-1)
        with warnings(f"A callback of scope test failed at {place}: ZeroDivisionError: number 5\n"):
            self.emitter.emit("ping", 5)
        self.assertFalse(self.scope.is_closed())
        self.scope.close()
        message = self.scope.get_error().message
        self.assertTrue(message.startswith("ZeroDivisionError: number 5\nTraceback"), message)
        self.assertIn("in fail\n", message)
        self.assertNotIn("overrides", message)
        self.assertEqual(self.scope.get_statistics().get_n_failed(), 1)

    def test_emitter_goes_first(self):
        emitter = Emitter()
        self.scope.connect_signal(emitter, "ping", print)
        del emitter
        collect()
        self.assertEqual(len(self.scope), 0)

    def test_late(self):
        self.scope.close()
        thing = Thing()
        gone = weakref.ref(thing)
        for flags in (0, Flags.ONCE):
            self.assertEqual(self.scope.connect_signal(
                self.emitter, "ping", lambda *args, thing=thing: None, flags=flags), 0)
        del thing
        collect()
        self.assertIsNone(gone())
        self.emitter.emit("ping", 1)

    def test_a_cycle_that_is_never_closed(self):
        """PyGObject's garbage collector knows the closure, so nothing leaks without a close."""
        def make():
            thing = Thing()
            thing.scope = Scope("cycle")
            thing.emitter = Emitter()
            thing.scope.connect_signal(thing.emitter, "ping", lambda *args: thing)
            return weakref.ref(thing)

        gone = make()
        collect()
        self.assertIsNone(gone())


class TestTimers(unittest.TestCase):
    def setUp(self):
        self.scope = Scope("test")
        self.calls = []
        self.addCleanup(self.scope.close)

    def test_every(self):
        @self.scope.every(1)
        def tick():
            self.calls.append(1)
            return GLib.SOURCE_REMOVE if len(self.calls) == 3 else None

        iterate(lambda: len(self.scope) == 0)
        self.assertEqual(len(self.calls), 3)

    def test_every_goes_on_after_an_exception(self):
        @self.scope.every(1)
        def tick():
            self.calls.append(1)
            if len(self.calls) == 1:
                raise KeyError("first")

        with warnings("A callback of scope test failed at "):
            iterate(lambda: len(self.calls) == 3)

    def test_callbacks_that_fail(self):
        def fail(*args):
            self.calls.append(args)
            raise KeyError("k")

        with warnings(*["A callback of scope test failed at "] * 3):
            timer = self.scope.add_timeout(1, fail, "data")
            self.scope.add_idle(fail)
            debounce = self.scope.add_debounce(1, fail)
            debounce.restart()
            self.assertIn("every 1 ms", repr(timer))
            iterate(lambda: len(self.calls) == 3)
        self.assertIn(("data",), self.calls)
        self.assertFalse(timer.is_active())
        self.assertEqual(repr(timer), "<Lifecycle.Timer ended>")
        self.assertEqual(len(self.scope), 1)

    def test_from_a_thread(self):
        def work():
            for _ in range(500):
                self.scope.add_idle(lambda: self.calls.append(1))
                self.scope.add_timeout(0, lambda: self.calls.append(1))

        thread = threading.Thread(target=work)
        thread.start()
        iterate(lambda: len(self.calls) == 1000)
        thread.join()
        self.assertEqual(len(self.scope), 0)


class TestCleanups(unittest.TestCase):
    def test_arguments(self):
        class Callable:
            def __call__(self, scope, reason):
                calls.append(("callable", scope, reason))

        calls = []
        scope = Scope("test")
        scope.defer(calls.append, "plain")
        scope.defer(lambda: calls.append("none"))
        scope.defer(lambda a, b=1: calls.append((a, b)), 5)
        scope.defer(lambda scope, reason: calls.append((scope, reason)))
        scope.defer(lambda scope, reason, x: calls.append((scope, reason, x)), "x")
        scope.defer(lambda *args: calls.append(args))
        scope.defer(lambda *args: calls.append(args), "given")
        scope.defer(Callable())
        scope.close_with_reason(Reason.ABORTED)
        self.assertEqual(calls[::-1], [
            "plain", "none", (5, 1), (scope, Reason.ABORTED), (scope, Reason.ABORTED, "x"),
            (scope, Reason.ABORTED), ("given",), ("callable", scope, Reason.ABORTED)])

    def test_exception(self):
        done = []
        scope = Scope("test")
        scope.defer(done.append, "first")
        scope.defer(lambda: 1 / 0)
        place = here(-1)
        scope.defer(done.append, "last")
        with warnings(f"A callback of scope test failed at {place}: ZeroDivisionError: "):
            self.assertEqual(scope.close(), 3)
        self.assertEqual(done, ["last", "first"])
        self.assertTrue(scope.is_closed())
        message = scope.get_error().message
        self.assertTrue(message.startswith("ZeroDivisionError: division by zero\n"), message)
        self.assertIn("Traceback", message)

    def test_exceptions_of_several(self):
        scope = Scope("test")

        def fail(word):
            raise RuntimeError(word)

        def error():
            raise GLib.Error("of GLib", GLib.quark_to_string(Gio.io_error_quark()),
                             Gio.IOErrorEnum.NOT_FOUND)

        scope.defer(fail, "one")
        scope.new_child("child").defer(fail, "two")
        scope.defer(error)
        with warnings(*["A callback of scope test"] * 2):
            scope.close()
        for part in ("3 cleanups failed", "one", "two", "of GLib", "test/child", here()[:-4]):
            self.assertIn(part, scope.get_error().message)

    def test_an_error_of_glib_stays_one(self):
        def error():
            raise GLib.Error("gone", GLib.quark_to_string(Gio.io_error_quark()),
                             Gio.IOErrorEnum.NOT_FOUND)

        scope = Scope("test")
        scope.defer(error)
        scope.close()
        self.assertTrue(scope.get_error().matches(Gio.io_error_quark(),
                                                  Gio.IOErrorEnum.NOT_FOUND))

    def test_close_finish_fails(self):
        scope = Scope("test")
        scope.defer(lambda: 1 / 0)
        results = []
        with warnings("A callback of scope test"):
            scope.close_async(callback=lambda scope, result: results.append(result))
            iterate(lambda: results)
        with self.assertRaisesRegex(GLib.Error, "ZeroDivisionError"):
            scope.close_finish(results[0])

    def test_defer_for(self):
        calls = []
        scope = Scope("test")
        stays, goes = Emitter(), Emitter()
        scope.defer_for(stays, calls.append, "stays")
        scope.defer_for(goes, calls.append, "goes")
        del goes
        collect()
        scope.close()
        self.assertEqual(calls, ["stays"])

    def test_late(self):
        scope = Scope("test")
        scope.close_with_reason(Reason.ABORTED)
        calls = []
        scope.defer(lambda scope, reason: calls.append(reason))
        self.assertEqual(calls, [Reason.ABORTED])
        with warnings("A callback of scope test"):
            scope.defer(lambda: 1 / 0)
        self.assertIn("ZeroDivisionError", scope.get_error().message)

    def test_dropped(self):
        reasons = []
        scope = Scope("test")
        emitter = Emitter()
        scope.connect_signal(emitter, "ping", print)
        scope.add_timeout(100000, print)
        scope.defer(lambda scope, reason: reasons.append(reason))
        del scope
        collect()
        self.assertEqual(reasons, [Reason.DROPPED])

    def test_object_collected(self):
        reasons = []
        emitter = Emitter()
        Scope.of(emitter).defer(lambda scope, reason: reasons.append(reason))
        del emitter
        collect()
        self.assertEqual(reasons, [Reason.OWNER_GONE])


class TestPlaces(unittest.TestCase):
    def setUp(self):
        self.scope = Scope("test")
        self.place = here(-1)
        self.addCleanup(self.scope.close)

    def test_scopes(self):
        self.assertEqual(self.scope.get_place(), self.place)
        emitter, other, third = Emitter(), Emitter(), Emitter()
        scopes = [
            Scope(), Scope.new("x"), self.scope.new_child("a"), self.scope.get_child("b"),
            self.scope.get_child_for(emitter), self.scope.renew_child("c"),
            self.scope.renew_child_for(other), Scope.of(third), Scope(parent=self.scope),
        ]
        first = sys._getframe().f_lineno - 5
        lines = [int(scope.get_place().removeprefix(f"{__file__}:")) for scope in scopes]
        for line in lines:
            self.assertTrue(first <= line <= first + 4, lines)

    def test_entries(self):
        emitter, other, cancellable = Emitter(), Emitter(), Gio.Cancellable()
        scope = self.scope
        first = here(1)
        scope.connect_signal(emitter, "ping", print)
        scope.connect_signal(emitter, "ping", print, flags=Flags.ONCE)
        scope.on(emitter, "ping")(print)
        scope.connect_cancellable(cancellable, print)
        scope.add_timeout(100000, print)
        scope.every(100000)(print)
        scope.add_debounce(100000, print)
        scope.add_idle(print)
        scope.add_fd(0, GLib.IOCondition.PRI, print)
        scope.add_unix_signal(10, print)
        scope.add_source(GLib.timeout_source_new(100000))
        scope.add_object(emitter)
        scope.defer(print)
        scope.defer_for(emitter, lambda: None)
        scope.begin("work")
        scope.begin_async("work", print)
        scope.add_file_monitor(Gio.File.new_for_path("/").monitor(0, None))
        scope.bind(emitter, "label", other, "label", GObject.BindingFlags.DEFAULT)
        line = int(first.rpartition(":")[2])
        for n, record in enumerate(scope):
            self.assertEqual(record.get_place(), f"{__file__}:{line + n}", record.to_string())
        self.assertGreater(n, 15)
        scope.clear_kind(Kind.CLEANUP)

    def test_places_of_short_lived_code(self):
        # New code may have the address of code that has gone.
        emitter = Emitter()
        for line in range(1, 200):
            program = "\n" * (line - 1) + "scope.connect_signal(emitter, 'ping', print)"
            exec(compile(program, "made.py", "exec"), {"scope": self.scope, "emitter": emitter})
        self.assertEqual([record.get_place() for record in self.scope],
                         [f"made.py:{line}" for line in range(1, 200)])

    def test_many_places(self):
        # More than the override remembers.
        for line in range(1, 10050):
            exec(compile("\n" * (line % 7) + "defer(list)", f"made{line}.py", "exec"),
                 {"defer": self.scope.defer})
        self.assertEqual([record.get_place() for record in self.scope],
                         [f"made{line}.py:{line % 7 + 1}" for line in range(1, 10050)])

    def test_a_failed_call_leaves_no_place_behind(self):
        with self.assertRaises(TypeError):
            Scope(nonsense=1)
        plain = Scope.__mro__[1]
        plain.add_object(self.scope, Emitter())
        self.assertIsNone(list(self.scope)[0].get_place())


class TestAsync(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.scope = Scope("test")
        self.file = Gio.File.new_for_path(__file__)

    def tearDown(self):
        self.scope.close()

    def pipe(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, writer)
        return Gio.UnixInputStream.new(reader, True), writer

    async def test_call(self):
        ok, contents, etag = await self.scope.call(self.file.load_contents_async)
        self.assertTrue(contents.startswith(b"#!"))
        info = await self.scope.call(self.file.query_info_async, "standard::size", 0, 0)
        self.assertGreater(info.get_size(), 100)
        self.assertEqual(len(self.scope), 0)

    async def test_call_fails(self):
        missing = Gio.File.new_for_path("/nonexistent")
        with self.assertRaises(GLib.Error) as caught:
            await self.scope.call(missing.load_contents_async)
        self.assertTrue(caught.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_FOUND))
        self.assertEqual(len(self.scope), 0)
        with self.assertRaises(TypeError):
            await self.scope.call(self.file.load_contents_async, 1, 2, 3, 4)
        with self.assertRaises(TypeError):
            await self.scope.call(self.file.get_path)
        self.assertEqual(len(self.scope), 0)

    async def test_call_of_a_function(self):
        stream = await self.scope.call(Gio.File.new_tmp_async, "lifecycle-XXXXXX", 0)
        file, stream = stream
        file.delete(None)
        stream.close(None)

    async def test_call_of_python(self):
        def load(number, cancellable, callback):
            self.file.load_contents_async(cancellable,
                                          lambda source, result: callback(source, result))

        result = await self.scope.call(load, 5, finish=self.file.load_contents_finish)
        self.assertTrue(result[0])

    async def test_closed_during_a_call(self):
        stream, writer = self.pipe()
        future = self.scope.call(stream.read_bytes_async, 10, 0)
        self.assertEqual(len(self.scope), 1)
        asyncio.get_running_loop().call_soon(self.scope.close)
        with self.assertRaises(asyncio.CancelledError):
            await future
        os.write(writer, b"late")

    async def test_cancelled_during_a_call(self):
        stream, writer = self.pipe()
        task = asyncio.ensure_future(self.scope.call(stream.read_bytes_async, 10, 0))
        await asyncio.sleep(0)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        while len(self.scope) > 0:
            await asyncio.sleep(0.001)
        self.assertFalse(self.scope.is_closed())

    async def test_call_on_a_closed_scope(self):
        self.scope.close()
        with self.assertRaises(asyncio.CancelledError):
            await self.scope.call(self.file.load_contents_async)

    async def test_block(self):
        steps = []

        async def work():
            try:
                await asyncio.sleep(1000)
            finally:
                steps.append("cancelled")
                await asyncio.sleep(0.01)
                steps.append("finished")

        async with Scope("block") as scope:
            task = scope.run_async(work())
            scope.defer(steps.append, "cleanup")
            await asyncio.sleep(0)
            self.assertEqual(len(scope), 2)
        self.assertEqual(steps, ["cancelled", "finished", "cleanup"])
        self.assertTrue(task.cancelled())
        self.assertEqual(scope.get_reason(), Reason.COMPLETED)

    async def test_block_aborted(self):
        with self.assertRaises(KeyError):
            async with Scope("block") as scope:
                raise KeyError("k")
        self.assertEqual(scope.get_reason(), Reason.ABORTED)
        self.assertEqual(scope.get_reason_detail(), "KeyError: 'k'")

    async def test_run_async(self):
        async def work():
            await asyncio.sleep(0.001)
            return 42

        self.assertEqual(await self.scope.run_async(work()), 42)
        self.assertEqual(len(self.scope), 0)

        async def fail():
            raise ValueError("no good")

        with warnings("A callback of scope test failed at "):
            with self.assertRaises(ValueError):
                await self.scope.run_async(fail())
        self.scope.close()
        self.assertIn("no good", self.scope.get_error().message)

    async def test_run_async_closed(self):
        started = []

        async def work():
            started.append(True)

        self.scope.close()
        task = self.scope.run_async(work())
        with self.assertRaises(asyncio.CancelledError):
            await task
        self.assertEqual(started, [])

    async def test_closed(self):
        asyncio.get_running_loop().call_later(0.01, self.scope.close_with_reason, Reason.REPLACED)
        self.assertEqual(await self.scope.closed(), Reason.REPLACED)
        self.assertEqual(await self.scope.closed(), Reason.REPLACED)

    async def test_closed_by_a_deadline(self):
        self.scope.set_deadline(5)
        self.assertEqual(await self.scope.closed(), Reason.TIMED_OUT)

    async def test_closed_from_a_thread(self):
        thread = threading.Thread(target=self.scope.close)
        thread.start()
        await self.scope.closed()
        thread.join()

    async def test_two_waits(self):
        both = asyncio.gather(self.scope.closed(), self.scope.closed())
        asyncio.get_running_loop().call_soon(self.scope.close)
        self.assertEqual(await both, [Reason.COMPLETED] * 2)

    async def test_sources_run_between_sleeps(self):
        calls = []
        self.scope.every(1)(lambda: calls.append(1))
        await self.scope.call(self.file.load_contents_async)
        deadline = time.monotonic() + 60
        while len(calls) < 5 and time.monotonic() < deadline:
            await asyncio.sleep(0.001)
        self.assertGreaterEqual(len(calls), 5)


class TestAsyncInALoopOfGLib(unittest.TestCase):
    def test_plain_future(self):
        """A loop of asyncio that a source of GLib runs is not taken over."""
        results = []

        async def main():
            async with Scope("inner") as scope:
                results.append(await scope.call(Gio.File.new_for_path("/").query_info_async,
                                                "standard::type", 0, 0))

        loop = asyncio.new_event_loop()
        self.addCleanup(loop.close)
        task = loop.create_task(main())

        def step():
            loop.call_soon(loop.stop)
            loop.run_forever()
            return not task.done()

        scope = Scope("outer")
        scope.every(1)(step)
        iterate(lambda: task.done())
        scope.close()
        self.assertEqual(results[0].get_file_type(), Gio.FileType.DIRECTORY)
        self.assertNotIn("_lifecycle_context", vars(loop))


def run_program(text, **environment):
    program = "import gi\ngi.require_version('Lifecycle', '1')\n" \
        "from gi.repository import Gio, GLib, Lifecycle\n" + textwrap.dedent(text)
    return subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60,
                          env={**os.environ, **environment})


def has_module(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


class TestOtherLoops(unittest.TestCase):
    """The same program in the loops that asyncio can have."""

    PROGRAM = """
        import asyncio, threading
        {setup}
        async def work():
            try:
                await asyncio.sleep(1000)
            finally:
                await asyncio.sleep(0.01)
                print("work has ended")

        async def main():
            {check}
            file = Gio.File.new_for_path("/")
            async with Lifecycle.Scope("main") as scope:
                scope.run_async(work())
                info = await scope.call(file.query_info_async, "standard::type", 0, 0)
                print(info.get_file_type().value_nick)
                try:
                    await scope.call(Gio.File.new_for_path("/nonexistent").load_contents_async)
                except GLib.Error as error:
                    print(error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_FOUND))
                ticked = asyncio.Event()
                loop = asyncio.get_running_loop()
                scope.add_timeout(1, lambda: loop.call_soon_threadsafe(ticked.set))
                await ticked.wait()
                scope.defer(print, "cleanup")

            scope = Lifecycle.Scope("short")
            call = asyncio.ensure_future(scope.closed())
            GLib.timeout_add(20, scope.close)
            print((await call).value_nick, scope.is_closed())

            scope = Lifecycle.Scope("cut")
            reader, writer = os.pipe()
            stream = Gio.UnixInputStream.new(reader, True)
            call = scope.call(stream.read_bytes_async, 10, 0)
            loop.call_later(0.01, scope.close)
            try:
                await call
            except asyncio.CancelledError:
                print("cancelled")

        import os
        {run}
        """
    EXPECTED = "directory\nTrue\nwork has ended\ncleanup\ncompleted True\ncancelled\n"

    def check(self, setup="", check="pass", run="asyncio.run(main())"):
        result = run_program(textwrap.dedent(self.PROGRAM).format(setup=setup, check=check, run=run))
        self.assertEqual((result.stdout, result.stderr, result.returncode), (self.EXPECTED, "", 0))

    def test_plain(self):
        self.check()

    @unittest.skipUnless(has_module("uvloop"), "no uvloop")
    def test_uvloop(self):
        self.check("import uvloop; uvloop.install()",
                   "assert isinstance(asyncio.get_running_loop(), uvloop.Loop)")

    @unittest.skipUnless(has_module("gi.events"), "PyGObject has no gi.events; it came with 3.50")
    def test_loop_of_pygobject(self):
        self.check("from gi.events import GLibEventLoop, GLibEventLoopPolicy",
                   "assert isinstance(asyncio.get_running_loop(), GLibEventLoop)",
                   "GLibEventLoopPolicy().get_event_loop().run_until_complete(main())")

    def test_loop_of_glib_in_a_thread(self):
        """The main context belongs to another thread, where the callbacks run."""
        self.check("glib = GLib.MainLoop(); threading.Thread(target=glib.run).start()",
                   "assert not GLib.MainContext.default().is_owner()",
                   "asyncio.run(main()); glib.quit()")

    def test_loop_of_glib_comes_and_goes(self):
        self.check("""
import time
def run():
    context = GLib.MainContext.default()
    for _ in range(20):
        if context.acquire():
            time.sleep(0.002)
            context.iteration(False)
            context.release()
        time.sleep(0.001)
thread = threading.Thread(target=run)
thread.start()
""", run="asyncio.run(main()); thread.join()")


class TestExit(unittest.TestCase):
    def test_cleanups_run(self):
        result = run_program("""
            scope = Lifecycle.Scope("root")
            child = scope.get_child("child")
            scope.defer(lambda scope, reason: print("root", reason.value_nick))
            child.defer(lambda scope, reason: print("child", reason.value_nick))
            del child
            """)
        self.assertEqual((result.stdout, result.stderr, result.returncode),
                         ("root shutdown\nchild parent-closed\n", "", 0))

    def test_exception_and_sys_exit(self):
        for last, status in (("raise SystemExit(3)", 3), ("1 / 0", 1)):
            result = run_program(f"""
                scope = Lifecycle.Scope("root")
                scope.defer(print, "cleaned up")
                {last}
                """)
            self.assertEqual((result.stdout, result.returncode), ("cleaned up\n", status))

    def test_threads_at_exit(self):
        result = run_program("""
            import threading
            def work():
                context = GLib.MainContext()
                context.push_thread_default()
                scope = Lifecycle.Scope("thread")
                scope.defer(print, "thread")
                scope.close()
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
            scope = Lifecycle.Scope("open")
            scope.add_timeout(1, print)
            """)
        self.assertEqual((result.stdout, result.stderr, result.returncode), ("thread\n", "", 0))

    def test_leaks_are_named(self):
        result = run_program("""
            scope = Lifecycle.Scope("forgotten")
            scope.add_timeout(1000, print)
            """, LIFECYCLE_DEBUG="leaks")
        self.assertIn("scope forgotten", result.stderr)
        self.assertIn("made at <string>:5", result.stderr)
        self.assertIn("<string>:6", result.stderr)
        self.assertEqual(result.stderr.count("at exit, 1 scope was"), 1)

    def test_nothing_at_exit_if_all_is_closed(self):
        result = run_program("""
            with Lifecycle.Scope("closed") as scope:
                scope.add_timeout(1000, print)
            """, LIFECYCLE_DEBUG="leaks")
        self.assertEqual((result.stdout, result.stderr, result.returncode), ("", "", 0))


if __name__ == "__main__":
    unittest.main()
