#!/usr/bin/env python3
# test-python.py: the library for GTK in Python
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import gc
import sys
import time
import unittest
import weakref

import gi

gi.require_version("Gtk", "4.0")
gi.require_version("Lifecycle", "1")
gi.require_version("LifecycleGtk4", "1")

from gi.repository import Gio, GLib, Gtk, Lifecycle, LifecycleGtk4  # noqa: E402


def settle():
    context = GLib.MainContext.default()
    while context.iteration(False):
        pass


def wait_for(condition):
    context = GLib.MainContext.default()
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        if not context.iteration(False):
            time.sleep(0.001)


def leaks():
    found = Lifecycle.list_leaks()
    return [found.get_item(i) for i in range(found.get_n_items())]


class View(Gtk.Box):
    """A subclass that sets things up in its constructor."""

    def __init__(self, log):
        super().__init__()
        self.label = Gtk.Label(label="a label")
        self.append(self.label)
        scope = LifecycleGtk4.scope_of(self)
        # The closure captures its owner: a cycle that only an explicit end can break.
        scope.defer(lambda *_: log.append(self.label.get_parent() is self))


class TestGtk(unittest.TestCase):
    def test_window_held(self):
        log = []
        window = Gtk.Window()
        view = View(log)
        window.set_child(view)
        window.present()
        scope = LifecycleGtk4.scope_of(view)

        window.destroy()
        self.assertEqual(log, [True])
        self.assertTrue(scope.is_closed())
        self.assertEqual(scope.get_reason(), Lifecycle.Reason.OWNER_GONE)
        self.assertTrue(LifecycleGtk4.scope_of(view).is_closed())

    def test_dropped(self):
        log = []
        window = Gtk.Window()
        box = Gtk.Box()
        window.set_child(box)
        view = View(log)
        gone = weakref.ref(view)
        box.append(view)
        LifecycleGtk4.scope_of(view).close()
        self.assertEqual(log, [True])
        box.remove(view)
        del view
        settle()
        self.assertIsNone(gone())
        window.destroy()

    def test_leak(self):
        """A window that a closure has captured."""
        def plant(settings):
            window = Gtk.Window(title="captured")
            window.present()
            window.destroy()
            return settings.connect("notify", lambda *_: window.get_title())

        LifecycleGtk4.watch_widgets(20)
        settings = Gtk.Settings.get_default()
        handler = plant(settings)
        wait_for(lambda: [leak for leak in leaks() if "title: captured" in leak.get_details()])
        leak, = leaks()
        self.assertEqual(leak.get_kind(), Lifecycle.LeakKind.REMOVED_BUT_ALIVE)
        self.assertEqual(leak.get_type_name(), "GtkWindow")
        settings.disconnect(handler)
        gc.collect()
        wait_for(lambda: not leaks())

    def test_rows(self):
        """What belongs to a row ends with its scope."""
        log = []

        def set_up(row, item, *_):
            item.set_child(Gtk.Label())
            row.defer(lambda *_: log.append("torn down"))

        def bind(row, item, *_):
            item.get_child().set_label(item.get_item().get_string())
            row.defer(lambda *_: log.append("unbound"))

        window = Gtk.Window()
        # PyGObject wants the data of each function, a tuple.
        factory = LifecycleGtk4.new_factory(LifecycleGtk4.scope_of(window), set_up, (), bind, ())
        model = Gtk.NoSelection(model=Gtk.StringList.new(["a", "b", "c"]))
        window.set_child(Gtk.ListView(model=model, factory=factory))
        window.present()
        wait_for(window.get_mapped)
        self.assertEqual(log, [])
        window.destroy()
        self.assertEqual(log.count("unbound"), 3)
        self.assertEqual(log.count("torn down"), 3)

    def test_action(self):
        log = []
        group = Gio.SimpleActionGroup()
        scope = Lifecycle.Scope.new("scope")
        action = LifecycleGtk4.add_simple_action(scope, group, "test", None,
                                                 lambda *_: log.append("activated"))
        action.activate(None)
        scope.close()
        action.activate(None)
        self.assertEqual(log, ["activated"])
        self.assertFalse(group.has_action("test"))


if __name__ == "__main__":
    if not Gtk.init_check():
        print("SKIP: no display")
        sys.exit(77)
    unittest.main()
